"""Waveform -> what was said and how: the encoder of a small speech recogniser, all of its layers to be read.

The form is that of Moonshine tiny (Jeffries et al. 2024, arXiv 2410.15608): three strided convolutions on the
16 kHz waveform (one frame each 384 samples = 24 ms), then transformer layers with rotary positions on 32 of the
36 dimensions of each head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SAMPLE_RATE_HZ = 16_000
#: Samples between two frames: the product of the strides (as in the paper).
HOP = 64 * 3 * 2
#: Samples that the first frame needs.
SHORTEST = 127 + 64 * (7 - 1 + 3 * (3 - 1))
NORM_EPS = 1e-5  # of the released weights
ROTARY_BASE = 10_000.0  # of the released weights


@dataclass(frozen=True)
class SpeechEncoderConfig:
    """Shape of a `SpeechEncoder`.

    Attributes:
        width: Of a frame's vector.
        layers: Transformer layers; fewer than the released six drop the upper ones.
        heads: Of attention.
        rotary: Dimensions of a head that positions turn.
    """

    width: int = 288
    layers: int = 6
    heads: int = 8
    rotary: int = 32


class _Layer(nn.Module):
    def __init__(self, config: SpeechEncoderConfig) -> None:
        super().__init__()
        width = config.width
        self.heads, self.rotary = config.heads, config.rotary
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS, bias=False)
        self.norm2 = nn.LayerNorm(width, eps=NORM_EPS, bias=False)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _turned(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Rotates neighbouring pairs of the first `rotary` dimensions by the position."""
        pairs = x[..., : self.rotary].unflatten(-1, (-1, 2))
        a, b = pairs[..., 0], pairs[..., 1]
        turned = torch.stack((a * cos - b * sin, b * cos + a * sin), dim=-1).flatten(-2)
        return torch.cat((turned, x[..., self.rotary :]), dim=-1)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        h = self.norm1(x)
        query = self._turned(self._heads(self.query(h)), cos, sin)
        key = self._turned(self._heads(self.key(h)), cos, sin)
        seen = functional.scaled_dot_product_attention(query, key, self._heads(self.value(h)), attn_mask=mask)
        x = x + self.out(seen.transpose(1, 2).flatten(-2))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class SpeechEncoder(nn.Module):
    """16 kHz waveforms -> the vectors after the convolutions and after every layer.

    Args:
        config: Its shape.
    """

    def __init__(self, config: SpeechEncoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or SpeechEncoderConfig()
        width = config.width
        self.conv1 = nn.Conv1d(1, width, 127, stride=64, bias=False)
        self.conv2 = nn.Conv1d(width, 2 * width, 7, stride=3)
        self.conv3 = nn.Conv1d(2 * width, width, 3, stride=2)
        self.norm = nn.GroupNorm(1, width, eps=NORM_EPS)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))

    def forward(self, waves: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """The vectors of every depth.

        Args:
            waves: [B, n] float, 16 kHz, n >= `SHORTEST`.
            lengths: [B] samples of each wave that are sound; the rest is padding that nobody attends to. (The
                first normalisation runs over the padding too: put waves of like length together.)

        Returns:
            `layers + 1` tensors [B, T, width]; T = `frames(n)`.
        """
        x = self.norm(torch.tanh(self.conv1(waves[:, None])))
        x = functional.gelu(self.conv3(functional.gelu(self.conv2(x)))).transpose(1, 2)
        steps = torch.arange(x.shape[1], device=x.device, dtype=torch.float32)
        half = self.config.rotary // 2
        rates = ROTARY_BASE ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
        angles = steps[:, None] * rates
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        mask = None if lengths is None else (steps < frames(lengths)[:, None])[:, None, None, :]
        found = [x]
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
            found.append(x)
        return found


def frames(samples: Tensor) -> Tensor:
    """How many frames so many samples give, at least one."""
    first = (samples - 127) // 64 + 1
    return (((first - 7) // 3 + 1 - 3) // 2 + 1).clamp(min=1)
