"""Things that stand about: wrecks and litter by `decay`, signs of `threat`, and fires."""

from __future__ import annotations

import numpy as np

from emogen.codecs.scene.brush import Canvas, closed, rgb
from emogen.codecs.scene.fire import fires
from emogen.codecs.scene.menace import menaces
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.standing import depth_at, spot, standing


def _stand(stage: Stage, u: float, v: float, box: tuple[float, float, float, float], seed: int) -> Canvas:
    x, z = spot(stage, u, v)
    return Canvas(stage, x, z, box, rng=np.random.default_rng(seed))


def _car(canvas: Canvas, rot: float) -> None:
    """A burnt-out car in profile, without glass, on bare rims."""
    rust, soot = np.array(rgb("#6b3d24")), np.array(rgb("#191513"))
    for x in (-1.25, 1.3):
        canvas.tube([[x, 0.3], [x, 0.31]], 0.36, soot, round_m=0.1)
        canvas.tube([[x, 0.3], [x, 0.31]], 0.17, rust * 0.5, round_m=0.1)
    body = closed(
        [
            [-2.15, 0.35],
            [-2.2, 0.85],
            [-1.75, 0.98],
            [-1.2, 1.02],
            [-0.75, 1.5],
            [0.45, 1.52],
            [1.05, 1.0],
            [2.0, 0.88],
            [2.15, 0.4],
            [0, 0.28],
        ],
        90,
    )
    canvas.solid(body, rust * 0.55 + soot * 0.45, round_m=0.22, grain=0.9)
    for pane in (
        [[-1.05, 1.03], [-0.68, 1.4], [-0.2, 1.42], [-0.2, 1.03]],
        [[-0.1, 1.03], [-0.1, 1.42], [0.38, 1.41], [0.82, 1.03]],
    ):
        canvas.solid(pane, rgb("#0a0908"), round_m=0.03)
    for x in (-1.25, 1.3):
        canvas.solid(closed([[x - 0.46, 0.3], [x - 0.3, 0.66], [x + 0.3, 0.66], [x + 0.46, 0.3]], 30), soot * 0.4)
        canvas.tube([[x, 0.3], [x, 0.31]], 0.3, soot, round_m=0.1, grain=0.5)
        canvas.tube([[x, 0.3], [x, 0.31]], 0.15, rust * 0.45, round_m=0.06, grain=0.5)


def _rubble(canvas: Canvas, rng: np.random.Generator, share: float) -> None:
    for _ in range(46):
        x, y, size, turn, tone = rng.random(5)
        at = np.array([(x - 0.5) * 3.2, 0.95 * y * (1 - abs(2 * x - 1) ** 1.5) * 1.0])
        corners = np.sort(rng.random(6)) * 2 * np.pi + turn
        r = (0.1 + 0.28 * size**2) * share
        colour = np.array(rgb(("#8a5a44", "#8c857a", "#6b655c", "#a39a8c")[int(tone * 4)])) * (0.6 + 0.4 * size)
        canvas.solid(
            at * [1, share] + np.stack([np.cos(corners) * r, np.sin(corners) * r * 0.7 + r * 0.3], -1),
            colour,
            round_m=0.05,
            grain=0.6,
        )
    for _ in range(5):
        x, y, lean = rng.random(3)
        foot = np.array([(x - 0.5) * 2.4, 0.1])
        canvas.tube(
            [foot, foot + np.array([(lean - 0.5) * 1.8, 0.7 + 0.9 * y]) * share],
            0.045,
            rgb("#3a2c22"),
            round_m=0.03,
            grain=0.4,
        )


