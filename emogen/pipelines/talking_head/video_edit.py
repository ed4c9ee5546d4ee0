"""A video of a person + emotion -> the same video, felt otherwise: only the face changes.

The video is gone through twice, picture by picture: to follow the face and see what it does, and to change it while the
result is written. Memory does not grow with its length.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.checkpoints import checkpoint_hash, commercial_only
from emogen.codecs.face import FaceMotion
from emogen.conditioning.audio import felt_in
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError
from emogen.media.video import VideoInfo, VideoWriter, probe, read_frames
from emogen.media.video_sound import Sound
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.talking_head.animate import Knobs
from emogen.pipelines.talking_head.explain import UnitTrack, explained
from emogen.pipelines.talking_head.expression import UNITS, ExpressionRules
from emogen.pipelines.talking_head.expressive import LearntExpression
from emogen.pipelines.talking_head.face_added import added
from emogen.pipelines.talking_head.face_track import Track, tracked
from emogen.pipelines.talking_head.heard import phones_from_audio
from emogen.pipelines.talking_head.pipeline import Given
from emogen.pipelines.talking_head.video_editor import VideoEditor

#: Statements of why a video of somebody may be changed.
RIGHTS = ("own", "licensed", "synthetic")
NO_RIGHTS = f"Nothing says why this person's video may be changed; state it as rights: {', '.join(RIGHTS)}."
#: Seconds of video after which the callback is called.
STEP_S = 10.0
#: Threads that change pictures, and how many pictures each may be ahead.
THREADS, AHEAD = 2, 3


@dataclass
class FaceEditOutput(MediaOutput):
    """A video whose face feels otherwise; pictures are changed while they are gone through or saved.

    Attributes:
        motion: What is added to the face's movement, -1..1; head and gaze 0.
        track: The face in the video.
        sound: What is heard; None for a silent video.
        made: How it came about.
    """

    modality: ClassVar[str] = "face_edit"
    writers: ClassVar[dict[str, str]] = {".mp4": "_video", ".csv": "_curves"}

    motion: FaceMotion
    track: Track = field(compare=False)
    sound: Sound | None = field(compare=False)
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Length, size, rate, and where the face was found."""
        motion, track = self.motion, self.track
        return {"duration_s": round(len(motion.curves) / motion.fps, 3), "fps": motion.fps, "width": track.width,
                "height": track.height, **track.facts, **self.made.facts}  # fmt: skip

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures in order, uint8 [h, w, 3]; outside the face, and where there is none, those of the video."""
        track, curves = self.track, self.motion.curves
        editor = VideoEditor(track.picture, track.points)

        def changed(picture: np.ndarray, i: int) -> np.ndarray:
            points = track.landmarks[min(i, len(track) - 1)]
            if points is None or not curves[i].any():
                return picture
            return editor.reexpress(picture, points, curves[i])

        waiting: deque[Future[np.ndarray]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            for i, picture in enumerate(_pictures(track, len(curves))):
                waiting.append(pool.submit(changed, picture, i))
                if len(waiting) > THREADS * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _video(self, path: Path) -> None:
        track, sound, fps = self.track, self.sound, self.motion.fps
        even = (track.height % 2, track.width % 2)
        with VideoWriter(path, fps=fps, width=track.width + even[1], height=track.height + even[0],
                         audio_rate=sound.rate if sound else None, channels=sound.channels if sound else 1,
                         provenance=self.provenance) as video:  # fmt: skip
            heard_s, blocks = 0.0, sound.until(len(self.motion.curves) / fps) if sound else iter(())
            for i, picture in enumerate(self.frames()):
                while sound and heard_s <= (i + 1) / fps and (block := next(blocks, None)) is not None:
                    video.write_audio(block)
                    heard_s += len(block) / sound.rate
                if any(even):
                    picture = np.pad(picture, ((0, even[0]), (0, even[1]), (0, 0)), mode="edge")
                video.write(picture)
            for block in blocks:
                video.write_audio(block)

    def _curves(self, path: Path) -> None:
        self.motion.save(path)


class FaceEditPipeline(AffectivePipeline):
    """Expression for the face in a video: what FACS asks for, moved as people move it, on top of what the face does.

    Args:
        expression: How a feeling moves a face.
    """

    modality: ClassVar[str] = "face_edit"

    def __init__(self, expression: LearntExpression | ExpressionRules) -> None:
        super().__init__()
        self.register_modules(expression=expression)

    @classmethod
    def embedded(cls) -> FaceEditPipeline:
        """What ships with emogen; with `EMOGEN_COMMERCIAL` expressions by rules, since the learnt ones are for research."""
        return cls(ExpressionRules() if commercial_only() else LearntExpression.embedded())

    def __call__(
        self,
        video: Any = None,
        emotion: Any = None,
        *,
        face: int | None = None,
        audio: Any = None,
        rights: str | None = None,
        brows: float = 1.0,
        mouth: float = 1.0,
        units: Any = None,
        seed: Any = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Changes what the face in a video feels.

        Args:
            video: The path of an mp4, mov, mkv or webm file, or a list of them.
            emotion: What is to be felt, a track in seconds of the video, or "auto": as the voice sounds. None: neutral,
                which changes nothing.
            face: Which of several people, counted from the left from 0 where most are seen at once; None: the largest.
            audio: Another voice: a path, or an object with `audio` [n], `sample_rate` and, where they are known, `phones`.
                The lips then say what it says. None: the video's own sound stays, and with it its lips.
            rights: Why the video may be changed: one of `RIGHTS`; kept in the sidecar. Without it, a warning is.
            brows: How much brows and lids show of it, 0..2.
            mouth: How much the mouth shows of it, 0..2.
            units: Action units in place of those that the emotion asks for, as for a talking head.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called for every 10 s of the video, after "face", and after "motion".
            return_dict: False gives a tuple.

        Returns:
            FaceEditOutput, or a list of them.

        Raises:
            InputError: Not a video, no face in it, an option out of range; nothing was computed.
            LimitError: A video longer or larger than `emogen.limits` allows.
        """
        if rights is not None and rights not in RIGHTS:
            raise InputError("rights", f"{rights!r:.40}", f"Accepted: {', '.join(RIGHTS)}.")
        if face is not None and (isinstance(face, bool) or not isinstance(face, int) or face < 0):
            raise InputError("face", f"{face!r:.40}", "Accepted: a whole number from 0, counted from the left.")
        edited = None if units is None else UnitTrack.of(units)
        voice = None if audio is None else Given(audio)
        ask = Ask(Knobs(brows=brows, mouth=mouth), edited, face, rights, voice, Path(audio).name if _is_path(audio) else "voice")
        auto = isinstance(emotion, str) and emotion == "auto"

        def make(given: Any, track: EmotionTrack, chosen: int) -> Any:
            if not _is_path(given) or not str(given):
                raise InputError("video", f"found {type(given).__name__}", "Accepted: the path of an mp4, mov, mkv or webm file.")
            info = probe(given)
            felt = track if not auto else voice.emotion if voice else _heard(Path(given), info)
            out = self._edited(Path(given), info, felt, chosen, ask, callback_on_step_end)
            return out if return_dict else out.to_tuple()

        return self.each(make, video, "neutral" if auto else emotion, seed, generator)

    def _edited(
        self, path: Path, info: VideoInfo, felt: EmotionTrack, seed: int, ask: Ask, callback: StepCallback | None
    ) -> FaceEditOutput:
        voice, phones = ask.voice, None
        in_all = 1 + max(1, math.ceil(info.duration_s / STEP_S))
        with self.steps(in_all, callback) as steps:

            def each(t_s: float) -> None:
                if t_s >= STEP_S * (steps.index + 1) and steps.index < in_all - 2:
                    steps.done("face")

            track = tracked(path, ask.face, each)
            while steps.index < in_all - 1:
                steps.done("face")
            count = len(track)
            if voice is not None:
                count = max(count, math.ceil(voice.seconds * track.fps - 1e-6))
                phones = voice.phones or phones_from_audio(voice.audio, voice.sample_rate)
            curves = added(
                self.expression, felt, track, seed=seed, knobs=ask.knobs, units=ask.units, phones=phones, count=count
            )
            steps.done("motion")
        made = Made(
            request={"video": {"name": path.name, "sha256": _hash(path)}, "emotion": str(felt), **ask.told()},
            emotion=felt, seed=seed, models=self._models(voice), real_input=True, timings=steps.timings,
            warnings=[*track.notes, *_told(track, info, voice, count), *([] if ask.rights else [NO_RIGHTS])],
            facts={"explained": [moment.to_dict() for moment in explained(self._rules, felt, ask.units)]},
        )  # fmt: skip
        sound = Sound.of_video(path) if info.audio_rate else None
        if voice is not None:
            sound = Sound.of_voice(voice.audio, voice.sample_rate)
        return FaceEditOutput(FaceMotion(curves.astype(np.float32), track.fps), track, sound, made=made)

    @property
    def _rules(self) -> Any:
        return getattr(self.expression, "rules", self.expression)

    def _models(self, voice: Given | None) -> dict[str, str]:
        """Checkpoint or table -> its hash or version."""
        learnt = {} if self._rules is self.expression else {"face_motion": checkpoint_hash("face_motion")}
        lips = {} if voice is None else {"visemes": "1"} if voice.phones else {"visemes": "1", "lips": checkpoint_hash("lips")}
        return {"expression": "FACS/Du 2014, 1", **learnt, **lips}


