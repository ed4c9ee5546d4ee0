"""The people of a scene: how many, how close, how they hold themselves -> figures on the ground.

`people` shows the first of forty fixed figures, `together` brings them from places far apart to their groups,
`upright` bends or lifts them, `threat` adds hooded figures, `fire` makes all run. One figure near us looks into the
landscape; where the camera stands high, a rock or wall carries it up into the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.bodies import Person, Reach, blended, joints, person
from emogen.codecs.scene.brush import Canvas, mixed
from emogen.codecs.scene.figures import draw, hooded, umbrella
from emogen.codecs.scene.fire import firelit
from emogen.codecs.scene.interior import room_of
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import FOCAL, Layer, Stage
from emogen.codecs.scene.standing import NEAR_ROW, across, lit_at, perch, spot, standing

MANY = {
    "room": 5,
    "forest": 16,
    "mountains": 14,
    "desert": 14,
    "road": 16,
    "lake": 16,
}  # figures of a crowd (own choice)
MOST = 40
LOOKER = (0.18, 0.27)  # height of the figure near us, in heights of the picture: least and greatest


@dataclass(frozen=True)
class Actor:
    """A figure's fixed traits: who, its group, where it stands apart and in its group, and its ways to move."""

    who: Person
    apart: tuple[float, float]
    group: int
    side: float
    embraces: bool
    yaw_apart: float
    yaw_group: float
    low: str
    middle: str
    high: str
    seed: int


def _cast(stage: Stage) -> tuple[list[Actor], NDArray[np.float64]]:
    """All figures that may come, and where their groups stand (share across, share towards us)."""
    rng = stage.scene.rng("people")
    groups = np.stack([rng.permutation(np.linspace(-0.78, 0.78, 16)), 0.34 + 0.52 * rng.random(16) ** 1.2], -1)
    actors: list[Actor] = []
    sizes = rng.choice([2, 2, 2, 3, 4], 16)
    hugs = rng.random(16) < 0.5
    spots = rng.permutation(np.linspace(-0.95, 0.95, MOST))
    for group, size in enumerate(sizes):
        for i in range(size):
            draw_ = rng.random(8)
            embraces = size == 2 and hugs[group]
            x = spots[len(actors) % MOST]
            actors.append(Actor(
                person(rng, adult=i < 2), (float(x), float(0.28 + 0.64 * draw_[0] ** 1.3)), group, i - (size - 1) / 2, bool(embraces),
                float(np.sign(x) * np.pi * (0.3 + 0.4 * draw_[1])),
                float((0.5 - 0.1 * draw_[2]) * np.pi * (-1 if i > (size - 1) / 2 else 1)) if embraces else float(0.3 * (draw_[2] - 0.5)),
                ("slump", "weep", "hug self", "huddle")[int(4 * draw_[3])], ("stand", "walk", "walk", "look", "sit")[int(5 * draw_[4])],
                ("cheer", "jump", "dance", "swing")[int(4 * draw_[5])], int(draw_[7] * 2**31),
            ))  # fmt: skip
    return actors[:MOST], groups


def _ground(stage: Stage, right: float, towards: float) -> tuple[float, float]:
    """Where a figure stands (x, z; m): as `spot` says, but in a room between its furniture and its window."""
    if stage.scene.place != "room":
        return spot(stage, right, towards)
    room = room_of(Stage(stage.scene, stage.width, stage.height, stage.light))
    return right * (room.half - 0.5), room.back - 0.6 - 0.8 * towards


def _pose(stage: Stage, low: str, middle: str, high: str, panic: float) -> NDArray[np.float64]:
    upright = stage.scene["upright"]
    down, up = float(smoothstep(0.1, 0.85, -upright)), float(smoothstep(0.1, 0.85, upright))
    calm = blended({middle: max(1 - down - up, 0), low: down, high: up})
    return mixed(calm, blended({"run": 1}), panic)


def _panic(stage: Stage) -> float:
    return float(
        np.clip(smoothstep(0.3, 0.75, stage.scene["fire"]) + smoothstep(0.75, 1.0, stage.scene["threat"]), 0, 1)
    )


