"""The measurement of gestures: what it counts as manner, sane, seen, in time and like people, and the page it writes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.conditioning import body_pose
from emogen.media.motion import write_bvh
from emogen.pipelines.gesture.library import gestures
from emogen.pipelines.gesture.pipeline import RuleGesturePipeline
from emogen.training.gesture_standing import (
    affect,
    bvh_reader,
    clips,
    directions,
    exchange,
    exports,
    inputs,
    moves,
    page,
    realism,
    rhythm,
    sanity,
    semantic,
    speed,
)
from emogen.training.gesture_standing.bench import EMBEDDED, RULES, SYSTEMS
from emogen.training.gesture_standing.clips import FELT, LABELS, REAL, RESTYLED, TALK, Clip
from emogen.training.kept import Kept, seed_of, version
from emogen.training.speech_standing import figures_of as fo
from emogen.training.speech_standing.page import fill
from emogen.training.talking_head_standing.inputs import FAILED, REFUSED, Tried

FPS = 30.0


def standing(seconds: float = 2.0, **turned: np.ndarray) -> BodyMotion:
    """The T-pose over time, with some joints turned (rotation vectors [T, 3], degrees)."""
    count = round(seconds * FPS)
    rotations = np.tile(np.eye(3), (count, len(skeleton().names), 1, 1))
    for name, degrees in turned.items():
        rotations[:, moves.index(name)] = Rotation.from_rotvec(np.broadcast_to(degrees, (count, 3)), degrees=True).as_matrix()
    return BodyMotion(rotations, np.tile(skeleton().offsets[0], (count, 1)), FPS)


@pytest.fixture(scope="module")
def pipe() -> RuleGesturePipeline:
    found = RuleGesturePipeline.embedded()
    found.set_progress_bar_config(disable=True)
    return found


@pytest.fixture(scope="module")
def talking(pipe: RuleGesturePipeline) -> Any:
    return pipe(emotion="neutral", semantic="point:1.5s", seconds=3.0, seed=1)


# -- what is kept ----------------------------------------------------------------------------------


def test_what_was_measured_is_kept_until_it_changes(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert Kept(tmp_path).kept("a", "v1", make, run=False) is None
    assert [Kept(tmp_path).kept("a", v, make) for v in ("v1", "v1", "v2")] == [1, 1, 2]
    assert Kept(tmp_path, fresh=frozenset({"a"})).kept("a", "v2", make) == 3
    (tmp_path / "one.py").write_text("a = 1")
    assert version(tmp_path / "one.py") != version(tmp_path / "*.csv")
    assert seed_of("a") != seed_of("b")


# -- a movement in numbers -----------------------------------------------------------------------------


def test_hands_that_wave_faster_are_faster_and_jerkier() -> None:
    at = np.arange(60) / FPS
    slow, fast = (standing(LeftForeArm=np.outer(30 * np.sin(2 * np.pi * hz * at), [0, 0, 1])) for hz in (1, 2))
    one, two = moves.manner(slow), moves.manner(fast)
    assert two["speed"] == pytest.approx(2 * one["speed"], rel=0.1)
    assert two["jerk"] > 4 * one["jerk"]
    assert one["span"] > 100  # both arms out


def test_a_head_and_a_trunk_that_bend_forward_are_told() -> None:
    assert moves.manner(standing())["neck"] == pytest.approx(0.0, abs=1e-6)
    assert moves.manner(standing(Neck=np.array([20.0, 0, 0])))["neck"] == pytest.approx(20.0, abs=1.0)
    bent = moves.manner(standing(Spine=np.array([15.0, 0, 0])))["trunk"]
    assert 8.0 < bent <= 15.0


def test_a_hand_arrives_where_its_movement_ends() -> None:
    at = np.arange(90) / FPS
    share = np.clip((at - 1.0) / 0.5, 0, 1)
    moved = standing(3.0, RightForeArm=np.outer(60 * share**3 * (10 - 15 * share + 6 * share**2), [0, 0, -1]))
    left, right = moves.apexes(moved)
    assert len(left) == 0
    assert right == pytest.approx([1.5], abs=0.1)


def test_recognisers_are_given_the_joints_that_they_would_find(talking: Any) -> None:
    assert moves.judged(talking.motion) == pytest.approx(body_pose.bvh_positions(talking.motion.to_bvh()), abs=1e-4)


# -- could a body do it? ----------------------------------------------------------------------------


def test_bending_is_told_about_the_right_axes() -> None:
    for joint, vector, name, degrees in (
        ("LeftForeArm", (0, -90, 0), "left elbow flexion", 90), ("LeftHand", (0, 0, -40), "left wrist flexion", 40),
        ("RightHand", (0, 0, 40), "right wrist flexion", 40), ("LeftHand", (0, -15, 0), "left wrist deviation", 15),
        ("RightHand", (0, 15, 0), "right wrist deviation", 15), ("LeftLeg", (60, 0, 0), "left knee flexion", 60),
        ("RightUpLeg", (-50, 0, 0), "right hip flexion", 50), ("LeftUpLeg", (0, 0, 30), "left hip abduction", 30),
        ("RightFoot", (-10, 0, 0), "right ankle flexion", 10), ("Neck", (25, 0, 0), "neck flexion", 25),
        ("Spine1", (0, 35, 0), "trunk rotation", 35), ("LeftArm", (0, 50, 0), "left shoulder extension", 50),
    ):  # fmt: skip
        found = moves.turns(standing(**{joint: np.array(vector, dtype=float)}))
        assert found[name] == pytest.approx(degrees, abs=0.1), name


def test_a_knee_that_bends_backwards_is_beyond_its_limit() -> None:
    assert moves.sanity(standing())["joints"] == 0.0
    assert moves.sanity(standing(LeftLeg=np.array([-40.0, 0, 0])))["joints"] == 1.0


def test_feet_that_slide_and_bodies_below_the_floor_are_found() -> None:
    still = standing()
    away = np.outer(np.arange(60) / FPS, [20.0, 0.0, 0.0])
    assert moves.sanity(still)["skating"] == pytest.approx(0.0, abs=1e-9)
    assert moves.sanity(BodyMotion(still.rotations, still.root_cm + away, FPS))["skating"] == pytest.approx(20.0, rel=1e-6)
    assert moves.sanity(BodyMotion(still.rotations, still.root_cm - [0.0, 3.0, 0.0], FPS))["floor"] == pytest.approx(3.0, abs=0.1)


def test_a_hand_in_the_belly_is_inside_the_trunk() -> None:
    assert moves.sanity(standing())["trunk"] == 0.0
    inside = standing(LeftArm=np.array([0.0, 0.0, -60.0]), LeftForeArm=np.array([0.0, 0.0, -110.0]))
    assert moves.sanity(inside)["trunk"] > 2.0


# -- is it seen? ---------------------------------------------------------------------------------------


def clip(asked: str, source: str = "a", *, system: str = EMBEDDED, kind: str = TALK, found: str = "", **more: Any) -> Clip:
    """A clip read as strongly as it was asked for, or as something else, whose hands move as they do in recordings."""
    base = Clip(system, kind, source, asked)
    one, _, other = asked.partition("+")
    weights = {p.partition(":")[0]: float(p.partition(":")[2] or 1.0) for p in (one, other) if p}
    level = 0.0 if asked == "neutral" else base.level if not other else 1.0
    chances = {k: 0.05 + 0.8 * min(level, 1.5) * (weights.get(k, 0.0) / sum(weights.values())) for k in LABELS}
    chances |= {"neutral": 0.5 - 0.3 * level if level else 0.9}
    if found:
        chances |= {found: 2.0}
    factor = {"sadness": 0.5, "anger": 2.0, "joy": 1.3, "pride": 1.2}.get(base.label, 1.0)
    manner = {m: (factor - 1.0) * level if m in directions.DIFFERENCES else 1.0 + (factor - 1.0) * level for m in moves.MANNERS}
    manner |= {"span": 1.0 + level * {"pride": 0.4, "sadness": -0.2}.get(base.label, 0.0), "neck": level * (base.label == "insecurity")}
    manner |= {"trunk": -level * (base.label == "joy"), "acceleration": 1.0 + 0.1 * level}
    sane = {"skating": 0.5, "skating, 95 %": 1.0, "floor": 0.0, "trunk": 0.1, "trunk, 99 %": 0.0, "joints": 0.0, "jerk": 3000.0}
    return Clip(system, kind, source, asked, more.pop("group", ""), 6.0, chances, [0.1 * level, 0.2 * level, 0.1], manner, sane,
                [0.5, 1.5, 2.5], [[0.5, 1.5], [2.5]], [(0.5, "left", "press", False), (2.5, "right", "point", True)])  # fmt: skip


def everything(wrong: str = "") -> list[Clip]:
    """All clips of a few sources and recordings; one label is taken for another by the rules."""
    made = [
        clip(asked, source, system=system, kind=kind, found="fatigue" if system == RULES and asked.startswith(wrong or "?") else "")
        for system in SYSTEMS for kind in (TALK, RESTYLED) for source in ("station", "garden") for asked in clips.asked(system == EMBEDDED)
    ]  # fmt: skip
    real = [clip(label, f"r-{group}-{label}", system=REAL, kind=REAL, group=group) for group in ("bye", "dash") for label in LABELS]
    return made + real


def test_mixtures_and_ladders_are_asked_for_once() -> None:
    assert clips.mixed("joy", "anger", 0.0) == "joy:1"
    assert clips.mixed("joy", "anger", 0.25) == "joy:0.75+anger:0.25"
    wanted = clips.asked(True)
    assert len(wanted) == len(set(wanted))
    assert {"neutral", "joy:0.25", "sadness:1.5"} <= set(wanted)
    assert clips.asked(False) == ["neutral", *(f"{label}:1" for label in FELT)]


def test_the_judges_own_score_on_recordings_is_the_ceiling() -> None:
    found = affect.fidelity(clips.part(everything(), EMBEDDED, TALK, 1.0))
    people = fo.uar(affect.people()).value
    assert 1 / 8 < people < 1.0
    assert found.value == pytest.approx(1.0 / people)
    assert affect.fidelity(clips.part(everything("anger"), RULES, TALK, 1.0)).value == pytest.approx(7 / 8 / people)


def test_intensity_and_mixtures_that_are_followed_rise() -> None:
    own = clips.part(everything(), EMBEDDED, TALK)
    each, mean, course = affect.follows(own, "joy", lambda r: r.chances["joy"])
    assert (each.value, mean) == (pytest.approx(1.0), pytest.approx(1.0))
    assert list(course) == sorted(course)
    far = affect.away([*own, clip("neutral", "third", found="")])
    assert affect.follows(own, "anger", far)[1] == pytest.approx(1.0)
    whole, preference = affect.blends([r for r in everything() if r.system == EMBEDDED and r.kind == TALK], ("sadness", "joy"))
    assert whole.value == pytest.approx(1.0)
    assert (np.diff(preference) > 0).all()


def test_what_is_taken_for_what_is_counted() -> None:
    rows = [clip("joy", "a"), clip("joy", "b", found="anger"), clip("anger", "a")]
    assert affect.mistaken(rows, "joy", "anger").value == 0.5
    assert affect.mistaken(rows, "anger", "joy").value == 0.0


def test_directions_compare_a_source_with_itself() -> None:
    rows = clips.part(everything(), EMBEDDED, TALK, 1.0)
    assert directions.against(rows, "sadness", "speed").value == pytest.approx(0.5)
    assert directions.against(rows, "joy", "trunk").value == pytest.approx(-1.0)
    reached = {g.what: g.reached for g in directions.goals(everything())}
    assert all(reached.values())


# -- in time, and where it should be -----------------------------------------------------------------


def test_clear_onsets_are_found_and_alignment_is_told_against_other_voices() -> None:
    rate = 16_000
    samples = 1e-4 * np.random.default_rng(0).normal(size=4 * rate)
    for at in (0.5, 1.5, 2.5):
        burst = slice(round(at * rate), round((at + 0.2) * rate))
        samples[burst] += 0.3 * np.random.default_rng(1).normal(size=burst.stop - burst.start)
    found = rhythm.onsets(samples, rate)
    assert found == pytest.approx([0.5, 1.5, 2.5], abs=0.06)
    beats = {name: {"onsets": (found + shift).tolist(), "accents": (found + shift).tolist(), "seconds": 4.0}
             for name, shift in (("station", 0.0), ("garden", 0.4))}  # fmt: skip
    own = [clip("joy", "station")]
    near = rhythm.alignment(own, beats, "onsets", 0.1).value
    assert near > 0.9 > 0.1 > rhythm.alignment(own, beats, "onsets", 0.1, shuffled=True).value
    assert rhythm.gain(own, beats, "onsets", 0.1).value > 0.8
    away = rhythm.late(own, beats)
    assert np.abs(away["stroke to apex"]).max() < 1e-6
    assert len(away["accent to stroke"]) == 1  # the other one means something


def test_a_gesture_is_found_where_the_library_has_it_and_not_elsewhere(talking: Any) -> None:
    stroke = next(s for s in talking.strokes if s.gesture == "point")
    near = semantic.misses(talking.motion, gestures()["point"], stroke.hand, 1.5)
    assert max(near) < 10.0
    assert min(semantic.misses(talking.motion, gestures()["point"], stroke.hand, 0.2)) > 10.0


def test_a_nod_is_seen_in_the_head(pipe: RuleGesturePipeline) -> None:
    nodding = pipe(emotion="neutral", semantic="yes:1.5s", seconds=3.0, seed=1)
    assert semantic.misses(nodding.motion, gestures()["yes"], "both", 1.5) == [0.0]
    assert semantic.misses(standing(3.0), gestures()["yes"], "both", 1.5) == [semantic.MISSED_CM]


def test_what_is_done_stays_in_the_same_movement_and_not_in_another(talking: Any) -> None:
    same = exchange.stays(talking.motion, talking.motion)
    assert (same["apexes"], same["feet"], same["way"]) == (1.0, 1.0, None)
    assert exchange.stays(talking.motion, standing(3.0))["apexes"] == 0.0


# -- like people ---------------------------------------------------------------------------------------


def test_movement_whose_frames_are_shuffled_is_far_from_movement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realism, "STEPS", 150)
    at = np.arange(90) / FPS
    rng = np.random.default_rng(0)

    def wave() -> BodyMotion:
        hz, size, start = rng.uniform(0.5, 1.5), rng.uniform(10, 40), rng.uniform(0, 6)
        return standing(3.0, RightForeArm=np.outer(size * np.sin(2 * np.pi * hz * at + start), [0, 0, 1]))

    real, others = [wave() for _ in range(30)], [wave() for _ in range(20)]
    space = realism.Space(np.concatenate([realism.windows(m) for m in real]))
    reference = realism.Set.of(space, [realism.windows(m) for m in real])
    mixed = [BodyMotion(m.rotations[rng.permutation(90)], m.root_cm, FPS) for m in others]
    near, far = (realism.compared(reference, realism.Set.of(space, [realism.windows(m) for m in x])) for x in (others, mixed))
    assert far["distance"] > 5 * near["distance"]
    assert near["diversity"] == pytest.approx(1.0, abs=0.3)
    assert realism.floor(reference)["distance"] < far["distance"]


def test_a_recording_becomes_strokes_of_the_hands_that_move(talking: Any) -> None:
    found = realism.strokes_of(SimpleNamespace(motion=talking.motion, name="x"))  # type: ignore[arg-type]
    stroke = next(s for s in talking.strokes if s.gesture == "point")
    assert any(s.hand == stroke.hand and abs(s.at_s - 1.5) < 0.25 for s in found)
    assert [s.at_s for s in found] == sorted(s.at_s for s in found)


# -- files, input, speed ---------------------------------------------------------------------------------


def test_a_second_reader_finds_the_movement_in_a_bvh(tmp_path: Path, talking: Any) -> None:
    found = exports.bvh(write_bvh(tmp_path / "a.bvh", talking.motion.to_bvh()), talking.motion)
    assert found["degrees"] < exports.MOST_DEG
    assert found["cm"] < exports.MOST_CM
    assert found["fps"] == pytest.approx(30.0, abs=1e-3)


def test_the_second_reader_multiplies_in_the_order_of_the_channels(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text(
        "HIERARCHY\nROOT A\n{\nOFFSET 0 0 0\nCHANNELS 6 Xposition Yposition Zposition Xrotation Zrotation Yrotation\n"
        "JOINT B\n{\nOFFSET 0 5 0\nCHANNELS 0\nEnd Site\n{\nOFFSET 0 1 0\n}\n}\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n1 2 3 90 90 0\n"
    )
    read = bvh_reader.read(tmp_path / "a.bvh")
    assert read.rotations["A"][0] == pytest.approx(Rotation.from_euler("XZY", [90, 90, 0], degrees=True).as_matrix())
    assert read.places["B"][0] == pytest.approx([1 - 5, 2, 3])


def test_a_wrong_angle_is_told_in_degrees() -> None:
    one, other = standing(), standing(Head=np.array([0.5, 0.0, 0.0]))
    assert exports.compared(one, other)["degrees"] == pytest.approx(0.5, abs=1e-6)
    assert exports.compared(one, one)["degrees"] < 1e-6


def test_difficult_input_is_moved_refused_or_found_to_fail(tmp_path: Path, pipe: RuleGesturePipeline) -> None:
    bench: Any = SimpleNamespace(pipe=lambda system: pipe)
    (tmp_path / "a.bvh").write_text("not a movement")
    refused = inputs.tried(bench, "a text", REFUSED, {"motion": tmp_path / "a.bvh"})
    nothing = SimpleNamespace(audio=np.zeros(32_000, np.float32), sample_rate=16_000)
    silent = inputs.tried(bench, "silent audio", inputs.MOVED, {"audio": nothing})
    broken = inputs.tried(SimpleNamespace(pipe=lambda system: lambda **given: 1 / 0), "x", REFUSED, {})  # type: ignore[arg-type]
    assert (refused.outcome, refused.right, str(tmp_path) in refused.said) == (REFUSED, True, False)
    assert (silent.outcome, silent.right) == (inputs.MOVED, True)
    assert (broken.outcome, broken.right) == (FAILED, False)


# -- the page --------------------------------------------------------------------------------------


def found() -> page.Found:
    row = {"n": 100, "distance": 10.0, "half": 1.0, "kernel": 2.0, "diversity": 0.9}
    names = (realism.OTHER, realism.OURS, realism.RULES, realism.RESTYLED, realism.PLAIN, realism.MEAN, realism.SHUFFLED)
    beats = {n: {"onsets": [t, t + 1], "accents": [t, t + 1], "seconds": 6.0} for n, t in (("station", 0.5), ("garden", 0.9))}
    kept = {"apexes": 0.95, "feet": 0.99, "way": None}
    return page.Found(
        everything("anger"),
        {"clips": 9, "windows": 90, "learnt windows": 900, "explained": 0.6, "floor": {"distance": 3.0, "diversity": 0.05},
         "rows": {n: row | ({"distance": 20.0} if n != realism.OURS else {}) for n in names}},
        beats,
        [semantic.Made(s, how, "neutral", "point", True, [2.0], [40.0], "There.") for s in SYSTEMS for how in ("asked", "auto")],
        [exchange.Swapped(c, "joy", "joy 0.9", kept, kept | {"apexes": 0.1}, True, "neutral", "joy", "joy") for c in ("bye", "dash")],
        {"on": "2 threads of a machine", "seconds": 40.0, "talk": 0.05, "talk_heard": 0.2, "rules": 0.02,
         "restyle": 0.05, "first_s": 0.9, "chunk_s": 0.1, "chunk_median_s": 0.08, "short_mib": 500.0, "long_mib": 510.0},
        {"seconds": 2.0, "size": dict.fromkeys(("bvh", "npz", "glb", "mp4"), 1000), "bvh": {"degrees": 1e-4, "cm": 1e-3, "joints": 52,
         "frames": 60, "fps": 30.0}, "again": {"degrees": 1.0, "cm": 1.0}, "npz": {"degrees": 0.0, "cm": 0.0},
         "glb": {"joints": 64, "shared": 52, "frames": 60, "cm": 1e-3, "meshes": 1, "skins": 1, "version": "2.0"},
         "trimesh": {"triangles": 10, "height_m": 1.7}},
        [Tried("a text", REFUSED, REFUSED, "no | movement"), Tried("NaN", REFUSED, FAILED, "IndexError")],
    )  # fmt: skip


def test_the_page_says_what_was_found_and_what_was_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fo, "RESAMPLES", 30)  # intervals need not be fine here
    text = fill("# Gestures\n\nOurs.\n", page.measured_part(found(), []))
    assert text.startswith("# Gestures\n\nOurs.\n")
    head = text.partition("### Is the feeling")[0]
    lines = {line.split(" | ")[0].strip("| "): line for line in head.splitlines() if line.startswith("|")}
    assert lines["sadness: speed against neutral, talking"].endswith("| yes |")
    assert lines["FGD to held-out recordings below that of the rules alone"].endswith("| yes |")
    assert lines["real-time factor, voice with times of its words to motion"].endswith("| yes |")
    assert lines["the same, from the voice alone"].endswith("| no |")
    assert lines["BVH written and read again by emogen, degrees"].endswith("| no |")
    assert lines["difficult input: moved, or refused with a clear message"].endswith("| 1 of 2 | no |")
    assert "no / movement" in text
    assert "**failed**" in text
    assert fill(text, page.measured_part(found(), [])).count("## Measured") == 1


def test_parts_that_were_not_measured_are_named() -> None:
    text = page.measured_part(page.Found(None, None, None, None, None, None, None, None), []).replace("\n", " ")
    assert f"Not measured on this state: {', '.join(page.PARTS)}." in text


def test_sane_clips_pass_and_worse_ones_are_told() -> None:
    assert all(g.reached for g in sanity.goals(everything()))
    bad = clip("joy")
    bad.sanity["skating"] = 9.0  # a dict within
    assert not next(iter(sanity.goals([bad, *everything()]))).reached


def test_goals_of_speed_name_their_limits() -> None:
    reached = [g.reached for g in speed.goals(found().speed or {})]
    assert reached == [True, False, True, True, True]
