"""Emotion in free words: sets of words compared by the groups of emotion wheels.

"cheerful, proud" against "happy" should count as right. Every word is brought to a term (spellings, forms and
synonyms of `conditioning.vocabulary`), every term to the group of a wheel, and the sets of groups are compared.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache

import numpy as np

from emogen.conditioning import taxonomies, vocabulary
from emogen.errors import InputError
from emogen.evaluation.metrics.checks import items, same_length

#: Wheels as (groups of the first level, groups of the second). OV-MER has five wheels of its own; own assumption.
WHEELS = (("parrott", "parrott2"), ("plutchik", "plutchik24"))


@dataclass(frozen=True)
class OpenVocabulary:
    """How well free words meet free words; figures are means over wheels and both levels.

    Attributes:
        f1: 0..1, more is better.
        precision: 0..1, groups named that are right.
        recall: 0..1, right groups that are named.
        first_level: F1 over the groups of the first level alone, 0..1.
        second_level: F1 over the groups of the second level alone, 0..1.
        words: Words found per item. F1 can be raised by naming many words, therefore it stands beside it.
        unknown: Part of the words found that no vocabulary knows, 0..1; they count as not said.
    """

    f1: float
    precision: float
    recall: float
    first_level: float
    second_level: float
    words: float
    unknown: float


def set_scores(
    truth: Sequence[AbstractSet[Hashable]], found: Sequence[AbstractSet[Hashable]]
) -> tuple[float, float, float]:
    """(precision, recall, F1) of sets of labels, each 0..1, more is better.

    Precision is the mean over items of `|Y & Y'| / |Y'|`, recall of `|Y & Y'| / |Y|`, F1 that of both means. An item
    with nothing found counts 0; an item without reference is passed over.
    Source: OV-MER (Lian et al.), reference implementation in MERTools.

    Args:
        truth: n sets of labels.
        found: n sets of labels.

    Raises:
        InputError: Lengths differ, or no item has a reference.
    """
    same_length(("truth", "found"), truth, found)
    pairs = [(a, b) for a, b in zip(truth, found, strict=True) if a]
    if not pairs:
        raise InputError("truth", "no item with a label that is known", "Give at least one.")
    precision = float(np.mean([len(a & b) / len(b) if b else 0.0 for a, b in pairs]))
    recall = float(np.mean([len(a & b) / len(a) for a, b in pairs]))
    return precision, recall, 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0


def open_vocabulary_scores(
    truth: Sequence[Iterable[str]], found: Sequence[Iterable[str]], wheels: Sequence[Sequence[str]] = WHEELS
) -> OpenVocabulary:
    """The emotion-wheel metric of open-vocabulary emotion recognition, over our own wheels.

    Per wheel and level, `set_scores` of the groups; then means over wheels, then over levels. The wheels and the
    synonyms are this project's (Parrott's tree, Plutchik's rings), not those of MERTools: the figures cannot be
    compared with published ones. Source: OV-MER (Lian et al.) for the procedure.

    Args:
        truth: n collections of words.
        found: n collections of words; one may be empty.
        wheels: Taxonomies of (first level, second level) for each wheel.

    Raises:
        InputError: Lengths differ, no items, no known word in any reference, an unknown taxonomy, or one that is
            not given in two levels.
    """
    a, b = _words("truth", truth), _words("found", found)
    same_length(("truth", "found"), a, b)
    if not wheels or any(isinstance(wheel, str) or len(wheel) != 2 for wheel in wheels):
        raise InputError("wheels", f"{wheels!r}", "Give one (first level, second level) or more.")
    scores = np.array(
        [[set_scores([groups(x, w) for x in a], [groups(x, w) for x in b]) for w in wheel] for wheel in wheels]
    )  # [wheel, level, 3]
    precision, recall, f1 = scores.mean(axis=(0, 1))
    first, second = scores[:, :, 2].mean(axis=0)
    said = [word for words in b for word in words]
    unknown = sum(vocabulary.find(word) is None for word in said) / len(said) if said else 0.0
    return OpenVocabulary(
        float(f1), float(precision), float(recall), float(first), float(second), len(said) / len(b), unknown
    )


def groups(words: Iterable[str], wheel: str) -> frozenset[str]:
    """The groups of a wheel that words fall into; unknown words into none, "neutral" into its own.

    A word that is on the wheel, or under it in the published grouping, has its group; every other one the likeliest
    (`taxonomies.project`).

    Args:
        words: Of one item.
        wheel: Name of a taxonomy.

    Raises:
        InputError: There is no such taxonomy.
    """
    taxonomies.get(wheel)
    known = (vocabulary.find(word) for word in words)
    return frozenset(_group(term, wheel) for term in known if term is not None)


@cache
def _group(term: str, wheel: str) -> str:
    return next(iter(taxonomies.project({term: 1.0}, wheel)))


def _words(name: str, given: Sequence[Iterable[str]]) -> list[list[str]]:
    if isinstance(given, str):
        raise InputError(name, "one word", "Give a collection of words for each item.")
    result: list[list[str]] = []
    for one in given:
        if isinstance(one, str):
            raise InputError(name, f'the word "{one}" for an item', "Give a collection of words for each item.")
        words = list(one)
        if words:
            items(name, words)
        if not all(isinstance(word, str) for word in words):
            raise InputError(name, "something that is no word", "Give words.")
        result.append([word for word in dict.fromkeys(map(vocabulary.normalise, words)) if word])
    if not result:
        raise InputError(name, "empty", "Give at least one item.")
    return result
