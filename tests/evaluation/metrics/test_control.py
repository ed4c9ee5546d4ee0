"""Control of generation: error, order, straightness, side effects; against hand values and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emogen.errors import InputError
from emogen.evaluation.metrics import (
    ccc,
    control_accuracy,
    fader_consistency,
    fader_restrictiveness,
    faders,
    linearity,
    monotonicity,
    rising,
    spearman,
    vad_error,
)

NUMBERS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=20)


def test_vad_error() -> None:
    asked, perceived = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.3, 0.4], [1.0, 0.0]])
    found = vad_error(asked, perceived)
    np.testing.assert_allclose(found.absolute, [0.15, 0.2])
    assert found.euclidean == pytest.approx(0.25)
    np.testing.assert_allclose(found.spread, [0.35, 0.2])
    assert found.ccc[0] == pytest.approx(ccc(asked[:, 0], perceived[:, 0]))


def test_a_control_that_moves_nothing_shows() -> None:
    found = vad_error([[-0.2], [0.2]], [[0.0], [0.0]])
    assert found.absolute[0] == pytest.approx(0.2)
    assert found.spread[0] == found.ccc[0] == 0.0


@given(NUMBERS)
def test_spearman_is_scipys(pairs: list[tuple[int, int]]) -> None:
    x, y = zip(*pairs, strict=True)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert spearman(x, y) == 0.0
        return
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    assert spearman(x, y) == pytest.approx(spearman(y, x))
    assert spearman(x, np.exp(y)) == pytest.approx(spearman(x, y))


def test_order_and_straightness_by_hand() -> None:
    asked = [0.0, 0.5, 1.0, 1.5]
    sweeps = [[1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0], [4.0, 3.0, 2.0, 1.0]]
    assert monotonicity(asked, sweeps) == pytest.approx(0.0)  # 1, 0 and -1
    assert monotonicity(asked, sweeps[0]) == 1.0
    assert linearity(asked, sweeps) == pytest.approx(2 / 3)
    assert rising(asked, sweeps) == pytest.approx(3 / 9)
    assert rising([1.0, 0.0], [5.0, 2.0]) == 1.0  # the order in which positions are given does not matter


@given(NUMBERS)
def test_linearity_is_the_fit_of_a_line(pairs: list[tuple[int, int]]) -> None:
    x, y = (np.array(v, dtype=float) for v in zip(*pairs, strict=True))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert linearity(x, y) == 0.0
    else:
        assert linearity(x, y) == pytest.approx(stats.linregress(x, y).rvalue ** 2, abs=1e-9)


def test_control_accuracy() -> None:
    assert control_accuracy([1, 1, -1, -1], [0.3, -0.1, -0.2, 0.0]) == 0.5
    assert control_accuracy([1, 1, -1, -1], [0.3, 0.1, -0.2, -0.05], least=0.15) == 0.5


def test_faders() -> None:
    rng = np.random.default_rng(0)
    asked = rng.normal(size=(200, 2))
    clean = faders(asked, asked**3)
    np.testing.assert_allclose(clean.own, [1.0, 1.0])
    assert clean.cross_talk < 0.2
    crossed = faders(asked, asked[:, ::-1])
    assert crossed.cross_talk == pytest.approx(1.0)
    np.testing.assert_allclose(crossed.others[0], [clean.others[0, 1], 1.0])
    assert faders(asked[:, :1], asked[:, :1]).cross_talk == 0.0


def test_fadernets() -> None:
    values = [[1.0, 1.0], [2.0, 4.0]]  # two positions, two samples
    assert fader_consistency(values, 2.0) == pytest.approx(1 - (0 + 0.5) / 2)
    assert fader_restrictiveness(values, 2.0) == pytest.approx(1 - (0.25 + 0.75) / 2)


def test_refusals() -> None:
    for asked, perceived in (([], []), ([[0.0]], [[np.nan]]), ([[0.0]], [[0.0, 1.0]]), ([0.0], [0.0])):
        with pytest.raises(InputError):
            vad_error(asked, perceived)
    for metric in (monotonicity, linearity, rising):
        for asked, perceived in (([], []), ([0, 1], [0, 1, 2]), ([0, np.nan], [0, 1]), ([[0, 1]], [[0, 1], [1, 2]])):
            with pytest.raises(InputError):
                metric(asked, perceived)
    with pytest.raises(InputError, match="move"):
        rising([1, 1], [0, 1])
    with pytest.raises(InputError, match="change of 0"):
        control_accuracy([0, 1], [1, 1])
    with pytest.raises(InputError):
        control_accuracy([1], [1], least=-1)
    with pytest.raises(InputError, match="scale"):
        fader_consistency([[1.0]], 0.0)