def _barrel(canvas: Canvas, lying: bool) -> None:
    rust = rgb("#7a4426")
    if lying:
        canvas.solid([[-0.45, 0], [-0.45, 0.6], [0.4, 0.6], [0.4, 0]], rust, round_m=0.13, grain=0.7)
        canvas.solid(closed([[0.4, 0], [0.49, 0.3], [0.4, 0.6], [0.31, 0.3]], 24), np.array(rust) * 0.35, grain=0.4)
        for x in (-0.16, 0.12):
            canvas.tube([[x, 0.0], [x + 0.04, 0.3], [x, 0.6]], 0.018, np.array(rust) * 0.7, round_m=0.02)
        return
    canvas.solid([[-0.3, 0], [-0.3, 0.88], [0.3, 0.88], [0.3, 0]], rust, round_m=0.13, grain=0.7)
    canvas.solid(closed([[-0.3, 0.88], [0, 0.94], [0.3, 0.88], [0, 0.82]], 24), np.array(rust) * 0.4, lean=0.7)
    for y in (0.3, 0.6):
        canvas.tube([[-0.31, y], [0, y - 0.04], [0.31, y]], 0.018, np.array(rust) * 0.7, round_m=0.02)


def _litter(stage: Stage, sheet: Floats) -> None:
    rng = stage.scene.rng("litter")
    for i in range(70):
        u, v, size, tone = rng.random(4)
        corners = np.sort(rng.random(5)) * 2 * np.pi
        if i >= 70 * stage.scene["decay"]:
            continue
        canvas = _stand(stage, 2 * u - 1, 0.35 + 0.6 * v, (-0.3, 0.3, -0.15, 0.25), i)
        if canvas.visible:
            r = 0.05 + 0.13 * size
            colour = rgb(("#cfcabd", "#8a857a", "#5a4a3a", "#9aa7a8", "#7a3a30")[int(tone * 5)])
            canvas.solid(
                np.stack([np.cos(corners) * r, np.sin(corners) * r * 0.4 + 0.04], -1), colour, round_m=0.02, lean=0.5
            )
            canvas.onto(sheet, shadow=0.5)


def _wrecks(stage: Stage, sheet: Floats) -> None:
    """Car, rubble and barrels, as the place has them."""
    scene = stage.scene
    rng = scene.rng("wrecks")
    car = scene.place in ("street", "road", "city", "desert", "meadow")
    side = int(rng.choice([-1, 1]))
    placed = [(0.34, side * 0.55, "rubble", 0.15), (0.5, -side * 0.42, "car" if car else "rubble", 0.3), (0.6, side * 0.3, "barrel", 0.2),
              (0.63, side * 0.4, "lying", 0.4), (0.28, -side * 0.75, "rubble", 0.5), (0.72, -side * 0.85, "rubble", 0.6)]  # fmt: skip
    seeds = rng.integers(2**31, size=len(placed))
    for (v, u, kind, start), seed in zip(placed, seeds, strict=True):
        share = float(smoothstep(start, start + 0.3, scene["decay"]))
        if share <= 0:
            continue
        canvas = _stand(
            stage,
            u,
            v,
            {"car": (-2.4, 2.4, -0.1, 1.8), "rubble": (-2.2, 2.2, -0.2, 2.0)}.get(kind, (-0.6, 0.6, -0.1, 1.1)),
            int(seed),
        )
        if not canvas.visible:
            continue
        if kind == "car":
            _car(canvas, share)
        elif kind == "rubble":
            _rubble(canvas, np.random.default_rng(seed), share)
        else:
            _barrel(canvas, kind == "lying")
        canvas.onto(sheet, alpha=float(smoothstep(0, 0.6, share)), shadow=0.8)


def things(stage: Stage) -> list[Layer]:
    """Wrecks, litter, signs of threat, fires."""
    scene, stage = stage.scene, standing(stage)
    layers: list[Layer] = []
    if scene.place not in ("sky", "room"):
        if scene["decay"] > 0:
            sheet = stage.empty()
            _wrecks(stage, sheet)
            _litter(stage, sheet)
            layers.append(Layer("things", sheet, depth_at(stage, 0.5)))
        if scene["threat"] > 0.2:
            layers += menaces(stage)
    return layers + fires(stage)
