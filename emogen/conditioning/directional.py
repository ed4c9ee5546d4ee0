"""Directions: where a step from neutral towards a feeling leads, and how far.

A direction says what intensity 1 adds. Its multiples are intensities, sums are mixtures, negatives lead to the
other side of neutral (directional latents: EmoReg, arXiv:2412.20359; the algebra: Daisy-TTS, arXiv:2402.14523).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.vocabulary import BASIC
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config

Floats = NDArray[np.float64]


class Directions(ModelMixin, ConfigMixin):
    """One direction for each basic emotion.

    Args:
        width: Numbers of the space that they lie in.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(len(BASIC), width))

    def along(self, basic: Floats) -> Floats:
        """Amplitudes over `BASIC` [T, 6], of either sign -> where they lead [T, width], from neutral at 0."""
        return np.asarray(basic, dtype=np.float64) @ self.steps.double().numpy()
