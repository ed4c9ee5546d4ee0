"""Jobs -> results, by worker processes of this machine that open their pipelines once.

A worker that dies is replaced, and its job is tried again; a job at which worker after worker dies has failed, and the
others go on. Workers end with the process that started them, however that ends.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from emogen.batch.job import Job, Result
from emogen.batch.ledger import Begun, Event
from emogen.errors import EmogenError, OutputError

#: Every worker computes with one thread, so that sums are the same on any number of cores and workers do not wait for
#: each other; read by OpenMP, OpenBLAS, MKL and OpenCV when they load.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
#: How much of what a worker last printed is kept to say why it died (bytes).
LAST_WORDS = 4_000
READ_BYTES = 1 << 16


def work(jobs: Sequence[Job], out: Path, *, workers: int, retries: int) -> Generator[list[Event], None, None]:
    """Does jobs, and says what happens as it happens. Closed early, it ends its workers; the jobs they had are lost.

    Args:
        jobs: In the order in which they are begun.
        out: Where their files go.
        workers: How many processes.
        retries: How often a job is tried again after its worker died.

    Raises:
        OutputError: No space is left in `out`.
        EmogenError: Workers die before they can do anything.
    """
    waiting = deque((job, 1) for job in jobs)
    stillborn = 0
    with selectors.DefaultSelector() as ears:
        crew = [_Worker(out, ears) for _ in range(min(workers, len(waiting)))]
        try:
            while waiting or any(worker.task for worker in crew):
                yield _handed_out(waiting, crew)
                answers = _heard(ears)
                if any("stop" in answer for answer in answers):
                    raise OutputError(str(out), "no space left")
                yield [Result.from_dict(answer["result"]) for answer in answers]
                stillborn = 0 if answers else stillborn
                for worker in [worker for worker in crew if worker.dead]:
                    crew.remove(worker)
                    reason = worker.end()
                    stillborn += not worker.ready
                    if stillborn > retries + workers:
                        raise EmogenError("workers", f"die at once: {reason}")
                    if worker.task and worker.task[1] <= retries:
                        waiting.appendleft((worker.task[0], worker.task[1] + 1))
                    elif worker.task:
                        job, attempt = worker.task
                        yield [Result(job.id, job.key, "failed", error=f"the worker died {attempt} times: {reason}")]
                    if waiting:
                        crew.append(_Worker(out, ears))
        finally:
            for worker in crew:
                worker.end()


def _handed_out(waiting: deque[tuple[Job, int]], crew: Sequence[_Worker]) -> list[Event]:
    begun: list[Event] = []
    for worker in crew:
        if waiting and worker.idle and worker.give(*waiting[0]):
            job, attempt = waiting.popleft()
            begun.append(Begun(job, worker.name, attempt))
    return begun


def _heard(ears: selectors.BaseSelector) -> list[dict[str, Any]]:
    """What workers answered, waiting until one does something."""
    answers = []
    for key, _ in ears.select():
        worker, stream = key.data
        data = os.read(key.fd, READ_BYTES)
        if not data:
            ears.unregister(key.fd)
            worker.dead |= stream == "answers"
        elif stream == "words":
            worker.words = (worker.words + data)[-LAST_WORDS:]
        else:
            answers += worker.hear(data)
    return answers


class _Worker:
    """A worker process as its parent sees it."""

    def __init__(self, out: Path, ears: selectors.BaseSelector) -> None:
        # In a session of its own, so that Ctrl-C reaches the parent alone.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emogen.batch.worker", str(out)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            env=os.environ | ONE_THREAD, start_new_session=True,
        )  # fmt: skip
        self._ears = ears
        for stream, name in ((self._process.stdout, "answers"), (self._process.stderr, "words")):
            assert stream
            ears.register(stream, selectors.EVENT_READ, (self, name))
        self.name = f"{os.uname().nodename}:{self._process.pid}"
        self.task: tuple[Job, int] | None = None
        self.ready = self.dead = False
        self.words = self._answers = b""

    @property
    def idle(self) -> bool:
        return self.ready and not self.dead and self.task is None

    def give(self, job: Job, attempt: int) -> bool:
        """Hands over a job; False where nobody takes it."""
        assert self._process.stdin
        line = memoryview(json.dumps(job.to_dict()).encode() + b"\n")
        try:
            while line:
                line = line[self._process.stdin.write(line) :]
        except OSError:
            return False
        self.task = (job, attempt)
        return True

    def hear(self, data: bytes) -> list[dict[str, Any]]:
        """The answers that are complete with these bytes."""
        *lines, self._answers = (self._answers + data).split(b"\n")
        answers = [json.loads(line) for line in lines]
        if answers and not self.ready:
            self.ready = bool(answers.pop(0))
        if answers:
            self.task = None
        return answers

    def end(self) -> str:
        """Ends the process and all that it started. Returns how it ended."""
        if self.dead:  # it may still be on its way out, with an exit code that says why
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1.0)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream
            with suppress(KeyError, ValueError):
                self._ears.unregister(stream)
            with suppress(OSError):
                stream.close()
        if code < 0:
            return signal.Signals(-code).name
        lines = self.words.decode("utf-8", "replace").strip().splitlines() or [""]
        return f"exit code {code}, {lines[-1]:.200}"
