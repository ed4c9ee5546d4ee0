"""CSV tables that spreadsheets open as they are meant."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emogen.media.atomic import atomic_path

DECIMALS = 4


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
    """Writes rows in one step; what a row lacks is an empty cell.

    Raises:
        OutputError: It could not be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column, "")) for column in columns] for row in rows)
    with atomic_path(path) as part:
        part.write_text(text.getvalue(), encoding="utf-8", errors="backslashreplace", newline="")
    return path


def _cell(value: Any) -> Any:
    """Numbers rounded, nothing for those that are not finite; a text that would be taken for a formula is marked as text."""
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else ""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
