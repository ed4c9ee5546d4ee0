"""Clouds: cover, storm and the light of a scene -> a sheet of clouds as seen from the ground.

Heaped clouds are a block of air, `SLICES` levels of density over a square that repeats. Light is followed through the
block towards the sun, then each level is seen in perspective, the lowest first. Above them float streaks of ice.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from emogen.codecs.scene.atmosphere import transmitted
from emogen.codecs.scene.light import LUMINANCE, MOONRISE_DEG, SUN, Heavens, heavens, overcast
from emogen.codecs.scene.noise import sampled, smoothstep, tile
from emogen.codecs.scene.stage import Floats, Layer, Stage

SLICES, SIDE = 24, 320  # levels and voxels along a side
SIDE_M, BASE_M, HIGH_M = 9000.0, 1000.0, 1150.0  # side, height of the flat bases, thickness
ICE_M = 8000.0  # height of the streaks
DENSE_PER_M = 0.022  # light lost on a metre of cloud (own choice; real heaps are twice as dense)
AIR_M = 22e3  # how far clouds are seen through the air (own choice)
FOG_M = 80.0  # depth of fog (own choice)
STEPS = 56  # along a ray
LOW = 0.17  # sine of the elevation below which rays pass more than a few voxels between two steps
#: What the air has sent on of a low sun's light reaches clouds as well, of this colour and up to this share (own choice): red
#: light alone under a blue sky would make them pink.
DUSK, DUSK_SHARE = np.array([1.56, 0.92, 0.25]), 0.85
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) + 0.5  # steps of neighbours differ
DRIFT = 1.6  # voxels that a field moves from one level to the next (own choice)
SMALL = 320  # rows of a picture up to which the block is half as fine (own choice)
SCALE, FINE = 0.5, 448  # clouds are drawn at this share of the picture's height, but not below so many rows: they are soft
FAR = 8.0  # what is far is blurred along the line of sight by this over the rows, in sides of the block (own choice)


@dataclass(frozen=True)
class _Block:
    """The block of clouds: its thickness; per level density, sunlight, skylight [side, side, 3]; how it is turned."""

    high_m: float
    levels: list[Floats]
    turned: tuple[float, float]


def clouds(stage: Stage, clear: Floats) -> Layer:
    """The sheet of clouds before a `clear` sky [h, w, 3], whose air lies over what is far."""
    scale = float(np.clip(FINE / stage.height, SCALE, 1.0))
    high = max(int(stage.height * scale), 5)
    rows = min(int(np.ceil(stage.horizon * scale)) + 1, high)
    view = stage.view(high, max(int(stage.width * scale), 4))[:rows]
    sky = heavens(stage.scene)
    air = cv2.resize(clear, (view.shape[1], high), interpolation=cv2.INTER_AREA)[:rows]
    shut = np.float32(0.85 * overcast(stage.scene))
    air = air * (1 - shut) + air[-1:] * (shut * np.float32(1 - 0.5 * stage.scene["storm"]))
    seen = _over(_heaps(stage, sky, view, air), _ice(stage, sky, view)) * clearness(stage, view)[..., None]
    big = cv2.resize(seen, (stage.width, round(rows / high * stage.height)), interpolation=cv2.INTER_CUBIC)
    rgba = stage.empty()
    rgba[: len(big)] = np.maximum(big, 0.0)
    rgba[..., 3] = np.minimum(rgba[..., 3], 1.0)
    return Layer("sky clouds", rgba, float("inf"), movement="drift")


def clearness(stage: Stage, view: NDArray[np.float64]) -> Floats:
    """How much of the sky [rows, columns] in the directions `view` is seen through the fog, which is `FOG_M` deep."""
    return np.asarray(np.exp(-stage.light.haze_per_m * FOG_M / np.maximum(view[..., 1], 0.01)), np.float32)


def _over(near: Floats, far: Floats) -> Floats:
    return near + far * (1 - near[..., 3:])


def _lights(sky: Heavens, height_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Direction and light of what lights the clouds."""
    if sky.elevation_deg < MOONRISE_DEG:
        return sky.moon, 0.6 * sky.moonlight
    up = sky.sun[1] + 0.5 * np.sqrt(2 * height_m / 6.371e6)  # clouds see farther over the horizon
    fade = float(smoothstep(MOONRISE_DEG, -2.5, sky.elevation_deg))
    light = SUN * sky.gain * fade * transmitted(np.array([height_m]), np.array([up]))[0]
    share = DUSK_SHARE * float(smoothstep(4.0, -1.0, sky.elevation_deg))
    return sky.sun, (1 - share) * light + share * (light @ LUMINANCE) * DUSK


