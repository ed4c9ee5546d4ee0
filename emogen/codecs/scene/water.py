"""Water: the open sea, a lake, a river. Waves tilt it, so that it mirrors the sky, scatters the sun and breaks in foam.

Slopes of the waves (rise over run, towards the right and away) come from fields that repeat; where waves are finer than a
pixel they count as roughness instead. What is mirrored follows from the slope: `Layer.ripple`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from emogen.codecs.scene.light import unveiled
from emogen.codecs.scene.noise import fractal, sampled, smoothstep, tile
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.strand import beach_edge

#: Fields of waves: side (m), how much longer than deep they are, share of the slope.
FIELDS = (
    (1.1, 1.4, 0.22), (3.0, 1.5, 0.40), (13.0, 2.0, 0.60), (61.0, 2.6, 0.55), (290.0, 3.0, 0.26), (1400.0, 4.0, 0.15),
)  # fmt: skip
SIDE = 256
SHARP = 0.6  # share of waves with sharp crests and round troughs (own choice)
HORIZON_M = 3570.0  # distance of the sea's horizon by the root of the eye's height (m^0.5): the earth's curve
SEA, LAKE, RIVER = np.array([0.006, 0.045, 0.080]), np.array([0.010, 0.034, 0.036]), np.array([0.024, 0.040, 0.036])
SHALLOW = np.array([0.06, 0.24, 0.22])  # reflectances of the water's body over sand (own choice)
FAR_BANK_M, NEAR_BANK_M = 165.0, 26.0  # banks of the river in the city (own choice)
SLAB_M = 1.6  # side of a paving slab


@dataclass(frozen=True)
class _Surface:
    """The water's surface, on the rows from `top` down: place, slopes, height (deviation about 1), roughness."""

    top: int
    x: Floats
    z: Floats
    right: Floats
    away: Floats
    height: Floats
    rough: Floats


def sea(stage: Stage) -> list[Layer]:
    """The open sea, with foam on its crests in a storm, and breakers where there is a beach."""
    scene = stage.scene
    surface = _surface(stage, "sea", 0.010 + 0.20 * scene["waves"] ** 1.15 + 0.03 * scene["storm"] * scene["waves"])
    rng = scene.rng("sea foam")
    body = SEA * (1 - 0.45 * scene["storm"]) + np.array([0.02, 0.025, 0.02]) * scene["storm"]
    body = np.broadcast_to(body, (*surface.x.shape, 3))
    foam = _white_caps(stage, surface, rng)
    if scene.place == "sea":
        share = _towards_the_eye(stage, surface)
        shallow = (smoothstep(0.12, 0.62, share) ** 1.5)[..., None] * 0.8
        body = body * (1 - shallow) + SHALLOW * (1 - 0.6 * scene["storm"]) * shallow
        broken, face = _breakers(stage, surface, share, rng)
        foam = np.maximum(foam, broken)
        surface.away[:] -= face
    return [_sheet(stage, "sea", surface, body, foam)]


def lake(stage: Stage) -> list[Layer]:
    """A lake: smaller waves, mirror-still when there are none."""
    surface = _surface(stage, "lake", 0.0012 + 0.12 * stage.scene["waves"] ** 1.2)
    gust = fractal(stage.scene.rng("gusts"), 96, 96, 5, cells=10, stretch=5)
    gust = cv2.resize(gust, surface.x.shape[::-1], interpolation=cv2.INTER_CUBIC)
    calm = 1 - 0.6 * smoothstep(-0.2, 0.5, gust) * (1 - stage.scene["waves"])
    for slopes in (surface.right, surface.away):
        slopes *= calm
    body = np.broadcast_to(LAKE, (*surface.x.shape, 3))
    return [_sheet(stage, "lake", surface, body, np.zeros_like(surface.x))]


def river(stage: Stage) -> list[Layer]:
    """A wide river before a walled far bank, and the paved near bank with its railing."""
    surface = _surface(stage, "river", 0.006 + 0.09 * stage.scene["waves"] ** 1.2)
    within = smoothstep(FAR_BANK_M * 1.01, FAR_BANK_M * 0.99, surface.z)
    layer = _sheet(stage, "river", surface, np.broadcast_to(RIVER, (*surface.x.shape, 3)), np.zeros_like(surface.x))
    layer.rgba[surface.top :] *= within[..., None]
    assert layer.mirror is not None
    assert layer.gleam is not None
    layer.mirror[surface.top :] *= within
    layer.gleam[surface.top :] *= within[..., None]
    return [layer, *_bank(stage, surface), _railing(stage)]


