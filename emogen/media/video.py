"""Pictures and sound -> mp4 (H.264 + AAC, yuv420p, constant rate), and back; one frame at a time.

Memory does not grow with the length. One encoder thread: the bytes are the same on any number of cores.
Colours are BT.709 in limited range, and the file says so (ITU-R BT.709-6, section 3; H.273).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import InputError, LimitError, OutputError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable, no_space
from emogen.media.audio import Audio, read_audio
from emogen.media.container import duration_s, frame_rate, opened
from emogen.media.marks import xmp_box
from emogen.media.provenance import Provenance

SUFFIXES = (".mp4",)
#: x264, chosen by the table in docs/formats.md: speed, size and error of each preset as measured.
PRESET, CRF = "veryfast", "20"
#: From so many pixels on a quicker one, of less error in more bytes: a film of 1080p is to be edited as fast as it is shown.
LARGE_PRESET, LARGE_PX = "superfast", 1_500_000
LAYOUTS = {1: "mono", 2: "stereo"}
AUDIO_BIT_RATE = 128_000  # a channel pair of AAC-LC at 48 kHz; own assumption, transparent for speech
AUDIO_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)
VIDEO_RATE_HZ = 44_100  # the sound of the videos we make
AAC_FRAME = 1024  # samples a block, ISO 14496-3, subpart 4
BT709, LIMITED = 1, 1  # ISO/IEC 23091-2 (H.273): code points of primaries, transfer and matrix; AVCOL_RANGE_MPEG
CLOCK_S = 1e-6  # times that differ by less are the same moment; own assumption
MIN_SIDE_PX = 16  # a macroblock of H.264; own assumption that less is a slip


@dataclass(frozen=True)
class VideoInfo:
    """What the header of a video says.

    Attributes:
        width: Pixels as stored; `read_frames` follows a camera's note to turn them.
        height: Pixels as stored.
        fps: Pictures per second, on average.
        duration_s: Seconds, of the pictures.
        frames: How many pictures; 0 where the header does not say.
        codec: Name of the picture codec ("h264").
        audio_rate: Hz; 0 without sound.
        audio_channels: 0 without sound.
        audio_duration_s: Seconds of sound; 0 without.
    """

    width: int
    height: int
    fps: float
    duration_s: float
    frames: int
    codec: str
    audio_rate: int = 0
    audio_channels: int = 0
    audio_duration_s: float = 0.0


class VideoWriter(AbstractContextManager["VideoWriter"]):
    """Writes an mp4 file frame by frame; the file appears under its name when the block ends well.

    Sound may come all at once or in pieces, before the pictures that it belongs to (best) or after them.
    When the block ends, the shorter of the two is extended: silence is added to the sound, or the last
    picture is held; nothing is cut off.

    Args:
        path: `.mp4`, in a folder that exists.
        fps: Pictures per second, up to `limits.video_fps`.
        width: Pixels, even.
        height: Pixels, even.
        audio_rate: Hz of the sound (an AAC rate); no sound when left out.
        channels: Channels of the sound, 1 or 2.
        provenance: The statement to write into the file.

    Raises:
        InputError: A size, rate or path that cannot be written; raised before anything is rendered.
    """

    def __init__(
        self, path: str | Path, *, fps: float, width: int, height: int, audio_rate: int | None = None,
        channels: int = 1, provenance: Provenance | None = None,
    ) -> None:  # fmt: skip
        self.path = check_writable(path, SUFFIXES)
        _check_picture(self.path, fps, width, height)
        if audio_rate is not None and (audio_rate not in AUDIO_RATES_HZ or channels not in (1, 2)):
            found = f"sound with {channels} channels at {audio_rate} Hz"
            rates = ", ".join(f"{rate:,}" for rate in AUDIO_RATES_HZ)
            raise InputError(str(self.path), found, f"Accepted: 1 or 2 channels at {rates} Hz.")
        self.fps, self.width, self.height = Fraction(fps).limit_denominator(1001), int(width), int(height)
        self.audio_rate, self.channels, self.provenance = audio_rate, channels, provenance
        self.frames = 0
        self._samples_in = self._samples_out = 0
        self._waiting: list[NDArray[np.float32]] = []
        self._last: NDArray[np.uint8] | None = None
        self._file: AbstractContextManager[Path] = atomic_path(self.path)
        self._out: Any = None

    def __enter__(self) -> VideoWriter:
        self._part = self._file.__enter__()
        try:
            self._open()
        except BaseException as error:
            self._file.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._finish()
            except BaseException as raised:
                kind, error, trace = type(raised), raised, raised.__traceback__
        if error is not None:
            with suppress(Exception):
                self._out.close()
            self._file.__exit__(kind, error, trace)
            raise error
        self._file.__exit__(None, None, None)

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Adds one picture: uint8 `(height, width, 3)`, RGB.

        Raises:
            InputError: Another shape or type, or more than `limits.video_s`.
            OutputError: The file could not be written.
        """
        frame = np.asarray(frame)
        if frame.shape != (self.height, self.width, 3) or frame.dtype != np.uint8:
            accepted = f"Accepted: ({self.height}, {self.width}, 3) of uint8."
            raise InputError(str(self.path), f"a picture {frame.shape} of {frame.dtype}", accepted)
        if self.frames >= LIMITS.video_s * self.fps:
            raise LimitError(str(self.path), f"the limit is {LIMITS.video_s:,.0f} s (limits.video_s)")
        self._mux(self._video, yuv_frame(frame, self.frames, self.fps))
        self.frames += 1
        self._last = frame
        self._encode_audio(final=False)

    def write_audio(self, samples: ArrayLike) -> None:
        """Adds sound: floating point `[n]` or `[n, channels]`, -1..1.

        Raises:
            InputError: Opened without sound, another number of channels, not finite, above full scale, or
                more than `limits.video_s`.
            OutputError: The file could not be written.
        """
        x = np.asarray(samples)
        if self.audio_rate is None:
            raise InputError(str(self.path), "sound for a video that was opened without", "Give audio_rate.")
        if not x.size:
            return
        x = x[:, None] if x.ndim == 1 else x
        if not np.issubdtype(x.dtype, np.floating) or x.ndim != 2 or x.shape[1] != self.channels:
            accepted = f"Accepted: floating point [n] or [n, channels] with {self.channels} channels."
            raise InputError(str(self.path), f"sound {x.shape} of {x.dtype}", accepted)
        if not np.isfinite(x).all() or float(np.abs(x).max()) > 1.0:
            raise InputError(str(self.path), "sound that is not finite or above full scale", "limit_peak turns it down.")
        self._samples_in += len(x)
        if self._samples_in > LIMITS.video_s * self.audio_rate:
            raise LimitError(str(self.path), f"the limit is {LIMITS.video_s:,.0f} s of sound (limits.video_s)")
        self._waiting.append(np.array(x.T, dtype=np.float32, order="C"))
        self._encode_audio(final=False)

    def _open(self) -> None:
        self._out = av.open(
            f"file:{self._part.resolve()}", "w", format="mp4",
            container_options={"movflags": "faststart", "fflags": "bitexact"},
        )  # fmt: skip
        if self.provenance is not None:
            self._out.metadata["comment"] = self.provenance.note()
            self._out.metadata["encoding_tool"] = f"{self.provenance.generator} {self.provenance.version}"
        self._video = self._pictures()
        if self.audio_rate is not None:
            self._audio = aac_stream(self._out, self.audio_rate, self.channels)
        self._beside()

    def _pictures(self) -> Any:
        """The stream of the pictures."""
        return h264_stream(self._out, self.fps, self.width, self.height)

    def _beside(self) -> None:
        """What else stands in the file, beside pictures and sound: nothing."""

    def _encode_audio(self, final: bool) -> None:
        """Encodes the sound up to the time of the pictures (all of it when `final`), in blocks of AAC."""
        if self.audio_rate is None:
            return
        end = self._samples_in if final else min(self._samples_in, int(self.frames / self.fps * self.audio_rate))
        while end - self._samples_out >= AAC_FRAME or (final and end > self._samples_out):
            block = self._take(min(AAC_FRAME, end - self._samples_out))
            frame = sound_frame(block, self._samples_out, self.audio_rate)
            self._samples_out += block.shape[1]
            self._mux(self._audio, frame)

    def _take(self, n: int) -> NDArray[np.float32]:
        parts = []
        while n:
            head = self._waiting[0]
            parts.append(head[:, :n])
            if head.shape[1] <= n:
                self._waiting.pop(0)
            else:
                self._waiting[0] = head[:, n:]
            n -= parts[-1].shape[1]
        return np.ascontiguousarray(np.concatenate(parts, axis=1))

    def _flush_pictures(self) -> None:
        self._mux(self._video, None)

    def _mux(self, stream: Any, frame: Any) -> None:
        try:
            self._out.mux(stream.encode(frame))
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise _failed(self.path, error) from error

    def _finish(self) -> None:
        if not self.frames:
            raise InputError(str(self.path), "no pictures were written")
        if self.audio_rate is not None:
            while self._last is not None and self.frames / self.fps * self.audio_rate < self._samples_in:
                self.write(self._last)
            missing = int(self.frames / self.fps * self.audio_rate) - self._samples_in
            if missing > 0:
                self._waiting.append(np.zeros((self.channels, missing), np.float32))
                self._samples_in += missing
            self._encode_audio(final=True)
            self._mux(self._audio, None)
        self._flush_pictures()
        try:
            self._out.close()
            if self.provenance is not None:
                with open(self._part, "ab") as file:
                    file.write(xmp_box(self.provenance))
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise _failed(self.path, error) from error


