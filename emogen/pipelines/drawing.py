"""Faces of a mesh -> picture, fast and without a graphics card: numbers are painted first, colours are looked up after.

Every face is filled with its own number, far ones first (OpenCV's fill is the only compiled loop needed); then each
pixel evaluates the linear colour of the face whose number it shows. Numbers are painted at twice the size; only
pixels whose four parts differ in colour are averaged, so edges are smooth at little cost. For that the number
carries the face's brightness in its upper bits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import cv2
import numpy as np

Frame = TypeVar("Frame")
#: Drawing threads and how many frames each may be ahead of the file.
THREADS, AHEAD = 2, 6

#: Bits behind the point of OpenCV's coordinates; numbers are painted at twice the size.
SHIFT, SUPER = 4, 2
#: A number's lower bits count the face from 1, the upper ones hold its brightness (0..1023).
BITS, TONES = 20, 1023.0
#: Parts of a pixel whose brightness differs by more than this (0..1) are averaged.
EDGE = 0.035
#: Faces smaller than this (square pixels, doubled area) are of one colour.
SMALL = 0.6
#: So are those that are seen nearly edge-on: with a smaller sine between their edges or diagonals.
SLIM = 0.10
#: Triangles are joined where the normals at the four corners differ by less than this (cosine).
FLAT = 0.90
#: Pixels coloured at once: what is needed for them stays in the processor's cache.
BLOCK = 8192
#: Thousands of short calls, each of which lets other threads in: two threads at it would mostly wait for each other.
_FILLING = threading.Lock()
_GREY = np.array([0.3, 0.6, 0.1], np.float32)


def paint(
    corners: np.ndarray, colours: np.ndarray, faces: np.ndarray, far: np.ndarray, background: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Paints a mesh over a background.

    Args:
        corners: Vertices on the picture in pixels, float32 [V, 2], x right, y down.
        colours: Of each vertex, float32 [V, 3], 0..1.
        faces: Triangles int [F, 3] or convex four-cornered faces [F, 4]; those turned away are left out. At most
            2^20 - 2.
        far: Distance of each face, float [F]; larger is painted first, infinite not at all.
        background: float32 [h, w, 3], 0..1.

    Returns:
        The picture, float32 [h, w, 3], and the face at each pixel, -1 for none, int32 [h, w].
    """
    height, width = background.shape[:2]
    x, y = corners[:, 0], corners[:, 1]
    # Two edges of a triangle, or the diagonals of a face with four corners: their cross product is twice the area.
    i, j, k, m = (0, 1, 0, 2) if faces.shape[1] == 3 else (0, 2, 1, 3)
    a, b, c, d = faces[:, i], faces[:, j], faces[:, k], faces[:, m]
    twice = (x[b] - x[a]) * (y[d] - y[c]) - (y[b] - y[a]) * (x[d] - x[c])
    inside = (x > -64) & (x < width + 64) & (y > -64) & (y < height + 64)
    within = inside[a] | inside[b] | inside[c] | inside[d]
    order = np.flatnonzero((twice < -1e-3) & within & (far < np.inf))
    order = order[np.argsort(-far[order], kind="stable")]
    shown = faces[order]
    p, colour = corners[shown], colours[shown]
    ways = (p[:, j] - p[:, i], p[:, m] - p[:, k], colour[:, j] - colour[:, i], colour[:, m] - colour[:, k])
    planes, tone = _planes(_mean(p), _mean(colour), *ways, twice[order])
    numbers = np.zeros((height * SUPER, width * SUPER), np.int32)
    most = max(width, height) + 2000
    fixed = np.rint((np.clip(p, -2000, most) * SUPER - 0.5) * (1 << SHIFT)).astype(np.int32)
    packed = (np.clip(tone * TONES, 0, TONES).astype(np.int32) << BITS) + np.arange(1, len(order) + 1, dtype=np.int32)
    fill = cv2.fillConvexPoly
    with _FILLING:
        for number, face in zip(packed.tolist(), fixed, strict=True):
            fill(numbers, face, number, 8, SHIFT)
    picture, first = _coloured(numbers, planes, background)
    return picture, np.append(-1, order).astype(np.int32)[first]


