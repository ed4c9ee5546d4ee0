"""How a movement is done, apart from what is done: posture, and movement around it in three bands of speed.

Each joint's turn over time is its mean pose, what it does slowly around it, what it does quickly, and what trembles or
jerks: R = M exp(slow) exp(quick) exp(sharp). Bodies are told as if both sides were the same: a feeling has no left.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton

Array = NDArray[np.float64]
#: Standard deviations (s) of the means that part the bands: a pose is held for seconds, a stride or stroke takes about
#: one, what is over within a tenth is a jerk (own choice).
POSE_S, SLOW_S, QUICK_S = 2.0, 0.5, 0.07
BANDS = ("slow", "quick", "sharp")
MIDLINE = ("Spine", "Spine1", "Spine2", "Neck", "Head")
LIMB = ("Shoulder", "Arm", "ForeArm", "Hand")
GROUPS = {"trunk": MIDLINE[:3], "head": MIDLINE[3:], "arms": tuple(f"{s}{p}" for s in ("Left", "Right") for p in LIMB)}
JOINTS = tuple(skeleton().names.index(n) for group in GROUPS.values() for n in group)
#: Left to right: turns about X stay, about Y and Z change their sign.
MIRROR = np.array([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Bands:
    """The turns of `JOINTS` taken apart.

    Attributes:
        pose: float64 [T, J, 3, 3].
        moves: float64 [3, T, J, 3], rotation vectors of `BANDS`.
    """

    pose: Array
    moves: Array

    def together(self, gains: Array | None = None) -> Array:
        """Rotations [T, J, 3, 3]; `gains` [3, T, J] factors on the bands."""
        found = self.pose
        for k, band in enumerate(self.moves):
            vectors = band if gains is None else band * gains[k, ..., None]
            found = found @ Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(found.shape)
        return np.asarray(found)


def bands(motion: BodyMotion, pace: float = 1.0) -> Bands:
    """Takes the turns of trunk, head and arms apart.

    Args:
        motion: The movement.
        pace: Factor on the times that part the bands, for a movement that is slower as a whole.
    """
    turns = motion.rotations[:, JOINTS]
    quaternions = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_quat().reshape(*turns.shape[:2], 4)
    same = (quaternions[1:] * quaternions[:-1]).sum(-1, keepdims=True) >= 0.0
    quaternions[1:] *= np.cumprod(np.where(same, 1.0, -1.0), axis=0)  # the same turn is q and -q
    levels = [_smoothed(quaternions, s * pace * motion.fps) for s in (POSE_S, SLOW_S, QUICK_S)]
    levels.append(Rotation.from_quat(quaternions.reshape(-1, 4)))
    moves = [(a.inv() * b).as_rotvec().reshape(*turns.shape[:2], 3) for a, b in pairwise(levels)]
    return Bands(levels[0].as_matrix().reshape(turns.shape), np.stack(moves))


def _smoothed(quaternions: Array, width: float) -> Rotation:
    """The mean turn over a while: of quaternions, which is that of turns as far as they are near."""
    return Rotation.from_quat(gaussian_filter1d(quaternions, width, axis=0, mode="nearest").reshape(-1, 4))
