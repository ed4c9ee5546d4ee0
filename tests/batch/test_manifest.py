"""Manifests: what is read, what is refused, and with which words."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emogen.batch.job import Job, written_by
from emogen.batch.kinds import KINDS, options, suffixes
from emogen.batch.manifest import Manifest, read_manifest
from emogen.batch.rows import read_rows
from emogen.errors import EmogenError, FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import write_audio
from emogen.media.image import write_image

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "jobs.jsonl"
SPEAK = {"call": "speak", "text": "Hello.", "emotion": "joy"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a sound, a picture, a text and a BVH-like file in it."""
    write_audio(tmp_path / "voice.wav", np.sin(np.linspace(0, 2000, 16_000)).astype(np.float32) * 0.3, 16_000)
    write_image(tmp_path / "photo.png", np.full((64, 64, 3), 128, np.uint8))
    (tmp_path / "note.txt").write_text("MARA: We won.\nTOM: You are joking.\n", encoding="utf-8")
    return tmp_path


def read(folder: Path, *rows: Any, seed: int = 0) -> Manifest:
    path = folder / "jobs.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return read_manifest(path, seed=seed)


def refusal(folder: Path, row: Any) -> str:
    found = read(folder, row)
    assert not found.jobs
    assert len(found.refused) == 1
    return found.refused[0].why


# -- what is read --------------------------------------------------------------------------------------------
def test_the_example_is_whole() -> None:
    found = read_manifest(EXAMPLE)
    assert not found.refused
    assert len(found.jobs) == 12
    assert {job.call for job in found.jobs} == {"speak", "dialogue", "talk", "gesture", "music", "image", "video"}


