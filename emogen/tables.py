"""The CSV tables of constants that lie beside the code that uses them."""

from __future__ import annotations

import csv
import io
from importlib.resources import files


def read_table(package: str, name: str) -> list[dict[str, str]]:
    """The rows of a table of a package, column -> text; `package` is the caller's `__package__`."""
    return list(csv.DictReader(io.StringIO((files(package) / name).read_text(encoding="utf-8"))))
