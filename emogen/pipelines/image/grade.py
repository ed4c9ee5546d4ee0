"""Emotion -> colour grade of a picture: brightness, saturation, contrast, warmth, vignette.

Brightness and saturation follow Valdez & Mehrabian (1994, J. Exp. Psychol. Gen. 123:394): P = .69 B + .22 S,
A = -.31 B + .60 S in standard scores, inverted to B = 1.244 P - .456 A, S = .643 P + 1.431 A. (Wilms & Oberfeld
2018 found arousal to rise with brightness; we keep the older, larger set of regressions.) EmoVid found the same in
film: positive is brighter and more colourful, aroused is darker and more colourful, with small effects (eta^2 < 1 %):
colour colours a feeling, what is shown makes it. Warmth, contrast and vignette are this project's own assumption.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from emogen.conditioning.emotion import Emotion
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config

#: Rows brightness, saturation, contrast, warmth, vignette; columns valence, arousal, dominance. Standard scores.
TABLE = np.array(
    [
        [1.244, -0.456, 0.0],
        [0.643, 1.431, 0.0],
        [0.10, 0.70, 0.35],
        [0.60, 0.25, 0.0],
        [-0.45, 0.30, -0.20],
    ]
)
#: One standard score in the picture: gamma (log2), chroma (log2), contrast (factor), b* and a* shift, vignette depth.
GAMMA, CHROMA, CONTRAST, WARM_B, WARM_A, VIGNETTE = 0.42, 0.40, 0.16, 9.0, 2.5, 0.35


class GradeRules(ModelMixin, ConfigMixin):
    """The regression table as a component of the pipeline; buffer `table` [5, 3]."""

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.from_numpy(TABLE.copy()).float())

    def forward(self, emotion: Emotion) -> np.ndarray:
        """Brightness, saturation, contrast, warmth and vignette in standard scores, each -2.5..2.5; zeros for neutral."""
        return np.clip(self.table.double().numpy() @ emotion.vad, -2.5, 2.5)


def graded(picture: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Grades a picture.

    Args:
        picture: uint8 [h, w, 3].
        scores: As `GradeRules` gives them; zeros leave the picture as it is.

    Returns:
        uint8 [h, w, 3].
    """
    if not np.any(scores):
        return picture.copy()
    bright, rich, contrast, warm, dark = (float(s) for s in scores)
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light = np.clip(lab[..., 0] / 100, 0, 1) ** (2.0 ** (-GAMMA * bright))
    middle = float(light.mean())
    light = middle + (light - middle) * (1 + CONTRAST * contrast)
    # A soft shoulder and toe: what would clip bends instead, so skies and shadows keep their shape.
    light = np.where(light > 0.9, 0.9 + 0.1 * np.tanh((light - 0.9) / 0.1), light)
    light = np.where(light < 0.05, 0.05 * np.exp(np.minimum((light - 0.05) / 0.05, 0)), light)
    lab[..., 1:] *= 2.0 ** (CHROMA * rich)
    # Tinting fades towards black and white, which stay neutral.
    tint = 4 * light * (1 - light)
    lab[..., 1] += WARM_A * warm * tint
    lab[..., 2] += WARM_B * warm * tint
    h, w = light.shape
    r2 = (np.linspace(-1, 1, h)[:, None] ** 2 + np.linspace(-1, 1, w)[None, :] ** 2) / 2
    light = light * (1 - np.clip(VIGNETTE * dark, -0.2, 0.7) * r2)
    lab[..., 0] = np.clip(light, 0, 1) * 100
    return np.clip(np.rint(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB) * 255), 0, 255).astype(np.uint8)
