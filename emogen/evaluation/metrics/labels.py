"""Labels asked for against labels found: accuracy, UAR, WAR, macro-F1 and the confusion matrix.

`truth` and `found` are sequences of n hashable labels (words, numbers), in the same order of items.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import items, same_length

Labels = Iterable[Hashable]


def _both(truth: Labels, found: Labels) -> tuple[list[Hashable], list[Hashable]]:
    a, b = items("truth", truth), items("found", found)
    same_length(("truth", "found"), a, b)
    return a, b


def _codes(truth: Labels, found: Labels, labels: Sequence[Hashable] | None) -> tuple[NDArray[np.int64], ...]:
    """Codes of truth and found, and those codes that count; labels beyond `labels` get codes that do not."""
    a, b = _both(truth, found)
    wanted = list(dict.fromkeys(a + b)) if labels is None else _distinct(labels)
    code = {label: i for i, label in enumerate(wanted)}
    for label in a + b:
        code.setdefault(label, len(code))
    one = np.fromiter((code[x] for x in a), dtype=np.int64, count=len(a))
    two = np.fromiter((code[x] for x in b), dtype=np.int64, count=len(b))
    return one, two, np.arange(len(wanted)), np.arange(len(code))


def _distinct(labels: Sequence[Hashable]) -> list[Hashable]:
    wanted = items("labels", labels)
    if len(set(wanted)) != len(wanted):
        raise InputError("labels", "a label that stands twice", "Name each label once.")
    return wanted


def accuracy(truth: Labels, found: Labels) -> float:
    """Part of the items that were named right, 0..1: `#(truth = found) / n`.

    Raises:
        InputError: Lengths differ, or there are no items.
    """
    a, b = _both(truth, found)
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a)


def war(truth: Labels, found: Labels) -> float:
    """Weighted average recall, 0..1: recalls weighted by how often each class occurs, which is `accuracy`.

    Source: the name is used beside UAR since Schuller et al., The INTERSPEECH 2009 Emotion Challenge.

    Raises:
        InputError: Lengths differ, or there are no items.
    """
    return accuracy(truth, found)


def uar(truth: Labels, found: Labels, labels: Sequence[Hashable] | None = None) -> float:
    """Unweighted average recall, 0..1: the mean recall of the classes that occur in `truth`.

    A class that `truth` does not hold is left out, it does not count as 0. Chance is 1 / classes.
    Source: Schuller et al., The INTERSPEECH 2009 Emotion Challenge.

    Args:
        truth: [n] labels.
        found: [n] labels.
        labels: Count these classes only (items of other classes in `truth` are passed over).

    Raises:
        InputError: Lengths differ, there are no items, or none of `labels` occurs in `truth`.
    """
    a, b, counted, every = _codes(truth, found, labels)
    there = np.bincount(a, minlength=len(every))[counted]
    right = np.bincount(a[a == b], minlength=len(every))[counted]
    if not there.any():
        raise InputError("labels", "none of them occurs in truth", "Name labels that truth holds.")
    return float(np.mean(right[there > 0] / there[there > 0]))


def macro_f1(truth: Labels, found: Labels, labels: Sequence[Hashable] | None = None) -> float:
    """Mean over classes of `F1 = 2 TP / (2 TP + FP + FN)`, 0..1.

    Classes are all that occur in `truth` or `found`: one that is found but never true counts 0.
    Source: Opitz & Burst 2019, Macro F1 and Macro F1 (the mean of the classes' F1).

    Args:
        truth: [n] labels.
        found: [n] labels.
        labels: Average over these classes only, as far as they occur.

    Raises:
        InputError: Lengths differ, there are no items, or none of `labels` occurs.
    """
    a, b, counted, every = _codes(truth, found, labels)
    total = (np.bincount(a, minlength=len(every)) + np.bincount(b, minlength=len(every)))[counted]
    right = np.bincount(a[a == b], minlength=len(every))[counted]
    if not total.any():
        raise InputError("labels", "none of them occurs", "Name labels that truth or found hold.")
    return float(np.mean(2.0 * right[total > 0] / total[total > 0]))


def confusion(truth: Labels, found: Labels, labels: Sequence[Hashable] | None = None) -> NDArray[np.int64]:
    """Counts [L, L]: row i, column j = items of label i that were called label j.

    Args:
        truth: [n] labels.
        found: [n] labels.
        labels: Order of rows and columns; left out: all labels that occur, sorted as text.

    Raises:
        InputError: Lengths differ, there are no items, or a label is not in `labels`.
    """
    a, b = _both(truth, found)
    order = sorted(set(a + b), key=str) if labels is None else _distinct(labels)
    at = {label: i for i, label in enumerate(order)}
    stranger = next((x for x in a + b if x not in at), None)
    if stranger is not None:
        raise InputError("labels", f'"{stranger}" occurs but is not among them', "Name every label that occurs.")
    counts = np.zeros((len(order), len(order)), dtype=np.int64)
    np.add.at(counts, ([at[x] for x in a], [at[x] for x in b]), 1)
    return counts
