"""What makes a house of a street solid: roof, chimneys and end wall behind its front; what stands out before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, lamplight, weathering
from emogen.codecs.scene.colours import AWNING, BLOOM, BULB, SNOW, hue, mixed
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.pen import TOWARDS, UP, Pen
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Stage

if TYPE_CHECKING:
    from emogen.codecs.scene.street import House

DEEP_M = 9.0  # how far a house reaches back from the street (own choice)


def shell(stage: Stage, pen: Pen, house: House, x: float, hidden_m: float) -> None:
    """Chimneys, the slope to the street and the end wall: what stands out over lower neighbours.

    Args:
        stage: The picture.
        pen: Where to.
        house: Which.
        x: Where its front stands (m).
        hidden_m: Up to which height its nearer neighbour hides its end wall.
    """
    light, front, side, scene = stage.light, house.front, house.side, stage.scene
    z0, z1, high, gone = house.z, house.z + house.front.wide, front.tall, house.ruin(scene)
    middle, ridge = x + side * DEEP_M / 2, high + house.rise * (1 - gone) - 1.5 * gone
    brick = hue("7f4f3f") * light.on(TOWARDS)
    for i, at in enumerate(house.tastes[1:3]):
        z, half, top = z0 + front.wide * (0.2 + 0.6 * at), 0.5 + 0.3 * house.tastes[3 + i], ridge + 1.3 * (1 - gone)
        pen.upright((middle - half, middle + half), (ridge - 1, top), z, brick)
        cap = mixed(brick * 1.2, SNOW * light.on(UP), scene["snow"])
        pen.upright((middle - half * 1.15, middle + half * 1.15), (top, top + 0.15 + 0.2 * scene["snow"]), z, cap)
    slope = np.array([-side * house.rise, DEEP_M / 2, 0.0])
    eave = x - side * 0.3, high - 0.1 - 1.5 * gone
    if slope @ (-eave[0], stage.eye_m - eave[1], 0.0) > 0:  # else it is seen from below, behind the front
        tiles = _tiles(house, scene, float(np.clip(stage.focal / z0, 3.0, stage.height / 60)))
        corners = [(middle, ridge, z0), (middle, ridge, z1), (*eave, z1), (*eave, z0)]
        pen.lay(tiles.lit(light.on(slope / np.linalg.norm(slope))), corners)
    if ridge > hidden_m:
        _end_wall(stage, pen, house, x, ridge)


def _tiles(house: House, scene: Scene, px_per_m: float) -> Board:
    """A slope of the roof: courses of tiles, moss and missing ones, snow."""
    board = Board(house.front.wide, 5.4, px_per_m)
    board.rgba[...] = (*hue(house.roof), 1.0)
    worn = weathering(np.random.default_rng(house.front.seed + 3), board, 4.0)
    course = (board.heights() / 0.34) % 1
    board.times((0.82 + 0.24 * course) * (1 + (0.14 + 0.25 * scene["decay"]) * worn))
    hole = smoothstep(0.0, 0.1, worn - 1.5 + 1.5 * scene["decay"])[..., None]
    snow = scene["snow"]
    white = smoothstep(-0.1, 0.2, 1.7 * snow - 0.25 + 0.3 * worn)[..., None] * float(smoothstep(0.0, 0.05, snow))
    board.rgba[..., :3] = board.rgba[..., :3] * (1 - 0.85 * hole) * (1 - white) + SNOW.astype(np.float32) * white
    return board


def _end_wall(stage: Stage, pen: Pen, house: House, x: float, ridge: float) -> None:
    """The wall that stands up over a lower neighbour: rough plaster, streaks, a small window."""
    front, z, decay = house.front, house.z, stage.scene["decay"]
    high, far = front.tall - 1.5 * house.ruin(stage.scene), x + house.side * DEEP_M
    corners = [(x, ridge, z), (far, ridge, z), (far, 0, z), (x, 0, z)]
    columns = pen.seen(corners)[:, 0]
    if columns.max() < 0 or columns.min() > stage.width:
        return
    board = Board(DEEP_M, ridge, float(np.clip(stage.focal / z, 3.0, stage.height / 40)))
    rng = np.random.default_rng(front.seed + 2)
    tone = mixed(mixed(hue(front.wall), hue("a39888"), 0.55), hue("6f675e"), 0.5 * decay)
    board.rect(0, 0, DEEP_M, ridge, tone)
    rough, dirt = weathering(rng, board, 4.0), weathering(rng, board, 8.0, 0.3)
    below = smoothstep(0.0, 3.5, ridge - board.heights())
    board.times((1 + 0.09 * rough - (0.12 + 0.3 * decay) * smoothstep(0.0, 1.2, dirt)) * (0.78 + 0.22 * below))
    at = 1.2 + 2.5 * house.tastes[8]
    on = float(smoothstep(-0.05, 0.05, stage.scene["lamps"] - 0.05 - 0.9 * house.tastes[7]))
    board.rect(at, high - 1.6, at + 0.8, high - 0.3, hue("2b2a2a"), BULB * 0.6 * lamplight(stage.light) * on)
    gable = [(x, 0, z), (x, high, z), ((x + far) / 2, ridge, z), (far, high, z), (far, 0, z)]
    pen.lay(board.lit(stage.light.on(TOWARDS)), corners, gable)


def trimmings(stage: Stage, pen: Pen, house: House, x: float, z0: float) -> None:
    """What stands out from a front: gutter, awning, balconies, a hanging sign.

    Args:
        stage: The picture.
        pen: Where to.
        house: Which.
        x: Where its front stands (m).
        z0: Where it begins to be seen (m).
    """
    light, front, side = stage.light, house.front, house.side
    out = light.on(np.array([-float(side), 0.3, 0.0]) / 1.05)
    _gutter(stage, pen, house, x, z0, out)
    if front.shop and house.tastes[4] < 0.8:
        _awning(stage.scene, pen, house, x, z0, out)
    pitch, middle = front.wide / front.bays, front.bays // 2
    for floor in range(1, round((front.tall - front.ground) / front.storey) + 1):
        bay = middle - (front.balcony == 3 and floor % 2)
        at = house.z + ((bay if side < 0 else front.bays - 1 - bay) + 0.5) * pitch
        if front.balcony >= 2 and at - 0.9 > z0:
            _balcony(stage, pen, house, x, front.ground + (floor - 1) * front.storey + 0.35, at, out)
    if house.tastes[5] < 0.45 and house.z + 1.5 > z0:
        _sign(pen, house, x, light.on(TOWARDS))


def _gutter(stage: Stage, pen: Pen, house: House, x: float, z0: float, out: NDArray[np.float64]) -> None:
    """The eaves over the front; they go with the roof."""
    front, snow, there = house.front, stage.scene["snow"], 1 - house.ruin(stage.scene)
    z1, y, eave = house.z + front.wide, front.tall, x - house.side * 0.32
    under = hue(front.trim) * 0.2 * stage.light.on(UP)
    pen.face([(x, y, z0), (eave, y, z0), (eave, y, z1), (x, y, z1)], under, there)
    rim = mixed(hue(house.roof) * 0.8, SNOW, min(1.0, 1.5 * snow)) * out
    top = y + 0.2 + 0.25 * snow
    pen.face([(eave, y, z0), (eave, top, z0), (eave, top, z1), (eave, y, z1)], rim, there)


def _sign(pen: Pen, house: House, x: float, facing: NDArray[np.float64]) -> None:
    """A sign on an arm, with an emblem."""
    z, side, tone, pale = house.z + 1.5, house.side, hue(AWNING[int(house.tastes[6] * 6)]), hue("e0cfa0")
    pen.upright((x, x - side * 1.25), (3.75, 3.8), z, hue("2a2a2c") * facing)
    pen.upright((x - side * 0.35, x - side * 1.15), (2.9, 3.7), z, pale * 0.7 * facing)
    pen.upright((x - side * 0.4, x - side * 1.1), (2.95, 3.65), z, tone * facing)
    turns = np.linspace(0, 2 * np.pi, 4 + int(6 * house.tastes[6]))[:-1]
    emblem = [(x - side * 0.75 + 0.2 * np.sin(t), 3.3 + 0.2 * np.cos(t)) for t in turns]
    pen.outline(emblem, z, pale * facing)


def _awning(scene: Scene, pen: Pen, house: House, x: float, z0: float, out: NDArray[np.float64]) -> None:
    front, side, decay = house.front, house.side, scene["decay"]
    top, low = front.ground - 0.3, front.ground - 1.1 - 0.4 * float(smoothstep(0.4, 1.0, decay))
    far, stripes, start, size = x - side * min(1.3, 0.3 * abs(x)), 8, house.z + 0.3, front.wide - 0.6
    tone, pale = hue(front.awning), hue("ece4d2")
    torn = np.random.default_rng(front.seed).random(stripes)
    a, b = max(start, z0), start + size
    pen.face([(x, top - 0.2, a), (far, low, a), (far, low, b), (x, top - 0.2, b)], tone * 0.12 * out, 0.8)
    for i in range(stripes - 1, -1, -1):
        a, b = max(start + size * i / stripes, z0), start + size * (i + 1) / stripes
        left = 1 - float(smoothstep(0.0, 0.1, 1.4 * decay - 0.7 - torn[i]))
        if b <= z0 or left <= 0:
            continue
        cloth = mixed(mixed(tone if i % 2 else pale, hue("77736c"), 0.5 * decay), SNOW, scene["snow"]) * out * 1.1
        pen.face([(x, top, a), (far, low, a), (far, low, b), (x, top, b)], cloth, left)
        pen.face([(far, low, a), (far, low - 0.28, a), (far, low - 0.28, b), (far, low, b)], cloth * 0.75, left)


def _balcony(stage: Stage, pen: Pen, house: House, x: float, y: float, mid: float, out: NDArray[np.float64]) -> None:
    scene, side = stage.scene, house.side
    a, b, far = mid - 0.85, mid + 0.85, x - side * 0.8
    facing, up = stage.light.on(TOWARDS), stage.light.on(UP)
    stone, foot = hue(house.front.trim) * 0.9, y - 0.16
    pen.face([(x, foot, a), (far, foot, a), (far, foot, b), (x, foot, b)], stone * 0.25 * up)
    pen.face([(x, y, a), (far, y, a), (far, y, b), (x, y, b)], mixed(stone, SNOW, scene["snow"]) * up)
    pen.face([(far, foot, a), (far, y, a), (far, y, b), (far, foot, b)], stone * out)
    pen.upright((x, far), (foot, y), a, stone * facing)
    iron = mixed(hue("1e2022"), hue("6e3c1e"), 0.6 * scene["decay"])
    for i in range(9):
        z = b + (a - b) * i / 8
        pen.face([(far, y, z), (far, y + 0.95, z), (far, y + 0.95, z + 0.035), (far, y, z + 0.035)], iron * out)
    for i in range(4):
        post = x + (far - x) * i / 3
        pen.upright((post, post - side * 0.035), (y, y + 0.95), a, iron * facing)
    pen.face([(far, y + 0.92, a), (far, y + 1.0, a), (far, y + 1.0, b), (far, y + 0.92, b)], iron * out)
    pen.upright((x, far), (y + 0.92, y + 1.0), a, iron * facing)
    _hanging(scene, pen, house, far, y, (a, b), out)


def _hanging(
    scene: Scene, pen: Pen, house: House, x: float, y: float, z: tuple[float, float], out: NDArray[np.float64]
) -> None:
    """Flowers that hang over a railing."""
    n = np.random.default_rng(house.front.seed + int(y * 8)).random((36, 4))
    bloom = float(smoothstep(0.0, 0.5, scene["flowers"] - 0.4 * house.tastes[7])) * (1 - scene["decay"])
    colour, leaf = hue(BLOOM[int(house.tastes[7] * 6)]), mixed(hue("6b5a30"), hue("4c7a33"), scene["lush"])
    for i, (u, v, r, t) in enumerate(n[: int(36 * bloom)]):
        at, r, high = z[0] + (z[1] - z[0]) * u, 0.07 + 0.08 * r, y + 1.0 - 0.55 * v * bloom
        tone = colour if t < 0.5 else leaf * (0.6 + 0.1 * (i % 6))
        pen.face([(x, high - r, at), (x, high, at - r), (x, high + r, at), (x, high, at + r)], tone * out)
