"""Toy curves that an emotion alone tells apart, and the training of the sequence denoiser on them.

The smallest task that shows whether the diffusion core does what it promises. Two channels at 25 frames per
second, joy j and sadness s over time (0..1 each):

    mood    = j (1 + 0.6 sin(2 pi 3 t + phase)) + s (-1 + 0.4 sin(2 pi 0.3 t + phase)) + noise of SD 0.05
    follow  = content + noise of SD 0.05, where content is a random curve of SD 1 below 2 Hz

`python -m emogen.training.toy FOLDER` trains it and saves a pipeline that `emogen.load` opens.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from emogen.conditioning.encoder import FEATURES, EmotionEncoder, emotion_features
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import FlowMatchEulerDiscreteScheduler
from emogen.models.diffusion import Flow
from emogen.models.sequence import Content, SequenceDenoiser
from emogen.pipelines.sequence import SequencePipeline
from emogen.training.loop import TrainOptions, TrainResult, train

# Of the made-up data; all of them this project's own choice.
FRAME_RATE_HZ = 25.0
JOY_HZ, JOY_SWING, SAD_HZ, SAD_SWING, NOISE_SD, CONTENT_HZ = 3.0, 0.6, 0.3, 0.4, 0.05, 2.0
DROP = 0.15  # share of items without emotion, and without content; the field uses 0.1 to 0.2
CONTINUE = 0.5  # share of items whose first frames are known; own assumption


@dataclass(frozen=True)
class ToyBatch:
    """Curves [B, T, 2], features [B, T, 10] and content [B, T, 1] that belong together."""

    curves: Tensor
    features: Tensor
    content: Tensor


def toy_curves(joy: Tensor, sadness: Tensor, generator: torch.Generator) -> Tensor:
    """The mood [B, T] for amplitudes [B, T] of joy and sadness (0..1)."""
    batch, frames = joy.shape
    t = torch.arange(frames) / FRAME_RATE_HZ
    phase = 2 * torch.pi * torch.rand(2, batch, 1, generator=generator)
    fast = 1 + JOY_SWING * torch.sin(2 * torch.pi * JOY_HZ * t + phase[0])
    slow = -1 + SAD_SWING * torch.sin(2 * torch.pi * SAD_HZ * t + phase[1])
    return joy * fast + sadness * slow + NOISE_SD * torch.randn(batch, frames, generator=generator)


def smooth_curves(batch: int, frames: int, generator: torch.Generator) -> Tensor:
    """Random curves [B, T] of SD 1 without anything above `CONTENT_HZ`."""
    rates = torch.arange(1, frames // 2) * FRAME_RATE_HZ / frames
    rates = rates[rates < CONTENT_HZ]
    t = torch.arange(frames) / FRAME_RATE_HZ
    amplitude, phase = torch.randn(batch, len(rates), 1, generator=generator), torch.rand(
        batch, len(rates), 1, generator=generator)
    waves = amplitude * torch.sin(2 * torch.pi * (rates[:, None] * t + phase))
    return waves.sum(dim=1) * (2.0 / len(rates)) ** 0.5


def toy_features(joy: Tensor, sadness: Tensor) -> Tensor:
    """The ten numbers [B, T, 10] of a mixture of joy and sadness [B, T], as `Emotion` gives them."""
    shape = torch.zeros(*joy.shape, FEATURES)
    for amplitude, word in ((joy, "joy"), (sadness, "sadness")):
        full = torch.from_numpy(emotion_features(EmotionTrack.of(word).sample(1.0, 1.0))[0])
        shape += amplitude.unsqueeze(-1) * full
    shape[..., -1] = torch.maximum(joy, sadness)
    return shape


def toy_batch(size: int, frames: int, generator: torch.Generator) -> ToyBatch:
    """Curves with emotions that are constant, or that go over into another within the window."""
    kind = torch.randint(0, 3, (2, size, 1), generator=generator)  # neutral, joy, sadness; before and after
    strength = 1 - torch.rand(2, size, 1, generator=generator) ** 2
    middle = (torch.rand(size, 1, generator=generator) * 2 - 0.5) * frames  # half fall outside: constant
    length = 1 + torch.rand(size, 1, generator=generator) * frames
    u = ((torch.arange(frames) - middle) / length + 0.5).clamp(0, 1)
    later = u * u * (3 - 2 * u)
    joy, sadness = (
        (1 - later) * (kind[0] == k) * strength[0] + later * (kind[1] == k) * strength[1] for k in (1, 2)
    )
    content = smooth_curves(size, frames, generator)
    follow = content + NOISE_SD * torch.randn(size, frames, generator=generator)
    curves = torch.stack([toy_curves(joy, sadness, generator), follow], dim=-1)
    return ToyBatch(curves, toy_features(joy, sadness), content.unsqueeze(-1))


def toy_networks(*, width: int = 48, depth: int = 2, heads: int = 2, window: int = 64, overlap: int = 16,
                 seed: int = 0) -> nn.ModuleDict:
    """A fresh denoiser and its encoder; the process's own random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = EmotionEncoder(width=32, tokens=4, octaves=2)
        denoiser = SequenceDenoiser(
            2, content_channels=1, emotion_channels=32, width=width, depth=depth, heads=heads,
            frame_rate=FRAME_RATE_HZ, window=window, overlap=overlap,
        )
    return nn.ModuleDict({"denoiser": denoiser, "emotion_encoder": encoder})


