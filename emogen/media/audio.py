"""Sound files <-> float32 arrays `[n]` or `[n, channels]`, full scale -1..1.

Read: wav, flac, ogg, mp3 (libsndfile) and the sound of mp4, mov, m4a, mkv, webm (FFmpeg's libraries).
Written: wav and flac, 16 or 24 bits; mp3 and ogg (Vorbis). Nothing is clipped or scaled in silence: `write_audio` refuses samples
above full scale, and `limit_peak` turns a whole signal down and says by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import EmogenError, FormatError, InputError, LimitError, OutputError
from emogen.limits import LIMITS
from emogen.media import riff
from emogen.media.atomic import atomic_path, check_writable, no_space
from emogen.media.loudness import loudness_lufs, peak_dbfs, rms_dbfs
from emogen.media.marks import mark_wav
from emogen.media.provenance import Provenance
from emogen.media.sniff import expect_kind

__all__ = [
    "Audio", "limit_peak", "loudness_lufs", "peak_dbfs", "read_audio", "resample", "rms_dbfs", "within", "write_audio",
]

SNDFILE_KINDS = ("wav", "flac", "ogg", "mp3")
FFMPEG_KINDS = ("mp4", "matroska")
ACCEPTED = "wav, flac, ogg, mp3, or the sound of mp4, mov, m4a, mkv, webm"
SUBTYPES = {"PCM_16": 16, "PCM_24": 24}  # name in libsndfile -> bits
PEAK_DBFS = -1.0  # EBU R 128 (2020): maximum true peak of a programme, here held on the samples
LOSSY = {".mp3": "MPEG_LAYER_III", ".ogg": "VORBIS"}  # suffix -> name in libsndfile
LOSSY_FRAMES = 4_096  # written at a time: libvorbis puts a whole block on the stack
BLOCK_FRAMES = 1 << 18  # read at a time: 1 MiB a channel as float32; own assumption
#: Sizes that a program writes which does not know the length yet (a pipe); the rest of the file is the sound.
STREAM_SIZES = (0, 0xFFFFFFFF)
LOWEST_RATE_HZ = 1_000  # slower is not sound; own assumption


@dataclass(frozen=True, eq=False)
class Audio:
    """A recording.

    Attributes:
        samples: float32 `[n]` (mono) or `[n, channels]`, full scale -1..1.
        sample_rate: Hz.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """How long it lasts, in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def channels(self) -> int:
        """How many channels; 1 for mono."""
        return 1 if self.samples.ndim == 1 else self.samples.shape[1]

    def mono(self) -> Audio:
        """The mean of all channels."""
        return self if self.samples.ndim == 1 else Audio(self.samples.mean(axis=1, dtype=np.float32), self.sample_rate)

    def resampled(self, sample_rate: int) -> Audio:
        """The same at another rate, in Hz."""
        return Audio(resample(self.samples, self.sample_rate, sample_rate), sample_rate)


def resample(samples: NDArray[np.floating[Any]], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """`samples` (`[n]` or `[n, channels]`) at another rate, band-limited (soxr, high quality)."""
    import soxr

    x = np.asarray(samples, dtype=np.float32)
    for rate in (from_hz, to_hz):
        check_rate("sample_rate", rate)
    return x if from_hz == to_hz or not len(x) else np.asarray(soxr.resample(x, from_hz, to_hz), dtype=np.float32)


def limit_peak(samples: ArrayLike, peak: float = PEAK_DBFS) -> tuple[NDArray[np.float32], float]:
    """Turns the whole signal down so that no sample lies above `peak` (dBFS); never up, never clipped.

    Returns:
        The samples and the gain in dB (0.0 where nothing had to be done).
    """
    x = np.asarray(samples, dtype=np.float32)
    gain_db = min(0.0, peak - peak_dbfs(x))
    return (x, 0.0) if gain_db == 0.0 else (x * np.float32(10.0 ** (gain_db / 20.0)), gain_db)


def within(samples: ArrayLike) -> NDArray[np.float32]:
    """Cuts off what lies above full scale: decoding and resampling overshoot it by some per cent."""
    return np.clip(np.asarray(samples, dtype=np.float32), -1.0, 1.0)


def read_audio(path: str | Path, *, sample_rate: int | None = None, mono: bool = True) -> Audio:
    """Reads a sound file, or the sound of a video.

    Args:
        path: wav, flac, ogg, mp3, mp4, mov, m4a, mkv or webm; decided by its first bytes.
        sample_rate: Hz to resample to; the file's own rate when left out.
        mono: Mix all channels to one (their mean).

    Returns:
        The recording; `samples` is `[n]` with `mono` or where the file has one channel.

    Raises:
        InputError: No such file, or a file with no samples in it.
        FormatError: Not a sound file, broken, or shorter than its header says.
        LimitError: Longer, wider or faster than `emogen.limits` allows.
    """
    path = Path(path)
    kind = expect_kind(path, *SNDFILE_KINDS, *FFMPEG_KINDS, accepted=ACCEPTED)
    if sample_rate is not None:
        check_rate("sample_rate", sample_rate)
    if kind == "wav":
        check_wav(path)
    with reading(path, kind):
        return _collect(path, *opened(path, kind), sample_rate, mono)


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Whatever a foreign parser throws while a file is read is an error of ours that names the file."""
    try:
        yield
    except EmogenError:
        raise
    except MemoryError as error:
        raise LimitError(str(path), "does not fit into memory") from error
    except Exception as error:  # whatever a foreign parser throws: it is the file that is broken
        raise FormatError(str(path), f"is a broken {kind} file", f"Accepted: {ACCEPTED}.") from error


