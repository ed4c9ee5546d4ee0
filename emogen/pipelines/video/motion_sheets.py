"""A scene -> sheets that a film can move: what stands at one distance and moves in one way, painted once.

The layers of a scene (`codecs.scene`) are laid over one another group by group. After each group the picture is graded
to display values, and what the group changed becomes its sheet: premultiplied RGBA, uint8, on a crop of the canvas. The
canvas is `MARGIN` wider and higher than a frame, so that a camera can move. Laid over one another unmoved, the sheets
give the still, a painter's hand included; what is hidden behind a near sheet is there as well, unpainted.

Nearness says how far a sheet shifts under a moving camera: 0 for the sky, and on level ground the distance of a row to
the horizon in heights of the canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene import finish
from emogen.codecs.scene.elements import drawer
from emogen.codecs.scene.light import light_of
from emogen.codecs.scene.painter import painted
from emogen.codecs.scene.render import flattened
from emogen.codecs.scene.scene import Scene, places
from emogen.codecs.scene.stage import FOCAL, Floats, Layer, Stage
from emogen.codecs.scene.weather import weathered

Bytes = NDArray[np.uint8]
Key = tuple[int, int, str]  # element, distance, kind
Groups = dict[Key, list[Layer]]
#: How much larger than a frame the canvas is in each direction (own choice: room for a slow move and an unsteady hand).
MARGIN = 1.12
#: Nearness from which a sheet counts as middle and as near, and the most that is counted (own choice).
MIDDLE, NEAR, NEAREST = 0.035, 0.22, 1.0
#: A layer whose farthest row is this many times farther than its nearest lies on the ground.
GROUND = 4.0
#: How far the mask of something solid reaches beyond its edge, in heights: it carries its edge with it.
FRINGE = 0.004
#: Side of the cells of maps of movement, px of the canvas.
CELL = 4
#: Alpha below which a sheet is taken to be clear there.
CLEAR = 0.004
#: Kinds of sheets by how they move; those that shine add their light to all that is before and behind them.
KINDS = ("sky", "clouds", "still", "sway", "water", "float", "smoke", "fly", "fall", "fire", "glow", "flame", "bursts", "flash")
SHINING = ("glow", "flame", "bursts", "flash")
#: Kinds that let through what is behind them.
AIRY = ("clouds", "smoke", "fire")
#: Kinds that leave their place: what is behind them must not show where they were.
LEAVING = ("fly", "fall")


@dataclass(frozen=True)
class Sheet:
    """Something that moves as one.

    Attributes:
        kind: One of `KINDS`.
        rgba: uint8 [h, w, 4], display values, premultiplied; of what shines, what it adds.
        top: Its first row on the canvas.
        left: Its first column on the canvas.
        nearness: How far it shifts under the camera; None: as the ground of each row does.
        sway: float32 [canvas / CELL], 0 where it is rooted .. 1 at its tips; of what shines, 1 where water mirrors it. None
            where nothing sways.
    """

    kind: str
    rgba: Bytes
    top: int
    left: int
    nearness: float | None
    sway: Floats | None = None

    @property
    def box(self) -> tuple[int, int, int, int]:
        """First and last row, first and last column (exclusive)."""
        return self.top, self.top + self.rgba.shape[0], self.left, self.left + self.rgba.shape[1]


@dataclass(frozen=True)
class _Cut:
    """A group on its way to a sheet: the picture before and after it, on its box; halves save memory."""

    key: Key
    box: tuple[int, int, int, int]
    mask: NDArray[np.float16]
    before: NDArray[np.float16]
    after: NDArray[np.float16]


@dataclass(frozen=True)
class Look:
    """One scene as sheets.

    Attributes:
        scene: What it shows.
        stage: The canvas and its light.
        gain: What light is multiplied by before it is graded.
        back: uint8 [h, w, 3]: the sky without clouds, or a room's walls.
        sheets: The others by name, in the order of `names`; far first.
        colours: Display values of what is in the air: "rain", "snow", "mist", "dust" -> RGB 0..255.
    """

    scene: Scene
    stage: Stage
    gain: float
    back: Bytes
    sheets: dict[Key, Sheet]
    colours: dict[str, NDArray[np.float64]]


def look_of(scene: Scene, width: int, height: int) -> Look:
    """The sheets of a scene for frames of a size in pixels; its weather and the camera's tilt are left to the film."""
    stage = Stage(scene, round(width * MARGIN), round(height * MARGIN), light_of(scene))
    groups = _grouped(stage)
    solid = [key for key in groups if key[2] not in SHINING]
    gain = finish.exposure(weathered(flattened(stage, [layer for key in groups for layer in groups[key]]), stage))
    light = flattened(stage, groups[solid[0]])
    shown = _with_hand(stage, graded(light, scene, gain), sky=True)
    back, cuts = _bytes(shown), []
    for key in solid[1:]:
        mask = _mask(groups[key], key[2], stage.height)
        box = (0, stage.height, 0, stage.width) if key[2] == "fire" else _box(mask > CLEAR)
        if box is None:
            continue
        light = flattened(stage, [_backing(light), *groups[key]])
        y0, y1, x0, x1 = box
        before = shown[y0:y1, x0:x1].astype(np.float16)
        shown[y0:y1, x0:x1] = graded(light[y0:y1, x0:x1], scene, gain)
        if key[2] == "clouds":
            shown = _with_hand(stage, shown, sky=True)
        cuts.append(_Cut(key, box, mask[y0:y1, x0:x1].astype(np.float16), before, shown[y0:y1, x0:x1].astype(np.float16)))
    base = graded(light, scene, gain)
    hand = _with_hand(stage, base, sky=False)
    sheets = _mixed(stage, groups, cuts, hand)
    sheets |= _shining(stage, groups, base, gain)
    return Look(scene, stage, gain, back, sheets, _air_colours(stage, scene, gain))


