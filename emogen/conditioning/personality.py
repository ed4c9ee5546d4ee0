"""Personality -> where a speaker's feeling rests, and how one feeling follows another in a dialogue.

The Big Five become a point in VAD space by Mehrabian's regressions (1996, Current Psychology 14:261-292).
They are written for emotional *stability* S; neuroticism N enters as S = -N, so that raising N lowers the
resting valence and raises the resting arousal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.limits import LIMITS

TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
#: Rows valence, arousal, dominance; columns as TRAITS (the last for neuroticism = -stability). Mehrabian 1996.
REGRESSION = np.array(
    [
        [0.00, 0.00, 0.21, 0.59, -0.19],
        [0.15, 0.00, 0.00, 0.30, 0.57],
        [0.25, 0.17, 0.60, -0.32, 0.00],
    ]
)
#: How strongly the speaker's resting point lies under what is read from words; own assumption.
PULL = 0.2
#: After this long a feeling has half gone, in s; own assumption.
HALF_LIFE_S = 20.0
#: How far a strong feeling in the words drives out what was felt before; own assumption.
GIVE_WAY = 0.7
#: The part of what words say that is taken even where the recogniser is not sure; own assumption.
SURE = 0.5
#: What a feeling is made of: words, what lasts of one's own, what is caught from another, moods, the resting point.
CAUSES = ("words", "lasting", "caught", "mood", "temper")
FAINTEST = 0.05  # a trace below this intensity is left out; own assumption
FULL = 0.8  # distance from neutral of a feeling at intensity 1, about that of the basic emotions' norms
TERMS, LEAST_PART = 4, 0.15  # of an emotion that are kept, and their least share of the largest; own assumption


def temperament(traits: Mapping[str, float]) -> np.ndarray:
    """The resting valence, arousal and dominance (-1..1) of a personality; traits are 0..1, 0.5 = average."""
    centred = np.array([2 * traits.get(name, 0.5) - 1 for name in TRAITS])
    return np.clip(REGRESSION @ centred, -1, 1)


def inertia(traits: Mapping[str, float]) -> float:
    """The share of a feeling that stays with a speaker from one sentence to the next, 0..1.

    It rises with neuroticism (Kuppens, Allen & Sheeber 2010, Psychological Science 21:984) and falls with
    extraversion; level and slopes are this project's own assumption.
    """
    return 0.45 + 0.2 * (traits.get("neuroticism", 0.5) - 0.5) - 0.1 * (traits.get("extraversion", 0.5) - 0.5)


def caught(emotion: Emotion, traits: Mapping[str, float]) -> Emotion:
    """What another one's feeling stirs in a listener, before words are found for it.

    Valence and arousal are caught. Dominance is answered in kind by the disagreeable and with its opposite by the
    agreeable, so that anger meets anger or fear: the directions are those of interpersonal complementarity (Kiesler
    1983, from general knowledge, not checked), the sizes this project's own assumption.
    """
    agreeable = traits.get("agreeableness", 0.5)
    answer = emotion.vad * [1.0, 1.0, 1.0 - 2.0 * agreeable]
    return likely(answer).scale(0.5 * (0.5 + agreeable))


def likely(vad: np.ndarray) -> Emotion:
    """The feeling in the direction of a point (-1..1 each) in VAD space, as strong as the point is far from neutral."""
    length = float(np.linalg.norm(vad))
    if length < FAINTEST:
        return Emotion()
    v, a, d = np.clip(vad / length * FULL, -1.0, 1.0)
    return told(Emotion.parse(f"vad({v:.4f},{a:.4f},{d:.4f})"), vad, min(length / FULL, 1.0))


def told(emotion: Emotion, vad: np.ndarray, intensity: float) -> Emotion:
    """An emotion by its few largest terms, neutral left out."""
    terms = [(name, share) for name, share in emotion.weights.items() if name != "neutral"][:TERMS]
    kept = {name: share for name, share in terms if share >= LEAST_PART * terms[0][1]}
    return Emotion.measured(kept, vad, intensity) if kept else Emotion()


def rounded(emotion: Emotion) -> Emotion:
    """An emotion in few figures, so that a plan can be read: two decimals."""
    vad = [round(float(x), 2) for x in emotion.vad]
    amplitudes = {name: round(a, 2) for name, a in emotion.amplitudes.items() if round(a, 2) > 0.0}
    total = round(sum(amplitudes.values()), 2)
    return Emotion.measured(amplitudes, vad, min(total, 1.5)) if amplitudes else Emotion()


def amplified(emotion: Emotion, factor: float) -> Emotion:
    """An emotion acted more or less strongly, within the limit of intensity."""
    largest = max((amplitude for _, amplitude in emotion.parts), default=1.0)
    return emotion.scale(min(factor, LIMITS.intensity / largest))


@dataclass(frozen=True)
class Heart:
    """What a speaker brings into the next sentence.

    Attributes:
        felt: What they felt last, and how long ago, in s.
        heard: What the one they speak with showed last, and how long ago, in s.
        moods: What lies under all they say.
        traits: Trait -> 0..1.
    """

    felt: tuple[Emotion, float] = (Emotion(), 0.0)
    heard: tuple[Emotion, float] = (Emotion(), 0.0)
    moods: tuple[Emotion, ...] = ()
    traits: Mapping[str, float] = field(default_factory=dict)

    def next(self, read: Emotion, confidence: float = 1.0) -> Emotion:
        """The emotion of the next sentence: what its words say, on top of what lasts of all that was felt before.

        Words that are read with doubt, against what lasts, say less; words that say much leave less of it. A
        personality lies under it all as a faint mood.

        Args:
            read: What the words alone say; their neutral share says nothing.
            confidence: 0..1, that they say it.

        Returns:
            Neutral where nothing is said, lasts or lies under it.
        """
        return self.traced(read, confidence)[0]

    def traced(self, read: Emotion, confidence: float = 1.0) -> tuple[Emotion, dict[str, float]]:
        """As `next`, and how much of it each of `CAUSES` makes, 0..1.5 along where it leads."""
        lasting = self._lasting()
        before = _together(lasting)
        doubt = (1.0 - confidence) * (_along(-before.vad, read.vad) if np.linalg.norm(before.vad) >= FAINTEST else 0.0)
        sure = SURE + (1.0 - SURE) * confidence
        words = read.scale((1.0 - read.weights.get("neutral", 0.0)) * sure * (1.0 - doubt))
        left = 1.0 - GIVE_WAY * min(words.intensity, 1.0)
        parts = [words, *(emotion.scale(left) for emotion in lasting)]
        found = _together(parts)
        felt = told(found, found.vad, _level(parts, found.vad))
        own, heard, *moods, temper = (part.intensity * _along(part.vad, found.vad) for part in parts[1:])
        said = words.intensity * _along(words.vad, found.vad)
        return felt, dict(zip(CAUSES, (said, own, heard, max(moods, default=0.0), temper), strict=True))

    def silent(self) -> Emotion:
        """What is felt while nothing is said: what lasts, what the other one stirs, the moods, the personality."""
        parts = self._lasting()
        found = _together(parts)
        return told(found, found.vad, _level(parts, found.vad))

    def _lasting(self) -> list[Emotion]:
        return [
            self.felt[0].scale(inertia(self.traits) * _left(self.felt[1])),
            caught(self.heard[0], self.traits).scale(_left(self.heard[1])),
            *self.moods,
            likely(temperament(self.traits)).scale(PULL),
        ]


def _left(since_s: float) -> float:
    return float(0.5 ** (since_s / HALF_LIFE_S))


def _along(one: np.ndarray, other: np.ndarray) -> float:
    """How far a point lies in the direction of another, 0..1; 1 where the first has no direction."""
    if np.linalg.norm(one) < FAINTEST:
        return 1.0
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return max(float(one @ other) / size, 0.0) if size > 0.0 else 0.0


def _level(parts: list[Emotion], vad: np.ndarray) -> float:
    """How strong feelings are together, where they lead: those of one kind strengthen each other up to 1, no further."""
    agreed = [part.intensity * _along(part.vad, vad) for part in parts if part.intensity >= FAINTEST]
    together = 1.0 - float(np.prod([1.0 - min(level, 1.0) for level in agreed]))
    return max([together, *agreed])


def _together(parts: list[Emotion]) -> Emotion:
    """Felt at once; traces are left out."""
    found = Emotion()
    for part in parts:
        if part.intensity >= FAINTEST:
            found = found + part
    return found
