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
#: Bones whose direction is a channel each way.
_BONES = (
    (HIPS, CHEST), (CHEST, NECK), (NECK, HEAD),
    (L_SHOULDER, L_ELBOW), (L_ELBOW, L_HAND), (R_SHOULDER, R_ELBOW), (R_ELBOW, R_HAND),
    (HIPS, L_KNEE), (L_KNEE, L_FOOT), (HIPS, R_KNEE), (R_KNEE, R_FOOT),
)  # fmt: skip
_ENDS = (HEAD, L_HAND, R_HAND, L_ELBOW, R_ELBOW, L_FOOT, R_FOOT, CHEST)
_HIGH = (HIPS, HEAD, L_HAND, R_HAND, L_ELBOW, R_ELBOW, L_FOOT, R_FOOT)


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
    """Normalised positions [T, 14, 3] at 30 a second -> directions, heights, speeds: float32 [T / 2, C], 15 a second."""
    p = gaussian_filter1d(body, 1.0, axis=0, mode="nearest")
    bones = np.stack([p[:, b] - p[:, a] for a, b in _BONES], axis=1)
    bones /= np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-6)
    across = p[:, L_SHOULDER] - p[:, R_SHOULDER]
    middle = (p[:, L_SHOULDER] + p[:, R_SHOULDER]) / 2.0
    speed = np.gradient(p[:, _ENDS], axis=0) * FPS
    hips = np.gradient(p[:, HIPS, 1]) * FPS
    parts = [
        bones.reshape(len(p), -1),
        p[:, _HIGH, 1],
        across,
        middle - p[:, CHEST],
        np.log(np.linalg.norm(speed, axis=-1) + 0.03),
        speed[..., 1],
        hips[:, None],
        np.linalg.norm(p[:, L_HAND] - p[:, R_HAND], axis=-1, keepdims=True),
    ]
    return np.concatenate(parts, axis=1)[::STEP].astype(np.float32)
