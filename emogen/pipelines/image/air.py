"""A finish and the places of a picture -> the light and air that are laid over it, as small maps.

Light: an exposure that gathers on what the picture is of. Air: haze and mist thicker with distance, rays, glow of what is
light, a leak of light from the side. All maps are small, float32 [h, w]; colours are Y' (0..1), Cb, Cr (-.5...5).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.pipelines.image import textures
from emogen.pipelines.image.colour import ColourTable, Standard
from emogen.pipelines.image.look import Finish
from emogen.pipelines.image.places import Places, guided

Floats = NDArray[np.float32]

#: What the darkest corner loses and the middle gains, in stops per L* of `centre` (own choice); of `top` alike.
CENTRE_STOPS, TOP_STOPS = 0.060, 0.036
#: Optical thickness at the farthest of one unit of haze, and of a whole fog (own choice).
HAZE_THICK, FOG_THICK = 1.5, 1.9
#: How much darker air is than what lies far, per L* that the finish takes from the mids (own choice): dread has no white fog.
AIR_DARKER = 0.012
MIST_SPEED = (7.0, 1.1)  # px of its tile a second, aside and down (own choice)
#: Colours of light in R, G, B: of the sun, and of a leak at its edge and further in.
SUN, LEAK_OUT, LEAK_IN = (1.0, 0.80, 0.48), (1.0, 0.35, 0.12), (1.0, 0.62, 0.30)
#: How much of all this reaches a face (own choice): nobody's face is veiled, blurred or rained upon.
FACE_LIGHT, FACE_AIR = 0.45, 0.12


@dataclass(frozen=True)
class Air:
    """Small maps of light and air.

    Attributes:
        gain: Factor on the light.
        veil: Share of what is seen that is air in between.
        air: Its colour, Y', Cb, Cr.
        glow: Light that is added as on a second exposure, [h, w, 3] in Y' (0..1), Cb, Cr.
        blur: How far out of focus.
    """

    gain: Floats
    veil: Floats
    air: tuple[float, float, float]
    glow: Floats
    blur: Floats


def air(finish: Finish, where: Places, graded: Floats, colours: ColourTable, *, seed: int, t_s: float = 0.0) -> Air:
    """Light and air of a picture.

    Args:
        finish: What is asked.
        where: Where things are.
        graded: The small picture with its new colours, [h, w, 3] in Y', Cb, Cr.
        colours: What they came from.
        seed: Of mist, rays and leaks.
        t_s: The moment; mist drifts and rays waver.
    """
    light = np.ascontiguousarray(np.clip(graded[..., 0], 0, 1))
    calm = 1 - (1 - FACE_AIR) * where.face
    veil, colour = _veil(finish, where, colours, seed, t_s)
    glow = _glow(finish, where, light, colours.standard, seed, t_s) * calm[..., None]
    return Air(_gain(finish, where, light), veil * calm, colour, glow, _blur(finish, where))


def wide_blur(picture: Floats, sigma: float) -> Floats:
    """A Gaussian blur that takes no longer for being wide: what is wide is blurred on a smaller copy."""
    h, w = picture.shape
    less = max(1, min(int(sigma / 2.5), min(h, w) // 4))
    if less == 1:
        return cv2.GaussianBlur(picture, (0, 0), sigma)
    small = cv2.resize(picture, (-(-w // less), -(-h // less)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / less), (w, h), interpolation=cv2.INTER_LINEAR)


def _gain(finish: Finish, where: Places, light: Floats) -> Floats:
    h, w = light.shape
    y, x = np.linspace(-1, 1, h, dtype=np.float32)[:, None], np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    weight = where.subject + 0.05
    cx = 0.55 * float((weight * x).sum() / weight.sum())
    cy = 0.55 * float((weight * y).sum() / weight.sum())
    r2 = ((x - cx) ** 2 + (y - cy) ** 2) / 1.6
    fall = r2 / (1 + 0.35 * r2)
    # Light gathers on the subject: its own shape as much as the lens's circle.
    shape = 0.75 - fall + 0.45 * (wide_blur(where.subject, max(h, w) / 28) - 0.3)
    stops = CENTRE_STOPS * finish["centre"] * np.clip(shape, -1.3, 0.7)
    ramp = np.clip(-y, -1, 1) * np.ones_like(light)
    stops = stops + TOP_STOPS * finish["top"] * np.clip(0.6 * ramp + 0.6 * where.sky, -0.6, 1.0)
    stops = guided(light, stops.astype(np.float32), max(h, w) // 16, 2e-2)
    return np.asarray(2.0 ** (stops * (1 - (1 - FACE_LIGHT) * where.face)), dtype=np.float32)


def _veil(
    finish: Finish, where: Places, colours: ColourTable, seed: int, t_s: float
) -> tuple[Floats, tuple[float, float, float]]:
    h, w = where.far.shape
    open_air = 0.4 + 0.6 * where.outdoors
    thick = HAZE_THICK * max(finish["haze"], 0.0) * open_air + FOG_THICK * finish["fog"] * open_air
    if thick <= 0:
        return np.zeros((h, w), np.float32), (0.0, 0.0, 0.0)
    billows = _drifting(textures.mist(seed), h, w, MIST_SPEED[0] * t_s, MIST_SPEED[1] * t_s)
    low = np.clip(np.linspace(0.55, 1.15, h, dtype=np.float32), 0, 1)[:, None]  # mist lies low
    mist = 1 - min(finish["fog"], 1.0) * 0.75 * (1 - billows) * (1 - 0.5 * where.sky)
    amount = thick * (0.06 + 0.94 * where.far**1.2) * mist * (low + (1 - low) * where.sky)
    # The air is as light as the far parts of this very picture: no day comes into a night.
    y, u, v = colours.one(where.air)
    y *= 1 + AIR_DARKER * min(finish["middle"], 0.0)
    return (1 - np.exp(-amount)).astype(np.float32), (min(y * 1.04 + 0.02, 0.92), 0.5 * u, 0.5 * v)


def _glow(finish: Finish, where: Places, light: Floats, standard: Standard, seed: int, t_s: float) -> Floats:
    h, w = light.shape
    long = max(h, w)
    out = np.zeros((h, w, 3), np.float32)
    level = max(where.bright, 0.05)
    bright: Floats = np.square(np.clip((light - 0.75 * level) / max(1 - 0.75 * level, 0.15), 0, 1)).astype(np.float32)
    shine = min(1.0, level / 0.6)  # a night has no sun

    def add(amount: Floats, colour: tuple[float, float, float]) -> None:
        yuv = standard.to_yuv @ np.array(colour)
        for i in range(3):
            out[..., i] += amount * float(yuv[i])

    if finish["glow"] > 0:
        halo = 0.55 * wide_blur(bright, long / 60) + 0.45 * wide_blur(bright, long / 14)
        add(finish["glow"] * 0.42 * halo * (1 - 0.6 * bright), (1.0, 0.93, 0.82))
        add(finish["glow"] * shine * 0.40 * _spot(where.sun, h, w, 0.55), SUN)
    if finish["rays"] > 0:
        add(finish["rays"] * shine * 0.60 * _rays(where, bright, seed, t_s), SUN)
    if finish["leak"] > 0:
        edge, inner = _leak(h, w, seed, t_s)
        add(finish["leak"] * 0.45 * edge, LEAK_OUT)
        add(finish["leak"] * 0.32 * inner, LEAK_IN)
    return out


def _spot(at: tuple[float, float], h: int, w: int, size: float) -> Floats:
    """Light that falls off around a place."""
    y, x = np.arange(h, dtype=np.float32)[:, None], np.arange(w, dtype=np.float32)[None, :]
    r2 = ((x - at[0] * w) ** 2 + (y - at[1] * h) ** 2) / (size * max(h, w)) ** 2
    return np.asarray(np.exp(-2.2 * r2) * 0.7 + 0.3 / (1 + 14 * r2), dtype=np.float32)


def _rays(where: Places, bright: Floats, seed: int, t_s: float) -> Floats:
    """Beams from the sun: what is light, broken by a pattern of angles, drawn out from the sun again and again."""
    h, w = bright.shape
    sx, sy = where.sun[0] * w, where.sun[1] * h - 0.12 * h
    y, x = np.arange(h, dtype=np.float32)[:, None], np.arange(w, dtype=np.float32)[None, :]
    angle = np.arctan2(y - sy, x - sx)
    rng = np.random.default_rng((seed, 5))
    pattern = np.zeros_like(bright)
    for k, phase, speed in zip((9, 17, 31), rng.uniform(0, 2 * np.pi, 3), rng.uniform(-0.12, 0.12, 3), strict=True):
        pattern += np.cos(k * angle + phase + speed * t_s)
    beams = np.clip(0.35 + 0.33 * pattern, 0, 1)
    source = cv2.GaussianBlur(np.maximum(bright, 0.35 * where.sky) * beams, (0, 0), 1.5)
    zoom = 0.93
    for _ in range(5):
        turn = np.array([[zoom, 0, sx * (1 - zoom)], [0, zoom, sy * (1 - zoom)]], np.float32)
        drawn = cv2.warpAffine(source, turn, (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                               borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        source = 0.5 * (source + drawn)
        zoom *= zoom
    away = np.hypot(x - sx, y - sy) / max(h, w)
    # Beams are seen against what is dark; what is light already would only burn out.
    seen = source * (0.3 + 0.7 * beams) * (1 - 0.8 * bright) * (1 - 0.55 * where.sky)
    return np.asarray(seen * np.exp(-0.8 * away) * (0.4 + 0.6 * where.outdoors), dtype=np.float32)


def _leak(h: int, w: int, seed: int, t_s: float) -> tuple[Floats, Floats]:
    """Light through a gap of the camera at one side: its outer and inner part."""
    rng = np.random.default_rng((seed, 6))
    right, tilt, breathe = bool(rng.integers(2)), rng.uniform(-0.25, 0.25), rng.uniform(0, 6.28)
    y, x = np.linspace(0, 1, h, dtype=np.float32)[:, None], np.linspace(0, 1, w, dtype=np.float32)[None, :]
    x = (1 - x if right else x) + tilt * (y - 0.5)
    wave = 0.10 * np.sin(2.6 * y + breathe + 0.25 * t_s) + 0.04 * np.sin(7.1 * y + 2 * breathe - 0.4 * t_s)
    edge = np.clip(1 - (x + wave) / 0.34, 0, 1) ** 2.2
    inner = np.clip(1 - np.abs(x + 1.3 * wave - 0.16) / 0.34, 0, 1) ** 2
    return edge.astype(np.float32), inner.astype(np.float32)


def _drifting(tile: Floats, h: int, w: int, aside: float, down: float) -> Floats:
    """A tile laid over [h, w], moved by parts of its pixels."""
    size = 0.55 * tile.shape[1] / w  # a little more than half of it is seen at once
    columns = (np.arange(w, dtype=np.float32) * size + aside) % tile.shape[1]
    rows = (np.arange(h, dtype=np.float32) * size + down) % tile.shape[0]
    wide = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)
    return cv2.remap(wide, np.tile(columns, (h, 1)), np.tile(rows[:, None], (1, w)), cv2.INTER_LINEAR)


def _blur(finish: Finish, where: Places) -> Floats:
    """Out of focus: far from the subject, towards the edges of the picture, never on a face."""
    h, w = where.far.shape
    y, x = np.linspace(-1, 1, h, dtype=np.float32)[:, None], np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    edge = np.clip((x**2 + y**2) / 2, 0, 1)
    away = (0.35 * edge + 0.65 * np.maximum(edge, where.far)) * (1 - where.subject)
    return np.asarray(np.clip(finish["blur"] * 2.0 * away, 0, 1) * (1 - where.face) * (1 - 0.8 * where.skin), dtype=np.float32)
