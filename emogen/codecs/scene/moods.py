"""What comes into a room with a mood: a door ajar and someone's shadow (threat), rubble and cobwebs (decay), a party (feast)."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, lamplight
from emogen.codecs.scene.colours import BULB, hue, mixed
from emogen.codecs.scene.interior import Room, surface
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.pen import soft_spot
from emogen.codecs.scene.solids import Block, placed, turned, turned_body
from emogen.codecs.scene.stage import Floats

PARTY = ("e0453a", "f2b632", "3f9ad0", "58b05a", "d85a9a")
RUBBLE = ("b8ac98", "8a7a66", "6b5a48", "d8d0c0", "5a3f2a")
#: The outline of someone with hanging arms, right half, from the middle of the feet up: (aside, height), of height 1.
FIGURE = (
    (0.0, 0.0), (0.2, 0.0), (0.17, 0.42), (0.2, 0.66), (0.34, 0.42), (0.41, 0.27), (0.45, 0.3), (0.37, 0.46), (0.27, 0.78),
    (0.1, 0.83), (0.1, 0.88), (0.13, 0.93), (0.09, 0.99), (0.0, 1.0),
)  # fmt: skip


def door(room: Room, sheet: Floats, side: float, wood: NDArray[np.float64]) -> None:
    """A door in the side wall near us; with threat it stands open into the dark."""
    ajar = float(smoothstep(0.1, 0.9, room.stage.scene["threat"]))
    x, z0, z1, high = side * (room.half - 0.01), room.back - 3.4, room.back - 2.5, min(2.05, room.high - 0.25)
    paint, edge = mixed(wood, hue("d8d0c0"), 0.35), 0.12
    board = Board(z1 - z0 + 2 * edge, high + edge, room.stage.height / 7)
    w = board.width_m
    board.rect(0, 0, w, high + edge, paint * 0.9)
    board.rect(0.1, 0, w - 0.1, high + 0.02, paint * 0.35)
    board.rect(edge, 0, w - edge, high, mixed(paint, (0.002, 0.002, 0.003), min(1.0, 2.5 * ajar)))
    for low, top in ((0.15, 0.85), (1.0, high - 0.15)):
        for a, b in ((0.24, w / 2 - 0.06), (w / 2 + 0.06, w - 0.24)):
            board.rect(a, low, b, top, paint * 0.65, cover=max(0.0, 1 - 2.5 * ajar))
    a, b = (z0 - edge, z1 + edge) if side < 0 else (z1 + edge, z0 - edge)
    corners = [(x, high + edge, a), (x, high + edge, b), (x, 0.0, b), (x, 0.0, a)]
    surface(room, sheet, board, corners, (-side, 0.0, 0.0))
    if ajar > 0:
        long = z1 - z0
        leaf = [Block((0.0, high / 2, -long / 2), (0.045, high, long), paint)]
        for u in (0.28, 0.72):
            leaf += [
                Block((0.0, y, -long * u), (0.055, tall, long * 0.3), paint * 0.7, 0.7)
                for y, tall in ((0.5, 0.66), (1.4, 0.9))
            ]
        leaf += [Block((0.0, 1.0, -long * 0.93), (0.14, 0.03, 0.09), hue("b08a45"))]
        placed(room, sheet, leaf, (x - side * 0.03, 0, z1), turned(side * 0.8 * ajar))


def looming_shadow(room: Room, sheet: Floats) -> None:
    """The long shadow of someone on the far wall and the floor."""
    strength = 0.85 * float(smoothstep(0.3, 0.9, room.stage.scene["threat"]))
    if strength <= 0:
        return
    x, z, tall = (-1.0 if room.lamp[0] > 0 else 1.0) * room.half * 0.74, room.back - 0.01, room.high * 0.93
    mask = room.stage.empty()
    pen = room.pen(mask)
    outline = [*FIGURE, *((-u, v) for u, v in reversed(FIGURE))]
    pen.outline([(x + u * 1.25, v * tall) for u, v in outline], z, (0, 0, 0), strength)
    feet = [(x - 0.2, 0.0, z), (x + 0.2, 0.0, z), (x * 0.8 + 0.16, 0.0, z - 1.6), (x * 0.8 - 0.3, 0.0, z - 1.6)]
    pen.face(feet, (0, 0, 0), strength * 0.8)
    alpha = cv2.GaussianBlur(np.ascontiguousarray(mask[..., 3]), (0, 0), max(0.7, 0.006 * room.stage.height))
    sheet *= 1 - alpha[..., None]
    sheet[..., 3] += alpha


def wreckage(room: Room, sheet: Floats) -> None:
    """Rubble, papers and splinters on the floor, cobwebs in the corners."""
    decay, rng, pen = room.stage.scene["decay"], room.stage.scene.rng("wreckage"), room.pen(sheet)
    own, turns = rng.random((90, 6)), rng.random((90, 6))
    for (u, v, t, r, kind, tint), turn in zip(own, turns, strict=True):
        size = (0.03 + 0.1 * r**2) * float(smoothstep(0.0, 0.15, decay - 0.1 - 0.85 * t))
        if size < 0.004:
            continue
        x, z = (2 * u - 1) * room.half * 0.95, room.back - 0.2 - (room.back - 2.0) * v
        angles = np.sort(turn) * 2 * np.pi
        long, lift = 2.2 if kind > 0.7 else 1.0, 0.0 if kind < 0.3 else 0.5 * size
        flat = [(x + long * size * np.cos(a), 0.0, z + size * np.sin(a)) for a in angles]
        pen.face([(px, 0.0, pz - 0.03) for px, _, pz in flat], (0, 0, 0), 0.45)
        tone = hue(RUBBLE[int(tint * len(RUBBLE))]) * room.light_at(x, 0.03, z, (0.0, 0.9, -0.4))
        pen.face([(px, lift * max(0.0, np.sin(a)), pz) for (px, _, pz), a in zip(flat, angles, strict=True)], tone)
    _cobwebs(room, sheet, 0.5 * float(smoothstep(0.25, 0.9, decay)))


def _cobwebs(room: Room, sheet: Floats, cover: float) -> None:
    if cover <= 0:
        return
    tone, pen = 0.8 * room.light_at(0.0, room.high - 0.3, room.back - 0.3), room.pen(sheet)

    def thread(a: NDArray[np.float64], b: NDArray[np.float64], strength: float) -> None:
        thick = np.array([0.006, 0.006, 0.0])
        pen.face([tuple(p) for p in (a, b, b + thick, a + thick)], tone, strength)

    for side in (-1, 1):
        corner = np.array([side * room.half, room.high, room.back])
        ways = [
            np.array([-side * np.cos(a), -np.sin(a), -0.28 * (i % 2)]) for i, a in enumerate(np.linspace(0.08, 1.5, 6))
        ]
        for way in ways:
            thread(corner, corner + 0.9 * way, cover)
        for share in (0.35, 0.55, 0.75, 0.95):
            for a, b in pairwise(ways):
                thread(corner + 0.9 * share * a, corner + 0.9 * share * b, cover * 0.8)


def flame(room: Room, shine: Floats, at: tuple[float, float, float], strength: float) -> None:
    """A candle's flame and its glow."""
    if strength <= 0:
        return
    scale, centre = room.stage.focal / at[2], room.seen([(at[0], at[1] + 0.03, at[2])])[0]
    for radii, level in (((0.012, 0.032), 2.4), ((0.12, 0.12), 0.3), ((0.6, 0.5), 0.05)):
        soft_spot(shine, centre, (radii[0] * scale, radii[1] * scale), BULB * level * strength)


