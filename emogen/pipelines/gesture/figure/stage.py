"""Where the figure is seen from, and what it stands on: a camera, and a floor that fades into a backdrop.

The camera looks level, so that upright things stay upright; what it shows is shifted instead. Sizes and tones are our
own choice by eye.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

#: The camera's height and its distance from the figure (cm).
HEIGHT, DISTANCE = 128.0, 620.0
#: Tones, sRGB 0..1: the backdrop round the figure and far from it, the floor.
GLOW, DIM = np.array([0.87, 0.86, 0.84], np.float32), np.array([0.60, 0.60, 0.60], np.float32)
FLOOR = np.array([0.80, 0.79, 0.77], np.float32)
#: Behind the figure (cm) the floor begins to rise into the backdrop, and has become it.
RISE = (-60.0, -420.0)
#: The floor map: its side and cell (cm).
MAP_CM, CELL_CM = 360.0, 2.5
#: Bits behind the point of the map's coordinates.
BITS = 4
#: How dark the shadow of what touches the floor is, over which height it pales (cm) and how it is blurred (cells).
TOUCH, TOUCH_FADE, TOUCH_BLUR = 0.62, 7.0, 1.3
CAST, CAST_FADE, CAST_BLUR = 0.34, 90.0, 4.0
#: Towards the key light, across and forward for one up: where the cast shadow falls, in the camera's frame.
LEAN = (-0.30, 0.22)


@dataclass(frozen=True)
class Camera:
    """What a picture shows.

    Attributes:
        width, height: Of the picture in pixels.
        yaw: Where it stands around the figure (rad): 0 in front of +Z, a quarter turn at +X.
        scale: Pixels per cm at the figure.
        low: Height that the lower edge shows there (cm).
    """

    width: int
    height: int
    yaw: float
    scale: float
    low: float

    @property
    def turn(self) -> np.ndarray:
        """World -> camera: x right, y up, z towards the camera, float32 [3, 3]."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]], np.float32)

    @property
    def level(self) -> float:
        """The picture's row at the camera's height."""
        return self.height - self.scale * (HEIGHT - self.low)

    def project(self, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points [V, 3] in the camera's frame, the figure at x = z = 0 -> pixels float32 [V, 2], distances [V]."""
        away = DISTANCE - seen[:, 2]
        s = (self.scale * DISTANCE) / away
        corners = np.stack([self.width / 2 + s * seen[:, 0], self.level - s * (seen[:, 1] - HEIGHT)], axis=1)
        return corners.astype(np.float32), away

    def backdrop(self) -> np.ndarray:
        """The empty stage, float32 [height, width, 3], finely dithered so that no bands are seen."""
        j, i = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32) + 0.5
        across = (i - self.width / 2) / self.scale
        up = (self.level - j) / self.scale
        glow = np.exp(-((across / 150) ** 2) - ((up + HEIGHT - 80) / 180) ** 2)[..., None]
        wall = DIM + (GLOW - DIM) * glow
        slope = np.maximum(-up / DISTANCE, 1e-4)
        deep = DISTANCE - HEIGHT / slope
        side = across / DISTANCE * (HEIGHT / slope)
        pool = np.exp(-((side / 190) ** 2) - ((deep - 20) / 260) ** 2)[..., None]
        floor = FLOOR * (0.80 + 0.24 * pool)
        t = np.clip((deep - RISE[0]) / (RISE[1] - RISE[0]), 0, 1)[..., None]
        t = np.where(up[..., None] > -0.5, 1.0, t * t * (3 - 2 * t))
        noise = np.random.default_rng(0).normal(0, 0.6 / 255, t.shape).astype(np.float32)
        return np.asarray(floor + (wall - floor) * t + noise, np.float32)


class Shadow:
    """The figure's shadow on the floor, seen by one camera."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        cells = round(MAP_CM / CELL_CM)
        half = MAP_CM / 2
        edge = np.array([[-half, 0, -half], [half, 0, -half], [half, 0, half], [-half, 0, half]], np.float32)
        corners, _ = camera.project(edge)
        grid = np.array([[0, 0], [cells, 0], [cells, cells], [0, cells]], np.float32)
        self.cells = cells
        x0, y0 = np.floor(corners.min(axis=0)).astype(int)
        x1, y1 = np.ceil(corners.max(axis=0)).astype(int)
        x0, x1 = max(x0, 0), min(x1, camera.width)
        y0, y1 = max(y0, 0), min(y1, camera.height)
        self.region = (slice(y0, max(y1, y0)), slice(x0, max(x1, x0)))
        self.visible = y0 < y1 and x0 < x1
        self._warp = cv2.getPerspectiveTransform(grid, corners - np.array([x0, y0], np.float32))

    def darkened(
        self, backdrop: np.ndarray, seen: np.ndarray, hulls: list[np.ndarray], bones: np.ndarray, radii: np.ndarray
    ) -> np.ndarray:
        """The `region` of the backdrop where the figure keeps light from the floor, float32 [h, w, 3].

        Args:
            backdrop: float32 [height, width, 3].
            seen: The figure's points in the camera's frame [V, 3].
            hulls: Points of each part that may touch the floor.
            bones: Joints at both ends of each bone in the camera's frame [B, 2, 3].
            radii: Of the bones [B] (cm).
        """
        touch, cast = np.zeros((self.cells, self.cells), np.uint8), np.zeros((self.cells, self.cells), np.uint8)
        for part in hulls:
            p = seen[part]
            strength = np.exp(-max(float(p[:, 1].min()), 0.0) / TOUCH_FADE)
            one = np.zeros_like(touch)
            cv2.fillConvexPoly(one, cv2.convexHull(self._cells(p[:, [0, 2]])), int(255 * strength), cv2.LINE_AA, BITS)
            touch = cv2.max(touch, one)
        leant: np.ndarray = bones[..., [0, 2]] - bones[..., 1:2] * np.array(LEAN, np.float32)
        heights = np.maximum(bones[..., 1].mean(axis=1), 0)
        ends = self._cells(leant.reshape(-1, 2)).reshape(-1, 2, 2).tolist()
        for k in np.argsort(-heights).tolist():  # what is low is darker and lies over what is high
            tone, width = int(255 * np.exp(-heights[k] / CAST_FADE)), max(1, round(2 * radii[k] / CELL_CM))
            cv2.line(cast, ends[k][0], ends[k][1], tone, width, cv2.LINE_AA, BITS)
        touch, cast = cv2.GaussianBlur(touch, (0, 0), TOUCH_BLUR), cv2.GaussianBlur(cast, (0, 0), CAST_BLUR)
        light = 255 - cv2.addWeighted(touch, TOUCH, cast, CAST, 0)
        rows, columns = self.region
        size = (columns.stop - columns.start, rows.stop - rows.start)
        seen_light = cv2.warpPerspective(light, self._warp, size, flags=cv2.INTER_LINEAR, borderValue=255)
        return cv2.multiply(backdrop[self.region], cv2.merge([seen_light] * 3), scale=1 / 255, dtype=cv2.CV_32F)

    def _cells(self, plane: np.ndarray) -> np.ndarray:
        """Places on the floor [n, 2] (x, z) -> cells of the map with `BITS` bits behind the point."""
        return np.rint((plane / CELL_CM + self.cells / 2) * (1 << BITS)).astype(np.int32)
