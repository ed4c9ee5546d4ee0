"""Any humanoid's BVH -> motion of our skeleton (`emogen.codecs.body.skeleton`).

Each of our joints follows one of the file's (or several, along the spine), turned by a constant of the skeleton: our
joint at rest, seen from the file's joint. That constant comes from where bones point, not from the file's angles:
the pose in which a file's angles are zero may be a T-pose, an A-pose, somebody sitting, or no body at all (programs
that lay each bone along its own X axis). What bones do not tell, the twist about their own axis, comes from the zero
pose where it is a body's, and from the hinges of elbows and knees, seen bending, where it is not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.humanoid import FINGERS, LEFT, RIGHT, Humanoid, at_rest, fingers, forward, humanoid, refuse, upright
from emogen.errors import InputError
from emogen.media.motion import BvhMotion

Array = NDArray[np.float64]
#: Own assumptions, degrees: how far a bone may point elsewhere than ours at zero angles and still be at rest ...
CURVED = 30.0  # in the trunk, whose curves differ from rig to rig
SHRUGGED = 50.0  # at the collar bone, of which rigs place the inner end differently
FOOT_PITCH = 40.0  # at the foot, of which rigs place the ankle differently high
TWISTED = 30.0  # about the spine, from hips to shoulders
THIGH_AWAY, SHANK_AWAY = 80.0, 80.0  # of a thigh from straight down, and of a shank from its thigh
ARM_INWARD, ARM_RAISED = -0.3, 0.8  # cosines of an upper arm to the outside, at least, and upwards, at most
FOREARM_AWAY = 110.0  # of a forearm from its arm
#: A hinge is known once joints bend this much on average (mean sine of the angle; own assumption: about 9 degrees) ...
BENDS = 0.15
#: ... and overrules a zero pose from which it differs by more than this.
HINGE_AWAY = 40.0
#: Share of frames in which a foot is taken to stand flat, the lowest ones, and in which the floor may be passed.
STANDING, BELOW = 0.2, 0.05
#: How a hand rests that the file says nothing about: its fingers' three joints bent, degrees; the thumb's half of it.
RELAXED = (18.0, 25.0, 12.0)
_SIDE = {LEFT: 1.0, RIGHT: -1.0}


def retargeted(found: BvhMotion, name: str = "motion") -> BodyMotion:
    """A BVH of any humanoid -> motion of our skeleton.

    Joint names of the usual programs, any number of spine joints, with or without fingers, any zero pose, any unit,
    any axis up. The motion stays where it is and faces where it faces, scaled by the length of the legs, Y up, its feet
    on the floor. Collar bones, neck, toes and fingers that are missing rest.

    Args:
        found: The motion.
        name: What an error message calls it.

    Raises:
        InputError: It has no frames, numbers that are not finite, no length, or lacks parts of a body.
    """
    body = humanoid(found, name)
    if missing := body.missing():
        raise refuse(missing, name)
    if not len(found.frames):
        raise InputError(name, "has no frames", "Accepted: at least one.")
    source = _Source(found, body, name)
    turned = source.turns()
    bones = skeleton()
    rotations = np.empty_like(turned)
    for j, parent in enumerate(bones.parents):
        rotations[:, j] = turned[:, j] if parent < 0 else turned[:, parent].swapaxes(-1, -2) @ turned[:, j]
    scale = _length(bones.offsets, ("Leg", "Foot")) / source.leg
    middle = (bones.offsets[bones.names.index("LeftUpLeg")] + bones.offsets[bones.names.index("RightUpLeg")]) / 2.0
    root = scale * source.middle - turned[:, 0] @ middle
    motion = BodyMotion(rotations, root, found.fps)
    root[:, 1] -= np.quantile(motion.soles()[..., 1].min(axis=1), BELOW)
    return motion


def _length(offsets: Array, parts: tuple[str, ...]) -> float:
    bones = skeleton()
    return float(sum(np.linalg.norm(offsets[bones.names.index(f"Left{part}")]) for part in parts))


class _Source:
    """A file's body: where its joints are [T, n, 3] and how they are turned [T, n, 3, 3], Y up."""

    def __init__(self, found: BvhMotion, body: Humanoid, name: str) -> None:
        self.body, self.part = body, body.parts
        self.motion = found
        self.place, self.turn = forward(found)
        self.rest = at_rest(found)
        up = upright(self._upwards(self.place), self._upwards(self.rest))
        self.place, self.turn = self.place @ up.T, up @ self.turn
        self.n = len(self.place)
        hips = [self.place[:, self.part[f"{side} thigh"]] for side in (LEFT, RIGHT)]
        self.middle = (hips[0] + hips[1]) / 2.0
        self.leg = float(np.mean([self._limb(side, p, q) for side in (LEFT, RIGHT) for p, q in _SHANKS]) * 2.0)
        if not self.leg > 1e-6:
            raise InputError(name, "legs without length", "Accepted: a skeleton whose joints lie apart.")
        self.chest = body.meet(*(self.part[f"{side} shoulder"] for side in (LEFT, RIGHT)), self.part["head"])
        self.hips = self.part.get("hips", body.meet(*(self.part[f"{side} thigh"] for side in (LEFT, RIGHT))))
        self.seat: dict[int, Array] = {}  # of a file's joint: our joint at rest, seen from it

    def _upwards(self, place: Array) -> Array:
        feet = (place[..., self.part["left foot"], :] + place[..., self.part["right foot"], :]) / 2.0
        return np.asarray(place[..., self.part["head"], :] - feet)

    def _limb(self, side: str, upper: str, lower: str) -> float:
        gap = self.place[:, self.part[f"{side} {lower}"]] - self.place[:, self.part[f"{side} {upper}"]]
        return float(np.median(np.linalg.norm(gap, axis=1)))

    def seen(self, joint: int, child: int) -> Array:
        """The mean direction [3] of one joint, seen from another; zero where they lie together."""
        return _unit(self._seen(joint, self.place[:, child] - self.place[:, joint]).mean(axis=0))

    def _seen(self, joint: int, way: Array) -> Array:
        return np.einsum("tji,tj->ti", self.turn[:, joint], way)

    # -- constants ---------------------------------------------------------------------------------------------
    def turns(self) -> Array:
        """World rotations of our joints: [T, 52, 3, 3]."""
        names = skeleton().names
        world = np.empty((self.n, len(names), 3, 3))
        self._trunk(world)
        readable_arms = all(self._arm_at_rest(side) for side in (LEFT, RIGHT))
        readable_legs = all(self._leg_at_rest(side) for side in (LEFT, RIGHT))
        for side in (LEFT, RIGHT):
            self._arm(world, side, readable_arms)
            self._leg(world, side, readable_legs)
        return world

    def _put(self, world: Array, ours: str, joint: int) -> None:
        world[:, skeleton().names.index(ours)] = self.turn[:, joint] @ self.seat[joint]

    def _trunk(self, world: Array) -> None:
        """Hips, spine, neck and head: at rest, hips stand below the neck whatever the zero pose is."""
        across = self.seen_between(self.hips, self.part["right thigh"], self.part["left thigh"])
        neck = self._neck()
        middle = (self.rest[self.part["left thigh"]] + self.rest[self.part["right thigh"]]) / 2.0
        rise = self.rest[neck] - middle
        if np.linalg.norm(np.cross(_unit(rise), across)) < 0.5:  # no trunk at zero angles
            rise = self._seen(self.hips, self.place[:, neck] - self.middle).mean(axis=0)
        seat = self.seat[self.hips] = _frame(across, rise)
        spine = [*self.body.between(self.hips, self.chest), *([self.chest] if self.chest != self.hips else [])]
        necks = self.body.between(self.chest, self.part["head"])
        shoulders = self.seen_between(self.chest, *(self._collar(side) for side in (RIGHT, LEFT)))
        above = self.hips
        readable = _angle(seat @ np.array([1.0, 0.0, 0.0]), shoulders) < TWISTED
        for joint, child in zip(spine, [*spine[1:], neck], strict=True):
            parallel = self._parallel(above, joint, readable)
            seat = self.seat[joint] = self._followed(parallel, joint, child, _UP, CURVED)
            above = joint
        if not readable and spine:
            seat = self.seat[self.chest] = _frame(shoulders, self.seen(self.chest, neck))
        for joint, child in zip([*necks, self.part["head"]], [*necks[1:], self.part["head"], -1], strict=False):
            seat = self.seat[joint] = self._followed(seat, joint, child, _UP, CURVED)
        self._put(world, "Hips", self.hips)
        self._put(world, "Spine2", self.chest)
        self._put(world, "Head", self.part["head"])
        self._spread(world, ("Spine", "Spine1"), [self.hips, *spine], neck)
        ours = skeleton().names.index("Neck")
        if necks:
            world[:, ours] = nearest(np.sum([self.turn[:, j] @ self.seat[j] for j in necks], axis=0))
        else:
            pair = [world[:, skeleton().names.index(n)] for n in ("Spine2", "Head")]
            world[:, ours] = nearest(pair[0] + pair[1])

    def _neck(self) -> int:
        return [*self.body.between(self.chest, self.part["head"]), self.part["head"]][0]

    def _collar(self, side: str) -> int:
        return self.part.get(f"{side} collar", self.part[f"{side} shoulder"])

    def seen_between(self, joint: int, a: int, b: int) -> Array:
        """The mean direction [3] from one joint to another, seen from a third."""
        return _unit(self._seen(joint, self.place[:, b] - self.place[:, a]).mean(axis=0))

    def _followed(self, seat: Array, joint: int, child: int, ours: Array, free: float) -> Array:
        """The parent's constant, bent where the bone points elsewhere than ours by more than `free` degrees."""
        way = self.seen(joint, child) if child >= 0 else np.zeros(3)
        if not way.any() or _angle(seat @ ours, way) < free:
            return seat
        return _between(seat @ ours, way) @ seat

    def _spread(self, world: Array, ours: tuple[str, ...], chain: list[int], neck: int) -> None:
        """Our spine joints turn as the file's do over the same part of the way from hips to neck."""
        bones = skeleton()
        own = np.cumsum([np.linalg.norm(bones.offsets[bones.names.index(n)]) for n in (*_SPINE, "Neck")])
        own /= own[-1]
        gaps = [np.median(np.linalg.norm(self.place[:, b] - self.place[:, a], axis=1)) for a, b in
                zip(chain, [*chain[1:], neck], strict=True)]  # fmt: skip
        ends = np.cumsum(gaps) / max(float(np.sum(gaps)), 1e-9)
        begins = np.concatenate([[0.0], ends[:-1]])
        for name, low, high in zip(_SPINE, own[:-1], own[1:], strict=True):
            if name in ours:
                shares = np.clip(np.minimum(ends, high) - np.maximum(begins, low), 0.0, None)
                shares[-1] += 1e-6  # the chest's, where nothing lies along the way
                mixed = [w * (self.turn[:, j] @ self.seat[j]) for w, j in zip(shares, chain, strict=True)]
                world[:, bones.names.index(name)] = nearest(np.sum(mixed, axis=0))

    # -- limbs -------------------------------------------------------------------------------------------------
    def _at_rest(self, side: str, upper: str, lower: str) -> Array:
        """The direction of a bone at zero angles, in our axes."""
        gap = self.rest[self.part[f"{side} {lower}"]] - self.rest[self.part[f"{side} {upper}"]]
        return self.seat[self.hips].T @ _unit(gap)

    def _leg_at_rest(self, side: str) -> bool:
        thigh, shank = self._at_rest(side, "thigh", "knee"), self._at_rest(side, "knee", "foot")
        return _angle(thigh, -_UP) < THIGH_AWAY and _angle(thigh, shank) < SHANK_AWAY

    def _arm_at_rest(self, side: str) -> bool:
        arm, forearm = self._at_rest(side, "shoulder", "elbow"), self._at_rest(side, "elbow", "hand")
        return bool(arm[0] * _SIDE[side] > ARM_INWARD and arm[1] < ARM_RAISED) and _angle(arm, forearm) < FOREARM_AWAY

    def _parallel(self, parent: int, joint: int, readable: bool) -> Array:
        """The parent's constant for its child: at zero angles, or at the mean pose where zero angles are no pose."""
        if readable:
            return self.seat[parent]
        mean = nearest((self.turn[:, joint].swapaxes(-1, -2) @ self.turn[:, parent]).mean(axis=0))
        return np.asarray(mean @ self.seat[parent])

    def _arm(self, world: Array, side: str, readable: bool) -> None:
        bones, title = skeleton(), side.title()
        arm, forearm, hand = (self.part[f"{side} {p}"] for p in ("shoulder", "elbow", "hand"))
        out = _SIDE[side] * np.array([1.0, 0.0, 0.0])
        above = self.chest
        collar = self.part.get(f"{side} collar", -1)
        if collar >= 0 and collar != self.chest:
            ours = _unit(bones.offsets[bones.names.index(f"{title}Arm")])
            seat = self._parallel(self.chest, collar, readable)
            self.seat[collar] = self._followed(seat, collar, arm, ours, SHRUGGED if readable else 0.0)
            self._put(world, f"{title}Shoulder", collar)
            above = collar
        else:
            world[:, bones.names.index(f"{title}Shoulder")] = world[:, bones.names.index("Spine2")]
        bend = _SIDE[side] * np.array([0.0, -1.0, 0.0])
        self._hinged(above, arm, forearm, hand, readable, (out, out, bend))
        self._put(world, f"{title}Arm", arm)
        self._put(world, f"{title}ForeArm", forearm)
        digits = fingers(self.motion, self.body, side)
        middle = next((digits[f][0] for f in ("middle", "index", "ring") if f in digits), -1)
        self.seat[hand] = self._followed(self.seat[forearm], hand, middle, out, 0.0)
        self._put(world, f"{title}Hand", hand)
        self._fingers(world, title, hand, digits)

    def _leg(self, world: Array, side: str, readable: bool) -> None:
        bones, title = skeleton(), side.title()
        thigh, shank, foot = (self.part[f"{side} {p}"] for p in ("thigh", "knee", "foot"))
        down = np.array([0.0, -1.0, 0.0])
        lower = _unit(bones.offsets[bones.names.index("LeftFoot")])
        self._hinged(self.hips, thigh, shank, foot, readable, (down, lower, np.array([1.0, 0.0, 0.0])))
        self._put(world, f"{title}UpLeg", thigh)
        self._put(world, f"{title}Leg", shank)
        toe = self.part.get(f"{side} toe", -1)
        ours = _unit(bones.offsets[bones.names.index("LeftToeBase")])
        seat = self._parallel(shank, foot, readable)
        self.seat[foot] = self._followed(seat, foot, toe, ours, FOOT_PITCH if readable else 0.0)
        if not readable:
            self._level(foot)
        self._put(world, f"{title}Foot", foot)
        at = bones.names.index(f"{title}ToeBase")
        world[:, at] = world[:, bones.names.index(f"{title}Foot")]
        if toe >= 0 and self.motion.joints[toe].channels:
            self.seat[toe] = self._parallel(foot, toe, readable)
            self._put(world, f"{title}ToeBase", toe)

    def _level(self, foot: int) -> None:
        """The sole lies flat when the foot stands: rigs place the ankle differently high above it."""
        height = self.place[:, foot, 1]
        stands = height <= np.quantile(height, STANDING)
        sole = nearest((self.turn[stands, foot] @ self.seat[foot]).mean(axis=0))
        pitch = np.arctan2(sole[1, 2], np.hypot(sole[0, 2], sole[2, 2]))
        pitch = np.clip(pitch, -np.radians(FOOT_PITCH), np.radians(FOOT_PITCH))
        self.seat[foot] = self.seat[foot] @ _about_x(pitch)

    def _hinged(
        self, above: int, upper: int, lower: int, end: int, readable: bool, ours: tuple[Array, Array, Array]
    ) -> None:
        """Constants of the two bones of a limb: where they point, and about which axis the joint between them bends.

        Args:
            above: The joint from which the limb hangs.
            upper: Arm or thigh.
            lower: Forearm or shank.
            end: Hand or foot.
            readable: Whether the pose at zero angles is a body's.
            ours: At rest, in our skeleton: directions of both bones, axis about which the joint bends.
        """
        bone = _units(self.place[:, lower] - self.place[:, upper])
        bend = np.cross(bone, _units(self.place[:, end] - self.place[:, lower]))
        known = float(np.linalg.norm(bend, axis=1).mean())
        seat = self._parallel(above, upper, readable)
        self.seat[upper] = self._followed(seat, upper, lower, ours[0], 0.0)
        self.seat[lower] = self._followed(self._parallel(upper, lower, readable), lower, end, ours[1], 0.0)
        for joint, child, own in ((upper, lower, ours[0]), (lower, end, ours[1])):
            axis = self._seen(joint, bend).mean(axis=0)
            steady = float(np.linalg.norm(axis)) / max(known, 1e-9)  # 1 where it always bends about the same axis
            off = _angle(self.seat[joint] @ ours[2], axis)
            if known > BENDS and steady > 0.7 and (not readable or off > HINGE_AWAY):
                self.seat[joint] = _pair(self.seen(joint, child), axis) @ _pair(own, ours[2]).T
            elif not readable:
                self.seat[joint] = self._guessed(joint, child, own, ours[2])

    def _guessed(self, joint: int, child: int, bone: Array, axis: Array) -> Array:
        """Where a limb never bends: it would bend towards the front of the body, a knee towards its back."""
        front = self.turn[:, self.chest] @ self.seat[self.chest] @ np.array([0.0, 0.0, 1.0 if bone[0] else -1.0])
        bend = self._seen(joint, np.cross(_units(self.place[:, child] - self.place[:, joint]), front)).mean(axis=0)
        if np.linalg.norm(bend) < BENDS:
            return self.seat[joint]
        return _pair(self.seen(joint, child), bend) @ _pair(bone, axis).T

    def _fingers(self, world: Array, title: str, hand: int, digits: dict[str, list[int]]) -> None:
        names = skeleton().names
        for finger in FINGERS:
            joints = digits.get(finger, [])
            above, seat = world[:, names.index(f"{title}Hand")], self.seat[hand]
            for k in range(3):
                ours = names.index(f"{title}Hand{finger.title()}{k + 1}")
                if k < len(joints):
                    tip = joints[k + 1] if k + 1 < len(joints) else -1
                    way = _unit(skeleton().offsets[names.index(f"{title}Hand{finger.title()}{min(k + 2, 3)}")])
                    seat = self.seat[joints[k]] = self._followed(seat, joints[k], tip, way, 0.0)
                    world[:, ours] = self.turn[:, joints[k]] @ seat
                else:
                    bend = RELAXED[k] * (0.5 if finger == "thumb" else 1.0) * (0.0 if joints else 1.0)
                    world[:, ours] = above @ _about_z(-_SIDE[title.lower()] * np.radians(bend))
                above = world[:, ours]


