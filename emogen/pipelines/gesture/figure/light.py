"""Light on the figure: a warm key from above, a cool fill, a rim from behind, and less of it where limbs are near.

All per vertex, in linear light and in the camera's frame, so that every view is lit as a photographer would. Sizes are
our own choice by eye.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from emogen.compiled import compiled
from emogen.pipelines.raster import LIGHTEST, SRGB


def _unit(x: float, y: float, z: float) -> np.ndarray:
    v = np.array([x, y, z], np.float32)
    return v / np.linalg.norm(v)


#: Directions towards the lights (the picture's left is -x) and their colours.
KEY, KEY_TONE = _unit(-0.72, 0.80, 0.62), np.array([1.00, 0.95, 0.88], np.float32) * 1.22
FILL, FILL_TONE = _unit(0.85, 0.10, 0.60), np.array([0.80, 0.88, 1.00], np.float32) * 0.17
RIM, RIM_TONE = _unit(0.70, 0.55, -0.75), np.array([1.00, 0.98, 0.94], np.float32) * 1.15
SKY, GROUND = np.array([0.27, 0.29, 0.32], np.float32), np.array([0.13, 0.12, 0.11], np.float32)
VIEW = _unit(0.0, 0.05, 1.0)
#: How far light creeps around an edge.
WRAP = 0.16
#: Shine of a smooth surface and how narrow it is.
SHINE, NARROW = 0.16, 22
#: Spacing of the points at which nearness is measured (cm), and how many of them a vertex looks at.
SPACING, NEAREST = 3.0, 4
#: How strongly near limbs keep light out, and how far (of their radius).
SHADE, REACH = 0.85, 3.0


class Nearness:
    """How much of the light limbs keep from each point: 0 in the open, towards 1 where another limb lies on it.

    Measured at a few points of the skin and spread from there, against the bones as rounded rods.
    """

    def __init__(self, points: np.ndarray) -> None:
        _, first = np.unique(np.floor(points / SPACING).astype(np.int64), axis=0, return_index=True)
        self.probes = np.sort(first)
        distance, which = cKDTree(points[self.probes]).query(points, k=NEAREST)
        w = 1 / (distance**2 + 0.25 * SPACING**2)
        w /= w.sum(axis=1, keepdims=True)
        rows = np.repeat(np.arange(len(points)), NEAREST)
        shape = (len(points), len(self.probes))
        self._spread = csr_matrix((w.ravel(), (rows, which.ravel())), shape=shape, dtype=np.float32)

    def __call__(self, points: np.ndarray, normals: np.ndarray, bones: np.ndarray, radii: np.ndarray) -> np.ndarray:
        """Points and normals [V, 3]; bones [B, 2, 3] with their radii [B] -> float32 [V, 1]."""
        p, n = points[self.probes].T, normals[self.probes].T
        open_ = np.ones(len(self.probes), np.float32)
        for (a, b), radius in zip(bones.astype(np.float32), radii.tolist(), strict=True):
            way = b - a
            x, y, z = p[0] - a[0], p[1] - a[1], p[2] - a[2]
            t = np.clip((x * way[0] + y * way[1] + z * way[2]) / max(float(way @ way), 1e-6), 0, 1)
            x, y, z = t * way[0] - x, t * way[1] - y, t * way[2] - z
            distance = np.sqrt(x * x + y * y + z * z) + 1e-6
            facing = (n[0] * x + n[1] * y + n[2] * z) / distance
            near = np.clip(1 - (distance - radius) / (REACH * radius), 0, 1)
            open_ *= 1 - SHADE * np.clip(facing + 0.1, 0, 1) * near * near
        return (self._spread @ (1 - open_))[:, None]


_HALF = (KEY + VIEW) / np.linalg.norm(KEY + VIEW)


@compiled
def lit(colour: np.ndarray, normals: np.ndarray, rough: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Colours as seen.

    Args:
        colour: Linear light [V, 3].
        normals: Unit, in the camera's frame, float32 [V, 3].
        rough: Roughness [V, 1], 0..1.
        near: What limbs keep out [V, 1], 0..1.

    Returns:
        sRGB float32 [V, 3], 0..1.
    """
    out = np.empty_like(colour)
    for v in range(len(colour)):
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        shut = near[v, 0]
        opened = 1 - shut
        key = max(x * KEY[0] + y * KEY[1] + z * KEY[2] + WRAP, 0.0) / (1 + WRAP) * (1 - 0.6 * shut)
        fill = max(x * FILL[0] + y * FILL[1] + z * FILL[2] + 0.4, 0.0) / 1.4 * opened
        side = min(max(1 - abs(x * VIEW[0] + y * VIEW[1] + z * VIEW[2]), 0.0), 1.0)
        rim = max(x * RIM[0] + y * RIM[1] + z * RIM[2], 0.0) * side * side * opened
        shine = max(x * _HALF[0] + y * _HALF[1] + z * _HALF[2], 0.0)
        mirrored = SHINE * (1 - rough[v, 0]) * shine**NARROW * opened
        for i in range(3):
            around = (GROUND[i] + (SKY[i] - GROUND[i]) * (0.5 + 0.5 * y)) * opened
            light = colour[v, i] * (around + KEY_TONE[i] * key + FILL_TONE[i] * fill)
            light += RIM_TONE[i] * rim * (0.10 + colour[v, i]) + mirrored
            light = light / (1 + 0.16 * light)  # a soft shoulder for what is very bright
            out[v, i] = SRGB[int(min(max(light * LIGHTEST, 0.0), 1.0 * LIGHTEST))]
    return out
