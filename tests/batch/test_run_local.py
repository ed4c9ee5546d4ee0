"""A batch on this machine: workers and parents that are killed, bad jobs, full disks, clocks that jump."""

from __future__ import annotations

import csv
import itertools
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import emogen.batch.ledger
from emogen.batch.display import Standing
from emogen.batch.job import Job
from emogen.batch.reader import Refused
from emogen.batch.run import Summary, run
from emogen.errors import EmogenError, InputError, OutputError
from tests.batch.standing_in import alive, contents, drive, entries, jobs, kill, pids, stand_in, until

__all__ = ["stand_in"]
pytestmark = pytest.mark.usefixtures("stand_in")


def quiet(standing: Standing) -> None:
    """Takes the standings, so that they are not shown."""


def table(out: Path, name: str) -> list[dict[str, str]]:
    with open(out / name, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def done_once(out: Path, todo: list[Job]) -> None:
    """Every job stands in the ledger as done, none of them twice."""
    assert Counter(str(entry["id"]) for entry in entries(out, "done")) == Counter(job.id for job in todo)


def test_any_number_of_workers_gives_the_same_bytes(tmp_path: Path) -> None:
    todo = jobs(12)
    first = run(todo, tmp_path / "one", progress=quiet)
    second = run(todo, tmp_path / "three", workers=3, progress=quiet)
    assert (first.done, first.failed, first.skipped) == (second.done, second.failed, second.skipped) == (12, 0, 0)
    assert contents(tmp_path / "one") == contents(tmp_path / "three")
    assert len(pids(tmp_path / "one")) == 1
    assert len(pids(tmp_path / "three")) == 3
    assert [row["id"] for row in table(tmp_path / "three", "results.csv")] == [job.id for job in todo]
    assert not any(alive(pid) for pid in pids(tmp_path / "three"))


def test_failures_are_listed_and_stop_nothing(tmp_path: Path) -> None:
    todo = jobs(6)
    todo[2] = Job("bad", "speak", {"bad": True}, ".wav", 1, 3)
    refused = [Refused(7, "seventh", '=emotion: "joyy" is not one that is known')]
    summary = run(todo, tmp_path / "out", refused=refused, progress=quiet)
    assert (summary.done, summary.failed) == (5, 2)
    failed = table(tmp_path / "out", "failures.csv")
    assert [(row["line"], row["id"]) for row in failed] == [("3", "bad"), ("7", "seventh")]
    assert failed[0]["error"] == "text: nothing in it"
    assert failed[1]["error"].startswith("'=emotion")  # no formula of a spreadsheet
    states = [row["state"] for row in table(tmp_path / "out", "results.csv")]
    assert states == ["done", "done", "failed", "done", "done", "done", "refused"]


def test_a_killed_worker_is_replaced_and_its_job_done(tmp_path: Path) -> None:
    todo, struck = jobs(10, seconds=0.2), []
    run(todo, tmp_path / "plain", workers=2, progress=quiet)

    def strike(standing: Standing) -> None:
        begun, over = entries(tmp_path / "out", "started"), entries(tmp_path / "out", "done")
        busy = [int(str(e["worker"]).rpartition(":")[2]) for e in begun if e["id"] not in {o["id"] for o in over}]
        busy = [pid for pid in busy if pid not in struck]
        if standing.done >= 3 and busy and len(struck) < 2:
            struck.append(busy[-1])
            kill(struck[-1])

    summary = run(todo, tmp_path / "out", workers=2, progress=strike)
    assert summary.done == 10
    assert len(struck) == 2
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    # A worker may have answered in the very moment in which it was killed.
    assert [e["attempt"] for e in entries(tmp_path / "out", "started")].count(2) in (1, 2)
    done_once(tmp_path / "out", todo)


def test_a_job_that_kills_its_worker_is_listed_and_the_others_are_done(tmp_path: Path) -> None:
    todo = jobs(5)
    todo[1] = Job("poison", "speak", {"poison": True}, ".wav", 1, 2)
    summary = run(todo, tmp_path / "out", workers=2, progress=quiet)
    assert (summary.done, summary.failed) == (4, 1)
    assert table(tmp_path / "out", "failures.csv")[0]["error"] == "the worker died 3 times: SIGKILL"
    assert [e["attempt"] for e in entries(tmp_path / "out", "started") if e["id"] == "poison"] == [1, 2, 3]


@pytest.mark.parametrize("how", ["sleeps", "never lets go"])
def test_a_job_that_hangs_is_ended_and_listed_and_the_others_are_done(tmp_path: Path, how: str) -> None:
    out, todo = tmp_path / "out", jobs(5)
    todo[1] = Job("endless", "speak", {"hang": how}, ".wav", 1, 2)
    summary = run(todo, out, workers=2, job_limit=2.0, progress=quiet)
    assert (summary.done, summary.failed) == (4, 1)
    [failed] = table(out, "failures.csv")
    assert failed["id"] == "endless"
    assert failed["error"] == "not done within 2 s, the limit of a job (--job-limit); its worker was ended"
    assert [(e["id"], e["error"]) for e in entries(out, "failed")] == [("endless", failed["error"])]
    assert [e["attempt"] for e in entries(out, "started") if e["id"] == "endless"] == [1]
    until(lambda: not any(alive(pid) for pid in {*pids(out), int((out.parent / "child").read_text())}), 5)
    todo[1] = Job("endless", "speak", {}, ".wav", 1, 2)
    assert run(todo, out, resume=True, progress=quiet).done == 1


def test_a_worker_that_never_lets_go_ends_with_its_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = drive(out, [Job("endless", "speak", {"hang": "never lets go"}, ".wav", 1)])
    until(lambda: pids(out) and (tmp_path / "child").exists() and (tmp_path / "child").read_text())
    kill(process.pid)
    process.wait()
    until(lambda: not any(alive(pid) for pid in pids(out)), 10)
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


def test_one_worker_goes_on_after_jobs_that_hang(tmp_path: Path) -> None:
    todo = [Job(f"endless-{i}", "speak", {"hang": "sleeps"}, ".wav", 1, i + 1) for i in range(2)] + jobs(2)
    summary = run(todo, tmp_path / "out", job_limit=1.0, progress=quiet)
    assert (summary.done, summary.failed) == (2, 2)
    assert len(pids(tmp_path / "out")) == 3


def test_a_file_that_became_a_pipe_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    todo = [Job("a", "speak", {}, ".wav", 1, files=(str(tmp_path / "pipe"),))]
    assert run(todo, tmp_path / "out", progress=quiet).done == 1


def test_workers_that_cannot_start_end_the_run(tmp_path: Path) -> None:
    (tmp_path / "site" / "sitecustomize.py").write_text("import emogen.batch.work as w; del w.do")
    with pytest.raises(EmogenError, match="workers: die at once: exit code 1, ImportError: cannot import name 'do'"):
        run(jobs(3), tmp_path / "out", workers=2, progress=quiet)


def test_workers_that_hang_before_they_begin_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site" / "sitecustomize.py").write_text("import time; time.sleep(1000)")
    monkeypatch.setattr("emogen.batch.local.START_LIMIT_S", 0.5)
    with pytest.raises(EmogenError, match="workers: die at once: SIGKILL"):
        run(jobs(3), tmp_path / "out", workers=2, retries=1, progress=quiet)


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_been(tmp_path: Path, seed: int) -> None:
    todo = jobs(30, seconds=0.03)
    run(todo, tmp_path / "plain", workers=2, progress=quiet)
    out, chance = tmp_path / "out", random.Random(seed)
    for _ in range(2):
        before = len(entries(out, "done"))
        process = drive(out, todo, workers=2, resume=True)
        wanted = before + chance.randint(1, 8)
        until(lambda wanted=wanted: len(entries(out, "done")) >= wanted)
        kill(process.pid)
        process.wait()
        assert not (out / "results.csv").exists()
        until(lambda: not any(alive(pid) for pid in pids(out)), 10)
        plain = contents(tmp_path / "plain")
        assert all(data == plain[name] for name, data in contents(out).items() if ".part-" not in name)
    summary = run(todo, out, workers=2, resume=True, progress=quiet)
    assert summary.done + summary.skipped == 30
    assert summary.skipped >= 2
    assert contents(out) == contents(tmp_path / "plain")
    done_once(out, todo)


def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = drive(out, jobs(200, seconds=0.05), workers=2)
    until(lambda: len(entries(out, "done")) >= 3)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert "of 200 jobs are done and kept; --resume goes on." in said
    assert not any(alive(pid) for pid in pids(out))
    assert not [name for name in contents(out) if ".part-" in name]


def test_what_changed_is_done_again(tmp_path: Path) -> None:
    out, todo = tmp_path / "out", jobs(6)
    run(todo, out, progress=quiet)
    before = contents(out)
    (out / "item-001.wav").write_bytes(b"altered")
    (out / "item-002.json").unlink()
    (out / "item-003.part-0a1b2c3d.wav").write_bytes(b"half")
    (out / "mine.part-one.wav").write_bytes(b"the user's")
    todo[4] = Job("item-004", "speak", {"text": "Other words."}, ".wav", 4, 5)
    summary = run(todo, out, resume=True, progress=quiet)
    assert (summary.done, summary.skipped) == (3, 3)
    after = contents(out)
    assert after.pop("mine.part-one.wav") == b"the user's"
    assert after.pop("results.csv") != before.pop("results.csv")  # another key
    assert after == before
    again = run(todo, out, resume=True, progress=quiet)
    assert (again.done, again.skipped) == (0, 6)


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    out, refusals = tmp_path / "out", []

    def meanwhile(standing: Standing) -> None:
        with pytest.raises(InputError, match="another run is writing here") as caught:
            run(jobs(2), out, resume=True, progress=quiet)
        refusals.append(caught.value.exit_code)

    assert run(jobs(2), out, progress=meanwhile).done == 2
    assert refusals == [2, 2]
    before = contents(out)
    with pytest.raises(InputError, match="holds a batch already"):
        run(jobs(2), out, progress=quiet)
    assert contents(out) == before


def test_a_clock_that_jumps_back_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    todo = jobs(6)
    run(todo, tmp_path / "plain", progress=quiet)
    years = itertools.cycle((2026, 1999, 2038))

    class Jumping(emogen.batch.ledger.datetime):
        @classmethod
        def now(cls, tz: object = None) -> emogen.batch.ledger.datetime:
            return cls(next(years), 1, 1, tzinfo=emogen.batch.ledger.timezone.utc)

    monkeypatch.setattr("emogen.batch.ledger.datetime", Jumping)
    monkeypatch.setattr("time.time", lambda: next(years) * 3e7)
    summary = run(todo[:4], tmp_path / "out", progress=quiet)
    assert summary.seconds > 0
    assert run(todo, tmp_path / "out", resume=True, progress=quiet).skipped == 4
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    done_once(tmp_path / "out", todo)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small file system cannot be mounted here (no root)")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_stops_the_run_and_what_is_done_is_kept(tmp_path: Path, small_disk: Path) -> None:
    todo = jobs(12, size=40_000)
    run(todo, tmp_path / "plain", progress=quiet)
    ballast, out = small_disk / "ballast", small_disk / "out"
    ballast.write_bytes(bytes(700_000))
    with pytest.raises(OutputError, match="no space left"):
        run(todo, out, workers=2, progress=quiet)
    kept = len(entries(out, "done"))
    assert 2 <= kept < 12
    assert not entries(out, "failed")
    assert not [name for name in contents(out) if ".part-" in name]
    with pytest.raises(OutputError, match="no space left"):
        run(todo, out, resume=True, progress=quiet)
    ballast.unlink()
    summary = run(todo, out, resume=True, progress=quiet)
    assert summary.done + summary.skipped == 12
    assert summary.skipped >= kept
    assert contents(out) == contents(tmp_path / "plain")
    done_once(out, todo)


def test_bad_arguments_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    for options in ({"workers": 0}, {"engine": "cloud"}, {"retries": -1}, {"job_limit": 0}, {"job_limit": float("nan")}):
        with pytest.raises(InputError, match="Accepted"):
            run(jobs(1), tmp_path / "out", **options)  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        run(jobs(1), tmp_path / "file", progress=quiet)
    assert not (tmp_path / "out").exists()


def test_the_summary_is_plain(tmp_path: Path) -> None:
    summary = run(jobs(1), tmp_path / "deep" / "out", progress=quiet)
    assert isinstance(summary, Summary)
    assert set(summary.to_dict()) == {"done", "failed", "skipped", "seconds", "out"}
    assert Standing(10, 2, 3, 1, 4, 2.0).left == 4
