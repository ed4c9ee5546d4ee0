"""Plutchik's wheel (Plutchik 1980): three rings of intensity, opposites, and the names of pairs (dyads)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from emogen.conditioning.vocabulary import read_table


@dataclass(frozen=True)
class Petal:
    """One of the eight petals of the wheel: a primary emotion, its weaker and its stronger form."""

    low: str
    primary: str
    high: str
    opposite: str


@dataclass(frozen=True)
class Dyad:
    """A named pair of primaries; `tier` is primary, secondary, tertiary or opposites."""

    name: str
    first: str
    second: str
    tier: str


@cache
def wheel() -> dict[str, Petal]:
    """Primary -> its petal."""
    return {r["primary"]: Petal(r["low"], r["primary"], r["high"], r["opposite"]) for r in read_table("rings")}


@cache
def dyads() -> tuple[Dyad, ...]:
    """The 24 dyads and the names of the four conflicts between opposites."""
    return tuple(Dyad(r["name"], r["first"], r["second"], r["tier"]) for r in read_table("dyads"))


@cache
def _rings() -> dict[str, tuple[str, str]]:
    """Term of the wheel -> (its primary, the name of its ring)."""
    return {
        term: (petal.primary, ring)
        for petal in wheel().values()
        for ring, term in (("low", petal.low), ("primary", petal.primary), ("high", petal.high))
    }


@cache
def _pairs() -> dict[frozenset[str], Dyad]:
    return {frozenset((d.first, d.second)): d for d in dyads()}


def primary(term: str) -> str | None:
    """The primary emotion in whose petal a term lies, or None."""
    return _rings()[term][0] if term in _rings() else None


def opposite(term: str) -> str | None:
    """The term across the wheel in the same ring (joy -> sadness, terror -> rage), or None."""
    if term not in _rings():
        return None
    name, ring = _rings()[term]
    return str(getattr(wheel()[wheel()[name].opposite], ring))


def dyad(first: str, second: str) -> Dyad | None:
    """The pair that two terms of the wheel form, in any ring and order, or None."""
    a, b = primary(first), primary(second)
    return _pairs().get(frozenset((a, b))) if a and b and a != b else None


def parents(term: str) -> tuple[str, ...]:
    """The primaries that a term stands for: one for a ring, two for a dyad, none for any other term."""
    name = primary(term)
    if name:
        return (name,)
    return next(((d.first, d.second) for d in dyads() if d.name == term and d.tier != "opposites"), ())
