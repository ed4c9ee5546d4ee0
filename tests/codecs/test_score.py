"""Scores as frames."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.codecs.score import ScoreCodec, role_of
from emogen.errors import InputError
from emogen.media.score import Note, Score, Track
from tests.contract.codec import CodecContract


class TestScoreCodec(CodecContract):
    tolerance = 0.5 / 127 + 1e-6

    def make(self) -> ScoreCodec:
        return ScoreCodec()

    def frames(self, codec: ScoreCodec) -> np.ndarray:
        return codec.encode(PIECE)


PIECE = Score(
    (
        Track("Flute (melody)", 73, False, (Note(0, 1, 72, 90), Note(1, 0.5, 74, 80), Note(1.5, 2.5, 76, 127))),
        Track("Piano (harmony)", 0, False, tuple(Note(0, 4, p, 60) for p in (60, 64, 67))),
        Track("Bass (bass)", 32, False, (Note(0, 2, 36, 70), Note(2, 2, 36, 70))),
    )
)


def test_notes_come_back_as_they_were() -> None:
    codec = ScoreCodec()
    again = codec.decode(codec.encode(PIECE))
    for before, after in zip(PIECE.tracks, again.tracks, strict=True):
        assert tuple(sorted(before.notes)) == after.notes


def test_a_repeated_note_stays_two_notes() -> None:
    codec = ScoreCodec()
    bass = codec.decode(codec.encode(PIECE)).tracks[-1]
    assert [n.start_beat for n in bass.notes] == [0, 2]


def test_drums_are_left_out_and_roles_follow_pitch() -> None:
    drums = Track("Kit", 0, True, (Note(0, 1, 36, 100),))
    assert ScoreCodec().encode(Score((drums,))).shape == (0, 528)
    assert role_of(Track("x", 0, False, (Note(0, 1, 40, 60),))) == "bass"
    assert role_of(Track("x", 0, False, (Note(0, 1, 80, 60),))) == "melody"


def test_a_recording_is_no_score() -> None:
    with pytest.raises(InputError, match="ndarray"):
        ScoreCodec().encode(np.zeros((10, 2)))
