"""Agreement of numbers: CCC, RMSE, MAE and Pearson's r, for valence, arousal and dominance.

Arrays are [n], one value an item, in any one unit (VAD: -1..1). Pool a whole set into one array: the mean of
clip-wise CCC is another, smaller number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emogen.evaluation.metrics.checks import Array, pair


def ccc(truth: ArrayLike, found: ArrayLike) -> float:
    """Lin's concordance correlation coefficient, -1..1; 1 only where both are equal item by item.

    `2 s_xy / (s_x^2 + s_y^2 + (m_x - m_y)^2)` with moments over n. Two constants: 1 if equal, else 0.
    Source: Lin 1989, A concordance correlation coefficient to evaluate reproducibility.

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    x, y = pair(truth, found)
    scale = max(float(np.abs(x).max()), float(np.abs(y).max())) or 1.0
    x, y = x / scale, y / scale  # CCC knows no unit; keeps squares of tiny numbers from vanishing
    dx, dy = _centred(x), _centred(y)
    below = float(dx @ dx + dy @ dy) / len(x) + float(x.mean() - y.mean()) ** 2
    return 1.0 if below == 0.0 else float(np.clip(2.0 * float(dx @ dy) / len(x) / below, -1.0, 1.0))


def pearson(truth: ArrayLike, found: ArrayLike) -> float:
    """Pearson's correlation, -1..1; 0 where one of the two is constant (nothing varies together).

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    x, y = pair(truth, found)
    dx, dy = _unit(_centred(x)), _unit(_centred(y))
    return float(np.clip(dx @ dy, -1.0, 1.0))


def rmse(truth: ArrayLike, found: ArrayLike) -> float:
    """Root of the mean squared error, 0.., in the unit of the values.

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    x, y = pair(truth, found)
    return float(np.sqrt(np.mean((x - y) ** 2)))


def mae(truth: ArrayLike, found: ArrayLike) -> float:
    """Mean absolute error, 0.., in the unit of the values.

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    x, y = pair(truth, found)
    return float(np.mean(np.abs(x - y)))


def _centred(x: Array) -> Array:
    """Deviations from the mean; exactly 0 for a constant, whose mean may be off by a rounding error."""
    if (x == x[0]).all():
        return np.zeros_like(x)
    return np.asarray(x - x.mean(), dtype=np.float64)


def _unit(d: Array) -> Array:
    """A vector of length 1 in the direction of d; 0 for 0."""
    peak = float(np.abs(d).max())
    if peak == 0.0:
        return d
    d = d / peak
    return np.asarray(d / np.sqrt(d @ d), dtype=np.float64)
