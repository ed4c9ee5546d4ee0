"""A voice -> Emotion: `SpeechRecognizer`, the guide of speech, and what it shares with the judge.

A recording is read in windows of a few seconds; the answer is the mean over them, weighted by how much voice is in
each, and in longer recordings also a track: which emotion appears when.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import voice_measures
from emogen.conditioning.cues import Cues, sentence
from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.conditioning.recognition import Recognition, Recognizer, Role, nothing, recognition
from emogen.conditioning.voice_measures import HOP, SAMPLE_RATE_HZ, Frames
from emogen.errors import CheckpointError, InputError

if TYPE_CHECKING:
    from torch import Tensor

    from emogen.conditioning.track import EmotionTrack
    from emogen.media.audio import Audio

#: Up to this a recording is read as a whole, beyond in windows of `WINDOW_S` every `STEP_S` (s).
WHOLE_S, WINDOW_S, STEP_S = 6.0, 4.0, 3.0
LONGEST_S = 600.0  # windows further apart beyond: nobody's answer changes after 200 of them (own assumption)
SILENCE_DBFS = -55.0  # peaks below this are no recording of a voice (own assumption)
LEAST_VOICE_S = 0.2  # voiced sound that a verdict needs (own assumption)
ENOUGH_VOICE_S = 0.8  # voiced sound from which a verdict is worth what it was in training (own assumption)
NOT_SPEECH = 0.35  # certainty of what sounds like music, or noise with a pitch (own assumption)


class VoiceRecognizer(Recognizer):
    """What guide and judge of speech share: gates, windows, calibration, cues.

    Args:
        folder: Of a checkpoint.
    """

    modality: ClassVar[str] = "speech"
    checkpoint: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        from emogen.models.head import EmotionHead

        config, weights = read_config(folder), read_weights(folder)
        try:
            self._head = EmotionHead.from_config(config["head"]).eval()
            self._head.load_state_dict(_under("head.", weights))
            self._temperature = float(config["temperature"])
            self._cues = Cues.from_dict(config["cues"], voice_measures.NAMES)
            self._build(config, _under("encoder.", weights))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(str(folder), f"does not fit: {error}") from error

    @classmethod
    def load(cls, source: str | Path = "embedded") -> VoiceRecognizer:
        """The recogniser from "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(cls, str(source))

    @abstractmethod
    def _build(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """Makes what turns windows into measures."""

    @abstractmethod
    def _features(self, samples: NDArray[np.float32], found: Frames) -> NDArray[np.float32]:
        """What the head takes of one window, [D]."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return self._head.labels

    def recognize(self, media: str | Path | Audio) -> Recognition:
        """The emotion in a voice.

        Args:
            media: A sound file (or the sound of a video), or a recording.

        Raises:
            EmogenError: It cannot be read, is empty, or is no recording.
        """
        from emogen.conditioning.sound_kind import sound_kind

        samples = checked(media)
        found = voice_measures.frames(samples)
        voiced_s = float(found.voiced.sum()) * HOP / SAMPLE_RATE_HZ
        if found.peak_dbfs < SILENCE_DBFS:
            return nothing(self.labels, self.modality, "silence: no voice to hear")
        if voiced_s < LEAST_VOICE_S:
            return nothing(self.labels, self.modality, "no voice to hear, only noise or clicks")
        kind = sound_kind(samples, found)
        spans = windows(found)
        chances, vad = self._read(samples, found, spans)
        weight = np.array([found.voiced[a:b].sum() for a, b in spans], dtype=float)
        weight /= weight.sum()
        mean, felt = weight @ chances, weight @ vad
        certainty = min(1.0, voiced_s / ENOUGH_VOICE_S) * (1.0 if kind == "speech" else NOT_SPEECH)
        label = self.labels[int(mean.argmax())]
        told = self._cues.told(voice_measures.measure(found), label, voice_measures.PHRASES)
        return recognition(
            dict(zip(self.labels, mean.tolist(), strict=True)),
            self.modality,
            vad=felt,
            certainty=certainty,
            over_time=self._track(spans, chances, vad) if len(spans) > 1 else None,
            because=sentence(told, label, float(mean.max())),
            note="" if kind == "speech" else f"sounds like {kind}, not like a voice",
        )

    def _read(
        self, samples: NDArray[np.float32], found: Frames, spans: Sequence[tuple[int, int]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Calibrated chances [n, L] and VAD [n, 3] of spans of frames."""
        import torch

        with torch.inference_mode(), one_thread():
            rows = [self._features(samples[a * HOP : b * HOP + HOP], part(found, a, b)) for a, b in spans]
            logits, vad = self._head(torch.from_numpy(np.stack(rows)))
            chances = torch.softmax(logits / self._temperature, dim=1)
        return chances.double().numpy(), vad.double().numpy()

    def _track(
        self, spans: Sequence[tuple[int, int]], chances: NDArray[np.float64], vad: NDArray[np.float64]
    ) -> EmotionTrack:
        from emogen.conditioning.track import EmotionTrack, Keyframe

        keys = []
        for (a, b), row, felt in zip(spans, chances, vad, strict=True):
            there = recognition(dict(zip(self.labels, row.tolist(), strict=True)), self.modality, vad=felt)
            keys.append(Keyframe(round((a + b) / 2 * HOP / SAMPLE_RATE_HZ, 3), there.emotion))
        return EmotionTrack(tuple(keys))


class SpeechRecognizer(VoiceRecognizer):
    """Reads voices. Make one with `SpeechRecognizer.load(...)`."""

    role: ClassVar[Role] = "guide"
    checkpoint: ClassVar[str] = "speech"

    def _build(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        from emogen.models.speech_encoder import SpeechEncoder, SpeechEncoderConfig

        self._encoder = SpeechEncoder(SpeechEncoderConfig(layers=int(config["layers"]))).eval()
        self._encoder.load_state_dict(weights)
        self._from = int(config["first_layer"])

    def _features(self, samples: NDArray[np.float32], found: Frames) -> NDArray[np.float32]:
        return features(self._encoder, self._from, samples, found)


def felt_in(voice: Any) -> EmotionTrack:
    """What a voice sounds as if it felt: over its time where it is long enough.

    Args:
        voice: A path, or an object with `audio` [n] and `sample_rate`.
    """
    from emogen.conditioning.track import EmotionTrack
    from emogen.media.audio import Audio

    sound = voice if isinstance(voice, (str, Path)) else Audio(np.asarray(voice.audio, np.float32), int(voice.sample_rate))
    found = SpeechRecognizer.load().recognize(sound)
    return found.over_time or EmotionTrack.of(found.emotion)


def features(encoder: Any, first: int, samples: NDArray[np.float32], found: Frames) -> NDArray[np.float32]:
    """Mean and spread of the layers from `first` on over what is no pause, and the voice measures, [D].

    Args:
        encoder: A `SpeechEncoder`.
        first: Number of the first layer taken.
        samples: [n], 16 kHz.
        found: Their frames.
    """
    import torch

    from emogen.models.speech_encoder import HOP as ENCODER_HOP
    from emogen.models.speech_encoder import SHORTEST

    wave = np.pad(samples, (0, max(0, SHORTEST - len(samples))))
    wave = 0.5 * wave / max(float(np.abs(wave).max()), 1e-4)  # the encoder was never shown how loud it was
    layers = encoder(torch.from_numpy(wave)[None])[first:]
    heard = at_rate(found.heard, layers[0].shape[1], ENCODER_HOP / HOP)
    return np.concatenate([*(pooled(layer[0].numpy(), heard) for layer in layers), voice_measures.measure(found)]).astype(
        np.float32
    )


def pooled(vectors: NDArray[np.float32], heard: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Mean and standard deviation [2 D] of the vectors [T, D] that are heard."""
    kept = vectors[heard] if heard.any() else vectors
    return np.concatenate([kept.mean(axis=0), kept.std(axis=0)])


def at_rate(heard: NDArray[np.bool_], n: int, step: float) -> NDArray[np.bool_]:
    """Flags of frames 10 ms apart -> of n frames, each `step` times as long."""
    return heard[np.minimum(((np.arange(n) + 0.5) * step).astype(int), len(heard) - 1)]


def windows(found: Frames) -> list[tuple[int, int]]:
    """Spans of frames (first, last + 1) with a voice in them; at least one."""
    n, rate = len(found.level_db), SAMPLE_RATE_HZ / HOP
    if n <= WHOLE_S * rate:
        return [(0, n)]
    step = STEP_S * max(1.0, n / rate / LONGEST_S)
    starts = [round(s * rate) for s in np.arange(0.0, n / rate - WINDOW_S / 2, step)]
    spans = [(a, min(n, a + round(WINDOW_S * rate))) for a in starts]
    return [s for s in spans if found.voiced[s[0] : s[1]].sum() >= LEAST_VOICE_S * rate] or [(0, n)]


def part(found: Frames, first: int, last: int) -> Frames:
    """Frames from `first` to `last`."""
    at = slice(first, last)
    level = found.level_db[at]
    return Frames(level - level.max(), found.peak_dbfs, found.pitch_hz[at], found.clear[at], found.power[at])


def checked(media: Any) -> NDArray[np.float32]:
    """A sound file or recording -> mono samples [n] at 16 kHz.

    Raises:
        EmogenError: It is neither, empty, or not finite.
    """
    from emogen.media.audio import Audio, read_audio

    if isinstance(media, str | Path):
        return read_audio(media, sample_rate=SAMPLE_RATE_HZ).samples
    if not isinstance(media, Audio):
        raise InputError("recording", f"{type(media).__name__}", "Give a file, or a recording (media.audio.Audio).")
    if not len(media.samples) or not np.isfinite(media.samples).all():
        raise InputError("recording", "is empty or not finite", "Give samples of -1..1.")
    return media.mono().resampled(SAMPLE_RATE_HZ).samples


def _under(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


@cache
def _loaded(cls: type[VoiceRecognizer], source: str) -> VoiceRecognizer:
    return cls(folder_of(cls.checkpoint, source))
