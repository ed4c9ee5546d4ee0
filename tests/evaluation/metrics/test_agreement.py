"""Agreement of modalities and raters, against published examples and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from emogen.errors import InputError
from emogen.evaluation.metrics import (
    cohen_kappa,
    fleiss_kappa,
    js_divergence,
    krippendorff_alpha,
    label_counts,
    mean_js,
    same_label,
)

#: The worked example of Fleiss 1971's statistic that textbooks print: 10 subjects, 14 raters, 5 categories.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
#: Krippendorff 2011, section C: 4 observers, 12 units, missing values; nominal alpha 0.743.
KRIPPENDORFF = ["123321412___", "1233224125_3", "_3332342251_", "12332441251_"]
LABELS = st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=1, max_size=30)


def counts_of(rows: list[str]) -> np.ndarray:
    return np.array([[[row[i] for row in rows].count(c) for c in "12345"] for i in range(12)])


def test_published_examples() -> None:
    assert fleiss_kappa(FLEISS) == pytest.approx(0.210, abs=5e-4)
    assert krippendorff_alpha(counts_of(KRIPPENDORFF)) == pytest.approx(0.743, abs=5e-4)


def test_hand_values() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o 0.7, p_e 0.5
    a = ["y"] * 25 + ["n"] * 25
    b = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert cohen_kappa(a, b) == pytest.approx(0.4)
    assert same_label([a, b]) == pytest.approx(0.7)
    assert same_label([list("aab"), list("abb"), list("aaa")]) == pytest.approx((2 + 2 + 1) / 9)
    p = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert mean_js(p) == pytest.approx(2 / 3)
    np.testing.assert_array_equal(label_counts([list("aab"), list("abb")]), [[2, 0], [1, 1], [0, 2]])


def test_mean_js_over_items() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), (3, 5))
    pairs = [js_divergence(p[0], p[1]), js_divergence(p[0], p[2]), js_divergence(p[1], p[2])]
    np.testing.assert_allclose(mean_js(p), np.mean(pairs, axis=0))
    np.testing.assert_allclose(mean_js(p[::-1]), mean_js(p))


@given(LABELS)
def test_kappas(rows: list[tuple[str, str, str]]) -> None:
    a, b, c = zip(*rows, strict=True)
    kappa = cohen_kappa(a, b)
    assert kappa == pytest.approx(cohen_kappa(b, a))
    assert -1.0 <= kappa <= 1.0
    assert cohen_kappa(a, a) == pytest.approx(1.0)
    if len({*a, *b}) > 1:
        assert kappa == pytest.approx(cohen_kappa_score(a, b))
    counts = label_counts([a, b, c])
    assert fleiss_kappa(counts) == pytest.approx(fleiss_kappa(counts[::-1]))
    assert fleiss_kappa(label_counts([a, a, a])) == pytest.approx(1.0)
    assert krippendorff_alpha(label_counts([a, a, a])) == pytest.approx(1.0)
    n = 3 * len(rows)  # alpha is Fleiss' kappa with a correction for the size of the sample
    if len({*a, *b, *c}) > 1:
        corrected = fleiss_kappa(counts) + (1 - fleiss_kappa(counts)) / n
        assert krippendorff_alpha(counts) == pytest.approx(corrected)


def test_nothing_to_tell_apart() -> None:
    assert cohen_kappa(list("aaa"), list("aaa")) == 1.0
    assert fleiss_kappa([[3, 0], [3, 0]]) == 1.0


def test_refusals() -> None:
    for verdicts in ([[0.5, 0.5]], [[0.5, 0.6], [0.1, 0.1]], [], [[np.nan, 1.0], [0.5, 0.5]]):
        with pytest.raises(InputError):
            mean_js(verdicts)
    for labels in ([["a"]], [["a"], ["a", "b"]], [[], []], "ab"):
        with pytest.raises(InputError):
            same_label(labels)
    for counts in ([[1, 0]], [[2, 1], [2, 0]], [[0.5, 1.5]], [[-1, 3]], []):
        with pytest.raises(InputError):
            fleiss_kappa(counts)
    with pytest.raises(InputError, match="two labels"):
        krippendorff_alpha([[1, 0], [0, 1]])
    with pytest.raises(InputError):
        cohen_kappa(["a"], ["a", "b"])
