from __future__ import annotations

import numpy as np
import pytest

from benchmarks.speech import SENTENCES, SHOWS, mean_measure, wanted
from emogen.codecs.voice import SAMPLE_RATE
from emogen.conditioning.vocabulary import BASIC
from emogen.errors import EmogenError, InputError, LimitError
from emogen.media.audio import read_audio
from emogen.media.loudness import loudness_lufs, peak_dbfs
from emogen.pipelines.base import open_backend
from emogen.pipelines.speech.phones import Kind, kind_of
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.speech.voices import VOICES, Voice
from tests.contract.pipeline import PipelineContract, same

TEXT = "I never thought I'd see you again."


class TestContract(PipelineContract):
    content = "We won the game."
    other_content = "It is late."
    suffix = ".wav"
    call = {"voice": "alto"}
    index = {
        "codec": ("emogen.codecs.voice", "VoiceCodec"),
        "feeling": ("emogen.pipelines.speech.conversion", "VoiceConversionPipeline"),
    }
    bad_contents = ("", "   ", "...", "😀😀", "你好", "Привет", 5, None, "x" * 100_001)

    def make(self):
        return SpeechPipeline.from_pretrained("embedded")


@pytest.fixture(scope="module")
def pipe():
    found = SpeechPipeline.from_pretrained("embedded")
    found.set_progress_bar_config(disable=True)
    return found


@pytest.fixture(scope="module")
def rules():
    found = open_backend("speech", "rules")
    found.set_progress_bar_config(disable=True)
    return found


@pytest.fixture(scope="module")
def levels(rules):
    """(label, intensity) -> the measured cues of the rules alone, over voices and sentences."""
    pipe = rules
    voices, sentences = ("tenor", "soprano"), SENTENCES[:2]
    found = {(label, k): mean_measure(pipe, f"{label}:{k}", voices, sentences) for label in BASIC for k in (0.5, 1.0)}
    neutral = mean_measure(pipe, "neutral", voices, sentences)
    return found | {(label, 0.0): neutral for label in BASIC}


# -- what the rules do to the sound --------------------------------------------------------------------
@pytest.mark.parametrize("label", BASIC)
def test_each_emotion_moves_the_voice_as_its_cues_say_in_order_of_intensity(levels, label):
    for measure, direction in wanted(label).items():
        none, half, full = (levels[label, k][measure] for k in (0.0, 0.5, 1.0))
        cue = SHOWS[measure]
        if abs(direction) < 0.2:  # too small a cue to be told from the irregularity of speech
            continue
        sign = np.sign(direction)
        assert sign * none < sign * half < sign * full, (cue, none, half, full)


def test_the_emotions_lie_as_far_apart_as_the_rules_say(levels):
    def change(label, measure):
        return levels[label, 1.0][measure] - levels[label, 0.0][measure]

    for label in BASIC:
        assert change(label, "f0_mean_st") == pytest.approx(wanted(label)["f0_mean_st"], abs=1.5), label
        assert change(label, "lufs") == pytest.approx(wanted(label)["lufs"], abs=1.5), label
        rate = np.log2(levels[label, 1.0]["phones_per_s"] / levels[label, 0.0]["phones_per_s"])
        assert rate == pytest.approx(wanted(label)["phones_per_s"], abs=0.1), label


def test_beyond_one_is_more_than_one(pipe):
    one, more = (pipe(TEXT, f"sadness:{k}", voice="tenor", seed=1) for k in (1.0, 1.5))
    assert more.duration_s > 1.05 * one.duration_s
    assert loudness_lufs(more.audio, SAMPLE_RATE) < loudness_lufs(one.audio, SAMPLE_RATE) - 1.0


def test_a_point_in_vad_space_moves_the_voice_without_a_label(pipe):
    calm, stirred = (pipe(TEXT, f"vad(0,{a},0)", voice="tenor", seed=1) for a in (-0.8, 0.8))
    assert stirred.duration_s < 0.88 * calm.duration_s
    assert loudness_lufs(stirred.audio, SAMPLE_RATE) > loudness_lufs(calm.audio, SAMPLE_RATE) + 3.0


