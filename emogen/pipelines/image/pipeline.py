"""A prompt and an emotion -> a picture of what the prompt says that makes one feel what the emotion says.

The prompt fixes what it names (`prompt`), diffusion over the attributes of places finds the rest (`scenes`), and the
scene is drawn (`codecs.scene`). No photograph and no download takes part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from emogen.codecs.scene.render import rendered
from emogen.codecs.scene.scene import Scene, places
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import (
    DiffusionPipeline,  # noqa: F401 - diffusers looks here when this pipeline is a component
    FlowMatchEulerDiscreteScheduler,
)
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.models.scene import SceneDenoiser
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.image.evocation import felt, reasons
from emogen.pipelines.image.output import ImageOutput
from emogen.pipelines.image.prompt import Prompt, understood
from emogen.pipelines.image.scenes import GUIDANCE, STEPS, Ask, composed, denoiser, tint
from emogen.pipelines.outputs import Made

SIDE_PX = 1024
LEAST_PX, MOST_PX = 64, 2048
ANYWHERE = Prompt(None, {}, {}, ())
#: Sides of the plane of valence and arousal that a grid shows, and the gap between its pictures in sides of one.
PLANE, GAP = 0.8, 0.02


@dataclass(frozen=True)
class Wish:
    """What a call asks for besides the feeling: the prompt as understood, attributes set by hand, the words themselves."""

    prompt: Prompt
    fixed: Mapping[str, float]
    words: str

    def ask(self, emotion: Emotion) -> Ask:
        """The same wish for one feeling."""
        return Ask(emotion, self.prompt.place, {**tint(emotion), **self.prompt.values, **self.fixed})


class ImagePipeline(AffectivePipeline):
    """Draws pictures.

    Args:
        denoiser: Of scenes.
        scheduler: Of diffusers, for rectified flow.
    """

    modality = "image"

    def __init__(self, denoiser: SceneDenoiser, scheduler: FlowMatchEulerDiscreteScheduler) -> None:
        super().__init__()
        self.register_modules(denoiser=denoiser, scheduler=scheduler)

    @classmethod
    def embedded(cls) -> ImagePipeline:
        """What ships with emogen."""
        return cls(denoiser(), FlowMatchEulerDiscreteScheduler())

    def __call__(
        self,
        prompt: str | Sequence[str] | None = None,
        emotion: Any = None,
        *,
        width: int = SIDE_PX,
        height: int = SIDE_PX,
        attributes: Mapping[str, float] | None = None,
        guidance_scale: float = GUIDANCE,
        num_inference_steps: int = STEPS,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Draws a picture.

        Args:
            prompt: What is seen; None leaves the place to the feeling. A list draws several.
            emotion: What is to be felt; of a track, its first moment.
            width: Pixels, 64..2048.
            height: Pixels, 64..2048.
            attributes: Attributes of the scene by name (`codecs.scene.scene.attributes`) that are set by hand.
            guidance_scale: How strongly the feeling pulls; 1 is what was learnt.
            num_inference_steps: Denoising steps.
            seed: 0..2^63-1; the same seed keeps the shapes of a place while the feeling changes.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "compose" and "draw".
            return_dict: False gives a tuple.

        Returns:
            ImageOutput, or a list of them.

        Raises:
            InputError: A prompt without words, an unknown attribute, or a size beyond the limits.
        """
        size = checked_size(width, height)

        def make(words: Any, track: EmotionTrack, chosen: int) -> Any:
            wish = read_wish(words, attributes)
            with self.steps(2, callback_on_step_end) as steps:
                emotion = track.at(0.0)
                scene = self.scenes(wish, [emotion], chosen, steps=num_inference_steps, guidance=guidance_scale)[0]
                steps.done("compose")
                picture = rendered(scene, *size)
                steps.done("draw")
            made = self._made(wish, scene, track, chosen, steps.timings, size)
            made.facts["because"] = reasons(scene.values, felt(emotion))
            out = ImageOutput(picture, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, prompt, emotion, seed, generator)

    def scenes(
        self, wish: Wish, emotions: Sequence[Emotion], seed: int, *, steps: int = STEPS, guidance: float = GUIDANCE
    ) -> list[Scene]:
        """One scene for each of several feelings: the same place, its shapes and its noise."""
        asks = [wish.ask(emotion) for emotion in emotions]
        first = composed(self.denoiser, self.scheduler, asks[:1], seed, steps=steps, guidance=guidance)
        here = [Ask(a.emotion, first[0].place, a.fixed) for a in asks[1:]]
        rest = composed(self.denoiser, self.scheduler, here, seed, steps=steps, guidance=guidance) if here else []
        return first + rest

    def grid(
        self,
        prompt: str | None = None,
        *,
        columns: int = 5,
        rows: int = 5,
        side: int = 256,
        attributes: Mapping[str, float] | None = None,
        seed: int | None = None,
    ) -> ImageOutput:
        """One place all over the plane: valence from left to right, arousal from the foot to the top.

        Args:
            prompt: What is seen.
            columns: Steps of valence, 2..9.
            rows: Steps of arousal, 2..9.
            side: Of each picture (px).
            attributes: As for a single picture.
            seed: As for a single picture.
        """
        from emogen.pipelines.base import draw_seed

        if not (2 <= columns <= 9 and 2 <= rows <= 9):
            raise InputError("grid", f"{columns}x{rows}", "Accepted: 2x2 to 9x9, such as 5x5.")
        size, chosen, wish = checked_size(side, side), draw_seed(seed), read_wish(prompt, attributes)
        feelings = [Emotion.parse(f"vad({v:.3f},{a:.3f},0)") for a in np.linspace(PLANE, -PLANE, rows)
                    for v in np.linspace(-PLANE, PLANE, columns)]  # fmt: skip
        middle = len(feelings) // 2
        scenes = self.scenes(wish, [feelings[middle], *feelings], chosen)[1:]
        gap = max(round(GAP * side), 1)
        sheet = np.full((rows * (side + gap) - gap, columns * (side + gap) - gap, 3), 255, np.uint8)
        for i, scene in enumerate(scenes):
            top, left = (side + gap) * (i // columns), (side + gap) * (i % columns)
            sheet[top : top + side, left : left + side] = rendered(scene, *size)
        made = self._made(wish, scenes[middle], EmotionTrack.of(feelings[middle]), chosen, {}, size)
        made.request["grid"] = f"valence {columns} x arousal {rows}"
        return ImageOutput(sheet, made=made)

    def _made(
        self, wish: Wish, scene: Scene, track: EmotionTrack, seed: int, timings: dict[str, float], size: tuple[int, int]
    ) -> Made:
        chosen = [] if wish.prompt.place else [f"the prompt names no place; the feeling chose {scene.place}"]
        return Made(
            request={"prompt": wish.words, "emotion": str(track), "attributes": dict(wish.fixed), "width": size[0],
                     "height": size[1]},
            emotion=track,
            seed=seed,
            warnings=wish.prompt.told() + chosen,
            models={"scene": "diffusion over the attributes of places"},
            timings=timings,
            facts={"place": scene.place, "scene": {k: round(v, 3) for k, v in scene.values.items()}},
        )  # fmt: skip


def read_wish(words: Any, fixed: Mapping[str, float] | None) -> Wish:
    """Reads a prompt and checks attributes that are set by hand.

    Raises:
        InputError: Not words, or an attribute that is unknown or out of range.
    """
    if words is not None and not isinstance(words, str):
        raise InputError("prompt", f"found {type(words).__name__}", "Accepted: words.")
    if words is not None and len(words) > LIMITS.text_chars:
        found = f"{len(words):,} characters; the limit is {LIMITS.text_chars:,} (limits.text_chars)"
        raise LimitError("prompt", found, "Say it in fewer words.")
    if words is not None and any("\ud800" <= c <= "\udfff" for c in words):
        raise InputError("prompt", "half a character (a lone surrogate)", "Accepted: Unicode text.")
    given = {}
    for name, value in (fixed or {}).items():
        try:
            given[name] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"attributes, {name}", f"found {value!r:.40}", "Accepted: a number.") from None
    Scene(next(iter(places())), given)
    return Wish(ANYWHERE if words is None else understood(words), given, words or "")


def checked_size(width: int, height: int) -> tuple[int, int]:
    """Width and height.

    Raises:
        InputError: Beyond what is drawn.
    """
    for name, value in (("width", width), ("height", height)):
        if isinstance(value, bool) or not isinstance(value, int) or not LEAST_PX <= value <= MOST_PX:
            raise InputError(name, f"{value!r}", f"Accepted: {LEAST_PX} to {MOST_PX} px.")
    return width, height
