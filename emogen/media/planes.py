"""A video as it is stored -> its planes, one picture at a time, and back, with its sound copied packet by packet.

Planes are Y', Cb, Cr as codes, uint8 `(h, w)` and twice `(ceil(h / 2), ceil(w / 2))` (4:2:0). Where a file holds pictures
like that, nothing is converted, and what it says about its colours is said again: what an edit leaves alone is decoded and
encoded, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.container import duration_s, frame_rate, opened
from emogen.media.provenance import Provenance
from emogen.media.video import VideoWriter

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]

#: Sound that an mp4 may hold as it is (ISO 14496-12 and its registry); other kinds are encoded anew.
COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"})
#: Code points of H.273: not said, and BT.709; heights from which what does not say is taken to be BT.709 (as players do).
UNSAID, BT709, HD = 2, 1, 720
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
CLOCK_S = 1e-6


@dataclass(frozen=True)
class Colours:
    """What a video says about its colours: code points of H.273, and whether all codes are used."""

    primaries: int
    transfer: int
    matrix: int
    full: bool
    hd: bool

    @property
    def bt709(self) -> bool:
        """Whether Y' is weighed as in BT.709; else as in BT.601."""
        return self.matrix == BT709 or (self.matrix not in (5, 6) and self.hd)


def colours_of(path: str | Path) -> Colours:
    """What a video's header says about its colours."""
    with opened(path) as source:
        context = source.streams.video[0].codec_context
        full = context.color_range == FULL_RANGE or str(context.pix_fmt).startswith("yuvj")
        return Colours(
            context.color_primaries, context.color_trc, context.colorspace, full, min(context.width, context.height) >= HD
        )


def read_planes(path: str | Path, fps: float) -> Iterator[Planes]:
    """The pictures of a video at a constant rate, upright; each is shown from i / fps on.

    Raises:
        InputError, FormatError, LimitError: As `emogen.media.video.read_frames`.
    """
    with opened(path) as source:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        length_s, frame_s = duration_s(source, stream), 1 / float(frame_rate(stream))
        shown: Planes | None = None
        begin: float | None = None
        i = 0
        for n, frame in enumerate(source.decode(stream)):
            if n > LIMITS.video_s * LIMITS.video_fps:
                raise LimitError(str(path), f"more than {LIMITS.video_s:,.0f} s of video (limits.video_s)")
            if max(frame.width, frame.height) > LIMITS.video_side_px:
                raise LimitError(str(path), f"{frame.width} x {frame.height} px; the limit is {LIMITS.video_side_px:,} a side")
            time_s = frame.time if frame.time is not None else n * frame_s
            begin = time_s if begin is None else begin
            while shown is not None and i / fps < time_s - CLOCK_S:
                yield shown
                i += 1
            shown = planes_of(frame)
        while shown is not None and i / fps < max(length_s, (begin or 0.0) + frame_s) - CLOCK_S:
            yield shown
            i += 1


def planes_of(frame: Any) -> Planes:
    """A decoded frame, upright, as 4:2:0 of eight bits."""
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = frame.reformat(format="yuv420p", src_color_range=frame.color_range, dst_color_range=frame.color_range)
    found = []
    for plane in frame.planes[:3]:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        found.append(np.array(rows[: plane.height, : plane.width]))
    turns = frame.rotation // 90 % 4 if frame.rotation else 0
    y, u, v = (np.ascontiguousarray(np.rot90(p, turns)) if turns else p for p in found)
    return y, u, v


class PlaneWriter(VideoWriter):
    """A `VideoWriter` that takes planes, and the sound of a video as its packets.

    Args:
        path: `.mp4`, in a folder that exists.
        fps: Pictures per second.
        width: Pixels, even.
        height: Pixels, even.
        colours: What the file is to say about its colours.
        sound_of: A video whose sound is copied packet by packet; None: none is.
        audio_rate: As for `VideoWriter`, where the sound is given as samples instead.
        channels: Alike.
        provenance: The statement to write into the file.
    """

    def __init__(
        self, path: str | Path, *, fps: float, width: int, height: int, colours: Colours, sound_of: Path | None = None,
        audio_rate: int | None = None, channels: int = 1, provenance: Provenance | None = None,
    ) -> None:  # fmt: skip
        super().__init__(path, fps=fps, width=width, height=height, audio_rate=audio_rate, channels=channels,
                         provenance=provenance)  # fmt: skip
        self._colours, self._sound_of = colours, sound_of
        self._held: Planes | None = None

    def __enter__(self) -> PlaneWriter:
        super().__enter__()
        return self

    def write_planes(self, planes: Planes) -> None:
        """Adds one picture.

        Raises:
            InputError: Another shape or type.
            LimitError: More than `limits.video_s`.
            OutputError: The file could not be written.
        """
        shapes = ((self.height, self.width), *[(self.height // 2, self.width // 2)] * 2)
        if any(p.shape != s or p.dtype != np.uint8 for p, s in zip(planes, shapes, strict=True)):
            found = ", ".join(f"{p.shape} of {p.dtype}" for p in planes)
            raise InputError(str(self.path), f"planes {found}", f"Accepted: uint8 {shapes[0]} and twice {shapes[1]}.")
        if self.frames >= LIMITS.video_s * self.fps:
            raise LimitError(str(self.path), f"the limit is {LIMITS.video_s:,.0f} s (limits.video_s)")
        picture = av.VideoFrame(self.width, self.height, "yuv420p")
        for plane, given in zip(picture.planes, planes, strict=True):
            room = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            room[: given.shape[0], : given.shape[1]] = given
        picture.pts, picture.time_base = self.frames, 1 / self.fps
        self._mux(self._video, picture)
        self._copy_sound(float(self.frames / self.fps))
        self.frames += 1
        self._held, self._last = planes, planes[0]
        self._encode_audio(final=False)

    def _open(self) -> None:
        super()._open()
        context, said = self._video.codec_context, self._colours
        context.color_primaries, context.color_trc, context.colorspace = said.primaries, said.transfer, said.matrix
        context.color_range = FULL_RANGE if said.full else 1
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None
        if self._sound_of is not None:
            self._source = opened(self._sound_of)
            source = self._source.__enter__()
            self._heard = self._out.add_stream_from_template(source.streams.audio[0])
            self._packets = (p for p in source.demux(source.streams.audio[0]) if p.dts is not None)

    def _copy_sound(self, until_s: float) -> None:
        while (packet := self._next or next(self._packets, None)) is not None:
            if float(packet.dts * packet.time_base) > until_s:
                self._next = packet
                return
            self._next = None
            packet.stream = self._heard
            self._out.mux(packet)

    def _finish(self) -> None:
        if self.frames:
            self._copy_sound(float("inf"))
        while self._held is not None and self.frames / self.fps * (self.audio_rate or 0) < self._samples_in:
            self.write_planes(self._held)
        if self._sound_of is not None:
            self._source.__exit__(None, None, None)
        super()._finish()
