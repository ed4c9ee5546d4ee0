"""Shots are drawn in takes, by two who keep out of each other's way."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from emogen.codecs.face import FACE_CHANNELS
from emogen.codecs.scene.scene import Scene, attributes
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.pipelines.performance.framing import Painter, Stage
from emogen.pipelines.performance.shots import TAKE, Actor, Place, Shot, Take, takes
from emogen.pipelines.performance.studio import Studio
from emogen.pipelines.talking_head.avatars import avatar


def shot(frames: int, *names: str) -> Shot:
    """A meadow, and in it those of a cast."""
    meadow = Scene("meadow", {name: attribute.usual for name, attribute in attributes().items()}, 3)
    place = Place((meadow,), EmotionTrack.of(Emotion.of("joy")), 3)
    turning = np.zeros((frames, len(FACE_CHANNELS)), np.float32)
    turning[:, -9:] = np.linspace(-0.1, 0.1, frames)[:, None]
    actors = tuple(Actor(name, name, side, turning, drawn=True) for name, side in zip(names, (-1, 1), strict=False))
    return Shot(0, frames, 12.5, 256, 144, "head" if actors else "picture", place, actors, title="A day", rises=True, falls=True)


@pytest.mark.parametrize("frames", [1, 2, TAKE - 1, TAKE, TAKE + 1, 3 * TAKE + 7])
def test_takes_are_short_and_leave_nothing_out(frames: int) -> None:
    parts = takes(shot(frames))
    assert [0, *(part.end for part in parts)] == [*(part.first for part in parts), frames]
    assert all(part.first % 2 == 0 and 0 < part.end - part.first <= TAKE + 1 for part in parts)
    assert len({part.key for part in parts}) == len(parts)


@pytest.mark.parametrize("names", [(), ("ava",)])
def test_takes_together_are_the_shot(names: tuple[str, ...]) -> None:
    whole = shot(TAKE + 9, *names)
    portraits = {name: avatar(name, size=512) for name in names}
    stage = Stage(whole, portraits)
    pictures = [stage.picture(i) for i in range(whole.frames)]
    parts = [list(Painter()(part, portraits)) for part in reversed(takes(whole))]  # by somebody new, the last one first
    assert np.array_equal(np.stack(pictures), np.concatenate([np.stack(part) for part in reversed(parts)]))


class Drawers:
    """Two who draw, as far as a studio can tell; each take waits until the other one is at work, too."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.here, self.there = list[tuple[int, int]](), list[tuple[int, int]]()
        self._both = threading.Barrier(2, timeout=20)
        monkeypatch.setattr("emogen.pipelines.performance.studio._start", lambda: self)
        monkeypatch.setattr("emogen.pipelines.performance.studio.encoded", lambda _, take, __: self._drawn(self.here, take))
        monkeypatch.setattr("emogen.pipelines.performance.studio.send", lambda _, sent: setattr(self, "take", sent[0]))
        monkeypatch.setattr("emogen.pipelines.performance.studio.receive", lambda _: self._drawn(self.there, self.take))
        self.stdin = self.stdout = None

    def _drawn(self, drawn: list[tuple[int, int]], take: Take) -> bytes:
        drawn.append((take.shot.start, take.first))
        if len(drawn) <= 2:
            self._both.wait()
        return b"piece"

    def kill(self) -> None:
        """As of a process."""

    wait = kill


def test_each_stays_with_a_shot_until_only_the_other_one_has_some_left(monkeypatch: pytest.MonkeyPatch) -> None:
    drawers, done = Drawers(monkeypatch), list[Any]()
    with Studio(lambda place, _: done.append(place), 3, 2) as studio:
        for number in (0, 1):
            for part in takes(shot(2 * TAKE)):
                studio.draw((number, part.first), Take(part.shot, part.first + number * 1000, part.end), {}, lambda _: None)
        studio.finish()
    assert sorted(done) == [(0, 0), (0, TAKE), (1, 0), (1, TAKE)]
    assert {first // 1000 for _, first in drawers.here} != {first // 1000 for _, first in drawers.there}
    assert len(drawers.here) == len(drawers.there) == 2


def test_what_cannot_be_drawn_is_told_by_whoever_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> bytes:
        raise InputError("portrait", "is gone")

    monkeypatch.setattr("emogen.pipelines.performance.studio.encoded", refuse)
    with Studio(lambda *_: None, 1, 1) as studio:
        studio.draw((0, 0), takes(shot(2))[0], {}, lambda _: None)
        with pytest.raises(InputError, match="is gone"):
            studio.finish()
