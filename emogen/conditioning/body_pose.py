"""Where a body's joints are over time, whatever it comes from: any humanoid's BVH, or the pictures of a video.

Both give 14 joints in the order of `JOINTS`, Y up. Joints of a BVH are found by their names: those of Mixamo and
emogen, CMU, Bandai Namco, SMPL, Biped and Poser skeletons are all put together from the same few words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from emogen.conditioning.face_mesh import quiet
from emogen.errors import InputError
from emogen.media.motion import BvhMotion

Array = NDArray[np.float64]
JOINTS = (
    "hips", "chest", "neck", "head", "left shoulder", "left elbow", "left hand", "right shoulder", "right elbow",
    "right hand", "left knee", "left foot", "right knee", "right foot",
)  # fmt: skip
HIPS, CHEST, NECK, HEAD, L_SHOULDER, L_ELBOW, L_HAND, R_SHOULDER, R_ELBOW, R_HAND, L_KNEE, L_FOOT, R_KNEE, R_FOOT = (
    range(14)
)
#: Joint -> its names without the side, the best first: where there is an upper arm, "shoulder" is the collar bone.
_NAMES: dict[str, tuple[str, ...]] = {
    "hips": ("hips", "hip", "pelvis", "lowertorso"),
    "chest": ("upperchest", "spine3", "chest2", "spine2", "chest", "spine1", "thorax", "torso", "uppertorso", "spine"),
    "neck": ("neck", "neck1", "lowerneck", "upperneck"),
    "head": ("head", "skull"),
    "shoulder": ("upperarm", "uparm", "arm", "humerus", "shldr", "shoulder"),
    "elbow": ("lowerarm", "loarm", "forearm", "elbow", "radius"),
    "hand": ("hand", "wrist", "palm"),
    "knee": ("lowerleg", "loleg", "leg", "shin", "calf", "knee", "tibia"),
    "foot": ("foot", "ankle"),
}
_SIDES = {"left": "left", "l": "left", "lf": "left", "right": "right", "r": "right", "rt": "right"}
_EMPTY_WORDS = {"bip", "mixamorig", "joint", "jnt", "bone", "def", "j", "b", "skel", "character", "avatar"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
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
    if not np.isfinite(motion.frames).all():
        raise InputError("motion", "holds numbers that are not finite", "Give finite degrees and centimetres.")
    world = _forward(motion)
    found = np.stack([world[:, i].mean(axis=1) for i in place], axis=1)
    return _upright(found)


def find_joints(motion: BvhMotion) -> list[list[int]]:
    """Which joints of a BVH are those of `JOINTS`; a missing neck is the middle of the shoulders (two indices).

    Raises:
        InputError: Joints are missing; the message names them.
    """
    by_name: dict[tuple[str, str], int] = {}
    for i, joint in enumerate(motion.joints):
        if not joint.end_site:
            by_name.setdefault(_parsed(joint.name), i)
    place: dict[str, int] = {}
    for joint_name in JOINTS:
        side, _, stem = joint_name.rpartition(" ")
        for name in _NAMES[stem]:
            if (side, name) in by_name:
                place[joint_name] = by_name[side, name]
                break
    found = {name: [i] for name, i in place.items()}
    if "neck" not in found and {"left shoulder", "right shoulder"} <= set(found):
        found["neck"] = [place["left shoulder"], place["right shoulder"]]
    missing = [name for name in JOINTS if name not in found]
    if missing:
        raise InputError(
            "skeleton", f"has no {', '.join(missing[:6])}{' ...' if len(missing) > 6 else ''}",
            "A humanoid is needed, its joints named as Mixamo, CMU, SMPL or Bandai Namco name them.",
        )  # fmt: skip
    return [found[name] for name in JOINTS]


def _parsed(name: str) -> tuple[str, str]:
    """Joint name -> side ("" for none) and stem: "mixamorig:LeftUpLeg" -> ("left", "upleg")."""
    side, stem = "", []
    for word in _WORD.findall(name.split(":")[-1]):
        low = word.lower()
        if not side and low in _SIDES:
            side = _SIDES[low]
        elif low not in _EMPTY_WORDS and not (low.isdigit() and low.startswith("0")):
            stem.append(low)
    joined = "".join(stem)
    for start in ("left", "right"):
        if not side and joined.startswith(start):
            side, joined = start, joined.removeprefix(start)
    return side, joined


def _forward(motion: BvhMotion) -> Array:
    """World positions [T, joints, 3]. Positions in channels stand in place of the offset."""
    n = len(motion.frames)
    world = np.zeros((n, len(motion.joints), 3))
    turned: list[Rotation] = []
    column = 0
    for i, joint in enumerate(motion.joints):
        values = motion.frames[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        local = np.tile(np.array(joint.offset, dtype=float), (n, 1))
        moves = [(k, "XYZ".index(c[0])) for k, c in enumerate(joint.channels) if c.endswith("position")]
        for k, axis in moves:
            local[:, axis] = values[:, k]
        if joint.parent >= 0 and moves and _is_shift(local, np.array(joint.offset)):
            local = local + np.array(joint.offset)
        turns = [(k, c[0]) for k, c in enumerate(joint.channels) if c.endswith("rotation")]
        own = Rotation.identity(n)
        if turns:
            angles = values[:, [k for k, _ in turns]]
            own = Rotation.from_euler("".join(axis for _, axis in turns), angles, degrees=True)
        if joint.parent < 0:
            world[:, i] = local
            turned.append(own)
        else:
            above = turned[joint.parent]
            world[:, i] = world[:, joint.parent] + above.apply(local)
            turned.append(above * own)
    return world


def _is_shift(local: Array, offset: Array) -> bool:
    """Whether position channels of an inner joint are added to its offset: they are near zero where it is not."""
    length = float(np.linalg.norm(offset))
    return length > 1e-6 and float(np.linalg.norm(local, axis=1).mean()) < 0.1 * length


def _upright(positions: Array) -> Array:
    """Turned so that Y is up: some programs write Z up."""
    up = (positions[:, HEAD] - (positions[:, L_FOOT] + positions[:, R_FOOT]) / 2.0).mean(axis=0)
    if abs(up[2]) > 2.0 * abs(up[1]):
        return np.stack([positions[..., 0], positions[..., 2], -positions[..., 1]], axis=-1)
    return positions


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
