"""Measures of a piece of media -> labels and VAD: the last part of every recogniser that rests on measures.

Several small networks of one hidden layer, each with its own start, are averaged: one alone depends on its start more
than on the few hundred people it learnt from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

FARTHEST = 6.0  # standard deviations: measures beyond this are taken for this (own assumption)


class EmotionHead(nn.Module):
    """Measures [B, D] -> logits [B, L] and VAD [B, 3] of -1..1.

    Args:
        measures: D.
        labels: In the order of the logits.
        hidden: Units of each member; 0 for a linear one.
        members: Networks that are averaged.
        dropout: Of the measures and of the hidden units, in training.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self, measures: int, labels: Sequence[str], *, hidden: int = 64, members: int = 5, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.shape = {"measures": measures, "labels": list(labels), "hidden": hidden, "members": members}
        out = len(self.labels) + 3
        self.register_buffer("mean", torch.zeros(measures))
        self.register_buffer("spread", torch.ones(measures))
        self.members = nn.ModuleList(_member(measures, hidden, out, dropout) for _ in range(members))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> EmotionHead:
        """An untrained head of the `shape` that a checkpoint's config.json names."""
        return cls(
            int(config["measures"]),
            tuple(config["labels"]),
            hidden=int(config["hidden"]),
            members=int(config["members"]),
        )

    def standardise(self, measures: Tensor) -> None:
        """Learns mean and spread of [n, D]."""
        self.mean.copy_(measures.mean(dim=0))
        self.spread.copy_(measures.std(dim=0).clamp(min=1e-6))

    def standardised(self, measures: Tensor) -> Tensor:
        """In standard deviations from the mean of what was learnt from, at most `FARTHEST`."""
        return ((measures - self.mean) / self.spread).clamp(-FARTHEST, FARTHEST)

    def each(self, measures: Tensor) -> Tensor:
        """Outputs of every member, [members, B, L + 3]."""
        x = self.standardised(measures)
        return torch.stack([member(x) for member in self.members])

    def forward(self, measures: Tensor) -> tuple[Tensor, Tensor]:
        """Measures [B, D] -> mean logits [B, L], mean VAD [B, 3]."""
        out = self.each(measures)
        return self.split(out.mean(dim=0))

    def split(self, out: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs [..., L + 3] -> logits and VAD."""
        return out[..., : len(self.labels)], torch.tanh(out[..., len(self.labels) :])


def _member(inside: int, hidden: int, out: int, dropout: float) -> nn.Module:
    if not hidden:
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(inside, out))
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(inside, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, out)
    )
