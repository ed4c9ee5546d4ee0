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
POSE = ("turn", "nod", "tilt")
#: Of a clip: each measure over time.
STATISTICS = ("mean", "high", "low", "spread", "end", "speed")
CLIP_NAMES = tuple(f"{name} {what}" for name in (*NAMES, *POSE) for what in STATISTICS)
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


def clip(measures: Array, pose: Array, fps: float) -> Array:
    """A clip as one row, in the order of `CLIP_NAMES`, [120]: what changed since its first moments.

    Args:
        measures: [T, 17] of each picture.
        pose: [T, 3] degrees.
        fps: Pictures a second.
    """
    both = np.hstack([measures, pose / 10.0])
    both = both - both[:START_FRAMES].mean(axis=0)
    last = both[-max(1, len(both) // 4) :].mean(axis=0)
    speed = np.abs(np.diff(both, axis=0)).mean(axis=0) * fps if len(both) > 1 else np.zeros(both.shape[1])
    high, low = np.percentile(both, (90, 10), axis=0)
    return np.stack([both.mean(axis=0), high, low, both.std(axis=0), last, speed], axis=1).ravel()
