"""Which joint of a BVH is which part of a body, and where its joints are: the one home of joint names.

Joints are found by their names: those of Mixamo, CMU, Bandai Namco, SMPL, Biped, Poser and Daz, Rokoko, Xsens, VRM and
Unreal skeletons are all put together from the same few words. Where several joints could bear a part's name, the
hierarchy decides: a shin hangs below its thigh.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from emogen.errors import InputError
from emogen.media.motion import BvhMotion, check_motion

Array = NDArray[np.float64]
LEFT, RIGHT = "left", "right"
#: Part -> its names without the side, the best first: where there is an upper arm, "shoulder" is the collar bone;
#: where there is an ankle, "foot" is the ball of the foot (SMPL), as is "hand" the knuckles where there is a wrist.
NAMES: dict[str, tuple[str, ...]] = {
    "hips": ("hips", "hip", "pelvis", "lowertorso"),
    "chest": ("upperchest", "spine3", "chest2", "spine2", "chest", "chestupper", "spine1", "thorax", "torso",
              "uppertorso", "spine"),
    "neck": ("neck", "neck1", "lowerneck", "necklower", "upperneck"),
    "head": ("head", "skull"),
    "collar": ("clavicle", "collar", "collarbone", "scapula", "shoulder"),
    "shoulder": ("upperarm", "uparm", "arm", "humerus", "shldr", "shldrbend", "shoulder"),
    "elbow": ("lowerarm", "loarm", "forearm", "forearmbend", "elbow", "radius"),
    "hand": ("wrist", "hand", "palm"),
    "thigh": ("upperleg", "upleg", "thigh", "thighbend", "femur", "hip", "leg"),
    "knee": ("lowerleg", "loleg", "leg", "shin", "calf", "knee", "tibia"),
    "foot": ("ankle", "foot"),
    "toe": ("toebase", "toes", "toe", "ball", "toe0", "foot"),
}  # fmt: skip
FINGERS = ("thumb", "index", "middle", "ring", "pinky")
#: Words within a joint's name -> finger; Biped counts them instead, the thumb first.
_FINGER = re.compile(r"(thumb)|(index)|(middle|mid)|(ring)|(pinky|pinkie|little)|finger(\d)")
_KNUCKLE = 3  # joints of a finger that move
_TRUNK, _ARM, _LEG = ("hips", "chest", "neck", "head"), ("shoulder", "elbow", "hand"), ("thigh", "knee", "foot")
#: Parts without which a body is none; chest and neck are told from the hierarchy.
_NEEDED = ("head", *(f"{side} {part}" for side in (LEFT, RIGHT) for part in (*_ARM, *_LEG)))
_SIDES = {"left": LEFT, "l": LEFT, "lf": LEFT, "right": RIGHT, "r": RIGHT, "rt": RIGHT}
_EMPTY_WORDS = {
    "bip", "mixamorig", "joint", "jnt", "bone", "def", "j", "b", "skel", "character", "avatar", "robot", "cc", "base",
}  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_STEMS = {stem for stems in NAMES.values() for stem in stems} | {"toes", "thumb", "fingers"}
#: How far, as a share of its length, an inner joint may be from its parent and still be a shift of its offset.
SHIFT = 0.1
#: The cosine of the angle to an axis within which a body stands along it (own assumption: 37 degrees).
ALONG = 0.8


def parsed(name: str) -> tuple[str, str]:
    """Joint name -> side ("" for none) and stem: "mixamorig:LeftUpLeg" -> ("left", "upleg")."""
    side, stem = "", list[str]()
    for word in _WORD.findall(name.split(":")[-1]):
        low = word.lower()
        if not side and low in _SIDES:
            side = _SIDES[low]
        elif low not in _EMPTY_WORDS and not (low.isdigit() and (low.startswith("0") or not stem)):
            stem.append(low)
    joined = "".join(stem)
    for start in (LEFT, RIGHT):
        if not side and joined.startswith(start):
            side, joined = start, joined.removeprefix(start)
    if not side and joined[:1] in ("l", "r") and joined[1:] in _STEMS:  # lfemur
        side, joined = _SIDES[joined[0]], joined[1:]
    return side, joined


@dataclass(frozen=True)
class Humanoid:
    """The parts of a body in a hierarchy.

    Attributes:
        parts: "head", "left knee" ... -> index of the joint; parts that are not there are left out.
        parents: Of every joint of the BVH, end sites included; -1 for the root.
    """

    parts: Mapping[str, int]
    parents: tuple[int, ...]

    def missing(self) -> tuple[str, ...]:
        """The parts that a body cannot do without and this one has not."""
        return tuple(part for part in _NEEDED if part not in self.parts)

    def above(self, joint: int) -> list[int]:
        """A joint and all above it, the root last."""
        found = [joint]
        while self.parents[found[-1]] >= 0:
            found.append(self.parents[found[-1]])
        return found

    def between(self, upper: int, lower: int) -> list[int]:
        """The joints below `upper` and above `lower`, from top to bottom; empty where `lower` is not below `upper`."""
        way = self.above(lower)
        return way[1 : way.index(upper)][::-1] if upper in way else []

    def meet(self, *joints: int) -> int:
        """The lowest joint above (or among) all of these; -1 for none."""
        ways = [self.above(joint) for joint in joints]
        return next((j for j in ways[0] if all(j in way for way in ways[1:])), -1)


def humanoid(motion: BvhMotion, name: str = "motion") -> Humanoid:
    """Finds the parts of a body in a BVH's hierarchy; what is not there is left out.

    Raises:
        InputError: The motion is broken (`emogen.media.motion.check_motion`), or a part's name is there twice.
    """
    check_motion(name, motion)
    by_name: dict[tuple[str, str], int] = {}
    names = [joint.name for joint in motion.joints if not joint.end_site]
    prefix = _common_words(names)
    for i, joint in enumerate(motion.joints):
        if not joint.end_site:
            by_name.setdefault(parsed(joint.name[prefix:]), i)
    body = Humanoid({}, tuple(joint.parent for joint in motion.joints))
    parts: dict[str, int] = {}
    for side, chain in (("", _TRUNK), *((s, c) for s in (LEFT, RIGHT) for c in (_ARM, _LEG))):
        options = {part: [by_name[side, n] for n in NAMES[part] if (side, n) in by_name] for part in chain}
        found = {part: own[0] for part, own in options.items() if own} if not side else _chain(body, options)
        parts |= {f"{side} {part}".strip(): joint for part, joint in found.items()}
    for side in (LEFT, RIGHT):
        for part, below in (("collar", "shoulder"), ("toe", "foot")):
            _beside(body, parts, by_name, side, part, below)
    _trunk(body, parts)
    twice = next((motion.joints[i].name for i in parts.values() if names.count(motion.joints[i].name) > 1), None)
    if twice is not None:
        raise InputError(name, f'has two joints "{twice[:40]}"', "Accepted: one of each name.")
    return Humanoid(parts, body.parents)


def _common_words(names: list[str]) -> int:
    """How many characters all names begin with that are a word of their own: a rig's name and "_"."""
    first = names[0] if names else ""
    most = next((k for k in range(len(first)) if any(n[: k + 1] != first[: k + 1] for n in names)), 0)
    return max((first.rfind(mark, 0, most) + 1 for mark in "_ .|"), default=0) if len(names) > 4 else 0


