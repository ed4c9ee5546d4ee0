"""Every combination of a few factors: `text=lines.txt emotion=joy,fear intensity=0.2:1:0.2 voice=*`.

A factor is a field of a manifest with its levels: values parted by commas, a range `first:last:step` of a number (the
last one included), `*` for all there are (voices, portraits, languages), names of files with `*`, or a .txt file, of
which each line that is not empty is a level. Values with blanks or commas stand in quotes; commas within parentheses
part nothing, so that `vad(0.1,0.2,0)` is one value. A field with one level is the same for all.
"""

from __future__ import annotations

import glob
import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod
from pathlib import Path

from emogen.batch.kinds import KINDS, options
from emogen.batch.manifest import Manifest, check_seed
from emogen.batch.reader import CALL_NAMES, DEVICES, ID_CHARS, NAMED, RESERVED, Reader, called, same, slug
from emogen.batch.rows import Row
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.sniff import read_text

ACCEPTED = 'Accepted: FIELD=VALUE,VALUE ..., such as "text=lines.txt emotion=joy,anger intensity=0.2:1:0.2 voice=*".'
#: Fields of which the stimuli of an item differ in nothing else: they share its seed.
FELT = ("emotion", "intensity")
#: Fields of which a .txt file holds levels.
LISTED = ("text", "prompt", "emotion")
MOST_DIGITS = 20  # of a number of a range, before or after the point
_RANGE = re.compile(r"([^:]+):([^:]+):([^:]+)")
_NAME = re.compile(r"[a-z_]+")


@dataclass(frozen=True)
class Factor:
    """A field, its levels, and what each is called in an id."""

    field: str
    levels: tuple[str, ...]
    names: tuple[str, ...]


def read_grid(spec: str, folder: str | Path = ".", *, seed: int = 0) -> Manifest:
    """The jobs of a grid, in the order of their factors, the last one running fastest.

    A job's id names its level of each factor that has several. Jobs that differ in the emotion or its intensity alone
    share a seed, so that they differ in nothing else.

    Args:
        spec: As written above.
        folder: Where relative paths start; they may lead out of it.
        seed: Of the batch.

    Raises:
        InputError: It is written otherwise, or a level cannot be found.
        LimitError: More combinations than `limits.items`.
    """
    check_seed(seed)
    written = parse_grid(spec)
    call = called({name: (levels[0] if name in CALL_NAMES else True) for name, levels in written.items()})
    fields = {name: levels for name, levels in written.items() if name not in CALL_NAMES}
    takes = {**options(call, *written.get("backend", [])[:1]), "intensity": "float", "seed": "int"}
    factors = [_factor(name, levels, call, takes.get(name, "str"), Path(folder)) for name, levels in fields.items()]
    count = prod(len(factor.levels) for factor in factors)
    if count > LIMITS.items:
        told = " x ".join(f"{factor.field} {len(factor.levels)}" for factor in factors if len(factor.levels) > 1)
        raise LimitError("grid", f"{told} = {count:,} jobs", f"The limit is {LIMITS.items:,} (limits.items).")
    reader = Reader(Path(folder), escape=True, seed=seed)
    return Manifest.of((reader.read(row, seeded_as=item) for row, item in _rows(factors, call)), f"grid of {count}")


def _rows(factors: list[Factor], call: str) -> Iterator[tuple[Row, str]]:
    """A row for each combination, and what its seed is derived from."""
    varied = [factor for factor in factors if len(factor.levels) > 1]
    for number, places in enumerate(itertools.product(*(range(len(f.levels)) for f in factors)), start=1):
        at = dict(zip((f.field for f in factors), places, strict=True))
        values = {f.field: f.levels[at[f.field]] for f in factors}
        names = {f.field: f.names[at[f.field]] for f in varied}
        item = "_".join(name for field, name in names.items() if field not in FELT)
        yield Row(number, {"id": _id(names.values()) or call, "call": call, **values}, written=True), item or call


def _id(names: Iterable[str]) -> str:
    """The names of levels put together; of many long ones the begin, and what tells it from others."""
    whole = "_".join(names)
    return whole if len(whole) <= ID_CHARS else f"{whole[: ID_CHARS - 9]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


# -- the written form ----------------------------------------------------------------------------------------
def parse_grid(spec: str) -> dict[str, list[str]]:
    """Field -> its values as written, quotes taken off; nothing is looked up.

    Raises:
        InputError: It is written otherwise; with the part that is wrong.
        LimitError: Longer than `limits.text_chars`.
    """
    if len(spec) > LIMITS.text_chars:
        raise LimitError("grid", f"{len(spec):,} characters", f"The limit is {LIMITS.text_chars:,} (limits.text_chars).")
    found: dict[str, list[str]] = {}
    for part in filter(None, _parted(spec, str.isspace)):
        name, equals, values = part.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise InputError("grid", f'"{part:.60}"', ACCEPTED)
        if name == "id":
            raise InputError("grid", "id is made of the levels", "Leave it out.")
        if name in found or (name in CALL_NAMES and set(CALL_NAMES) & found.keys()):
            raise InputError("grid", f'"{name}" stands there twice', "Put its values behind one another: FIELD=VALUE,VALUE.")
        found[name] = levels = [_unquoted(value) for value in _parted(values, lambda c: c == ",")]
        if not levels or not all(levels):
            raise InputError(f"grid, {name}", "an empty value", ACCEPTED)
        if name in CALL_NAMES and len(levels) > 1:
            raise InputError(f"grid, {name}", f"{len(levels)} values", "One grid is of one call.")
        double = next((value for value in levels if levels.count(value) > 1), None)
        if double is not None:
            raise InputError(f"grid, {name}", f'"{double:.40}" stands there twice', "Give each value once.")
    if not found:
        raise InputError("grid", "is empty", ACCEPTED)
    return found


