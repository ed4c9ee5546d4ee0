"""One trunk in a forest: its bend, its bark in the light that comes through leaves, dead boughs."""

from __future__ import annotations

import numpy as np

from emogen.codecs.scene.nature import (
    SNOW,
    Numbers,
    Year,
    near_of,
    opaque,
    over,
    resized,
    strokes,
)
from emogen.codecs.scene.noise import sampled, smoothstep
from emogen.codecs.scene.stage import Floats, Stage

BARK = np.array([0.105, 0.080, 0.058], np.float32)
MOSS = np.array([0.09, 0.15, 0.025], np.float32)
_BIRCH = np.array([0.46, 0.44, 0.40], np.float32)


def ambient(stage: Stage, year: Year) -> Floats:
    """The sky's light under leaves: less blue, a little of their colour [3]."""
    sky = stage.light.sky_rgb
    grey = sky.mean() * (0.8 + 0.2 * year.leaf.mean(0) / year.leaf.mean())
    return np.asarray(sky * (1 - 0.7 * year.leaves) + 0.7 * year.leaves * grey, np.float32)


def trunk(stage: Stage, sheet: Floats, year: Year, bark: Floats, x: float, z: float, radius: float, which: int) -> None:
    """Draws a trunk that stands at x and z (m), as thick as told; `which` names it, and so its shape."""
    rng = np.random.default_rng([stage.scene.seed, which, 77])
    bend, phase, lean, birch = rng.uniform(-1, 1, 4)
    grain = rng.uniform(0, 1, 2).astype(np.float32)
    scale = stage.focal / z
    base, r = float(stage.row(0, z)), radius * scale
    if r < 0.4:
        return
    top = max(0, int(base - 9 * near_of(stage) * scale))
    y1 = min(stage.height, int(base + 0.3 * r) + 1)
    if y1 <= top:
        return
    y = (base - (np.arange(top, y1, dtype=np.float32) + 0.5)) / scale
    threat = stage.scene["threat"]
    curve = radius * (
        bend * (0.4 + 1.6 * threat) * np.sin(y * (0.45 + 0.25 * threat) * 6 / near_of(stage) + 3 * phase)
        + (0.10 * lean + 0.07 * stage.scene["wind"]) * y
    )
    girth = radius * (1 - 0.022 * np.maximum(y, 0)) * (1 + 0.75 * np.exp(-np.maximum(y, -0.2) / (1.6 * radius)))
    middle = float(stage.column(x, z)) + (curve - np.interp(0, y[::-1], curve[::-1])) * scale
    half = np.asarray(girth * scale, np.float32)
    left, right = int(max(0, (middle - half).min() - 1)), int(min(stage.width, (middle + half).max() + 2))
    if right > left:
        across = ((np.arange(left, right, dtype=np.float32) + 0.5)[None] - middle[:, None]) / half[:, None]
        rgba = _bark(stage, year, bark, np.asarray(across, np.float32), y, half, radius, bool(birch > 0.35), grain)
        over(sheet, rgba, left, top)
    _boughs(stage, sheet, year, rng, middle, half, y, top, scale)


def _bark(
    stage: Stage,
    year: Year,
    bark: Floats,
    across: Floats,
    y: Floats,
    half: Floats,
    radius: float,
    birch: bool,
    shift: Floats,
) -> Floats:
    """The lit surface of a trunk: `across` -1..1 [h, w], heights y (m) [h]."""
    t = np.clip(across, -1, 1)
    around = np.arcsin(t) / np.float32(np.pi)
    v = np.broadcast_to(y[:, None], t.shape)
    # Bark stretches along the trunk; birch bark has bands around it.
    scale = radius * 3.0
    rough = sampled(bark, around * scale + shift[0], v * 0.16 + shift[1])
    bands = sampled(bark, around * 0.10 * scale + shift[1], v * 0.55 + shift[0])
    depth = np.exp(-0.6 * np.abs(rough))
    fine = float(np.clip(half.mean() / 10, 0, 1))
    base = _BIRCH if birch else BARK
    albedo = base * (1 + (0.25 * rough if not birch else -0.75 * smoothstep(0.6, 1.5, bands)) * fine)[..., None]
    moss = (
        smoothstep(0.1, 1.0, 0.8 * np.exp(-np.maximum(v, 0) / 1.4) + 0.5 * t + 0.35 * bands)
        * (1 - year.bare)
        * (0.2 if birch else 0.75)
    )
    albedo = albedo * (1 - moss[..., None]) + MOSS * moss[..., None]
    white = smoothstep(0.55, 0.95, year.snow * 0.75 + 0.5 * t * -1 + 0.18 * rough - 0.1)[..., None] * (year.snow > 0)
    albedo = (albedo * (1 - 0.8 * stage.scene["threat"]) * (1 - 0.35 * year.wet)) * (1 - white) + SNOW * white
    tilt = 0.35 * (depth - 0.7) * fine
    normal = np.stack([np.clip(t + tilt, -1, 1), np.full_like(t, 0.1), -np.sqrt(np.clip(1 - t * t, 0.02, 1))], -1)
    light = stage.light
    facing = np.clip(normal @ light.sun.astype(np.float32), 0, None) ** 0.8
    # Light from the sun comes through the roof in part; the rim towards it shines.
    shafts = (0.35 + 0.65 * (1 - year.leaves)) + 0.5 * smoothstep(
        0.2, 1.2, sampled(bark, v * 0 + shift[0], v * 0.045 + shift[1])
    )
    lit = (facing * shafts)[..., None] * light.sun_rgb.astype(np.float32) + (0.30 + 0.30 * np.abs(t))[
        ..., None
    ] * ambient(stage, year)
    groove = (0.62 + 0.5 * depth) if not birch else 1.0
    edge = np.clip((1 - np.abs(across)) * half[:, None] + 0.5, 0, 1) * np.clip(
        (y[:, None] / radius + 0.32 + 0.2 * np.cos(9 * t)) * 6, 0, 1
    )
    return opaque(albedo * lit * np.asarray(groove)[..., None] if not birch else albedo * lit, edge.astype(np.float32))


