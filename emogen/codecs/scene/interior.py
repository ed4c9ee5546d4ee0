"""A room with a window in its far wall: its measures, its light, its walls, ceiling and floor.

`Room` has the room's own measures (metres; the camera stands inside, its eye as high as a sitting or standing person's)
and gives the light at any point in it: of the sky through the window, of the sun through its panes, of lamps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.boards import Board, lamplight
from emogen.codecs.scene.colours import BULB, hue, mixed
from emogen.codecs.scene.noise import fractal, smoothstep
from emogen.codecs.scene.pen import Pen
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Floats, Layer, Stage

EYE_M = (1.15, 1.9)  # height of the eye at the lowest and highest camera (own choice)
NEAR_M = 1.0  # nearer than this nothing of the room is drawn
PAPER = ("b9a37e", "8fa08a", "a9b7bd", "b98f7c", "c9bfa8", "7f8f9c", "b5a0a8", "cbb98f")  # wallpapers (own choice)
BOARDS = ("8a5f3c", "6b4529", "a37a4e", "77583d")  # woods of the floor (own choice)
BOUNCE = np.array([1.12, 1.0, 0.84])  # colour that light takes on from wood and walls (own choice)
NIGHT = np.array([0.010, 0.012, 0.018])  # light that is left in a dark room (own choice)
SPOTS = (1 / 6, 1 / 2, 5 / 6)  # of the window, along each side, from which its light comes
FEW = 4096  # numbers of points that are lit from all spots at once (own choice)
EXPOSED = 2.6  # how much brighter a room is shown than it is: eyes get used to it (own choice)


Corners = Sequence[tuple[float, float, float]]


@dataclass(frozen=True)
class Room:
    """Measures (m) of a room, and its light.

    Attributes:
        stage: The picture.
        half: Half its width.
        high: Of its ceiling.
        back: Distance of the far wall.
        pane: Of the window: left, right, lower, upper edge.
        lamp: Where the lamp stands (x, y, z).
        lit: How bright the lamp is.
    """

    stage: Stage
    half: float
    high: float
    back: float
    pane: tuple[float, float, float, float]
    lamp: tuple[float, float, float]
    lit: float

    @property
    def eye(self) -> float:
        """Height of the eye (m)."""
        return float(EYE_M[0] * (EYE_M[1] / EYE_M[0]) ** self.stage.scene["horizon"])

    @property
    def sun(self) -> NDArray[np.float64]:
        """Direction to the sun; the house stands so that it looks in, and onto the floor."""
        x, y, z = self.stage.light.sun
        to = np.array([0.3 * x, max(y, 0.45 * float(smoothstep(0.0, 0.15, y))), max(abs(z), 0.5)])
        return np.asarray(to / np.linalg.norm(to))

    def seen(self, points: Sequence[Sequence[float]] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (x, y, z) [n, 3] -> (column, row) [n, 2]."""
        at = np.asarray(points, np.float64)
        stage = self.stage
        scale = stage.focal / at[:, 2]
        return np.stack([stage.width / 2 + scale * at[:, 0], stage.horizon + scale * (self.eye - at[:, 1])], 1)

    def pen(self, sheet: Floats) -> Pen:
        """A pen for what is in the room."""
        return Pen(sheet, self.seen)

    def light_at(self, x: float, y: float, z: float, normal: tuple[float, float, float] = (0.0, 0.0, -1.0)) -> Floats:
        """Light [3] at one point, without the sun's patches."""
        return self.light(np.array([x, y, z], np.float32), np.array(normal), sun=False)

    def light(self, at: Floats, normal: NDArray[np.float64], sun: bool = True) -> Floats:
        """Light [..., 3] at points [..., 3] of a surface with one normal [3]."""
        facing = normal.astype(np.float32)
        out = self._daylight(at, facing)
        if self.lit > 0:
            to = np.asarray(self.lamp, np.float32) - at
            away2 = (to**2).sum(-1) + 0.25
            level = 0.25 + 0.75 * np.clip(to @ facing / np.sqrt(away2), 0, 1)
            glow = self.lit * (1.1 * level / (away2 * 0.55 + 0.5) + 0.045)
            out += glow[..., None] * np.asarray(mixed(BULB, np.ones(3), 0.28), np.float32)
        return out + self.sunlight(at, normal) if sun else out

    def _daylight(self, at: Floats, normal: Floats) -> Floats:
        """Light of the sky from nine spots of the window, and what walls throw back to each other."""
        light, threat = self.stage.light, self.stage.scene["threat"]
        x0, x1, y0, y1 = self.pane
        out = np.zeros(at.shape, np.float32)
        sky = ((0.7 * light.sky_rgb + 0.3 * light.haze_rgb) * EXPOSED).astype(np.float32)
        area = (x1 - x0) * (y1 - y0)
        spots = np.array([(x0 + (x1 - x0) * u, y0 + (y1 - y0) * v, self.back) for u in SPOTS for v in SPOTS], np.float32)
        for some in [spots] if at.size < FEW else spots[:, None]:  # many points: one spot at a time, to save memory
            to = some.reshape(-1, *[1] * (at.ndim - 1), 3) - at
            away2 = (to**2).sum(-1) + 0.12
            facing = np.maximum(to @ normal, 0) * np.maximum(to[..., 2], 0) / away2
            out += ((facing / away2).sum(0) * (area / 9 / np.pi))[..., None] * sky
        share = area / (2 * self.half * (self.back - 2.2))
        sunny = light.sun_rgb * EXPOSED * 0.5 * max(0.0, float(self.sun[2]))
        thrown = (sky * (0.17 + 0.55 * share) + sunny * (0.03 + 0.16 * share)) * BOUNCE
        ambient = thrown * (0.92 + 0.08 * normal[1]) * (1 - 0.45 * threat)
        behind = np.clip(-normal[2] * 0.7 - 0.35 * normal[0] + 0.2, 0, 1)  # a second window behind us, to the right
        ambient = ambient + sky * 0.26 * behind * (1 - 0.6 * threat) + light.night * NIGHT
        return out + ambient.astype(np.float32)

    def sunlight(self, at: Floats, normal: NDArray[np.float64]) -> Floats:
        """Light [..., 3] of the sun (or the moon) through the panes, between the bars."""
        light, scene = self.stage.light, self.stage.scene
        to_sun = self.sun
        facing = float(normal @ to_sun)
        if facing <= 0:
            return np.zeros(at.shape, np.float32)
        run = (self.back - at[..., 2]) / to_sun[2]
        x, y = at[..., 0] + run * to_sun[0], at[..., 1] + run * to_sun[1]
        soft = 0.012 + 0.012 * run
        x0, x1, y0, y1 = self.pane
        inside = smoothstep(-soft, soft, np.minimum(np.minimum(x - x0, x1 - x), np.minimum(y - y0, y1 - y)))
        for bar, upright, half, _ in bars(self.pane, scene):
            inside = inside * smoothstep(half - soft, half + soft, np.abs((x if upright else y) - bar))
        return (inside * facing * 1.25)[..., None] * light.sun_rgb.astype(np.float32) * (EXPOSED / 2)


