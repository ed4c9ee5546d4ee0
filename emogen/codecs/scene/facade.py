"""The front of a house: what it is (`Front`, drawn once from random numbers) and its painting on a board.

Every part has its own threshold: a window lights up when `lamps` passes it, breaks when `decay` passes it, so the same
house can be seen in many states.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, bricks, jagged, weathering
from emogen.codecs.scene.colours import AWNING, BLOOM, BRICK, BULB, PLASTER, RUST, SHUTTER, SNOW, TRIM, hue, mixed
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.panes import Surround, Window, painted_window
from emogen.codecs.scene.scene import Scene


@dataclass(frozen=True)
class Front:
    """A house front: measures in metres, colours as codes of colours.py."""

    wide: float
    tall: float
    storey: float
    ground: float
    bays: int
    wall: str
    trim: str
    wood: str
    awning: str
    brick: bool
    shop: bool
    taste: float
    shutters: bool
    balcony: int
    windows: tuple[Window, ...]
    door_x: float
    seed: int


def drawn_front(rng: np.random.Generator, wide: float, *, storeys: tuple[int, int] = (2, 5)) -> Front:
    """A house front of some width (m), all of it drawn from `rng`."""
    n = rng.random(16)
    floors = int(rng.integers(storeys[0], storeys[1] + 1))
    storey, ground = 2.9 + 0.5 * n[0], 3.3 + 0.7 * n[1]
    bays = max(2, round(wide / (2.1 + 0.8 * n[2])))
    brick = bool(n[3] < 0.25)
    wall = (BRICK if brick else PLASTER)[int(n[4] * (len(BRICK) if brick else len(PLASTER)))]
    pitch, pane_w, pane_h = wide / bays, 0.95 + 0.35 * n[5], 1.45 + 0.4 * n[6]
    windows = []
    door = int(n[13] * bays)
    for floor in range(floors):
        low = 0.85 if floor == 0 else ground + (floor - 1) * storey + 0.75
        for bay in range(bays):
            own = rng.random(7).tolist()
            spot = (bay + 0.5) * pitch - pane_w / 2
            high = pane_h * (0.86 if floor == floors - 1 and floors > 2 else 1.0)
            window = Window(spot, low, pane_w, high, int(rng.integers(2**31)), *own)
            if floor or bay != door:
                windows.append(window)
    pick = [(TRIM, 7), (SHUTTER, 8), (AWNING, 9)]
    trim, wood, awning = (codes[int(n[i] * len(codes))] for codes, i in pick)
    return Front(
        wide, ground + (floors - 1) * storey + 0.55, storey, ground, bays, wall, trim, wood, awning, brick,
        bool(n[10] < 0.55), float(n[11]), bool(n[14] < 0.55), int(n[15] * 4), tuple(windows),
        (door + 0.5) * pitch, int(rng.integers(2**31)),
    )  # fmt: skip


def painted_front(front: Front, scene: Scene, board: Board, *, glass_rgb: NDArray[np.float64], lamp: float) -> Board:
    """Paints a front on a board of its size.

    Args:
        front: What it is.
        scene: In which state.
        board: Where to.
        glass_rgb: What its panes show of the sky, divided by the light on the wall [3].
        lamp: How bright lit rooms are.

    Returns:
        The board.
    """
    rng = np.random.default_rng(front.seed)
    _wall(front, scene, board, rng)
    _ground_floor(front, scene, board, rng, glass_rgb, lamp)
    around = Surround(hue(front.wall), hue(front.trim), hue(front.wood), front.shutters)
    for window in front.windows:
        if not (front.shop and window.y < 1.0):
            painted_window(window, around, scene, board, glass_rgb, lamp)
    _age(front, scene, board, rng)
    return board


def _wall(front: Front, scene: Scene, board: Board, rng: np.random.Generator) -> None:
    decay = scene["decay"]
    tone = hue(front.wall)
    broad = weathering(rng, board, 9.0)
    fine = weathering(rng, board, 1.6)
    wear = broad + 0.35 * fine - 1.8 + 2.0 * decay
    bare = smoothstep(0.0, 0.12, wear)[..., None]
    board.rgba[..., :3] = tone
    board.rgba[..., 3] = 1
    if front.brick or bare.any():
        stone = bricks(
            np.random.default_rng(front.seed + 1),
            board,
            tone if front.brick else hue(BRICK[int(front.taste * 4)]) * 0.85,
        )
        board.rgba[..., :3] = stone if front.brick else board.rgba[..., :3] * (1 - bare) + stone * bare
    if not front.brick:
        rim = smoothstep(-0.16, 0.0, wear) * (1 - bare[..., 0])
        board.times((1 + 0.07 * broad + 0.06 * fine) * (1 - 0.35 * rim))
    grey = float(np.mean(tone))
    fade = 0.55 * decay
    board.rgba[..., :3] = board.rgba[..., :3] * (1 - fade) + fade * grey * (board.rgba[..., :3] / (tone + 1e-3) * 0.72)
    trim = hue(front.trim)
    for floor in range(round((front.tall - front.ground) / front.storey)):
        y = front.ground + floor * front.storey
        if floor == 0 or front.taste > 0.5:
            board.rect(0, y - 0.12, front.wide, y - 0.02, tone * 0.5, cover=0.6)
            board.rect(0, y - 0.02, front.wide, y + 0.16, trim, cover=0.85)
    for i in range(3):
        board.rect(0, front.tall - 0.16 * (i + 1), front.wide, front.tall - 0.16 * i, trim * (1.0, 0.82, 0.62)[i])
    board.rect(0, 0, front.wide, 0.55, mixed(tone, hue("6a6560"), 0.7) * 0.8)
    if front.trim == TRIM[0] and not front.brick:  # corner stones
        for i in range(int(front.tall / 0.5)):
            long = 0.55 if i % 2 else 0.35
            board.rect(0, i * 0.5, long, i * 0.5 + 0.46, trim, cover=0.8)
            board.rect(front.wide - long, i * 0.5, front.wide, i * 0.5 + 0.46, trim, cover=0.8)


def _ground_floor(
    front: Front, scene: Scene, board: Board, rng: np.random.Generator, glass: NDArray[np.float64], lamp: float
) -> None:
    """The door and, in a shop, its display."""
    decay, trim = scene["decay"], hue(front.trim)
    wood = mixed(hue(front.wood), hue("77706a") * 0.7, 0.5 * decay)
    n = rng.random(24)
    if front.shop:
        board.rect(0.25, 0, front.wide - 0.25, front.ground - 0.15, wood * 0.8)
        board.rect(0.25, front.ground - 0.62, front.wide - 0.25, front.ground - 0.2, wood * 0.5)
        on = float(smoothstep(0.0, 0.12, scene["lamps"] - 0.9 * n[0])) * (1 - float(smoothstep(0.3, 0.8, decay)))
        light = mixed(BULB, np.array([1.0, 0.8, 0.5]), n[1]) * 1.1 * lamp * on
        panes = max(2, round(front.wide / 1.9))
        for i in range(panes):
            span = 0.45 + (front.wide - 0.9) * i / panes, 0.35 + (front.wide - 0.9) * (i + 1) / panes
            shut = float(smoothstep(0.0, 0.15, decay - 0.35 - 0.5 * n[2 + i % 8]))
            _display(front, board, span, (glass, light * (1 - shut), shut))
    x, half, high = front.door_x, 0.6, 2.35
    board.rect(x - half - 0.2, 0, x + half + 0.2, high + 0.25, trim * 0.9)
    board.rect(x - half, 0, x + half, high, wood * 0.12)
    ajar = 0.5 * float(smoothstep(0.3, 1.0, scene["threat"]))
    board.rect(x - half, 0.05, x + half - 2 * half * ajar, high, wood)
    for y in (0.3, 1.3):
        board.rect(x - half + 0.14, y, x + half * (1 - 2 * ajar) - 0.1, y + 0.75, wood * 0.62)
    board.rect(x - half, high, x + half, high + 0.04, wood * 0.1)
    board.rect(x - half - 0.3, 0, x + half + 0.3, 0.14, hue("8f8a82"))


def _display(
    front: Front, board: Board, x: tuple[float, float], look: tuple[NDArray[np.float64], NDArray[np.float64], float]
) -> None:
    """A shop's pane: wares on two shelves before a back wall, or its shutter; (glass, light inside, how far it is shut)."""
    (a, b), (glass, light, shut), low, top = x, look, 0.55, front.ground - 0.55
    rng = np.random.default_rng(front.seed + int(a * 64))
    board.fade((a, b), (low, top), (glass * 0.22, glass * 0.75), (light * 0.6, light * 1.2))
    for shelf in (low, (low + top) / 2 + 0.1):
        board.rect(a, shelf, b, shelf + 0.05, hue("6b5038") * 0.4, light * 0.25, 1 - shut)
        for k, (u, v, w) in enumerate(rng.random((6, 3))):
            at, half, tall = (
                a + (b - a) * (k + 0.2 + 0.6 * u) / 6,
                (b - a) * (0.03 + 0.05 * v),
                0.16 + 0.4 * w * (top - shelf) / 2,
            )
            ware = hue((*AWNING, *BLOOM)[int(12 * u)])
            foot, head, rim = shelf + 0.05, shelf + 0.05 + tall, half * v
            shape = [(at - half, foot), (at + half, foot), (at + rim, head), (at - rim, head)]
            board.poly(shape, ware * 0.45, light * ware * 0.9, 1 - shut)
    board.rect(a, low, b, top, hue("5a5650"), cover=0.92 * shut)
    for k in range(9 if shut > 0 else 0):
        y = low + (top - low) * k / 9
        board.rect(a, y, b, y + 0.03, hue("35322e"), cover=shut)