def _chain(body: Humanoid, options: dict[str, list[int]]) -> dict[str, int]:
    """The first choice of joints for a limb of which each hangs below the one before; else the first of each."""
    there = {part: own for part, own in options.items() if own}
    for choice in product(*there.values()):
        pairs = pairwise(choice)
        if all(upper != lower and upper in body.above(lower) for upper, lower in pairs):
            return dict(zip(there, choice, strict=True))
    taken: dict[str, int] = {}
    for part, own in there.items():
        if left := [joint for joint in own if joint not in taken.values()]:
            taken[part] = left[0]
    return taken


def _beside(
    body: Humanoid, parts: dict[str, int], by_name: dict[tuple[str, str], int], side: str, part: str, limb: str
) -> None:
    """A collar bone above its arm, toes below their foot."""
    own = parts.get(f"{side} {limb}")
    for name in NAMES[part]:
        found = by_name.get((side, name))
        if own is None or found is None or found == own:
            continue
        upper, lower = (found, own) if part == "collar" else (own, found)
        if upper in body.above(lower):
            parts[f"{side} {part}"] = found
            return


def _trunk(body: Humanoid, parts: dict[str, int]) -> None:
    """Hips and chest from where legs, arms and head meet, for skeletons that name them otherwise."""
    arms = [parts[f"{side} shoulder"] for side in (LEFT, RIGHT) if f"{side} shoulder" in parts]
    legs = [parts[f"{side} thigh"] for side in (LEFT, RIGHT) if f"{side} thigh" in parts]
    head = [parts["head"]] if "head" in parts else []
    if "hips" not in parts and len(legs) == 2 and (at := body.meet(*legs, *arms[:1], *head)) >= 0:
        parts["hips"] = at
    if "chest" not in parts and len(arms) == 2 and (at := body.meet(*arms, *head)) not in (-1, parts.get("hips")):
        parts["chest"] = at