def _bank(stage: Stage, surface: _Surface) -> list[Layer]:
    """Slabs of stone up to the near edge of the river, wet in rain, white in snow, littered and cracked by decay."""
    scene = stage.scene
    rng = scene.rng("bank")
    grain = tile(rng, SIDE, 2.0, low=3)
    x, z = surface.x, surface.z
    first = int(np.searchsorted(-z[:, 0], -NEAR_BANK_M * 1.02))
    if first == len(z):  # seen from so high that the bank lies below the picture
        return []
    x, z = x[first:], z[first:]
    deep = z / np.float32(stage.focal) * np.maximum(z / np.float32(stage.eye_m), 1.0)
    across, along = x / SLAB_M, z / SLAB_M
    across = across + 0.5 * (np.floor(along) % 2)
    gap = np.minimum(np.abs(across - np.round(across)), np.abs(along - np.round(along))) * SLAB_M
    width = np.maximum(0.05 + 0.05 * scene["decay"], deep)
    joint = smoothstep(width, 0.3 * width, gap) * (0.05 + 0.05 * scene["decay"]) / width
    seed = np.mod(np.sin(np.floor(across + 0.5) * 12.99 + np.floor(along + 0.5) * 78.2) * 43758.5, 1.0)
    rough = sampled(grain, x / 6.0, z / 6.0) + 0.5 * sampled(grain, x / 1.3, z / 1.3) * np.exp(-deep / 0.05)
    wet = max(scene["rain"], 0.6 * scene["snowfall"] * (1 - scene["snow"]))
    tone = 0.25 + (0.018 + 0.03 * scene["decay"]) * rough + 0.10 * (seed - 0.5) * np.exp(-deep / 0.4)
    tone = tone * (1 - 0.75 * joint) * (1 - 0.55 * wet)
    stone = tone[..., None] * np.array([1.0, 0.95, 0.87], np.float32)
    weeds = smoothstep(0.9, 2.0, rough + 1.2 * joint) * scene["decay"] * 0.8
    stone = stone * (1 - weeds[..., None]) + weeds[..., None] * np.array([0.05, 0.08, 0.03], np.float32)
    white = smoothstep(1.0 - 3.4 * scene["snow"], 1.8 - 3.4 * scene["snow"], rough) * float(scene["snow"] > 0)
    stone = stone * (1 - white[..., None]) + 0.82 * white[..., None]
    cover = smoothstep(NEAR_BANK_M * 1.006, NEAR_BANK_M * 0.994, z)
    puddle = wet * (0.25 + 0.75 * smoothstep(0.2, 0.9, rough)) * (1 - white)
    rgba, mirror = stage.empty(), np.zeros((stage.height, stage.width), np.float32)
    part = slice(surface.top + first, None)
    rgba[part, :, :3] = stone * stage.light.on(np.array([0.0, 1.0, 0.0])).astype(np.float32) * cover[..., None]
    rgba[part, :, 3] = cover
    mirror[part] = 0.42 * puddle * cover
    return [Layer("river bank", rgba, stage.ground_depth().clip(0, 4000.0), mirror=mirror)]


