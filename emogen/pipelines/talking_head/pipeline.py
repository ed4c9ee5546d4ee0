"""Text or a voice, a portrait and an emotion -> a talking face, as curves and as video."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component

from emogen import registry
from emogen.codecs.face import FACE_CHANNELS, FaceCodec, FaceMotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import read_audio, resample, write_audio
from emogen.media.jsonio import write_json
from emogen.media.video import VideoWriter
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.talking_head.animate import animate
from emogen.pipelines.talking_head.expression import ExpressionRules
from emogen.pipelines.talking_head.portraits import FaceRenderer, is_real, open_portrait

FPS, SIZE = (1.0, 60.0), (128, 2048)
#: The sound of the video; AAC wants one of a few rates.
VIDEO_RATE_HZ = 44_100
#: Drawing threads and how many frames each may be ahead of the file.
THREADS, AHEAD = 2, 6
#: A voice begins and ends with this much silence in the video (s), so that lips close; own assumption.
LEAD_S, TAIL_S = 0.25, 0.6


@dataclass
class TalkingHeadOutput(MediaOutput):
    """A talking face.

    Attributes:
        motion: The face's curves.
        audio: The voice, float32 [n], as long as the motion.
        sample_rate: Of the voice, Hz.
        words: (word, start in s, end in s).
        phones: (IPA, start in s, end in s).
        renderer: Draws the curves.
    """

    modality: ClassVar[str] = "talking_head"
    writers: ClassVar[dict[str, str]] = {".mp4": "_video", ".csv": "_curves", ".json": "_data", ".wav": "_sound"}

    motion: FaceMotion
    audio: np.ndarray
    sample_rate: int
    words: tuple[tuple[str, float, float], ...]
    phones: tuple[tuple[str, float, float], ...]
    renderer: FaceRenderer = field(compare=False)
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Length, size, rate and words."""
        motion: FaceMotion = self["motion"]
        return {
            "duration_s": round(len(motion.curves) / motion.fps, 3),
            "fps": motion.fps,
            "width": self["renderer"].width,
            "height": self["renderer"].height,
            "words": [[w, round(a, 3), round(b, 3)] for w, a, b in self["words"]],
        }

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures in order, uint8 [size, size, 3]; drawn when they are asked for."""
        waiting: deque[Future[np.ndarray]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            for curves in self["motion"].curves:
                waiting.append(pool.submit(self["renderer"].render, curves))
                if len(waiting) > THREADS * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _video(self, path: Path) -> None:
        renderer, fps = self["renderer"], self["motion"].fps
        sound = resample(self["audio"], self["sample_rate"], VIDEO_RATE_HZ)
        with VideoWriter(
            path,
            fps=fps,
            width=renderer.width,
            height=renderer.height,
            audio_rate=VIDEO_RATE_HZ,
            provenance=self.provenance,
        ) as video:
            for i, picture in enumerate(self.frames()):
                video.write_audio(sound[round(i / fps * VIDEO_RATE_HZ) : round((i + 1) / fps * VIDEO_RATE_HZ)])
                video.write(picture)

    def _curves(self, path: Path) -> None:
        self["motion"].save(path)

    def _sound(self, path: Path) -> None:
        write_audio(path, self["audio"], self["sample_rate"], provenance=self.provenance)

    def _data(self, path: Path) -> None:
        motion: FaceMotion = self["motion"]
        rows = np.round(motion.curves.astype(float), 5).tolist()
        write_json(
            path,
            {
                "fps": motion.fps,
                "channels": list(FACE_CHANNELS),
                "frames": rows,
                "provenance": self.provenance.to_dict(),
            },
        )


class TalkingHeadPipeline(AffectivePipeline):
    """Lips from phones (or from the voice alone), expression from FACS, blinks, gaze and head; any portrait."""

    modality = "talking_head"

    def __init__(self, codec: FaceCodec, expression: ExpressionRules, speech: AffectivePipeline) -> None:
        super().__init__()
        self.register_modules(codec=codec, expression=expression, speech=speech)
        speech.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> TalkingHeadPipeline:
        """The tables that ship with emogen, and its embedded voice."""
        return cls(FaceCodec(), ExpressionRules(), registry.resolve("pipelines", "speech").embedded())

    def __call__(
        self,
        text: str | list[str] | None = None,
        emotion: Any = None,
        *,
        audio: Any = None,
        portrait: Any = "avatar:ava",
        voice: Any = None,
        language: str = "en",
        fps: float = 25.0,
        size: int = 512,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Makes a face talk.

        Args:
            text: What is said, or a list of texts; or
            audio: a voice: a path, or an object with `audio` [n], `sample_rate` and, for exact lips, `phones`.
            emotion: What is felt, a track in seconds, or "auto": the words decide.
            portrait: `avatar:NAME`, `sample:astronaut`, a photo's path or array, or an opened portrait.
            voice: For `text`: a voice of the speech pipeline.
            language: For `text`.
            fps: Frames per second, 1..60.
            size: Width and height in pixels, even, 128..2048.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "portrait", "voice" and "motion".
            return_dict: False gives a tuple.

        Returns:
            TalkingHeadOutput, or a list of them.

        Raises:
            InputError: Neither or both of text and audio, a portrait without a face, an option out of range.
        """
        if isinstance(fps, bool) or not isinstance(fps, (int, float)) or not FPS[0] <= fps <= FPS[1]:
            raise InputError("fps", f"{fps}", f"Accepted: {FPS[0]:g} to {FPS[1]:g}.")
        if not isinstance(size, int) or size % 2 or not SIZE[0] <= size <= SIZE[1]:
            raise InputError("size", f"{size} px", f"Accepted: an even number from {SIZE[0]} to {SIZE[1]}.")
        if (text is None) == (audio is None):
            raise InputError("talking head", "needs either a text or a voice", "Give one of text and audio.")
        auto = emotion == "auto" if isinstance(emotion, str) else False
        if auto and text is None:
            raise InputError("emotion", '"auto" reads the words, and there are none', "Give an emotion, or a text.")

        def make(words: str | None, track: EmotionTrack, chosen: int) -> Any:
            with self.steps(3, callback_on_step_end) as steps:
                renderer = open_portrait(portrait, size=size)
                steps.done("portrait")
                said = (
                    self.speech(words, "auto" if auto else track, voice=voice, language=language, seed=chosen)
                    if words is not None
                    else audio
                )
                felt = said.emotion if auto else track
                sound, rate, spoken, phones = _laid(said, fps, padded=words is not None)
                lead = LEAD_S if words is not None else 0.0
                steps.done("voice")
                moved = animate(
                    self.expression,
                    felt.shift(lead) if lead else felt,
                    len(sound) / rate,
                    fps=fps,
                    seed=chosen,
                    phones=phones,
                    audio=sound,
                    sample_rate=rate,
                )
                steps.done("motion")
            named = (
                portrait
                if isinstance(portrait, str) and ":" in portrait
                else Path(portrait).name
                if isinstance(portrait, (str, Path))
                else "picture"
            )
            request = {
                "text": words,
                "audio": Path(audio).name if isinstance(audio, (str, Path)) else "voice" if audio is not None else None,
                "emotion": str(felt),
                "portrait": named,
                "voice": str(voice) if voice is not None else None,
                "language": language,
                "fps": fps,
                "size": size,
            }
            made = Made(
                request=request,
                emotion=felt,
                seed=chosen,
                real_input=is_real(portrait) or isinstance(audio, (str, Path)),
                models={
                    "expression": "FACS/Du 2014, 1",
                    "visemes": "1",
                    **(said.made.models if words is not None else {}),
                },
                timings=steps.timings,
                warnings=list(getattr(renderer, "notes", [])),
            )
            out = TalkingHeadOutput(moved, sound, rate, spoken, phones or (), renderer, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, text, "neutral" if auto else emotion, seed, generator)