def graded(light: Floats, scene: Scene, gain: float) -> Floats:
    """Linear light -> display values 0..1 as `codecs.scene.finish` has them before the painter's hand and the camera's tilt."""
    light = finish.halation(finish.developed(light, scene, gain), scene["soft"])
    return np.asarray(np.clip(finish.graded(light, scene), 0, 1), np.float32)


def _grouped(stage: Stage) -> Groups:
    """(element, distance, kind) -> its layers; the first is what all others stand before."""
    groups: Groups = {}
    for number, element in enumerate(places()[stage.scene.place]):
        for layer in drawer(element)(stage):
            kind = _kind(layer, element)
            near = _nearness(layer, stage)
            bin_ = 0 if near is None else 1 + (near >= MIDDLE) + (near >= NEAR)
            groups.setdefault((number, 0 if kind in ("sky", "clouds") else bin_, kind), []).append(layer)
    return groups


def _kind(layer: Layer, element: str) -> str:
    if layer.movement == "drift":
        return "clouds" if element == "sky" else "smoke"
    if layer.movement == "flicker" and element == "sky":
        return "flash"
    if layer.movement == "flicker" and layer.name in ("fire", "fireworks"):
        return "fire" if layer.name == "fire" else "bursts"
    if layer.glows and layer.name != "fire":
        return "flame" if layer.movement == "flicker" else "glow"
    if layer.movement == "ripple":
        return "water" if layer.mirror is not None else "float"
    if layer.movement in ("fly", "fall", "sway"):
        return layer.movement
    return "sky" if element == "sky" else "still"


def _nearness(layer: Layer, stage: Stage) -> float | None:
    """None for what lies on the ground."""
    depth = np.asarray(layer.depth_m, np.float64)
    near = float(np.min(depth))
    if not np.isfinite(near):
        return 0.0
    if depth.ndim and float(np.max(depth)) > GROUND * near and near < 200:
        return None
    return min(FOCAL * stage.eye_m / max(float(np.median(depth)), 1e-3), NEAREST)


def _backing(picture: Floats) -> Layer:
    return Layer("behind", np.dstack([picture, np.ones(picture.shape[:2], np.float32)]), float("inf"))


