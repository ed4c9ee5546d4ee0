"""Whatever stands in a manifest or a grid is a job or a refusal: odd values, odd files, odd names, and no file is lost."""

from __future__ import annotations

import csv
import io
import json
import os
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emogen.batch.grid import read_grid
from emogen.batch.job import Job, written_by
from emogen.batch.kinds import KINDS, options
from emogen.batch.manifest import Manifest, read_manifest
from emogen.batch.run import run
from emogen.errors import EmogenError, FormatError, InputError
from emogen.media.audio import write_audio
from emogen.media.image import write_image

SPEAK = {"call": "speak", "text": "Hello.", "emotion": "joy"}
FILES = (
    "voice.wav", "photo.png", "note.txt", "story.md", "cast.yaml", "bad.yaml", "pipe.wav", "pipe.txt", "dir", "dir.txt", "zero.wav",
    "loop.wav", "host.txt", "empty.txt", "latin.txt", "model", "../x", "/dev/zero", "/dev/stdin", "/proc/self/mem", "/etc/passwd",
    "a\0b", ".", "..", "/", "", "nul", "*", "?[", "photo.png/x", "x" * 300, "avatar:ava", "avatar:", "https://x/y.wav",
)  # fmt: skip
NUMBERS = (0, 1, -1, 0.5, 60, 1e308, 5e-324, 10**400, -(10**400), 2**63, True, "nan", "inf", "1e400", "9" * 5000, "½", "1,5", " 7 ")
TEXTS = (
    "Hello.", "", "\n", "joy", "joy:1e999", "vad(nan,0,0)", "0s joy; 1e999s fear", "@note.txt", "@pipe.txt", "@zero.wav", "@../a.wav",
    "auto", "half \ud800", "\x1b[31mred", "<speak>", "A: Hi.\nB: Ho.", "# A\n\nIt rained.\n", "---\ncast: 5\n---\nHi.\n",
    "---\n? [a]\n: b\n---\nx\n", "---\nfps: .nan\n---\nHi.\n", "[scene: | ]\nx\n", "\u202e", "日本語", "=1+1", "alto", "en", "embedded:x",
)  # fmt: skip
IDS = ("a", "A", "ä", "a\u0308", "ß", "ss", "con", "NUL.x", "com1", "COM¹", "a.", "..", "../x", "results", "日" * 100, 5, -5, "a\n")
scalars = st.sampled_from(NUMBERS) | st.sampled_from(TEXTS) | st.sampled_from(FILES) | st.none() | st.text(max_size=8)
objects = st.dictionaries(st.sampled_from(["AU12", "fog", "A", "\ud800", "x"]), scalars, max_size=2)
values = scalars | st.lists(scalars, max_size=2) | objects


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    call = draw(st.sampled_from(list(KINDS)))
    takes = [*options(call), "emotion", "intensity", "seed", "suffix", "backend", "x"]
    row = draw(st.dictionaries(st.sampled_from(takes), values, max_size=4))
    good = {"text": "Hello.", "audio": "voice.wav", "video": "film.mp4", "picture": "photo.png", "script": "story.md"}
    row |= {name: good[name] for name in KINDS[call].either[:1] if draw(st.booleans())}
    row |= {"id": draw(st.sampled_from(IDS))} if draw(st.booleans()) else {}
    return {"call": call, **row}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with good files, and with pipes, devices, folders and loops that bear the names of files."""
    place = tmp_path_factory.mktemp("odd")
    write_audio(place / "voice.wav", np.sin(np.linspace(0, 2000, 16_000)).astype(np.float32) * 0.3, 16_000)
    write_image(place / "photo.png", np.full((64, 64, 3), 128, np.uint8))
    for name, text in (("note.txt", "MARA: We won."), ("story.md", "# A\n\nIt rained.\n"), ("cast.yaml", "A: {voice: alto}"),
                       ("bad.yaml", "A: ["), ("empty.txt", "")):  # fmt: skip
        (place / name).write_text(text)
    (place / "latin.txt").write_bytes(b"caf\xe9")
    for name in ("pipe.wav", "pipe.txt"):
        os.mkfifo(place / name)
    for name in ("dir", "dir.txt", "model"):
        (place / name).mkdir()
    for name, target in (("zero.wav", "/dev/zero"), ("loop.wav", "loop.wav"), ("host.txt", "/etc/hostname")):
        (place / name).symlink_to(target)
    return place


def whole(found: Manifest, n: int) -> None:
    """Every line is a job that can be done, or is refused for a reason; no two jobs write one file on any system."""
    assert sorted([j.line for j in found.jobs] + [r.line for r in found.refused]) == list(range(1, n + 1))
    for one in found.refused:
        assert one.why
        assert "Error: " not in one.why  # of a check that was not prepared for it
        json.dumps(one.to_dict(), ensure_ascii=False).encode()
    names = [name for job in found.jobs for name in written_by(job)]
    assert len({name.casefold() for name in names}) == len(names)
    for job in found.jobs:
        assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job
        assert all(os.path.isfile(name) for name in job.files)
        assert job.key
    for name in names:
        assert name == Path(name).name
        assert len(name.encode()) <= 255
        assert name.split(".")[0].lower() not in ("con", "nul", "com1", "com¹", "results")


QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(todo=st.lists(rows(), min_size=1, max_size=3))
def test_any_json_is_jobs_and_refusals(odd: Path, todo: list[dict[str, Any]]) -> None:
    (odd / "any.json").write_text(json.dumps(todo))
    whole(read_manifest(odd / "any.json"), len(todo))


@QUICK
@given(todo=st.lists(rows(), min_size=1, max_size=3))
def test_any_table_is_jobs_and_refusals(odd: Path, todo: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in todo for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    for row in todo:
        plain = {name: json.dumps(value) if isinstance(value, (dict, list)) else value for name, value in row.items()}
        writer.writerow([str(plain.get(name, ""))[:5000].replace("\0", "") for name in names])
    (odd / "any.csv").write_bytes(text.getvalue().encode("utf-8", "replace"))
    found = read_manifest(odd / "any.csv")
    assert len(found.jobs) + len(found.refused) == len(todo)
    assert not any("Error: " in one.why for one in found.refused)


LEVELS = (
    "joy,anger", "*", "note.txt", "pipe.txt", "dir.txt", "empty.txt", "latin.txt", "host.txt", "0:1:0.5", "1:0:1", "0:1:0", "0:1e9:1e-9",
    "0:1e999999:1", "1:1e999999:1e-999999", "nan:1:1", "1:2:3:4", "*.png", "**", "../*.png", "/dev/*", "[", "'", '"', "(", "a\0b", "\ud800",
    "joy!,joy?,joy-2", "CON,NUL", "9" * 5000, "9" * 400 + ":1:1", "x" * 90 + "," + "y" * 90, '{"AU12":1}',
)  # fmt: skip
FIELDS = sorted({name for call in KINDS for name in options(call)} | {"emotion", "seed", "id", "backend", "x", ""})
factors = st.tuples(st.sampled_from(FIELDS), st.sampled_from(LEVELS))


@QUICK
@given(call=st.sampled_from(list(KINDS)), parts=st.lists(factors, max_size=4), tail=st.text(string.printable, max_size=6))
def test_any_grid_is_jobs_and_refusals(odd: Path, call: str, parts: list[tuple[str, str]], tail: str) -> None:
    spec = " ".join([f"call={call}", *(f"{name}={levels}" for name, levels in parts), tail])
    try:
        found = read_grid(spec, odd)
    except EmogenError:
        return
    whole(found, len(found.jobs) + len(found.refused))
    assert not any(one.why.startswith("id:") for one in found.refused)  # ids are the grid's own affair


# -- one by one ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("row", "needles"), [
    ({**SPEAK, "id": "con"}, ["id", "device on Windows"]),
    ({**SPEAK, "id": "Com3.take"}, ["id", "device on Windows"]),
    ({**SPEAK, "id": "日" * 100}, ["id: 300 bytes"]),
    ({**SPEAK, "seed": 10**400}, ["seed: holds a number of 401 digits"]),
    ({**SPEAK, "backend": "/"}, ["backend", "model_index.json"]),
    ({**SPEAK, "backend": "model"}, ["backend", "model_index.json"]),
    ({"call": "talk", "text": "Hi.", "portrait": 60}, ["portrait: found 60", "name of a file"]),
    ({"call": "dialogue", "cast": {}}, ["text: is missing"]),
    ({"call": "music", "listener": {"a": 1}}, ["listener", "name of a file"]),
    ({"call": "image", "attributes": {"fog": "much"}}, ["attributes, fog", "a number"]),
    ({"call": "image", "attributes": {"\ud800": 1}}, ["attributes", "half a character"]),
    ({"call": "convert", "audio": "pipe.wav"}, ["pipe.wav", "is not a file"]),
    ({"call": "convert", "audio": "zero.wav"}, ["zero.wav", "is not a file"]),
    ({**SPEAK, "emotion": "@pipe.txt"}, ["pipe.txt", "is not a file"]),
])  # fmt: skip
def test_odd_values_are_refused_by_name(odd: Path, row: dict[str, Any], needles: list[str]) -> None:
    (odd / "one.json").write_text(json.dumps([row]))
    [refused] = read_manifest(odd / "one.json").refused
    assert all(needle in refused.why for needle in needles), refused.why


def test_a_huge_number_in_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"call,seconds\nmusic,{10**400}\nmusic,{'9' * 5000}\n")
    assert all("seconds" in one.why for one in read_manifest(tmp_path / "a.csv").refused)


def test_a_field_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    twice = ['{"text": "Hi.", "text": "Ho."}', '{"text": "Hi.", " text": "Ho."}', '{"call": "image", "attributes": {"fog": 1, "fog": 0}}']
    (tmp_path / "a.jsonl").write_text("\n".join([*twice, '{"text": "Hi."}']))
    found = read_manifest(tmp_path / "a.jsonl")
    assert [job.line for job in found.jobs] == [4]
    assert [one.why.split(". ")[0] for one in found.refused] == ['"text" stands there twice'] * 2 + ['"fog" stands there twice']
    (tmp_path / "a.json").write_text(f"[{twice[0]}]")
    with pytest.raises(FormatError, match='"text" stands there twice'):
        read_manifest(tmp_path / "a.json")


def test_a_grid_finds_names_for_all_its_levels(tmp_path: Path) -> None:
    for name in ("a.png", "A.PNG", "con.png", "a!.png", "a-2.png", "results.png"):
        write_image(tmp_path / name, np.full((64, 64, 3), 128, np.uint8))
    assert len(read_grid("call=talk text=Hi. portrait=*.png,A.PNG", tmp_path).jobs) == 6
    assert len(read_grid("call=edit_image picture=*.png,A.PNG", tmp_path).jobs) == 6
    long = " ".join(f"{name}={'x' * 30},{'y' * 30}" for name in ("prompt", "picture", "key", "like", "listener"))
    assert not any("id:" in one.why for one in read_grid(f"call=music {long}", tmp_path).refused)


@pytest.mark.parametrize("name", ["results.csv", "FAILURES.csv", "stimuli.json", "a.wav", "A.json"])
def test_a_new_batch_writes_over_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match="is there already, and of no batch"):
        run([Job("a", "speak", {"text": "Hello."}, ".wav", 1)], tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine"}


def test_a_ledger_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ledger.jsonl")
    with pytest.raises(FormatError, match="is not a file"):
        run([Job("a", "speak", {"text": "Hello."}, ".wav", 1)], tmp_path, resume=True)
