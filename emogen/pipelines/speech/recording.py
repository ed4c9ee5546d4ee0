"""A recording, made ready to be converted: checked, mono, at the codec's rate, cut at its pauses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice import FRAME_S, SAMPLE_RATE, dithered, find_f0
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import resample
from emogen.media.audio_stream import native_rate, read_blocks
from emogen.media.loudness import LoudnessMeter

SHORTEST_S = 0.1  # less holds no syllable; own assumption
SILENCE_DBFS = -55.0  # peaks below this are no recording of a voice; own assumption
LEAST_VOICE_S = 0.1  # voiced sound without which there is nothing to convert; own assumption
PIECE_S = (6.0, 12.0)  # a piece is cut at the softest moment between these; own assumption
SOFT_S = 0.05  # over which softness is measured
CLIPPED = 1e-3  # share of samples at full scale from which a recording is called clipped; own assumption
NARROW_HZ = 11_025  # a file at a lower rate than this holds no sibilants; own assumption
FULL_SCALE = 0.999  # at which a sample counts as clipped; own assumption
VOICE_WITHIN_S = 60.0  # in which a voice has to be heard; own assumption
KIND_S = 10.0  # from which the kind of sound is told; own assumption

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Recording:
    """A voice, read anew each time it is gone through, so that it may be long.

    Attributes:
        name: For messages.
        blocks: Gives the sound in blocks: float32 [n], mono, 22 050 Hz, finite.
        seconds: How long it lasts.
        loudness: Gated loudness in LUFS.
        sha256: Of all samples.
        warnings: What the user should know about it.
    """

    name: str
    blocks: Callable[[], Iterator[Samples]]
    seconds: float
    loudness: float
    sha256: str
    warnings: tuple[str, ...]

    @property
    def described(self) -> dict[str, Any]:
        """For the request of an output."""
        return {"name": self.name, "seconds": round(self.seconds, 3), "sha256": self.sha256}


def recording(source: Any, sample_rate: int | None = None) -> Recording:
    """Makes a recording ready: goes through it once.

    Args:
        source: A path, samples [n] or [n, channels] with `sample_rate`, or an object with both.
        sample_rate: Hz, for samples.

    Raises:
        InputError: Not a recording, too short, silent, or without a voice.
        LimitError: Longer than `limits.audio_s`.
        FormatError: The file cannot be read.
    """
    if isinstance(source, (str, Path)):
        name, rate = Path(source).name, native_rate(source)

        def blocks() -> Iterator[Samples]:
            return read_blocks(source, SAMPLE_RATE)
    else:
        samples, rate = _given(source, sample_rate)
        name = "audio"
        if len(samples) > LIMITS.audio_s * rate:
            raise LimitError(name, f"{len(samples) / rate:,.0f} s; the limit is {LIMITS.audio_s:,.0f} s (limits.audio_s)")

        def blocks() -> Iterator[Samples]:
            yield resample(samples, rate, SAMPLE_RATE)

    return _checked(name, blocks, rate)


def _checked(name: str, blocks: Callable[[], Iterator[Samples]], rate: int) -> Recording:
    meter, digest = LoudnessMeter(SAMPLE_RATE), hashlib.sha256()
    count, clipped, peak = 0, 0, 0.0
    begin: list[Samples] = []
    for block in blocks():
        if count < VOICE_WITHIN_S * SAMPLE_RATE:
            begin.append(block)
        meter.add(block)
        digest.update(np.ascontiguousarray(block, dtype="<f4").tobytes())
        count += len(block)
        clipped += int((np.abs(block) >= FULL_SCALE).sum())
        peak = max(peak, float(np.abs(block).max(initial=0.0)))
    if count < SHORTEST_S * SAMPLE_RATE:
        raise InputError(name, f"{1000 * count / SAMPLE_RATE:.0f} ms of sound", "Accepted: at least one syllable, 0.1 s.")
    peak_db = 20.0 * np.log10(max(peak, 1e-10))
    if peak_db < SILENCE_DBFS:
        raise InputError(name, f"is silent (peak {peak_db:.0f} dBFS)", "Accepted: a recording of a voice.")
    heard = dithered(np.concatenate(begin)[: round(VOICE_WITHIN_S * SAMPLE_RATE)])
    if float((find_f0(heard) > 0).sum()) * FRAME_S < LEAST_VOICE_S:
        raise InputError(name, "holds no voice, only noise or clicks", "Accepted: a recording of a voice.")
    warnings = []
    if clipped > CLIPPED * count:
        warnings.append("The recording is clipped; the noise of that stays in the voice.")
    if rate < NARROW_HZ:
        warnings.append(f"The recording is at {rate:,} Hz, as a telephone's: it stays dull.")
    elif (kind := _kind(heard)) != "speech":  # without its upper half, speech is taken for music
        warnings.append(f"It sounds like {kind}, not like a voice; what comes out may be neither.")
    return Recording(name, blocks, count / SAMPLE_RATE, meter.lufs, digest.hexdigest(), tuple(warnings))


def _kind(heard: Samples) -> str:
    """What a recording sounds like: "speech", "music" ..."""
    from emogen.conditioning.sound_kind import sound_kind
    from emogen.conditioning.voice_measures import SAMPLE_RATE_HZ, frames

    short = resample(heard[: round(KIND_S * SAMPLE_RATE)], SAMPLE_RATE, SAMPLE_RATE_HZ)
    return str(sound_kind(short, frames(short)))


def _given(source: Any, sample_rate: int | None) -> tuple[Samples, int]:
    """Samples [n] and rate of what is no file."""
    rate = sample_rate if sample_rate is not None else getattr(source, "sample_rate", None)
    samples = next((getattr(source, k) for k in ("audio", "samples") if hasattr(source, k)), source)
    if samples is None or rate is None:
        accepted = "Accepted: a path, samples with sample_rate, or an object with audio and sample_rate."
        raise InputError("audio", "no recording" if samples is None else "samples without a sample_rate", accepted)
    x = np.asarray(samples)
    if x.dtype.kind != "f" or x.ndim not in (1, 2) or not x.size:
        raise InputError("audio", f"an array of shape {list(x.shape)}, {x.dtype}", "Accepted: floating point [n] or [n, channels].")
    if not np.isfinite(x).all():
        raise InputError("audio", "samples that are not finite numbers")
    return np.asarray(x if x.ndim == 1 else x.mean(axis=1), dtype=np.float32), int(rate)


def pieces(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """A recording in pieces of 6 to 12 s, cut where it is softest; a shorter one is one piece."""
    least, most = (round(s * SAMPLE_RATE) for s in PIECE_S)
    size = round(SOFT_S * SAMPLE_RATE)
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > most:
            part = held[least:most]
            frames = part[: len(part) // size * size].reshape(-1, size)
            cut = least + int(np.argmin((frames.astype(np.float64) ** 2).sum(axis=1))) * size + size // 2
            yield held[:cut]
            held = held[cut:]
    if len(held):
        yield held
