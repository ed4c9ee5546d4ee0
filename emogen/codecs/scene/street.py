"""A street seen along its axis: two rows of house fronts and what closes it.

`street_of` says where everything stands (metres), so that the sun's shadows of one row fall on the paving and on the
other. With `threat` the houses lean over the street; with `decay` their tops break off.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, lamplight
from emogen.codecs.scene.colours import SNOW, hue, mixed
from emogen.codecs.scene.facade import Front, crumbled, drawn_front, painted_front
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.pen import TOWARDS, UP, Pen, pen_on
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.trimmings import shell, trimmings

END_M = 118.0  # where a house across closes the street (own choice)
ROOF = ("8a4a35", "7a3f30", "5b5550", "9a5b40", "4d4f57", "6e4a3e")
BANDS_M = (1e9, 52.0, 24.0, 0.0)  # the rows are laid out on one sheet for each stretch between these (own choice)
LAMPS_M = (9.5, 17.0, 27.0, 40.0, 56.0, 76.0, 100.0)  # where lamps stand along the street (own choice)


@dataclass(frozen=True)
class House:
    """A house of a row.

    Attributes:
        side: -1 left, 1 right, 0 across the end.
        z: Its nearer end (m); of one across, its left end.
        front: Its front.
        roof: Colour of its roof.
        rise: Of the ridge over the eaves (m).
        tastes: Nine random numbers for what is on and around it.
    """

    side: int
    z: float
    front: Front
    roof: str
    rise: float
    tastes: NDArray[np.float64]

    def ruin(self, scene: Scene) -> float:
        """How far its top has fallen, 0..1."""
        return float(smoothstep(0.55, 1.0, scene["decay"] * (0.5 + 0.8 * self.tastes[0])))


@dataclass(frozen=True)
class Street:
    """The two rows and half the width between them (m)."""

    half_m: float
    houses: tuple[House, ...]
    across: tuple[House, ...]

    def eaves(self, side: int, z: Floats) -> Floats:
        """Height (m) of the roofs of one row at distances z."""
        row = [h for h in self.houses if h.side == side]
        starts = np.array([h.z for h in row])
        tops = np.array([h.front.tall + 0.45 * h.rise for h in row], np.float32)
        return tops[np.clip(np.searchsorted(starts, z, side="right") - 1, 0, len(row) - 1)]

    def hidden_below(self, house: House, scene: Scene) -> float:
        """Up to which height (m) the nearer neighbour of a house hides its end wall."""
        nearer = [h for h in self.houses if h.side == house.side and h.z < house.z]
        return nearer[-1].front.tall - 2 * nearer[-1].front.storey * nearer[-1].ruin(scene) if nearer else 0.0


def half_width(scene: Scene) -> float:
    """Half the width of the street (m)."""
    return float(1.9 * (8.2 / 1.9) ** scene["openness"])


def street_of(scene: Scene) -> Street:
    """Where the houses stand."""
    rng, houses = scene.rng("houses"), []
    for side in (-1, 1):
        z = 1.5 + 4 * rng.random()
        while z < END_M:
            houses.append(_house(rng, side, z, 5.5 + 5.0 * rng.random(), (2, 5)))
            z += houses[-1].front.wide
    across = tuple(_house(rng, 0, -15.0 + 10.0 * i, 10.0, (3, 4)) for i in range(3))
    return Street(half_width(scene), tuple(houses), across)


def _house(rng: np.random.Generator, side: int, z: float, wide: float, storeys: tuple[int, int]) -> House:
    front = drawn_front(rng, wide, storeys=storeys)
    n = rng.random(12)
    return House(side, z, front, ROOF[int(n[0] * len(ROOF))], 2.2 + 1.8 * n[1], n[3:])


def houses(stage: Stage) -> list[Layer]:
    """Both rows, on a sheet for each stretch, and the houses and the church at the end."""
    street = street_of(stage.scene)
    sheet = stage.empty()
    _beyond(stage, pen_on(stage, sheet), street)
    _end(stage, pen_on(stage, sheet), street)
    layers = [Layer("houses end", sheet, END_M)]
    for far, near in pairwise(BANDS_M):
        sheet = stage.empty()
        pen = pen_on(stage, sheet, 0.07 * stage.scene["threat"])
        for house in sorted((h for h in street.houses if near <= h.z < far), key=lambda h: -h.z):
            shown = stage.focal * street.half_m / (stage.width / 2)  # nearer than this it is outside the picture
            if house.z + house.front.wide < shown:
                continue
            x = house.side * street.half_m
            shell(stage, pen, house, x, street.hidden_below(house, stage.scene))
            nearest = _front(stage, pen, street, house, shown)
            trimmings(stage, pen, house, x, nearest)
        layers.append(Layer(f"houses from {near:g} m", sheet, min(80.0, max(near * 1.35, 14.0))))
    return layers


def glass(stage: Stage, wall: NDArray[np.float64]) -> NDArray[np.float64]:
    """What panes show of the sky, as an albedo under the light on their wall."""
    sky = 0.6 * stage.light.sky_rgb + 0.4 * stage.light.haze_rgb
    return np.asarray(np.clip(sky * 0.55 / np.maximum(wall, 0.02), 0, 0.9))


def _front(stage: Stage, pen: Pen, street: Street, house: House, shown: float) -> float:
    """Lays a front; returns where it begins to be seen (m)."""
    light, front, side = stage.light, house.front, house.side
    z0, z1, x = house.z, house.z + front.wide, side * street.half_m
    density = float(np.clip(1.5 * stage.focal / max(z0, shown), 3.0, stage.height / 24))
    board = Board(front.wide, front.tall, density, float(np.clip(1.6 * street.half_m / max(z0, shown), 0.1, 1.0)))
    wall = light.on(np.array([-float(side), 0.0, 0.0]))
    painted_front(front, stage.scene, board, glass_rgb=glass(stage, wall), lamp=0.85 * lamplight(light))
    crumbled(board, front, house.ruin(stage.scene))
    image = board.lit(_light(stage, street, house, board))
    if z0 < shown * 0.8:  # the part outside the picture is cut off: it would stretch without end
        cut = shown * 0.8
        columns = int((cut - z0) / front.wide * image.shape[1])
        image = image[:, columns:] if side < 0 else image[:, : image.shape[1] - columns]
        z0 = cut
    a, b = (z0, z1) if side < 0 else (z1, z0)
    pen.lay(np.ascontiguousarray(image), [(x, front.tall, a), (x, front.tall, b), (x, 0, b), (x, 0, a)])
    return z0


def _light(stage: Stage, street: Street, house: House, board: Board) -> Floats:
    """Light on a front [h, w, 3]: the sun over the other row's roofs, less sky at the foot of an alley, light thrown back."""
    light, front, side = stage.light, house.front, house.side
    normal = np.array([-float(side), 0.0, 0.0])
    sun = max(0.0, float(normal @ light.sun)) * light.sun_rgb
    along = board.places() if side < 0 else front.wide - board.places()
    reach = 2 * street.half_m / max(abs(float(light.sun[0])), 0.05)
    top = street.eaves(-side, house.z + along + reach * light.sun[2]) - reach * light.sun[1]
    shadow = smoothstep(-0.5, 0.5, top - board.heights())
    narrow = float(1 - 0.45 * (1 - stage.scene["openness"]))
    open_sky = narrow + (1 - narrow) * smoothstep(0.0, front.tall, board.heights())
    thrown = 0.12 * light.on(UP) * (1 - smoothstep(0.0, 8.0, board.heights()))[..., None]
    out = (light.on(normal) - sun) * open_sky[..., None] + thrown + sun * (1 - shadow)[..., None]
    return np.asarray(out, np.float32)


