"""What a head has beside its skin: eyes, teeth, tongue, brows, lashes, ears and clothes, as small meshes of our own.

Every part is (points [V, 3], faces [F, 3] outward, colours [V, 3] in 0..1 sRGB); units as in `avatars_sculpt`.
"""

from __future__ import annotations

import numpy as np

from emogen.training.avatars_head import Skin, mouth_y
from emogen.training.avatars_sculpt import Form, eye_centre, eye_radius

Part = tuple[np.ndarray, np.ndarray, np.ndarray]
#: Colour bands of an eye: angle from its axis in degrees, and what stands there.
IRIS_DEG, PUPIL_DEG = 34.0, 15.0


def grid_faces(rows: int, columns: int, *, closed: bool) -> np.ndarray:
    """Triangles of a net of points [rows, columns]; `closed`: the last column joins the first."""
    c = np.arange(columns if closed else columns - 1)
    n = (c + 1) % columns
    out = []
    for r in range(rows - 1):
        a, b, d, e = r * columns + c, r * columns + n, (r + 1) * columns + c, (r + 1) * columns + n
        out += [np.column_stack([a, b, d]), np.column_stack([b, e, d])]
    return np.concatenate(out)


def outward(points: np.ndarray, faces: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """The same faces, turned so that most look away from `middle`."""
    n = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
    return faces if (n * (points[faces].mean(1) - middle)).sum() > 0 else faces[:, ::-1]


def eyeball(form: Form, side: int, iris: np.ndarray) -> Part:
    """An eye that looks to the front; `side` 1 for the left."""
    angles = np.radians(
        [0, 6, PUPIL_DEG - 1, PUPIL_DEG + 1, 20, 25, IRIS_DEG - 3, IRIS_DEG - 1, IRIS_DEG + 1.5, 45, 56, 70, 84]
    )
    columns, r = 24, eye_radius(form)
    a = np.arange(columns) / columns * 2 * np.pi
    bulge = np.where(angles < np.radians(IRIS_DEG), 0.05 * (1 - (angles / np.radians(IRIS_DEG)) ** 2), 0)
    p = np.stack(
        [
            np.sin(angles)[:, None] * np.cos(a),
            np.sin(angles)[:, None] * np.sin(a),
            np.repeat(np.cos(angles)[:, None], columns, 1),
        ],
        -1,
    )
    p = p * (r * (1 + bulge))[:, None, None]
    white, dark = np.array([0.94, 0.93, 0.91]), np.array([0.05, 0.04, 0.05])
    # The lower half of an iris catches the light.
    glow = 0.5 - 0.5 * np.sin(a)
    spokes = 1 + 0.10 * np.cos(9 * a)
    tone = []
    for deg in np.degrees(angles):
        if deg <= PUPIL_DEG:
            tone.append(np.repeat(dark[None], columns, 0))
        elif deg < IRIS_DEG - 1:
            near = (deg - PUPIL_DEG) / (IRIS_DEG - PUPIL_DEG)
            tone.append(np.clip(iris * ((0.62 + 0.75 * glow * (1 - 0.35 * near)) * spokes)[:, None], 0, 1))
        elif deg <= IRIS_DEG:
            tone.append(np.repeat((iris * 0.32)[None], columns, 0))
        else:
            red = np.clip((deg - 45) / 40, 0, 1)
            tone.append(np.repeat((white * (1 - 0.22 * red) + np.array([0.10, 0.0, 0.0]) * red)[None], columns, 0))
    centre = eye_centre(form) * [side, 1, 1]
    points = p.reshape(-1, 3) + centre
    return points, outward(points, grid_faces(len(angles), columns, closed=True), centre), np.concatenate(tone)


def teeth(form: Form, *, upper: bool) -> Part:
    """One row of teeth on an arch, with a rim of gum."""
    half, columns = 2.35 * (0.5 + 0.5 * form.mouth), 61
    u = np.linspace(-1, 1, columns)
    x = half * np.sin(u * np.pi / 2)
    z = (9.55 if upper else 9.15) - 3.6 * (1 - np.cos(u * np.pi / 2))
    y0 = mouth_y(form) + (0.62 if upper else -0.98)
    sign = 1 if upper else -1
    tooth = np.abs(np.sin(u * np.pi * (5.0 if upper else 6.0) + (0 if upper else np.pi / 2)))
    gapped = np.clip(tooth * 5, 0, 1) ** 0.5
    edge = (1.10 if upper else 0.72) - 0.10 * (1 - gapped) - (0.10 * np.abs(u) if upper else 0)
    rows, tones = [], []
    gum, ivory = np.array([0.72, 0.36, 0.36]), np.array([0.97, 0.95, 0.91])
    for part, out, colour in (
        (-0.9, -0.15, gum),
        (-0.12, 0.02, gum),
        (0.0, 0.05, ivory * 0.93),
        (0.5, 0.10, ivory),
        (0.92, 0.06, ivory),
        (1.0, -0.12, ivory * 0.9),
        (1.0, -0.5, ivory * 0.6),
    ):
        y = y0 - sign * part * edge
        ridge = np.where(part >= 0, -0.06 * (1 - gapped), 0)
        rows.append(np.column_stack([x * (1 + (out + ridge) / 6), y, z + out + ridge]))
        shade = 1 - (0.20 * (1 - gapped) * (part >= 0)) - 0.28 * np.abs(u) ** 2
        tones.append(colour * shade[:, None])
    points = np.concatenate(rows)
    faces = grid_faces(len(rows), columns, closed=False)
    return points, outward(points, faces, np.array([0.0, y0, 3.0])), np.concatenate(tones)


def tongue(form: Form) -> Part:
    """A tongue lying behind the lower teeth."""
    rows, columns = 10, 17
    v, a = np.linspace(0, 1, rows), np.linspace(0, 2 * np.pi, columns, endpoint=False)
    z = 3.0 + 5.9 * v
    wide = 1.75 * np.sqrt(np.clip(1 - (np.clip(v - 0.45, 0, 1) / 0.56) ** 2.6, 0.002, 1))
    tall = 0.55 * np.sqrt(np.clip(1 - (np.clip(v - 0.55, 0, 1) / 0.46) ** 2.6, 0.002, 1))
    y0 = mouth_y(form) - 1.45 + 0.25 * np.sin(np.pi * v)
    x = wide[:, None] * np.cos(a)
    groove = -0.13 * np.exp(-((np.cos(a) / 0.25) ** 2)) * (np.sin(a) > 0)
    y = y0[:, None] + tall[:, None] * (np.sin(a) + groove)
    points = np.stack([x, y, np.repeat(z[:, None], columns, 1)], -1).reshape(-1, 3)
    colour = np.array([0.80, 0.42, 0.42]) * (0.30 + 0.70 * v**1.5)[:, None, None] * (1 + 0.6 * groove)[None, :, None]
    faces = grid_faces(rows, columns, closed=True)
    return points, outward(points, faces, points.mean(0)), colour.reshape(-1, 3)


def tongue_out(form: Form, points: np.ndarray) -> np.ndarray:
    """How a tongue's points [n, 3] move when it is put out: forward over the lower lip and down at its tip."""
    v = np.clip((points[:, 2] - 3.0) / 5.9, 0, 1) ** 1.5
    return np.column_stack([-0.25 * points[:, 0] * v, 1.0 * v - 1.1 * v**4, 3.4 * v])


def _along(
    path: np.ndarray, width: np.ndarray, height: np.ndarray, normal: np.ndarray, sides: int
) -> tuple[np.ndarray, np.ndarray]:
    """A rod of changing elliptic section along path [n, 3]: points and faces; `normal` [n, 3] is its thin axis."""
    t = np.gradient(path, axis=0)
    t /= np.maximum(np.linalg.norm(t, axis=1, keepdims=True), 1e-9)
    n = normal - (normal * t).sum(1, keepdims=True) * t
    n /= np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)
    b = np.cross(t, n)
    a = np.arange(sides) / sides * 2 * np.pi
    points = (
        path[:, None]
        + b[:, None] * (width[:, None] * np.cos(a))[..., None]
        + n[:, None] * (height[:, None] * np.sin(a))[..., None]
    )
    points = points.reshape(-1, 3)
    faces = grid_faces(len(path), sides, closed=True)
    m = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
    centre = np.repeat(path, sides, 0)[faces[:, 0]]
    return points, faces if (m * (points[faces].mean(1) - centre)).sum() > 0 else faces[:, ::-1]


