"""A photo and an emotion -> the photo in the colours that the regressions ask for: the plain way, to compare with."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.image.grade import GradeRules, graded
from emogen.pipelines.image.output import ImageOutput, seen
from emogen.pipelines.image.told import REACH
from emogen.pipelines.outputs import Made


class RuleImageEditPipeline(AffectivePipeline):
    """Grades a photo by the colour regressions alone; what it shows stays as it is."""

    modality: ClassVar[str] = "image_edit"

    def __init__(self, grade: GradeRules) -> None:
        super().__init__()
        self.register_modules(grade=grade)

    @classmethod
    def embedded(cls) -> RuleImageEditPipeline:
        """The regression table that ships with emogen."""
        return cls(GradeRules())

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
                picture, name = seen(given)
                steps.done("read")
                result = graded(picture, self.grade(track.at(0.0)))
                steps.done("grade")
            made = Made(
                request={"image": name, "emotion": str(track)},
                emotion=track,
                seed=chosen,
                backend="rules",
                real_input=True,
                models={"colour regressions": "Valdez & Mehrabian 1994"},
                timings=steps.timings,
                facts={"reach": REACH},
            )
            out = ImageOutput(result, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, image, emotion, seed, generator)
