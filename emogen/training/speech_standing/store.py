"""The cache: sound and verdicts of every clip, by system, source and what was asked."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emogen.media.atomic import atomic_path
from emogen.training.speech_standing import hearing
from emogen.training.speech_standing.hearing import Heard

SOUND = ".flac"


@dataclass(frozen=True)
class Place:
    """Where one clip is kept.

    Attributes:
        folder: Of the system and source.
        asked: The emotion as written.
    """

    folder: Path
    asked: str

    def _path(self, suffix: str) -> Path:
        return self.folder / (slug(self.asked) + suffix)

    @property
    def sound_path(self) -> Path:
        """Of the sound."""
        return self._path(SOUND)

    @property
    def heard_path(self) -> Path:
        """Of the verdict."""
        return self._path(f".{hearing.version()}.npz")

    @property
    def words_path(self) -> Path:
        """Of the words understood."""
        return self._path(".words")

    def keep_sound(self, samples: NDArray[np.float32], rate: int) -> None:
        """Keeps samples [n] as 16 bits; beyond full scale they are cut."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.sound_path) as part, part.open("wb") as stream:
            soundfile.write(stream, np.clip(samples, -1.0, 1.0), rate, format="FLAC", subtype="PCM_16")

    def sound(self) -> tuple[NDArray[np.float32], int]:
        """Samples [n] and Hz."""
        samples, rate = soundfile.read(self.sound_path, dtype="float32")
        return samples, int(rate)

    def keep_heard(self, heard: Heard) -> None:
        """Keeps a verdict."""
        with atomic_path(self.heard_path) as part, part.open("wb") as stream:
            np.savez(stream, chances=heard.chances, vad=heard.vad, features=heard.features)

    def heard(self) -> Heard:
        """The verdict."""
        with np.load(self.heard_path, allow_pickle=False) as stored:
            return Heard(stored["chances"], stored["vad"], stored["features"])

    def keep_words(self, text: str) -> None:
        """Keeps what was understood."""
        with atomic_path(self.words_path) as part:
            part.write_text(text, encoding="utf-8")

    def words(self) -> str:
        """What was understood."""
        return self.words_path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Store:
    """A folder of clips."""

    root: Path

    def place(self, system: str, version: str, key: str, asked: str) -> Place:
        """Where a clip is kept."""
        return Place(self.root / f"{slug(system)}@{version}" / key, asked)

    def forget_others(self, system: str, version: str) -> None:
        """Throws away what other versions of a system have rendered."""
        for folder in self.root.glob(f"{slug(system)}@*"):
            if folder.name != f"{slug(system)}@{version}":
                shutil.rmtree(folder)


def slug(text: str) -> str:
    """A text as part of a file name."""
    return re.sub(r"[^a-z0-9.,_-]+", "-", text.lower()).strip("-")
