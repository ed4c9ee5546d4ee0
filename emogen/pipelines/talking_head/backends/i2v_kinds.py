"""What differs between the image-to-video models that can be asked: formats, sizes, words, latents."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.pipelines.talking_head.backends.photoreal import Take
from emogen.pipelines.talking_head.backends.wan_text import embedded


class Kind(ABC):
    """A class of diffusers and how it is asked.

    Args:
        video: The pipeline.

    Attributes:
        own: What the model is published with: frames per second, steps, frames at once.
        guidance: Likewise.
        multiple: What the size is a multiple of, pixels.
        time: Frames come as a multiple of this and one more.
    """

    own: Take
    guidance: float
    multiple: int
    time: int

    def __init__(self, video: Any) -> None:
        self.video = video

    @abstractmethod
    def asked(self, prompt: str, negative: str, fps: float) -> dict[str, Any]:
        """The words (and the rate) as arguments of the pipeline."""

    @abstractmethod
    def encoded(self, pictures: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        """Pictures [T] of uint8 [h, w, 3] as latents of the model, [1, channels, time, height, width]."""

    @abstractmethod
    def noised(self, goal: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """Latents under as much noise as before a step, in the form that the pipeline's loop holds them."""

    def generator(self, seed: int) -> torch.Generator:
        """Draws everything; on the CPU, so that the same noise is drawn whatever the device."""
        return torch.Generator().manual_seed(seed)

    def _pixels(self, pictures: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        """[1, 3, T, h, w], -1..1, where and as the decoder is."""
        whole = torch.from_numpy(np.stack(pictures)).permute(3, 0, 1, 2)[None]
        return (whole.float() / 127.5 - 1.0).to(self.video._execution_device, self.video.vae.dtype)


class Wan(Kind):
    """`WanImageToVideoPipeline`: Wan 2.1, and Wan 2.2 with two transformers or, small, with one for words and pictures."""

    time = 4

    def __init__(self, video: Any) -> None:
        super().__init__(video)
        small, staged = bool(video.config.expand_timesteps), video.config.boundary_ratio is not None
        # Wan's published configurations: 16 frames per second, the small model 24; 40 steps, the small one 50.
        fps = 24.0 if small else 16.0
        self.own = Take(fps=fps, size=0, steps=50 if small else 40, segment=121 if small else 81, own_fps=fps)
        self.guidance = 3.5 if staged else 5.0
        net = video.transformer if video.transformer is not None else video.transformer_2
        self.multiple = max(video.vae_scale_factor_spatial * net.config.patch_size[-1], 16)
        self.time = video.vae_scale_factor_temporal

    def asked(self, prompt: str, negative: str, fps: float) -> dict[str, Any]:
        """Words as embeddings; the rate is what the frames are."""
        found = embedded(self.video, [prompt, negative])
        return {"prompt_embeds": found[:1], "negative_prompt_embeds": found[1:]}

    @torch.no_grad()
    def encoded(self, pictures: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        """The middle of the encoder's distribution, standardised as the pipeline does."""
        vae = self.video.vae
        found = vae.encode(self._pixels(pictures)).latent_dist.mode().float()
        mean, std = (
            torch.tensor(x, device=found.device).view(1, -1, 1, 1, 1) for x in (vae.config.latents_mean, vae.config.latents_std)
        )
        return (found - mean) / std

    def noised(self, goal: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """As the scheduler does it."""
        scheduler = self.video.scheduler
        return _noised(scheduler, goal, noise.to(goal.device), step)


class Ltx(Kind):
    """`LTXImageToVideoPipeline`: LTX-Video."""

    # As published: 25 frames per second, 50 steps, 161 frames, guidance 3.
    own = Take(fps=25.0, size=0, steps=50, segment=161, own_fps=25.0)
    guidance = 3.0
    #: Noise that newer decoders take off themselves: how much they are told of, and how much is added (published).
    DECODED_AT, DECODED_NOISE = 0.05, 0.025
    #: Of the words, as in LTX-Video's own inference.
    TOKENS = 256

    def __init__(self, video: Any) -> None:
        super().__init__(video)
        self.multiple = video.vae_spatial_compression_ratio * video.transformer_spatial_patch_size
        self.time = video.vae_temporal_compression_ratio

    def asked(self, prompt: str, negative: str, fps: float) -> dict[str, Any]:
        """Words as they are, and the rate."""
        timed = self.video.vae.config.timestep_conditioning
        decoding = {"decode_timestep": self.DECODED_AT, "decode_noise_scale": self.DECODED_NOISE} if timed else {}
        return {"prompt": prompt, "negative_prompt": negative, "max_sequence_length": self.TOKENS, "frame_rate": fps, **decoding}

    @torch.no_grad()
    def encoded(self, pictures: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        """The middle of the encoder's distribution, standardised as the pipeline does."""
        vae = self.video.vae
        found = vae.encode(self._pixels(pictures)).latent_dist.mode().float()
        mean, std = (x.view(1, -1, 1, 1, 1).to(found.device, torch.float32) for x in (vae.latents_mean, vae.latents_std))
        return (found - mean) * vae.config.scaling_factor / std

    def noised(self, goal: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """As the scheduler does it, the first picture without noise, as a row of patches."""
        found = _noised(self.video.scheduler, goal, noise.to(goal.device), step)
        found = torch.cat([goal[:, :, :1], found[:, :, 1:]], dim=2)
        video = self.video
        packed: torch.Tensor = video._pack_latents(
            found, video.transformer_spatial_patch_size, video.transformer_temporal_patch_size
        )
        return packed

    def generator(self, seed: int) -> torch.Generator:
        """On the model's device: newer decoders draw there."""
        return torch.Generator(self.video._execution_device).manual_seed(seed)


KINDS: dict[str, type[Kind]] = {"WanImageToVideoPipeline": Wan, "LTXImageToVideoPipeline": Ltx}


def _noised(scheduler: Any, goal: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
    """Latents under the noise that is left before a step."""
    add = getattr(scheduler, "scale_noise", None)
    at = scheduler.timesteps[step : step + 1]
    found: torch.Tensor = add(goal, at, noise) if add is not None else scheduler.add_noise(goal, noise, at)
    return found
