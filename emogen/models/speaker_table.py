"""Named speakers of a speech model: a vector for each."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config


class SpeakerTable(ModelMixin, ConfigMixin):
    """Vectors (x-vectors) by the name of who speaks so.

    Args:
        names: Of the speakers.
        width: Numbers in a vector.
    """

    vectors: torch.Tensor

    @register_to_config
    def __init__(self, names: Sequence[str] = ("0",), width: int = 512) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(len(names), width))

    def vector(self, name: str) -> torch.Tensor:
        """[width] of one speaker; "" is the first."""
        return self.vectors[list(self.config.names).index(name) if name else 0]
