"""Measured movement of 68 points of a face -> ARKit shapes and head over time, on the expressions of ICT FaceKit.

Each shape of ICT FaceKit (MIT) moves the 68 landmarks that the kit names (`idx_to_landmark_verts`); laid on the mean
face of PEDFE as its clips were (by the rigid points), these moves are the columns of a bounded, regularised least
squares with temporal smoothing, solved for all frames of a clip at once. Residuals: `face_motion_figures`.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.face import FACE_CHANNELS, INDEX
from emogen.conditioning.face_measures import RIGID, START_FRAMES
from emogen.conditioning.vocabulary import term
from emogen.training.packs import pack

Array = NDArray[np.float64]
FPS = 25.0
POINTS = 68
#: Shapes that the points can tell apart; both halves of each pair are fitted, gaze, tongue and puffed cheeks are not.
PAIRS = ("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown",
         "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer")  # fmt: skip
SINGLES = ("browInnerUp", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthFunnel", "mouthLeft", "mouthPucker",
           "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper")  # fmt: skip
FITTED = (*SINGLES, *(f"{name}{side}" for name in PAIRS for side in ("Left", "Right")))
COLUMNS = [INDEX[name] for name in FITTED]
#: Weight of a point's error: the outline slides along the face and depth is guessed by the tracker; own assumption.
OUTLINE, DEPTH = 0.25, 0.3
#: Distances whose error counts besides that of the points (pairs of points, weight): lids, lips; own assumption.
OPENINGS = (((37, 41), 1.5), ((38, 40), 1.5), ((43, 47), 1.5), ((44, 46), 1.5), ((62, 66), 1.5), ((60, 64), 1.0),
            ((48, 54), 1.0))  # fmt: skip
#: Cost of a shape's square and of its square change between frames, in squares of hundredths of the eye-corner distance
#: (the tracker's noise is about one of these); chosen by look: residual 13 % of the variance at a tenth of the cost, 16 %
#: at five times the cost, where a raised brow already loses a tenth of its height.
RIDGE, SMOOTH = 10.0, 60.0
#: A little cost per shape switches off shapes that explain next to nothing.
SPARSE = 2.0
ITERATIONS = 400
#: The pack's pitch and roll grow when the chin rises and the head leans to the subject's right; ours the other way.
POSE_SIGNS = np.array([1.0, -1.0, -1.0])
#: The tracker trembles: the pose is smoothed over this many of its frames (standard deviation); own assumption.
POSE_FRAMES = 0.8
#: A lid opening that falls by this share of its usual within `BLINK_S` and comes back is a blink; own assumption.
BLINK_DROP, BLINK_S = 0.35, 0.5


@dataclass(frozen=True, eq=False)
class Clip:
    """One clip of the pack.

    Attributes:
        code: Its name in the pack.
        subject: Who.
        emotion: One of the six.
        genuine: Felt rather than posed.
        rated: Mean intensity that raters saw, 0..1 (of 9).
        fps: Frames per second.
        moved: Displacement of the 68 points since the first frames [T, 68, 3], eye-corner distances.
        pose: Yaw, pitch, roll of the head since the first frames [T, 3], rad, in the signs of `emogen.codecs.face`.
        eye: Opening over width of the subject's right and left eye [T, 2].
    """

    code: str
    subject: str
    emotion: str
    genuine: bool
    rated: float
    fps: float
    moved: Array
    pose: Array
    eye: Array


def read_clips(data_dir: str | Path | None = None) -> tuple[list[Clip], Array]:
    """The clips of the pack face/pedfe_motion, and its mean face [68, 3].

    Raises:
        InputError: The pack is missing.
    """
    folder = pack("face/pedfe_motion", data_dir)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    clips = []
    with np.load(folder / "motion.npz") as stored:
        disp, pose, eye = stored["disp"], stored["pose"], stored["eye"]
        template = stored["template"].astype(float)[:POINTS]
    for row in rows:
        span = slice(int(row["start"]), int(row["start"]) + int(row["frames"]))
        turned = gaussian_filter1d(np.radians(pose[span].astype(float)) * POSE_SIGNS, POSE_FRAMES, axis=0, mode="nearest")
        clips.append(Clip(
            row["code"], row["subject"], term(row["emotion"]), row["type"] == "genuine", float(row["intensity_mean"]) / 9.0,
            float(row["fps"]), disp[span, :POINTS].astype(float) / 1000.0, turned - turned[:START_FRAMES].mean(axis=0),
            eye[span].astype(float),
        ))  # fmt: skip
    return clips, template


def laid(points: Array, template: Array) -> Array:
    """68 points [68, 3] laid on the mean face by a similarity over its rigid points."""
    rigid = list(RIGID)
    target, source = template[rigid], points[rigid]
    middle, centre = target.mean(axis=0), source.mean(axis=0)
    u, s, vt = np.linalg.svd((target - middle).T @ (source - centre))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = float((s * np.diag(sign)).sum() / ((source - centre) ** 2).sum())
    return np.asarray(scale * (points - centre) @ (u @ sign @ vt).T + middle)


def shape_moves(template: Array, data_dir: str | Path | None = None) -> Array:
    """How each shape of `FITTED` at 1 moves the points, laid on the mean face: [K, 68, 3].

    Raises:
        InputError: The pack face/ict_facekit is missing.
    """
    folder = pack("face/ict_facekit", data_dir)
    vertices = json.loads((folder / "vertex_indices.json").read_text(encoding="utf-8"))["idx_to_landmark_verts"]
    with np.load(folder / "expressions.npz") as stored:
        head, scale = stored["neutral"][vertices].astype(float), float(stored["scale"])
        deltas = dict(zip(stored["names"].tolist(), stored["deltas"][:, vertices].astype(float) * scale, strict=True))
    flip = np.array([1.0, -1.0, -1.0])  # there y points up and z to the viewer
    start = laid(head * flip, template)
    moves = []
    for name in FITTED:
        own = name.replace("Left", "_L").replace("Right", "_R") if name not in SINGLES else name
        delta = deltas["browInnerUp_L"] + deltas["browInnerUp_R"] if name == "browInnerUp" else deltas[own]
        moves.append(laid((head + delta) * flip, template) - start)
    return np.stack(moves)


def _weighted(moved: Array, template: Array) -> Array:
    """Points' moves [..., 68, 3] -> the rows whose squares are minimised [..., R], hundredths of eye-corner distances."""
    weights = np.ones((POINTS, 3)) * (1.0, 1.0, DEPTH)
    weights[:17] *= OUTLINE
    rows = [(moved * weights).reshape(*moved.shape[:-2], -1)]
    for (a, b), weight in OPENINGS:
        along = template[b, :2] - template[a, :2]
        along = along / np.linalg.norm(along)
        rows.append(weight * ((moved[..., b, :2] - moved[..., a, :2]) @ along)[..., None])
    return np.concatenate(rows, axis=-1) * 100.0


