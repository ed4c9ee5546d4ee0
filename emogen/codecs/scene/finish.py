"""How a picture is finished: linear light -> exposure, colour, tone, the lens, a painter's hand, sRGB bytes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.light import LUMINANCE
from emogen.codecs.scene.painter import painted
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Floats

KEY = 0.185  # the mean light of a picture after exposure, before its tone (own choice)
ADAPTING = 0.50  # share of a picture's darkness, in stops, that exposure makes up for: night stays night (own choice)
BRIGHT = 0.95  # the light that the brightest sixth of a picture should not pass by much (own choice)
DODGE = 0.28  # share of the contrast between large parts that is taken back (own choice)
HUE = 0.70  # share of hue-keeping tone (own choice)
TILT_DEG = 9.0  # of the camera at `tilt` 1
WARM = np.array([1.16, 1.0, 0.74])  # white balance at `warmth` 1 (own choice)
TINT = 20.0  # a*, b* (CIE Lab) of grey of the middle at `tint_red`, `tint_yellow` 1 (own choice)
#: sRGB (0..1) that a unit of a* and of b* adds to grey of the middle (L* 55, D65).
PER_AB = np.array([[0.00725, -0.00216, 0.00012], [0.00320, -0.00026, -0.00672]])


def exposure(picture: Floats) -> float:
    """What a picture's light is multiplied by; a film takes that of its first frame for all."""
    light = picture[::4, ::4] @ LUMINANCE.astype(np.float32)
    mean = float(np.exp(np.log(np.clip(light, 2e-3, 3.0)).mean()))
    gain = (KEY / mean) ** ADAPTING
    bright = float(np.percentile(light, 85)) * gain
    return float(gain * (BRIGHT / max(bright, BRIGHT)) ** 0.6)


