"""How the diffusion of movement learns: first an autoencoder of movement, then the denoiser on its latents.

Both see recorded clips (their mirror images too) and movement that emogen makes; some takes of each are kept to choose
the weights.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emogen.codecs.body import BODY, skeleton
from emogen.conditioning.encoder import FEATURES
from emogen.models.body import STRIDE, MotionAutoencoder
from emogen.models.diffusion import Flow
from emogen.models.sequence import Content
from emogen.pipelines.gesture.content import CHANNELS, PLACES, VOICE
from emogen.pipelines.gesture.learnt import LearntBody, pooled
from emogen.training.gesture_data import Take
from emogen.training.loop import TrainOptions, TrainResult, train

HELD = 10  # every tenth take chooses the weights
FRAMES, BATCH = 64, 48  # of the autoencoder
WINDOWS = 28  # of the denoiser in a batch
#: Shares of what is left out in training, for the guidance (Ho & Salimans 2022, arXiv:2207.12598) and so that a part of
#: the content can be missing in use; own assumption.
NO_EMOTION, NO_CONTENT, NO_STYLE, NO_PLACES, NO_VOICE = 0.12, 0.1, 0.5, 0.4, 0.2
CONTINUED = 0.4  # share of windows that go on from known latents
RECORDED = 0.55  # share of recorded windows in a batch
#: Beside the error of the frames, of which 1 is the spread of the data: errors of places and of their change from frame
#: to frame, in units of what is seen (cm), and how much they count; own assumption.
PLACE_CM, SPEED_CM, PLACE_LOSS, SPEED_LOSS = 5.0, 1.0, 0.25, 0.1
LEAST_STD = 0.02


def held(take: Take, number: int) -> bool:
    """Whether a take is kept to choose the weights; a clip and its mirror image alike."""
    return zlib.crc32(f"{take.kind}/{take.group}/{take.style}/{number // 2}".encode()) % HELD == 0


class Joints(nn.Module):
    """Frames [B, T, WIDTH] -> joints [B, T, BODY, 3] in metres above the hips' place."""

    def __init__(self) -> None:
        super().__init__()
        bones = skeleton()
        self.parents = bones.parents[:BODY]
        self.register_buffer("offsets", torch.from_numpy(bones.offsets[:BODY] / 100.0).float())

    def forward(self, frames: Tensor) -> Tensor:
        """Positions from features; rotations are orthonormalised."""
        six = frames[..., 1:].unflatten(-1, (BODY, 2, 3))
        a = nn.functional.normalize(six[..., 0, :], dim=-1)
        b = nn.functional.normalize(six[..., 1, :] - (a * six[..., 1, :]).sum(-1, keepdim=True) * a, dim=-1)
        turns = torch.stack([a, b, torch.linalg.cross(a, b)], dim=-1)
        world, places = [turns[..., 0, :, :]], [nn.functional.pad(frames[..., :1], (1, 1))]
        for j in range(1, BODY):
            parent = self.parents[j]
            places.append(places[parent] + world[parent] @ self.offsets[j])
            world.append(world[parent] @ turns[..., j, :, :])
        return torch.stack(places, dim=-2)


