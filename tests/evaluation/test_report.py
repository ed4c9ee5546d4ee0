"""The report: one page, nothing from outside, everything escaped, the worst first, small enough to be sent."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from emogen.conditioning.recognition import nothing, recognition
from emogen.conditioning.track import EmotionTrack
from emogen.evaluation.as_json import to_dict
from emogen.evaluation.report import write_report
from emogen.evaluation.results import Conflict, Evaluation, Figure, Item
from emogen.evaluation.summary import summaries
from emogen.media.audio import write_audio
from emogen.media.image import write_image
from tests.evaluation.made import noise, smiling

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'name'.png"
NAN = float("nan")


def item(name: str, asked: str, chances: dict[str, float], path: Path, modality: str = "face", kind: str = "image") -> Item:
    perceived = recognition(chances, modality, because="lip corners up (AU12): joy 0.90")
    intended = EmotionTrack.of(asked)
    target = intended.at(0.0).label
    return Item(name, path, modality, kind, intended, target, perceived, fit=chances.get(target, 0.0), agreement=0.5)


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    write_image(tmp_path / "a.png", smiling())
    write_audio(tmp_path / "a.wav", noise().samples, 16_000)
    rest = dict.fromkeys(("sadness", "anger", "fear", "surprise", "disgust", "contempt", "neutral"), 0.01)
    good = item("good.png", "joy", {"joy": 0.93, **rest}, tmp_path / "a.png")
    bad = item(HOSTILE, "sadness", {"joy": 0.93, **rest}, tmp_path / "a.png")
    broken = Item("gone.png", tmp_path / "gone.png", "face", "image", None, "", None, error="gone.png: no such file")
    unheard = nothing(("joy", "sadness"), "speech", "silence")
    mute = Item("mute.wav", tmp_path / "a.wav", "speech", "audio", EmotionTrack.of("0s joy; 2s sadness"), "", unheard)
    items = (good, bad, broken, mute)
    conflict = Conflict("film.mp4", {"speech": "joy", "face": "anger"}, 0.9)
    return Evaluation("takes", items, summaries(items, {}), (conflict,), ("one warning",), 1.5, "0.1", "2026-01-01T00:00:00")


def page(evaluation: Evaluation, folder: Path, **options: int) -> str:
    return write_report(evaluation, folder / "report.html", **options).read_text(encoding="utf-8")


def test_nothing_comes_from_outside_and_names_stay_text(evaluation: Evaluation, tmp_path: Path) -> None:
    text = page(evaluation, tmp_path)
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert not re.search(r'(?:src|href|url)\s*[=(]\s*["\']?(?:https?:)?//', text)
    assert "data:" in text


class _Balance(HTMLParser):
    VOID = frozenset({"meta", "link", "img", "br", "hr", "input", "source", "col"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed(evaluation: Evaluation, tmp_path: Path) -> None:
    reader = _Balance()
    reader.feed(page(evaluation, tmp_path))
    assert [tag for tag in reader.open if tag not in ("p", "li")] == []


def test_errors_come_first_then_the_worst(evaluation: Evaluation, tmp_path: Path) -> None:
    text = page(evaluation, tmp_path)
    items = text[text.index('id="items"') :]
    places = [items.index(word) for word in ("no such file", "&lt;script&gt;alert(1)", "good.png")]
    assert places == sorted(places)


def test_every_figure_has_its_ceiling_and_nan_is_a_dash(evaluation: Evaluation, tmp_path: Path) -> None:
    text = page(evaluation, tmp_path)
    assert "Judge on real data" in text
    assert f"{evaluation.modalities[1].ceiling['UAR'].value:.2f}" in text
    assert not re.search(r"\bnan\b", re.sub(r"data:[^\"]*", "", text).lower())
    first = replace(evaluation.modalities[1], fidelity=Figure(NAN), figures={"UAR": Figure(NAN, NAN, NAN, 0)})
    assert "UAR" in page(replace(evaluation, modalities=(first,)), tmp_path)


def test_a_large_evaluation_stays_small(evaluation: Evaluation, tmp_path: Path) -> None:
    many = replace(evaluation, items=tuple(replace(evaluation.items[0], name=f"{i}.png") for i in range(200)))
    path = write_report(many, tmp_path / "many.html", max_bytes=1_500_000)
    assert path.stat().st_size <= 1_500_000
    assert "199.png" in path.read_text(encoding="utf-8")


def test_an_evaluation_of_nothing_readable(evaluation: Evaluation, tmp_path: Path) -> None:
    only = replace(evaluation, items=(evaluation.items[2],), modalities=(), conflicts=())
    assert "no such file" in page(only, tmp_path)


def test_as_json_holds_no_nan(evaluation: Evaluation) -> None:
    data = json.loads(json.dumps(to_dict(evaluation), allow_nan=False))
    assert len(data["items"]) == 4
    assert data["conflicts"][0]["score"] == 0.9


def test_a_track_of_asked_and_perceived_is_drawn(evaluation: Evaluation, tmp_path: Path) -> None:
    asked = EmotionTrack.of("0s sadness; 3s joy")
    found = evaluation.items[0].perceived
    assert found is not None
    moving = replace(evaluation.items[0], intended=asked, perceived=replace(found, over_time=EmotionTrack.of("0s fear; 3s joy")))
    assert "Over time" in page(replace(evaluation, items=(moving,)), tmp_path)
    assert np.isfinite(asked.at(1.0).vad).all()