def _laid(said: Any, fps: float, *, padded: bool) -> tuple[np.ndarray, int, tuple[Any, ...], tuple[Any, ...] | None]:
    """The voice as long as a whole number of frames, with silence around it if `padded`: samples, rate, words, phones."""
    if isinstance(said, (str, Path)):
        said = read_audio(said)
        samples = said.samples
    else:
        samples = getattr(said, "audio", None)
    rate = getattr(said, "sample_rate", None)
    if (
        not isinstance(samples, np.ndarray)
        or samples.ndim != 1
        or not isinstance(rate, (int, np.integer))
        or not len(samples)
    ):
        raise InputError(
            "audio", f"found {type(said).__name__}", "Accepted: a path, or an object with audio [n] and sample_rate."
        )
    if len(samples) / rate > LIMITS.render_s:
        raise LimitError(
            "audio", f"{len(samples) / rate:.0f} s", f"The limit is {LIMITS.render_s:.0f} s (limits.render_s)."
        )
    lead = round(LEAD_S * rate) if padded else 0
    tail = round(TAIL_S * rate) if padded else 0
    frames = int(np.ceil((lead + len(samples) + tail) / rate * fps - 1e-6))
    sound = np.zeros(round(frames / fps * rate), np.float32)
    n = min(len(samples), len(sound) - lead)
    sound[lead : lead + n] = samples[:n]
    shift = lead / rate
    words = tuple((w, a + shift, b + shift) for w, a, b in getattr(said, "words", ()))
    phones = getattr(said, "phones", None)
    return sound, int(rate), words, tuple((p, a + shift, b + shift) for p, a, b in phones) if phones else None
