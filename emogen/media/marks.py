"""Where in each kind of file the provenance statement stands, byte by byte.

| kind | written | read as well |
|---|---|---|
| wav | LIST INFO `ICMT` (note), `ISFT`; `_PMX` chunk (XMP specification part 3, section 1.1.9) | any text chunk |
| flac | VORBIS_COMMENT `COMMENT` (note) (RFC 9639, section 8.6) | |
| png | iTXt `emogen` (JSON), iTXt `XML:com.adobe.xmp` (PNG 11.3.3.4; XMP part 3, 1.1.5) | |
| jpeg | APP1 XMP (XMP part 3, 1.1.3) and COM (note) | |
| webp | `XMP ` chunk, written by the encoder | |
| mp4 | `uuid` box with XMP (XMP part 3, 1.1.7); the encoder writes `comment` too | any text in `moov` |
| mid | text meta event at the start of the first track (Standard MIDI Files 1.0) | |
| mp3 | ID3v2.4 `COMM` (note), written by `audio` alone | comment fields of the first 256 KiB |
| ogg | comment header (note; Vorbis I, section 5), written by `audio` alone | likewise |
"""

from __future__ import annotations

import binascii
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from emogen.errors import FormatError, InputError
from emogen.media import riff
from emogen.media.atomic import atomic_path
from emogen.media.midi import read_variable, variable
from emogen.media.provenance import MARK, Provenance
from emogen.media.sniff import expect_kind

#: XMP specification part 3, section 1.1.7: the identifier of the `uuid` box.
XMP_UUID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
#: XMP specification part 3, section 1.1.3: what an APP1 segment with XMP begins with.
JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
REGION_BYTES = 1 << 20  # longest text chunk that is searched; own assumption
MOOV_BYTES = 1 << 26  # longest mp4 index that is searched (an hour at 120 fps has about 10 MB); own assumption
HEAD_REGION_BYTES = 1 << 18  # of an mp3 or ogg file; own assumption
JPEG_EMOTION_CHARS = 2_000  # a JPEG segment holds 65 533 bytes (T.81, B.1.1.4); longer tracks stand in the sidecar
MAX_PARTS = 100_000  # boxes, blocks or segments walked before a file is given up; own assumption


def embed(path: str | Path, provenance: Provenance) -> Path:
    """See `emogen.media.provenance.embed_provenance`."""
    path = Path(path)
    kind = expect_kind(path, *_EMBED, accepted="wav, flac, png, jpeg, mp4, mid")
    with atomic_path(path) as part:
        try:
            _EMBED[kind](path, part, provenance)
        except (struct.error, IndexError, ValueError, MemoryError) as error:
            raise FormatError(str(path), f"is a broken {kind} file") from error
    return path


def read(path: str | Path) -> Provenance | None:
    """See `emogen.media.provenance.read_provenance`."""
    path = Path(path)
    kind = expect_kind(path, *_REGIONS, accepted=", ".join(_REGIONS))
    try:
        for region in _REGIONS[kind](path):
            found = Provenance.from_text(region.decode("utf-8", "replace"), str(path))
            if found is not None:
                return found
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (struct.error, IndexError, ValueError, MemoryError) as error:
        raise FormatError(str(path), f"is a broken {kind} file") from error
    return None


# ---- wav, webp -------------------------------------------------------------------------------------------


def mark_wav(file: BinaryIO, provenance: Provenance) -> None:
    """Appends the statement to a wav file that is open for reading and writing."""
    texts = riff.chunk(b"ICMT", _bytes(provenance.note()) + b"\0")
    texts += riff.chunk(b"ISFT", _bytes(f"{provenance.generator} {provenance.version}") + b"\0")
    riff.append(file, riff.chunk(b"LIST", b"INFO" + texts) + riff.chunk(b"_PMX", _bytes(provenance.xmp())))


def _embed_wav(source: Path, part: Path, provenance: Provenance) -> None:
    parts = riff.chunks(source)
    if not parts or not all(c.whole for c in parts):
        raise FormatError(str(source), "is cut off: a chunk is longer than the file")
    shutil.copyfile(source, part)
    with open(part, "r+b") as file:
        if file.read(4) != b"RIFF":
            raise FormatError(str(source), "is an RF64 file, which cannot carry a statement", "Accepted: wav up to 4 GB.")
        for c in parts:
            file.seek(c.offset)
            if c.name in (b"LIST", b"_PMX") and _is_ours(file.read(min(c.size, REGION_BYTES))):
                file.seek(c.offset - 8)
                file.write(b"JUNK")
        mark_wav(file, provenance)


