"""The inside of a forest: its floor, trunks at many depths, the wall of trees behind, shafts of light, undergrowth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.leaves import tree_image
from emogen.codecs.scene.nature import (
    SNOW,
    Year,
    mixed,
    near_of,
    opaque,
    over,
    plane_of,
    resized,
    texture,
    year_of,
)
from emogen.codecs.scene.noise import fractal, sampled, smoothstep, tile
from emogen.codecs.scene.stage import FOCAL, Floats, Layer, Stage
from emogen.codecs.scene.trunk import MOSS, trunk
from emogen.codecs.scene.underwood import clear, fern, litter, roof


def trunks(stage: Stage) -> list[Layer]:
    """All of a forest but its undergrowth."""
    rng = stage.scene.rng("trunks")
    year = year_of(stage.scene)
    seeds = rng.integers(1 << 30, size=8)
    bark = tile(np.random.default_rng(seeds[0]), 256, 2.4, low=6)
    floor = _floor(stage, year, np.random.default_rng(seeds[1]))
    litter(stage, floor.rgba, year, np.random.default_rng(seeds[5]))
    layers = [floor, _distance(stage, year, np.random.default_rng(seeds[2]))]
    spots = stems(stage, rng)
    near = near_of(stage)
    for low, high in ((3.0, 99.0), (1.55, 3.0), (0.0, 1.55)):
        sheet = stage.empty()
        part = [s for s in spots if low * near <= s[1] < high * near]
        for x, z, radius, which in part:
            trunk(stage, sheet, year, bark, x, z, radius, int(which))
        if part:
            layers.append(Layer(f"trunks {low:g}", sheet, float(np.mean([s[1] for s in part]))))
    layers.append(roof(stage, year, np.random.default_rng(seeds[3])))
    layers.append(_shafts(stage, np.random.default_rng(seeds[4])))
    return layers


def stems(stage: Stage, rng: np.random.Generator) -> list[tuple[float, float, float, int]]:
    """x, z, radius (m) and number of each trunk, far first; the path's corridor stays free."""
    draw = rng.random((110, 4))
    close, near = 1 - stage.scene["openness"], near_of(stage)
    number = 58 + 52 * close
    wide = max(1.0, stage.width / stage.height)
    out = []
    for k, (a, b, c, d) in enumerate(draw):
        front = k % 14 == 0
        z = near * (1.04 + 0.45 * b if front else 1.6 + 6.5 * b**1.1)
        gap = (0.13 + 0.08 * stage.scene["openness"]) * near + 0.012 * z
        if front:  # big ones frame the view
            x = (1 if (k // 14) % 2 else -1) * (0.20 + 0.42 * a + 0.06 * d) * wide * z / FOCAL
        else:
            x = 1.1 * (2 * a - 1) * wide * z / FOCAL
            x = np.sign(x) * (gap + abs(x))
        size = (0.16 + 0.24 * c**2) * (near / 6.0) ** 0.8 * (1.25 if front else 1.0)
        radius = size * float(np.clip(number - (k * 31) % 110, 0, 1)) ** 0.5
        if radius > 0.02:
            out.append((float(x), float(z), float(radius), k))
    return sorted(out, key=lambda s: -s[1])


def _floor(stage: Stage, year: Year, rng: np.random.Generator) -> Layer:
    near = near_of(stage)
    plane = plane_of(stage, 30 * near)
    rough = tile(rng, 512, 2.0)
    large = texture(plane, rough, 7.0)
    fine = texture(plane, rough, 1.1, shift=0.3)
    litter = year.leaf.mean(0) * 0.5 + 0.4 * year.soil
    share = np.clip(0.50 + 0.35 * large - 0.4 * year.bare - 0.35 * year.share[2], 0, 1)[..., None]
    green = 0.55 * year.grass + 0.45 * MOSS
    ground = (green * share + (litter * (0.4 + 0.6 * year.share[2]) + year.soil * 0.5) * (1 - share)) * (
        0.85 + 0.25 * fine[..., None]
    )
    white = smoothstep(0.5, 0.9, year.snow * 1.35 + 0.18 * large + 0.1 * fine)[..., None]
    ground = ground * (1 - white) + SNOW * white
    patch = texture(plane, rough, 3.0 * near / 5, stretch=1.6, shift=0.7) + 0.3 * texture(plane, rough, 1.0, shift=0.1)
    lit = dappled(stage, year, patch)
    sheet = stage.empty()
    alpha = np.broadcast_to(np.clip((30 - plane.z / near) / 12, 0, 1), plane.x.shape).astype(np.float32)
    sheet[plane.top :] = opaque(ground * lit, alpha)
    return Layer("trunks floor", sheet, stage.ground_depth().clip(0, 16 * near).astype(np.float32))


def dappled(stage: Stage, year: Year, patch: Floats) -> NDArray[np.floating]:
    """Light on the floor: spots of sun where `patch` is high, shade of leaves or of bare branches elsewhere."""
    shade = 0.35 + 0.65 * year.leaves
    gaps = 1 - shade * (1 - smoothstep(0.15, 0.95, patch))
    sun = (gaps * max(float(stage.light.sun[1]), 0.2))[..., None] * stage.light.sun_rgb.astype(np.float32)
    return sun + (stage.light.sky_rgb * (1 - 0.45 * year.leaves)).astype(np.float32)


def _distance(stage: Stage, year: Year, rng: np.random.Generator) -> Layer:
    """Trees behind trees, far away: a wall of crowns with the sky's light between them."""
    h, w = stage.height, stage.width
    near = near_of(stage)
    wall = stage.empty()
    low = min(h, int(float(stage.row(0, 13 * near))) + 2)
    # Drawn at half size: it is far away, and out of focus.
    rows, columns = max(low // 2, 2), max(w // 2, 2)
    mass, leaf = fractal(rng, rows, columns, 5, cells=4 * low / h, keep=0.55), tile(rng, 256, 2.0, low=6)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / (0.21 * h)
    grain = sampled(leaf, x, y)
    dense = (0.12 + 0.88 * year.leaves) * (0.80 + 0.20 * (1 - stage.scene["openness"]))
    up = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows
    alpha = smoothstep(-0.25, 0.35, 0.42 * mass + 0.38 * grain + 3.0 * (dense - 0.42) - 0.55 * up * (up < 0.97))
    alpha *= np.clip((1 - up) * low / (0.02 * h), 0, 1)
    shape = (rows, columns, 3)
    tint = mixed(
        np.broadcast_to(year.leaf[0], shape),
        np.broadcast_to(year.leaf[1], shape),
        smoothstep(-0.9, 1.1, mass + 0.5 * grain),
    )
    # Sunlight comes through the leaves where they are thin.
    thin = smoothstep(-0.4, 1.2, mass + 0.7 * grain)
    light = stage.light
    glow = light.sky_rgb.astype(np.float32) * 0.55 + (0.10 + 0.55 * thin)[..., None] * light.sun_rgb.astype(np.float32)
    small = opaque(tint * glow * (0.55 + 0.45 * smoothstep(-1, 1, grain))[..., None], alpha)
    wall[:low] = cv2.resize(small, (w, low), interpolation=cv2.INTER_LINEAR)
    high = 0.23 * h
    kinds = [
        tree_image(stage, k, int(s), high)
        for k, s in zip(("oak", "birch", "poplar"), rng.integers(1 << 30, size=3), strict=True)
    ]
    for a, b, c in sorted(rng.random((26, 3)).tolist(), key=lambda t: -t[1]):
        z, tall = near * (8 + 6 * b), (1.5 + 0.9 * c) * near * 2.2
        image, foot = kinds[int(a * 999) % 3]
        ratio = stage.focal * tall / z / high
        copy = resized(image, image.shape[1] * ratio, image.shape[0] * ratio)
        over(wall, copy, w / 2 + 0.62 * (2 * a - 1) * max(h, w) - foot * ratio, float(stage.row(0, z)) - copy.shape[0])
    return Layer("trunks far", wall, 12 * near, movement="sway")


def _shafts(stage: Stage, rng: np.random.Generator) -> Layer:
    """Light that falls through gaps in the roof and shows in the air; it only adds light."""
    h, w = stage.height, stage.width
    sheet = stage.empty()
    light, fog = stage.light, stage.scene["fog"]
    small_h, small_w = max(h // 4, 8), max(w // 4, 8)
    from_x = w / 2 + (0.9 if light.sun[0] > 0 else -0.9) * h * min(1.0, 0.25 + abs(float(light.sun[0])))
    from_y = -0.55 * h
    y, x = np.mgrid[0:small_h, 0:small_w].astype(np.float32)
    x, y = (x + 0.5) * w / small_w, (y + 0.5) * h / small_h
    angle = np.arctan2(y - from_y, x - from_x)
    beams = sampled(tile(rng, 256, 2.2, low=3), angle * 0.8, np.full_like(angle, 0.5))
    fade = np.clip(1.05 - y / (0.85 * h), 0, 1) * np.clip(y / (0.25 * h), 0, 1)
    strength = (
        smoothstep(0.2, 1.9, beams)
        * fade
        * (0.05 + 0.40 * min(1.4 * fog, 1.0))
        * (1 - 0.5 * fog**2)
        * (1 - 0.6 * light.night)
    )
    add = cv2.resize(np.asarray(strength, np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
    sheet[..., :3] = add[..., None] * light.sun_rgb.astype(np.float32)
    return Layer("trunks shafts", sheet, 0.5 * near_of(stage), glows=True)


def undergrowth(stage: Stage) -> list[Layer]:
    """Ferns left and right of the path."""
    rng = stage.scene.rng("undergrowth")
    year = year_of(stage.scene)
    layers = []
    draw = rng.random((54, 4))
    fronds = rng.random((54, 11, 3))
    alive = (
        float(smoothstep(0.05, 0.8, stage.scene["lush"]))
        * (1 - 0.75 * year.share[3])
        * (1 - 0.7 * stage.scene["threat"])
    )
    near = near_of(stage)
    wood = stage.scene.rng("trunks")
    wood.integers(1 << 30, size=8)  # as `trunks` draws before it places them
    near_stems = stems(stage, wood)
    for low, high in ((1.5 * near, 9.0 * near), (0.0, 1.5 * near)):
        sheet = stage.empty()
        for k in np.argsort(-draw[:, 1], kind="stable"):
            z = near * (0.98 + 4.5 * draw[k, 1] ** 1.9)
            size = (0.10 + 0.11 * draw[k, 2]) * near**0.9 * float(np.clip(54 * alive - (k * 7) % 54, 0, 1))
            if low <= z < high and size > 0.05:
                side = 1 if draw[k, 3] < 0.5 else -1
                gap = (0.14 + 0.10 * stage.scene["openness"]) * near + 0.5 * size
                x = side * (gap + draw[k, 0] ** 1.2 * 0.62 * z * max(1.0, stage.width / stage.height))
                size *= clear(near_stems, x, z, size)
                fern(stage, sheet, year, fronds[k], x, z, size)
        layers.append(Layer(f"undergrowth {int(low > 0)}", sheet, near * (1.2 if low == 0 else 2.5), movement="sway"))
    return layers
