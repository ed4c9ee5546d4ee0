"""The measurement of talking heads: what it counts as seen, shut, natural, kept and right, and the page it writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.vocabulary import BASIC
from emogen.errors import InputError
from emogen.evaluation import metrics
from emogen.evaluation.metrics.face_movement import NAMES
from emogen.pipelines.talking_head import life
from emogen.training.peak_memory import own_peak_mib
from emogen.training.speech_standing import figures_of as fo
from emogen.training.speech_standing.figures_of import SEVEN
from emogen.training.speech_standing.page import fill
from emogen.training.speech_standing.run import LADDER
from emogen.training.talking_head_standing import affect_tables, identity, inputs, lips, natural, page, pictures
from emogen.training.talking_head_standing.affect import APART_S, HELD, SPOKEN, Seen, apex, evenly
from emogen.training.talking_head_standing.bench import (
    LEARNT,
    RULES,
    SYSTEMS,
    Bench,
    Subject,
    seed_of,
    silence,
    subjects,
    version,
)
from emogen.training.talking_head_standing.lips import Mouth

ALL = (*SEVEN, "contempt")


def seen(asked: str, subject: str = "a", *, system: str = LEARNT, avatar: bool = False, how: str = HELD, found: str = "") -> Seen:
    """A clip in which what was asked for is seen as strongly as it was asked for, or something else."""
    row = Seen(system, subject, avatar, how, asked, {}, 0.0)
    chances = dict.fromkeys(ALL, 0.01) | {"neutral": 0.9 - 0.8 * row.level, found or row.label: 0.1 + 0.8 * (row.level or 1.0)}
    return Seen(system, subject, avatar, how, asked, chances, row.level)


def everything(wrong: str = "") -> list[Seen]:
    """All clips of two photos and two avatars; one label is taken for neutral in those by rules."""
    return [
        seen(asked, subject, system=system, avatar=avatar, how=how,
             found="neutral" if system == RULES and asked.startswith(wrong or "?") else "")
        for system in SYSTEMS for subject, avatar in (("p", False), ("q", False), ("ava", True), ("ben", True))
        for how in (HELD, SPOKEN) for asked in LADDER
    ]  # fmt: skip


def mouth(asked: str, subject: str = "astronaut", shift: float = 0.0) -> Mouth:
    curve = (0.3 + 0.3 * np.sin(np.arange(60) / (3.0 + shift))).tolist()
    return Mouth(subject, subject == "ava", asked, 0.95, [True, True, False], [True, False, False], [True] * 3, -0.03, 0.0, 0.01,
                 curve, curve, 0.0)  # fmt: skip


# -- who is measured, and what is kept ---------------------------------------------------------------


def test_photos_of_a_folder_are_measured_and_what_shows_nobody_is_told(tmp_path: Path) -> None:
    Image.fromarray(data.astronaut()[:300, 80:380]).save(tmp_path / "b.png")
    Image.fromarray(data.cat()).save(tmp_path / "a-cat.jpg")
    (tmp_path / "notes.txt").write_text("no photo", encoding="utf-8")
    found, refused = subjects(tmp_path)
    assert [s.name for s in found if not s.avatar] == ["astronaut", "b"]
    assert [s.name for s in found if s.avatar] == sorted(s.name for s in found if s.avatar)
    assert sum(s.avatar for s in found) >= 3
    assert [(r.name, str(tmp_path) in r.message) for r in refused] == [("a-cat", False)]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--portraits"):
        subjects(tmp_path / "none")


def test_what_was_measured_is_kept_until_code_changes_or_it_is_asked_for_anew(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    bench = Bench(tmp_path)
    assert bench.kept("lips", "v1", make, run=False, name="a") is None
    assert [bench.kept("lips", v, make, name="a") for v in ("v1", "v1", "v2", "v2")] == [1, 1, 2, 2]
    assert bench.kept("lips", "v1", make, run=False, name="a") is None
    assert Bench(tmp_path, fresh=frozenset({"lips"})).kept("lips", "v2", make, name="a") == 3
    assert Bench(tmp_path, fresh=frozenset({"speed"})).kept("lips", "v2", make, name="a") == 3


def test_a_version_changes_with_files_and_words(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1")
    two.write_text("a = 2")
    assert version(one) != version(two)
    assert version(tmp_path / "*.py") not in (version(one), version(two))
    assert version(one, also=("x",)) != version(one, also=("y",))
    assert seed_of("a", "joy") != seed_of("a", "fear")


# -- is it seen? -----------------------------------------------------------------------------------


def test_the_height_of_an_expression_is_found_between_blinks() -> None:
    curves = np.zeros((75, len(FACE_CHANNELS)), np.float32)
    curves[:, both("mouthSmile")] = np.exp(-(((np.arange(75) - 40) / 12.0) ** 2))[:, None]
    curves[38:44, both("eyeBlink")] = 1.0
    curves[5, INDEX["jawOpen"]] = 1.0  # speech, not feeling
    chosen = apex(curves)
    assert len(chosen) == 3
    assert not set(chosen) & set(range(38, 44))
    assert all(20 <= i <= 60 for i in chosen)
    assert min(np.diff(chosen)) >= APART_S * 25
    assert evenly(curves) == [18, 37, 56]


def test_the_judge_reads_real_faces_and_clear_ones_better() -> None:
    real, clear = affect_tables.people(), affect_tables.people(clear=True)
    assert set(real.truth) == set(real.found) == set(SEVEN)
    assert len(clear.truth) < len(real.truth)
    assert 1 / 7 < metrics.uar(real.truth, real.found) < metrics.uar(clear.truth, clear.found) <= 1.0


def test_faces_that_are_always_read_right_beat_people() -> None:
    found = affect_tables.against(affect_tables.part(everything()))
    assert found.value == pytest.approx(1.0 / metrics.uar(affect_tables.people().truth, affect_tables.people().found))


def test_what_the_learnt_motion_adds_is_told_over_the_same_faces() -> None:
    rows = everything("anger")
    more = affect_tables.added(affect_tables.part(rows), affect_tables.part(rows, system=RULES))
    assert more.value == pytest.approx(1 / 7)
    assert more.low == pytest.approx(1 / 7)


def test_intensity_that_is_followed_correlates() -> None:
    each, whole, mean = affect_tables.follows(affect_tables.part(everything()), "fear", lambda r: r.chances["fear"])
    assert (each.value, whole) == (pytest.approx(1.0), pytest.approx(1.0))
    assert list(mean) == sorted(mean)


# -- do the lips say it? ----------------------------------------------------------------------------


def test_the_opening_of_rendered_lips_is_measured() -> None:
    rest, full = lips.unit(Subject("ava", True, "ava", "").renderer)
    assert abs(rest) < 0.05
    assert full > rest + 0.15


def test_loudness_follows_a_voice() -> None:
    samples = np.concatenate([np.zeros(8000), np.sin(np.arange(8000))]).astype(np.float32)
    found = lips.loudness(samples, 16_000, 100)
    assert found[:47].max() < 1e-6
    assert found[55:95] == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_hits_are_counted_over_clips_and_openings_compared_over_emotions() -> None:
    rows = [mouth("neutral"), mouth("joy"), mouth("anger", shift=2.0)]
    assert lips.mean(rows, "hit").value == pytest.approx(2 / 3)
    assert lips.mean(rows, "r").value == pytest.approx(0.95)
    pairs = dict(lips.exchanged(rows))
    assert pairs["astronaut: neutral and joy"] == pytest.approx(1.0)
    assert pairs["astronaut: neutral and anger"] < 0.9


# -- is it alive? ----------------------------------------------------------------------------------


def test_blinks_are_counted_and_timed() -> None:
    curves = np.full((6000, len(FACE_CHANNELS)), 0.1)
    curves[:, both("eyeBlink")] = (0.1 + 0.9 * life.blinks(np.random.default_rng(1), np.zeros(6000), 100.0))[:, None]
    found = natural.blinks([curves], 100.0)
    assert 8 <= found["blinks a minute"] <= 35
    assert 60 < found["lasts, ms"] < 250
    assert found["closing, ms"] < found["opening, ms"]
    assert natural.blinks([np.zeros((600, len(FACE_CHANNELS)))], 100.0)["blinks a minute"] == 0.0


def test_a_nod_of_two_hertz_lies_below_three() -> None:
    at = np.arange(500) / 25.0
    turned = np.column_stack([np.zeros(500), np.radians(5) * np.sin(2 * np.pi * 2 * at), np.zeros(500)])
    found = natural.head([turned, turned[:10]], 25.0)
    assert found["below 1 Hz"] < 0.1
    assert found["below 3 Hz"] > 0.9
    assert found["range, deg"] == pytest.approx(10.0, rel=0.02)
    assert found["speed, deg/s"] == pytest.approx(40.0, rel=0.05)  # mean of |cos| is 2 / pi


# -- does the person stay? does difficult input? --------------------------------------------------------


def test_far_from_the_face_is_far() -> None:
    away = identity.distance(data.astronaut())
    assert away[110, 225] < 1.0
    assert away[-1, -1] > identity.FAR


def test_inputs_are_drawn_refused_or_found_to_fail(tmp_path: Path) -> None:
    photo, cat, two = tmp_path / "photo.png", tmp_path / "cat.png", tmp_path / "two.png"
    Image.fromarray(data.astronaut()).save(photo)
    Image.fromarray(data.cat()).save(cat)
    two.mkdir()
    good, bad = inputs.tried("a photo", photo, inputs.DRAWN), inputs.tried("a cat", cat, inputs.REFUSED)
    assert (good.outcome, good.right) == (inputs.DRAWN, True)
    assert (bad.outcome, bad.right) == (inputs.REFUSED, True)
    assert str(tmp_path) not in bad.said
    assert not inputs.tried("a cat that should be drawn", cat, inputs.DRAWN).right
    assert next(inputs.goals([good, bad])).reached


def test_glasses_and_pencils_change_the_photo() -> None:
    photo = data.astronaut()
    assert 0 < (inputs.with_glasses(photo) != photo).any(axis=2).mean() < 0.05
    assert np.ptp(inputs.pencil(photo), axis=2).max() == 0
    side = inputs.turned("ava", 80)
    assert np.abs(side.astype(int) - inputs.turned("ava", 0)).mean() > 5


# -- the page --------------------------------------------------------------------------------------


def found() -> page.Found:
    pairs = {"neutral and joy": 0.99, "joy and anger": 0.95}
    kinds = (*natural.TOLD, "measured")
    turn = natural.head([np.random.default_rng(0).normal(0, 0.01, (100, 3))], 25.0)
    still = {"minutes": 1.0, "blinks a minute": 20.0, "lasts, ms": 140.0, "closing, ms": 80.0, "opening, ms": 120.0, **turn}
    row = dict.fromkeys(("viseme_of_frame", "lips_shut_in_closures", "closures_recall", "closures_precision",
                         "loudness_closures_recall", "silence_recall", "alignment_median_ms"), 0.5)  # fmt: skip
    return page.Found(
        everything("anger"),
        {"clips": 9, "people": 3, "told apart (AUC)": {k: {"all": 0.7 if k == "learnt" else 0.9, "face": 0.6, "head": 0.6} for k in kinds},
         "medians": {k: dict.fromkeys(NAMES, 0.1) for k in kinds}, "people's heads": turn},
        {natural.IDLE: still, **dict.fromkeys(SEVEN, still)},
        [mouth(k, s) for s in ("astronaut", "ava") for k in SEVEN],
        {"opening": pairs, "above": pairs, "alike": pairs, "alone": {"r": 0.8, "hit": [True, False]}},
        {"known sentences": row, "unknown sentences": row},
        [identity.Kept("astronaut", k, 1.0, 0.9, 1.0, 0.95) for k in identity.ASKED],
        {"on": "2 threads of a machine", "seconds": 10.0, "motion": 0.02, "motion_heard": 0.2, "photo_fps": 50.0, "avatar_fps": 30.0,
         "photo_cpu_ms": 20.0, "avatar_cpu_ms": 30.0, "photo_mp4": 0.8, "avatar_mp4": 0.9, "short_mib": 700.0, "long_mib": 710.0},
        [inputs.Tried("a cat", inputs.REFUSED, inputs.REFUSED, "no face | at all")],
    )  # fmt: skip


def test_the_page_says_what_was_found_and_what_was_not_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fo, "RESAMPLES", 30)  # intervals need not be fine here
    text = fill("# Talking heads\n\nOurs.\n", page.measured_part(Bench(tmp_path), found(), [pictures.FACES]))
    assert text.startswith("# Talking heads\n\nOurs.\n")
    assert text.count("<!-- measured: begin -->") == 1
    lines = {line.split(" | ")[0].strip("| "): line for line in text.partition("### Is")[0].splitlines() if line.startswith("|")}
    assert lines["affect fidelity, photos (2)"].endswith("| yes |")
    assert lines["pictures a second, avatar (slowest), 512 x 512"].endswith("| 30.0 | no |")
    assert lines["real-time factor, voice with times of sounds to curves"].endswith("| yes |")
    assert lines["p, b, m closed: photos"].endswith("| no |")
    assert lines["movement told apart from measured people's, AUC"].endswith("| yes |")
    assert lines["peak memory does not grow with the voice, MiB"].endswith("| yes |")
    assert "no face / at all" in text
    assert "![" in text
    for label in BASIC:
        assert f"| photos, learnt | {label} |" in text
    again = fill(text, page.measured_part(Bench(tmp_path), found(), []))
    assert again.count("## Measured") == 1


def test_parts_that_were_not_measured_are_named(tmp_path: Path) -> None:
    nothing = page.measured_part(Bench(tmp_path), page.measure(Bench(tmp_path), ()), [])
    assert "Not measured on this state: affect, natural, lips, identity, speed, inputs." in nothing.replace("\n", " ")


def test_pictures_for_the_page_are_small(tmp_path: Path) -> None:
    path = pictures.save(tmp_path / "figures" / "a.png", data.astronaut(), pictures.COLOURS)
    with Image.open(path) as picture:
        assert picture.size == (512, 512)
    assert path.stat().st_size < 200_000


def test_memory_of_this_process_is_told() -> None:
    assert 50 < own_peak_mib() < 50_000
    assert len(silence(0.5).audio) == 12_000
