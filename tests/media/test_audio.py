"""Sound survives the way to a file and back, and nothing is altered in silence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io.wavfile
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import FormatError, InputError, LimitError
from emogen.media.audio import Audio, limit_peak, read_audio, resample, write_audio
from emogen.media.loudness import _k_filters, loudness_lufs, peak_dbfs, rms_dbfs
from emogen.media.provenance import Provenance


def sine(frequency_hz: float, seconds: float, rate: int = 48_000, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize(("subtype", "step"), [("PCM_16", 2.0**-15), ("PCM_24", 2.0**-23)])
def test_samples_come_back_within_half_a_step(tmp_path: Path, suffix: str, subtype: str, step: float) -> None:
    x = np.random.default_rng(0).uniform(-0.99, 0.99, (5_000, 2)).astype(np.float32)
    path = write_audio(tmp_path / f"a.{suffix}", x, 44_100, subtype=subtype, provenance=Provenance(emotion="joy"))
    got = read_audio(path, mono=False)
    assert got.sample_rate == 44_100
    assert got.channels == 2
    assert np.abs(got.samples - x).max() <= step / 2 + 6e-8
    assert np.allclose(read_audio(path).samples, got.samples.mean(axis=1), atol=1e-7)


@pytest.mark.filterwarnings("ignore:Chunk")
def test_another_reader_reads_what_is_written(tmp_path: Path) -> None:
    x = sine(440, 0.2)
    path = write_audio(tmp_path / "a.wav", x, 48_000, provenance=Provenance(emotion="joy", seed=1))
    rate, samples = scipy.io.wavfile.read(path)
    assert rate == 48_000
    assert samples.dtype == np.int16
    assert np.abs(samples / 32768 - x).max() <= 2.0**-16 + 1e-7


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
@settings(max_examples=30, deadline=None)
def test_any_samples_in_range_survive(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("audio") / "a.wav"
    write_audio(path, np.array(values, np.float32), 16_000)
    assert np.abs(read_audio(path).samples - np.array(values, np.float32)).max() <= 2.0**-15


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    for suffix in ("wav", "flac"):
        hashes = set()
        for i in range(2):
            path = write_audio(tmp_path / f"{i}.{suffix}", sine(200, 0.1), 24_000, provenance=Provenance(seed=3))
            hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
        assert len(hashes) == 1


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.array([0.0, np.nan, np.inf]), "2 samples are not finite"),
        (np.array([0.0, 1.26]), r"peak at \+2.0 dBFS"),
        (np.zeros(0), r"shape \(0,\)"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros(4, np.int16), "int16"),
        (np.zeros((4, 9)), "9 channels"),
    ],
)
def test_samples_that_cannot_be_written_are_refused(tmp_path: Path, samples: np.ndarray, says: str) -> None:
    with pytest.raises(InputError, match=says):
        write_audio(tmp_path / "a.wav", samples, 16_000)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate", [0, -1, 999, 400_000, 44_100.5, True, None])
def test_rates_that_are_none_are_refused(tmp_path: Path, rate: object) -> None:
    with pytest.raises(InputError, match="sample"):
        write_audio(tmp_path / "a.wav", np.zeros(10), rate)  # type: ignore[arg-type]


def test_limit_peak_turns_down_and_never_up() -> None:
    loud, quiet = sine(100, 0.1, amplitude=1.5), sine(100, 0.1, amplitude=0.1)
    turned, gain_db = limit_peak(loud)
    assert peak_dbfs(turned) == pytest.approx(-1.0, abs=1e-4)
    assert gain_db == pytest.approx(-1.0 - 20 * np.log10(1.5), abs=1e-3)
    assert limit_peak(quiet)[1] == 0.0
    assert np.array_equal(limit_peak(quiet)[0], quiet)
    assert limit_peak(np.zeros(4))[1] == 0.0


@pytest.mark.parametrize("to_hz", [16_000, 22_050, 48_000])
def test_resampling_keeps_time_and_pitch(tmp_path: Path, to_hz: int) -> None:
    path = write_audio(tmp_path / "a.wav", sine(440, 1.0, 44_100), 44_100)
    got = read_audio(path, sample_rate=to_hz)
    assert abs(len(got.samples) - to_hz) <= 2
    middle = slice(to_hz // 4, 3 * to_hz // 4)
    want = sine(440, 1.0, to_hz)
    assert np.abs(got.samples[middle] - want[middle]).max() < 2e-3
    assert np.abs(resample(sine(440, 1.0, 44_100), 44_100, to_hz)[middle] - want[middle]).max() < 2e-3


@pytest.mark.parametrize(("suffix", "subtype"), [("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III"), ("wav", "FLOAT")])
def test_other_formats_are_read(tmp_path: Path, suffix: str, subtype: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, sine(440, 0.5, 44_100), 44_100, subtype=subtype)
    got = read_audio(path)
    assert got.duration_s == pytest.approx(0.5, abs=0.06)
    assert rms_dbfs(got.samples) == pytest.approx(-9.03, abs=0.6)


def test_files_that_hold_no_sound_are_refused(tmp_path: Path) -> None:
    for name, data, says in [("a.wav", b"hello", "is a text file"), ("b.wav", b"\x89PNG\r\n\x1a\n1234", "PNG"),
                             ("c.mp3", b"#EXTM3U\nhttp://127.0.0.1/x\n", "playlist"),
                             ("d.wav", b"RIFF\x10\0\0\0WAVEfmt \0\0", "broken wav")]:  # fmt: skip
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FormatError, match=says):
            read_audio(tmp_path / name)
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    with pytest.raises(InputError, match="no samples"):
        read_audio(tmp_path / "empty.wav")
    with pytest.raises(InputError, match="no such file"):
        read_audio(tmp_path / "none.wav")


def test_limits_are_named(tmp_path: Path) -> None:
    wide = tmp_path / "wide.wav"
    soundfile.write(wide, np.zeros((10, 9)), 16_000)
    with pytest.raises(LimitError, match=r"9 channels; the limit is 8 \(limits.audio_channels\)"):
        read_audio(wide)
    slow = tmp_path / "slow.wav"
    soundfile.write(slow, np.zeros(10), 100)
    with pytest.raises(LimitError, match=r"limits.audio_rate_hz"):
        read_audio(slow)


def test_audio_knows_its_length_and_mixes() -> None:
    audio = Audio(np.stack([np.ones(800), -np.ones(800)], axis=1).astype(np.float32), 8_000)
    assert audio.duration_s == 0.1
    assert np.all(audio.mono().samples == 0)
    assert len(audio.resampled(16_000).samples) == 1_600


# ---- loudness: the references of ITU-R BS.1770-4 and EBU Tech 3341 ---------------------------------------


@pytest.mark.parametrize("rate", [22_050, 24_000, 44_100, 48_000])
def test_a_full_scale_sine_of_997_hz_reads_minus_3_01(rate: int) -> None:
    assert loudness_lufs(sine(997, 5, rate, 1.0), rate) == pytest.approx(-3.01, abs=0.03)


@pytest.mark.parametrize(
    ("parts", "want"),
    [  # EBU Tech 3341 (2016), table 1, cases 1 to 5: (dBFS, seconds) of a stereo sine of 1 kHz
        ([(-23.0, 20)], -23.0),
        ([(-33.0, 20)], -33.0),
        ([(-36.0, 10), (-23.0, 60), (-36.0, 10)], -23.0),
        ([(-72.0, 10), (-36.0, 10), (-23.0, 60), (-36.0, 10), (-72.0, 10)], -23.0),
        ([(-26.0, 20), (-20.0, 20.1), (-26.0, 20)], -23.0),
    ],
)
def test_the_gating_passes_the_ebu_cases(parts: list[tuple[float, float]], want: float) -> None:
    x = np.concatenate([sine(1000, seconds, 48_000, 10 ** (level / 20)) for level, seconds in parts])
    assert loudness_lufs(np.stack([x, x], axis=1), 48_000) == pytest.approx(want, abs=0.1)


def test_the_filters_are_those_of_the_recommendation() -> None:
    (b1, a1), (b2, a2) = _k_filters(48_000)  # BS.1770-4, tables 1 and 2
    assert b1 == pytest.approx([1.53512485958697, -2.69169618940638, 1.19839281085285], abs=1e-8)
    assert a1 == pytest.approx([1.0, -1.69065929318241, 0.73248077421585], abs=1e-8)
    assert b2 == pytest.approx([1.0, -2.0, 1.0], abs=1e-12)
    assert a2 == pytest.approx([1.0, -1.99004745483398, 0.99007225036621], abs=1e-8)


def test_silence_and_nothing_have_no_loudness() -> None:
    assert loudness_lufs(np.zeros(48_000), 48_000) == -np.inf
    assert loudness_lufs(np.zeros(0), 48_000) == -np.inf
    assert peak_dbfs(np.zeros(3)) == rms_dbfs(np.zeros(3)) == rms_dbfs(np.zeros(0)) == -np.inf
    assert np.isfinite(loudness_lufs(sine(1000, 0.1), 48_000))
