"""Grass blades, reeds, ears and flowers: thousands of small strokes on level ground, near ones one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.nature import PETALS, SNOW, Numbers, Year, polygons, resized, rotated, year_of
from emogen.codecs.scene.stage import FOCAL, Floats, Layer, Stage

_PETAL = np.array([[0.0, 0.0], [0.55, -0.30], [1.0, -0.12], [1.0, 0.12], [0.55, 0.30]])


def _canvas(stage: Stage, top: int) -> Floats:
    return np.zeros((2 * (stage.height - top), 2 * stage.width, 4), np.float32)


def _blades(
    stage: Stage, foot: Floats, high: NDArray[np.floating], lean: NDArray[np.floating], wide: NDArray[np.floating]
) -> Floats:
    """Bent blades from feet [n, 2] (px), as high and as leaning (px) as told: polygons [n, 6, 2]."""
    up = np.stack([lean * 0.35, -high * 0.62], 1)
    tip = np.stack([lean, -high], 1)
    side = np.stack([wide / 2, np.zeros_like(wide)], 1)
    middle, end = foot + up, foot + tip
    return np.asarray(
        np.stack([foot - side, middle - side * 0.8, end, end + side * 0.15, middle + side * 0.8, foot + side], 1),
        np.float32,
    )


def tufts(
    stage: Stage,
    rng: np.random.Generator,
    name: str,
    *,
    near_m: float,
    far_m: float,
    high_m: float,
    count: int,
    clumps: int,
) -> list[Layer]:
    """Clumps of reeds between two distances."""
    year = year_of(stage.scene)
    middle = rng.random((clumps, 2))
    spread = rng.standard_normal((clumps, count // clumps, 2))
    a, b, c = rng.random((3, clumps, count // clumps))
    u = (2 * middle[:, :1] - 1) * 0.62 * max(1.0, stage.width / stage.height) + 0.05 * spread[..., 0]
    z = near_m + (far_m - near_m) * np.clip(middle[:, 1:] + 0.08 * spread[..., 1], 0, 1)
    order = np.argsort(-z.ravel(), kind="stable")
    u, z, a, b, c = (part.ravel()[order] for part in (u, z, a, b, c))
    scale = 2 * stage.focal / z
    grow = high_m * (0.45 + 0.55 * a) * (0.35 + 0.65 * (1 - year.bare))
    foot = np.stack([2 * stage.column(u * z / FOCAL, z), 2 * stage.row(0, z)], 1)
    top = int(max(0, float(stage.row(high_m, far_m)) - 2)) if far_m > 0 else 0
    foot[:, 1] -= 2 * top
    high, lean = grow * scale, grow * scale * (0.5 * (b - 0.5) + 0.65 * stage.scene["wind"])
    shapes = _blades(stage, foot, high, lean, np.maximum(0.018 * high_m * scale, 1.4))
    albedo = (year.grass * 0.75)[None] * (0.6 + 0.8 * c[:, None])
    dry = np.array([0.34, 0.24, 0.11]) * (0.6 + 0.6 * c[:, None])
    share = np.clip(0.2 + year.share[2] * 0.7 + year.share[3] * 0.8 + year.bare, 0, 1)
    colour = (albedo * (1 - share) + dry * share) * (stage.light.sky_rgb * 0.8 + stage.light.sun_rgb * 0.55)
    rgba = np.ones((len(z), 4), np.float32)
    rgba[:, :3] = colour
    patch = _canvas(stage, top)
    polygons(patch, shapes, rgba)
    sheet = stage.empty()
    sheet[top:] = resized(patch, stage.width, stage.height - top)
    return [Layer(name, sheet, float(z.mean()), movement="sway")]


def grass_rows(
    stage: Stage,
    rng: np.random.Generator,
    year: Year,
    tint: Floats,
    *,
    count: int,
    near_z: float,
    far_z: float,
    high_m: float,
) -> Floats:
    """A sheet of single blades between two distances, more of them near the eye; hidden under deep snow."""
    a, b, c, d, rank = rng.random((5, count))
    z = near_z / (near_z / far_z + (1 - near_z / far_z) * b)
    order = np.argsort(-z, kind="stable")
    a, c, d, rank, z = a[order], c[order], d[order], rank[order], z[order]
    cover = np.clip((1 - year.bare * 0.9) * (1 - 0.85 * year.snow) * 1.1 - rank, 0, 0.15) / 0.15
    u = (2 * a - 1) * 0.56 * stage.width / stage.height
    scale = 2 * stage.focal / z
    clump = 0.55 + 0.45 * np.sin(3.1 * u * z + 5 * np.sin(0.7 * z)) * np.sin(1.7 * z + 2.2 * u * z)
    grow = high_m * (0.45 + 0.55 * c) * (0.6 + 0.5 * clump) * cover * (1 - 0.3 * year.share[3])
    foot = np.stack([2 * stage.column(u * z / FOCAL, z), 2 * stage.row(-0.02, z)], 1)
    top = int(max(0, float(stage.row(high_m * 1.2, far_z))))
    foot[:, 1] -= 2 * top
    high = grow * scale
    lean = high * (0.9 * (d - 0.5) + 0.75 * stage.scene["wind"])
    keep = high > 1.0
    shapes = _blades(stage, foot, high, lean, np.maximum(0.010 * scale * (0.6 + 0.8 * d), 1.2))[keep]
    light = stage.light
    backlit = 0.35 + 0.55 * rank + 0.25 * max(float(light.sun[2]), 0) * c
    colour = tint[order] * (0.62 + 0.75 * c[:, None] * (0.7 + 0.3 * clump[:, None]))
    colour = colour * (
        light.sky_rgb * 0.85 + light.sun_rgb * backlit[:, None] * (0.35 + 0.65 * max(float(light.sun[1]), 0.25))
    )
    rgba = np.ones((int(keep.sum()), 4), np.float32)
    rgba[:, :3] = colour[keep]
    patch = _canvas(stage, top)
    polygons(patch, shapes, rgba)
    sheet = stage.empty()
    sheet[top:] = resized(patch, stage.width, stage.height - top)
    return sheet


def flower_rows(
    stage: Stage, rng: np.random.Generator, year: Year, *, near_z: float, far_z: float, free: float = 0.0
) -> Floats | None:
    """A sheet of flowers: dots far away, heads with petals near; none in winter or on dead ground."""
    count = 1500
    a, b, c, d, rank = rng.random((5, count))
    kind = rng.choice(6, 3, replace=False)
    patch_of = rng.uniform(0, 6.28, 4)
    season = float(year.share @ [1.0, 1.0, 0.35, 0.0])
    share = (
        stage.scene["flowers"] * season * (1 - 0.9 * year.bare) * (1 - year.snow) * (1 - 0.7 * stage.scene["threat"])
    )
    z = near_z / (near_z / far_z + (1 - near_z / far_z) * b**0.8)
    u = (2 * a - 1) * 0.56 * stage.width / stage.height
    x = u * z / FOCAL
    lump = 0.5 + 0.5 * np.sin(0.9 * x + patch_of[0] + 1.3 * np.sin(0.35 * z)) * np.sin(0.55 * z + patch_of[1])
    grow = np.clip((share * 1.15 - (0.55 * rank + 0.45 * (1 - lump))) / 0.12, 0, 1)
    grow = np.where(np.abs(x) < free, 0, grow)
    order = np.flatnonzero(grow > 0.03)
    if not order.size:
        return None
    order = order[np.argsort(-z[order], kind="stable")]
    species = kind[
        np.minimum((3 * ((0.65 * lump + 0.35 * d + 0.2 * np.sin(0.3 * x + patch_of[2])) % 1)).astype(int), 2)
    ]
    top = int(max(0, float(stage.row(0.8, far_z))))
    canvas = _canvas(stage, top)
    light = stage.light
    lit = light.sky_rgb * 0.9 + light.sun_rgb * 0.75
    for i in order:
        scale = 2 * stage.focal / z[i]
        high = (0.28 + 0.28 * c[i]) * scale * grow[i]
        r = (0.028 + 0.022 * d[i]) * scale * grow[i]
        foot = np.array([2 * float(stage.column(x[i], z[i])), 2 * (float(stage.row(0, z[i])) - top)])
        lean = high * (0.35 * (rank[i] - 0.5) + 0.5 * stage.scene["wind"])
        head = foot + np.array([lean, -high])
        _flower(canvas, foot, head, max(r, 1.0), year, lit, int(species[i]), float(d[i]))
    sheet = stage.empty()
    sheet[top:] = resized(canvas, stage.width, stage.height - top)
    return sheet


def _flower(
    canvas: Floats, foot: Numbers, head: Numbers, r: float, year: Year, lit: Numbers, species: int, turn: float
) -> None:
    petal = PETALS[species]
    stem = np.array([*(year.grass * lit * 0.8), 1], np.float32)[None]
    side = np.array([r * 0.10, 0.0])
    if r > 2.2:
        shape = np.array([[foot - side * 1.2, head - side, head + side, foot + side * 1.2]], np.float32)
        polygons(canvas, shape, stem)
    if r < 3.5:
        ring = np.linspace(0, 2 * np.pi, 7)[:-1]
        dot = (head + r * np.stack([np.cos(ring), 0.75 * np.sin(ring)], 1))[None]
        polygons(canvas, dot.astype(np.float32), np.array([[*(petal * lit), 1]], np.float32))
        return
    count = (5, 13, 5, 9, 11, 5)[species]
    angle = (np.arange(count) + turn) * 2 * np.pi / count
    wide = np.stack([np.full(count, r), np.full(count, r * (1.5 if count < 6 else 0.62))], 1)
    petals = rotated(_PETAL, angle, wide, np.zeros((count, 2)))
    petals[..., 1] *= 0.62 + 0.2 * turn
    shade = 0.78 + 0.30 * ((np.arange(count) * 3) % count) / count + 0.12 * -np.sin(angle)
    rgba = np.ones((count, 4), np.float32)
    rgba[:, :3] = petal * lit * shade[:, None]
    polygons(canvas, petals + head.astype(np.float32), rgba)
    ring = np.linspace(0, 2 * np.pi, 9)[:-1]
    heart = (0.03, 0.03, 0.03) if species == 0 else (0.75, 0.48, 0.03)
    dot = (head + r * 0.30 * np.stack([np.cos(ring), 0.7 * np.sin(ring)], 1))[None]
    polygons(canvas, dot.astype(np.float32), np.array([[*(np.array(heart) * lit), 1]], np.float32))


def snow_tint(year: Year, tint: NDArray[np.floating]) -> NDArray[np.floating]:
    """Colours of blades under rime."""
    return tint * (1 - 0.6 * year.snow) + SNOW * 0.6 * year.snow
