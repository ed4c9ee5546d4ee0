"""The command batch: many jobs of a manifest or a grid, on this machine or on a cluster."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emogen.cli.options import Json
from emogen.errors import InputError

if TYPE_CHECKING:
    from emogen.batch.manifest import Manifest

SHOWN = 20  # refused lines that are listed


def batch(
    manifest: Annotated[Path | None, typer.Argument(help="Jobs, one a line: .jsonl, .csv, .tsv, or a .json list.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder for everything.")] = None,
    grid: Annotated[
        str | None, typer.Option(help='Every combination instead: "text=lines.txt emotion=joy,anger intensity=0.2:1:0.2 voice=*".')
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes on this machine (1), or jobs at once on a cluster.")] = None,
    engine: Annotated[str, typer.Option(help="local or ray.")] = "local",
    address: Annotated[str | None, typer.Option(help="Of a Ray cluster: HOST:PORT, auto or local.")] = None,
    job_limit: Annotated[float | None, typer.Option(help="Seconds that a job may take, else it failed (21600).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what the folder holds.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Check every line and do nothing.")] = False,
    seed: Annotated[int, typer.Option(help="Each job without a seed gets one of this and of its id.")] = 0,
    stimuli: Annotated[
        bool, typer.Option("--stimuli", help="Match loudness, and write stimuli.csv, its codebook and presentation lists.")
    ] = False,
    loudness: Annotated[str | None, typer.Option(help="Of stimuli: lufs:-23 (left out), rms:-26, or none.")] = None,
    as_json: Json = False,
) -> None:
    """Many jobs -> a folder; what fails is listed and stops nothing. Exit 0: all done, 1: some failed, 2: nothing to do."""
    if (output is None) != check:
        raise InputError("batch", "needs -o FOLDER or --check", "Give one of the two.")
    if address is not None and engine == "local":
        raise InputError("--address", "given for the local engine", "It goes with --engine ray.")
    from emogen.batch.entry import do_batch, read_batch

    found = read_batch(manifest, grid=grid, seed=seed, stimuli=stimuli, loudness=loudness)
    if not as_json:
        _tell(found)
    if output is None:
        _done(found.to_dict(), f"{len(found.jobs)} jobs, {len(found.refused)} refused lines", as_json)
        raise typer.Exit(0 if not found.refused else 1 if found.jobs else 2)
    limit = {} if job_limit is None else {"job_limit": job_limit}
    summary, made = do_batch(found, output, seed=seed, stimuli=stimuli, workers=workers, engine=engine, address=address,
                             resume=resume, **limit)  # fmt: skip
    told = f"{output}: {summary.done} done, {summary.failed} failed, {summary.skipped} done before ({summary.seconds:.1f} s)"
    if summary.failed:
        told += "; failures.csv says why"
    if made:
        told += f"; {made['stimuli']} stimuli, {made['flagged']} flagged, {made['lists']} lists"
    refused = [one.to_dict() for one in found.refused]
    _done({**summary.to_dict(), "refused": refused, **({"stimuli": made} if made else {})}, told, as_json)
    raise typer.Exit(1 if summary.failed else 0)


def _tell(found: Manifest) -> None:
    """The refused lines, on stderr."""
    for one in found.refused[:SHOWN]:
        named = f" ({one.id})" if one.id else ""
        print(f"{found.name} line {one.line}{named}: {one.why}", file=sys.stderr)
    if len(found.refused) > SHOWN:
        print(f"... and {len(found.refused) - SHOWN} more lines", file=sys.stderr)


def _done(result: dict[str, Any], told: str, as_json: bool) -> None:
    print(json.dumps(result, ensure_ascii=False) if as_json else told)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(batch)
