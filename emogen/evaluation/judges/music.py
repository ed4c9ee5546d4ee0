"""The judge of music: a convolutional network that follows the notes, or the sound, through time."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import music_measures
from emogen.conditioning.music import MusicReader
from emogen.conditioning.recognition import Role

Array = NDArray[np.float64]


class MusicJudge(MusicReader):
    """Judges music. Make one with `MusicJudge.load(...)`."""

    role: ClassVar[Role] = "judge"
    checkpoint: ClassVar[str] = "judge_music"

    @staticmethod
    def _net(config: dict[str, Any]) -> Any:
        from emogen.models.frames import FrameNet

        return FrameNet.from_config(config)

    def _score_input(self, notes: Array) -> Array:
        return music_measures.note_frames(notes)

    def _sound_input(self, samples: NDArray[np.float32]) -> Array:
        return music_measures.in_key(music_measures.sound_frames(samples))
