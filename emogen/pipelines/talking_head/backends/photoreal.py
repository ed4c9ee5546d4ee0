"""What the photoreal backends share: our motion first, drawn by our renderer; then a video model makes the pictures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import EmogenError, InputError, LimitError
from emogen.media.audio import resample, within
from emogen.media.video import VideoWriter
from emogen.pipelines.base import AffectivePipeline, StepCallback, Steps
from emogen.pipelines.opening import INDEX, NOT_STATED, device_of, first_line, licence_of
from emogen.pipelines.outputs import Made
from emogen.pipelines.talking_head.backends import opening
from emogen.pipelines.talking_head.backends.wording import Told, told
from emogen.pipelines.talking_head.output import VIDEO_RATE_HZ, TalkingHeadOutput
from emogen.pipelines.talking_head.pipeline import LEAD_S, TalkingHeadPipeline
from emogen.pipelines.talking_head.portraits import FaceRenderer

#: Longest clip: all its pictures are held in memory (own choice; 60 s of 512 x 512 at 30 frames a second are 1.4 GB).
LONGEST_S = 60.0
#: Sides that are asked for, pixels; and the smallest that our renderers draw.
SIDES, DRAWN = (32, 1280), 128
STEPS = (1, 200)
#: A rate this far from the model's own is said; own assumption.
NEAR_FPS = 0.2


@dataclass(frozen=True)
class Take:
    """How the pictures are made.

    Attributes:
        fps: Frames per second.
        size: Width and height, pixels.
        steps: Of denoising, for each segment.
        segment: Frames that the model makes at once.
        own_fps: What the model was trained on.
    """

    fps: float
    size: int
    steps: int
    segment: int
    own_fps: float


#: The motion, how, the segments, whom to tell of each step of denoising, and a seed -> pictures [T, size, size, 3].
Film = Callable[[TalkingHeadOutput, Take, list[Told], Steps, int], NDArray[np.uint8]]

#: The segments -> what stands in the request of them.
Asked = Callable[[list[Told]], dict[str, Any]]


class Screen:
    """In the place of a renderer: as large as the pictures, which no curves give again.

    Args:
        size: Of the pictures, pixels.
        drawn: What drew the face video.
    """

    def __init__(self, size: int, drawn: FaceRenderer) -> None:
        self.width = self.height = size
        self.notes = drawn.notes
        self.rig = getattr(drawn, "rig", None)

    def render(self, curves: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
        """There is no such thing.

        Raises:
            EmogenError: Always.
        """
        raise EmogenError("talking head", "the pictures of a video model cannot be drawn from curves", "See frames().")


@dataclass
class PhotorealOutput(TalkingHeadOutput):
    """A talking face, filmed by a video model.

    Attributes:
        pictures: uint8 [T, size, size, 3], one for each frame of the motion.
    """

    pictures: NDArray[np.uint8]
    made: Made = field(kw_only=True)

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """The pictures in order, uint8 [size, size, 3]."""
        return iter(self["pictures"])

    def _video(self, path: Path) -> None:
        sound = within(resample(self["audio"], self["sample_rate"], VIDEO_RATE_HZ))
        height, width = self["pictures"].shape[1:3]
        with VideoWriter(path, fps=self.fps, width=width, height=height, audio_rate=VIDEO_RATE_HZ, provenance=self.provenance) as video:
            for i, picture in enumerate(self["pictures"]):
                video.write_audio(sound[round(i / self.fps * VIDEO_RATE_HZ) : round((i + 1) / self.fps * VIDEO_RATE_HZ)])
                video.write(picture)


class PhotorealPipeline(AffectivePipeline):
    """Base of the backends; a subclass names the classes it can use and asks them for pictures.

    Args:
        face: Makes the motion.
        video: The pipeline of diffusers.
        source: Name of the model, for the sidecar.
        licence: Of the model, as its card says.
    """

    modality = "talking_head"
    backend: ClassVar[str]
    accepted: ClassVar[tuple[str, ...]]

    def __init__(self, face: TalkingHeadPipeline, video: Any, source: str = "", licence: str = NOT_STATED) -> None:
        super().__init__()
        self.register_modules(face=face, video=video)
        self.register_to_config(source=source, licence=licence)
        for inner in (face, video):
            inner.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> PhotorealPipeline:
        """There is none."""
        raise InputError("backend", f'"{cls.backend}" without a model', f"Write {cls.backend}:PATH_OR_ID.")

    @classmethod
    def from_pretrained(cls, source: str | Path = "embedded", *, face: TalkingHeadPipeline | None = None,  # type: ignore[override]
                        torch_dtype: torch.dtype | None = None) -> Any:  # fmt: skip
        """Opens a video model, on CUDA where there is one.

        Args:
            source: The folder of a pipeline of diffusers (or of one of ours that was saved), or a hub id.
            face: Makes the motion; None: the talking head that ships with emogen.
            torch_dtype: Of the networks (Wan's decoder stays in float32); None: bfloat16 where there is CUDA, float32 elsewhere.

        Raises:
            InputError: No such folder, or another class.
            BackendMissing: A hub id that can be neither fetched nor found in the cache.
            CheckpointError: Unsafe or broken.
            RightsError: The licence is non-commercial and `EMOGEN_COMMERCIAL` is set.
        """
        if str(source) == "embedded":
            return cls.embedded()
        there, ours = torch.cuda.is_available(), Path(source) / INDEX
        dtype = torch_dtype or (torch.bfloat16 if there else torch.float32)
        if ours.is_file() and f'"{cls.__name__}"' in ours.read_text(encoding="utf-8", errors="replace"):
            video = opening.open_video(Path(source) / "video", cls.accepted, dtype)
            pipe = super().from_pretrained(source, video=video, **({} if face is None else {"face": face}))
        else:
            video = opening.open_video(source, cls.accepted, dtype)
            name = Path(source).name if Path(source).is_dir() else str(source)
            head = TalkingHeadPipeline.from_pretrained("embedded") if face is None else face
            pipe = cls(head, video, source=name, licence=licence_of(source))
        return pipe.to("cuda") if there else pipe

    def to(self, *args: Any, **kwargs: Any) -> PhotorealPipeline:
        """Moves the video model; the motion is always made on the CPU. See `opening.place`."""
        device = device_of(args, kwargs)
        if device is not None:
            opening.place(self.video, device)
        return self

    @abstractmethod
    def _spans(self, frames: int, take: Take) -> list[tuple[int, int]]:
        """First and last frame (not included) of each segment, as the model is asked for them."""

    def _each(self, take: Take, drawn: int, content: tuple[Any, Any, Any], motion: dict[str, Any], seed: Any, generator: Any,
              callback: StepCallback | None, return_dict: bool, *, film: Film, asked: Asked) -> Any:  # fmt: skip
        """One call: for one text, or each of several.

        Args:
            take: How the pictures are made.
            drawn: Side of our own pictures, pixels.
            content: text, emotion, portrait.
            motion: What else the motion is made from.
            seed: As in the call.
            generator: As in the call.
            callback: As in the call.
            return_dict: As in the call.
            film: Makes the pictures.
            asked: What stands in the request besides, by the segments.
        """
        text, emotion, portrait = content
        auto = isinstance(emotion, str) and emotion == "auto"

        def make(words: str | None, track: EmotionTrack, chosen: int) -> Any:
            with self.steps(3, callback) as steps:
                head = self.face(
                    words, "auto" if auto else track, portrait=portrait, fps=take.fps, size=drawn, seed=chosen,
                    callback_on_step_end=lambda _, __, name, tensors: steps.done(name, **tensors), **motion,
                )  # fmt: skip
                spans = self._spans(_length(head, take), take)
                lead = LEAD_S if motion["audio"] is None else 0.0
                segments = [told(head, a / take.fps, b / take.fps, lead) for a, b in spans]
                steps.bar.total = steps.index + 1 + take.steps * len(segments)
                pictures = film(head, take, segments, steps, chosen)
            out = self._out(head, take, segments, pictures, {**head.made.request, **asked(segments)}, steps)
            return out if return_dict else out.to_tuple()

        return self.each(make, text, "neutral" if auto else emotion, seed, generator)

    def _out(self, head: TalkingHeadOutput, take: Take, segments: list[Told], pictures: NDArray[np.uint8],
             request: dict[str, Any], steps: Steps) -> PhotorealOutput:  # fmt: skip
        model = {"kind": type(self.video).__name__, "source": self.config["source"], "licence": self.config["licence"]}
        says = model["licence"]
        notes = [
            "The video model's card states no licence." if says == NOT_STATED else f"Licence of the video model: {says}."
        ]
        if abs(take.fps / take.own_fps - 1) > NEAR_FPS:
            notes.append(f"Made at {take.fps:g} frames per second; the model knows {take.own_fps:g}.")
        made = Made(
            request={**request, "size": take.size, "num_inference_steps": take.steps, "segment_frames": take.segment},
            emotion=head.emotion,
            seed=head.seed,
            backend=f"{self.backend}/{model['kind']}",
            models={**head.made.models, **opening.hashes(self.video)},
            real_input=head.made.real_input,
            timings=steps.timings,
            warnings=[*head.made.warnings, *notes],
            facts={**head.made.facts, "video_model": model, "told": [one.to_dict() for one in segments]},
        )
        screen = Screen(take.size, head.renderer)
        return PhotorealOutput(head.motion, head.audio, head.sample_rate, head.words, head.phones, screen, pictures, made=made)

    def _ask(self, **what: Any) -> NDArray[np.uint8]:
        """Asks the video model: pictures uint8 [T, h, w, 3].

        Raises:
            EmogenError: It failed, or made something that is no picture.
        """
        try:
            found = self.video(**what, output_type="pt").frames[0]
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
            accepted = "Try a smaller size or segment_frames." if isinstance(error, torch.OutOfMemoryError) else ""
            raise EmogenError(self.config["source"], f"the video model failed: {first_line(error)}", accepted) from error
        if not all(bool(torch.isfinite(picture).all()) for picture in found):
            raise EmogenError(self.config["source"], "the video model gave numbers that are not finite")
        whole = [(picture.float() * 255).round().clamp(0, 255).to("cpu", torch.uint8) for picture in found]
        return torch.stack(whole).permute(0, 2, 3, 1).contiguous().numpy()


def taken(fps: float | None, size: int, steps: int | None, segment: int | None, own: Take, multiple: int, time: int) -> Take:
    """The options of a call, checked.

    Args:
        fps: Frames per second; None: as in `own`.
        size: Width and height in pixels.
        steps: Of denoising; None: as in `own`.
        segment: Frames made at once; None: as in `own`.
        own: What the model is used with.
        multiple: What the size must be a multiple of.
        time: Frames come as a multiple of this and one more.

    Raises:
        InputError: Out of range.
    """
    if not isinstance(size, int) or size % multiple or not SIDES[0] <= size <= SIDES[1]:
        raise InputError("size", f"{size!r:.40} px", f"Accepted: a multiple of {multiple} from {SIDES[0]} to {SIDES[1]}.")
    steps, segment = own.steps if steps is None else steps, own.segment if segment is None else segment
    if isinstance(steps, bool) or not isinstance(steps, int) or not STEPS[0] <= steps <= STEPS[1]:
        raise InputError("num_inference_steps", f"{steps!r:.40}", f"Accepted: {STEPS[0]} to {STEPS[1]}.")
    if isinstance(segment, bool) or not isinstance(segment, int) or segment % time != 1 or segment <= time:
        accepted = f"Accepted: a multiple of {time} and one more, from {time + 1} on."
        raise InputError("segment_frames", f"{segment!r:.40}", accepted)
    return Take(own.fps if fps is None else fps, size, steps, segment, own.own_fps)


def number(name: str, value: Any, low: float, high: float) -> float:
    """A number in a range.

    Raises:
        InputError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InputError(name, f"{value!r:.40}", f"Accepted: {low:g} to {high:g}.")
    return float(value)


def up(frames: int, time: int) -> int:
    """The next number of frames that is a multiple of `time` and one more, and more than `time`."""
    return max(-(-(frames - 1) // time), 1) * time + 1


def _length(head: TalkingHeadOutput, take: Take) -> int:
    """Frames of the motion.

    Raises:
        LimitError: More than `LONGEST_S`.
    """
    frames = len(head.motion.curves)
    if frames > LONGEST_S * take.fps:
        found = f"{frames / take.fps:.0f} s; video models are asked for at most {LONGEST_S:.0f} s"
        raise LimitError("audio", found, "Cut it into shorter pieces.")
    return frames
