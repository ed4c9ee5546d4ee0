"""Emotion -> the tensors that a sequence network is conditioned on, per frame and as tokens.

Ten numbers describe the emotion of a moment: valence, arousal, dominance (-1..1), the amplitudes of the six
basic emotions and the intensity (0..1). Fourier features (Tancik et al. 2020, arXiv:2006.10739) and a small
network turn them into `width` channels. Above intensity 1 nothing is shown to the network that it was not
trained on: the numbers are those of intensity 1, and the guidance is turned up instead (`track_features`).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emogen.conditioning.track import EmotionTrack, TrackSamples
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.models.sequence import EmotionCondition

#: Valence, arousal, dominance; joy, sadness, anger, fear, surprise, disgust; intensity.
FEATURES = 10


def emotion_features(samples: TrackSamples) -> np.ndarray:
    """The ten numbers of each sample [T, 10], float32."""
    return np.concatenate([samples.vad, samples.basic, samples.intensity[:, None]], axis=1).astype(np.float32)


def track_features(track: EmotionTrack, fps: float, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """What a network is shown of a track, and what only the guidance is told.

    Returns:
        The ten numbers of each frame [frames, 10] with no intensity beyond 1, and the factor by which the
        intensity exceeds 1 [frames], at least 1; float32.
    """
    calm = EmotionTrack(tuple(
        replace(key, emotion=key.emotion.scale(1 / key.emotion.intensity)) if key.emotion.intensity > 1 else key
        for key in track.keyframes
    ))
    duration_s = frames / fps
    features = emotion_features(calm.sample(fps, duration_s))[:frames]
    return features, np.maximum(track.sample(fps, duration_s).intensity[:frames], 1.0).astype(np.float32)


class EmotionEncoder(ModelMixin, ConfigMixin):
    """Ten numbers per moment -> a vector per frame, and tokens that summarise equal stretches of the window.

    Args:
        width: Channels of a frame and of a token.
        tokens: Tokens per window.
        octaves: Frequencies of the Fourier features: pi, 2 pi, 4 pi, ...
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, width: int = 64, tokens: int = 8, octaves: int = 3) -> None:
        super().__init__()
        self.register_buffer("frequencies", math.pi * 2.0 ** torch.arange(octaves))
        self.to_frames = nn.Sequential(
            nn.Linear(FEATURES * (1 + 2 * octaves), width), nn.SiLU(), nn.Linear(width, width)
        )
        self.to_tokens = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.null_frame = nn.Parameter(torch.zeros(width))
        self.null_token = nn.Parameter(torch.zeros(width))

    @property
    def width(self) -> int:
        """Channels of a frame and of a token."""
        return self.config.width

    def forward(self, features: Tensor, frames: int, *, null: Tensor | None = None,
                mask: Tensor | None = None) -> EmotionCondition:
        """Encodes a window.

        Args:
            features: [B, any length, 10] as from `emotion_features`, at any rate; stretched to `frames`.
            frames: T, the frames of the window.
            null: [B], True where the emotion is dropped (classifier-free guidance); None: nowhere. Null is not
                neutral: neutral is an emotion, null says nothing about it.
            mask: [B, T], True where a frame counts, padding False; None: everywhere.

        Returns:
            Frames [B, T, width], tokens [B, K, width] and which of them may be seen.
        """
        features = features.to(self.frequencies.dtype)
        if features.shape[1] != frames:
            features = F.interpolate(features.mT, size=frames, mode="linear", align_corners=True).mT
        angles = (features.unsqueeze(-1) * self.frequencies).flatten(2)
        encoded = self.to_frames(torch.cat([features, angles.sin(), angles.cos()], dim=-1))
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device) if mask is None else mask
        share, seen = self._shares(mask)
        tokens = self.to_tokens(share.to(encoded.dtype) @ encoded)
        if null is not None:
            encoded = torch.where(null[:, None, None], self.null_frame, encoded)
            tokens = torch.where(null[:, None, None], self.null_token, tokens)
        return EmotionCondition(encoded, tokens, seen)

    def _shares(self, mask: Tensor) -> tuple[Tensor, Tensor]:
        """How much each frame counts in each token [B, K, T], and which tokens have a frame [B, K]."""
        count = self.config.tokens
        lengths = mask.sum(dim=1, keepdim=True).clamp(min=1)
        stretch = torch.arange(mask.shape[1], device=mask.device) * count // lengths
        member = (stretch.unsqueeze(1) == torch.arange(count, device=mask.device)[None, :, None]) & mask.unsqueeze(1)
        sizes = member.sum(dim=2)
        return member / sizes.clamp(min=1).unsqueeze(2), sizes > 0
