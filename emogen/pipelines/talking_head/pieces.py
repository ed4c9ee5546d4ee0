"""A long voice -> a talking face, piece by piece: an hour needs no more memory than a minute.

Pieces overlap. Each has its own blinks, looks and nods; in the overlap the pose and the expression of the last piece
are remembered and go over into those of the next one, so that nothing jumps and nothing drifts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emogen.codecs.face import both
from emogen.media.audio_stream import read_blocks

#: Length of a piece, and how long two of them overlap (s); own choice.
PIECE_S, OVERLAP_S = 40.0, 1.2
#: Rate at which a voice is heard and laid under the picture, Hz.
RATE_HZ = 22_050

#: (voice [n], begin in s, number of the piece) -> curves [T, 61] of as many frames as the voice has.
Animate = Callable[[np.ndarray, float, int], np.ndarray]


@dataclass(frozen=True)
class Pieces:
    """What `TalkingHeadStream` goes through.

    Attributes:
        path: The voice.
        fps: Frames per second.
        animate: Moves a piece.
    """

    path: Path
    fps: float
    animate: Animate

    def __call__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Curves [T, 61] and the voice under them [n] at `RATE_HZ`, whole frames each."""
        step, more = round(PIECE_S * self.fps), max(1, round(OVERLAP_S * self.fps))
        before: np.ndarray | None = None
        for number, (voice, last) in enumerate(_cut(self.path, self.fps, step, more)):
            curves = self.animate(voice, number * step / self.fps, number)
            if before is not None:
                curves[: len(before)] = joined(before, curves[: len(before)])
            keep = len(curves) if last else step
            before = curves[step:]
            yield curves[:keep], voice[: self._samples(number * step + keep) - self._samples(number * step)]

    def _samples(self, frame: int) -> int:
        return round(frame / self.fps * RATE_HZ)


def joined(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """From one piece's curves to the next one's, [n, 61] each; a blink of the old piece is finished, not faded."""
    share = (0.5 - 0.5 * np.cos(np.pi * (np.arange(len(new)) + 1) / (len(new) + 1)))[:, None]
    old = old[: len(new)]
    out = np.asarray((1 - share) * old + share * new)
    lids, finished = both("eyeBlink"), np.clip((1 - share) / 0.1, 0, 1)
    out[:, lids] = np.maximum(old[:, lids] * finished, new[:, lids])
    return out.astype(new.dtype)


def _cut(path: Path, fps: float, step: int, more: int) -> Iterator[tuple[np.ndarray, bool]]:
    """Pieces of `step` frames and `more` of the next one, the last one filled up to a whole frame; whether it is the last."""

    def samples(frame: int) -> int:
        return round(frame / fps * RATE_HZ)

    held, number = np.zeros(0, np.float32), 0
    for block in read_blocks(path, RATE_HZ):
        held = np.concatenate([held, block])
        # A piece is given away once something is left for the next one.
        while len(held) > (whole := samples((number + 1) * step + more) - samples(number * step)):
            yield held[:whole], False
            held = held[samples((number + 1) * step) - samples(number * step) :]
            number += 1
    frames = max(1, int(np.ceil(len(held) / RATE_HZ * fps - 1e-6)))
    end = samples(number * step + frames) - samples(number * step)
    yield np.pad(held, (0, max(0, end - len(held))))[:end], True
