"""Confidence intervals by resampling whole groups (speakers, songs, themes), not single items.

Items of one speaker are not independent: an interval from single items would be too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import items

Index = NDArray[np.intp]
LEVEL = 0.95  # of all intervals of this project


class Resampler:
    """Draws items group by group, with replacement.

    Args:
        groups: [n] what each item belongs to.

    Raises:
        InputError: There are no items.
    """

    def __init__(self, groups: Sequence[Hashable]) -> None:
        names = items("groups", groups)
        code: dict[Any, int] = {}
        of = np.fromiter((code.setdefault(name, len(code)) for name in names), dtype=np.intp, count=len(names))
        self._order = np.argsort(of, kind="stable")
        self._size = np.bincount(of)
        self._start = np.cumsum(self._size) - self._size
        self.n_items, self.n_groups = len(names), len(code)

    def draw(self, rng: np.random.Generator) -> Index:
        """Indices of the items of as many groups as there are, drawn with replacement."""
        drawn = rng.integers(self.n_groups, size=self.n_groups)
        size = self._size[drawn]
        before = np.cumsum(size) - size
        at = np.repeat(self._start[drawn] - before, size) + np.arange(int(size.sum()))
        return np.asarray(self._order[at], dtype=np.intp)


def bootstrap(
    statistic: Callable[[Index], float], groups: Sequence[Hashable], n: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """A figure with its 95 % interval from the percentiles of n draws of groups: (value, low, high).

    Draws in which the statistic is nan or refuses (InputError, e.g. a class that was not drawn) are passed over;
    where that is more than half of them, or there is one group only, low and high are nan: nothing can be said.
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapters 8 and 13.

    Args:
        statistic: Index array into the items -> figure.
        groups: [n items] what each belongs to; `range(n)` resamples single items.
        n: Draws.
        seed: Of the draws.

    Raises:
        InputError: No groups, or n is below 1.
    """
    if n < 1:
        raise InputError("n", f"{n} draws", "Give 1 or more.")
    resampler = Resampler(groups)
    value = float(statistic(np.arange(resampler.n_items)))
    if resampler.n_groups == 1:
        return value, float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    return value, *interval([_or_nan(statistic, resampler.draw(rng)) for _ in range(n)])


def interval(draws: Sequence[float]) -> tuple[float, float]:
    """The middle 95 % of draws: (low, high); nan where more than half of the draws are nan.

    Raises:
        InputError: There are no draws.
    """
    values = np.asarray(draws, dtype=np.float64)
    if values.size == 0:
        raise InputError("draws", "empty", "Give at least one.")
    values = values[np.isfinite(values)]
    if 2 * values.size < len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(values, ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0))
    return float(low), float(high)


def _or_nan(statistic: Callable[[Index], float], index: Index) -> float:
    try:
        return float(statistic(index))
    except InputError:
        return float("nan")
