"""Folds, wrinkles and bulges that make an expression read, as light on a surface: no line is drawn.

Each fold is a small relief along landmarks (a valley with soft banks, or a swelling). Its light is the slope against
the photo's own light and the shade in its depth; a frame multiplies the neutral skin by it. Only skin takes part, so
hair, glasses and brows stay as they are.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from emogen.codecs.face import INDEX
from emogen.pipelines.talking_head.photo_portrait.shapes import Frame
from emogen.tables import read_table

#: Mirrored landmark numbers of the folds' table (subject's right -> left).
MIRROR = {
    98: 327, 129: 358, 203: 423, 206: 426, 216: 436, 212: 432, 202: 422, 61: 291, 107: 336, 55: 285, 70: 300, 63: 293,
    105: 334, 66: 296, 52: 282, 65: 295, 33: 263, 133: 362, 110: 339, 24: 254, 23: 253, 22: 252, 26: 256, 230: 450,
    229: 449, 228: 448, 231: 451, 232: 452, 193: 417, 122: 351, 104: 333, 69: 299, 103: 332, 108: 337, 67: 297, 205: 425,
    50: 280, 117: 346, 130: 359, 226: 446, 204: 424, 91: 321, 84: 314, 181: 405, 39: 269, 37: 267, 40: 270, 185: 409,
    57: 287, 43: 273, 245: 465, 188: 412, 174: 399, 198: 420, 49: 279, 36: 266, 207: 427, 187: 411, 176: 400, 148: 377,
    208: 428, 201: 421, 32: 262, 68: 298, 25: 255, 27: 257, 28: 258, 29: 259, 56: 286,
}  # fmt: skip
#: Shade on skin is warm: blood colours it, so that red falls less than green and blue (own, by eye).
WARM = np.array([0.80, 1.05, 1.12], np.float32)
#: Light and shade are worked out at this share of the picture's resolution, and never exceed this (log of brightness).
COARSE, MOST = 2, 0.65


class Folds:
    """The reliefs of one face, and how strong each is now.

    Args:
        points: Neutral landmarks [478, >=2], pixels.
        frame: How the face stands.
        skin: Where skin is, float32 [size, size].
        light: Where the light comes from, (x, y).
    """

    def __init__(self, points: np.ndarray, frame: Frame, skin: np.ndarray, light: np.ndarray) -> None:
        size, unit, flat = len(skin), frame.scale, points[:, :2]
        low, high = flat.min(0) - 0.1 * unit, flat.max(0) + 0.1 * unit
        self.left, self.top = (int(max(0, v)) for v in low)
        self.right, self.bottom = (int(min(size, v + 1)) for v in high)
        width, height = self.right - self.left, self.bottom - self.top
        self.small = (max(2, width // COARSE), max(2, height // COARSE))
        xs = self.left + (np.arange(self.small[0]) + 0.5) * width / self.small[0] - 0.5
        ys = self.top + (np.arange(self.small[1]) + 0.5) * height / self.small[1] - 0.5
        at = np.stack(np.meshgrid(xs, ys), axis=-1)
        keep = cv2.resize(
            skin[self.top : self.bottom, self.left : self.right], self.small, interpolation=cv2.INTER_AREA
        )
        maps, drivers = [], []
        for row in read_table(__package__, "folds.csv"):
            for side, sign in (("Right", -1.0), ("Left", 1.0)) if row["sides"] == "both" else (("", 1.0),):
                line = _line(row["line"], flat, frame, mirrored=side == "Left", sign=sign)
                relief = _light(at, line, row, unit, light, (width / self.small[0]))
                maps.append(float(row["strength"]) * relief * keep)
                drive = np.zeros(len(INDEX), np.float32)
                for part in row["drivers"].split():
                    name, _, weight = part.partition(":")
                    for column in _columns(name, side):
                        drive[column] += float(weight)
                drivers.append(drive)
        self.maps = np.stack(maps).reshape(len(maps), -1).astype(np.float32)
        self.drivers = np.stack(drivers)

    def light(self, curves: np.ndarray) -> np.ndarray | None:
        """Light and shade of curves [61] as log of brightness over the face's box, float32; None where there is none.

        What is taken away (below 0) lightens as it would darken, by half: a fold that is not there cannot be undone.
        """
        pull = np.clip(self.drivers @ curves.astype(np.float32), -0.5, 1.25)
        on = np.flatnonzero(np.abs(pull) > 0.02)
        if not len(on):
            return None
        depth = MOST * np.tanh((pull[on] @ self.maps[on]) / MOST)
        size = (self.right - self.left, self.bottom - self.top)
        return np.asarray(cv2.resize(depth.reshape(self.small[::-1]), size))

    @staticmethod
    def lit(part: np.ndarray, light: np.ndarray) -> np.ndarray:
        """A picture (uint8) under `light` (log of brightness, float32 of its size), in place."""
        factor = cv2.exp(light)
        # One exponential; the tint is its first-order bend, which is exact enough below `MOST`.
        for k in range(3):
            part[..., k] = cv2.multiply(part[..., k], factor * (1 + (WARM[k] - 1) * light), dtype=cv2.CV_8U)
        return part

    def apply(self, picture: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """The neutral picture with its folds: uint8, a new one where there are any."""
        light = self.light(curves)
        if light is None:
            return picture
        out = picture.copy()
        self.lit(out[self.top : self.bottom, self.left : self.right], light)
        return out


def _columns(name: str, side: str) -> list[int]:
    if name in INDEX:
        return [INDEX[name]]
    return [INDEX[f"{name}{s}"] for s in ([side] if side else ["Left", "Right"])]


def _line(text: str, flat: np.ndarray, frame: Frame, *, mirrored: bool, sign: float) -> np.ndarray:
    """`"98:-0.05:0.02 206 ..."` -> a dense line [n, 2]: landmarks of the subject's right with offsets (outwards, down)."""
    places = []
    for part in text.split():
        number, *offset = part.split(":")
        point = MIRROR.get(int(number), int(number)) if mirrored else int(number)
        out, down = (float(v) for v in offset) if offset else (0.0, 0.0)
        places.append(flat[point] + (sign * out * frame.right + down * frame.down) * frame.scale)
    knots = np.array(places)
    if len(knots) == 1:
        return knots
    t = np.linspace(0, len(knots) - 1, 48)
    line = np.column_stack([np.interp(t, np.arange(len(knots)), knots[:, k]) for k in (0, 1)])
    for _ in range(3):
        line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
    return line