def h264_stream(out: Any, fps: Fraction, width: int, height: int) -> Any:
    """A stream of H.264 in an open file, as all our videos have it."""
    stream = out.add_stream("libx264", rate=fps)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    preset = LARGE_PRESET if width * height >= LARGE_PX else PRESET
    context.options = {"preset": preset, "crf": CRF, "threads": "1", **_repeatable()}
    context.thread_count = 1
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    return stream


def aac_stream(out: Any, rate: int, channels: int) -> Any:
    """A stream of AAC in an open file, as all our videos have it."""
    stream = out.add_stream("aac", rate=rate, layout=LAYOUTS[channels])
    stream.codec_context.bit_rate = AUDIO_BIT_RATE
    return stream


def sound_frame(block: NDArray[np.float32], first: int, rate: int) -> Any:
    """Sound [channels, n] as a frame whose first sample has the number `first`."""
    frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=LAYOUTS[len(block)])
    frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
    return frame


def yuv_frame(picture: NDArray[np.uint8], number: int, fps: Fraction) -> Any:
    """A picture uint8 [h, w, 3] as the encoder takes it, with its time."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    frame = frame.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED, threads=1)
    frame.pts, frame.time_base = number, 1 / fps
    return frame


def _failed(path: Path, error: Exception) -> OutputError:
    if no_space(error):
        return OutputError(str(path), f"no space left on {path.parent}", "Free some and run it again.")
    return OutputError(str(path), f"could not be written: {error}")


def _repeatable() -> dict[str, str]:
    """x264 without AVX-512: with it, sizes that are no multiples of 64 give other bytes from run to run."""
    avx512 = np.core._multiarray_umath.__cpu_features__.get("AVX512F", False)  # type: ignore[attr-defined]
    return {"x264-params": "asm=MMX2,SSE2,SSSE3,SSE4.2,AVX,AVX2"} if avx512 else {}


def _check_picture(path: Path, fps: float, width: int, height: int) -> None:
    if not 0 < fps <= LIMITS.video_fps:
        raise InputError(str(path), f"{fps} frames a second", f"Accepted: up to {LIMITS.video_fps:g} (limits.video_fps).")
    for name, side in (("width", width), ("height", height)):
        if side % 2 or not MIN_SIDE_PX <= side <= LIMITS.video_side_px:
            accepted = f"Accepted: even numbers from {MIN_SIDE_PX} to {LIMITS.video_side_px:,} (limits.video_side_px)."
            raise InputError(str(path), f"{name} {side} px", accepted)


def probe(path: str | Path) -> VideoInfo:
    """What the header of an mp4, mov, mkv or webm file says; no picture is decoded for it.

    Raises:
        InputError: No such file, or no pictures in it.
        FormatError: Not such a file, or a broken one.
        LimitError: Larger, longer or faster than `emogen.limits` allows.
    """
    with opened(path) as source:
        return _info(Path(path), source)


def _info(path: Path, source: Any) -> VideoInfo:
    if not source.streams.video:
        raise InputError(str(path), "has no pictures in it")
    stream = source.streams.video[0]
    width, height, fps = stream.codec_context.width, stream.codec_context.height, float(frame_rate(stream))
    _check_size(path, width, height)
    length_s = duration_s(source, stream)
    if not 0 < fps <= LIMITS.video_fps:
        raise LimitError(str(path), f"{fps:,.0f} frames a second; the limit is {LIMITS.video_fps:g} (limits.video_fps)")
    if length_s > LIMITS.video_s:
        found = f"{length_s:,.0f} s of video; the limit is {LIMITS.video_s:,.0f} s (limits.video_s)"
        raise LimitError(str(path), found, "Cut it into shorter files.")
    sound: dict[str, Any] = {}
    if source.streams.audio:
        audio = source.streams.audio[0]
        sound = {"audio_rate": audio.codec_context.sample_rate, "audio_channels": audio.codec_context.channels,
                 "audio_duration_s": duration_s(source, audio)}  # fmt: skip
    return VideoInfo(width, height, fps, length_s, stream.frames, stream.codec_context.name, **sound)


def _check_size(path: Path, width: int, height: int) -> None:
    if min(width, height) <= 0 or max(width, height) > LIMITS.video_side_px:
        found = f"{width:,} x {height:,} px; the limit is {LIMITS.video_side_px:,} a side (limits.video_side_px)"
        raise LimitError(str(path), found)


def read_frames(
    path: str | Path, start_s: float = 0.0, end_s: float | None = None, fps: float | None = None
) -> Iterator[NDArray[np.uint8]]:
    """The pictures of a video, one at a time, upright.

    Args:
        path: mp4, mov, mkv or webm.
        start_s: First moment wanted, in seconds.
        end_s: Up to here (not included); to the end when left out.
        fps: Pictures per second wanted: picture i is the one that is shown at `start_s + i / fps`. Every
            picture of the file when left out.

    Yields:
        uint8 `(h, w, 3)`, RGB.

    Raises:
        InputError, FormatError, LimitError: As `probe`; a file may also turn out to be broken on the way.
    """
    if start_s < 0 or (end_s is not None and end_s < start_s) or (fps is not None and not 0 < fps <= LIMITS.video_fps):
        raise InputError(str(path), f"start {start_s} s, end {end_s} s, {fps} frames a second", "Accepted: 0 <= start <= end.")
    with opened(path) as source:
        info = _info(Path(path), source)
        stop = (LIMITS.video_s if end_s is None else end_s) - CLOCK_S
        shown: NDArray[np.uint8] | None = None
        i = 0
        for time_s, picture in _timed(Path(path), source, start_s, 1.0 / info.fps):
            if fps is None and start_s - CLOCK_S <= time_s < stop:
                yield picture
            while fps is not None and shown is not None and start_s + i / fps < min(time_s - CLOCK_S, stop):
                yield shown
                i += 1
            if time_s >= stop:
                return
            shown = picture
        while fps is not None and shown is not None and start_s + i / fps < min(stop, info.duration_s - CLOCK_S):
            yield shown
            i += 1


def _timed(path: Path, source: Any, start_s: float, frame_s: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Time (s) and picture of each frame from the last key frame before `start_s` on."""
    stream = source.streams.video[0]
    if start_s > 0:
        source.seek(int(start_s / stream.time_base), stream=stream, backward=True)
    for n, frame in enumerate(source.decode(stream)):
        if n > LIMITS.video_s * LIMITS.video_fps:
            raise LimitError(str(path), f"more than {LIMITS.video_s:,.0f} s of video (limits.video_s)")
        _check_size(path, frame.width, frame.height)
        time_s = frame.time if frame.time is not None else n * frame_s
        picture = frame.to_ndarray(format="rgb24")
        yield time_s, np.rot90(picture, frame.rotation // 90 % 4) if frame.rotation else picture


def read_video_audio(path: str | Path, *, sample_rate: int | None = None, mono: bool = True) -> Audio:
    """The sound of a video; see `emogen.media.audio.read_audio`."""
    return read_audio(path, sample_rate=sample_rate, mono=mono)
