"""Pieces played by others: the same notes, another sound."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.conditioning import music_measures
from emogen.media.score import Note, Score, Track
from emogen.media.score_sound import RATE_HZ, heard
from emogen.training import music
from emogen.training.music_data import Piece
from emogen.training.music_voices import voiced


def piece() -> Score:
    chords = [Note(4.0 * bar, 4.0, pitch, 60) for bar in range(4) for pitch in (43, 59, 62)]
    tune = [Note(float(beat), 0.9, 67 + (0, 2, 4, 5)[beat % 4], 80) for beat in range(16)]
    return Score((Track("piano", 0, False, tuple(chords + tune)),))


def made(seed: int) -> np.ndarray:
    return voiced(piece(), np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(6))
def test_others_play_the_whole_piece_at_a_level_that_a_file_holds(seed: int) -> None:
    sound = made(seed)
    assert len(sound) > 0.9 * piece().duration_s * RATE_HZ
    assert 10 ** (-20 / 20) - 1e-3 < np.abs(sound).max() < 10 ** (-1 / 20) + 1e-3


def test_the_same_draw_sounds_the_same_and_another_does_not() -> None:
    assert np.array_equal(made(1), made(1))
    assert made(1).shape != made(2).shape or not np.allclose(made(1), made(2))


def test_the_harmony_is_still_that_of_the_piece() -> None:
    plain = music_measures.sound_frames(heard(piece()).samples)[:, :12].mean(axis=0)
    for seed in range(4):
        chroma = music_measures.sound_frames(made(seed))[:, :12].mean(axis=0)
        assert np.corrcoef(plain, chroma)[0, 1] > 0.5


def test_a_reader_learns_from_a_piece_and_from_what_others_make_of_it() -> None:
    score = piece()
    one = Piece(score, music_measures.notes_of(score), heard(score).samples, "joy", (0.5, 0.5), "a song")
    sounds = music.sounds_of("guide", [one, one])
    assert sounds.whole.shape == (2 * (1 + music.TAKES), len(music_measures.SOUND_NAMES))
    assert np.array_equal(sounds.whole[0], sounds.whole[1])
    assert set(sounds.parts.items) == set(range(len(sounds.whole)))
