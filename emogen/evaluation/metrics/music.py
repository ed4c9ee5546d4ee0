"""Music: whether mode, key and tempo came as asked, and how alike two pieces are in pitch classes and rhythm."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from emogen.errors import InputError
from emogen.evaluation.metrics.checks import Array, items, numbers, pair, same_length
from emogen.evaluation.metrics.distributions import intersection
from emogen.evaluation.metrics.labels import accuracy

TEMPO_TOLERANCE = 0.04  # Gouyon et al. 2006; MIREX takes 0.08
OCTAVES = (1.0, 2.0, 3.0, 1.0 / 2.0, 1.0 / 3.0)  # Gouyon et al. 2006, accuracy 2: what may pass for the same tempo
BAR_BINS = 16  # places in a bar that `onset_histogram` tells apart: sixteenth notes of 4/4

_KEY = re.compile(r"\s*([A-Ga-g])([#b\u266f\u266d]?)\s*(m|min|minor|maj|major)?\s*")
_TONIC = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FIFTH, _RELATIVE, _PARALLEL = 0.5, 0.3, 0.2  # MIREX Audio Key Detection


def key(name: str) -> tuple[int, str]:
    """A key -> (pitch class of its tonic, 0 = C, "major" or "minor"). Reads "F#m", "Bb", "C# minor", "d minor".

    Raises:
        InputError: It is no major or minor key.
    """
    found = _KEY.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        raise InputError("key", f"{name!r}", 'Give "C", "F#m" or "Eb minor".')
    tonic, sign, mode = found.groups()
    step = {"#": 1, "\u266f": 1, "b": -1, "\u266d": -1, "": 0}[sign]
    return (_TONIC[tonic.upper()] + step) % 12, "minor" if mode in ("m", "min", "minor") else "major"


def key_score(truth: str, found: str) -> float:
    """MIREX weighted score of one key, 0..1, more is better.

    1 the same key (however it is spelt), 0.5 a fifth above, 0.3 the relative, 0.2 the parallel key, else 0. As in
    mir_eval, a fifth below (a fourth above) counts 0. Source: MIREX Audio Key Detection; mir_eval.key.

    Raises:
        InputError: A key that is none.
    """
    (a, mode_a), (b, mode_b) = key(truth), key(found)
    up = (b - a) % 12
    if mode_a == mode_b:
        return 1.0 if up == 0 else _FIFTH if up == 7 else 0.0
    if up == (9 if mode_a == "major" else 3):
        return _RELATIVE
    return _PARALLEL if up == 0 else 0.0


def key_match(truth: Sequence[str], found: Sequence[str]) -> float:
    """Mean `key_score` over pieces, 0..1, more is better.

    Raises:
        InputError: Lengths differ, no keys, or a key that is none.
    """
    a, b = items("truth", truth), items("found", found)
    same_length(("truth", "found"), a, b)
    return float(np.mean([key_score(str(x), str(y)) for x, y in zip(a, b, strict=True)]))


def mode_accuracy(asked: Sequence[str], found: Sequence[str]) -> float:
    """Part of the pieces in the mode asked for, 0..1, more is better; chance is 0.5.

    Source: own definition (control accuracy of the mode).

    Args:
        asked: [n] "major", "minor", or keys.
        found: [n] the same, as a recogniser of keys heard them.

    Raises:
        InputError: Lengths differ, no items, or something that is no mode and no key.
    """
    return accuracy([_mode(x) for x in items("asked", asked)], [_mode(x) for x in items("found", found)])


def tempo_accuracy(
    truth: ArrayLike, found: ArrayLike, tolerance: float = TEMPO_TOLERANCE, octaves: bool = False
) -> float:
    """Part of the pieces whose tempo was met, 0..1, more is better.

    Within `tolerance` of the tempo (accuracy 1), or of its double, triple, half or third as well (accuracy 2).
    Source: Gouyon et al. 2006, An experimental comparison of audio tempo induction algorithms (4 %); MIREX: 8 %.

    Args:
        truth: [n] beats a minute asked for or annotated, above 0.
        found: [n] beats a minute heard, above 0.
        tolerance: Share of the tempo, 0 or more.
        octaves: Whether multiples count.

    Raises:
        InputError: Shapes differ, empty, nan, or a tempo or tolerance out of range.
    """
    a, b = pair(truth, found)
    if a.min() <= 0.0 or b.min() <= 0.0:
        raise InputError("truth and found", f"a tempo of {min(a.min(), b.min()):g}", "Tempi are above 0.")
    if not tolerance >= 0.0:
        raise InputError("tolerance", f"{tolerance}", "Give 0 or more.")
    wanted = a[:, None] * np.array(OCTAVES if octaves else OCTAVES[:1])
    near = np.abs(b[:, None] - wanted) <= tolerance * wanted * (1.0 + 1e-12)
    return float(np.mean(near.any(axis=1)))


def pitch_class_histogram(pitches: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Shares of the 12 pitch classes, [12] from C, summing to 1.

    Args:
        pitches: [n] MIDI pitches, whole numbers.
        weights: [n] e.g. durations, 0 or more; left out: every note counts 1.

    Raises:
        InputError: Empty, nan, lengths differ, pitches that are not whole, or weights that are below 0 or all 0.
    """
    notes = numbers("pitches", pitches, 1)
    if (notes != np.round(notes)).any():
        raise InputError("pitches", "a pitch between two keys", "Give whole MIDI pitches.")
    weight = np.ones(len(notes)) if weights is None else numbers("weights", weights, 1)
    same_length(("pitches", "weights"), notes, weight)
    if (weight < 0.0).any() or not weight.any():
        raise InputError("weights", f"{weight.min():g}..{weight.max():g}", "Give 0 or more, somewhere above 0.")
    counts = np.bincount(notes.astype(np.int64) % 12, weight, minlength=12)
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def onset_histogram(onsets: ArrayLike, beats_per_bar: float = 4.0, bins: int = BAR_BINS) -> Array:
    """Shares of onsets over the places of a bar, [bins] from the first beat, summing to 1; onsets are rounded.

    Args:
        onsets: [n] in beats from the start of a bar.
        beats_per_bar: Above 0.
        bins: Places in a bar, 1 or more.

    Raises:
        InputError: Empty, nan, or a bar or bins out of range.
    """
    at = numbers("onsets", onsets, 1)
    if not 0.0 < beats_per_bar < np.inf or bins < 1 or bins % 1 != 0:
        raise InputError("bar", f"{beats_per_bar} beats in {bins} places", "Give a bar above 0 and 1 place or more.")
    place = np.round(at / beats_per_bar * bins).astype(np.int64) % int(bins)
    return np.asarray(np.bincount(place, minlength=int(bins)) / len(place), dtype=np.float64)


