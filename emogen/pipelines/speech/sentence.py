"""A sentence as it is written and as it is said, word by word, and what its marks ask of the voice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emogen.conditioning.emotion import Emotion

if TYPE_CHECKING:
    from emogen.pipelines.speech.phonemes import Word

#: Levels of emphasis (SSML 1.1, section 3.2.2); "" where nothing was said about it.
EMPHASIS = ("", "strong", "moderate", "reduced", "none")


@dataclass(frozen=True)
class Mark:
    """What is asked of the voice while a word is said; the default asks for nothing.

    Attributes:
        rate: Factor on the speaking rate.
        pitch_hz: Mean pitch of the voice in Hz; None: the voice's own.
        shift_hz: Added to the mean pitch, in Hz.
        pitch_st: Added to the pitch, in semitones.
        range: Factor on the movement of pitch, in semitones.
        volume_db: Added to the level.
        emphasis: One of `EMPHASIS`.
        emotion: Felt while the word is said; None: the emotion of the call.
    """

    rate: float = 1.0
    pitch_hz: float | None = None
    shift_hz: float = 0.0
    pitch_st: float = 0.0
    range: float = 1.0
    volume_db: float = 0.0
    emphasis: str = ""
    emotion: Emotion | None = None

    def semitones(self, f0_hz: float) -> float:
        """How far the pitch moves, in semitones, from the mean of a voice in Hz."""
        wanted = max((self.pitch_hz or f0_hz) + self.shift_hz, 1.0)
        return 12.0 * math.log2(wanted / f0_hz) + self.pitch_st


PLAIN = Mark()


@dataclass(frozen=True)
class Token:
    """A written word and how it is said.

    Attributes:
        written: As it stands between blanks, punctuation included ("$5.20,"); several words where they are only
            read together.
        spoken: What is said for it, words and punctuation ("five dollars and twenty cents,"); "" for a sign
            that is not said.
        mark: What is asked of the voice.
        pause_s: The silence behind it, in seconds; None: as the speaker makes it.
    """

    written: str
    spoken: str
    mark: Mark = PLAIN
    pause_s: float | None = None

    @property
    def count(self) -> int:
        """How many spoken words it has."""
        return len(self.spoken.split())


@dataclass(frozen=True)
class Sentence:
    """A piece of text to be spoken in one go.

    Attributes:
        text: As written, without signs that are no words.
        number: Which one, from 1.
        tokens: All of `text`, word by word.
        voice: Name of the voice that speaks it; None: that of the call.
        language: Code of its language; None: that of the call.
        before_s: Silence before its first word, in seconds, asked for by a break.
        bookmarks: (name, index of the token at whose begin it lies; `len(tokens)`: at the end of the last).
    """

    text: str
    number: int
    tokens: tuple[Token, ...]
    voice: str | None = None
    language: str | None = None
    before_s: float = 0.0
    bookmarks: tuple[tuple[str, int], ...] = ()

    @property
    def spoken(self) -> str:
        """What the speaker is given to say; its words are those of the tokens, in order."""
        return " ".join(token.spoken for token in self.tokens if token.spoken)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The mark of each word of `spoken`."""
        return tuple(token.mark for token in self.tokens for _ in range(token.count))


def token_times(tokens: Sequence[Token], words: Sequence[Word]) -> list[tuple[int, float, float]]:
    """When each token is said: (index, start, end) in seconds, in order; tokens without a sound are left out.

    Args:
        tokens: Of one sentence.
        words: The words of its spoken form with their times, as a speaker gives them. It may have left out words
            that made no sound.
    """
    spoken = [(word, i) for i, token in enumerate(tokens) for word in token.spoken.split()]
    found: dict[int, tuple[float, float]] = {}
    at = 0
    for word in words:
        here = next((j for j in range(at, len(spoken)) if spoken[j][0] == word.text), None)
        if here is not None:
            at = here + 1
        elif not spoken:
            break
        index = spoken[min(max(at - 1, 0), len(spoken) - 1)][1]
        start_s, end_s = found.get(index, (word.start_s, word.end_s))
        found[index] = (min(start_s, word.start_s), max(end_s, word.end_s))
    return [(index, *found[index]) for index in sorted(found)]


def as_written(tokens: Sequence[Token], words: Sequence[Word]) -> list[tuple[str, float, float]]:
    """(word as written, start, end) in seconds, from the times of the spoken words; arguments as `token_times`."""
    return [(tokens[i].written, start_s, end_s) for i, start_s, end_s in token_times(tokens, words)]
