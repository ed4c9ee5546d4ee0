"""Colour on the skin of an avatar: blush, lips, beard, shadow that never leaves, freckled with nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from emogen.media.glb import normals_of
from emogen.training.avatars_head import MOUTH_RINGS, Skin, mouth_y
from emogen.training.avatars_sculpt import eye_centre, field


def shaded(skin: Skin) -> np.ndarray:
    """How open to the light each point is: [V] 0..1, from the form around it (distance along the normal)."""
    normal = normals_of(skin.points, skin.faces).astype(float)
    open_ = np.ones(len(skin.points))
    for reach, weight in ((0.5, 0.14), (1.1, 0.15), (2.2, 0.16), (4.0, 0.16)):
        free = np.clip(field(skin.points + normal * reach, skin.form) / reach, 0, 1)
        open_ -= weight * (1 - free)
    return np.clip(open_, 0.25, 1)


def painted(skin: Skin, who: Any) -> tuple[np.ndarray, np.ndarray]:
    """Colours [V, 3] (sRGB 0..1) and marks [V, 4] (gloss, skin, lips, shut off from light) of a character's skin."""
    form, p = skin.form, skin.points
    base, lips = np.array(who.skin) / 255, np.array(who.lips) / 255
    colour = np.tile(base, (len(p), 1))
    my = mouth_y(form)

    def spot(x: float, y: float, rx: float, ry: float) -> np.ndarray:
        return np.exp(-(((np.abs(p[:, 0]) - x) / rx) ** 2 + ((p[:, 1] - y) / ry) ** 2)) * (p[:, 2] > 2)

    warm = np.clip(base * [1.0, 0.72, 0.70], 0, 1)
    blush = (
        0.75 * spot(4.2, -2.9, 1.9, 1.5)
        + 0.55 * spot(0, -3.3 * form.nose, 1.0, 0.9)
        + 0.15 * spot(0, my - 3.0, 1.2, 0.8)
    )
    blush = blush + 0.30 * spot(eye_centre(form)[0], 0.9, 2.2, 0.9)
    mix = (np.clip(blush, 0, 1) * who.blush * 0.75)[:, None]
    colour = colour * (1 - mix) + warm * mix
    # Beard: from the ears along the jaw, around the mouth; never on lips or the high cheek.
    x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
    line = my + 1.0 + 0.085 * np.clip(x - 1.0, 0, 9) ** 1.9
    area = (
        np.clip((line - y) / (0.9 if who.beard > 0.5 else 2.4), 0, 1)
        * np.clip((y + 14.5) / 1.6, 0, 1)
        * np.clip((z + 0.2) / 1.5, 0, 1)
    )
    area = area * np.clip(1 - skin.lip * 1.2, 0, 1) * (skin.depth == 0)
    beside = np.clip((2.9 * form.mouth - x) / 1.4, 0, 1)
    below_nose = np.clip((my + 2.4 - y) / 1.0, 0, 1) * beside * np.clip(2.6 - np.abs(y - my), 0, 1)
    area = np.maximum(area, below_nose * np.clip(1 - skin.lip * 1.2, 0, 1) * (skin.depth == 0))
    if who.beard > 0:
        whisker = np.array(who.hair) / 255
        grain = 0.85 + 0.15 * np.sin(x * 9 + y * 13) * np.sin(y * 7 - x * 3)
        mix = (area * min(1.0, 0.35 + 0.6 * who.beard if who.beard > 0.5 else who.beard))[:, None]
        colour = colour * (1 - mix) + (whisker[None] * grain[:, None]) * mix
        if who.beard > 0.5:
            n = normals_of(p, skin.faces)
            ripple = 0.55 + 0.25 * np.sin(x * 3.1 + 1.3 * y) * np.cos(y * 2.2)
            off_lips = np.ones(len(p))
            for ring, s in zip(skin.mouth[-len(MOUTH_RINGS) :], MOUTH_RINGS, strict=True):
                off_lips[ring] = np.clip((s - 1.0) / 0.9, 0, 1)
            p += n * (area * off_lips * ripple * who.beard)[:, None] * 0.8
    red = (skin.lip * np.clip(1 - skin.depth, 0, 1))[:, None]
    colour = colour * (1 - red) + lips * red
    inside = np.array([0.42, 0.14, 0.14])
    deep = np.clip(skin.depth * 1.25, 0, 1)[:, None]
    colour = colour * (1 - deep) + inside * (1 - 0.45 * skin.depth[:, None]) * deep
    nostril = np.exp(
        -(((x - 0.62 * form.nose * form.nose_width) / 0.42) ** 2 + ((y + 4.30 * form.nose) / 0.26) ** 2)
    ) * (z > 8)
    light = shaded(skin)
    corner = np.exp(-(((x - 2.12 * form.mouth) / 0.3) ** 2 + ((y - my) / 0.3) ** 2)) * (z > 6)
    light = light * (1 - 0.62 * nostril) * (1 - 0.35 * corner)
    light = np.where(skin.depth > 0, 1.0, light)
    tint = np.column_stack([light**0.75, light**1.15, light**1.2])
    colour = colour * tint
    if who.age > 0:
        colour = (
            colour
            * (1 - 0.10 * who.age * (spot(2.9, -4.7, 0.35, 1.3) + spot(eye_centre(form)[0], -1.9, 1.6, 0.28)))[:, None]
        )
    gloss = 0.22 + 0.50 * skin.lip + 0.25 * spot(0, -3.2 * form.nose, 0.8, 0.8) - 0.15 * area * (who.beard > 0.5)
    marks = np.column_stack([np.clip(gloss, 0, 1), 1 - 0.8 * area * (who.beard > 0.5), skin.lip, skin.depth])
    return np.clip(colour, 0, 1), marks