def paired(faces: np.ndarray, groups: np.ndarray, shapes: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Joins neighbouring triangles to four-cornered faces, which are painted in half the time.

    Two become one where they are of one group and lie nearly flat, with convex corners, in every shape.

    Args:
        faces: Triangles [F, 3].
        groups: What must not be mixed, one number a triangle [F]; below 0 what stays as it is.
        shapes: The mesh's points in all its shapes, each [V, 3].

    Returns:
        Faces [n, 4] - what found no partner has its last corner twice - and the first triangle of each, rising [n].
    """
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    order = np.lexsort(edges.T)
    same = (edges[order][1:] == edges[order][:-1]).all(axis=1)
    one, two = order[:-1][same], order[1:][same]
    fits = (groups[one // 3] == groups[two // 3]) & (groups[one // 3] >= 0)
    one, two = one[fits], two[fits]
    # Corners of the first from behind the shared edge on, and the second's far corner between the edge's ends.
    corner = np.stack([faces[one // 3, (one + 2) % 3], faces[one // 3, one % 3], faces[two // 3, (two + 2) % 3],
                       faces[one // 3, (one + 1) % 3]], axis=1)  # fmt: skip
    flat = np.ones(len(corner))
    for points in shapes:
        flat = np.minimum(flat, _flatness(points[corner]))
    taken = np.zeros(len(faces), bool)
    out = faces[:, [0, 1, 2, 2]].copy()
    kept = np.ones(len(faces), bool)
    for k in np.argsort(-flat, kind="stable").tolist():
        a, b = int(one[k]) // 3, int(two[k]) // 3
        if flat[k] < FLAT:
            break
        if not (taken[a] or taken[b]):
            taken[a] = taken[b] = True
            out[min(a, b)], kept[max(a, b)] = corner[k], False
    return out[kept], np.flatnonzero(kept)


def _flatness(p: np.ndarray) -> np.ndarray:
    """The least cosine between the normals at the corners of faces [n, 4, 3]: 1 flat, below 0 not convex."""
    sides = np.roll(p, -1, axis=1) - p
    normals = np.cross(np.roll(sides, 1, axis=1), sides)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)
    return np.min(
        [(normals[:, i] * normals[:, j]).sum(axis=1) for i, j in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3))],
        axis=0,
    )


def _mean(values: np.ndarray) -> np.ndarray:
    """Of the corners of each face, [F, n, k] -> [F, k]: much quicker than `mean` over so short an axis."""
    total = values[:, 0] + values[:, 1] + values[:, 2]
    return (total + values[:, 3]) / 4 if values.shape[1] == 4 else total / 3


def _planes(
    centre: np.ndarray,
    middle: np.ndarray,
    one: np.ndarray,
    two: np.ndarray,
    one_tone: np.ndarray,
    two_tone: np.ndarray,
    twice: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The linear colour of each face: base, change across and down, of each colour, [9, 1 + F] (0: none); brightness [F]."""
    lengths = (one[:, 0] ** 2 + one[:, 1] ** 2) * (two[:, 0] ** 2 + two[:, 1] ** 2)
    plain = (twice > -SMALL) | (twice * twice < SLIM**2 * lengths)
    area = np.where(plain, -np.inf, twice)[:, None].astype(np.float32)
    across = (one_tone * two[:, 1:] - two_tone * one[:, 1:]) / area
    down = (two_tone * one[:, :1] - one_tone * two[:, :1]) / area
    planes = np.zeros((9, 1 + len(centre)), np.float32)
    planes[:3, 1:] = (middle - across * centre[:, :1] - down * centre[:, 1:]).T
    planes[3:6, 1:], planes[6:, 1:] = across.T, down.T
    return planes, 0.02 + 0.98 * (_GREY[0] * middle[:, 0] + _GREY[1] * middle[:, 1] + _GREY[2] * middle[:, 2])


def _coloured(numbers: np.ndarray, planes: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture [h, w, 3] and each pixel's row in `planes` [h, w]."""
    width = background.shape[1]
    mask = (1 << BITS) - 1
    even, odd = cv2.split(numbers.reshape(len(numbers), width, SUPER))  # contiguous: several times quicker than steps
    high, least = cv2.max(even, odd), cv2.min(even, odd)
    spread = cv2.subtract(cv2.max(high[0::2], high[1::2]), cv2.min(least[0::2], least[1::2]))
    first = np.bitwise_and(even[0::2], mask)
    edges = spread > int(EDGE * TONES * (1 << BITS))
    edge, plain = np.flatnonzero(edges), np.flatnonzero((first > 0) & ~edges)
    picture = background.copy()
    flat = picture.reshape(-1, 3)
    rows = first.ravel()
    for k in range(0, len(plain), BLOCK):
        at = plain[k : k + BLOCK]
        down, across = np.divmod(at, width)
        flat[at] = _linear(planes, rows[at], across + np.float32(0.5), down + np.float32(0.5))
    row, column = np.divmod(edge, width)
    behind = background.reshape(-1, 3)[edge]
    total = np.zeros_like(behind)
    for dy in range(SUPER):
        for dx in range(SUPER):
            number = numbers[row * SUPER + dy, column * SUPER + dx] & mask
            value = _linear(
                planes, number, column + np.float32((dx + 0.5) / SUPER), row + np.float32((dy + 0.5) / SUPER)
            )
            total += np.where((number == 0)[:, None], behind, value)
    flat[edge] = total / SUPER**2
    return picture, first


def _linear(planes: np.ndarray, number: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colours [n, 3] of faces [n] at places [n]; one colour after the other, so that arrays are gone through in order.

    No number is out of range; "clip" spares the check.
    """
    number, x, y = number.astype(np.intp), x.astype(np.float32), y.astype(np.float32)
    out = np.empty((len(number), 3), np.float32)
    for c in range(3):
        value = planes[3 + c].take(number, mode="clip")
        value *= x
        value += planes[c].take(number, mode="clip")
        part = planes[6 + c].take(number, mode="clip")
        part *= y
        value += part
        out[:, c] = value
    return out


def drawn(render: Callable[[Frame], np.ndarray], frames: Iterable[Frame]) -> Iterator[np.ndarray]:
    """The pictures of frames in order, drawn a few ahead on several threads."""
    waiting: deque[Future[np.ndarray]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for frame in frames:
            waiting.append(pool.submit(render, frame))
            if len(waiting) > THREADS * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
