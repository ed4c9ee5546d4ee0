"""Where a hand is to be and how it is held -> rotations of collar bone, arm, forearm, hand and fingers.

An arm is described by what its owner could feel: the place of the wrist, how far the elbow is turned out, pronation of
the forearm, flexion and deviation of the wrist. Interpolating these never flips and never leaves the joints' range, which
interpolated rotations would. Everything is written for the left arm in the frame of the chest - x out, y up, z forward -
and mirrored for the right one.

Ranges of joints: American Academy of Orthopaedic Surgeons (1965), "Joint motion: method of measuring and recording".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.pipelines.gesture.fingers import finger_rotations, shape_angles
from emogen.pipelines.gesture.trunk import pushed_out

UPPER_CM, LOWER_CM = 28.0, 25.0  # of `skeleton.csv`
ARM_CM = UPPER_CM + LOWER_CM
#: Degrees (AAOS 1965); the first turn is the elbow's way round the line from shoulder to wrist, own range.
TURNS = ("elbow_out", "pronation", "flexion", "deviation")
LEAST, MOST = np.array([-35.0, -80.0, -70.0, -30.0]), np.array([60.0, 80.0, 80.0, 20.0])
#: Degrees of the elbow; AAOS has 150, clothes and muscle take a little.
ELBOW_MOST = 145.0
#: Part of the twist of the forearm that its own joint takes, the rest turns the hand: the radius turns along its length.
TWIST_SHARE = 0.55
#: Directions round which the elbow's natural side is carried: hand forward and low, elbow low (own choice, after looks).
_AHEAD = np.array([0.15, -0.45, 0.88]) / np.linalg.norm([0.15, -0.45, 0.88])
_BELOW = np.array([0.0, -0.89, -0.455])
#: Degrees by which a natural elbow stands out from straight below (own choice, after looks).
_OUT = 24.0
#: The collar bone's largest elevation, protraction and retraction with a raised, far or spread arm, degrees: Ludewig et al.
#: 2009 (J Bone Joint Surg 91:378) found some 10 of elevation at the joint; this bone also stands for the shoulder blade.
_RAISE, _FORWARD, _BACKWARD = 22.0, 16.0, 8.0
#: A shrug of 1 lifts the collar bone by so many degrees; shoulder elevation reaches about 40 (AAOS 1965).
SHRUG = 24.0


@dataclass(frozen=True)
class HandPose:
    """How a hand is held; directions are (out, up, forward) in the frame of the chest, out being its own side.

    Attributes:
        place: The wrist, from the shoulder joint of that side, in arm lengths (53 cm).
        palm: Where the palm faces.
        fingers: Where the hand points.
        shape: What the fingers do, a name of `hand_shapes.csv`.
        elbow: Degrees by which the elbow is turned outwards beside its natural place.
    """

    place: tuple[float, float, float]
    palm: tuple[float, float, float]
    fingers: tuple[float, float, float]
    shape: str = "relaxed"
    elbow: float = 0.0


@dataclass(frozen=True, eq=False)
class ArmCurves:
    """What one arm does over time.

    Attributes:
        wrist: [T, 3] (out, up, forward) from the shoulder joint in arm lengths, frame of the chest.
        turns: [T, 4] degrees, as `TURNS`.
        fingers: [T, 21] degrees, as `fingers.ANGLES`.
        shrug: [T] 0..1, how far the shoulder is lifted.
    """

    wrist: np.ndarray
    turns: np.ndarray
    fingers: np.ndarray
    shrug: np.ndarray


def arm_rotations(side: str, curves: ArmCurves) -> dict[str, np.ndarray]:
    """Local rotations of Shoulder, Arm, ForeArm, Hand and the fifteen finger joints of a side: name -> [T, 3, 3].

    A wrist out of reach is drawn in softly, one inside the trunk or the head is pushed out of it.

    Args:
        side: "Left" or "Right".
        curves: What the arm does.
    """
    turns = np.clip(curves.turns, LEAST, MOST)
    wrist = _reached(_clear(curves, turns) * ARM_CM)
    collar = _collar(wrist, curves.shrug)
    upper, hinge = _bones(wrist, collar, turns[:, 0])
    twist = turns[:, 1]
    part = {
        "Shoulder": collar,
        "Arm": _back(collar) @ upper,
        "ForeArm": _back(upper) @ hinge @ _about("x", TWIST_SHARE * twist),
        "Hand": _about("x", (1 - TWIST_SHARE) * twist) @ _about("z", -turns[:, 2]) @ _about("y", -turns[:, 3]),
    }
    part |= finger_rotations(curves.fingers)
    if side == "Right":
        part = {name: mirrored(turned) for name, turned in part.items()}
    return {side + name: turned for name, turned in part.items()}


def mirrored(rotations: np.ndarray) -> np.ndarray:
    """Rotations [..., 3, 3] of one side as the other side's."""
    flip = np.array([-1.0, 1.0, 1.0])
    return rotations * flip[:, None] * flip


