"""A prompt and a feeling over time -> a film: a place in motion whose light, weather and camera follow the feeling.

Scenes are composed for the feelings of the track (`pipelines.image`), drawn in sheets and moved (`motion`); or a photo
that is given is set in motion (`motion_photo`). Frames are drawn when they are asked for; memory does not grow with
the length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.codecs.scene.scene import vector
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError
from emogen.limits import LIMITS
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.image.edit import ImageEditPipeline, asked, models_of
from emogen.pipelines.image.evocation import felt, reasons
from emogen.pipelines.image.output import seen
from emogen.pipelines.image.pipeline import ImagePipeline, Wish, checked_size, read_wish
from emogen.pipelines.image.scenes import GUIDANCE, STEPS
from emogen.pipelines.image.told import REACH
from emogen.pipelines.outputs import Made
from emogen.pipelines.prompted import number
from emogen.pipelines.video.motion_camera import CameraPath
from emogen.pipelines.video.motion_course import Course, course_of
from emogen.pipelines.video.motion_film import Film
from emogen.pipelines.video.motion_photo import LOOKS_FPS, PhotoFilm
from emogen.pipelines.video.output import VideoOutput

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 25
LEAST_S, USUAL_S = 0.1, 6.0
HOLD_S = 1.5  # for which the last feeling of a track is held (own choice)


class VideoPipeline(AffectivePipeline):
    """Films a place, or a photo.

    Args:
        image: Composes scenes.
        edit: Whose look a photo in motion gets.
    """

    modality: ClassVar[str] = "video"

    def __init__(self, image: ImagePipeline, edit: ImageEditPipeline) -> None:
        super().__init__()
        self.register_modules(image=image, edit=edit)

    @classmethod
    def embedded(cls) -> VideoPipeline:
        """What ships with emogen."""
        return cls(ImagePipeline.embedded(), ImageEditPipeline.embedded())

    def __call__(
        self,
        prompt: str | list[str] | None = None,
        emotion: Any = None,
        *,
        image: Any = None,
        seconds: float | None = None,
        fps: float = FPS,
        width: int = WIDTH_PX,
        height: int = HEIGHT_PX,
        attributes: Mapping[str, float] | None = None,
        guidance_scale: float = GUIDANCE,
        num_inference_steps: int = STEPS,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Films; frames are drawn while they are gone through or saved.

        Args:
            prompt: What is seen; None leaves the place to the feeling. A list makes several films.
            emotion: What is to be felt, or a track in seconds.
            image: A photo that is set in motion instead: a path, or uint8 [h, w, 3].
            seconds: Length, 0.1 s to `limits.render_s`; None: the track and a moment longer, or 6.
            fps: Frames a second, 1..60.
            width: Pixels, 64..2048.
            height: Pixels, 64..2048.
            attributes: Attributes of the scene by name that are set by hand, for the whole film.
            guidance_scale: How strongly the feeling pulls; 1 is what was learnt.
            num_inference_steps: Denoising steps.
            seed: 0..2^63-1; the same seed keeps the shapes of a place while the feeling changes.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "compose" (of a photo: "look").
            return_dict: False gives a tuple.

        Returns:
            VideoOutput, or a list of them.

        Raises:
            InputError: A prompt without words, a prompt or attributes beside a photo, an unknown attribute, or an option
                out of range.
        """
        size, rate = checked_size(width, height), number("fps", fps, 1, 60)
        photo = None if image is None else seen(image)

        def make(words: Any, track: EmotionTrack, chosen: int) -> Any:
            given = track.duration + HOLD_S if track.duration else USUAL_S
            count = max(1, round(number("seconds", given if seconds is None else seconds, LEAST_S, LIMITS.render_s) * rate))
            request = {"prompt": words or "", "emotion": str(track), "seconds": round(count / rate, 3), "fps": rate,
                       "attributes": dict(attributes or {}), "width": size[0], "height": size[1]}  # fmt: skip
            with self.steps(1, callback_on_step_end) as steps:
                if photo is not None:
                    if words is not None or attributes:
                        raise InputError("image", "given with a prompt or attributes", "A photo shows what it shows already.")
                    out = self._of_photo(photo, track, chosen, request, count)
                    steps.done("look")
                else:
                    wish = read_wish(words, attributes)
                    out = self._of_place(wish, track, chosen, request, count, guidance_scale, num_inference_steps)
                    steps.done("compose")
            out["made"].timings.update(steps.timings)
            return out if return_dict else out.to_tuple()

        return self.each(make, prompt, emotion, seed, generator)

    def film(
        self, prompt: str | None, track: EmotionTrack, *, seconds: float, fps: float, width: int, height: int, seed: int
    ) -> Film:
        """A place in motion, for others to take frames of; see the call for what the arguments mean."""
        count = max(1, round(seconds * fps))
        course = self._course(read_wish(prompt, None), track, seed, count / fps, GUIDANCE, STEPS)
        return Film(course, width, height, fps, count, seed)

    def photo_film(
        self, photo: np.ndarray, track: EmotionTrack, *, seconds: float, fps: float, width: int, height: int, seed: int
    ) -> PhotoFilm:
        """A photo (uint8 [h, w, 3]) in motion, likewise."""
        count = max(1, round(seconds * fps))
        times = np.arange(math.ceil(count / fps * LOOKS_FPS) + 2) / LOOKS_FPS
        finishes = asked(self.edit.look, [track.at(t) for t in times.tolist()], seed, 1.0, True)
        camera = CameraPath(track, count / fps, seed)
        return PhotoFilm(photo, finishes, camera, width=width, height=height, fps=fps, count=count, seed=seed)

    def _course(self, wish: Wish, track: EmotionTrack, seed: int, duration_s: float, guidance: float, steps: int) -> Course:
        return course_of(track, duration_s, lambda feelings: self.image.scenes(wish, feelings, seed, steps=steps, guidance=guidance))

    def _of_place(
        self, wish: Wish, track: EmotionTrack, seed: int, request: dict[str, Any], count: int, guidance: float, steps: int
    ) -> VideoOutput:
        rate, (width, height) = request["fps"], (request["width"], request["height"])
        course = self._course(wish, track, seed, count / rate, guidance, steps)
        film = Film(course, width, height, rate, count, seed)
        place = course.scenes[0].place
        chosen = [] if wish.prompt.place else [f"the prompt names no place; the feeling chose {place}"]
        looks = [
            {"at_s": round(t, 3), "scene": {k: round(v, 3) for k, v in course.scenes[n].values.items()},
             "because": reasons(course.scenes[n].values, felt(track.at(t)))}
            for t, n in zip(course.knots_s, course.stations, strict=True)
        ]  # fmt: skip
        made = Made(
            request=request, emotion=track, seed=seed, warnings=wish.prompt.told() + chosen,
            models={"scene": "diffusion over the attributes of places"}, facts={"place": place, "looks": looks},
        )  # fmt: skip
        times = np.arange(math.ceil(count / rate * LOOKS_FPS) + 1) / LOOKS_FPS
        moments = np.array([vector(course.scene(t).values) for t in times.tolist()])
        return VideoOutput(moments, film.frames, rate, width, height, count, None, made=made)

    def _of_photo(
        self, photo: tuple[np.ndarray, str], track: EmotionTrack, seed: int, request: dict[str, Any], count: int
    ) -> VideoOutput:
        rate, (width, height) = request["fps"], (request["width"], request["height"])
        film = self.photo_film(photo[0], track, seconds=count / rate, fps=rate, width=width, height=height, seed=seed)
        made = Made(
            request={**request, "image": photo[1]}, emotion=track, seed=seed, real_input=True, models=models_of(self.edit.look),
            facts={"reach": REACH},
        )  # fmt: skip
        moments = np.array([np.concatenate([f.look, f.effects]) for f in film.finishes])
        return VideoOutput(moments, film.frames, rate, width, height, count, None, made=made)
