"""What was made before is not made again: pieces of a performance under the hash of all that decides them.

A piece that is kept is the same, byte for byte, as one that is made anew, so a cache changes how long a rendering takes and
nothing else. Files are written under a temporary name and renamed; each carries its own hash, so that a broken one counts
as none and is written again. Several processes may use one folder at once.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from emogen.errors import InputError
from emogen.limits import LIMITS
from emogen.versions import versions

VARIABLE = "EMOGEN_CACHE"
SUFFIX = ".piece"
#: Folders of the package whose code decides what is rendered.
DECIDING = ("codecs", "conditioning", "media", "models", "pipelines")
#: When the folder is full it is emptied to this share of its limit; own assumption.
KEPT = 0.9
_HASH_BYTES = 32


def digest(*values: Any) -> str:
    """One hash of plain values, arrays, dataclasses and collections of these: 64 hexadecimal digits."""
    found = hashlib.sha256()
    for value in values:
        _feed(found, value)
    return found.hexdigest()


def _feed(found: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        found.update(f"a{value.dtype.str}{value.shape}".encode())
        found.update(np.ascontiguousarray(value).data)
    elif isinstance(value, (bytes, bytearray)):
        found.update(f"b{len(value)};".encode() + value)
    elif is_dataclass(value) and not isinstance(value, type):
        found.update(type(value).__qualname__.encode())
        for f in fields(value):
            if f.metadata.get("decides", True):
                _feed(found, getattr(value, f.name))
    elif isinstance(value, Mapping):
        found.update(f"d{len(value)};".encode())
        for name in sorted(value):
            _feed(found, name)
            _feed(found, value[name])
    elif isinstance(value, (list, tuple)):
        found.update(f"l{len(value)};".encode())
        for item in value:
            _feed(found, item)
    elif isinstance(value, float):
        found.update(b"f" + struct.pack("<d", value))
    else:
        text = f"{type(value).__name__}:{value}".encode()
        found.update(f"{len(text)};".encode() + text)


@cache
def code_hash() -> str:
    """One hash of the code and the versions of packages that decide what is rendered."""
    root = Path(__file__).resolve().parents[2]
    found = hashlib.sha256(repr(sorted(versions().items())).encode())
    for folder in DECIDING:
        for path in sorted(p for p in (root / folder).rglob("*") if p.suffix in (".py", ".csv", ".safetensors")):
            found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def default_folder() -> Path:
    """`$EMOGEN_CACHE`, or emogen's folder in the platform's cache."""
    if given := os.environ.get(VARIABLE, "").strip():
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "emogen" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/emogen"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "emogen"


class Cache:
    """Pieces in a folder; None keeps nothing.

    Attributes:
        hits: Kind of piece -> how many were found.
        misses: Kind of piece -> how many were made.
    """

    def __init__(self, folder: Path | None, limit_bytes: int = LIMITS.cache_bytes) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes
        self.hits: dict[str, int] = {}
        self.misses: dict[str, int] = {}

    @classmethod
    def of(cls, where: Any) -> Cache:
        """A cache: None for the default folder, False for none, or a folder's path.

        Raises:
            InputError: A path that cannot be a folder of files.
        """
        if where is False:
            return cls(None)
        if where is None or where is True:
            return cls(default_folder())
        if not isinstance(where, (str, Path)) or not str(where).strip():
            raise InputError("cache", f"found {where!r:.40}", "Accepted: a folder, or False for none.")
        folder = Path(where)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("cache", f"{folder} cannot be a folder: {(error.strerror or str(error)).lower()}") from error
        return cls(folder)

    def find(self, kind: str, key: str) -> bytes | None:
        """A piece that is kept, whole; None where there is none."""
        found = self._read(key)
        counts = self.misses if found is None else self.hits
        counts[kind] = counts.get(kind, 0) + 1
        return found

    def keep(self, key: str, piece: bytes) -> None:
        """Keeps a piece; one that cannot be written is not kept."""
        if self.folder is None:
            return
        path = self._path(key)
        part = path.with_name(f"{path.name}.part-{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(hashlib.sha256(piece).digest() + piece)
            os.replace(part, path)
        except OSError:  # no space, no rights: rendering goes on without
            with suppress(OSError):
                part.unlink()

    def arrays(self, kind: str, key: str, make: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Arrays by name: those that are kept, or those that `make` makes."""
        piece = self.find(kind, key)
        if piece is not None:
            with np.load(io.BytesIO(piece), allow_pickle=False) as opened:
                return {name: opened[name] for name in opened.files}
        made = dict(make())
        out = io.BytesIO()
        np.savez(out, allow_pickle=False, **made)  # type: ignore[arg-type]
        self.keep(key, out.getvalue())
        return made

    def trim(self) -> None:
        """Takes away what was not used for longest, where the folder holds more than the limit."""
        if self.folder is None:
            return
        found = []
        for path in self.folder.glob(f"??/*{SUFFIX}*"):
            with suppress(OSError):
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= self.limit_bytes:
            return
        for _, size, path in sorted(found):
            with suppress(OSError):
                path.unlink()
            total -= size
            if total <= KEPT * self.limit_bytes:
                return

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}{SUFFIX}"

    def _read(self, key: str) -> bytes | None:
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            whole = path.read_bytes()
            if hashlib.sha256(whole[_HASH_BYTES:]).digest() != whole[:_HASH_BYTES]:
                return None
            os.utime(path)  # used now
        except OSError:
            return None
        return whole[_HASH_BYTES:]
