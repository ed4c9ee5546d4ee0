"""What every codec states: representation <-> arrays of media.

A codec's properties are the contract: what uses a codec asks it for rates and widths and repeats no
constant. A codec is a component of a pipeline, so it is a diffusers model with at least one buffer
(`mean` and `std`, shape [width], with which representations are normalised for a network).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch

from emogen.diffusing import ConfigMixin, ModelMixin


class Codec(ModelMixin, ConfigMixin):
    """Base of all codecs.

    Attributes:
        modality: What is coded: "voice", "face", "body", "score" or "image".
        frame_rate: Frames of representation per second (beats for a score are frames per beat); 0 where
            the representation has no time.
        names: The channels of the representation, in order; their number is the width.
    """

    modality: ClassVar[str]
    config_name = "config.json"

    def __init__(self) -> None:
        super().__init__()
        width = len(self.names)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    @property
    def names(self) -> tuple[str, ...]:
        """The channels of the representation, in order."""
        raise AssertionError(f"{type(self).__name__} names no channels")

    @property
    def frame_rate(self) -> float:
        """Frames per second of the representation."""
        raise AssertionError(f"{type(self).__name__} states no frame rate")

    @property
    def width(self) -> int:
        """Channels of the representation."""
        return len(self.names)

    def encode(self, media: Any) -> np.ndarray:
        """Media -> representation [frames, width], float32, in the channels' own units."""
        raise AssertionError(f"{type(self).__name__} does not encode")

    def decode(self, frames: np.ndarray) -> Any:
        """Representation [frames, width] -> media."""
        raise AssertionError(f"{type(self).__name__} does not decode")

    def normalize(self, frames: np.ndarray) -> np.ndarray:
        """Own units -> zero mean and unit variance by the codec's buffers; same shape."""
        return ((frames - self.mean.numpy()) / self.std.numpy()).astype(np.float32)

    def denormalize(self, frames: np.ndarray) -> np.ndarray:
        """The inverse of `normalize`."""
        return (frames * self.std.numpy() + self.mean.numpy()).astype(np.float32)
