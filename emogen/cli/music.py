"""The command music: a piece for an emotion, for a picture, or out of another piece."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen.cli.options import (
    MUSIC,
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
)
from emogen.errors import InputError


def music(
    output: Output,
    more: Annotated[list[Path] | None, typer.Argument(help="Further files of the same piece, such as score.wav.")] = None,
    emotion: Feel = None,
    prompt: Annotated[str | None, typer.Option(help="What it is like, in words; a model's prompt with --backend.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long; else 20, or as long as the tune of --like.")] = None,
    tempo: Annotated[float | None, typer.Option(help="Beats per minute.")] = None,
    key: Annotated[str | None, typer.Option(help='e.g. "D minor".')] = None,
    instruments: Annotated[str | None, typer.Option(help="Who plays: strings,piano.")] = None,
    faders: Annotated[str | None, typer.Option("--set", help="Attributes by hand: density=2,loudness=90.")] = None,
    like: Annotated[Path | None, typer.Option(help="A tune (.mid) that is to be felt otherwise.")] = None,
    picture: Annotated[Path | None, typer.Option("--for", help="A picture that it is for: its feeling, where no emotion is given.")] = None,
    listener: Annotated[Path | None, typer.Option(help="Whose feeling counts: a file of `emogen calibrate`.")] = None,
    stems: Annotated[Path | None, typer.Option(help="A folder for one sound file per part.")] = None,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Emotion -> a piece of music (.mid, .musicxml, .mxl, .wav, .flac)."""
    started, felt, path = time.perf_counter(), feeling(emotion), target(output, MUSIC)
    also = [target(other, MUSIC) for other in more or ()]
    pipe = opened("music", backend, device)
    asked: dict[str, Any] = {
        "seconds": seconds, "tempo_bpm": tempo, "key": key, "instruments": instruments, "like": like, "picture": picture,
        "attributes": None if faders is None else values(faders), "listener": listener,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    check_taken(pipe, given, backend)
    out = pipe(prompt, felt, seed=seed, **given)
    for other in also:
        out.save(other)
    if stems is not None:
        if not hasattr(out, "save_stems"):
            raise InputError("--stems", f"the backend {backend} plays no parts", "Leave it out.")
        also += out.save_stems(stems)
    report(out, path, started, as_json, **({"also": [str(p) for p in also]} if also else {}))
