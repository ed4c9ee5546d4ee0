"""The numbers behind an emotion, and the arithmetic on them.

A `State` is a point in a linear space: amplitudes over terms, intensity, VAD and amplitudes over the six basic
emotions. Blending two states blends each of them, which is why a sampled track and the emotion at one moment
of it always agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emogen.conditioning.likelihood import posterior
from emogen.conditioning.vocabulary import BASIC, NEUTRAL, basic_shares, norm
from emogen.limits import LIMITS


@dataclass(frozen=True, eq=False)
class State:
    """What an emotion amounts to.

    Args:
        amplitudes: Term -> amplitude 0..1.5; the share that is neutral stands under "neutral".
        intensity: 0 (neutral) .. 1.5.
        vad: Felt valence, arousal, dominance (3,), each -1..1.
        basic: Amplitudes (6,) over `BASIC`, each 0..1.5.
    """

    amplitudes: dict[str, float]
    intensity: float
    vad: np.ndarray
    basic: np.ndarray

    @property
    def weights(self) -> dict[str, float]:
        """Term -> share, largest first; the shares sum to 1."""
        total = sum(self.amplitudes.values())
        if total <= 0.0 or self.intensity <= 0.0:
            return {NEUTRAL: 1.0}
        return {k: a / total for k, a in sorted(self.amplitudes.items(), key=lambda item: -item[1]) if a > 0.0}


ZERO = State({}, 0.0, np.zeros(3), np.zeros(len(BASIC)))


def within(vad: np.ndarray) -> np.ndarray:
    """A VAD (3,) shortened, if need be, so that each axis stays in -1..1; its direction is kept."""
    return vad / max(1.0, float(np.abs(vad).max()))


def from_amplitudes(amplitudes: dict[str, float], intensity: float, vad: np.ndarray) -> State:
    """A state whose basic amplitudes follow from its terms; none of them exceeds the intensity."""
    basic = np.zeros(len(BASIC))
    for name, amplitude in amplitudes.items():
        basic += amplitude * basic_shares(name)
    return State(amplitudes, intensity, vad, _capped(basic, intensity))


def of_term(name: str) -> State:
    """One term at intensity 1."""
    return from_amplitudes({name: 1.0}, 1.0, norm(name))


def of_point(vad: Sequence[float], words: Sequence[tuple[str, float]] = ()) -> State:
    """A point in VAD space; without words, shared among the terms that are likely there."""
    amplitudes = dict(words) or posterior(vad)
    level = min(sum(amplitudes.values()), LIMITS.intensity)
    return from_amplitudes(amplitudes, level, np.array(vad, dtype=np.float64))


def reflected(state: State) -> State:
    """The state at the mirrored point of VAD space, expressed in the terms that are likely there."""
    if state.intensity <= 0.0:
        return ZERO
    shares = posterior(-state.vad / state.intensity)
    return from_amplitudes({k: s * state.intensity for k, s in shares.items()}, state.intensity, -state.vad)


def scaled(state: State, factor: float) -> State:
    """The state with all its amplitudes times a factor >= 0, within the limit of intensity."""
    factor = min(factor, LIMITS.intensity / state.intensity) if state.intensity > 0.0 else 0.0
    return State(
        {k: a * factor for k, a in state.amplitudes.items()},
        state.intensity * factor,
        within(state.vad * factor),
        state.basic * factor,
    )


def mixed(states: Sequence[State]) -> State:
    """States felt at once: shares as their amplitudes, the intensity that of the strongest.

    `vad = sum(share_i * vad_i / intensity_i) * intensity`, shares proportional to the intensities.
    """
    total = sum(s.intensity for s in states)
    if total <= 0.0:
        return ZERO
    if len(states) == 1:
        return states[0]
    intensity = max(s.intensity for s in states)
    amplitudes: dict[str, float] = {}
    for state in states:
        for name, amplitude in state.amplitudes.items():
            amplitudes[name] = min(amplitudes.get(name, 0.0) + amplitude, LIMITS.intensity)
    vad = np.sum([s.vad for s in states], axis=0) * (intensity / total)
    basic = np.sum([s.basic for s in states], axis=0)
    return State(amplitudes, intensity, within(vad), _capped(basic, intensity))


def blended(source: State, target: State, amount: float) -> State:
    """The state a part of the way from one to another; past 1 it goes on in the same direction.

    Amplitudes stop at 0, the intensity at 0 and at its limit.
    """
    rest = 1.0 - amount
    intensity = min(max(rest * source.intensity + amount * target.intensity, 0.0), LIMITS.intensity)
    if intensity <= 0.0:
        return ZERO
    amplitudes = {
        name: min(max(rest * source.amplitudes.get(name, 0.0) + amount * a, 0.0), LIMITS.intensity)
        for name, a in {**dict.fromkeys(source.amplitudes, 0.0), **target.amplitudes}.items()
    }
    return State(
        {name: a for name, a in amplitudes.items() if a > 0.0},
        intensity,
        within(rest * source.vad + amount * target.vad),
        np.clip(rest * source.basic + amount * target.basic, 0.0, LIMITS.intensity),
    )


def _capped(basic: np.ndarray, intensity: float) -> np.ndarray:
    largest = float(basic.max())
    return basic * (intensity / largest) if largest > intensity else basic
