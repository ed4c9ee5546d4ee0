"""Arms, hands, the described gestures and what strokes make of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.codecs.body import BodyMotion, skeleton
from emogen.errors import InputError
from emogen.pipelines.gesture.arms import (
    LEAST,
    MOST,
    ArmCurves,
    HandPose,
    arm_rotations,
    hand_places,
    mirrored,
    pose_curves,
    solved,
)
from emogen.pipelines.gesture.fingers import shape_angles, shapes
from emogen.pipelines.gesture.library import find_gesture, gestures, rests
from emogen.pipelines.gesture.strokes import Stroke
from emogen.pipelines.gesture.track import ArmTrack, Hands
from emogen.pipelines.gesture.trunk import depth

FPS = 30.0
ONCE = {"either": "right", "none": "right"}


def motion_of(rotations: dict[str, np.ndarray]) -> BodyMotion:
    frames = len(next(iter(rotations.values())))
    turned = np.tile(np.eye(3), (frames, len(skeleton().names), 1, 1))
    for name, rotation in rotations.items():
        turned[:, skeleton().names.index(name)] = rotation
    return BodyMotion(turned, np.tile(skeleton().offsets[0], (frames, 1)), FPS)


def held(pose: HandPose) -> BodyMotion:
    curves = pose_curves(pose)
    return motion_of(arm_rotations("Left", curves) | arm_rotations("Right", curves))


def every_gesture(apart: float, hand: str = "right") -> list[Stroke]:
    found = []
    for number, gesture in enumerate(gestures().values()):
        own = hand if gesture.hands in ("either", "none") else gesture.hands
        found.append(Stroke(2.0 + apart * number, own, 1.0, gesture.name, semantic=not gesture.beat))
    return found


def moved(strokes: list[Stroke], **felt: object) -> tuple[ArmTrack, BodyMotion]:
    frames = round((max((s.at_s for s in strokes), default=3.0) + 3.0) * FPS)
    track = Hands(strokes, frames, FPS, **felt).track(0, frames)
    return track, motion_of(track.rotations())


def wrist(motion: BodyMotion, side: str) -> np.ndarray:
    return motion.positions()[:, skeleton().names.index(side + "Hand")]


class TestArms:
    @settings(max_examples=40, deadline=None)
    @given(st.tuples(st.floats(-0.3, 0.5), st.floats(-0.5, 0.4), st.floats(0.4, 0.7)))
    def test_the_wrist_comes_where_it_is_asked_to(self, place):
        if np.linalg.norm(place) > 0.9:
            return
        found = hand_places(held(HandPose(place, (0, -1, 0), (0, 0, 1), "flat")), "Left")[0][0]
        np.testing.assert_allclose(found, place, atol=0.02)

    @pytest.mark.parametrize(
        ("place", "palm", "fingers"),
        [
            ((0, -0.3, 0.6), (0, -1, 0), (0, 0, 1)),  # palm down before the belly
            ((0.05, -0.3, 0.6), (0, 1, 0), (0.2, 0, 1)),  # palm up
            ((0, 0.05, 0.75), (0, 0, 1), (0, 1, 0)),  # stop
            ((-0.2, -0.15, 0.33), (0, 0, -1), (-1, 0.3, 0)),  # on the heart
        ],
    )
    def test_the_palm_faces_where_it_is_asked_to(self, place, palm, fingers):
        _, faces, points = hand_places(held(HandPose(place, palm, fingers, "flat")), "Left")
        assert faces[0] @ palm > 0.9
        assert points[0] @ np.array(fingers) / np.linalg.norm(fingers) > 0.9

    def test_both_sides_mirror_each_other(self):
        motion = held(HandPose((0.2, 0.1, 0.5), (0, 0, 1), (0.3, 1, 0), "point"))
        for left, right in zip(hand_places(motion, "Left"), hand_places(motion, "Right"), strict=True):
            np.testing.assert_allclose(left, right, atol=1e-9)
        joints = [
            n
            for n in skeleton().names
            if n.startswith("Left") and "Leg" not in n and "Foot" not in n and "Toe" not in n
        ]
        for name in joints:
            one, other = (motion.rotations[0, skeleton().names.index(n)] for n in (name, name.replace("Left", "Right")))
            np.testing.assert_allclose(mirrored(one), other, atol=1e-9)

    def test_out_of_reach_is_drawn_in_without_a_snap(self):
        reach = np.linspace(0.7, 1.6, 200)
        curves = ArmCurves(
            reach[:, None] * np.array([0.2, 0.1, 0.97]), np.zeros((200, 4)), np.zeros((200, 21)), np.zeros(200)
        )
        place = wrist(motion_of(arm_rotations("Left", curves)), "Left")
        steps = np.linalg.norm(np.diff(place, axis=0), axis=1)
        assert steps.max() < 0.4
        assert np.abs(np.diff(steps)).max() < 0.05

    def test_rotations_are_rotations_and_joints_keep_their_range(self):
        motion = moved(every_gesture(1.2))[1]
        np.testing.assert_allclose(np.linalg.det(motion.rotations), 1.0, atol=1e-6)
        for side in ("Left", "Right"):
            elbow = motion.rotations[:, skeleton().names.index(side + "ForeArm"), :, 0]
            assert np.degrees(np.arccos(np.clip(elbow[:, 0], -1, 1))).max() < 147

    def test_turns_stay_in_the_range_of_human_joints(self):
        for gesture in gestures().values():
            for key in (*gesture.main, *gesture.other):
                assert (np.array(solved(key.pose)) >= LEAST - 1e-6).all()
                assert (np.array(solved(key.pose)) <= MOST + 1e-6).all()

    def test_unknown_shapes_are_refused(self):
        with pytest.raises(InputError, match="relaxed"):
            shape_angles("tentacle")


class TestLibrary:
    def test_it_holds_beats_and_meanings_with_an_apex_and_a_description(self):
        beats = [g for g in gestures().values() if g.beat]
        assert len(beats) >= 12
        assert len(gestures()) - len(beats) >= 40
        for gesture in gestures().values():
            assert gesture.description
            assert gesture.beat or gesture.words
            keys = gesture.body if gesture.hands == "none" else gesture.main
            assert any(key.at_s == 0 for key in keys), gesture.name
            for hand in (gesture.main, gesture.other, gesture.body):
                assert all(a.at_s < b.at_s for a, b in pairwise(hand)), gesture.name
            assert all(key.pose.shape in shapes() for key in (*gesture.main, *gesture.other))
        assert len(rests()) >= 4

    def test_numbers_show_as_many_fingers(self):
        straight = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 4}
        for name, count in straight.items():
            knuckles = shape_angles(find_gesture(f"count_{name}").main[-1].pose.shape)[[0, 4, 8, 12]]
            assert (knuckles < 20).sum() == count

    def test_a_wrong_name_is_answered_with_near_ones(self):
        with pytest.raises(InputError, match="shrug"):
            find_gesture("shurg")


class TestTrack:
    def test_the_apex_stands_on_its_time(self):
        for name in ("press", "stop", "point", "thanks", "count_three"):
            at = 2.4
            motion = moved([Stroke(at, "right", 1.0, name)], seed=1)[1]
            place = hand_places(motion, "Right")[0]
            apex = next(k for k in find_gesture(name).main if k.at_s == 0).pose.place
            away = np.linalg.norm(place - apex, axis=1)
            arrived = np.flatnonzero(away < away.min() + 0.02)[0]
            assert abs(arrived / FPS - at) <= 0.1, name
            speed = np.linalg.norm(np.diff(wrist(motion, "Right"), axis=0), axis=1) * FPS
            assert speed[round(at * FPS)] < 0.25 * speed.max(), name

    @pytest.mark.parametrize("apart", [0.45, 1.4])
    def test_nothing_pops(self, apart):
        _, motion = moved(every_gesture(apart), seed=4)
        turn = np.einsum("tjab,tjab->tj", motion.rotations[1:], motion.rotations[:-1])
        degrees = np.degrees(np.arccos(np.clip((turn - 1) / 2, -1, 1))) * FPS
        assert degrees.max() < 1500
        speed = np.linalg.norm(np.diff(motion.positions(), axis=0), axis=-1) * FPS
        assert speed[:, skeleton().names.index("RightHand")].max() < 420

    def test_hands_stay_out_of_trunk_and_head(self):
        for hand in ("left", "right"):
            motion = moved(every_gesture(1.5, hand), seed=5)[1]
            places = motion.positions() - motion.positions()[:, skeleton().names.index("Spine2")][:, None]
            hands = [k for k, n in enumerate(skeleton().names) if "Hand" in n]
            assert depth(places[:, hands]).max() < 2.0

    def test_a_mirrored_stroke_is_made_by_the_other_hand(self):
        for side, other in (("left", "Right"), ("right", "Left")):
            motion = moved([Stroke(2.0, side, 1.0, "stop")], seed=2)[1]
            still = moved([], seed=2)[1]
            lifted = wrist(motion, side.capitalize())[60, 1] - wrist(still, side.capitalize())[60, 1]
            assert lifted > 10
            np.testing.assert_allclose(wrist(motion, other)[60], wrist(still, other)[60], atol=1e-6)

    def test_left_is_pointed_at_with_the_left_hand(self):
        motion = moved([Stroke(2.0, "right", 1.0, "point_left")])[1]
        assert wrist(motion, "Left")[60, 0] > 55

    def test_size_and_strength_widen_speed_shortens_openness_opens(self):
        def way(**felt):
            motion = moved([Stroke(3.0, "both", 1.0, "spread")], seed=3, **felt)[1]
            return wrist(motion, "Right"), wrist(motion, "Left")

        usual, small, large = (way(size=s)[0] for s in (1.0, 0.5, 1.4))
        rest = usual[0]
        assert np.linalg.norm(small[90] - rest) < 0.75 * np.linalg.norm(usual[90] - rest)
        assert np.linalg.norm(large[90] - rest) > np.linalg.norm(usual[90] - rest)
        fast, slow = (np.linalg.norm(np.diff(way(speed=s)[0], axis=0), axis=1).max() for s in (1.4, 0.6))
        assert fast > 1.3 * slow
        spans = [np.linalg.norm(np.subtract(*way(openness=o))[90]) for o in (-1.0, 0.0, 1.0)]
        assert spans[0] < spans[1] < spans[2]

    def test_hands_do_not_go_home_between_close_strokes(self):
        close = [Stroke(2.0, "right", 1.0, "press"), Stroke(3.0, "right", 1.0, "press")]
        far = [Stroke(2.0, "right", 1.0, "press"), Stroke(7.0, "right", 1.0, "press")]
        for strokes, home in ((close, False), (far, True)):
            motion = moved(strokes, seed=6)[1]
            still = wrist(moved([Stroke(9.0, "left", 0.1, "yes")], seed=6)[1], "Right")
            between = slice(round(2.0 * FPS), round(strokes[1].at_s * FPS))
            nearest = np.linalg.norm(wrist(motion, "Right")[between] - still[between], axis=1).min()
            assert (nearest < 5) == home

    def test_of_two_strokes_without_time_for_both_the_meaning_one_stays(self):
        beat, meant = Stroke(2.05, "right", 1.2, "fist_beat"), Stroke(2.0, "right", 0.8, "stop", semantic=True)
        assert moved([beat, meant])[0].strokes == (meant,)

    def test_rest_is_never_frozen_and_the_same_seed_gives_the_same(self):
        track, motion = moved([], seed=8)
        assert (np.linalg.norm(np.diff(wrist(motion, "Left"), axis=0), axis=1) > 0).all()
        np.testing.assert_array_equal(track.left.wrist, moved([], seed=8)[0].left.wrist)
        assert len({tuple(moved([], seed=s)[0].left.wrist[0].round(2)) for s in range(8)}) > 1

    def test_head_and_shoulders_take_part(self):
        nod = Hands([Stroke(1.5, "right", 1.0, "yes", semantic=True)], 120, FPS).track(0, 120)
        assert nod.head[45, 0] > 8
        assert np.abs(nod.head[-1]).max() < 1e-6
        shrug = Hands([Stroke(1.5, "both", 1.0, "shrug", semantic=True)], 120, FPS).track(0, 120)
        assert shrug.left.shrug[45] > 0.8
        one, other = (Hands([Stroke(1.5, h, 1.0, "point")], 120, FPS).track(0, 120).head[45, 1] for h in ("left", "right"))
        assert one > 0 > other

    def test_an_unknown_gesture_is_refused(self):
        with pytest.raises(InputError, match="gesture"):
            Hands([Stroke(1.0, "left", 1.0, "moonwalk")], 60, FPS).track(0, 60)