def bars(pane: tuple[float, float, float, float], scene: Scene) -> list[tuple[float, bool, float, bool]]:
    """The bars of a window: where (m), whether upright, half their width (m), whether of iron: those come with threat."""
    x0, x1, y0, y1 = pane
    out = [(x0 + (x1 - x0) * share, True, half, False) for share, half in ((0.5, 0.045), (0.25, 0.018), (0.75, 0.018))]
    out += [(y0 + (y1 - y0) * share, False, 0.025, False) for share in (0.36, 0.7)]
    iron = 0.022 * float(smoothstep(0.35, 0.75, scene["threat"]))
    return out + [(x0 + (x1 - x0) * (i + 0.5) / 8, True, iron, True) for i in range(8) if iron > 0]


def room_of(stage: Stage) -> Room:
    """The measures of the room."""
    scene = stage.scene
    n = scene.rng("room").random(8)
    wide = (stage.width / stage.height) ** 0.85
    half = (1.15 + 1.15 * scene["openness"]) * wide * (0.95 + 0.1 * n[0])
    high, back = 2.35 + 1.25 * scene["openness"], 5.4 + 1.9 * scene["openness"]
    size = (0.42 + 0.38 * scene["openness"]) * (0.85 + 0.3 * n[1])
    middle = half * (0.3 * n[2] - 0.15) - 0.12 * half
    span = min(half * 0.62, size * 1.75 * max(0.7, wide))
    low = 0.78 + 0.45 * (1 - scene["openness"])
    pane = (middle - span, middle + span, low, high - 0.32 - 0.15 * n[3])
    side = 1 if n[4] < 0.5 else -1
    lit = float(smoothstep(0.0, 0.9, scene["lamps"])) * lamplight(stage.light) * 0.95
    return Room(stage, half, high, back, pane, (side * half * 0.72, 1.42, back - 0.75), lit)


