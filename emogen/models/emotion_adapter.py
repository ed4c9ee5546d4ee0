"""Prompt embeddings + what is to be felt -> emotional prompt embeddings, for frozen text-to-image and -video models.

After EmotiCrafter (arXiv:2501.05710): valence and arousal (here dominance too, where it was rated) each become a row of
tokens; a transformer over the prompt's tokens reads them by cross-attention and gives what is added to the embedding.
Three things are our own. The embedding is standardised on the way in and out, so that CLIP's and T5's fit alike. What
is added is the network's answer less its answer to a feeling of 0, so that it vanishes towards neutral by itself. And it
is multiplied by the intensity; an untrained adapter (its last layer is 0) and intensity 0 leave the embedding alone.

Shapes: token embeddings [B, T, width], pooled ones [B, width]; valence, arousal, dominance [B, 3], each -1..1, at
intensity 1; masks [B, T] (True: a token of the text).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.models.blocks import MLP_RATIO, Attention, rotary_angles

#: EmotiCrafter's published size: width, blocks, tokens for each axis, and the width between a number and its tokens.
HIDDEN, LAYERS, TOKENS, BETWEEN = 768, 12, 16, 256
HEADS = 12  # of GPT-2's small model, whose blocks it has
#: A pooled embedding is one token: a fraction of the blocks will do (own choice).
POOLED_SHARE = 4
#: Standardised numbers are kept within this: a few of CLIP's channels lie far out (own choice).
FAR = 10.0


class EmotionAdapter(ModelMixin, ConfigMixin):
    """One network for each embedding of a pipeline.

    Args:
        widths: Name of the embedding -> its width; see `emogen.pipelines.prompt_reading`.
        pooled: The names among them that have no tokens.
        hidden: Width of the networks.
        layers: Blocks of each; a fourth of them for pooled embeddings.
        heads: Of attention.
        tokens: For each axis of feeling.
        dominance: Whether dominance is read, or valence and arousal alone.
        pipeline: Which kind of pipeline it was trained for.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, widths: dict[str, int], pooled: tuple[str, ...] = (), hidden: int = HIDDEN, layers: int = LAYERS,
                 heads: int = HEADS, tokens: int = TOKENS, dominance: bool = False, pipeline: str = "") -> None:  # fmt: skip
        super().__init__()
        axes = 3 if dominance else 2
        self.nets = nn.ModuleDict({
            name: Residual(width, hidden, max(layers // POOLED_SHARE, 1) if name in pooled else layers, heads, tokens, axes)
            for name, width in widths.items()
        })  # fmt: skip

    def forward(self, embeddings: Mapping[str, Tensor], vad: Tensor, intensity: Tensor,
                masks: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:  # fmt: skip
        """What is added to each embedding, float32, 0 where `masks` is False.

        Args:
            embeddings: Name -> [B, T, width], or [B, width] of a pooled one.
            vad: [B, 3] at intensity 1.
            intensity: [B], 0..1.5.
            masks: Name -> [B, T]; an embedding without one counts as a whole.
        """
        found = {}
        for name, given in embeddings.items():
            x = given.float() if given.ndim == 3 else given.float()[:, None]
            mask = (masks or {}).get(name)
            added = self.nets[name](x, vad.float(), mask) * intensity.float()[:, None, None]
            found[name] = added if given.ndim == 3 else added[:, 0]
        return found


class Residual(nn.Module):
    """The network for one embedding. Buffers `mean` and `std` [width] are those of the embeddings it was trained on."""

    def __init__(self, width: int, hidden: int, layers: int, heads: int, tokens: int, axes: int) -> None:
        super().__init__()
        self.head_width = hidden // heads
        self.axes = axes
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))
        self.enter = nn.Linear(width, hidden)
        self.feelings = nn.ModuleList(
            nn.Sequential(
                nn.Linear(1, BETWEEN),
                nn.GELU(),
                nn.Linear(BETWEEN, hidden * tokens),
                nn.Unflatten(-1, (tokens, hidden)),
            )
            for _ in range(axes)
        )
        self.blocks = nn.ModuleList(AdapterBlock(hidden, heads, axes) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.leave = nn.Linear(hidden, width, bias=False)
        nn.init.zeros_(self.leave.weight)

    def forward(self, x: Tensor, vad: Tensor, mask: Tensor | None) -> Tensor:
        """[B, T, width] -> what a feeling [B, 3] adds to it at intensity 1, [B, T, width]."""
        seen = ((x - self.mean) / self.std).clamp(-FAR, FAR)
        felt = vad[:, : self.axes]
        both = self._read(
            torch.cat([seen, seen]),
            torch.cat([felt, torch.zeros_like(felt)]),
            None if mask is None else mask.repeat(2, 1),
        )
        with_it, without = both.chunk(2)
        added = self.leave(with_it - without) * self.std
        return added if mask is None else added * mask[..., None]

    def _read(self, seen: Tensor, felt: Tensor, mask: Tensor | None) -> Tensor:
        h = self.enter(seen)
        tokens = [read(value[:, None]) for read, value in zip(self.feelings, felt.unbind(-1), strict=True)]
        angles = rotary_angles(torch.arange(h.shape[1], device=h.device)[None], self.head_width)
        for block in self.blocks:
            h = block(h, tokens, angles, None if mask is None else mask[:, None, None])
        return self.norm(h)


class AdapterBlock(nn.Module):
    """Self-attention, cross-attention to the tokens of each axis in turn, feed-forward."""

    def __init__(self, hidden: int, heads: int, axes: int) -> None:
        super().__init__()
        self.attend_self = Attention(hidden, heads)
        self.attend_felt = nn.ModuleList(Attention(hidden, heads) for _ in range(axes))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(axes + 2))
        self.mlp = nn.Sequential(
            nn.Linear(hidden, MLP_RATIO * hidden), nn.GELU(approximate="tanh"), nn.Linear(MLP_RATIO * hidden, hidden)
        )

    def forward(self, x: Tensor, tokens: list[Tensor], angles: Tensor, mask: Tensor | None) -> Tensor:
        """[B, T, hidden], the tokens [B, K, hidden] of each axis, rotary angles of the prompt's -> [B, T, hidden]."""
        h = self.norms[0](x)
        x = x + self.attend_self(h, h, angles, angles, mask)
        still = torch.zeros_like(angles[:, :1])  # the tokens of a feeling have no order
        for norm, attend, felt in zip(self.norms[1:-1], self.attend_felt, tokens, strict=True):
            x = x + attend(norm(x), felt, still, still)
        return x + self.mlp(self.norms[-1](x))
