"""Curves -> picture of a character."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from emogen.codecs.face import FACE_CHANNELS
from emogen.errors import InputError
from emogen.pipelines.drawing import paint, paired
from emogen.pipelines.talking_head.avatars.light import lit
from emogen.pipelines.talking_head.avatars.rig import Pose, Rig

#: The camera: distance (cm), height it looks at, and how many cm of height the picture shows there.
DISTANCE, LOOK_AT, SHOWN = 95.0, -1.8, 31.0
SIZE = (64, 4096)
#: So far from an eye's middle (cm) there are neither lids nor lashes.
LIDS = 3.6


@dataclass(frozen=True)
class Sight:
    """Where a character is seen on a picture.

    Attributes:
        scale: Pixels of a cm at the middle of the head.
        x: Column of the middle of the head.
        y: Row of the height that the camera looks at (`LOOK_AT`, between mouth and nose).
    """

    scale: float
    x: float
    y: float


class AvatarRenderer:
    """Draws one character; the same curves always give the same picture.

    Args:
        rig: The character.
        size: Width and height in pixels.

    Attributes:
        faces: What is painted: triangles and four-cornered faces [F, 4], as `drawing.paired` joins them.
        behind: How much further away each counts than it is, cm [F].
    """

    drawn = True

    def __init__(self, rig: Rig, *, size: int = 512) -> None:
        if not SIZE[0] <= size <= SIZE[1]:
            raise InputError("size", f"{size} px", f"Accepted: {SIZE[0]} to {SIZE[1]}.")
        self.width = self.height = size
        self.notes: list[str] = []
        self.rig = rig
        self._background = _backdrop(rig.background, size)
        self._sight = Sight(size / SHOWN, size / 2, size / 2)
        self.faces, self.behind = _prepared(rig)
        self._eye_faces = [
            np.flatnonzero((self.faces[:, 0] >= rig.ranges[n].start) & (self.faces[:, 0] < rig.ranges[n].stop))[[0, -1]]
            for n in ("eyeLeft", "eyeRight")
        ]

    def render(self, curves: np.ndarray) -> np.ndarray:
        """Curves [61] -> uint8 [size, size, 3].

        Raises:
            InputError: Another number of curves.
        """
        picture = self.onto(self._background, curves, self._sight)
        return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)

    def onto(self, background: np.ndarray, curves: np.ndarray, sight: Sight, tone: np.ndarray | float = 1.0) -> np.ndarray:
        """The character before a picture.

        Args:
            background: float32 [h, w, 3], 0..1.
            curves: [61].
            sight: Where on it.
            tone: Factors on its colours [3], as the light of a place has it.

        Returns:
            float32 [h, w, 3].

        Raises:
            InputError: Another number of curves.
        """
        curves = np.asarray(curves)
        if curves.shape != (len(FACE_CHANNELS),):
            raise InputError("face curves", f"shape {curves.shape}", f"Accepted: [{len(FACE_CHANNELS)}].")
        pose, corners, colours, away = self._posed(curves, sight)
        picture, numbers = paint(corners, away, colours * np.float32(tone), self.faces, self.behind, background)

        def seen(point: np.ndarray) -> tuple[np.ndarray, float]:
            (spot,), (distance,) = _projected(point[None], sight)
            return spot, float(sight.scale * DISTANCE / distance)

        self.glints(picture, numbers, pose.eyes, seen)
        return picture

    def numbers(self, curves: np.ndarray) -> np.ndarray:
        """Which of the rig's triangles is seen at each pixel, -1 for none: int32 [size, size]."""
        _, corners, colours, away = self._posed(curves, self._sight)
        return paint(corners, away, colours, self.rig.seen, self.rig.behind, self._background)[1]

    def _posed(self, curves: np.ndarray, sight: Sight) -> tuple[Pose, np.ndarray, np.ndarray, np.ndarray]:
        """The pose, its points on the picture [V, 2], their colours [V, 3] and distances [V]."""
        pose = self.rig.pose(curves)
        colours = lit(self.rig.light, pose.normals, self.rig.marks, pose.hollow)
        corners, away = _projected(pose.points, sight)
        return pose, corners, colours, away

    def glints(
        self, picture: np.ndarray, numbers: np.ndarray, eyes: Iterable[np.ndarray],
        seen: Callable[[np.ndarray], tuple[np.ndarray, float]],
    ) -> None:  # fmt: skip
        """The lights mirrored in the eyes, where the eyes are seen; in place.

        Args:
            picture: float32 [h, w, 3].
            numbers: The face at each pixel, an index of `faces` [h, w].
            eyes: The middle of the left and of the right eye [3].
            seen: A point -> its place on the picture [2] and the pixels of a cm there.
        """
        for (first, last), middle, name in zip(self._eye_faces, eyes, ("eyeLeft", "eyeRight"), strict=True):
            ball = self.rig.points[self.rig.ranges[name]] - self.rig.pivots[name]
            radius = float(np.abs(ball[:, 1]).max())
            for dx, dy, size, strength in ((-0.24, 0.26, 0.155, 0.95), (0.22, -0.22, 0.10, 0.30)):
                at = middle + radius * np.array([dx, dy, np.sqrt(1 - dx * dx - dy * dy)], np.float32)
                spot, scale = seen(at.astype(np.float32))
                r = size * radius * scale
                x0, y0 = (int(max(0, v - 2 * r - 1)) for v in spot)
                x1, y1 = (int(min(end, v + 2 * r + 2)) for v, end in zip(spot, picture.shape[1::-1], strict=False))
                if x0 >= x1 or y0 >= y1:
                    continue
                yy, xx = np.mgrid[y0:y1, x0:x1].astype(np.float32) + 0.5
                d = np.hypot(xx - spot[0], yy - spot[1])
                n = numbers[y0:y1, x0:x1]
                here = np.clip((r - d) / max(0.35 * r, 0.8) + 0.5, 0, 1) * ((n >= first) & (n <= last)) * strength
                region = picture[y0:y1, x0:x1]
                region += (1 - region) * here[..., None]


