"""A voice -> named measures of pitch, rhythm, effort and timbre, after the sets used for voices in psychology.

The choice follows eGeMAPS (Eyben et al. 2016): pitch in semitones, loudness dynamics, alpha ratio, Hammarberg index,
spectral slopes, harmonics-to-noise ratio, MFCC 1-4, rates of peaks and pauses. Nothing here depends on the recording
level. The values are this module's own, not those of openSMILE.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAMPLE_RATE_HZ = 16_000
HOP, WINDOW, FFT = 160, 640, 1024  # 10 ms steps, 40 ms windows
LOWEST_HZ, HIGHEST_HZ = 65.0, 600.0  # of a speaking or shouting voice
VOICED = 0.45  # least height of the autocorrelation peak of a voiced frame (own assumption; Praat's default)
QUIET_DB = 35.0  # frames this far below the loudest are pauses (own assumption)
REFERENCE_HZ = 27.5  # 0 semitones, as in eGeMAPS
BANDS = 40  # of the mel spectrum

#: Measure -> what a low and a high value sound like; measures without a phrase carry "".
PHRASES: dict[str, tuple[str, str]] = {
    "pitch": ("low pitch", "high pitch"),
    "pitch spread": ("monotonous pitch", "wide pitch movements"),
    "pitch range": ("narrow pitch range", "wide pitch range"),
    "pitch movement": ("slow pitch glides", "quick pitch glides"),
    "pitch fall": ("falling melody", "rising melody"),
    "loudness spread": ("even loudness", "strong loudness changes"),
    "attack": ("soft attacks", "hard attacks"),
    "syllable rate": ("slow", "fast"),
    "pauses": ("hardly a pause", "many pauses"),
    "voiced share": ("much breath or whisper", "fully voiced"),
    "effort": ("soft, dark voice", "pressed, bright voice"),
    "effort spread": ("even effort", "changing effort"),
    "steep spectrum": ("ringing voice", "mellow voice"),
    "clearness": ("hoarse or breathy voice", "clear voice"),
    "shake": ("steady voice", "shaky voice"),
    "brightness": ("dark timbre", "bright timbre"),
}
_PLAIN = ("low slope", "middle slope", "flux", "clearness spread", "shimmer",
          *(f"mfcc{i} {what}" for i in range(1, 7) for what in ("mean", "spread")))  # fmt: skip
NAMES = (*PHRASES, *_PLAIN)


@dataclass(frozen=True)
class Frames:
    """A voice frame by frame, 10 ms apart, T frames.

    Attributes:
        level_db: [T] level, the loudest frame 0.
        peak_dbfs: Level of the loudest sample of the recording, dB below full scale.
        pitch_hz: [T] 0 where unvoiced.
        clear: [T] height of the autocorrelation peak, 0..1.
        power: [T, 513] power spectrum.
    """

    level_db: Array
    peak_dbfs: float
    pitch_hz: Array
    clear: Array
    power: Array

    @property
    def heard(self) -> NDArray[np.bool_]:
        """[T] frames that are no pause."""
        return self.level_db > -QUIET_DB

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """[T] frames with a pitch."""
        return self.pitch_hz > 0


def frames(samples: NDArray[np.float32]) -> Frames:
    """Frames of a mono recording of 16 kHz; shorter than one window is padded."""
    x = np.asarray(samples, dtype=np.float64)
    peak = float(np.abs(x).max()) if len(x) else 0.0
    x = np.pad(x - (x.mean() if len(x) else 0.0), (0, max(0, WINDOW - len(x))))
    cut = np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::HOP]
    level = 10.0 * np.log10((cut**2).mean(axis=1) + 1e-12)
    power = _power(cut.astype(np.float32))
    pitch, clear = _pitch(cut, level > level.max() - QUIET_DB)
    return Frames(level - level.max(), 20.0 * float(np.log10(peak + 1e-9)), pitch, clear, np.asarray(power, np.float64))


def _power(cut: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power spectra [T, 513] of windows [T, 640]; single precision takes half the time."""
    from scipy.fft import rfft

    spectrum = rfft(cut * np.hanning(WINDOW).astype(np.float32), FFT, axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)


