"""Segments of a film, each with one feeling, and one film from several."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.track import EmotionTrack

Pixels = NDArray[np.uint8]
#: No segment of its own for what is felt for less (s); own choice.
LEAST_S = 0.5


@dataclass(frozen=True)
class Segment:
    """Frames that a model makes at once.

    Attributes:
        first, last: Of the film; `last` is not included.
        lead: How many of them lie over the segment before.
    """

    first: int
    last: int
    lead: int

    @property
    def frames(self) -> int:
        """How many there are, the lead included."""
        return self.last - self.first


def segments(track: EmotionTrack, frames: int, fps: float, longest: int, lead: int) -> list[Segment]:
    """The segments of a film.

    Each keyframe has its own, from half way from the one before (or from where it steps) to half way to the next; what is
    longer than the model can be asked for is divided evenly.

    Args:
        track: What is felt.
        frames: Of the film.
        fps: Frames per second.
        longest: Frames that the model makes at once.
        lead: How many of them lie over the segment before.
    """
    least, edges = max(round(LEAST_S * fps), 1), [0]
    for one, other in pairwise(track.keyframes):
        at = round((other.t if other.step else (one.t + other.t) / 2) * fps)
        if one.emotion != other.emotion and edges[-1] + least <= at <= frames - least:
            edges.append(at)
    edges.append(frames)
    found: list[Segment] = []
    for start, end in pairwise(edges):
        room = longest if start == 0 and end <= longest else longest - lead
        count = math.ceil((end - start) / room)
        cuts = [round(start + (end - start) * i / count) for i in range(count + 1)]
        for a, b in pairwise(cuts):
            before = min(lead, a)
            found.append(Segment(a - before, b, before))
    return found


def joined(film: list[Pixels], more: list[Pixels], lead: int, goes_on: bool) -> list[Pixels]:
    """A film, and a segment of which the first `lead` frames lie over the end of it.

    Where the segment goes on from a picture, that picture is not repeated; else the two are faded into one another.
    """
    if not film or lead == 0:
        return film + more
    if goes_on:
        return film + more[lead:]
    mixed = [_mixed(film[i - lead], more[i], (i + 1) / (lead + 1)) for i in range(lead)]
    return film[:-lead] + mixed + more[lead:]


def _mixed(one: Pixels, other: Pixels, share: float) -> Pixels:
    """Two frames in linear proportion."""
    return np.rint(one.astype(np.float32) * (1 - share) + other.astype(np.float32) * share).astype(np.uint8)