def opened(path: Path, kind: str) -> tuple[int, int, int, Iterator[NDArray[np.float32]]]:
    """Rate, channels, frames by the header, and blocks [n, channels]."""
    if kind in SNDFILE_KINDS:
        return _sndfile_blocks(path)
    from emogen.media.container import audio_blocks

    return audio_blocks(path)


def write_audio(
    path: str | Path,
    samples: ArrayLike,
    sample_rate: int,
    *,
    provenance: Provenance | None = None,
    subtype: str = "PCM_16",
) -> Path:
    """Writes a wav, flac, mp3 or ogg file; wav and flac hold the samples as they are, rounded to the nearest step.

    Args:
        path: `.wav`, `.flac`, `.mp3` or `.ogg`, in a folder that exists.
        samples: Floating point `[n]` or `[n, channels]`, -1..1. Outside that it is refused, not clipped:
            use `limit_peak` first.
        sample_rate: Hz.
        provenance: The statement to write into the file.
        subtype: "PCM_16" or "PCM_24"; of wav and flac.

    Raises:
        InputError: Samples that are not finite, too loud, of a wrong shape or none at all; a rate or a number of
            channels that mp3 does not have; a path that cannot be written.
        OutputError: The file could not be written; nothing stays under its name.
    """
    path = check_writable(path, (".wav", ".flac", *LOSSY))
    x = _check_samples(path, samples, sample_rate)
    if subtype not in SUBTYPES:
        raise InputError("subtype", f'"{subtype}"', f"Accepted: {', '.join(SUBTYPES)}.")
    blocks = (x[start : start + BLOCK_FRAMES] for start in range(0, len(x), BLOCK_FRAMES))
    return _write(path, blocks, x.shape[1], sample_rate, provenance, subtype)


def write_blocks(
    path: str | Path,
    blocks: Iterable[NDArray[np.float32]],
    sample_rate: int,
    *,
    channels: int = 1,
    provenance: Callable[[], Provenance | None] = lambda: None,
) -> Path:
    """Writes sound as it is made, block by block; otherwise as `write_audio`.

    Args:
        path: As for `write_audio`.
        blocks: [n] or [n, channels], made while the file is written; what they raise leaves nothing under the name.
        sample_rate: Hz.
        channels: Of every block.
        provenance: Gives the statement when all blocks were made.

    Raises:
        InputError: As `write_audio`.
        OutputError: The file could not be written; nothing stays under its name.
    """
    path = check_writable(path, (".wav", ".flac", *LOSSY))
    checked = (_check_samples(path, block, sample_rate) for block in blocks)
    return _write(path, checked, channels, sample_rate, provenance, "PCM_16")


