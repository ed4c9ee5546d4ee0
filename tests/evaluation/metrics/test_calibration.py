"""ECE, reliability, Brier score and temperature, against hand values, scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import brier_score_loss

from emogen.errors import InputError
from emogen.evaluation.metrics import brier, ece, fit_temperature, reliability


def test_ece_by_hand() -> None:
    # bins of 0.5: (0, 0.5] holds 0.5 and 0.2, (0.5, 1] holds 0.9 and 0.7
    assert ece([0.5, 0.2, 0.9, 0.7], [1, 0, 1, 0], bins=2) == pytest.approx(0.5 * 0.15 + 0.5 * 0.3)
    curve = reliability([0.5, 0.2, 0.9, 0.7], [1, 0, 1, 0], bins=2)
    np.testing.assert_allclose(curve.confidence, [0.35, 0.8])
    np.testing.assert_allclose(curve.accuracy, [0.5, 0.5])
    np.testing.assert_array_equal(curve.count, [2, 2])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50), st.integers(1, 20))
def test_ece_is_bounded_and_knows_no_order(items: list[tuple[float, bool]], bins: int) -> None:
    confidence, correct = zip(*items, strict=True)
    value = ece(confidence, correct, bins)
    assert 0.0 <= value <= 1.0
    assert ece(confidence[::-1], correct[::-1], bins) == pytest.approx(value)
    assert reliability(confidence, correct, bins).count.sum() == len(items)


def test_a_judge_that_is_right_as_often_as_it_says() -> None:
    assert ece([0.75] * 4, [1, 1, 1, 0]) == pytest.approx(0.0)
    assert ece([1.0] * 4, [0] * 4) == 1.0


def test_brier() -> None:
    chance = np.array([0.9, 0.4, 0.2])
    rows = np.stack([1 - chance, chance], axis=1)
    assert brier([1, 1, 0], rows) == pytest.approx(2 * brier_score_loss([1, 1, 0], chance))  # both classes count
    assert brier([[0.5, 0.5]], [[1.0, 0.0]]) == pytest.approx(0.5)
    assert brier([0], [[0.0, 1.0]]) == 2.0


def test_temperature_is_where_the_likelihood_is_highest() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0.0, 2.0, (200, 4))
    truth = np.array([rng.choice(4, p=np.exp(log_softmax(row / 2.5))) for row in logits])

    def loss(log_t: float) -> float:
        return -float(log_softmax(logits / np.exp(log_t), axis=1)[np.arange(200), truth].mean())

    best = float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10}).x))
    assert fit_temperature(logits, truth) == pytest.approx(best, rel=1e-4)
    assert fit_temperature(logits, np.eye(4)[truth]) == pytest.approx(best, rel=1e-4)
    assert 1.5 < best < 4.0


def test_temperature_at_the_ends() -> None:
    assert fit_temperature([[5.0, 0.0]], [0]) == 0.01
    assert fit_temperature([[5.0, 0.0]], [1]) == 100.0


def test_refusals() -> None:
    for confidence, correct in (([], []), ([0.5], [1, 0]), ([1.2], [1]), ([0.5], [2]), ([np.nan], [1])):
        with pytest.raises(InputError):
            ece(confidence, correct)
    with pytest.raises(InputError, match="bins"):
        ece([0.5], [1], bins=0)
    for truth, found in (([2], [[0.5, 0.5]]), ([0, 1], [[0.5, 0.5]]), ([0], [[0.7, 0.7]]), ([[1, 0, 0]], [[0.5, 0.5]])):
        with pytest.raises(InputError):
            brier(truth, found)
    with pytest.raises(InputError):
        fit_temperature([[1.0, 2.0]], [0.5])
