"""Lead sheets as frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emogen.codecs.lead_frames import LOW, MELODY_LOW, VELOCITY, LeadFramesCodec
from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.errors import InputError
from emogen.media.score import Note
from tests.contract.codec import CodecContract


def note(start: float, length: float, pitch: int) -> Note:
    return Note(start, length, pitch, VELOCITY)


SHEET = LeadSheet(
    9, "minor", 4, 4,
    melody=(note(0, 1, 69), note(1, 0.5, 71), note(1.5, 3, 72), note(6, 0.25, 72), note(6.25, 1.75, 76), note(12, 4, 69)),
    chords=(Chord(0, 4, 9, (0, 3, 7), 9), Chord(4, 1, 2, (0, 3, 7), 5), Chord(5, 3, 4, (0, 4, 7, 10), 4),
            Chord(8, 4, 0, (), 0), Chord(12, 4, 9, (0, 3, 7), 9)),
    accompaniment=(note(0, 4, 45), note(0.5, 1, 57), note(0.5, 0.5, 60), note(1.5, 1, 57), note(7.75, 2, 52)),
)  # fmt: skip


class TestLeadFramesCodec(CodecContract):
    tolerance = 0.0

    def make(self) -> LeadFramesCodec:
        return LeadFramesCodec()

    def frames(self, codec: LeadFramesCodec) -> np.ndarray:
        return codec.encode(SHEET)


def test_a_sheet_comes_back_as_it_was() -> None:
    codec = LeadFramesCodec()
    again = codec.decode(codec.encode(SHEET), SHEET.tonic, SHEET.mode)
    assert again == replace(SHEET, accompaniment=tuple(sorted(SHEET.accompaniment)))


@pytest.mark.parametrize("tonic", range(12))
def test_frames_are_the_same_on_every_tonic(tonic: int) -> None:
    codec = LeadFramesCodec()
    frames = codec.encode(SHEET)
    moved = codec.decode(frames, tonic, "minor")
    assert moved.tonic == tonic
    assert {(n.pitch - m.pitch) for n, m in zip(moved.melody, SHEET.melody, strict=True)} <= {tonic - 9, tonic - 9 + 12}
    np.testing.assert_array_equal(codec.encode(moved), frames)


def test_times_are_rounded_to_sixteenths_and_ranges_left_are_entered_by_octaves() -> None:
    codec = LeadFramesCodec()
    odd = LeadSheet(
        0, "major", 4, 1, (note(0.1, 0.97, MELODY_LOW - 5),), (Chord(0, 4, 0),), (note(1.02, 0.01, LOW - 1),)
    )
    again = codec.decode(codec.encode(odd))
    assert again.melody == (note(0, 1, MELODY_LOW + 7),)
    assert again.accompaniment == (note(1, 0.25, LOW + 11),)


def test_other_metres_and_other_things_are_refused() -> None:
    codec = LeadFramesCodec()
    with pytest.raises(InputError, match="3 beats in a bar"):
        codec.encode(replace(SHEET, beats_per_bar=3))
    with pytest.raises(InputError, match="found str"):
        codec.encode("a tune")  # type: ignore[arg-type]
