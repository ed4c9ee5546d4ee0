"""Words -> labels and VAD by hashed pieces of words: no word list, no attention; the network of the judge of texts."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

BUCKETS = 1 << 16
WIDTH = 24  # of a bucket's vector
CHARS = (3, 5)  # lengths of the pieces of a word
LONGEST = 400  # words of a text that are read
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[!?.]+|[^\sa-z]")


def pieces(text: str) -> list[int]:
    """Bucket numbers of words, pairs of words, and pieces of words; at least one."""
    words = _WORD.findall(text.lower())[:LONGEST]
    found = [_bucket(f"w {word}") for word in words]
    found += [_bucket(f"p {a} {b}") for a, b in pairwise(words)]
    for word in words:
        marked = f"<{word}>"
        for length in range(CHARS[0], CHARS[1] + 1):
            found += [_bucket(f"c {marked[i : i + length]}") for i in range(len(marked) - length + 1)]
    return found or [0]


def _bucket(piece: str) -> int:
    return zlib.crc32(piece.encode("utf-8")) % BUCKETS


class NgramNet(nn.Module):
    """Bucket numbers of texts -> logits [B, L] and VAD [B, 3] of -1..1.

    Args:
        labels: In the order of the logits.
        dropout: Of the text's vector, in training.
    """

    def __init__(self, labels: Sequence[str], dropout: float = 0.3) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.vectors = nn.EmbeddingBag(BUCKETS, WIDTH, mode="mean")
        nn.init.normal_(self.vectors.weight, std=0.05)
        self.body = nn.Sequential(nn.Dropout(dropout), nn.Linear(WIDTH, 64), nn.GELU(), nn.Dropout(dropout))
        self.named = nn.Linear(64, len(self.labels))
        self.felt = nn.Linear(WIDTH, 3)

    def forward(self, texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Bucket numbers of each text -> logits, VAD."""
        flat = torch.tensor([piece for text in texts for piece in text])
        begin = torch.tensor([0, *[len(text) for text in texts[:-1]]]).cumsum(dim=0)
        vector = self.vectors(flat, begin)
        return self.named(self.body(vector)), torch.tanh(self.felt(vector))
