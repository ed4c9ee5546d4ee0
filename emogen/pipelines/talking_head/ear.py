"""A voice without a transcript -> what is heard in it, every 10 ms: the network of the checkpoint `lips`, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.errors import CheckpointError
from emogen.media.audio import resample
from emogen.models.lips import FRAMES_PER_S, HOP, SAMPLE_RATE_HZ, LipNet, gain_for, log_mel
from emogen.pipelines.talking_head.sounds import names
from emogen.pipelines.talking_head.visemes import table, visemes_of

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT = "lips"
#: A recording is heard in pieces of this length, each with what lies around it (s): memory does not grow with it.
PIECE_S, AROUND_S = 30, 1


@cache
def viseme_of_sound() -> NDArray[np.int64]:
    """[S] the viseme of each sound."""
    return np.array([0 if name == names()[0] else visemes_of(name)[0] for name in names()])


def by_viseme(chances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Chances of sounds [..., S] -> of visemes [..., V]."""
    into = np.zeros((len(names()), len(table().names)), np.float32)
    into[np.arange(len(names())), viseme_of_sound()] = 1.0
    return np.asarray(chances @ into, np.float32)


class Ear:
    """What hears sounds in voices.

    Args:
        network: Trained on the sounds of `sounds.csv`.
    """

    def __init__(self, network: LipNet) -> None:
        if network.sounds != names():
            raise CheckpointError(CHECKPOINT, "tells other sounds apart than sounds.csv lists")
        self._network = network.eval()

    @staticmethod
    def load(source: str | Path = "embedded") -> Ear:
        """The one of a checkpoint: "embedded", or a local folder.

        Raises:
            CheckpointError: Missing, altered or of another form.
        """
        return _loaded(str(source))

    def pieces(self, audio: NDArray[np.float32], sample_rate: int) -> Iterator[NDArray[np.float32]]:
        """Chances of the sounds [T, S] of one piece of a voice [n] after the other, 100 a second, with `AROUND_S` around it.

        The first piece has nothing before it, the last nothing behind it; what is around a piece is that of its neighbours.
        """
        import torch

        gain = np.float32(gain_for(audio, sample_rate))
        for begin in range(0, max(1, len(audio)), PIECE_S * sample_rate):
            first = max(0, begin - AROUND_S * sample_rate)
            part = audio[first : begin + (PIECE_S + AROUND_S) * sample_rate].astype(np.float32) * gain
            rows = log_mel(np.pad(resample(part, sample_rate, SAMPLE_RATE_HZ), (0, HOP)))
            count = -(-len(part) * FRAMES_PER_S // sample_rate)
            with one_thread(), torch.inference_mode():
                logits: Tensor = self._network(torch.from_numpy(rows[:count])[None])
                yield torch.softmax(logits[0], dim=-1).numpy()

    def chances(self, audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """Chances of the sounds of a whole voice [T, S], 100 a second."""
        kept = []
        for number, part in enumerate(self.pieces(audio, sample_rate)):
            before = AROUND_S * FRAMES_PER_S if number else 0
            kept.append(part[before : before + PIECE_S * FRAMES_PER_S])
        return np.concatenate(kept)


@cache
def _loaded(source: str) -> Ear:
    folder = folder_of(CHECKPOINT, source)
    try:
        network = LipNet.from_config(read_config(folder))
        network.load_state_dict(read_weights(folder))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(str(folder), f"does not fit: {error}") from error
    return Ear(network)
