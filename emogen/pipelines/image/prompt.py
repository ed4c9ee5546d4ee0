"""A prompt -> what of it can be drawn: a place, the attributes that it fixes, and the words that are beyond us.

The vocabulary stands in `vocabulary.csv`: words, the place they stand for, the attributes they set. A longer phrase goes
before a shorter one ("street lamps" before "street"); "no" and "without" before a word set its attributes to nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from emogen.codecs.scene.scene import attributes, places
from emogen.errors import InputError
from emogen.tables import read_table

NEGATIONS = frozenset(("no", "without", "not", "never"))
#: Words that say nothing to a painter.
EMPTY = frozenset((
    "a", "an", "the", "of", "in", "on", "at", "by", "to", "with", "and", "or", "but", "from", "for", "into", "onto",
    "over", "under", "near", "beside", "behind", "before", "after", "as", "is", "are", "be", "it", "its", "this",
    "that", "these", "those", "some", "very", "quite", "there", "where", "while", "which", "who", "my", "your",
    "our", "their", "his", "her", "i", "we", "you", "one", "picture", "photo", "photograph", "painting", "image",
    "view", "scene", "drawing", "artwork", "art", "beautiful", "highly", "detailed", "best", "quality", "4k", "8k",
    "against", "between", "through", "across", "along", "around", "above", "below", "upon", "during", "until",
    "like", "just", "still", "much", "many", "more",
))  # fmt: skip
LONGEST_PHRASE = 5  # words
#: Cosine of the meaning of a word with the nearest one of the vocabulary from which it is taken for it; less will do where
#: there would be no place at all (own choice).
NEAR, NEAR_PLACE = 0.62, 0.45
MOST_UNKNOWN = 24  # words whose meaning is looked up; a painter does not read on


@dataclass(frozen=True)
class Prompt:
    """What was understood.

    Attributes:
        place: None where no word names one.
        values: Attributes that the words fix.
        taken_for: Unknown word -> the known one that stands in for it.
        unknown: Words that play no part.
    """

    place: str | None
    values: Mapping[str, float]
    taken_for: Mapping[str, str]
    unknown: tuple[str, ...]

    def told(self) -> list[str]:
        """What a user should know, a sentence each."""
        notes = [f'"{word}" is beyond what can be drawn here; the nearest is "{near}"' for word, near in self.taken_for.items()]
        if self.unknown:
            shown = ", ".join(f'"{w}"' for w in self.unknown[:8]) + (" and more" if len(self.unknown) > 8 else "")
            notes.append(f"not drawn: {shown}")
        return notes


@cache
def vocabulary() -> dict[tuple[str, ...], tuple[str, dict[str, float]]]:
    """Phrase, as its words -> the place (or "") and the attributes that it sets."""
    table: dict[tuple[str, ...], tuple[str, dict[str, float]]] = {}
    for row in read_table(__package__, "vocabulary.csv"):
        sets = dict(pair.split("=") for pair in row["sets"].split())
        for phrase in row["words"].split("|"):
            table[tuple(_words(phrase))] = (row["place"], {name: float(value) for name, value in sets.items()})
    return table


def understood(text: str) -> Prompt:
    """Reads a prompt.

    Raises:
        InputError: There is not a letter or a known sign in it.
    """
    words = _words(text)
    if not words:
        raise InputError("prompt", f"{text[:40]!r} has no words", f"Say what is seen: {', '.join(places())} ...")
    place: str | None = None
    values: dict[str, float] = {}
    unknown: list[str] = []
    for said, entry in _phrases(words):
        if entry is None:
            unknown.append(said)
            continue
        named, sets = entry
        place = place or named or None
        values |= sets
    taken: dict[str, str] = {}
    for word, near, alike, names_place in _nearest(list(dict.fromkeys(unknown))[:MOST_UNKNOWN]):
        named, sets = vocabulary()[(near,)]
        if word not in taken and ((alike >= NEAR_PLACE and place is None) if names_place else alike >= NEAR):
            taken[word], place, values = near, place or named or None, sets | values
    return Prompt(place, values, taken, tuple(w for w in dict.fromkeys(unknown) if w not in taken))


def _phrases(words: Sequence[str]) -> Iterator[tuple[str, tuple[str, dict[str, float]] | None]]:
    """The phrases of a prompt, each with its entry; None for a word that is not in the vocabulary."""
    known, at, negated = vocabulary(), 0, False
    while at < len(words):
        for count in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            entry = known.get(tuple(words[at : at + count])) or (known.get((_singular(words[at]),)) if count == 1 else None)
            if entry is not None:
                yield " ".join(words[at : at + count]), ("", _without(entry[1])) if negated else entry
                at, negated = at + count, False
                break
        else:
            if words[at] in NEGATIONS:
                negated = True
            elif words[at] not in EMPTY and not words[at].isdigit():
                yield words[at], None
                negated = False
            at += 1


def _without(sets: Mapping[str, float]) -> dict[str, float]:
    """The same attributes at nothing: where they are none of it, or as usual."""
    return {name: max(attributes()[name].low, 0.0) if attributes()[name].usual <= 0.5 else 0.2
            for name in sets if not attributes()[name].circular}  # fmt: skip


def _nearest(words: Sequence[str]) -> list[tuple[str, str, float, bool]]:
    """For unknown words the known one that means most nearly the same: (word, known word, cosine, whether it names a place).

    Two for each word, a place and anything else; the nearest come first.
    """
    from emogen.conditioning.meaning import word_vectors

    if not words:
        return []
    single = [phrase[0] for phrase in vocabulary() if len(phrase) == 1]
    names_place = np.array([bool(vocabulary()[(word,)][0]) for word in single])
    theirs = np.stack([v.sum(axis=0) for v in word_vectors([[_singular(w)] for w in words])])
    alike = theirs / np.maximum(np.linalg.norm(theirs, axis=1, keepdims=True), 1e-9) @ _known_vectors().T
    found = []
    for word, row in zip(words, alike, strict=True):
        for group in (True, False):
            best = int(np.where(names_place == group, row, -1.0).argmax())
            found.append((word, single[best], float(row[best]), group))
    return sorted(found, key=lambda f: -f[2])


@cache
def _known_vectors() -> np.ndarray:
    from emogen.conditioning.meaning import word_vectors

    vectors = np.stack([v.sum(axis=0) for v in word_vectors([[p[0]] for p in vocabulary() if len(p) == 1])])
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _words(text: str) -> list[str]:
    """Lower-case words; a pictograph counts as the words of its name."""
    spelt = "".join(f" {unicodedata.name(c, '').lower()} " if unicodedata.category(c) == "So" else c for c in text)
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", spelt.lower())


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