def _dodged(light: Floats) -> Floats:
    """Dark parts lightened and light parts darkened a little, each as a whole, as a printer or painter does."""
    h, w = light.shape[:2]
    small = cv2.resize(light, (max(w // 8, 4), max(h // 8, 4)), interpolation=cv2.INTER_AREA)
    level = np.log(np.clip(small @ LUMINANCE.astype(np.float32), 1e-3, 4.0))
    smooth = cv2.ximgproc.guidedFilter(level, level, max(round(0.10 * len(small)), 1), 0.25)
    lift = np.exp(DODGE * np.clip(smooth.mean() - smooth, -2.0, 2.0))
    return light * cv2.merge((cv2.resize(np.asarray(lift, np.float32), (w, h), interpolation=cv2.INTER_CUBIC),) * 3)


def toned(light: Floats) -> Floats:
    """Light 0.. -> 0..1, with a toe and a shoulder as film has them; half by channel, half by the strongest channel.

    The first bleaches bright light towards white, the second keeps its hue: sunsets stay red, suns turn white.
    """
    x = np.maximum(light, 0.0)
    top = np.maximum(np.maximum(x[..., 0], x[..., 1]), x[..., 2]) + np.float32(1e-6)
    return np.asarray((1 - HUE) * _curve(x) + cv2.merge((HUE * _curve(top) / top,) * 3) * x, np.float32)


def _curve(x: Floats) -> Floats:
    return np.asarray(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), np.float32)  # Narkowicz 2015, after ACES


def finished(picture: Floats, scene: Scene, gain: float | None = None) -> NDArray[np.uint8]:
    """The finished picture.

    Args:
        picture: Linear light [h, w, 3].
        scene: Whose attributes say how: exposure, contrast, warmth, colour, tint, soft, tilt.
        gain: What its light is multiplied by first; by default `exposure` of the picture.

    Returns:
        uint8 [h, w, 3], sRGB.
    """
    gain = exposure(picture) if gain is None else gain
    light = halation(_dodged(developed(picture, scene, gain)), scene["soft"])
    shown = graded(_tilted(light, scene["tilt"]), scene)
    rng = scene.rng("finish")
    return _printed(painted(shown, rng), rng)


def developed(picture: Floats, scene: Scene, gain: float) -> Floats:
    """Linear light as the eye takes it: multiplied by `gain`, exposed and white-balanced as the scene says."""
    pale = 1 + 0.4 * max(scene["fog"] ** 2, 0.6 * scene["snow"])  # fog and snow are to be white, not grey
    light = picture * np.float32(gain * pale * 2.0 ** (1.5 * scene["exposure"]))
    light *= (WARM ** scene["warmth"] / ((WARM ** scene["warmth"]) @ LUMINANCE)).astype(np.float32)
    return light


def graded(light: Floats, scene: Scene) -> Floats:
    """Linear light -> sRGB 0..1 in the colour and contrast of the scene."""
    shown = _contrasted(_srgb(toned(_coloured(light, scene["colour"]))), scene["contrast"])
    return _tinted(shown, TINT * np.array([scene["tint_red"], scene["tint_yellow"]]) @ PER_AB)


def _srgb(light: Floats) -> Floats:
    x = np.clip(light, 0, 1)
    return np.asarray(np.where(x < 0.0031308, 12.92 * x, 1.055 * cv2.pow(x, 1 / 2.4) - 0.055), np.float32)


def _coloured(light: Floats, colour: float) -> Floats:
    strength = 0.40 + 1.5 * colour if colour < 0.5 else 0.55 + 1.20 * colour
    return np.maximum(cv2.transform(light, (1 - strength) * LUMINANCE + strength * np.eye(3)), 0.0)


def _contrasted(shown: Floats, contrast: float) -> Floats:
    """Steeper round the middle by an S curve; below a contrast of 1/2 a veil over it."""
    steep, veil = np.float32(0.30 + 1.2 * max(contrast - 0.5, 0.0)), np.float32(0.9 * max(0.5 - contrast, 0.0))
    x = np.clip(shown, 0, 1)
    curved = x + steep * (x * x * (3 - 2 * x) - x)
    return np.asarray(curved * (1 - veil) + veil * np.float32(0.46), np.float32)


def _tinted(shown: Floats, add: NDArray[np.float64]) -> Floats:
    """`add` [3] laid over the middle of the tones; black and white keep their colour, as under a glaze."""
    if not add.any():
        return shown
    light = cv2.transform(shown, np.full((1, 3), 1 / 3))
    room = np.minimum(1.0, np.float32(5.0) * light * (1 - light))
    return np.asarray(np.clip(shown + cv2.merge([room * np.float32(part) for part in add]), 0, 1), np.float32)


def halation(light: Floats, soft: float) -> Floats:
    """The glow of a lens: bright light spreads a little always, all light in soft pictures."""
    h, w = light.shape[:2]
    small = cv2.resize(light, (max(w // 4, 2), max(h // 4, 2)), interpolation=cv2.INTER_AREA)
    bright = np.minimum(np.maximum(small - 0.9, 0.0), 6.0)
    glow = 0.10 * cv2.GaussianBlur(bright, (0, 0), max(0.012 * small.shape[0], 0.3))
    glow += 0.05 * cv2.GaussianBlur(bright, (0, 0), max(0.05 * small.shape[0], 0.5))
    if soft > 0:
        veil = cv2.GaussianBlur(np.minimum(small, 3.0), (0, 0), max(0.018 * small.shape[0], 0.3))
        sharp = cv2.GaussianBlur(light, (0, 0), 0.0035 * h * soft + 0.01)
        light = sharp * np.float32(1 - 0.45 * soft)
        glow += veil * np.float32(0.6 * soft)
    return light + cv2.resize(glow, (w, h), interpolation=cv2.INTER_LINEAR)


def _tilted(light: Floats, tilt: float) -> Floats:
    """Rolled about the middle, and enlarged so that no corner is empty."""
    if tilt == 0:
        return light
    h, w = light.shape[:2]
    angle = np.radians(TILT_DEG * tilt)
    cos, sin = np.cos(abs(angle)), np.sin(abs(angle))
    zoom = max((w * cos + h * sin) / w, (w * sin + h * cos) / h)
    turn = cv2.getRotationMatrix2D((w / 2 - 0.5, h / 2 - 0.5), float(np.degrees(angle)), float(zoom))
    return cv2.warpAffine(light, turn, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def _printed(shown: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Darker corners, the weave of a canvas and a little grain; bytes."""
    h, w = shown.shape[:2]
    x, y = np.linspace(-1, 1, w, dtype=np.float32)[None], np.linspace(-1, 1, h, dtype=np.float32)[:, None]
    corners = 1 - 0.10 * np.minimum(x * x + y * y, 2.0) ** 1.5 / 2
    thread = np.float32(2 * np.pi * 340 / 1024)  # threads to the height, limited by the pixels
    rows, columns = np.sin(np.arange(h, dtype=np.float32)[:, None] * thread), np.sin(np.arange(w, dtype=np.float32)[None] * thread)
    grain = rng.standard_normal((h, w), np.float32) * 0.007 + 0.0015 * (rows + columns)
    grain *= 0.35 + cv2.transform(shown, np.full((1, 3), 1 / 3))
    out = shown * cv2.merge((corners,) * 3) + cv2.merge((grain,) * 3)
    return np.asarray(np.clip(out * 255 + 0.5, 0, 255), np.uint8)
