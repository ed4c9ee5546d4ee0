"""The readers of movement: contract, gates, skeletons, video, and figures on the data where it is there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from emogen.conditioning import body_pose, motion_measures
from emogen.conditioning.body_pose import JOINTS, bvh_positions, find_joints, pose_motion
from emogen.conditioning.motion import MotionRecognizer, windows
from emogen.conditioning.motion_measures import NAMES, PHRASES, jitter, measure, normalised
from emogen.conditioning.vocabulary import find
from emogen.errors import InputError
from emogen.evaluation.judges.motion import MotionJudge, channels
from emogen.media.motion import BvhMotion, write_bvh
from emogen.training.packs import data_folder
from tests.contract.recognizer import RecognizerContract

HAS_DATA = (data_folder() / "body" / "bandai_namco").is_dir()


@cache
def gesture(emotion: str, seconds: float = 4.0) -> BvhMotion:
    from emogen.pipelines.gesture.pipeline import GesturePipeline

    pipeline = GesturePipeline.embedded()
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(None, emotion, seconds=seconds, seed=0)["motion"].to_bvh()


def noise(seed: int = 0, frames: int = 120) -> BvhMotion:
    still = gesture("neutral")
    rng = np.random.default_rng(seed)
    return replace(still, frames=rng.normal(0.0, 40.0, (frames, still.n_channels)))


def renamed(motion: BvhMotion, names: dict[str, str]) -> BvhMotion:
    return replace(motion, joints=tuple(replace(j, name=names.get(j.name, j.name)) for j in motion.joints))


class _Contract(RecognizerContract):
    modality = "motion"

    def media(self):
        return [gesture("joy"), gesture("sadness")]

    def noise(self):
        return [noise(), noise(1, 40)]

    def bad(self):
        still = gesture("neutral")
        broken = replace(still, frames=np.full((40, still.n_channels), np.nan))
        return ["", "no_such_file.bvh", 5, None, broken, renamed(still, {"Head": "Tail"})]


class TestGuide(_Contract):
    def make(self):
        return MotionRecognizer.load("embedded")


class TestJudge(_Contract):
    def make(self):
        return MotionJudge.load("embedded")


@pytest.fixture(params=[MotionRecognizer, MotionJudge])
def reader(request):
    return request.param.load("embedded")


def test_guide_and_judge_differ():
    guide, judge = MotionRecognizer.load(), MotionJudge.load()
    assert (guide.role, judge.role) == ("guide", "judge")
    body = normalised(bvh_positions(gesture("joy")), 30.0)
    assert len(measure(body)) == len(NAMES) != channels(body).shape[1]


def test_labels_are_terms(reader):
    assert all(find(label) == label for label in reader.labels)


# -- gates ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("frames", [1, 2, 15])
def test_too_short_a_movement_is_nothing(reader, frames):
    whole = gesture("joy")
    found = reader.recognize(replace(whole, frames=whole.frames[:frames]))
    assert found.confidence == 0.0
    assert "too short" in found.note


def test_a_statue_is_nothing(reader):
    whole = gesture("joy")
    found = reader.recognize(replace(whole, frames=np.repeat(whole.frames[:1], 90, axis=0)))
    assert found.confidence == 0.0
    assert found.note == "nothing moves"


def test_noise_says_that_it_is_noise(reader):
    assert "noise" in reader.recognize(noise()).note


def test_noise_in_positions_too(reader):
    positions = np.random.default_rng(0).normal(0.0, 0.3, (60, len(JOINTS), 3))
    found = reader.recognize_positions(positions, 8.0)
    assert found.confidence <= 0.4
    assert found.note


@pytest.mark.parametrize("shape", [(0, 14, 3), (40, 13, 3), (40, 14, 2), (40, 42)])
def test_positions_of_another_shape_are_refused(reader, shape):
    if shape[0] == 0:
        assert reader.recognize_positions(np.ones(shape), 30.0).confidence == 0.0
        return
    with pytest.raises(InputError, match="positions"):
        reader.recognize_positions(np.ones(shape), 30.0)


def test_a_body_in_one_point_is_refused(reader):
    with pytest.raises(InputError, match="one place"):
        reader.recognize_positions(np.zeros((60, 14, 3)), 30.0)


# -- what it says --------------------------------------------------------------------------------------------
def test_a_file_is_read_as_its_motion(reader, tmp_path):
    motion = gesture("sadness")
    path = write_bvh(tmp_path / "sad.bvh", motion)
    assert reader.recognize(path).label == reader.recognize(motion).label


def test_it_says_why(reader):
    found = reader.recognize(gesture("sadness"))
    assert found.because.endswith(f"{found.label} {found.distribution[found.label]:.2f}")


def test_a_long_movement_has_a_track(reader):
    whole, short = gesture("joy", 10.0), gesture("joy")
    track = reader.recognize(whole).over_time
    assert track is not None
    assert 0.0 < track.duration < 10.0
    assert reader.recognize(short).over_time is None


def test_neither_place_scale_direction_nor_frame_rate_matter(reader):
    positions = bvh_positions(gesture("joy"))
    turn = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    one = reader.recognize_positions(positions, 30.0)
    two = reader.recognize_positions(3.0 * positions @ turn + 50.0, 30.0)
    half = reader.recognize_positions(positions[::2], 15.0)
    assert two.label == one.label
    assert two.confidence == pytest.approx(one.confidence, abs=0.01)
    assert one.emotion.distance(half.emotion) < 0.25


def test_windows_cover_everything():
    for n in (10, 180, 181, 300, 1000, 100_000):
        spans = windows(n)
        assert spans[0][0] == 0
        assert all(0 <= a < b <= n for a, b in spans)
        assert n - spans[-1][1] <= max(30, n // 300)
        assert len(spans) < 400


# -- skeletons -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["mixamorig:{}", "mixamorig_{}", "Bip01 {}"])
def test_prefixes_of_joints_do_not_matter(name):
    motion = gesture("neutral")
    other = renamed(motion, {j.name: name.format(j.name) for j in motion.joints if j.name})
    assert find_joints(other) == find_joints(motion)


@pytest.mark.parametrize(
    "names",
    [
        {"LeftArm": "UpperArm_L", "LeftForeArm": "LowerArm_L", "LeftHand": "Hand_L", "LeftLeg": "LowerLeg_L"},
        {"LeftArm": "lShldr", "LeftForeArm": "lForeArm", "LeftLeg": "lShin", "LeftFoot": "lFoot", "Spine2": "chest"},
        {"LeftShoulder": "L_Collar", "LeftArm": "L_Shoulder", "LeftForeArm": "L_Elbow", "LeftHand": "L_Wrist",
         "LeftUpLeg": "L_Hip", "LeftLeg": "L_Knee", "LeftFoot": "L_Ankle", "Hips": "Pelvis", "Spine2": "Spine3"},
        {"LeftArm": "leftupperarm", "LeftForeArm": "left_lower_arm", "LeftLeg": "leg.L", "LeftFoot": "foot.L"},
    ],
)  # fmt: skip
def test_names_of_other_programs_are_found(names):
    motion = gesture("neutral")
    assert find_joints(renamed(motion, names)) == find_joints(motion)


def test_missing_joints_are_named(reader):
    motion = renamed(gesture("neutral"), {"LeftForeArm": "Wing", "Head": "Tail"})
    with pytest.raises(InputError, match="no head, left elbow"):
        reader.recognize(motion)


def test_a_missing_neck_is_between_the_shoulders():
    motion = renamed(gesture("neutral"), {"Neck": "Giraffe"})
    assert np.allclose(bvh_positions(motion)[:, 2], bvh_positions(motion)[:, [4, 7]].mean(axis=1))


def test_forward_kinematics_agree_with_the_body_codec():
    from emogen.codecs.body import BodyMotion, skeleton

    motion = gesture("anger")
    known, names = BodyMotion.from_bvh(motion).positions(), skeleton().names
    own = ["Hips", "Spine2", "Neck", "Head", "LeftArm", "LeftForeArm", "LeftHand", "RightArm", "RightForeArm"]
    own += ["RightHand", "LeftLeg", "LeftFoot", "RightLeg", "RightFoot"]
    assert np.allclose(bvh_positions(motion), known[:, [names.index(n) for n in own]], atol=1e-6)


# -- measures ------------------------------------------------------------------------------------------------
def test_every_measure_is_finite_and_has_words():
    body = normalised(bvh_positions(gesture("joy")), 30.0)
    for part in (body, body[:10], np.repeat(body[:1], 20, axis=0)):
        assert measure(part).shape == (len(NAMES),)
        assert np.isfinite(measure(part)).all()
    assert all(low != high for low, high in PHRASES.values())


def test_measures_say_what_their_names_say():
    body = normalised(bvh_positions(gesture("neutral")), 30.0)
    plain = dict(zip(NAMES, measure(body), strict=True))
    bent, wide = body.copy(), body.copy()
    bent[:, body_pose.HEAD, 2] += 0.05
    wide[:, body_pose.L_HAND, 0] += 0.3
    assert dict(zip(NAMES, measure(bent), strict=True))["head_down"] > plain["head_down"] + 5.0
    spread = dict(zip(NAMES, measure(wide), strict=True))
    assert spread["hand_distance"] > plain["hand_distance"] + 0.2
    assert spread["volume"] > plain["volume"]


def test_jitter_tells_noise_from_movement():
    rng = np.random.default_rng(0)
    assert jitter(rng.normal(size=(200, 14, 3))) == pytest.approx(-0.5, abs=0.05)
    assert jitter(bvh_positions(gesture("joy"))) > 0.5


def test_normalised_stands_on_the_floor_and_faces_forward():
    body = normalised(bvh_positions(gesture("pride")), 30.0)
    assert body[:, (body_pose.L_FOOT, body_pose.R_FOOT), 1].min() == pytest.approx(0.0, abs=0.02)
    assert (body[:, body_pose.L_SHOULDER, 0] > body[:, body_pose.R_SHOULDER, 0]).all()
    assert np.allclose(body[:, body_pose.HIPS][:, [0, 2]], 0.0)
    assert motion_measures.body_height(body) == pytest.approx(1.0, abs=0.01)


# -- video ---------------------------------------------------------------------------------------------------
def test_pictures_without_a_body_have_no_motion():
    rng = np.random.default_rng(0)
    plain = [np.full((120, 90, 3), 128, np.uint8)] * 2
    assert pose_motion(iter([*plain, rng.integers(0, 255, (120, 90, 3), dtype=np.uint8)]), 8.0) is None


def test_no_pictures_have_no_motion(monkeypatch):
    _track_with(monkeypatch, [])
    assert pose_motion(iter([]), 8.0) is None


def _landmarks(visible: float, lower: float, lift: float = 0.0) -> SimpleNamespace:
    """A standing body as MediaPipe gives it: Y down, Z away from the viewer; `lower`: of elbows and all below."""
    at = {7: (0.05, -0.65), 8: (-0.05, -0.65), 11: (0.2, -0.5), 12: (-0.2, -0.5), 13: (0.25, -0.25), 14: (-0.25, -0.25)}
    at |= {15: (0.25, -lift), 16: (-0.25, 0.0), 23: (0.1, 0.0), 24: (-0.1, 0.0), 25: (0.1, 0.4), 26: (-0.1, 0.4)}
    at |= {27: (0.1, 0.8), 28: (-0.1, 0.8)}
    world = [SimpleNamespace(x=at.get(i, (0, 0))[0], y=at.get(i, (0, 0))[1], z=0.0) for i in range(33)]
    seen = [SimpleNamespace(x=0.5, y=0.5, z=0.0, visibility=lower if i > 12 else visible) for i in range(33)]
    return SimpleNamespace(
        pose_landmarks=SimpleNamespace(landmark=seen), pose_world_landmarks=SimpleNamespace(landmark=world)
    )


def _track_with(monkeypatch, found):
    import mediapipe

    class Pose:
        def __init__(self, **_):
            self.left = iter(found)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def process(self, _):
            return next(self.left)

    monkeypatch.setattr(mediapipe.solutions.pose, "Pose", Pose)


PICTURE = np.zeros((8, 8, 3), np.uint8)


def test_a_body_in_a_video_stands_on_the_floor_in_body_heights(monkeypatch, reader):
    lost = SimpleNamespace(pose_landmarks=None, pose_world_landmarks=None)
    found = [_landmarks(0.9, 0.9, 0.3 + 0.3 * np.sin(i / 2.0)) if i % 3 else lost for i in range(24)]
    _track_with(monkeypatch, found)
    positions = pose_motion(iter([PICTURE] * 24), 8.0)
    assert positions is not None
    assert positions.shape == (24, 14, 3)
    assert np.median(positions[:, body_pose.HEAD, 1]) == pytest.approx(1.0)
    assert positions[:, body_pose.L_FOOT, 1].min() == pytest.approx(0.0)
    assert positions[0, body_pose.L_SHOULDER, 0] > 0.0
    assert reader.recognize_positions(positions, 8.0).confidence > 0.0


def test_a_talking_head_has_no_motion(monkeypatch):
    _track_with(monkeypatch, [_landmarks(0.99, 0.1)] * 10)
    assert pose_motion(iter([PICTURE] * 10), 8.0) is None


def test_a_body_in_few_pictures_is_none(monkeypatch):
    _track_with(monkeypatch, [_landmarks(0.9, 0.9 if i < 4 else 0.1) for i in range(10)])
    assert pose_motion(iter([PICTURE] * 10), 8.0) is None


# -- data ----------------------------------------------------------------------------------------------------
@pytest.mark.skipif(not HAS_DATA, reason="data pack body/bandai_namco is not here")
def test_the_halves_share_no_content_and_have_every_feeling():
    import csv

    from emogen.training import motion as training
    from emogen.training.halves import half

    with (data_folder() / "body" / "bandai_namco" / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["style"] in training.STYLES]
    for wanted in ("maker", "judge"):
        own = [r for r in rows if half(f"bandai_namco/{r['content']}") == wanted]
        assert {training.STYLES[r["style"]] for r in own} == set(training.LABELS)


def test_versions_keep_the_body():
    from emogen.training.motion import Clip, versions

    clip = Clip(normalised(bvh_positions(gesture("joy")), 30.0), "joy", "1", "stand")
    made = versions(clip, 6, np.random.default_rng(0))
    assert len(made) == 6
    assert np.array_equal(made[0], clip.body)
    assert all((b[:, body_pose.L_SHOULDER, 0] > b[:, body_pose.R_SHOULDER, 0]).all() for b in made)


def test_held_out_figures_beat_the_majority():
    from emogen.evaluation.standing import figures, held_out_of, majority

    for name in ("motion", "judge_motion"):
        held_out = held_out_of(name)
        for pack in set(held_out.packs):
            part = held_out.pack(pack)
            assert figures(part, resamples=50)["UAR"].value > majority(part)["UAR"] + 0.1
