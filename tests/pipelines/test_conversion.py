"""Recordings felt otherwise: what changes, what stays, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from emogen.codecs.voice import BINS, FRAME_S, SAMPLE_RATE, VoiceFrames, analyze, find_f0
from emogen.codecs.voice_change import COLUMN, MANNER, WIDTH, changed
from emogen.codecs.voice_slow import FPS, describe, habit_of
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.errors import EmogenError, FormatError, InputError, LimitError
from emogen.media.loudness import loudness_lufs, peak_dbfs
from emogen.media.provenance import read_provenance
from emogen.pipelines.speech.conversion import COLOUR, TILT, VoiceConversionPipeline
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.speech.recording import PIECE_S, pieces, recording
from tests.contract.pipeline import PipelineContract

TEXT = "The parcel came on Monday, and nobody opened it."


@pytest.fixture(scope="module")
def plain():
    pipe = SpeechPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe(TEXT, voice="tenor", seed=1)


@pytest.fixture(scope="module")
def pipe():
    found = VoiceConversionPipeline.from_pretrained("embedded")
    found.set_progress_bar_config(disable=True)
    return found


def tone(seconds=1.0, hz=140.0):
    t = np.arange(round(seconds * 16_000)) / 16_000
    wave = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 20))
    return (0.2 * wave * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)


class Heard:
    """A recording as an object with its rate, as the contract hands contents around."""

    sample_rate = 16_000

    def __init__(self, seconds=1.0, hz=140.0):
        self.audio = tone(seconds, hz)


class TestContract(PipelineContract):
    content = Heard()
    other_content = Heard(0.8, 180.0)
    suffix = ".wav"
    call = {"num_inference_steps": 2}
    index = {
        "denoiser": ("emogen.models.sequence", "SequenceDenoiser"),
        "emotion_encoder": ("emogen.conditioning.encoder", "EmotionEncoder"),
        "scheduler": ("diffusers", "FlowMatchEulerDiscreteScheduler"),
        "codec": ("emogen.codecs.voice_change", "ChangeCodec"),
        "rules": ("emogen.pipelines.speech.prosody", "ProsodyRules"),
        "directions": ("emogen.conditioning.directional", "Directions"),
    }
    bad_contents = (None, 5, np.zeros(8), "nowhere.wav")

    def make(self):
        return VoiceConversionPipeline.from_pretrained("embedded")


def measures(out):
    f0 = find_f0(out.audio)
    return 12 * np.log2(np.median(f0[f0 > 0])), loudness_lufs(out.audio, SAMPLE_RATE), out.duration_s


# -- what a feeling does -----------------------------------------------------------------------------------
@pytest.mark.parametrize("emotion", ["neutral", "sadness:0", None])
def test_neutral_changes_nothing_but_the_loudness_of_the_whole(pipe, plain, emotion):
    out = pipe(plain, emotion, seed=1)
    assert out.duration_s == pytest.approx(plain.duration_s, abs=0.02)
    count = min(len(out.audio), len(plain.audio))
    inner = slice(round(0.02 * SAMPLE_RATE), count - round(0.02 * SAMPLE_RATE))  # the ends are faded
    had, has = plain.audio[inner], out.audio[inner]
    np.testing.assert_allclose(has, had * (has @ had) / (had @ had), atol=1e-6)


def test_digital_silence_stays_silent(pipe, plain):
    gap = np.zeros(SAMPLE_RATE // 2, np.float32)
    out = pipe(np.concatenate([plain.audio, gap, plain.audio]), "neutral", sample_rate=SAMPLE_RATE, seed=1)
    middle = out.audio[len(plain.audio) + len(gap) // 4 : len(plain.audio) + 3 * len(gap) // 4]
    assert not middle.any()


def test_arousal_raises_and_sadness_lowers(pipe, plain):
    home = measures(pipe(plain, "neutral", seed=1))
    anger, sadness = (measures(pipe(plain, e, seed=1)) for e in ("anger", "sadness"))
    assert anger[1] > home[1] + 2 > sadness[1] + 4
    assert anger[0] > home[0] > sadness[0]
    assert sadness[2] > home[2]


@pytest.mark.parametrize("label", BASIC)
def test_more_intensity_is_more_change(pipe, plain, label):
    """The distance of the changed curves from the plain ones grows with the intensity asked."""
    far = []
    for k in (0.0, 0.3, 0.7, 1.0):
        curves = pipe(plain, f"{label}:{k}", seed=1).curves
        voiced = curves.f0_hz > 0
        spread = np.array([12 * np.log2(np.median(curves.f0_hz[voiced])), np.median(curves.level_db[voiced]), 6 / curves.rate.mean()])
        far.append(spread)
    distance = [float(np.linalg.norm(x - far[0])) for x in far]
    assert distance == sorted(distance)


@pytest.mark.parametrize("label", BASIC)
def test_what_is_not_drawn_is_the_rules_whole(pipe, plain, label):
    """The denoiser draws no manner: half of the rules would be half of the feeling."""
    found = describe(analyze(plain.audio))
    track = EmotionTrack.of(label)
    change, published = (what.change(found, habit_of(found), track, 1) for what in (pipe, pipe.rules))
    added = pipe.directions.along(track.sample(FPS, len(found) / FPS).basic[: len(found)])
    for name in MANNER:
        step = 0.0 if name == "formants" else added[:, COLUMN[name]]
        np.testing.assert_allclose(change[:, COLUMN[name]], published[:, COLUMN[name]] + step, atol=1e-9)


def test_joy_moves_the_pitch_more_than_fear_and_smiles(pipe, plain):
    found = describe(analyze(plain.audio))
    joy, fear = (pipe.change(found, habit_of(found), EmotionTrack.of(label), 1).mean(axis=0) for label in ("joy", "fear"))
    assert joy[COLUMN["pitch_range"]] > 0.6 > 0.0 > fear[COLUMN["pitch_range"]]
    assert joy[COLUMN["formants"]] > 2.0


def test_sadness_is_irregular_and_calm_is_not(pipe, plain):
    """Juslin & Laukka 2003: it is what tells sadness from tenderness."""
    found = describe(analyze(plain.audio))
    sad, calm = (pipe.change(found, habit_of(found), EmotionTrack.of(label), 1).mean(axis=0) for label in ("sadness", "calm"))
    assert sad[COLUMN["roughness"]] > calm[COLUMN["roughness"]] + 0.8


def test_the_colour_of_a_feeling_without_a_direction_is_drawn_whole(plain):
    pipe = VoiceConversionPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    found, track = describe(analyze(plain.audio)), EmotionTrack.of("sadness")
    step = pipe.directions.steps[BASIC.index("sadness")]
    assert not step.any()

    def beyond_the_tilt():
        colour = pipe.change(found, habit_of(found), track, 1)[:, COLOUR]
        return colour - (colour @ TILT)[:, None] * TILT

    whole = beyond_the_tilt()
    step += 1e-12
    np.testing.assert_allclose(whole, 2.0 * beyond_the_tilt(), atol=1e-6)
    assert np.abs(whole).mean() > 0.1


@pytest.mark.parametrize("octaves", [-1.0, 1.0])
def test_the_range_of_pitch_leaves_its_roughness(octaves):
    """A narrow melody is no smoother, a wide one no rougher: roughness is a channel of its own."""
    time = np.arange(600) * FRAME_S
    pitch = 2.0 * np.sin(2 * np.pi * 0.7 * time) + 0.15 * np.random.default_rng(0).standard_normal(600)
    flat = np.ones((600, BINS))
    plain = VoiceFrames(130.0 * 2.0 ** (pitch / 12.0), 1e-3 * flat, 0.1 * flat)
    change = np.zeros((150, WIDTH))
    change[:, COLUMN["pitch_range"]] = octaves
    found, made = (describe(x) for x in (plain, changed(plain, change, np.random.default_rng(0))[0]))
    assert made.pitch_st.std() / found.pitch_st.std() == pytest.approx(2.0**octaves, rel=0.05)
    np.testing.assert_allclose(made.roughness_db, found.roughness_db, atol=1.0)


def test_a_track_is_heard_at_its_time(pipe, plain):
    out = pipe(plain, "0s sadness; 1.4s sadness; 1.5s! anger", seed=1)
    early, late = (out.curves.level_db[(out.curves.time_s > a) & (out.curves.time_s < b)] for a, b in ((0.2, 1.3), (1.7, 2.6)))
    assert np.percentile(late, 80) > np.percentile(early, 80) + 3


# -- long ones ---------------------------------------------------------------------------------------------
def test_pieces_make_the_whole_and_are_cut_at_soft_moments():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(40 * SAMPLE_RATE).astype(np.float32)
    soft = [9, 18, 27, 36]
    for second in soft:
        x[second * SAMPLE_RATE : second * SAMPLE_RATE + 4000] *= 0.01
    found = list(pieces(np.array_split(x, 7)))
    np.testing.assert_array_equal(np.concatenate(found), x)
    cuts = np.cumsum([len(p) for p in found])[:-1] / SAMPLE_RATE
    assert all(PIECE_S[0] <= len(p) / SAMPLE_RATE <= PIECE_S[1] for p in found[:-1])
    assert cuts[0] == pytest.approx(9.09, abs=0.1)


def test_a_recording_of_several_pieces_keeps_its_length_and_level(pipe, plain):
    long = np.tile(plain.audio, 5)
    out = pipe(long, "neutral", sample_rate=SAMPLE_RATE, seed=1)
    assert out.duration_s == pytest.approx(len(long) / SAMPLE_RATE, abs=0.1)
    assert loudness_lufs(out.audio, SAMPLE_RATE) == pytest.approx(-20.0, abs=1.0)


def test_a_stream_is_what_a_call_gives_and_is_written_as_it_is_made(pipe, plain, tmp_path):
    long = np.tile(plain.audio, 5)
    options = {"sample_rate": SAMPLE_RATE, "seed": 1, "num_inference_steps": 2}
    whole = pipe(long, "0s joy; 8s sadness", **options)
    stream = pipe.stream(long, "0s joy; 8s sadness", **options)
    parts = list(stream.blocks())
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate(parts), whole.audio)
    stream.save(tmp_path / "long.wav")
    read = soundfile.read(tmp_path / "long.wav")[0]
    np.testing.assert_allclose(read, whole.audio, atol=1e-4)
    assert read_provenance(tmp_path / "long.wav") is not None


# -- files and slips ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2), (44_100, 1)])
def test_any_rate_and_any_number_of_channels(pipe, plain, tmp_path, rate, channels):
    from emogen.media.audio import resample

    x = resample(plain.audio[:SAMPLE_RATE], SAMPLE_RATE, rate)
    path = tmp_path / "in.wav"
    soundfile.write(path, np.stack([x] * channels, axis=1), rate, subtype="PCM_16")
    out = pipe(path, "joy:0.5", seed=1, num_inference_steps=2)
    assert 0.5 < out.duration_s < 2
    assert peak_dbfs(out.audio) <= -1.0
    assert any("telephone" in w for w in out.warnings) == (rate == 8_000)


def test_a_clipped_recording_is_converted_and_said_to_be_clipped(pipe, plain):
    loud = np.clip(plain.audio * 20, -1, 1)
    assert any("clipped" in w for w in pipe(loud, "fear:0.5", sample_rate=SAMPLE_RATE, seed=1, num_inference_steps=2).warnings)


@pytest.mark.parametrize(("samples", "rate", "says"), [
    (np.zeros(32_000, np.float32), 16_000, "silent"),
    (tone(0.05), 16_000, "ms of sound"),
    (0.1 * np.random.default_rng(0).standard_normal(16_000).astype(np.float32), 16_000, "no voice"),
    (np.full(16_000, np.nan, np.float32), 16_000, "finite"),
    (np.zeros((4, 5, 6), np.float32), 16_000, "shape"),
    (tone(), None, "sample_rate"),
])
def test_what_holds_no_voice_is_refused(pipe, samples, rate, says):
    with pytest.raises(InputError, match=says):
        pipe(samples, "joy", sample_rate=rate)


def test_files_that_are_no_recordings_are_refused(pipe, tmp_path):
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(FormatError):
        pipe(tmp_path / "text.wav", "joy")
    lying = tmp_path / "lying.wav"
    soundfile.write(lying, tone(), 16_000, subtype="PCM_16")
    raw = bytearray(lying.read_bytes())
    raw[40:44] = (3_900_000_000).to_bytes(4, "little")
    lying.write_bytes(raw)
    with pytest.raises(EmogenError, match="header promises"):
        pipe(lying, "joy")


def test_more_than_the_limit_is_refused_by_name():
    hours = np.broadcast_to(np.float32(0.1), (3 * 3600 * SAMPLE_RATE,))
    with pytest.raises(LimitError, match=r"limits\.audio_s"):
        recording(hours, SAMPLE_RATE)


def test_rights_are_kept_and_their_absence_is_said(pipe, plain):
    own = pipe(plain, "joy:0.5", rights="own", seed=1, num_inference_steps=2)
    assert own.sidecar()["request"]["rights"] == "own"
    assert not own.warnings
    assert any("rights" in w for w in pipe(plain, "joy:0.5", seed=1, num_inference_steps=2).warnings)
    with pytest.raises(InputError, match="own, licensed, synthetic"):
        pipe(plain, "joy", rights="mine")


def test_words_cannot_be_written_of_a_recording(pipe, plain, tmp_path):
    out = pipe(plain, "joy:0.5", seed=1, num_inference_steps=2)
    out.save(tmp_path / "curves.csv")
    with pytest.raises(InputError, match="no words"):
        out.save(tmp_path / "words.srt")