@lru_cache(maxsize=4096)
def solved(pose: HandPose) -> tuple[float, ...]:
    """The turns (`TURNS`, degrees) that come nearest to a pose within the joints' range, comfort counting too."""
    fingers = _unit(np.array(pose.fingers, dtype=float))
    palm = np.array(pose.palm, dtype=float)
    palm = _unit(palm - 0.999 * (palm @ fingers) * fingers)
    best = _nearest(pose, palm, fingers, _grid())
    for step in (5.0, 2.0, 0.7):
        near = np.stack(np.meshgrid(*[b + step * np.arange(-2, 3) for b in best], indexing="ij"), -1).reshape(-1, 4)
        best = _nearest(pose, palm, fingers, np.clip(near, LEAST, MOST))
    return tuple(float(x) for x in best)


def pose_curves(pose: HandPose, frames: int = 1) -> ArmCurves:
    """An arm that holds a pose for a number of frames."""
    hold = [
        np.tile(np.array(x, dtype=float), (frames, 1)) for x in (pose.place, solved(pose), shape_angles(pose.shape))
    ]
    return ArmCurves(hold[0], hold[1], hold[2], np.zeros(frames))


def hand_places(motion: BodyMotion, side: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where a hand of a motion is: wrist [T, 3] in arm lengths from the unmoved shoulder, palm [T, 3], fingers [T, 3].

    All (out, up, forward) in the frame of the chest, as in `HandPose`.
    """
    names = skeleton().names
    chain = ["Spine2", *(side + part for part in ("Shoulder", "Arm", "ForeArm", "Hand"))]
    offsets = [skeleton().offsets[names.index(n)] for n in chain]
    turned, place = np.eye(3), np.zeros(3)
    for name, offset in zip(chain[1:], offsets[1:], strict=True):
        place = place + np.einsum("...ij,j->...i", turned, offset)
        turned = turned @ motion.rotations[:, names.index(name)]
    flip = np.array([-1.0 if side == "Right" else 1.0, 1.0, 1.0])
    ahead = np.array([1.0, 0.0, 0.0]) * flip
    wrist = (place - offsets[1] - offsets[2]) * flip / ARM_CM
    return wrist, turned @ np.array([0.0, -1.0, 0.0]) * flip, turned @ ahead * flip


@cache
def _grid() -> np.ndarray:
    axes = [
        np.arange(least, most + 0.1, s) for least, most, s in zip(LEAST, MOST, (15.0, 10.0, 10.0, 10.0), strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 4)


def _nearest(pose: HandPose, palm: np.ndarray, fingers: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The row of the grid that holds the hand best."""
    elbows, which = np.unique(grid[:, 0], return_inverse=True)
    wrist = _reached(np.tile(np.array(pose.place, dtype=float) * ARM_CM, (len(elbows), 1)))
    _, hinge = _bones(wrist, _collar(wrist, np.zeros(len(elbows))), elbows)
    hand = _about("x", grid[:, 1]) @ _about("z", -grid[:, 2]) @ _about("y", -grid[:, 3])
    wanted = np.einsum("eij,kj->eki", _back(hinge), np.stack([fingers, palm]))[which]
    off = 1.5 * (1 - (hand[:, :, 0] * wanted[:, 0]).sum(1)) + (1 + (hand[:, :, 1] * wanted[:, 1]).sum(1))
    effort = (grid - [pose.elbow, 0.0, 0.0, 0.0]) / [40.0, 100.0, 75.0, 30.0]
    return grid[np.argmin(off + 0.08 * (effort**2).sum(1))]


def _clear(curves: ArmCurves, turns: np.ndarray) -> np.ndarray:
    """The wrist's places with the hand outside trunk and head."""
    wrist = np.asarray(curves.wrist, dtype=float)
    curl = np.radians(0.6 * curves.fingers[:, [4, 5]].sum(1))[:, None]
    for _ in range(2):
        reached = _reached(wrist * ARM_CM)
        _, hinge = _bones(reached, _collar(reached, curves.shrug), turns[:, 0])
        hand = hinge @ _about("x", turns[:, 1]) @ _about("z", -turns[:, 2]) @ _about("y", -turns[:, 3])
        ahead, palm = hand[:, :, 0], -hand[:, :, 1]
        points = [reached, reached + 9.3 * ahead]
        points.append(points[1] + 8.0 * (np.cos(curl) * ahead + np.sin(curl) * palm))
        moves = np.stack([pushed_out(p + _shoulder()) - (p + _shoulder()) for p in points])
        size = np.linalg.norm(moves, axis=-1, keepdims=True)
        wrist = (reached + (moves * size).sum(0) / np.maximum(size.sum(0), 1e-6)) / ARM_CM
    return wrist


def _reached(wrist: np.ndarray) -> np.ndarray:
    """Targets [T, 3] in cm drawn softly into the shell that the wrist can reach."""
    far = np.linalg.norm(wrist, axis=1, keepdims=True)
    near = np.sqrt(UPPER_CM**2 + LOWER_CM**2 + 2 * UPPER_CM * LOWER_CM * np.cos(np.radians(ELBOW_MOST)))
    knee, end = 0.93 * ARM_CM, 0.996 * ARM_CM
    drawn = np.where(far > knee, knee + (end - knee) * np.tanh((far - knee) / (end - knee)), far)
    drawn = near + np.logaddexp(0.0, (drawn - near) / 2.0) * 2.0  # a soft max, 2 cm wide
    return wrist * np.minimum(drawn, end) / np.maximum(far, 1e-6)


def _collar(wrist: np.ndarray, shrug: np.ndarray) -> np.ndarray:
    """The collar bone's share of a reach, and the shrug: [T, 3, 3]."""
    out, up, ahead = (wrist / ARM_CM).T
    lift = _RAISE * _step(up, -0.15, 0.95) + SHRUG * shrug
    forth = _FORWARD * np.clip(_step(ahead, 0.35, 1.0) + _step(-out, 0.1, 0.8), 0.0, 1.2)
    forth -= _BACKWARD * _step(out - ahead, 0.4, 1.2)
    return _about("y", -forth) @ _about("z", lift)


def _bones(wrist: np.ndarray, collar: np.ndarray, elbow_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper arm and untwisted forearm in the frame of the chest [T, 3, 3]; wrist in cm from the unmoved shoulder."""
    link = skeleton().offsets[skeleton().names.index("LeftArm")]
    line = wrist - (collar @ link - link)
    far = np.clip(np.linalg.norm(line, axis=1, keepdims=True), 1.0, 0.9995 * ARM_CM)
    to = line / np.maximum(np.linalg.norm(line, axis=1, keepdims=True), 1e-9)
    below = _carried(to)
    aside = np.cross(to, below)
    angle = np.radians(_OUT + elbow_out)[:, None]
    low, axis = np.cos(angle) * below + np.sin(angle) * aside, np.cos(angle) * aside - np.sin(angle) * below
    cosine = np.clip((UPPER_CM**2 + far**2 - LOWER_CM**2) / (2 * UPPER_CM * far), -1.0, 1.0)
    elbow = UPPER_CM * (cosine * to + np.sqrt(1 - cosine**2) * low)
    first, second = _unit(elbow), _unit(to * far - elbow)
    return (
        np.stack([first, axis, np.cross(first, axis)], axis=-1),
        np.stack([second, axis, np.cross(second, axis)], axis=-1),
    )


def _carried(to: np.ndarray) -> np.ndarray:
    """The elbow's natural side for directions of the wrist [T, 3]: `_BELOW` carried along from `_AHEAD`.

    A field of directions on a sphere must be broken somewhere (the hairy ball); this one is broken at one point only,
    behind and above the shoulder, where no hand comes.
    """
    sum_ = to + _AHEAD
    scale = 1.0 / np.maximum(1.0 + to @ _AHEAD, 1e-3)
    return _unit(_BELOW - (to @ _BELOW * scale)[:, None] * sum_)


@cache
def _shoulder() -> np.ndarray:
    """The unmoved shoulder joint in the frame of the chest, cm."""
    bones = skeleton()
    return bones.offsets[bones.names.index("LeftShoulder")] + bones.offsets[bones.names.index("LeftArm")]


def _step(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below, 1 above, smooth between."""
    u = np.clip((x - low) / (high - low), 0.0, 1.0)
    return u * u * u * (u * (6 * u - 15) + 10)


def _about(axis: str, degrees: np.ndarray) -> np.ndarray:
    return Rotation.from_euler(axis, np.asarray(degrees)[:, None], degrees=True).as_matrix()


def _back(rotations: np.ndarray) -> np.ndarray:
    return rotations.swapaxes(-1, -2)


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
