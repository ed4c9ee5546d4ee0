"""How fast bodies are moved: real-time factors, chunks of a stream, figure as video.

Targets on two cores: real-time factor at most 0.1, a chunk of 1 s in at most 0.5 s.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import torch

import emogen
from emogen.training.gesture_standing.bench import Bench
from emogen.training.gesture_standing.speed import AIMS, CHUNK_S, paces


def main() -> None:
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        found = paces(Bench(folder))
        for key, what, aim, _ in AIMS:
            print(f"{what}: {found[key]:.3f} ({aim})", flush=True)
        print(f"first chunk of {CHUNK_S:g} s, with hearing {found['seconds']:.0f} s of voice: {found['first_s']:.2f} s", flush=True)
        print(f"rules alone: real-time factor {found['rules']:.3f}", flush=True)
        motion = emogen.gesture(None, "joy", seconds=4, seed=1)
        for kind in ("bvh", "glb", "mp4"):
            begun = time.perf_counter()
            motion.save(folder / f"a.{kind}")
            print(f"4 s as {kind}: {time.perf_counter() - begun:.2f} s", flush=True)


if __name__ == "__main__":
    main()