def toy_loss(networks: nn.Module, generator: torch.Generator, *, size: int = 32) -> Tensor:
    """The loss of one batch; emotion, content and the first frames are dropped or given at random."""
    denoiser: SequenceDenoiser = networks["denoiser"]
    window, overlap = denoiser.config.window, denoiser.config.overlap
    batch = toy_batch(size, window, generator)
    no_emotion, no_content = (torch.rand(2, size, generator=generator) < DROP).unbind()
    given = torch.rand(size, 1, generator=generator) < CONTINUE
    known = given & (torch.arange(window) < overlap)
    to = denoiser.device
    emotion = networks["emotion_encoder"](batch.features.to(to), window, null=no_emotion.to(to))
    return Flow(denoiser).loss(
        batch.curves.to(to), emotion, Content(frames=batch.content.to(to)), generator=generator,
        null=no_content.to(to), known=known.to(to),
    )


def validation_loss(networks: nn.Module) -> float:
    """The loss over four batches that training does not see."""
    with torch.no_grad():
        return sum(toy_loss(networks, torch.Generator().manual_seed(2**40 + i), size=128).item() for i in range(4)) / 4


def toy_pipeline(networks: nn.Module) -> SequencePipeline:
    """The networks as a pipeline."""
    pipe = SequencePipeline(networks["denoiser"].eval(), networks["emotion_encoder"].eval(),
                            FlowMatchEulerDiscreteScheduler())
    pipe.set_progress_bar_config(disable=True)
    return pipe


def train_toy(folder: Path, *, steps: int = 3000, seed: int = 0, **sizes: int) -> tuple[SequencePipeline, TrainResult]:
    """Trains on the toy curves and saves the pipeline, float16, in `folder`/pipeline."""
    networks = toy_networks(seed=seed, **sizes)
    options = TrainOptions(steps=steps, learning_rate=5e-3, warmup_steps=min(100, steps // 4), average_decay=0.99,
                           report_every=max(1, min(250, steps // 2)), seed=seed)
    result = train(networks, toy_loss, folder, options, validate=validation_loss)
    pipe = toy_pipeline(networks)
    pipe.to(torch.float16)
    pipe.save_pretrained(str(folder / "pipeline"), safe_serialization=True)
    pipe.to(torch.float32)
    return pipe, result


def main() -> None:
    """Trains and prints the result as JSON."""
    parser = argparse.ArgumentParser(description="Trains the sequence denoiser on toy curves.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(vars(train_toy(given.folder, steps=given.steps, seed=given.seed)[1])))


if __name__ == "__main__":
    main()
