"""The value `Emotion`: its numbers and its algebra."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emogen.conditioning.emotion import BASIC, Emotion
from emogen.conditioning.vocabulary import norm, terms, words
from emogen.errors import InputError, LimitError
from tests.conditioning.written import EMOTIONS, MIXTURES, Canned

NEUTRAL = Emotion()
E = Emotion.parse


def made(text: str) -> Emotion:
    return E(text, resolver=Canned())


EMOTION = EMOTIONS.map(made)
MIXTURE = MIXTURES.map(E)


def same_numbers(a: Emotion, b: Emotion, tolerance: float = 1e-6) -> bool:
    return (
        np.allclose(a.vad, b.vad, atol=tolerance)
        and np.allclose(a.basic(), b.basic(), atol=tolerance)
        and abs(a.intensity - b.intensity) <= tolerance
    )


def basics(text: str) -> dict[str, float]:
    return dict(zip(BASIC, E(text).basic(), strict=True))


def test_intensity_scales_the_published_norm() -> None:
    e = E("joy:0.4")
    assert e.weights == {"joy": 1.0}
    assert e.intensity == 0.4
    np.testing.assert_allclose(e.vad, 0.4 * np.array([0.81, 0.51, 0.46]))  # R&M 1977, happy


def test_neutral_is_the_origin() -> None:
    for text in ("neutral", "neutral:0.7", "joy:0", "-neutral", "vad(0,0,0)", "joy:0+fear:0"):
        e = E(text)
        assert e == NEUTRAL
        assert e.weights == {"neutral": 1.0}
        assert e.intensity == 0.0
        assert not e.vad.any()
        assert not e.basic().any()
        assert str(e) == e.label == e.describe() == "neutral"


def test_mixture_shares_amplitudes_and_name() -> None:
    e = E("joy:0.6+fear:0.3")
    assert e.weights == pytest.approx({"joy": 2 / 3, "fear": 1 / 3})
    assert e.amplitudes == {"joy": 0.6, "fear": 0.3}
    assert e.intensity == 0.6
    np.testing.assert_allclose(e.vad, 0.6 * (2 / 3 * norm("joy") + 1 / 3 * norm("fear")))
    np.testing.assert_allclose(e.basic(), [0.6, 0, 0, 0.3, 0, 0])
    assert e.label == "guilt (joy + fear)"
    assert "(guilt)" in e.describe()


def test_parts_of_one_family_do_not_pile_up() -> None:
    assert E("joy+excitement+delight+glee").basic()[0] <= 1.0


def test_description_in_words() -> None:
    text = E("joy:0.8+fear:0.15").describe()
    assert text == "strong joy with a trace of fear (guilt); pleasant, excited, in control"


def test_a_point_keeps_its_vad_and_is_shared_among_likely_terms() -> None:
    e = E("vad(-0.6,0.6,-0.4)")
    np.testing.assert_array_equal(e.vad, [-0.6, 0.6, -0.4])
    assert next(iter(e.weights)) == "fear"
    assert E("vad(-0.5,0.6,0.3)").label == "anger"  # differs from fear in dominance
    np.testing.assert_array_equal(E("vad(0.7,0.4,0.2):0.5").vad, [0.35, 0.2, 0.1])
    assert E("vad(0.7,0.4,0.2):0.5").intensity == 0.5
    near = E("vad(0.05,0,0)")
    assert near.weights["neutral"] > 0.9
    assert near.basic().sum() < 0.1
    assert "neutral" not in near.amplitudes


@pytest.mark.parametrize("name", ["joy", "sadness", "anger", "fear", "surprise", "disgust", "calm", "boredom"])
def test_the_norm_of_a_term_is_recognised_as_that_term(name: str) -> None:
    v, a, d = norm(name)
    assert E(f"vad({v},{a},{d})").label == name


@pytest.mark.parametrize(
    ("one", "other"),
    [("joy", "sadness"), ("anger", "fear"), ("trust", "disgust"), ("surprise", "anticipation"),
     ("serenity", "pensiveness"), ("terror", "rage"), ("admiration", "loathing")],
)  # fmt: skip
def test_opposites_across_the_wheel(one: str, other: str) -> None:
    assert -E(f"{one}:0.8") == E(f"{other}:0.8") == E(f"-{one}:0.8")
    assert -E(other) == E(one)


def test_other_opposites_mirror_vad_and_stay_symbolic() -> None:
    e = E("-nostalgia:0.8")
    np.testing.assert_allclose(e.vad, -E("nostalgia:0.8").vad)
    assert str(e) == "-nostalgia:0.8"
    assert e.label == "opposite of nostalgia"
    assert -e == E("nostalgia:0.8")
    assert -E("vad(0.7,0.4,-0.2)") == E("vad(-0.7,-0.4,0.2)")


def test_a_direction_is_a_lerp_that_remembers_its_ends() -> None:
    e = E("neutral>anger:0.7")
    assert e.direction == (NEUTRAL, E("anger"), 0.7)
    assert same_numbers(e, E("anger:0.7"))
    assert E("anger").direction is None
    assert E("neutral>anger:1.5").intensity == 1.5
    assert same_numbers(E("joy>-joy:0.5"), Emotion.lerp(E("joy"), E("sadness"), 0.5))
    np.testing.assert_allclose(E("joy>sadness:0.5").vad, (norm("joy") + norm("sadness")) / 2)


def test_lerp_of_points_on_one_way_does_not_nest() -> None:
    half = Emotion.lerp(E("joy"), E("fear"), 0.5)
    assert Emotion.lerp(half, E("fear"), 0.5) == Emotion.lerp(E("joy"), E("fear"), 0.75)
    assert Emotion.lerp(E("joy"), half, 0.5) == Emotion.lerp(E("joy"), E("fear"), 0.25)


def test_lerp_can_go_on_for_ever() -> None:
    e = E("joy")
    for i in range(200):
        e = Emotion.lerp(e, E(("fear", "anger", "disgust")[i % 3]), 0.5)
    assert E(str(e)) == e


def test_measured_keeps_what_a_recogniser_found() -> None:
    e = Emotion.measured({"happy": 3, "afraid": 1, "neutral": 4}, (0.2, 0.3, 0.1), 0.8)
    assert e.weights == pytest.approx({"neutral": 0.5, "joy": 0.375, "fear": 0.125})
    assert e.amplitudes == pytest.approx({"joy": 0.3, "fear": 0.1})
    assert e.intensity == pytest.approx(0.8)
    np.testing.assert_array_equal(e.vad, [0.2, 0.3, 0.1])
    assert E(str(e)) == e
    assert Emotion.measured({"joy": 1}, (0.5, 0, 0), 0) == NEUTRAL


@pytest.mark.parametrize(
    ("weights", "vad", "intensity"),
    [({}, (0, 0, 0), 1), ({"joy": 0}, (0, 0, 0), 1), ({"joyy": 1}, (0, 0, 0), 1), ({"joy": -1}, (0, 0, 0), 1),
     ({"joy": 1}, (0, 0), 1), ({"joy": 1}, (2, 0, 0), 1), ({"joy": 1}, (float("nan"), 0, 0), 1),
     ({"joy": float("inf")}, (0, 0, 0), 1), ({"joy": 1}, (0, 0, 0), 7)],
)  # fmt: skip
def test_measured_refuses(weights: dict[str, float], vad: tuple[float, ...], intensity: float) -> None:
    with pytest.raises(InputError):
        Emotion.measured(weights, vad, intensity)


@pytest.mark.parametrize("factor", [-1.0, float("nan"), float("inf"), 7.0])
def test_scale_refuses(factor: float) -> None:
    with pytest.raises(InputError):
        E("joy:0.8").scale(factor)


def test_of_takes_text_and_emotions_only() -> None:
    assert Emotion.of("joy") == Emotion.of(E("joy"))
    with pytest.raises(InputError, match="found int"):
        Emotion.of(3)  # type: ignore[arg-type]


def test_basic_of_quiet_and_compound_feelings() -> None:
    assert basics("pride")["joy"] >= 0.8
    calm, bored = basics("calm"), basics("boredom")
    assert 0.2 <= calm["joy"] <= 0.4
    assert sum(calm.values()) <= 0.4
    assert 0.1 <= bored["sadness"] <= 0.4
    assert sum(bored.values()) <= 0.4
    assert basics("contempt")["disgust"] > basics("contempt")["anger"] > 0.2
    assert basics("terror")["fear"] == 1.0
    assert basics("terror")["anger"] == 0.0
    assert basics("rage")["anger"] == 1.0
    assert min(basics("nostalgia")[name] for name in ("joy", "sadness")) > 0.2
    assert E("joy:0.5").basic()[0] == 0.5


@pytest.mark.parametrize("name", terms())
def test_every_term_is_sane(name: str) -> None:
    e = E(name)
    assert e.label == name
    assert np.abs(e.vad).max() <= 1.0
    assert e.basic().min() >= 0.0
    assert e.basic().sum() <= 1.0 + 1e-9
    valence = e.vad[0]
    pleasant = e.basic()[0] - e.basic()[[1, 2, 3, 5]].sum()
    assert not (valence > 0.35 and pleasant < -0.3), "a pleasant term drawn as an unpleasant one"
    assert not (valence < -0.35 and pleasant > 0.0), "an unpleasant term drawn as a pleasant one"


def test_every_word_is_accepted_and_every_published_adjective_is_one() -> None:
    from emogen.conditioning.vocabulary import read_table

    for word in (*words(), *(row["term"] for row in read_table("norms"))):
        assert Emotion.parse(word.title()).label in terms()


@pytest.mark.parametrize(
    ("word", "name"),
    [("happy", "joy"), ("Happiness", "joy"), ("angry", "anger"), ("angrily", "anger"), ("scared", "fear"),
     ("afraid", "fear"), ("fearful", "fear"), ("sad", "sadness"), ("calmly", "calm"), ("hopeful", "hope"),
     ("tender", "tenderness"), ("bored", "boredom"), ("nostalgic", "nostalgia"), ("triumphant", "triumph"),
     ("tense", "tension"), ("doubt/confusion", "confusion"), ("emotional_numbness", "numbness"),
     ("cold anger", "cold anger"), ("in-love", "in love"), ("tired", "fatigue"), ("worried", "worry")],
)  # fmt: skip
def test_words_people_use(word: str, name: str) -> None:
    assert str(E(word)) == name


def test_json() -> None:
    data = json.loads(json.dumps(E("happy:0.6 + fear:0.3").to_dict()))
    assert list(data) == ["spec", "label", "weights", "vad", "intensity", "description"]
    assert data["spec"] == "happy:0.6 + fear:0.3"
    assert sum(data["weights"].values()) == pytest.approx(1.0, abs=1e-5)
    assert Emotion.from_dict(data) == E("joy:0.6+fear:0.3")
    with pytest.raises(InputError):
        Emotion.from_dict({"weights": {}})


def test_json_keeps_the_meaning_of_descriptions_and_references() -> None:
    e = made('"a hopeful whisper":0.5 + (@clip.wav > joy:0.4):0.8')
    assert Emotion.from_dict(json.loads(json.dumps(e.to_dict()))) == e


def test_import_is_light() -> None:
    code = "import sys, emogen.conditioning.emotion; print({'torch', 'scipy', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@given(EMOTION)
@settings(max_examples=300, deadline=None)
def test_numbers_stay_in_range(e: Emotion) -> None:
    assert sum(e.weights.values()) == pytest.approx(1.0)
    assert min(e.weights.values()) >= 0.0
    assert 0.0 <= e.intensity <= 1.5 + 1e-9
    assert np.abs(e.vad).max() <= 1.0 + 1e-12
    assert e.basic().min() >= 0.0
    assert e.basic().max() <= 1.5 + 1e-9
    assert all(0.0 < a <= 1.5 + 1e-9 for a in e.amplitudes.values())
    assert sum(e.project("ekman").values()) == pytest.approx(1.0)
    assert e.label
    assert e.describe()
    assert e.scale(0.0) == NEUTRAL


@given(EMOTION)
@settings(deadline=None)
def test_negation_is_an_involution(e: Emotion) -> None:
    opposite = -e
    assert -opposite == e
    assert hash(-opposite) == hash(e)


@given(EMOTION, EMOTION, EMOTION)
@settings(deadline=None)
def test_mixing_commutes_and_neutral_changes_nothing(a: Emotion, b: Emotion, c: Emotion) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + NEUTRAL == a == a + a


@given(MIXTURE, st.floats(0, 1), st.floats(0, 1))
def test_scale_is_linear(e: Emotion, k: float, m: float) -> None:
    assert e.scale(1.0) == e
    assert e.scale(k).intensity == pytest.approx(k * e.intensity, abs=1e-8)
    assert same_numbers(e.scale(k).scale(m), e.scale(k * m))


@given(EMOTION, EMOTION, st.floats(0, 1))
@settings(deadline=None)
def test_lerp(a: Emotion, b: Emotion, t: float) -> None:
    assert Emotion.lerp(a, b, 0.0) == a
    assert Emotion.lerp(a, b, 1.0) == b
    assert Emotion.lerp(a, a, t) == a
    between = Emotion.lerp(a, b, t)
    assume(between.intensity > 1e-6)
    np.testing.assert_allclose(between.vad, (1 - t) * a.vad + t * b.vad, atol=1e-6)
    np.testing.assert_allclose(between.basic(), (1 - t) * a.basic() + t * b.basic(), atol=1e-6)


@given(EMOTION, EMOTION, EMOTION)
@settings(deadline=None)
def test_distance_is_a_metric(a: Emotion, b: Emotion, c: Emotion) -> None:
    assert a.distance(a) == 0.0
    assert a.distance(b) == b.distance(a) >= 0.0
    assert a.distance(c) <= a.distance(b) + b.distance(c) + 1e-12


def test_distance_orders_feelings() -> None:
    joy = E("joy")
    assert joy.distance(E("delight")) < joy.distance(E("calm")) < joy.distance(E("sadness"))
    with pytest.raises(LimitError):
        Emotion.lerp(joy, NEUTRAL, 1.6)
