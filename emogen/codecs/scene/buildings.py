"""A modern city across the water: far towers, nearer blocks, and what stands on the near bank; street lamps of all places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import lamplight
from emogen.codecs.scene.colours import BULB, SNOW, hue, mixed
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.pen import TOWARDS, UP, pen_on, soft_spot
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.street import LAMPS_M, half_width
from emogen.codecs.scene.towers import tower
from emogen.codecs.scene.water import FAR_BANK_M, NEAR_BANK_M

#: Rows of towers far to near: distance (m), how many, lowest and highest (m) (own choice).
TOWERS = ((1700.0, 52, 90.0, 360.0), (950.0, 34, 50.0, 250.0))
BLOCKS_M = 300.0  # where the nearer blocks stand (own choice)


def skyline(stage: Stage) -> list[Layer]:
    """Towers far off, on two sheets; they rise where it is not open."""
    rng, layers = stage.scene.rng("skyline"), []
    for z, count, low, high in TOWERS:
        sheet, spread = stage.empty(), 1.1 * z
        pen = pen_on(stage, sheet)
        for i in rng.permutation(count):
            n = rng.random(14)
            middle = 1 - abs(2 * (i + 0.5) / count - 1)
            tall = (low + (high - low) * n[0] ** 1.6 * (0.35 + 0.65 * middle)) * (1.25 - 0.5 * stage.scene["openness"])
            x = -spread + 2 * spread * (i + n[1]) / count
            tower(stage, pen, x, z, (0.028 + 0.03 * n[2]) * z, tall, n[3:])
        layers.append(Layer(f"skyline {z:g} m", sheet, z))
    return layers


def blocks(stage: Stage) -> list[Layer]:
    """Nearer blocks behind the walled far bank."""
    rng, sheet, z = stage.scene.rng("blocks"), stage.empty(), BLOCKS_M
    pen, x = pen_on(stage, sheet), -330.0
    while x < 330:
        n = rng.random(14)
        wide = 18 + 26 * n[0]
        tower(stage, pen, x + wide / 2, z, wide, (14 + 42 * n[1] ** 2) * (1.5 - 0.9 * stage.scene["openness"]), n[3:])
        x += wide + (12 * n[2] if n[2] > 0.8 else 0.0)
    grass = mixed(mixed(hue("7c7058"), hue("55703a"), stage.scene["lush"]), SNOW, stage.scene["snow"])
    pen.face(
        [(-600, 1.2, z), (600, 1.2, z), (600, 1.2, FAR_BANK_M), (-600, 1.2, FAR_BANK_M)], grass * stage.light.on(UP)
    )
    pen.upright((-600, 600), (-4, 1.6), FAR_BANK_M, hue("7a7266") * stage.light.on(TOWARDS))
    return [Layer("blocks", sheet, z)]


def promenade(stage: Stage) -> list[Layer]:
    """Benches and lamps on the near bank of the river."""
    sheet, shine, edge = stage.empty(), stage.empty(), NEAR_BANK_M - 2.0
    own = stage.scene.rng("promenade").random((4, 2))
    wood = mixed(hue("7a5236"), hue("5f584f"), 0.7 * stage.scene["decay"])
    for x, tastes in zip((-13.5, -4.5, 4.5, 13.5), own, strict=True):
        _lamp(stage, sheet, shine, (x, edge, 4.4), tastes)
        _bench(stage, sheet, x + 3.2, edge - 0.4, wood)
    return [Layer("promenade", sheet, edge), Layer("promenade light", shine, edge, glows=True)]


def _bench(stage: Stage, sheet: Floats, x: float, z: float, wood: NDArray[np.float64]) -> None:
    """A bench that looks at the river, seen from behind."""
    pen, facing, up = pen_on(stage, sheet), stage.light.on(TOWARDS), stage.light.on(UP)
    scale = stage.focal / z
    foot = pen.seen([(x, 0.0, z)])[0]
    soft_spot(sheet, foot, (1.0 * scale, max(1.0, 0.5 * scale * stage.eye_m / z)), (0, 0, 0), cover=0.4)
    for leg in (-0.75, 0.7):
        pen.upright((x + leg, x + leg + 0.07), (0, 0.85), z, hue("2a2c2c") * facing)
    pen.face([(x - 0.9, 0.44, z), (x + 0.9, 0.44, z), (x + 0.9, 0.44, z + 0.5), (x - 0.9, 0.44, z + 0.5)], wood * up)
    for y in (0.4, 0.56, 0.72):
        pen.upright((x - 0.9, x + 0.9), (y, y + 0.11), z, wood * facing)
    pen.upright((x - 0.9, x + 0.9), (0.83, 0.83 + 0.08 * stage.scene["snow"]), z, SNOW * up)


def _stands(stage: Stage) -> list[tuple[float, float, float]]:
    """Where lamps stand (x, z in m), far first, and their height (m)."""
    if stage.scene.place == "street":
        edge = half_width(stage.scene) * 0.72
        return [((1 if i % 2 else -1) * edge, z, 4.6) for i, z in reversed(list(enumerate(LAMPS_M)))]
    if stage.scene.place == "harbour":
        return [(x, z, 4.2) for x, z in ((-9.5, 54.0), (-9.0, 38.0), (-8.0, 26.0), (-7.2, 18.5))]
    return [(-150.0 + 21.0 * i, FAR_BANK_M + 4, 6.5) for i in range(15)]


def lamps(stage: Stage) -> list[Layer]:
    """Lamp posts, and on a sheet of its own the light of those that are lit, with its pools on the ground."""
    posts, shine = stage.empty(), stage.empty()
    stands = _stands(stage)
    for stand, tastes in zip(stands, stage.scene.rng("lamps").random((32, 2)), strict=False):
        _lamp(stage, posts, shine, stand, tastes)
    depth = float(np.median([z for _, z, _ in stands]))
    return [Layer("lamps", posts, depth), Layer("lamps light", shine, depth, glows=True)]


def _lamp(
    stage: Stage, posts: Floats, shine: Floats, stand: tuple[float, float, float], tastes: NDArray[np.float64]
) -> None:
    """One lamp (x, z, height) with its thresholds for being lit and for being broken."""
    scene = stage.scene
    broken = float(smoothstep(0.3, 0.9, scene["decay"] - 0.6 * tastes[1]))
    on = float(smoothstep(-0.1, 0.1, scene["lamps"] - 0.7 * tastes[0]) * smoothstep(0.0, 0.05, scene["lamps"]))
    power = on * (1 - broken) * float(smoothstep(0.1, 0.9, lamplight(stage.light)))
    _post(stage, posts, stand, power, 0.6 * float(smoothstep(0.5, 1.0, scene["decay"])) * (tastes[1] - 0.5))
    _shine(stage, shine, stand, power)


def _post(stage: Stage, sheet: Floats, stand: tuple[float, float, float], on: float, lean: float) -> None:
    (x, z, high), scene = stand, stage.scene
    pen = pen_on(stage, sheet)
    metal = mixed(hue("1c2422"), hue("5a3520"), 0.6 * scene["decay"])
    iron = metal * (stage.light.on(np.array([0.0, 0.2, -0.98])) + 0.08 * on * BULB)

    def shape(points: list[tuple[float, float]], tone: NDArray[np.float64], cover: float = 1.0) -> None:
        pen.outline([(x + px + lean * py / high, py) for px, py in points], z, tone, cover)

    for wide, low, top in (
        (0.17, 0.0, 0.5),
        (0.11, 0.5, 0.9),
        (0.05, 0.9, high - 0.7),
        (0.09, high - 1.05, high - 0.95),
    ):
        shape([(-wide, low), (-wide * 0.85, top), (wide * 0.85, top), (wide, low)], iron)
    low, top = high - 0.7, high - 0.15
    shape(
        [(-0.15, low), (-0.23, top), (0.23, top), (0.15, low)], mixed(stage.light.sky_rgb * 0.5 + 0.02, BULB * 1.6, on)
    )
    for px in (-0.19, 0.0, 0.19):
        shape([(px * 0.8 - 0.02, low), (px - 0.02, top), (px + 0.02, top), (px * 0.8 + 0.02, low)], iron)
    shape([(-0.3, top), (-0.05, high + 0.1), (0.05, high + 0.1), (0.3, top)], iron)
    peak = high + 0.1 + 0.15 * scene["snow"]
    cap = [(-0.28, high - 0.1), (-0.05, peak), (0.05, peak), (0.28, high - 0.1)]
    shape(cap, SNOW * stage.light.on(UP), min(1.0, 4 * scene["snow"]))


def _shine(stage: Stage, sheet: Floats, stand: tuple[float, float, float], on: float) -> None:
    if on <= 0.01:
        return
    x, z, high = stand
    scale = stage.focal / z
    head, foot = pen_on(stage, sheet).seen([(x, high - 0.42, z), (x, 0.0, z)])
    wide = scale * (1 + stage.scene["fog"] + 0.3 * stage.scene["rain"])
    for radii, strength in (
        ((0.24 * scale, 0.3 * scale), 1.5),
        ((0.9 * wide, 0.9 * wide), 0.12),
        ((2.4 * wide, 2.4 * wide), 0.022),
    ):
        soft_spot(sheet, head, radii, BULB * strength * on)
    soft_spot(sheet, foot, (2.0 * scale, max(1.0, 2.0 * scale * min(1.0, stage.eye_m / z))), BULB * 0.08 * on)
