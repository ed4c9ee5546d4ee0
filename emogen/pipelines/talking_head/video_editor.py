"""The face in a picture of a video, expressed otherwise, with eyes and mouths that keep their own insides.

A `FaceEditor` moves all of a face as if it were one sheet. Lids and lips are not: eyeballs stay round behind lids that
move, and what a mouth shows that opens much wider than in the video has to be drawn.
"""

from __future__ import annotations

from copy import copy

import cv2
import numpy as np

from emogen.pipelines.talking_head.photo_portrait import FaceEditor
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.mouth import Inside
from emogen.pipelines.talking_head.photo_portrait.shapes import Frame

#: What is seen between the lips is stretched where it is at least the second share as high as it is to be, and drawn anew
#: where it is at most the first: going over at once would flicker. Lips nearer than this (eye-corner distances) are closed.
#: Own, by eye.
STRETCHED, LEAST_OPEN = (0.40, 0.75), 0.018
#: The rim of an eye that moves with its lid (lashes, shade), and its softness, in eye-corner distances (own, by eye).
LASHES, SOFT = 0.014, 0.006
#: Teeth are kept for faces whose size differs by less than this (log), for so many sizes.
SIZES, KEPT = 0.04, 12
LIDS = ((lm.RIGHT_LID_UPPER, lm.RIGHT_LID_LOWER), (lm.LEFT_LID_UPPER, lm.LEFT_LID_LOWER))


class VideoEditor(FaceEditor):
    """A `FaceEditor` for faces that blink and speak."""

    def __init__(self, frame: np.ndarray, points: np.ndarray) -> None:
        super().__init__(frame, points)
        self._insides: dict[int, Inside] = {}

    def _warped(
        self, part: np.ndarray, points: np.ndarray, move: np.ndarray, face: Frame, box: tuple[int, int, int, int]
    ) -> np.ndarray:
        out = super()._warped(part, points, move, face, box)
        flat = points[:468, :2] - box[:2]
        for upper, lower in LIDS:
            ring = [*upper, *lower[::-1]]
            if np.abs(move[ring]).max() > 0.25:
                self._eyeball(out, part, flat[ring], (flat + move)[ring], face.scale)
        return out

    @staticmethod
    def _eyeball(out: np.ndarray, part: np.ndarray, before: np.ndarray, after: np.ndarray, unit: float) -> None:
        """What was seen of an eyeball and still is, as it was, in place."""
        low, high = np.floor(before.min(0)) - 2, np.ceil(before.max(0)) + 3
        left, top = (int(max(0, v)) for v in low)
        right, bottom = int(min(out.shape[1], high[0])), int(min(out.shape[0], high[1]))
        if right - left < 4 or bottom - top < 4:
            return
        seen = np.full((bottom - top, right - left), 255, np.uint8)
        for ring in (before, after):
            ink = np.zeros_like(seen)
            cv2.fillPoly(ink, [np.rint((ring - [left, top]) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            seen = np.minimum(seen, ink)
        inside = np.clip(cv2.distanceTransform((seen > 127).astype(np.uint8), cv2.DIST_L2, 3) / unit, 0, 1)
        share = np.clip((inside - LASHES) / max(SOFT, 1 / unit) + 0.5, 0, 1).astype(np.float32)
        place = out[top:bottom, left:right]
        own = np.ascontiguousarray(part[top:bottom, left:right])
        place[:] = cv2.blendLinear(own, np.ascontiguousarray(place), share, 1 - share)

    def _behind_lips(
        self, part: np.ndarray, points: np.ndarray, now: np.ndarray, face: Frame, curves: np.ndarray, box: tuple[int, int, int, int]
    ) -> None:  # fmt: skip
        before, after = (float((p[14, :2] - p[13, :2]) @ face.down) / face.scale for p in (points, now))
        if after < LEAST_OPEN:
            return
        seen = max(before, 0.0) / after
        share = float(np.clip((STRETCHED[1] - seen) / (STRETCHED[1] - STRETCHED[0]), 0, 1))
        share *= float(np.clip((after - LEAST_OPEN) / LEAST_OPEN, 0, 1))
        if not share:
            return
        origin, rest = np.array(box[:2]), points[[13, 14], :2].mean(0)
        lips = [*lm.INNER_UPPER, *lm.INNER_LOWER]
        low, high = now[lips].min(0) - origin - 4, now[lips].max(0) - origin + 5
        left, top = (int(max(0, v)) for v in low)
        right, bottom = int(min(part.shape[1], high[0])), int(min(part.shape[0], high[1]))
        if right - left < 3 or bottom - top < 3:
            return
        place = part[top:bottom, left:right]
        drawn = place.copy()
        corner = origin + np.array([left, top])
        seam = rest - corner
        jaw = seam + (now[14] - rest)
        self._inside(points, face).draw(drawn, now - corner, seam, jaw, face.rotation[:2, :2], curves)
        place[:] = cv2.addWeighted(drawn, share, np.ascontiguousarray(place), 1 - share, 0)

    def _inside(self, points: np.ndarray, face: Frame) -> Inside:
        """What is behind the lips of a face of this size; drawing teeth anew for each picture takes long."""
        size = round(np.log(face.scale) / SIZES)
        kept = self._insides.get(size)
        if kept is None:
            if len(self._insides) >= KEPT:
                self._insides.clear()
            # Of the size itself, not of the face that came first: several threads may be at it.
            kept = self._insides[size] = Inside(points, Frame(float(np.exp(size * SIZES)), face.rotation), self.colour, None)
        here = copy(kept)
        here.frame, here.unit = face, face.scale
        return here
