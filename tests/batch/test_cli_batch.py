"""`emogen batch` and `emogen.run_batch` as a user meets them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import emogen
from emogen.cli import main

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"id": "tune", "call": "music", "emotion": "joy", "seconds": 3, "suffix": ".mid"}
BAD = {"id": "bad", "call": "music", "emotion": "joyy"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The command in a folder of its own -> exit code, stdout, stderr; the jobs are done by real worker processes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["batch", *arguments])
        printed = capsys.readouterr()
        return int(str(caught.value.code)), printed.out, printed.err

    return command


def manifest(folder: Path, *rows: object) -> None:
    (folder / "jobs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_some_done_and_some_refused(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    manifest(tmp_path, GOOD, BAD)
    code, told, noted = run("jobs.jsonl", "-o", "out")
    assert code == 1
    assert 'jobs.jsonl line 2 (bad): emotion "joyy"' in noted
    assert "out: 1 done, 1 failed, 0 done before" in told
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "failures.csv", "ledger.jsonl", "results.csv", "tune.json", "tune.mid",
    ]  # fmt: skip
    with (tmp_path / "out" / "failures.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["bad"]
    before = (tmp_path / "out" / "tune.mid").stat().st_mtime_ns
    code, told, _ = run("jobs.jsonl", "-o", "out", "--resume", "--json")
    found = json.loads(told)
    assert code == 1
    assert (found["done"], found["skipped"], found["failed"]) == (0, 1, 1)
    assert found["refused"][0]["line"] == 2
    assert (tmp_path / "out" / "tune.mid").stat().st_mtime_ns == before


def test_all_done_is_zero_and_the_same_from_python(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    manifest(tmp_path, GOOD)
    assert run("jobs.jsonl", "-o", "a")[0] == 0
    summary = emogen.run_batch(tmp_path / "jobs.jsonl", tmp_path / "b")
    assert (summary.done, summary.failed) == (1, 0)
    for name in ("tune.mid", "tune.json", "results.csv", "failures.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_check_does_nothing(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    manifest(tmp_path, GOOD, BAD)
    code, told, _ = run("jobs.jsonl", "--check", "--json")
    found = json.loads(told)
    assert code == 1
    assert (found["jobs"], found["calls"]) == (1, {"music": 1})
    assert found["refused"][0]["id"] == "bad"
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.jsonl"]
    assert run("--grid", "call=music emotion=joy,anger seconds=2:4:1", "--check")[:2] == (0, "6 jobs, 0 refused lines\n")


@pytest.mark.parametrize(("arguments", "needles"), [
    ([], ["needs -o FOLDER or --check"]),
    (["jobs.jsonl", "-o", "out", "--check"], ["needs -o FOLDER or --check"]),
    (["--check"], ["needs a manifest or a grid"]),
    (["jobs.jsonl", "--grid", "text=a", "--check"], ["needs a manifest or a grid"]),
    (["none.jsonl", "-o", "out"], ["none.jsonl", "no such file"]),
    (["bad.jsonl", "-o", "out"], ["none of 1 lines is a job", "joyy"]),
    (["jobs.jsonl", "-o", "jobs.jsonl"], ["jobs.jsonl"]),
    (["jobs.jsonl", "-o", "out", "--address", "auto"], ["--address", "--engine ray"]),
    (["jobs.jsonl", "-o", "out", "--engine", "spark"], ["spark", "local, ray"]),
    (["jobs.jsonl", "-o", "out", "--workers", "0"], ["workers"]),
    (["jobs.jsonl", "-o", "out", "--seed", "-1"], ["seed"]),
    (["jobs.jsonl", "-o", "out", "--job-limit", "0"], ["job limit", "more than 0"]),
    (["jobs.jsonl", "-o", "out", "--loudness", "lufs"], ["loudness", "stimuli"]),
    (["jobs.jsonl", "-o", "out", "--stimuli", "--loudness", "11"], ["loudness", "lufs:-23"]),
    (["--grid", "text", "-o", "out"], ["grid", "FIELD=VALUE"]),
])  # fmt: skip
def test_slips_write_nothing(arguments: list[str], needles: list[str], tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    manifest(tmp_path, GOOD)
    (tmp_path / "bad.jsonl").write_text(json.dumps(BAD), encoding="utf-8")
    code, told, noted = run(*arguments)
    assert (code, told) == (2, "")
    assert all(needle in noted for needle in needles), noted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "jobs.jsonl"]
