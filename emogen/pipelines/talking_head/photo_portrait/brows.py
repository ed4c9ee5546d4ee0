"""Brows that a photo shows frowning or raised -> how far they are from people's brows at rest, and back.

How a person is built and what they express look the same in one picture. So only a part of what lies beyond the usual
is taken back, and a face in the middle of people's stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.optimize import nnls

from emogen.codecs.face import INDEX, both
from emogen.pipelines.talking_head.photo_portrait.shapes import Frame

#: How high the inner, middle and outer brow stand above the eye's corners and how far the brows are apart, in distances
#: between the outer eye corners: median and standard deviation (1.48 x median deviation) of 899 pictures of FER+ that
#: at least 70 % of the raters call neutral.
USUAL = np.array([0.233, 0.269, 0.170, 0.321])
SPREAD = np.array([0.035, 0.037, 0.027, 0.026])
#: Points of the brow over corners of the eye, of the subject's left and right.
OVER = (
    (((285, 336), (362,)), ((55, 107), (133,))),
    (((295, 296, 282, 334), (362, 263)), ((65, 66, 52, 105), (133, 33))),
    (((276, 300), (263,)), ((46, 70), (33,))),
)
INNER_ENDS = (55, 285)
#: Within this many standard deviations brows are at rest; of what is beyond, this share is taken to be expression: in
#: FER+ brows of the angry stand .8 lower and those of the surprised 1.6 higher than those of the neutral (own choice).
WITHIN, SHARE = 0.4, 0.7
#: Upright wrinkles between the brows say more than their height: from and to this contrast (standard deviation of log
#: brightness across them; .004 to .009 in smooth faces, .014 to .018 in frowning ones at hand), brows are taken to be
#: lowered by up to this many standard deviations (own, by eye).
FURROW, FURROWED = (0.008, 0.017), np.array([1.5, 1.3, 0.9, 0.4])
#: The patch between the brows that is searched, and what counts as a wrinkle there: widths in eye-corner distances.
PATCH, WRINKLE = (0.11, 0.10), (0.007, 0.037)
#: Amplitudes below this are not worth a change (own).
LEAST = 0.10
#: Shapes that say what brows do.
SHAPES = (tuple(both("browDown")), (INDEX["browInnerUp"],), tuple(both("browOuterUp")))
#: Lines whose wrinkles go with each: (landmarks, width in eye-corner distances).
BETWEEN = (((107, 55, 193), 0.05), ((336, 285, 417), 0.05), ((9, 8, 168), 0.07))
FOREHEAD = (((104, 69, 108, 151, 337, 299, 333), 0.10), ((103, 67, 109, 10, 338, 297, 332), 0.10))


@dataclass(frozen=True, eq=False)
class Brows:
    """What a photo's brows do beyond rest: `down`, `inner` and `outer` up as amplitudes of shapes, 0..1."""

    down: float
    inner: float
    outer: float

    @property
    def needed(self) -> bool:
        """Whether there is something to take back."""
        return max(self.down, self.inner, self.outer) >= LEAST

    @property
    def lines(self) -> list[tuple[tuple[int, ...], float, float]]:
        """Where wrinkles have to go: (landmarks, width, share)."""
        raised = max(self.inner, self.outer)
        return [(line, width, min(1.0, 4 * self.down)) for line, width in BETWEEN if self.down >= LEAST] + [
            (line, width, min(1.0, 2 * raised)) for line, width in FOREHEAD if raised >= LEAST
        ]

    def told(self) -> str:
        """What is done, for a note."""
        return "brows were relaxed" if self.down >= max(self.inner, self.outer) else "brows were lowered"

    def move(self, shapes: np.ndarray) -> np.ndarray:
        """The way back for the landmarks, [468, 2] pixels; `shapes` [61, 468, 2]."""
        amounts = (self.down, self.inner, self.outer)
        return -sum(a * shapes[list(columns)].sum(0) for a, columns in zip(amounts, SHAPES, strict=True))  # type: ignore[return-value]


def brows(picture: np.ndarray, points: np.ndarray, frame: Frame, shapes: np.ndarray, *, glasses: bool = False) -> Brows:
    """What the brows of a face do; `points` [478, 3] pixels, `shapes` [61, 468, 2] its displacements.

    The rim of `glasses` looks like wrinkles, which then do not count.
    """
    flat, turned = points[:468, :2], (points[:468] - points[168]) @ frame.rotation / frame.scale
    away = (_measured(turned[:, :2]) - USUAL) / SPREAD
    beyond = SHARE * np.sign(away) * np.maximum(np.abs(away) - WITHIN, 0)
    low, high = FURROW
    furrowed = float(np.clip((furrow(picture, flat, frame) - low) / (high - low), 0, 1)) * float(
        away[0] < 0 and not glasses
    )
    beyond = np.where(away < WITHIN, np.minimum(beyond, -furrowed * FURROWED), beyond)
    axes = np.linalg.inv(np.stack([frame.right, frame.down], axis=1)).T / frame.scale
    rest = _measured((flat - flat[168]) @ axes)
    effect = [
        (_measured((flat - flat[168] + shapes[list(columns)].sum(0)) @ axes) - rest) / SPREAD for columns in SHAPES
    ]
    # A little of each amplitude costs something, so that two do not work against each other.
    rows = np.concatenate([np.column_stack(effect), 0.25 * np.eye(len(SHAPES))])
    found = np.clip(nnls(rows, np.concatenate([beyond, np.zeros(len(SHAPES))]))[0], 0, 1)
    return Brows(*(float(v) if v >= LEAST else 0.0 for v in found))


def furrow(picture: np.ndarray, flat: np.ndarray, frame: Frame) -> float:
    """Contrast of upright wrinkles between the brows; `flat` [468, 2] pixels of `picture`."""
    middle, (wide, high) = flat[list(INNER_ENDS)].mean(0), PATCH
    across, along = np.linspace(-wide, wide, 61), np.linspace(-high, high, 41)
    at = middle + frame.scale * (across[None, :, None] * frame.right + along[:, None, None] * frame.down)
    light = np.log(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) + 8)
    line = cv2.remap(light, at.astype(np.float32), None, cv2.INTER_LINEAR).mean(axis=0, keepdims=True)
    step = 2 * wide / (len(across) - 1)
    fine, coarse = (cv2.GaussianBlur(line, (0, 0), width / step)[0] for width in WRINKLE)
    return float((fine - coarse)[8:-8].std())


def _measured(own: np.ndarray) -> np.ndarray:
    """Heights and gap of the brows of points [468, 2] along the face's own axes: [4]."""
    heights = [np.mean([own[list(eye), 1].mean() - own[list(brow), 1].mean() for brow, eye in sides]) for sides in OVER]
    return np.array([*heights, np.linalg.norm(own[INNER_ENDS[0]] - own[INNER_ENDS[1]])])
