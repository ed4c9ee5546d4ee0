from __future__ import annotations

import numpy as np
import pytest

from emogen.codecs.voice import (
    BINS,
    CEPSTRUM,
    SAMPLE_RATE,
    VoiceCodec,
    VoiceFrames,
    analyze,
    synthesize,
    through_unvoiced,
)
from emogen.errors import InputError
from tests.contract.codec import CodecContract


def glide(seconds: float = 1.2, low: float = 110.0, high: float = 180.0) -> np.ndarray:
    """A vowel with rising F0 (harmonics under three formants), then noise."""
    rng = np.random.default_rng(0)
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    f0 = low + (high - low) * t / seconds
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    voice = np.zeros_like(t)
    for k in range(1, 50):
        f = k * f0
        gain = (sum(1.0 / (1.0 + ((f - centre) / 150.0) ** 2) for centre in (600.0, 1200.0, 2600.0)) + 0.05) / k
        voice += np.where(f < 5_000, gain, 0.0) * np.sin(k * phase)
    noise = rng.standard_normal(SAMPLE_RATE // 2)
    return np.concatenate([0.2 * voice / np.abs(voice).max(), 0.02 * noise]).astype(np.float32)


class TestContract(CodecContract):
    #: log-F0, voicing and energy exactly; the envelope as the coarse mel axis allows; bands of aperiodicity in dB.
    tolerance = (1e-4, 0.0, 0.02, *(0.6,) * CEPSTRUM, 0.1, 0.1)

    def make(self):
        return VoiceCodec()

    def frames(self, codec):
        return codec.encode(glide())

    def round_trip(self, codec, frames):
        """Through full resolution; through sound only statistics come back (tested below)."""
        return codec.pack(codec.unpack(frames))


def test_f0_comes_back_from_the_sound():
    frames = analyze(glide())
    voiced = frames.f0_hz > 0
    inner = np.arange(20, 220)
    truth = 110.0 + 70.0 * inner * 0.005 / 1.2
    assert voiced[inner].mean() > 0.98
    assert np.median(np.abs(12 * np.log2(frames.f0_hz[inner][voiced[inner]] / truth[voiced[inner]]))) < 0.05
    assert voiced[260:330].mean() < 0.2


def test_a_voice_survives_coding_and_decoding():
    codec, sound = VoiceCodec(), glide()
    once = codec.encode(sound)
    again = codec.encode(codec.decode(once))[: len(once)]
    both = (once[:, 1] > 0.5) & (again[:, 1] > 0.5)
    assert both.mean() > 0.6
    names = codec.names
    f0, energy = names.index("log_f0"), names.index("energy")
    assert np.median(np.abs(once[both, f0] - again[both, f0])) < 0.01
    assert np.median(np.abs(once[both, energy] - again[both, energy])) < 0.35
    shape = slice(names.index("cepstrum_1"), names.index("cepstrum_1") + CEPSTRUM - 1)
    assert np.corrcoef(once[both, shape].mean(0), again[both, shape].mean(0))[0, 1] > 0.98


def test_synthesis_is_repeatable_and_keeps_the_length():
    frames = analyze(glide())
    first, second = synthesize(frames), synthesize(frames)
    np.testing.assert_array_equal(first, second)
    assert abs(len(first) - len(glide())) < 0.02 * SAMPLE_RATE
    assert first.dtype == np.float32


def test_an_octave_up_is_an_octave_up():
    frames = analyze(glide())
    higher = analyze(synthesize(VoiceFrames(frames.f0_hz * 2, frames.envelope, frames.aperiodicity)))
    both = (frames.f0_hz[:220] > 0) & (higher.f0_hz[:220] > 0)
    assert np.median(higher.f0_hz[:220][both] / frames.f0_hz[:220][both]) == pytest.approx(2.0, rel=0.01)


def test_silence_and_noise_have_no_voice_but_code():
    codec = VoiceCodec()
    for sound in (np.zeros(8_000, np.float32), np.random.default_rng(1).normal(0, 0.1, 8_000).astype(np.float32)):
        frames = codec.encode(sound)
        assert np.isfinite(frames).all()
        assert frames[:, 1].mean() < 0.2
        assert np.isfinite(codec.decode(frames)).all()


def test_f0_is_drawn_through_gaps():
    drawn = through_unvoiced(np.array([0.0, 100.0, 0.0, 0.0, 200.0, 0.0]))
    np.testing.assert_allclose(drawn, [100, 100, 100 * 2 ** (1 / 3), 100 * 2 ** (2 / 3), 200, 200])


@pytest.mark.parametrize(
    "bad", [np.zeros((5, 2), np.float32), np.zeros(0, np.float32), np.zeros(9, np.int16), np.array([0.0, np.nan])]
)
def test_what_is_no_sound_is_refused(bad):
    with pytest.raises(InputError):
        VoiceCodec().encode(bad)


def test_frames_have_the_stated_shapes():
    frames = analyze(glide())
    assert frames.envelope.shape == frames.aperiodicity.shape == (len(frames), BINS)
    assert (frames.envelope > 0).all()
    assert ((frames.aperiodicity >= 0) & (frames.aperiodicity <= 1)).all()
