"""Jobs -> results, by the machines of a Ray cluster; the same bytes as on this machine.

No shared file system is needed: files that a job reads travel in Ray's object store, each content once, and what is made
comes back the same way and is written here. A machine does its jobs by workers as this one has; Ray tries a job again when
the process or the machine that did it is lost.
Every machine of the cluster needs the same emogen and the same versions of what decides the bytes.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from emogen.batch.job import Job, Needs, Result, contents
from emogen.batch.kinds import KINDS
from emogen.batch.ledger import Begun, Event
from emogen.batch.local import ONE_THREAD, Crew
from emogen.errors import BackendMissing, EmogenError, InputError
from emogen.media.atomic import atomic_path
from emogen.media.sidecar import sidecar_path

#: Jobs handed to the cluster at once, for each of its cores, and at least: one that runs and one that waits. While
#: nothing is there yet, the least asks a cluster that grows on demand for machines. Own assumption.
PER_CORE, AT_LEAST = 2, 16
#: How long to wait for a result before looking whether the cluster has grown (s).
LOOK_EVERY_S = 2.0
#: How many results are taken at once.
MOST_AT_ONCE = 64
#: Threads that write results: flushing a file to disk is waiting. Own assumption.
WRITERS = 16
#: How long a cluster may take to answer at its address (s).
REACH_S = 10.0
GIB = 2**30


def work(
    jobs: Sequence[Job], out: Path, *, address: str, at_once: int | None, retries: int, limit_s: float,
    say: Callable[[str], None],
) -> Generator[list[Event], None, None]:  # fmt: skip
    """Does jobs, and says what happens as it happens. Closed early, it leaves the cluster; the jobs in flight are lost.

    Args:
        jobs: In the order in which they are begun.
        out: Where their files go, on this machine.
        address: Of the cluster: HOST:PORT, "auto", or "local" for one on this machine that ends afterwards.
        at_once: How many jobs are in flight at most; None: by the cluster's cores.
        retries: How often a job is tried again after its process or machine was lost.
        limit_s: How long a job may take; it then has failed.
        say: Takes what the user should know.

    Raises:
        BackendMissing: Ray is not installed.
        InputError: There is no cluster at the address.
        EmogenError: The cluster is lost, or its machines cannot do the jobs of this one.
        OutputError: No space left in `out`.
    """
    ray = _ray()
    with redirect_stdout(sys.stderr):  # Ray tells there what befell its workers; stdout is for results
        ours = _connect(ray, address)
        try:
            _note_needs(ray, jobs, say)
            yield from _work(ray, jobs, out, at_once, retries, limit_s)
        finally:
            if ours:
                ray.shutdown()


def _work(
    ray: Any, jobs: Sequence[Job], out: Path, at_once: int | None, retries: int, limit_s: float
) -> Generator[list[Event], None, None]:
    from emogen.versions import versions

    task = ray.remote(_render)
    here = ray.put(versions())
    stock = _Stock(ray, jobs)
    waiting = deque(jobs)
    flying: dict[Any, Job] = {}
    with ThreadPoolExecutor(WRITERS) as writers:
        while waiting or flying:
            room = at_once or max(AT_LEAST, round(PER_CORE * ray.cluster_resources().get("CPU", 0)))
            begun: list[Event] = []
            while waiting and len(flying) < room:
                job = waiting.popleft()
                placed = task.options(**_options(job.needs, retries))
                ref = placed.remote(job.to_dict(), stock.of(job), here, retries, limit_s)
                flying[ref] = job
                begun.append(Begun(job, "ray"))
            yield begun
            landed, _ = ray.wait(list(flying), num_returns=1, timeout=LOOK_EVERY_S)
            if landed:  # and whatever else is there
                landed, _ = ray.wait(list(flying), num_returns=min(MOST_AT_ONCE, len(flying)), timeout=0)
            over = [flying.pop(ref) for ref in landed]
            yield list(writers.map(lambda ref, job: _landed(ray, ref, job, out, retries), landed, over))
            for job in over:
                stock.release(job)


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise BackendMissing("ray", "is not installed", 'pip install "emogen[ray]"') from error
    return ray


def _connect(ray: Any, address: str) -> bool:
    """Joins the cluster, unless this process belongs to one. Returns whether to leave it in the end."""
    if ray.is_initialized():
        return False
    try:
        if address not in ("auto", "local"):  # Ray itself would try for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=REACH_S).close()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", include_dashboard=False if address == "local" else None)
    except (OSError, ValueError, RuntimeError, OverflowError, ray.exceptions.RayError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            "address", f'no Ray cluster could be joined at "{address}": {reason:.200}',
            'Accepted: HOST:PORT, "auto" on a machine of a cluster (ray start --head), "local".',
        ) from error  # fmt: skip
    return True


def _options(needs: Needs, retries: int) -> dict[str, Any]:
    """How Ray places a job and what it does when it loses it; an exception of ours is an answer and no loss."""
    return {
        "num_cpus": needs.cpu,
        "num_gpus": needs.gpu or None,
        "memory": round(needs.memory_gb * GIB),
        "max_retries": retries,
        "retry_exceptions": False,
        "runtime_env": {"env_vars": ONE_THREAD},
    }


def _note_needs(ray: Any, jobs: Sequence[Job], say: Callable[[str], None]) -> None:
    """Says which jobs wait until the cluster gets a machine that is large enough for them."""
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    for needs, n in Counter(job.needs for job in jobs).items():
        wanted = {"CPU": needs.cpu, "GPU": needs.gpu, "memory": needs.memory_gb * GIB}
        if not any(all(machine.get(name, 0) >= amount for name, amount in wanted.items()) for machine in machines):
            say(f"{n} jobs wait for a machine with {needs.cpu:g} CPU, {needs.gpu:g} GPU, {needs.memory_gb:g} GB; there is none yet.")


class _Stock:
    """The files that jobs read, in the object store: each content once, as long as a job of it is left."""

    def __init__(self, ray: Any, jobs: Sequence[Job]) -> None:
        self._ray = ray
        self._uses = Counter(contents(name) for job in jobs for name in job.files)
        self._refs: dict[str, Any] = {}

    def of(self, job: Job) -> dict[str, tuple[str, Any]]:
        """File of a job -> its SHA-256, and a reference to its bytes."""
        given = {}
        for name in job.files:
            if (digest := contents(name)) not in self._refs and digest:
                self._refs[digest] = self._ray.put(Path(name).read_bytes())
            if digest:
                given[name] = (digest, self._refs[digest])
        return given

    def release(self, job: Job) -> None:
        """A job is over."""
        for name in job.files:
            self._uses[digest := contents(name)] -= 1
            if self._uses[digest] <= 0:
                self._refs.pop(digest, None)


def _render(
    data: dict[str, Any], given: Mapping[str, tuple[str, Any]], here: dict[str, str], retries: int, limit_s: float
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """On a machine of the cluster: one job -> its result, and the files that it made, by name."""
    import ray

    from emogen.versions import versions

    there = versions()
    if other := [name for name in here if here[name] != there.get(name)]:
        found = f"has {other[0]} {there.get(other[0], 'not at all')}"
        raise EmogenError(f"machine {os.uname().nodename}", found, f"This one has {here[other[0]]}.")
    with tempfile.TemporaryDirectory(prefix="emogen-") as place:
        job, made = Job.from_dict(data), Path(place) / "made"
        made.mkdir()
        root = f"{place}/read"
        if any(contents(name) != digest for name, (digest, _) in given.items()):
            job = _moved(job, {name: ray.get(ref) for name, (_, ref) in given.items()}, root)
        events = [event for together in _crew().work([job], made, retries=retries, limit_s=limit_s) for event in together]
        result = next(event for event in events if isinstance(event, Result))
        result = replace(result, error=result.error.replace(root, ""))
        if result.state != "done":
            return result.to_dict(), {}
        last = sidecar_path(Path(result.output)).name
        names = sorted((path.name for path in made.iterdir()), key=lambda name: name == last)
        return result.to_dict(), {name: (made / name).read_bytes() for name in names}


@cache
def _crew() -> Crew:
    """The worker of this process of Ray's: apart from it, so that a job that hangs or crashes can be told and ended."""
    return Crew(1)


