from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.codecs.voice import FRAME_S, SAMPLE_RATE
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import BASIC
from emogen.pipelines.speech.phonemes import Phone
from emogen.pipelines.speech.phones import Kind, is_stressed, kind_of
from emogen.pipelines.speech.prosody import BOUNDS, COLUMN, CUES, ProsodyRules, rows
from emogen.pipelines.speech.render import PEAK, limited, warp

RULES = ProsodyRules()


def cues(text):
    emotion = Emotion.of(text)
    return dict(zip(CUES, RULES.cues(emotion.vad[None], emotion.basic()[None])[0], strict=True))


# -- rules ---------------------------------------------------------------------------------------------------
def test_neutral_is_exactly_zero_in_every_cue():
    assert all(value == 0.0 for value in cues("neutral").values())
    assert all(value == 0.0 for value in cues("anger:0").values())


def test_a_plain_label_gives_its_row_of_the_table_in_proportion():
    table = {row["cue"]: row for row in rows("prosody_cues.csv")}
    for label in BASIC:
        for share in (0.5, 1.0):
            found = cues(f"{label}:{share}")
            for cue in CUES:
                low, high = BOUNDS[cue]
                assert found[cue] == pytest.approx(np.clip(share * float(table[cue][label]), low, high), abs=1e-5)


def test_every_cue_of_both_tables_has_a_source():
    for name in ("prosody_cues.csv", "prosody_vad.csv"):
        table = rows(name)
        assert [row["cue"] for row in table] == list(CUES)
        assert all(len(row["source"]) > 10 for row in table)


def test_directions_are_the_published_ones():
    """Juslin & Laukka 2003, table of vocal cues: rate, intensity, F0 mean, F0 variability."""
    signs = {"anger": (1, 1, 1, 1), "fear": (1, -1, 1, -1), "joy": (1, 1, 1, 1), "sadness": (-1, -1, -1, -1)}
    for label, expected in signs.items():
        found = cues(label)
        assert tuple(np.sign((-found["duration"], found["energy"], found["f0_mean"], found["f0_range"]))) == expected


def test_vad_alone_moves_the_voice_as_activation_does():
    calm, stirred = cues("vad(0,-0.7,0)"), cues("vad(0,0.7,0)")
    assert stirred["f0_mean"] > calm["f0_mean"] + 3
    assert stirred["duration"] < calm["duration"] - 0.3
    assert stirred["energy"] > calm["energy"] + 3
    assert stirred["tilt"] > calm["tilt"] + 1


def test_a_mixture_lies_between_its_parts():
    both, joy, fear = cues("joy:0.5+fear:0.5"), cues("joy"), cues("fear")
    for cue in ("f0_mean", "duration", "energy", "breath"):
        low, high = sorted((joy[cue], fear[cue]))
        assert low - 0.5 <= both[cue] <= high + 0.5


@given(
    vad=st.lists(st.floats(-1, 1), min_size=3, max_size=3), basic=st.lists(st.floats(0, 1.5), min_size=6, max_size=6)
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_felt_stays_within_what_a_voice_bears(vad, basic):
    found = RULES.cues(np.array([vad]), np.array([basic]))[0]
    low, high = np.array(list(BOUNDS.values())).T
    assert ((found >= low) & (found <= high)).all()


def test_saved_rules_keep_their_fingerprint(tmp_path):
    RULES.save_pretrained(str(tmp_path), safe_serialization=True)
    again = ProsodyRules.from_pretrained(str(tmp_path), use_safetensors=True)
    assert again.fingerprint() == RULES.fingerprint()
    again.label_cues[0, 0] += 1
    assert again.fingerprint() != RULES.fingerprint()


# -- time ----------------------------------------------------------------------------------------------------
PHONES = (Phone("", 0.0, 0.1), Phone("ˈɑː", 0.1, 0.5), Phone("t", 0.5, 0.6), Phone("ə", 0.6, 1.0))


def constant(**values):
    row = np.zeros(len(CUES))
    for name, value in values.items():
        row[COLUMN[name]] = value
    return lambda count: np.tile(row, (count, 1))


def length(place, start_s, end_s):
    """Seconds of output in which the plain sentence goes from one time to another."""
    return float(np.diff(np.interp([start_s / FRAME_S, end_s / FRAME_S], place, np.arange(len(place))))[0] * FRAME_S)


def test_without_a_cue_time_is_untouched():
    place, _ = warp(PHONES, 200, 1.0, constant())
    np.testing.assert_array_equal(place, np.arange(200))


def test_vowels_stretch_more_than_stops_and_pauses_by_their_own_cue():
    place, found = warp(PHONES, 200, 1.0, constant(duration=0.5, pause=-1.0))
    vowel, stop = length(place, 0.15, 0.45) / 0.3, length(place, 0.51, 0.59) / 0.08
    assert vowel > stop > 1.1
    assert length(place, 0.0, 0.09) == pytest.approx(0.045, abs=0.011)
    assert len(found) == len(place)


@given(
    st.lists(st.floats(-0.7, 0.8), min_size=1, max_size=8), st.sampled_from([0.5, 0.9, 1.0, 2.0]), st.floats(-1.5, 1.5)
)
@settings(max_examples=100, deadline=None)
def test_time_never_runs_back_or_stands_still(durations, rate, pause):
    def varying(count):
        found = np.zeros((count, len(CUES)))
        found[:, COLUMN["duration"]] = np.resize(np.repeat(durations, 7), count)
        found[:, COLUMN["pause"]] = pause
        return found

    place, _ = warp(PHONES, 200, rate, varying)
    assert place[0] == 0.0
    assert (np.diff(place) > 0).all()
    assert 190 < place[-1] <= 199


# -- level and sounds ----------------------------------------------------------------------------------------
def test_the_limiter_holds_peaks_and_leaves_soft_sound_alone():
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    loud = (3.0 * np.sin(2 * np.pi * 220 * t) * (np.abs(t - 0.5) < 0.1)).astype(np.float32)
    soft = (0.3 * np.sin(2 * np.pi * 220 * t)).astype(np.float32)
    assert np.abs(limited(loud)).max() <= PEAK + 1e-6
    np.testing.assert_array_equal(limited(soft), soft)


@pytest.mark.parametrize(
    ("ipa", "kind"),
    [
        ("ˈɑː", Kind.VOWEL), ("əl", Kind.VOWEL), ("tʃ", Kind.AFFRICATE), ("dʒ", Kind.VOICED_AFFRICATE),
        ("t", Kind.STOP), ("ɡ", Kind.VOICED_STOP), ("z", Kind.VOICED_FRICATIVE), ("ʃ", Kind.FRICATIVE),
        ("ŋ", Kind.NASAL), ("ɹ", Kind.LIQUID), ("ɲʲ", Kind.NASAL), ("ɑ̃", Kind.VOWEL), ("", Kind.PAUSE),
    ],
)  # fmt: skip
def test_kinds_of_sounds(ipa, kind):
    assert kind_of(ipa) is kind
    assert is_stressed(ipa) == ("ˈ" in ipa)
