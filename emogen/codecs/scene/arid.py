"""Deserts: table mountains of layered stone, dunes with wind ripples, boulders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boulders import scattered
from emogen.codecs.scene.nature import SNOW, mixed, near_of, opaque, year_of
from emogen.codecs.scene.noise import sampled, smoothstep, tile
from emogen.codecs.scene.relief import Grid, Land, face, grid_of, lit, octaves, seen
from emogen.codecs.scene.stage import Floats, Layer, Stage

_SAND = np.array([0.60, 0.345, 0.155], np.float32)
_STONE = np.array([0.50, 0.20, 0.085], np.float32)
_PALE = np.array([0.60, 0.40, 0.24], np.float32)


def mesas(stage: Stage) -> list[Layer]:
    """Table mountains of layered red stone over a plain, in two sheets."""
    rng, year = stage.scene.rng("mesas"), year_of(stage.scene)
    field, fine = tile(rng, 256, 6.5, low=3), tile(rng, 256, 2.2, low=5)
    rugged, close = stage.scene["rugged"], 1 - stage.scene["openness"]
    layers = []
    for k, (near, far, high) in enumerate(((2300.0, 5200.0, 560.0), (900.0, 2100.0, 290.0))):
        grid = grid_of(stage, near, far, 130)
        peak = high * (0.60 + 0.45 * rugged) * (0.70 + 0.5 * close)
        height = _tables(rng, grid, fine, near, far, peak, 6 if k == 0 else 4, rugged)
        height += (
            (0.05 * peak)
            * octaves(field, grid.x, grid.z, far * 0.3, 4, keep=0.4)
            * smoothstep(near, near * 1.3, grid.z)
        )
        land = seen(stage, grid, np.asarray(height * smoothstep(near, near * 1.12, grid.z) - 2, np.float32))
        if land is None:
            continue
        bend = 0.03 * sampled(fine, land.x / (3 * high), land.z / (3 * high))
        layer = sampled(fine, 0.04 * land.x / high + bend, land.height / (0.9 * high) + bend)
        thin = sampled(fine, 0.05 * land.x / high, land.height / (0.28 * high) + bend)
        stones = face(stage, land, fine, 0.35)
        colour = mixed(
            np.broadcast_to(_STONE, (*layer.shape, 3)),
            np.broadcast_to(_PALE, (*layer.shape, 3)),
            smoothstep(-0.3, 1.3, layer + 0.4 * thin),
        )
        plain = smoothstep(0.86, 0.97, land.normal[..., 1])
        colour = mixed(
            colour * (0.92 + 0.10 * thin + 0.08 * stones)[..., None],
            np.broadcast_to(0.5 * _SAND + 0.4 * _STONE, colour.shape),
            plain,
        )
        colour = colour * (1 - 0.5 * stage.scene["threat"]) * (1 - 0.3 * year.wet)
        shrub = smoothstep(0.3, 1.0, face(stage, land, fine, 0.16) + 0.6) * plain * (1 - year.bare)
        colour = mixed(colour, np.broadcast_to(year.grass * 0.8, colour.shape), 0.55 * shrub)
        white = smoothstep(0.3, 0.8, year.snow * 1.2 + 0.9 * (land.normal[..., 1] - 0.8)) * (year.snow > 0.01)
        colour = mixed(colour, np.broadcast_to(SNOW, colour.shape), white)
        normal = land.bumped(0.6 * stones + 0.8 * thin, 0.35, 1 - plain)
        layers.append(_layer(stage, f"mesas {k}", land, colour * lit(stage, land, normal)))
    return layers


def _layer(stage: Stage, name: str, land: Land, colour: NDArray[np.floating]) -> Layer:
    sheet = stage.empty()
    sheet[land.top : land.top + len(land.alpha)] = opaque(colour, land.alpha)
    return Layer(name, sheet, land.depth)


def _tables(
    rng: np.random.Generator, grid: Grid, fine: Floats, near: float, far: float, peak: float, count: int, rugged: float
) -> Floats:
    """Heights of flat-topped blocks with cliffs, on cones of scree."""
    out = np.zeros(grid.x.shape, np.float32)
    wall = octaves(fine, grid.x, grid.z, peak * 4.0, 2, keep=0.5)
    draw = rng.random((count, 5))
    for j, (a, b, c, d, e) in enumerate(draw):
        z = near + (far - near) * (0.30 + 0.45 * b)
        u = 1.1 * (2 * (j + a) / count - 1)
        radius = peak * (0.35 + 1.5 * c**2.2)
        high = peak * (0.55 + 0.45 * d) * (0.8 + 0.2 * (c < 0.5))
        away = (
            np.hypot((grid.x - u * z / 1.1) / radius, (grid.z - z) / (radius * (0.8 + 0.5 * e)))
            + (0.055 + 0.05 * rugged) * wall * peak / radius
        )
        scree = np.clip(1 - (away - 0.9) / (0.42 + 0.55 * high / radius), 0, 1) ** 1.7
        step = smoothstep(1.0, 0.92, away)
        upper = smoothstep(0.80, 0.73, away) * (0.18 if d > 0.4 else 0.0)
        out = np.maximum(out, high * (0.36 * scree + (0.50 + 0.02 * wall) * step + upper))
    return np.asarray(out, np.float32)


def dunes(stage: Stage) -> list[Layer]:
    """Sand to the horizon: crests with a bright and a shaded side, ripples of the wind near the eye."""
    rng, year = stage.scene.rng("dunes"), year_of(stage.scene)
    field, fine = tile(rng, 256, 7.0, low=2), tile(rng, 256, 2.2, low=4)
    turn = rng.uniform(0.45, 0.95) * (1 if rng.random() < 0.5 else -1)
    layers = []
    for k, (near, far) in enumerate(((120.0, 1500.0), (2.2, 150.0))):
        grid = grid_of(stage, near, far, 170 if k == 0 else 270)
        land = seen(stage, grid, _dunes(grid, field, turn, stage.scene["rugged"], stage.eye_m), rough=1.9)
        if land is None:
            continue
        land = replace(land, normal=_rippled(stage, land, field, turn))
        grain = sampled(fine, land.x / 40, land.z / 40)
        sand = _SAND * (1 - 0.3 * year.wet) * (1 - 0.45 * stage.scene["threat"]) * (1 + 0.05 * grain)[..., None]
        scrub = smoothstep(0.9, 1.5, sampled(fine, land.x / 23, land.z / 23)) * float(
            smoothstep(0.5, 1, stage.scene["lush"])
        )
        sand = mixed(sand, np.broadcast_to(year.grass, sand.shape), 0.6 * scrub)
        white = smoothstep(0.3, 0.8, year.snow * 1.3 + 0.8 * (land.normal[..., 1] - 0.85) + 0.1 * grain) * (
            year.snow > 0.01
        )
        sand = mixed(sand, np.broadcast_to(SNOW, sand.shape), white)
        layers.append(_layer(stage, f"dunes {k}", land, sand * lit(stage, land)))
    return layers


def _dunes(grid: Grid, field: Floats, turn: float, rugged: float, eye_m: float) -> Floats:
    """Heights of dunes: gentle to windward, steep to leeward, a sharp crest between; low at the eye's feet."""
    total = np.zeros(grid.x.shape, np.float32)
    for size, share in ((125.0, 0.62), (41.0, 0.38)):
        warp = sampled(field, grid.x / (size * 3.2) + size, grid.z / (size * 3.2))
        across = (grid.x * np.sin(turn) + grid.z * np.cos(turn)) / size + 0.62 * warp
        phase = across - np.floor(across)
        # The slope towards the eye is the long one, so that the crest stands against what is behind.
        crest = np.where(phase < 0.66, phase / 0.66, (1 - phase) / 0.34)
        crest = crest * crest * (1.9 - 0.9 * crest)
        strength = np.clip(0.62 + 0.5 * sampled(field, grid.x / (size * 3.1), grid.z / (size * 4.5) + 0.4), 0.05, 1.4)
        total += share * crest * strength * size * np.clip(1.5 - grid.z / (9.0 * size), 0, 1)
    high = total * (0.10 + 0.09 * rugged)
    # Near the eye the land stays below it.
    return np.asarray(
        high * np.minimum((grid.z / (18.0 * eye_m)) ** 1.25, 1.0) * smoothstep(0.8 * eye_m, 3 * eye_m, grid.z),
        np.float32,
    )


