"""A batch from its jobs to its tables: what is done already is kept, the rest is handed to an engine, the ledger has it all.

The folder then holds the media with their sidecars, `results.csv` and `failures.csv`, all of them the same bytes whichever
engine made them and however often it was interrupted, and `ledger.jsonl`, which says when and by whom.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emogen.batch import local, ray_cluster
from emogen.batch.display import Display, Standing
from emogen.batch.job import Job, Result, written_by
from emogen.batch.ledger import NAME as LEDGER
from emogen.batch.ledger import Event, Ledger
from emogen.batch.reader import OWN, same
from emogen.batch.table import write_table
from emogen.batch.work import file_sha256
from emogen.errors import InputError, OutputError
from emogen.media.sidecar import sidecar_path

if TYPE_CHECKING:
    from emogen.batch.reader import Refused

ENGINES = ("local", "ray")
RESULTS, FAILURES = "results.csv", "failures.csv"
RESULT_COLUMNS = ("line", "id", "call", "state", "output", "sha256", "seed", "key", "warnings", "error")
FAILURE_COLUMNS = ("line", "id", "call", "error")
#: The temporary names of `media.atomic`.
PART = re.compile(r"\.part-[0-9a-f]{8}(\.|$)")


@dataclass(frozen=True)
class Summary:
    """How a batch ended.

    Attributes:
        done: Jobs done in this run.
        failed: Jobs that failed, and lines of the manifest that were refused.
        skipped: Jobs that an earlier run had done.
        seconds: How long this run took.
        out: The folder.
    """

    done: int
    failed: int
    skipped: int
    seconds: float
    out: str

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return asdict(self)


def run(
    jobs: Sequence[Job],
    out: str | Path,
    *,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    resume: bool = False,
    retries: int = 2,
    job_limit: float = local.JOB_LIMIT_S,
    refused: Sequence[Refused] = (),
    progress: Callable[[Standing], None] | None = None,
) -> Summary:
    """Does the jobs that are not done yet. Killed at any moment, it loses the jobs in flight and no others.

    Args:
        jobs: With unique ids.
        out: The folder; made if it is missing.
        workers: Local: how many processes, 1 if None. Ray: how many jobs are handed to the cluster at once; if None, twice
            as many as it has cores.
        engine: "local" or "ray".
        address: Of the Ray cluster: HOST:PORT, "auto" (the one that this machine belongs to), or "local" (one is started
            here and ended afterwards).
        resume: Goes on with what the folder holds: a job is skipped if it was done with the same key and its file is
            unchanged.
        retries: How often a job is tried again after the process or the machine that did it died.
        job_limit: How long a job may take, in seconds; it then has failed, and is not tried again.
        refused: Lines of the manifest that are no jobs; they are listed among the failures.
        progress: Receives the standing after each job; None: it is shown on stderr.

    Raises:
        InputError: A bad argument; the folder holds a batch and `resume` is False; another run is writing there; a file
            that a job reads, or one that lay there before, would be written over.
        BackendMissing: Ray is not installed.
        OutputError: No space left. What is done is kept.
    """
    if engine not in ENGINES:
        raise InputError("engine", f'"{engine}"', f"Accepted: {', '.join(ENGINES)}.")
    if workers is not None and workers < 1:
        raise InputError("workers", f"{workers}", "Accepted: a whole number from 1.")
    if retries < 0:
        raise InputError("retries", f"{retries}", "Accepted: a whole number from 0.")
    if not (math.isfinite(job_limit) and job_limit > 0):
        raise InputError("job limit", f"{job_limit}", "Accepted: seconds, more than 0.")
    began, out = time.perf_counter(), _folder(out)
    _check_apart(jobs, out.resolve())
    if not (out / LEDGER).exists():
        _check_new(jobs, out)
    with Ledger(out, resume=resume) as ledger, Display(progress) as display:
        _clean(out)
        for name in (RESULTS, FAILURES):  # they stand for a batch that is through
            (out / name).unlink(missing_ok=True)
        results = {job.id: kept for job in jobs if (kept := _kept(ledger.done.get(job.id), job, out))}
        left = [job for job in jobs if job.id not in results]
        standing = Standing(total=len(jobs) + len(refused), skipped=len(results), failed=len(refused))
        if engine == "ray":
            events = ray_cluster.work(
                left, out, address=address or "auto", at_once=workers, retries=retries, limit_s=job_limit, say=display.say
            )
        else:
            events = local.work(left, out, workers=workers or 1, retries=retries, limit_s=job_limit)
        try:
            with closing(events):
                for result in _recorded(events, ledger):
                    results[result.id] = result
                    standing = standing.after(result, time.perf_counter() - began)
                    display.show(standing)
        except (KeyboardInterrupt, OutputError):
            display.say(f"stopped: {standing.done + standing.skipped} of {len(jobs)} jobs are done and kept; --resume goes on.")
            raise
        finally:
            _clean(out)
        _write_tables(jobs, refused, results, out)
    return Summary(standing.done, standing.failed, standing.skipped, round(standing.seconds, 3), str(out))


def _folder(out: str | Path) -> Path:
    out = Path(out).absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(out), f"cannot be written: {error.strerror}", "Name a folder.") from error
    return out


def _check_apart(jobs: Sequence[Job], out: Path) -> None:
    read = {name for job in jobs for name in job.files}
    for job in jobs:
        for name in written_by(job):
            if str(out / name) in read:
                raise InputError(str(out / name), f"would be written by the job {job.id}, and is read", "Name another folder, or id.")


def _check_new(jobs: Sequence[Job], out: Path) -> None:
    """What lies in a folder before its batch is somebody else's, the manifest perhaps: nothing is written over it."""
    there = {same(path.name): path for path in out.iterdir()}
    for name in (*OWN, *(name for job in jobs for name in written_by(job))):
        if found := there.get(same(name)):
            raise InputError(str(found), "is there already, and of no batch", "Name another folder, or move it.")


def _clean(out: Path) -> None:
    """Removes what dead processes left under temporary names; nobody else writes here while the ledger is open."""
    for path in out.iterdir():
        if PART.search(path.name):
            with suppress(OSError):
                path.unlink()


def _kept(result: Result | None, job: Job, out: Path) -> Result | None:
    """The result of an earlier run, if it still holds."""
    if result is None or result.key != job.key:
        return None
    path = out / result.output
    same = path.is_file() and sidecar_path(path).is_file() and file_sha256(path) == result.sha256
    return result if same else None


def _recorded(events: Iterable[list[Event]], ledger: Ledger) -> Iterator[Result]:
    for together in events:
        if together:
            ledger.record(together)
            yield from (event for event in together if isinstance(event, Result))


def _write_tables(jobs: Sequence[Job], refused: Sequence[Refused], results: dict[str, Result], out: Path) -> None:
    """The tables of a batch that is through, in the order of its manifest."""
    rows = [
        {
            "line": job.line, "id": job.id, "call": job.call, "seed": job.seed,
            **results[job.id].to_dict(), "warnings": " ".join(results[job.id].warnings),
        }
        for job in jobs
    ]  # fmt: skip
    rows += [{"line": line.line, "id": line.id, "state": "refused", "error": line.why} for line in refused]
    rows.sort(key=lambda row: row["line"])
    write_table(out / RESULTS, RESULT_COLUMNS, rows)
    write_table(out / FAILURES, FAILURE_COLUMNS, [row for row in rows if row["error"]])
