"""Videos made of pieces: each is encoded by itself, whole in itself, and the file is made by copying them; so is the sound.

A piece is an mp4 of one stream with closed groups of pictures, so that it can be kept, replaced, and encoded beside
others. Joined, its packets keep their bytes; times are counted on. All pieces of a video have one size and rate.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from emogen.errors import FormatError, InputError
from emogen.media.provenance import Provenance
from emogen.media.video import AAC_FRAME, VideoWriter, aac_stream, h264_stream, sound_frame, yuv_frame

#: Pictures that x264 holds back to reorder them: decoding times run ahead of showing times by as many.
DELAY = 2
POSTER_Q = "3"  # of JPEG in FFmpeg, 2 (best) to 31; own choice, by eye


def encode_piece(frames: Iterable[NDArray[np.uint8]], *, fps: float, width: int, height: int) -> bytes:
    """Pictures uint8 [height, width, 3] -> a piece.

    Raises:
        InputError: There are none.
    """
    rate, out, number = Fraction(fps).limit_denominator(1001), io.BytesIO(), -1
    with av.open(out, "w", format="mp4", options={"fflags": "bitexact"}) as file:
        stream = h264_stream(file, rate, width, height)
        for number, picture in enumerate(frames):
            file.mux(stream.encode(yuv_frame(picture, number, rate)))
        if number < 0:
            raise InputError("piece", "no pictures were given")
        file.mux(stream.encode(None))
    return out.getvalue()


def encode_sound(samples: NDArray[np.float32], rate: int) -> bytes:
    """The sound of a whole video, float32 [n, channels] at an AAC rate in Hz -> a piece."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options={"fflags": "bitexact"}) as file:
        stream = aac_stream(file, rate, samples.shape[1])
        for first in range(0, len(samples), AAC_FRAME):
            block = np.ascontiguousarray(samples[first : first + AAC_FRAME].T, np.float32)
            file.mux(stream.encode(sound_frame(block, first, rate)))
        file.mux(stream.encode(None))
    return out.getvalue()


def decoded(piece: bytes) -> Iterator[NDArray[np.uint8]]:
    """The pictures of a piece, uint8 [height, width, 3]."""
    with _opened(piece) as file:
        for frame in file.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _opened(piece: bytes) -> Any:
    return av.open(io.BytesIO(piece))


class PieceWriter(VideoWriter):
    """As `VideoWriter`, with pieces in place of pictures.

    Args:
        path: As of `VideoWriter`.
        first: The first piece: the file's header is its.
        sound: The sound of the whole, as `encode_sound` gives it.
        chapters: (start in s, title), rising from 0; they last to the next one.
        title: Of the whole.
        poster: A picture that stands for the whole, uint8 [h, w, 3] with even sides: the cover that file managers and players
            show before it plays.
        more: As of `VideoWriter`.
    """

    def __init__(
        self, path: str | Path, first: bytes, sound: bytes, *, chapters: Sequence[tuple[float, str]] = (), title: str = "",
        poster: NDArray[np.uint8] | None = None, provenance: Provenance | None = None, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(path, provenance=provenance, **more)
        self._sound, self._first, self._chapters, self._title, self._poster = sound, first, tuple(chapters), title, poster
        self._decoded = 0

    def write_piece(self, piece: bytes) -> None:
        """Adds a piece.

        Raises:
            FormatError: Not a piece of this size.
        """
        begin, count = self.frames, 0
        with _opened(piece) as file:
            stream = file.streams.video[0]
            if (stream.codec_context.width, stream.codec_context.height) != (self.width, self.height):
                raise FormatError(str(self.path), f"a piece of {stream.codec_context.width} x {stream.codec_context.height} px")
            step = 1 / (stream.time_base * self.fps)  # ticks of a picture
            for packet in file.demux(stream):
                if packet.size:
                    packet.pts = begin + round(packet.pts / step)
                    packet.dts, packet.duration = self._decoded - DELAY, 1
                    packet.time_base, packet.stream = 1 / self.fps, self._video
                    self._out.mux(packet)
                    self._decoded, count = self._decoded + 1, count + 1
        self.frames = begin + count
        self._copy_sound(self.frames / self.fps)

    def _copy_sound(self, end_s: Fraction) -> None:
        """Copies the sound up to a time."""
        while self._packets and (self._packets[0].pts or 0) * self._packets[0].time_base < end_s:
            packet = self._packets.popleft()
            packet.stream = self._copied
            self._out.mux(packet)

    def _pictures(self) -> Any:
        with _opened(self._first) as file:
            stream = self._out.add_stream_from_template(file.streams.video[0])
        stream.time_base = 1 / self.fps
        if self._title:
            self._out.metadata["title"] = self._title
        return stream

    def _beside(self) -> None:
        """The sound, and the poster as a cover (`covr`, which is no track of the film)."""
        with _opened(self._sound) as file:
            self._copied = self._out.add_stream_from_template(file.streams.audio[0])
            self._packets = deque(packet for packet in file.demux(file.streams.audio[0]) if packet.size)
        if self._poster is None:
            return
        cover = self._out.add_stream("mjpeg", rate=1)
        cover.height, cover.width = self._poster.shape[:2]
        cover.pix_fmt, cover.disposition = "yuvj420p", Disposition.attached_pic
        cover.codec_context.options = {"qmin": POSTER_Q, "qmax": POSTER_Q, "threads": "1"}
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(self._poster), format="rgb24")
        frame = frame.reformat(format="yuvj420p", threads=1)
        frame.pts, frame.time_base = 0, Fraction(1)
        self._out.mux(cover.encode(frame))
        self._out.mux(cover.encode(None))

    def _flush_pictures(self) -> None:
        if self._packets:
            last = self._packets[-1]
            self._copy_sound((last.pts + last.duration) * last.time_base)
        ends = [*(start for start, _ in self._chapters[1:]), float(self.frames / self.fps)]
        found = []
        for i, ((start, title), end) in enumerate(zip(self._chapters, ends, strict=False)):
            when = {"start": round(start * 1000), "end": round(end * 1000), "time_base": Fraction(1, 1000)}
            found.append({"id": i + 1, "metadata": {"title": title}, **when})
        self._out.set_chapters(found)

    def __enter__(self) -> PieceWriter:
        super().__enter__()
        return self
