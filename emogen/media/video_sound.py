"""The sound of a video, block by block, fit to be written beside pictures: as the video had it, or another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.errors import FormatError
from emogen.media.audio import within
from emogen.media.container import audio_blocks
from emogen.media.video import AUDIO_RATES_HZ

Block = NDArray[np.float32]

#: Sound at a rate that AAC does not have is written at this one, Hz.
RATE_HZ = 48_000
#: Sound that goes on after the last picture for less than this (s) is the padding of its coding, and left out (own).
PADDING_S = 0.1
#: Samples a block of a voice.
BLOCK = 1 << 16


@dataclass(frozen=True)
class Sound:
    """Sound that may be gone through more than once.

    Attributes:
        rate: Hz; one that AAC has.
        channels: 1 or 2.
        blocks: Gives it from its begin: float32 [n, channels], -1..1.
    """

    rate: int
    channels: int
    blocks: Callable[[], Iterator[Block]]

    @staticmethod
    def of_video(path: Path) -> Sound:
        """The sound of a video; more than two channels are mixed to one."""
        rate, channels, _, _ = audio_blocks(path)
        return Sound(*_fitting(rate, channels, lambda: audio_blocks(path)[3], str(path)))

    @staticmethod
    def of_voice(samples: Block, rate: int) -> Sound:
        """A voice, [n]."""

        def blocks() -> Iterator[Block]:
            for start in range(0, len(samples), BLOCK):
                yield samples[start : start + BLOCK, None]

        return Sound(*_fitting(rate, 1, blocks, "audio"))

    def until(self, end_s: float) -> Iterator[Block]:
        """The sound without padding after the end of the pictures, s."""
        end = round(end_s * self.rate)
        held: list[Block] = []
        given = 0
        for block in self.blocks():
            inside = max(0, min(len(block), end - given))
            if inside:
                yield block[:inside]
            given += len(block)
            if inside < len(block):
                held.append(block[inside:])
            if held and given - end > PADDING_S * self.rate:  # it is sound
                yield from held
                held.clear()
                end = given


def _fitting(
    rate: int, channels: int, blocks: Callable[[], Iterator[Block]], name: str
) -> tuple[int, int, Callable[[], Iterator[Block]]]:
    """Rate, channels and blocks that can be written beside pictures."""
    few, fine = channels if channels <= 2 else 1, rate if rate in AUDIO_RATES_HZ else RATE_HZ

    def fitted() -> Iterator[Block]:
        import soxr

        stream = soxr.ResampleStream(rate, fine, few, dtype="float32") if fine != rate else None
        for block in blocks():
            if not np.isfinite(block).all():
                raise FormatError(name, "holds samples that are not finite numbers")
            mixed = np.ascontiguousarray(block if few == channels else block.mean(axis=1, keepdims=True, dtype=np.float32))
            yield within(mixed if stream is None else np.reshape(stream.resample_chunk(mixed), (-1, few)))
        if stream is not None:
            yield within(np.reshape(stream.resample_chunk(np.zeros((0, few), np.float32), last=True), (-1, few)))

    return fine, few, fitted
