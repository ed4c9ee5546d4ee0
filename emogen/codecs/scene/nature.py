"""What plants, ground and hills share: colours of the year, painting of many small shapes, and places on level ground.

Colours are shares of light given back (linear RGB, own choice after field guides' colour plates, by eye).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.brush import lay
from emogen.codecs.scene.noise import sampled, smoothstep
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Floats, Stage

Numbers = NDArray[np.floating]  # of either precision
SNOW = np.array([0.80, 0.85, 0.92], np.float32)
EARTH = np.array([0.17, 0.115, 0.07], np.float32)
DUST = np.array([0.36, 0.27, 0.17], np.float32)
STRAW = np.array([0.42, 0.31, 0.12], np.float32)
#: Grass in spring, summer, autumn, winter.
GRASS = np.array(
    [[0.150, 0.290, 0.040], [0.105, 0.205, 0.035], [0.240, 0.190, 0.060], [0.150, 0.135, 0.070]], np.float32
)
#: Two ends of the leaves' tints in spring, summer, autumn, winter.
LEAVES = np.array(
    [
        [[0.130, 0.270, 0.030], [0.300, 0.430, 0.070]],
        [[0.045, 0.120, 0.022], [0.110, 0.220, 0.045]],
        [[0.420, 0.075, 0.025], [0.720, 0.400, 0.050]],
        [[0.150, 0.085, 0.035], [0.260, 0.160, 0.070]],
    ],
    np.float32,
)
NEEDLES = np.array([[0.022, 0.062, 0.026], [0.060, 0.120, 0.040]], np.float32)
BLOSSOM = np.array([[0.86, 0.50, 0.60], [0.95, 0.84, 0.86]], np.float32)
#: Poppy, daisy, buttercup, cornflower, clover, mallow.
PETALS = np.array(
    [
        [0.80, 0.05, 0.02],
        [0.92, 0.90, 0.84],
        [0.95, 0.66, 0.02],
        [0.10, 0.16, 0.75],
        [0.62, 0.22, 0.62],
        [0.88, 0.34, 0.52],
    ],
    np.float32,
)


@dataclass(frozen=True)
class Year:
    """What season, snow, life and threat make of the land.

    Attributes:
        share: Of spring, summer, autumn and winter [4], sum 1.
        leaves: Share of the leaves that hang on broadleaf trees.
        blossom: Share of their leaves that are blossoms.
        leaf: The two ends of the leaves' tints [2, 3].
        needle: Those of conifers [2, 3].
        grass: Colour of grass [3].
        soil: Colour of bare ground [3].
        bare: Share of the ground without grass.
        snow: Share of the ground and of branches under snow.
        wet: 0 dry .. 1 in the rain.
    """

    share: NDArray[np.float64]
    leaves: float
    blossom: float
    leaf: Floats
    needle: Floats
    grass: Floats
    soil: Floats
    bare: float
    snow: float
    wet: float


def year_of(scene: Scene) -> Year:
    """What the land wears."""
    away = np.abs((scene["season"] - np.arange(4) + 2) % 4 - 2)
    share = np.clip(1 - away, 0, 1) ** 2.2
    share /= share.sum()
    lush, threat = scene["lush"], scene["threat"]
    alive = float(smoothstep(0.02, 0.55, lush) * (1 - smoothstep(0.25, 0.85, threat)))
    grim = 1 - 0.55 * threat
    leaf = np.tensordot(share, LEAVES, 1)
    dry = np.clip(1 - 1.6 * lush, 0, 1)
    leaf = (leaf * (1 - dry) + LEAVES[3] * dry) * grim
    leaf = leaf * (1 - 0.35 * threat) + 0.35 * threat * leaf.mean(axis=1, keepdims=True)
    grass = share @ GRASS
    grass = grass * (0.8 + 0.3 * lush)
    grass = grass * (1 - 0.8 * dry) + 0.8 * dry * STRAW * 0.8
    grass = (grass * (1 - 0.5 * threat) + 0.5 * threat * grass.mean() * np.array([1.05, 1.0, 0.85])) * (
        1 - 0.35 * threat
    )
    soil = EARTH * (1 - dry) + DUST * dry
    wet = scene["rain"]
    needle = NEEDLES * grim * (0.6 + 0.5 * lush) + dry * 0.5 * np.array([0.12, 0.06, 0.02])
    leaf, needle, grass, soil = (
        np.asarray(c, np.float32) for c in (leaf, needle, grass * (1 - 0.25 * wet), soil * grim * (1 - 0.4 * wet))
    )
    return Year(
        share, float(share @ [0.75, 1.0, 0.85, 0.0]) * alive, float(share[0] * 0.75 * alive), leaf, needle, grass, soil,
        float(1 - smoothstep(0.0, 0.5, lush + 0.02)),
        max(scene["snow"], 0.15 * scene["snowfall"]), wet,
    )  # fmt: skip


def polygons(image: Floats, points: Numbers, colours: Numbers) -> None:
    """Paints convex polygons [n, k, 2] (px) in colours [n, 4] on a float32 image, in order."""
    fixed = np.round(points * 16).astype(np.int32)
    for shape, colour in zip(fixed, colours.tolist(), strict=True):
        cv2.fillConvexPoly(image, shape, colour, cv2.LINE_8, 4)


def strokes(
    image: Floats,
    start: Numbers,
    end: Numbers,
    width0: Numbers,
    width1: Numbers,
    colours: Numbers,
    *,
    ease: float = 0.3,
) -> None:
    """Paints tapered strokes from start to end [n, 2] (px), as wide (px) as told at both ends, in colours [n, 4]."""
    along = end - start
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-3)[:, None]
    along = along / length
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    a, b = np.maximum(width0, 0.7)[:, None] / 2, np.maximum(width1, 0.7)[:, None] / 2
    tip, tail = end + along * b * ease, start - along * a * ease
    corners = [
        tail - across * a,
        tail + across * a,
        end + across * b,
        tip + across * b * 0.5,
        tip - across * b * 0.5,
        end - across * b,
    ]
    polygons(image, np.stack(corners, 1).astype(np.float32), colours)


def rotated(shape: Numbers, angle: Numbers, size: Numbers, centre: Numbers) -> Floats:
    """One outline [k, 2] turned by angles [n], sized [n] or [n, 2] and moved to centres [n, 2]: [n, k, 2]."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
    scaled = shape[None] * (size[:, None, None] if size.ndim == 1 else size[:, None, :])
    return np.asarray(scaled @ turn.transpose(0, 2, 1) + centre[:, None], np.float32)


