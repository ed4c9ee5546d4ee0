"""A paragraph -> pieces that are said and pieces that are told, by quotes of all usual kinds and by dashes.

Double quotes are curly, low, straight or angular ones. A single one is a quote only where it stands at the edge of a
word and is closed likewise, so that apostrophes stay. A paragraph that begins with a dash is said up to an attribution
or to the next dash.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from emogen.pipelines.performance.readers.manners import verbs

#: Opening mark -> marks that close it.
_PAIRS = {
    "\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u201f": "\u201d", "\u00ab": "\u00bb", "\u00bb": "\u00ab", "\u2039": "\u203a", '"': '"',
}  # fmt: skip
_SINGLE = {"\u2018": "\u2019", "'": "'", "\u201a": "\u2018\u2019"}
LONGEST = 20_000  # characters of a quote; own assumption
_DASH = re.compile(r"^\s*(?:--+|\u2014|\u2013|\u2015)\s*(?=\S)")
_INNER_DASH = re.compile(r"\s+(?:--+|\u2014|\u2013|\u2015)\s*|(?<=[,.!?\u2026])\s*(?:--+|\u2014|\u2015)\s*")


@dataclass(frozen=True)
class Piece:
    """A part of a paragraph.

    Attributes:
        text: Without its quotes, trimmed.
        said: Whether somebody says it; else it is told.
        start: Index in the paragraph.
        open: Whether its quote is not closed: it goes on in the next paragraph.
    """

    text: str
    said: bool
    start: int
    open: bool = False


def pieces(paragraph: str) -> list[Piece]:
    """The pieces of a paragraph in order; blank ones are left out."""
    if (dash := _DASH.match(paragraph)) is not None:
        return _dashed(paragraph, dash.end())
    found: list[Piece] = []
    at = begin = 0
    closers = [] if any(mark in paragraph for mark in _PAIRS) else _closers(paragraph)
    while at < len(paragraph):
        end = _closing(paragraph, at, closers)
        if end is None:
            at += 1
            continue
        found.append(Piece(paragraph[begin:at], said=False, start=begin))
        stop = end if end >= 0 else len(paragraph)
        found.append(Piece(paragraph[at + 1 : stop], said=True, start=at + 1, open=end < 0))
        at = begin = stop + 1
    found.append(Piece(paragraph[begin:], said=False, start=begin))
    return [Piece(" ".join(p.text.split()), p.said, p.start, p.open) for p in found if p.text.strip(" .,;:")]


def _closers(text: str) -> list[int]:
    """Where single marks stand that can close a quote: behind a stop, before no letter."""
    found = []
    for i in range(1, len(text)):
        follows = text[i + 1] if i + 1 < len(text) else " "
        if text[i] in "'\u2019\u2018" and not follows.isalnum() and text[i - 1] in ",.!?\u2026\u2014-":
            found.append(i)
    return found


def _closing(text: str, at: int, closers: Sequence[int]) -> int | None:
    """The index of the mark that closes a quote that opens at `at`; -1: it is left open; None: none opens there."""
    mark = text[at]
    if mark in _PAIRS:
        if mark == '"' and at > 0 and text[at - 1].isalnum():
            return None  # 5'10" is a length
        ends = [i for c in _PAIRS[mark] if (i := text.find(c, at + 1, at + LONGEST)) > at]
        return min(ends) if ends else (None if mark == "\u00bb" else -1)
    if mark not in _SINGLE or (at > 0 and text[at - 1].isalnum()) or at + 1 >= len(text) or text[at + 1].isspace():
        return None
    first = bisect_right(closers, at)
    following = closers[first : first + 8]
    return next((i for i in following if text[i] in _SINGLE[mark]), None)


def _dashed(text: str, begin: int) -> list[Piece]:
    found: list[Piece] = []
    said = True
    edges = [*((m.start(), m.end()) for m in _INNER_DASH.finditer(text, begin)), (len(text), len(text))]
    for stop, after in edges:
        told = _attributed().search(text, begin, stop) if said else None
        if told is not None:
            found += [Piece(text[begin : told.start()], True, begin), Piece(text[told.start() : stop], False, told.start())]
        else:
            found.append(Piece(text[begin:stop], said, begin))
        begin, said = after, not said or told is not None
    return [Piece(" ".join(p.text.split()), p.said, p.start) for p in found if p.text.strip(" .,;:")]


@cache
def _attributed() -> re.Pattern[str]:
    """Where an attribution begins behind a comma or the end of a sentence."""
    verb = "|".join(sorted(verbs(), key=len, reverse=True))
    return re.compile(rf"(?<=[,!?\u2026])\s+(?=(?:{verb})\s+(?:[A-Z]|he\b|she\b|I\b|the\b)|(?:[A-Z][\w'-]+|he|she|I)\s+(?:{verb})\b)")
