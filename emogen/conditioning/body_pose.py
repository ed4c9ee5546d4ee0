"""Where a body's joints are over time, whatever it comes from: any humanoid's BVH, or the pictures of a video.

Both give 14 joints in the order of `JOINTS`, Y up. Joints of a BVH are found by `emogen.codecs.humanoid`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.humanoid import forward, humanoid, refuse, upright
from emogen.conditioning.face_mesh import quiet
from emogen.media.motion import BvhMotion

Array = NDArray[np.float64]
JOINTS = (
    "hips", "chest", "neck", "head", "left shoulder", "left elbow", "left hand", "right shoulder", "right elbow",
    "right hand", "left knee", "left foot", "right knee", "right foot",
)  # fmt: skip
HIPS, CHEST, NECK, HEAD, L_SHOULDER, L_ELBOW, L_HAND, R_SHOULDER, R_ELBOW, R_HAND, L_KNEE, L_FOOT, R_KNEE, R_FOOT = (
    range(14)
)
#: MediaPipe's landmarks (of 33) of which a joint is the mean.
_LANDMARKS: dict[int, tuple[int, ...]] = {
    HIPS: (23, 24), HEAD: (7, 8), L_SHOULDER: (11,), L_ELBOW: (13,), L_HAND: (15,), R_SHOULDER: (12,), R_ELBOW: (14,),
    R_HAND: (16,), L_KNEE: (25,), L_FOOT: (27,), R_KNEE: (26,), R_FOOT: (28,),
}  # fmt: skip
_SHOULDERS, _ELBOWS, _LOWER, _LEGS = (11, 12), (13, 14), (15, 16, 23, 24), (25, 26, 27, 28)
SEEN = 0.5  # a landmark's visibility from which it is seen (own assumption)
CHEST_AT, NECK_AT = 0.75, 1.08  # of the way from hips to the middle of the shoulders (own assumption)
LEAST_HEIGHT = 0.1  # a body this low, in the picture's height, is too small to read (own assumption)


def bvh_positions(motion: BvhMotion) -> Array:
    """A BVH -> where its joints are: float64 [T, 14, 3], Y up, in the file's unit (mostly cm).

    Raises:
        InputError: It lacks one of the joints, or its numbers are not finite.
    """
    place = find_joints(motion)
    world, _ = forward(motion)
    found = np.stack([world[:, i].mean(axis=1) for i in place], axis=1)
    if not len(found):
        return found
    return found @ upright(found[:, HEAD] - (found[:, L_FOOT] + found[:, R_FOOT]) / 2.0).T


def find_joints(motion: BvhMotion) -> list[list[int]]:
    """Which joints of a BVH are those of `JOINTS`; a missing neck is the middle of the shoulders (two indices).

    Raises:
        InputError: Joints are missing; the message names them.
    """
    parts = humanoid(motion).parts
    found = {name: [parts[name]] for name in JOINTS if name in parts}
    if "neck" not in found and {"left shoulder", "right shoulder"} <= set(found):
        found["neck"] = [parts["left shoulder"], parts["right shoulder"]]
    missing = [name for name in JOINTS if name not in found]
    if missing:
        raise refuse(missing)
    return [found[name] for name in JOINTS]


def pose_motion(frames: Iterator[NDArray[np.uint8]], fps: float) -> Array | None:
    """The pictures of a video -> how the body in it moves.

    Args:
        frames: uint8 [h, w, 3] RGB each, one after the other.
        fps: Pictures a second.

    Returns:
        float64 [T, 14, 3] at `fps`, Y up, in body heights, the lower foot on the floor; None where fewer than half of
        the pictures show a body (shoulders, elbows, and hands or hips): a talking head has none.
    """
    shown: list[tuple[Array, bool] | None] = []
    with quiet():
        import mediapipe

        # 1: the one model that is in its wheel; for the others it goes to the network
        with mediapipe.solutions.pose.Pose(model_complexity=1, min_detection_confidence=0.5) as tracker:
            for frame in frames:
                shown.append(_seen(tracker.process(np.ascontiguousarray(frame))))
    there = np.flatnonzero([one is not None for one in shown])
    if not len(there) or len(there) < len(shown) / 2.0:
        return None
    seen = [one for one in shown if one is not None]
    known = np.stack([joints for joints, _ in seen])
    flat = known.reshape(len(known), -1)
    time = np.arange(len(shown))
    filled = np.stack([np.interp(time, there, column) for column in flat.T], axis=1).reshape(-1, len(JOINTS), 3)
    if np.mean([one[1] for one in seen]) < SEEN:
        _stand(filled)
    filled[..., 1] -= filled[:, [L_FOOT, R_FOOT], 1].min(axis=1)[:, None]
    height = float(np.median(filled[:, HEAD, 1]))
    return filled / height if height > LEAST_HEIGHT else None


def _stand(positions: Array) -> None:
    """Legs out of the picture are guessed anew in every frame: they are made to stand below the hips."""
    trunk = float(np.median(np.linalg.norm(positions[:, HEAD] - positions[:, HIPS], axis=1)))
    across = (positions[:, L_SHOULDER] - positions[:, R_SHOULDER]) * (0.25, 0.0, 0.25)
    for side, knee, foot in ((1.0, L_KNEE, L_FOOT), (-1.0, R_KNEE, R_FOOT)):
        for joint, down in ((knee, 0.6), (foot, 1.2)):
            positions[:, joint] = positions[:, HIPS] + side * across - np.array([0.0, down * trunk, 0.0])


def _seen(found: object) -> tuple[Array, bool] | None:
    """One picture's landmarks -> joints [14, 3] in metres, whether its legs are seen; None without a body."""
    marks, world = getattr(found, "pose_landmarks", None), getattr(found, "pose_world_landmarks", None)
    if marks is None or world is None:
        return None
    inside = [m.visibility > SEEN and -0.05 < m.x < 1.05 and -0.05 < m.y < 1.05 for m in marks.landmark]
    pairs = (all(inside[i] for i in _SHOULDERS), any(inside[i] for i in _ELBOWS), sum(inside[i] for i in _LOWER) >= 2)
    if not all(pairs):
        return None
    points = np.array([[m.x, -m.y, -m.z] for m in world.landmark])
    joints = np.zeros((len(JOINTS), 3))
    for joint, marked in _LANDMARKS.items():
        joints[joint] = points[list(marked)].mean(axis=0)
    hips, shoulders = joints[HIPS], (joints[L_SHOULDER] + joints[R_SHOULDER]) / 2.0
    joints[CHEST] = hips + CHEST_AT * (shoulders - hips)
    joints[NECK] = hips + NECK_AT * (shoulders - hips)
    return joints, all(inside[i] for i in _LEGS)
