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

from emogen.conditioning.emotion import Emotion

if TYPE_CHECKING:
    from emogen.conditioning.track import EmotionTrack

Role = Literal["guide", "judge"]


@dataclass(frozen=True)
class Recognition:
    """What a recogniser found.

    Attributes:
        emotion: The feeling: shares over terms, felt VAD, intensity.
        confidence: 0..1, calibrated chance that people would name `label` too; near 0 for noise.
        label: The strongest entry of `distribution`.
        distribution: The recogniser's own label -> probability; sums to 1. Not to be changed.
        modality: "text", "speech", "face", ...
        over_time: The emotion over the media's time, where it has one.
    """

    emotion: Emotion
    confidence: float
    label: str
    distribution: Mapping[str, float]
    modality: str
    over_time: EmotionTrack | None = None

    def to_dict(self, file: str | None = None) -> dict[str, Any]:
        """The JSON object of `emogen recognize`: one per file and modality."""
        felt = self.emotion.to_dict()
        data: dict[str, Any] = {} if file is None else {"file": file}
        data |= {
            "modality": self.modality, "label": self.label, "weights": felt["weights"], "vad": felt["vad"],
            "intensity": felt["intensity"], "confidence": round(self.confidence, 4),
        }
        if self.over_time is not None:
            data["over_time"] = self.over_time.to_dict()
        return data


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
