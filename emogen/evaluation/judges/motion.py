"""The judge of movement: a network over the frames of the body, learnt from other movements than the guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from emogen.conditioning.body_pose import (
    CHEST,
    HEAD,
    HIPS,
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
)
from emogen.conditioning.motion import MotionReader
from emogen.conditioning.motion_measures import FPS
from emogen.conditioning.recognition import Role

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float64]
STEP = 2  # of the frames at `FPS`: 15 a second
_SIDES = ((L_SHOULDER, L_ELBOW, L_HAND, L_KNEE, L_FOOT), (R_SHOULDER, R_ELBOW, R_HAND, R_KNEE, R_FOOT))
_SLOWEST, _GENTLEST = 0.03, 0.3  # body heights a second, and a second squared: below, it is noise (own assumption)


class MotionJudge(MotionReader):
    """Judges movement. Make one with `MotionJudge.load(...)`."""

    role: ClassVar[Role] = "judge"
    checkpoint: ClassVar[str] = "judge_motion"

    def _build(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        from emogen.models.frames import FrameNet

        self._net = FrameNet.from_config(config["net"]).eval()
        self._net.load_state_dict(weights)

    def _judge(self, body: Array, measures: Array) -> tuple[Tensor, Tensor]:
        import torch

        logits, vad = self._net(torch.from_numpy(channels(body))[None])
        return logits[0], vad[0]


def channels(body: Array) -> NDArray[np.float32]:
    """Normalised positions [T, 14, 3] at 30 a second -> float32 [T / 2, C] at 15: angles, heights and speeds of joints.

    Of what there is twice, left and right, the mean and how far apart they are: a mirrored body gives the same.
    """
    p = gaussian_filter1d(body, 1.0, axis=0, mode="nearest")
    velocity = np.gradient(p, axis=0) * FPS
    speed = np.log(np.linalg.norm(velocity, axis=-1) + _SLOWEST)
    force = np.log(np.linalg.norm(np.gradient(velocity, axis=0) * FPS, axis=-1) + _GENTLEST)
    once = [
        *(_lean(p, a, b) for a, b in ((HIPS, CHEST), (CHEST, NECK), (NECK, HEAD))),
        np.abs(p[:, CHEST, 0]),
        p[:, HEAD, 2],
        p[:, HIPS, 1],
        p[:, HEAD, 1],
        velocity[:, HIPS, 1],
        speed[:, HEAD],
        speed[:, CHEST],
        force[:, HEAD],
        force[:, CHEST],
        np.linalg.norm(p[:, L_HAND] - p[:, R_HAND], axis=-1),
        np.linalg.norm(p[:, L_FOOT] - p[:, R_FOOT], axis=-1),
    ]
    left, right = (_side(p, speed, force, *joints) for joints in _SIDES)
    twice = [(left + right) / 2.0, np.abs(left - right)]
    return np.concatenate([np.stack(once, axis=1), *twice], axis=1)[::STEP].astype(np.float32)


def _lean(p: Array, low: int, high: int) -> Array:
    """Radians [T] by which the way from one joint up to another leans forward."""
    way = p[:, high] - p[:, low]
    return np.arctan2(way[:, 2], way[:, 1])


def _side(p: Array, speed: Array, force: Array, shoulder: int, elbow: int, hand: int, knee: int, foot: int) -> Array:
    """What is told of one side, [T, 17]."""
    upper, lower = p[:, elbow] - p[:, shoulder], p[:, hand] - p[:, elbow]
    thigh, shin = p[:, knee] - p[:, HIPS], p[:, foot] - p[:, knee]
    return np.stack(
        [
            p[:, shoulder, 1] - p[:, CHEST, 1],
            p[:, shoulder, 2] - p[:, CHEST, 2],
            p[:, hand, 1] - p[:, shoulder, 1],
            p[:, hand, 2],
            np.abs(p[:, hand, 0]),
            np.abs(p[:, elbow, 0]),
            p[:, foot, 1],
            np.abs(p[:, foot, 0]),
            _angle(upper, lower),
            _angle(thigh, shin),
            _angle(upper, p[:, HIPS] - p[:, NECK]),
            *(speed[:, joint] for joint in (elbow, hand, foot)),
            *(force[:, joint] for joint in (elbow, hand, foot)),
        ],
        axis=1,
    )


def _angle(one: Array, two: Array) -> Array:
    """Radians [T] between two vectors [T, 3]."""
    size = np.linalg.norm(one, axis=-1) * np.linalg.norm(two, axis=-1)
    return np.asarray(np.arccos(np.clip((one * two).sum(axis=-1) / np.maximum(size, 1e-9), -1.0, 1.0)))
