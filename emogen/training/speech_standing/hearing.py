"""What a clip is heard as: the judge's verdict, what it hears it by, and the words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emogen import checkpoints
from emogen.conditioning import voice_measures
from emogen.conditioning.audio import checked
from emogen.evaluation.judges.speech import SpeechJudge, features
from emogen.evaluation.metrics import transcribe
from emogen.media.audio import Audio
from emogen.models.voice_encoder import WIDTH

Floats = NDArray[np.float32]
#: Where the mean of the encoder's last layer stands among the judge's features: who speaks.
SPEAKER = slice(4 * WIDTH, 5 * WIDTH)
MEASURES = slice(-len(voice_measures.NAMES), None)


@dataclass(frozen=True, eq=False)
class Heard:
    """One clip.

    Attributes:
        chances: [8] over the judge's labels.
        vad: [3] felt valence, arousal, dominance by the judge.
        features: [1649] what the judge reads it by.
    """

    chances: Floats
    vad: Floats
    features: Floats

    @property
    def speaker(self) -> Floats:
        """[256] what tells people apart."""
        return self.features[SPEAKER]

    @property
    def measures(self) -> Floats:
        """[33] in the order of `voice_measures.NAMES`."""
        return self.features[MEASURES]


def labels() -> tuple[str, ...]:
    """The judge's labels."""
    return _judge().labels


def hear(samples: Floats, rate: int) -> Heard:
    """A clip [n]."""
    import torch

    judge, sound = _judge(), Audio(samples, rate)
    verdict = judge.recognize(sound)
    heard = checked(sound)
    with torch.inference_mode():
        rows = features(judge._encoder, heard, voice_measures.frames(heard))
    chances = np.array([verdict.distribution[label] for label in judge.labels], dtype=np.float32)
    return Heard(chances, verdict.emotion.vad.astype(np.float32), rows)


def words(samples: Floats, rate: int) -> str:
    """What pocketsphinx understands."""
    return transcribe(samples, rate)


def version() -> str:
    """Changes with the judge."""
    return checkpoints.checkpoint_hash(SpeechJudge.checkpoint)[:8]


@cache
def _judge() -> SpeechJudge:
    judge = SpeechJudge.load("embedded")
    assert isinstance(judge, SpeechJudge)
    return judge
