"""Curves as CSV: a head that says the units, rows that are read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import FormatError, InputError, LimitError
from emogen.media.curves import read_curves, write_curves


def test_the_head_says_the_units(tmp_path: Path) -> None:
    path = write_curves(
        tmp_path / "a.csv",
        {"time_s": [0.0, 0.005], "f0_hz": [0.0, 123.456789], "voiced": [False, True], "energy_db": [-60.0, np.nan], "breath": [1e-9, 2]},
    )
    assert path.read_text() == (
        "# time_s [s, from the begin of the sound], f0_hz [Hz, 0 where unvoiced], voiced [1 or 0], energy_db [dB re full scale], "
        "breath [no unit]\ntime_s,f0_hz,voiced,energy_db,breath\n0,0,0,-60,1e-09\n0.005,123.457,1,,2\n"
    )
    found = read_curves(path)
    assert list(found) == ["time_s", "f0_hz", "voiced", "energy_db", "breath"]
    assert np.isnan(found["energy_db"][1])


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), max_size=20))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[list[float]]) -> None:
    table = np.array(rows).reshape(-1, 3)
    path = write_curves(tmp_path_factory.mktemp("c") / "a.csv", dict(zip(("time_s", "a", "tilt_db"), table.T, strict=True)))
    found = read_curves(path)
    np.testing.assert_allclose(np.stack(list(found.values()), 1), table, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(
    "columns", [{}, {"a": [1], "b": [1, 2]}, {"a": [[1, 2]]}, {"a": [np.inf]}, {"a,b": [1]}, {"": [1]}]
)
def test_other_columns_are_refused(tmp_path: Path, columns: dict) -> None:
    with pytest.raises(InputError):
        write_curves(tmp_path / "a.csv", columns)
    assert not list(tmp_path.iterdir())


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="csv_frames"):
        write_curves(tmp_path / "a.csv", {"a": np.zeros(500_001)})


@pytest.mark.parametrize(
    ("text", "says"),
    [("\n", "no curves"), ("a,b\n1\n", "line 2.*1 fields"), ("a\nx\n", "line 2.*no number"), ("a,a\n", "twice"), ("a,\n", "name")],
)
def test_broken_files_are_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FormatError, match=says):
        read_curves(tmp_path / "a.csv")
