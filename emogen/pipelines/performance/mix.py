"""Voices and music -> one stereo mix: speech clear over ducked music, at a stated loudness."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d

from emogen.media.audio import loudness_lufs

RATE_HZ = 44_100
#: Loudness of the finished mix and its peak. -16 LUFS is what the large podcast and web platforms ask for;
#: AES TD1008 (2021) recommends -16 to -20 LUFS for speech on the web.
TARGET_LUFS, PEAK_DBFS = -16.0, -1.0
#: Music against the voices, without and under speech (LU); own assumption, checked by ear and by measure.
MUSIC_ALONE_LU, MUSIC_UNDER_LU = -6.0, -17.0
#: How fast music gives way and comes back, in seconds; own assumption.
DUCK_S = 0.25
FADE_S = 1.2


def placed(clips: list[tuple[float, np.ndarray, float]], duration_s: float) -> np.ndarray:
    """Lays clips on one stereo track.

    Args:
        clips: (start in s, samples float32 [n] or [n, 2], pan -1 left .. 1 right).
        duration_s: Length of the track.

    Returns:
        float32 [samples, 2] at `RATE_HZ`.
    """
    track = np.zeros((round(duration_s * RATE_HZ), 2), np.float32)
    for start_s, samples, pan in clips:
        stereo = _panned(samples, pan) if samples.ndim == 1 else samples
        first = max(0, round(start_s * RATE_HZ))
        n = min(len(stereo), len(track) - first)
        track[first : first + n] += stereo[:n]
    return track


def _panned(samples: np.ndarray, pan: float) -> np.ndarray:
    """Constant-power panning, 0 dB in the middle."""
    angle = (np.clip(pan, -1, 1) + 1) * np.pi / 4
    return (np.sqrt(2) * samples[:, None] * np.array([np.cos(angle), np.sin(angle)])).astype(np.float32)


def faded(samples: np.ndarray, fade_s: float = FADE_S) -> np.ndarray:
    """Raised-cosine fades at both ends of float32 [n, 2]."""
    n = min(round(fade_s * RATE_HZ), len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1)))[:, None].astype(np.float32)
    out = samples.copy()
    out[:n] *= ramp
    out[len(out) - n :] *= ramp[::-1]
    return out


def mixed(speech: np.ndarray, music: np.ndarray, spoken: list[tuple[float, float]]) -> np.ndarray:
    """Speech over music.

    Args:
        speech: float32 [n, 2].
        music: float32 [n, 2], zeros where there is none.
        spoken: Intervals (s) in which somebody speaks.

    Returns:
        float32 [n, 2] at `TARGET_LUFS`, peaks at most `PEAK_DBFS`.
    """
    level = loudness_lufs(speech, RATE_HZ)
    bed = loudness_lufs(music, RATE_HZ)
    mix = speech.astype(np.float32)
    if np.isfinite(bed) and np.isfinite(level):
        mix = mix + music * np.asarray(_gain(level - bed + duck(spoken, len(music))))[:, None]
    loudness = loudness_lufs(mix, RATE_HZ)
    if not np.isfinite(loudness):
        return mix
    return limited(mix * _gain(TARGET_LUFS - loudness))


def duck(spoken: list[tuple[float, float]], n: int) -> np.ndarray:
    """The level of music (LU against the voices) per sample: lower under speech, smooth between."""
    coarse = 100  # values per second
    level = np.full(max(1, -(-n * coarse // RATE_HZ)) + 1, MUSIC_ALONE_LU)
    for start_s, end_s in spoken:
        level[max(0, int((start_s - DUCK_S) * coarse)) : int((end_s + DUCK_S) * coarse) + 1] = MUSIC_UNDER_LU
    level = gaussian_filter1d(level, DUCK_S * coarse / 2, mode="nearest")
    return np.interp(np.arange(n) / RATE_HZ, np.arange(len(level)) / coarse, level).astype(np.float32)


def limited(samples: np.ndarray) -> np.ndarray:
    """A look-ahead limiter: gain falls smoothly before a peak and returns after it, so nothing clips."""
    ceiling = _gain(PEAK_DBFS)
    peaks = np.abs(samples).max(axis=1)
    if peaks.max(initial=0.0) <= ceiling:
        return samples.astype(np.float32)
    window = round(0.005 * RATE_HZ) | 1
    need = np.minimum(1.0, ceiling / np.maximum(maximum_filter1d(peaks, 2 * window + 1), 1e-9))
    gain = gaussian_filter1d(minimum_filter1d(need, 2 * window + 1), window / 2, truncate=2.0)
    return np.clip(samples * gain[:, None], -ceiling, ceiling).astype(np.float32)


def _gain(db: np.ndarray | float) -> np.ndarray | float:
    return np.float32(10.0) ** (np.asarray(db, np.float32) / 20)
