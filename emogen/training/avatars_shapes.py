"""The 52 ARKit shapes of a head: how skin moves is learnt from ICT-FaceKit's expressions, lids and seals are our own.

ICT-FaceKit (MIT; pack face/ict_facekit) gives displacement fields only: its neutral surface is warped onto ours by
thin-plate splines through 68 landmarks and anchors, and each of our points takes the displacement of its neighbours
there. Lids slide on their eyeballs, lips that a shape does not part stay sealed, and `mouthClose` undoes `jawOpen`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.sparse import coo_matrix
from scipy.spatial import cKDTree

from emogen.media.arkit import ARKIT_NAMES
from emogen.training.avatars_folds import sink
from emogen.training.avatars_head import MOUTH_RINGS, Skin, mouth_y
from emogen.training.avatars_sculpt import ORIGIN, cast, eye_centre, eye_radius

#: The pack's eyes stand this much higher (its units are about centimetres, too).
RAISED = 3.5
#: ARKit shape -> the pack's shapes; sides are added. Own choice where ARKit has one shape and the pack two.
SOURCES: dict[str, tuple[tuple[str, float], ...]] = {
    "browInnerUp": (("browInnerUp_L", 1.0), ("browInnerUp_R", 1.0)),
    "cheekPuff": (("cheekPuff_L", 1.0), ("cheekPuff_R", 1.0)),
    "cheekSquintLeft": (("cheekSquint_L", 0.6), ("cheekRaiser_L", 0.6)),
    "cheekSquintRight": (("cheekSquint_R", 0.6), ("cheekRaiser_R", 0.6)),
}
#: Stronger or weaker than measured, so that it reads on a stylised face; own choice by eye.
GAIN = {"browDown": 1.5, "browInnerUp": 1.35, "browOuterUp": 1.3, "noseSneer": 1.0, "mouthFrown": 2.2, "mouthPress": 1.1,
        "mouthStretch": 1.7, "mouthSmile": 1.2, "mouthUpperUp": 0.95, "mouthLowerDown": 0.65, "jawOpen": 1.35}  # fmt: skip
#: Shapes that part the lips.
#: Share of a raised upper lip that its corners leave out, and how far they fall (cm).
CORNER_STAYS, CORNER_FALLS = 0.85, 0.10
PARTING = ("jawOpen", "mouthFunnel", "mouthLowerDown", "mouthUpperUp", "mouthClose")
JAW = ("jawOpen", "jawForward", "jawLeft", "jawRight")
HINGE = np.array([0.0, -2.6, 0.5])
#: How far along the lids move (share of the opening): upper down, lower up.
LIDS = {"eyeBlink": (0.8, 0.2), "eyeSquint": (0.17, 0.30), "eyeWide": (-0.26, -0.10), "eyeLookDown": (0.34, -0.16),
        "eyeLookUp": (-0.20, 0.07)}  # fmt: skip


@dataclass(frozen=True)
class Pack:
    """ICT-FaceKit's face: neutral [n, 3], landmarks [68], displacements by ARKit name [n, 3]."""

    neutral: np.ndarray
    landmarks: np.ndarray
    moves: dict[str, np.ndarray]


