"""A body as frames: 6-D rotations of a humanoid's joints and where its hips are.

The skeleton (`skeleton.csv`, our own, of average adult proportions) stands in a T-pose, Y up, facing +Z, its left
side at +X, in centimetres; joints bear the names that Mixamo, Blender, Unity and Unreal retarget from. Rotations
are two columns of a rotation matrix: continuous, hence good for networks (Zhou et al. 2019, CVPR, "On the
continuity of rotation representations in neural networks").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from diffusers import ModelMixin  # noqa: F401 - diffusers looks for the base of a component in its module
from diffusers.configuration_utils import register_to_config
from scipy.spatial.transform import Rotation

from emogen.codecs.base import Codec
from emogen.errors import InputError
from emogen.media.motion import BvhJoint, BvhMotion
from emogen.tables import read_table

#: Order of the rotation channels in the files we write; angles multiply in this order.
ROTATIONS = ("Zrotation", "Xrotation", "Yrotation")
POSITIONS = ("Xposition", "Yposition", "Zposition")


@dataclass(frozen=True)
class Skeleton:
    """Names, parents (-1 for the root) and offsets from the parent (cm) of the joints, parents first."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray


@cache
def skeleton() -> Skeleton:
    """The humanoid that emogen moves."""
    rows = read_table(__package__, "skeleton.csv")
    names = tuple(r["joint"] for r in rows)
    parents = tuple(names.index(r["parent"]) if r["parent"] else -1 for r in rows)
    return Skeleton(names, parents, np.array([[float(r[k]) for k in ("x_cm", "y_cm", "z_cm")] for r in rows]))


@dataclass(frozen=True, eq=False)
class BodyMotion:
    """How the humanoid moves.

    Attributes:
        rotations: float64 [T, 22, 3, 3], each joint's rotation against its parent.
        root_cm: float64 [T, 3], where the hips are.
        fps: Frames per second.
    """

    rotations: np.ndarray
    root_cm: np.ndarray
    fps: float

    def positions(self) -> np.ndarray:
        """Where every joint is in the world: float64 [T, 22, 3], cm."""
        bones = skeleton()
        world = np.empty((*self.rotations.shape[:2], 3))
        turned = np.empty_like(self.rotations)
        for j, parent in enumerate(bones.parents):
            if parent < 0:
                turned[:, j], world[:, j] = self.rotations[:, j], self.root_cm
            else:
                turned[:, j] = turned[:, parent] @ self.rotations[:, j]
                world[:, j] = world[:, parent] + turned[:, parent] @ bones.offsets[j]
        return world

    def to_bvh(self) -> BvhMotion:
        """The motion as BVH: hips with position and rotation, all others with rotation (ZXY, degrees)."""
        bones = skeleton()
        children = set(bones.parents)
        joints: list[BvhJoint] = []
        place: dict[int, int] = {}
        columns: list[np.ndarray] = []

        def add(j: int) -> None:
            place[j] = len(joints)
            parent = bones.parents[j]
            channels = (*POSITIONS, *ROTATIONS) if parent < 0 else ROTATIONS
            offset = tuple(float(v) for v in bones.offsets[j])
            joints.append(BvhJoint(bones.names[j], place.get(parent, -1), offset, channels))  # type: ignore[arg-type]
            if parent < 0:
                columns.append(self.root_cm)
            columns.append(Rotation.from_matrix(self.rotations[:, j]).as_euler("ZXY", degrees=True))
            if j not in children:
                tip = bones.offsets[j] / max(np.linalg.norm(bones.offsets[j]), 1e-9) * 8.0
                joints.append(BvhJoint("", place[j], tuple(float(v) for v in tip), (), end_site=True))  # type: ignore[arg-type]
            for child in (k for k, p in enumerate(bones.parents) if p == j):
                add(child)

        add(0)
        return BvhMotion(tuple(joints), np.concatenate(columns, axis=1), 1.0 / self.fps)

    @staticmethod
    def from_bvh(found: BvhMotion, name: str = "motion") -> BodyMotion:
        """A BVH of our own skeleton -> motion; the order of its channels is free.

        Raises:
            InputError: Joints of another skeleton.
        """
        bones = skeleton()
        index = {joint.name: i for i, joint in enumerate(found.joints) if not joint.end_site}
        missing = [n for n in bones.names if n not in index]
        if missing:
            raise InputError(
                name, f"has no joint {missing[0]}", f"Accepted: the joints {', '.join(bones.names[:4])} ..."
            )
        rotations = np.empty((len(found.frames), len(bones.names), 3, 3))
        root = np.tile(bones.offsets[0], (len(found.frames), 1))
        for j, joint_name in enumerate(bones.names):
            i = index[joint_name]
            channels, first = found.joints[i].channels, found.first_channel(i)
            turns = [(c[0], first + k) for k, c in enumerate(channels) if c.endswith("rotation")]
            angles = found.frames[:, [column for _, column in turns]]
            rotations[:, j] = Rotation.from_euler("".join(axis for axis, _ in turns), angles, degrees=True).as_matrix()
            if j == 0:
                for k, c in enumerate(channels):
                    if c in POSITIONS:
                        root[:, POSITIONS.index(c)] = found.frames[:, first + k]
        return BodyMotion(rotations, root, found.fps)


class BodyCodec(Codec):
    """BodyMotion <-> float32 [frames, 135]: root x, y, z (cm), then six numbers a joint."""

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
        """BodyMotion -> [T, 135]."""
        if not isinstance(media, BodyMotion):
            raise InputError("body codec", f"found {type(media).__name__}", "Accepted: a BodyMotion.")
        six = media.rotations[..., :2].swapaxes(-1, -2).reshape(len(media.rotations), -1)
        return np.concatenate([media.root_cm, six], axis=1).astype(np.float32)

    def decode(self, frames: np.ndarray) -> BodyMotion:
        """[T, 135] -> BodyMotion; rotations are made orthonormal (Gram-Schmidt)."""
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
