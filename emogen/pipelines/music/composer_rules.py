"""Rules of the craft over what the composer's diffusion wrote: cadences, strong beats, clashes, the depth of the bass.

They change single notes, never the course of a piece, and are common practice of tonal music (general knowledge).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.lead_frames import CHORD, FIRST, HOLD, LOW, MELODY_LOW, MELODY_PITCHES, PITCHES, REST, STEPS_PER_BEAT
from emogen.pipelines.music.composer_decoding import BAR, Steps

#: The tonic's chord in major and in minor (root, pitch classes over the tonic), and the roots of what leads to it: the
#: dominant, in minor the flat seventh too, as songs have it.
TONIC = ((0, (0, 4, 7)), (0, (0, 3, 7)))
LEADING = ((7,), (7, 10))
#: Degrees that turn one third's scale into the other's.
TO_MAJOR, TO_MINOR = {3: 4, 8: 9, 10: 11}, {4: 3, 9: 8, 11: 10}
#: Degrees that turn minor or major into a shade of it.
SHADES: dict[str, dict[int, int]] = {"dorian": {8: 9}, "phrygian": {2: 1, 11: 10}, "mixolydian": {11: 10}}
#: A leap of more than so many semitones is folded by an octave; a note of so many steps counts as long.
LEAP, LONG = 12, 6


def chord_row(root: int, classes: tuple[int, ...], bass: int | None = None) -> NDArray[np.float32]:
    """A chord as the codec's numbers [36]."""
    row = np.zeros(CHORD, np.float32)
    row[root] = 1
    row[[12 + c for c in classes]] = 1
    row[24 + (root if bass is None else bass)] = 1
    return row


def notes_of(melody: NDArray[np.int_]) -> list[tuple[int, int, int]]:
    """(first step, step after the last, pitch) of the notes of melody states."""
    found = []
    for start in np.flatnonzero(melody >= FIRST):
        held = melody[start + 1 :] == HOLD
        found.append((int(start), int(start) + 1 + (len(held) if held.all() else int(held.argmin())),
                      int(melody[start]) - FIRST + MELODY_LOW))  # fmt: skip
    return found


def put(melody: NDArray[np.int_], start: int, stop: int, pitch: int) -> None:
    """Writes one note over whatever stood there; a note that it cuts is not resumed."""
    while pitch < MELODY_LOW:
        pitch += 12
    while pitch >= MELODY_LOW + MELODY_PITCHES:
        pitch -= 12
    melody[start] = FIRST + pitch - MELODY_LOW
    melody[start + 1 : stop] = HOLD
    if stop < len(melody) and melody[stop] == HOLD:
        melody[stop : stop + int(np.argmax(np.append(melody[stop:] != HOLD, True)))] = REST


def nearest(pitch: int, classes: NDArray[np.bool_]) -> int:
    """The pitch of one of the classes [12] nearest to a pitch; below before above."""
    return min(
        (p for p in range(pitch - 6, pitch + 7) if classes[p % 12]), key=lambda p: (abs(p - pitch), p), default=pitch
    )