def pitch_class_similarity(truth: ArrayLike, found: ArrayLike) -> float:
    """Likeness of two pieces in the pitch classes they use, 0..1, more is more alike: the part both histograms share.

    Source: own definition on top of `pitch_class_histogram` and `intersection`.

    Args:
        truth: [n] MIDI pitches.
        found: [m] MIDI pitches.

    Raises:
        InputError: As in `pitch_class_histogram`.
    """
    return float(intersection(pitch_class_histogram(truth), pitch_class_histogram(found)))


def onset_similarity(truth: ArrayLike, found: ArrayLike, beats_per_bar: float = 4.0) -> float:
    """Likeness of two rhythms, 0..1, more is more alike: the part that both histograms over the bar share.

    Source: own definition on top of `onset_histogram` and `intersection`.

    Args:
        truth: [n] onsets in beats.
        found: [m] onsets in beats.
        beats_per_bar: Of both, above 0.

    Raises:
        InputError: As in `onset_histogram`.
    """
    return float(intersection(onset_histogram(truth, beats_per_bar), onset_histogram(found, beats_per_bar)))


def note_density(onsets: ArrayLike, duration: float) -> float:
    """Notes per second (or beat: the unit of both arguments), 0... Neither more nor less is better.

    Args:
        onsets: [n] within 0..duration; may be empty.
        duration: Above 0.

    Raises:
        InputError: Nan, a duration that is not above 0, or onsets beyond it.
    """
    if not 0.0 < duration < np.inf:
        raise InputError("duration", f"{duration}", "Give a length above 0.")
    if np.size(onsets) == 0:
        return 0.0
    at = numbers("onsets", onsets, 1)
    if at.min() < 0.0 or at.max() > duration:
        raise InputError("onsets", f"{at.min():g}..{at.max():g}", f"They lie within 0..{duration:g}.")
    return len(at) / duration


def _mode(name: object) -> str:
    return name if isinstance(name, str) and name in ("major", "minor") else key(str(name))[1]
