"""What is behind people, and what is seen while nobody is: the place that the script tells of, or its own picture, in motion.

A place moves slowly, so it is drawn at a lower rate than the performance and blended between: behind people small and
softly blurred, as a lens wide open shows it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from emogen.codecs.scene.scene import Scene
from emogen.conditioning.emotion import Emotion
from emogen.pipelines.performance.shots import Place
from emogen.pipelines.video.motion import Motion, Pair
from emogen.pipelines.video.motion_camera import CameraPath
from emogen.pipelines.video.motion_sheets import Look, look_of

Draw = Callable[[int], np.ndarray]
#: Pictures a second that are drawn of a place that is looked at, and of one behind people; own choice, by eye.
SEEN_FPS, BEHIND_FPS = 12.5, 5.0
#: The share of a frame's size at which a place is drawn that is looked at; a paint-like picture loses little. Own choice.
SEEN = 0.75
#: Height (px) at which one behind people is drawn, and its blur there (px); own choice.
BEHIND_PX, BLUR_PX = 176, 2.2
#: Shares of an emotion and its numbers are read in these steps: what changes less changes no place. Own assumption.
STEP = 0.1
#: Looks of places that are kept in memory by each process that draws.
LOOKS = 8
#: How far the light of a place reaches those who stand in it: in brightness (from, to, by its own), and in tint.
DIMMEST, BRIGHTEST, TINTED = 0.70, 1.04, 0.35


def settled(emotion: Emotion) -> Emotion:
    """An emotion in coarse steps, so that a place stays as it is while feelings hardly change."""
    shares = {name: round(share / STEP) * STEP for name, share in emotion.weights.items()}
    kept = {name: round(share, 3) for name, share in shares.items() if share > 0}
    level = round(round(emotion.intensity / STEP) * STEP, 3)
    if not kept or level <= 0:
        return Emotion()
    return Emotion.measured(kept, [round(round(v / STEP) * STEP, 3) for v in emotion.vad.tolist()], level)


class Backdrop:
    """A place over the frames of a shot.

    Args:
        place: What is shown.
        width: Of the frames (px).
        height: Of the frames (px).
        fps: Frames a second.
        count: How many frames.
        behind: Whether it is behind people.
    """

    def __init__(self, place: Place, width: int, height: int, fps: float, count: int, *, behind: bool) -> None:
        self.size, self.behind, self.last = (width, height), behind, count - 1
        share = min(1.0, BEHIND_PX / height) if behind else SEEN
        small = tuple(max(64, round(side * share / 2) * 2) for side in self.size)
        film = _photo if place.photo is not None else _drawn
        self._draw: Draw = film(place, small[0], small[1], fps, count)
        self._step = max(1, round(fps / (BEHIND_FPS if behind else SEEN_FPS)))
        self._keys: dict[int, np.ndarray] = {}

    def frame(self, i: int) -> np.ndarray:
        """One frame, uint8 [height, width, 3]; in order is fastest."""
        first, past = divmod(min(max(i, 0), self.last), self._step)
        out = self._key(first)
        if past:
            share = past / self._step
            out = cv2.addWeighted(out, 1 - share, self._key(first + 1), share, 0)
        how = cv2.INTER_CUBIC if self.size[0] > out.shape[1] else cv2.INTER_AREA
        return np.asarray(cv2.resize(out, self.size, interpolation=how)) if out.shape[1::-1] != self.size else out.copy()

    def tone(self) -> np.ndarray:
        """Factors on the colours of who stands in its light, float32 [3]."""
        mean = self._key(0).reshape(-1, 3).mean(axis=0) / 255
        bright = float(mean @ [0.3, 0.6, 0.1])
        level = np.clip(DIMMEST + 0.75 * bright, DIMMEST, BRIGHTEST)
        return np.asarray(level * (1 + TINTED * (mean / max(bright, 0.05) - 1)), np.float32)

    def _key(self, number: int) -> np.ndarray:
        if number not in self._keys:
            picture = self._draw(min(number * self._step, self.last))
            if self.behind:
                picture = cv2.GaussianBlur(picture, (0, 0), BLUR_PX)
            self._keys = {k: v for k, v in self._keys.items() if k >= number - 1} | {number: picture}
        return self._keys[number]


@lru_cache(maxsize=LOOKS)
def _look(place: str, values: tuple[tuple[str, float], ...], seed: int, width: int, height: int) -> Look:
    return look_of(Scene(place, dict(values), seed), width, height)


_LOOKING = threading.Lock()


def _drawn(place: Place, width: int, height: int, fps: float, count: int) -> Draw:
    with _LOOKING:  # drawn once, though several may ask
        looks = [_look(s.place, tuple(s.values.items()), s.seed, width, height) for s in (place.scenes[0], place.scenes[-1])]
    motion = Motion(looks[0], width, height, place.seed, max(look.scene["wind"] for look in looks))
    pair, camera = Pair(*looks), CameraPath(place.track, count / fps, place.seed)

    def drawn(i: int) -> np.ndarray:
        share = i / max(count - 1, 1)
        return motion.frame(pair, share * share * (3 - 2 * share), i / fps, camera.at(i / fps))

    return drawn


def _photo(place: Place, width: int, height: int, fps: float, count: int) -> Draw:
    from emogen.pipelines.video.motion_photo import PhotoFilm

    assert place.photo is not None
    camera = CameraPath(place.track, count / fps, place.seed)
    film = PhotoFilm(
        place.photo, list(place.finishes), camera, width=width, height=height, fps=fps, count=count, seed=place.seed
    )
    return film.frame
