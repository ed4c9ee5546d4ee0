"""A picture and an emotion -> the picture in the colours of that feeling."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component

from emogen.codecs.image import ImageCodec
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.media.image import read_image, write_image
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.image.grade import GradeRules, graded
from emogen.pipelines.outputs import Made, MediaOutput


@dataclass
class ImageOutput(MediaOutput):
    """A picture: `image` uint8 [h, w, 3]."""

    modality: ClassVar[str] = "image"
    writers: ClassVar[dict[str, str]] = {
        ".png": "_picture",
        ".jpg": "_picture",
        ".jpeg": "_picture",
        ".webp": "_picture",
    }

    image: np.ndarray
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Size, mean lightness and chroma (CIE Lab)."""
        lab = ImageCodec().encode(self["image"])
        return {
            "width": int(self["image"].shape[1]),
            "height": int(self["image"].shape[0]),
            "lightness": round(float(lab[:, 0].mean()), 2),
            "chroma": round(float(np.hypot(lab[:, 1], lab[:, 2]).mean()), 2),
        }

    def _picture(self, path: Path) -> None:
        write_image(path, self["image"], provenance=self.provenance)


class ImagePipeline(AffectivePipeline):
    """Grades a photo by the colour regressions; what it shows stays as it is."""

    modality = "image"

    def __init__(self, codec: ImageCodec, grade: GradeRules) -> None:
        super().__init__()
        self.register_modules(codec=codec, grade=grade)

    @classmethod
    def embedded(cls) -> ImagePipeline:
        """The regression table that ships with emogen."""
        return cls(ImageCodec(), GradeRules())

    def __call__(
        self,
        image: Any,
        emotion: Any = None,
        *,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Grades a picture.

        Args:
            image: A path, or uint8 [h, w, 3]; a list grades several.
            emotion: What is felt; of a track, its first moment.
            seed: Reported only: nothing random takes part.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "read" and "grade".
            return_dict: False gives a tuple.

        Returns:
            ImageOutput, or a list of them.

        Raises:
            InputError: Not a picture, or one beyond the limits.
        """

        def make(given: Any, track: EmotionTrack, chosen: int) -> Any:
            with self.steps(2, callback_on_step_end) as steps:
                picture, name = _seen(given)
                steps.done("read")
                result = graded(picture, self.grade(track.at(0.0)))
                steps.done("grade")
            made = Made(
                request={"image": name, "emotion": str(track)},
                emotion=track,
                seed=chosen,
                real_input=True,
                models={"colour regressions": "Valdez & Mehrabian 1994"},
                timings=steps.timings,
            )
            out = ImageOutput(result, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, image, emotion, seed, generator)


def _seen(given: Any) -> tuple[np.ndarray, str]:
    if isinstance(given, (str, Path)):
        return read_image(given), Path(given).name
    if (
        isinstance(given, np.ndarray)
        and given.dtype == np.uint8
        and given.ndim == 3
        and given.shape[2] == 3
        and given.size
    ):
        return given, "array"
    raise InputError("image", f"found {type(given).__name__}", "Accepted: a path, or uint8 [h, w, 3].")
