"""The call: speech or a movement in, a movement out, with what was learnt in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BODY, BodyMotion, skeleton
from emogen.codecs.body_codec import BodyCodec
from emogen.conditioning.motion import MotionRecognizer
from emogen.errors import InputError
from emogen.media.audio import write_blocks
from emogen.media.provenance import Provenance
from emogen.pipelines.gesture.learnt import LearntBody
from emogen.pipelines.gesture.moving import quick_as_in
from emogen.pipelines.gesture.output import together
from emogen.pipelines.gesture.pipeline import GesturePipeline, RuleGesturePipeline
from emogen.pipelines.gesture.posture import PostureRules
from tests.contract.pipeline import PipelineContract
from tests.pipelines.test_gesture import hand_speed, joint, speech

TINY = {"latent": 8, "inner": 8, "width": 16, "depth": 1, "heads": 2, "window": 12, "overlap": 4, "emotion_width": 8,
        "tokens": 2, "octaves": 1, "style": 4}  # fmt: skip


class TestLearntGesturePipeline(PipelineContract):
    content = speech(2.0)
    other_content = speech(1.5)
    suffix = ".bvh"
    index = {
        "codec": ("emogen.codecs.body_codec", "BodyCodec"),
        "rules": ("emogen.pipelines.gesture.posture", "PostureRules"),
        "body": ("emogen.pipelines.gesture.learnt", "LearntBody"),
    }
    bad_contents = ("missing.wav", 7, None)

    def make(self) -> GesturePipeline:
        return GesturePipeline(BodyCodec(), PostureRules(), LearntBody(**TINY))

    def provenance(self, path: Path) -> Provenance | None:
        """BVH has no place for a comment: the statement stands in the sidecar."""
        found = json.loads(path.with_suffix(".json").read_text())["provenance"]
        found.pop("digital_source_type")
        return Provenance(**{**found, "models": tuple(found["models"])})


@pytest.fixture(scope="module")
def pipe() -> GesturePipeline:
    pipe = GesturePipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


def jerk(motion: BodyMotion) -> np.ndarray:
    """Of the hands, cm/s^3, [T - 3]."""
    hands = np.stack([joint(motion, "LeftHand"), joint(motion, "RightHand")], axis=1)
    return np.linalg.norm(np.diff(hands, 3, axis=0) * motion.fps**3, axis=-1).max(axis=1)


def walk(frames: int = 120) -> BodyMotion:
    """Somebody who swings the arms."""
    bones = skeleton()
    turns = np.tile(np.eye(3), (frames, len(bones.names), 1, 1))
    t = np.arange(frames) / 30
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        swing = sign * 0.5 * np.sin(2 * np.pi * t)
        c, s = np.cos(sign * -1.3), np.sin(sign * -1.3)
        down = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        forward = np.stack([np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]) for a in swing])
        turns[:, bones.names.index(f"{side}Arm")] = forward @ down
    root = np.tile(bones.offsets[0], (frames, 1))
    return BodyMotion(turns, root, 30.0)


def test_the_body_stands_on_its_feet_and_does_not_slide(pipe: GesturePipeline) -> None:
    motion = pipe(speech(), "joy", seed=2).motion
    soles, flags = motion.soles(), motion.contacts()
    moved = np.linalg.norm(np.diff(soles, axis=0), axis=-1) * motion.fps
    assert moved[flags[1:] & flags[:-1]].max() < 5.0
    assert soles[..., 1].min() > -1.0


def test_pieces_of_a_stream_fit_together(pipe: GesturePipeline, tmp_path: Path) -> None:
    stream = pipe.stream(speech(8.0), "anger", seed=4, chunk_s=1.0)
    parts = list(stream.pieces())
    assert len(parts) >= 7
    assert sum(len(p.root_cm) for p in parts) == 240
    whole = together(iter(parts))
    seams = np.cumsum([len(p.root_cm) for p in parts])[:-1]
    step = np.linalg.norm(np.diff(whole.positions()[:, :BODY], axis=0), axis=-1).max(axis=1)
    assert step[seams - 1].max() <= 1.5 * np.sort(np.delete(step, seams - 1))[-5]
    assert stream.save(tmp_path / "a.bvh").stat().st_size > 10_000


def test_a_recording_is_streamed_without_being_kept(pipe: GesturePipeline, tmp_path: Path) -> None:
    voice = speech(3.0)
    path = tmp_path / "voice.wav"
    write_blocks(path, [voice.audio], voice.sample_rate)
    stream, other = pipe.stream(path, "joy", seed=4), pipe.stream(voice, "joy", seed=4)
    assert getattr(stream, "audio", None) is None
    assert stream.recording == path
    np.testing.assert_allclose(together(stream.pieces()).positions(), together(other.pieces()).positions(), atol=0.5)


def test_quick_movement_of_the_arms_is_the_drafts() -> None:
    t = np.arange(90) / 30
    names = skeleton().names
    draft, moved = (np.tile(np.eye(3), (len(t), len(names), 1, 1)) for _ in range(2))
    wave, pose = 20 * np.sin(2 * np.pi * 3 * t), np.full(len(t), 40.0)
    draft[:, names.index("RightForeArm")] = Rotation.from_euler("y", wave[:, None], degrees=True).as_matrix()
    moved[:, names.index("RightForeArm")] = Rotation.from_euler("y", pose[:, None], degrees=True).as_matrix()
    root = np.zeros((len(t), 3))
    made = quick_as_in(BodyMotion(moved, root, 30.0), BodyMotion(draft, root, 30.0)).rotations
    found = Rotation.from_matrix(made[:, names.index("RightForeArm")]).as_euler("yxz", degrees=True)[:, 0]
    inside = slice(20, -20)
    np.testing.assert_allclose(found[inside], (pose + wave)[inside], atol=1.5)
    np.testing.assert_array_equal(made[:, names.index("LeftArm")], moved[:, names.index("LeftArm")])


def test_arms_that_turn_right_round_are_smoothed_too() -> None:
    """Half turns back and forth have a mean that is no rotation."""
    rng = np.random.default_rng(0)
    turns = Rotation.random(30 * len(skeleton().names), random_state=rng).as_matrix().reshape(30, -1, 3, 3)
    still = np.broadcast_to(np.eye(3), turns.shape).copy()
    motion, draft = (BodyMotion(r, np.zeros((30, 3)), 30.0) for r in (turns, still))
    for one, other in ((motion, draft), (draft, motion)):
        made = quick_as_in(one, other).rotations
        assert np.allclose(made @ np.swapaxes(made, -1, -2), np.eye(3), atol=1e-6)
        assert np.allclose(np.linalg.det(made), 1)


def test_it_goes_on_from_a_movement_and_comes_to_another(pipe: GesturePipeline) -> None:
    before, after = walk(), walk(60)
    motion = pipe(speech(4.0), "joy", seed_motion=before, end_motion=after, seed=5).motion
    first = np.abs(joint(motion, "LeftHand")[0] - joint(before, "LeftHand")[-1]).max()
    last = np.abs((joint(motion, "LeftHand") - joint(motion, "Hips"))[-1] - (joint(after, "LeftHand") - joint(after, "Hips"))[0]).max()
    assert first < 8
    assert last < 12
    assert jerk(motion)[:15].max() < 4 * jerk(motion).max()


def test_a_movement_is_felt_otherwise_and_stays_what_it_is(pipe: GesturePipeline) -> None:
    plain = walk()
    sad, angry = (pipe(None, e, motion=plain, seed=1).motion for e in ("sadness", "anger"))
    assert hand_speed(sad) < hand_speed(plain) < hand_speed(angry)
    assert joint(sad, "Head")[:, 1].mean() < joint(plain, "Head")[:, 1].mean()
    same = pipe(None, "neutral", motion=plain, seed=1).motion
    np.testing.assert_allclose(same.positions(), plain.positions(), atol=1e-6)


def test_gestures_that_mean_something_stand_where_they_were_asked_for(pipe: GesturePipeline) -> None:
    out = pipe(speech(), "neutral", semantic="stop:2.0s, shrug:4.5s", seed=1)
    asked = {s.gesture: s.at_s for s in out.strokes if s.semantic}
    assert asked == {"stop": 2.0, "shrug": 4.5}
    hands = np.maximum(joint(out.motion, "LeftHand")[:, 1], joint(out.motion, "RightHand")[:, 1])
    assert hands[60] > hands[20:45].min() + 10


def test_a_nod_is_a_nod_whatever_else_the_body_does(pipe: GesturePipeline) -> None:
    with_it, without = (pipe(None, "sadness", seconds=4.0, semantic=s, seed=2).motion for s in ("yes:2.0s", "none"))
    face = [m.world()[1][:, skeleton().names.index("Head"), 1, 2] for m in (with_it, without)]
    moved = np.degrees(np.ptp((face[0] - face[1])[45:80]))
    assert moved > 4


def test_words_call_for_gestures(pipe: GesturePipeline) -> None:
    out = pipe(None, "neutral", text="I really don't know. Please stop it now!", seed=1)
    assert {"shrug", "stop"} & {s.gesture for s in out.strokes if s.semantic}
    none = pipe(None, "neutral", text="I really don't know.", semantic="none", seed=1)
    assert not any(s.semantic for s in none.strokes)


@pytest.mark.parametrize("kind", [GesturePipeline, RuleGesturePipeline])
@pytest.mark.parametrize("options", [{"strength": 0.0}, {}, {"motion": walk()}, {"motion": walk(), "strength": 0.0}])
def test_the_rate_is_the_one_asked_for(kind: type[GesturePipeline], options: dict[str, Any]) -> None:
    voice = None if "motion" in options else speech(2.0)
    slow, fast = (kind.from_pretrained("embedded")(voice, "sadness", fps=f, seed=1, **options).motion for f in (30.0, 60.0))
    assert fast.fps == 60.0
    assert abs(len(fast.root_cm) - 2 * len(slow.root_cm)) <= 2


def test_a_style_changes_the_movement(pipe: GesturePipeline, tmp_path: Path) -> None:
    path = pipe(speech(4.0), "pride", seed=9).save(tmp_path / "someone.bvh")
    plain, styled = (pipe(speech(4.0), "neutral", style=s, seed=1).motion for s in (None, path))
    assert np.abs(plain.positions() - styled.positions()).max() > 1.0


@pytest.mark.parametrize("name", ["sadness", "insecurity", "pride"])
def test_the_guide_of_movement_sees_what_was_asked_for(pipe: GesturePipeline, name: str) -> None:
    guide = MotionRecognizer.load()
    neutral, felt = (
        guide.recognize(pipe(speech(8.0), e, seed=6).motion.to_bvh()).distribution[name] for e in ("neutral", name)
    )
    assert felt > neutral


def test_the_voice_decides_with_auto(pipe: GesturePipeline) -> None:
    out = pipe(None, "auto", text="I am so happy, this is wonderful!", seed=1)
    assert out.emotion.at(0.5).vad[0] > 0.1


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda p: p(speech(1.0), motion=walk()), "motion"),
        (lambda p: p(None, "joy"), "gesture"),
        (lambda p: p(SimpleNamespace(audio=np.full(16_000, np.nan, np.float32), sample_rate=16_000)), "finite"),
        (lambda p: p(speech(1.0), semantic="dance:0.5s"), "semantic"),
        (lambda p: p(speech(1.0), semantic="stop:9s"), "semantic"),
        (lambda p: p(speech(1.0), strength=2.0), "strength"),
        (lambda p: p(speech(1.0), style="missing.bvh"), "missing.bvh"),
        (lambda p: p(None, "auto", seconds=2.0), "emotion"),
        (lambda p: RuleGesturePipeline.from_pretrained("embedded")(speech(1.0), style=walk()), "style"),
        (lambda p: p.stream(speech(1.0), chunk_s=0.1), "chunk_s"),
    ],
)
def test_what_cannot_be_done_is_refused(pipe: GesturePipeline, call: Callable[[Any], Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        call(pipe)


def test_a_voice_of_nothing_makes_a_body_that_waits(pipe: GesturePipeline) -> None:
    out = pipe(SimpleNamespace(audio=np.zeros(64_000, np.float32), sample_rate=16_000), "joy", seed=1)
    assert out.strokes == ()
    assert hand_speed(out.motion) < 25


@pytest.mark.parametrize("suffix", [".bvh", ".glb", ".mp4", ".npz"])
def test_a_body_without_a_voice_is_written_in_every_form(pipe: GesturePipeline, tmp_path: Path, suffix: str) -> None:
    assert pipe(None, "joy", seconds=0.5, seed=1).save(tmp_path / f"a{suffix}").stat().st_size > 5_000
