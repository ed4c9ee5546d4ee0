"""A scene -> its picture: the light, the layers far to near, air between them, weather, and how the eye (or a painter) sees it.

`layers_of` draws, `flattened` lays the sheets over one another, `seen` finishes. A film moves the sheets between the
first two.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.elements import drawer
from emogen.codecs.scene.finish import finished
from emogen.codecs.scene.light import air_before, light_of
from emogen.codecs.scene.scene import Scene, places
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.weather import weathered

GLOW_SEEN = 0.4  # of the haze before it dims what glows (own choice)
ROOM_M = 8.0  # depth of a room: no weather within (own choice)
BLOOM = ((0.008, 0.5), (0.03, 0.3), (0.10, 0.16))  # radius (heights) and strength of the glow round a light (own choice)


def layers_of(
    scene: Scene, width: int, height: int, elements: Sequence[str] | None = None
) -> tuple[Stage, list[Layer]]:
    """The stage of a scene and its layers, far to near; of its place's elements, or of those given."""
    stage = Stage(scene, width, height, light_of(scene))
    with ThreadPoolExecutor(2) as pool:  # each element has its own random numbers: the order of work does not matter
        drawn = pool.map(lambda element: drawer(element)(stage), places()[scene.place] if elements is None else elements)
        return stage, [layer for layers in drawn for layer in layers]


def flattened(stage: Stage, layers: Sequence[Layer]) -> Floats:
    """All layers with the air between them, linear light, float32 [h, w, 3]."""
    picture, glow = (np.zeros((3, stage.height, stage.width), np.float32) for _ in range(2))  # planes are quicker to lay
    far, open_sky, glows = cv2.split(_air(stage)), 0.0, False
    for layer in layers:
        rows, columns = _in_use(layer)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            continue
        *parts, alpha = cv2.split(layer.rgba[rows, columns])
        air = _lost(stage, layer)[rows]
        left, veil, through = 1 - air, air * alpha, 1 - alpha
        over = [part * left + there[:, columns] * veil for part, there in zip(parts, far, strict=True)]
        if layer.mirror is not None:
            image = _mirrored(stage, cv2.merge(list(picture)), layer, rows)
            for part, seen_in in zip(over, cv2.split(image), strict=True):
                part += seen_in[:, columns] * (layer.mirror[rows, columns] * left)
        if layer.gleam is not None:
            shown = min(_brightness(stage, picture) / open_sky, 1.0) if open_sky else 1.0
            for part, gleam in zip(over, cv2.split(layer.gleam[rows, columns]), strict=True):
                part += gleam * (left * np.float32(shown))
        for plane, part in zip(picture, over, strict=True):
            plane[rows, columns] *= through
            plane[rows, columns] += part
        open_sky = open_sky or _brightness(stage, picture)
        for plane, part in zip(glow, parts, strict=True) if layer.glows or glows else ():
            plane[rows, columns] *= through
            if layer.glows:
                plane[rows, columns] += part * left
        glows = glows or layer.glows
    return cv2.merge(list(picture)) + _bloom(cv2.merge(list(glow))) if glows else cv2.merge(list(picture))


def rendered(scene: Scene, width: int, height: int, elements: Sequence[str] | None = None) -> NDArray[np.uint8]:
    """The picture of a scene.

    Args:
        scene: What to draw.
        width: Of the picture (px).
        height: Of the picture (px).
        elements: Those of the place's elements to draw, far to near; all if not given.

    Returns:
        uint8 [height, width, 3], sRGB.
    """
    stage, layers = layers_of(scene, width, height, elements)
    return seen(stage, flattened(stage, layers))


def seen(stage: Stage, picture: Floats, *, at_s: float = 0.0, gain: float | None = None) -> NDArray[np.uint8]:
    """The finished picture of the linear light of all layers.

    Args:
        stage: What the layers were drawn on.
        picture: Of `flattened`.
        at_s: The time in a film: rain and snow fall, fog drifts.
        gain: Its exposure; a film keeps that of its first frame, `finish.exposure(picture)`.

    Returns:
        uint8 [h, w, 3], sRGB.
    """
    return finished(weathered(picture, stage, at_s), stage.scene, gain)


