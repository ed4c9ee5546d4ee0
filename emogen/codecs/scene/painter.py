"""A painter's hand: a picture -> the same in strokes of a brush that follow its shapes. Display values 0..1 in and out.

Every spot takes the colour of the most even patch round it, out of patches laid along the edges there (an anisotropic
Kuwahara filter, after Kyprianidis, Kang & Döllner 2009); bristles run along the edges too and stir the colours a little.
All lengths are shares of the picture's height.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from emogen.codecs.scene.stage import Floats

BRUSH = 0.0030  # radius of a patch (heights; own choice)
PATCHES = 8
STRIP = 64  # rows painted at once (own choice: they stay in a processor's cache)
EVEN = 0.004  # deviation of the light within a patch that counts as even (own choice)
BRISTLE = 0.008  # length of a bristle's trace to each side (heights; own choice)
FINE = 0.3  # of the detail lost under the brush that is put back (own choice)
LEVEL = 0.004  # where nothing is to be seen, strokes are level (own choice)
RELIEF = 0.016  # how much lighter and darker traces are (own choice)


def painted(picture: Floats, rng: np.random.Generator, strength: float = 1.0) -> Floats:
    """The painted picture [h, w, 3]; at strength 0 as it was."""
    h = len(picture)
    angle, along = _flow(picture)
    bristles = _bristles(angle, rng)
    radius = BRUSH * h
    patches, paint = _patches(picture, radius), np.empty_like(picture)

    def paint_strip(top: int) -> None:
        rows = slice(top, min(top + STRIP, h))
        paint[rows] = _strokes(patches, top, radius, angle[rows], along[rows], bristles[rows])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(paint_strip, range(0, h, STRIP)))
    lost = picture - paint
    paint += FINE * lost + (1 - FINE) * np.maximum(lost - 0.08, 0.0)  # stars and sparks stay
    return np.asarray(picture + strength * (paint - picture), np.float32)


def _strokes(patches: Floats, top: int, radius: float, angle: Floats, along: Floats, bristles: Floats) -> Floats:
    """The colour of the rows from `top` down: of the most even patches round each pixel, in an ellipse along the stroke."""
    cos, sin, aside = np.cos(angle), np.sin(angle), np.float32(0.55 * radius) * bristles
    x, y = _columns(angle.shape[1]) - sin * aside, _rows(len(angle)) + np.float32(top) + cos * aside
    longer, wider = radius * (1.0 + 1.1 * along), radius * (1.0 - 0.55 * along)
    total = np.zeros((*angle.shape, 4), np.float32)
    for k in range(PATCHES // 2):
        turn = 2 * np.pi * (k + 0.5) / PATCHES
        a, b = longer * np.float32(np.cos(turn)), wider * np.float32(np.sin(turn))
        right, down = a * cos - b * sin, a * sin + b * cos
        for u, v in ((x + right, y + down), (x - right, y - down)):
            total += cv2.remap(patches, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    *parts, weight = cv2.split(total)
    share = (1 + RELIEF * bristles * (1 - 0.5 * along)) / weight
    return cv2.merge([part * share for part in parts])


def _flow(picture: Floats) -> tuple[Floats, Floats]:
    """Along which angle the shapes run in each pixel, and how clearly, 0..1."""
    h, w = picture.shape[:2]
    small = cv2.resize(picture, (max(w // 2, 8), max(h // 2, 8)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.0012 * h, 0.4))
    dx, dy = cv2.Scharr(small, -1, 1, 0), cv2.Scharr(small, -1, 0, 1)
    xx, xy, yy = (cv2.transform(product, np.ones((1, 3))) for product in (dx * dx, dx * dy, dy * dy))
    yy = yy + np.float32(LEVEL)
    strong = 1 / np.sqrt(xx + yy + np.float32(1e-5))  # strong edges do not drown faint ones
    tensor = cv2.merge([xx * strong, xy * strong, yy * strong])
    tensor = cv2.GaussianBlur(tensor, (0, 0), max(0.006 * h, 0.6)) + 0.3 * cv2.GaussianBlur(tensor, (0, 0), max(0.02 * h, 1.0))
    xx, xy, yy = cv2.split(tensor)
    twice = np.dstack([yy - xx, -2 * xy, xx + yy]).astype(np.float32)
    twice = cv2.resize(twice, (w, h), interpolation=cv2.INTER_LINEAR)
    angle = 0.5 * np.arctan2(twice[..., 1], twice[..., 0])
    return angle, np.clip(np.hypot(twice[..., 0], twice[..., 1]) / (twice[..., 2] + 1e-3), 0, 1)


def _bristles(angle: Floats, rng: np.random.Generator) -> Floats:
    """Noise drawn out along the strokes, deviation about 1 [h, w]."""
    h, w = angle.shape
    grain = cv2.resize(rng.standard_normal((512, max(int(512 * w / h), 8))).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    x, y, cos, sin = _columns(w), _rows(h), np.cos(angle), np.sin(angle)
    out, reach = grain, np.float32(BRISTLE * h / 4)
    for _ in range(3):  # each pass doubles the length that is drawn out
        ahead = cv2.remap(out, x + reach * cos, y + reach * sin, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        behind = cv2.remap(out, x - reach * cos, y - reach * sin, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        out = 0.4 * out + 0.3 * (ahead + behind)
        reach = reach * np.float32(1.7)
    return np.asarray(np.clip(out / max(float(out.std()), 1e-6), -2.5, 2.5), np.float32)


def _patches(picture: Floats, radius: float) -> Floats:
    """Mean colour of the patch round each pixel and, as its weight, how even it is, premultiplied [h, w, 4]."""
    sigma = max(0.5 * radius, 0.35)
    mean = cv2.GaussianBlur(picture, (0, 0), sigma)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    spread = np.maximum(cv2.GaussianBlur(grey * grey, (0, 0), sigma) - cv2.GaussianBlur(grey, (0, 0), sigma) ** 2, 0)
    weight = EVEN / (EVEN + np.sqrt(spread))
    weight = weight * weight * weight
    return cv2.merge([part * weight for part in cv2.split(mean)] + [weight])


def _columns(w: int) -> Floats:
    return np.arange(w, dtype=np.float32)[None]


def _rows(h: int) -> Floats:
    return np.arange(h, dtype=np.float32)[:, None]
