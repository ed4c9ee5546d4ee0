"""The journal of a batch: what it holds survives being cut off anywhere, a full disk and a second run."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.batch.job import Job, Result
from emogen.batch.ledger import Begun, Ledger
from emogen.errors import FormatError, InputError, OutputError

A = Result("a", "key-a", "done", "a.wav", "0" * 64, 1.5, warnings=("It is short.",), worker="here:1")
B = Result("b", "key-b", "failed", error="b.wav: no such file")
C = Result("c", "key-c", "done", "c.wav", "1" * 64, 0.25)


def write(folder: Path) -> Path:
    with Ledger(folder, resume=False) as ledger:
        for result in (A, B, C):
            ledger.record([Begun(Job(result.id, "speak", {}, ".wav", 1), "here:1")])
            ledger.record([result])
    return ledger.path


def test_what_was_done_is_read_back(tmp_path: Path) -> None:
    path = write(tmp_path)
    with Ledger(tmp_path, resume=True) as ledger:
        assert ledger.done == {"a": A, "c": C}
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events == ["batch", "started", "done", "started", "failed", "started", "done"]


@given(cut=st.integers(0, 2_000))
def test_cut_off_anywhere_it_keeps_every_whole_line(cut: int, whole: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cut")
    path = folder / "ledger.jsonl"
    path.write_bytes(whole[:cut])
    kept = [json.loads(line) for line in whole[:cut].split(b"\n")[:-1]]
    with Ledger(folder, resume=True) as ledger:
        assert set(ledger.done) == {entry["id"] for entry in kept if entry["event"] == "done"}
        ledger.record([A])
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert lines[: len(kept)] == kept
    assert lines[0]["event"] == "batch"
    assert lines[-1]["id"] == "a"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("whole")).read_bytes()


def test_a_folder_with_a_batch_is_refused_without_resume(tmp_path: Path) -> None:
    before = write(tmp_path).read_bytes()
    with pytest.raises(InputError, match=r"holds a batch already.*--resume"):
        Ledger(tmp_path, resume=False)
    assert (tmp_path / "ledger.jsonl").read_bytes() == before


@pytest.mark.parametrize("content", [b"hello\nworld\n", b'{"event": "done"}\n', b"[]\n[]\n", b'{"event": "batch", "ledger": 99}\n'])
def test_a_ledger_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(content)
    with pytest.raises(FormatError, match="is not the ledger of a batch"):
        Ledger(tmp_path, resume=True)
    assert (tmp_path / "ledger.jsonl").read_bytes() == content


def test_an_altered_line_is_named(tmp_path: Path, whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    (tmp_path / "ledger.jsonl").write_bytes(b"".join([*lines[:2], b'{"event": "done", "id": 3}\n', *lines[3:]]))
    with pytest.raises(FormatError, match=r"ledger.jsonl line 3: is not an entry of a ledger"):
        Ledger(tmp_path, resume=True)


def test_a_second_run_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from emogen.batch.ledger import Ledger; l = Ledger(Path({str(tmp_path)!r}), resume=True);"
    with subprocess.Popen([sys.executable, "-c", code + "print('open', flush=True); input()"], stdin=-1, stdout=-1) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(InputError, match="another run is writing here"):
            Ledger(tmp_path, resume=True)
        other.kill()
    Ledger(tmp_path, resume=True).__exit__(None, None, None)


@pytest.fixture
def small_files() -> Iterator[None]:
    """The system refuses files over 2,000 bytes, as it does when the disk is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.usefixtures("small_files")
def test_on_a_full_disk_the_last_entry_is_whole(tmp_path: Path) -> None:
    with Ledger(tmp_path, resume=False) as ledger:

        def fill() -> None:
            for i in range(100):
                ledger.record([Begun(Job(f"item-{i}", "speak", {}, ".wav", 1), "here:1")])

        with pytest.raises(OutputError, match="no space left"):
            fill()
        lines = ledger.path.read_bytes().splitlines(keepends=True)
        assert 5 < len(lines) < 100
        assert [json.loads(line)["id"] for line in lines[1:]] == [f"item-{i}" for i in range(len(lines) - 1)]
