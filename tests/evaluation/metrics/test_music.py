"""Music: keys, tempo, histograms; against hand values and the rules of MIREX."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.errors import InputError
from emogen.evaluation.metrics import (
    key_match,
    key_score,
    mode_accuracy,
    note_density,
    onset_histogram,
    onset_similarity,
    pitch_class_histogram,
    pitch_class_similarity,
    tempo_accuracy,
)
from emogen.evaluation.metrics.music import key
from emogen.media.score import KEYS

NAMES = [name for pair in KEYS.values() for name in pair]
NOTES = st.lists(st.integers(21, 108), min_size=1, max_size=40)


def test_reads_keys_as_scores_and_recognisers_write_them() -> None:
    assert key("C") == key("c major") == key("C maj") == (0, "major")
    assert key("F#m") == key("Gb minor") == key("f# min") == (6, "minor")
    assert key("Cb") == (11, "major")
    for major, minor in KEYS.values():
        assert key_score(major, minor) == 0.3  # of one signature


@pytest.mark.parametrize(
    ("truth", "found", "score"),
    [
        ("C major", "C major", 1.0),
        ("C# major", "Db major", 1.0),
        ("C major", "G major", 0.5),
        ("G major", "C major", 0.0),  # a fifth below
        ("A minor", "E minor", 0.5),
        ("C major", "A minor", 0.3),
        ("A minor", "C major", 0.3),
        ("C major", "C minor", 0.2),
        ("C minor", "C major", 0.2),
        ("C major", "E minor", 0.0),
        ("C major", "D major", 0.0),
    ],
)
def test_key_score_is_that_of_mirex(truth: str, found: str, score: float) -> None:
    assert key_score(truth, found) == score


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=10))
def test_keys_over_pieces(pairs: list[tuple[str, str]]) -> None:
    truth, found = zip(*pairs, strict=True)
    assert key_match(truth, truth) == mode_accuracy(truth, truth) == 1.0
    assert 0.0 <= key_match(truth, found) <= 1.0
    assert key_match(truth, found) == pytest.approx(np.mean([key_score(a, b) for a, b in pairs]))


def test_mode() -> None:
    assert mode_accuracy(["major", "minor", "minor"], ["C", "F#m", "Eb major"]) == pytest.approx(2 / 3)


def test_tempo_by_hand() -> None:
    truth, found = [100.0] * 6, [100.0, 104.0, 104.1, 200.0, 50.0, 34.0]
    assert tempo_accuracy(truth, found) == pytest.approx(2 / 6)
    assert tempo_accuracy(truth, found, 0.08) == pytest.approx(3 / 6)
    assert tempo_accuracy(truth, found, octaves=True) == pytest.approx(5 / 6)


@given(st.lists(st.tuples(st.floats(30, 300), st.floats(30, 300)), min_size=1, max_size=20))
def test_tempo_properties(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    strict, wide, octaves = tempo_accuracy(a, b), tempo_accuracy(a, b, 0.08), tempo_accuracy(a, b, octaves=True)
    assert 0.0 <= strict <= min(wide, octaves) <= 1.0
    assert tempo_accuracy(a, a, 0.0) == 1.0


def test_histograms_by_hand() -> None:
    np.testing.assert_allclose(pitch_class_histogram([60, 72, 64, 67])[[0, 4, 7]], [0.5, 0.25, 0.25])
    np.testing.assert_allclose(pitch_class_histogram([60, 62], [3.0, 1.0])[[0, 2]], [0.75, 0.25])
    four = onset_histogram([0.0, 1.0, 2.0, 3.0, 4.0, 7.99])
    assert four[0] == pytest.approx(3 / 6)  # 7.99 is rounded to the next bar
    assert np.flatnonzero(four).tolist() == [0, 4, 8, 12]
    assert onset_similarity([0.0, 1.0, 2.0, 3.0], [0.5, 1.5, 2.0, 3.0]) == 0.5
    assert pitch_class_similarity([60, 64], [60, 66]) == 0.5
    assert note_density([0.0, 0.5, 1.0], 2.0) == 1.5
    assert note_density([], 2.0) == 0.0


@given(NOTES, NOTES)
def test_similarity_properties(a: list[int], b: list[int]) -> None:
    for alike in (pitch_class_similarity, onset_similarity):
        assert alike(a, b) == pytest.approx(alike(b, a))
        assert 0.0 <= alike(a, b) <= 1.0
        assert alike(a, a[::-1]) == pytest.approx(1.0)
    assert pitch_class_similarity(a, [n + 12 for n in a]) == pytest.approx(1.0)
    assert onset_histogram(a).sum() == pytest.approx(1.0)


def test_refusals() -> None:
    for bad in ("H minor", "", "C dorian", "x"):
        with pytest.raises(InputError, match="key"):
            key_score("C", bad)
    for a, b in ((["C"], []), ([], []), (["C"], ["C", "D"])):
        with pytest.raises(InputError):
            key_match(a, b)
        with pytest.raises(InputError):
            mode_accuracy(a, b)
    for truth, found, tolerance in (([], [], 0.1), ([1.0], [0.0], 0.1), ([1.0], [np.nan], 0.1), ([1.0], [1.0], -1.0)):
        with pytest.raises(InputError):
            tempo_accuracy(truth, found, tolerance)
    for pitches, weights in (([], None), ([60.5], None), ([60], [0.0]), ([60], [-1.0]), ([60], [1.0, 1.0])):
        with pytest.raises(InputError):
            pitch_class_histogram(pitches, weights)
    for onsets, bar, bins in (([], 4.0, 16), ([0.0], 0.0, 16), ([0.0], 4.0, 0), ([np.nan], 4.0, 16)):
        with pytest.raises(InputError):
            onset_histogram(onsets, bar, bins)
    for onsets, duration in (([0.0], 0.0), ([3.0], 2.0), ([-1.0], 2.0), ([np.nan], 2.0)):
        with pytest.raises(InputError):
            note_density(onsets, duration)
