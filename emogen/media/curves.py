"""Curves over time as CSV: a first line that says what the columns are and in which unit, then one row a frame."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.sniff import read_text

#: Columns of the prosody of speech -> unit and meaning; other columns say theirs by the end of their name.
COLUMNS = {
    "time_s": "s, from the begin of the sound", "f0_hz": "Hz, 0 where unvoiced", "voiced": "1 or 0",
    "energy_db": "dB re full scale", "rate": "phones per s",
}  # fmt: skip
_UNITS = ("s", "ms", "hz", "db", "st", "lufs", "percent")  # at the end of a name
_DIGITS = 6  # significant ones


def write_curves(path: str | Path, columns: Mapping[str, ArrayLike]) -> Path:
    """Writes curves of one length.

    The file begins with a line `# time_s [s, ...], f0_hz [Hz, ...]`, then the names, then the rows.

    Args:
        path: `.csv`, in a folder that exists.
        columns: Name -> values [frames]; "time_s" first by habit. NaN is an empty field.

    Raises:
        InputError: No columns, columns of different lengths or more than one dimension, infinite values.
        LimitError: More rows than `limits.csv_frames`.
        OutputError: The file could not be written.
    """
    check_writable(path, (".csv",))
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    lengths = {len(values) if values.ndim == 1 else -1 for values in arrays.values()}
    if len(lengths) != 1 or -1 in lengths:
        shapes = ", ".join(f"{name} {list(values.shape)}" for name, values in arrays.items())
        raise InputError(str(path), f"columns of different shapes: {shapes[:200] or 'none'}", "Accepted: one value a frame.")
    if next(iter(lengths)) > LIMITS.csv_frames:
        raise LimitError(str(path), f"{next(iter(lengths)):,} rows; the limit is {LIMITS.csv_frames:,} (limits.csv_frames)")
    for name, values in arrays.items():
        if not name.isidentifier() or not name.isascii():
            raise InputError(str(path), f'"{name[:40]}" is no name of a column', "Accepted: letters, digits and _.")
        if np.isinf(values).any():
            raise InputError(str(path), f"{name} holds values that are not finite")
    head = ", ".join(f"{name} [{_unit(name)}]" for name in arrays)
    with atomic_path(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
        file.write(f"# {head}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(arrays)
        for row in zip(*(values.tolist() for values in arrays.values()), strict=True):
            writer.writerow("" if value != value else f"{value:.{_DIGITS}g}" for value in row)
    return Path(path)


def read_curves(path: str | Path) -> dict[str, NDArray[np.float64]]:
    """Name -> values [frames]; an empty field is NaN.

    Raises:
        InputError: No such file.
        FormatError: Not such a file; the message names the line.
        LimitError: Larger or longer than the limits.
    """
    lines = read_text(path, max_bytes=LIMITS.csv_bytes, limit="csv_bytes").split("\n")
    kept = [(i, line) for i, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not kept:
        raise FormatError(str(path), "holds no curves")
    if len(kept) - 1 > LIMITS.csv_frames:
        raise LimitError(str(path), f"{len(kept) - 1:,} rows; the limit is {LIMITS.csv_frames:,} (limits.csv_frames)")
    names = [name.strip() for name in kept[0][1].split(",")]
    if len(set(names)) != len(names) or not all(names):
        raise FormatError(f"{path} line {kept[0][0]}", "a column without a name, or a name twice")
    rows = []
    for i, line in kept[1:]:
        fields = line.split(",")
        if len(fields) != len(names):
            raise FormatError(f"{path} line {i}", f"{len(fields)} fields where {len(names)} are named")
        try:
            rows.append([float(field) if field.strip() else np.nan for field in fields])
        except ValueError:
            raise FormatError(f"{path} line {i}", f'"{line[:40]}" holds what is no number') from None
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
    return {name: table[:, i] for i, name in enumerate(names)}


def _unit(name: str) -> str:
    if name in COLUMNS:
        return COLUMNS[name]
    unit = name.rpartition("_")[2].lower()
    return {"hz": "Hz", "db": "dB", "lufs": "LUFS"}.get(unit, unit) if unit in _UNITS and "_" in name else "no unit"
