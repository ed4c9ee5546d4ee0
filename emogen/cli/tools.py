"""Commands about emogen itself: emotion, doctor, demo, train."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from emogen.cli.options import Json, feeling


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


def demo(host: str = "127.0.0.1", port: int = 7860) -> None:
    """The demo in the browser."""
    from emogen.demo import launch

    launch(host=host, port=port)


Out = Annotated[Path, typer.Option("--output", "-o", help="The folder of the checkpoint.")]
Data = Annotated[Path | None, typer.Option(help="The folder of the data packs (else EMOGEN_DATA).")]
Start = Annotated[Path, typer.Option(help="Weights of the network it starts from.")]
train_app = typer.Typer(no_args_is_help=True, help="Train a checkpoint from the data packs.")


@train_app.command("text")
def train_text(
    output: Out,
    start: Annotated[
        Path | None, typer.Option(help="A folder with the sentence encoder all-MiniLM-L6-v2 to start from.")
    ] = None,
    data: Data = None,
    seed: int = 0,
    epochs: int = 4,
) -> None:
    """The guide of texts, from GoEmotions, EmoBank and our own sentences."""
    from emogen.training.text import train

    train(output, data_dir=data, start=start, seed=seed, epochs=epochs)


@train_app.command("judge_text")
def train_judge_text(output: Out, data: Data = None, seed: int = 0) -> None:
    """The judge of texts, from MELD and Warriner's rated words."""
    import_module("emogen.training.judge_text").train(output, data_dir=data, seed=seed)


@train_app.command("speech")
def train_speech(output: Out, start: Start, data: Data = None, seed: int = 0) -> None:
    """The guide of voices, from EmoDB, nEMO and TESS; starts from the encoder of Moonshine tiny (.safetensors)."""
    import_module("emogen.training.speech").train("guide", output, start=start, data_dir=data, seed=seed)


@train_app.command("judge_speech")
def train_judge_speech(output: Out, start: Start, data: Data = None, seed: int = 0) -> None:
    """The judge of voices, from RAVDESS; starts from the encoder of Resemblyzer (.pt)."""
    import_module("emogen.training.speech").train("judge", output, start=start, data_dir=data, seed=seed)


@train_app.command("conversion")
def train_conversion(
    output: Out,
    only_open: Annotated[bool, typer.Option("--open", help="From openly licensed data alone (EmoDB).")] = False,
    data: Data = None,
    steps: int = 2400,
    seed: int = 0,
) -> None:
    """What feelings change in a voice, from takes of the same words in EmoDB, nEMO and TESS."""
    import_module("emogen.training.conversion_publish").finish(output, data, only_open, steps, seed)


@train_app.command("voices")
def train_voices(
    output: Out,
    features: Annotated[Path, typer.Option(help="What the teachers said, taken apart; made there if it is missing.")],
    data: Data = None,
    steps: int = 3600,
    seed: int = 0,
) -> None:
    """The embedded voices, from what flite and festival read (only needed for this)."""
    import_module("emogen.training.voices").train(output, features=features, data_dir=data, steps=steps, seed=seed)


@train_app.command("face")
def train_face(output: Out, data: Data = None, seed: int = 0) -> None:
    """The guide of faces, from PEDFE's measured movement."""
    import_module("emogen.training.face").train(output, data_dir=data, seed=seed)


@train_app.command("restyle")
def train_restyle(output: Out, data: Data = None) -> None:
    """What a feeling does to the manner of a movement, from pairs of neutral and felt clips."""
    import_module("emogen.training.restyle").finish(output, data)


@train_app.command("gesture")
def train_gesture(output: Out, data: Data = None, steps: int = 2400, seed: int = 0) -> None:
    """How bodies move when they feel: an autoencoder of movement and the diffusion over its latents."""
    import_module("emogen.training.gesture").finish(output, data, steps, seed)


@train_app.command("face_motion")
def train_face_motion(output: Out, data: Data = None, steps: int = 2400, seed: int = 0) -> None:
    """How faces move with a feeling, from PEDFE's measured movement on ICT FaceKit's shapes."""
    import_module("emogen.training.face_motion").finish(output, data, steps, seed)


