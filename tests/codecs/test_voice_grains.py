"""A voice changed by its own periods: nothing asked, nothing done; what is asked is found again in the sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.codecs import voice_change as vc
from emogen.codecs.voice import SAMPLE_RATE, analyze, dithered
from emogen.codecs.voice_grains import UNVOICED_GRAIN, period_marks, resounded
from emogen.codecs.voice_slow import HOP, describe


def spoken(seconds=1.2, hz=120.0):
    """Vowel-like sound: harmonics under two formants, a pause of faint noise in it."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = hz * 2 ** (np.sin(2 * np.pi * time) / 12)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    sound = np.zeros(len(time))
    for k in range(1, 40):
        strength = 1 / (1 + ((k * hz - 600) / 150) ** 2) + 0.4 / (1 + ((k * hz - 1700) / 200) ** 2) + 0.01
        sound += strength * np.cos(k * phase + k)
    sound *= np.where((time > 0.55 * seconds) & (time < 0.65 * seconds), 0.0, 0.1)
    return dithered(sound.astype(np.float32))


SOUND = spoken()
PLAIN = analyze(SOUND)


def change_of(**values):
    change = np.zeros((-(-len(PLAIN) // HOP), vc.WIDTH))
    for name, value in values.items():
        change[:, vc.COLUMN[name]] = value
    return change


def resound(**values):
    now, place = vc.changed(PLAIN, change_of(**values), np.random.default_rng(0))
    return resounded(SOUND, PLAIN, now, place)


def heard(sound):
    found = describe(analyze(dithered(sound)))
    loud = found.level_db > found.level_db.max() - 20
    return found, loud


def test_without_a_change_the_recording_comes_out_as_it_went_in():
    out = resound()
    count = min(len(out), len(SOUND))
    assert abs(len(out) - len(SOUND)) <= 0.011 * SAMPLE_RATE
    inner = count - round(0.01 * SAMPLE_RATE)  # the last frames have no successor
    np.testing.assert_allclose(out[:inner], SOUND[:inner], atol=1e-6)


@pytest.mark.parametrize("semitones", [-5.0, 4.0, 9.0])
def test_pitch_moves_as_asked_and_the_level_stays(semitones):
    found, loud = heard(resound(pitch=semitones))
    before, was_loud = heard(SOUND)
    moved = np.median(found.pitch_st[found.voiced]) - np.median(before.pitch_st[before.voiced])
    assert moved == pytest.approx(semitones, abs=0.3)
    assert found.level_db[loud].mean() - before.level_db[was_loud].mean() == pytest.approx(0.0, abs=2.0)


@pytest.mark.parametrize("longer", [-0.5, 0.6])
def test_the_length_changes_as_asked_and_the_pitch_stays(longer):
    out = resound(rate=longer)
    assert len(out) / len(SOUND) == pytest.approx(2**longer, rel=0.02)
    found, _ = heard(out)
    before, _ = heard(SOUND)
    assert np.median(found.pitch_st[found.voiced]) == pytest.approx(np.median(before.pitch_st[before.voiced]), abs=0.3)


@pytest.mark.parametrize(("name", "index", "value"), [("shape_1", 0, -8.0), ("shape_2", 1, 8.0)])
def test_colour_changes_as_asked(name, index, value):
    found, loud = heard(resound(**{name: value}))
    before, was_loud = heard(SOUND)
    moved = found.shapes[loud, index].mean() - before.shapes[was_loud, index].mean()
    assert moved == pytest.approx(value, abs=0.35 * abs(value))


def test_breath_is_added_between_the_harmonics():
    found, _ = heard(resound(noise_low=20.0, noise_mid=20.0, noise_high=20.0))
    before, _ = heard(SOUND)
    more = found.noise_db[found.voiced].mean(axis=0) - before.noise_db[before.voiced].mean(axis=0)
    assert (more[1:] > 2.0).all()


def test_a_louder_voice_is_louder_by_that_much():
    found, loud = heard(resound(level=6.0))
    before, was_loud = heard(SOUND)
    assert found.level_db[loud].mean() - before.level_db[was_loud].mean() == pytest.approx(6.0, abs=0.7)


def test_marks_lie_a_period_apart_where_there_is_voice():
    marks, voiced = period_marks(SOUND.astype(np.float64), PLAIN.f0_hz)
    gaps = np.diff(marks)
    frames = np.clip(np.rint(marks[:-1] / 110.25).astype(int), 0, len(PLAIN) - 1)
    inner = voiced[:-1] & (PLAIN.f0_hz[frames] > 0)
    expected = SAMPLE_RATE / PLAIN.f0_hz[frames[inner]]
    assert voiced.sum() > 80
    assert np.median(np.abs(gaps[inner] - expected) / expected) < 0.03
    assert (gaps > 0).all()
    assert gaps[~voiced[:-1]].max() <= 1.6 * UNVOICED_GRAIN


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4000), st.floats(-1, 1), st.integers(0, 2**16))
def test_any_sound_gives_finite_sound_of_the_length_asked(count, longer, seed):
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 0.1, count).astype(np.float32)
    plain = analyze(sound)
    change = np.zeros((-(-len(plain) // HOP), vc.WIDTH))
    change[:, vc.COLUMN["rate"]] = longer
    now, place = vc.changed(plain, change, np.random.default_rng(0))
    out = resounded(sound, plain, now, place)
    assert np.isfinite(out).all()
    assert abs(len(out) - len(now) * 0.005 * SAMPLE_RATE) < 0.51
