"""Words with times, for whoever moves with them: of a text alone, as espeak-ng reads it, or found in the voice that says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emogen.pipelines.speech.languages import find_language, prepare
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.pipelines.speech.phones import is_stressed
from emogen.pipelines.speech.sentence import as_written
from emogen.pipelines.talking_head.transcript import timed

#: Silence between sentences (s): Schroeder et al. 2001, as the speech pipeline has it.
PAUSE_S = 0.39

Times = tuple[tuple[str, float, float], ...]


class Spoken(Protocol):
    """Something said whose words and phones are known: (word or IPA, start, end) in s, in order."""

    @property
    def words(self) -> Times: ...  # noqa: D102
    @property
    def phones(self) -> Times: ...  # noqa: D102


@dataclass(eq=False)
class Read:
    """A text as espeak-ng reads it.

    Attributes:
        audio: float32 [n], -1..1.
        sample_rate: Hz.
        words: (word as written, start, end), s.
        phones: (IPA, start, end), s; "" is a pause.
    """

    audio: NDArray[np.float32]
    sample_rate: int
    words: Times
    phones: Times


def read_out(text: str, language: str = "en") -> Read:
    """Reads a text plainly.

    Raises:
        InputError: Nothing in it can be said, or an unknown language.
        EmogenError: espeak-ng failed.
    """
    spoken_in = find_language(language)
    sound: list[NDArray[np.float32]] = []
    words: list[tuple[str, float, float]] = []
    phones: list[tuple[str, float, float]] = []
    now, rate = 0, 1
    with EspeakSource() as source:
        for sentence in prepare(text, spoken_in)[0]:
            said = source.phonemes(sentence.spoken, variant="", language=spoken_in)
            rate = said.sample_rate
            begin = now / rate
            words += [(w, a + begin, b + begin) for w, a, b in as_written(sentence.tokens, said.words)]
            phones += [(p.ipa, p.start_s + begin, p.end_s + begin) for p in said.phones]
            pause = np.zeros(round(PAUSE_S * rate), np.float32)
            sound += [said.audio, pause]
            now += len(said.audio) + len(pause)
            phones.append(("", phones[-1][2], now / rate))
    return Read(np.concatenate(sound), rate, tuple(words), tuple(phones))


def found_in(text: str, audio: NDArray[np.float32], sample_rate: int, language: str = "en") -> Spoken:
    """Finds the words of a text in the voice that says it.

    Raises:
        InputError: It is not what the voice says; errors as `read_out`.
    """
    return timed(read_out(text, language), audio, sample_rate)


def stresses(spoken: Spoken) -> tuple[float | None, ...]:
    """Of each word the middle of its stressed vowel (s); None where it has none, as small words."""
    phones = [phone for phone in spoken.phones if phone[0]]
    middles = np.array([(a + b) / 2 for _, a, b in phones])
    found: list[float | None] = []
    for _, start, end in spoken.words:
        own = range(*np.searchsorted(middles, (start, end)).tolist())
        found.append(next((float(middles[i]) for i in own if is_stressed(phones[i][0])), None))
    return tuple(found)
