"""A performance as .glb: the character with its weights, head and eyes over time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.face import INDEX, SHAPES, FaceMotion
from emogen.media.arkit import ARKIT_NAMES
from emogen.media.glb import GlbAnimation, write_glb
from emogen.pipelines.talking_head.avatars.rig import MOST_TURN, Rig, look


def quaternions(yaw: np.ndarray, pitch: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """Turns (rad, signs as in `codecs.face`) as unit quaternions x, y, z, w: [T] each -> float64 [T, 4]."""
    found = Rotation.from_euler("YXZ", np.column_stack([yaw, pitch, -roll])).as_quat()
    jumps = np.cumprod(np.where((found[1:] * found[:-1]).sum(axis=1) < 0, -1.0, 1.0))
    found[1:] *= jumps[:, None]
    return np.asarray(found)


def export(rig: Rig, motion: FaceMotion, path: str | Path, *, extras: Mapping[str, Any] | None = None) -> Path:
    """Writes a character that performs `motion`; `extras` (provenance, say) go into the file's `asset.extras`."""
    curves = np.nan_to_num(motion.curves.astype(np.float64))
    first = INDEX["headYaw"]
    head = np.clip(curves[:, first : first + 3], -MOST_TURN, MOST_TURN)
    turns = {"head": quaternions(*head.T)}
    for name, side in (("eyeLeft", "Left"), ("eyeRight", "Right")):
        aim = np.array([look(row, side) for row in curves])
        turns[name] = quaternions(aim[:, 0], aim[:, 1], np.zeros(len(aim)))
    animation = GlbAnimation(np.arange(len(curves)) / motion.fps, np.clip(curves[:, :SHAPES], 0, 1), turns)
    pivot = (float(rig.pivot[0]), float(rig.pivot[1]), float(rig.pivot[2]))
    told = {**rig.extras, **(extras or {})}
    return write_glb(path, rig.meshes, targets=ARKIT_NAMES, head_pivot=pivot, animation=animation, extras=told)