def _paint(
    stage: Stage, sheet: NDArray[np.float32], who: Person, pose: NDArray[np.float64], yaw: float,
    at: tuple[float, float, float], seed: int, alpha: float, reach: Reach = (None, None),
) -> None:  # fmt: skip
    """One figure, dressed for the weather, on the sheet."""
    scene, tall = stage.scene, who.height_m
    canvas = Canvas(
        firelit(lit_at(stage, at[0], at[2]), at[0], at[2]),
        at[0],
        at[2],
        (-0.75 * tall, 0.75 * tall, -0.06 * tall, 1.6 * tall),
        y_m=at[1],
        rng=np.random.default_rng(seed),
    )
    if not canvas.visible:
        return
    shelter = 0.0
    if seed % 3 and who.hat != "hood" and scene.place != "room":
        shelter = float(smoothstep(0.15, 0.5, scene["rain"]) * (1 - smoothstep(0.3, 0.7, abs(scene["upright"]))))
    if shelter > 0:
        hand = (
            np.array([0.12 * np.cos(yaw) + 0.16 * np.sin(yaw), 0.63, -0.12 * np.sin(yaw) + 0.16 * np.cos(yaw)]) * tall
        )
        reach = (reach[0], (hand, shelter))
    j = joints(who, pose, yaw, reach)
    cold = float(smoothstep(0.2, 0.7, scene["snow"] + scene["snowfall"]))
    draw(canvas, who, j, yaw, wind=float(smoothstep(0.35, 1.0, scene["wind"])), cold=cold)
    if shelter > 0:
        umbrella(canvas, who, j, shelter)
    canvas.onto(sheet, alpha=alpha, shadow=0.75 * float(1 - smoothstep(0.0, 0.3, at[1])))


def _crowd(stage: Stage, far: NDArray[np.float32], near: NDArray[np.float32]) -> None:
    scene = stage.scene
    actors, groups = _cast(stage)
    count = MANY.get(scene.place, MOST) * max(scene["people"] - 0.08, 0) / 0.92
    close, panic = float(smoothstep(0.15, 0.75, scene["together"])), _panic(stage)
    middle = _ground(stage, 0.0, 0.45)[1]
    placed = []
    for i, a in enumerate(actors):
        alpha = float(smoothstep(0, 0.4, count - i))
        if alpha <= 0:
            break
        (x_group, z_group), (x_apart, z_apart) = _ground(stage, *groups[a.group]), _ground(stage, *a.apart)
        z = 1 / float(mixed(1 / z_apart, 1 / z_group, close))
        x = float(mixed(x_apart, x_group + a.side * (0.36 if a.embraces else 0.56), close))
        yaw = float(mixed(a.yaw_apart, a.yaw_group, close))
        yaw = float(mixed(yaw, np.sign(a.apart[0]) * np.pi * 0.55, panic))
        placed.append((z, x, yaw, alpha, a))
    for z, x, yaw, alpha, a in sorted(placed, key=lambda p: -p[0]):
        hold = close * (1 - panic)
        reach = _held(a, yaw, hold)
        pose = _pose(stage, a.low, a.middle, a.high, panic)
        sheet = far if z > middle else near
        _paint(stage, sheet, a.who, pose, yaw, (x, 0.0, z), a.seed, alpha, reach)


def _held(a: Actor, yaw: float, hold: float) -> Reach:
    """Couples who face one another embrace; those side by side hold hands."""
    if hold <= 0:
        return None, None
    tall = a.who.height_m
    if a.embraces:
        ahead, right = np.array([np.sin(yaw), 0, np.cos(yaw)]), np.array([np.cos(yaw), 0, -np.sin(yaw)])
        return tuple(
            (0.2 * ahead * tall + side * 0.07 * right * tall + [0, (0.74 + 0.05 * side) * tall, 0], hold)
            for side in (-1, 1)
        )  # type: ignore[return-value]
    beside = float(np.clip(1 - abs(yaw) / 0.6, 0, 1)) * hold
    hand = (np.array([-0.28 * np.sign(a.side or 1), 0.7, 0.0]), beside)
    return (hand, None) if hand[0][0] < 0 else (None, hand)


