"""A movement, felt otherwise: the same events in the same order on the same way, with another manner.

What changes is how trunk, head, shoulders and elbows are held, how large movement around that is (slow, quick and sharp
movement apart, `emogen.codecs.manner`), how hips rise and fall, how long steps are, and how long it all takes. The shape
of the way is kept, and as many steps are taken: shorter ones lead less far. Legs are solved to where the feet then are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.spatial.transform import Rotation

from emogen.checkpoints import checkpoint_folder, commercial_only
from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.feet import feet_as_in, feet_locked, swing
from emogen.codecs.manner import BANDS, GROUPS, JOINTS, LIMB, MIDLINE, MIRROR, Bands, bands
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.pipelines.gesture.posture import FELT, felt
from emogen.pipelines.gesture.trunk import depth, pushed_out
from emogen.tables import read_table

Array = NDArray[np.float64]
CHECKPOINT = "restyle"
#: Over how long a change of feeling comes into the body (s, standard deviation; own assumption).
EASE_S = 0.3
BOUNCE_S = 0.5  # how hips rise and fall around their mean over this is bounce: about a stride
STRIDE_S = 0.6  # feet swing around their mean over this: a full cycle of steps
#: Elbows bend so far, degrees (AAOS 1965).
ELBOW = (0.0, 150.0)
#: The mean pose of neck and head against the chest, degrees forward: 5 within what a neck can do (45; AAOS 1965).
NECK = (-40.0, 40.0)
#: Degrees of room from which on an elbow follows the feeling in full (own assumption).
ELBOW_FREE = 110.0
#: Deeper than before by more than this, a hand is moved out of the trunk, cm (own assumption).
DEEPER_CM = 0.3
SWINGS = 8  # at most, until it is out
CLEAR_CM = 0.5  # how far a foot on its way stays off the floor, at least (own assumption)
#: Who runs sets down feet that are not still for two frames: a sole this near to the floor (cm) and slower than this share of
#: its fastest bears him (own assumption).
TOUCH_CM, TOUCHES = 3.0, 0.15
#: Turns around the pose beyond this are not made larger, degrees: a head that looks aside would look behind itself.
WIDE = {"trunk": 15.0, "head": 12.0, "arms": 70.0}
NOTHING = 1e-9
#: Rows of the table.
MANNERS = tuple(r["manner"] for r in read_table(__package__, "restyle.csv"))


class RestyleRules(ModelMixin, ConfigMixin):
    """What a feeling does to the manner of a movement; buffer `table` [manners, 10], `low` and `high` [manners].

    Rows are those of `restyle.csv`, columns `FELT` without its base. The table that ships in the package is written from
    the literature; `RestyleRules.learnt()` is the one fitted to recorded pairs of neutral and felt movement.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        rows = read_table(__package__, "restyle.csv")
        self.register_buffer("table", torch.tensor([[float(r[c]) for c in FELT[1:]] for r in rows]))
        self.register_buffer("low", torch.tensor([float(r["low"]) for r in rows]))
        self.register_buffer("high", torch.tensor([float(r["high"]) for r in rows]))

    @staticmethod
    def embedded() -> RestyleRules:
        """The learnt table; the written one where `EMOGEN_COMMERCIAL` is set.

        Raises:
            CheckpointError: It was altered.
        """
        return RestyleRules() if commercial_only() else _learnt()

    def forward(self, vad: Array, basic: Array) -> dict[str, Array]:
        """Manners over time from vad [T, 3] and basic amplitudes [T, 6]: name -> float64 [T], 0 where nothing is felt."""
        values = felt(vad, basic)[:, 1:] @ self.table.double().numpy().T
        values = np.clip(values, self.low.double().numpy(), self.high.double().numpy())
        return dict(zip(MANNERS, values.T, strict=True))


@cache
def _learnt() -> RestyleRules:
    return RestyleRules.from_pretrained(str(checkpoint_folder(CHECKPOINT)), use_safetensors=True, low_cpu_mem_usage=False)


