"""The embedded voices of English: sounds with their words, times that fit the frames, mixes of speakers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emogen.codecs.voice import BINS, FRAME_S, analyze, synthesize
from emogen.codecs.voice_slow import HZ
from emogen.errors import CheckpointError, InputError
from emogen.pipelines.speech.acoustic_input import FIGURES, PAUSE, closing_sign, figures_of, known_symbol, sounds_of
from emogen.pipelines.speech.acoustic_speaker import AcousticSpeaker, framed, mix_of, speaker_for, voice_for
from emogen.pipelines.speech.dress import dressed
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import Phone, Word
from emogen.pipelines.speech.speaker import EspeakSpeaker
from emogen.pipelines.speech.voices import VOICES, Voice

ENGLISH = find_language("en")
TEXT = "Well, the birch canoe slid on the smooth planks?"


@pytest.fixture(scope="module")
def speaker():
    with AcousticSpeaker() as made:
        yield made


@pytest.fixture(scope="module")
def plain(speaker):
    return speaker.speak(TEXT, VOICES["alto"], ENGLISH)


def test_the_frames_are_a_voice(plain):
    frames = plain.frames
    assert frames.envelope.shape == frames.aperiodicity.shape == (len(frames), BINS)
    assert (frames.envelope > 0).all()
    voiced = frames.f0_hz[frames.f0_hz > 0]
    assert 0.3 < len(voiced) / len(frames) < 0.9
    assert 50 < voiced.min() < voiced.max() < 400
    assert 1.5 < len(frames) * FRAME_S < 5.0


@pytest.mark.parametrize("name", ["alto", "tenor", "soprano", "bass"])
def test_a_voice_is_as_bright_as_people(speaker, name):
    """What people's neutral speech has at 1 to 5 kHz lies 11 to 16 dB below what it has under 1 kHz (EmoDB, nEMO)."""
    said = speaker.speak(TEXT, VOICES[name], ENGLISH).frames
    frames = analyze(synthesize(dressed(said, voice_for(VOICES[name], ENGLISH), np.random.default_rng(0))))
    loudness = frames.envelope.sum(axis=1)
    power = frames.envelope[(frames.f0_hz > 0) & (loudness > 1e-3 * loudness.max())].mean(axis=0)
    low, high = (power[(first < HZ) & (last > HZ)].sum() for first, last in ((50.0, 1_000.0), (1_000.0, 5_000.0)))
    assert -16.0 < 10.0 * np.log10(high / low) < -11.0


def test_phones_have_no_gaps_and_words_are_as_written(plain):
    assert plain.phones[0].start_s == 0.0
    assert plain.phones[-1].end_s == pytest.approx(len(plain.frames) * FRAME_S)
    assert all(a.end_s == b.start_s for a, b in zip(plain.phones, plain.phones[1:], strict=False))
    assert [word.text for word in plain.words] == TEXT.split()
    assert all(0 < w.start_s < w.end_s <= v.start_s + 1e-9 for w, v in zip(plain.words, plain.words[1:], strict=False))
    assert plain.phones[-1].end_s - plain.words[-1].end_s < 0.2


def test_a_comma_is_a_silence(plain):
    after = next(p for p in plain.phones[1:] if not p.ipa)
    assert plain.words[0].end_s <= after.end_s <= plain.words[1].start_s + 1e-6
    assert 0.05 < after.end_s - after.start_s < 0.8
    inside = plain.frames.envelope[round(after.start_s / FRAME_S) + 4 : round(after.end_s / FRAME_S) - 4]
    assert inside.mean() < 0.01 * plain.frames.envelope.mean()


def test_the_same_sentence_gives_the_same_whatever_came_before(speaker, plain):
    speaker.speak("Something else!", VOICES["bass"], ENGLISH)
    again = speaker.speak(TEXT, VOICES["alto"], ENGLISH)
    assert np.array_equal(again.frames.envelope, plain.frames.envelope)
    assert again.phones == plain.phones


