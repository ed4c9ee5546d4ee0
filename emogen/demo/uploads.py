"""Uploaded files and archives -> one folder in which nothing lies but what was meant to be there."""

from __future__ import annotations

import re
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from emogen.errors import FormatError, InputError, LimitError

#: Files and bytes that are taken from all uploads together; own choice: a study's stimuli, not a data set.
MOST_FILES, MOST_BYTES = 500, 200_000_000
CHUNK = 1 << 16
#: Bytes that an archive may take to list what is in it, own choice; and of its end, where the record with their number is.
MOST_LIST_BYTES, END_BYTES = 2_000_000, 22 + 20 + (1 << 16)
ACCEPTED = "Accepted: media with their .json sidecars, or one .zip of them; a table of what was asked for as .csv, .jsonl or .json."
#: What a folder may hold: everything that is judged, and sidecars.
SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mp4", ".mov", ".mkv", ".webm", ".png", ".jpg", ".jpeg", ".webp", ".mid"}
    | {".midi", ".bvh", ".txt", ".json", ".csv", ".jsonl"}
)


def gathered(paths: Sequence[str | Path], folder: Path) -> Path:
    """Copies files, and what lies in archives, into a folder that is empty. Returns the folder.

    Raises:
        InputError: A file of another kind, two of one name, a path that leads out of its archive.
        FormatError: An archive that is broken or locked.
        LimitError: Too many files, or too large, whatever an archive says of itself.
    """
    room = _Room()
    for path in map(Path, paths):
        if path.suffix.lower() == ".zip":
            _unpacked(path, folder, room)
        elif path.suffix.lower() not in SUFFIXES:
            raise InputError(path.name, "is of a kind that cannot be judged", ACCEPTED)
        else:
            room.another(path.stat().st_size)
            shutil.copyfile(path, _free(folder, PurePosixPath(path.name)))
    if not room.files:
        raise InputError("files", "hold nothing that could be judged", ACCEPTED)
    return folder


class _Room:
    """What may still be taken."""

    def __init__(self) -> None:
        self.files, self.bytes = 0, 0

    def another(self, size: int = 0) -> None:
        self.files += 1
        if self.files > MOST_FILES:
            raise LimitError("files", f"more than {MOST_FILES}", "Give fewer; `emogen evaluate` takes more.")
        self.more(size)

    def more(self, size: int) -> None:
        self.bytes += size
        if self.bytes > MOST_BYTES:
            raise LimitError("files", f"more than {MOST_BYTES / 1e6:.0f} MB, unpacked", "Give fewer; `emogen evaluate` takes more.")


def _unpacked(path: Path, folder: Path, room: _Room) -> None:
    try:
        _check_list(path)
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = PurePosixPath(entry.filename.replace("\\", "/"))
                if entry.is_dir() or name.suffix.lower() not in SUFFIXES or _hidden(name):
                    continue
                if name.is_absolute() or ".." in name.parts or ":" in entry.filename:
                    found = f'holds "{entry.filename[:80]}", which leads out of it'
                    raise InputError(path.name, found, "Accepted: plain names and folders.")
                room.another()
                _copy(archive, entry, _free(folder, name), room)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise FormatError(path.name, f"is a broken archive: {str(error)[:120]}", "Pack it again as a plain .zip.") from error
    except RuntimeError as error:  # what zipfile says of a password
        raise FormatError(path.name, "is locked with a password", "Pack it again without one.") from error


def _check_list(path: Path) -> None:
    """Refuses an archive with a list of contents that would fill the memory: `zipfile` reads the whole of it at once.

    The end record says how many bytes it has (APPNOTE.TXT of PKWARE, 4.3.16); where several places look like one, any counts.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_BYTES))
        end = file.read()
    sizes = [int.from_bytes(end[at.start() + 12 : at.start() + 16], "little") for at in re.finditer(b"PK\x05\x06", end)]
    if any(size > MOST_LIST_BYTES for size in sizes) or b"PK\x06\x07" in end:  # the latter: sizes of 64 bits stand elsewhere
        raise LimitError(path.name, "lists too many files", f"Give at most {MOST_FILES}; `emogen evaluate` takes more.")


def _hidden(name: PurePosixPath) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.parts if part != "..")


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, to: Path, room: _Room) -> None:
    """What is really in it counts, not the size that the archive states; links become plain files of their text."""
    with archive.open(entry) as source, to.open("xb") as target:
        while piece := source.read(CHUNK):
            room.more(len(piece))
            target.write(piece)


def _free(folder: Path, name: PurePosixPath) -> Path:
    to = folder.joinpath(*name.parts)
    if to.exists():
        raise InputError(name.name, "is there twice", "Give each file a name of its own.")
    to.parent.mkdir(parents=True, exist_ok=True)
    return to
