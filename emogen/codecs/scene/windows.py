"""The window of a room: the view outside (a small scene of its own), frame, panes and curtains, and beams of its light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board
from emogen.codecs.scene.colours import hue, mixed
from emogen.codecs.scene.interior import NEAR_M, Room, bars, room_of, surface
from emogen.codecs.scene.noise import fractal, smoothstep
from emogen.codecs.scene.pen import flat, soft_spot
from emogen.codecs.scene.render import flattened, layers_of
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.weather import weathered

#: What may lie outside (own choice): a place, and the elements of it that are drawn.
VIEWS = (
    ("meadow", "sky hills trees meadow"),
    ("lake", "sky mountains hills lake"),
    ("city", "sky skyline blocks river"),
)
DRAPES = ("b5483c", "d8cdb4", "5f7f86", "c9a35a", "7a8a6a", "e6dfd0")
FRAME_M = 0.25  # of frame around the panes
ROWS = (0.0, 0.36, 0.7, 1.0)  # where the panes' rows end, as `bars` has them
VIEW_PX = 320  # the longest side of the view outside


def window(stage: Stage) -> list[Layer]:
    """The view outside, frame, panes, sill and curtains; beams of light in the dust."""
    it, sheet, beams = room_of(stage), stage.empty(), stage.empty()
    rng, m = stage.scene.rng("window"), FRAME_M
    (x0, x1, y0, y1), z = it.pane, it.back
    n = rng.random(16)
    board = Board(x1 - x0 + 2 * m, y1 - y0 + 2 * m, stage.height / 4.2)
    _frame(board, it, n)
    _glass(board, stage.scene["decay"], n)
    _sashes(board, it, n)
    inner = [(x0, y1, z), (x1, y1, z), (x1, y0, z), (x0, y0, z)]
    outer = [(x0 - m, y1 + m, z), (x1 + m, y1 + m, z), (x1 + m, y0 - m, z), (x0 - m, y0 - m, z)]
    size = np.ptp(it.seen(inner), axis=0)
    it.pen(sheet).lay(_outside(stage, (size[0], size[1]), *VIEWS[int(n[0] * len(VIEWS))]), inner)
    surface(it, sheet, board, outer, (0.0, 0.0, -1.0))
    _curtains(it, sheet, n, rng)
    _beams(it, beams)
    return [Layer("window", sheet, it.back), Layer("window beams", beams, it.back * 0.8, glows=True)]


def _outside(stage: Stage, size: tuple[float, float], place: str, elements: str) -> Floats:
    """What is seen through the window, premultiplied [h, w, 4]: a scene of its own with the same attributes."""
    quiet = {"people": 0.0, "animals": 0.0, "tilt": 0.0, "horizon": 0.5}
    scale = min(1.0, VIEW_PX / max(size))
    width, height = (max(24, int(np.ceil(side * scale))) for side in size)
    scene = Scene(place, {**stage.scene.values, **quiet}, stage.scene.seed)
    small, layers = layers_of(scene, width, height, elements.split())
    light = weathered(flattened(small, layers), small) * 1.15
    return np.dstack([light, np.ones(light.shape[:2], np.float32)]).astype(np.float32)


def _wood(it: Room, n: NDArray[np.float64]) -> NDArray[np.float64]:
    return mixed(hue("e6e0d2") if n[1] < 0.6 else hue("5f432c"), hue("6b6255"), 0.65 * it.stage.scene["decay"])


def _frame(board: Board, it: Room, n: NDArray[np.float64]) -> None:
    """The frame, open where the panes are."""
    wood, (w, h), m = _wood(it, n), (board.width_m, board.height_m), FRAME_M
    board.rect(0.1, 0.14, w - 0.1, h - 0.1, wood)
    board.rect(m - 0.05, m - 0.05, w - m + 0.05, h - m + 0.05, wood * 0.55)
    rows, columns = (int(m / h * board.size[0]), board.size[0]), (int(m / w * board.size[1]), board.size[1])
    board.rgba[rows[0] : rows[1] - rows[0], columns[0] : columns[1] - columns[0]] = 0


def _glass(board: Board, decay: float, n: NDArray[np.float64]) -> None:
    """Dirt on panes, and shards in the corners of broken ones."""
    w, h, m = board.width_m, board.height_m, FRAME_M
    panes = np.random.default_rng(int(n[2] * 2**31)).random((4, 3, 12))
    for i, j in np.ndindex(4, 3):
        t = panes[i, j]
        a, b = m + (w - 2 * m) * i / 4, m + (w - 2 * m) * (i + 1) / 4
        c, d = m + (h - 2 * m) * ROWS[j], m + (h - 2 * m) * ROWS[j + 1]
        broken = float(smoothstep(0.0, 0.12, decay - 0.12 - 0.85 * t[0]))
        board.rect(a, c, b, d, (0.35, 0.33, 0.28), cover=(0.10 + 0.45 * decay * t[1]) * (1 - broken) * decay)
        for k, (x, y, right, up) in enumerate(((a, c, 1, 1), (b, c, -1, 1), (b, d, -1, -1), (a, d, 1, -1))):
            size = (0.12 + 0.3 * t[2 + k]) * (b - a)
            shard = [(x, y), (x + size * right, y), (x, y + size * t[6 + k] * up * 1.5)]
            board.poly(shard, (0.5, 0.55, 0.58), cover=0.5 * broken)


def _sashes(board: Board, it: Room, n: NDArray[np.float64]) -> None:
    """Bars, snow that lies outside, and the sill."""
    wood, w, h, m = _wood(it, n), board.width_m, board.height_m, FRAME_M
    for at, upright, half, iron in bars(it.pane, it.stage.scene):
        tone = hue("141414") if iron else wood * 0.5
        if upright:
            board.rect(at - it.pane[0] + m - half, m, at - it.pane[0] + m + half, h - m, tone)
        else:
            board.rect(m, at - it.pane[2] + m - half, w - m, at - it.pane[2] + m + half, tone)
    snow = it.stage.scene["snow"]
    drift = [(m, m), (w - m, m), (w - m, m + 0.11 * snow), (w / 2, m + 0.05 * snow), (m, m + 0.14 * snow)]
    board.poly(drift, hue("eef2f8") * 0.9, it.stage.light.sky_rgb * 0.6, cover=min(1.0, 4 * snow))
    board.rect(0, 0.04, w, 0.2, wood * 1.05)
    board.rect(0, 0.0, w, 0.04, wood * 0.3)


def _curtains(it: Room, sheet: Floats, n: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Two curtains in folds, lit from behind; wind blows them in, decay tears them."""
    scene, light, decay = it.stage.scene, it.stage.light, it.stage.scene["decay"]
    x0, x1, y0, y1 = it.pane
    pen = it.pen(sheet)
    tone = mixed(hue(DRAPES[int(n[3] * len(DRAPES))]), hue("77705f"), 0.5 * decay)
    back = (0.6 * light.sky_rgb + 0.4 * light.haze_rgb) * 0.55
    front = it.light_at(0.0, 1.5, it.back - 0.2)
    size = it.stage.height // 5
    wave = fractal(rng, 4, 160, 4, cells=1.0, stretch=1.6)[1]
    holes = fractal(rng, size, size, 4, cells=3.0)
    v, u = np.mgrid[0:size, 0:size].astype(np.float32) / size
    worn = smoothstep(0.0, 0.05, holes - 2.0 + 1.6 * decay + 0.7 * (v - 0.5) * decay)
    blow, wide = scene["wind"] * (0.25 + 0.75 * decay), 0.13 * (x1 - x0) * (0.6 + 0.6 * n[4])
    top, low, z = y1 + 0.2, 0.06 if y0 < 1.0 else y0 - 0.25, it.back - 0.12
    for side, edge in ((-1, x0), (1, x1)):
        fold = np.sin(
            2 * np.pi * (u * 5.5 + 0.25 * np.interp(u[0], np.linspace(0, 1, 160), wave)[None] + 0.12 * v * side)
        )
        through = (0.16 + 0.3 * smoothstep(-0.6, 1.0, fold))[..., None] * back
        rgb = tone * (front * (0.72 + 0.28 * fold)[..., None] + through)
        image = np.dstack([rgb, np.ones_like(u)]).astype(np.float32) * (1 - worn)[..., None]
        inner, outer = edge - side * wide, edge + side * 0.42
        swung = (inner - side * 0.35 * blow, low + 0.15 * blow, z - 0.5 * blow)
        points = [(outer, top, z), (inner, top, z), swung, (outer, low, z)]
        if side > 0:
            points, image = [points[1], points[0], points[3], points[2]], image[:, ::-1]
        pen.lay(np.ascontiguousarray(image), points)
    pen.upright((x0 - 0.45, x1 + 0.45), (y1 + 0.2, y1 + 0.24), z, hue("4a3a28") * front)


