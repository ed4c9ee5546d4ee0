"""The sky: clear air lit by the sun, stars and a moon at night, clouds, lightning, a rainbow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.atmosphere import transmitted
from emogen.codecs.scene.clouds import clearness, clouds
from emogen.codecs.scene.flashes import lightning, rainbow
from emogen.codecs.scene.light import SUN, Heavens, far_air, heavens, overcast
from emogen.codecs.scene.noise import fractal, ridge_line, smoothstep
from emogen.codecs.scene.stage import Floats, Layer, Stage

SUN_DEG, MOON_DEG = 0.55, 0.85  # radii; seen twice and three times as large as they are, as painters do


def sky(stage: Stage) -> list[Layer]:
    """The sky's sheets: clear sky with sun, moon and stars, clouds, lightning, rainbow."""
    heaven = heavens(stage.scene)
    clear = _clear(stage, heaven)
    rgba = stage.empty()
    rgba[..., :3] = clear + _stars(stage, heaven)
    _moon(stage, heaven, rgba)
    _sun(stage, heaven, rgba)
    rgba[..., 3] = 1
    heaps = clouds(stage, clear)
    layers = [Layer("sky", rgba, float("inf")), heaps, *rainbow(stage), *lightning(stage, heaps.rgba)]
    return [*layers, *_land(stage)] if stage.scene.place == "sky" else layers


def _clear(stage: Stage, heaven: Heavens) -> Floats:
    """The sky without clouds; towards the horizon it has the colour of far air, as fog has."""
    rows, columns = 96, 48
    view = stage.view(rows, columns)
    up = view[..., 1].astype(np.float32)
    level = stage.view(1, columns)[0] * [1, 0, 1] + [0, 0.02, 0]
    far = far_air(stage.scene, level / np.linalg.norm(level, axis=1, keepdims=True))
    shown = clearness(stage, view) * (1 - overcast(stage.scene) * smoothstep(0.25, 0.0, up)) * smoothstep(-0.01, 0.03, up)
    light = far + (heaven.clear(view.reshape(-1, 3)).reshape(view.shape) - far) * shown[..., None]
    return cv2.resize(light.astype(np.float32), (stage.width, stage.height), interpolation=cv2.INTER_CUBIC)


def _around(stage: Stage, direction: NDArray[np.float64]) -> Floats:
    """The angle (degrees) of each pixel to a direction [h, w]."""
    x = (np.arange(stage.width, dtype=np.float32) + 0.5 - stage.width / 2) / stage.focal
    y = (stage.horizon - np.arange(stage.height, dtype=np.float32) - 0.5) / stage.focal
    apart = np.hypot(x[None] - direction[0] / direction[2], y[:, None] - direction[1] / direction[2])
    return np.asarray(np.degrees(np.arctan(apart)), np.float32)


def _seen(stage: Stage, direction: NDArray[np.float64]) -> float:
    """How much of the sun or moon is seen through fog and a closed layer of clouds."""
    return float(clearness(stage, direction[None])[0]) ** 0.5 * (1 - overcast(stage.scene)) ** 2


def _sun(stage: Stage, heaven: Heavens, rgba: Floats) -> None:
    if heaven.sun[2] < 0.2 or heaven.elevation_deg < -3:
        return
    angle = _around(stage, heaven.sun)
    light = SUN * heaven.gain * transmitted(np.array([100.0]), np.array([heaven.sun[1] + 0.004]))[0]
    light = (light / max(light.max(), 1e-6) * min(light.max(), 1.5) * _seen(stage, heaven.sun)).astype(np.float32)
    edge = 60 / stage.height
    disc = smoothstep(SUN_DEG + edge, SUN_DEG - edge, angle)
    glow = 0.9 * np.exp(-angle / 0.9) + 0.28 * np.exp(-angle / 3.5) + 0.06 * np.exp(-angle / 11)
    above = smoothstep(-0.5, 0.5, stage.horizon - np.arange(stage.height, dtype=np.float32))[:, None]
    core = 0.55 * light + 0.45 * light.max() * np.array([1.0, 0.95, 0.80], np.float32)
    rgba[..., :3] += (disc * above)[..., None] * (40 * core) + (glow * above)[..., None] * light


