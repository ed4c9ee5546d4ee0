"""The face in a picture of a video, expressed otherwise: everything outside a soft mask of the face stays bit for bit.

The editor learns where folds lie once, from a first picture; each further picture costs a warp of the face alone. What
lips and eyes do in the video stays: curves say what is added to it (or taken from it).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from emogen.codecs.face import FACE_CHANNELS, INDEX, SHAPES
from emogen.errors import InputError
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.crop import wears_glasses
from emogen.pipelines.talking_head.photo_portrait.mouth import Inside, below_seam, contours
from emogen.pipelines.talking_head.photo_portrait.renderer import FEATHER, LOWER_LIP, UPPER_LIP
from emogen.pipelines.talking_head.photo_portrait.shading import Folds
from emogen.pipelines.talking_head.photo_portrait.shapes import RIGID, Frame, basis, frame_of
from emogen.pipelines.talking_head.photo_portrait.skin import lit_from, skin_mask
from emogen.pipelines.talking_head.photo_portrait.warp import Splines

#: The face is worked on in a square of this side around it, which is this much larger than the face (own).
SIDE, ROOM = 320, 1.30
#: The mask: the face's outline this much larger, softened over this share of the face's height (own, by eye).
LARGER, SOFT = 1.06, 0.07
#: Every how many points of the mesh carry the warp besides lips, lids, brows and outline, and the grid's cells.
EVERY, CELLS = 5, 41
#: A mouth less open than this (eye-corner distances) is closed: what is behind it must be drawn when it opens.
SHUT, OPENS = 0.03, 0.035
#: Pictures before and after that steady a picture's landmarks, the width of their weights, how far a point may be from
#: its place in the picture itself to count (eye-corner distances, pixels at least), and how long a lost face is
#: bridged (all own).
AROUND, WIDTH, NEAR, NEAR_PX, BRIDGE = 2, 1.4, 0.012, 1.6, 5

CONTROL = np.array(sorted({*range(0, 468, EVERY), *lm.OVAL, *lm.RIGHT_LID_UPPER, *lm.RIGHT_LID_LOWER, *lm.LEFT_LID_UPPER,
                           *lm.LEFT_LID_LOWER, *lm.RIGHT_BROW, *lm.LEFT_BROW, *lm.OUTER_UPPER, *lm.OUTER_LOWER,
                           *lm.INNER_UPPER, *lm.INNER_LOWER}))  # fmt: skip


class FaceEditor:
    """Expresses one person's face otherwise, picture by picture.

    Args:
        frame: A picture that shows the face well, uint8 [h, w, 3].
        points: Its landmarks [478, 3], pixels.
    """

    def __init__(self, frame: np.ndarray, points: np.ndarray) -> None:
        cut, own = _square(frame, points)
        square = cv2.warpAffine(frame, cut, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        face = frame_of(own)
        self.glasses = wears_glasses(square, own, face)
        skin, self.colour = skin_mask(square, own, face.scale)
        self.folds = Folds(own, face, skin, lit_from(square, own, skin))
        self.rest = own[:, :2]

    def reexpress(self, frame: np.ndarray, points: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """A picture with the face changed.

        Args:
            frame: uint8 [h, w, 3].
            points: Landmarks [478, 3] of the face in it, pixels, as `steady` gives them.
            curves: What is added to the expression, float [61] in the order of `FACE_CHANNELS`, -1..1; head and gaze
                angles do nothing here.

        Returns:
            uint8 [h, w, 3], a new picture; outside the face's mask every pixel is that of `frame`.

        Raises:
            InputError: Arrays of other shapes.
        """
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise InputError("frame", f"{frame.dtype} of shape {frame.shape}", "Accepted: uint8 [h, w, 3].")
        if points.shape != (478, 3) or curves.shape != (len(FACE_CHANNELS),):
            raise InputError(
                "face edit", f"landmarks {points.shape}, curves {curves.shape}", "Accepted: [478, 3] and [61]."
            )
        curves = np.clip(np.nan_to_num(curves.astype(np.float64)), -1, 1)
        curves[SHAPES:] = 0
        out = frame.copy()
        if not np.abs(curves).max() > 1e-3:
            return out
        face = frame_of(points)
        move = np.tensordot(curves, basis(points, face, glasses=self.glasses), axes=1)
        mask, box = _mask(points, (frame.shape[0], frame.shape[1]))
        left, top, right, bottom = box
        if right - left < 8 or bottom - top < 8:
            return out
        shaded = self._shaded(frame, points, curves, box)
        changed = self._warped(shaded, points, move, face, box)
        now = points[:, :2].copy()
        now[:468] += move
        self._behind_lips(changed, points, now, face, curves, box)
        part = out[top:bottom, left:right]
        mixed = cv2.blendLinear(changed, np.ascontiguousarray(part), mask, 1 - mask)
        part[:] = np.where((mask > 0)[..., None], mixed, part)
        return out

    def _shaded(
        self, frame: np.ndarray, points: np.ndarray, curves: np.ndarray, box: tuple[int, int, int, int]
    ) -> np.ndarray:
        """The picture's `box` with the folds of what is added, and lighter where folds are taken away."""
        left, top, right, bottom = box
        part = np.ascontiguousarray(frame[top:bottom, left:right])
        light = self.folds.light(curves)
        if light is None:
            return part
        whole = np.zeros((SIDE, SIDE), np.float32)
        whole[self.folds.top : self.folds.bottom, self.folds.left : self.folds.right] = light
        source = np.column_stack([self.rest, np.ones(len(self.rest))])
        matrix = np.linalg.lstsq(source, points[:, :2] - [left, top], rcond=None)[0].T
        at = cv2.warpAffine(whole, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        return self.folds.lit(part, at)

    def _warped(
        self, part: np.ndarray, points: np.ndarray, move: np.ndarray, face: Frame, box: tuple[int, int, int, int]
    ) -> np.ndarray:
        left, top = box[:2]
        height, width = part.shape[:2]
        flat = points[:, :2] - [left, top]
        ticks = np.stack(np.meshgrid(np.linspace(0, width - 1, CELLS), np.linspace(0, height - 1, CELLS)), axis=-1)
        step = np.array([(width - 1) / (CELLS - 1), (height - 1) / (CELLS - 1)])
        frame_points = np.concatenate([ticks[0], ticks[-1], ticks[:, 0], ticks[:, -1]])[::4]
        maps = []
        where = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
        for blind in (LOWER_LIP, UPPER_LIP):
            kept = np.setdiff1d(CONTROL, blind)
            control = np.concatenate([flat[kept], frame_points])
            values = np.concatenate([move[kept], np.zeros_like(frame_points)])
            forward = Splines(control, ticks.reshape(-1, 2)).carried(values).reshape(CELLS, CELLS, 2)
            back = ticks.astype(np.float32)
            for _ in range(5):
                at = (back / step).astype(np.float32)
                back = ticks.astype(np.float32) - cv2.remap(
                    forward, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
                )
            shift = back - ticks.astype(np.float32)
            scale = np.array([[1 / step[0], 0, 0], [0, 1 / step[1], 0]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            dense = cv2.warpAffine(shift, scale, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            maps.append(cv2.remap(part, where + dense, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
        now = flat[:468] + move
        seam = below_seam(*contours(now), (0, 0, width, height), FEATHER * face.scale)
        return np.asarray(cv2.blendLinear(maps[1], maps[0], seam, 1 - seam))

    def _behind_lips(
        self,
        part: np.ndarray,
        points: np.ndarray,
        now: np.ndarray,
        face: Frame,
        curves: np.ndarray,
        box: tuple[int, int, int, int],
    ) -> None:
        """Teeth and dark where a closed mouth was opened, in place."""
        before, after = (float((p[14, :2] - p[13, :2]) @ face.down) / face.scale for p in (points, now))
        if before > SHUT or after < OPENS:
            return
        origin = np.array(box[:2])
        seam = points[[13, 14], :2].mean(0) - origin
        drop = np.array([0.0, 0.0]) if after < SHUT else (now[14] - points[14, :2])
        inside = Inside(points, face, self.colour, None)
        inside.draw(
            part, now - origin, seam, seam + drop * float(curves[INDEX["jawOpen"]] > 0), face.rotation[:2, :2], curves
        )


def reexpress(frame: np.ndarray, landmarks: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """One picture with its face changed; see `FaceEditor.reexpress`, which is faster for many."""
    return FaceEditor(frame, landmarks).reexpress(frame, landmarks, curves)


def steady(found: Iterable[np.ndarray | None]) -> Iterator[np.ndarray | None]:
    """Landmarks of a video's pictures without their trembling, in constant memory.

    Neighbouring pictures are laid on each other by the rigid points first, so that a moving head does not lag; a point
    that really moves (lips, lids) is not averaged with where it was.

    Args:
        found: [478, 3] each, or None where no face was found; gaps of up to five pictures are bridged.

    Yields:
        The same number of items.
    """
    window: deque[np.ndarray | None] = deque([None] * (2 * AROUND + 1), maxlen=2 * AROUND + 1)
    last: np.ndarray | None = None
    lost, count, given = 0, 0, 0
    for points in found:
        if points is None and last is not None and lost < BRIDGE:
            lost += 1
            points = last
        elif points is not None:
            last, lost = points, 0
        window.append(points)
        count += 1
        if count > AROUND:
            given += 1
            yield _steadied(window)
    for left in range(AROUND, 0, -1):
        window.append(None)
        if left <= count - given:
            yield _steadied(window)


def _steadied(window: deque[np.ndarray | None]) -> np.ndarray | None:
    own = window[AROUND]
    if own is None:
        return None
    scale = float(np.linalg.norm(own[33] - own[263]))
    total, weight = own.copy(), np.ones((len(own), 1))
    for i, other in enumerate(window):
        if other is None or i == AROUND:
            continue
        laid = _laid(other, own)
        away = np.linalg.norm(laid - own, axis=1, keepdims=True)
        share = np.exp(-(((i - AROUND) / WIDTH) ** 2)) * np.exp(-((away / max(NEAR * scale, NEAR_PX)) ** 2))
        total, weight = total + share * laid, weight + share
    return np.asarray(total / weight)


def _laid(points: np.ndarray, on: np.ndarray) -> np.ndarray:
    """`points` moved, turned and scaled as a whole so that their rigid ones lie best on those of `on`."""
    rigid = list(RIGID)
    a, b = points[rigid] - points[rigid].mean(0), on[rigid] - on[rigid].mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = (s * np.diag(flip)).sum() / (a**2).sum()
    return np.asarray(scale * (points - points[rigid].mean(0)) @ (u @ flip @ vt).T + on[rigid].mean(0))


def _square(frame: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The matrix [2, 3] that cuts the face's square out of a picture, and the points in it."""
    flat = points[:, :2]
    low, high = flat.min(0), flat.max(0)
    scale = SIDE / (ROOM * float((high - low).max()))
    shift = SIDE / 2 - scale * (low + high) / 2
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), points * scale + np.array([*shift, 0.0])


def _mask(points: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """How much of each pixel of a box may change, float32 0..1, and the box (left, top, right, bottom)."""
    oval = points[list(lm.OVAL), :2]
    centre, tall = oval.mean(0), float(np.ptp(oval[:, 1]))
    # A dropping jaw needs room below, so the mask reaches under the chin.
    large = centre + (oval - centre) * LARGER
    large[:, 1] += 0.10 * tall * np.clip((oval[:, 1] - centre[1]) / (0.5 * tall), 0, 1)
    soft = SOFT * tall
    low, high = np.floor(large.min(0) - 2 * soft), np.ceil(large.max(0) + 2 * soft)
    left, top = (int(max(0, v)) for v in low)
    right, bottom = int(min(shape[1], high[0])), int(min(shape[0], high[1]))
    ink = np.zeros((max(1, bottom - top), max(1, right - left)), np.uint8)
    cv2.fillPoly(ink, [np.rint(large - [left, top]).astype(np.int32)], 255)
    inner = cv2.GaussianBlur(ink, (0, 0), 0.5 * soft).astype(np.float32) / 255
    x = np.clip((inner - 0.10) / 0.80, 0, 1)
    return np.asarray(x * x * (3 - 2 * x)), (left, top, right, bottom)
