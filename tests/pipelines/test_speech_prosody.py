from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.codecs import voice_change as vc
from emogen.codecs.voice import BINS, FRAME_S, SAMPLE_RATE, VoiceFrames
from emogen.codecs.voice_slow import describe, habit_of
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.pipelines.speech.feel import PEAK, limited
from emogen.pipelines.speech.phones import Kind, is_stressed, kind_of
from emogen.pipelines.speech.prosody import BOUNDS, CUES, ProsodyRules, rows

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
def voice(seconds=1.0, hz=120.0):
    count = round(seconds / FRAME_S)
    f0 = np.where(np.arange(count) % 60 < 45, hz, 0.0)
    envelope = np.exp(-np.arange(BINS) / 80.0)[None] * np.where(f0 > 0, 1.0, 0.05)[:, None]
    return VoiceFrames(f0, envelope, np.full((count, BINS), 0.05))


def steady(rows=50, **values):
    change = np.zeros((rows, vc.WIDTH))
    for name, value in values.items():
        change[:, vc.COLUMN[name]] = value
    return change


def test_no_change_is_no_change():
    plain = voice()
    found, place = vc.changed(plain, steady(), np.random.default_rng(0))
    np.testing.assert_array_equal(place, np.arange(len(plain)))
    np.testing.assert_allclose(found.f0_hz, plain.f0_hz, rtol=1e-9)
    np.testing.assert_allclose(found.envelope, plain.envelope, rtol=1e-9)


@given(st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_time_never_runs_back_or_stands_still(rates):
    change = steady()
    change[:, vc.COLUMN["rate"]] = np.resize(np.repeat(rates, 7), len(change))
    _, place = vc.changed(voice(), change, np.random.default_rng(0))
    assert place[0] == 0.0
    assert (np.diff(place) > 0).all()
    assert 190 < place[-1] <= 199


def test_sounds_that_do_not_stretch_keep_their_length():
    stretchy = np.r_[np.ones(100), np.zeros(100)]
    _, place = vc.changed(voice(), steady(rate=0.5), np.random.default_rng(0), elasticity=stretchy)
    assert np.searchsorted(place, 100) == pytest.approx(100 * 2**0.5, abs=2)
    assert len(place) == pytest.approx(100 * 2**0.5 + 100, abs=2)


@pytest.mark.parametrize(("channel", "value"), [("pitch", 5.0), ("level", 6.0), ("noise_high", 12.0), ("shape_1", 6.0)])
def test_a_change_is_found_again_when_the_voice_is_described(channel, value):
    plain = voice()
    found = describe(vc.changed(plain, steady(**{channel: value}), np.random.default_rng(0))[0])
    before = describe(plain)
    heard = before.voiced
    told = {
        "pitch": found.pitch_st - before.pitch_st, "level": found.level_db - before.level_db,
        "noise_high": found.noise_db[:, 2] - before.noise_db[:, 2], "shape_1": found.shapes[:, 0] - before.shapes[:, 0],
    }
    # Noise is changed straight between the middles of its bands: less at the lower end of the highest.
    assert np.median(told[channel][heard]) == pytest.approx(value, abs=2.5 if channel == "noise_high" else 0.6)
    if channel != "level":
        assert np.median(told["level"][heard]) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("rate", [-0.3, 0.0, 0.5])
def test_a_smooth_voice_is_roughened_as_people_are_at_any_tempo(rate):
    """Three decibels more than people's neutral speech has: as much again, though the voice itself has none."""
    change = steady(rate=rate, roughness=3.0)
    found = describe(vc.changed(voice(3.0), change, np.random.default_rng(0))[0])
    power = 10.0 ** (found.roughness_db[found.voiced] / 10.0)
    assert power.mean() == pytest.approx(vc.NATURAL_ROUGH, rel=0.35)


def test_a_slow_voice_that_is_not_roughened_stays_smooth():
    found = describe(vc.changed(voice(), steady(rate=0.5), np.random.default_rng(0))[0])
    assert found.roughness_db.max() < -35.0


def test_the_rules_are_silent_where_nothing_is_felt_and_speak_where_something_is():
    found = describe(voice())
    assert not RULES.change(found, habit_of(found), EmotionTrack.of("neutral"), 0).any()
    sad = RULES.change(found, habit_of(found), EmotionTrack.of("sadness"), 0)
    assert sad.shape == (len(found), vc.WIDTH)
    assert (sad[:, vc.COLUMN["rate"]] > 0.3).all()
    assert (sad[:, vc.COLUMN["level"]] < -3).all()


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
