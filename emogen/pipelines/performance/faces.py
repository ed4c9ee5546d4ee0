"""People in a frame: an avatar's head, an avatar with a body, or a photo with what is around the face in it.

Each paints itself into the picture of the place, in order from the back to the front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from emogen.codecs.body import BodyMotion
from emogen.codecs.face import INDEX
from emogen.pipelines.performance.person import LEVEL, Person, Stand
from emogen.pipelines.performance.shots import Actor
from emogen.pipelines.talking_head.avatars.renderer import LOOK_AT, AvatarRenderer, Sight

#: A head alone: the height the frame shows (least and most, cm), the width it shows at least, and the air above the hair.
HEAD_CM, HEAD_WIDE_CM, HEAD_TOP_CM = (32.0, 42.0), 25.0, 13.9
#: The same in a frame that is higher than wide, which shows more than an avatar's shoulders: with a body below.
HIGH_CM, HIGH_WIDE_CM, HIGH_TOP_CM = (42.0, 52.0), 29.0, 182.5
#: Head and body to the waist, likewise; the top edge is so high above the floor.
BUST_CM, BUST_WIDE_CM, BUST_TOP_CM = (79.0, 100.0), 56.0, 183.0
#: Two people: likewise; how far from the middle each stands at least (share of the frame's width, and cm, so that neither
#: stands before the other).
TWO_CM, TWO_WIDE_CM, TWO_TOP_CM, TWO_APART, TWO_APART_CM = (84.0, 160.0), 92.0, 185.0, 0.21, 23.0
#: Who talks with another stands so far beside the middle (share of the width) and is turned to the other by so much (rad).
ASIDE, TURNED = 0.055, 0.10
#: In a picture of two each turns body and head to the other (rad).
BODY_TURNED, HEAD_TURNED = 0.38, 0.22
#: A photo's square crop in a wide and in a high frame, close and wide: shares of the frame's height, or of its width.
PHOTO_CLOSE, PHOTO_WIDE = (1.0, 1.25), (0.66, 0.92)
#: Where the middle of a photo's face is in a frame (share of the height); edges give way over this share of the crop.
PHOTO_AT, FEATHER = (0.47, 0.42), 0.04


class Figure(Protocol):
    """Somebody who can be painted."""

    def onto(self, out: np.ndarray, i: int) -> None:
        """Paints the i-th frame into a picture, uint8 [h, w, 3]; in place."""


@dataclass(frozen=True, eq=False)
class Head:
    """An avatar's head and shoulders before the place."""

    avatar: AvatarRenderer
    curves: np.ndarray
    sight: Sight
    tone: np.ndarray

    def onto(self, out: np.ndarray, i: int) -> None:
        """As of `Figure`."""
        reach = 22.0 * self.sight.scale  # beyond the shoulders
        columns = slice(max(int(self.sight.x - reach), 0), min(int(self.sight.x + reach) + 1, out.shape[1]))
        behind = out[:, columns].astype(np.float32) * np.float32(1 / 255)
        sight = Sight(self.sight.scale, self.sight.x - columns.start, self.sight.y)
        picture = self.avatar.onto(behind, self.curves[_within(i, self.curves)], sight, self.tone)
        out[:, columns] = cv2.convertScaleAbs(picture, alpha=255)


@dataclass(frozen=True, eq=False)
class Body:
    """An avatar with a body before the place."""

    person: Person
    curves: np.ndarray

    def onto(self, out: np.ndarray, i: int) -> None:
        """As of `Figure`."""
        self.person.onto(out, self.curves[_within(i, self.curves)], i)


class Portrayed:
    """A photo whose face moves, and around it the rest of the photo; beyond its edges it goes on, blurred."""

    def __init__(self, portrait: Any, curves: np.ndarray, width: int, height: int, *, close: bool) -> None:
        wide = width > height
        shares = PHOTO_CLOSE if close else PHOTO_WIDE
        side = round((height * shares[0] if wide else width * shares[1]) / 2) * 2
        self.renderer, origin, scale = portrait.at(side)
        self.curves = curves
        self.x, self.y = round((width - side) / 2), round((PHOTO_AT[0] if wide else PHOTO_AT[1]) * height - 0.47 * side)
        if close and wide:
            self.y = 0
        self.around = _surroundings(portrait.photo, scale, np.array([self.x, self.y]) - origin * scale, width, height)
        edge = max(2, round(FEATHER * side))
        ramp = np.clip((np.arange(side, dtype=np.float32) + 0.5) / edge, 0, 1)
        ramp = np.minimum(ramp, ramp[::-1])
        self.mask = ramp * ramp[:, None]

    def onto(self, out: np.ndarray, i: int) -> None:
        """As of `Figure`; nothing of the place stays."""
        out[:] = self.around
        side = self.renderer.width
        top, left = max(self.y, 0), max(self.x, 0)
        bottom, right = min(self.y + side, out.shape[0]), min(self.x + side, out.shape[1])
        face = self.renderer.render(self.curves[_within(i, self.curves)])[top - self.y : bottom - self.y, left - self.x : right - self.x]
        mask = np.ascontiguousarray(self.mask[top - self.y : bottom - self.y, left - self.x : right - self.x])
        part = out[top:bottom, left:right]
        part[:] = cv2.blendLinear(np.ascontiguousarray(face), np.ascontiguousarray(part), mask, 1 - mask)


