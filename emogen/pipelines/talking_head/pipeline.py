"""Text or a voice, a portrait and an emotion -> a talking face, as curves and as video."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emogen import registry
from emogen.checkpoints import checkpoint_hash, commercial_only
from emogen.codecs.face_codec import FaceCodec
from emogen.conditioning.audio import felt_in
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import read_audio
from emogen.pipelines.base import AffectivePipeline, StepCallback, draw_seed
from emogen.pipelines.outputs import Made
from emogen.pipelines.talking_head.animate import Knobs, animate
from emogen.pipelines.talking_head.described import described_units
from emogen.pipelines.talking_head.explain import UnitTrack, explained
from emogen.pipelines.talking_head.expression import ExpressionRules
from emogen.pipelines.talking_head.expressive import LearntExpression
from emogen.pipelines.talking_head.heard import phones_from_audio
from emogen.pipelines.talking_head.output import TalkingHeadOutput, TalkingHeadStream
from emogen.pipelines.talking_head.pieces import RATE_HZ, Pieces
from emogen.pipelines.talking_head.portraits import is_real, open_portrait
from emogen.pipelines.talking_head.style import Style
from emogen.pipelines.talking_head.transcript import timed

FPS, SIZE = (1.0, 60.0), (128, 2048)
#: A voice begins and ends with this much silence in the video (s), so that lips close; own assumption.
LEAD_S, TAIL_S = 0.25, 0.6


class TalkingHeadPipeline(AffectivePipeline):
    """Lips from phones (known, or heard in the voice), expression from FACS and from people, blinks, gaze and head."""

    modality = "talking_head"

    def __init__(
        self, codec: FaceCodec, expression: LearntExpression | ExpressionRules, speech: AffectivePipeline
    ) -> None:
        super().__init__()
        self.register_modules(codec=codec, expression=expression, speech=speech)
        speech.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> TalkingHeadPipeline:
        """What ships with emogen; with `EMOGEN_COMMERCIAL` expressions by rules, since the learnt ones are for research."""
        expression = ExpressionRules() if commercial_only() else LearntExpression.embedded()
        return cls(FaceCodec(), expression, registry.resolve("pipelines", "speech").embedded())

    def __call__(
        self,
        text: str | list[str] | None = None,
        emotion: Any = None,
        *,
        audio: Any = None,
        portrait: Any = "avatar:ava",
        face: int | None = None,
        style: Any = None,
        voice: Any = None,
        language: str = "en",
        fps: float = 25.0,
        size: int = 512,
        mouth: float = 1.0,
        brows: float = 1.0,
        head: float = 1.0,
        blink: float = 1.0,
        gaze: float = 1.0,
        units: Any = None,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Makes a face talk.

        Args:
            text: What is said, or a list of texts. Beside `audio`: what is said there, so that lips are exact.
            emotion: What is felt, a track in seconds, or "auto": the words and the voice decide.
            audio: A voice instead of an embedded one: a path, or an object with `audio` [n], `sample_rate` and, where they
                are known, `phones` and `words`.
            portrait: `avatar:NAME`, `sample:astronaut`, a photo's path or array, or an opened portrait.
            face: Which of several faces in a photo, from the left from 0; the largest where none is given.
            style: Whose way of moving the face is taken on: a video of a face, or its curves (.csv).
            voice: For `text`: a voice of the speech pipeline.
            language: For `text`.
            fps: Frames per second, 1..60.
            size: Width and height in pixels, even, 128..2048.
            mouth: How wide speech opens the mouth, 0..2; closed lips stay closed.
            brows: How much brows and lids do, 0..2.
            head: How much the head moves, 0..2.
            blink: Factor on the rate of blinks, 0..2.
            gaze: How far the eyes wander, 0..2.
            units: Action units in place of those that the emotion asks for: `{"AU12": 0.8}`, a list of these with "t"
                in seconds, or the path of a JSON file with one of them (a sidecar of a talking head is one).
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "portrait", "voice" and "motion".
            return_dict: False gives a tuple.

        Returns:
            TalkingHeadOutput, or a list of them.

        Raises:
            InputError: Neither text nor audio, a text that is not what the audio says, a portrait without a face, an
                option out of range.
        """
        asked = self._asked(Knobs(mouth, brows, head, blink, gaze), units, style, fps, size)
        if text is None and audio is None:
            raise InputError("talking head", "needs a text or a voice", "Give text, audio, or both.")
        auto = emotion == "auto" if isinstance(emotion, str) else False

        def make(words: str | None, track: EmotionTrack, chosen: int) -> Any:
            with self.steps(3, callback_on_step_end) as steps:
                renderer = open_portrait(portrait, size=size, face=face)
                steps.done("portrait")
                own: Any = None if words is None else self.speech(
                    words, "auto" if auto else track, voice=voice, language=language, seed=chosen
                )  # fmt: skip
                said = own if audio is None else Given(audio, own)
                felt = track if not auto else said.emotion
                sound, rate, spoken, phones = _laid(said, fps, padded=audio is None)
                lead = LEAD_S if audio is None else 0.0
                ask = self._described(asked, felt)
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
                    knobs=ask.knobs,
                    units=ask.units.shift(lead) if ask.units and lead else ask.units,
                    style=ask.style,
                )
                steps.done("motion")
            request = {"text": words, "voice": str(voice) if voice is not None else None, "language": language,
                       **ask.told(audio, portrait, face, felt)}  # fmt: skip
            models = own.made.models if audio is None else {}
            made = self._made(request, felt, chosen, renderer, ask, portrait, audio, models)
            made.timings = steps.timings
            out = TalkingHeadOutput(moved, sound, rate, spoken, phones, renderer, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, text, "neutral" if auto else emotion, seed, generator)

    def stream(
        self, audio: str | Path, emotion: Any = None, *, portrait: Any = "avatar:ava", face: int | None = None,
        style: Any = None, fps: float = 25.0, size: int = 512, mouth: float = 1.0, brows: float = 1.0, head: float = 1.0,
        blink: float = 1.0, gaze: float = 1.0, units: Any = None, seed: int | None = None,
    ) -> TalkingHeadStream:  # fmt: skip
        """Makes a face talk with a voice of any length, while it is saved or gone through; arguments as in a call.

        Returns:
            TalkingHeadStream: memory does not grow with the voice.
        """
        asked = self._asked(Knobs(mouth, brows, head, blink, gaze), units, style, fps, size)
        auto = emotion == "auto" if isinstance(emotion, str) else False
        felt = felt_in(audio) if auto else EmotionTrack.of(emotion or "neutral")
        ask = self._described(asked, felt)
        used, renderer = draw_seed(seed), open_portrait(portrait, size=size, face=face)

        def piece(voice: np.ndarray, begin_s: float, number: int) -> np.ndarray:
            return animate(
                self.expression, felt.slice(begin_s, begin_s + len(voice) / RATE_HZ), len(voice) / RATE_HZ, fps=fps,
                seed=used if not number else _mixed(used, number), audio=voice, sample_rate=RATE_HZ, knobs=ask.knobs,
                units=ask.units.shift(-begin_s) if ask.units else None, style=ask.style,
            ).curves  # fmt: skip

        made = self._made(ask.told(audio, portrait, face, felt), felt, used, renderer, ask, portrait, audio, {})
        return TalkingHeadStream(Pieces(Path(audio), fps, piece), fps, RATE_HZ, renderer, made=made)

    def _asked(self, knobs: Knobs, units: Any, style: Any, fps: Any, size: Any) -> Ask:
        if isinstance(fps, bool) or not isinstance(fps, (int, float)) or not FPS[0] <= fps <= FPS[1]:
            raise InputError("fps", f"{fps}", f"Accepted: {FPS[0]:g} to {FPS[1]:g}.")
        if not isinstance(size, int) or size % 2 or not SIZE[0] <= size <= SIZE[1]:
            raise InputError("size", f"{size} px", f"Accepted: an even number from {SIZE[0]} to {SIZE[1]}.")
        edited = None if units is None else UnitTrack.of(units)
        return Ask(knobs, edited, None if style is None else Style.of(style), float(fps), size)

    def _rules(self) -> Any:
        return getattr(self.expression, "rules", self.expression)

    def _described(self, asked: Ask, felt: EmotionTrack) -> Ask:
        """With the units that a description names, where the caller gave none."""
        return asked if asked.units is not None else replace(asked, units=described_units(self._rules(), felt))

    def _made(self, request: dict[str, Any], felt: EmotionTrack, seed: int, renderer: Any, ask: Ask, portrait: Any,
              audio: Any, models: dict[str, str]) -> Made:  # fmt: skip
        rules = self._rules()
        learnt = {} if rules is self.expression else {"face_motion": checkpoint_hash("face_motion")}
        return Made(
            request=request, emotion=felt, seed=seed, real_input=is_real(portrait) or isinstance(audio, (str, Path)),
            models={"expression": "FACS/Du 2014, 1", "visemes": "1", **learnt, **models},
            warnings=list(getattr(renderer, "notes", [])),
            facts={"explained": [moment.to_dict() for moment in explained(rules, felt, ask.units)]},
        )  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """How a face is to move and be shown, checked."""

    knobs: Knobs
    units: UnitTrack | None
    style: Style | None
    fps: float
    size: int

    def told(self, audio: Any, portrait: Any, face: int | None, felt: EmotionTrack) -> dict[str, Any]:
        """As plain JSON values, for the sidecar."""
        written = isinstance(portrait, str) and ":" in portrait
        return {
            "audio": Path(audio).name if isinstance(audio, (str, Path)) else "voice" if audio is not None else None,
            "emotion": str(felt),
            "portrait": portrait if written else Path(portrait).name if isinstance(portrait, (str, Path)) else "picture",
            "face": face, "style": self.style.name if self.style else None, "fps": self.fps, "size": self.size,
            **vars(self.knobs),
        }  # fmt: skip


