"""Opening mp4, mov, m4a, mkv and webm for reading, with the limits checked, and the sound in them.

FFmpeg's libraries are told which format to expect (the one that the first bytes show) and may open plain
files only, so that a file cannot make them read another one or call out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from emogen.errors import EmogenError, FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.sniff import expect_kind

DEMUXERS = {"mp4": "mov", "matroska": "matroska"}
ACCEPTED = "mp4, mov, mkv, webm"
#: Sound that begins later than the picture by more than this is put in its place; own assumption.
GAP_S = 0.001
#: The decoder refuses larger pictures before it makes room for them.
CODEC_OPTIONS = {"max_pixels": str(LIMITS.video_side_px**2)}
MAX_STREAMS = 32  # more than any camera or editor writes; own assumption


@contextmanager
def opened(path: str | Path) -> Iterator[Any]:
    """An open PyAV container; what its parser raises inside the block leaves as `FormatError`."""
    path = Path(path)
    kind = expect_kind(path, *DEMUXERS, accepted=ACCEPTED)
    stream_options: Any = [CODEC_OPTIONS] * MAX_STREAMS
    try:
        source = av.open(
            f"file:{path.resolve()}", format=DEMUXERS[kind], metadata_errors="replace",
            container_options={"protocol_whitelist": "file"}, stream_options=stream_options,
        )  # fmt: skip
        with source:
            for stream in source.streams.video:
                stream.codec_context.options = CODEC_OPTIONS
            yield source
    except (EmogenError, GeneratorExit):
        raise
    except MemoryError as error:
        raise LimitError(str(path), "does not fit into memory") from error
    except Exception as error:  # whatever a foreign parser throws: it is the file that is broken
        raise FormatError(str(path), f"is a broken {kind} file", f"Accepted: {ACCEPTED}.") from error


def duration_s(source: Any, stream: Any) -> float:
    """How long a stream lasts by its header, in seconds; 0 where the header does not say."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return source.duration / av.time_base if source.duration else 0.0


def audio_blocks(path: Path) -> tuple[int, int, int, Iterator[NDArray[np.float32]]]:
    """The sound of a video: sample rate, channels, samples by the header (or 0), blocks `[m, channels]`.

    Sound that begins after the start of the file is preceded by silence, so that it fits the pictures.

    Raises:
        InputError: There is no sound in it.
    """
    with opened(path) as source:
        if not source.streams.audio:
            raise InputError(str(path), "has no sound in it")
        stream = source.streams.audio[0]
        rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
        samples = round(duration_s(source, stream) * rate)
    return rate, channels, samples, _trimmed(_decoded(path, rate, channels), samples)


def _trimmed(blocks: Iterator[NDArray[np.float32]], samples: int) -> Iterator[NDArray[np.float32]]:
    """Leaves out what the header does not count: an AAC stream ends in the padding of its last block."""
    for block in blocks:
        yield block[:samples] if samples > 0 else block
        samples -= len(block)
        if -len(block) < samples <= 0:
            return


def _decoded(path: Path, rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    with opened(path) as source:
        stream = source.streams.audio[0]
        mixer = av.AudioResampler(format="fltp", layout=stream.codec_context.layout, rate=rate)
        first = True
        for frame in source.decode(stream):
            if first and frame.pts is not None and frame.time_base:
                yield from _silence(path, float(frame.pts * frame.time_base), rate, channels)
            first = False
            for block in mixer.resample(frame):
                yield np.ascontiguousarray(block.to_ndarray().T)
        for block in mixer.resample(None):
            yield np.ascontiguousarray(block.to_ndarray().T)


def _silence(path: Path, length_s: float, rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    if length_s > LIMITS.audio_s:
        raise LimitError(str(path), f"its sound begins after {length_s:,.0f} s; the limit is {LIMITS.audio_s:,.0f} s (limits.audio_s)")
    if length_s > GAP_S:
        yield np.zeros((round(length_s * rate), channels), np.float32)


def frame_rate(stream: Any) -> Fraction:
    """Pictures per second of a video stream: the average, or the guess where there is none; 0 if unknown."""
    return Fraction(stream.average_rate or stream.guessed_rate or 0)
