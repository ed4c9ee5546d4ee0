"""Feet that stand neither slide nor sink nor hover, and the rest of the body stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.feet import feet_locked
from tests.codecs.foreign import NAMES, about, walk


def stepping(seconds: float = 4.0, fps: float = 30.0, slide: float = 12.0) -> BodyMotion:
    """Somebody who shifts weight and lifts a foot now and then, while everything slides and trembles a little."""
    t = np.arange(round(seconds * fps)) / fps
    rotations = np.tile(np.eye(3), (len(t), len(NAMES), 1, 1))
    lift = np.clip(np.sin(2 * np.pi * 0.5 * t), 0.0, 1.0) ** 2
    for side, own in (("Left", lift), ("Right", np.roll(lift, len(t) // 4))):
        bend = 14 + 40 * own
        rotations[:, NAMES.index(f"{side}UpLeg")] = about("x", -bend)
        rotations[:, NAMES.index(f"{side}Leg")] = about("x", 2 * bend + 1.5 * np.sin(2 * np.pi * 3 * t))
        rotations[:, NAMES.index(f"{side}Foot")] = about("x", -bend)
    root = np.tile(skeleton().offsets[0], (len(t), 1)) + np.column_stack([slide * t / 2, 0 * t, slide * np.sin(t) / 3])
    motion = BodyMotion(rotations, root, fps)
    root[:, 1] -= np.median(motion.soles()[..., 1].min(axis=1))
    return BodyMotion(rotations, root, fps)


def slides(motion: BodyMotion, flags: np.ndarray) -> np.ndarray:
    """Speed of soles over the floor from one frame of contact to the next, cm/s."""
    speed = np.linalg.norm(np.diff(motion.soles()[..., [0, 2]], axis=0), axis=-1) * motion.fps
    return speed[flags[1:] & flags[:-1]]


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_planted_feet_stay(fps: float) -> None:
    before = stepping(fps=fps)
    flags = before.contacts()
    after = feet_locked(before)
    assert slides(before, flags).max() > 4.0
    assert slides(after, flags).max() < 2.0
    assert np.abs(after.soles()[..., 1][flags]).max() < 0.5
    assert after.soles()[..., 1].min() > -0.5


def test_the_upper_body_and_bone_lengths_are_untouched() -> None:
    before, after = stepping(), feet_locked(stepping())
    legs = {NAMES.index(f"{s}{p}") for s in ("Left", "Right") for p in ("UpLeg", "Leg", "Foot", "ToeBase")}
    others = [j for j in range(len(NAMES)) if j not in legs]
    np.testing.assert_array_equal(after.rotations[:, others], before.rotations[:, others])
    turns = after.rotations.reshape(-1, 3, 3)
    np.testing.assert_allclose(turns @ turns.swapaxes(-1, -2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-9)


def test_nothing_pops() -> None:
    before, after = stepping(), feet_locked(stepping())

    def hardest(motion: BodyMotion) -> float:
        return float(np.linalg.norm(np.diff(motion.positions(), 2, axis=0), axis=-1).max())

    assert hardest(after) < 1.5 * hardest(before) + 1.0


def test_hips_come_down_to_a_floor_out_of_reach() -> None:
    hovering = stepping(slide=0.0)
    hovering.root_cm[:, 1] += 3.5
    after = feet_locked(hovering, np.ones((len(hovering.root_cm), 4), dtype=bool))
    assert np.abs(after.soles()[..., 1]).max() < 0.5
    assert (after.root_cm[:, 1] <= hovering.root_cm[:, 1] + 1e-9).all()


def test_a_motion_in_the_air_is_left_alone() -> None:
    flying = walk()
    flying.root_cm[:, 1] += 80.0
    np.testing.assert_allclose(feet_locked(flying).positions(), flying.positions(), atol=0.5)
    nothing = BodyMotion(flying.rotations[:0], flying.root_cm[:0], 30.0)
    assert len(feet_locked(nothing).root_cm) == 0
