"""What is seen between parted lips: dark, teeth, a tongue, in the photo's own light; and the seam of the lips."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.face import INDEX
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.shapes import Frame

#: Colours as shares of the skin's brightness (RGB): cavity, teeth, gums, tongue; teeth lie in the lips' shade, so they
#: are far from white: in five photos at hand they are 1.04 to 1.36 times as bright as the skin. Own, by eye.
CAVITY, TEETH = np.array([0.20, 0.075, 0.07]), np.array([1.03, 0.99, 0.93])
GUM, TONGUE = np.array([0.78, 0.42, 0.40]), np.array([0.80, 0.44, 0.42])
#: Widths of the upper teeth from the middle outwards (mm: central, lateral, canine, two premolars, molar; Wheeler's
#: dental anatomy), of the lower ones, their heights, and the outer eye corners' distance (Farkas 1994).
UPPER_MM, LOWER_MM = (8.5, 6.5, 7.5, 7.0, 7.0, 10.0), (5.0, 5.5, 7.0, 7.0, 7.0, 11.0)
UPPER_HEIGHT_MM, LOWER_HEIGHT_MM, CORNERS_MM = 10.5, 8.5, 90.0
#: How much shorter teeth are seen towards the side: mm for each squared mm from the middle. Own, by eye.
UPPER_BOW, LOWER_BOW = 0.0028, 0.0012
#: Pixels of the drawn arches per pixel of the photo.
FINE = 3


def contours(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inner edges of both lips, from the picture's left to its right: two [11, 2]."""
    return points[list(lm.INNER_UPPER), :2], points[list(lm.INNER_LOWER), :2]


def below_seam(upper: np.ndarray, lower: np.ndarray, box: tuple[int, int, int, int], feather: float) -> np.ndarray:
    """Which pixels of a box (left, top, right, bottom) follow the lower lip: float32 [h, w], 0..1."""
    left, top, right, bottom = box
    x = np.arange(left, right)
    order = np.argsort(upper[:, 0], kind="stable"), np.argsort(lower[:, 0], kind="stable")
    seam = (
        np.interp(x, upper[order[0], 0], upper[order[0], 1]) + np.interp(x, lower[order[1], 0], lower[order[1], 1])
    ) / 2
    side = np.clip((x - upper[0, 0] + feather) / feather, 0, 1) * np.clip((upper[-1, 0] + feather - x) / feather, 0, 1)
    side = side * side * (3 - 2 * side)
    y = np.arange(top, bottom)[:, None]
    return (np.clip((y - seam[None]) / 1.6 + 0.5, 0, 1) * side[None]).astype(np.float32)


