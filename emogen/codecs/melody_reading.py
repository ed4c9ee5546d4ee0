"""Notes on a grid of beats -> which of them are the melody: by the name of a track, by how a track moves, or note by note.

Note by note, each note's chance of being sung is logistic in how it stands among its neighbours; the likeliest line is
found by dynamic programming over the onsets: the skyline, with leaps and silences weighed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Words in the names of tracks that carry the tune, the surest first; own assumption, from what sequencers write.
NAMES = ("melody", "melodie", "vocal", "voice", "vox", "sing", "lead", "tune", "solo", "theme")
STEPS_PER_BEAT = 4
#: What the features of `_features` count in the chance that a note is sung, and the constant: logistic regression
#: over the notes of POP909's training songs, its three tracks in one, against its tune and its second voice; the
#: constant is raised by 0.7, where the F1 of the training songs is best.
WEIGHTS = np.array([-0.56, 0.67, 2.61, -0.30, 0.79, 1.66])
BIAS = -0.9
#: The same of `_movement` in the chance that a track is the tune.
TRACK_WEIGHTS = np.array([2.7, 5.0, 7.5, 4.7, 4.5, -5.5])
LEAP = 0.05  # what each semitone between neighbours in the line costs (nats), own fit to POP909's training songs
KEPT = 8  # lines that are followed at once
FAR = 12.0  # leaps beyond an octave cost no more
AROUND_BEATS = 4


def named_melody(names: Sequence[str]) -> int | None:
    """Which track says that it carries the tune; None where none does."""
    for word in NAMES:
        for number, name in enumerate(names):
            if word in name.lower():
                return number
    return None


def melody_of(notes: Array, tracks: NDArray[np.int64], names: Sequence[str]) -> Mask:
    """Which notes are the melody: at most one an onset.

    Args:
        notes: [n, 4] start and end (beats), pitch, velocity; by start.
        tracks: [n] the track of each.
        names: Of the tracks.
    """
    chance = _chances(notes)
    there = sorted(set(tracks.tolist()))
    named = named_melody([names[k] for k in there])
    if named is not None:
        among = tracks == there[named]
    elif len(there) > 1:
        among = tracks == _likeliest(chance, notes, tracks, there)
    else:
        among = np.ones(len(notes), dtype=bool)
    if _is_line(notes[among]):
        return _line(notes, among, np.where(among, 10.0, -10.0))
    return _line(notes, among, chance + (4.0 if named is not None or not among.all() else 0.0))


def _is_line(notes: Array) -> bool:
    """Whether hardly two notes begin together: one voice, whatever its notes look like."""
    steps = np.round(notes[:, 0] * STEPS_PER_BEAT)
    return len(np.unique(steps)) > 0.95 * len(steps)


def _likeliest(chance: Array, notes: Array, tracks: NDArray[np.int64], there: Sequence[int]) -> int:
    """The track that most moves as a sung tune does."""
    bars = len(np.unique(notes[:, 0] // 4))
    scores = [float(_movement(chance[own], notes[own], bars) @ TRACK_WEIGHTS) for own in (tracks == k for k in there)]
    return there[int(np.argmax(scores))]


def _movement(chance: Array, notes: Array, bars: int) -> Array:
    """How a track moves, [6].

    The mean chance of its notes, the share of `bars` in which it plays, onsets a note, the shares of repeated notes and
    of moves up to two semitones, and the spread of its pitches (half octaves, at most 2).
    """
    step = np.round(notes[:, 0] * STEPS_PER_BEAT).astype(np.int64)
    first = np.flatnonzero(np.diff(step, prepend=-1))
    top = np.maximum.reduceat(notes[:, 2], first)
    moves = np.abs(np.diff(top)) if len(top) > 1 else np.full(1, 12.0)
    sung = float((1.0 / (1.0 + np.exp(-chance))).mean())
    there = len(np.unique(notes[:, 0] // 4)) / bars
    compass = min(float(top.std()) / 6.0, 2.0)
    return np.array([sung, there, len(first) / len(notes), (moves == 0).mean(), (moves <= 2).mean(), compass])


def _chances(notes: Array) -> Array:
    """Logits of being sung [n]."""
    return np.asarray(_features(notes) @ WEIGHTS + BIAS)


def _features(notes: Array) -> Array:
    """How each note stands among the others, [n, 6]."""
    start, end, pitch, velocity = notes.T
    step = np.round(start * STEPS_PER_BEAT).astype(np.int64)
    count = int(step.max()) + 1
    highest, sounding = np.zeros(count), np.zeros(count)
    np.maximum.at(highest, step, pitch)
    length = np.clip(np.round((end - start) * STEPS_PER_BEAT), 1, 2 * STEPS_PER_BEAT).astype(np.int64)
    for k in range(2 * STEPS_PER_BEAT):
        there = (length > k) & (step + k < count)
        np.maximum.at(sounding, step[there] + k, pitch[there])
    lower = np.full(count, -np.inf)
    second = pitch < highest[step]
    np.maximum.at(lower, step[second], pitch[second])
    gap = np.where(np.isfinite(lower[step]), np.minimum(highest[step] - lower[step], 12.0), 12.0)
    reach = AROUND_BEATS * STEPS_PER_BEAT
    first, last = np.searchsorted(step, step - reach), np.searchsorted(step, step + reach, side="right")
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(notes[:, 2:], axis=0)])
    mean = (sums[last] - sums[first]) / (last - first)[:, None]
    beat = np.maximum.reduceat(pitch, edges := np.flatnonzero(np.diff(step // reach, prepend=-1)))
    tops = np.zeros(int(step.max()) // reach + 3)
    tops[step[edges] // reach + 1] = beat
    around = np.maximum.reduce([tops[step // reach + k] for k in range(3)])
    return np.stack(
        [
            pitch == highest[step],
            pitch >= sounding[step],
            (pitch - mean[:, 0]) / 12.0,
            (around - pitch) / 12.0,
            (velocity - mean[:, 1]) / 16.0,
            gap / 12.0 * (pitch == highest[step]),
        ],
        axis=1,
    )


def _line(notes: Array, among: Mask, chance: Array) -> Mask:
    """The likeliest line: at most one note of each sixteenth, leaps weighed, [n]."""
    step = np.round(notes[:, 0] * STEPS_PER_BEAT).astype(np.int64)
    found = np.zeros(len(notes), dtype=bool)
    candidates = np.flatnonzero(among)
    if not len(candidates):
        return found
    groups = np.split(candidates, np.flatnonzero(np.diff(step[candidates])) + 1)
    # States of one onset: each of its notes, or silence after each of the line's last notes (kept as the best one)
    pitch: Array = np.array([0.0])
    score: Array = np.array([0.0])
    history: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for group in groups:
        leaps = np.minimum(np.abs(notes[group, 2][:, None] - pitch[None]), FAR) * (pitch[None] > 0)
        options = score[None] - LEAP * leaps
        best = options.argmax(axis=1)
        sung = options[np.arange(len(group)), best] + chance[group]
        # Silence keeps the line where it was: as many states as before, the worst dropped
        keep = np.argsort(-score, kind="stable")[:KEPT]
        history.append((np.concatenate([group, np.full(len(keep), -1)]), np.concatenate([best, keep])))
        pitch = np.concatenate([notes[group, 2], pitch[keep]])
        score = np.concatenate([sung, score[keep]])
        score -= score.max()
    state = int(score.argmax())
    for which, back in reversed(history):
        if which[state] >= 0:
            found[which[state]] = True
        state = int(back[state])
    return found
