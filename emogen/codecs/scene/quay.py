"""A harbour's stone: the mole with its lighthouse, and the quay we stand on, with its bollards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import lamplight
from emogen.codecs.scene.colours import BULB, SNOW, hue, mixed
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.paving import flagstones, ground_points
from emogen.codecs.scene.pen import TOWARDS, UP, Pen, pen_on, soft_spot
from emogen.codecs.scene.stage import Floats, Layer, Stage

MOLE_M, MOLE_HIGH_M = 120.0, 2.4  # how far out the mole lies, and its height (own choice)
TOWER_M = 19.0  # height of the lighthouse below its lantern (own choice)
EDGE_M, SIDE_M, END_M = 17.0, -5.2, 62.0  # the edge lies across at 17 m; left of -5.2 m the quay runs on to 62 m


def quay(stage: Stage) -> list[Layer]:
    """The mole and its light, and the quay before us."""
    return [*_mole(stage), _foreground(stage)]


def _mole(stage: Stage) -> list[Layer]:
    scene, light = stage.scene, stage.light
    side = 1.0 if scene.rng("mole").random() < 0.65 else -1.0
    sheet, shine = stage.empty(), stage.empty()
    pen, facing, z, stone = pen_on(stage, sheet), light.on(TOWARDS), MOLE_M, hue("6f675d")
    a, b = side * 24, side * 110
    top = mixed(stone * 1.5, SNOW, scene["snow"]) * light.on(UP)
    pen.face([(a, MOLE_HIGH_M, z), (a, MOLE_HIGH_M, z + 8), (b, MOLE_HIGH_M, z + 8), (b, MOLE_HIGH_M, z)], top)
    pen.upright((a, b), (-0.3, MOLE_HIGH_M), z, stone * facing)
    pen.upright((a, b), (-0.3, 0.5), z, stone * facing * 0.45)
    dead = float(smoothstep(0.6, 1.0, scene["decay"]))
    on = lamplight(light) * (1 - dead)
    x = a + side * 4
    _lighthouse(stage, pen, x, z + 4, facing, on)
    scale = stage.focal / (z + 4)
    lantern = pen.seen([(x, MOLE_HIGH_M + TOWER_M + 1.5, z + 4)])[0]
    for radii, strength in (((1.2, 1.2), 2.0), ((5.0, 5.0), 0.3), ((20.0, 0.9), 0.12)):
        soft_spot(shine, lantern, (radii[0] * scale, radii[1] * scale), BULB * strength * on)
    return [Layer("quay mole", sheet, z), Layer("quay light", shine, z, glows=True)]


def _round(
    stage: Stage,
    pen: Pen,
    foot: tuple[float, float, float],
    radii: tuple[float, float],
    tall: float,
    rgb: NDArray[np.float64],
) -> None:
    """A round body that narrows upwards, in strips lit across."""
    x, y, z = foot
    for k in range(8):
        u, v = np.sin(np.pi * (k / 8 - 0.5)), np.sin(np.pi * ((k + 1) / 8 - 0.5))
        across = (u + v) / 2
        tone = rgb * stage.light.on(np.array([across, 0.15, -np.sqrt(1 - across**2)]))
        a, b = radii
        pen.outline([(x + u * a, y), (x + u * b, y + tall), (x + v * b, y + tall), (x + v * a, y)], z, tone)


def _lighthouse(stage: Stage, pen: Pen, x: float, z: float, facing: NDArray[np.float64], on: float) -> None:
    for i in range(5):
        paint = mixed(hue("a8322a") if i % 2 else hue("ece6da"), hue("7a7068"), 0.6 * stage.scene["decay"])
        foot = (x, MOLE_HIGH_M + TOWER_M * i / 5, z)
        _round(stage, pen, foot, (2.3 - 0.22 * i, 2.3 - 0.22 * (i + 1)), TOWER_M / 5, paint)
    top = MOLE_HIGH_M + TOWER_M
    pen.upright((x - 1.9, x + 1.9), (top, top + 0.5), z, hue("3a3a3c") * facing)
    pen.upright((x - 0.85, x + 0.85), (top + 0.5, top + 2.4), z, 0.3 * stage.light.sky_rgb + 2.5 * BULB * on)
    for bar in (-0.85, 0.0, 0.75):
        pen.upright((x + bar, x + bar + 0.1), (top + 0.5, top + 2.4), z, hue("3a3a3c") * facing)
    cap = mixed(hue("7a2a24"), SNOW, stage.scene["snow"]) * facing
    pen.outline(
        [(x - 1.25, top + 2.4), (x - 1.1, top + 2.7), (x, top + 4.2), (x + 1.1, top + 2.7), (x + 1.25, top + 2.4)],
        z,
        cap,
    )


def _foreground(stage: Stage) -> Layer:
    scene, light, sheet = stage.scene, stage.light, stage.empty()
    rows, x, z = ground_points(stage)
    tone, white, wavy = flagstones(stage, x, z, scene.rng("quay"))
    inside = np.maximum(EDGE_M - z + 0.03 * wavy, np.minimum(SIDE_M - x, END_M - z))  # metres from the edge
    cover = smoothstep(-0.5, 0.5, inside * stage.focal / z)
    rim = (smoothstep(0.75, 0.68, inside) * (1 - white[..., 0]))[..., None]
    stone = tone * (1 - rim) + rim * hue("a99f90") * (1 - 0.5 * scene["rain"]) * (1 + 0.1 * wavy)[..., None]
    sheet[rows, :, :3] = stone * light.on(UP) * cover[..., None]
    sheet[rows, :, 3] = cover
    below = np.where((inside > -1.4) & (z < END_M + 2), 1 - cover, 0)
    fall = (smoothstep(0.0, 1.0, -inside / 1.4 + 1.0) * below).astype(np.float32)
    wall = hue("4e473f") * light.on(np.array([0.6, 0.0, -0.8])) * (0.8 + 0.16 * wavy)[..., None]
    sheet[rows, :, :3] += fall[..., None] * wall
    sheet[rows, :, 3] += fall
    _bollards(stage, sheet)
    glance = np.zeros((stage.height, stage.width), np.float32)
    glance[rows] = 0.3 * scene["rain"] * cover * (1 - white[..., 0])
    return Layer("quay", sheet, stage.ground_depth(), mirror=glance)


def _bollards(stage: Stage, sheet: Floats) -> None:
    pen = pen_on(stage, sheet)
    iron = mixed(hue("2a2c2e"), hue("6e3c1e"), 0.7 * stage.scene["decay"])
    spots = [(SIDE_M - 0.5, z) for z in (56.0, 44.0, 34.0, 26.0)]
    spots += [(x, EDGE_M - 0.6) for x in (-4.2, 0.5, 5.5, 10.5, -11.0, 15.5)]
    for x, z in spots:
        scale = stage.focal / z
        soft_spot(
            sheet,
            pen.seen([(x, 0.0, z)])[0],
            (0.32 * scale, max(1.0, 0.3 * scale * stage.eye_m / z)),
            (0, 0, 0),
            cover=0.4,
        )
        _round(stage, pen, (x, 0.0, z), (0.18, 0.16), 0.42, iron)
        _round(stage, pen, (x, 0.42, z), (0.24, 0.24), 0.14, iron)
        pen.disc((x, 0.56, z), 0.24, mixed(iron * 1.5, SNOW, stage.scene["snow"]) * stage.light.on(UP))
