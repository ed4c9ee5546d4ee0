"""The skin of a head as a mesh: rings around eyes and mouth, an even net elsewhere, cast onto the form.

Half a face is laid out in the plane (rings of confocal ellipses around the mouth, of almonds around the eye, hexagons
between), triangulated, mirrored and lifted by `avatars_sculpt.cast`. Lips meet exactly; rims of lids and lips turn
inwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import Delaunay, cKDTree

from emogen.training.avatars_folds import lines
from emogen.training.avatars_sculpt import ORIGIN, PLANE_Z, Form, cast, eye_centre, eye_radius

#: Columns of half a mouth (lower corner-to-middle and upper), and around an eye.
MOUTH_COLUMNS, EYE_COLUMNS = 27, 44
#: Rings around the mouth in units of the lip's border: 0 where lips meet, 1 the border.
MOUTH_RINGS = (0.0, 0.16, 0.36, 0.56, 0.76, 0.93, 1.06, 1.25, 1.55, 1.95, 2.4)
#: Rings around the eye: 1 is the margin of the lids.
EYE_RINGS = (1.0, 1.05, 1.13, 1.23, 1.34, 1.47, 1.63, 1.82)
#: Between them: distance of the net's points in the chart (rad about the origin), and how near to a fold it is halved.
NET_STEP, NET_FINE = 0.047, 0.045
MOUTH_Y, LIP_UP, LIP_LOW = -6.7, 0.60, 0.76


@dataclass
class Skin:
    """A head's skin.

    Attributes:
        form: What it was cast from.
        points: float [V, 3].
        faces: int [F, 3], outward.
        plane: Layout of each point in the feature plane, float [V, 2] (mirrored points too).
        lip: [V] 0 skin .. 1 red of the lips.
        upper: [V] +1 upper lip and above .. -1 lower, of the mouth's rings only; 0 elsewhere.
        mouth: Rings of the mouth, indices [ring, column] over the whole mouth (upper: 0..n, then lower), ring 0 inside.
        eyes: Rings of the left and right eye [ring, column], ring 0 the margin.
        depth: [V] 0 outside .. 1 deep inside the mouth.
    """

    form: Form
    points: np.ndarray
    faces: np.ndarray
    plane: np.ndarray
    lip: np.ndarray
    upper: np.ndarray
    mouth: np.ndarray
    eyes: tuple[np.ndarray, np.ndarray]
    depth: np.ndarray


def mouth_y(form: Form) -> float:
    """Height of the line where the lips meet."""
    return MOUTH_Y * form.length


def lid_line(form: Form, angle: np.ndarray) -> np.ndarray:
    """The margin of the left eye's lids about the eye's middle: [n] -> [n, 2]; angle 0 at the outer corner."""
    c, s = np.cos(angle), np.sin(angle)
    x = 1.72 * c
    up, low = 0.94 - 0.11 * form.lid_fold, 0.72
    y = np.where(s > 0, up * np.abs(s) ** 0.85, -low * np.abs(s) ** 0.95)
    y = y * (1 + np.where(s > 0, -0.10, 0.10) * c) + form.eye_tilt * c * 0.9
    return np.column_stack([x, y]) * form.eye


def _to_chart(plane: np.ndarray) -> np.ndarray:
    d = np.column_stack([plane[:, 0], plane[:, 1] - ORIGIN[1]]) / PLANE_Z
    r = np.maximum(np.linalg.norm(d, axis=1, keepdims=True), 1e-9)
    return d / r * np.arctan(r)


def _to_plane(chart: np.ndarray) -> np.ndarray:
    r = np.maximum(np.linalg.norm(chart, axis=1, keepdims=True), 1e-9)
    return chart / r * np.tan(np.minimum(r, 1.5)) * PLANE_Z + [0, ORIGIN[1]]


def _directions(chart: np.ndarray) -> np.ndarray:
    r = np.maximum(np.linalg.norm(chart, axis=1, keepdims=True), 1e-9)
    return np.column_stack([chart / r * np.sin(r), np.cos(r)])


def _mouth_plane(form: Form) -> tuple[np.ndarray, np.ndarray]:
    """Rings of half a mouth in the plane [ring, column, 2] and the columns' angle, -90 (lower) .. 90 (upper) degrees."""
    nu = np.linspace(-np.pi / 2, np.pi / 2, MOUTH_COLUMNS)
    c = 2.12 * form.mouth
    rings = []
    for s in MOUTH_RINGS:
        height = np.where(nu > 0, LIP_UP, LIP_LOW) * form.lips
        tall = max(s, 0.03) * height
        mu = np.arcsinh(tall / c)
        x, y = c * np.cosh(mu) * np.cos(nu), tall * np.sin(nu)
        bow = np.exp(-((x / 0.42) ** 2)) * 0.10 - 0.06 * np.exp(-(((x - 0.62) / 0.4) ** 2))
        y = y - np.where(nu > 0, bow * np.clip(s, 0, 1) ** 1.5 * np.clip(2.2 - s, 0, 1), 0)
        # Corners lie a little below the middle: a mouth at rest does not smile.
        line = 0.05 * np.exp(-((x / 0.6) ** 2)) - 0.05 * np.exp(-(((x - 1.1) / 0.5) ** 2)) + 0.40 * (x / c) ** 4
        rings.append(np.column_stack([x, mouth_y(form) + y - line * np.clip(1.6 - s, 0, 1) * 0.9 + 0.05]))
    return np.stack(rings), nu