@train_app.command("judge_face")
def train_judge_face(output: Out, start: Start, data: Data = None, seed: int = 0) -> None:
    """The judge of faces, from FER+; starts from EfficientNet-Lite0 (.pth)."""
    import_module("emogen.training.judge_face").train_judge(output, start=start, data_dir=data, seed=seed)


@train_app.command("image")
def train_image(output: Out, start: Start, data: Data = None) -> None:
    """The guide of pictures, from one half of OASIS; starts from EfficientNet-Lite0 (.pth)."""
    import_module("emogen.training.image").train("guide", output, start=start, data_dir=data)


@train_app.command("scene")
def train_scene(
    output: Out,
    readings: Annotated[Path, typer.Option(help="What the guide says of drawn scenes (.npz); made there if it is missing.")],
    steps: int = 7_000,
    seed: int = 0,
) -> None:
    """The diffusion over scenes, from random scenes and what they evoke."""
    import_module("emogen.training.scenes").finish(output, readings, steps, seed)


@train_app.command("look")
def train_look(output: Out, data: Data = None) -> None:
    """What a feeling does to the finish of a photo, from OASIS and people's colour associations."""
    import_module("emogen.training.look").train(output, data)


@train_app.command("image-adapter")
def train_image_adapter(
    output: Out,
    pipeline: Annotated[str, typer.Option(help="Folder or hub id of a text-to-image or -video model of diffusers.")],
    data: Annotated[Path, typer.Option(help="CSV: caption, valence, arousal [, dominance] [, neutral].")],
    scale: Annotated[str | None, typer.Option(help="Lowest and highest rating, e.g. --scale=-3:3; else as the header says.")] = None,
    steps: int = 4_000,
    batch_size: int = 64,
    accumulate: int = 1,
    learning_rate: float = 3e-4,
    precision: Annotated[str | None, typer.Option(help="no or bf16; else bf16 on CUDA.")] = None,
    seed: int = 0,
) -> None:
    """An adapter that puts an emotion into the prompt of a frozen model; several GPUs: accelerate launch -m emogen train ..."""
    import_module("emogen.training.image_adapter").train(
        pipeline, data, output, scale=scale, steps=steps, batch_size=batch_size, accumulate=accumulate,
        learning_rate=learning_rate, precision=precision, seed=seed,
    )  # fmt: skip


@train_app.command("judge_image")
def train_judge_image(output: Out, start: Start, data: Data = None) -> None:
    """The judge of pictures, from the other half of OASIS; starts from EfficientNet-Lite2 (.pth)."""
    import_module("emogen.training.image").train("judge", output, start=start, data_dir=data)


@train_app.command("music")
def train_music(output: Out, data: Data = None, seed: int = 0) -> None:
    """The guide of music, from one half of EMOPIA."""
    import_module("emogen.training.music").train("guide", output, data_dir=data, seed=seed)


@train_app.command("music_attributes")
def train_music_attributes(output: Out, data: Data = None) -> None:
    """What a feeling does to the attributes of music, from one half of EMOPIA."""
    import_module("emogen.training.music_attributes").train(output, data)


@train_app.command("composer")
def train_composer(output: Out, data: Data = None, steps: int = 6000, seed: int = 0) -> None:
    """The composer: melody, harmony and accompaniment by diffusion, from POP909."""
    import_module("emogen.training.composer").finish(output, data, steps, seed)


@train_app.command("judge_music")
def train_judge_music(output: Out, data: Data = None, seed: int = 0) -> None:
    """The judge of music, from the other half of EMOPIA."""
    import_module("emogen.training.music").train("judge", output, data_dir=data, seed=seed)


@train_app.command("motion")
def train_motion(output: Out, data: Data = None, seed: int = 0) -> None:
    """The guide of body movement, from one half of Bandai Namco's motions."""
    import_module("emogen.training.motion").train("guide", output, data_dir=data, seed=seed)


@train_app.command("judge_motion")
def train_judge_motion(output: Out, data: Data = None, seed: int = 0) -> None:
    """The judge of body movement, from the other half of Bandai Namco's motions."""
    import_module("emogen.training.motion").train("judge", output, data_dir=data, seed=seed)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command(context_settings={"ignore_unknown_options": True})(emotion)  # -joy is an emotion
    for command in (doctor, demo):
        app.command()(command)
    app.add_typer(train_app, name="train")
