"""A window of a house front: its own thresholds for being lit, broken and boarded up, and its painting on a board."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board
from emogen.codecs.scene.colours import AWNING, BLOOM, BULB, SNOW, WOOD, hue, mixed
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.scene import Scene

FINE_PX = 24.0  # pixels of a metre below which bars, slats, curtains and shards are left out (own choice)
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """One window: its rectangle (m) and its own thresholds 0..1 and tastes."""

    x: float
    y: float
    wide: float
    tall: float
    seed: int
    lit_at: float
    broken_at: float
    boarded_at: float
    shutter: float
    curtain: float
    bloom_at: float
    tint: float


@dataclass(frozen=True)
class Surround:
    """What a window shares with its house: colours, and whether it has shutters."""

    wall: Vector
    trim: Vector
    wood: Vector
    shutters: bool


def painted_window(w: Window, around: Surround, scene: Scene, board: Board, glass: Vector, lamp: float) -> None:
    """Paints a window on a board.

    Args:
        w: Which.
        around: Of its house.
        scene: In which state.
        board: Where to.
        glass: What panes show of the sky, divided by the light on the wall [3].
        lamp: How bright lit rooms are.
    """
    decay, trim, wall = scene["decay"], around.trim, around.wall
    x0, x1, y0, y1 = w.x, w.x + w.wide, w.y, w.y + w.tall
    fine = board.px_per_m > FINE_PX
    board.rect(x0 - 0.14, y0 - 0.1, x1 + 0.14, y1 + 0.16, trim * 0.95)
    board.rect(x0 - 0.16, y1 + 0.14, x1 + 0.16, y1 + 0.26, trim * 1.05)
    board.rect(x0, y0, x1, y1, wall * 0.22)
    on = smoothstep(-0.04, 0.06, scene["lamps"] - 0.02 - 0.94 * w.lit_at) * smoothstep(0.0, 0.05, scene["lamps"])
    light = mixed(BULB, (1.0, 0.74, 0.42), w.tint) * (0.55 + 0.6 * w.tint) * lamp * float(on)
    broken = float(smoothstep(0.0, 0.12, decay - 0.05 - 0.9 * w.broken_at))
    pane = mixed(glass * (0.45 + 0.5 * w.tint), wall * 0.05 + 0.01, 0.75 * broken)
    a, b, c, d = x0 + 0.05, x1 - 0.05, y0 + 0.03, y1 - 0.1
    # Brighter towards the top, where the sky stands, or the lamp of a lit room hangs.
    glow = light * (1 - 0.85 * broken)
    board.fade((a, b), (c, d), (pane * 0.54, pane * 1.26), (glow * 0.57, glow * 1.17))
    if w.curtain > 0.25 and fine:
        drape = hue("e8e0d0") if w.tint < 0.6 else hue(AWNING[int(w.curtain * 6)])
        size = (w.curtain - 0.2) * 0.3 * w.wide
        for left in (a, b - size):
            board.rect(left, c, left + size, d, drape * 0.4, light * drape * 0.8, 0.85 * (1 - broken))
    if broken > 0 and fine:
        _shards(w, board, (a, b, c, d), broken, light)
    bar = trim * (0.9 - 0.4 * decay)
    board.rect((a + b) / 2 - 0.035, c, (a + b) / 2 + 0.035, d, bar)
    for share in (0.34, 0.68) if fine else ():
        board.rect(a, c + (d - c) * share - 0.02, b, c + (d - c) * share + 0.02, bar)
    board.rect(a, d - 0.02, b, d + 0.1, wall * 0.06)  # the shade of the lintel
    _boarded(w, board, (x0, x1, c, d), float(smoothstep(0.0, 0.12, decay - 0.4 - 0.9 * w.boarded_at)))
    _shutters(w, around, decay, board)
    _sill(w, around, scene, board)


def _shards(w: Window, board: Board, pane: tuple[float, float, float, float], broken: float, light: Vector) -> None:
    """Holes in broken panes."""
    rng, (a, b, c, d) = np.random.default_rng(w.seed), pane
    for _ in range(3):
        x, y, r = a + (b - a) * rng.random(), c + (d - c) * rng.random(), 0.16 + 0.3 * rng.random()
        turn = np.sort(rng.random(9)) * 2 * np.pi
        far = r * broken * (0.3 + rng.random(9))
        star = np.stack([np.clip(x + far * np.cos(turn), a, b), np.clip(y + far * np.sin(turn), c, d)], 1)
        board.poly(star, (0.004, 0.004, 0.005), light * 0.12)


def _boarded(w: Window, board: Board, pane: tuple[float, float, float, float], cover: float) -> None:
    """Planks nailed across."""
    rng, (x0, x1, c, d) = np.random.default_rng(w.seed + 1), pane
    for i in range(4 if cover > 0 else 0):
        y, lean = c + (d - c) * (i + 0.5) / 4, 0.16 * rng.standard_normal()
        plank = WOOD * (0.7 + 0.5 * rng.random())
        left, right = x0 - 0.12, x1 + 0.12
        board.poly(
            [(left, y - 0.13), (right, y - 0.13 + lean), (right, y + 0.13 + lean), (left, y + 0.13)], plank, cover=cover
        )


def _shutters(w: Window, around: Surround, decay: float, board: Board) -> None:
    if not around.shutters or w.shutter > 0.85:
        return
    leaf, low, high = w.wide * 0.46, w.y, w.y + w.tall
    wood = mixed(around.wood, hue("8a8378") * 0.7, 0.6 * decay)
    for side, left in ((-0.5, w.x - 0.06 - leaf), (0.5, w.x + w.wide + 0.06)):
        hang = 0.5 * max(0.0, decay - 0.35 - 0.5 * w.broken_at) * side
        board.poly([(left, low), (left + leaf, low + hang), (left + leaf, high + hang), (left, high)], wood)
        for i in range(11 if board.px_per_m > FINE_PX else 0):
            y = low + 0.1 + (w.tall - 0.2) * i / 11
            a, b = left + 0.06, left + leaf - 0.06
            board.poly([(a, y), (b, y + hang), (b, y + hang + 0.05), (a, y + 0.05)], wood * 0.55)


def _sill(w: Window, around: Surround, scene: Scene, board: Board) -> None:
    """The sill, its flower box, and snow on it."""
    x0, x1, y0, y1 = w.x, w.x + w.wide, w.y, w.y + w.tall
    board.rect(x0 - 0.2, y0 - 0.34, x1 + 0.2, y0 - 0.13, around.wall * 0.3, cover=0.4)
    board.rect(x0 - 0.2, y0 - 0.14, x1 + 0.2, y0, around.trim * 1.08)
    bloom = float(smoothstep(0.0, 0.3, scene["flowers"] - 0.75 * w.bloom_at)) * (1 - 0.8 * scene["decay"])
    if bloom > 0:
        board.rect(x0 - 0.1, y0 - 0.1, x1 + 0.1, y0 + 0.12, hue("7a4a32"), cover=min(1.0, 4 * bloom))
        colour, leaf = hue(BLOOM[w.seed % len(BLOOM)]), mixed(hue("6b5a30"), hue("3f6b2c"), scene["lush"])
        every = 1 if board.px_per_m > FINE_PX else 3
        spots = np.random.default_rng(w.seed + 2).random((60, 4))[: int(60 * bloom) : every]
        for i, (u, v, s, t) in enumerate(spots):
            x, y, r = x0 - 0.15 + (w.wide + 0.3) * u, y0 + 0.02 + 0.34 * v * bloom, (0.05 + 0.06 * s) * every**0.5
            tone = (colour if i % 3 else colour * 0.6 + 0.3) if t < 0.62 else leaf * (0.5 + s)
            board.poly([(x - r, y), (x, y - r), (x + r, y), (x, y + r)], tone)
    high, cover = 0.16 * scene["snow"], min(1.0, 3 * scene["snow"])
    if cover > 0:
        board.poly(
            [(x0 - 0.2, y0), (x1 + 0.2, y0), (x1 + 0.12, y0 + high), (x0 - 0.1, y0 + 0.8 * high)], SNOW, cover=cover
        )
        board.rect(x0 - 0.16, y1 + 0.26, x1 + 0.16, y1 + 0.26 + 0.6 * high, SNOW, cover=cover)
