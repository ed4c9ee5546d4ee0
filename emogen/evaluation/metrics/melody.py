"""Melodies: how much of a tune is still there in another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, numbers

#: Semitones -> steps of a staff, an octave aside: a minor and a major third are both two steps, whatever the mode.
STAFF_STEPS = np.array([0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6])
GRID = 4  # onsets are compared in sixteenths
INTERVAL, RHYTHM = 0.5, 0.5  # what each costs where it differs


def tune_similarity(truth: ArrayLike, found: ArrayLike) -> float:
    """Likeness of two melodies, 0..1, more is more alike: 1 - the edit distance of their moves over the longer one.

    A move is the interval to the next note in steps of the staff, so that a change of mode or octave is none, and the
    time to it in sixteenths. A move added or left out costs 1, one changed 0.5 for its interval and 0.5 for its time.
    Source: own definition after Mongeau & Sankoff 1990, Comparison of musical sequences.

    Args:
        truth: [n >= 2, 2] onset (beats) and MIDI pitch, in order.
        found: [m >= 2, 2] the same.

    Raises:
        InputError: Fewer than two notes, another shape, or nan.
    """
    a, b = _moves("truth", truth), _moves("found", found)
    rest = np.arange(len(b) + 1, dtype=np.float64)
    row = rest.copy()
    for step, time in a:
        changed = row[:-1] + INTERVAL * (b[:, 0] != step) + RHYTHM * (b[:, 1] != time)
        best = np.minimum(row + 1.0, np.concatenate([[np.inf], changed]))
        row = np.minimum.accumulate(best - rest) + rest
    return float(1.0 - row[-1] / max(len(a), len(b)))


def _moves(name: str, notes: ArrayLike) -> Array:
    """[n - 1, 2] steps of the staff up, octaves aside, and sixteenths to the next note."""
    table = numbers(name, notes, 2)
    if len(table) < 2 or table.shape[1] != 2:
        raise InputError(name, f"an array of shape {table.shape}", "Accepted: [2 or more, 2], onset and pitch.")
    move = np.diff(np.round(table * [GRID, 1.0]), axis=0)
    return np.stack([STAFF_STEPS[move[:, 1].astype(np.int64) % 12], move[:, 0]], axis=1)
