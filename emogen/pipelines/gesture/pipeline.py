"""Speech and an emotion -> a body that moves; and a movement -> the same movement, felt otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.checkpoints import checkpoint_hash, commercial_only
from emogen.codecs.body import BodyMotion
from emogen.codecs.body_codec import BodyCodec
from emogen.codecs.body_features import FPS, features, way
from emogen.conditioning.encoder import track_features
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError
from emogen.models.body import STRIDE
from emogen.pipelines.base import AffectivePipeline, StepCallback, draw_seed
from emogen.pipelines.gesture.content import Voice, voice_of
from emogen.pipelines.gesture.given import Said, a_motion, checked, felt_in_it, lasting, said
from emogen.pipelines.gesture.learnt import RATE, Felt, LearntBody, Pull
from emogen.pipelines.gesture.moving import PIECE, Acting, Mover, Whole
from emogen.pipelines.gesture.output import GestureOutput, GestureStream, together
from emogen.pipelines.gesture.perform import Performance
from emogen.pipelines.gesture.plan import planned
from emogen.pipelines.gesture.posture import PostureRules
from emogen.pipelines.gesture.restyle import restyled
from emogen.pipelines.gesture.retrieval import semantic_strokes
from emogen.pipelines.gesture.seams import Eased, standing_at, without_pops
from emogen.pipelines.gesture.speech import RATE_HZ, Speech
from emogen.pipelines.gesture.strokes import Stroke
from emogen.pipelines.outputs import Made
from emogen.pipelines.sequence import weights_hash

#: Noise level at which the diffusion takes over a draft of the rules, and a restyled movement: as high as beats stay on
#: their accents, and as hands keep nine tenths of their way (r = .92); the guide of movement sees more feeling above.
TALKING, RESTYLED = 0.7, 0.4


@dataclass(frozen=True, eq=False)
class Ask:
    """How a body is to move, checked."""

    fps: float
    amount: float
    semantic: Any
    pull: Pull
    style: BodyMotion | None
    before: BodyMotion | None
    after: BodyMotion | None


class GesturePipeline(AffectivePipeline):
    """A body that talks with its hands, stands and holds itself as it feels; or a movement that is felt otherwise.

    Args:
        codec: Names and units of the body's frames.
        rules: The posture table.
        body: How bodies move, learnt; None: by rules alone.
    """

    modality = "gesture"
    _optional_components: ClassVar[list[str]] = ["body"]

    def __init__(self, codec: BodyCodec, rules: PostureRules, body: LearntBody | None = None) -> None:
        super().__init__()
        self.register_modules(codec=codec, rules=rules, body=body)

    @classmethod
    def embedded(cls) -> GesturePipeline:
        """The tables and the checkpoint that ship with emogen; the tables alone where `EMOGEN_COMMERCIAL` is set."""
        return cls(BodyCodec(), PostureRules(), None if commercial_only() else LearntBody.embedded())

    def __call__(
        self,
        audio: Any = None,
        emotion: Any = None,
        *,
        text: str | None = None,
        language: str = "en",
        motion: Any = None,
        semantic: Any = "auto",
        style: Any = None,
        seed_motion: Any = None,
        end_motion: Any = None,
        amount: float = 1.0,
        strength: float | None = None,
        guidance_scale: float = 1.0,
        emotion_scale: float = 3.0,
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
                None. A list makes several motions.
            emotion: What is felt, a track in seconds, or "auto": the voice decides, or the words.
            text: What is said: beside `audio` its words are found there, alone they are timed as espeak-ng says them.
            language: Of the text.
            motion: A movement that is to be felt otherwise, in place of speech: a BVH or NPZ file, a BodyMotion.
            semantic: Gestures that mean something: "auto" finds them by the words, "none", or
                "point:1.2s, count-three:2.5s", or strokes.
            style: Whose way of moving is taken on: a BVH or NPZ file, a BodyMotion.
            seed_motion: A movement that is gone on from; the motion begins where it ends.
            end_motion: A movement that is come to; the motion ends where it begins.
            amount: Factor on how many beats the hands make, 0..2.
            strength: How far the learnt movement leaves the draft, 0 (not at all) to 1.
            guidance_scale: Pull of what is done, 0..20; 1 is what was learnt.
            emotion_scale: Pull of the emotion, 0..20; 1 is what was learnt.
            seconds: How long; without it as long as the speech.
            fps: Frames per second, 1..120.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "listen" and "move".
            return_dict: False gives a tuple.

        Returns:
            GestureOutput, or a list of them.

        Raises:
            InputError: Neither speech, text, movement nor a length, or one that cannot be used.
        """
        ask = self._asked(fps, amount, semantic, strength, guidance_scale, emotion_scale, style, seed_motion, end_motion,
                          motion is not None)  # fmt: skip
        given = a_motion(motion, "motion")
        if given is not None and (audio is not None or text is not None or seconds is not None):
            raise InputError("motion", "given with speech or a length", "Give a movement, or speech.")

        auto = isinstance(emotion, str) and emotion == "auto"

        def make(speech: Any, track: EmotionTrack, chosen: int) -> Any:
            if auto:
                track = felt_in_it(speech, text)
            with self.steps(2, callback_on_step_end) as steps:
                if given is None:
                    heard = said(speech, text, language, seconds)
                    frames = lasting(heard.speech, seconds, fps)
                    steps.done("listen")
                    strokes, parts = self._talking(heard.speech, track, frames, ask, chosen)
                else:
                    heard, strokes = None, ()
                    steps.done("listen")
                    parts = self._restyled(given, track, ask, chosen)
                moved = together(parts)
                steps.done("move")
            request = self._told(heard, text, language, motion, track, seconds, ask, semantic, style)
            made = self._made(request, track, chosen, heard, given)
            made.timings = steps.timings
            out = GestureOutput(moved, strokes, heard.audio if heard else None, heard.sample_rate if heard else 1, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, audio, "neutral" if auto else emotion, seed, generator)

    def stream(
        self, audio: Any = None, emotion: Any = None, *, text: str | None = None, language: str = "en",
        semantic: Any = "auto", style: Any = None, seed_motion: Any = None, amount: float = 1.0,
        strength: float | None = None, guidance_scale: float = 1.0, emotion_scale: float = 3.0,
        seconds: float | None = None, chunk_s: float = PIECE / RATE, seed: int | None = None,
    ) -> GestureStream:  # fmt: skip
        """Moves a body to speech of any length, chunk by chunk, at 30 frames a second; arguments as in a call.

        `chunk_s` is how much is made at once, in s, 0.5 or more.

        Returns:
            GestureStream: memory does not grow with the speech.
        """
        if not chunk_s >= 0.5:
            raise InputError("chunk_s", f"{chunk_s}", "Accepted: 0.5 or more.")
        ask = self._asked(FPS, amount, semantic, strength, guidance_scale, emotion_scale, style, seed_motion, None, False)
        auto = isinstance(emotion, str) and emotion == "auto"
        track, used = felt_in_it(audio, text) if auto else EmotionTrack.of(emotion or "neutral"), draw_seed(seed)
        heard = said(audio, text, language, seconds, keep=False)
        frames = lasting(heard.speech, seconds, FPS)
        size = max(1, round(chunk_s * RATE))
        strokes = self._planned(heard.speech, track, frames, ask, used)
        made = self._made(self._told(heard, text, language, None, track, seconds, ask, semantic, style), track, used, heard, None)

        def parts() -> Iterator[BodyMotion]:
            return self._talking(heard.speech, track, frames, ask, used, size)[1]

        return GestureStream(parts, frames, FPS, strokes, heard.audio, heard.recording, heard.sample_rate, made=made)

    def _asked(self, fps: float, amount: float, semantic: Any, strength: float | None, content: float, emotion: float,
               style: Any, before: Any, after: Any, restyle: bool) -> Ask:  # fmt: skip
        checked(fps=fps, amount=amount, strength=strength, guidance_scale=content, emotion_scale=emotion)
        if style is not None and self.body is None:
            raise InputError("style", "given", "The rules alone know no other's way of moving.")
        found = strength if strength is not None else RESTYLED if restyle else TALKING
        motions = [a_motion(m, n) for m, n in ((style, "style"), (before, "seed_motion"), (after, "end_motion"))]
        others = [None if m is None else m.resampled(FPS) for m in motions]
        return Ask(float(fps), float(amount), semantic, Pull(found, content, emotion), *others)

    def _planned(self, speech: Speech, track: EmotionTrack, frames: int, ask: Ask, seed: int) -> tuple[Stroke, ...]:
        """What the hands do."""
        length = frames / ask.fps
        meant = semantic_strokes(ask.semantic, speech, length, seed)
        return planned(speech, track.sample(FPS, length), meant, seed, ask.amount)

    def _talking(self, speech: Speech, track: EmotionTrack, frames: int, ask: Ask, seed: int,
                 size: int = PIECE) -> tuple[tuple[Stroke, ...], Iterator[BodyMotion]]:  # fmt: skip
        """What the hands do, and the movement piece by piece."""
        strokes, fps = self._planned(speech, track, frames, ask, seed), ask.fps if self.body is None else FPS
        count = max(2, round(frames * fps / ask.fps))
        draft: Acting = Performance(strokes, speech, track, count, fps, seed, self.rules)
        draft = _between(draft, ask)

        def voice(first: int, last: int) -> Voice | None:
            part = slice(round(first / FPS * RATE_HZ), round(last / FPS * RATE_HZ) + 1)
            cut = Speech((last - first) / FPS, speech.loudness[part], speech.pitch_st[part])
            return voice_of(cut, last - first, FPS) if len(cut.loudness) else None

        return strokes, self._moved(draft, track, voice, ask, seed, strokes, size, frames)

    def _restyled(self, given: BodyMotion, track: EmotionTrack, ask: Ask, seed: int) -> Iterator[BodyMotion]:
        draft: Acting = Whole(restyled(given.resampled(FPS), track))
        frames = round(draft.frames * ask.fps / FPS)
        if not any(key.emotion.intensity for key in track.keyframes):  # nothing felt: nothing changes
            ask = replace(ask, pull=replace(ask.pull, strength=0.0))
        return self._moved(_between(draft, ask), track, lambda a, b: None, ask, seed, (), PIECE, frames)

    def _moved(self, draft: Acting, track: EmotionTrack, voice: Callable[[int, int], Voice | None], ask: Ask, seed: int,
               strokes: Sequence[Stroke], size: int, frames: int) -> Iterator[BodyMotion]:  # fmt: skip
        """The draft as it is moved by who feels this, at the rate that was asked for."""
        parts: Iterator[BodyMotion]
        if self.body is None or ask.pull.strength == 0.0:
            parts = (draft.piece(a, min(a + size * STRIDE, draft.frames)) for a in range(0, draft.frames, size * STRIDE))
        else:
            numbers, factors = track_features(track, RATE, -(-draft.frames // STRIDE))
            before, after = (draft.before, draft.after) if isinstance(draft, Eased) else (None, None)
            mover = Mover(
                self.body, lambda a, b: Felt(numbers[a:b], factors[a:b]), voice, seed, ask.pull, self._style(ask.style), strokes
            )  # fmt: skip
            parts = mover.pieces(draft, size, before)
            if before is not None or after is not None:
                parts = iter([without_pops(together(parts), before, after)])
        if ask.fps == draft.fps:
            yield from parts
        else:
            whole = together(parts)
            yield whole.at_frames(np.clip(np.arange(frames) * whole.fps / ask.fps, 0, len(whole.root_cm) - 1), ask.fps)

    def _style(self, motion: BodyMotion | None) -> np.ndarray | None:
        """Somebody's way of moving, what was felt in it taken out as the guide of movement reads it."""
        if motion is None:
            return None
        from emogen.conditioning.motion import MotionRecognizer

        found = MotionRecognizer.load().recognize(motion.to_bvh()).distribution
        chances = np.array([found.get(label, 0.0) for label in self.body.config.labels])
        return self.body.style_of(self.body.latents(features(motion)[0]), chances / max(chances.sum(), 1e-9))

    def _told(self, heard: Said | None, text: str | None, language: str, motion: Any, track: EmotionTrack,
              seconds: float | None, ask: Ask, semantic: Any, style: Any) -> dict[str, Any]:  # fmt: skip
        """The request, for the sidecar."""

        def name(value: Any) -> str | None:
            return None if value is None else Path(value).name if isinstance(value, (str, Path)) else "movement"

        return {
            "audio": heard.name if heard else None, "text": text, "language": language, "motion": name(motion),
            "emotion": str(track), "seconds": seconds, "fps": ask.fps, "amount": ask.amount,
            "semantic": semantic if isinstance(semantic, str) else "strokes", "style": name(style),
            "strength": ask.pull.strength, "guidance_scale": ask.pull.content, "emotion_scale": ask.pull.emotion,
        }  # fmt: skip

    def _made(self, request: dict[str, Any], track: EmotionTrack, seed: int, heard: Said | None,
              given: BodyMotion | None) -> Made:  # fmt: skip
        models = {"posture cues": "2"}
        if self.body is not None:
            models["gesture"] = weights_hash(self.body)
        if given is not None:
            models["restyle"] = "written" if commercial_only() else checkpoint_hash("restyle")
        return Made(request, track, seed, models=models, real_input=given is not None or bool(heard and heard.recording))


class RuleGesturePipeline(GesturePipeline):
    """The same without anything learnt: posture, hands and feet by tables alone."""

    @classmethod
    def embedded(cls) -> RuleGesturePipeline:
        """The tables that ship with emogen."""
        return cls(BodyCodec(), PostureRules())


def _between(draft: Acting, ask: Ask) -> Acting:
    """The draft between the movements that it goes on from and comes to."""
    if ask.before is None and ask.after is None:
        return draft
    whole = together(iter([draft.piece(0, draft.frames)]))
    if ask.before is not None:
        gone = way(ask.before)
        whole = standing_at(whole, gone.place_cm[-1], gone.yaw[-1])
    after = ask.after
    if after is not None:
        gone = way(whole)
        after = standing_at(after, gone.place_cm[-1], gone.yaw[-1])
    return Eased(Whole(whole), ask.before, after)
