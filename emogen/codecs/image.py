"""A picture as numbers that colour grading moves: per tile lightness, and colour in Lab, over an 8 x 8 grid."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from emogen.codecs.base import Codec
from emogen.diffusing import (
    ModelMixin,  # noqa: F401 - diffusers looks for the base of a component in its module
    register_to_config,
)
from emogen.errors import InputError


class ImageCodec(Codec):
    """Picture <-> float32 [side*side, 3]: CIE L* (0..100), a*, b* of each tile of a square thumbnail.

    Decoding gives the thumbnail, uint8 [side, side, 3]; the eight bits of its channels bound the tolerance.
    """

    modality: ClassVar[str] = "image"

    @register_to_config
    def __init__(self, side: int = 64) -> None:
        self.side = side
        super().__init__()

    @property
    def names(self) -> tuple[str, ...]:
        """Lightness and the two opponent colours."""
        return ("L", "a", "b")

    @property
    def frame_rate(self) -> float:
        """A picture has no time."""
        return 0.0

    def encode(self, media: np.ndarray) -> np.ndarray:
        """uint8 [h, w, 3] -> [side*side, 3]."""
        if media.dtype != np.uint8 or media.ndim != 3 or media.shape[2] != 3:
            raise InputError("image codec", f"{media.dtype} of shape {media.shape}", "Accepted: uint8 [h, w, 3].")
        small = cv2.resize(media, (self.side, self.side), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)

    def decode(self, frames: np.ndarray) -> np.ndarray:
        """[side*side, 3] -> uint8 [side, side, 3]."""
        if frames.shape != (self.side * self.side, 3) or not np.isfinite(frames).all():
            raise InputError(
                "image codec",
                f"frames of shape {frames.shape}, or not finite",
                f"Accepted: finite [{self.side**2}, 3].",
            )
        lab = frames.reshape(self.side, self.side, 3).astype(np.float32)
        return np.clip(np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255), 0, 255).astype(np.uint8)
