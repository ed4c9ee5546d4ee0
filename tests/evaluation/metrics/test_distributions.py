"""Distances of distributions, against hand values and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import distance
from scipy.stats import entropy

from emogen.errors import InputError
from emogen.evaluation.metrics import canberra, chebyshev, clark, cosine, intersection, js_divergence, kl

ALL = (kl, js_divergence, cosine, chebyshev, clark, canberra, intersection)
P, Q = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.25, 0.25, 0.4, 0.1])
COUNTS = hnp.arrays(np.int64, (2, 5), elements=st.integers(0, 50)).filter(lambda c: bool((c.sum(axis=1) > 0).all()))


def test_equal_scipy() -> None:
    assert kl(P, Q) == pytest.approx(entropy(P, Q))
    assert js_divergence(P, Q) == pytest.approx(distance.jensenshannon(P, Q, base=2) ** 2)
    assert cosine(P, Q) == pytest.approx(1 - distance.cosine(P, Q))
    assert chebyshev(P, Q) == pytest.approx(distance.chebyshev(P, Q))
    assert canberra(P, Q) == pytest.approx(distance.canberra(P, Q))


def test_hand_values() -> None:
    assert clark(P, Q) == pytest.approx(np.sqrt((0.25 / 0.75) ** 2 + (0.05 / 0.55) ** 2 + (0.2 / 0.6) ** 2 + 1))
    assert intersection(P, Q) == pytest.approx(0.25 + 0.25 + 0.2)
    assert js_divergence([1.0, 0.0], [0.0, 1.0]) == 1.0
    assert kl([1.0, 0.0], [0.0, 1.0]) == pytest.approx(-np.log(1e-12), rel=1e-6)


def test_rows() -> None:
    for metric in ALL:
        both = metric(np.stack([P, Q]), np.stack([Q, P]))
        assert both.shape == (2,)
        np.testing.assert_allclose(both, [metric(P, Q), metric(Q, P)])


@given(COUNTS)
def test_identity_symmetry_and_bounds(counts: np.ndarray) -> None:
    p, q = counts / counts.sum(axis=1, keepdims=True)
    for metric in (kl, js_divergence, chebyshev, clark, canberra):
        assert metric(p, p) == pytest.approx(0.0, abs=1e-9)
    for metric in (cosine, intersection):
        assert metric(p, p) == pytest.approx(1.0)
    for metric in ALL[1:]:
        assert metric(p, q) == pytest.approx(metric(q, p))
    for metric, top in ((js_divergence, 1), (cosine, 1), (chebyshev, 1), (intersection, 1), (canberra, 5)):
        assert 0.0 <= metric(p, q) <= top + 1e-12
    assert kl(p, q) >= 0.0


@pytest.mark.parametrize("metric", ALL)
def test_refusals(metric: object) -> None:
    for p, q in (
        ([], []),
        ([0.5, 0.5], [1.0]),
        ([0.5, np.nan], [0.5, 0.5]),
        ([1.5, -0.5], [1, 0]),
        ([0.2, 0.2], [1, 0]),
    ):
        with pytest.raises(InputError):
            metric(p, q)  # type: ignore[operator]
