"""The lines of a manifest: JSON lines, a JSON list, or a CSV table; a line that is broken does not spoil the others."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emogen.errors import EmogenError, FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.jsonio import parse_json
from emogen.media.sniff import read_text

SUFFIXES = (".jsonl", ".csv", ".tsv", ".json")
ACCEPTED = f"Accepted: {', '.join(SUFFIXES)}; UTF-8."
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """A line of a manifest.

    Attributes:
        line: Its number, from 1; in a JSON list, that of the item.
        values: Field -> value; fields without one are left out.
        problem: Why it cannot be read; "" where it can.
        written: Whether all values are texts, as in a table.
    """

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    written: bool = False


def read_rows(path: str | Path) -> list[Row]:
    """The lines of a manifest, the kind of which its suffix says.

    Raises:
        InputError: No such file, another suffix, or no line in it.
        FormatError: Not UTF-8, not a JSON list, or a table without a header.
        LimitError: Larger than `limits.json_bytes`, or more lines than `limits.items`.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if os.path.isfile(path) and suffix not in SUFFIXES:
        raise InputError(str(path), f'"{path.suffix}" is not a manifest' if suffix else "has no suffix", ACCEPTED)
    text = read_text(path, max_bytes=LIMITS.json_bytes, limit="json_bytes")
    read = {".jsonl": _json_lines, ".json": _json_list}.get(suffix, _table)
    rows = []
    for row in read(text, path):
        rows.append(row)
        if len(rows) > LIMITS.items:
            raise LimitError(str(path), f"holds more than {LIMITS.items:,} jobs", "Split it (limits.items).")
    if not rows:
        raise InputError(str(path), "holds no job", "One job a line is needed.")
    return rows


def _json_lines(text: str, path: Path) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if len(line) > LIMITS.script_bytes:
            yield Row(number, problem=f"{len(line):,} characters. The limit is {LIMITS.script_bytes:,} (limits.script_bytes).")
            continue
        try:
            yield _object(number, parse_json(line, ""))
        except EmogenError as error:
            column = error.where.rpartition("column ")[2]
            at = f"column {column}: " if column.isdigit() else ""
            yield Row(number, problem=f"{at}{error.found}. {error.accepted or 'One JSON object a line is needed.'}")


def _json_list(text: str, path: Path) -> Iterator[Row]:
    whole = parse_json(text, str(path))
    if not isinstance(whole, list):
        raise FormatError(str(path), f"is a JSON {type(whole).__name__}", "Accepted: a list of objects, one a job.")
    for number, one in enumerate(whole, start=1):
        yield _object(number, one)


def _object(number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(number, problem=f"found {json.dumps(value)[:40]}. One JSON object a line is needed.")
    names = [name.strip() for name in value]
    if double := next((name for name in names if names.count(name) > 1), None):
        return Row(number, problem=f'"{double:.40}" stands there twice. Give each field once.')
    return Row(number, {name.strip(): one for name, one in value.items() if one is not None})


def _table(text: str, path: Path) -> Iterator[Row]:
    head = text.lstrip("\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if names is None:
                raise FormatError(str(path), f"has a broken header: {error}", "Accepted: a CSV table with a header.") from None
            yield Row(number, problem=f"is not a line of a CSV table: {error}.")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if names is None:
            names = _header([cell.strip().lower() for cell in cells], path)
        elif len(cells) > len(names):
            yield Row(number, problem=f"has {len(cells)} cells for {len(names)} columns. Quote a cell that holds a {delimiter!r}.")
        else:
            yield Row(number, {n: c.strip() for n, c in zip(names, cells, strict=False) if c.strip()}, written=True)


def _header(names: list[str], path: Path) -> list[str]:
    double = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if double or "" in names:
        found = f'the column "{double[0]}" twice' if double and double[0] else "a column without a name"
        raise FormatError(str(path), f"has {found}", "Accepted: a header with one name a column.")
    return names
