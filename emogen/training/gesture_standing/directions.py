"""Does it move as people do who feel this? Manners against neutral, beside those measured on recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training.gesture_standing import clips as of
from emogen.training.gesture_standing.affect import SAID
from emogen.training.gesture_standing.bench import EMBEDDED
from emogen.training.gesture_standing.clips import FELT, REAL, Clip
from emogen.training.gesture_standing.moves import MANNERS
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import table

#: Manners told as differences (degrees, cm); the others as ratios.
DIFFERENCES = ("elbows out", "neck", "trunk")


@dataclass(frozen=True)
class Direction:
    """What recordings agree on: a manner of an emotion against neutral, and what is right."""

    label: str
    manner: str
    said: str
    right: Callable[[float], bool]


#: Directions on which all contents of Bandai Namco's set agree, or nearly (ratios of styles to normal, geometric means
#: over contents; neck: walking and gestures); joy leans back in Gross et al. 2012 too.
WANTED = (
    Direction("sadness", "speed", ".3 to .7", lambda x: 0.3 <= x <= 0.7),
    Direction("sadness", "span", "below 1", lambda x: x < 1.0),
    Direction("anger", "jerk", "above 1", lambda x: x > 1.0),
    Direction("pride", "span", "above 1", lambda x: x > 1.0),
    Direction("insecurity", "neck", "down (above 0)", lambda x: x > 0.0),
    Direction("joy", "trunk", "back (at most 0)", lambda x: x <= 0.0),
)
SECTION = """### Does it move as people who feel this?

Each source asked for an emotion at intensity 1 against the same source neutral: ratios (geometric means over sources) of
the hands' speed, its 95 %, acceleration and jerk against the hips, the distance of the hands, and their distance to the
chest; differences of elbows out (cm), neck and trunk (degrees, forward is positive). *Recordings*: the same for the
judge's half of the contents, style against normal of the same set and content, which no generator learnt from (the other
half gave the constants of some rules): one to six takes of a cell, three actors in all.
"""


def against(rows: Sequence[Clip], label: str, manner: str) -> Figure:
    """A manner of an emotion against neutral: geometric mean of ratios over sources, or mean difference."""
    values, keys = _against(rows, label, manner)
    if not len(values):
        return Figure(float("nan"))
    if manner in DIFFERENCES:
        return figure(lambda i: float(values[i].mean()), keys)
    return figure(lambda i: float(np.exp(values[i].mean())), keys)


def _against(rows: Sequence[Clip], label: str, manner: str) -> tuple[NDArray[np.float64], list[str]]:
    """Of each source (recordings: of each content): difference, or log ratio."""
    cells: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        key = row.group if row.kind == REAL else row.source
        cells.setdefault(key, {}).setdefault(row.asked.partition(":")[0], []).append(row.manner[manner])
    values, keys = [], []
    for key, found in cells.items():
        if label in found and NEUTRAL in found:
            one, plain = (float(np.mean(found[k])) for k in (label, NEUTRAL))
            values.append(float(one - plain if manner in DIFFERENCES else np.log(max(one, 1e-6) / max(plain, 1e-6))))
            keys.append(key)
    return np.array(values), keys


def goals(rows: Sequence[Clip]) -> Iterator[Goal]:
    """What was aimed at."""
    for kind, said in SAID.items():
        own = of.part(rows, EMBEDDED, kind, 1.0)
        if own:
            for d in WANTED:
                found = against(own, d.label, d.manner)
                unit = "" if d.manner not in DIFFERENCES else " cm" if d.manner == "elbows out" else " degrees"
                yield Goal(f"{d.label}: {d.manner} against neutral, {said}", d.said, cell(found) + unit, d.right(found.value))


def section(rows: Sequence[Clip]) -> Iterator[str]:
    """Markdown."""
    yield SECTION
    lines = []
    kinds = [(f"{SAID[kind]}, {system}", of.part(rows, system, kind, 1.0)) for system, kind in of.kinds(rows)]
    real = [r for r in rows if r.kind == REAL and r.label]
    for label in FELT:
        for name, own in (*kinds, ("recordings", real)):
            lines.append([label, name, *(cell(against(own, label, m)) for m in MANNERS)])
    yield from table(["", "", *MANNERS], lines)
    yield ""
