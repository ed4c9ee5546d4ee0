"""Accuracy, UAR, macro-F1 and the confusion matrix, against hand values and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from emogen.errors import InputError
from emogen.evaluation.metrics import accuracy, confusion, macro_f1, uar, war

TRUTH = ["joy", "joy", "joy", "anger", "anger", "fear"]
FOUND = ["joy", "joy", "fear", "anger", "joy", "fear"]
PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=40)


def test_hand_values() -> None:
    assert accuracy(TRUTH, FOUND) == war(TRUTH, FOUND) == pytest.approx(4 / 6)
    assert uar(TRUTH, FOUND) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert macro_f1(TRUTH, FOUND) == pytest.approx((4 / 6 + 2 / 3 + 2 / 3) / 3)
    order = ["joy", "anger", "fear"]
    np.testing.assert_array_equal(confusion(TRUTH, FOUND, order), [[2, 0, 1], [1, 1, 0], [0, 0, 1]])


def test_classes_that_do_not_occur() -> None:
    assert uar(["a", "a"], ["a", "b"]) == 0.5  # b is no class of the reference
    assert macro_f1(["a", "a"], ["a", "b"]) == pytest.approx((2 / 3 + 0) / 2)  # found but never true: 0
    assert uar(TRUTH, FOUND, labels=["joy", "pride"]) == pytest.approx(2 / 3)


@given(PAIRS)
def test_equals_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    truth, found = zip(*pairs, strict=True)
    assert accuracy(truth, found) == pytest.approx(sk.accuracy_score(truth, found))
    there = sorted(set(truth))
    assert uar(truth, found) == pytest.approx(sk.recall_score(truth, found, labels=there, average="macro"))
    assert macro_f1(truth, found) == pytest.approx(sk.f1_score(truth, found, average="macro", zero_division=0))
    if len({*truth, *found}) > 1:  # scikit-learn warns of a single label
        np.testing.assert_array_equal(confusion(truth, found), sk.confusion_matrix(truth, found))


@given(PAIRS, st.randoms(use_true_random=False))
def test_order_of_items_does_not_matter(pairs: list[tuple[str, str]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for metric in (accuracy, uar, macro_f1):
        value = metric(*zip(*pairs, strict=True))
        assert value == pytest.approx(metric(*zip(*shuffled, strict=True)))
        assert 0.0 <= value <= 1.0


@pytest.mark.parametrize("metric", [accuracy, war, uar, macro_f1, confusion])
def test_refusals(metric: object) -> None:
    for truth, found in (([], []), (["a"], ["a", "b"]), ("word", "word"), ([None], ["a"]), ([float("nan")], [1.0])):
        with pytest.raises(InputError):
            metric(truth, found)  # type: ignore[operator]


def test_refuses_labels_that_cannot_be() -> None:
    with pytest.raises(InputError, match="twice"):
        uar(TRUTH, FOUND, labels=["joy", "joy"])
    with pytest.raises(InputError, match="none of them"):
        uar(TRUTH, FOUND, labels=["pride"])
    with pytest.raises(InputError, match="none of them"):
        macro_f1(TRUTH, FOUND, labels=["pride"])
    with pytest.raises(InputError, match="fear"):
        confusion(TRUTH, FOUND, ["joy", "anger"])
