"""How somebody stands: the weight goes from leg to leg, feet stay where they are until they step, knees give.

Places in cm: x to the left, y up, z ahead, as in `emogen.codecs.body`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import skeleton
from emogen.pipelines.gesture.drift import Floats, chance, drift, eased, smooth

#: Of `skeleton.csv`: half the hips' width, how far the hip joints lie below the hips, thigh, shin, ankle above the ground.
HALF_CM, DROP_CM, THIGH_CM, SHIN_CM, ANKLE_CM = 9.0, 4.0, 43.0, float(np.hypot(42.0, 1.0)), 7.0
#: Weight goes over in this long (s), a foot steps in that long, lifted so high (cm). Own assumptions.
SHIFT_S, STEP_S, LIFT_CM = (1.1, 2.2), 0.45, 4.5
#: A foot is lifted this share of its way's time before and after, its heel up by these degrees; own assumption.
ROOM, HEEL_UP = 0.22, 12.0
#: A foot steps when it stands this far (cm) from where it would be, at a change of weight when that far; own assumption.
FAR_CM, NEAR_CM = 5.0, 2.2
#: How far ahead in time somebody knows where to stand (s), and how often it is looked at; own assumption.
AHEAD_S, LOOK_S = 0.6, 0.2
#: The hips go over the standing leg by this share of the feet's distance from the middle: 4 cm (own assumption; sway of
#: relaxed standing is of this size, Duarte & Zatsiorsky 1999).
OVER = 0.40
#: Degrees: toes out, and the pelvis' drop on the free side when relaxed; own assumption within anatomy's.
TOES_OUT, HIP_DROP = 9.0, 3.6
#: Degrees that the pelvis turns for a cm that one foot is ahead; own assumption.
TURN_PER_CM = 0.45


@dataclass(frozen=True, eq=False)
class Pelvis:
    """Where the hips are and how they are turned, each [T].

    Attributes:
        root_cm: [T, 3].
        pitch, yaw, roll: Degrees: forward, to the left, the left side up.
        weight: -1 on the right leg .. 1 on the left one.
        rotations: [T, 3, 3].
    """

    root_cm: Floats
    pitch: Floats
    yaw: Floats
    roll: Floats
    weight: Floats
    rotations: Floats


class Stance:
    """The feet and the weight of somebody who stands, over all of a performance.

    Args:
        cues: Posture cues [T] at `fps`.
        fps: Frames per second.
        seed: Chooses legs and moments.
    """

    def __init__(self, cues: dict[str, Floats], fps: float, seed: int) -> None:
        self._cues, self._fps, self._seed = cues, fps, seed
        self._ahead = 1.0 if chance(seed, 40, 0) < 0.5 else -1.0  # which foot is in front
        first = 1.0 if chance(seed, 41, 0) < 0.5 else -1.0
        self._weight = [(-1.0, first * 0.6, 0.1)]
        self._feet = [[(-1.0, self._wanted(side, 0.0, 0), 0.1)] for side in (0, 1)]
        self._stand(len(next(iter(cues.values()))) / fps)

    def _cue(self, name: str, at_s: float) -> float:
        curve = self._cues[name]
        return float(curve[min(max(int(at_s * self._fps), 0), len(curve) - 1)])

    def _wanted(self, side: int, at_s: float, number: int) -> Floats:
        """Where a foot (0: left) would stand: x, z, toes to the left (degrees)."""
        sign = 1.0 - 2.0 * side
        away, own = self._cue("stance", at_s), chance(self._seed, 42 + side, 3 * number + np.arange(3)) - 0.5
        x = sign * (away + 1.2 * own[0])
        z = self._cue("advance", at_s) + 0.5 * sign * self._ahead * self._cue("stagger", at_s) + 1.2 * own[1]
        return np.array([x, z - 1.0, sign * (TOES_OUT + 0.8 * (away - 10.0)) + 5.0 * own[2]])

    def _stand(self, end_s: float) -> None:
        """Goes through the time: when the weight goes over, when a foot steps."""
        now, busy, number = 0.0, 0.0, 0
        next_shift = self._until_next(0.0, 0)
        while now < end_s:
            if now >= busy:
                looked = min(now + AHEAD_S, end_s)
                off = [np.linalg.norm((self._wanted(k, looked, number) - self._feet[k][-1][1])[:2]) for k in (0, 1)]
                shifting = now >= next_shift
                foot = int(off[1] > off[0])
                if off[foot] > (NEAR_CM if shifting else FAR_CM):
                    number += 1
                    busy = self._step(now, foot, number)
                    next_shift = max(next_shift, self._until_next(busy, number))
                elif shifting:
                    number += 1
                    lasts, far = chance(self._seed, 45, 2 * number + np.arange(2))
                    lasts = (SHIFT_S[0] + (SHIFT_S[1] - SHIFT_S[0]) * lasts) / self._cue("speed", now) ** 0.5
                    self._shift(now, -np.sign(self._weight[-1][1]) * (0.35 + 0.65 * far), lasts)
                    busy, next_shift = now + lasts, self._until_next(now + lasts, number)
            now += LOOK_S

    def _until_next(self, at_s: float, number: int) -> float:
        return at_s + 60.0 / self._cue("shifts", at_s) * (0.45 + 1.1 * float(chance(self._seed, 44, number)))

    def _shift(self, at_s: float, weight: float, lasts: float) -> None:
        self._weight.append((at_s, float(weight), float(lasts)))

    def _step(self, at_s: float, foot: int, number: int) -> float:
        """Weight off the foot, then the foot to its new place; when it is done."""
        quick = self._cue("speed", at_s) ** 0.5
        self._shift(at_s, 0.85 * (2.0 * foot - 1.0), 0.6 / quick)
        begins = at_s + 0.35 / quick
        self._feet[foot].append((begins, self._wanted(foot, min(at_s + 2 * AHEAD_S, 1e9), number), STEP_S / quick))
        return begins + (1 + ROOM) * STEP_S / quick

    def weight(self, t: Floats) -> Floats:
        """-1 right .. 1 left, [T]."""
        times, values, lasts = (np.array(x) for x in zip(*self._weight, strict=True))
        return eased(t, times, values, lasts)

    def feet(self, t: Floats) -> tuple[Floats, Floats, Floats]:
        """Ankles [T, 2, 3], toes to the left [T, 2] and heels up [T, 2] in degrees; left first."""
        ankles, toes, heels = np.empty((len(t), 2, 3)), np.empty((len(t), 2)), np.zeros((len(t), 2))
        for side, ways in enumerate(self._feet):
            times, places, lasts = (np.array(x) for x in zip(*ways, strict=True))
            flat = eased(t, times, places, lasts)
            lift = np.zeros(len(t))
            for at, last in zip(times[1:], lasts[1:], strict=True):  # it is up before it goes, and down after
                begins, takes = at - ROOM * last, (1 + 2 * ROOM) * last
                first, end = np.searchsorted(t, (begins, begins + takes)).tolist()
                u = (t[first:end] - begins) / takes
                lift[first:end] += LIFT_CM * (16 * u**2 * (1 - u) ** 2)
                heels[first:end, side] += HEEL_UP * (smooth((u - 0.12) * 3) - smooth((u - 0.4) * 2.5))
            toes[:, side] = flat[:, 2]
            ankles[:, side] = np.stack([flat[:, 0], ANKLE_CM + lift, flat[:, 1]], axis=1)
        return ankles, toes, heels

    def pelvis(self, t: Floats, part: dict[str, Floats], phase: Floats, pitch: Floats, rise_cm: Floats) -> Pelvis:
        """The hips over the feet.

        Args:
            t: [T] s.
            part: Cues at these times.
            phase: Of slow movement [T].
            pitch: Degrees forward [T].
            rise_cm: How much higher they are than the legs say [T]; at most what they can reach.
        """
        ankles, _, _ = self.feet(t)
        weight = self.weight(t) * part["ease"]
        sway = part["sway"]
        middle = ankles[:, :, [0, 2]].mean(1)
        apart = ankles[:, 0] - ankles[:, 1]
        x = middle[:, 0] + OVER * 0.5 * np.abs(apart[:, 0]) * weight + 0.5 * sway * drift(self._seed, 30, phase * 0.7)
        z = middle[:, 1] + 0.12 * apart[:, 2] * weight + 1.0 + part["lean"]
        z += 0.5 * sway * drift(self._seed, 31, phase * 0.6)
        roll = HIP_DROP * weight + 0.5 * sway * drift(self._seed, 32, phase * 0.5)
        yaw = -TURN_PER_CM * apart[:, 2] - 2.5 * weight + 0.8 * sway * drift(self._seed, 33, phase * 0.4)
        turned = Rotation.from_euler("YXZ", np.column_stack([yaw, pitch, roll]), degrees=True).as_matrix()
        joints = turned @ np.array([[HALF_CM, -DROP_CM, 0], [-HALF_CM, -DROP_CM, 0]]).T  # [T, 3, 2]
        reach = _reach(part["knees"])
        heights = []
        for side in (0, 1):
            dx = x + joints[:, 0, side] - ankles[:, side, 0]
            dz = z + joints[:, 2, side] - ankles[:, side, 2]
            high = ankles[:, side, 1] - joints[:, 1, side]
            flat = dx**2 + dz**2
            usual = high + np.sqrt(np.maximum(reach**2 - flat, 1.0))
            most = high + np.sqrt(np.maximum(_reach(np.full(len(t), 2.0)) ** 2 - flat, 1.0))
            heights.append((usual, most))
        usual, most = (_lower(heights[0][k], heights[1][k]) for k in (0, 1))
        y = _lower(usual + rise_cm, most, 0.4)
        return Pelvis(np.column_stack([x, y, z]), pitch, yaw, roll, weight, turned)

    def legs(self, t: Floats, pelvis: Pelvis) -> dict[str, Floats]:
        """Local rotations of thighs, shins and feet: name of the joint -> [T, 3, 3]."""
        ankles, toes, heels = self.feet(t)
        found: dict[str, Floats] = {}
        names = skeleton().names
        for side, name in enumerate(("Left", "Right")):
            hip = pelvis.root_cm + pelvis.rotations @ skeleton().offsets[names.index(f"{name}UpLeg")]
            out = np.radians(0.75 * toes[:, side] + 0.25 * pelvis.yaw)
            ahead = np.column_stack([np.sin(out), np.zeros(len(t)), np.cos(out)])
            thigh, shin = two_bones(ankles[:, side] - hip, ahead)
            foot = Rotation.from_euler("YX", np.column_stack([toes[:, side], heels[:, side]]), degrees=True).as_matrix()
            found[f"{name}UpLeg"] = pelvis.rotations.swapaxes(1, 2) @ thigh
            found[f"{name}Leg"] = thigh.swapaxes(1, 2) @ shin
            found[f"{name}Foot"] = shin.swapaxes(1, 2) @ foot
        return found


def two_bones(line: Floats, ahead: Floats) -> tuple[Floats, Floats]:
    """World rotations of thigh and shin [T, 3, 3] whose ankle lies at `line` [T, 3] from the hip, the knee `ahead` [T, 3]."""
    far = np.linalg.norm(line, axis=1, keepdims=True)
    down = line / far
    far = np.clip(far, 30.0, THIGH_CM + SHIN_CM - 1e-3)
    side = np.cross(-down, ahead)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    front = np.cross(side, -down)
    cosine = (THIGH_CM**2 + far**2 - SHIN_CM**2) / (2 * THIGH_CM * far)
    first = cosine * down + np.sqrt(np.maximum(1 - cosine**2, 0.0)) * front
    second = (far * down - THIGH_CM * first) / SHIN_CM

    def bone(along: Floats) -> Floats:
        return np.stack([side, -along, np.cross(side, -along)], axis=-1)

    back = Rotation.from_euler("x", -np.arctan2(1.0, 42.0)).as_matrix()  # the shin's bone leans back in the skeleton
    return bone(first), bone(second) @ back


def _reach(knees: Floats) -> Floats:
    """Hip to ankle (cm) with the knees bent by so many degrees."""
    return np.asarray(np.sqrt(THIGH_CM**2 + SHIN_CM**2 + 2 * THIGH_CM * SHIN_CM * np.cos(np.radians(knees))))


def _lower(a: Floats, b: Floats, soft: float = 0.5) -> Floats:
    """The lower of two, without a corner."""
    return np.asarray(-soft * np.logaddexp(-a / soft, -b / soft))
