"""Stretches of a piece, and one sound from several."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.music.backends.output import Sound

#: No stretch of its own for what is felt for less (s); own assumption.
LEAST_S = 1.0
#: Over how long a model's going on is faded in over what it went on from (s); own assumption.
SEAM_S = 0.1
#: How far the loudness of a stretch is brought to that of the one before, at most, as a factor; own assumption.
NEARER = 2.0
FADE_S = 0.4  # at the end, as of composed music


@dataclass(frozen=True)
class Stretch:
    """A part of a piece that a model is asked for at once.

    Attributes:
        start_s, end_s: When it is.
        seconds: How long what is asked for is: from before its start, where there is something, to its end.
    """

    start_s: float
    end_s: float
    seconds: float

    def to_dict(self) -> dict[str, float]:
        """For the sidecar."""
        return {"start_s": round(self.start_s, 3), "end_s": round(self.end_s, 3)}


def stretches(track: EmotionTrack, seconds: float, longest_s: float, lead_s: float) -> list[Stretch]:
    """The stretches of a piece.

    Each keyframe has its own, from half way from the one before (or from where it steps) to half way to the next; what
    is longer than a model can be asked for is divided evenly.

    Args:
        track: What is felt.
        seconds: Length of the piece.
        longest_s: How much a model can be asked for.
        lead_s: How much of that lies over what was before.
    """
    edges = [0.0]
    for one, other in pairwise(track.keyframes):
        at = other.t if other.step else (one.t + other.t) / 2
        if one.emotion != other.emotion and edges[-1] + LEAST_S <= at <= seconds - LEAST_S:
            edges.append(at)
    edges.append(seconds)
    found = []
    for start, end in pairwise(edges):
        whole = start == 0.0 and end <= longest_s
        count = 1 if whole else math.ceil((end - start) / (longest_s - lead_s))
        for a, b in pairwise(np.linspace(start, end, count + 1)):
            found.append(Stretch(float(a), float(b), float(b - max(a - lead_s, 0.0))))
    return found


def joined(sound: Sound, more: Sound, over: int, goes_on: bool, rate: int) -> Sound:
    """Sound [n, channels], and more [m, channels] of which the first `over` samples lie over the end of it.

    Where `more` goes on from that end, it takes over at the end of it, as loud as that was; else the two are faded into
    one another at equal power over the whole of it.
    """
    if not over:
        return more
    before, again = sound[-over:], more[:over]
    if goes_on:
        was, now = (float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) for x in (before, again))
        more = more * np.float32(np.clip(was / now, 1 / NEARER, NEARER) if now > 0 else 1.0)
        n = min(over, round(SEAM_S * rate))
        rise = np.linspace(0, 1, n, dtype=np.float32)[:, None]
        fall = 1 - rise
    else:
        n = over
        angle = np.linspace(0, np.pi / 2, n, dtype=np.float32)[:, None]
        rise, fall = np.sin(angle), np.cos(angle)
    mixed = sound[len(sound) - n :] * fall + more[over - n : over] * rise
    return np.concatenate([sound[: len(sound) - n], mixed, more[over:]])


def finished(sound: Sound, rate: int) -> Sound:
    """Faded out at the end."""
    n = min(len(sound), round(FADE_S * rate))
    fade = np.linspace(1, 0, n, dtype=np.float32)[:, None] ** 2
    return np.concatenate([sound[: len(sound) - n], sound[len(sound) - n :] * fade])
