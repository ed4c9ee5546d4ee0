"""Notes on a grid of beats -> where the bars begin, and how many beats they have where nothing says it.

How a bar's first beat stands out: longer notes, the bass, more notes at once, and above all new harmony (Temperley
2001, The cognition of basic musical structures, chapter 2).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEPS_PER_BEAT = 4
#: What each accent counts in the choice of the beat's first sixteenth, and of the bar's first beat: multinomial
#: logistic regressions over POP909's training songs (the right step in all of them, the right beat in two thirds).
STEP_WEIGHTS = np.array([1.3, 1.84, 2.05, 0.41, 0.0])
BEAT_WEIGHTS = np.array([0.0, 0.14, 0.07, 0.53, 0.98])
WRITTEN = 3.0  # what written beats and bar lines are worth against that (nats); own assumption
TRIPLE = 0.1  # by how much bars of three must repeat better than bars of four, which are commoner; own assumption
#: A bar of more quarter notes than these is read in bars of four; own assumption.
LONGEST_BAR = 12


def beats_in_bar(metre: tuple[int, int]) -> tuple[int, int]:
    """A written metre -> whole quarter notes of a bar here, and how many written bars that takes.

    4/4, 5/4, 3/4 and 6/8 (which lasts as long) stay one bar; two bars of 7/8 are one of seven quarters, two of 2/4
    one of four. What needs more than `LONGEST_BAR` quarters is read in four.

    Args:
        metre: Beats in a bar and the note value of one.
    """
    over, under = metre
    length = Fraction(4 * over, under)
    if Fraction(4) % length == 0:
        return 4, int(4 / length)
    for many in range(1, 5):
        if (many * length).denominator == 1 and 3 <= many * length <= LONGEST_BAR:
            return int(many * length), many
    return 4, 0


def bar_of(found: Array) -> int:
    """Beats in a bar, 3 or 4, by which of them the accents [steps, 5] repeat after."""
    beats = len(found) // STEPS_PER_BEAT
    by_beat = found[: beats * STEPS_PER_BEAT : STEPS_PER_BEAT] @ (STEP_WEIGHTS + BEAT_WEIGHTS)
    x = by_beat - by_beat.mean() if beats else by_beat

    def repeats(lag: int) -> float:
        return float((x[lag:] * x[:-lag]).mean() / max(float((x * x).mean()), 1e-9)) if beats > 2 * lag else 0.0

    return 3 if repeats(3) + repeats(6) > repeats(4) + repeats(8) + TRIPLE else 4


def first_step(found: Array, beats_per_bar: int, written: bool) -> int:
    """The step on which bars begin, 0 .. a bar's steps.

    Args:
        found: [steps, 5] accents.
        beats_per_bar: The bar.
        written: Whether a bar is written to begin at step 0.
    """
    steps = folded(found, STEPS_PER_BEAT) @ STEP_WEIGHTS
    steps[0] += WRITTEN * written
    step = int(steps.argmax())
    beats = folded(found[step:], beats_per_bar * STEPS_PER_BEAT)[::STEPS_PER_BEAT] @ BEAT_WEIGHTS
    beats[0] += WRITTEN * (written and step == 0)
    return step + STEPS_PER_BEAT * int(beats.argmax())


def accents(notes: Array, steps: int) -> Array:
    """How each step stands out, [steps, 5]: notes begun, their lengths, the bass begun, loudness, new harmony.

    Args:
        notes: [n, 4] start and end (beats), pitch, velocity.
        steps: How many, `STEPS_PER_BEAT` a beat.
    """
    start, end, pitch, velocity = notes.T
    step = np.clip(np.round(start * STEPS_PER_BEAT), 0, steps - 1).astype(np.int64)
    length = np.clip(end - start, 0.25, 4.0)
    found = np.zeros((steps, 5))
    np.add.at(found[:, 0], step, 1.0)
    np.maximum.at(found[:, 1], step, length)
    low = pitch <= np.quantile(pitch, 0.3)
    np.maximum.at(found[:, 2], step[low], length[low])
    np.maximum.at(found[:, 3], step, velocity / 127.0)
    chroma = np.zeros((steps + 2 * STEPS_PER_BEAT, 12))
    np.add.at(chroma, (step + STEPS_PER_BEAT, pitch.astype(np.int64) % 12), np.minimum(length, 2.0))
    summed = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0)])
    at = np.arange(steps) + STEPS_PER_BEAT
    after = summed[at + STEPS_PER_BEAT] - summed[at]
    before = summed[at] - summed[at - STEPS_PER_BEAT]
    size = np.maximum(np.linalg.norm(after, axis=1) * np.linalg.norm(before, axis=1), 1e-9)
    found[:, 4] = np.where(found[:, 0] > 0, 1.0 - (after * before).sum(axis=1) / size, 0.0)
    return np.asarray(found / np.maximum(found.mean(axis=0), 1e-9))


def folded(found: Array, steps_per_bar: int) -> Array:
    """The mean accents of each step of the bar, [steps_per_bar, 5]."""
    bars = -(-len(found) // steps_per_bar)
    filled = np.pad(found, ((0, bars * steps_per_bar - len(found)), (0, 0)))
    return np.asarray(filled.reshape(bars, steps_per_bar, -1).mean(axis=0))
