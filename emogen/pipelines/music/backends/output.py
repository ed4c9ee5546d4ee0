"""What the backends that generate sound return."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.media.audio import write_audio
from emogen.pipelines.outputs import Made, MediaOutput

Sound = NDArray[np.float32]


@dataclass
class SoundOutput(MediaOutput):
    """A piece that a model generated as sound: `audio` float32 [samples, channels] at `sample_rate`; it has no score."""

    modality: ClassVar[str] = "music"
    writers: ClassVar[dict[str, str]] = {".wav": "_sound", ".flac": "_sound", ".mid": "_no_score"}

    audio: Sound
    sample_rate: int
    score: None = None
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Length, and what the model was told when."""
        audio: Sound = self["audio"]
        length = {"duration_s": round(len(audio) / self["sample_rate"], 3), "sample_rate": self["sample_rate"]}
        return {**length, "channels": audio.shape[1], **self["made"].facts}

    def _sound(self, path: Path) -> None:
        write_audio(path, self["audio"], self["sample_rate"], provenance=self.provenance)

    def _no_score(self, path: Path) -> None:
        accepted = "Accepted: .wav, .flac; notes come from the backend embedded."
        raise InputError(str(path), f"{self['made'].backend} makes sound and no notes", accepted)