def _rippled(stage: Stage, land: Land, field: Floats, turn: float) -> Floats:
    """Normals with the ripples that wind draws; they fade where they are finer than a pixel."""
    step = land.z * land.z / (stage.focal * stage.eye_m)
    warp = sampled(field, land.x / 7, land.z / 7)
    out = land.normal.copy()
    for size, strength in ((0.45, 0.26), (1.4, 0.16)):
        wave = np.sin((land.x * np.sin(turn + 0.3) + land.z * np.cos(turn + 0.3)) * 2 * np.pi / size + 4.5 * warp)
        fade = smoothstep(0.16, 0.07, step / size) * strength * (0.6 + 0.8 * stage.scene["wind"])
        out[..., 0] += wave * fade * np.sin(turn)
        out[..., 2] += wave * fade * np.cos(turn)
    return np.asarray(out / np.linalg.norm(out, axis=-1, keepdims=True), np.float32)


def rocks(stage: Stage) -> list[Layer]:
    """Boulders on sand."""
    near = near_of(stage)
    return scattered(
        stage,
        stage.scene.rng("rocks"),
        "rocks",
        0.7 * _STONE + 0.05,
        count=26,
        near_m=1.15 * near,
        far_m=14 * near,
        size_m=0.22 * stage.eye_m,
    )
