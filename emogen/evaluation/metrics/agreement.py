"""Agreement of several verdicts on the same items: modalities of one emotion, judges, or human raters."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, items, numbers, same_length, shares
from emogen.evaluation.metrics.distributions import js_divergence
from emogen.evaluation.metrics.labels import confusion


def mean_js(verdicts: ArrayLike) -> Array:
    """Mean Jensen-Shannon divergence over all pairs of verdicts, 0..1 (bits), less is more agreement.

    One verdict a modality on one emotion: 0 where speech, music, face and picture say the same. Source: own
    definition on top of `js_divergence` (Lin 1991).

    Args:
        verdicts: [m, L] distributions of m modalities, or [m, n, L] over n items.

    Returns:
        A number, or [n].

    Raises:
        InputError: Fewer than 2 verdicts, empty, nan, or rows that are no distributions.
    """
    given = numbers("verdicts", verdicts, (2, 3))
    _two(len(given))
    each = [shares("verdicts", one) for one in given]
    return np.asarray(np.mean([js_divergence(a, b) for a, b in combinations(each, 2)], axis=0))[()]


def same_label(verdicts: Sequence[Iterable[Hashable]]) -> float:
    """Part of all pairs of verdicts that name the same label, 0..1, more is more agreement.

    The observed agreement of Fleiss 1971; chance is not taken off (`fleiss_kappa` does).

    Args:
        verdicts: m sequences (one a modality or rater) of n labels each.

    Raises:
        InputError: Fewer than 2 verdicts, lengths differ, or no labels.
    """
    table = _table(verdicts)
    return float(np.mean([np.mean(a == b) for a, b in combinations(table, 2)]))


def cohen_kappa(truth: Iterable[Hashable], found: Iterable[Hashable]) -> float:
    """Agreement of two raters beyond chance, -1..1, more is better; 1 only where they always agree.

    `(p_o - p_e) / (1 - p_e)`. Where both name one and the same label throughout, there is nothing to tell apart
    from chance: 1 is returned. Source: Cohen 1960, A coefficient of agreement for nominal scales.

    Raises:
        InputError: Lengths differ, or there are no items.
    """
    counts = confusion(truth, found).astype(np.float64)
    p = counts / counts.sum()
    return _beyond_chance(float(np.trace(p)), float(p.sum(axis=1) @ p.sum(axis=0)))


def fleiss_kappa(counts: ArrayLike) -> float:
    """Agreement of several raters beyond chance, at most 1, more is better; 0 is chance.

    `(P - P_e) / (1 - P_e)`, the raters of an item being any of a pool. One label throughout: 1.
    Source: Fleiss 1971, Measuring nominal scale agreement among many raters.

    Args:
        counts: [n, L] how many raters gave each label; every row has the same sum, 2 or more.

    Raises:
        InputError: Not 2-D, empty, nan, counts that are none, or rows with different sums (use
            `krippendorff_alpha`).
    """
    table = _counts(counts)
    raters = table.sum(axis=1)
    if (raters != raters[0]).any():
        raise InputError("counts", f"{raters.min():g} to {raters.max():g} raters an item", "Give as many for each.")
    _two(int(raters[0]))
    n = raters[0]
    observed = float(np.mean((np.sum(table**2, axis=1) - n) / (n * (n - 1.0))))
    return _beyond_chance(observed, float(np.sum((table.sum(axis=0) / table.sum()) ** 2)))


def krippendorff_alpha(counts: ArrayLike) -> float:
    """Krippendorff's alpha for labels, at most 1, more is better; 0 is chance. Items may have different raters.

    `1 - D_o / D_e` over the coincidences of pairs of values; items with fewer than 2 labels are passed over. One
    label throughout: 1. Source: Krippendorff 2011, Computing Krippendorff's alpha-reliability (nominal metric).

    Args:
        counts: [n, L] how many raters gave each label.

    Raises:
        InputError: Not 2-D, empty, nan, counts that are none, or no item with 2 labels.
    """
    table = _counts(counts)
    table = table[table.sum(axis=1) >= 2.0]
    if not len(table):
        raise InputError("counts", "no item with two labels", "Give items that two or more have rated.")
    m = table.sum(axis=1)
    same = float(np.sum((np.sum(table**2, axis=1) - m) / (m - 1.0)))
    total, of = float(m.sum()), table.sum(axis=0)
    expected = float(np.sum(of * (of - 1.0)) / (total - 1.0))
    return _beyond_chance(same / total, expected / total)


def label_counts(verdicts: Sequence[Iterable[Hashable]]) -> NDArray[np.int64]:
    """Sequences of n labels of m raters -> counts [n, L], as `fleiss_kappa` takes them; labels as they occur.

    Raises:
        InputError: Fewer than 2 verdicts, lengths differ, or no labels.
    """
    table = _table(verdicts)
    counts = np.zeros((table.shape[1], int(table.max()) + 1), dtype=np.int64)
    for row in table:
        counts[np.arange(len(row)), row] += 1
    return counts


def _beyond_chance(observed: float, expected: float) -> float:
    if 1.0 - expected < 1e-12:  # one label throughout
        return 1.0
    return min(1.0, (observed - expected) / (1.0 - expected))


def _counts(counts: ArrayLike) -> Array:
    table = numbers("counts", counts, 2)
    if (table < 0.0).any() or (table != np.round(table)).any():
        raise InputError("counts", "something other than counts", "Give whole numbers, 0 or more.")
    return table


def _table(verdicts: Sequence[Iterable[Hashable]]) -> NDArray[np.int64]:
    """Codes [m, n]."""
    if isinstance(verdicts, str):
        raise InputError("verdicts", "one word", "Give a sequence of labels for each rater.")
    each = [items("verdicts", one) for one in verdicts]
    _two(len(each))
    for one in each[1:]:
        same_length(("the first verdicts", "others"), each[0], one)
    code: dict[Hashable, int] = {}
    return np.array([[code.setdefault(label, len(code)) for label in one] for one in each], dtype=np.int64)


def _two(n: int) -> None:
    if n < 2:
        raise InputError("verdicts", f"{n} on each item", "Give two or more.")
