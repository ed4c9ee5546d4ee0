"""A point in VAD space -> how likely each term is there (and back: nothing but the norms).

Each term is a Gaussian in VAD space, `p(term | vad) ~ N(vad; mean, covariance)` with equal priors, after
"Revisiting Emotions Representation" (arXiv 2602.06778), which also gives the correlations per term. Those of
fear and anger are no correlation matrices (their smallest eigenvalue is negative); clipped at the 1e-6 of the
paper, fear would be a flat disc that misses its own neighbourhood. Here a matrix is instead mixed with
identity until its smallest eigenvalue is `SMALLEST_EIGENVALUE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from emogen.conditioning.vocabulary import NEUTRAL, norm, read_table

#: Standard deviations of a term's V, A and D. Own assumption: the published column was not found.
SD = (0.22, 0.32, 0.32)
#: Standard deviation of neutral on each axis (arXiv 2602.06778, its code).
NEUTRAL_SD = (0.1, 0.1, 0.1)
#: Terms in which a bare VAD point is expressed. Own choice: the 14 classes to which arXiv 2602.06778 reduces
#: the 151 adjectives, with calm, humility, anxiety, distress, boredom and disdain for the corners that those leave empty, without
#: its doublets (elated beside happy, astonished beside surprised).
BASIS = (
    NEUTRAL,
    "joy",
    "excitement",
    "pride",
    "love",
    "hope",
    "calm",
    "surprise",
    "anxiety",
    "fear",
    "distress",
    "anger",
    "contempt",
    "disgust",
    "disdain",
    "sadness",
    "boredom",
    "fatigue",
    "humility",
)
#: Least eigenvalue of a term's correlation matrix. Own assumption: keeps every Gaussian a ball, not a disc.
SMALLEST_EIGENVALUE = 0.3
_SMALLEST_SHARE = 1e-3  # own assumption: shares below a thousandth are left out


@cache
def _correlations() -> dict[str, tuple[float, float, float]]:
    return {r["term"]: (float(r["vd"]), float(r["ad"]), float(r["va"])) for r in read_table("correlations")}


@cache
def gaussian(name: str) -> tuple[np.ndarray, float]:
    """Inverse covariance (3, 3) of a term in VAD order and its log normaliser."""
    sd = np.array(NEUTRAL_SD if name == NEUTRAL else SD)
    vd, ad, va = _correlations().get(name, (0.0, 0.0, 0.0))
    correlation = np.array([[1.0, va, vd], [va, 1.0, ad], [vd, ad, 1.0]])
    least = float(np.linalg.eigvalsh(correlation)[0])
    mix = max(0.0, (SMALLEST_EIGENVALUE - least) / (1.0 - least)) if least < 1.0 else 0.0
    covariance = ((1.0 - mix) * correlation + mix * np.eye(3)) * np.outer(sd, sd)
    return np.linalg.inv(covariance), float(-0.5 * np.linalg.slogdet(covariance)[1])


@cache
def _stack(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    means = np.stack([norm(n) for n in names])
    return means, np.stack([gaussian(n)[0] for n in names]), np.array([gaussian(n)[1] for n in names])


def log_likelihood(vad: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Log density (n,) of each named term at a point (3,), less the constant shared by all."""
    means, inverse, logs = _stack(tuple(names))
    away = vad - means
    return logs - 0.5 * np.einsum("ni,nij,nj->n", away, inverse, away)


def posterior(vad: Iterable[float], names: Sequence[str] = BASIS) -> dict[str, float]:
    """Share of each term at a point, largest first; they sum to 1 and those under 0.001 are left out.

    Args:
        vad: Valence, arousal, dominance, each -1..1.
        names: Terms to share the point among, equally likely beforehand.
    """
    log = log_likelihood(np.asarray(tuple(vad), dtype=np.float64), names)
    share = np.exp(log - log.max())
    share /= share.sum()
    share[share < _SMALLEST_SHARE] = 0.0
    share /= share.sum()
    order = np.argsort(-share, kind="stable")
    return {names[i]: float(share[i]) for i in order if share[i] > 0.0}
