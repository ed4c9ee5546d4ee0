"""`diffusers:PATH_OR_ID`: a video model of diffusers films the prompt so that it is felt, segment by segment of a track.

What is felt reaches the model by its text embedding or by its words; see `emogen.pipelines.prompted`. Each segment has one
feeling, that in its middle. Models that can begin with a picture are given the last one of the segment before; the others
make each segment from the same noise, so that what is shown stays alike, and the segments are faded into one another.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import (
    DiffusionPipeline,  # noqa: F401 - diffusers looks here when this pipeline is a component
    diffusers,
)
from emogen.errors import CheckpointError, InputError, LimitError
from emogen.media.image import read_image
from emogen.pipelines import opening
from emogen.pipelines.base import StepCallback, Steps
from emogen.pipelines.outputs import Made
from emogen.pipelines.prompted import (
    GUIDANCE,
    PLUS,
    SIDES,
    STEERING,
    STEPS,
    PromptedPipeline,
    Told,
    number,
    prompt_of,
    whole,
)
from emogen.pipelines.video.backends.kinds import KINDS, WANT_A_PICTURE, Kind, kind_of, more_for, without_ftfy
from emogen.pipelines.video.backends.segments import Pixels, joined, segments
from emogen.pipelines.video.output import VideoOutput

#: All pictures of a film are held in memory; own choice (60 s of 832 x 480 at 16 frames a second are 1.2 GB).
LONGEST_S, SHORTEST_S = 60.0, 0.1
#: Frames over which segments without a common picture are faded, at most, and as a share of a segment; own choice.
FADED, FADED_SHARE = 4, 4
#: A rate this far from the model's own is said; own choice.
NEAR_FPS = 0.2
FPS = (1.0, 60.0)
FIELDS = 4  # of a picture, each way


class DiffusersVideoPipeline(PromptedPipeline):
    """A film by a video model."""

    modality = "video"
    accepted: ClassVar[tuple[str, ...]] = tuple(KINDS)
    #: Wan's decoder stays in float32, as it is published to be used.
    kept: ClassVar[dict[str, dict[str, torch.dtype]]] = {
        name: {"vae": torch.float32} for name in KINDS if name.startswith("Wan")
    }

    @classmethod
    def _opened(cls, source: str | Path, dtype: torch.dtype) -> Any:
        """The model; "BASE+MOTION" is AnimateDiff: a Stable Diffusion pipeline and a motion adapter."""
        base, plus, motion = str(source).partition(PLUS)
        if not plus or Path(source).is_dir():
            return without_ftfy(super()._opened(source, dtype))
        painter = opening.open_pipeline(base, ("StableDiffusionPipeline", "StableDiffusionXLPipeline"), dtype)
        kind = diffusers.AnimateDiffSDXLPipeline if "XL" in type(painter).__name__ else diffusers.AnimateDiffPipeline
        try:
            with opening.quietly():
                moving = diffusers.MotionAdapter.from_pretrained(motion, use_safetensors=True, torch_dtype=dtype)
                return kind(**_shared(painter, kind), motion_adapter=moving)
        except opening.FAILURES as error:
            raise CheckpointError(motion, f"is no motion adapter: {opening.first_line(error)}") from error

    def __call__(self, prompt: str | list[str], emotion: Any = None, *, image: Any = None, seconds: float | None = None,
                 fps: float | None = None, width: int | None = None, height: int | None = None,
                 num_inference_steps: int | None = None, guidance_scale: float | None = None, segment_frames: int | None = None,
                 negative_prompt: str | None = None, way: str | None = None, steering: float = 1.0,
                 seed: int | list[int] | None = None, generator: torch.Generator | None = None,
                 callback_on_step_end: StepCallback | None = None, return_dict: bool = True) -> Any:  # fmt: skip
        """Films.

        Args:
            prompt: What it shows; a list films several.
            emotion: What is felt, or a track in seconds.
            image: The first picture, for models that begin with one: a path, or uint8 [h, w, 3].
            seconds: Length, 0.1..60; None: as long as the track, or what the model makes at once.
            fps: Frames per second, 1..60; None: the model's own.
            width: In pixels, a multiple of 16 (LTX-Video, Wan 2.2's small model: of 32); None: the model's own.
            height: Likewise.
            num_inference_steps: Of denoising, for each segment, 1..500; None: the model's own.
            guidance_scale: How much the words decide, 0..30; None: likewise.
            segment_frames: Made at once; None: likewise. Wan, CogVideoX: a multiple of 4 and one more, LTX-Video: of 8.
            negative_prompt: What it is not to show.
            way: "adapter", "directions" or "phrases"; None: the adapter where there is one, else directions.
            steering: How far the embedding is moved, 0..4; 1: as far as from neutral to felt words, or as was trained.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after each step of denoising.
            return_dict: False gives a tuple.

        Returns:
            VideoOutput, or a list of them.

        Raises:
            InputError: No words, an option out of range, a picture that is missing or that the model cannot begin with.
            LimitError: Longer than 60 s, or more words than `limits.text_chars`.
            EmogenError: The model failed.
        """
        kind = kind_of(self.model)
        rate = number("fps", kind.fps if fps is None else fps, *FPS)
        asked = _asked(kind, width, height, num_inference_steps, guidance_scale, negative_prompt)
        at_once = _at_once(segment_frames, kind)
        first, name = self._first(image, kind)
        how = {
            "way": self._way(way),
            "steering": number("steering", steering, *STEERING),
            "segment_frames": at_once,
            "image": name,
        }

        def make(words: str, track: EmotionTrack, chosen: int) -> Any:
            length = _length(seconds, track, at_once / rate)
            request = {
                "prompt": prompt_of(words),
                "emotion": str(track),
                "seconds": length,
                "fps": rate,
                **asked,
                **how,
            }
            out = self._filmed(request, asked, kind, track, chosen, first, callback_on_step_end)
            return out if return_dict else out.to_tuple()

        return self.each(make, prompt, emotion, seed, generator)

    def _filmed(self, request: dict[str, Any], asked: dict[str, Any], kind: Kind, track: EmotionTrack, seed: int,
                first: Pixels | None, callback: StepCallback | None) -> VideoOutput:  # fmt: skip
        rate, frames = request["fps"], max(round(request["seconds"] * request["fps"]), 1)
        lead = 1 if kind.pictured else min(FADED, request["segment_frames"] // FADED_SHARE)
        parts = segments(track, frames, rate, request["segment_frames"], lead)
        # Equal noise needs equal lengths: what is too much is cut off.
        lengths = [part.frames if kind.pictured else max(p.frames for p in parts) for part in parts]
        middles = [(part.first + part.lead + part.last) / 2 / rate for part in parts]
        told = [self._told(request["prompt"], track.at(t), request["way"], request["steering"]) for t in middles]
        film: list[Pixels] = []
        with self.steps(asked["num_inference_steps"] * len(parts), callback) as steps, opening.drawn_from(seed):
            for part, one, length in zip(parts, told, lengths, strict=True):
                begin = first if part.first == 0 else film[part.first] if kind.pictured else None
                more = self._segment(one, length, asked, kind, rate, seed, begin, steps)
                film = joined(film, more[: part.frames], part.lead, bool(kind.pictured))
        said = [
            {"start_s": round((p.first + p.lead) / rate, 3), "end_s": round(p.last / rate, 3), "prompt": t.words}
            for p, t in zip(parts, told, strict=True)
        ]
        made = Made(
            request=request, emotion=track, seed=seed, backend=f"{self.backend}/{type(self.model).__name__}", models=self._hashes(),
            real_input=first is not None, timings=steps.timings, warnings=[*self._notes(), *_warned(told, rate, kind, len(parts))],
            facts={"video_model": self._facts(), "told": said, "way": request["way"]},
        )  # fmt: skip
        width, height = asked["width"], asked["height"]
        return VideoOutput(_moments(film), lambda: iter(film), rate, width, height, len(film), None, made=made)

    def _segment(self, told: Told, length: int, asked: dict[str, Any], kind: Kind, rate: float, seed: int, begin: Pixels | None,
                 steps: Steps) -> list[Pixels]:  # fmt: skip
        """The frames of a segment, at least as many as wanted."""
        model = self.model
        if begin is not None and type(model).__name__ != kind.pictured:
            pictured = getattr(diffusers, kind.pictured)
            model = pictured(**_shared(model, pictured))
            model.set_progress_bar_config(disable=True)
        picture = None if begin is None else _resized(begin, asked["width"], asked["height"])
        # On the model's device where its decoder draws too (LTX-Video); the CPU's noise is the same everywhere.
        device = self.model._execution_device if type(model).__name__.startswith("LTX") else "cpu"
        found = self._ask(
            told, steps, model=model, **asked, **more_for(model, rate), image=picture, num_frames=kind.frames_for(length),
            generator=torch.Generator(device).manual_seed(seed), output_type="np",
        )  # fmt: skip
        return list(self._pixels(found.frames[0]))

    def _first(self, image: Any, kind: Kind) -> tuple[Pixels | None, str | None]:
        """The first picture and its name."""
        name = type(self.model).__name__
        if image is None:
            if name in WANT_A_PICTURE:
                raise InputError("image", f"none, and {name} begins with one", "Give a first picture (image=).")
            return None, None
        if not kind.pictured:
            raise InputError("image", f"{name} begins with no picture", "Leave it out, or use an image-to-video model.")
        if isinstance(image, (str, Path)):
            return read_image(image), Path(image).name
        if (
            isinstance(image, np.ndarray)
            and image.dtype == np.uint8
            and image.ndim == 3
            and image.shape[2] == 3
            and image.size
        ):
            return image, "array"
        raise InputError("image", f"found {type(image).__name__}", "Accepted: a path, or uint8 [h, w, 3].")


def _shared(model: Any, other: Any) -> dict[str, Any]:
    """The components and settings of a pipeline that another class of pipeline takes."""
    wanted = inspect.signature(other.__init__).parameters
    parts = {
        **model.components,
        **{k: v for k, v in model.config.items() if not k.startswith("_") and k not in model.components},
    }
    return {k: v for k, v in parts.items() if k in wanted}


def _asked(kind: Kind, width: int | None, height: int | None, steps: int | None, guidance: float | None,
           negative_prompt: str | None) -> dict[str, Any]:  # fmt: skip
    """What each segment is asked for with, checked."""
    return {
        "width": whole("width", kind.width if width is None else width, *SIDES, kind.multiple),
        "height": whole("height", kind.height if height is None else height, *SIDES, kind.multiple),
        "num_inference_steps": whole("num_inference_steps", kind.steps if steps is None else steps, *STEPS),
        "guidance_scale": number("guidance_scale", kind.guidance if guidance is None else guidance, *GUIDANCE),
        "negative_prompt": None if negative_prompt is None else prompt_of(negative_prompt),
    }  # fmt: skip


def _at_once(given: int | None, kind: Kind) -> int:
    if given is None:
        return kind.frames
    if (
        isinstance(given, bool)
        or not isinstance(given, int)
        or given < kind.time + 1
        or (kind.time > 1 and given % kind.time != 1)
    ):
        accepted = f"a multiple of {kind.time} and one more" if kind.time > 1 else "a whole number"
        raise InputError("segment_frames", f"{given!r:.40}", f"Accepted: {accepted}, from {kind.time + 1} on.")
    return given


def _length(given: float | None, track: EmotionTrack, own: float) -> float:
    seconds = max(track.duration, own) if given is None else given
    if isinstance(seconds, (int, float)) and seconds > LONGEST_S:
        raise LimitError("seconds", f"{seconds:g}", f"Video models are asked for at most {LONGEST_S:g} s.")
    return number("seconds", seconds, SHORTEST_S, LONGEST_S)


def _resized(picture: Pixels, width: int, height: int) -> Image.Image:
    """The middle of a picture, at the size asked for."""
    return ImageOps.fit(Image.fromarray(picture), (width, height), Image.Resampling.LANCZOS)


def _moments(film: Sequence[Pixels]) -> NDArray[np.float64]:
    """What tells one film from another: the mean colours of the fields of each picture, [n, 3 x fields]."""
    bands = [[column.mean(axis=(0, 1)) for band in np.array_split(picture, FIELDS) for column in np.array_split(band, FIELDS, axis=1)]
             for picture in film]  # fmt: skip
    return np.asarray(bands, np.float64).reshape(len(film), -1) / 255


def _warned(told: Sequence[Told], rate: float, kind: Kind, count: int) -> list[str]:
    notes = list(dict.fromkeys(note for one in told for note in one.notes))
    if abs(rate / kind.fps - 1) > NEAR_FPS:
        notes.append(f"Made at {rate:g} frames per second; the model knows {kind.fps:g}.")
    if count > 1 and not kind.pictured:
        notes.append(f"Made of {count} segments that are faded into one another: this model goes on from no picture.")
    return notes
