"""The codec of faces: `codecs.face` as a component of pipelines.

Apart from it, so that what only draws or measures needs no network library.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from emogen.codecs.base import Codec
from emogen.codecs.face import FACE_CHANNELS, FaceMotion
from emogen.diffusing import (
    ModelMixin,  # noqa: F401 - diffusers looks for the base of a component in its module
    register_to_config,
)
from emogen.errors import InputError


class FaceCodec(Codec):
    """FaceMotion <-> float32 [frames, 61]; the representation is the curves themselves, exactly."""

    modality: ClassVar[str] = "face"

    @register_to_config
    def __init__(self, fps: float = 25.0) -> None:
        self.fps = float(fps)
        super().__init__()

    @property
    def names(self) -> tuple[str, ...]:
        """The 61 channels."""
        return FACE_CHANNELS

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.fps

    def encode(self, media: FaceMotion) -> np.ndarray:
        """FaceMotion -> [T, 61]."""
        if not isinstance(media, FaceMotion):
            raise InputError("face codec", f"found {type(media).__name__}", "Accepted: a FaceMotion.")
        return media.curves.astype(np.float32)

    def decode(self, frames: np.ndarray) -> FaceMotion:
        """[T, 61] -> FaceMotion."""
        return FaceMotion(np.asarray(frames, np.float32), self.fps)
