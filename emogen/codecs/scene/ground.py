"""Level ground: meadow, fields, path and road. What stands on it in lines: rows.py."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from emogen.codecs.scene import rows
from emogen.codecs.scene.blades import flower_rows, grass_rows, snow_tint
from emogen.codecs.scene.nature import (
    DUST,
    SNOW,
    STRAW,
    Plane,
    Year,
    near_of,
    opaque,
    plane_of,
    texture,
    year_of,
)
from emogen.codecs.scene.noise import sampled, smoothstep, tile
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.woodland import dappled

fence, poles = rows.fence, rows.poles
_ASPHALT = np.array([0.075, 0.075, 0.080])
_FAR_M = 1600.0  # level ground is drawn up to here (own choice)


def _depth(stage: Stage) -> Floats:
    return stage.ground_depth().clip(0, _FAR_M)


def _lit(stage: Stage, bumps: Floats, strength: float) -> NDArray[np.floating]:
    """Light on ground whose small bumps lean as told."""
    tilt = strength * bumps
    normal = np.stack([tilt, np.ones_like(tilt), -0.6 * tilt], -1).astype(np.float32)
    return stage.light.on(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


@lru_cache(maxsize=4)
def _plates(seed: int) -> Floats:
    """A periodic tile [256, 256]: distance to the border between two plates of cracked ground, in shares of a plate."""
    points = np.random.default_rng(seed).random((90, 2))
    y, x = np.mgrid[0:256, 0:256] / 256.0
    near = cKDTree(points, boxsize=1.0).query(np.stack([x, y], -1), k=2)[0]
    return np.asarray((near[..., 1] - near[..., 0]) * 90**0.5, np.float32)


def _cracks(stage: Stage, plane: Plane, plate_m: float) -> Floats:
    """1 in the cracks of dry ground or of an old road, 0 elsewhere."""
    size = plate_m * 90**0.5
    plates = _plates(stage.scene.seed)
    wide = 0.05 + 1.2 * plane.step / plate_m
    at = sampled(plates, plane.x / size, np.broadcast_to(plane.z / size, plane.x.shape))
    return np.asarray(smoothstep(wide, 0.3 * wide, at) * np.clip(1.5 - 5 * plane.step / plate_m, 0, 1), np.float32)


def meadow(stage: Stage) -> list[Layer]:
    """Grass to the horizon: soft far away, blades and flowers near; straw, bare earth or snow as the year has it."""
    rng, year = stage.scene.rng("meadow"), year_of(stage.scene)
    rough, soft = tile(rng, 512, 1.8, low=5), tile(rng, 256, 3.0, low=2)
    plane = plane_of(stage, _FAR_M)
    near = near_of(stage)
    large = texture(plane, soft, 60.0) + 0.7 * texture(plane, soft, 13.0, stretch=1.6, shift=0.3)
    fine = texture(plane, rough, 1.9) + 0.9 * texture(plane, rough, 0.6, shift=0.2)
    ripple = texture(plane, rough, 5.0, stretch=3.0, shift=0.5)
    bare = smoothstep(0.25, 0.75, year.bare * 1.5 - 0.35 + 0.22 * large + 0.1 * fine) * (year.bare > 0.02)
    dry = np.clip(0.10 + 0.13 * large, 0, 1)[..., None]
    grass = (year.grass * (1 - dry) + (0.6 * STRAW + 0.4 * year.grass) * dry) * (
        0.82 + 0.16 * large + 0.16 * fine + 0.10 * ripple
    )[..., None]
    earth = (
        year.soil
        * (1 + 0.09 * fine + 0.1 * large)[..., None]
        * (1 - 0.75 * _cracks(stage, plane, 0.16 * near))[..., None]
    )
    colour = grass * (1 - bare[..., None]) + earth * bare[..., None]
    colour = (
        colour * (1 - _far_dots(stage, year, plane, rough, large)[..., None])
        + _dots_colour(stage, rng) * _far_dots(stage, year, plane, rough, large)[..., None]
    )
    white = (smoothstep(0.42, 0.72, year.snow * 1.15 + 0.10 * large + 0.07 * fine) * (year.snow > 0.01))[..., None]
    colour = np.clip(colour, 0.01, 1) * (1 - white) + SNOW * white
    bumps = (
        (0.8 * fine * (1 - 0.6 * bare) + 0.5 * ripple) * (1 - 0.85 * white[..., 0])
        + 0.55 * large * white[..., 0]
        + 0.3 * large
    )
    sheet = stage.empty()
    sheet[plane.top :] = opaque(colour * _lit(stage, bumps, 0.17), np.ones(plane.x.shape, np.float32))
    return [Layer("meadow", sheet, _depth(stage)), *_sward(stage, rng, year, "meadow", 0.34)]


def _far_dots(stage: Stage, year: Year, plane: Plane, rough: Floats, large: Floats) -> Floats:
    """Share of flowers in the colour of ground too far for single ones."""
    share = stage.scene["flowers"] * float(year.share @ [1.0, 1.0, 0.3, 0.0]) * (1 - year.bare) * (1 - year.snow)
    drift = smoothstep(0.1, 1.4, large + 1.4 * share - 0.7 + 0.7 * texture(plane, rough, 3.2, stretch=2.5, shift=0.15))
    return np.asarray(drift * share * 0.5 * smoothstep(7.0, 40.0, plane.z), np.float32)


def _dots_colour(stage: Stage, rng: np.random.Generator) -> NDArray[np.float64]:
    from emogen.codecs.scene.nature import PETALS

    return PETALS[int(np.random.default_rng([stage.scene.seed, 5]).integers(6))]


def _sward(
    stage: Stage, rng: np.random.Generator, year: Year, name: str, high_m: float, free: float = 0.0
) -> list[Layer]:
    """Single blades and flowers in the near ground, in two sheets."""
    near = near_of(stage)
    count = 5200
    tint = snow_tint(year, year.grass * (0.8 + 0.5 * rng.random((count, 1))) * np.array([1.0, 1.0, 0.9]))
    layers = []
    grass = grass_rows(
        stage,
        rng,
        year,
        np.asarray(tint, np.float32),
        count=count,
        near_z=near * 0.92,
        far_z=near * 5.5,
        high_m=high_m * (near / 5.0) ** 0.5,
    )
    layers.append(Layer(f"{name} blades", grass, near * 1.6, movement="sway"))
    flowers = flower_rows(stage, rng, year, near_z=near * 0.95, far_z=near * 9, free=free)
    if flowers is not None:
        layers.append(Layer(f"{name} flowers", flowers, near * 1.5, movement="sway"))
    return layers


def fields(stage: Stage) -> list[Layer]:
    """Fields left and right of a road: rows of wheat or ploughed earth that run to the horizon."""
    rng, year = stage.scene.rng("fields"), year_of(stage.scene)
    rough, soft = tile(rng, 512, 1.8, low=5), tile(rng, 256, 3.0, low=2)
    plane = plane_of(stage, _FAR_M)
    large = texture(plane, soft, 50.0)
    fine = texture(plane, rough, 1.6) + 0.8 * texture(plane, rough, 0.5, shift=0.4)
    # Crops by season: young green, ripe gold, stubble, bare earth.
    crop = year.share @ np.array([[0.13, 0.27, 0.04], [0.52, 0.36, 0.11], [0.40, 0.27, 0.11], [0.16, 0.12, 0.08]])
    crop = crop * (0.65 + 0.4 * stage.scene["lush"]) * (1 - 0.5 * stage.scene["threat"])
    plough = year.soil * np.array([1.0, 0.95, 0.9])
    left = smoothstep(-0.5, 0.5, plane.x)[..., None]
    strip = smoothstep(0.3, 0.7, np.sin(plane.x / 26.0 + 1.2 * np.sin(plane.z / 240.0) + rng.uniform(0, 6)))[..., None]
    colour = crop * (1 - 0.55 * strip) + (0.6 * year.grass + 0.4 * plough) * 0.55 * strip
    colour = colour * (0.95 + 0.10 * left)
    width = 1.1
    wave = np.sin(2 * np.pi * plane.x / width + 0.35 * texture(plane, soft, 9.0))
    fade = np.clip(1.5 - 3.2 * (plane.z / stage.focal) / width, 0, 1)
    furrow = wave * fade
    dead = smoothstep(0.2, 0.8, year.bare * 1.5 - 0.3 + 0.2 * large)[..., None] * (year.bare > 0.02)
    colour = colour * (1 - dead) + year.soil * (1 - 0.6 * _cracks(stage, plane, 1.1))[..., None] * dead
    colour = colour * (0.80 + 0.24 * furrow + 0.13 * fine + 0.10 * large)[..., None]
    white = (
        smoothstep(0.40, 0.75, year.snow * 1.15 + 0.10 * large + 0.07 * fine - 0.16 * (furrow < -0.3) * fade)
        * (year.snow > 0.01)
    )[..., None]
    colour = np.clip(colour, 0.01, 1) * (1 - white) + SNOW * white
    sheet = stage.empty()
    sheet[plane.top :] = opaque(
        colour * _lit(stage, 0.9 * furrow + 0.5 * fine, 0.22), np.ones(plane.x.shape, np.float32)
    )
    return [Layer("fields", sheet, _depth(stage)), *_sward(stage, rng, year, "fields", 0.42, free=4.0)]


def _strip(stage: Stage, plane: Plane, middle: Floats, half_m: Floats | float, ragged: Floats) -> tuple[Floats, Floats]:
    """Distance from the middle of a band on the ground in half widths, and how much of each pixel is in it."""
    across = (plane.x - middle) / half_m
    pixel = plane.z / stage.focal / half_m
    return np.asarray(across, np.float32), np.asarray(
        np.clip((1 + ragged - np.abs(across)) / pixel + 0.5, 0, 1), np.float32
    )


def path(stage: Stage) -> list[Layer]:
    """A trodden path that winds away."""
    rng, year = stage.scene.rng("path"), year_of(stage.scene)
    bend, phase = rng.uniform(0.6, 1.0), rng.uniform(0, 6.28)
    rough, soft = tile(rng, 256, 1.8, low=5), tile(rng, 256, 3.0, low=2)
    near = near_of(stage)
    plane = plane_of(stage, 12 * near)
    middle = (
        near
        * 0.16
        * bend
        * (np.sin(plane.z / (1.25 * near) + phase) - np.sin(0.8 + phase))
        * np.clip(plane.z / (2 * near), 0, 1)
    )
    fine = texture(plane, rough, 1.2) + 0.8 * texture(plane, rough, 0.4, shift=0.3)
    large = texture(plane, soft, 2.5)
    across, alpha = _strip(stage, plane, middle, 0.105 * near, 0.16 * large + 0.08 * fine)
    edge = smoothstep(1.25, 0.65, np.abs(across) + 0.12 * fine + 0.10 * large)
    soil = year.soil * 1.5 * (1 + 0.15 * fine + 0.08 * large)[..., None]
    fallen = smoothstep(0.5, 1.3, fine + 1.3 * year.share[2] - 0.55)[..., None] * 0.75
    soil = soil * (1 - fallen) + year.leaf.mean(0) * 0.7 * fallen
    puddle = smoothstep(0.55, 0.75, large * 0.5 + 1.0 * year.wet - 0.2) * (np.abs(across) < 1.2) * year.wet
    white = (
        smoothstep(0.45, 0.85, year.snow * 1.05 + 0.10 * large - 0.16 * (1 - np.abs(across)) + 0.06 * fine)
        * (year.snow > 0.01)
    )[..., None]
    colour = soil * (1 - white) + SNOW * 0.92 * white
    dapple = texture(plane, soft, 0.6 * near, stretch=1.6, shift=0.7) + 0.3 * fine
    light = dappled(stage, year, dapple if stage.scene.place == "forest" else np.ones_like(fine))
    opacity = edge * np.clip((12 - plane.z / near) / 5, 0, 1)
    sheet = stage.empty()
    sheet[plane.top :] = opaque(
        colour * light * (1 - 0.5 * puddle[..., None]), np.asarray(opacity * np.minimum(alpha + 0.5, 1), np.float32)
    )
    mirror = np.zeros((stage.height, stage.width), np.float32)
    mirror[plane.top :] = 0.6 * puddle * opacity
    return [Layer("path", sheet, _depth(stage), mirror=mirror)]


def road(stage: Stage) -> list[Layer]:
    """An asphalt road to the vanishing point: lines, shoulders; puddles in rain, cracks and weeds with decay."""
    rng, year = stage.scene.rng("road"), year_of(stage.scene)
    rough, soft = tile(rng, 256, 1.7, low=5), tile(rng, 256, 3.0, low=2)
    bend = rng.uniform(-1, 1)
    plane = plane_of(stage, _FAR_M)
    decay = stage.scene["decay"]
    middle = bend * 26.0 * smoothstep(60.0, 700.0, plane.z) ** 1.5
    fine = texture(plane, rough, 0.9) + 0.8 * texture(plane, rough, 0.3, shift=0.3)
    large = texture(plane, soft, 7.0, stretch=2.0)
    across, on = _strip(stage, plane, middle, 3.3, (0.02 + 0.10 * decay) * texture(plane, rough, 2.0, shift=0.6))
    _, shoulder = _strip(stage, plane, middle, 4.6, 0.10 * texture(plane, rough, 2.4))
    gravel = (0.5 * year.soil + 0.5 * DUST * 0.7) * (0.9 + 0.22 * fine)[..., None] * (1 - 0.3 * year.wet)
    worn = 1 + 0.10 * fine + 0.10 * large + 0.22 * np.exp(-(((np.abs(across) - 0.5) / 0.16) ** 2))
    tar = _ASPHALT * worn[..., None] * (1 - 0.45 * year.wet) * (1 + 0.5 * decay)
    crack = np.maximum(_cracks(stage, plane, 2.6), 0.8 * _cracks(stage, plane, 0.9)) * smoothstep(
        0.05, 0.9, decay + 0.15 * large
    )
    tar = tar * (1 - 0.85 * crack[..., None])
    weed = crack * smoothstep(0.4, 1.0, decay + 0.2 * large - 0.2) * (1 - year.bare)
    tar = tar * (1 - weed[..., None]) + year.grass * 0.8 * weed[..., None]
    paint = _marking(stage, plane, middle, across) * np.clip(1 - decay * (0.75 + 0.4 * large + 0.3 * fine), 0, 1)
    tar = tar * (1 - paint[..., None]) + np.array([0.62, 0.60, 0.54]) * paint[..., None]
    colour = gravel * (1 - on[..., None]) + tar * on[..., None]
    rut = 0.35 * np.exp(-(((np.abs(across) - 0.5) / 0.2) ** 2)) * (np.abs(across) < 1)
    white = (smoothstep(0.45, 0.85, year.snow * 1.2 + 0.10 * large - rut + 0.06 * fine) * (year.snow > 0.01))[..., None]
    colour = colour * (1 - white) + SNOW * white
    puddle = (
        smoothstep(
            0.50,
            0.66,
            0.30 * large
            + 0.16 * texture(plane, soft, 2.2, stretch=1.5, shift=0.5)
            + 0.62 * year.wet
            - 0.22
            + 0.15 * rut,
        )
        * on
        * year.wet
    )
    sheet = stage.empty()
    sheet[plane.top :] = opaque(
        colour * _lit(stage, fine, 0.10) * (1 - 0.6 * puddle[..., None]), np.maximum(on, shoulder)
    )
    mirror = np.zeros((stage.height, stage.width), np.float32)
    mirror[plane.top :] = (0.75 * puddle + 0.22 * year.wet * on) * (1 - white[..., 0])
    return [Layer("road", sheet, _depth(stage), mirror=mirror)]


def _marking(stage: Stage, plane: Plane, middle: Floats, across: Floats) -> Floats:
    """Share of white paint: dashes along the middle, lines along both edges."""
    pixel = plane.z / stage.focal / 3.3

    def line(at: float, half: float) -> Floats:
        return np.asarray(
            np.clip((half - np.abs(np.abs(across) - at)) / pixel + 0.5, 0, 1) * np.clip(half * 2 / pixel, 0, 1),
            np.float32,
        )

    dash = np.clip((np.abs((plane.z / 9.0) % 1 - 0.5) - 0.25) * 9.0 / np.maximum(plane.step, 0.02) + 0.5, 0, 1)
    return np.asarray(np.maximum(line(0.0, 0.024) * dash, line(0.93, 0.02)), np.float32)
