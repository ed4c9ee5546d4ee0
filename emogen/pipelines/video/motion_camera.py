"""A feeling over time -> where a camera is and how it is held.

Calm pushes in slowly and breathes; arousal holds the camera in an unsteady hand; dread creeps nearer and rolls a little;
joy rises. Every move is bounded and a plain function of time, so that a film may last as long as it likes and any moment
can be drawn by itself. How feelings move a camera is this project's own choice, after usual practice of films.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC

Array = NDArray[np.float64]
READ_FPS = 8.0  # times a second at which the track is read
INERTIA_S = 1.2  # over which a change of feeling reaches the hand
MOVE_S = (6.0, 20.0)  # shortest and longest time of one move; longer films move to and fro
HAND_HZ = (0.35, 0.6, 0.95, 1.5, 2.3)  # of an unsteady hand, the last the weakest
LEAST_SWAY = 0.12  # of a hand at rest: no camera of a living person stands quite still


@dataclass(frozen=True)
class Camera:
    """A camera at one moment. Lengths in heights of the frame unless said otherwise.

    Attributes:
        zoom: Enlargement about the middle of the frame; 1 is the frame at rest.
        roll_deg: Of the picture, to the right.
        pan: Of everything, to the right and down.
        aside: How far the ground would shift to the right one height below the horizon.
        rise: The same downwards, as the camera rises.
        ahead: Way forward in heights of the eye above the ground.
    """

    zoom: float
    roll_deg: float
    pan: tuple[float, float]
    aside: float
    rise: float
    ahead: float


class CameraPath:
    """The camera of a film.

    Args:
        track: What is felt.
        duration_s: Of the film.
        seed: Of the hand.
    """

    def __init__(self, track: EmotionTrack, duration_s: float, seed: int) -> None:
        samples = track.sample(READ_FPS, duration_s + 2 / READ_FPS)
        v, a, d = samples.vad.T
        joy, fear, anger = (samples.basic[:, BASIC.index(name)] for name in ("joy", "fear", "anger"))
        unpleasant = np.clip(-v, 0, 1)
        moods = np.stack([
            np.clip(0.75 - a, 0.1, 1.3) * (1 - 0.5 * np.clip(fear, 0, 1)),
            np.clip(np.clip(a, 0, 1) * (0.25 + 0.75 * unpleasant) + 0.5 * anger + 0.35 * fear, 0, 1.3),
            np.clip(fear + 0.6 * unpleasant * np.clip(-d, 0, 1), 0, 1.3),
            np.clip(joy + 0.6 * np.clip(v, 0, 1) * np.clip(a, 0, 1), 0, 1.3),
        ])  # fmt: skip
        self.moods = np.stack([_followed(m) for m in moods], axis=1)
        self.move_s = float(np.clip(duration_s, *MOVE_S))
        rng = np.random.default_rng([seed % 2**32, 11])
        self.phases, self.side = rng.uniform(0, 2 * np.pi, (6, len(HAND_HZ))), float(rng.choice([-1.0, 1.0]))

    def at(self, t_s: float) -> Camera:
        """The camera at a moment."""
        place = min(max(t_s, 0.0) * READ_FPS, len(self.moods) - 1.001)
        i = int(place)
        calm, unrest, creep, rise = self.moods[i] + (place - i) * (self.moods[i + 1] - self.moods[i])
        gone = 0.5 - 0.5 * np.cos(np.pi * t_s / self.move_s)  # 0..1 and back
        way = 2 * gone - 1
        breath = np.sin(2 * np.pi * t_s / 6.5)
        hand = [LEAST_SWAY + unrest] * self._hand(t_s)
        return Camera(
            zoom=float(1.005 + (0.030 * calm + 0.045 * creep) * gone + 0.0025 * calm * breath),
            roll_deg=float(0.22 * hand[2] + 0.9 * creep * self.side * way),
            pan=(float(0.0045 * hand[0]), float(0.0040 * hand[1] + 0.0012 * calm * breath)),
            aside=float(self.side * (0.020 * np.sin(2 * np.pi * t_s / (2.3 * self.move_s)) + 0.035 * creep * way) + 0.004 * hand[3]),
            rise=float(0.050 * rise * way + 0.004 * hand[4]),
            ahead=float((0.07 * calm + 0.12 * creep) * way),
        )

    def _hand(self, t_s: float) -> Array:
        """Six independent unsteady numbers of deviation about 1."""
        weights = np.array([1.0, 0.8, 0.55, 0.3, 0.12])
        return np.asarray((np.sin(2 * np.pi * np.array(HAND_HZ) * t_s + self.phases) * weights).sum(1))


def _followed(values: Array) -> Array:
    """A hand that follows with inertia, both ways in time so that nothing lags."""
    keep = np.exp(-1 / (READ_FPS * INERTIA_S / 2))
    out = values.astype(np.float64)
    for order in (slice(None), slice(None, None, -1)):
        part = out[order]
        for i in range(1, len(part)):
            part[i] = keep * part[i - 1] + (1 - keep) * part[i]
    return out
