"""Courses of a performance's modalities: what follows is told from what does not, and what is missing from what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.recognition import Recognition
from emogen.conditioning.track import EmotionTrack
from emogen.evaluation.as_json import to_dict
from emogen.evaluation.coherence import TOGETHER, coherence, coherences
from emogen.evaluation.items import gather
from emogen.evaluation.report import write_report
from emogen.evaluation.results import Evaluation, Item, Line
from emogen.media.audio import write_audio

TIMES = np.arange(12, dtype=float)
ASKED = np.stack([np.sin(TIMES), np.cos(0.7 * TIMES)], axis=1)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=ASKED.shape)


def test_courses_that_follow_and_one_that_does_not() -> None:
    found = coherence("a.mp4", TIMES, ASKED, {"speech": 0.1 * ASKED + 0.3, "face": ASKED, "music": noise(1)})
    assert found.follows["speech"] == pytest.approx((1.0, 1.0))
    assert max(map(abs, found.follows["music"])) < 0.6
    assert found.between["speech", "face"] == pytest.approx(1.0)
    assert found.score > 0.8 > 0.5 > found.shuffled[1]
    assert abs(found.shuffled[0]) < 0.15


def test_a_judge_counts_by_how_far_it_is_trusted() -> None:
    courses = {"speech": ASKED, "music": noise(1)}
    alike = coherence("a", TIMES, ASKED, courses)
    trusting = coherence("a", TIMES, ASKED, courses, {"speech": (0.9, 0.9), "music": (0.1, 0.1)})
    assert trusting.score > alike.score
    assert trusting.follows["music"] == alike.follows["music"]
    assert coherence("a", TIMES, ASKED, courses, {"speech": (0.9, 0.9)}).score == alike.score


def test_the_opposite_is_not_coherent() -> None:
    assert coherence("a.mp4", TIMES, ASKED, {"face": -ASKED}).score == pytest.approx(-1.0)


@given(st.integers(0, 1000), st.floats(0.05, 20), st.floats(-3, 3))
def test_neither_scale_nor_level_of_a_judge_counts(seed: int, scale: float, level: float) -> None:
    course = ASKED + noise(seed)
    one = coherence("a", TIMES, ASKED, {"speech": course, "face": noise(seed + 1)})
    other = coherence("a", TIMES, ASKED, {"speech": scale * course + level, "face": noise(seed + 1)})
    assert other.score == pytest.approx(one.score, abs=1e-6)


def test_lines_without_a_face_count_by_the_rest() -> None:
    face = ASKED.copy()
    face[::2] = np.nan
    found = coherence("a", TIMES, ASKED, {"speech": ASKED, "face": face})
    assert found.follows["face"] == pytest.approx((1.0, 1.0))
    assert found.score > 0.95


def item(number: int, modality: str, v: float, confidence: float = 0.8) -> Item:
    felt = EmotionTrack.of(f"vad({v:.3f},{-v / 2:.3f},0)")
    seen = Recognition(Emotion.parse(f"vad({v / 2:.3f},{-v / 4:.3f},0)"), confidence, "joy", {"joy": 1.0}, modality)
    line = Line("show.mp4", number, 2.0 * number, 2.0 * number + 1.5, felt)
    return Item(f"show.mp4 line {number}", Path("show.mp4"), modality, "video", felt, "joy", seen, line=line)


def test_from_items_and_in_the_report(tmp_path: Path) -> None:
    values = np.sin(np.arange(1, 9))
    items = [item(n, m, float(v)) for n, v in enumerate(values, start=1) for m in ("speech", "face")]
    items += [item(1, "music", 0.2, confidence=0.0)]
    (found,) = coherences(items)
    assert set(found.follows) == {"speech", "face", TOGETHER}
    assert found.score > 0.9
    whole = Evaluation("shows", tuple(items), (), coherences=(found,))
    page = write_report(whole, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Coherence" in page
    assert "face-line" in page
    assert json.loads(json.dumps(to_dict(whole)))["coherence"][0]["score"] > 0.9


def test_three_lines_have_no_course() -> None:
    assert not list(coherences([item(n, "speech", 0.1 * n) for n in (1, 2, 3)]))


def test_stems_beside_a_performance_are_judged_in_its_place(tmp_path: Path) -> None:
    line = {"start_s": 0.5, "end_s": 1.5, "speaker": "Mara", "text": "a", "emotion": EmotionTrack.of("joy").to_dict()}
    sidecar = {
        "modality": "performance", "emotion": EmotionTrack.of("joy").to_dict(),
        "media": {"plan": {"duration_s": 3.0, "lines": [line]}},
    }  # fmt: skip
    (tmp_path / "show.json").write_text(json.dumps(sidecar))
    (tmp_path / "show.mp4").write_bytes(b"")
    (tmp_path / "show_stems/voices").mkdir(parents=True)
    for name in ("voices/Mara.wav", "music.wav"):
        write_audio(tmp_path / "show_stems" / name, np.zeros(100, np.float32), 16_000)
    tasks = gather(tmp_path)
    assert [(task.path.name, task.modalities) for task in tasks] == [
        ("show.mp4", ("face",)), ("Mara.wav", ("speech",)), ("music.wav", ("music",)),
    ]  # fmt: skip
    assert {task.line.number for task in tasks if task.line} == {1}
