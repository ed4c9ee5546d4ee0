"""Birds and other animals of a scene: `animals` calls gulls, swallows and grazing herds, `threat` crows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.brush import Canvas, closed, mixed, rgb
from emogen.codecs.scene.fire import firelit
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.standing import across, spot

Vector = NDArray[np.float64]
FLOCK, CROWS, HERD = 34, 26, 12
HERDS = {
    "meadow": ("sheep", "cow", "horse"),
    "mountains": ("cow", "sheep", "deer"),
    "lake": ("horse", "deer"),
    "road": ("cow", "sheep"),
}
COMPANIONS = {
    "street": "dog",
    "city": "dog",
    "harbour": "dog",
    "sea": "dog",
    "room": "cat",
    "forest": "deer",
    "desert": "horse",
}


def _bird(
    canvas: Canvas,
    flap: float,
    bank: float,
    size_m: float,
    colour: tuple[float, float, float],
    tip: tuple[float, float, float],
) -> None:
    """A bird on the wing: body, tail and two bent wings; flap -1 (down) .. 1 (up)."""
    for side in (-1, 1):
        lift = 0.34 * flap + side * 0.25 * bank
        wrist = np.array([side * 0.2, 0.13 + 0.5 * lift]) * size_m
        end = np.array([side * 0.52, 0.02 + 0.9 * lift]) * size_m
        canvas.tube(
            np.array([[0.0, 0.0], wrist, end]), np.array([0.055, 0.05, 0.006]) * size_m, colour, round_m=0.03 * size_m
        )
        canvas.tube([wrist + (end - wrist) * 0.6, end], np.array([0.022, 0.006]) * size_m, tip, round_m=0.02 * size_m)
    canvas.tube(
        [[-0.02 * size_m, -0.05 * size_m], [0.02 * size_m, 0.05 * size_m]],
        np.array([0.05, 0.055]) * size_m,
        colour,
        round_m=0.04 * size_m,
    )


def perched_crow(canvas: Canvas, foot: Vector, way: int, size_m: float = 0.42) -> None:
    """A crow that sits; `way` 1 looks to the right."""
    black, unit = rgb("#0b0a0d"), size_m * np.array([way, 1.0])
    for x in (-0.02, 0.08):
        canvas.tube(foot + np.array([[x, 0.0], [x - 0.02, 0.16]]) * unit, 0.018 * size_m, black, round_m=0.0)
    body = np.array([[-0.5, 0.02], [-0.2, 0.26], [0.12, 0.48], [0.26, 0.62]])
    canvas.tube(foot + body * unit, np.array([0.03, 0.12, 0.16, 0.1]) * size_m, black, round_m=0.06 * size_m)
    head = np.array([[0.26, 0.64], [0.34, 0.68], [0.56, 0.62]])
    canvas.tube(foot + head * unit, np.array([0.1, 0.075, 0.012]) * size_m, black, round_m=0.04 * size_m)


def birds(stage: Stage) -> list[Layer]:
    """Flocks in the sky: pale or small dark birds by `animals`, circling crows by `threat`."""
    scene = stage.scene
    rng = scene.rng("birds")
    calm, dread = float(scene["animals"]), float(scene["threat"])
    sea = scene.place in ("sea", "harbour")
    sheet = stage.empty()
    drawn = False
    centre = rng.uniform([-0.45, 0.3], [0.45, 0.62])
    for i in range(FLOCK):
        spread = rng.standard_normal(2) * [0.2, 0.085]
        flap, bank, near = rng.uniform(-0.9, 1), rng.uniform(-0.5, 0.5), rng.random()
        alpha = float(np.clip(calm * FLOCK * (1 - 0.6 * dread) - i, 0, 1))
        if alpha > 0:
            size = (0.016 + 0.03 * near**3) * (1.35 if sea else 0.8)
            colours = (rgb("#e8e6e0"), rgb("#2b2c30")) if sea else (rgb("#2c2a2e"), rgb("#1c1a1e"))
            _fly(stage, sheet, centre + spread, size, flap, bank, alpha, colours)
            drawn = True
    ring = rng.uniform([-0.3, 0.35], [0.3, 0.6])
    for i in range(CROWS):
        angle, reach, flap, near = (
            rng.uniform(0, 2 * np.pi),
            rng.uniform(0.1, 1) ** 0.7,
            rng.uniform(-0.8, 1),
            rng.random(),
        )
        alpha = float(np.clip(dread * CROWS - i, 0, 1))
        if alpha > 0:
            at = ring + reach * np.array([0.42 * np.cos(angle), 0.17 * np.sin(angle)])
            _fly(
                stage,
                sheet,
                at,
                0.02 + 0.085 * near**3.5,
                flap,
                0.8 * np.cos(angle),
                alpha,
                (rgb("#0d0c0f"), rgb("#08080a")),
            )
            drawn = True
    return [Layer("birds", sheet, 70.0, movement="fly")] if drawn else []


def _fly(
    stage: Stage, sheet: Floats, at: Vector, size: float, flap: float, bank: float, alpha: float,
    colours: tuple[tuple[float, float, float], tuple[float, float, float]],
) -> None:  # fmt: skip
    """A bird at a share of the half width and a share of the sky's height, its span in heights of the picture."""
    z = 100.0
    y = stage.eye_m + at[1] * stage.horizon * z / stage.focal
    span = size * stage.height * z / stage.focal
    canvas = Canvas(
        stage, across(stage, float(at[0]), z), z, (-0.6 * span, 0.6 * span, -0.5 * span, 0.6 * span), y_m=float(y)
    )
    if canvas.visible:
        _bird(canvas, flap, bank, span, *colours)
        canvas.onto(sheet, alpha=alpha)


