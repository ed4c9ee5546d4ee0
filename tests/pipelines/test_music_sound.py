"""Sound: the mix is as long and as loud as asked, nothing clips or clicks, stems add up, blocks join without a seam."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly, sosfilt

from emogen.errors import FormatError
from emogen.media.loudness import loudness_lufs
from emogen.media.sampler import Sampler, clock
from emogen.media.sampler_loops import filtered, read
from emogen.media.score import Note, Score, Track
from emogen.media.score_sound import sound_font
from emogen.media.sound_font import SoundFont
from emogen.pipelines.music.arrange import arranged
from emogen.pipelines.music.orchestra import INSTRUMENTS
from emogen.pipelines.music.sound import RATE_HZ, rendered, rendered_blocks, stems
from tests.pipelines.music_sheets import attributes, sheet


def piece(bars: int = 4, **changed: object) -> Score:
    now = attributes(**changed)
    return arranged(sheet(bars), lambda bar: now, [now.tempo] * bars, None, 1)


@pytest.fixture(scope="module")
def font() -> SoundFont:
    return SoundFont(sound_font())


def played(font: SoundFont, program: int, *notes: Note, drum: bool = False) -> np.ndarray:
    track = Track("a", program, drum, notes)
    return Sampler(font, RATE_HZ).play(track, clock(Score((track,))))


@pytest.mark.parametrize("name", ["Grand piano", "Violin", "Flute", "Contrabass", "String ensemble", "Horn", "Harp"])
def test_instruments_play_the_pitch_that_is_written(font: SoundFont, name: str) -> None:
    instrument = INSTRUMENTS[name]
    pitch = (instrument.low + instrument.high) // 2
    sound = played(font, instrument.program, Note(0, 4, pitch, 100)).mean(axis=0)[4_000:64_000]
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    wanted = 440 * 2 ** ((pitch - 69) / 12)

    def level(hz: float) -> float:
        at = round(hz * size / RATE_HZ)
        return float(spectrum[int(at * 0.985) : int(at * 1.015) + 2].max())

    harmonics = max(level(wanted * k) for k in (1, 2, 3))
    between = max(level(wanted * k) for k in (1.5, 2.5))
    assert harmonics > 5 * between


def test_a_note_that_comes_again_sounds_the_same(font: SoundFont) -> None:
    once = played(font, 0, Note(0, 1, 60, 80))
    twice = played(font, 0, Note(0, 1, 60, 80), Note(8, 1, 60, 80))
    again = twice[:, 4 * RATE_HZ :]  # 120 beats a minute
    np.testing.assert_array_equal(twice[:, : once.shape[1]], once)
    np.testing.assert_array_equal(again, once)


def test_a_wave_is_read_between_its_samples_and_round_its_loop() -> None:
    turn = 2 * np.pi * np.arange(64) / 64
    wave = np.sin(turn).astype(np.float32)
    out = np.zeros(1_000)
    read(out, np.concatenate([wave[:1], wave, wave[:4]]), np.array([0, 64]), 0.75)
    np.testing.assert_allclose(out[2:], np.sin(2 * np.pi * 0.75 * np.arange(1_000) / 64)[2:], atol=1e-3)
    once = np.zeros(1_000)
    read(once, np.concatenate([wave[:1], wave, np.zeros(4, np.float32)]), np.array([-1, -1]), 0.5)
    assert once[100:120].any()
    assert not once[130:].any()


def test_filters_are_those_of_scipy() -> None:
    sound = np.random.default_rng(0).standard_normal((2, 5_000)).astype(np.float32)
    sections = np.array([[0.9, -1.7, 0.8, 1.0, -1.8, 0.85], [1.1, -0.4, 0.1, 1.0, -0.5, 0.2]])
    wanted = sosfilt(sections, sound.astype(float), axis=1)
    filtered(sound, np.delete(sections, 3, axis=1))
    np.testing.assert_allclose(sound, wanted, atol=1e-5)


def test_velocity_is_heard(font: SoundFont) -> None:
    peaks = [np.abs(played(font, 0, Note(0, 1, 60, v))).max() for v in (30, 60, 90, 120)]
    assert all(b > 1.5 * a for a, b in pairwise(peaks))


def test_notes_ring_out_after_they_are_released_and_end_in_silence(font: SoundFont) -> None:
    for program in (0, 48, 73):
        sound = played(font, program, Note(0, 1, 60, 100))
        release = sound[:, RATE_HZ // 2 :]
        assert np.abs(release[:, :200]).max() > 1e-3
        assert np.abs(sound[:, -1]).max() < 1e-4
        assert sound.shape[1] < 4 * RATE_HZ


def test_the_sampler_is_linear_and_repeats(font: SoundFont) -> None:
    a, b = Note(0, 1, 60, 80), Note(0.5, 1, 64, 90)
    both, one, two = (played(font, 0, *notes) for notes in ((a, b), (a,), (b,)))
    one, two = (np.pad(x, ((0, 0), (0, both.shape[1] - x.shape[1]))) for x in (one, two))
    assert np.allclose(both, one + two, atol=1e-6)
    assert np.array_equal(both, played(font, 0, a, b))


def test_a_closed_hi_hat_ends_an_open_one(font: SoundFont) -> None:
    free = played(font, 0, Note(0, 0.1, 46, 100), drum=True)
    cut = played(font, 0, Note(0, 0.1, 46, 100), Note(0.5, 0.1, 42, 1), drum=True)
    at = slice(round(0.3 * RATE_HZ), round(0.4 * RATE_HZ))
    assert np.abs(cut[:, at]).max() < 0.2 * np.abs(free[:, at]).max()


def test_no_sound_font(tmp_path: Path) -> None:
    for content in (b"RIFF", b"RIFF\x10\0\0\0sfbkLIST\xff\xff\xff\x7f", b"RIFF\0\0\0\0WAVEfmt "):
        (tmp_path / "a.sf2").write_bytes(content)
        with pytest.raises(FormatError, match="SoundFont"):
            SoundFont(tmp_path / "a.sf2")


def test_length_loudness_and_true_peak() -> None:
    levels = []
    for loudness in (40.0, 75.0, 110.0):
        sound = rendered(piece(loudness=loudness, feeling="joy"), 8.25)
        assert sound.shape == (round(8.25 * RATE_HZ), 2)
        assert sound.dtype == np.float32
        assert np.isfinite(sound).all()
        assert np.abs(resample_poly(sound, 4, 1, axis=0)).max() < 10 ** (-1 / 20)
        levels.append(loudness_lufs(sound, RATE_HZ))
    assert all(-20.6 < level < -15.4 for level in levels)
    assert levels[0] + 1 < levels[1] < levels[2] - 0.8
    assert np.abs(sound[-200:]).max() < 1e-3  # it fades out


def test_stems_add_up_to_the_mix_and_none_is_drowned() -> None:
    score = piece(8, feeling="joy", loudness=100.0)
    parts, mix = stems(score, 16.0), rendered(score, 16.0)
    assert set(parts) == {t.name for t in score.tracks}
    assert np.allclose(sum(parts.values()), mix, atol=1e-5)
    melody = max(loudness_lufs(s, RATE_HZ) for name, s in parts.items() if "(melody)" in name)
    for name, sound in parts.items():
        assert melody - 14 < loudness_lufs(sound, RATE_HZ) <= melody, name


def test_a_limiter_holds_what_would_clip() -> None:
    struck = tuple(Note(b / 2, 0.2, key, 127) for b in range(0, 32, 8) for key in (36, 49, 41))
    held = (Note(0.0, 16.0, 60, 20),)
    score = Score((Track("Kit (drums)", 0, True, struck), Track("Strings (melody)", 48, False, held)))
    sound = rendered(score, 8.0)
    assert np.abs(resample_poly(sound, 4, 1, axis=0)).max() < 10 ** (-1 / 20)


def test_blocks_join_without_a_seam_and_ring_on() -> None:
    score = piece(6, feeling="calm")
    seconds = 2.0  # a bar at 120
    groups = [
        replace(
            score,
            tracks=tuple(
                replace(t, notes=tuple(replace(n, start_beat=max(n.start_beat - 4 * b, 0.0)) for n in t.notes
                                       if b * 4 <= n.start_beat + 0.05 < b * 4 + 4))
                for t in score.tracks
            ),
        )
        for b in range(6)
    ]  # fmt: skip
    blocks = list(rendered_blocks((g, seconds) for g in groups))
    assert [len(b) for b in blocks[1:6]] == [2 * RATE_HZ] * 5
    sound = np.concatenate(blocks)
    assert len(sound) > 12 * RATE_HZ + RATE_HZ // 2  # the last notes and the hall
    assert np.abs(sound[-100:]).max() < 1e-3
    jumps = np.abs(np.diff(sound, axis=0)).max(axis=1)
    seams = np.cumsum([len(b) for b in blocks])[:-1]
    assert jumps[seams - 1].max() < np.quantile(jumps, 0.999)


def test_one_block_is_the_piece() -> None:
    score = piece(2)
    whole, block = rendered(score, 4.0), np.concatenate(list(rendered_blocks([(score, 4.0)])))
    whole, block = whole[: 3 * RATE_HZ], block[: 3 * RATE_HZ]  # before the fade
    gain = float((whole * block).sum() / (whole**2).sum())
    assert 0.5 < gain < 2  # a stream does not know how loud the whole will be
    assert np.allclose(gain * whole, block, atol=1e-4)


def test_silence_stays_silent() -> None:
    empty = Score((Track("Piano (melody)", 0, False, ()),))
    assert not rendered(empty, 1.0).any()
    assert stems(empty, 1.0) == {}
    assert list(rendered_blocks([])) == []