def _forward(view: NDArray[np.float64], sun: NDArray[np.float64], g: float) -> Floats:
    """How much more light than evenly a cloud sends on in the direction to the eye."""
    towards = view @ sun
    return np.asarray((1 - g * g) / (1 + g * g - 2 * g * towards) ** 1.5, np.float32)


def _densities(stage: Stage) -> tuple[Floats, float, Floats]:
    """The block's densities [SLICES, side, side], its thickness (m), and how light its undersides are [side, side]."""
    scene = stage.scene
    rng = scene.rng("clouds")
    side = SIDE if stage.height > SMALL else SIDE // 2
    fields = [tile(rng, SIDE, slope, low=low) for slope, low in ((3.6, 3.0), (2.8, 8.0), (2.8, 8.0), (2.4, 22.0), (2.4, 22.0))]
    broad, one, two, three, four = (cv2.resize(f, (side, side), interpolation=cv2.INTER_AREA) for f in fields)
    storm, closed = float(smoothstep(0.0, 1.0, scene["storm"])), float(smoothstep(0.5, 1.0, scene["cloud"]))
    cover = np.clip(scene["cloud"] + 0.5 * storm * (1 - scene["cloud"]), 0.0, 1.0)
    threshold = -1.15 * float(ndtri(np.clip(0.003 + 0.99 * cover**1.75, 0.003, 0.99 - 0.02 * storm)))
    hanging = 0.5 * (np.abs(two) - 0.8) + 0.35 * one + 0.25 * (np.abs(four) - 0.8) + 0.4 * storm * broad  # of the bases
    bases = np.clip((0.15 * closed / (1 + 0.9 * storm) + 0.04 * storm) * (1 - 0.8 * hanging), 0.0, 0.5)
    out = np.empty((SLICES, side, side), np.float32)
    drifts, drift = scene.rng("clouds drift").uniform(0, 2 * np.pi, 5), DRIFT * side / SIDE
    core = broad - np.float32(threshold)
    carried = smoothstep(-1.0, 0.3, core)
    for k in range(SLICES):
        y = (k + 0.5) / SLICES
        turn, quick = 3.6 * y * np.pi, 8.0 * y * np.pi
        # Each field drifts its own way from level to level: else walls stand upright and lumps lie on one another.
        a, b, c, d = (np.roll(f, _moved(k, drift, way), (0, 1)) for f, way in zip((one, two, three, four), drifts[1:], strict=True))
        lumps = (0.85 + 0.35 * storm) * (np.abs(np.cos(turn) * a + np.sin(turn) * b) - 0.8)
        lumps += (0.40 + 0.15 * storm) * (np.abs(np.cos(quick) * c + np.sin(quick) * d) - 0.8)
        here, held = (np.roll(f, _moved(k, drift / 2, drifts[0]), (0, 1)) for f in (core, carried))
        shape = here + lumps * np.where(lumps > 0, held, 1) - 1.7 * y**1.4  # lumps are not to float about alone
        out[k] = np.clip(shape * 3.0, 0, 1) * np.clip(6.0 * (y - bases), 0, 1)
    thick = 0.9 * hanging + 0.45 * broad + 0.5 * (0.8 - np.abs(one))  # thick parts hang low and are dark
    light = np.exp(-(1.3 * storm + 0.35 * closed) * (smoothstep(-1.1, 1.3, thick) - 0.25))
    return out * np.float32(1 + max(1.5 * storm, 0.8 * closed)), HIGH_M * (1 + 0.8 * storm), light


def _moved(level: int, drift: float, way: float) -> tuple[int, int]:
    far = drift * (level - SLICES / 3)
    return round(far * np.sin(way)), round(far * np.cos(way))


