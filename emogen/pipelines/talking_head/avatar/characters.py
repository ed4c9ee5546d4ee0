"""The characters: colours and proportions in `characters.csv`, locks of hair in `hair.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from emogen.pipelines.talking_head.avatar.geometry import Array
from emogen.pipelines.talking_head.avatar.paint import Colour


@dataclass(frozen=True)
class Character:
    """One person; colours are RGB 0..255, `age`, `lash` and `beard` 0..1, the rest factors around 1 or units."""

    name: str
    look: str
    skin: Colour
    blush: Colour
    lip: Colour
    iris: Colour
    hair: Colour
    shine: Colour
    brow: Colour
    cloth: Colour
    back_light: Colour
    back_dark: Colour
    collar: str
    age: float
    lash: float
    brow_width: float
    lips: float
    jaw: float
    nose: float
    eyes: float
    beard: float


@dataclass(frozen=True, eq=False)
class Lock:
    """Hair between two guide lines, from the root to the tip; `count` strands."""

    layer: str
    mirror: bool
    count: int
    a: Array
    b: Array


COLOURS = ("skin", "blush", "lip", "iris", "hair", "shine", "brow", "cloth", "back_light", "back_dark")
NUMBERS = ("age", "lash", "brow_width", "lips", "jaw", "nose", "eyes", "beard")


def _rows(name: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _colour(text: str) -> Colour:
    return (float(int(text[:2], 16)), float(int(text[2:4], 16)), float(int(text[4:], 16)))


@lru_cache(maxsize=1)
def characters() -> dict[str, Character]:
    """All characters by name, in the table's order."""
    found = {}
    for row in _rows("characters.csv"):
        found[row["name"]] = Character(
            name=row["name"],
            look=row["look"],
            collar=row["collar"],
            **{key: _colour(row[key]) for key in COLOURS},  # type: ignore[arg-type]
            **{key: float(row[key]) for key in NUMBERS},  # type: ignore[arg-type]
        )
    return found


def locks(name: str) -> list[Lock]:
    """The locks of a character's hair, in the order they are painted."""

    def points(text: str) -> Array:
        return np.array([[float(v) for v in pair.split(":")] for pair in text.split()], np.float32)

    return [
        Lock(row["layer"], row["mirror"] == "1", int(row["count"]), points(row["a"]), points(row["b"]))
        for row in _rows("hair.csv")
        if row["name"] == name
    ]
