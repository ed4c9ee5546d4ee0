"""Emotion -> attributes of music, learnt from pieces that people sorted by valence and arousal: `LearntAttributes`.

Two stages as in EmoGen (arXiv 2307.01229), with a value for each attribute in place of above or below the median. What
an emotion does on average is linear, as in `CueRules`, whose table is the prior: the pieces move it as far as they
speak, and what they cannot tell apart (dominance; anger from fear) stays where the table has it. Around that mean,
pieces of one quadrant vary as real ones do: prototypes found by clustering, and a Gaussian around each.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.learned import folder_of
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.errors import CheckpointError
from emogen.pipelines.music.attributes import FADERS, Attributes
from emogen.pipelines.music.cues import COLUMNS, feeling_of, felt

Array = NDArray[np.float64]

CHECKPOINT = "music_attributes"
NAMES = tuple(FADERS)
#: Faders whose effect is a ratio: their scale is the logarithm.
RATIOS = ("tempo", "density", "rhythm", "harmony")
#: Faders a beat and a bar -> beats they are counted in; on the scale they are counted a second, as a listener hears
#: them: whatever beat was taken, they hold.
BEATS_OF = {"density": 1.0, "rhythm": 1.0, "harmony": 4.0}
QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
PROTOTYPES = 3  # in a quadrant
SIGNS = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)], dtype=np.float64)  # valence and arousal of the quadrants
STEEPNESS = 6.0  # of the change from one quadrant's pieces to the next one's: all at half way out (own assumption)
#: How far a draw goes: nine in ten draws of a Gaussian (own assumption), so that no piece is an odd one out.
REACH = 1.65


def on_scale(values: Array) -> Array:
    """Values of the faders [..., F], in the order of `NAMES`, above 0 where they are ratios -> the learnt scale."""
    x = np.array(values, dtype=np.float64)
    seconds = np.log(x[..., NAMES.index("tempo")] / 60.0)
    for name in RATIOS:
        i = NAMES.index(name)
        x[..., i] = np.log(np.maximum(x[..., i], 1e-2))
        if name in BEATS_OF:
            x[..., i] += seconds - np.log(BEATS_OF[name])
    return x


def off_scale(scaled: Array) -> Array:
    """The inverse of `on_scale`."""
    x = np.array(scaled, dtype=np.float64)
    tempo = FADERS["tempo"]
    i = NAMES.index("tempo")
    x[..., i] = np.clip(x[..., i], np.log(tempo.low), np.log(tempo.high))
    seconds = x[..., i] - np.log(60.0)
    for name in RATIOS:
        i = NAMES.index(name)
        x[..., i] = np.exp(x[..., i] - (seconds - np.log(BEATS_OF[name]) if name in BEATS_OF else 0.0))
    return x


class LearntAttributes(ModelMixin, ConfigMixin):
    """The learnt counterpart of `CueRules`, on the scale of `on_scale`; for research alone.

    Buffers: `table` [F, 7], the columns of `COLUMNS`; `prototypes` [4, PROTOTYPES, F], offsets from the mean of each quadrant,
    and their `shares`; `spread` [F, F], what a standard normal vector is multiplied by around a prototype. What
    would move the feeling itself is already damped in both.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        size = len(NAMES)
        self.register_buffer("table", torch.zeros(size, len(COLUMNS)))
        self.register_buffer("prototypes", torch.zeros(4, PROTOTYPES, size))
        self.register_buffer("shares", torch.full((4, PROTOTYPES), 1.0 / PROTOTYPES))
        self.register_buffer("spread", torch.zeros(size, size))

    @staticmethod
    def load(source: str | Path = "embedded") -> LearntAttributes:
        """From "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(folder_of(CHECKPOINT, source))

    def forward(self, emotion: Emotion, rng: np.random.Generator | None = None) -> Attributes:
        """The attributes of one emotion.

        Args:
            emotion: What is felt; at intensity 0 the middle of the pieces it learnt from.
            rng: Draws one of the ways in which pieces of this feeling differ; generators in the same state draw the
                same way, so that a piece keeps its character along a track. Without one, the mean.
        """
        x = self.table.double().numpy() @ felt(emotion)
        if rng is not None:
            x = x + self._drawn(emotion, rng)
        return Attributes.within(dict(zip(NAMES, off_scale(x).tolist(), strict=True)), feeling_of(emotion))

    def _drawn(self, emotion: Emotion, rng: np.random.Generator) -> Array:
        which, normal = rng.random(), rng.standard_normal(len(NAMES))
        near = 1.0 / (1.0 + np.exp(-STEEPNESS * SIGNS * emotion.vad[:2]))
        shares = (near.prod(axis=1)[:, None] * self.shares.double().numpy()).ravel()
        cell = int(np.searchsorted(np.cumsum(shares) / shares.sum(), which))
        offsets = self.prototypes.double().numpy().reshape(-1, len(NAMES))
        around = self.spread.double().numpy() @ np.clip(normal, -REACH, REACH)
        return np.asarray(offsets[min(cell, len(offsets) - 1)] + around)


@cache
def _loaded(folder: Path) -> LearntAttributes:
    try:
        return LearntAttributes.from_pretrained(str(folder), use_safetensors=True, low_cpu_mem_usage=False).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(str(folder), f"cannot be read: {error}") from error
