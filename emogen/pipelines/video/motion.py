"""Two looks of one place, a moment and a camera -> the frame.

Sheets of the two looks are mixed, shifted by the camera and by what moves them, and laid over one another; lamps
breathe, fire flickers, birds fly, rain falls; then the frame is printed as a still is. A frame depends on its moment
alone, so that frames can be drawn by several threads and in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from emogen.codecs.scene.finish import TILT_DEG
from emogen.codecs.scene.scene import attributes, places
from emogen.codecs.scene.stage import FOCAL, Floats
from emogen.pipelines.video.motion_air import Air
from emogen.pipelines.video.motion_camera import Camera
from emogen.pipelines.video.motion_flow import FLOWING, Flow
from emogen.pipelines.video.motion_sheets import CELL, MARGIN, NEAREST, SHINING, Bytes, Key, Look, Sheet
from emogen.pipelines.video.motion_sprites import Sprite, sprites

SLACK = 0.035  # of the canvas' margin that is kept for the camera when it is tilted (heights)
REACH = 0.05  # how far anything may be displaced (heights), for the part of a frame that a sheet can touch
GRAIN, GRAIN_MIDDLE = 1.3, 6  # deviation of grain, of 255 (as `codecs.scene.finish` prints it), and what is added to keep it positive
FLASH_S = 7.0  # mean time between two flashes of lightning; never more than one in two seconds (WCAG 2.3.1 allows three in one)

_Rect = tuple[int, int, int, int]  # first and last row, first and last column (exclusive)


@dataclass(frozen=True)
class Pair:
    """Two looks of one place, whose sheets lie on the same boxes, so that they can be mixed."""

    first: Look
    second: Look

    @cached_property
    def sheets(self) -> dict[Key, tuple[Sheet, Sheet]]:
        """Far first; a sheet that one look lacks is clear there."""
        if self.first is self.second:
            return {key: (sheet, sheet) for key, sheet in self.first.sheets.items()}
        return {key: _aligned(self.first.sheets.get(key), self.second.sheets.get(key)) for key in self._order()}

    @cached_property
    def flyers(self) -> dict[Key, list[Sprite]]:
        """Of the sheets with what flies."""
        return {key: sprites(*pair) for key, pair in self.sheets.items() if pair[0].kind == "fly"}

    def value(self, name: str, share: float) -> float:
        """An attribute on the way from one look to the other; that of the hour the short way round."""
        a, b = self.first.scene[name], self.second.scene[name]
        it = attributes()[name]
        if it.circular:
            b = a + (b - a + (it.high - it.low) / 2) % (it.high - it.low) - (it.high - it.low) / 2
        return a + (b - a) * share

    def _order(self) -> list[Key]:
        order = list(self.first.sheets)
        before: Key | None = None
        for key in self.second.sheets:
            if key not in order:
                order.insert(0 if before is None else order.index(before) + 1, key)
            before = key
        return order


class Motion:
    """One place in motion.

    Args:
        look: Any look of it.
        width: Of the frames (px).
        height: Of the frames (px).
        seed: Of all that is random.
        wind: The strongest of the film.
    """

    def __init__(self, look: Look, width: int, height: int, seed: int, wind: float) -> None:
        self.width, self.height, self.seed = width, height, seed % 2**32
        self.stage = look.stage
        self.base = 0.0
        if look.scene.place == "room":  # walls stand where the sky is elsewhere
            self.base = min((s.nearness for s in look.sheets.values() if s.nearness is not None), default=0.0)
        self.flow = Flow(look.stage, seed, wind)
        self.air = Air(width, height, seed, self.flow.side)
        self.full = (-(-height // CELL) * CELL, -(-width // CELL) * CELL)
        self.corners, self.grain = _corners(width, height), _grain(self.seed)
        self.elements = places()[look.scene.place]

    def frame(self, pair: Pair, share: float, t_s: float, camera: Camera) -> Bytes:
        """The frame at a moment, uint8 [height, width, 3].

        Args:
            pair: The looks before and after it.
            share: How far the second look has come, 0..1.
            t_s: Seconds since the film began.
            camera: Where the camera is.
        """
        wind, waves = pair.value("wind", share), pair.value("waves", share)
        view = _View(self, camera, pair.value("tilt", share))
        back = _between(pair.first.back, pair.second.back, share)
        out = view.warped(back, 0, 0, 0.0, view.whole, None)
        for key, (a, b) in pair.sheets.items():
            sheet = _at(a, b, share)
            if sheet.kind == "fly":
                self._fly(out, pair.flyers[key], share, t_s, view, sheet, self.elements[key[0]] == "birds")
            elif sheet.kind in SHINING:
                self._shine(out, sheet, t_s, view, wind, waves, self.elements[key[0]])
            else:
                self._lay(out, sheet, t_s, view, wind, waves)
        self._lightning(out, pair, share, t_s)
        self._in_the_air(out, pair, share, t_s, view)
        return self._printed(out, t_s)

    def _lay(self, out: Bytes, sheet: Sheet, t_s: float, view: _View, wind: float, waves: float) -> None:
        rect = view.rect(sheet)
        if rect is None:
            return
        r0, r1, c0, c1 = rect
        moved = self._moved(sheet, t_s, view, rect, wind, waves)
        part = out[r0:r1, c0:c1]
        clear = cv2.bitwise_not(cv2.extractChannel(moved, 3))
        if sheet.kind == "fire":
            moved = cv2.convertScaleAbs(moved, alpha=0.97 + 0.08 * _wavering(t_s, 1.9, 1.0) + 0.05 * _wavering(t_s, 4.7, 2.0))
        under = cv2.multiply(part, cv2.merge([clear, clear, clear]), scale=1 / 255)
        part[:] = cv2.add(under, cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB))

    def _moved(
        self, sheet: Sheet, t_s: float, view: _View, rect: _Rect, wind: float, waves: float, *, afloat: bool = False
    ) -> Bytes:
        """A sheet as it is seen at a moment, on a part of the frame."""
        steady: Floats | None = None
        if sheet.kind == "sway" and sheet.sway is not None:
            steady = self.flow.plants(t_s, wind) * sheet.sway[..., None]
        elif sheet.kind == "water":
            steady = self.flow.water(t_s, waves)
        elif sheet.kind == "float" or afloat:
            steady = self.flow.floating(t_s, waves)
        elif sheet.kind in SHINING and sheet.sway is not None:
            steady = self.flow.water(t_s, waves) * sheet.sway[..., None]
        elif sheet.kind in ("smoke", "fire", "fall"):
            steady = self.flow.stirred(sheet.kind, t_s)
        if sheet.kind not in FLOWING:
            return view.warped(sheet.rgba, sheet.top, sheet.left, self._near(sheet), rect, steady)
        speed = self.flow.carried(sheet.kind, sheet, wind, waves)
        seen: Bytes | None = None
        for carried_s, part in self.flow.copies(sheet.kind, t_s):
            moved = speed * np.float32(carried_s) if steady is None else speed * np.float32(carried_s) + steady
            copy = view.warped(sheet.rgba, sheet.top, sheet.left, self._near(sheet), rect, moved)
            seen = copy if seen is None else cv2.addWeighted(seen, 1 - part, copy, part, 0)
        assert seen is not None
        return seen

    def _near(self, sheet: Sheet) -> float | None:
        return None if sheet.nearness is None else sheet.nearness - self.base

    def _shine(self, out: Bytes, sheet: Sheet, t_s: float, view: _View, wind: float, waves: float, element: str) -> None:
        rect = view.rect(sheet)
        if rect is None:
            return
        r0, r1, c0, c1 = rect
        strength = self._flash(t_s) if sheet.kind == "flash" else 1.0
        if sheet.kind == "glow":
            strength = 0.96 + 0.05 * _wavering(t_s, 0.31, 3.0) + 0.02 * _wavering(t_s, 1.3, 4.0)
        if sheet.kind == "flame":
            strength = 0.92 + 0.07 * _wavering(t_s, 1.7, 3.0) + 0.05 * _wavering(t_s, 4.1, 4.0)
        if strength <= 0:
            return
        moved = self._moved(sheet, t_s, view, rect, wind, waves, afloat=element == "boats")
        moved = cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB)
        part = out[r0:r1, c0:c1]
        if sheet.kind == "bursts":
            moved = cv2.multiply(moved, self._bursts(t_s, rect), scale=1 / 255)
        part[:] = cv2.scaleAdd(moved, strength, part)

    def _bursts(self, t_s: float, rect: _Rect) -> Bytes:
        """Fireworks light up and fade, each in its time."""
        r0, r1, c0, c1 = rect
        x = np.linspace(c0, c1, 24, dtype=np.float32)[None] / self.height
        y = np.linspace(r0, r1, 24, dtype=np.float32)[:, None] / self.height
        turn = 0.43 * t_s + 0.9 * np.sin(3.1 * x + 1.7 * y) + 0.8 * np.sin(5.3 * x - 2.9 * y + 1.0)
        gone = turn % 1.0
        light = np.clip(gone / 0.06, 0, 1) * np.clip(1.15 - gone, 0, 1) ** 1.6
        grid = cv2.resize((255 * light).astype(np.uint8), (c1 - c0, r1 - r0), interpolation=cv2.INTER_LINEAR)
        return cv2.merge([grid, grid, grid])

    def _fly(
        self, out: Bytes, flock: list[Sprite], share: float, t_s: float, view: _View, sheet: Sheet, birds: bool
    ) -> None:
        for one in flock:
            patch, place = one.at(t_s, share, self.stage.width, self.stage.height, self.flow.side, birds)
            view.put(out, patch, place, self._near(sheet) or 0.0)

    def _lightning(self, out: Bytes, pair: Pair, share: float, t_s: float) -> None:
        """The land in the light of a flash."""
        flash = self._flash(t_s) * min(1.0, 2 * pair.value("lightning", share))
        if flash > 0.01 and pair.first.scene.place != "room":
            cv2.convertScaleAbs(out, dst=out, alpha=1 + 0.22 * flash, beta=8 * flash)

    def _in_the_air(self, out: Bytes, pair: Pair, share: float, t_s: float, view: _View) -> None:
        colours = {
            name: (1 - share) * colour + share * pair.second.colours[name] for name, colour in pair.first.colours.items()
        }
        def value(name: str) -> float:
            return pair.value(name, share)

        self._embers(out, pair, share, t_s, view)
        if pair.first.scene.place == "room":
            self.air.dust(out[: self.height, : self.width], t_s, 0.8, colours["dust"])
            return
        self.air.prepare(value("rain") > 0)
        self.air.laid(out[: self.height, : self.width], t_s, value, colours, view.row(self.stage.horizon))

    def _embers(self, out: Bytes, pair: Pair, share: float, t_s: float, view: _View) -> None:
        fire = next((key for key, (a, _) in pair.sheets.items() if a.kind == "fire"), None)
        amount = pair.value("fire", share)
        if fire is None or amount <= 0.05:
            return
        sheet = pair.sheets[fire][0]
        r0, r1, c0, c1 = view.rect(sheet) or (0, 0, 0, 0)
        if r1 > r0:
            self.air.embers(out[: self.height, : self.width], t_s, amount, (r0, min(r1, self.height), c0, c1), pair.value("wind", share))

    def _flash(self, t_s: float) -> float:
        """Lightning at a moment, 0..1: a stroke, a weaker second one, and the fading."""
        light = 0.0
        for slot in (int(t_s // FLASH_S) - 1, int(t_s // FLASH_S)):
            rng = np.random.default_rng([self.seed, 15, max(slot, 0)])
            begin = (slot + 0.15 + 0.55 * rng.random()) * FLASH_S
            for late, strength, fade in ((0.0, 1.0, 0.16), (0.21, 0.55, 0.30)):
                after = t_s - begin - late
                if slot >= 0 and after >= 0:
                    light = max(light, strength * float(np.exp(-after / fade)))
        return light if light > 0.004 else 0.0

    def _printed(self, out: Bytes, t_s: float) -> Bytes:
        """Darker corners and a little grain, as `codecs.scene.finish` prints a still."""
        shown = cv2.multiply(out[: self.height, : self.width], self.corners, scale=1 / 255)
        top, left = np.random.default_rng([self.seed, 16, round(t_s * 1000)]).integers(0, 256, 2)
        rows, columns = -(-(self.height + int(top)) // 512), -(-(self.width + int(left)) // 512)
        grain = np.tile(self.grain, (rows, columns, 1))[top : top + self.height, left : left + self.width]
        return cv2.subtract(cv2.add(shown, grain), (GRAIN_MIDDLE,) * 4)


class _View:
    """How the camera sees the canvas at one moment: pixels of the frame -> pixels of the canvas."""

    def __init__(self, motion: Motion, camera: Camera, tilt: float) -> None:
        self.m, self.camera = motion, camera
        h, w, stage = motion.height, motion.width, motion.stage
        angle = np.radians(TILT_DEG * tilt)
        cos, sin = np.cos(abs(angle)), np.sin(abs(angle))
        room = (MARGIN - SLACK) if tilt else MARGIN
        self.zoom = camera.zoom * max(1.0, (w * cos + h * sin) / w / room, (w * sin + h * cos) / h / room)
        turn = angle + np.radians(camera.roll_deg)
        c, s = np.cos(turn) / self.zoom, np.sin(turn) / self.zoom
        x0, y0 = (stage.width - 1) / 2 - camera.pan[0] * h, (stage.height - 1) / 2 - camera.pan[1] * h
        xm, ym = (w - 1) / 2, (h - 1) / 2
        self.matrix = np.array([[c, -s, x0 - c * xm + s * ym], [s, c, y0 - s * xm - c * ym]])
        self.back = cv2.invertAffineTransform(self.matrix)
        self.whole: _Rect = (0, motion.full[0], 0, motion.full[1])

    def row(self, canvas_row: float) -> float:
        """The row of the frame where the middle of a row of the canvas is seen."""
        return float(self.back[1] @ [self.m.stage.width / 2, canvas_row, 1])

    def rect(self, sheet: Sheet) -> _Rect | None:
        """The part of the frame that a sheet can touch, in whole cells."""
        y0, y1, x0, x1 = sheet.box
        corners = np.array([[x0, x1, x0, x1], [y0, y0, y1, y1], [1, 1, 1, 1]], float)
        back = self.back @ corners
        reach = REACH * self.m.height + 0.14 * (sheet.nearness if sheet.nearness is not None else 0.5) * self.m.height
        (left, up), (right, down) = back.min(1) - reach, back.max(1) + reach
        r0, c0 = (max(int(v // CELL) * CELL, 0) for v in (up, left))
        r1, c1 = (min(int(-(-v // CELL)) * CELL, most) for v, most in ((down, self.m.full[0]), (right, self.m.full[1])))
        return (r0, r1, c0, c1) if r1 > r0 and c1 > c0 else None

    def warped(self, sheet: Bytes, top: int, left: int, nearness: float | None, rect: _Rect, moved: Floats | None) -> Bytes:
        """A sheet whose first pixel is at (top, left) of the canvas, as it is seen on a part of the frame."""
        r0, r1, c0, c1 = rect
        grid = self._grid(nearness, rect, moved)
        grid[..., 0] -= left
        grid[..., 1] -= top
        size = ((c1 - c0) + 2 * CELL, (r1 - r0) + 2 * CELL)
        full = cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)[CELL:-CELL, CELL:-CELL]
        return cv2.remap(sheet, full, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def put(self, out: Bytes, patch: Bytes, place: Floats, nearness: float) -> None:
        """Lays a small patch over the frame; `place` [2, 3] takes it to the canvas, upright."""
        h, w = patch.shape[:2]
        (wide, _, left), (_, high, top) = place.tolist()
        stage, camera = self.m.stage, self.camera
        grow = nearness * camera.ahead / FOCAL
        left += nearness * camera.aside * stage.height + grow * (left + wide * w / 2 - stage.width / 2)
        top += nearness * camera.rise * stage.height + grow * (top + high * h / 2 - stage.horizon)
        (a, b, c), (d, e, f) = self.back.tolist()
        x, y = a * left + b * top + c, d * left + e * top + f
        x0, y0 = max(int(x) - 2, 0), max(int(y) - 2, 0)
        reach = [abs(a) * wide * w + abs(b) * high * h, abs(d) * wide * w + abs(e) * high * h]
        x1, y1 = min(int(x + reach[0]) + 3, out.shape[1]), min(int(y + reach[1]) + 3, out.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        local = np.array([[a * wide, b * high, x - x0], [d * wide, e * high, y - y0]])
        seen = cv2.warpAffine(patch, local, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        part = out[y0:y1, x0:x1]
        clear = cv2.bitwise_not(cv2.extractChannel(seen, 3))
        part[:] = cv2.add(cv2.multiply(part, cv2.merge([clear, clear, clear]), scale=1 / 255), cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB))

    def _shift(self, x: Floats, y: Floats, nearness: float | None) -> Floats:
        """How far the camera's place shifts what is seen at a place of the canvas, px [.., 2]."""
        stage, camera = self.m.stage, self.camera
        high = np.float32(stage.height)
        near: float | Floats = np.clip((y - np.float32(stage.horizon)) / high, 0, NEAREST) if nearness is None else nearness
        grow = near * np.float32(camera.ahead / FOCAL)
        across = near * np.float32(camera.aside * stage.height) + grow * (x - np.float32(stage.width / 2))
        down = near * np.float32(camera.rise * stage.height) + grow * (y - np.float32(stage.horizon))
        return np.stack([across, down], -1).astype(np.float32)

    def _grid(self, nearness: float | None, rect: _Rect, moved: Floats | None) -> Floats:
        """Where on the canvas each cell of a part of the frame, and one more all round, is read."""
        r0, r1, c0, c1 = rect
        x = (np.arange(c0 - CELL, c1 + CELL, CELL, dtype=np.float32) + (CELL - 1) / 2)[None]
        y = (np.arange(r0 - CELL, r1 + CELL, CELL, dtype=np.float32) + (CELL - 1) / 2)[:, None]
        (a, b, c), (d, e, f) = self.matrix.astype(np.float32)
        at = np.stack([a * x + b * y + c, d * x + e * y + f], -1)
        at -= self._shift(at[..., 0], at[..., 1], nearness)
        if moved is not None:
            at -= cv2.remap(moved, (at - (CELL - 1) / 2) / CELL, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(at, np.float32)


def _between(a: Bytes, b: Bytes, share: float) -> Bytes:
    return a if share <= 0 or a is b else b if share >= 1 else cv2.addWeighted(a, 1 - share, b, share, 0)


def _at(a: Sheet, b: Sheet, share: float) -> Sheet:
    """A sheet between two looks."""
    if a is b:
        return a
    near = None if a.nearness is None or b.nearness is None else a.nearness + share * (b.nearness - a.nearness)
    sway = a.sway if b.sway is None else b.sway if a.sway is None else a.sway + np.float32(share) * (b.sway - a.sway)
    return Sheet(a.kind, _between(a.rgba, b.rgba, share), a.top, a.left, near, sway)


def _aligned(a: Sheet | None, b: Sheet | None) -> tuple[Sheet, Sheet]:
    """Two sheets on one box; clear where there is none."""
    given = [sheet for sheet in (a, b) if sheet is not None]
    boxes = np.array([sheet.box for sheet in given])
    top, bottom, left, right = boxes[:, 0].min(), boxes[:, 1].max(), boxes[:, 2].min(), boxes[:, 3].max()
    out = []
    for sheet in (a, b):
        rgba = np.zeros((bottom - top, right - left, 4), np.uint8)
        model = sheet or given[0]
        if sheet is not None:
            y0, y1, x0, x1 = sheet.box
            rgba[y0 - top : y1 - top, x0 - left : x1 - left] = sheet.rgba
        out.append(Sheet(model.kind, rgba, int(top), int(left), model.nearness, model.sway))
    return out[0], out[1]


def _wavering(t_s: float, turns_hz: float, start: float) -> float:
    """Something between -1 and 1 that never repeats soon."""
    angle = 2 * np.pi * turns_hz * t_s
    return float(0.5 * np.sin(angle + start) + 0.3 * np.sin(1.618 * angle + 2 * start) + 0.2 * np.sin(2.414 * angle))


def _corners(width: int, height: int) -> Bytes:
    x, y = np.linspace(-1, 1, width, dtype=np.float32)[None], np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    dark = 1 - 0.10 * np.minimum(x * x + y * y, 2.0) ** 1.5 / 2  # as `codecs.scene.finish`
    return np.repeat((255 * dark + 0.5).astype(np.uint8)[..., None], 3, axis=2)


def _grain(seed: int) -> Bytes:
    """Grain about `GRAIN_MIDDLE`, uint8 [512, 512, 3], the same in all colours."""
    noise = np.random.default_rng([seed, 17]).normal(GRAIN_MIDDLE, GRAIN, (512, 512, 1))
    return np.repeat(np.clip(noise + 0.5, 0, 2 * GRAIN_MIDDLE).astype(np.uint8), 3, axis=2)