def _boughs(
    stage: Stage,
    sheet: Floats,
    year: Year,
    rng: np.random.Generator,
    middle: Numbers,
    half: Floats,
    y: Floats,
    top: int,
    scale: float,
) -> None:
    """Dead stubs low on a trunk and boughs higher up; more and more crooked as threat grows."""
    threat = stage.scene["threat"]
    draw = rng.random((9, 5))
    kinks = rng.standard_normal((9, 6))
    pieces: list[tuple[float, ...]] = []
    for (a, b, c, d, e), kink in zip(draw, kinks, strict=True):
        high = (0.35 + 1.2 * a) * near_of(stage)
        if high > y[0]:
            continue
        row = int(np.argmin(np.abs(y - high)))
        side = 1 if b < 0.5 else -1
        here = np.array([middle[row] + side * half[row] * 0.6, row + top])
        angle = (-0.2 - 0.9 * c) if side > 0 else np.pi + 0.2 + 0.9 * c
        length = (0.25 + 1.9 * d * (0.35 + 0.65 * max(threat, year.share[3]))) * scale * near_of(stage) / 36
        wide = min(half[row] * (0.16 + 0.2 * e), 0.012 * stage.height)
        wide = min(wide, 0.9 * length)
        for k in range(6):
            angle += kink[k] * (0.16 + 0.5 * threat)
            there = here + length * np.array([np.cos(angle), np.sin(angle)])
            pieces.append((*here, *there, wide * (1 - k / 6), wide * (1 - (k + 1) / 6)))
            here = there
    if pieces:
        _paint_boughs(stage, sheet, year, np.array(pieces))


def _paint_boughs(stage: Stage, sheet: Floats, year: Year, pieces: Numbers) -> None:
    """Pieces of wood: x, y of both ends, and widths there (px) [n, 6]."""
    light, threat = stage.light, stage.scene["threat"]
    start, end, w0, w1 = pieces[:, :2], pieces[:, 2:4], pieces[:, 4], pieces[:, 5]
    points, limit = np.concatenate([start, end]), np.array([stage.width, stage.height])
    low = np.clip(points.min(0) - 4, 0, limit).astype(int)
    w, h = np.clip(points.max(0) + 5, 0, limit).astype(int) - low
    if min(w, h) < 2:
        return
    patch = np.zeros((2 * h, 2 * w, 4), np.float32)
    rgba = np.ones((len(pieces), 4), np.float32)
    rgba[:, :3] = BARK * (1 - 0.85 * threat) * (0.5 * light.sky_rgb + 0.25 * light.sun_rgb)
    strokes(patch, 2 * (start - low), 2 * (end - low), 4 * w0, 4 * w1, rgba)
    if year.snow > 0.05:
        rgba[:, :3] = SNOW * (light.sky_rgb + 0.4 * light.sun_rgb)
        lift = np.array([0, 1.0]) * w0[:, None]
        strokes(patch, 2 * (start - low - lift), 2 * (end - low - lift), 2 * year.snow * w0, 2 * year.snow * w1, rgba)
    over(sheet, resized(patch, w, h), low[0], low[1])
