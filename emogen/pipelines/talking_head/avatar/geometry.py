"""Shapes and motion of an avatar's head: splines, the turn of the head in 2.5-D, the flesh that follows the curves.

Design space: 512 x 512, x to the right, y down, z towards the viewer. `side` is +1 for the subject's left
(image right) and -1 for the right. All sizes and depths are this project's own drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

DESIGN = 512.0  # side of the design space, units
CENTRE = 256.0  # the face's axis
TURN_Y = 262.0  # height of the axis that a nod turns about
NECK_Y = 415.0  # height of the point that a tilt turns about
MAX_TURN = 0.6  # radians that the head follows; beyond it the drawing would tear
NODES = 65  # nodes of the coarse grid, 8 units apart
STEP = DESIGN / (NODES - 1)

Array = NDArray[np.float32]


@lru_cache(maxsize=64)
def _basis(count: int, per: int, closed: bool) -> Array:
    """The matrix that turns `count` control points into the samples of a Catmull-Rom spline."""
    segments = count if closed else count - 1
    rows = np.zeros((segments * per + (0 if closed else 1), count), np.float32)
    for i in range(len(rows)):
        at, t = divmod(i, per)
        t = t / per
        if at >= segments:
            at, t = segments - 1, 1.0
        weights = (
            -0.5 * t**3 + t**2 - 0.5 * t,
            1.5 * t**3 - 2.5 * t**2 + 1,
            -1.5 * t**3 + 2 * t**2 + 0.5 * t,
            0.5 * t**3 - 0.5 * t**2,
        )
        for k, weight in enumerate(weights):
            j = at + k - 1
            rows[i, j % count if closed else min(max(j, 0), count - 1)] += weight
    return rows


def spline(points: object, per: int = 8, closed: bool = False) -> Array:
    """Samples `[m, 2]` of the smooth curve through control points `[n, 2]`, `per` to a segment."""
    ctrl = np.asarray(points, np.float32)
    out: Array = _basis(len(ctrl), per, closed) @ ctrl
    return out


def mirrored(points: object) -> Array:
    """The same points on the other side of the face's axis."""
    out = np.array(points, np.float32)
    out[..., 0] = 2 * CENTRE - out[..., 0]
    return out


def bump(points: Array, x: float, y: float, sx: float, sy: float) -> Array:
    """A Gaussian hill of height 1 at (x, y)."""
    out: Array = np.exp(-0.5 * (((points[..., 0] - x) / sx) ** 2 + ((points[..., 1] - y) / sy) ** 2))
    return out


