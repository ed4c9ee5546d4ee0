"""Work that a visitor may stop: each piece runs in a thread of its own, which ends when its visitor says so.

Gradio ends what waits in its queue and generators between two steps; a call that draws a film for a minute it lets
run. Here the call itself is ended, wherever it is, except in the middle of an import, which could not be repeated.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import traceback
from collections.abc import Callable
from contextvars import copy_context
from functools import wraps
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from emogen.errors import EmogenError

#: No piece of work on the page may take longer (s); own choice: what is accepted here takes a minute or two.
LONGEST_S = 600.0
#: How long a stopped piece may tidy up before it is told again, and how long an import may end in peace (s).
TIDY_S, IMPORT_S = 5.0, 0.05
#: Held by whatever opens networks: diffusers does that by changing torch for the whole process, so that two threads
#: would give each other networks without weights. Work is therefore done one piece after the other.
ALONE = threading.RLock()


class Stopped(BaseException):
    """Raised in the thread of a stopped piece of work; no `except Exception` on its way holds it up."""


class Job(threading.Thread):
    """A piece of work: `result` or `error` say how it ended.

    Args:
        work: What is done.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work, self._context = work, copy_context()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Does the work, when it is its turn."""
        try:
            with ALONE:
                self.result = self._context.run(self._work)
        except BaseException as error:
            self.error = error

    def stop(self) -> None:
        """Ends the work and waits until it has ended."""
        while self.is_alive() and self.ident is not None:
            if _imports(self.ident):
                self.join(IMPORT_S)
                continue
            self.tell()
            self.join(TIDY_S)

    def tell(self) -> None:
        """Tells the work to end, wherever it is."""
        if self.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(Stopped))


def end() -> None:
    """Ends all work of this process, which itself ends then: a thread that is inside torch meanwhile would abort it."""
    while jobs := [thread for thread in threading.enumerate() if isinstance(thread, Job)]:
        for job in jobs:
            job.tell()
        for job in jobs:
            job.join(TIDY_S)


def _imports(thread: int) -> bool:
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


class Jobs:
    """The work of one page, by visitor."""

    def __init__(self) -> None:
        self._running: dict[str, set[Job]] = {}
        self._lock = threading.Lock()

    def wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, which `stop` ends, and whose errors become messages on the page."""

        @wraps(call)
        def run(*arguments: Any) -> Any:
            job, visitor = Job(lambda: call(*arguments)), _visitor()
            with self._lock:
                self._running.setdefault(visitor, set()).add(job)
            try:
                job.start()
                job.join(LONGEST_S)
                late = job.is_alive()
                job.stop()
            finally:
                with self._lock:
                    self._running[visitor].discard(job)
                    if not self._running[visitor]:
                        del self._running[visitor]
            if late:
                raise gr.Error(f"It took longer than {LONGEST_S:g} s and was stopped.", print_exception=False)
            return _given(job)

        return run

    def stop(self, request: gr.Request) -> None:
        """Ends all that the visitor has running."""
        with self._lock:
            jobs = list(self._running.get(request.session_hash or "", ()))
        for job in jobs:
            job.stop()


def _visitor() -> str:
    request = LocalContext.request.get(None)
    return getattr(request, "session_hash", None) or ""


def _given(job: Job) -> Any:
    if isinstance(job.error, Stopped):
        raise gr.Error("Stopped. Nothing was made.", title="Stopped", duration=4, print_exception=False)
    if isinstance(job.error, EmogenError):
        raise gr.Error(str(job.error), print_exception=False)
    if job.error is not None:  # ours, and for our log; the visitor can only be told that it happened
        traceback.print_exception(job.error)
        raise gr.Error(f"An error of ours ({type(job.error).__name__}), not of yours. Please report what you did.", print_exception=False)
    return job.result
