"""What a rule of reading sees and gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """What is said for a part of a text.

    Attributes:
        start: First character.
        end: Behind the last character.
        spoken: In words.
        emphasis: A level of `sentence.EMPHASIS`.
    """

    start: int
    end: int
    spoken: str
    emphasis: str = ""


@dataclass(frozen=True)
class Context:
    """Where a rule reads.

    Attributes:
        text: The sentence as written.
        british: Day before month, and "one hundred and five".
    """

    text: str
    british: bool

    def before(self, match: re.Match[str]) -> str:
        """The written word before a match, without the signs around it; "" at the begin."""
        words = self.text[: match.start()].split()
        return words[-1].strip("\"'([\u201c\u2018") if words else ""

    def after(self, match: re.Match[str]) -> str:
        """The written word behind a match, "" at the end."""
        words = self.text[match.end() :].split(None, 1)
        return words[0] if words else ""

    def ends(self, match: re.Match[str]) -> bool:
        """Whether nothing but closing signs follows."""
        return not any(c.isalnum() for c in self.text[match.end() :])


#: Says what a match is read as: words, with "|" between the parts that belong to the words of the match, and a
#: level of emphasis before "!!"; None where it is no match after all.
Reader = Callable[[re.Match[str], Context], "str | None"]
Rule = tuple[re.Pattern[str], Reader]
