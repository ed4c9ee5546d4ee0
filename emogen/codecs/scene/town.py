"""A small harbour town across the water: rows of gabled houses up a slope, and a church."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, lamplight
from emogen.codecs.scene.colours import BULB, PLASTER, SNOW, TRIM, hue, mixed
from emogen.codecs.scene.noise import ridge_line, smoothstep
from emogen.codecs.scene.pen import TOWARDS, Pen, pen_on
from emogen.codecs.scene.stage import Floats, Layer, Stage

#: Rows of houses, far to near: how far away and how high above the water (m) (own choice).
ROWS = ((420.0, 44.0), (370.0, 32.0), (325.0, 21.0), (280.0, 11.0), (230.0, 2.2))
SHEETS = (1, 3, 4)  # the last row of each sheet
ROOF = ("7f4a3a", "94573f", "6f4236", "57524e", "84503c", "5f4a42", "4c5257")
SPREAD_M = 330.0  # how far the town reaches to both sides (own choice)


@dataclass(frozen=True)
class Cottage:
    """One house: where (m), size (m), colours, whether its gable looks at us, and its own tastes."""

    x: float
    wide: float
    tall: float
    rise: float
    wall: str
    roof: str
    gabled: bool
    tastes: NDArray[np.float64]


def _row(rng: np.random.Generator) -> list[Cottage]:
    out, x = [], -SPREAD_M
    while x < SPREAD_M:
        n = rng.random(24)
        wide = 11 + 8 * n[0]
        wall, roof = PLASTER[int(n[4] * len(PLASTER))], ROOF[int(n[5] * len(ROOF))]
        out.append(Cottage(x, wide, 9 + 9 * n[2], 5 + 4 * n[3], wall, roof, bool(n[6] < 0.5), n[7:]))
        x += wide + (0.3 if n[1] < 0.7 else 5 * n[1])
    return out


def _slope(base: float, x: Floats | float) -> NDArray[np.float64]:
    """Height (m) of the ground of a row: the hill falls off to both sides."""
    return np.asarray(base * np.clip(1.15 - (np.abs(np.asarray(x) + 40) / 260) ** 2, 0.02, 1.15))


def town(stage: Stage) -> list[Layer]:
    """The slope and five rows of houses on three sheets, far to near."""
    rng, layers = stage.scene.rng("town"), []
    rows = [_row(rng) for _ in ROWS]
    church = rng.random(6)
    line = ridge_line(rng, 64, 0.4, cells=3.0)
    sheet = stage.empty()
    for i, ((z, base), cottages) in enumerate(zip(ROWS, rows, strict=True)):
        pen = pen_on(stage, sheet)
        _ground(stage, pen, z, base, line, i)
        for house in sorted(cottages, key=lambda h: -abs(h.x)):
            _cottage(stage, pen, house, z, base)
        if i == 2:
            _church(stage, pen, z - 8, base, church)
        if i in SHEETS:
            layers.append(Layer(f"town row {i}", sheet, z))
            sheet = stage.empty()
    return layers


def _ground(stage: Stage, pen: Pen, z: float, base: float, line: Floats, i: int) -> None:
    """Grass (or snow) between the rows, or at the water the wall of the quay."""
    scene, light = stage.scene, stage.light
    if i == len(ROWS) - 1:
        stone = hue("7d7468") * light.on(TOWARDS)
        pen.upright((-420, 420), (-3, base), z - 12, stone)
        pen.upright((-420, 420), (base - 0.7, base), z - 12, stone * 1.4)
        return
    autumn = float(np.clip(1 - abs(scene["season"] - 2.4), 0, 1))
    green = mixed(hue("7c6a40"), mixed(hue("4f6a2c"), hue("8a6a2c"), autumn), scene["lush"])
    tone = mixed(green, SNOW, scene["snow"]) * light.on(np.array([0.0, 0.6, -0.8])) * (0.8 + 0.05 * i)
    xs = np.linspace(-420, 420, len(line))
    top = [(float(x), float(y), z + 12) for x, y in zip(xs, _slope(base, xs) + 3 * line, strict=True)]
    pen.face([(420, -2, z), (-420, -2, z), *top], tone)


def _cottage(stage: Stage, pen: Pen, h: Cottage, z: float, base: float) -> None:
    base = float(_slope(base, h.x))
    high, margin = h.tall + h.rise + 3, 1.0
    corners = [(h.x - margin, base + high, z), (h.x + h.wide + margin, base + high, z)]
    corners += [(x, base, z) for x, _, z in reversed(corners)]
    columns = pen.seen(corners)[:, 0]
    if base < 1.0 or columns.max() < 0 or columns.min() > stage.width:
        return
    board = Board(h.wide + 2 * margin, high, float(np.clip(2.2 * stage.focal / z, 2.0, 12.0)))
    front = stage.light.on(TOWARDS)
    _body(stage, board, h, margin, front)
    _openings(stage, board, h, margin, front)
    side = 1 - 0.16 * smoothstep(0.0, 1.0, (board.places() - margin) / h.wide) * np.sign(stage.light.sun[0] + 1e-6)
    board.times((side * (0.75 + 0.25 * smoothstep(0.0, 3.0, board.heights()))).astype(np.float32))
    pen.lay(board.lit(front), corners)


def _body(stage: Stage, board: Board, h: Cottage, a: float, front: NDArray[np.float64]) -> None:
    """Wall, chimney and roof; a ruined roof sags and shows its hollow."""
    scene, t, b, eave, ridge = stage.scene, h.tastes, a + h.wide, h.tall, h.tall + h.rise
    decay = scene["decay"]
    wall = mixed(hue(h.wall), hue("8a8277") * 0.6, 0.6 * decay)
    slope = stage.light.on(np.array([0.0, 0.75, -0.66])) / np.maximum(front, 1e-3)
    roof = mixed(mixed(hue(h.roof), hue("3f3a35"), 0.5 * decay), SNOW, min(1.0, 1.6 * scene["snow"])) * slope
    fallen = float(smoothstep(0.35, 1.0, decay * (0.5 + t[1])))
    chimney, brick = a + h.wide * (0.2 + 0.6 * t[2]), hue("7a5245")
    if h.gabled:
        peak = (a + b) / 2, ridge - 0.6 * h.rise * fallen * t[0]
        board.poly([(a, 0), (b, 0), (b, eave), peak, (a, eave)], wall)
        board.rect(chimney, eave + h.rise * 0.3, chimney + 1.2, ridge + 1 - 3 * fallen, brick)
        for p, q in (((a - 0.7, eave - 0.6), peak), (peak, (b + 0.7, eave - 0.6))):
            board.line([p, q], 0.9, roof)
        return
    board.rect(chimney, eave + h.rise * 0.5, chimney + 1.4, ridge + 1.8 - 3 * fallen, brick)
    sag = (0.5 + 0.5 * t[0]) * h.rise * fallen
    board.poly(
        [(a - 0.6, eave - 0.4), (b + 0.6, eave - 0.4), (b - 0.8, ridge), ((a + b) / 2, ridge - sag), (a + 0.8, ridge)],
        roof,
    )
    for k in range(6):
        y = eave + h.rise * (k + 0.5) / 6
        board.line([(a + 0.6, y), (b - 0.6, y)], 0.25, roof * 0.8, cover=0.35 * (1 - fallen))
    hollow = np.array([(0.2, 0.15), (0.34, 0.7), (0.5, 0.55), (0.62, 0.8), (0.76, 0.2)]) * (h.wide, h.rise) + (a, eave)
    board.poly(hollow, (0.012, 0.011, 0.010), cover=0.9 * fallen * float(t[4] < 0.6))
    board.rect(a, 0, b, eave, wall)
    board.rect(a, eave - 1.2, b, eave - 0.4, wall * 0.55)


def _openings(stage: Stage, board: Board, h: Cottage, a: float, front: NDArray[np.float64]) -> None:
    """Windows; each has its own moment to be lit and to break."""
    scene, eave = stage.scene, h.tall
    glass = np.clip(stage.light.sky_rgb * 0.35 / np.maximum(front, 0.02), 0, 0.7)
    floors, bays = max(2, round(eave / 4.6)), max(2, round(h.wide / 4.2))
    own = np.random.default_rng(int(h.tastes[3] * 2**31)).random((floors + 1, bays, 3))
    lamp, any_lit = lamplight(stage.light), float(smoothstep(0.0, 0.05, scene["lamps"]))
    spots = [(f, i) for f in range(floors) for i in range(bays)] + ([(floors, bays // 2)] if h.gabled else [])
    for f, i in spots:
        lit_at, tint, broken_at = own[f, i]
        x = a + h.wide * (i + 0.5) / bays if f < floors else a + h.wide / 2
        y, half, tall = 1.0 + (eave - 0.6) * f / floors, 0.85, 2.1
        on = float(smoothstep(-0.04, 0.06, scene["lamps"] - 0.02 - 0.94 * lit_at)) * any_lit
        broken = float(smoothstep(0.0, 0.1, scene["decay"] - 0.1 - 0.85 * broken_at))
        frame = hue(TRIM[int(tint * 4)]) * (1 - 0.4 * scene["decay"])
        board.rect(x - half - 0.2, y - 0.2, x + half + 0.2, y + tall + 0.2, frame)
        glow = mixed(BULB, (1.0, 0.76, 0.45), tint) * lamp * on * (1 - 0.8 * broken)
        board.rect(x - half, y, x + half, y + tall, mixed(glass, (0.01, 0.01, 0.012), broken), glow)
        board.rect(x - 0.1, y, x + 0.1, y + tall, hue("d8d0c0") * 0.7)


def _church(stage: Stage, pen: Pen, z: float, base: float, n: NDArray[np.float64]) -> None:
    """Nave and tower; in ruins the spire is a stump."""
    facing, scene = stage.light.on(TOWARDS), stage.scene
    gone = float(smoothstep(0.65, 1.0, scene["decay"]))
    x, wide, high = -90 + 150 * n[0], 6 + 2 * n[1], base + 36 + 8 * n[2]
    top = high + (20 + 8 * n[3]) * (1 - 0.75 * gone)
    stone = hue("cfc4ac") * facing * (1 - 0.3 * scene["decay"])
    roof = mixed(hue("4c5f5a"), SNOW, 0.7 * scene["snow"]) * stage.light.on(np.array([0.0, 0.5, -0.86]))

    def shape(points: list[tuple[float, float]], tone: NDArray[np.float64]) -> None:
        pen.outline([(x + px, py) for px, py in points], z, tone)

    nave, eave = 26 + 6 * n[4], base + 16
    shape([(0, base), (0, eave), (3, eave + 11), (nave - 3, eave + 11 - 7 * gone), (nave, eave), (nave, base)], roof)
    shape([(0, base), (0, eave), (nave, eave), (nave, base)], stone * 0.92)
    lit = stone * 0.25 + 0.5 * BULB * lamplight(stage.light) * scene["lamps"]
    for k in range(4):
        m = wide + (nave - wide) * (k + 0.5) / 4
        shape(
            [(m - 1.2, base + 4), (m - 1.2, base + 11), (m, base + 13), (m + 1.2, base + 11), (m + 1.2, base + 4)], lit
        )
    shape([(-wide, base - 4), (-wide, high), (wide, high), (wide, base - 4)], stone)
    shape([(wide * 0.3, base - 4), (wide * 0.3, high), (wide, high), (wide, base - 4)], stone * 0.72)
    shape([(-wide * 1.12, high), (0, top), (wide * 1.12, high)], roof)
    shape([(wide * 0.25, high), (0, top), (wide * 1.12, high)], roof * 0.7)
    for louvre in (-0.45, 0.45):
        a, m, b = wide * (louvre - 0.2), wide * louvre, wide * (louvre + 0.2)
        shape([(a, high - 8), (a, high - 4), (m, high - 2.5), (b, high - 4), (b, high - 8)], stone * 0.2)