def _moon(stage: Stage, heaven: Heavens, rgba: Floats) -> None:
    shown = float(smoothstep(-3.0, -10.0, heaven.elevation_deg)) * _seen(stage, heaven.moon)
    if shown == 0:
        return
    rng = stage.scene.rng("moon")
    phase = rng.uniform(-0.75, 1.0)  # cosine of the terminator: -1 new, 1 full
    lean = rng.uniform(-0.6, 0.6)
    marks = fractal(rng, 64, 64, 5, cells=3)
    column, row = stage.place(heaven.moon)
    radius = np.tan(np.radians(MOON_DEG)) * stage.focal
    x = (np.arange(stage.width, dtype=np.float32)[None] + 0.5 - column) / radius
    y = (np.arange(stage.height, dtype=np.float32)[:, None] + 0.5 - row) / radius
    x, y = x * np.cos(lean) + y * np.sin(lean), y * np.cos(lean) - x * np.sin(lean)
    r = np.hypot(x, y)
    edge = 1.2 / radius
    disc = smoothstep(1 + edge, 1 - edge, r)
    rim = np.sqrt(np.maximum(1 - y * y, 0.0))
    lit = smoothstep(-0.12 - edge, 0.12 + edge, x + phase * rim)
    face = cv2.remap(marks, (x + 1) * 31.5, (y + 1) * 31.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    shade = 1 - 0.28 * smoothstep(0.0, 0.8, face)
    rgba[..., :3] *= 1 - 0.6 * (disc * shown)[..., None]
    tone = np.array([1.0, 0.96, 0.86], np.float32)
    glow = 0.10 * np.exp(-np.maximum(r - 1, 0) / 1.5) + 0.035 * np.exp(-r / 6)
    rgba[..., :3] += ((disc * lit * shade * 1.1 + glow * (0.4 + 0.3 * phase)) * shown)[..., None] * tone


def _stars(stage: Stage, heaven: Heavens) -> Floats:
    """Stars and the Milky Way, [h, w, 3]."""
    h, w = stage.height, stage.width
    out = np.zeros((h, w, 3), np.float32)
    if heaven.dark == 0:
        return out
    rng = stage.scene.rng("stars")
    at, size, tone = rng.random((1600, 2)), rng.pareto(1.9, 1600), rng.random(1600)
    lean, offset = rng.uniform(0.5, 1.1) * rng.choice([-1, 1]), rng.uniform(-0.15, 0.15)
    veil = fractal(rng, 96, 96, 6, cells=5, keep=0.65)
    unit = h / 1024
    x, y = at[:, 0] * 1.9 - 0.45, at[:, 1] * 1.05 - 0.02  # in heights
    for column, row, bright, hue in zip(x * h + (w - h) / 2, y * h, size, tone, strict=True):
        if not (2 <= column < w - 2 and 2 <= row < min(stage.horizon, h - 2)):
            continue
        colour = np.array([1.0, 0.85 + 0.15 * hue, 0.7 + 0.5 * hue]) * min(0.12 + 0.22 * bright, 1.3)
        radius = max(unit * (0.50 + 0.22 * min(bright, 3.0)), 0.42)
        _dot(out, column, row, radius, colour * min(1.0, (unit / 0.45 + 0.3)))
    px, py = (np.arange(w) - w / 2)[None] / h, (np.arange(h) / h - 0.25)[:, None]
    across = px * np.cos(lean) + py * np.sin(lean) - offset
    cloud = cv2.resize(veil, (w, h), interpolation=cv2.INTER_CUBIC)
    rift = 1 - 0.7 * np.exp(-(((across + 0.03 * cloud) / 0.03) ** 2))
    band = np.exp(-((across / 0.13) ** 2)) * np.maximum(0.55 + 0.7 * cloud, 0) * rift
    out += band[..., None].astype(np.float32) * np.array([0.030, 0.031, 0.042], np.float32)
    low = smoothstep(0.0, 0.35, (stage.horizon - np.arange(h, dtype=np.float32)) / stage.focal)[:, None, None]
    fog = clearness(stage, np.array([[0, 0.3, 1.0]]))[0]
    return np.asarray(out * low * heaven.dark**1.5 * fog * (1 - overcast(stage.scene)), np.float32)


def _dot(out: Floats, column: float, row: float, radius: float, colour: NDArray[np.float64]) -> None:
    reach = int(np.ceil(radius * 2.5))
    x0, y0 = int(column), int(row)
    top, left = max(y0 - reach, 0), max(x0 - reach, 0)
    patch = out[top : y0 + reach + 1, left : x0 + reach + 1]
    y, x = np.mgrid[top : top + patch.shape[0], left : left + patch.shape[1]] + 0.5
    patch += (np.exp(-((x - column) ** 2 + (y - row) ** 2) / (radius * radius)))[..., None] * colour


def _land(stage: Stage) -> list[Layer]:
    """A strip of wooded land under a picture of the sky: two ridges and the plain before them."""
    scene, h, w = stage.scene, stage.height, stage.width
    rng = scene.rng("land")
    top = float(stage.horizon)
    layers = []
    green = np.array([0.045, 0.060, 0.030]) * scene["lush"] + np.array([0.085, 0.070, 0.045]) * (1 - scene["lush"])
    green = green * (1 - scene["snow"]) + 0.62 * scene["snow"]
    for depth, high, rough, cells in ((16e3, 0.022, 0.35, 3.0), (6e3, 0.016, 0.6, 5.0), (2.2e3, 0.010, 0.9, 9.0)):
        line = ridge_line(rng, 1024, rough * (0.6 + 0.8 * scene["rugged"]), cells=cells, octaves=9)
        shade = fractal(rng, 128, 128, 6, cells=24, stretch=4, keep=0.7)
        tall = high * (0.5 + scene["rugged"]) * h * (1.0 + 0.8 * np.interp(np.linspace(0, 1023, w), np.arange(1024), line))
        foot = top + stage.focal * stage.eye_m / depth
        alpha = np.clip(np.arange(h, dtype=np.float32)[:, None] + 0.5 - (foot - np.maximum(tall, 0.0))[None], 0, 1).astype(np.float32)
        rows = slice(max(int(top - 0.12 * h), 0), h)
        tone = 0.75 + 0.45 * cv2.resize(shade, (w, h - rows.start), interpolation=cv2.INTER_CUBIC)
        light = stage.light.on(np.array([0.0, 0.8, -0.6])) * green
        rgba = stage.empty()
        rgba[rows, :, :3] = np.maximum(tone, 0.2)[..., None] * light * alpha[rows, :, None]
        rgba[..., 3] = alpha
        far = np.full(h, depth, np.float32)
        layers.append(Layer("sky land", rgba, np.minimum(far, np.maximum(stage.ground_depth(), 60.0)).astype(np.float32)))
    return layers
