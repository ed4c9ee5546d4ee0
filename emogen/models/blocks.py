"""The parts of a 1-D diffusion transformer: rotary attention, timestep embedding, modulated block.

Sequences are [batch, frames, channels]. Everything that steers a block (noise level, emotion, style) is given
per frame, so that an emotion can change within one window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emogen.diffusing import AttentionModuleMixin, dispatch_attention_fn

#: RoFormer (Su et al. 2021, arXiv:2104.09864), section 3.2.2: base of the rotary frequencies.
ROTARY_BASE = 10_000.0
#: Transformer (Vaswani et al. 2017, arXiv:1706.03762), section 3.5: longest period of the sinusoids.
MAX_PERIOD = 10_000.0
#: DiT (Peebles & Xie 2023, arXiv:2212.09748), table 1: width of the feed-forward layer over that of the model.
MLP_RATIO = 4
#: Shift, scale and gate for self-attention, cross-attention and feed-forward (adaLN-Zero, DiT section 3.2).
MODULATIONS = 9
#: Frames that the convolution before the feed-forward layer sees; own choice. Validation loss of the toy curves
#: (`emogen.training.toy`) after 400, 800, 1200 steps: 0.147, 0.131, 0.127 with it, 0.152, 0.135, 0.130 without.
KERNEL = 5


def sinusoids(position: Tensor, width: int) -> Tensor:
    """Sines and cosines of `position` [...] at `width` / 2 geometric frequencies -> [..., width]."""
    half = width // 2
    rates = torch.exp(-math.log(MAX_PERIOD) * torch.arange(half, device=position.device, dtype=torch.float32) / half)
    angles = position.float().unsqueeze(-1) * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def rotary_angles(position: Tensor, head_width: int) -> Tensor:
    """Angles (rad) by which a head's pairs of channels turn at `position` [B, T] -> [B, T, 1, head_width / 2]."""
    steps = torch.arange(0, head_width, 2, device=position.device, dtype=torch.float32) / head_width
    return (position.float().unsqueeze(-1) * ROTARY_BASE**-steps).unsqueeze(2)


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Turns the pairs (i, i + half) of the channels of `x` [B, T, heads, head_width]."""
    left, right = x.float().chunk(2, dim=-1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([left * cos - right * sin, left * sin + right * cos], dim=-1).to(x.dtype)


class AttentionProcessor:
    """Calls the attention kernel that `set_attention_backend` chose; torch's own if none was chosen."""

    _attention_backend = None
    _parallel_config = None

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """[B, T, heads, width] each, mask [B, 1, 1 or T, K] boolean (True: may be seen)."""
        return dispatch_attention_fn(query, key, value, attn_mask=mask, backend=self._attention_backend)


class Attention(nn.Module, AttentionModuleMixin):
    """Multi-head attention with rotary positions and normalised queries and keys.

    Queries and keys are RMS-normalised per head, which keeps the logits bounded in half precision
    (Dehghani et al. 2023, arXiv:2302.05442).
    """

    _default_processor_cls = AttentionProcessor
    _available_processors: Sequence[type] = (AttentionProcessor,)

    def __init__(self, width: int, heads: int, source_width: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        source_width = source_width or width
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(source_width, 2 * width, bias=False)
        self.norm_q = nn.RMSNorm(width // heads, eps=1e-6)
        self.norm_k = nn.RMSNorm(width // heads, eps=1e-6)
        self.to_out = nn.Linear(width, width)
        self.processor = AttentionProcessor()

    def forward(self, x: Tensor, source: Tensor, x_angles: Tensor, source_angles: Tensor,
                mask: Tensor | None = None) -> Tensor:
        """Reads `source` [B, K, source_width] at the places `x` [B, T, width] asks about -> [B, T, width]."""
        query = self.to_q(x).unflatten(-1, (self.heads, -1))
        key, value = self.to_kv(source).chunk(2, dim=-1)
        key, value = key.unflatten(-1, (self.heads, -1)), value.unflatten(-1, (self.heads, -1))
        query, key = rotate(self.norm_q(query), x_angles), rotate(self.norm_k(key), source_angles)
        read = self.processor(query, key, value, mask)
        return self.to_out(read.flatten(2).to(x.dtype))


class Modulation(nn.Module):
    """What steers all blocks, from the sum of all conditions: [B, T, width] -> [B, T, 9, width].

    One projection serves every block, and each block adds a table of its own (adaLN-single, PixArt-alpha,
    Chen et al. 2023, arXiv:2310.00426): per frame, a projection in each block would cost as much as the rest.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, MODULATIONS * width)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(self, condition: Tensor) -> Tensor:
        """[B, T, width] -> [B, T, 9, width]."""
        return self.project(F.silu(condition)).unflatten(-1, (MODULATIONS, -1))


class Neighbours(nn.Module):
    """Adds to each frame a learnt mix of the two before and the two after it, channel by channel.

    Attention has to learn that neighbouring frames belong together; a convolution knows (Conformer, Gulati et
    al. 2020, arXiv:2005.08100). It begins as the identity.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[B, T, width] -> the same; frames where `mask` [B, T] is False are taken as 0."""
        seen = x if mask is None else x * mask.unsqueeze(-1)
        return x + self.mix(seen.mT).mT


class Block(nn.Module):
    """Self-attention over frames, cross-attention to tokens, feed-forward; each modulated and gated per frame."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_self = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attend_self = Attention(width, heads)
        self.norm_cross = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attend_cross = Attention(width, heads)
        self.norm_mlp = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.neighbours = Neighbours(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, MLP_RATIO * width), nn.GELU(approximate="tanh"), nn.Linear(MLP_RATIO * width, width)
        )
        self.table = nn.Parameter(torch.zeros(MODULATIONS, width))

    def forward(self, x: Tensor, modulation: Tensor, tokens: Tensor, angles: tuple[Tensor, Tensor],
                mask: Tensor | None, token_mask: Tensor) -> Tensor:
        """One block.

        Args:
            x: [B, T, width].
            modulation: [B, T, 9, width] as from `Modulation`.
            tokens: [B, K, width].
            angles: Rotary angles of the frames and of the tokens.
            mask: Which frames count [B, T]; None: all.
            token_mask: Which tokens may be seen [B, K].

        Returns:
            [B, T, width].
        """
        m = (modulation + self.table).unbind(dim=2)
        seen = None if mask is None else mask[:, None, None]
        h = self.norm_self(x) * (1 + m[1]) + m[0]
        x = x + m[2] * self.attend_self(h, h, angles[0], angles[0], seen)
        h = self.norm_cross(x) * (1 + m[4]) + m[3]
        x = x + m[5] * self.attend_cross(h, tokens, angles[0], angles[1], token_mask[:, None, None])
        h = self.norm_mlp(x) * (1 + m[7]) + m[6]
        return x + m[8] * self.mlp(self.neighbours(h, mask))
