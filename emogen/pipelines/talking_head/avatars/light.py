"""Light on a character: a warm key from above, a cool fill, a rim from behind, soft skin, a little gloss.

All per vertex, in linear light. Sizes are our own choice by eye.
"""

from __future__ import annotations

import cv2
import numpy as np

from emogen.media.glb import encoded


def _unit(x: float, y: float, z: float) -> np.ndarray:
    v = np.array([x, y, z], np.float32)
    return v / np.linalg.norm(v)


#: Directions towards the lights (the picture's left is -x) and their colours.
KEY, KEY_TONE = _unit(-0.50, 0.55, 0.80), np.array([1.00, 0.95, 0.88], np.float32) * 0.86
FILL, FILL_TONE = _unit(0.85, 0.05, 0.60), np.array([0.80, 0.88, 1.00], np.float32) * 0.26
RIM, RIM_TONE = _unit(0.75, 0.45, -0.75), np.array([1.00, 0.97, 0.92], np.float32) * 0.55
SKY, GROUND = np.array([0.30, 0.32, 0.35], np.float32), np.array([0.25, 0.21, 0.19], np.float32)
VIEW = _unit(0.0, 0.02, 1.0)
#: How far light creeps around skin, by colour: red goes farthest; and around everything else.
WRAP_SKIN, WRAP = np.array([0.42, 0.26, 0.20], np.float32), np.array([0.18, 0.18, 0.18], np.float32)
#: How much darker a fold of 1 mm is (linear light), and at most.
FOLD_DARK, FOLD_MOST = 5.0, 0.42


def lit(colour: np.ndarray, normals: np.ndarray, marks: np.ndarray, hollow: np.ndarray) -> np.ndarray:
    """Colours as seen.

    Args:
        colour: Linear light [V, 3].
        normals: Unit [V, 3].
        marks: Gloss, share of skin, share of lips, how far light is kept out, [V, 4].
        hollow: How much deeper than at rest the first M points lie among their neighbours (cm), [M].

    Returns:
        sRGB float32 [V, 3], 0..1.
    """
    # One small product for all directions, by OpenCV: a linear algebra library would start threads for it.
    half = KEY + VIEW
    half /= np.linalg.norm(half)
    towards = cv2.transform(normals[None], np.stack([KEY, FILL, VIEW, RIM, half]))[0]
    to_key, to_fill, to_view, to_rim, to_half = (towards[:, k : k + 1] for k in range(5))
    gloss, skin, lips, shut = (marks[:, k : k + 1] for k in range(4))
    wrap = WRAP + (WRAP_SKIN - WRAP) * skin
    key = np.clip(to_key + wrap, 0, None) / (1 + wrap)
    fill = np.clip(to_fill + 0.4, 0, None) / 1.4
    side = np.clip(1 - np.abs(to_view), 0, 1)
    rim = np.clip(to_rim, 0, None) * side**2
    up = 0.5 + 0.5 * normals[:, 1:2]
    around = GROUND + (SKY - GROUND) * up
    out = colour * (around + KEY_TONE * key + FILL_TONE * fill)
    out += RIM_TONE * rim * (0.25 + colour)
    shine = np.clip(to_half, 0, None)
    out += gloss * (0.10 * shine**18 + lips * 0.16 * shine**50)
    out[: len(hollow)] *= 1 - np.clip(FOLD_DARK * hollow - 0.05, -0.10, FOLD_MOST)[:, None]
    out *= 1 - 0.55 * shut
    out = out / (1 + 0.16 * out)  # a soft shoulder for what is very bright
    return _table(out)


_STEPS = 4096
_CURVE = encoded(np.linspace(0, 1.0, _STEPS)).astype(np.float32)


def _table(light: np.ndarray) -> np.ndarray:
    """`encoded` by a table."""
    return _CURVE[np.clip(light * (_STEPS - 1), 0, _STEPS - 1).astype(np.int32)]