def _pitch(cut: Array, heard: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Pitch and height of the peak of the window-corrected autocorrelation (Boersma 1993), an octave jump mended."""
    from scipy.fft import irfft

    first, last = int(SAMPLE_RATE_HZ / HIGHEST_HZ), int(SAMPLE_RATE_HZ / LOWEST_HZ)
    assert WINDOW + last + 2 <= FFT  # so far no lag meets the wrapped end
    correlation = irfft(_power((cut - cut.mean(axis=1, keepdims=True)).astype(np.float32)), axis=1).astype(np.float64)
    own = irfft(_power(np.ones((1, WINDOW), np.float32))[0]).astype(np.float64)
    height = correlation[:, : last + 2] / np.maximum(correlation[:, :1], 1e-12) * (own[0] / own[: last + 2])
    lags = np.arange(first, last + 1)
    # short lags are preferred a little: the double period is as periodic as the period
    seen = height[:, first : last + 1] * (1.0 - 0.03 * np.log2(lags / first))
    peaks = (height[:, lags] >= height[:, lags - 1]) & (height[:, lags] >= height[:, lags + 1])
    best = np.where(peaks, seen, -1.0).argmax(axis=1)
    rows = np.arange(len(cut))
    clear = np.clip(height[rows, lags[best]], 0.0, 1.0)
    before, after = height[rows, lags[best] - 1], height[rows, lags[best] + 1]
    bend = before - 2.0 * height[rows, lags[best]] + after
    shift = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=np.abs(bend) > 1e-9)
    pitch = SAMPLE_RATE_HZ / (lags[best] + np.clip(shift, -0.5, 0.5))
    pitch = np.where(heard & (clear > VOICED), pitch, 0.0)
    return _mended(pitch), np.where(heard, clear, 0.0)


def _mended(pitch: Array) -> Array:
    """Without single frames and octave jumps away from the running median of the voice."""
    voiced = np.flatnonzero(pitch > 0)
    if len(voiced) < 5:
        return np.zeros_like(pitch)
    middle = float(np.median(pitch[voiced]))
    mended = pitch.copy()
    mended[pitch > 1.9 * middle] /= 2.0
    mended[(pitch > 0) & (pitch < 0.53 * middle)] *= 2.0
    alone = (mended > 0) & (np.roll(mended, 1) == 0) & (np.roll(mended, -1) == 0)
    mended[alone] = 0.0
    return mended


@cache
def mel_filters(bands: int = BANDS) -> Array:
    """[bands, 513] triangles on the mel scale 2595 log10(1 + f / 700), 50-8000 Hz, each of area 1."""
    top = 2595.0 * np.log10(1.0 + SAMPLE_RATE_HZ / 2 / 700.0)
    mel = np.linspace(2595.0 * np.log10(1.0 + 50.0 / 700.0), top, bands + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    hz = np.linspace(0.0, SAMPLE_RATE_HZ / 2, FFT // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    shape = np.maximum(0.0, np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)))
    return np.asarray(shape / shape.sum(axis=1, keepdims=True))


def mel_levels(power: Array) -> Array:
    """Power [T, 513] -> dB in each mel band [T, 40], the loudest band of the recording 0, floor -80."""
    level = 10.0 * np.log10(power @ mel_filters().T + 1e-12)
    return np.maximum(level - level.max(), -80.0)


def measure(found: Frames) -> Array:
    """Measures in the order of `NAMES`, [33]; those of pitch are 0 spread where nothing is voiced."""
    heard, voiced = found.heard, found.voiced
    some = voiced if voiced.sum() >= 5 else heard
    semitones = 12.0 * np.log2(found.pitch_hz[voiced] / REFERENCE_HZ) if voiced.any() else np.zeros(1)
    runs = _runs(voiced)
    glides = np.concatenate([np.abs(np.diff(_semitones(found, run))) for run in runs]) if runs else np.zeros(1)
    falls = [np.polyfit(np.arange(len(run)), _semitones(found, run), 1)[0] for run in runs if len(run) >= 8]
    level = found.level_db[heard]
    rise = np.diff(found.level_db)[heard[1:]]
    power = found.power[some]
    hz = np.linspace(0.0, SAMPLE_RATE_HZ / 2, FFT // 2 + 1)
    alpha = _ratio_db(power, hz, (1000, 5000), (50, 1000))
    mel = mel_levels(found.power)
    cepstra = _cepstra(mel)[some]
    total = found.power.sum(axis=1, keepdims=True) + 1e-12
    flux = np.abs(np.diff(found.power / total, axis=0)).sum(axis=1)
    phrases = [
        np.median(semitones),
        semitones.std(),
        np.ptp(np.percentile(semitones, (20, 80))),
        glides.mean() if len(glides) else 0.0,
        100.0 * float(np.mean(falls)) if falls else 0.0,
        level.std(),
        np.percentile(rise, 95) if len(rise) else 0.0,
        _syllable_rate(found),
        1.0 - heard.mean(),
        voiced.sum() / max(heard.sum(), 1),
        alpha.mean(),
        alpha.std(),
        np.mean(_hammarberg(power, hz)),
        found.clear[some].mean(),
        _shake(found, runs),
        np.mean((power @ hz) / (power.sum(axis=1) + 1e-12)) / 1000.0,
    ]
    plain = [
        _slope(power, hz, 50, 500),
        _slope(power, hz, 500, 1500),
        flux[heard[1:]].mean() if heard[1:].any() else 0.0,
        found.clear[some].std(),
        np.abs(np.diff(found.level_db))[voiced[1:]].mean() if voiced[1:].any() else 0.0,
        *np.stack([cepstra.mean(axis=0), cepstra.std(axis=0)], axis=1).ravel(),
    ]
    return np.nan_to_num(np.asarray([*phrases, *plain], dtype=np.float64))


def _runs(voiced: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Indices of each unbroken voiced stretch of 4 frames or more."""
    at = np.flatnonzero(voiced)
    return [run for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if len(run) >= 4]


def _semitones(found: Frames, run: NDArray[np.intp]) -> Array:
    return np.asarray(12.0 * np.log2(found.pitch_hz[run] / REFERENCE_HZ))


def _shake(found: Frames, runs: list[NDArray[np.intp]]) -> float:
    """Mean second difference of pitch, semitones: what neither glide nor melody explains."""
    parts = [np.abs(np.diff(_semitones(found, run), 2)) for run in runs]
    return float(np.concatenate(parts).mean()) if parts else 0.0


def _ratio_db(power: Array, hz: Array, upper: tuple[float, float], lower: tuple[float, float]) -> Array:
    above = power[:, (hz >= upper[0]) & (hz < upper[1])].sum(axis=1)
    below = power[:, (hz >= lower[0]) & (hz < lower[1])].sum(axis=1)
    return np.asarray(10.0 * np.log10((above + 1e-12) / (below + 1e-12)))


def _hammarberg(power: Array, hz: Array) -> Array:
    """Strongest peak below 2 kHz over the strongest of 2-5 kHz, dB (Hammarberg et al. 1980)."""
    below, above = power[:, hz < 2000].max(axis=1), power[:, (hz >= 2000) & (hz < 5000)].max(axis=1)
    return np.asarray(10.0 * np.log10((below + 1e-12) / (above + 1e-12)))


def _slope(power: Array, hz: Array, low: float, high: float) -> float:
    """DB a kHz of the mean log spectrum between two frequencies."""
    at = (hz >= low) & (hz < high)
    mean = 10.0 * np.log10(power[:, at] + 1e-12).mean(axis=0)
    return float(np.polyfit(hz[at] / 1000.0, mean, 1)[0])


def _cepstra(mel: Array) -> Array:
    from scipy.fft import dct

    return np.asarray(dct(mel, type=2, norm="ortho", axis=1)[:, 1:7])


def _syllable_rate(found: Frames) -> float:
    """Peaks of the smoothed level a second: about one a syllable."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    smooth = gaussian_filter1d(np.maximum(found.level_db, -QUIET_DB), 4.0)
    peaks, _ = find_peaks(smooth, prominence=2.0)
    return float(len(peaks) / (max(found.heard.sum(), 1) * HOP / SAMPLE_RATE_HZ))