def _light(
    at: np.ndarray, line: np.ndarray, row: dict[str, str], unit: float, light: np.ndarray, step: float
) -> np.ndarray:
    """The relief of one fold as log-brightness at strength 1, float [h, w]."""
    width = max(float(row["width"]) * unit, 1.1 * step)
    away, nearest = cKDTree(line).query(at.reshape(-1, 2), distance_upper_bound=6 * width + 2)
    away = away.reshape(at.shape[:2])
    t = np.minimum(nearest.reshape(at.shape[:2]), len(line) - 1) / max(len(line) - 1, 1)
    taper = np.ones_like(t) if len(line) == 1 else np.sin(np.pi * np.clip(0.08 + 0.84 * t, 0, 1)) ** 0.8
    away = np.where(np.isfinite(away), away, 1e3 * width) / width
    if row["kind"] == "bulge":
        height = np.exp(-0.5 * away**2) * taper
        depth = 0.10 * height
    else:
        height = (-np.exp(-(away**2)) + 0.42 * np.exp(-((away / 2.6) ** 2))) * taper
        depth = (-0.85 * np.exp(-(away**2)) - 0.22 * np.exp(-((away / 2.4) ** 2)) + 0.0) * taper
    gy, gx = np.gradient(height)
    slope = (gx * light[0] + gy * light[1]) * (width / step)
    # A slope that rises against the light's direction is turned to the light.
    return np.asarray(depth - 0.55 * -slope if row["kind"] == "bulge" else depth + 0.35 * slope)
