"""`musicgen:PATH_OR_ID`: MusicGen of transformers (arXiv:2306.05284), mono or stereo, also with a melody to follow.

Long pieces and tracks of feelings go on from the sound tokens of the last seconds. The melody's model is given the
strongest of twelve pitch classes over time, as in its paper (without taking voices and drums out first).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import StoppingCriteria, StoppingCriteriaList
from transformers.audio_utils import chroma_filter_bank

from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.pipelines.base import Steps
from emogen.pipelines.music.backends.output import Sound
from emogen.pipelines.music.backends.sound_model import SoundModelPipeline, Wanted, channels
from emogen.pipelines.opening import open_model, open_tokenizer

KINDS = {"musicgen": "MusicgenForConditionalGeneration", "musicgen_melody": "MusicgenMelodyForConditionalGeneration"}
#: Length of its training pieces (s), and guidance where a model states none; as published.
TRAINED_S, GUIDANCE = 30.0, 3.0
#: Window and hop of the melody's spectrogram in samples, as published.
WINDOW, HOP = 16_384, 4_096


class MusicgenPipeline(SoundModelPipeline):
    """Music by MusicGen."""

    backend = "musicgen"
    continues = True
    lead_s: ClassVar[float] = 10.0  # its authors' own long pieces keep 12 of 30 s; a third leaves more that is new

    @classmethod
    def _opened(cls, source: str | Path, dtype: torch.dtype) -> Any:
        return open_model(source, KINDS, dtype)

    @classmethod
    def _tokenizer(cls, source: str | Path) -> Any:
        return open_tokenizer(source)

    @property
    def sample_rate(self) -> int:
        """Of its codec, Hz."""
        return int(self.model.config.audio_encoder.sampling_rate)

    @property
    def longest_s(self) -> float:
        """30 s, as it was trained on."""
        return TRAINED_S

    @property
    def guidance_own(self) -> float:
        """What its generation configuration states."""
        return float(self.model.generation_config.guidance_scale or GUIDANCE)

    @classmethod
    def _read_by(cls, model: Any, tokenizer: Any) -> tuple[Any, Any]:
        return tokenizer, model.text_encoder

    def _units(self, seconds: float, steps: int) -> int:
        """One for each second."""
        return math.ceil(seconds)

    def _follows(self) -> str:
        melody = self.model.config.model_type == "musicgen_melody"
        return "" if melody else "this MusicGen follows no melody; MusicGen Melody does"

    def _made(self, wanted: Wanted, step: NDArray[np.floating[Any]], steps: Steps) -> torch.Tensor:
        model, rate = self.model, self._frame_rate
        given = dict(self.tokenizer([wanted.prompt], return_tensors="pt").to(model.device))
        frames = math.ceil(wanted.seconds * rate)
        if wanted.before is not None:
            given["decoder_input_ids"] = self._tokens(wanted.before)
            frames -= given["decoder_input_ids"].shape[1]
        if wanted.like is not None:
            given["input_features"] = self._chroma(wanted.like).to(model.device, model.dtype)
        told = Told(rate, math.ceil(wanted.seconds), steps)
        with self._steered(step):
            found = model.generate(
                **given, do_sample=True, guidance_scale=wanted.guidance, max_new_tokens=frames + model.decoder.num_codebooks,
                stopping_criteria=StoppingCriteriaList([told]),
            )  # fmt: skip
        told.rest()
        sound: torch.Tensor = found[0]
        return sound

    @property
    def _frame_rate(self) -> int:
        """Tokens a second."""
        return int(self.model.config.audio_encoder.frame_rate)

    def _tokens(self, sound: Sound) -> torch.Tensor:
        """Sound [n, channels] as tokens [codebooks, frames]; of stereo, the codebooks of left and right in turn."""
        encoder, sides = self.model.audio_encoder, self.model.decoder.config.audio_channels
        heard = channels(sound, sides).to(self.model.device, encoder.dtype)[:, None, None]  # each side [1, 1, n]
        codes = [encoder.encode(side).audio_codes[0, 0] for side in heard]
        return torch.stack(codes, dim=1).flatten(0, 1)

    def _chroma(self, tune: Sound) -> torch.Tensor:
        """The strongest pitch class over time, [1, frames, 12] of zeros and ones."""
        classes = self.model.config.num_chroma
        heard = channels(tune, 1)[0]
        heard = torch.nn.functional.pad(heard, (0, max(WINDOW - len(heard), 0)))
        power = torch.stft(heard, WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True).abs().square()
        filters = chroma_filter_bank(num_frequency_bins=WINDOW, num_chroma=classes, sampling_rate=self.sample_rate, tuning=0)
        strongest = (torch.from_numpy(filters).float() @ power).argmax(dim=0)
        return torch.nn.functional.one_hot(strongest, classes)[None]


class Told(StoppingCriteria):
    """Tells of each second while tokens are made; stops nothing.

    Args:
        rate: Tokens a second.
        seconds: That are told of in all.
        steps: Whom.
    """

    def __init__(self, rate: int, seconds: int, steps: Steps) -> None:
        self._rate, self._left, self._steps, self._made = rate, seconds, steps, 0

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> Any:
        """After each token."""
        self._made += 1
        if self._made % self._rate == 0 and self._left > 1:
            self._left -= 1
            self._steps.done("tokens")
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)

    def rest(self) -> None:
        """All is made: what was in the prompt or is less than a second."""
        for _ in range(self._left):
            self._steps.done("tokens")
