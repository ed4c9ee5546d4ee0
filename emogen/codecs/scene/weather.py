"""What is in the air before the eye: streaks of rain, flakes of snow, banks of fog. Linear light in, linear light out.

`at_s` moves it: rain and snow fall and fog drifts as seconds go by; a picture is at 0.
"""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.scene.noise import fractal, smoothstep
from emogen.codecs.scene.stage import Floats, Stage

#: Sheets of rain: streaks on a square of one height, their length and width (heights), strength, and speed (heights/s).
RAIN = ((1500, 0.032, 0.0006, 0.11, 1.6), (520, 0.075, 0.0009, 0.15, 2.4), (110, 0.160, 0.0014, 0.17, 3.6))
#: Sheets of snow: flakes, radius, softness of their rim (heights), strength, and speed (heights/s).
SNOW = ((1500, 0.0011, 0.0008, 0.75, 0.07), (420, 0.0024, 0.0012, 0.85, 0.12), (70, 0.0062, 0.0045, 0.65, 0.22))
LEAN = 0.62  # sideways over downwards of rain in the strongest wind (own choice)


def weathered(picture: Floats, stage: Stage, at_s: float = 0.0) -> Floats:
    """The picture [h, w, 3] seen through the weather of its scene."""
    scene = stage.scene
    out = picture
    if scene.place == "room":
        return out
    if scene["fog"] > 0.25:
        out = _banks(out, stage, at_s)
    if scene["rain"] > 0:
        out = _rain(out, stage, at_s)
    if scene["snowfall"] > 0:
        out = _snow(out, stage, at_s)
    return out


def _lit(stage: Stage, share: float) -> Floats:
    """The light on drops and flakes: of the sky and a share of the sun's, a little of it even at night."""
    light = stage.light
    return np.asarray(light.sky_rgb + share * light.sun_rgb + 0.25 * light.haze_rgb, np.float32)


def _shown(index: int, count: float, amount: float) -> float:
    """How strongly one of `count` things is seen when a share of them is: they fade in one by one."""
    return float(np.clip((amount - 0.85 * index / count) / 0.15, 0.0, 1.0))


def _rain(picture: Floats, stage: Stage, at_s: float) -> Floats:
    h, w = picture.shape[:2]
    rng = stage.scene.rng("rain")
    lean = LEAN * stage.scene["wind"] * rng.choice([-1, 1])
    amount = stage.scene["rain"]
    veil = np.zeros((h, w), np.float32)
    wide = w / h + 2 * LEAN
    for count, length, width, strength, speed in RAIN:
        points = rng.random((int(count * 2.4), 3))
        sheet = np.zeros((h, w), np.uint8)
        for index, (x, y, weight) in enumerate(points[: int(len(points) * wide / 2.4)]):
            shown = _shown(index, len(points) * wide / 2.4, amount)
            if shown == 0:
                break
            long = length * (0.6 + 0.8 * weight)
            top = (y + at_s * speed) % 1.15 - 0.12
            left = x * wide - LEAN + lean * top
            a = int(left * h * 16), int(top * h * 16)
            b = int((left + lean * long) * h * 16), int((top + long) * h * 16)
            cv2.line(sheet, a, b, int(255 * shown * (0.35 + 0.65 * weight)), max(round(width * h), 1), cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(sheet, (0, 0), max(0.45 * width * h, 0.3))
        veil += soft.astype(np.float32) * (strength * min(1.0, 0.5 + width * h) / 255)
    veil = np.minimum(veil, 0.8)[..., None]
    return np.asarray(picture * (1 - 0.6 * veil) + _lit(stage, 0.3) * 1.5 * veil, np.float32)


def _snow(picture: Floats, stage: Stage, at_s: float) -> Floats:
    h, w = picture.shape[:2]
    rng = stage.scene.rng("snowfall")
    side = stage.scene["wind"] * rng.choice([-1, 1])
    amount = stage.scene["snowfall"]
    white = np.minimum(_lit(stage, 0.5) * 1.7 + 0.02, 1.6)
    out, wide = picture, w / h
    for count, radius, rim, strength, speed in SNOW:
        points = rng.random((int(count * 2.0), 5))
        sheet = np.zeros((h, w), np.uint8)
        for index, (x, y, size, sway, weight) in enumerate(points[: int(len(points) * min(wide, 2.0) / 2.0)]):
            shown = _shown(index, len(points) * min(wide, 2.0) / 2.0, amount)
            if shown == 0:
                break
            drift = at_s * speed * (1.4 * side + 0.3 * np.sin(6.3 * sway + at_s * (0.6 + sway)))
            at = ((x * wide + drift) % (wide + 0.04) - 0.02) * h, ((y + at_s * speed * (0.8 + 0.4 * weight)) % 1.04 - 0.02) * h
            r = max(radius * h * (0.6 + 0.8 * size), 0.35)
            stretch = 1 + 0.8 * abs(side)
            angle = float(np.degrees(np.arctan2(1.0, 1.4 * side + 1e-6)))
            centre = (at[0] * 16, at[1] * 16), (r * stretch * 32, r * 32), angle
            polygon = cv2.ellipse2Poly(
                (int(centre[0][0]), int(centre[0][1])), (int(r * stretch * 16), int(r * 16)), int(angle), 0, 360, 45 if r < 2 else 20
            )
            cv2.fillConvexPoly(sheet, polygon, int(255 * shown * (0.5 + 0.5 * weight) * min(1.0, r / 0.7)), cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(sheet, (0, 0), max(rim * h * 0.5, 0.3)).astype(np.float32)[..., None] * (strength / 255)
        out = out * (1 - soft) + white * soft
    return np.asarray(out, np.float32)


def _banks(picture: Floats, stage: Stage, at_s: float) -> Floats:
    """Fog lies in banks: level streaks near the horizon, more before what is far than before one's feet."""
    h, w = picture.shape[:2]
    rng = stage.scene.rng("fog")
    rows, columns = 128, max(int(128 * w / h), 8)
    banks = fractal(rng, rows, columns, 5, cells=5, stretch=4, keep=0.55)
    shift = int(at_s * 0.02 * columns) % columns
    banks = cv2.resize(np.roll(banks, shift, 1), (w, h), interpolation=cv2.INTER_CUBIC)
    up = (stage.horizon - np.arange(h, dtype=np.float32)[:, None]) / h
    place = np.exp(-((up / np.where(up > 0, 0.30, 0.22)) ** 2))
    amount = 0.75 * float(smoothstep(0.25, 0.9, stage.scene["fog"]))
    share = (amount * place * smoothstep(-0.9, 1.2, banks))[..., None]
    return np.asarray(picture * (1 - share) + stage.light.haze_rgb.astype(np.float32) * share, np.float32)