class Given:
    """A voice that was given, with what is known of it; the sounds of `spoken`, the same words, are looked for in it."""

    def __init__(self, audio: Any, spoken: Any = None) -> None:
        given = read_audio(audio) if isinstance(audio, (str, Path)) else audio
        samples, rate = getattr(given, "samples", getattr(given, "audio", None)), getattr(given, "sample_rate", None)
        if not isinstance(samples, np.ndarray) or samples.ndim != 1 or not len(samples) or not isinstance(rate, (int, np.integer)):
            raise InputError(
                "audio", f"found {type(audio).__name__}", "Accepted: a path, or an object with audio [n] and sample_rate."
            )
        self.audio, self.sample_rate = samples.astype(np.float32), int(rate)
        self.seconds = len(samples) / self.sample_rate
        if self.seconds > LIMITS.render_s:
            raise LimitError("audio", f"{self.seconds:.0f} s", f"The limit is {LIMITS.render_s:.0f} s (limits.render_s).")
        source = given if spoken is None else timed(spoken, self.audio, self.sample_rate)
        self.words = tuple(getattr(source, "words", ()))
        self.phones = tuple(getattr(source, "phones", None) or ()) or None
        self._spoken = spoken

    @property
    def emotion(self) -> EmotionTrack:
        """What the voice sounds like, and what the words say where they are known: halfway between the two."""
        sounds = felt_in(self)
        if self._spoken is None:
            return sounds
        says = self._spoken.emotion.scale_time(self.seconds / (len(self._spoken.audio) / self._spoken.sample_rate))
        times = sorted({round(k.t, 3) for k in (*sounds.keyframes, *says.keyframes)})
        return EmotionTrack(tuple(Keyframe(t, Emotion.lerp(says.at(t), sounds.at(t), 0.5)) for t in times))


def _laid(said: Any, fps: float, *, padded: bool) -> tuple[np.ndarray, int, tuple[Any, ...], tuple[Any, ...]]:
    """The voice as long as a whole number of frames, with silence around it if `padded`: samples, rate, words, phones."""
    samples, rate = said.audio, int(said.sample_rate)
    lead, tail = (round((LEAD_S if padded else 0) * rate), round((TAIL_S if padded else 0) * rate))
    frames = int(np.ceil((lead + len(samples) + tail) / rate * fps - 1e-6))
    sound = np.zeros(round(frames / fps * rate), np.float32)
    n = min(len(samples), len(sound) - lead)
    sound[lead : lead + n] = samples[:n]
    shift = lead / rate
    words = tuple((w, a + shift, b + shift) for w, a, b in said.words)
    phones = said.phones if said.phones is not None else phones_from_audio(sound, rate)
    return sound, rate, words, tuple((p, a + shift, b + shift) for p, a, b in phones)


def _mixed(seed: int, number: int) -> int:
    """The seed of a later piece."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))
