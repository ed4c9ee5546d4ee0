"""Shots are drawn in takes, by two who keep out of each other's way."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from emogen.codecs.face import FACE_CHANNELS
from emogen.codecs.scene.scene import Scene, attributes
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.pipelines.performance.framing import Painter, Stage
from emogen.pipelines.performance.helper import Gone, dismiss, encoded, hire
from emogen.pipelines.performance.shots import TAKE_S, Actor, Place, Shot, Take, takes
from emogen.pipelines.performance.studio import Studio
from emogen.pipelines.talking_head.avatars import avatar
from tests.batch.standing_in import alive

FPS = 12.5
TAKE = round(TAKE_S * FPS)


def shot(frames: int, *names: str) -> Shot:
    """A meadow, and in it those of a cast."""
    meadow = Scene("meadow", {name: attribute.usual for name, attribute in attributes().items()}, 3)
    place = Place((meadow,), EmotionTrack.of(Emotion.of("joy")), 3)
    turning = np.zeros((frames, len(FACE_CHANNELS)), np.float32)
    turning[:, -9:] = np.linspace(-0.1, 0.1, frames)[:, None]
    actors = tuple(Actor(name, name, side, turning, drawn=True) for name, side in zip(names, (-1, 1), strict=False))
    return Shot(0, frames, FPS, 256, 144, "head" if actors else "picture", place, actors, title="A day", rises=True, falls=True)


@pytest.mark.parametrize("frames", [1, 2, TAKE - 1, TAKE, TAKE + 1, 3 * TAKE + 7])
def test_takes_are_short_and_leave_nothing_out(frames: int) -> None:
    parts = takes(shot(frames))
    assert [0, *(part.end for part in parts)] == [*(part.first for part in parts), frames]
    assert all(part.first % 2 == 0 and 0 < part.end - part.first <= TAKE + 2 for part in parts)
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
        monkeypatch.setattr("emogen.pipelines.performance.studio.hire", lambda: self)
        monkeypatch.setattr("emogen.pipelines.performance.studio.dismiss", lambda _: None)
        monkeypatch.setattr("emogen.pipelines.performance.studio.encoded", lambda _, take, __: self._drawn(self.here, take))

    def draw(self, take: Take, _: Any) -> bytes:
        """As of a helper."""
        return self._drawn(self.there, take)

    def _drawn(self, drawn: list[tuple[int, int]], take: Take) -> bytes:
        drawn.append((take.shot.start, take.first))
        if len(drawn) <= 2:
            self._both.wait()
        return b"piece"


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


def test_a_helper_stays_for_the_next_performance_and_draws_the_same() -> None:
    part, portraits = takes(shot(6, "ava"))[0], {"ava": avatar("ava", size=512)}
    helper = hire()
    assert helper is not None
    piece = helper.draw(part, portraits)
    dismiss(helper)
    again = hire()
    assert again is helper
    assert piece == again.draw(part, portraits) == encoded(Painter(), part, portraits)
    again.end()
    with pytest.raises(Gone):
        again.draw(part, portraits)
    dismiss(again)
    another = hire()  # nobody is given one that is gone
    assert another is not None
    assert another is not helper
    assert another.draw(part, portraits) == piece
    dismiss(another)


def test_what_a_helper_cannot_draw_is_told() -> None:
    helper = hire()
    assert helper is not None
    with pytest.raises(KeyError, match="nobody"):
        helper.draw(takes(shot(4, "nobody"))[0], {})
    assert helper.draw(takes(shot(4))[0], {}) == encoded(Painter(), takes(shot(4))[0], {})
    dismiss(helper)


@pytest.mark.parametrize("last", ["pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_helpers_end_with_the_process(last: str) -> None:
    code = f"""
import os, signal
from emogen.pipelines.performance import helper
hired = helper.hire()
print(hired._process.pid, flush=True)
helper.dismiss(hired)
{last}
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(ran.stdout)
    for _ in range(200):
        if not alive(pid):
            break
        time.sleep(0.05)
    assert not alive(pid)