# -- a track's time is the time of the output --------------------------------------------------------------
def test_a_track_changes_the_voice_within_the_sentence_and_not_before(pipe):
    plain = pipe(TEXT, voice="tenor", seed=1)
    turn = pipe(TEXT, "0s neutral; 0.8s neutral; 0.81s! sadness", voice="tenor", seed=1)
    spoken_before = [p for p in plain.phones if p[2] < 0.75]
    assert list(turn.phones[: len(spoken_before)]) == spoken_before
    late, later = plain.phones[len(spoken_before) + 2 :], turn.phones[len(spoken_before) + 2 :]
    slower = sum(e - s for _, s, e in later) / sum(e - s for _, s, e in late)
    assert 1.2 < slower < 1.9
    assert turn.duration_s > plain.duration_s + 0.2


def test_the_second_sentence_feels_what_the_track_says_at_its_time(pipe):
    text = "The parcel came on Monday. The parcel came on Monday."
    out = pipe(text, "0s neutral; 1.4s neutral; 1.5s! sadness", voice="tenor", seed=1)
    half = len(out.phones) // 2
    first, second = out.phones[:half], out.phones[half:]
    assert [p[0] for p in first] == [p[0] for p in second]
    assert second[-1][2] - second[0][1] > 1.15 * (first[-1][2] - first[0][1])


