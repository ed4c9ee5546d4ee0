"""Pictures: colour moves with the feeling, what is shown stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from emogen.media.image import read_image
from emogen.pipelines.image.pipeline import ImagePipeline
from tests.contract.pipeline import PipelineContract

PHOTO = np.ascontiguousarray(data.astronaut()[::4, ::4])


class TestImagePipeline(PipelineContract):
    content = PHOTO
    other_content = np.ascontiguousarray(PHOTO[:, ::-1])
    suffix = ".png"
    index = {
        "codec": ("emogen.codecs.image", "ImageCodec"),
        "grade": ("emogen.pipelines.image.grade", "GradeRules"),
    }
    track = "0s joy:0.7; 1s sadness"
    seeded = False
    bad_contents = ("missing.png", 7, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32))

    def make(self) -> ImagePipeline:
        return ImagePipeline.from_pretrained("embedded")


@pytest.fixture(scope="module")
def pipe() -> ImagePipeline:
    pipe = ImagePipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_neutral_changes_no_pixel(pipe: ImagePipeline) -> None:
    np.testing.assert_array_equal(pipe(PHOTO, "neutral").image, PHOTO)


def test_colour_follows_the_regressions(pipe: ImagePipeline) -> None:
    facts = {e: pipe(PHOTO, e).facts() for e in ("neutral", "joy", "sadness", "anger", "fear")}
    assert facts["joy"]["lightness"] > facts["neutral"]["lightness"] > facts["sadness"]["lightness"]
    assert facts["joy"]["chroma"] > facts["neutral"]["chroma"] > facts["sadness"]["chroma"]
    assert facts["anger"]["lightness"] < facts["neutral"]["lightness"]
    for name in ("joy", "sadness"):
        steps = [abs(pipe(PHOTO, f"{name}:{k}").facts()["chroma"] - facts["neutral"]["chroma"]) for k in (0, 0.5, 1)]
        assert steps == sorted(steps)
        assert steps[0] == 0 < steps[1]


def test_what_is_shown_stays(pipe: ImagePipeline) -> None:
    """Edges stay where they are: the graded picture correlates with the photo."""
    for name in ("joy:1.5", "sadness", "anger:1.5", "fear"):
        graded = pipe(PHOTO, name).image
        assert graded.shape == PHOTO.shape
        assert np.corrcoef(graded.mean(2).ravel(), PHOTO.mean(2).ravel())[0, 1] > 0.95


def test_it_is_saved_as_it_is(pipe: ImagePipeline, tmp_path: Path) -> None:
    out = pipe(PHOTO, "joy")
    np.testing.assert_array_equal(read_image(out.save(tmp_path / "a.png")), out.image)
