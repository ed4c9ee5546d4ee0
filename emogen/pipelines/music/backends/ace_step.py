"""`ace-step:PATH_OR_ID`: ACE-Step 1.5 of diffusers (arXiv:2602.00744).

The tempo and the key are told it apart from the words. It goes on from sound by painting anew what comes after it, and
follows a piece by covering it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.pipelines.base import Steps
from emogen.pipelines.music.backends.sound_model import SoundModelPipeline, Wanted, channels
from emogen.pipelines.opening import open_pipeline

#: It makes up to ten minutes; we ask for less at once, since all of it is held in memory. Own choice.
LONGEST_S = 240.0
#: Steps of the models that guidance is not distilled into, as their authors use them (from general knowledge).
UNDISTILLED_STEPS = 50
#: What it is given to sing.
NO_LYRICS = "[Instrumental]"


class AceStepMusicPipeline(SoundModelPipeline):
    """Music by ACE-Step."""

    backend = "ace-step"
    continues = True
    lead_s: ClassVar[float] = 10.0

    @property
    def steps_own(self) -> int | None:  # type: ignore[override]
        """Eight of the distilled model, as published."""
        return 8 if self.model.is_turbo else UNDISTILLED_STEPS

    @classmethod
    def _opened(cls, source: str | Path, dtype: torch.dtype) -> Any:
        return open_pipeline(source, ("AceStepPipeline",), dtype)

    @property
    def sample_rate(self) -> int:
        """Of its autoencoder, Hz."""
        return int(self.model.sample_rate)

    @property
    def longest_s(self) -> float:
        """Four minutes."""
        return LONGEST_S

    @property
    def guidance_own(self) -> float:
        """As published; the distilled model needs none."""
        return 1.0 if self.model.is_turbo else 7.0

    def _follows(self) -> str:
        whole = self.model.audio_tokenizer is not None and self.model.audio_token_detokenizer is not None
        return "" if whole else "this model was saved without the audio tokenizer that hears a given piece"

    def _made(self, wanted: Wanted, step: NDArray[np.floating[Any]], steps: Steps) -> torch.Tensor:
        pipe = self.model
        task: dict[str, Any] = {"task_type": "text2music"}
        if wanted.like is not None:
            task = {"task_type": "cover", "src_audio": self._sound(wanted.like, wanted), "audio_cover_strength": wanted.follow}
        elif wanted.before is not None:
            task = {"task_type": "repaint", "src_audio": self._sound(wanted.before, wanted),
                    "repainting_start": len(wanted.before) / self.sample_rate, "repainting_end": wanted.seconds}  # fmt: skip
        with self._steered(step):
            found: torch.Tensor = pipe(
                prompt=wanted.prompt, lyrics=NO_LYRICS, audio_duration=wanted.seconds, num_inference_steps=wanted.steps,
                guidance_scale=wanted.guidance, bpm=round(wanted.tempo_bpm), keyscale=wanted.key or None, timesignature="4",
                generator=wanted.generator,
                callback_on_step_end=lambda _, __, ___, tensors: steps.done("denoising", latents=tensors["latents"]), **task,
            ).audios[0]  # fmt: skip
        return found

    def _sound(self, sound: NDArray[np.float32], wanted: Wanted) -> torch.Tensor:
        """Sound [n, channels] as [channels, m], silent to the end of the stretch and of a frame."""
        vae = self.model.vae
        heard = channels(sound, vae.config.audio_channels)
        length = -(-round(wanted.seconds * self.sample_rate) // int(vae.hop_length)) * int(vae.hop_length)
        return torch.nn.functional.pad(heard, (0, length - heard.shape[1]))