def _eye_plane(form: Form) -> np.ndarray:
    """Rings of the left eye in the plane: [ring, column, 2]."""
    a = np.arange(EYE_COLUMNS) / EYE_COLUMNS * 2 * np.pi
    line = lid_line(form, a)
    eye = eye_centre(form)
    round_ = np.column_stack([1.85 * np.cos(a), 1.45 * np.sin(a)]) * form.eye
    rings = []
    for s in EYE_RINGS:
        mix = np.clip((s - 1) / 0.7, 0, 1)
        wide = np.where(np.cos(a) < 0, 1 + 0.38 * (s - 1), s)
        rings.append((line * (1 - mix) + round_ * mix) * np.column_stack([wide, np.full(len(a), s)]) + eye[:2])
    return np.stack(rings)


def _net(taken: np.ndarray, radius: np.ndarray, finer: np.ndarray) -> np.ndarray:
    """Points of a net in the half chart (x >= 0) that keep clear of those `taken` (by `radius` each).

    Even, but of half the step around the places `finer` [n, 2].
    """
    step = NET_STEP
    net = _hexagons(step)
    near = cKDTree(finer)
    small = _hexagons(step / 2)
    net = np.concatenate([net[near.query(net)[0] > NET_FINE], small[near.query(small)[0] <= NET_FINE]])
    r = np.linalg.norm(net, axis=1)
    far = r > 1.2
    even = np.round((net[:, 1] + 2.45) / (step * 0.866)).astype(int) % 2 == 0
    coarse = even & (np.round(net[:, 0] / step).astype(int) % 2 == 0)
    net = net[(r < 2.72) & (~far | coarse)]
    distance, which = cKDTree(taken).query(net)
    return net[distance > radius[which]]


def _hexagons(step: float) -> np.ndarray:
    rows = []
    for n, y in enumerate(np.arange(-2.45, 2.5, step * 0.866)):
        x = np.arange(0, 2.6, step) + (step / 2 if n % 2 else 0.0)
        x = np.append(x[x > 0.6 * step], 0.0)
        rows.append(np.column_stack([x, np.full(len(x), y)]))
    return np.concatenate(rows)


def _bands(first: int, rings: int, columns: int, *, closed: bool) -> np.ndarray:
    """Triangles between rings of points that are numbered from `first`."""
    c = np.arange(columns if closed else columns - 1)
    n = (c + 1) % columns
    out = []
    for k in range(rings - 1):
        a, b = first + k * columns, first + (k + 1) * columns
        out += [np.column_stack([a + c, a + n, b + c]), np.column_stack([a + n, b + n, b + c])]
    return np.concatenate(out)


