"""Fitting points, splitting courses, and telling movements apart: on made-up faces, and on the packs where they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emogen.codecs.face import INDEX
from emogen.conditioning.emotion import BASIC
from emogen.errors import InputError
from emogen.evaluation.metrics.face_movement import NAMES, head_spectrum, statistics, told_apart
from emogen.pipelines.talking_head.expression import eased
from emogen.pipelines.talking_head.expressive import COLUMNS, MOVED, SHAPES
from emogen.training import face_motion, face_motion_data, face_points
from emogen.training.face_motion_data import Course
from emogen.training.face_points import FITTED, POINTS, Clip, PointFit

PAIRS = [(2 * i, 2 * i + 1) for i in range(13)]


def made_up_fit(seed: int = 0) -> PointFit:
    rng = np.random.default_rng(seed)
    return PointFit(rng.normal(0, 0.5, (POINTS, 3)), rng.normal(0, 0.1, (len(FITTED), POINTS, 3)))


def clip_of(fit: PointFit, weights: np.ndarray, emotion: str = "joy", subject: str = "1") -> Clip:
    moved = fit.points(weights)
    return Clip("c", subject, emotion, True, 0.5, 15.0, moved, np.zeros((len(moved), 3)), np.full((len(moved), 2), 0.3))


def rising(frames: int = 45, to: float = 0.8) -> np.ndarray:
    weights = np.zeros((frames, len(FITTED)))
    course = to / (1 + np.exp(-(np.arange(frames) - 15) / 2.0))
    weights[:, FITTED.index("mouthSmileLeft")] = course
    weights[:, FITTED.index("mouthSmileRight")] = 0.7 * course
    return weights


def test_a_fit_finds_the_shapes_that_moved_the_points() -> None:
    fit, weights = made_up_fit(), rising()
    found = fit(fit.points(weights))
    assert np.abs(found - weights).max() < 0.1
    assert np.abs(found - weights).mean() < 0.01
    assert found.min() >= 0.0
    assert found.max() <= 1.0


def test_a_fit_is_smoother_than_the_noise_of_the_tracker() -> None:
    fit, weights = made_up_fit(), rising()
    rng = np.random.default_rng(1)
    noisy = fit.points(weights) + rng.normal(0, 0.01, (len(weights), POINTS, 3))
    rows = fit(noisy)[25:, FITTED.index("mouthSmileLeft")]
    assert rows.std() < 0.02


def test_curves_have_25_frames_a_second_and_no_blinks() -> None:
    fit, weights = made_up_fit(), rising()
    weights[20:23, [FITTED.index("eyeBlinkLeft"), FITTED.index("eyeBlinkRight")]] = 0.9
    shut = clip_of(fit, weights)
    shut.eye[20:23] = 0.05
    curves = face_points.fitted_curves(shut, fit)
    assert len(curves) == int((len(weights) - 1) / 15.0 * 25.0) + 1
    assert curves[:, INDEX["eyeBlinkLeft"]].max() < 0.1
    open_eyed = replace(shut, eye=np.full((len(weights), 2), 0.3))
    assert face_points.fitted_curves(open_eyed, fit)[:, INDEX["eyeBlinkLeft"]].max() > 0.5


def test_long_closed_eyes_are_no_blink() -> None:
    opening = np.full((60, 2), 0.3)
    opening[20:45] = 0.1
    assert not face_points.blinks(opening, 15.0)[25:40].any()


@pytest.mark.parametrize(("start", "tau"), [(0.4, 0.12), (0.8, 0.3)])
def test_a_step_is_found_again(start: float, tau: float) -> None:
    plain = np.zeros(91)
    plain[round(start * 25) + 1 :] = 0.6
    strength, found, constant, course = face_motion_data.best_step(eased(plain, tau, 25.0)[1:])
    assert strength == pytest.approx(0.6, abs=0.03)
    assert found == pytest.approx(start, abs=0.09)
    assert constant == pytest.approx(tau, rel=0.01)
    assert course[-1] > 0.95


@pytest.fixture(scope="module")
def made_up() -> tuple[list[Course], np.ndarray]:
    fit = made_up_fit()
    rng = np.random.default_rng(2)
    clips = []
    for person in range(1, 15):
        for emotion in BASIC:
            weights = rising(45, float(rng.uniform(0.4, 0.9)))
            clips.append(clip_of(fit, np.roll(weights, 2 * BASIC.index(emotion), axis=1), emotion, str(person)))
    return face_motion_data.courses(clips, fit)


def test_a_course_is_its_step_and_the_rest(made_up: tuple[list[Course], np.ndarray]) -> None:
    found, faces = made_up
    assert faces.shape == (6, len(MOVED))
    for course in found[:12]:
        face = faces[BASIC.index(course.clip.emotion)]
        whole = course.strength * np.outer(course.step, face) + course.deviation
        np.testing.assert_allclose(whole, course.curves, atol=1e-9)
        assert course.felt.argmax(axis=1)[-1] == BASIC.index(course.clip.emotion)
    smile = np.concatenate([c.curves for c in found if c.clip.emotion == "joy"])
    rest = np.concatenate([c.deviation for c in found if c.clip.emotion == "joy"])
    assert (rest[:, :SHAPES] ** 2).sum() < 0.1 * (smile[:, :SHAPES] ** 2).sum()


def test_a_released_face_comes_to_rest_more_slowly(made_up: tuple[list[Course], np.ndarray]) -> None:
    found, faces = made_up
    fall = face_motion_data.released(found[0], faces[0])
    assert len(fall.curves) == round(1.5 * len(found[0].curves))
    assert fall.step[0] > 0.9
    assert fall.step[-1] < 0.1
    np.testing.assert_allclose(fall.curves[-1], found[0].curves[0])


def test_the_other_side_of_a_face() -> None:
    moved = np.random.default_rng(0).normal(size=(5, len(MOVED)))
    other = face_motion_data.mirrored(moved)
    left, right = MOVED.index("mouthSmileLeft"), MOVED.index("mouthSmileRight")
    np.testing.assert_array_equal(other[:, left], moved[:, right])
    np.testing.assert_array_equal(other[:, MOVED.index("headYaw")], -moved[:, MOVED.index("headYaw")])
    np.testing.assert_array_equal(other[:, MOVED.index("headPitch")], moved[:, MOVED.index("headPitch")])
    np.testing.assert_array_equal(face_motion_data.mirrored(other), moved)


def test_nobody_is_learnt_from_and_tried_on(made_up: tuple[list[Course], np.ndarray]) -> None:
    found, _ = made_up
    kinds = face_motion_data.split([c.clip for c in found])
    assert sorted(kinds.values()).count("test") == 2
    assert sorted(kinds.values()).count("validation") == 2


def test_learning_lowers_the_loss(made_up: tuple[list[Course], np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, faces = made_up
    monkeypatch.setattr(face_motion, "BATCH", 4)
    sizes = {"width": 16, "depth": 1, "heads": 2, "window": 30, "overlap": 8, "emotion_width": 8}
    rows: list[dict[str, float]] = []
    torch.manual_seed(0)
    model, result = face_motion.learn(found, faces, tmp_path / "a", steps=400, seed=0, sizes=sizes, report=rows.append)
    assert result.steps == 400
    assert rows[-1]["validation"] < rows[0]["validation"]
    assert (model.scale > 0).all()
    np.testing.assert_allclose(model.apex.numpy(), faces, atol=1e-6)
    assert all(0.05 <= tau <= 0.6 for tau in model.config.onset_s)


def movement(rng: np.random.Generator, lean: float, trembling: float) -> tuple[np.ndarray, np.ndarray]:
    shapes = np.zeros((75, 28))
    course = eased(np.r_[np.zeros(20), np.ones(55)], 0.15, 25.0)
    shapes[:, 0], shapes[:, 1] = course, (1 - lean) * course
    shapes += trembling * rng.normal(size=shapes.shape)
    return np.clip(shapes, 0, 1), rng.normal(0, 0.01, (75, 3)).cumsum(axis=0)


def test_statistics_say_what_they_are_named_after() -> None:
    rng = np.random.default_rng(0)
    at = NAMES.index
    even, head = movement(rng, 0.0, 0.0)
    plain = statistics(even, head, PAIRS, 25.0)
    assert plain.shape == (len(NAMES),)
    assert np.isfinite(plain).all()
    assert plain[at("asymmetry")] == pytest.approx(0.0, abs=1e-6)
    assert plain[at("onset 10-90 % (s)")] == pytest.approx(0.5, abs=0.1)  # 3.36 time constants
    assert plain[at("end over peak")] == pytest.approx(1.0, abs=0.02)
    leaning = statistics(movement(rng, 0.4, 0.0)[0], head, PAIRS, 25.0)
    assert leaning[at("asymmetry")] > 0.2
    rough = statistics(movement(rng, 0.0, 0.05)[0], head, PAIRS, 25.0)
    assert rough[at("jerk over speed")] > plain[at("jerk over speed")] + 0.5
    assert rough[at("speed in the hold")] > plain[at("speed in the hold")] + 1
    half = statistics(0.5 * even, head, PAIRS, 25.0)
    np.testing.assert_allclose(half, plain, atol=1e-3)


def test_still_faces_have_statistics_too() -> None:
    assert np.isfinite(statistics(np.zeros((50, 28)), np.zeros((50, 3)), PAIRS, 25.0)).all()


def test_movements_of_one_kind_are_not_told_apart_and_those_of_two_are() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(3)

    def rows(lean: float) -> np.ndarray:
        return np.stack([statistics(*movement(rng, lean + 0.1 * rng.random(), 0.02), PAIRS, 25.0) for _ in range(48)])

    groups = [str(i % 6) for i in range(48)]
    first = rows(0.0)
    assert told_apart(first, rows(0.0), groups) < 0.65
    assert told_apart(first, rows(0.4), groups) > 0.95


def test_a_nod_lies_in_its_band() -> None:
    at = np.arange(200) / 25.0
    head = np.column_stack([np.zeros(200), 0.05 * np.sin(2 * np.pi * 1.5 * at), np.zeros(200)])
    slow, middle, fast = head_spectrum([head], 25.0)
    assert middle > 10 * max(slow, fast)


def test_smiles_of_the_pack_lift_their_own_corner() -> None:
    try:
        clips, template = face_points.read_clips()
        moves = face_points.shape_moves(template)
    except InputError as missing:
        pytest.skip(str(missing))
    left = moves[FITTED.index("mouthSmileLeft")]
    assert left[54, 1] < -0.03  # the subject's left corner goes up (y points down)
    assert abs(left[48, 1]) < 0.01
    fit = PointFit(template, moves)
    happy = max((c for c in clips[:200] if c.emotion == "joy"), key=lambda c: np.linalg.norm(c.moved[-1]))
    curves = face_points.fitted_curves(happy, fit)[:, COLUMNS]
    assert curves[-10:, MOVED.index("mouthSmileLeft")].mean() > 0.3
    left_over = happy.moved - fit.points(fit(happy.moved))
    assert (left_over[:, 17:, :2] ** 2).sum() < 0.25 * (happy.moved[:, 17:, :2] ** 2).sum()
