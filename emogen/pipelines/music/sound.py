"""A score -> sound: the sound font that pretty_midi carries, played by symusic's synthesiser, in a small hall."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from emogen.media.audio import loudness_lufs
from emogen.media.score import Score
from emogen.media.score_sound import stem
from emogen.pipelines.music.orchestra import BALANCE

RATE_HZ = 44_100
#: The hall: reverberation time (s), level of the reverberation (dB), delay before it (s); a small concert hall.
HALL_S, HALL_DB, PREDELAY_S = 1.6, -17.0, 0.018
#: Loudness of a piece at velocity 74, and LU per unit of velocity: 118 is about 8 LU above 34. Own assumption.
LEVEL_LUFS, LU_PER_VELOCITY, MIDDLE_VELOCITY = -20.0, 0.10, 74.0
#: Level of each part against the melody (LU) and its place, -1 left .. 1 right; own assumption.
LEVELS = {"melody": (0.0, 0.1), "harmony": (-4.5, -0.2), "pad": (-8.0, 0.0), "bass": (-5.0, 0.0), "drums": (-6.0, 0.0)}
PEAK = 10 ** (-1.0 / 20)
TAIL_S = 2.0


def rendered(score: Score, seconds: float) -> np.ndarray:
    """A score as sound: float32 [samples, 2] at `RATE_HZ`, exactly `seconds` long, the last notes fading out."""
    length = round(seconds * RATE_HZ)
    dry = np.zeros((length + round(TAIL_S * RATE_HZ), 2), np.float32)
    for number in range(len(score.tracks)):
        dry += _stem(score, number, len(dry))
    wet = _in_a_hall(dry)[:length]
    fade = min(length, round(0.4 * RATE_HZ))
    wet[length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None] ** 2
    return _levelled(wet, score)


def _stem(score: Score, number: int, length: int) -> np.ndarray:
    """One track as sound, placed in the stereo picture, at its part's level.

    The instruments of a sound font differ by up to 20 LU at the same velocity, so every part is measured and set.
    """
    track = score.tracks[number]
    raw = stem(score, number, RATE_HZ, stereo=True, quality=4)
    out = np.zeros((length, 2), np.float32)
    n = min(length, raw.shape[1])
    out[:n] = raw.T[:n]
    # Measured where the part plays: the same figure by the gates of BS.1770, in a share of the time.
    first, last = (
        score.seconds(beat)
        for beat in (track.notes[0].start_beat, max(n.start_beat + n.duration_beat for n in track.notes))
    )
    loudness = loudness_lufs(out[round(first * RATE_HZ) : round((last + 0.5) * RATE_HZ)], RATE_HZ)
    if not np.isfinite(loudness):
        return out
    role = next((r for r in LEVELS if f"({r})" in track.name), "harmony")
    level, pan = LEVELS[role]
    played = float(np.mean([n.velocity for n in track.notes])) / BALANCE[role]
    want = LEVEL_LUFS + level + LU_PER_VELOCITY * (played - MIDDLE_VELOCITY)
    return out * (10 ** ((want - loudness) / 20) * np.array([1 - max(pan, 0), 1 + min(pan, 0)], np.float32))


def _in_a_hall(dry: np.ndarray) -> np.ndarray:
    """Adds reverberation: decaying noise, darker as it decays, the same in every call."""
    rng = np.random.default_rng(1944)
    n = round(HALL_S * RATE_HZ)
    decay = 10 ** (-3 * np.arange(n) / n)  # -60 dB at the reverberation time
    noise = rng.standard_normal((n, 2)) * decay[:, None]
    dark = sosfilt(butter(2, 2_400, fs=RATE_HZ, output="sos"), noise, axis=0)
    bright = sosfilt(butter(1, 7_000, fs=RATE_HZ, output="sos"), noise, axis=0)
    blend = np.linspace(0, 1, n)[:, None] ** 0.5
    response = (1 - blend) * bright + blend * dark
    response /= np.sqrt((response**2).sum(axis=0))
    shift = round(PREDELAY_S * RATE_HZ)
    wet = fftconvolve(dry, response, axes=0)[: len(dry)] * 10 ** (HALL_DB / 20) * 4.0
    out = dry.copy()
    out[shift:] += wet[: len(dry) - shift].astype(np.float32)
    return out


def _levelled(samples: np.ndarray, score: Score) -> np.ndarray:
    """Loudness by the mean velocity of the melody, peaks under -1 dBFS."""
    loudness = loudness_lufs(samples, RATE_HZ)
    if not np.isfinite(loudness):
        return samples
    velocities = [n.velocity for t in score.tracks if "(melody)" in t.name for n in t.notes]
    want = LEVEL_LUFS + LU_PER_VELOCITY * ((np.mean(velocities) if velocities else MIDDLE_VELOCITY) - MIDDLE_VELOCITY)
    gain = 10 ** ((want - loudness) / 20)
    peak = float(np.abs(samples).max(initial=1e-9))
    return (samples * min(gain, PEAK / peak)).astype(np.float32)
