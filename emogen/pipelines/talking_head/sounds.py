"""The kinds of sound that are told apart by ear: finer than visemes, coarser than the phones of all languages.

`sounds.csv` names each by one of its phones and lists the phones that it stands for; "_" is everything that is not
speech: silence, noise, music. The choice is our own: phones that look alike and sound alike to a small network are one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from emogen.tables import read_table

#: Not speech.
QUIET = "_"
#: Where the first half of a diphthong or an affricate ends; as in `visemes`.
TURN = 0.6
#: Stress, length and what is said of a phone beyond its letter.
_MARKS = re.compile("[ˈˌː\u02d1.\u0303\u032f\u0361\u035c\u02b0\u02b2\u02e0\u0329\u031a'\u02bc\u032a-]")
Phone = tuple[str, float, float]


@cache
def _kinds() -> tuple[tuple[str, ...], dict[str, int]]:
    rows = read_table(__package__, "sounds.csv")
    return tuple(r["sound"] for r in rows), {p: i for i, r in enumerate(rows) for p in r["phones"].split()}


def names() -> tuple[str, ...]:
    """The sounds, "_" first."""
    return _kinds()[0]


def is_switch(phone: str) -> bool:
    """Whether it is no phone but espeak-ng's note that another language begins, such as "(en)"."""
    return phone.startswith("(")


def numbers_of(phone: str) -> list[int]:
    """The sounds of an IPA phone, one or two, as places in `names`; [0] for a pause, a schwa for unknown signs."""
    found, kinds = _kinds()[1], names()
    plain = _MARKS.sub("", phone)
    if is_switch(phone) or not any(c.isalpha() for c in plain):
        return [0]
    if plain in found:
        return [found[plain]]
    parts = [found[c] for c in plain if c in found]
    return parts[:2] if parts else [kinds.index("ə")]


def atoms(phones: Sequence[Phone]) -> list[tuple[int, float, float]]:
    """(sound, start in s, end in s) of phones in order; notes of a language leave their time to the next phone."""
    made: list[tuple[int, float, float]] = []
    waiting: float | None = None
    for phone, start, end in phones:
        if is_switch(phone):
            waiting = start if waiting is None else waiting
            continue
        begin, waiting = (start if waiting is None else waiting), None
        kinds = numbers_of(phone)
        turn = end if len(kinds) == 1 else begin + TURN * (end - begin)
        made.append((kinds[0], begin, turn))
        if len(kinds) == 2:
            made.append((kinds[1], turn, end))
    return made
