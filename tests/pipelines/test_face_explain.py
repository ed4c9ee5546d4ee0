"""From what is felt to action units: told as it is done, edited and done again; and the knobs of the parts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.codecs.face import INDEX, both, mouth_opening
from emogen.conditioning.atoms import Said
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import InputError
from emogen.pipelines.talking_head.animate import Knobs, animate
from emogen.pipelines.talking_head.described import described_units
from emogen.pipelines.talking_head.explain import UnitTrack, explained, letter, told
from emogen.pipelines.talking_head.expression import MOST, UNITS, ExpressionRules

RULES = ExpressionRules()
AS_IS = Knobs()
PHONES = (("m", 0.3, 0.4), ("a", 0.4, 0.7), ("p", 0.7, 0.8), ("a", 0.8, 1.2))


def moved(emotion="joy", knobs=AS_IS, units=None, seed=3, seconds=6.0):
    return animate(RULES, EmotionTrack.of(emotion), seconds, fps=25.0, seed=seed, phones=PHONES, knobs=knobs, units=units).curves


def test_the_chain_names_units_and_regions_of_each_keyframe():
    chain = [m.to_dict() for m in explained(RULES, EmotionTrack.of("0s neutral; 1s joy; 3s anger:0.5"))]
    assert [m["t"] for m in chain] == [0.0, 1.0, 3.0]
    assert chain[0]["units"] == {}
    assert set(chain[1]["regions"]["mouth"]) >= {"AU12"}
    assert chain[2]["units"]["AU4"] == pytest.approx(0.5, abs=0.01)
    text = "\n".join(told(chain))
    assert "the face rests" in text
    assert "AU12 lip corner puller 1.00 (E)" in text
    assert json.loads(json.dumps(chain)) == chain


@pytest.mark.parametrize(("amplitude", "expected"), [(0.01, "A"), (0.2, "A"), (0.21, "B"), (0.8, "D"), (1.0, "E"), (1.3, "E")])
def test_letters_are_those_of_facs(amplitude, expected):
    assert letter(amplitude) == expected


def test_edited_units_move_the_face_instead_of_the_emotion(tmp_path):
    file = tmp_path / "units.json"
    file.write_text(json.dumps([{"t": 0.0, "AU4": 1.0}, {"t": 3.0, "AU12": 1.0}]))
    curves = moved("sadness", units=UnitTrack.of(file))
    early, late = curves[10], curves[-10]
    assert early[both("browDown")].mean() > 0.5 > 0.2 > early[both("mouthSmile")].mean()
    assert late[both("mouthSmile")].mean() > 0.5 > 0.2 > late[both("browDown")].mean()


def test_units_of_the_emotion_itself_change_little():
    chain = [m.to_dict() for m in explained(RULES, EmotionTrack.of("joy"))]
    again = moved("joy", units=UnitTrack.of(chain))
    names = [INDEX["browInnerUp"], *both("mouthSmile"), *both("cheekSquint")]
    np.testing.assert_allclose(again[50:, names], moved("joy")[50:, names], atol=0.08)


@pytest.mark.parametrize("bad", [
    {"AU99": 0.5}, {"AU12": 2.0}, {"AU12": "much"}, [{"t": 1, "AU12": 0.2}, {"t": 1, "AU12": 0.4}], [], "missing.json", [3], {"AU12": True},
])  # fmt: skip
def test_units_that_cannot_be_read_are_refused(bad):
    with pytest.raises(InputError):
        UnitTrack.of(bad)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.sampled_from(UNITS), st.floats(0, MOST), max_size=6), st.floats(0, 100))
def test_held_units_are_the_same_at_any_time(amplitudes, time):
    track = UnitTrack.of({"t": 5.0, **amplitudes})
    for name, value in amplitudes.items():
        assert track.at(np.array([time]))[0, UNITS.index(name)] == pytest.approx(value)


@pytest.mark.parametrize("bad", [-0.1, 2.1, True, "1", float("nan")])
def test_a_knob_has_its_range(bad):
    with pytest.raises(InputError, match="0 to 2"):
        Knobs(mouth=bad)


def test_each_knob_turns_its_own_part():
    plain = moved()
    still = moved(knobs=Knobs(head=0.0))
    assert np.abs(still[:, INDEX["headYaw"] : INDEX["headRoll"] + 1]).max() == 0.0
    assert np.abs(plain[:, INDEX["headYaw"]]).max() > 0.0
    assert moved(knobs=Knobs(blink=0.0), seconds=20.0)[:, both("eyeBlink")].max() < 0.5 < moved(seconds=20.0)[:, both("eyeBlink")].max()
    assert mouth_opening(moved(knobs=Knobs(mouth=0.5)))[10:30].max() < mouth_opening(plain)[10:30].max()
    closed = mouth_opening(moved(knobs=Knobs(mouth=2.0)))[round(0.70 * 25) : round(0.75 * 25) + 1].min()
    assert closed < 0.05
    brows = [INDEX["browInnerUp"], *both("browOuterUp")]
    assert moved("surprise", Knobs(brows=0.0))[:, brows].max() == 0.0
    wandering = [np.abs(moved("neutral", Knobs(gaze=g, head=0.0), seconds=20.0)[:, INDEX["leftEyeYaw"]]).max() for g in (0.0, 1.0)]
    assert wandering[0] < 0.2 * wandering[1]


def test_a_description_shows_what_it_names() -> None:
    def units(words: str) -> dict[str, float]:
        track = EmotionTrack.of(Emotion.mix([(Said('"', words, Emotion.parse("sadness")), 1.0)]))
        edited = described_units(RULES, track)
        return explained(RULES, track, edited)[0].units

    smile = units("smiling through tears")
    assert smile["AU12"] > 0.6
    assert smile["AU1"] > 0.5
    assert smile.get("AU15", 0.0) < 0.5 * smile["AU12"]
    assert "AU12" not in units("not smiling, tired")
    assert units("not smiling, tired")["AU43"] > 0.3
    assert units("a quiet evening") == explained(RULES, EmotionTrack.of("sadness"))[0].units


def test_what_is_described_comes_and_goes_with_its_keyframe() -> None:
    smiling = Emotion.mix([(Said('"', "a broad smile", Emotion.parse("calm")), 1.0)])
    track = EmotionTrack((Keyframe(0.0, Emotion.parse("sadness")), Keyframe(2.0, smiling), Keyframe(4.0, Emotion.parse("sadness"))))
    found = described_units(RULES, track)
    assert found is not None
    smile = found.at(np.array([0.0, 1.0, 2.0, 4.0]))[:, UNITS.index("AU12")]
    assert smile[0] == smile[3] == 0.0
    assert 0.2 < smile[1] < smile[2] == 0.8
    assert described_units(RULES, EmotionTrack.of("0s joy; 2s fear")) is None


def test_a_sidecar_can_be_edited_and_given_back(tmp_path: Path) -> None:
    told_units = [m.to_dict() for m in explained(RULES, EmotionTrack.of("0s joy; 2s anger"))]
    told_units[0]["units"] = {"AU9": 1.0}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"media": {"explained": told_units}}), encoding="utf-8")
    track = UnitTrack.of(path)
    assert track.times.tolist() == [0.0, 2.0]
    assert track.at(np.array([0.0]))[0, UNITS.index("AU9")] == 1.0
