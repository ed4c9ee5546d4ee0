"""The learnt expression: what holds for any network in it, and what the shipped one shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from emogen.checkpoints import names
from emogen.codecs.face import FACE_CHANNELS, INDEX
from emogen.conditioning.emotion import BASIC
from emogen.pipelines.talking_head.expression import UNITS, ExpressionRules, norms
from emogen.pipelines.talking_head.expressive import COLUMNS, MOVED, SHAPES, LearntExpression, shown

SHIPPED = pytest.mark.skipif("face_motion" not in names(), reason="no checkpoint face_motion in this installation")


@pytest.fixture(scope="module")
def tiny() -> LearntExpression:
    torch.manual_seed(0)
    model = LearntExpression(width=16, depth=1, heads=2, window=30, overlap=8, emotion_width=8, tokens=2)
    torch.nn.init.normal_(model.denoiser.to_rest.weight, std=0.2)
    model.scale.fill_(0.05)
    model.apex.fill_(0.3)
    return model.eval()


@pytest.fixture(scope="module")
def learnt() -> LearntExpression:
    return LearntExpression.embedded()


def held(emotion: str, frames: int, level: float = 1.0, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    basic = np.zeros((frames, len(BASIC)))
    basic[start:, BASIC.index(emotion)] = level
    return basic @ norms(), basic


def test_curves_and_posture_have_the_shapes_of_the_rules(tiny: LearntExpression) -> None:
    for component in (tiny, ExpressionRules()):
        curves, posture = component.live(*held("fear", 40), 25.0, seed=1)
        assert curves.shape == (40, len(FACE_CHANNELS))
        assert posture.shape == (40, 3)
        assert curves[:, : INDEX["headYaw"]].min() >= 0
        assert curves[:, : INDEX["headYaw"]].max() <= 1


def test_without_variation_only_the_published_targets_are_left(tiny: LearntExpression) -> None:
    feeling = held("joy", 60)
    curves, posture = tiny.live(*feeling, 25.0, variation=0.0)
    wanted, turned = ExpressionRules()(*feeling, 25.0, onset_s=dict.fromkeys(BASIC, 0.2))
    np.testing.assert_allclose(curves, wanted, atol=1e-6)
    np.testing.assert_allclose(posture, turned, atol=1e-6)


def test_the_seed_decides(tiny: LearntExpression) -> None:
    first, again, other = (tiny.live(*held("anger", 50), 25.0, seed=s)[0] for s in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_a_longer_call_begins_as_a_shorter_one(tiny: LearntExpression) -> None:
    # 30 frames are a whole window, 52 two whole ones
    short, long = (tiny.live(*held("joy", n), 25.0, seed=2)[0] for n in (29, 75))
    np.testing.assert_allclose(long[:29], short, atol=1e-6)


def test_other_frame_rates_show_the_same_movement(tiny: LearntExpression) -> None:
    slow, fast = (tiny.live(*held("joy", 2 * n), float(n), seed=2)[1] for n in (25, 50))
    np.testing.assert_allclose(fast[::2], slow, atol=2e-3)


def test_units_of_the_user_stand_in_for_those_of_the_feeling(tiny: LearntExpression) -> None:
    units = np.zeros((40, len(UNITS)))
    units[:, UNITS.index("AU12")] = 1.0
    curves, _ = tiny.live(*held("anger", 40), 25.0, units, variation=0.0)
    assert curves[-1, INDEX["mouthSmileLeft"]] > 0.9
    assert curves[-1, INDEX["browDownLeft"]] == pytest.approx(0.0, abs=1e-6)


def test_only_what_it_learnt_moves(tiny: LearntExpression) -> None:
    curves, _ = tiny.live(*held("joy", 40), 25.0, seed=3)
    still, _ = tiny.live(*held("joy", 40), 25.0, seed=3, variation=0.0)
    others = [i for i in range(len(FACE_CHANNELS)) if i not in COLUMNS]
    np.testing.assert_array_equal(curves[:, others], still[:, others])
    assert not {"eyeBlinkLeft", "eyeLookInLeft", "mouthClose", "mouthFunnel", "tongueOut"} & set(MOVED)


def test_it_is_saved_and_opened(tiny: LearntExpression, tmp_path: Path) -> None:
    tiny.save_pretrained(str(tmp_path), safe_serialization=True)
    opened = LearntExpression.opened(tmp_path)
    for a, b in zip(tiny.live(*held("joy", 40), 25.0, seed=1), opened.live(*held("joy", 40), 25.0, seed=1), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_network_is_shown_no_more_than_it_has_learnt() -> None:
    features = shown(np.array([[0.0] * 6, [2.0, 0, 0, 0, 0, 0], [0.8, 0.8, 0, 0, 0, 0]]))
    np.testing.assert_array_equal(features[0], 0)
    np.testing.assert_allclose(features[:, 9], [0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(features[1, :3], norms()[0], atol=1e-6)


def along(curves: np.ndarray, emotion: str) -> np.ndarray:
    row = np.eye(len(BASIC))[[BASIC.index(emotion)]]
    target = ExpressionRules().still(row @ norms(), row)[0][0, COLUMNS[:SHAPES]]
    return np.asarray(curves[:, COLUMNS[:SHAPES]] @ target / (target @ target))


@SHIPPED
@pytest.mark.parametrize("emotion", BASIC)
def test_faces_follow_the_keyframes_and_the_intensity(learnt: LearntExpression, emotion: str) -> None:
    pulse = np.interp(np.arange(175) / 25, [1.0, 1.4, 4.0, 5.0], [0.0, 1.0, 1.0, 0.0])
    basic = np.outer(pulse, np.eye(len(BASIC))[BASIC.index(emotion)])
    course = along(learnt.live(basic @ norms(), basic, 25.0, seed=1)[0], emotion)
    assert np.corrcoef(course, pulse)[0, 1] > 0.85
    assert course[:20].mean() < 0.2
    assert course[60:100].mean() > 0.7
    assert course[-15:].mean() < 0.25
    levels = [along(learnt.live(*held(emotion, 60, level), 25.0, seed=1)[0], emotion)[20:].mean() for level in (0.25, 0.5, 0.75, 1.0)]
    assert levels == sorted(levels)


@SHIPPED
def test_a_held_face_lives_and_leans(learnt: LearntExpression) -> None:
    curves, _ = learnt.live(*held("disgust", 500, 0.8), 25.0, seed=3)
    moved = curves[100:, COLUMNS[:SHAPES]]
    assert moved.std(axis=0).max() > 0.02
    lean = curves[100:, INDEX["noseSneerLeft"]] - curves[100:, INDEX["noseSneerRight"]]
    assert np.abs(lean).mean() > 0.01
    assert lean.std() > 0.005


@SHIPPED
def test_a_minute_does_not_drift_and_windows_join(learnt: LearntExpression) -> None:
    curves, posture = learnt.live(*held("joy", 1500, 0.8), 25.0, seed=7)
    parts = np.array_split(along(curves, "joy"), 6)
    means = [p.mean() for p in parts]
    assert max(means) - min(means) < 0.2
    assert np.abs(posture).max() < np.radians(35)
    step = np.abs(np.diff(curves[:, COLUMNS[:SHAPES]], axis=0)).max(axis=1)
    window, overlap = learnt.config.window, learnt.config.overlap
    seams = np.arange(window - 1, len(step), window - overlap)
    assert step[seams].mean() < 1.5 * step.mean()


@SHIPPED
def test_a_face_without_a_feeling_rests(learnt: LearntExpression) -> None:
    nothing = np.zeros((250, 6))
    curves, posture = learnt.live(np.zeros((250, 3)), nothing, 25.0, seed=1)
    assert curves[:, COLUMNS[:SHAPES]].mean() < 0.03
    assert curves[:, INDEX["jawOpen"]].max() < 0.06
    assert np.degrees(np.abs(posture)).max() < 15
