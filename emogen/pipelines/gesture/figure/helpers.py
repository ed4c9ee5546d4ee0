"""Helper joints of the figure: beside a joint that bends far stands one that turns half as far.

Skin between two bones hangs on it, so that elbows, shoulders, hips and knees keep their volume where linear blending
alone would let them collapse. Helpers follow from the motion; they are no joints of a motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import skeleton

#: Joints that have a helper; their bones run along x (arms) or y (legs) at rest.
BENDING = {"Arm": 0, "ForeArm": 0, "Hand": 0, "UpLeg": 1, "Leg": 1, "Foot": 1}


@dataclass(frozen=True)
class Helper:
    """A joint below `parent`, where `joint` is, that turns half as far as `joint` does.

    Attributes:
        name: Its name: that of the joint and "Half".
        parent: The joint's parent.
        joint: The joint.
        axis: Along which the joint's bone runs at rest, 0..2.
    """

    name: str
    parent: str
    joint: str
    axis: int


def _helpers() -> tuple[Helper, ...]:
    bones = skeleton()
    out = []
    for side in ("Left", "Right"):
        for part, axis in BENDING.items():
            joint = side + part
            parent = bones.names[bones.parents[bones.names.index(joint)]]
            out.append(Helper(f"{joint}Half", parent, joint, axis))
    return tuple(out)


HELPERS = _helpers()


def half(turns: np.ndarray, axis: int) -> np.ndarray:
    """Half of turns [T, 3, 3]: half the bone's way and half its twist, each for itself.

    Halving the whole would jump where way and twist together pass half a circle, which a shoulder's often do.
    """
    q = Rotation.from_matrix(turns).as_quat()
    twist = np.zeros_like(q)
    twist[:, axis], twist[:, 3] = q[:, axis], q[:, 3]
    length = np.linalg.norm(twist, axis=1, keepdims=True)
    twist = np.where(length > 1e-6, twist / np.maximum(length, 1e-6), [0.0, 0.0, 0.0, 1.0])
    about = Rotation.from_quat(twist)
    way = Rotation.from_quat(q) * about.inv()
    halves = Rotation.from_rotvec(0.5 * way.as_rotvec()) * Rotation.from_rotvec(0.5 * about.as_rotvec())
    return np.asarray(halves.as_matrix())
