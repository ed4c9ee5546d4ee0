"""A batch from what was asked to what came of it: read and checked, done, and made a set of stimuli where that is wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emogen.batch.grid import read_grid
from emogen.batch.level import SOUNDING, parse_level
from emogen.batch.manifest import Manifest, read_manifest
from emogen.errors import InputError

if TYPE_CHECKING:
    from emogen.batch.run import Summary

LEVEL = "lufs:-23"


def read_batch(manifest: str | Path | None = None, *, grid: str | None = None, seed: int = 0, stimuli: bool = False,
               loudness: str | None = None) -> Manifest:  # fmt: skip
    """What is to be done, checked whole.

    Args:
        manifest: A file (.jsonl, .csv, .tsv, .json), or
        grid: factors, as `emogen.batch.grid` has them; their files are looked for from the current folder.
        seed: Of the batch.
        stimuli: Whether it is to be a set of stimuli.
        loudness: Of stimuli: lufs:-23 (left out), rms:-26, or none.

    Raises:
        EmogenError: It cannot be read, no line of it is a job, or its jobs are no set of stimuli.
    """
    if (manifest is None) == (grid is None):
        raise InputError("batch", "needs a manifest or a grid", "Give one of the two.")
    if loudness is not None and not stimuli:
        raise InputError("loudness", "given for no set of stimuli", "It goes with stimuli.")
    level = parse_level(loudness or LEVEL) if stimuli else None
    found = read_grid(grid, seed=seed) if grid is not None else read_manifest(Path(manifest or ""), seed=seed)
    if level is not None:
        jobs = (replace(job, level=str(level)) if job.suffix in SOUNDING else job for job in found.jobs)
        found = replace(found, jobs=tuple(jobs))
    if stimuli and found.jobs:
        from emogen.batch.design import design_of

        design_of(found.jobs)
    return found


def do_batch(found: Manifest, out: str | Path, *, seed: int = 0, stimuli: bool = False,
             **options: Any) -> tuple[Summary, dict[str, Any]]:  # fmt: skip
    """Does what `read_batch` gave.

    Args:
        found: The manifest.
        out: The folder for everything.
        seed: Of the presentation lists of stimuli.
        stimuli: Writes the table of a set of stimuli, too.
        options: As in `emogen.batch.run.run`.

    Returns:
        How it ended, and what `write_stimuli` says ({} where it was not asked for).

    Raises:
        InputError: No line is a job; or as `run`.
    """
    from emogen.batch.run import run

    if not found.jobs:
        first = found.refused[0]
        raise InputError(found.name, f"none of {len(found.refused)} lines is a job; line {first.line}: {first.why}")
    summary = run(found.jobs, out, refused=found.refused, **options)
    if not stimuli:
        return summary, {}
    from emogen.batch.stimuli import write_stimuli

    return summary, write_stimuli(found.jobs, out, seed=seed)