def _block(stage: Stage, sun: NDArray[np.float64]) -> _Block:
    """The block with light in it."""
    density, high, underside = _densities(stage)
    step_m = high / SLICES
    angle = float(stage.scene.rng("clouds turned").uniform(0.3, 1.2))
    turned = np.cos(angle), np.sin(angle)
    half = density.shape[1] // 2
    small = np.stack([cv2.resize(level, (half, half), interpolation=cv2.INTER_AREA) for level in density])
    across = np.array([sun[0] * turned[0] - sun[2] * turned[1], sun[0] * turned[1] + sun[2] * turned[0]])
    voxel_m = SIDE_M / half
    depth = np.zeros_like(small)
    walked = 0.0
    for length in (60.0, 90.0, 150.0, 250.0, 420.0, 700.0):
        at = walked + length / 2
        walked += length
        up = round(float(at * sun[1] / step_m))
        x, z = (round(float(part * at / voxel_m)) for part in across)
        moved = np.roll(small, (-z, -x), (1, 2)) * length
        if 0 <= up < SLICES:
            depth[: SLICES - up] += moved[up:]
        elif -SLICES < up < 0:
            depth[-up:] += moved[:up]
    depth *= DENSE_PER_M
    direct = 0.65 * np.exp(-depth) + 0.27 * np.exp(-0.3 * depth) + 0.08 * np.exp(-0.06 * depth)
    above = np.cumsum(small[::-1], axis=0)[::-1] * step_m * DENSE_PER_M
    storm = float(smoothstep(0.0, 1.0, stage.scene["storm"]))
    low = (0.72 - 0.52 * storm) + (0.28 + 1.5 * storm) * ((np.arange(SLICES) + 0.5) / SLICES)[:, None, None]
    ambient = (0.25 + 0.75 * np.exp(-0.10 * above)) * np.minimum(low, 1.0)
    ambient = ambient * cv2.resize(underside, (half, half), interpolation=cv2.INTER_AREA)
    lights = [_enlarged(np.dstack(pair).astype(np.float32)) for pair in zip(direct, ambient, strict=True)]
    levels = [np.dstack([d, light]) for d, light in zip(density, lights, strict=True)]
    return _Block(high, levels, turned)


def _blurred_away(levels: list[Floats], turned: tuple[float, float], share: float) -> list[Floats]:
    """The levels, half as fine and blurred along the line of sight by a share of their side: what a level ray passes."""
    half = len(levels[0]) // 2
    voxels = round(share * half)
    kernel = np.zeros((2 * voxels + 1, 2 * voxels + 1), np.float32)
    end = np.array([-turned[1], turned[0]]) * voxels
    a, b = (tuple(int(part) for part in np.round((voxels + sign * end) * 16)) for sign in (-1, 1))
    cv2.line(kernel, a, b, 1.0, 1, cv2.LINE_8, 4)
    within = slice(voxels, voxels + half)
    coarse = [_repeated(cv2.resize(level, (half, half), interpolation=cv2.INTER_AREA), voxels) for level in levels]
    return [cv2.filter2D(level, -1, kernel / kernel.sum())[within, within] for level in coarse]


def _repeated(field: Floats, margin: int) -> Floats:
    """A field that repeats, with a margin on each side."""
    return cv2.copyMakeBorder(field, margin, margin, margin, margin, cv2.BORDER_WRAP)


def _enlarged(field: Floats) -> Floats:
    """A field that repeats, twice as fine."""
    return cv2.resize(_repeated(field, 2), None, fx=2, fy=2)[4:-4, 4:-4]