class PointFit:
    """The least squares, prepared for one mean face.

    Args:
        template: Mean face [68, 3].
        moves: As from `shape_moves` [K, 68, 3].
    """

    def __init__(self, template: Array, moves: Array) -> None:
        self.template, self.moves = template, moves
        self._rows = _weighted(moves, template)
        self._gram = self._rows @ self._rows.T + RIDGE * np.eye(len(moves))
        self._step = 1.0 / (float(np.linalg.eigvalsh(self._gram)[-1]) + 4.0 * SMOOTH)

    def __call__(self, moved: Array) -> Array:
        """Weights 0..1 of the shapes for a clip: [T, 68, 3] -> [T, K]. FISTA (Beck & Teboulle 2009)."""
        wanted = _weighted(moved, self.template) @ self._rows.T - SPARSE
        x = np.zeros((len(moved), len(self.moves)))
        ahead, pace = x, 1.0
        for _ in range(ITERATIONS):
            between = np.diff(ahead, axis=0)
            rough = np.zeros_like(ahead)
            rough[:-1] -= between
            rough[1:] += between
            new = np.clip(ahead - self._step * (ahead @ self._gram - wanted + SMOOTH * rough), 0.0, 1.0)
            faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
            ahead, x, pace = new + (pace - 1) / faster * (new - x), new, faster
        return x

    def points(self, weights: Array) -> Array:
        """What weights [T, K] do to the points: [T, 68, 3]."""
        return np.tensordot(weights, self.moves, 1)


def blinks(eye: Array, fps: float) -> NDArray[np.bool_]:
    """Frames of a blink [T]: the lids close for a moment and open again."""
    opening = eye.mean(axis=1)
    reach = max(1, round(BLINK_S * fps))
    usual = np.array([np.median(opening[max(0, t - 2 * reach) : t + 2 * reach + 1]) for t in range(len(opening))])
    low = opening < (1 - BLINK_DROP) * usual
    found = np.zeros(len(opening), dtype=bool)
    start = None
    for t, here in enumerate([*low, False]):
        if here and start is None:
            start = t
        elif not here and start is not None:
            if t - start <= reach:
                found[max(0, start - 1) : t + 1] = True
            start = None
    return found


def fitted_curves(clip: Clip, fit: PointFit) -> Array:
    """A clip as curves [T', 61] at 25 frames a second: shapes without blinks, and the head's turn."""
    weights = fit(clip.moved)
    shut = blinks(clip.eye, clip.fps)
    if shut.any() and not shut.all():
        lids = [FITTED.index(f"{name}{side}") for name in ("eyeBlink", "eyeSquint", "eyeWide", "cheekSquint")
                for side in ("Left", "Right")]  # fmt: skip
        seen = np.flatnonzero(~shut)
        for k in lids:
            weights[:, k] = np.interp(np.arange(len(weights)), seen, weights[seen, k])
    curves = np.zeros((len(weights), len(FACE_CHANNELS)))
    curves[:, COLUMNS] = weights
    curves[:, [INDEX["headYaw"], INDEX["headPitch"], INDEX["headRoll"]]] = clip.pose
    return resampled(curves, clip.fps)


def resampled(curves: Array, fps: float) -> Array:
    """Curves at any rate -> at 25 frames a second, by cubic splines; shapes stay in 0..1."""
    if len(curves) < 2:
        return curves
    at = np.arange(0.0, (len(curves) - 1) / fps + 1e-9, 1.0 / FPS)
    out = np.asarray(CubicSpline(np.arange(len(curves)) / fps, curves)(at))
    shapes = slice(0, INDEX["headYaw"])
    out[:, shapes] = np.clip(out[:, shapes], 0.0, 1.0)
    return out
