"""The mesh of a face -> named measures of its expression, after the action units of FACS (Ekman, Friesen & Hager 2002).

Every face is laid on one mean face by its rigid points (eye corners, nose bridge, temples); lengths are then in
distances between the outer eye corners, x right in the picture, y down, z away. Measures are differences from the mean
face, or from the same person's first moments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: The 68 usual points and both irises as numbers of the mesh (the choice of the data set the reader learnt from).
POINTS = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389, 71, 63, 105, 66, 107, 336, 296,
    334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305, 33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, 61,
    39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87, 468, 473,
)  # fmt: skip
RIGID = (0, 1, 15, 16, 27, 28, 29, 36, 39, 42, 45)  # of POINTS
#: Measure -> what a low and a high value look like, with the action units that do it.
PHRASES: dict[str, tuple[str, str]] = {
    "inner brow": ("inner brows down (AU4)", "inner brows up (AU1)"),
    "outer brow": ("outer brows down (AU4)", "outer brows up (AU2)"),
    "brow gap": ("brows drawn together (AU4)", "brows apart"),
    "eye opening": ("eyes narrowed (AU7)", "eyes wide (AU5)"),
    "lower lid": ("lower lids down", "lower lids raised (AU6+7)"),
    "nose wrinkle": ("nose long", "nose wrinkled (AU9)"),
    "upper lip": ("upper lip down", "upper lip raised (AU10)"),
    "lip corners": ("lip corners down (AU15)", "lip corners up (AU12)"),
    "mouth width": ("mouth narrow (AU18)", "mouth wide (AU20)"),
    "mouth opening": ("mouth shut", "mouth open (AU25)"),
    "lip height": ("lips pressed (AU24)", "lips full (AU22)"),
    "chin": ("chin raised (AU17)", "chin low"),
    "jaw": ("jaw closed", "jaw dropped (AU26)"),
    "corner depth": ("lips forward (AU18)", "lip corners drawn back (AU12)"),
    "cheek": ("cheeks low", "cheeks raised (AU6)"),
    "lip asymmetry": ("even mouth", "one-sided mouth (AU14)"),
    "brow asymmetry": ("even brows", "one-sided brows"),
}
NAMES = tuple(PHRASES)
#: Where each of POINTS lies on the other side of the face.
MIRRORED = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65, 69, 68,
)  # fmt: skip
PEAK = 5  # one picture in five, the most expressive, makes the height of a clip (own assumption)
START_FRAMES = 2  # of a clip, from which everything is counted


def aligned(points: Array, template: Array) -> tuple[Array, Array]:
    """The 70 points of each mesh laid on a mean face, and how the head is turned.

    Args:
        points: [T, 478, 3], no nan.
        template: [70, 3] the mean face.

    Returns:
        [T, 70, 3], and turn, nod and tilt [T, 3] in degrees.
    """
    own = points[:, POINTS]
    target = template[list(RIGID)]
    middle = target.mean(axis=0)
    laid, pose = np.empty_like(own), np.empty((len(own), 3))
    for i, face in enumerate(own):
        source = face[list(RIGID)]
        centre = source.mean(axis=0)
        u, s, vt = np.linalg.svd((target - middle).T @ (source - centre))
        flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        rotation = u @ flip @ vt
        scale = float((s * np.diag(flip)).sum() / ((source - centre) ** 2).sum())
        laid[i] = scale * (face - centre) @ rotation.T + middle
        pose[i] = np.degrees(
            [np.arctan2(-rotation[2, 0], rotation[2, 2]), np.arcsin(np.clip(rotation[2, 1], -1, 1)),
             np.arctan2(rotation[1, 0], rotation[1, 1])]
        )  # fmt: skip
    return laid, pose


def measure(laid: Array) -> Array:
    """Laid faces [T, 70, 3] -> measures in the order of `NAMES`, [T, 17], in eye-corner distances."""
    x, y, z = laid[..., 0], laid[..., 1], laid[..., 2]

    def apart(a: int, b: int) -> Array:
        return np.asarray(np.linalg.norm(laid[:, a] - laid[:, b], axis=1))

    right_eye, left_eye = y[:, [36, 39]].mean(axis=1), y[:, [42, 45]].mean(axis=1)
    brow_right, brow_left = right_eye - y[:, [18, 19, 20]].mean(axis=1), left_eye - y[:, [23, 24, 25]].mean(axis=1)
    lids = (apart(37, 41) + apart(38, 40) + apart(43, 47) + apart(44, 46)) / 4
    lower = (right_eye - y[:, [40, 41]].mean(axis=1) + left_eye - y[:, [46, 47]].mean(axis=1)) / 2
    mouth = y[:, [62, 66]].mean(axis=1)
    rise_right, rise_left = mouth - y[:, 48], mouth - y[:, 54]
    return np.stack(
        [
            (right_eye - y[:, [20, 21]].mean(axis=1) + left_eye - y[:, [22, 23]].mean(axis=1)) / 2,
            (right_eye - y[:, [17, 18]].mean(axis=1) + left_eye - y[:, [25, 26]].mean(axis=1)) / 2,
            apart(21, 22),
            lids,
            lower,
            -(y[:, [31, 35]].mean(axis=1) - (y[:, 39] + y[:, 42]) / 2),
            -(y[:, 51] - y[:, 33]),
            (rise_right + rise_left) / 2,
            apart(48, 54),
            apart(62, 66),
            (apart(51, 62) + apart(57, 66)) / 2,
            y[:, 8] - y[:, 57],
            y[:, 8] - y[:, 27],
            z[:, [48, 54]].mean(axis=1) - z[:, [51, 57]].mean(axis=1),
            -((apart(36, 48) + apart(45, 54)) / 2),
            np.abs(rise_right - rise_left) + np.abs((x[:, 48] + x[:, 54]) / 2 - x[:, 27]),
            np.abs(brow_right - brow_left),
        ],
        axis=1,
    )


def clip(laid: Array, pose: Array, fps: float) -> Array:
    """A clip as one row [792]: what changed since its first moments.

    Six statistics of each measure and of the pose (120), the movement of each point on average, at its height and its
    spread (630), and the same of eyes, mouth and pose as they are (42).

    Args:
        laid: [T, 70, 3] as `aligned` gives them.
        pose: [T, 3] degrees.
        fps: Pictures a second.
    """
    named = np.hstack([measure(laid), pose / 10.0])
    named = named - named[:START_FRAMES].mean(axis=0)
    last = named[-max(1, len(named) // 4) :].mean(axis=0)
    speed = np.abs(np.diff(named, axis=0)).mean(axis=0) * fps if len(named) > 1 else np.zeros(named.shape[1])
    upper, lower = np.percentile(named, (90, 10), axis=0)
    statistics = np.stack([named.mean(axis=0), upper, lower, named.std(axis=0), last, speed], axis=1).ravel()
    moved = (laid - laid[:START_FRAMES].mean(axis=0)).reshape(len(laid), -1)
    height = np.argsort(-np.linalg.norm(moved, axis=1))[: max(3, len(laid) // PEAK)]
    own = np.hstack([_openings(laid), pose / 10.0])
    high = own[height].mean(axis=0)
    plain = [own.mean(axis=0), high, own.std(axis=0), *np.percentile(own, (10, 90), axis=0)]
    points = [moved.mean(axis=0), moved[height].mean(axis=0), moved.std(axis=0)]
    return np.concatenate([statistics, *points, *plain, high - own[:START_FRAMES].mean(axis=0)])


def _openings(laid: Array) -> Array:
    """Opening over width of the right and the left eye, inner opening and width of the mouth, [T, 4]."""

    def apart(a: int, b: int) -> Array:
        return np.asarray(np.linalg.norm(laid[:, a] - laid[:, b], axis=1))

    right = (apart(37, 41) + apart(38, 40)) / (2.0 * apart(36, 39) + 1e-6)
    left = (apart(43, 47) + apart(44, 46)) / (2.0 * apart(42, 45) + 1e-6)
    return np.stack([right, left, apart(62, 66), apart(60, 64)], axis=1)