def surface(room: Room, sheet: Floats, board: Board, corners: Corners, normal: tuple[float, float, float]) -> None:
    """Lays a board on a rectangle in the room (upper left, upper right, lower right, lower left), lit as it stands there."""
    n, facing = 48, np.array(normal)
    v, u = np.mgrid[0:n, 0:n].astype(np.float32) / (n - 1)
    c = np.asarray(corners, np.float32)
    u, v = u[..., None], v[..., None]
    at = c[0] * (1 - u) * (1 - v) + c[1] * u * (1 - v) + c[2] * u * v + c[3] * (1 - u) * v
    light = cv2.resize(room.light(at, facing, sun=False), board.size[::-1], interpolation=cv2.INTER_LINEAR)
    if facing @ room.sun > 0:  # the edges of sunlight are sharp
        fine = cv2.resize(at, board.size[::-1], interpolation=cv2.INTER_LINEAR)
        light += room.sunlight(fine, facing)
    room.pen(sheet).lay(board.lit(light), corners)


def room(stage: Stage) -> list[Layer]:
    """Floor, ceiling and three walls."""
    it, sheet = room_of(stage), stage.empty()
    scene, rng = stage.scene, stage.scene.rng("walls")
    sheet[..., 3] = 1
    density = stage.height / 9
    h, w, b = it.high, it.half, it.back
    ceiling = Board(2 * w, b - NEAR_M, density * 0.6)
    ceiling.rgba[...] = (*(hue("d9d2c4") * (1 - 0.3 * scene["decay"])), 1)
    _stained(ceiling, scene, rng, corner=True)
    _beamed(ceiling, it, scene.rng("beams"))
    surface(it, sheet, ceiling, [(-w, h, NEAR_M), (w, h, NEAR_M), (w, h, b), (-w, h, b)], (0.0, -1.0, 0.0))
    paper = PAPER[int(rng.integers(len(PAPER)))]
    kind = int(rng.integers(4))
    walls = ((-w, NEAR_M, -w, b, (1.0, 0.0, 0.0)), (w, b, w, NEAR_M, (-1.0, 0.0, 0.0)), (-w, b, w, b, (0.0, 0.0, -1.0)))
    for x0, z0, x1, z1, normal in walls:
        wall = Board(float(np.hypot(x1 - x0, z1 - z0)), h, density)
        _papered(wall, scene, np.random.default_rng(rng.integers(2**31)), paper, kind)
        surface(it, sheet, wall, [(x0, h, z0), (x1, h, z1), (x1, 0, z1), (x0, 0, z0)], normal)
    floor = Board(2 * w, b - NEAR_M, density * 1.2)
    _planks(floor, it, rng)
    surface(it, sheet, floor, [(-w, 0, b), (w, 0, b), (w, 0, NEAR_M), (-w, 0, NEAR_M)], (0.0, 1.0, 0.0))
    return [Layer("room", sheet, it.back)]


def _beamed(ceiling: Board, it: Room, rng: np.random.Generator) -> None:
    """Beams across the ceiling (in half of all houses), or a frame of stucco."""
    wood = mixed(hue(BOARDS[int(rng.integers(len(BOARDS)))]), hue("5f564a"), 0.6 * it.stage.scene["decay"]) * 0.8
    white = hue("e4ddd0") * (1 - 0.35 * it.stage.scene["decay"])
    w, deep = ceiling.width_m, ceiling.height_m  # its upper edge lies near us
    if rng.random() < 0.5:
        for k in range(int(deep / 1.15)):
            y = 0.6 + 1.15 * k
            ceiling.rect(0, y - 0.2, w, y, (0.0, 0.0, 0.0), cover=0.25)
            ceiling.rect(0, y, w, y + 0.2, wood)
            ceiling.rect(0, y + 0.2, w, y + 0.24, wood * 0.4)
        return
    for inset, tone in ((0.5, white * 0.6), (0.54, white), (0.6, white * 0.72)):
        for a, b in (((inset, inset), (w - inset, inset + 0.05)), ((inset, inset), (inset + 0.05, deep))):
            ceiling.rect(*a, *b, tone, cover=0.8)
        ceiling.rect(w - inset - 0.05, inset, w - inset, deep, tone, cover=0.8)


