"""A movement in numbers: how hands, trunk and head move, and whether a body could do it.

Written for the measurement alone, apart from what generates: positions of joints and rotations are all it is given.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import find_peaks
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.tables import read_table

Array = NDArray[np.float64]
SIDES = ("Left", "Right")
SMOOTH = 3  # frames over which hands are smoothed before speeds are taken, as in the figures of recordings compared with
#: Before the speed of a hand is taken (s); how far its peaks stand out where it moves (cm/s); what of a peak is arrival.
SMOOTH_S, QUICK_CM_S, ARRIVED = 0.05, 10.0, 0.15  # own assumption
#: A foot is in contact where a point of it is nearer to its lowest than this (cm) and rises or falls slower than this (cm/s).
CONTACT_CM, RISING_CM_S = 1.0, 5.0  # own assumption
#: Half width and half depth (cm) of an adult's trunk at the hips, waist, chest and shoulders, by height from the hips to the
#: neck: half of the 5th percentile of adult breadths and depths (Pheasant & Haslegrave 2006, Bodyspace, rounded), so that
#: what is inside is inside of nearly anybody.
TRUNK_AT, TRUNK_WIDE, TRUNK_DEEP = (0.0, 0.3, 0.75, 0.92), (14.5, 12.0, 13.0, 10.5), (8.5, 8.0, 9.0, 7.0)
#: Points of a hand that must stay outside, and how thick it is there, cm (half of a hand's thickness; own assumption).
HAND, HAND_CM = ("Hand", "HandMiddle1", "HandMiddle3", "HandIndex3", "HandPinky3"), 1.0
#: The joints of `emogen.conditioning.body_pose.JOINTS`.
READ = ("Hips", "Spine2", "Neck", "Head", *(s + part for s in SIDES for part in ("Arm", "ForeArm", "Hand")),
        *(s + part for s in SIDES for part in ("Leg", "Foot")))  # fmt: skip
#: What is told of a movement's manner.
MANNERS = ("speed", "peak speed", "acceleration", "jerk", "span", "elbows out", "hands to chest", "neck", "trunk")


@cache
def index(name: str) -> int:
    """Number of a joint."""
    return skeleton().names.index(name)


def manner(motion: BodyMotion) -> dict[str, float]:
    """How it is done: cm, cm/s, cm/s^2, cm/s^3 of the hands against the hips; degrees forward of neck and trunk.

    Span is the mean distance of the hands; elbows out the mean sideways distance of elbow and shoulder in the hips' frame.
    """
    p = motion.positions()
    p = p - p[:, [0]]
    hands = uniform_filter1d(wrists(motion), SMOOTH, axis=0, mode="nearest")
    speed, second, third = (
        np.linalg.norm(np.diff(hands, k, axis=0) * motion.fps**k, axis=-1) for k in (1, 2, 3)
    )
    across = p[:, index("LeftArm")] - p[:, index("RightArm")]
    side = across / np.linalg.norm(across, axis=-1, keepdims=True)
    out = [((p[:, index(s + "ForeArm")] - p[:, index(s + "Arm")]) * side).sum(-1) * g for s, g in zip(SIDES, (1, -1), strict=True)]
    chest = hands - p[:, [index("Spine2")]]
    ahead = _ahead(motion)
    values = (
        speed.mean(), np.percentile(speed, 95), second.mean(), third.mean(),
        np.linalg.norm(hands[:, 0] - hands[:, 1], axis=-1).mean(), np.mean(out), np.linalg.norm(chest, axis=-1).mean(),
        _lean(p[:, index("Head")] - p[:, index("Neck")], ahead).mean() - _rest_lean("Neck", "Head"),
        _lean(p[:, index("Neck")] - p[:, 0], ahead).mean() - _rest_lean("Hips", "Neck"),
    )  # fmt: skip
    return dict(zip(MANNERS, map(float, values), strict=True))


def _ahead(motion: BodyMotion) -> Array:
    """Horizontal unit vector [T, 3] to which the hips face."""
    found = motion.rotations[:, 0, :, 2] * (1.0, 0.0, 1.0)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=-1, keepdims=True), 1e-9))


def _lean(way: Array, ahead: Array) -> Array:
    """Degrees [T] by which a way up leans forward."""
    return np.degrees(np.arctan2((way * ahead).sum(-1), way[:, 1]))


@cache
def _rest_lean(low: str, high: str) -> float:
    rest = np.zeros(3)
    joint = index(high)
    while joint != index(low):
        rest += skeleton().offsets[joint]
        joint = skeleton().parents[joint]
    return float(np.degrees(np.arctan2(rest[2], rest[1])))


def wrists(motion: BodyMotion) -> Array:
    """Both wrists against the hips [T, 2, 3], cm."""
    p = motion.positions()
    return np.asarray(p[:, [index(s + "Hand") for s in SIDES]] - p[:, [0]])


def apexes(motion: BodyMotion) -> list[Array]:
    """Times (s) at which the left and the right hand arrive at the end of a movement.

    A movement is a peak of the wrist's speed that stands out by `QUICK_CM_S`; its end is where the speed has fallen to
    `ARRIVED` of it, or turns before.
    """
    found = []
    for hand in np.moveaxis(wrists(motion), 1, 0):
        smooth = gaussian_filter1d(hand, SMOOTH_S * motion.fps, axis=0, mode="nearest")
        speed = np.linalg.norm(np.gradient(smooth, axis=0), axis=1) * motion.fps if len(smooth) > 1 else np.zeros(len(smooth))
        ends = []
        for peak in find_peaks(speed, prominence=QUICK_CM_S)[0]:
            slow = np.flatnonzero((speed[peak:-1] <= ARRIVED * speed[peak]) | (np.diff(speed[peak:]) > 0))
            if len(slow):
                ends.append((peak + slow[0]) / motion.fps)
        found.append(np.array(ends))
    return found


def judged(motion: BodyMotion) -> Array:
    """The fourteen joints that recognisers read [T, 14, 3], cm."""
    return motion.positions()[:, [index(n) for n in READ]]


# -- could a body do it? ----------------------------------------------------------------------------


def sanity(motion: BodyMotion) -> dict[str, float]:
    """What a body could not do: feet that slide, floor and trunk gone through, joints bent too far, and how hands jerk.

    Returns:
        "skating" and "skating, 95 %": cm/s of feet in contact; "floor": cm below it at most; "trunk" and "trunk, 99 %": cm
        that a hand is inside; "joints": share of frames in which one is more than `TOLERANCE` beyond its limit;
        "jerk": cm/s^3 of the hands.
    """
    slide = skating(motion)
    p = motion.positions()
    inside = in_trunk(motion)
    return {
        "skating": float(slide.mean()) if len(slide) else 0.0,
        "skating, 95 %": float(np.percentile(slide, 95)) if len(slide) else 0.0,
        "floor": float(max(0.0, -p[:, [index(s + "ToeBase") for s in SIDES], 1].min())),
        "trunk": float(inside.max()),
        "trunk, 99 %": float(np.percentile(inside, 99)),
        "joints": float((beyond(motion) > TOLERANCE).any(axis=1).mean()),
        "jerk": manner(motion)["jerk"],
    }


def skating(motion: BodyMotion) -> Array:
    """Horizontal speeds (cm/s) of the balls of the feet over all steps in which one is in contact."""
    p = motion.positions()[:, [index(s + "ToeBase") for s in SIDES]]
    step = np.diff(p, axis=0) * motion.fps
    low = p[1:, :, 1] - np.percentile(p[..., 1], 5, axis=0) < CONTACT_CM
    still = np.abs(step[..., 1]) < RISING_CM_S
    return np.asarray(np.hypot(step[..., 0], step[..., 2])[low & still])


def in_trunk(motion: BodyMotion) -> Array:
    """How deep (cm) the deepest point of the hands is inside the trunk [T]; the way out is the shortest level one."""
    p = motion.positions()
    low, high = p[:, 0], p[:, index("Neck")]
    axis = high - low
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    up = axis / length
    across = p[:, index("LeftArm")] - p[:, index("RightArm")] + p[:, index("LeftUpLeg")] - p[:, index("RightUpLeg")]
    side = across - (across * up).sum(-1, keepdims=True) * up
    side /= np.linalg.norm(side, axis=-1, keepdims=True)
    front = np.cross(side, up)
    found = np.zeros(len(p))
    for name in (s + part for s in SIDES for part in HAND):
        way = p[:, index(name)] - low
        at = (way * up).sum(-1) / length[:, 0]
        x, z = np.abs((way * side).sum(-1)), np.abs((way * front).sum(-1) - _belly(at))
        wide, deep = (np.interp(at, TRUNK_AT, v) + HAND_CM for v in (TRUNK_WIDE, TRUNK_DEEP))
        share = np.sqrt((x / wide) ** 2 + (z / deep) ** 2)
        depth = (1.0 - share) * np.minimum(wide, deep)
        found = np.maximum(found, np.where((at > TRUNK_AT[0]) & (at < TRUNK_AT[-1]), depth, 0.0))
    return found


def _belly(at: Array) -> Array:
    """How far (cm) the trunk's middle lies before the straight line from hips to neck: the spine runs at its back."""
    return np.interp(at, (0.0, 0.5, 1.0), (0.0, 1.5, 0.0))


