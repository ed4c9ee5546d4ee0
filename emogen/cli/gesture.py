"""The command gesture: a body that moves with speech, and a movement that is to be felt otherwise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen.cli.options import Backend, Device, Feel, Json, Output, Seed, feeling, opened, report, target, words
from emogen.errors import InputError

SUFFIXES = (".bvh", ".glb", ".mp4", ".npz")
#: From this length on a body is moved while it is written, so that memory does not grow with it.
LONG_S = 90.0


def gesture(
    output: Output,
    emotion: Feel = None,
    audio: Annotated[Path | None, typer.Option(help="Speech to move with.")] = None,
    text: Annotated[str | None, typer.Option(help="What is said, or a .txt file; with --audio: what is said there.")] = None,
    motion: Annotated[Path | None, typer.Option(help="A movement (.bvh, .npz) that is to be felt otherwise, instead of speech.")] = None,
    semantic: Annotated[str, typer.Option(help='Gestures that mean something: auto, none, or "point:1.2s, count-three:2.5s".')] = "auto",
    style: Annotated[str | None, typer.Option(help="Whose way of moving: @someone.bvh.")] = None,
    seed_motion: Annotated[Path | None, typer.Option(help="A movement that is gone on from.")] = None,
    end_motion: Annotated[Path | None, typer.Option(help="A movement that is come to.")] = None,
    amount: Annotated[float, typer.Option(help="How many beats the hands make, 0 to 2; 1 as it is.")] = 1,
    strength: Annotated[float | None, typer.Option(help="How far the learnt movement leaves the draft of the rules, 0 to 1.")] = None,
    guidance_scale: Annotated[float, typer.Option(help="Pull of what is done, 0 to 20.")] = 1,
    emotion_scale: Annotated[float, typer.Option(help="Pull of the emotion, 0 to 20; 1 is what was learnt.")] = 3,
    language: str = "en",
    seconds: Annotated[float | None, typer.Option(help="How long, where it is not as long as the speech.")] = None,
    fps: float = 30,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Speech, a text or a movement -> a body's movement (.bvh, .glb with a figure, .mp4 to look at, .npz)."""
    started, felt, path = time.perf_counter(), feeling(emotion, auto=True), target(output, SUFFIXES)
    pipe = opened("gesture", backend, device)
    given: dict[str, Any] = {
        "text": words(text) if text else None, "language": language, "semantic": semantic, "style": _reference(style),
        "seed_motion": seed_motion, "amount": amount, "strength": strength, "guidance_scale": guidance_scale,
        "emotion_scale": emotion_scale, "seconds": seconds, "seed": seed,
    }  # fmt: skip
    if motion is None and end_motion is None and fps == 30 and _lasts(audio, seconds):
        out = pipe.stream(audio, felt, **given)
    else:
        out = pipe(audio, felt, motion=motion, end_motion=end_motion, fps=fps, **given)
    report(out, path, started, as_json)


def _reference(style: str | None) -> Path | None:
    """The file of `@someone.bvh`."""
    if style is None:
        return None
    if not style.startswith("@") or len(style) < 2:
        raise InputError("--style", f'"{style}"', "Accepted: @ and a movement (.bvh, .npz), such as @someone.bvh.")
    return Path(style[1:])


def _lasts(audio: Path | None, seconds: float | None) -> bool:
    if seconds is not None:
        return seconds > LONG_S
    if audio is None:
        return False
    from emogen.media.audio_stream import duration_s

    found = duration_s(audio)
    return found is None or found > LONG_S