@dataclass(frozen=True)
class Build:
    """Measures (m) of an animal: from breast to rump, height of the back, depth of the body, neck, legs, thickness of the neck."""

    long: float
    tall: float
    deep: float
    neck: float
    leg: float
    thick: float


BUILDS = {
    "sheep": Build(0.95, 0.72, 0.23, 0.26, 0.026, 0.085), "cow": Build(1.75, 1.35, 0.36, 0.5, 0.05, 0.16),
    "horse": Build(1.6, 1.5, 0.3, 0.78, 0.046, 0.15), "deer": Build(1.1, 1.05, 0.2, 0.52, 0.026, 0.075),
    "dog": Build(0.62, 0.56, 0.11, 0.22, 0.021, 0.055), "cat": Build(0.36, 0.27, 0.07, 0.09, 0.014, 0.038),
}  # fmt: skip


#: A body seen from its left, in halves of its length and depth; a patch of a cow's hide; horns from the crown (m).
BODY = np.array(
    [[-1.0, 0.45], [-0.85, 0.85], [-0.3, 0.88], [0.25, 0.8], [0.7, 0.98], [0.98, 0.75], [1.02, 0.1], [0.75, -0.5],
     [0.35, -0.85], [-0.25, -0.95], [-0.65, -0.65], [-0.95, -0.25]]
)  # fmt: skip
PATCH = np.array([[-1, 0.2], [-0.3, 0.9], [0.8, 0.6], [1, -0.4], [0, -0.9]])
HORNS = {"deer": np.array([[-0.12, 0.2], [0.06, 0.44]]), "cow": np.array([[0.02, 0.1], [0.1, 0.17]])}


