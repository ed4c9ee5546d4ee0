"""The example story, as a user renders it: wall time, real-time factor and peak memory of the whole process."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "emogen",
            "perform",
            str(ROOT / "examples/story.md"),
            "-o",
            f"{folder}/story.mp4",
            "--seed",
            "7",
            "--json",
        ]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        wall = time.perf_counter() - started
        peak_gib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        result = json.loads(done.stdout)
        length = result["duration_s"]
        stages = json.loads(Path(result["sidecar"]).read_text(encoding="utf-8"))["timings_s"]
    print(
        f"{length:.1f} s of story in {wall:.1f} s: real-time factor {wall / length:.2f}, peak memory {peak_gib:.2f} GiB"
    )
    print("stages (s):", ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items()))


if __name__ == "__main__":
    main()
