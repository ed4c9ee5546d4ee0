"""Strokes -> what both arms, the head, the shoulders and the trunk do over time.

A gesture has a preparation, a stroke whose apex stands on the stressed word, perhaps a hold, and a retraction (Kendon 1980;
McNeill 1992). Between strokes that follow each other closely the hands do not go back to rest but straight on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emogen.pipelines.gesture.arms import ArmCurves, HandPose, arm_rotations, solved
from emogen.pipelines.gesture.curves import through
from emogen.pipelines.gesture.fingers import shape_angles
from emogen.pipelines.gesture.library import Gesture, HandKey, find_gesture, rests
from emogen.pipelines.gesture.rest import Resting, alive
from emogen.pipelines.gesture.strokes import Stroke

#: Seconds that a preparation takes from a place next to its start, and what each arm length of way adds. Preparations of
#: 0.4 to 0.8 s follow, strokes themselves take 0.2 to 0.5 (own assumption within what Kendon and McNeill describe).
NEAR_S, WAY_S = 0.34, 0.36
#: A retraction takes this many times as long: hands return in no hurry (own assumption).
RETRACT = 1.35
#: A hand at rest stays there for at least this long; own assumption.
LEAST_REST_S = 0.5
#: The fastest wrist (arm lengths a second, 3.2 m/s), the fastest turn of a joint (degrees a second) and the shortest movement
#: (s): strokes nearer than that merge. Own assumption: emphatic gestures peak between 1 and 3 m/s.
FASTEST, FASTEST_TURN, SHORTEST_S = 6.0, 1000.0, 0.2
#: How the speed of someone's movements may stretch a gesture's own times.
LEAST_SPEED, MOST_SPEED = 0.5, 1.7
#: At the apex a hand stands still for so long at least (s); own assumption.
APEX_S = 0.07
#: Openness 1 carries hands outwards (arm lengths) and turns out the elbows (degrees); own assumption.
OPEN_OUT, OPEN_ELBOW = 0.12, 14.0
#: How far a hand sinks towards rest in a pause between strokes that is too short to rest in; own assumption.
SINK = 0.4
#: A way that comes nearer to the shoulder joint than this leads past it so far in front (arm lengths); the elbow cannot bend
#: further (own choice within its range).
CLOSE, FRONT = 0.4, 0.46
#: Columns of a hand's pose: wrist 3, turns 4, fingers 21, then how freely it moves.
FREE = 28
#: What a feeling may change of the size of a gesture that means something, as a share of what it changes of a beat: it has
#: to be understood whatever is felt (own assumption).
FORM_FREE = 0.3


@dataclass(frozen=True, eq=False)
class ArmTrack:
    """Everything that strokes move.

    Attributes:
        left, right: The arms.
        head: [T, 3] degrees to add: nod (chin down), turn (to the left), tilt (to the left).
        trunk: [T, 2] degrees to add: lean forward, turn to the left.
        strokes: Those that found room, in order of time.
    """

    left: ArmCurves
    right: ArmCurves
    head: np.ndarray
    trunk: np.ndarray
    strokes: tuple[Stroke, ...] = ()

    def rotations(self) -> dict[str, np.ndarray]:
        """Local rotations of both arms from collar bone to fingertips: name of the joint -> [T, 3, 3]."""
        return arm_rotations("Left", self.left) | arm_rotations("Right", self.right)


@dataclass(frozen=True, eq=False)
class _Unit:
    """A stroke as poses: `times` [K] in s, `poses` [K, D], `apex` the number of the one at the apex."""

    stroke: Stroke
    times: np.ndarray
    poses: np.ndarray
    apex: int
    speed: float

    @property
    def weight(self) -> float:
        return self.stroke.strength + 2.0 * self.stroke.semantic

    def without_end(self) -> _Unit:
        return replace(self, times=self.times[: self.apex + 1], poses=self.poses[: self.apex + 1])

    def without_start(self) -> _Unit:
        return replace(self, times=self.times[self.apex :], poses=self.poses[self.apex :], apex=0)


class Hands:
    """What strokes make of arms, head, shoulders and trunk, of which any piece can be had.

    Args:
        strokes: In any order; of two that leave no time for each other the weaker one is left out, meaning before beat.
        frames: How many frames.
        fps: Frames a second.
        size: [T] or one, how far hands go from rest; 1 is usual.
        speed: [T] or one, how fast they get there and back; 1 is usual. Apices stay where they are.
        openness: [T] or one, -1 arms drawn in .. 1 wide open, 0 usual.
        seed: Chooses resting places and how they are kept alive.
        liking: How often each resting place of `rests.csv` is taken: name -> [T]; as the table says where none is given.

    Raises:
        InputError: A stroke whose gesture is not in the library.
    """

    def __init__(
        self,
        strokes: Sequence[Stroke],
        frames: int,
        fps: float,
        size: np.ndarray | float = 1.0,
        speed: np.ndarray | float = 1.0,
        openness: np.ndarray | float = 0.0,
        seed: int = 0,
        liking: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        size, speed, open_ = (np.broadcast_to(np.asarray(x, dtype=float), (frames,)) for x in (size, speed, openness))

        def felt(curve: np.ndarray, s: float) -> float:
            return float(curve[min(max(round(s * fps), 0), frames - 1)])

        def liked(s: float) -> np.ndarray | None:
            return None if liking is None else np.array([felt(liking[r.name], s) for r in rests()])

        self.frames, self.fps, self.seed, self._openness = frames, fps, seed, open_
        resting = Resting(seed, frames / fps, liked)
        ordered = sorted(strokes, key=lambda s: s.at_s)
        kept = {id(s) for s in ordered if find_gesture(s.gesture).hands == "none"}
        self._body = _body(ordered, lambda s: felt(size, s), lambda s: felt(speed, s))
        self._arms: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for side in ("left", "right"):
            units = []
            for stroke in ordered:
                keys = _keys(stroke, find_gesture(stroke.gesture), side)
                if keys:
                    now = felt(speed, stroke.at_s)
                    units.append(_unit(stroke, keys, resting.at(stroke.at_s, side), felt(size, stroke.at_s), now))
            units = _fitting(units)
            kept |= {id(u.stroke) for u in units}
            self._arms[side] = _knots(units, resting, side, frames / fps)
        #: Those that found room, in order of time.
        self.strokes = tuple(s for s in ordered if id(s) in kept)

    def track(self, first: int, last: int) -> ArmTrack:
        """Frames first..last (excluded)."""
        at = np.arange(first, last) / self.fps
        openness = self._openness[first:last]
        body = through(*self._body, at)
        arms = {}
        for side, knots in self._arms.items():
            curve = through(*knots, at)
            free = curve[:, FREE]
            curve = curve[:, :FREE] + alive(self.seed, side, at, free)
            curve[:, 0] += OPEN_OUT * openness * free
            curve[:, 3] += OPEN_ELBOW * openness * (0.3 + 0.7 * free)
            arms[side] = ArmCurves(curve[:, :3], curve[:, 3:7], curve[:, 7:FREE], body[:, 3])
        return ArmTrack(arms["left"], arms["right"], body[:, :3], body[:, 4:], self.strokes)


def _keys(stroke: Stroke, gesture: Gesture, side: str) -> tuple[HandKey, ...]:
    """What a side does in a stroke; nothing where the other hand makes it alone."""
    if gesture.hands == "none":
        return ()
    if gesture.hands in ("left", "right"):
        return gesture.main if gesture.hands == side else ()
    if stroke.hand == "both":
        return gesture.main if side == "right" or not gesture.other else gesture.other
    if stroke.hand == side:
        return gesture.main
    return gesture.other if gesture.hands == "both" else ()


def pose_vector(pose: HandPose, free: float) -> np.ndarray:
    """A pose as numbers [29]: wrist, turns, fingers, how freely size and openness act on it."""
    return np.concatenate([pose.place, solved(pose), shape_angles(pose.shape), [free]])


def _unit(stroke: Stroke, keys: tuple[HandKey, ...], rest: np.ndarray, size: float, speed: float) -> _Unit:
    gesture = find_gesture(stroke.gesture)
    speed = float(np.clip(speed, LEAST_SPEED, MOST_SPEED))
    times = stroke.at_s + np.array([k.at_s for k in keys]) / speed
    scale = gesture.scale * (FORM_FREE if stroke.semantic else 1.0)
    poses = np.stack([pose_vector(k.pose, scale) for k in keys])
    large = size * (0.55 + 0.45 * stroke.strength)
    large = float(np.clip(1 + scale * (large - 1), 0.15, 1.7))
    poses[:, :3] = rest[:3] + large * (poses[:, :3] - rest[:3])
    poses[:, 3:7] = rest[3:7] + min(1.0, large**0.5) * (poses[:, 3:7] - rest[3:7])
    apex = int(np.argmin(np.abs(times - stroke.at_s)))
    hold = max(stroke.hold_s, gesture.hold_s / speed, APEX_S)
    times = np.append(times, times[-1] + hold)
    return _Unit(stroke, times, np.concatenate([poses, poses[-1:]]), apex, speed)


def _fitting(units: list[_Unit]) -> list[_Unit]:
    """Units that leave each other time: shortened where they meet, the weaker of two left out where that is not enough."""
    kept: list[_Unit] = []
    for unit in units:
        while kept:
            last = kept[-1]
            short = last.without_end()
            for a, b in ((last, unit), (_cut(last, unit), unit), (short, unit), (short, unit.without_start())):
                if b.times[0] - a.times[-1] >= _shortest(a.poses[-1], b.poses[0]):
                    kept[-1], unit = a, b
                    break
            else:
                if last.weight >= unit.weight:
                    break
                kept.pop()
                continue
            kept.append(unit)
            break
        else:
            kept.append(unit)
    return kept


def _cut(last: _Unit, after: _Unit) -> _Unit:
    """A unit whose poses behind the apex are left out as far as the next one needs the time."""
    room = after.times[0] - _shortest(last.poses[-1], after.poses[0])
    stays = max(int(np.searchsorted(last.times, room, side="right")), last.apex + 1)
    return replace(last, times=last.times[:stays], poses=last.poses[:stays])


def _shortest(one: np.ndarray, other: np.ndarray) -> float:
    """The least time (s) for a way; a movement of least jerk peaks at 1.875 times its mean speed."""
    way, turn = float(np.linalg.norm(one[:3] - other[:3])), float(np.abs(one[3:7] - other[3:7]).max())
    return max(SHORTEST_S, 1.875 * way / FASTEST, 1.875 * turn / FASTEST_TURN)


def _usual(one: np.ndarray, other: np.ndarray, speed: float) -> float:
    """The usual time (s) for a preparation."""
    return (NEAR_S + WAY_S * float(np.linalg.norm(one[:3] - other[:3]))) / speed


def _knots(units: list[_Unit], resting: Resting, side: str, end_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Units with the ways between them and to rest: times [K], poses [K, 29]."""
    times: list[float] = []
    poses: list[np.ndarray] = []

    def add(new_times: Sequence[float] | np.ndarray, new_poses: Sequence[np.ndarray] | np.ndarray) -> None:
        times.extend(float(t) for t in new_times)
        poses.extend(new_poses)

    free_from = -1.0
    for number, unit in enumerate(units):
        start, first = unit.times[0], unit.poses[0]
        rest = resting.at(start, side)
        leave = start - _usual(rest, first, unit.speed)
        if number == 0 or leave - free_from >= LEAST_REST_S:
            if number:
                add(*resting.between(free_from, leave, side))
            else:
                add(*resting.between(min(0.0, leave - 0.1), leave, side))
        else:
            # No time to rest: on from where the last one ended, sinking a little if there is time for that.
            last_s, last = times[-1], poses[-1]
            way = _usual(last, first, unit.speed)
            if start - last_s > 2.2 * way:
                low = last + SINK * (resting.at(last_s, side) - last)
                add([(last_s + start - way) / 2 + 0.1 * way, start - way], [low, low])
            elif start - last_s > way:
                add([start - way], [last])
        add(unit.times, unit.poses)
        free_from = times[-1] + RETRACT * _usual(poses[-1], resting.at(times[-1], side), unit.speed)
    add(*resting.between(free_from if units else 0.0, max(end_s, free_from) + 1.0, side))
    return _round_the_shoulder(np.array(times), np.stack(poses))


