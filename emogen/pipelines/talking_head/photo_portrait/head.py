"""The head as a solid that turns before its background: depth, what goes with the head, and what lies behind it."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.conditioning.face_mesh import quiet
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.warp import Grid, Splines

#: Largest head turn that a flat picture stands (rad), about 17 degrees; beyond it angles are held.
MAX_TURN = 0.30
#: A head's outline lies this much further back than the face's, in half face widths (own assumption).
BEHIND = 0.55
#: From the chin downwards the neck follows less and less; in half face heights (own, by eye).
NECK = (-0.30, 0.75)
#: The picture's edge holds still: from its sides and top inwards, begin and width as shares of the picture (own).
SIDES, TOP = (0.055, 0.075), (0.025, 0.06)
#: Pixels of background that a cut-out person carries along, as a share of the picture.
RIM = 0.020
#: What is a person's at least this surely (of 255) is taken for one; own, by eye.
PERSON = 89


class Head:
    """One person's head.

    Args:
        picture: uint8 [size, size, 3].
        points: Landmarks [478, 3] in its pixels.
        seen: Where `segmented` sees a person in it.
        grid: The grid of the picture.
    """

    def __init__(self, picture: np.ndarray, points: np.ndarray, seen: np.ndarray, grid: Grid) -> None:
        size, flat = grid.size, points[:, :2]
        oval = flat[list(lm.OVAL)]
        self.centre, self.half = oval.mean(0), np.ptp(oval, axis=0) / 2
        rest = grid.rest.reshape(-1, 2).astype(np.float64)
        ring = self.centre + (oval - self.centre) * 1.45
        back = points[list(lm.OVAL), 2] + BEHIND * self.half[0]
        control = np.concatenate([flat[:468:3], oval, ring])
        depths = np.concatenate([points[:468:3, 2], points[list(lm.OVAL), 2], back])
        depth = Splines(control, rest).carried(depths[:, None]).reshape(grid.cells, grid.cells).astype(np.float32)
        far = np.sqrt((((grid.rest - self.centre) / self.half) ** 2).sum(-1))
        depth = np.where(far > 1.45, float(back.mean()), depth)
        self.depth = cv2.GaussianBlur(depth.astype(np.float32), (0, 0), 0.035 * size / grid.step)
        self.pivot = np.array([self.centre[0], oval[:, 1].max() + 0.05 * self.half[1],
                               points[list(lm.OVAL), 2].mean() + 0.45 * self.half[0]])  # fmt: skip
        low = (rest[:, 1] - oval[:, 1].max()) / self.half[1]
        follow = 1 - _smooth((low - NECK[0]) / (NECK[1] - NECK[0]))
        beside = np.minimum(rest[:, 0], size - 1 - rest[:, 0]) / size
        still = _smooth((beside - SIDES[0]) / SIDES[1]) * _smooth((rest[:, 1] / size - TOP[0]) / TOP[1])
        wide = np.abs(rest[:, 0] - self.centre[0]) / self.half[0]
        follow = follow * still * (1 - _smooth((wide - 2.0) / 1.0))
        self.follow = follow.reshape(grid.cells, grid.cells).astype(np.float32)
        self.alpha = person(seen, points)
        self.background = behind(picture, self.alpha)

    def turned(self, forward: np.ndarray, rest: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        """Displacements [cells, cells, 2] of the grid after the head has turned by `rotation` [3, 3]."""
        x = rest[..., 0] + forward[..., 0] - self.pivot[0]
        y = rest[..., 1] + forward[..., 1] - self.pivot[1]
        z = self.depth - self.pivot[2]
        out = np.empty_like(forward)
        for k, own in ((0, x), (1, y)):
            go = rotation[k, 0] * x + rotation[k, 1] * y + rotation[k, 2] * z - own
            out[..., k] = forward[..., k] + self.follow * go
        return out

    def points_now(self, points: np.ndarray, rotation: np.ndarray, follow: np.ndarray) -> np.ndarray:
        """Landmarks [n, 3] after the turn, [n, 2]; `follow` [n] as `followed` gives it."""
        from_pivot = points - self.pivot
        go = (from_pivot @ rotation.T)[:, :2] - from_pivot[:, :2]
        return np.asarray(points[:, :2] + follow[:, None] * go)

    def followed(self, flat: np.ndarray, grid: Grid) -> np.ndarray:
        """How much points [n, 2] follow the head, [n], 0..1."""
        at = (flat / grid.step).astype(np.float32)[None]
        return np.asarray(cv2.remap(self.follow, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0])


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation of points (x right, y down, z away) by the head's angles (conventions of `codecs.face`)."""
    yaw, pitch, roll = (float(np.clip(v, -MAX_TURN, MAX_TURN)) for v in (yaw, pitch, roll))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return tilt @ turn @ nod


