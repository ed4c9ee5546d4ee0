"""What the commands share: options, reading an emotion, opening a backend, saying what was written."""

from __future__ import annotations

import inspect
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen.errors import InputError

SOUND = (".wav", ".flac", ".mp3", ".ogg")
SPEECH = (*SOUND, ".textgrid", ".srt", ".csv")
TALK = (".mp4", ".csv", ".json", ".glb", ".bvh", ".wav")
MUSIC = (".mid", ".musicxml", ".mxl", ".wav", ".flac")
PICTURE = (".png", ".jpg", ".jpeg", ".webp")

Feel = Annotated[
    str | None, typer.Option("--emotion", "-e", help='e.g. joy:0.8, "0s fear; 2s joy", vad(0.7,0.4,0.2), auto')
]
Seed = Annotated[
    int | None, typer.Option(help="The same seed gives the same bytes; without one it is drawn and reported.")
]
Backend = Annotated[str, typer.Option(help="embedded, a folder of a saved pipeline, or NAME:PATH_OR_ID.")]
Device = Annotated[str, typer.Option(help="Where networks run: cpu, cuda, cuda:1 ...")]
Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write; its suffix decides the format.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Rights = Annotated[
    str | None, typer.Option(help="Why this voice may be used: own, licensed or synthetic. It is kept in the sidecar.")
]
Voice = Annotated[str | None, typer.Option(help="A voice by name; an unknown one lists them all.")]


def feeling(written: str | None, auto: bool = False) -> Any:
    """The emotion on the command line, references read from wherever they lead."""
    if written is None or (auto and written.strip().lower() == "auto"):
        return written
    from emogen.conditioning.reference import FolderResolver
    from emogen.conditioning.spec import parse

    return parse(written, resolver=FolderResolver(".", escape=True))


def target(path: Path, suffixes: tuple[str, ...]) -> Path:
    """Refuses an output that could not be written, before anything is rendered."""
    from emogen.media.atomic import check_writable

    check_writable(path, suffixes=suffixes)
    return path


def opened(modality: str, backend: str, device: str, **options: Any) -> Any:
    """The pipeline behind a backend, on a device; options are those of its `from_pretrained`."""
    from emogen.pipelines.base import open_backend

    pipe = open_backend(modality, backend, **options)
    if device != "cpu":
        import torch

        try:
            torch.zeros(1, device=device)  # pipelines of pipelines move nothing, and would not say that there is no such device
            pipe.to(torch.device(device))
        except (RuntimeError, AssertionError) as error:
            raise InputError(
                "--device", f'"{device}" cannot be used here', "Accepted: cpu, or cuda where there is one."
            ) from error
    return pipe


def report(out: Any, path: Path, started: float, as_json: bool, **more: Any) -> None:
    """Saves an output and says what was written."""
    path = out.save(path)
    from emogen.media.sidecar import sidecar_path

    seconds = round(time.perf_counter() - started, 2)
    result = {
        "output": str(path),
        "sidecar": str(sidecar_path(path)),
        "seconds": seconds,
        "seed": out.seed,
        "warnings": out.warnings,
        **out.facts(),
        **more,
    }
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    for warning in out.warnings:
        print(f"note: {warning}", file=sys.stderr)
    extra = "".join(f", {p}" for p in more.get("also", []))
    print(f"{path}{extra} ({seconds} s, seed {out.seed}); details in {result['sidecar']}")


def words(given: str) -> str:
    """Words as given, or those of a .txt file."""
    if not given.endswith(".txt") or "\n" in given:
        return given
    from emogen.conditioning.text import read_text

    return read_text(given)


#: Names of arguments whose option has another name.
OPTION = {"tempo_bpm": "--tempo", "attributes": "--set", "picture": "--for", "image": "--from"}


def check_taken(pipe: Any, given: Iterable[str], backend: str) -> None:
    """Refuses an option that a backend's pipeline does not have."""
    takes = inspect.signature(pipe.__call__).parameters
    for name in given:
        if name not in takes:
            option = OPTION.get(name, f"--{name.replace('_', '-')}")
            raise InputError(option, f'the backend "{backend}" does not take it', "Leave it out, or use another backend.")


def values(written: str) -> dict[str, float]:
    """`density=2,loudness=90` -> name -> value.

    Raises:
        InputError: It is written otherwise.
    """
    found: dict[str, float] = {}
    for part in written.split(","):
        name, equals, value = part.partition("=")
        try:
            if not equals or name.strip() in found:
                raise ValueError
            found[name.strip()] = float(value)
        except ValueError:
            raise InputError("--set", f'"{part.strip()}"', "Accepted: names and values, such as density=2,loudness=90.") from None
    return found
