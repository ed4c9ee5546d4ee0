"""The learnt composer: a plan of bars -> a lead sheet, by diffusion over latents of melody, harmony and texture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from emogen.checkpoints import checkpoint_folder
from emogen.codecs.lead_frames import LeadFramesCodec
from emogen.codecs.lead_sheet import LeadSheet
from emogen.conditioning.encoder import EmotionEncoder
from emogen.conditioning.learned import one_thread
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.errors import InputError
from emogen.models.lead_sheet import LeadSheetAutoencoder
from emogen.models.sequence import SequenceDenoiser
from emogen.pipelines.music.composer_content import FADED, content_row_count
from emogen.pipelines.music.composer_piece import Piece, minor
from emogen.pipelines.music.form import BarPlan


class Composer(ModelMixin, ConfigMixin):
    """Lead sheets from the checkpoint `composer`.

    Args:
        vocabulary: Chords that the training knew.
        chord, melody, texture, inner: Latents and width of the autoencoder.
        width, depth, heads: Of the denoiser.
        window, overlap: Half bars that it sees at once, and at most so many of them known.

    Buffers: `fader_mean`, `fader_std` [7] of the faders `FADED` in the training; `intervals` [25], the logarithm of the
    share of each interval (-12 .. 12 semitones) between neighbouring notes of the melody.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        vocabulary: int = 1,
        chord: int = 14,
        melody: int = 24,
        texture: int = 40,
        inner: int = 320,
        width: int = 160,
        depth: int = 5,
        heads: int = 5,
        window: int = 32,
        overlap: int = 16,
    ) -> None:
        super().__init__()
        self.codec = LeadFramesCodec()
        self.autoencoder = LeadSheetAutoencoder(chord, melody, texture, inner, vocabulary)
        self.emotion_encoder = EmotionEncoder(width=32, tokens=2, octaves=1)
        self.denoiser = SequenceDenoiser(
            channels=self.autoencoder.channels, content_channels=content_row_count(2 * chord, melody), emotion_channels=32,
            width=width, depth=depth, heads=heads, frame_rate=self.codec.frame_rate, window=window, overlap=overlap,
        )  # fmt: skip
        self.register_buffer("fader_mean", torch.zeros(len(FADED)))
        self.register_buffer("fader_std", torch.ones(len(FADED)))
        self.register_buffer("intervals", torch.full((25,), -math.log(25)))

    @classmethod
    def embedded(cls) -> Composer:
        """The one that ships with emogen.

        Raises:
            CheckpointError: It is missing or was altered.
        """
        return cls.opened(checkpoint_folder("composer"))

    @classmethod
    def opened(cls, folder: Path) -> Composer:
        """One from a checkpoint folder, ready to use in float32."""
        return cls.from_pretrained(str(folder), use_safetensors=True, torch_dtype=torch.float32, low_cpu_mem_usage=False).eval()

    def compose(self, plan: Sequence[BarPlan], tonic: int, seed: int, melody: LeadSheet | None = None) -> LeadSheet:
        """Writes a piece bar by bar of a plan.

        Args:
            plan: Of every bar; `like` names earlier ones.
            tonic: Pitch class 0..11.
            seed: Of the noise: the same plan, tonic and seed give the same piece.
            melody: A tune in 4/4 to keep: harmony and accompaniment are written for it. It is moved to the tonic, its
                third to the mode of the plan; bars beyond its end have none.

        Returns:
            A lead sheet of as many bars as the plan. Its mode is that of most bars.

        Raises:
            InputError: No bars, a `like` that is no earlier bar, no pitch class, or a tune that is not in 4/4.
        """
        return Writing(self, tonic, seed).go_on(plan, melody)


class Writing:
    """A piece that is written part by part.

    Args:
        model: Who writes.
        tonic: Pitch class 0..11.
        seed: Of the noise.

    Raises:
        InputError: No pitch class.
    """

    def __init__(self, model: Composer, tonic: int, seed: int) -> None:
        if not 0 <= tonic <= 11:
            raise InputError("tonic", f"{tonic}", "Accepted: a pitch class, 0 to 11.")
        self._model, self._tonic, self._seed = model, tonic, seed
        self._plan: list[BarPlan] = []
        self._frames = np.zeros((0, model.codec.width), np.float32)

    def go_on(self, plan: Sequence[BarPlan], melody: LeadSheet | None = None) -> LeadSheet:
        """The next bars; arguments, result and errors as of `Composer.compose`, `like` counting from the first bar."""
        first = len(self._plan)
        whole = [*self._plan, *plan]
        _check(whole, first)
        with one_thread(), torch.no_grad():
            score = Piece(self._model, whole, self._tonic, self._seed, melody)
            score.frames = self._frames
            frames = score.written(first)
        self._plan, self._frames = whole, score.frames
        dark = sum(minor(b) for b in plan) * 2 > len(plan)
        return self._model.codec.decode(frames, self._tonic, "minor" if dark else "major")


def _check(plan: Sequence[BarPlan], first: int) -> None:
    if len(plan) == first:
        raise InputError("plan", "no bars", "Accepted: one or more.")
    for i, bar in enumerate(plan[first:], first):
        if bar.like is not None and not 0 <= bar.like < i:
            raise InputError(f"plan, bar {i}", f"is like bar {bar.like}", "Accepted: an earlier bar.")
