"""Places and photos in motion: what moves, what stays, how light follows a feeling, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from skimage import data

from emogen.codecs.scene.finish import finished
from emogen.codecs.scene.render import flattened, layers_of
from emogen.codecs.scene.scene import Scene, places, vector_names
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, InputError
from emogen.media.video import probe
from emogen.models.scene import SceneDenoiser
from emogen.pipelines.image.edit import ImageEditPipeline
from emogen.pipelines.image.evocation import FELT
from emogen.pipelines.image.look import LookRules
from emogen.pipelines.image.pipeline import ImagePipeline
from emogen.pipelines.video.motion import Motion, Pair
from emogen.pipelines.video.motion_camera import Camera, CameraPath
from emogen.pipelines.video.motion_course import Course, course_of
from emogen.pipelines.video.motion_film import Film
from emogen.pipelines.video.motion_sheets import MARGIN, look_of
from emogen.pipelines.video.pipeline import VideoPipeline
from tests.contract.pipeline import PipelineContract

SMALL = {"width": 160, "height": 96, "seconds": 0.4, "fps": 10}
SIZE = (192, 108)
CALM = Scene("sea", {"hour": 19.0, "waves": 0.1, "cloud": 0.3, "wind": 0.1}, 3)
STORM = Scene("sea", {"hour": 20.5, "waves": 0.9, "cloud": 0.9, "storm": 0.9, "rain": 0.8, "wind": 0.9, "exposure": -0.5}, 3)
PHOTO = np.ascontiguousarray(data.astronaut()[::2, ::2])


def made() -> VideoPipeline:
    """A pipeline whose denoiser has learnt nothing: films do not depend on what it knows."""
    net = SceneDenoiser(len(vector_names()), len(FELT), len(places()), width=32, layers=1)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    pipe = VideoPipeline(ImagePipeline(net, FlowMatchEulerDiscreteScheduler()), ImageEditPipeline(LookRules()))
    pipe.set_progress_bar_config(disable=True)
    return pipe


def of(*scenes: Scene) -> Any:
    """A composer that knows only these scenes, in order."""

    def compose(feelings: Sequence[Emotion]) -> list[Scene]:
        return list(scenes[: len(feelings)])

    return compose


def filmed(track: str, *scenes: Scene, seconds: float = 2.0, fps: float = 10) -> Film:
    return Film(course_of(EmotionTrack.of(track), seconds, of(*scenes)), *SIZE, fps, round(seconds * fps), 3)


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


class TestVideoPipeline(PipelineContract):
    content = "the sea in the evening"
    other_content = "a narrow street in winter"
    call = SMALL
    suffix = ".mp4"
    index = {
        "image": ("emogen.pipelines.image.pipeline", "ImagePipeline"),
        "edit": ("emogen.pipelines.image.edit", "ImageEditPipeline"),
    }
    bad_contents = ("", "   ", "?!", 7)

    def make(self) -> VideoPipeline:
        return made()


@pytest.fixture(scope="module")
def pipe() -> VideoPipeline:
    return made()


# -- a place -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scene", [CALM, Scene("meadow", {"flowers": 0.8, "lush": 1}, 5), Scene("room", {"lamps": 0.6}, 6)])
def test_a_film_looks_as_the_still(scene: Scene) -> None:
    """Under a camera at rest the sheets give the still of the same scene."""
    width, height = SIZE
    look = look_of(scene, width, height)
    motion = Motion(look, width, height, 3, 0.3)
    frame = motion.frame(Pair(look, look), 0.0, 0.0, Camera(1.0, 0.0, (0.0, 0.0), 0.0, 0.0, 0.0))
    stage, layers = layers_of(scene, round(width * MARGIN), round(height * MARGIN))
    still = finished(flattened(stage, layers), scene)
    top, left = (still.shape[0] - height) // 2, (still.shape[1] - width) // 2
    still = still[top : top + height, left : left + width]
    soft = [cv2.GaussianBlur(p.astype(np.float32), (0, 0), 2.0) for p in (frame, still)]
    assert np.corrcoef(soft[0].ravel(), soft[1].ravel())[0, 1] > 0.96
    assert abs(float(frame.mean()) - float(still.mean())) < 8


def test_it_moves_without_jumps() -> None:
    """Through all looks of a change, frames differ a little from each to the next and much from end to end."""
    film = filmed("0s calm; 2s fear", CALM, STORM, seconds=2.0, fps=25)
    frames = list(film.frames())
    assert len(frames) == 50
    assert len(film.course.scenes) > 2
    steps = [apart(cv2.blur(a, (9, 9)), cv2.blur(b, (9, 9))) for a, b in pairwise(frames)]
    assert min(steps) > 0.02
    assert max(steps) < 6
    assert apart(frames[0], frames[-1]) > 4 * max(steps)


def test_a_frame_depends_on_its_moment_alone() -> None:
    film = filmed("0s calm; 1s fear", CALM, STORM)
    frames = list(film.frames())
    for i in (13, 4, 19):
        np.testing.assert_array_equal(film.frame(i), frames[i])
    assert not np.array_equal(frames[0], frames[1])


def test_light_follows_the_feeling() -> None:
    film = filmed("0s calm; 1.2s fear; 2s fear", CALM, STORM)
    assert film.frame(19).mean() < film.frame(0).mean() - 15


def test_nothing_is_empty_at_the_borders() -> None:
    """Also where the camera is tilted: no border is one colour or black."""
    for scene in (STORM.with_(tilt=1.0), STORM.with_(tilt=-1.0, exposure=0.0, hour=12.0)):
        film = filmed("fear:1.5", scene, seconds=1.0)
        for i in (0, 9):
            frame = film.frame(i).astype(int)
            for line in (frame[0], frame[-1], frame[:, 0], frame[:, -1]):
                assert (line.sum(-1) > 6).mean() > 0.9
                assert line.std() > 1


def test_a_long_film_begins_at_once_and_can_be_left() -> None:
    film = filmed("0s calm; 1700s fear; 1800s calm", CALM, STORM, CALM, seconds=1800.0, fps=25)
    assert film.count == 45_000
    frames = film.frames()
    assert next(frames).shape == (SIZE[1], SIZE[0], 3)
    frames.close()


# -- the course of scenes and the camera ---------------------------------------------------------------------
def steps_of(course: Course, name: str) -> list[float]:
    return [scene[name] for scene in course.scenes]


def test_the_hour_goes_the_short_way_round() -> None:
    ends = Scene("sea", {"hour": 22.5}, 1), Scene("sea", {"hour": 2.0}, 1)
    course = course_of(EmotionTrack.of("0s calm; 5s fear"), 6.0, of(*ends))
    hours = steps_of(course, "hour")
    assert hours[0] == 22.5
    assert hours[-1] == pytest.approx(2.0)
    assert len(hours) > 2
    assert all(h >= 22.5 or h <= 2.0 + 1e-9 for h in hours)


def test_the_land_stays() -> None:
    ends = Scene("mountains", {"horizon": 0.2, "rugged": 0.1}, 1), Scene("mountains", {"horizon": 0.8, "rugged": 0.9}, 1)
    course = course_of(EmotionTrack.of("0s calm; 5s fear"), 6.0, of(*ends))
    for name in ("horizon", "rugged"):
        assert len(set(steps_of(course, name))) == 1


def test_feelings_that_stay_need_one_scene() -> None:
    course = course_of(EmotionTrack.of("0s calm; 3s calm; 9s calm"), 10.0, of(CALM, STORM))
    assert len(course.scenes) == 1
    assert {course.at(t) for t in (0.0, 3.0, 10.0)} == {0.0}


def test_a_step_is_quick_and_a_way_is_slow() -> None:
    sudden = course_of(EmotionTrack.of("0s calm; 4s! fear"), 6.0, of(CALM, CALM, STORM, STORM))
    slow = course_of(EmotionTrack.of("0s calm; 4s fear"), 6.0, of(CALM, STORM))
    assert sudden.at(3.0) == 0.0
    assert 0 < slow.at(3.0) < slow.at(4.0)
    assert sudden.at(4.1) == len(sudden.scenes) - 1


def test_fast_tracks_are_read_at_a_slower_pace() -> None:
    track = "; ".join(f"{0.1 * i:.1f}s {('calm', 'fear')[i % 2]}" for i in range(100))
    course = course_of(EmotionTrack.of(track), 10.0, lambda feelings: [CALM, STORM] * (len(feelings) // 2 + 1))
    assert len(course.knots_s) < 12


def test_feelings_hold_the_camera_differently() -> None:
    paths = {name: CameraPath(EmotionTrack.of(name), 8.0, 1) for name in ("calm", "anger", "fear", "joy")}
    ends = {name: (path.at(0.0), path.at(8.0)) for name, path in paths.items()}
    shaken = {name: np.std([path.at(t).pan[0] for t in np.arange(0, 8, 0.04)]) for name, path in paths.items()}
    assert shaken["anger"] > 3 * shaken["calm"]
    assert ends["fear"][1].zoom > ends["fear"][0].zoom
    assert ends["joy"][1].rise - ends["joy"][0].rise > 0.03 > ends["calm"][1].rise - ends["calm"][0].rise


# -- photos --------------------------------------------------------------------------------------------------
def test_a_photo_moves_and_keeps_its_colours_where_nothing_is_felt(pipe: VideoPipeline) -> None:
    out = pipe(None, "neutral", image=PHOTO, width=160, height=160, seconds=1.0, fps=10, seed=2)
    frames = list(out.frames())
    assert len(frames) == 10
    assert apart(frames[0], frames[-1]) > 0.5
    assert abs(frames[0].mean() - frames[-1].mean()) < 3


def test_a_photo_follows_the_track(pipe: VideoPipeline) -> None:
    frames = list(pipe(None, "0s neutral; 1s sadness:1.2", image=PHOTO, width=160, height=160, seconds=1.2, fps=10, seed=2).frames())
    assert apart(frames[0], frames[-1]) > 4
    steps = [apart(a, b) for a, b in pairwise(frames)]
    assert max(steps) < 0.5 * apart(frames[0], frames[-1]) + 2


# -- what comes out, and what is refused ---------------------------------------------------------------------
def test_size_rate_and_length_are_those_asked_for(pipe: VideoPipeline, tmp_path: Path) -> None:
    out = pipe("a lake", "0s calm; 0.4s joy", width=97, height=64, fps=5, seed=1)
    assert out.count == round((0.4 + 1.5) * 5)
    info = probe(out.save(tmp_path / "a.mp4"))
    assert (info.width, info.height, info.fps) == (98, 64, 5)
    assert out.facts()["place"] == "lake"


@pytest.mark.parametrize("options", [
    {"seconds": 0}, {"seconds": float("nan")}, {"seconds": 1e9}, {"fps": 0}, {"fps": 500}, {"width": 8}, {"height": 1e5},
    {"attributes": {"hour": 99}}, {"attributes": {"nonsense": 1}}, {"image": PHOTO}, {"image": "nowhere.png"},
])  # fmt: skip
def test_options_out_of_range_are_refused(pipe: VideoPipeline, options: dict[str, Any]) -> None:
    with pytest.raises(EmogenError):
        pipe("a lake", "joy", **options)


def test_a_photo_takes_no_attributes(pipe: VideoPipeline) -> None:
    with pytest.raises(InputError, match="attributes"):
        pipe(None, "joy", image=PHOTO, attributes={"hour": 3})
