"""Grids: how factors are written, every combination of them, names, seeds, and what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.batch.grid import parse_grid, read_grid
from emogen.errors import EmogenError, InputError, LimitError
from emogen.media.image import write_image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines.txt").write_text("\ufeffIt is late.\r\n\r\n  Who is there?  \n", encoding="utf-8")
    (tmp_path / "faces").mkdir()
    for name in ("b.png", "a.png"):
        write_image(tmp_path / "faces" / name, np.full((64, 64, 3), 128, np.uint8))
    return tmp_path


def test_the_whole_product_with_readable_names(folder: Path) -> None:
    found = read_grid("call=speak text=lines.txt emotion=joy,anger intensity=0.2:1.0:0.4 voice=alto,tenor language=en", folder)
    assert not found.refused
    assert len(found.jobs) == 2 * 2 * 3 * 2
    assert found.jobs[0].id == "t01_joy_i0.2_alto"
    assert found.jobs[-1].id == "t02_anger_i1_tenor"
    assert found.jobs[0].arguments == {
        "text": "It is late.", "emotion": "joy", "intensity": 0.2, "voice": "alto", "language": "en",
    }  # fmt: skip
    assert [job.line for job in found.jobs] == list(range(1, 25))
    product = {(j.arguments["text"], j.arguments["emotion"], j.arguments["intensity"], j.arguments["voice"]) for j in found.jobs}
    wanted = itertools.product(("It is late.", "Who is there?"), ("joy", "anger"), (0.2, 0.6, 1.0), ("alto", "tenor"))
    assert product == set(wanted)


def test_stimuli_that_differ_in_the_emotion_alone_share_a_seed(folder: Path) -> None:
    jobs = read_grid("call=speak text=lines.txt emotion=joy,anger intensity=0.5,1 voice=alto,tenor", folder).jobs
    seeds: dict[tuple[str, str], set[int]] = {}
    for job in jobs:
        seeds.setdefault((job.arguments["text"], job.arguments["voice"]), set()).add(job.seed)
    assert all(len(found) == 1 for found in seeds.values())
    assert len({next(iter(found)) for found in seeds.values()}) == 4
    other = read_grid("call=speak text=lines.txt emotion=joy,anger intensity=0.5,1 voice=alto,tenor", folder, seed=1).jobs
    assert all(a.seed != b.seed for a, b in zip(jobs, other, strict=True))
    assert [job.seed for job in read_grid("call=speak text=Hi seed=5,6", folder).jobs] == [5, 6]


def test_everything_there_is(folder: Path) -> None:
    from emogen.pipelines.speech.voices import VOICES
    from emogen.pipelines.talking_head.avatars import AVATARS

    assert [j.arguments["voice"] for j in read_grid("call=speak text=Hi voice=*", folder).jobs] == list(VOICES)
    avatars = read_grid("call=talk text=Hi portrait=*", folder).jobs
    assert [j.arguments["portrait"] for j in avatars] == [f"avatar:{name}" for name in AVATARS]
    assert [j.id for j in avatars] == list(AVATARS)


def test_names_of_files_with_a_star(folder: Path) -> None:
    jobs = read_grid("call=talk text=Hi portrait=faces/*.png,avatar:ava", folder).jobs
    assert [job.id for job in jobs] == ["a", "b", "ava"]
    assert jobs[0].files == (str((folder / "faces" / "a.png").resolve()),)


def test_files_of_a_command_line_may_lie_anywhere(folder: Path) -> None:
    (folder / "sub").mkdir()
    job = read_grid("call=talk text=Hi portrait=../faces/a.png", folder / "sub").jobs[0]
    assert job.arguments["portrait"] == str((folder / "faces" / "a.png").resolve())


def test_commas_in_emotions_quotes_and_names_that_meet(folder: Path) -> None:
    spec = """call=speak text="Well, yes.",'"No," he said.' emotion=vad(0.1,0.2,0),'0s fear; 2s joy',"a \\"b\\"",joy+fear:0.3"""
    assert parse_grid(spec) == {
        "call": ["speak"],
        "text": ["Well, yes.", '"No," he said.'],
        "emotion": ["vad(0.1,0.2,0)", "0s fear; 2s joy", 'a "b"', "joy+fear:0.3"],
    }
    jobs = read_grid("call=speak text=Don't emotion='joy:0.5',joy-0.5,(joy):0.5", folder)
    assert [job.id for job in jobs.jobs] == ["joy-0-5", "joy-0-5-3"]
    assert [one.id for one in jobs.refused] == ["joy-0-5-2"]


def test_one_job_has_the_name_of_its_call(folder: Path) -> None:
    assert [job.id for job in read_grid("call=speak text=Hi emotion=joy", folder).jobs] == ["speak"]


@pytest.mark.parametrize(("written", "values"), [
    ("0.2:1.0:0.2", [0.2, 0.4, 0.6, 0.8, 1.0]),
    ("0:1:0.3", [0.0, 0.3, 0.6, 0.9]),
    ("1:0:-0.5", [1.0, 0.5, 0.0]),
    ("0.5:0.5:1", [0.5]),
    ("0.1,0.3:0.5:0.1", [0.1, 0.3, 0.4, 0.5]),
])  # fmt: skip
def test_ranges_are_exact_and_include_their_end(written: str, values: list[float], folder: Path) -> None:
    jobs = read_grid(f"call=speak text=Hi emotion=joy intensity={written}", folder).jobs
    assert [job.arguments["intensity"] for job in jobs] == values


@pytest.mark.parametrize(("spec", "needles"), [
    ("", ["is empty"]),
    ("text", ['"text"', "FIELD=VALUE"]),
    ("call=speak text=", ["grid, text: an empty value"]),
    ("call=speak text=a,,b", ["grid, text: an empty value"]),
    ("call=speak text=a text=b", ['"text" stands there twice']),
    ("call=speak text=a,a", ['"a" stands there twice']),
    ("call=speak,talk text=a", ["One grid is of one call"]),
    ("call=speak id=a text=b", ["id is made of the levels"]),
    ("call=speak text='a", ["a quote is not closed"]),
    ("call=speak text='a'b", ["goes on behind its quote"]),
    ("call=speak text=a emotion=vad(1,2", ["a parenthesis is not closed"]),
    ("call=speak text=a emotion=joy)", ['a ")" too many']),
    ("call=spaek text=a", ['Did you mean "speak"']),
    ("call=speak text=a intensity=0:1:0 emotion=joy", ['grid, intensity: "0:1:0" is no range']),
    ("call=speak text=a intensity=0:1:-0.5 emotion=joy", ["is no range"]),
    ("call=speak text=a intensity=a:b:c emotion=joy", ["is no range"]),
    ("call=speak text=a intensity=0:1e99:1e-9 emotion=joy", ["grid, intensity"]),
    ("call=speak text=a intensity=nan:1:1 emotion=joy", ["is no range"]),
    ("call=speak text=none.txt", ["none.txt", "no such file"]),
    ("call=speak text=empty.txt", ["empty.txt", "is empty"]),
    ("call=speak text=blank.txt", ["holds no line"]),
    ("call=speak text=a emotion=*", ["grid, emotion: * has no meaning here", "voice"]),
    ("call=talk text=a portrait=\0*", ["grid, portrait"]),
    ("call=talk text=a portrait=" + "x" * 5000 + "*", ["grid, portrait"]),
    ("call=speak text=a\0.txt", ["cannot be read"]),
    ("call=talk text=a portrait=faces/*.gif", ['no file is called "faces/*.gif"']),
    ("prompt=lake,sea emotion=joy", ["could be music, image, video"]),
])  # fmt: skip
def test_slips(spec: str, needles: list[str], folder: Path) -> None:
    (folder / "empty.txt").write_text("")
    (folder / "blank.txt").write_text(" \n\n")
    with pytest.raises(EmogenError) as caught:
        read_grid(spec, folder)
    assert caught.value.exit_code == 2
    assert all(needle in str(caught.value) for needle in needles), str(caught.value)


def test_a_level_that_cannot_be_used_is_refused_wherever_it_stands(folder: Path) -> None:
    found = read_grid("call=speak text=lines.txt voice=alto,nobody", folder)
    assert [job.arguments["voice"] for job in found.jobs] == ["alto", "alto"]
    assert all("nobody" in one.why for one in found.refused)


def test_too_many_name_their_number(folder: Path) -> None:
    with pytest.raises(LimitError, match=r"intensity 101 x seed 1000 = 101,000 jobs.*limits\.items"):
        read_grid("call=speak text=Hi emotion=joy intensity=0:1:0.01 seed=1:1000:1", folder)


@given(st.text(max_size=80))
def test_whatever_is_written_is_read_or_refused(spec: str) -> None:
    try:
        found = parse_grid(spec)
    except InputError:
        return
    assert found
    assert all(values and all(values) for values in found.values())


value = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


levels = st.lists(value, min_size=1, max_size=3, unique=True)


@given(st.dictionaries(st.sampled_from(["text", "emotion", "voice", "prompt"]), levels, min_size=1))
def test_quoted_values_come_back_as_they_were(fields: dict[str, list[str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    spec = " ".join(f"{name}={','.join(map(quoted, values))}" for name, values in fields.items())
    assert parse_grid(spec) == fields
