"""Films by video models: tiny ones of the real classes, saved, opened and asked for real."""

from __future__ import annotations

import diffusers
import numpy as np
import pytest

from emogen.conditioning.track import EmotionTrack
from emogen.errors import CheckpointError, InputError, LimitError
from emogen.media.image import write_image
from emogen.media.jsonio import read_json
from emogen.pipelines.prompt_reading import read
from emogen.pipelines.video.backends.kinds import KINDS, kind_of
from emogen.pipelines.video.backends.segments import joined, segments
from emogen.pipelines.video.backends.text_to_video import DiffusersVideoPipeline
from tests.contract.pipeline import PipelineContract
from tests.pipelines import tiny_prompted_models as tiny
from tests.pipelines import tiny_video_models as pictured

MODELS = {"wan": tiny.wan, "ltx": tiny.ltx, "animatediff": tiny.animatediff, "wan_i2v": pictured.wan_i2v}
FEW = {"num_inference_steps": 2, "width": 32, "height": 32, "seconds": 1.2, "fps": 10.0, "segment_frames": 9}
PICTURE = np.full((40, 64, 3), 99, np.uint8)


@pytest.fixture(scope="session")
def opened(tmp_path_factory):
    """A backend with a tiny model of a kind, opened once."""
    root, pipes = tmp_path_factory.mktemp("video_models"), {}

    def open_(name):
        if name not in pipes:
            pipes[name] = DiffusersVideoPipeline.from_pretrained(MODELS[name](root / name))
            pipes[name].set_progress_bar_config(disable=True)
        return pipes[name]

    return open_


def film(pipe, emotion="joy", prompt="a harbour", **more):
    if "i2v" in pipe.config["source"]:
        more = {"image": PICTURE, **more}
    return pipe(prompt, emotion, **{"seed": 1, **FEW, **more})


def frames(out):
    return np.stack(list(out.frames()))


class TestDiffusersVideoPipeline(PipelineContract):
    content = "a harbour"
    other_content = "two people 🎉 on a bridge"
    suffix = ".mp4"
    call = {**FEW, "seconds": 0.8}
    track = "0s neutral; 0.1s joy"
    bad_contents = ("", "   ", 5, "x" * 100_001)
    index = {
        "model": ("animatediff", "AnimateDiffPipeline"),
        "directions": ("emogen.pipelines.prompt_steering", "PromptDirections"),
    }

    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls, opened):
        return opened("animatediff")


# -- every kind --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MODELS)
def test_a_track_is_filmed_segment_by_segment(opened, tmp_path, name):
    pipe = opened(name)
    out = film(pipe, "0s neutral; 0.4s neutral; 0.6s! joy")
    made = frames(out)
    assert made.shape == (12, 32, 32, 3)
    assert made.dtype == np.uint8
    told = out.made.facts["told"]
    assert [(t["start_s"], t["end_s"]) for t in told] == [(0.0, 0.6), (0.6, 1.2)]
    plain = frames(film(pipe, "0s neutral; 0.4s neutral; 0.6s! joy:0"))
    felt = np.abs(made.astype(int) - plain).max(axis=(1, 2, 3))
    # Until the joyful segment begins (or is faded in) the film is the neutral one.
    lead = 0 if kind_of(pipe.model).pictured else 2
    if kind_of(
        pipe.model
    ).pictured:  # the neutral film is of one segment and other noise where segments are cut by feeling
        assert felt[6:].max() > 0
    else:
        assert felt[6:].max() > felt[: 6 - lead].max()
    path = out.save(tmp_path / "a.mp4")
    card = read_json(tmp_path / "a.json")
    assert path.stat().st_size > 0
    assert card["backend"] == f"diffusers/{type(pipe.model).__name__}"
    assert card["media"]["video_model"]["source"] == name
    faded = any("faded into one another" in w for w in out.warnings)
    assert faded is not bool(kind_of(pipe.model).pictured)


@pytest.mark.parametrize("name", MODELS)
def test_a_zero_emotion_gives_what_the_model_gives(opened, name):
    pipe = opened(name)
    way = {"seconds": 0.9, "width": 32, "height": 32}
    neutral = frames(film(pipe, "neutral", **way))
    assert np.array_equal(frames(film(pipe, "joy:0", **way)), neutral)
    assert np.array_equal(frames(film(pipe, "joy", steering=0.0, **way)), neutral)
    assert not np.array_equal(frames(film(pipe, "joy", **way)), neutral)
    assert not np.array_equal(frames(film(pipe, "joy", way="phrases", **way)), neutral)


