"""What is seen while nobody's face is: a landscape in the colours of the feeling, or the scene's own picture.

The landscape is drawn, not photographed: a sky, a light, ridges in haze. Brightness and saturation follow
valence and arousal by the regressions of Valdez & Mehrabian (1994, J. Exp. Psychol. Gen. 123:394), inverted for
grading: B = 1.244 P - .456 A, S = .643 P + 1.431 A in standard scores. Hue and the roughness of the ridges are
this project's own assumption: warm for pleasant and excited, cold for unpleasant, jagged for excited.
"""

from __future__ import annotations

import colorsys

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

#: Standard scores -> colour values: middle and one standard deviation, 0..1; own assumption.
BRIGHTNESS, SATURATION = (0.52, 0.13), (0.42, 0.13)
#: How much wider than the frame the drawn picture is, so that it can drift.
MARGIN = 1.16
RIDGES = 4


def palette(vad: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Zenith, horizon and ground colours (RGB, 0..1) for a feeling."""
    v, a, d = (float(x) for x in vad)
    bright = BRIGHTNESS[0] + BRIGHTNESS[1] * np.clip(1.244 * v - 0.456 * a - 0.25 * d, -2, 2)
    rich = np.clip(SATURATION[0] + SATURATION[1] * (0.643 * v + 1.431 * a), 0.12, 0.85)
    hue = 0.60 - 0.06 * v + (0.10 if v < 0 else 0.0) * max(a, 0.0)
    warm = (0.07 + 0.05 * v) if a > -0.2 or v > 0 else 0.62
    zenith = colorsys.hsv_to_rgb(hue % 1, rich, np.clip(bright * 0.85, 0.08, 0.95))
    horizon = colorsys.hsv_to_rgb(
        warm % 1 if v > -0.15 or a > 0.3 else 0.58, rich * (0.9 if v > 0 else 0.75), np.clip(bright * 1.45, 0.2, 1.0)
    )
    ground = colorsys.hsv_to_rgb((hue + 0.02) % 1, rich * 0.8, np.clip(bright * 0.28, 0.03, 0.4))
    return np.array(zenith), np.array(horizon), np.array(ground)


def landscape(vad: np.ndarray, width: int, height: int, seed: int) -> np.ndarray:
    """A landscape felt as `vad` (each -1..1): uint8 [height, width, 3]; the same seed keeps its shapes."""
    rng = np.random.default_rng(seed)
    zenith, horizon, ground = palette(vad)
    line = 0.62
    y = np.linspace(0, 1, height)[:, None, None]
    sky = zenith + (horizon - zenith) * np.clip(y / line, 0, 1) ** 1.6
    picture = np.repeat(sky, width, axis=1)
    picture += _light(vad, width, height, line) * (horizon * 0.55 + 0.25)
    picture += _clouds(width, height, rng)[..., None] * (0.10 + 0.08 * max(0.0, float(vad[0])))
    x = np.arange(width) / width
    for i in range(RIDGES):
        depth = (i + 1) / RIDGES
        rough = 0.5 + 0.35 * float(vad[1])
        top = line - 0.16 * (1 - depth) + 0.12 * depth + (0.10 + 0.10 * depth) * _ridge(x, rng, rough)
        colour = horizon + (ground - horizon) * (0.35 + 0.65 * depth)
        mask = 1 / (1 + np.exp(-(np.arange(height)[:, None] / height - top[None, :]) * height * 1.2))
        haze = np.clip((np.arange(height)[:, None] / height - top[None, :]) * 2.5, 0, 1)[..., None] * (1 - depth) * 0.5
        layer = colour + (horizon - colour) * haze
        picture = picture * (1 - mask[..., None]) + layer * mask[..., None]
    vignette = 1 - 0.28 * (((np.linspace(-1, 1, height)[:, None]) ** 2 + (np.linspace(-1, 1, width)[None, :]) ** 2) / 2)
    grain = rng.normal(0, 0.006, (height, width, 1))
    return (np.clip(picture * vignette[..., None] + grain, 0, 1) * 255).astype(np.uint8)


def _light(vad: np.ndarray, width: int, height: int, line: float) -> np.ndarray:
    """A sun or moon with its glow; higher for pleasant feelings, larger for strong ones: [height, width, 1]."""
    cx, cy = 0.68 * width, (line - 0.20 - 0.16 * float(vad[0])) * height
    r = np.hypot(np.arange(width)[None, :] - cx, np.arange(height)[:, None] - cy) / height
    disc = 1 / (1 + np.exp((r - 0.05 - 0.015 * float(vad[2])) * height * 0.8))
    return (0.8 * disc + 0.55 * np.exp(-r / (0.16 + 0.08 * max(0.0, float(vad[1])))))[..., None]


def _clouds(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Soft horizontal veils, about 0..1: [height, width]."""
    total = np.zeros((height, width), np.float32)
    for octave in range(4):
        cells = rng.normal(0, 1, (3 * 2**octave, 2 * 2**octave)).astype(np.float32)
        total += cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    fade = np.clip(1 - np.linspace(0, 1, height) / 0.6, 0, 1)[:, None]
    return np.clip(total - 0.4, 0, 1.5) * fade / 1.5


def _ridge(x: np.ndarray, rng: np.random.Generator, rough: float) -> np.ndarray:
    """A skyline, about -0.5..0.5, from octaves of smooth noise; `rough` 0 (rolling) .. 1 (jagged)."""
    total = np.zeros_like(x)
    for octave in range(6):
        n = 3 * 2**octave + 2
        heights = rng.normal(0, 1, n)
        at = x * (n - 2)
        i, f = at.astype(int), at % 1
        smooth = f * f * (3 - 2 * f) if rough < 0.6 else f
        total += (heights[i] + (heights[i + 1] - heights[i]) * smooth) * (0.32 + 0.26 * np.clip(rough, 0, 1)) ** octave
    return -np.abs(total) * 0.35 if rough > 0.75 else total * 0.3


def fitted(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scales and crops a picture (uint8 [h, w, 3]) to cover width x height."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    big = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(big[top : top + height, left : left + width])


def caption(words: str, width: int, height: int) -> np.ndarray:
    """Words near the foot of a frame, white with a soft shadow: uint8 [height, width, 4], last channel alpha."""
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    if not words:
        return np.asarray(layer)
    size = max(12, height // 20)
    font = ImageFont.load_default(size=size)
    draw = ImageDraw.Draw(layer)
    lines = wrapped(words, font, int(width * 0.86))
    step = int(size * 1.3)
    top = height - int(height * 0.08) - step * len(lines)
    for i, line in enumerate(lines):
        left = (width - draw.textlength(line, font=font)) / 2
        draw.text((left, top + i * step), line, font=font, fill=(255, 255, 255, 255))
    alpha = np.asarray(layer)[..., 3]
    shadow = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), max(1.0, height / 170))
    out = np.asarray(layer).astype(np.float32)
    out[..., :3] *= (alpha / 255.0)[..., None]
    out[..., 3] = np.clip(np.maximum(alpha, shadow * 1.6), 0, 255)
    return out.astype(np.uint8)


def wrapped(words: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Words in lines no wider than `width` pixels; at most three, the last cut with an ellipsis."""
    lines: list[str] = []
    for word in words.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines if len(lines) <= 3 else [*lines[:2], lines[2] + " …"]


class Backdrop:
    """A picture that drifts slowly; frames are cut out of one that is a little wider.

    Args:
        picture: uint8 [h, w, 3] of the wide picture, at least `MARGIN` x the frame.
        words: A caption.
    """

    def __init__(self, picture: np.ndarray, width: int, height: int, words: str = "") -> None:
        self.width, self.height = width, height
        self.picture = fitted(picture, int(width * MARGIN), int(height * MARGIN))
        self.words = caption(words, width, height).astype(np.float32)

    def frame(self, share: float, alpha: float) -> np.ndarray:
        """The frame at `share` (0..1) of the drift; `alpha` 0..1 of the caption: uint8 [height, width, 3]."""
        room = np.array([self.picture.shape[1] - self.width, self.picture.shape[0] - self.height])
        left, top = room * np.array([0.15 + 0.7 * share, 0.5])
        move = np.array([[1, 0, -left], [0, 1, -top]], np.float32)
        out = cv2.warpAffine(self.picture, move, (self.width, self.height), flags=cv2.INTER_LINEAR)
        if alpha <= 0:
            return out
        cover = self.words[..., 3:] / 255 * alpha
        return (
            (out * (1 - cover) + self.words[..., :3] * alpha * np.minimum(1, cover / np.maximum(cover, 1e-6)))
            .clip(0, 255)
            .astype(np.uint8)
        )
