"""How a body moves and holds itself: named measures of the positions of 14 joints.

Everything is told from the body itself: it is scaled to its height, turned to face +Z and kept above its own hips, so
that neither where it goes nor the skeleton it has matters; a video, where the way is not seen, gives the same.
Speeds are in body heights a second, distances in body heights, angles in degrees.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import ConvexHull, QhullError

from emogen.conditioning.body_pose import (
    CHEST,
    HEAD,
    HIPS,
    JOINTS,
    L_ELBOW,
    L_FOOT,
    L_HAND,
    L_KNEE,
    L_SHOULDER,
    NECK,
    R_ELBOW,
    R_FOOT,
    R_HAND,
    R_KNEE,
    R_SHOULDER,
)  # fmt: skip
from emogen.errors import InputError

Array = NDArray[np.float64]
FPS = 30.0
HANDS, FEET, ELBOWS, KNEES = (L_HAND, R_HAND), (L_FOOT, R_FOOT), (L_ELBOW, R_ELBOW), (L_KNEE, R_KNEE)
SHOULDERS = (L_SHOULDER, R_SHOULDER)
FACING_S = 0.4  # standard deviation over which the facing is smoothed (own assumption)
SMOOTH_S = 0.05  # and the positions, before they are derived (own assumption)
STILL = 0.15  # body heights a second below which a hand rests (own assumption)
#: Measure -> what a low and a high value look like.
PHRASES: dict[str, tuple[str, str]] = {
    "hand_speed": ("slow hands", "fast hands"),
    "hand_peak": ("no quick stroke", "quick strokes"),
    "head_speed": ("quiet head", "restless head"),
    "trunk_speed": ("quiet trunk", "lively trunk"),
    "foot_speed": ("slow feet", "fast feet"),
    "hand_acceleration": ("gentle strokes", "forceful strokes"),
    "trunk_acceleration": ("soft steps", "forceful steps"),
    "hand_jerk": ("even hand movement", "jerky hand movement"),
    "stillness": ("arms never at rest", "arms at rest"),
    "bursts": ("steady pace", "movement in bursts"),
    "hand_distance": ("hands close together", "hands wide apart"),
    "hand_distance_most": ("narrow gestures", "wide gestures"),
    "hand_height": ("low hands", "raised hands"),
    "hand_height_most": ("hands never raised", "hands thrown up"),
    "hand_forward": ("hands behind or at the body", "hands in front"),
    "elbow_out": ("elbows at the body", "elbows out"),
    "elbow_bend": ("straight arms", "bent arms"),
    "elbow_play": ("stiff elbows", "loose elbows"),
    "knee_bend": ("straight legs", "bent knees"),
    "knee_play": ("stiff knees", "springy knees"),
    "stance": ("feet close together", "wide stance"),
    "stride": ("short steps", "long steps"),
    "step_height": ("dragging feet", "lifted feet"),
    "volume": ("contracted body", "expansive body"),
    "head_down": ("raised head", "hanging head"),
    "head_forward": ("head drawn back", "head pushed forward"),
    "trunk_forward": ("leaning back", "bent forward"),
    "chest_curve": ("chest out", "slumped chest"),
    "shoulder_height": ("dropped shoulders", "raised shoulders"),
    "shoulder_forward": ("shoulders back", "shoulders drawn forward"),
    "height": ("crouching", "upright"),
    "trunk_lean_play": ("steady trunk", "rocking trunk"),
    "sway": ("no sway", "swaying"),
    "twist": ("shoulders held square", "swinging shoulders"),
    "head_play": ("still head", "bobbing head"),
    "arm_swing": ("arms hardly swing", "swinging arms"),
    "bounce": ("flat movement", "bouncing"),
    "step_rate": ("slow steps", "quick steps"),
    "rhythm": ("irregular movement", "regular rhythm"),
    "asymmetry": ("both sides alike", "one side moves more"),
    "asymmetry_height": ("arms level", "one arm higher"),
}
NAMES = tuple(PHRASES)


def normalised(positions: NDArray[np.floating], fps: float) -> Array:
    """Positions of any scale and place -> [T', 14, 3] at `FPS`, in body heights, facing +Z, above their own hips.

    Args:
        positions: [T, 14, 3] in the order of `JOINTS`, Y up.
        fps: Frames a second.

    Raises:
        InputError: Another shape, numbers that are not finite, or a body without height.
    """
    found = np.asarray(positions, dtype=float)
    if found.ndim != 3 or found.shape[1:] != (len(JOINTS), 3) or not len(found):
        raise InputError("positions", f"of shape {found.shape}", f"Give [frames, {len(JOINTS)}, 3].")
    if not np.isfinite(found).all() or not (np.isfinite(fps) and fps > 0.0):
        raise InputError("positions", "not finite, or without a frame rate", "Give finite numbers and frames a second.")
    height = body_height(found)
    if not height > 1e-9 * max(1.0, float(np.abs(found).max())):
        raise InputError("positions", "all joints in one place", "Give a body with a height.")
    found = _resampled(found / height, fps)
    across = gaussian_filter1d(
        found[:, L_SHOULDER] - found[:, R_SHOULDER], FACING_S * FPS, axis=0, mode="nearest"
    )  # fmt: skip
    yaw = np.arctan2(across[:, 2], across[:, 0])
    cos, sin = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, z = (found[..., k] - found[:, [HIPS], k] for k in (0, 2))
    floor = np.percentile(found[:, FEET, 1].min(axis=1), 5)
    return np.stack([cos * x + sin * z, found[..., 1] - floor, cos * z - sin * x], axis=-1)


def body_height(positions: Array) -> float:
    """Length of leg, trunk and neck, in the unit of the positions [T, 14, 3]: however the body stands."""

    def bone(a: int, b: int) -> float:
        return float(np.median(np.linalg.norm(positions[:, a] - positions[:, b], axis=1)))

    leg = (bone(HIPS, L_KNEE) + bone(L_KNEE, L_FOOT) + bone(HIPS, R_KNEE) + bone(R_KNEE, R_FOOT)) / 2.0
    return leg + bone(HIPS, CHEST) + bone(CHEST, NECK) + bone(NECK, HEAD)


def _resampled(positions: Array, fps: float) -> Array:
    n = len(positions)
    if n < 2 or abs(fps - FPS) < 0.01 * FPS:
        return positions
    if fps > FPS:
        positions = gaussian_filter1d(positions, 0.3 * fps / FPS, axis=0, mode="nearest")
    at = np.arange(0.0, n - 1 + 1e-9, fps / FPS)
    low = np.minimum(at.astype(int), n - 2)
    part = (at - low)[:, None, None]
    return np.asarray((1.0 - part) * positions[low] + part * positions[low + 1])


def moved(positions: Array) -> float:
    """How far the joint that moves most gets from its mean place, body heights (root mean square)."""
    return float(np.sqrt(positions.var(axis=0).sum(axis=-1)).max())


def jitter(positions: NDArray[np.floating]) -> float:
    """-0.5..1: how much a frame's movement goes on in the next (positions [T, 14, 3] as they are recorded).

    Around 1 in a smooth movement; -0.5 where every frame is drawn by itself.
    """
    own = np.asarray(positions, dtype=float) - np.asarray(positions, dtype=float)[:, [HIPS]]
    speed = np.diff(own, axis=0)
    speed -= speed.mean(axis=0)
    power = float((speed**2).mean())
    return float((speed[1:] * speed[:-1]).mean()) / power if len(speed) > 1 and power > 0.0 else 1.0


def measure(positions: Array) -> Array:
    """The measures [M] in the order of `NAMES` of normalised positions [T, 14, 3] at `FPS`; T of 10 at least."""
    p = gaussian_filter1d(positions, SMOOTH_S * FPS, axis=0, mode="nearest")
    found = _dynamics(p) | _extent(p) | _posture(p) | _rhythm(p)
    return np.array([found[name] for name in NAMES])


def _speed(p: Array, joints: tuple[int, ...]) -> Array:
    """[T, joints] of speeds against the hips' way on the floor."""
    return np.linalg.norm(np.gradient(p[:, joints], axis=0) * FPS, axis=-1)


def _dynamics(p: Array) -> dict[str, float]:
    hand = _speed(p, HANDS)
    second = np.gradient(np.gradient(p, axis=0), axis=0) * FPS**2
    third = np.gradient(second, axis=0) * FPS
    size = np.linalg.norm(second, axis=-1)
    jerk = np.linalg.norm(third[:, HANDS], axis=-1)
    peak = np.percentile(hand.max(axis=1), 95)
    left, right = hand.mean(axis=0)
    return {
        "hand_speed": np.log(hand.mean() + 0.02),
        "hand_peak": np.log(peak + 0.05),
        "head_speed": np.log(_speed(p, (HEAD,)).mean() + 0.01),
        "trunk_speed": np.log(_speed(p, (HIPS, CHEST)).mean() + 0.01),
        "foot_speed": np.log(_speed(p, FEET).mean() + 0.02),
        "hand_acceleration": np.log(size[:, HANDS].mean() + 0.1),
        "trunk_acceleration": np.log(size[:, (HIPS, CHEST, HEAD)].mean() + 0.1),
        "hand_jerk": np.log((jerk.mean() + 1.0) / (hand.mean() + 0.05)),
        "stillness": float((hand.max(axis=1) < STILL).mean()),
        "bursts": np.log((peak + 0.05) / (hand.mean() + 0.05)),
        "asymmetry": abs(left - right) / (left + right + 0.1),
    }


def _extent(p: Array) -> dict[str, float]:
    apart = np.linalg.norm(p[:, L_HAND] - p[:, R_HAND], axis=-1)
    middle = (p[:, L_SHOULDER] + p[:, R_SHOULDER]) / 2.0
    lift = p[:, HANDS, 1] - middle[:, None, 1]
    out = (np.abs(p[:, ELBOWS, 0]).sum(axis=1) - np.abs(p[:, SHOULDERS, 0]).sum(axis=1)) / 2.0
    elbow = np.stack([_bend(p, L_SHOULDER, L_ELBOW, L_HAND), _bend(p, R_SHOULDER, R_ELBOW, R_HAND)])
    knee = np.stack([_bend(p, HIPS, L_KNEE, L_FOOT), _bend(p, HIPS, R_KNEE, R_FOOT)])
    fore = p[:, L_FOOT, 2] - p[:, R_FOOT, 2]
    return {
        "hand_distance": apart.mean(),
        "hand_distance_most": np.percentile(apart, 95),
        "hand_height": lift.mean(),
        "hand_height_most": np.percentile(lift.max(axis=1), 95),
        "hand_forward": p[:, HANDS, 2].mean(),
        "elbow_out": out.mean(),
        "elbow_bend": elbow.mean(),
        "elbow_play": elbow.std(axis=1).mean(),
        "knee_bend": knee.mean(),
        "knee_play": knee.std(axis=1).mean(),
        "stance": np.abs(p[:, L_FOOT, 0] - p[:, R_FOOT, 0]).mean(),
        "stride": np.ptp(np.percentile(fore, (5, 95))),
        "step_height": np.ptp(np.percentile(p[:, FEET, 1], (5, 95), axis=0), axis=0).mean(),
        "volume": np.mean([_volume(frame) for frame in p[::6]]) ** (1.0 / 3.0),
        "asymmetry_height": np.abs(lift[:, 0] - lift[:, 1]).mean(),
    }


def _bend(p: Array, a: int, b: int, c: int) -> Array:
    """Degrees [T] by which a limb differs from straight."""
    one, two = p[:, b] - p[:, a], p[:, c] - p[:, b]
    size = np.linalg.norm(one, axis=-1) * np.linalg.norm(two, axis=-1)
    return np.degrees(np.arccos(np.clip((one * two).sum(axis=-1) / np.maximum(size, 1e-9), -1.0, 1.0)))


def _volume(points: Array) -> float:
    try:
        return float(ConvexHull(points).volume)
    except (QhullError, ValueError):
        return 0.0


def _tilt(p: Array, low: int, high: int) -> Array:
    """Degrees [T] by which the way from one joint up to another leans forward."""
    way = p[:, high] - p[:, low]
    return np.degrees(np.arctan2(way[:, 2], way[:, 1]))


def _posture(p: Array) -> dict[str, float]:
    trunk, upper, head = _tilt(p, HIPS, CHEST), _tilt(p, CHEST, NECK), _tilt(p, NECK, HEAD)
    middle = (p[:, L_SHOULDER] + p[:, R_SHOULDER]) / 2.0
    way = p[:, NECK] - p[:, CHEST]
    along = way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-9)
    side = np.degrees(np.arctan2(p[:, CHEST, 0] - p[:, HIPS, 0], p[:, CHEST, 1] - p[:, HIPS, 1]))
    turn = p[:, L_SHOULDER] - p[:, R_SHOULDER]
    return {
        "head_down": head.mean(),
        "head_forward": (p[:, HEAD, 2] - p[:, HIPS, 2]).mean(),
        "trunk_forward": trunk.mean(),
        "chest_curve": (upper - trunk).mean(),
        "shoulder_height": ((middle - p[:, CHEST]) * along).sum(axis=-1).mean(),
        "shoulder_forward": (middle[:, 2] - (p[:, CHEST, 2] + p[:, NECK, 2]) / 2.0).mean(),
        "height": p[:, HEAD, 1].mean(),
        "trunk_lean_play": trunk.std(),
        "sway": side.std(),
        "twist": np.degrees(np.arctan2(turn[:, 2], turn[:, 0])).std(),
        "head_play": head.std(),
    }


