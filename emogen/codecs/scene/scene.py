"""A scene: a place and its attributes, as names, as a vector and in words.

The tables beside this module say what there is: `attributes.csv` (ranges, the usual value, words) and `places.csv`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.tables import read_table

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Attribute:
    """One attribute: its range, usual value, whether its ends meet, and how low and high values are put in words."""

    name: str
    low: float
    high: float
    usual: float
    circular: bool
    low_words: str
    high_words: str


@cache
def attributes() -> dict[str, Attribute]:
    """All attributes."""
    return {
        r["name"]: Attribute(
            r["name"], float(r["low"]), float(r["high"]), float(r["usual"]), r["circular"] == "1", r["low_words"], r["high_words"]
        )
        for r in read_table(__package__, "attributes.csv")
    }


@cache
def parts() -> dict[str, Attribute]:
    """The attributes that a scene is composed of, in the order of the vector: all but its tint, which is laid over it."""
    return {name: it for name, it in attributes().items() if not name.startswith("tint")}


@cache
def places() -> dict[str, tuple[str, ...]]:
    """Place -> the elements it is drawn of, far to near."""
    return {r["place"]: tuple(r["elements"].split()) for r in read_table(__package__, "places.csv")}


@dataclass(frozen=True)
class Scene:
    """A place, its attributes (those not given have their usual value) and the seed of its shapes.

    The same seed keeps the shapes (ridges, trees, houses, clouds) while attributes change, so that one place can be
    seen in many moods, and a mood can change while one looks.

    Raises:
        InputError: An unknown place or attribute, or a value out of range.
    """

    place: str
    values: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.place not in places():
            raise InputError("place", f'unknown "{self.place}"', f"There are: {', '.join(places())}.")
        full = {}
        for name, value in self.values.items():
            if name not in attributes():
                near = difflib.get_close_matches(name, attributes(), n=3) or list(attributes())
                raise InputError("attribute", f'unknown "{name}"', f"There are: {', '.join(near)}.")
            it = attributes()[name]
            if not it.low <= value <= it.high:
                raise InputError(name, f"{value:g}", f"Accepted: {it.low:g} to {it.high:g}.")
        for name, it in attributes().items():
            full[name] = float(self.values.get(name, it.usual))
        object.__setattr__(self, "values", full)

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def with_(self, **values: float) -> Scene:
        """The same scene with other values of some attributes."""
        return Scene(self.place, {**self.values, **values}, self.seed)

    def rng(self, element: str) -> np.random.Generator:
        """The random numbers of one element: its own, so that no element moves when another changes."""
        return np.random.default_rng([self.seed, *element.encode()])


def vector_names() -> tuple[str, ...]:
    """The channels of a scene's vector: what it is composed of in order, a circular one as its cosine and sine."""
    return tuple(
        part for name, it in parts().items() for part in ((f"{name} cos", f"{name} sin") if it.circular else (name,))
    )


def vector(values: Mapping[str, float | Floats]) -> Floats:
    """Attribute values [...] (missing ones as usual) -> numbers of about -1..1 [..., C] in the order of `vector_names`."""
    out: list[Floats] = []
    for name, it in parts().items():
        share = (np.asarray(values.get(name, it.usual), dtype=np.float64) - it.low) / (it.high - it.low)
        out += [np.cos(2 * np.pi * share), np.sin(2 * np.pi * share)] if it.circular else [2 * share - 1]
    return np.stack(np.broadcast_arrays(*out), axis=-1)


def from_vector(numbers: Floats) -> dict[str, float]:
    """The inverse of `vector`; what lies beyond a range is moved to its end."""
    values, at = {}, 0
    for name, it in parts().items():
        if it.circular:
            share = float(np.arctan2(numbers[at + 1], numbers[at]) / (2 * np.pi)) % 1.0
            at += 2
        else:
            share = float(np.clip((numbers[at] + 1) / 2, 0.0, 1.0))
            at += 1
        values[name] = it.low + share * (it.high - it.low)
    return values