def _heaps(stage: Stage, sky: Heavens, view: NDArray[np.float64], air: Floats) -> Floats:
    """The heaped clouds, rgba [rows, columns, 4]."""
    sun, light = _lights(sky, BASE_M + HIGH_M / 2)
    block = _block(stage, sun)
    shut = overcast(stage.scene)
    gloom = 1 - 0.75 * float(smoothstep(0.0, 1.0, stage.scene["storm"]))
    shine = (light * (1 - 0.55 * shut) * gloom).astype(np.float32)
    ambient = (stage.light.sky_rgb * (1.6 - 0.5 * shut)).astype(np.float32)
    rows = len(view)
    low = int(np.searchsorted(-view[:, view.shape[1] // 2, 1], -LOW))
    band = max(rows // 12, 1)
    top = _marched(block, view[: min(low + band, rows)], air[: min(low + band, rows)], sun, shine, ambient)
    far = _Block(block.high_m, _blurred_away(block.levels, block.turned, float(np.clip(FAR / rows, 0.016, 0.06))), block.turned)
    first = max(low - band, 0)
    bottom = _marched(far, view[first:], air[first:], sun, shine, ambient)
    out = np.zeros((*view.shape[:2], 4), np.float32)
    weight = np.clip((low + band - np.arange(rows)) / (2.0 * band), 0, 1).astype(np.float32)[:, None, None]
    out[: len(top)] += top * weight[: len(top)]
    out[first:] += bottom * (1 - weight[first:])
    return out


def _marched(
    block: _Block, view: NDArray[np.float64], air: Floats, sun: NDArray[np.float64], shine: Floats, ambient: Floats
) -> Floats:
    up = np.maximum(view[..., 1], 0.012).astype(np.float32)
    x, z = view[..., 0] / up, view[..., 2] / up
    u = ((x * block.turned[0] - z * block.turned[1]) / SIDE_M).astype(np.float32)
    v = ((x * block.turned[1] + z * block.turned[0]) / SIDE_M).astype(np.float32)
    step_m = block.high_m / STEPS
    path = -step_m / np.maximum(up, 0.06) * DENSE_PER_M
    between = np.tile((_BAYER / 16 - 0.5) * step_m, (up.shape[0] // 4 + 1, up.shape[1] // 4 + 1))[: up.shape[0], : up.shape[1]]
    side = len(block.levels[0])
    sunny, shaded, far, clear = np.zeros_like(up), np.zeros_like(up), np.zeros_like(up), np.ones_like(up)
    padded = [np.pad(level, ((0, 1), (0, 1), (0, 0)), mode="wrap") if level[..., 0].any() else None for level in block.levels]
    for step in range(STEPS):
        part = (step + 0.5) / STEPS * SLICES - 0.5
        k = int(np.clip(np.floor(part), 0, SLICES - 2))
        low, high = padded[k], padded[k + 1]
        if low is None:
            break
        share = float(np.clip(part - k, 0, 1)) if high is not None else 0.0
        at = BASE_M + step_m * (step + 0.5) + between
        level = low if high is None else cv2.addWeighted(low, 1 - share, high, share, 0)
        column, row = u * at, v * at
        column, row = (column - np.floor(column)) * side, (row - np.floor(row)) * side
        density, direct, ambience = cv2.split(cv2.remap(level, column, row, cv2.INTER_LINEAR))
        taken = clear * (1 - np.exp(density * path))
        sunny += taken * direct
        shaded += taken * ambience
        far += taken * at
        clear -= taken
    alpha = 1 - clear
    rgb = (sunny * (0.72 + 0.22 * _forward(view, sun, 0.66)))[..., None] * shine + shaded[..., None] * ambient
    seen = np.exp(-far / up / np.maximum(alpha, 1e-3) / AIR_M)[..., None]
    rgb = rgb * seen + air * (1 - seen) * alpha[..., None]
    return cv2.blur(np.dstack([rgb, alpha]) * smoothstep(0.0, 0.045, view[..., 1:2].astype(np.float32)), (4, 4))


def _ice(stage: Stage, sky: Heavens, view: NDArray[np.float64]) -> Floats:
    """Streaks of ice high above, rgba [rows, columns, 4]."""
    scene = stage.scene
    rng = scene.rng("ice")
    field, warp, angle = tile(rng, 512, 2.8, low=3), tile(rng, 128, 4.0, low=2), rng.uniform(-0.9, 0.9)
    sun, light = _lights(sky, ICE_M)
    up = np.maximum(view[..., 1] + 0.03, 0.02)
    x, z = (ICE_M * view[..., 0] / up / 30e3).astype(np.float32), (ICE_M * view[..., 2] / up / 30e3).astype(np.float32)
    along, aside = x * np.cos(angle) + z * np.sin(angle), z * np.cos(angle) - x * np.sin(angle)
    bend = 0.06 * sampled(warp, along, aside)
    streaks = 0.8 * sampled(field, along * 0.3 + bend, aside * 2.4 + bend) + 0.5 * sampled(field, along * 0.8, aside * 6.3 + 2 * bend)
    amount = 0.12 + 0.45 * float(smoothstep(0.0, 0.4, scene["cloud"])) * (1 - overcast(scene))
    alpha = amount * smoothstep(-0.4, 3.2, streaks) * smoothstep(0.0, 0.12, view[..., 1].astype(np.float32))
    lit = (0.45 + 0.2 * _forward(view, sun, 0.7))[..., None] * light.astype(np.float32)
    rgb = alpha[..., None] * (lit + 0.8 * stage.light.sky_rgb.astype(np.float32))
    return np.dstack([rgb, alpha]).astype(np.float32)
