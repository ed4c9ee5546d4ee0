"""Voices and music -> one stereo mix: speech clear over ducked music, at a stated loudness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import soxr
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d

from emogen.media.audio import loudness_lufs

RATE_HZ = 44_100
#: Loudness of the finished mix and its peak. -16 LUFS is what the large podcast and web platforms ask for;
#: AES TD1008 (2021) recommends -16 to -20 LUFS for speech on the web.
TARGET_LUFS, PEAK_DBTP = -16.0, -1.0
OVER = 4
#: Music against the voices, without and under speech (LU); own assumption, checked by ear and by measure.
MUSIC_ALONE_LU, MUSIC_UNDER_LU = -6.0, -17.0
#: How fast music gives way and comes back, in seconds; own assumption.
DUCK_S = 0.25
FADE_S = 1.2
#: How long music swells to a turn of the story (s, as a deviation), and by how much it is louder there than anywhere else,
#: at least and at most (LU, of a turn of full strength); own assumption, checked by measure.
SWELL_S, PEAK_LU, LEAST_SWELL_LU, MOST_SWELL_LU = 0.9, 2.0, 3.0, 14.0
LEVELS_HZ = 20  # a second at which the level of music is looked at


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
        stereo = panned(samples, pan) if samples.ndim == 1 else samples
        first = max(0, round(start_s * RATE_HZ))
        n = min(len(stereo), len(track) - first)
        track[first : first + n] += stereo[:n]
    return track


def panned(samples: np.ndarray, pan: float) -> np.ndarray:
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


@dataclass(frozen=True, eq=False)
class Mix:
    """A finished mix, and what it is made of.

    Attributes:
        audio: float32 [n, 2].
        voice_gain: What the voices are multiplied by in it, float32 [n].
        music_gain: What the music is multiplied by, float32 [n].
    """

    audio: np.ndarray
    voice_gain: np.ndarray
    music_gain: np.ndarray


def mixed(speech: np.ndarray, music: np.ndarray, spoken: list[tuple[float, float]]) -> Mix:
    """Speech over music.

    Args:
        speech: float32 [n, 2].
        music: float32 [n, 2], zeros where there is none.
        spoken: Intervals (s) in which somebody speaks.

    Returns:
        A mix at `TARGET_LUFS`, peaks at most `PEAK_DBTP`.
    """
    level, bed = loudness_lufs(speech, RATE_HZ), loudness_lufs(music, RATE_HZ)
    under = np.zeros(len(speech), np.float32)
    if np.isfinite(bed) and np.isfinite(level):
        under = np.asarray(_gain(level - bed + duck(spoken, len(music))), np.float32)
    mix = speech + music * under[:, None]
    loudness = loudness_lufs(mix, RATE_HZ)
    whole = float(_gain(TARGET_LUFS - loudness)) if np.isfinite(loudness) else 1.0
    gain = np.float32(whole) * limiting(mix * np.float32(whole))
    return Mix(np.asarray(mix * gain[:, None], np.float32), gain, gain * under)


def swelled(music: np.ndarray, peaks: Sequence[tuple[float, float]]) -> np.ndarray:
    """Music whose loudest moments are those at which the story turns.

    Args:
        music: float32 [n, 2].
        peaks: When (s from its begin) and how strongly, 0..1.

    Returns:
        float32 [n, 2]: around each turn it is louder than anywhere else, by up to `PEAK_LU`; it rises and falls smoothly.
    """
    steps = len(music) * LEVELS_HZ // RATE_HZ
    inner = [(t, strength) for t, strength in peaks if 0.0 < t < len(music) / RATE_HZ and strength > 0]
    if not inner or steps < 2:
        return music
    power = (music[: steps * (RATE_HZ // LEVELS_HZ)].astype(np.float64) ** 2).sum(axis=1).reshape(steps, -1).mean(axis=1)
    level = 10 * np.log10(gaussian_filter1d(power, SWELL_S / 2 * LEVELS_HZ, mode="nearest") + 1e-10)
    at = (np.arange(steps) + 0.5) / LEVELS_HZ
    near = np.max([np.abs(at - t) < 2 * SWELL_S for t, _ in inner], axis=0)
    elsewhere = float(level[~near].max()) if (~near).any() else float(level.max())
    rise = np.zeros(steps)
    for t, strength in inner:
        here = float(np.interp(t, at, level))
        most = float(np.clip(elsewhere + PEAK_LU * strength - here, LEAST_SWELL_LU * strength, MOST_SWELL_LU))
        rise = np.maximum(rise, most * np.exp(-0.5 * ((at - t) / SWELL_S) ** 2))
    gain = np.interp(np.arange(len(music)) / RATE_HZ, at, rise)
    return np.asarray(music * _gain(gain.astype(np.float32))[:, None], np.float32)  # type: ignore[index]


def duck(spoken: list[tuple[float, float]], n: int) -> np.ndarray:
    """The level of music (LU against the voices) per sample: lower under speech, smooth between."""
    coarse = 100  # values per second
    level = np.full(max(1, -(-n * coarse // RATE_HZ)) + 1, MUSIC_ALONE_LU)
    for start_s, end_s in spoken:
        level[max(0, int((start_s - DUCK_S) * coarse)) : int((end_s + DUCK_S) * coarse) + 1] = MUSIC_UNDER_LU
    level = gaussian_filter1d(level, DUCK_S * coarse / 2, mode="nearest")
    return np.interp(np.arange(n) / RATE_HZ, np.arange(len(level)) / coarse, level).astype(np.float32)


def limiting(samples: np.ndarray) -> np.ndarray:
    """A look-ahead limiter's gain, float32 [n]: it falls smoothly before a peak of float32 [n, 2] and returns after it.

    Peaks are those between the samples, too (four times oversampled, as ITU-R BS.1770-4, annex 2).
    """
    ceiling = float(_gain(PEAK_DBTP))
    over = _largest(np.abs(soxr.resample(samples, RATE_HZ, OVER * RATE_HZ)))
    whole = np.zeros(len(samples) * OVER, np.float32)
    whole[: min(len(over), len(whole))] = over[: len(whole)]
    peaks = np.maximum(_largest(whole.reshape(-1, OVER)), _largest(np.abs(samples)))
    if peaks.max(initial=0.0) <= ceiling:
        return np.ones(len(samples), np.float32)
    window = round(0.005 * RATE_HZ) | 1
    need = np.minimum(1.0, ceiling / np.maximum(maximum_filter1d(peaks, 2 * window + 1), 1e-9))
    gain = gaussian_filter1d(minimum_filter1d(need, 2 * window + 1), window / 2, truncate=2.0)
    return np.minimum(gain, ceiling / np.maximum(peaks, 1e-9)).astype(np.float32)


def _largest(values: np.ndarray) -> np.ndarray:
    """The largest of each row of [n, few], which numpy takes ten times as long for row by row."""
    return reduce(np.maximum, values.T)


def _gain(db: np.ndarray | float) -> np.ndarray | float:
    return np.float32(10.0) ** (np.asarray(db, np.float32) / 20)
