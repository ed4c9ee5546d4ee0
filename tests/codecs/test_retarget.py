"""Motions of other rigs land on our skeleton as they were, whatever their names, zero pose, axes and units."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.body import BODY, BodyMotion, skeleton
from emogen.codecs.humanoid import humanoid
from emogen.codecs.retarget import retargeted
from emogen.conditioning.body_pose import bvh_positions
from emogen.errors import InputError
from emogen.media.motion import BvhMotion, read_bvh, write_bvh
from emogen.training.packs import data_folder
from tests.codecs.foreign import NAMES, about, along_x, foreign, pose, walk

DATA = data_folder() / "body" / "bandai_namco"
SIDES = (("Left", "left"), ("Right", "right"))


def _both(**parts: str) -> dict[str, str]:
    """Part of ours -> name with {S}, {s}, {C}, {c} for Left, left, L, l."""
    return {
        f"{side}{part}": name.format(S=side, s=low, C=side[0], c=low[0])
        for part, name in parts.items()
        for side, low in SIDES
    }


PROGRAMS = {
    "mixamo": {n: f"mixamorig:{n}" for n in NAMES},
    "cmu": {"Spine": "LowerBack", "Spine1": "Spine", "Spine2": "Spine1"},
    "smpl": {"Hips": "pelvis", "Spine": "spine1", "Spine1": "spine2", "Spine2": "spine3", "Neck": "neck", "Head": "head",
             **_both(Shoulder="{s}_collar", Arm="{s}_shoulder", ForeArm="{s}_elbow", Hand="{s}_wrist", UpLeg="{s}_hip",
                     Leg="{s}_knee", Foot="{s}_ankle", ToeBase="{s}_foot")},
    "unreal": {"Hips": "pelvis", "Spine": "spine_01", "Spine1": "spine_02", "Spine2": "spine_03", "Neck": "neck_01",
               "Head": "head", **_both(Shoulder="clavicle_{c}", Arm="upperarm_{c}", ForeArm="lowerarm_{c}", Hand="hand_{c}",
                                       UpLeg="thigh_{c}", Leg="calf_{c}", Foot="foot_{c}", ToeBase="ball_{c}")},
    "vrm": {"Spine1": "chest", "Spine2": "upperChest",
            **_both(Shoulder="{s}Shoulder", Arm="{s}UpperArm", ForeArm="{s}LowerArm", Hand="{s}Hand", UpLeg="{s}UpperLeg",
                    Leg="{s}LowerLeg", Foot="{s}Foot", ToeBase="{s}Toes")},
    "biped": {"Hips": "Bip01", "Spine": "Bip01 Spine", "Spine1": "Bip01 Spine1", "Spine2": "Bip01 Spine2",
              "Neck": "Bip01 Neck", "Head": "Bip01 Head",
              **_both(Shoulder="Bip01 {C} Clavicle", Arm="Bip01 {C} UpperArm", ForeArm="Bip01 {C} Forearm",
                      Hand="Bip01 {C} Hand", UpLeg="Bip01 {C} Thigh", Leg="Bip01 {C} Calf", Foot="Bip01 {C} Foot",
                      ToeBase="Bip01 {C} Toe0")},
    "daz": {"Hips": "hip", "Spine": "abdomenLower", "Spine1": "abdomenUpper", "Spine2": "chestLower", "Neck": "neckLower",
            "Head": "head", **_both(Shoulder="{c}Collar", Arm="{c}ShldrBend", ForeArm="{c}ForearmBend", Hand="{c}Hand",
                                    UpLeg="{c}ThighBend", Leg="{c}Shin", Foot="{c}Foot", ToeBase="{c}Toe")},
    "xsens": {"Hips": "Pelvis", "Spine": "L5", "Spine1": "L3", "Spine2": "T8",
              **_both(Arm="{S}UpperArm", ForeArm="{S}Forearm", UpLeg="{S}UpperLeg", Leg="{S}LowerLeg", ToeBase="{S}Toe")},
    "asf": {"Hips": "root", "Spine": "lowerback", "Spine1": "upperback", "Spine2": "thorax", "Neck": "lowerneck", "Head": "head",
            **_both(Shoulder="{c}clavicle", Arm="{c}humerus", ForeArm="{c}radius", Hand="{c}wrist", UpLeg="{c}femur",
                    Leg="{c}tibia", Foot="{c}foot", ToeBase="{c}toes")},
    "rokoko": {n: f"rig_{n}" for n in NAMES} | {k: f"rig_{v}" for k, v in _both(UpLeg="{S}Thigh", Leg="{S}Shin").items()},
}  # fmt: skip
A_POSE = pose(LeftArm=("z", -45), RightArm=("z", 45))
I_POSE = pose(LeftArm=("z", -85), RightArm=("z", 85))
SITTING = pose(
    LeftArm=("z", -80), RightArm=("z", 80), LeftForeArm=("y", -90), RightForeArm=("y", 90), LeftUpLeg=("x", -75),
    RightUpLeg=("x", -75), LeftLeg=("x", 75), RightLeg=("x", 75), Spine=("x", 8), Neck=("x", 12),
)  # fmt: skip


def far(found: BodyMotion, wanted: BodyMotion) -> float:
    """Largest distance between joints of two motions, without fingers, cm."""
    gap = found.positions()[:, :BODY] - wanted.positions()[:, :BODY]
    return float(np.linalg.norm(gap, axis=-1).max())


def turned(found: BodyMotion, wanted: BodyMotion) -> float:
    """Largest angle between the same joints in the world, without fingers, degrees."""
    a, b = found.world()[1][:, :BODY], wanted.world()[1][:, :BODY]
    cosine = (np.trace(a.swapaxes(-1, -2) @ b, axis1=-2, axis2=-1) - 1.0) / 2.0
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).max())


@pytest.mark.parametrize("program", PROGRAMS)
def test_names_of_other_programs(program: str) -> None:
    found = retargeted(foreign(walk(), names=PROGRAMS[program]))
    assert far(found, walk()) < 0.01
    assert turned(found, walk()) < 0.01


@pytest.mark.parametrize("rest", [A_POSE, I_POSE, SITTING], ids=["A", "I", "sitting"])
def test_the_pose_at_zero_angles_does_not_matter(rest: np.ndarray) -> None:
    found = retargeted(foreign(walk(), axes=rest.swapaxes(-1, -2)))
    assert far(found, walk()) < 3.0
    assert turned(found, walk()) < 15.0


def test_a_rig_with_all_bones_along_x_has_no_pose_at_zero_angles() -> None:
    found = retargeted(foreign(walk(), axes=along_x()))
    assert far(found, walk()) < 3.0
    elbows = [found.rotations[:, NAMES.index(n)] for n in ("LeftForeArm", "RightForeArm", "LeftLeg", "RightLeg")]
    for own, name in zip(elbows, ("LeftForeArm", "RightForeArm", "LeftLeg", "RightLeg"), strict=True):
        assert np.abs(own - walk().rotations[:, NAMES.index(name)]).max() < 0.2  # bends about its hinge


@pytest.mark.parametrize("order", ["ZXY", "ZYX", "XYZ", "XZY", "YXZ", "YZX"])
def test_orders_of_rotation(order: str) -> None:
    assert far(retargeted(foreign(walk(), order=order)), walk()) < 0.01


@pytest.mark.parametrize("scale", [0.01, 1.0, 0.394, 10.0])
@pytest.mark.parametrize("up", ["Y", "Z"])
def test_units_and_axes(scale: float, up: str) -> None:
    assert far(retargeted(foreign(walk(), scale=scale, up=up)), walk()) < 0.01


def test_a_turned_root_counts_as_the_axis_that_is_up() -> None:
    lying = foreign(walk(), axes=np.tile(about("x", -90.0), (len(NAMES), 1, 1)))
    assert far(retargeted(lying), walk()) < 0.01


@pytest.mark.parametrize("spine", [("Spine", "Spine1"), ("Spine1",), ("Spine",), ()])
def test_any_number_of_spine_joints(spine: tuple[str, ...]) -> None:
    found = retargeted(foreign(walk(), drop=spine))
    still = [NAMES.index(n) for n in ("Hips", "LeftHand", "RightHand", "Head", "LeftFoot")]
    gap = found.positions()[:, still] - walk().positions()[:, still]
    assert np.linalg.norm(gap, axis=-1).max() < 5.0  # one joint has to bend for three


def test_missing_joints_rest() -> None:
    bare = foreign(walk(), drop=("LeftShoulder", "RightShoulder", "Neck", "LeftToeBase", "RightToeBase"))
    found = retargeted(bare)
    assert np.allclose(found.rotations[:, NAMES.index("LeftShoulder")], np.eye(3), atol=1e-6)
    assert np.allclose(found.rotations[:, NAMES.index("RightToeBase")], np.eye(3), atol=1e-6)
    for name in ("LeftHand", "RightHand", "LeftFoot", "Head"):
        j = NAMES.index(name)
        assert np.linalg.norm(found.positions()[:, j] - walk().positions()[:, j], axis=-1).max() < 4.0
    bent = found.rotations[0, NAMES.index("LeftHandIndex2")]
    assert np.degrees(np.arccos((np.trace(bent) - 1) / 2)) > 10.0  # a hand at rest is half open


def test_fingers_come_along() -> None:
    motion = walk()
    for finger in ("Index", "Middle", "Ring", "Pinky"):
        for k in (1, 2, 3):
            motion.rotations[:, NAMES.index(f"LeftHand{finger}{k}")] = about("z", -30.0)
    names = {f"{s}Hand{f}{k}": f"{'B'} {s[0]} Finger{n}{k - 1 if k > 1 else ''}" for s in ("Left", "Right") for n, f in
             enumerate(("Thumb", "Index", "Middle", "Ring", "Pinky")) for k in (1, 2, 3)}  # fmt: skip
    for own in ({}, names):
        found = retargeted(foreign(motion, names=own, joints=len(NAMES)))
        assert np.abs(found.positions() - motion.positions()).max() < 0.5


def test_missing_parts_are_named() -> None:
    with pytest.raises(InputError, match=r"take\.bvh: has no left hand, right hand"):
        retargeted(foreign(walk(), names={"LeftHand": "Paw", "RightHand": "Hoof"}), "take.bvh")


def test_motions_without_frames_or_with_broken_numbers_are_refused() -> None:
    found = foreign(walk())
    with pytest.raises(InputError, match="no frames"):
        retargeted(replace(found, frames=found.frames[:0]))
    broken = found.frames.copy()
    broken[3, 7] = np.nan
    with pytest.raises(InputError, match="not finite"):
        retargeted(replace(found, frames=broken))
    flat = BvhMotion(tuple(replace(j, offset=(0.0, 0.0, 0.0)) for j in found.joints), found.frames, found.frame_time_s)
    with pytest.raises(InputError, match="without length"):
        retargeted(flat)


def test_broken_hierarchies_are_refused() -> None:
    found = foreign(walk())
    circle = list(found.joints)
    circle[0] = replace(circle[0], parent=5)
    wide = np.concatenate([found.frames, found.frames[:, :1]], axis=1)
    twice = tuple(replace(j, name="LeftArm" if j.name == "LeftForeArm" else j.name) for j in found.joints)
    for broken, says in (
        (replace(found, joints=tuple(circle)), "has the parent 5"), (replace(found, frames=wide), "frames"),
        (replace(found, joints=twice), "no left elbow|two joints"), (replace(found, frame_time_s=0.0), "frame time"),
    ):  # fmt: skip
        for reader in (retargeted, BodyMotion.from_bvh, bvh_positions):
            with pytest.raises(InputError, match=says):
                reader(broken)


def test_one_frame_is_enough() -> None:
    found = foreign(walk())
    one = retargeted(replace(found, frames=found.frames[:1])).positions()[0, :BODY]
    assert np.abs(one - walk().positions()[0, :BODY]).max() < 2.0


def test_a_file_of_another_rig_opens_as_a_body(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", foreign(walk(), names=PROGRAMS["unreal"], up="Z", scale=0.01))
    assert far(BodyMotion.load(path), walk()) < 0.1


def test_parts_hang_below_one_another() -> None:
    found = foreign(walk(), names=PROGRAMS["smpl"])
    body = humanoid(found)
    names = [
        found.joints[body.parts[p]].name for p in ("left thigh", "left knee", "left foot", "left toe", "left hand")
    ]
    assert names == ["left_hip", "left_knee", "left_ankle", "left_foot", "left_wrist"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the pack body/bandai_namco is not there")
def test_captured_motion_keeps_the_directions_of_its_limbs(tmp_path: Path) -> None:
    import tarfile

    from emogen.codecs.humanoid import forward

    wanted = ("dataset-1_walk_normal_001.bvh", "dataset-1_bow_tired_001.bvh", "dataset-1_bye_happy_001.bvh")
    with tarfile.open(DATA / "motions.tar.xz") as tar:
        for member in tar:
            if Path(member.name).name in wanted:
                tar.extract(member, tmp_path, filter="data")
    limbs = (("shoulder", "elbow", "Arm", "ForeArm"), ("elbow", "hand", "ForeArm", "Hand"), ("thigh", "knee", "UpLeg", "Leg"),
             ("knee", "foot", "Leg", "Foot"))  # fmt: skip
    for path in tmp_path.rglob("*.bvh"):
        source = read_bvh(path)
        parts, (place, _), own = humanoid(source).parts, forward(source), retargeted(source)
        mine = own.positions()
        for side in ("left", "right"):
            for a, b, c, d in limbs:
                u = place[:, parts[f"{side} {b}"]] - place[:, parts[f"{side} {a}"]]
                v = mine[:, NAMES.index(side.title() + d)] - mine[:, NAMES.index(side.title() + c)]
                cosine = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
                assert cosine.min() > np.cos(np.radians(0.1))
        assert abs(np.median(own.soles()[..., 1].min(axis=1))) < 2.0
        assert skeleton().names[0] == "Hips"
