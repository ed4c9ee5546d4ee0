"""Free words against free words, on the groups of emotion wheels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from emogen.conditioning import taxonomies
from emogen.errors import InputError
from emogen.evaluation.metrics import open_vocabulary_scores, set_scores
from emogen.evaluation.metrics.open_vocabulary import WHEELS, groups

WORDS = ("happy", "proud", "furious", "sad", "afraid", "disgusted", "amazed", "grief", "hopeful", "neutral")


@st.composite
def said(draw: DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    n = draw(st.integers(1, 6))
    words = st.lists(st.sampled_from(WORDS), max_size=4)
    truth = [draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)) for _ in range(n)]
    return truth, [draw(words) for _ in range(n)]


def test_sets_by_hand() -> None:
    truth = [{"a", "b"}, {"a"}, set(), {"c"}]
    found = [{"a"}, {"a", "b"}, {"a"}, set()]
    precision, recall, f1 = set_scores(truth, found)  # the third has no reference and is passed over
    assert precision == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert recall == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert f1 == pytest.approx(0.5)
    assert set_scores([{"a"}], [set()]) == (0.0, 0.0, 0.0)


def test_words_fall_into_published_groups() -> None:
    assert groups(["cheerful", "proud", "happily"], "parrott") == {"joy"}
    assert groups(["rage"], "plutchik") == {"anger"}
    assert groups(["neutral"], "parrott") == {"neutral"}
    assert groups(["flurbish"], "parrott") == frozenset()
    for wheel in (name for pair in WHEELS for name in pair):
        tax = taxonomies.get(wheel)
        for label, term in zip(tax.labels, tax.terms, strict=True):
            assert groups([label], wheel) <= {label, term}


def test_synonyms_count_as_right() -> None:
    near = open_vocabulary_scores([["happy"]], [["cheerful", "delighted"]])
    far = open_vocabulary_scores([["happy"]], [["furious"]])
    assert near.first_level == 1.0
    assert far.f1 == 0.0
    assert near.words == 2.0


def test_unknown_words_count_as_not_said() -> None:
    found = open_vocabulary_scores([["happy"], ["sad"]], [["happy", "flurbish"], ["sad"]])
    assert found.f1 == 1.0
    assert found.unknown == pytest.approx(1 / 3)
    assert open_vocabulary_scores([["happy"]], [[]]).f1 == 0.0


def test_mean_over_wheels_of_the_f_of_means() -> None:
    truth, found = [["happy"], ["furious", "sad"]], [["happy", "afraid"], ["sad"]]
    result = open_vocabulary_scores(truth, found, [("parrott", "parrott")])
    assert (result.precision, result.recall) == (0.75, 0.75)
    assert result.f1 == result.first_level == result.second_level == 0.75


@given(said())
def test_properties(both: tuple[list[list[str]], list[list[str]]]) -> None:
    truth, found = both
    result = open_vocabulary_scores(truth, found)
    for value in (result.f1, result.precision, result.recall, result.first_level, result.second_level):
        assert 0.0 <= value <= 1.0
    assert result.f1 == pytest.approx((result.first_level + result.second_level) / 2)
    assert open_vocabulary_scores(truth, truth).f1 == pytest.approx(1.0)
    turned = open_vocabulary_scores(truth[::-1], [words[::-1] for words in found[::-1]])
    assert turned.f1 == pytest.approx(result.f1)


def test_refusals() -> None:
    for truth, found in (
        ([], []),
        ([["joy"]], []),
        ("joy", "joy"),
        (["joy"], ["joy"]),
        ([[1]], [["joy"]]),
        ([[None]], [[]]),
    ):
        with pytest.raises(InputError):
            open_vocabulary_scores(truth, found)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="known"):
        open_vocabulary_scores([["flurbish"]], [["joy"]])
    for wheels in ([], ["parrott"], [("parrott",)], [("parrott", "wheel")]):
        with pytest.raises(InputError):
            open_vocabulary_scores([["joy"]], [["joy"]], wheels)
