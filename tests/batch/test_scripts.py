"""Performances in a batch: what a script names is checked, counts for the key, travels, and is told apart by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emogen.batch import ray_cluster
from emogen.batch.job import Job, written_by
from emogen.batch.manifest import read_manifest
from emogen.batch.run import run
from emogen.batch.work import do
from emogen.errors import InputError
from emogen.media.image import write_image

STORY = """---
cast:
  Mara: {voice: alto, portrait: mara.png}
%s---
[scene: A harbour | sea.png]
[music: @note.txt]
MARA (joy:0.5+@note.txt): We won.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, level in (("mara.png", 90), ("sea.png", 160)):
        write_image(tmp_path / name, np.full((8, 8, 3), level, np.uint8))
    (tmp_path / "note.txt").write_text("We are so happy.")
    (tmp_path / "story.md").write_text(STORY % "")
    return tmp_path


def read(folder: Path, *rows: dict[str, Any]) -> Any:
    path = folder / "jobs.jsonl"
    path.write_text("".join(json.dumps({"call": "perform", **row}) + "\n" for row in rows))
    return read_manifest(path)


PLAN = {
    "cast": {"Mara": {"portrait": "mara.png"}}, "scenes": [{"picture": "sea.png"}],
    "lines": [{"speaker": "Mara", "text": "We won.", "emotion": "@note.txt", "shot": "head"}],
}  # fmt: skip


def test_what_a_script_or_a_plan_names_counts_for_the_key(folder: Path) -> None:
    (folder / "plan.json").write_text(json.dumps(PLAN))
    jobs = read(folder, {"script": "story.md"}, {"script": STORY % ""}, {"script": "plan.json"}).jobs
    for job, own in zip(jobs, ("story.md", None, "plan.json"), strict=True):
        assert {Path(name).name for name in job.files} - {own} == {"mara.png", "sea.png", "note.txt"}
    before = [job.key for job in jobs]
    write_image(folder / "sea.png", np.full((9, 9, 3), 20, np.uint8))
    assert all(job.key != key for job, key in zip(jobs, before, strict=True))


@pytest.mark.parametrize(("script", "needles"), [
    ("---\ncast:\n  Mara: {voice: altoo}\n---\nMARA: Hi.\n", ["cast, Mara, voice", "altoo", 'Did you mean "alto"?']),
    ("---\ncast:\n  Mara: {portrait: avatar:eva}\n---\nMARA: Hi.\n", ["cast, Mara, portrait", "eva"]),
    ("---\ncast:\n  Mara: {portrait: nobody.png}\n---\nMARA: Hi.\n", ["cast, Mara, portrait", "nobody.png"]),
    ("---\ncast:\n  Mara: {portrait: ../me.png}\n---\nMARA: Hi.\n", ["cast, Mara, portrait", "may not leave"]),
    ("[scene: Sea | none.png]\nHi.\n", ["line 1", "none.png"]),
    ("[scene: Sea | note.txt]\nHi.\n", ["line 1", "note.txt", "png"]),
    ("[music: joyy]\nHi.\n", ["line 1", "joyy"]),
    ("---\ncast:\n  Mara: {}\n---\nMARA (joyy): Hi.\n", ["line 5", "joyy"]),
    ("---\ncast:\n  Mara: {}\n---\nMARA (@gone.wav): Hi.\n", ["line 5", "gone.wav"]),
    ("---\nsubtitles: maybe\n---\nHi.\n", ["subtitles", "maybe", "beside, burnt, off"]),
])  # fmt: skip
def test_scripts_that_could_not_be_performed_are_refused(folder: Path, script: str, needles: list[str]) -> None:
    found = read(folder, {"id": "a", "script": script})
    assert not found.jobs
    assert all(needle in found.refused[0].why for needle in needles), found.refused[0].why


@pytest.mark.parametrize(("inside", "asked", "beside"), [
    ("", {}, True), ("", {"subtitles": "burnt"}, False), ("subtitles: off\n", {}, False),
    ("subtitles: off\n", {"subtitles": "beside"}, True), ("", {"suffix": ".wav"}, False),
])  # fmt: skip
def test_subtitles_are_expected_where_they_are_written(folder: Path, inside: str, asked: dict[str, str], beside: bool) -> None:
    found = read(folder, {"id": "a", "script": STORY % inside, **asked})
    assert ("a.srt" in written_by(found.jobs[0])) is beside


def test_a_script_travels_with_what_it_names(folder: Path, tmp_path: Path) -> None:
    told, inline = read(folder, {"script": "story.md"}, {"script": STORY % ""}).jobs
    for job in (told, inline):
        files = {name: Path(name).read_bytes() for name in job.files}
        moved = ray_cluster._moved(job, files, str(tmp_path / "there"))
        found = moved.arguments["script"] if job is told else moved.arguments["folder"]
        assert found.startswith(str(tmp_path / "there"))
        assert (Path(found) if job is inline else Path(found).parent).joinpath("sea.png").is_file()
    assert inline.arguments["script"] == STORY % ""


def test_no_job_is_written_over_what_one_reads(folder: Path) -> None:
    (folder / "plan.json").write_text(json.dumps(PLAN))
    before = (folder / "plan.json").read_bytes()
    with pytest.raises(InputError, match=r"plan\.json: would be written by the job plan, and is read"):
        run(read(folder, {"id": "plan", "script": "plan.json"}).jobs, folder)
    assert (folder / "plan.json").read_bytes() == before


def test_parts_that_are_kept_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    script = "---\nresolution: 240\nfps: 5\n---\nIt rained.\n"
    job = Job("a", "perform", {"script": script, "subtitles": "beside"}, ".mp4", 3)
    for name, cache in (("none", tmp_path / "file" / "cache"), ("empty", tmp_path / "cache"), ("full", tmp_path / "cache")):
        monkeypatch.setenv("EMOGEN_CACHE", str(cache))
        (tmp_path / name).mkdir()
        assert do(job, tmp_path / name).state == "done", name
    made = {name: {p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("none", "empty", "full")}
    assert made["none"] == made["empty"] == made["full"]
    assert set(made["none"]) == {"a.mp4", "a.json", "a.srt"}
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert all(path.is_relative_to(tmp_path / "cache" / "batch") for path in kept)  # no other run's, of a GPU perhaps
