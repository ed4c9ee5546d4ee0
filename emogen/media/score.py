"""Notated music <-> Standard MIDI Files (type 1, 480 ticks a quarter note), times in beats (quarter notes).

Written as a conductor track with tempo, metre, key, markers and the provenance as a text event, then one
track per instrument; read from files of type 0 and 1.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media import midi
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.marks import mark_midi
from emogen.media.provenance import Provenance
from emogen.media.sniff import check_file, expect_kind

TICKS_PER_BEAT = 480  # a common choice of sequencers; divides by 3, 5 and 2^5
DEFAULT_BPM = 120.0  # Standard MIDI Files 1.0: what holds before the first tempo event
BPM_RANGE = (4.0, 1000.0)  # 3 bytes of microseconds a beat allow 3.6 and more; above is no music; own assumption
DRUM_CHANNEL = 9  # General MIDI 1: channel 10, counted from 0 here
MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
#: Sharps (+) or flats (-) -> major, minor (Standard MIDI Files 1.0, key signature event).
KEYS = {
    -7: ("Cb", "Abm"), -6: ("Gb", "Ebm"), -5: ("Db", "Bbm"), -4: ("Ab", "Fm"), -3: ("Eb", "Cm"), -2: ("Bb", "Gm"),
    -1: ("F", "Dm"), 0: ("C", "Am"), 1: ("G", "Em"), 2: ("D", "Bm"), 3: ("A", "F#m"), 4: ("E", "C#m"),
    5: ("B", "G#m"), 6: ("F#", "D#m"), 7: ("C#", "A#m"),
}  # fmt: skip
TEXT_CHARS = 1_000  # longest name or marker; own assumption


@dataclass(frozen=True, order=True)
class Note:
    """One note: when (beats), how long (beats), MIDI pitch 0..127 (60 = middle C), velocity 1..127."""

    start_beat: float
    duration_beat: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Track:
    """One instrument: its name, General MIDI program 0..127, whether it is the drum kit, its notes."""

    name: str
    program: int
    is_drum: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Score:
    """A piece.

    Attributes:
        tracks: The instruments, at most 15 and drums.
        tempos: (beat, quarter notes a minute), the first at beat 0.
        time_signature: Beats in a bar and the note value of one, as written: (3, 4).
        key: "C", "F#m" ... as in `KEYS`; None where there is none.
        markers: (beat, text).
    """

    tracks: tuple[Track, ...]
    tempos: tuple[tuple[float, float], ...] = ((0.0, DEFAULT_BPM),)
    time_signature: tuple[int, int] = (4, 4)
    key: str | None = None
    markers: tuple[tuple[float, str], ...] = field(default=())

    @property
    def end_beat(self) -> float:
        """When the last note ends, in beats."""
        ends = (note.start_beat + note.duration_beat for track in self.tracks for note in track.notes)
        return max(ends, default=0.0)

    @property
    def duration_s(self) -> float:
        """When the last note ends, in seconds."""
        return self.seconds(self.end_beat)

    def seconds(self, beat: float) -> float:
        """The time of a beat, in seconds, by the tempo changes."""
        total = 0.0
        starts = [b for b, _ in self.tempos[1:]] + [math.inf]
        for (begin, bpm), end in zip(self.tempos, starts, strict=True):
            if beat > begin:
                total += (min(beat, end) - begin) * 60.0 / bpm
        return total


def read_midi(path: str | Path) -> Score:
    """Reads a MIDI file of type 0 or 1: one `Track` for each program on each channel of each track with notes.

    Of several metres or keys the first counts; controllers, pitch bends and lyrics are left out. A note that
    is never released lasts as long as its track.

    Raises:
        InputError: No such file.
        FormatError: Not a MIDI file, or a broken one.
        LimitError: Larger, longer or with more notes than `emogen.limits` allows.
    """
    expect_kind(path, "midi", accepted="MIDI files (.mid)")
    path = check_file(path, max_bytes=LIMITS.midi_bytes, limit="midi_bytes")
    try:
        ticks, tracks = midi.parse(path.read_bytes())
    except ValueError as error:
        raise FormatError(str(path), f"is a broken MIDI file: {error}", "Accepted: Standard MIDI Files.") from error
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    found: list[Track] = []
    for events in tracks:
        found.extend(_tracks(events, ticks))
    notes = sum(len(track.notes) for track in found)
    if notes > LIMITS.midi_notes:
        raise LimitError(str(path), f"{notes:,} notes; the limit is {LIMITS.midi_notes:,} (limits.midi_notes)")
    every = [event for events in tracks for event in events if event.status == midi.META]
    score = _framed(tuple(found), sorted(every, key=lambda event: event.tick), ticks)
    _check_end(str(path), score)
    return score


def write_midi(path: str | Path, score: Score, *, provenance: Provenance | None = None) -> Path:
    """Writes a MIDI file of type 1. Beats are rounded to the nearest of 480 ticks; a note lasts one at least.

    Args:
        path: `.mid` or `.midi`, in a folder that exists.
        score: The piece.
        provenance: The statement to write as a text event.

    Raises:
        InputError: A pitch, velocity, program, time, tempo, metre or key out of range; the message names it.
        LimitError: More notes or a later end than `emogen.limits` allows.
        OutputError: The file could not be written.
    """
    path = check_writable(path, (".mid", ".midi"))
    _check(path, score)
    free = iter(MELODIC_CHANNELS)
    tracks = [_conductor(score)]
    tracks += [_instrument(track, DRUM_CHANNEL if track.is_drum else next(free)) for track in score.tracks]
    data = midi.build(TICKS_PER_BEAT, tracks)
    with atomic_path(path) as part:
        part.write_bytes(mark_midi(data, provenance) if provenance else data)
    return path


def _conductor(score: Score) -> list[midi.Event]:
    """All that is not a note."""
    over, under = score.time_signature
    # 24 MIDI clocks a metronome click, 8 thirty-second notes a quarter: the defaults of the specification
    events = [_meta(0, midi.METRE, bytes([over, under.bit_length() - 1, 24, 8]))]
    if score.key is not None:
        sharps, minor = next((n, pair.index(score.key)) for n, pair in KEYS.items() if score.key in pair)
        events.append(_meta(0, midi.KEY, struct.pack(">bB", sharps, minor)))
    for beat, bpm in score.tempos:
        events.append(_meta(beat, midi.TEMPO, round(60_000_000 / bpm).to_bytes(3, "big")))
    for beat, text in score.markers:
        events.append(_meta(beat, midi.MARKER, _text(text)))
    return events


def _instrument(track: Track, channel: int) -> list[midi.Event]:
    head = [
        _meta(0, midi.NAME, _text(track.name)),
        midi.Event(0, midi.PROGRAM << 4 | channel, bytes([track.program])),
    ]
    notes: list[tuple[int, int, midi.Event]] = []
    for note in sorted(track.notes):
        start, end = _ticks(note.start_beat), _ticks(note.start_beat + note.duration_beat)
        off = midi.Event(max(end, start + 1), midi.NOTE_OFF << 4 | channel, bytes([int(note.pitch), 0]))
        on = midi.Event(start, midi.NOTE_ON << 4 | channel, bytes([int(note.pitch), int(note.velocity)]))
        notes += [(on.tick, 1, on), (off.tick, 0, off)]  # within a tick notes end before others begin
    return head + [event for _, _, event in sorted(notes, key=lambda item: item[:2])]


def _meta(beat: float, kind: int, body: bytes) -> midi.Event:
    return midi.Event(_ticks(beat), midi.META, body, kind)


def _ticks(beat: float) -> int:
    return round(beat * TICKS_PER_BEAT)


def _text(text: str) -> bytes:
    return "".join(c if c.isprintable() else " " for c in text[:TEXT_CHARS]).encode("utf-8", "replace")


def _read_text(data: bytes) -> str:
    """UTF-8 as most programs write it, else Latin-1; control characters become blanks."""
    try:
        text = data[: 4 * TEXT_CHARS].decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return "".join(c if c.isprintable() else " " for c in text[:TEXT_CHARS])


def _tracks(events: Sequence[midi.Event], ticks: int) -> Iterable[Track]:
    """The instruments within one track of a file, in the order in which they first sound."""
    program = dict.fromkeys(range(16), 0)
    held: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    notes: dict[tuple[int, int], list[Note]] = {}
    name = next((_read_text(e.data) for e in events if e.status == midi.META and e.meta == midi.NAME), "")

    def release(channel: int, pitch: int, tick: int) -> None:
        begin, velocity, sound = held[channel, pitch].pop(0)
        length = max(tick - begin, 1) / ticks
        notes[channel, sound].append(Note(begin / ticks, length, pitch, velocity))

    for event in events:
        message, channel = event.status >> 4, event.status & 0xF
        if message == midi.PROGRAM:
            program[channel] = event.data[0]
        elif message == midi.NOTE_ON and event.data[1]:
            held.setdefault((channel, event.data[0]), []).append((event.tick, event.data[1], program[channel]))
            notes.setdefault((channel, program[channel]), [])
        elif message in (midi.NOTE_ON, midi.NOTE_OFF) and held.get((channel, event.data[0])):
            release(channel, event.data[0], event.tick)
    for (channel, pitch), waiting in held.items():
        while waiting:
            release(channel, pitch, events[-1].tick)
    for (channel, sound), played in notes.items():
        yield Track(name, sound, channel == DRUM_CHANNEL, tuple(sorted(played)))


def _framed(tracks: tuple[Track, ...], metas: Sequence[midi.Event], ticks: int) -> Score:
    """The score of `tracks` with tempo, metre, key and markers out of the meta events, in order of time."""
    tempos, metres = {0.0: DEFAULT_BPM}, [(4, 4)]
    markers: list[tuple[float, str]] = []
    keys: list[str | None] = [None]
    for event in metas:
        data, beat = event.data, event.tick / ticks
        if event.meta == midi.TEMPO and len(data) == 3 and any(data):
            tempos[beat] = round(60_000_000 / int.from_bytes(data, "big"), 3)
        elif event.meta == midi.METRE and len(data) >= 2 and data[0] and data[1] <= 6:
            metres.append((data[0], 1 << data[1]))
        elif event.meta == midi.KEY and len(data) == 2:
            sharps, minor = struct.unpack(">bB", data)
            keys.extend([KEYS[sharps][minor]] if sharps in KEYS and minor < 2 else [])
        elif event.meta == midi.MARKER:
            markers.append((beat, _read_text(data)))
    return Score(tracks, tuple(sorted(tempos.items())), metres[:2][-1], keys[:2][-1], tuple(markers))


def _check_end(where: str, score: Score) -> None:
    if score.duration_s > LIMITS.midi_s:
        found = f"{score.duration_s:,.0f} s of music; the limit is {LIMITS.midi_s:,.0f} s (limits.midi_s)"
        raise LimitError(where, found)


def check_score(where: str, score: Score) -> None:
    """Refuses a score that cannot be played, whoever made it.

    Raises:
        InputError: A pitch, velocity, time, tempo or metre out of range; the message names `where` and what.
        LimitError: More notes or a later end than `emogen.limits` allows.
    """
    count = sum(len(track.notes) for track in score.tracks)
    if count > LIMITS.midi_notes:
        raise LimitError(where, f"{count:,} notes; the limit is {LIMITS.midi_notes:,} (limits.midi_notes)")
    over, under = score.time_signature
    if not 1 <= over <= 255 or under not in (1, 2, 4, 8, 16, 32, 64):
        raise InputError(where, f"the metre {over}/{under}")
    beats = [beat for beat, _ in score.tempos]
    if not beats or beats[0] != 0 or beats != sorted(beats):
        raise InputError(where, f"tempo changes at the beats {beats[:5]}", "Accepted: in order, the first at 0.")
    if bad := [bpm for _, bpm in score.tempos if not BPM_RANGE[0] <= bpm <= BPM_RANGE[1]]:
        raise InputError(where, f"a tempo of {bad[0]}", f"Accepted: {BPM_RANGE[0]:g} to {BPM_RANGE[1]:g} a minute.")
    for track in score.tracks:
        _check_notes(f'{where}, track "{track.name[:40]}"', track.notes)
    if bad := [beat for beat, _ in (*score.tempos, *score.markers) if not 0 <= beat < math.inf]:
        raise InputError(where, f"a tempo or marker at beat {bad[0]}")
    _check_end(where, score)


def _check(path: Path, score: Score) -> None:
    """What a file cannot hold, besides."""
    where = str(path)
    check_score(where, score)
    if sum(not track.is_drum for track in score.tracks) > len(MELODIC_CHANNELS):
        raise InputError(where, "more tracks than MIDI has channels", f"Accepted: {len(MELODIC_CHANNELS)} and drums.")
    if score.key is not None and not any(score.key in pair for pair in KEYS.values()):
        raise InputError(where, f'the key "{score.key}"', f"Accepted: {', '.join(k for p in KEYS.values() for k in p)}.")
    for track in score.tracks:
        if not 0 <= track.program <= 127:
            raise InputError(f'{where}, track "{track.name[:40]}"', f"program {track.program}", "Accepted: 0 to 127.")


def _check_notes(where: str, notes: Sequence[Note]) -> None:
    for note in notes:
        whole = all(not isinstance(v, bool) and v == int(v) for v in (note.pitch, note.velocity) if math.isfinite(v))
        if not (0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 and whole):
            raise InputError(where, f"{note}", "Accepted: pitch 0 to 127, velocity 1 to 127.")
        if not (0 <= note.start_beat < math.inf and 0 < note.duration_beat < math.inf):
            raise InputError(where, f"{note}", "Accepted: finite beats from 0 on, durations above 0.")
