"""What is seen when, as plain data: everything that decides the pictures of a shot and nothing else.

A shot is drawn from itself alone, in takes, so it can be drawn anywhere, in any order, by several at once, and kept under
its hash. Times are frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from emogen.codecs.scene.scene import Scene
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.performance.cache import code_hash, digest
from emogen.pipelines.performance.plan import Plan

#: A cut to a speaker comes this long before the first word, so that the face is seen when it speaks.
#: J- and L-cuts of film editing; the length is this project's own assumption.
EARLY_S = 0.22
#: Dissolve between scenes, and from and to black, in seconds; own assumption.
DISSOLVE_S, BLACK_S = 0.60, 0.60
#: A take lasts about so long at most (s): two who draw end at much the same time, and the picture that is coded anew where one
#: begins, which a still place shows by a faint flicker, is rare. Own choice, by eye.
TAKE_S = 4.0


@dataclass(frozen=True)
class Place:
    """What is behind people, or seen by itself.

    Attributes:
        scenes: The drawn place at the begin and, where the feeling changes, at the end of the shot; none for a photo.
        photo: A picture instead, uint8 [h, w, 3].
        finishes: How that picture is developed over time, `motion_photo.LOOKS_FPS` a second.
        track: What is felt meanwhile, in seconds from the shot's begin: it moves the camera, and develops a photo.
        seed: Of the camera's hand and of all that moves.
    """

    scenes: tuple[Scene, ...]
    track: EmotionTrack = field(hash=False)
    seed: int
    photo: np.ndarray | None = field(default=None, hash=False, compare=False)
    finishes: tuple[Any, ...] = field(default=(), hash=False, compare=False)


@dataclass(frozen=True)
class Actor:
    """Somebody in a shot.

    Attributes:
        name: Of the cast.
        portrait: The hash of the portrait.
        side: Where they stand: -1 left, 0 in the middle, 1 right.
        curves: The face, float32 [frames, 61].
        rotations: The body, float32 [frames, 52, 3, 3]; None where none is seen.
        root_cm: Its place, float32 [frames, 3].
        drawn: Whether they are a character rather than a photo.
    """

    name: str
    portrait: str
    side: int
    curves: np.ndarray = field(hash=False, compare=False)
    rotations: np.ndarray | None = field(default=None, hash=False, compare=False)
    root_cm: np.ndarray | None = field(default=None, hash=False, compare=False)
    drawn: bool = True


@dataclass(frozen=True)
class Shot:
    """A shot.

    Attributes:
        start: Its first frame in the performance, which does not decide what it looks like.
        frames: How many it has.
        fps: Frames a second.
        width: Pixels.
        height: Pixels.
        framing: "head", "bust", "two" or "picture".
        place: What is behind.
        actors: Who is seen, the speaker first.
        title: Of the whole performance, where it is shown here.
        heading: Of the scene, likewise.
        words: Burnt subtitles: (first frame, last frame, text).
        rises: Whether it comes from black.
        falls: Whether it goes to black.
        before: The shot whose last picture it dissolves from.
    """

    start: int = field(metadata={"decides": False})
    frames: int
    fps: float
    width: int
    height: int
    framing: str
    place: Place
    actors: tuple[Actor, ...] = ()
    title: str = ""
    heading: str = ""
    words: tuple[tuple[int, int, str], ...] = ()
    rises: bool = False
    falls: bool = False
    before: Shot | None = None

    @cached_property
    def key(self) -> str:
        """The hash of all that decides its pictures."""
        return digest("shot", code_hash(), self)

    @property
    def start_s(self) -> float:
        """When it begins."""
        return self.start / self.fps

    @property
    def end_s(self) -> float:
        """When it ends."""
        return (self.start + self.frames) / self.fps

    def to_dict(self) -> dict[str, object]:
        """For a sidecar."""
        return {"start_s": round(self.start_s, 3), "end_s": round(self.end_s, 3), "framing": self.framing,
                "people": [actor.name for actor in self.actors]}  # fmt: skip


@dataclass(frozen=True)
class Take:
    """A part of a shot that is drawn and encoded by itself.

    Attributes:
        shot: Whose part it is.
        first: Its first frame in the shot.
        end: The frame after its last one.
    """

    shot: Shot
    first: int
    end: int

    @property
    def key(self) -> str:
        """The hash of all that decides its pictures."""
        return digest("take", self.shot.key, self.first, self.end)


def takes(shot: Shot) -> list[Take]:
    """A shot as takes of much the same length, each beginning with an even frame."""
    count = math.ceil(shot.frames / (TAKE_S * shot.fps))
    ends = [round(shot.frames * (i + 1) / count / 2) * 2 for i in range(count - 1)] + [shot.frames]
    return [Take(shot, first, end) for first, end in zip([0, *ends[:-1]], ends, strict=True)]


@dataclass(frozen=True)
class Cut:
    """When a shot of a plan begins and ends, in frames, and which scene of the plan it shows; one a beat."""

    start: int
    end: int
    scene: int
    opens: bool


def cuts(plan: Plan, fps: float) -> list[Cut]:
    """A shot for each beat: from a little before its words to a little before the next ones.

    How long it is depends on its voice and the silences around it alone. A new scene is seen as soon as it begins.

    Args:
        plan: Its beats lie on frames.
        fps: Frames a second.
    """
    early = round(EARLY_S * fps)
    starts, scenes = [], []
    for i, beat in enumerate(plan.beats):
        number = max((k for k, s in enumerate(plan.scenes) if s.start_s <= beat.start_s + 1e-6), default=0)
        scenes.append(number)
        least = 0 if i == 0 else round(plan.beats[i - 1].end_s * fps)
        start = round(beat.start_s * fps) - early
        if i and number != scenes[i - 1]:
            start = min(start, round(plan.scenes[number].start_s * fps))
        starts.append(0 if i == 0 else max(start, least))
    ends = [*starts[1:], round(plan.duration_s * fps)]
    return [
        Cut(start, end, scene, i == 0 or scene != scenes[i - 1])
        for i, (start, end, scene) in enumerate(zip(starts, ends, scenes, strict=True))
    ]
