"""Ways of showing the emotion: what they show, the directions among them, and how their figures are made."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from emogen.conditioning import voice_measures
from emogen.conditioning.encoder import FEATURES
from emogen.conditioning.vocabulary import BASIC
from emogen.training import conversion_figures as figures
from emogen.training.conversion import Acted, Pairs, build, features, scales, strengths, ten_numbers
from emogen.training.conversion_compare import showing
from emogen.training.conversion_publish import assembled
from emogen.training.conversion_takes import Takes
from emogen.training.conversion_ways import AMPLITUDES, INTENSITY, VAD, Way, fit_latent, label, soft_labels, vad, ways
from emogen.training.directions import LABELS
from tests.training.test_conversion_training import some_pairs

NAMES = ("neutral", *BASIC, "boredom")
LEARNT, UNSEEN = ("pack/a", "pack/b"), "pack/c"


def takes(unseen_shift=0.0):
    """Speakers far from each other; every feeling leads along an axis of its own, weakly or strongly acted."""
    rows, keys, speakers, labels = [], [], [], []
    rng = np.random.default_rng(0)
    for speaker, home in zip((*LEARNT, UNSEEN), rng.normal(0, 10, (3, 20)), strict=True):
        for felt, strong in (("neutral", 0.0), *((name, s) for name in BASIC for s in (0.5, 1.5))):
            row = home.copy()
            if felt != "neutral":
                row[BASIC.index(felt)] += 4.0 * strong + (unseen_shift if speaker == UNSEEN else 0.0)
            rows.append(row)
            keys.append(("pack", len(keys) + 1))
            speakers.append(speaker)
            labels.append(felt)
    return np.array(rows), keys, speakers, labels


def latent(**given):
    return fit_latent(*takes(**given), frozenset({UNSEEN}))


def every_way():
    chances = {key: np.eye(len(NAMES))[1] for key in takes()[1]}
    return ways(chances, NAMES, latent())


def asked(way, name):
    return way.asked(features(name))


def test_what_is_shown_of_a_take():
    weak = Acted("pack", 3, "anger", 0.5)
    np.testing.assert_array_equal(ten_numbers(weak), np.float32(0.5) * features("anger"))
    assert label(weak)[AMPLITUDES].tolist() == [0, 0, 1, 0, 0, 0]
    assert label(weak)[INTENSITY] == 1.0
    assert not label(Acted("pack", 1, "neutral", 1.0)).any()
    np.testing.assert_array_equal(vad(weak)[VAD], 0.5 * features("anger")[VAD])
    assert not vad(weak)[VAD.stop :].any()


def test_a_soft_label_is_that_very_takes():
    sure, unsure = np.zeros(len(NAMES)), np.full(len(NAMES), 1 / len(NAMES))
    sure[NAMES.index("fear")] = 1.0
    shown = soft_labels({("pack", 1): sure, ("pack", 2): unsure}, NAMES)
    first, second = (shown(Acted("pack", k, "fear", 1.0)) for k in (1, 2))
    assert first[AMPLITUDES].tolist() == [0, 0, 0, 1, 0, 0]
    assert first[INTENSITY] == 1.0
    assert second[INTENSITY] == pytest.approx(1 - 1 / len(NAMES))
    assert second[AMPLITUDES] == pytest.approx(1 / len(NAMES))


def test_a_direction_scales_adds_up_and_has_another_side():
    found = latent()
    assert np.linalg.norm(found.steps, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert found.steps @ found.steps.T == pytest.approx(np.eye(6), abs=1e-5)
    way = Way("directional", "", found.shown, found.use)
    joy, fear = asked(way, "joy"), asked(way, "fear")
    np.testing.assert_allclose(joy, found.steps[0], atol=1e-6)
    np.testing.assert_allclose(way.asked(0.3 * features("joy")), 0.3 * joy, atol=1e-6)
    np.testing.assert_allclose(way.asked(features("joy") + features("fear")), joy + fear, atol=1e-6)
    np.testing.assert_allclose(way.asked(-features("joy")), -joy, atol=1e-6)


def test_a_take_shows_how_far_it_lies_from_its_speakers_neutral_speech():
    found, (_, keys, speakers, labels) = latent(), takes()
    for key, speaker, felt in zip(keys, speakers, labels, strict=True):
        place = found.shown(Acted(*key, felt, 1.0))
        if felt == "neutral":
            np.testing.assert_allclose(place, 0.0, atol=1e-6)
        else:  # the first of two takes is acted weakly, the second strongly
            strong = 1.5 if (speaker, felt) in list(zip(speakers, labels, strict=True))[: keys.index(key)] else 0.5
            np.testing.assert_allclose(place, strong * found.steps[BASIC.index(felt)], atol=1e-5)


def test_directions_are_not_learnt_from_unseen_speakers():
    np.testing.assert_array_equal(latent().steps, latent(unseen_shift=7.0).steps)


def test_every_way_shows_something_else():
    found = every_way()
    assert [way.name for way in found] == ["label", "soft label", "VAD", "directional", "ten numbers"]
    take = Acted("pack", 7, "anger", 0.4)
    for way in found:
        assert way.shown(take).shape == (FEATURES,)
        assert way.shown(take).dtype == np.float32
        assert asked(way, "anger").any()
        assert not way.asked(np.zeros(FEATURES, np.float32)).any()
    for one, other in itertools.combinations(found, 2):
        assert np.abs(one.shown(take) - other.shown(take)).max() > 0.05, (one.name, other.name)
        if {one.name, other.name} != {"label", "soft label"}:  # in use both are asked for a kind
            assert np.abs(asked(one, "anger") - asked(other, "anger")).max() > 0.05, (one.name, other.name)


def test_pairs_show_what_belongs_to_the_take():
    pairs = some_pairs()
    scale = scales(pairs)

    def number(take):
        return np.full(FEATURES, take.number, np.float32)

    drawn = Pairs(pairs, scale, strengths(pairs, pairs, scale), number)
    emotion = drawn.batch(np.random.default_rng(0), 32, False)[2]
    shown = set(emotion[:, 0, 0].int().tolist())
    assert shown <= {p.takes[1] for p in pairs}
    assert len(shown) > 4


def test_the_pipelines_encoder_reads_what_the_way_shows():
    torch.manual_seed(0)
    model = build().eval()
    way = next(way for way in every_way() if way.name == "directional")
    ten = torch.from_numpy(np.stack([features("joy"), features("anger")]))[None]
    with torch.no_grad():
        own = model["emotion_encoder"](torch.from_numpy(way.asked(ten.numpy())), 2).frames
        pipe = showing(assembled(model, np.ones(17, np.float32)), way)
        through = pipe.emotion_encoder(ten, 2).frames
    torch.testing.assert_close(through, own)


def heard(sure):
    """Two recordings; the feeling asked for is heard the more the more of it is asked, with a chance `sure` at 1."""
    chances = np.full((2, len(BASIC), len(figures.ASKED), len(LABELS)), 0.0)
    for i, name in enumerate(BASIC):
        for j, level in enumerate(figures.ASKED):
            chances[:, i, j, LABELS.index(name)] = sure * level
            chances[:, i, j, LABELS.index("neutral")] = 1.0 - sure * level
    measures = np.zeros((2, len(BASIC), len(figures.ASKED), len(voice_measures.NAMES)))
    measures[:, :, -1] = sure * np.arange(1, len(BASIC) + 1)[None, :, None]
    return figures.Heard(chances, chances, measures)


def real_takes():
    """One speaker whose measures rise with the number of the feeling."""
    count, names = len(voice_measures.NAMES), ("neutral", *BASIC)
    rows = np.arange(len(names))[:, None] * np.ones(count)
    n = len(names)
    corpora, speakers = np.array(["pack"] * n), np.array(["pack/a"] * n)
    return Takes(np.zeros((n, 3)), rows, np.arange(1, n + 1), corpora, speakers, np.array(names))


def test_figures_of_a_voice_that_does_as_asked_and_of_one_that_does_not():
    good, none = heard(0.9), heard(0.9).unchanged()
    assert figures.wanted(good.guide)[:, :, -1] == pytest.approx(0.9)
    assert figures.recalled(good.guide).mean() == 1.0
    assert figures.follows(good.guide) == pytest.approx(1.0)
    assert figures.wanted(none.guide).max() == 0.0
    assert figures.recalled(none.guide).mean() == pytest.approx(1 / 7)
    assert figures.follows(none.guide) == pytest.approx(0.0)


def test_prosody_like_that_of_real_takes_is_not_off():
    speakers = ["pack/a", "pack/a"]
    assert figures.off(heard(1.0), speakers, real_takes()) == pytest.approx(np.zeros((6, 3)))
    assert figures.off(heard(0.5), speakers, real_takes()).mean(axis=0) == pytest.approx(0.5 * 3.5 / np.std(range(6)))


def test_the_page_names_every_way_and_what_it_adds():
    tried = [figures.Tried(way, [heard(0.2 + 0.1 * k)] * 2, (0.5, 0.6)) for k, way in enumerate(every_way())]
    real = {"a guide": (heard(0.9).guide[0, :, -1], np.array(BASIC))}
    text = figures.written(tried, ["pack/a", "pack/a"], real_takes(), real, 800)
    rows, words = [line for line in text.splitlines() if line.startswith("| ")], " ".join(text.split())
    for k, way in enumerate(every_way()):
        assert f"- *{way.name}*: {way.told}." in words
        own = [line for line in rows if line.startswith(f"| {way.name} |")]
        assert len(own) == (2 if k < 4 else 1)
    assert "chance of .90 and reaches a UAR of 1.00" in words
    assert "-.40" in next(line for line in reversed(rows) if line.startswith("| label |"))
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120
