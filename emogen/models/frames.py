"""Frames of a piece (sound of music, movement) -> labels and VAD: convolutions over time and attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

FARTHEST = 6.0  # standard deviations: frames beyond this are taken for this (own assumption)


class _Member(nn.Module):
    def __init__(self, channels: int, out: int, width: int, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(channels, width, 5, padding=2), nn.BatchNorm1d(width), nn.GELU(), nn.Dropout(dropout),
            nn.Conv1d(width, width, 5, stride=2, padding=2), nn.BatchNorm1d(width), nn.GELU(), nn.Dropout(dropout),
            nn.Conv1d(width, width, 3, stride=2, padding=1), nn.BatchNorm1d(width), nn.GELU(), nn.Dropout(dropout),
        )  # fmt: skip
        self.heed = nn.Conv1d(width, 1, 1)
        self.out = nn.Linear(2 * width, out)

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x)
        weight = torch.softmax(self.heed(h), dim=2)
        mean = (weight * h).sum(dim=2)
        spread = ((weight * h**2).sum(dim=2) - mean**2).clamp(min=1e-6).sqrt()
        return self.out(torch.cat([mean, spread], dim=1))  # type: ignore[no-any-return]


class FrameNet(nn.Module):
    """Frames [B, T, C] -> logits [B, L] and VAD [B, 3] of -1..1, the mean of several networks.

    Args:
        channels: C.
        labels: In the order of the logits.
        width: Of the networks.
        members: Networks that are averaged.
        dropout: Between layers, in training.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self, channels: int, labels: Sequence[str], *, width: int = 48, members: int = 3, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.shape = {"channels": channels, "labels": list(labels), "width": width, "members": members}
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("spread", torch.ones(channels))
        self.members = nn.ModuleList(_Member(channels, len(self.labels) + 3, width, dropout) for _ in range(members))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> FrameNet:
        """An untrained network of the `shape` that a checkpoint's config.json names."""
        return cls(
            int(config["channels"]), tuple(config["labels"]), width=int(config["width"]), members=int(config["members"])
        )

    def standardise(self, frames: Tensor) -> None:
        """Learns mean and spread of the channels of frames [n, C]."""
        self.mean.copy_(frames.mean(dim=0))
        self.spread.copy_(frames.std(dim=0).clamp(min=1e-4))

    def each(self, frames: Tensor) -> Tensor:
        """Outputs of every member, [members, B, L + 3]."""
        x = ((frames - self.mean) / self.spread).clamp(-FARTHEST, FARTHEST).transpose(1, 2)
        return torch.stack([member(x) for member in self.members])

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Frames [B, T, C] -> mean logits [B, L], mean VAD [B, 3]."""
        return self.split(self.each(frames).mean(dim=0))

    def split(self, out: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs [..., L + 3] -> logits and VAD."""
        return out[..., : len(self.labels)], torch.tanh(out[..., len(self.labels) :])
