"""Running text -> sentences, by punctuation alone (English and other scripts that end sentences with .!?)."""

from __future__ import annotations

import re

#: Abbreviations whose full stop ends no sentence.
_SHORT = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "e.g", "i.e", "capt", "sgt", "col",
    "gen", "lt", "rev", "hon", "mt", "fig", "approx", "dept", "inc", "ltd",
})
_END = re.compile(r"(?:[.!?\u2026]+[\"'\u201d\u2019)\]]*|[\u3002\uff01\uff1f]+)(?=\s|$)|\n\s*\n")


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
        if match.group().endswith(('"', "'", "\u201d", "\u2019")) and follows.islower():
            continue  # "Run!" she cried.
        found.append(text[begin : match.end()].strip())
        begin = match.end()
    found.append(text[begin:].strip())
    return [s for s in found if s]