def _footing(stage: Stage, share: float, close: float) -> tuple[float, float, float]:
    """Where the feet of the figure near us are (x, y, z; m), as close (0..1) as told; in a room it stands at the window."""
    if stage.scene.place == "room":
        x, z = _ground(stage, 0.5 * np.sign(share), 0.3)
        return x, 0.0, z
    if stage.scene.place == "street":
        x, z = spot(stage, share, 0.75 + 0.22 * close)
        return x, 0.0, z
    z = FOCAL * 1.75 / (LOOKER[0] + (LOOKER[1] - LOOKER[0]) * close)
    return (
        across(stage, share, z),
        max(0.0, stage.eye_m - (NEAR_ROW * stage.height - stage.horizon) * z / stage.focal),
        z,
    )


def _well_dressed(who: Person) -> Person:
    """In a long coat or a dress, whose hem shows the wind."""
    return replace(who, wear="coat") if who.wear == "trousers" else who


def _looker(stage: Stage) -> Layer | None:
    """The one figure near us that looks into the landscape; beside a second one where people are together."""
    scene = stage.scene
    alpha = float(smoothstep(0.01, 0.045, scene["people"]))
    if alpha <= 0:
        return None
    rng = scene.rng("looker")
    numbers = rng.random(8)
    x, y, z = _footing(stage, (0.22 + 0.42 * numbers[0]) * (1 if numbers[1] < 0.5 else -1), numbers[5])
    who, friend = (_well_dressed(person(rng, adult=True)) for _ in range(2))
    close, panic = (
        float(smoothstep(0.55, 0.85, scene["together"])),
        _panic(stage) * float(smoothstep(0.1, 0.4, scene["people"])),
    )
    pose = _pose(
        stage,
        ("slump", "hug self", "huddle")[int(3 * numbers[2])],
        "look",
        ("cheer", "dance")[int(2 * numbers[3])],
        panic,
    )
    yaw = float(0.25 * (numbers[4] - 0.5) - 0.5 * np.sign(x) * (1 - panic) * (1 - 0.8 * close))
    ground = stage.empty()
    perch(stage, ground, x, y, z)
    for i, (body, share, seed) in enumerate(((friend, close, 7), (who, 1.0, 5))):
        if share > 0:
            side = float(np.sign(x)) * (1 if i == 0 else -1)
            hand = (
                np.array([0.25 * side, 0.78, 0.0]),
                close * float(1 - smoothstep(0.1, 0.5, abs(scene["upright"]))) * (1 - panic),
            )
            reach: Reach = (hand, None) if side < 0 else (None, hand)
            _paint(
                stage,
                ground,
                body,
                pose,
                yaw,
                (x - 0.5 * np.sign(x) * (1 - i), y, z),
                scene.seed * 100 + seed,
                share,
                reach,
            )
    return Layer("people near us", ground * np.float32(alpha), z)


def _looming(stage: Stage, sheet: NDArray[np.float32]) -> None:
    """Hooded figures that face us: in the country several, elsewhere one or two, far off."""
    rng = stage.scene.rng("looming")
    for i in range({"room": 1, "street": 2, "harbour": 2, "city": 2, "sea": 2, "lake": 2}.get(stage.scene.place, 5)):
        u, v, turn = rng.random(3)
        who = hooded(person(rng, adult=True))
        alpha = float(smoothstep(0.35 + 0.1 * i, 0.55 + 0.1 * i, stage.scene["threat"]))
        x, z = _ground(stage, ((-1) ** i) * (0.08 + 0.17 * i) + 0.1 * (u - 0.5), 0.62 - 0.09 * i + 0.08 * v)
        if alpha > 0:
            _paint(stage, sheet, who, blended({"stand": 1}), np.pi + 0.3 * (turn - 0.5), (x, 0.0, z), i, alpha)


def people(stage: Stage) -> list[Layer]:
    """All figures: those far away, those in the middle distance, the one near us."""
    scene, stage = stage.scene, standing(stage)
    layers: list[Layer] = []
    if scene.place == "sky":
        return layers
    if scene["people"] > 0.08 or scene["threat"] > 0.35:
        far, near = stage.empty(), stage.empty()
        _looming(stage, far)
        _crowd(stage, far, near)
        layers += [
            Layer("people far", far, _ground(stage, 0.0, 0.35)[1]),
            Layer("people", near, _ground(stage, 0.0, 0.65)[1]),
        ]
    looker = _looker(stage)
    return layers + ([looker] if looker else [])
