"""What flies: one sheet with several birds or balloons -> each by itself, on its way across the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from emogen.codecs.scene.stage import Floats
from emogen.pipelines.video.motion_sheets import Bytes, Sheet

MOST = 40  # that are followed one by one
BIRDS = (0.022, 3.1)  # heights a second across; beats of the wings a second (a gull's; Pennycuick 1990)
BALLOONS = (0.004, 0.0)


@dataclass(frozen=True)
class Sprite:
    """One flyer: its patches in two looks, uint8 [h, w, 4] premultiplied, and its middle on the canvas (px)."""

    first: Bytes
    second: Bytes
    x: float
    y: float

    def at(self, t_s: float, share: float, width: int, height: int, side: float, birds: bool) -> tuple[Bytes, Floats]:
        """Its patch, and the matrix [2, 3] from the patch to the canvas."""
        pace, beat = BIRDS if birds else BALLOONS
        turn = 12.9898 * self.x / height + 7.233 * self.y / height  # differs from one to the next, not between looks
        own = np.sin(43.7 * turn)
        h, w = self.first.shape[:2]
        reach = width + 2.0 * w
        x = (self.x + side * pace * height * (1 + 0.25 * own) * t_s + w) % reach - w
        y = self.y + 0.008 * height * (np.sin(0.7 * t_s + 6 * turn) - np.sin(6 * turn))
        glide = 0.5 + 0.5 * np.sin(0.83 * t_s + 11 * turn)
        wing = 1.0 if not beat else 1 - 0.42 * glide * (0.5 - 0.5 * np.cos(2 * np.pi * beat * (1 + 0.15 * own) * t_s))
        patch = self.first if share == 0 else cv2.addWeighted(self.first, 1 - share, self.second, share, 0)
        return patch, np.array([[1, 0, x - w / 2], [0, wing, y - wing * h / 2]], np.float32)


def sprites(first: Sheet, second: Sheet) -> list[Sprite]:
    """The flyers of one sheet in two looks, whose boxes are the same."""
    seen = np.maximum(first.rgba[..., 3], second.rgba[..., 3]) > 24
    joined = cv2.dilate(seen.astype(np.uint8), np.ones((3, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    found = []
    for left, top, w, h, area in stats[1 : min(count, MOST + 1)]:
        if area < 3:
            continue
        y0, x0 = max(top - 2, 0), max(left - 2, 0)
        part = (slice(y0, top + h + 2), slice(x0, left + w + 2))
        patch = first.rgba[part]
        middle = first.left + x0 + patch.shape[1] / 2, first.top + y0 + patch.shape[0] / 2
        found.append(Sprite(patch.copy(), second.rgba[part].copy(), *middle))
    return found
