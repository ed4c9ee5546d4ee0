"""What stands on level ground in lines: fences, and telegraph poles with their wires."""

from __future__ import annotations

import numpy as np

from emogen.codecs.scene.nature import SNOW, Numbers, Year, near_of, resized, strokes, year_of
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import FOCAL, Floats, Layer, Stage

_WOOD = np.array([0.17, 0.125, 0.085])


def _spots(stage: Stage, top: int, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
    """Where points (m) lie on a patch of double size that begins at row `top` [n, 2]."""
    x, y, z = (np.asarray(part, np.float32) for part in (x, y, z))
    return np.stack([2.0 * stage.column(x, z), 2.0 * (stage.row(y, z) - top)], 1)


def fence(stage: Stage) -> list[Layer]:
    """A wooden fence across the meadow; posts lean and rails break with decay, barbed wire comes with threat."""
    rng, year = stage.scene.rng("fence"), year_of(stage.scene)
    decay, threat = stage.scene["decay"], stage.scene["threat"]
    count = 26
    lean, high, broken, sag = (
        rng.uniform(-1, 1, count),
        rng.uniform(0.9, 1.1, count),
        rng.random((count, 2)),
        rng.random((count, 2)),
    )
    side, slant = (1 if rng.random() < 0.5 else -1), rng.uniform(0.25, 0.5)
    near = near_of(stage)
    z0 = 1.75 * near
    reach = stage.width / stage.height * z0 / FOCAL * 0.62
    along = np.arange(count) * 2.3
    x, z = side * (reach - along * np.cos(slant)), z0 + along * np.sin(slant) + 0.012 * along**2
    top = int(max(0, float(stage.row(2.2, z.max())) - 4))
    patch = np.zeros((2 * (stage.height - top), 2 * stage.width, 4), np.float32)
    wood = _WOOD * (1 - 0.6 * threat) * (1 - 0.35 * year.wet) * (1 - 0.25 * decay)
    tall = 1.15 * high * np.where(broken[:, 0] < 0.45 * decay, 0.45 + 0.4 * broken[:, 1], 1.0)
    tip_x = x + lean * (0.03 + 0.30 * decay) * tall

    colours = np.ones((count, 4), np.float32)
    for rail in (0.42, 0.82):
        drop = np.where(sag[:-1, int(rail > 0.5)] < 0.55 * decay, 0.55, 0.04) * (0.3 + decay)
        a, b = (
            _spots(stage, top, x[:-1], np.full(count - 1, rail), z[:-1]),
            _spots(stage, top, x[1:], rail - drop * rail, z[1:]),
        )
        keep = broken[:-1, int(rail > 0.5)] > 0.5 * decay**1.3
        _strip_rails(stage, patch, a[keep], b[keep], z[:-1][keep], wood, year)
    foot, tip = _spots(stage, top, x, np.full(count, -0.05), z), _spots(stage, top, tip_x, tall, z)
    width = 2 * 0.12 * stage.focal / z
    order = np.argsort(-z)
    for shift, share, light in ((0.0, 1.0, 0.75), (0.25 * np.sign(stage.light.sun[0] + 1e-9), 0.45, 1.25)):
        colours[:, :3] = wood * (stage.light.sky_rgb * 0.7 + stage.light.sun_rgb * 0.45) * light
        move = np.stack([width * shift, np.zeros(count)], 1)
        strokes(
            patch,
            (foot + move)[order],
            (tip + move)[order],
            (width * share)[order],
            (width * share * 0.9)[order],
            colours,
        )
    if year.snow > 0.02:
        colours[:, :3] = SNOW * (stage.light.sky_rgb + 0.6 * stage.light.sun_rgb)
        cap = tip - np.stack([np.zeros(count), width * 0.5 * year.snow], 1)
        strokes(patch, tip[order], cap[order], width[order] * 1.1, width[order] * 0.7, colours)
    _barbed(stage, patch, top, tip_x, tall, z)
    sheet = stage.empty()
    sheet[top:] = resized(patch, stage.width, stage.height - top)
    return [Layer("fence", sheet, float(np.median(z[: count // 2])))]


def _strip_rails(
    stage: Stage,
    patch: Floats,
    a: Numbers,
    b: Numbers,
    z: Numbers,
    wood: Numbers,
    year: Year,
) -> None:
    width = 2 * 0.10 * stage.focal / z
    rgba = np.ones((len(a), 4), np.float32)
    rgba[:, :3] = wood * (stage.light.sky_rgb * 0.6 + stage.light.sun_rgb * 0.3)
    strokes(patch, a, b, width, width, rgba)
    rgba[:, :3] = wood * 1.2 * (stage.light.sky_rgb * 0.9 + stage.light.sun_rgb * 0.75) * (
        1 - year.snow
    ) + year.snow * SNOW * (stage.light.sky_rgb + 0.6 * stage.light.sun_rgb)
    lift = np.stack([np.zeros(len(a)), width * (0.3 + 0.2 * year.snow)], 1)
    strokes(patch, a - lift, b - lift, width * 0.35, width * 0.35, rgba)


def _barbed(stage: Stage, patch: Floats, top: int, x: Numbers, tall: Numbers, z: Numbers) -> None:
    """Barbed wire between the posts' heads."""
    threat = stage.scene["threat"]
    if threat < 0.15:
        return
    t = np.linspace(0, 1, 9)
    for level in (0.98, 1.22):
        px, pz = (np.asarray(p[:-1, None] * (1 - t) + p[1:, None] * t, np.float32).ravel() for p in (x, z))
        py = (level * (tall[:-1, None] * (1 - t) + tall[1:, None] * t) - 0.12 * np.sin(np.pi * t)).ravel()
        line = _spots(stage, top, px, py, pz)
        share = float(smoothstep(0.15, 0.5, threat))
        rgba = np.tile(np.array([0.02, 0.02, 0.02, 1.0], np.float32) * share, (len(line), 1))
        wide = np.maximum(2 * 0.012 * stage.focal / pz, 1.0)
        strokes(patch, line[:-1], line[1:], wide[:-1], wide[:-1], rgba[:-1])
        barb = np.stack([np.full(len(line), 1.0), np.full(len(line), 1.6)], 1) * (2 * 0.035 * stage.focal / pz)[:, None]
        strokes(patch, line - barb, line + barb, wide, wide, rgba)
        strokes(patch, line - barb * [1, -1], line + barb * [1, -1], wide, wide, rgba)


def poles(stage: Stage) -> list[Layer]:
    """Telegraph poles along a road, with wires that sag from one to the next; they lean and lose wires with decay."""
    rng, year = stage.scene.rng("poles"), year_of(stage.scene)
    decay = stage.scene["decay"]
    count = 14
    lean, torn = rng.uniform(-1, 1, count), rng.random((count, 4))
    side = 1 if rng.random() < 0.5 else -1
    z = 13.0 + 30.0 * np.arange(count)
    x = np.full(count, side * 6.4)
    tip = x + lean * (0.06 + 1.3 * decay)
    high = 7.2
    low_row = min(stage.height, int(float(stage.row(0, z[0]))) + 3)
    patch = np.zeros((2 * low_row, 2 * stage.width, 4), np.float32)

    t = np.linspace(0, 1, 14)
    wire = np.array([0.025, 0.025, 0.03, 1.0], np.float32)
    for k, arm in enumerate((-0.9, -0.3, 0.3, 0.9)):
        whole = torn[:-1, k] > 0.6 * decay
        for j in np.flatnonzero(whole):
            px, pz = tip[j] * (1 - t) + tip[j + 1] * t + arm, z[j] * (1 - t) + z[j + 1] * t
            line = _spots(stage, 0, px, high - 0.45 - 4 * (0.55 + 0.5 * decay) * t * (1 - t), pz)
            wide = 2 * 0.022 * stage.focal / pz
            thin = np.clip(wide / 1.2, 0.15, 1)[:-1, None]
            strokes(
                patch, line[:-1], line[1:], np.maximum(wide[:-1], 1.0), np.maximum(wide[1:], 1.0), wire * thin, ease=0.0
            )
    order = np.argsort(-z)
    foot, head = _spots(stage, 0, x, np.zeros(count), z)[order], _spots(stage, 0, tip, np.full(count, high), z)[order]
    width = (2 * 0.22 * stage.focal / z)[order]
    rgba = np.ones((count, 4), np.float32)
    wood = _WOOD * (1 - 0.5 * stage.scene["threat"]) * (1 - 0.3 * year.wet)
    rgba[:, :3] = wood * (stage.light.sky_rgb * 0.6 + stage.light.sun_rgb * 0.3)
    strokes(patch, foot, head, width, width * 0.75, rgba)
    for level in (0.30, 0.75):
        a, b = (
            _spots(stage, 0, tip + s * (1.15 - level * 0.3), high - level + s * lean * 0.25 * decay, z)[order]
            for s in (-1.0, 1.0)
        )
        strokes(patch, a, b, width * 0.55, width * 0.55, rgba)
    rgba[:, :3] = wood * (stage.light.sky_rgb * 0.8 + stage.light.sun_rgb * 0.9)
    move = np.stack([width * 0.26 * np.sign(stage.light.sun[0] + 1e-9), np.zeros(count)], 1)
    strokes(patch, foot + move, head + move, width * 0.35, width * 0.25, rgba)
    sheet = stage.empty()
    sheet[:low_row] = resized(patch, stage.width, low_row)
    return [Layer("poles", sheet, 40.0)]
