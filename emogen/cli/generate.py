"""Commands that make media: speak and convert; the others stand in files of their own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from emogen.cli.dialogue import holds_dialogue, speak_dialogue
from emogen.cli.gesture import gesture
from emogen.cli.image import image
from emogen.cli.music import music
from emogen.cli.options import (
    SOUND,
    SPEECH,
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
from emogen.cli.perform import perform
from emogen.cli.talk import talk
from emogen.cli.video import video
from emogen.errors import InputError


def speak(
    text: Annotated[str, typer.Argument(help="What is said, or a .txt file; a dialogue has NAME: words on its lines.")],
    output: Output,
    emotion: Feel = None,
    voice: Voice = None,
    language: str = "en",
    cast: Annotated[Path | None, typer.Option(help="YAML: who speaks in a dialogue, with which voice and temper.")] = None,
    stems: Annotated[Path | None, typer.Option(help="A folder for one file per speaker of a dialogue.")] = None,
    nonverbal: Annotated[bool, typer.Option(help="Breaths, sighs and laughs where the emotion asks for them.")] = True,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Text or a dialogue -> speech with feeling (.wav, .flac, .mp3, .ogg; .TextGrid, .srt, .csv: its times and curves)."""
    started, felt = time.perf_counter(), feeling(emotion, auto=True)
    if cast is not None or holds_dialogue(text):
        if voice is not None:
            raise InputError("--voice", "given for a dialogue", "Voices of a dialogue stand in --cast.")
        speak_dialogue(text, output, felt, cast=cast, stems=stems, language=language, seed=seed, backend=backend,
                       device=device, as_json=as_json)  # fmt: skip
        return
    if stems is not None:
        raise InputError("--stems", "given, but the text is no dialogue", "Accepted: a .txt file of lines such as `MARA: We won.`")
    path = target(output, SPEECH)
    pipe = opened("speech", backend, device)
    report(pipe(words(text), felt, voice=voice, language=language, nonverbal=nonverbal, seed=seed), path, started, as_json)


def convert(
    audio: Annotated[Path, typer.Argument(help="A recording of a voice.")],
    output: Output,
    emotion: Feel = None,
    rights: Rights = None,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """A recording -> the same words by the same voice with another feeling (.wav, .flac, .mp3, .ogg; .csv: its curves)."""
    started, felt, path = time.perf_counter(), feeling(emotion), target(output, (*SOUND, ".csv"))
    pipe = opened("conversion", backend, device)
    make = pipe if path.suffix.lower() == ".csv" else pipe.stream
    report(make(audio, felt, rights=rights, seed=seed), path, started, as_json)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (speak, convert, talk, music, gesture, image, video, perform):
        app.command()(command)
