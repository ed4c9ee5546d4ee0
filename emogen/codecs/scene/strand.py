"""Where land meets water: the beach by the sea and the bank of a lake."""

from __future__ import annotations

import numpy as np

from emogen.codecs.scene.blades import tufts
from emogen.codecs.scene.boulders import scattered
from emogen.codecs.scene.nature import SNOW, opaque, plane_of, texture, year_of
from emogen.codecs.scene.noise import ridge_line, smoothstep, tile
from emogen.codecs.scene.stage import Floats, Layer, Stage


def beach_edge(stage: Stage) -> Floats:
    """The row (px) of the sea's edge in each column."""
    return _edge(stage, stage.scene.rng("beach"), 0.56 + 0.06 * stage.scene["waves"], 0.05)


def _edge(stage: Stage, rng: np.random.Generator, middle: float, swing: float) -> Floats:
    """The row (px) of the water's edge in each column, about `middle` (share of the way from horizon to bottom)."""
    line = ridge_line(rng, 512, 0.1, cells=2.2, octaves=5)
    at = (np.arange(stage.width, dtype=np.float32) + 0.5 - stage.width / 2) / stage.height * 240 + 256
    line = np.interp(at, np.arange(512), line).astype(np.float32)
    tilt = float(rng.uniform(-1, 1))
    span = stage.height - stage.horizon
    aslant = tilt * 0.22 * (np.arange(stage.width) / stage.width - 0.5)
    return np.asarray(stage.horizon + span * (middle + swing * line + aslant), np.float32)


_SAND = np.array([0.60, 0.50, 0.36])


def beach(stage: Stage) -> list[Layer]:
    """Wet sand that mirrors the sky at the edge, dry sand nearer, with a line of foam, weed and footprints."""
    rng, year = stage.scene.rng("beach sand"), year_of(stage.scene)
    edge = beach_edge(stage)
    plane = plane_of(stage)
    grain, soft = tile(rng, 256, 1.6, low=6), tile(rng, 256, 3.2, low=2)
    rows = np.arange(plane.top, stage.height, dtype=np.float32)[:, None] + 0.5
    wobble = texture(plane, soft, 5.0) * 0.010 * stage.height
    down = rows - edge[None] - wobble * np.clip((rows - stage.horizon) / (0.4 * stage.height), 0, 1)
    span = stage.height - float(stage.horizon)
    alpha = np.clip(down * 0.7 + 0.5, 0, 1)
    wet = 1 - smoothstep(0.06 * span, 0.19 * span, down + 0.02 * span * texture(plane, soft, 2.2, shift=0.4))
    wet = np.maximum(wet, 0.75 * year.wet)
    fine = texture(plane, grain, 0.8) + 0.8 * texture(plane, grain, 0.22, shift=0.2)
    dunes = texture(plane, soft, 1.6, shift=0.3)
    tilt = 0.16 * (1 - wet) * (dunes + 0.22 * fine)
    normal = np.stack([tilt, np.ones_like(tilt), -0.5 * tilt], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    colour = (
        _SAND
        * (1 + 0.045 * fine * (1 - 0.6 * wet) + 0.04 * dunes)[..., None]
        * (1 - 0.45 * wet)[..., None]
        * (1 - 0.45 * stage.scene["threat"])
    )
    weed = smoothstep(0.7, 1.6, texture(plane, grain, 1.1, shift=0.6) - 3.5 * np.abs(down / span - 0.21)) * (
        0.4 + 0.6 * stage.scene["decay"]
    )
    colour = colour * (1 - weed[..., None]) + np.array([0.05, 0.05, 0.025]) * weed[..., None]
    white = (smoothstep(0.4, 0.8, year.snow * 1.3 - 0.5 * wet + 0.1 * dunes) * (year.snow > 0.01))[..., None]
    colour = colour * (1 - white) + SNOW * white
    foam = np.exp(-(((down - 0.012 * span) / (0.012 * span)) ** 2)) * smoothstep(
        -0.8, 0.6, texture(plane, grain, 0.9, shift=0.8) + 0.5
    )
    lit = stage.light.on(normal)
    rgb = colour * lit
    rgb = rgb * (1 - 0.85 * foam[..., None]) + 0.85 * foam[..., None] * 0.9 * stage.light.on(np.array([0.0, 1.0, 0.0]))
    sheet = stage.empty()
    sheet[plane.top :] = opaque(rgb, alpha.astype(np.float32))
    mirror = np.zeros((stage.height, stage.width), np.float32)
    mirror[plane.top :] = 0.55 * wet * alpha * (1 - white[..., 0]) * (1 - foam)
    layers = [Layer("beach", sheet, stage.ground_depth().clip(0, 4000.0), mirror=mirror)]
    layers += scattered(
        stage,
        rng,
        "beach rocks",
        np.array([0.16, 0.15, 0.14]),
        count=14,
        near_m=stage.eye_m * 1.4,
        far_m=stage.eye_m * 2.4,
        size_m=0.16 * stage.eye_m,
        gap=0.25,
    )
    return layers


def shore(stage: Stage) -> list[Layer]:
    """Grass and pebbles that slope into the water, with stones and reeds."""
    rng, year = stage.scene.rng("shore"), year_of(stage.scene)
    edge = _edge(stage, rng, 0.80, 0.06)
    plane = plane_of(stage)
    grain, soft = tile(rng, 256, 1.7, low=5), tile(rng, 256, 3.0, low=2)
    rows = np.arange(plane.top, stage.height, dtype=np.float32)[:, None] + 0.5
    down = rows - edge[None] - texture(plane, soft, 2.0) * 0.012 * stage.height
    span = stage.height - float(stage.horizon)
    alpha = np.clip(down * 0.7 + 0.5, 0, 1)
    fine = texture(plane, grain, 0.7) + 0.7 * texture(plane, grain, 0.25, shift=0.3)
    pebble = smoothstep(0.14 * span, 0.02 * span, down + 0.03 * span * texture(plane, soft, 1.5, shift=0.5))
    green = year.grass * (1 - year.bare) + year.soil * year.bare
    stone = np.array([0.22, 0.20, 0.17]) * (1 - 0.5 * smoothstep(0.05 * span, 0.0, down))[..., None]
    colour = (
        green * (1 + 0.12 * fine)[..., None] * (1 - pebble[..., None])
        + stone * (1 + 0.22 * fine)[..., None] * pebble[..., None]
    )
    white = (smoothstep(0.4, 0.9, year.snow * 1.4 - 0.35 * pebble + 0.12 * fine) * (year.snow > 0.01))[..., None]
    colour = colour * (1 - white) + SNOW * white
    tilt = 0.12 * fine
    normal = np.stack([tilt, np.ones_like(tilt), -0.4 * tilt], -1)
    sheet = stage.empty()
    sheet[plane.top :] = opaque(
        colour * stage.light.on(normal / np.linalg.norm(normal, axis=-1, keepdims=True)), alpha.astype(np.float32)
    )
    layers = [Layer("shore", sheet, stage.ground_depth().clip(0, 4000.0))]
    near = float(stage.focal * stage.eye_m / (0.80 * span))
    layers += scattered(
        stage,
        rng,
        "shore rocks",
        np.array([0.21, 0.20, 0.18]),
        count=16,
        near_m=near * 0.82,
        far_m=near * 1.35,
        size_m=0.13 * stage.eye_m,
        gap=0.22,
    )
    layers += tufts(
        stage, rng, "shore reeds", near_m=near * 0.80, far_m=near * 1.15, high_m=0.24 * stage.eye_m, count=700, clumps=9
    )
    return layers
