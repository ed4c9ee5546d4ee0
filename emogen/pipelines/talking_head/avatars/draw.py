"""Triangles -> picture, fast and without a graphics card: numbers are painted first, colours are looked up after.

Every triangle is filled with its own number, far ones first (OpenCV's fill is the only compiled loop needed); then
each pixel evaluates the linear colour of the triangle whose number it shows. Numbers are painted at twice the size;
only pixels whose four parts differ in colour are averaged, so edges are smooth at little cost. For that the number
carries the triangle's brightness in its upper bits.
"""

from __future__ import annotations

import threading

import cv2
import numpy as np

#: Bits behind the point of OpenCV's coordinates; numbers are painted at twice the size.
SHIFT, SUPER = 4, 2
#: A number's lower bits count the triangle from 1, the upper ones hold its brightness (0..1023).
BITS, TONES = 20, 1023.0
#: Parts of a pixel whose brightness differs by more than this (0..1) are averaged.
EDGE = 0.035
#: Triangles smaller than this (square pixels, doubled area) are of one colour.
SMALL = 0.6
#: Pixels coloured at once: what is needed for them stays in the processor's cache.
BLOCK = 8192
#: Thousands of short calls, each of which lets other threads in: two threads at it would mostly wait for each other.
_FILLING = threading.Lock()
_GREY = np.array([0.3, 0.6, 0.1], np.float32)


def paint(
    corners: np.ndarray, colours: np.ndarray, triangles: np.ndarray, far: np.ndarray, background: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Paints a mesh over a background.

    Args:
        corners: Vertices on the picture in pixels, float32 [V, 2], x right, y down.
        colours: Of each vertex, float32 [V, 3], 0..1.
        triangles: int [F, 3]; those turned away are left out. At most 2^20 - 2.
        far: Distance of each triangle, float [F]; larger is painted first.
        background: float32 [size, size, 3], 0..1.

    Returns:
        The picture, float32 [size, size, 3], and the triangle at each pixel, -1 for none, int32 [size, size].
    """
    size = background.shape[0]
    x, y = corners[:, 0], corners[:, 1]
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    twice = (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a])
    inside = (x > -64) & (x < size + 64) & (y > -64) & (y < size + 64)
    order = np.flatnonzero((twice < -1e-3) & (inside[a] | inside[b] | inside[c]))
    order = order[np.argsort(-far[order], kind="stable")]
    shown = triangles[order]
    p, colour = corners[shown], colours[shown]
    planes, tone = _planes(p, colour, twice[order])
    numbers = np.zeros((size * SUPER, size * SUPER), np.int32)
    fixed = np.rint((np.clip(p, -2000, size + 2000) * SUPER - 0.5) * (1 << SHIFT)).astype(np.int32)
    packed = (np.clip(tone * TONES, 0, TONES).astype(np.int32) << BITS) + np.arange(1, len(order) + 1, dtype=np.int32)
    fill = cv2.fillConvexPoly
    with _FILLING:
        for number, triangle in zip(packed.tolist(), fixed, strict=True):
            fill(numbers, triangle, number, 8, SHIFT)
    picture, first = _coloured(numbers, planes, background)
    return picture, np.append(-1, order).astype(np.int32)[first]


def _planes(p: np.ndarray, colour: np.ndarray, twice: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The linear colour of each triangle: base, change across and down, of each colour, [9, 1 + F] (0: none); brightness [F]."""
    area = np.where(twice > -SMALL, -np.inf, twice)[:, None].astype(np.float32)
    ab, ac = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    da, dc = colour[:, 1] - colour[:, 0], colour[:, 2] - colour[:, 0]
    across = (da * ac[:, 1:] - dc * ab[:, 1:]) / area
    down = (dc * ab[:, :1] - da * ac[:, :1]) / area
    middle, centre = (colour[:, 0] + colour[:, 1] + colour[:, 2]) / 3, (p[:, 0] + p[:, 1] + p[:, 2]) / 3
    planes = np.zeros((9, 1 + len(p)), np.float32)
    planes[:3, 1:] = (middle - across * centre[:, :1] - down * centre[:, 1:]).T
    planes[3:6, 1:], planes[6:, 1:] = across.T, down.T
    return planes, 0.02 + 0.98 * (_GREY[0] * middle[:, 0] + _GREY[1] * middle[:, 1] + _GREY[2] * middle[:, 2])


def _coloured(numbers: np.ndarray, planes: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture [size, size, 3] and each pixel's row in `planes` [size, size]."""
    size = background.shape[0]
    top, low = numbers[0::2], numbers[1::2]
    high, least = cv2.max(top, low), cv2.min(top, low)
    spread = cv2.subtract(cv2.max(high[:, 0::2], high[:, 1::2]), cv2.min(least[:, 0::2], least[:, 1::2]))
    mask = (1 << BITS) - 1
    first = np.bitwise_and(top[:, 0::2], mask)
    edges = spread > int(EDGE * TONES * (1 << BITS))
    edge, plain = np.flatnonzero(edges), np.flatnonzero((first > 0) & ~edges)
    picture = background.copy()
    flat = picture.reshape(-1, 3)
    rows = first.ravel()
    for k in range(0, len(plain), BLOCK):
        at = plain[k : k + BLOCK]
        down, across = np.divmod(at, size)
        flat[at] = _linear(planes, rows[at], across + np.float32(0.5), down + np.float32(0.5))
    row, column = np.divmod(edge, size)
    behind = background.reshape(-1, 3)[edge]
    total = np.zeros_like(behind)
    for dy in range(SUPER):
        for dx in range(SUPER):
            number = numbers[row * SUPER + dy, column * SUPER + dx] & mask
            value = _linear(planes, number, column + np.float32((dx + 0.5) / SUPER), row + np.float32((dy + 0.5) / SUPER))
            total += np.where((number == 0)[:, None], behind, value)
    flat[edge] = total / SUPER**2
    return picture, first


def _linear(planes: np.ndarray, number: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colours [n, 3] of triangles [n] at places [n]; one colour after the other, so that arrays are gone through in order."""
    number, x, y = number.astype(np.intp), x.astype(np.float32), y.astype(np.float32)
    out = np.empty((len(number), 3), np.float32)
    for c in range(3):
        value = planes[3 + c].take(number)
        value *= x
        value += planes[c].take(number)
        part = planes[6 + c].take(number)
        part *= y
        value += part
        out[:, c] = value
    return out