@dataclass(frozen=True)
class Ask:
    """How a face is to be changed, checked."""

    knobs: Knobs
    units: UnitTrack | None
    face: int | None
    rights: str | None
    voice: Given | None
    voice_name: str

    def told(self) -> dict[str, Any]:
        """As plain JSON values, for the sidecar."""
        units = self.units
        rows = None if units is None else [
            {"t": float(t), **{u: float(x) for u, x in zip(UNITS, row, strict=True) if x}}
            for t, row in zip(units.times, units.values, strict=True)
        ]  # fmt: skip
        return {"face": self.face, "rights": self.rights, "audio": self.voice_name if self.voice else None,
                "brows": self.knobs.brows, "mouth": self.knobs.mouth, "units": rows}  # fmt: skip


def _is_path(given: Any) -> bool:
    return isinstance(given, (str, Path))


def _pictures(track: Track, count: int) -> Iterator[np.ndarray]:
    """The pictures of the video; the last one is held until there are as many as wanted."""
    last: np.ndarray | None = None
    given = 0
    for picture in read_frames(track.path, fps=track.fps):
        last = np.ascontiguousarray(picture)
        given += 1
        yield last
        if given == count:
            return
    while last is not None and given < count:
        given += 1
        yield last


def _heard(path: Path, info: VideoInfo) -> EmotionTrack:
    """What the video's own voice sounds like."""
    if not info.audio_rate:
        raise InputError("emotion", '"auto" for a video without sound', "Give an emotion, or a voice.")
    return felt_in(path)


def _told(track: Track, info: VideoInfo, voice: Given | None, count: int) -> Iterator[str]:
    """What the user should know about the sound."""
    pictures_s = len(track) / track.fps
    if voice is not None:
        if count > len(track):
            yield f"The voice lasts {voice.seconds:.1f} s, the video {pictures_s:.1f} s; its last picture is held."
    elif not info.audio_rate:
        yield "The video has no sound."
    elif info.audio_channels > 2:
        yield f"The {info.audio_channels} channels of the sound are mixed to one."


def _hash(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
