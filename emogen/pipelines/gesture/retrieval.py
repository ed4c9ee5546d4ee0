"""Words with their times -> gestures that mean what the words mean.

A phrase of the library is found as it stands, inflected or not; a word that is not in the library is found by meaning, in
its sentence. What is denied ("not big") and what only sounds alike ("he left", "no one") makes no gesture, and of several
that are near in time the surest stays: people make about one gesture that means something in two to three seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache

import numpy as np

from emogen.conditioning.meaning import word_vectors
from emogen.errors import InputError
from emogen.pipelines.gesture.library import Gesture, gestures
from emogen.pipelines.gesture.phrases import CLAUSE_END, SENTENCE_END, bare, begins_at, forms, negated, words_that
from emogen.pipelines.gesture.speech import Speech, Word
from emogen.pipelines.gesture.strokes import Hand, Stroke

#: Seconds between gestures that mean something (own assumption after the rates of McNeill 1992).
APART_S = 2.2
#: Likeness (cosine about the mean of the library's words) from which a word means what a gesture means, and by how much the
#: next gesture must be less like: chosen on sentences other than those that retrieval is tested with.
ALIKE, CLEARLY = 0.58, 0.04
#: How sure a word is by the kind of its gesture: what is done to the listener or felt is gestured rather than what is only
#: named, and least when it was. Own choice, as all of these; set on sentences other than those that retrieval is tested with.
WORTH = {"sign": 0.85, "feeling": 0.85, "deictic": 0.7, "object": 0.7, "when": 0.6}
USUAL = 0.8
#: What a phrase has more, and each of its words after the second; a word that is made strong ("so cold"); one that stands
#: where the weight of its clause is.
PHRASE, PER_WORD, INTENSE, WEIGHTY = 0.15, 0.05, 0.15, 0.1
#: What is taken from what is asked of a listener where somebody only tells of it ("they were stopped").
TOLD = 0.25
#: A word that is mostly said in passing, and one that means all or none of something.
PASSING, GENERAL = 0.3, 0.6
#: Hits less sure than this make no gesture.
SURE = 0.5
#: Gestures that go with a denial as well as without it.
_DENYING = frozenset({"no", "shrug", "stop", "refuse", "maybe", "enough", "weak", "hush"})
#: Kinds of gestures whose words stay what they are under a denial ("not there").
_UNDENIED = frozenset({"deictic", "number"})
_ITEM = re.compile(r"^\s*([\w' -]+?)\s*:\s*(-?\d+(?:\.\d+)?)\s*s?\s*$")


@dataclass(frozen=True)
class _Hit:
    """A gesture that words ask for: which of them (first, last), the one it goes with, and how sure it is."""

    gesture: Gesture
    first: int
    last: int
    at: int
    sure: float


def semantic_strokes(
    asked: str | Sequence[Stroke], speech: Speech, length_s: float, seed: int = 0
) -> tuple[Stroke, ...]:
    """The gestures that mean something.

    Args:
        asked: "auto" finds them by the words, "none", "point:1.2s, count-three:2.5s", or strokes that are taken as they are.
        speech: Its words are searched; of a language other than English nothing is found.
        length_s: How long the motion lasts.
        seed: Chooses hands.

    Raises:
        InputError: A gesture that is not in the library, with the names of those that are; a time outside the motion, or
            something else than this.
    """
    if not isinstance(asked, str):
        return tuple(asked)
    written = parse_semantic(asked, length_s, seed)
    if written != "auto":
        return written if isinstance(written, tuple) else ()
    if speech.language and speech.language.split("-")[0] != "en":
        return ()
    return tuple(s for s in found_strokes(speech.words, seed) if s.at_s < length_s)


def parse_semantic(text: str, length_s: float, seed: int = 0) -> str | tuple[Stroke, ...]:
    """What someone wrote, "point:1.2s, count-three:2.5s" -> strokes; "auto" and "none" stay; nothing is "none".

    Raises:
        InputError: What is no gesture with a time; of an unknown name the message has all that are known, near ones first.
    """
    bare_text = text.strip().lower()
    if bare_text in ("auto", "none", ""):
        return bare_text or "none"
    found = []
    for number, item in enumerate(text.split(","), 1):
        where = f"semantic, item {number}"
        match = _ITEM.match(item)
        if not match:
            raise InputError(
                where,
                f"found {item.strip()[:40]!r}",
                'Accepted: auto, none, or gestures with times, "point:1.2s, stop:3s".',
            )
        gesture = _named(match[1], where)
        at = float(match[2])
        if not 0 <= at <= length_s:
            raise InputError(
                where, f"{gesture.name} at {at:g} s", f"Accepted: 0 to {length_s:g} s, the length of the motion."
            )
        found.append(_stroke(gesture, at, "", 1.0, seed))
    return tuple(sorted(found, key=lambda s: s.at_s))


def found_strokes(words: Sequence[Word], seed: int = 0) -> tuple[Stroke, ...]:
    """The gestures that English words ask for, in order of time, each with its apex on the stressed syllable.

    Args:
        words: As said, in order.
        seed: Chooses hands.
    """
    hits = [(h, s[h.at]) for s in _sentences(words) for h in _hits([w.text for w in s])]
    taken: list[tuple[_Hit, Word]] = []
    for hit, word in sorted(_once(hits), key=lambda h: (-h[0].sure, h[1].stress_s)):
        repeated = any(o.gesture is hit.gesture and abs(w.stress_s - word.stress_s) < 2 * APART_S for o, w in taken)
        if not repeated and all(abs(w.stress_s - word.stress_s) >= APART_S for _, w in taken):
            taken.append((hit, word))
    strokes = (
        _stroke(h.gesture, w.stress_s, bare(w.text), 0.9 + 0.2 * min(h.sure - SURE, 0.5), seed) for h, w in taken
    )
    return tuple(sorted(strokes, key=lambda s: s.at_s))


def _once(hits: Sequence[tuple[_Hit, Word]]) -> list[tuple[_Hit, Word]]:
    """What is said twice ("yes, of course") is done where it is said first, as surely as the surer one."""
    found: list[tuple[_Hit, Word]] = []
    for hit, word in sorted(hits, key=lambda h: h[1].stress_s):
        for k, (other, first) in enumerate(found):
            if other.gesture is hit.gesture and word.stress_s - first.stress_s < APART_S:
                found[k] = replace(other, sure=max(other.sure, hit.sure)), first
                break
        else:
            found.append((hit, word))
    return found


def _named(name: str, where: str) -> Gesture:
    wanted = re.sub(r"[\s-]+", "_", name.strip().lower())
    if wanted in gestures():
        return gestures()[wanted]
    said = [g.name for g in gestures().values() if wanted.replace("_", " ") in g.words]
    near = said[:2] + [n for n in get_close_matches(wanted, gestures(), n=3, cutoff=0.5) if n not in said[:2]]
    hint = f"Near it: {', '.join(near)}. " if near else ""
    known = ", ".join(sorted(g.name for g in gestures().values() if not g.beat and g.name not in near))
    raise InputError(where, f"no gesture {name.strip()!r}", f"{hint}Known: {known}.")


def _stroke(gesture: Gesture, at_s: float, word: str, strength: float, seed: int) -> Stroke:
    hand: Hand = gesture.hands if gesture.hands in ("left", "right", "both") else _hand(seed, at_s)  # type: ignore[assignment]
    return Stroke(round(at_s, 4), hand, round(strength, 3), gesture.name, word, semantic=True)


def _hand(seed: int, at_s: float) -> Hand:
    """Mostly the right one: about nine people in ten are right-handed; some gestures go to the other hand."""
    return "right" if np.random.default_rng([seed, round(1000 * at_s)]).random() < 0.75 else "left"


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    sentence: list[Word] = []
    for word in words:
        sentence.append(word)
        if SENTENCE_END.search(word.text):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _hits(words: list[str]) -> list[_Hit]:
    """Everything that a sentence asks for, overlapping phrases resolved: the longer one stays."""
    plain = [bare(w) for w in words]
    ends = [bool(CLAUSE_END.search(w)) for w in words]
    found = [h for h in _literal(plain, words, ends) if not _denied(h, plain, ends)]
    found.sort(key=lambda h: (h.first - h.last, -h.sure))
    kept: list[_Hit] = []
    used: set[int] = set()
    for hit in found:
        span = set(range(hit.first, hit.last + 1))
        if not span & used:
            used |= span
            kept.append(hit)
    kept += [h for h in _by_meaning(plain, words, used) if not _denied(h, plain, ends)]
    return [h for h in kept if h.sure >= SURE]


def _literal(plain: list[str], words: list[str], ends: list[bool]) -> Iterator[_Hit]:
    for first in range(len(plain)):
        for phrase, gesture in _index().get(plain[first], []) + [
            p for form in forms(plain[first]) if form != plain[first] for p in _index().get(form, [])
        ]:
            size = len(phrase)
            if not begins_at(phrase, plain, first) or any(ends[first : first + size - 1]):
                continue
            last = first + size - 1
            if _excepted(gesture, plain, first, last):
                continue
            told = gesture.kind == "sign" and tuple(plain[first : last + 1]) != phrase
            if told and size > 1:  # "they came in" beckons nobody
                continue
            stressed = [k for k in range(first, last + 1) if plain[k] not in words_that("function")] or [last]
            sure = _worth(gesture, size, first, words, plain, ends) - TOLD * told
            yield _Hit(gesture, first, last, stressed[-1], sure)


def _worth(gesture: Gesture, size: int, first: int, words: list[str], plain: list[str], ends: list[bool]) -> float:
    """How sure a phrase of so many words asks for its gesture."""
    intense = bool(first) and not ends[first - 1] and plain[first - 1] in words_that("intense")
    worth = WORTH.get(gesture.kind, USUAL) + INTENSE * intense
    if size > 1:
        return worth + PHRASE + PER_WORD * (size - 2)
    if plain[first] in words_that("passing"):
        return worth + WEIGHTY if intense or _weighty(first, words, ends) else PASSING
    if not first and ends[first]:  # "Wait, ..."
        return worth + WEIGHTY
    return GENERAL if plain[first] in words_that("general") else worth


def _weighty(k: int, words: list[str], ends: list[bool]) -> bool:
    """Whether a word is said with weight: in capitals, or alone at the end of its clause."""
    if len(words[k]) > 2 and words[k].strip(".,!?;:").isupper():
        return True
    starts = k == 0 or ends[k - 1]
    return (ends[k] or k == len(words) - 1) and (starts or "!" in words[k] or k >= 2)


def _excepted(gesture: Gesture, plain: list[str], first: int, last: int) -> bool:
    """Whether words are part of a phrase that their gesture does not go with, and that is no part of theirs."""
    for phrase in _exceptions()[gesture.name]:
        for start in range(max(0, first - len(phrase) + 1), last + 1):
            inside = start >= first and start + len(phrase) <= last + 1 and len(phrase) < last - first + 1
            if begins_at(phrase, plain, start) and start + len(phrase) > first and not inside:
                return True
    return False


def _denied(hit: _Hit, plain: list[str], ends: list[bool]) -> bool:
    if hit.gesture.name in _DENYING or hit.gesture.kind in _UNDENIED:
        return False
    return negated(plain, ends, hit.first)


def _by_meaning(plain: list[str], words: list[str], used: set[int]) -> Iterator[_Hit]:
    """Hits of words that the library does not have."""
    idle = words_that("function") | words_that("passing") | words_that("general")
    open_ = [
        k for k, w in enumerate(plain)
        if k not in used and len(w) > 2 and w.isalpha() and w not in idle
        and not (k and words[k][:1].isupper())
    ]  # fmt: skip
    if not open_:
        return
    owners, examples, middle = _examples()
    own = word_vectors([words])[0][open_] - middle
    own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9)
    starts = [i for i, name in enumerate(owners) if i == 0 or owners[i - 1] != name]
    best = np.maximum.reduceat(own @ examples.T, starts, axis=1)
    for k, row in zip(open_, best, strict=True):
        order = np.argsort(-row)
        gesture = gestures()[owners[starts[order[0]]]]
        if row[order[0]] >= ALIKE and row[order[0]] - row[order[1]] >= CLEARLY and not _excepted(gesture, plain, k, k):
            yield _Hit(gesture, k, k, k, float(row[order[0]]))


@cache
def _index() -> dict[str, list[tuple[tuple[str, ...], Gesture]]]:
    """First word -> phrases that begin with it."""
    found: dict[str, list[tuple[tuple[str, ...], Gesture]]] = {}
    for gesture in gestures().values():
        for phrase in gesture.words:
            parts = tuple(phrase.split())
            found.setdefault(parts[0], []).append((parts, gesture))
    return found


@cache
def _exceptions() -> dict[str, list[tuple[str, ...]]]:
    return {g.name: [tuple(p.split()) for p in g.unless] for g in gestures().values()}


@cache
def _examples() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Whose the single words of the library are, their vectors [N, D] about their mean and of unit length, and the mean."""
    idle = words_that("function") | words_that("passing") | words_that("general")
    own = [(g.name, w) for g in gestures().values() for w in g.words if " " not in w and w not in idle]
    vectors = np.concatenate(word_vectors([[w] for _, w in own]))
    middle = vectors.mean(0)
    vectors = vectors - middle
    return [n for n, _ in own], vectors / np.linalg.norm(vectors, axis=1, keepdims=True), middle
