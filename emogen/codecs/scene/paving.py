"""Paved ground seen in perspective: the setts of a street, flagstones of a quay; shade, rain, snow and litter on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import lamplight
from emogen.codecs.scene.colours import BULB, SNOW, hue
from emogen.codecs.scene.noise import sampled, smoothstep, tile
from emogen.codecs.scene.pen import UP, flat, pen_on, soft_spot
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.street import END_M, Street, street_of

LEAVES = ("b8642a", "c98f2e", "8a3f22")
RUBBISH = ("cfc8b8", "8a8378", "5a5048", "9a8f7c")


def ground_points(stage: Stage) -> tuple[slice, Floats, Floats]:
    """The rows of the ground, and x and z (m) of their pixels."""
    rows = slice(min(stage.height, max(0, int(np.ceil(stage.horizon + 0.5)))), stage.height)
    z = stage.ground_depth()[rows, None]
    x = (np.arange(stage.width, dtype=np.float32)[None] + 0.5 - stage.width / 2) * z / stage.focal
    return rows, x, np.broadcast_to(z, x.shape).astype(np.float32)


def _setts(rng: np.random.Generator, size: int = 512) -> tuple[Floats, Floats]:
    """A periodic tile of setts, 3.2 m wide: shade and how much a point belongs to a joint."""
    rows, columns = 22, 16
    v, u = np.mgrid[0:size, 0:size].astype(np.float32) / size
    row = v * rows + 0.22 * tile(rng, size, 3.0, low=6.0)
    across = u * columns + 0.5 * (np.floor(row) % 2) + 0.22 * tile(rng, size, 3.0, low=6.0)
    shades = rng.normal(1.0, 0.2, (rows, columns)).astype(np.float32)
    shade = shades[np.floor(row).astype(int) % rows, np.floor(across).astype(int) % columns]
    fr, fa = row % 1, across % 1
    inside = np.minimum(np.minimum(fr, 1 - fr) * 0.9, np.minimum(fa, 1 - fa) * 1.2)
    dome = smoothstep(0.02, 0.3, inside)
    return (shade * (0.7 + 0.34 * dome + 0.1 * (0.5 - fr))).astype(np.float32), 1 - smoothstep(0.03, 0.1, inside)


def flagstones(stage: Stage, x: Floats, z: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Large stones at points of the ground: their albedo [h, w, 3], how far snow hides them [h, w, 1], a wave [h, w]."""
    scene = stage.scene
    fields = [tile(rng, 256, 3.0, low=3.0) for _ in range(2)]
    shades = rng.normal(1, 0.12, (64, 64)).astype(np.float32)
    course = z / 0.8
    column = x / 1.15 + 0.5 * (np.floor(course) % 2)
    shade = shades[np.floor(course).astype(int) % 64, np.floor(column).astype(int) % 64]
    joint = 0.5 - np.maximum(np.abs(course % 1 - 0.5), np.abs(column % 1 - 0.5))
    detail = np.exp(-((z * z / (stage.focal * stage.eye_m) / 0.4) ** 2))
    broad, wavy = sampled(fields[0], x / 8, z / 10), sampled(fields[1], x / 6, z / 6)
    level = (1 + (shade - 1) * detail) * (1 - 0.45 * detail * (1 - smoothstep(0.0, 0.05, joint)))
    level = level * (1 + 0.12 * broad - 0.25 * scene["decay"] * smoothstep(0.0, 1.0, wavy)) * (1 - 0.5 * scene["rain"])
    gap = scene["decay"] * (1 - smoothstep(0.0, 0.09, joint)) * detail * (0.8 + 0.5 * wavy)
    weeds = (smoothstep(0.3, 0.9, gap) * scene["lush"])[..., None]
    tone = hue("8c8377") * level[..., None] * (1 - weeds) + hue("566b33") * weeds
    white = _snowed(stage, 0.2 * broad)[..., None]
    return (tone * (1 - white) + white * SNOW * (1 + 0.04 * wavy)[..., None]).astype(np.float32), white, wavy


def _snowed(stage: Stage, lie: Floats) -> Floats:
    """How far snow hides the ground [h, w]; it lies longer where `lie` is high."""
    snow = stage.scene["snow"]
    return smoothstep(0.0, 0.3, 1.5 * snow - 0.28 + lie) * float(smoothstep(0.0, 0.05, snow))


