"""What of a portrait is skin, how bright it is, and skin smoothed of its folds but not of its grain."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.pipelines.talking_head.photo_portrait import landmarks as lm

#: Landmarks on plain skin: cheeks, nose, forehead, chin.
PLAIN = (50, 280, 205, 425, 117, 346, 101, 330, 195, 5, 151, 9, 108, 337, 199, 208, 428, 36, 266)
#: How far from the usual colour skin may be, in standard deviations of the plain points' surroundings (own).
LIKE = 3.2


def skin_mask(picture: np.ndarray, points: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Where skin of the face is, float32 [h, w] 0..1 with soft edges, and its usual colour (RGB, 0..255).

    Hair, brows, glasses, eyes and lips are not skin.
    """
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    flat = points[:, :2]
    reach = max(1, round(0.03 * unit))
    seen = np.concatenate([_around(lab, flat[p], reach) for p in PLAIN])
    usual = np.median(seen, axis=0)
    spread = np.maximum(1.48 * np.median(np.abs(seen - usual), axis=0), [14.0, 4.0, 5.0])
    away = (lab - usual) / spread / np.array([1.6, 1.0, 1.0])
    like = np.exp(-0.5 * np.maximum(np.sqrt((away**2).sum(-1)) - LIKE * 0.6, 0) ** 2)
    face = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(face, [np.rint(flat[list(lm.OVAL)]).astype(np.int32)], 255)
    holes = np.zeros_like(face)
    for upper, lower in ((lm.RIGHT_LID_UPPER, lm.RIGHT_LID_LOWER), (lm.LEFT_LID_UPPER, lm.LEFT_LID_LOWER),
                         (lm.OUTER_UPPER, lm.OUTER_LOWER)):  # fmt: skip
        cv2.fillPoly(holes, [np.rint(flat[[*upper, *lower[::-1]]]).astype(np.int32)], 255)
    # Thin things (fine hair, pores) do not make holes: a small opening and closing first.
    size = max(3, round(0.02 * unit) | 1)
    like = cv2.morphologyEx(like.astype(np.float32), cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    mask = like * (face > 0) * (holes == 0)
    mask = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(0.8, 0.015 * unit))
    colour = cv2.cvtColor(usual.astype(np.uint8)[None, None], cv2.COLOR_LAB2RGB)[0, 0].astype(np.float64)
    return mask, colour


def lit_from(picture: np.ndarray, points: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Where the light comes from in the picture, (x, y) of at most length 1: brightness fitted to the face's slopes."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
    flat = points[list(lm.OVAL), :2]
    centre, half = flat.mean(0), np.ptp(flat, axis=0) / 2
    at = np.rint(points[:468, :2]).astype(int)
    at = at[(at >= 0).all(1) & (at < len(picture)).all(1)]
    at = at[mask[at[:, 1], at[:, 0]] > 0.6]
    if len(at) < 40:
        return np.array([0.0, -0.6])
    slope = (at - centre) / half
    rows = np.column_stack([np.ones(len(at)), slope])
    fit = np.linalg.lstsq(rows, np.log(grey[at[:, 1], at[:, 0]] + 8), rcond=None)[0]
    own = np.clip(fit[1:] * 2.0, -0.8, 0.8)
    # Light from above is the rule; the fit corrects it.
    return np.asarray(0.6 * own + np.array([0.0, -0.4]))


def relaxed(picture: np.ndarray, where: np.ndarray, skin: np.ndarray, unit: float, coarse: float) -> np.ndarray:
    """The picture with its folds flattened: float32 [h, w, 3].

    What lies between grain (finer than 0.012 eye-corner distances) and form (coarser than `coarse`) is taken out
    where `where` (float32 [h, w], 0..1) asks for it; the form is averaged over skin only.
    """
    base = picture.astype(np.float32)
    reach = max(3, round(0.13 * unit) | 1)
    closed = cv2.morphologyEx(skin, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    fine = cv2.GaussianBlur(base, (0, 0), max(0.7, 0.010 * unit))
    weight = np.clip(skin, 0, 1) + 1e-4
    wide = coarse * unit
    form = cv2.GaussianBlur(base * weight[..., None], (0, 0), wide) / cv2.GaussianBlur(weight, (0, 0), wide)[..., None]
    return base - (where * np.minimum(1, 1.4 * closed))[..., None] * (fine - form)


def _around(picture: np.ndarray, at: np.ndarray, reach: int) -> np.ndarray:
    x, y = (int(v) for v in at)
    part = picture[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
    return part.reshape(-1, picture.shape[2])
