"""Takes are drawn and encoded side by side: by a helper process, and by this one as soon as it has nothing else to do.

A take's bytes do not depend on who draws it. Where no helper can be started, or where it dies, this process draws all.
"""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from emogen.codecs.face import FACE_CHANNELS
from emogen.codecs.scene.elements import HOMES, drawer
from emogen.media.video_pieces import encode_piece
from emogen.pipelines.performance.framing import Painter
from emogen.pipelines.performance.shots import Take
from emogen.pipelines.talking_head.avatars import AVATARS, avatar

#: Where a take is in a performance: the number of its shot, and its first frame there.
Place = tuple[int, int]
#: How many takes are worked on at once: drawing keeps a processor busy.
SIDE_BY_SIDE = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
#: So many shots make it worth to start a helper, which takes a second.
WORTH = 3
#: The helper keeps the memory of its pictures, which are of one size, instead of asking for it anew (glibc; bytes).
_KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_TOP_PAD_": str(2**26)}
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, eq=False)
class _Job:
    """A take that is to be drawn."""

    place: Place
    take: Take
    portraits: Mapping[str, Any]
    keep: Callable[[bytes], None]


class _Waiting:
    """Takes that nobody draws yet.

    To make a shot ready takes as long as to draw a second of it, so everybody stays with a shot, and begins one that nobody
    is at, as long as there is such a one.
    """

    def __init__(self) -> None:
        self._jobs: list[_Job] = []
        self._at: dict[str, int] = {}
        self._changed, self._over = threading.Condition(), False

    def put(self, job: _Job) -> None:
        """Adds a take."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()

    def next(self, who: str, *, wait: bool) -> _Job | None:
        """A take for somebody to draw; None where there is none, or with `wait` where there will be none."""
        with self._changed:
            while wait and not self._jobs and not self._over:
                self._changed.wait()
            if not self._jobs:
                return None
            others = [shot for other, shot in self._at.items() if other != who]
            job = min(self._jobs, key=lambda job: (job.place[0] != self._at.get(who), job.place[0] in others, job.place))
            self._jobs.remove(job)
            self._at[who] = job.place[0]
            return job

    def end(self) -> None:
        """Nothing more will be added."""
        with self._changed:
            self._over = True
            self._changed.notify_all()


def encoded(painter: Painter, take: Take, portraits: Mapping[str, Any]) -> bytes:
    """A take as a piece of video."""
    return encode_piece(painter(take, portraits), fps=take.shot.fps, width=take.shot.width, height=take.shot.height)


class Studio(AbstractContextManager["Studio"]):
    """Draws takes while others are made ready.

    Args:
        done: Called with the place and the bytes of each take that is finished, one call at a time.
        shots: How many there are: the helper is started for them at once, while other parts are made.
        side_by_side: How many takes are drawn at once, 1 or 2.
    """

    def __init__(self, done: Callable[[Place, bytes], None], shots: int, side_by_side: int = SIDE_BY_SIDE) -> None:
        self._done, self._lock = done, threading.Lock()
        self._waiting = _Waiting()
        self._back: list[_Job] = []
        self._error: BaseException | None = None
        self._painter = Painter()
        self._helper = _start() if side_by_side > 1 and shots >= WORTH else None
        self._thread: threading.Thread | None = None

    def draw(self, place: Place, take: Take, portraits: Mapping[str, Any], keep: Callable[[bytes], None]) -> None:
        """Puts a take into the queue; `portraits` has those of its actors by their hashes, `keep` is called with its bytes."""
        self._waiting.put(_Job(place, take, portraits, keep))
        if self._helper is not None and self._thread is None:
            self._thread = threading.Thread(target=self._feed, daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Draws what is left, beside the helper, and waits for it.

        Raises:
            EmogenError: As drawing a take raises it.
        """
        while self._error is None and (job := self._waiting.next("here", wait=False)) is not None:
            self._finished(job, encoded(self._painter, job.take, job.portraits))
        self._waiting.end()
        if self._thread:
            self._thread.join()
        for job in self._back:
            self._finished(job, encoded(self._painter, job.take, job.portraits))
        if self._error is not None:
            raise self._error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._helper is not None:
            self._helper.kill()
            self._waiting.end()
            if self._thread:
                self._thread.join()
            self._helper.wait()
            for pipe in (self._helper.stdin, self._helper.stdout):
                if pipe:
                    with suppress(OSError):
                        pipe.close()

    def _finished(self, job: _Job, piece: bytes) -> None:
        with self._lock:
            job.keep(piece)
            self._done(job.place, piece)

    def _feed(self) -> None:
        """Hands takes to the helper, one after another, until there will be no more; each portrait is sent once."""
        assert self._helper is not None
        known = set[str]()
        while (job := self._waiting.next("helper", wait=True)) is not None:
            try:
                send(self._helper.stdin, (job.take, {key: found for key, found in job.portraits.items() if key not in known}))
                known |= set(job.portraits)
                found = receive(self._helper.stdout)
            except (OSError, EOFError, ValueError, pickle.UnpicklingError):
                self._back.append(job)  # it is gone; this process does it
                return
            try:
                if isinstance(found, BaseException):
                    raise found
                self._finished(job, found)
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


def _make_ready() -> None:
    """Loads what drawing needs while there is nothing to draw: places, photos, and loops as machine code."""
    for element in HOMES:
        drawer(element)
    import_module("emogen.pipelines.talking_head.photo_portrait")
    avatar(AVATARS[0], size=64).render(np.zeros(len(FACE_CHANNELS), np.float32))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """The helper: draws the takes that come in until there are no more."""
    _make_ready()
    painter, portraits = Painter(), dict[str, Any]()
    while True:
        try:
            take, new = receive(source)
        except EOFError:
            return
        portraits |= new
        try:
            answer: Any = encoded(painter, take, portraits)
        except Exception as error:
            answer = error
        try:
            send(sink, answer)
        except OSError:
            return
