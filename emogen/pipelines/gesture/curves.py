"""Smooth movement through poses: fifth-degree pieces, which from rest to rest are least jerk.

A hand that moves from one rest to the next follows very nearly the fifth-degree polynomial of least jerk (Flash & Hogan
1985, J Neurosci 5:1688). Through a pose on the way it keeps the slope that Fritsch & Butland's rule (1984, SIAM J Sci Stat
Comput 5:300) gives - none where the movement turns back - and no acceleration, so that nothing overshoots and place,
velocity and acceleration are continuous.
"""

from __future__ import annotations

import numpy as np


def through(times: np.ndarray, poses: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Poses [K, D] at increasing times [K] -> values [T, D] at times `at` [T]; before and after they stand still."""
    if len(times) == 1:
        return np.repeat(poses, len(at), axis=0)
    slope = _slopes(times, poses)
    at = np.clip(at, times[0], times[-1])
    k = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    length = np.diff(times)[k][:, None]
    u = (at - times[k])[:, None] / length
    ease = u**3 * (10 + u * (6 * u - 15))
    leave = u + u**3 * (u * (8 - 3 * u) - 6)
    arrive = u**3 * (u * (7 - 3 * u) - 4)
    return poses[k] + (poses[k + 1] - poses[k]) * ease + length * (slope[k] * leave + slope[k + 1] * arrive)


def _slopes(times: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Velocity at each pose [K, D]: 0 at both ends and where the movement turns back."""
    step = np.diff(times)[:, None]
    rise = np.diff(poses, axis=0) / step
    before, after = rise[:-1], rise[1:]
    share = (1 + step[1:] / (step[:-1] + step[1:])) / 3
    mean = before * after / np.where(before * after > 0, share * after + (1 - share) * before, 1.0)
    slope = np.zeros_like(poses)
    slope[1:-1] = np.where(before * after > 0, mean, 0.0)
    return slope