def _projected(points: np.ndarray, sight: Sight) -> tuple[np.ndarray, np.ndarray]:
    """Points [V, 3] on the picture [V, 2], and their distances [V] (cm)."""
    away = DISTANCE - points[:, 2]
    scale = (sight.scale * DISTANCE) / away
    x = sight.x + scale * points[:, 0]
    y = sight.y - scale * (points[:, 1] - LOOK_AT)
    return np.stack([x, y], axis=1).astype(np.float32), away.astype(np.float32)


@lru_cache(maxsize=8)
def _prepared(rig: Rig) -> tuple[np.ndarray, np.ndarray]:
    """What is painted of a character, and how much further away than it is that counts, at any size; takes a second."""
    faces, first = paired(rig.seen, _layers(rig), _shapes(rig))
    return faces, rig.behind[first]


def _layers(rig: Rig) -> np.ndarray:
    """Which triangles may be joined, one number each: skin, eyes, mouth, clothes; -1 where thin things lie on others."""
    mesh = np.searchsorted([r.start for r in rig.ranges.values()], rig.seen[:, 0], side="right")
    eyes = np.min([np.linalg.norm(rig.points - rig.pivots[n], axis=1) for n in ("eyeLeft", "eyeRight")], axis=0)
    face, hair = (mesh == list(rig.ranges).index(n) + 1 for n in ("face", "hair"))
    bare = (rig.marks[:, 1] > 0) & (eyes > LIDS)
    thin = hair | (face & ~bare[rig.seen].all(axis=1))
    return np.where(thin, -1, mesh * 1000 + rig.behind)


def _shapes(rig: Rig) -> Iterator[np.ndarray]:
    """The points at rest and in each of the ARKit shapes."""
    yield rig.points
    for k in range(rig.moves.shape[1]):
        points = rig.points.copy()
        points[: rig.moving] += rig.moves[:, [k]].toarray().reshape(-1, 3)
        yield points


def _backdrop(tones: np.ndarray, size: int) -> np.ndarray:
    """A soft spot of light behind the head, finely dithered so that no bands are seen: float32 [size, size, 3]."""
    y, x = (np.mgrid[0:size, 0:size].astype(np.float32) + 0.5) / size
    near = np.exp(-(((x - 0.42) / 0.55) ** 2 + ((y - 0.38) / 0.60) ** 2))[..., None]
    noise = np.random.default_rng(0).normal(0, 0.6 / 255, (size, size, 1)).astype(np.float32)
    out = tones[0] + (tones[1] - tones[0]) * near
    return cv2.GaussianBlur(out, (0, 0), 1.0).astype(np.float32) + noise
