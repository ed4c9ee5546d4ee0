"""Praat TextGrid files (`.TextGrid`, long text format): words and phones with their times, in tiers of intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.sniff import check_file

Times = Sequence[tuple[str, float, float]]
#: A string in quotes (a quote in it is doubled), a number, or a flag such as `<exists>`; the rest is for the eye.
_VALUE = re.compile(r'"((?:[^"]|"")*)"|<(\w+)>|(?<![\w\[])(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w\]])')
_NOTE = re.compile(r"!.*|\[\d*\]")  # comments, and the numbers of items
_HEAD = re.compile(r'(?:File type\s*=\s*)?"ooTextFile(?: short)?"\s+(?:Object class\s*=\s*)?"TextGrid"')


@dataclass(frozen=True)
class Interval:
    """A stretch of time with a label; `text` is "" where nothing is said."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Tier:
    """Intervals from the begin to the end of a recording, in order and without gaps."""

    name: str
    intervals: tuple[Interval, ...]


def tier(name: str, times: Times, duration_s: float) -> Tier:
    """A tier from what is said when, silence in between.

    Args:
        name: Such as "words".
        times: (text, start, end) in seconds, in order. What overlaps the one before it begins later.
        duration_s: Of the recording.
    """
    found, now = [], 0.0
    for text, start_s, end_s in times:
        start_s, end_s = max(start_s, now), min(end_s, duration_s)
        if end_s <= start_s:
            continue
        if start_s > now:
            found.append(Interval(now, start_s, ""))
        found.append(Interval(start_s, end_s, text))
        now = end_s
    if now < duration_s:
        found.append(Interval(now, duration_s, ""))
    return Tier(name, tuple(found))


def write_textgrid(path: str | Path, tiers: Sequence[Tier]) -> Path:
    """Writes tiers of one length.

    Raises:
        InputError: No tiers, or intervals that are empty, overlap, leave gaps or are not finite; no folder.
        OutputError: The file could not be written.
    """
    check_writable(path, (".textgrid",))
    if not tiers or not all(t.intervals for t in tiers):
        raise InputError(str(path), "no tiers, or a tier without intervals")
    start_s, end_s = tiers[0].intervals[0].start_s, tiers[0].intervals[-1].end_s
    for t in tiers:
        _check(path, t, start_s, end_s)
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", f"xmin = {_number(start_s)}", f"xmax = {_number(end_s)}",
        "tiers? <exists>", f"size = {len(tiers)}", "item []:",
    ]  # fmt: skip
    for i, t in enumerate(tiers, 1):
        lines += [
            f"    item [{i}]:", '        class = "IntervalTier"', f"        name = {_quoted(t.name)}",
            f"        xmin = {_number(start_s)}", f"        xmax = {_number(end_s)}",
            f"        intervals: size = {len(t.intervals)}",
        ]  # fmt: skip
        for j, interval in enumerate(t.intervals, 1):
            lines += [
                f"        intervals [{j}]:", f"            xmin = {_number(interval.start_s)}",
                f"            xmax = {_number(interval.end_s)}", f"            text = {_quoted(interval.text)}",
            ]  # fmt: skip
    with atomic_path(path) as part:
        part.write_bytes(("\n".join(lines) + "\n").encode("utf-8", "replace"))
    return Path(path)


def read_textgrid(path: str | Path) -> tuple[Tier, ...]:
    """The tiers of intervals of a TextGrid file, long or short, in UTF-8 or UTF-16; tiers of points are left out.

    Raises:
        InputError: No such file.
        FormatError: Not a TextGrid file, or a broken one.
        LimitError: Larger or with more intervals than `emogen.limits` allows.
    """
    path = check_file(Path(path), max_bytes=LIMITS.subtitle_bytes, limit="subtitle_bytes")
    data = path.read_bytes()
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(str(path), "is neither UTF-8 nor UTF-16 text") from error
    head = _HEAD.match(text.lstrip())
    if head is None:
        raise FormatError(str(path), "is no TextGrid file", "Accepted: what Praat saves as text.")
    try:
        return _tiers(str(path), _values(text.lstrip()[head.end() :]))
    except (StopIteration, TypeError, ValueError) as error:
        raise FormatError(str(path), "is a broken TextGrid file: it ends early, or a value is missing") from error


def _tiers(where: str, values: Iterator[str | float]) -> tuple[Tier, ...]:
    _float(values), _float(values)
    if next(values) != "<exists>":
        return ()
    found, held = [], 0
    for _ in range(_count(values)):
        kind, name = _text(values), _text(values)
        _float(values), _float(values)
        intervals = []
        for _ in range(_count(values)):
            held += 1
            if held > LIMITS.csv_frames:
                raise LimitError(where, f"more than {LIMITS.csv_frames:,} intervals, the limit (limits.csv_frames)")
            if kind == "IntervalTier":
                intervals.append(Interval(_float(values), _float(values), _text(values)))
            else:
                _float(values), _text(values)
        if kind == "IntervalTier":
            found.append(Tier(name, tuple(intervals)))
    return tuple(found)


def _values(text: str) -> Iterator[str | float]:
    """Strings, flags (with their brackets) and numbers in order, as Praat reads its own files."""
    at = 0
    while at < len(text):
        value = _VALUE.match(text, at)
        note = None if value else _NOTE.match(text, at)
        if value:
            yield value[1].replace('""', '"') if value[1] is not None else f"<{value[2]}>" if value[2] else float(value[3])
        found = value or note
        at = found.end() if found else at + 1


def _text(values: Iterator[str | float]) -> str:
    found = next(values)
    if not isinstance(found, str):
        raise TypeError("a number where a text belongs")
    return found


def _float(values: Iterator[str | float]) -> float:
    found = next(values)
    if not isinstance(found, float):
        raise TypeError("a text where a number belongs")
    return found


def _count(values: Iterator[str | float]) -> int:
    return int(_float(values))


def _check(path: str | Path, t: Tier, start_s: float, end_s: float) -> None:
    edges = [t.intervals[0].start_s, *(interval.end_s for interval in t.intervals)]
    joined = all(a.end_s == b.start_s for a, b in pairwise(t.intervals))
    rising = all(isfinite(a) and isfinite(b) and a < b for a, b in pairwise(edges))
    if not joined or not rising or edges[0] != start_s or edges[-1] != end_s:
        found = f'the intervals of "{t.name[:40]}" do not fill the time from {start_s:g} to {end_s:g} s'
        raise InputError(str(path), found, "Accepted: in order, without gaps; see `tier`.")


def _number(value: float) -> str:
    return repr(float(value))


def _quoted(text: str) -> str:
    """In quotes, a quote within doubled; control characters become blanks."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return '"' + clean.replace('"', '""') + '"'