class Inside:
    """The inside of one mouth.

    Args:
        points: Neutral landmarks [478, 3], pixels.
        frame: How the face stands.
        light: The skin's colour in the picture (RGB, 0..255), which everything inside is lit like.
        teeth: The person's own teeth's colour, where the photo shows it.
    """

    def __init__(self, points: np.ndarray, frame: Frame, light: np.ndarray, teeth: np.ndarray | None) -> None:
        self.unit, self.frame = frame.scale, frame
        level = float(light.mean())
        tone = light / max(level, 1.0)
        self.cavity = CAVITY * level
        tooth = teeth if teeth is not None else TEETH * (0.85 * level + 45) * (0.6 + 0.4 * tone)
        gum, tongue = (c * (0.8 * level + 25) for c in (GUM, TONGUE))
        self.upper = _arch(UPPER_MM, UPPER_HEIGHT_MM, self.unit, tooth, gum, hangs=True)
        self.lower = _arch(LOWER_MM, LOWER_HEIGHT_MM, self.unit, 0.84 * tooth, gum, hangs=False)
        self.tongue = _tongue(self.unit, tongue)
        self.seam = points[[13, 14], :2].mean(0)

    def draw(self, picture: np.ndarray, now: np.ndarray, skull: np.ndarray, jaw: np.ndarray, turn: np.ndarray,
             curves: np.ndarray) -> None:  # fmt: skip
        """Draws into `picture` (uint8), in place.

        Args:
            picture: The frame.
            now: Landmarks of the frame [478, 2].
            skull: Where the middle of the lips' seam is carried by the head alone, (x, y).
            jaw: The same with the jaw's drop.
            turn: The head's axes in the picture, [2, 2] (columns: right, down).
            curves: [61].
        """
        upper, lower = (_smooth(line) for line in contours(now))
        gap = float(((lower - upper) @ self.frame.down).max())
        if gap < 0.6:
            return
        low, high = np.minimum(upper, lower).min(0), np.maximum(upper, lower).max(0)
        left, top = (max(0, int(v)) for v in np.floor(low - 3))
        right, bottom = min(int(high[0] + 4), picture.shape[1]), min(int(high[1] + 4), picture.shape[0])
        if right - left < 3 or bottom - top < 3:
            return
        size, origin = (right - left, bottom - top), np.array([left, top])
        mask = np.zeros((size[1], size[0]), np.uint8)
        outline = np.concatenate([upper, np.maximum(lower, np.column_stack([lower[:, 0], upper[:, 1]]))[::-1]]) - origin
        cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        inside = np.empty((size[1], size[0], 3), np.float32)
        inside[:] = self.cavity
        out = float(np.clip(curves[INDEX["tongueOut"]], 0, 1))
        unit = self.unit
        for layer, at in (
            (self.tongue, jaw + turn @ [0, (-0.01 - 0.07 * out) * unit]),
            (self.lower, jaw + turn @ [0, 0.086 * unit]),
            (self.upper, skull - turn @ [0, 0.067 * unit]),
        ):
            _lay(inside, layer, at - origin, turn)
            if layer is self.lower and out > 0.02:
                _lay(inside, self.tongue, jaw + turn @ [0, (0.10 - 0.20 * out) * unit] - origin, turn)
        # Lips shade what lies behind them, the upper one most; little light gets into a narrow opening.
        soft = float(np.clip(0.22 * gap, 0.8, 0.030 * unit))
        deep = cv2.GaussianBlur(mask, (0, 0), soft).astype(np.float32)[..., None] / 255
        shade = np.clip(deep * 1.9 - 0.45, 0, 1)
        rows = (np.arange(size[1])[:, None] - (low[1] - top)) / max(0.08 * unit, 1.0)
        shade = shade * np.clip(0.84 + 0.16 * rows, 0, 1)[..., None]
        narrow = 0.92 + 0.08 * min(1.0, gap / (0.09 * unit))
        inside *= 0.40 + 0.60 * narrow * shade
        cover = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32)[..., None] / 255
        part = picture[top:bottom, left:right]
        part[:] = np.clip(part + (inside - part) * cover + 0.5, 0, 255).astype(np.uint8)


def _lay(inside: np.ndarray, layer: np.ndarray, at: np.ndarray, turn: np.ndarray) -> None:
    """Lays an RGBA layer with its middle at `at`, in place."""
    height, width = layer.shape[:2]
    linear = turn / FINE
    matrix = np.column_stack([linear, at - linear @ np.array([width / 2, height / 2])])
    size = (inside.shape[1], inside.shape[0])
    drawn = cv2.warpAffine(layer, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT)
    inside += (drawn[..., :3] - inside) * drawn[..., 3:]


