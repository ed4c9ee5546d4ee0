"""Music -> the feeling it carries: `MusicRecognizer`, the guide of music, from a score or from its sound.

What people named are quadrants of valence and arousal; one label stands for each. Music is read in parts of some
seconds, so that a piece whose mood changes gives a track.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import music_measures
from emogen.conditioning.cues import Cues, sentence
from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.conditioning.music_measures import LEAST_NOTES, PART_S, PART_STEP_S, SAMPLE_RATE_HZ
from emogen.conditioning.recognition import Recognition, Recognizer, Role, nothing, recognition
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import CheckpointError, InputError

if TYPE_CHECKING:
    from emogen.media.audio import Audio
    from emogen.media.score import Score

Array = NDArray[np.float64]
FEW_NOTES = 40  # a piece with fewer is too short to be sure of (own assumption: ten seconds of a simple tune)
ENOUGH_S = 10.0  # of sound, the same
SILENCE_DBFS = -55.0
NOT_MUSIC = 0.35  # certainty of what sounds like a voice or noise (own assumption)
KIND_S = 2.0  # shorter sounds are not tested for what they are


class MusicReader(Recognizer):
    """What guide and judge of music share: parts, gates, cues.

    Args:
        folder: Of a checkpoint.
    """

    modality: ClassVar[str] = "music"
    checkpoint: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        config, weights = read_config(folder), read_weights(folder)
        try:
            self._temperatures = {name: float(config[f"{name}_temperature"]) for name in ("score", "sound")}
            self._score_cues = Cues.from_dict(config["score_cues"], music_measures.SCORE_NAMES)
            self._sound_cues = Cues.from_dict(config["sound_cues"], music_measures.SOUND_NAMES)
            self._nets = {name: self._net(config[name]) for name in ("score", "sound")}
            for name, net in self._nets.items():
                own = {k.removeprefix(f"{name}."): v for k, v in weights.items() if k.startswith(f"{name}.")}
                net.load_state_dict(own)
                net.eval()
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(str(folder), f"does not fit: {error}") from error

    @classmethod
    def load(cls, source: str | Path = "embedded") -> MusicReader:
        """The recogniser from "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(cls, str(source))

    @staticmethod
    @abstractmethod
    def _net(config: dict[str, Any]) -> Any:
        """An untrained network of a shape."""

    @abstractmethod
    def _score_input(self, notes: Array) -> Array:
        """What the network of scores takes of a part: notes [n, 4] -> any shape."""

    @abstractmethod
    def _sound_input(self, samples: NDArray[np.float32]) -> Array:
        """What the network of sound takes of a part: samples [n] at 16 kHz -> any shape."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        labels: tuple[str, ...] = self._nets["score"].labels
        return labels

    def recognize(self, media: str | Path | Score | Audio) -> Recognition:
        """The feeling of a piece.

        Args:
            media: A MIDI or sound file, a score, or a recording.

        Raises:
            EmogenError: It cannot be read, or is neither.
        """
        from emogen.conditioning.audio import checked
        from emogen.media.audio import Audio
        from emogen.media.score import Score, read_midi
        from emogen.media.sniff import kind_of

        if isinstance(media, str | Path) and kind_of(Path(media)) == "midi":
            return self._score(read_midi(media))
        if isinstance(media, Score):
            return self._score(media)
        if isinstance(media, str | Path | Audio):
            return self._sound(checked(media))
        raise InputError("music", f"{type(media).__name__}", "Give a file, a score or a recording.")

    def _score(self, score: Score) -> Recognition:
        notes = music_measures.notes_of(score)
        if len(notes) < 2:
            return nothing(self.labels, self.modality, "no notes to hear" if not len(notes) else "a single note")
        parts = music_measures.parts_of(notes)
        begin = [start for start, _ in parts]
        rows = [self._score_input(part) for _, part in parts]
        usual = np.mean([music_measures.measure_score(part) for _, part in parts], axis=0)
        certainty = min(1.0, len(notes) / FEW_NOTES)
        note = f"only {len(notes)} notes" if len(notes) < LEAST_NOTES else ""

        def told(label: str) -> list[str]:
            return self._score_cues.told(usual, label, music_measures.SCORE_PHRASES)

        return self._answer("score", rows, begin, told, certainty, note)

    def _sound(self, samples: NDArray[np.float32]) -> Recognition:
        from emogen.conditioning.sound_kind import sound_kind

        peak = 20.0 * np.log10(float(np.abs(samples).max(initial=0.0)) + 1e-9)
        if peak < SILENCE_DBFS:
            return nothing(self.labels, self.modality, "silence: no music to hear")
        seconds = len(samples) / SAMPLE_RATE_HZ
        kind = sound_kind(samples) if seconds >= KIND_S else "music"
        begin = np.arange(0.0, max(seconds - PART_S / 2, 0.1), PART_STEP_S).tolist()
        cut = [samples[int(a * SAMPLE_RATE_HZ) : int((a + PART_S) * SAMPLE_RATE_HZ)] for a in begin]
        found = music_measures.measure_sound(samples, music_measures.sound_frames(samples))

        def told(label: str) -> list[str]:
            return self._sound_cues.told(found, label, music_measures.SOUND_PHRASES)

        certainty = min(1.0, seconds / ENOUGH_S) * (1.0 if kind == "music" else NOT_MUSIC)
        note = "" if kind == "music" else f"sounds like {'a voice' if kind == 'speech' else 'noise'}, not like music"
        return self._answer("sound", [self._sound_input(c) for c in cut], begin, told, certainty, note)

    def _answer(
        self, name: str, rows: Sequence[Array], begin: Sequence[float], told: Any, certainty: float, note: str
    ) -> Recognition:
        import torch

        with torch.inference_mode(), one_thread():
            out = [self._nets[name](torch.from_numpy(row[None].astype(np.float32))) for row in rows]
            logits, vad = (torch.cat([part[i] for part in out]).double() for i in (0, 1))
            log = torch.log_softmax(logits, dim=1)
            # the parts of one piece agree less than independent witnesses would: their mean, then the temperature
            mean = torch.softmax(log.mean(dim=0) / self._temperatures[name], dim=0).numpy()
            each = torch.softmax(log / self._temperatures[name], dim=1).numpy()
        label = self.labels[int(mean.argmax())]
        return recognition(
            dict(zip(self.labels, mean.tolist(), strict=True)),
            self.modality,
            vad=vad.mean(dim=0).numpy(),
            certainty=certainty,
            over_time=self._track(begin, each, vad.numpy()) if len(rows) > 1 else None,
            because=sentence(told(label), label, float(mean.max())),
            note=note,
        )

    def _track(self, begin: Sequence[float], chances: Array, vad: Array) -> EmotionTrack:
        keys = []
        for start, row, felt in zip(begin, chances, vad, strict=True):
            there = recognition(dict(zip(self.labels, row.tolist(), strict=True)), self.modality, vad=felt)
            keys.append(Keyframe(round(start + PART_S / 2, 3), there.emotion))
        return EmotionTrack(tuple(keys))


class MusicRecognizer(MusicReader):
    """Reads music by its measures. Make one with `MusicRecognizer.load(...)`."""

    role: ClassVar[Role] = "guide"
    checkpoint: ClassVar[str] = "music"

    @staticmethod
    def _net(config: dict[str, Any]) -> Any:
        from emogen.models.head import EmotionHead

        return EmotionHead.from_config(config)

    def _score_input(self, notes: Array) -> Array:
        return music_measures.measure_score(notes)

    def _sound_input(self, samples: NDArray[np.float32]) -> Array:
        return music_measures.measure_sound(samples, music_measures.sound_frames(samples))


@cache
def _loaded(cls: Any, source: str) -> Any:
    return cls(folder_of(cls.checkpoint, source))