def restyled(motion: BodyMotion, track: EmotionTrack, rules: RestyleRules | None = None) -> BodyMotion:
    """A movement as somebody makes it who feels this.

    Args:
        motion: The movement, its floor at 0.
        track: What is felt, in seconds of the movement that comes out.
        rules: What a feeling does; the embedded ones without.

    Returns:
        The movement, at the same frame rate, longer or shorter. Where nothing is felt nothing changes: a track that is
        neutral throughout gives the movement itself.
    """
    rules = RestyleRules.embedded() if rules is None else rules
    if len(motion.root_cm) < 2:
        return motion
    manner, at = _timed(motion, track, rules)
    if max(float(np.abs(v).max()) for v in manner.values()) < NOTHING:
        return motion
    before = motion.at_frames(at)
    parts = bands(before, pace=float(np.exp(manner["tempo"].mean())))
    rotations = before.rotations.copy()
    rotations[:, JOINTS] = _held(Bands(_posed(parts.pose, manner), parts.moves), manner)
    rotations[:, 0] = _pitched(before.rotations[:, 0], manner["hips"])
    _elbows(rotations, before.rotations, manner["elbow"])
    root, feet = _gone(before, manner)
    moved = feet_as_in(BodyMotion(rotations, root, motion.fps), before, feet)
    moved = clear_of_trunk(moved, before)
    bears = before.contacts() | moved.contacts() | _touching(before)
    moved = feet_locked(moved, bears)
    return feet_as_in(moved, moved, _clear_of_floor(moved, bears))


def _touching(motion: BodyMotion) -> NDArray[np.bool_]:
    """Soles that are set down in running, [T, 4] as of `BodyMotion.contacts`."""
    points = motion.soles()
    speed = np.linalg.norm(np.gradient(points, axis=0), axis=-1)
    return np.asarray((points[..., 1] < TOUCH_CM) & (speed < TOUCHES * speed.max(axis=0)))


def _clear_of_floor(motion: BodyMotion, bears: NDArray[np.bool_]) -> Array:
    """How far feet of which no sole bears the body are to be lifted so that they do not graze the floor: [T, 2, 3], cm."""
    low = motion.soles()[..., 1].reshape(-1, 2, 2).min(axis=2)
    free = ~bears.reshape(-1, 2, 2).any(axis=2)
    return np.where(free, np.maximum(CLEAR_CM - low, 0.0), 0.0)[..., None] * (0.0, 1.0, 0.0)


def _timed(motion: BodyMotion, track: EmotionTrack, rules: RestyleRules) -> tuple[dict[str, Array], Array]:
    """Manners over the time that comes out, and which frame of the movement stands there [T']."""
    last, fps = len(motion.root_cm) - 1, motion.fps
    slowest = float(np.exp(rules.high[MANNERS.index("tempo")]))
    samples = track.sample(fps, (last + 2) * slowest / fps)
    manner = {
        k: gaussian_filter1d(v, EASE_S * fps, mode="nearest") for k, v in rules(samples.vad, samples.basic).items()
    }
    gone = np.concatenate([[0.0], np.cumsum(np.exp(-manner["tempo"]))])
    count = int(np.searchsorted(gone, last + 1e-6, side="right"))
    return {k: v[:count] for k, v in manner.items()}, np.clip(gone[:count], 0.0, last)


