"""What is added to the face in a video so that it feels otherwise, picture by picture.

The video's own movement stays; curves say what comes on top of it, or is taken from it (below 0). Where the mouth
speaks, what parts or closes the lips is the video's; corners and the upper face carry the feeling (as in `animate`). A
smile or frown that is there already counts: what agrees with the feeling is not doubled, what contradicts it is taken
back. Brows that are raised or drawn together already cannot be told from how a person is built by landmarks alone (a
raised cheek moves them as much), so they are added to as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.face import FACE_CHANNELS, INDEX, SHAPES, both
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.talking_head.animate import STAYS, Expression, Knobs
from emogen.pipelines.talking_head.explain import UnitTrack
from emogen.pipelines.talking_head.face_lips import opening_of, parted, resaid
from emogen.pipelines.talking_head.face_track import Track
from emogen.pipelines.talking_head.sounds import Phone

#: Below this intensity what is added fades out with it, so that no feeling leaves the video as it is (own).
FAINT = 0.2
#: How much of a smile (or frown) that contradicts the feeling a full feeling takes back (own, by eye).
TAKEN_BACK = 0.9
#: What else a smile moves and goes with it, as shares of it.
WITH_SMILE = {"cheekSquint": 0.6, "eyeSquint": 0.25}
#: An eye that opens wider than the video shows is made of what is seen of it: more than this share of what is asked for
#: draws the iris out of round (by eye).
WIDE_SHARE = 0.5
#: A smile that is asked for by this much agrees with one that is there; at most this share of it is then not added.
AGREES, SPARED = 0.15, 0.85
#: Lips that close do so over this long, s (own).
CLOSES_S = 0.12
#: A smile from which on it may have parted the lips (own).
LAUGHS = 0.4
#: What `Knobs.brows` counts for.
UPPER = ("browInnerUp", "browDown", "browOuterUp", "eyeSquint", "eyeWide", "eyeBlink")


def added(
    expression: Expression, felt: EmotionTrack, track: Track, *, seed: int, knobs: Knobs, units: UnitTrack | None = None,
    phones: Sequence[Phone] | None = None, count: int | None = None,
) -> np.ndarray:  # fmt: skip
    """Curves [T, 61] that are added to the face of each picture, -1..1; all 0 where nothing is felt or said.

    Args:
        expression: How a feeling moves a face.
        felt: What is to be felt, in seconds of the video.
        track: The face in the video.
        seed: Of the variation.
        knobs: `mouth` and `brows` count: how much of the feeling each shows.
        units: Action units in place of those that the emotion asks for.
        phones: (IPA, start in s, end in s) that the lips say in place of what they said.
        count: Pictures wanted, at least `len(track)`: the last one is held.
    """
    count, fps = count or len(track), track.fps
    held = np.minimum(np.arange(count), len(track) - 1)
    curves, speaking = np.zeros((count, len(FACE_CHANNELS))), track.speaking()[held]
    said = None
    if phones is not None:
        said, speaking = resaid(phones, track, count)
    samples = felt.sample(fps, count / fps)
    rows = None if units is None else units.at(np.arange(count) / fps)
    strong = samples.intensity[:count] if rows is None else rows.max(axis=1)
    if strong.any():
        curves, _ = expression.live(samples.vad[:count], samples.basic[:count], fps, rows, seed=seed)
        curves[:, :SHAPES] *= np.clip(strong / FAINT, 0, 1)[:, None]
        curves[:, SHAPES:] = 0
        curves[:, both("eyeWide")] *= WIDE_SHARE
        closing = _considered(curves, track.smiling()[held], speaking, np.clip(strong, 0, 1))
        if said is None:
            gap = gaussian_filter1d(np.maximum(track.gap[held], 0), CLOSES_S * fps, mode="nearest")
            parted(curves, -closing * gap, opening_of(track.points))
        _turned(curves, knobs)
    return np.clip(curves if said is None else curves + said, -1, 1) * track.strength[held, None]


def _considered(curves: np.ndarray, shown: np.ndarray, speaking: np.ndarray, strong: np.ndarray) -> np.ndarray:
    """Reckons with speech and with the smile (or frown, below 0) that the face shows [T] already, in place.

    Returns:
        [T] by how much lips that the smile has parted close, 0..1.
    """
    asked = curves[:, both("mouthSmile")].mean(axis=1) - curves[:, both("mouthFrown")].mean(axis=1)
    for names, share in STAYS:
        for name in names:
            curves[:, _columns(name)] *= (1 - (1 - share) * speaking)[:, None]
    agrees = np.clip(asked * np.sign(shown) / AGREES, 0, 1)
    spared = agrees * np.minimum(np.abs(shown), SPARED)
    back = TAKEN_BACK * strong * (1 - agrees)
    for name, sign in (("mouthSmile", 1), ("mouthFrown", -1)):
        there = np.sign(shown) == sign
        curves[:, both(name)] *= (1 - spared * there)[:, None]
        curves[:, both(name)] -= (back * np.abs(shown) * there)[:, None]
    for name, share in WITH_SMILE.items():
        curves[:, both(name)] *= (1 - spared * (shown > 0))[:, None]
        curves[:, both(name)] -= (share * back * np.clip(shown, 0, 1))[:, None]
    return np.asarray(back * np.clip(shown / LAUGHS, 0, 1) * (1 - speaking))


def _turned(curves: np.ndarray, knobs: Knobs) -> None:
    """More or less of it, part by part, in place."""
    for name in FACE_CHANNELS[:SHAPES]:
        if name.startswith(("mouth", "jaw")):
            curves[:, INDEX[name]] *= knobs.mouth
    for name in UPPER:
        curves[:, _columns(name)] *= knobs.brows


def _columns(name: str) -> list[int]:
    return [INDEX[name]] if name in INDEX else both(name)
