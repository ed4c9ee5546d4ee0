"""Whether notes are music: pitch classes, scale, groove, polyphony, repetition, and what was copied.

Notes are arrays: onsets and ends in beats (quarter notes), MIDI pitches. None of these figures is better when it is
higher or lower: it is to lie where that of real pieces lies.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, numbers, pair
from emogen.evaluation.metrics.music import BAR_BINS, pitch_class_histogram

#: Semitones of a major scale over its tonic; a natural minor one is the same set of another tonic.
DIATONIC = (0, 2, 4, 5, 7, 9, 11)
STEPS_PER_BEAT = 4  # sixteenth notes, at which polyphony is counted


def pitch_class_entropy(pitches: ArrayLike) -> float:
    """Entropy of the histogram of pitch classes, 0 (one class) .. log2 12 = 3.58 bits.

    Source: Wu & Yang 2020, The Jazz Transformer on the front line (arXiv:2008.01307), H1 over a whole piece.

    Args:
        pitches: [n] MIDI pitches.

    Raises:
        InputError: As in `pitch_class_histogram`.
    """
    shares = pitch_class_histogram(pitches)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


def scale_consistency(pitches: ArrayLike) -> float:
    """Largest part of the notes that lie in one major or natural minor scale, 7/12..1.

    Source: Mogren 2016, C-RNN-GAN (arXiv:1611.09904), scale consistency.

    Args:
        pitches: [n] MIDI pitches.

    Raises:
        InputError: As in `pitch_class_histogram`.
    """
    shares = pitch_class_histogram(pitches)
    return float(max(shares[(np.array(DIATONIC) + tonic) % 12].sum() for tonic in range(12)))


def groove_consistency(onsets: ArrayLike, beats_per_bar: float = 4.0) -> float:
    """Likeness of the rhythms of neighbouring bars, 0..1.

    1 less the part of the 16 places of a bar in which one bar has an onset and the next has none, mean over bars; a
    piece of one bar counts 1. Source: grooving pattern similarity, Wu & Yang 2020 (arXiv:2008.01307), over
    neighbours as in MusPy (Dong et al. 2020, arXiv:2008.01951).

    Args:
        onsets: [n] in beats from the start of a bar.
        beats_per_bar: Above 0.

    Raises:
        InputError: Empty, nan, or a bar out of range.
    """
    grid = _bars(onsets, beats_per_bar)
    return float(1.0 - np.abs(np.diff(grid, axis=0)).mean()) if len(grid) > 1 else 1.0


def _bars(onsets: ArrayLike, beats_per_bar: float) -> Array:
    """Whether something begins, [bars, 16]."""
    at = numbers("onsets", onsets, 1)
    if not 0.0 < beats_per_bar < np.inf or at.min() < 0.0:
        raise InputError("onsets", f"{at.min():g} in bars of {beats_per_bar}", "Give onsets from 0, a bar above 0.")
    place = np.round(at / beats_per_bar * BAR_BINS).astype(np.int64)
    grid = np.zeros((place.max() // BAR_BINS + 1) * BAR_BINS)
    grid[place] = 1.0
    return grid.reshape(-1, BAR_BINS)


def polyphony(onsets: ArrayLike, ends: ArrayLike) -> float:
    """Notes that sound at once where any sounds, 1.., at sixteenth notes.

    Source: MusPy (Dong et al. 2020, arXiv:2008.01951), polyphony.

    Args:
        onsets: [n] in beats, 0 or more.
        ends: [n] in beats, after the onsets.

    Raises:
        InputError: Shapes differ, empty, nan, or a note that ends before it begins.
    """
    a, b = pair(onsets, ends, 1, ("onsets", "ends"))
    if (b < a).any() or a.min() < 0.0:
        raise InputError("notes", "one that ends before it begins", "Give ends after onsets, from 0.")
    first = np.round(a * STEPS_PER_BEAT).astype(np.int64)
    last = np.maximum(first + 1, np.round(b * STEPS_PER_BEAT).astype(np.int64))
    change = np.zeros(last.max() + 1)
    np.add.at(change, first, 1.0)
    np.add.at(change, last, -1.0)
    sounding = np.cumsum(change)[:-1]
    return float(sounding[sounding > 0].mean())


def repetition(onsets: ArrayLike, pitches: ArrayLike, beats_per_bar: float = 4.0) -> float:
    """How far bars come again: mean over bars of the largest likeness with any bar two or more before it, 0..1.

    Likeness of two bars is the part of their notes (place in the bar and pitch class) that they share (Jaccard). Bars
    without notes, and the first two, are left out; a piece of fewer counts 0. Source: own definition, in place of the
    structureness indicators of Wu & Yang 2020, which need sound.

    Args:
        onsets: [n] in beats from the start of a bar.
        pitches: [n] MIDI pitches.
        beats_per_bar: Above 0.

    Raises:
        InputError: Shapes differ, empty, nan, or a bar out of range.
    """
    at, notes = pair(onsets, pitches, 1, ("onsets", "pitches"))
    if not 0.0 < beats_per_bar < np.inf:
        raise InputError("beats_per_bar", f"{beats_per_bar}", "Give a bar above 0.")
    bars: dict[int, set[tuple[int, int]]] = {}
    for place, note in zip(np.round(at / beats_per_bar * BAR_BINS).astype(int), notes.astype(int), strict=True):
        bars.setdefault(place // BAR_BINS, set()).add((place % BAR_BINS, note % 12))
    best = [
        max(len(here & bars[j]) / len(here | bars[j]) for j in bars if j <= i - 2)
        for i, here in bars.items()
        if any(j <= i - 2 for j in bars)
    ]
    return float(np.mean(best)) if best else 0.0


def longest_shared_run(symbols: Sequence[Hashable], others: Sequence[Sequence[Hashable]]) -> tuple[int, int]:
    """The longest run of symbols that also stands in one of the others: its length, and in which (-1: none).

    For melodies take intervals between neighbouring notes, alone or with the time between them: then it is the longest
    tune that both have, whatever the key; n intervals are n + 1 notes. Source: own definition.

    Args:
        symbols: [n] e.g. of what was generated.
        others: Of the pieces that were learnt from.
    """
    low, high, where = 0, len(symbols), -1
    while low < high:  # a shared run of n holds one of n - 1
        length = (low + high + 1) // 2
        own = {tuple(symbols[i : i + length]) for i in range(len(symbols) - length + 1)}
        found = next(
            (k for k, o in enumerate(others) if any(tuple(o[i : i + length]) in own for i in range(len(o) - length + 1))),
            -1,
        )
        if found < 0:
            high = length - 1
        else:
            low, where = length, found
    return low, where
