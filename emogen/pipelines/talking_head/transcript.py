"""A text and a voice that says it -> when each of its words and phones is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.pipelines.talking_head.ear import Ear
from emogen.pipelines.talking_head.heard import aligned
from emogen.pipelines.talking_head.sounds import Phone

#: A text whose sounds are heard with less than this mean chance is not what is said. On EmoDB's held-out speakers the
#: right text has .45 to .73, a wrong one .19 to .46.
LEAST_FIT = 0.4


@dataclass(frozen=True)
class Transcript:
    """What is said when.

    Attributes:
        words: (word, start in s, end in s), in order.
        phones: (IPA, start in s, end in s), in order, without gaps; "" is a pause.
        fit: Mean chance of what is said, 0..1.
    """

    words: tuple[tuple[str, float, float], ...]
    phones: tuple[Phone, ...]
    fit: float


class Spoken(Protocol):
    """Something spoken whose words and phones are known: what a speech pipeline gives."""

    words: tuple[tuple[str, float, float], ...]
    phones: tuple[Phone, ...]


def timed(spoken: Spoken, audio: NDArray[np.float32], sample_rate: int, ear: Ear | None = None) -> Transcript:
    """Finds in a voice what another one said.

    Args:
        spoken: The same text as the speech pipeline says it: what sounds it has. Its times tell which belong to a word.
        audio: float32 [n], the voice.
        sample_rate: Hz.
        ear: Instead of the embedded one.

    Raises:
        InputError: There is nothing said, it is longer than the voice, or it is not what the voice says.
    """
    begins = np.array([start for _, start, _ in spoken.phones])
    words = []
    for word, start, end in spoken.words:
        first, last = np.searchsorted(begins, (start - 1e-6, end - 1e-6)).tolist()
        words.append((word, first, max(last, first + 1)))
    found = aligned([ipa for ipa, _, _ in spoken.phones], audio, sample_rate, [first for _, first, _ in words], ear)
    if found.fit < LEAST_FIT:
        told = f"is not what the voice says (fit {found.fit:.2f})"
        raise InputError("text", told, "Give the words that are said, and their language.")
    where = {place: (a, b) for place, (_, a, b) in zip(found.places, found.phones, strict=True)}
    placed = []
    for word, first, last in words:
        own = [where[i] for i in range(first, last) if i in where]
        if own:
            placed.append((word, own[0][0], own[-1][1]))
    return Transcript(tuple(placed), found.phones, found.fit)
