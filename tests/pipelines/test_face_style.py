"""Somebody's liveliness taken on: from curves and from a video that shows a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.face import INDEX, FaceMotion, both, mouth_opening
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, InputError
from emogen.media.video import VideoWriter
from emogen.pipelines.talking_head.animate import Knobs, animate
from emogen.pipelines.talking_head.expression import ExpressionRules
from emogen.pipelines.talking_head.portraits import open_portrait
from emogen.pipelines.talking_head.style import Style
from emogen.pipelines.talking_head.visemes import LEAD_S
from tests.pipelines.test_face_animation import LENGTH, PHONES

RULES = ExpressionRules()
SPOKEN = [(ipa, a + i * LENGTH, b + i * LENGTH) for i in range(3) for ipa, a, b in PHONES]
USUAL, LIVELY, CALM = Knobs(), Knobs(1.6, 1.8, 1.8, 1.8, 1.8), Knobs(0.5, 0.4, 0.3, 0.4, 0.4)


SYLLABLES = np.sin(2 * np.pi * 2.5 * np.arange(round(3 * LENGTH * 8_000)) / 8_000)
VOICE = (np.random.default_rng(0).normal(0, 0.1, len(SYLLABLES)) * np.clip(SYLLABLES, 0, 1)).astype(np.float32)


def moved(knobs: Knobs = USUAL, style: Style | None = None, emotion: str = "joy:0.7", **more: object) -> FaceMotion:
    given: dict[str, object] = {"fps": 25.0, "seed": 3, "phones": SPOKEN, "audio": VOICE, "sample_rate": 8_000, **more}
    return animate(RULES, EmotionTrack.of(emotion), LENGTH * 3, knobs=knobs, style=style, **given)  # type: ignore[arg-type]


def test_a_livelier_face_gives_a_livelier_style() -> None:
    calm, usual, lively = (Style.of(moved(knobs)) for knobs in (CALM, USUAL, LIVELY))
    for knob in ("mouth", "head", "gaze"):
        assert calm.factor(knob) < usual.factor(knob) < lively.factor(knob)
    for style in (calm, usual, lively):
        assert all(0.4 <= gain <= 2.5 for gain in style.gains.values())


def test_a_style_is_taken_on_while_words_and_closures_stay() -> None:
    calm, lively = (moved(style=Style.of(moved(knobs))) for knobs in (CALM, LIVELY))
    opening = [mouth_opening(m.curves) for m in (calm, lively)]
    assert opening[0].max() < 0.8 * opening[1].max()
    assert np.corrcoef(*opening)[0, 1] > 0.9
    for ipa, a, b in SPOKEN:
        if ipa in "mbp":
            assert opening[1][round(((a + b) / 2 - LEAD_S) * 25)] < 0.03
    head = [np.abs(np.diff(m.channel("headPitch"))).mean() for m in (calm, lively)]
    assert head[0] < 0.6 * head[1]


def test_the_half_that_leads_leads() -> None:
    curves = moved().curves.copy()
    curves[:, INDEX["browDownLeft"]] = np.abs(np.sin(np.arange(len(curves)) / 9)) * 0.6
    curves[:, INDEX["browDownRight"]] = 0.5 * curves[:, INDEX["browDownLeft"]]
    style = Style.of(FaceMotion(curves, 25.0))
    assert 0.1 < style.brow_lean <= 0.3
    left, right = (moved(style=style, emotion="surprise:0.5").curves[:, column].mean() for column in both("browOuterUp"))
    before = [moved(emotion="surprise:0.5").curves[:, column].mean() for column in both("browOuterUp")]
    assert left / right > before[0] / before[1]


def test_a_video_of_a_face_shows_its_style(tmp_path: Path) -> None:
    face = open_portrait("avatar:ben", size=192)
    found = []
    for knobs in (CALM, LIVELY):
        curves = moved(knobs, fps=12.0).curves[:54]
        with VideoWriter(tmp_path / "a.mp4", fps=12.0, width=192, height=192) as video:
            for row in curves:
                video.write(face.render(row))
        found.append(Style.of(f"@{tmp_path / 'a.mp4'}"))
    for knob in ("mouth", "brows", "head"):
        assert found[0].factor(knob) < found[1].factor(knob)
    assert found[0].name == "a.mp4"


def test_what_shows_no_style_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Needs at least"):
        Style.of(FaceMotion(moved().curves[:20], 25.0))
    with pytest.raises(InputError, match="Accepted"):
        Style.of(3)
    with pytest.raises(EmogenError, match=r"none\.mp4"):
        Style.of(tmp_path / "none.mp4")
    with VideoWriter(tmp_path / "grey.mp4", fps=12.0, width=64, height=64) as video:
        for _ in range(30):
            video.write(np.full((64, 64, 3), 90, np.uint8))
    with pytest.raises(InputError, match="shows a face for 0"):
        Style.of(tmp_path / "grey.mp4")
