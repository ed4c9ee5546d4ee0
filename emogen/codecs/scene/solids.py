"""Things of a room built from blocks: turned, overturned, lit by the room, laid far to near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.colours import Rgb
from emogen.codecs.scene.interior import Room
from emogen.codecs.scene.pen import laid, soft_spot
from emogen.codecs.scene.stage import Floats

Vector = NDArray[np.float64]
_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
#: Faces of a block: outward axis, its sign, and the corners (of `_CORNERS`) around it, upper left first where upright.
_FACES = (
    (0, -1, (3, 2, 0, 1)), (0, 1, (6, 7, 5, 4)), (1, -1, (0, 4, 5, 1)),
    (1, 1, (3, 7, 6, 2)), (2, -1, (2, 6, 4, 0)), (2, 1, (7, 3, 1, 5)),
)  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A block: its middle and size (m), colour, and how much its edges are rounded off by light (0..1)."""

    middle: tuple[float, float, float]
    size: tuple[float, float, float]
    rgb: Rgb
    soft: float = 0.25


def turned(yaw: float, roll: float = 0.0, pitch: float = 0.0) -> Vector:
    """The rotation about the upright axis (rad), after one about the axes away from us and to the right."""
    a, b, c = (np.array([np.cos(v), np.sin(v)]) for v in (yaw, roll, pitch))
    upright = np.array([[a[0], 0, a[1]], [0, 1, 0], [-a[1], 0, a[0]]])
    about_z = np.array([[b[0], -b[1], 0], [b[1], b[0], 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, c[0], -c[1]], [0, c[1], c[0]]])
    return np.asarray(upright @ about_z @ about_x)


def placed(
    room: Room, sheet: Floats, blocks: list[Block], at: tuple[float, float, float], turn: Vector | None = None
) -> None:
    """Lays blocks, given about their own origin, at a place in the room, far to near."""
    turn = np.eye(3) if turn is None else turn
    middles = np.array([b.middle for b in blocks]) @ turn.T + at
    eye = np.array([0.0, room.eye, 0.0])
    for i in np.argsort(-np.linalg.norm(middles - eye, axis=1)):
        block = blocks[i]
        corners = (_CORNERS * block.size) @ turn.T + middles[i]
        if corners[:, 2].min() > 0.4:
            _faces(room, sheet, block, corners, middles[i], turn, eye)


def _faces(room: Room, sheet: Floats, block: Block, corners: Vector, middle: Vector, turn: Vector, eye: Vector) -> None:
    for axis, sign, around in _FACES:
        normal = turn[:, axis] * sign
        quad = corners[list(around)]
        if normal @ (eye - quad.mean(0)) <= 0:
            continue
        n = 7
        v, u = np.mgrid[0:n, 0:n][..., None] / (n - 1.0)
        at = (quad[0] * (1 - u) * (1 - v) + quad[1] * u * (1 - v) + quad[2] * u * v + quad[3] * (1 - u) * v).astype(
            np.float32
        )
        light = room.light(at, normal)
        rim = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v)) * 2
        foot = 0.72 + 0.28 * np.clip(at[..., 1:2] / 0.35, 0, 1)
        tone = light * np.asarray(block.rgb, np.float32) * (1 - block.soft * (1 - rim) ** 2) * foot
        image = np.dstack([tone, np.ones((n, n, 1))]).astype(np.float32)
        image = cv2.resize(image, (28, 28), interpolation=cv2.INTER_CUBIC)
        laid(sheet, image, room.seen(quad))


def shadowed(
    room: Room, sheet: Floats, at: tuple[float, float], size: tuple[float, float], strength: float = 0.55
) -> None:
    """The soft dark under a thing of some size (m) that stands on the floor at (x, z)."""
    x, z = at[0] - 0.05 * at[0], at[1] - 0.08
    scale = room.stage.focal / z
    deep = max(1.0, size[1] * 0.62 * scale * room.eye / z)
    soft_spot(sheet, room.seen([(x, 0.0, z)])[0], (size[0] * 0.66 * scale, deep), (0, 0, 0), cover=strength)


