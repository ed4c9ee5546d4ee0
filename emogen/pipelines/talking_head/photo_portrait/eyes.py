"""Lids that come down: skin over the eye, with a line of lashes at its edge."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.face import INDEX
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm

#: (side, upper lid, lower lid, points on the skin of the lid whose colour it takes).
EYES = (
    ("Left", lm.LEFT_LID_UPPER, lm.LEFT_LID_LOWER, (257, 258, 259, 260, 286)),
    ("Right", lm.RIGHT_LID_UPPER, lm.RIGHT_LID_LOWER, (27, 28, 29, 30, 56)),
)
#: A lid in the light of its eye's socket: darker towards the lashes; the lashes' own shade. Own, by eye.
LASH, EDGE_SHADE = 0.45, 0.86
OVERSAMPLE = 3


class Lids:
    """The lids of one face.

    Args:
        picture: Neutral picture, uint8 [h, w, 3].
        points: Neutral landmarks [478, >=2].
        unit: Distance between the outer eye corners, pixels.
    """

    def __init__(self, picture: np.ndarray, points: np.ndarray, unit: float) -> None:
        self.unit = unit
        self.skin = {side: _skin(picture, points, list(skin), unit) for side, _, _, skin in EYES}

    def draw(self, frame: np.ndarray, now: np.ndarray, curves: np.ndarray) -> None:
        """Closes the eyes as far as `eyeBlink` says, in place; `now` [478, 2] are the landmarks of this frame."""
        for side, upper, lower, _ in EYES:
            shut = float(curves[INDEX[f"eyeBlink{side}"]])
            if shut > 0.02:
                self._lid(frame, now[list(upper)], now[list(lower)], shut, self.skin[side])

    def _lid(self, frame: np.ndarray, upper: np.ndarray, lower: np.ndarray, shut: float, skin: np.ndarray) -> None:
        edge = upper + (lower - upper) * shut
        # The lid's edge is bowed downwards when it is closed.
        edge[:, 1] += 0.012 * self.unit * shut * np.sin(np.linspace(0, np.pi, len(edge)))
        low, high = np.minimum(upper, edge).min(0) - 4, np.maximum(lower, edge).max(0) + 5
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), frame.shape[1]), min(int(high[1]), frame.shape[0])
        if right - left < 3 or bottom - top < 3:
            return
        k, origin = OVERSAMPLE, np.array([left, top])
        size = ((right - left), (bottom - top))
        above = upper - [0, 0.036 * self.unit]
        outline = np.concatenate([_dense(above), _dense(edge)[::-1]])
        mask, line = (np.zeros((size[1] * k, size[0] * k), np.uint8) for _ in "ab")
        cv2.fillPoly(mask, [np.rint((outline - origin) * k * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        thick = max(1, round(0.010 * self.unit * k * (0.6 + 0.4 * shut)))
        cv2.polylines(
            line, [np.rint((_dense(edge) - origin) * k * 16).astype(np.int32)], False, 255, thick, cv2.LINE_AA, 4
        )
        cover = (
            cv2.GaussianBlur(
                cv2.resize(mask, size, interpolation=cv2.INTER_AREA), (0, 0), max(0.7, 0.010 * self.unit)
            ).astype(np.float32)[..., None]
            / 255
        )
        lash = cv2.resize(line, size, interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
        y = np.arange(top, bottom)[:, None, None]
        span = max(float(edge[:, 1].max() - upper[:, 1].min()), 1.0)
        shade = 1 - (1 - EDGE_SHADE) * np.clip((y - upper[:, 1].min()) / span, 0, 1)
        part = frame[top:bottom, left:right]
        out = part * (1 - cover) + skin * shade * cover
        part[:] = np.clip(out * (1 - (1 - LASH) * lash * min(1.0, 0.4 + shut)), 0, 255).astype(np.uint8)


def _skin(picture: np.ndarray, points: np.ndarray, over: list[int], unit: float) -> np.ndarray:
    """The colour of the skin over an eye: the brighter half of what is seen around its points, glints left out."""
    reach = max(1, round(0.02 * unit))
    seen = np.concatenate([
        picture[max(0, int(y) - reach):int(y) + reach + 1, max(0, int(x) - reach):int(x) + reach + 1].reshape(-1, 3)
        for x, y in points[over, :2]
    ]).astype(np.float32)  # fmt: skip
    if not len(seen):
        return np.array([180, 140, 120], np.float32)
    return seen[np.argsort(seen.sum(1), kind="stable")[int(0.5 * len(seen)) : int(0.9 * len(seen)) + 1]].mean(0)


def _dense(line: np.ndarray) -> np.ndarray:
    """A lid's line of 9 points as a smooth one of 33 (Catmull-Rom)."""
    padded = np.concatenate([2 * line[:1] - line[1:2], line, 2 * line[-1:] - line[-2:-1]])
    t = np.linspace(0, len(line) - 1, 33)
    i = np.minimum(t.astype(int), len(line) - 2)
    f = (t - i)[:, None]
    a, b, c, d = (padded[i + n] for n in range(4))
    return 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)