def _round_the_shoulder(times: np.ndarray, poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same with a pose in front of the shoulder wherever the straight way would lead through it."""
    first, way = poses[:-1, :3], np.diff(poses[:, :3], axis=0)
    part = -(first * way).sum(1) / np.maximum((way**2).sum(1), 1e-9)
    nearest = first + part[:, None] * way
    through_it = (part > 0.1) & (part < 0.9) & (np.linalg.norm(nearest, axis=1) < CLOSE)
    for k in np.flatnonzero(through_it)[::-1]:
        front = poses[k] + part[k] * (poses[k + 1] - poses[k])
        front[2] = max(front[2], FRONT)
        before, after = (np.linalg.norm(front[:3] - poses[n, :3]) for n in (k, k + 1))
        when = times[k] + (times[k + 1] - times[k]) * before / (before + after)
        times, poses = np.insert(times, k + 1, when), np.insert(poses, k + 1, front, axis=0)
    return times, poses


def _body(
    strokes: Sequence[Stroke], size: Callable[[float], float], speed: Callable[[float], float]
) -> tuple[np.ndarray, np.ndarray]:
    """Head (3), shoulders and trunk (2) as knots: times [K], values [K, 6]."""
    units = []
    for stroke in strokes:
        gesture = find_gesture(stroke.gesture)
        if not gesture.body:
            continue
        side = 1.0 if "left" in (stroke.hand, gesture.hands) else -1.0
        large = (0.55 + 0.45 * stroke.strength) * size(stroke.at_s) ** 0.5
        now = float(np.clip(speed(stroke.at_s), LEAST_SPEED, MOST_SPEED))
        turned = np.array([1, side, side, 1, 1, side])
        poses = np.stack([[*k.head, k.shrug, *k.trunk] for k in gesture.body]) * turned * large
        times = stroke.at_s + np.array([k.at_s for k in gesture.body]) / now
        hold = max(stroke.hold_s, gesture.hold_s / now, APEX_S)
        apex = int(np.argmin(np.abs(times - stroke.at_s)))
        units.append(_Unit(stroke, np.append(times, times[-1] + hold), np.concatenate([poses, poses[-1:]]), apex, now))
    still = np.zeros(6)
    when, what = [-2.0], [still]
    for unit in _fitting_body(units):
        way = NEAR_S / unit.speed
        if unit.times[0] - way > when[-1] + RETRACT * way:
            if len(when) > 1:
                when.append(when[-1] + RETRACT * way)
                what.append(still)
            when.append(unit.times[0] - way)
            what.append(still)
        when.extend(unit.times.tolist())
        what.extend(unit.poses)
    when.append(when[-1] + RETRACT * NEAR_S)
    what.append(still)
    return np.array(when), np.stack(what)


def _fitting_body(units: list[_Unit]) -> list[_Unit]:
    plain = [replace(u, poses=np.concatenate([np.zeros((len(u.poses), 3)), u.poses], axis=1)) for u in units]
    return [replace(u, poses=u.poses[:, 3:]) for u in _fitting(plain)]