def _corner_shade(board: Board, reach: float = 0.5) -> None:
    """The dark of corners."""
    y, x = board.heights(), board.places()
    near = np.minimum(np.minimum(y, board.height_m - y) + 0 * x, np.minimum(x, board.width_m - x) + 0 * y)
    board.times((0.62 + 0.38 * smoothstep(0.0, reach, near) ** 0.6).astype(np.float32))


def _stained(board: Board, scene: Scene, rng: np.random.Generator, corner: bool = False) -> None:
    """Damp, mould and cracks, by decay; and the shade of corners."""
    decay = scene["decay"]
    broad, fine = fractal(rng, *board.size, 5, cells=2.5), fractal(rng, *board.size, 4, cells=24.0, keep=0.7)
    wet = broad + 0.15 * fine - 2.1 + 2.1 * decay
    damp, ring = smoothstep(0.0, 0.2, wet), np.exp(-((wet / 0.07) ** 2)) * float(smoothstep(0.0, 0.15, decay))
    board.times((1 + 0.035 * fine + 0.05 * broad).astype(np.float32))
    stain = np.stack([1 - 0.22 * damp - 0.3 * ring, 1 - 0.32 * damp - 0.42 * ring, 1 - 0.45 * damp - 0.5 * ring], -1)
    board.times(stain.astype(np.float32))
    y, x = board.heights(), board.places()
    near = np.minimum(np.minimum(y, board.height_m - y) + 0 * x, np.minimum(x, board.width_m - x) + 0 * y)
    mould = smoothstep(0.1, 0.9, 1.5 * decay - 0.75 - near * 0.9 + 0.45 * fine)
    board.times((1 - 0.75 * mould).astype(np.float32))
    _corner_shade(board)
    steps, starts = rng.standard_normal((4, 16, 2)), rng.random((4, 3))
    for step, (u, v, t) in zip(steps, starts, strict=True):
        grown = int(16 * float(smoothstep(0.0, 0.5, decay - 0.15 - 0.5 * t)))
        start = np.array([u * board.width_m, board.height_m if corner else v * board.height_m])
        path = start + np.cumsum(step[:grown] * 0.07 - (0, 0.1), 0)
        if grown > 1:
            board.line(path, 0.016, hue("2a2520"), cover=0.8)


def _papered(board: Board, scene: Scene, rng: np.random.Generator, paper: str, kind: int) -> None:
    """Wallpaper or plaster above a panelled dado, skirting and cornice; it peels with decay."""
    decay, tone = scene["decay"], hue(paper)
    tone = mixed(tone, np.full(3, float(tone.mean())) * (0.9, 0.82, 0.66), 0.55 * decay)
    y, x = board.heights(), board.places()
    repeat = 0.36
    fx, fy = (x / repeat) % 1 + 0 * y, (y / (repeat * 1.4)) % 1 + 0 * x
    half = ((x / repeat).astype(int) % 2 * 0.5 + fy) % 1
    stripes = 0.5 * smoothstep(0.1, 0.16, np.abs(fx - 0.5))
    petals = 1 + 0.35 * np.cos(5 * np.arctan2(half - 0.5, fx - 0.5))
    flower = smoothstep(0.30, 0.22, np.hypot(fx - 0.5, (half - 0.5) * 1.2) * petals)
    pattern = (stripes, flower, 0.4 * stripes + 0.8 * flower, 0 * stripes)[kind]
    board.rgba[..., :3] = tone * (0.94 + 0.16 * pattern)[..., None]
    board.rgba[..., 3] = 1
    peel = fractal(rng, *board.size, 4, cells=2.2, stretch=0.55) + 0.12 * fractal(rng, *board.size, 3, cells=18.0)
    level = peel - 2.0 + 2.2 * decay + 0.25 * (y / board.height_m) * decay
    off, shade = smoothstep(0.0, 0.03, level)[..., None], smoothstep(-0.10, 0.0, level)[..., None]
    plaster = hue("a89c8a") * (1 + 0.12 * fractal(rng, *board.size, 4, cells=14.0))[..., None]
    curl = np.exp(-((level / 0.035) ** 2))[..., None] * float(smoothstep(0.0, 0.2, decay))
    board.rgba[..., :3] = board.rgba[..., :3] * (1 - off) * (1 - 0.25 * shade * decay) + plaster * off + 0.22 * curl
    _stained(board, scene, rng)
    _panelled(board, decay, tone, kind)


