"""The whole training of the conversion, and the checkpoint it leaves: a saved pipeline with its card."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emogen.checkpoints import write_sums
from emogen.codecs.voice_change import WIDTH, ChangeCodec
from emogen.conditioning.audio import SpeechRecognizer
from emogen.conditioning.directional import Directions
from emogen.diffusing import FlowMatchEulerDiscreteScheduler
from emogen.media.atomic import atomic_path
from emogen.pipelines.speech.conversion import VoiceConversionPipeline
from emogen.pipelines.speech.prosody import ProsodyRules
from emogen.training import directions
from emogen.training.conversion import HELD_OUT, OPEN, RESEARCH, learn
from emogen.training.conversion_data import read_pairs

#: Of the card.
SECOND = """. A second guide, the recogniser of speech
that ships, was asked afterwards (`emogen.training.directions.kept`): where it hears the feeling less for a direction,
that is left out. It has learnt from the same packs, some of these takes among them"""


def assembled(model: nn.ModuleDict, scale: NDArray[np.float32]) -> VoiceConversionPipeline:
    """A pipeline around trained networks, its directions still 0."""
    codec = ChangeCodec()
    codec.std.copy_(torch.from_numpy(scale))
    return VoiceConversionPipeline(
        model["denoiser"], model["emotion_encoder"], FlowMatchEulerDiscreteScheduler(), codec, ProsodyRules(), Directions(WIDTH)
    )


def finish(out: Path, data_dir: Path | None, only_open: bool, steps: int, seed: int) -> Path:
    """Trains, fits the directions, and writes the checkpoint into `out`."""
    corpora = OPEN if only_open else RESEARCH
    run = out.with_name(out.name + "-run")
    pairs = read_pairs(corpora, run / "pairs", data_dir)
    model, scale, result = learn(pairs, run / "curve", steps, seed, report=lambda row: print(row, flush=True))
    pipe = assembled(model.eval(), scale)
    pipe.set_progress_bar_config(disable=True)
    clips = directions.neutral_and_felt(corpora, HELD_OUT, data_dir)
    learnt = [p for p in pairs if p.speaker not in HELD_OUT]
    lines: list[str] = []

    def told(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    # The recogniser of speech learnt from packs that the open checkpoint has nothing to do with.
    second = None if only_open else SpeechRecognizer.load("embedded")
    pipe.directions.steps.fill_(torch.finfo(torch.float32).tiny)  # each feeling counts as one that has a direction
    pipe.directions.steps.copy_(torch.from_numpy(directions.fit(pipe, clips, learnt, seed, told, second)))
    for network in (pipe.denoiser, pipe.emotion_encoder):
        network.half()
    pipe.save_pretrained(str(out), safe_serialization=True)
    shutil.copyfile(run / "curve" / "curve.csv", out / "curve.csv")
    with (out / "curve.csv").open(encoding="utf-8", newline="") as stream:
        first = next(csv.DictReader(stream))
    card = _card(only_open, steps, seed, result.best, result.best_step, result.elapsed_s, float(first["validation"]), lines,
                 sum(p.numel() for p in model.parameters()), len(learnt))
    with atomic_path(out / "README.md") as part:
        part.write_text(card, encoding="utf-8")
    write_sums(out)
    return out


def _card(only_open: bool, steps: int, seed: int, best: float, best_step: int, elapsed_s: float, first: float,
          lines: list[str], numbers: int, pairs: int) -> str:
    data = "EmoDB (CC0; Burkhardt et al. 2005), 6 speakers"
    if not only_open:
        data += "; nEMO (CC BY-NC-SA 4.0; Christop 2024), 5 speakers; TESS, one speaker (CC BY-NC-ND 4.0)"
    directed = "\n".join(f"- {line}" for line in lines)
    flag = " --open" if only_open else ""
    return f"""---
license: {"cc0-1.0" if only_open else "cc-by-nc-sa-4.0"}
checkpoint_kind: {"open" if only_open else "research"}
library_name: emogen
---
# conversion: a voice + an emotion -> the same words, felt otherwise

A diffusion over slow curves of a voice (pitch, level, rate, noise, roughness and ten cosines of its colour, 50 times a
second), {numbers / 1e6:.2f} M numbers, and a direction for each basic emotion.

## Data
{data}: {pairs:,} pairs of takes of the same words by the same speaker, aligned in time. Held out, for the figures:
a man and a woman of EmoDB (11, 14){"" if only_open else " and of nEMO (KS0, IC0)"}.

## Training
`python -m emogen.training.conversion --out FOLDER{flag} --steps {steps} --seed {seed}`: {elapsed_s / 60:.0f} minutes on
one core of a CPU. Loss of the flow on the held-out speakers: {first:.3f} after 200 steps, {best:.3f} at its best, after
{best_step:,}; the curve is in `curve.csv`. Then the directions, sought against a guide that learnt from the same packs
(its mean chance for the wanted feeling, on neutral takes of the training's speakers){"" if only_open else SECOND}:

{directed}

## Figures
In `docs/speech.md`, heard by a judge that learnt from other people.

## Limits
Acted speech: what it learnt is how actors show a feeling, in German{"" if only_open else ", Polish and English"}. Half of
each change, and all of how loud a feeling is and of its manner (ranges of pitch and level, formants, tremor), comes from
published rules of prosody: the recordings were levelled, and these actors are few. Of the colour beyond its tilt, of which
the rules say nothing, all is drawn where a feeling has no direction. Of the directions above half of the pitch is used, and
nothing of formants and roughness (docs/speech.md). It was made for adult speech.
"""
