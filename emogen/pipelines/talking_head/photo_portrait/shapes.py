"""How far each point of a face moves per ARKit shape, for the face in the photo.

The table (`shapes.safetensors`, learnt by `training/photo_shapes.py` from ICT-FaceKit, MIT) holds 3-D displacements of
468 points in distances between the outer eye corners. It is laid on a face by a similarity of the rigid points, so
that a turned head moves along its own axes. What has to fit the person exactly (lids that close, lips that meet) is
then taken from the person's own landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from emogen.codecs.face import FACE_CHANNELS, INDEX, SHAPES, both, mouth_opening
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm

RIGID = (33, 133, 362, 263, 168, 6, 197, 127, 356, 234, 454, 151, 9, 2, 98, 327)
#: How much larger or smaller than on the measured head a shape is drawn, so that it reads in a small flat picture and
#: thin lips stay lips. Own, by eye on photos.
GAINS = {
    "mouthSmile": 1.35, "mouthFrown": 2.0, "browInnerUp": 1.65, "browOuterUp": 0.85, "noseSneer": 1.0,
    "mouthRollLower": 0.35, "mouthRollUpper": 0.4, "mouthUpperUp": 0.8, "mouthLowerDown": 1.3,
    "cheekPuff": 0.6, "mouthPress": 1.3, "mouthShrugLower": 0.7, "mouthShrugUpper": 0.8, "jawOpen": 1.0, "mouthPucker": 0.9,
}  # fmt: skip
#: A frown's pull on the inner brow: inwards, down, and how far around it reaches, in eye-corner distances (own, by eye).
KNIT = (0.035, 0.065, 0.10)
BEHIND_GLASSES = {"browDown": 0.45, "browInnerUp": 0.45, "browOuterUp": 0.35, "noseSneer": 0.7, "cheekSquint": 0.6}
#: Shapes that part the lips; the upper lip hangs after the jaw on the measured head by more than a flat picture bears.
PARTING = ("jawOpen", "mouthClose", "mouthLowerDown", "mouthUpperUp", "mouthFunnel")
#: Of these, those whose way is set by `mouth_opening`.
WEIGHED = ("mouthLowerDown", "mouthUpperUp", "mouthFunnel")
UPPER_HANGS = 0.35
#: An eye closes at 1: the upper lid comes down this share of the opening, the lower one rises by the rest (own).
LID_SHARE = 0.9
#: Share of the opening by which wide eyes and a squint move the upper and the lower lid (own, by eye).
WIDE, SQUINT = (0.36, 0.08), (0.10, 0.30)
#: Wide eyes show white above the iris, whatever lids somebody is born with: its height in radii of the iris, and the
#: most that a lid is raised, in eye-corner distances (own, by eye).
WHITE_ABOVE, HIGHEST_LID = 0.5, 0.075
#: A stretched mouth goes sideways (risorius): shares of the measured head's way across, down and into the face. There
#: it also drops, so far that in a flat picture it looks sad (own, by eye).
STRETCH = (1.25, 0.35, 1.25)
#: A frown lowers the whole brow, more than the measured head shows; the same shares (own, by eye).
LOWERED = (1.6, 2.3, 1.75)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    held = load_file(str(Path(__file__).with_name("shapes.safetensors")))
    return held["shapes"].astype(np.float64), held["points"].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Frame:
    """How a face stands in its picture.

    Attributes:
        scale: Pixels between the outer eye corners.
        rotation: [3, 3], of the frontal mean face.
    """

    scale: float
    rotation: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Along the face to the picture's right, [2], unit length seen from the front."""
        return self.rotation[:2, 0]

    @property
    def down(self) -> np.ndarray:
        """Down the face, [2]."""
        return self.rotation[:2, 1]

    @property
    def yaw(self) -> float:
        """The head's turn, radians."""
        return float(np.arctan2(-self.rotation[2, 0], np.hypot(self.rotation[0, 0], self.rotation[1, 0])))


def frame_of(points: np.ndarray) -> Frame:
    """The frame of a face, `points` [478, 3] in pixels."""
    _, mean = _table()
    rigid = list(RIGID)
    source, target = mean[rigid], points[rigid]
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ flip @ vt
    scale = float((s * np.diag(flip)).sum() / (a**2).sum())
    return Frame(scale, rotation)


def basis(points: np.ndarray, frame: Frame, *, glasses: bool = False) -> np.ndarray:
    """Displacements [61, 468, 2] in pixels at strength 1 for a neutral face `points` [478, 3].

    Behind `glasses` brows and lids move less, so that the frame is not bent.
    """
    table = _table()[0].copy()
    table[both("mouthStretch")] *= STRETCH
    table[both("browDown")] *= LOWERED
    out = np.zeros((len(FACE_CHANNELS), 468, 2))
    out[:SHAPES] = (table * frame.scale) @ frame.rotation.T[:, :2]
    for name, gain in GAINS.items():
        out[[INDEX[name]] if name in INDEX else both(name)] *= gain
    for side, brow, sign in (("Left", (285, 336), 1.0), ("Right", (55, 107), -1.0)):
        _knit(out[INDEX[f"browDown{side}"]], points[:468, :2], brow, sign, frame)
    if glasses:
        for name, share in BEHIND_GLASSES.items():
            out[[INDEX[name]] if name in INDEX else both(name)] *= share
    _lips(out)
    for side, upper, lower, iris in (
        ("Left", lm.LEFT_LID_UPPER, lm.LEFT_LID_LOWER, lm.LEFT_IRIS),
        ("Right", lm.RIGHT_LID_UPPER, lm.RIGHT_LID_LOWER, lm.RIGHT_IRIS),
    ):
        hidden = _hidden(points[:, :2], list(upper), list(iris), frame)
        _lids(out, points[:468, :2], side, list(upper), list(lower), hidden)
    return out


