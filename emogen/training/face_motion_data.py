"""Fitted clips -> what the diffusion of expression learns: deviations from an eased step of the emotion's mean face.

In PEDFE a clip goes from rest to the height of one expression and stays there. Its course is split in two: a step that
is eased as `ExpressionRules` eases (start, time constant and strength fitted to the clip), times the mean face of the
emotion; and the rest, which is learnt: what lags, leans, swells and comes along.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.emotion import BASIC
from emogen.pipelines.talking_head.expression import eased
from emogen.pipelines.talking_head.expressive import COLUMNS, FPS, MOVED, PAIRED, SHAPES
from emogen.training.face_points import Clip, PointFit, fitted_curves

Array = NDArray[np.float64]
#: Subjects whose clips choose the checkpoint, and those that only figures are made from: every 7th, from the 3rd and
#: from the 6th, of the subjects in order of their numbers.
VALIDATION_FROM, TEST_FROM, EVERY = 2, 5, 7
#: Time constants (s) tried for a clip's rise: 0.05 s rises within 0.2 s, 0.6 s within 2 s.
TAUS = (0.05, 0.08, 0.12, 0.17, 0.23, 0.3, 0.4, 0.6)
#: This share of an emotion's clips is fainter than what counts as a clear expression (intensity 1).
CLEAR = 0.8
STRENGTHS = (0.15, 1.3)
SLOWER = 1.5  # how much longer an offset lasts than an onset
SHORTEST = 20  # frames of a clip that is learnt from
LAST = 0.35  # share of a clip that counts as its height when the mean faces are first guessed


@dataclass(frozen=True, eq=False)
class Course:
    """A clip as the diffusion sees it.

    Attributes:
        clip: Where it is from.
        curves: Fitted [T, C], over `MOVED`.
        strength: How strong next to a clear expression of its emotion.
        start_s: When it begins to rise.
        tau_s: Time constant of the rise.
        step: Eased 0..1 course of the feeling [T].
        deviation: curves - strength * step * mean face [T, C].
    """

    clip: Clip
    curves: Array
    strength: float
    start_s: float
    tau_s: float
    step: Array
    deviation: Array

    @property
    def felt(self) -> Array:
        """Eased amplitudes of the six basic emotions [T, 6]."""
        return np.outer(self.strength * self.step, np.eye(len(BASIC))[BASIC.index(self.clip.emotion)])


def split(clips: Sequence[Clip]) -> dict[str, str]:
    """Subject -> "train", "validation" or "test"."""
    people = sorted({c.subject for c in clips}, key=lambda s: (len(s), s))
    kinds = {VALIDATION_FROM: "validation", TEST_FROM: "test"}
    return {s: kinds.get(i % EVERY, "train") for i, s in enumerate(people)}


def steps_of(frames: int) -> tuple[Array, list[tuple[float, float]]]:
    """All steps that a clip is compared with: courses [n, T], and (start in s, time constant in s) of each."""
    rows, names = [], []
    for first in range(0, max(1, frames - 5), 2):
        plain = np.zeros(frames + 1)
        plain[first + 1 :] = 1.0
        for tau in TAUS:
            rows.append(eased(plain, tau, FPS)[1:])
            names.append((first / FPS, tau))
    return np.stack(rows), names


def best_step(activation: Array) -> tuple[float, float, float, Array]:
    """Strength, start (s), time constant (s) and course [T] of the eased step nearest to an activation [T]."""
    courses, names = steps_of(len(activation))
    power = (courses**2).sum(axis=1) + 1e-9
    along = courses @ activation
    gain = np.where(along > 0, along**2 / power, 0.0)
    best = int(gain.argmax())
    return float(max(along[best], 0.0) / power[best]), *names[best], courses[best]


def courses(clips: Sequence[Clip], fit: PointFit) -> tuple[list[Course], Array]:
    """Every clip that is long enough, and the mean face of each emotion at intensity 1 [6, C].

    Mean faces are those of the training's subjects alone.
    """
    kinds = split(clips)
    found = [(c, fitted_curves(c, fit)[:, COLUMNS]) for c in clips]
    found = [(c, x) for c, x in found if len(x) >= SHORTEST]
    learnt: dict[str, list[Array]] = defaultdict(list)
    for c, x in found:
        if kinds[c.subject] == "train":
            learnt[c.emotion].append(x)
    faces = np.stack([np.mean([x[-round(LAST * len(x)) :].mean(axis=0) for x in learnt[e]], axis=0) for e in BASIC])
    for _ in range(2):
        fitted = [best_step(activation(x, faces[BASIC.index(c.emotion)])) for c, x in found]
        faces = _refined(found, fitted, kinds, faces)
    out = []
    for (c, x), (strength, start, tau, step) in zip(found, fitted, strict=True):
        strength = float(np.clip(strength, *STRENGTHS))
        face = faces[BASIC.index(c.emotion)]
        out.append(Course(c, x, strength, start, tau, step, x - strength * np.outer(step, face)))
    return out, faces


def activation(curves: Array, face: Array) -> Array:
    """How far curves [T, C] go along a mean face [C], in shapes alone: [T]."""
    shapes = face[:SHAPES]
    return np.asarray(curves[:, :SHAPES] @ shapes / (shapes @ shapes))


def _refined(found: Sequence[tuple[Clip, Array]], fitted: Sequence[tuple[float, float, float, Array]],
             kinds: dict[str, str], faces: Array) -> Array:
    """Mean faces that explain the courses best, scaled so that strength 1 is a clear expression."""
    new = np.zeros_like(faces)
    for i, emotion in enumerate(BASIC):
        own = [(x, strength * step, strength) for (c, x), (strength, _, _, step) in zip(found, fitted, strict=True)
               if c.emotion == emotion and kinds[c.subject] == "train"]  # fmt: skip
        power = sum(float(course @ course) for _, course, _ in own) + 1e-9
        face = np.sum([course @ x for x, course, _ in own], axis=0) / power
        new[i] = face * float(np.quantile([strength for *_, strength in own], CLEAR))
    return new


def mirrored(deviation: Array) -> Array:
    """The same movement on the other side of the face [T, C]."""
    out = deviation.copy()
    for i in range(len(PAIRED)):
        out[:, [2 * i, 2 * i + 1]] = deviation[:, [2 * i + 1, 2 * i]]
    for name in ("headYaw", "headRoll"):
        out[:, MOVED.index(name)] *= -1
    return out


def released(course: Course, face: Array) -> Course:
    """The same clip backwards, half as long again: a face that comes to rest, as no clip of the pack shows.

    Offsets last longer than onsets (facts 3.6); that they are else alike is own assumption.
    """
    at = np.linspace(len(course.curves) - 1, 0, round(SLOWER * len(course.curves)))
    low = np.minimum(at.astype(int), len(course.curves) - 2)
    part = (at - low)[:, None]
    curves = (1 - part) * course.curves[low] + part * course.curves[low + 1]
    gone, start, tau, step = best_step(np.maximum(course.strength - activation(curves, face), 0.0))
    step = 1.0 - min(gone / course.strength, 1.0) * step
    return Course(course.clip, curves, course.strength, start, tau, step, curves - course.strength * np.outer(step, face))


def rises(found: Sequence[Course], kinds: dict[str, str]) -> tuple[float, ...]:
    """Median time constant (s) of each basic emotion's rise over the training's clips of at least half strength."""
    return tuple(
        float(np.median([c.tau_s for c in found if c.clip.emotion == e and c.strength > 0.5 and kinds[c.clip.subject] == "train"]))
        for e in BASIC
    )

