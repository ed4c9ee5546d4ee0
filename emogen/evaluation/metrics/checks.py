"""What every metric asks of its arrays: numbers, not empty, finite, of shapes that fit each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import InputError

Array = NDArray[np.float64]

#: How far shares may miss a sum of 1 before they count as wrong: three-digit tables round to this. Own assumption.
SHARES_TOLERANCE = 0.02


def numbers(name: str, values: ArrayLike, ndim: int | tuple[int, ...]) -> Array:
    """Float64 array with one of the given numbers of dimensions, not empty, without nan and inf.

    Raises:
        InputError: It is something else.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(name, "not an array of numbers", "Give numbers of one shape.") from error
    allowed = (ndim,) if isinstance(ndim, int) else ndim
    if array.ndim not in allowed:
        raise InputError(name, f"shape {array.shape}", f"Give {' or '.join(f'{d}-D' for d in allowed)} numbers.")
    if array.size == 0:
        raise InputError(name, "empty", "Give at least one value.")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise InputError(name, f"{bad} of {array.size} values are nan or infinite", "Leave those items out first.")
    return array


def pair(
    truth: ArrayLike, found: ArrayLike, ndim: int | tuple[int, ...] = 1, names: tuple[str, str] = ("truth", "found")
) -> tuple[Array, Array]:
    """Two arrays of the same shape, each as `numbers` asks.

    Raises:
        InputError: One is not, or the shapes differ.
    """
    a, b = numbers(names[0], truth, ndim), numbers(names[1], found, ndim)
    if a.shape != b.shape:
        raise InputError(f"{names[0]} and {names[1]}", f"shapes {a.shape} and {b.shape}", "Give one shape for both.")
    return a, b


def same_length(names: tuple[str, str], one: Any, other: Any) -> None:
    """Refuses two sequences of different length.

    Raises:
        InputError: They differ.
    """
    if len(one) != len(other):
        raise InputError(
            " and ".join(names), f"{len(one)} and {len(other)} items", "Give as many of the one as of the other."
        )


def items(name: str, values: Iterable[Hashable]) -> list[Hashable]:
    """A list of labels, not empty.

    Raises:
        InputError: It is empty, or holds something that is no label.
    """
    if isinstance(values, str):
        raise InputError(name, "one word", "Give a sequence of labels.")
    found = np.asarray(values).tolist() if isinstance(values, np.ndarray) else list(values)
    if not found:
        raise InputError(name, "empty", "Give at least one label.")
    for value in found:
        if isinstance(value, list | dict | set | np.ndarray):
            raise InputError(name, f"{type(value).__name__} as a label", "Give one label an item.")
        if value is None or value != value:
            raise InputError(name, "an item without a label", "Leave items without a label out first.")
    return found


def shares(name: str, values: ArrayLike) -> Array:
    """Distributions [L] or [n, L]: no share below 0, rows sum to 1 (within `SHARES_TOLERANCE`; made exact).

    Raises:
        InputError: They are something else.
    """
    array = numbers(name, values, (1, 2))
    if (array < 0.0).any():
        raise InputError(name, f"a share of {array.min():.3g}", "Shares are 0 or more.")
    total = array.sum(axis=-1, keepdims=True)
    if np.abs(total - 1.0).max() > SHARES_TOLERANCE:
        wrong = float(total.flat[int(np.abs(total - 1.0).argmax())])
        raise InputError(name, f"shares that sum to {wrong:.4g}", "The shares of a distribution sum to 1.")
    return np.asarray(array / total, dtype=np.float64)
