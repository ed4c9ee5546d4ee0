"""Shots are drawn and encoded side by side: by a helper process, and by this one as soon as it has nothing else to do.

A shot's bytes do not depend on who draws it. Where no helper can be started, or where it dies, this process draws all.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from emogen.media.video_pieces import encode_piece
from emogen.pipelines.performance.framing import pictures
from emogen.pipelines.performance.shots import Shot

#: How many shots are worked on at once: drawing keeps a processor busy.
SIDE_BY_SIDE = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
#: So many shots make it worth to start a helper, which takes a second.
WORTH = 3
#: The helper keeps the memory of its pictures, which are of one size, instead of asking for it anew (glibc; bytes).
_KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_TOP_PAD_": str(2**26)}
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, eq=False)
class _Job:
    """A shot that is to be drawn."""

    number: int
    shot: Shot
    portraits: Mapping[str, Any]
    keep: Callable[[bytes], None]


def encoded(shot: Shot, portraits: Mapping[str, Any]) -> bytes:
    """A shot as a piece of video."""
    return encode_piece(pictures(shot, portraits), fps=shot.fps, width=shot.width, height=shot.height)


class Studio(AbstractContextManager["Studio"]):
    """Draws shots while others are made ready.

    Args:
        done: Called with the number and the bytes of each shot that is finished, one call at a time.
        shots: How many there are: the helper is started for them at once, while other parts are made.
        side_by_side: How many shots are drawn at once, 1 or 2.
    """

    def __init__(self, done: Callable[[int, bytes], None], shots: int, side_by_side: int = SIDE_BY_SIDE) -> None:
        self._done, self._lock = done, threading.Lock()
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._back: list[_Job] = []
        self._error: BaseException | None = None
        self._helper = _start() if side_by_side > 1 and shots >= WORTH else None
        self._thread: threading.Thread | None = None

    def draw(self, number: int, shot: Shot, portraits: Mapping[str, Any], keep: Callable[[bytes], None]) -> None:
        """Puts a shot into the queue; `portraits` has those of its actors by their hashes, `keep` is called with its bytes."""
        self._waiting.put(_Job(number, shot, portraits, keep))
        if self._helper is not None and self._thread is None:
            self._thread = threading.Thread(target=self._feed, daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Draws what is left, beside the helper, and waits for it.

        Raises:
            EmogenError: As drawing a shot raises it.
        """
        while self._error is None and (job := self._next()) is not None:
            self._take(job, encoded(job.shot, job.portraits))
        if self._thread:
            self._waiting.put(None)
            self._thread.join()
        for job in self._back:
            self._take(job, encoded(job.shot, job.portraits))
        if self._error is not None:
            raise self._error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._helper is not None:
            self._helper.kill()
            self._waiting.put(None)
            if self._thread:
                self._thread.join()
            self._helper.wait()
            for pipe in (self._helper.stdin, self._helper.stdout):
                if pipe:
                    with suppress(OSError):
                        pipe.close()

    def _next(self) -> _Job | None:
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None

    def _take(self, job: _Job, piece: bytes) -> None:
        with self._lock:
            job.keep(piece)
            self._done(job.number, piece)

    def _feed(self) -> None:
        """Hands shots to the helper, one after another, until there is a None in the queue."""
        assert self._helper is not None
        while (job := self._waiting.get()) is not None:
            try:
                send(self._helper.stdin, (job.shot, job.portraits))
                found = receive(self._helper.stdout)
            except (OSError, EOFError, ValueError, pickle.UnpicklingError):
                self._back.append(job)  # it is gone; this process does it
                return
            try:
                if isinstance(found, BaseException):
                    raise found
                self._take(job, found)
            except BaseException as error:
                self._error = error
                return


def _start() -> subprocess.Popen[bytes] | None:
    script = Path(__file__).with_name("studio_helper.py")
    root = str(Path(__file__).resolve().parents[3])
    try:
        return subprocess.Popen(
            [sys.executable, str(script), root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, **_KEEPING},
        )  # fmt: skip
    except OSError:
        return None


def send(pipe: BinaryIO | Any, what: Any) -> None:
    """Writes one object to the other process."""
    found = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(found)))
    pipe.write(found)
    pipe.flush()


def receive(pipe: BinaryIO | Any) -> Any:
    """Reads one object from the other process.

    Raises:
        EOFError: It is gone.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    found = pipe.read(length)
    if len(found) < length:
        raise EOFError
    return pickle.loads(found)  # from the process that this one started, through a pipe that nobody else has


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """The helper: draws the shots that come in until there are no more."""
    while True:
        try:
            shot, portraits = receive(source)
        except EOFError:
            return
        try:
            answer: Any = encoded(shot, portraits)
        except Exception as error:
            answer = error
        try:
            send(sink, answer)
        except OSError:
            return
