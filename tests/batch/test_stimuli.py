"""Sets of stimuli: a small real one from end to end, designs, presentation lists, and measures of known sounds."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.batch.design import design_of
from emogen.batch.entry import do_batch, read_batch
from emogen.batch.job import Job
from emogen.batch.lists import neighbours, presentation, williams
from emogen.batch.measures import measured, told, voice
from emogen.batch.stimuli import CODEBOOK, LISTS, TABLE, write_stimuli
from emogen.errors import InputError
from emogen.media.audio import read_audio
from emogen.media.image import write_image

GRID = "text='It is eleven.','We will stop.' emotion=joy,anger,sadness voice=alto"
TEXTS = ("It is eleven.", "We will stop.")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of 2 texts x 3 emotions, one voice."""
    out = tmp_path_factory.mktemp("set")
    summary, told = do_batch(read_batch(grid=GRID, seed=3, stimuli=True), out, seed=3, stimuli=True)
    assert (summary.done, summary.failed) == (6, 0)
    assert (told["stimuli"], told["lists"]) == (6, 6)
    return out


# -- the real set --------------------------------------------------------------------------------------------
def test_the_table_has_a_row_a_stimulus(made: Path) -> None:
    table = rows(made / TABLE)
    assert [row["id"] for row in table] == [f"t{t}_{e}" for t in ("01", "02") for e in ("joy", "anger", "sadness")]
    assert [row["item"] for row in table] == ["item01"] * 3 + ["item02"] * 3
    assert {row["condition"] for row in table} == {"joy", "anger", "sadness"}
    assert [row["text"] for row in table[::3]] == list(TEXTS)
    assert "voice" not in table[0]
    for row in table:
        sound = read_audio(made / row["file"])
        assert float(row["loudness_lufs"]) == pytest.approx(-23.0, abs=0.05)
        assert float(row["duration_s"]) == pytest.approx(sound.duration_s, abs=1e-3)
        assert 70 < float(row["f0_mean_hz"]) < 500
        assert row["speech_asked"] == row["emotion"]
        assert 0 <= float(row["speech_confidence"]) <= 1
        assert 0 < float(row["speech_ceiling"]) <= 1
        assert bool(row["flag"]) == (row["speech_judged"] != row["speech_asked"])
        assert int(row["seed"]) == int(table[0 if row["item"] == "item01" else 3]["seed"])


def test_joy_is_higher_and_livelier_than_sadness(made: Path) -> None:
    table = rows(made / TABLE)
    for item in ("item01", "item02"):
        joy, _, sad = (row for row in table if row["item"] == item)
        assert float(joy["f0_mean_hz"]) > float(sad["f0_mean_hz"]) * 1.1
        assert float(joy["f0_range_st"]) > float(sad["f0_range_st"])
        assert float(joy["alpha_ratio_db"]) > float(sad["alpha_ratio_db"])


def test_the_codebook_explains_every_column_and_the_judges(made: Path) -> None:
    book = json.loads((made / CODEBOOK).read_text(encoding="utf-8"))
    assert list(rows(made / TABLE)[0]) == [*sorted(book["columns"], key=list(rows(made / TABLE)[0]).index)]
    assert all(column["told"] for column in book["columns"].values())
    assert book["design"]["factors"] == {"emotion": ["joy", "anger", "sadness"], "text": list(TEXTS)}
    assert book["design"]["constants"]["voice"] == "alto"
    assert book["sound"]["target"] == ["lufs:-23"]
    judge = book["judges"][0]
    assert judge["modality"] == "speech"
    assert 0 < judge["on_real_people"]["accuracy"] <= 1
    assert judge["real_people"]


def test_every_list_shows_every_stimulus_once(made: Path) -> None:
    found = rows(made / LISTS)
    assert {row["list"] for row in found} == set("123456")
    for number in "123456":
        main = [row for row in found if row["list"] == number and row["phase"] == "main"]
        assert sorted(row["file"] for row in main) == sorted(row["file"] for row in rows(made / TABLE))
        assert [int(row["order"]) for row in found if row["list"] == number] == list(range(1, 4 + 6 + 1))
    for item in ("item01", "item02"):
        at = Counter((row["block"], row["condition"]) for row in found if row["item"] == item and row["phase"] == "main")
        assert len(at) == 9
        assert set(at.values()) == {2}


def test_the_tables_are_the_same_again_and_what_is_missing_is_flagged(made: Path) -> None:
    jobs = read_batch(grid=GRID, seed=3, stimuli=True).jobs
    before = {name: (made / name).read_bytes() for name in (TABLE, CODEBOOK, LISTS)}
    write_stimuli(jobs, made, seed=3)
    assert {name: (made / name).read_bytes() for name in before} == before
    (made / "t02_joy.wav").rename(made / "kept.away")
    try:
        told = write_stimuli(jobs, made, seed=3)
        assert told["stimuli"] == 5
        assert "was not made" in rows(made / TABLE)[3]["flag"]
        assert all(row["id"] != "t02_joy" for row in rows(made / LISTS))
    finally:
        (made / "kept.away").rename(made / "t02_joy.wav")
        write_stimuli(jobs, made, seed=3)


