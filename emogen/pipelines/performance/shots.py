"""The plan on the clock -> shots -> frames, in order, with constant memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

#: A cut to a speaker comes this long before the first word, so that the face is seen when it speaks.
#: J- and L-cuts of film editing; the length is this project's own assumption.
EARLY_S = 0.22
#: Dissolve between a face and a landscape, and from and to black, in seconds; own assumption.
DISSOLVE_S, BLACK_S = 0.40, 0.60
#: Frames in work at once per thread: enough to keep threads busy, few enough to keep memory small.
AHEAD = 6

Draw = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Shot:
    """What is seen from `start_s` to `end_s`. `draw(i)` gives its i-th frame, uint8 [h, w, 3]."""

    start_s: float
    end_s: float
    kind: str
    draw: Draw = field(compare=False, repr=False)


def frames(shots: list[Shot], duration_s: float, fps: float, threads: int = 2) -> Iterator[np.ndarray]:
    """All frames of the performance in order, drawn ahead by a few threads.

    Args:
        shots: In order, without gaps, from 0 to the end.
        duration_s: Length of the performance.
        fps: Frames per second.
        threads: Drawing threads; drawing holds the interpreter for a small part of the time only.
    """
    total = round(duration_s * fps)
    waiting: deque[Future[np.ndarray]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        following = 0
        try:
            for _ in range(total):
                while following < total and len(waiting) < threads * AHEAD:
                    waiting.append(pool.submit(_frame, shots, following, total, fps))
                    following += 1
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _frame(shots: list[Shot], i: int, total: int, fps: float) -> np.ndarray:
    t = i / fps
    n = max((k for k, shot in enumerate(shots) if shot.start_s <= t + 1e-9), default=0)
    shot = shots[n]
    picture = shot.draw(i - round(shot.start_s * fps))
    if n > 0 and shots[n - 1].kind != shot.kind and t - shot.start_s < DISSOLVE_S:
        share = _ease((t - shot.start_s) / DISSOLVE_S)
        before = shots[n - 1].draw(round((shots[n - 1].end_s - shots[n - 1].start_s) * fps) - 1)
        picture = _blend(before, picture, share)
    black = min(1.0, (t + 1 / fps) / BLACK_S, (total - i) / fps / BLACK_S)
    return picture if black >= 1 else (picture * _ease(black)).astype(np.uint8)


def _ease(x: float) -> float:
    return float(0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0, 1)))


def _blend(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return (a.astype(np.float32) * (1 - share) + b.astype(np.float32) * share).astype(np.uint8)
