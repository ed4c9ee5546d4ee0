"""A short and a long story, as a user renders them: with an empty cache, and once more with one line changed.

By the command line, which starts anew each time, and in a process that has rendered before, as the demo and a notebook have.
Wall time depends on what else the machine does; "of two cores" is the processors' time of all processes, divided by two.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import emogen

ROOT = Path(__file__).resolve().parents[1]
#: Story -> a piece of one of its lines, and what stands there when it is rendered again.
STORIES = {
    "examples/story.md": ("He promised he would never let it go out.", "He promised that it would never go out."),
    "benchmarks/long_story.md": ("Nobody spoke for a moment.", "Nobody said a word for a while."),
}


@dataclass(frozen=True)
class Run:
    """One rendering: its length, wall time and processors' time in s, the peak of the largest process in GiB."""

    length_s: float
    wall_s: float
    cpu_s: float
    peak_gib: float
    media: dict[str, object]
    stages: dict[str, float]


def rendered(story: Path, folder: Path) -> Run:
    """Renders a story with a cache in a folder."""
    command = [sys.executable, "-m", "emogen", "perform", str(story), "-o", str(folder / "story.mp4"), "--seed", "7",
               "--cache", str(folder / "cache"), "--json"]  # fmt: skip
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{story}: exit {process.returncode}")
    result = json.loads(said)
    card = json.loads(Path(result["sidecar"]).read_text(encoding="utf-8"))
    cpu = used.ru_utime + used.ru_stime
    return Run(card["media"]["duration_s"], wall, cpu, used.ru_maxrss / 2**20, card["media"], card["timings_s"])


def within(story: Path, folder: Path) -> float:
    """Renders a story in this process; the wall time in s."""
    started = time.perf_counter()
    emogen.perform(story, folder / "story.mp4", seed=7, cache=folder / "cache")
    return time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as made:  # imports, opens networks, loads what is drawn with
        within(ROOT / "examples/lamp.fountain", Path(made))
    for name, (before, after) in STORIES.items():
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            text = (ROOT / name).read_text(encoding="utf-8")
            if before not in text:
                raise SystemExit(f"{name}: has no {before!r}")
            story = folder / "script.md"
            story.write_text(text, encoding="utf-8")
            cold = rendered(story, folder)
            story.write_text(text.replace(before, after), encoding="utf-8")
            warm = rendered(story, folder)
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            story = folder / "script.md"
            story.write_text(text, encoding="utf-8")
            first = within(story, folder)
            story.write_text(text.replace(before, after), encoding="utf-8")
            again = within(story, folder)
        print(
            f"{name}: {cold.length_s:.0f} s in {cold.wall_s:.1f} s, real-time factor {cold.wall_s / cold.length_s:.2f}; "
            f"of two cores {cold.cpu_s / 2:.1f} s, {cold.cpu_s / 2 / cold.length_s:.2f}; peak memory {cold.peak_gib:.2f} GiB"
        )
        print("  stages (s):", ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in cold.stages.items()))
        print(
            f"  one line changed: {warm.wall_s:.1f} s, {100 * warm.wall_s / cold.wall_s:.0f} %; "
            f"of two cores {warm.cpu_s / 2:.1f} s, {100 * warm.cpu_s / cold.cpu_s:.0f} %; {json.dumps(warm.media['cache'])}"
        )
        share = f"{100 * again / first:.0f} %"
        print(f"  in a process that has rendered before: {first:.1f} s; one line changed {again:.1f} s, {share}", flush=True)


if __name__ == "__main__":
    main()