def _moved(job: Job, files: Mapping[str, bytes], root: str) -> Job:
    """The job with its files below another root; their names stay, for these stand in the sidecar."""

    def there(name: str) -> str:
        return f"{root}{os.path.abspath(name)}"

    Path(there(job.folder)).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        Path(there(name)).parent.mkdir(parents=True, exist_ok=True)
        Path(there(name)).write_bytes(data)
    places = {*files, job.folder, *(str(parent) for name in files for parent in Path(name).parents)}
    named = {*KINDS[job.call].files, "backend", "folder"}  # an argument of words may look like a path
    arguments = {k: there(v) if k in named and isinstance(v, str) and v in places else v for k, v in job.arguments.items()}
    return replace(job, arguments=arguments, files=tuple(map(there, job.files)), folder=there(job.folder))


def _landed(ray: Any, ref: Any, job: Job, out: Path, retries: int) -> Result:
    """Writes what a job made, its sidecar last. A job that Ray lost too often has failed."""
    try:
        facts, files = ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause if isinstance(error.cause, Exception) else error
        if isinstance(cause, EmogenError):
            raise cause from error
        first = (str(cause).strip().splitlines() or [""])[0]
        raise EmogenError("ray", f"a machine of the cluster cannot do the job {job.id}: {type(cause).__name__}: {first:.200}") from error
    except ray.exceptions.RayError as error:
        lost = f"lost {retries + 1} times" if retries else "lost"
        return Result(job.id, job.key, "failed", error=f"{lost} by the cluster: {type(error).__name__}")
    for name, data in files.items():
        with atomic_path(out / name) as part:
            part.write_bytes(data)
    return replace(Result.from_dict(facts), key=job.key)
