"""A body as frames: 6-D rotations of a humanoid's joints and where its hips are.

The skeleton (`skeleton.csv`, our own, of average adult proportions) stands in a T-pose, Y up, facing +Z, its left
side at +X, in centimetres; joints bear the names that Mixamo, Blender, Unity and Unreal retarget from. Rotations
are two columns of a rotation matrix: continuous, hence good for networks (Zhou et al. 2019, CVPR, "On the
continuity of rotation representations in neural networks").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.errors import FormatError, InputError
from emogen.media.arrays import read_arrays, write_arrays
from emogen.media.atomic import check_writable
from emogen.media.motion import BvhJoint, BvhMotion, check_motion, read_bvh, write_bvh
from emogen.media.sniff import kind_of
from emogen.tables import read_table

#: Order of the rotation channels in the files we write; angles multiply in this order.
ROTATIONS = ("Zrotation", "Xrotation", "Yrotation")
POSITIONS = ("Xposition", "Yposition", "Zposition")
#: Joints before the fingers, which stand last in the table.
BODY = 22
#: The heel, seen from the ankle: on the floor, 7 cm below it as the table says, and behind it as in adults.
HEEL_CM = np.array([0.0, -7.0, -4.0])
#: A heel or ball this low and slow stands on the floor. Measured walks (30 fps) keep planted feet below 15 cm/s and
#: 3 cm, swing them at more than 100 cm/s; own choice in between.
CONTACT_CM, CONTACT_CM_S = 4.0, 30.0
CONTACT_S = 0.1  # shorter contacts, and gaps in them, are none (own assumption)
Y_TO_Z = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
FPS = (1e-1, 1e4)  # as `emogen.media.motion` takes frame times
LOCKED = 1e-7  # cosine of X below which Z and Y are one axis: rounding errors of the matrix are as large
OWN_CM = 1e-3  # offsets within this are those of our skeleton
TIP_CM = 8.0  # longest end site: a head, toes; a finger's is four fifths of its last bone (own assumption)


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
        rotations: float64 [T, 52, 3, 3], each joint's rotation against its parent.
        root_cm: float64 [T, 3], where the hips are.
        fps: Frames per second.
    """

    rotations: np.ndarray
    root_cm: np.ndarray
    fps: float

    def world(self) -> tuple[np.ndarray, np.ndarray]:
        """Where every joint is and how it is turned in the world: float64 [T, 52, 3], cm, and [T, 52, 3, 3]."""
        bones = skeleton()
        place = np.empty((*self.rotations.shape[:2], 3))
        turned = np.empty_like(self.rotations)
        for j, parent in enumerate(bones.parents):
            if parent < 0:
                turned[:, j], place[:, j] = self.rotations[:, j], self.root_cm
            else:
                turned[:, j] = turned[:, parent] @ self.rotations[:, j]
                place[:, j] = place[:, parent] + turned[:, parent] @ bones.offsets[j]
        return place, turned

    def positions(self) -> np.ndarray:
        """Where every joint is in the world: float64 [T, 52, 3], cm."""
        return self.world()[0]

    def soles(self) -> np.ndarray:
        """Where left heel, left ball, right heel and right ball are: float64 [T, 4, 3], cm; on the floor at 0."""
        place, turned = self.world()
        points = []
        for side in ("Left", "Right"):
            foot, ball = (skeleton().names.index(f"{side}{part}") for part in ("Foot", "ToeBase"))
            points += [place[:, foot] + turned[:, foot] @ HEEL_CM, place[:, ball]]
        return np.stack(points, axis=1)

    def contacts(self) -> np.ndarray:
        """Which of left heel, left ball, right heel and right ball stand on the floor: bool [T, 4]."""
        from scipy.signal import medfilt  # takes half a second to load, and drawing needs none of it

        points, flags = self.soles(), np.zeros((len(self.root_cm), 4), dtype=bool)
        if len(points) < 2:
            return flags | (points[..., 1] < CONTACT_CM)
        speed = np.linalg.norm(np.gradient(points, axis=0), axis=-1) * self.fps
        size = max(1, round(CONTACT_S * self.fps)) // 2 * 2 + 1
        stands = (points[..., 1] < CONTACT_CM) & (speed < CONTACT_CM_S)
        for k in range(4):  # neither a frame of contact by itself nor a frame without
            flags[:, k] = medfilt(stands[:, k].astype(float), size) > 0.5
            flags[[0, -1], k] |= stands[[0, -1], k]
        return flags

    def resampled(self, fps: float) -> BodyMotion:
        """The same motion at another frame rate, as long as before; turns follow the shortest way between frames."""
        before = len(self.root_cm)
        at = np.arange(max(1, round(before * fps / self.fps))) * (self.fps / fps)
        return self.at_frames(np.clip(at, 0, before - 1), fps)

    def at_frames(self, at: np.ndarray, fps: float | None = None) -> BodyMotion:
        """The motion at these frames [T'], fractions between 0 and T - 1 allowed, in any order."""
        low = np.minimum(np.floor(at).astype(int), max(len(self.root_cm) - 2, 0))
        high = np.minimum(low + 1, len(self.root_cm) - 1)
        share = at - low
        first, second = self.rotations[low], self.rotations[high]
        way = Rotation.from_matrix((first.swapaxes(-1, -2) @ second).reshape(-1, 3, 3)).as_rotvec()
        part = way.reshape(*first.shape[:2], 3) * share[:, None, None]
        turns = first @ Rotation.from_rotvec(part.reshape(-1, 3)).as_matrix().reshape(first.shape)
        root = (1.0 - share)[:, None] * self.root_cm[low] + share[:, None] * self.root_cm[high]
        return BodyMotion(turns, root, self.fps if fps is None else float(fps))

    def to_bvh(self, up: str = "Y") -> BvhMotion:
        """The motion as BVH: hips with position and rotation, all others with rotation (ZXY, degrees).

        Args:
            up: "Y" as most programs want it, or "Z" (Blender, Unreal): the whole file, its rest pose included,
                stands along Z and faces -Y.

        Raises:
            InputError: Another axis.
        """
        if up not in ("Y", "Z"):
            raise InputError("up", f"{up!r}", 'Accepted: "Y" or "Z".')
        turn = np.eye(3) if up == "Y" else Y_TO_Z
        bones, root = skeleton(), self.root_cm @ turn.T
        offsets, angles = bones.offsets @ turn.T, euler_zxy(turn @ self.rotations @ turn.T)
        joints: list[BvhJoint] = []
        place: dict[int, int] = {}
        columns: list[np.ndarray] = []

        def add(j: int) -> None:
            place[j] = len(joints)
            parent = bones.parents[j]
            channels = (*POSITIONS, *ROTATIONS) if parent < 0 else ROTATIONS
            # programs add the root's position to its offset, or put it in its place: an offset of 0 suits both
            offset = _three(offsets[j] if parent >= 0 else np.zeros(3))
            joints.append(BvhJoint(bones.names[j], place.get(parent, -1), offset, channels))
            columns.extend([root, angles[:, j]] if parent < 0 else [angles[:, j]])
            children = [k for k, p in enumerate(bones.parents) if p == j]
            if not children:
                length = max(float(np.linalg.norm(offsets[j])), 1e-9)
                tip = offsets[j] / length * min(TIP_CM, 0.8 * length)
                joints.append(BvhJoint("", place[j], _three(tip), (), end_site=True))
            for child in children:
                add(child)

        add(0)
        return BvhMotion(tuple(joints), np.concatenate(columns, axis=1), 1.0 / self.fps)

    @staticmethod
    def from_bvh(found: BvhMotion, name: str = "motion") -> BodyMotion:
        """A BVH -> motion: one of our own skeleton as it is, any other humanoid's retargeted.

        Args:
            found: The motion; the order of its channels is free.
            name: What an error message calls it.

        Raises:
            InputError: No frames, numbers that are not finite, or parts of a body are missing.
        """
        from emogen.codecs.humanoid import forward
        from emogen.codecs.retarget import retargeted

        turn = _own(found)
        if turn is None or not len(found.frames):
            return retargeted(found, name)
        check_motion(name, found)
        place, turned = forward(found)
        own = {joint.name: i for i, joint in enumerate(found.joints) if not joint.end_site}
        index = [own[n] for n in skeleton().names]
        turned = turn.T @ turned[:, index] @ turn
        rotations = turned.copy()
        for j, parent in enumerate(skeleton().parents):
            if parent >= 0:
                rotations[:, j] = turned[:, parent].swapaxes(-1, -2) @ turned[:, j]
        return BodyMotion(rotations, place[:, index[0]] @ turn, found.fps)

    def save(self, path: str | Path) -> Path:
        """Writes `.bvh`, or `.npz`: plain arrays, the same bytes for the same motion.

        The arrays: `names` [52], `parents` [52] (-1 for the root), `offsets_cm` [52, 3], `rotations` [T, 52, 4]
        (quaternions x, y, z, w against the parent), `root_cm` [T, 3], `positions_cm` [T, 52, 3] in the world, `fps`.

        Raises:
            InputError: Another suffix, or a path that cannot be written.
            OutputError: The file could not be written.
        """
        path = check_writable(path, (".bvh", ".npz"))
        if path.suffix.lower() == ".bvh":
            return write_bvh(path, self.to_bvh())
        bones, shape = skeleton(), self.rotations.shape[:2]
        quaternions = Rotation.from_matrix(self.rotations.reshape(-1, 3, 3)).as_quat().reshape(*shape, 4)
        steps = np.sign((quaternions[1:] * quaternions[:-1]).sum(-1, keepdims=True))
        quaternions[1:] *= np.cumprod(np.where(steps < 0, -1.0, 1.0), axis=0)  # the same turn is q and -q: no leaps
        arrays = {
            "names": np.array(bones.names), "parents": np.array(bones.parents, np.int32), "offsets_cm": bones.offsets,
            "rotations": quaternions, "root_cm": self.root_cm, "positions_cm": self.positions().astype(np.float32),
            "fps": np.array(self.fps),
        }  # fmt: skip
        return write_arrays(path, arrays)

    @staticmethod
    def load(path: str | Path) -> BodyMotion:
        """Reads a `.bvh` of any humanoid, or an `.npz` as `save` writes it.

        Raises:
            InputError: It cannot be read, is broken, or is of no body.
        """
        if kind_of(path) != "zip":
            return BodyMotion.from_bvh(read_bvh(path), str(path))
        found, bones, where = read_arrays(path), skeleton(), str(path)
        missing = [n for n in ("names", "rotations", "root_cm", "fps") if n not in found]
        if missing or tuple(found["names"].tolist()) != bones.names:
            raise FormatError(where, f"no {missing[0]}" if missing else "another skeleton", "Accepted: emogen's .npz.")
        arrays = [found[n] for n in ("rotations", "root_cm", "fps")]
        n = arrays[0].shape[0] if arrays[0].ndim else 0
        if (
            [a.shape for a in arrays] != [(n, len(bones.names), 4), (n, 3), ()]
            or not n
            or any(a.dtype.kind not in "fiu" for a in arrays)
        ):
            raise FormatError(where, "arrays of other shapes or kinds", "Accepted: emogen's .npz.")
        turns, root, fps = (a.astype(np.float64) for a in arrays)
        if not all(np.isfinite(a).all() for a in (turns, root, fps)) or not FPS[0] <= fps <= FPS[1]:
            raise FormatError(
                where, f"numbers that are not finite, or {fps} frames a second", "Accepted: emogen's .npz."
            )
        if not (np.linalg.norm(turns, axis=-1) > 1e-6).all():
            raise FormatError(where, "quaternions of length 0")
        matrices = Rotation.from_quat(turns.reshape(-1, 4)).as_matrix().reshape(*turns.shape[:2], 3, 3)
        return BodyMotion(matrices, root, float(fps))


