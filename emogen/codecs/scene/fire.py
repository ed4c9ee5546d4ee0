"""Fire: flames that stand on the ground, their glow, sparks and the smoke above.

`flames` and `smoke` are sheets of noise that is bent and stretched upwards; `fire` makes them from a camp fire's size
to that of a burning house, first at one place, then at more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.brush import SHIFT, Canvas, lay, rgb
from emogen.codecs.scene.fuel import FUELS, house, logs
from emogen.codecs.scene.noise import fractal, ridge_line, smoothstep
from emogen.codecs.scene.stage import Floats, Layer, Light, Stage
from emogen.codecs.scene.standing import spot

RED, ORANGE, YELLOW = np.array(
    [[0.42, 0.028, 0.002], [1.25, 0.28, 0.014], [2.7, 1.75, 0.42]], np.float32
)  # (own choice)

#: Across, towards us, the value of `fire` that lights it, its height at most (own choice).
FIRES = ((0.3, 0.52, 0.0, 0.46), (-0.5, 0.3, 0.4, 0.3), (0.78, 0.22, 0.55, 0.26), (-0.1, 0.14, 0.7, 0.2))


@dataclass(frozen=True)
class Blaze:
    """One fire: where it stands and how large it is (heights of the picture); its seed."""

    across: float
    towards: float
    high: float
    wide: float
    seed: int


def blazes(stage: Stage) -> list[Blaze]:
    """The fires of a scene, the first one first to be lit."""
    rng, fire = stage.scene.rng("fire"), stage.scene["fire"]
    side = rng.choice([-1, 1])
    out = []
    for u, v, low, most in FIRES:
        jitter, seed = rng.random(2), int(rng.integers(2**31))
        share = (fire - low) / (1 - low)
        if share > 0:
            size = most * (0.16 + 0.84 * share) * float(smoothstep(0, 0.12, share))
            out.append(
                Blaze(side * u + 0.1 * (jitter[0] - 0.5), v + 0.04 * jitter[1], size, size * (0.55 + 0.4 * share), seed)
            )
    return out


@dataclass(frozen=True)
class _ByFire(Light):
    """A light with that of fires: directions to them [n, 3] and what a surface facing them gets [n, 3]."""

    plain: Light
    towards: NDArray[np.float64]
    fires_rgb: NDArray[np.float64]

    def on(self, normal: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.plain.on(normal) + np.clip(normal @ self.towards.T, 0, None) @ self.fires_rgb


def firelit(stage: Stage, x_m: float, z_m: float) -> Stage:
    """The stage with the light that its fires throw on what stands at a spot."""
    towards, strength = [], []
    for blaze in blazes(stage):
        x, z = spot(stage, blaze.across, blaze.towards)
        high = blaze.high * stage.height * z / stage.focal
        to = np.array([x - x_m, 0.3 * high - 1.0, z - z_m])
        away2 = float(to @ to) + (0.6 * high) ** 2 + 1.0
        towards.append(to / np.sqrt(away2))
        strength.append(np.array([1.0, 0.42, 0.1]) * min(0.6 * high**2 / away2, 1.2))
    if not towards:
        return stage
    light = stage.light
    plain = {field: getattr(light, field) for field in Light.__dataclass_fields__}
    return replace(stage, light=_ByFire(**plain, plain=light, towards=np.array(towards), fires_rgb=np.array(strength)))


def _ramp(heat: Floats) -> Floats:
    """Heat 0..1 -> light that it sends out [..., 3]: red, orange, yellow-white."""
    h = heat[..., None]
    return np.where(h < 0.5, RED + (ORANGE - RED) * (h / 0.5), ORANGE + (YELLOW - ORANGE) * ((h - 0.5) / 0.5)).astype(
        np.float32
    )


def flames(shape: tuple[int, int], lean: float, seed: int, *, tongues: float = 6.0) -> Floats:
    """A sheet of flames [h, w, 4]: base at the bottom, tips at the top; `lean` shifts the tips, in widths."""
    rng = np.random.default_rng(seed)
    coarse = min(1.0, 260 / max(shape))  # finer detail than that cannot be told from the rest (own choice)
    h, w = (max(int(v * coarse), 2) for v in shape)
    y = np.linspace(1, 0, h, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    warp = fractal(rng, h, w, 5, cells=3.0, stretch=1.15 * h / w)
    licks = fractal(rng, h, w, 5, cells=5.0, stretch=0.5, ridged=True)
    fine = fractal(rng, h, w, 4, cells=9.0, stretch=0.6)
    u = x - 2 * lean * y**1.4 + (0.03 + 0.2 * y) * warp
    heights = 0.6 + 0.33 * ridge_line(rng, 512, 0.6, cells=tongues, octaves=4)
    at = np.clip((u + 1) / 2 * 511, 0, 511).astype(np.float32)
    tall = cv2.remap(heights[None].astype(np.float32), at, np.zeros_like(at), cv2.INTER_LINEAR)
    foot = y - 0.1 * u * u + 0.025 * fine
    body = (
        tall * np.clip(1 - np.abs(u) ** 2.4, 0, 1)
        - y * (1 - 0.1 * warp)
        - 0.02
        + (0.06 + 0.22 * y) * fine
        + (0.05 + 0.1 * y) * licks
    )
    heat = np.clip(1.25 * body + 0.2 * licks + 0.1, 0, 1) * np.clip(1.15 - 0.6 * y, 0, 1)
    alpha = smoothstep(0.0, 0.1, body) * smoothstep(0, 0.05, foot)
    cover = alpha * (0.55 + 0.4 * smoothstep(0.1, 0.5, heat))
    sheet = np.dstack([_ramp(heat) * alpha[..., None], cover]).astype(np.float32)
    return cv2.resize(sheet, shape[::-1], interpolation=cv2.INTER_LINEAR) if coarse < 1 else sheet


def _put(stage: Stage, sheet: Floats, patch: Floats, left: float, top: float) -> None:
    """Lays a patch on a sheet, its corner at a place in pixels that may lie outside."""
    used = np.flatnonzero(patch[..., 3].max(0) > 1e-3)
    if not len(used):
        return
    patch, left = patch[:, used[0] : used[-1] + 1], left + used[0]
    r, c = round(top), round(left)
    r0, c0, r1, c1 = max(r, 0), max(c, 0), min(r + patch.shape[0], stage.height), min(c + patch.shape[1], stage.width)
    if r1 > r0 and c1 > c0:
        lay(sheet[r0:r1, c0:c1], patch[r0 - r : r1 - r, c0 - c : c1 - c])


def _smoke(stage: Stage, blaze: Blaze, amount: float) -> Floats:
    """A plume of dark smoke [h, w, 4] from the fire to the top of the picture, its foot at the bottom's middle."""
    rng = np.random.default_rng(blaze.seed + 1)
    high = 1.9 * blaze.high + 0.25
    h = max(int(high * stage.height / 3), 8)
    w = max(int(1.6 * high * stage.height / 3), 8)
    y = np.linspace(1, 0, h, dtype=np.float32)[:, None]
    x = np.linspace(-0.8, 0.8, w, dtype=np.float32)[None, :]
    wind = 0.12 + 0.55 * stage.scene["wind"]
    billow = fractal(rng, h, w, 6, cells=8)
    centre = wind * y**1.5 + 0.05 * np.sin(7 * y + rng.random() * 6)
    wide = 0.2 * blaze.wide / high + 0.24 * y**0.8
    inside = 1 - np.abs(x - centre) / wide
    thick = (
        smoothstep(-0.15, 0.75, inside + 0.75 * billow * (0.35 + y))
        * smoothstep(0.03, 0.2, y)
        * (1 - smoothstep(0.62, 1.0, y))
    )
    dx, dy = (
        cv2.Sobel(cv2.GaussianBlur(billow + inside * 0.8, (0, 0), max(h / 90, 0.6)), cv2.CV_32F, *d)
        for d in ((1, 0), (0, 1))
    )
    scale = h / 14
    n = np.stack([-dx * scale, dy * scale, -np.ones_like(dx)], -1)
    n /= np.linalg.norm(n, axis=-1, keepdims=True)
    lit = np.asarray(stage.light.on(n), np.float32) * np.array(rgb("#4a4442"), np.float32)
    lit += (
        (np.exp(-y / (0.05 + 0.3 * blaze.high)) * np.clip(0.5 + 0.6 * billow - 0.5 * n[..., 1], 0, 1.5))[..., None]
        * ORANGE
        * 0.3
    )
    alpha = (thick * 0.93 * amount)[..., None]
    return cv2.resize(
        np.dstack([lit * alpha, alpha]).astype(np.float32), (3 * w, 3 * h), interpolation=cv2.INTER_LINEAR
    )


