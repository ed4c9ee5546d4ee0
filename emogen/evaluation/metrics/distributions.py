"""Distances and likeness of distributions over emotions (soft labels), the measures of label distribution learning.

`truth` and `found` are both [L] or both [n, L]; rows are shares that sum to 1. The answer is a number for [L] and
an array [n], one figure a row, for [n, L].
Source of the set of measures: Geng 2016, Label Distribution Learning, table 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, shares

_LEAST = 1e-12  # a chance of 0 counts as this, so that KL stays finite; own assumption


def _both(truth: ArrayLike, found: ArrayLike) -> tuple[Array, Array]:
    p, q = shares("truth", truth), shares("found", found)
    if p.shape != q.shape:
        raise InputError("truth and found", f"shapes {p.shape} and {q.shape}", "Give one shape for both.")
    return p, q


def _ratio(above: Array, below: Array) -> Array:
    """Above / below with 0 / 0 = 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)


def kl(truth: ArrayLike, found: ArrayLike) -> Array:
    """Kullback-Leibler divergence in nats, 0.., less is better: `sum p ln(p / q)`, p = truth.

    Where `found` is 0 it counts as 1e-12 (and its row is made to sum to 1 again). Not symmetric.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    p, q = _both(truth, found)
    q = np.maximum(q, _LEAST)
    q = q / q.sum(axis=-1, keepdims=True)
    return np.maximum(_divergence(p, q), 0.0)


def js_divergence(truth: ArrayLike, found: ArrayLike) -> Array:
    """Jensen-Shannon divergence to base 2, 0..1, less is better; 1 where nothing is shared. Symmetric.

    `(KL(p, m) + KL(q, m)) / 2` with `m = (p + q) / 2`. Its square root is a metric.
    Source: Lin 1991, Divergence measures based on the Shannon entropy.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    p, q = _both(truth, found)
    middle = (p + q) / 2.0
    bits = (_divergence(p, middle) + _divergence(q, middle)) / (2.0 * np.log(2.0))
    return np.clip(bits, 0.0, 1.0)


def cosine(truth: ArrayLike, found: ArrayLike) -> Array:
    """Cosine of the angle between distributions, 0..1, more is better.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    p, q = _both(truth, found)
    lengths = np.sqrt(np.sum(p * p, axis=-1)) * np.sqrt(np.sum(q * q, axis=-1))
    return np.clip(np.sum(p * q, axis=-1) / lengths, 0.0, 1.0)


def chebyshev(truth: ArrayLike, found: ArrayLike) -> Array:
    """The largest difference of a share, 0..1, less is better: `max |p - q|`.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    p, q = _both(truth, found)
    return np.asarray(np.abs(p - q).max(axis=-1))[()]


def clark(truth: ArrayLike, found: ArrayLike) -> Array:
    """Clark distance, 0..sqrt(L), less is better: `sqrt(sum (p - q)^2 / (p + q)^2)`; labels with 0 in both count 0.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    p, q = _both(truth, found)
    return np.sqrt(np.sum(_ratio(np.abs(p - q), p + q) ** 2, axis=-1))


def canberra(truth: ArrayLike, found: ArrayLike) -> Array:
    """Canberra distance, 0..L, less is better: `sum |p - q| / (p + q)`; labels with 0 in both count 0.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    p, q = _both(truth, found)
    return np.sum(_ratio(np.abs(p - q), p + q), axis=-1)


def intersection(truth: ArrayLike, found: ArrayLike) -> Array:
    """The part that two distributions share, 0..1, more is better: `sum min(p, q)`.

    Raises:
        InputError: Shapes differ, empty, nan, or rows that are no distributions.
    """
    p, q = _both(truth, found)
    return np.minimum(np.sum(np.minimum(p, q), axis=-1), 1.0)


def _divergence(p: Array, q: Array) -> Array:
    """Sum of p ln(p / q) over labels with p > 0; q must not be 0 there."""
    safe = np.where(p > 0.0, p, 1.0)
    return np.asarray(np.sum(p * (np.log(safe) - np.log(np.where(p > 0.0, q, 1.0))), axis=-1))[()]