# -- times ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("emotion", ["neutral", "sadness", "anger:1.5", "0s anger; 1s sadness"])
def test_phones_and_words_lie_where_they_are_heard(pipe, emotion):
    text = "She sells sea shells. Six cats sat by the sea."
    out = pipe(text, emotion, voice="tenor", seed=1)
    times = [t for _, a, b in out.phones for t in (a, b)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= out.duration_s
    assert [w for w, _, _ in out.words] == text.split()

    def high(out, a, b):
        part = out.audio[round(a * SAMPLE_RATE) : round(b * SAMPLE_RATE)].astype(float)
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        return power[len(power) * 3 // 8 :].sum() / power.sum()  # above 4.1 kHz

    drawn = [out, *(pipe(text, emotion, voice="tenor", seed=seed) for seed in (2, 3))]
    hiss = np.array([[high(one, a, b) for ipa, a, b in one.phones if ipa == "s"] for one in drawn])
    vowels = [high(one, a, b) for one in drawn for ipa, a, b in one.phones if kind_of(ipa) is Kind.VOWEL]
    assert hiss.shape == (3, 7)
    assert hiss.mean(axis=0).min() > 0.3
    assert max(vowels) < 0.2


def test_between_sentences_there_is_a_pause_of_natural_length(pipe):
    out = pipe("We won. They lost.", seed=1)
    gap = out.words[2][1] - out.words[1][2]
    assert 0.3 < gap < 0.6
    quiet = out.audio[round((out.words[1][2] + 0.1) * SAMPLE_RATE) : round((out.words[2][1] - 0.1) * SAMPLE_RATE)]
    assert peak_dbfs(quiet) < -60


# -- level ---------------------------------------------------------------------------------------------------
def test_neutral_speech_has_the_stated_loudness_in_every_voice(pipe):
    for voice in VOICES:
        out = pipe(SENTENCES[0], voice=voice, seed=1)
        assert loudness_lufs(out.audio, SAMPLE_RATE) == pytest.approx(-20.0, abs=1.0), voice


def test_peaks_stay_below_minus_one_and_ends_are_clean(pipe):
    for emotion in ("anger:1.5", "surprise:1.5", "sadness"):
        out = pipe(TEXT, emotion, seed=1)
        assert peak_dbfs(out.audio) < -1.0
        assert np.abs(out.audio[:20]).max() < 1e-3
        assert np.abs(out.audio[-20:]).max() < 1e-3
        assert abs(float(out.audio.mean())) < 1e-3


# -- voices --------------------------------------------------------------------------------------------------
def test_the_voices_are_those_asked_for_and_differ(pipe):
    assert {"narrator", "alto", "tenor", "bass", "soprano", "child"} <= set(VOICES)
    pitch = {
        v: mean_measure(pipe, "neutral", [v], SENTENCES[:1])["f0_mean_st"] for v in ("bass", "tenor", "alto", "child")
    }
    for name, found in pitch.items():
        assert found == pytest.approx(12 * np.log2(VOICES[name].f0_hz / 100.0), abs=1.0)


def test_a_voice_of_ones_own_speaks(pipe):
    out = pipe("Fee fi fo.", voice=Voice("giant", f0_hz=75, formant_ratio=0.85, rate=0.8), seed=1)
    assert out.duration_s > 1.1 * pipe("Fee fi fo.", voice="tenor", seed=1).duration_s
    assert out.sidecar()["request"]["voice"]["name"] == "giant"


@pytest.mark.parametrize(
    "options", [{"f0_hz": 5.0}, {"f0_hz": float("nan")}, {"formant_ratio": 3.0}, {"rate": 0}, {"variant": "a/../b"}]
)
def test_a_voice_out_of_range_is_refused(options):
    with pytest.raises(InputError, match="voice"):
        Voice("odd", **options)


def test_unknown_voices_and_languages_are_refused_with_what_there_is(pipe):
    with pytest.raises(InputError, match=r'"tenor".*Accepted: alto'):
        pipe(TEXT, voice="tenro")
    with pytest.raises(InputError, match=r"Accepted: en, .*de"):
        pipe(TEXT, language="tlh")
    with pytest.raises(InputError, match="zzz"):
        pipe(TEXT, voice=Voice("odd", variant="zzz"), language="de")


# -- auto ----------------------------------------------------------------------------------------------------
def test_auto_reads_the_emotion_from_the_words(pipe):
    out = pipe("We won the final, hooray! My brother died and I cried all night.", "auto", seed=1)
    first, second = out.emotion.at(0.1), out.emotion.at(out.duration_s - 0.3)
    assert first.vad[0] > 0.2
    assert second.vad[0] < -0.2
    again = pipe("We won the final, hooray! My brother died and I cried all night.", "auto", seed=1)
    assert same(again, out)


# -- files and callback --------------------------------------------------------------------------------------
def test_wav_and_flac_hold_the_same_samples(pipe, tmp_path):
    out = pipe("Yes.", "joy", seed=1)
    wav, flac = (read_audio(out.save(tmp_path / f"x.{suffix}")) for suffix in ("wav", "flac"))
    np.testing.assert_array_equal(wav.samples, flac.samples)
    np.testing.assert_allclose(wav.samples, out.audio, atol=1 / 32_000)


def test_a_callback_may_change_a_sentence_but_not_its_shape(pipe):
    quiet = pipe("Yes.", seed=1, callback_on_step_end=lambda *a: {"audio": 0 * a[3]["audio"]})
    assert not quiet.audio.any()
    with pytest.raises(InputError, match="callback"):
        pipe("Yes.", seed=1, callback_on_step_end=lambda *a: {"audio": a[3]["audio"][:-1]})


def test_signs_that_are_no_words_are_left_out_and_named(pipe):
    out = pipe("Hi 😀 there.", seed=1)
    assert [w for w, _, _ in out.words] == ["Hi", "there."]
    assert "😀" in out.warnings[0]


def test_a_text_too_long_to_render_is_refused(pipe, monkeypatch):
    from dataclasses import replace

    from emogen.pipelines.speech import pipeline

    monkeypatch.setattr(pipeline, "LIMITS", replace(pipeline.LIMITS, render_s=1.0))
    with pytest.raises(LimitError, match="render_s"):
        pipe("One two three four. Five six seven eight.", seed=1)


@pytest.mark.parametrize(
    "text", ["a", "?!a", "AAAAAAAAAAAAAAAAAAAAAA", "x\0y", "50 % of €3 is €1.50 (½).", "1. One\n2. Two"]
)
def test_odd_texts_speak(pipe, text):
    out = pipe(text, seed=1)
    assert 0.2 < out.duration_s < 12
    assert np.isfinite(out.audio).all()
    assert out.phones
    assert out.words


def test_a_tuple_comes_back_where_asked(pipe):
    audio, rate, words, phones, _, made = pipe("Yes.", seed=1, return_dict=False)
    assert rate == SAMPLE_RATE == 22_050
    assert len(audio) > 0
    assert words[0][0] == "Yes."
    assert phones[0][0] == "j"
    assert made.seed == 1


def test_a_failing_source_is_an_error_of_ours(pipe, monkeypatch):
    from emogen.pipelines.speech import phonemes

    monkeypatch.setattr(phonemes, "find_spec", lambda name: None)
    with pytest.raises(EmogenError, match="pip install espeakng-loader"):
        pipe("Yes.", seed=1)