def _legs(canvas: Canvas, it: Build, flip: Vector, dark: Vector, coat: Vector) -> None:
    half, y = it.long / 2, it.tall - it.deep
    for x, hind, far in ((0.72, False, True), (-0.7, True, True), (0.62, False, False), (-0.82, True, False)):
        top = np.array([x * half, y + 0.3 * it.deep])
        knee = np.array([x * half + (-0.05 if hind else 0.02) * it.long, y * 0.52])
        hock = knee + np.array([(-0.045 if hind else -0.01) * it.long * (1.3 if far else 1), -0.18 * it.tall])
        foot = np.array([hock[0] + 0.02 * it.long, 0.03 * it.tall])
        shade = 0.55 if far else 1.0
        canvas.tube(
            np.array([top, knee, hock, foot]) * flip,
            np.array([3.6 if hind else 2.8, 1.5, 1.0, 0.95]) * it.leg,
            dark * shade,
            round_m=it.leg,
        )
        canvas.tube(
            np.array([top, mixed(top, knee, 0.6)]) * flip,
            np.array([3.8 if hind else 3.0, 1.8]) * it.leg,
            coat * shade,
            round_m=2 * it.leg,
        )
        canvas.tube(
            np.array([foot, foot + np.array([0.8 * it.leg, -0.02 * it.tall])]) * flip,
            it.leg * 1.1,
            rgb("#15110e"),
            round_m=it.leg,
        )


def _trunk(canvas: Canvas, kind: str, it: Build, flip: Vector, fur: Vector, mark: Vector) -> None:
    """Tail, legs and body, with the patches of a cow."""
    half, deep, y = it.long / 2, it.deep, it.tall - it.deep * 0.95
    maned = kind in ("cow", "horse")
    hanging = [[-half, y + deep * 0.55], [-half * 1.1, y], [-half * 1.1, y - deep * (1.7 if maned else 0.3)]]
    raised = [[-half, y + deep * 0.4], [-half * 1.3, y + deep * 0.8], [-half * 1.45, y + deep * 2.4]]
    tail = np.array(raised if kind in ("dog", "cat") else hanging)
    thin = np.array([0.28, 0.16, 0.34 if maned else 0.16]) * it.thick
    canvas.tube(tail * flip, thin, mark if maned else fur, round_m=0.02)
    _legs(canvas, it, flip, mark, fur)
    canvas.solid(
        closed(BODY * [half, deep] + [0, y], 90) * flip, fur, round_m=deep * 0.5, grain=0.5 if kind == "sheep" else 0.15
    )
    if kind == "cow":
        for x, h, size in ((-0.55, 0.35, 0.3), (0.2, 0.2, 0.36), (0.75, 0.55, 0.2)):
            patch = closed(PATCH * size * [half, deep * 1.3] + [x * half, y + h * deep], 30)
            canvas.solid(patch * flip, mark, round_m=0.02, alpha=0.9)


def _beast(
    canvas: Canvas,
    kind: str,
    coat: tuple[float, float, float],
    dark: tuple[float, float, float],
    head_down: float,
    way: int,
) -> None:
    """A four-legged animal in profile; `way` 1 looks to the right. `head_down` 1 grazes."""
    it, flip = BUILDS[kind], np.array([way, 1.0])
    fur, mark, thick = np.array(coat), np.array(dark), it.thick
    root = np.array([it.long * 0.37, it.tall - it.deep * 0.77])
    angle = np.radians({"cow": 28, "dog": 48, "cat": 50}.get(kind, 55) - (75 if kind == "cow" else 95) * head_down)
    end = root + (it.neck + 0.35 * it.deep) * np.array([np.cos(angle), np.sin(angle)])
    face = angle - np.radians(70 - 40 * head_down)
    ahead, up = np.array([np.cos(face), np.sin(face)]) * thick, np.array([-np.sin(face), np.cos(face)]) * thick
    neck = np.array([root - [0.05 * it.long, 0], mixed(root, end, 0.55), end])
    canvas.tube(neck * flip, [0.68 * it.deep, 1.12 * thick, 0.8 * thick], fur, round_m=0.8 * thick, grain=0.2)
    _trunk(canvas, kind, it, flip, fur, mark)
    head = mark if kind == "sheep" else fur
    nose = end + ahead * {"horse": 3.0, "cow": 2.6, "deer": 2.6, "sheep": 2.2, "dog": 2.4, "cat": 1.2}[kind]
    skull = np.array([end - ahead * 0.3, mixed(end, nose, 0.45), nose])
    canvas.tube(skull * flip, np.array([0.85, 0.62, 0.4]) * thick, head, round_m=thick * 0.4)
    crown = end + up * 0.7 - ahead * 0.3
    ear = up * 0.1 - ahead * 1.1 if kind in ("cow", "sheep") else up * 0.8 - ahead * 0.5
    for off in (0.0, 0.3):
        base = crown + ahead * off
        canvas.tube(
            np.array([base, base + ear]) * flip, np.array([0.26, 0.06]) * thick, head * (1 - off), round_m=thick * 0.15
        )
    if kind == "horse":
        mane = np.array(
            [
                crown + up * 0.2,
                mixed(root, end, 0.6) + up * 0.95 - ahead * 0.2,
                root + np.array([-0.06, 0.62 * it.deep]),
            ]
        )
        canvas.tube(mane * flip, np.array([0.3, 0.5, 0.3]) * thick, mark, round_m=0.03, folds=0.5)
    for bend in (0.0, 0.1) if kind in HORNS else ():
        horn = np.vstack([crown, crown + HORNS[kind] + [bend, 0]])
        canvas.tube(horn * flip, np.array([0.018, 0.015, 0.006]), rgb("#8a7356"), round_m=0.01)


