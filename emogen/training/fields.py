"""Forms as fields: signed distances (about) of balls, rods and lofts, joined and carved softly; below 0 is inside.

Lengths are in centimetres; points are float [..., 3].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import PchipInterpolator

Field = Callable[[np.ndarray], np.ndarray]
#: Half of the step over which a field's slope is measured (cm).
STEP = 0.05


def ball(p: np.ndarray, centre: Sequence[float], radii: Sequence[float] | float) -> np.ndarray:
    """An ellipsoid along the axes."""
    r = np.broadcast_to(np.asarray(radii, float), (3,))
    d = (p - np.asarray(centre)) / r
    n = np.linalg.norm(d, axis=-1)
    return np.asarray((n - 1) * n / np.maximum(np.linalg.norm(d / r, axis=-1), 1e-9))


def rod(p: np.ndarray, a: Sequence[float], b: Sequence[float], ra: float, rb: float) -> np.ndarray:
    """A rounded rod from a to b whose radius goes from ra to rb."""
    start, along = np.asarray(a, float), np.asarray(b, float) - np.asarray(a, float)
    t = np.clip((p - start) @ along / (along @ along), 0, 1)
    return np.asarray(np.linalg.norm(p - start - t[..., None] * along, axis=-1) - (ra + (rb - ra) * t))


def join(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    """Both; where they meet within `soft` the surface flows from one into the other."""
    h = np.maximum(soft - np.abs(a - b), 0) / soft
    return np.minimum(a, b) - h * h * soft / 4


def carve(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    """The first without the second, with an edge as round as `soft`."""
    return -join(-a, b, soft)


@dataclass(frozen=True, eq=False)
class Loft:
    """A body along an axis, of ovals that have another half-width on each side.

    Attributes:
        axis: The axis it runs along, 0..2; the two others follow in cyclic order as u and v.
        stations: Along the axis, u and v of the middle, half-widths at -u, +u, -v, +v (cm), rising, [n, 7].
        power: 2 gives ellipses, more gives boxier ovals.
    """

    axis: int
    stations: np.ndarray
    power: float = 2.0

    @cached_property
    def _form(self) -> PchipInterpolator:
        return PchipInterpolator(self.stations[:, 0], self.stations[:, 1:])

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """The distance (about); past the ends the last ovals shrink to a round cap."""
        low, high = self.stations[0, 0], self.stations[-1, 0]
        s = p[..., self.axis]
        u0, v0, *widths = np.moveaxis(self._form(np.clip(s, low, high)), -1, 0)
        u, v = p[..., (self.axis + 1) % 3] - u0, p[..., (self.axis + 2) % 3] - v0
        a, b = np.where(u < 0, widths[0], widths[1]), np.where(v < 0, widths[2], widths[3])
        past = s - np.clip(s, low, high)
        least = np.minimum(a, b)
        x, y, z = np.abs(u) / a, np.abs(v) / b, np.abs(past) / least
        n = (x**self.power + y**self.power + z**self.power) ** (1 / self.power)
        slope = np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / least) ** 2)
        round_ = np.sqrt(x * x + y * y + z * z)
        return np.asarray((n - 1) * round_ / np.maximum(slope, 1e-9))


@dataclass(frozen=True, eq=False)
class Cut:
    """A form cut off by others, with sharp edges: a hem, a cuff.

    Attributes:
        form: What is cut.
        cuts: Fields; only what is inside of all of them stays.
    """

    form: Field
    cuts: tuple[Field, ...]

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """The distance (about)."""
        return np.asarray(np.max([self.form(p), *(cut(p) for cut in self.cuts)], axis=0))

    def edged(self, p: np.ndarray, cut: Field) -> np.ndarray:
        """Points [n, 3] moved onto the edge that one of the cuts makes."""
        for _ in range(8):
            p = onto(cut, onto(self.form, p, 1), 1)
        return p


def slope(field: Field, p: np.ndarray) -> np.ndarray:
    """How a field rises, [n, 3]."""
    steps = np.eye(3) * STEP
    return np.stack([field(p + s) - field(p - s) for s in steps], axis=-1) / (2 * STEP)


def onto(field: Field, p: np.ndarray, times: int = 4) -> np.ndarray:
    """Points moved along the slope onto the surface."""
    for _ in range(times):
        g = slope(field, p)
        move = field(p)[:, None] * g / np.maximum((g * g).sum(axis=1, keepdims=True), 0.05)
        p = p - np.clip(move, -1.0, 1.0)
    return p
