"""Shapes in metres onto a sheet in perspective: faces of one colour, boards warped into place, soft spots of light.

Colours are linear light; points are (x, y, z) in metres as in stage.py, or (column, row) where a function says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import FINE, Points
from emogen.codecs.scene.brush import lay
from emogen.codecs.scene.colours import Rgb
from emogen.codecs.scene.stage import Floats, Stage

Solid = Sequence[Sequence[float]] | NDArray[np.float64]
UP, TOWARDS = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])  # normals of what lies flat, and of what faces us


@dataclass(frozen=True)
class Pen:
    """Draws on a sheet what is given in metres.

    Attributes:
        sheet: float32 [h, w, 4].
        seen: Points (x, y, z) [n, 3] -> (column, row) [n, 2].
    """

    sheet: Floats
    seen: Callable[[Solid], NDArray[np.float64]]

    def face(self, points: Solid, rgb: Rgb, cover: float = 1.0) -> None:
        """A flat face of one colour."""
        flat(self.sheet, self.seen(points), rgb, cover)

    def upright(self, x: tuple[float, float], y: tuple[float, float], z: float, rgb: Rgb, cover: float = 1.0) -> None:
        """A rectangle that faces us."""
        self.face([(x[0], y[0], z), (x[0], y[1], z), (x[1], y[1], z), (x[1], y[0], z)], rgb, cover)

    def outline(self, points: Points, z: float, rgb: Rgb, cover: float = 1.0) -> None:
        """A shape (x, y) that faces us."""
        self.face([(x, y, z) for x, y in points], rgb, cover)

    def disc(self, middle: tuple[float, float, float], radius: float, rgb: Rgb) -> None:
        """A disc that lies flat."""
        x, y, z = middle
        turns = np.linspace(0, 2 * np.pi, 25)[:-1]
        self.face([(x + radius * np.cos(a), y, z + radius * np.sin(a)) for a in turns], rgb)

    def lay(self, image: Floats, corners: Solid, shape: Solid | None = None) -> None:
        """A premultiplied image between four corners (upper left, upper right, lower right, lower left), cut to a shape."""
        laid(self.sheet, image, self.seen(corners), shape=None if shape is None else self.seen(shape))


def pen_on(stage: Stage, sheet: Floats, lean: float = 0.0) -> Pen:
    """A pen for the open; with `lean`, upright things bow that much to the middle for each metre of height."""

    def seen(points: Solid) -> NDArray[np.float64]:
        at = np.asarray(points, np.float64)
        x = at[:, 0] - np.sign(at[:, 0]) * np.minimum(lean * np.maximum(at[:, 1], 0), np.abs(at[:, 0]))
        y, z = at[:, 1].astype(np.float32), at[:, 2].astype(np.float32)
        return np.stack([stage.column(x.astype(np.float32), z), stage.row(y, z)], axis=1).astype(np.float64)

    return Pen(sheet, seen)


def laid(sheet: Floats, image: Floats, corners: Points, *, shape: Points | None = None) -> None:
    """Lays a premultiplied image over a sheet.

    Args:
        sheet: What it is laid on.
        image: [h, w, 4].
        corners: Where its corners come to lie (column, row): upper left, upper right, lower right, lower left.
        shape: The outline (column, row) that is cut out of it there; all of it if not given.
    """
    at = np.asarray(corners, np.float64)
    low, high = np.floor(at.min(0)).astype(int) - 1, np.ceil(at.max(0)).astype(int) + 2
    x0, y0, x1, y1 = max(low[0], 0), max(low[1], 0), min(high[0], sheet.shape[1]), min(high[1], sheet.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    sides = np.linalg.norm(at - np.roll(at, -1, 0), axis=1)
    wide, tall = max(sides[0], sides[2]), max(sides[1], sides[3])
    rows, columns = image.shape[:2]
    if columns > 1.3 * wide or rows > 1.3 * tall:
        size = max(2, min(columns, int(np.ceil(wide)))), max(2, min(rows, int(np.ceil(tall))))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        rows, columns = image.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32) - 0.5
    target = (at - (x0, y0) - 0.5).astype(np.float32)
    warp = cv2.getPerspectiveTransform(source, target)
    there = cv2.warpPerspective(
        image, warp, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros(there.shape[:2], np.uint8)
    outline = target if shape is None else np.asarray(shape) - (x0, y0) - 0.5
    cv2.fillPoly(mask, [np.round(outline * FINE).astype(np.int32)], 255, cv2.LINE_AA, 4)
    there *= cv2.merge((mask.astype(np.float32) / 255,) * 4)
    lay(sheet[y0:y1, x0:x1], there)


def flat(sheet: Floats, corners: Points, rgb: Rgb, cover: float = 1.0, adds: bool = False) -> None:
    """A polygon of one colour over a sheet, with smooth edges; `adds`: as light that hides nothing."""
    at = np.asarray(corners, np.float64)
    if not np.isfinite(at).all():
        return
    low, high = np.floor(at.min(0)).astype(int) - 1, np.ceil(at.max(0)).astype(int) + 2
    x0, y0, x1, y1 = max(low[0], 0), max(low[1], 0), min(high[0], sheet.shape[1]), min(high[1], sheet.shape[0])
    if x1 <= x0 or y1 <= y0 or cover <= 0:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [np.round((at - (x0, y0) - 0.5) * FINE).astype(np.int32)], 255, cv2.LINE_AA, 4)
    share = mask.astype(np.float32) * np.float32(cover / 255)
    part = sheet[y0:y1, x0:x1]
    if not adds:
        part *= cv2.merge((1 - share,) * 4)
    part += cv2.merge([share * np.float32(tone) for tone in (*rgb, 0.0 if adds else 1.0)])


def soft_spot(
    sheet: Floats,
    centre: Sequence[float] | NDArray[np.float64],
    radii: tuple[float, float],
    rgb: Rgb,
    *,
    cover: float = 0.0,
) -> None:
    """A round blur around a (column, row): light that is added or, with `cover`, colour laid over the sheet that much."""
    (cx, cy), (rx, ry) = centre, radii
    x0, x1 = max(int(cx - 3 * rx), 0), min(int(cx + 3 * rx) + 1, sheet.shape[1])
    y0, y1 = max(int(cy - 3 * ry), 0), min(int(cy + 3 * ry) + 1, sheet.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    across = ((np.arange(x0, x1) + 0.5 - cx) / rx) ** 2
    down = ((np.arange(y0, y1) + 0.5 - cy) / ry) ** 2
    reach = np.minimum(across[None] + down[:, None], 9.0)
    weight = ((np.exp(-reach) - np.exp(-9.0)) * (cover or 1.0)).astype(np.float32)[..., None]
    part = sheet[y0:y1, x0:x1]
    if cover:
        part *= 1 - weight
        part[..., 3:] += weight
    part[..., :3] += weight * np.asarray(rgb, np.float32)
