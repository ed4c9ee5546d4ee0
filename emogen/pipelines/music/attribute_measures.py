"""A score, or the notes of a performance -> the faders of `attributes.csv` that can be counted in notes.

All but the brightness, which is a matter of sound. Beats are the score's own; a performance is laid on beats that are
found in it, and its likeliest line stands for the melody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.beat_grid import beats_of
from emogen.codecs.chord_reading import chords_of
from emogen.codecs.melody_reading import melody_of
from emogen.conditioning.music_measures import mode_of
from emogen.errors import InputError
from emogen.media.score import Score

Array = NDArray[np.float64]

STEPS = 8  # a beat: thirty-second notes tell what sounds together (own assumption)
TOGETHER_S = 0.05  # onsets closer than this are one (own assumption, as for the guide's measures)
REST_BEATS = 2.0  # a longer gap between two notes of a melody is a rest, not articulation (own assumption)
HARSH = (1, 6, 11)  # semitones of a minor second, a tritone, a major seventh, octaves aside
HARSH_WHOLE = 3.0  # one harsh pair in three, as in a triad with a minor second over its root, is dissonance 1
BASS_FROM, BASS_SPAN = 60, 36  # middle C, and three octaves
#: Weights of the two witnesses of the mode, about equal as both vary over EMOPIA (the maker's half: SD .21 and .057):
#: how much better the major key profile fits than the minor one, and major triads than minor ones. Together they tell
#: its valence better (AUC .80) than either (.76, .78), or than the degrees over the likeliest tonic (.67).
PROFILES, THIRDS = 0.8, 3.0
TRIADS = ((0, 4, 7), (0, 3, 7))  # major, minor
_MELODY = re.compile(r"\(melody\)|^\s*melody\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Voices:
    """A piece as two rows of notes [n, 4]: start and end in beats, pitch, velocity, by start.

    Attributes:
        melody: Its one voice; may be empty.
        accompaniment: All else but drums; may be empty.
        bpm: Mean tempo.
        beats_per_bar: Quarter notes in a bar.
    """

    melody: Array
    accompaniment: Array
    bpm: float
    beats_per_bar: float = 4.0


def measured(score: Score) -> dict[str, float]:
    """Every fader but the brightness, as it is in a finished piece; not held within the faders' ranges.

    The melody is the track named "(melody)"; without one, what `melody_of` takes for it. What has no melody at all has its
    density 0; what has no accompaniment, rhythm and polyphony 0.

    Raises:
        InputError: No notes but drums.
    """
    tracks = [(bool(_MELODY.search(t.name)), t.notes) for t in score.tracks if not t.is_drum]
    rows = [
        (n.start_beat, n.start_beat + n.duration_beat, n.pitch, n.velocity, sung)
        for sung, notes in tracks
        for n in notes
    ]
    if not rows:
        raise InputError("score", "no notes but drums", "Give a piece with notes.")
    every = np.array(sorted(rows), dtype=np.float64)
    sung = every[:, 4] > 0
    notes = every[:, :4]
    bpm = 60.0 * score.end_beat / score.duration_s
    if not sung.any():
        sung = _sung(notes)
    beats, unit = score.time_signature
    return measured_voices(Voices(notes[sung], notes[~sung], bpm, beats * 4.0 / unit))


def measured_performance(notes: Array) -> dict[str, float]:
    """The same of a performance whose beats are not known: they are found by `beats_of`.

    The tempo found may be half or double the one felt; what is counted a beat moves with it, so that its product
    with the tempo holds.

    Args:
        notes: [n >= 2, 4] start and end in s, pitch, velocity, by start.
    """
    grid = beats_of(notes[:, 0], notes[:, 3])
    span = grid.position(notes[:, :2].T.ravel()).reshape(2, -1).T
    laid = np.column_stack([span, notes[:, 2:]])
    bpm = 60.0 * (len(grid.times) - 1) / float(grid.times[-1] - grid.times[0])
    sung = _sung(laid)
    return measured_voices(Voices(laid[sung], laid[~sung], bpm))


def _sung(notes: Array) -> NDArray[np.bool_]:
    """Which notes of one track are the melody."""
    from_start = notes - (np.floor(notes[0, 0]), np.floor(notes[0, 0]), 0.0, 0.0)
    return melody_of(from_start, np.zeros(len(notes), dtype=np.int64), [""])


def measured_voices(voices: Voices) -> dict[str, float]:
    """The faders of melody and accompaniment."""
    melody, under = voices.melody, voices.accompaniment
    notes = np.vstack([melody, under])
    together = TOGETHER_S * voices.bpm / 60.0
    begin = np.floor(notes[:, 0].min() / voices.beats_per_bar) * voices.beats_per_bar
    roll, under_roll = _roll(notes, begin), _roll(under, begin)
    sounding = under_roll.sum(axis=0)
    velocity = notes[:, 3]
    return {
        "tempo": voices.bpm,
        "mode": _mode(notes),
        "register": float(melody[:, 2].mean()) - 72.0 if len(melody) else 0.0,
        "density": _rate(melody[:, 0], voices.beats_per_bar, together),
        "rhythm": _rate(under[:, 0], voices.beats_per_bar, together),
        "polyphony": float(sounding[sounding > 0].mean()) if sounding.any() else 0.0,
        "articulation": _articulation(melody if len(melody) > 1 else under),
        "loudness": float(velocity.mean()),
        "dynamics": float(velocity.std()),
        "dissonance": _dissonance(roll),
        "harmony": _harmony(under if len(under) else notes, voices.beats_per_bar),
        "bass": _bass(roll),
    }


def _roll(notes: Array, begin: float) -> NDArray[np.bool_]:
    """[128, T] which pitches sound, `STEPS` a beat from `begin` on."""
    first = np.round((notes[:, 0] - begin) * STEPS).astype(int)
    last = np.maximum(np.round((notes[:, 1] - begin) * STEPS).astype(int), first + 1)
    change = np.zeros((128, int(last.max(initial=1)) + 1))
    pitch = notes[:, 2].astype(int)
    np.add.at(change, (pitch, first), 1)
    np.add.at(change, (pitch, last), -1)
    return np.asarray(np.cumsum(change, axis=1)[:, :-1] > 0)


def _rate(starts: Array, bar: float, together: float) -> float:
    """Distinct onsets a beat over the bars in which there are any."""
    if not len(starts):
        return 0.0
    ordered = np.sort(starts)
    onsets = ordered[np.diff(ordered, prepend=-np.inf) > together]
    # A performer's first beat comes a hair early: it belongs to the bar that it begins
    bars = len(np.unique(np.floor((onsets + together) / bar)))
    return len(onsets) / (bars * bar)


def _articulation(notes: Array) -> float:
    gap = np.diff(notes[:, 0])
    close = (gap > 1e-3) & (gap <= REST_BEATS)
    if not close.any():
        return 1.0
    return float(np.minimum((notes[:-1, 1] - notes[:-1, 0])[close] / gap[close], 1.2).mean())


def _mode(notes: Array) -> float:
    """0 dark .. 1 bright; 0.5 where nothing speaks for major or minor."""
    classes = np.bincount(notes[:, 2].astype(int) % 12, notes[:, 1] - notes[:, 0], minlength=12)
    weight = _by_beat(notes)
    major, minor = (
        np.max([weight[[(root + t) % 12 for t in triad]].sum(axis=0) for root in range(12)], axis=0)
        for triad in TRIADS[:2]
    )
    heard = weight.sum(axis=0) > 0.0
    thirds = float((major - minor)[heard].mean())
    return float(np.clip(0.5 + PROFILES * mode_of(classes)[0] + THIRDS * thirds, 0.0, 1.0))


def _dissonance(roll: NDArray[np.bool_]) -> float:
    count = roll.sum(axis=0)
    pairs = float((count * (count - 1) / 2).sum())
    apart = [d for d in range(1, 88) if d % 12 in HARSH]
    harsh = sum(int((roll[:-d] & roll[d:]).sum()) for d in apart)
    return min(1.0, HARSH_WHOLE * harsh / pairs) if pairs else 0.0


def _bass(roll: NDArray[np.bool_]) -> float:
    on = roll.any(axis=0)
    lowest = np.where(on, roll.argmax(axis=0), BASS_FROM)
    return float(np.clip((BASS_FROM - lowest) / BASS_SPAN, 0.0, 1.0).mean())


def _by_beat(notes: Array) -> Array:
    """Shares of the pitch classes in each beat, [12, T]."""
    first = np.floor(notes[:, 0].min() + 0.25)
    edges = first + np.arange(max(int(np.ceil(notes[:, 1].max() - first - 0.25)), 1) + 1.0)
    overlap = np.minimum(notes[:, 1, None], edges[1:]) - np.maximum(notes[:, 0, None], edges[:-1])
    weight = np.zeros((12, len(edges) - 1))
    np.add.at(weight, notes[:, 2].astype(int) % 12, np.maximum(overlap, 0.0))
    return np.asarray(weight / np.maximum(weight.sum(axis=0), 1e-9))


def _harmony(notes: Array, beats_per_bar: float) -> float:
    """Stretches of one root and third a bar."""
    bar = max(round(beats_per_bar), 1)
    first = np.floor(notes[:, 0].min() / bar + 1e-6) * bar
    from_bar = notes[:, :3] - (first, first, 0.0)
    from_bar[:, 0] = np.maximum(from_bar[:, 0], 0.0)
    bars = max(int(np.ceil(from_bar[:, 1].max() / bar - 0.1)), 1)
    chords = chords_of(from_bar, np.zeros(len(notes), dtype=bool), bars, bar)
    kinds = [(c.root, c.tones[1]) for c in chords if c.tones]
    changes = sum(a != b for a, b in pairwise(kinds))
    return (changes + 1) / bars
