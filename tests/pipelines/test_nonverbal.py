"""Breaths, sighs and laughs: seldom, where the emotion asks, in the speaker's colour."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.codecs.voice import SAMPLE_RATE
from emogen.conditioning.emotion import Emotion
from emogen.pipelines.base import open_backend
from emogen.pipelines.speech.nonverbal import REST, Urges

TEXT = "The light went out. We walked on. Nobody spoke. The road was wet. It rained. Then it stopped."


@pytest.fixture(scope="module")
def pipe():
    found = open_backend("speech", "rules")
    found.set_progress_bar_config(disable=True)
    return found


def beside(emotion, sentences=400, seed=0):
    urges = Urges(np.random.default_rng(seed))
    return [urges.beside(Emotion.parse(emotion)) for _ in range(sentences)]


@pytest.mark.parametrize(("emotion", "kind"), [("sadness", "sigh"), ("fear", "gasp"), ("surprise", "gasp"),
                                               ("anger", "inhale"), ("joy", "laugh")])
def test_each_feeling_has_its_sound_and_it_is_seldom(emotion, kind):
    found = beside(emotion)
    places = [i for i, sound in enumerate(found) if sound is not None]
    assert {found[i].kind for i in places} == {kind}
    assert min(np.diff(places)) > REST
    assert 0.05 < len(places) / len(found) < 1 / (REST + 1)


@pytest.mark.parametrize("emotion", ["neutral", "disgust", "joy:0.4", "sadness:0.3"])
def test_no_or_little_feeling_makes_no_sound(emotion):
    assert not any(beside(emotion))


def test_the_words_stay_in_place_and_the_sound_can_be_turned_off(pipe):
    seed = next(s for s in range(20) if pipe(TEXT, "sadness", voice="tenor", seed=s).facts().get("sounds"))
    with_it, without = (pipe(TEXT, "sadness", voice="tenor", seed=seed, nonverbal=on) for on in (True, False))
    sounds = with_it.facts()["sounds"]
    assert "sounds" not in without.facts()
    assert with_it.duration_s > without.duration_s + 0.5 * len(sounds)
    assert [w[0] for w in with_it.words] == [w[0] for w in without.words]
    for kind, begin_s in sounds:
        assert kind == "sigh"
        heard = with_it.audio[round((begin_s - 0.5) * SAMPLE_RATE) : round((begin_s - 0.1) * SAMPLE_RATE)]
        assert 20 * np.log10(np.sqrt((heard**2).mean())) > -55
        assert any(abs(begin_s - start) < 0.2 for _, start, _ in with_it.words)


def test_the_same_seed_gives_the_same_sounds(pipe):
    one, two = (pipe(TEXT, "fear", voice="tenor", seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.audio, two.audio)
