"""Jobs -> results, by worker processes of this machine that open their pipelines once.

A worker that dies is replaced, and its job is tried again; a job at which worker after worker dies has failed, and so has
one that is not done within its time, with which its worker is ended. The others go on. Workers end with the process that
started them, however that ends.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from emogen.batch.job import Job, Result
from emogen.batch.ledger import Begun, Event
from emogen.errors import EmogenError, OutputError
from emogen.limits import LIMITS

#: Every worker computes with one thread, so that sums are the same on any number of cores and workers do not wait for
#: each other; read by OpenMP, OpenBLAS, MKL and OpenCV when they load.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
#: How long a job may take if nothing else is said (s): six times the length of the longest film that can be asked for,
#: which takes about its own length on an idle core. Own assumption.
JOB_LIMIT_S = 6 * LIMITS.render_s
START_LIMIT_S = 300.0  # within which a worker has started, or counts as dead: a hundred times what it takes; own assumption
LONGEST_WAIT_S = 3_600.0  # at a stretch; the system takes no more than some weeks
#: How much of what a worker last printed is kept to say why it died (bytes).
LAST_WORDS = 4_000
READ_BYTES = 1 << 16


def work(
    jobs: Sequence[Job], out: Path, *, workers: int, retries: int, limit_s: float
) -> Generator[list[Event], None, None]:
    """Does jobs by a crew of its own, which ends with it; see `Crew.work`."""
    with Crew(workers) as crew, closing(crew.work(jobs, out, retries=retries, limit_s=limit_s)) as events:
        yield from events


class Crew(AbstractContextManager["Crew"]):
    """Worker processes, which are started when there is something for them to do.

    Args:
        workers: How many there are at most.
    """

    def __init__(self, workers: int) -> None:
        self._most = workers
        self._workers = list[_Worker]()
        self._ears = selectors.DefaultSelector()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._ears.close()

    def work(
        self, jobs: Sequence[Job], out: Path, *, retries: int, limit_s: float
    ) -> Generator[list[Event], None, None]:
        """Does jobs, and says what happens as it happens. Closed early, it loses the jobs that are begun.

        Args:
            jobs: In the order in which they are begun.
            out: Where their files go.
            retries: How often a job is tried again after its worker died.
            limit_s: How long a job may take; it then has failed.

        Raises:
            OutputError: No space is left in `out`.
            EmogenError: Workers die, or hang, before they can do anything.
        """
        waiting = deque((job, 1) for job in jobs)
        stillborn = 0
        try:
            while waiting or any(worker.task for worker in self._workers):
                self._hire(len(waiting))
                yield self._handed_out(waiting, out)
                answers = self._heard(limit_s)
                if any("stop" in answer for answer in answers):
                    raise OutputError(str(out), "no space left")
                yield [Result.from_dict(answer["result"]) for answer in answers]
                stillborn = 0 if answers else stillborn
                for worker in [worker for worker in self._workers if worker.dead or worker.left_s(limit_s) <= 0]:
                    self._workers.remove(worker)
                    late, reason = not worker.dead, worker.end()
                    stillborn += not worker.ready
                    if stillborn > retries + self._most:
                        raise EmogenError("workers", f"die at once: {reason}")
                    if worker.task is None:
                        continue
                    job, attempt = worker.task
                    if late:
                        told = f"not done within {limit_s:g} s, the limit of a job (--job-limit); its worker was ended"
                        yield [Result(job.id, job.key, "failed", error=told, seconds=limit_s, worker=worker.name)]
                    elif attempt <= retries:
                        waiting.appendleft((job, attempt + 1))
                    else:
                        yield [Result(job.id, job.key, "failed", error=f"the worker died {attempt} times: {reason}")]
        finally:
            for worker in [worker for worker in self._workers if worker.task]:
                self._workers.remove(worker)
                worker.end()

    def _hire(self, waiting: int) -> None:
        """Starts as many workers as there is work for."""
        busy = sum(worker.task is not None for worker in self._workers)
        while len(self._workers) < min(self._most, busy + waiting):
            self._workers.append(_Worker(self._ears))

    def _handed_out(self, waiting: deque[tuple[Job, int]], out: Path) -> list[Event]:
        begun: list[Event] = []
        for worker in self._workers:
            if waiting and worker.idle and worker.give(*waiting[0], out):
                job, attempt = waiting.popleft()
                begun.append(Begun(job, worker.name, attempt))
        return begun

    def _heard(self, limit_s: float) -> list[dict[str, Any]]:
        """What workers answered, waiting until one does something, or until the time of one is over."""
        answers = []
        left = min((worker.left_s(limit_s) for worker in self._workers), default=limit_s)
        for key, _ in self._ears.select(min(max(left, 0.0), LONGEST_WAIT_S)):
            worker, stream = key.data
            data = os.read(key.fd, READ_BYTES)
            if not data:
                self._ears.unregister(key.fd)
                worker.dead |= stream == "answers"
            elif stream == "words":
                worker.words = (worker.words + data)[-LAST_WORDS:]
            else:
                answers += worker.hear(data)
        return answers


class _Worker:
    """A worker process as its parent sees it."""

    def __init__(self, ears: selectors.BaseSelector) -> None:
        # In a session of its own, so that Ctrl-C reaches the parent alone.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emogen.batch.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            env=os.environ | ONE_THREAD, start_new_session=True,
        )  # fmt: skip
        self._ears = ears
        for stream, name in ((self._process.stdout, "answers"), (self._process.stderr, "words")):
            assert stream
            ears.register(stream, selectors.EVENT_READ, (self, name))
        self.name = f"{os.uname().nodename}:{self._process.pid}"
        self.task: tuple[Job, int] | None = None
        self._since = time.monotonic()
        self.ready = self.dead = False
        self.words = self._answers = b""

    @property
    def idle(self) -> bool:
        return self.ready and not self.dead and self.task is None

    def left_s(self, limit_s: float) -> float:
        """How much of its time the job has left that it is doing, or the start of a worker; without either, all of it."""
        if self.ready and self.task is None:
            return limit_s
        return (limit_s if self.ready else START_LIMIT_S) - (time.monotonic() - self._since)

    def give(self, job: Job, attempt: int, out: Path) -> bool:
        """Hands over a job, whose files go into `out`; False where nobody takes it."""
        assert self._process.stdin
        line = memoryview(json.dumps({"job": job.to_dict(), "folder": str(out)}).encode() + b"\n")
        try:
            while line:
                line = line[self._process.stdin.write(line) :]
        except OSError:
            return False
        self.task, self._since = (job, attempt), time.monotonic()
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