def pavement(stage: Stage) -> list[Layer]:
    """Setts between two footways; puddles, litter, fallen leaves and snow; in the rain it mirrors."""
    scene, rng, wet = stage.scene, stage.scene.rng("pavement"), stage.scene["rain"]
    street, sheet = street_of(scene), stage.empty()
    rows, x, z = ground_points(stage)
    shade, joint = _setts(rng)
    fields = [tile(rng, 256, 3.0, low=3.0) for _ in range(3)]
    kerb_m = street.half_m * 0.7
    side = smoothstep(-0.06, 0.06, np.abs(x) - kerb_m)
    # What is finer than a pixel shows as its mean.
    detail = np.exp(-((z * z / (stage.focal * stage.eye_m) / 0.35) ** 2) - (z / stage.focal / 0.12) ** 2)
    gaps = sampled(joint, x / 3.2, z / 3.2) * detail
    broad = sampled(fields[0], x / 9, z / 14)
    tone = _stones(stage, x, z, side, 1 + (sampled(shade, x / 3.2, z / 3.2) - 1) * detail, detail)
    rut = np.exp(-(((np.abs(x) - 0.75) / 0.3) ** 2)) * float(smoothstep(2.0, 3.0, street.half_m))
    kerb = np.exp(-(((np.abs(x) - kerb_m) / 0.09) ** 2))
    dirt = scene["decay"] * 0.28 * smoothstep(-0.2, 1.2, sampled(fields[1], x / 7, z / 9))
    tone = tone * ((1 + 0.1 * broad) * (1 - 0.5 * kerb) * (1 - 0.1 * rut - dirt))[..., None]
    grass = (smoothstep(0.2, 0.8, scene["decay"] * gaps * (0.6 + broad)) * scene["lush"])[..., None]
    tone = tone * (1 - grass) + grass * hue("5d7036")
    pool = smoothstep(0.0, 0.25, sampled(fields[2], x / 6, z / 8) - 1.9 + 1.7 * wet) * (1 - 0.6 * side)
    pool = pool * float(smoothstep(0.0, 0.2, wet))
    tone = tone * (1 - 0.5 * wet - 0.25 * pool)[..., None]
    white = _snowed(stage, 0.2 * broad + 0.25 * side - 0.5 * rut - 0.25 * gaps)[..., None]
    tone = tone * (1 - white) + white * SNOW * (1 + 0.05 * broad)[..., None]
    paved = smoothstep(0.0, 1.0, (street.half_m - np.abs(x)) * stage.focal / z + 0.5) * (z < END_M)
    sheet[rows, :, :3] = tone * _ground_light(stage, street, x, z) * paved[..., None]
    sheet[rows, :, 3] = paved
    _litter(stage, sheet, street)
    _spill(stage, sheet, street)
    shine = wet * (0.16 + 0.2 * smoothstep(0.0, 1.0, broad) * (1 - gaps)) + 0.62 * pool
    glance = np.zeros((stage.height, stage.width), np.float32)
    glance[rows] = shine * (1 - white[..., 0]) * paved * np.clip(0.35 + z / 60, 0, 1)
    return [Layer("pavement", sheet, stage.ground_depth(), mirror=glance)]


def _stones(stage: Stage, x: Floats, z: Floats, side: Floats, setts: Floats, detail: Floats) -> NDArray[np.float64]:
    """Albedo of setts in the middle and slabs at the sides [h, w, 3]."""
    slab = np.minimum(np.abs((x / 0.9) % 1 - 0.5), np.abs((z / 0.7) % 1 - 0.5))
    slabs = 1.12 - 0.3 * (1 - smoothstep(0.0, 0.04, slab)) * detail
    middle = (1 - side)[..., None] * hue("8b8177") * setts[..., None]
    return np.asarray(middle + side[..., None] * hue("a89f92") * slabs[..., None])


def _ground_light(stage: Stage, street: Street, x: Floats, z: Floats) -> Floats:
    """Light on the ground: the sun where no house is in its way, the sky less near the walls."""
    light, sun = stage.light, stage.light.sun
    up = light.on(UP)
    direct = max(0.0, float(sun[1])) * light.sun_rgb
    toward = 1 if sun[0] >= 0 else -1
    reach = (street.half_m - toward * x) / max(abs(float(sun[0])), 0.05)
    shadow = smoothstep(-0.4, 0.4, street.eaves(toward, z + reach * float(sun[2])) - reach * float(sun[1]))
    foot = smoothstep(0.0, 1.6, street.half_m - np.abs(x))
    open_sky = (0.6 + 0.4 * foot) * (1 - 0.4 * (1 - stage.scene["openness"]))
    return np.asarray((up - direct) * open_sky[..., None] + direct * (1 - shadow)[..., None], np.float32)


def _litter(stage: Stage, sheet: Floats, street: Street) -> None:
    """Papers, rubble and fallen leaves."""
    scene, rng, pen = stage.scene, stage.scene.rng("litter"), pen_on(stage, sheet)
    up = stage.light.on(UP) * 0.8
    own, turns = rng.random((260, 6)), rng.random((260, 5))
    autumn = float(np.clip(1 - abs(scene["season"] - 2.3), 0, 1)) * (0.4 + 0.6 * scene["lush"]) * (1 - scene["snow"])
    for (u, v, t, r, kind, tint), turn in zip(own, turns, strict=True):
        leaf = kind < 0.5
        grown = float(smoothstep(0.0, 0.15, (autumn if leaf else scene["decay"]) - 0.9 * t))
        size = (0.12 if leaf else 0.14 + 0.22 * r) * grown
        if size <= 0.01:
            continue
        z, x, lift = 3.0 + 42 * v**1.6, (2 * u - 1) * street.half_m, 0.0 if leaf else 0.3 * size
        angles = np.sort(turn) * 2 * np.pi
        at = pen.seen([(x + size * np.cos(a), lift * max(0.0, np.sin(a)), z + size * np.sin(a)) for a in angles])
        codes = LEAVES if leaf else RUBBISH
        flat(sheet, at + np.array([0.0, 0.3 * size * stage.focal / z]), (0, 0, 0), 0.35)
        flat(sheet, at, hue(codes[int(tint * len(codes))]) * up)


def _spill(stage: Stage, sheet: Floats, street: Street) -> None:
    """Light that falls out of lit shops onto the ground before them."""
    lit = float(smoothstep(0.0, 0.5, stage.scene["lamps"])) * (1 - 0.7 * stage.scene["decay"])
    strength = 0.14 * float(smoothstep(0.1, 1.0, lamplight(stage.light))) * lit
    for house in street.houses if strength > 0 else ():
        if house.front.shop:
            z = max(house.z + house.front.wide / 2, 4.0)
            scale = stage.focal / z
            centre = float(stage.column(house.side * (street.half_m - 1.0), z)), float(stage.row(0, z))
            deep = max(1.0, house.front.wide * 0.32 * scale * stage.eye_m / z)
            soft_spot(sheet, centre, (1.4 * scale, deep), BULB * strength)
