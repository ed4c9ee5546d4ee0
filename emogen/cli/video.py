"""The command video: a place in motion that follows a feeling over time, or a film that is to be felt otherwise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from emogen.cli.image import Adapter, Size, Way, of_backend, sides
from emogen.cli.options import (
    Backend,
    Device,
    Feel,
    Json,
    Output,
    Seed,
    check_taken,
    feeling,
    opened,
    report,
    target,
    values,
    words,
)
from emogen.errors import InputError


def video(
    output: Output,
    prompt: Annotated[str | None, typer.Argument(help="What is seen, or a .txt file; without one the feeling chooses.")] = None,
    emotion: Feel = None,
    edit: Annotated[Path | None, typer.Option(help="A film that is to be felt otherwise, instead of a prompt.")] = None,
    strength: Annotated[float | None, typer.Option(help="With --edit: how much of the finish, 0 to 2.")] = None,
    start: Annotated[Path | None, typer.Option("--from", help="A photo that is set in motion; a --backend's first picture.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long; else as long as the emotion's track, or 6.")] = None,
    fps: Annotated[float | None, typer.Option(help="Pictures a second.")] = None,
    size: Size = None,
    attributes: Annotated[str | None, typer.Option("--set", help="Attributes by hand: hour=18,fog=0.4.")] = None,
    adapter: Adapter = None,
    way: Way = None,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """A prompt -> a film of a place whose light and weather follow the feeling; --edit: a film, felt otherwise (.mp4)."""
    started, felt, path = time.perf_counter(), feeling(emotion), target(output, (".mp4",))
    asked = {
        "attributes": None if attributes is None else values(attributes), "way": way, "strength": strength, "image": start,
        "seconds": seconds, "fps": fps, **sides(size),
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    if edit is not None:
        if prompt is not None:
            raise InputError("--edit", "given with a prompt", "A film shows what it shows already.")
        pipe = opened("video_edit", backend, device)
        check_taken(pipe, given, backend)
        report(pipe(edit, felt, seed=seed, **given), path, started, as_json)
        return
    pipe = opened("video", backend, device, **of_backend(adapter, backend))
    check_taken(pipe, given, backend)
    report(pipe(None if prompt is None else words(prompt), felt, seed=seed, **given), path, started, as_json)
