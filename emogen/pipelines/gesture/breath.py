"""Breathing: in before a phrase, out while speaking, to and fro in silence."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from emogen.pipelines.gesture.drift import Floats
from emogen.pipelines.gesture.speech import Speech

#: A breath before a phrase takes this long (s) at most; in silence this share of a breath is taken in. Inhalation before
#: speech takes some half a second, 40 % of a breath at rest (Hixon 1987, from general knowledge).
IN_S, IN_SHARE = 0.55, 0.4
#: A long phrase needs a full breath, a short one less: a phrase of so many seconds a full one (own assumption).
FULL_S = 3.5
#: A silence longer than this (s) has breaths of its own; own assumption.
QUIET_S = 2.5


class Breath:
    """How full the chest is over time, -1..1.

    Args:
        cues: Posture cues [T] at `fps`; "breaths" a minute counts.
        speech: What is said.
        fps: Frames per second.
    """

    def __init__(self, cues: dict[str, Floats], speech: Speech, fps: float) -> None:
        often = cues["breaths"]
        end = len(often) / fps
        points: list[tuple[float, float]] = [(-3.0, -0.4)]

        def idle(until: float) -> None:
            while True:
                at = points[-1][0]
                lasts = 60.0 / float(often[min(max(int(at * fps), 0), len(often) - 1)])
                if at + lasts > until:
                    return
                points.extend([(at + IN_SHARE * lasts, 0.5), (at + lasts, -0.5)])

        for start, stop in speech.phrases:
            if start - points[-1][0] > QUIET_S:
                idle(start - IN_S)
            deep = min(1.0, 0.25 + (stop - start) / FULL_S)
            begin = max(start - IN_S, points[-1][0] + 0.15)
            if begin < start - 0.2:
                points.extend([(begin, points[-1][1]), (start, deep)])
                points.append((max(stop, start + 0.3), -0.4 - 0.5 * deep))
            else:  # no time to breathe: on with what is left
                points.append((max(stop, points[-1][0] + 0.3), points[-1][1] - 0.1))
        idle(end + 20.0)
        times, values = np.array(points).T
        keep = np.concatenate([[True], np.diff(times) > 1e-3])
        self._curve = PchipInterpolator(times[keep], values[keep])

    def __call__(self, t: Floats) -> Floats:
        """[T] at times [T] in s."""
        return np.asarray(self._curve(t))
