"""A listener's own ratings -> `Listener`: what most people feel -> what this one feels, and the way back.

felt = gain @ heard + offset in valence and arousal (-1..1), a Bayesian linear regression of each axis whose prior is
the identity: with few ratings it stays close to what most people feel. `heard` is the guide's reading brought to the
ratings of people by a line for each guide (`tables/people.csv`), so that a guide that errs is not taken for a listener
who is hard to move. Where leaving one rating out shows no gain over most people, the calibration is not used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.atoms import Point
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.state import within
from emogen.conditioning.track import EmotionTrack
from emogen.errors import FormatError, InputError

Array = NDArray[np.float64]
Felt = TypeVar("Felt", Emotion, EmotionTrack)

AXES = ("valence", "arousal")
#: Fewest ratings from which anything is said.
LEAST = 5
#: Standard deviations between listeners: of how far an axis moves them, of what the other axis adds, of a constant
#: (own assumptions: a gain of 0.6 or 1.4 and an offset of nearly one step of nine are nothing unusual).
GAIN_SD, CROSS_SD, OFFSET_SD = 0.4, 0.2, 0.2
#: Standard deviation of one rating about what the guide lets expect, and how many ratings that guess is worth. The
#: raters of OASIS differ by 0.36 (valence) and 0.55 (arousal), the guides err by 0.24 to 0.47 on top of it.
NOISE_SD, NOISE_WORTH = 0.6, 10.0
#: A calibration is used where it lowers the error on ratings left out to this share of it or less: a chance gain is
#: smaller (chosen with simulated listeners, `training/matching.py`).
WORTHWHILE = 0.97
#: A listener whose axis moves less than this in any direction is asked no more than this would need.
LEAST_GAIN = 0.4  # own assumption
MOST_FOLDS = 50  # ratings are left out one by one, of more than this a fiftieth at a time
KIND = "emogen listener"
MOST_PEOPLE = np.eye(2)


@dataclass(frozen=True, eq=False)
class Listener:
    """What one listener feels against what most people feel. Make one with `Listener.fitted(...)` or `Listener.load(...)`.

    Attributes:
        n: Ratings.
        gain: [2, 2], rows valence and arousal felt, columns valence and arousal heard.
        offset: [2].
        gain_sd: [2, 2] how uncertain the gain still is (standard deviation of the posterior).
        offset_sd: [2] the same of the offset.
        error_people: Root mean square distance in valence and arousal of the ratings from what most people feel.
        error: The same from this listener's prediction of each rating by the others.
    """

    n: int
    gain: Array
    offset: Array
    gain_sd: Array
    offset_sd: Array
    error_people: float
    error: float

    @classmethod
    def fitted(cls, heard: Array, felt: Array) -> Listener:
        """The listener behind ratings.

        Args:
            heard: [n, 2] valence and arousal that most people feel, -1..1.
            felt: [n, 2] what this one felt.

        Raises:
            InputError: Fewer than `LEAST` ratings, or arrays that do not fit.
        """
        heard, felt = np.asarray(heard, dtype=float), np.asarray(felt, dtype=float)
        if heard.shape != felt.shape or heard.shape[1:] != (2,) or not np.isfinite([heard, felt]).all():
            raise InputError("ratings", f"arrays of {heard.shape} and {felt.shape}", "Give finite [n, 2] and [n, 2].")
        if len(heard) < LEAST:
            raise InputError("ratings", f"{len(heard)} of them", f"At least {LEAST} are needed.")
        weights, spread = _posterior(heard, felt)
        guessed = np.zeros_like(heard)
        for left_out in np.array_split(np.arange(len(heard)), min(len(heard), MOST_FOLDS)):
            others = np.setdiff1d(np.arange(len(heard)), left_out)
            guessed[left_out] = (
                heard[left_out] + _with_one(heard[left_out]) @ _posterior(heard[others], felt[others])[0]
            )
        return cls(
            len(heard), MOST_PEOPLE + weights[:2].T, weights[2], spread[:2].T, spread[2],
            _distance(heard, felt), _distance(guessed, felt),
        )  # fmt: skip

    @property
    def helps(self) -> bool:
        """Whether ratings left out are predicted clearly better than by what most people feel; if not, that is used."""
        return self.error <= WORTHWHILE * self.error_people

    @property
    def said(self) -> str:
        """What was found, in one sentence."""
        if not self.helps:
            return f"not enough ratings to say ({self.n}): what most people feel predicts them as well"
        found = []
        for i, axis in enumerate(AXES):
            if abs(self.gain[i, i] - 1.0) > self.gain_sd[i, i]:
                found.append(f"{axis} moves {self.gain[i, i]:.1f} times as far as with most people")
            if abs(self.offset[i]) > self.offset_sd[i]:
                found.append(f"{axis} {'higher' if self.offset[i] > 0 else 'lower'} by {abs(self.offset[i]):.2f}")
            if abs(self.gain[i, 1 - i]) > self.gain_sd[i, 1 - i]:
                more = "rises" if self.gain[i, 1 - i] > 0 else "falls"
                found.append(f"{axis} {more} with {AXES[1 - i]}")
        return "; ".join(found) or "close to most people"

    def felt(self, emotion: Felt) -> Felt:
        """What this listener feels where most people feel an emotion, or a track of them."""
        return _each(emotion, self._felt)

    def asked_for(self, emotion: Felt) -> Felt:
        """What to ask for so that this listener feels an emotion, or a track of them; as far as VAD space goes."""
        return _each(emotion, self._asked_for)

    def _felt(self, vad: Array) -> Array:
        return np.append(self.gain @ vad[:2] + self.offset, vad[2]) if self.helps else vad

    def _asked_for(self, vad: Array) -> Array:
        if not self.helps:
            return vad
        left, size, right = np.linalg.svd(self.gain)
        back = right.T @ np.diag(1.0 / np.maximum(size, LEAST_GAIN)) @ left.T
        return np.append(back @ (vad[:2] - self.offset), vad[2])

    # -- files -------------------------------------------------------------------------------------------------
    def to_dict(self) -> dict[str, Any]:
        """JSON: what was found, by name, and how sure it is."""

        def square(table: Array) -> dict[str, dict[str, float]]:
            return {a: {b: round(float(table[i, k]), 4) for k, b in enumerate(AXES)} for i, a in enumerate(AXES)}

        def pair(row: Array) -> dict[str, float]:
            return {axis: round(float(x), 4) for axis, x in zip(AXES, row, strict=True)}

        return {
            "kind": KIND,
            "ratings": self.n,
            "gain": square(self.gain),
            "offset": pair(self.offset),
            "spread": {"gain": square(self.gain_sd), "offset": pair(self.offset_sd)},
            "error": {"most_people": round(self.error_people, 4), "listener": round(self.error, 4)},
            "used": self.helps,
            "says": self.said,
        }

    def save(self, path: str | Path) -> Path:
        """Writes a .json file."""
        from emogen.media.atomic import check_writable
        from emogen.media.jsonio import write_json

        return write_json(check_writable(path, suffixes=(".json",)), self.to_dict())

    @classmethod
    def load(cls, path: str | Path) -> Listener:
        """Reads a file of `save`.

        Raises:
            InputError: No such file.
            FormatError: It is not such a file.
        """
        from emogen.media.jsonio import read_json

        data, where = read_json(path), str(path)
        if not isinstance(data, Mapping) or data.get("kind") != KIND:
            raise FormatError(where, "is no listener", "Make one with `emogen calibrate ratings.csv --save me.json`.")

        def numbers(name: str, of: Any, *axes: tuple[str, ...]) -> Any:
            if not axes:
                if isinstance(of, bool) or not isinstance(of, (int, float)) or abs(of) > MOST:
                    raise FormatError(where, f"{name} is {of!r}"[:80], f"Accepted: a number of up to {MOST:g}.")
                return float(of)
            if not isinstance(of, Mapping) or set(of) != set(axes[0]):
                raise FormatError(where, f"{name} is not an object of {' and '.join(axes[0])}")
            return [numbers(f"{name}.{axis}", of[axis], *axes[1:]) for axis in axes[0]]

        spread, n = data.get("spread"), data.get("ratings")
        spread = spread if isinstance(spread, Mapping) else {}
        if isinstance(n, bool) or not isinstance(n, int) or n < LEAST:
            raise FormatError(where, f"ratings is {n!r}"[:80], f"Accepted: a whole number from {LEAST} on.")
        errors = numbers("error", data.get("error"), ("most_people", "listener"))
        return cls(
            n,
            np.array(numbers("gain", data.get("gain"), AXES, AXES)),
            np.array(numbers("offset", data.get("offset"), AXES)),
            np.array(numbers("spread.gain", spread.get("gain"), AXES, AXES)),
            np.array(numbers("spread.offset", spread.get("offset"), AXES)),
            *errors,
        )


MOST = 10.0  # no gain or offset of a saved listener is larger


def _with_one(heard: Array) -> Array:
    return np.hstack([heard, np.ones((len(heard), 1))])


def _posterior(heard: Array, felt: Array) -> tuple[Array, Array]:
    """Mean and standard deviation [3, 2] of what is added to the identity: rows heard valence, arousal, and one.

    The noise of each axis is its mode under an inverse gamma prior, found in turn with the weights (Gelman et al.,
    Bayesian Data Analysis, 3rd ed., chapter 14).
    """
    x, mean, spread = _with_one(heard), np.zeros((3, 2)), np.zeros((3, 2))
    for axis in range(2):
        y = felt[:, axis] - heard[:, axis]
        prior = np.array([CROSS_SD, CROSS_SD, OFFSET_SD])
        prior[axis] = GAIN_SD
        noise = NOISE_SD**2
        for _ in range(ROUNDS):
            cov = np.linalg.inv(x.T @ x / noise + np.diag(prior**-2.0))
            mean[:, axis] = cov @ x.T @ y / noise
            left = float(((y - x @ mean[:, axis]) ** 2).sum())
            noise = (NOISE_WORTH * NOISE_SD**2 + left) / (NOISE_WORTH + len(y))
        spread[:, axis] = np.sqrt(np.diag(cov))
    return mean, spread


ROUNDS = 10  # the noise settles within a few


def _distance(one: Array, other: Array) -> float:
    return math.sqrt(float(((one - other) ** 2).sum(axis=1).mean()))


def _each(emotion: Felt, change: Callable[[Array], Array]) -> Felt:
    if isinstance(emotion, EmotionTrack):
        frames = (replace(frame, emotion=_moved(frame.emotion, change)) for frame in emotion.keyframes)
        return EmotionTrack(tuple(frames))
    return _moved(emotion, change)


def _moved(emotion: Emotion, change: Callable[[Array], Array]) -> Emotion:
    """The same words at another place of VAD space; the emotion itself where nothing moves."""
    before = emotion.vad
    after = within(change(before))
    if np.allclose(before, after, atol=1e-9):
        return emotion
    if emotion.intensity == 0.0:
        return Emotion.mix([(Point(tuple(after.tolist())), 1.0)])
    return Emotion.measured(emotion.weights, after.tolist(), emotion.intensity)
