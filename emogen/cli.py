"""`emogen ...`: one thin command per call.

Exit 0 done, 2 bad input, 1 anything else, 130 interrupted. With --json one JSON object goes to stdout and
nothing else; progress and messages go to stderr. Nothing heavy is imported before the arguments are checked.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen._version import __version__
from emogen.errors import EmogenError, InputError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Media that feel like something on purpose: speech, faces, gestures, music and pictures from one emotion.",
)

AUDIO = (".wav", ".flac")
TALK = (".mp4", ".csv", ".json", ".wav")
MUSIC = (".wav", ".flac", ".mid")
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


def opened(modality: str, backend: str, device: str) -> Any:
    """The pipeline behind a backend, on a device."""
    from emogen.pipelines.base import open_backend

    pipe = open_backend(modality, backend)
    if device != "cpu":
        import torch

        try:
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


@app.command()
def speak(
    text: Annotated[str, typer.Argument(help="What is said, or a .txt file.")],
    output: Output,
    emotion: Feel = None,
    voice: Voice = None,
    language: str = "en",
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Text -> speech with feeling (.wav, .flac)."""
    started, felt, path = time.perf_counter(), feeling(emotion, auto=True), target(output, AUDIO)
    pipe = opened("speech", backend, device)
    report(pipe(words(text), felt, voice=voice, language=language, seed=seed), path, started, as_json)