def _write(
    path: Path, blocks: Iterable[NDArray[np.float32]], channels: int, rate: int,
    provenance: Provenance | Callable[[], Provenance | None] | None, subtype: str,
) -> Path:  # fmt: skip
    import soundfile

    with atomic_path(path) as part:
        try:
            if path.suffix.lower() in LOSSY:
                _write_lossy(part, blocks, channels, rate, provenance)
            else:
                _write_pcm(part, blocks, channels, rate, provenance, subtype)
        except (soundfile.LibsndfileError, AssertionError) as error:
            if no_space(error) or _full(part):
                raise OutputError(str(path), f"no space left on {path.parent}") from error
            raise OutputError(str(path), f"could not be written: {error}") from error
    return path


def _write_pcm(
    part: Path, blocks: Iterable[NDArray[np.float32]], channels: int, rate: int, provenance: Any, subtype: str
) -> None:
    import soundfile

    form = part.suffix[1:].upper()
    with soundfile.SoundFile(part, "w", rate, channels, subtype, format=form) as file:
        if form == "FLAC" and (said := _said(provenance)):  # before the sound, or libsndfile leaves it out
            file.comment = said.note()
        for block in blocks:
            file.write(_quantised(block, SUBTYPES[subtype]))
    if form == "WAV" and (said := _said(provenance)):
        with open(part, "r+b") as raw:
            mark_wav(raw, said)


def _write_lossy(part: Path, blocks: Iterable[NDArray[np.float32]], channels: int, rate: int, provenance: Any) -> None:
    import soundfile

    from emogen.media.lossy import MP3_RATES, mark_mp3, settle_ogg

    suffix = part.suffix.lower()
    if suffix == ".mp3" and (rate not in MP3_RATES or channels > 2):
        rates = ", ".join(f"{r:,}" for r in MP3_RATES)
        raise InputError("mp3", f"{channels} channel(s) at {rate:,} Hz", f"Accepted: 1 or 2 channels at {rates} Hz.")
    with soundfile.SoundFile(part, "w", rate, channels, LOSSY[suffix], format=suffix[1:].upper()) as file:
        if suffix == ".ogg" and (said := _said(provenance)):
            file.comment = said.note()
        for block in blocks:
            for start in range(0, len(block), LOSSY_FRAMES):
                file.write(block[start : start + LOSSY_FRAMES])
    if suffix == ".ogg":
        settle_ogg(part)
    elif said := _said(provenance):
        mark_mp3(part, said.note())


def _said(provenance: Any) -> Provenance | None:
    found: Provenance | None = provenance() if callable(provenance) else provenance
    return found


def _quantised(x: NDArray[np.float32], bits: int) -> NDArray[np.int32]:
    """The nearest steps of `bits` in the upper bits of int32, as libsndfile takes them; 1.0 is the top step."""
    top = 1 << (bits - 1)
    steps = np.rint(x.astype(np.float64) * top).clip(-top, top - 1)
    return np.asarray(steps.astype(np.int32) << (32 - bits), dtype=np.int32)


def _full(part: Path) -> bool:
    """Whether not even one more block fits: libsndfile does not say why it could not write."""
    import os

    try:
        with open(part, "ab") as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return no_space(error)
    return False


def check_rate(where: str, rate: Any) -> None:
    whole = isinstance(rate, (int, np.integer)) and not isinstance(rate, bool)
    if not whole or not LOWEST_RATE_HZ <= rate <= LIMITS.audio_rate_hz:
        accepted = f"Accepted: a whole number of Hz from {LOWEST_RATE_HZ:,} to {LIMITS.audio_rate_hz:,}."
        raise InputError(where, f"{rate!r} is not a sample rate", accepted)


def _check_samples(path: Path, samples: ArrayLike, sample_rate: int) -> NDArray[np.float32]:
    x = np.asarray(samples)
    check_rate("sample_rate", sample_rate)
    if not np.issubdtype(x.dtype, np.floating):
        raise InputError(str(path), f"samples of type {x.dtype}", "Accepted: floating point, -1 to 1.")
    if x.ndim not in (1, 2) or not x.size:
        raise InputError(str(path), f"samples of shape {x.shape}", "Accepted: [n] or [n, channels], at least one.")
    x = x[:, None] if x.ndim == 1 else x
    if x.shape[1] > LIMITS.audio_channels:
        raise LimitError(str(path), f"{x.shape[1]} channels; the limit is {LIMITS.audio_channels} (limits.audio_channels)")
    finite = np.isfinite(x)
    if not finite.all():
        raise InputError(str(path), f"{int((~finite).sum())} samples are not finite numbers")
    if (peak := float(np.abs(x).max())) > 1.0:
        found = f"the samples peak at {peak_dbfs(np.array([peak])):+.1f} dBFS"
        raise InputError(str(path), found, "Accepted: up to 0 dBFS; limit_peak turns a signal down.")
    return np.ascontiguousarray(x, dtype=np.float32)


