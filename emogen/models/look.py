"""The denoiser of looks: a noisy look and a feeling -> its velocity, frame by frame, for `emogen.models.diffusion.Flow`.

A look is a short vector; frames of a track know nothing of each other: the same noise in all of them makes them move
together as their feeling does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.models.blocks import sinusoids
from emogen.models.sequence import SIGMA_CHANNELS, SIGMA_SCALE, Content, EmotionCondition


class LookDenoiser(ModelMixin, ConfigMixin):
    """Residual layers whose shift, scale and gate come from noise level and feeling (adaLN-Zero, Peebles & Xie 2023).

    Args:
        channels: Numbers of a look.
        feelings: Numbers of a feeling.
        width: Channels inside.
        depth: Layers.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, channels: int = 24, feelings: int = 22, width: int = 96, depth: int = 3) -> None:
        super().__init__()
        self.enter = nn.Linear(channels, width)
        self.level = nn.Sequential(nn.Linear(SIGMA_CHANNELS, width), nn.SiLU(), nn.Linear(width, width))
        self.feeling = nn.Sequential(nn.Linear(feelings + 1, width), nn.SiLU(), nn.Linear(width, width))
        self.modulation = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(depth))
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.leave = nn.Linear(width, channels)
        for part in (*self.modulation, self.leave):
            nn.init.zeros_(part.weight)
            nn.init.zeros_(part.bias)

    def forward(
        self, x: Tensor, sigma: Tensor, emotion: EmotionCondition, content: Content | None = None, *,
        null: Tensor | None = None, known: Tensor | None = None, mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Looks [B, T, C] at noise level `sigma` [B] -> what the best linear guess leaves over, [B, T, C].

        Feelings are `emotion.frames` [B, T, 1 + feelings]: first 1 where one is given, 0 where it is dropped. The other
        arguments belong to denoisers of sequences; nothing is made of them.
        """
        del content, null, known, mask
        steer = self.level(sinusoids(SIGMA_SCALE * sigma, SIGMA_CHANNELS))[:, None] + self.feeling(emotion.frames)
        steer = nn.functional.silu(steer)
        h = self.enter(x)
        for modulation, layer in zip(self.modulation, self.layers, strict=True):
            shift, scale, gate = modulation(steer).chunk(3, dim=-1)
            h = h + gate * layer(self.norm(h) * (1 + scale) + shift)
        return self.leave(self.norm(h))  # type: ignore[no-any-return]


def feeling_frames(feelings: Tensor, given: Tensor | None = None) -> EmotionCondition:
    """Feelings [B, T, F] as `LookDenoiser` reads them.

    Args:
        feelings: As `emogen.pipelines.image.look.felt` gives them.
        given: [B], False where the feeling is dropped; None: none is.
    """
    flag = torch.ones_like(feelings[..., :1]) if given is None else given.to(feelings)[:, None, None].expand(-1, feelings.shape[1], 1)
    frames = torch.cat([flag, feelings * flag], dim=-1)
    return EmotionCondition(frames, frames[:, :1], torch.ones((*frames.shape[:1], 1), dtype=torch.bool))
