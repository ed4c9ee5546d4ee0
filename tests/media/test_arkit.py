"""Face curves are written as the Live Link Face app writes them and read by name."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from emogen.errors import FormatError, InputError
from emogen.media.arkit import ANGLE_NAMES, ARKIT_NAMES, read_csv, write_csv

CURVES = np.random.default_rng(0).random((90, 52))
ANGLES = np.random.default_rng(1).uniform(-1, 1, (90, 9))


def test_the_header_and_the_rows_are_those_of_the_app(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", CURVES, 30.0, angles=ANGLES)
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:3] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft"]
    assert rows[0][53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert rows[0][-1] == "RightEyeRoll"
    assert [len(row) for row in rows] == [63] * 91
    assert [rows[i][0] for i in (1, 2, 31, 90)] == ["00:00:00:00.000", "00:00:00:01.000", "00:00:01:00.000", "00:00:02:29.000"]
    assert {row[1] for row in rows[1:]} == {"61"}


@pytest.mark.parametrize("fps", [24.0, 25.0, 29.97, 30.0, 60.0])
def test_curves_come_back(tmp_path: Path, fps: float) -> None:
    got = read_csv(write_csv(tmp_path / "a.csv", CURVES, fps, angles=ANGLES))
    assert got.fps == pytest.approx(fps, abs=0.01)
    assert np.abs(got.values - CURVES).max() <= 5.1e-7
    assert np.abs(got.angles - ANGLES).max() <= 5.1e-7


def test_columns_are_found_by_name_in_any_order_and_case(tmp_path: Path) -> None:
    names = ["blendshapecount", *reversed(ARKIT_NAMES), "TIMECODE"]
    (tmp_path / "a.csv").write_text(",".join(names) + "\n" + ",".join(["52", *(f"0.{i:02d}" for i in range(52)), "10:00:00:00"]) + "\n")
    got = read_csv(tmp_path / "a.csv")
    assert got.values[0].tolist() == [i / 100 for i in reversed(range(52))]
    assert not got.angles.any()
    assert got.fps == 60.0


def test_the_names_are_apples() -> None:
    assert len(set(ARKIT_NAMES)) == 52
    assert len(set(ANGLE_NAMES)) == 9
    for name in ARKIT_NAMES:
        other = name.replace("Left", "@").replace("Right", "Left").replace("@", "Right")
        assert other in ARKIT_NAMES


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("JawOpen", "Jaw"), 'no column "jawOpen"'),
        (lambda t: t.replace("JawOpen", "JawLeft"), "jawOpen"),
        (lambda t: t.replace("Timecode", "Time"), "timecode"),
        (lambda t: t + "00:00:03:00.000,61,1\n", "line 92: 3 values under 63 names"),
        (lambda t: t.replace("00:00:00:00.000", "zero"), "not a time code"),
        (lambda t: t.replace("0.000000", "nan", 1), "not finite"),
        (lambda t: t.replace("0.000000", "=1+1", 1), "line 2: could not convert"),
        (lambda t: t.split("\n")[0] + "\n", "no frames"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, change: object, says: str) -> None:
    path = write_csv(tmp_path / "a.csv", CURVES, 30.0)
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    with pytest.raises(FormatError, match=says):
        read_csv(path)


@pytest.mark.parametrize(
    ("values", "fps"),
    [(CURVES[:, :51], 30), (CURVES * 2, 30), (CURVES * np.nan, 30), (CURVES - 1, 30), (CURVES[:0], 30), (CURVES, 0)],
)
def test_curves_that_cannot_be_written_are_refused(tmp_path: Path, values: np.ndarray, fps: float) -> None:
    with pytest.raises(InputError):
        write_csv(tmp_path / "a.csv", values, fps)
    assert not list(tmp_path.iterdir())