def _arch(
    widths: tuple[float, ...], high: float, unit: float, tooth: np.ndarray, gum: np.ndarray, *, hangs: bool
) -> np.ndarray:
    """A row of teeth seen from the front with its gums, float32 RGBA; the gum line is in the middle row."""
    mm = unit / CORNERS_MM * FINE
    depth, reach = round(2.0 * high * mm) | 1, 30.0 * mm
    width = 2 * round(reach) + 1
    y, x = np.mgrid[:depth, :width].astype(np.float32)
    y, x = (y - depth // 2) / mm, (x - width // 2) / mm
    if not hangs:
        y = -y
    out = np.zeros((depth, width, 4), np.float32)
    bow = (UPPER_BOW if hangs else LOWER_BOW) * x**2
    for side in (-1, 1):
        edge = 0.0
        for n, own in enumerate(widths):
            # Teeth stand on a curve: those at the side are seen foreshortened.
            seen = own * np.cos(min(1.25, 0.24 * n))
            middle, half = side * (edge + seen / 2), seen / 2
            tall = high * (1.0, 0.90, 0.98, 0.80, 0.75, 0.70)[n]
            u = (x - middle) / half
            flare = 1 - 0.10 * np.clip((tall + bow - y) / tall, 0, 1)
            tip = tall - bow - 0.10 * high * np.abs(u) ** 4 - (0.5 * np.abs(u) if n == 2 else 0)
            cover = np.clip((flare - np.abs(u)) * half * mm / 1.5 + 0.5, 0, 1) * np.clip(
                (tip - y) * mm / 1.5 + 0.5, 0, 1
            )
            cover *= np.clip((y + bow * 0.3 + 1.4 - 1.4 * (1 - u**2)) * mm / 2 + 0.5, 0, 1)
            round_ = 1 - 0.16 * np.abs(u) ** 3 - 0.07 * np.clip(1 - (y / tall), 0, 1)
            dark = max(0.35, 1.0 - 0.14 * n - 0.01 * n**2)
            colour = tooth * (round_ * dark)[..., None] * np.array([1.0, 1.0 - 0.012 * n, 1.0 - 0.03 * n])
            out[..., :3] = out[..., :3] * (1 - cover[..., None]) + colour * cover[..., None]
            out[..., 3] = np.maximum(out[..., 3], cover)
            edge += seen
    fade = np.clip(1.1 - (np.abs(x) / max(edge, 1)) ** 2, 0.2, 1)[..., None]
    within = (np.abs(x) < edge) * np.clip((0.86 * high - bow - y) * mm / 2 + 0.5, 0, 1)
    gums = np.clip((1.0 - y) * mm / 3, 0, 1)[..., None]
    # Between two teeth is a narrow shade, above them the gum.
    ground = tooth * 0.78 * fade * (1 - gums) + gum * fade * gums
    out[..., :3] += ground * (1 - out[..., 3:])
    out[..., 3] = np.maximum(out[..., 3], within)
    return cv2.GaussianBlur(out, (0, 0), 1.3)  # fine enough for a third of its size


def _tongue(unit: float, colour: np.ndarray) -> np.ndarray:
    """A tongue from the front, float32 RGBA; its middle row is where it begins."""
    mm = unit / CORNERS_MM * FINE
    height, width = 2 * round(26 * mm) + 1, 2 * round(20 * mm) + 1
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (y - height // 2) / mm, (x - width // 2) / mm
    top = 7.0 * (np.abs(x) / 19) ** 2.4 * 2 + 0.8 * np.exp(-((x / 1.6) ** 2))
    cover = np.clip((y - top) * mm / 3 + 0.5, 0, 1) * np.clip((19 - np.abs(x)) * mm / 3, 0, 1)
    shade = (0.72 + 0.28 * np.exp(-(((y - top - 4) / 4.5) ** 2))) * (1 - 0.25 * (np.abs(x) / 19) ** 2)
    shade = shade * (1 - 0.10 * np.exp(-((x / 0.9) ** 2)))
    return np.dstack([colour * shade[..., None], cover]).astype(np.float32)


def _smooth(line: np.ndarray) -> np.ndarray:
    """A line of 11 points as a smooth one of 41 (Catmull-Rom)."""
    padded = np.concatenate([2 * line[:1] - line[1:2], line, 2 * line[-1:] - line[-2:-1]])
    t = np.linspace(0, len(line) - 1, 41)
    i = np.minimum(t.astype(int), len(line) - 2)
    f = (t - i)[:, None]
    a, b, c, d = (padded[i + n] for n in range(4))
    return np.asarray(0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3))
