"""A tower or block of a modern city: two faces with a grid of panes, a top, and what ruin does to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, jagged, lamplight, weathering
from emogen.codecs.scene.colours import BULB, hue, mixed
from emogen.codecs.scene.noise import fractal, smoothstep
from emogen.codecs.scene.pen import TOWARDS, Pen
from emogen.codecs.scene.stage import Floats, Stage

FACES = ("9a9388", "7f8790", "a8927a", "6f7a86", "b5aa98", "8a7466", "5f6f80", "c2b8a8", "7d6a5e")


def tower(stage: Stage, pen: Pen, x: float, z: float, wide: float, tall: float, n: NDArray[np.float64]) -> None:
    """Draws one tower.

    Args:
        stage: The picture.
        pen: Where to.
        x: Its middle (m).
        z: How far (m).
        wide: Of both faces together (m).
        tall: Up to its roof (m).
        n: At least 11 random numbers: its tastes.
    """
    scale = stage.focal / z
    left = float(stage.column(x - wide / 2, z))
    if left > stage.width or left + wide * scale < 0:
        return
    top = {0: 0.0, 1: 0.28 * tall * n[1], 2: 0.12 * tall}[int(n[0] * 3)] + 0.02 * tall
    board = Board(wide, tall + top, float(np.clip(2.0 * scale, 0.3, 12.0)))
    faces = _painted(stage, board, wide, tall, n)
    image = board.lit(faces, 1.0)
    a, b, high = x - wide / 2, x + wide / 2, tall + top
    pen.lay(image, [(a, high, z), (b, high, z), (b, 0, z), (a, 0, z)])


def _painted(stage: Stage, board: Board, wide: float, tall: float, n: NDArray[np.float64]) -> Floats:
    """Paints the board; returns the light on it [h, w, 3]."""
    scene, light = stage.scene, stage.light
    rng = np.random.default_rng(int(n[2] * 2**31))
    split = wide * (0.22 + 0.2 * n[3])
    if n[4] < 0.5:
        split = wide - split
    tone = mixed(hue(FACES[int(n[5] * len(FACES))]), hue("6b645c"), 0.5 * scene["decay"])
    _outline(board, wide, tall, split, tone, n)
    y, x = board.heights(), board.places()
    glassy = n[6] > 0.5
    floors, bays = max(3, int(tall / (3.3 if glassy else 3.7))), max(3, int(wide / (2.2 if glassy else 2.9)))
    row, column = (
        np.minimum((y / tall * floors).astype(int), floors - 1),
        np.minimum((x / wide * bays).astype(int), bays - 1),
    )
    own = rng.random((floors, bays, 3)).astype(np.float32)
    floor_lit = rng.random((floors, 1)).astype(np.float32)
    fy, fx = (y / tall * floors) % 1, (x / wide * bays) % 1
    gap = 0.12 if glassy else 0.24
    across, upwards = np.minimum(fx, 1 - fx), np.minimum(fy, 1 - fy)
    pane = smoothstep(gap - 0.06, gap + 0.06, across) * smoothstep(0.14, 0.24, upwards) * (y < tall)
    lit_at = 0.65 * own[..., 0] + 0.35 * floor_lit
    powered = smoothstep(0.0, 0.15, 1.05 - scene["decay"] * (0.55 + own[..., 2])) * float(
        smoothstep(0.0, 0.05, scene["lamps"])
    )
    on = smoothstep(-0.04, 0.06, 0.62 * scene["lamps"] - lit_at) * powered
    gone = smoothstep(0.0, 0.1, scene["decay"] - 0.15 - 0.8 * own[..., 1])[row, column] * pane
    facing = light.on(TOWARDS)
    sky = (0.55 * light.sky_rgb + 0.45 * light.haze_rgb) / np.maximum(facing, 0.03)
    glass = np.clip(sky * (0.5 if glassy else 0.3), 0, 0.8)
    shade = (0.8 + 0.4 * own[..., 1])[row, column]
    cover = board.rgba[..., 3:]
    board.rgba[..., :3] = (
        board.rgba[..., :3] * (1 - pane)[..., None] + pane[..., None] * shade[..., None] * glass * cover
    )
    board.times((1 - 0.92 * gone).astype(np.float32))
    warm = np.stack([mixed(BULB, (1.0, 0.82, 0.6), t) for t in (0.0, 0.35, 0.7, 1.0)]).astype(np.float32)
    colour = warm[np.minimum((own[..., 2] * 4).astype(int), 3)]
    strength = on * (0.12 + 0.88 * own[..., 1] ** 2) * lamplight(light)
    board.glow += (colour * strength[..., None])[row, column] * (pane * (1 - gone))[..., None] * cover
    _ruin(board, scene["decay"], tall, rng, n)
    grime = weathering(rng, board, tall)
    board.times((1 + 0.08 * grime - 0.22 * (1 - smoothstep(0.0, 0.25 * tall, y))).astype(np.float32))
    turn = np.array([np.sign(0.5 - n[4]) * -0.8, 0.0, -0.6])
    other = light.on(turn) * 0.85
    side = (x < split) if n[4] < 0.5 else (x > split)
    return np.where(side[..., None], other, facing * np.ones((1, 1, 3))).astype(np.float32) * np.ones(
        (*board.size, 1), np.float32
    )


def _outline(
    board: Board, wide: float, tall: float, split: float, tone: NDArray[np.float64], n: NDArray[np.float64]
) -> None:
    kind, crown = int(n[0] * 3), int(n[7] * 4)
    inset = wide * (0.1 + 0.12 * n[8])
    if kind == 0:
        board.rect(0, 0, wide, tall, tone)
        board.rect(inset, tall, inset + wide * 0.3, tall * 1.02, tone * 0.7)
        return
    if kind == 1:  # steps back and ends in a mast
        step = tall * (0.55 + 0.3 * n[9])
        board.rect(0, 0, wide, step, tone)
        board.rect(inset, 0, wide - inset, tall, tone)
        mast = wide * 0.04
        board.rect(wide / 2 - mast, tall, wide / 2 + mast, tall * (1 + 0.26 * n[1]), tone * 0.6)
        return
    board.rect(0, 0, wide, tall, tone)
    peak = tall * 1.11
    crowns = {
        0: [(0, tall), (wide, tall), (wide, peak)],
        1: [(0, tall), (wide / 2, peak), (wide, tall)],
        2: [(0, tall), (inset, peak), (wide - inset, peak), (wide, tall)],
        3: [(0, tall), (0, peak), (wide, tall)],
    }
    board.poly(crowns[crown], tone * 0.85)


def _ruin(board: Board, decay: float, tall: float, rng: np.random.Generator, n: NDArray[np.float64]) -> None:
    """Broken tops and holes."""
    worn = fractal(rng, *board.size, 5, cells=5.0, keep=0.65)
    ragged = 0.2 * (jagged(rng, board) - 0.5) + 0.02 * weathering(rng, board, 0.5 * tall, 0.4)
    left = tall * (1.4 - float(smoothstep(0.35, 1.0, decay)) * (0.5 + 0.75 * n[10] ** 1.5) + ragged)
    stand = smoothstep(0.0, 0.012 * tall, left - board.heights())
    hole = smoothstep(0.0, 0.25, worn - 2.3 + 1.5 * decay + 0.4 * decay * (board.heights() / tall))
    board.rgba *= stand[..., None]
    board.glow *= (stand * (1 - hole))[..., None]
    board.times((1 - 0.9 * hole).astype(np.float32))