def test_every_kind_of_manifest_says_the_same(tmp_path: Path) -> None:
    rows = [{"id": "a", "call": "speak", "text": "Well; yes, \"indeed\".", "emotion": "vad(0.1,0.2,0)", "seed": 3},
            {"id": "b", "call": "music", "emotion": "0s fear; 2s joy", "seconds": 5.5, "intensity": 0.5, "suffix": ".mid"},
            {"id": "c", "call": "image", "prompt": "ein Café am Meer", "width": 128, "attributes": {"fog": 0.4}}]  # fmt: skip
    names = list(dict.fromkeys(name for row in rows for name in row))

    def table(mark: str) -> str:
        def cell(value: Any) -> str:
            text = "" if value is None else json.dumps(value) if isinstance(value, dict) else str(value)
            return '"' + text.replace('"', '""') + '"'

        return "\r\n".join([mark.join(names), *(mark.join(cell(row.get(n)) for n in names) for row in rows)])

    (tmp_path / "a.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    for name, mark in (("comma.csv", ","), ("semicolon.csv", ";"), ("tabs.tsv", "\t"), ("tabs.csv", "\t")):
        (tmp_path / name).write_text("\ufeff" + table(mark), encoding="utf-8")
    every = {path.name: read_manifest(path) for path in tmp_path.iterdir()}
    assert len(every) == 6
    for name, found in every.items():
        assert not found.refused, name
        assert [(j.id, j.call, dict(j.arguments), j.suffix, j.seed) for j in found.jobs] == [
            (j.id, j.call, dict(j.arguments), j.suffix, j.seed) for j in every["a.json"].jobs
        ], name
    first, second, third = every["a.json"].jobs
    assert first.arguments["text"] == 'Well; yes, "indeed".'
    assert first.seed == 3
    assert second.suffix == ".mid"
    assert second.arguments == {"seconds": 5.5, "emotion": "0s fear; 2s joy", "intensity": 0.5}
    assert third.arguments["attributes"] == {"fog": 0.4}


@pytest.mark.parametrize(("row", "call"), [
    ({"text": "Hello."}, "speak"),
    ({"text": "Hello.", "voice": "tenor"}, "speak"),
    ({"text": "Hello.", "portrait": "avatar:ava"}, "talk"),
    ({"audio": "voice.wav", "portrait": "photo.png"}, "talk"),
    ({"text": "A: Hi.\nB: Ho.", "cast": {"A": {"voice": "alto"}}}, "dialogue"),
    ({"prompt": "a lake", "seconds": 3, "width": 128}, "video"),
    ({"prompt": "longing", "tempo_bpm": 90}, "music"),
    ({"picture": "photo.png", "strength": 1}, "edit_image"),
    ({"script": "# A story\n\nIt rained.\n"}, "perform"),
    ({"task": "music", "emotion": "joy"}, "music"),
    ({"modality": "image_edit", "picture": "photo.png"}, "edit_image"),
    ({"call": "EDIT-IMAGE", "picture": "photo.png"}, "edit_image"),
])  # fmt: skip
def test_the_call_is_told_by_the_fields(row: dict[str, Any], call: str, folder: Path) -> None:
    found = read(folder, row)
    assert not found.refused
    assert found.jobs[0].call == call


@pytest.mark.parametrize(("row", "several"), [
    ({"prompt": "a lake"}, ["music", "image", "video"]),
    ({"audio": "voice.wav"}, ["convert", "talk", "gesture"]),
    ({"picture": "photo.png"}, ["music", "edit_image"]),
    ({"emotion": "joy"}, ["music", "image", "video"]),
    ({"script": "x\ny", "tempo_bpm": 3}, ["no call takes script, tempo_bpm together"]),
])  # fmt: skip
def test_an_unclear_call_is_refused_with_those_that_fit(row: dict[str, Any], several: list[str], folder: Path) -> None:
    why = refusal(folder, row)
    assert why.startswith("call: is missing")
    assert all(name in why for name in several)


def test_files_become_absolute_and_are_listed(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "mood.txt").write_text("I am so happy", encoding="utf-8")
    found = read(folder, {"call": "talk", "audio": "voice.wav", "portrait": "photo.png", "emotion": "@sub/mood.txt+joy:0.2"})
    job = found.jobs[0]
    assert job.arguments["audio"] == str((folder / "voice.wav").resolve())
    assert set(job.files) == {str((folder / n).resolve()) for n in ("voice.wav", "photo.png", "sub/mood.txt")}
    assert job.folder == str(folder.resolve())


def test_a_dialogue_is_words_or_a_file(folder: Path) -> None:
    words, file = read(folder, {"call": "dialogue", "text": "A: Hi."}, {"call": "dialogue", "text": "note.txt"}).jobs
    assert words.arguments["folder"] == str(folder.resolve())
    assert file.files == (str((folder / "note.txt").resolve()),)
    assert "folder" not in file.arguments


def test_auto_goes_where_words_or_voices_decide(folder: Path) -> None:
    assert read(folder, {**SPEAK, "emotion": "auto"}).jobs[0].arguments["emotion"] == "auto"
    assert 'music does not take "auto"' in refusal(folder, {"call": "music", "emotion": "auto"})


# -- ids and seeds -------------------------------------------------------------------------------------------
def test_ids_and_seeds_do_not_depend_on_the_place(folder: Path) -> None:
    rows = [{**SPEAK, "text": f"Sentence {i}."} for i in range(6)]
    there = {j.arguments["text"]: (j.id, j.seed) for j in read(folder, *rows).jobs}
    back = {j.arguments["text"]: (j.id, j.seed) for j in read(folder, *reversed(rows), SPEAK).jobs}
    assert all(back[text] == found for text, found in there.items())
    assert len({seed for _, seed in there.values()}) == 6
    other = {j.arguments["text"]: j.seed for j in read(folder, *rows, seed=1).jobs}
    assert all(other[text] != seed for text, (_, seed) in there.items())


def test_the_same_line_twice_is_two_takes(folder: Path) -> None:
    one, two = read(folder, SPEAK, SPEAK).jobs
    assert two.id == f"{one.id}-2"
    assert one.seed != two.seed
    assert one.id.startswith("speak-hello-joy-")


@pytest.mark.parametrize(("first", "second"), [
    ("a", "a"), ("a", "A"), ("caf\u00e9", "cafe\u0301"),
])  # fmt: skip
def test_two_jobs_of_one_file_are_refused(first: str, second: str, folder: Path) -> None:
    found = read(folder, {**SPEAK, "id": first}, {**SPEAK, "id": second, "suffix": ".flac"}, {**SPEAK, "id": "b"})
    assert [job.line for job in found.jobs] == [1, 3]
    assert found.refused[0].line == 2
    assert "as line 1 does" in found.refused[0].why


def test_a_sidecar_is_no_other_jobs_file(folder: Path) -> None:
    data = {"call": "talk", "text": "Hi.", "suffix": ".json"}
    found = read(folder, {**data, "id": "x"}, {**SPEAK, "id": "x.sidecar"})
    assert len(found.jobs) == 1
    assert "x.sidecar.json" in found.refused[0].why
    names = [name.casefold() for job in read_manifest(EXAMPLE).jobs for name in written_by(job)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["../x", "a/b", "", " ", ".hidden", "a:b", "x" * 101, "trailing.", "results", "Ledger", 5.5, ["a"]])
def test_names_that_are_no_ids(name: Any, folder: Path) -> None:
    found = read(folder, {**SPEAK, "id": name})
    assert not found.jobs
    assert found.refused[0].why.startswith("id:")


# -- what is refused -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("row", "needles"), [
    ({**SPEAK, "voise": "alto"}, ["voise: speak does not take it", 'Did you mean "voice"?']),
    ({**SPEAK, "voice": "altoo"}, ["voice", "altoo", 'Did you mean "alto"?', "tenor"]),
    ({**SPEAK, "language": "xx"}, ["language", "xx", "Accepted: en"]),
    ({**SPEAK, "text": ""}, ["text", "is empty"]),
    ({**SPEAK, "text": "..."}, ["text", "no word"]),
    ({**SPEAK, "text": 5}, ["text: found 5", "Needed: text"]),
    ({**SPEAK, "text": ["a", "b"]}, ["text", 'found ["a", "b"]']),
    ({**SPEAK, "text": "half \ud800 a sign"}, ["text", "half a character"]),
    ({**SPEAK, "text": None}, ["text: is missing", "speak needs it"]),
    ({**SPEAK, "nonverbal": "perhaps"}, ["nonverbal", '"perhaps"', "true or false"]),
    ({**SPEAK, "emotion": "joyy"}, ["emotion", "joyy", 'Did you mean "joy"']),
    ({**SPEAK, "emotion": 5}, ["emotion: found 5", "joy:0.8"]),
    ({**SPEAK, "emotion": "@nothing.wav"}, ["@nothing.wav", "is not a file"]),
    ({**SPEAK, "emotion": "@../voice.wav"}, ["@../voice.wav", "may not leave it"]),
    ({**SPEAK, "emotion": "@/etc/hostname"}, ["@/etc/hostname", "may not leave it"]),
    ({**SPEAK, "emotion": "@jobs.jsonl"}, ["@jobs.jsonl", "no recogniser"]),
    ({**SPEAK, "intensity": -1}, ["intensity: -1", "0 or more"]),
    ({**SPEAK, "intensity": 2}, ["out of range", "1.5"]),
    ({**SPEAK, "intensity": "much"}, ["intensity", "a number"]),
    ({"call": "speak", "text": "Hi.", "intensity": 0.5}, ["intensity: given with no emotion"]),
    ({**SPEAK, "emotion": "auto", "intensity": 0.5}, ["intensity: given with auto"]),
    ({**SPEAK, "seed": -1}, ["seed: -1"]),
    ({**SPEAK, "seed": 1.5}, ["seed: found 1.5", "a whole number"]),
    ({**SPEAK, "seed": 2**63}, ["seed"]),
    ({**SPEAK, "suffix": ".mp4"}, ['suffix: speak cannot be written as ".mp4"', ".flac"]),
    ({**SPEAK, "backend": "x" * 5000}, ["backend", "embedded"]),
    ({**SPEAK, "emotion": "@" + "x" * 900 + ".wav"}, ["is not a file"]),
    ({"call": "convert", "audio": "x" * 900}, ["audio", "is not a file"]),
    ({"call": "convert", "audio": "a\0b"}, ["audio", "is not a file"]),
    ({**SPEAK, "backend": "coquii:x"}, ['backend: "coquii:x"', "embedded", "coqui"]),
    ({"call": "spaek", "text": "Hi."}, ['call: unknown call "spaek"', 'Did you mean "speak"?']),
    ({"call": "speak", "task": "speak", "text": "Hi."}, ["task: given together with call"]),
    ({"call": "convert"}, ["audio: is missing", "convert needs it"]),
    ({"call": "convert", "audio": "none.wav"}, ['audio: "none.wav" is not a file in']),
    ({"call": "convert", "audio": "../x/none.wav"}, ["audio", "may not leave it"]),
    ({"call": "convert", "audio": "note.txt"}, ['audio "note.txt": is a text file', "wav"]),
    ({"call": "convert", "audio": "voice.wav", "rights": "mine"}, ["rights", "own, licensed, synthetic"]),
    ({"call": "convert", "audio": "voice.wav", "emotion_scale": 50}, ["emotion_scale: 50"]),
    ({"call": "talk"}, ["text or audio: is missing"]),
    ({"call": "talk", "text": "Hi.", "portrait": "avatar:eva"}, ["portrait", "eva", "ava"]),
    ({"call": "talk", "text": "Hi.", "portrait": "voice.wav"}, ['portrait "voice.wav"', "png"]),
    ({"call": "talk", "text": "Hi.", "size": 33}, ["size: 33 px", "even"]),
    ({"call": "talk", "text": "Hi.", "fps": 500}, ["fps: 500", "1 to 60"]),
    ({"call": "talk", "text": "Hi.", "brows": 3}, ["brows", "0 to 2"]),
    ({"call": "talk", "text": "Hi.", "units": {"AU99": 1}}, ["AU99"]),
    ({"call": "gesture", "text": "Hi.", "amount": 9}, ["amount: 9", "0 to 2"]),
    ({"call": "gesture", "motion": "note.txt"}, ['motion "note.txt"', "bvh"]),
    ({"call": "music", "emotion": "joy", "seconds": 1}, ["seconds: 1", "2 to"]),
    ({"call": "music", "emotion": "joy", "seconds": 9999}, ["seconds", "limits.music_s"]),
    ({"call": "music", "emotion": "joy", "key": "H"}, ["key"]),
    ({"call": "music", "emotion": "joy", "instruments": "kazoo"}, ["kazoo"]),
    ({"call": "music", "emotion": "joy", "attributes": {"groove": 1}}, ["groove"]),
    ({"call": "music", "emotion": "joy", "attributes": "density=1"}, ["attributes", "an object"]),
    ({"call": "image", "prompt": "a lake", "width": 5}, ["width: 5"]),
    ({"call": "image", "prompt": "a lake", "width": True}, ["width: found true"]),
    ({"call": "image", "prompt": "a lake", "attributes": {"fogg": 1}}, ["fogg"]),
    ({"call": "edit_image", "picture": "photo.png", "strength": 5}, ["strength", "2"]),
    ({"call": "video", "prompt": "a lake", "seconds": 0}, ["seconds"]),
    ({"call": "dialogue", "text": "A: Hi.", "cast": {"A": {"voice": "nobody"}}}, ["nobody"]),
    ({"call": "perform", "script": "MARA: Hi.\nTOM: Ho."}, ["script line 1", "MARA"]),
    ({"call": "perform", "script": "# A\n\nIt rained.", "resolution": 17}, ["resolution: found 17", "even"]),
    ({"call": "perform", "script": "# A\n\nIt rained.", "aspect": "4:3"}, ["aspect", "16:9"]),
    ({"call": "perform", "script": "# A\n\nIt rained.", "cast": "none.yaml"}, ['cast: "none.yaml" is not a file in']),
    ({"call": "perform", "script": "none.md"}, ['script: "none.md" is not a file in']),
])  # fmt: skip
def test_refusals_name_the_field(row: dict[str, Any], needles: list[str], folder: Path) -> None:
    why = refusal(folder, row)
    assert all(needle in why for needle in needles), why


