"""How far a stated chance can be trusted: ECE, Brier score, reliability curve, temperature scaling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, numbers, same_length, shares

BINS = 15  # Guo et al. 2017, On Calibration of Modern Neural Networks: 15 bins of equal width
COLDEST, HOTTEST = 0.01, 100.0  # range of a temperature; beyond it all chances are 0 and 1, or equal. Own assumption
_HALVINGS = 60  # of an interval of log temperature: more than float64 can tell


@dataclass(frozen=True)
class Reliability:
    """Stated against true chance, one entry for each of the k bins that hold items.

    Attributes:
        confidence: [k] mean confidence in the bin, rising.
        accuracy: [k] part of the bin's items that were right.
        count: [k] items in the bin.
    """

    confidence: Array
    accuracy: Array
    count: NDArray[np.int64]


def reliability(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS) -> Reliability:
    """The reliability curve over bins of equal width, closed on the right (0 falls into the first).

    Args:
        confidence: [n] 0..1, the chance given to the answer.
        correct: [n] bool (or 0 and 1), whether the answer was right.
        bins: How many bins divide 0..1.

    Raises:
        InputError: Lengths differ, empty, nan, a confidence outside 0..1, or `correct` is not true and false.
    """
    stated, right = _checked(confidence, correct)
    if bins < 1:
        raise InputError("bins", f"{bins}", "Give 1 or more.")
    edges = np.linspace(0.0, 1.0, bins + 1)
    at = np.clip(np.searchsorted(edges, stated, side="left") - 1, 0, bins - 1)
    count = np.bincount(at, minlength=bins)
    there = count > 0
    mean_stated = np.bincount(at, stated, minlength=bins)[there] / count[there]
    mean_right = np.bincount(at, right, minlength=bins)[there] / count[there]
    return Reliability(mean_stated, mean_right, count[there].astype(np.int64))


def ece(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error, 0..1, less is better: `sum_b n_b / n * |accuracy_b - confidence_b|`.

    Source: Naeini et al. 2015; 15 bins after Guo et al. 2017. Arguments and errors as in `reliability`.
    """
    curve = reliability(confidence, correct, bins)
    return float(np.average(np.abs(curve.accuracy - curve.confidence), weights=curve.count))


def brier(truth: ArrayLike, found: ArrayLike) -> float:
    """Brier score, 0..2, less is better: mean over items of the squared distance of two distributions.

    Source: Brier 1950, Verification of forecasts expressed in terms of probability (the many-class form).

    Args:
        truth: [n] numbers of labels, or [n, L] shares.
        found: [n, L] chances.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    chances = shares("found", np.atleast_2d(numbers("found", found, 2)))
    return float(np.mean(np.sum((soft(truth, chances.shape) - chances) ** 2, axis=1)))


def fit_temperature(logits: ArrayLike, truth: ArrayLike) -> float:
    """The temperature T that makes `softmax(logits / T)` likeliest, 0.01..100. Above 1: it was overconfident.

    The negative log likelihood is convex in 1 / T, so the root of its slope is found by bisection. Log chances
    can stand for logits. Source: Guo et al. 2017, section 4.2.

    Args:
        logits: [n, L].
        truth: [n] numbers of labels, or [n, L] shares of raters.

    Raises:
        InputError: Shapes do not fit, empty, nan, or a label number outside 0..L-1.
    """
    z = numbers("logits", logits, 2)
    z = z - z.max(axis=1, keepdims=True)
    wanted = float(np.sum(soft(truth, z.shape) * z))

    def slope(temperature: float) -> float:
        raised = np.exp(z / temperature)
        return float(np.sum(raised * z / raised.sum(axis=1, keepdims=True))) - wanted

    cold, hot = np.log(COLDEST), np.log(HOTTEST)
    if slope(COLDEST) <= 0.0:
        return COLDEST
    if slope(HOTTEST) >= 0.0:
        return HOTTEST
    for _ in range(_HALVINGS):
        middle = (cold + hot) / 2.0
        cold, hot = (middle, hot) if slope(float(np.exp(middle))) > 0.0 else (cold, middle)
    return float(np.exp((cold + hot) / 2.0))


def soft(truth: ArrayLike, shape: tuple[int, ...]) -> Array:
    """[n] label numbers or [n, L] shares -> [n, L] shares.

    Raises:
        InputError: It does not fit `shape`, or a number is no label.
    """
    given = numbers("truth", truth, (1, 2))
    if given.ndim == 2:
        if given.shape != shape:
            raise InputError("truth", f"shape {given.shape}", f"Give {shape} shares or {shape[:1]} label numbers.")
        return shares("truth", given)
    same_length(("truth", "items"), given, range(shape[0]))
    if (given != np.round(given)).any() or given.min() < 0 or given.max() >= shape[1]:
        raise InputError("truth", "a number that is no label", f"Give whole numbers 0..{shape[1] - 1}.")
    return np.asarray(np.eye(shape[1])[given.astype(np.int64)], dtype=np.float64)


def _checked(confidence: ArrayLike, correct: ArrayLike) -> tuple[Array, Array]:
    stated, right = numbers("confidence", confidence, 1), numbers("correct", correct, 1)
    same_length(("confidence", "correct"), stated, right)
    if stated.min() < 0.0 or stated.max() > 1.0 + 1e-6:  # float32 chances may miss 1 by a rounding error
        raise InputError("confidence", f"{stated.min():.3g}..{stated.max():.3g}", "Confidence is a chance, 0..1.")
    if not np.isin(right, (0.0, 1.0)).all():
        raise InputError("correct", "something other than true and false", "Say of each item whether it was right.")
    return stated, right
