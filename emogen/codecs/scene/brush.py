"""Shapes in metres -> painted, lit and shaded on a crop of the picture (linear light, premultiplied).

A `Canvas` stands upright at one distance. Outlines and tubes are filled, rounded as if inflated (their blurred mask
gives surface normals), folded like cloth if asked, lit by the stage's light, and laid on a full sheet by `onto`.
Points are (x, y) in metres: x to the right of the canvas' foot, y above it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.codecs.scene.noise import tile
from emogen.codecs.scene.stage import Floats, Stage

Points = NDArray[np.float64]
SHIFT = 4  # binary digits of a pixel's fraction that cv2's drawing takes (own choice)

COARSE = 24.0  # pixels of a metre below which folds and grain cannot be seen (own choice)
TILE = 256  # side of the noise that folds and grain are read from (px)
FOLDS_M, GRAIN_M = (1.3, 7.0), (2.2, 2.2)  # after which they repeat to the right and up (own choice)


@cache
def _tile() -> Floats:
    return tile(np.random.default_rng(0), TILE, 2.4, low=4.0)


@cache
def rgb(colour: str) -> tuple[float, float, float]:
    """A colour as on screens ("#aa8866") -> linear light."""
    return tuple(((int(colour[i : i + 2], 16) / 255 + 0.055) / 1.055) ** 2.4 for i in (1, 3, 5))  # type: ignore[return-value]


def mixed(a: ArrayLike, b: ArrayLike, share: float) -> NDArray[np.float64]:
    """`a` at 0 .. `b` at 1."""
    return np.asarray(a, np.float64) * (1 - share) + np.asarray(b, np.float64) * share


def curve(points: ArrayLike, count: int = 14) -> Points:
    """A smooth line [count, k] through points [n, k] (Catmull-Rom)."""
    p = np.asarray(points, np.float64)
    if len(p) < 3:
        return np.linspace(p[0], p[-1], count)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    at = np.linspace(0, len(p) - 3 - 1e-9, count)
    i = at.astype(int)
    t = (at - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def closed(points: ArrayLike, count: int = 60) -> Points:
    """A smooth closed outline [count, 2] through points."""
    p = np.asarray(points, np.float64)
    whole = curve(np.vstack([p[-2:], p, p[:2]]), (len(p) + 3) * count // len(p) + 1)
    start, end = 2 / (len(p) + 3), (len(p) + 2) / (len(p) + 3)
    return whole[int(start * len(whole)) : int(end * len(whole)) + 1]


def lay(under: Floats, over: Floats) -> None:
    """Lays one premultiplied sheet over another of its size, in place."""
    under *= cv2.merge((1 - over[..., 3],) * 4)
    under += over


class Canvas:
    """An upright crop of the picture at one distance.

    Args:
        stage: The picture.
        x_m: Where its foot stands, to the right of the middle.
        z_m: How far away.
        box_m: (left, right, bottom, top) of what may be painted, about the foot.
        y_m: The foot's height above the ground.
        rng: For folds and mottling; none: smooth.
        turn: How far all that is painted is turned about the foot, to the right (rad).
    """

    def __init__(
        self,
        stage: Stage,
        x_m: float,
        z_m: float,
        box_m: tuple[float, float, float, float],
        *,
        y_m: float = 0.0,
        rng: np.random.Generator | None = None,
        turn: float = 0.0,
    ) -> None:
        self._turn = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        self.stage, self.x_m, self.z_m, self.y_m = stage, x_m, z_m, y_m
        scale = stage.focal / z_m
        self.foot = (float(stage.column(x_m, z_m)), float(stage.row(y_m, z_m)))
        left, right, bottom, top = box_m
        self.left = int(np.clip(np.floor(self.foot[0] + left * scale) - 1, 0, stage.width))
        self.right = int(np.clip(np.ceil(self.foot[0] + right * scale) + 1, 0, stage.width))
        self.top = int(np.clip(np.floor(self.foot[1] - top * scale) - 1, 0, stage.height))
        self.bottom = int(np.clip(np.ceil(self.foot[1] - bottom * scale) + 1, 0, stage.height))
        self.over = 4 if scale < 14 else 2 if scale < 70 else 1  # finer where shapes have few pixels (own choice)
        self.scale = scale * self.over
        size = (max(self.bottom - self.top, 0) * self.over, max(self.right - self.left, 0) * self.over)
        self.visible = min(size) > 0
        self.rgba: Floats = np.zeros((*size, 4), np.float32)
        self._shift = None if rng is None or scale < COARSE else rng.random(2)

    def px(self, points: ArrayLike) -> Points:
        """Metres -> pixels of this canvas."""
        p = np.asarray(points, np.float64) @ self._turn
        at = [(self.foot[0] - self.left) * self.over, (self.foot[1] - self.top) * self.over]
        return np.asarray(np.stack([at[0] + p[..., 0] * self.scale, at[1] - p[..., 1] * self.scale], -1))

    def solid(self, outline: ArrayLike, colour: ArrayLike, **look: float) -> None:
        """A filled outline [n, 2] (m); see `paint` for how it may look."""
        pts = self.px(outline)
        box = self._box(pts, 0.0)
        if box is not None:
            mask = np.zeros((box[1] - box[0], box[3] - box[2]), np.uint8)
            cv2.fillPoly(mask, [self._fixed(pts, box)], 255, cv2.LINE_AA, SHIFT)
            self.paint(mask, box, colour, **look)

    def tube(
        self, centre: ArrayLike, half_widths: ArrayLike, colour: ArrayLike, *, smooth: bool = True, **look: float
    ) -> None:
        """A tapering tube along a line [n, 2] with half widths [n] (m); see `paint` for how it may look."""
        line = np.column_stack([np.asarray(centre, np.float64), np.broadcast_to(half_widths, len(np.asarray(centre)))])
        line = curve(line, 5 * (len(line) - 1) + 1) if smooth else line
        pts, radii = self.px(line[:, :2]), np.maximum(line[:, 2], 0) * self.scale
        box = self._box(pts, float(radii.max()))
        if box is None:
            return
        mask = np.zeros((box[1] - box[0], box[3] - box[2]), np.uint8)
        along = np.gradient(pts, axis=0)
        side = np.stack([-along[:, 1], along[:, 0]], -1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        edges = [self._fixed(pts + s * side * radii[:, None], box) for s in (1, -1)]
        ends = self._fixed(pts, box)
        for i in range(len(pts)):
            if i:
                quad = np.array([edges[0][i - 1], edges[0][i], edges[1][i], edges[1][i - 1]])
                cv2.fillConvexPoly(mask, quad, 255, cv2.LINE_AA, SHIFT)
            cv2.circle(mask, tuple(map(int, ends[i])), int(radii[i] * 2**SHIFT), 255, -1, cv2.LINE_AA, SHIFT)
        self.paint(mask, box, colour, **look)

    def ball(
        self, centre: ArrayLike, radii: ArrayLike, colour_of: Callable[[Floats], Floats], *, turn: float = 0.0
    ) -> None:
        """An ellipsoid whose colour [..., 3] follows from the direction [..., 3] (right, up, towards us) on it."""
        c, r = self.px(centre), np.asarray(radii, np.float64) * self.scale
        box = self._box(c[None], float(r.max()) + 1)
        if box is None:
            return
        v, u = np.mgrid[box[0] : box[1], box[2] : box[3]].astype(np.float32) + 0.5
        dx, dy = u - c[0], c[1] - v
        x = (dx * np.cos(turn) - dy * np.sin(turn)) / r[0]
        y = (dx * np.sin(turn) + dy * np.cos(turn)) / r[1]
        away = np.sqrt(x * x + y * y)
        alpha = np.clip((1 - away) * r.min() + 0.5, 0, 1)
        normal = np.stack([x, y, np.sqrt(np.clip(1 - away**2, 0, 1))], -1).astype(np.float32)
        lit = np.dstack(self._lit(normal[..., 0], normal[..., 1], normal[..., 2])) * colour_of(normal)
        self._over(box, np.dstack([lit * alpha[..., None], alpha]).astype(np.float32))

    def paint(
        self,
        mask: NDArray[np.uint8],
        box: tuple[int, int, int, int],
        colour: ArrayLike,
        *,
        round_m: float = 0.05,
        folds: float = 0.0,
        grain: float = 0.0,
        alpha: float = 1.0,
        emits: float = 0.0,
        lean: float = 0.0,
    ) -> None:
        """Lights a mask as if it were inflated, and lays it over what is there.

        Args:
            mask: Where the shape is, 0..255.
            box: (top, bottom, left, right) of the mask on the canvas.
            colour: Albedo, linear [3].
            round_m: Width of the rounding at its edges.
            folds: Strength of cloth folds.
            grain: Strength of mottling.
            alpha: How solid it is.
            emits: Share of the colour that it sends out by itself.
            lean: Tilt of the whole face towards the sky.
        """
        alpha_of = mask.astype(np.float32) * np.float32(alpha / 255)
        lit, tone = self._surface(mask, box, round_m * self.scale, folds, lean)
        if grain and self._shift is not None:
            tone = np.asarray(tone * np.clip(1 + 0.5 * grain * self._texture(box, GRAIN_M), 0.15, 2))
        cover = tone * alpha_of
        painted = [(part * (1 - emits) + emits) * np.float32(c) * cover for part, c in zip(lit, np.asarray(colour), strict=True)]
        self._over(box, cv2.merge([*painted, alpha_of]))

    def _surface(
        self, mask: NDArray[np.uint8], box: tuple[int, int, int, int], sigma: float, folds: float, lean: float
    ) -> tuple[list[Floats], Floats]:
        """Light on a mask (red, green, blue) and the shade of its folds: one value for all of it where it is flat."""
        rounded, folded = sigma > 0.6, bool(folds) and self._shift is not None
        tone: Floats = np.ones(1, np.float32)
        if not (rounded or folded):
            return self._lit(np.zeros(1, np.float32), np.full(1, lean, np.float32), tone), tone
        nx, ny = np.zeros(mask.shape, np.float32), np.full(mask.shape, lean, np.float32)
        if rounded:
            coarse = max(int(sigma / 4), 1)  # wide roundings have no fine detail
            size = (max(mask.shape[1] // coarse, 1), max(mask.shape[0] // coarse, 1))
            soft = mask if coarse == 1 else cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
            soft = cv2.copyMakeBorder(soft, 2, 2, 2, 2, cv2.BORDER_REPLICATE).astype(np.float32)
            soft = cv2.GaussianBlur(soft, (0, 0), sigma / coarse)
            dx, dy = (
                cv2.Sobel(soft, cv2.CV_32F, *way, scale=sigma / coarse * 0.4 / 255)[2:-2, 2:-2]
                for way in ((1, 0), (0, 1))
            )
            nx -= dx if coarse == 1 else cv2.resize(dx, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
            ny += dy if coarse == 1 else cv2.resize(dy, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        if folded:
            fold = 0.5 * self._texture(box, FOLDS_M)
            nx += folds * fold
            tone = np.asarray(1 + 0.35 * folds * np.clip(fold, -1.5, 1))
        limit = np.minimum(1, 0.97 / np.maximum(np.sqrt(nx * nx + ny * ny), 1e-6))
        nx, ny = nx * limit, ny * limit
        return self._lit(nx, ny, np.sqrt(1 - nx * nx - ny * ny)), tone

    def onto(self, sheet: Floats, *, alpha: float = 1.0, shadow: float = 0.0) -> None:
        """Lays the canvas on a full sheet, over its shadow on the ground."""
        if not self.visible or alpha <= 0:
            return
        small = self._small()
        if shadow > 0:
            self._shadow(sheet, small[..., 3], alpha * shadow)
        lay(sheet[self.top : self.bottom, self.left : self.right], small * alpha)

    def mirrored(self, sheet: Floats, row: float, *, strength: float, rough: float) -> None:
        """Lays the canvas upside down below a row of the picture, as water shows it; `rough` 0 still .. 1 broken."""
        small, count = self._small(), int(np.ceil(row)) - self.top
        if not self.visible or strength <= 0 or count < 2:
            return
        first, last = int(np.ceil(row)), min(int(np.ceil(row)) + count, self.stage.height)
        if last <= first or first < 0:
            return
        k = np.arange(last - first, dtype=np.float32)[:, None]
        far = k / count
        metre = self.scale / self.over
        wave = (
            np.sin(k / max(0.10 * metre, 0.9) + 3 * np.sin(k / max(0.37 * metre, 2.1)))
            * (0.25 + far)
            * rough
            * 0.22
            * metre
        )
        columns = np.arange(small.shape[1], dtype=np.float32)[None] + wave
        rows = np.broadcast_to(count - 1 - k * (1 + 0.2 * rough), columns.shape)
        image = cv2.remap(
            small, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        image = cv2.GaussianBlur(
            image, (0, 0), sigmaX=max((0.02 + 0.08 * rough) * metre, 0.5), sigmaY=max(0.03 * metre, 0.5)
        )
        broken = 1 - rough * (
            0.35 + 0.35 * np.sin(k / max(0.06 * metre, 0.8) + 1.7 * np.sin(k / max(0.21 * metre, 1.7)))
        )
        image *= (strength * (1 - far) ** (0.5 + 1.2 * rough) * np.clip(broken, 0, 1))[..., None]
        image[..., :3] *= 0.75  # water takes some of the light
        lay(sheet[first:last, self.left : self.right], np.asarray(image, np.float32))

    def _small(self) -> Floats:
        """What was painted, in pixels of the picture."""
        size = (self.right - self.left, self.bottom - self.top)
        return (
            cv2.resize(self.rgba, size, interpolation=cv2.INTER_AREA) if self.over > 1 and self.visible else self.rgba
        )

    def _shadow(self, sheet: Floats, alpha: Floats, strength: float) -> None:
        """What stands between the sun and the ground: the silhouette laid down along the light, softer far off."""
        stage, light = self.stage, self.stage.light
        sun, sky = float(light.sun_rgb.mean()) * max(light.sun[1], 0.02), float(light.sky_rgb.mean())
        share = strength * sun / (sun + sky + 1e-6)
        top_m = (self.foot[1] - self.top) / (self.scale / self.over)
        if share < 0.02 or top_m <= 0.05:
            return
        run = np.array([light.sun[0], light.sun[2]]) / max(light.sun[1], 0.25)  # no longer than 4 heights (own choice)
        z_tip = max(self.z_m - top_m * run[1], 0.35 * self.z_m)
        x_tip = float(stage.column(self.x_m - top_m * run[0], z_tip))
        drop = (float(stage.row(self.y_m, z_tip)) - self.foot[1]) / (self.foot[1] - self.top)
        shear = (x_tip - self.foot[0]) / (self.foot[1] - self.top)
        # a silhouette's pixel (u, v) at height foot - v comes to (u + shear * height, foot + drop * height)
        m = np.array(
            [[1, -shear, shear * (self.foot[1] - self.top)], [0, -drop, (1 + drop) * (self.foot[1] - self.top)]]
        )
        corners = m @ np.array([[0, 0, alpha.shape[1], alpha.shape[1]], [0, alpha.shape[0]] * 2, [1, 1, 1, 1]])
        at = np.floor(corners.min(1)).astype(int) + np.array([self.left, self.top]) - 2
        end = np.ceil(corners.max(1)).astype(int) + np.array([self.left, self.top]) + 3
        at, end = np.clip(at, 0, [stage.width, stage.height]), np.clip(end, 0, [stage.width, stage.height])
        if (end <= at).any():
            return
        m[:, 2] += [self.left - at[0], self.top - at[1]]
        dark = cv2.warpAffine(alpha, m, tuple(map(int, end - at)), flags=cv2.INTER_LINEAR)
        dark = cv2.GaussianBlur(dark, (0, 0), max(0.012 * self.scale / self.over, 0.5))
        over = np.zeros((*dark.shape, 4), np.float32)
        over[..., 3] = np.clip(dark, 0, 1) * share
        lay(sheet[at[1] : end[1], at[0] : end[0]], over)

    def _lit(self, nx: Floats, ny: Floats, towards: Floats) -> list[Floats]:
        """Light of sun and sky on surfaces (their third component points at the eye), and of the ground from below."""
        light = self.stage.light
        unit, below = 1 / np.sqrt(nx * nx + ny * ny + towards * towards), 0.5 - 0.5 * ny
        got = light.on(np.stack([nx * unit, ny * unit, -towards * unit], -1))
        ground = 0.16 * (max(light.sun[1], 0) * light.sun_rgb + light.sky_rgb)  # a ground of albedo .16 (own choice)
        return [np.asarray(got[..., k] + below * np.float32(ground[k]), np.float32) for k in range(3)]

    def _box(self, pts: Points, margin: float) -> tuple[int, int, int, int] | None:
        low, high = np.floor(pts.min(0) - margin).astype(int) - 1, np.ceil(pts.max(0) + margin).astype(int) + 2
        box = (max(low[1], 0), min(high[1], self.rgba.shape[0]), max(low[0], 0), min(high[0], self.rgba.shape[1]))
        return box if box[1] > box[0] and box[3] > box[2] else None

    def _fixed(self, pts: Points, box: tuple[int, int, int, int]) -> NDArray[np.int32]:
        return np.asarray(np.round((pts - [box[2], box[0]]) * 2**SHIFT), np.int32)

    def _texture(self, box: tuple[int, int, int, int], size_m: tuple[float, float]) -> Floats:
        """Noise of mean 0 and deviation 1 on a box of pixels; it repeats after `size_m` to the right and up."""
        assert self._shift is not None
        step = 1 / (np.array(size_m) * self.scale)
        at = self.px([0.0, 0.0])
        u = (np.arange(box[2], box[3]) - at[0]) * step[0] + self._shift[0] + 20
        v = (np.arange(box[0], box[1]) - at[1]) * step[1] + self._shift[1] + 20
        grid = [np.asarray(np.mod(g, 1) * TILE, np.float32) for g in np.meshgrid(u, v)]
        return cv2.remap(_tile(), *grid, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)

    def _over(self, box: tuple[int, int, int, int], rgba: Floats) -> None:
        lay(self.rgba[box[0] : box[1], box[2] : box[3]], rgba)
