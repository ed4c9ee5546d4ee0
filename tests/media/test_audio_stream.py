from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import FormatError, InputError
from emogen.media.audio import read_audio, write_blocks
from emogen.media.audio_stream import native_rate, read_blocks
from emogen.media.loudness import LoudnessMeter, loudness_lufs


def sound(seconds=3.0, rate=22_050):
    rng = np.random.default_rng(1)
    t = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 220 * t) * (t % 1) + 0.01 * rng.standard_normal(len(t))).astype(np.float32)


def test_blocks_are_the_file(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([sound(), -0.5 * sound()], axis=1), 22_050, subtype="FLOAT")
    whole = read_audio(path, sample_rate=16_000).samples
    parts = np.concatenate(list(read_blocks(path, 16_000)))
    np.testing.assert_allclose(parts, whole, atol=1e-4)
    assert native_rate(path) == 22_050


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg"])
def test_blocks_are_written_as_they_come(tmp_path, suffix):
    path = write_blocks(tmp_path / f"a{suffix}", np.array_split(sound(), 7), 22_050)
    assert read_audio(path).duration_s == pytest.approx(3.0, abs=0.1)


def test_what_fails_on_the_way_leaves_no_file(tmp_path):
    def blocks():
        yield sound()
        raise InputError("audio", "broke")

    with pytest.raises(InputError, match="broke"):
        write_blocks(tmp_path / "a.wav", blocks(), 22_050)
    assert not list(tmp_path.iterdir())


def test_files_that_are_none_are_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF....WAVEnothing")
    with pytest.raises((FormatError, InputError)):
        list(read_blocks(tmp_path / "a.wav", 16_000))


@given(st.integers(1, 30), st.floats(0.05, 6.0))
@settings(max_examples=25, deadline=None)
def test_the_meter_reads_what_the_whole_reads(parts, seconds):
    x = sound(seconds)
    meter = LoudnessMeter(22_050)
    for part in np.array_split(x, parts):
        meter.add(part)
    assert meter.lufs == pytest.approx(loudness_lufs(x, 22_050), abs=0.3)
