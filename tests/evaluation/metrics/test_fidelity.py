"""Affect fidelity and what it says in words."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.errors import InputError
from emogen.evaluation.metrics import AffectFidelity, Judged, accuracy, affect_fidelity, ccc


def judged(right: int, wrong: int, groups: int = 1000) -> Judged:
    n = right + wrong
    truth = ["joy", "fear"] * (n // 2 + 1)
    found = [t if i < right else "anger" for i, t in enumerate(truth[:n])]
    return Judged(truth[:n], found, [i % groups for i in range(n)])


def test_value_by_hand() -> None:
    found = affect_fidelity(judged(80, 20), judged(30, 10), accuracy)
    assert found.value == pytest.approx((30 / 40) / (80 / 100))
    assert found.low < found.value < found.high
    assert (found.n_generated, found.n_human) == (40, 100)
    above_chance = affect_fidelity(judged(80, 20), judged(30, 10), accuracy, chance=0.5)
    assert above_chance.value == pytest.approx(0.25 / 0.3)


def test_both_sets_are_uncertain() -> None:
    """The spread of the ratio, by the delta method: both relative errors count."""
    rng = np.random.default_rng(0)
    people = Judged(np.ones(400), (rng.random(400) < 0.6).astype(float), range(400))
    made = Judged(np.ones(200), (rng.random(200) < 0.5).astype(float), range(200))
    found = affect_fidelity(people, made, accuracy, n=2000)
    p, q = accuracy(people.truth, people.found), accuracy(made.truth, made.found)
    error = q / p * np.sqrt((1 - p) / p / 400 + (1 - q) / q / 200)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert affect_fidelity(people, made, accuracy, n=50) == affect_fidelity(people, made, accuracy, n=50)


def test_the_same_items_are_1() -> None:
    assert affect_fidelity(judged(50, 10), judged(50, 10)).value == 1.0
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    both = Judged(x, x + 0.3 * rng.normal(size=60), range(60))
    found = affect_fidelity(both, both, ccc)
    assert found.value == 1.0
    assert found.low < 1.0 < found.high


def test_sentence_of_a_finding() -> None:
    text = affect_fidelity(judged(160, 40), judged(150, 50), accuracy).sentence("Generated speech")
    assert text.startswith("Generated speech is read 0.94 times as well as people are (95 % interval 0.")
    assert "200 generated and 200 human items" in text


@pytest.mark.parametrize(
    ("fidelity", "said"),
    [
        (AffectFidelity(0.9, 0.8, 1.0, 9, 100), "Too few items to say: 9 generated and 100 human items"),
        (AffectFidelity(0.9, 0.8, 1.0, 100, 9), "Too few items to say"),
        (AffectFidelity(0.9, 0.5, 1.1, 100, 100), "Too uncertain to say: 95 % interval 0.50 to 1.10"),
        (AffectFidelity(0.9, float("nan"), float("nan"), 100, 100), "No interval can be given"),
    ],
)
def test_sentence_where_nothing_can_be_said(fidelity: AffectFidelity, said: str) -> None:
    assert not fidelity.enough
    assert fidelity.sentence().startswith(said)
    assert "times as well" not in fidelity.sentence()


def test_one_group_has_no_interval() -> None:
    found = affect_fidelity(judged(80, 20), judged(30, 10, groups=1), accuracy)
    assert np.isnan([found.low, found.high]).all()
    assert not found.enough


def test_refusals() -> None:
    good = judged(8, 2)
    for bad in (Judged([], [], []), Judged(["a"], ["a", "b"], [1]), Judged(["a"], ["a"], [])):
        with pytest.raises(InputError):
            affect_fidelity(good, bad)
        with pytest.raises(InputError):
            affect_fidelity(bad, good)
    with pytest.raises(InputError, match="can read people"):
        affect_fidelity(judged(0, 10), good)
    with pytest.raises(InputError, match="can read people"):
        affect_fidelity(judged(5, 5), good, accuracy, chance=0.5)
    with pytest.raises(InputError):
        affect_fidelity(good, good, n=0)
