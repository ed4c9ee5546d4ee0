"""Any picture -> one face in it -> head and shoulders in a square; with a message where there is none."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.conditioning.face_mesh import find_faces, quiet
from emogen.errors import InputError
from emogen.limits import LIMITS
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.shapes import Frame, frame_of

#: How high the crop is against the face (chin to forehead), and where the face's middle stands in it.
CROP, MIDDLE = 2.15, 0.47
#: The longest side that is searched; larger photos are made smaller first.
LARGEST = 2400
#: A head turned further than this shows too little of one half of the face (rad, 40 degrees; own, by eye).
PROFILE = 0.70
#: MediaPipe's face detector is at least this sure of a person (0.6 and more on people at hand, drawn ones too, below
#: 0.1 on cats, cheetahs and other things that the mesh takes for a face).
SURE = 0.35
#: The rim of glasses on the bridge of the nose: a step in brightness of this share of the mean (0.5 with glasses, under
#: 0.15 without, on the pictures at hand).
RIM_STEP = 0.28


def prepared(rgb: np.ndarray, name: str, face: int | None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A picture small enough to work on, the points [478, 3] of the face that is meant, and notes.

    Raises:
        InputError: No picture, no face, one too small or in profile, no face of that number.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise InputError(name, f"{rgb.dtype} of shape {rgb.shape}", "Accepted: uint8 [h, w, 3].")
    height, width = rgb.shape[:2]
    rgb, notes = shrunk(rgb), []
    if rgb.shape[:2] != (height, width):
        notes.append(f"{width} x {height} px were made {rgb.shape[1]} x {rgb.shape[0]}")
    found = find_faces(rgb)
    needs = f"Needs one face at least {LIMITS.face_min_side_px} px wide, seen from the front."
    if not found:
        raise InputError(name, f"found 0 faces in {width} x {height} px", needs)
    faces = sorted(found, key=lambda p: float(p[:, 0].mean()))
    if face is not None and not 0 <= face < len(faces):
        raise InputError(name, f"face {face} of {len(faces)}", f"Accepted: 0 to {len(faces) - 1}, from the left.")
    chosen = (
        face
        if face is not None
        else max(range(len(faces)), key=lambda i: float(np.prod(np.ptp(faces[i][:, :2], axis=0))))
    )
    points = faces[chosen]
    if len(faces) > 1:
        which = "as asked for" if face is not None else "the largest"
        notes.append(f"{len(faces)} faces were found; number {chosen} from the left is used ({which})")
    if np.ptp(points[:, 0]) < LIMITS.face_min_side_px:
        raise InputError(name, f"the face is {np.ptp(points[:, 0]):.0f} px wide", needs)
    frame = frame_of(points)
    if abs(frame.yaw) > PROFILE:
        found_ = f"the head is turned by {np.degrees(abs(frame.yaw)):.0f} degrees"
        raise InputError(name, found_, f"Accepted: up to {np.degrees(PROFILE):.0f} degrees, both eyes in sight.")
    if not _sure(cropped(rgb, points, 384)[0]):
        raise InputError(name, "what looks like a face is not clearly a person's", needs)
    return rgb, points, notes


def shrunk(rgb: np.ndarray) -> np.ndarray:
    """A picture, uint8 [h, w, 3], small enough to work on."""
    scale = LARGEST / max(rgb.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(rgb)
    return np.asarray(cv2.resize(np.ascontiguousarray(rgb), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _sure(picture: np.ndarray) -> bool:
    """Whether an independent detector sees a person's face in a crop."""
    with quiet():
        import mediapipe

        with mediapipe.solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=SURE) as one:
            return bool(one.process(picture).detections)


def wears_glasses(picture: np.ndarray, points: np.ndarray, frame: Frame) -> bool:
    """Whether the rim of glasses crosses the bridge of the nose."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), max(0.6, 0.008 * frame.scale))
    flat = points[:, :2]
    line = np.concatenate([np.linspace(flat[9], flat[168], 20), np.linspace(flat[168], flat[5], 40)])
    across = np.linspace(-0.04, 0.04, 5)[:, None, None] * frame.scale * frame.right
    at = np.clip(np.rint(line[None] + across).astype(int), 0, len(picture) - 1)
    profile = grey[at[..., 1], at[..., 0]].astype(float).mean(0)
    return float(np.abs(np.diff(profile)).max()) > RIM_STEP * float(grey.mean())


def cropped(rgb: np.ndarray, points: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Head and shoulders in a square of `size`; where the crop leaves the photo its edge is repeated and blurred."""
    flat = points[list(lm.OVAL), :2]
    low, high = flat.min(0), flat.max(0)
    side = CROP * max(high[1] - low[1], 1.15 * (high[0] - low[0]))
    # A photo that holds less is not stretched beyond need: the crop stays inside where it can.
    side = min(side, max(max(rgb.shape[:2]), 1.5 * (high[1] - low[1])))
    centre = (low + high) / 2
    origin = np.array([centre[0] - side / 2, centre[1] - MIDDLE * side])
    room = np.array([rgb.shape[1], rgb.shape[0]]) - side
    origin = np.where(room >= 0, np.clip(origin, 0, np.maximum(room, 0)), origin)
    scale = size / side
    matrix = np.array([[scale, 0, -origin[0] * scale], [0, scale, -origin[1] * scale]])
    if scale < 1:
        small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shift = np.array([[1, 0, -origin[0] * scale], [0, 1, -origin[1] * scale]])
        picture = cv2.warpAffine(small, shift, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    else:
        picture = cv2.warpAffine(rgb, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full(rgb.shape[:2], 255, np.uint8), matrix, (size, size), flags=cv2.INTER_LINEAR)
    if inside.min() < 128:
        soft = cv2.GaussianBlur(picture, (0, 0), size / 40)
        keep = (
            cv2.GaussianBlur(cv2.erode(inside, np.ones((9, 9), np.uint8)), (0, 0), 3).astype(np.float32)[..., None]
            / 255
        )
        picture = np.clip(picture * keep + soft * (1 - keep), 0, 255).astype(np.uint8)
    moved = points.copy()
    moved[:, :2] = (points[:, :2] - origin) * scale
    moved[:, 2] *= scale
    return np.ascontiguousarray(picture), moved