def build(form: Form) -> Skin:
    """Casts a head of this form."""
    mouth2, nu = _mouth_plane(form)
    eye2 = _eye_plane(form)
    rings = np.concatenate([mouth2.reshape(-1, 2), eye2.reshape(-1, 2)])
    chart = _to_chart(rings)
    chart[: mouth2.size // 2][np.abs(rings[: mouth2.size // 2, 0]) < 1e-6, 0] = 0.0
    reach = np.full(len(chart), 0.034)
    net = _net(chart, reach, _to_chart(lines(form, mouth_y(form))))
    margin = _to_chart(eye2[0]).astype(np.float32)
    inside = [cv2.pointPolygonTest(margin, (float(x), float(y)), False) >= 0 for x, y in net]
    net = net[~np.array(inside)]
    half = np.concatenate([chart, net])
    tri = Delaunay(half).simplices
    n_m, n_e = len(MOUTH_RINGS) * MOUTH_COLUMNS, len(EYE_RINGS) * EYE_COLUMNS
    # Between rings the net is laid by hand; Delaunay's triangles stay outside the outermost ring.
    for first, last, columns in ((0, n_m, MOUTH_COLUMNS), (n_m, n_m + n_e, EYE_COLUMNS)):
        ringed = ((tri >= first) & (tri < last)).all(axis=1)
        outermost = ((tri >= last - columns) & (tri < last)).all(axis=1)
        middle = half[tri].mean(axis=1).astype(np.float32)
        outline = half[last - columns : last].astype(np.float32)
        within = np.array([cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in middle])
        tri = tri[~(ringed & (within | ~outermost))]
    tri = np.concatenate(
        [
            tri,
            _bands(0, len(MOUTH_RINGS), MOUTH_COLUMNS, closed=False),
            _bands(n_m, len(EYE_RINGS), EYE_COLUMNS, closed=True),
        ]
    )
    edge = half[tri]
    area = np.abs(np.cross(edge[:, 1] - edge[:, 0], edge[:, 2] - edge[:, 0]))
    tri = tri[area > 1e-7]
    on_middle = half[:, 0] < 1e-6
    twin = np.where(on_middle, np.arange(len(half)), -1)
    twin[~on_middle] = len(half) + np.arange((~on_middle).sum())
    whole = np.concatenate([half, half[~on_middle] * [-1, 1]])
    faces = np.concatenate([tri, twin[tri][:, ::-1]])
    points = cast(_directions(whole), form)
    turned = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
    inward = (turned * (points[faces].mean(1) - ORIGIN)).sum(1) < 0
    faces[inward] = faces[inward][:, ::-1]
    left = np.arange(n_m).reshape(len(MOUTH_RINGS), MOUTH_COLUMNS)
    # Whole mouth: from the right corner over the upper lip to the left corner and back along the lower lip.
    corner = MOUTH_COLUMNS // 2
    up_left, low_left = left[:, corner:], left[:, : corner + 1]
    mouth = np.concatenate(
        [twin[up_left], up_left[:, ::-1][:, 1:], low_left[:, ::-1][:, 1:], twin[low_left][:, 1:-1]], axis=1
    )
    eye = n_m + np.arange(n_e).reshape(len(EYE_RINGS), EYE_COLUMNS)
    plane = _to_plane(whole)
    plane[:, 0] = np.where(np.abs(plane[:, 0]) < 1e-6, 0, plane[:, 0])
    lip, upper = np.zeros(len(whole)), np.zeros(len(whole))
    for k, s in enumerate(MOUTH_RINGS):
        lip[mouth[k]] = np.clip((1.03 - s) / 0.1, 0, 1)
        side = np.sin(nu)
        for column, value in zip(left[k], side, strict=True):
            upper[column] = upper[twin[column]] = value
    skin = Skin(form, points, faces, plane, lip, upper, mouth, (eye, twin[eye]), np.zeros(len(whole)))
    _shape_lips(skin)
    _wrap_lids(skin)
    _inner_mouth(skin)
    _lid_rims(skin)
    return skin


def _shape_lips(skin: Skin) -> None:
    """Lips swell out of the muzzle; where they meet they sink and touch."""
    form, p = skin.form, skin.points
    for k, s in enumerate(MOUTH_RINGS):
        ring = skin.mouth[k]
        x = p[ring, 0] / (2.15 * form.mouth)
        low = skin.upper[ring] < 0
        middle = np.clip(1 - np.abs(x) ** 2.4, 0, 1)
        swell = np.sin(np.pi * np.clip(0.18 + 0.82 * s, 0, 1.0)) ** 0.8 if s <= 1 else 0.0
        amount = np.where(low, 0.50, 0.42) * form.lips * swell * middle
        edge = 0.10 * np.exp(-(((s - 1.0) / 0.14) ** 2)) * middle
        sink = 0.34 * np.exp(-((s / 0.13) ** 2)) * (0.35 + 0.65 * middle)
        under = 0.28 * np.exp(-(((s - 1.75) / 0.42) ** 2)) * middle * low
        p[ring, 2] += amount + edge - sink - under - 0.12 * np.abs(x) ** 6 * (s < 1.3)
    n = skin.mouth.shape[1]
    inner = skin.mouth[0]
    for i in range(1, n // 2):
        a, b = inner[i], inner[n - i]
        p[a] = p[b] = (p[a] + p[b]) / 2


def _wrap_lids(skin: Skin) -> None:
    """The margins of the lids lie on a ball a little larger than the eye."""
    form = skin.form
    for side, rings in zip((1, -1), skin.eyes, strict=True):
        centre = eye_centre(form) * [side, 1, 1]
        for k in range(4):
            ring = rings[k]
            d = skin.points[ring] - centre
            flat = np.linalg.norm(d[:, :2], axis=1)
            r = eye_radius(form) + 0.17
            onto = np.sqrt(np.maximum(r * r - flat**2, 0.04))
            mix = (1.0, 0.9, 0.6, 0.25)[k]
            skin.points[ring, 2] = skin.points[ring, 2] * (1 - mix) + (centre[2] + onto) * mix


def _add_ring(
    skin: Skin, ring: np.ndarray, points: np.ndarray, *, lip: float, depth: float, flip: bool = False
) -> np.ndarray:
    """Appends a ring inside `ring` and the band between them; returns the new ring's indices."""
    start, n = len(skin.points), len(ring)
    new = start + np.arange(n)
    skin.points = np.concatenate([skin.points, points])
    skin.plane = np.concatenate([skin.plane, skin.plane[ring]])
    skin.lip = np.concatenate([skin.lip, np.full(n, lip)])
    skin.upper = np.concatenate([skin.upper, skin.upper[ring]])
    skin.depth = np.concatenate([skin.depth, np.full(n, depth)])
    nxt = np.roll(np.arange(n), -1)
    band = np.concatenate([np.column_stack([ring, ring[nxt], new]), np.column_stack([ring[nxt], new[nxt], new])])
    skin.faces = np.concatenate([skin.faces, band[:, ::-1] if flip else band])
    return new


def _inner_mouth(skin: Skin) -> None:
    rings = [skin.mouth[0]]
    n = skin.mouth.shape[1]
    side = np.where(np.arange(n) <= n // 2, 1.0, -1.0)
    base = skin.points[skin.mouth[0]]
    fade = np.clip(1 - np.abs(base[:, 0] / np.abs(base[:, 0]).max()) ** 3, 0, 1)
    for back, part, depth, lip in (
        (0.30, 0.02, 0.1, 1.0),
        (0.75, 0.30, 0.35, 0.9),
        (2.2, 1.2, 0.9, 0.2),
        (5.0, 1.7, 1.0, 0.0),
    ):
        points = base.copy()
        points[:, 2] -= back
        points[:, 1] += side * part * (0.15 + 0.85 * fade)
        points[:, 0] *= 1 - 0.03 * back
        rings.append(_add_ring(skin, rings[-1], points, lip=lip, depth=depth, flip=True))
    floor = len(skin.points)
    skin.points = np.concatenate([skin.points, skin.points[rings[-1]].mean(0, keepdims=True)])
    for name in ("lip", "upper"):
        setattr(skin, name, np.append(getattr(skin, name), 0.0))
    skin.depth = np.append(skin.depth, 1.0)
    skin.plane = np.concatenate([skin.plane, [[0.0, mouth_y(skin.form)]]])
    last = rings[-1]
    skin.faces = np.concatenate([skin.faces, np.column_stack([np.roll(last, -1), last, np.full(n, floor)])])
    skin.mouth = np.stack([*rings[:0:-1], *skin.mouth])


def _lid_rims(skin: Skin) -> None:
    eyes = []
    for side, rings in zip((1, -1), skin.eyes, strict=True):
        centre = eye_centre(skin.form) * [side, 1, 1]
        d = skin.points[rings[0]] - centre
        inner = centre + d / np.linalg.norm(d, axis=1, keepdims=True) * (eye_radius(skin.form) - 0.02)
        ring = rings[0] if side > 0 else rings[0][::-1]
        order = inner if side > 0 else inner[::-1]
        new = _add_ring(skin, ring, order, lip=0.0, depth=0.0)
        eyes.append(np.concatenate([(new if side > 0 else new[::-1])[None], rings]))
    skin.eyes = (eyes[0], eyes[1])
