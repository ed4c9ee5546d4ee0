"""Emotion -> a piece of music, as score and sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component

from emogen.codecs.score import ScoreCodec
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import write_audio
from emogen.media.score import Score, write_midi
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.music.compose import compose
from emogen.pipelines.music.cues import CueRules
from emogen.pipelines.music.harmony import Key, parse_key
from emogen.pipelines.music.sound import RATE_HZ, rendered
from emogen.pipelines.outputs import Made, MediaOutput

#: Shorter than this no piece can begin and end (s); own assumption.
SHORTEST_S = 2.0
TEMPO_BPM = (30.0, 240.0)
#: Tonics that lie well for most instruments, one of which the seed chooses: C, D, Eb, F, G, A.
TONICS = (0, 2, 3, 5, 7, 9)


@dataclass
class MusicOutput(MediaOutput):
    """A piece: `audio` float32 [samples, 2] at `sample_rate`, and its `score`."""

    modality: ClassVar[str] = "music"
    writers: ClassVar[dict[str, str]] = {".wav": "_sound", ".flac": "_sound", ".mid": "_score"}

    audio: np.ndarray
    sample_rate: int
    score: Score
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Length, key, tempo range, instruments and the notes in all."""
        score: Score = self["score"]
        tempos = [bpm for _, bpm in score.tempos]
        return {
            "duration_s": round(len(self["audio"]) / self["sample_rate"], 3),
            "sample_rate": self["sample_rate"],
            "key": score.key,
            "tempo_bpm": [round(min(tempos), 1), round(max(tempos), 1)],
            "tracks": [t.name for t in score.tracks],
            "notes": sum(len(t.notes) for t in score.tracks),
        }

    def _sound(self, path: Path) -> None:
        write_audio(path, self["audio"], self["sample_rate"], provenance=self.provenance)

    def _score(self, path: Path) -> None:
        write_midi(path, self["score"], provenance=self.provenance)


class MusicPipeline(AffectivePipeline):
    """Music that follows an emotion over time, bar by bar."""

    modality = "music"

    def __init__(self, codec: ScoreCodec, cues: CueRules) -> None:
        super().__init__()
        self.register_modules(codec=codec, cues=cues)

    @classmethod
    def embedded(cls) -> MusicPipeline:
        """The cue table that ships with emogen."""
        return cls(ScoreCodec(), CueRules())

    def __call__(
        self,
        prompt: str | list[str | None] | None = None,
        emotion: Any = None,
        *,
        seconds: float = 20.0,
        tempo_bpm: float | None = None,
        key: str | None = None,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Composes and plays a piece.

        Args:
            prompt: The feeling in words, where no `emotion` is given; a list makes several pieces.
            emotion: What is felt, or a track in seconds.
            seconds: Length, 2..1800; the last chord ends there.
            tempo_bpm: A fixed tempo, 30..240; without one it follows the emotion.
            key: A fixed key such as "D minor"; without one the seed picks the tonic and the emotion the mode.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "score" and "sound".
            return_dict: False gives a tuple.

        Returns:
            MusicOutput, or a list of them.

        Raises:
            InputError: A length, tempo, key or emotion that cannot be used.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= SHORTEST_S:
            raise InputError("seconds", f"{seconds}", f"Accepted: {SHORTEST_S:g} to {LIMITS.music_s:g}.")
        if seconds > LIMITS.music_s:
            raise LimitError("seconds", f"{seconds:g}", f"The limit is {LIMITS.music_s:g} (limits.music_s).")
        if tempo_bpm is not None and not TEMPO_BPM[0] <= tempo_bpm <= TEMPO_BPM[1]:
            raise InputError("tempo_bpm", f"{tempo_bpm:g}", f"Accepted: {TEMPO_BPM[0]:g} to {TEMPO_BPM[1]:g}.")
        fixed = parse_key(key) if key is not None else None

        def make(words: str | None, track: EmotionTrack, chosen: int) -> Any:
            if words and emotion is None:
                track = EmotionTrack.of(f'"{words}"' if '"' not in words else words)
            return self._one(
                words, track, chosen, float(seconds), tempo_bpm, fixed, key, callback_on_step_end, return_dict
            )

        return self.each(make, prompt, emotion, seed, generator)

    def _one(
        self,
        words: str | None,
        track: EmotionTrack,
        seed: int,
        seconds: float,
        tempo_bpm: float | None,
        fixed: Key | None,
        key: str | None,
        callback: StepCallback | None,
        return_dict: bool,
    ) -> Any:
        rng = np.random.default_rng([seed, 7])
        tonality = fixed or Key(int(rng.choice(TONICS)))
        with self.steps(2, callback) as steps:
            score = compose(lambda t: self.cues(track.at(t)), seconds, tonality, seed, tempo_bpm)
            steps.done("score")
            audio = rendered(score, seconds)
            steps.done("sound")
        request = {"prompt": words, "emotion": str(track), "seconds": seconds, "tempo_bpm": tempo_bpm, "key": key}
        made = Made(request=request, emotion=track, seed=seed, models={"music cues": "1"}, timings=steps.timings)
        out = MusicOutput(audio, RATE_HZ, score, made=made)
        return out if return_dict else out.to_tuple()