def cake(room: Room, sheet: Floats, shine: Floats, x: float, z: float) -> None:
    """A cake of two tiers with candles; it grows out of the table with `feast`."""
    grown, pen = float(smoothstep(0.0, 0.3, room.stage.scene["feast"])), room.pen(sheet)
    if grown <= 0:
        return
    light = room.light_at(x, 0.85, z, (0.0, 0.3, -0.95))
    pen.disc((x, 0.765, z), 0.26 * grown, hue("d8d8dc") * light)
    for radius, low, high in ((0.2, 0.76, 0.88), (0.14, 0.88, 0.98)):
        radius, low, high = radius * grown, 0.76 + (low - 0.76) * grown, 0.76 + (high - 0.76) * grown
        turned_body(room, sheet, x, z, [(radius, low), (radius, high)], hue("f0d8cc"))
        turned_body(room, sheet, x, z, [(radius * 1.02, high - 0.03 * grown), (radius * 1.02, high)], hue("d0506a"))
        pen.disc((x, high, z), radius, hue("faf0e6") * light * 1.1)
    for i, colour in enumerate(PARTY):
        px, low, top = x + (i - 2) * 0.05 * grown, 0.76 + 0.22 * grown, 0.76 + 0.31 * grown
        turned_body(room, sheet, px, z, [(0.007 * grown, low), (0.007 * grown, top)], hue(colour))
        flame(room, shine, (px, top, z), 0.6 * grown * max(0.5, lamplight(room.stage.light)))