@app.command()
def talk(
    output: Output,
    text: Annotated[str | None, typer.Argument(help="What is said, or a .txt file.")] = None,
    emotion: Feel = None,
    portrait: Annotated[str, typer.Option(help="A photo, avatar:NAME or sample:astronaut.")] = "avatar:ava",
    audio: Annotated[Path | None, typer.Option(help="A recording to speak with, instead of text.")] = None,
    voice: Voice = None,
    fps: float = 25,
    size: int = 512,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Text or a recording -> a talking face (.mp4; .csv, .json: its curves)."""
    started, felt, path = time.perf_counter(), feeling(emotion, auto=True), target(output, TALK)
    if (text is None) == (audio is None):
        raise InputError("talk", "needs either a text or --audio", "Give one of the two.")
    pipe = opened("talking_head", backend, device)
    out = pipe(
        words(text) if text else None, felt, audio=audio, portrait=portrait, voice=voice, fps=fps, size=size, seed=seed
    )
    report(out, path, started, as_json)


@app.command()
def music(
    output: Output,
    emotion: Feel = None,
    seconds: float = 20,
    tempo: Annotated[float | None, typer.Option(help="Beats per minute.")] = None,
    key: Annotated[str | None, typer.Option(help='e.g. "D minor".')] = None,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Emotion -> a piece of music (.wav, .flac, .mid)."""
    started, felt, path = time.perf_counter(), feeling(emotion), target(output, MUSIC)
    pipe = opened("music", backend, device)
    report(pipe(None, felt, seconds=seconds, tempo_bpm=tempo, key=key, seed=seed), path, started, as_json)


@app.command()
def gesture(
    output: Output,
    emotion: Feel = None,
    audio: Annotated[Path | None, typer.Option(help="Speech to move with.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long, where there is no speech.")] = None,
    fps: float = 30,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Speech -> body motion (.bvh)."""
    started, felt, path = time.perf_counter(), feeling(emotion), target(output, (".bvh",))
    pipe = opened("gesture", backend, device)
    report(pipe(audio, felt, seconds=seconds, fps=fps, seed=seed), path, started, as_json)


@app.command()
def image(
    picture: Annotated[Path, typer.Argument(help="A photo.")],
    output: Output,
    emotion: Feel = None,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """A photo -> the same photo, felt otherwise (.png, .jpg, .webp)."""
    started, felt, path = time.perf_counter(), feeling(emotion), target(output, PICTURE)
    pipe = opened("image", backend, device)
    report(pipe(picture, felt, seed=seed), path, started, as_json)


@app.command()
def perform(
    script: Annotated[Path, typer.Argument(help="A story in Markdown.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The .mp4 to write.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print the plan as a table and render nothing.")] = False,
    seed: Seed = None,
    size: int = 512,
    fps: float = 25,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """A written story -> one performance with voices, faces, music and subtitles (.mp4, .srt)."""
    started = time.perf_counter()
    from emogen.pipelines.performance.script import read_script

    story = read_script(script)
    if plan:
        from emogen.pipelines.performance.plan import make_plan

        planned = make_plan(story, folder=script.parent)
        print(json.dumps(planned.to_dict(), ensure_ascii=False) if as_json else planned.table())
        return
    if output is None:
        raise InputError("perform", "needs -o FILE.mp4, or --plan")
    path = target(output, (".mp4",))
    out = opened("performance", backend, device)(story, folder=script.parent, seed=seed, size=size, fps=fps)
    report(out, path, started, as_json, also=[str(path.with_suffix(".srt"))])


@app.command()
def recognize(
    files: Annotated[list[str], typer.Argument(help="Words, or .txt files.")],
    backend: Backend = "embedded",
    as_json: Json = False,
) -> None:
    """Words -> the emotion in them; one line each."""
    from emogen.conditioning.text import TextRecognizer, read_text

    recogniser = TextRecognizer.load(backend)
    for given in files:
        found = recogniser.recognize(read_text(given))
        if as_json:
            print(json.dumps({"file": given, "modality": "text", **found.to_dict()}, ensure_ascii=False))
        else:
            print(f"{given}: {found.emotion.describe()} (confidence {found.confidence:.2f})")


@app.command(context_settings={"ignore_unknown_options": True})  # -joy is an emotion
def emotion(
    written: Annotated[str, typer.Argument(help="An emotion as it is written anywhere.")], as_json: Json = False
) -> None:
    """What an emotion means: terms, valence, arousal, dominance, in words."""
    felt = feeling(written)
    if as_json:
        print(json.dumps(felt.to_dict(), ensure_ascii=False))
        return
    moments = [(None, felt)] if not hasattr(felt, "keyframes") else [(k.t, k.emotion) for k in felt.keyframes]
    for t, e in moments:
        v, a, d = e.vad
        shares = ", ".join(
            f"{term} {share:.2f}" for term, share in sorted(e.weights.items(), key=lambda item: -item[1])[:6]
        )
        print(
            f"{'' if t is None else f'{t:g}s  '}{e.describe()}\n  valence {v:+.2f}, arousal {a:+.2f}, dominance {d:+.2f}; "
            f"intensity {e.intensity:.2f}; {shares}"
        )


@app.command()
def doctor(
    as_json: Json = False,
    verify: Annotated[bool, typer.Option(help="Check the hash of every checkpoint file.")] = False,
    licences: Annotated[bool, typer.Option(help="List the licence of every checkpoint.")] = False,
) -> None:
    """What is installed, which backends work, and what to install for the others."""
    from emogen.doctor import examine, say

    found = examine(verify=verify)
    print(json.dumps(found, ensure_ascii=False) if as_json else say(found, licences=licences))
    if found["problems"]:
        raise SystemExit(1)


@app.command()
def demo(host: str = "127.0.0.1", port: int = 7860) -> None:
    """The demo in the browser."""
    from emogen.demo import launch

    launch(host=host, port=port)


train_app = typer.Typer(no_args_is_help=True, help="Train a checkpoint from the data packs.")
app.add_typer(train_app, name="train")


@train_app.command("text")
def train_text(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the checkpoint.")],
    start: Annotated[
        Path | None, typer.Option(help="A folder with the sentence encoder all-MiniLM-L6-v2 to start from.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The folder of the data packs (else EMOGEN_DATA).")] = None,
    seed: int = 0,
    epochs: int = 4,
) -> None:
    """The text recogniser, from GoEmotions, EmoBank and our own sentences."""
    from emogen.training.text import train

    train(output, data_dir=data, start=start, seed=seed, epochs=epochs)


def words(given: str) -> str:
    """Words as given, or those of a .txt file."""
    if not given.endswith(".txt") or "\n" in given:
        return given
    from emogen.conditioning.text import read_text

    return read_text(given)


def _version(asked: bool) -> None:
    if asked:
        print(f"emogen {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits."""
    # Libraries that print on their own are asked to keep quiet; this is our process from here on.
    for name, value in (
        ("GLOG_minloglevel", "3"),
        ("TF_CPP_MIN_LOG_LEVEL", "3"),
        ("TRANSFORMERS_VERBOSITY", "error"),
        ("DIFFUSERS_VERBOSITY", "error"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
    ):
        os.environ.setdefault(name, value)
    try:
        code = app(args=arguments, prog_name="emogen", standalone_mode=False)
        raise SystemExit(code if isinstance(code, int) else 0)
    except EmogenError as error:
        print(f"emogen: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except (KeyboardInterrupt, typer.Abort):
        print("emogen: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except (BrokenPipeError, SystemExit):
        raise
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of click, or of the copy of click inside typer
            print(f"emogen: {error.format_message()} (emogen --help)", file=sys.stderr)
            raise SystemExit(2) from None
        if os.environ.get("EMOGEN_DEBUG"):
            traceback.print_exc()
        print(f"emogen: unexpected {type(error).__name__}: {error} (EMOGEN_DEBUG=1 shows where)", file=sys.stderr)
        raise SystemExit(1) from None
