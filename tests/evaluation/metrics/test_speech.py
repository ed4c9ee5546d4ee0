"""Speech: pitch, spectrum, time, words; against hand values and brute force."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from emogen.errors import BackendMissing, InputError, LimitError
from emogen.evaluation.metrics import (
    cer,
    dtw_path,
    duration_error,
    duration_ratio,
    edits,
    energy_rmse_db,
    f0_correlation,
    f0_frame_error,
    f0_rmse_cents,
    gross_pitch_error,
    mcd,
    normalise_text,
    transcribe,
    voicing_error,
    wer,
)

TRUTH = [0.0, 100.0, 200.0, 200.0, 0.0]
FOUND = [0.0, 100.0, 400.0, 0.0, 150.0]
PITCH = st.lists(st.tuples(*[st.one_of(st.just(0.0), st.floats(60, 600))] * 2), min_size=1, max_size=30)
WORDS = st.lists(st.sampled_from("abc"), max_size=8)


def test_pitch_by_hand() -> None:
    assert f0_rmse_cents(TRUTH, FOUND) == pytest.approx(np.sqrt(1200**2 / 2))  # two frames, one an octave off
    assert voicing_error(TRUTH, FOUND) == pytest.approx(2 / 5)
    assert gross_pitch_error(TRUTH, FOUND) == 0.5
    assert f0_frame_error(TRUTH, FOUND) == pytest.approx(3 / 5)
    assert f0_correlation([100, 200, 400, 0], [200, 400, 800, 100]) == pytest.approx(1.0)  # the same melody, higher
    assert gross_pitch_error([100.0, 100.0], [119.0, 121.0]) == 0.5


@given(PITCH)
def test_pitch_properties(pairs: list[tuple[float, float]]) -> None:
    a, b = (np.array(v) for v in zip(*pairs, strict=True))
    assert voicing_error(a, b) == voicing_error(b, a)
    assert 0.0 <= voicing_error(a, b) <= f0_frame_error(a, b) <= 1.0
    assert voicing_error(a, a) == f0_frame_error(a, a) == 0.0
    both = (a > 0) & (b > 0)
    if both.any():
        assert f0_rmse_cents(a, b) == pytest.approx(f0_rmse_cents(b, a))
        gross = gross_pitch_error(a, b) * both.sum()
        assert f0_frame_error(a, b) * len(a) == pytest.approx(voicing_error(a, b) * len(a) + gross)
    else:
        with pytest.raises(InputError, match="voiced in both"):
            f0_rmse_cents(a, b)


def test_levels_and_durations_by_hand() -> None:
    assert energy_rmse_db([-20.0, -30.0], [-17.0, -26.0]) == pytest.approx(np.sqrt(12.5))
    assert energy_rmse_db([-20.0, -30.0], [-10.0, -20.0], free_gain=True) == pytest.approx(0.0)
    assert duration_ratio([0.1, 0.3], [0.2, 0.3]) == pytest.approx(1.25)
    assert duration_error([0.1, 0.3], [0.2, 0.3]) == pytest.approx(0.5)


def test_mcd_by_hand() -> None:
    truth = np.array([[9.0, 0.0, 0.0], [9.0, 1.0, 0.0]])
    found = np.array([[1.0, 0.3, 0.4], [2.0, 1.0, 0.0]])
    assert mcd(truth, found, align=False) == pytest.approx(10 / np.log(10) * np.sqrt(2 * 0.25) / 2)
    assert mcd(truth, found, align=False, with_c0=False) > 10.0  # the level counts
    assert mcd(truth, truth) == 0.0
    slow = np.repeat(truth, 3, axis=0)
    assert mcd(truth, slow) == 0.0  # warped in time, nothing else
    assert mcd(truth, found) == pytest.approx(mcd(found, truth))


@settings(max_examples=50)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 1000))
def test_dtw_is_the_cheapest_path(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
    path = dtw_path(a, b)
    assert tuple(path[0]) == (0, 0)
    assert tuple(path[-1]) == (n - 1, m - 1)
    steps = np.diff(path, axis=0)
    assert set(map(tuple, steps)) <= {(1, 1), (1, 0), (0, 1)}
    cost = cdist(a, b)
    best = np.full((n, m), np.inf)
    for i, j in itertools.product(range(n), range(m)):
        before = [best[x, y] for x, y in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if x >= 0 and y >= 0]
        best[i, j] = cost[i, j] + (min(before) if before else 0.0)
    assert cost[path[:, 0], path[:, 1]].sum() == pytest.approx(best[-1, -1])


def brute_distance(a: list[str], b: list[str]) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(
        brute_distance(a[1:], b) + 1, brute_distance(a, b[1:]) + 1, brute_distance(a[1:], b[1:]) + (a[0] != b[0])
    )


@settings(max_examples=40)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.lists(st.sampled_from("abc"), max_size=5))
def test_edits_are_the_fewest(a: list[str], b: list[str]) -> None:
    found = edits(a, b)
    assert found.substitutions + found.deletions + found.insertions == brute_distance(a, b)
    assert found.hits + found.substitutions + found.deletions == len(a)
    assert found.hits + found.substitutions + found.insertions == len(b)
    assert edits(a, a).rate == 0.0


def test_word_errors_by_hand() -> None:
    assert wer("It's five o'clock, isn't it?", "it\u2019s five o\u2019clock isnt it") == pytest.approx(1 / 5)
    assert wer("one two three", "") == 1.0
    assert wer("one", "one two three") == 2.0
    assert wer(["one two", "three four five six"], ["one", "three four five six"]) == pytest.approx(1 / 6)  # pooled
    assert cer("ab cd", "ab d") == pytest.approx(1 / 5)
    found = edits("abcdaf", "abxdfg")  # as words: changed, missing and put in; of three edits these keep most
    assert (found.hits, found.substitutions, found.deletions, found.insertions) == (4, 1, 1, 1)


def test_how_texts_are_compared() -> None:
    assert normalise_text("  Well\u2014known, \u201cGOOD\u201d 'dogs' don't  \n") == "well known good dogs don't"
    assert normalise_text("Stra\u00dfe") == "strasse"


@given(st.text(max_size=40))
def test_normalised_text_stays(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(once) == once


def test_words_said_are_words_heard() -> None:
    pytest.importorskip("pocketsphinx")
    from emogen.pipelines.speech.languages import find_language
    from emogen.pipelines.speech.phonemes import EspeakSource

    with EspeakSource() as source:
        text = "Open the door."
        spoken = source.phonemes(text, variant="", language=find_language("en"))
    said, rate = spoken.audio, spoken.sample_rate
    heard = transcribe(said, rate)
    assert heard == transcribe(said, rate)
    assert wer(text, heard) < 0.5
    assert transcribe(0.1 * said, rate) == heard  # the level does not matter
    assert transcribe(np.zeros(16_000), 16_000) == ""


def test_a_missing_recogniser_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(BackendMissing, match="pip install pocketsphinx"):
        transcribe(np.ones(100), 16_000)


@pytest.mark.parametrize("metric", [f0_rmse_cents, f0_correlation, voicing_error, gross_pitch_error, f0_frame_error])
def test_refuses_pitch(metric: object) -> None:
    for a, b in (([], []), ([1.0], [1.0, 2.0]), ([np.nan], [1.0]), ([-1.0], [1.0])):
        with pytest.raises(InputError):
            metric(a, b)  # type: ignore[operator]


def test_refusals() -> None:
    for a, b in (([], []), ([0.0], [1.0]), ([np.nan], [1.0]), ([1.0], [1.0, 2.0])):
        with pytest.raises(InputError):
            duration_ratio(a, b)
        with pytest.raises(InputError):
            duration_error(a, b)
    x = np.zeros((3, 4))
    for a, b, align in ((x, x[:, :3], True), (x, x[:2], False), (x[:, :1], x[:, :1], True), (x * np.nan, x, True)):
        with pytest.raises(InputError):
            mcd(a, b, align)
    with pytest.raises(LimitError):
        dtw_path(np.zeros((6000, 1)), np.zeros((6000, 1)))
    with pytest.raises(InputError):
        dtw_path(x, x[:, :2])
    for a, b in (("", "word"), ("...", "word"), (["a"], ["a", "b"]), ([], []), ([1], ["a"])):
        with pytest.raises(InputError):
            wer(a, b)  # type: ignore[arg-type]
        with pytest.raises(InputError):
            cer(a, b)  # type: ignore[arg-type]
    for samples, rate in (([], 16_000), ([np.nan], 16_000), ([[0.0]], 16_000), (np.zeros(100), 0)):
        with pytest.raises(InputError):
            transcribe(samples, rate)
