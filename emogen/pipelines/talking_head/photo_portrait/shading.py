"""Folds and furrows that make an expression read: soft shadows on the face, stronger as the muscle pulls."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.face import INDEX, both

#: name -> (what drives it, strength, width in eye-corner distances, lines of landmarks with offsets).
FOLDS: dict[str, tuple[tuple[str, ...], float, float, tuple[tuple[tuple[int, float, float], ...], ...]]] = {
    "nasolabial": (("mouthSmile", "noseSneer", "mouthUpperUp"), 0.23, 0.030, (
        ((64, -0.06, -0.02), (203, -0.05, 0.0), (206, -0.06, 0.02), (216, -0.06, 0.0), (212, -0.06, -0.02)),
        ((294, 0.06, -0.02), (423, 0.05, 0.0), (426, 0.06, 0.02), (436, 0.06, 0.0), (432, 0.06, -0.02)),
    )),
    "furrow": (("browDown",), 0.42, 0.016, (
        ((9, -0.055, -0.05), (9, -0.05, 0.03), (107, 0.045, 0.08)),
        ((9, 0.055, -0.05), (9, 0.05, 0.03), (336, -0.045, 0.08)),
    )),
    "frown brow": (("browDown",), 0.26, 0.060, (((70, 0.0, 0.09), (105, 0.0, 0.10), (107, 0.0, 0.10), (168, -0.02, 0.02)),
                                               ((300, 0.0, 0.09), (334, 0.0, 0.10), (336, 0.0, 0.10), (168, 0.02, 0.02)))),
    "forehead": (("browInnerUp", "browOuterUp"), 0.16, 0.016, (
        ((104, 0.0, -0.02), (69, 0.0, -0.03), (151, 0.0, 0.0), (299, 0.0, -0.03), (333, 0.0, -0.02)),
        ((105, 0.0, -0.12), (107, 0.0, -0.13), (9, 0.0, -0.11), (336, 0.0, -0.13), (334, 0.0, -0.12)),
    )),
    "nose": (("noseSneer",), 0.24, 0.014, (
        ((193, 0.0, 0.02), (6, 0.0, 0.05), (417, 0.0, 0.02)), ((122, 0.0, 0.06), (197, 0.0, 0.03), (351, 0.0, 0.06)),
        ((193, -0.03, 0.0), (122, -0.04, 0.06)), ((417, 0.03, 0.0), (351, 0.04, 0.06)),
    )),
    "cheek": (("cheekSquint", "eyeSquint"), 0.18, 0.018, (
        ((33, -0.03, 0.05), (110, 0.0, 0.07), (23, 0.0, 0.08), (22, 0.0, 0.08)),
        ((263, 0.03, 0.05), (339, 0.0, 0.07), (253, 0.0, 0.08), (252, 0.0, 0.08)),
    )),
    "mouth corner": (("mouthFrown",), 0.30, 0.022, (((61, -0.02, 0.02), (61, -0.05, 0.09), (202, 0.0, 0.0)),
                                                   ((291, 0.02, 0.02), (291, 0.05, 0.09), (422, 0.0, 0.0)))),
    "chin": (("mouthShrugLower",), 0.22, 0.026, (((204, 0.0, 0.04), (18, 0.0, 0.05), (424, 0.0, 0.04)),)),
    "stretch": (("mouthStretch",), 0.22, 0.020, (((61, -0.06, -0.04), (61, -0.09, 0.06)), ((291, 0.06, -0.04), (291, 0.09, 0.06)))),
}  # fmt: skip


class Folds:
    """Shadow maps of one face, and how strong each is now.

    Args:
        points: Neutral landmarks [478, >=2], pixels.
        unit: Distance between the outer eye corners, pixels.
        size: Side of the picture.
    """

    def __init__(self, points: np.ndarray, unit: float, size: int) -> None:
        low, high = points[:, :2].min(0) - 0.1 * unit, points[:, :2].max(0) + 0.1 * unit
        self.left, self.top = (int(max(0, v)) for v in low)
        self.right, self.bottom = (int(min(size, v + 1)) for v in high)
        maps = [
            _map(points, unit, lines, width, self.left, self.top, self.right, self.bottom)
            for _, _, width, lines in FOLDS.values()
        ]
        self.maps = np.stack(maps).reshape(len(maps), -1)
        self.strength = np.array([strength for _, strength, _, _ in FOLDS.values()], np.float32)
        self.columns = [
            [c for name in names for c in ([INDEX[name]] if name in INDEX else both(name))]
            for names, _, _, _ in FOLDS.values()
        ]
        self.drivers = [len(names) for names, _, _, _ in FOLDS.values()]

    def apply(self, picture: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """The neutral picture with its folds, uint8 [size, size, 3]."""
        pull = np.array(
            [min(1.0, float(curves[c].sum()) / (len(c) / n)) for c, n in zip(self.columns, self.drivers, strict=True)],
            np.float32,
        )
        if pull.max() < 0.02:
            return picture
        out = picture.copy()
        depth = np.clip((pull * self.strength) @ self.maps, 0, 0.6)
        part = out[self.top : self.bottom, self.left : self.right]
        # Shadows on skin are warm: red falls less than green and blue.
        shade = 1 - depth.reshape(part.shape[0], part.shape[1], 1) * np.array([0.82, 1.0, 1.06], np.float32)
        part[:] = (part * shade).astype(np.uint8)
        return out


def _map(
    points: np.ndarray,
    unit: float,
    lines: tuple[tuple[tuple[int, float, float], ...], ...],
    width: float,
    left: int,
    top: int,
    right: int,
    bottom: int,
) -> np.ndarray:
    """A dark crease with a light ridge beside it, float32 [h, w]; 1 in the crease."""
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for line in lines:
        at = np.array([points[p, :2] + np.array([dx, dy]) * unit for p, dx, dy in line]) - [left, top]
        dense = np.column_stack(
            [np.interp(np.linspace(0, len(at) - 1, 24), np.arange(len(at)), at[:, k]) for k in (0, 1)]
        )
        cv2.polylines(
            canvas, [np.rint(dense * 16).astype(np.int32)], False, 255, max(1, round(width * unit)), cv2.LINE_AA, 4
        )
    ink = canvas.astype(np.float32) / 255
    fine = cv2.GaussianBlur(ink, (0, 0), max(0.8, 0.7 * width * unit))
    wide = cv2.GaussianBlur(ink, (0, 0), max(1.5, 2.6 * width * unit))
    out = 0.75 * fine + 0.8 * wide
    return out / max(float(out.max()), 1e-6)