def test_speakers_differ_and_mix(speaker):
    def pitch(written):
        found = speaker.speak(TEXT, Voice("x", speaker=written), ENGLISH).frames.f0_hz
        return float(np.mean(np.log(found[found > 0])))

    assert pitch("rms") < pitch("rms:0.5+slt:0.5") < pitch("slt")


def test_mixes_are_read():
    assert mix_of("b:3+a:1", ("a", "b")).tolist() == [0.25, 0.75]
    for wrong in ("", "c", "a:x", "a:-1", "a:0", "a:inf"):
        with pytest.raises(InputError):
            mix_of(wrong, ("a", "b"))


def test_unusual_text_is_spoken(speaker):
    for text in ("Hm.", "Bach, Jalapeño, rendezvous, Wałęsa", "3.14 is less than 22/7!", "a", "It's 5 o'clock: (really?)"):
        said = speaker.speak(text, VOICES["alto"], ENGLISH)
        assert len(said.frames) > 20
        assert np.isfinite(said.frames.envelope).all()
        assert "".join(w.text for w in said.words).strip()


def test_without_a_word_it_says_so(speaker):
    with pytest.raises(InputError):
        speaker.speak("...", VOICES["alto"], ENGLISH)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(CheckpointError):
        AcousticSpeaker(tmp_path / "none")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CheckpointError):
        AcousticSpeaker(tmp_path)


def test_other_languages_stay_with_the_phoneme_source():
    with speaker_for(VOICES["alto"], find_language("de")) as german:
        assert isinstance(german, EspeakSpeaker)
    with speaker_for(replace(VOICES["alto"], speaker=""), ENGLISH) as plain:
        assert isinstance(plain, EspeakSpeaker)
    with speaker_for(VOICES["alto"], ENGLISH) as english:
        assert isinstance(english, AcousticSpeaker)


def test_a_voice_has_the_formants_of_who_speaks_it():
    alto, own = VOICES["alto"], Voice("giant", f0_hz=75, formant_ratio=0.85)
    assert voice_for(alto, ENGLISH).formant_ratio == alto.speaker_formants
    assert voice_for(alto, find_language("de")) is alto
    assert voice_for(own, ENGLISH).formant_ratio == 0.85


def test_every_named_voice_has_an_acoustic_speaker(speaker):
    for voice in VOICES.values():
        assert mix_of(voice.speaker, speaker.speakers).sum() == pytest.approx(1.0)


def test_sounds_know_their_word_and_the_end_of_their_phrase():
    phones = [Phone("", 0, 0.1), Phone("n", 0.1, 0.2), Phone("ˈoʊ", 0.2, 0.4), Phone("", 0.4, 0.5), Phone("ɡ", 0.5, 0.6),
              Phone("ˌoʊ", 0.6, 0.8), Phone("", 0.8, 0.9)]  # fmt: skip
    sounds = sounds_of(phones, [Word("No,", 0.1, 0.4), Word("go!", 0.5, 0.8)])
    assert [(s.symbol, s.stress, s.word, s.end) for s in sounds] == [
        ("n", 0, 0, "comma"), ("oʊ", 2, 0, "comma"), (PAUSE, 0, -1, "exclamation"), ("ɡ", 0, 1, "exclamation"),
        ("oʊ", 1, 1, "exclamation"),
    ]  # fmt: skip
    figures = figures_of(framed(sounds))
    assert figures.shape == (7, len(FIGURES))
    assert figures[:, FIGURES.index("sentence_exclamation")].all()
    assert figures[2, FIGURES.index("primary_stress")] == 1


def test_signs_close_a_phrase():
    given = {'"no?"': "question", "go.)": "stop", "well,": "comma", "it's": "", "wow!!": "exclamation", "cried...": "stop"}
    assert {token: closing_sign(token) for token in given} == given


def test_a_sound_that_was_not_learnt_has_a_near_one():
    known = ["_", "a", "iː", "t", "s", "ə", "n", "l", "z", "d", "dʒ", "tʃ"]
    assert known_symbol("i", known) == "iː"
    assert known_symbol("aː", known) == "a"
    assert known_symbol("x", known) == "s"
    assert known_symbol("ø", known) == "ə"
