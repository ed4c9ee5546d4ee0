"""Feet that stand stay where they stand: legs solved so that planted soles neither slide, sink nor hover.

While heel and ball are both down, the foot lies flat in one place; on the heel alone it rolls about the heel, on the
ball alone about the ball (Kovar, Schreiner & Gleicher 2002, SCA, "Footskate cleanup for motion capture editing": the
same constraints and blends; the legs are solved as two bones that keep the plane of their knee).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.spatial.transform import Rotation

from emogen.codecs.body import HEEL_CM, BodyMotion, skeleton

Array = NDArray[np.float64]
#: Over which a correction grows before a contact and fades after it (s; own assumption: half a quick step).
BLEND_S = 0.2
#: The most of a leg's length that it may stretch to: a knee that is quite straight snaps.
STRETCH = 0.998
DROP_S = 0.15  # standard deviation over which hips are lowered for a foot that they cannot reach (own assumption)
HEEL, BALL = 0, 1


def feet_locked(motion: BodyMotion, contacts: NDArray[np.bool_] | None = None) -> BodyMotion:
    """The motion with its planted feet still on the floor.

    Args:
        motion: The motion, its floor at 0.
        contacts: bool [T, 4], left heel, left ball, right heel, right ball; what the motion itself shows without.

    Returns:
        The motion with legs, feet and toes turned, and hips lowered where a leg would be too short.
    """
    flags = motion.contacts() if contacts is None else np.asarray(contacts, dtype=bool)
    if not len(flags):
        return motion
    place, turned = motion.world()
    return _stood(
        motion, [_planned(motion, place, turned, side, flags[:, k : k + 2]) for k, side in ((0, "Left"), (2, "Right"))]
    )


def feet_as_in(motion: BodyMotion, other: BodyMotion, moved_cm: Array | None = None) -> BodyMotion:
    """The motion on the feet of another one, of as many frames: ankles, soles and toes where they are there.

    Args:
        motion: The motion.
        other: Whose feet it gets.
        moved_cm: [T, 2, 3], how far from there, left first.
    """
    names = skeleton().names
    place, turned = other.world()
    plans = []
    for k, side in enumerate(("Left", "Right")):
        foot, ball = (names.index(f"{side}{part}") for part in ("Foot", "ToeBase"))
        ankle = place[:, foot] if moved_cm is None else place[:, foot] + moved_cm[:, k]
        plans.append(_Plan(ankle, turned[:, foot], turned[:, ball]))
    return _stood(motion, plans)


def _stood(motion: BodyMotion, plans: list[_Plan]) -> BodyMotion:
    """The motion with both feet as planned, left first."""
    names, (place, turned) = skeleton().names, motion.world()
    drop = np.zeros(len(place))
    for side, plan in zip(("Left", "Right"), plans, strict=True):
        gap = place[:, names.index(f"{side}UpLeg")] - plan.ankle
        high = np.sqrt(np.maximum((_reach(side) * STRETCH) ** 2 - (gap[:, 0] ** 2 + gap[:, 2] ** 2), 0.0))
        drop = np.maximum(drop, gap[:, 1] - high)
    if drop.max() > 0.0:
        width = DROP_S * motion.fps
        drop = maximum_filter1d(drop, 2 * round(2 * width) + 1, mode="nearest")
        drop = gaussian_filter1d(drop, width, mode="nearest")
    low = np.array([0.0, 1.0, 0.0]) * drop[:, None]
    rotations = motion.rotations.copy()
    for side, plan in zip(("Left", "Right"), plans, strict=True):
        _solve(rotations, place - low[:, None], turned, side, plan)
    return BodyMotion(rotations, motion.root_cm - low, motion.fps)


@dataclass(frozen=True, eq=False)
class _Plan:
    """Where an ankle is to be [T, 3], how its foot and toes are to be turned in the world [T, 3, 3]."""

    ankle: Array
    foot: Array
    toes: Array


def _reach(side: str) -> float:
    bones = skeleton()
    return float(sum(np.linalg.norm(bones.offsets[bones.names.index(f"{side}{part}")]) for part in ("Leg", "Foot")))


def _planned(motion: BodyMotion, place: Array, turned: Array, side: str, flags: NDArray[np.bool_]) -> _Plan:
    bones = skeleton()
    foot, ball = (bones.names.index(f"{side}{part}") for part in ("Foot", "ToeBase"))
    points = np.stack([HEEL_CM, bones.offsets[ball]])  # of the sole, seen from the ankle
    flat = flags.all(axis=1)
    headed = _flat(turned[:, foot])
    lying = headed.copy()
    for a, b in _runs(flat):  # one heading while it lies
        lying[a:b] = _flat(headed[a:b].mean(axis=0, keepdims=True))
    sole = _eased(turned[:, foot], lying, flat, motion.fps)
    down = flags[:, BALL]
    level = lying.copy()
    for a, b in _runs(down & ~flat):  # on the ball alone: the toes stay as they lay
        level[a:b] = _flat(headed[a:b].mean(axis=0, keepdims=True))
        if a and flat[a - 1]:
            level[a:b] = lying[a - 1]
    toes = _eased(turned[:, ball], level, down, motion.fps)
    ankle = place[:, foot]
    own = np.einsum("tij,kj->tki", sole, points)
    wanted, known = ankle.copy(), flags.any(axis=1)
    for a, b in _runs(known):
        wanted[a:b] = _stance(ankle[a:b], own[a:b], flags[a:b], lying[a:b], points)
    shift = _faded(wanted - ankle, known, motion.fps)
    ankle = ankle + shift
    own_low = np.minimum(own[..., 1].min(axis=1) + ankle[:, 1], 0.0)
    ankle[:, 1] -= np.where(known, 0.0, own_low)  # nothing sinks on its way
    return _Plan(ankle, sole, toes)


def _stance(ankle: Array, own: Array, flags: NDArray[np.bool_], lying: Array, points: Array) -> Array:
    """Where the ankle is while a foot is down [n, 3]: parts in which another point bears it hang together."""
    wanted = np.empty_like(ankle)
    state = flags[:, HEEL] + 2 * flags[:, BALL]
    cuts = [0, *(np.flatnonzero(np.diff(state)) + 1).tolist(), len(state)]
    spans = list(pairwise(cuts))
    longest = max(range(len(spans)), key=lambda k: (state[spans[k][0]] == 3, spans[k][1] - spans[k][0]))
    order = [longest, *range(longest + 1, len(spans)), *range(longest - 1, -1, -1)]
    for k in order:  # from the part that is surest to both ends; each begins where its neighbour left the foot
        a, b = spans[k]
        point = BALL if state[a] & 2 else HEEL
        spot = ankle[a:b] + own[a:b, point]
        anchor = spot.mean(axis=0)
        if k != longest:
            beside = a - 1 if k > longest else b
            shared = BALL if state[a] & 2 and state[beside] & 2 else HEEL if state[a] & 1 and state[beside] & 1 else -1
            if shared >= 0:
                point = shared
                anchor = wanted[beside] + own[beside, shared]
        anchor[1] = 0.0
        wanted[a:b] = anchor - own[a:b, point]
    return wanted


def _flat(turned: Array) -> Array:
    """Rotations [n, 3, 3] -> the same headings, lying flat."""
    ahead = turned[..., 2] * (1.0, 0.0, 1.0)
    ahead = ahead + np.array([0.0, 0.0, 1e-9])
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    up = np.broadcast_to(np.array([0.0, 1.0, 0.0]), ahead.shape)
    return np.stack([np.cross(up, ahead), up, ahead], axis=-1)


def _eased(before: Array, wanted: Array, known: NDArray[np.bool_], fps: float) -> Array:
    """Rotations that are `wanted` where known and flow there from `before`: [T, 3, 3]."""
    turn = Rotation.from_matrix(wanted @ before.swapaxes(-1, -2)).as_rotvec()
    return np.asarray(Rotation.from_rotvec(_faded(turn, known, fps)).as_matrix() @ before)


def _faded(values: Array, known: NDArray[np.bool_], fps: float) -> Array:
    """Values [T, 3] where known; between, they fade from each end to nothing, smoothly."""
    if not known.any():
        return np.zeros_like(values)
    at = np.flatnonzero(known)
    n = np.arange(len(known))
    next_ = np.searchsorted(at, n).clip(0, len(at) - 1)
    last = (np.searchsorted(at, n, side="right") - 1).clip(0)
    since, until = np.abs(n - at[last]), np.abs(at[next_] - n)
    width = max(BLEND_S * fps, 1.0)
    gap = since + until
    # where two contacts are near, one correction flows into the other
    share = _smooth(since / np.maximum(gap, 1))
    between = (at[next_] >= n) & (at[last] <= n) & (gap < 2.0 * width)
    flow = (1.0 - share)[:, None] * values[at[last]] + share[:, None] * values[at[next_]]
    fade = (1.0 - _smooth(since / width))[:, None] * values[at[last]] * (at[last] <= n)[:, None] + (
        1.0 - _smooth(until / width)
    )[:, None] * values[at[next_]] * (at[next_] >= n)[:, None]
    return np.asarray(np.where(known[:, None], values, np.where(between[:, None], flow, fade)))


def _smooth(x: Array) -> Array:
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where flags are set: (first, last + 1) of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _solve(rotations: Array, place: Array, turned: Array, side: str, plan: _Plan) -> None:
    """Turns thigh, shank, foot and toes so that the ankle is where it is to be; the knee stays in its plane."""
    bones = skeleton()
    hip, knee, foot, ball = (bones.names.index(f"{side}{part}") for part in ("UpLeg", "Leg", "Foot", "ToeBase"))
    upper, lower = (float(np.linalg.norm(bones.offsets[j])) for j in (knee, foot))
    start = place[:, hip]
    way = plan.ankle - start
    reach = np.linalg.norm(way, axis=1)
    most, least = STRETCH * (upper + lower), abs(upper - lower) + 1.0
    wanted = np.clip(reach, least, most)
    bend = np.cross(place[:, knee] - start, place[:, foot] - place[:, knee])
    axis = turned[:, hip, :, 0] * 0.05 * upper * lower + bend  # a straight leg bends about the thigh's own X
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    before = _inner(place[:, hip], place[:, knee], place[:, foot])
    after = np.arccos(np.clip((upper**2 + lower**2 - wanted**2) / (2.0 * upper * lower), -1.0, 1.0))
    shank = _about(axis, before - after) @ turned[:, knee]
    ankle = place[:, knee] + (shank @ bones.offsets[foot])
    over = swing(ankle - start, way)
    shank, thigh = over @ shank, over @ turned[:, hip]
    rotations[:, hip] = turned[:, bones.parents[hip]].swapaxes(-1, -2) @ thigh
    rotations[:, knee] = thigh.swapaxes(-1, -2) @ shank
    rotations[:, foot] = shank.swapaxes(-1, -2) @ plan.foot
    rotations[:, ball] = plan.foot.swapaxes(-1, -2) @ plan.toes


def _inner(a: Array, b: Array, c: Array) -> Array:
    """The angle at b between a and c, radians [T]."""
    one, two = a - b, c - b
    return np.asarray(np.arctan2(np.linalg.norm(np.cross(one, two), axis=1), (one * two).sum(axis=1)))


def _about(axis: Array, angle: Array) -> Array:
    return np.asarray(Rotation.from_rotvec(axis * angle[:, None]).as_matrix())


def swing(a: Array, b: Array) -> Array:
    """The smallest turns [T, 3, 3] from one direction to another [T, 3]."""
    a, b = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-9) for v in (a, b))
    axis = np.cross(a, b)
    sine = np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.arctan2(sine, (a * b).sum(axis=1, keepdims=True))
    return np.asarray(Rotation.from_rotvec(axis / np.maximum(sine, 1e-12) * angle).as_matrix())
