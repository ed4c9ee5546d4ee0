"""How one feeling follows another: what lasts, what is caught, what words drive out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.personality import TRAITS, Heart, caught, inertia
from emogen.conditioning.vocabulary import BASIC

NOTHING = Emotion()
share = st.floats(0, 1)
feeling = st.builds(lambda name, k: Emotion.of(name).scale(k), st.sampled_from(BASIC), share)


def test_an_even_temper_in_peace_says_what_the_words_say() -> None:
    assert Heart().next(NOTHING) == NOTHING
    found = Heart().next(Emotion.of("joy:0.8"))
    assert found.label == "joy"
    assert found.intensity == pytest.approx(0.8)


def test_a_feeling_lasts_and_fades() -> None:
    sad = Emotion.of("sadness:0.9")
    soon, later, much_later = (Heart((sad, t)).next(NOTHING).intensity for t in (0.0, 20.0, 200.0))
    assert soon == pytest.approx(0.9 * inertia({}), rel=0.05)
    assert later == pytest.approx(soon / 2, rel=0.05)
    assert much_later == 0.0


def test_the_neurotic_keep_their_feelings_longer() -> None:
    assert inertia({"neuroticism": 1.0}) > inertia({}) > inertia({"neuroticism": 0.0})
    assert inertia({"extraversion": 1.0}) < inertia({})


def test_clear_words_drive_out_what_was_felt() -> None:
    sad = Heart((Emotion.of("sadness:0.9"), 0.0))
    weak, strong = (sad.next(Emotion.of(f"joy:{k}")).basic() for k in (0.3, 1.0))
    grief, joy = BASIC.index("sadness"), BASIC.index("joy")
    assert strong[joy] > 0.9
    assert strong[grief] < weak[grief]
    assert weak[grief] > 0.1


def test_doubtful_words_against_what_is_felt_count_less() -> None:
    sad, joy = Heart((Emotion.of("sadness:0.9"), 0.0)), BASIC.index("joy")
    doubtful = Emotion.of("joy:0.6")
    assert sad.next(doubtful, 0.2).basic()[joy] < 0.5 * Heart().next(doubtful, 0.2).basic()[joy]
    assert sad.next(doubtful, 1.0).basic()[joy] > 0.65 * Heart().next(doubtful, 1.0).basic()[joy]


def test_anger_is_answered_in_kind_or_gives_way() -> None:
    anger = Emotion.of("anger:0.9")
    kind, sour = (caught(anger, {"agreeableness": a}).vad for a in (1.0, 0.0))
    assert kind[0] < 0
    assert sour[0] < 0
    assert kind[2] < 0 < sour[2]
    assert caught(NOTHING, {}) == NOTHING


@settings(deadline=None)
@given(feeling, feeling, feeling, feeling, share, st.dictionaries(st.sampled_from(TRAITS), share))
def test_it_stays_within_bounds_and_never_grows_by_itself(read, own, heard, mood, sure, traits) -> None:
    found = Heart((own, 1.0), (heard, 1.0), (mood,), traits).next(read, sure)
    assert 0.0 <= found.intensity <= max(e.intensity for e in (read, own, heard, mood)) + 0.3
    steady = Heart(moods=(Emotion.of("joy:0.8"),))
    for _ in range(10):
        steady = Heart((steady.next(NOTHING), 1.0), moods=steady.moods)
    assert steady.felt[0].intensity < 0.95
    for _ in range(10):
        found = Heart((found, 5.0), (found, 5.0)).next(NOTHING)
    assert found.intensity < 0.1
