"""Could a body do it? Tables of what `moves.sanity` finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from emogen.training.gesture_standing import clips as of
from emogen.training.gesture_standing.affect import SAID
from emogen.training.gesture_standing.bench import EMBEDDED
from emogen.training.gesture_standing.clips import REAL, RESTYLED, TALK, Clip
from emogen.training.gesture_standing.moves import TOLERANCE
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import table

MOST_SKATING, MOST_INSIDE = 2.0, 2.0  # cm/s, cm
OFTEN = 0.01  # share of frames with a joint beyond its limit that still passes; own choice
OR = {TALK: "", RESTYLED: ", or as in the recording"}
BOUNDS = (5.0, 95.0)  # percent of recordings between which jerk is usual
SECTION = """### Could a body do it?

Skating: level speed of the balls of the feet while they touch the ground (within 1 cm of their lowest, rising or falling
slower than 5 cm/s). Floor: how far they go below it at most. Hand in trunk: how deep a point of a hand is inside an
elliptic trunk as slim as the slimmest 5 % of adults. Joints: share of frames in which one of the
24 movements of `limits.csv` (ranges of the American Academy of Orthopaedic Surgeons, 1965) is more than {tolerance:g} degrees beyond
its limit. Jerk: of the hands against the hips. Medians over clips and, in brackets, the worst clip (of jerk: 5 to 95 %).
*Recordings*: the same measured on people, whose skeleton was fitted to emogen's; they walk, turn and run too, and what a
recording does its restyled version may do.
"""
COLUMNS = ("skating", "skating, 95 %", "floor", "trunk, 99 %", "trunk", "joints", "jerk")
HEADS = ("skating, cm/s", "95 % of it", "floor, cm", "hand in trunk, 99 %, cm", "at most", "joints", "jerk, m/s^3")


def of_kind(rows: Sequence[Clip], system: str, kind: str) -> list[Clip]:
    """All clips of a system and kind; of recordings those in which somebody stands too."""
    return [r for r in rows if r.system == system and r.kind == kind]


def goals(rows: Sequence[Clip]) -> Iterator[Goal]:
    """What was aimed at."""
    real = [r.sanity["jerk"] for r in rows if r.kind == REAL]
    for kind, said in SAID.items():
        own = of_kind(rows, EMBEDDED, kind)
        if not own:
            continue
        slide = np.array([r.sanity["skating"] for r in own])
        passed = slide <= np.maximum(_before(rows, own, "skating"), MOST_SKATING)
        told = f"{np.median(slide):.1f}; at most {slide.max():.1f}; {passed.mean():.0%} of the clips pass"
        yield Goal(f"feet in contact slide, cm/s: {said}", f"at most {MOST_SKATING:g}{OR[kind]}", told, bool(passed.all()))
        deep = [r.sanity["trunk"] for r in own]
        yield Goal(f"hand inside the trunk, cm: {said}", f"at most {MOST_INSIDE:g}", f"{max(deep):.1f}", max(deep) <= MOST_INSIDE)
        joints, before = (float(np.mean(x)) for x in ([r.sanity["joints"] for r in own], _before(rows, own, "joints")))
        aim = f"at most {OFTEN:.0%}" + (f" more than the recordings' {before:.1%}" if kind == RESTYLED else "")
        yield Goal(f"frames with a joint beyond its limit: {said}", aim, f"{joints:.1%}", joints <= before + OFTEN)
        if real:
            low, high = np.percentile(real, BOUNDS)
            inside = float(np.mean([low <= r.sanity["jerk"] <= high for r in own]))
            yield Goal(f"clips whose jerk is within 5 to 95 % of recordings: {said}", "90 %", f"{inside:.0%}", inside >= 0.9)


def _before(rows: Sequence[Clip], own: Sequence[Clip], name: str) -> NDArray[np.float64]:
    """What the recordings have that clips are made of; 0 where they are made of speech."""
    real = {r.source: r.sanity[name] for r in rows if r.kind == REAL}
    return np.array([real.get(r.source, 0.0) for r in own])


def section(rows: Sequence[Clip]) -> Iterator[str]:
    """Markdown."""
    yield SECTION.format(tolerance=TOLERANCE)
    lines = [_line(f"{SAID[kind]}, {system}", of_kind(rows, system, kind)) for system, kind in of.kinds(rows)]
    taken = {r.source for r in of_kind(rows, EMBEDDED, of.RESTYLED)}
    real = [r for r in rows if r.kind == REAL]
    lines.append(_line("recordings that are restyled, as they are", [r for r in real if r.source in taken and r.label == NEUTRAL]))
    lines.append(_line("all recordings", real))
    yield from table(["", "clips", *HEADS], [line for line in lines if line])
    yield ""


def _line(name: str, own: Sequence[Clip]) -> list[str]:
    if not own:
        return []
    cells = []
    for column in COLUMNS:
        values = np.array([r.sanity[column] for r in own])
        if column == "joints":
            cells.append(f"{values.mean():.1%} [{values.max():.0%}]")
        elif column == "jerk":
            low, high = np.percentile(values, BOUNDS)
            cells.append(f"{np.median(values) / 100:.1f} [{low / 100:.1f}, {high / 100:.1f}]")
        else:
            cells.append(f"{np.median(values):.1f} [{values.max():.1f}]")
    return [name, str(len(own)), *cells]