def _riff_regions(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        for c in riff.chunks(path):
            if c.name in (b"LIST", b"_PMX", b"XMP "):
                file.seek(c.offset)
                yield file.read(min(c.present, REGION_BYTES))


# ---- flac ------------------------------------------------------------------------------------------------


def _flac_blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Type and data of each metadata block; the file stands at the first audio frame afterwards."""
    file.seek(4)
    for _ in range(MAX_PARTS):
        head = file.read(4)
        size = int.from_bytes(head[1:4], "big")
        data = file.read(size)
        if len(head) < 4 or len(data) < size:
            raise ValueError("cut off")
        yield head[0] & 0x7F, data
        if head[0] & 0x80:
            return


def _embed_flac(source: Path, part: Path, provenance: Provenance) -> None:
    with open(source, "rb") as file, open(part, "wb") as out:
        blocks = list(_flac_blocks(file))
        comments = _vorbis_comments(next((data for kind, data in blocks if kind == 4), b"\0" * 8))
        vendor, entries = comments[0], [entry for entry in comments[1:] if not _is_ours(entry)]
        entries.append(b"COMMENT=" + _bytes(provenance.note()))
        body = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(entries))
        body += b"".join(struct.pack("<I", len(entry)) + entry for entry in entries)
        kept = [blocks[0], (4, body), *((kind, data) for kind, data in blocks[1:] if kind != 4)]
        out.write(b"fLaC")
        for i, (kind, data) in enumerate(kept):
            out.write(bytes([kind | (0x80 if i == len(kept) - 1 else 0)]) + len(data).to_bytes(3, "big") + data)
        shutil.copyfileobj(file, out)


def _vorbis_comments(data: bytes) -> list[bytes]:
    """The vendor string and the entries of a VORBIS_COMMENT block (Vorbis I specification, section 5)."""
    found, offset, left = [], 0, 1
    while left:
        (size,) = struct.unpack_from("<I", data, offset)
        if offset + 4 + size > len(data):
            raise ValueError("cut off")
        found.append(data[offset + 4 : offset + 4 + size])
        offset += 4 + size
        left -= 1
        if len(found) == 1:
            (left,) = struct.unpack_from("<I", data, offset)
            offset += 4
    return found


def _flac_regions(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        for kind, data in _flac_blocks(file):
            if kind == 4:
                yield data[:REGION_BYTES]


# ---- png -------------------------------------------------------------------------------------------------


def mark_png(data: bytes, provenance: Provenance, parameters: str = "") -> bytes:
    """A PNG file with the statement (and the text that image viewers show as `parameters`)."""
    texts = [(b"emogen", provenance.to_json()), (b"XML:com.adobe.xmp", provenance.xmp())]
    if parameters:
        texts.insert(1, (b"parameters", parameters))
    new = b"".join(_png_chunk(b"iTXt", key + b"\0\0\0\0\0" + _bytes(text)) for key, text in texts)
    kept = [PNG_HEAD]
    for name, body in _png_chunks(data):
        if name == b"iTXt" and body.split(b"\0", 1)[0] in dict(texts):
            continue
        kept.append(_png_chunk(name, body))
        if name == b"IHDR":
            kept.append(new)
    return b"".join(kept)


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", binascii.crc32(name + body))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 8
    while offset + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, offset)
        if offset + 12 + size > len(data):
            raise ValueError("cut off")
        yield data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + size]
        offset += 12 + size


def _png_regions(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        file.seek(8)
        for _ in range(MAX_PARTS):
            head = file.read(8)
            if len(head) < 8 or head[4:] == b"IEND":
                return
            size = struct.unpack(">I", head[:4])[0]
            if head[4:] in (b"iTXt", b"tEXt"):
                body = file.read(min(size, REGION_BYTES))
                yield MARK.encode() + body.split(b"\0" * 5, 1)[-1] if body.startswith(b"emogen\0") else body
                size -= len(body)
            file.seek(size + 4, os.SEEK_CUR)


# ---- jpeg ------------------------------------------------------------------------------------------------


def mark_jpeg(data: bytes, provenance: Provenance) -> bytes:
    """A JPEG file with the statement. A very long emotion is shortened: a segment holds 64 KiB."""
    if len(provenance.emotion) > JPEG_EMOTION_CHARS:
        provenance = replace(provenance, emotion=provenance.emotion[:JPEG_EMOTION_CHARS] + " ...")
    segments = list(_jpeg_segments(data))
    kept = [s for s in segments if not (s[0] in (0xE1, 0xFE) and _is_ours(s[1]))]
    first = next((i for i, s in enumerate(kept) if not (s[0] == 0xE0 or s[1].startswith(b"Exif"))), len(kept))
    kept[first:first] = [(0xE1, JPEG_XMP + _bytes(provenance.xmp())), (0xFE, _bytes(provenance.note()))]
    body = b"".join(bytes([0xFF, marker]) + struct.pack(">H", len(s) + 2) + s for marker, s in kept)
    return b"\xff\xd8" + body + data[2 + sum(len(s) + 4 for _, s in segments) :]


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and data of each segment up to the start of the scan (ITU-T T.81, B.1.1.4)."""
    offset = 2
    while offset + 4 <= len(data) and data[offset] == 0xFF and data[offset + 1] not in (0xDA, 0xD9, 0xFF):
        size = struct.unpack_from(">H", data, offset + 2)[0]
        if size < 2 or offset + 2 + size > len(data):
            raise ValueError("cut off")
        yield data[offset + 1], data[offset + 4 : offset + 2 + size]
        offset += 2 + size


def _jpeg_regions(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        data = file.read(REGION_BYTES)
    for marker, body in _jpeg_segments(data):
        if marker in (0xE1, 0xFE):
            yield body


# ---- mp4 -------------------------------------------------------------------------------------------------


def xmp_box(provenance: Provenance) -> bytes:
    """The `uuid` box that stands at the end of an mp4 file."""
    body = XMP_UUID + _bytes(provenance.xmp())
    return struct.pack(">I4s", 8 + len(body), b"uuid") + body


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name, offset and size of each box at the top level, head included (ISO 14496-12, section 4.2)."""
    end, offset = file.seek(0, os.SEEK_END), 0
    for _ in range(MAX_PARTS):
        if offset + 8 > end:
            return
        file.seek(offset)
        size, name = struct.unpack(">I4s", file.read(8))
        if size == 1:
            size = struct.unpack(">Q", file.read(8))[0]
        if size < 8 or offset + size > end:  # 0 means "up to the end": nothing can follow it
            raise ValueError("cut off")
        yield name, offset, size
        offset += size
    raise ValueError("too many boxes")


def _embed_mp4(source: Path, part: Path, provenance: Provenance) -> None:
    shutil.copyfile(source, part)
    with open(part, "r+b") as file:
        for name, offset, size in list(_boxes(file)):
            file.seek(offset)
            if name == b"uuid" and _is_ours(file.read(min(size, REGION_BYTES))):
                file.seek(offset + 4)
                file.write(b"free")
        file.seek(0, os.SEEK_END)
        file.write(xmp_box(provenance))


def _mp4_regions(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        index = b""
        for name, offset, size in _boxes(file):
            file.seek(offset)
            if name == b"uuid":
                yield file.read(min(size, REGION_BYTES))
            elif name == b"moov":
                index = file.read(min(size, MOOV_BYTES))
        at = index.find(MARK.encode())
        if at >= 0:
            yield index[at : at + REGION_BYTES]


# ---- mid -------------------------------------------------------------------------------------------------


def mark_midi(data: bytes, provenance: Provenance) -> bytes:
    """A MIDI file with the statement as the first event of its first track."""
    track = 8 + struct.unpack_from(">I", data, 4)[0]
    name, size = struct.unpack_from(">4sI", data, track)
    if data[:4] != b"MThd" or name != b"MTrk" or track + 8 + size > len(data):
        raise ValueError("cut off")
    events = data[track + 8 : track + 8 + size]
    for start, end, text in list(_midi_texts(events)):
        if start == 0 and _is_ours(text):
            events = events[end:]
    note = _bytes(provenance.note())
    events = b"\x00\xff\x01" + variable(len(note)) + note + events
    return data[:track] + struct.pack(">4sI", b"MTrk", len(events)) + events + data[track + 8 + size :]


def _midi_texts(events: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and data of the meta events that stand at time 0 before anything else."""
    at = 0
    while events[at : at + 2] == b"\x00\xff":
        begin = at
        size, offset = read_variable(events, at + 3)
        at = offset + size
        if at > len(events):
            raise ValueError("cut off")
        yield begin, at, events[offset:at]


def _midi_regions(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        data = file.read(REGION_BYTES)
    start = 8 + struct.unpack_from(">I", data, 4)[0] + 8
    yield from (text for _, _, text in _midi_texts(data[start:]))


# ---- all -------------------------------------------------------------------------------------------------


def _head_regions(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield file.read(HEAD_REGION_BYTES)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _is_ours(data: bytes) -> bool:
    return MARK.encode() in data or b"<emogen:record>" in data


def _whole(change: Callable[[bytes, Provenance], bytes]) -> Callable[[Path, Path, Provenance], None]:
    return lambda source, part, provenance: _replace(part, change(source.read_bytes(), provenance))


def _replace(part: Path, data: bytes) -> None:
    part.write_bytes(data)


_EMBED: dict[str, Callable[[Path, Path, Provenance], None]] = {
    "wav": _embed_wav, "flac": _embed_flac, "png": _whole(mark_png), "jpeg": _whole(mark_jpeg),
    "mp4": _embed_mp4, "midi": _whole(mark_midi),
}
_REGIONS: dict[str, Callable[[Path], Iterator[bytes]]] = {
    "wav": _riff_regions, "webp": _riff_regions, "flac": _flac_regions, "png": _png_regions,
    "jpeg": _jpeg_regions, "mp4": _mp4_regions, "midi": _midi_regions, "mp3": _head_regions, "ogg": _head_regions,
}
