"""Recorded or synthetic speech <-> frames of a voice, by the WORLD vocoder (Morise, Yokomori & Ozawa 2016).

Two forms, every 5 ms:

- `VoiceFrames`, full resolution: F0 [T] Hz (0 = unvoiced), spectral envelope [T, bins] (power), aperiodicity
  [T, bins] (0 = periodic, 1 = noise). This is what signal processing works on.
- the representation of the codec, float32 [T, 45]: log-F0, voicing, energy, 40 mel-cepstral coefficients of the
  envelope and the aperiodicity of 2 bands. This is what a network works on.

Sound is float32 [n], mono, 22 050 Hz, full scale -1..1. The phase of a recording is not kept.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.base import Codec
from emogen.diffusing import ModelMixin  # noqa: F401 - diffusers looks for the base of a component in its module
from emogen.errors import InputError

SAMPLE_RATE = 22_050  # of espeak-ng, the embedded speaker
FRAME_S = 0.005  # WORLD's own default frame period
FFT_SIZE = 1_024  # CheapTrick's default at 22 050 Hz and its lowest F0 of 71 Hz
BINS = FFT_SIZE // 2 + 1
CEPSTRUM = 40  # coefficients of the coded envelope; own assumption, error stated in tests/codecs/test_voice.py
BANDS = 2  # WORLD codes aperiodicity in bands of 3 kHz: two below 22 050 / 2 - 3 000 Hz
F0_FLOOR_HZ, F0_CEIL_HZ = 71.0, 800.0  # WORLD's own defaults for speech
POWER_FLOOR = 1e-12  # -120 dB, below one 16-bit step
DITHER = 1e-5  # own assumption: below one 16-bit step
UNVOICED_HZ = 150.0  # log-F0 of a sound without any voice; between men's and women's mean, own assumption

Floats = NDArray[np.float64]
#: Step of what is synthesised. WORLD's last bits change from run to run (by about 1e-17), and sound in float32 with them in
#: one of some dozen renderings; at 26 bits they do not (own choice, far below what is heard).
FINEST = 2.0**-26


@dataclass(frozen=True, eq=False)
class VoiceFrames:
    """A voice at full resolution; frame i is centred at i * 5 ms.

    Attributes:
        f0_hz: float64 [T], 0 where unvoiced.
        envelope: float64 [T, BINS], power spectral envelope, > 0.
        aperiodicity: float64 [T, BINS], 0..1, share of noise in the amplitude.
    """

    f0_hz: Floats
    envelope: Floats
    aperiodicity: Floats

    def __len__(self) -> int:
        return len(self.f0_hz)


def analyze(
    audio: NDArray[np.floating[Any]],
    *,
    f0_hz: Floats | None = None,
    f0_floor_hz: float = F0_FLOOR_HZ,
    f0_ceil_hz: float = F0_CEIL_HZ,
) -> VoiceFrames:
    """Sound [n] at 22 050 Hz -> frames.

    Args:
        audio: Mono, -1..1.
        f0_hz: F0 of each frame where it is known already (`find_f0` of the same sound, perhaps mended).
        f0_floor_hz: Lowest F0 looked for.
        f0_ceil_hz: Highest F0 looked for.

    Raises:
        InputError: Not one channel of finite samples.
    """
    pw, x = _pyworld(), _checked_audio(audio)
    if f0_hz is None:
        f0_hz = find_f0(x, f0_floor_hz=f0_floor_hz, f0_ceil_hz=f0_ceil_hz)
    times = np.arange(len(f0_hz)) * FRAME_S
    envelope = pw.cheaptrick(x, f0_hz, times, SAMPLE_RATE, fft_size=FFT_SIZE)
    aperiodicity = pw.d4c(x, f0_hz, times, SAMPLE_RATE, fft_size=FFT_SIZE)
    return VoiceFrames(f0_hz, np.maximum(envelope, POWER_FLOOR), np.clip(aperiodicity, 0.0, 1.0))


def dithered(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sound [n] over a floor of noise at -100 dB, always the same: WORLD divides by what it finds in digital silence."""
    return audio + np.float32(DITHER) * np.random.default_rng(0).standard_normal(len(audio)).astype(np.float32)


def find_f0(
    audio: NDArray[np.floating[Any]], *, f0_floor_hz: float = F0_FLOOR_HZ, f0_ceil_hz: float = F0_CEIL_HZ
) -> Floats:
    """F0 in Hz every 5 ms, 0 where unvoiced, by DIO refined by StoneMask (Harvest costs seven times as much)."""
    pw, x = _pyworld(), _checked_audio(audio)
    f0, times = pw.dio(x, SAMPLE_RATE, f0_floor=f0_floor_hz, f0_ceil=f0_ceil_hz, frame_period=1000 * FRAME_S)
    return np.asarray(pw.stonemask(x, f0, times, SAMPLE_RATE), dtype=np.float64)


