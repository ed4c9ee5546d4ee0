"""The command talk: a face that says a text or a recording, and a video whose face is to feel otherwise."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen.cli.options import (
    TALK,
    Backend,
    Device,
    Feel,
    Json,
    Output,
    Rights,
    Seed,
    Voice,
    feeling,
    opened,
    report,
    target,
    words,
)
from emogen.errors import InputError

KNOB = "0 to 2; 1 as it is."
#: From this length on a recording's face is made while it is written, so that memory does not grow with it.
LONG_S = 90.0


def talk(
    output: Output,
    text: Annotated[str | None, typer.Argument(help="What is said, or a .txt file; with --audio: what is said there.")] = None,
    emotion: Feel = None,
    portrait: Annotated[str, typer.Option(help="A photo, avatar:NAME or sample:astronaut.")] = "avatar:ava",
    face: Annotated[int | None, typer.Option(help="Which of several faces, from the left from 0; else the largest.")] = None,
    audio: Annotated[Path | None, typer.Option(help="A recording to speak with.")] = None,
    video: Annotated[Path | None, typer.Option(help="A video whose face is to feel otherwise, instead of a portrait.")] = None,
    style: Annotated[str | None, typer.Option(help="Whose liveliness: @acted.mp4, or curves (.csv).")] = None,
    voice: Voice = None,
    fps: Annotated[float | None, typer.Option(help="Pictures a second; else 25, or what a backend's model was made for.")] = None,
    size: int = 512,
    mouth: Annotated[float, typer.Option(help=f"How wide speech opens the mouth, {KNOB}")] = 1,
    brows: Annotated[float, typer.Option(help=f"How much brows and lids do, {KNOB}")] = 1,
    head: Annotated[float, typer.Option(help=f"How much the head moves, {KNOB}")] = 1,
    blink: Annotated[float, typer.Option(help=f"How often the eyes blink, {KNOB}")] = 1,
    gaze: Annotated[float, typer.Option(help=f"How far the eyes wander, {KNOB}")] = 1,
    units: Annotated[Path | None, typer.Option(help="Action units of your own: a JSON file, or an edited sidecar.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Tell which action units show the emotion, and where.")] = False,
    rights: Rights = None,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Text or a recording -> a talking face (.mp4; .csv, .json, .glb: its curves; .bvh: its head). --video: edit one."""
    started, felt = time.perf_counter(), feeling(emotion, auto=True)
    if video is not None:
        path = target(output, (".mp4", ".csv"))
        if style is not None or portrait != "avatar:ava":
            raise InputError("--video", "given with --portrait or --style", "A video has its own face and way of moving.")
        said: Any = audio
        if text is not None:
            said = opened("speech", "embedded", device)(words(text), felt, voice=voice, seed=seed)
        pipe = opened("face_edit", backend, device)
        out = pipe(video, felt, face=face, audio=said, rights=rights, brows=brows, mouth=mouth, units=units, seed=seed)
    else:
        path = target(output, TALK)
        if text is None and audio is None:
            raise InputError("talk", "needs a text, --audio, or --video", "Give one of them.")
        pipe = opened("talking_head", backend, device)
        given = {"portrait": portrait, "face": face, "style": style, "size": size, "mouth": mouth, "brows": brows,
                 "head": head, "blink": blink, "gaze": gaze, "units": units, "seed": seed,
                 **({} if fps is None else {"fps": fps})}  # fmt: skip
        if audio is not None and text is None and _lasts(audio) and hasattr(pipe, "stream"):
            out = pipe.stream(audio, felt, **given)
        else:
            out = pipe(words(text) if text else None, felt, audio=audio, voice=voice, **given)
    if explain:
        from emogen.pipelines.talking_head.explain import told

        print("\n".join(told(out.made.facts["explained"])), file=sys.stderr)
    report(out, path, started, as_json)


def _lasts(audio: Path) -> bool:
    from emogen.media.audio_stream import duration_s

    seconds = duration_s(audio)
    return seconds is None or seconds > LONG_S
