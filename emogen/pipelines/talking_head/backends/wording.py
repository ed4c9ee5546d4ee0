"""What a video model is told of a segment: who is seen, what is felt, and which muscles of the face show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.pipelines.talking_head.explain import LETTERS, UnitTrack, letter
from emogen.pipelines.talking_head.expression import UNITS
from emogen.tables import read_table

#: A FACS intensity A..E as an adverb; own words.
ADVERBS = dict(zip(LETTERS, ("barely", "slightly", "clearly", "strongly", "extremely"), strict=True))
#: How many units are named, and how strong one must be for it; own assumption.
NAMED, LEAST = 5, 0.1
#: A voice louder than this (root mean square, -60 dB of full scale) speaks; own assumption.
HEARD = 1e-3

#: Where in a segment it is asked what is felt, as shares of it.
HALVES = (0.25, 0.75)

SCENE = "A photorealistic close-up video of the person in the picture, head and shoulders, natural skin, even light, steady camera."
SPEAKS = "The person talks to the camera with precise, natural lip movements."
LISTENS = "The person looks at the camera in silence."
UNWANTED = "cartoon, drawing, plastic skin, blurred, distorted face, deformed mouth, other people, subtitles, watermark, shaking camera"
#: What a felt face is guided away from.
UNFELT = "blank expression, neutral face"


@dataclass(frozen=True)
class Told:
    """A segment in words.

    Attributes:
        start_s, end_s: When it is.
        prompt: What is wanted.
        negative: What is not.
        intensity: Of what is felt, 0..1.5.
    """

    start_s: float
    end_s: float
    prompt: str
    negative: str
    intensity: float

    def to_dict(self) -> dict[str, Any]:
        """For the sidecar."""
        return {"start_s": round(self.start_s, 3), "end_s": round(self.end_s, 3), "prompt": self.prompt, "negative": self.negative}


def told(head: Any, start_s: float, end_s: float, lead_s: float) -> Told:
    """What is felt in the first and in the second half of a segment, as its motion was made from it.

    Args:
        head: The talking head whose motion drives the model.
        start_s: Of the segment.
        end_s: Of the segment.
        lead_s: Silence before the voice, by which the motion is later than the emotion that was asked for.
    """
    times = np.maximum(start_s + (end_s - start_s) * np.array(HALVES) - lead_s, 0.0)
    felt = [head.emotion.at(float(t)) for t in times]
    rows = UnitTrack.of(head.made.facts["explained"]).at(times)
    moments = [(one, dict(zip(UNITS, map(float, row), strict=True))) for one, row in zip(felt, rows, strict=True)]
    return Told(start_s, end_s, *worded(moments, speaks(head, start_s, end_s)), max(one.intensity for one in felt))


def worded(moments: Sequence[tuple[Emotion, Mapping[str, float]]], speaking: bool) -> tuple[str, str]:
    """The prompt and the negative prompt.

    Args:
        moments: One after the other, what is felt and the action units that show it, each 0..1.3.
        speaking: Whether there is speech.
    """
    said = list(dict.fromkeys(_felt(*moment) for moment in moments))  # what does not change is said once
    # The feeling first: some models read little of a text.
    parts = [f"At first: {said[0]} Then: {said[-1]}" if len(said) > 1 else said[0], SPEAKS if speaking else LISTENS, SCENE]
    felt = any(emotion.intensity > 0 for emotion, _ in moments)
    return " ".join(parts), f"{UNWANTED}, {UNFELT}" if felt else UNWANTED


def _felt(emotion: Emotion, units: Mapping[str, float]) -> str:
    shown = sorted(((x, u) for u, x in units.items() if x >= LEAST and u in _words()), reverse=True)[:NAMED]
    face = ", ".join(_words()[u].format(ADVERBS[letter(x)]) for x, u in shown)
    # The first two parts of a description name what is felt; what may follow says between which keyframes.
    feeling = "; ".join(emotion.describe().split("; ")[:2]) if emotion.intensity > 0 else "calm"
    return f"The person feels {feeling}. {f'The face shows {face}.' if face else 'The face is relaxed.'}"


def speaks(head: Any, start_s: float, end_s: float) -> bool:
    """Whether anything is said in a segment: by the sounds where they are known, else by the voice's level."""
    if head.phones:
        return any(ipa and a < end_s and b > start_s for ipa, a, b in head.phones)
    part = head.audio[int(start_s * head.sample_rate) : int(end_s * head.sample_rate)]
    return bool(len(part)) and float(np.sqrt(np.mean(np.square(part, dtype=np.float64)))) > HEARD


def _words() -> dict[str, str]:
    """Action unit -> what it does, with a gap for how much."""
    return {row["unit"]: row["words"] for row in read_table(__package__, "unit_words.csv")}
