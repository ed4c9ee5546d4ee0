"""Faces as curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.face import FACE_CHANNELS, INDEX, FaceMotion, both, mouth_opening
from emogen.codecs.face_codec import FaceCodec
from emogen.errors import InputError
from tests.contract.codec import CodecContract


def motion(frames: int = 40) -> FaceMotion:
    rng = np.random.default_rng(0)
    curves = rng.random((frames, len(FACE_CHANNELS))).astype(np.float32)
    curves[:, 52:] -= 0.5
    return FaceMotion(curves, 25.0)


class TestFaceCodec(CodecContract):
    tolerance = 0.0

    def make(self) -> FaceCodec:
        return FaceCodec()

    def frames(self, codec: FaceCodec) -> np.ndarray:
        return motion().curves


def test_curves_come_back_from_a_file(tmp_path: Path) -> None:
    before = motion(60)
    again = FaceMotion.load(before.save(tmp_path / "a.csv"))
    np.testing.assert_allclose(again.curves, before.curves, atol=1e-4)
    assert again.fps == pytest.approx(25)
    header = (tmp_path / "a.csv").read_text().splitlines()[0].split(",")
    assert header[:2] == ["Timecode", "BlendShapeCount"]
    assert len(header) == 2 + 61


def test_there_are_52_shapes_and_9_angles() -> None:
    assert len(FACE_CHANNELS) == len(set(FACE_CHANNELS)) == 61
    assert both("mouthSmile") == [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]


def test_opening_goes_from_closed_to_wide() -> None:
    curves = np.zeros((5, 61))
    curves[1, INDEX["jawOpen"]] = 0.5
    curves[2, INDEX["jawOpen"]] = curves[2, INDEX["mouthClose"]] = 0.5
    curves[3, INDEX["jawOpen"]] = 1.0
    curves[4, INDEX["jawOpen"]], curves[4, both("mouthPress")] = 0.3, 1.0
    np.testing.assert_allclose(mouth_opening(curves), [0, 0.5, 0, 1, 0])


def test_curves_of_another_face_are_refused() -> None:
    with pytest.raises(InputError):
        FaceMotion(np.zeros((3, 52), np.float32), 25.0)
