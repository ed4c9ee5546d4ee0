"""Speech and an emotion -> body motion as BVH."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.codecs.body import BodyCodec, BodyMotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import read_audio
from emogen.media.motion import write_bvh
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.gesture.move import PostureRules, moved
from emogen.pipelines.outputs import Made, MediaOutput

FPS = (1.0, 120.0)


@dataclass
class GestureOutput(MediaOutput):
    """A body's `motion`: rotations of 22 joints and the hips' place over time."""

    modality: ClassVar[str] = "gesture"
    writers: ClassVar[dict[str, str]] = {".bvh": "_bvh"}

    motion: BodyMotion
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Length, frame rate and joints."""
        motion: BodyMotion = self["motion"]
        return {
            "duration_s": round(len(motion.root_cm) / motion.fps, 3),
            "fps": motion.fps,
            "joints": motion.rotations.shape[1],
        }

    def _bvh(self, path: Path) -> None:
        write_bvh(path, self["motion"].to_bvh())


class GesturePipeline(AffectivePipeline):
    """A standing body: it breathes, sways, holds itself as it feels, nods and beats with the speech."""

    modality = "gesture"

    def __init__(self, codec: BodyCodec, rules: PostureRules) -> None:
        super().__init__()
        self.register_modules(codec=codec, rules=rules)

    @classmethod
    def embedded(cls) -> GesturePipeline:
        """The posture table that ships with emogen."""
        return cls(BodyCodec(), PostureRules())

    def __call__(
        self,
        audio: Any = None,
        emotion: Any = None,
        *,
        seconds: float | None = None,
        fps: float = 30.0,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Moves a body.

        Args:
            audio: Speech to move with: a path, an object with `audio` and `sample_rate` (such as a SpeechOutput), or
                None for a body that only stands. A list makes several motions.
            emotion: What is felt, or a track in seconds.
            seconds: How long; without it as long as the speech.
            fps: Frames per second, 1..120.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "listen" and "move".
            return_dict: False gives a tuple.

        Returns:
            GestureOutput, or a list of them.

        Raises:
            InputError: Neither speech nor a length, or one that cannot be used.
        """
        if isinstance(fps, bool) or not isinstance(fps, (int, float)) or not FPS[0] <= fps <= FPS[1]:
            raise InputError("fps", f"{fps}", f"Accepted: {FPS[0]:g} to {FPS[1]:g}.")

        def make(speech: Any, track: EmotionTrack, chosen: int) -> Any:
            return self._one(speech, track, chosen, seconds, float(fps), callback_on_step_end, return_dict)

        return self.each(make, audio, emotion, seed, generator)

    def _one(
        self,
        speech: Any,
        track: EmotionTrack,
        seed: int,
        seconds: float | None,
        fps: float,
        callback: StepCallback | None,
        return_dict: bool,
    ) -> Any:
        with self.steps(2, callback) as steps:
            samples, rate, name = _heard(speech)
            length = seconds if seconds is not None else len(samples) / rate if samples is not None else None
            if length is None:
                raise InputError("gesture", "neither speech nor a length", "Give audio, or seconds.")
            if not isinstance(length, (int, float)) or not length >= 2 / fps:
                raise InputError("seconds", f"{length}", "Accepted: at least two frames.")
            if length > LIMITS.render_s:
                raise LimitError("seconds", f"{length:g}", f"The limit is {LIMITS.render_s:g} (limits.render_s).")
            steps.done("listen")
            motion = moved(self.rules, track, round(length * fps), fps, seed, samples, rate)
            steps.done("move")
        request = {"audio": name, "emotion": str(track), "seconds": seconds, "fps": fps}
        made = Made(
            request=request,
            emotion=track,
            seed=seed,
            models={"posture cues": "1"},
            timings=steps.timings,
            real_input=isinstance(speech, (str, Path)),
        )
        out = GestureOutput(motion, made=made)
        return out if return_dict else out.to_tuple()


def _heard(speech: Any) -> tuple[np.ndarray | None, int, str | None]:
    """Samples, rate and a name for the request."""
    if speech is None:
        return None, 1, None
    if isinstance(speech, (str, Path)):
        found = read_audio(speech)
        return found.samples, found.sample_rate, Path(speech).name
    samples, rate = getattr(speech, "audio", None), getattr(speech, "sample_rate", None)
    if not isinstance(samples, np.ndarray) or samples.ndim != 1 or not isinstance(rate, int):
        raise InputError(
            "audio", f"found {type(speech).__name__}", "Accepted: a path, or an object with audio [n] and sample_rate."
        )
    return samples, rate, "speech"