def test_a_saved_pipeline_is_a_backend_and_its_files_count(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "model_index.json").write_text("{}")
    job = read(folder, {**SPEAK, "backend": "mine"}).jobs[0]
    assert job.arguments["backend"] == str((folder / "mine").resolve())
    assert job.files == (str((folder / "mine" / "model_index.json").resolve()),)


def test_everything_that_is_wrong_with_a_line_is_told(folder: Path) -> None:
    why = refusal(folder, {"call": "talk", "text": "Hi.", "voice": "nobody", "emotion": "joyy", "size": 33, "fsp": 3, "suffix": ".gif"})
    assert all(needle in why for needle in ("nobody", "joyy", "33 px", "fsp", ".gif"))


@pytest.mark.parametrize(("line", "needles"), [
    ('{"call": "speak", "text": "Hi."', ["is not JSON"]),
    ('{"text": NaN}', ["NaN"]),
    ('["speak"]', ['found ["speak"]', "object"]),
    ("null", ["object"]),
    ("[" * 100 + "]" * 100, ["nested"]),
    ('{"text": "' + "a" * (LIMITS.script_bytes + 1) + '"}', ["limits.script_bytes"]),
    ('{"text": "' + "a" * (LIMITS.text_chars + 1) + '"}', ["limits.text_chars"]),
    ("speak Hello", ["is not JSON"]),
])  # fmt: skip
def test_broken_lines_spoil_no_others(line: str, needles: list[str], folder: Path) -> None:
    found = read(folder, SPEAK, line, {**SPEAK, "id": "last"})
    assert [job.line for job in found.jobs] == [1, 3]
    assert [one.line for one in found.refused] == [2]
    assert all(needle in found.refused[0].why for needle in needles), found.refused[0].why


