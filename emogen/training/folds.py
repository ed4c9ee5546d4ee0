"""Cross-validation by person, song or theme, and temperatures that never see what they are scored on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from emogen.evaluation.metrics import fit_temperature

Array = NDArray[np.float64]


def grouped_folds(groups: Sequence[Hashable], k: int, seed: int = 0) -> list[NDArray[np.intp]]:
    """Rows of each of k test folds: every group lies in one fold, folds are about equally large.

    Args:
        groups: [n] what must stay together.
        k: Folds; no more than there are groups.
        seed: Of the order in which groups of one size are dealt out.
    """
    names = list(dict.fromkeys(groups))
    rows = {name: [i for i, group in enumerate(groups) if group == name] for name in names}
    order = np.random.default_rng(seed).permutation(len(names))
    dealt: list[list[int]] = [[] for _ in range(min(k, len(names)))]
    for index in sorted(order, key=lambda i: -len(rows[names[i]])):
        min(dealt, key=len).extend(rows[names[index]])
    return [np.array(sorted(fold), dtype=np.intp) for fold in dealt]


def softmax(logits: Array) -> Array:
    """Rows of logits [n, L] -> chances."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def cross_fitted(logits: Array, truth: Array, groups: Sequence[Hashable], k: int = 5) -> Array:
    """Calibrated out-of-fold chances [n, L]: the temperature of each fold comes from the other folds.

    Args:
        logits: [n, L] out-of-fold logits.
        truth: [n, L] shares of the raters.
        groups: [n] what must stay together.
        k: Folds of the calibration.
    """
    chances = np.zeros_like(logits, dtype=float)
    for fold in grouped_folds(groups, k):
        others = np.setdiff1d(np.arange(len(logits)), fold)
        chances[fold] = softmax(logits[fold] / fit_temperature(logits[others], truth[others]))
    return chances
