"""What a movement does, told apart from how it is done: the content that the denoiser of movement is given.

Where the body goes, which foot stands, when a hand comes to the apex of a movement and where that lies, and how the
voice sounds meanwhile. It is read from any movement in the same way: from a recorded clip in training, from the draft
of the rules in use, from a movement that is to be restyled. How high, fast, wide, upright or heavy all this is done is
left to the emotion and the style.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.body_features import Way
from emogen.models.body import STRIDE
from emogen.pipelines.gesture.arms import hand_places
from emogen.pipelines.gesture.speech import RATE_HZ, Speech

Array = NDArray[np.float64]
SIDES = ("Left", "Right")
#: The channels of `Content.frames`.
CHANNELS = (
    "way.side", "way.ahead", "way.turn", "stands.left", "stands.right",
    "apex.left", "apex.right", *(f"place.{side}.{axis}" for side in ("left", "right") for axis in ("out", "up", "ahead")),
    "voice", "voice.energy", "voice.onset", "voice.pitch",
)  # fmt: skip
PLACES = slice(7, 13)
VOICE = slice(13, 17)
#: A foot stands below this speed (m/s) and height above its lowest (m): half of what a slow step has (own assumption).
STANDS_M_S, STANDS_M = 0.25, 0.05
SMOOTH_S = 0.07  # before a hand's speed is taken (own assumption)
#: Apexes of a hand lie at least this far apart (s), and the hand has moved this fast (arm lengths a second) between
#: them: slower is swaying (own assumption).
APART_S, FAST = 0.25, 0.35
STEEP = 10.0  # rise of loudness a second that counts as a full onset (own assumption)
BUMP_S = 0.1  # standard deviation of an apex's mark (own assumption)


@dataclass(frozen=True, eq=False)
class Voice:
    """How a voice sounds over time, each [T] at the movement's rate.

    Attributes:
        energy: 0..1.
        onset: 0..1.
        pitch: Semitones from the speaker's median over 12; 0 where there is none.
    """

    energy: Array
    onset: Array
    pitch: Array


def voice_of(speech: Speech, count: int, fps: float) -> Voice:
    """A speech's curves at a movement's rate; silence where it has ended."""
    at = np.arange(count) / fps

    def shown(curve: Array) -> Array:
        return np.interp(at, np.arange(len(curve)) / RATE_HZ, curve, right=0.0)

    return Voice(shown(speech.loudness), np.minimum(shown(speech.onsets) / STEEP, 1.0), shown(speech.pitch_st) / 12.0)


def apexes(places: Array, fps: float) -> list[NDArray[np.intp]]:
    """Frames at which each hand has come to the end of a movement: rests and turns between quick ways."""
    found = []
    for k in range(places.shape[1]):
        smooth = gaussian_filter1d(places[:, k], SMOOTH_S * fps, axis=0, mode="nearest")
        speed = np.linalg.norm(np.gradient(smooth, axis=0), axis=1) * fps if len(smooth) > 1 else np.zeros(len(smooth))
        low, _ = find_peaks(-speed, distance=max(1, round(APART_S * fps)), prominence=FAST)
        found.append(low)
    return found


def contacts(motion: BodyMotion) -> Array:
    """How firmly each foot stands, 0..1, [T, 2]."""
    names = skeleton().names
    places = motion.positions()[:, [names.index("LeftFoot"), names.index("RightFoot")]] / 100.0
    speed = np.linalg.norm(np.gradient(places, axis=0), axis=-1) * motion.fps if len(places) > 1 else np.zeros((len(places), 2))
    above = places[..., 1] - np.percentile(places[..., 1], 5, axis=0)
    stands = (speed < STANDS_M_S) & (above < STANDS_M)
    return np.asarray(gaussian_filter1d(stands.astype(float), 0.05 * motion.fps, axis=0, mode="nearest"))


def content_of(motion: BodyMotion, gone: Way, voice: Voice | None = None) -> NDArray[np.float32]:
    """The content of a movement, a row for each latent: float32 [ceil(T / STRIDE), len(CHANNELS)].

    Args:
        motion: At 30 frames a second.
        gone: Where it goes.
        voice: How the voice sounds, or None where nothing is known of one.
    """
    count = len(motion.rotations)
    rows = np.zeros((count, len(CHANNELS)))
    rows[:, :3] = gaussian_filter1d(gone.speeds(motion.fps), 0.1 * motion.fps, axis=0, mode="nearest")
    rows[:, 3:5] = contacts(motion)
    places = np.stack([hand_places(motion, side)[0] for side in SIDES], axis=1)
    time = np.arange(count) / motion.fps
    for k, frames in enumerate(apexes(places, motion.fps)):
        for frame in frames:
            bump = np.exp(-0.5 * ((time - time[frame]) / BUMP_S) ** 2)
            first = PLACES.start + 3 * k
            over = bump > rows[:, 5 + k]
            rows[over, first : first + 3] = bump[over, None] * places[frame, k]
            rows[:, 5 + k] = np.maximum(rows[:, 5 + k], bump)
    if voice is not None:
        rows[:, VOICE] = np.column_stack([np.ones(count), voice.energy, voice.onset, voice.pitch])
    return coarse(rows).astype(np.float32)


def coarse(rows: Array) -> Array:
    """Means over the frames of each latent; the last row goes on where the frames end."""
    missing = -len(rows) % STRIDE
    if missing:
        rows = np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
    return np.asarray(rows.reshape(-1, STRIDE, rows.shape[1]).mean(axis=1))
