"""`stable-audio:PATH_OR_ID`: Stable Audio Open of diffusers (arXiv:2407.14358).

The model takes words and a length. To go on from sound, the part that is there is put in its place, under as much noise
as is left, after each step of denoising (as in RePaint, Lugmayr et al. 2022). To follow a piece, the whole is, while it
is still mostly noise (as in SDEdit, Meng et al. 2022).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.pipelines.base import Steps
from emogen.pipelines.music.backends.output import Sound
from emogen.pipelines.music.backends.sound_model import SoundModelPipeline, Wanted, channels, in_place
from emogen.pipelines.opening import open_pipeline


class StableAudioMusicPipeline(SoundModelPipeline):
    """Music by Stable Audio Open."""

    backend = "stable-audio"
    continues = True
    lead_s: ClassVar[float] = 10.0
    steps_own: ClassVar[int | None] = 100

    @classmethod
    def _opened(cls, source: str | Path, dtype: torch.dtype) -> Any:
        return open_pipeline(source, ("StableAudioPipeline",), dtype)

    @property
    def sample_rate(self) -> int:
        """Of its autoencoder, Hz."""
        return int(self.model.vae.config.sampling_rate)

    @property
    def longest_s(self) -> float:
        """All of its latents; 47.6 s as published."""
        return self.model.transformer.config.sample_size * int(self.model.vae.hop_length) / self.sample_rate

    @property
    def guidance_own(self) -> float:
        """As published."""
        return 7.0

    def _follows(self) -> str:
        return ""

    def _made(self, wanted: Wanted, step: NDArray[np.floating[Any]], steps: Steps) -> torch.Tensor:
        pipe, done = self.model, in_place(steps)
        held = wanted.like if wanted.like is not None else wanted.before
        goal = None if held is None else self._latents(held)
        noise = None if goal is None else torch.randn(goal.shape, generator=wanted.generator)

        def told(i: int, t: Any, latents: torch.Tensor) -> None:
            done(i, t, latents)
            sigma = float(pipe.scheduler.sigmas[i + 1])
            # The share of noise where signal and noise are mixed to a whole.
            if goal is not None and noise is not None and (wanted.like is None or sigma / (1 + sigma) > 1 - wanted.follow):
                latents[..., : goal.shape[-1]] = (goal + sigma * noise).to(latents.device, latents.dtype)

        with self._steered(step):
            found: torch.Tensor = pipe(
                prompt=wanted.prompt, num_inference_steps=wanted.steps, guidance_scale=wanted.guidance, generator=wanted.generator,
                audio_end_in_s=min(wanted.seconds + 1 / self.sample_rate, self.longest_s), callback=told,
            ).audios[0]  # fmt: skip
        return found

    def _latents(self, sound: Sound) -> torch.Tensor:
        """The middle of what the encoder makes of sound [n, channels], float32 on the CPU [1, channels, whole frames]."""
        vae = self.model.vae
        whole = len(sound) // int(vae.hop_length) * int(vae.hop_length)
        heard = channels(sound[:whole], vae.config.audio_channels)[None].to(self.model._execution_device, vae.dtype)
        latents: torch.Tensor = vae.encode(heard).latent_dist.mode()
        return latents.to("cpu", torch.float32)
