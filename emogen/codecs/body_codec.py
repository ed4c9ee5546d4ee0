"""The codec of bodies: `codecs.body` as a component of pipelines.

Apart from it, so that what only draws or measures needs no network library.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from emogen.codecs.base import Codec
from emogen.codecs.body import BodyMotion, skeleton
from emogen.diffusing import (
    ModelMixin,  # noqa: F401 - diffusers looks for the base of a component in its module
    register_to_config,
)
from emogen.errors import InputError


class BodyCodec(Codec):
    """BodyMotion <-> float32 [frames, 315]: root x, y, z (cm), then six numbers a joint."""

    modality: ClassVar[str] = "body"

    @register_to_config
    def __init__(self, fps: float = 30.0) -> None:
        self.fps = float(fps)
        super().__init__()

    @property
    def names(self) -> tuple[str, ...]:
        """`root.x` ... then `Joint.r0` ... `Joint.r5`: the first two columns of its rotation matrix."""
        return ("root.x", "root.y", "root.z", *(f"{n}.r{k}" for n in skeleton().names for k in range(6)))

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.fps

    def encode(self, media: BodyMotion) -> np.ndarray:
        """BodyMotion -> [T, 315]."""
        if not isinstance(media, BodyMotion):
            raise InputError("body codec", f"found {type(media).__name__}", "Accepted: a BodyMotion.")
        six = media.rotations[..., :2].swapaxes(-1, -2).reshape(len(media.rotations), -1)
        return np.concatenate([media.root_cm, six], axis=1).astype(np.float32)

    def decode(self, frames: np.ndarray) -> BodyMotion:
        """[T, 315] -> BodyMotion; rotations are made orthonormal (Gram-Schmidt)."""
        if frames.ndim != 2 or frames.shape[1] != self.width or not np.isfinite(frames).all():
            raise InputError(
                "body codec", f"frames of shape {frames.shape}, or not finite", f"Accepted: finite [T, {self.width}]."
            )
        six = frames[:, 3:].astype(np.float64).reshape(len(frames), len(skeleton().names), 2, 3)
        a = six[:, :, 0] / np.maximum(np.linalg.norm(six[:, :, 0], axis=-1, keepdims=True), 1e-9)
        b = six[:, :, 1] - (a * six[:, :, 1]).sum(-1, keepdims=True) * a
        b /= np.maximum(np.linalg.norm(b, axis=-1, keepdims=True), 1e-9)
        rotations = np.stack([a, b, np.cross(a, b)], axis=-1)
        return BodyMotion(rotations, frames[:, :3].astype(np.float64), self.fps)
