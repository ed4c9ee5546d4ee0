"""Bodies as frames and as BVH."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyCodec, BodyMotion, skeleton
from emogen.errors import InputError
from emogen.media.motion import BvhJoint, BvhMotion, read_bvh, write_bvh
from tests.contract.codec import CodecContract


def motion(frames: int = 20, seed: int = 0) -> BodyMotion:
    rng = np.random.default_rng(seed)
    joints = len(skeleton().names)
    turns = Rotation.from_rotvec(rng.normal(0, 0.4, (frames * joints, 3))).as_matrix().reshape(frames, joints, 3, 3)
    return BodyMotion(turns, rng.normal(0, 5, (frames, 3)) + skeleton().offsets[0], 30.0)


class TestBodyCodec(CodecContract):
    tolerance = 1e-5

    def make(self) -> BodyCodec:
        return BodyCodec()

    def frames(self, codec: BodyCodec) -> np.ndarray:
        return codec.encode(motion())


def test_a_file_brings_back_every_joint_where_it_was(tmp_path: Path) -> None:
    before = motion()
    write_bvh(tmp_path / "a.bvh", before.to_bvh())
    after = BodyMotion.from_bvh(read_bvh(tmp_path / "a.bvh"))
    np.testing.assert_allclose(after.positions(), before.positions(), atol=1e-3)
    assert after.fps == pytest.approx(30, rel=1e-4)


def test_bones_keep_their_length() -> None:
    places, bones = motion().positions(), skeleton()
    for j, parent in enumerate(bones.parents):
        if parent >= 0:
            lengths = np.linalg.norm(places[:, j] - places[:, parent], axis=1)
            np.testing.assert_allclose(lengths, np.linalg.norm(bones.offsets[j]), atol=1e-9)


def test_the_skeleton_is_symmetric_and_stands_on_the_ground() -> None:
    bones = skeleton()
    rest = BodyMotion(np.tile(np.eye(3), (1, len(bones.names), 1, 1)), bones.offsets[:1], 30.0).positions()[0]
    for name in bones.names:
        if name.startswith("Left"):
            left, right = rest[bones.names.index(name)], rest[bones.names.index(name.replace("Left", "Right"))]
            np.testing.assert_allclose(left * [-1, 1, 1], right)
    assert 0 <= rest[:, 1].min() < 5
    assert 150 < rest[:, 1].max() < 190


def test_another_skeleton_is_refused() -> None:
    other = BvhMotion(
        (BvhJoint("hip", -1, (0, 0, 0), ("Zrotation", "Xrotation", "Yrotation")),), np.zeros((2, 3)), 1 / 30
    )
    with pytest.raises(InputError, match="no joint Hips"):
        BodyMotion.from_bvh(other)
