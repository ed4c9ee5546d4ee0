"""What a file is, by its first bytes; never by its suffix alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS

#: How many bytes are looked at: the longest signature sits far below it, a text shows itself within it.
HEAD_BYTES = 4096

#: signature at offset 0 -> kind. RIFF, ISO media and MPEG audio are told apart in code below.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"fLaC", "flac"),  # RFC 9639, section 6
    (b"OggS", "ogg"),  # RFC 3533, section 6
    (b"ID3", "mp3"),  # id3.org, ID3v2.4, section 3.1
    (b"\x89PNG\r\n\x1a\n", "png"),  # PNG specification, section 5.2
    (b"\xff\xd8\xff", "jpeg"),  # ITU-T T.81, B.1.1.3: SOI, then another marker
    (b"GIF8", "gif"),  # GIF89a specification, section 17
    (b"MThd", "midi"),  # Standard MIDI Files 1.0
    (b"glTF", "glb"),  # glTF 2.0, section 4.4.2
    (b"\x1aE\xdf\xa3", "matroska"),  # RFC 8794: EBML header
    (b"PK\x03\x04", "zip"),  # PKWARE APPNOTE, section 4.3.7
    (b"%PDF-", "pdf"),  # ISO 32000-1, section 7.5.2
    (b"\x1f\x8b", "gzip"),  # RFC 1952, section 2.3.1
    (b"SIMPLE  =", "fits"),  # FITS standard 4.0, section 4.4.1
    (b"BM", "bmp"),  # BITMAPFILEHEADER
    (b"II*\0", "tiff"),  # TIFF 6.0, section 2
    (b"MM\0*", "tiff"),  # TIFF 6.0, section 2
)
#: Texts that make a media reader open other files or the network.
PLAYLISTS: tuple[bytes, ...] = (b"#extm3u", b"ffconcat", b"v=0\n", b"v=0\r", b"[playlist]", b"<smil", b"<mpd", b"<asx")
RIFF_FORMS = {b"WAVE": "wav", b"WEBP": "webp", b"AVI ": "avi", b"sfbk": "soundfont"}  # Microsoft RIFF, 1991
#: ISO 14496-12 brands that are pictures, not films (ISO 23008-12 HEIF, AVIF specification).
PICTURE_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic"}


def check_file(path: str | Path, *, max_bytes: int | None = None, limit: str = "media_bytes") -> Path:
    """Says whether `path` is a file that can be read: there, regular, not empty, not too large.

    Args:
        path: The file.
        max_bytes: Largest size accepted; `LIMITS.media_bytes` when left out.
        limit: The name of that limit, for the message.

    Raises:
        InputError: Missing, a folder, not a regular file, empty, or not readable.
        LimitError: Larger than `max_bytes`.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputError("file", f"found {path!r:.40}", "Accepted: the path of a file.")
    text = os.fspath(path)
    most = LIMITS.media_bytes if max_bytes is None else max_bytes
    try:
        state = os.stat(text)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(text, "there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(text[:NAME_SHOWN], f"cannot be read: {reason.lower()}") from error
    if stat.S_ISDIR(state.st_mode):
        raise InputError(text, "is a folder", "Name a file.")
    if not stat.S_ISREG(state.st_mode):
        raise InputError(text, "is not a regular file", "Name a file.")
    if state.st_size == 0:
        raise InputError(text, "is empty")
    if state.st_size > most:
        raise LimitError(text, f"{state.st_size:,} bytes; the limit is {most:,} bytes (limits.{limit})")
    return Path(text)


NAME_SHOWN = 200  # longest part of a file name that a message repeats; own assumption


def read_head(path: str | Path, size: int = HEAD_BYTES) -> bytes:
    """The first `size` bytes of a file that `check_file` accepts."""
    path = check_file(path)
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {(error.strerror or str(error)).lower()}") from error


def kind_of(path: str | Path) -> str:
    """What the file is, by its first bytes.

    Returns:
        "wav", "flac", "ogg", "mp3", "mp4" (also .mov, .m4a), "matroska" (.mkv, .webm), "png", "jpeg",
        "webp", "midi", "bvh", "glb", "text", "playlist" (m3u8, ffconcat, sdp: texts that point elsewhere),
        one of a few kinds that no reader here accepts ("gif", "zip", "pdf" ...), or "unknown".

    Raises:
        InputError: There is no such file, or it cannot be read (see `check_file`).
    """
    return kind_of_bytes(read_head(path))


def kind_of_bytes(head: bytes) -> str:
    """The kind of a file that begins with `head`; see `kind_of`."""
    if head[:4] in (b"RIFF", b"RF64"):
        return RIFF_FORMS.get(head[8:12], "unknown")
    if head[4:8] == b"ftyp":  # ISO 14496-12, section 4.3
        return PICTURE_BRANDS.get(head[8:12], "mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):  # QuickTime files without ftyp
        return "mp4"
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    # ISO 11172-3, 2.4.2.3: eleven sync bits; layer and bit rate must not be the reserved values
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 6 and head[2] >> 4 != 15:
        return "mp3"
    return _kind_of_text(head)


def _kind_of_text(head: bytes) -> str:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 or error.reason != "unexpected end of data":
            return "unknown"
        text = head[: error.start].decode("utf-8-sig")
    if any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return "unknown"
    start = text.lstrip().lower().encode("utf-8")
    if start.startswith(PLAYLISTS) or b"\nffconcat version" in start:
        return "playlist"
    return "bvh" if start.startswith(b"hierarchy") else "text"


def expect_kind(path: str | Path, *kinds: str, accepted: str = "") -> str:
    """The kind of the file, which must be one of `kinds`.

    Raises:
        InputError: See `check_file`.
        FormatError: It is something else; the message says what it is and what is accepted.
    """
    kind = kind_of(path)
    if kind not in kinds:
        found = "not a kind of file that I know" if kind == "unknown" else f"is {_ARTICLE.get(kind, 'a ' + kind + ' file')}"
        raise FormatError(str(path), found, f"Accepted: {accepted or ', '.join(kinds)}.")
    return kind


_ARTICLE = {
    "playlist": "a playlist that points to other files, not media itself",
    "text": "a text file", "zip": "a zip archive", "mp3": "an mp3 file", "mp4": "an mp4 file", "ogg": "an ogg file",
    "avi": "an avi file", "midi": "a MIDI file", "png": "a PNG picture", "jpeg": "a JPEG picture",
    "gif": "a GIF picture", "webp": "a WebP picture", "avif": "an AVIF picture", "heic": "a HEIC picture",
}


def read_text(path: str | Path, *, max_bytes: int, limit: str) -> str:
    """The text of a UTF-8 file (a byte order mark is dropped, line ends become newlines).

    Raises:
        InputError: See `check_file`.
        LimitError: Larger than `max_bytes`; the message names `limit`.
        FormatError: Not UTF-8, or holding NUL characters.
    """
    path = check_file(path, max_bytes=max_bytes, limit=limit)
    try:
        with open(path, "rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(str(path), f"is not UTF-8 text: byte {error.start} is {data[error.start]:#04x}") from None
    if "\0" in text:
        raise FormatError(str(path), f"is not a text file: character {text.index(chr(0))} is NUL")
    return text.replace("\r\n", "\n").replace("\r", "\n")