def _panelled(board: Board, decay: float, tone: NDArray[np.float64], kind: int) -> None:
    """The dado, skirting and cornice of a wall."""
    wood = mixed(hue("e2dccd") if kind % 2 else hue("6b4a32"), hue("77705f"), 0.5 * decay)
    if kind != 3:
        board.rect(0, 0, board.width_m, 0.86, wood * 0.86)
        for i in range(int(board.width_m / 0.62) + 1):
            a = i * 0.62 + 0.09
            board.rect(a, 0.22, a + 0.44, 0.74, wood * 0.6)
            board.rect(a + 0.025, 0.205, a + 0.455, 0.715, wood * 1.02)
            board.rect(a + 0.025, 0.225, a + 0.43, 0.715, wood * 0.8)
        board.rect(0, 0.84, board.width_m, 0.92, wood)
        board.rect(0, 0.82, board.width_m, 0.84, wood * 0.45)
    board.rect(0, 0, board.width_m, 0.15, wood * 0.95)
    board.rect(0, 0.15, board.width_m, 0.165, wood * 0.5)
    board.rect(0, board.height_m - 0.11, board.width_m, board.height_m, hue("d9d2c4") * (1 - 0.35 * decay))
    board.rect(0, board.height_m - 0.13, board.width_m, board.height_m - 0.11, tone * 0.45)


def _planks(board: Board, it: Room, rng: np.random.Generator) -> None:
    """Floorboards that run away from us; their gloss mirrors the window."""
    scene = it.stage.scene
    decay = scene["decay"]
    tone = mixed(hue(BOARDS[int(rng.integers(len(BOARDS)))]), hue("5f564a"), 0.6 * decay)
    shade = rng.normal(1.0, 0.13, (64, 8)).astype(np.float32)
    offset = rng.random(64)
    y, x = board.heights(), board.places()
    lane = ((x - board.width_m / 2) / 0.17 + 32).astype(int) % 64
    along = y / 2.2 + offset[lane]
    grain = fractal(rng, *board.size, 5, cells=6.0, stretch=0.06, keep=0.7)
    board.rgba[..., :3] = tone * (shade[lane, along.astype(int) % 8] * (1 + 0.14 * grain))[..., None]
    board.rgba[..., 3] = 1
    fx, fy = ((x - board.width_m / 2) / 0.17) % 1, along % 1
    seam = np.minimum(np.minimum(fx, 1 - fx) * 0.17 + 0 * y, np.minimum(fy, 1 - fy) * 2.2)
    board.times((0.45 + 0.55 * smoothstep(0.0, 0.011 + 0.008 * decay, seam)).astype(np.float32))
    dirt = fractal(rng, *board.size, 5, cells=4.0)
    board.times((1 - 0.5 * decay * smoothstep(-0.2, 1.0, dirt)).astype(np.float32))
    _corner_shade(board, 0.35)
    z = NEAR_M + y
    wx, wy = (x - board.width_m / 2) * it.back / z, it.eye * (it.back - z) / z
    x0, x1, y0, y1 = it.pane
    blur = 0.12 + 0.1 * (it.back - z)
    hit = smoothstep(-blur, blur, np.minimum(wx - x0, x1 - wx)) * smoothstep(-blur, blur, np.minimum(wy - y0, y1 - wy))
    gloss = 0.16 * (1 - 0.75 * decay) * (1 + 0.25 * grain)
    light = it.stage.light
    outside = (0.7 * light.sky_rgb + 0.3 * light.haze_rgb) * 1.2
    board.glow += (hit * gloss)[..., None] * outside.astype(np.float32)
