"""Folds of an avatar's skin: what a shape pushes together sinks in along a line, with soft banks beside it.

Lines are laid out in the plane of the features for the subject's left and mirrored. Places follow the form; depths and
widths are our own choice by eye, as wide as the net can hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from emogen.training.avatars_sculpt import Form, eye_centre, gradient

#: Bank beside a valley: its height against the depth, and how much wider it reaches.
BANK, WIDER = 0.45, 2.2


@dataclass(frozen=True)
class Fold:
    """One fold of the left half.

    Attributes:
        line: Places (x, y) in the plane (cm).
        depth: At its middle, cm.
        width: Of the valley, cm.
        shapes: ARKit shape without its side -> share of the depth at 1.
    """

    line: tuple[tuple[float, float], ...]
    depth: float
    width: float
    shapes: dict[str, float]


def folds(form: Form, mouth: float) -> tuple[Fold, ...]:
    """The folds of a face; `mouth` is the height of the line where the lips meet (cm)."""
    e, n, w = form.eye, form.nose, form.nose * form.nose_width
    corner = 2.12 * form.mouth
    return (
        Fold(((0.50, 1.0 * e), (0.42, 2.2 * e), (0.72, 3.5 * e)), 0.26, 0.26, {"browDown": 1.0}),
        Fold(((0.9, 1.5 * e), (1.9, 1.65 * e), (3.2, 1.85 * e)), 0.20, 0.36, {"browDown": 0.8}),
        Fold(((0.0, 0.75), (0.8, 0.55)), 0.16, 0.24, {"noseSneer": 0.6, "browDown": 0.25}),
        Fold(((0.0, -0.1), (0.8, -0.35)), 0.14, 0.24, {"noseSneer": 0.6}),
        Fold(((0.75, 0.5), (1.15, -0.5), (1.35, -1.5 * n)), 0.18, 0.26, {"noseSneer": 1.0}),
        Fold(
            ((1.35 * w, -3.0 * n), (2.35, -4.4 * n), (corner + 0.65, mouth + 0.5), (corner + 0.75, mouth - 0.7)),
            0.30, 0.36, {"noseSneer": 0.9, "mouthUpperUp": 0.55, "mouthSmile": 0.5, "mouthStretch": 0.3},
        ),
        Fold(((0.0, 4.0 * e), (1.6, 4.05 * e), (3.2, 4.0 * e)), 0.14, 0.26, {"browInnerUp": 0.5, "browOuterUp": 0.35}),
        Fold(((0.0, 4.9 * e), (1.5, 5.0 * e), (3.0, 4.9 * e)), 0.12, 0.26, {"browInnerUp": 0.5, "browOuterUp": 0.35}),
        Fold(((corner + 0.2, mouth + 0.1), (corner + 0.55, mouth - 1.1)), 0.24, 0.28, {"mouthFrown": 0.9}),
        Fold(((0.0, mouth - 1.75), (1.0, mouth - 1.7)), 0.20, 0.34, {"mouthShrugLower": 1.0}),
        Fold(((eye_centre(form)[0] - 1.5, -1.5 * e), (eye_centre(form)[0] + 1.2, -1.45 * e)), 0.16, 0.26,
             {"cheekSquint": 0.8, "eyeSquint": 0.4}),
    )  # fmt: skip


def lines(form: Form, mouth: float) -> np.ndarray:
    """Dense places of all folds, [n, 2], where a net should be finer."""
    return np.concatenate([_dense(fold.line) for fold in folds(form, mouth)])


def sink(
    form: Form, mouth: float, points: np.ndarray, plane: np.ndarray, free: np.ndarray, out: dict[str, np.ndarray]
) -> None:
    """Adds the folds to shapes [V, 3], in place.

    Args:
        form: The head's.
        mouth: Height of the line where the lips meet (cm).
        points: [V, 3] of the skin at rest.
        plane: [V, 2] the same in the plane of the features.
        free: [V] how much of a fold each point takes, 0..1 (lids and lips none).
        out: ARKit name -> displacement.
    """
    front = np.flatnonzero((points[:, 2] > 2) & (free > 0))
    inwards = -gradient(points[front], form)
    for side, name in ((1.0, "Left"), (-1.0, "Right")):
        for fold in folds(form, mouth):
            line = _dense(fold.line) * [side, 1]
            away, at = cKDTree(line).query(plane[front])
            t = at / (len(line) - 1)
            middle = fold.line[0][0] == 0.0
            taper = np.sin(np.pi * np.clip((0.5 + 0.45 * t) if middle else (0.1 + 0.8 * t), 0, 1)) ** 0.7
            x = away / fold.width
            valley = np.exp(-(x**2)) - BANK * np.exp(-((x / WIDER) ** 2))
            # On the midline both halves meet: each gives its own side.
            own = np.clip(0.5 + side * plane[front, 0] / 0.2, 0, 1) if middle else 1.0
            depth = fold.depth * valley * taper * own * free[front]
            for shape, share in fold.shapes.items():
                key = f"{shape}{name}" if f"{shape}{name}" in out else shape
                out[key][front] += share * depth[:, None] * inwards


def _dense(line: tuple[tuple[float, float], ...]) -> np.ndarray:
    knots = np.array(line)
    t = np.linspace(0, len(knots) - 1, 60)
    out = np.column_stack([np.interp(t, np.arange(len(knots)), knots[:, k]) for k in (0, 1)])
    for _ in range(4):
        out[1:-1] = 0.5 * out[1:-1] + 0.25 * (out[:-2] + out[2:])
    return out
