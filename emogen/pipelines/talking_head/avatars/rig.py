"""A character's meshes as one array of points, and how curves pose them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from emogen.codecs.face import INDEX, SHAPES, with_held_lips
from emogen.errors import FormatError
from emogen.media.arkit import ARKIT_NAMES
from emogen.media.glb import GlbMesh, linear, normals_of, read_glb

#: A head turns at most this far (rad); eyes likewise. Own assumption: beyond, the neck would tear from the collar.
MOST_TURN, MOST_LOOK = 0.6, 0.55
#: An eye's turn (rad) at which the ARKit look shapes are 1, where curves hold shapes but no angles.
LOOK_FULL = 0.5
#: Heights between which the neck goes over from the still shoulders to the turning head (cm).
NECK = (-16.0, -9.5)
#: What lies behind lids and lips is so much further behind them than it is (cm), for nothing to stick out; by eye.
BEHIND = {"lips": 0.1, "mouth": 0.3, "eyeLeft": 0.15, "eyeRight": 0.15, "hair": -0.1, "body": 0.0}
#: Skin that light reaches less than this is the mouth's inside.
INSIDE = 0.25
NEEDED = ("face", "mouth", "eyeLeft", "eyeRight", "hair", "body")


@dataclass
class Pose:
    """A posed character: points and unit normals float32 [V, 3], how hollow the skin has become [M] (cm), eyes' middles."""

    points: np.ndarray
    normals: np.ndarray
    hollow: np.ndarray
    eyes: tuple[np.ndarray, np.ndarray]


