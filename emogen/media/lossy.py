"""What libsndfile leaves to be done in the mp3 and ogg files that it writes.

An ogg stream gets a serial number by chance, which would make each file different: it is set to a fixed one here. An
mp3 file gets its comment in front, in UTF-8, which libsndfile's own comment does not say.
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

#: Sample rates of MPEG-1, MPEG-2 (ISO 11172-3, 13818-3) and MPEG-2.5 layer III, in Hz.
MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
SERIAL = 1  # of the only stream in the file
_POLYNOMIAL = 0x04C11DB7  # of a page's checksum (RFC 3533, section 6)
_SERIAL_AT, _CRC_AT, _HEAD = 14, 22, 27  # places in a page's head (RFC 3533, section 6)


def settle_ogg(path: Path) -> None:
    """Sets the serial number of every page of an ogg file with one stream, so that the same sound is the same file.

    Raises:
        ValueError: Not whole pages.
    """
    with open(path, "r+b") as file:
        while head := file.read(_HEAD):
            if len(head) < _HEAD or head[:4] != b"OggS":
                raise ValueError("not a page of ogg")
            sizes = file.read(head[26])
            body, begin = sum(sizes), file.tell() - _HEAD - len(sizes)
            serial, crc = struct.unpack_from("<I", head, _SERIAL_AT)[0], struct.unpack_from("<I", head, _CRC_AT)[0]
            # A checksum is linear: that of the changed page differs by that of the change, followed by zeros.
            change = int.from_bytes((serial ^ SERIAL).to_bytes(4, "little"), "big")
            crc ^= _times(change, _power(8 * (_HEAD + len(sizes) + body - _SERIAL_AT - 4) + 32))
            file.seek(begin + _SERIAL_AT)
            file.write(struct.pack("<I", SERIAL))
            file.seek(begin + _CRC_AT)
            file.write(struct.pack("<I", crc))
            file.seek(begin + _HEAD + len(sizes) + body)


def _times(a: int, b: int) -> int:
    """The product of two polynomials over GF(2), modulo the checksum's."""
    found = 0
    while b:
        if b & 1:
            found ^= a
        a <<= 1
        if a >> 32:
            a ^= (1 << 32) | _POLYNOMIAL
        b >>= 1
    return found


def _power(n: int) -> int:
    """X to the n, modulo the checksum's polynomial."""
    found, base = 1, 2
    while n:
        if n & 1:
            found = _times(found, base)
        base = _times(base, base)
        n >>= 1
    return found


def mark_mp3(path: Path, note: str) -> None:
    """Puts a comment in front of an mp3 file that has none (ID3v2.4, sections 3.1, 4 and 4.10)."""
    text = b"\x03eng\0" + note.encode("utf-8", "replace")
    frame = b"COMM" + _syncsafe(len(text)) + b"\0\0" + text
    with open(path, "r+b") as file:
        sound = path.with_name(f"{path.name}.sound")
        try:
            with open(sound, "wb") as kept:
                shutil.copyfileobj(file, kept)
            file.seek(0)
            file.write(b"ID3\x04\0\0" + _syncsafe(len(frame)) + frame)
            with open(sound, "rb") as kept:
                shutil.copyfileobj(kept, file)
        finally:
            sound.unlink(missing_ok=True)


def _syncsafe(n: int) -> bytes:
    """A size in four bytes of seven bits (ID3v2.4, section 6.2)."""
    return bytes((n >> shift) & 0x7F for shift in (21, 14, 7, 0))