def read_pack(folder: Path) -> Pack:
    """Reads face/ict_facekit."""
    found = np.load(folder / "expressions.npz", allow_pickle=True)
    names = [str(n) for n in found["names"]]
    count = 9409  # the face; behind it lie the neck, teeth and eyes
    deltas = found["deltas"][:, :count].astype(np.float64) * float(found["scale"])
    moves = {}
    for name in ARKIT_NAMES:
        plain = name.replace("Left", "_L").replace("Right", "_R") if name not in names else name
        parts = SOURCES.get(name, ((plain, 1.0),))
        if parts[0][0] in names:
            moves[name] = sum(deltas[names.index(n)] * w for n, w in parts)
    index = json.loads((folder / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    return Pack(found["neutral"][:count].astype(np.float64) - [0, RAISED, 0], np.array(index), moves)


def skin_onto(skin: Skin, plane: np.ndarray) -> np.ndarray:
    """The skin before places (x, y), by its nearest front points: [n, 2] -> [n, 3]."""
    ray = np.column_stack([plane[:, 0], plane[:, 1] - ORIGIN[1], np.full(len(plane), 9.5)])
    for _ in range(6):
        hit = cast(ray / np.linalg.norm(ray, axis=1, keepdims=True), skin.form)
        ray[:, :2] += plane - hit[:, :2]
    return hit


def landmarks(skin: Skin, pack: Pack) -> np.ndarray:
    """The 68 landmarks on our skin, in the pack's order: [68, 3]."""
    out = np.zeros((68, 3))
    theirs = pack.neutral[pack.landmarks]
    d = theirs[:17] - ORIGIN
    out[:17] = cast(d / np.linalg.norm(d, axis=1, keepdims=True), skin.form)
    f, e = skin.form, eye_centre(skin.form)
    t = np.linspace(0.04, 0.96, 5)
    x = e[0] + f.eye * (-2.15 + 4.55 * t)
    y = 2.28 * f.eye + 0.55 * np.sin(np.pi * (0.15 + 0.75 * t)) - 0.60 * t**3
    left = skin_onto(skin, np.column_stack([x, y]))
    out[22:27], out[17:22] = left, left[::-1] * [-1, 1, 1]
    n, w = f.nose, f.nose * f.nose_width
    nose = [
        (0, 0.3),
        (0, -0.9 * n),
        (0, -2.0 * n),
        (0, -3.25 * n),
        (-1.3 * w, -4.2 * n),
        (-0.65 * w, -4.4 * n),
        (0, -4.5 * n),
        (0.65 * w, -4.4 * n),
        (1.3 * w, -4.2 * n),
    ]
    out[27:36] = skin_onto(skin, np.array(nose, float))
    columns = skin.eyes[0].shape[1]
    at = [round(columns * a / 360) % columns for a in (180, 120, 60, 0, 300, 240)]  # from the inner corner
    left_eye = skin.points[skin.eyes[0][1][at]]
    out[[42, 43, 44, 45, 46, 47]] = left_eye
    out[[39, 38, 37, 36, 41, 40]] = left_eye * [-1, 1, 1]
    ring = skin.points[skin.mouth[-len(MOUTH_RINGS) + 5]]
    inner = skin.points[skin.mouth[-len(MOUTH_RINGS)]]
    m = len(ring)
    for first, ids, src in (
        (48, np.linspace(0, m, 12, endpoint=False), ring),
        (60, np.linspace(0, m, 8, endpoint=False), inner),
    ):
        for k, i in enumerate(np.round(ids).astype(int)):
            out[first + k] = src[i % m]
    # Columns crowd at the corners: take the lips' places by their share of the width instead.
    for first, src, shares in ((48, ring, (-1, -0.67, -0.29, 0, 0.29, 0.67, 1)), (60, inner, (-1, -0.45, 0, 0.45, 1))):
        top, low = src[: m // 2 + 1], np.concatenate([src[m // 2 :], src[:1]])[::-1]
        half = np.abs(src[:, 0]).max()
        for k, s in enumerate(shares):
            out[first + k] = [np.interp(s * half, top[:, 0], top[:, c]) for c in range(3)]
        for k, s in enumerate(shares[-2:0:-1]):
            out[first + len(shares) + k] = [np.interp(s * half, low[:, 0], low[:, c]) for c in range(3)]
    return out


def _anchors(pack: Pack, count: int = 70) -> np.ndarray:
    """Indices of face points far from every landmark and from each other."""
    chosen = list(pack.landmarks)
    far = cKDTree(pack.neutral[chosen]).query(pack.neutral)[0]
    out = []
    for _ in range(count):
        i = int(far.argmax())
        out.append(i)
        far = np.minimum(far, np.linalg.norm(pack.neutral - pack.neutral[i], axis=1))
    return np.array(out)


def neighbours(skin: Skin) -> coo_matrix:
    """Mean over a point and its neighbours, [V, V]."""
    f = skin.faces
    i = np.concatenate([f[:, [0, 1, 2]].ravel(), f[:, [1, 2, 0]].ravel(), np.arange(len(skin.points))])
    j = np.concatenate([f[:, [1, 2, 0]].ravel(), f[:, [0, 1, 2]].ravel(), np.arange(len(skin.points))])
    m = coo_matrix((np.ones(len(i)), (i, j)), shape=(len(skin.points),) * 2).tocsr()
    m.data[:] = 1.0
    return coo_matrix(m.multiply(1 / m.sum(axis=1))).tocsr()


def shapes(skin: Skin, pack: Pack) -> dict[str, np.ndarray]:
    """ARKit name -> displacement of the skin [V, 3]; shapes that only turn eyes or tongue hold what the skin does."""
    source = np.concatenate([pack.landmarks, _anchors(pack)])
    theirs = pack.neutral[source]
    ours = np.concatenate([landmarks(skin, pack), np.zeros((len(source) - 68, 3))])
    d = theirs[68:] - ORIGIN
    ours[68:] = cast(d / np.linalg.norm(d, axis=1, keepdims=True), skin.form)
    warp = RBFInterpolator(theirs, ours, kernel="thin_plate_spline", smoothing=0.05)
    placed = warp(pack.neutral)
    lower_there = (
        np.linalg.norm(pack.moves["jawOpen"], axis=1) > 0.42 * np.linalg.norm(pack.moves["jawOpen"], axis=1).max()
    )
    front = skin.depth == 0
    weights = []
    near_mouth = np.abs(skin.upper) > 0.02
    for here, there in (
        (front & ~near_mouth, np.ones(len(placed), bool)),
        (front & near_mouth & (skin.upper > 0), ~lower_there),
        (front & near_mouth & (skin.upper < 0), lower_there),
    ):
        ids, pool = np.flatnonzero(here), np.flatnonzero(there)
        distance, which = cKDTree(placed[pool]).query(skin.points[ids], k=7)
        w = 1 / (distance**2 + 0.02)
        fade = np.clip(1.6 - 0.5 * distance[:, :1], 0, 1)
        weights.append((ids, pool[which], w / w.sum(1, keepdims=True) * fade))
    mean = neighbours(skin)
    out = {}
    for name in ARKIT_NAMES:
        moved = np.zeros_like(skin.points)
        if name in pack.moves and not name.startswith("eye"):
            shift = warp(pack.neutral + pack.moves[name]) - placed
            for ids, which, w in weights:
                moved[ids] = (shift[which] * w[..., None]).sum(1)
            moved *= next((g for n, g in GAIN.items() if name.startswith(n)), 1.0)
            moved = _soft(skin, mean, moved) * _off_lids(skin)[:, None]
        out[name] = moved
    for name in ARKIT_NAMES:
        if name.startswith(("noseSneer", "mouthUpperUp", "mouthLowerDown")):
            _stiffen(skin, out[name], np.zeros_like(skin.points))
        if name.startswith(("noseSneer", "mouthUpperUp")):
            _corners_stay(skin, out[name])
        if name.startswith("eye"):
            out[name] = _lids(skin, name)
        elif name != "mouthClose" and not name.startswith(PARTING):
            _seal(skin, out[name], out[name], 1.0 if name.startswith("noseSneer") else 0.5)
        _follow_inside(skin, out[name])
    for side, name in ((1, "mouthPressLeft"), (-1, "mouthPressRight")):
        _level(skin, out[name], side)
    _stiffen(skin, out["mouthClose"], out["jawOpen"])
    _seal(skin, out["mouthClose"], out["jawOpen"] + out["mouthClose"], 0.35)
    _follow_inside(skin, out["mouthClose"])
    _brows(skin, out)
    free = _off_lids(skin) * (skin.depth == 0) * (1 - skin.lip)
    free[skin.mouth[-len(MOUTH_RINGS) : -1].ravel()] = 0
    sink(skin.form, mouth_y(skin.form), skin.points, skin.plane, free, out)
    _sockets(skin, out)
    return out


def _soft(skin: Skin, mean: coo_matrix, moved: np.ndarray) -> np.ndarray:
    keep = skin.mouth[-len(MOUTH_RINGS) : -len(MOUTH_RINGS) + 3].ravel()
    for _ in range(5):
        new = mean @ moved
        new[keep] = moved[keep]
        moved = new
    return moved


def _off_lids(skin: Skin) -> np.ndarray:
    """How much of a field that does not know our lids is kept: little at their margins."""
    keep = np.ones(len(skin.points))
    for rings in skin.eyes:
        for k, ring in enumerate(rings):
            keep[ring] = np.clip(0.10 + 0.90 * ((k - 1) / 6.0) ** 1.0, 0.10, 1)
    return keep


def _seal(skin: Skin, change: np.ndarray, pose: np.ndarray, upper: float = 0.5) -> None:
    """Changes a field, in place, so that the lips meet in `pose`; the upper lip goes `upper` of the way."""
    n = skin.mouth.shape[1]
    first = skin.mouth.shape[0] - len(MOUTH_RINGS)
    inner = skin.mouth[first]
    twin = (n - np.arange(n)) % n
    share = np.where(np.arange(n) <= n // 2, upper, 1 - upper)
    share[[0, n // 2]] = 0.0
    gap = (pose[inner[twin]] - pose[inner]) * share[:, None]
    for k, s in enumerate(MOUTH_RINGS):
        change[skin.mouth[first + k]] += gap * np.clip((2.6 - s) / 1.54, 0, 1)


def _corners_stay(skin: Skin, moved: np.ndarray) -> None:
    """A raised upper lip squares the mouth; with its corners it would smile. In place; sizes are our own, by eye."""
    corner = np.array([2.12 * skin.form.mouth, mouth_y(skin.form)])
    away = np.hypot(np.abs(skin.points[:, 0]) - corner[0], skin.points[:, 1] - corner[1])
    moved *= (1 - CORNER_STAYS * np.exp(-((away / 1.1) ** 2)))[:, None]
    moved[:, 1] -= CORNER_FALLS * np.exp(-((away / 0.8) ** 2)) * (skin.points[:, 2] > 3)


def _level(skin: Skin, moved: np.ndarray, side: int) -> None:
    """Keeps a corner of the mouth at its height, in place: pressed lips do not smile."""
    first = skin.mouth.shape[0] - len(MOUTH_RINGS)
    corner = skin.mouth[first][skin.mouth.shape[1] // 2 if side > 0 else 0]
    away = np.linalg.norm(skin.points - skin.points[corner], axis=1)
    moved[:, 1] -= moved[corner, 1] * np.exp(-((away / 2.0) ** 2))
    _seal(skin, moved, moved)
    _follow_inside(skin, moved)


def _stiffen(skin: Skin, change: np.ndarray, other: np.ndarray) -> None:
    """Changes a field, in place, so that with the `other` the red of the lips keeps its thickness."""
    first = skin.mouth.shape[0] - len(MOUTH_RINGS)
    line = skin.mouth[first]
    shared = change[line] + other[line]
    for k, s in enumerate(MOUTH_RINGS):
        ring = skin.mouth[first + k]
        own = np.clip((s - 0.4) / 2.2, 0, 1)
        change[ring] = (change[ring] + other[ring]) * own + shared * (1 - own) - other[ring]


def _follow_inside(skin: Skin, moved: np.ndarray) -> None:
    """What lies inside the lips moves with them."""
    first = skin.mouth.shape[0] - len(MOUTH_RINGS)
    for k in range(first):
        moved[skin.mouth[k]] = moved[skin.mouth[first]] * (0.55, 0.8, 0.95, 1.0)[k + 4 - first]


def _lids(skin: Skin, name: str) -> np.ndarray:
    moved = np.zeros_like(skin.points)
    side = 0 if name.endswith("Left") else 1
    kind = name.removesuffix("Left").removesuffix("Right")
    if kind not in LIDS:
        return moved
    rings = skin.eyes[side]
    n = rings.shape[1]
    margin = skin.points[rings[1]]
    other = margin[(n - np.arange(n)) % n]
    upper = np.arange(n) < n // 2
    down, up = LIDS[kind]
    shift = (other - margin) * np.where(upper, down, up)[:, None]
    centre = eye_centre(skin.form) * [1 - 2 * side, 1, 1]
    reach = (1.0, 1.0, 0.94, 0.82, 0.64, 0.42, 0.22, 0.08, 0.0)
    r = eye_radius(skin.form)
    for k, ring in enumerate(rings):
        start = skin.points[ring]
        at = start + shift * np.where(upper, reach[k], reach[k] ** 1.3)[:, None]
        d = at - centre
        length = np.linalg.norm(d, axis=1)
        least = np.minimum(np.linalg.norm(start - centre, axis=1), r + 0.16 + 0.04 * k) if k else np.full(n, r - 0.02)
        at = centre + d * (np.maximum(length, least) / length)[:, None]
        moved[ring] = at - start
    if kind == "eyeBlink":
        # Both margins end on one line.
        line = (
            skin.points[rings[1]] + moved[rings[1]] + (skin.points[rings[1]] + moved[rings[1]])[(n - np.arange(n)) % n]
        ) / 2
        moved[rings[1]] = line - skin.points[rings[1]]
    return moved


def _brows(skin: Skin, out: dict[str, np.ndarray]) -> None:
    """Brows draw together and slant more than the pack's: what makes anger and grief read; in place, own choice."""
    form, p = skin.form, skin.points
    height = 2.5 * form.eye
    for side, s in ((1, "Left"), (-1, "Right")):
        x = p[:, 0] * side
        band = np.exp(-(((p[:, 1] - height) / 1.3) ** 2)) * (p[:, 2] > 3)
        inner, outer = (np.exp(-(((x - c) / w) ** 2)) * band for c, w in ((1.5, 1.3), (4.6, 1.5)))
        fade = _off_lids(skin)
        knit, lift = (inner * fade)[:, None], (outer * fade)[:, None]
        out[f"browDown{s}"] += knit * [-0.42 * side, -1.00, 0.20] + lift * [0, -0.30, 0]
        out[f"browOuterUp{s}"] += knit * [0.12 * side, 0.12, 0] + lift * [0, 0.70, 0]
        out["browInnerUp"] += knit * [-0.16 * side, 0.45, 0.06] + lift * [0, -0.18, 0]


def _sockets(skin: Skin, out: dict[str, np.ndarray]) -> None:
    """Brows pressed down and cheeks raised take the lids along a little; in place."""
    for s in ("Left", "Right"):
        out[f"browDown{s}"] += 0.22 * out[f"eyeSquint{s}"] + 0.12 * out[f"eyeBlink{s}"]
        out[f"cheekSquint{s}"] += 0.22 * out[f"eyeSquint{s}"]


def jaw_turn(skin: Skin, moves: dict[str, np.ndarray], points: np.ndarray) -> dict[str, np.ndarray]:
    """How parts fixed to the lower jaw move: ARKit name -> [n, 3] (turn about the hinge; shifts for the rest)."""
    chin = np.argmin(np.linalg.norm(skin.points - [0, mouth_y(skin.form) - 2.6, 9.6], axis=1))
    out = {}
    for name in JAW:
        d = moves[name][chin]
        if name == "jawOpen":
            arm = skin.points[chin] - HINGE
            angle = np.linalg.norm(d) / np.linalg.norm(arm)
            c, s = np.cos(angle), np.sin(angle)
            rel = points - HINGE
            turned = np.column_stack([rel[:, 0], c * rel[:, 1] - s * rel[:, 2], s * rel[:, 1] + c * rel[:, 2]])
            out[name] = turned - rel
        else:
            out[name] = np.tile(d, (len(points), 1))
    return out
