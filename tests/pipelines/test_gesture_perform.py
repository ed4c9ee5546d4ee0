"""Strokes planned on accents, and the whole body by rules."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.pipelines.gesture.library import gestures
from emogen.pipelines.gesture.perform import Performance
from emogen.pipelines.gesture.plan import fidgets, planned
from emogen.pipelines.gesture.posture import PostureRules
from emogen.pipelines.gesture.speech import Accent, Speech
from emogen.pipelines.gesture.strokes import Stroke

FPS = 30.0
NAMES = skeleton().names


def talk(seconds: float = 20.0, seed: int = 0) -> Speech:
    """A speech of phrases of some seconds with an accent about every half second."""
    rng = np.random.default_rng(seed)
    phrases, accents, at = [], [], 0.3
    while at < seconds - 2.0:
        end = min(at + rng.uniform(1.5, 4.0), seconds - 0.5)
        phrases.append((at, end))
        accents += [
            Accent(float(t), float(rng.uniform(0.3, 1.3)))
            for t in np.arange(at + 0.3, end - 0.1, rng.uniform(0.4, 0.7))
        ]
        at = end + rng.uniform(0.4, 1.2)
    return Speech.of(seconds, accents, phrases)


def plan(speech: Speech, emotion: str, seed: int = 0, semantic: tuple[Stroke, ...] = (), amount: float = 1.0):
    return planned(speech, EmotionTrack.of(emotion).sample(FPS, speech.duration_s), semantic, seed, amount)


def perform(speech: Speech, emotion: str, seed: int = 0, strokes: tuple[Stroke, ...] | None = None) -> BodyMotion:
    strokes = plan(speech, emotion, seed) if strokes is None else strokes
    frames = round(speech.duration_s * FPS)
    return Performance(strokes, speech, EmotionTrack.of(emotion), frames, FPS, seed).piece(0, frames)


def mean_of(measure, emotion: str) -> float:
    """Over some speeches and ways to move."""
    return float(np.mean([measure(perform(talk(seed=s), emotion, s)) for s in range(4)]))


def joint(motion: BodyMotion, *names: str) -> np.ndarray:
    return motion.positions()[:, [NAMES.index(n) for n in names]]


# -- the plan ------------------------------------------------------------------------------------------------


def test_strokes_stand_on_accents_and_leave_each_other_time():
    speech = talk()
    accents = np.array([a.at_s for a in speech.accents])
    strokes = plan(speech, "neutral")
    assert all(-0.05 < np.abs(accents - s.at_s).min() < 0.05 for s in strokes)
    assert all(b.at_s - a.at_s > 0.4 for a, b in pairwise(strokes))
    said = sum(b - a for a, b in speech.phrases)
    assert 0.4 < len(strokes) / said < 1.2
    assert all(0 < s.strength <= 1.5 and gestures()[s.gesture].beat for s in strokes)


def test_the_last_stroke_of_a_phrase_is_held_until_it_ends():
    speech = Speech.of(4.0, [Accent(1.0, 1.0)], [(0.5, 2.0)])
    (stroke,) = plan(speech, "anger")
    assert stroke.at_s + stroke.hold_s == pytest.approx(2.0, abs=0.2)


def test_feelings_set_how_many_strokes_there_are_and_which():
    def often(emotion: str, amount: float = 1.0) -> float:
        return float(np.mean([len(plan(talk(seed=s), emotion, s, amount=amount)) for s in range(6)]))

    assert often("sadness") < 0.75 * often("neutral") < often("anger")
    assert often("neutral", 0.5) < often("neutral") < often("neutral", 2.0)
    assert often("neutral", 0.0) == 0

    def share(emotion: str, *names: str) -> float:
        forms = [s.gesture for k in range(8) for s in plan(talk(seed=k), emotion, k)]
        return sum(f in names for f in forms) / len(forms)

    assert share("anger", "fist_beat") > 0.2 > share("neutral", "fist_beat")
    assert share("fear", "self_near", "knead") > 0.4 > share("joy", "self_near", "knead")
    assert (
        share("joy", "spread", "offer", "present", "toss") > 0.4 > share("anger", "spread", "offer", "present", "toss")
    )


def test_beats_keep_away_from_strokes_that_mean_something():
    speech = talk()
    meant = Stroke(speech.accents[4].at_s, "right", 1.0, "point", "there", 0.4, True)
    strokes = plan(speech, "joy", semantic=(meant,))
    assert meant in strokes
    assert all(abs(s.at_s - meant.at_s) > 0.9 for s in strokes if s is not meant)
    assert [s.at_s for s in strokes] == sorted(s.at_s for s in strokes)


def test_silence_gets_no_strokes():
    assert plan(Speech.silence(10.0), "anger") == ()


def test_a_plan_depends_on_its_seed_alone():
    assert plan(talk(), "joy", 3) == plan(talk(), "joy", 3) != plan(talk(), "joy", 4)
    with pytest.raises(InputError, match="amount"):
        plan(talk(), "joy", amount=2.5)


def test_every_beat_of_the_library_has_its_weights():
    for emotion in ("neutral", "joy", "fear"):
        assert plan(talk(60.0), emotion)


# -- posture -------------------------------------------------------------------------------------------------


def cues(emotion: str) -> dict[str, float]:
    samples = EmotionTrack.of(emotion).sample(FPS, 0.1)
    return {k: float(v[0]) for k, v in PostureRules()(samples.vad, samples.basic).items()}


def test_postures_of_feelings():
    found = {
        e: cues(e) for e in ("neutral", "joy", "sadness", "anger", "fear", "pride", "disgust", "surprise", "shame")
    }
    neutral = found["neutral"]
    assert found["joy"]["trunk"] < neutral["trunk"] < found["sadness"]["trunk"]
    assert found["pride"]["neck"] < neutral["neck"] < found["shame"]["neck"]
    assert found["fear"]["shrug"] > 0.3 > neutral["shrug"]
    assert found["fear"]["lean"] < neutral["lean"] < found["anger"]["lean"]
    assert found["fear"]["open"] < found["sadness"]["open"] < neutral["open"] < found["pride"]["open"]
    assert found["disgust"]["away"] > 15
    assert found["anger"]["stance"] > neutral["stance"] > found["fear"]["stance"]


@pytest.mark.parametrize(
    "name", ["joy", "sadness", "anger", "fear", "surprise", "disgust", "pride", "fatigue", "contempt"]
)
def test_postures_grow_with_intensity(name):
    low, middle, high = (cues(f"{name}:{k}") for k in (0.0, 0.5, 1.0))
    for cue in ("trunk", "neck", "open", "size", "speed"):
        steps = np.diff([low[cue], middle[cue], high[cue]])
        assert steps[0] * steps[1] >= -1e-9, cue


# -- the body ------------------------------------------------------------------------------------------------


def hands(motion: BodyMotion) -> np.ndarray:
    return joint(motion, "LeftHand", "RightHand") - joint(motion, "Hips")


def speed(motion: BodyMotion) -> float:
    return float(np.linalg.norm(np.diff(hands(motion), axis=0), axis=-1).mean() * FPS)


def jerk(motion: BodyMotion) -> float:
    return float(np.linalg.norm(np.diff(hands(motion), 3, axis=0), axis=-1).mean() * FPS**3)


def span(motion: BodyMotion) -> float:
    left, right = np.moveaxis(joint(motion, "LeftHand", "RightHand"), 1, 0)
    return float(np.linalg.norm(left - right, axis=1).mean())


def head_down(motion: BodyMotion) -> float:
    turned = np.eye(3)
    for name in ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head"):
        turned = turned @ motion.rotations[:, NAMES.index(name)]
    return float(np.degrees(np.arcsin(-turned[:, 1, 2])).mean())


def test_feelings_move_as_measured_people_do():
    """The directions that hold in all contents of recorded styles."""
    usual = mean_of(speed, "neutral")
    assert 0.3 < mean_of(speed, "sadness") / usual < 0.7
    assert mean_of(jerk, "anger") > 1.3 * mean_of(jerk, "neutral")
    assert mean_of(jerk, "sadness") < 0.6 * mean_of(jerk, "neutral")
    assert mean_of(span, "fear") < mean_of(span, "sadness") < mean_of(span, "neutral") < mean_of(span, "pride")
    assert mean_of(head_down, "shame") > mean_of(head_down, "neutral") + 5
    assert mean_of(head_down, "pride") < mean_of(head_down, "neutral") - 3


@pytest.mark.parametrize("emotion", ["neutral", "0s neutral; 5s fear:1.3; 10s anger; 15s joy"])
def test_a_foot_stands_still_or_steps(emotion):
    places = joint(perform(talk(), emotion), "LeftFoot", "RightFoot", "LeftToeBase", "RightToeBase")
    moves = np.linalg.norm(np.diff(places[..., [0, 2]], axis=0), axis=-1) * FPS
    low = places[:, :2, 1].min()
    for foot in (0, 1):
        on_ground = places[1:, foot, 1] < low + 0.05
        assert moves[on_ground][:, [foot, foot + 2]].max() < 2.0  # cm/s
        assert on_ground.mean() > 0.7
    assert places[:, 2:, 1].min() > -0.7  # toes stay out of the ground
    lifted = places[:, :2, 1] > low + 1.0
    assert not (lifted[:, 0] & lifted[:, 1]).any()


def test_fear_steps_back_and_anger_forward():
    def goes(emotion: str) -> float:
        place = joint(perform(talk(), f"0s neutral; 4s neutral; 6s {emotion}"), "Hips")[:, 0, 2]
        return float(place[-150:].mean() - place[:90].mean())

    assert goes("fear") < -6
    assert goes("anger") > 3


def test_a_surprise_makes_one_start_and_settle():
    motion = perform(Speech.silence(8.0), "0s neutral; 2s! surprise", strokes=())
    lean = joint(motion, "Neck")[:, 0, 2] - joint(motion, "Hips")[:, 0, 2]
    assert lean[75:90].min() < lean[30:55].mean() - 3
    assert lean[75:90].min() < lean[200:].mean() - 2


def test_weight_goes_from_leg_to_leg_and_legs_can_reach():
    motion = perform(talk(60.0), "neutral")
    aside = joint(motion, "Hips")[:, 0, 0]
    assert 2.0 < np.percentile(aside, 97) - np.percentile(aside, 3) < 12.0
    bent = Rotation.from_matrix(motion.rotations[:, NAMES.index("LeftLeg")]).magnitude()
    assert np.degrees(bent).min() > 0.5
    assert np.degrees(bent).max() < 60


def test_silence_is_alive_but_rests():
    idle, talking = perform(Speech.silence(20.0), "neutral"), perform(talk(), "neutral")
    assert 0 < speed(idle) < 0.35 * speed(talking)
    assert joint(idle, "Head")[:, 0].std(axis=0).max() > 0.5
    chest = Rotation.from_matrix(idle.rotations[:, NAMES.index("Spine2")]).as_euler("YXZ")[:, 1]
    breaths = np.count_nonzero(np.diff(np.sign(chest - chest.mean())) > 0)
    assert 3 <= breaths <= 8  # in 20 s


def test_nervous_hands_fidget_in_silence():
    assert speed(perform(Speech.silence(20.0), "fear")) > 1.3 * speed(perform(Speech.silence(20.0), "sadness"))
    assert fidgets(Speech.silence(20.0), np.zeros(600), FPS, 1) == ()
    speech = talk()
    within = [s for s in fidgets(speech, np.ones(600), FPS, 1) if any(a < s.at_s < b for a, b in speech.phrases)]
    assert not within


def test_heads_nod_with_accents():
    speech = Speech.of(20.0, [Accent(t, 1.0) for t in np.arange(1.0, 19.0, 1.5)], [(0.5, 19.0)])
    down = []
    for seed in range(6):
        motion = perform(speech, "neutral", seed, strokes=())
        turned = np.eye(3)
        for name in ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head"):
            turned = turned @ motion.rotations[:, NAMES.index(name)]
        down.append(np.degrees(np.arcsin(-turned[:, 1, 2])))
    pitch = np.mean(down, axis=0)
    at = np.array([round(a.at_s * FPS) for a in speech.accents])
    assert pitch[at].mean() > pitch[at + 14].mean() + 1.0


def test_any_piece_is_that_part_of_the_whole():
    speech, track = talk(), EmotionTrack.of("0s joy; 6s! anger; 12s sadness")
    strokes = planned(speech, track.sample(FPS, 20.0), (), 5)
    whole = Performance(strokes, speech, track, 600, FPS, 5)
    motion = Performance(strokes, speech, track, 600, FPS, 5).piece(0, 600)
    piece = whole.piece(313, 402)
    np.testing.assert_allclose(piece.rotations, motion.rotations[313:402], atol=1e-12)
    np.testing.assert_allclose(piece.root_cm, motion.root_cm[313:402], atol=1e-12)
    assert sum(len(p.root_cm) for p in whole.pieces()) == 600


@pytest.mark.parametrize("emotion", ["neutral", "0s anger:1.5; 6s! fear:1.5; 12s! joy:1.5"])
def test_rotations_are_rotations_and_nothing_jumps(emotion):
    rotations = perform(talk(), emotion).rotations
    np.testing.assert_allclose(
        rotations @ rotations.swapaxes(-1, -2), np.broadcast_to(np.eye(3), rotations.shape), atol=1e-9
    )
    turn = Rotation.from_matrix((rotations[:-1].swapaxes(-1, -2) @ rotations[1:]).reshape(-1, 3, 3)).magnitude()
    assert np.degrees(turn).max() < 45  # a frame


def test_a_performance_depends_on_its_seed_alone():
    one, same, other = (perform(talk(), "joy", s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.rotations, same.rotations)
    assert np.abs(one.rotations - other.rotations).max() > 0.1


@pytest.mark.parametrize(("frames", "fps"), [(2, 30.0), (3, 1.0), (240, 120.0)])
def test_any_rate(frames, fps):
    motion = Performance((), Speech.silence(frames / fps), EmotionTrack.of("joy"), frames, fps, 1).piece(0, frames)
    assert motion.rotations.shape == (frames, 52, 3, 3)
    assert np.isfinite(motion.rotations).all()
