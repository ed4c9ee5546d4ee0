"""Our phones and those of a teacher for the same sentence: which of its sounds is which of ours, and when.

Both are split into atoms (a diphthong or an affricate is one), which are matched by the cheapest sequence of
matches, insertions and deletions. Likeness is by the tables below, this project's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from emogen.pipelines.speech.acoustic_input import PAUSE

TEACHER_PAUSES = frozenset(("pau", "h#", "brth", "ssil", "sil", "#"))
_PAIRS = ("aɪ", "aʊ", "eɪ", "oʊ", "ɔɪ", "tʃ", "dʒ")
#: Our atom -> what the CMU phone sets call it; the later, the less alike.
_NAMES = {
    "ə": "ax ah ih uh", "ɐ": "ax ah ae", "ʌ": "ah ax", "ɪ": "ih ax iy eh", "ᵻ": "ih ax iy", "i": "iy ih y", "ɑ": "aa ao ah",
    "ɔ": "ao aa ow", "ɒ": "aa ao", "æ": "ae eh", "a": "aa ae", "ɛ": "eh ae er", "e": "eh ey", "ɜ": "er ah", "ɚ": "er axr ax",
    "ʊ": "uh uw ax", "u": "uw uh", "o": "ow ao", "aɪ": "ay", "aʊ": "aw", "eɪ": "ey eh", "oʊ": "ow ax", "ɔɪ": "oy",
    "ɹ": "r er", "r": "r", "j": "y iy", "l": "l el", "w": "w", "ŋ": "ng n", "n": "n en nx", "m": "m em", "h": "hh hv",
    "ɾ": "t d dx", "ʔ": "t", "t": "t d dx", "d": "d dx t", "ɡ": "g", "k": "k", "x": "k", "p": "p", "b": "b", "f": "f",
    "v": "v f", "s": "s z", "z": "z s", "ʃ": "sh", "ʒ": "zh jh", "θ": "th", "ð": "dh th", "tʃ": "ch", "dʒ": "jh zh",
}  # fmt: skip
_VOWEL_NAMES = "aa ae ah ao aw ax axr ay eh er ey ih ix iy ow oy uh uw el em en"
_VOWELS = frozenset(_VOWEL_NAMES.split())
_LATER, _SAME_CLASS, _OTHER_CLASS, _GAP, _PAUSE_GAP = 0.2, 0.8, 1.8, 0.85, 0.3  # costs, own assumption
WORST = 0.12  # a sentence with more unmatched or unlike atoms than this share is left out; own assumption


@dataclass(frozen=True)
class Placed:
    """One of our sounds in the teacher's speech: its index (-1: a pause of the teacher's own), begin and end in s."""

    index: int
    start_s: float
    end_s: float


def atoms_of(symbol: str) -> list[str]:
    """The atoms of one of our symbols, length marks left out."""
    bare = "".join(c for c in symbol if c.isalpha() and c != "ː")
    found, i = [], 0
    while i < len(bare):
        size = 2 if bare[i : i + 2] in _PAIRS else 1
        found.append(bare[i : i + size])
        i += size
    return found


def _cost(ours: str, theirs: str) -> float:
    if (ours == PAUSE) != (theirs == PAUSE):
        return 9.0
    if ours == PAUSE:
        return 0.0
    names = _NAMES.get(ours, "").split()
    if theirs in names:
        return _LATER * names.index(theirs)
    alike = bool(names) and (names[0] in _VOWELS) == (theirs in _VOWELS)
    return _SAME_CLASS if alike else _OTHER_CLASS


def align(symbols: Sequence[str], teacher: Sequence[tuple[str, float, float]]) -> list[Placed] | None:
    """When each of our sounds is heard in the teacher's speech; None where the two differ too much.

    Args:
        symbols: Ours, without silence at the ends.
        teacher: (name, start s, end s) without silence at the ends.
    """
    ours = [(atom, i) for i, s in enumerate(symbols) for atom in ([PAUSE] if s == PAUSE else atoms_of(s) or [s])]
    theirs = [PAUSE if name in TEACHER_PAUSES else name for name, _, _ in teacher]
    pairs, wrong = _matched([a for a, _ in ours], theirs)
    if wrong > WORST * len(ours):
        return None
    spans: dict[int, list[float]] = {}
    placed: list[tuple[int, float, float]] = []
    for i, j in pairs:
        if j is not None and i is not None:
            spans.setdefault(ours[i][1], []).extend(teacher[j][1:])
        elif j is not None and theirs[j] == PAUSE:
            placed.append((-1, teacher[j][1], teacher[j][2]))
    order = [(k, min(v), max(v)) for k, v in spans.items()] + placed
    order.sort(key=lambda item: item[1])
    return _filled(order, symbols, teacher[0][1], teacher[-1][2])


def _filled(
    order: Sequence[tuple[int, float, float]], symbols: Sequence[str], begin: float, end: float
) -> list[Placed] | None:
    """Sounds that were not found take half of the one before; then all gaps are closed."""
    found: list[list[float]] = []
    expected = 0
    for index, start, stop in order:
        if index >= 0:
            missing = [k for k in range(expected, index) if symbols[k] != PAUSE]
            if len(missing) > 1 or (missing and not found):
                return None
            if missing:
                middle = (found[-1][1] + found[-1][2]) / 2
                found.append([missing[0], middle, found[-1][2]])
                found[-2][2] = middle
            expected = index + 1
        found.append([index, start, stop])
    if any(symbols[k] != PAUSE for k in range(expected, len(symbols))) or not found:
        return None
    found[0][1], found[-1][2] = begin, end
    for left, right in pairwise(found):
        left[2] = right[1]
    return [Placed(int(i), a, b) for i, a, b in found]


def _matched(ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[tuple[int | None, int | None]], float]:
    """Pairs of the cheapest match, None where there is no partner, and how many atoms are wrong."""
    n, m = len(ours), len(theirs)
    total = np.zeros((n + 1, m + 1))
    step = np.zeros((n + 1, m + 1), int)  # 0: match, 1: only ours, 2: only theirs
    gap_ours = [_PAUSE_GAP if a == PAUSE else _GAP for a in ours]
    gap_theirs = [_PAUSE_GAP if a == PAUSE else _GAP for a in theirs]
    total[1:, 0], step[1:, 0] = np.cumsum(gap_ours), 1
    total[0, 1:], step[0, 1:] = np.cumsum(gap_theirs), 2
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            choices = (
                total[i - 1, j - 1] + _cost(ours[i - 1], theirs[j - 1]),
                total[i - 1, j] + gap_ours[i - 1],
                total[i, j - 1] + gap_theirs[j - 1],
            )
            step[i, j] = int(np.argmin(choices))
            total[i, j] = choices[step[i, j]]
    pairs: list[tuple[int | None, int | None]] = []
    i, j, wrong = n, m, 0.0
    while i or j:
        kind = step[i, j]
        i, j = i - (kind != 2), j - (kind != 1)
        pairs.append((i if kind != 2 else None, j if kind != 1 else None))
        if kind == 0:
            wrong += _cost(ours[i], theirs[j]) >= _SAME_CLASS
        else:
            wrong += (ours[i] if kind == 1 else theirs[j]) != PAUSE
    return pairs[::-1], wrong