def synthesize(frames: VoiceFrames) -> NDArray[np.float32]:
    """Frames -> sound [n] at 22 050 Hz; not limited in level; a whole number of `FINEST` steps, so that it repeats."""
    audio = _pyworld().synthesize(
        np.ascontiguousarray(frames.f0_hz, dtype=np.float64),
        np.ascontiguousarray(frames.envelope, dtype=np.float64),
        np.ascontiguousarray(frames.aperiodicity, dtype=np.float64),
        SAMPLE_RATE,
        1000 * FRAME_S,
    )
    return np.asarray(np.round(audio / FINEST) * FINEST, dtype=np.float32)


class VoiceCodec(Codec):
    """Speech <-> 45 numbers every 5 ms."""

    modality = "voice"

    @property
    def names(self) -> tuple[str, ...]:
        """Natural log of F0 in Hz, voicing 0/1, natural log of power, cepstrum, aperiodicity in dB."""
        shape = tuple(f"cepstrum_{i}" for i in range(CEPSTRUM))
        return ("log_f0", "voicing", "energy", *shape, *(f"aperiodicity_{i}" for i in range(BANDS)))

    @property
    def frame_rate(self) -> float:
        """200 frames a second."""
        return 1.0 / FRAME_S

    @property
    def sample_rate(self) -> int:
        """Hz of the sound."""
        return SAMPLE_RATE

    def encode(self, media: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Sound [n] -> representation [T, 45]; log-F0 is drawn through unvoiced frames.

        Raises:
            InputError: Not one channel of finite samples.
        """
        return self.pack(analyze(media))

    def decode(self, frames: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Representation [T, 45] -> sound [n].

        Raises:
            InputError: Another shape, or numbers that are not finite.
        """
        return synthesize(self.unpack(frames))

    def pack(self, frames: VoiceFrames) -> NDArray[np.float32]:
        """Full resolution -> representation."""
        pw = _pyworld()
        power = frames.envelope.mean(axis=1)
        shape = np.ascontiguousarray(frames.envelope / power[:, None])
        voiced = frames.f0_hz > 0
        columns = (
            np.log(through_unvoiced(frames.f0_hz))[:, None],
            voiced[:, None].astype(np.float64),
            np.log(power)[:, None],
            pw.code_spectral_envelope(shape, SAMPLE_RATE, CEPSTRUM),
            pw.code_aperiodicity(np.ascontiguousarray(frames.aperiodicity), SAMPLE_RATE),
        )
        return np.concatenate(columns, axis=1).astype(np.float32)

    def unpack(self, frames: NDArray[np.floating[Any]]) -> VoiceFrames:
        """Representation -> full resolution; what the coding left out stays smoothed.

        Raises:
            InputError: Another shape, or numbers that are not finite.
        """
        pw = _pyworld()
        x = np.asarray(frames)
        if x.ndim != 2 or x.shape[1] != self.width or not len(x) or x.dtype.kind != "f":
            accepted = f"Accepted: floating point [frames, {self.width}]."
            raise InputError("voice frames", f"an array of shape {list(x.shape)}, {x.dtype}", accepted)
        if not np.isfinite(x).all():
            raise InputError("voice frames", "numbers that are not finite")
        x = x.astype(np.float64)
        f0 = np.where(x[:, 1] > 0.5, np.exp(np.clip(x[:, 0], *np.log((40.0, 1600.0)))), 0.0)
        envelope = pw.decode_spectral_envelope(np.ascontiguousarray(x[:, 3 : 3 + CEPSTRUM]), SAMPLE_RATE, FFT_SIZE)
        envelope *= (np.exp(np.clip(x[:, 2], -60.0, 20.0)) / envelope.mean(axis=1))[:, None]
        bands = np.ascontiguousarray(np.clip(x[:, 3 + CEPSTRUM :], -60.0, 0.0))
        aperiodicity = pw.decode_aperiodicity(bands, SAMPLE_RATE, FFT_SIZE)
        return VoiceFrames(f0, np.maximum(envelope, POWER_FLOOR), np.clip(aperiodicity, 0.0, 1.0))


def through_unvoiced(f0_hz: Floats) -> Floats:
    """F0 [T] with its unvoiced gaps drawn through, straight in log-F0; its first and last value are held outside."""
    voiced = np.flatnonzero(f0_hz > 0)
    if not len(voiced):
        return np.full(len(f0_hz), UNVOICED_HZ)
    return np.exp(np.interp(np.arange(len(f0_hz)), voiced, np.log(f0_hz[voiced])))


def _checked_audio(audio: NDArray[np.floating[Any]]) -> Floats:
    x = np.asarray(audio)
    if x.ndim != 1 or not len(x) or x.dtype.kind != "f":
        accepted = f"Accepted: floating point [n], mono, {SAMPLE_RATE} Hz."
        raise InputError("audio", f"an array of shape {list(x.shape)}, {x.dtype}", accepted)
    if not np.isfinite(x).all():
        raise InputError("audio", "samples that are not finite numbers")
    return np.ascontiguousarray(x, dtype=np.float64)


def _pyworld() -> ModuleType:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
        import pyworld
    return pyworld
