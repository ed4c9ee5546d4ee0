"""Finding the face in a photo: 478 points by MediaPipe's face mesh (Apache-2.0), which works offline.

Point numbers are those of the mesh; "right" is the subject's right, the picture's left.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np

from emogen.errors import InputError
from emogen.limits import LIMITS

OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58,
        132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
RIGHT_LID_UPPER, RIGHT_LID_LOWER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
)
LEFT_LID_UPPER, LEFT_LID_LOWER = (
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
)
RIGHT_BROW, LEFT_BROW = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107), (276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
OUTER_UPPER, OUTER_LOWER = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
)
INNER_UPPER, INNER_LOWER = (
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
RIGHT_IRIS, LEFT_IRIS = (468, 469, 470, 471, 472), (473, 474, 475, 476, 477)
NOSE = (1, 4, 5, 195, 197, 6, 168, 98, 327, 64, 294, 48, 278, 2, 94)
CHEEKS = (
    50,
    280,
    205,
    425,
    187,
    411,
    117,
    346,
    118,
    347,
    123,
    352,
    36,
    266,
    203,
    423,
    212,
    432,
    216,
    436,
    206,
    426,
    207,
    427,
)
FOREHEAD = (151, 9, 8, 108, 337, 69, 299, 104, 333, 68, 298)
CHIN = (199, 200, 18, 32, 262, 194, 418, 201, 421, 208, 428, 175, 171, 396)
LID_SKIN = (
    27,
    257,
    28,
    258,
    29,
    259,
    30,
    260,
    56,
    286,
    23,
    253,
    24,
    254,
    22,
    252,
    110,
    339,
    26,
    256,
    31,
    261,
    226,
    446,
)
#: Copies of the picture that are searched when nothing is found at first: rotation in degrees.
TILTS = (0.0, 20.0, -20.0, 40.0, -40.0)


@dataclass(frozen=True, eq=False)
class Found:
    """A face: `points` float64 [478, 3] in pixels of the picture (z away from the viewer), and how many faces there were."""

    points: np.ndarray
    count: int


@contextmanager
def _quiet() -> Iterator[None]:
    """MediaPipe writes to the process's standard error from C++; it is turned away while it works, and put back."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr.flush()
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


def find_face(picture: np.ndarray, name: str) -> Found:
    """The largest face in a picture, uint8 [h, w, 3].

    Raises:
        InputError: No face, or one narrower than `limits.face_min_side_px`.
    """
    height, width = picture.shape[:2]
    with _quiet():
        import mediapipe

        options = {
            "static_image_mode": True,
            "max_num_faces": 4,
            "refine_landmarks": True,
            "min_detection_confidence": 0.5,
        }
        with mediapipe.solutions.face_mesh.FaceMesh(**options) as mesh:
            faces = next((f for turn in _copies(picture) if (f := _faces(mesh, *turn))), [])
    if not faces:
        found = f"found 0 faces in {width} x {height} px"
        raise InputError(name, found, f"Needs one face at least {LIMITS.face_min_side_px} px wide.")
    points = max(faces, key=lambda p: np.ptp(p[:, 0]) * np.ptp(p[:, 1]))
    if np.ptp(points[:, 0]) < LIMITS.face_min_side_px:
        found = f"the face is {np.ptp(points[:, 0]):.0f} px wide"
        raise InputError(name, found, f"Needs one face at least {LIMITS.face_min_side_px} px wide.")
    return Found(points, len(faces))


def _copies(picture: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Copies to search, each with the 2 x 3 matrix that leads back: as it is, with a border, tilted, the middle enlarged."""
    height, width = picture.shape[:2]
    yield picture, np.eye(2, 3)
    pad = max(height, width) // 3
    yield (
        cv2.copyMakeBorder(picture, pad, pad, pad, pad, cv2.BORDER_REPLICATE),
        np.array([[1, 0, -pad], [0, 1, -pad]], float),
    )
    for tilt in TILTS[1:]:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
        yield (
            cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE),
            cv2.invertAffineTransform(turn),
        )
    for top in (0.0, 0.25, 0.5):
        for left in (0.0, 0.25, 0.5):
            y, x = int(top * height), int(left * width)
            part = picture[y : y + height // 2, x : x + width // 2]
            if min(part.shape[:2]) >= LIMITS.face_min_side_px:
                yield np.ascontiguousarray(part), np.array([[1, 0, x], [0, 1, y]], float)


def _faces(mesh: object, picture: np.ndarray, back: np.ndarray) -> list[np.ndarray]:
    height, width = picture.shape[:2]
    result = mesh.process(picture)  # type: ignore[attr-defined]
    faces = []
    for face in result.multi_face_landmarks or []:
        points = np.array([[p.x * width, p.y * height, p.z * width] for p in face.landmark])
        points[:, :2] = points[:, :2] @ back[:, :2].T + back[:, 2]
        faces.append(points)
    return faces
