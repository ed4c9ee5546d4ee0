"""The brushes: antialiased soft shapes drawn on a picture every frame, and shading computed once for the layers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.pipelines.talking_head.avatar.geometry import DESIGN, Array

Picture = NDArray[np.uint8]
Colour = tuple[float, float, float]
SHIFT = 4  # fractional bits of the coordinates handed to OpenCV


def mix(a: Colour, b: Colour, t: float) -> Colour:
    """The colour `t` of the way from `a` to `b`."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def fixed(points: Array) -> NDArray[np.int32]:
    """Pixel coordinates in OpenCV's fixed point."""
    return np.round(points * (1 << SHIFT)).astype(np.int32)


def ribbon(line: Array, widths: object) -> Array:
    """The outline of a stroke along `line` `[n, 2]` with a width for each point (or one value for all)."""
    step = np.gradient(line, axis=0)
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1)
    normal /= np.maximum(np.hypot(normal[:, 0], normal[:, 1]), 1e-6)[:, None]
    half = normal * (np.broadcast_to(np.asarray(widths, np.float32), len(line)) * 0.5)[:, None]
    out: Array = np.concatenate([line + half, (line - half)[::-1]])
    return out


def taper(count: int, start: float = 0.0, end: float = 0.0) -> Array:
    """A width profile that swells to 1 in the middle and ends at `start` and `end`."""
    t = np.linspace(0, 1, count, dtype=np.float32)
    swell = np.sin(np.pi * t)
    out: Array = swell + (1 - swell) * np.where(t < 0.5, start, end)
    return out


@dataclass
class Canvas:
    """A picture (or a piece of one) that shapes in design units are drawn on.

    Attributes:
        image: `[h, w, 3]`, drawn on in place.
        scale: Pixels to a design unit.
        left, top: Pixel of the whole picture where `image` starts.
    """

    image: Picture
    scale: float
    left: int = 0
    top: int = 0

    def pixels(self, points: Array) -> Array:
        """Design points as pixels of `image`."""
        out: Array = points * np.float32(self.scale) - np.float32(0.5) - np.array([self.left, self.top], np.float32)
        return out

    def fill(self, points: Array, colour: Colour, alpha: float = 1.0, blur: float = 0.0) -> None:
        """Fills a polygon; `blur` in design units softens its edge."""
        if alpha <= 0.004:
            return
        at = self.pixels(points)
        if alpha >= 0.999 and blur <= 0:
            cv2.fillPoly(self.image, [fixed(at)], colour, cv2.LINE_AA, SHIFT)
            return
        box = self._box(at, 2 + int(2.6 * blur * self.scale))
        if box is not None:
            self._blend(box, self._mask(at, box, blur), colour, alpha)

    def stroke(self, line: Array, widths: object, colour: Colour, alpha: float = 1.0, blur: float = 0.0) -> None:
        """Draws a stroke of changing width."""
        if alpha > 0.004:
            self.fill(ribbon(line, widths), colour, alpha, blur)

    def hairs(self, lines: list[Array], colour: Colour, thickness: int = 1) -> None:
        """Draws many thin antialiased lines at once."""
        cv2.polylines(self.image, [fixed(self.pixels(line)) for line in lines], False, colour, thickness,
                      cv2.LINE_AA, SHIFT)  # fmt: skip

    def piece(self, points: Array, pad: float = 3.0) -> Canvas | None:
        """A copy of the part around a polygon, to be drawn on and stamped back; None outside the picture."""
        box = self._box(self.pixels(points), int(pad * self.scale) + 1)
        if box is None:
            return None
        x0, y0, x1, y1 = box
        return Canvas(self.image[y0:y1, x0:x1].copy(), self.scale, self.left + x0, self.top + y0)

    def stamp(self, piece: Canvas, points: Array, blur: float = 0.0) -> None:
        """Puts a piece back inside a polygon."""
        height, width = piece.image.shape[:2]
        x0, y0 = piece.left - self.left, piece.top - self.top
        box = (x0, y0, x0 + width, y0 + height)
        mask = self._mask(self.pixels(points), box, blur).astype(np.float32)[..., None] * np.float32(1 / 255)
        target = self.image[y0 : y0 + height, x0 : x0 + width]
        base = target.astype(np.float32)
        target[:] = (base + (piece.image - base) * mask + 0.5).astype(np.uint8)

    def sprite(self, picture: Picture, matrix: NDArray[np.float64]) -> None:
        """Blends a small RGBA picture (premultiplied) in, placed by an affine from its pixels to design units."""
        place = matrix * self.scale
        place[:, 2] -= np.array([self.left + 0.5, self.top + 0.5])
        height, width = self.image.shape[:2]
        moved = cv2.warpAffine(picture, place, (width, height), flags=cv2.INTER_LINEAR)
        over(self.image, moved)

    def _box(self, at: Array, pad: int) -> tuple[int, int, int, int] | None:
        height, width = self.image.shape[:2]
        low, high = np.floor(at.min(0)).astype(int) - pad, np.ceil(at.max(0)).astype(int) + pad + 1
        x0, y0, x1, y1 = max(low[0], 0), max(low[1], 0), min(high[0], width), min(high[1], height)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _mask(self, at: Array, box: tuple[int, int, int, int], blur: float) -> Picture:
        x0, y0, x1, y1 = box
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(mask, [fixed(at - np.array([x0, y0], np.float32))], 255, cv2.LINE_AA, SHIFT)
        if blur > 0:
            side = 2 * max(1, round(blur * self.scale)) + 1
            mask = cv2.blur(cv2.blur(mask, (side, side)), (side, side))
        return mask

    def _blend(self, box: tuple[int, int, int, int], mask: Picture, colour: Colour, alpha: float) -> None:
        x0, y0, x1, y1 = box
        target = self.image[y0:y1, x0:x1]
        base = target.astype(np.float32)
        weight = mask.astype(np.float32)[..., None] * np.float32(min(alpha, 1.0) / 255)
        target[:] = (base + (np.array(colour, np.float32) - base) * weight + 0.5).astype(np.uint8)


