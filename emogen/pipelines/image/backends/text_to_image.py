"""`diffusers:PATH_OR_ID`: a text-to-image model of diffusers paints the prompt so that it is felt.

What is felt reaches the model by its text embedding or by its words; see `emogen.pipelines.prompted`. Of a track of
feelings a picture shows the first moment.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import torch

from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.pipelines import opening
from emogen.pipelines.base import StepCallback
from emogen.pipelines.image.output import ImageOutput
from emogen.pipelines.outputs import Made
from emogen.pipelines.prompted import GUIDANCE, SIDES, STEERING, STEPS, PromptedPipeline, number, prompt_of, whole

#: Steps of models that are published with another number than diffusers' own default (their model cards).
OWN_STEPS = {"FluxPipeline": 28, "ZImagePipeline": 9}
MULTIPLE = 16  # of the sides, pixels: of every latent and patch among the classes below


class DiffusersImagePipeline(PromptedPipeline):
    """A picture by a text-to-image model."""

    modality = "image"
    accepted: ClassVar[tuple[str, ...]] = (
        "StableDiffusionPipeline", "StableDiffusionXLPipeline", "StableDiffusion3Pipeline", "FluxPipeline", "Flux2Pipeline",
        "Flux2KleinPipeline", "PixArtAlphaPipeline", "PixArtSigmaPipeline", "SanaPipeline",
        "AuraFlowPipeline", "Lumina2Pipeline", "ChromaPipeline", "CogView3PlusPipeline", "CogView4Pipeline", "QwenImagePipeline",
        "ZImagePipeline", "KolorsPipeline", "LatentConsistencyModelPipeline",
    )  # fmt: skip

    def __call__(self, prompt: str | list[str], emotion: Any = None, *, width: int | None = None, height: int | None = None,
                 num_inference_steps: int | None = None, guidance_scale: float | None = None, negative_prompt: str | None = None,
                 way: str | None = None, steering: float = 1.0, seed: int | list[int] | None = None,
                 generator: torch.Generator | None = None, callback_on_step_end: StepCallback | None = None,
                 return_dict: bool = True) -> Any:  # fmt: skip
        """Paints a picture.

        Args:
            prompt: What it shows; a list paints several.
            emotion: What is felt; of a track, its first moment.
            width: In pixels, a multiple of 16; None: the model's own.
            height: Likewise.
            num_inference_steps: Of denoising, 1..500; None: the model's own.
            guidance_scale: How much the words decide, 0..30; None: likewise.
            negative_prompt: What it is not to show, for models that take it.
            way: "adapter", "directions" or "phrases"; None: the adapter where there is one, else directions.
            steering: How far the embedding is moved, 0..4; 1: as far as from neutral to felt words, or as was trained.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after each step of denoising.
            return_dict: False gives a tuple.

        Returns:
            ImageOutput, or a list of them.

        Raises:
            InputError: No words, an option out of range, an emotion that cannot be read.
            LimitError: More words than `limits.text_chars`.
            EmogenError: The model failed.
        """
        own = OWN_STEPS.get(type(self.model).__name__, _default(self.model, "num_inference_steps"))
        count = whole("num_inference_steps", own if num_inference_steps is None else num_inference_steps, *STEPS)
        options = {
            "width": None if width is None else whole("width", width, *SIDES, MULTIPLE),
            "height": None if height is None else whole("height", height, *SIDES, MULTIPLE),
            "num_inference_steps": count,
            "guidance_scale": None if guidance_scale is None else number("guidance_scale", guidance_scale, *GUIDANCE),
            "negative_prompt": None if negative_prompt is None else prompt_of(negative_prompt),
        }
        how = {"way": self._way(way), "steering": number("steering", steering, *STEERING)}

        def make(words: str, track: EmotionTrack, chosen: int) -> Any:
            request = {"prompt": prompt_of(words), "emotion": str(track), **options, **how}
            out = self._painted(request, options, track, chosen, callback_on_step_end)
            return out if return_dict else out.to_tuple()

        return self.each(make, prompt, emotion, seed, generator)

    def _painted(self, request: dict[str, Any], options: dict[str, Any], track: EmotionTrack, seed: int,
                 callback: StepCallback | None) -> ImageOutput:  # fmt: skip
        told = self._told(request["prompt"], track.at(0.0), request["way"], request["steering"])
        with self.steps(options["num_inference_steps"], callback) as steps, opening.drawn_from(seed):
            found = self._ask(told, steps, **options, generator=torch.Generator().manual_seed(seed), output_type="np")
        picture = self._pixels(found.images[0])
        notes = [*self._notes(), *told.notes]
        if any(getattr(found, "nsfw_content_detected", None) or ()):
            notes.append("The model's own checker held the picture back: it is black.")
        made = Made(
            request=request, emotion=track, seed=seed, backend=f"{self.backend}/{type(self.model).__name__}", models=self._hashes(),
            timings=steps.timings, warnings=notes, facts={"image_model": self._facts(), "told": {"prompt": told.words, "way": told.way}},
        )  # fmt: skip
        return ImageOutput(picture, made=made)


def _default(model: Any, name: str) -> Any:
    return inspect.signature(type(model).__call__).parameters[name].default
