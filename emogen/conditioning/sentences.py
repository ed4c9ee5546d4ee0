"""Running text -> sentences, by punctuation alone (English and other scripts that end sentences with .!?)."""

from __future__ import annotations

import re

#: Abbreviations whose full stop ends no sentence.
_SHORT = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "e.g", "i.e", "capt", "sgt", "col",
    "gen", "lt", "rev", "hon", "mt", "fig", "approx", "dept", "inc", "ltd", "gov", "sen", "rep", "pres", "cmdr",
})
#: Abbreviations whose full stop ends no sentence before a number or in front of a small letter.
_COUNTED = frozenset({
    "no", "nos", "p", "pp", "vol", "ch", "sec", "figs", "eq", "art", "ca", "est", "ext", "jan", "feb", "mar", "apr",
    "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri",
    "sat", "sun",
})
_OFTEN_INSIDE = frozenset({"etc", "al", "co", "corp", "ave", "blvd", "rd", "ft", "hr", "hrs", "min", "max", "avg", "oz", "lbs"})
_LETTERS = re.compile(r"(?:[a-z]\.)+[a-z]|ph\.d")
#: Words that begin a sentence far oftener than they follow letters with stops ("in the U.S. The ...").
_BEGIN = frozenset({
    "the", "he", "she", "it", "we", "they", "i", "this", "that", "these", "those", "there", "but", "and", "in", "on", "at",
    "a", "an", "what", "why", "how", "when", "who", "if", "so", "you", "my", "his", "her", "our", "their", "then", "no",
    "yes", "not",
})
_END = re.compile(r"(?:(?<![.!?\u2026])[.!?\u2026]+[\"'\u201d\u2019)\]]*|(?<![\u3002\uff01\uff1f])[\u3002\uff01\uff1f]+)(?=\s|$)|\n\s*\n")


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, trimmed, in order; a text without an end of sentence is one sentence."""
    found, begin = [], 0
    for match in _END.finditer(text):
        word = text[begin : match.start()].rsplit(None, 1)[-1:] or [""]
        bare = word[0].lstrip("\"'(\u201c\u2018").lower()
        initial = len(bare) == 1 and bare.isalpha() and bare != "i"
        follows = text[match.end() :].lstrip()[:1]
        if match.group() == "." and (bare in _SHORT or (initial and follows.isupper())):
            continue
        if match.group() == "." and _inside(bare, text[match.end() :].lstrip()[:30]):
            continue
        if match.group() in ("...", "\u2026") and follows.islower():
            continue  # Well... no.
        if match.group().endswith(('"', "'", "\u201d", "\u2019")) and follows.islower():
            continue  # "Run!" she cried.
        found.append(text[begin : match.end()].strip())
        begin = match.end()
    found.append(text[begin:].strip())
    return [s for s in found if s]


def _inside(word: str, rest: str) -> bool:
    """Whether the full stop behind a word (in small letters) belongs to it alone, by what follows."""
    following = rest[:1]
    if word in _COUNTED:
        return following.isdigit() or (following.islower() and word not in ("no", "sat", "sun", "mar"))
    if word in _OFTEN_INSIDE:
        return following.islower()
    if _LETTERS.fullmatch(word):
        first = re.match(r"[^\W\d_]+", rest)
        starts = word in ("a.m", "p.m") or (first is not None and first.group().lower() in _BEGIN)
        return following.islower() or (following.isupper() and not starts)
    return False