def _parted(text: str, separates: Callable[[str], bool]) -> list[str]:
    """A text cut at separators outside of quotes and parentheses. A quote opens where a value begins, and there alone.

    Raises:
        InputError: A quote or a parenthesis that is not closed, or one too many.
    """
    parts, begin, depth, quote, skip = list[str](), 0, 0, "", False
    for i, c in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = c == "\\"
            quote = "" if c == quote else quote
        elif c in "\"'" and (i == begin or text[i - 1] in "=,"):
            quote = c
        elif c in "()":
            depth += 1 if c == "(" else -1
            if depth < 0:
                raise InputError("grid", f'a ")" too many in "{text[begin : i + 1][-60:]}"', ACCEPTED)
        elif not depth and separates(c):
            parts.append(text[begin:i])
            begin = i + 1
    if quote or depth:
        raise InputError("grid", f'"{text[begin:][:60]}": {"a quote" if quote else "a parenthesis"} is not closed', ACCEPTED)
    return [*parts, text[begin:]]


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"'):
        if len(value) < 2 or value[-1] != value[0]:
            raise InputError("grid", f"{value:.60} goes on behind its quote", "Quote the whole value.")
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


# -- levels --------------------------------------------------------------------------------------------------
def _factor(name: str, written: list[str], call: str, annotation: str, folder: Path) -> Factor:
    levels = list(dict.fromkeys(level for value in written for level in _levels(name, value, call, annotation, folder)))
    return Factor(name, tuple(levels), tuple(_names(name, levels, KINDS[call].content)))


def _levels(name: str, value: str, call: str, annotation: str, folder: Path) -> list[str]:
    where = f"grid, {name}"
    files = KINDS[call].files.get(name)
    if value == "*":
        return _every(name, where)
    if name in LISTED and value.endswith(".txt") and not (files and name == "text"):
        text = read_text(folder / value, max_bytes=LIMITS.script_bytes, limit="script_bytes")
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if not lines:
            raise InputError(where, f"{value} holds no line", "Accepted: one value a line.")
        return lines
    if files and not value.startswith(NAMED) and any(c in value for c in "*?["):
        found = [] if "\0" in value else sorted(glob.glob(value, root_dir=folder, recursive=True))
        found = [name for name in found if (folder / name).is_file()]
        if not found:
            raise InputError(where, f'no file is called "{value:.100}"', "Accepted: names with * for any letters.")
        return found
    numeric = "int" in annotation or "float" in annotation
    return _range(where, value) if numeric and _RANGE.fullmatch(value) else [value]


def _every(name: str, where: str) -> list[str]:
    """All there are of a kind."""
    if name == "voice":
        from emogen.pipelines.speech.voices import VOICES

        return list(VOICES)
    if name == "portrait":
        from emogen.pipelines.talking_head.avatars import AVATARS

        return [f"avatar:{avatar}" for avatar in AVATARS]
    if name == "language":
        from emogen.pipelines.speech.languages import languages

        return list(languages())
    raise InputError(where, "* has no meaning here", "Accepted for: voice, portrait, language; else write the values out.")


def _range(where: str, written: str) -> list[str]:
    """The numbers of `first:last:step`, exact as decimals."""
    accepted = "Accepted: first:last:step, such as 0.2:1:0.2."
    try:
        first, last, step = numbers = [Decimal(part) for part in written.split(":")]
        if not all(number.is_finite() and abs(number.adjusted()) <= MOST_DIGITS for number in numbers):
            raise InvalidOperation
        steps = (last - first) / step
        if steps < 0:
            raise InvalidOperation
    except ArithmeticError:
        raise InputError(where, f'"{written:.40}" is no range', accepted) from None
    if steps >= LIMITS.items:
        raise LimitError(where, f'"{written:.40}" has too many values', f"The limit is {LIMITS.items:,} (limits.items).")
    count = int(steps) + 1
    return [f"{(first + i * step).normalize():f}" for i in range(count)]


def _names(field: str, levels: list[str], content: str) -> Iterator[str]:
    """What each level is called in an id: short, and of no other level of the factor."""
    digits, taken = len(str(len(levels))), {*RESERVED, *DEVICES}
    for number, level in enumerate(levels, start=1):
        if field == content and field in LISTED:
            name = f"{field[0]}{number:0{max(2, digits)}d}"
        elif field == "intensity":
            name = f"i{level}"
        elif field in (*LISTED, "voice", "language"):
            name = slug(level) or f"{field[0]}{number:02d}"
        elif field == "portrait" or ("." in level and "/" in level):
            name = slug(Path(level.partition(":")[2] or level).stem) or f"{field[0]}{number:02d}"
        else:
            name = f"{field.replace('_', '-')}{re.sub(r'[^0-9A-Za-z.-]+', '-', level)[:24].strip('-.')}"
        free, again = name, 1
        while same(free) in taken:
            again += 1
            free = f"{name}-{again}"
        taken.add(same(free))
        yield free

