"""BVH files of any skeleton survive the way there and back; broken ones are named by line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import FormatError, InputError, LimitError
from emogen.media.motion import CHANNELS, BvhJoint, BvhMotion, read_bvh, write_bvh, write_bvh_pieces

ROOT = ("Xposition", "Yposition", "Zposition", "Zrotation", "Xrotation", "Yrotation")
SMALL = """HIERARCHY
ROOT Hips
{
  OFFSET 0 90 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Left Arm
  {
    OFFSET 1.5e1 0 0
    CHANNELS 1 zROTATION
    End Site
    {
      OFFSET 0 10 0
    }
  }
}
MOTION
Frames:\t2
Frame Time: .04
0 90 0 1 2 3 4
0 91 0 1 2 3 5
"""


@st.composite
def motions(draw: st.DrawFn) -> BvhMotion:
    joints = [BvhJoint("Hips", -1, (0.0, 90.0, 0.0), ROOT)]
    coordinate = st.floats(-1000, 1000).map(lambda v: round(v, 6))
    open_path = [0]
    for i in range(1, draw(st.integers(1, 12))):
        del open_path[draw(st.integers(1, len(open_path))) :]
        names = draw(st.lists(st.sampled_from(CHANNELS), unique=True, max_size=6))
        name = draw(st.text(st.characters(categories=("L", "N")), max_size=8)) + str(i)
        offset = (draw(coordinate), draw(coordinate), draw(coordinate))
        end = draw(st.booleans())
        joints.append(BvhJoint("" if end else name, open_path[-1], offset, () if end else tuple(names), end))
        if not end:
            open_path.append(i)
    width = sum(len(j.channels) for j in joints)
    frames = np.random.default_rng(draw(st.integers(0, 99))).uniform(-360, 360, (draw(st.integers(0, 4)), width))
    return BvhMotion(tuple(joints), frames.round(6), round(draw(st.floats(0.001, 1)), 8))


@given(motions())
@settings(max_examples=60, deadline=None)
def test_any_motion_survives(tmp_path_factory: pytest.TempPathFactory, motion: BvhMotion) -> None:
    path = write_bvh(tmp_path_factory.mktemp("bvh") / "a.bvh", motion)
    got = read_bvh(path)
    assert got.joints == motion.joints
    assert got.frame_time_s == pytest.approx(motion.frame_time_s, abs=1e-8)
    assert np.allclose(got.frames, motion.frames, atol=1e-6)


def test_pieces_make_the_same_file(tmp_path: Path) -> None:
    whole = BvhMotion((BvhJoint("Hips", -1, (0.0, 90.0, 0.0), ROOT),), np.arange(60.0).reshape(10, 6), 0.04)
    pieces = [replace(whole, frames=whole.frames[a : a + 4]) for a in (0, 4, 8)]
    one = write_bvh(tmp_path / "one.bvh", whole)
    other = write_bvh_pieces(tmp_path / "other.bvh", iter(pieces), 10)
    assert one.read_bytes() == other.read_bytes()
    with pytest.raises(InputError, match="11"):
        write_bvh_pieces(tmp_path / "short.bvh", iter(pieces), 11)
    assert not (tmp_path / "short.bvh").exists()


def test_what_others_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.bvh"
    path.write_bytes(SMALL.replace("\n", "\r\n").encode())
    motion = read_bvh(path)
    assert [j.name for j in motion.joints] == ["Hips", "Left Arm", ""]
    assert [j.parent for j in motion.joints] == [-1, 0, 1]
    assert motion.joints[1].channels == ("Zrotation",)
    assert motion.joints[1].offset == (15.0, 0.0, 0.0)
    assert motion.joints[2].end_site
    assert (motion.fps, motion.duration_s, motion.n_channels, motion.first_channel(1)) == (25.0, 0.08, 7, 6)
    assert motion.frames[1].tolist() == [0, 91, 0, 1, 2, 3, 5]


def test_a_name_cannot_add_a_line(tmp_path: Path) -> None:
    evil = "x\n}\nMOTION\nFrames: 0\x1b{ \u2028y"
    joints = (BvhJoint("Hips", -1, (0, 0, 0), ROOT), BvhJoint(evil, 0, (0, 0, 0), ("Xrotation",)))
    path = write_bvh(tmp_path / "a.bvh", BvhMotion(joints, np.zeros((1, 7)), 0.04))
    got = read_bvh(path)
    assert len(got.joints) == 2
    assert got.joints[1].name == "x_}_MOTION_Frames:_0____y".replace("}", "_")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Frames:\t2", "Frames: 3", "promises 3 frames, the file holds 2"),
        ("Frames:\t2", "Frames: 1", "line 20: more than the 1 frames"),
        ("Frames:\t2", "Frames: -1", "line 17: Frames"),
        ("0 91 0 1 2 3 5", "0 91 0 1 2 3", "line 20: 6 numbers instead of 7"),
        ("0 91 0 1 2 3 5", "0 91 0 1 2 3 nan", "line 20: .*not finite"),
        ("0 91 0 1 2 3 5", "0 91 0 1 2 3 x", "line 20: .*x"),
        (".04", "0", "frame time of 0.0"),
        ("CHANNELS 1 zROTATION", "CHANNELS 2 zROTATION", "line 9: CHANNELS"),
        ("CHANNELS 1 zROTATION", "CHANNELS 1 Wrotation", "line 9: .*Wrotation"),
        ("OFFSET 0 10 0", "OFFSET 0 10", "line 12: OFFSET"),
        ("MOTION", "", "line 17: MOTION"),
        ("ROOT Hips", "JOINT Hips", "line 2: .*JOINT Hips"),
        ("End Site", "End", 'line 10: "End"'),
    ],
)
def test_broken_files_are_named_by_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    (tmp_path / "a.bvh").write_text(SMALL.replace(old, new))
    with pytest.raises(FormatError, match=says):
        read_bvh(tmp_path / "a.bvh")


@pytest.mark.parametrize("end", [10, 60, 120, 200, 260])
def test_cut_off_files_are_refused(tmp_path: Path, end: int) -> None:
    (tmp_path / "a.bvh").write_text(SMALL[:end])
    with pytest.raises(FormatError):
        read_bvh(tmp_path / "a.bvh")


def test_motions_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    root = BvhJoint("Hips", -1, (0, 0, 0), ROOT)
    for joints, frames in [
        ((root,), np.zeros((2, 5))),
        ((root,), np.full((2, 6), np.nan)),
        ((root, BvhJoint("a", 1, (0, 0, 0))), np.zeros((2, 6))),
        ((root, BvhJoint("a", -1, (0, 0, 0))), np.zeros((2, 6))),
        ((root, BvhJoint("a", 0, (0, 0, 0), ("Wrotation",))), np.zeros((2, 7))),
        ((root, BvhJoint("a", 0, (0, np.inf, 0))), np.zeros((2, 6))),
        ((root, BvhJoint("", 0, (0, 0, 0), (), True), BvhJoint("b", 1, (0, 0, 0))), np.zeros((2, 6))),
        ((), np.zeros((0, 0))),
    ]:
        with pytest.raises((InputError, LimitError)):
            write_bvh(tmp_path / "a.bvh", BvhMotion(joints, frames, 0.04))
    with pytest.raises(InputError, match="frame time"):
        write_bvh(tmp_path / "a.bvh", BvhMotion((root,), np.zeros((1, 6)), 0.0))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", [2_000_000_000, 200_000_001])
def test_files_of_gigabytes_are_refused_unread(tmp_path: Path, end: int) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(SMALL)
    with path.open("r+b") as file:
        file.truncate(end)
    with pytest.raises((LimitError, FormatError)) as caught:
        read_bvh(path)
    assert caught.value.exit_code == 2


def test_motions_in_a_circle_are_refused(tmp_path: Path) -> None:
    joints = (BvhJoint("Hips", 1, (0, 0, 0), ROOT), BvhJoint("Spine", 0, (0, 0, 0)))
    with pytest.raises(InputError, match="has the parent 1"):
        write_bvh(tmp_path / "a.bvh", BvhMotion(joints, np.zeros((1, 6)), 0.04))