def _surroundings(photo: np.ndarray, scale: float, shift: np.ndarray, width: int, height: int) -> np.ndarray:
    """A photo at a scale and place in a frame; what is beyond its edges mirrors it, blurred and a little darker."""
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    sharp = cv2.warpAffine(photo, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REFLECT_101)
    inside = cv2.warpAffine(np.full(photo.shape[:2], 255, np.uint8), matrix, (width, height))
    inside[:1], inside[-1:], inside[:, :1], inside[:, -1:] = inside[1:2], inside[-2:-1], inside[:, 1:2], inside[:, -2:-1]
    if inside.min() == 255:
        return sharp
    reach = max(width, height)
    soft = cv2.GaussianBlur(cv2.resize(sharp, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), (0, 0), reach / 160)
    soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    edge = max(3, reach // 40)
    near = cv2.distanceTransform((inside > 127).astype(np.uint8), cv2.DIST_L2, 5)
    far = cv2.distanceTransform((inside <= 127).astype(np.uint8), cv2.DIST_L2, 5)
    keep = np.clip(near / edge, 0, 1)[..., None]
    soft *= (1 - 0.35 * np.clip(far / (0.35 * reach), 0, 1))[..., None]
    return np.asarray(np.clip(sharp * keep + soft * (1 - keep), 0, 255), np.uint8)


def head(avatar: AvatarRenderer, actor: Actor, width: int, height: int, fps: float, tone: np.ndarray) -> Head | Body:
    """A close-up."""
    if actor.rotations is not None and height > width:
        high = max(height / HIGH_CM[1], min(height / HIGH_CM[0], width / HIGH_WIDE_CM))
        stand = Stand(high, width / 2, high * (HIGH_TOP_CM - LEVEL))
        return Body(Person(avatar, _motion(actor, fps), stand, tone), _turned(actor.curves, -TURNED * actor.side))
    scale = max(height / HEAD_CM[1], min(height / HEAD_CM[0], width / HEAD_WIDE_CM))
    sight = Sight(scale, width * (0.5 + ASIDE * actor.side), scale * (HEAD_TOP_CM - LOOK_AT))
    return Head(avatar, _turned(actor.curves, -TURNED * actor.side), sight, tone)


def bust(avatar: AvatarRenderer, actor: Actor, width: int, height: int, fps: float, tone: np.ndarray) -> Body:
    """Head and body to the waist, with hands."""
    scale = max(height / BUST_CM[1], min(height / BUST_CM[0], width / BUST_WIDE_CM))
    stand = Stand(scale, width * (0.5 + 0.5 * ASIDE * actor.side), scale * (BUST_TOP_CM - LEVEL), -TURNED * actor.side)
    return Body(Person(avatar, _motion(actor, fps), stand, tone), actor.curves)


def one_of_two(avatar: AvatarRenderer, actor: Actor, width: int, height: int, fps: float, tone: np.ndarray) -> Body:
    """One of two who stand in one picture and look at each other."""
    scale = max(height / TWO_CM[1], min(height / TWO_CM[0], width / TWO_WIDE_CM))
    apart = max(TWO_APART * width, TWO_APART_CM * scale)
    stand = Stand(scale, width / 2 + apart * actor.side, scale * (TWO_TOP_CM - LEVEL), -BODY_TURNED * actor.side)
    return Body(Person(avatar, _motion(actor, fps), stand, tone), _turned(actor.curves, -HEAD_TURNED * actor.side))


def _motion(actor: Actor, fps: float) -> BodyMotion:
    assert actor.rotations is not None
    assert actor.root_cm is not None
    return BodyMotion(actor.rotations.astype(np.float64), actor.root_cm.astype(np.float64), fps)


def _turned(curves: np.ndarray, yaw: float) -> np.ndarray:
    out = curves.copy()
    out[:, INDEX["headYaw"]] += np.float32(yaw)
    return out


def _within(i: int, curves: np.ndarray) -> int:
    return min(max(i, 0), len(curves) - 1)