def brow(form: Form, side: int, weight: float, arch: float, colour: np.ndarray, onto: object) -> Part:
    """A brow as a solid stroke on the skin; `onto(xy)` gives points and normals of the skin before a place."""
    t = np.linspace(0, 1, 15)
    x = eye_centre(form)[0] + form.eye * (-2.15 + 4.55 * t)
    y = 2.28 * form.eye + 0.55 * arch * np.sin(np.pi * (0.15 + 0.75 * t)) - 0.60 * t**3
    base, normal = onto(np.column_stack([x * side, y]))  # type: ignore[operator]
    wide = weight * 0.40 * np.array([np.interp(v, [0, 0.08, 0.3, 0.65, 1], [0.55, 0.95, 1.0, 0.75, 0.10]) for v in t])
    points, faces = _along(base + normal * 0.06, wide, 0.10 + 0.30 * wide, normal, 8)
    tone = np.repeat((colour * (0.9 + 0.15 * np.cos(t * 19))[:, None])[:, None], 8, 1)
    return points, faces, np.clip(tone, 0, 1).reshape(-1, 3)


def lash(skin: Skin, side: int, length: float, colour: np.ndarray) -> tuple[Part, np.ndarray]:
    """A dark rim on the upper lid that thickens to the outside: the part, and the margin point each of its points follows."""
    rings = skin.eyes[0 if side > 0 else 1]
    n = rings.shape[1]
    columns = np.arange(-1, n // 2 + 1) % n
    margin, outer, rim = skin.points[rings[1][columns]], skin.points[rings[2][columns]], skin.points[rings[0][columns]]
    u = np.linspace(0, 1, len(columns))  # 0 at the outer corner
    grow = length * np.interp(u, [0, 0.12, 0.5, 0.9, 1], [0.55, 1.0, 0.7, 0.3, 0.1])
    centre = eye_centre(skin.form) * [side, 1, 1]
    front = (margin - centre) / np.linalg.norm(margin - centre, axis=1, keepdims=True)
    flick = front * grow[:, None] * 0.34 + np.column_stack(
        [side * grow * np.interp(u, [0, 0.3, 1], [0.34, 0.12, 0.0]), 0.20 * grow, 0 * u]
    )
    lift = (outer - margin) * 0.35
    rows = [
        rim,
        margin + front * 0.03 - (margin - rim) * 0.1,
        margin + flick,
        margin + front * 0.03 + lift * grow[:, None] * 1.6,
    ]
    points = np.concatenate(rows)
    faces = outward(points, grid_faces(4, len(columns), closed=False), centre)
    return (points, faces, np.tile(colour, (len(points), 1))), np.tile(rings[1][columns], 4)


def ear(form: Form, side: int) -> Part:
    """An ear: a bowl with a rolled rim and a lobe."""
    rows, columns = 9, 26
    r, a = np.linspace(0, 1, rows), np.arange(columns) / columns * 2 * np.pi
    y = 2.45 * np.sin(a) * (1 - 0.12 * np.sin(a))
    wide = np.where(np.cos(a) > 0, 1.25, 1.55) * np.where(np.sin(a) < 0, 0.75 - 0.0 * a, 1.0)
    x = wide * np.cos(a) + 0.25 * np.sin(a)
    lift = np.interp(r, [0, 0.25, 0.5, 0.68, 0.84, 0.95, 1.0], [-0.42, -0.30, 0.10, 0.02, 0.50, 0.38, -0.30])
    lobe = np.exp(-(((a - 1.5 * np.pi) / 0.6) ** 2))
    out = lift[:, None] * (1 - 0.75 * lobe) + 0.25 * lobe * np.sin(np.pi * r[:, None])
    back = r[:, None] * x  # forward is +
    up = r[:, None] * y
    turn = 0.55  # stands off the head
    px = 0.9 + out * np.cos(turn) - back * np.sin(turn) * 0.8
    pz = back * np.cos(turn) + out * np.sin(turn)
    points = np.stack([px, up, pz], -1).reshape(-1, 3)
    lean = points[:, 1] * 0.18
    points = np.column_stack(
        [(points[:, 0] + 6.15 * form.width) * side, points[:, 1] - 1.35, points[:, 2] - 0.4 - lean]
    )
    pit = np.interp(r, [0, 0.3, 0.5, 0.7, 0.85, 1], [0.55, 0.66, 0.95, 0.80, 1.05, 0.9])
    faces = outward(points, grid_faces(rows, columns, closed=True), np.array([0.0, -1.35, 0.0]))
    return points, faces, np.repeat(pit[:, None], columns, 1).reshape(-1, 1) * np.ones(3)


def torso(form: Form, colour: np.ndarray, *, collar: str) -> Part:
    """Shoulders in a shirt: `collar` is "round", "turtle" or "shirt"."""
    columns = 56
    a = np.arange(columns) / columns * 2 * np.pi
    broad = 0.6 + 0.4 * form.neck
    high = {"round": 0.0, "turtle": 2.6, "shirt": 0.9}[collar]
    neck = 4.15 * form.neck
    rings = [  # height, half width, half depth, depth's middle, shade
        (-14.2 + high, neck * 0.97, neck * 0.97, -2.1, 0.55), (-14.05 + high, neck * 1.04, neck * 1.04, -2.1, 0.95),
        (-14.3 + high, neck * 1.10, neck * 1.10, -2.1, 1.08), (-14.9 + high * 0.6, neck * 1.09, neck * 1.10, -2.1, 0.98),
        (-15.6 + high * 0.1, neck * 1.24, neck * 1.12, -2.2, 0.86), (-16.4, neck * 1.8, neck * 1.22, -2.4, 1.0),
        (-17.4, 10.6 * broad, 5.6, -2.7, 1.0), (-18.8, 14.2 * broad, 6.4, -2.8, 1.0), (-20.6, 16.4 * broad, 7.2, -2.8, 0.98),
        (-23.5, 17.6 * broad, 8.0, -2.6, 0.94), (-28.0, 18.0 * broad, 8.6, -2.4, 0.9),
    ]  # fmt: skip
    rows, tones = [], []
    for k, (y, w, d, z, shade) in enumerate(rings):
        drop = -1.1 * np.clip(np.sin(a), 0, 1) ** 1.5 * (0.4 if k > 5 else 1.0) * (0.5 if collar == "turtle" else 1.0)
        if k >= 5:
            drop = drop - 1.4 * np.abs(np.cos(a)) ** 3 * (k < 9)
        rows.append(np.column_stack([w * np.cos(a), y + drop, z + d * np.sin(a)]))
        tones.append(np.tile(colour * shade, (columns, 1)))
    points = np.concatenate(rows)
    faces = outward(points, grid_faces(len(rings), columns, closed=True), np.array([0.0, -24.0, -2.4]))
    return points, faces, np.clip(np.concatenate(tones), 0, 1)
