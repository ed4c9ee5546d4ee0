"""A video that was made or edited: pictures that are drawn when they are asked for, and their sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emogen.media.video import VideoWriter
from emogen.media.video_sound import Sound
from emogen.pipelines.outputs import Made, MediaOutput


@dataclass
class VideoOutput(MediaOutput):
    """Moving pictures.

    Attributes:
        moments: What was asked of the pictures over time, float [n, k]: equal numbers and seeds give equal pictures.
        pictures: Gives them in order, uint8 [height, width, 3]; may be called again.
        rate_fps: Pictures per second.
        width: Pixels.
        height: Pixels.
        count: How many pictures.
        sound: What is heard; None for a silent video.
        made: How it came about.
    """

    modality: ClassVar[str] = "video"
    writers: ClassVar[dict[str, str]] = {".mp4": "_video"}

    moments: np.ndarray
    pictures: Callable[[], Iterator[np.ndarray]] = field(compare=False)
    rate_fps: float
    width: int
    height: int
    count: int
    sound: Sound | None = field(compare=False)
    made: Made = field(kw_only=True)

    @property
    def fps(self) -> float:
        """Pictures per second."""
        return self.rate_fps

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures in order, uint8 [height, width, 3]."""
        return self["pictures"]()  # type: ignore[no-any-return]

    def facts(self) -> dict[str, Any]:
        """Length, size, rate, and what the pipeline found out on its way."""
        return {
            "duration_s": round(self.count / self.rate_fps, 3), "fps": self.rate_fps, "width": self.width,
            "height": self.height, **self["made"].facts,
        }  # fmt: skip

    def _video(self, path: Path) -> None:
        sound, even = self.sound, (self.height % 2, self.width % 2)
        with VideoWriter(path, fps=self.rate_fps, width=self.width + even[1], height=self.height + even[0],
                         audio_rate=sound.rate if sound else None, channels=sound.channels if sound else 1,
                         provenance=self.provenance) as video:  # fmt: skip
            heard_s, blocks = 0.0, sound.until(self.count / self.rate_fps) if sound else iter(())
            for i, picture in enumerate(self.frames()):
                while sound and heard_s <= (i + 1) / self.rate_fps and (block := next(blocks, None)) is not None:
                    video.write_audio(block)
                    heard_s += len(block) / sound.rate
                if any(even):
                    picture = np.pad(picture, ((0, even[0]), (0, even[1]), (0, 0)), mode="edge")
                video.write(picture)
            for block in blocks:
                video.write_audio(block)
