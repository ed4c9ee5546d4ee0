"""One place all over the plane, as `--grid va 5x5` draws it: does it rise along both axes, averaged over prompts?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.evaluation import metrics
from emogen.training.image_standing.bench import (
    CREATED,
    ENDS,
    JUDGE,
    READERS,
    SIDE,
    Bench,
    Picture,
    needs_creating,
    slug,
)
from emogen.training.image_standing.figures import AXES, Array
from emogen.training.kept import seed_of
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "grid"
PROMPTS = (
    "the sea", "a harbour", "a lake", "a forest", "a meadow", "mountains", "a city", "a street", "a country road",
    "a room with a window",
)  # fmt: skip
SECTION = """### One place all over the plane

{prompts} prompts, each as one grid of {places} x {places} pictures of {side} px from one seed (`pipe.grid`). What was perceived is
averaged over prompts; in the table also over the other axis. *Spearman*: of asked and the five means; *within*: of each row
or column of the averaged grid, averaged; *one prompt*: the same within each single grid.
"""


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """Prompt -> reader -> [rows, columns, 2], arousal upwards from the first row, valence rising."""
    here, found = bench.version(Path(__file__), CREATED), {}
    for prompt in PROMPTS[: bench.counts.grids]:
        grid = bench.kept(PART, here, partial(_grid, bench, prompt), run=run, name=slug(prompt))
        if grid is None:
            return None
        found[prompt] = grid
    return found


def _grid(bench: Bench, prompt: str) -> dict[str, Any]:
    print(f"grid: {prompt}", flush=True)
    needs_creating(bench)
    places = bench.counts.places
    sheet = bench.pipe(CREATED).grid(prompt, columns=places, rows=places, side=SIDE, seed=seed_of(PART, prompt)).image
    read = [[bench.read(tile) for tile in row] for row in tiles(sheet, places)][::-1]
    return {reader: [[cell[reader]["va"] for cell in row] for row in read] for reader in READERS}


def tiles(sheet: Picture, places: int) -> list[list[Picture]]:
    """A grid's pictures, the first row at the top."""
    step = (sheet.shape[0] - SIDE) // (places - 1)
    return [[np.ascontiguousarray(sheet[y : y + SIDE, x : x + SIDE]) for x in range(0, places * step, step)]
            for y in range(0, places * step, step)]  # fmt: skip


def averaged(found: dict[str, Any], reader: str) -> Array:
    """[rows, columns, 2] over all prompts."""
    return np.asarray(np.mean([grid[reader] for grid in found.values()], axis=0))


def along(grid: Array, axis: int) -> Array:
    """Grid [rows, columns, 2] -> perceived [others, steps]: valence along columns, arousal along rows."""
    return grid[..., 0] if axis == 0 else grid[..., 1].T


def steps(grid: Array) -> Array:
    """What was asked along an axis."""
    return np.linspace(-ENDS, ENDS, len(grid))


def rises(grid: Array, axis: int) -> float:
    """Spearman of asked and the mean over the other axis."""
    return metrics.spearman(steps(grid), along(grid, axis).mean(axis=0))


def within(grid: Array, axis: int) -> float:
    """Mean Spearman of the single rows or columns."""
    values = along(grid, axis)
    return metrics.monotonicity(np.tile(steps(grid), (len(values), 1)), values)


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    grid = averaged(found, JUDGE)
    for axis, name in enumerate(AXES):
        value = rises(grid, axis)
        yield Goal(
            f"grid: Spearman of asked and judged {name}, mean of {len(found)} prompts",
            "at least .9",
            number(value),
            value >= 0.9,
        )


def section(found: dict[str, Any]) -> Iterator[str]:
    """A table."""
    first = averaged(found, JUDGE)
    yield SECTION.format(prompts=len(found), places=len(first), side=SIDE)
    lines = []
    for reader in READERS:
        grid = averaged(found, reader)
        for axis, name in enumerate(AXES):
            single = float(np.mean([within(np.array(one[reader]), axis) for one in found.values()]))
            lines.append([f"{name}, {reader}", number(rises(grid, axis)), number(within(grid, axis)), number(single),
                          *(number(float(v)) for v in along(grid, axis).mean(axis=0))])  # fmt: skip
    yield from table(["", "Spearman", "within", "one prompt", *(f"perceived at {k:+g}" for k in steps(first))], lines)
    yield ""