def _rhythm(p: Array) -> dict[str, float]:
    swing = (p[:, HANDS, 2] - p[:, SHOULDERS, 2]).std(axis=0).mean()
    fore = p[:, L_FOOT, 2] - p[:, R_FOOT, 2]
    limbs = p[:, (*HANDS, *FEET)]
    return {
        "arm_swing": swing,
        "bounce": p[:, HIPS, 1].std(),
        "step_rate": _rate(fore) if fore.std() > 0.02 else 0.0,
        "rhythm": _periodic(limbs - limbs.mean(axis=0)),
    }


def _rate(signal: Array) -> float:
    """Steps a second: zero crossings of the feet's distance, small ones apart."""
    own = signal - signal.mean()
    sign = np.sign(own[np.abs(own) > 0.3 * own.std()])
    return float((np.diff(sign) != 0).sum()) / (len(signal) / FPS)


def _periodic(signal: Array) -> float:
    """0..1: the best autocorrelation [T, ...] at 0.25 to 1.5 s, after it has fallen first."""
    flat = signal.reshape(len(signal), -1)
    power = float((flat**2).mean())
    lags = range(round(0.25 * FPS), min(round(1.5 * FPS), len(flat) // 2))
    if power < 1e-8 or len(lags) < 2:
        return 0.0
    found = np.array([float((flat[lag:] * flat[:-lag]).mean()) / power for lag in lags])
    low = int(found.argmin())
    return float(np.clip(found[low:].max(), 0.0, 1.0))