def _beams(it: Room, sheet: Floats) -> None:
    """Dust in the light between the window and where it falls."""
    light, scene = it.stage.light, it.stage.scene
    x0, x1, y0, y1 = it.pane
    strength = 0.085 * (1 + 1.5 * scene["fog"] + scene["decay"]) * float(smoothstep(0.0, 0.05, light.sun[1]))
    run = min(3.2, it.back - NEAR_M - 1.6) / float(it.sun[2])
    for i in range(4):
        a, b = x0 + (x1 - x0) * (i + 0.08) / 4, x0 + (x1 - x0) * (i + 0.92) / 4
        for k in range(8):
            near, far = (np.array([0, 0, it.back]) - it.sun * run * s / 8 for s in (k + 1, k))
            if y0 + near[1] < -0.3:
                break
            low = max(0.0, y0 + near[1])
            quad = [
                (a + far[0], y1 + far[1], far[2]),
                (b + far[0], y1 + far[1], far[2]),
                (b + near[0], low, near[2]),
                (a + near[0], low, near[2]),
            ]
            flat(sheet, it.seen(quad), light.sun_rgb * strength * (1 - k / 8) / 4, adds=True)
    small = cv2.resize(sheet, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.4, 0.002 * it.stage.height))
    sheet[...] = cv2.resize(small, sheet.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    scale = it.stage.focal / it.back
    middle = it.seen([((x0 + x1) / 2, (y0 + y1) / 2, it.back)])[0]
    radii = (x1 - x0) * 0.7 * scale, (y1 - y0) * 0.8 * scale
    soft_spot(sheet, middle, radii, (0.6 * light.sky_rgb + 0.4 * light.haze_rgb) * 0.03)
