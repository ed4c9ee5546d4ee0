"""Does an edit move what is seen the way it was asked, and how far? Beside it the grade by rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training.image_standing import figures
from emogen.training.image_standing.bench import EDITED, GRADED, JUDGE, READERS, Bench, Photo, slug
from emogen.training.image_standing.figures import AXES, Array
from emogen.training.kept import seed_of
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "edited"
SYSTEMS = (EDITED, GRADED)
#: The corners of the plane and its middle, which asks for nothing.
ASKED = ((-0.8, -0.8), (-0.8, 0.8), (0.8, -0.8), (0.8, 0.8), (0.0, 0.0))
SECTION = """### Edited: does it move as asked?

{photos} photographs of OASIS, each of another theme, each edited {edits} ways: the corners of the plane (valence and arousal
{far:g} each way) and its middle. They are of the half that the judge has not seen; looks of pictures were learnt from that half, and
so was the guide. *Change*: what is seen in the edited picture less what is seen in the original, against what was asked;
*absolute*: what is seen in the edited picture, where what it shows counts most. *Right way*: share of the edits of the
corners whose change has the asked sign (by chance half). *Rule grade*: the regressions of Valdez and Mehrabian as they are.
"""


@dataclass(frozen=True)
class Row:
    """An edit: valence and arousal [2] that were asked, and by reader what is seen in it and what was in the original."""

    system: str
    theme: str
    asked: Array
    after: dict[str, Array]
    before: dict[str, Array]


def measure(bench: Bench, run: bool = True) -> list[Row] | None:
    """All edits."""
    here = bench.version(Path(__file__), EDITED)
    rows: list[Row] = []
    for photo in bench.photos[: bench.counts.photos]:
        found = bench.kept(PART, here, partial(_edits, bench, photo), run=run, name=slug(photo.theme))
        if found is None:
            return None
        before = {reader: np.array(found["before"][reader]["va"]) for reader in READERS}
        for row in found["edits"]:
            after = {reader: np.array(row["read"][reader]["va"]) for reader in READERS}
            rows.append(Row(row["system"], photo.theme, np.array(row["asked"]), after, before))
    return rows


def _edits(bench: Bench, photo: Photo) -> dict[str, Any]:
    print(f"edited: {photo.theme}", flush=True)
    edits = []
    for v, a in ASKED:
        for system in SYSTEMS:
            made = bench.changed(system, photo.picture, f"vad({v:g},{a:g},0)", seed_of(PART, photo.theme))
            edits.append({"system": system, "asked": [v, a], "read": bench.read(made)})
    return {"before": bench.read(photo.picture), "edits": edits}


def arrays(rows: Sequence[Row], system: str, reader: str, change: bool) -> tuple[Array, Array, list[str]]:
    """Asked [n, 2], perceived [n, 2] (its change, or as it is), themes [n]."""
    own = [row for row in rows if row.system == system]
    found = [row.after[reader] - row.before[reader] * change for row in own]
    return np.array([row.asked for row in own]), np.array(found), [row.theme for row in own]


def right_way(rows: Sequence[Row], system: str, reader: str, axis: int) -> Figure:
    """Share of the edits of the corners that move an axis as asked."""
    asked, moved, themes = arrays(rows, system, reader, True)
    there = np.flatnonzero(asked[:, axis])
    right = (np.sign(moved[there, axis]) == np.sign(asked[there, axis])).astype(float)
    return figure(lambda i: float(right[i].mean()), [themes[i] for i in there])


def goals(rows: list[Row]) -> Iterator[Goal]:
    """What was aimed at."""
    for axis, name in enumerate(AXES):
        own, rule = (_change(rows, system, axis) for system in SYSTEMS)
        what, aim = (
            f"edited: Spearman of asked and change of judged {name}",
            f"surely above 0, and above the rule grade, {cell(rule)}",
        )
        yield Goal(what, aim, cell(own), own.low > 0 and own.value > rule.value)


def _change(rows: Sequence[Row], system: str, axis: int) -> Figure:
    asked, moved, themes = arrays(rows, system, JUDGE, True)
    return figures.spearman(asked[:, axis], moved[:, axis], themes)


def section(rows: list[Row]) -> Iterator[str]:
    """Tables."""
    yield SECTION.format(photos=len({row.theme for row in rows}), edits=len(ASKED), far=ASKED[-2][0])
    lines = []
    for reader in READERS:
        for change in (True, False):
            for system in SYSTEMS:
                what = "change" if change else "absolute"
                lines.append([f"{system}, {what}, {reader}", *figures.axes(*arrays(rows, system, reader, change))])
        lines.append([f"real photographs, {reader}", *figures.ceilings(reader)])
    yield from table(["", *figures.AXES_HEAD], lines)
    yield "\nThe right way, and the mean change where an axis was asked high less where it was asked low, by the judge:\n"
    lines = []
    for system in SYSTEMS:
        asked, moved, _ = arrays(rows, system, JUDGE, True)
        reach = [float(moved[asked[:, k] > 0, k].mean() - moved[asked[:, k] < 0, k].mean()) for k in range(2)]
        lines.append([system, *(cell(right_way(rows, system, JUDGE, k)) for k in range(2)), *map(number, reach)])
    yield from table(["", *(f"{n}: right way" for n in AXES), *(f"{n}: reach" for n in AXES)], lines)
    yield ""
