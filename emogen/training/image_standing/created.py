"""Is what was asked of a created picture what is seen in it? 200 pictures all over the plane of valence and arousal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.evaluation import metrics
from emogen.evaluation.standing import cell, held_out_of
from emogen.training.image_standing import figures
from emogen.training.image_standing.bench import (
    CREATED,
    JUDGE,
    READERS,
    SIDE,
    Bench,
    Reading,
    needs_creating,
    reading,
    slug,
)
from emogen.training.image_standing.figures import AXES, Array
from emogen.training.kept import seed_of
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "created"
#: Eight of the twelve places; nothing in the words says how it feels there.
PROMPTS = (
    "a harbour", "a lake", "a forest", "a meadow", "mountains", "a street", "a country road", "a room with a window",
)  # fmt: skip
SECTION = """### Created: is what was asked what is seen?

{count} pictures of {side} px: {prompts} prompts ({said}), each at {places} x {places} places of the plane (valence and arousal
{plane}), each picture with a seed of its own. *Real photographs*: what people rated against what the same reader saw in
photographs of themes it had not learnt from, the most that can be expected of its reading. *Shuffled*: the commands
exchanged by chance ({shuffles} times). *SD, of asked*: how far apart what was perceived lies, over what was asked; of real
photographs 1 by the way the readers are made; over all of those the judge's arousal has an SD of {real}, {share} of what is
asked here. The guide may be used to make pictures, so that its rows are no proof.
"""
ERRORS = """
Mean absolute error on EmotiCrafter's scale, whose axes are 6 wide: ours are 2 wide, errors are multiplied by {six:g}. Its
figures are those of an independent run over 3,300 pictures on a 5 x 5 grid, read by a CLIP-type network of its own, the SD
of whose arousal was {sd}. *Always 0*: who sees nothing in any picture is that far off on our plane; on a plane out to the
ends of EmotiCrafter's scale it would be 1.80 (how far out its plane went is not known here). Compare with that:
"""


@dataclass(frozen=True)
class Row:
    """A picture: its prompt, the valence and arousal that were asked, what the readers see."""

    prompt: str
    asked: tuple[float, float]
    read: dict[str, Reading]


def measure(bench: Bench, run: bool = True) -> list[Row] | None:
    """All pictures."""
    here = bench.version(Path(__file__), CREATED)
    rows: list[Row] = []
    for prompt in PROMPTS[: bench.counts.prompts]:
        found = bench.kept(PART, here, partial(_plane, bench, prompt), run=run, name=slug(prompt))
        if found is None:
            return None
        rows += [Row(prompt, tuple(row["asked"]), reading(row["read"])) for row in found]
    return rows


def _plane(bench: Bench, prompt: str) -> list[dict[str, Any]]:
    print(f"created: {prompt}", flush=True)
    needs_creating(bench)
    rows = []
    for v in bench.plane:
        for a in bench.plane:
            picture = bench.created(prompt, f"vad({v:g},{a:g},0)", seed_of(PART, prompt, f"{v:g}/{a:g}"))
            rows.append({"asked": [v, a], "read": bench.read(picture)})
    return rows


def arrays(rows: list[Row], reader: str) -> tuple[Array, Array, list[str]]:
    """Asked [n, 2], perceived [n, 2], prompts [n]."""
    asked = np.array([row.asked for row in rows], dtype=np.float64)
    return asked, np.array([row.read[reader].va for row in rows], dtype=np.float64), [row.prompt for row in rows]


def goals(rows: list[Row]) -> Iterator[Goal]:
    """What was aimed at."""
    asked, found, prompts = arrays(rows, JUDGE)
    for axis, name in enumerate(AXES):
        said, most = (figures.spearman(asked[:, axis], found[:, axis], prompts), figures.ceiling(JUDGE, axis))
        yield Goal(f"created: Spearman of asked and judged {name}", f"the judge's own on real photographs, {cell(most)}",
                   cell(said), said.value >= most.value)  # fmt: skip
    wide = figures.spread(asked[:, 1], found[:, 1])
    yield Goal("created: SD of judged arousal over that asked", "at least .5", number(wide), wide >= 0.5)
    for axis, name in enumerate(AXES):
        error = figures.TO_SIX * metrics.mae(asked[:, axis], found[:, axis])
        yield Goal(f"created: mean error in {name}, 6-wide scale", f"EmotiCrafter's {figures.EMOTICRAFTER[axis]:.2f}",
                   number(error), error <= figures.EMOTICRAFTER[axis])  # fmt: skip


def section(rows: list[Row]) -> Iterator[str]:
    """Tables."""
    prompts = list(dict.fromkeys(row.prompt for row in rows))
    asked = sorted({row.asked[0] for row in rows})
    real = float(held_out_of(figures.CHECKPOINT[JUDGE]).vad_found[:, 1].std())
    yield SECTION.format(
        count=len(rows), side=SIDE, prompts=len(prompts), said=", ".join(prompts), places=len(asked), shuffles=figures.SHUFFLES,
        plane=", ".join(f"{v:g}" for v in asked), real=number(real), share=number(real / float(np.std(asked))),
    )  # fmt: skip
    lines = []
    for reader in READERS:
        lines.append([f"created, {reader}", *figures.axes(*arrays(rows, reader))])
        lines.append([f"real photographs, {reader}", *figures.ceilings(reader)])
    yield from table(["", *figures.AXES_HEAD], lines)
    yield ERRORS.format(six=figures.TO_SIX, sd=number(figures.EMOTICRAFTER_SD))
    yield from table(
        ["", *AXES], [*_errors(rows), ["EmotiCrafter (published)", *(f"{e:.2f}" for e in figures.EMOTICRAFTER)]]
    )
    yield "\nBy prompt, Spearman by the judge (valence, arousal):\n"
    yield from table(["", *AXES], [[prompt, *_of_prompt(rows, prompt)] for prompt in prompts])
    yield ""


def _errors(rows: list[Row]) -> Iterator[list[str]]:
    for reader in READERS:
        asked, found, _ = arrays(rows, reader)
        errors = [figures.TO_SIX * metrics.mae(asked[:, k], found[:, k]) for k in range(2)]
        yield [f"created, {reader}", *map(number, errors)]
    asked = arrays(rows, JUDGE)[0]
    yield ["always 0", *(number(figures.TO_SIX * float(np.abs(asked[:, k]).mean())) for k in range(2))]


def _of_prompt(rows: list[Row], prompt: str) -> list[str]:
    asked, found, _ = arrays([row for row in rows if row.prompt == prompt], JUDGE)
    return [number(metrics.spearman(asked[:, k], found[:, k])) for k in range(2)]
