"""A batch of mixed jobs, one in twenty of them bad: run once in peace, then killed again and again and resumed.

    python -m benchmarks.batch_chaos 500 --kills 10 --folder /tmp/chaos

Kills, in turn and at random moments: the parent, a worker, a full disk (where a small file system can be mounted), and a
clock that jumps by years at every look. What must hold: the files of both runs are the same bytes, every good job is done
and stands in the ledger once, every bad one is listed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np

import emogen
from emogen.media.audio import write_audio

RUN = """
import sys
from emogen.batch.manifest import read_manifest
from emogen.batch.run import run
manifest = read_manifest(sys.argv[1])
print(run(manifest.jobs, sys.argv[2], workers=int(sys.argv[3]), resume=True, refused=manifest.refused).to_dict())
"""
#: Put on the path of a run as `sitecustomize`.
JUMPING_CLOCK = """
import datetime, random, time
_time, _datetime = time.time, datetime.datetime
def _jump():
    return random.uniform(-3e8, 3e8)
time.time = lambda: _time() + _jump()
class datetime_(_datetime):
    @classmethod
    def now(cls, tz=None):
        return _datetime.fromtimestamp(_time() + _jump(), tz)
datetime.datetime = datetime_
"""
FEELINGS = ("joy", "anger:0.6", "sadness", "fear:0.8", "calm", "vad(0.4,0.6,0.2)", "0s calm; 1s joy")
TEXTS = ("Hello there.", "We won.", "Not again.", "Come in, please.", "It is over.", "Who is there?")
SCENES = ("a red barn", "the sea at night", "a forest", "a street in the rain", "mountains")
#: The first and the last are found out while they are done, the others before.
BAD = (
    {"call": "talk", "text": "Hello.", "portrait": "plain.png", "emotion": "joy"},
    {"call": "speak", "text": "Hello.", "emotion": "joyy"},
    {"call": "convert", "audio": "missing.wav", "emotion": "joy"},
    {"call": "convert", "audio": "broken.wav", "emotion": "joy"},
    {"call": "edit_image", "picture": "broken.png", "emotion": "joy"},
    {"call": "music", "emotion": "joy", "seconds": -3},
    {"call": "gesture", "audio": "empty.wav", "emotion": "joy"},
    {"call": "convert", "audio": "short.wav", "emotion": "joy"},
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("jobs", type=int, nargs="?", default=20)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    manifest = write_manifest(folder, asked.jobs, asked.seed)
    plain = folder / "plain"
    begun = time.perf_counter()
    finish(manifest, plain, asked.workers)
    peace = time.perf_counter() - begun
    print(f"{asked.jobs} jobs in peace: {peace:.0f} s with {asked.workers} workers", flush=True)
    hurt = storm(manifest, folder, asked.workers, asked.kills, asked.jobs, random.Random(asked.seed))
    compare(plain, hurt, manifest)


def write_manifest(folder: Path, n: int, seed: int) -> Path:
    """The inputs and the manifest; every twentieth job is bad."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "voice.wav").exists():
        emogen.speak("This is how I sound.", "calm", seed=1).save(folder / "voice.wav")
        emogen.image("a lake", "calm", seed=1, width=160, height=96).save(folder / "lake.png")
    (folder / "broken.wav").write_bytes((folder / "voice.wav").read_bytes()[:30])
    (folder / "broken.png").write_bytes((folder / "lake.png").read_bytes()[:200])
    (folder / "empty.wav").write_bytes(b"")
    write_audio(folder / "short.wav", np.zeros(9, np.float32), 16_000)
    (folder / "plain.png").write_bytes((folder / "lake.png").read_bytes())  # no face in it
    draw = random.Random(seed)
    rows = [BAD[i // 20 % len(BAD)] if i % 20 == 7 else good(draw) for i in range(n)]
    path = folder / "jobs.jsonl"
    path.write_text("".join(json.dumps({"id": f"j{i:04d}", **row}) + "\n" for i, row in enumerate(rows)), encoding="utf-8")
    return path


def good(draw: random.Random) -> dict[str, object]:
    call = draw.choices(
        ("speak", "convert", "music", "image", "edit_image", "gesture", "talk"), (34, 10, 26, 5, 5, 18, 2)
    )[0]
    content: dict[str, dict[str, object]] = {
        "speak": {"text": draw.choice(TEXTS)},
        "convert": {"audio": "voice.wav"},
        "music": {"seconds": draw.choice((2, 3, 4)), "suffix": draw.choice((".mid", ".wav"))},
        "image": {"prompt": draw.choice(SCENES), "width": 96, "height": 64},
        "edit_image": {"picture": "lake.png"},
        "gesture": {"seconds": draw.choice((2, 3))},
        "talk": {"text": "Yes.", "portrait": "avatar:ava", "size": 256},
    }
    return {"call": call, "emotion": draw.choice(FEELINGS), **content[call]}


def start(manifest: Path, out: Path, workers: int, site: Path | None = None) -> subprocess.Popen[str]:
    root = str(Path(emogen.__file__).parents[1])
    path = os.pathsep.join([str(site), root] if site else [root])
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(manifest), str(out), str(workers)],
        env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(manifest: Path, out: Path, workers: int) -> None:
    process = start(manifest, out, workers)
    said, errors = process.communicate()
    if process.returncode:
        sys.exit(f"the run ended with {process.returncode}: {errors[-2000:]}")
    print(said.strip(), flush=True)


def storm(manifest: Path, folder: Path, workers: int, kills: int, jobs: int, draw: random.Random) -> Path:
    """The same batch, killed `kills` times. Returns its folder."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "none", disk], check=False).returncode == 0
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(JUMPING_CLOCK, encoding="utf-8")
    out = disk / "out"
    ways = ["parent", "worker", "clock", *(["disk"] if mounted else [])]
    if not mounted:
        print("no full disk: a small file system cannot be mounted here")
    process, jumps = start(manifest, out, workers), False
    for number in range(kills):
        way = ways[number % len(ways)]
        wanted = len(done(out)) + draw.uniform(0.2, 1.6) * jobs / (kills + 1)
        while process.poll() is None and len(done(out)) < wanted:
            time.sleep(draw.uniform(0.05, 0.5))
        if process.poll() is not None:
            print(f"kill {number + 1}: the batch is through already")
            break
        before = len(done(out))
        again = strike(way, process, out, disk)
        if again:
            process.communicate()
            jumps = way == "clock"
            process = start(manifest, out, workers, site if jumps else None)
        print(f"kill {number + 1}: {way} at {before} done{', clock jumping from here on' if jumps else ''}", flush=True)
    _, errors = process.communicate()
    if process.returncode:
        sys.exit(f"the last run ended with {process.returncode}: {errors[-2000:]}")
    finish(manifest, out, workers)  # finds nothing to do but the bad ones
    if mounted:
        shutil.copytree(out, kept := folder / "survived")
        subprocess.run(["umount", disk], check=True)
        return kept
    return out


def strike(way: str, process: subprocess.Popen[str], out: Path, disk: Path) -> bool:
    """Hurts a run. Returns whether it has to be resumed."""
    if way == "worker":
        if workers := children(process.pid):
            os.kill(random.choice(workers), signal.SIGKILL)
        return False
    if way == "disk":
        ballast = disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as stream:
            while process.poll() is None:
                stream.write(bytes(1 << 20))
        process.wait()
        ballast.unlink()
        return True
    process.kill()
    return True


def children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def done(out: Path) -> list[str]:
    path = out / "ledger.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [entry["id"] for entry in map(json.loads, lines) if entry["event"] == "done"]


def compare(plain: Path, hurt: Path, manifest: Path) -> None:
    def files(out: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in out.iterdir() if path.name != "ledger.jsonl"}

    one, other = files(plain), files(hurt)
    differ = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    times = Counter(done(hurt))
    rows = manifest.read_text(encoding="utf-8").count("\n")
    failed = one["failures.csv"].decode().count("\n") - 1
    print(f"{len(one)} files, {len(differ)} differ {differ[:5]}; {rows} jobs: {len(times)} done, {failed} listed as failed")
    print(f"done more than once: {[name for name, n in times.items() if n > 1]}; bad jobs: {sum(i % 20 == 7 for i in range(rows))}")
    sys.exit(bool(differ) or len(times) + failed != rows or max(times.values()) > 1)


if __name__ == "__main__":
    main()
