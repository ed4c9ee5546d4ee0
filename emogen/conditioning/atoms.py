"""The parts an emotion is made of: a term, a VAD point, something said or shown, an opposite, a blend.

Each knows its written form, its state at amplitude 1 and its polar opposite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emogen.conditioning import polarity, state
from emogen.conditioning.state import State

if TYPE_CHECKING:
    from emogen.conditioning.emotion import Emotion

_DIGITS = 9  # numbers of an emotion are kept to 1e-9, so that what is printed reads back as the same value


def tidy(value: float) -> float:
    """A number as emotions keep it: rounded to 1e-9, never -0.0."""
    return round(float(value), _DIGITS) + 0.0


def shown(value: float) -> str:
    """A number as it is printed: the shortest form that reads back as the same value."""
    return repr(int(value)) if math.isfinite(value) and value == int(value) else repr(value)


@dataclass(frozen=True)
class Term:
    """A feeling by its canonical name."""

    name: str

    def __str__(self) -> str:
        return self.name

    def state(self) -> State:
        """The term at intensity 1."""
        return state.of_term(self.name)

    def opposite(self) -> Atom:
        """Across Plutchik's wheel where the term lies on it, else the mirrored point of VAD space."""
        across = polarity.opposite(self.name)
        return Term(across) if across else Opposite(self)


@dataclass(frozen=True)
class Point:
    """A point in VAD space, each axis -1..1; `words`: amplitudes of the terms a recogniser gave with it."""

    vad: tuple[float, float, float]
    words: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        inside = ",".join(shown(x) for x in self.vad)
        words = "+".join(f"{name}:{shown(a)}" for name, a in self.words)
        return f"vad({inside}|{words})" if words else f"vad({inside})"

    def state(self) -> State:
        """The point as given, its terms by likelihood or by `words`."""
        return state.of_point(self.vad, self.words)

    def opposite(self) -> Atom:
        """The mirrored point."""
        v, a, d = self.vad
        return Opposite(self) if self.words else Point((0.0 - v, 0.0 - a, 0.0 - d))


@dataclass(frozen=True)
class Said:
    """A description (mark `"`) or a reference (mark `@`) and the emotion it was resolved to."""

    mark: str
    text: str
    meaning: Emotion

    def __str__(self) -> str:
        quoted = '"' + self.text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return quoted if self.mark == '"' else "@" + quoted

    def state(self) -> State:
        """What the resolver understood."""
        return self.meaning.state

    def opposite(self) -> Atom:
        """Kept symbolic, so that it prints as it was written."""
        return Opposite(self)


@dataclass(frozen=True)
class Opposite:
    """The polar opposite of something that has none on Plutchik's wheel: its VAD mirrored."""

    of: Term | Point | Said

    def __str__(self) -> str:
        return f"-{self.of}"

    def state(self) -> State:
        """The mirrored state in likely terms; of a description, the opposite of what it means."""
        if isinstance(self.of, Said):
            return (-self.of.meaning).state
        return state.reflected(self.of.state())

    def opposite(self) -> Atom:
        """Back again."""
        return self.of


@dataclass(frozen=True)
class Blend:
    """The place `amount` (0..1.5) of the way from one emotion to another."""

    source: Emotion
    target: Emotion
    amount: float

    def __str__(self) -> str:
        return f"{self.source._as_side()}>{self.target._as_side()}:{shown(self.amount)}"

    def state(self) -> State:
        """Linear in amplitudes, intensity and VAD."""
        return state.blended(self.source.state, self.target.state, self.amount)

    def opposite(self) -> Atom:
        """The way between the opposites."""
        return Blend(-self.source, -self.target, self.amount)


Atom = Term | Point | Said | Opposite | Blend


def depth(atom: Atom) -> int:
    """How many emotions lie inside one another in an atom."""
    if isinstance(atom, Blend):
        return 1 + max(atom.source._depth, atom.target._depth)
    if isinstance(atom, Opposite):
        return depth(atom.of)
    return 1 + atom.meaning._depth if isinstance(atom, Said) else 0
