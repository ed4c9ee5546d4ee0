"""Emotion diarisation, against hand values and the documented example of speechbrain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.conditioning.emotion import BASIC
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.evaluation.metrics import diarisation, eder, filled, segments, track_segments

FRAMES = st.lists(st.sampled_from("nha"), min_size=1, max_size=30)


def test_speechbrains_example() -> None:
    truth = filled([(0.39, 1.10, "a")], 1.22, "n")
    assert truth == [(0.0, 0.39, "n"), (0.39, 1.10, "a"), (1.10, 1.22, "n")]
    assert eder(truth, segments(list("nnnaaa"), 5.0)) == pytest.approx(0.2704918032786885)


def test_parts_by_hand() -> None:
    truth = [(0.0, 2.0, "joy"), (3.0, 5.0, "fear")]
    found = [(1.0, 4.0, "joy")]
    parts = diarisation(truth, found)
    assert (parts.missed_s, parts.false_alarm_s, parts.confusion_s, parts.reference_s) == (2.0, 1.0, 1.0, 4.0)
    assert eder(truth, found) == 1.0
    assert eder(truth, []) == 1.0
    assert eder(truth, truth) == 0.0
    assert eder([(0, 1, "joy")], [(0, 4, "fear")]) == 4.0  # much false alarm


@given(FRAMES, FRAMES, st.floats(0.5, 100))
def test_is_one_less_the_time_named_right(a: list[str], b: list[str], fps: float) -> None:
    n = min(len(a), len(b))
    a, b = a[:n], b[:n]
    right = np.mean([x == y for x, y in zip(a, b, strict=True)])
    assert eder(segments(a, fps), segments(b, fps)) == pytest.approx(1 - right, abs=1e-9)
    assert eder(segments(b, fps), segments(a, fps)) == pytest.approx(1 - right, abs=1e-9)
    assert eder(segments(a, fps), segments(b, fps)[::-1]) == pytest.approx(1 - right, abs=1e-9)


def test_windows_that_overlap_meet_in_the_middle() -> None:
    # windows of 0.4 s every 0.2 s: n 0-0.6, a 0.4-1.0; they overlap from 0.4 to 0.6
    assert segments(["n", "n", "a", "a"], 5.0, window_s=0.4) == [
        (0.0, pytest.approx(0.5), "n"),
        (pytest.approx(0.5), pytest.approx(1.0), "a"),
    ]


def test_a_track() -> None:
    samples = EmotionTrack.of("0s neutral; 1s! joy; 2s! fear").sample(3.0, 10.0)
    found = track_segments(samples.basic, BASIC, samples.fps)
    assert [name for _, _, name in found] == ["neutral", "joy", "fear"]
    assert found[0][1] == pytest.approx(1.0, abs=0.11)
    assert found[1][1] == pytest.approx(2.0, abs=0.11)


def test_filled_joins() -> None:
    assert filled([], 2.0, "n") == [(0.0, 2.0, "n")]
    assert filled([(0.0, 1.0, "n"), (1.5, 2.0, "a")], 2.0, "n") == [(0.0, 1.5, "n"), (1.5, 2.0, "a")]
    assert filled([(0.0, 1.0, "a"), (1.0, 2.0, "a")], 2.0) == [(0.0, 2.0, "a")]


def test_refusals() -> None:
    good = [(0.0, 1.0, "a")]
    for bad in (
        [(1.0, 0.5, "a")],
        [(0.0, np.nan, "a")],
        [(0.0, 1.0)],
        [(0.0, 2.0, "a"), (1.0, 3.0, "b")],
        [(0, 1, None)],
    ):
        with pytest.raises(InputError):
            eder(good, bad)
        with pytest.raises(InputError):
            eder(bad, good)
    with pytest.raises(InputError, match="empty"):
        eder([], good)
    for labels, fps, window in (([], 5.0, None), (["a"], 0.0, None), (["a"], 5.0, 0.1)):
        with pytest.raises(InputError):
            segments(labels, fps, window)
    with pytest.raises(InputError, match="within"):
        filled(good, 0.5)
    with pytest.raises(InputError):
        filled(good, 0.0)
    with pytest.raises(InputError):
        track_segments([[0.1, 0.2]], ["a"], 10.0)