def fingers(motion: BvhMotion, body: Humanoid, side: str) -> dict[str, list[int]]:
    """Finger -> its up to three joints from the knuckle on; bones of the palm and tips are left out."""
    hand = body.parts.get(f"{side} hand")
    found: dict[str, list[int]] = {}
    for i, joint in enumerate(motion.joints):
        if hand is None or joint.end_site or i == hand or hand not in body.above(i):
            continue
        if hit := _FINGER.search(joint.name.lower()):
            which = FINGERS[min(int(hit[6]), 4)] if hit[6] else FINGERS[(hit.lastindex or 1) - 1]
            found.setdefault(which, []).append(i)
    return {name: _knuckles(motion, joints) for name, joints in found.items()}


def _knuckles(motion: BvhMotion, joints: list[int]) -> list[int]:
    """Of a finger's joints those that move: without a bone within the palm, which bears no number, and the tip."""
    first = motion.joints[joints[0]].name.lower()
    if len(joints) > _KNUCKLE and ("carpal" in first or not any(c.isdigit() for c in first)):
        joints = joints[1:]
    return joints[:_KNUCKLE]


def forward(motion: BvhMotion) -> tuple[Array, Array]:
    """Where joints are and how they are turned: [T, joints, 3] and [T, joints, 3, 3], in the file's own unit and axes.

    Positions in the channels of a joint stand in place of its offset, unless they are all but zero: then they are
    added to it.
    """
    n = len(motion.frames)
    world = np.zeros((n, len(motion.joints), 3))
    turned = np.empty((n, len(motion.joints), 3, 3))
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
        own = np.broadcast_to(np.eye(3), (n, 3, 3))
        if turns and n:
            angles = values[:, [k for k, _ in turns]]
            own = Rotation.from_euler("".join(axis for _, axis in turns), angles, degrees=True).as_matrix()
        if joint.parent < 0:
            world[:, i], turned[:, i] = local, own
        else:
            above = turned[:, joint.parent]
            world[:, i] = world[:, joint.parent] + (above @ local[..., None])[..., 0]
            turned[:, i] = above @ own
    return world, turned


def _is_shift(local: Array, offset: Array) -> bool:
    """Whether position channels of an inner joint are added to its offset: they are near zero where it is not."""
    length = float(np.linalg.norm(offset))
    return length > 1e-6 and len(local) > 0 and float(np.linalg.norm(local, axis=1).mean()) < SHIFT * length


def at_rest(motion: BvhMotion) -> Array:
    """Where joints are when all angles are zero: [joints, 3]; it need not look like a body."""
    world = np.zeros((len(motion.joints), 3))
    for i, joint in enumerate(motion.joints):
        world[i] = np.array(joint.offset) + (world[joint.parent] if joint.parent >= 0 else 0.0)
    return world


def upright(upwards: Array, otherwise: Array | None = None) -> Array:
    """The turn [3, 3] that brings the axis along which a body stands to Y: some programs write Z up.

    Args:
        upwards: [T, 3] from feet to head in every frame.
        otherwise: [3] the same in another pose, for a body that on average stands along no axis: it lies or rolls.
    """
    for found in (upwards.mean(axis=0), otherwise):
        length = 0.0 if found is None else float(np.linalg.norm(found))
        if found is None or length < 1e-9 or np.abs(found).max() < ALONG * length:
            continue
        axis = int(np.argmax(np.abs(found)))
        return _TO_Y[axis, bool(found[axis] > 0)]
    return np.eye(3)


#: (axis, whether it points up) -> the turn that brings it to Y.
_TO_Y: dict[tuple[int, bool], Array] = {
    (0, True): np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), (0, False): np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
    (1, True): np.eye(3), (1, False): np.diag([1.0, -1.0, -1.0]),
    (2, True): np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), (2, False): np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
}  # fmt: skip


def refuse(missing: tuple[str, ...] | list[str], name: str = "skeleton") -> InputError:
    """The error for a skeleton that lacks parts of a body."""
    return InputError(
        name, f"has no {', '.join(missing[:6])}{' ...' if len(missing) > 6 else ''}",
        "A humanoid is needed, its joints named as Mixamo, CMU, SMPL, Unreal or Bandai Namco name them.",
    )  # fmt: skip
