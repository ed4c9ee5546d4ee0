"""Noisy attributes of a scene, a feeling and a place -> the velocity of those attributes: the denoiser of scenes.

A residual network whose layers are steered by noise level, feeling and place (adaptive layer norm, as in the other
denoisers); what the prompt fixed stands among its inputs and is marked as known. Rectified flow as in `diffusion`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.models.blocks import sinusoids

LEVELS = 1000.0  # steps into which the noise level is stretched before its sinusoids


class SceneDenoiser(ModelMixin, ConfigMixin):
    """The network; buffers `mean` and `std` [channels] normalise a scene's vector, `reach` [felt] is how far scenes go.

    Args:
        channels: Numbers of a scene's vector.
        felt: Numbers of a feeling.
        places: How many places there are.
        width: Of the layers.
        layers: How many.
    """

    config_name = "config.json"
    mean: Tensor
    std: Tensor
    reach: Tensor

    @register_to_config
    def __init__(self, channels: int, felt: int, places: int, width: int = 160, layers: int = 5) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.register_buffer("reach", torch.ones(felt))
        self.level = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.feeling = nn.Sequential(nn.Linear(felt, width), nn.SiLU(), nn.Linear(width, width))
        self.no_feeling = nn.Parameter(torch.zeros(width))
        self.place = nn.Embedding(places, width)
        self.enter = nn.Linear(2 * channels, width)
        self.stack = nn.ModuleList(_Block(width) for _ in range(layers))
        self.leave = nn.Linear(width, channels)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x: Tensor, sigma: Tensor, felt: Tensor, place: Tensor, known: Tensor, null: Tensor) -> Tensor:
        """The velocity, noise - clean.

        Args:
            x: Normalised vectors [B, channels] at their noise level; clean where known.
            sigma: Noise levels [B], 0..1.
            felt: What is to be felt [B, felt].
            place: Index of the place [B].
            known: [B, channels], True where a number is given.
            null: [B], True where the feeling is left out.

        Returns:
            [B, channels], float32; the preconditioning is that of `Flow.predict`.
        """
        level = sigma[:, None].float()
        spread = ((1 - level) ** 2 + level**2).sqrt()
        shown = torch.where(known, x, x / spread)
        width = self.no_feeling.shape[0]
        told = torch.where(null[:, None], self.no_feeling[None], self.feeling(felt.to(self.dtype)))
        steer = F.silu(self.level(sinusoids(sigma * LEVELS, width).to(self.dtype)) + told + self.place(place))
        h = self.enter(torch.cat([shown, known.to(x)], dim=-1).to(self.dtype))
        for block in self.stack:
            h = block(h, steer)
        rest = self.leave(F.layer_norm(h, (width,)))
        return (2 * level - 1) / spread**2 * x + rest.float() / spread

    def normalised(self, vectors: Tensor) -> Tensor:
        """A scene's vectors [..., channels] -> zero mean and unit variance over the scenes learnt from."""
        return (vectors - self.mean) / self.std

    def denormalised(self, x: Tensor) -> Tensor:
        """The inverse of `normalised`."""
        return x * self.std + self.mean


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.steer = nn.Linear(width, 3 * width)
        self.inner = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        nn.init.zeros_(self.steer.weight)
        nn.init.zeros_(self.steer.bias)

    def forward(self, h: Tensor, steer: Tensor) -> Tensor:
        scale, shift, gate = self.steer(steer).chunk(3, dim=-1)
        return h + gate * self.inner(F.layer_norm(h, (h.shape[-1],)) * (1 + scale) + shift)
