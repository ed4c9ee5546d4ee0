"""What a body moves to: loudness, melody, accents, phrases and words of a speech, heard or made up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.voice_measures import HOP, SAMPLE_RATE_HZ

#: Curves of a `Speech` have this rate, Hz.
RATE_HZ = SAMPLE_RATE_HZ // HOP
#: Of a speech that nobody said: loudness between accents, how fast phrases begin and end (s), how far pitch falls over a
#: phrase and rises on an accent (semitones), width of an accent (s). Own assumptions within what speech does.
SPOKEN_LOUDNESS, EDGE_S, DECLINATION_ST, ACCENT_ST, SYLLABLE_S = 0.45, 0.1, 4.0, 4.0, 0.07

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Accent:
    """A syllable that stands out.

    Attributes:
        at_s: The middle of its vowel, or the peak of its pitch where it lies in the vowel, s.
        strength: 0..1.5 beside the others of the voice; 1 is a clear sentence accent.
        word: What is said there; empty where no text is known.
    """

    at_s: float
    strength: float
    word: str = ""


@dataclass(frozen=True)
class Word:
    """A word as written, with its times.

    Attributes:
        text: As it stands in the text, punctuation included.
        start_s, end_s: When it is said.
        stress_s: The middle of its stressed vowel; of the word where it has none.
        stressed: Whether it has a stressed syllable at all: small words have none.
    """

    text: str
    start_s: float
    end_s: float
    stress_s: float
    stressed: bool = True


@dataclass(frozen=True, eq=False)
class Speech:
    """What a body moves to.

    Attributes:
        duration_s: How long it lasts.
        loudness: [T] 0 silent .. 1 loud, `RATE_HZ` a second.
        pitch_st: [T] semitones from the voice's median, 0 where it has none.
        accents: In order.
        phrases: (start, end) in s of what is said without a pause, in order.
        words: In order; empty where no text is known.
        language: Code of the words' language; empty where no text is known.
    """

    duration_s: float
    loudness: Floats
    pitch_st: Floats
    accents: tuple[Accent, ...] = ()
    phrases: tuple[tuple[float, float], ...] = ()
    words: tuple[Word, ...] = ()
    language: str = ""

    @property
    def onsets(self) -> Floats:
        """[T] how fast the voice becomes louder, 1/s; 0 where it becomes softer."""
        if len(self.loudness) < 2:
            return np.zeros(len(self.loudness))
        return np.asarray(np.maximum(np.gradient(self.loudness) * RATE_HZ, 0.0))

    @staticmethod
    def silence(duration_s: float) -> Speech:
        """Nothing is said."""
        nothing = np.zeros(max(1, round(duration_s * RATE_HZ)))
        return Speech(duration_s, nothing, nothing)

    @staticmethod
    def of(
        duration_s: float,
        accents: Iterable[Accent],
        phrases: Iterable[tuple[float, float]],
        words: Iterable[Word] = (),
        language: str = "",
    ) -> Speech:
        """A speech that nobody said: loudness and melody follow from its accents and phrases.

        Args:
            duration_s: How long it lasts.
            accents: In order, each within a phrase.
            phrases: (start, end) in s, in order.
            words: In order, where there are any.
            language: Of the words.
        """
        accents, phrases = tuple(accents), tuple(phrases)
        t = np.arange(max(1, round(duration_s * RATE_HZ))) / RATE_HZ
        loudness, pitch = np.zeros_like(t), np.zeros_like(t)
        for start, end in phrases:
            inside = slice(*np.searchsorted(t, (start, end)))
            share = (t[inside] - start) / max(end - start, 1e-6)
            edge = np.clip(np.minimum(t[inside] - start, end - t[inside]) / EDGE_S, 0, 1)
            loudness[inside] = SPOKEN_LOUDNESS * edge
            pitch[inside] = DECLINATION_ST * (0.5 - share)
        for accent in accents:
            near = slice(*np.searchsorted(t, (accent.at_s - 4 * SYLLABLE_S, accent.at_s + 4 * SYLLABLE_S)))
            bump = accent.strength * np.exp(-0.5 * ((t[near] - accent.at_s) / SYLLABLE_S) ** 2) * (loudness[near] > 0)
            loudness[near] = np.minimum(loudness[near] + (1 - SPOKEN_LOUDNESS) * bump, 1.0)
            pitch[near] += ACCENT_ST * bump
        return Speech(duration_s, loudness, pitch, accents, phrases, tuple(words), language)
