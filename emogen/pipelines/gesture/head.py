"""What a speaker's head does: it nods with accents, looks at the listener and away, and is held steady over the trunk."""

from __future__ import annotations

import numpy as np

from emogen.pipelines.gesture.drift import Floats, bumps, chance, drift, eased
from emogen.pipelines.gesture.speech import Speech

#: A nod on an accent of strength 1 (degrees), how it rises and falls (s, standard deviations) and the lift before it: its
#: apex stands at the accent's peak (facts 3.7). Own sizes, within the 2..10 degrees of nods in speech.
NOD, RISE_S, FALL_S, BEFORE_S, BEFORE = 4.2, 0.085, 0.15, 0.26, 0.35
#: Share of accents with a nod, and how far the head turns or tilts with the others (degrees); own assumption.
NODDED, SWEEP = 0.7, 4.0
#: How long a look lasts (s): Argyle & Cook 1976 have glances of 1.5 to 3 s, longer ones when listening.
LOOK_S = (1.2, 4.2)
#: How far the head goes with a look away (degrees to the side, up and down) and how long that takes (s); own assumption:
#: heads go about two thirds of the way of a look of 10..40 degrees.
ASIDE, UP_DOWN, TURN_S = (9.0, 24.0), (-7.0, 8.0), (0.4, 0.75)
#: Within this of the begin of a phrase a speaker looks away more often, near its end back: Kendon 1967. Own size.
EDGE_S, MORE = 0.6, 0.45
#: Who listens nods at such intervals (s) and so far; as a talking head does.
LISTENS_S, NODS_EVERY_S, LISTENER_NOD = 1.4, (3.5, 8.0), 0.6


class Head:
    """Looks and nods over all of a performance.

    Args:
        cues: Posture cues [T] at `fps`.
        speech: What is said.
        fps: Frames per second.
        seed: Chooses.
    """

    def __init__(self, cues: dict[str, Floats], speech: Speech, fps: float, seed: int) -> None:
        self._cues, self._fps, self._seed = cues, fps, seed
        end = len(next(iter(cues.values()))) / fps
        self._looks = self._looked(speech, end)
        self._nods = self._nodded(speech, end)

    def _cue(self, name: str, at_s: float) -> float:
        curve = self._cues[name]
        return float(curve[min(max(int(at_s * self._fps), 0), len(curve) - 1)])

    def _looked(self, speech: Speech, end: float) -> tuple[Floats, Floats, Floats]:
        """When the head turns where: times, [n, 2] to the left and down (degrees), how long that takes."""
        starts, ends = (np.array([p[k] for p in speech.phrases]) for k in (0, 1))
        now, n, away = -1.0, 0, False
        times, places, lasts = [], [], []
        while now < end:
            a, b, c, d, e = chance(self._seed, 50, 5 * n + np.arange(5))
            meets = self._cue("meets", now)
            if len(starts) and np.abs(starts - now).min() < EDGE_S:
                meets -= MORE * meets
            elif len(ends) and np.abs(ends - now).min() < EDGE_S:
                meets += MORE * (1 - meets)
            away = bool(a > meets) if n else False
            lively = self._cue("lively", now)
            if away:
                side = 1.0 if b < 0.5 else -1.0
                far = lively**0.5 * (ASIDE[0] + (ASIDE[1] - ASIDE[0]) * c)
                places.append((side * far, UP_DOWN[0] + (UP_DOWN[1] - UP_DOWN[0]) * d))
            else:
                places.append((5.0 * (b - 0.5), 3.0 * (c - 0.5)))
            times.append(now)
            lasts.append((TURN_S[0] + (TURN_S[1] - TURN_S[0]) * float(e)) / self._cue("speed", now) ** 0.5)
            now += max(lasts[-1], (LOOK_S[0] + (LOOK_S[1] - LOOK_S[0]) * float(chance(self._seed, 51, n))) / lively)
            n += 1
        return np.array(times), np.array(places), np.array(lasts)

    def _nodded(self, speech: Speech, end: float) -> Floats:
        """Nods and sweeps: rows of (time, nod, turn, tilt, width), degrees and a factor on the times."""
        rows = []
        for i, accent in enumerate(speech.accents):
            own, kind, side, how = chance(self._seed, 52, 4 * i + np.arange(4))
            size = accent.strength * (0.6 + 0.7 * own) * self._cue("nod", accent.at_s)
            wide = 1.0 / self._cue("speed", accent.at_s) ** 0.5
            sign = 1.0 if side < 0.5 else -1.0
            if kind < NODDED:
                rows.append((accent.at_s, NOD * size, 0.25 * SWEEP * sign * size, 0.0, wide))
            elif how < 0.6:
                rows.append((accent.at_s, 0.3 * NOD * size, SWEEP * sign * size, 0.0, 1.5 * wide))
            else:
                rows.append((accent.at_s, 0.3 * NOD * size, 0.0, SWEEP * sign * size, 1.5 * wide))
        edges = np.array([0.0, *(x for p in speech.phrases for x in p), end])
        for k, (start, stop) in enumerate(edges.reshape(-1, 2)):
            t, n = start + LISTENS_S, 0
            while t < stop - 1.0 and self._cue("nod", t) > 0:
                rows.append((t, NOD * LISTENER_NOD * self._cue("nod", t), 0.0, 0.0, 1.4))
                t += NODS_EVERY_S[0] + (NODS_EVERY_S[1] - NODS_EVERY_S[0]) * float(chance(self._seed, 53, 1000 * k + n))
                n += 1
        return np.array(sorted(rows)).reshape(-1, 5)

    def looks(self, t: Floats) -> Floats:
        """Where the head is turned for a look: [T, 2] degrees to the left and down."""
        return eased(t, *self._looks)

    def nods(self, t: Floats) -> Floats:
        """[T, 3] degrees: down, to the left, tilted to the left."""
        near = self._nods[slice(*np.searchsorted(self._nods[:, 0], (t[0] - 3.0, t[-1] + 3.0)))]
        at, wide = near[:, 0], near[:, 4]
        found = np.zeros((len(t), 3))
        for axis in range(3):
            found[:, axis] = bumps(t, at, near[:, 1 + axis], RISE_S * wide, FALL_S * wide)
        found[:, 0] -= BEFORE * bumps(t, at - BEFORE_S * wide, near[:, 1], RISE_S * wide, RISE_S * wide)
        return found

    def sway(self, t: Floats, phase: Floats) -> Floats:
        """Slow movement [T, 3] degrees of about 1."""
        return np.column_stack([drift(self._seed, 54 + k, phase * rate) for k, rate in enumerate((0.7, 0.55, 0.6))])
