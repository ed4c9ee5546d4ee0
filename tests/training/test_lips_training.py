"""What the ear of the lips learns from, and that it learns."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest

from emogen.errors import InputError
from emogen.models.lips import SAMPLE_RATE_HZ, log_mel
from emogen.pipelines.talking_head.sounds import names
from emogen.training.lips import learn
from emogen.training.lips_data import LETTERS, UNKNOWN, Said, emodb, espeak, framed, load, nonsense, store
from emogen.training.lips_figures import closures, runs, touching
from emogen.training.lips_sound import elsewhere, heard, unspoken
from emogen.training.loop import TrainOptions


@pytest.fixture(scope="module")
def spoken() -> list[Said]:
    rng = np.random.default_rng(0)
    found = []
    for number in range(12):  # "a" is a deep buzz, "s" is hiss, silence between
        samples = 1e-4 * rng.standard_normal(2 * SAMPLE_RATE_HZ)
        t = np.arange(4_800) / SAMPLE_RATE_HZ
        samples[4_000:8_800] += 0.3 * sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 9))
        samples[14_000:18_800] += 0.1 * np.diff(rng.standard_normal(4_801))
        pieces = [(names().index("a"), 0.25, 0.55), (names().index("s"), 0.875, 1.175)]
        found.append(Said(samples.astype(np.float32), framed(pieces, 200), "espeak/x", "as", number % 4 == 0))
    return found


def test_a_short_training_learns_three_sounds(spoken, tmp_path):
    options = TrainOptions(24, 1e-2, warmup_steps=3, average_decay=0.5, report_every=6)
    model, result = learn([s for s in spoken if not s.held_out], [s for s in spoken if s.held_out], tmp_path, options, width=32)
    with (tmp_path / "curve.csv").open(newline="") as stream:
        rows = [float(row["validation"]) for row in csv.DictReader(stream)]
    assert rows[-1] < 0.6 * rows[0]
    assert result.best == pytest.approx(min(rows), rel=1e-4)
    assert model.sounds == names()


def test_rooms_and_speed_keep_sounds_and_frames_together(spoken):
    rng = np.random.default_rng(1)
    for _ in range(12):
        rows, sounds = heard(spoken[0], rng)
        assert rows.shape == (len(sounds), 64)
        assert np.isfinite(rows.astype(np.float32)).all()
        loud = rows.astype(np.float32).mean(axis=1)
        assert loud[sounds == names().index("a")].mean() > loud[sounds == 0].mean() + 0.5
    assert np.abs(elsewhere(spoken[0].samples, rng)).max() < 100


def test_what_is_no_speech_sounds_in_many_ways():
    rng = np.random.default_rng(2)
    found = [log_mel(unspoken(SAMPLE_RATE_HZ, rng)).mean(axis=0) for _ in range(20)]
    assert all(np.isfinite(rows).all() for rows in found)
    assert np.std(found, axis=0).mean() > 0.5


def test_sentences_of_other_languages_are_made_of_their_letters():
    rng = np.random.default_rng(3)
    for language, parts in LETTERS.items():
        letters = set("".join(parts))
        text = nonsense(language, rng)
        assert set(text.lower()) - set(" ,.?!") <= letters, language


def test_synthetic_speech_is_known_to_the_sample(tmp_path):
    said = list(espeak(3, 0, _without_packs(tmp_path)))
    assert said
    for one in said:
        assert len(one.sounds) == len(one.samples) // 160
        level = np.sqrt((one.samples[: len(one.sounds) * 160].reshape(-1, 160) ** 2).mean(axis=1))
        assert level[one.sounds == 0].mean() < 0.3 * level[one.sounds != 0].mean()
    store(said, tmp_path / "said.npz")
    again = load(tmp_path / "said.npz")
    assert [s.text for s in again] == [s.text for s in said]
    np.testing.assert_array_equal(again[0].sounds, said[0].sounds)
    assert np.abs(again[0].samples - np.clip(said[0].samples, -1, 1)).max() < 1e-4


def _without_packs(tmp_path):
    """A folder with a text pack of one sentence."""
    import gzip

    folder = tmp_path / "text" / "emobank"
    folder.mkdir(parents=True)
    with gzip.open(folder / "emobank.csv.gz", "wt") as stream:
        stream.write("text\n" + "".join(f'"The man {w} it."\n' for w in ("saw", "had", "bought", "made")))
    return tmp_path


def test_emodb_is_read_with_its_marks():
    try:
        said, timed = next(emodb())
    except InputError as error:
        pytest.skip(str(error))
    assert said.text == "a01"
    assert [ipa for _, ipa, _, _ in timed][:5] == ["t", "t", "ɛɐ", "l", "a"]
    assert all(a[3] == b[2] for a, b in itertools.pairwise(timed))
    assert (said.sounds != UNKNOWN).mean() > 0.9
    assert names()[said.sounds[46]] == "p"  # der La[p]pen
    assert len(closures(timed)) == 2  # "pm" of Lappen, "m" of dem: neighbours are one


def test_closures_are_counted_by_their_middles():
    assert runs(np.array([0, 1, 1, 0, 1], bool), 10.0) == [(0.1, 0.3), (0.4, 0.5)]
    marked = [(1.0, 1.1), (2.0, 2.1)]
    assert touching(marked, [(1.0, 1.2), (2.13, 2.17)]) == 1
    assert touching(marked, [(1.1, 1.16)]) == 1
    assert touching(marked, []) == 0
