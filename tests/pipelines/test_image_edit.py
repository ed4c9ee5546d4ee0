"""A photo felt otherwise: light, colour and weather move with the feeling; what is shown, and who, stays."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.metrics import structural_similarity

from emogen import registry
from emogen.conditioning.emotion import Emotion
from emogen.errors import EmogenError, InputError
from emogen.media.image import read_image
from emogen.pipelines.image.edit import ImageEditPipeline
from emogen.pipelines.image.edit_rules import RuleImageEditPipeline
from emogen.pipelines.image.look import LOOK, LookRules, measured
from tests.contract.pipeline import PipelineContract

PHOTO = np.ascontiguousarray(data.rocket()[::3, ::3])
PERSON = cv2.resize(data.astronaut(), (320, 320), interpolation=cv2.INTER_AREA)


class TestImageEdit(PipelineContract):
    content = PHOTO
    other_content = np.ascontiguousarray(PHOTO[:, ::-1])
    suffix = ".png"
    index = {"look": ("emogen.pipelines.image.learnt_look", "LearntLook")}
    track = "0s joy:0.7; 1s sadness"
    bad_contents = ("missing.png", 7, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32))

    def make(self) -> ImageEditPipeline:
        return ImageEditPipeline.from_pretrained("embedded")


@pytest.fixture(scope="module")
def pipe() -> ImageEditPipeline:
    pipe = ImageEditPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


def edges(picture: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steep = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return steep / (np.sqrt((steep**2).mean()) + 1e-6)


def changed(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("emotion", ["neutral", "joy:0", "sadness"])
def test_nothing_asked_changes_no_bit(pipe: ImageEditPipeline, emotion: str) -> None:
    strength = 0.0 if emotion == "sadness" else 1.0
    np.testing.assert_array_equal(pipe(PHOTO, emotion, strength=strength, seed=1).image, PHOTO)


def test_it_moves_on_with_intensity_and_never_jumps(pipe: ImageEditPipeline) -> None:
    for name in ("joy", "dread", "nostalgia"):
        steps = [pipe(PHOTO, f"{name}:{k}", seed=1).image for k in (0.0, 0.01, 0.5, 0.52, 1.0, 1.02, 1.5)]
        assert changed(steps[0], steps[1]) < 1.5
        assert changed(steps[2], steps[3]) < 2.5
        assert changed(steps[4], steps[5]) < 2.5
        whole = [changed(steps[0], s) for s in (steps[0], steps[1], steps[2], steps[4], steps[6])]
        assert np.diff(whole).min() > -0.5  # what is black already gets no darker


def test_the_look_follows_the_feeling(pipe: ImageEditPipeline) -> None:
    looks = {e: dict(zip(LOOK, measured(pipe(PERSON, e, seed=1).image), strict=True))
             for e in ("neutral", "joy", "sadness", "anger", "fear", "disgust")}  # fmt: skip
    assert looks["joy"]["middle"] > looks["neutral"]["middle"] > looks["fear"]["middle"]
    assert looks["joy"]["chroma"] > looks["sadness"]["chroma"]
    assert looks["joy"]["light_b"] > looks["neutral"]["light_b"] > looks["sadness"]["light_b"]
    assert looks["anger"]["mid_a"] > looks["disgust"]["mid_a"]


@pytest.mark.parametrize("emotion", ["joy", "sadness", "anger", "dread", "awe", "nostalgia", "love"])
def test_what_is_shown_stays(pipe: ImageEditPipeline, emotion: str) -> None:
    for photo in (PERSON, data.coffee()[::2, ::2]):
        photo = np.ascontiguousarray(photo)
        made = pipe(photo, emotion, seed=2).image
        assert structural_similarity(edges(photo), edges(made), data_range=6.0) > 0.8


def test_a_face_keeps_its_complexion_and_detail(pipe: ImageEditPipeline) -> None:
    y, x = slice(30, 105), slice(110, 165)
    before = cv2.cvtColor(PERSON, cv2.COLOR_RGB2LAB)[y, x].astype(float)
    for emotion in ("sadness", "disgust", "envy", "dread", "anger:1.5"):
        after = cv2.cvtColor(pipe(PERSON, emotion, seed=3).image, cv2.COLOR_RGB2LAB)[y, x].astype(float)
        hue = [np.degrees(np.arctan2(p[..., 2].mean() - 128, p[..., 1].mean() - 128)) for p in (before, after)]
        assert abs(hue[0] - hue[1]) < 15
        assert np.corrcoef(before[..., 0].ravel(), after[..., 0].ravel())[0, 1] > 0.95


def test_weather_falls_outdoors_alone_and_can_be_left_out(pipe: ImageEditPipeline) -> None:
    cup = np.ascontiguousarray(data.coffee()[::2, ::2])
    assert any("no rain" in move for move in pipe(cup, "despair", seed=1).facts()["moves"])
    wet, dry = (pipe(PHOTO, "despair", weather=w, seed=1) for w in (True, False))
    assert "rain" in wet.facts()["moves"]
    assert "rain" not in dry.facts()["moves"]
    assert changed(wet.image, dry.image) > 1


def test_it_says_what_it_did_and_how_far_it_reaches(pipe: ImageEditPipeline) -> None:
    facts = pipe(PHOTO, "nostalgia", seed=1).facts()
    assert {"film grain", "lifted blacks"} <= set(facts["moves"])
    assert ".22" in facts["reach"]
    assert pipe(PHOTO, "neutral", seed=1).facts()["moves"] == []


def test_any_size_is_edited(pipe: ImageEditPipeline, tmp_path: Path) -> None:
    for h, w in ((1, 1), (7, 300), (33, 17), (1003, 701)):
        photo = cv2.resize(PHOTO, (w, h), interpolation=cv2.INTER_LINEAR)
        out = pipe(photo, "sadness", seed=1)
        assert out.image.shape == photo.shape
    np.testing.assert_array_equal(read_image(out.save(tmp_path / "a.png")), out.image)


def test_a_grey_and_a_plain_picture_stay_pictures(pipe: ImageEditPipeline) -> None:
    for value in (0, 128, 255):
        made = pipe(np.full((64, 96, 3), value, np.uint8), "fear", weather=False, seed=1).image
        assert made.std(axis=(0, 1)).max() < 60


def test_rules_alone_serve_where_learnt_looks_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOGEN_COMMERCIAL", "1")
    pipe = ImageEditPipeline.from_pretrained("embedded")
    assert isinstance(pipe.look, LookRules)
    pipe.set_progress_bar_config(disable=True)
    assert changed(pipe(PHOTO, "joy", seed=1).image, PHOTO) > 3


@pytest.mark.parametrize("strength", [-0.1, 2.1, float("nan"), "much", True])
def test_a_bad_strength_is_refused(pipe: ImageEditPipeline, strength: object) -> None:
    with pytest.raises(InputError, match="strength"):
        pipe(PHOTO, "joy", strength=strength)


def test_broken_files_are_refused(pipe: ImageEditPipeline, tmp_path: Path) -> None:
    for name, content in (("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40)), ("b.jpg", b"\xff\xd8\xff\xe0"), ("c.gif", b"GIF89a" + bytes(99))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(EmogenError):
            pipe(tmp_path / name, "joy")


def test_single_feelings_have_looks_of_their_own(pipe: ImageEditPipeline) -> None:
    looks = {e: pipe.look(Emotion.parse(e), 5) for e in ("envy", "anger", "sadness", "calm")}
    assert looks["anger"]["mid_a"] > 3 > -3 > looks["envy"]["mid_a"]
    assert looks["sadness"]["mid_b"] < -3
    assert looks["calm"]["clarity"] < 0 < looks["anger"]["clarity"]


class TestRuleImageEdit(PipelineContract):
    content = PHOTO
    other_content = np.ascontiguousarray(PHOTO[:, ::-1])
    suffix = ".png"
    index = {"grade": ("emogen.pipelines.image.grade", "GradeRules")}
    track = "0s joy:0.7; 1s sadness"
    seeded = False
    bad_contents = TestImageEdit.bad_contents

    def make(self) -> RuleImageEditPipeline:
        return RuleImageEditPipeline.from_pretrained("embedded")

    @pytest.mark.skipif("image_edit/rules" not in registry.known("pipelines"), reason="the registry does not name it")
    def test_emogen_load_opens_it_by_its_class(self, pipe, folder):  # type: ignore[no-untyped-def]
        super().test_emogen_load_opens_it_by_its_class(pipe, folder)
