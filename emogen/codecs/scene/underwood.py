"""What grows and lies between a forest's trunks: the roof of leaves, ferns, fallen leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.leaves import LEAF, PETAL
from emogen.codecs.scene.nature import (
    BLOSSOM,
    SNOW,
    Numbers,
    Year,
    near_of,
    over,
    polygons,
    resized,
    rotated,
    strokes,
)
from emogen.codecs.scene.stage import FOCAL, Floats, Layer, Stage
from emogen.codecs.scene.trunk import BARK


def roof(stage: Stage, year: Year, rng: np.random.Generator) -> Layer:
    """Leafy boughs that hang into the picture from above and from both sides."""
    h, w = stage.height, stage.width
    count, twigs, leaves = 20, 9, 16
    a, b, c, d = rng.random((4, count, 1))
    side = np.where(a < 0.5, -1.0, 1.0)
    # A bough starts beyond the upper edge and bends down towards the middle.
    start = np.stack([w / 2 + side * (0.16 + 0.55 * b) * max(w, h), (-0.05 + 0.16 * c**3) * h + 0 * a], -1)[:, 0]
    t = np.linspace(0, 1, twigs + 1)[None]
    reach = (0.16 + 0.20 * d) * h
    x = start[:, :1] - side * reach * t
    y = start[:, 1:] + reach * (0.25 * t + (0.25 + 0.35 * c) * t**2) + 0.04 * h * stage.scene["wind"] * t
    spread = rng.standard_normal((count, twigs, leaves, 2))
    rank, tint, turn = rng.random((3, count, twigs, leaves))
    middle = np.stack([x[:, 1:], y[:, 1:]], -1)[:, :, None]
    centre = middle + spread * np.array([0.026, 0.018]) * h + np.array([0, 0.012]) * h
    share = np.clip((year.leaves * 1.1 - rank) / 0.1, 0, 1)
    size = h * 0.017 * share * (0.6 + 0.8 * tint) * (1 - PETAL * year.blossom)
    keep = (share > 0.02).ravel()
    angle = (np.pi / 2 + 1.9 * (turn - 0.5) - 0.7 * stage.scene["wind"]).ravel()[keep]
    shapes = rotated(
        LEAF, angle, np.stack([size.ravel()[keep] * 1.35, size.ravel()[keep] * 0.9], 1), centre.reshape(-1, 2)[keep]
    )
    mix = tint.ravel()[keep][:, None]
    light = stage.light
    # Seen from below: dark against the sky, or lit through by the sun.
    through = (turn.ravel()[keep][:, None] > 0.55) * (0.35 + 0.65 * rank.ravel()[keep][:, None])
    rgba = np.ones((len(angle), 4), np.float32)
    bloom = np.clip((year.blossom * 1.1 - rank.ravel()[keep][:, None]) / 0.1, 0, 1)
    leaf = (year.leaf[0] * (1 - mix) + year.leaf[1] * mix) * (1 - bloom) + BLOSSOM[1] * bloom
    rgba[:, :3] = leaf * (light.sky_rgb * 0.34 + light.sun_rgb * 0.72 * through)
    band = int(0.60 * h)
    patch = np.zeros((2 * band, 2 * w, 4), np.float32)
    line = np.stack([x, y], -1) * 2
    line[:, 1:-1] += spread[:, 1:, 0] * h * 0.006
    thick = (h * 0.016 * (0.5 + 0.5 * d) * (1 - t[:, :-1] * 0.85)).ravel()
    _roof_wood(stage, patch, line, thick, centre[:, :, :5] * 2, year.snow)
    polygons(patch, 2 * shapes, rgba)
    sheet = stage.empty()
    sheet[:band] = resized(patch, w, band)
    return Layer("trunks roof", sheet, 1.5 * near_of(stage), movement="sway")


def _roof_wood(stage: Stage, patch: Floats, line: Numbers, thick: Numbers, twigs: Numbers, snow: float) -> None:
    """Boughs along lines [n, k + 1, 2], thick [n * k], their twigs to points [n, k, 5, 2], and snow on the boughs (px)."""
    h, light = stage.height, stage.light
    start, end, tips = line[:, :-1].reshape(-1, 2), line[:, 1:].reshape(-1, 2), twigs.reshape(-1, 2)
    wood = np.ones((len(start), 4), np.float32)
    wood[:, :3] = BARK * (1 - 0.8 * stage.scene["threat"]) * light.sky_rgb * 0.45
    strokes(patch, start, end, thick, thick * 0.8, wood)
    thin = np.full(len(tips), 0.003 * h)
    strokes(patch, np.repeat(end, 5, axis=0), tips, thin, thin / 2, np.repeat(wood, 5, axis=0))
    if snow > 0.02:
        wood[:, :3] = SNOW * (light.sky_rgb + 0.4 * light.sun_rgb)
        lift = np.stack([0 * thick, thick * 0.45], 1)
        strokes(patch, start - lift, end - lift, thick * 0.6 * snow, thick * 0.5 * snow, wood)


def litter(stage: Stage, sheet: Floats, year: Year, rng: np.random.Generator) -> None:
    """Leaves that lie on the ground."""
    count = 2600
    a, b, tint, turn, rank = rng.random((5, count))
    z = 0.95 * near_of(stage) / (0.13 + 0.87 * b)
    x = 1.1 * (2 * a - 1) * z / FOCAL * max(1.0, stage.width / stage.height)
    share = np.clip(((0.25 + 0.75 * year.share[2] + 0.2 * year.share[3]) * (1 - year.snow) * 1.1 - rank) / 0.1, 0, 1)
    keep = share > 0.02
    if not keep.any():
        return
    x, z, tint, turn, share = x[keep], z[keep], tint[keep], turn[keep], share[keep]
    size = 0.018 * near_of(stage) * stage.focal / z * share * (0.6 + 0.6 * tint)
    outline = rotated(LEAF, turn * 6.3, size, np.zeros((len(x), 2)))
    outline[..., 1] *= (stage.eye_m / z * 0.9 + 0.12)[:, None]
    outline += np.stack([stage.column(x, z), stage.row(0.02, z)], 1)[:, None]
    light = stage.light
    brown = year.leaf * (0.35 + 0.65 * year.share[2]) + (1 - year.share[2]) * 0.5 * np.array([0.2, 0.12, 0.06])
    albedo = brown[0] * (1 - tint[:, None]) + brown[1] * tint[:, None]
    lit = light.sky_rgb * 0.6 + light.sun_rgb * (0.15 + 0.5 * (turn[:, None] > 0.55))
    rgba = np.ones((len(x), 4), np.float32)
    rgba[:, :3] = albedo * lit
    order = np.argsort(-z, kind="stable")
    top = int(max(0, stage.horizon))
    patch = np.zeros((2 * (stage.height - top), 2 * stage.width, 4), np.float32)
    polygons(patch, 2 * (outline[order] - np.array([0, top], np.float32)), rgba[order])
    over(sheet, resized(patch, stage.width, stage.height - top), 0, top)


def clear(stems: list[tuple[float, float, float, int]], x: float, z: float, size: float) -> float:
    """0 where a nearer trunk stands before a fern .. 1: ferns are laid over all trunks, and would show on its bark."""
    share = 1.0
    for stem_x, stem_z, radius, _ in stems:
        if stem_z < z:
            away = abs(x / z - stem_x / stem_z) - 1.7 * radius / stem_z
            share = min(share, float(np.clip(away * z / (0.8 * size), 0, 1)))
    return share


def fern(stage: Stage, sheet: Floats, year: Year, fronds: NDArray[np.float64], x: float, z: float, size: float) -> None:
    """Draws a fern at x and z (m), as big as told (m), of fronds [n, 3] of random numbers."""
    scale = 2 * stage.focal / z
    px = size * scale
    half, above = int(1.35 * px) + 2, int(1.05 * px) + 2
    if float(stage.column(x, z)) + half / 2 < 0 or float(stage.column(x, z)) - half / 2 > stage.width:
        return
    patch = np.zeros((above + int(0.35 * px) + 2, 2 * half, 4), np.float32)
    t = np.linspace(0.06, 1, 22 if px > 60 else 11)
    shapes, colours = [], []
    light = stage.light
    dull = 1 - 0.45 * year.share[2]
    for k, (a, b, c) in enumerate(fronds):
        angle = np.pi * (0.04 + 0.92 * (k * 7 % 11 + 0.8 * a) / 11) + 0.25 * stage.scene["wind"]
        reach = px * (0.62 + 0.38 * b)
        sx, lift = -np.cos(angle) * (0.8 + 0.3 * c), 0.30 + 0.70 * np.sin(angle)
        cx = half + sx * reach * (0.55 * t + 0.45 * t * t)
        cy = above - reach * lift * (1.75 * t - 1.15 * t * t)
        way = np.arctan2(np.gradient(cy), np.gradient(cx))
        long = reach * (0.25 * np.sin(np.pi * np.clip(0.18 + 0.82 * t, 0, 1)) ** 0.8 + 0.015)
        front = (k / 10) * 0.5 + 0.5 * c
        albedo = (
            (year.leaf[0] * (1 - front) + (0.6 * year.leaf[1] + 0.4 * year.grass) * front) * dull * np.ones((len(t), 1))
        )
        white = np.clip(year.snow * 1.6 - 0.6 + 0.4 * t, 0, 1)[:, None] * (year.snow > 0.02)
        albedo = albedo * (1 - white) + SNOW * white
        deep = 0.16 + 0.84 * t[:, None] ** 0.8
        shade = deep * light.sky_rgb * 0.75 + deep * (0.10 + 0.55 * front * b) * light.sun_rgb
        for side in (1, -1):
            turn = way + side * (1.15 - 0.35 * t)
            centre = np.stack([cx + np.cos(turn) * long * 0.48, cy + np.sin(turn) * long * 0.48], 1)
            shapes.append(rotated(LEAF, turn, np.stack([long, np.maximum(long * 0.34, 0.05 * reach)], 1), centre))
            colours.append(albedo * shade * (1.0 if side * np.cos(way[0]) < 0 else 0.72))
    rgba = np.ones((sum(len(c) for c in colours), 4), np.float32)
    rgba[:, :3] = np.concatenate(colours)
    polygons(patch, np.concatenate(shapes), rgba)
    over(
        sheet,
        resized(patch, patch.shape[1] / 2, patch.shape[0] / 2),
        float(stage.column(x, z)) - half / 2,
        float(stage.row(0, z)) - above / 2,
    )
