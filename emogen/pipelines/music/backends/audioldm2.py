"""`audioldm2:PATH_OR_ID`: AudioLDM 2 of diffusers (arXiv:2308.05734), its music checkpoints first of all.

It takes words alone: ten seconds at once, faded into one another.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError
from emogen.pipelines.base import Steps
from emogen.pipelines.music.backends.sound_model import SoundModelPipeline, Wanted, in_place
from emogen.pipelines.opening import open_pipeline


class AudioLDM2MusicPipeline(SoundModelPipeline):
    """Music by AudioLDM 2."""

    backend = "audioldm2"
    continues = False
    lead_s: ClassVar[float] = 2.0  # own choice: a bar at a walking tempo
    steps_own: ClassVar[int | None] = 200

    @classmethod
    def _opened(cls, source: str | Path, dtype: torch.dtype) -> Any:
        pipe = open_pipeline(source, ("AudioLDM2Pipeline",), dtype)
        if pipe.text_encoder_2.config.model_type == "vits":
            raise InputError(str(source), "is an AudioLDM 2 that speaks", "Accepted: one that makes music or sounds.")
        model = pipe.language_model
        if not isinstance(model, transformers.GenerationMixin):
            # Published folders name GPT2Model; diffusers steps through it with methods that it has had no longer since
            # transformers 4.50, and the model with a head still has.
            whole = transformers.GPT2LMHeadModel(model.config).to(model.dtype)
            whole.transformer = model
            pipe.register_modules(language_model=whole.eval())
        return pipe

    @property
    def sample_rate(self) -> int:
        """Of its vocoder, Hz."""
        return int(self.model.vocoder.config.sampling_rate)

    @property
    def longest_s(self) -> float:
        """What it was trained on; 10.24 s as published."""
        pipe = self.model
        frame_s = math.prod(pipe.vocoder.config.upsample_rates) / self.sample_rate
        return float(pipe.unet.config.sample_size * pipe.vae_scale_factor * frame_s)

    @property
    def guidance_own(self) -> float:
        """As published."""
        return 3.5

    @classmethod
    def _read_by(cls, model: Any, tokenizer: Any) -> tuple[Any, Any]:
        return model.tokenizer_2, model.text_encoder_2

    def _made(self, wanted: Wanted, step: NDArray[np.floating[Any]], steps: Steps) -> torch.Tensor:
        pipe = self.model
        with self._steered(step):  # the side without a text is encoded later, and is not moved
            words, mask, heard = pipe.encode_prompt(wanted.prompt, pipe._execution_device, 1, False)
        found: torch.Tensor = pipe(
            prompt_embeds=words, attention_mask=mask, generated_prompt_embeds=heard, guidance_scale=wanted.guidance,
            num_inference_steps=wanted.steps, audio_length_in_s=wanted.seconds + 1 / self.sample_rate, generator=wanted.generator,
            callback=in_place(steps), output_type="pt",
        ).audios  # fmt: skip
        return found