def in_tune(steps: Steps, scale: tuple[int, ...], before: int | None) -> None:
    """The melody in scale and harmony: long notes, and downbeats reached and left by leap, on chord tones; no wild leaps.

    Args:
        steps: Changed.
        scale: Semitones over the tonic.
        before: The melody's last pitch before.
    """
    in_scale = np.isin(np.arange(12), scale)
    notes = notes_of(steps.melody)
    for i, (start, stop, pitch) in enumerate(notes):
        chord = steps.chords[start // STEPS_PER_BEAT, 12:24] > 0
        sung = pitch
        while before is not None and abs(sung - before) > LEAP:
            sung += 12 if sung < before else -12
        after = notes[i + 1][2] if i + 1 < len(notes) else None
        by_step = [abs(p - sung) <= 2 for p in (before, after) if p is not None]
        straight = before is not None and after is not None and (before < sung < after or before > sung > after)
        passing = straight and all(by_step) and stop - start <= STEPS_PER_BEAT and start % (BAR // 2)
        if not (in_scale | chord)[sung % 12] and not passing:
            sung = nearest(sung, in_scale | chord)
        if stop - start >= LONG or (start % BAR == 0 and not any(by_step)):
            sung = nearest(sung, chord) if chord.any() else sung
        if sung != pitch:
            put(steps.melody, start, stop, sung)
        before = sung


def close(steps: Steps, bar: int, kind: str, final: bool, before: int | None) -> None:
    """The melody's end of a phrase in its last bar: a note of half a bar or more, on the tonic or on the last chord.

    Args:
        steps: Changed.
        bar: Which.
        kind: "full" (on the tonic) or "half" (on a note of the chord).
        final: The end of the piece: this note alone, for the whole bar; else what is sung late in the bar leads on.
        before: The melody's last pitch before these steps.
    """
    part = slice(bar * BAR, (bar + 1) * BAR)
    sung = notes_of(steps.melody[: part.stop])
    here = [n for n in sung if n[0] >= part.start]
    last = next((n[2] for n in reversed(sung) if n[0] < part.start), before)
    classes = np.arange(12) == 0 if kind == "full" else steps.chords[part.stop // STEPS_PER_BEAT - 1, 12:24] > 0
    if final:
        if last is not None:
            steps.melody[part] = REST
            put(steps.melody, part.start, part.stop, nearest(last, classes))
        return
    held = next((n for n in sung if n[0] < part.start < n[1] and n[0] >= part.start - BAR // 4), None)
    early = [n for n in here if n[0] <= part.start + BAR // 2] or ([held] if held else [])
    at, pitch = (early[-1][0], early[-1][2]) if early else (part.start, last)
    if pitch is None:
        return
    least = max(at, part.start) + BAR // 2
    late = [n for n in here if n[0] >= least]
    stop = least if late or least < part.stop else part.stop - 2
    steps.melody[at : part.stop] = REST
    put(steps.melody, at, stop, nearest(pitch, classes) if classes.any() else pitch)
    for start, after, sounds in late:
        put(steps.melody, start, after, sounds)


def clean(steps: Steps, scale: tuple[int, ...], rough: NDArray[np.floating]) -> None:
    """The accompaniment in scale and harmony, and out of the melody's way.

    Args:
        steps: Changed.
        scale: Semitones over the tonic.
        rough: The dissonance asked for, per step; from 0.5 on clashes stay.
    """
    in_scale = np.isin(np.arange(12), scale)
    classes = (np.arange(PITCHES) + LOW) % 12
    sung = np.full(len(steps.melody), -99)
    for start, stop, pitch in notes_of(steps.melody):
        sung[start:stop] = pitch - LOW
    for t in range(len(steps.onsets)):
        chord = steps.chords[t // STEPS_PER_BEAT, 12:24] > 0
        for p in np.flatnonzero(steps.onsets[t]):
            brief = t % STEPS_PER_BEAT and not steps.sounding[t + 2 : t + 3, p].any()
            alien = not (in_scale | chord)[classes[p]] and not brief
            beside = (
                chord.any() and not chord[classes[p]] and (chord[(classes[p] + 1) % 12] or chord[(classes[p] - 1) % 12])
            )
            if alien or (beside and t % STEPS_PER_BEAT == 0 and rough[t] < 0.5) or abs(p - sung[t]) == 1:
                _mute(steps, t, int(p))
    for t in range(1, len(steps.onsets)):  # a chord that is over lets go of what is foreign to the next
        if t % STEPS_PER_BEAT or np.array_equal(
            steps.chords[t // STEPS_PER_BEAT], steps.chords[t // STEPS_PER_BEAT - 1]
        ):
            continue
        chord = steps.chords[t // STEPS_PER_BEAT, 12:24] > 0
        for p in np.flatnonzero(steps.sounding[t] & ~steps.onsets[t] & ~chord[classes]) if chord.any() else ():
            _mute(steps, t, int(p))


def _mute(steps: Steps, t: int, p: int) -> None:
    """Takes a note away from step t on."""
    begins = steps.onsets[t + 1 :, p] | ~steps.sounding[t + 1 :, p]
    stop = t + 1 + (int(begins.argmax()) if begins.any() else len(begins))
    steps.onsets[t, p] = False
    steps.sounding[t:stop, p] = False


def held_chord(steps: Steps, bar: int, voices: int) -> None:
    """The last bar: its chord struck once and held, close under the melody, its root doubled below."""
    part = slice(bar * BAR, (bar + 1) * BAR)
    chord = np.flatnonzero(steps.chords[bar * 4, 12:24] > 0)
    root = int(steps.chords[bar * 4, :12].argmax())
    steps.onsets[part], steps.sounding[part] = False, False
    pitches = [36 + root, *(48 + int(c) for c in chord), 48 + 12 + root][: max(voices, 2)]
    columns = [p - LOW for p in pitches]
    steps.onsets[part.start, columns] = True
    steps.sounding[part, columns] = True


def moved_degrees(steps: Steps, bar: int, degrees: dict[int, int]) -> None:
    """Alters degrees (semitones over the tonic -> semitones) in the chords, melody and accompaniment of a bar."""
    if not degrees:
        return
    part = slice(bar * BAR, (bar + 1) * BAR)
    beats = steps.chords[bar * 4 : (bar + 1) * 4].reshape(-1, 12)
    for a, b in degrees.items():
        beats[:, b] = np.maximum(beats[:, b], beats[:, a])
        beats[:, a] = 0
    melody = steps.melody[part]
    sung = melody >= FIRST
    classes = (melody + MELODY_LOW - FIRST) % 12
    for a, b in degrees.items():
        melody[sung & (classes == a)] += b - a
    for roll in (steps.onsets[part], steps.sounding[part]):
        before = roll.copy()
        for a, b in degrees.items():
            for p in np.flatnonzero((np.arange(PITCHES) + LOW) % 12 == a):
                roll[:, p] = False
            for p in np.flatnonzero((np.arange(PITCHES) + LOW) % 12 == a):
                if 0 <= p + b - a < PITCHES:
                    roll[:, p + b - a] |= before[:, p]
