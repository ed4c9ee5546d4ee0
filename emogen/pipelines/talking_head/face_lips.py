"""Another voice for the face in a video: its mouth says what the voice says, whatever it said before.

How far the lips stand apart in a picture is measured; the jaw is moved by what is missing to what the new sound needs.
How wide or narrow the mouth is drawn by the old speech is taken back in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.face import INDEX, both
from emogen.pipelines.talking_head.face_track import EXPRESSION_S, Track
from emogen.pipelines.talking_head.photo_portrait.shapes import basis, frame_of
from emogen.pipelines.talking_head.sounds import Phone
from emogen.pipelines.talking_head.visemes import mouth, speech_activity

#: Of a mouth that is closed, this share is the jaw's work, the rest the lips' own (own, by eye: the jaw alone drags the
#: collar along, lips alone leave a line of teeth).
JAW_SHARE = 0.7
#: A narrow mouth is drawn wider, a wide one narrower, by this share of what it differs from its usual (own).
WIDTH_SHARE = 0.7


def opening_of(points: np.ndarray) -> np.ndarray:
    """[61] by how much each shape at 1 parts the lips of a face, `points` [478, 3]; in eye-corner distances."""
    frame = frame_of(points)
    shapes = basis(points, frame)
    return np.asarray((shapes[:, 14] - shapes[:, 13]) @ frame.down / frame.scale)


def width_of(points: np.ndarray) -> np.ndarray:
    """[61] by how much each shape at 1 widens the mouth; in eye-corner distances."""
    frame = frame_of(points)
    shapes = basis(points, frame)
    return np.asarray((shapes[:, 291] - shapes[:, 61]) @ frame.right / frame.scale)


def parted(curves: np.ndarray, by: np.ndarray, opening: np.ndarray) -> None:
    """Parts the lips by so much [T] (below 0: closes them), in eye-corner distances, in place.

    Args:
        curves: [T, 61] what is added to the face.
        by: [T].
        opening: As `opening_of` gives it.
    """
    unit = opening[INDEX["jawOpen"]]
    curves[:, INDEX["jawOpen"]] += np.where(by < 0, JAW_SHARE, 1.0) * by / unit
    curves[:, INDEX["mouthClose"]] += np.where(by < 0, 1 - JAW_SHARE, 0.0) * -by / unit


def resaid(phones: Sequence[Phone], track: Track, count: int) -> tuple[np.ndarray, np.ndarray]:
    """What makes the mouth of a video say something else.

    Args:
        phones: (IPA, start in s, end in s).
        track: The face in the video.
        count: Pictures wanted, `len(track)` or more: the last one is held.

    Returns:
        Curves [T, 61] to add, and how much the new voice speaks, [T] 0..1.
    """
    spoken = mouth(phones, count / track.fps, track.fps).astype(np.float64)[:count]
    opening, width = opening_of(track.points), width_of(track.points)
    held = np.minimum(np.arange(count), len(track) - 1)
    curves = spoken.copy()
    curves[:, INDEX["jawOpen"]] = 0
    wanted = spoken @ opening
    parted(curves, wanted - track.gap[held] - curves @ opening, opening)
    usual = gaussian_filter1d(track.wide, 4 * EXPRESSION_S * track.fps, mode="nearest")
    wide = WIDTH_SHARE * (track.wide - usual)[held]
    pairs = both("mouthStretch")
    curves[:, pairs] -= (np.maximum(wide, 0) / width[pairs].sum())[:, None]
    curves[:, INDEX["mouthPucker"]] -= np.minimum(wide, 0) / width[INDEX["mouthPucker"]]
    return curves, speech_activity(phones, count / track.fps, track.fps)[:count]
