"""What speech pipelines return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice_change import COLUMN
from emogen.codecs.voice_slow import FPS, HOP, describe
from emogen.errors import InputError
from emogen.media.audio import write_audio, write_blocks
from emogen.media.curves import write_curves
from emogen.media.subtitles import by_sentence, write_srt
from emogen.media.textgrid import tier, write_textgrid
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.speech.feel import Felt

Times = tuple[tuple[str, float, float], ...]
DECIMALS = 6  # of the curves


@dataclass(frozen=True, eq=False)
class Curves:
    """How the voice moves, 50 times a second, from the begin of the output.

    Attributes:
        time_s: [T], rising; silences between sentences are left out.
        f0_hz: [T], 0 where unvoiced.
        level_db: [T], of the spectrum, before the loudness of the whole is set.
        rate: [T], factor on the tempo of the plain voice.
    """

    time_s: NDArray[np.float64]
    f0_hz: NDArray[np.float64]
    level_db: NDArray[np.float64]
    rate: NDArray[np.float64]

    @staticmethod
    def of(parts: Sequence[tuple[float, Felt]]) -> Curves:
        """From voices and when each begins, in s."""
        rows: list[NDArray[np.float64]] = []
        for begin_s, felt in parts:
            found = describe(felt.frames)
            at = felt.place[::HOP][: len(found)] / HOP
            slower = np.interp(at, np.arange(len(felt.change)) + 0.5, felt.change[:, COLUMN["rate"]])
            count = len(slower)
            f0 = np.where(found.voiced, 100.0 * 2.0 ** (found.pitch_st / 12.0), 0.0)
            rows.append(np.stack([begin_s + np.arange(count) / FPS, f0[:count], found.level_db[:count], 2.0**-slower]))
        # The last bits of numpy's powers depend on where an array lies in memory; the same seed gives the same curves.
        return Curves(*np.round(np.concatenate(rows, axis=1), DECIMALS))


@dataclass
class SpeechOutput(MediaOutput):
    """Speech.

    Attributes:
        audio: float32 [n], mono, peaks below -1 dBFS.
        sample_rate: 22 050 Hz.
        words: (word as written, start, end), seconds in `audio`; none where only the sound is known.
        phones: (IPA, start, end), seconds in `audio`; silence lies between them.
        curves: Pitch, level and rate over time.
        made: How it came about.
    """

    modality: ClassVar[str] = "speech"
    writers: ClassVar[dict[str, str]] = {
        ".wav": "_write", ".flac": "_write", ".mp3": "_write", ".ogg": "_write",
        ".textgrid": "_write_grid", ".srt": "_write_subtitles", ".csv": "_write_curves",
    }  # fmt: skip

    audio: NDArray[np.float32]
    sample_rate: int
    words: Times
    phones: Times
    curves: Curves
    made: Made

    @property
    def duration_s(self) -> float:
        """How long it lasts, in seconds."""
        return len(self.audio) / self.sample_rate

    def facts(self) -> dict[str, Any]:
        """Length, rate, and the times of words and phones."""
        return {
            "duration_s": self.duration_s,
            "sample_rate_hz": self.sample_rate,
            "words": [list(word) for word in self.words],
            "phones": [list(phone) for phone in self.phones],
            **self.made.facts,
        }

    def _write(self, path: Path) -> None:
        write_audio(path, self.audio, self.sample_rate, provenance=self.provenance)

    def _write_grid(self, path: Path) -> None:
        tiers = [tier(name, times, self.duration_s) for name, times in (("words", self.words), ("phones", self.phones))]
        write_textgrid(path, tiers)

    def _write_subtitles(self, path: Path) -> None:
        if not self.words:
            raise InputError(path.name, "no words are known of this speech", "Accepted: .wav, .flac, .mp3, .ogg, .csv.")
        write_srt(path, by_sentence(self.words))

    def _write_curves(self, path: Path) -> None:
        curves = self.curves
        columns = {"time_s": curves.time_s, "f0_hz": curves.f0_hz, "voiced": (curves.f0_hz > 0).astype(float),
                   "energy_db": curves.level_db, "rate": curves.rate}  # fmt: skip
        write_curves(path, columns)


@dataclass
class SpeechStream(MediaOutput):
    """Speech that is made while it is gone through or saved, so that it may last.

    Attributes:
        parts: Gives the sound from its begin: float32 [n] each, mono.
        sample_rate: Hz.
        made: How it came about.
    """

    modality: ClassVar[str] = "speech"
    writers: ClassVar[dict[str, str]] = {".wav": "_write", ".flac": "_write", ".mp3": "_write", ".ogg": "_write"}

    parts: Callable[[], Iterator[NDArray[np.float32]]]
    sample_rate: int
    made: Made

    def facts(self) -> dict[str, Any]:
        """Rate, and length once it was gone through."""
        return {"sample_rate_hz": self.sample_rate, **self.made.facts}

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The sound, part by part."""
        count = 0
        for part in self.parts():
            count += len(part)
            yield part
        self.made.facts["duration_s"] = count / self.sample_rate

    def _write(self, path: Path) -> None:
        write_blocks(path, self.blocks(), self.sample_rate, provenance=lambda: self.provenance)
