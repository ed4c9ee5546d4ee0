"""How many pictures of an avatar are drawn per second, at 512 x 512 unless told otherwise.

`python -m benchmarks.avatars [--size N] [--threads N]`. Beside the clock's time stands the processor's: on a machine
that does other things, too, it says what a free core would reach.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from emogen.codecs.face import FACE_CHANNELS, SHAPES
from emogen.pipelines.talking_head.avatars import AVATARS, avatar

PICTURES = 60


def performance(rng: np.random.Generator) -> np.ndarray:
    """Curves of a lively face: a third of the shapes at work, head and eyes turned; [PICTURES, 61]."""
    curves = rng.random((PICTURES, len(FACE_CHANNELS))) * (rng.random((PICTURES, len(FACE_CHANNELS))) < 0.33) * 0.6
    curves[:, SHAPES:] = rng.normal(0, 0.12, (PICTURES, len(FACE_CHANNELS) - SHAPES))
    return curves.astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    curves = performance(np.random.default_rng(0))
    for name in AVATARS:
        start = time.perf_counter()
        face = avatar(name, size=options.size)
        opened = time.perf_counter() - start
        face.render(curves[0])
        for threads in (1, options.threads):
            clock, cpu = time.perf_counter(), time.process_time()
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(face.render, curves))
            clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
            print(
                f"{name:6} {threads} threads: {PICTURES / clock:5.1f} pictures/s by the clock, "
                f"{cpu / PICTURES * 1e3:5.1f} ms of processor each ({PICTURES / cpu:5.1f} a second on a core); "
                f"{len(face.rig.seen)} triangles, opened in {opened:.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
