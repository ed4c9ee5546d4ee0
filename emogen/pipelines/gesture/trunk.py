"""Trunk, neck and head as simple solids, to keep hands out of them; frame of the chest (Spine2), cm."""

from __future__ import annotations

import numpy as np

#: Half width, half depth and middle (forward) of the trunk at heights: 50th percentile adult breadths and depths of hips,
#: waist, chest and neck (Pheasant & Haslegrave 2006, "Bodyspace", rounded), fitted to the skeleton.
_HEIGHT = np.array([-60.0, -42.0, -22.0, -5.0, 6.0, 13.0, 18.0, 26.0])
_WIDE = np.array([17.0, 17.0, 13.5, 15.0, 15.5, 12.0, 6.0, 5.5])
_DEEP = np.array([10.0, 10.5, 9.5, 11.0, 11.0, 8.5, 6.0, 5.5])
_MIDDLE = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 2.0])
#: The head: middle and half axes (head breadth 15, length 20, height 23).
_HEAD, _HEAD_AXES = np.array([0.0, 36.0, 5.0]), np.array([7.7, 11.8, 9.8])
#: Half the thickness of a hand: its middle line stays so far outside.
HAND_CM = 1.4
#: How softly a surface begins to push, cm.
_SOFT = 0.8


def pushed_out(points: np.ndarray) -> np.ndarray:
    """Points [..., 3] of a hand's middle line, those in trunk or head moved out to the skin."""
    return _out_of_head(_out_of_trunk(np.asarray(points, dtype=float)))


def depth(points: np.ndarray) -> np.ndarray:
    """How deep points [..., 3] lie under the skin of trunk or head, cm, 0 outside."""
    trunk = _round(points)
    head = np.linalg.norm((points - _HEAD) / _HEAD_AXES, axis=-1)
    in_trunk = np.where((points[..., 1] < _HEIGHT[-1]) & (points[..., 1] > _HEIGHT[0]), 1 - trunk, 0.0)
    size = np.linalg.norm(points - _HEAD, axis=-1) / np.maximum(head, 1e-6)
    wide = np.interp(points[..., 1], _HEIGHT, np.minimum(_WIDE, _DEEP))
    return np.maximum(np.maximum(in_trunk, 0.0) * wide, np.maximum(1 - head, 0.0) * size)


def _round(points: np.ndarray, more: float = 0.0) -> np.ndarray:
    x, y, z = np.moveaxis(points, -1, 0)
    wide, deep = np.interp(y, _HEIGHT, _WIDE) + more, np.interp(y, _HEIGHT, _DEEP) + more
    return np.hypot(x / wide, (z - np.interp(y, _HEIGHT, _MIDDLE)) / deep)


def _out_of_trunk(points: np.ndarray) -> np.ndarray:
    round_ = np.maximum(_round(points, HAND_CM), 1e-3)
    soft = _SOFT / 12.0
    # The push fades above the shoulders, where the head takes over.
    fade = np.clip((_HEIGHT[-1] - points[..., 1]) / 6.0, 0.0, 1.0)
    stretch = 1 + fade * (np.logaddexp(1 / soft, round_ / soft) * soft / round_ - 1)
    middle = np.interp(points[..., 1], _HEIGHT, _MIDDLE)
    moved = points.copy()
    moved[..., 0] *= stretch
    moved[..., 2] = middle + (points[..., 2] - middle) * stretch
    return moved


def _out_of_head(points: np.ndarray) -> np.ndarray:
    axes = _HEAD_AXES + HAND_CM
    round_ = np.maximum(np.linalg.norm((points - _HEAD) / axes, axis=-1, keepdims=True), 1e-3)
    soft = _SOFT / 10.0
    return _HEAD + (points - _HEAD) * np.logaddexp(1 / soft, round_ / soft) * soft / round_
