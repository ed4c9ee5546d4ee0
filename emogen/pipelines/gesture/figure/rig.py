"""The neutral figure: its skin as one array of points, and how a motion's frames pose it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from emogen.checkpoints import checkpoint_folder
from emogen.codecs.body import BodyMotion, skeleton
from emogen.errors import FormatError
from emogen.media.glb import linear, normals_of
from emogen.media.glb_skin import SkinJoint, SkinnedPart, read_skinned, rest_places
from emogen.pipelines.gesture.figure.helpers import HELPERS, half

CHECKPOINT = "figure"


def figure_joints() -> list[SkinJoint]:
    """The joints of `codecs.body.skeleton()` in its order, then the helpers."""
    bones = skeleton()
    out = [
        SkinJoint(n, p, (float(o[0]), float(o[1]), float(o[2])))
        for n, p, o in zip(bones.names, bones.parents, bones.offsets, strict=True)
    ]
    for helper in HELPERS:
        out.append(
            SkinJoint(helper.name, bones.names.index(helper.parent), out[bones.names.index(helper.joint)].offset)
        )
    return out


def all_turns(rotations: np.ndarray) -> np.ndarray:
    """Rotations of a motion [T, 52, 3, 3] with those of the helpers after them, [T, J, 3, 3]."""
    names = skeleton().names
    halves = [half(rotations[:, names.index(h.joint)], h.axis) for h in HELPERS]
    return np.concatenate([rotations, np.stack(halves, axis=1)], axis=1)


class FigureRig:
    """The figure's parts joined.

    Attributes:
        parts, joints: As read; the joints are those of `figure_joints`.
        points, normals: At rest, float32 [V, 3].
        quads: Four-cornered faces, int32 [F, 4].
        light: Colours in linear light [V, 3].
        rough: Roughness [V, 1].
        of: Name of a part -> its points.
        rest_places: Where the joints are at rest [J, 3] (cm).
    """

    def __init__(self, parts: list[SkinnedPart], joints: list[SkinJoint]) -> None:
        wanted = figure_joints()
        if [(j.name, j.parent) for j in joints] != [(j.name, j.parent) for j in wanted]:
            raise FormatError("figure", f"has {len(joints)} other joints", "Its skeleton must be emogen's.")
        self.parts, self.joints = parts, wanted
        starts = np.cumsum([0, *(len(p.points) for p in parts)])
        self.of = {p.name: slice(int(a), int(a) + len(p.points)) for p, a in zip(parts, starts, strict=False)}
        self.points = np.concatenate([p.points for p in parts]).astype(np.float32)
        self.normals = np.concatenate([normals_of(p.points, p.faces) for p in parts])
        # Two triangles in a row with the same first point are one face of the net.
        pairs = np.concatenate([p.faces.reshape(-1, 6) + a for p, a in zip(parts, starts, strict=False)])
        self.quads = pairs[:, [0, 1, 2, 5]].astype(np.int32)
        self.light = np.concatenate([np.tile(linear(np.array(p.colour)), (len(p.points), 1)) for p in parts])
        self.light = self.light.astype(np.float32)
        self.rough = np.concatenate([np.full((len(p.points), 1), p.roughness, np.float32) for p in parts])
        weights = np.concatenate([p.weights for p in parts])
        which = np.concatenate([p.joints for p in parts]).astype(np.int64)
        self.rest_places = rest_places(wanted)
        self._points = _blend(
            weights, which, np.concatenate([self.points, np.ones_like(self.points[:, :1])], axis=1), len(wanted)
        )
        self._normals = _blend(weights, which, self.normals, len(wanted))

    @staticmethod
    def load(path: str | Path) -> FigureRig:
        """Reads a .glb of ours."""
        parts, joints, _ = read_skinned(path)
        return FigureRig(parts, joints)

    def skeletons(self, rotations: np.ndarray, root_cm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where all joints are and how they are turned in the world.

        Args:
            rotations: [T, 52, 3, 3], each joint's against its parent.
            root_cm: [T, 3], where the hips are.

        Returns:
            Turns [T, J, 3, 3] and places [T, J, 3] (cm).
        """
        turns = all_turns(rotations)
        world, places = np.empty_like(turns), np.empty(turns.shape[:3])
        for j, joint in enumerate(self.joints):
            if joint.parent < 0:
                world[:, j], places[:, j] = turns[:, j], root_cm
            else:
                world[:, j] = world[:, joint.parent] @ turns[:, j]
                places[:, j] = places[:, joint.parent] + world[:, joint.parent] @ joint.offset
        return world, places

    def pose(self, turns: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points and unit normals, float32 [V, 3], of one of the `skeletons`: turns [J, 3, 3], places [J, 3]."""
        moved = places - np.einsum("jab,jb->ja", turns, self.rest_places)
        columns = turns.swapaxes(1, 2)
        points = self._points @ np.concatenate([columns, moved[:, None]], axis=1).reshape(-1, 3).astype(np.float32)
        normals = self._normals @ columns.reshape(-1, 3).astype(np.float32)
        normals /= np.maximum(np.sqrt(np.einsum("ij,ij->i", normals, normals)), 1e-6)[:, None]
        return points, normals


def _blend(weights: np.ndarray, which: np.ndarray, rest: np.ndarray, joints: int) -> csr_matrix:
    """Takes the rows of all joints' matrices to the blended points: [V, joints * rest's width]."""
    count, width = rest.shape
    rows = np.repeat(np.arange(count), weights.shape[1] * width)
    columns = which[..., None] * width + np.arange(width)
    values = weights[..., None] * rest[:, None]
    out = csr_matrix((values.ravel(), (rows, columns.ravel())), shape=(count, joints * width), dtype=np.float32)
    out.eliminate_zeros()
    return out


@cache
def figure() -> FigureRig:
    """The figure that ships with emogen."""
    return FigureRig.load(checkpoint_folder(CHECKPOINT) / "figure.glb")


def rest_motion(frames: int = 1, fps: float = 30.0) -> BodyMotion:
    """The figure at rest: the skeleton's T-pose."""
    bones = skeleton()
    rotations = np.tile(np.eye(3), (frames, len(bones.names), 1, 1))
    return BodyMotion(rotations, np.tile(bones.offsets[0], (frames, 1)), fps)