def smooth(x: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    out: Array = t * t * (3 - 2 * t)
    return out


def face_depth(points: Array) -> Array:
    """Depth of the face's surface; slopes stay below 1 / sin(MAX_TURN), so a turn never folds it over."""
    dome = 1 - ((points[..., 0] - CENTRE) / 100) ** 2 - ((points[..., 1] - 262) / 165) ** 2
    nose = 20 * bump(points, CENTRE, 278, 15, 24)
    out: Array = 72 * np.maximum(dome, -0.15) + nose
    return out


def hair_depth(points: Array) -> Array:
    """Depth of the front hair: a wider dome over the skull."""
    dome = 1 - ((points[..., 0] - CENTRE) / 124) ** 2 - ((points[..., 1] - 235) / 190) ** 2
    out: Array = 84 * np.maximum(dome, -0.12)
    return out


@dataclass(frozen=True)
class Turn:
    """A head's attitude in radians, signs as `emogen.codecs.face` has them."""

    yaw: float
    pitch: float
    roll: float

    @property
    def affine(self) -> NDArray[np.float64]:
        """`[2, 3]`: the tilt about the neck and the small travel of the whole head."""
        c, s = np.cos(self.roll), np.sin(self.roll)
        tx = CENTRE - c * CENTRE + s * NECK_Y + 9 * np.sin(self.yaw)
        ty = NECK_Y - s * CENTRE - c * NECK_Y + 7 * np.sin(self.pitch)
        return np.array([[c, -s, tx], [s, c, ty]])

    def shift(self, points: Array, depth: Array | float) -> Array:
        """How far points `[..., 2]` at a depth move by yaw and pitch, before the tilt."""
        out = np.empty_like(points)
        out[..., 0] = depth * np.sin(self.yaw) - 0.45 * (1 - np.cos(self.yaw)) * (points[..., 0] - CENTRE)
        out[..., 1] = 0.85 * depth * np.sin(self.pitch) - 0.6 * (1 - np.cos(self.pitch)) * (points[..., 1] - TURN_Y)
        return out

    def place(self, points: Array, lift: float = 0.0) -> Array:
        """Where points `[n, 2]` of the face, `lift` above its surface, appear."""
        moved = points + self.shift(points, face_depth(points) + lift)
        affine = self.affine.astype(np.float32)
        out: Array = moved @ affine[:, :2].T + affine[:, 2]
        return out

    def rigid(self, depth: float, follow: float = 1.0) -> NDArray[np.float64]:
        """`[2, 3]`: a flat layer at one depth that follows the tilt only in part."""
        part = Turn(self.yaw, self.pitch, self.roll * follow).affine
        part[0, 2] += depth * np.sin(self.yaw)
        part[1, 2] += 0.85 * depth * np.sin(self.pitch)
        return part


def grid() -> Array:
    """`[NODES, NODES, 2]`: the coarse grid's points."""
    line = np.arange(NODES, dtype=np.float32) * STEP
    return np.stack(np.meshgrid(line, line), axis=-1)


def flesh_basis(points: Array) -> dict[str, Array]:
    """What each pull does to the skin at points `[..., 2]`: a displacement `[..., 2]` at strength 1."""

    def pull(weight: Array, dx: object, dy: object) -> Array:
        return np.stack([weight * np.asarray(dx, np.float32), weight * np.asarray(dy, np.float32)], axis=-1)

    x, y = points[..., 0], points[..., 1]
    jaw = smooth(y, 300, 362) * (1 - 0.85 * smooth(np.abs(x - CENTRE), 42, 86) * (1 - smooth(y, 330, 372)))
    out = {
        "jaw": pull(jaw, 0, 33),
        "aside": pull(jaw, 13, 3),
        "forward": pull(jaw * bump(points, CENTRE, 372, 46, 40), (x - CENTRE) * 0.16, 9),
        "chin": pull(bump(points, CENTRE, 368, 26, 16), 0, -6),
        "brow": pull(bump(points, CENTRE, 196, 60, 22), 0, -5),
    }
    for side, name in ((1, "L"), (-1, "R")):
        at = CENTRE + side * np.float32(1)
        half = smooth(side * (x - CENTRE), -6, 10)
        out["smile" + name] = pull(half * bump(points, at + side * 50, 300, 24, 24), side * 7, -9)
        out["cheek" + name] = pull(half * bump(points, at + side * 46, 268, 26, 18), side * 2, -6)
        out["puff" + name] = pull(half * bump(points, at + side * 62, 318, 26, 26), side * 15, 1)
        out["sneer" + name] = pull(half * bump(points, at + side * 14, 282, 9, 13), side * 2, -6)
        out["suck" + name] = pull(half * bump(points, at + side * 60, 322, 24, 24), -side * 6, 0)
        out["stretch" + name] = pull(half * bump(points, at + side * 58, 332, 22, 26), side * 9, 3)
    return out


class Flesh:
    """The skin's displacement for one face, on the coarse grid."""

    def __init__(self, field: Array) -> None:
        self.field = field

    def move(self, points: Array) -> Array:
        """Points `[n, 2]` of the resting face where the pulls take them."""
        at = np.ascontiguousarray(points / np.float32(STEP), dtype=np.float32)
        out: Array = points + cv2.remap(self.field, at[None], None, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)[0]
        return out


def sources(field: Array, affine: NDArray[np.float64], size: int) -> Array:
    """`[size, size, 2]` pixel map: where each pixel comes from when a layer moves by affine(p + field(p))."""
    back = cv2.invertAffineTransform(affine).astype(np.float32)
    at = grid() @ back[:, :2].T + back[:, 2]
    origin = at
    for _ in range(4):
        step = cv2.remap(field, at / np.float32(STEP), None, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
        at = origin - step
    scale = size / DESIGN
    zoom = np.array([[STEP * scale, 0, STEP * scale / 2 * 0], [0, STEP * scale, 0]])
    out: Array = cv2.warpAffine(at * np.float32(scale), zoom, (size, size), flags=cv2.INTER_LINEAR,
                                borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return out
