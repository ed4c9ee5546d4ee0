"""The judge of voices: what a speaker verifier hears, and measures of prosody; learnt from RAVDESS alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import voice_measures
from emogen.conditioning.audio import VoiceRecognizer, at_rate, pooled
from emogen.conditioning.recognition import Role
from emogen.conditioning.voice_measures import Frames

if TYPE_CHECKING:
    from torch import Tensor

_QUIETEST = 1e-4


class SpeechJudge(VoiceRecognizer):
    """Judges voices. Make one with `SpeechJudge.load(...)`."""

    role: ClassVar[Role] = "judge"
    checkpoint: ClassVar[str] = "judge_speech"

    def _build(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        from emogen.models.voice_encoder import VoiceEncoder

        self._encoder = VoiceEncoder().eval()
        self._encoder.load_state_dict(weights)

    def _features(self, samples: NDArray[np.float32], found: Frames) -> NDArray[np.float32]:
        return features(self._encoder, samples, found)


def features(encoder: Any, samples: NDArray[np.float32], found: Frames) -> NDArray[np.float32]:
    """Mean and spread of the three layers and of the mel spectrum over what is no pause, and the voice measures, [D].

    Args:
        encoder: A `VoiceEncoder`.
        samples: [n], 16 kHz.
        found: Their frames.
    """
    import torch

    from emogen.models.voice_encoder import LEVEL_DBFS

    loudness = max(float(np.sqrt(np.mean(samples**2))), _QUIETEST)
    wave = samples * np.float32(10.0 ** (LEVEL_DBFS / 20.0) / loudness)
    layers = encoder(torch.from_numpy(np.ascontiguousarray(wave, dtype=np.float32))[None])
    heard = at_rate(found.heard, layers[0].shape[1], 1.0)
    mel = voice_measures.mel_levels(found.power).astype(np.float32)
    parts = [*(pooled(layer[0].numpy(), heard) for layer in layers), pooled(mel, found.heard)]
    return np.concatenate([*parts, voice_measures.measure(found)]).astype(np.float32)