def _glow(
    stage: Stage, glow: Floats, column: float, row: float, radius: float, light: Floats, *, flat: float = 1.0
) -> None:
    """Adds a round glow, or one that lies on the ground, to a sheet of an eighth of the picture's size."""
    h, w = glow.shape[:2]
    v, u = (
        (np.arange(h, dtype=np.float32)[:, None] + 0.5) * stage.height / h,
        (np.arange(w, dtype=np.float32) + 0.5) * stage.width / w,
    )
    away = ((u - column) ** 2 + ((v - row) / flat) ** 2) / radius**2
    fall = np.exp(-2.2 * away)
    if flat < 1:
        fall = fall * np.clip((v - stage.horizon) / (0.04 * stage.height), 0, 1)
    glow += fall[..., None] * np.asarray(light, np.float32)


def _sparks(stage: Stage, streaks: Floats, blaze: Blaze, column: float, row: float) -> None:
    """Draws short streaks that fly up and with the wind on a sheet [h, w]."""
    rng = np.random.default_rng(blaze.seed + 2)
    size, lean = blaze.high * stage.height, 0.1 + 0.6 * stage.scene["wind"]
    for rise, spread, dot, length in zip(*rng.random((4, 80)), strict=True):
        y = rise**0.7 * 1.8
        at = np.array([column + ((spread - 0.5) * (0.7 + 0.9 * y) + lean * y**1.4) * size * 0.6, row - y * size])
        way = (
            np.array([lean + (spread - 0.5) * 1.5, -1.0])
            * (0.3 + length)
            * 0.012
            * stage.height
            * min(1.0, 3 * blaze.high)
        )
        ends = np.round(np.stack([at, at + way]) * 2**SHIFT).astype(int)
        thick = max(round(0.0022 * stage.height * (0.3 + dot)), 1)
        cv2.line(
            streaks,
            tuple(map(int, ends[0])),
            tuple(map(int, ends[1])),
            float(1.3 - 0.9 * rise),
            thick,
            cv2.LINE_AA,
            SHIFT,
        )


