"""What is seen between parted lips: dark, teeth, a tongue; and which side of the seam a pixel belongs to."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.pipelines.talking_head.photo_portrait import landmarks as lm

#: Colours (RGB): the cavity, teeth, tongue. Teeth lie in shade, so they are far from white. Own, by eye.
CAVITY, TEETH, TONGUE = np.array([46, 18, 17.0]), np.array([222, 210, 192.0]), np.array([158, 78, 74.0])
#: Height of the upper and the lower teeth, in distances between the outer eye corners.
UPPER_TEETH, LOWER_TEETH = 0.105, 0.075
OVERSAMPLE = 3


def below_seam(upper: np.ndarray, lower: np.ndarray, box: tuple[int, int, int, int], feather: float) -> np.ndarray:
    """Which pixels of a box (left, top, right, bottom) follow the lower lip: float32 [h, w, 1], 0..1."""
    left, top, right, bottom = box
    x = np.arange(left, right)
    seam = (np.interp(x, upper[:, 0], upper[:, 1]) + np.interp(x, lower[:, 0], lower[:, 1])) / 2
    side = np.clip((x - upper[0, 0] + feather) / feather, 0, 1) * np.clip((upper[-1, 0] + feather - x) / feather, 0, 1)
    side = side * side * (3 - 2 * side)
    y = np.arange(top, bottom)[:, None]
    return (np.clip((y - seam[None]) / 1.6 + 0.5, 0, 1) * side[None])[..., None].astype(np.float32)


def contours(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inner edges of both lips, from the picture's left to its right: two [11, 2]."""
    return points[list(lm.INNER_UPPER), :2], points[list(lm.INNER_LOWER), :2]


def draw_inside(
    picture: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    skull: np.ndarray,
    jaw: np.ndarray,
    unit: float,
    tongue: float,
) -> None:
    """Draws the inside of the mouth into `picture` (uint8), in place.

    Args:
        picture: uint8 [h, w, 3].
        upper: Inner edge of the upper lip now, [11, 2].
        lower: Inner edge of the lower lip now, [11, 2].
        skull: Where the upper teeth's gum line is, (x, y).
        jaw: Where the lower teeth's gum line is, (x, y).
        unit: Distance between the outer eye corners, pixels.
        tongue: 0 at rest .. 1 out.
    """
    gap = float((lower[:, 1] - upper[:, 1]).max())
    if gap < 0.8:
        return
    low, high = np.minimum(upper, lower).min(0), np.maximum(upper, lower).max(0)
    left, top = (int(v) for v in np.floor(low - 3))
    right, bottom = (int(v) for v in np.ceil(high + 4))
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, picture.shape[1]), min(bottom, picture.shape[0])
    if right - left < 3 or bottom - top < 3:
        return
    k, origin = OVERSAMPLE, np.array([left, top])
    height, width = (bottom - top) * k, (right - left) * k
    outline = np.concatenate([_smooth(upper), _smooth(lower)[::-1]])
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.rint((outline - origin) * k * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    inside = _inside(
        height, width, (skull - origin) * k, (jaw - origin) * k, unit * k, (high[0] - low[0]) * k, tongue, gap * k
    )
    shade = cv2.GaussianBlur(mask, (0, 0), max(0.016 * unit * k, 1.0)).astype(np.float32)[..., None] / 255
    inside = inside * (0.35 + 0.65 * np.clip(shade * 1.25 - 0.15, 0, 1))
    small = cv2.resize(inside, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    cover = (
        cv2.resize(mask, (right - left, bottom - top), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    )
    part = picture[top:bottom, left:right]
    part[:] = np.clip(part * (1 - cover) + small * cover, 0, 255).astype(np.uint8)


def _inside(
    height: int, width: int, skull: np.ndarray, jaw: np.ndarray, unit: float, across: float, tongue: float, gap: float
) -> np.ndarray:
    x, y = np.arange(width)[None, :].astype(np.float32), np.arange(height)[:, None].astype(np.float32)
    colour = np.broadcast_to(CAVITY, (height, width, 3)).astype(np.float32)
    reach = max(0.30 * unit, across / 2)
    bow = 0.035 * unit * ((x - skull[0]) / reach) ** 2
    falloff = np.clip(1.05 - 0.95 * np.abs((x - skull[0]) / (reach * 1.02)) ** 2.2, 0.12, 1)
    lines = 1 - 0.045 * np.exp(-((((x - skull[0]) / (0.062 * unit) + 0.5) % 1 - 0.5) ** 2) / 0.006)
    out = np.clip(tongue, 0, 1)
    hill = np.exp(-(((x - jaw[0]) / (0.17 * unit)) ** 2))
    tongue_top = jaw[1] - (0.02 + 0.05 * hill + 0.10 * out) * unit + 0.09 * unit
    cover = _edge(y - tongue_top, 0.02 * unit) * hill**0.5
    colour = colour * (1 - cover[..., None]) + (TONGUE * 0.85) * cover[..., None]
    teeth = _edge(skull[1] - bow + UPPER_TEETH * unit - y, 2.2)
    tone = (TEETH * (falloff * lines)[..., None]).astype(np.float32)
    colour = colour * (1 - teeth[..., None]) + tone * teeth[..., None]
    lower = _edge(y - (jaw[1] - LOWER_TEETH * unit + 0.6 * bow), 2.0) * float(np.clip(gap / (0.28 * unit) - 0.35, 0, 1))
    tone = (TEETH * 0.80 * (falloff * lines)[..., None]).astype(np.float32)
    return colour * (1 - lower[..., None]) + tone * lower[..., None]


def _edge(distance: np.ndarray, soft: float) -> np.ndarray:
    return np.clip(distance / max(soft, 1e-6) + 0.5, 0, 1)


def _smooth(line: np.ndarray) -> np.ndarray:
    """A line of 11 points as a smooth one of 41 (Catmull-Rom)."""
    padded = np.concatenate([2 * line[:1] - line[1:2], line, 2 * line[-1:] - line[-2:-1]])
    t = np.linspace(0, len(line) - 1, 41)
    i = np.minimum(t.astype(int), len(line) - 2)
    f = (t - i)[:, None]
    a, b, c, d = (padded[i + n] for n in range(4))
    return 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)
