"""Intervals from resampled groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.errors import InputError
from emogen.evaluation.metrics import bootstrap, uar
from emogen.evaluation.metrics.bootstrap import Resampler, interval


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.integers(0, 100))
def test_groups_are_drawn_whole(groups: list[str], seed: int) -> None:
    index = Resampler(groups).draw(np.random.default_rng(seed))
    drawn = [groups[i] for i in index]
    times = {name: drawn.count(name) / groups.count(name) for name in set(groups)}
    assert all(t == int(t) for t in times.values())
    assert sum(times.values()) == len(set(groups))
    assert all((index == i).sum() == times[name] for i, name in enumerate(groups))


def test_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    x = np.random.default_rng(1).normal(2.0, 1.0, 400)
    value, low, high = bootstrap(lambda i: float(x[i].mean()), range(400), n=2000)
    error = x.std() / 20
    assert value == pytest.approx(x.mean())
    assert (low, high) == pytest.approx((value - 1.96 * error, value + 1.96 * error), abs=0.02)
    assert bootstrap(lambda i: float(x[i].mean()), range(400), n=50, seed=3) == bootstrap(
        lambda i: float(x[i].mean()), range(400), n=50, seed=3
    )


def test_items_that_are_alike_widen_it() -> None:
    x = np.repeat(np.random.default_rng(2).normal(size=20), 10)
    alone = bootstrap(lambda i: float(x[i].mean()), range(200), n=300)
    grouped = bootstrap(lambda i: float(x[i].mean()), np.repeat(np.arange(20), 10).tolist(), n=300)
    assert grouped[2] - grouped[1] > 2 * (alone[2] - alone[1])


def test_where_nothing_can_be_said() -> None:
    value, low, high = bootstrap(lambda i: 0.5, ["one"] * 5)
    assert value == 0.5
    assert np.isnan([low, high]).all()
    assert np.isnan(interval([1.0, np.nan, np.nan])).all()
    truth = np.array(["a", "b"])  # draws without the class that is asked for are passed over
    assert bootstrap(lambda i: uar(truth[i], truth[i], labels=["a"]), [0, 1], n=100)[1:] == (1.0, 1.0)


def test_refusals() -> None:
    with pytest.raises(InputError):
        bootstrap(lambda i: 0.0, [])
    with pytest.raises(InputError):
        bootstrap(lambda i: 0.0, [1, 2], n=0)
    with pytest.raises(InputError):
        interval([])
