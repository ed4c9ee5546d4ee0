"""Time, wind and waves -> how far each cell of the canvas is displaced: plants, water, clouds, smoke, fire.

Fields are float32 [rows, columns, 2] on cells of `CELL` px of the canvas, in px to the right and down. What flows on and
on (clouds, water, smoke, flames) is carried from half a period before its place to half a period after it, and then
gives way to the next copy that sets out: it moves for ever and never leaves its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.stage import Floats, Stage
from emogen.pipelines.video.motion_sheets import CELL, Sheet

#: Kind that flows -> seconds after which a new copy sets out, and the share of them in which it takes the place of the
#: one before (own choice: clouds change slowly, flames at once). Clouds take the longer the slower they drift.
FLOWING = {"clouds": (10.0, 0.35), "water": (1.9, 0.7), "smoke": (2.6, 0.8), "fire": (0.34, 0.8), "fall": (2.5, 0.5)}
CLOUDS_S, CLOUDS_REACH = 45.0, 0.11  # longest such time; widths that clouds are carried in it at most
GRAVITY = 9.81
#: Waves of water that stir its mirror: length (m), angle to the line of sight (degrees), strength.
WAVES = ((0.9, 25, 0.7), (1.7, -38, 0.9), (3.1, 12, 1.0), (6.0, -15, 1.0), (13.0, 30, 1.1), (31.0, -8, 1.0))
#: Waves too fine to be seen one by one: their length as a share of the distance to the horizon in the picture, cycles a
#: second, strength.
FINE = ((0.42, 0.5, 0.8), (0.27, 0.8, 0.8), (0.18, 1.2, 0.6))
#: Gusts and flutter of plants: length (heights), cycles a second, strength.
GUSTS = ((0.9, 0.31, 1.0), (0.45, 0.57, 0.7), (0.22, 1.1, 0.42), (0.07, 1.9, 0.20), (0.05, 2.7, 0.14))


@dataclass(frozen=True)
class _Waves:
    """Travelling waves: sine and cosine of their phase in each cell, and how many turns a second."""

    sines: Floats
    cosines: Floats
    turns_hz: NDArray[np.float64]

    def at(self, t_s: float) -> Floats:
        """Their sum [rows, columns]."""
        angle = 2 * np.pi * self.turns_hz * t_s
        out = np.zeros(self.sines.shape[1:], np.float32)
        # One after the other: a linear algebra library would start threads for it, which wait for each other.
        for cos, sin, sines, cosines in zip(np.cos(angle), np.sin(angle), self.sines, self.cosines, strict=True):
            out += np.float32(cos) * sines
            out -= np.float32(sin) * cosines
        return out


def _waves(phase: Floats, strength: Floats, turns_hz: NDArray[np.float64]) -> _Waves:
    return _Waves(np.asarray(np.sin(phase) * strength, np.float32), np.asarray(np.cos(phase) * strength, np.float32), turns_hz)


class Flow:
    """The fields of one place.

    Args:
        stage: The canvas.
        seed: Of phases and of the side that the wind blows to.
        wind: The strongest that is to come.
    """

    def __init__(self, stage: Stage, seed: int, wind: float) -> None:
        self.periods_s = {kind: period for kind, (period, _) in FLOWING.items()}
        self.periods_s["clouds"] = min(CLOUDS_REACH / _drift(wind), CLOUDS_S)
        self.height, self.width, self.horizon = stage.height, stage.width, stage.horizon
        rng = np.random.default_rng([seed % 2**32, 12])
        rows, columns = -(-stage.height // CELL), -(-stage.width // CELL)
        self.y = ((np.arange(rows, dtype=np.float32) + 0.5) * CELL)[:, None] * np.ones((1, columns), np.float32)
        self.x = ((np.arange(columns, dtype=np.float32) + 0.5) * CELL)[None] * np.ones((rows, 1), np.float32)
        # Rain leans to the side that `codecs.scene.weather` draws first of its generator.
        self.side = float(stage.scene.rng("rain").choice([-1, 1]))
        self.below = np.maximum(self.y - np.float32(self.horizon), 0.0)
        self.per_m = self.below / np.float32(stage.eye_m)  # px of a metre across
        self.deep = self.below**2 / np.float32(stage.focal * stage.eye_m)  # px of a metre along the line of sight
        self.gusts = self._gusts(rng)
        self.ripples = self._ripples(rng, stage), self._ripples(rng, stage)
        self.stir = self._gusts(rng), self._gusts(rng)

    def plants(self, t_s: float, wind: float) -> Floats:
        """Of what sways, where it gives way fully."""
        lean = self.gusts.at(t_s) * np.float32((0.0016 + 0.0110 * wind) * self.height)
        out = np.zeros((*lean.shape, 2), np.float32)
        out[..., 0], out[..., 1] = lean * np.float32(self.side), 0.18 * np.abs(lean)
        return out

    def water(self, t_s: float, waves: float) -> Floats:
        """Of the mirror of water: it is stirred."""
        strength = np.float32((0.0018 + 0.0065 * waves**0.7) * self.height)
        calm = np.minimum(self.below / (0.02 * self.height), 1.0)
        out = np.zeros((*self.y.shape, 2), np.float32)
        out[..., 0] = 1.3 * strength * calm * self.ripples[0].at(t_s)
        out[..., 1] = strength * np.minimum(calm, self.below / (0.09 * self.height)) * self.ripples[1].at(t_s)
        return out

    def floating(self, t_s: float, waves: float) -> Floats:
        """Of boats: they rise and sink, each in its time."""
        high = np.float32((0.0008 + 0.006 * waves) * self.height)
        at = self.x / np.float32(self.height)
        out = np.zeros((*self.y.shape, 2), np.float32)
        out[..., 1] = high * (np.sin(5.1 * at - 1.5 * t_s) + 0.5 * np.sin(9.7 * at + 2.3 * t_s))
        return out

    def carried(self, kind: str, sheet: Sheet, wind: float, waves: float) -> Floats:
        """Px a second of what flows."""
        out = np.zeros((*self.y.shape, 2), np.float32)
        if kind == "clouds":
            high = np.clip((self.horizon - self.y) / max(self.horizon, 1.0), 0.0, 1.0)
            out[..., 0] = self.side * _drift(wind) * self.width * (0.15 + 0.85 * high)
            return out
        if kind == "water":
            speed = 0.25 + 2.0 * waves
            out[..., 0] = self.side * 0.25 * speed * self.per_m
            out[..., 1] = speed * self.deep
            most = 0.022 * self.height / (0.5 * (1 + FLOWING["water"][1]) * FLOWING["water"][0])
            return np.asarray(np.clip(out, -most, most), np.float32)
        if kind == "fall":
            out[..., 1] = 0.05 * self.height
            return out
        high = np.clip((sheet.top + sheet.rgba.shape[0] - self.y) / sheet.rgba.shape[0], 0.0, 1.0)
        up = {"smoke": 0.035, "fire": 0.30}[kind] * self.height
        out[..., 0] = self.side * wind * {"smoke": 0.05, "fire": 0.03}[kind] * self.height * high
        out[..., 1] = -up * np.minimum(high * 2.5, 1.0)
        return out

    def copies(self, kind: str, t_s: float) -> list[tuple[float, float]]:
        """Of what flows: how long each copy that is seen has been carried (s, around 0), and how far it covers the one before."""
        period, overlap = self.periods_s[kind], FLOWING[kind][1]
        life = (1 + overlap) * period  # of a copy; it comes in while the one before goes
        since = t_s + 0.5 * overlap * period  # the first copy has come in at the start
        number = int(since // period)
        age = since - number * period
        come = min(age / (overlap * period), 1.0)
        own = (age - 0.5 * life, come * come * (3 - 2 * come))
        return [(age + period - 0.5 * life, 1.0), own] if come < 1 else [(own[0], 1.0)]

    def stirred(self, kind: str, t_s: float) -> Floats:
        """Of smoke, flames and what falls: they waver."""
        strength = {"smoke": 0.006, "fire": 0.006, "fall": 0.008}[kind] * self.height
        pace = {"smoke": 0.6, "fire": 2.2, "fall": 1.0}[kind]
        return np.stack([self.stir[0].at(pace * t_s), 0.5 * self.stir[1].at(pace * t_s)], -1) * np.float32(strength)

    def _gusts(self, rng: np.random.Generator) -> _Waves:
        length, turns, strength = (np.array(part) for part in zip(*GUSTS, strict=True))
        along, start = rng.uniform(-0.6, 0.6, len(GUSTS)), rng.uniform(0, 2 * np.pi, len(GUSTS))
        k = 2 * np.pi / (length * self.height)
        phase = [k[i] * (self.x * np.cos(along[i]) * self.side + self.y * np.sin(along[i])) + start[i] for i in range(len(GUSTS))]
        return _waves(np.stack(phase), strength[:, None, None].astype(np.float32), -turns)

    def _ripples(self, rng: np.random.Generator, stage: Stage) -> _Waves:
        below = np.maximum(self.below, 1.0)
        z = np.float32(stage.focal * stage.eye_m) / below
        x = (self.x - np.float32(self.width / 2)) / np.float32(stage.focal) * z
        phases, strengths, turns = [], [], []
        for length, angle, strength in WAVES:
            turn = np.radians(angle + rng.uniform(-10, 10))
            k = 2 * np.pi / length
            phases.append(k * (x * np.sin(turn) + z * np.cos(turn)) + rng.uniform(0, 2 * np.pi))
            cells = length * np.minimum(self.deep / max(np.cos(turn), 0.2), self.per_m / max(abs(np.sin(turn)), 0.1)) / CELL
            strengths.append(strength * np.clip((cells - 2.0) / 3.0, 0, 1) / np.sqrt(len(WAVES) / 2))
            turns.append(-np.sqrt(GRAVITY * k) / (2 * np.pi))
        for share, hz, strength in FINE:
            across = rng.uniform(5, 14) * rng.choice([-1, 1]) * self.x / np.float32(self.height)
            phases.append(2 * np.pi / share * np.log(below) + across + rng.uniform(0, 2 * np.pi))
            strengths.append(strength * np.clip((share * self.below / CELL - 1.6) / 1.5, 0, 1) / np.sqrt(len(FINE)))
            turns.append(hz)
        return _waves(np.stack(phases), np.stack(strengths).astype(np.float32), np.array(turns))


def _drift(wind: float) -> float:
    """Widths of the canvas that clouds overhead move in a second."""
    return 0.0022 + 0.0075 * wind
