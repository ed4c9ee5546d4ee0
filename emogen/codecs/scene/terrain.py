"""Land far and near, as lit relief: mountains, ridges, hills and islands; deserts and strands have files of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene import arid, strand
from emogen.codecs.scene.nature import NEEDLES, SNOW, Year, mixed, opaque, year_of
from emogen.codecs.scene.noise import sampled, smoothstep, tile
from emogen.codecs.scene.relief import Grid, Land, face, grid_of, lit, octaves, seen
from emogen.codecs.scene.stage import Floats, Layer, Stage

mesas, dunes, rocks, beach, shore = arid.mesas, arid.dunes, arid.rocks, strand.beach, strand.shore
_ROCK = np.array([0.215, 0.190, 0.170], np.float32)


def _layer(stage: Stage, name: str, land: Land, colour: NDArray[np.floating]) -> Layer:
    sheet = stage.empty()
    sheet[land.top : land.top + len(land.alpha)] = opaque(colour, land.alpha)
    return Layer(name, sheet, land.depth)


def _clothed(
    stage: Stage,
    year: Year,
    land: Land,
    fine: Floats,
    *,
    tree_line: float,
    snow_line: float,
    patches: float,
    crown: float,
) -> NDArray[np.floating]:
    """The land in light: rock, grass, forest and snow by height and slope.

    Args:
        stage: Its light falls on the land.
        year: What the land wears.
        land: What is seen.
        fine: Periodic noise.
        tree_line: Height (m) where forests end.
        snow_line: Height (m) where snow begins to lie.
        patches: Size (m) of woods and clearings.
        crown: Size of a tree in heights of the picture.
    """
    shape = (*land.alpha.shape, 3)
    patch = sampled(fine, land.x / (6 * patches), land.z / (6 * patches))
    trees_at, stones_at = face(stage, land, fine, 42 * crown), face(stage, land, fine, 0.55)
    flat, high = land.normal[..., 1], land.height / max(tree_line, 1.0)
    strata = sampled(fine, land.x / (9 * patches) + land.height / (1.6 * patches), land.height / (1.1 * patches))
    rock = (
        _ROCK
        * (1 - 0.45 * stage.scene["threat"])
        * (1 - 0.3 * year.wet)
        * (0.92 + 0.14 * strata + 0.12 * stones_at)[..., None]
    )
    green = year.grass * (1 - year.bare) + year.soil * year.bare
    meadow = green * (0.95 + 0.16 * patch)[..., None]
    wood = _forest(year, patch + 1.4 * high - 0.7 + 0.3 * trees_at) * (0.80 + 0.30 * trees_at)[..., None]
    alive = 1 - 0.7 * year.bare
    trees = (
        smoothstep(-0.06, 0.10, 0.5 * patch + 0.15 + 0.14 * trees_at - 1.3 * smoothstep(0.6, 1.15, high + 0.12 * patch))
        * smoothstep(0.38, 0.55, flat)
        * alive
    )
    out = mixed(meadow, wood, trees)
    steep = 1 - smoothstep(0.50, 0.74, flat + 0.07 * stones_at)
    stone = np.maximum(steep, smoothstep(0.95, 1.45, high + 0.2 * patch + 0.05 * stones_at))
    out = mixed(out, rock, stone)
    deep = (land.height - snow_line) / max(abs(snow_line), 8 * patches)
    white = smoothstep(-0.10, 0.10, deep + 0.13 * patch + 0.05 * stones_at + 0.45 * (flat - 0.58))
    lying = smoothstep(0.25, 0.75, year.snow * 1.25 - 0.25 * trees + 0.10 * patch + 0.6 * (flat - 0.75)) * (
        year.snow > 0.01
    )
    white = np.maximum(white * 0.97, lying * (1 - 0.45 * trees))
    out = mixed(out, np.broadcast_to(SNOW, shape), white)
    normal = land.bumped(trees_at, 0.75, trees)
    normal = replace(land, normal=normal).bumped(
        stones_at + 0.5 * face(stage, land, fine, 0.2), 0.42, stone * (1 - 0.65 * white)
    )
    return out * lit(stage, land, normal)


def _forest(year: Year, conifers: Floats) -> NDArray[np.floating]:
    """Colour of woods from afar, of broadleaf trees where `conifers` [h, w] is low."""
    bare = 0.6 * year.soil + np.array([0.05, 0.045, 0.04], np.float32)
    broad = (year.leaf.mean(0) * year.leaves + bare * (1 - year.leaves)) * 0.8
    needle = NEEDLES.mean(0) * (1 - year.bare) + year.soil * 0.6 * year.bare
    shape = (*conifers.shape, 3)
    return mixed(np.broadcast_to(broad, shape), np.broadcast_to(needle, shape), smoothstep(-0.4, 0.6, conifers))


def _snow_line(year: Year, peak: float) -> float:
    """Height (m) above which snow lies: by season; all the way down under lying snow."""
    share = float(year.share @ [0.42, 0.62, 0.54, 0.22])
    return peak * (share * (1 - year.snow) - 0.35 * year.snow)


def _massif(grid: Grid, peaks: NDArray[np.float64], rugged: float, field: Floats, size: float, offset: float) -> Floats:
    """Heights of peaks (x, z, radius, height in m) [n, 4] with spurs and gullies."""
    x, z = np.asarray(grid.x + offset, np.float32), grid.z
    bend = sampled(field, x / (1.3 * size), z / (1.3 * size)) * (0.10 * size)
    ridge = octaves(field, x + bend, z + bend, size, 4, keep=0.38, ridged=0.5 + 0.5 * rugged)
    soft = sampled(field, x / (0.8 * size) + 0.3, z / (0.8 * size))
    out = np.zeros(x.shape, np.float32)
    for px, pz, radius, high in peaks:
        away = np.hypot((grid.x - px + 0.8 * bend) / radius, (z - pz) / (radius * 1.1))
        # Rolling: a bell; jagged: a cone with its tip drawn up.
        bell, cone = np.exp(-1.8 * away**2), np.clip(1.05 - away, 0, None) ** 1.15
        out = np.maximum(out, high * (bell * (1 - rugged) + cone * rugged))
    carved = 0.80 + (0.09 + 0.13 * rugged) * ridge + 0.06 * soft
    return np.asarray(
        out * np.clip(carved, 0.2, 1.5) + 0.03 * peaks[:, 3].max() * (ridge + 1) * (0.3 + 0.7 * rugged), np.float32
    )


def _peaks(
    rng: np.random.Generator, count: int, near: float, far: float, high: float, wide: float
) -> NDArray[np.float64]:
    """Peaks in a row across the view, the highest beside the middle."""
    a, b, c, d = rng.random((4, count))
    u = 1.05 * (2 * (np.arange(count) + 0.2 + 0.6 * a) / count - 1)
    z = near + (far - near) * (0.35 + 0.5 * b)
    main = np.argmin(np.abs(u - (0.22 if d[0] < 0.5 else -0.22)))
    tall = high * (0.45 + 0.35 * c)
    tall[main] = high
    return np.stack([u * z / 1.1, z, wide * (0.75 + 0.5 * d) * (tall / high) ** 0.6, tall], 1)


def mountains(stage: Stage) -> list[Layer]:
    """A far range of peaks, in two sheets."""
    rng, year = stage.scene.rng("mountains"), year_of(stage.scene)
    field, fine = tile(rng, 256, 6.5, low=3), tile(rng, 256, 2.2, low=5)
    rugged, close = stage.scene["rugged"], 1 - stage.scene["openness"]
    layers = []
    for k, (near, far, high, count) in enumerate(((4200.0, 8200.0, 2300.0, 7), (2300.0, 4000.0, 760.0, 6))):
        grid = grid_of(stage, near, far, 170)
        peaks = _peaks(rng, count, near, far, high, high * 0.95)
        peaks[:, 3] *= (0.55 + 0.5 * rugged) * (0.72 + 0.55 * close)
        peaks[:, 2] *= 1.25 - 0.25 * rugged
        height = _massif(grid, peaks, rugged, field, 2.1 * high, 7e3 * k) * smoothstep(near, near * 1.25, grid.z) - 15
        land = seen(stage, grid, height)
        if land is not None:
            line = _snow_line(year, 2300.0 * (0.55 + 0.45 * rugged))
            layers.append(
                _layer(
                    stage,
                    f"mountains {k}",
                    land,
                    _clothed(stage, year, land, fine, tree_line=620.0, snow_line=line, patches=150.0, crown=0.005),
                )
            )
    return layers


def ridges(stage: Stage) -> list[Layer]:
    """Nearer, lower ridges with forests, in two sheets; they leave the middle free."""
    rng, year = stage.scene.rng("ridges"), year_of(stage.scene)
    field, fine = tile(rng, 256, 6.5, low=3), tile(rng, 256, 2.2, low=5)
    rugged, close = stage.scene["rugged"], 1 - stage.scene["openness"]
    layers = []
    for k, (near, far, high) in enumerate(((1150.0, 2200.0, 400.0), (520.0, 1000.0, 160.0))):
        grid = grid_of(stage, near, far, 130)
        a, b, c = rng.random((3, 6))
        side = np.array([-1, 1, -1, 1, -1, 1]) * (0.34 + 0.16 * np.arange(6) // 2 + 0.15 * a)
        z = near + (far - near) * (0.45 + 0.35 * b)
        peaks = np.stack([side * z / 1.1, z, np.full(6, 0.40 * near) * (0.7 + 0.4 * c), high * (0.7 + 0.5 * c)], 1)
        peaks[:, 3] *= (0.6 + 0.5 * rugged) * (0.55 + 0.95 * close)
        height = (
            _massif(grid, peaks, 0.75 * rugged, field, 2.4 * high, 5e3 * k) * smoothstep(near, near * 1.45, grid.z) - 3
        )
        land = seen(stage, grid, height)
        if land is not None:
            line = _snow_line(year, 1500.0)
            layers.append(
                _layer(
                    stage,
                    f"ridges {k}",
                    land,
                    _clothed(
                        stage,
                        year,
                        land,
                        fine,
                        tree_line=high * 1.25,
                        snow_line=line,
                        patches=high * 0.25,
                        crown=0.008 + 0.007 * k,
                    ),
                )
            )
    return layers


def hills(stage: Stage) -> list[Layer]:
    """Rolling hills behind a plain, in three sheets; with `rugged` they grow steep."""
    rng, year = stage.scene.rng("hills"), year_of(stage.scene)
    field, fine = tile(rng, 256, 7.0, low=2), tile(rng, 256, 2.2, low=5)
    rugged, close = stage.scene["rugged"], 1 - stage.scene["openness"]
    offset = rng.uniform(0, 9e4, 2)
    layers = []
    for k, (near, far, high) in enumerate(((2300.0, 4800.0, 360.0), (950.0, 2200.0, 130.0), (400.0, 1000.0, 42.0))):
        grid = grid_of(stage, near, far, 70)
        x, z = np.asarray(grid.x + offset[0] + 2e4 * k, np.float32), np.asarray(grid.z + offset[1], np.float32)
        peak = high * (0.6 + 0.9 * rugged) * (0.6 + 0.8 * close)
        base = octaves(field, x, z, far * 1.1, 4, keep=0.26 + 0.18 * rugged, ridged=0.7 * rugged)
        height = peak * np.maximum(0.62 + 0.40 * base, 0.03) * smoothstep(near, near + 0.75 * (far - near), grid.z) - 1
        land = seen(stage, grid, np.asarray(height, np.float32), rough=1.3)
        if land is not None:
            line = _snow_line(year, 1600.0)
            layers.append(
                _layer(
                    stage,
                    f"hills {k}",
                    land,
                    _clothed(
                        stage,
                        year,
                        land,
                        fine,
                        tree_line=high * 2.2,
                        snow_line=line,
                        patches=high * 0.4 + 14,
                        crown=0.006 + 0.004 * k,
                    ),
                )
            )
    return layers


def islands(stage: Stage) -> list[Layer]:
    """Rocky islands in the sea."""
    rng, year = stage.scene.rng("islands"), year_of(stage.scene)
    field, fine = tile(rng, 256, 6.5, low=3), tile(rng, 256, 2.2, low=5)
    rugged = stage.scene["rugged"]
    draw = rng.random((6, 4))
    number = 1.6 + 3.4 * (1 - stage.scene["openness"])
    layers = []
    for k, (near, far) in enumerate(((1900.0, 4200.0), (700.0, 1700.0))):
        grid = grid_of(stage, near, far, 90)
        middle = (near * far) ** 0.5
        rough = octaves(
            field, grid.x + np.float32(9e3 * k), grid.z, middle * 0.4, 5, keep=0.45, ridged=0.3 + 0.6 * rugged
        )
        height = np.full(grid.x.shape, -30.0, np.float32)
        for j, (a, b, c, d) in enumerate(draw[k * 3 : k * 3 + 3]):
            grow = float(np.clip(number - (j * 2 + k), 0, 1))
            away = np.hypot(
                (grid.x - (2 * a - 1) * 0.55 * middle) / (middle * (0.08 + 0.13 * b)),
                (grid.z - middle * (0.9 + 0.3 * d)) / (middle * 0.17),
            )
            lump = np.clip((1.05 - away) * 1.5, -1, 1.5) * (0.75 + 0.2 * rough) - 0.12
            height = np.maximum(height, grow * middle * (0.05 + 0.06 * c) * (0.6 + 0.8 * rugged) * lump)
        land = seen(stage, grid, height)
        if land is None:
            continue
        dark = replace(land, sun=land.sun * (0.35 + 0.65 * smoothstep(0.0, middle * 0.008, land.height)))
        colour = _clothed(
            stage,
            year,
            dark,
            fine,
            tree_line=middle * 0.075,
            snow_line=_snow_line(year, middle * 0.3),
            patches=middle * 0.012,
            crown=0.006 + 0.004 * k,
        )
        layers.append(
            _layer(stage, f"islands {k}", replace(land, alpha=land.alpha * smoothstep(-0.4, 0.6, land.height)), colour)
        )
    return layers
