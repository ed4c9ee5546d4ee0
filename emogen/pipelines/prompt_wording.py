"""A feeling in a prompt's own words: one phrase for each of EmoSet's attribute kinds, and the mood.

EmoSet (arXiv:2307.07961) describes what makes a picture felt by brightness, colourfulness, scene, objects, facial
expression and action. Of each kind the phrase of `attribute_phrases.csv` is taken that lies nearest to the feeling in
valence, arousal and dominance; faces and actions are named only where the prompt names people.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.tables import read_table

#: Kinds of attributes, the ones that change least of what is shown first; those for people alone.
KINDS, OF_PEOPLE = ("brightness", "colourfulness", "scene", "objects"), ("facial expression", "action")
#: Kinds named at least, and the intensity from which all are (own choice).
FEWEST, ALL_FROM = 2, 0.8
#: Dominance counts less than the other axes: people agree on it least (own choice).
AXIS_WEIGHTS = np.array([1.0, 1.0, 0.5])
PEOPLE = re.compile(
    r"\b(people|persons?|m[ae]n|wom[ae]n|child(ren)?|girls?|boys?|bab(y|ies)|faces?|portraits?|crowds?|famil(y|ies)|friends?|couples?|"
    r"mothers?|fathers?|dancers?|soldiers?|players?|workers?|s?he|they|kids?|lad(y|ies)|brides?|nurses?|doctors?|students?)\b",
    re.IGNORECASE,
)


def phrases(prompt: str, emotion: Emotion) -> list[str]:
    """What is added to a prompt, the mood last; nothing where nothing is felt."""
    if emotion.intensity <= 0.0:
        return []
    kinds = [*(OF_PEOPLE if PEOPLE.search(prompt) else ()), *KINDS]  # where there are people, their faces say most
    order = kinds[: max(FEWEST, round(len(kinds) * min(emotion.intensity / ALL_FROM, 1.0)))]
    felt = np.clip(emotion.vad / emotion.intensity, -1.0, 1.0)
    mood = "; ".join(emotion.describe().split("; ")[:2])  # what may follow says between which keyframes
    return [*(_nearest(kind, felt) for kind in order), f"mood: {mood}"]


def worded(prompt: str, emotion: Emotion, *, first: bool = False) -> str:
    """A prompt with its phrases.

    Args:
        prompt: The user's own words.
        emotion: What is felt.
        first: The phrases go before the prompt: an encoder that cuts long prompts would never read them.
    """
    said = ", ".join(phrases(prompt, emotion))
    if not said:
        return prompt
    return f"{said}, {prompt}" if first else f"{prompt}, {said}"


@cache
def _table() -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
    rows = read_table(__package__, "attribute_phrases.csv")
    of_kind = {kind: [r for r in rows if r["kind"] == kind] for kind in (*KINDS, *OF_PEOPLE)}
    return {
        kind: (np.array([[float(r["v"]), float(r["a"]), float(r["d"])] for r in them]), tuple(r["words"] for r in them))
        for kind, them in of_kind.items()
    }


def _nearest(kind: str, felt: np.ndarray) -> str:
    places, words = _table()[kind]
    return words[int(np.argmin((AXIS_WEIGHTS * (places - felt) ** 2).sum(axis=1)))]