def turned_body(
    room: Room, sheet: Floats, x: float, z: float, profile: Sequence[tuple[float, float]], rgb: Rgb
) -> None:
    """A body turned on a lathe: (radius, height) from its foot to its rim, lit across."""
    pen, strips = room.pen(sheet), 12
    for k in range(strips):
        u, v = np.sin(np.pi * (k / strips - 0.5)), np.sin(np.pi * ((k + 1) / strips - 0.5))
        across = (u + v) / 2
        light = room.light_at(
            x + across * profile[1][0], profile[1][1], z, (across, 0.1, -float(np.sqrt(1 - across**2)))
        )
        left = [(x + u * r, y) for r, y in profile]
        pen.outline(left + [(x + v * r, y) for r, y in reversed(profile)], z, np.asarray(rgb) * light)


def chair(rgb: Rgb, seat: Rgb) -> list[Block]:
    """A wooden chair that faces us; its origin is the floor under its middle."""
    out = [Block((x, 0.225, z), (0.045, 0.45, 0.045), rgb) for x in (-0.19, 0.19) for z in (-0.19, 0.19)]
    out += [Block((x, 0.72, 0.19), (0.045, 0.54, 0.045), rgb) for x in (-0.19, 0.19)]
    out += [Block((0, 0.47, 0), (0.44, 0.05, 0.44), seat)]
    return out + [Block((0, y, 0.19), (0.36, 0.08, 0.03), rgb) for y in (0.66, 0.80, 0.94)]


def table(rgb: Rgb, wide: float, deep: float) -> list[Block]:
    """A table with four legs."""
    out = [
        Block((x * (wide / 2 - 0.07), 0.36, z * (deep / 2 - 0.07)), (0.07, 0.72, 0.07), rgb)
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    out += [Block((0, 0.67, -deep / 2 + 0.08), (wide - 0.2, 0.09, 0.03), np.asarray(rgb) * 0.8)]
    return [*out, Block((0, 0.735, 0), (wide, 0.045, deep), rgb, 0.1)]


def armchair(rgb: Rgb) -> list[Block]:
    """A deep chair with cushions that faces us."""
    cloth = np.asarray(rgb)
    return [
        Block((0, 0.16, 0), (0.82, 0.22, 0.78), cloth * 0.8, 0.4), Block((0, 0.62, 0.33), (0.84, 0.86, 0.18), cloth, 0.5),
        Block((-0.37, 0.38, 0.0), (0.16, 0.5, 0.78), cloth * 0.95, 0.5), Block((0.37, 0.38, 0.0), (0.16, 0.5, 0.78), cloth * 0.95, 0.5),
        Block((0, 0.35, -0.05), (0.58, 0.17, 0.68), cloth * 1.1, 0.6), Block((0, 0.66, 0.2), (0.54, 0.48, 0.12), cloth * 1.12, 0.6),
    ]  # fmt: skip


def bed(wood: Rgb, cover: Rgb) -> list[Block]:
    """A bed whose head is at the far end."""
    return [
        Block((0, 0.55, 1.0), (1.1, 1.05, 0.07), wood), Block((0, 0.36, -1.0), (1.1, 0.66, 0.06), wood),
        Block((0, 0.28, 0), (1.04, 0.16, 1.94), wood), Block((0, 0.44, 0), (1.0, 0.18, 1.9), (0.75, 0.72, 0.66), 0.5),
        Block((0, 0.5, -0.25), (1.08, 0.16, 1.38), cover, 0.5), Block((0, 0.58, 0.7), (0.72, 0.16, 0.4), (0.8, 0.78, 0.74), 0.7),
    ]  # fmt: skip


def bookshelf(wood: Rgb, books: NDArray[np.float64], palette: list[Vector], gone: float) -> list[Block]:
    """A shelf 1.2 m wide that faces us, with rows of books; a share of them is gone."""
    wood = np.asarray(wood)
    out = [Block((0, 1.0, 0.13), (1.2, 2.0, 0.02), wood * 0.45)]
    out += [Block((x, 1.0, 0), (0.04, 2.0, 0.28), wood) for x in (-0.58, 0.58)]
    out += [Block((0, 0.05 + 0.385 * i, 0), (1.16, 0.035, 0.27), wood) for i in range(6)]
    for row in range(5):
        x = -0.54
        for n in books[row]:
            wide, tall = 0.035 + 0.04 * n[0], 0.2 + 0.11 * n[1]
            if x + wide > 0.54:
                break
            if n[2] > gone:
                tone = palette[int(n[3] * len(palette))] * (0.5 + 0.6 * n[2])
                out.append(Block((x + wide / 2, 0.07 + 0.385 * row + tall / 2, -0.02), (wide, tall, 0.2), tone, 0.4))
            x += wide + (0.12 if n[0] > 0.93 else 0.003)
    return out