def _age(front: Front, scene: Scene, board: Board, rng: np.random.Generator) -> None:
    """Dirt, streaks, cracks, smears; the shade under the eaves and at the foot; a wet or snowy foot."""
    decay = scene["decay"]
    y, grime = board.heights(), weathering(rng, board, 6.0, 0.25)
    shade = 0.72 + 0.28 * smoothstep(0.0, 1.4, y) - 0.34 * (1 - smoothstep(0.2, 1.3, front.tall - y))
    board.times((shade * (1 - (0.06 + 0.3 * decay) * smoothstep(0.0, 1.2, grime))).astype(np.float32))
    streaks = rng.random((26, 4))
    for u, v, w, t in streaks:
        tall, at = 0.6 + 2.2 * v, w * front.tall
        tone = RUST if t < 0.45 else hue("2b2824")
        strength = 0.42 * float(smoothstep(0.0, 0.3, decay - 0.1 - 0.7 * t))
        for k in range(5):
            wide = 0.05 + 0.09 * v * (1 - k / 6)
            x, fading = u * front.wide, strength * (1 - k / 5)
            board.rect(x, at - tall * (k + 1) / 5, x + wide, at - tall * k / 5, tone, cover=fading)
    walks = rng.standard_normal((5, 14, 2)), rng.random((5, 3))
    for steps, (u, v, t) in zip(*walks, strict=True):
        grown = int(14 * float(smoothstep(0.0, 0.5, decay - 0.25 - 0.45 * t)))
        path = np.array([u * front.wide, v * front.tall]) + np.cumsum(steps[:grown] * (0.16, 0.12) - (0, 0.24), 0)
        if grown > 1:
            board.line(path, 0.05, hue("241f1b"), cover=0.85)
    smear, ink = rng.random((4, 12, 2)), rng.random((4, 3))
    for blot, (u, v, t) in zip(smear, ink, strict=True):
        strength = 0.75 * float(smoothstep(0.0, 0.2, decay - 0.5 - 0.3 * t))
        turn = np.linspace(0, (3 + 3 * t) * 2 * np.pi, 48)
        wobble = np.interp(np.linspace(0, 11, 48), np.arange(12), blot[:, 0])
        path = np.stack([np.linspace(0, 1.6, 48) + 0.16 * np.cos(turn), (0.15 + 0.3 * wobble) * np.sin(turn)], 1)
        path += np.array([u * (front.wide - 1.6), 0.9 + 0.6 * v])
        if strength > 0:
            board.line(path, 0.08, hue(("1f3f8f", "8f1f2f", "1a1a1a", "d8d8d8")[int(t * 4)]), cover=strength)
    if scene["snow"] > 0:
        drift = smoothstep(0.0, 0.12, 0.75 * scene["snow"] * (0.5 + 0.25 * grime) - y)[..., None]
        board.rgba[..., :3] = board.rgba[..., :3] * (1 - drift) + SNOW.astype(np.float32) * drift
    if scene["rain"] > 0:
        board.times((1 - 0.25 * scene["rain"] * np.ones(board.size)).astype(np.float32))


def crumbled(board: Board, front: Front, ruin: float) -> None:
    """Breaks the top off a painted front, up to a storey and a half of it."""
    if ruin <= 0:
        return
    rng = np.random.default_rng(front.seed + 4)
    fallen = front.storey * (0.2 + 1.3 * jagged(rng, board)) + 0.25 * weathering(rng, board, 2.0)
    left = front.tall - ruin * fallen
    stands = smoothstep(0.0, 0.08, left - board.heights())[..., None]
    edge = smoothstep(0.0, 0.5, left - board.heights())[..., None]
    board.rgba[..., :3] *= 0.45 + 0.55 * edge
    board.rgba *= stands
    board.glow *= stands
