"""Lips against sound and landmarks, by hand values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.errors import InputError
from emogen.evaluation.metrics import closure_recall, landmark_distance, lip_sync

FPS = 25.0
SOUND = np.convolve(np.random.default_rng(0).normal(size=200), np.ones(3) / 3, "same")


@pytest.mark.parametrize("late", [-8, -1, 0, 3, 15])
def test_finds_the_offset(late: int) -> None:
    mouth = np.roll(SOUND, late)
    found = lip_sync(SOUND, 5.0 * mouth + 2.0, FPS)
    assert found.offset_s == late / FPS
    assert found.correlation == pytest.approx(1.0)
    assert found.best_distance == pytest.approx(0.0, abs=1e-6)
    assert (found.distance < 1e-6) == (late == 0)


def test_distance_by_hand() -> None:
    mouth = np.random.default_rng(1).normal(size=200)
    z = [(v - v.mean()) / v.std() for v in (SOUND, mouth)]
    assert lip_sync(SOUND, mouth, FPS).distance == pytest.approx(np.sqrt(np.mean((z[0] - z[1]) ** 2)))
    assert lip_sync(SOUND, -SOUND, FPS, longest_s=0.0).distance == pytest.approx(2.0)
    assert lip_sync(SOUND, np.zeros(200), FPS).distance == pytest.approx(np.sqrt(2))
    assert lip_sync(SOUND, np.zeros(200), FPS).offset_s == 0.0


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=30), st.floats(0, 2))
def test_bounds(curve: list[float], longest: float) -> None:
    found = lip_sync(SOUND[: len(curve)], curve, FPS, longest)
    assert 0.0 <= found.best_distance <= found.distance + 1e-6 <= 2.0 + 1e-5
    assert abs(found.offset_s) <= longest + 0.5 / FPS


def test_closure() -> None:
    assert closure_recall([1, 0, 1, 1], [0.01, 0.5, 0.2, 0.03], 0.05) == pytest.approx(2 / 3)


def test_landmarks() -> None:
    truth = np.zeros((2, 2, 2))
    found = truth.copy()
    found[0, 0] = [3.0, 4.0]
    assert landmark_distance(truth, found) == pytest.approx(5 / 4)
    assert landmark_distance(truth, found, scale=10.0) == pytest.approx(0.125)
    assert landmark_distance(truth, found, scale=[5.0, 1.0]) == pytest.approx(0.25)
    assert landmark_distance(found, truth) == landmark_distance(truth, found)
    assert landmark_distance(truth, truth) == 0.0


def test_refusals() -> None:
    for sound, mouth in (([], []), ([1.0] * 6, [1.0] * 5), ([np.nan] * 6, [1.0] * 6), ([1.0] * 4, [1.0] * 4)):
        with pytest.raises(InputError):
            lip_sync(sound, mouth, FPS)
    for fps, longest in ((0.0, 1.0), (25.0, -1.0)):
        with pytest.raises(InputError):
            lip_sync(SOUND, SOUND, fps, longest)
    for closed, opening in (([0, 0], [1.0, 1.0]), ([2, 1], [1.0, 1.0]), ([1], [1.0, 1.0])):
        with pytest.raises(InputError):
            closure_recall(closed, opening, 0.1)
    with pytest.raises(InputError, match="threshold"):
        closure_recall([1], [1.0], float("nan"))
    x = np.zeros((2, 3, 2))
    for truth, scale in ((x[:1], 1.0), (np.zeros((2, 3, 4)), 1.0), (x, 0.0), (x, [1.0]), (x * np.nan, 1.0)):
        with pytest.raises(InputError):
            landmark_distance(truth, x if truth.shape[2] == 2 else truth, scale)
