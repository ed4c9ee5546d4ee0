"""Trains a `FrameNet` on pieces of different length, and tries it on pieces it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from emogen.models.frames import FrameNet
from emogen.training.folds import grouped_folds

Array = NDArray[np.float64]
#: Frames [T, C] and a source of randomness -> frames of a likely variant.
Vary = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


@dataclass(frozen=True)
class FrameTraining:
    """How a `FrameNet` is trained.

    Attributes:
        frames: T of a training example: a random part of a piece; shorter pieces are repeated.
        width: Of the networks.
        members: Networks that are averaged.
        dropout: Between layers.
        steps: Of a batch each.
        batch: Pieces a step.
        learning_rate: Of AdamW, falling along half a cosine.
        weight_decay: Of AdamW.
        vad_weight: Of the squared error of VAD beside the cross-entropy.
        smooth: Share of the other labels in the truth.
        seed: Of everything random.
    """

    frames: int
    width: int = 48
    members: int = 3
    dropout: float = 0.3
    steps: int = 500
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    vad_weight: float = 1.0
    smooth: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Pieces:
    """n pieces.

    Attributes:
        frames: Of each, [T, C] float32.
        labels: [n] numbers of labels.
        vad: [n, 3]; nan where an axis is not known.
        groups: [n] what is held out together.
    """

    frames: Sequence[NDArray[np.float32]]
    labels: NDArray[np.int64]
    vad: Array
    groups: Sequence[Hashable]

    def rows(self, rows: NDArray[np.intp]) -> Pieces:
        """Some of them."""
        return Pieces(
            [self.frames[i] for i in rows], self.labels[rows], self.vad[rows], [self.groups[i] for i in rows]
        )


def fit_frames(
    pieces: Pieces, labels: Sequence[str], how: FrameTraining, vary: Vary
) -> tuple[FrameNet, list[dict[str, float]]]:
    """A trained network in evaluation mode, and its curve."""
    torch.manual_seed(how.seed)
    rng = np.random.default_rng(how.seed)
    net = FrameNet(pieces.frames[0].shape[1], labels, width=how.width, members=how.members, dropout=how.dropout)
    net.standardise(torch.from_numpy(np.concatenate(list(pieces.frames))))
    optimizer = torch.optim.AdamW(net.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, how.steps)
    chance = np.bincount(pieces.labels, minlength=len(labels))[pieces.labels] ** -0.5
    chance = chance / chance.sum()
    vad = torch.from_numpy(pieces.vad).float()
    curve, losses = [], []
    net.train()
    for step in range(1, how.steps + 1):
        at = rng.choice(len(pieces.labels), how.batch, p=chance)
        x = torch.from_numpy(np.stack([excerpt(vary(pieces.frames[i], rng), how.frames, rng) for i in at]))
        truth = torch.from_numpy(pieces.labels[at])
        logits, felt = net.split(net.each(x))
        there = torch.isfinite(vad[at])
        error = torch.where(there, felt - torch.nan_to_num(vad[at]), torch.zeros_like(felt)).square().sum(dim=-1)
        named = functional.cross_entropy(
            logits.flatten(0, 1), truth.repeat(how.members), label_smoothing=how.smooth
        )
        loss = named + how.vad_weight * (error / there.sum(dim=-1).clamp(min=1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % max(1, how.steps // 20) == 0:
            curve.append({"step": step, "loss": round(float(np.mean(losses)), 4)})
            losses = []
    return net.eval(), curve


def excerpt(frames: NDArray[np.float32], n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A random stretch of n frames; a shorter piece is repeated."""
    if len(frames) < n:
        frames = np.concatenate([frames] * -(-n // len(frames)))
    start = int(rng.integers(0, len(frames) - n + 1))
    return np.asarray(frames[start : start + n], dtype=np.float32)


def predict(net: FrameNet, frames: Sequence[NDArray[np.float32]]) -> tuple[Array, Array]:
    """Logits [n, L] and VAD [n, 3] of whole pieces."""
    with torch.inference_mode():
        found = [net(torch.from_numpy(np.asarray(piece, dtype=np.float32))[None]) for piece in frames]
    return (
        np.stack([logits[0].double().numpy() for logits, _ in found]),
        np.stack([vad[0].double().numpy() for _, vad in found]),
    )


def out_of_fold(
    pieces: Pieces, labels: Sequence[str], how: FrameTraining, vary: Vary, k: int
) -> tuple[Array, Array]:
    """Logits and VAD of each piece by a network that has not seen its group."""
    n = len(pieces.labels)
    logits, vad = np.zeros((n, len(labels))), np.zeros((n, 3))
    for number, fold in enumerate(grouped_folds(pieces.groups, k)):
        net, _ = fit_frames(pieces.rows(np.setdiff1d(np.arange(n), fold)), labels, how, vary)
        logits[fold], vad[fold] = predict(net, [pieces.frames[i] for i in fold])
        print(f"fold {number + 1} of {k}", flush=True)
    return logits, vad
