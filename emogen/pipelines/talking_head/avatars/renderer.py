"""Curves -> picture of a character."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.face import FACE_CHANNELS
from emogen.errors import InputError
from emogen.pipelines.talking_head.avatars.draw import paint
from emogen.pipelines.talking_head.avatars.light import lit
from emogen.pipelines.talking_head.avatars.rig import Pose, Rig

#: The camera: distance (cm), height it looks at, and how many cm of height the picture shows there.
DISTANCE, LOOK_AT, SHOWN = 95.0, -1.8, 31.0
SIZE = (64, 4096)


class AvatarRenderer:
    """Draws one character; the same curves always give the same picture.

    Args:
        rig: The character.
        size: Width and height in pixels.
    """

    drawn = True

    def __init__(self, rig: Rig, *, size: int = 512) -> None:
        if not SIZE[0] <= size <= SIZE[1]:
            raise InputError("size", f"{size} px", f"Accepted: {SIZE[0]} to {SIZE[1]}.")
        self.width = self.height = size
        self.notes: list[str] = []
        self.rig = rig
        self._background = _backdrop(rig.background, size)
        self._eye_faces = [
            np.flatnonzero((rig.seen[:, 0] >= rig.ranges[n].start) & (rig.seen[:, 0] < rig.ranges[n].stop))[[0, -1]]
            for n in ("eyeLeft", "eyeRight")
        ]

    def render(self, curves: np.ndarray) -> np.ndarray:
        """Curves [61] -> uint8 [size, size, 3].

        Raises:
            InputError: Another number of curves.
        """
        curves = np.asarray(curves)
        if curves.shape != (len(FACE_CHANNELS),):
            raise InputError("face curves", f"shape {curves.shape}", f"Accepted: [{len(FACE_CHANNELS)}].")
        picture, numbers, pose = self._painted(curves)
        self._glints(picture, numbers, pose)
        return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)

    def numbers(self, curves: np.ndarray) -> np.ndarray:
        """Which of the rig's triangles is seen at each pixel, -1 for none: int32 [size, size]."""
        return self._painted(curves)[1]

    def _painted(self, curves: np.ndarray) -> tuple[np.ndarray, np.ndarray, Pose]:
        rig = self.rig
        pose = rig.pose(curves)
        colours = lit(rig.light, pose.normals, rig.marks, pose.hollow)
        corners, away = self._projected(pose.points)
        faces = rig.seen
        far = away[faces[:, 0]] + away[faces[:, 1]] + away[faces[:, 2]] + rig.behind
        picture, numbers = paint(corners, colours, faces, far, self._background)
        return picture, numbers, pose

    def _projected(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = DISTANCE - points[:, 2]
        scale = (self.width / SHOWN * DISTANCE) / away
        x = self.width / 2 + scale * points[:, 0]
        y = self.height / 2 - scale * (points[:, 1] - LOOK_AT)
        return np.stack([x, y], axis=1).astype(np.float32), away.astype(np.float32)

    def _glints(self, picture: np.ndarray, numbers: np.ndarray, pose: Pose) -> None:
        """The lights mirrored in the eyes, where the eyes are seen; in place."""
        for (first, last), middle, name in zip(self._eye_faces, pose.eyes, ("eyeLeft", "eyeRight"), strict=True):
            ball = self.rig.points[self.rig.ranges[name]] - self.rig.pivots[name]
            radius = float(np.abs(ball[:, 1]).max())
            for dx, dy, size, strength in ((-0.24, 0.26, 0.155, 0.95), (0.22, -0.22, 0.10, 0.30)):
                at = middle + radius * np.array([dx, dy, np.sqrt(1 - dx * dx - dy * dy)], np.float32)
                (spot,), (away,) = self._projected(at[None].astype(np.float32))
                r = size * radius * self.width / SHOWN * DISTANCE / away
                x0, y0 = (int(max(0, v - 2 * r - 1)) for v in spot)
                x1, y1 = (int(min(self.width, v + 2 * r + 2)) for v in spot)
                if x0 >= x1 or y0 >= y1:
                    continue
                yy, xx = np.mgrid[y0:y1, x0:x1].astype(np.float32) + 0.5
                d = np.hypot(xx - spot[0], yy - spot[1])
                n = numbers[y0:y1, x0:x1]
                here = np.clip((r - d) / max(0.35 * r, 0.8) + 0.5, 0, 1) * ((n >= first) & (n <= last)) * strength
                region = picture[y0:y1, x0:x1]
                region += (1 - region) * here[..., None]


def _backdrop(tones: np.ndarray, size: int) -> np.ndarray:
    """A soft spot of light behind the head, finely dithered so that no bands are seen: float32 [size, size, 3]."""
    y, x = (np.mgrid[0:size, 0:size].astype(np.float32) + 0.5) / size
    near = np.exp(-(((x - 0.42) / 0.55) ** 2 + ((y - 0.38) / 0.60) ** 2))[..., None]
    noise = np.random.default_rng(0).normal(0, 0.6 / 255, (size, size, 1)).astype(np.float32)
    out = tones[0] + (tones[1] - tones[0]) * near
    return cv2.GaussianBlur(out, (0, 0), 1.0).astype(np.float32) + noise
