"""Clear air: directions and the sun's direction -> light scattered to the eye, and light that comes through.

One scattering by molecules (Rayleigh) and by haze (Mie) in shells around a round earth, with ozone, which makes twilight
blue, and a share for light that is scattered again. Twilight, the earth's shadow and red suns follow from it.
Light is relative to a white sheet that faces the sun outside the air; y is up.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
EARTH_M, AIR_M = 6.371e6, 7.0e4  # radius of the earth; height above which there is no air to speak of
RAYLEIGH = np.array([5.8e-6, 13.56e-6, 33.1e-6])  # per m at sea level, 680/550/440 nm (Bruneton & Neyret 2008)
MIE, MIE_LOST, MIE_FORWARD = 6.0e-6, 1.1, 0.78  # per m; extinction over scattering; asymmetry (light summer haze)
RAYLEIGH_M, MIE_M = 8.0e3, 1.2e3  # scale heights
OZONE = 1.4 * np.array([0.65e-6, 1.881e-6, 0.085e-6])  # per m at its densest, 25 km up (Hillaire 2020), and a little more for bluer dusks
AGAIN = np.array([1.60, 1.63, 1.85]) # light scattered more than once, relative to once, all round (own choice: brightness of a noon sky)
_HEIGHTS, _ANGLES, _STEPS = 48, 128, 24


def _densities(height_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    above = np.maximum(height_m, 0.0)
    return np.exp(-above / RAYLEIGH_M), np.exp(-above / MIE_M), np.maximum(0.0, 1 - np.abs(above - 25e3) / 15e3)


def _lost(height_m: NDArray[np.float64]) -> NDArray[np.float64]:
    rayleigh, mie, ozone = (part[..., None] for part in _densities(height_m))
    return rayleigh * RAYLEIGH + mie * MIE * MIE_LOST + ozone * OZONE


def _way_out(height_m: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    r, top = EARTH_M + height_m, EARTH_M + AIR_M
    return -r * up + np.sqrt(np.maximum(r * r * (up * up - 1) + top * top, 0.0))


@cache
def _table() -> Floats:
    """Share of sunlight that reaches a height (rows: 0..AIR_M, squared) from an angle (columns: up -0.35..1) [.., 3]."""
    height = np.linspace(0, 1, _HEIGHTS)[:, None] ** 2 * AIR_M * np.ones((1, _ANGLES))
    up = -0.35 + 1.35 * np.linspace(0, 1, _ANGLES)[None] * np.ones((_HEIGHTS, 1))
    way = _way_out(height, up)
    steps = ((np.arange(40) + 0.5) / 40)[:, None, None] ** 2
    widths = np.diff((np.arange(41) / 40) ** 2)[:, None, None]
    s = way * steps
    r = np.sqrt((EARTH_M + height) ** 2 + s * s + 2 * s * up * (EARTH_M + height))
    depth = (_lost(r - EARTH_M) * (way * widths)[..., None]).sum(0)
    nearest = (EARTH_M + height) * np.sqrt(np.maximum(1 - up * up, 0.0)) - EARTH_M  # of the ray to the ground
    seen = np.where(up < 0, np.clip(nearest / 4e3 + 1.0, 0.0, 1.0), 1.0)  # the earth's edge, softened
    return np.asarray(np.exp(-depth) * seen[..., None], np.float32)


def transmitted(height_m: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share [..., 3] of sunlight that reaches `height_m` when the sun stands at sine `up` over the horizon there."""
    row = np.sqrt(np.clip(height_m / AIR_M, 0, 1)) * (_HEIGHTS - 1)
    column = np.clip((up + 0.35) / 1.35, 0, 1) * (_ANGLES - 1)
    at = (part.astype(np.float32).reshape(-1, part.shape[-1]) for part in (column, row))
    flat = cv2.remap(_table(), *at, cv2.INTER_LINEAR)
    return np.asarray(flat.reshape(*np.shape(up), 3), np.float64)


def scattered(view: NDArray[np.float64], sun: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light [n, 3] of the clear sky in the directions `view` [n, 3] of length 1; those below the horizon as at it."""
    up = np.maximum(view[:, 1], 0.004)
    height0 = 100.0
    way = _way_out(np.full_like(up, height0), up)
    edges = (np.arange(_STEPS + 1) / _STEPS) ** 2
    s = way[:, None] * ((edges[:-1] + edges[1:]) / 2)
    width = way[:, None] * np.diff(edges)
    r = np.sqrt((EARTH_M + height0) ** 2 + s * s + 2 * s * up[:, None] * (EARTH_M + height0))
    height = r - EARTH_M
    towards = (view @ sun)[:, None]
    sun_up = ((EARTH_M + height0) * sun[1] + s * towards) / r
    rayleigh, mie, _ = _densities(height)
    depth = np.cumsum(_lost(height) * width[..., None], axis=1)
    seen = np.exp(-(depth - 0.5 * _lost(height) * width[..., None]))
    lit = transmitted(height, sun_up)
    again = transmitted(height + 6e3, sun_up + 0.06) * AGAIN / (4 * np.pi)
    g = MIE_FORWARD
    phase_rayleigh = 3 / (16 * np.pi) * (1 + towards**2)
    phase_mie = (1 - g * g) / (4 * np.pi * (1 + g * g - 2 * g * towards) ** 1.5)
    sources = (rayleigh[..., None] * RAYLEIGH) * (lit * phase_rayleigh[..., None] + again)
    sources += (mie[..., None] * MIE) * (lit * phase_mie[..., None] + again)
    return np.asarray(np.pi * (sources * seen * width[..., None]).sum(1))