def party(room: Room, sheet: Floats) -> None:
    """Bunting under the ceiling, and balloons."""
    feast, pen = room.stage.scene["feast"], room.pen(sheet)
    grown = float(smoothstep(0.02, 0.35, feast))
    if grown <= 0:
        return
    for z, drop in ((room.back - 0.4, 0.35), (room.back - 2.0, 0.5)):
        xs = np.linspace(-room.half, room.half, 15)
        ys = room.high - 0.12 - drop * grown * (1 - (xs / room.half) ** 2)
        for i, ((x0, y0), (x1, y1)) in enumerate(pairwise(zip(xs, ys, strict=True))):
            light = room.light_at(x0, y0, z) * 1.4
            pen.outline([(x0, y0), (x1, y1), (x1, y1 + 0.012), (x0, y0 + 0.012)], z, hue("d8d0c0") * light, grown)
            flag = [(x0 + 0.02, y0), (x1 - 0.02, y1), ((x0 + x1) / 2, (y0 + y1) / 2 - 0.26 * grown)]
            pen.outline(flag, z, hue(PARTY[i % len(PARTY)]) * light)
    for i, (u, v, w, t) in enumerate(room.stage.scene.rng("party").random((14, 4))):
        size = (0.15 + 0.04 * t) * float(smoothstep(0.0, 0.15, 1.2 * feast - t))
        x, y, z = (
            (1 if i % 2 else -1) * room.half * (0.5 + 0.45 * u),
            room.high - 0.3 - 0.9 * v,
            room.back - 0.5 - 1.8 * w,
        )
        if size > 0:
            _balloon(room, sheet, (x, y, z), size, hue(PARTY[i % len(PARTY)]))


def _balloon(room: Room, sheet: Floats, at: tuple[float, float, float], r: float, rgb: NDArray[np.float64]) -> None:
    (x, y, z), pen = at, room.pen(sheet)
    light = room.light_at(x, y, z, (0.0, 0.3, -0.95)) * 1.3
    string = [(x, y - r), (x + 0.04, y - r - 0.7), (x + 0.047, y - r - 0.7), (x + 0.007, y - r)]
    pen.outline(string, z, hue("c8c0b0") * light)
    turns = np.linspace(0, 2 * np.pi, 33)[:-1]
    for shrink, gain in ((1.0, 0.75), (0.82, 1.0), (0.5, 1.2), (0.16, 2.2)):
        off, size = (1 - shrink) * 0.35 * r, r * shrink
        pen.outline(
            np.stack([x - off + size * np.cos(turns), y + off + 1.15 * size * np.sin(turns)], 1),
            z,
            rgb * light * gain,
            0.9,
        )
