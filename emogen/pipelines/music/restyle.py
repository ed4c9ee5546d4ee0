"""A tune, felt otherwise: the same melody and form in another mode, register, density and harmony.

Tempo, articulation and loudness are the arranger's (`arrange.arranged`). What is asked for is compared with what the
tune is by itself (`own_attributes`), so that a tune asked to be as it is stays as it is.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.errors import InputError
from emogen.media.score import Note
from emogen.pipelines.music.attribute_measures import Voices, measured_voices
from emogen.pipelines.music.attributes import FADERS, MODE_STEPS, MODES, Attributes
from emogen.pipelines.music.harmony import Key
from emogen.pipelines.music.harmony import chord as chord_on
from emogen.pipelines.music.mode_change import change_of, moved_chord, moved_line, moved_part, scale_of
from emogen.pipelines.music.ornaments import ornamented, thinned

PHRASE_BARS = 4  # registers, densities and textures change from phrase to phrase, as in `arrange`
#: How far what is asked for must lie from what the tune is before the tune gives way: notes of melody and strokes of
#: accompaniment as a factor, dissonance and semitones of register as a difference. Own assumption.
BUSIER, ROUGHER, HIGHER = 1.25, 0.15, 7.0
UNTOLD_BPM = 100.0  # of a sheet that does not know its tempo; own assumption
USUAL_BRIGHTNESS = 0.5
#: What `harmony.chord` makes of a dissonance: a seventh from here on.
SEVENTH = 0.34


def own_attributes(sheet: LeadSheet) -> Attributes:
    """What a tune is like by itself; its mode is the middle of its scale's share of the fader.

    Raises:
        InputError: A sheet without notes.
    """
    if not sheet.melody and not sheet.accompaniment:
        raise InputError("sheet", "no notes", "Give a tune with notes.")
    voices = Voices(
        _rows(sheet.melody), _rows(sheet.accompaniment), sheet.bpm or UNTOLD_BPM, float(sheet.beats_per_bar)
    )
    place = list(MODES).index(scale_of(sheet))
    low, high = (0.0, *MODE_STEPS)[place], min(MODE_STEPS[place], FADERS["mode"].high)
    values = {**measured_voices(voices), "mode": (low + high) / 2, "brightness": USUAL_BRIGHTNESS}
    return Attributes.within(values)


def restyled(sheet: LeadSheet, attributes_at: Callable[[int], Attributes]) -> LeadSheet:
    """The same tune with other attributes.

    Degrees go from the tune's mode to the mode asked for; phrases move by octaves; a few notes are added to or left out
    of the melody; chords follow, with sevenths and seconds where dissonance asks. Where the accompaniment asked for is
    busier, calmer, thicker or thinner than the tune's own, the phrase has none: the arranger writes one.

    Args:
        sheet: The tune, from `emogen.codecs.score_reading.read_sheet`, say.
        attributes_at: Bar, from 0 -> how its music is to go.

    Raises:
        InputError: A sheet without notes.
    """
    own = own_attributes(sheet)
    asked = [attributes_at(bar) for bar in range(sheet.bars)]
    old = scale_of(sheet)
    changes = {new: change_of(sheet.tonic, old, new) for new in {a.scale for a in asked}}

    def bar_at(beat: float) -> int:
        return min(int(beat // sheet.beats_per_bar), sheet.bars - 1)

    chords = [
        _coloured(moved, sheet.tonic, now, own)
        for c in _by_bar(sheet)
        for now in [asked[bar_at(c.start_beat)]]
        for moved in [moved_chord(c, sheet.tonic, old, now.scale, plain=now.dissonance < SEVENTH)]
    ]
    before, starts = _by_bar(sheet), [c.start_beat for c in chords]

    def pair_at(beat: float) -> tuple[Chord, Chord] | None:
        k = bisect.bisect_right(starts, beat) - 1
        return (before[k], chords[k]) if k >= 0 and chords[k].tones else None

    def chord_at(beat: float) -> Chord | None:
        pair = pair_at(beat)
        return pair[0] if pair else None

    melody = moved_line(sheet.melody, chord_at, lambda beat: changes[asked[bar_at(beat)].scale])
    under = moved_part(sheet.accompaniment, pair_at, lambda beat: changes[asked[bar_at(beat)].scale])
    sung: list[Note] = []
    played: list[Note] = []
    for first in range(0, sheet.bars, PHRASE_BARS):
        bars = range(first, min(first + PHRASE_BARS, sheet.bars))
        inside = [n for n in melody if bar_at(n.start_beat) in bars]
        wanted = {name: float(np.mean([getattr(asked[b], name) for b in bars])) for name in FADERS}
        inside = _dense(
            inside, wanted["density"] / max(own.density, 1e-3), sheet, lambda beat: asked[bar_at(beat)].scale
        )
        sung += _raised(inside, wanted["register"] - own.register)
        if _textured(wanted, own):
            played += [n for n in under if bar_at(n.start_beat) in bars]
    dark = sum(MODES[a.scale][2] == 3 for a in asked) * 2
    mode = "minor" if dark > sheet.bars else "major" if dark < sheet.bars else sheet.mode
    return replace(
        sheet, mode=mode, melody=tuple(_apart(sung)), chords=_joined(chords), accompaniment=tuple(sorted(played))
    )


def transposed(sheet: LeadSheet, tonic: int) -> LeadSheet:
    """The same sheet over another tonic (pitch class 0..11), by the smallest step up or down.

    Raises:
        InputError: Not a pitch class.
    """
    if not 0 <= tonic <= 11:
        raise InputError("tonic", f"{tonic}", "Accepted: a pitch class, 0 to 11.")
    step = (tonic - sheet.tonic + 6) % 12 - 6

    def moved(notes: Sequence[Note]) -> tuple[Note, ...]:
        steps = (step if 0 <= n.pitch + step <= 127 else step - 12 * int(np.sign(step)) for n in notes)
        return tuple(replace(n, pitch=n.pitch + by) for n, by in zip(notes, steps, strict=True))

    chords = tuple(replace(c, root=(c.root + step) % 12, bass=(c.bass + step) % 12) for c in sheet.chords)
    return replace(
        sheet, tonic=tonic, melody=moved(sheet.melody), chords=chords, accompaniment=moved(sheet.accompaniment)
    )


def _rows(notes: Sequence[Note]) -> np.ndarray:
    rows = [(n.start_beat, n.start_beat + n.duration_beat, n.pitch, n.velocity) for n in notes]
    return np.array(sorted(rows), dtype=np.float64).reshape(-1, 4)


def _by_bar(sheet: LeadSheet) -> list[Chord]:
    """The chords cut at bar lines: each bar has its own attributes."""
    found = []
    for c in sheet.chords:
        start, end = c.start_beat, c.start_beat + c.duration_beat
        while start < end - 1e-9:
            stop = min(end, (start // sheet.beats_per_bar + 1) * sheet.beats_per_bar)
            found.append(replace(c, start_beat=start, duration_beat=stop - start))
            start = stop
    return found


def _joined(chords: Sequence[Chord]) -> tuple[Chord, ...]:
    """Neighbours that are the same chord are one."""
    found: list[Chord] = []
    for c in chords:
        if found and (found[-1].root, found[-1].tones, found[-1].bass) == (c.root, c.tones, c.bass):
            found[-1] = replace(found[-1], duration_beat=found[-1].duration_beat + c.duration_beat)
        else:
            found.append(c)
    return tuple(found)


def _coloured(chord: Chord, tonic: int, asked: Attributes, own: Attributes) -> Chord:
    """A chord as rough or as plain as asked for, where that is not how the tune is."""
    if not chord.tones or abs(asked.dissonance - own.dissonance) < ROUGHER:
        return chord
    if asked.dissonance < own.dissonance:
        third = tuple(t for t in chord.tones if t in (0, 3, 4, 6, 7, 8))
        return replace(chord, tones=third if len(third) > 2 else chord.tones)
    over = (chord.root - tonic) % 12
    if over not in MODES[asked.scale] or len(chord.tones) > 3:
        return chord
    classes = chord_on(Key(tonic), asked.scale, MODES[asked.scale].index(over), asked.dissonance, tense=True)
    more = {(c - chord.root) % 12 for c in classes[3:]}
    return replace(chord, tones=tuple(sorted({*chord.tones, *more})))


def _dense(notes: list[Note], ratio: float, sheet: LeadSheet, scale_at: Callable[[float], str]) -> list[Note]:
    """A phrase with as many notes more or fewer as its measure allows."""
    if not notes or 1 / BUSIER < ratio < BUSIER:
        return notes
    if ratio > 1:
        return ornamented(notes, round((ratio - 1) * len(notes)), lambda beat: (sheet.tonic, scale_at(beat)))
    return thinned(notes, round((1 - ratio) * len(notes)), sheet.beats_per_bar)


def _raised(notes: list[Note], by: float) -> list[Note]:
    """Notes an octave higher or lower where that is nearer to what is asked for (semitones)."""
    octaves = 12 * round(by / 12) if abs(by) >= HIGHER else 0
    octaves = 12 * int(np.sign(by)) if abs(by) >= HIGHER and not octaves else octaves
    fits = all(0 <= n.pitch + octaves <= 127 for n in notes)
    return [replace(n, pitch=n.pitch + octaves) for n in notes] if fits else notes


def _textured(wanted: dict[str, float], own: Attributes) -> bool:
    """Whether the tune's own accompaniment is about what is asked for."""
    return all(
        1 / BUSIER**2 < (wanted[name] + 0.1) / (getattr(own, name) + 0.1) < BUSIER**2
        for name in ("rhythm", "polyphony")
    )


def _apart(notes: list[Note]) -> list[Note]:
    """No note into the next."""
    return [
        replace(a, duration_beat=min(a.duration_beat, b.start_beat - a.start_beat))
        for a, b in itertools.pairwise(notes)
    ] + notes[-1:]
