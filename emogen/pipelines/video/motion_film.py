"""A course of scenes -> the frames of a film; the next look is drawn while the frames before it are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from threading import Lock

from emogen.pipelines.video.motion import Motion, Pair
from emogen.pipelines.video.motion_camera import CameraPath
from emogen.pipelines.video.motion_course import Course
from emogen.pipelines.video.motion_sheets import Bytes, Look, look_of

#: Threads that draw frames, and how many frames each may be ahead.
THREADS, AHEAD = 2, 3
KEPT = 4  # looks that are kept, and pairs of them: enough for two frames in work and the look to come


class Film:
    """A place in motion. Frames may be asked for in any order and by several threads; in order is fastest.

    Args:
        course: Its scenes.
        width: Of the frames (px).
        height: Of the frames (px).
        fps: Frames a second.
        count: How many frames.
        seed: Of drops, flakes and the hand that holds the camera.
    """

    def __init__(self, course: Course, width: int, height: int, fps: float, count: int, seed: int) -> None:
        self.course, self.width, self.height = course, width, height
        self.fps, self.count, self.seed = fps, count, seed
        self.camera = CameraPath(course.track, count / fps, seed)
        self._painter, self._lock = ThreadPoolExecutor(1), Lock()
        self._looks: dict[int, Future[Look]] = {}
        self._pairs: dict[tuple[int, int], Pair] = {}

    def frames(self) -> Iterator[Bytes]:
        """All frames in order, uint8 [height, width, 3]."""
        waiting: deque[Future[Bytes]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                for i in range(self.count):
                    pair, share = self._pair(i, ahead=True)
                    waiting.append(pool.submit(self._drawn, pair, share, i))
                    if len(waiting) > THREADS * AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def frame(self, i: int) -> Bytes:
        """One frame, uint8 [height, width, 3]."""
        i = min(max(i, 0), self.count - 1)
        return self._drawn(*self._pair(i), i)

    @cached_property
    def _motion(self) -> Motion:
        wind = max(scene["wind"] for scene in self.course.scenes)
        return Motion(self._look(0).result(), self.width, self.height, self.seed, wind)

    def _drawn(self, pair: Pair, share: float, i: int) -> Bytes:
        return self._motion.frame(pair, share, i / self.fps, self.camera.at(i / self.fps))

    def _pair(self, i: int, *, ahead: bool = False) -> tuple[Pair, float]:
        """The looks before and after a frame, and how far the second has come; `ahead` begins the one after them."""
        place, last = self.course.at(i / self.fps), len(self.course.scenes) - 1
        first = min(int(place), last)
        second = min(first + 1, last) if place > first else first
        looks = self._look(first), self._look(second)
        if ahead:
            self._look(min(first + 1, last))
        with self._lock:
            known = self._pairs.get((first, second))
        if known is None:
            known = Pair(looks[0].result(), looks[1].result())
            known.sheets, known.flyers  # noqa: B018 - made here, once, before threads draw with them
            with self._lock:
                known = self._pairs.setdefault((first, second), known)
                while len(self._pairs) > KEPT:
                    del self._pairs[next(iter(self._pairs))]
        return known, place - first if second != first else 0.0

    def _look(self, number: int) -> Future[Look]:
        with self._lock:
            if number not in self._looks:
                self._looks[number] = self._painter.submit(look_of, self.course.scenes[number], self.width, self.height)
                while len(self._looks) > KEPT:
                    del self._looks[next(iter(self._looks))]
            return self._looks[number]
