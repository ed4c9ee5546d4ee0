"""Gestures: rhythm against audio, closeness to recorded motion where it matters, variety, smoothness.

Positions are [T, J, 3] of T frames and J joints, in the unit of the skeleton (m), relative to the root.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, numbers, pair, same_length

SIGMA_S = 0.3  # of BeatAlign in BEAT (Liu et al. 2022); TalkSHOW takes 0.5
SUCCESS = 0.1  # BEAT's SRGR: a joint is right where its coordinates miss by less than this in sum, in m
_AROUND = 7  # BEAT: a beat is slower than this many frames on either side


def motion_beats(positions: ArrayLike, fps: float, around: int = _AROUND) -> Array:
    """Times in s at which the movement comes to rest or turns: local minima of the mean speed of the joints.

    A minimum lies below all of `around` frames on either side (fewer at the ends, at least one). BEAT takes the
    right wrist alone: give that joint. Source: BEAT (Liu et al. 2022), reference implementation.

    Args:
        positions: [T, J, 3].
        fps: Frames per second, above 0.
        around: Frames, 1 or more.

    Returns:
        [k] rising; may be empty.

    Raises:
        InputError: Not 3-D, empty, nan, fewer than 4 frames, or a rate that is not above 0.
    """
    x = _motion(positions, fps, 4)
    if around < 1:
        raise InputError("around", f"{around}", "Give 1 frame or more.")
    speed = np.sqrt(np.sum(np.diff(x, axis=0) ** 2, axis=2)).mean(axis=1)
    found = [i for i in range(1, len(speed) - 1) if _is_minimum(speed, i, around)]
    return (np.array(found, dtype=np.float64) + 0.5) / fps  # speed i lies between frames i and i + 1


def beat_alignment(audio_beats: ArrayLike, motion: ArrayLike, sigma_s: float = SIGMA_S) -> float:
    """How near a beat of the body is to each beat of the audio, 0..1, more is better.

    `mean over audio beats b of exp(-min_m (b - m)^2 / (2 sigma^2))`. Trembling has beats everywhere and scores
    high: report `smoothness` and the score against shuffled audio beside it. No beat of the body: 0.
    Source: BeatAlign of BEAT (Liu et al. 2022), after Li et al. 2021 (AI Choreographer).

    Args:
        audio_beats: [b] times in s, at least one.
        motion: [m] times in s, as `motion_beats` gives them; may be empty.
        sigma_s: Width of what still counts as together, in s, above 0.

    Raises:
        InputError: No audio beats, nan, or a width that is not above 0.
    """
    audio = numbers("audio_beats", audio_beats, 1)
    if not 0.0 < sigma_s < np.inf:
        raise InputError("sigma_s", f"{sigma_s}", "Give seconds above 0.")
    if np.size(motion) == 0:
        return 0.0
    body = np.sort(numbers("motion", motion, 1))
    at = np.searchsorted(body, audio)
    before, after = body[np.maximum(at - 1, 0)], body[np.minimum(at, len(body) - 1)]
    away = np.minimum(np.abs(audio - before), np.abs(audio - after))
    return float(np.mean(np.exp(-(away**2) / (2.0 * sigma_s**2))))


def srgr(truth: ArrayLike, found: ArrayLike, relevance: ArrayLike, threshold: float = SUCCESS) -> float:
    """Semantic-relevance gesture recall, 0.., more is better: joints that are right, weighted by what the frame means.

    `mean over frames and joints of relevance x [sum_xyz |p - p'| < threshold]`, divided by the mean relevance, so
    that 1 is reached where all is right. (BEAT divides by a constant, 0.165, the mean relevance of its data.)
    Source: BEAT (Liu et al. 2022), reference implementation.

    Args:
        truth: [T, J, 3] recorded motion.
        found: [T, J, 3] generated motion.
        relevance: [T] 0 or more, how much the frame means.
        threshold: In the unit of the positions, above 0; 0.1 is meant for m.

    Raises:
        InputError: Shapes do not fit, empty, nan, relevance below 0 or 0 throughout.
    """
    a, b = pair(truth, found, 3)
    weight = numbers("relevance", relevance, 1)
    same_length(("frames", "relevance"), a, weight)
    if (weight < 0.0).any() or not weight.any():
        raise InputError("relevance", f"{weight.min():g}..{weight.max():g}", "Give 0 or more, somewhere above 0.")
    if not threshold > 0.0:
        raise InputError("threshold", f"{threshold}", "Give a distance above 0.")
    right = np.abs(a - b).sum(axis=2) < threshold
    return float(np.mean(weight * right.mean(axis=1)) / weight.mean())


def diversity(clips: ArrayLike, order: int = 1) -> float:
    """How much clips differ from each other, 0.., in units of the values: mean distance of all pairs, per value.

    Compare it with that of recorded motion: noise is diverse too. Source: the mean distance of pairs, usual for
    generated motion; divided by the number of values in a clip by own choice, so that clips of any length compare.

    Args:
        clips: [n, ...] n clips (or their features) of one shape, n >= 2.
        order: 1 for mean absolute differences, 2 for root mean squares.

    Raises:
        InputError: Not 2-D to 4-D, empty, nan, one clip, or another order.
    """
    x = numbers("clips", clips, (2, 3, 4))
    if order not in (1, 2):
        raise InputError("order", f"{order}", "Give 1 or 2.")
    if len(x) < 2:
        raise InputError("clips", "one clip", "Give two or more.")
    from scipy.spatial.distance import pdist

    flat = x.reshape(len(x), -1)
    if order == 1:
        return float(pdist(flat, "cityblock").mean() / flat.shape[1])
    return float(pdist(flat, "euclidean").mean() / np.sqrt(flat.shape[1]))


def l1_spread(clips: ArrayLike) -> float:
    """Mean absolute deviation of clips from their mean clip, 0.., in units of the values (EMAGE's L1div, per value).

    Raises:
        InputError: Not 2-D to 4-D, empty, nan.
    """
    x = numbers("clips", clips, (2, 3, 4))
    return float(np.mean(np.abs(x - x.mean(axis=0))))


@dataclass(frozen=True)
class Smoothness:
    """Movement in numbers: means over frames and joints of the lengths of the derivatives.

    There is no best value; recorded motion of the same kind says what is natural.

    Attributes:
        speed: Units per s.
        acceleration: Units per s^2.
        jerk: Units per s^3; high where motion trembles, and grows with fps.
        jerk_peak: 95th percentile of jerk over frames and joints.
    """

    speed: float
    acceleration: float
    jerk: float
    jerk_peak: float


def smoothness(positions: ArrayLike, fps: float) -> Smoothness:
    """Speed, acceleration and jerk by differences of neighbouring frames. Source: own choice of the usual figures.

    Args:
        positions: [T, J, 3], 4 frames or more.
        fps: Frames per second, above 0.

    Raises:
        InputError: Not 3-D, empty, nan, fewer than 4 frames, or a rate that is not above 0.
    """
    x = _motion(positions, fps, 4)
    speed, acceleration, jerk = (np.sqrt(np.sum((np.diff(x, k, axis=0) * fps**k) ** 2, axis=2)) for k in (1, 2, 3))
    return Smoothness(
        float(speed.mean()), float(acceleration.mean()), float(jerk.mean()), float(np.percentile(jerk, 95.0))
    )


def _motion(positions: ArrayLike, fps: float, least: int) -> Array:
    x = numbers("positions", positions, 3)
    if len(x) < least:
        raise InputError("positions", f"{len(x)} frames", f"Give {least} or more.")
    if not 0.0 < fps < np.inf:
        raise InputError("fps", f"{fps}", "Give frames per second, above 0.")
    return x


def _is_minimum(speed: Array, i: int, around: int) -> bool:
    near = np.concatenate([speed[max(0, i - around) : i], speed[i + 1 : i + around + 1]])
    return bool((speed[i] < near).all())
