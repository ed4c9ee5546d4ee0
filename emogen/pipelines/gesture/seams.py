"""A movement that goes on from another, and comes to another: the draft is eased out of the one and into the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion
from emogen.codecs.body_features import way
from emogen.pipelines.gesture.moving import Acting, between

#: How long it takes to come out of a movement or into it (s); own assumption: as long as a slow gesture's preparation.
EASED_S = 0.9
#: How long what is left between two movements fades (s); own assumption.
FADES_S = 0.5


def standing_at(motion: BodyMotion, place_cm: np.ndarray, yaw: float) -> BodyMotion:
    """The motion moved on the floor so that its first frame is at `place_cm` (x, z) and faces `yaw`, radians."""
    gone = way(motion)
    turn = Rotation.from_euler("Y", yaw - gone.yaw[0]).as_matrix()
    root = (motion.root_cm - [gone.place_cm[0, 0], 0.0, gone.place_cm[0, 1]]) @ turn.T
    root[:, [0, 2]] += place_cm
    rotations = motion.rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    return BodyMotion(rotations, root, motion.fps)


@dataclass(frozen=True, eq=False)
class Eased:
    """A draft between two movements.

    Attributes:
        draft: What is done between them.
        before: Ends where the draft begins, or None.
        after: Begins where the draft ends, or None.
    """

    draft: Acting
    before: BodyMotion | None = None
    after: BodyMotion | None = None

    @property
    def frames(self) -> int:
        """How many."""
        return self.draft.frames

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.draft.fps

    def piece(self, first: int, last: int) -> BodyMotion:
        """Frames first..last (excluded)."""
        found = self.draft.piece(first, last)
        if self.before is not None:
            found = _towards(found, self.before, -1, self._share(np.arange(first, last) + 1))
        if self.after is not None:
            found = _towards(found, self.after, 0, self._share(self.frames - np.arange(first, last)))
        return found

    def _share(self, frames: np.ndarray) -> np.ndarray:
        """How far the other movement is still, or already, kept so many frames from it: 1 at it, 0 from `EASED_S` on."""
        u = np.clip(1.0 - frames / (EASED_S * self.fps), 0.0, 1.0)
        return np.asarray(u**3 * (10 - 15 * u + 6 * u**2))


def without_pops(motion: BodyMotion, before: BodyMotion | None, after: BodyMotion | None) -> BodyMotion:
    """The motion with what is left between it and its neighbours faded into it.

    It begins where `before` would be next, and ends where `after` begins (inertialization; Bollo 2018, GDC, "Inertialization:
    High-Performance Animation Transitions in Gears of War").
    """
    frames = np.arange(len(motion.root_cm))
    if before is not None:
        motion = _offset(motion, 0, _next(before, -1, 1), _fading(frames, motion.fps))
    if after is not None:
        motion = _offset(motion, -1, _next(after, 0, -1), _fading(frames[::-1], motion.fps))
    return motion


def _fading(frames: np.ndarray, fps: float) -> np.ndarray:
    u = np.clip(1.0 - frames / (FADES_S * fps), 0.0, 1.0)
    return np.asarray(u**3 * (10 - 15 * u + 6 * u**2))


def _next(motion: BodyMotion, frame: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Where joints and hips would be one frame beyond an end: rotations [J, 3, 3], place [3]."""
    inner = frame - step
    if not -len(motion.root_cm) <= inner < len(motion.root_cm):
        return motion.rotations[frame], motion.root_cm[frame]
    turn = motion.rotations[inner].swapaxes(-1, -2) @ motion.rotations[frame]
    return motion.rotations[frame] @ turn, 2 * motion.root_cm[frame] - motion.root_cm[inner]


def _offset(motion: BodyMotion, frame: int, goal: tuple[np.ndarray, np.ndarray], share: np.ndarray) -> BodyMotion:
    """The motion turned and moved by what its frame lacks to the goal, by share [T]."""
    lacks = Rotation.from_matrix(motion.rotations[frame].swapaxes(-1, -2) @ goal[0]).as_rotvec()
    turned = motion.rotations.copy()
    near = np.flatnonzero(share)
    for j, vector in enumerate(lacks):
        turned[near, j] = turned[near, j] @ Rotation.from_rotvec(share[near, None] * vector).as_matrix()
    return replace(motion, rotations=turned, root_cm=motion.root_cm + share[:, None] * (goal[1] - motion.root_cm[frame]))


def _towards(motion: BodyMotion, other: BodyMotion, frame: int, share: np.ndarray) -> BodyMotion:
    """The motion drawn to one frame of another by share [T]."""
    if not share.any():
        return motion
    turned = motion.rotations.copy()
    for j in range(turned.shape[1]):
        goal = np.broadcast_to(other.rotations[frame, j], (len(share), 3, 3))
        turned[:, j] = between(turned[:, j], goal, share)
    root = motion.root_cm + share[:, None] * (other.root_cm[frame] - motion.root_cm)
    return replace(motion, rotations=turned, root_cm=root)
