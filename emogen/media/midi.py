"""The bytes of Standard MIDI Files <-> events with a time in ticks. Strict: a length that does not fit is an error.

Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001): "MThd" with type, number of tracks and ticks
a quarter note, then "MTrk" chunks of events, each after a variable-length delta time. Parsed here and not by
a C++ library, because files are not to be trusted: symusic 0.6 ends the process on some damaged ones.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

META, SYSEX, SYSEX_MORE = 0xFF, 0xF0, 0xF7
NOTE_OFF, NOTE_ON, PROGRAM = 0x8, 0x9, 0xC  # upper half of the status byte; the lower is the channel
TEXT, NAME, MARKER, END, TEMPO, METRE, KEY = 0x01, 0x03, 0x06, 0x2F, 0x51, 0x58, 0x59  # types of meta events
#: Data bytes of channel messages by the upper half of the status byte (MIDI 1.0, table 2).
DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
MAX_TRACKS = 1_024  # own assumption: far above any sequencer's


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        tick: Since the start of the track.
        status: The status byte; `META` for meta events.
        data: Data bytes of a channel message, or the body of a meta or system event.
        meta: Type of a meta event, else 0.
    """

    tick: int
    status: int
    data: bytes
    meta: int = 0


def parse(data: bytes) -> tuple[int, list[list[Event]]]:
    """Ticks a quarter note and the events of each track.

    Raises:
        ValueError: Broken, of type 2, or with SMPTE times; says what and where.
    """
    if len(data) < 14 or data[:4] != b"MThd":
        raise ValueError("it has no header")
    size, kind, _, ticks = struct.unpack_from(">IHHH", data, 4)
    if size < 6 or kind > 1 or not 0 < ticks < 0x8000:
        raise ValueError(f"type {kind} with a division of {ticks} is not read here")
    tracks: list[list[Event]] = []
    offset = 8 + size
    while offset + 8 <= len(data) and len(tracks) < MAX_TRACKS:
        name, size = struct.unpack_from(">4sI", data, offset)
        if offset + 8 + size > len(data):
            raise ValueError(f"the chunk at byte {offset} is longer than the file")
        if name == b"MTrk":
            tracks.append(_events(data[offset + 8 : offset + 8 + size]))
        offset += 8 + size
    if not tracks:
        raise ValueError("it has no tracks")
    return ticks, tracks


def build(ticks: int, tracks: Sequence[Iterable[Event]]) -> bytes:
    """A file of type 1. Events of one tick stay in the order given; each track is closed."""
    chunks = [struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), ticks)]
    for events in tracks:
        body, now = bytearray(), 0
        for event in sorted(events, key=lambda e: e.tick):
            body += variable(event.tick - now) + bytes([event.status])
            body += bytes([event.meta]) + variable(len(event.data)) if event.status == META else b""
            body += event.data
            now = event.tick
        body += bytes([0, META, END, 0])
        chunks.append(struct.pack(">4sI", b"MTrk", len(body)) + body)
    return b"".join(chunks)


def variable(value: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the high bit set on all but the last."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))


def read_variable(data: bytes, offset: int) -> tuple[int, int]:
    """A variable-length quantity of at most four bytes, and the offset after it."""
    value = 0
    for at in range(offset, min(offset + 4, len(data))):
        value = value << 7 | data[at] & 0x7F
        if data[at] < 0x80:
            return value, at + 1
    raise ValueError(f"the number at byte {offset} of a track does not end")


def _events(data: bytes) -> list[Event]:
    events: list[Event] = []
    offset = tick = running = 0
    while offset < len(data):
        delta, offset = read_variable(data, offset)
        tick += delta
        if offset >= len(data):
            raise ValueError("a track ends within an event")
        status = data[offset]
        if status >= 0x80:
            offset += 1
        elif running:
            status = running
        else:
            raise ValueError(f"byte {offset} of a track is no event")
        meta = 0
        if status in (META, SYSEX, SYSEX_MORE):
            if status == META:
                meta, offset = (data[offset], offset + 1) if offset < len(data) else (0, offset)
            size, offset = read_variable(data, offset)
            running = 0
        elif status >> 4 in DATA_BYTES:
            size = DATA_BYTES[status >> 4]
            running = status
        else:
            raise ValueError(f"the status {status:#04x} does not belong in a file")
        body = data[offset : offset + size]
        if len(body) < size or (status < SYSEX and any(byte > 0x7F for byte in body)):
            raise ValueError(f"the event at tick {tick} is broken")
        offset += size
        if status == META and meta == END:
            break
        events.append(Event(tick, status, body, meta))
    return events
