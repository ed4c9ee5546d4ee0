"""Bodies: posture and dynamics move with the emotion, strokes with the speech."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emogen.codecs.body import BodyMotion, skeleton
from emogen.errors import EmogenError
from emogen.media.motion import read_bvh
from emogen.media.provenance import Provenance
from emogen.pipelines.gesture.listen import listen
from emogen.pipelines.gesture.pipeline import GesturePipeline, RuleGesturePipeline
from tests.contract.pipeline import PipelineContract

RATE = 16_000


def speech(seconds: float = 6.0, gap: float = 0.9) -> SimpleNamespace:
    """A voice that is loud every `gap` seconds."""
    t = np.arange(round(seconds * RATE)) / RATE
    loud = np.exp(-(((t % gap) - gap / 2) ** 2) / (2 * 0.08**2))
    return SimpleNamespace(audio=(0.5 * loud * np.sin(2 * np.pi * 180 * t)).astype(np.float32), sample_rate=RATE)


class TestRuleGesturePipeline(PipelineContract):
    content = speech(2.0)
    other_content = speech(1.5)
    suffix = ".bvh"
    index = {
        "codec": ("emogen.codecs.body_codec", "BodyCodec"),
        "rules": ("emogen.pipelines.gesture.posture", "PostureRules"),
    }
    bad_contents = ("missing.wav", 7, None)

    def make(self) -> RuleGesturePipeline:
        return RuleGesturePipeline.from_pretrained("embedded")

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


def joint(motion: BodyMotion, name: str) -> np.ndarray:
    return motion.positions()[:, skeleton().names.index(name)]


def hand_speed(motion: BodyMotion) -> float:
    return float(
        np.mean(
            [
                np.linalg.norm(np.diff(joint(motion, f"{s}Hand"), axis=0), axis=1).mean() * motion.fps
                for s in ("Left", "Right")
            ]
        )
    )


def span(motion: BodyMotion) -> float:
    return float(np.linalg.norm(joint(motion, "LeftHand") - joint(motion, "RightHand"), axis=1).mean())


def over_seeds(pipe: GesturePipeline, emotion: str, measure: Callable[[BodyMotion], float]) -> float:
    """A measure, averaged over some ways to move."""
    return float(np.mean([measure(pipe(speech(), emotion, seed=seed).motion) for seed in range(5)]))


def test_emotions_move_as_measured_people_do(pipe: GesturePipeline) -> None:
    feelings = ("neutral", "joy", "sadness", "anger", "fear", "pride")
    usual = over_seeds(pipe, "neutral", hand_speed)
    speeds = {e: over_seeds(pipe, e, hand_speed) / usual for e in feelings}
    assert 0.3 < speeds["sadness"] < 0.7
    assert speeds["anger"] > 1.2
    assert speeds["joy"] > 1.05
    spans = {e: over_seeds(pipe, e, span) for e in feelings}
    assert spans["fear"] < spans["sadness"] < spans["neutral"] < spans["pride"]
    heads = {
        e: over_seeds(pipe, e, lambda m: joint(m, "Head")[:, 2].mean() - joint(m, "Hips")[:, 2].mean())
        for e in feelings
    }
    assert heads["pride"] < heads["joy"] < heads["neutral"] < heads["sadness"]


def test_intensity_is_in_order(pipe: GesturePipeline) -> None:
    for name, sign in (("sadness", -1), ("anger", 1)):
        speeds = [sign * over_seeds(pipe, f"{name}:{k}", hand_speed) for k in (0, 0.5, 1)]
        assert speeds == sorted(speeds)
        assert speeds[2] > speeds[0]


def test_hands_beat_where_the_speech_is_stressed(pipe: GesturePipeline) -> None:
    times = [accent.at_s for accent in listen(speech(5.4).audio, RATE).accents]
    np.testing.assert_allclose(times, np.arange(6) * 0.9 + 0.45, atol=0.06)
    arrives, stands = [], []
    for seed in range(5):
        motion = pipe(speech(), "neutral", seed=seed).motion
        hands = np.stack([joint(motion, "LeftHand"), joint(motion, "RightHand")]) - joint(motion, "Spine2")
        speed = np.linalg.norm(np.diff(hands, axis=1), axis=2).sum(0) * 30
        arrives += [speed[round((t - 0.3) * 30) : round((t - 0.1) * 30)].mean() for t in times[1:]]
        stands += [speed[round((t - 0.03) * 30) : round((t + 0.05) * 30)].mean() for t in times[1:]]
    assert np.mean(arrives) > 2 * np.mean(stands)


def test_silence_makes_no_strokes_but_the_body_lives(pipe: GesturePipeline) -> None:
    silent = SimpleNamespace(audio=np.zeros(4 * RATE, np.float32), sample_rate=RATE)
    motion = pipe(silent, "neutral", seed=1).motion
    assert hand_speed(motion) < 0.4 * hand_speed(pipe(speech(4.0), "neutral", seed=1).motion)
    assert joint(motion, "Head").std(axis=0).max() > 0.05


def test_length_and_rate_are_as_asked(pipe: GesturePipeline, tmp_path: Path) -> None:
    path = pipe(None, "joy", seconds=2.5, fps=60, seed=1).save(tmp_path / "a.bvh")
    found = read_bvh(path)
    assert (len(found.frames), round(found.fps)) == (150, 60)


@pytest.mark.parametrize(
    "options",
    [{"seconds": 0}, {"seconds": -2.0}, {"seconds": 1e9}, {"seconds": 2, "fps": 0}, {"seconds": 2, "fps": 1e9}],
)
def test_options_that_cannot_be_used(pipe: GesturePipeline, options: dict[str, float]) -> None:
    with pytest.raises(EmogenError) as caught:
        pipe(None, "joy", **options)
    assert caught.value.exit_code == 2
