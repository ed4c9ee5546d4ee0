"""What stands and hangs in a room: table, chairs, bed, armchair, shelf, pictures, rug, lamp, flowers; and what happens there.

The furniture is chosen by the seed; `decay` wears, breaks and overturns it, `flowers` fill the vase, `lamps` light lamp
and candle; moods.py adds what `threat`, `decay` and `feast` bring into the room.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, lamplight
from emogen.codecs.scene.colours import BLOOM, BULB, hue, mixed
from emogen.codecs.scene.interior import Room, room_of, surface
from emogen.codecs.scene.moods import cake, door, flame, looming_shadow, party, wreckage
from emogen.codecs.scene.noise import fractal, smoothstep
from emogen.codecs.scene.pen import soft_spot
from emogen.codecs.scene.solids import armchair, bed, bookshelf, chair, placed, shadowed, table, turned, turned_body
from emogen.codecs.scene.stage import Floats, Layer, Stage

Vector = NDArray[np.float64]
WOODS = ("6b4428", "8a6038", "5a3f2c", "a07a4c")
CLOTH = ("8f3b34", "3f5f56", "56698a", "b08a3e", "7a5a74", "5f6b45")
SPINES = ("7a2f2a", "2f4f3f", "35456a", "a0803f", "5f4030", "b8a888", "6a3f55", "8a8f7a")
GLAZE = ("4f7f9a", "c9bda4", "8f4f3a", "5f7f5a")
PALE = "d8c8a0"


def furniture(stage: Stage) -> list[Layer]:
    """All of it on one sheet, and the glow of lamp and candles on another."""
    room, sheet, shine = room_of(stage), stage.empty(), stage.empty()
    n = stage.scene.rng("furniture").random(32)
    side = 1.0 if room.lamp[0] > 0 else -1.0
    dull, decay = np.full(3, 0.22) * (1.0, 0.93, 0.8), stage.scene["decay"]
    wood = mixed(hue(WOODS[int(n[0] * len(WOODS))]), dull, 0.5 * decay)
    cloth = mixed(hue(CLOTH[int(n[1] * len(CLOTH))]), dull, 0.5 * decay)
    looming_shadow(room, sheet)
    door(room, sheet, side, wood)
    _pictures(room, sheet, side)
    _rug(room, sheet, n)
    _shelf(room, sheet, side, wood)
    _floor_lamp(room, sheet, shine)
    if n[2] < 0.45:
        x, z = -side * (room.half - 0.75), room.back - 2.9
        shadowed(room, sheet, (x, z), (1.3, 2.2))
        placed(room, sheet, bed(wood, cloth), (x, 0, z))
    x, z = side * (room.half * 0.62), room.back - 1.35
    shadowed(room, sheet, (x, z), (0.95, 0.9))
    placed(room, sheet, armchair(cloth), (x, 0, z), turned(side * 0.55))
    _table(room, sheet, shine, n, wood, side)
    wreckage(room, sheet)
    party(room, sheet)
    depth = room.back * 0.8
    return [Layer("furniture", sheet, depth), Layer("furniture light", shine, depth, glows=True, movement="flicker")]


def _table(room: Room, sheet: Floats, shine: Floats, n: Vector, wood: Vector, side: float) -> None:
    """The table with its chairs, one of which falls over with decay; on it a vase, a candle, and for a feast a cake."""
    scene, wide = room.stage.scene, min(1.3, room.half * 0.75)
    x, z = -side * room.half * 0.12, room.back - 2.3
    fallen = float(smoothstep(0.45, 0.75, scene["decay"]))
    for cx, cz, yaw, down in ((x - wide * 0.72, z + 0.25, -1.25, fallen), (x + wide * 0.74, z + 0.1, 1.2, 0.0)):
        cx, cz = cx - 0.25 * down, cz - 0.3 * down
        shadowed(room, sheet, (cx, cz), (0.5 + 0.4 * down, 0.5))
        placed(room, sheet, chair(wood, wood * 1.15), (cx, 0.22 * down, cz), turned(yaw + 0.6 * down, 1.5 * down))
    shadowed(room, sheet, (x, z), (wide * 1.05, 0.85), 0.5)
    placed(room, sheet, table(wood, wide, 0.8), (x, 0, z))
    _vase(room, sheet, x + wide * 0.18, z, n)
    _candle(room, sheet, shine, x - wide * 0.03, z)
    cake(room, sheet, shine, x - wide * 0.26, z)


def _vase(room: Room, sheet: Floats, x: float, z: float, n: Vector) -> None:
    scene, pen = room.stage.scene, room.pen(sheet)
    own = scene.rng("bouquet").random((40, 6))
    fresh, share = scene["lush"] * (1 - 0.8 * scene["decay"]), float(smoothstep(0.02, 0.7, scene["flowers"]))
    light = room.light_at(x, 1.1, z, (0.0, 0.5, -0.86)) * 1.25
    leaf = mixed(hue("6b5a34"), hue("4a7a35"), fresh)
    colours = [hue(BLOOM[int(n[6] * 6)]), hue(BLOOM[int(n[7] * 6)]), hue("f2ead8")]
    turns = np.linspace(0, 2 * np.pi, 11)[:-1]
    for i, (a, b, c, d, e, f) in enumerate(own[: int(np.ceil(40 * share))]):
        grown = float(np.clip(40 * share - i, 0, 1))
        lean, tall = (a - 0.5) * 0.62, 0.22 + 0.3 * b - 0.12 * (1 - fresh) * abs(a - 0.5)
        tip, high, deep = x + lean, 1.0 + tall - 0.35 * abs(lean), z + 0.2 * (c - 0.5)
        root = x + 0.04 * (a - 0.5)
        pen.outline([(root, 1.0), (tip, high), (tip + 0.012, high), (root + 0.012, 1.0)], z, leaf * light * 0.7, grown)
        bloom = mixed(colours[i % 3], hue("6b4f34"), 0.75 * (1 - fresh)) * (0.75 + 0.4 * e)
        tone = bloom if d < 0.7 else leaf * (0.6 + e)
        radius = (0.042 + 0.045 * e) * (1 + 0.25 * np.cos(5 * (turns + 6 * d))) * grown
        heart = mixed(tone, hue("f4d23c"), 0.5 * f) * 0.8
        for size, colour in ((1.0, tone), (0.35, heart)):
            petals = np.stack(
                [tip + size * radius * np.cos(turns + 6 * d), high + 0.85 * size * radius * np.sin(turns + 6 * d)], 1
            )
            pen.outline(petals, deep, colour * light)
    profile = [(0.05, 0.76), (0.1, 0.86), (0.085, 0.95), (0.05, 1.01), (0.065, 1.05)]
    turned_body(room, sheet, x, z, profile, hue(GLAZE[int(n[5] * len(GLAZE))]))


def _candle(room: Room, sheet: Floats, shine: Floats, x: float, z: float) -> None:
    room.pen(sheet).disc((x, 0.765, z), 0.075, hue("8a7040") * room.light_at(x, 0.85, z, (0.0, 0.3, -0.95)))
    turned_body(room, sheet, x, z, [(0.02, 0.76), (0.02, 0.95)], hue("e8dfc8"))
    dark = smoothstep(0.1, 0.6, lamplight(room.stage.light))
    flame(room, shine, (x, 0.96, z), float(dark * smoothstep(0.02, 0.2, room.stage.scene["lamps"])))


def _floor_lamp(room: Room, sheet: Floats, shine: Floats) -> None:
    """A standing lamp with a shade."""
    (x, y, z), decay = room.lamp, room.stage.scene["decay"]
    pen = room.pen(sheet)
    shadowed(room, sheet, (x, z), (0.4, 0.35))
    pen.disc((x, 0.02, z), 0.16, hue("4a3c2c") * room.light_at(x, 0.05, z, (0.0, 1.0, 0.0)))
    turned_body(room, sheet, x, z, [(0.016, 0.02), (0.016, y)], hue("5a4a34"))
    lean = 0.12 * float(smoothstep(0.4, 0.9, decay))
    cloth = mixed(hue("e4d2a8"), hue("7a705f"), 0.5 * decay) * np.minimum(room.light_at(x, y, z), 0.9)
    shade = cloth * (1 - 0.6 * min(1.0, room.lit)) + np.array([1.15, 0.78, 0.37]) * room.lit
    low, top = y - 0.12, y + 0.22
    for k in range(10):
        u, v = np.sin(np.pi * (k / 10 - 0.5)), np.sin(np.pi * ((k + 1) / 10 - 0.5))
        body = [(x + u * 0.24, low), (x + u * 0.15 + lean, top), (x + v * 0.15 + lean, top), (x + v * 0.24, low)]
        pen.outline(body, z, shade * (1 - 0.3 * abs((u + v) / 2)))
    scale = room.stage.focal / z
    for radius, strength in ((0.3, 0.3), (0.9, 0.1)):
        soft = BULB * strength * room.lit
        soft_spot(shine, room.seen([(x, y + 0.04, z)])[0], (radius * scale, radius * scale), soft)


def _shelf(room: Room, sheet: Floats, side: float, wood: Vector) -> None:
    books = room.stage.scene.rng("books").random((5, 26, 4))
    x, z = -side * (room.half - 0.17), room.back - 0.95
    shadowed(room, sheet, (x, z), (0.45, 1.3))
    gone = 0.75 * float(smoothstep(0.2, 1.0, room.stage.scene["decay"]))
    placed(room, sheet, bookshelf(wood, books, [hue(c) for c in SPINES], gone), (x, 0, z), turned(side * np.pi / 2))


def _pictures(room: Room, sheet: Floats, side: float) -> None:
    """Framed pictures on the side walls; decay hangs them askew."""
    scene, rng = room.stage.scene, room.stage.scene.rng("pictures")
    for i in range(4):
        n = rng.random(10)
        on = side if i % 2 else -side
        x, z0, low = on * (room.half - 0.012), room.back - 2.2 - 0.85 * (i // 2), 1.38 + 0.15 * n[2]
        board = _landscape(0.42 + 0.3 * n[0], 0.34 + 0.3 * n[1], room.stage.height / 6, n)
        board.times(np.full(board.size, 1 - 0.35 * scene["decay"], np.float32))
        tip = 0.3 * (n[8] - 0.5) * float(smoothstep(0.2, 0.9, scene["decay"]))
        a, b = (z0, z0 + board.width_m) if on < 0 else (z0 + board.width_m, z0)
        top = low + board.height_m
        corners = [(x, top + tip, a), (x, top - tip, b), (x, low - tip, b), (x, low + tip, a)]
        room.pen(sheet).face([(px, py - 0.04, pz - 0.02) for px, py, pz in corners], (0, 0, 0), 0.45)
        surface(room, sheet, board, corners, (-on, 0.0, 0.0))


def _landscape(wide: float, tall: float, px_per_m: float, n: Vector) -> Board:
    """A small painted landscape in its frame."""
    board, m = Board(wide, tall, px_per_m), 0.055
    board.rect(0, 0, wide, tall, hue(("7a5a2c", "3a2a1e", "b08a45")[int(n[3] * 3)]))
    sky = mixed(hue("c9d4d8"), hue("d8b888"), n[4])
    for k in range(6):
        board.rect(m, m + (tall - 2 * m) * k / 6, wide - m, tall - m, mixed(hue("56663f"), sky, k / 6) * 0.9)
    xs = np.linspace(m, wide - m, 12)
    ys = tall * (0.38 + 0.14 * np.sin(xs * (9 + 9 * n[5]) + 6 * n[6]))
    board.poly([(m, m), *zip(xs, ys, strict=True), (wide - m, m)], mixed(hue("4f5f3a"), hue("6b5a40"), n[7]))
    return board


def _rug(room: Room, sheet: Floats, n: Vector) -> None:
    """A woven rug with borders and lozenges; it wears into holes."""
    decay, half, z0, z1 = room.stage.scene["decay"], room.half * 0.62, room.back - 3.3, room.back - 1.3
    board = Board(2 * half, z1 - z0, room.stage.height / 9)
    base, second, pale = hue(CLOTH[int(n[10] * 6)]), hue(CLOTH[int(n[11] * 6)]), hue(PALE)
    tall = z1 - z0
    for inset, tone in ((0.0, base), (0.08, pale), (0.13, second * 0.8), (0.26, pale * 0.7), (0.29, base * 0.72)):
        board.rect(inset, inset, 2 * half - inset, tall - inset, tone)
    for k in range(9):
        x = 2 * half * (k + 0.5) / 9
        for y, r in ((tall * 0.5, 0.12), (tall * 0.28, 0.07), (tall * 0.72, 0.07)):
            board.poly([(x - r, y), (x, y - r * 1.3), (x + r, y), (x, y + r * 1.3)], second if k % 2 else pale)
    weave = fractal(np.random.default_rng(5), *board.size, 4, cells=22.0, keep=0.8)
    board.times(((1 - 0.5 * decay) * (1 + 0.16 * weave)).astype(np.float32))
    worn = fractal(np.random.default_rng(int(n[12] * 2**31)), *board.size, 4, cells=3.0)
    board.rgba *= (1 - smoothstep(0.0, 0.08, worn - 2.0 + 1.6 * decay))[..., None]
    corners = [(-half, 0.005, z1), (half, 0.005, z1), (half, 0.005, z0), (-half, 0.005, z0)]
    surface(room, sheet, board, corners, (0.0, 1.0, 0.0))