def _end(stage: Stage, pen: Pen, street: Street) -> None:
    """The houses across the end, before the church."""
    light, scene = stage.light, stage.scene
    facing = light.on(TOWARDS)
    _church(stage, pen, facing)
    for house in street.across:
        front = house.front
        board = Board(front.wide, front.tall, max(3.0, 2 * stage.focal / END_M))
        painted_front(front, scene, board, glass_rgb=glass(stage, facing), lamp=0.85 * lamplight(light))
        a, b, top = house.z, house.z + front.wide, front.tall
        roof = mixed(hue(house.roof), SNOW, min(1.0, 1.5 * scene["snow"])) * light.on(np.array([0.0, 0.8, -0.6]))
        ridge = top + house.rise * (1 - house.ruin(scene))
        pen.face(
            [(a - 0.3, top, END_M), (a + 1, ridge, END_M + 4), (b - 1, ridge, END_M + 4), (b + 0.3, top, END_M)], roof
        )
        pen.lay(board.lit(facing), [(a, top, END_M), (b, top, END_M), (b, 0, END_M), (a, 0, END_M)])


def _beyond(stage: Stage, pen: Pen, street: Street) -> None:
    """The roofs of the town behind the rows, which a high eye sees."""
    rng, scene = stage.scene.rng("roofs beyond"), stage.scene
    light = stage.light.on(np.array([0.0, 0.7, -0.71]))
    for z in (420.0, 260.0, 170.0, 118.0, 84.0, 60.0, 44.0, 32.0):
        tall, tint = 5.0 + 3.5 * rng.random(120), rng.random()
        tone = mixed(hue(ROOF[int(tint * len(ROOF))]), hue("8a8378"), 0.45)
        tone = mixed(tone, SNOW, min(1.0, 1.5 * scene["snow"])) * light
        behind = street.half_m + 7.0 if z < END_M else 0.0
        for side in (-1, 1):
            gables = [(side * (behind + 4.5 * k), high if k % 2 else high - 2.5, z) for k, high in enumerate(tall)]
            pen.face([(side * behind, 0.0, z), *gables, (gables[-1][0], 0.0, z)], tone)
            pen.face(
                [(side * behind, 0.0, z), *((x, y - 2.6, z) for x, y, _ in gables), (gables[-1][0], 0.0, z)], tone * 0.6
            )


def _church(stage: Stage, pen: Pen, facing: NDArray[np.float64]) -> None:
    """A tower with a spire, seen over the roofs."""
    n = stage.scene.rng("church").random(8)
    x, z, wide, high = (n[0] - 0.5) * 9, END_M + 45, 3.2 + n[1], 30 + 12 * n[2]
    gone = float(smoothstep(0.6, 1.0, stage.scene["decay"]))
    stone = hue("b5a48c") * facing
    roof = mixed(hue("4f6b62"), SNOW, 0.7 * stage.scene["snow"]) * facing
    pen.upright((x - wide, x + wide), (0, high), z, stone)
    pen.upright((x + wide * 0.35, x + wide), (0, high), z, stone * 0.75)
    spire = high + (15 + 8 * n[3]) * (1 - 0.7 * gone)
    pen.outline([(x - wide * 1.15, high), (x, spire), (x + wide * 1.15, high)], z, roof)
    pen.outline([(x + wide * 0.3, high), (x, spire), (x + wide * 1.15, high)], z, roof * 0.75)
    for k in (-0.4, 0.4):
        a, m, b = x + (k - 0.2) * wide, x + k * wide, x + (k + 0.2) * wide
        pen.outline([(a, high - 6), (a, high - 2.5), (m, high - 1.6), (b, high - 2.5), (b, high - 6)], z, stone * 0.25)
