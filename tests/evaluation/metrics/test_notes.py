"""Whether notes are music: figures against hand values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.errors import InputError
from emogen.evaluation.metrics import (
    groove_consistency,
    longest_shared_run,
    pitch_class_entropy,
    polyphony,
    repetition,
    scale_consistency,
)

PITCHES = st.lists(st.integers(21, 108), min_size=1, max_size=60)
SYMBOLS = st.lists(st.integers(0, 3), max_size=30)


def test_entropy_of_pitch_classes() -> None:
    assert pitch_class_entropy([60, 72, 48]) == 0
    assert pitch_class_entropy([60, 62, 64, 65]) == pytest.approx(2)
    assert pitch_class_entropy(range(12)) == pytest.approx(np.log2(12))


@given(PITCHES, st.integers(-12, 12))
def test_transposing_changes_neither_entropy_nor_scale(pitches: list[int], by: int) -> None:
    moved = [p + by for p in pitches]
    assert pitch_class_entropy(moved) == pytest.approx(pitch_class_entropy(pitches), abs=1e-9)
    assert scale_consistency(moved) == pytest.approx(scale_consistency(pitches))
    assert 0 <= pitch_class_entropy(pitches) <= np.log2(12) + 1e-9
    assert 7 / 12 - 1e-9 <= scale_consistency([*pitches, *range(12)]) <= 1 + 1e-9


def test_scales() -> None:
    assert scale_consistency([62, 64, 66, 67, 69, 71, 73]) == pytest.approx(1)  # D major
    assert scale_consistency([57, 59, 60, 62, 64, 65, 67]) == pytest.approx(1)  # A minor
    assert scale_consistency(range(60, 72)) == pytest.approx(7 / 12)


def test_groove() -> None:
    four = [0, 1, 2, 3]
    assert groove_consistency([*four, *(4 + b for b in four)]) == 1
    assert groove_consistency([*four, 4, 6]) == pytest.approx(1 - 2 / 16)
    assert groove_consistency([0, 3, 4.5], beats_per_bar=3) == pytest.approx(1 - 1 / 16)
    assert groove_consistency([0.5]) == 1


def test_polyphony_counts_where_something_sounds() -> None:
    assert polyphony([0, 0, 4], [1, 1, 5]) == pytest.approx(1.5)
    assert polyphony([0, 1], [2, 3]) == pytest.approx(4 / 3)
    with pytest.raises(InputError, match="ends before"):
        polyphony([2], [1])


def test_repetition() -> None:
    bar = [(0, 60), (1, 62), (2, 64), (3, 65)]
    other = [(0, 67), (0.5, 69), (1.5, 71), (2.5, 72)]

    def piece(*bars: list[tuple[float, int]]) -> tuple[list[float], list[int]]:
        return [4 * i + t for i, b in enumerate(bars) for t, _ in b], [p for b in bars for _, p in b]

    assert repetition(*piece(bar, other, bar, other)) == 1
    assert repetition(*piece(bar, other, [(t, p + 12) for t, p in bar])) == 1  # an octave higher
    assert repetition(*piece(bar, bar)) == 0  # nothing two bars before
    assert repetition(*piece(bar, other, [*bar[:2], (2, 69), (3, 71)])) == pytest.approx(2 / 6)


def test_what_was_copied() -> None:
    assert longest_shared_run("xxabcdyy", ["zz", "qabcdq", "abc"]) == (4, 1)
    assert longest_shared_run("abc", ["xyz"]) == (0, -1)
    assert longest_shared_run("", ["abc"]) == (0, -1)


@given(SYMBOLS, SYMBOLS)
def test_the_longest_run_is_the_longest(one: list[int], other: list[int]) -> None:
    def holds(run: list[int], there: list[int]) -> bool:
        return any(there[i : i + len(run)] == run for i in range(len(there) - len(run) + 1))

    by_hand = max(
        (b - a for a in range(len(one)) for b in range(a, len(one) + 1) if holds(one[a:b], other)), default=0
    )
    assert longest_shared_run(one, [other])[0] == by_hand


@pytest.mark.parametrize("wrong", [[], [float("nan")]])
def test_what_is_no_music_is_refused(wrong: list[float]) -> None:
    for metric in (pitch_class_entropy, scale_consistency, groove_consistency):
        with pytest.raises(InputError):
            metric(wrong)