def _brightness(stage: Stage, picture: Floats) -> float:
    """How bright the picture is where sun or moon stand; 0 if that is not in it."""
    column, row = stage.place(stage.light.sun)
    reach = max(stage.focal * 0.012, 1.0)
    if stage.light.sun[2] <= 0 or not (reach < column < stage.width - reach and reach < row < stage.height - reach):
        return 0.0
    patch = picture[:, round(row - reach) : round(row + reach) + 1, round(column - reach) : round(column + reach) + 1]
    return float(patch.mean())


def _air(stage: Stage) -> Floats:
    view = stage.view(1, 32)[0]
    view[:, 1] = 0.02
    far = air_before(stage.scene, view / np.linalg.norm(view, axis=1, keepdims=True)).astype(np.float32)
    return cv2.resize(far[None], (stage.width, 1), interpolation=cv2.INTER_LINEAR)


def _lost(stage: Stage, layer: Layer) -> Floats:
    """Share of a layer's light that the air before it takes away, per row [h, 1]."""
    depth = np.broadcast_to(np.asarray(layer.depth_m, np.float32).reshape(-1, 1), (stage.height, 1))
    outside = np.clip(depth - (ROOM_M if stage.scene.place == "room" else 0.0), 0.0, 1e7)
    lost = np.where(np.isfinite(depth), 1 - np.exp(-outside * stage.light.haze_per_m), 0.0)
    return np.asarray(lost * (GLOW_SEEN if layer.glows else 1.0), np.float32)


def _in_use(layer: Layer) -> tuple[slice, slice]:
    """Rows and columns of a layer in which there is anything."""
    h, w = layer.rgba.shape[:2]
    bits = np.ascontiguousarray(layer.rgba).view(np.uint32).reshape(h, -1)  # whole numbers are quicker to look through
    used = np.bitwise_or.reduce(bits, axis=1) != 0
    if layer.mirror is not None:
        used |= layer.mirror.any(1)
    rows = _span(used)
    across = np.bitwise_or.reduce(bits[rows], axis=0).reshape(w, 4).any(1) if layer.mirror is None else np.ones(w, bool)
    return rows, _span(across)


def _span(used: NDArray[np.bool_]) -> slice:
    at = np.flatnonzero(used)
    return slice(int(at[0]), int(at[-1]) + 1) if len(at) else slice(0, 0)


def _mirrored(stage: Stage, picture: Floats, layer: Layer, rows: slice) -> Floats:
    """What is behind a layer, upside down at the horizon and shifted by the layer's ripples, in some rows."""
    h, w = picture.shape[:2]
    y, x = np.mgrid[rows, 0:w].astype(np.float32)
    horizon = np.float32(stage.horizon - 0.5)
    if layer.ripple is None:
        return cv2.remap(picture, x, np.clip(2 * horizon - y, 0, horizon), cv2.INTER_LINEAR)
    shift = layer.ripple[rows] * np.float32(h)
    source = np.minimum(horizon - np.maximum(y - horizon + shift, 0), horizon)
    # Waves as fine as pixels mix what they mirror.
    fine = min(0.4 * float(np.diff(shift, axis=0).std()), 0.02 * h) if len(shift) > 1 else 0.0
    behind = picture[: min(int(horizon) + 2, h)]
    if fine > 0.3:
        behind = cv2.GaussianBlur(behind, (0, 0), 0.3 * fine + 0.1, sigmaY=fine)
    return cv2.remap(behind, x + 0.4 * shift, np.abs(source), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _bloom(glow: Floats) -> Floats:
    h, w = glow.shape[:2]
    small = cv2.resize(glow, (max(w // 4, 1), max(h // 4, 1)), interpolation=cv2.INTER_AREA)
    out = np.zeros_like(small)
    for radius, strength in BLOOM:
        out += strength * cv2.GaussianBlur(small, (0, 0), max(radius * small.shape[0], 0.3))
    return cv2.resize(out, (w, h), interpolation=cv2.INTER_LINEAR)
