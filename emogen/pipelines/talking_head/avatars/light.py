"""Light on a character: a warm key from above, a cool fill, a rim from behind, soft skin, a little gloss.

All per vertex, in linear light. Sizes are our own choice by eye.
"""

from __future__ import annotations

import numpy as np

from emogen.compiled import compiled
from emogen.pipelines.raster import LIGHTEST, SRGB


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


_HALF = (KEY + VIEW) / np.linalg.norm(KEY + VIEW)


@compiled
def lit(colour: np.ndarray, normals: np.ndarray, marks: np.ndarray, hollow: np.ndarray) -> np.ndarray:
    """Colours as seen.

    Args:
        colour: Linear light, float32 [V, 3].
        normals: Unit, float32 [V, 3].
        marks: Gloss, share of skin, share of lips, how far light is kept out, float32 [V, 4].
        hollow: How much deeper than at rest the first M points lie among their neighbours (cm), float32 [M].

    Returns:
        sRGB float32 [V, 3], 0..1.
    """
    out = np.empty_like(colour)
    for v in range(len(colour)):
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        to_key = x * KEY[0] + y * KEY[1] + z * KEY[2]
        to_view = x * VIEW[0] + y * VIEW[1] + z * VIEW[2]
        fill = max(x * FILL[0] + y * FILL[1] + z * FILL[2] + 0.4, 0.0) / 1.4
        side = min(max(1 - abs(to_view), 0.0), 1.0)
        rim = max(x * RIM[0] + y * RIM[1] + z * RIM[2], 0.0) * side * side
        shine = max(x * _HALF[0] + y * _HALF[1] + z * _HALF[2], 0.0)
        gloss, skin, lips, shut = marks[v, 0], marks[v, 1], marks[v, 2], marks[v, 3]
        mirrored = gloss * (0.10 * shine**18 + lips * 0.16 * shine**50)
        fold = 1.0
        if v < len(hollow):
            fold = 1 - min(max(FOLD_DARK * hollow[v] - 0.05, -0.10), FOLD_MOST)
        for i in range(3):
            wrap = WRAP[i] + (WRAP_SKIN[i] - WRAP[i]) * skin
            key = max(to_key + wrap, 0.0) / (1 + wrap)
            around = GROUND[i] + (SKY[i] - GROUND[i]) * (0.5 + 0.5 * y)
            light = colour[v, i] * (around + KEY_TONE[i] * key + FILL_TONE[i] * fill)
            light = (light + RIM_TONE[i] * rim * (0.25 + colour[v, i]) + mirrored) * fold * (1 - 0.55 * shut)
            light = light / (1 + 0.16 * light)  # a soft shoulder for what is very bright
            out[v, i] = SRGB[int(min(max(light * LIGHTEST, 0.0), 1.0 * LIGHTEST))]
    return out
