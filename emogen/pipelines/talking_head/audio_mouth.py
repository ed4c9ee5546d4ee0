"""A voice without a transcript -> mouth curves, in any language.

Loudness opens the jaw; where the energy of the vowels lies decides how: much around the first formant of open vowels
(600-1100 Hz against 200-500 Hz) opens more, much in the upper band (1.6-2.8 kHz against 0.7-1.2 kHz) spreads the lips,
little rounds them, and hiss above 4 kHz closes the teeth. Formant ranges: Peterson & Barney 1952; the mapping is our own.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import stft

from emogen.codecs.face import FACE_CHANNELS, INDEX, both

#: Below this level under the loud parts (dB) a voice is silent; own assumption.
SILENT_DB = -34.0


def loudness_curve(audio: np.ndarray, sample_rate: int, frames: int, fps: float) -> np.ndarray:
    """Loudness over time, 0 silent .. 1 loud (95th percentile), [frames]."""
    edges = np.round(np.arange(frames + 1) / fps * sample_rate).astype(int)
    power = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    edges = np.clip(edges, 0, len(audio))
    rms = np.sqrt(np.maximum(np.diff(power[edges]), 0) / np.maximum(np.diff(edges), 1))
    top = np.percentile(rms, 95) if frames else 0.0
    if top < 1e-4:
        return np.zeros(frames)
    level = 20 * np.log10(np.maximum(rms / top, 1e-6))
    return np.clip(1 - level / SILENT_DB, 0, 1) ** 1.5


def mouth_from_audio(
    audio: np.ndarray, sample_rate: int, duration_s: float, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mouth curves float32 [T, 61] and speech activity [T] of a voice, float32 [n]."""
    frames = round(duration_s * fps)
    loud = loudness_curve(audio, sample_rate, frames, fps)
    curves = np.zeros((frames, len(FACE_CHANNELS)), np.float32)
    if not loud.any():
        return curves, np.zeros(frames)
    window = min(len(audio), round(0.03 * sample_rate))
    f, t, spectrum = stft(audio, sample_rate, nperseg=window, noverlap=window // 2, boundary="even")
    power = np.abs(spectrum) ** 2

    def band(low: float, high: float) -> np.ndarray:
        return np.interp(np.arange(frames) / fps, t, power[(f >= low) & (f < high)].sum(0)) + 1e-12

    total = band(100, min(7_500, sample_rate / 2))
    openness = band(600, 1_100) / (band(600, 1_100) + band(200, 500))
    spread = band(1_600, 2_800) / (band(1_600, 2_800) + band(700, 1_200))
    hiss = band(3_800, min(7_500, sample_rate / 2)) / total
    smooth = 0.04 * fps
    jaw = gaussian_filter1d(loud * (0.18 + 0.55 * openness) * (1 - 0.75 * np.clip(hiss * 2, 0, 1)), smooth)
    wide = gaussian_filter1d(np.clip(spread - 0.35, 0, 1) * loud, smooth)
    narrow = gaussian_filter1d(np.clip(0.22 - spread, 0, 1) / 0.22 * (1 - openness) * loud, smooth)
    curves[:, INDEX["jawOpen"]] = np.clip(jaw, 0, 0.75)
    for name, value in (
        ("mouthLowerDown", 0.45 * jaw + 0.3 * hiss * loud),
        ("mouthUpperUp", 0.2 * jaw),
        ("mouthStretch", 0.6 * wide),
    ):
        curves[:, both(name)] = np.clip(value, 0, 1)[:, None]
    curves[:, INDEX["mouthPucker"]] = np.clip(0.7 * narrow, 0, 1)
    curves[:, INDEX["mouthFunnel"]] = np.clip(0.4 * narrow, 0, 1)
    quiet = (loud < 0.06)[:, None]
    return np.where(quiet, 0, curves).astype(np.float32), gaussian_filter1d((loud > 0.06).astype(float), 0.08 * fps)
