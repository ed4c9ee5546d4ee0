"""The loops of `drawing` as machine code: which face is at each pixel, and what colour it has there."""

from __future__ import annotations

import numpy as np

from emogen.compiled import compiled
from emogen.media.glb import encoded

#: Numbers are painted at so many times the size.
SUPER = 2
#: Parts of a pixel whose brightness differs by more than this (0..1) are averaged.
EDGE = 0.035
#: Faces smaller than this (square pixels, doubled area) are of one colour.
SMALL = 0.6
#: So are those that are seen nearly edge-on: with a smaller sine between their edges or diagonals.
SLIM = 0.10
#: Brightness of red, green and blue; what is painted is at least so bright, what is not is 0. This and the sizes above: own choice, by eye.
BRIGHTNESS, LEAST = (0.3, 0.6, 0.1), 0.02
#: Linear light from 0 to 1 in steps of 1 / `LIGHTEST`, as the eye sees it (sRGB).
LIGHTEST = 4095
SRGB = encoded(np.linspace(0, 1.0, LIGHTEST + 1)).astype(np.float32)


@compiled
def filled(
    corners: np.ndarray, away: np.ndarray, colours: np.ndarray, faces: np.ndarray, behind: np.ndarray, twice: np.ndarray,
    width: int, height: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Fills faces with 1, 2, ... where they are the nearest; of those equally near the first.

    Args:
        corners: float32 [V, 2], pixels.
        away: float32 [V], distances from the camera.
        colours: float32 [V, 3].
        faces: Triangles int32 [F, 3] or convex four-cornered faces [F, 4].
        behind: What is added to their distances, float32 [F].
        twice: Twice their areas, negative, float32 [F].
        width: Of the picture (pixels).
        height: Of the picture (pixels).

    Returns:
        Numbers at `SUPER` times the size, 0 for none, int32 [h * SUPER, w * SUPER]; the linear colour of each number:
        base, change across, change down, float32 [1 + F, 9]; its brightness, float32 [1 + F].
    """
    rows, columns, count = height * SUPER, width * SUPER, faces.shape[1]
    numbers = np.zeros((rows, columns), np.int32)
    planes = np.zeros((1 + len(faces), 9), np.float32)
    tones = np.zeros(1 + len(faces), np.float32)
    nearest = np.full((rows, columns), np.inf, np.float32)
    x, y, z = np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
    for f in range(len(faces)):
        face, plane, number = faces[f], planes[f + 1], f + 1
        for k in range(count):
            x[k], y[k], z[k] = corners[face[k], 0], corners[face[k], 1], away[face[k]] + behind[f]
        # Two edges of a triangle, or the diagonals of a face with four corners.
        a, b, c, d = (0, 1, 0, 2) if count == 3 else (0, 2, 1, 3)
        ax, ay, bx, by = x[b] - x[a], y[b] - y[a], x[d] - x[c], y[d] - y[c]
        area = twice[f]
        plain = area > -SMALL or area * area < SLIM**2 * (ax * ax + ay * ay) * (bx * bx + by * by)
        for i in range(3):
            middle = np.float32(0)
            for k in range(count):
                middle += colours[face[k], i] / count
            tones[number] += BRIGHTNESS[i] * middle
            plane[i] = middle
            if not plain:
                one, two = colours[face[b], i] - colours[face[a], i], colours[face[d], i] - colours[face[c], i]
                across, down = (one * by - two * ay) / area, (two * ax - one * bx) / area
                plane[i], plane[3 + i], plane[6 + i] = middle - across * x.mean() - down * y.mean(), across, down
        tones[number] = LEAST + (1 - LEAST) * min(max(tones[number], 0.0), 1.0)
        # Distances are linear too, and nowhere beyond those of the corners.
        low, high, depth = z.min(), z.max(), z.mean()
        z_across = z_down = np.float32(0)
        if not plain:
            one, two = z[b] - z[a], z[d] - z[c]
            z_across, z_down = (one * by - two * ay) / area / SUPER, (two * ax - one * bx) / area / SUPER
        # A part is covered where the face comes within half a part of its middle: what is thin is not lost.
        for k in range(count):
            x[k], y[k] = x[k] * SUPER - 0.5, y[k] * SUPER - 0.5
        top, bottom, middle_x, middle_y = y.min(), y.max(), x.mean(), y.mean()
        for row in range(max(int(np.ceil(top - 0.5)), 0), min(int(np.floor(bottom + 0.5)), rows - 1) + 1):
            at = min(max(np.float32(row), top), bottom)
            left, right = np.float32(np.inf), np.float32(-np.inf)
            for k in range(count):
                m = k + 1 if k + 1 < count else 0
                if y[k] == y[m]:
                    if y[k] == at:
                        left, right = min(left, x[k], x[m]), max(right, x[k], x[m])
                elif min(y[k], y[m]) <= at <= max(y[k], y[m]):
                    here = x[k] + (x[m] - x[k]) * ((at - y[k]) / (y[m] - y[k]))
                    left, right = min(left, here), max(right, here)
            if right > -1 and left < columns:
                first, last = max(int(np.ceil(left - 0.5)), 0), min(int(np.floor(right + 0.5)), columns - 1)
                start = depth + z_down * (row - middle_y) - z_across * middle_x
                for column in range(first, last + 1):
                    here = min(max(start + z_across * column, low), high)
                    if here < nearest[row, column]:
                        nearest[row, column], numbers[row, column] = here, number
    return numbers, planes, tones


@compiled
def coloured(
    numbers: np.ndarray, planes: np.ndarray, tones: np.ndarray, order: np.ndarray, background: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The picture float32 [h, w, 3] over a background, and the face at each pixel, -1 for none, int32 [h, w].

    `order` has the faces of the numbers, int32 [F]; `numbers`, `planes` and `tones` are those of `filled`.
    """
    height, width = background.shape[:2]
    picture = background.copy()
    which = np.full((height, width), -1, np.int32)
    parts = SUPER * SUPER
    for row in range(height):
        for column in range(width):
            r, c = row * SUPER, column * SUPER
            first = numbers[r, c]
            if first > 0:
                which[row, column] = order[first - 1]
            least, most = tones[first], tones[first]
            for k in range(1, parts):
                tone = tones[numbers[r + k // SUPER, c + k % SUPER]]
                least, most = min(least, tone), max(most, tone)
            if most - least <= EDGE:
                if first > 0:
                    p = planes[first]
                    x, y = np.float32(column + 0.5), np.float32(row + 0.5)
                    for i in range(3):
                        picture[row, column, i] = p[i] + p[3 + i] * x + p[6 + i] * y
                continue
            for i in range(3):
                total = np.float32(0)
                for k in range(parts):
                    down, across = k // SUPER, k % SUPER
                    number = numbers[r + down, c + across]
                    if number == 0:
                        total += background[row, column, i]
                    else:
                        p = planes[number]
                        x = np.float32(column + (across + 0.5) / SUPER)
                        y = np.float32(row + (down + 0.5) / SUPER)
                        total += p[i] + p[3 + i] * x + p[6 + i] * y
                picture[row, column, i] = total / np.float32(parts)
    return picture, which


@compiled
def bounds(corners: np.ndarray, faces: np.ndarray, behind: np.ndarray) -> tuple[float, float, float, float]:
    """The rectangle around all faces that are not infinitely far behind: left, top, right, bottom; of none an inverted one."""
    left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
    for f in range(len(faces)):
        if behind[f] < np.inf:
            for k in range(faces.shape[1]):
                x, y = corners[faces[f, k], 0], corners[faces[f, k], 1]
                left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
    return left, top, right, bottom
