"""What is learnt from two takes of the same words: known changes are found again, and the training runs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emogen.codecs import voice_change as vc
from emogen.codecs.voice import BINS, VoiceFrames
from emogen.codecs.voice_slow import CONTENT, content, describe, habit_of
from emogen.training import conversion
from emogen.training.conversion_data import FINE, Pair, change_between

RNG = np.random.default_rng(0)


def sentence(seed=0, seconds=1.6):
    """A voice whose colour, pitch and level move like speech does."""
    rng = np.random.default_rng(seed)
    count = round(seconds * 200)
    knots = rng.standard_normal((12, 8)) * 2.5
    at = np.linspace(0, 11, count)
    low = np.minimum(at.astype(int), 10)
    moves = knots[low] * (1 - (at - low))[:, None] + knots[low + 1] * (at - low)[:, None]
    bins = np.arange(BINS) / BINS
    shape = sum(moves[:, [k]] * np.cos(np.pi * (k + 1) * np.sqrt(bins))[None] for k in range(6))
    envelope = np.exp(shape - 6 * bins + moves[:, [6]])
    f0 = np.where(np.sin(at * 4) > -0.7, 120 * 2 ** (moves[:, 7] / 24), 0.0)
    return VoiceFrames(f0, np.maximum(envelope, 1e-10), np.full((count, BINS), 0.1))


def change_of(**values):
    change = np.zeros((80, vc.WIDTH))
    for name, value in values.items():
        change[:, vc.COLUMN[name]] = value
    return change


@pytest.mark.parametrize(("channel", "value", "within"), [
    ("pitch", 5.0, 0.8), ("rate", 0.4, 0.12), ("level", 6.0, 1.0), ("shape_1", 8.0, 2.0), ("noise_low", 6.0, 1.5),
])
def test_a_known_change_between_two_takes_is_found_again(channel, value, within):
    first = sentence()
    second, _ = vc.changed(first, change_of(**{channel: value}), np.random.default_rng(0))
    found = change_between(describe(first, FINE), describe(second, FINE))
    assert found is not None
    mean = found.mean(axis=0)
    assert mean[vc.COLUMN[channel]] == pytest.approx(value, abs=within)
    if channel == "rate":
        assert abs(mean[vc.COLUMN["pitch"]]) < 0.8


def test_a_take_against_itself_is_no_change():
    found = change_between(describe(sentence(), FINE), describe(sentence(), FINE))
    np.testing.assert_allclose(found, 0.0, atol=1e-6)


def test_silence_cannot_be_aligned():
    silent = VoiceFrames(np.zeros(200), np.full((200, BINS), 1e-10), np.ones((200, BINS)))
    assert change_between(describe(sentence(), FINE), describe(silent, FINE)) is None


def some_pairs():
    found = []
    for speaker in ("speech/emodb/a", "speech/emodb/emodb11"):
        for number in range(4):
            plain = describe(sentence(number))
            seen = content(plain, habit_of(plain))
            for k, (label, pitch) in enumerate((("anger", 8.0), ("sadness", -3.0))):
                strong = 1.0 if number % 2 else 0.5
                change = np.zeros((len(seen), len(vc.LEARNT)), np.float32)
                change[:, 0] = pitch * strong
                change[:, 1:] = RNG.normal(0, 0.1, (len(seen), len(vc.LEARNT) - 1))
                takes = (100 * number, 100 * number + 1 + k)
                found.append(Pair(seen, change, "neutral", label, speaker, "speech/emodb", takes))
    return found


def test_takes_acted_half_as_strongly_are_told():
    pairs = some_pairs()
    found = conversion.strengths(pairs, pairs, conversion.scales(pairs))
    weak, strong = (np.mean([found["speech/emodb", 100 * n + 1] for n in numbers]) for numbers in ((0, 2), (1, 3)))
    assert weak / strong == pytest.approx(0.5, abs=0.05)


def test_batches_have_the_stated_shapes_and_repeat():
    pairs = some_pairs()
    scale = conversion.scales(pairs)
    drawn = conversion.Pairs(pairs, scale, conversion.strengths(pairs, pairs, scale))
    one, two = (drawn.batch(np.random.default_rng(5), 4, True) for _ in range(2))
    assert one[0].shape[2] == CONTENT
    assert one[1].shape[2] == len(vc.LEARNT)
    assert one[3].any(dim=1).all()
    for a, b in zip(one, two, strict=True):
        assert (a == b).all()


def in_every_channel(pair):
    """The same pair with a change that the feeling alone tells, in all channels."""
    way = 1.0 if pair.wanted == "anger" else -1.0
    strong = np.abs(pair.change[:, :1]) / np.abs(pair.change[:, 0]).max()
    return dataclasses.replace(pair, change=way * strong * np.linspace(1, 8, len(vc.LEARNT), dtype=np.float32))


def test_a_short_training_lowers_the_loss(tmp_path, monkeypatch):
    monkeypatch.setattr(conversion, "BATCH", 4)
    monkeypatch.setattr(conversion, "VALIDATION", 1)
    pairs = [in_every_channel(p) for p in some_pairs()]
    _, scale, first = conversion.learn(pairs, tmp_path / "short", 1, 0)
    _, _, result = conversion.learn(pairs, tmp_path / "longer", 60, 0)
    assert scale.shape == (len(vc.LEARNT),)
    assert result.steps == 60
    assert np.isfinite(result.best)
    assert result.best < 0.7 * first.best
    assert (tmp_path / "longer" / "curve.csv").is_file()
