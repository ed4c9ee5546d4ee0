"""A score -> MusicXML 4.0 for notation programs: `.musicxml` plain, `.mxl` compressed.

Times are rounded to sixteenths (to the metre's unit where that is finer); what is played a little shorter than it is
written is written to the next note, with a staccato dot where it is much shorter. One staff for each track; notes that
overlap go to voices of their own. Elements and their order follow the W3C schema of MusicXML 4.0.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from emogen.errors import InputError
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.notation import TYPES, Piece, measures, spelled, values, voices
from emogen.media.provenance import Provenance
from emogen.media.score import DRUM_CHANNEL, KEYS, MELODIC_CHANNELS, Score, Track, check_score

SUFFIXES = (".musicxml", ".mxl")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles><rootfile full-path="score.musicxml" '
    'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>\n'
)
MXL_TYPE = "application/vnd.recordare.musicxml"
#: Dynamics by velocity, the upper ends; as notation programs play them (general knowledge).
DYNAMICS = (("pp", 41), ("p", 57), ("mp", 72), ("mf", 88), ("f", 104), ("ff", 128))
DYNAMICS_BARS = 4  # how often a dynamic may change
TEMPO_SHOWN = 0.03  # a change of tempo by less is played but not printed
#: Staff place of the drums of General MIDI, with a cross for cymbals: key -> step, octave, cross.
DRUM_PLACES = {
    35: ("F", 4, False), 36: ("F", 4, False), 37: ("C", 5, True), 38: ("C", 5, False), 40: ("C", 5, False),
    41: ("A", 4, False), 43: ("A", 4, False), 45: ("B", 4, False), 47: ("D", 5, False), 48: ("D", 5, False),
    50: ("E", 5, False), 42: ("G", 5, True), 44: ("D", 4, True), 46: ("G", 5, True), 49: ("A", 5, True),
    51: ("F", 5, True), 57: ("A", 5, True),
}  # fmt: skip
OTHER_DRUM = ("E", 5, True)


def write_musicxml(path: str | Path, score: Score, *, provenance: Provenance | None = None) -> Path:
    """Writes a score as sheet music.

    Args:
        path: `.musicxml` or `.mxl`, in a folder that exists.
        score: With at least one note.
        provenance: The statement to write under `identification`.

    Raises:
        InputError: What cannot be played (`check_score`), an unknown key, or a score without notes.
        LimitError: As `check_score`.
        OutputError: The file could not be written.
    """
    path = check_writable(path, SUFFIXES)
    check_score(str(path), score)
    if not any(track.notes for track in score.tracks):
        raise InputError(str(path), "a score without notes", "Accepted: at least one.")
    if score.key is not None and not any(score.key in pair for pair in KEYS.values()):
        raise InputError(
            str(path), f'the key "{score.key}"', f"Accepted: {', '.join(k for p in KEYS.values() for k in p)}."
        )
    root = _document(score, provenance)
    ElementTree.indent(root, " ")
    data = (HEAD + ElementTree.tostring(root, encoding="unicode") + "\n").encode()
    with atomic_path(path) as part:
        if path.suffix.lower() == ".mxl":
            _write_mxl(part, data)
        else:
            part.write_bytes(data)
    return path


def _write_mxl(part: Path, data: bytes) -> None:
    """The container of MusicXML 4.0: the type uncompressed and first; the same bytes for the same score."""
    files = (("mimetype", MXL_TYPE.encode()), ("META-INF/container.xml", CONTAINER.encode()), ("score.musicxml", data))
    with zipfile.ZipFile(part, "w") as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def _document(score: Score, provenance: Provenance | None) -> Element:
    root = Element("score-partwise", version="4.0")
    identification = SubElement(root, "identification")
    encoding = SubElement(identification, "encoding")
    _text(encoding, "software", f"{provenance.generator} {provenance.version}" if provenance else "emogen")
    if provenance:
        field = SubElement(SubElement(identification, "miscellaneous"), "miscellaneous-field", name="provenance")
        field.text = _plain(provenance.note())
    parts = SubElement(root, "part-list")
    tracks = [track for track in score.tracks if track.notes]
    channels = cycle(MELODIC_CHANNELS)
    for number, track in enumerate(tracks, 1):
        _part_head(parts, f"P{number}", track, DRUM_CHANNEL if track.is_drum else next(channels))
    grid = max(4, score.time_signature[1] // 4)  # units of a quarter note
    bar = score.time_signature[0] * 4 * grid // score.time_signature[1]
    staves = [voices(track, grid) for track in tracks]
    end = max(c.start + c.length for staff in staves for voice in staff for c in voice)
    bars = max(1, -(-end // bar))
    for number, (track, staff) in enumerate(zip(tracks, staves, strict=True), 1):
        part = SubElement(root, "part", id=f"P{number}")
        marks = _dynamics(track, bar / grid)
        for index, content in enumerate(measures(staff, bar, bars)):
            measure = SubElement(part, "measure", number=str(index + 1))
            if index == 0:
                _attributes(measure, score, track, grid)
            if number == 1:
                _directions(measure, score, index * bar / grid, (index + 1) * bar / grid, grid)
            if index in marks:
                kind = SubElement(SubElement(measure, "direction", placement="below"), "direction-type")
                SubElement(SubElement(kind, "dynamics"), marks[index])
            _voiced(measure, content, track, number, score, grid, bar)
            if index == bars - 1:
                _text(SubElement(measure, "barline", location="right"), "bar-style", "light-heavy")
    return root


def _part_head(parts: Element, name: str, track: Track, channel: int) -> None:
    part = SubElement(parts, "score-part", id=name)
    _text(part, "part-name", _plain(track.name) or "Music")
    keys = sorted({n.pitch for n in track.notes}) if track.is_drum else [-1]
    for key in keys:
        instrument = SubElement(part, "score-instrument", id=_instrument_id(name, key))
        _text(instrument, "instrument-name", f"Drum {key}" if key >= 0 else _plain(track.name) or "Music")
    for key in keys:
        midi = SubElement(part, "midi-instrument", id=_instrument_id(name, key))
        _text(midi, "midi-channel", channel + 1)
        _text(midi, "midi-program", track.program + 1)
        if key >= 0:
            _text(midi, "midi-unpitched", key + 1)


def _instrument_id(part: str, key: int) -> str:
    return f"{part}-I{key + 1}" if key >= 0 else f"{part}-I1"


def _attributes(measure: Element, score: Score, track: Track, grid: int) -> None:
    attributes = SubElement(measure, "attributes")
    _text(attributes, "divisions", grid)
    key = SubElement(attributes, "key")
    fifths, minor = _fifths(score)
    _text(key, "fifths", fifths)
    if score.key:
        _text(key, "mode", "minor" if minor else "major")
    time = SubElement(attributes, "time")
    _text(time, "beats", score.time_signature[0])
    _text(time, "beat-type", score.time_signature[1])
    clef = SubElement(attributes, "clef")
    if track.is_drum:
        _text(clef, "sign", "percussion")
    else:
        low = float(np.median([n.pitch for n in track.notes])) < 60
        _text(clef, "sign", "F" if low else "G")
        _text(clef, "line", 4 if low else 2)


def _fifths(score: Score) -> tuple[int, bool]:
    return next(((n, pair.index(score.key) == 1) for n, pair in KEYS.items() if score.key in pair), (0, False))


def _directions(measure: Element, score: Score, begin: float, end: float, grid: int) -> None:
    """Tempo changes and markers of a bar."""
    shown = 0.0
    for beat, bpm in score.tempos:
        show = abs(bpm - shown) > TEMPO_SHOWN * bpm
        shown = bpm if show else shown
        if not begin <= beat < end:
            continue
        if not show:
            SubElement(measure, "sound", tempo=f"{bpm:.2f}")
            continue
        direction = SubElement(measure, "direction", placement="above")
        metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
        _text(metronome, "beat-unit", "quarter")
        _text(metronome, "per-minute", round(bpm))
        _offset(direction, beat - begin, grid)
        SubElement(direction, "sound", tempo=f"{bpm:.2f}")
    for beat, text in score.markers:
        if begin <= beat < end and _plain(text):
            direction = SubElement(measure, "direction", placement="above")
            _text(SubElement(direction, "direction-type"), "words", _plain(text))
            _offset(direction, beat - begin, grid)


def _offset(direction: Element, beats: float, grid: int) -> None:
    if round(beats * grid):
        _text(direction, "offset", round(beats * grid))


def _dynamics(track: Track, beats: float) -> dict[int, str]:
    """Bar -> the dynamic that begins there."""
    levels: dict[int, list[int]] = {}
    for n in track.notes:
        levels.setdefault(int(n.start_beat / beats + 1e-6) // DYNAMICS_BARS, []).append(n.velocity)
    marks, before = {}, ""
    for group, velocities in sorted(levels.items()):
        mark = next(name for name, top in DYNAMICS if np.mean(velocities) < top)
        if mark != before:
            marks[group * DYNAMICS_BARS] = before = mark
    return marks


def _voiced(
    measure: Element,
    content: Sequence[Sequence[Piece]],
    track: Track,
    part: int,
    score: Score,
    grid: int,
    bar: int,
) -> None:
    """The notes of a bar: the first voice with all rests, the others after a step back, their silences unprinted."""
    for number, pieces in enumerate(content, 1):
        if number > 1 and not pieces:
            continue
        if number > 1:
            _text(SubElement(measure, "backup"), "duration", bar)
        at = 0
        for start, length, chord, tied, goes_on in pieces:
            _silence(measure, at, start, number, grid)
            written = list(values(start, length, grid))
            for k, value in enumerate(written):
                ties = (tied or k > 0, goes_on or k < len(written) - 1)
                for i, pitch in enumerate(chord.pitches):
                    _note(measure, pitch, value, ties, number, i > 0, chord.staccato, track, part, score, grid)
            at = start + length
        if not pieces:
            rest = SubElement(measure, "note")
            SubElement(rest, "rest", measure="yes")
            _text(rest, "duration", bar)
            _text(rest, "voice", number)
        else:
            _silence(measure, at, bar, number, grid)


def _silence(measure: Element, at: int, to: int, voice: int, grid: int) -> None:
    if to <= at:
        return
    if voice > 1:
        _text(SubElement(measure, "forward"), "duration", to - at)
        return
    for value in values(at, to - at, grid):
        rest = SubElement(measure, "note")
        SubElement(rest, "rest")
        _text(rest, "duration", value)
        _text(rest, "voice", voice)
        _value(rest, value, grid)


def _value(note: Element, units: int, grid: int) -> None:
    quarters = units / grid
    if quarters in TYPES:
        _text(note, "type", TYPES[quarters])
    else:
        _text(note, "type", TYPES[quarters / 1.5])
        SubElement(note, "dot")


def _note(
    measure: Element,
    pitch: int,
    units: int,
    ties: tuple[bool, bool],
    voice: int,
    in_chord: bool,
    staccato: bool,
    track: Track,
    part: int,
    score: Score,
    grid: int,
) -> None:
    note = SubElement(measure, "note")
    if in_chord:
        SubElement(note, "chord")
    place = DRUM_PLACES.get(pitch, OTHER_DRUM)
    if track.is_drum:
        unpitched = SubElement(note, "unpitched")
        _text(unpitched, "display-step", place[0])
        _text(unpitched, "display-octave", place[1])
    else:
        step, alter, octave = spelled(pitch, _fifths(score)[0])
        element = SubElement(note, "pitch")
        _text(element, "step", step)
        if alter:
            _text(element, "alter", alter)
        _text(element, "octave", octave)
    _text(note, "duration", units)
    kinds = [kind for kind, is_tied in zip(("stop", "start"), ties, strict=True) if is_tied and not track.is_drum]
    for kind in kinds:
        SubElement(note, "tie", type=kind)
    if track.is_drum:
        SubElement(note, "instrument", id=_instrument_id(f"P{part}", pitch))
    _text(note, "voice", voice)
    _value(note, units, grid)
    if track.is_drum and place[2]:
        _text(note, "notehead", "x")
    dotted = staccato and not any(ties) and not track.is_drum and not in_chord
    if kinds or dotted:
        notations = SubElement(note, "notations")
        for kind in kinds:
            SubElement(notations, "tied", type=kind)
        if dotted:
            SubElement(SubElement(notations, "articulations"), "staccato")


def _text(parent: Element, tag: str, text: object) -> None:
    SubElement(parent, tag).text = str(text)


def _plain(text: str) -> str:
    """What XML may hold: printable characters alone."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
