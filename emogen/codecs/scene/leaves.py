"""Trees in light: a skeleton -> its picture, bark and leaves lit through the crown's own shade."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from emogen.codecs.scene.branching import HABITS, Habit, Tree, grown
from emogen.codecs.scene.nature import BLOSSOM, SNOW, Numbers, Year, polygons, resized, rotated, strokes, year_of
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import Floats, Light, Stage

#: A kite-shaped leaf along x, of length 1.
LEAF = np.array([[-0.5, 0.0], [-0.05, -0.30], [0.5, 0.0], [-0.05, 0.30]])
PETAL = 0.5  # by how much smaller than leaves blossom is (own choice)
_CELLS = 34  # of the grid in which a crown shades itself, along its longest side (own choice)


@lru_cache(maxsize=32)
def _tree(habit: str, seed: int, gnarl: float, wind: float) -> Tree:
    return grown(np.random.default_rng([seed, *habit.encode()]), HABITS[habit], gnarl=gnarl, wind=wind)


class _Shade:
    """How much light comes through a crown from one side."""

    def __init__(self, tree: Tree) -> None:
        self.low = tree.sprays.min(axis=0) - 0.05
        self.step = float((np.ptp(tree.sprays, axis=0).max() + 0.1) / _CELLS)
        shape = np.ceil((tree.sprays.max(axis=0) + 0.05 - self.low) / self.step).astype(int) + 1
        at = ((tree.sprays - self.low) / self.step).astype(int)
        grid = np.zeros(shape)
        np.add.at(grid, tuple(at.T), 1.0)
        self.grid = gaussian_filter(grid, 0.9)
        self.grid /= np.percentile(self.grid[self.grid > 0.02], 80)
        self.slope = [np.asarray(g) for g in np.gradient(gaussian_filter(grid, 1.6))]

    def _cells(self, points: NDArray[np.float64]) -> tuple[NDArray[np.int64], ...]:
        at = np.clip(((points - self.low) / self.step + 0.5).astype(int), 0, np.array(self.grid.shape) - 1)
        return tuple(at.T)

    def through(self, points: NDArray[np.float64], way: NDArray[np.float64], thick: float) -> NDArray[np.float64]:
        """Share of light that reaches points [n, 3] along `way` through leaves as `thick` as told."""
        depth = sum(self.grid[self._cells(points + way * self.step * k)] for k in (1.2, 2.4, 3.8, 5.5, 8.0))
        return np.asarray(np.exp(-0.42 * thick * np.asarray(depth)))

    def outward(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Normals of the crown's lumps."""
        cells = self._cells(points)
        n = -np.stack([g[cells] for g in self.slope], 1)
        return np.asarray(n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-6))


@lru_cache(maxsize=32)
def _shade(habit: str, seed: int, gnarl: float, wind: float) -> _Shade:
    return _Shade(_tree(habit, seed, gnarl, wind))


