"""The gestures that emogen knows: described, each as key poses round its apex.

`gestures.csv` says what each is for and when it is made, `gesture_keys.csv` where the hands are, `gesture_body.csv` what
head, shoulders and trunk do; `rests.csv` are the places that hands come back to. All of it is our own, written after
descriptions of gesture in McNeill 1992 ("Hand and Mind"), Kendon 2004 ("Gesture: visible action as utterance") and Calbris
2011 ("Elements of meaning in gesture"), and corrected by looking at it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Literal

import numpy as np

from emogen.errors import InputError
from emogen.pipelines.gesture.arms import HandPose
from emogen.tables import read_table

#: What directions are written with, (out, up, forward); "2down+in" is a sum.
DIRECTIONS = {
    "out": (1.0, 0.0, 0.0),
    "in": (-1.0, 0.0, 0.0),
    "up": (0.0, 1.0, 0.0),
    "down": (0.0, -1.0, 0.0),
    "forward": (0.0, 0.0, 1.0),
    "back": (0.0, 0.0, -1.0),
}
BODY_COLUMNS = ("at_s", "nod", "turn", "tilt", "shrug", "lean", "twist")
Hands = Literal["either", "left", "right", "both", "none"]


@dataclass(frozen=True)
class HandKey:
    """A hand's pose at a time from the apex (s)."""

    at_s: float
    pose: HandPose


@dataclass(frozen=True)
class BodyKey:
    """Head, shoulders and trunk at a time from the apex (s).

    Attributes:
        at_s: Seconds from the apex.
        head: Degrees: nod (chin down), turn and tilt (towards the side of the leading hand).
        shrug: 0..1, shoulders lifted.
        trunk: Degrees: lean forward, turn towards the side of the leading hand.
    """

    at_s: float
    head: tuple[float, float, float]
    shrug: float
    trunk: tuple[float, float]


@dataclass(frozen=True)
class Gesture:
    """One gesture.

    Attributes:
        name: As strokes and `--semantic` name it.
        kind: "beat", or what sort of meaning it has.
        hands: Whether one hand makes it (either, or always the left or the right), both, or none (a nod).
        scale: 0..1, how far the size of someone's gestures acts on it; less where a hand must touch something.
        hold_s: How long its last pose is held.
        description: What is seen and what it means.
        words: Words and phrases that it goes with.
        unless: Phrases with these words that it does not go with.
        main: Keys of the leading hand; of both where `other` is empty and `hands` is "both".
        other: Keys of the second hand.
        body: Keys of head, shoulders and trunk.
    """

    name: str
    kind: str
    hands: Hands
    scale: float
    hold_s: float
    description: str
    words: tuple[str, ...]
    unless: tuple[str, ...]
    main: tuple[HandKey, ...]
    other: tuple[HandKey, ...]
    body: tuple[BodyKey, ...]

    @property
    def beat(self) -> bool:
        """Whether it goes with any word."""
        return self.kind == "beat"


@cache
def gestures() -> dict[str, Gesture]:
    """All gestures by name."""
    hands: dict[tuple[str, str], list[HandKey]] = defaultdict(list)
    for row in read_table(__package__, "gesture_keys.csv"):
        key = HandKey(float(row["at_s"]), _pose(row))
        for hand in ("main", "other") if row["hand"] == "both" else (row["hand"],):
            hands[row["gesture"], hand].append(key)
    body: dict[str, list[BodyKey]] = defaultdict(list)
    for row in read_table(__package__, "gesture_body.csv"):
        at, nod, turn, tilt, shrug, lean, twist = (float(row[k]) for k in BODY_COLUMNS)
        body[row["gesture"]].append(BodyKey(at, (nod, turn, tilt), shrug, (lean, twist)))
    return {
        r["gesture"]: Gesture(
            name=r["gesture"],
            kind=r["kind"],
            hands=r["hands"],  # type: ignore[arg-type]
            scale=float(r["scale"]),
            hold_s=float(r["hold_s"]),
            description=r["description"],
            words=_phrases(r["words"]),
            unless=_phrases(r["unless"]),
            main=tuple(hands[r["gesture"], "main"]),
            other=tuple(hands[r["gesture"], "other"]),
            body=tuple(body[r["gesture"]]),
        )
        for r in read_table(__package__, "gestures.csv")
    }


def find_gesture(name: str) -> Gesture:
    """The gesture of that name.

    Raises:
        InputError: There is none; the nearest names are said.
    """
    found = gestures().get(name)
    if found is None:
        near = get_close_matches(name.lower().strip(), gestures(), n=3, cutoff=0.4) or list(gestures())[:6]
        raise InputError("gesture", f"no {name!r}", f"Near it: {', '.join(near)}.")
    return found


@dataclass(frozen=True)
class Rest:
    """Where hands come back to: its name, how often it is taken, and the pose of the leading and of the other hand."""

    name: str
    weight: float
    main: HandPose
    other: HandPose


@cache
def rests() -> tuple[Rest, ...]:
    """The resting places of the hands."""
    rows = read_table(__package__, "rests.csv")
    names = dict.fromkeys(r["rest"] for r in rows)
    found = []
    for name in names:
        own = {r["hand"]: r for r in rows if r["rest"] == name}
        first = own.get("main", own.get("both"))
        second = own.get("other", own.get("both"))
        assert first is not None, f"rests.csv: {name} leaves out a hand"
        assert second is not None, f"rests.csv: {name} leaves out a hand"
        found.append(Rest(name, float(first["weight"]), _pose(first), _pose(second)))
    return tuple(found)


def _phrases(cell: str) -> tuple[str, ...]:
    return tuple(w for w in cell.split("|") if w)


def _pose(row: dict[str, str]) -> HandPose:
    place = tuple(float(row[k]) for k in ("out", "up", "forward"))
    palm, fingers = _direction(row["palm"]), _direction(row["fingers"])
    return HandPose(place, palm, fingers, row["shape"], float(row["elbow"] or 0))  # type: ignore[arg-type]


def _direction(text: str) -> tuple[float, float, float]:
    """A direction as written, "2down+in" -> (-1, -2, 0)."""
    total = np.zeros(3)
    for part in text.split("+"):
        name = part.lstrip("0123456789.")
        total += float(part[: len(part) - len(name)] or 1) * np.array(DIRECTIONS[name])
    return tuple(float(x) for x in total)  # type: ignore[return-value]
