"""Signs of `threat` on the ground, such as the place would have.

Graves and wire in the country, stakes with crows on shores and sand, barriers in towns; the shadow of someone behind us;
mist that creeps.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from emogen.codecs.scene.brush import Canvas, curve, rgb
from emogen.codecs.scene.creatures import perched_crow
from emogen.codecs.scene.light import LUMINANCE
from emogen.codecs.scene.moods import FIGURE
from emogen.codecs.scene.noise import fractal, smoothstep
from emogen.codecs.scene.pen import pen_on
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.standing import across, depth_at, spot

STONE = ("#5f5c58", "#504f4d", "#6a665e")
PLANK, RED, PALE, RUSTY = "#6a5a48", "#8e2f24", "#b8b0a2", "#2c2624"
COUNTRY = ("meadow", "forest", "mountains", "road")  # where there may be graves
BUILT = ("street", "harbour", "city")
ROAD_M = 6.0  # no grave is nearer to the middle of a road


def menaces(stage: Stage) -> list[Layer]:
    """All of them, far to near."""
    threat, place = stage.scene["threat"], stage.scene.place
    sheet = stage.empty()
    (_graves if place in COUNTRY else _barriers if place in BUILT else _stakes)(stage, sheet)
    layers = [Layer("menace", sheet, depth_at(stage, 0.5))]
    if threat > 0.4 and place != "sea":
        layers.append(_mist(stage))
    if threat > 0.5 and place in COUNTRY:
        near = stage.empty()
        _wire(stage, near)
        layers.append(Layer("wire", near, depth_at(stage, 0.93)))
    return [*layers, _shadow(stage)] if threat > 0.4 and place not in COUNTRY else layers


def _graves(stage: Stage, sheet: Floats) -> None:
    """Stones and crosses, on some of them a crow."""
    rng = stage.scene.rng("graves")
    stones = []
    for i in range(16):
        u, v, tilt, kind = rng.random(4)
        at = 1.9 * ((i * 0.618 + 0.15 * u) % 1) - 0.95
        stones.append((0.2 + 0.62 * v, at, (tilt - 0.5) * 0.35, int(kind * 2.2), i, int(rng.integers(2**31))))
    for v, u, tilt, kind, i, seed in sorted(stones):
        alpha = float(np.clip(16 * (stage.scene["threat"] - 0.2) / 0.8 - i, 0, 1))
        x, z = spot(stage, u, v)
        if stage.scene.place == "road":
            x += ROAD_M * float(np.sign(x))
        canvas = Canvas(stage, x, z, (-0.9, 0.9, -0.1, 2.0), rng=np.random.default_rng(seed))
        if alpha > 0 and canvas.visible:
            _grave(canvas, min(kind, 1), rgb(STONE[i % 3]), tilt)
            if i % 3 == 0:
                top = np.array([0.02 + 1.4 * np.sin(tilt), 1.03 if kind == 0 else 1.43])
                perched_crow(canvas, top, 1 if u < 0 else -1)
            canvas.onto(sheet, alpha=alpha, shadow=0.8)


def _grave(canvas: Canvas, kind: int, colour: tuple[float, float, float], tilt: float) -> None:
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    if kind == 0:
        arch = np.array([[0.36 * np.cos(a), 0.75 + 0.3 * np.sin(a)] for a in np.linspace(0, np.pi, 14)])
        outline = np.vstack([[[0.36, -0.05]], arch, [[-0.36, -0.05]]])
        canvas.solid((outline + np.array([0.07, 0.02])) @ turn, np.array(colour) * 0.55, round_m=0.02, grain=0.3)
        canvas.solid(outline @ turn, colour, round_m=0.04, grain=0.55)
        return
    for bar in ([[0, -0.05], [0, 1.45]], [[-0.42, 1.0], [0.42, 1.0]]):
        line = np.array(bar)
        along = (line[1] - line[0]) / np.linalg.norm(line[1] - line[0])
        side = np.array([-along[1], along[0]]) * 0.085
        corners = np.array([line[0] + side, line[1] + side, line[1] - side, line[0] - side])
        canvas.solid(corners @ turn, colour, round_m=0.03, grain=0.5)


def _stakes(stage: Stage, sheet: Floats) -> None:
    """Crooked stakes in sand or grass, hung with rags, crows on them."""
    rng = stage.scene.rng("stakes")
    stakes = []
    for i in range(7):
        u, v, lean, high, kink = rng.random(5)
        stakes.append((0.25 + 0.6 * v, 1.8 * ((i * 0.618 + 0.2 * u) % 1) - 0.9, lean - 0.5, 1.3 + 1.3 * high, kink - 0.5, i))
    for v, u, lean, high, kink, i in sorted(stakes):
        grown = float(np.clip(7 * (stage.scene["threat"] - 0.2) / 0.8 - i, 0, 1))
        x, z = spot(stage, u, v)
        canvas = Canvas(stage, x, z, (-1.4, 1.4, -0.1, 3.4), rng=np.random.default_rng(i))
        if grown <= 0 or not canvas.visible:
            continue
        top = np.array([0.7 * lean, high])
        canvas.tube([[0.0, -0.05], top / 2 + [0.25 * kink, 0.0], top], [0.07, 0.06, 0.035], rgb(PLANK), round_m=0.04, grain=0.6)
        arm = top * 0.72 + [0.25 * kink, 0.0]
        canvas.tube(arm + np.array([[0.0, 0.0], [0.6 * np.sign(kink), 0.28]]), [0.035, 0.015], rgb(PLANK), round_m=0.02)
        if i % 2:
            blown = 0.2 + 0.7 * stage.scene["wind"]
            rag = np.array([[0, 0], [0.12, 0.05], [0.12 + blown, -0.35], [0.6 * blown, -0.75], [0.3 * blown, -0.4]])
            canvas.solid(arm + rag, rgb("#3a2f30"), round_m=0.05, folds=0.5)
        else:
            perched_crow(canvas, top - [0.0, 0.02], 1 if kink > 0 else -1)
        canvas.onto(sheet, alpha=grown, shadow=0.7)


def _barriers(stage: Stage, sheet: Floats) -> None:
    """Trestles with striped planks, tape between them, crows on them."""
    threat, rng = stage.scene["threat"], stage.scene.rng("barriers")
    near = 0.62 if stage.scene.place == "street" else 0.28
    ends: list[tuple[float, float, float]] = []
    for i, (u, v, lean, kind) in enumerate(rng.random((4, 4))):
        x, z = spot(stage, (-0.62, 0.5, -0.12, 0.86)[i] + 0.16 * (u - 0.5), near + 0.2 * v)
        grown = float(smoothstep(0.25 + 0.13 * i, 0.4 + 0.13 * i, threat))
        canvas = Canvas(stage, x, z, (-1.3, 1.3, -0.1, 2.1), rng=np.random.default_rng(i), turn=0.1 * (lean - 0.5))
        if grown <= 0:
            continue
        ends.append((x, z, grown))
        if canvas.visible:
            _trestle(canvas, fallen=kind > 0.8)
            for k in range(2 if i % 2 == 0 else 1):
                perched_crow(canvas, np.array([-0.5 + 0.8 * k + 0.2 * lean, 1.1]), 1 if k else -1)
            canvas.onto(sheet, alpha=grown, shadow=0.8)
    for (x0, z0, _), (x1, z1, grown) in pairwise(sorted(ends)):
        _tape(stage, sheet, (x0 + 0.8, z0), (x1 - 0.8, z1), grown)


def _trestle(canvas: Canvas, fallen: bool) -> None:
    for x in (-0.75, 0.75):
        for foot in (-0.22, 0.22):
            canvas.tube([[x + foot, 0.0], [x, 1.08]], 0.04, rgb(PLANK), round_m=0.03, grain=0.4)
    for low, high in ((0.84, 1.08), (0.42, 0.6)):
        drop = 0.36 if fallen and low > 0.7 else 0.0
        for k, (a, b) in enumerate(pairwise(np.linspace(-0.95, 0.95, 9))):
            ya, yb = drop * (a + 0.95) / 1.9, drop * (b + 0.95) / 1.9
            stripe = [[a, low - ya], [b, low - yb], [b + 0.1, high - yb], [a + 0.1, high - ya]]
            canvas.solid(stripe, rgb(RED if k % 2 else PALE), round_m=0.0, grain=0.5)


def _tape(stage: Stage, sheet: Floats, start: tuple[float, float], end: tuple[float, float], cover: float) -> None:
    """Striped tape that sags between two points (x, z) a metre above the ground."""
    if end[0] <= start[0]:
        return
    t = np.linspace(0, 1, 33)
    z = 1 / (1 / start[1] * (1 - t) + 1 / end[1] * t)
    x, y = start[0] * (1 - t) + end[0] * t, 0.92 - 1.2 * t * (1 - t)
    light, pen = stage.light.on(np.array([0.0, 0.3, -0.95])), pen_on(stage, sheet)
    for k, (i, j) in enumerate(pairwise(range(33))):
        corners = [(x[i], y[i] + 0.05, z[i]), (x[j], y[j] + 0.05, z[j]), (x[j], y[j] - 0.05, z[j]), (x[i], y[i] - 0.05, z[i])]
        pen.face(corners, np.array(rgb(RED if k % 2 else PALE)) * light, cover)


def _wire(stage: Stage, sheet: Floats) -> None:
    """A coil of barbed wire across the near ground."""
    alpha = float(smoothstep(0.5, 0.85, stage.scene["threat"]))
    if alpha <= 0:
        return
    z = depth_at(stage, 0.93)
    half = across(stage, 1.05, z)
    canvas = Canvas(stage, 0.0, z, (-half, half, -0.1, 1.2))
    t = np.linspace(0, 1, 900)
    turns = 2 * half / 0.5
    x, y = -half + 2 * half * t + 0.38 * np.cos(2 * np.pi * turns * t), 0.45 + 0.42 * np.sin(2 * np.pi * turns * t)
    coil = np.stack([x, y], -1)
    canvas.tube(coil, 0.009, rgb(RUSTY), smooth=False, round_m=0.01)
    for x, y in coil[::12]:
        canvas.tube([[x - 0.035, y - 0.03], [x + 0.035, y + 0.03]], 0.006, rgb(RUSTY))
        canvas.tube([[x - 0.035, y + 0.03], [x + 0.035, y - 0.03]], 0.006, rgb(RUSTY))
    canvas.onto(sheet, alpha=alpha, shadow=0.5)


def _shadow(stage: Stage) -> Layer:
    """The shadow of someone behind us, which lies before us on the ground."""
    strength = 0.62 * float(smoothstep(0.4, 0.85, stage.scene["threat"]))
    side = 1.0 if stage.scene.rng("shadow").random() < 0.5 else -1.0
    foot, head = float(stage.height) * 1.12, stage.horizon + 0.42 * (stage.height - stage.horizon)
    middle, wide = stage.width / 2 - 0.22 * side * stage.height, 0.62 * stage.height
    outline = curve(np.array([*FIGURE, *((-u, v) for u, v in reversed(FIGURE[1:-1]))]), 160)
    row = foot + (head - foot) * np.clip(outline[:, 1], 0, 1) ** 0.8
    column = middle + 0.3 * side * stage.height * outline[:, 1] + wide * outline[:, 0] * (1 - 0.55 * outline[:, 1])
    mask = np.zeros((stage.height, stage.width), np.uint8)
    cv2.fillPoly(mask, [np.round(np.stack([column, row], -1) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    rgba = stage.empty()
    rgba[..., 3] = cv2.GaussianBlur(mask, (0, 0), max(0.008 * stage.height, 0.5)).astype(np.float32) * np.float32(strength / 255)
    return Layer("shadow before us", rgba, stage.ground_depth().clip(0, 60.0))


def _mist(stage: Stage) -> Layer:
    """Mist that creeps over the ground."""
    amount = 0.45 * float(smoothstep(0.4, 1.0, stage.scene["threat"]))
    banks = fractal(stage.scene.rng("mist"), 96, max(int(96 * stage.width / stage.height), 8), 5, cells=5.0, stretch=4.0, keep=0.55)
    banks = cv2.resize(banks, (stage.width, stage.height), interpolation=cv2.INTER_CUBIC)
    share = (np.arange(stage.height, dtype=np.float32)[:, None] + 0.5 - stage.horizon) / max(stage.height - stage.horizon, 1.0)
    place = smoothstep(0.0, 0.35, share) * smoothstep(1.0, 0.45, share)
    alpha = amount * place * smoothstep(-0.7, 0.9, banks)
    haze = 0.75 * stage.light.haze_rgb + 0.25 * stage.light.sky_rgb
    tone = 0.2 * haze + 0.8 * float(haze @ LUMINANCE) * np.array([0.92, 1.0, 1.0])
    return Layer("mist", cv2.merge([*(alpha * np.float32(c) for c in tone), alpha]), depth_at(stage, 0.6), movement="drift")