def euler_zxy(rotations: np.ndarray) -> np.ndarray:
    """Rotations [T, ..., 3, 3] -> degrees about Z, X and Y [T, ..., 3], multiplied in this order; without leaps in time.

    Where X stands at 90 degrees, Z and Y turn about the same axis: Y is then 0 and Z does it all.
    """
    r = rotations
    flat = np.hypot(r[..., 2, 0], r[..., 2, 2])
    locked = flat < LOCKED
    x = np.arctan2(r[..., 2, 1], flat)
    z = np.where(locked, np.arctan2(r[..., 1, 0], r[..., 0, 0]), np.arctan2(-r[..., 0, 1], r[..., 1, 1]))
    y = np.where(locked, 0.0, np.arctan2(-r[..., 2, 0], r[..., 2, 2]))
    return np.degrees(np.stack([np.unwrap(z, axis=0), x, np.unwrap(y, axis=0)], axis=-1))


def _three(v: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in v)
    return x, y, z


def _own(found: BvhMotion) -> np.ndarray | None:
    """The turn [3, 3] from our axes to those of a BVH of our own skeleton; None for any other skeleton."""
    bones = skeleton()
    own = {joint.name: joint for joint in found.joints if not joint.end_site}
    if set(own) != set(bones.names) or len(own) != sum(not joint.end_site for joint in found.joints):
        return None
    offsets = np.array([own[n].offset for n in bones.names])[1:]
    parents = [found.joints[own[n].parent].name if own[n].parent >= 0 else "" for n in bones.names]
    if parents != [bones.names[p] if p >= 0 else "" for p in bones.parents]:
        return None
    turns = (np.eye(3), Y_TO_Z)
    return next((t for t in turns if np.allclose(offsets, bones.offsets[1:] @ t.T, atol=OWN_CM)), None)
