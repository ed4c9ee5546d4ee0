"""Directions: where a step from neutral towards a feeling leads, and how far.

A direction says what intensity 1 adds. Its multiples are intensities, sums are mixtures, negatives lead to the
other side of neutral (directional latents: EmoReg, arXiv:2412.20359; the algebra: Daisy-TTS, arXiv:2402.14523).
"""

from __future__ import annotations

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from numpy.typing import NDArray

from emogen.conditioning.vocabulary import BASIC

Floats = NDArray[np.float64]


class Directions(ModelMixin, ConfigMixin):
    """One direction for each basic emotion.

    Args:
        width: Numbers of the space that they lie in.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(len(BASIC), width))

    def along(self, basic: Floats) -> Floats:
        """Amplitudes over `BASIC` [T, 6], of either sign -> where they lead [T, width], from neutral at 0."""
        return np.asarray(basic, dtype=np.float64) @ self.steps.double().numpy()


def local_directions(embeddings: Floats, labels: NDArray[np.str_], groups: NDArray[np.str_], names: tuple[str, ...],
                     components: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Directions that differ from place to place: voices of one kind go another way than voices of another.

    Neutral points are parted into `components` clusters; in each, the direction of an emotion is the mean
    difference between emotional and neutral points of the same speaker, speakers of the cluster alone.

    Args:
        embeddings: [n, D].
        labels: [n], "neutral" among them.
        groups: [n] who speaks.
        names: The emotions.
        components: Clusters; fewer where there are fewer speakers.
        seed: Of the clustering.

    Returns:
        Centres [K, D] and directions [K, len(names), D]; 0 where a cluster has no take of an emotion.
    """
    from scipy.cluster.vq import kmeans2

    people = [g for g in np.unique(groups) if np.any((groups == g) & (labels == "neutral"))]
    homes = np.stack([embeddings[(groups == g) & (labels == "neutral")].mean(axis=0) for g in people])
    count = min(components, len(people))
    centres, member = kmeans2(homes, count, minit="++", seed=seed)
    found = np.zeros((count, len(names), embeddings.shape[1]))
    for k in range(count):
        for i, name in enumerate(names):
            steps = [
                embeddings[(groups == g) & (labels == name)].mean(axis=0) - home
                for g, home, m in zip(people, homes, member, strict=True)
                if m == k and np.any((groups == g) & (labels == name))
            ]
            if steps:
                found[k, i] = np.mean(steps, axis=0)
    return centres, found
