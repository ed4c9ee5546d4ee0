"""The words of a performance with their times."""

from __future__ import annotations

from typing import Any

import numpy as np

from emogen.media.subtitles import Subtitle
from emogen.pipelines.performance.plan import Plan, sentences

#: Subtitles hold at most this many characters (two lines of 42, as broadcasters' style guides ask).
SUBTITLE_CHARS = 84


def subtitles(plan: Plan, spoken: list[Any]) -> list[Subtitle]:
    """The words as they are said, a sentence or a part of one at a time."""
    found = []
    for beat, said in zip(plan.beats, spoken, strict=True):
        who = "" if beat.role.portrait is None else f"{beat.role.name}: "
        pieces = [piece for sentence in sentences(beat.text) for piece in _pieces(sentence)]
        sizes = np.cumsum([0, *(len(p) for p in pieces)]) / max(1, sum(len(p) for p in pieces))
        length = beat.end_s - beat.start_s
        for piece, a, b in zip(pieces, sizes, sizes[1:], strict=False):
            found.append(
                Subtitle(round(beat.start_s + a * length, 3), round(beat.start_s + b * length, 3), who + piece)
            )
    return found


def _pieces(sentence: str) -> list[str]:
    pieces = [""]
    for word in sentence.split():
        if pieces[-1] and len(pieces[-1]) + 1 + len(word) > SUBTITLE_CHARS:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {word}".strip()
    return pieces
