"""Colours of what is built: plaster and wood, awnings and flowers, snow, and the light of lamps; all linear light."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Rgb = Sequence[float] | NDArray[np.float64] | NDArray[np.float32]


@cache
def hue(code: str) -> NDArray[np.float64]:
    """A colour like "d8b27a" (sRGB) as linear light [3]."""
    srgb = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def mixed(a: Rgb, b: Rgb, share: float) -> NDArray[np.float64]:
    """The colour `share` of the way from `a` to `b`."""
    return np.asarray(a, float) * (1 - share) + np.asarray(b, float) * share


#: Light of a bulb behind a pane or in a lantern, of brightness 1 (2700 K, own choice).
BULB = np.array([1.0, 0.56, 0.19])
#: Of an old European town (own choice), as sRGB codes.
PLASTER = (
    "d8b27a", "cf9478", "e4d6b4", "a3b9c2", "a9b592", "b9694a",
    "cf9f97", "dcd6ca", "b3a99c", "dfc06c", "c98f5a", "8fa3a8",
)  # fmt: skip
BRICK = ("96563f", "a5684c", "7b4a3b", "8a6a55")
TRIM = ("e9e2d2", "d7cdbb", "c9c2b4", "f0ece2")
SHUTTER = ("4a6b52", "35566b", "7a3b32", "8a7a55", "5d6e74", "394a3e", "9c6b4a")
AWNING = ("b03a34", "2f6a62", "c98a2e", "35557d", "7a2f45", "587a3c")
BLOOM = ("e0405a", "f07ab0", "f4d23c", "f2f0ea", "c058d0", "f0803a")
WOOD, SNOW, RUST = hue("6b5038"), hue("eef2f8"), hue("6e3c1e")
