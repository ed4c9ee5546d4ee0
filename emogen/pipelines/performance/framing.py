"""A take of a shot -> its pictures: the place, the people in it, the words over it, and the way in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from emogen.pipelines.performance.backdrop import Backdrop
from emogen.pipelines.performance.captions import Layer, burnt, titles
from emogen.pipelines.performance.faces import Body, Figure, Head, Portrayed, bust, head, one_of_two
from emogen.pipelines.performance.shots import BLACK_S, DISSOLVE_S, Actor, Shot, Take

#: Who only listens is painted anew in every so many frames: a listening face moves slowly.
LISTENING = 2
#: Half the width of the line between two pictures in one, in pixels of 480; own choice.
LINE_PX = 2
#: The light of the very first picture, which browsers and file managers show of a film that does not play yet; own choice.
DAWN = 0.6
#: A title comes after, a heading comes after, and both are gone at (s); each fades over.
TITLE_S, HEADING_S, GONE_S, FADE_S = 0.5, 0.7, 5.0, 0.6


class Painter:
    """Draws takes, and remembers the shot that it drew last: takes of one shot, one after the other, are fastest."""

    def __init__(self) -> None:
        self._set: tuple[str, Stage] | None = None

    def __call__(self, take: Take, portraits: Mapping[str, Any]) -> Iterator[np.ndarray]:
        """The pictures of a take in order, uint8 [height, width, 3].

        Args:
            take: What is seen.
            portraits: Those of its actors, by their hashes, as `Portrait.open` gives them.
        """
        if self._set is None or self._set[0] != take.shot.key:
            self._set = take.shot.key, Stage(take.shot, portraits)
        stage = self._set[1]
        return (stage.picture(i) for i in range(take.first, take.end))


class Stage:
    """What is seen in a shot."""

    def __init__(self, shot: Shot, portraits: Mapping[str, Any]) -> None:
        self.shot = shot
        self.portraits = portraits
        self._kept: tuple[int, np.ndarray] | None = None

    def picture(self, i: int) -> np.ndarray:
        """The i-th picture, uint8 [height, width, 3]."""
        shot, out, t = self.shot, self.frame(i), i / self.shot.fps
        if shot.before is not None and t < DISSOLVE_S:
            share = _ease((t + 1 / shot.fps) / (DISSOLVE_S + 1 / shot.fps))
            out = cv2.addWeighted(self._before, 1 - share, out, share, 0)
        for first, last, layer in self._words:
            if first <= i < last:
                layer.over(out, 1.0)
        light = min(
            DAWN + (1 - DAWN) * _ease(t / BLACK_S) if shot.rises else 1.0,
            _ease((shot.frames - 1 - i) / shot.fps / BLACK_S) if shot.falls else 1.0,
        )
        return out if light >= 1 else cv2.convertScaleAbs(out, alpha=light)

    def frame(self, i: int) -> np.ndarray:
        """The i-th picture without the way in and out, and without burnt words."""
        out = self._apart(i) if self.split else self._whole(i)
        for layer, start_s in self._titles:
            t = i / self.shot.fps
            strength = min(1.0, (t - start_s) / FADE_S, (min(self.shot.frames / self.shot.fps, GONE_S) - t) / FADE_S)
            layer.over(out, strength)
        return out

    @cached_property
    def _before(self) -> np.ndarray:
        """The last picture of the shot before."""
        before = self.shot.before
        assert before is not None
        return Stage(before, self.portraits).frame(before.frames - 1)

    @cached_property
    def _words(self) -> list[tuple[int, int, Layer]]:
        """Burnt subtitles: first frame, last frame, letters."""
        shot = self.shot
        middle = self.split and shot.height > shot.width
        return [(first, last, burnt(text, shot.width, shot.height, middle=middle)) for first, last, text in shot.words]

    @cached_property
    def _backdrop(self) -> Backdrop:
        shot = self.shot
        return Backdrop(shot.place, shot.width, shot.height, shot.fps, shot.frames, behind=bool(shot.actors))

    @cached_property
    def _titles(self) -> list[tuple[Layer, float]]:
        shot = self.shot
        faces = shot.framing == "head" or not all(actor.drawn for actor in shot.actors)  # they fill the frame
        place = "middle" if self.split and shot.height > shot.width else "foot"
        if shot.words:
            place = "top" if faces else "above"
        layers = zip(titles(shot.title, shot.heading, shot.width, shot.height, place), (TITLE_S, HEADING_S), strict=True)
        return [(layer, start_s) for layer, start_s in layers if layer is not None]

    @cached_property
    def _tone(self) -> np.ndarray:
        return self._backdrop.tone()

    @cached_property
    def split(self) -> bool:
        """Whether the frame is split between two of whom one is a photo, with a place of its own."""
        return len(self.shot.actors) == 2 and not all(actor.drawn for actor in self.shot.actors)

    @cached_property
    def _figures(self) -> list[Figure]:
        """Who is painted, the speaker last."""
        shot = self.shot
        width, height = (shot.width, shot.height) if not self.split else self._half
        return [self._figure(actor, width, height) for actor in reversed(shot.actors)]

    @property
    def _half(self) -> tuple[int, int]:
        wide = self.shot.width >= self.shot.height
        return (self.shot.width // 2, self.shot.height) if wide else (self.shot.width, self.shot.height // 2)

    def _figure(self, actor: Actor, width: int, height: int) -> Figure:
        opened, fps, framing = self.portraits[actor.portrait], self.shot.fps, self.shot.framing
        if not actor.drawn:
            return Portrayed(opened, actor.curves, width, height, close=framing != "bust")
        if self.split or framing == "head" or actor.rotations is None:
            return head(opened, actor, width, height, fps, self._tone)
        make = one_of_two if framing == "two" else bust
        return make(opened, actor, width, height, fps, self._tone)

    def _whole(self, i: int) -> np.ndarray:
        figures = self._figures
        if not figures:
            return self._backdrop.frame(i)
        if isinstance(figures[-1], Portrayed):
            out = np.empty((self.shot.height, self.shot.width, 3), np.uint8)
        elif len(figures) == 2:
            out = self._with_listener(i, figures[0])
        else:
            out = self._backdrop.frame(i)
        figures[-1].onto(out, i)
        return out

    def _with_listener(self, i: int, listener: Figure) -> np.ndarray:
        """The place with who listens in it."""
        at = i // LISTENING
        if self._kept is None or self._kept[0] != at:
            out = self._backdrop.frame(i)
            listener.onto(out, i)
            self._kept = (at, out)
        return self._kept[1].copy()

    def _apart(self, i: int) -> np.ndarray:
        """Two pictures side by side, or one above the other in a high frame, each with somebody."""
        shot = self.shot
        out = self._backdrop.frame(i) if any(isinstance(f, (Head, Body)) for f in self._figures) else \
            np.empty((shot.height, shot.width, 3), np.uint8)  # fmt: skip
        wide, (w, h) = shot.width >= shot.height, self._half
        for actor, figure in zip(reversed(shot.actors), self._figures, strict=True):
            second = actor.side > 0
            part = out[:, shot.width - w :] if wide and second else out[:, :w] if wide else out[shot.height - h :] if second else out[:h]
            if actor is shot.actors[0]:
                figure.onto(part, i)
            elif self._kept is not None and self._kept[0] == i // LISTENING:
                part[:] = self._kept[1]
            else:
                figure.onto(part, i)
                self._kept = (i // LISTENING, part.copy())
        half = max(1, round(LINE_PX * min(shot.width, shot.height) / 480))
        if wide:
            out[:, w - half : w + half] = 12
        else:
            out[h - half : h + half] = 12
        return out


def _ease(x: float) -> float:
    return float(0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0, 1)))
