"""Flat drawings in metres (`Board`), and the textures of walls.

A board is drawn once, seen straight on, about twice as fine as it will show; a `Pen` (see pen.py) lays it on a sheet.
Colours are linear light; a point of a board is (x m to the right, y m up from its lower left corner).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.colours import Rgb
from emogen.codecs.scene.noise import smoothstep, tile
from emogen.codecs.scene.stage import Floats, Light

Points = Sequence[tuple[float, float]] | NDArray[np.float64] | Floats
FINE = 16  # parts of a pixel in which corners are given to the polygon filler (its shift of 4 bits)


def jagged(rng: np.random.Generator, board: Board) -> Floats:
    """The broken upper edge of a wall: seven plateaus of 0..1 across a board, with steep steps between [1, w]."""
    plateaus = np.repeat(rng.random(7), 2)
    at = board.places()[0] / board.width_m * (len(plateaus) - 1)
    return np.interp(at, np.arange(len(plateaus)), plateaus)[None].astype(np.float32)


@cache
def _weathering() -> Floats:
    return tile(np.random.default_rng(1), 512, 2.2, low=3.0)


def weathering(rng: np.random.Generator, board: Board, span_m: float, stretch: float = 1.0) -> Floats:
    """Worn patches of about -1..1 over a board [h, w]; the largest a third of `span_m` high and `stretch` times as wide."""
    u, v = rng.random(2) * 512
    across, down = (
        512 * board.width_m / board.size[1] / (span_m * stretch),
        512 * board.height_m / board.size[0] / span_m,
    )
    to_field = np.array([[across, 0, u], [0, down, v]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return 0.5 * cv2.warpAffine(_weathering(), to_field, board.size[::-1], flags=flags, borderMode=cv2.BORDER_WRAP)


def lamplight(light: Light) -> float:
    """How much lamps and lit panes stand out: about 0 at noon .. 1 in the dark."""
    up = float(np.mean(light.on(np.array([0.0, 1.0, 0.0]))))
    return float(np.clip(1.12 - up / 0.5, 0.06, 1.0))


class Board:
    """A flat drawing: cover and albedo `rgba` [h, w, 4], and light of its own `glow` [h, w, 3].

    Args:
        width_m: Its width.
        height_m: Its height.
        px_per_m: Rows of a metre.
        squeezed: Columns of a metre, as a share of that: less for what is seen at a slant.
    """

    def __init__(self, width_m: float, height_m: float, px_per_m: float, squeezed: float = 1.0) -> None:
        self.width_m, self.height_m, self.px_per_m = width_m, height_m, px_per_m
        self.size = max(3, round(height_m * px_per_m)), max(3, round(width_m * px_per_m * squeezed))
        self.rgba = np.zeros((*self.size, 4), np.float32)
        self.glow = np.zeros((*self.size, 3), np.float32)

    def px(self, points: Points) -> NDArray[np.float64]:
        """Points (m) as (column, row)."""
        rows, columns = self.size
        return np.asarray(points, float) * (columns / self.width_m, -rows / self.height_m) + (0, rows)

    def poly(self, points: Points, rgb: Rgb, glow: Rgb = (0.0, 0.0, 0.0), cover: float = 1.0) -> None:
        """A filled polygon; with `cover` below 1 what is below shows through."""
        if cover <= 0:
            return
        px = self.px(points)
        if cover >= 1:
            corners = [np.round(px * FINE - FINE / 2).astype(np.int32)]
            cv2.fillPoly(self.rgba, corners, (*map(float, rgb), 1.0), shift=4)
            cv2.fillPoly(self.glow, corners, tuple(map(float, glow)), shift=4)
            return
        (x0, y0), (x1, y1) = np.floor(px.min(0)).astype(int) - 1, np.ceil(px.max(0)).astype(int) + 1
        box = slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0))
        part = self.rgba[box]
        if not part.size:
            return
        mask = np.zeros(part.shape[:2], np.float32)
        cv2.fillPoly(
            mask, [np.round((px - (box[1].start, box[0].start)) * FINE - FINE / 2).astype(np.int32)], cover, shift=4
        )
        through = 1 - mask
        for whole, tone in ((part, (*rgb, 1.0)), (self.glow[box], glow)):
            whole *= cv2.merge((through,) * len(tone))
            whole += cv2.merge([mask * np.float32(t) for t in tone])

    def rect(
        self, x0: float, y0: float, x1: float, y1: float, rgb: Rgb, glow: Rgb = (0.0, 0.0, 0.0), cover: float = 1.0
    ) -> None:
        """A filled rectangle from its lower left to its upper right corner."""
        if cover <= 0:
            return
        rows, columns = self.size
        left, right = round(x0 / self.width_m * columns), round(x1 / self.width_m * columns)
        top, bottom = round((1 - y1 / self.height_m) * rows), round((1 - y0 / self.height_m) * rows)
        box = slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
        if cover >= 1:
            self.rgba[box] = (rgb[0], rgb[1], rgb[2], 1.0)
            self.glow[box] = glow
        else:
            for whole, tone in ((self.rgba, (rgb[0], rgb[1], rgb[2], 1.0)), (self.glow, glow)):
                part = whole[box]
                part *= 1 - cover
                part += np.asarray(tone, np.float32) * np.float32(cover)

    def fade(self, x: tuple[float, float], y: tuple[float, float], rgb: Sequence[Rgb], glow: Sequence[Rgb]) -> None:
        """A filled rectangle that passes from its first colour (and glow) at the foot to its second at the top."""
        rows, columns = self.size
        left, right = round(x[0] / self.width_m * columns), round(x[1] / self.width_m * columns)
        top, bottom = round((1 - y[1] / self.height_m) * rows), round((1 - y[0] / self.height_m) * rows)
        box = slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
        up = np.linspace(1, 0, max(box[0].stop - box[0].start, 0), dtype=np.float32)[
            : max(rows - box[0].start, 0), None, None
        ]
        self.rgba[(*box, slice(0, 3))] = np.asarray(rgb[0], np.float32) * (1 - up) + np.asarray(rgb[1], np.float32) * up
        self.rgba[(*box, 3)] = 1
        self.glow[box] = np.asarray(glow[0], np.float32) * (1 - up) + np.asarray(glow[1], np.float32) * up

    def line(self, points: Points, width_m: float, rgb: Rgb, cover: float = 1.0) -> None:
        """A line through points, each piece a thin polygon."""
        at = np.asarray(points, float)
        for a, b in pairwise(at):
            along = b - a
            aside = np.array([-along[1], along[0]]) / (np.hypot(*along) + 1e-9) * width_m / 2
            self.poly([*(a + aside, b + aside, b - aside, a - aside)], rgb, cover=cover)

    def times(self, factor: Floats) -> None:
        """Multiplies the albedo by [h, w] or [h, w, 3]."""
        self.rgba[..., :3] *= factor if factor.ndim == 3 else factor[..., None]

    def heights(self) -> Floats:
        """Height (m) of each row as a column [h, 1]."""
        return ((1 - (np.arange(self.size[0]) + 0.5) / self.size[0]) * self.height_m).astype(np.float32)[:, None]

    def places(self) -> Floats:
        """How far right (m) each column lies, as a row [1, w]."""
        return ((np.arange(self.size[1]) + 0.5) / self.size[1] * self.width_m).astype(np.float32)[None]

    def lit(self, light: Floats | NDArray[np.float64], glow: float = 1.0) -> Floats:
        """Premultiplied light [h, w, 4] under `light` [3] or [h, w, 3]."""
        out = self.rgba.copy()
        out[..., :3] = self.rgba[..., :3] * light.astype(np.float32) + self.glow * (glow * self.rgba[..., 3:])
        return out


def bricks(rng: np.random.Generator, board: Board, tone: Rgb, wide_m: float = 0.32, tall_m: float = 0.14) -> Floats:
    """Courses of bricks or stones over a board, as albedo [h, w, 3]."""
    rows, columns = max(2, int(board.height_m / tall_m)), max(2, int(board.width_m / wide_m))
    shade = 1 + 0.22 * rng.standard_normal((64, 64))
    row = (np.arange(board.size[0]) + 0.5) / board.size[0] * rows
    column = (np.arange(board.size[1]) + 0.5) / board.size[1] * columns
    across = column[None] + 0.5 * (row[:, None].astype(int) % 2)
    stone = shade[(row.astype(int) % 64)[:, None], across.astype(int) % 64]
    joint = np.minimum(
        np.minimum(row % 1, 1 - row % 1)[:, None] * tall_m, np.minimum(across % 1, 1 - across % 1) * wide_m
    )
    face = smoothstep(0.004, 0.022, joint.astype(np.float32))[..., None]
    return (np.asarray(tone) * np.clip(stone, 0.45, 1.6)[..., None] * (0.55 + 0.45 * face)).astype(np.float32)