def test_broken_lines_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text,emotion\nHi.,joy\nOne,two,three\n"torn"x,joy\nnan,joy\nHo.,joy\n', encoding="utf-8")
    found = read_manifest(tmp_path / "a.csv")
    assert [job.arguments["text"] for job in found.jobs] == ["Hi.", "nan", "Ho."]
    assert [(one.line, one.why[:24]) for one in found.refused] == [(3, "has 3 cells for 2 column"), (4, "is not a line of a CSV t")]
    (tmp_path / "b.csv").write_text("call,seconds,emotion\nmusic,nan,joy\nmusic,inf,joy\n", encoding="utf-8")
    assert all("seconds" in one.why for one in read_manifest(tmp_path / "b.csv").refused)


@pytest.mark.parametrize(("name", "content", "error", "needles"), [
    ("a.jsonl", b"", InputError, ["is empty"]),
    ("a.jsonl", b"\n \n", InputError, ["holds no job"]),
    ("a.csv", b"text,emotion\n", InputError, ["holds no job"]),
    ("a.csv", b"text,text\nHi.,joy\n", FormatError, ['the column "text" twice']),
    ("a.csv", b"text,,emotion\nHi.,,joy\n", FormatError, ["without a name"]),
    ("a.json", b'{"text": "Hi."}', FormatError, ["is a JSON dict", "list"]),
    ("a.json", b"[1", FormatError, ["is not JSON"]),
    ("a.jsonl", b"\xff\xfe\x00", FormatError, ["UTF-8"]),
    ("a.yaml", b"text: Hi.", InputError, [".yaml", ".jsonl"]),
    ("jobs", b"text", InputError, ["no suffix"]),
])  # fmt: skip
def test_manifests_that_are_none(name: str, content: bytes, error: type[EmogenError], needles: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as caught:
        read_manifest(tmp_path / name)
    assert all(needle in str(caught.value) for needle in needles)
    assert caught.value.exit_code == 2


def test_no_such_manifest_and_too_large_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_manifest(tmp_path / "none.jsonl")
    (tmp_path / "many.jsonl").write_text('{"text": "a"}\n' * (LIMITS.items + 1), encoding="utf-8")
    with pytest.raises(LimitError, match=r"limits\.items"):
        read_manifest(tmp_path / "many.jsonl")
    with pytest.raises(InputError, match="seed"):
        read_manifest(EXAMPLE, seed=-1)


# -- properties ----------------------------------------------------------------------------------------------
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(), scalars, max_size=3)
fields = st.sampled_from(["id", "call", "text", "emotion", "intensity", "seed", "voice", "language", "suffix", "nonverbal", "x"])
ANY_FOLDER = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY_FOLDER
@given(rows=st.lists(st.dictionaries(fields, json_values, max_size=6), min_size=1, max_size=4))
def test_whatever_stands_there_is_a_job_or_a_refusal(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    found = read_manifest(path)
    assert sorted([j.line for j in found.jobs] + [r.line for r in found.refused]) == list(range(1, len(rows) + 1))
    assert all(one.why for one in found.refused)
    for job in found.jobs:
        assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job
    assert len({job.id for job in found.jobs}) == len(found.jobs)


@ANY_FOLDER
@given(content=st.binary(max_size=300), suffix=st.sampled_from([".jsonl", ".json", ".csv", ".tsv"]))
def test_whatever_bytes_there_are_no_traceback(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    try:
        rows = read_rows(path)
    except InputError:
        return
    assert rows
    assert all(row.line >= 1 for row in rows)


@ANY_FOLDER
@given(cells=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), min_size=1, max_size=5),
       mark=st.sampled_from([",", ";", "\t"]))  # fmt: skip
def test_quoted_cells_are_read_as_they_are(cells: list[str], mark: str, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    path.write_text("text" + mark + "seed\n" + "".join(f"{cell}{mark}1\n" for cell in quoted), encoding="utf-8")
    assert [row.values.get("text", "") for row in read_rows(path)] == [cell.strip() for cell in cells]


def test_every_call_has_its_fields_and_suffixes() -> None:
    for call, kind in KINDS.items():
        takes = options(call)
        assert next(iter(takes)) == kind.content
        assert set(kind.either) <= takes.keys()
        assert set(kind.files) <= takes.keys() | {kind.content}
        assert kind.suffix in suffixes(call)
        assert not math.isnan(kind.memory_gb)
