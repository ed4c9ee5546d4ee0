"""How a face moves, apart from what it shows: speed, smoothness, asymmetry, onsets, co-movement, and the head.

Everything is relative to a clip's own greatest expression (but the head, in degrees), so that a faint face and a clear
one compare. Used by the two-sample test of `emogen.training.face_motion_figures` against measured faces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import welch

Array = NDArray[np.float64]
#: A channel takes part in a clip from this share of the clip's greatest one; own assumption.
TAKES_PART = 0.25
#: Bands of the head's movement, Hz.
BANDS = ((0.3, 1.0), (1.0, 2.5), (2.5, 6.0))
FLOOR = 1e-6
TREES = 200  # of a forest
#: Seconds of a piece of the head's movement in its spectrum.
PIECE_S = 2.0
NAMES = (
    "speed", "speed 95 %", "greatest speed", "speed in the hold", "jerk over speed", "asymmetry", "asymmetry's change",
    "onset 10-90 % (s)", "end over peak", "lag between channels (s)", "lag left to right (s)", "dimensions",
    "head range (deg)", "head speed (deg/s)", "head jerk over speed", "head speed in the hold (deg/s)",
)  # fmt: skip


def statistics(shapes: Array, head: Array, pairs: Sequence[tuple[int, int]], fps: float) -> Array:
    """One clip as numbers, in the order of `NAMES`.

    Args:
        shapes: [T, K], 0..1, at least a second.
        head: Yaw, pitch, roll [T, 3] in rad.
        pairs: Columns of left and right halves.
        fps: Frames per second.

    Returns:
        [16]; speeds per second, in shares of the greatest expression.
    """
    height = np.linalg.norm(shapes, axis=1)
    y = shapes / max(float(height.max()), FLOOR)
    hold = slice(round(0.6 * len(y)), None)
    speed = np.linalg.norm(np.diff(y, axis=0), axis=1) * fps
    jerk = np.linalg.norm(np.diff(y, 3, axis=0), axis=1) * fps
    turned = np.degrees(head - head[:1])
    pace = np.linalg.norm(np.diff(turned, axis=0), axis=1) * fps
    shake = np.linalg.norm(np.diff(turned, 3, axis=0), axis=1) * fps
    left, right = y[:, [a for a, _ in pairs]], y[:, [b for _, b in pairs]]
    lean = left - right
    both = np.linalg.norm(left + right, axis=1)
    rise, lag, beside = _onsets(y, pairs, fps)
    spread = np.linalg.svd(y - y.mean(axis=0), compute_uv=False) ** 2
    return np.array([
        np.log(speed.mean() + FLOOR), np.log(np.percentile(speed, 95) + FLOOR), np.log(speed.max() + FLOOR),
        np.log(speed[hold].mean() + FLOOR), np.log((jerk.mean() + FLOOR) / (speed.mean() + FLOOR)),
        float((np.linalg.norm(lean, axis=1) * both).sum() / ((both**2).sum() + FLOOR)),
        np.log(np.linalg.norm(np.diff(lean, axis=0), axis=1).mean() * fps + FLOOR),
        rise, float(height[-3:].mean() / max(float(height.max()), FLOOR)), lag, beside,
        float(spread.sum() ** 2 / ((spread**2).sum() + FLOOR**2)),
        np.log(np.ptp(turned, axis=0).max() + 0.1), np.log(pace.mean() + 0.1),
        np.log((shake.mean() + FLOOR) / (pace.mean() + FLOOR)), np.log(pace[hold].mean() + 0.1),
    ])  # fmt: skip


def _onsets(y: Array, pairs: Sequence[tuple[int, int]], fps: float) -> tuple[float, float, float]:
    """Rise of the whole from 10 to 90 %, spread of the channels' half times, mean lag of left and right; s."""
    smooth = gaussian_filter1d(y, 0.04 * fps, axis=0, mode="nearest")

    def first(values: Array, share: float) -> float:
        return float(np.argmax(values >= share * values.max())) / fps

    whole = np.linalg.norm(smooth - smooth[0], axis=1)
    rise = first(whole, 0.9) - first(whole, 0.1)
    peak = smooth.max(axis=0)
    taking = np.flatnonzero(peak >= TAKES_PART * peak.max())
    half = {int(k): first(smooth[:, k], 0.5) for k in taking}
    beside = [abs(half[a] - half[b]) for a, b in pairs if a in half and b in half]
    return rise, float(np.std(list(half.values()))), float(np.mean(beside)) if beside else 0.0


def head_spectrum(heads: Sequence[Array], fps: float) -> Array:
    """Power of the head's speed in each of `BANDS` [3], (deg/s)^2, over clips [T, 3] (rad) of at least two seconds."""
    size = round(PIECE_S * fps)
    found = []
    for head in heads:
        if len(head) > size:
            rate, power = welch(np.diff(np.degrees(head), axis=0) * fps, fps, nperseg=size, axis=0)
            found.append([float(power[(rate >= a) & (rate < b)].sum() * rate[1]) for a, b in BANDS])
    return np.mean(found, axis=0)


def told_apart(one: Array, other: Array, groups: Sequence[str], seed: int = 0) -> float:
    """Two-sample test: area under the curve of a random forest that tells rows of `one` from rows of `other`.

    Args:
        one: [n, M].
        other: [n, M]; row i belongs with row i of `one`.
        groups: Of each row; a forest is asked about groups that it has not learnt.
        seed: Of the forests.

    Returns:
        0.5 where nothing tells them apart .. 1 where every row is told.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold

    rows, truth = np.concatenate([one, other]), np.repeat([0, 1], [len(one), len(other)])
    who = np.concatenate([groups, groups])
    said = np.zeros(len(rows))
    for learnt, asked in GroupKFold(min(6, len(set(groups)))).split(rows, truth, who):
        forest = RandomForestClassifier(TREES, min_samples_leaf=3, random_state=seed).fit(rows[learnt], truth[learnt])
        said[asked] = forest.predict_proba(rows[asked])[:, 1]
    return float(roc_auc_score(truth, said))
