"""The words of a performance with their times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emogen.conditioning.sentences import split_sentences
from emogen.media.subtitles import Subtitle
from emogen.pipelines.performance.plan import Plan

#: Subtitles hold at most this many characters (two lines of 42, as broadcasters' style guides ask).
SUBTITLE_CHARS = 84


def subtitles(plan: Plan, spoken: list[Any]) -> list[Subtitle]:
    """The words as they are said, a sentence or a part of one at a time, by the times of the spoken words."""
    found = []
    for beat, said in zip(plan.beats, spoken, strict=True):
        pieces = [piece for sentence in split_sentences(beat.text) for piece in _pieces(sentence)]
        starts = _starts(pieces, said.words, beat.end_s - beat.start_s)
        for piece, a, b in zip(pieces, starts, [*starts[1:], beat.end_s - beat.start_s], strict=True):
            speaker = beat.role.name if beat.role.portrait else ""
            found.append(Subtitle(round(beat.start_s + a, 3), round(beat.start_s + max(b, a + 0.3), 3), piece, speaker))
    return found


def _starts(pieces: list[str], words: Sequence[tuple[str, float, float]], length_s: float) -> list[float]:
    """When each piece begins (s): at its first word, found by the share of letters said before it."""
    letters = np.cumsum([0, *(len(w) for w, _, _ in words)])
    sizes = np.cumsum([0, *(sum(len(w) for w in p.split()) for p in pieces)])
    if not len(words):
        return [length_s * s / sizes[-1] for s in sizes[:-1]]
    shares = sizes[:-1] / max(sizes[-1], 1) * letters[-1]
    return [0.0, *(words[int(np.argmin(np.abs(letters[:-1] - share)))][1] for share in shares[1:])]


def _pieces(sentence: str) -> list[str]:
    pieces = [""]
    for word in sentence.split():
        if pieces[-1] and len(pieces[-1]) + 1 + len(word) > SUBTITLE_CHARS:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {word}".strip()
    return pieces
