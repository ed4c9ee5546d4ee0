"""Whether generation does what it was asked: error on VAD axes, order and straightness of a control, side effects.

What is asked comes first, what a judge perceived second. The judge must not be a model that steered, chose or
ranked what it judges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, numbers, pair, same_length
from emogen.evaluation.metrics.dimensions import ccc, pearson


@dataclass(frozen=True)
class VadError:
    """How far perceived VAD lies from what was asked, over n items and d axes, in the unit of the values.

    Attributes:
        absolute: [d] mean absolute error of each axis, 0.., less is better.
        euclidean: Mean distance over all axes, 0.., less is better.
        ccc: [d] concordance of asked and perceived, -1..1, more is better.
        spread: [d] standard deviation of what was perceived. Near 0, the control moves nothing, however small the
            error: that is why it stands beside it.
    """

    absolute: Array
    euclidean: float
    ccc: Array
    spread: Array


def vad_error(asked: ArrayLike, perceived: ArrayLike) -> VadError:
    """Error of controlled generation on valence, arousal (and dominance).

    Source: the mean absolute error of EmotiCrafter (V/A error), beside CCC and spread; the Euclidean mean is an
    own addition.

    Args:
        asked: [n, d].
        perceived: [n, d].

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    a, b = pair(asked, perceived, 2, ("asked", "perceived"))
    return VadError(
        np.mean(np.abs(a - b), axis=0),
        float(np.mean(np.sqrt(np.sum((a - b) ** 2, axis=1)))),
        np.array([ccc(a[:, i], b[:, i]) for i in range(a.shape[1])]),
        b.std(axis=0),
    )


def spearman(truth: ArrayLike, found: ArrayLike) -> float:
    """Spearman's rank correlation, -1..1; equal values share their mean rank; 0 where one of the two is constant.

    Source: Spearman 1904, The proof and measurement of association between two things.

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    x, y = pair(truth, found)
    return pearson(_ranks(x), _ranks(y))


def monotonicity(asked: ArrayLike, perceived: ArrayLike) -> float:
    """Whether more asked is more perceived, -1..1, more is better: Spearman's correlation per item, then the mean.

    An item in which nothing moves counts 0, not nan.

    Args:
        asked: [k] values of the control, or [n, k] for n items.
        perceived: [k] or [n, k] what was perceived at each of them.

    Raises:
        InputError: Shapes do not fit, empty, nan.
    """
    return float(np.mean([spearman(a, b) for a, b in zip(*_sweeps(asked, perceived), strict=True)]))


def rising(asked: ArrayLike, perceived: ArrayLike) -> float:
    """Part of the steps of a control upwards that were perceived as upwards, 0..1, more is better; chance is 0.5.

    Source: own definition, the strict companion of `monotonicity`. Arguments as there.

    Raises:
        InputError: Shapes do not fit, empty, nan, or the control does not move.
    """
    a, b = _sweeps(asked, perceived)
    order = np.argsort(a, axis=1, kind="stable")
    up = np.diff(np.take_along_axis(a, order, axis=1), axis=1) > 0.0
    if not up.any():
        raise InputError("asked", "a control that does not move", "Give two or more different values.")
    return float(np.mean((np.diff(np.take_along_axis(b, order, axis=1), axis=1) > 0.0)[up]))


def linearity(asked: ArrayLike, perceived: ArrayLike) -> float:
    """How straight a control is, 0..1, more is better: R^2 of the line `perceived ~ asked` per item, then the mean.

    R^2 of a line by least squares is Pearson's r squared: a falling line is as straight as a rising one, so read
    it beside `monotonicity`. Nothing moves: 0. Source: the linearity of Music FaderNets (Tan & Herremans 2020).
    Arguments and errors as in `monotonicity`.
    """
    return float(np.mean([pearson(a, b) ** 2 for a, b in zip(*_sweeps(asked, perceived), strict=True)]))


def control_accuracy(asked: ArrayLike, perceived: ArrayLike, least: float = 0.0) -> float:
    """Part of the edits that moved the perceived value the asked way, 0..1, more is better; chance is at most 0.5.

    An edit that moved nothing is wrong. Source: own definition.

    Args:
        asked: [n] the change asked for, with its sign; none may be 0.
        perceived: [n] the change perceived: after less before.
        least: Movements up to this size count as none, in the unit of `perceived`.

    Raises:
        InputError: Shapes differ, empty, nan, a change of 0 was asked for, or `least` is below 0.
    """
    a, b = pair(asked, perceived, 1, ("asked", "perceived"))
    if (a == 0.0).any():
        raise InputError("asked", "a change of 0", "Leave edits out that ask for no change.")
    if not least >= 0.0:
        raise InputError("least", f"{least}", "Give 0 or more.")
    return float(np.mean((np.sign(a) == np.sign(b)) & (np.abs(b) > least)))


@dataclass(frozen=True)
class Faders:
    """What f faders do to the f attributes they are named for.

    Attributes:
        own: [f] Spearman's correlation of each fader with its attribute, -1..1, more is better.
        others: [f, f] Spearman's correlation of fader i with attribute j.
        cross_talk: Mean absolute correlation of faders with attributes of other faders, 0..1, less is better; 0 for
            a single fader.
    """

    own: Array
    others: Array
    cross_talk: float


def faders(asked: ArrayLike, perceived: ArrayLike) -> Faders:
    """Consistency of faders and their cross-talk, from items in which all faders were set independently.

    Faders that were moved together show as cross-talk: set them at random. Source: own definition, after the
    questions of Music FaderNets; its own figures are `fader_consistency` and `fader_restrictiveness`.

    Args:
        asked: [n, f] where each fader stood.
        perceived: [n, f] what was measured of each attribute.

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    a, b = pair(asked, perceived, 2, ("asked", "perceived"))
    f = a.shape[1]
    table = np.array([[spearman(a[:, i], b[:, j]) for j in range(f)] for i in range(f)])
    off = np.abs(table)[~np.eye(f, dtype=bool)]
    return Faders(np.diag(table).copy(), table, float(off.mean()) if off.size else 0.0)


