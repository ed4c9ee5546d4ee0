"""An autoencoder of movement: frames of joints -> a quarter as many latents, and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config

#: Frames of movement in one latent.
STRIDE = 4


class _Residual(nn.Module):
    """Two convolutions over time beside a straight way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.GroupNorm(8, width), nn.SiLU(), nn.Conv1d(width, width, 3, padding=1, padding_mode="replicate"),
            nn.SiLU(), nn.Conv1d(width, width, 3, padding=1, padding_mode="replicate"),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class MotionAutoencoder(ModelMixin, ConfigMixin):
    """Movement [B, T, channels] <-> latents [B, T / 4, latent]; T is a multiple of `STRIDE`.

    Args:
        channels: Of a frame.
        latent: Channels of a latent.
        width: Channels inside; a multiple of 8.

    Buffers: `mean`, `std` [channels] of the frames, `latent_mean`, `latent_std` [latent].
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, channels: int, latent: int = 64, width: int = 192) -> None:
        super().__init__()

        def conv(a: int, b: int, kernel: int = 3, stride: int = 1) -> nn.Conv1d:
            return nn.Conv1d(a, b, kernel, stride, padding=(kernel - 1) // 2, padding_mode="replicate")

        self.encoder = nn.Sequential(
            conv(channels, width, 5), _Residual(width), conv(width, width, 5, 2), _Residual(width),
            conv(width, width, 5, 2), _Residual(width), conv(width, latent),
        )  # fmt: skip
        up = nn.Upsample(scale_factor=2, mode="linear")
        self.decoder = nn.Sequential(
            conv(latent, width), _Residual(width), up, conv(width, width, 5), _Residual(width), up,
            conv(width, width, 5), _Residual(width), conv(width, channels, 5),
        )  # fmt: skip
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.register_buffer("latent_mean", torch.zeros(latent))
        self.register_buffer("latent_std", torch.ones(latent))

    def encode(self, frames: Tensor) -> Tensor:
        """Frames in their own units -> latents of zero mean and unit variance."""
        raw = self.encoder(((frames - self.mean) / self.std).mT).mT
        return (raw - self.latent_mean) / self.latent_std

    def decode(self, latents: Tensor) -> Tensor:
        """Latents -> frames in their own units."""
        return self.decoder((latents * self.latent_std + self.latent_mean).mT).mT * self.std + self.mean