def check_wav(path: Path) -> None:
    for c in riff.chunks(path):
        if c.name == b"data" and not c.whole and c.size not in STREAM_SIZES:
            found = f"its header promises {c.size:,} bytes of sound, the file holds {c.present:,}"
            raise FormatError(str(path), found, "Accepted: whole files; this one was cut off or tampered with.")


def _sndfile_blocks(path: Path) -> tuple[int, int, int, Iterator[NDArray[np.float32]]]:
    import soundfile

    info = soundfile.info(str(path))

    def blocks() -> Iterator[NDArray[np.float32]]:
        with soundfile.SoundFile(path) as file:
            while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
                yield block

    frames = info.frames if 0 < info.frames < 1 << 62 else 0  # libsndfile gives 2^63-1 where it does not know
    return info.samplerate, info.channels, frames, blocks()


def _collect(
    path: Path,
    rate: int,
    channels: int,
    frames: int,
    blocks: Iterator[NDArray[np.float32]],
    to_hz: int | None,
    mono: bool,
) -> Audio:
    """Puts blocks `[m, channels]` together, mixed and resampled on the way, so that limits hold throughout."""
    import soxr

    width, target = 1 if mono else channels, to_hz or rate
    expected = -(-frames * target // rate)
    check_limits(path, rate, channels, frames, expected * width)
    stream = soxr.ResampleStream(rate, target, width, dtype="float32") if target != rate else None
    room = np.empty((max(expected, BLOCK_FRAMES), width), np.float32)
    read = held = 0

    def keep(block: NDArray[np.float32], last: bool) -> None:
        nonlocal room, held
        if stream is not None:
            block = stream.resample_chunk(block, last=last)
        if held + len(block) > len(room):  # the header did not know the length, or too small a one
            room = np.concatenate([room[:held], np.empty((len(room) + len(block), width), np.float32)])
        room[held : held + len(block)] = block
        held += len(block)

    for block in blocks:
        read += len(block)
        check_limits(path, rate, channels, read, held * width)
        if not np.isfinite(block).all():
            raise FormatError(str(path), "holds samples that are not finite numbers")
        keep(block.mean(axis=1, keepdims=True, dtype=np.float32) if mono else block, False)
    if not read:
        raise InputError(str(path), "holds no samples")
    if stream is not None:
        keep(np.zeros((0, width), np.float32), True)
    samples = room[:held] if held > len(room) // 2 else room[:held].copy()
    return Audio(samples[:, 0] if width == 1 else samples, target)


def check_limits(path: Path, rate: int, channels: int, frames: int, samples: int) -> None:
    where = str(path)
    if not LOWEST_RATE_HZ <= rate <= LIMITS.audio_rate_hz:
        found = f"{rate:,} Hz; accepted are {LOWEST_RATE_HZ:,} to {LIMITS.audio_rate_hz:,} Hz (limits.audio_rate_hz)"
        raise LimitError(where, found)
    if not 1 <= channels <= LIMITS.audio_channels:
        raise LimitError(where, f"{channels} channels; the limit is {LIMITS.audio_channels} (limits.audio_channels)")
    if frames > LIMITS.audio_s * rate:
        found = f"{frames / rate:,.0f} s of audio; the limit is {LIMITS.audio_s:,.0f} s (limits.audio_s)"
        raise LimitError(where, found, "Cut it into shorter files.")
    if samples > LIMITS.audio_samples:
        found = f"{samples:,} samples; the limit is {LIMITS.audio_samples:,} (limits.audio_samples)"
        raise LimitError(where, found, "Read it as mono, or at a lower rate.")
