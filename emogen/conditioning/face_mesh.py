"""Finding faces in pictures and following one through a video: MediaPipe's face mesh (Apache-2.0), which works offline.

A face is 478 points [478, 3] in pixels of the picture, z away from the viewer. "Right" is the subject's right, the
picture's left.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.limits import LIMITS

#: Copies of the picture that are searched when nothing is found at first: rotation in degrees.
TILTS = (0.0, 20.0, -20.0, 40.0, -40.0)


@dataclass(frozen=True, eq=False)
class Found:
    """A face: `points` float64 [478, 3] in pixels of the picture (z away from the viewer), and how many faces there were."""

    points: np.ndarray
    count: int


_LOCK = threading.RLock()
_MESH = threading.Lock()


@dataclass
class _Silence:
    """How many pieces of work keep standard error away, and the real one meanwhile."""

    users: int = 0
    kept: int = -1


_silence = _Silence()


@contextmanager
def quiet() -> Iterator[None]:
    """MediaPipe writes to the process's standard error from C++; it is turned away while it works, and put back.

    Several threads may be at it: the first turns it away, the last puts it back.
    """
    with _LOCK:
        _silence.users += 1
        if _silence.users == 1:
            _silence.kept = _turn_away()
    try:
        yield
    finally:
        with _LOCK:
            _silence.users -= 1
            if not _silence.users and _silence.kept >= 0:
                os.dup2(_silence.kept, 2)
                os.close(_silence.kept)


def _turn_away() -> int:
    """A copy of standard error, which leads nowhere from now on; -1 where there is none."""
    try:
        kept = os.dup(2)
    except OSError:
        return -1
    sys.stderr.flush()
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)
    return kept


@cache
def _still_mesh() -> Any:
    """One searcher of photos for the whole process; it keeps nothing from one to the next, and serves one at a time."""
    import mediapipe

    mesh = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=4, refine_landmarks=True, min_detection_confidence=0.5
    )
    mesh.process(np.zeros((64, 64, 3), np.uint8))  # its threads say what they have to say while nobody listens
    return mesh


def find_faces(picture: np.ndarray) -> list[np.ndarray]:
    """The points [478, 3] of every face in a picture, uint8 [h, w, 3]; up to four."""
    with quiet(), _MESH:
        mesh = _still_mesh()
        return next((f for turn in _copies(picture) if (f := _faces(mesh, *turn))), [])


def find_face(picture: np.ndarray, name: str) -> Found:
    """The largest face in a picture, uint8 [h, w, 3].

    Raises:
        InputError: No face, or one narrower than `limits.face_min_side_px`.
    """
    faces = find_faces(picture)
    if not faces:
        height, width = picture.shape[:2]
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


CROP_PX = 48
#: The square that is cut out, in distances between the outer eye corners: its side, and where in it (0..1) the middle
#: of the eyes lies: the medians over faces of FER2013, whose frame the judge learnt from.
CROP_SIDE, CROP_EYES = 1.9, (0.5, 0.38)
RIGHT_CORNER, LEFT_CORNER = 33, 263
#: A picture shown for a face no larger than this is too coarse to read (px between the outer eye corners; own assumption).
LEAST_EYES_PX = 12.0


@dataclass(frozen=True, eq=False)
class Watched:
    """The largest face of each picture of a video, or of one photo.

    Attributes:
        points: [T, 478, 3]; nan where no face was found.
        crops: [T, 48, 48] uint8, grey, upright; 0 where no face was found.
        fps: Pictures a second; 0 for a photo.
    """

    points: NDArray[np.float64]
    crops: NDArray[np.uint8]
    fps: float

    @property
    def there(self) -> NDArray[np.bool_]:
        """[T] where a face was found."""
        return np.isfinite(self.points[:, 0, 0])


def look(picture: NDArray[np.uint8]) -> Watched:
    """The largest face of a photo, uint8 [h, w, 3]."""
    faces = find_faces(picture)
    best = max(faces, key=lambda p: np.ptp(p[:, 0]) * np.ptp(p[:, 1])) if faces else None
    return _watched([best], [_crop(picture, best)], 0.0)


def watch(frames: Iterable[NDArray[np.uint8]], fps: float) -> Watched:
    """The largest face of each picture, followed from one to the next."""
    points: list[np.ndarray | None] = []
    crops = []
    with quiet():
        import mediapipe

        mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=False, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.5
        )
        mesh.process(np.zeros((64, 64, 3), np.uint8))  # its threads say what they have to say while nobody listens
    with mesh:
        for frame in frames:
            with quiet():
                found = _faces(mesh, frame, np.eye(2, 3))
            points.append(found[0] if found else None)
            crops.append(_crop(frame, points[-1]))
    return _watched(points, crops, fps)


def _watched(points: list[np.ndarray | None], crops: list[NDArray[np.uint8]], fps: float) -> Watched:
    missing = np.full((478, 3), np.nan)
    rows = [missing if p is None or _eyes(p) < LEAST_EYES_PX else p for p in points]
    return Watched(
        np.stack(rows) if rows else np.zeros((0, 478, 3)), np.stack(crops) if crops else np.zeros((0, 48, 48), np.uint8), fps
    )


def _eyes(points: np.ndarray) -> float:
    return float(np.hypot(*(points[LEFT_CORNER, :2] - points[RIGHT_CORNER, :2])))


def _crop(picture: NDArray[np.uint8], points: np.ndarray | None) -> NDArray[np.uint8]:
    """The face upright in its square, grey."""
    if points is None:
        return np.zeros((CROP_PX, CROP_PX), np.uint8)
    right, left = points[RIGHT_CORNER, :2], points[LEFT_CORNER, :2]
    across = left - right
    # half the picture's width of a turned face is hidden: the depth between the corners counts too
    size = max(float(np.hypot(*across)), float(np.linalg.norm(points[LEFT_CORNER] - points[RIGHT_CORNER])), 1.0)
    scale = CROP_PX / (CROP_SIDE * size)
    angle = np.arctan2(across[1], across[0])
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shift = CROP_PX * np.array(CROP_EYES) - turn @ ((right + left) / 2)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    shrink = int(1.0 / scale / 2)
    if shrink > 1:  # averaged before it is sampled, so that fine grain does not alias
        grey = cv2.blur(grey, (shrink, shrink))
    matrix = np.column_stack([turn, shift])
    cut = cv2.warpAffine(grey, matrix, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, dtype=np.uint8)
