"""Frechet and kernel distance, against closed forms, scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.linalg import sqrtm
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.metrics.pairwise import polynomial_kernel

from emogen.errors import InputError
from emogen.evaluation.metrics import frechet_distance, frechet_floor, kernel_distance, shrinkage

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 4)), RNG.normal(0.5, 1.5, (50, 4)) @ RNG.normal(size=(4, 4))
SETS = hnp.arrays(np.float64, st.tuples(st.integers(2, 12), st.just(3)), elements=st.floats(-5, 5, width=32))


def test_equals_the_formula_with_a_matrix_root() -> None:
    a, b = np.cov(X.T), np.cov(Y.T)
    by_hand = ((X.mean(0) - Y.mean(0)) ** 2).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(X, Y) == pytest.approx(by_hand)


def test_one_feature_is_closed_form() -> None:
    x, y = X[:, :1], Y[:, :1]
    by_hand = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert frechet_distance(x, y) == pytest.approx(by_hand)


@given(SETS, SETS)
def test_properties(x: np.ndarray, y: np.ndarray) -> None:
    for shrink in (None, False, True):
        value = frechet_distance(x, y, shrink)
        assert value >= 0.0
        assert value == pytest.approx(frechet_distance(y, x, shrink), rel=1e-5, abs=1e-5)
        assert frechet_distance(x, x, shrink) == pytest.approx(0.0, abs=1e-5)
        assert value == pytest.approx(frechet_distance(x[::-1], y, shrink), rel=1e-5, abs=1e-5)
    assert kernel_distance(x, y) == pytest.approx(kernel_distance(y, x), rel=1e-9, abs=1e-6)


def test_a_shift_counts_squared() -> None:
    assert frechet_distance(X, X + 2.0) == pytest.approx(4 * 2.0**2)
    few = X[:3]  # fewer items than features
    assert frechet_distance(few, few + 2.0) == pytest.approx(4 * 2.0**2)


def test_shrinkage_is_that_of_ledoit_and_wolf() -> None:
    for n in (3, 10, 60):
        assert shrinkage(X[:n]) == pytest.approx(ledoit_wolf_shrinkage(X[:n]))
    assert shrinkage(Y) == pytest.approx(ledoit_wolf_shrinkage(Y))
    assert shrinkage(np.ones((5, 3))) == 0.0


def test_few_items_of_many_features_stay_stable() -> None:
    rng = np.random.default_rng(1)
    x, y, far = rng.normal(size=(20, 64)), rng.normal(size=(20, 64)), rng.normal(1.0, 1.0, (20, 64))
    assert frechet_distance(x, y) < frechet_distance(x, y, shrink=False)  # less of the bias
    assert frechet_distance(x, far) > 2 * frechet_distance(x, y)


def test_floor_is_what_equal_sets_reach() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 4))
    floor = frechet_floor(x)
    assert floor == frechet_floor(x)
    assert 0.0 < floor < 0.2
    assert frechet_distance(x, rng.normal(2.0, 1.0, (200, 4))) > 10 * floor


def test_kernel_distance_is_the_unbiased_mmd() -> None:
    xx, yy, xy = polynomial_kernel(X), polynomial_kernel(Y), polynomial_kernel(X, Y)  # (x.y / d + 1)^3
    off = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (xx, yy)]
    assert kernel_distance(X, Y) == pytest.approx(sum(off) - 2 * xy.mean())


def test_kernel_distance_has_no_bias() -> None:
    rng = np.random.default_rng(3)
    values = [kernel_distance(rng.normal(size=(5, 3)), rng.normal(size=(5, 3))) for _ in range(2000)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(2000)


def test_refusals() -> None:
    for metric in (frechet_distance, kernel_distance):
        for x, y in (([], []), (X, Y[:, :3]), (X[:1], Y), (X, [[np.nan] * 4] * 3), (X[:, 0], Y[:, 0])):
            with pytest.raises(InputError):
                metric(x, y)
    with pytest.raises(InputError, match="halves"):
        frechet_floor(X[:3])
    for options in ({"degree": 0}, {"gamma": 0.0}, {"offset": -1.0}):
        with pytest.raises(InputError, match="kernel"):
            kernel_distance(X, Y, **options)