def over(sheet: Floats, patch: Floats, left: float, top: float) -> None:
    """Lays a premultiplied patch on a sheet; what lies beyond its edges is cut."""
    x, y = round(left), round(top)
    h, w = patch.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, sheet.shape[1]), min(y + h, sheet.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = patch[y0 - y : y1 - y, x0 - x : x1 - x]
    lay(sheet[y0:y1, x0:x1], part)


def mixed(a: NDArray[np.floating], b: NDArray[np.floating], share: Floats) -> NDArray[np.floating]:
    """Colours [h, w, 3] between a and b."""
    return a + (b - a) * share[..., None]


def resized(patch: Floats, w: float, h: float) -> Floats:
    """A patch in another size (px)."""
    return cv2.resize(patch, (max(1, round(w)), max(1, round(h))), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def opaque(rgb: NDArray[np.floating], alpha: Floats) -> Floats:
    """A premultiplied sheet of colours [h, w, 3] as opaque as told [h, w]."""
    out = np.empty((*alpha.shape, 4), np.float32)
    np.multiply(rgb, alpha[..., None], out=out[..., :3], casting="unsafe")
    np.maximum(out[..., :3], 0.0, out=out[..., :3])  # noise may take a colour below black
    out[..., 3] = alpha
    return out


@dataclass(frozen=True)
class Plane:
    """The level ground in the rows of a picture from `top` down: where each pixel lies (m).

    Attributes:
        top: First row.
        x: To the right [rows, w].
        z: Away [rows, 1].
        step: Metres of ground that one pixel is high [rows, 1].
    """

    top: int
    x: Floats
    z: Floats
    step: Floats


def plane_of(stage: Stage, far_m: float = 4000.0) -> Plane:
    """The ground nearer than `far_m`."""
    depth = stage.ground_depth()
    top = int(np.argmax(depth < far_m)) if (depth < far_m).any() else stage.height - 1
    z = depth[top:, None]
    x = (np.arange(stage.width, dtype=np.float32)[None] + 0.5 - stage.width / 2) * z / stage.focal
    return Plane(top, x, z, z * z / (stage.focal * stage.eye_m))


def near_of(stage: Stage) -> float:
    """Distance (m) of the ground at the picture's lower edge: what is measured by it looks alike from any height of the eye."""
    return stage.focal * stage.eye_m / (stage.height - stage.horizon)


def texture(plane: Plane, tile: Floats, size_m: float, *, stretch: float = 1.0, shift: float = 0.0) -> Floats:
    """A periodic tile, `size_m` wide and `stretch` times as long, on the ground; fades where it gets too fine."""
    grain = size_m * min(1.0, stretch) * 8 / tile.shape[0]
    fade = np.clip(1.6 - plane.step / (grain * 24), 0, 1)
    return np.asarray(
        sampled(tile, plane.x / size_m + shift, np.broadcast_to(plane.z / (size_m * stretch), plane.x.shape) + shift)
        * fade,
        np.float32,
    )
