"""Where hands are when they have nothing to say, and that they are never quite still there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emogen.pipelines.gesture.arms import HandPose, solved
from emogen.pipelines.gesture.fingers import shape_angles
from emogen.pipelines.gesture.library import rests

#: Someone who stands and talks changes the place of the hands every so many seconds, and takes so long for it (own
#: assumption).
STAY_S, CHANGE_S = (7.0, 16.0), 1.3
#: A place is left before its time when so much of the liking (total variation, 0..1) has gone to others; own assumption.
DISLIKED = 0.45
#: How freely openness acts on resting hands.
FREE_AT_REST = 0.4
#: How far a place is from its description each time that it is taken: arm lengths, degrees (own assumption).
VARIES, VARIES_DEG = 0.02, 4.0
#: Slow aimless movement: arm lengths, degrees of the joints, degrees of the fingers (own assumption).
SWAY, SWAY_DEG, SWAY_FINGERS_DEG = 0.006, 1.2, 2.0


class Resting:
    """A speaker's resting places over time.

    Args:
        seed: Chooses them.
        seconds: How long they are needed.
        liked: How often each place is taken at a time (s), in the order of `rests`; as the table says where it gives None.
    """

    def __init__(self, seed: int, seconds: float, liked: Callable[[float], np.ndarray | None] = lambda s: None) -> None:
        rng = np.random.default_rng([seed, 7])
        usual = np.array([r.weight for r in rests()])

        def odds(s: float) -> np.ndarray:
            found = liked(max(s, 0.0))
            found = usual if found is None else found
            return found / found.sum()

        self.changes = [-10.0]
        self.places: list[dict[str, np.ndarray]] = []
        last = -1
        while not self.places or self.changes[-1] < seconds + 5.0:
            if self.places:
                self.changes.append(self._leaves(max(self.changes[-1], 0.0), rng.uniform(*STAY_S), last, odds))
            chance = odds(self.changes[-1])
            chance = np.where(np.arange(len(chance)) == last, 0.4 * chance, chance)
            last = int(rng.choice(len(chance), p=chance / chance.sum()))
            leads = rng.random() < 0.7
            self.places.append({side: self._place(rng, last, (side == "right") == leads) for side in ("left", "right")})

    @staticmethod
    def _leaves(since: float, stays: float, place: int, odds: Callable[[float], np.ndarray]) -> float:
        """When a place is left: after a stay, or once others are liked than when it was taken."""
        first = odds(since)
        for s in np.arange(since + 1.0, since + stays, 1.0):
            now = odds(s)
            if 0.5 * np.abs(now - first).sum() > DISLIKED and now[place] < now.max():
                return float(s)
        return since + stays

    @staticmethod
    def _place(rng: np.random.Generator, number: int, leads: bool) -> np.ndarray:
        pose: HandPose = rests()[number].main if leads else rests()[number].other
        place = np.array(pose.place) + rng.normal(0, VARIES, 3)
        turns = np.array(solved(pose)) + rng.normal(0, VARIES_DEG, 4)
        return np.concatenate([place, turns, shape_angles(pose.shape) + rng.normal(0, VARIES_DEG, 21), [FREE_AT_REST]])

    def at(self, s: float, side: str) -> np.ndarray:
        """The resting pose [29] of a side at a time."""
        return self.places[int(np.searchsorted(self.changes, s, side="right")) - 1][side]

    def between(self, start: float, end: float, side: str) -> tuple[list[float], list[np.ndarray]]:
        """Times and poses of a side that rests from start to end (s), changing its place where there is time for it."""
        times, poses = [start], [self.at(start, side)]
        for change, place in zip(self.changes, self.places, strict=True):
            if start < change and change + CHANGE_S < end:
                times += [change, change + CHANGE_S]
                poses += [poses[-1], place[side]]
        return [*times, end], [*poses, poses[-1]]


def alive(seed: int, side: str, at: np.ndarray, free: np.ndarray) -> np.ndarray:
    """What breath and unrest add to a hand [T, 28]; less where it must touch something."""
    rng = np.random.default_rng([seed, 11, side == "left"])
    rates, phases = rng.uniform(0.06, 0.5, (28, 4)), rng.random((28, 4))
    waves = (np.sin(2 * np.pi * (at[:, None, None] * rates + phases)) / (1 + 4 * rates)).sum(-1)
    width = np.concatenate([np.full(3, SWAY), np.full(4, SWAY_DEG), np.full(21, SWAY_FINGERS_DEG)])
    return waves * width * (0.4 + 0.6 * free)[:, None]
