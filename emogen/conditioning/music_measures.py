"""A score, or the sound of music -> named measures: mode, tempo, density, register, dynamics, articulation, dissonance.

The cues of Gabrielsson & Lindstrom 2010 and Eerola, Friberg & Bresin 2013 that can be counted. Mode by the key
profiles of Krumhansl & Kessler 1982.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.media.score import Score

Array = NDArray[np.float64]

#: Krumhansl & Kessler 1982, table 2: how well each pitch class fits C major and C minor.
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
TOGETHER_S = 0.05  # onsets closer than this are one chord (own assumption)
LOW, HIGH = 48, 72  # MIDI pitches: below C3, from C5 on

#: Measure of a score -> what a low and a high value sound like.
SCORE_PHRASES: dict[str, tuple[str, str]] = {
    "mode": ("minor", "major"),
    "key clarity": ("wandering harmony", "clear key"),
    "density": ("few notes", "many notes a second"),
    "pace": ("slow pulse", "quick pulse"),
    "pulse spread": ("even rhythm", "uneven rhythm"),
    "register": ("low register", "high register"),
    "register spread": ("narrow register", "wide register"),
    "bass": ("deep bass", "no deep bass"),
    "melody": ("low melody", "high melody"),
    "melody leaps": ("stepwise melody", "leaping melody"),
    "loudness": ("soft", "loud"),
    "loudness spread": ("even dynamics", "changing dynamics"),
    "length": ("short notes", "long notes"),
    "articulation": ("detached", "bound together"),
    "thickness": ("thin texture", "thick texture"),
    "chords": ("single notes", "full chords"),
    "dissonance": ("consonant", "dissonant"),
    "colour": ("few pitch classes", "chromatic"),
    "low share": ("few low notes", "many low notes"),
    "high share": ("few high notes", "many high notes"),
    "rise": ("grows softer", "grows louder"),
    "breaks": ("no rests", "many rests"),
}
SCORE_NAMES = tuple(SCORE_PHRASES)


def notes_of(score: Score) -> Array:
    """[n, 4] start (s), end (s), pitch, velocity of the notes that are no drums, by start."""
    rows = [
        (score.seconds(n.start_beat), score.seconds(n.start_beat + n.duration_beat), n.pitch, n.velocity)
        for track in score.tracks
        if not track.is_drum
        for n in track.notes
    ]
    return np.array(sorted(rows), dtype=np.float64).reshape(-1, 4)


def measure_score(notes: Array) -> Array:
    """Measures in the order of `SCORE_NAMES`, [22].

    Args:
        notes: As `notes_of` gives them; at least two.
    """
    start, end, pitch, velocity = notes.T
    length = np.maximum(end - start, 1e-3)
    span = max(float(end.max() - start.min()), 1e-3)
    onsets = start[np.diff(start, prepend=-np.inf) > TOGETHER_S]
    gaps = np.diff(onsets) if len(onsets) > 1 else np.array([span])
    chord = np.searchsorted(onsets, start + 1e-9) - 1
    size = np.bincount(np.maximum(chord, 0), minlength=len(onsets))
    top = np.full(len(onsets), -np.inf)
    np.maximum.at(top, np.maximum(chord, 0), pitch)
    bottom = np.full(len(onsets), np.inf)
    np.minimum.at(bottom, np.maximum(chord, 0), pitch)
    classes = np.bincount(pitch.astype(int) % 12, weights=length * velocity, minlength=12)
    mode, clarity = mode_of(classes)
    share = classes / max(classes.sum(), 1e-9)
    times = np.linspace(start.min(), end.max(), max(int(span * 8), 2), endpoint=False)
    sounding = (start[:, None] <= times) & (end[:, None] > times)
    leaps = np.abs(np.diff(top)) if len(top) > 1 else np.zeros(1)
    middle = start < start.min() + span / 2
    louder = velocity[~middle].mean() - velocity[middle].mean() if middle.any() and (~middle).any() else 0.0
    return np.array(
        [
            mode, clarity, len(pitch) / span, -np.log2(max(np.median(gaps), 0.02)), gaps.std() / gaps.mean(),
            pitch.mean(), pitch.std(), np.percentile(bottom, 20), np.median(top), leaps.mean(),
            velocity.mean(), velocity.std(), np.median(length), np.median(length) / max(float(np.median(gaps)), 1e-3),
            sounding.sum(axis=0).mean(), size.mean(), _dissonance(sounding, pitch),
            -(share[share > 0] * np.log2(share[share > 0])).sum(), (pitch < LOW).mean(), (pitch >= HIGH).mean(),
            louder, (sounding.sum(axis=0) == 0).mean(),
        ]
    )  # fmt: skip


def _dissonance(sounding: NDArray[np.bool_], pitch: Array) -> float:
    """Share of sounding pairs a semitone, a tritone or a major seventh apart (octaves aside)."""
    harsh = total = 0
    for column in sounding.T:
        now = np.unique(pitch[column].astype(int))
        if len(now) > 1:
            apart = np.abs(now[:, None] - now[None])[np.triu_indices(len(now), 1)] % 12
            harsh += int(np.isin(apart, (1, 6, 11)).sum())
            total += len(apart)
    return harsh / total if total else 0.0


def mode_of(classes: NDArray[Any]) -> tuple[float, float]:
    """Weights of pitch classes [12] -> best major less best minor correlation, and the best of all."""
    if np.ptp(classes) < 1e-12:
        return 0.0, 0.0
    fits = [max(float(np.corrcoef(classes, np.roll(profile, k))[0, 1]) for k in range(12)) for profile in (MAJOR, MINOR)]
    return fits[0] - fits[1], max(fits)


SAMPLE_RATE_HZ = 16_000
FFT, HOP = 4096, 2000  # 256 ms windows tell neighbouring notes of the middle register apart; 8 frames a second
BANDS = 24
CHROMA_HZ = (65.0, 2100.0)  # C2 to C7
#: Measure of the sound of music -> what a low and a high value sound like.
SOUND_PHRASES: dict[str, tuple[str, str]] = {
    "mode": ("minor", "major"),
    "key clarity": ("wandering harmony", "clear key"),
    "onset rate": ("few attacks", "many attacks"),
    "attack": ("soft attacks", "hard attacks"),
    "loudness spread": ("even loudness", "changing loudness"),
    "brightness": ("dark sound", "bright sound"),
    "brightness spread": ("even timbre", "changing timbre"),
    "deep share": ("little bass", "much bass"),
    "high share": ("little treble", "much treble"),
    "noisiness": ("tonal", "noisy"),
    "colour": ("few pitch classes", "chromatic"),
    "harmony changes": ("slow harmony", "quick harmony"),
    "rise": ("grows softer", "grows louder"),
    "breaks": ("no rests", "many rests"),
}
SOUND_NAMES = (*SOUND_PHRASES, *(f"band {i} {what}" for i in range(BANDS) for what in ("level", "spread")))


def sound_frames(samples: NDArray[np.float32]) -> Array:
    """Music, 16 kHz mono -> 8 frames a second [T, 12 + 24 + 24]: chroma, mel levels (dB / 20), their rises.

    Levels are relative to the loudest frame; chroma sums to 1 a frame. Shorter than one window is padded.
    """
    x = np.pad(np.asarray(samples, dtype=np.float64), (0, max(0, FFT - len(samples))))
    cut = np.lib.stride_tricks.sliding_window_view(x, FFT)[::HOP]
    power = np.abs(np.fft.rfft(cut * np.hanning(FFT))) ** 2
    mel = 10.0 * np.log10(power @ _mel().T + 1e-12)
    mel = np.maximum(mel - mel.max(), -80.0) / 20.0
    chroma = np.sqrt(power) @ _chroma().T
    chroma = chroma / np.maximum(chroma.sum(axis=1, keepdims=True), 1e-9)
    rise = np.maximum(np.diff(mel, axis=0, prepend=mel[:1]), 0.0)
    return np.hstack([chroma, mel, rise])


def measure_sound(samples: NDArray[np.float32], found: Array) -> Array:
    """Measures in the order of `SOUND_NAMES`, [62].

    Args:
        samples: [n], 16 kHz mono.
        found: Their `sound_frames`.
    """
    from scipy.signal import find_peaks

    chroma, mel = found[:, :12], found[:, 12 : 12 + BANDS]
    fine = np.asarray(samples, dtype=np.float64)
    fine = np.pad(fine, (0, max(0, 640 - len(fine))))
    cut = np.lib.stride_tricks.sliding_window_view(fine, 640)[::320]
    level = 20.0 * np.log10(np.sqrt((cut**2).mean(axis=1)) + 1e-6)
    quick = np.maximum(np.diff(level), 0.0)
    peaks, heights = find_peaks(quick, height=1.5, distance=3)
    seconds = max(len(samples) / SAMPLE_RATE_HZ, 0.1)
    loud = mel.mean(axis=1)
    weight = 10.0 ** (2.0 * mel)
    centre = (weight @ np.arange(BANDS)) / np.maximum(weight.sum(axis=1), 1e-9)
    mode, clarity = mode_of(chroma.mean(axis=0))
    share = chroma.mean(axis=0)
    half = len(level) // 2
    named = [
        mode, clarity, len(peaks) / seconds, heights["peak_heights"].mean() if len(peaks) else 0.0, level.std(),
        centre.mean(), centre.std(), mel[:, :5].mean() - loud.mean(), mel[:, -8:].mean() - loud.mean(),
        mel.mean() - np.log10((10.0**mel).mean()), -(share * np.log2(share + 1e-9)).sum(),
        np.abs(np.diff(chroma, axis=0)).sum(axis=1).mean() if len(chroma) > 1 else 0.0,
        level[half:].mean() - level[:half].mean() if half else 0.0, (level < level.max() - 40.0).mean(),
    ]  # fmt: skip
    bands = np.stack([mel.mean(axis=0), mel.std(axis=0)], axis=1).ravel()
    return np.nan_to_num(np.concatenate([named, bands]))


@cache
def _mel() -> Array:
    top = 2595.0 * np.log10(1.0 + SAMPLE_RATE_HZ / 2 / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(2595.0 * np.log10(1.0 + 40.0 / 700.0), top, BANDS + 2) / 2595.0) - 1.0)
    hz = np.fft.rfftfreq(FFT, 1.0 / SAMPLE_RATE_HZ)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    shape = np.maximum(0.0, np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)))
    return np.asarray(shape / shape.sum(axis=1, keepdims=True))


@cache
def _chroma() -> Array:
    """[12, bins]: each bin goes to its nearest pitch class, less the farther it lies from its middle."""
    hz = np.fft.rfftfreq(FFT, 1.0 / SAMPLE_RATE_HZ)
    pitch = 69.0 + 12.0 * np.log2(np.maximum(hz, 1.0) / 440.0)
    weight = np.where((hz >= CHROMA_HZ[0]) & (hz < CHROMA_HZ[1]), np.cos(np.pi * (pitch - np.round(pitch))) ** 2, 0.0)
    table = np.zeros((12, len(hz)))
    table[np.round(pitch).astype(int) % 12, np.arange(len(hz))] = weight
    return table