def test_models_that_begin_with_a_picture_go_on_from_the_last_one(opened, monkeypatch):
    given = []
    pictured_class = diffusers.LTXImageToVideoPipeline
    own = pictured_class.__call__

    def watched(self, *args, **kwargs):
        given.append(np.asarray(kwargs["image"]))
        return own(self, *args, **kwargs)

    watched.__signature__ = __import__("inspect").signature(own)
    monkeypatch.setattr(pictured_class, "__call__", watched)
    made = frames(film(opened("ltx"), "0s sadness; 1s joy"))
    assert len(given) == 1  # the first segment had none
    at = next(i for i in range(12) if np.array_equal(made[i], given[0]))
    assert at in (4, 5)
    given.clear()
    film(opened("ltx"), "joy", image=PICTURE, seconds=0.5)
    assert given[0].shape == (32, 32, 3)
    assert (given[0] == 99).all()


def test_only_words_that_count_are_moved(opened):
    pipe = opened("wan")
    found = read(pipe.model, ["a harbour"])
    from emogen.conditioning.emotion import Emotion

    moved = pipe.directions.moved(found.embeddings, found.masks, Emotion.parse("fear"))["prompt"]
    changed = (moved != found.embeddings["prompt"]).any(-1)[0]
    assert changed.sum() == found.masks["prompt"].sum() < 30
    assert float(moved[0, int(changed.sum()) :].abs().max()) == 0.0


# -- segments ----------------------------------------------------------------------------------------------------------
def test_a_film_is_divided_where_feelings_take_over():
    track = EmotionTrack.of("0s calm; 4s fear; 8s joy")
    parts = segments(track, 160, 16.0, 81, 1)
    assert [(p.first + p.lead, p.last) for p in parts] == [(0, 32), (32, 96), (96, 160)]
    parts = segments(EmotionTrack.of("joy"), 200, 16.0, 81, 4)
    assert parts[-1].last == 200
    assert max(p.frames for p in parts) <= 81
    assert [p.first + p.lead for p in parts[1:]] == [p.last for p in parts[:-1]]
    assert len(segments(EmotionTrack.of("0s joy; 0.2s fear"), 16, 16.0, 81, 1)) == 1  # too short for one of its own


def test_segments_are_faded_or_go_on():
    black, white = ([np.full((2, 2, 3), v, np.uint8)] * 6 for v in (0, 255))
    faded = joined(black, white, 3, goes_on=False)
    assert [int(p[0, 0, 0]) for p in faded] == [0, 0, 0, 64, 128, 191, 255, 255, 255]
    assert [int(p[0, 0, 0]) for p in joined(black, white, 1, goes_on=True)] == [0] * 6 + [255] * 5


# -- opening and errors ------------------------------------------------------------------------------------------------
def test_animatediff_is_put_together_from_a_painter_and_a_motion_adapter(opened, tmp_path):
    base = tiny.stable_diffusion(tmp_path / "base")
    opened("animatediff").model.motion_adapter.save_pretrained(tmp_path / "motion")
    pipe = DiffusersVideoPipeline.from_pretrained(f"{base}+{tmp_path / 'motion'}")
    pipe.set_progress_bar_config(disable=True)
    assert frames(film(pipe, seconds=0.5)).shape == (5, 32, 32, 3)
    assert pipe.config["source"] == "base+motion"
    assert pipe.config["licence"] == "creativeml-openrail-m"
    with pytest.raises(CheckpointError, match="is no motion adapter"):
        DiffusersVideoPipeline.from_pretrained(f"{base}+{tmp_path}")


def test_pictures_are_wanted_and_refused_by_name(opened, tmp_path):
    with pytest.raises(InputError, match="WanImageToVideoPipeline begins with one"):
        film(opened("wan_i2v"), image=None)
    with pytest.raises(InputError, match="WanPipeline begins with no picture"):
        film(opened("wan"), image=PICTURE)
    with pytest.raises(InputError, match="found int"):
        film(opened("ltx"), image=5)
    write_image(tmp_path / "p.png", PICTURE)
    out = film(opened("ltx"), image=tmp_path / "p.png", seconds=0.5)
    assert out.made.real_input
    assert out.made.request["image"] == "p.png"


@pytest.mark.parametrize(
    ("given", "named"),
    [({"width": 40}, "width"), ({"segment_frames": 10}, "segment_frames"), ({"fps": 0.0}, "fps"), ({"seconds": 0.0}, "seconds"),
     ({"way": "magic"}, "way"), ({"num_inference_steps": True}, "num_inference_steps")],
)  # fmt: skip
def test_options_out_of_range_are_named(opened, given, named):
    with pytest.raises(InputError, match=named):
        film(opened("ltx"), **given)


def test_a_film_that_is_too_long_is_refused(opened):
    with pytest.raises(LimitError, match="60 s"):
        film(opened("wan"), seconds=61.0)


def test_all_accepted_classes_exist():
    for name, kind in KINDS.items():
        assert hasattr(getattr(diffusers, name), "encode_prompt")
        assert not kind.pictured or hasattr(diffusers, kind.pictured)