def over(image: Picture, layer: Picture) -> None:
    """Lays a premultiplied RGBA layer over a picture of the same size, in place."""
    inverse = cv2.bitwise_not(layer[..., 3])
    kept = cv2.multiply(image, cv2.merge([inverse, inverse, inverse]), scale=1 / 255)
    cv2.add(kept, cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB), dst=image)


# ---- computed once, for the layers; fields are float32 [n, n] with `n` pixels over the design space


def cover(points: Array, n: int) -> Array:
    """The antialiased inside of a polygon, 0..1."""
    mask = np.zeros((n, n), np.uint8)
    cv2.fillPoly(mask, [fixed(points * (n / DESIGN) - 0.5)], 255, cv2.LINE_AA, SHIFT)
    return mask.astype(np.float32) / 255


def blurred(field: Array, sigma: float) -> Array:
    """A field blurred by `sigma` design units."""
    out: Array = cv2.GaussianBlur(field, (0, 0), sigma * field.shape[0] / DESIGN)
    return out


def inflate(mask: Array, radius: float, soften: float) -> Array:
    """A rounded height over a mask: a quarter circle of `radius` units at the edge, then flat."""
    n = mask.shape[0]
    inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5) * (DESIGN / n)
    t = 1 - np.clip(inside / radius, 0, 1)
    return blurred((radius * np.sqrt(np.clip(1 - t * t, 0, 1))).astype(np.float32), soften)


def lit(height: Array, light: tuple[float, float, float], wrap: float = 0.35) -> tuple[Array, Array]:
    """Diffuse (0..1, wrapped) and specular (0..1) light on a height field."""
    unit = DESIGN / height.shape[0]
    dx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / (8 * unit)
    dy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / (8 * unit)
    length = np.sqrt(dx * dx + dy * dy + 1)
    way = np.array(light, np.float32) / np.float32(np.linalg.norm(light))
    normal = (-dx / length, -dy / length, 1 / length)
    diffuse = normal[0] * way[0] + normal[1] * way[1] + normal[2] * way[2]
    half = way + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    shine = np.clip(normal[0] * half[0] + normal[1] * half[1] + normal[2] * half[2], 0, 1) ** 38
    return np.clip((diffuse + wrap) / (1 + wrap), 0, 1), shine


def ramp(value: Array, stops: list[tuple[float, Colour]]) -> Array:
    """Colours `[n, n, 3]` along a scale of stops."""
    xs = [stop for stop, _ in stops]
    return np.stack([np.interp(value, xs, [c[k] for _, c in stops]) for k in range(3)], axis=-1).astype(np.float32)


def tint(picture: Array, weight: Array, colour: Colour) -> None:
    """Mixes a colour into a float picture, in place."""
    picture += (np.array(colour, np.float32) - picture) * np.clip(weight, 0, 1)[..., None]


def finish(picture: Array, alpha: Array, size: int) -> Picture:
    """A float picture and its cover as a premultiplied uint8 RGBA layer of the final size."""
    whole = np.dstack([picture * alpha[..., None], alpha * 255]).astype(np.float32)
    small = cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA)
    small[..., :3] = np.minimum(small[..., :3], small[..., 3:])
    return np.clip(small + 0.5, 0, 255).astype(np.uint8)