def _burning(stage: Stage, light: Floats, glow: Floats, streaks: Floats, blaze: Blaze, wind: float) -> None:
    """One fire: a tall sheet of flames behind what burns, lower ones before it."""
    x, z = spot(stage, blaze.across, blaze.towards)
    column, row = float(stage.column(x, z)), float(stage.row(0.0, z))
    h, w = blaze.high * 1.25 * stage.height, blaze.wide * 1.5 * stage.height
    _glow(
        stage, glow, column, row - 0.3 * h, 1.0 * h, ORANGE * (0.02 + 0.03 * stage.light.night) / (1 + 4 * blaze.high)
    )
    _glow(stage, glow, column, row, 1.2 * w, ORANGE * 0.16 / (1 + 3 * blaze.high), flat=0.3)
    large = float(smoothstep(0.14, 0.24, blaze.high))
    metre = stage.focal / z
    box = (-0.62 * w / metre, 0.62 * w / metre, -0.1 * h / metre, 1.3 * h / metre)
    for i, (share, wide, shift) in enumerate(((1.0, 1.0, 0.0), (0.72, 0.8, 0.1), (0.45, 0.95, -0.05))):
        if i == 1:
            for drawn, seen in ((FUELS.get(stage.scene.place, house), large), (logs, 1 - large)):
                canvas = Canvas(stage, x, z, box)
                if seen > 0 and canvas.visible:
                    drawn(canvas, 0.8 * h / metre, 0.62 * w / metre, np.random.default_rng(blaze.seed + 5))
                    canvas.onto(light, alpha=seen)
        hh, ww = max(int(h * share), 4), max(int(w * wide), 4)
        sheet = flames((hh, ww), 0.05 + 0.22 * wind, blaze.seed + 10 * i, tongues=5 + 2 * i)
        if i:
            sheet *= 1 - (0.25, 0.45)[i == 1] * large  # what burns shows through
        _put(stage, light, sheet, column - ww / 2 + shift * w, row - hh + 0.03 * h * i)
    _sparks(stage, streaks, blaze, column, row)


def fires(stage: Stage) -> list[Layer]:
    """All fires: smoke, then flames with their glow on what is around."""
    fire = stage.scene["fire"]
    if fire <= 0:
        return []
    smoke, light = stage.empty(), stage.empty()
    streaks = np.zeros((stage.height, stage.width), np.float32)
    glow = np.zeros((stage.height // 8 + 1, stage.width // 8 + 1, 3), np.float32)
    for blaze in reversed(blazes(stage)):
        x, z = spot(stage, blaze.across, blaze.towards)
        column, row = float(stage.column(x, z)), float(stage.row(0.0, z))
        plume = _smoke(stage, blaze, float(smoothstep(0, 0.35, fire)))
        _put(stage, smoke, plume, column - plume.shape[1] / 2, row - plume.shape[0] - 0.25 * blaze.high * stage.height)
        _burning(stage, light, glow, streaks, blaze, stage.scene["wind"])
    shine = cv2.resize(glow, (stage.width, stage.height), interpolation=cv2.INTER_LINEAR)
    shine *= 1 - light[..., 3:]
    shine += streaks[..., None] * ORANGE * np.float32(1.5)
    shine += cv2.GaussianBlur(streaks, (0, 0), max(0.0022 * stage.height, 0.6))[..., None] * RED * np.float32(1.6)
    light[..., :3] += shine
    depth = spot(stage, 0.0, 0.4)[1]
    return [Layer("smoke", smoke, depth, movement="drift"), Layer("fire", light, depth, glows=True, movement="flicker")]