def _lit(
    light: Light, normal: NDArray[np.float64], sun: NDArray[np.float64], sky: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Light on leaves, which let some through: normals [n, 3] towards the viewer's z, shares of sun and sky [n]."""
    facing = (normal * np.array([1, 1, -1])) @ light.sun
    direct = np.where(facing > 0, 0.35 + 0.65 * facing, 0.30 - 0.25 * facing)
    above = 0.45 + 0.55 * (0.5 + 0.5 * normal[:, 1])
    return (direct * sun)[:, None] * light.sun_rgb * 1.25 + (above * sky)[:, None] * light.sky_rgb


def _bark(
    tree: Tree, habit: Habit, light: Light, year: Year, threat: float, shade: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Colours [n, 3, 3] of the left, middle and right strip of each piece of wood."""
    bark = np.array(habit.bark) * (1 - 0.75 * threat) * (1 - 0.4 * year.wet)
    along = tree.end - tree.start
    across = np.stack([-along[:, 1], along[:, 0], np.zeros(len(along))], 1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    out = []
    for side in (-0.85, 0.0, 0.85):
        n = across * side + np.array([0, 0, -np.sqrt(1 - side**2)])
        facing = np.clip(n @ light.sun, 0, None) * 1.1 + 0.08
        above = 0.5 + 0.5 * n[:, 1]
        out.append((facing * shade)[:, None] * light.sun_rgb + (above * (0.35 + 0.65 * shade))[:, None] * light.sky_rgb)
    grain = 0.75 + 0.5 * np.random.default_rng(len(along)).random((len(along), 3, 1))
    return np.stack(out, 1) * bark * grain


def tree_image(stage: Stage, habit: str, seed: int, height_px: float) -> tuple[Floats, float]:
    """A tree as a premultiplied picture.

    Args:
        stage: Its scene says season, wind and so on; its light falls on the tree.
        habit: Of `HABITS`.
        seed: Of its shape.
        height_px: Of the tree.

    Returns:
        The picture, and the column of the tree's foot; the foot stands on the picture's last row but few.
    """
    scene, year, kind = stage.scene, year_of(stage.scene), HABITS[habit]
    key = (habit, seed, round(scene["threat"], 3) * (0.4 if kind.needles else 1.0), round(scene["wind"], 3))
    tree, shade = _tree(*key), _shade(*key)
    half = max(float(np.abs(tree.sprays[:, 0]).max()), float(np.abs(tree.end[:, 0]).max())) + 0.03
    top = max(float(tree.sprays[:, 1].max()), float(tree.end[:, 1].max())) + 0.03
    scale = max(height_px, 8.0) * (2.0 if height_px < 700 else 1.5)
    canvas = _Canvas(
        np.zeros((int((top + 0.02) * scale) + 2, int(2 * half * scale) + 2, 4), np.float32),
        np.array([half * scale, top * scale]),
        scale,
        # Small trees need fewer, larger sprays.
        1 if height_px > 240 else 2 if height_px > 90 else 4,
    )

    thick = year.leaves if not kind.needles else 0.25 + 0.75 * float(smoothstep(0, 0.4, scene["lush"]))
    shares = _leaf_shares(tree, thick)
    colours = _leaf_colours(tree, shade, kind, stage.light, year, thick)
    fine = 1.0 if kind.needles else 1 - PETAL * year.blossom
    behind = tree.sprays[:, 2] < -0.02
    shares = shares * (np.arange(len(shares)) % canvas.stride == 0)
    to_sun = stage.light.sun * np.array([1, 1, -1])
    sunlit = shade.through((tree.start + tree.end) / 2, to_sun, thick)
    wood = _bark(tree, kind, stage.light, year, scene["threat"], sunlit)
    _paint_leaves(canvas, tree, kind, colours * 0.8, shares * behind, scene["wind"], fine)
    _paint_wood(canvas, tree, wood)
    _paint_snow(canvas, tree, stage.light, year.snow)
    _paint_leaves(canvas, tree, kind, colours, shares * ~behind, scene["wind"], fine)
    factor = max(height_px, 2.0) / scale
    image = canvas.image
    return resized(image, image.shape[1] * factor, image.shape[0] * factor), float(canvas.foot[0] * factor)


@dataclass(frozen=True)
class _Canvas:
    """What a tree is painted on: the picture, where its foot is (px), pixels of its height, every how many-th spray is drawn."""

    image: Floats
    foot: Numbers
    scale: float
    stride: int

    def spot(self, points: Numbers) -> Floats:
        return np.asarray(self.foot + points[:, :2] * [self.scale, -self.scale], np.float32)


def _leaf_shares(tree: Tree, thick: float) -> NDArray[np.float64]:
    """How grown each spray is, 0..1."""
    return np.clip((thick * 1.12 - tree.rank) / 0.12, 0, 1)


def _leaf_colours(
    tree: Tree, shade: _Shade, kind: Habit, light: Light, year: Year, thick: float
) -> NDArray[np.float64]:
    tint = tree.tint[:, None]
    # Neighbouring leaves share a tint, so that a crown has patches of colour.
    patch = 0.5 + 0.5 * np.sin(tree.sprays @ np.array([9.0, 7.0, 11.0]) + 4 * tree.tint[0])[:, None]
    mix = np.clip(0.45 * tint + 0.55 * patch, 0, 1)
    ends = year.needle if kind.needles else year.leaf
    albedo = ends[0] * (1 - mix) + ends[1] * mix
    if not kind.needles:
        bloom = np.clip((year.blossom * 1.1 - (0.5 * tree.turn + 0.5 * tree.rank)) / 0.1, 0, 1)[:, None]
        albedo = albedo * (1 - bloom) + bloom * (BLOSSOM[0] * (1 - tint) + BLOSSOM[1] * tint)
    outward = shade.outward(tree.sprays)
    jitter = np.stack([tree.tint, tree.rank, tree.turn], 1) - 0.5
    normal = outward + 0.9 * jitter + (np.array([0, 0.7, -0.2]) if kind.needles else 0.0)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    cover = np.clip((year.snow * 1.5 - 0.25 - 0.8 * tree.rank + 0.6 * normal[:, 1]) / 0.3, 0, 1)[:, None] * (
        year.snow > 0
    )
    albedo = albedo * (1 - 0.9 * cover) + 0.9 * cover * SNOW
    to_sun = light.sun * np.array([1, 1, -1])
    sun = shade.through(tree.sprays, to_sun, thick)
    sky = 0.32 + 0.68 * shade.through(tree.sprays, np.array([0, 0.9, 0.4]), thick)
    return albedo * _lit(light, normal, sun, sky) * kind.tier_shade(tree.sprays)[:, None]


def _paint_leaves(
    canvas: _Canvas, tree: Tree, kind: Habit, colours: Numbers, shares: Numbers, wind: float, fine: float
) -> None:
    shown = np.flatnonzero(shares > 0.02)
    if not shown.size:
        return
    shown = shown[np.argsort(tree.sprays[shown, 2] + 0.05 * tree.tint[shown], kind="stable")]
    centre = canvas.spot(tree.sprays[shown])
    way = tree.heading[shown]
    base = np.arctan2(-way[:, 1], way[:, 0] + 0.8 * wind)
    size = kind.spray * fine * canvas.scale * canvas.stride**0.45 * shares[shown] * (0.8 + 0.5 * tree.tint[shown])
    if kind.tiers:
        size *= 1.25 - 0.65 * tree.sprays[shown, 1]
    count = 3
    spread = (1.5 - 0.7 * wind) * (0.40 if kind.tiers else 0.55 if kind.flat < 0.4 else 1.0)
    shapes = np.empty((len(shown), count, len(LEAF), 2), np.float32)
    for k in range(count):
        angle = base + spread * (k - 1) + (0.7 if kind.needles else 2.2) * (tree.turn[shown] - 0.5)
        stretch = np.stack([size * 1.5, size * 1.5 * kind.flat], 1)
        shift = np.stack([np.cos(angle), np.sin(angle)], 1) * size[:, None] * 0.55
        shapes[:, k] = rotated(LEAF, angle, stretch, centre + shift)
    shades = np.array([0.86, 1.12, 0.98])
    rgba = np.ones((len(shown), count, 4))
    rgba[..., :3] = colours[shown][:, None] * shades[None, :, None]
    polygons(canvas.image, shapes.reshape(-1, len(LEAF), 2), rgba.reshape(-1, 4).astype(np.float32))


def _paint_wood(canvas: _Canvas, tree: Tree, colours: Numbers) -> None:
    """Twigs first, the trunk last; broad pieces get a strip of their own light on either side."""
    a, b, _, across = _pieces(canvas, tree)
    w0, w1 = 2 * tree.radius0 * canvas.scale, 2 * tree.radius1 * canvas.scale
    order = np.argsort(-tree.level, kind="stable")
    order = order[(tree.level[order] < 3) | (order % canvas.stride == 0)]
    broad = (w0 > 5) & (tree.level < 2)
    rgba = np.ones((len(a), 3, 4), np.float32)
    rgba[..., :3] = colours
    for chosen in (order[~broad[order]], order[broad[order]]):
        strokes(canvas.image, a[chosen], b[chosen], w0[chosen], w1[chosen], rgba[chosen, 1])
    near = order[broad[order]]
    for side, strip in ((1, 0), (-1, 2)):
        shift0, shift1 = (across[near] * (w[near] * 0.33 * side)[:, None] for w in (w0, w1))
        widths = w0[near] * 0.34, w1[near] * 0.34
        strokes(canvas.image, a[near] + shift0, b[near] + shift1, *widths, rgba[near, strip], ease=0.0)


def _paint_snow(canvas: _Canvas, tree: Tree, light: Light, snow: float) -> None:
    """Snow on all wood that is not steep."""
    if snow <= 0.02:
        return
    a, b, along, _ = _pieces(canvas, tree)
    w0 = 2 * tree.radius0 * canvas.scale
    level = np.abs(along[:, 0]) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    top = np.flatnonzero(level > 0.45)
    width = np.maximum(w0[top] * 0.55, 1.6) * snow
    lift = np.stack([np.zeros(len(top)), -(w0[top] * 0.35)], 1).astype(np.float32)
    rgba = np.ones((len(top), 4), np.float32)
    rgba[:, :3] = SNOW * (light.sky_rgb + 0.6 * light.sun_rgb)
    strokes(canvas.image, a[top] + lift, b[top] + lift, width, width * 0.8, rgba)


def _pieces(canvas: _Canvas, tree: Tree) -> tuple[Floats, Floats, Floats, Floats]:
    """Both ends of each piece of wood (px), the way along it, and the unit across it [n, 2]."""
    a, b = canvas.spot(tree.start), canvas.spot(tree.end)
    along = b - a
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
    return a, b, along, np.asarray(np.stack([along[:, 1], -along[:, 0]], 1) / length, np.float32)
