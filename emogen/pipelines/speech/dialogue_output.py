"""What a dialogue is: the voices on one clock, who says what when, and what they feel."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.media.atomic import check_writable
from emogen.media.audio import write_blocks
from emogen.media.jsonio import write_json
from emogen.media.sidecar import write_sidecar
from emogen.media.subtitles import Subtitle, by_sentence, write_srt, write_vtt
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.speech.mixing import Mix, seconds
from emogen.pipelines.speech.output import Times

#: A subtitle stays at least this long where another speaker cuts in, in s; own assumption.
LEAST_S = 0.4
#: Names that Windows keeps for devices.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_NAME_CHARS = 60  # of a stem's file; own assumption


@dataclass(frozen=True, eq=False)
class SpokenTurn:
    """One turn as it was spoken.

    Attributes:
        line: Of the text.
        speaker: Name.
        text: As written.
        emotion: As felt and acted, in seconds from `clip_s`.
        written: Whether it stands in the text.
        clip_s: When its sound begins, a breath before the words included.
        start_s: When the voice is first heard.
        end_s: When the voice is last heard.
        words: (word as written, start, end), seconds in the mix.
    """

    line: int
    speaker: str
    text: str
    emotion: EmotionTrack
    written: bool
    clip_s: float
    start_s: float
    end_s: float
    words: Times

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; times of the emotion too are those of the mix."""
        return {
            "line": self.line,
            "speaker": self.speaker,
            "text": self.text,
            "emotion": self.emotion.shift(self.clip_s).to_dict(),
            "from": "script" if self.written else "words",
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "words": [[word, round(a, 3), round(b, 3)] for word, a, b in self.words],
        }


@dataclass
class DialogueOutput(MediaOutput):
    """A dialogue.

    Attributes:
        mix: The voices on one clock.
        turns: Who says what when, in order.
        sample_rate: 22 050 Hz.
        made: How it came about.
    """

    modality: ClassVar[str] = "dialogue"
    writers: ClassVar[dict[str, str]] = {
        ".wav": "_sound", ".flac": "_sound", ".mp3": "_sound", ".ogg": "_sound",
        ".srt": "_srt", ".vtt": "_vtt", ".json": "_turns",
    }  # fmt: skip

    mix: Mix
    turns: tuple[SpokenTurn, ...]
    sample_rate: int
    made: Made

    @property
    def audio(self) -> NDArray[np.float32]:
        """The mix as one array: float32 [n], or [n, 2] where somebody stands beside the middle."""
        return self.mix.audio()

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names, in order of appearance."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns))

    @property
    def duration_s(self) -> float:
        """How long it lasts, in seconds."""
        return seconds(self.mix.length)

    def stem(self, speaker: str) -> NDArray[np.float32]:
        """One speaker alone, as long and with as many channels as the mix.

        Raises:
            InputError: Nobody of that name speaks.
        """
        if speaker not in self.speakers:
            raise InputError("speaker", f"{speaker!r:.60}", f"Accepted: {', '.join(self.speakers)}.")
        return self.mix.audio(speaker)

    def subtitles(self) -> list[Subtitle]:
        """The words as they are said, by speaker."""
        found: list[Subtitle] = []
        for turn in self.turns:
            cues = by_sentence(turn.words) or [Subtitle(turn.start_s, turn.end_s, turn.text)]
            if found and found[-1].end_s > cues[0].start_s:
                before = found[-1]
                found[-1] = replace(before, end_s=max(cues[0].start_s, min(before.end_s, before.start_s + LEAST_S)))
            found += [replace(cue, speaker=turn.speaker) for cue in cues]
        return found

    def facts(self) -> dict[str, Any]:
        """Length, rate, and who says what when."""
        return {
            "duration_s": self.duration_s,
            "sample_rate_hz": self.sample_rate,
            "channels": self.mix.channels,
            "speakers": list(self.speakers),
            "turns": [turn.to_dict() for turn in self.turns],
            **self.made.facts,
        }

    def save_stems(self, folder: str | Path) -> list[Path]:
        """Writes NAME.wav and its sidecar NAME.json for each speaker; the folder is made where it is missing.

        Raises:
            InputError: The folder cannot be made or written.
            OutputError: Writing failed; nothing stays under that name.
        """
        paths = check_stems(folder, self.speakers)
        _make(Path(folder))
        for speaker, path in paths.items():
            self._write_blocks(path, self.mix.blocks(speaker))
            own = {"speaker": speaker, "speakers": [speaker]}
            turns = [turn.to_dict() for turn in self.turns if turn.speaker == speaker]
            write_sidecar(path, self.sidecar() | {"media": {**self.facts(), **own, "turns": turns}})
        return list(paths.values())

    def _sound(self, path: Path) -> None:
        self._write_blocks(path, self.mix.blocks())

    def _write_blocks(self, path: Path, blocks: Iterator[NDArray[np.float32]]) -> None:
        write_blocks(path, blocks, self.sample_rate, channels=self.mix.channels, provenance=lambda: self.provenance)

    def _srt(self, path: Path) -> None:
        write_srt(path, self.subtitles())

    def _vtt(self, path: Path) -> None:
        write_vtt(path, self.subtitles())

    def _turns(self, path: Path) -> None:
        write_json(path, {"synthetic": True, "statement": self.provenance.statement(), **self.facts()})


def check_stems(folder: str | Path, speakers: Collection[str]) -> dict[str, Path]:
    """Speaker -> the file of the stem, each of a name that every system takes. Makes no folder.

    Raises:
        InputError: The folder could not be made, or nothing can be written there.
    """
    folder = Path(folder)
    there = folder.is_dir()
    if folder.exists() and not there:
        raise InputError(str(folder), "is a file, not a folder", "Name a folder for the stems.")
    if not there:
        check_writable(folder.parent / folder.name)
    paths: dict[str, Path] = {}
    taken: set[str] = set()
    for speaker in speakers:
        name, number = file_name(speaker), 1
        while name.casefold() in taken:
            number += 1
            name = f"{file_name(speaker)}-{number}"
        taken.add(name.casefold())
        paths[speaker] = check_writable(folder / f"{name}.wav") if there else folder / f"{name}.wav"
    return paths


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), f"cannot be made: {(error.strerror or str(error)).lower()}") from error


def file_name(speaker: str) -> str:
    """A speaker's name as a file name without suffix: letters, digits, - and _ alone."""
    text = unicodedata.normalize("NFC", speaker)
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in text)[:_NAME_CHARS].strip("_-")
    return f"{name}_" if name.casefold() in _DEVICES else name or "speaker"
