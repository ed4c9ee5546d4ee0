"""The journal of a batch: what was begun, done and failed, kept so that a run can be killed at any moment and go on later.

`ledger.jsonl` in the folder of the batch: one JSON object a line, appended with one write and flushed to disk before
anything else happens. The first line is `{"event": "batch", "ledger": 1, "batch": ID, "emogen": VERSION}`, the others
are `started` (id, key, worker, attempt), `done` and `failed` (a `Result`). `time` is for people: nothing is decided by it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeAlias

from emogen._version import __version__
from emogen.batch.job import Job, Result
from emogen.errors import FormatError, InputError, OutputError
from emogen.media.atomic import no_space

NAME = "ledger.jsonl"
FORMAT = 1


@dataclass(frozen=True)
class Begun:
    """A job went to a worker, for the first time or again."""

    job: Job
    worker: str
    attempt: int = 1


Event: TypeAlias = "Begun | Result"


class Ledger:
    """The open ledger of a folder; as long as it is open no other run works in that folder.

    Args:
        folder: That of the batch.
        resume: Whether to go on with a ledger that is there. A last line that was cut off in the middle is dropped.

    Attributes:
        done: The results of the jobs that are done, by id; of a job that was done again, the last.

    Raises:
        InputError: Another run works in the folder, or a ledger is there and `resume` is False.
        FormatError: The ledger is not one of ours, or was altered.
        OutputError: It cannot be written.
    """

    def __init__(self, folder: Path, *, resume: bool) -> None:
        self.path = folder / NAME
        self.done: dict[str, Result] = {}
        if self.path.exists() and not self.path.is_file():
            raise FormatError(str(self.path), "is not a file", "Name another folder.")
        try:
            # The file alone carries the lock, which dies with the process, however that ends.
            self._stream: BinaryIO = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        except OSError as error:
            raise OutputError(str(self.path), f"cannot be written: {error.strerror}") from error
        try:
            self._lock()
            self._read(resume)
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stream.close()

    def record(self, events: Sequence[Event]) -> None:
        """What happened, in one write: on disk when this returns, wholly or not at all.

        Raises:
            OutputError: It could not be written; the ledger is as it was.
        """
        self._append([_plain(event) for event in events])
        self.done |= {event.id: event for event in events if isinstance(event, Result) and event.state == "done"}

    def _append(self, entries: Sequence[dict[str, Any]]) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        text = "".join(json.dumps({**entry, "time": now}, ensure_ascii=False) + "\n" for entry in entries)
        lines = text.encode("utf-8", "backslashreplace")
        end = self._stream.seek(0, os.SEEK_END)
        try:
            if self._stream.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._stream.fileno())
        except OSError as error:
            self._stream.truncate(end)
            found = f"no space left on {self.path.parent}" if no_space(error) else f"cannot be written: {error.strerror}"
            raise OutputError(str(self.path), found) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                str(self.path.parent), "another run is writing here", "Wait until it ends, or name another folder."
            ) from error

    def _read(self, resume: bool) -> None:
        whole = 0
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break  # cut off while it was written
                entry = _entry(line)
                if number == 1 and (entry or {}).get("ledger") != FORMAT:
                    raise FormatError(str(self.path), "is not the ledger of a batch", "Name another folder.")
                if entry is None:
                    raise FormatError(f"{self.path} line {number}", "is not an entry of a ledger", "Take the line out.")
                if entry["event"] == "done":
                    self.done[entry["id"]] = entry["result"]
                whole += len(line)
        if whole and not resume:
            raise InputError(
                str(self.path.parent), "holds a batch already", "Go on with it by --resume, or name another folder."
            )
        self._stream.truncate(whole)
        if not whole:
            self._append([{"event": "batch", "ledger": FORMAT, "batch": secrets.token_hex(8), "emogen": __version__}])


def _plain(event: Event) -> dict[str, Any]:
    if isinstance(event, Begun):
        job = event.job
        return {"event": "started", "id": job.id, "key": job.key, "worker": event.worker, "attempt": event.attempt}
    facts = event.to_dict()
    return {"event": facts.pop("state"), **facts}


def _entry(line: bytes) -> dict[str, Any] | None:
    """The entry of a line, with its `Result` where it is that of a job that is done; None: it is none."""
    try:
        entry = json.loads(line)
        if entry["event"] == "done":
            facts = {name: value for name, value in entry.items() if name not in ("event", "time")}
            entry["result"] = Result.from_dict({**facts, "state": "done"})
        return entry
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