def segmented(picture: np.ndarray) -> np.ndarray:
    """How surely each pixel of a picture, uint8 [size, size, 3], is a person's: uint8 [size, size].

    By MediaPipe's segmentation of selfies (Apache-2.0), which works on 256 x 256 pixels.
    """
    with quiet():
        import mediapipe

        with mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as segmenter:
            return np.rint(segmenter.process(picture).segmentation_mask * 255).astype(np.uint8)


def person(seen: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where the person is, with a soft rim of background around, float32 [size, size], 0..1.

    As `segmented` sees it [size, size], joined with a generous head shape where it sees none (drawings).
    """
    size = len(seen)
    oval = points[list(lm.OVAL), :2]
    face = np.zeros((size, size), np.uint8)
    cv2.fillPoly(face, [np.rint(oval).astype(np.int32)], 255)
    found = (seen > PERSON).astype(np.uint8) * 255
    if (found[face > 0] > 0).mean() < 0.9:
        centre = oval.mean(0)
        head = np.rint(centre + (oval - centre) * 1.5 - [0, 0.12 * np.ptp(oval[:, 1])]).astype(np.int32)
        found = np.zeros((size, size), np.uint8)
        cv2.fillPoly(found, [cv2.convexHull(head)], 255)
        found[int(oval[:, 1].max()) :] = 255
    found |= face
    rim = max(2, round(RIM * size))
    wide = cv2.dilate(found, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1,) * 2))
    soft = cv2.GaussianBlur(wide, (0, 0), 0.6 * rim).astype(np.float32) / 255
    return np.clip((soft - 0.08) / 0.84, 0, 1)


def behind(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The picture with the person taken out, uint8: every pixel that is not wholly the person's stays exactly."""
    known = alpha < 1
    return np.where(known[..., None], picture, spread(picture, known.astype(np.float32)))


def spread(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fills what is not `known` (float32 [h, w], 0..1) from what is around it, coarse to fine: uint8 like `picture`."""
    levels = [(picture.astype(np.float32) * known[..., None], known)]
    while min(levels[-1][1].shape) > 2:
        colour, weight = levels[-1]
        size = (max(1, colour.shape[1] // 2), max(1, colour.shape[0] // 2))
        levels.append((cv2.resize(colour, size, interpolation=cv2.INTER_AREA),
                       cv2.resize(weight, size, interpolation=cv2.INTER_AREA)))  # fmt: skip
    colour, weight = levels[-1]
    total = float(weight.sum())
    filled = np.broadcast_to(colour.sum((0, 1)) / total if total > 0 else np.float32(127), colour.shape)
    for colour, weight in reversed(levels):
        filled = cv2.resize(filled, (colour.shape[1], colour.shape[0]), interpolation=cv2.INTER_LINEAR)
        share = np.clip(weight * 4, 0, 1)[..., None]
        filled = colour / np.maximum(weight, 1e-6)[..., None] * share + filled * (1 - share)
    return np.clip(filled + 0.5, 0, 255).astype(np.uint8)


def _smooth(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
