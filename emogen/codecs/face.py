"""A face as frames: the 52 ARKit blend shapes, head and eyes.

Shapes run 0..1. Angles are radians; left and right are the subject's own. Head yaw > 0 turns to their left (the
picture's right), pitch > 0 lowers the chin, roll > 0 tilts the head to their left shoulder (clockwise for who
looks at it). Eye yaw > 0 looks to their left, eye pitch > 0 looks down.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emogen.errors import InputError
from emogen.media.arkit import ARKIT_NAMES, read_csv, write_csv

ANGLES = (
    "headYaw", "headPitch", "headRoll", "leftEyeYaw", "leftEyePitch", "leftEyeRoll", "rightEyeYaw", "rightEyePitch", "rightEyeRoll",
)  # fmt: skip
FACE_CHANNELS: tuple[str, ...] = (*ARKIT_NAMES, *ANGLES)
INDEX: dict[str, int] = {name: i for i, name in enumerate(FACE_CHANNELS)}
SHAPES = len(ARKIT_NAMES)


def both(name: str) -> list[int]:
    """The columns of a shape's left and right half."""
    return [INDEX[f"{name}Left"], INDEX[f"{name}Right"]]


#: Shapes that bring parted lips nearer.
CLOSING = [INDEX["mouthClose"], *both("mouthPress"), INDEX["mouthRollLower"], INDEX["mouthRollUpper"]]


def mouth_opening(curves: np.ndarray) -> np.ndarray:
    """How far the lips stand apart: [..., 61] -> [...], 0 together .. 1 as wide as the jaw goes.

    The jaw opens and `mouthClose` takes that back; lowered lower lip, raised upper lip and funnel add to it, pressed
    and rolled lips take away. Every renderer follows this measure; own definition.
    """

    def shape(name: str) -> np.ndarray:
        return curves[..., INDEX[name]]

    def pair(name: str) -> np.ndarray:
        return curves[..., both(name)].mean(-1)

    apart = np.maximum(shape("jawOpen") - shape("mouthClose"), 0) + 0.25 * pair("mouthLowerDown")
    apart = apart + 0.15 * pair("mouthUpperUp") + 0.15 * shape("mouthFunnel")
    held = 0.5 * pair("mouthPress") + 0.4 * (shape("mouthRollLower") + shape("mouthRollUpper"))
    return np.clip(apart - held, 0.0, 1.0)


def with_held_lips(curves: np.ndarray) -> np.ndarray:
    """Curves [61] whose `mouthClose` also holds back what pressed and rolled lips hold back, as `mouth_opening` has it.

    Of a mouth that the jaw opens, drawn shapes of pressing and rolling lips alone would not take anything back.
    """
    parting = curves.copy()
    parting[CLOSING] = 0
    out = curves.copy()
    out[INDEX["mouthClose"]] = mouth_opening(parting) - mouth_opening(curves)
    return out


@dataclass(frozen=True, eq=False)
class FaceMotion:
    """How a face moves: `curves` float32 [T, 61] in the order of `FACE_CHANNELS`, at `fps` frames per second."""

    curves: np.ndarray
    fps: float

    def __post_init__(self) -> None:
        if self.curves.ndim != 2 or self.curves.shape[1] != len(FACE_CHANNELS) or not np.isfinite(self.curves).all():
            found = f"curves of shape {self.curves.shape}, or not finite"
            raise InputError("face motion", found, f"Accepted: finite [T, {len(FACE_CHANNELS)}].")

    def channel(self, name: str) -> np.ndarray:
        """One channel over time, float32 [T]."""
        return self.curves[:, INDEX[name]]

    def save(self, path: str | Path) -> Path:
        """Writes a Live Link Face CSV."""
        return write_csv(path, self.curves[:, :SHAPES], self.fps, angles=self.curves[:, SHAPES:])

    @staticmethod
    def load(path: str | Path) -> FaceMotion:
        """Reads a Live Link Face CSV."""
        found = read_csv(path)
        return FaceMotion(np.concatenate([found.values, found.angles], axis=1).astype(np.float32), found.fps)
