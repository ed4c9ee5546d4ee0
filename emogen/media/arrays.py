"""Named arrays <-> `.npz` files: plain numbers and texts, no objects; the same arrays give the same bytes.

Format: NEP 1 (numpy 2007), one `.npy` file an array in a zip archive. Sizes are read from the headers before anything
is unpacked, so that a small file cannot fill the memory.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from emogen.errors import FormatError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.sniff import expect_kind

#: The oldest time a zip archive can bear: no clock in the bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """Writes arrays of numbers or texts, deflated.

    Raises:
        InputError: A path that cannot be written.
        OutputError: The file could not be written.
    """
    path = check_writable(path, (".npz",))
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.asarray(array, order="C"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _TIME), stream.getvalue(), zipfile.ZIP_DEFLATED)
    return path


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Reads arrays of numbers or texts.

    Raises:
        InputError: No such file.
        FormatError: No `.npz`, or one with objects in it.
        LimitError: Larger than `limits.npz_bytes`, packed or unpacked.
    """
    expect_kind(path, "zip", accepted=".npz files")
    where, found = str(path), {}
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
            if size > LIMITS.npz_bytes:
                raise LimitError(
                    where, f"{size:,} bytes of arrays; the limit is {LIMITS.npz_bytes:,} (limits.npz_bytes)"
                )
            for info in archive.infolist():
                with archive.open(info) as stream:
                    found[info.filename.removesuffix(".npy")] = _array(stream.read(info.file_size))
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise FormatError(
            where, f"is no readable .npz: {str(error)[:80]}", "Accepted: arrays without objects."
        ) from error
    return found


def _array(data: bytes) -> np.ndarray:
    """One `.npy` file. Room is made for what is there, not for what the header promises."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"version {version} of .npy")
    shape, _, kind = _HEADERS[version](stream)
    if kind.hasobject or kind.itemsize * math.prod(shape) != len(data) - stream.tell():
        raise ValueError("objects, or another size than the header says")
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
