"""Landmark displacements -> a smooth dense displacement -> a moved picture.

Thin-plate splines through the landmarks (Bookstein 1989, IEEE PAMI 11:567) are solved once per photo: each shape's
displacement stands ready on a grid, and a frame's is their weighted sum, followed by the head's turn of the same grid
in depth. Lips part: above and below the seam of the mouth the picture moves by two fields of its own, each blind to
the other lip.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

#: Spacing of the grid in pixels, and the stiffness of the splines (0 passes through every landmark).
SPACING, STIFFNESS = 4, 4e-5
#: No shape may pull neighbouring grid points over each other: the most a displacement may grow per pixel (own).
STEEPEST = 0.9
#: Steps of the inversion, and the smallest area (of 1) to which skin is taken to be pushed together (own).
NEWTON, FLATTEST = 3, 0.2


class Splines:
    """Thin-plate splines through points, or through some of them, at places that stay the same.

    Args:
        points: [n, 2].
        at: Where values are wanted, [m, 2].
    """

    def __init__(self, points: np.ndarray, at: np.ndarray) -> None:
        scale = float(np.ptp(points, axis=0).max())
        self._points, self._at = points / scale, at / scale
        self._near = _kernel(self._at, self._points)

    def carried(self, values: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """Values [k, c] at the points of these numbers [k], or at all, as they are at all places: float32 [m, c]."""
        which = np.arange(len(self._points)) if which is None else which
        x, n = self._points[which], len(which)
        plate = np.zeros((n + 3, n + 3))
        plate[:n, :n] = _kernel(x, x) + STIFFNESS * np.eye(n)
        plate[:n, n:] = np.column_stack([np.ones(n), x])
        plate[n:, :n] = plate[:n, n:].T
        share = np.linalg.solve(plate, np.concatenate([values, np.zeros((3, values.shape[1]))]))
        near = self._near if n == len(self._points) else self._near[:, which]
        return np.asarray(near @ share[:n] + share[n] + self._at @ share[n + 1 :], np.float32)


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r2 = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 1e-18)
    return np.asarray(0.5 * r2 * cv2.log(r2))


class Grid:
    """A grid over a square picture of `size` pixels; `rest` [cells, cells, 2] are its points."""

    def __init__(self, size: int) -> None:
        self.size, self.cells = size, size // SPACING + 1
        self.step = (size - 1) / (self.cells - 1)
        ticks = np.linspace(0, size - 1, self.cells)
        self.rest = np.stack(np.meshgrid(ticks, ticks), axis=-1).astype(np.float32)
        self.where = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).astype(np.float32)

    def source(self, forward: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        """Where each pixel of a moved picture's `box` (left, top, right, bottom) comes from: float32 [h, w, 2].

        `forward` [cells, cells, 2] says how far the grid's points go.
        """
        # Newton's steps: where skin is pushed together a plain iteration would not arrive, and leave creases.
        slope = [
            cv2.Sobel(forward, cv2.CV_32F, *order, ksize=3, scale=1 / (8 * self.step)) for order in ((1, 0), (0, 1))
        ]
        slopes = np.concatenate(slope, axis=2)
        back = self.rest - forward
        for _ in range(NEWTON):
            at = back / self.step
            off = self.rest - back - cv2.remap(forward, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            xx, yx, xy, yy = cv2.split(cv2.remap(slopes, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
            xx, yy = xx + 1, yy + 1
            size = 1 / np.maximum(xx * yy - xy * yx, FLATTEST)
            step = np.stack([yy * off[..., 0] - xy * off[..., 1], xx * off[..., 1] - yx * off[..., 0]], axis=-1)
            back = back + np.clip(step * size[..., None], -self.step, self.step)
        # Upsample the shift, not the place: zero stays exactly zero.
        left, top, right, bottom = box
        scale = np.array([[1 / self.step, 0, left / self.step], [0, 1 / self.step, top / self.step]], np.float32)
        shift = cv2.warpAffine(
            back - self.rest, scale, (right - left, bottom - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return self.where[top:bottom, left:right] + shift


class Reach:
    """Where on a grid what control points do arrives, and how much of it.

    Args:
        grid: The grid.
        flat: Where the control points rest, [n, 2] pixels.
        anchors: Points that no shape moves, [k, 2] pixels, around them.
        share: How much of a displacement arrives at each point of the grid, [cells, cells], 0..1.
    """

    def __init__(self, grid: Grid, flat: np.ndarray, anchors: np.ndarray, share: np.ndarray) -> None:
        rows, columns = np.flatnonzero(share.any(1)), np.flatnonzero(share.any(0))
        self.part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        self.step, self.inside = grid.step, share[self.part] > 0
        self.share = share[self.part][self.inside]
        self.anchors = len(flat) + np.arange(len(anchors))
        self.splines = Splines(np.concatenate([flat, anchors]), grid.rest[self.part][self.inside].astype(np.float64))


class Shapes:
    """What every shape does to the grid, for one of the two lips' sides.

    Args:
        reach: How much of it arrives where.
        moves: What each shape does to the control points, [61, n, 2] pixels.
        blind: Numbers of the control points that count nothing.
    """

    def __init__(self, reach: Reach, moves: np.ndarray, blind: Sequence[int]) -> None:
        kept = np.setdiff1d(np.arange(moves.shape[1]), blind)
        values = np.zeros((len(kept) + len(reach.anchors), len(moves) * 2))
        values[: len(kept)] = moves[:, kept].transpose(1, 0, 2).reshape(len(kept), -1)
        moved = reach.splines.carried(values, np.concatenate([kept, reach.anchors])) * reach.share[:, None]
        dense = np.zeros((len(moves), *reach.inside.shape, 2), np.float32)
        dense[:, reach.inside] = moved.reshape(len(moved), len(moves), 2).transpose(1, 0, 2)
        self.part, self.shape = reach.part, dense.shape[1:]
        self.moves = np.stack([_tame(d, reach.step) for d in dense]).reshape(len(dense), -1)

    def add(self, curves: np.ndarray, forward: np.ndarray) -> None:
        """Adds what curves [61] do to `forward` [cells, cells, 2], in place."""
        on = np.flatnonzero(curves)
        if len(on):
            # Row by row: a linear algebra library would start threads for so little.
            moved = np.zeros(self.moves.shape[1], np.float32)
            for k in on.tolist():
                moved += np.float32(curves[k]) * self.moves[k]
            forward[self.part] += moved.reshape(self.shape)


def _tame(move: np.ndarray, step: float) -> np.ndarray:
    """A displacement [h, w, 2] without folds: blurred a little more wherever it grows too fast."""
    for _ in range(4):
        steep = max(float(np.abs(np.diff(move[..., k], axis=axis)).max()) for k in (0, 1) for axis in (0, 1)) / step
        if steep <= STEEPEST:
            break
        move = cv2.GaussianBlur(move, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE)
    return move
