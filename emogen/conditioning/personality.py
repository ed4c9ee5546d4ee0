"""Personality -> where a speaker's feeling rests and how far it swings.

The Big Five become a point in VAD space by Mehrabian's regressions (1996, Current Psychology 14:261-292).
They are written for emotional *stability* S; neuroticism N enters as S = -N, so that raising N lowers the
resting valence and raises the resting arousal.
"""

from __future__ import annotations

from collections.abc import Mapping

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
