"""What falls and drifts: noise, grain, rain and snow as tiles that repeat without a seam, float32, the same for a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MIST_PX, GRAIN_PX, FALL_PX = (256, 512), 512, 640
#: Rain: streaks a tile, length in px, brightness, width of the blur, px a second; far to near (own choice, by eye).
RAIN = ((1000, 10, 0.22, 0.45, 900.0), (260, 22, 0.32, 0.55, 1500.0), (34, 52, 0.26, 1.2, 2400.0))
#: Snow: flakes a tile, radius in px, brightness, blur, px a second (own choice, by eye).
SNOW = ((700, 0.9, 0.55, 0.6, 45.0), (150, 1.9, 0.70, 1.0, 80.0), (26, 5.5, 0.50, 2.6, 150.0))
SLANT = 0.16  # sideways per px down, of rain
SWAY_PX, SWAY_S = 9.0, 3.1  # of snow


def _rng(seed: int, what: int) -> np.random.Generator:
    return np.random.default_rng((seed, what))


@lru_cache(maxsize=8)
def mist(seed: int) -> Floats:
    """Billows, 0..1, `MIST_PX`: noise whose power falls with frequency, wider than high, so that it repeats by itself."""
    h, w = MIST_PX
    fy, fx = np.fft.fftfreq(h)[:, None] * h, np.fft.rfftfreq(w)[None, :] * w
    size = np.hypot(fx * 0.7, fy * 1.7)
    power = np.where(size > 0, np.maximum(size, 1.0) ** -1.65, 0.0) * np.exp(-((size / 60) ** 2))
    phase = _rng(seed, 1).uniform(0, 2 * np.pi, power.shape)
    noise = np.fft.irfft2(power * np.exp(1j * phase), s=(h, w))
    noise = noise / noise.std()
    return np.asarray(0.5 + 0.5 * np.tanh(0.8 * noise), dtype=np.float32)


@lru_cache(maxsize=8)
def grain(seed: int) -> Floats:
    """Film grain: mean 0, standard deviation 1, `GRAIN_PX` squared, a little softer than single pixels."""
    noise = _rng(seed, 2).standard_normal((GRAIN_PX, GRAIN_PX)).astype(np.float32)
    wide = cv2.copyMakeBorder(noise, 8, 8, 8, 8, cv2.BORDER_WRAP)
    soft = cv2.GaussianBlur(wide, (0, 0), 0.75)[8:-8, 8:-8]
    return np.ascontiguousarray(soft / soft.std())


@dataclass(frozen=True, eq=False)
class Layer:
    """One depth of what falls: its tile, and how it moves in px a second."""

    tile: Floats
    down: float
    aside: float
    sways: bool

    def at(self, height: int, width: int, t_s: float) -> Floats:
        """[height, width] at a moment."""
        y = round(-self.down * t_s) % FALL_PX
        x = round(-self.aside * t_s + (SWAY_PX * np.sin(2 * np.pi * t_s / SWAY_S) if self.sways else 0.0)) % FALL_PX
        return _repeated(self, height, width)[y : y + height, x : x + width]


@lru_cache(maxsize=6)
def _repeated(layer: Layer, height: int, width: int) -> Floats:
    """The tile so often that any window of this size can be cut from it."""
    return np.tile(layer.tile, (height // FALL_PX + 2, width // FALL_PX + 2))


@lru_cache(maxsize=8)
def rain(seed: int) -> tuple[Layer, ...]:
    """Three depths of rain."""
    rng, layers = _rng(seed, 3), []
    for count, length, light, blur, speed in RAIN:
        big = np.zeros((FALL_PX, FALL_PX), np.uint8)
        for x, y, k, shade in rng.uniform((0, 0, 0.6, 0.35), (FALL_PX, FALL_PX, 1.3, 1.0), (count, 4)):
            drop = (-SLANT * length * k, length * k)
            for ox in (-FALL_PX, 0, FALL_PX):
                for oy in (-FALL_PX, 0):
                    begin, end = (x + ox, y + oy), (x + ox + drop[0], y + oy + drop[1])
                    ends = [(round(px * 16), round(py * 16)) for px, py in (begin, end)]
                    cv2.line(big, ends[0], ends[1], int(255 * light * shade), 1, cv2.LINE_AA, 4)
        layers.append(Layer(_soft(big, blur), speed, -SLANT * speed, False))
    return tuple(layers)


@lru_cache(maxsize=8)
def snow(seed: int) -> tuple[Layer, ...]:
    """Three depths of snow."""
    rng, layers = _rng(seed, 4), []
    for count, radius, light, blur, speed in SNOW:
        big = np.zeros((FALL_PX, FALL_PX), np.uint8)
        for x, y, k, shade in rng.uniform((0, 0, 0.6, 0.4), (FALL_PX, FALL_PX, 1.4, 1.0), (count, 4)):
            for ox in (-FALL_PX, 0, FALL_PX):
                for oy in (-FALL_PX, 0, FALL_PX):
                    at = (round((x + ox) * 16), round((y + oy) * 16))
                    cv2.circle(big, at, round(radius * k * 16), int(255 * light * shade), -1, cv2.LINE_AA, 4)
        layers.append(Layer(_soft(big, blur), speed, 0.2 * speed, True))
    return tuple(layers)


def _soft(tile: NDArray[np.uint8], blur: float) -> Floats:
    wide = cv2.copyMakeBorder(tile.astype(np.float32) / 255, 16, 16, 16, 16, cv2.BORDER_WRAP)
    return np.ascontiguousarray(cv2.GaussianBlur(wide, (0, 0), blur)[16:-16, 16:-16])
