"""A photo of any person -> that person with a neutral face -> frames that follow face curves."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.face import FACE_CHANNELS, INDEX, both, with_held_lips
from emogen.errors import InputError
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait import neutral
from emogen.pipelines.talking_head.photo_portrait.crop import cropped, prepared, wears_glasses
from emogen.pipelines.talking_head.photo_portrait.eyes import EYES, Eye
from emogen.pipelines.talking_head.photo_portrait.head import Head, rotation, segmented
from emogen.pipelines.talking_head.photo_portrait.mouth import Inside, below_seam, contours
from emogen.pipelines.talking_head.photo_portrait.shading import Folds
from emogen.pipelines.talking_head.photo_portrait.shapes import basis, frame_of
from emogen.pipelines.talking_head.photo_portrait.skin import lit_from, skin_mask
from emogen.pipelines.talking_head.photo_portrait.warp import Grid, Reach, Shapes

LOWER_LIP = tuple(sorted({*lm.OUTER_LOWER, *lm.INNER_LOWER, 15, 16, 86, 85, 316, 315, 179, 180, 403, 404, 89, 90, 319, 320,
                          96, 77, 325, 307} - {61, 291, 78, 308}))  # fmt: skip
UPPER_LIP = tuple(sorted({*lm.OUTER_UPPER, *lm.INNER_UPPER, 12, 11, 38, 72, 268, 302, 41, 73, 271, 303, 42, 74, 272, 304,
                          184, 183, 408, 407} - {61, 291, 78, 308}))  # fmt: skip
#: A ring around the face that no shape moves, in the face's own size; the reach of shapes ends there.
RING, RING_POINTS = (1.42, 1.45), 24
#: Pixels around the mouth's corners over which the lower lip's field gives way, in eye-corner distances.
FEATHER = 0.16


class PhotoRenderer:
    """Draws one person; stateless per frame, so several threads may draw at once.

    Attributes:
        width, height: Pixels.
        notes: What was done to the photo, one sentence each.
        drawn: Whether it is a painted character rather than a person.
        photo: The photo as it was cropped, uint8 [height, width, 3].
    """

    def __init__(
        self, picture: np.ndarray, points: np.ndarray, notes: list[str], *, seen: np.ndarray | None = None, drawn: bool = False
    ) -> None:
        """Use `from_image`.

        Args:
            picture: uint8 [size, size, 3].
            points: [478, 3] in its pixels.
            notes: As of the renderer; more are added.
            seen: Where `head.segmented` saw a person in it, uint8 [h, w] of any size; it is asked where none is given.
            drawn: As of the renderer.
        """
        self.drawn, self.photo = drawn, picture
        self.width = self.height = len(picture)
        self.notes = list(notes)
        self.grid = Grid(self.width)
        self.frame = frame_of(points)
        self.glasses = not drawn and wears_glasses(picture, points, self.frame)
        if self.glasses:
            self.notes.append("glasses were seen: brows and lids move less behind them")
        seen = segmented(picture) if seen is None else cv2.resize(seen, (self.width, self.height))
        skin, colour = skin_mask(picture, points, self.frame.scale)
        teeth = neutral.own_teeth(picture, points, colour)
        if not drawn:
            picture, points, skin = self._neutral(picture, points, skin)
        self.points = points
        self.light = lit_from(picture, points, skin)
        self.head = Head(picture, points, seen, self.grid)
        self.picture = picture
        self.shapes = basis(points, self.frame, glasses=self.glasses)
        self.fields = self._fields(points, self.shapes)
        self.follow = self.head.followed(points[:, :2], self.grid)
        self.eyes = [Eye(picture, points, eye, self.frame.scale, colour) for eye in EYES]
        self.inside = Inside(points, self.frame, colour, teeth)
        self.folds = Folds(points, self.frame, skin, self.light)
        there = np.flatnonzero((self.head.follow > 0).any(1)), np.flatnonzero((self.head.follow > 0).any(0))
        step = self.grid.step
        self.box = (max(0, int((there[1][0] - 1) * step)), max(0, int((there[0][0] - 1) * step)),
                    min(self.width, int((there[1][-1] + 2) * step)), min(self.height, int((there[0][-1] + 2) * step)))  # fmt: skip

    @classmethod
    def from_image(
        cls, rgb: np.ndarray, *, size: int = 512, name: str = "photo", drawn: bool = False, face: int | None = None
    ) -> PhotoRenderer:
        """Prepares a photo.

        Args:
            rgb: uint8 [h, w, 3].
            size: Side of the pictures that are drawn, pixels.
            name: Of the photo, for messages.
            drawn: It is a painted neutral character that shows nobody.
            face: Which of several faces, counted from the left from 0; the largest where none is given.

        Raises:
            InputError: No face, one too small or in profile, no such face; with the photo's name.
        """
        picture, points, notes = prepared(rgb, name, face)
        picture, points = cropped(picture, points, size)
        return cls(picture, points, notes, drawn=drawn)

    def render(self, curves: np.ndarray) -> np.ndarray:
        """Curves float32 [61] -> uint8 [height, width, 3]."""
        if curves.shape != (len(FACE_CHANNELS),):
            raise InputError("curves", f"shape {curves.shape}", f"Accepted: [{len(FACE_CHANNELS)}].")
        curves = np.clip(np.nan_to_num(curves.astype(np.float64)), -1, 1)
        curves[: INDEX["headYaw"]] = np.clip(curves[: INDEX["headYaw"]], 0, 1)
        curves = with_held_lips(curves)
        # A lid that comes down is not raised at the same time.
        curves[both("eyeWide")] *= 1 - curves[both("eyeBlink")]
        turn = rotation(*(curves[INDEX[n]] for n in ("headYaw", "headPitch", "headRoll")))
        now, rigid = self.landmarks(curves)
        skin = self.picture
        for eye in self.eyes:
            if max(share := eye.smooth_lid(curves)) > 0.01:
                skin = skin.copy() if skin is self.picture else skin
                eye.lower_lid(skin, share)
        skin = self.folds.apply(skin, curves)
        frame = self._warped(skin, curves, turn, now)
        for eye in self.eyes:
            eye.draw(frame, now, rigid, curves)
        skull = rigid[[13, 14]].mean(0)
        jaw = skull + self.shapes[INDEX["jawOpen"], 14] * max(curves[INDEX["jawOpen"]] - curves[INDEX["mouthClose"]], 0)
        self.inside.draw(frame, now, skull, jaw, (turn @ self.frame.rotation)[:2, :2], curves)
        return frame

    def landmarks(self, curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where curves [61] put the landmarks [478, 2], and where the head's turn alone puts them, in pixels."""
        turn = rotation(*(curves[INDEX[n]] for n in ("headYaw", "headPitch", "headRoll")))
        moved = self.points.copy()
        moved[:468, :2] += np.tensordot(curves, self.shapes, axes=1)
        return (
            self.head.points_now(moved, turn, self.follow),
            self.head.points_now(self.points, turn, self.follow),
        )

    # -- preparing --------------------------------------------------------------------------------
    def _fields(self, points: np.ndarray, shapes: np.ndarray) -> list[Shapes]:
        flat = points[:468, :2]
        oval = flat[list(lm.OVAL)]
        centre, half = oval.mean(0), np.ptp(oval, axis=0) / 2
        angle = np.linspace(0, 2 * np.pi, RING_POINTS, endpoint=False)
        anchors = centre + np.column_stack([np.cos(angle), np.sin(angle)]) * half * RING
        far = np.sqrt((((self.grid.rest - centre) / half / RING) ** 2).sum(-1))
        x = np.clip((1.0 - far) / 0.22, 0, 1)
        reach = Reach(self.grid, flat, anchors, (x * x * (3 - 2 * x)).astype(np.float32))
        return [Shapes(reach, shapes, blind) for blind in (LOWER_LIP, UPPER_LIP)]

    def _neutral(
        self, picture: np.ndarray, points: np.ndarray, skin: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Takes back what the face shows and closes the lips, so that later every feeling starts from none."""
        shapes = basis(points, self.frame, glasses=self.glasses)
        found = neutral.plan(picture, points, self.frame, shapes, glasses=self.glasses)
        if not found.needed:
            return picture, points, skin
        colours = neutral.lip_colours(picture, points)
        flat = neutral.relax(picture, points, skin, self.frame, found)
        after = points.copy()
        after[:468, :2] += found.move
        self.notes.append(found.told())
        parts = self._fields(points, found.move[None])
        grids = []
        for part in parts:
            forward = np.zeros_like(self.grid.rest)
            part.add(np.ones(1), forward)
            grids.append(forward)
        frame, _ = self._parted(flat, grids, after[:, :2], (0, 0, self.width, self.height))
        strength = min(1.0, 0.55 * found.smile + 9 * max(found.apart - 0.5 * neutral.LIPS_APART, 0))
        if found.lips:
            neutral.remade_lips(frame, after, colours, self.frame, strength)
        skin, _ = skin_mask(frame, after, self.frame.scale)
        return frame, after, skin

    # -- drawing ----------------------------------------------------------------------------------
    def _warped(self, picture: np.ndarray, curves: np.ndarray, turn: np.ndarray, now: np.ndarray) -> np.ndarray:
        grids = []
        for field in self.fields:
            forward = np.zeros_like(self.grid.rest)
            field.add(curves, forward)
            grids.append(self.head.turned(forward, self.grid.rest, turn))
        left, top, right, bottom = self.box
        moved, source = self._parted(picture, grids, now, self.box)
        alpha = cv2.remap(self.head.alpha, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # Outside the box nothing moves: the photo itself.
        frame = self.picture.copy()
        behind = self.head.background[top:bottom, left:right]
        frame[top:bottom, left:right] = cv2.blendLinear(moved, behind, alpha, 1 - alpha)
        return frame

    def _parted(
        self, picture: np.ndarray, grids: list[np.ndarray], now: np.ndarray, box: tuple[int, int, int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The moved picture's `box`, both lips by their own field, and where its pixels come from.

        `now` [478, 2] are the landmarks after it.
        """
        source = self.grid.source(grids[0], box)
        frame = cv2.remap(picture, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        upper, lower = contours(now)
        feather = FEATHER * self.frame.scale
        edges = np.array([min(upper[0, 0], lower[0, 0]) - feather - 2, min(upper[:, 1].min(), lower[:, 1].min()) - 3,
                          max(upper[-1, 0], lower[-1, 0]) + feather + 2, now[152, 1] + 0.6 * self.frame.scale])  # fmt: skip
        left, top = (int(max(a, b)) for a, b in zip(edges[:2], box[:2], strict=True))
        right, bottom = (int(min(a, b)) for a, b in zip(edges[2:], box[2:], strict=True))
        if right - left < 3 or bottom - top < 3:
            return frame, source
        inner = (left, top, right, bottom)
        below = cv2.remap(
            picture, self.grid.source(grids[1], inner), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        mask = below_seam(upper, lower, inner, feather)
        part = frame[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
        part[:] = cv2.blendLinear(below, np.ascontiguousarray(part), mask, 1 - mask)
        return frame, source
