"""What is in the air before a film's camera: rain, snow, mist, embers, motes. Display values, uint8, moved by time alone.

It looks as `codecs.scene.weather` draws it on a still, with streaks and flakes that fall, each on its own way.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.noise import sampled, smoothstep, tile
from emogen.codecs.scene.stage import Floats
from emogen.codecs.scene.weather import LEAN, RAIN, SNOW
from emogen.pipelines.video.motion_sheets import Bytes

Values = Callable[[str], float]
QUARTERS = 4  # parts of the rain that come in one after the other
#: After how many heights each sheet of rain repeats (own choice: the few near streaks must not be recognised).
REPEATS = (1.3, 1.9, 4.1)
SLOW = 0.62  # of the rain's speed: a film of 25 pictures a second would show jumps (own choice)
EMBERS, MOTES = 110, 70
EMBER_RGB = (255.0, 140.0, 46.0)
MIST = ((0.011, 0.9, 1.0), (0.021, 2.1, 0.6))  # sheets of mist: widths a second, size, strength


class Air:
    """The air of one place.

    Args:
        width: Of the frames (px).
        height: Of the frames (px).
        seed: Of drops, flakes and sparks.
        side: -1 or 1: where the wind blows to.
    """

    def __init__(self, width: int, height: int, seed: int, side: float) -> None:
        self.width, self.height, self.side = width, height, side
        self.seed = seed % 2**32
        rng = np.random.default_rng([self.seed, 13])
        self.flakes = [rng.random((int(count * max(width / height, 0.6) / 1.2), 5)) for count, *_ in SNOW]
        self.sparks, self.motes = rng.random((EMBERS, 6)), rng.random((MOTES, 6))
        self.banks = tile(rng, 128, 3.4, low=2.0)
        self.drops: list[list[Bytes]] | None = None

    def prepare(self, rain: bool) -> None:
        """Draws what is needed once, before frames are drawn by several threads."""
        if rain and self.drops is None:
            self.drops = [self._streaks(k) for k in range(len(RAIN))]

    def laid(self, out: Bytes, t_s: float, values: Values, colours: dict[str, NDArray[np.float64]], horizon: float) -> None:
        """Lays mist, rain and snow over a frame, in place; `horizon` is its row."""
        if values("fog") > 0.25:
            self._over(out, self._mist(t_s, values("fog"), horizon), colours["mist"])
        if values("rain") > 0:
            self._over(out, self._rain(t_s, values("rain"), values("wind")), colours["rain"])
        if values("snowfall") > 0:
            self._over(out, self._snow(t_s, values("snowfall"), values("wind")), colours["snow"])

    def embers(self, out: Bytes, t_s: float, amount: float, box: tuple[float, float, float, float], wind: float) -> None:
        """Sparks that rise from a fire whose box (top, bottom, left, right; px) is given, in place."""
        h = self.height
        glow = np.zeros((h, self.width), np.uint8)
        top, bottom, left, right = box
        for index, (x, start, life, sway, size, speed) in enumerate(self.sparks):
            shown = float(np.clip((amount - 0.85 * index / EMBERS) / 0.15, 0, 1))
            span = 1.6 + 2.4 * life
            age = (t_s / span + start) % 1.0
            if shown == 0:
                break
            aside = self.side * wind * 0.30 * age + 0.03 * np.sin(9 * age + 7 * sway + 1.1 * t_s)
            px = left + (right - left) * (0.15 + 0.7 * x) + h * aside
            py = bottom - 0.25 * (bottom - top) - age * (0.35 + 0.45 * speed) * h
            light = shown * np.sin(np.pi * age) ** 0.7 * (0.65 + 0.35 * np.sin(17 * t_s * (0.5 + sway) + 20 * x))
            self._dot(glow, px, py, h * (0.0009 + 0.0012 * size), 255 * light)
        self._add(out, cv2.GaussianBlur(glow, (0, 0), 0.0011 * h + 0.3), EMBER_RGB, 1.7)

    def dust(self, out: Bytes, t_s: float, amount: float, colour: NDArray[np.float64]) -> None:
        """Motes in the light of a window, in place."""
        h = self.height
        glow = np.zeros((h, self.width), np.uint8)
        for x, y, sway, size, speed, start in self.motes:
            px = (x + 0.006 * t_s * (speed - 0.5)) % 1.0 * self.width + 0.02 * h * np.sin(0.4 * t_s + 9 * sway)
            py = (y - 0.008 * t_s * (0.4 + speed)) % 1.0 * h
            light = amount * max(np.sin(0.5 * t_s * (0.5 + speed) + 6.3 * start), 0.0)
            self._dot(glow, px, py, h * (0.0007 + 0.0012 * size), 150 * light)
        self._add(out, cv2.GaussianBlur(glow, (0, 0), 0.0013 * h + 0.3), tuple(colour), 1.0)

    def _streaks(self, k: int) -> list[Bytes]:
        """Upright streaks of one sheet of rain in parts, each [2 * period, wide] so that any height can be cut out."""
        h = self.height
        count, length, width, strength, _ = RAIN[k]
        wide, period = int(self.width + 2 * LEAN * h), max(int(REPEATS[k] * h), h)
        rng = np.random.default_rng([self.seed, 14, k])
        parts = []
        for _ in range(QUARTERS):
            sheet = np.zeros((period, wide), np.uint8)
            for x, y, weight in rng.random((int(count * wide * period / h / h / 2.4 / QUARTERS * 1.4), 3)):
                long, a = length * (0.6 + 0.8 * weight) * h, (int(x * wide * 16), y * period)
                light = int(255 * (0.35 + 0.65 * weight))
                for lift in (0, period):
                    ends = int((a[1] - lift) * 16), int((a[1] - lift + long) * 16)
                    cv2.line(sheet, (a[0], ends[0]), (a[0], ends[1]), light, max(round(width * h), 1), cv2.LINE_AA, 4)
            soft = cv2.GaussianBlur(sheet, (0, 0), max(0.45 * width * h, 0.3), borderType=cv2.BORDER_REFLECT)
            soft = cv2.convertScaleAbs(soft, alpha=strength * min(1.0, 0.5 + width * h))
            parts.append(np.concatenate([soft, soft]))
        return parts

    def _rain(self, t_s: float, amount: float, wind: float) -> Bytes:
        h, w = self.height, self.width
        assert self.drops is not None
        total: Bytes | None = None
        for k, parts in enumerate(self.drops):
            period = len(parts[0]) // 2
            down = int(t_s * RAIN[k][4] * SLOW * h) % period
            for number, part in enumerate(parts):
                share = float(np.clip(amount * QUARTERS - number, 0, 1))
                if share > 0:
                    seen = part[period - down : period - down + h]
                    total = cv2.convertScaleAbs(seen, alpha=share) if total is None else cv2.scaleAdd(seen, share, total)
        assert total is not None
        lean = self.side * LEAN * wind
        start = total.shape[1] / 2 - w / 2
        # What falls leans as a whole: the sheet is sheared about its middle row.
        shear = np.array([[1, -lean, start + lean * h / 2], [0, 1, 0]], np.float32)
        return cv2.warpAffine(total, shear, (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)

    def _snow(self, t_s: float, amount: float, wind: float) -> Bytes:
        h, w = self.height, self.width
        side, wide = self.side * wind, w / h
        out = np.zeros((h, w), np.uint8)
        for k, (_, radius, rim, strength, speed) in enumerate(SNOW):
            x, y, size, sway, weight = self.flakes[k].T
            shown = np.clip((amount - 0.85 * np.arange(len(x)) / len(x)) / 0.15, 0.0, 1.0)
            drift = t_s * speed * 1.4 * side * (0.7 + 0.6 * weight) + 0.02 * np.sin(6.3 * sway + t_s * (0.5 + 0.7 * sway))
            px = ((x * wide + drift) % (wide + 0.04) - 0.02) * h
            py = ((y + t_s * speed * (0.8 + 0.4 * weight)) % 1.04 - 0.02) * h
            r = np.maximum(radius * h * (0.6 + 0.8 * size), 0.35)
            light = 255 * strength * shown * (0.5 + 0.5 * weight) * np.minimum(1.0, r / 0.7)
            sheet = np.zeros((h, w), np.uint8)
            if radius * h < 1.2:
                _splat(sheet, px, py, light * np.minimum(r * r * 3.1, 1.6))
            else:
                for one in np.flatnonzero(shown > 0):
                    self._dot(sheet, px[one], py[one], r[one], light[one])
            out = cv2.max(out, cv2.GaussianBlur(sheet, (0, 0), max(rim * h * 0.5, 0.3)))
        return out

    def _mist(self, t_s: float, fog: float, horizon: float) -> Bytes:
        rows, columns = max(self.height // 8, 8), max(self.width // 8, 8)
        y = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows
        x = (np.arange(columns, dtype=np.float32)[None] + 0.5) / columns * np.float32(self.width / self.height)
        banks: Floats = np.zeros((rows, columns), np.float32)
        for pace, size, strength in MIST:
            u = x * np.float32(0.5 * size) - np.float32(self.side * pace * t_s % 1.0)
            v = y * np.float32(1.6 * size) + np.float32(0.37 * size + 0.003 * t_s % 1.0)
            banks += strength * sampled(self.banks, np.broadcast_to(u, banks.shape), np.broadcast_to(v, banks.shape))
        up = np.float32(horizon / self.height) - y
        place = np.exp(-((up / np.where(up > 0, 0.30, 0.22)) ** 2))
        amount = 0.75 * float(smoothstep(0.25, 0.9, fog))
        share = (255 * amount * place * smoothstep(-1.2, 1.7, banks)).astype(np.float32)
        return np.asarray(cv2.resize(share, (self.width, self.height), interpolation=cv2.INTER_CUBIC).clip(0, 255), np.uint8)

    @staticmethod
    def _over(out: Bytes, alpha: Bytes, colour: NDArray[np.float64]) -> None:
        clear = cv2.bitwise_not(alpha)
        cv2.multiply(out, cv2.merge([clear, clear, clear]), dst=out, scale=1 / 255)
        cv2.add(out, cv2.merge([cv2.convertScaleAbs(alpha, alpha=float(c) / 255) for c in colour]), dst=out)

    @staticmethod
    def _add(out: Bytes, light: Bytes, colour: tuple[float, ...], gain: float) -> None:
        cv2.add(out, cv2.merge([cv2.convertScaleAbs(light, alpha=gain * float(c) / 255) for c in colour]), dst=out)

    @staticmethod
    def _dot(sheet: Bytes, x: float, y: float, radius: float, light: float) -> None:
        if light >= 1:
            cv2.circle(sheet, (int(x * 16), int(y * 16)), max(int(radius * 16), 8), float(min(light, 255)), -1, cv2.LINE_AA, 4)


def _splat(sheet: Bytes, x: Floats, y: Floats, light: Floats) -> None:
    """Points smaller than a pixel, shared among the four pixels they touch; in place."""
    h, w = sheet.shape
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - x0, y - y0
    total = np.zeros(h * w)
    for dx, dy, share in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
        cx, cy = x0 + dx, y0 + dy
        inside = (cx >= 0) & (cx < w) & (cy >= 0) & (cy < h)
        np.add.at(total, (cy * w + cx)[inside], (light * share)[inside])
    sheet[:] = np.minimum(total, 255).reshape(h, w)
