"""Strokes, a speech and a feeling -> the whole body by rules.

It stands on its feet and changes legs, breathes, holds itself as it feels, keeps its head up and looks at whom it talks
to, nods with the accents, and its hands do what was planned. Every curve is a function of the time and the seed, so a
long performance is made piece by piece and the pieces fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.conditioning.emotion import BASIC
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.gesture.arms import arm_rotations
from emogen.pipelines.gesture.breath import Breath
from emogen.pipelines.gesture.drift import Floats, bumps, chance, drift
from emogen.pipelines.gesture.head import Head
from emogen.pipelines.gesture.plan import fidgets
from emogen.pipelines.gesture.posture import PostureRules
from emogen.pipelines.gesture.speech import Speech
from emogen.pipelines.gesture.stance import Stance
from emogen.pipelines.gesture.strokes import Stroke
from emogen.pipelines.gesture.track import ArmTrack, Hands

#: A posture follows what is felt within about this (s, standard deviation); own assumption: seen onsets of expressions
#: take some half a second (facts 3.6).
FOLLOWS_S = 0.3
#: A startle is what a surprise or a fear rises by within this time (s); it comes up in that (s). Startle responses of the
#: trunk last one to two seconds (Landis & Hunt 1939, "The Startle Pattern", from general knowledge); own sizes.
SETTLES_S, STARTS_S, STARTLED_BY_FEAR = 1.1, 0.09, 0.5
#: What a startle of 1 does: trunk, chest and head (degrees forward or down), hips (cm ahead), shoulders (0..1), legs (cm up).
STARTLE = {"trunk": -7.0, "chest": -5.0, "neck": -6.0, "poke": -8.0, "lean": -2.2, "shrug": 0.5}
STARTLE_UP_CM = 1.4
#: Length of a piece, s; own choice.
PIECE_S = 20.0
#: Where the trunk's bend lies: shares of hips, Spine, Spine1, Spine2; own choice after the lumbar and thoracic ranges.
TRUNK, CHEST = (0.30, 0.34, 0.24, 0.12), (0.0, 0.08, 0.40, 0.52)
#: How the spine takes back the pelvis' tilt, so that shoulders lean the other way (contrapposto); own choice.
AGAINST = (0.0, 0.75, 0.50, 0.25)
#: How much of the head's turn the trunk goes along with, and of a gesturing hand's side (degrees, strength 1); own choice.
ALONG, WITH_HAND, INTO = 0.22, 3.2, 1.3
#: The trunk takes part in a stroke within such times before and after (s, standard deviations); own assumption.
PART_S = (0.26, 0.42)
#: A full breath leans Spine1 and Spine2 back (degrees) and lifts the shoulders (0..1): the chest rises by about a centimetre
#: (own size).
BREATH_DEG, BREATH_SHRUG = (0.5, 1.1), 0.06
#: Hanging arms hang from a bent chest as gravity has them, raised ones half so: shares of the bend that they take back.
HANGS, RAISED = 0.95, 0.5


class Performance:
    """A body over time, of which any piece can be had.

    Args:
        strokes: What the hands do, as `plan.planned` gives them.
        speech: What is said.
        track: What is felt.
        frames: How many frames.
        fps: Frames per second.
        seed: Of everything drawn.
        rules: The posture table; the one that ships where none is given.
    """

    def __init__(
        self,
        strokes: Sequence[Stroke],
        speech: Speech,
        track: EmotionTrack,
        frames: int,
        fps: float,
        seed: int,
        rules: PostureRules | None = None,
    ) -> None:
        self.frames, self.fps, self.seed = frames, fps, seed
        samples = track.sample(fps, frames / fps)
        vad, basic = samples.vad[:frames], samples.basic[:frames]
        startle = _startle(basic, fps)
        found = (rules or PostureRules())(vad, basic)
        self.cues = {k: gaussian_filter1d(v, FOLLOWS_S * fps, mode="nearest") for k, v in found.items()}
        for name, size in STARTLE.items():
            self.cues[name] = self.cues[name] + size * startle
        self._up = STARTLE_UP_CM * startle
        self._phase = np.cumsum(self.cues["speed"] ** 0.7) / fps
        self._strokes, self._accents = tuple(strokes), speech.accents
        strokes = (*strokes, *fidgets(speech, self.cues["restless"], fps, seed))
        self._away = 1.0 if chance(seed, 20, 0) < 0.5 else -1.0
        self._stance = Stance(self.cues, fps, seed)
        self._head = Head(self.cues, speech, fps, seed)
        self._breath = Breath(self.cues, speech, fps)
        size, speed, openness = (self.cues[k] for k in ("size", "speed", "open"))
        liking = {name.removeprefix("rest."): curve for name, curve in self.cues.items() if name.startswith("rest.")}
        self._hands = Hands(strokes, frames, fps, size, speed, np.clip(openness, -1, 1), seed, liking)

    def piece(self, first: int, last: int) -> BodyMotion:
        """Frames first..last (excluded)."""
        t = np.arange(first, last) / self.fps
        part = {k: v[first:last] for k, v in self.cues.items()}
        phase, breath = self._phase[first:last], self._breath(t) * part["breath"]
        arms = self._hands.track(first, last)
        nods, looks, sway = self._head.nods(t), self._head.looks(t), self._head.sway(t, phase) * part["sway"][:, None]
        lean, twist = self._with_hands(t)
        aside = self._away * part["away"]
        pitch = part["trunk"] + lean + 0.7 * part["sway"] * drift(self.seed, 21, phase * 0.45)
        hips = self._stance.pelvis(t, part, phase, TRUNK[0] * pitch, self._bounce(t, part) + self._up[first:last])
        turn = 0.35 * aside + ALONG * looks[:, 0] + twist + arms.trunk[:, 1]
        turn += part["sway"] * drift(self.seed, 22, phase * 0.35)
        bend = np.stack([s * (pitch + arms.trunk[:, 0]) + c * part["chest"] for s, c in zip(TRUNK, CHEST, strict=True)])
        bend[0] = hips.pitch
        bend[2:4] -= np.outer(BREATH_DEG, breath)
        side = np.stack([-share * hips.roll for share in AGAINST])
        side += 0.5 * part["sway"] * drift(self.seed, 23, phase * 0.5)
        rotations = np.tile(np.eye(3), (last - first, len(skeleton().names), 1, 1))
        joint = {name: k for k, name in enumerate(skeleton().names)}
        rotations[:, joint["Hips"]] = chest = hips.rotations
        for k, name in enumerate(("Spine", "Spine1", "Spine2"), 1):
            rotations[:, joint[name]] = _turned(bend[k], (turn - hips.yaw) / 3, side[k])
            chest = chest @ rotations[:, joint[name]]
        tilt = self._away * part["tilt"]
        level = 0.12 * bend.sum(0)  # a bent trunk takes the head along a little
        face = np.column_stack([part["neck"] + level, aside, tilt]) + nods + sway + arms.head
        face[:, :2] += looks[:, ::-1]
        rotations[:, joint["Neck"]], rotations[:, joint["Head"]] = _neck(chest, face, part["poke"])
        for name, turned in self._stance.legs(t, hips).items():
            rotations[:, joint[name]] = turned
        for name, turned in self._hung(arms, part, bend.sum(0), breath).items():
            rotations[:, joint[name]] = turned
        return BodyMotion(rotations, hips.root_cm, self.fps)

    def pieces(self) -> Iterator[BodyMotion]:
        """The whole, some seconds after the other."""
        step = round(PIECE_S * self.fps)
        for first in range(0, self.frames, step):
            yield self.piece(first, min(first + step, self.frames))

    def _with_hands(self, t: Floats) -> tuple[Floats, Floats]:
        """How the trunk takes part in strokes: degrees forward and to the left; the shoulder of the hand comes forward."""
        near = [s for s in self._strokes if t[0] - 3 < s.at_s < t[-1] + 3]
        at, size = np.array([s.at_s for s in near]), np.array([s.strength for s in near])
        side = np.array([{"left": -1.0, "right": 1.0, "both": 0.0}[s.hand] for s in near])
        rise, fall = (np.full(len(near), s) for s in PART_S)
        return INTO * bumps(t, at, size, rise, fall), WITH_HAND * bumps(t, at, size * side, rise, fall)

    def _bounce(self, t: Floats, part: dict[str, Floats]) -> Floats:
        """Down into an accent and up from it, cm."""
        near = [a for a in self._accents if t[0] - 3 < a.at_s < t[-1] + 3]
        at, size = np.array([a.at_s for a in near]), np.array([a.strength for a in near])
        width = np.full(len(near), 0.13)
        down, up = bumps(t, at, size, width, width), bumps(t, at + 0.33, size, width, 1.3 * width)
        return part["bounce"] * (0.7 * up - down)

    def _hung(self, arms: ArmTrack, part: dict[str, Floats], bend: Floats, breath: Floats) -> dict[str, Floats]:
        """Rotations of both arms under shoulders that are lifted and rounded, hanging from the bent chest."""
        found: dict[str, Floats] = {}
        still = np.zeros(len(bend))
        for side, curves in (("Left", arms.left), ("Right", arms.right)):
            up = curves.wrist[:, 1]
            back = bend * (RAISED + (HANGS - RAISED) * np.clip((-0.35 - up) / 0.4, 0, 1))
            wrist = (_turned(-back, still, still) @ curves.wrist[:, :, None])[..., 0]
            shrug = np.clip(curves.shrug + part["shrug"] + BREATH_SHRUG * breath, -0.3, 1.2)
            turned = arm_rotations(side, replace(curves, wrist=wrist, shrug=shrug))
            sign = -1.0 if side == "Left" else 1.0
            turned[f"{side}Shoulder"] = _turned(still, sign * part["round"], still) @ turned[f"{side}Shoulder"]
            found |= turned
        return found


def _startle(basic: Floats, fps: float) -> Floats:
    """What surprise and fear have risen by lately, [T] about 0..1; before the begin nothing was felt."""
    felt = basic[:, BASIC.index("surprise")] + STARTLED_BY_FEAR * basic[:, BASIC.index("fear")]
    before = round(0.2 * fps)
    felt = np.concatenate([np.zeros(before), felt])
    keep = np.exp(-1 / (SETTLES_S * fps))
    fresh = np.maximum(felt - lfilter([1 - keep], [1, -keep], felt), 0.0)
    return np.asarray(gaussian_filter1d(fresh, STARTS_S * fps, mode="nearest")[before:])


def _neck(chest: Floats, face: Floats, poke: Floats) -> tuple[Floats, Floats]:
    """Local rotations of neck and head for a head that faces so in the world (degrees down, left, tilted)."""
    head = _turned(*face.T)
    trunk = Rotation.from_matrix(chest).as_euler("YXZ", degrees=True)[:, [1, 0, 2]]
    middle = 0.5 * (trunk + face)
    neck = _turned(middle[:, 0] + poke, middle[:, 1], middle[:, 2])
    return chest.swapaxes(1, 2) @ neck, neck.swapaxes(1, 2) @ head


def _turned(pitch: Floats, yaw: Floats, roll: Floats) -> Floats:
    """Degrees forward, to the left, left side up -> [T, 3, 3]."""
    return np.asarray(Rotation.from_euler("YXZ", np.column_stack([yaw, pitch, roll]), degrees=True).as_matrix())
