"""Sound files of any length, block by block: memory does not grow with the recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.errors import FormatError, InputError
from emogen.media.audio import (
    ACCEPTED,
    FFMPEG_KINDS,
    SNDFILE_KINDS,
    check_limits,
    check_rate,
    check_wav,
    opened,
    reading,
)
from emogen.media.sniff import expect_kind


def read_blocks(path: str | Path, sample_rate: int) -> Iterator[NDArray[np.float32]]:
    """The sound in a file, mixed to one channel, in blocks [n] at `sample_rate` Hz: memory does not grow with it.

    Arguments and errors as `read_audio`; what is wrong later in the file is raised when it is reached.
    """
    import soxr

    path = Path(path)
    kind = expect_kind(path, *SNDFILE_KINDS, *FFMPEG_KINDS, accepted=ACCEPTED)
    check_rate("sample_rate", sample_rate)
    if kind == "wav":
        check_wav(path)
    with reading(path, kind):
        rate, channels, frames, blocks = opened(path, kind)
        check_limits(path, rate, channels, frames, 0)
        stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32")
        read = 0
        for block in blocks:
            read += len(block)
            check_limits(path, rate, channels, read, 0)
            if not np.isfinite(block).all():
                raise FormatError(str(path), "holds samples that are not finite numbers")
            yield stream.resample_chunk(block.mean(axis=1, dtype=np.float32))
        if not read:
            raise InputError(str(path), "holds no samples")
        yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def native_rate(path: str | Path) -> int:
    """The sample rate of a sound file in Hz; errors as `read_audio`."""
    return _shape(Path(path))[0]


def duration_s(path: str | Path) -> float | None:
    """How long a sound file lasts, as its header says; None where it does not say. Errors as `read_audio`."""
    rate, frames = _shape(Path(path))
    return frames / rate if frames else None


def _shape(path: Path) -> tuple[int, int]:
    """Rate in Hz and number of frames (0: not said)."""
    kind = expect_kind(path, *SNDFILE_KINDS, *FFMPEG_KINDS, accepted=ACCEPTED)
    with reading(path, kind):
        rate, _, frames, _ = opened(path, kind)
        return rate, frames
