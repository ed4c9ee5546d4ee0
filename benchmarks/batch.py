"""A batch by one and by two workers, what the driver can take, and how many bytes a job moves."""

from __future__ import annotations

import json
import resource
import shutil
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from emogen.batch.job import Job, Result
from emogen.batch.ledger import Begun, Ledger
from emogen.batch.run import run
from emogen.media.atomic import atomic_path

CALLS: tuple[tuple[str, dict[str, object], str], ...] = (
    ("speak", {"text": "We won, and nobody saw it coming."}, ".wav"),
    ("music", {"seconds": 4}, ".mid"),
    ("gesture", {"seconds": 3}, ".bvh"),
    ("speak", {"text": "Hello there."}, ".wav"),
)
FEELINGS = ("joy", "anger:0.6", "sadness", "calm")
N = 60
RESULTS = 400


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="batch-"))
    try:
        todo = [job(i) for i in range(N)]
        rates = {workers: measured(todo, folder / str(workers), workers) for workers in (1, 2)}
        print(f"efficiency of two workers: {rates[2] / rates[1] / 2:.2f}")
        moved(todo, folder / "1")
        driver(folder / "driver")
    finally:
        shutil.rmtree(folder)


def job(i: int) -> Job:
    call, arguments, suffix = CALLS[i % len(CALLS)]
    return Job(f"j{i:03d}", call, {**arguments, "emotion": FEELINGS[i // len(CALLS) % len(FEELINGS)]}, suffix, i, i + 1)


def measured(todo: list[Job], out: Path, workers: int) -> float:
    """Jobs per second from the eighth result on: until then models are opened."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    run(todo, out, workers=workers, progress=lambda standing: None)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    entries = [json.loads(line) for line in (out / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]
    done = [datetime.fromisoformat(entry["time"]).timestamp() for entry in entries if entry["event"] == "done"][8:]
    rate = (len(done) - 1) / (done[-1] - done[0])
    print(
        f"{workers} workers: {len(todo)} jobs in {wall:.1f} s, {rate:.2f} jobs/s once warm, {cpu / len(todo):.2f} CPU s a job, "
        f"peak memory of a worker {after.ru_maxrss / 2**20:.2f} GiB",
        flush=True,
    )
    return rate


def moved(todo: list[Job], out: Path) -> None:
    sizes = defaultdict(list)
    for one in todo:
        sizes[one.call].append(sum((out / f"{one.id}{suffix}").stat().st_size for suffix in (one.suffix, ".json")))
    print("bytes a job (media and sidecar):", ", ".join(f"{call} {sum(n) // len(n):,}" for call, n in sorted(sizes.items())))


def written(path: Path, size: int) -> None:
    for place, data in ((path, bytes(size)), (path.with_suffix(".json"), bytes(3_000))):
        with atomic_path(place) as part:
            part.write_bytes(data)


def driver(out: Path) -> None:
    """What one driver can take: keys, ledger entries, files."""
    out.mkdir()
    todo = [job(i) for i in range(RESULTS)]
    began = time.perf_counter()
    keys = [one.key for one in todo]
    print(f"driver: {len(todo) / (time.perf_counter() - began):,.0f} keys/s", end="")
    for together in (1, 64):
        (folder := out / str(together)).mkdir()
        with Ledger(folder, resume=False) as ledger:
            began = time.perf_counter()
            for first in range(0, RESULTS, together):
                some = range(first, min(first + together, RESULTS))
                ledger.record([Begun(todo[i], "ray") for i in some])
                ledger.record([Result(todo[i].id, keys[i], "done", f"{todo[i].id}.wav", "0" * 64, 1.0) for i in some])
            print(f", {RESULTS / (time.perf_counter() - began):,.0f} jobs/s in the ledger, {together} at once", end="")
    for size in (100_000, 1_000_000):
        for threads in (1, 16):
            began = time.perf_counter()
            with ThreadPoolExecutor(threads) as writers:
                list(writers.map(lambda one, size=size: written(out / f"{one.id}.wav", size), todo[:200]))
            print(f", {200 / (time.perf_counter() - began):,.0f} results/s of {size // 1000} kB by {threads} threads", end="")
    print()


if __name__ == "__main__":
    main()