def _gone(before: BodyMotion, manner: dict[str, Array]) -> tuple[Array, Array]:
    """Where the hips are [T, 3], and how far the ankles are from where they were [T, 2, 3], left first.

    With longer or shorter strides, hips and feet go through the same way at another scale: the feet swing so much further
    or less far around where they are on average, seen from the hips.
    """
    names, fps, root = skeleton().names, before.fps, before.root_cm.copy()
    height = root[:, 1]
    bounce = height - gaussian_filter1d(height, BOUNCE_S * fps, mode="nearest")
    root[:, 1] += manner["height"] + (np.exp(manner["bounce"]) - 1.0) * bounce
    stride = np.exp(manner["stride"])
    for axis in (0, 2):
        root[1:, axis] = root[0, axis] + np.cumsum(stride[1:] * np.diff(before.root_cm[:, axis]))
    place, low = before.positions(), before.soles()[..., 1].reshape(-1, 2, 2).min(axis=2)
    turned = _facing(before)
    feet = np.zeros((len(root), 2, 3))
    for side, name in enumerate(("LeftFoot", "RightFoot")):
        seen = np.einsum("tji,tj->ti", turned, place[:, names.index(name)] - before.root_cm)
        swing = (seen - gaussian_filter1d(seen, STRIDE_S * fps, axis=0, mode="nearest")) * (1.0, 0.0, 1.0)
        feet[:, side] = np.einsum("tij,tj->ti", turned, (stride - 1.0)[:, None] * swing)
        feet[:, side, 1] = (np.exp(manner["lift"]) - 1.0) * np.maximum(low[:, side], 0.0)
    feet[..., [0, 2]] += (root - before.root_cm)[:, None, [0, 2]]
    return root, feet


def _facing(motion: BodyMotion) -> Array:
    """Turns about Y by which the body faces, without its twisting: [T, 3, 3]."""
    ahead = gaussian_filter1d(motion.rotations[:, 0, :, 2], STRIDE_S * motion.fps, axis=0, mode="nearest")
    yaw = np.arctan2(ahead[:, 0], ahead[:, 2])
    return np.asarray(Rotation.from_euler("y", yaw[:, None]).as_matrix())


def _posed(pose: Array, manner: dict[str, Array]) -> Array:
    """The mean pose [T, J, 3, 3], held otherwise: each joint turned in the frame of its parent."""
    vectors = np.zeros((*pose.shape[:2], 3))
    lean = manner["hips"] + manner["chest"]
    for k in range(3):
        vectors[:, k, 0] = manner["chest"] / 3.0
    head = pose[:, 3] @ pose[:, 4]
    bent = np.degrees(np.arctan2(head[:, 2, 1], head[:, 1, 1]))
    nod = np.clip(bent + manner["gaze"] - lean, np.minimum(bent, NECK[0]), np.maximum(bent, NECK[1])) - bent
    vectors[:, 3, 0] = np.clip(manner["neck"], np.minimum(nod, 0.0), np.maximum(nod, 0.0))
    vectors[:, 4, 0] = nod - vectors[:, 3, 0]
    nothing = np.zeros(len(pose))
    collar = np.stack([nothing, -manner["round"], manner["shrug"]], axis=1)
    arm = np.stack([-manner["ahead"] - lean, manner["turn"], manner["out"]], axis=1)
    for side, sign in ((0, np.ones(3)), (1, MIRROR)):
        first = len(MIDLINE) + side * len(LIMB)
        vectors[:, first], vectors[:, first + 1] = collar * sign, arm * sign
    return np.asarray(_turns(vectors) @ pose)


def _held(parts: Bands, manner: dict[str, Array]) -> Array:
    """Movement around the pose, larger or smaller: [T, J, 3, 3]."""
    gains = np.empty(parts.moves.shape[:3])
    size, first = np.degrees(np.linalg.norm(parts.moves, axis=-1)), 0
    for group, names in GROUPS.items():
        own = slice(first, first + len(names))
        first += len(names)
        for k, band in enumerate(BANDS):
            gain = np.exp(manner[f"{group} {band}"])[:, None]
            room = np.clip(1.0 - size[k, :, own] / WIDE[group], 0.0, 1.0)
            gains[k, :, own] = np.where(gain > 1.0, 1.0 + (gain - 1.0) * room, gain)
    return parts.together(gains)


def _turns(degrees: Array) -> Array:
    """Rotation vectors [..., 3] in degrees -> matrices."""
    flat = np.radians(degrees).reshape(-1, 3)
    return np.asarray(Rotation.from_rotvec(flat).as_matrix().reshape(*degrees.shape, 3))