_SHANKS = (("thigh", "knee"), ("knee", "foot"))
_SPINE = ("Spine", "Spine1", "Spine2")
_UP = np.array([0.0, 1.0, 0.0])


def nearest(matrices: Array) -> Array:
    """The rotations nearest to matrices [..., 3, 3], for example to sums of rotations."""
    u, _, v = np.linalg.svd(matrices)
    u[..., -1] *= np.sign(np.linalg.det(u @ v))[..., None]
    return np.asarray(u @ v)


def _unit(v: Array) -> Array:
    length = float(np.linalg.norm(v))
    return v / length if length > 1e-9 else np.zeros(3)


def _units(v: Array) -> Array:
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9))


def _angle(a: Array, b: Array) -> float:
    """Degrees between two directions; 0 where one is none."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), np.dot(a, b))))


def _frame(across: Array, rise: Array) -> Array:
    """Columns left, up, forward: left as given, up as near as may be."""
    forth = _unit(np.cross(across, rise))
    return np.stack([across, np.cross(forth, across), forth], axis=1)


def _pair(first: Array, second: Array) -> Array:
    """A frame whose first axis is `first` and whose second is as near to `second` as may be."""
    third = _unit(np.cross(first, second))
    return np.stack([first, np.cross(third, first), third], axis=1)


def _between(a: Array, b: Array) -> Array:
    """The smallest turn from one direction to another."""
    axis, cosine = np.cross(a, b), float(np.dot(a, b))
    if cosine < -1.0 + 1e-9:  # half a turn, about any axis across
        axis = _unit(np.cross(a, np.eye(3)[int(np.argmin(np.abs(a)))]))
        return 2.0 * np.outer(axis, axis) - np.eye(3)
    skew = np.cross(np.eye(3), axis)
    return np.asarray(np.eye(3) + skew + skew @ skew / (1.0 + cosine))


def _about_x(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])


def _about_z(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0], [0, 0, 1]])