COATS = {
    "sheep": (("#d8d0bf", "#3a332c"), ("#cfc6b2", "#8c8474")), "cow": (("#7a4a2c", "#5a3622"), ("#e0d8cc", "#4a3a30")),
    "horse": (("#5a3420", "#1f1512"), ("#8a6844", "#3a2a20")), "deer": (("#8c6240", "#6b4a30"), ("#7a5638", "#5c4230")),
    "dog": (("#6b4a2c", "#4a3420"), ("#2c2624", "#201c1a")), "cat": (("#2a2624", "#1c1a18"), ("#b8733c", "#8c5428")),
}  # fmt: skip


def animals(stage: Stage) -> list[Layer]:
    """Herds on the grass; a dog, a cat or a deer elsewhere."""
    scene = stage.scene
    rng = scene.rng("animals")
    kinds = HERDS.get(scene.place) or (COMPANIONS.get(scene.place, ""),)
    kind = kinds[int(rng.random() * len(kinds))]
    count = scene["animals"] * (HERD if scene.place in HERDS else 2)
    centre = rng.uniform([-0.5, 0.26], [0.5, 0.5])
    herd = []
    for i in range(HERD):
        off = rng.standard_normal(2) * [0.3, 0.07]
        down, way, coat, seed = (
            rng.random() ** 0.4,
            rng.choice([-1, 1]),
            int(rng.random() * 2),
            int(rng.integers(2**31)),
        )
        alpha = float(smoothstep(0, 0.4, count - i))
        if alpha > 0 and kind:
            herd.append(
                (
                    float(np.clip(centre[1] + off[1], 0.14, 0.75)),
                    float(centre[0] + off[0]),
                    down,
                    way,
                    coat,
                    seed,
                    alpha,
                )
            )
    if not herd:
        return []
    sheet = stage.empty()
    for v, u, down, way, coat, seed, alpha in sorted(herd, key=lambda b: b[0]):
        x, z = spot(stage, u, v)
        box = (-1.5, 1.5, -0.1, 2.3) if kind in ("cow", "horse", "deer") else (-0.9, 0.9, -0.05, 1.1)
        canvas = Canvas(firelit(stage, x, z), x, z, box, rng=np.random.default_rng(seed))
        if canvas.visible:
            colour, dark = (rgb(c) for c in COATS[kind][coat])
            _beast(canvas, kind, colour, dark, float(down) if kind not in ("dog", "cat") else 0.1, int(way))
            canvas.onto(sheet, alpha=alpha, shadow=0.8)
    return [Layer("animals", sheet, spot(stage, 0.0, float(centre[1]))[1])]
