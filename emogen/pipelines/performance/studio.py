"""Takes are drawn and encoded side by side: by a helper process, and by this one as soon as it has nothing else to do.

A take's bytes do not depend on who draws it. Where no helper can be started, or where it dies, this process draws all.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from emogen.pipelines.performance.framing import Painter
from emogen.pipelines.performance.helper import Gone, dismiss, encoded, hire
from emogen.pipelines.performance.shots import Take

#: Where a take is in a performance: the number of its shot, and its first frame there.
Place = tuple[int, int]
#: How many takes are worked on at once: drawing keeps a processor busy.
SIDE_BY_SIDE = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
#: So many shots make it worth to hire a helper, who may have to be started.
WORTH = 3


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


def prepare() -> None:
    """Starts a helper while its shots are still far away."""
    if SIDE_BY_SIDE > 1 and (helper := hire()) is not None:
        dismiss(helper)


class Studio(AbstractContextManager["Studio"]):
    """Draws takes while others are made ready.

    Args:
        done: Called with the place and the bytes of each take that is finished, one call at a time.
        shots: How many there are: the helper is hired for them at once, while other parts are made.
        side_by_side: How many takes are drawn at once, 1 or 2.
    """

    def __init__(self, done: Callable[[Place, bytes], None], shots: int, side_by_side: int = SIDE_BY_SIDE) -> None:
        self._done, self._lock = done, threading.Lock()
        self._waiting = _Waiting()
        self._back: list[_Job] = []
        self._error: BaseException | None = None
        self._painter = Painter()
        self._helper = hire() if side_by_side > 1 and shots >= WORTH else None
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
        if self._helper is None:
            return
        self._waiting.end()
        if error is not None and self._thread is not None:
            self._helper.end()  # it may be drawing what nobody needs
        if self._thread is not None:
            self._thread.join()
        dismiss(self._helper)

    def _finished(self, job: _Job, piece: bytes) -> None:
        with self._lock:
            job.keep(piece)
            self._done(job.place, piece)

    def _feed(self) -> None:
        """Hands takes to the helper, one after another, until there will be no more."""
        assert self._helper is not None
        while (job := self._waiting.next("helper", wait=True)) is not None:
            try:
                self._finished(job, self._helper.draw(job.take, job.portraits))
            except Gone:
                self._back.append(job)  # this process does it
                return
            except BaseException as error:
                self._error = error
                return
