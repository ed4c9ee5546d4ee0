"""What varies in a set of stimuli: items, conditions, and the levels of each factor."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emogen.batch.grid import FELT
from emogen.batch.job import Job
from emogen.batch.kinds import KINDS
from emogen.batch.lists import Cell
from emogen.batch.reader import NAMED, slug
from emogen.errors import InputError


@dataclass(frozen=True)
class Design:
    """What varies in a set.

    Attributes:
        factors: Field -> its levels, in order of appearance; only fields with several.
        constants: Field -> its one level.
        item_field: The field whose levels are the items (a text, a prompt ...); "" where there is but one item.
        cells: Id of a job -> its item and condition, numbers from 0.
        conditions: What each condition is called.
    """

    factors: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    item_field: str
    cells: Mapping[str, Cell]
    conditions: tuple[str, ...]

    def item(self, name: str) -> str:
        """What the item of a job is called."""
        return f"item{self.cells[name][0] + 1:02d}"

    def condition(self, name: str) -> str:
        """What the condition of a job is called."""
        return self.conditions[self.cells[name][1]]


def design_of(jobs: Sequence[Job]) -> Design:
    """Items and conditions of jobs: their content is the item, all else that varies is the condition.

    Raises:
        InputError: No jobs, or two that differ in nothing but their id or seed.
    """
    if not jobs:
        raise InputError("stimuli", "no job", "A set needs at least one.")
    fields = sorted(dict.fromkeys(name for job in jobs for name in levels_of(job)), key=lambda name: name not in FELT)
    rows = {job.id: {name: levels_of(job).get(name, "") for name in fields} for job in jobs}
    levels = {name: tuple(dict.fromkeys(row[name] for row in rows.values())) for name in fields}
    factors = {name: found for name, found in levels.items() if len(found) > 1}
    content = next((KINDS[job.call].content for job in jobs if KINDS[job.call].content in factors), "")
    others = [name for name in factors if name != content]
    items: dict[str, int] = {}
    conditions: dict[tuple[str, ...], int] = {}
    cells: dict[str, Cell] = {}
    for name, row in rows.items():
        item = items.setdefault(row[content] if content else "", len(items))
        condition = conditions.setdefault(tuple(row[other] for other in others), len(conditions))
        cells[name] = (item, condition)
    if len(set(cells.values())) < len(cells):
        raise InputError("stimuli", "two jobs differ in nothing but id or seed", "Vary a field, or leave one out.")
    names = tuple("_".join(map(_named, values)) or "only" for values in conditions)
    return Design(factors, {n: found[0] for n, found in levels.items() if len(found) == 1}, content, cells, names)


def levels_of(job: Job) -> dict[str, str]:
    """Field -> level of a job, as it was written; of files their names."""
    asked = {"call": job.call, **{n: v for n, v in job.arguments.items() if n != "folder"}, "format": job.suffix}
    files = set(job.files)
    return {name: _written(Path(value).name if value in files else value) for name, value in asked.items()
            if not isinstance(value, (dict, list))} | {
            name: json.dumps(value, sort_keys=True) for name, value in asked.items() if isinstance(value, (dict, list))}  # fmt: skip


def _named(value: str) -> str:
    """A level as part of a condition's name."""
    return value if re.fullmatch(r"[\w.-]{1,24}", value) else slug(value) or "none"


def _written(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.partition(":")[2] if text.startswith(NAMED) else text
