"""Bodies as frames and as BVH."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.body_codec import BodyCodec
from emogen.errors import FormatError, InputError
from emogen.media.motion import BvhJoint, BvhMotion, read_bvh, write_bvh
from tests.codecs.foreign import walk
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


def test_what_is_no_body_is_refused() -> None:
    other = BvhMotion(
        (BvhJoint("hip", -1, (0, 0, 0), ("Zrotation", "Xrotation", "Yrotation")),), np.zeros((2, 3)), 1 / 30
    )
    with pytest.raises(InputError, match="has no head, left shoulder"):
        BodyMotion.from_bvh(other)


@pytest.mark.parametrize("up", ["Y", "Z"])
def test_both_axes_up_come_back_within_a_hundredth_of_a_degree(tmp_path: Path, up: str) -> None:
    before = motion(seed=2)
    after = BodyMotion.from_bvh(read_bvh(write_bvh(tmp_path / "a.bvh", before.to_bvh(up))))
    assert apart(before, after) < 1e-4
    np.testing.assert_allclose(after.root_cm, before.root_cm, atol=1e-5)


def test_z_up_stands_along_z() -> None:
    found = still(3).to_bvh("Z")
    head = sum(np.array(j.offset) for j in found.joints if j.name in ("Spine", "Spine1", "Spine2", "Neck", "Head"))
    assert head[2] > 50 > abs(head[0]) + abs(head[1])
    assert found.frames[0, 2] == pytest.approx(96.0)
    with pytest.raises(InputError, match="up"):
        still(3).to_bvh("X")


def test_gimbal_lock_loses_nothing(tmp_path: Path) -> None:
    turns = np.tile(np.eye(3), (9, len(skeleton().names), 1, 1))
    for k, x in enumerate((90.0, -90.0, 89.9999999, 90.0, 90.000001, -89.99999, 90.0, 0.0, 90.0)):
        turns[k, 3] = Rotation.from_euler("ZXY", [33.0 * k, x, 71.0 * k], degrees=True).as_matrix()
    before = BodyMotion(turns, np.tile(skeleton().offsets[0], (9, 1)), 30.0)
    after = BodyMotion.load(before.save(tmp_path / "a.bvh"))
    assert apart(before, after) < 1e-4


def test_angles_do_not_leap_in_time() -> None:
    turns = np.tile(np.eye(3), (60, len(skeleton().names), 1, 1))
    turns[:, 0] = Rotation.from_euler("Y", np.linspace(0, 700, 60)[:, None], degrees=True).as_matrix()
    found = BodyMotion(turns, np.tile(skeleton().offsets[0], (60, 1)), 30.0).to_bvh()
    assert np.abs(np.diff(found.frames, axis=0)).max() < 20.0


def test_another_reader_finds_the_same_positions(tmp_path: Path) -> None:
    bvhio = pytest.importorskip("bvhio")
    before = motion(6, seed=1)
    path = before.save(tmp_path / "a.bvh")
    root = bvhio.readAsHierarchy(str(path))
    known, names = before.positions(), skeleton().names
    for frame in range(6):
        root.loadPose(frame)
        for joint, *_ in root.layout():
            if joint.Name in names:
                place = np.array([*joint.PositionWorld])
                np.testing.assert_allclose(place, known[frame, names.index(joint.Name)], atol=1e-2)


def test_arrays_bring_back_the_motion_and_have_the_same_bytes_again(tmp_path: Path) -> None:
    before = motion()
    one, two = before.save(tmp_path / "a.npz"), before.save(tmp_path / "b.npz")
    assert one.read_bytes() == two.read_bytes()
    after = BodyMotion.load(one)
    assert apart(before, after) < 1e-6
    np.testing.assert_array_equal(after.root_cm, before.root_cm)
    with np.load(one, allow_pickle=False) as plain:
        assert {"names", "parents", "offsets_cm", "rotations", "root_cm", "positions_cm", "fps"} == set(plain)
        np.testing.assert_allclose(plain["positions_cm"], before.positions(), atol=1e-3)
        assert (np.sum(plain["rotations"][1:] * plain["rotations"][:-1], axis=-1) >= 0).all()


def test_broken_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    names, eye = np.array(skeleton().names), np.tile([0.0, 0, 0, 1], (2, 52, 1))
    good = {"names": names, "rotations": eye, "root_cm": np.zeros((2, 3)), "fps": np.array(30.0)}
    np.savez(path, names=names)
    with pytest.raises(FormatError, match="no rotations"):
        BodyMotion.load(path)
    wrong = [
        {"names": names[:5]}, {"rotations": eye[:, :4]}, {"rotations": eye * 0}, {"rotations": eye * np.nan},
        {"root_cm": np.zeros((3, 3))}, {"fps": np.array(0.0)}, {"fps": np.array([30.0])}, {"rotations": eye[:0]},
        {"root_cm": np.array([["x"] * 3] * 2)},
    ]  # fmt: skip
    np.savez(path, **good)
    assert len(BodyMotion.load(path).root_cm) == 2
    for change in wrong:
        np.savez(path, **{**good, **change})
        with pytest.raises(InputError):
            BodyMotion.load(path)
    np.savez(path, names=np.array([object()]))
    with pytest.raises(FormatError, match="no readable"):
        BodyMotion.load(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:  # a header that asks for all memory
        header = "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9999), }".ljust(117) + "\n"
        archive.writestr("rotations.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    with pytest.raises(FormatError, match="another size"):
        BodyMotion.load(path)
    path.write_bytes(path.read_bytes()[:80])
    with pytest.raises(FormatError):
        BodyMotion.load(path)
    with pytest.raises(InputError, match="no such file"):
        BodyMotion.load(tmp_path / "b.npz")
    with pytest.raises(InputError, match="cannot be written"):
        still(2).save(tmp_path / "a.fbx")


def test_another_frame_rate_keeps_length_and_places() -> None:
    whole = walk(60, 30.0)
    for fps in (24.0, 60.0, 120.0, 10.0):
        other = whole.resampled(fps)
        assert other.fps == fps
        assert len(other.root_cm) / fps == pytest.approx(2.0, abs=1 / fps)
    fine = whole.resampled(120.0).positions()[: 4 * 59 + 1 : 4]
    np.testing.assert_allclose(fine, whole.positions(), atol=1e-6)
    half = whole.resampled(60.0)
    turn = Rotation.from_matrix(whole.rotations[10, 0].T @ whole.rotations[11, 0]).magnitude()
    assert Rotation.from_matrix(whole.rotations[10, 0].T @ half.rotations[21, 0]).magnitude() == pytest.approx(turn / 2)


def test_feet_that_stand_are_in_contact() -> None:
    assert still(10).contacts().all()
    jump = still(30)
    jump.root_cm[10:20, 1] += 40.0
    flags = jump.contacts()
    assert not flags[12:18].any()
    assert flags[:8].all()
    assert flags[22:].all()
    assert still(1).contacts().all()


def apart(a: BodyMotion, b: BodyMotion) -> float:
    """Largest angle between the same joints, degrees."""
    turns = (a.rotations.swapaxes(-1, -2) @ b.rotations).reshape(-1, 3, 3)
    return float(np.degrees(Rotation.from_matrix(turns).magnitude().max()))


def still(frames: int) -> BodyMotion:
    return BodyMotion(np.tile(np.eye(3), (frames, 52, 1, 1)), np.tile(skeleton().offsets[0], (frames, 1)), 30.0)
