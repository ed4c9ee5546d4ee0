"""Curves over time that need no past: each is a function of the time and a seed, so any piece of it is made by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
#: Spread of a cubic B-spline through random values of spread 1, averaged over time.
_SPREAD = 0.6922


def chance(seed: int, channel: int, number: NDArray[np.int64] | int) -> Floats:
    """Numbers 0..1, evenly spread, that depend on the arguments alone (splitmix64; Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        x = np.asarray(number, np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = x + np.uint64(seed % 2**64) * np.uint64(0xD1342543DE82EF95)
        x = x + np.uint64(channel) * np.uint64(0xA24BAED4963EE407)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
        x = x ^ (x >> np.uint64(31))
    return np.asarray((x >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def drift(seed: int, channel: int, phase: Floats) -> Floats:
    """Aimless movement of spread 1 along a phase [T], smooth to the second derivative.

    It turns about once while the phase goes on by 2.
    """
    knot = np.floor(phase).astype(np.int64)
    u = phase - knot
    weights = ((1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3)
    first = int(knot.min()) - 1 if len(knot) else 0
    values = ndtri(np.clip(chance(seed, channel, np.arange(first, int(knot.max(initial=0)) + 3)), 1e-3, 1 - 1e-3))
    return np.asarray(sum(w * values[knot - 1 + k - first] for k, w in enumerate(weights)) / (6 * _SPREAD))


def smooth(u: Floats) -> Floats:
    """From 0 to 1 with the least jerk (Flash & Hogan 1985); held outside."""
    u = np.clip(u, 0.0, 1.0)
    return np.asarray(u * u * u * (u * (6 * u - 15) + 10))


def eased(t: Floats, times: Floats, values: Floats, lasts: Floats) -> Floats:
    """At rest at one value after the other: at `times[i]` the way to `values[i]` begins, and lasts `lasts[i]`.

    A way that the next one overtakes goes on beneath it, so nothing jumps.

    Args:
        t: [T] s, rising.
        times: [n] s, rising; the first value is held until the second.
        values: [n] or [n, d].
        lasts: [n] s, each above 0.
    """
    values = np.asarray(values, float)
    done = np.maximum.accumulate(times + lasts) <= t[0] if len(t) else np.zeros(len(times), bool)
    begin = max(int(np.count_nonzero(done)) - 1, 0)
    found = np.broadcast_to(values[begin], (len(t), *values.shape[1:])).copy()
    for i in range(begin + 1, len(times)):
        first, last = np.searchsorted(t, (times[i], times[i] + lasts[i])).tolist()
        if first >= len(t):
            break
        step = values[i] - values[i - 1]
        found[first:last] += smooth((t[first:last] - times[i]) / lasts[i]).reshape(-1, *[1] * (found.ndim - 1)) * step
        found[last:] += step
    return found


def bumps(t: Floats, times: Floats, sizes: Floats, rise_s: Floats, fall_s: Floats) -> Floats:
    """Bell-shaped bumps at `times` [n], each with its own rise and fall (s, standard deviations): their sum, [T]."""
    found = np.zeros(len(t))
    for at, size, rise, fall in zip(times, sizes, rise_s, fall_s, strict=True):
        first, last = np.searchsorted(t, (at - 4.5 * rise, at + 4.5 * fall)).tolist()
        if first < last:
            u = t[first:last] - at
            found[first:last] += size * np.exp(-0.5 * (u / np.where(u < 0, rise, fall)) ** 2)
    return found
