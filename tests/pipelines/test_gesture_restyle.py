"""A movement felt otherwise is the same movement in another manner."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from emogen.checkpoints import is_open, verify
from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.feet import feet_as_in
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.gesture.restyle import CHECKPOINT, MANNERS, RestyleRules, restyled
from tests.codecs.foreign import NAMES, about

FPS, SPEED_CM_S = 30.0, 90.0
FEELINGS = (
    "joy",
    "sadness",
    "anger",
    "fear",
    "surprise",
    "disgust",
    "pride",
    "insecurity",
    "vad(-0.5,0.7,-0.4)",
    "joy:0.6+fear:0.3",
)


def stroll(seconds: float = 5.0, steps: bool = True) -> BodyMotion:
    """Somebody who walks straight on (or stands), swings the arms and raises the right hand once, at half of the time."""
    t = np.arange(round(seconds * FPS)) / FPS
    phase = 2 * np.pi * 0.9 * t
    rotations = np.tile(np.eye(3), (len(t), len(NAMES), 1, 1))
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        own = sign * np.sin(phase)
        raised = 60.0 * np.exp(-(((t - seconds / 2) / 0.35) ** 2)) if side == "Right" else 0.0 * t
        rotations[:, NAMES.index(f"{side}Arm")] = about("x", -18 * own - raised) @ about(
            "z", np.full(len(t), -sign * 72.0)
        )
        rotations[:, NAMES.index(f"{side}ForeArm")] = about("y", -sign * (25 + 10 * own + raised))
    rotations[:, NAMES.index("Spine1")] = about("y", 4 * np.sin(phase))
    rotations[:, NAMES.index("Head")] = about("y", 6 * np.sin(0.7 * phase))
    root = np.tile(skeleton().offsets[0], (len(t), 1)) - np.array([0.0, 9.0, 0.0])
    feet = np.zeros((len(t), 2, 3))
    if steps:
        root = root + np.column_stack([0 * t, 1.2 * np.cos(2 * phase), SPEED_CM_S * t])
        for k in (0, 1):  # a foot stands for 60 % of its cycle, and swings to its next place
            cycle = 0.9 * t + 0.5 * k + 0.3
            share = np.clip((cycle % 1.0 - 0.6) / 0.4, 0.0, 1.0)
            gone = np.floor(cycle) + share**2 * (3.0 - 2.0 * share) - 0.5 * k - 0.3
            feet[:, k, 2] = SPEED_CM_S / 0.9 * (gone + 0.3) - root[:, 2]
            feet[:, k, 1] = 9.0 * np.sin(np.pi * share) ** 2
    still = BodyMotion(rotations, root, FPS)
    feet[..., 1] += 96.0 - root[:, 1, None]
    return feet_as_in(still, still, feet)


def hands(motion: BodyMotion) -> np.ndarray:
    place = motion.positions()
    return place[:, [NAMES.index("LeftHand"), NAMES.index("RightHand")]] - place[:, :1]


def speed(motion: BodyMotion) -> float:
    return float(np.linalg.norm(np.diff(hands(motion), axis=0), axis=-1).mean() * FPS)


def jerk(motion: BodyMotion) -> float:
    return float(np.linalg.norm(np.diff(hands(motion), 3, axis=0), axis=-1).mean() * FPS**3)


def hardest(motion: BodyMotion) -> float:
    return float(np.linalg.norm(np.diff(motion.positions(), 2, axis=0), axis=-1).max())


def down(motion: BodyMotion) -> float:
    """How far the head is lowered against the way the body faces, degrees."""
    up = motion.world()[1][:, NAMES.index("Head"), :, 1]
    return float(np.degrees(np.arctan2(up[:, 2], up[:, 1])).mean())


def felt(emotion: str, motion: BodyMotion | None = None, rules: RestyleRules | None = None) -> BodyMotion:
    return restyled(stroll() if motion is None else motion, EmotionTrack.of(emotion), rules)


@pytest.fixture(scope="module", params=["learnt", "written"])
def rules(request: pytest.FixtureRequest) -> RestyleRules:
    return RestyleRules.embedded() if request.param == "learnt" else RestyleRules()


@pytest.mark.parametrize("nothing", ["neutral", "joy:0", "0s neutral; 3s sadness:0"])
def test_nothing_felt_changes_nothing(nothing: str, rules: RestyleRules) -> None:
    before = stroll()
    after = felt(nothing, before, rules)
    np.testing.assert_array_equal(after.rotations, before.rotations)
    np.testing.assert_array_equal(after.root_cm, before.root_cm)


def test_feet_on_their_way_do_not_graze_the_floor(rules: RestyleRules) -> None:
    after = felt("excitement", rules=rules)
    balls = after.soles()[:, [1, 3]]
    step = np.linalg.norm(np.diff(balls, axis=0), axis=-1) * FPS
    grazing = (balls[1:, :, 1] < 0.2) & (balls[:-1, :, 1] < 0.2)
    assert grazing.mean() > 0.2
    assert step[grazing].max() < 2.0


def test_what_comes_before_a_feeling_stays_as_it_was() -> None:
    before = stroll()
    after = felt("0s neutral; 3s neutral; 4s anger", before)
    gap = np.linalg.norm(after.positions()[:45] - before.positions()[:45], axis=-1)
    assert gap.max() < 1.0


@pytest.mark.parametrize("emotion", FEELINGS)
def test_bodies_stay_bodies(emotion: str, rules: RestyleRules) -> None:
    for asked in (emotion, f"{emotion}:1.5" if "+" not in emotion else emotion):
        after = felt(asked, rules=rules)
        turns = after.rotations.reshape(-1, 3, 3)
        assert np.isfinite(after.root_cm).all()
        np.testing.assert_allclose(turns @ turns.swapaxes(-1, -2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-6)
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            elbow = after.rotations[:, NAMES.index(f"{side}ForeArm")] @ np.array([sign, 0, 0])
            assert np.degrees(np.arccos(np.clip(sign * elbow[:, 0], -1, 1))).max() < 151.0
            knee = Rotation.from_matrix(after.rotations[:, NAMES.index(f"{side}Leg")]).as_rotvec(degrees=True)[:, 0]
            assert -10.0 < knee.min() <= knee.max() < 135.0
        assert hardest(after) < 3.5 * hardest(stroll()) + 1.0  # nothing pops, at up to 1.6 times the speed


@pytest.mark.parametrize("emotion", ["joy", "sadness", "anger", "fear"])
def test_planted_feet_neither_slide_nor_sink(emotion: str, rules: RestyleRules) -> None:
    after = felt(emotion, rules=rules)
    soles, flags = after.soles(), after.contacts()
    inside = flags[:-4] & flags[1:-3] & flags[2:-2] & flags[3:-1] & flags[4:]
    slide = np.linalg.norm(np.diff(soles[..., [0, 2]], axis=0), axis=-1)[1:-2][inside] * FPS
    assert len(slide) > 40
    assert np.quantile(slide, 0.95) < 2.0
    assert soles[..., 1].min() > -0.5


def test_what_is_done_stays_in_its_place_and_order() -> None:
    for emotion in ("joy", "sadness", "anger", "fear"):
        after = felt(emotion)
        height = hands(after)[:, 1, 1]
        assert np.argmax(height) / len(height) == pytest.approx(0.5, abs=0.08)  # the right hand goes up half-way
        assert height.max() - np.median(height) > 8.0
        way = after.root_cm[:, [0, 2]]
        assert np.abs(way[:, 0] - way[0, 0]).max() < 3.0  # straight on, as before
        assert (np.diff(way[:, 1]) > -0.2).all()
        assert len(after.root_cm) != len(stroll().root_cm)


def test_directions_that_were_measured(rules: RestyleRules) -> None:
    neutral = stroll()
    sad, angry, joy, unsure, proud = (felt(e, rules=rules) for e in ("sadness", "anger", "joy", "insecurity", "pride"))
    assert 0.2 < speed(sad) / speed(neutral) < 0.75
    assert jerk(sad) < 0.7 * jerk(neutral)
    assert jerk(angry) > 1.1 * jerk(neutral)
    assert jerk(joy) > 1.1 * jerk(neutral)
    assert down(sad) > down(neutral) + 8.0
    assert down(unsure) > down(neutral) + 3.0
    assert down(proud) < down(neutral) - 3.0
    assert len(sad.root_cm) > 1.15 * len(neutral.root_cm) > len(angry.root_cm)


@pytest.mark.parametrize("emotion", ["joy", "sadness", "anger", "fear", "disgust", "pride"])
def test_more_intensity_is_more_change(emotion: str, rules: RestyleRules) -> None:
    found = []
    for amount in (0.25, 0.5, 0.75, 1.0, 1.25, 1.5):
        sample = EmotionTrack.of(f"{emotion}:{amount}").sample(1.0, 1.0)
        found.append(np.array([v[0] for v in rules(sample.vad, sample.basic).values()]))
    steps = np.diff(np.abs(np.stack(found)), axis=0)
    assert (np.abs(np.stack(found)[-1]) >= np.abs(np.stack(found)[0]) - 1e-6).mean() > 0.9
    assert (steps.sum(axis=1) > 0).all()


def test_a_feeling_that_grows_bends_the_body_as_it_grows() -> None:
    after = felt("0s neutral; 5s sadness", stroll(8.0, steps=False))
    up = after.world()[1][:, NAMES.index("Head"), :, 1]
    pitch = np.degrees(np.arctan2(up[:, 2], up[:, 1]))
    thirds = [pitch[:40].mean(), pitch[70:110].mean(), pitch[-60:].mean()]
    assert thirds[0] < thirds[1] < thirds[2]


def test_it_depends_on_what_it_is_given_alone() -> None:
    one, two = felt("fear:0.8"), felt("fear:0.8")
    np.testing.assert_array_equal(one.rotations, two.rotations)
    short = BodyMotion(stroll().rotations[:1], stroll().root_cm[:1], FPS)
    assert len(felt("joy", short).root_cm) == 1


def test_the_table_is_saved_and_loaded(tmp_path, rules: RestyleRules) -> None:
    rules.save_pretrained(str(tmp_path), safe_serialization=True)
    again = RestyleRules.from_pretrained(str(tmp_path), use_safetensors=True)
    np.testing.assert_array_equal(again.table.numpy(), rules.table.numpy())
    assert again.table.shape == (len(MANNERS), 10)


def test_open_use_gets_the_written_table(monkeypatch: pytest.MonkeyPatch) -> None:
    from emogen import checkpoints

    folder = checkpoints.HERE / CHECKPOINT
    verify(folder)
    assert not is_open(folder)
    monkeypatch.setenv("EMOGEN_COMMERCIAL", "1")
    np.testing.assert_array_equal(RestyleRules.embedded().table.numpy(), RestyleRules().table.numpy())
