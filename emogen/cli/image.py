"""The command image: a picture of a prompt that is felt, a photo felt otherwise, or one place all over the plane."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen.cli.options import (
    PICTURE,
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

Size = Annotated[str | None, typer.Option(help="Width x height in pixels, e.g. 1024x576.")]
Adapter = Annotated[Path | None, typer.Option(help="A folder of `emogen train image-adapter`, for --backend.")]
Way = Annotated[str | None, typer.Option(help="How a --backend is told the feeling: adapter, directions or phrases.")]


def image(
    output: Output,
    prompt: Annotated[str | None, typer.Argument(help="What is seen, or a .txt file; without one the feeling chooses.")] = None,
    emotion: Feel = None,
    edit: Annotated[Path | None, typer.Option(help="A photo that is to be felt otherwise, instead of a prompt.")] = None,
    strength: Annotated[float | None, typer.Option(help="With --edit: how much of the finish, 0 to 2.")] = None,
    grid: Annotated[tuple[str, str] | None, typer.Option(help="One place all over a plane: va 5x5.")] = None,
    size: Size = None,
    attributes: Annotated[str | None, typer.Option("--set", help="Attributes by hand: hour=18,fog=0.4.")] = None,
    adapter: Adapter = None,
    way: Way = None,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """A prompt -> a picture that evokes a feeling; --edit: a photo, felt otherwise (.png, .jpg, .webp)."""
    started, felt, path = time.perf_counter(), feeling(emotion), target(output, PICTURE)
    asked = {"attributes": None if attributes is None else values(attributes), "way": way, "strength": strength, **sides(size)}
    given = {name: value for name, value in asked.items() if value is not None}
    if edit is not None:
        if prompt is not None or grid is not None:
            raise InputError("--edit", "given with a prompt or --grid", "A photo shows what it shows already.")
        pipe = opened("image_edit", backend, device)
        check_taken(pipe, given, backend)
        report(pipe(edit, felt, seed=seed, **given), path, started, as_json)
        return
    said = None if prompt is None else words(prompt)
    pipe = opened("image", backend, device, **of_backend(adapter, backend))
    if grid is not None:
        if felt is not None or not hasattr(pipe, "grid"):
            raise InputError("--grid", "given with --emotion, or with a --backend", "The grid's feelings are those of the plane.")
        report(pipe.grid(said, **_plane(grid), seed=seed, **_of_grid(given)), path, started, as_json)
        return
    check_taken(pipe, given, backend)
    report(pipe(said, felt, seed=seed, **given), path, started, as_json)


def of_backend(adapter: Path | None, backend: str) -> dict[str, Path]:
    """The options with which a heavy pipeline is opened."""
    if adapter is None:
        return {}
    if ":" not in backend:
        raise InputError("--adapter", f'the backend "{backend}" takes none', "Accepted with a text-to-image or text-to-video model.")
    return {"adapter": adapter}


def sides(size: str | None) -> dict[str, int]:
    """`1024x576` -> width and height."""
    if size is None:
        return {}
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size.strip().lower())
    if not found:
        raise InputError("--size", f'"{size}"', "Accepted: WIDTHxHEIGHT, such as 1024x576.")
    return {"width": int(found[1]), "height": int(found[2])}


def _plane(grid: tuple[str, str]) -> dict[str, int]:
    found = re.fullmatch(r"(\d)x(\d)", grid[1].strip().lower())
    if grid[0] != "va" or not found:
        raise InputError("--grid", " ".join(grid), "Accepted: va COLUMNSxROWS, such as va 5x5.")
    return {"columns": int(found[1]), "rows": int(found[2])}


def _of_grid(given: dict[str, Any]) -> dict[str, Any]:
    """The options that a grid takes: attributes, and the side of each picture."""
    rest = dict(given)
    width, height = rest.pop("width", None), rest.pop("height", None)
    if width != height or set(rest) - {"attributes"}:
        raise InputError("--grid", f"given with {', '.join(given)}", "Accepted with it: --set, and a square --size of each picture.")
    return rest if width is None else {**rest, "side": width}
