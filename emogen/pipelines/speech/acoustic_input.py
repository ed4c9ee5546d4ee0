"""An utterance of the phoneme source -> what the acoustic model reads: symbols, and figures of stress and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.pipelines.speech.phonemes import Phone, Word
from emogen.pipelines.speech.phones import Kind, is_stressed, kind_of

PAUSE = "_"  # the symbol of silence, at both ends and within
_MARKS = str.maketrans("", "", "ˈˌ")
_CLOSING = "\"'”’)]»"
_SIGNS = {".": "stop", "?": "question", "!": "exclamation", ",": "comma", ";": "comma", ":": "comma"}
_ENDS = ("stop", "question", "exclamation", "comma")
#: Columns of the figures, in order; counts are squeezed by log(1 + n) / 3.
FIGURES = (
    "primary_stress", "secondary_stress", "in_word", "to_word_end", "word_phones", "in_phrase", "to_phrase_end",
    "in_sentence", "to_sentence_end", "word_has_stress", "vowel", "last_vowel_of_word", "last_stress_of_phrase",
    *(f"phrase_{end}" for end in _ENDS), *(f"sentence_{end}" for end in _ENDS[:3]),
)  # fmt: skip
#: The nearest sound that surely was learnt, for one that was not, by kind.
_USUAL = {
    Kind.PAUSE: PAUSE, Kind.VOWEL: "ə", Kind.NASAL: "n", Kind.LIQUID: "l", Kind.VOICED_FRICATIVE: "z",
    Kind.FRICATIVE: "s", Kind.VOICED_STOP: "d", Kind.STOP: "t", Kind.VOICED_AFFRICATE: "dʒ", Kind.AFFRICATE: "tʃ",
}  # fmt: skip


@dataclass(frozen=True)
class Sound:
    """A phone as the model reads it.

    Attributes:
        symbol: IPA without stress; PAUSE for silence.
        stress: 0 none, 1 secondary, 2 primary.
        word: Number of the word it belongs to, from 0; -1 for silence.
        end: What closes the phrase that it is in (silence: that comes after it): "stop", "question", "exclamation",
            "comma".
    """

    symbol: str
    stress: int
    word: int
    end: str


def sounds_of(phones: Sequence[Phone], words: Sequence[Word]) -> list[Sound]:
    """The phones of one utterance without silence at its ends, each with its word and the end of its phrase."""
    spoken = [i for i, phone in enumerate(phones) if phone.ipa]
    inside = phones[spoken[0] : spoken[-1] + 1] if spoken else []
    starts = np.array([word.start_s for word in words]) - 1e-6
    found: list[Sound] = []
    for phone in inside:
        middle = (phone.start_s + phone.end_s) / 2
        word = int(np.searchsorted(starts, middle, side="right")) - 1 if len(words) else 0
        stress = 2 if is_stressed(phone.ipa) else 1 if "ˌ" in phone.ipa else 0
        symbol = phone.ipa.translate(_MARKS)
        found.append(Sound(symbol, stress, max(word, 0), "") if symbol else Sound(PAUSE, 0, -1, ""))
    return _with_ends(found, [word.text for word in words])


def closing_sign(token: str) -> str:
    """The kind of end that a written word has: "stop", "question", "exclamation", "comma" or ""."""
    bare = token.rstrip(_CLOSING)
    sign = next((c for c in reversed(bare) if not c.isalnum() and c in _SIGNS), "") if bare else ""
    return _SIGNS[sign] if sign and not bare[-1].isalnum() else ""


def _with_ends(sounds: Sequence[Sound], tokens: Sequence[str]) -> list[Sound]:
    """The sounds with the ends of their phrases: a phrase ends at a silence, or at a word with a closing sign."""
    found: list[Sound] = []
    end = "stop"
    for i in range(len(sounds) - 1, -1, -1):
        sound = sounds[i]
        following = sounds[i + 1] if i + 1 < len(sounds) else None
        if sound.word >= 0 and (following is None or following.word != sound.word):
            sign = closing_sign(tokens[sound.word]) if sound.word < len(tokens) else ""
            silent = following is not None and following.word < 0
            end = sign or ("stop" if following is None else "comma" if silent else end)
        found.append(Sound(sound.symbol, sound.stress, sound.word, end))
    return found[::-1]


def figures_of(sounds: Sequence[Sound]) -> NDArray[np.float32]:
    """The figures of each sound [sounds, len(FIGURES)], all about 0..1."""
    count = len(sounds)
    place = np.arange(count)
    word = np.array([s.word for s in sounds])
    silent = word < 0
    breaks = np.array([
        i > 0 and (silent[i] or silent[i - 1] or (s.end != sounds[i - 1].end and word[i] != word[i - 1]))
        for i, s in enumerate(sounds)
    ])  # fmt: skip
    in_word, to_word = _within(np.r_[True, word[1:] != word[:-1]])
    in_phrase, to_phrase = _within(np.r_[True, breaks[1:]])
    vowel = np.array([kind_of(s.symbol) is Kind.VOWEL for s in sounds]) & ~silent
    primary, secondary = (np.array([s.stress == level for s in sounds]) for level in (2, 1))
    groups = np.cumsum(np.r_[True, word[1:] != word[:-1]])
    phrases = np.cumsum(np.r_[True, breaks[1:]])
    last = sounds[-1].end if sounds else "stop"
    columns = [
        primary, secondary, _log(in_word), _log(to_word), _log(in_word + to_word), _log(in_phrase), _log(to_phrase),
        _log(place), _log(count - 1 - place), _any(groups, primary | secondary), vowel, _last(groups, vowel),
        _last(phrases, primary), *([s.end == end for s in sounds] for end in _ENDS),
        *(np.full(count, last == end) for end in _ENDS[:3]),
    ]  # fmt: skip
    return np.stack([np.asarray(c, dtype=np.float32) for c in columns], axis=1)


def _log(values: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.log1p(values) / 3.0)


def _within(begins: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How far each place lies from the begin and from the end of its group."""
    group = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    last = np.r_[first[1:], len(begins)] - 1
    place = np.arange(len(begins))
    return place - first[group], last[group] - place


def _any(groups: NDArray[np.int64], marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.isin(groups, groups[marks])


def _last(groups: NDArray[np.int64], marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The last marked place of each group."""
    found = np.zeros(len(groups), bool)
    for i in np.flatnonzero(marks):
        later = groups[i + 1 :] == groups[i]
        found[i] = not np.any(marks[i + 1 :] & later)
    return found


def known_symbol(symbol: str, known: Sequence[str]) -> str:
    """The symbol itself where the model learnt it, else the nearest that it learnt."""
    bare = symbol.replace("ː", "").replace("\u0329", "")
    for near in (symbol, bare, bare + "ː", bare[:2], bare[:1], bare[:1] + "ː"):
        if near and near in known:
            return near
    return _USUAL[kind_of(symbol)]
