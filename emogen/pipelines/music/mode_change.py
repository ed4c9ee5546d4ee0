"""A melody and its chords, moved from one mode to another over the same tonic: degree by degree, chromatic notes beside.

What a dark mode borrows in common practice stays: a dominant's major third, the leading note over it and, beside that,
the raised sixth of melodic minor.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.media.score import Note
from emogen.pipelines.music.attributes import MODES

#: Share of the sounding time in which a shade's own degree must outweigh the plain mode's; own assumption.
SHADED = 2.0
#: Plain mode -> its shades and the degree (semitones over the tonic) that each has in place of the plain one.
SHADES = {"major": {"mixolydian": (10, 11)}, "minor": {"dorian": (9, 8), "phrygian": (1, 2)}}
#: Modes in which a dominant keeps its major third.
LED = ("minor", "dorian")
DOMINANT, LEADING = 7, 11

#: A note of the old mode -> the pitch in the new one, with the pitch that follows it and the chord under it.
Change = Callable[[int, int | None, Chord | None], int]


def scale_of(sheet: LeadSheet) -> str:
    """The mode of a sheet, its shade by the degrees that sound, a key of `MODES`."""
    weights = np.zeros(12)
    for note in (*sheet.melody, *sheet.accompaniment):
        weights[(note.pitch - sheet.tonic) % 12] += min(note.duration_beat, 2.0)
    for shade, (own, plain) in SHADES[sheet.mode].items():
        if weights[own] > SHADED * weights[plain]:
            return shade
    return sheet.mode


def change_of(tonic: int, old: str, new: str) -> Change:
    """How pitches go from mode `old` to mode `new`, names of `MODES`, over a tonic (pitch class)."""
    before, after = MODES[old], MODES[new]

    def change(pitch: int, following: int | None = None, under: Chord | None = None) -> int:
        over = (pitch - tonic) % 12
        base = pitch - over
        if old == new or (_leads(under, tonic) and over == LEADING and new in LED):
            return pitch
        if over in before:
            return base + after[before.index(over)]
        step = 0 if following is None else following - pitch
        if abs(step) == 1:  # a neighbour of the note it goes to stays one
            return change(pitch + step) - step
        if over in after:  # chromatic before, at home now: the third of a dominant, a borrowed sixth
            return pitch
        return min(change(pitch - 1) + 1, change(pitch + 1))

    return change


def _leads(chord: Chord | None, tonic: int) -> bool:
    """Whether a chord is a dominant with its leading note."""
    return chord is not None and (chord.root - tonic) % 12 == DOMINANT and (tonic + LEADING) % 12 in chord.classes


def moved_chord(chord: Chord, tonic: int, old: str, new: str, plain: bool) -> Chord:
    """A chord in the new mode.

    Args:
        chord: In the old one.
        tonic: Pitch class.
        old: Its mode.
        new: The mode wanted.
        plain: Whether a diminished or augmented triad, that only the new mode makes, gives way to the triad a third
            over it, which shares two of its tones.
    """
    if old == new or not chord.tones:
        return chord
    change = change_of(tonic, old, new)
    classes = [change(60 + c, None, chord) % 12 for c in chord.classes]
    root = classes[0]
    tones = tuple(sorted({(c - root) % 12 for c in classes}))
    bass = change(60 + chord.bass, None, chord) % 12
    if plain and 7 in chord.tones and 7 not in tones and len(tones) > 2:
        upper = (root + tones[1]) % 12
        scale = [(tonic + s) % 12 for s in MODES[new]]
        if upper in scale:
            at = scale.index(upper)
            stacked = [scale[(at + k) % 7] for k in (0, 2, 4)]
            tones = tuple(sorted((c - upper) % 12 for c in stacked))
            root, bass = upper, upper
    return replace(chord, root=root, tones=tones, bass=bass)


def moved_line(
    notes: Sequence[Note], chord_at: Callable[[float], Chord | None], change_at: Callable[[float], Change]
) -> list[Note]:
    """One voice in other modes.

    Args:
        notes: In order.
        chord_at: Beat -> the chord before the change.
        change_at: Beat -> how its bar changes.
    """
    after = [None if n is None else n.pitch for n in [*notes[1:], None][: len(notes)]]
    moved = [
        replace(n, pitch=_kept(change_at(n.start_beat)(n.pitch, follows, chord_at(n.start_beat)), n.pitch))
        for n, follows in zip(notes, after, strict=True)
    ]
    for i, (a, b) in enumerate(itertools.pairwise(notes)):
        step = moved[i + 1].pitch - moved[i].pitch
        if (
            abs(b.pitch - a.pitch) == 2 and abs(step) == 3
        ):  # the sixth beside a leading note: raised, as in melodic minor
            low = i if step > 0 else i + 1
            moved[low] = replace(moved[low], pitch=moved[low].pitch + 1)
    return moved


def moved_part(
    notes: Sequence[Note], chords: Callable[[float], tuple[Chord, Chord] | None], change_at: Callable[[float], Change]
) -> list[Note]:
    """An accompaniment in other modes: a tone of the old chord goes to one of the new chord, others by degree.

    Args:
        notes: Of any number of voices.
        chords: Beat -> the chord there before and after, None where there is none.
        change_at: Beat -> how its bar changes.
    """
    moved = []
    for n in notes:
        pair = chords(n.start_beat)
        pitch = change_at(n.start_beat)(n.pitch, None, pair[0] if pair else None)
        if pair and n.pitch % 12 in pair[0].classes and pitch % 12 not in pair[1].classes:
            pitch = min(
                (p for p in range(pitch - 6, pitch + 7) if p % 12 in pair[1].classes), key=lambda p: abs(p - pitch)
            )
        moved.append(replace(n, pitch=_kept(pitch, n.pitch)))
    return moved


def _kept(pitch: int, before: int) -> int:
    """Within MIDI's range."""
    return pitch if 0 <= pitch <= 127 else before
