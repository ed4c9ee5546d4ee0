"""Any score -> `LeadSheet`: its beats and bars, which notes are the melody, the chords, the key, the rest as accompaniment.

Notes go to the nearest sixteenth (a triplet's too). Written beats are kept where the notes lie on them; those of a
performance, whose tempo says nothing, are found from its onsets. 6/8 is read as bars of three quarters, 7/8 and other
halves of beats as two bars in one (`bar_lines.beats_in_bar`). A piece that starts within a bar starts with a rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.bar_lines import STEPS_PER_BEAT, accents, bar_of, beats_in_bar, first_step
from emogen.codecs.beat_grid import beats_of, on_grid
from emogen.codecs.chord_reading import chords_of
from emogen.codecs.lead_sheet import LeadSheet
from emogen.codecs.melody_reading import melody_of
from emogen.conditioning.music_measures import tonic_of
from emogen.errors import InputError
from emogen.media.score import Note, Score, check_score

Array = NDArray[np.float64]

#: Fewer notes cannot show a grid that is not written; own assumption.
FEW_NOTES = 16
#: How much of a note's weight in time must agree on a written subdivision; own assumption: transcriptions of free
#: playing reach .1, POP909 is above .6 in 95 of 100 songs.
ON_GRID = 0.45
WRITTEN_BEATS = 0.07  # a grid this far from the written one is another; own assumption
BASS_PITCH = 52  # notes below E3 carry the beat more than others do; own assumption
WINDOW_BEATS = 32  # the key is heard in windows of this length and their fits are added; own assumption
STEP = 1.0 / STEPS_PER_BEAT


def read_sheet(score: Score) -> LeadSheet:
    """The lead sheet of a piece that anybody may have written or played.

    Args:
        score: From `emogen.media.score.read_midi`, say. Drums are left out. A track named "melody", "vocal", "lead" ...
            is the melody; without one, the track that most moves as a tune does; of a single track, its likeliest line.

    Raises:
        InputError: Not a score, one without pitched notes, or with a note, tempo or metre out of range.
        LimitError: More notes, or a later end, than `emogen.limits` allows.
    """
    if not isinstance(score, Score):
        raise InputError("score", f"found {type(score).__name__}", "Accepted: a Score, as read_midi gives it.")
    check_score("score", score)
    tracks = [track for track in score.tracks if not track.is_drum and track.notes]
    if not tracks:
        drums = any(track.notes for track in score.tracks)
        raise InputError("score", "only drums" if drums else "no notes", "Accepted: a piece with pitched notes.")
    rows = sorted(
        (n.start_beat, n.start_beat + n.duration_beat, int(n.pitch), int(n.velocity), k)
        for k, track in enumerate(tracks)
        for n in track.notes
    )
    table = np.array(rows, dtype=np.float64)
    notes, bar, bpm = _on_bars(table[:, :4], score)
    order = np.lexsort((-notes[:, 2], notes[:, 0]))
    notes, owner = notes[order], table[order, 4].astype(np.int64)
    sung = melody_of(notes, owner, [track.name for track in tracks])
    bars = max(1, int(np.ceil(notes[:, 1].max() / bar - 1e-9)))
    chords = chords_of(notes[:, :3], sung, bars, bar)
    tonic, mode = key_of(notes)
    return LeadSheet(tonic, mode, bar, bars, _voice(notes[sung]), chords, _hands(notes[~sung]), bpm)


def key_of(notes: Array) -> tuple[int, str]:
    """The key by the profiles of Krumhansl & Kessler 1982, their fits averaged over windows.

    Args:
        notes: [n, 4] start and end (beats), pitch, velocity.

    Returns:
        Pitch class of the tonic, and "major" or "minor".
    """
    start, end, pitch = notes[:, 0], notes[:, 1], notes[:, 2].astype(np.int64)
    length = np.clip(end - start, STEP, 4.0)
    window = (start // WINDOW_BEATS).astype(np.int64)
    fits = np.zeros((2, 12))
    for k in np.unique(window):
        there = window == k
        fits += there.sum() / len(notes) * tonic_of(np.bincount(pitch[there] % 12, length[there], minlength=12))[1]
    minor, tonic = np.unravel_index(int(fits.argmax()), fits.shape)
    return int(tonic), "minor" if minor else "major"


def _on_bars(written: Array, score: Score) -> tuple[Array, int, float]:
    """Notes [n, 4] in beats from the first bar on, at sixteenths, the quarter notes of a bar, and the tempo (bpm)."""
    fit, offset = on_grid(written[:, 0])
    kept = len(written) < FEW_NOTES or fit >= ON_GRID
    notes = written.copy()
    if kept:
        bar, joined = beats_in_bar(score.time_signature)
        offset = offset if len(written) >= FEW_NOTES else 0.0
        notes[:, :2] -= offset
        span = max(score.end_beat, STEP)
        bpm = 60.0 * span / score.seconds(span)
        # Two written bars in one: either may come first
        holds = abs(offset) < WRITTEN_BEATS and joined == 1
    else:
        notes[:, :2] = [[score.seconds(a), score.seconds(b)] for a, b in written[:, :2]]
        length = np.clip(notes[:, 1] - notes[:, 0], 0.1, 2.0)
        grid = beats_of(notes[:, 0], length * np.where(notes[:, 2] < BASS_PITCH, 3.0, 1.0))
        notes[:, :2] = grid.position(notes[:, :2])
        bpm, bar, holds = 60.0 / float(np.median(np.diff(grid.times))), 0, False
    notes[:, 0] = np.round(notes[:, 0] * STEPS_PER_BEAT)
    origin = notes[:, 0].min() // (4 * STEPS_PER_BEAT) * 4 if bar in (0, 4) else 0.0
    notes[:, 0] = notes[:, 0] * STEP - origin
    notes[:, 1] -= origin
    found = accents(notes, int(notes[:, 0].max() * STEPS_PER_BEAT) + 1)
    bar = bar or bar_of(found)
    first = first_step(found, bar, holds) * STEP if len(notes) >= FEW_NOTES else 0.0
    shift = (bar - first) % bar
    shift -= (notes[:, 0].min() + shift) // bar * bar
    notes[:, 0] += shift
    # A note that ends earlier than a sixteenth after its start is a sixteenth
    notes[:, 1] = np.maximum(np.round((notes[:, 1] + shift) * STEPS_PER_BEAT) * STEP, notes[:, 0] + STEP)
    return notes, bar, round(bpm, 3)


def _voice(notes: Array) -> tuple[Note, ...]:
    """One note after the other, each at most to the next."""
    stops = np.append(notes[1:, 0], np.inf)
    return tuple(
        Note(float(a), float(min(b, stop) - a), int(p), int(v)) for (a, b, p, v), stop in zip(notes, stops, strict=True)
    )


def _hands(notes: Array) -> tuple[Note, ...]:
    """Every key at most once at a time: the longest of those struck together, and each up to the next stroke."""
    rows = notes[np.lexsort((-notes[:, 1], notes[:, 0], notes[:, 2]))]
    same_key = np.diff(rows[:, 2], prepend=-1.0) == 0
    rows = rows[~(same_key & (np.diff(rows[:, 0], prepend=-1.0) == 0))]
    again = np.diff(rows[:, 2], append=-1.0) == 0
    stops = np.where(again, np.append(rows[1:, 0], np.inf)[: len(rows)], np.inf)
    ends = np.minimum(rows[:, 1], stops)
    return tuple(
        sorted(Note(float(a), float(end - a), int(p), int(v)) for (a, _, p, v), end in zip(rows, ends, strict=True))
    )