def fader_consistency(values: ArrayLike, scale: float) -> float:
    """Whether a fader position means the same everywhere, ..1, more is better.

    `1 - mean over positions of the std over samples`. Source: Music FaderNets (Tan & Herremans 2020).

    Args:
        values: [k, n] the fader's own attribute at k positions in n samples.
        scale: Standard deviation of the attribute in the data, above 0: the unit.

    Raises:
        InputError: Not 2-D, empty, nan, or a scale that is not above 0.
    """
    return 1.0 - float(np.mean(_scaled(values, scale).std(axis=1)))


def fader_restrictiveness(values: ArrayLike, scale: float) -> float:
    """Whether a fader leaves another attribute alone, ..1, more is better.

    `1 - mean over samples of the std over positions`. Source: Music FaderNets (Tan & Herremans 2020).

    Args:
        values: [k, n] the other attribute at k positions of the fader in n samples.
        scale: Standard deviation of that attribute in the data, above 0: the unit.

    Raises:
        InputError: Not 2-D, empty, nan, or a scale that is not above 0.
    """
    return 1.0 - float(np.mean(_scaled(values, scale).std(axis=0)))


def _scaled(values: ArrayLike, scale: float) -> Array:
    array = numbers("values", values, 2)
    if not 0.0 < scale < np.inf:
        raise InputError("scale", f"{scale}", "Give the attribute's standard deviation, above 0.")
    return np.asarray(array / scale, dtype=np.float64)


def _sweeps(asked: ArrayLike, perceived: ArrayLike) -> tuple[Array, Array]:
    """Both as [n, k]."""
    a, b = numbers("asked", asked, (1, 2)), np.atleast_2d(numbers("perceived", perceived, (1, 2)))
    if a.ndim == 1:
        same_length(("asked", "each row of perceived"), a, b[0])
        a = np.broadcast_to(a, b.shape)
    return pair(a, b, 2, ("asked", "perceived"))


def _ranks(x: Array) -> Array:
    """Ranks from 1; equal values have the mean of theirs."""
    _, at, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[at.reshape(-1)], dtype=np.float64)
