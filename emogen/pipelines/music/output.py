"""A finished piece: its score, and its sound, which is played when it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emogen.errors import InputError
from emogen.media.audio import write_audio
from emogen.media.musicxml import write_musicxml
from emogen.media.score import Score, write_midi
from emogen.pipelines.music.sound import RATE_HZ, rendered, stems
from emogen.pipelines.outputs import Made, MediaOutput

#: What does not go into the name of a file.
UNSAFE = re.compile(r"[^\w ()-]")


@dataclass
class MusicOutput(MediaOutput):
    """A piece: its `score`, and how long it is in `seconds`; `audio` float32 [samples, 2] at `sample_rate`."""

    modality: ClassVar[str] = "music"
    writers: ClassVar[dict[str, str]] = {
        ".wav": "_sound", ".flac": "_sound", ".mid": "_score", ".musicxml": "_sheet", ".mxl": "_sheet",
    }  # fmt: skip
    sample_rate: ClassVar[int] = RATE_HZ

    score: Score
    seconds: float
    made: Made = field(kw_only=True)

    @property
    def audio(self) -> np.ndarray:
        """How it sounds; played once, when it is first asked for."""
        if "_played" not in self.__dict__:
            object.__setattr__(self, "_played", rendered(self["score"], self["seconds"]))
        played: np.ndarray = self.__dict__["_played"]
        return played

    def sounds_as(self, audio: np.ndarray) -> None:
        """Puts another sound, such as the same one louder, in place of `audio`."""
        object.__setattr__(self, "_played", audio)

    def stems(self) -> dict[str, np.ndarray]:
        """Part -> its sound [samples, 2]; together they are `audio`."""
        return stems(self["score"], self["seconds"])

    def save_stems(self, folder: str | Path) -> list[Path]:
        """Writes one .wav for each part into a folder, which is made where it is missing. Returns the files.

        Raises:
            InputError: The folder cannot be made.
            OutputError: A file could not be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(str(folder), f"cannot be made: {(error.strerror or str(error)).lower()}") from error
        paths = []
        for name, sound in self.stems().items():
            paths.append(folder / f"{UNSAFE.sub('_', name)}.wav")
            write_audio(paths[-1], sound, RATE_HZ, provenance=self.provenance)
        return paths

    def facts(self) -> dict[str, Any]:
        """Length, key, tempo range, instruments and the notes in all."""
        score: Score = self["score"]
        tempos = [bpm for _, bpm in score.tempos]
        return {
            "duration_s": round(float(self["seconds"]), 3),
            "sample_rate": self.sample_rate,
            "key": score.key,
            "tempo_bpm": [round(min(tempos), 1), round(max(tempos), 1)],
            "tracks": [t.name for t in score.tracks],
            "notes": sum(len(t.notes) for t in score.tracks),
            **self["made"].facts,
        }

    def _sound(self, path: Path) -> None:
        write_audio(path, self.audio, self.sample_rate, provenance=self.provenance)

    def _score(self, path: Path) -> None:
        write_midi(path, self["score"], provenance=self.provenance)

    def _sheet(self, path: Path) -> None:
        write_musicxml(path, self["score"], provenance=self.provenance)
