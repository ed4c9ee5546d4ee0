"""What every recogniser gives back and how it is asked: media -> `Recognition`.

A recogniser is a conditioner: its answer is an `Emotion` that a pipeline takes as it is. It says of itself
whether it is a *guide* (generators learnt from it, or it picks among their outputs) or a *judge* (it may
score what they made). No heavy import here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import NEUTRAL, norm
from emogen.limits import LIMITS

if TYPE_CHECKING:
    from emogen.conditioning.track import EmotionTrack

Role = Literal["guide", "judge"]

#: Exponent on chances before they become shares: the second-best label counts less than it is likely.
SHARPEN = 1.5  # own assumption
LEAST_SHARE = 0.05  # own assumption: shares below this are left out of the emotion
#: Part of the felt VAD that comes from the labels' norms, the rest from the regression (own assumption).
NORM_PART = 0.5


@dataclass(frozen=True)
class Recognition:
    """What a recogniser found.

    Attributes:
        emotion: The feeling: shares over terms, felt VAD, intensity.
        confidence: 0..1, calibrated chance that most people would name `label` too; near 0 for noise.
        label: The strongest entry of `distribution`.
        distribution: The recogniser's own label -> probability; sums to 1. Not to be changed.
        modality: "text", "speech", "face", ...
        over_time: The emotion over the media's time, where it has one.
        because: One sentence: the cues that told.
        note: One plain sentence where the confidence is low for a reason: silence, no face ...
    """

    emotion: Emotion
    confidence: float
    label: str
    distribution: Mapping[str, float]
    modality: str
    over_time: EmotionTrack | None = None
    because: str = ""
    note: str = ""

    def to_dict(self, file: str | None = None) -> dict[str, Any]:
        """The JSON object of `emogen recognize`: one per file and modality."""
        felt = self.emotion.to_dict()
        data: dict[str, Any] = {} if file is None else {"file": file}
        data |= {
            "modality": self.modality,
            "label": self.label,
            "weights": felt["weights"],
            "vad": felt["vad"],
            "intensity": felt["intensity"],
            "confidence": round(self.confidence, 4),
        }
        if self.over_time is not None:
            data["over_time"] = self.over_time.to_dict()
        return data | {name: text for name, text in (("because", self.because), ("note", self.note)) if text}


def recognition(
    chances: Mapping[str, float],
    modality: str,
    *,
    vad: Sequence[float] | np.ndarray | None = None,
    intensity: float | None = None,
    certainty: float = 1.0,
    over_time: EmotionTrack | None = None,
    because: str = "",
    note: str = "",
    norm_part: float = NORM_PART,
) -> Recognition:
    """Calibrated chances of labels, and what else a network says -> `Recognition`.

    Args:
        chances: Label (a term or another word for a feeling) -> calibrated chance; made to sum to 1.
        modality: As in `Recognition`.
        vad: [3] felt valence, arousal, dominance by regression, -1..1; what `norm_part` leaves comes from it.
        intensity: 0..1.5; left out: the chance that it is not neutral.
        certainty: 0..1: how much of the media can be judged at all; the confidence is multiplied by it.
        over_time: As in `Recognition`.
        because: As in `Recognition`.
        note: As in `Recognition`.
        norm_part: 0..1, part of the emotion's VAD that comes from the norms of the labels where `vad` is given.
    """
    names = tuple(chances)
    p = np.maximum(np.array([chances[name] for name in names], dtype=float), 0.0)
    p = p / p.sum()
    weights, level = shares(dict(zip(names, p.tolist(), strict=True)))
    level = min(level if intensity is None else float(intensity), LIMITS.intensity)
    felt = sum((share * norm(word) for word, share in weights.items()), np.zeros(3)) * level
    if vad is not None:
        felt = norm_part * felt + (1.0 - norm_part) * np.clip(np.asarray(vad, dtype=float), -1.0, 1.0)
    felt = felt / max(1.0, float(np.abs(felt).max()))
    return Recognition(
        emotion=Emotion.measured(weights, felt.tolist(), level),
        confidence=float(np.clip(p.max() * certainty, 0.0, 1.0)),
        label=names[int(p.argmax())],
        distribution=dict(zip(names, p.tolist(), strict=True)),
        modality=modality,
        over_time=over_time,
        because=because,
        note=note,
    )


def shares(chances: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Chances of labels -> shares of an emotion (sharpened, small ones left out), and the chance of not neutral."""
    total = sum(chances.values())
    sharp = {name: (max(c, 0.0) / total) ** SHARPEN for name, c in chances.items()}
    top = max(sharp.values())
    least = min(LEAST_SHARE * sum(sharp.values()), top)
    kept = {name: value for name, value in sharp.items() if value >= least}
    weight = sum(kept.values())
    return {name: value / weight for name, value in kept.items()}, 1.0 - chances.get(NEUTRAL, 0.0) / total


def nothing(labels: Sequence[str], modality: str, note: str) -> Recognition:
    """The answer where there is nothing to judge: neutral, no confidence, and why.

    Args:
        labels: The recogniser's labels.
        modality: As in `Recognition`.
        note: Why: "silence: no voice to hear".
    """
    even = {label: (1.01 if label == NEUTRAL else 1.0) for label in labels}
    total = sum(even.values())
    distribution = {label: value / total for label, value in even.items()}
    label = max(distribution, key=distribution.__getitem__)
    return Recognition(Emotion(), 0.0, label, distribution, modality, note=note)


class Recognizer(ABC):
    """Base of all recognisers.

    A call depends on its arguments alone; the same media gives the same recognition.
    """

    #: Whether generators may see it ("guide") or may be scored by it ("judge").
    role: ClassVar[Role]
    modality: ClassVar[str]

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""

    @abstractmethod
    def recognize(self, media: Any) -> Recognition:
        """The emotion in one piece of media.

        Raises:
            EmogenError: The media cannot be read, is empty, or is not of this recogniser's kind.
        """

    def recognize_batch(self, media: Sequence[Any]) -> list[Recognition]:
        """The emotion in each of several pieces."""
        return [self.recognize(one) for one in media]