class Rig:
    """Meshes joined; the moving ones (face, mouth) first.

    Attributes:
        meshes, extras: As read.
        seen: Triangles that are drawn: those that some pose shows [n, 3].
        points, faces, light: Rest points [V, 3] (cm), triangles [F, 3], colours in linear light [V, 3].
        marks: [V, 4] gloss, share of skin, share of lips, how far light is kept out; 0..1.
        ranges: Mesh -> its points.
        background: Two sRGB colours 0..1: edge and middle.
    """

    def __init__(self, meshes: list[GlbMesh], extras: dict[str, object]) -> None:
        found = {m.name: m for m in meshes}
        if any(n not in found for n in NEEDED):
            raise FormatError("avatar", f"holds {', '.join(found)}", f"Needed: {', '.join(NEEDED)}.")
        order = [found[n] for n in NEEDED]
        self.meshes = order
        self.extras = {k: v for k, v in extras.items() if k != "head_pivot"}
        starts = np.cumsum([0, *(len(m.points) for m in order)])
        self.name = str(extras.get("name", "avatar"))
        self.ranges = {m.name: slice(int(a), int(a) + len(m.points)) for m, a in zip(order, starts, strict=False)}
        self.points = np.concatenate([m.points for m in order]).astype(np.float32)
        self.faces = np.concatenate([m.faces + a for m, a in zip(order, starts, strict=False)]).astype(np.int32)
        self.light = linear(np.concatenate([m.colours for m in order])).astype(np.float32)
        self.marks = (np.concatenate([m.marks for m in order]) / 255).astype(np.float32)
        self.behind = np.concatenate([np.full(len(m.faces), BEHIND.get(m.name, 0.0)) for m in order]).astype(np.float32)
        deep = self.marks[self.faces, 3].mean(axis=1) > INSIDE
        self.behind[: len(order[0].faces)] += BEHIND["lips"] * deep[: len(order[0].faces)]
        self.pivot = np.array(extras["head_pivot"], np.float32)
        self.pivots = {m.name: np.array(m.pivot, np.float32) for m in order}
        self.background = np.array(extras.get("background", [[128] * 3, [220] * 3]), np.float32) / 255
        self.moving = len(order[0].points) + len(order[1].points)
        moves = np.stack([np.concatenate([m.moves[n] for m in order[:2]]) for n in ARKIT_NAMES])
        # Most shapes move a part of the face: a sparse product is quicker, and runs beside others on one thread.
        self.moves = csr_matrix(moves.reshape(SHAPES, -1).astype(np.float32).T)
        low, high = NECK
        y = np.clip((self.points[:, 1] - low) / (high - low), 0, 1)
        self.on_head = (y * y * (3 - 2 * y))[:, None].astype(np.float32)
        self.on_head[self.ranges["body"]] = 0
        self.on_head[self.ranges["eyeLeft"].start : self.ranges["eyeRight"].stop] = 1
        count = extras.get("seen", {})
        shown = [np.arange(count.get(m.name, len(m.faces))) for m in order]  # type: ignore[attr-defined]
        ends = np.cumsum([0, *(len(m.faces) for m in order)])
        shown = np.concatenate([s + a for s, a in zip(shown, ends, strict=False)])
        self.seen, self.behind = self.faces[shown], self.behind[shown]
        self.first = len(order[0].faces) + len(order[1].faces)
        self._round = _incidence(self.faces[: self.first], self.moving)
        self._still = normals_of(self.points, self.faces)
        self._near = _neighbours(self.faces[: self.first], self.moving)
        self._rest = self._hollow(self.points[: self.moving], self._still[: self.moving])

    @staticmethod
    def load(path: str | Path) -> Rig:
        """Reads a .glb of ours."""
        meshes, extras = read_glb(path)
        return Rig(meshes, extras)

    def _hollow(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return np.einsum("ij,ij->i", self._near @ points - points, normals)

    def pose(self, curves: np.ndarray) -> Pose:
        """Poses the character by curves [61]; what is out of range is clipped, what is not a number is 0."""
        curves = np.nan_to_num(np.asarray(curves, np.float64), nan=0.0, posinf=1.0, neginf=0.0)
        curves[:SHAPES] = np.clip(curves[:SHAPES], 0, 1)
        weights = with_held_lips(curves)[:SHAPES].astype(np.float32)
        points, normals = self.points.copy(), self._still.copy()
        points[: self.moving] += (self.moves @ weights).reshape(-1, 3)
        p = points[self.faces[: self.first]]
        fresh = self._round @ np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
        normals[: self.moving] = fresh / np.maximum(np.sqrt(np.einsum("ij,ij->i", fresh, fresh)), 1e-9)[:, None]
        hollow = self._hollow(points[: self.moving], normals[: self.moving]) - self._rest
        for name, side in (("eyeLeft", "Left"), ("eyeRight", "Right")):
            here, pivot = self.ranges[name], self.pivots[name]
            yaw, pitch = look(curves, side)
            turn = turned(yaw, pitch, 0.0)
            points[here] = _by(points[here] - pivot, turn) + pivot
            normals[here] = _by(normals[here], turn)
        yaw, pitch, roll = np.clip(curves[INDEX["headYaw"] : INDEX["headYaw"] + 3], -MOST_TURN, MOST_TURN)
        turn = turned(float(yaw), float(pitch), float(roll))
        change: np.ndarray = turn - np.eye(3, dtype=np.float32)
        points += self.on_head * _by(points - self.pivot, change)
        normals += self.on_head * _by(normals, change)
        eyes = tuple((self.pivots[n] - self.pivot) @ turn.T + self.pivot for n in ("eyeLeft", "eyeRight"))
        return Pose(points, normals, hollow, eyes)  # type: ignore[arg-type]


def _by(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points [V, 3] by a matrix [3, 3], without the threads that a linear algebra library would start for them."""
    return np.asarray(cv2.transform(np.ascontiguousarray(points)[None], matrix)[0])


def look(curves: np.ndarray, side: str) -> tuple[float, float]:
    """Where an eye looks, yaw and pitch (rad): the angles, or the look shapes where there are none."""
    yaw = float(curves[INDEX[f"{side.lower()}EyeYaw"]])
    pitch = float(curves[INDEX[f"{side.lower()}EyePitch"]])
    if yaw == 0 and pitch == 0:
        out = 1.0 if side == "Left" else -1.0
        yaw = out * LOOK_FULL * float(curves[INDEX[f"eyeLookOut{side}"]] - curves[INDEX[f"eyeLookIn{side}"]])
        pitch = LOOK_FULL * float(curves[INDEX[f"eyeLookDown{side}"]] - curves[INDEX[f"eyeLookUp{side}"]])
    return float(np.clip(yaw, -MOST_LOOK, MOST_LOOK)), float(np.clip(pitch, -MOST_LOOK, MOST_LOOK))


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The turn of a head or eye as a matrix, signs as in `codecs.face`: float32 [3, 3]."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(-roll), np.sin(-roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z, np.float32)


def _incidence(faces: np.ndarray, count: int) -> csr_matrix:
    """Sum of what belongs to triangles over the points they touch, [count, F]."""
    rows, columns = faces.ravel(), np.repeat(np.arange(len(faces)), 3)
    return csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(count, len(faces)))


def _neighbours(faces: np.ndarray, count: int) -> csr_matrix:
    """Mean over the neighbours of each point, [count, count]."""
    i, j = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    m = csr_matrix((np.ones(2 * len(i), np.float32), (np.r_[i, j], np.r_[j, i])), shape=(count, count))
    m.data[:] = 1.0
    share = 1.0 / np.maximum(np.asarray(m.sum(axis=1)).ravel(), 1.0)
    return csr_matrix(
        (m.data * np.repeat(share, np.diff(m.indptr)), m.indices, m.indptr), shape=m.shape, dtype=np.float32
    )
