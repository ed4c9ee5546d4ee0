"""Notes on a grid of beats -> chords: templates for every root and kind, the best path through them by Viterbi.

The likelihood of a half-beat's pitch classes under a chord is multinomial, as in Temperley 2009, A unified
probabilistic model for polyphonic music analysis; changes cost less at a bar's strong places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.lead_sheet import Chord

Array = NDArray[np.float64]

#: Kinds of chord by their semitones over the root, and what each costs against the commonest: minus the logarithm of
#: its share in POP909's training songs over that of major chords.
KINDS: dict[tuple[int, ...], float] = {
    (0, 4, 7): 0.0, (0, 3, 7): 0.4, (0, 2, 7): 2.4, (0, 5, 7): 2.8, (0, 3, 7, 10): 2.0, (0, 4, 7, 11): 2.8,
    (0, 4, 7, 10): 3.0, (0, 3, 6): 4.6, (0, 3, 6, 10): 5.6, (0, 4, 8): 5.8, (0, 3, 6, 9): 7.0,
}  # fmt: skip
#: How much a chord's root, other tones, and every other pitch class sound under it; POP909's training songs.
ROOT, TONE, OTHER = 2.5, 2.0, 0.2
STEPS_PER_BEAT = 2
BASS_ROOT = 1.2  # what the root in the bass is worth (nats), own fit to POP909's training songs
EVIDENCE = 4.0  # what a half-beat's sound counts (notes' worth), the same
#: What a change of chord costs on a bar's first beat, on another even beat, on an odd beat, off the beat; the same.
CHANGES = (1.5, 3.0, 5.0, 9.0)
MELODY = 0.15  # what a melody note counts against one of the accompaniment: it passes and leans

_SHAPES = [(root, kind) for root in range(12) for kind in KINDS]


def chords_of(notes: Array, melody: NDArray[np.bool_], bars: int, beats_per_bar: int) -> tuple[Chord, ...]:
    """The chords under a piece, from beat 0 to the end without gaps.

    Args:
        notes: [n, 3] start and end (beats) and MIDI pitch.
        melody: [n] which of them are the melody.
        bars: How many.
        beats_per_bar: Their length.
    """
    steps = bars * beats_per_bar * STEPS_PER_BEAT
    sounding, bass = _heard(notes, melody, steps)
    path = _path(_fits(sounding, bass), beats_per_bar)
    path = np.where(sounding.sum(axis=1).cumsum() > 0, path, len(_SHAPES))  # before the first note: no chord
    edges = np.flatnonzero(np.diff(path, prepend=-1))
    found = []
    for first, last in zip(edges, [*edges[1:], steps], strict=True):
        root, tones = _SHAPES[path[first]] if path[first] < len(_SHAPES) else (0, ())
        low = np.bincount(bass[first:last][bass[first:last] >= 0], minlength=12)
        lowest = int(low.argmax()) if low.any() else root
        lowest = lowest if (lowest - root) % 12 in tones else root
        found.append(Chord(first / STEPS_PER_BEAT, (last - first) / STEPS_PER_BEAT, root, tones, lowest))
    return tuple(found)


def _heard(notes: Array, melody: NDArray[np.bool_], steps: int) -> tuple[Array, NDArray[np.int64]]:
    """Weights of the pitch classes of each half-beat [steps, 12], and the lowest note's class there, -1 for none."""
    start, end = notes[:, 0] * STEPS_PER_BEAT, notes[:, 1] * STEPS_PER_BEAT
    pitch = notes[:, 2].astype(np.int64)
    # A struck string fades and pedals hold what fingers let go: a note counts for its first two beats
    end = np.clip(end, start + 1.0, start + 2.0 * STEPS_PER_BEAT)
    sounding = np.zeros((steps, 12))
    lowest = np.full(steps, 128)
    counted = np.where(melody, MELODY, 1.0)
    for k in range(2 * STEPS_PER_BEAT + 1):
        at = np.floor(start).astype(np.int64) + k
        share = np.minimum(end, at + 1) - np.maximum(start, at)
        there = (share > 0.1) & (at >= 0) & (at < steps)
        np.add.at(sounding, (at[there], pitch[there] % 12), (share * counted)[there])
        np.minimum.at(lowest, at[there & ~melody], pitch[there & ~melody])
    bass = np.where(lowest < 128, lowest % 12, -1)
    return sounding, bass


def _fits(sounding: Array, bass: NDArray[np.int64]) -> Array:
    """Log likelihood of each half-beat under each chord [steps, roots x kinds]."""
    table = np.full((len(_SHAPES), 12), OTHER)
    roots = np.array([root for root, _ in _SHAPES])
    for row, (root, tones) in zip(table, _SHAPES, strict=True):
        row[[(root + t) % 12 for t in tones]] = TONE
        row[root] = ROOT
    logs = np.log(table / table.sum(axis=1, keepdims=True))
    share = sounding / np.maximum(sounding.sum(axis=1, keepdims=True), 1.0)
    prior = np.array([KINDS[kind] for _, kind in _SHAPES]) / 4.0
    return np.asarray(EVIDENCE * share @ logs.T + BASS_ROOT * (bass[:, None] == roots) - prior)


def _path(fits: Array, beats_per_bar: int) -> NDArray[np.int64]:
    """The best sequence of chords [steps] (Viterbi), where any change at one place costs the same."""
    steps, count = fits.shape
    back = np.zeros((steps, count), dtype=np.int64)
    score = fits[0].copy()
    for k in range(1, steps):
        best = int(score.argmax())
        moved = score[best] - _change(k, beats_per_bar)
        back[k] = np.where(score >= moved, np.arange(count), best)
        score = np.maximum(score, moved) + fits[k]
        score -= score.max()
    path = np.zeros(steps, dtype=np.int64)
    path[-1] = int(score.argmax())
    for k in range(steps - 1, 0, -1):
        path[k - 1] = back[k, path[k]]
    return path


def _change(step: int, beats_per_bar: int) -> float:
    beat, off = divmod(step % (beats_per_bar * STEPS_PER_BEAT), STEPS_PER_BEAT)
    return CHANGES[3] if off else CHANGES[0] if beat == 0 else CHANGES[1] if beat % 2 == 0 else CHANGES[2]