def _mask(layers: Sequence[Layer], kind: str, height: int) -> Floats:
    """How far a group covers what is behind it, 0..1 [h, w]; solid things with a fringe."""
    clear = np.ones(layers[0].rgba.shape[:2], np.float32)
    for layer in layers:
        clear *= 1 - np.clip(layer.rgba[..., 3], 0, 1)
    mask = 1 - clear
    if kind in AIRY or kind in LEAVING:
        return mask
    return _fringed(mask, height)


def _fringed(mask: Floats, height: int) -> Floats:
    reach = max(round(FRINGE * height), 1)
    wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    return np.maximum(cv2.blur(wide, (reach + 1 | 1,) * 2), mask)


def _with_hand(stage: Stage, shown: Floats, *, sky: bool) -> Floats:
    """A graded picture as painted; of the sky only the rows that are sky."""
    rows = stage.height
    if sky:
        rows = 0 if stage.scene.place == "room" else min(int(stage.horizon + 0.02 * stage.height) + 1, stage.height)
    out = shown.copy()
    if rows:
        out[:rows] = np.clip(painted(shown[:rows], stage.scene.rng("finish")), 0, 1)
    return out


def _mixed(stage: Stage, groups: Groups, cuts: list[_Cut], hand: Floats) -> dict[Key, Sheet]:
    """The cuts as sheets: painted where they are seen in the end; sky and clouds have been painted by themselves."""
    seen: Floats = np.ones(hand.shape[:2], np.float32)
    sheets: dict[Key, Sheet] = {}
    while cuts:
        cut = cuts.pop()
        y0, y1, x0, x1 = cut.box
        mask, before, after = (part.astype(np.float32) for part in (cut.mask, cut.before, cut.after))
        here, by_hand = seen[y0:y1, x0:x1], hand[y0:y1, x0:x1]
        clouds, fire = cut.key[2] == "clouds", cut.key[2] == "fire"
        covers = mask + 4 * np.abs(after - before).max(-1) if fire else mask
        if cut.key[2] in LEAVING:
            covers = _fringed(_fringed(mask, stage.height), stage.height)
        behind = here * (1 - np.minimum(covers * 4, 1))
        if not clouds:
            after += (by_hand - after) * here[..., None]
            before += (by_hand - before) * behind[..., None]
        seen[y0:y1, x0:x1] = behind
        alpha = np.where(mask > CLEAR, mask, 0)[..., None]
        rgb = after - before * (1 - alpha)
        rgb = rgb if fire else np.where(alpha > 0, rgb, 0)  # a fire lights what is round it
        if clouds:
            rgb = _without_discs(rgb, alpha, before, stage.height)
        rgba = _bytes(np.dstack([np.clip(rgb, 0, 1), alpha]))
        layers = groups[cut.key]
        sway = _swaying(layers, stage) if cut.key[2] == "sway" else None
        sheets[cut.key] = Sheet(cut.key[2], rgba, y0, x0, _mean_nearness(layers, stage), sway)
    return dict(reversed(sheets.items()))


def _without_discs(clouds: Floats, alpha: Floats, sky: Floats, height: int) -> Floats:
    """What clouds add to the sky, without what shines through of sun, moon and stars: those stay when clouds drift."""
    light = sky.max(-1)
    disc = np.clip((light - cv2.GaussianBlur(light, (0, 0), 0.05 * height)) * 16 - 0.5, 0, 1)
    disc = cv2.GaussianBlur(cv2.dilate(disc, np.ones((3, 3), np.uint8)), (0, 0), 0.003 * height)[..., None]
    if float(disc.max()) < 0.05:
        return clouds
    round_ = cv2.GaussianBlur(np.dstack([clouds, alpha]) * (1 - disc) ** 2, (0, 0), 0.02 * height)
    plain = round_[..., :3] / np.maximum(round_[..., 3:], 1e-3) * alpha
    return np.asarray(clouds + (plain - clouds) * np.minimum(disc * 2, 1), np.float32)


