"""Whose way of moving the face is taken on: from a video of somebody, or from recorded curves.

A style is how much, not what: how wide somebody opens the mouth in speech, how lively brows and head are, how often they
blink and look away, and which half of the face leads. It multiplies what the knobs of a talking head do; words and
emotion stay those that were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from emogen.codecs.face import INDEX, FaceMotion, both, mouth_opening
from emogen.conditioning.face_mesh import Watched, watch
from emogen.errors import InputError
from emogen.media.video import probe, read_frames
from emogen.pipelines.talking_head.photo_portrait.shapes import frame_of

#: Rate at which a face is watched, and what it takes at least (s) and at most.
FPS, LEAST_S, MOST_S = 25.0, 2.0, 120.0
#: How lively the default motion of this pipeline is, measured with `Moves` on the curves of six sentences, each neutral and
#: in the six feelings at 0.7 (medians, blinks: mean): what a style is compared with. Range of the mouth's opening and of
#: the brows (shapes), the head's speed (rad/s), blinks a minute, spread of the gaze (rad).
USUAL = {"mouth": 0.54, "brows": 0.25, "head": 0.17, "blink": 19.0, "gaze": 0.043}
#: What a measure is at most multiplied with, either way.
MOST_GAIN = 2.5
#: Gap of the lips, in distances between the outer eye corners, for an opening of 1: as found in pictures drawn of three
#: photos and two avatars that spoke (.33 to .40).
JAW_GAP = 0.36
#: Rise of a brow for a shape of 1: as found there under surprise .04 to .10. The most of it, since nods and trembling
#: landmarks add to what is measured.
BROW_RISE = 0.10
#: Asymmetry is taken on up to this; more is a tic or a tracking error. Own assumption.
MOST_LEAN = 0.3
#: An eye is shut below this share of its usual opening; a blink is at most this long (s). Own assumption.
SHUT, BLINK_S = 0.55, 0.5
#: Landmarks: inner lips, lids and corners of both eyes, brows (left of the subject first), irises.
LIPS, LIDS, CORNERS = (13, 14), ((386, 374), (159, 145)), ((362, 263), (133, 33))
BROWS, IRISES, MOUTH = ((334, 296), (105, 66)), (473, 468), (291, 61)


@dataclass(frozen=True, eq=False)
class Moves:
    """What is looked at in a moving face.

    Attributes:
        mouth: Opening, shapes [T].
        brows: Height of the left and right brow, shapes [T, 2].
        corners: Height of the mouth's left and right corner, any unit [T, 2].
        head: Yaw, pitch, roll, rad [T, 3].
        gaze: Yaw of the eyes, rad [T].
        lids: 1 open .. 0 shut [T].
        fps: Frames per second.
    """

    mouth: np.ndarray
    brows: np.ndarray
    corners: np.ndarray
    head: np.ndarray
    gaze: np.ndarray
    lids: np.ndarray
    fps: float

    @staticmethod
    def of_curves(motion: FaceMotion) -> Moves:
        """From recorded curves."""
        c = motion.curves.astype(np.float64)

        def pair(name: str) -> np.ndarray:
            return c[:, both(name)]

        first = INDEX["headYaw"]
        return Moves(
            mouth_opening(c), 0.5 * c[:, [INDEX["browInnerUp"]] * 2] + pair("browOuterUp") - pair("browDown"),
            pair("mouthSmile") - pair("mouthFrown"), c[:, first : first + 3],
            c[:, [INDEX["leftEyeYaw"], INDEX["rightEyeYaw"]]].mean(1), 1 - pair("eyeBlink").mean(1), motion.fps,
        )  # fmt: skip

    @staticmethod
    def of_face(seen: Watched) -> Moves:
        """From a face that was watched; moments without one are left out."""
        points = seen.points[seen.there]
        if not len(points):
            none = np.zeros(0)
            return Moves(none, np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 3)), none, none, seen.fps)
        frames = [frame_of(p) for p in points]
        flat = points[:, :, :2]
        unit = np.array([f.scale for f in frames])[:, None]
        down = np.stack([f.down for f in frames])

        def height(a: int, b: int) -> np.ndarray:
            return ((flat[:, b] - flat[:, a]) * down).sum(1)

        lids = np.mean([height(*lid) for lid in LIDS], axis=0)
        brows = np.stack([np.mean([height(b, 168) for b in brow], axis=0) for brow in BROWS], axis=1) / unit
        corners = np.stack([height(m, 2) for m in MOUTH], axis=1) / unit
        sideways = [
            (flat[:, i, 0] - flat[:, list(c), 0].mean(1)) / np.maximum(np.abs(np.ptp(flat[:, list(c), 0], axis=1)), 1.0)
            for i, c in zip(IRISES, CORNERS, strict=True)
        ]
        head = np.array([_turn(f.rotation) for f in frames])
        # An iris that moves by half the eye's width has turned by about a quarter of a circle.
        gaze = np.mean(sideways, axis=0) * np.pi / 2
        mouth = np.maximum(height(*LIPS) / unit[:, 0] / JAW_GAP, 0)
        return Moves(mouth, (brows - np.median(brows, 0)) / BROW_RISE, corners, gaussian_filter1d(head, 1.0, axis=0),
                     gaze, lids / max(float(np.percentile(lids, 80)), 1e-6), seen.fps)  # fmt: skip

    def measured(self) -> dict[str, float]:
        """As in `USUAL`."""
        shut = median_filter(self.lids, 3) < SHUT
        edges = np.flatnonzero(np.diff(np.concatenate([[0], shut, [0]]).astype(int))).reshape(-1, 2)
        blinks = int(sum(stop - start <= BLINK_S * self.fps for start, stop in edges))
        open_eyes = self.gaze[~shut] if (~shut).any() else self.gaze
        return {
            "mouth": float(np.ptp(np.percentile(self.mouth, (5, 95)))),
            "brows": float(np.ptp(np.percentile(self.brows.mean(1), (5, 95)))),
            "head": float(np.linalg.norm(np.diff(self.head, axis=0), axis=1).mean() * self.fps),
            "blink": blinks / (len(self.lids) / self.fps) * 60,
            "gaze": float(open_eyes.std()),
        }

    def lean(self) -> tuple[float, float]:
        """How much more the left than the right half moves, -1..1: brows, mouth."""
        found = []
        for halves in (self.brows, self.corners):
            left, right = halves.std(0) + 1e-4
            found.append(float((left - right) / (left + right)))
        return found[0], found[1]


@dataclass(frozen=True)
class Style:
    """How lively each part of a face is against the usual, and which half leads.

    Attributes:
        name: Of what it was taken from.
        gains: Factor per knob.
        brow_lean, mouth_lean: > 0: the left half moves more; at most `MOST_LEAN`.
    """

    name: str
    gains: Mapping[str, float] = field(default_factory=dict)
    brow_lean: float = 0.0
    mouth_lean: float = 0.0

    @staticmethod
    def of(given: Any) -> Style:
        """Takes a style.

        Args:
            given: A video of a face or curves (.csv), `@` before it or not; a `FaceMotion`, or a `Style`.

        Raises:
            InputError: Nothing to take a style from: no face, too short, a file of another kind.
        """
        if isinstance(given, Style):
            return given
        if isinstance(given, FaceMotion):
            return _taken("curves", Moves.of_curves(given))
        if not isinstance(given, (str, Path)):
            raise InputError("style", f"a {type(given).__name__}", "Accepted: a video of a face, or its curves (.csv).")
        path = Path(str(given).removeprefix("@"))
        if path.suffix.lower() == ".csv":
            return _taken(path.name, Moves.of_curves(FaceMotion.load(path)))
        fps = min(FPS, probe(path).fps)
        return _taken(path.name, Moves.of_face(watch(read_frames(path, end_s=MOST_S, fps=fps), fps)))

    def factor(self, knob: str) -> float:
        """What a knob is multiplied with."""
        return self.gains.get(knob, 1.0)

    def leaned(self, curves: np.ndarray) -> None:
        """Lets one half of the face lead in curves [T, 61], in place."""
        for lean, names in (
            (self.brow_lean, ("browDown", "browOuterUp")),
            (self.mouth_lean, ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch")),
        ):
            for name in names:
                left, right = both(name)
                curves[:, left] *= 1 + lean
                curves[:, right] *= 1 - lean


def _taken(name: str, moves: Moves) -> Style:
    if len(moves.mouth) < LEAST_S * moves.fps:
        raise InputError("style", f"{name} shows a face for {len(moves.mouth) / max(moves.fps, 1):.1f} s",
                         f"Needs at least {LEAST_S:g} s.")  # fmt: skip
    found = moves.measured()
    gains = {k: float(np.clip(found[k] / usual, 1 / MOST_GAIN, MOST_GAIN)) for k, usual in USUAL.items()}
    brow, mouth = (float(np.clip(v, -MOST_LEAN, MOST_LEAN)) for v in moves.lean())
    return Style(name, {k: round(v, 3) for k, v in gains.items()}, round(brow, 3), round(mouth, 3))


def _turn(rotation: np.ndarray) -> tuple[float, float, float]:
    """Yaw, pitch, roll (rad) of a head's rotation [3, 3] in picture axes (x right, y down, z away)."""
    yaw = np.arctan2(-rotation[2, 0], np.hypot(rotation[0, 0], rotation[1, 0]))
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    return float(yaw), float(pitch), float(np.arctan2(rotation[1, 0], rotation[0, 0]))
