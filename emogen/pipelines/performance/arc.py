"""The arc of a story: where valence and arousal turn for good, and the word on which each turn hangs.

The turning points of a story are its largest lasting changes of feeling (emotional arcs: Reagan et al. 2016, EPJ Data
Science 5:31; turning points of screenplays: Papalampidi et al. 2019, EMNLP, 1707-1717). Here a turn is a change between
the means of the sentences before and behind a place, weighted by nearness. Widths and thresholds are own assumptions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from emogen.conditioning.text import TextRecognizer

#: Sentences on either side of a place that are compared; nearer ones count more.
REACH, FADING = 5, 0.7
TURN = 0.35  # a change of valence and arousal below this (their whole span is 2) is none
APART = 3  # sentences between two turns
FULL_TURN = 1.2  # a change this large has strength 1
CLIMAX = 0.75  # a sentence felt this strongly is a peak as well, where no turn is near
READ_WORDS = 24  # words of a sentence that are tried for the one it hangs on
TURN_EVERY, CLIMAX_EVERY = 4, 8  # sentences for each turn and each climax at most
_EMPTY = frozenset((
    "a", "an", "the", "and", "or", "but", "of", "to", "in", "on", "at", "by", "for", "from", "with", "as", "is", "are", "was", "were", "be",
    "been", "am", "it", "its", "it's", "he", "she", "they", "we", "you", "i", "him", "her", "them", "us", "me", "his", "my", "your", "our",
    "their", "this", "that", "these", "those", "there", "here", "what", "who", "which", "how", "so", "than", "then", "do", "does", "did",
    "had", "has", "have", "will", "would", "can", "could", "i'm", "that's",
))  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """A sentence of the story: its beat (index), its words, and what is felt in it: (3,) VAD, and how strongly."""

    beat: int
    text: str
    vad: np.ndarray
    intensity: float


@dataclass(frozen=True)
class Turn:
    """A sentence (index) with which the feeling changes for good, or is at its strongest; strength 0..1."""

    sentence: int
    strength: float


def turns(moments: Sequence[Moment]) -> list[Turn]:
    """Turning points and climaxes, in order."""
    if not moments:
        return []
    felt = np.array([m.vad[:2] for m in moments])
    changes = np.array([_change(felt, i) for i in range(len(felt))])
    found: list[Turn] = []
    for i in np.argsort(-changes, kind="stable"):
        if changes[i] < TURN or len(found) * TURN_EVERY >= len(moments):
            break
        if all(abs(int(i) - t.sentence) >= APART for t in found):
            found.append(Turn(int(i), round(float(min(changes[i] / FULL_TURN, 1.0)), 2)))
    most = len(found) + -(-len(moments) // CLIMAX_EVERY)
    levels = np.array([m.intensity for m in moments])
    for i in np.argsort(-levels, kind="stable"):
        if levels[i] < CLIMAX or len(found) >= most:
            break
        if all(abs(int(i) - t.sentence) >= APART for t in found):
            found.append(Turn(int(i), round(float(min(levels[i], 1.0)), 2)))
    return sorted(found, key=lambda t: t.sentence)


def _change(felt: np.ndarray, i: int) -> float:
    """How far the means behind a place (its own sentence included) and before it are apart."""
    if i == 0:
        return 0.0
    before, behind = felt[max(i - REACH, 0) : i][::-1], felt[i : i + REACH]
    means = [np.average(part, axis=0, weights=FADING ** np.arange(len(part))) for part in (before, behind)]
    return float(np.linalg.norm(means[1] - means[0]))


def word_of(sentence: str, names: Collection[str] = (), *, english: bool = True) -> str:
    """The word on which the feeling of a sentence hangs: without it, the sentence is read most differently.

    Args:
        sentence: Words.
        names: In small letters: words on which nothing hangs.
        english: Whether they can be read; else the longest word is taken.
    """
    words = re.findall(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*", sentence)[:READ_WORDS]
    words = [w for w in words if w.lower() not in names and w.lower() not in _EMPTY] or words
    if len(words) < 2 or not english:
        return max(words, key=len, default=sentence.strip()[:40])
    reader = TextRecognizer.load("embedded")
    whole = reader.recognize(sentence).emotion.vad

    def moved(word: str) -> float:
        without = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", " ", sentence, count=1)
        if not any(c.isalpha() for c in without):
            return 0.0
        return float(np.linalg.norm(reader.recognize(without).emotion.vad - whole))

    return max(words, key=moved)