def learn_codec(takes: Sequence[Take], model: MotionAutoencoder, folder: Path, steps: int, seed: int,
                report: Callable[[dict[str, float]], None] | None = None) -> TrainResult:
    """Trains the autoencoder."""
    kept = [t for i, t in enumerate(takes) if held(t, i)]
    learnt = [t for i, t in enumerate(takes) if not held(t, i)]
    every = np.concatenate([t.frames for t in learnt])
    model.mean.copy_(torch.from_numpy(every.mean(axis=0)))
    model.std.copy_(torch.from_numpy(np.maximum(every.std(axis=0), LEAST_STD)))
    joints = Joints()

    def batch(part: Sequence[Take], rng: np.random.Generator, size: int) -> Tensor:
        recorded = [t for t in part if t.kind == "recorded"]
        made = [t for t in part if t.kind == "made"] or recorded
        rows = []
        for _ in range(size):
            pool = recorded if rng.random() < RECORDED else made
            rows.append(_stretch(pool[rng.integers(len(pool))].frames, rng, FRAMES))
        return torch.from_numpy(np.stack(rows))

    def loss(m: Any, frames: Tensor) -> Tensor:
        back = m.decode(m.encode(frames))
        close = ((back - frames) / m.std).square().mean()
        real, made = joints(frames), joints(back)
        places = (real - made).square().sum(-1).mean() / (PLACE_CM / 100.0) ** 2
        speeds = (real.diff(dim=1) - made.diff(dim=1)).square().sum(-1).mean() / (SPEED_CM / 100.0) ** 2
        return close + PLACE_LOSS * places + SPEED_LOSS * speeds

    rng = np.random.default_rng(seed)
    checked = [batch(kept, rng, 32) for _ in range(4)]

    @torch.no_grad()
    def validate(m: nn.Module) -> float:
        return float(np.mean([float(loss(m, b)) for b in checked]))

    def step(m: nn.Module, generator: torch.Generator) -> Tensor:
        return loss(m, batch(learnt, _drawn(generator), BATCH))

    options = TrainOptions(steps=steps, learning_rate=1.5e-3, report_every=100, average_decay=0.995, seed=seed)
    result = train(model, step, folder, options, validate=validate, on_report=report)
    with torch.no_grad():
        whole = [t.frames[: len(t.frames) // STRIDE * STRIDE] for t in learnt if len(t.frames) >= STRIDE]
        latents = torch.cat([model.encode(torch.from_numpy(frames)[None])[0] for frames in whole])
        model.latent_mean.copy_(latents.mean(dim=0))
        model.latent_std.copy_(latents.std(dim=0))
    return result


@dataclass(frozen=True, eq=False)
class Coded:
    """A take in latents [n, C], its content [n, ...], ten numbers [n, 10] or None, and its style [S]."""

    take: Take
    latents: Tensor
    content: np.ndarray
    emotion: np.ndarray | None
    style: np.ndarray


def coded(takes: Sequence[Take], model: LearntBody, label_of: Callable[[Take], str | None]) -> list[Coded]:
    """Takes as the denoiser learns them; fits the model's `usual` and `basis`."""
    latents = [model.latents(t.frames) for t in takes]
    told = torch.stack([pooled(z) for z in latents])
    labels = list(model.config.labels)
    names = [label_of(t) for t in takes]
    for i, label in enumerate(labels):
        rows = [k for k, name in enumerate(names) if name == label]
        model.usual[i] = told[rows].mean(dim=0) if rows else told.mean(dim=0)
    usual = torch.stack([model.usual[labels.index(n)] if n in labels else model.usual.mean(dim=0) for n in names])
    rest = told - usual
    size = model.basis.shape[1]
    _, spread, directions = torch.linalg.svd(rest - rest.mean(dim=0), full_matrices=False)
    model.basis.copy_(directions[:size].T / (spread[:size] / len(rest) ** 0.5).clamp(min=1e-3))
    styles = (rest @ model.basis).numpy()
    return [Coded(t, z, t.content[: len(z)], t.emotion, s) for t, z, s in zip(takes, latents, styles, strict=True)]


class Windows:
    """Windows of takes to draw from: recorded and made, feelings alike, styles of other takes of the same style."""

    def __init__(self, takes: Sequence[Coded], window: int) -> None:
        self.window = window
        self.pools: dict[str, dict[str, list[Coded]]] = {"recorded": {}, "made": {}}
        self.of: dict[str, list[Coded]] = {}
        for one in takes:
            key = one.take.style.split(".")[-1] if one.take.kind == "recorded" else one.take.group
            self.pools[one.take.kind].setdefault(key, []).append(one)
            self.of.setdefault(f"{one.take.kind}/{one.take.style}", []).append(one)

    def draw(self, rng: np.random.Generator) -> tuple[Coded, Coded, slice]:
        """A take, one whose style is shown with it, and a stretch."""
        kind = "recorded" if rng.random() < RECORDED or not self.pools["made"] else "made"
        kinds = list(self.pools[kind].values())
        pool = kinds[rng.integers(len(kinds))]
        one = pool[rng.integers(len(pool))]
        same = self.of[f"{one.take.kind}/{one.take.style}"]
        spare = len(one.latents) - self.window
        first = int(rng.integers(spare + 1)) if spare > 0 else 0
        return one, same[rng.integers(len(same))], slice(first, first + self.window)

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """Latents, content, emotion, style [B, ...], which frames count, which know their feeling."""
        shape = (size, self.window)
        found = {"x": np.zeros((*shape, 0)), "mask": np.zeros(shape, dtype=bool), "felt": np.zeros(size, dtype=bool)}
        drawn = [self.draw(rng) for _ in range(size)]
        found["x"] = np.zeros((*shape, drawn[0][0].latents.shape[1]), np.float32)
        found["content"] = np.zeros((*shape, len(CHANNELS)), np.float32)
        found["emotion"] = np.zeros((*shape, FEATURES), np.float32)
        found["style"] = np.stack([other.style for _, other, _ in drawn]).astype(np.float32)
        for i, (one, _, part) in enumerate(drawn):
            count = len(one.latents[part])
            found["x"][i, :count] = one.latents[part].numpy()
            found["content"][i, :count] = one.content[part]
            found["mask"][i, :count] = True
            if one.emotion is not None:
                found["emotion"][i, :count], found["felt"][i] = one.emotion[part], True
        return {k: torch.from_numpy(v) for k, v in found.items()}


def denoiser_loss(model: Any, batch: dict[str, Tensor], generator: torch.Generator, dropped: bool) -> Tensor:
    """The flow's loss; with `dropped`, conditions are left out and windows go on as in use."""
    count, overlap = len(batch["x"]), model.config.overlap

    def some(share: float) -> Tensor:
        return torch.rand(count, generator=generator) < (share if dropped else 0.0)

    mask, content, style = batch["mask"], batch["content"].clone(), batch["style"]
    content[some(NO_PLACES), :, PLACES] = 0.0
    content[some(NO_VOICE), :, VOICE] = 0.0
    style = torch.where(some(NO_STYLE)[:, None], torch.zeros_like(style), style)
    early = torch.arange(mask.shape[1]) < overlap
    known = mask & early & (some(CONTINUED) & (mask.sum(1) > overlap + 3))[:, None]
    felt = model.emotion_encoder(batch["emotion"], mask.shape[1], null=some(NO_EMOTION) | ~batch["felt"], mask=mask)
    return Flow(model.denoiser).loss(
        batch["x"], felt, Content(frames=content, style=style), generator=generator, null=some(NO_CONTENT),
        known=known if dropped else None, mask=mask,
    )  # fmt: skip


def learn(takes: Sequence[Coded], model: LearntBody, folder: Path, steps: int, seed: int,
          report: Callable[[dict[str, float]], None] | None = None) -> TrainResult:
    """Trains denoiser and emotion encoder on coded takes."""
    kept = Windows([c for i, c in enumerate(takes) if held(c.take, i)], model.config.window)
    learnt = Windows([c for i, c in enumerate(takes) if not held(c.take, i)], model.config.window)
    rng = np.random.default_rng(seed)
    checked = [kept.batch(rng, 32) for _ in range(6)]

    @torch.no_grad()
    def validate(m: nn.Module) -> float:
        generator = torch.Generator().manual_seed(seed)
        return float(np.mean([float(denoiser_loss(m, b, generator, False)) for b in checked]))

    def step(m: nn.Module, generator: torch.Generator) -> Tensor:
        return denoiser_loss(m, learnt.batch(_drawn(generator), WINDOWS), generator, True)

    for parameter in model.autoencoder.parameters():
        parameter.requires_grad_(False)
    options = TrainOptions(steps=steps, learning_rate=1.2e-3, report_every=min(100, steps), average_decay=0.998,
                           weight_decay=0.02, seed=seed)  # fmt: skip
    return train(model, step, folder, options, validate=validate, on_report=report)


def _stretch(frames: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """So many frames from anywhere; a short take stands still at its end."""
    spare = len(frames) - count
    first = int(rng.integers(spare + 1)) if spare > 0 else 0
    part = frames[first : first + count]
    missing = count - len(part)
    return np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) if missing else part


def _drawn(generator: torch.Generator) -> np.random.Generator:
    return np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
