"""Gestures: beats, alignment, recall, variety, smoothness, against hand values and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import argrelextrema
from scipy.spatial.distance import pdist

from emogen.errors import InputError
from emogen.evaluation.metrics import (
    beat_alignment,
    diversity,
    l1_spread,
    motion_beats,
    smoothness,
    srgr,
)

FPS = 60.0
TIMES = st.lists(st.floats(0, 10), min_size=1, max_size=20)


def waving(seconds: float = 4.0, hz: float = 1.0) -> np.ndarray:
    """One joint to and fro: it turns, and rests, every half period, first at a quarter period."""
    t = np.arange(0, seconds, 1 / FPS)
    return np.stack([np.sin(2 * np.pi * hz * t), 0 * t, 0 * t], axis=1)[:, None]


def test_beats_are_where_the_movement_turns() -> None:
    np.testing.assert_allclose(motion_beats(waving(), FPS), np.arange(0.25, 4.0, 0.5), atol=1 / FPS)
    assert len(motion_beats(np.zeros((60, 2, 3)), FPS)) == 0


def test_beats_equal_scipys_minima() -> None:
    x = np.cumsum(np.random.default_rng(0).normal(size=(300, 4, 3)), axis=0)
    speed = np.linalg.norm(np.diff(x, axis=0), axis=2).mean(axis=1)
    scipys = argrelextrema(speed, np.less, order=7)[0]
    inner = scipys[(scipys >= 1) & (scipys < len(speed) - 1)]
    np.testing.assert_allclose(motion_beats(x, FPS), (inner + 0.5) / FPS)


def test_alignment_by_hand() -> None:
    assert beat_alignment([1.0, 2.0], [1.0, 2.3]) == pytest.approx((1 + np.exp(-0.5)) / 2)
    assert beat_alignment([1.0], [1.1], sigma_s=0.1) == pytest.approx(np.exp(-0.5))
    assert beat_alignment([1.0], []) == 0.0
    beats = motion_beats(waving(), FPS)
    assert beat_alignment(np.arange(0.25, 4.0, 0.5), beats, 0.1) > 0.95
    assert beat_alignment(np.arange(0.5, 4.0, 0.5), beats, 0.1) < 0.1


@given(TIMES, TIMES, st.randoms(use_true_random=False))
def test_alignment_properties(audio: list[float], motion: list[float], random: object) -> None:
    value = beat_alignment(audio, motion)
    brute = np.mean([max(np.exp(-((b - m) ** 2) / (2 * 0.3**2)) for m in motion) for b in audio])
    assert value == pytest.approx(brute)
    assert beat_alignment(audio, audio) == 1.0
    shuffled = list(motion)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert beat_alignment(audio, shuffled) == value
    assert beat_alignment(audio, [*motion, audio[0]]) >= value - 1e-12


def test_srgr_by_hand() -> None:
    truth = np.zeros((2, 2, 3))
    found = truth.copy()
    found[0, 0, :] = 0.04  # 0.12 in sum: wrong
    found[1, 1, 0] = 0.09  # right
    assert srgr(truth, found, [1.0, 1.0]) == pytest.approx(0.75)
    assert srgr(truth, found, [3.0, 1.0]) == pytest.approx((3 * 0.5 + 1 * 1) / 4)
    assert srgr(truth, truth, [0.2, 0.0]) == 1.0
    assert srgr(truth, found, [3.0, 1.0]) == pytest.approx(srgr(truth, found, [0.3, 0.1]))


def test_diversity() -> None:
    clips = np.random.default_rng(0).normal(size=(6, 5, 2, 3))
    flat = clips.reshape(6, -1)
    assert diversity([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]]) == pytest.approx((3.5 + 0 + 3.5) / 3)
    assert diversity(clips) == pytest.approx(pdist(flat, "cityblock").mean() / 30)
    assert diversity(clips, order=2) == pytest.approx(pdist(flat).mean() / np.sqrt(30))
    assert diversity(clips[::-1]) == pytest.approx(diversity(clips))
    assert diversity(np.repeat(clips[:1], 4, axis=0)) == 0.0
    assert l1_spread([[0.0, 2.0], [2.0, 2.0]]) == 0.5


def test_smoothness_by_hand() -> None:
    t = np.arange(0, 2, 1 / FPS)
    straight = np.stack([t, 0 * t, 0 * t], axis=1)[:, None]
    found = smoothness(straight, FPS)
    assert found.speed == pytest.approx(1.0)
    assert found.acceleration == pytest.approx(0.0, abs=1e-8)
    falling = np.stack([0 * t, -9.81 / 2 * t**2, 0 * t], axis=1)[:, None]
    assert smoothness(falling, FPS).acceleration == pytest.approx(9.81)
    assert smoothness(falling, FPS).jerk == pytest.approx(0.0, abs=1e-6)
    cubic = np.stack([t**3, 0 * t, 0 * t], axis=1)[:, None]
    assert smoothness(cubic, FPS).jerk == pytest.approx(6.0)
    assert smoothness(cubic, FPS).jerk_peak == pytest.approx(6.0)
    noise = np.random.default_rng(0).normal(0, 1e-3, waving().shape)
    assert smoothness(waving() + noise, FPS).jerk > 5 * smoothness(waving(), FPS).jerk


def test_refusals() -> None:
    for positions, fps in (([], FPS), (np.zeros((3, 1, 3)), FPS), (np.zeros((9, 3)), FPS), (waving(), 0.0)):
        with pytest.raises(InputError):
            motion_beats(positions, fps)
        with pytest.raises(InputError):
            smoothness(positions, fps)
    for audio, motion, sigma in (([], [1.0], 0.1), ([np.nan], [1.0], 0.1), ([1.0], [np.nan], 0.1), ([1.0], [1.0], 0.0)):
        with pytest.raises(InputError):
            beat_alignment(audio, motion, sigma)
    x = np.zeros((2, 1, 3))
    for truth, weight in ((x[:1], [1, 1]), (x, [1]), (x, [0, 0]), (x, [-1, 2]), (x * np.nan, [1, 1])):
        with pytest.raises(InputError):
            srgr(truth, x, weight)
    with pytest.raises(InputError):
        srgr(x, x, [1, 1], threshold=0.0)
    with pytest.raises(InputError):
        diversity([[1.0, 2.0]])
    with pytest.raises(InputError):
        diversity([[1.0], [2.0]], order=3)
