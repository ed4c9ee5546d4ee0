"""The network that reads emotion in words: token ids [B, T] -> shares, valence-arousal-dominance, intensity.

A post-norm transformer encoder (Devlin et al. 2019, the small shape of Wang et al. 2020, MiniLM: 6 layers,
384 wide) with three heads on the mean over the tokens of the sentence itself. What stands before the
sentence in a story comes in as a second segment: it is attended to and is not pooled.

It is a plain `nn.Module` and not a diffusers `ModelMixin`: it is a component of no pipeline, and a reader of
text should not pay for the import of diffusers (1.7 s beside 1.1 s for torch, measured on 2 cores).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

LAYER_NORM_EPS = 1e-12  # Devlin et al. 2019, the released code's value: the starting weights expect it


@dataclass(frozen=True)
class TextNetConfig:
    """Shape of the network; stored in the checkpoint's `config.json`.

    Attributes:
        vocab_size: Rows of the word table.
        labels: Names of the outputs of the shares head, in order.
        positions: Longest input in tokens, both segments together.
    """

    vocab_size: int
    labels: tuple[str, ...]
    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    positions: int = 128
    dropout: float = 0.1

    def to_dict(self) -> dict[str, Any]:
        """The configuration as JSON-ready values."""
        return {**asdict(self), "labels": list(self.labels)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TextNetConfig:
        """Build from `to_dict()`'s values; names that are not fields raise TypeError."""
        known = {f.name for f in fields(cls)}
        unknown = set(values) - known
        if unknown:
            raise TypeError(f"unknown fields {sorted(unknown)}")
        return cls(**{**values, "labels": tuple(values["labels"])})


class TextNetOutput(NamedTuple):
    """What the network says about a batch of B sentences.

    Attributes:
        logits: [B, L], one per label; their sigmoid is the chance that a reader names the label.
        vad: [B, 3], valence, arousal and dominance in standard deviations of the training texts.
        intensity: [B], logit of the felt intensity / 1.5.
    """

    logits: Tensor
    vad: Tensor
    intensity: Tensor


class _Layer(nn.Module):
    """Self-attention and a feed-forward net, each followed by residual and layer norm."""

    def __init__(self, config: TextNetConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.dropout
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.norm1 = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.up = nn.Linear(config.width, config.hidden)
        self.down = nn.Linear(config.hidden, config.width)
        self.norm2 = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """X [B, T, W], mask [B, 1, 1, T] true where a token may be looked at."""
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        rate = self.dropout if self.training else 0.0
        attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=rate)
        attended = self.out(attended.transpose(1, 2).reshape(batch, length, width))
        x = self.norm1(x + functional.dropout(attended, rate, self.training))
        fed = self.down(functional.gelu(self.up(x)))
        return self.norm2(x + functional.dropout(fed, rate, self.training))


class TextNet(nn.Module):
    """Encoder and heads; see the module's first lines."""

    def __init__(self, config: TextNetConfig) -> None:
        super().__init__()
        self.config = config
        # zeros, since tables are always loaded; nn.Embedding's own normal draw imports torch._dynamo on "meta"
        rows = (config.vocab_size, config.positions, 2)
        self.words, self.places, self.segments = (
            nn.Embedding.from_pretrained(torch.zeros(n, config.width), freeze=False) for n in rows
        )
        self.norm = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.shares_head = nn.Linear(config.width, len(config.labels))
        self.vad_head = nn.Linear(config.width, 3)
        self.intensity_head = nn.Linear(config.width, 1)

    def forward(self, ids: Tensor, segments: Tensor, mask: Tensor) -> TextNetOutput:
        """Read a padded batch.

        Args:
            ids: [B, T] int64, rows of the word table.
            segments: [B, T] int64, 0 for the sentence, 1 for what stands before it.
            mask: [B, T] bool, false on padding.
        """
        place = torch.arange(ids.shape[1], device=ids.device)
        x = self.norm(self.words(ids) + self.places(place) + self.segments(segments))
        x = functional.dropout(x, self.config.dropout, self.training)
        seen = mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, seen)
        own = (mask & (segments == 0)).to(x.dtype).unsqueeze(-1)
        pooled = (x * own).sum(1) / own.sum(1)
        pooled = functional.dropout(pooled, self.config.dropout, self.training).float()
        with torch.autocast(pooled.device.type, enabled=False):
            return TextNetOutput(
                self.shares_head(pooled), self.vad_head(pooled), self.intensity_head(pooled).squeeze(-1)
            )