def _pitched(hips: Array, degrees: Array) -> Array:
    """Hips [T, 3, 3] leaned forward about their own left, level."""
    left = hips[..., 0] * (1.0, 0.0, 1.0)
    left /= np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-9)
    return np.asarray(_turns(left * degrees[:, None]) @ hips)


def _elbows(rotations: Array, before: Array, more: Array) -> None:
    """Elbows bent further, as far as they go; the less the more they are bent by what is done."""
    names = skeleton().names
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        j = names.index(f"{side}ForeArm")
        bone = rotations[:, j] @ np.array([sign, 0.0, 0.0])
        bent = np.degrees(np.arctan2(np.hypot(bone[:, 1], bone[:, 2]), sign * bone[:, 0]))
        was = before[:, j] @ np.array([sign, 0.0, 0.0])
        most = np.maximum(ELBOW[1], np.degrees(np.arctan2(np.hypot(was[:, 1], was[:, 2]), sign * was[:, 0])))
        room = np.clip(np.where(more > 0.0, (ELBOW[1] - bent) / ELBOW_FREE, bent / ELBOW_FREE), 0.0, 1.0)
        change = np.minimum(bent + room * more, most) - bent
        axis = np.zeros((len(bent), 3))
        axis[:, 1] = -sign
        rotations[:, j] = _turns(axis * change[:, None]) @ rotations[:, j]


def clear_of_trunk(motion: BodyMotion, before: BodyMotion) -> BodyMotion:
    """Arms swung out where a hand would be deeper in the trunk than it was."""
    names = skeleton().names
    rotations = motion.rotations.copy()
    was = _trunk(*before.world())
    for side in ("Left", "Right"):
        arm, collar = names.index(f"{side}Arm"), names.index(f"{side}Shoulder")
        points = [names.index(f"{side}{n}") for n in ("Hand", "HandMiddle1", "HandMiddle3", "HandIndex3", "HandPinky3")]
        usual = depth(was.seen(before.positions()[:, points])).max(axis=1) + DEEPER_CM
        for _ in range(SWINGS):
            place, turned = BodyMotion(rotations, motion.root_cm, motion.fps).world()
            trunk = _trunk(place, turned)
            here = trunk.seen(place[:, [arm, *points]])
            deep = depth(here[:, 1:])
            worst = here[np.arange(len(here)), 1 + deep.argmax(axis=1)]
            share = np.clip((deep.max(axis=1) - usual) / np.maximum(deep.max(axis=1), 1e-6), 0.0, None)
            if share.max() < 1e-2:
                break
            share = np.minimum(1.0, gaussian_filter1d(maximum_filter1d(share, 5), 0.05 * motion.fps, mode="nearest"))
            target = worst + share[:, None] * (pushed_out(worst) - worst)
            over = swing(worst - here[:, 0], target - here[:, 0])
            world = trunk.axes @ over @ trunk.axes.swapaxes(-1, -2) @ turned[:, arm]
            rotations[:, arm] = turned[:, collar].swapaxes(-1, -2) @ world
    return BodyMotion(rotations, motion.root_cm, motion.fps)


@dataclass(frozen=True, eq=False)
class _Trunk:
    """The straight trunk between hips and neck: where the chest's middle would be [T, 3], left, up and front [T, 3, 3]."""

    middle: Array
    axes: Array

    def seen(self, places: Array) -> Array:
        """Places [T, n, 3] from there."""
        return np.einsum("tji,tkj->tki", self.axes, places - self.middle[:, None])


def _trunk(place: Array, turned: Array) -> _Trunk:
    names = skeleton().names
    hips, chest, neck = (names.index(n) for n in ("Hips", "Spine2", "Neck"))
    up = place[:, neck] - place[:, hips]
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    front = np.cross(turned[:, hips, :, 0] + turned[:, chest, :, 0], up)
    front /= np.linalg.norm(front, axis=1, keepdims=True)
    high = float(np.linalg.norm(skeleton().offsets[neck]))
    return _Trunk(place[:, neck] - high * up, np.stack([np.cross(up, front), up, front], axis=-1))
