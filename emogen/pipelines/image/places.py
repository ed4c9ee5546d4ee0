"""A small copy of a picture -> where things are in it: distance, sky, what it is of, faces, the light.

All maps are guesses from one small picture (at most `SMALL_PX` on its long side), float32 [h, w], 0..1, edges kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.pipelines.image.colour import skin_like

Floats = NDArray[np.float32]

SMALL_PX = 480
#: From the points of a face mesh to what must not be veiled: the oval grown by this share, its edge soft by this share.
FACE_GROWN, FACE_SOFT = 1.35, 0.16
#: Chance of being outdoors between which weather sets in (own choice: rain in a room is worse than none in a street).
OPEN = (0.62, 0.78)
#: How far a colour may be from the sky's own and be sky as well, beside its spread: L*, a*, b* (own choice).
SKY_ALIKE = np.array([3.0, 2.0, 2.0], np.float32)
#: Light that changes by less than this from pixel to pixel (0..1) is smooth as a sky is (own choice).
SMOOTH = 0.03


@dataclass(frozen=True)
class Places:
    """Where things are.

    Attributes:
        far: 0 nearest .. 1 farthest.
        sky: How far it is sky.
        subject: How far it is what the picture is of.
        face: How far it is a face.
        skin: How far it is skin of somebody whose face is seen.
        outdoors: 0..1, one number: whether weather may fall.
        sun: Where light comes from, (x, y) in shares of width and height; may lie outside.
        bright: How light its lights are, 0..1.
        air: Colour of what lies far, R, G, B, 0..1.
    """

    far: Floats
    sky: Floats
    subject: Floats
    face: Floats
    skin: Floats
    outdoors: float
    sun: tuple[float, float]
    bright: float
    air: tuple[float, float, float]

    def mixed(self, other: Places, share: float) -> Places:
        """On the way to other places of the same size."""
        way = {}
        for name, mine in vars(self).items():
            its = getattr(other, name)
            if isinstance(mine, np.ndarray):
                way[name] = cv2.addWeighted(mine, 1 - share, its, share, 0)
            elif isinstance(mine, tuple):
                way[name] = tuple(a + share * (b - a) for a, b in zip(mine, its, strict=True))
            else:
                way[name] = mine + share * (its - mine)
        return Places(**way)


def places(small: NDArray[np.uint8], faces: list[NDArray[np.float64]], chance: float | None = None) -> Places:
    """Where things are in a small picture.

    Args:
        small: uint8 [h, w, 3].
        faces: Points of each face's mesh in its pixels, [n, >= 2] each.
        chance: That it was taken outdoors; None: not known, a sky has to be seen.
    """
    rgb = small.astype(np.float32) / 255
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    light = lab[..., 0] / 100
    h, w = light.shape
    long = max(h, w)
    face, skin = _faces(lab, faces)
    sky = _sky(lab, long)
    sky = np.clip(guided(light, sky, long // 30, 1e-3) * (1 - face), 0, 1)
    share = float(sky.mean())
    outdoors = _smooth(share, 0.04, 0.15) if chance is None else _smooth(chance, *OPEN)
    subject = np.maximum(_subject(lab, sky, long), np.clip(cv2.GaussianBlur(face, (0, 0), long / 25) * 1.6, 0, 1))
    subject = np.clip(guided(light, subject, long // 24, 3e-3), 0, 1)
    far = _far(rgb, light, sky, subject, face)
    distant = far >= np.quantile(far, 0.75)
    level = float(np.quantile(light[distant], 0.72))
    tone = rgb[distant].mean(axis=0)
    air = tone * level / max(float(tone @ (0.299, 0.587, 0.114)), 0.02)
    return Places(
        far, sky, subject.astype(np.float32), face, skin, outdoors, _sun(light, sky), float(np.quantile(light, 0.9)),
        (float(air[0]), float(air[1]), float(air[2])),
    )  # fmt: skip


def guided(guide: Floats, given: Floats, radius: int, edge: float) -> Floats:
    """`given` made smooth but for the edges of `guide` (guided filter, He et al. 2010)."""
    a, b = guided_line(guide, given, radius, edge)
    return a * guide + b


def guided_line(guide: Floats, given: Floats, radius: int, edge: float) -> tuple[Floats, Floats]:
    """The guided filter as factor and offset of the guide, which hold at a larger size as well."""
    size = (2 * max(radius, 1) + 1,) * 2

    def mean(x: Floats) -> Floats:
        return cv2.blur(x, size, borderType=cv2.BORDER_REFLECT)

    m, p = mean(guide), mean(given)
    a = (mean(guide * given) - m * p) / (mean(guide * guide) - m * m + edge)
    return mean(a), mean(p - a * m)


def _faces(lab: Floats, faces: list[NDArray[np.float64]]) -> tuple[Floats, Floats]:
    h, w = lab.shape[:2]
    face, skin = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    like = skin_like(lab) if faces else skin
    for points in faces:
        hull = cv2.convexHull(points[:, :2].astype(np.float32))[:, 0]
        middle, side = hull.mean(axis=0), float(np.ptp(hull, axis=0).max())
        grown = middle + (hull - middle) * FACE_GROWN
        one = np.zeros((h, w), np.uint8)
        cv2.fillConvexPoly(one, np.rint(grown * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(one.astype(np.float32) / 255, (0, 0), max(FACE_SOFT * side, 1.0))
        face = np.maximum(face, soft)
        # Their own skin: what is skin-coloured and as light as the face, within a body's reach.
        inside = cv2.erode(one, np.ones((3, 3), np.uint8)) > 0
        if inside.any():
            own = np.median(lab[inside], axis=0)
            away = ((lab - own) / (22.0, 9.0, 10.0)) ** 2
            near = np.exp(-0.5 * away.sum(axis=2)).astype(np.float32) * like
            skin = np.maximum(skin, near)
    if faces:
        skin = np.clip(guided(lab[..., 0] / 100, skin, max(max(h, w) // 60, 1), 1e-3), 0, 1).astype(np.float32)
    return face, np.maximum(skin, face).astype(np.float32)


def _sky(lab: Floats, long: int) -> Floats:
    """Smooth, light or blue, and joined to the top edge."""
    light = lab[..., 0] / 100
    soft = cv2.GaussianBlur(light, (0, 0), long / 200 + 0.5)
    gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    smooth = cv2.magnitude(gx, gy) < SMOOTH
    blue = (lab[..., 2] < -6) & (light > 0.25)
    pale = (light > 0.62) & (np.hypot(lab[..., 1], lab[..., 2]) < 22)
    warm = (light > 0.5) & (lab[..., 2] > 8) & (soft > 0.5)  # evening
    chance = smooth & (blue | pale | warm)
    chance = cv2.morphologyEx(chance.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(chance)
    rows = max(light.shape[0] // 40, 1)
    top = np.bincount(labels[:rows].ravel(), minlength=labels.max() + 1)
    joined = (top > 0.12 * rows * light.shape[1]) & (np.arange(len(top)) > 0)
    found = joined[labels].astype(np.float32)
    if found.sum() > 0.02 * found.size:
        # What is seen of it through branches and between houses has its colour and lies above its lowest edge.
        inside = found > 0
        middle, spread = lab[inside].mean(axis=0), lab[inside].std(axis=0) + SKY_ALIKE
        near = np.exp(-0.5 * (((lab - middle) / (1.3 * spread)) ** 2).sum(axis=2))
        lowest = np.flatnonzero(inside.mean(axis=1) > 0.1).max(initial=0)
        near[lowest + 1 :] = 0
        found = np.maximum(found, near.astype(np.float32))
    return cv2.GaussianBlur(found, (0, 0), 1.0)


def _subject(lab: Floats, sky: Floats, long: int) -> Floats:
    """What differs from the borders, is sharp, and lies near the middle."""
    h, w = sky.shape
    soft = cv2.GaussianBlur(lab, (0, 0), long / 80)
    edge = max(long // 40, 1)
    border = np.concatenate([
        soft[:edge].reshape(-1, 3), soft[-edge:].reshape(-1, 3), soft[:, :edge].reshape(-1, 3), soft[:, -edge:].reshape(-1, 3),
    ])  # fmt: skip
    middle, spread = border.mean(axis=0), border.std(axis=0) + 4.0
    unlike = np.sqrt((((soft - middle) / spread) ** 2).sum(axis=2) / 3)
    light = lab[..., 0]
    fine = cv2.GaussianBlur(np.abs(light - cv2.GaussianBlur(light, (0, 0), 2.0)), (0, 0), long / 40)
    y, x = np.linspace(-1, 1, h, dtype=np.float32)[:, None], np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    centre = np.exp(-0.5 * (x**2 / 0.22 + (y - 0.05) ** 2 / 0.26))
    score = (0.4 + np.clip(unlike, 0, 3) / 2) * (0.3 + fine / (fine.mean() + 1e-3) / 2) * centre * (1 - sky)
    score = score / (np.quantile(score, 0.96) + 1e-6)
    return np.clip(score, 0, 1).astype(np.float32)


def _far(rgb: Floats, light: Floats, sky: Floats, subject: Floats, face: Floats) -> Floats:
    h, w = light.shape
    long = max(h, w)
    # The horizon: where the sky ends on average, or a third from the top.
    share = float(sky.mean())
    line = np.clip(float((sky > 0.5).mean(axis=0).mean()), 0.0, 0.75) if share > 0.05 else 0.30
    y = np.linspace(0, 1, h, dtype=np.float32)[:, None]
    plane = np.clip((1 - y) / max(1 - line, 0.2), 0, 1) ** 1.4 * np.ones((1, w), np.float32)
    window = max(long // 40, 1)
    dark = cv2.erode(rgb.min(axis=2), np.ones((2 * window + 1,) * 2, np.uint8))
    veiled = np.clip((dark - np.median(dark)) / (dark.std() * 2 + 0.05) + 0.5, 0, 1)
    far = 0.68 * plane + 0.32 * veiled * plane**0.5
    far = far * (1 - 0.65 * subject)
    far = np.maximum(far, 0.96 * sky) * (1 - 0.9 * face)
    return np.clip(guided(light, far.astype(np.float32), long // 20, 2e-3), 0, 1).astype(np.float32)


def _sun(light: Floats, sky: Floats) -> tuple[float, float]:
    """Where light comes from: above the lightest part of the upper half."""
    h, w = light.shape
    upper = cv2.GaussianBlur(light[: max(h // 2, 1)], (0, 0), max(h, w) / 20)
    upper = upper * (0.6 + 0.4 * sky[: max(h // 2, 1)])
    weight = np.maximum(upper - np.quantile(upper, 0.85), 0) ** 2 + 1e-9
    x = float((weight * np.arange(w)[None, :]).sum() / weight.sum()) / w
    y = float((weight * np.arange(len(upper))[:, None]).sum() / weight.sum()) / h
    return x, y * 0.8 - 0.06


def _smooth(x: float, low: float, high: float) -> float:
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)
