"""Rare lights of the sky: bolts of lightning, a rainbow. Both are sheets of light that is added, seen above the horizon."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.light import LUMINANCE, heavens
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import Floats, Layer, Stage

BOLT = np.array([0.80, 0.84, 1.0], np.float32)
BOW_DEG, SECOND_DEG, WIDE_DEG = 41.0, 51.5, 2.6  # radii of both bows round the point opposite the sun, width
#: Colours from the inner edge (violet) to the outer (red), linear; a bow pales to white where they overlap.
SPECTRUM = np.array(
    [
        [0.30, 0.10, 0.75], [0.12, 0.20, 0.90], [0.10, 0.55, 0.70], [0.18, 0.75, 0.22],
        [0.75, 0.75, 0.10], [0.95, 0.42, 0.06], [0.90, 0.12, 0.08],
    ],
    np.float32,
)  # fmt: skip


def lightning(stage: Stage, clouds: Floats) -> list[Layer]:
    """Bolts from the clouds [h, w, 4] to the horizon, and their light in the clouds."""
    strength = float(smoothstep(0.5, 0.95, stage.scene["lightning"]))
    if strength == 0:
        return []
    rng, h = stage.scene.rng("lightning"), stage.height
    mask = np.zeros((stage.height, stage.width), np.uint8)
    lit = np.zeros((max(h // 8, 2), max(stage.width // 8, 2)), np.float32)
    for at, size in ((rng.uniform(0.22, 0.45), 1.0), (rng.uniform(0.6, 0.85), 0.7)):
        top = np.array([at * stage.width, stage.horizon - rng.uniform(0.36, 0.46) * h])
        foot = np.array([top[0] + rng.uniform(-0.12, 0.12) * h, stage.horizon])
        _branch(mask, rng, top, foot, 0.0026 * size * h, h, 3)
        y, x = np.mgrid[0 : lit.shape[0], 0 : lit.shape[1]] * 8.0 + 4.0
        lit += size * np.exp(-(((x - top[0]) / (0.20 * h)) ** 2) - ((y - top[1]) / (0.13 * h)) ** 2).astype(np.float32)
    core = mask.astype(np.float32) / 255
    near, wide = (cv2.GaussianBlur(core, (0, 0), radius * h) for radius in (0.004, 0.020))
    bolt = 3.5 * core + 0.8 * near + 0.45 * wide
    glow = cv2.resize(lit, (stage.width, h), interpolation=cv2.INTER_LINEAR)
    glow = glow * (0.12 + 0.9 * clouds[..., 3] * (0.4 + clouds[..., :3].mean(-1) * 4))
    rgba = stage.empty()
    above = smoothstep(0.5, -0.5, np.arange(h, dtype=np.float32)[:, None] - np.float32(stage.horizon))
    rgba[..., :3] = ((bolt + 0.20 * glow) * above * strength)[..., None] * BOLT
    return [Layer("sky lightning", rgba, float("inf"), glows=True, movement="flicker")]


def _branch(
    mask: NDArray[np.uint8], rng: np.random.Generator, top: NDArray[np.float64], foot: NDArray[np.float64], width: float, h: int, forks: int
) -> None:
    points = np.stack([top, foot])
    spread = 0.16 * float(np.linalg.norm(foot - top))
    for _ in range(6):
        middle = (points[1:] + points[:-1]) / 2 + rng.normal(0, 0.5, (len(points) - 1, 2)) * spread * [1.0, 0.35]
        points = np.insert(points, np.arange(1, len(points)), middle, axis=0)
        spread *= 0.52
    bright = 255 if forks == 3 else 90 + 40 * forks
    thick = max(round(width), 1)
    cv2.polylines(mask, [np.int32(points * 16)], False, int(bright * min(1.0, 0.4 + width)), thick, cv2.LINE_AA, 4)  # type: ignore[arg-type]
    if forks == 0:
        return
    for share, aside, long in rng.uniform([0.15, -1.0, 0.18], [0.8, 1.0, 0.45], (3, 3)):
        start = points[int(share * (len(points) - 1))]
        way = np.array([aside * 0.9, 0.45 + 0.55 * long]) * long * np.linalg.norm(foot - top)
        _branch(mask, rng, start, start + way, width * 0.55, h, forks - 1)


def rainbow(stage: Stage) -> list[Layer]:
    """A bow and its fainter second, away from the side the sun is on."""
    amount = float(smoothstep(0.0, 1.0, stage.scene["rainbow"]))
    if amount == 0:
        return []
    rng = stage.scene.rng("rainbow")
    sun = heavens(stage.scene).sun
    away, down = -np.sign(sun[0] or 1.0) * rng.uniform(10.0, 18.0), rng.uniform(17.0, 21.0)
    rows = min(int(np.ceil(stage.horizon + 0.02 * stage.height)), stage.height)
    x = np.degrees(np.arctan((np.arange(stage.width) + 0.5 - stage.width / 2) / stage.focal))[None]
    y = np.degrees(np.arctan((stage.horizon - np.arange(rows) - 0.5) / stage.focal))[:, None]
    radius = np.hypot(x - away, y + down).astype(np.float32)
    bow = _colours((radius - BOW_DEG) / WIDE_DEG) + 0.30 * _colours((SECOND_DEG - radius) / (1.5 * WIDE_DEG))
    inside = 0.10 * smoothstep(BOW_DEG + 0.3, BOW_DEG - 1, radius) * smoothstep(BOW_DEG - 22, BOW_DEG, radius)
    day = float((stage.light.sky_rgb + 0.25 * stage.light.sun_rgb) @ LUMINANCE)
    fade = smoothstep(-0.5, 5.0, y.astype(np.float32)) * (0.75 + 0.25 * smoothstep(25.0, 5.0, y.astype(np.float32)))
    rgba = stage.empty()
    rgba[:rows, :, :3] = (bow + inside[..., None]) * (fade * np.float32(0.7 * amount * day))[..., None]
    return [Layer("sky rainbow", rgba, float("inf"), movement="still")]


def _colours(across: Floats) -> Floats:
    """Colours of a bow from its inner edge (-1/2) to its outer (1/2)."""
    place = (np.clip(across + 0.5, 0, 1) * (len(SPECTRUM) - 1)).astype(np.float32)
    colours = cv2.remap(SPECTRUM[None], place, np.zeros_like(place), cv2.INTER_LINEAR)
    edge = smoothstep(-0.62, -0.30, across) * smoothstep(0.58, 0.36, across)
    return np.asarray(colours * edge[..., None], np.float32)
