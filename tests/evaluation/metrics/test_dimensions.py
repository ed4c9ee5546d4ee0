"""CCC, Pearson, RMSE and MAE, against hand values, numpy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from emogen.errors import InputError
from emogen.evaluation.metrics import ccc, mae, pearson, rmse

VALUES = hnp.arrays(np.float64, st.integers(2, 20), elements=st.floats(-1, 1, width=32))
X, Y = np.array([0.0, 0.5, 1.0, -0.5]), np.array([0.1, 0.4, 0.6, -0.1])


def test_hand_values() -> None:
    dx, dy = X - X.mean(), Y - Y.mean()
    by_hand = 2 * (dx * dy).mean() / ((dx**2).mean() + (dy**2).mean() + (X.mean() - Y.mean()) ** 2)
    assert ccc(X, Y) == pytest.approx(by_hand)
    assert pearson(X, Y) == pytest.approx(np.corrcoef(X, Y)[0, 1])
    assert rmse(X, Y) == pytest.approx(np.sqrt(sk.mean_squared_error(X, Y)))
    assert mae(X, Y) == pytest.approx(sk.mean_absolute_error(X, Y))
    assert ccc([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]) == pytest.approx(2 * (2 / 3) / (2 / 3 + 2 / 3 + 1))


def test_constants() -> None:
    assert ccc([0.3, 0.3], [0.3, 0.3]) == 1.0
    assert ccc([0.3, 0.3], [0.4, 0.4]) == 0.0
    assert pearson([0.1, 0.1, 0.1], [1.0, 2.0, 3.0]) == 0.0


@given(VALUES, st.data())
def test_bounds_symmetry_and_identity(x: np.ndarray, data: st.DataObject) -> None:
    y = data.draw(hnp.arrays(np.float64, len(x), elements=st.floats(-1, 1, width=32)))
    assert ccc(x, x) == pytest.approx(1.0)
    assert ccc(x, y) == pytest.approx(ccc(y, x))
    assert pearson(x, y) == pytest.approx(pearson(y, x), abs=1e-9)
    if not (x == x[0]).all():  # two equal constants have a CCC of 1 and no correlation
        assert abs(ccc(x, y)) <= abs(pearson(x, y)) + 1e-6  # CCC is Pearson's r times a bias factor up to 1
    assert 0.0 <= mae(x, y) <= rmse(x, y) + 1e-12
    order = np.argsort(y, kind="stable")
    assert ccc(x, y) == pytest.approx(ccc(x[order], y[order]), abs=1e-9)


@pytest.mark.parametrize("metric", [ccc, pearson, rmse, mae])
def test_refusals(metric: object) -> None:
    for x, y in (
        ([], []),
        ([1.0], [1.0, 2.0]),
        ([np.nan], [1.0]),
        ([[1.0]], [[1.0]]),
        (["a"], ["b"]),
        ([np.inf], [0.0]),
    ):
        with pytest.raises(InputError):
            metric(x, y)  # type: ignore[operator]
