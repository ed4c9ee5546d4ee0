"""Trains the diffusion of movement: `python -m emogen.training.gesture --out FOLDER`."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from emogen.checkpoints import write_sums
from emogen.codecs.body_features import FPS
from emogen.media.atomic import atomic_path
from emogen.pipelines.gesture.learnt import LearntBody
from emogen.training.gesture_data import Take, groups_of, recorded
from emogen.training.gesture_learning import coded, learn, learn_codec
from emogen.training.gesture_made import SECONDS, made
from emogen.training.loop import TrainResult
from emogen.training.motion import LABELS, STYLES

TAKES, CODEC_STEPS, STEPS = 280, 1000, 2400


def feeling(take: Take) -> str | None:
    """The label of what is felt in a take: a style's term, or what was asked for; None where nobody said."""
    return STYLES.get(take.style.split(".")[-1]) if take.kind == "recorded" else take.group


def finish(out: Path, data_dir: Path | None = None, steps: int = STEPS, seed: int = 0) -> Path:
    """Trains and writes the checkpoint into `out`; figures come from `emogen.training.gesture_standing`."""
    takes = [*recorded("maker", data_dir), *made(TAKES, seed)]
    torch.manual_seed(seed)
    model = LearntBody(labels=LABELS)
    run = out.with_name(out.name + "-run")
    codec = learn_codec(takes, model.autoencoder, run / "codec", min(CODEC_STEPS, steps), seed, report)
    model.eval()
    learnt = learn(coded(takes, model, feeling), model, run / "denoiser", steps, seed, report)
    model.half().save_pretrained(str(out), safe_serialization=True)
    for name in ("codec", "denoiser"):
        with atomic_path(out / f"curve_{name}.csv") as part:
            shutil.copyfile(run / name / "curve.csv", part)
    with atomic_path(out / "README.md") as part:
        part.write_text(_card(takes, model, codec, learnt, steps, seed), encoding="utf-8")
    write_sums(out)
    return out


def report(row: dict[str, float]) -> None:
    """Says how it goes."""
    print({name: round(value, 4) for name, value in row.items()}, flush=True)


def _card(takes: Sequence[Take], model: LearntBody, codec: TrainResult, learnt: TrainResult, steps: int, seed: int) -> str:
    clips = [t for t in takes if t.kind == "recorded"]
    minutes = sum(len(t.frames) for t in clips) / FPS / 60 / 2
    own = len(takes) - len(clips)
    numbers = sum(p.numel() for p in model.parameters()) / 1e6
    return f"""---
license: cc-by-nc-4.0
checkpoint_kind: research
library_name: emogen
---
# gesture: a draft, an emotion over time, a style -> how a body moves

An autoencoder of movement (22 joints at 30 frames a second to {model.config.latent} numbers at 7.5 a second) and a
diffusion over its latents, {numbers:.2f} M numbers together. It is given what is done (where the body goes, which foot
stands, when and where hands come to the apex of a movement, how the voice sounds) and how it is felt.

## Data
- {len(clips) // 2} clips ({minutes:.0f} minutes) of the Bandai Namco Research Motion Dataset (Kobayashi et al. 2023,
  CC BY-NC 4.0), each with its mirror image: the maker's half of the contents ({", ".join(groups_of(clips))}). The label
  of a clip is the style that its actor was asked for; styles that are no feeling teach movement, not emotion. Nobody
  speaks in them.
- {own} takes of {SECONDS:g} s that emogen made itself: speeches that nobody said, performed by the rules of its gestures
  with random feelings, half of them restyled as the checkpoint `restyle` learnt it from the same clips. **There is no
  recorded pair of speech and gesture in it**: that strokes go with accents, which hand and which form they have is
  published knowledge in the rules; how posture, dynamics and variation carry a feeling is learnt from the clips.

## Training
`emogen train gesture -o FOLDER` (seed {seed}): autoencoder {codec.steps} steps, {codec.elapsed_s / 60:.0f} minutes, loss on
unseen takes {codec.best:.3f}; denoiser {steps} steps, {learnt.elapsed_s / 60:.0f} minutes on one core of a CPU, loss of the
flow on unseen takes {learnt.best:.3f} at its best, after {learnt.best_step}. Curves: `curve_codec.csv`, `curve_denoiser.csv`.

## Figures
`python -m emogen.training.gesture_standing`, in `docs/gesture.md`.

## Limits
Three actors, walking, greeting and raising hands; eight styles that are feelings. Fear, surprise and disgust are known
from the rules alone. Hands have no fingers in the clips. Feet, the hands of gestures that mean something and most of the
hands in beats are kept from the draft.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains the diffusion of movement.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    finish(given.out, given.data, given.steps, given.seed)


if __name__ == "__main__":
    main()