TOLERANCE = 5.0  # degrees: goniometers agree within about that (Norkin & White 2016)


@cache
def _limits() -> dict[str, tuple[float, float]]:
    return {f"{r['joint']} {r['axis']}": (float(r["least"]), float(r["most"])) for r in read_table(__package__, "limits.csv")}


def turns(motion: BodyMotion) -> dict[str, Array]:
    """Degrees [T] of every movement in `limits.csv`, named "joint axis"; sides as "left" and "right"."""
    r = motion.rotations
    found: dict[str, Array] = {}

    def chain(*names: str) -> Array:
        total = r[:, index(names[0])]
        for name in names[1:]:
            total = total @ r[:, index(name)]
        return total

    for joint, names in (("neck", ("Neck", "Head")), ("trunk", ("Spine", "Spine1", "Spine2"))):
        yaw, pitch, roll = Rotation.from_matrix(chain(*names)).as_euler("YXZ", degrees=True).T
        found |= {f"{joint} flexion": pitch, f"{joint} rotation": np.abs(yaw), f"{joint} bending": np.abs(roll)}
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        name = side.lower()
        found[f"{name} elbow flexion"] = _bend(r[:, index(side + "ForeArm")], (sign, 0.0, 0.0))
        twist, deviation, flexion = Rotation.from_matrix(r[:, index(side + "Hand")]).as_euler("XYZ", degrees=True).T
        found[f"{name} wrist flexion"] = -sign * flexion
        found[f"{name} wrist deviation"] = -sign * deviation
        found[f"{name} wrist twist"] = np.abs(twist)
        # told against the trunk; behind the plane of the trunk, whether the arm hangs or is raised
        arm = chain(side + "Shoulder", side + "Arm") @ np.array([sign, 0.0, 0.0])
        found[f"{name} shoulder extension"] = np.degrees(np.arcsin(np.clip(-arm[:, 2], -1.0, 1.0)))
        found[f"{name} knee flexion"] = Rotation.from_matrix(r[:, index(side + "Leg")]).as_euler("XYZ", degrees=True)[:, 0]
        pitch, _, roll = Rotation.from_matrix(r[:, index(side + "UpLeg")]).as_euler("XYZ", degrees=True).T
        found |= {f"{name} hip flexion": -pitch, f"{name} hip abduction": sign * roll}
        found[f"{name} ankle flexion"] = -Rotation.from_matrix(r[:, index(side + "Foot")]).as_euler("XYZ", degrees=True)[:, 0]
    return found


def beyond(motion: BodyMotion) -> Array:
    """Degrees beyond the limits [T, movements], 0 within."""
    rows = []
    for name, values in turns(motion).items():
        least, most = _limits()[name.removeprefix("left ").removeprefix("right ")]
        rows.append(np.maximum(np.maximum(values - most, least - values), 0.0))
    return np.stack(rows, axis=1)


def _bend(turned: Array, along: tuple[float, float, float]) -> Array:
    """Degrees by which a bone is bent against its parent, whatever the axis."""
    bone = np.array(along)
    return np.degrees(np.arccos(np.clip((turned @ bone) @ bone, -1.0, 1.0)))