# -- designs -------------------------------------------------------------------------------------------------
def job(name: str, **arguments: object) -> Job:
    return Job(name, "speak", arguments, ".wav", 1)


def test_content_is_the_item_and_all_else_that_varies_the_condition() -> None:
    design = design_of([
        job("a", text="One.", emotion="joy", voice="alto"), job("b", text="Two.", emotion="joy", voice="alto"),
        job("c", text="One.", emotion="fear", intensity=0.5, voice="alto"),
    ])  # fmt: skip
    assert design.item_field == "text"
    assert design.cells == {"a": (0, 0), "b": (1, 0), "c": (0, 1)}
    assert design.conditions == ("joy_none", "fear_0.5")
    assert design.constants["voice"] == "alto"
    one = design_of([job("a", text="One.", emotion="joy"), job("b", text="One.", emotion="fear")])
    assert one.item_field == ""
    assert set(one.cells.values()) == {(0, 0), (0, 1)}


def test_jobs_that_are_no_set() -> None:
    with pytest.raises(InputError, match="nothing but id or seed"):
        design_of([job("a", text="One."), job("b", text="One.")])
    with pytest.raises(InputError, match="no job"):
        design_of([])
    with pytest.raises(InputError, match="It goes with stimuli"):
        read_batch(grid=GRID, loudness="lufs")


# -- lists ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", range(1, 13))
def test_the_square_is_balanced(n: int) -> None:
    square = williams(n)
    assert len(square) == (n if n % 2 == 0 or n == 1 else 2 * n)
    assert all(sorted(row) == list(range(n)) for row in square)
    for column in zip(*square, strict=True):
        assert len(set(Counter(column).values())) == 1
    follows = Counter(pair for row in square for pair in itertools.pairwise(row))
    assert len(follows) == n * (n - 1)
    assert len(set(follows.values())) <= 1


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 8), st.integers(1, 7), st.integers(0, 2**63 - 1), st.data())
def test_lists_are_whole_whatever_the_design(items: int, conditions: int, seed: int, data: st.DataObject) -> None:
    every = [(i, c) for i in range(items) for c in range(conditions)]
    gone = data.draw(st.sets(st.sampled_from(every), max_size=len(every) - 1))
    stimuli = {cell: f"{cell[0]}-{cell[1]}" for cell in every if cell not in gone}
    trials = presentation(stimuli, seed)
    assert trials == presentation(stimuli, seed)
    for number in {trial.list for trial in trials}:
        own = [trial for trial in trials if trial.list == number]
        assert sorted(t.id for t in own if t.phase == "main") == sorted(stimuli.values())
        assert [t.order for t in own] == list(range(1, len(own) + 1))
        assert [t.phase for t in own] == sorted((t.phase for t in own), reverse=True)


@pytest.mark.parametrize(("items", "conditions"), [(3, 4), (6, 24), (5, 3), (4, 4), (20, 5)])
def test_neighbours_share_neither_item_nor_condition(items: int, conditions: int) -> None:
    trials = presentation({(i, c): f"{i}-{c}" for i in range(items) for c in range(conditions)}, 1)
    for number in {trial.list for trial in trials}:
        assert not neighbours([t.cell for t in trials if t.list == number and t.phase == "main"])
    assert presentation({}, 1) == []


# -- measures ------------------------------------------------------------------------------------------------
def test_measures_of_a_known_voice() -> None:
    t = np.arange(32_000) / 16_000
    f0 = 200.0 * 2 ** (2 / 12 * np.sin(2 * np.pi * 2 * t))
    phase = 2 * np.pi * np.cumsum(f0) / 16_000
    sound = sum(np.sin(k * phase) / k for k in range(1, 9)) * 0.1
    sound[12_000:17_600] = 0
    found = voice(sound.astype(np.float32))
    assert found["f0_mean_hz"] == pytest.approx(200, rel=0.03)
    assert found["f0_sd_st"] == pytest.approx(2 / np.sqrt(2), rel=0.15)
    assert found["f0_range_st"] == pytest.approx(4.0, rel=0.15)
    assert found["pauses"] == 1
    assert found["pause_share"] == pytest.approx(0.35 / 2, abs=0.03)
    assert found["hnr_db"] > 10
    noise = voice(np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32))
    assert "f0_mean_hz" not in noise or noise["hnr_db"] < found["hnr_db"]
    assert voice(np.zeros(16_000, np.float32))["pauses"] == 0


def test_measures_of_a_known_picture(tmp_path: Path) -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 32:] = 255
    write_image(tmp_path / "half.png", picture)
    found = measured(tmp_path / "half.png")
    assert found["luminance"] == pytest.approx(0.5, abs=0.01)
    assert found["rms_contrast"] == pytest.approx(0.5, abs=0.01)
    assert all(told(name)[1] for name in found)