def _lips(out: np.ndarray) -> None:
    """Lips whose edges stay together unless a shape parts them, and then part in an arc that ends at the corners.

    In the middle they part as `mouth_opening` says, in shares of what the jaw does.
    """
    upper, lower = list(lm.INNER_UPPER), list(lm.INNER_LOWER)
    arc = np.sin(np.pi * np.linspace(0, 1, len(upper)))[:, None]
    out[INDEX["jawOpen"], upper[1:-1]] *= UPPER_HANGS
    for name in FACE_CHANNELS[:SHAPES]:
        move = out[INDEX[name]]
        for line in (lm.OUTER_UPPER, lm.OUTER_LOWER):
            move[list(line)] = _even(move[list(line)])
        middle = _even((move[upper] + move[lower]) / 2)
        gap = _even(move[lower] - move[upper])
        if not name.startswith(PARTING):
            gap = np.zeros_like(gap)
        elif name in ("jawOpen", "mouthFunnel"):
            gap = gap[4:7].mean(0) * arc**0.8
        else:
            gap = gap * np.clip(1.5 * arc, 0, 1)
        move[upper], move[lower] = middle - gap / 2, middle + gap / 2
    jaw, close = out[INDEX["jawOpen"]], out[INDEX["mouthClose"]]
    apart = jaw[lower] - jaw[upper]
    middle_of = len(upper) // 2
    for name in (n for n in FACE_CHANNELS if n.startswith(WEIGHED)):
        move, share = out[INDEX[name]], float(mouth_opening(np.eye(len(FACE_CHANNELS))[INDEX[name]]))
        gap = move[lower] - move[upper]
        wanted = share * np.linalg.norm(apart[middle_of]) / max(float(np.linalg.norm(gap[middle_of])), 1e-6)
        move[upper] += (1 - wanted) * gap / 2
        move[lower] -= (1 - wanted) * gap / 2
    # `mouthClose` takes back exactly what the jaw opened, between the two lips.
    close[upper], close[lower] = 0.25 * apart, -0.75 * apart


def _knit(move: np.ndarray, flat: np.ndarray, brow: tuple[int, int], sign: float, frame: Frame) -> None:
    """A frown draws the inner end of the brow down and inwards (corrugator), more than the measured head shows."""
    away = np.min([((flat - flat[p]) ** 2).sum(1) for p in brow], axis=0) / frame.scale**2
    near = np.exp(-away / (2 * KNIT[2] ** 2))[:, None]
    move += near * (-sign * KNIT[0] * frame.right + KNIT[1] * frame.down) * frame.scale


def _even(line: np.ndarray) -> np.ndarray:
    """Displacements along a lip [11, 2] without kinks; its corners keep theirs."""
    line = line.copy()
    for _ in range(2):
        line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
    return line


def _hidden(flat: np.ndarray, upper: list[int], iris: list[int], frame: Frame) -> float:
    """How far an upper lid is, in pixels, below where it shows white above the iris."""
    centre = flat[iris[0]]
    radius = float(np.linalg.norm(flat[iris[1:]] - centre, axis=1).mean())
    lid = float((flat[upper[len(upper) // 2]] - centre) @ frame.down)
    return min(lid + (1 + WHITE_ABOVE) * radius, HIGHEST_LID * frame.scale)


def _lids(out: np.ndarray, flat: np.ndarray, side: str, upper: list[int], lower: list[int], hidden: float) -> None:
    blink, wide, squint = (out[INDEX[f"{n}{side}"]] for n in ("eyeBlink", "eyeWide", "eyeSquint"))
    gap = flat[lower] - flat[upper]
    blink[upper], blink[lower] = LID_SHARE * gap, -(1 - LID_SHARE) * gap
    high = gap[len(gap) // 2] * np.sin(np.linspace(0, np.pi, len(gap)))[:, None]
    # At most twice as open, so that closed eyes do not tear.
    raised = np.clip(hidden / max(float(np.linalg.norm(gap[len(gap) // 2])), 1.0), WIDE[0], 1.0)
    wide[upper], wide[lower] = -raised * high, WIDE[1] * high
    # Lashes lie right above the edge: what is there moves with the lid, not with the brow above it.
    above = lm.LEFT_LID_ABOVE if side == "Left" else lm.RIGHT_LID_ABOVE
    nearest = [upper[int(np.argmin(((flat[upper] - flat[p]) ** 2).sum(1)))] for p in above]
    wide[list(above)] = 0.9 * wide[nearest]
    for name in ("browInnerUp", f"browOuterUp{side}", f"browDown{side}"):
        out[INDEX[name], [*upper, *lower]] *= 0.4
        out[INDEX[name], list(above)] = 0.8 * out[INDEX[name], nearest] + 0.15 * out[INDEX[name], list(above)]
    squint[upper] = 0.5 * squint[upper] + SQUINT[0] * high
    squint[lower] = 0.5 * squint[lower] - SQUINT[1] * high
