"""The soft shadow that something standing casts on level ground."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.scene.nature import opaque, over
from emogen.codecs.scene.stage import Floats, Stage


def shadow(stage: Stage, sheet: Floats, x_m: float, z_m: float, wide_m: float, high_m: float) -> None:
    """Lays the soft shadow of something wide and high on the level ground where it stands."""
    sun = stage.light.sun
    strength = 0.55 * float(np.clip(stage.light.sun_rgb.mean() * 1.6, 0, 1))
    long = min(high_m / max(float(sun[1]), 0.22), 3.0 * high_m)
    way = np.array([-sun[0], -sun[2]]) * long / max(float(np.hypot(sun[0], sun[2])), 1e-6)
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    for size, share in ((1.25, 0.3), (1.0, 0.35), (0.7, 0.35)):
        centre = np.array([x_m, z_m]) + way * 0.30
        axis = way * 0.36
        ring = centre + size * (np.cos(turn)[:, None] * axis + np.sin(turn)[:, None] * [wide_m / 2, wide_m * 0.22])
        z = np.maximum(ring[:, 1], 1.2)
        points = np.stack([stage.column(ring[:, 0] * 1.0, z), stage.row(0.0, z)], 1)
        low, high = np.floor(points.min(0)).astype(int) - 1, np.ceil(points.max(0)).astype(int) + 2
        low, high = np.clip(low, 0, [stage.width, stage.height]), np.clip(high, 0, [stage.width, stage.height])
        if (high - low).min() < 1:
            continue
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        cv2.fillPoly(mask, [np.round((points - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        soft = mask.astype(np.float32) * np.float32(strength * share / 255)
        over(sheet, opaque(np.zeros((*mask.shape, 3), np.float32), soft), low[0], low[1])
