"""Words for feelings -> terms, and term -> its norm in VAD space and its share of each basic emotion.

A *term* is the canonical name of a feeling ("joy"); an *alias* is another word for it ("happy", "joyfully").
VAD are valence, arousal and dominance, each -1..1, from Russell & Mehrabian 1977 (151 adjectives). Terms
that are not in that list are means of rows that are; the column `trust` of `tables/terms.csv` says which.
See `tables/SOURCES.md`.
"""

from __future__ import annotations

import csv
import difflib
import re
from functools import cache
from pathlib import Path

import numpy as np

from emogen.errors import InputError

#: Folder of the tables that ship with the package.
TABLES = Path(__file__).parent / "tables"
#: Order of the six basic emotions in every array of amplitudes.
BASIC = ("joy", "sadness", "anger", "fear", "surprise", "disgust")
#: The name of the origin of VAD space.
NEUTRAL = "neutral"

_SEPARATORS = re.compile(r"[\s_/&'\u2019.\-]+")
_SUGGEST_CHARS = 40  # no word for a feeling is longer; keeps the search for near words cheap


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of `tables/<name>.csv`, each a dictionary by column."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def normalise(word: str) -> str:
    """The form in which words are compared: lower case, single spaces for blanks, hyphens and slashes."""
    return _SEPARATORS.sub(" ", word.lower()).strip()


@cache
def _norms() -> dict[str, tuple[float, float, float]]:
    return {r["term"]: (float(r["v"]), float(r["a"]), float(r["d"])) for r in read_table("norms")}


@cache
def _rows() -> dict[str, dict[str, str]]:
    return {row["term"]: row for row in read_table("terms")}


def terms() -> tuple[str, ...]:
    """Every term, "neutral" first, in the order of the table."""
    return tuple(_rows())


@cache
def _index() -> dict[str, str]:
    """Compared form of every accepted word -> term. Terms win over aliases, aliases over R&M adjectives."""
    index = {normalise(term): term for term in _rows()}
    for row in read_table("aliases"):
        index.setdefault(normalise(row["alias"]), row["term"])
    for term, row in _rows().items():
        if row["trust"] == "norm":
            index.setdefault(normalise(row["from"]), term)
    return index


def words() -> tuple[str, ...]:
    """Every word that `find` accepts, without the forms made by suffix."""
    return tuple(_index())


def find(word: str) -> str | None:
    """The term that a word names, or None. Accepts other spellings, adverbs and nouns in -ness."""
    index, key = _index(), normalise(word)
    if key in index:
        return index[key]
    for ending, stem in (("iness", "y"), ("ness", ""), ("ily", "y"), ("ly", ""), ("ly", "le")):
        if key.endswith(ending) and (found := index.get(key[: -len(ending)] + stem)):
            return found
    return None


def suggest(word: str) -> str | None:
    """The nearest known word by spelling, or None when nothing is near."""
    key = normalise(word)
    if not key or len(key) > _SUGGEST_CHARS:
        return None
    near = difflib.get_close_matches(key, _index(), n=1, cutoff=0.7)
    return near[0] if near else None


def advice(word: str) -> str:
    """What to write instead of an unknown word."""
    near = suggest(word)
    if near:
        return f'Did you mean "{near}"?'
    pieces = [find(piece) for piece in normalise(word[:_SUGGEST_CHARS]).split()[:4]]
    known = [piece for piece in pieces if piece]
    if len(known) > 1:
        return f'Mix feelings with "+": {"+".join(known)}.'
    if known:
        return f'Did you mean "{known[0]}"? Describe more than that in double quotes.'
    return "Write a feeling such as joy, or describe it in double quotes."


def term(word: str) -> str:
    """The term that a word names.

    Raises:
        InputError: The word is unknown; the message names the nearest known one.
    """
    found = find(word)
    if found is None:
        shown = word if len(word) <= _SUGGEST_CHARS else word[:_SUGGEST_CHARS] + "..."
        raise InputError("emotion", f'unknown label "{shown}"', advice(word))
    return found


def _frozen(values: np.ndarray) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    array.setflags(write=False)
    return array


@cache
def norm(name: str) -> np.ndarray:
    """VAD (3,) float64 of a term at intensity 1, read-only; zero for "neutral".

    A term made of several rows has their mean; a factor before a row (`0.6*fearful`) scales it.
    """
    recipe = _rows()[name]["from"]
    if not recipe:
        return _frozen(np.zeros(3))
    parts = []
    for part in recipe.split("&"):
        factor, _, row = part.strip().rpartition("*")
        parts.append(np.array(_norms()[row]) * float(factor or 1.0))
    return _frozen(np.round(np.mean(parts, axis=0), 6))


@cache
def basic_shares(name: str) -> np.ndarray:
    """Amplitudes (6,) over `BASIC` of a term at intensity 1, read-only; they sum to at most 1.

    What is missing to 1 is neutral: calm is a quiet joy, annoyance half an anger. The shares are this
    project's own assumption (column `basic`), after the term's place in Parrott's tree, Plutchik's wheel and
    the GoEmotions grouping. Where the table names a family without a share, the share is the part of the
    term's VAD that points the family's way, `<term, family> / <family, family>`, within 0..1.
    """
    shares = np.zeros(len(BASIC))
    for item in _rows()[name]["basic"].split():
        family, _, amount = item.partition(":")
        at = norm(family)
        part_of = float(np.clip(norm(name) @ at / (at @ at), 0.0, 1.0))
        shares[BASIC.index(family)] = float(amount) if amount else part_of
    return _frozen(np.round(shares, 6))
