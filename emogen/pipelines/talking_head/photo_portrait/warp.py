"""Landmark displacements -> a smooth dense displacement -> a moved picture.

Thin-plate splines through the landmarks (Bookstein 1989, IEEE PAMI 11:567), solved once for a grid, so that a frame
costs one product of a matrix with the displacements. Lips part: above and below the seam of the mouth the picture
moves by two fields of its own, each blind to the other lip.
"""

from __future__ import annotations

import cv2
import numpy as np

#: Spacing of the grid in pixels, and the stiffness of the splines (0 passes through every landmark).
SPACING, STIFFNESS = 4, 6e-4


def operator(points: np.ndarray, at: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """The matrix [m, n] that takes displacements at `points` [n, 2] to those at `at` [m, 2]; zero at `anchors`."""
    centres = np.concatenate([points, anchors])
    scale = float(np.ptp(centres, axis=0).max())
    x, y = centres / scale, at / scale
    n = len(x)
    plate = np.zeros((n + 3, n + 3))
    plate[:n, :n] = _kernel(x, x) + STIFFNESS * np.eye(n)
    plate[:n, n:] = np.column_stack([np.ones(n), x])
    plate[n:, :n] = plate[:n, n:].T
    solved = np.linalg.inv(plate)[:, : len(points)]
    return (np.column_stack([_kernel(y, x), np.ones(len(y)), y]) @ solved).astype(np.float32)


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r2 = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.where(r2 > 0, 0.5 * r2 * np.log(np.maximum(r2, 1e-18)), 0.0)


class Field:
    """A displacement over a square picture, driven by `n` control points.

    Args:
        points: Where the control points rest, [n, 2] pixels.
        anchors: Points that never move, [k, 2] pixels.
        reach: How much of the displacement arrives where, float32 [size, size], 0..1.
        size: Side of the picture in pixels.
    """

    def __init__(self, points: np.ndarray, anchors: np.ndarray, reach: np.ndarray, size: int) -> None:
        self.size = size
        cells = size // SPACING + 1
        ticks = np.linspace(0, size - 1, cells)
        self.ticks = ticks.astype(np.float32)
        grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        reach_at = cv2.resize(reach, (cells, cells), interpolation=cv2.INTER_LINEAR).reshape(-1, 1)
        self.moving = np.flatnonzero(reach_at[:, 0] > 0)
        self.matrix = operator(points, grid[self.moving], anchors) * reach_at[self.moving]
        self.rest = grid.reshape(cells, cells, 2).astype(np.float32)
        self.step = (size - 1) / (cells - 1)

    def source(self, moved: np.ndarray, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
        """How far off each pixel of the moved picture comes from: displacements [n, 2] -> float32 [h, w, 2].

        `box` (left, top, right, bottom) asks for a part of the picture.
        """
        cells = len(self.ticks)
        forward = np.zeros((cells * cells, 2), np.float32)
        forward[self.moving] = self.matrix @ moved.astype(np.float32)
        forward = forward.reshape(cells, cells, 2)
        back = self.rest
        for _ in range(4):
            at = back / self.step
            back = self.rest - cv2.remap(forward, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # Upsample the shift, not the place: zero stays exactly zero.
        left, top, right, bottom = box or (0, 0, self.size, self.size)
        scale = np.array([[1 / self.step, 0, left / self.step], [0, 1 / self.step, top / self.step]], np.float32)
        return cv2.warpAffine(
            back - self.rest, scale, (right - left, bottom - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip


def moved_picture(picture: np.ndarray, shift: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The picture with every pixel fetched from `where` + `shift` (both float32 [h, w, 2])."""
    return cv2.remap(picture, where + shift, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