def _shining(stage: Stage, groups: Groups, dark: Floats, gain: float) -> dict[Key, Sheet]:
    """What each light adds to the picture without lights and with those before it, where nothing stands before it."""
    shown: set[Key] = {key for key in groups if key[2] not in SHINING}
    found: dict[Key, Sheet] = {}
    wet = _wet(stage, groups)
    for key in groups:
        if key in shown or not any(layer.rgba.any() for layer in groups[key]):
            continue
        shown.add(key)
        lit = graded(flattened(stage, [layer for k in groups if k in shown for layer in groups[k]]), stage.scene, gain)
        added = np.clip(lit - dark, 0, 1)
        dark = lit
        box = _box(added.max(-1) > 0.008)
        if box is not None:
            y0, y1, x0, x1 = box
            rgba = _bytes(np.dstack([added[y0:y1, x0:x1], np.zeros((y1 - y0, x1 - x0), np.float32)]))
            found[key] = Sheet(key[2], rgba, y0, x0, _mean_nearness(groups[key], stage), wet)
    return found


def _wet(stage: Stage, groups: Groups) -> Floats | None:
    """Where water is seen [canvas / CELL]; None where there is none."""
    masks = [layer.rgba[..., 3] for key in groups if key[2] == "water" for layer in groups[key]]
    if not masks:
        return None
    size = (-(-stage.width // CELL), -(-stage.height // CELL))
    return cv2.resize(np.maximum.reduce(masks), size, interpolation=cv2.INTER_AREA)


def _mean_nearness(layers: Sequence[Layer], stage: Stage) -> float | None:
    near = [(_nearness(layer, stage), float(np.count_nonzero(layer.rgba[..., 3] > 0.5)) + 1) for layer in layers]
    if any(n is None for n, _ in near):
        return None
    return sum((n or 0.0) * weight for n, weight in near) / sum(weight for _, weight in near)


def _swaying(layers: Sequence[Layer], stage: Stage) -> Floats:
    """How far each cell of the canvas gives way to the wind, 0..1."""
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    out = np.zeros((stage.height, stage.width), np.float32)
    for layer in layers:
        near = _nearness(layer, stage)
        box = _box(layer.rgba[..., 3] > 0.3)
        if box is None:
            continue
        foot = box[1] if near is None else min(float(stage.row(0.0, float(np.median(np.asarray(layer.depth_m))))), box[1])
        high = max(foot - box[0], 0.02 * stage.height)
        give = np.clip((foot - rows) / high, 0.0, 1.0) ** 1.3
        if box[1] - foot > 0.25 * (box[1] - box[0]):  # grass: each blade has its own foot
            give = np.maximum(give, np.clip((rows - stage.horizon) / stage.height, 0.02, 1.0) ** 0.7)
        out = np.maximum(out, give * layer.rgba[..., 3])
    soft = cv2.GaussianBlur(out, (0, 0), 0.012 * stage.height)
    return cv2.resize(soft, (-(-stage.width // CELL), -(-stage.height // CELL)), interpolation=cv2.INTER_AREA)


def _air_colours(stage: Stage, scene: Scene, gain: float) -> dict[str, NDArray[np.float64]]:
    light = stage.light
    lit = {
        "rain": 1.5 * (light.sky_rgb + 0.3 * light.sun_rgb + 0.25 * light.haze_rgb),
        "snow": np.minimum(1.7 * (light.sky_rgb + 0.5 * light.sun_rgb + 0.25 * light.haze_rgb) + 0.02, 1.6),
        "mist": light.haze_rgb,
        "dust": light.sun_rgb + 0.5 * light.sky_rgb,
    }  # as `codecs.scene.weather` lights them
    flat = np.array(list(lit.values()), np.float32)[:, None]
    shown = graded(np.repeat(np.repeat(flat, 8, 0), 8, 1), scene, gain)[::8, 0]
    return {name: 255.0 * shown[i].astype(np.float64) for i, name in enumerate(lit)}


def _box(where: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """The rows and columns that are in use, and a little more where there is room."""
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    if not len(rows):
        return None
    h, w = where.shape
    room = max(round(3 * FRINGE * h), 2)
    return (
        max(int(rows[0]) - room, 0), min(int(rows[-1]) + 1 + room, h), max(int(columns[0]) - room, 0), min(int(columns[-1]) + 1 + room, w)
    )  # fmt: skip


def _bytes(values: Floats) -> Bytes:
    return np.asarray(np.clip(values * 255 + 0.5, 0, 255), np.uint8)
