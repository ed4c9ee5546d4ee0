"""Music that is made while it plays: without end, and steered to another feeling at any bar line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.media.audio import write_blocks
from emogen.media.score import Score
from emogen.pipelines.music.sound import RATE_HZ, rendered_blocks
from emogen.pipelines.outputs import Made, MediaOutput

#: What is felt at a time in seconds -> groups of bars, each with its length in seconds.
Parts = Callable[[Callable[[float], Emotion]], Iterator[tuple[Score, float]]]


#: How long the end of the last chord takes to fade, s.
FADE_S = 0.4


@dataclass
class MusicStream(MediaOutput):
    """Music that goes on and on.

    Attributes:
        parts: Composes, group of bars after group of bars.
        track: What is felt over time, where nobody steers.
        seconds: Length; inf: without end.
    """

    modality: ClassVar[str] = "music"
    writers: ClassVar[dict[str, str]] = {".wav": "_sound", ".flac": "_sound"}
    sample_rate: ClassVar[int] = RATE_HZ

    parts: Parts
    track: EmotionTrack
    seconds: float
    made: Made = field(kw_only=True)

    def steer(self, emotion: Any) -> None:
        """From the next group of bars on it feels like this; a track begins there. None: what was asked for at first.

        Raises:
            InputError: No emotion.
        """
        steered = None if emotion is None else (EmotionTrack.of(emotion), self.__dict__.get("_composed", 0.0))
        object.__setattr__(self, "_steered", steered)

    def scores(self) -> Iterator[tuple[Score, float]]:
        """Group of bars after group of bars, beats counted from 0, each with its length in seconds."""
        composed = 0.0
        for score, seconds in self["parts"](self._felt):
            composed += seconds
            object.__setattr__(self, "_composed", composed)
            yield score, seconds

    def blocks(self) -> Iterator[np.ndarray]:
        """Its sound, float32 [samples, 2] at `sample_rate`, composed and played as it is asked for."""
        left = round(self["seconds"] * RATE_HZ) if np.isfinite(self["seconds"]) else None
        for block in rendered_blocks(self.scores()):
            if left is not None:  # what rings on after the last chord fades with it
                last = min(len(block), left)
                block = block[:last] * _fading(left, last)
                left -= last
            if len(block):
                yield block

    def _felt(self, t: float) -> Emotion:
        steered = self.__dict__.get("_steered")
        if steered is None:
            felt: EmotionTrack = self["track"]
            return felt.at(t)
        track, begun = steered
        found: Emotion = track.at(max(t - begun, 0.0))
        return found

    def facts(self) -> dict[str, Any]:
        """Length and rate."""
        return {"duration_s": self["seconds"], "sample_rate": self.sample_rate, **self["made"].facts}

    def _sound(self, path: Path) -> None:
        if not np.isfinite(self["seconds"]):
            raise InputError(str(path), "music without end fits in no file", "Give seconds, or take its blocks.")
        write_blocks(path, self.blocks(), self.sample_rate, channels=2, provenance=lambda: self.provenance)


def _fading(left: int, count: int) -> np.ndarray:
    """Gains [count, 1] of the next samples where so many are left before the end."""
    ahead = left - np.arange(count, dtype=np.float32)
    return np.clip(ahead / (FADE_S * RATE_HZ), 0.0, 1.0)[:, None] ** 2
