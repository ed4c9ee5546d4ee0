"""A manifest: one job a line, all of them checked before the first is begun."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emogen.batch.job import Job
from emogen.batch.reader import MOST_SEED, Reader, Refused
from emogen.batch.rows import read_rows
from emogen.errors import InputError


@dataclass(frozen=True)
class Manifest:
    """What is to be done, in order.

    Attributes:
        jobs: The lines that are jobs.
        refused: The lines that are none, and why.
        name: For reports.
    """

    jobs: tuple[Job, ...]
    refused: tuple[Refused, ...] = ()
    name: str = ""

    @classmethod
    def of(cls, found: Iterable[Job | Refused], name: str) -> Manifest:
        """Jobs and refusals, put apart."""
        both = list(found)
        return cls(
            tuple(one for one in both if isinstance(one, Job)), tuple(one for one in both if isinstance(one, Refused)), name
        )

    def to_dict(self) -> dict[str, Any]:
        """What was found, as plain JSON values."""
        calls = [job.call for job in self.jobs]
        return {
            "manifest": self.name,
            "jobs": len(self.jobs),
            "calls": {call: calls.count(call) for call in sorted(set(calls))},
            "refused": [one.to_dict() for one in self.refused],
        }


def read_manifest(path: str | Path, *, seed: int = 0) -> Manifest:
    """A manifest (.jsonl, .csv, .tsv or .json), checked: files, emotions, names, options, and what each job writes.

    Files lie in the manifest's folder and may not lie elsewhere.

    Args:
        path: The manifest.
        seed: Of the batch. A job without a seed of its own gets one of this and of its id, so that it stays the same
            where the lines change places.

    Raises:
        InputError: No such file, or nothing in it.
        FormatError: It cannot be read as a whole.
        LimitError: More jobs or bytes than `emogen.limits` allows.
    """
    check_seed(seed)
    path = Path(path)
    rows = read_rows(path)
    reader = Reader(path.parent, seed=seed)
    return Manifest.of((reader.read(row) for row in rows), path.name)


def check_seed(seed: int) -> None:
    """Refuses what is no seed.

    Raises:
        InputError: It is none.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
        raise InputError("seed", f"{seed!r:.40}", f"Accepted: a whole number from 0 to {MOST_SEED}.")
