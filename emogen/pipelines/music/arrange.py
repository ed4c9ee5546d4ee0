"""A lead sheet + attributes -> a finished score: instruments, accompaniment, pad, bass and drums, and how they are played.

Parts come and go with the energy of each bar (its loudness, rhythm and polyphony) and with the place in the piece, so
that it begins thin, builds and ends; all changes happen at bar lines. Thresholds and sizes are own choices.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.media.score import MELODIC_CHANNELS, Score, Track
from emogen.pipelines.music.attributes import FEELINGS, Attributes
from emogen.pipelines.music.harmony import Key, nearest
from emogen.pipelines.music.orchestra import ROLES, Ensemble, Instrument, ensemble_for, ensemble_of
from emogen.pipelines.music.patterns import CRASH, FILLS, bassline, drum_bar, figure, led
from emogen.pipelines.music.performance import Played, performed

PHRASE_BARS = 4
#: Shorter stretches of a feeling keep the instruments of the one before (bars).
SHORTEST_SECTION = 2
#: The lowest line below this pitch is the bass of an accompaniment; a window in which it is looked for (beats).
BASS_TOP, BASS_WINDOW = 53, 2.0
DEEPEST, HARMONY_MIDDLE = 32, 58  # of a bass, in the mean; the middle of a figure of our own
DEPTH_SHARE = 0.75  # a written bass moves by an octave where the fader is 8 semitones off and more
PAD_LOW, PAD_HIGH, PAD_MOST = 50, 74, 5  # a pad below 50 is mud under a bass
PAD_POLYPHONY = 2.0  # music thinner than this has a pad only where it asks for one
#: From which layer (energy and build-up together) on each part plays; how thin a piece begins, and where it is full.
PAD_FROM, DRUMS_FROM, DRIVEN_FROM, DOUBLE_FROM = 0.2, 0.34, 0.5, 0.6
THIN, FULL_AT, EXTRA = -0.22, 0.35, 0.12
FADED_IN_FROM = 12  # bars; shorter pieces have no time to build up


@dataclass(frozen=True)
class _Bar:
    """What is known of one bar before a note is written."""

    start: float
    attributes: Attributes
    ensemble: Ensemble
    layer: float
    chords: tuple[Chord, ...]
    opens: bool  # a phrase
    closes: bool
    final: bool


@dataclass
class _Parts:
    """Notes by (instrument's name, role), never more parts than MIDI has channels."""

    notes: dict[tuple[str, str], list[Played]] = field(default_factory=dict)
    programs: dict[str, int] = field(default_factory=dict)

    def of(self, instrument: Instrument, role: str) -> list[Played]:
        """The part of an instrument; where all channels are taken, another instrument's of the same role."""
        key = (instrument.name, role)
        if key not in self.notes and sum(k[1] != "drums" for k in self.notes) >= len(MELODIC_CHANNELS):
            key = next((k for k in self.notes if k[1] == role), next(iter(self.notes)))
        self.programs.setdefault(key[0], instrument.program)
        return self.notes.setdefault(key, [])

    def drums(self) -> list[Played]:
        """The kit's part."""
        self.programs["Drums"] = 0
        return self.notes.setdefault(("Drums", "drums"), [])


def arranged(
    sheet: LeadSheet,
    attributes_at: Callable[[int], Attributes],
    tempos: Sequence[float],
    instruments: Sequence[str] | None,
    seed: int,
    *,
    phrases: Sequence[int] | None = None,
    ends: bool = True,
) -> Score:
    """Arranges a piece and performs it.

    Args:
        sheet: The piece.
        attributes_at: Bar, from 0 -> how its music goes.
        tempos: Of each bar, quarter notes a minute.
        instruments: Names of instruments and families, "drums" among them; None: chosen by feeling.
        seed: Of the choice of instruments, figures, fills and freedoms.
        phrases: First bars of the phrases, in order, the first 0; None: every fourth bar.
        ends: Whether the last bar ends the piece; else it goes on.

    Raises:
        InputError, LimitError: As `orchestra.ensemble_of`.
    """
    attributes = [attributes_at(bar) for bar in range(sheet.bars)]
    starts = sorted({0, *phrases}) if phrases else [*range(0, max(sheet.bars - ends, 1), PHRASE_BARS)]
    ensembles = _ensembles(attributes, instruments, seed)
    bars = _bars(sheet, attributes, ensembles, starts, ends)
    rng = np.random.default_rng([seed, 23])
    parts = _Parts()
    _melody(parts, sheet, bars, starts)
    _accompaniment(parts, sheet, bars, starts, rng)
    _pad(parts, sheet, bars)
    _drums(parts, sheet.beats_per_bar, bars, rng)
    played = performed(
        {k: v for k, v in parts.notes.items() if v}, attributes, tempos, starts, sheet.beats_per_bar,
        [c.start_beat for c in sheet.chords], rng,
    )  # fmt: skip
    tracks = tuple(
        Track(f"{name} ({role})", parts.programs[name], role == "drums", notes)
        for (name, role), notes in sorted(played.items(), key=lambda item: ROLES.index(item[0][1]))
    )
    size = sheet.beats_per_bar
    markers = tuple(
        (b.start, f"{b.attributes.feeling}, {b.attributes.scale}")
        for before, b in zip([None, *bars], bars, strict=False)
        if before is None
        or (before.attributes.feeling, before.attributes.scale) != (b.attributes.feeling, b.attributes.scale)
    )
    changes = tuple((float(i * size), float(bpm)) for i, bpm in enumerate(tempos) if i == 0 or bpm != tempos[i - 1])
    return Score(tracks, changes, (size, 4), Key(sheet.tonic).midi(sheet.mode), markers)


def energy(attributes: Attributes) -> float:
    """How much is going on, 0..1."""
    a = attributes
    parts = 0.6 * (a.loudness - 35) / 75 + 0.2 * (a.rhythm - 0.5) / 2.5 + 0.2 * (a.polyphony - 1) / 4
    return float(np.clip(parts, 0, 1))


def _ensembles(attributes: Sequence[Attributes], instruments: Sequence[str] | None, seed: int) -> list[Ensemble]:
    """Who plays in each bar. A feeling has the same ensemble wherever it comes back."""
    feelings = [a.feeling for a in attributes]
    bar = 0
    while bar < len(feelings):
        end = next((i for i in range(bar, len(feelings)) if feelings[i] != feelings[bar]), len(feelings))
        if bar and end - bar < SHORTEST_SECTION:
            feelings[bar:end] = [feelings[bar - 1]] * (end - bar)
        bar = end
    found = {}
    for feeling in dict.fromkeys(feelings):
        rng = np.random.default_rng([seed, 17, FEELINGS.index(feeling)])
        own = [a for a, f in zip(attributes, feelings, strict=True) if f == feeling]
        loudness, brightness = (float(np.mean([getattr(a, n) for a in own])) for n in ("loudness", "brightness"))
        usual = ensemble_for(feeling, loudness, brightness, rng)
        found[feeling] = ensemble_of(instruments, usual) if instruments is not None else usual
    return [found[f] for f in feelings]


def _bars(
    sheet: LeadSheet, attributes: Sequence[Attributes], ensembles: Sequence[Ensemble], starts: Sequence[int], ends: bool
) -> list[_Bar]:
    size = sheet.beats_per_bar
    bars = []
    for i, (now, ensemble) in enumerate(zip(attributes, ensembles, strict=True)):
        phrase = [s for s in starts if s <= i][-1]
        place = phrase / max(sheet.bars, 1)
        build = 0.0
        if sheet.bars >= FADED_IN_FROM:
            build = THIN * max(1 - place / FULL_AT, 0) + EXTRA * max(place - FULL_AT, 0) / (1 - FULL_AT)
        begin, end = float(i * size), float((i + 1) * size)
        chords = tuple(
            Chord(max(c.start_beat, begin), min(c.start_beat + c.duration_beat, end) - max(c.start_beat, begin), c.root,
                  c.tones, c.bass)
            for c in sheet.chords
            if c.tones and c.start_beat < end - 1e-6 and c.start_beat + c.duration_beat > begin + 1e-6
        )  # fmt: skip
        final = ends and i == sheet.bars - 1
        closes = i + 1 in starts or i == sheet.bars - 1
        bars.append(_Bar(begin, now, ensemble, energy(now) + build, chords, i in starts, closes, final))
    return bars


def _melody(parts: _Parts, sheet: LeadSheet, bars: Sequence[_Bar], starts: Sequence[int]) -> None:
    """The tune, phrase by phrase in an octave that the instrument reaches; doubled where the piece is fullest."""
    size = sheet.beats_per_bar
    singers = _singers(sheet, bars)
    edges = sorted(
        {*starts, *(i for i in range(1, len(bars)) if bars[i].ensemble is not bars[i - 1].ensemble), len(bars)}
    )
    for first, last in itertools.pairwise(edges):
        notes = [n for n in sheet.melody if first * size <= n.start_beat < last * size]
        if not notes:
            continue
        ensemble = bars[first].ensemble
        singer = singers[id(ensemble)]
        shift = _octave([n.pitch for n in notes], singer)
        double = ensemble.double if ensemble.double is not singer else None
        beside = (
            [(double, _octave([n.pitch for n in notes], double))]
            if double is not None and bars[first].layer >= DOUBLE_FROM
            else []
        )
        for instrument, octave in ((singer, shift), *beside):
            part = parts.of(instrument, "melody")
            for n in notes:
                bar = bars[min(int(n.start_beat // size), len(bars) - 1)]
                length = bar.start + size - n.start_beat if bar.final and n is sheet.melody[-1] else n.duration_beat
                accent = -0.5 if instrument is double else 0.0
                part.append(Played(n.start_beat, length, instrument.reached(n.pitch + octave), accent))


def _singers(sheet: LeadSheet, bars: Sequence[_Bar]) -> dict[int, Instrument]:
    """Who sings in each ensemble: its melody instrument, or its second where that one fits the register better."""
    found = {}
    for ensemble in {id(b.ensemble): b.ensemble for b in bars}.values():
        at = {i for i, b in enumerate(bars) if b.ensemble is ensemble}
        pitches = [n.pitch for n in sheet.melody if int(n.start_beat // sheet.beats_per_bar) in at]
        who = [ensemble.melody, *([ensemble.double] if ensemble.double else [])]
        found[id(ensemble)] = min(who, key=lambda i: _outside(pitches, i) > 0.1 * len(pitches))
    return found


def _outside(pitches: Sequence[int], instrument: Instrument, shift: int = 0) -> int:
    return sum(not instrument.low <= p + shift <= instrument.high for p in pitches)


def _octave(pitches: Sequence[int], instrument: Instrument) -> int:
    """The shift by octaves, the smallest one, with which the most pitches lie in the range."""
    return min((0, -12, 12, -24, 24), key=lambda s: (_outside(pitches, instrument, s), abs(s)))


def _accompaniment(
    parts: _Parts, sheet: LeadSheet, bars: Sequence[_Bar], starts: Sequence[int], rng: np.random.Generator
) -> None:
    """Harmony and bass: the sheet's own where a phrase has one, else figures and bass lines over the chords."""
    size = sheet.beats_per_bar
    bass, harmony = _split(sheet)
    low = float(np.mean([n.pitch for n in bass])) if bass else 0.0
    choice, written, depth = 0, True, 0
    tones: list[int] = []
    for i, bar in enumerate(bars):
        if bar.opens:
            choice = int(rng.integers(len(bar.ensemble.figures)))
            last = next((s for s in starts if s > i), len(bars))
            written = any(i * size <= n.start_beat < last * size for n in sheet.accompaniment)
            depth = 12 * round(DEPTH_SHARE * (_lowest(bar.attributes) - low) / 12)
        own_bass = [n for n in bass if bar.start <= n.start < bar.start + size]
        if bar.layer >= DRIVEN_FROM and len(own_bass) <= len(bar.chords) and bar.ensemble.drums:
            own_bass = []  # held notes under a full band: a line of its own drives it
        own = [n for n in harmony if bar.start <= n.start < bar.start + size]
        harmonist, bassist = parts.of(bar.ensemble.harmony, "harmony"), parts.of(bar.ensemble.bass, "bass")
        following = bars[i + 1].chords[:1] if i + 1 < len(bars) else ()
        if bar.final:
            own, own_bass, following = _closing(own, bar, size), _closing(own_bass, bar, size), ()
        for k, chord in enumerate(bar.chords):
            tones = led(chord.classes, tones, 4, HARMONY_MIDDLE - 10, HARMONY_MIDDLE + 10)
            after = (*bar.chords[k + 1 : k + 2], *following)
            if not own and (not written or bar.final):
                harmonist += _figured(bar, chord, tones, choice, bar.ensemble.harmony)
            if not any(chord.start_beat <= n.start < chord.start_beat + chord.duration_beat for n in own_bass):
                bassist += _bassed(bar, chord, after[0] if after else chord)
        harmonist += [_within(n, bar.ensemble.harmony) for n in own]
        bassist += [_within(_moved(n, depth), bar.ensemble.bass) for n in own_bass]


def _split(sheet: LeadSheet) -> tuple[list[Played], list[Played]]:
    """The accompaniment's lowest line, and the rest."""
    lowest: dict[int, int] = {}
    for n in sheet.accompaniment:
        window = int(n.start_beat / BASS_WINDOW)
        lowest[window] = min(lowest.get(window, 127), n.pitch)
    bass: list[Played] = []
    harmony: list[Played] = []
    for n in sheet.accompaniment:
        is_bass = n.pitch < BASS_TOP and n.pitch <= lowest[int(n.start_beat / BASS_WINDOW)] + 1
        (bass if is_bass else harmony).append(Played(n.start_beat, n.duration_beat, n.pitch))
    return bass, harmony


def _closing(notes: list[Played], bar: _Bar, size: int) -> list[Played]:
    """The last bar: what its last chord begins with, held to the end."""
    begin = bar.chords[-1].start_beat if bar.chords else bar.start
    first = min((n.start for n in notes if n.start >= begin - 1e-6), default=None)
    kept = [n for n in notes if n.start < begin - 1e-6 or n.start == first]
    return [Played(n.start, bar.start + size - n.start if n.start == first else n.duration, n.pitch) for n in kept]


def _figured(bar: _Bar, chord: Chord, tones: Sequence[int], choice: int, player: Instrument) -> Iterator[Played]:
    a = bar.attributes
    voices = int(np.clip(round(a.polyphony), 2, 4))
    name = "block" if bar.final else bar.ensemble.figures[choice % len(bar.ensemble.figures)]
    for at, length, pitches, accent in figure(
        name, tones[-voices:], chord.duration_beat, 0.25 if bar.final else a.rhythm
    ):
        for pitch in pitches:
            yield Played(chord.start_beat + at, length, player.reached(pitch), accent, figure=not bar.final)


def _bassed(bar: _Bar, chord: Chord, after: Chord) -> Iterator[Played]:
    root = nearest([chord.bass], _lowest(bar.attributes))
    others = [c for c in chord.classes if c != chord.bass] or [chord.bass]
    fifth = nearest([(chord.root + 7) % 12 if (chord.root + 7) % 12 in others else others[-1]], root + 4)
    quiet = bar.final or bar.layer < DRUMS_FROM
    for at, length, pitches, accent in bassline(
        "held" if quiet else bar.ensemble.bassline, root, fifth, nearest([after.bass], root), chord.duration_beat
    ):
        for pitch in pitches:
            yield Played(chord.start_beat + at, length, bar.ensemble.bass.reached(pitch), accent, figure=not quiet)


def _lowest(attributes: Attributes) -> float:
    """Where the bass fader wants the lowest notes to lie (MIDI pitch): middle C to three octaves below."""
    return float(np.clip(60 - 36 * attributes.bass, DEEPEST, BASS_TOP - 3))


def _moved(note: Played, semitones: int) -> Played:
    return Played(note.start, note.duration, note.pitch + semitones, note.accent)


def _within(note: Played, instrument: Instrument) -> Played:
    return Played(note.start, note.duration, instrument.reached(note.pitch), note.accent)


def _pad(parts: _Parts, sheet: LeadSheet, bars: Sequence[_Bar]) -> None:
    """Held chords, led by the smallest movement; common tones are tied, also over a change of instrument."""
    size = sheet.beats_per_bar
    sounding: dict[int, Played] = {}  # of the last chord, by pitch
    player: Instrument | None = None
    chord_before: list[int] = []
    tune = [n for (_, role), notes in parts.notes.items() if role == "melody" for n in notes]
    top = PAD_HIGH
    for bar in bars:
        pad, count = bar.ensemble.pad, _pad_voices(sheet, bar, size)
        if bar.opens:  # it stays under the tune
            sung = [n.pitch for n in tune if bar.start <= n.start < bar.start + PHRASE_BARS * size]
            top = int(np.clip(np.median(sung) - 1, PAD_LOW + 13, PAD_HIGH)) if sung else top
        if pad is None or not count or not bar.chords:
            sounding, player = {}, None
            continue
        for chord in bar.chords:
            tones = led(chord.classes, chord_before, count, max(PAD_LOW, pad.low), min(top, pad.high))
            if player is not None and player is not pad:
                for note in sounding.values():  # the old instrument hands over
                    note.duration += 1.0 if note.pitch % 12 in chord.classes else 0.0
            part, now = parts.of(pad, "pad"), {}
            for pitch in tones:
                tied = sounding.get(pitch) if player is pad and not bar.opens else None
                if tied is not None and abs(tied.start + tied.duration - chord.start_beat) < 1e-6:
                    tied.duration += chord.duration_beat
                else:
                    tied = Played(chord.start_beat, chord.duration_beat, pitch)
                    part.append(tied)
                now[pitch] = tied
            sounding, player, chord_before = now, pad, tones


def _pad_voices(sheet: LeadSheet, bar: _Bar, size: int) -> int:
    """Tones of the pad: what the polyphony asks for beyond the accompaniment; none where the piece is thin."""
    if bar.layer < PAD_FROM:
        return 0
    own = sum(n.duration_beat for n in sheet.accompaniment if bar.start <= n.start_beat < bar.start + size) / size
    thin = bar.attributes.polyphony < PAD_POLYPHONY
    least = 2 if (bar.layer > DRUMS_FROM or own == 0) and not thin else 0
    return int(np.clip(round(bar.attributes.polyphony - own), least, PAD_MOST))


def _drums(parts: _Parts, size: int, bars: Sequence[_Bar], rng: np.random.Generator) -> None:
    """The kit: more of it the fuller the piece, a fill at the end of a phrase, a cymbal where a loud one begins."""
    before = 0.0
    for bar in bars:
        style, level = bar.ensemble.drums, (bar.layer - DRUMS_FROM) / (1 - DRUMS_FROM)
        if style is None or level < 0:
            before = 0.0
            continue
        kit = parts.drums()
        if bar.final:
            kit += [Played(bar.start, 1.0, key, 0.9) for key in (36, CRASH)] if level > 0.2 else []
            continue
        strokes = drum_bar(style, level, size)
        if bar.closes and before and level > 0.12:
            fill = FILLS[int(rng.integers(len(FILLS)))]
            begin = size + fill[0][0]
            strokes = [s for s in strokes if s[0] < begin] + [(size + at, key, s) for at, key, s in fill]
        if bar.opens and level > 0.45 and before:
            strokes.append((0.0, CRASH, 0.7))
        kit += [Played(bar.start + at, 0.2, key, 0.95 * strength) for at, key, strength in strokes]
        before = level
