"""Distances of two sets of features of any recogniser: Frechet (the family of FAD, FID, FGD) and kernel (KID).

FAD is the Frechet distance in features of VGGish, FID of Inception, FGD of a gesture autoencoder. With other
features it is "the Frechet distance in <features>", and never to be compared with figures in others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, numbers

_FLOOR_DRAWS = 10  # random halves that `frechet_floor` averages; own assumption


def frechet_distance(truth: ArrayLike, found: ArrayLike, shrink: bool | None = None) -> float:
    """Frechet distance of the Gaussians of two sets, 0.., less is better, in squared units of the features. Symmetric.

    `|m1 - m2|^2 + Tr(S1 + S2 - 2 (S1^.5 S2 S1^.5)^.5)`, roots by eigenvalues, so that it stays real. It is biased
    upwards for small sets: state n, and `frechet_floor` of the reference beside it. Fewer items than features make
    covariances without full rank; they are then shrunk towards a sphere (`shrinkage`), which gives
    smaller figures: compare only like with like.
    Source: Dowson & Landau 1982; Heusel et al. 2017 (FID); Ledoit & Wolf 2004 for the shrinkage.

    Args:
        truth: [n, d] features of the reference, n >= 2.
        found: [m, d] features of what is judged, m >= 2.
        shrink: Shrink both covariances; left out: where one of the sets has no more items than features.

    Raises:
        InputError: Not 2-D, empty, nan, different d, or a set of one item.
    """
    x, y = _sets(truth, found)
    if shrink is None:
        shrink = min(len(x), len(y)) <= x.shape[1]
    one, two = _covariance(x, shrink), _covariance(y, shrink)
    root = _root(one)
    between = np.linalg.eigvalsh(_even(root @ two @ root))
    means = float(np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2))
    crossed = 2.0 * float(np.sum(np.sqrt(np.maximum(between, 0.0))))
    return max(0.0, means + float(np.trace(one) + np.trace(two)) - crossed)


def frechet_floor(truth: ArrayLike, shrink: bool | None = None, seed: int = 0) -> float:
    """What `frechet_distance` says of the reference against itself: the mean over 10 random splits into halves.

    A distance near it cannot be told from 0. Halves have half the items, so it is a little too high for the full
    set. Source: own definition of the usual real-against-real row.

    Args:
        truth: [n, d], n >= 4.
        shrink: As in `frechet_distance`.
        seed: Of the splits.

    Raises:
        InputError: Not 2-D, empty, nan, or fewer than 4 items.
    """
    x = numbers("truth", truth, 2)
    if len(x) < 4:
        raise InputError("truth", f"{len(x)} items", "Give 4 or more, to have two halves.")
    rng = np.random.default_rng(seed)
    half = len(x) // 2
    orders = [rng.permutation(len(x)) for _ in range(_FLOOR_DRAWS)]
    return float(np.mean([frechet_distance(x[o[:half]], x[o[half:]], shrink) for o in orders]))


def shrinkage(values: ArrayLike) -> float:
    """How far the covariance of a set is drawn towards a sphere of the same trace, 0..1, by Ledoit and Wolf.

    The share that brings it nearest to the true covariance in expectation; falls with n.
    Source: Ledoit & Wolf 2004, A well-conditioned estimator for large-dimensional covariance matrices, section 3.

    Args:
        values: [n, d].

    Raises:
        InputError: Not 2-D, empty, nan.
    """
    x = numbers("values", values, 2)
    x = x - x.mean(axis=0)
    n, d = x.shape
    s = x.T @ x / n
    squares = float(np.sum(s * s))
    away = squares - float(np.trace(s)) ** 2 / d
    if away <= 1e-12 * squares:  # a sphere already, or one feature, or no spread
        return 0.0
    noise = (float(np.sum(np.sum(x * x, axis=1) ** 2)) - n * squares) / n**2
    return float(np.clip(noise / away, 0.0, 1.0))


def kernel_distance(
    truth: ArrayLike, found: ArrayLike, degree: int = 3, gamma: float | None = None, offset: float = 1.0
) -> float:
    """Kernel distance: the unbiased estimate of the squared MMD with `(gamma x.y + offset)^degree`. Symmetric.

    0 is expected of equal distributions at any n (so it may fall a little below 0), more is worse: the one to use
    for small sets. In Inception features it is KID.
    Source: Gretton et al. 2012, A kernel two-sample test, equation 3; Binkowski et al. 2018, Demystifying MMD GANs
    (the cubic kernel).

    Args:
        truth: [n, d], n >= 2.
        found: [m, d], m >= 2.
        degree: 1 or more.
        gamma: Left out: 1 / d.
        offset: 0 or more.

    Raises:
        InputError: Not 2-D, empty, nan, different d, a set of one item, or a kernel that is none.
    """
    x, y = _sets(truth, found)
    if not degree >= 1 or degree % 1 != 0 or not offset >= 0.0 or (gamma is not None and not gamma > 0.0):
        raise InputError(
            "kernel", f"degree {degree}, gamma {gamma}, offset {offset}", "Degree >= 1, gamma > 0, offset >= 0."
        )
    scale = 1.0 / x.shape[1] if gamma is None else gamma

    def kernel(a: Array, b: Array) -> Array:
        return np.asarray((scale * (a @ b.T) + offset) ** int(degree), dtype=np.float64)

    return _off_diagonal(kernel(x, x)) + _off_diagonal(kernel(y, y)) - 2.0 * float(kernel(x, y).mean())


def _sets(truth: ArrayLike, found: ArrayLike) -> tuple[Array, Array]:
    x, y = numbers("truth", truth, 2), numbers("found", found, 2)
    if x.shape[1] != y.shape[1]:
        raise InputError(
            "truth and found", f"{x.shape[1]} and {y.shape[1]} features", "Give the same features of both."
        )
    if min(len(x), len(y)) < 2:
        raise InputError("truth and found", f"{len(x)} and {len(y)} items", "Give 2 or more of each.")
    return x, y


def _covariance(x: Array, shrink: bool) -> Array:
    """[d, d] covariance over n - 1, shrunk if asked."""
    centred = x - x.mean(axis=0)
    s = centred.T @ centred / (len(x) - 1)
    if not shrink:
        return np.asarray(s, dtype=np.float64)
    share, d = shrinkage(x), x.shape[1]
    return np.asarray((1.0 - share) * s + share * np.trace(s) / d * np.eye(d), dtype=np.float64)


def _even(matrix: Array) -> Array:
    return np.asarray((matrix + matrix.T) / 2.0, dtype=np.float64)


def _root(matrix: Array) -> Array:
    """Symmetric square root of a covariance; eigenvalues that rounding made negative count 0."""
    values, vectors = np.linalg.eigh(_even(matrix))
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T, dtype=np.float64)


def _off_diagonal(kernel: Array) -> float:
    n = len(kernel)
    return float(kernel.sum() - np.trace(kernel)) / (n * (n - 1))
