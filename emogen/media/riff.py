"""The chunks of RIFF files (wav, webp): where each begins and how long it says that it is.

Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (1991): a file is "RIFF", a
32-bit little-endian size, a form, then chunks of a four-byte name, a size, data and a pad byte if odd.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from emogen.errors import FormatError

MAX_CHUNKS = 10_000  # more than any editor writes; own assumption


@dataclass(frozen=True)
class Chunk:
    """One chunk: its name, the offset of its data, the size it claims and the bytes that are there."""

    name: bytes
    offset: int
    size: int
    present: int

    @property
    def whole(self) -> bool:
        """Whether the file holds as many bytes as the chunk claims."""
        return self.present == self.size


def chunks(path: Path) -> list[Chunk]:
    """The chunks of a RIFF file in order; the last one may be cut off (see `Chunk.whole`).

    Raises:
        FormatError: Not a RIFF file, or more than `MAX_CHUNKS`.
    """
    size = os.path.getsize(path)
    found: list[Chunk] = []
    with open(path, "rb") as file:
        if file.read(4) not in (b"RIFF", b"RF64"):
            raise FormatError(str(path), "is not a RIFF file")
        offset = 12
        while offset + 8 <= size:
            file.seek(offset)
            name, claimed = struct.unpack("<4sI", file.read(8))
            found.append(Chunk(name, offset + 8, claimed, min(claimed, size - offset - 8)))
            if len(found) > MAX_CHUNKS:
                raise FormatError(str(path), f"holds more than {MAX_CHUNKS} chunks")
            offset += 8 + claimed + claimed % 2
    return found


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk as bytes, padded to an even length."""
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def append(file: BinaryIO, data: bytes) -> None:
    """Appends whole chunks to an open RIFF file ("r+b") and corrects the size in its header."""
    end = file.seek(0, os.SEEK_END)
    if end % 2:
        file.write(b"\0")
    file.write(data)
    total = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", total - 8))
