"""The form of a head as a field: ellipsoids, balls and rounded rods that flow into each other, no scanned mesh.

Units are about centimetres; x to the subject's left, y up, z to the front; the eyes stand at y = 0. Every length is
our own choice by eye, near the textbook proportions of a head and pushed towards those of an animated film: larger
eyes, a smaller nose, a smoother jaw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emogen.training.fields import ball, carve, join, rod

#: All rays of the sculpting start here.
ORIGIN = np.array([0.0, -2.0, 0.0])
#: The plane in which features are laid out before they are cast onto the form.
PLANE_Z = 9.5


@dataclass(frozen=True)
class Form:
    """Sizes of one head; factors of 1 unless said otherwise.

    Attributes:
        width: Of cranium and cheekbones.
        jaw: Width of the lower face.
        chin: How far the chin stands out and down (cm).
        cheek: Fullness of the cheeks.
        brow: How far the ridge of the brows stands out (cm).
        nose: Size of the nose.
        nose_width: Width of tip and wings.
        bridge: How far the bridge of the nose stands out (cm).
        eye: Size of the eyes.
        eye_tilt: How much higher the outer corner stands (cm).
        lips: Fullness of the lips.
        mouth: Width of the mouth.
        neck: Thickness of the neck.
        length: Length of the lower face.
        lid_fold: How heavy the upper lid is (cm).
    """

    width: float = 1.0
    jaw: float = 1.0
    chin: float = 0.0
    cheek: float = 1.0
    brow: float = 0.0
    nose: float = 1.0
    nose_width: float = 1.0
    bridge: float = 0.0
    eye: float = 1.0
    eye_tilt: float = 0.15
    lips: float = 1.0
    mouth: float = 1.0
    neck: float = 1.0
    length: float = 1.0
    lid_fold: float = 0.0


def eye_centre(form: Form) -> np.ndarray:
    """The middle of the left eyeball."""
    return np.array([3.3 * (0.5 + 0.5 * form.width), 0.0, 7.35])


def eye_radius(form: Form) -> float:
    """Of an eyeball."""
    return 1.95 * form.eye


def field(points: np.ndarray, form: Form) -> np.ndarray:
    """Signed distance (about) to the skin at points [..., 3]: below 0 inside."""
    p = points.copy()
    p[..., 0] = np.abs(p[..., 0])
    low = np.clip((-p[..., 1] - 1.0) / 10.0, 0, 2)
    p[..., 1] = p[..., 1] + low * (form.length - 1) * 10.0
    w, j = form.width, form.jaw
    d = ball(p, (0, 1.9, -0.9), (7.35 * w, 7.7, 10.0))
    d = join(d, ball(p, (0, -3.5, 2.9), (6.15 * (0.4 * w + 0.6 * j), 6.9, 6.7)), 2.2)
    d = join(d, rod(p, (4.6 * j, -5.4, 2.0), (0.9 * j, -9.3, 7.0), 1.7, 1.7), 2.0)
    d = join(d, ball(p, (0, -9.1 - 0.4 * form.chin, 7.5 + form.chin), (1.75 * j, 1.45, 1.65)), 1.6)
    d = join(d, ball(p, (3.7 * w, -2.9, 6.1), (2.3, 2.5 * form.cheek, 2.7 * form.cheek)), 2.4)
    d = join(d, rod(p, (0.0, 2.3, 8.0 + form.brow), (4.0 * w, 2.2, 6.4 + form.brow), 1.5, 1.2), 2.6)
    d = join(d, ball(p, (0, -6.5, 7.5), (3.3, 3.0, 2.75)), 2.2)
    eye, r = eye_centre(form), eye_radius(form)
    socket = (eye[0] * 0.98, 0.15, eye[2] + 2.9)
    d = carve(d, ball(p, socket, (2.25 * form.eye, 1.75 * form.eye, 1.75)), 1.6)
    d = join(d, ball(p, tuple(eye), r + 0.13), 0.55)
    n, nw = form.nose, form.nose * form.nose_width
    d = join(d, rod(p, (0, 1.3, 8.55 + form.bridge), (0, -3.0 * n, 10.3 + 0.5 * n), 0.72, 0.8 * nw), 1.3)
    d = join(d, ball(p, (0, -3.25 * n, 10.45 + 0.8 * n), (1.02 * nw, 0.88 * n, 0.95 * n)), 0.8)
    d = join(d, ball(p, (1.12 * nw, -3.65 * n, 10.2), (0.62 * nw, 0.62 * n, 0.85)), 0.55)
    d = carve(d, ball(p, (0, -4.9, 10.95), (0.28, 0.75, 0.35)), 0.5)
    d = join(d, rod(p, (0, -6.0, -0.9), (0, -24.0, -3.4), 3.9 * form.neck, 4.3 * form.neck), 2.6)
    return d


def cast(directions: np.ndarray, form: Form) -> np.ndarray:
    """Where rays from `ORIGIN` along unit `directions` [n, 3] leave the form: points [n, 3]."""
    near, far = np.full(len(directions), 2.0), np.full(len(directions), 40.0)
    grid = np.linspace(2.0, 40.0, 140)
    outside = np.zeros(len(directions), bool)
    for a in grid:
        value = field(ORIGIN + directions * a, form)
        new = (value > 0) & ~outside
        far[new] = a
        outside |= value > 0
        near[~outside] = a
    for _ in range(26):
        mid = (near + far) / 2
        out = field(ORIGIN + directions * mid[:, None], form) > 0
        far, near = np.where(out, mid, far), np.where(out, near, mid)
    return ORIGIN + directions * ((near + far) / 2)[:, None]


def gradient(points: np.ndarray, form: Form) -> np.ndarray:
    """Unit normals of the form at points [n, 3]."""
    step = np.eye(3) * 0.05
    g = np.stack([field(points + s, form) - field(points - s, form) for s in step], axis=-1)
    return g / np.maximum(np.linalg.norm(g, axis=-1, keepdims=True), 1e-9)
