"""The one display of a running batch, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from emogen.batch.job import Result

#: Where stderr is not a terminal, seconds between two lines; own assumption.
LINE_EVERY_S = 30.0


@dataclass(frozen=True)
class Standing:
    """How far a batch is.

    Attributes:
        total: Jobs in all, and refused lines.
        skipped: Jobs that an earlier run had done.
        done: Jobs done in this run.
        failed: Jobs that failed in this run, and refused lines.
        ended: Jobs that ended in this run, one way or the other.
        seconds: How long this run has taken.
    """

    total: int
    skipped: int = 0
    done: int = 0
    failed: int = 0
    ended: int = 0
    seconds: float = 0.0

    @property
    def left(self) -> int:
        """Jobs that are still to do."""
        return self.total - self.skipped - self.done - self.failed

    @property
    def rate(self) -> float:
        """Jobs per second in this run."""
        return self.ended / self.seconds if self.seconds > 0 else 0.0

    def after(self, result: Result, seconds: float) -> Standing:
        """The standing after one more result."""
        ok = result.state == "done"
        return replace(
            self, done=self.done + ok, failed=self.failed + (not ok), ended=self.ended + 1, seconds=seconds
        )

    def __str__(self) -> str:
        parts = [f"{self.done + self.skipped} done", f"{self.failed} failed", f"{self.left} left"]
        if self.rate:
            parts += [f"{self.rate:.2f} jobs/s", f"{_clock(self.left / self.rate)} to go"]
        return ", ".join(parts)


class Display:
    """Shows standings as they come.

    Args:
        receive: Takes them instead; nothing is then shown but what is said.
    """

    def __init__(self, receive: Callable[[Standing], None] | None = None) -> None:
        self._receive = receive
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._shown = time.monotonic()
        if receive is None and self._console.is_terminal:
            self._bar = Progress(BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), console=self._console)

    def __enter__(self) -> Display:
        if self._bar:
            self._bar.start()
            self._bar.add_task("starting", total=None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, standing: Standing) -> None:
        """A job ended."""
        now = time.monotonic()
        if self._receive:
            self._receive(standing)
        elif self._bar:
            self._bar.update(
                self._bar.task_ids[0], total=standing.total, completed=standing.total - standing.left, description=str(standing)
            )
        elif not standing.left or now - self._shown >= LINE_EVERY_S:
            self._shown = now
            self.say(str(standing))

    def say(self, text: str) -> None:
        """One line beside the bar."""
        if self._bar:
            self._console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