def _railing(stage: Stage) -> Layer:
    """An iron railing along the near edge; decay bends and breaks it."""
    scene = stage.scene
    rng = scene.rng("railing")
    lean, gone = rng.normal(0, 0.10, 61) * scene["decay"] ** 2, rng.random(60)
    z, high, over = NEAR_BANK_M, 1.05, 4
    top = max(int(stage.row(high * 1.3, z)), 0)
    rows = min(int(stage.row(0.0, z)) + 2, stage.height) - top
    mask = np.zeros((max(rows, 1) * over, stage.width * over), np.uint8)

    def line(x0: float, y0: float, x1: float, y1: float, thick_m: float) -> None:
        ends = [((float(stage.column(x, z))) * over * 16, (float(stage.row(y, z)) - top) * over * 16) for x, y in ((x0, y0), (x1, y1))]
        (a, b), (c, d) = ends
        cv2.line(mask, (int(a), int(b)), (int(c), int(d)), 255, max(round(thick_m * stage.focal / z * over), 1), cv2.LINE_8, 4)

    at = (np.arange(61) - 30) * 2.4
    for k, x in enumerate(at):
        line(x, 0.0, x + lean[k], high, 0.10)
        if k == 60 or gone[k] < 0.6 * (scene["decay"] - 0.45):
            continue
        for share in (0.97, 0.12):
            line(x + lean[k] * share, high * share, at[k + 1] + lean[k + 1] * share, high * share, 0.06)
        for bar in range(1, 12):
            step = bar / 12
            line(x + 2.4 * step + lean[k] * 0.1, 0.12 * high, x + 2.4 * step + lean[k] * 0.97, 0.97 * high, 0.025)
    alpha = cv2.resize(mask, (stage.width, max(rows, 1)), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    rgba = stage.empty()
    lit = stage.light.on(np.array([0.0, 0.4, -0.9])) * np.array([0.045, 0.05, 0.05])
    rgba[top : top + max(rows, 1)] = np.dstack([alpha[..., None] * lit.astype(np.float32), alpha])[: stage.height - top]
    return Layer("river railing", rgba, NEAR_BANK_M)


def _surface(stage: Stage, name: str, steep: float) -> _Surface:
    """The surface of water whose slopes deviate by `steep`."""
    top = min(max(int(np.floor(stage.horizon)), 0), stage.height - 1)
    rows = np.maximum(np.arange(top, stage.height, dtype=np.float32) + 0.5 - np.float32(stage.horizon), 0.25)
    z = (stage.focal * stage.eye_m / rows)[:, None].astype(np.float32)
    x = ((np.arange(stage.width, dtype=np.float32) + 0.5 - stage.width / 2) / stage.focal)[None] * z
    deep = z * z / np.float32(stage.focal * stage.eye_m)  # how far away a pixel reaches (m)
    rng = stage.scene.rng(name)
    right, away, height = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    hidden = np.zeros_like(z)
    z = np.broadcast_to(z, x.shape)
    for side, stretch, share in FIELDS:
        field = tile(rng, SIDE, 3.4, low=3.0)
        field = SHARP * (0.8 - np.abs(tile(rng, SIDE, 3.4, low=2.5))) * 1.6 + (1 - SHARP) * field
        turn, shift = rng.uniform(-0.35, 0.35), rng.random(2)
        slopes = np.roll(field, -1, 0) - np.roll(field, 1, 0), (np.roll(field, -1, 1) - np.roll(field, 1, 1)) / stretch
        scale = share / np.sqrt((slopes[0] ** 2).mean() + (slopes[1] ** 2).mean()) * 1.3
        packed = np.dstack([slopes[1] * scale, slopes[0] * scale, field]).astype(np.float32)
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        u, v = x * cos - z * sin, x * sin + z * cos
        seen = np.exp(-((deep / (0.10 * side)) ** 2))
        last = int(np.searchsorted(-seen[:, 0], -0.02, "left")) if seen[0, 0] > 0.02 else int(np.argmax(seen[:, 0] > 0.02))
        part = slice(0 if seen[0, 0] > 0.02 else last, None)
        waves = _wrapped(packed, u[part] / (side * stretch) + shift[0], v[part] / side + shift[1])
        right[part] += seen[part] * waves[..., 0]
        away[part] += seen[part] * waves[..., 1]
        height[part] += seen[part] * waves[..., 2] * (share * 1.2)
        hidden += (share**2) * (1 - seen**2)
    rough = np.broadcast_to(np.float32(steep) * np.sqrt(hidden + 0.02), x.shape)
    steepest, soft = np.float32(stage.eye_m) / z, np.float32(0.35 * steep)
    away = away * np.float32(steep) + steepest  # slopes that turn away from the eye hide behind crests
    away = soft * np.logaddexp(0.0, away / soft) - steepest
    return _Surface(top, x, z, right * np.float32(steep), np.asarray(away, np.float32), height, rough)


def _wrapped(packed: Floats, u: Floats, v: Floats) -> Floats:
    padded = np.pad(packed, ((0, 1), (0, 1), (0, 0)), mode="wrap")
    return cv2.remap(padded, (u - np.floor(u)) * SIDE, (v - np.floor(v)) * SIDE, cv2.INTER_LINEAR)


def _towards_the_eye(stage: Stage, surface: _Surface) -> Floats:
    """0 at the horizon .. 1 at the bottom of the picture, on the surface's rows."""
    rows = np.arange(surface.top, stage.height, dtype=np.float32) + 0.5 - np.float32(stage.horizon)
    return np.broadcast_to(np.maximum(rows / np.float32(stage.height - stage.horizon), 0.0)[:, None], surface.x.shape)


def _sheet(stage: Stage, name: str, surface: _Surface, body: Floats, foam: Floats) -> Layer:
    """The layer of a surface, the colour of its body of water [.., 3] and its foam 0..1."""
    light = stage.light
    far = np.sqrt(surface.x**2 + surface.z**2 + np.float32(stage.eye_m**2))
    facing = (stage.eye_m + surface.x * surface.right + surface.z * surface.away) / far  # cosine of view to normal
    facing = np.clip(facing + 0.9 * surface.rough, 0.01, 1.0)
    mirror = 0.02 + 0.98 * (1 - facing) ** 5
    lit = (light.sky_rgb + 0.35 * max(float(light.sun[1]), 0.05) * light.sun_rgb).astype(np.float32)
    crest = np.clip(surface.height, -1.0, 2.5) * np.float32(min(1.0, 2.2 * stage.scene["waves"]))
    glow = (0.5 + 0.35 * crest)[..., None] * body
    rgb = (1 - mirror)[..., None] * glow * lit * 2.0
    white = (0.75 * light.sky_rgb + (0.25 + 0.5 * max(float(light.sun[1]), 0.0)) * light.sun_rgb).astype(np.float32)
    foam = foam * (0.88 + 0.10 * np.clip(surface.height, -1, 1))
    rgb = rgb * (1 - foam[..., None]) + white * foam[..., None]
    ripple = (2.0 * surface.away + 1.1 * surface.rough) * np.float32(stage.focal / stage.height)
    sky_over = ripple + _towards_the_eye(stage, surface) * np.float32(1 - stage.horizon / stage.height)
    mirror = mirror * (1 - foam) * (0.30 + 0.70 * smoothstep(-0.08, 0.03, sky_over))  # else another wave is mirrored
    mirror = mirror * (1 + np.float32(min(0.22, stage.scene["waves"])) * np.clip(surface.height, -1.5, 1.5))
    rows = np.arange(surface.top, stage.height, dtype=np.float32) + 1.0 - np.float32(stage.horizon)
    cover = np.clip(rows, 0, 1)[:, None]
    rgba, mirrors = stage.empty(), np.zeros((stage.height, stage.width), np.float32)
    rgba[surface.top :, :, :3] = rgb * cover[..., None]
    rgba[surface.top :, :, 3] = cover
    mirrors[surface.top :] = mirror * cover
    ripples = np.zeros_like(mirrors)
    ripples[surface.top :] = ripple
    depth = np.minimum(stage.ground_depth(), np.float32(HORIZON_M * np.sqrt(stage.eye_m)))
    gleam = np.zeros((stage.height, stage.width, 3), np.float32)
    gleam[surface.top :] = _glitter(stage, surface, far) * (cover * (1 - foam))[..., None]
    return Layer(name, rgba, depth, mirror=mirrors, ripple=ripples, gleam=gleam, movement="ripple")


def _glitter(stage: Stage, surface: _Surface, far: Floats) -> Floats:
    """The path of light under sun or moon [.., 3]: how many facets of each place throw it to the eye (Cox & Munk 1954)."""
    sun, shine = stage.light.sun, stage.light.sun_rgb
    if sun[1] <= 0 or float(shine.max()) <= 0:
        return np.zeros((*surface.x.shape, 3), np.float32)
    hx, hy, hz = sun[0] - surface.x / far, sun[1] + np.float32(stage.eye_m) / far, sun[2] - surface.z / far
    long = np.sqrt(hx * hx + hy * hy + hz * hz)
    right, away = -hx / hy - surface.right, -hz / hy - surface.away
    variance = np.maximum(surface.rough, 0.02) ** 2
    facets = np.exp(-(right * right + 1.0 * away * away) / (2 * variance)) / (2 * np.pi * variance)
    towards = (sun[0] * hx + sun[1] * hy + sun[2] * hz) / long
    fresnel = 0.02 + 0.98 * (1 - np.clip(towards, 0, 1)) ** 5
    cosine = np.maximum(np.float32(stage.eye_m) / far + 0.5 * surface.rough, 0.02)
    amount = np.minimum(fresnel * facets * (long / hy) ** 4 / (4 * cosine) * 0.35, 5.0)
    amount = amount * np.float32(float(smoothstep(0.02, 0.2, stage.scene["waves"])) * unveiled(stage))
    return np.asarray(amount[..., None] * shine, np.float32)


def _white_caps(stage: Stage, surface: _Surface, rng: np.random.Generator) -> Floats:
    """Foam on high crests in wind and rough waves, 0..1."""
    scene = stage.scene
    lace = tile(rng, SIDE, 1.8, low=6)
    amount = float(smoothstep(0.3, 1.0, scene["waves"] * (0.75 + 0.25 * scene["wind"]) + 0.15 * scene["storm"] * scene["waves"]))
    if amount == 0:
        return np.zeros_like(surface.x)
    torn = sampled(lace, surface.x / 9.0, surface.z / 5.0)
    streak = sampled(lace, surface.x / 40.0, surface.z / 9.0)
    near = np.exp(-surface.z / 700.0)
    crest = cv2.GaussianBlur(surface.height, (0, 0), 0.004 * stage.height, sigmaY=0.0015 * stage.height)
    caps = smoothstep(0.0, 0.5, crest + 0.30 * torn - (1.9 - 1.1 * amount)) * smoothstep(-0.9, 0.7, torn)
    veins = 0.35 * amount**2 * smoothstep(0.9, 1.9, streak + 0.3 * torn)
    return np.asarray(np.maximum(caps, veins) * near, np.float32)


def _breakers(stage: Stage, surface: _Surface, share: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Waves that break before the beach: foam 0..1, and how much their fronts face the eye (as slope)."""
    waves = stage.scene["waves"]
    lace = tile(rng, SIDE, 2.0, low=5)
    torn = sampled(lace, surface.x / 7.0, surface.z / 4.0)
    across = (np.arange(surface.x.shape[1]) - surface.x.shape[1] / 2) / stage.height
    foam, face = np.zeros_like(surface.x), np.zeros_like(surface.x)
    edge = (beach_edge(stage) - stage.horizon) / (stage.height - stage.horizon)
    bent = (edge - 0.56).astype(np.float32)[None]  # waves turn to the beach, the more the nearer they are
    for place, size in ((0.20, 0.45), (0.30, 0.7), (0.42, 1.0), (0.55, 0.9)):
        wiggle, gaps = rng.uniform(1.5, 3.0, 3), rng.uniform(0, 2 * np.pi, 3)
        line = sum(np.sin(wiggle[k] * (k + 1) * across * 2 + gaps[k]) / (k + 1) for k in range(3))
        broken = np.clip(0.5 + np.sin(across * wiggle[0] * 2.3 + gaps[1]) * 0.8, 0, 1).astype(np.float32)
        middle = np.float32(place) + bent * np.float32(place / 0.56) + np.float32(0.012) * np.asarray(line, np.float32)[None]
        at = (share - middle) / np.float32(0.030 * size * (0.5 + waves))
        strength = float(smoothstep(0.05, 0.5, waves)) * (0.45 + 0.55 * size) * (0.35 + 0.65 * broken)[None]
        crest = np.exp(-((at - 0.15 * torn) ** 2) * np.where(at > 0, 2.0, 9.0)) * smoothstep(-1.2, 0.6, torn + 0.4)
        trail = smoothstep(-4.0, 0.0, at) * (at < 0) * smoothstep(0.3, 1.4, torn) * 0.6
        foam = np.maximum(foam, strength * np.maximum(crest, trail))
        face += 0.5 * waves * size * np.exp(-((at - 1.1) ** 2) * 1.6)
    return np.asarray(foam, np.float32), np.asarray(face, np.float32)
