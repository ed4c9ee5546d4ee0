"""The takes of the packs as the speech guide sees them: for directions in its embedding space, and to compare with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning import voice_measures
from emogen.conditioning.audio import SpeechRecognizer, features
from emogen.conditioning.vocabulary import NEUTRAL
from emogen.media.atomic import atomic_path
from emogen.training.speech_data import Clip

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Takes:
    """n takes, as the speech guide sees them.

    Attributes:
        embedded: [n, E] the hidden layers of its head.
        measures: [n, M] of prosody, `voice_measures.NAMES`.
        numbers: [n] each counts the takes of its pack, from 1.
        corpora: [n] packs.
        speakers: [n].
        labels: [n] what was acted.
    """

    embedded: Array
    measures: Array
    numbers: NDArray[np.int64]
    corpora: NDArray[np.str_]
    speakers: NDArray[np.str_]
    labels: NDArray[np.str_]

    @property
    def keys(self) -> list[tuple[str, int]]:
        """(Pack, number) of each."""
        return list(zip(self.corpora.tolist(), self.numbers.tolist(), strict=True))

    def neutral(self, speaker: str) -> Array:
        """[M] mean measures of a speaker's neutral takes."""
        return np.asarray(self.measures[(self.speakers == speaker) & (self.labels == NEUTRAL)].mean(axis=0))


def embedding(guide: SpeechRecognizer, rows: NDArray[np.float32]) -> Array:
    """What the guide's head makes of measures [n, D] before it names a feeling [n, E]."""
    head: Any = guide._head
    with torch.inference_mode():
        seen = head.standardised(torch.from_numpy(rows))
        return torch.cat([member[:-1](seen) for member in head.members], dim=1).double().numpy()


def read_takes(path: Path, clips: Sequence[Clip], guide: SpeechRecognizer) -> Takes:
    """The takes of clips, kept in a file."""
    if not path.is_file():
        with torch.inference_mode():
            heard = [features(guide._encoder, guide._from, c.samples, voice_measures.frames(c.samples)) for c in clips]
        rows, seen = np.stack(heard), Counter[str]()
        numbers = []
        for clip in clips:
            seen[clip.corpus] += 1
            numbers.append(seen[clip.corpus])
        with atomic_path(path) as part, part.open("wb") as stream:
            np.savez(stream, embedded=embedding(guide, rows),
                     measures=rows[:, -len(voice_measures.NAMES) :].astype(np.float64), numbers=numbers,
                     corpora=[c.corpus for c in clips], speakers=[c.speaker for c in clips],
                     labels=[c.label for c in clips])  # fmt: skip
    with np.load(path, allow_pickle=False) as stored:
        return Takes(**{name: stored[name] for name in stored.files})
