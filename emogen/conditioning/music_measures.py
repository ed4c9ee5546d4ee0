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
#: Harmony in numbers without a name: pitch classes over the tonic, chord kinds, bass over the tonic, thirds over the
#: bass, fits of both modes, quantiles of gaps, velocities, pitches and lengths.
_HARMONY = 12 + 6 + 12 + 2 + 3 + 4 + 3 + 5 + 4
SCORE_NAMES = (*SCORE_PHRASES, *(f"harmony {i}" for i in range(_HARMONY)))
CHORDS = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 5, 7))  # major, minor, diminished, augmented, suspended
HARMONY_STEP_S = 0.5
#: A piece is read in parts: its mood may change, and more parts teach more (s; own assumption).
PART_S, PART_STEP_S, LEAST_NOTES = 15.0, 7.5, 12


def notes_of(score: Score) -> Array:
    """[n, 4] start (s), end (s), pitch, velocity of the notes that are no drums, by start."""
    rows = [
        (score.seconds(n.start_beat), score.seconds(n.start_beat + n.duration_beat), n.pitch, n.velocity)
        for track in score.tracks
        if not track.is_drum
        for n in track.notes
    ]
    return np.array(sorted(rows), dtype=np.float64).reshape(-1, 4)


def parts_of(notes: Array) -> list[tuple[float, Array]]:
    """Parts of `PART_S` seconds with enough notes in them, each with when it starts (s); at least the whole."""
    first, last = float(notes[0, 0]), float(notes[-1, 0])
    starts = np.arange(first, max(last - PART_S / 2, first + 0.1), PART_STEP_S)
    parts = [(float(a), notes[(notes[:, 0] >= a) & (notes[:, 0] < a + PART_S)]) for a in starts]
    return [part for part in parts if len(part[1]) >= LEAST_NOTES] or [(first, notes)]


def measure_score(notes: Array) -> Array:
    """Measures in the order of `SCORE_NAMES`, [73].

    Args:
        notes: As `notes_of` gives them; at least two.
    """
    return np.nan_to_num(np.concatenate([_named(notes), _harmony(notes)]))


def _harmony(notes: Array) -> Array:
    start, end, pitch, velocity = notes.T
    length = np.maximum(end - start, 1e-3)
    classes = np.bincount(pitch.astype(int) % 12, weights=length, minlength=12)
    tonic, fits = tonic_of(classes)
    kinds, bass, thirds = np.zeros(6), np.zeros(12), np.zeros(2)
    times = np.arange(start.min(), end.max(), HARMONY_STEP_S)
    for a in times:
        on = (start < a + HARMONY_STEP_S) & (end > a)
        if not on.any():
            continue
        weight = np.minimum(end[on], a + HARMONY_STEP_S) - np.maximum(start[on], a)
        now = np.bincount(pitch[on].astype(int) % 12, weights=weight, minlength=12)
        now = now / now.sum()
        lowest = int(pitch[on].min()) % 12
        bass[(lowest - tonic) % 12] += 1
        thirds += now[(lowest + 4) % 12] > 0, now[(lowest + 3) % 12] > 0
        best = [max(now[(root + np.array(chord)) % 12].sum() for root in range(12)) for chord in CHORDS]
        kinds[int(np.argmax(best))] += 1
        kinds[5] += best[0] - best[1]
    gaps = np.diff(np.unique(start.round(2)))
    quantiles = (
        np.percentile(gaps if len(gaps) else np.array([HARMONY_STEP_S]), (10, 25, 75, 90)),
        np.percentile(velocity, (10, 50, 90)),
        np.percentile(pitch, (5, 25, 50, 75, 95)),
        np.percentile(length, (10, 25, 75, 90)),
    )
    modes = (fits[0].max(), fits[1].max(), fits[0][tonic] - fits[1][tonic])
    chords = (kinds / len(times), bass / len(times), thirds / len(times))
    return np.concatenate([np.roll(classes, -tonic) / classes.sum(), *chords, modes, *quantiles])


def tonic_of(classes: NDArray[Any]) -> tuple[int, Array]:
    """Weights of pitch classes [12] -> the likeliest tonic (0 = C), and the fit of each in major and minor [2, 12]."""
    if np.ptp(classes) < 1e-12:
        return 0, np.zeros((2, 12))
    fits = np.array(
        [[np.corrcoef(classes, np.roll(profile, k))[0, 1] for k in range(12)] for profile in (MAJOR, MINOR)]
    )
    return int(np.unravel_index(int(fits.argmax()), fits.shape)[1]), fits


NOTE_RATE_HZ = 4.0  # frames of a score a second
REGISTERS = (0, 48, 60, 72, 128)


def note_frames(notes: Array) -> Array:
    """A score as 4 frames a second, [T, 31].

    Pitch classes over the tonic (12), that of the lowest note (12), notes begun in each of four registers (4), loudest
    velocity / 127, notes sounding / 4, notes begun / 4.
    """
    start, end, pitch, velocity = notes.T
    classes = pitch.astype(int) % 12
    tonic, _ = tonic_of(np.bincount(classes, weights=np.maximum(end - start, 1e-3), minlength=12))
    begin = start.min()
    count = max(int(np.ceil((end.max() - begin) * NOTE_RATE_HZ)), 1)
    found = np.zeros((count, 31))
    first = ((start - begin) * NOTE_RATE_HZ).astype(int).clip(0, count - 1)
    last = np.ceil((end - begin) * NOTE_RATE_HZ).astype(int).clip(1, count)
    lowest = np.full(count, 999.0)
    for i in range(len(pitch)):
        there = slice(first[i], max(last[i], first[i] + 1))
        found[there, (classes[i] - tonic) % 12] += velocity[i] / 127.0
        found[there, 29] += 0.25
        lowest[there] = np.minimum(lowest[there], pitch[i])
        found[first[i], 24 + int(np.searchsorted(REGISTERS, pitch[i], side="right") - 1)] += 1.0
        found[first[i], 28] = max(found[first[i], 28], velocity[i] / 127.0)
        found[first[i], 30] += 0.25
    played = np.flatnonzero(lowest < 999.0)
    found[played, 12 + (lowest[played].astype(int) - tonic) % 12] = 1.0
    return found


def in_key(found: Array) -> Array:
    """`sound_frames` with their chroma turned so that the likeliest tonic comes first."""
    tonic, _ = tonic_of(found[:, :12].sum(axis=0))
    return np.hstack([np.roll(found[:, :12], -tonic, axis=1), found[:, 12:]])


def _named(notes: Array) -> Array:
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
    _, fits = tonic_of(classes)
    return float(fits[0].max() - fits[1].max()), float(fits.max())


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
_BAND_NAMES = tuple(f"band {i} {what}" for i in range(BANDS) for what in ("level", "spread"))
SOUND_NAMES = (*SOUND_PHRASES, *(f"class {i}" for i in range(12)), *_BAND_NAMES)


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
    """Measures in the order of `SOUND_NAMES`, [74].

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
    in_order = in_key(found)[:, :12].mean(axis=0)
    return np.nan_to_num(np.concatenate([named, in_order, bands]))


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
