"""A body's movement as a network reads it: what the joints do, told from the body itself.

The body is turned to face +Z; where it goes is left out (it follows from what the planted feet do) and handed on as
`Way` instead. Fingers are left out too: shapes of hands come from a library, nobody measured them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BODY, BodyMotion, skeleton

FPS = 30.0
#: Height of the hips, then two columns of a rotation matrix for each joint before the fingers.
WIDTH = 1 + 6 * BODY
#: Standard deviation (s) over which the facing is smoothed: a twist of the hips is a movement, not a turn (own assumption).
FACING_S = 0.25
METRE = 100.0  # cm

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Way:
    """Where a body goes.

    Attributes:
        place_cm: Of the hips on the floor, x and z [T, 2].
        yaw: Facing, radians about +Y [T], unwrapped.
    """

    place_cm: Array
    yaw: Array

    def speeds(self, fps: float = FPS) -> Array:
        """Sideways and forward (m/s, as the body faces) and turning (rad/s): [T, 3]."""
        if len(self.yaw) < 2:
            return np.zeros((len(self.yaw), 3))
        step = np.gradient(self.place_cm, axis=0) * fps / METRE
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        side, ahead = cos * step[:, 0] - sin * step[:, 1], sin * step[:, 0] + cos * step[:, 1]
        return np.column_stack([side, ahead, np.gradient(self.yaw) * fps])


def way(motion: BodyMotion) -> Way:
    """Where a body goes and faces."""
    ahead = motion.rotations[:, 0, :, 2]
    yaw = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))
    return Way(motion.root_cm[:, [0, 2]], gaussian_filter1d(yaw, FACING_S * motion.fps, mode="nearest"))


def features(motion: BodyMotion) -> tuple[NDArray[np.float32], Way]:
    """What a body does, float32 [T, WIDTH], and where it goes; at the motion's own rate."""
    gone = way(motion)
    turned = motion.rotations[:, :BODY].copy()
    turned[:, 0] = _about_y(-gone.yaw) @ turned[:, 0]
    six = turned[..., :2].swapaxes(-1, -2).reshape(len(turned), -1)
    return np.concatenate([motion.root_cm[:, [1]] / METRE, six], axis=1).astype(np.float32), gone


def decoded(values: NDArray[np.floating], gone: Way, fps: float = FPS) -> BodyMotion:
    """The inverse of `features`: rotations are made orthonormal (Gram-Schmidt), fingers are straight.

    Args:
        values: [T, WIDTH].
        gone: Of as many frames.
        fps: Frames per second.
    """
    rows = np.asarray(values, dtype=np.float64)
    six = rows[:, 1:].reshape(len(rows), BODY, 2, 3)
    a = six[:, :, 0] / np.maximum(np.linalg.norm(six[:, :, 0], axis=-1, keepdims=True), 1e-9)
    b = six[:, :, 1] - (a * six[:, :, 1]).sum(-1, keepdims=True) * a
    b /= np.maximum(np.linalg.norm(b, axis=-1, keepdims=True), 1e-9)
    rotations = np.tile(np.eye(3), (len(rows), len(skeleton().names), 1, 1))
    rotations[:, :BODY] = np.stack([a, b, np.cross(a, b)], axis=-1)
    rotations[:, 0] = _about_y(gone.yaw) @ rotations[:, 0]
    root = np.column_stack([gone.place_cm[:, 0], rows[:, 0] * METRE, gone.place_cm[:, 1]])
    return BodyMotion(rotations, root, fps)


def _about_y(angles: Array) -> Array:
    return np.asarray(Rotation.from_euler("Y", angles[:, None]).as_matrix())
