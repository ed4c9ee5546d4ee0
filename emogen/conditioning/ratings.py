"""A listener's table of ratings -> what was felt at each file, what most people would feel there, and the `Listener`."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.listener import AXES, LEAST, Listener
from emogen.conditioning.vocabulary import read_table
from emogen.errors import EmogenError, FormatError, InputError, LimitError
from emogen.limits import LIMITS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rating:
    """One line of a table of ratings: the file, and what was felt (valence and arousal, -1..1)."""

    file: Path
    felt: tuple[float, float]
    where: str


def calibrated(ratings: str | Path) -> Listener:
    """A table of ratings -> the listener behind them.

    Args:
        ratings: As `read_ratings` takes it.

    Raises:
        EmogenError: The table, or a file in it, cannot be read.
    """
    rows = read_ratings(ratings)
    return Listener.fitted(np.stack([most_people(row) for row in rows]), np.array([row.felt for row in rows]))


def most_people(row: Rating) -> Array:
    """[2] valence and arousal that most people would feel at the file of a rating.

    Raises:
        EmogenError: It cannot be read, or there is nothing in it to feel.
    """
    from emogen.conditioning.matching import read

    try:
        item = read(row.file)
    except EmogenError as error:
        raise type(error)(f"{row.where}, column file", f"{error.where}: {error.found}", error.accepted) from error
    if item.recognition.confidence == 0.0:
        raise InputError(f"{row.where}, column file", f"{row.file.name}: {item.recognition.note}")
    lines = {r["axis"]: (float(r["slope"]), float(r["offset"])) for r in read_table("people") if r["kind"] == item.kind}
    felt = zip(AXES, item.recognition.emotion.vad[:2].tolist(), strict=True)
    return np.array([lines[axis][0] * value + lines[axis][1] for axis, value in felt])


def read_ratings(path: str | Path) -> list[Rating]:
    """The rows of a .csv: `file` (in the table's own folder), and `valence` and `arousal`, or `label`.

    Numbers are of 1..9 or of -1..1, the same throughout: one below 1 tells. A label is a feeling as it is written
    anywhere (`joy`, `sadness:0.5`), and counts where the numbers are missing. Other columns are not read.

    Raises:
        InputError: A line and column that cannot be used, or too few of them.
        FormatError: It is no table.
    """
    from emogen.conditioning.reference import inside
    from emogen.media.sniff import read_text

    path = Path(path)
    text = read_text(path, max_bytes=LIMITS.json_bytes, limit="json_bytes")
    first = text.partition("\n")[0]
    try:
        reader = csv.DictReader(
            io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
        )
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        rows = [(f"{path.name} line {reader.line_num}", row) for row in reader if any((v or "") for v in row.values())]
    except csv.Error as error:
        raise FormatError(str(path), f"is not a CSV table: {error}", COLUMNS) from error
    if "file" not in names or not ("label" in names or {"valence", "arousal"} <= set(names)):
        raise InputError(str(path), f"has the columns {', '.join(filter(None, names)) or 'none'}"[:200], COLUMNS)
    if len(rows) < LEAST:
        raise InputError(str(path), f"{len(rows)} ratings", f"At least {LEAST} are needed.")
    if len(rows) > LIMITS.items:
        raise LimitError(str(path), f"{len(rows):,} ratings; the limit is {LIMITS.items:,} (limits.items)")
    numbers = [_numbers(row, where) for where, row in rows]
    felt = _on_one_scale(numbers, [where for where, _ in rows], str(path))
    found = []
    for (where, row), point in zip(rows, felt, strict=True):
        name = (row.get("file") or "").strip()
        if not name:
            raise InputError(f"{where}, column file", "is empty", "Name a picture or a piece of music.")
        file = inside(path.parent, name, f"{where}, column file")
        found.append(Rating(file, point or _of_label(row, where), where))
    return found


COLUMNS = "Columns: file, and valence and arousal (1..9 or -1..1), or label."


def _numbers(row: Mapping[str, str | None], where: str) -> tuple[float, float] | None:
    written = [(axis, (row.get(axis) or "").strip()) for axis in AXES]
    if not any(text for _, text in written):
        return None
    found = []
    for axis, text in written:
        try:
            number = float(text)
        except ValueError:
            raise InputError(f"{where}, column {axis}", f'found "{text[:40]}"', "A number of 1..9 or -1..1.") from None
        if not -1.0 <= number <= 9.0:
            raise InputError(f"{where}, column {axis}", f"found {number:g}", "Accepted: 1..9, or -1..1 throughout.")
        found.append(number)
    return found[0], found[1]


def _on_one_scale(
    numbers: list[tuple[float, float] | None], where: list[str], path: str
) -> list[tuple[float, float] | None]:
    """Numbers of 1..9 or of -1..1 -> -1..1; None stays."""
    every = [
        (number, f"{line}, column {axis}")
        for pair, line in zip(numbers, where, strict=True)
        if pair is not None
        for axis, number in zip(AXES, pair, strict=True)
    ]
    above = sum(number > 1.0 for number, _ in every)
    below = sum(number < 1.0 for number, _ in every)
    if every and not above and not below:
        raise InputError(path, "every rating is 1: is it the least of 1..9 or the most of -1..1?", "Rate more of them.")
    if above and below:
        odd, place = next(e for e in every if (e[0] > 1.0) == (above < below) and e[0] != 1.0)
        other = "-1..1" if above < below else "1..9"
        raise InputError(place, f"found {odd:g}, while others are of {other}", "Accepted: one scale throughout.")
    if below or not every:
        return numbers
    return [None if pair is None else ((pair[0] - 5.0) / 4.0, (pair[1] - 5.0) / 4.0) for pair in numbers]


def _of_label(row: Mapping[str, str | None], where: str) -> tuple[float, float]:
    written = (row.get("label") or "").strip()
    if not written:
        raise InputError(where, "has neither valence and arousal nor a label", COLUMNS)
    try:
        valence, arousal, _ = Emotion.parse(written).vad.tolist()
    except EmogenError as error:
        raise InputError(f"{where}, column label", f"{error.where}: {error.found}", error.accepted) from error
    return valence, arousal
