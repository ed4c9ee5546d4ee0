"""Is the feeling named right that was asked by name? Mikels' eight, and the judge's own five."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.image import LABELS
from emogen.evaluation import metrics
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell, decided, held_out_of
from emogen.training.image_standing import figures
from emogen.training.image_standing.bench import (
    CREATED,
    EDITED,
    GRADED,
    GUIDE,
    JUDGE,
    Bench,
    Picture,
    Reading,
    needs_creating,
    reading,
    slug,
)
from emogen.training.image_standing.figures import CHECKPOINT, EIGHT
from emogen.training.kept import seed_of
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "labels"
SYSTEMS = (CREATED, EDITED, GRADED)
#: Where the feeling may choose the place, and where it may not.
PROMPTS = (None, "a street")
SECTION = """### Asked by name

{count} pictures for each of Mikels' eight feelings: created ({half} without a prompt, so that the feeling chooses the place, {half}
of "{prompt}"), edited from photographs, and the same photographs under the rule grade that emogen began with. The judge knows
valence and arousal alone: perceived is the one of the eight whose norm is nearest, its arousal first put on the scale of the
norms. Anger, fear and disgust lie close together there, and so do amusement and contentment: who is read as a neighbour
is read wrong. *Real photographs*: the nearest by people's ratings is right, mean recall over unseen themes. Guessing gives .125.
*Of five*: the judge's own labels ({five}) asked for and found; guessing gives .20.
"""


@dataclass(frozen=True)
class Row:
    """A picture: what it was made from, whether one of eight or five was asked, which, and what the readers see."""

    system: str
    item: str
    of: int
    asked: str
    read: dict[str, Reading]

    def found(self, reader: str) -> str:
        """What was perceived: one of the eight or of the five."""
        seen = self.read[reader]
        return figures.eight(np.array([seen.va]))[0] if self.of == len(EIGHT) else seen.label


def measure(bench: Bench, run: bool = True) -> list[Row] | None:
    """All pictures."""
    rows: list[Row] = []
    for system in SYSTEMS:
        here = bench.version(Path(__file__), system)
        for of in (EIGHT, LABELS):
            for label in of:
                name = slug(f"{system} {len(of)} {label}")
                found = bench.kept(PART, here, partial(_pictures, bench, system, len(of), label), run=run, name=name)
                if found is None:
                    return None
                rows += [Row(system, r["item"], len(of), label, reading(r["read"])) for r in found]
    return rows


def _pictures(bench: Bench, system: str, of: int, label: str) -> list[dict[str, Any]]:
    print(f"labels: {system}, {label} of {of}", flush=True)
    return [{"item": item, "read": bench.read(picture)} for item, picture in _made(bench, system, label)]


def _made(bench: Bench, system: str, label: str) -> Iterator[tuple[str, Picture]]:
    count = bench.counts.labelled
    if system == CREATED:
        needs_creating(bench)
        for i in range(count):
            yield str(i // 2), bench.created(PROMPTS[i % 2], label, seed_of(PART, str(i)))
        return
    for photo in bench.photos[:count]:
        yield photo.theme, bench.changed(system, photo.picture, label, seed_of(PART, photo.theme))


def accuracy(rows: Sequence[Row], system: str, of: int, reader: str = JUDGE) -> Figure:
    """Share named right; all are asked equally often."""
    own = [row for row in rows if row.system == system and row.of == of]
    right = np.array([row.found(reader) == row.asked for row in own], dtype=float)
    return figure(lambda i: float(right[i].mean()), [row.item for row in own])


def goals(rows: list[Row]) -> Iterator[Goal]:
    """What was aimed at."""
    rule = accuracy(rows, GRADED, len(EIGHT))
    for system in (CREATED, EDITED):
        own = accuracy(rows, system, len(EIGHT))
        what = f"{system}: eight feelings named right by the judge"
        yield Goal(what, f"above the rule grade, {cell(rule)}", cell(own), own.value > rule.value)


def section(rows: list[Row]) -> Iterator[str]:
    """Tables."""
    count = sum(row.system == CREATED and row.of == len(EIGHT) for row in rows) // len(EIGHT)
    yield SECTION.format(count=count, half=count // 2, prompt=PROMPTS[1], five=", ".join(LABELS))
    most = [of(reader) for of in (figures.eight_ceiling, _five) for reader in (JUDGE, GUIDE)]
    lines = [["real photographs", *map(cell, most)]]
    for system in SYSTEMS:
        shares = [accuracy(rows, system, len(of), reader) for of in (EIGHT, LABELS) for reader in (JUDGE, GUIDE)]
        lines.append([system, *map(cell, shares)])
    yield from table(["", "of eight, judge", "of eight, guide", "of five, judge", "of five, guide"], lines)
    yield "\nWhat the judge sees in created pictures (rows: asked):\n"
    own = [row for row in rows if row.system == CREATED and row.of == len(EIGHT)]
    pairs = [(row.asked, row.found(JUDGE)) for row in own]
    yield from table(["asked", *EIGHT], [[a, *(str(pairs.count((a, f))) for f in EIGHT)] for a in EIGHT])
    yield "\nMean valence and arousal that the judge sees where each was asked:\n"
    lines = []
    for label in EIGHT:
        means = [
            np.mean([r.read[JUDGE].va for r in rows if (r.system, r.of, r.asked) == (s, len(EIGHT), label)], axis=0)
            for s in SYSTEMS
        ]
        lines.append([label, *(f"{number(float(v))}, {number(float(a))}" for v, a in means)])
    yield from table(["asked", *SYSTEMS], lines)
    yield ""


def _five(reader: str) -> Figure:
    held = held_out_of(CHECKPOINT[reader])
    truth, found = decided(held)
    return figure(lambda i: metrics.uar(truth[i], found[i]), held.groups)
