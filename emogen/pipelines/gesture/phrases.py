"""English words and phrases without a grammar: bare forms, inflections, denials."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from emogen.tables import read_table

SENTENCE_END = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*$")
CLAUSE_END = re.compile(r"[.!?,;:\u2026\u2013\u2014][\"'\u201d\u2019)\]]*$")
_SIGNS = re.compile(r"^[^\w]+|[^\w]+$")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'"})
#: How far (words) a denial reaches within its clause; own assumption.
REACH = 4


@cache
def words_that(role: str) -> frozenset[str]:
    """The words of `gesture_words.csv` with a role: "function", "passing", "general", "intense" or "denial"."""
    return frozenset(
        w for r in read_table(__package__, "gesture_words.csv") if r["role"] == role for w in r["words"].split()
    )


def bare(word: str) -> str:
    """A word without punctuation, in small letters."""
    return _SIGNS.sub("", word.translate(_QUOTES)).lower()


@lru_cache(maxsize=8192)
def forms(word: str) -> tuple[str, ...]:
    """A word and what it may be an inflection of: "stopped" -> stopped, stopp, stop, stoppe; own, of three letters at least.

    Irregular verbs are known from `irregular_verbs.csv`.
    """
    found = [word, *_irregular().get(word, ())]
    for ending, instead in (
        ("'s", ("",)), ("ies", ("y",)), ("ied", ("y",)), ("es", ("", "e")), ("s", ("",)), ("ed", ("", "e")), ("ing", ("", "e")),
        ("er", ("", "e")), ("est", ("", "e")), ("ier", ("y",)), ("iest", ("y",)),
    ):  # fmt: skip
        if word.endswith(ending) and not word.endswith("ss"):
            stem = word[: -len(ending)]
            found += [stem + new for new in instead if len(stem + new) >= 3]
            if len(stem) > 3 and stem[-1] == stem[-2] and ending in ("ed", "ing", "er", "est"):
                found.append(stem[:-1])
    return tuple(dict.fromkeys(found))


@cache
def _irregular() -> dict[str, tuple[str, ...]]:
    """Form of a verb -> the verbs that it may be of."""
    found: dict[str, tuple[str, ...]] = {}
    for row in read_table(__package__, "irregular_verbs.csv"):
        for form in row["forms"].split():
            found[form] = (*found.get(form, ()), row["verb"])
    return found


def begins_at(phrase: Sequence[str], words: Sequence[str], first: int) -> bool:
    """Whether a phrase stands at a place among bare words, its words inflected or not."""
    if first + len(phrase) > len(words):
        return False
    return all(part in forms(words[first + k]) for k, part in enumerate(phrase))


def negated(words: Sequence[str], ends: Sequence[bool], at: int) -> bool:
    """Whether a denial stands before a word, near it and in its clause."""
    for k in range(at - 1, max(-1, at - 1 - REACH), -1):
        if ends[k]:
            return False
        if words[k] in words_that("denial") or words[k].endswith("n't"):
            # "not only big": no denial
            return words[k + 1] not in ("only", "just")
    return False
