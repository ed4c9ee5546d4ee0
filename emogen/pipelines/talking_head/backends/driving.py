"""Our own face video as a video model wants to be driven: the face cut out of it, and the pose drawn as key points.

The forms are those that Wan-Animate was trained on (its published preprocessing): the face's box, a little larger and
stretched to a square; the OpenPose body of 18 points in its usual colours on black, thin, what is not seen left out.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.face_mesh import quiet, watch
from emogen.errors import InputError

#: Points of the face mesh: tip of the nose, irises, and where the ears begin; right is the subject's own.
NOSE, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR = 4, 468, 473, 234, 454
#: Points between which the box of a face is meant to lie: brows above, chin below, the cheeks at both sides.
BOXED = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 234, 454, 132, 361, 172, 397, 149, 378, 152)
#: How much larger its area is, and how much of the growth in height goes above (Wan-Animate's preprocessing).
BOX_AREA, BOX_ABOVE = 1.3, 0.75
#: OpenPose's body: number -> name; number of limb -> its ends.
BODY = {0: "nose", 1: "neck", 2: "right shoulder", 5: "left shoulder", 14: "right eye", 15: "left eye", 16: "right ear", 17: "left ear"}
LIMBS = {0: (1, 2), 1: (1, 5), 12: (1, 0), 13: (0, 14), 14: (14, 16), 15: (0, 15), 16: (15, 17)}
LIMB_SHADE = 0.6  # limbs are drawn darker than points, as OpenPose does
#: A picture's side for each pixel of a limb's half width, less one (Wan-Animate's drawing).
SIDE_PER_PX = 200
#: MediaPipe's pose gives its shoulders these numbers; less visible than this they are left out, as uncertain points are.
POSE_SHOULDERS, SEEN = (12, 11), 0.5

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]


def reference(head: Any) -> Pixels:
    """Whom the video shows, uint8 [h, w, 3]: the photo as it was cut, or the drawn face at rest."""
    photo = getattr(head.renderer, "photo", None)
    return photo if photo is not None else head.renderer.render(np.zeros(head.motion.curves.shape[1], np.float32))


def points_of(head: Any) -> Points:
    """Where the face's points are in each picture of a talking head: [T, 478, 2] in its pixels.

    A renderer that knows where its curves put them (`landmarks`) is asked; else they are found in the pictures.

    Raises:
        InputError: No face is seen in what was drawn.
    """
    where = getattr(head.renderer, "landmarks", None)
    if where is not None:
        return np.stack([where(curves)[0] for curves in head.motion.curves]).astype(np.float64)
    seen = watch(head.frames(), head.motion.fps)
    if not seen.there.any():
        raise InputError("portrait", "no face is seen in the pictures drawn of it", "Accepted: a portrait with a clear face.")
    at, known = np.arange(len(seen.points)), np.flatnonzero(seen.there)
    flat = seen.points[known, :, :2].reshape(len(known), -1)
    return np.stack([np.interp(at, known, column) for column in flat.T], axis=1).reshape(len(at), -1, 2)


def faces(head: Any, points: Points, side: int) -> Iterator[Pixels]:
    """The face of each picture, uint8 [side, side, 3], cut by `points` [T, 478, 2]."""
    for picture, now in zip(head.frames(), points, strict=True):
        left, top, right, bottom = box(now, picture.shape[1], picture.shape[0])
        yield resized(picture[top:bottom, left:right], side)


def box(points: Points, width: int, height: int) -> tuple[int, int, int, int]:
    """The box of a face [478, 2] in a picture: left, top, right, bottom, at least 2 px each way."""
    low, high = points[list(BOXED)].min(0), points[list(BOXED)].max(0)
    grown = (high - low) * (np.sqrt(BOX_AREA) - 1)
    left, right = low[0] - grown[0] / 2, high[0] + grown[0] / 2
    top, bottom = low[1] - BOX_ABOVE * grown[1], high[1] + (1 - BOX_ABOVE) * grown[1]
    x, y = (int(np.clip(v, 0, side - 2)) for v, side in ((left, width), (top, height)))
    return x, y, int(np.clip(right, x + 2, width)), int(np.clip(bottom, y + 2, height))


def shoulders(picture: Pixels) -> Points | None:
    """The right and the left shoulder of who is in a picture, [2, 2] in pixels; None where they are not seen."""
    with quiet():
        import mediapipe

        with mediapipe.solutions.pose.Pose(static_image_mode=True, model_complexity=1) as finder:
            found = finder.process(np.ascontiguousarray(picture)).pose_landmarks
    both = [found.landmark[i] for i in POSE_SHOULDERS] if found else []
    if not both or min(p.visibility for p in both) < SEEN:
        return None
    return np.array([[p.x * picture.shape[1], p.y * picture.shape[0]] for p in both])


def pose(points: Points, body: Points | None, size: int) -> Pixels:
    """Key points as a picture, uint8 [size, size, 3].

    Args:
        points: Of the face, [478, 2] in its pixels.
        body: The shoulders, right and left, [2, 2] likewise; None where they are not seen.
        size: Width and height.
    """
    at = {0: points[NOSE], 14: points[RIGHT_EYE], 15: points[LEFT_EYE], 16: points[RIGHT_EAR], 17: points[LEFT_EAR]}
    if body is not None:
        at |= {1: body.mean(0), 2: body[0], 5: body[1]}
    at = {number: xy for number, xy in at.items() if (xy >= 0).all() and (xy < size).all()}
    picture, half = np.zeros((size, size, 3), np.uint8), max(size // SIDE_PER_PX - 1, 1)
    for limb, (one, other) in LIMBS.items():
        if one in at and other in at:
            along = at[other] - at[one]
            centre, length = (at[one] + at[other]) / 2, float(np.hypot(*along))
            turn = float(np.degrees(np.arctan2(along[1], along[0])))
            outline = cv2.ellipse2Poly(_whole(centre), (int(length / 2), half), int(turn), 0, 360, 1)
            cv2.fillConvexPoly(picture, outline, _colour(limb, LIMB_SHADE))
    for number, xy in at.items():
        cv2.circle(picture, _whole(xy), half, _colour(number, 1.0), -1)
    return picture


def resized(picture: Pixels, side: int) -> Pixels:
    """A picture stretched to a square, uint8 [side, side, 3]."""
    if picture.shape[:2] == (side, side):
        return picture
    smaller = min(picture.shape[:2]) > side
    found = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(found, np.uint8)


def _whole(xy: Points) -> tuple[int, int]:
    return int(xy[0]), int(xy[1])


def _colour(number: int, shade: float) -> tuple[int, ...]:
    """OpenPose's colour of a point or limb: 18 hues around the circle."""
    return tuple(int(255 * shade * v) for v in colorsys.hsv_to_rgb(number / 18, 1.0, 1.0))
