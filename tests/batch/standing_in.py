"""Jobs that a stand-in does in a moment, so that hundreds can be run and killed: what is tested is how a batch runs.

`stand_in` puts a `sitecustomize` on the workers' path, which replaces `emogen.batch.work.do`; everything else is real.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emogen.batch.job import Job

ROOT = Path(__file__).resolve().parents[2]
SITE = '''
import hashlib, json, os, re, signal, subprocess, time
from pathlib import Path
import emogen.batch.work as work
from emogen.batch.job import Result
from emogen.errors import EmogenError
from emogen.media.atomic import atomic_path, no_space

def do(job, folder):
    asked = job.arguments
    if asked.get("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    if asked.get("hang"):
        child = subprocess.Popen(["sleep", "1000"])
        (Path(folder).parent / "child").write_text(str(child.pid))
        if asked["hang"] == "never lets go":  # native code that no other thread gets past
            re.match("(a+)+$", "a" * 60 + "b")
        time.sleep(1000)
    key = job.key
    time.sleep(asked.get("seconds", 0.02))
    if asked.get("bad"):
        return Result(job.id, key, "failed", error="text: nothing in it")
    try:
        for name, size in ((job.id + job.suffix, asked.get("size", 100)), (job.id + ".json", 20)):
            with atomic_path(Path(folder) / name) as part:
                part.write_bytes(hashlib.sha256(f"{job.id} {job.seed}".encode()).digest() * (size // 32 + 1))
    except EmogenError as error:
        work._check_space(error, folder)
        raise
    return Result(job.id, key, "done", job.id + job.suffix, work.file_sha256(Path(folder) / (job.id + job.suffix)), worker=str(os.getpid()))

work.do = do
'''
DRIVER = """
import json, sys
from emogen.batch.job import Job
from emogen.batch.run import run
out, options, jobs = json.load(sys.stdin)
run([Job.from_dict(job) for job in jobs], out, **options)
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "site"
    place.mkdir()
    (place / "sitecustomize.py").write_text(SITE)
    monkeypatch.setenv("PYTHONPATH", f"{place}{os.pathsep}{ROOT}")


def jobs(n: int, **arguments: object) -> list[Job]:
    return [Job(f"item-{i:03d}", "speak", {"text": "Hello.", **arguments}, ".wav", i, i + 1) for i in range(n)]


def drive(out: Path, todo: list[Job], **options: object) -> subprocess.Popen[str]:
    """A run in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdin
    process.stdin.write(json.dumps([str(out), options, [job.to_dict() for job in todo]]))
    process.stdin.close()
    process.stdin = None
    return process


def entries(out: Path, event: str = "") -> list[dict[str, object]]:
    """The whole lines of a ledger, of one kind or all."""
    path = out / "ledger.jsonl"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [entry for entry in map(json.loads, lines) if not event or entry["event"] == event]


def until(true: object, seconds: float = 60.0) -> None:
    """Waits until `true()` is true."""
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def pids(out: Path) -> set[int]:
    """The worker processes that were given jobs."""
    return {int(str(entry["worker"]).rpartition(":")[2]) for entry in entries(out, "started")}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def contents(out: Path) -> dict[str, bytes]:
    """Every file that is the same however a batch was run."""
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != "ledger.jsonl"}
