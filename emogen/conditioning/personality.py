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

TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
#: Rows valence, arousal, dominance; columns as TRAITS (the last for neuroticism = -stability). Mehrabian 1996.
REGRESSION = np.array(
    [
        [0.00, 0.00, 0.21, 0.59, -0.19],
        [0.15, 0.00, 0.00, 0.30, 0.57],
        [0.25, 0.17, 0.60, -0.32, 0.00],
    ]
)
#: How far an emotion read from words is pulled towards the speaker's resting point; own assumption.
PULL = 0.2
#: After this long a feeling has half gone, in s; own assumption.
HALF_LIFE_S = 20.0
#: How far a strong feeling in the words drives out what was felt before; own assumption.
GIVE_WAY = 0.7
#: The part of what words say that is taken even where the recogniser is not sure; own assumption.
SURE = 0.7
FAINTEST = 0.05  # a trace below this intensity is left out; own assumption


def temperament(traits: Mapping[str, float]) -> np.ndarray:
    """The resting valence, arousal and dominance (-1..1) of a personality; traits are 0..1, 0.5 = average."""
    centred = np.array([2 * traits.get(name, 0.5) - 1 for name in TRAITS])
    return np.clip(REGRESSION @ centred, -1, 1)


def coloured(emotion: Emotion, traits: Mapping[str, float]) -> Emotion:
    """An emotion as this personality would feel it: pulled towards the speaker's resting point."""
    if not traits:
        return emotion
    v, a, d = temperament(traits)
    return Emotion.lerp(emotion, Emotion.parse(f"vad({v:.4f},{a:.4f},{d:.4f})"), PULL)


def inertia(traits: Mapping[str, float]) -> float:
    """The share of a feeling that stays with a speaker from one turn to the next, 0..1.

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
    valence, arousal, dominance = emotion.vad * [1.0, 1.0, 1.0 - 2.0 * agreeable]
    return Emotion.parse(f"vad({valence:.4f},{arousal:.4f},{dominance:.4f})").scale(0.5 * (0.5 + agreeable))


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

        Args:
            read: What the words alone say; their neutral share says nothing.
            confidence: 0..1, that they say it.

        Returns:
            `coloured` by the personality; neutral where nothing is said, lasts or lies under it.
        """
        words = read.scale((1.0 - read.weights.get("neutral", 0.0)) * (SURE + (1.0 - SURE) * confidence))
        plain_words = 1.0 - GIVE_WAY * min(words.intensity, 1.0)
        own = self.felt[0].scale(inertia(self.traits) * plain_words * _left(self.felt[1]))
        other = caught(self.heard[0], self.traits).scale(plain_words * _left(self.heard[1]))
        moods = [mood.scale(plain_words) for mood in self.moods]
        parts = [e for e in (words, own, other, *moods) if e.intensity > FAINTEST]
        if not parts:
            return Emotion()
        found = coloured(_together(parts), self.traits)
        return Emotion.measured(found.weights, found.vad, found.intensity)


def _left(since_s: float) -> float:
    return float(0.5 ** (since_s / HALF_LIFE_S))


def _together(parts: list[Emotion]) -> Emotion:
    found = parts[0]
    for part in parts[1:]:
        found = found + part
    return found
