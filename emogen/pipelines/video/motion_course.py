"""A feeling over time -> which scene is seen when: the scenes of its keyframes, and as many between as keep it smooth.

All show the same place. What would move the camera or the land itself (`STEADY`) has one value for the whole film; light,
weather, season and what lives there change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.scene import Scene, attributes
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.image.evocation import felt

Array = NDArray[np.float64]
#: Attributes that stay as they are on average: they move the eye or the land.
STEADY = ("horizon", "openness", "rugged")
LEAST_S = 1.2  # between two scenes that are asked for; a track that changes faster is read at this pace (own choice)
DISSOLVE_S = 0.4  # of a feeling that sets in at once (own choice: an eye's blink)
#: How far an attribute may go from one scene to the next, in shares of its range (own choice: the sun must not be seen
#: twice); of all others `STRIDE`. There are at most `MOST` steps between two keyframes, and none shorter than `STEP_S`.
STRIDES, STRIDE = {"hour": 0.06, "season": 0.2, "tilt": 2.0, "exposure": 2.0, "contrast": 2.0, "colour": 2.0, "warmth": 2.0}, 0.55
MOST, STEP_S = 6, 0.5


@dataclass(frozen=True)
class Course:
    """The scenes of a film.

    Attributes:
        scenes: In order; neighbours are alike enough to be mixed.
        knots_s: Moments whose feelings were asked for, rising, from 0 on.
        stations: Index in `scenes` of each of them.
        track: What is felt.
    """

    scenes: tuple[Scene, ...]
    knots_s: tuple[float, ...]
    stations: tuple[int, ...]
    track: EmotionTrack

    def at(self, t_s: float) -> float:
        """Where on the way through the scenes a moment is: 1.25 is a quarter of the way from the second to the third."""
        i = int(np.searchsorted(self.knots_s, t_s, side="right")) - 1
        if i >= len(self.knots_s) - 1:
            return float(self.stations[-1])
        first, last = self.stations[i], self.stations[i + 1]
        if first == last:
            return float(first)
        a, b = (felt(self.track.at(self.knots_s[k])) for k in (i, i + 1))
        way = b - a
        share = float((felt(self.track.at(t_s)) - a) @ way / max(float(way @ way), 1e-12))
        if float(way @ way) < 1e-9:  # feelings that differ in what no number of theirs says
            share = (t_s - self.knots_s[i]) / (self.knots_s[i + 1] - self.knots_s[i])
        return first + (last - first) * min(max(share, 0.0), 1.0)

    def scene(self, t_s: float) -> Scene:
        """What is seen at a moment."""
        place = self.at(t_s)
        i = min(int(place), len(self.scenes) - 1)
        return self.scenes[i] if place == i else between(self.scenes[i], self.scenes[i + 1], place - i)


def course_of(
    track: EmotionTrack, duration_s: float, compose: Callable[[Sequence[Emotion]], Sequence[Scene]]
) -> Course:
    """The course of a film.

    Args:
        track: What is felt.
        duration_s: Of the film.
        compose: Feelings -> scenes of one place.
    """
    knots = _knots(track, duration_s)
    feelings = [track.at(t) for t in knots]
    unlike = [i for i in range(len(knots)) if i == 0 or feelings[i] != feelings[i - 1]]
    asked = steadied(compose([feelings[i] for i in unlike]))
    scenes, stations = [asked[0]], [0]
    for i in range(1, len(knots)):
        if i in unlike:
            target = asked[unlike.index(i)]
            count = _steps(scenes[-1], target, knots[i] - knots[i - 1])
            start = scenes[-1]
            scenes += [between(start, target, k / count) for k in range(1, count)] + ([target] if count else [])
        stations.append(len(scenes) - 1)
    return Course(tuple(scenes), tuple(knots), tuple(stations), track)


def between(a: Scene, b: Scene, share: float) -> Scene:
    """A scene on the way; what is circular goes the short way round."""
    return Scene(a.place, {name: _mixed(name, a[name], b[name], share) for name in attributes()}, a.seed)


def steadied(scenes: Sequence[Scene]) -> list[Scene]:
    """The same scenes with one eye and one land."""
    steady = {name: float(np.mean([scene[name] for scene in scenes])) for name in STEADY}
    return [scene.with_(**steady) for scene in scenes]


def _mixed(name: str, a: float, b: float, share: float) -> float:
    it = attributes()[name]
    way = b - a
    if it.circular:
        span = it.high - it.low
        way = (way + span / 2) % span - span / 2
        return it.low + (a + way * share - it.low) % span
    return a + way * share


def _steps(a: Scene, b: Scene, apart_s: float) -> int:
    """How many steps lead smoothly from one scene to another; 0 where they are the same."""
    far = max(_strides(name, a, b) for name in attributes())
    if far < 0.02:
        return 0
    return max(1, min(int(np.ceil(far)), MOST, int(apart_s / STEP_S)))


def _strides(name: str, a: Mapping[str, float] | Scene, b: Mapping[str, float] | Scene) -> float:
    it = attributes()[name]
    apart = abs(_mixed(name, a[name], b[name], 0.5) - a[name])
    span = it.high - it.low
    if it.circular:
        apart = min(apart, span - apart)
    return 2 * apart / span / STRIDES.get(name, STRIDE)


def _knots(track: EmotionTrack, duration_s: float) -> list[float]:
    """Moments whose feelings are asked for; those of a sudden change all, others not too near to one another."""
    times = [(0.0, True)]
    for frame in track.keyframes:
        if 0 < frame.t < duration_s:
            sudden = frame.step and frame.t - DISSOLVE_S > times[-1][0]
            times += [(frame.t - DISSOLVE_S, True)] if sudden else []
            times.append((frame.t, sudden))
    if times[-1][0] < duration_s <= track.duration:
        times.append((duration_s, False))
    kept = [0.0]
    for t, sudden in times[1:]:
        if sudden or t - kept[-1] >= LEAST_S:
            kept.append(t)
    last, sudden = times[-1]
    if last > kept[-1]:  # the last feeling is reached
        if len(kept) > 1:
            kept.pop()
        kept.append(last)
    return kept
