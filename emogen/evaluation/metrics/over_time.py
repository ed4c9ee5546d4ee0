"""Emotions over time as segments: the emotion diarisation error rate, and segments from sampled tracks.

A segment is (start in s, end in s, label). Segments of one list do not overlap; time without one is silence.
CCC over time is `dimensions.ccc` on the pooled frames.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import items, numbers, same_length

Segment = tuple[float, float, Hashable]

_TOUCH_S = 1e-6  # segments that overlap by less than this touch: rounding of times. Own assumption


@dataclass(frozen=True)
class Diarisation:
    """Where the time of an emotion diarisation went wrong, all in seconds.

    Attributes:
        missed_s: Only the reference has a segment.
        false_alarm_s: Only what was found has a segment.
        confusion_s: Both have one, with different labels.
        reference_s: Time that the reference covers.
    """

    missed_s: float
    false_alarm_s: float
    confusion_s: float
    reference_s: float

    @property
    def error(self) -> float:
        """Emotion diarisation error rate, 0.., less is better."""
        return (self.missed_s + self.false_alarm_s + self.confusion_s) / self.reference_s


def eder(truth: Sequence[Segment], found: Sequence[Segment]) -> float:
    """Emotion diarisation error rate, 0.., less is better; above 1 only with much false alarm.

    `(missed + false alarm + confusion) / duration of the reference`. Where rest counts as a label ("neutral"), fill
    both lists with `filled` first: then it is 1 less the part of the time that was named right.
    Source: Wang et al. 2023, Speech Emotion Diarization (arXiv 2306.12991).

    Args:
        truth: Segments of the reference, at least one.
        found: Segments found; none at all is 1.0.

    Raises:
        InputError: No reference, a segment without length, times that are no numbers, overlaps within a list.
    """
    return diarisation(truth, found).error


def diarisation(truth: Sequence[Segment], found: Sequence[Segment]) -> Diarisation:
    """The parts of `eder`; arguments and errors as there."""
    a, b = _sorted("truth", truth), _sorted("found", found)
    if not a:
        raise InputError("truth", "empty", "Give at least one segment.")
    edges = np.unique([t for start, end, _ in a + b for t in (start, end)])
    middle, length = (edges[:-1] + edges[1:]) / 2.0, np.diff(edges)
    one, two = _at(a, middle), _at(b, middle)
    in_a, in_b = one >= 0, two >= 0
    differ = np.array([a[i][2] != b[j][2] for i, j in zip(one, two, strict=True)]) if b else np.zeros(len(one), bool)
    return Diarisation(
        float(length[in_a & ~in_b].sum()),
        float(length[in_b & ~in_a].sum()),
        float(length[in_a & in_b & differ].sum()),
        float(length[in_a].sum()),
    )


def filled(segments: Sequence[Segment], duration_s: float, label: Hashable = "neutral") -> list[Segment]:
    """The same segments with the gaps of 0..duration filled with a label, neighbours of one label joined.

    Raises:
        InputError: As in `eder`, or a segment reaches beyond 0..duration.
    """
    given = _sorted("segments", segments)
    if not 0.0 < duration_s < np.inf:
        raise InputError("duration_s", f"{duration_s}", "Give seconds above 0.")
    if given and (given[0][0] < 0.0 or given[-1][1] > duration_s + _TOUCH_S):
        raise InputError("segments", f"{given[0][0]:g}..{given[-1][1]:g} s", f"They lie within 0..{duration_s:g} s.")
    result: list[Segment] = []
    at = 0.0
    for start, end, name in [*given, (duration_s, duration_s, label)]:
        if start - at > _TOUCH_S:
            _append(result, (at, start, label))
        if end - start > _TOUCH_S:
            _append(result, (start, end, name))
        at = max(at, end)
    return result


def segments(labels: Sequence[Hashable], fps: float, window_s: float | None = None) -> list[Segment]:
    """One label a frame -> segments; frame i starts at i / fps, neighbours of one label are joined.

    Where frames look at windows longer than their step, windows of different labels overlap: the border is the
    middle of the overlap, as in the reference implementation of EDER (speechbrain).

    Args:
        labels: [T] one a frame.
        fps: Frames per second, above 0.
        window_s: What one frame looked at, in s, at least 1 / fps; left out: 1 / fps.

    Raises:
        InputError: No labels, or a rate or window out of range.
    """
    names = items("labels", labels)
    if not 0.0 < fps < np.inf:
        raise InputError("fps", f"{fps}", "Give frames per second, above 0.")
    step = 1.0 / fps
    beyond = 0.0 if window_s is None else window_s - step
    if not -_TOUCH_S <= beyond < np.inf:
        raise InputError("window_s", f"{window_s}", f"Give {step:g} s or more.")
    result: list[Segment] = []
    start = 0.0
    for i, name in enumerate(names):
        last = i + 1 == len(names)
        if last or names[i + 1] != name:
            end = (i + 1) * step + (beyond if last else beyond / 2.0)
            result.append((start, end, name))
            start = end
    return result


def track_segments(
    values: ArrayLike, labels: Sequence[Hashable], fps: float, rest: Hashable = "neutral", least: float = 0.0
) -> list[Segment]:
    """A sampled track -> segments of the strongest label: `track_segments(samples.basic, BASIC, samples.fps)`.

    Args:
        values: [T, L] amplitude or chance of each label in each frame.
        labels: [L].
        fps: Frames per second, above 0.
        rest: Label of frames in which no value is above `least`.
        least: In the unit of `values`.

    Raises:
        InputError: Shapes do not fit, empty, nan, or a rate that is not above 0.
    """
    array, names = numbers("values", values, 2), items("labels", labels)
    same_length(("columns of values", "labels"), array[0], names)
    best = array.argmax(axis=1)
    return segments([names[i] if array[t, i] > least else rest for t, i in enumerate(best)], fps)


def _append(into: list[Segment], segment: Segment) -> None:
    if into and into[-1][2] == segment[2] and segment[0] - into[-1][1] <= _TOUCH_S:
        into[-1] = (into[-1][0], segment[1], segment[2])
    else:
        into.append(segment)


def _sorted(name: str, given: Sequence[Segment]) -> list[Segment]:
    """In order of time, checked."""
    result = []
    for segment in given:
        try:
            start, end, label = float(segment[0]), float(segment[1]), segment[2]
        except (TypeError, ValueError, IndexError) as error:
            raise InputError(name, f"{segment!r} as a segment", "Give (start in s, end in s, label).") from error
        if not (np.isfinite(start) and np.isfinite(end) and start < end):
            raise InputError(name, f"a segment from {start} to {end} s", "It ends after it starts.")
        result.append((start, end, items(name, [label])[0]))
    result.sort(key=lambda segment: segment[:2])
    for (_, end, _), (start, _, _) in pairwise(result):
        if start < end - _TOUCH_S:
            raise InputError(name, f"segments that overlap at {start:g} s", "Cut them, e.g. in the middle.")
    return result


def _at(given: Sequence[Segment], times: NDArray[np.float64]) -> NDArray[np.intp]:
    """Index of the segment at each time, -1 where there is none."""
    if not given:
        return np.full(len(times), -1, dtype=np.intp)
    start, end = np.array([s[0] for s in given]), np.array([s[1] for s in given])
    index = np.searchsorted(start, times, side="right") - 1
    return np.asarray(np.where((index >= 0) & (times < end[index]), index, -1), dtype=np.intp)
