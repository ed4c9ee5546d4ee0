"""Lips against sound and against recorded landmarks, without any network.

The figures of SyncNet (LSE-D, LSE-C) need its weights and are not computed here; these are substitutes of other
names and scales. All curves have one frame rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, numbers, pair, same_length
from emogen.evaluation.metrics.dimensions import pearson

LONGEST_S = 0.6  # offsets that are tried; SyncNet tries 15 frames of 25 fps
_LEAST_FRAMES = 5  # that two curves must share at an offset; own assumption (SyncNet's window)


@dataclass(frozen=True)
class LipSync:
    """How a mouth follows a sound.

    Attributes:
        offset_s: By how much the mouth is late (below 0: early), in s, where both fit best.
        correlation: Pearson's r at that offset, -1..1, more is better.
        distance: Lip-sync distance with no offset, 0..2, less is better.
        best_distance: Lip-sync distance at the offset, 0..2.
    """

    offset_s: float
    correlation: float
    distance: float
    best_distance: float


def lip_sync(energy: ArrayLike, opening: ArrayLike, fps: float, longest_s: float = LONGEST_S) -> LipSync:
    """Offset and distance of mouth opening and audio energy, by cross-correlation.

    The distance is the root mean square difference of both curves in units of their own spread, `sqrt(2 - 2 r)`:
    0 where they move as one, 1.41 where they have nothing in common, 2 where they are opposed. A curve without
    movement follows nothing: r = 0. Of offsets that fit equally the one nearest to 0 is taken.
    Source: own definition; offsets of `longest_s` as in SyncNet (Chung & Zisserman 2016).

    Args:
        energy: [T] level of the sound, one value a frame (dB or linear).
        opening: [T] how far the mouth is open, in any unit.
        fps: Frames per second of both, above 0.
        longest_s: Offsets tried on either side, in s, 0 or more; as many as leave 5 frames in common.

    Raises:
        InputError: Lengths differ, empty, nan, fewer than 5 frames, or a rate or offset out of range.
    """
    sound, mouth = pair(energy, opening, 1, ("energy", "opening"))
    if len(sound) < _LEAST_FRAMES:
        raise InputError("energy and opening", f"{len(sound)} frames", f"Give {_LEAST_FRAMES} or more.")
    if not (0.0 < fps < np.inf and 0.0 <= longest_s < np.inf):
        raise InputError(
            "fps and longest_s", f"{fps} and {longest_s}", "Give a rate above 0 and an offset of 0 or more."
        )
    most = min(round(longest_s * fps), len(sound) - _LEAST_FRAMES)
    offsets = sorted(range(-most, most + 1), key=lambda k: (abs(k), k))
    fits = [_shifted(sound, mouth, k) for k in offsets]
    best = int(np.argmax(np.round(fits, 12)))  # the first of equals: the nearest to 0
    return LipSync(offsets[best] / fps, fits[best], _distance(fits[0]), _distance(fits[best]))


def closure_recall(closed: ArrayLike, opening: ArrayLike, threshold: float) -> float:
    """Part of the frames of P, B and M in which the lips are closed, 0..1, more is better.

    Source: own definition.

    Args:
        closed: [T] bool (or 0 and 1), the frames in which the speech closes the lips; at least one.
        opening: [T] how far the mouth is open.
        threshold: Below it the lips are closed, in the unit of `opening`.

    Raises:
        InputError: Lengths differ, empty, nan, no frame is to be closed, `closed` is not true and false, or no
            threshold.
    """
    wanted, found = numbers("closed", closed, 1), numbers("opening", opening, 1)
    same_length(("closed", "opening"), wanted, found)
    if not np.isin(wanted, (0.0, 1.0)).all() or not wanted.any():
        raise InputError("closed", "no frame, or something other than true and false", "Say which frames are closed.")
    if not np.isfinite(threshold):
        raise InputError("threshold", f"{threshold}", "Give an opening in the unit of the curve.")
    return float(np.mean(found[wanted == 1.0] < threshold))


def landmark_distance(truth: ArrayLike, found: ArrayLike, scale: ArrayLike = 1.0) -> float:
    """Landmark distance (LMD), 0.., less is better: mean distance of landmarks, divided by a length of the face.

    Source: Chen et al. 2018, Lip movements generation at a glance (LMD, there in pixels).

    Args:
        truth: [T, P, 2 or 3] P recorded landmarks in T frames.
        found: [T, P, 2 or 3] generated ones.
        scale: A number or [T], above 0: e.g. the distance of the eyes in the same unit. 1 keeps the unit.

    Raises:
        InputError: Shapes differ, empty, nan, not 2 or 3 coordinates, or a scale that is not above 0.
    """
    a, b = pair(truth, found, 3)
    if a.shape[2] not in (2, 3):
        raise InputError("truth and found", f"{a.shape[2]} coordinates", "Give 2 or 3.")
    unit = numbers("scale", scale, (0, 1))
    if unit.ndim:
        same_length(("frames", "scale"), a, unit)
    if (unit <= 0.0).any():
        raise InputError("scale", f"{unit.min():g}", "Give a length above 0.")
    return float(np.mean(np.sqrt(np.sum((a - b) ** 2, axis=2)).mean(axis=1) / unit))


def _shifted(sound: Array, mouth: Array, k: int) -> float:
    """R of the sound with the mouth k frames later."""
    n = len(sound)
    return pearson(sound[max(0, -k) : n - max(0, k)], mouth[max(0, k) : n - max(0, -k)])


def _distance(r: float) -> float:
    return float(np.sqrt(max(0.0, 2.0 - 2.0 * r)))
