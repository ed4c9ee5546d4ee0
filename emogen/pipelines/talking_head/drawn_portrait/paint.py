"""Painting a neutral portrait of one of our own characters, stroke by stroke, in numpy and OpenCV.

Nobody sat for these: proportions are the textbook ones of portrait drawing (eyes at half the head's height, the face
five eyes wide), colours and shapes stand in `characters.csv`. The canvas is a unit square, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from emogen.tables import read_table

CANVAS = 1024
EYE_Y, EYE_X, EYE_W, EYE_H = 0.452, 0.0715, 0.0385, 0.0188
BROW_Y, NOSE_Y, MOUTH_Y, CHIN_Y, TOP_Y = 0.402, 0.560, 0.622, 0.712, 0.255
MOUTH_W, FACE_W, MID = 0.0540, 0.1640, 0.5


@dataclass(frozen=True)
class Character:
    """One row of the table: colours RGB 0..255, shapes as factors of 1, age 0..1."""

    name: str
    skin: np.ndarray
    shade: np.ndarray
    lips: np.ndarray
    iris: np.ndarray
    brow: np.ndarray
    hair: np.ndarray
    hair_light: np.ndarray
    hair_style: str
    beard: float
    cloth: np.ndarray
    cloth_light: np.ndarray
    back: np.ndarray
    back_light: np.ndarray
    jaw: float
    width: float
    brow_weight: float
    lash: float
    age: float


def characters() -> dict[str, Character]:
    """All characters by name."""
    rows = read_table(__package__, "characters.csv")
    return {r["name"]: Character(**{k: _value(k, v) for k, v in r.items()}) for r in rows}  # type: ignore[arg-type]


def _value(name: str, text: str) -> object:
    if name in {"name", "hair_style"}:
        return text
    parts = [float(v) for v in text.split()]
    return np.array(parts) if len(parts) == 3 else parts[0]


class Canvas:
    """A picture that is painted on: float32 [CANVAS, CANVAS, 3], 0..255."""

    def __init__(self) -> None:
        self.picture = np.zeros((CANVAS, CANVAS, 3), np.float32)
        ticks = (np.arange(CANVAS, dtype=np.float32) + 0.5) / CANVAS
        self.x, self.y = ticks[None, :], ticks[:, None]

    def cover(self, mask: np.ndarray, colour: np.ndarray) -> None:
        """Paints `colour` (RGB or a picture) where `mask` [h, w] is 1."""
        mask = mask[..., None]
        self.picture = self.picture * (1 - mask) + np.asarray(colour, np.float32) * mask

    def shade(self, mask: np.ndarray, tone: np.ndarray | float) -> None:
        """Multiplies by `tone` where `mask` is 1."""
        self.picture *= 1 - mask[..., None] * (1 - np.asarray(tone, np.float32))

    def light(self, mask: np.ndarray, amount: float) -> None:
        """Adds white light, at most `amount` of the way to white."""
        self.picture += (255 - self.picture) * (mask[..., None] * amount)

    def shape(
        self, points: np.ndarray | list[tuple[float, float]], blur: float = 0.0012, closed: bool = True
    ) -> np.ndarray:
        """The inside of a smooth closed line through points, as a mask with soft edges."""
        mask = np.zeros((CANVAS, CANVAS), np.uint8)
        cv2.fillPoly(mask, [_fixed(_spline(np.asarray(points, float), closed))], 255, cv2.LINE_AA, 4)
        return _soft(mask, blur)

    def line(self, points: np.ndarray | list[tuple[float, float]], width: float, blur: float = 0.001) -> np.ndarray:
        """A smooth open line as a mask."""
        mask = np.zeros((CANVAS, CANVAS), np.uint8)
        cv2.polylines(
            mask,
            [_fixed(_spline(np.asarray(points, float), False))],
            False,
            255,
            max(1, round(width * CANVAS)),
            cv2.LINE_AA,
            4,
        )
        return _soft(mask, blur)

    def blob(self, cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
        """A soft round spot, 1 in its middle."""
        return np.exp(-(((self.x - cx) / rx) ** 2 + ((self.y - cy) / ry) ** 2))

    def taper(self, points: list[tuple[float, float]], widths: list[float]) -> np.ndarray:
        """A stroke whose width changes on its way."""
        line = _spline(np.asarray(points, float), False)
        width = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths)
        along = np.gradient(line, axis=0)
        across = np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(
            np.linalg.norm(along, axis=1, keepdims=True), 1e-9
        )
        outline = np.concatenate([line + across * width[:, None] / 2, (line - across * width[:, None] / 2)[::-1]])
        mask = np.zeros((CANVAS, CANVAS), np.uint8)
        cv2.fillPoly(mask, [_fixed(outline)], 255, cv2.LINE_AA, 4)
        return _soft(mask, 0.0008)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.rint(points * CANVAS * 16).astype(np.int32)


def _soft(mask: np.ndarray, blur: float) -> np.ndarray:
    out = mask.astype(np.float32) / 255
    return cv2.GaussianBlur(out, (0, 0), blur * CANVAS) if blur > 0 else out


def _spline(points: np.ndarray, closed: bool) -> np.ndarray:
    """Catmull-Rom through points, 12 steps a piece."""
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    f = np.linspace(0, 1, 12, endpoint=False)[:, None]
    pieces = []
    for i in range(len(padded) - 3):
        a, b, c, d = padded[i : i + 4]
        pieces.append(0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3))
    return np.concatenate([*pieces, padded[-2:-1]])


def mirrored(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points given for the picture's right half -> a closed outline, symmetric about the middle."""
    return [(MID + x, y) for x, y in points] + [(MID - x, y) for x, y in points[::-1]]


def strands(
    canvas: Canvas,
    rng: np.random.Generator,
    mask: np.ndarray,
    paths: list[list[tuple[float, float]]],
    dark: np.ndarray,
    light: np.ndarray,
    count: int,
) -> None:
    """Fine hair along paths, clipped to a mask: each strand of its own tone between `dark` and `light`."""
    layer = canvas.picture.copy()
    for _ in range(count):
        a, b = rng.choice(len(paths), 2)
        t = rng.random()
        path = np.asarray(paths[a]) * (1 - t) + np.asarray(paths[b]) * t + rng.normal(0, 0.003, 2)
        tone = dark + (light - dark) * np.clip(rng.normal(0.32, 0.26), 0, 1)
        ink = cv2.polylines(
            layer,
            [_fixed(_spline(path, False))],
            False,
            tuple(float(v) for v in tone),
            1 + int(rng.random() < 0.35),
            cv2.LINE_AA,
            4,
        )
        layer = ink
    canvas.cover(mask * 0.75, cv2.GaussianBlur(layer, (0, 0), 0.8))
