"""Commands that go by feeling: match (pictures and music), calibrate (a listener)."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from emogen.cli.options import Json


def match(
    query: Annotated[Path, typer.Argument(help="A picture, or music (.mid or sound).")],
    candidates: Annotated[
        list[Path], typer.Argument(help="Music for a picture, pictures for music; or folders of it.")
    ],
    as_json: Json = False,
) -> None:
    """Music ranked for a picture, or pictures for music: score 0..1, the best first, and why."""
    started = time.perf_counter()
    from emogen.calls import match as matched

    found = matched(query, candidates)
    for _, error in found.failed:
        print(f"emogen: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps({**found.to_dict(), "seconds": round(time.perf_counter() - started, 2)}, ensure_ascii=False))
    else:
        told = found.query.recognition
        print(f"{query}  {found.query.feeling} (confidence {told.confidence:.2f})", file=sys.stderr)
        for one in found:
            print(f"{one.score:.3f}  {one.item.file}  {one.because}")
    if found.failed:
        raise SystemExit(max(error.exit_code for _, error in found.failed))


def calibrate(
    ratings: Annotated[Path, typer.Argument(help="A .csv: file, and valence and arousal (1..9 or -1..1), or label.")],
    save: Annotated[Path, typer.Option(help="The .json to write; --listener takes it.")],
    as_json: Json = False,
) -> None:
    """A listener's ratings of music or pictures, five or more -> how that listener's feeling differs from most people's."""
    started = time.perf_counter()
    from emogen.conditioning.ratings import calibrated
    from emogen.media.atomic import check_writable

    check_writable(save, suffixes=(".json",))
    listener = calibrated(ratings)
    listener.save(save)
    if as_json:
        seconds = round(time.perf_counter() - started, 2)
        warnings = [] if listener.helps else [listener.said]
        result = {"output": str(save), "seconds": seconds, "warnings": warnings, **listener.to_dict()}
        print(json.dumps(result, ensure_ascii=False))
        return
    errors = f"error on a rating left out {listener.error:.2f}, by most people's feeling {listener.error_people:.2f}"
    print(f"{save}: {listener.said} ({listener.n} ratings; {errors})")


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (match, calibrate):
        app.command()(command)
