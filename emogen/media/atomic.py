"""Files that are either whole or not there: written under a temporary name, flushed to disk, renamed."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from emogen.errors import EmogenError, InputError, OutputError

#: What the system says when the disk, the quota or the allowed file size is used up.
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: Longest file name in bytes on the common file systems (NAME_MAX of ext4, xfs, NTFS, APFS).
NAME_BYTES = 255
#: Length in bytes of what a temporary name adds: ".part-" and eight hexadecimal digits.
PART_BYTES = 14


def check_writable(path: str | Path, suffixes: Sequence[str] = ()) -> Path:
    """Says whether `path` can be written, before anything is rendered for it. Creates no folder.

    Args:
        path: The file to be written later. It may exist; it is then replaced.
        suffixes: The suffixes accepted, lower case with the dot (`(".wav", ".flac")`); empty: any.

    Returns:
        The path.

    Raises:
        InputError: No usable name, a folder, a suffix not accepted, a folder that is missing or in which
            nothing can be created.
        OutputError: The disk is full.
    """
    text = os.fspath(path)
    if not text or "\0" in text:
        raise InputError("output", f"{text!r} is not a file name")
    path = Path(text)
    with _translated(path, InputError):
        if path.is_dir() or text.endswith(("/", os.sep)):
            raise InputError(text, "is a folder", "Name a file in it.")
        if suffixes and path.suffix.lower() not in suffixes:
            found = f'cannot be written as "{path.suffix}"' if path.suffix else "has no suffix"
            raise InputError(text, found, f"Accepted: {', '.join(suffixes)}.")
        if path.exists() and not path.is_file():
            raise InputError(text, "is not a regular file", "Name a file that can be replaced.")
        _check_folder(path)
        if len(path.name.encode("utf-8", "surrogatepass")) > NAME_BYTES:
            raise InputError(text, "the name is too long", f"Accepted: up to {NAME_BYTES} bytes.")
        probe = _part_name(path)
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.unlink(probe)
    return path


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Gives a temporary path in the folder of `path`, with the same suffix; renames it when all went well.

    The file is flushed to disk before it is renamed and the folder after it. When the block raises, whatever
    was written is removed and `path` is as it was.

    Raises:
        InputError: `path` cannot be written (see `check_writable`); raised before the block runs.
        OutputError: The disk is full, or the file could not be written to the end.
    """
    path = check_writable(path)
    part = _part_name(path)
    try:
        with _translated(path, OutputError):
            yield part
            _flush(part)
            os.replace(part, path)
            _flush(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def no_space(error: BaseException) -> bool:
    """Whether an exception, or one that it came from, says that the disk is full."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in NO_SPACE:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _part_name(path: Path) -> Path:
    room = NAME_BYTES - PART_BYTES - len(path.suffix.encode("utf-8", "surrogatepass"))
    stem = path.stem.encode("utf-8", "surrogatepass")[: max(room, 1)].decode("utf-8", "ignore")
    return path.with_name(f"{stem or 'x'}.part-{secrets.token_hex(4)}{path.suffix}")


def _check_folder(path: Path) -> None:
    folder = path.parent
    if folder.is_dir():
        return
    for ancestor in (folder, *folder.parents):
        if ancestor.exists():
            if not ancestor.is_dir():
                raise InputError(str(path), f"{ancestor} is a file, not a folder")
            break
        folder = ancestor
    raise InputError(str(path), f"there is no folder {folder}", "Make it first, or name another one.")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF):  # file systems that cannot sync a folder
            raise
    finally:
        os.close(handle)


@contextmanager
def _translated(path: Path, kind: type[EmogenError]) -> Iterator[None]:
    try:
        yield
    except EmogenError:
        raise
    except OSError as error:
        if no_space(error):
            raise OutputError(str(path), f"no space left on {path.parent}", "Free some and run it again.") from error
        reason = error.strerror or str(error) or type(error).__name__
        raise kind(str(path), f"cannot be written: {reason.lower()}") from error
