"""Voices on one clock: a mix, and each of them alone, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice import SAMPLE_RATE
from emogen.pipelines.speech.feel import PEAK, limited

BLOCK = 1 << 16  # samples of silence given at a time; own assumption

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Clip:
    """What one speaker says in one go, at its place.

    Attributes:
        who: Of whom.
        start: Its first sample on the clock.
        samples: float32 [n], at the level that it has in the mix.
        pan: -1 left .. 1 right.
    """

    who: str
    start: int
    samples: Samples
    pan: float = 0.0

    @property
    def end(self) -> int:
        """The sample behind its last one."""
        return self.start + len(self.samples)


@dataclass(frozen=True, eq=False)
class Mix:
    """Clips on one clock.

    Attributes:
        clips: In order of their starts.
        length: Samples of the whole.
        channels: 1, or 2 where somebody stands beside the middle.
    """

    clips: tuple[Clip, ...]
    length: int
    channels: int

    def blocks(self, who: str | None = None) -> Iterator[Samples]:
        """The mix, or one voice of it: float32 [n] or [n, 2] each, at 22 050 Hz, `length` samples in all.

        The power of a voice does not depend on its place (sine law), so a mix in stereo is as loud as one in mono.
        Where voices overlap, peaks are held below -1 dBFS; elsewhere the mix is the sum of the voices alone.
        """
        at = 0
        for group in _groups([clip for clip in self.clips if who is None or clip.who == who]):
            begin, end = group[0].start, max(clip.end for clip in group)
            yield from self._silence(begin - at)
            sound = np.zeros((end - begin, self.channels), np.float32)
            for clip in group:
                sound[clip.start - begin : clip.end - begin] += self._placed(clip)
            yield self._shaped(_held(sound))
            at = end
        yield from self._silence(self.length - at)

    def audio(self, who: str | None = None) -> Samples:
        """All of `blocks` in one."""
        return np.concatenate(list(self.blocks(who)))

    def _silence(self, count: int) -> Iterator[Samples]:
        for start in range(0, count, BLOCK):
            yield self._shaped(np.zeros((min(BLOCK, count - start), self.channels), np.float32))

    def _placed(self, clip: Clip) -> Samples:
        if self.channels == 1:
            return clip.samples[:, None]
        angle = (clip.pan + 1.0) * np.pi / 4.0
        return clip.samples[:, None] * np.array([np.cos(angle), np.sin(angle)], np.float32)

    def _shaped(self, sound: Samples) -> Samples:
        return sound[:, 0] if self.channels == 1 else sound


def louder(samples: Samples, gain_db: float) -> Samples:
    """A voice turned up or down; peaks are held below -1 dBFS."""
    return limited(samples * np.float32(10.0 ** (gain_db / 20.0))) if gain_db else samples


def seconds(count: int) -> float:
    """Samples -> s."""
    return count / SAMPLE_RATE


def _groups(clips: Sequence[Clip]) -> Iterator[list[Clip]]:
    """Clips that sound at the same time, together."""
    group: list[Clip] = []
    for clip in clips:
        if group and clip.start >= max(other.end for other in group):
            yield group
            group = []
        group.append(clip)
    if group:
        yield group


def _held(sound: Samples) -> Samples:
    """Peaks of [n, channels] held below -1 dBFS, the same for all channels."""
    peaks = np.abs(sound).max(axis=1)
    if peaks.max(initial=0.0) <= PEAK:
        return sound
    return np.asarray(sound * (limited(peaks) / np.maximum(peaks, 1e-9))[:, None], dtype=np.float32)
