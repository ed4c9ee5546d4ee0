"""Photoreal talking heads by video models: tiny ones of the real classes, saved, opened and asked for real."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emogen.conditioning.emotion import Emotion
from emogen.errors import InputError
from emogen.media.jsonio import read_json
from emogen.media.video import probe, read_frames
from emogen.pipelines.talking_head.backends import driving
from emogen.pipelines.talking_head.backends.wan_text import embedded
from emogen.pipelines.talking_head.backends.wording import worded
from tests.contract.pipeline import PipelineContract
from tests.pipelines import tiny_video_models as tiny
from tests.pipelines.head_backends import RATE, SMALL, Drawing, run, voice


class Contract(PipelineContract):
    content = None
    other_content = None
    call = {**SMALL, "audio": voice(), "portrait": Drawing()}
    suffix = ".mp4"
    bad_contents = ("", "   ", 5)


class TestWanAnimate(Contract):
    index = {
        "face": ("emogen.pipelines.talking_head.pipeline", "TalkingHeadPipeline"),
        "video": ("wan", "WanAnimatePipeline"),
    }

    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls, opened_head):
        return opened_head("wan_animate")


class TestImageToVideo(Contract):
    index = {
        "face": ("emogen.pipelines.talking_head.pipeline", "TalkingHeadPipeline"),
        "video": ("ltx", "LTXImageToVideoPipeline"),
    }

    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls, opened_head):
        return opened_head("ltx")


# -- every kind, from a voice to a file -------------------------------------------------------------------------------
KINDS = [
    ("wan_animate", {}, 5), ("wan_i2v", {}, 5), ("wan_i2v", {"two_stages": True}, 9), ("ltx", {}, 9),
    ("ltx", {"timed_decoder": True}, 17),
]  # fmt: skip


@pytest.mark.parametrize(("name", "how", "segment"), KINDS)
def test_pictures_and_voice_are_as_long_as_each_other(opened_head, tmp_path, name, how, segment):
    pipe = opened_head(name, **how)
    out = run(pipe, "0s joy; 1s sadness", 1.1, segment_frames=segment)
    assert out.pictures.shape == (14, 64, 64, 3)
    assert out.pictures.std() > 1
    assert len(out.motion.curves) == 14
    again = run(opened_head(name, **how), "0s joy; 1s sadness", 1.1, segment_frames=segment)
    assert np.array_equal(out.pictures, again.pictures)
    info = probe(out.save(tmp_path / "a.mp4"))
    assert (info.width, info.height, round(info.fps)) == (64, 64, 12)
    assert abs(info.duration_s - 14 / 12) < 1e-3
    assert abs(info.audio_duration_s - info.duration_s) <= 1 / 12
    shown = list(read_frames(tmp_path / "a.mp4"))
    assert np.corrcoef(shown[5].mean(2).ravel(), out.pictures[5].mean(2).ravel())[0, 1] > 0.5
    card = read_json(tmp_path / "a.json")
    assert card["backend"] == f"{pipe.backend}/{type(pipe.video).__name__}"
    assert card["media"]["video_model"]["source"].startswith(name)
    parts = card["media"]["told"]
    assert len(parts) == {5: 4, 9: 2, 17: 1}[segment]
    assert "joy" in parts[0]["prompt"]
    assert parts[-1]["end_s"] == pytest.approx(14 / 12, abs=1e-3)
    assert out.save(tmp_path / "a.csv").stat().st_size > 1000


@pytest.mark.parametrize("frames", [1, 4, 5, 6, 9, 13, 14])
@pytest.mark.parametrize("name", ["wan_animate", "wan_i2v"])
def test_any_number_of_frames_can_be_made(opened_head, name, frames):
    out = run(opened_head(name), seconds=frames / 12, segment_frames=13, num_inference_steps=1)
    assert out.pictures.shape == (frames, 64, 64, 3)
    assert len(out.audio) == round(frames / 12 * RATE)


def test_a_text_is_spoken_and_filmed(opened_head):
    out = opened_head("ltx")("Mum.", "joy", portrait=Drawing(), seed=1, **{**SMALL, "fps": 5.0})
    assert [word for word, _, _ in out.words] == ["Mum."]
    assert out.pictures.shape[0] == len(out.motion.curves)
    assert out.made.request["text"] == "Mum."


def test_the_rate_is_the_models_own(opened_head):
    for name, rate in {"wan_animate": 30.0, "wan_i2v": 16.0, "ltx": 25.0}.items():
        out = run(opened_head(name), seconds=0.2, fps=None, num_inference_steps=1)
        assert out.motion.fps == rate
        assert not any("frames per second" in note for note in out.warnings)
    assert any("the model knows 16" in note for note in run(opened_head("wan_i2v"), seconds=0.2, fps=25.0).warnings)


def test_numbers_may_be_half_as_long(opened_head):
    for name, how in (("wan_animate", {}), ("wan_i2v", {}), ("ltx", {"timed_decoder": True})):
        pipe = opened_head(name, torch.bfloat16, **how)
        assert pipe.video.transformer.dtype == torch.bfloat16
        assert pipe.video.vae.dtype == (torch.bfloat16 if name == "ltx" else torch.float32)
        assert run(pipe).pictures.std() > 1
        assert pipe.to("cpu").video.text_encoder.dtype == torch.float32


# -- what drives the model --------------------------------------------------------------------------------------------
class Listener:
    """Keeps what a network is given."""

    def __init__(self, net):
        self.heard = []
        self._hook = net.register_forward_pre_hook(lambda _, __, given: self.heard.append(given), with_kwargs=True)

    def __enter__(self):
        return self.heard

    def __exit__(self, *_):
        self._hook.remove()


def test_our_face_and_key_points_drive_wan_animate(opened_head):
    pipe = opened_head("wan_animate")
    with Listener(pipe.video.transformer) as still:
        run(pipe, head=0.0, gaze=0.0, blink=0.0, seconds=1.0)
    with Listener(pipe.video.transformer) as moving:
        run(pipe, head=2.0, gaze=0.0, blink=0.0, seconds=1.0)
    assert torch.equal(still[0]["encoder_hidden_states"], moving[0]["encoder_hidden_states"])
    for name in ("face_pixel_values", "pose_hidden_states"):
        assert not torch.equal(still[0][name], moving[0][name])
    assert still[0]["face_pixel_values"].shape[-2:] == (tiny.SIDE, tiny.SIDE)
    assert float(still[0]["face_pixel_values"].max()) > float(still[0]["face_pixel_values"].min())


def test_each_segment_is_told_what_is_felt_in_it(opened_head):
    pipe = opened_head("wan_animate")
    with Listener(pipe.video.transformer) as heard:
        out = run(pipe, "0s joy; 1s anger", 1.4, segment_frames=9)
    told = [one["prompt"] for one in out.made.facts["told"]]
    assert "smile" in told[0]
    assert "strong anger" in told[-1]
    assert "brows" in told[-1]
    words = [given["encoder_hidden_states"] for given in heard]
    assert len(words) == SMALL["num_inference_steps"] * len(told)
    assert torch.equal(words[0], words[1])
    assert not torch.equal(words[0], words[-1])
    steps = SMALL["num_inference_steps"]
    for heard_words, wanted in zip(words[::steps], embedded(pipe.video, told), strict=True):
        assert torch.allclose(heard_words[0], wanted, atol=1e-5)


def test_the_face_is_exaggerated_alone_or_with_the_words(opened_head):
    pipe = opened_head("wan_animate")
    sides = []
    for options in ({"face_guidance": 3.0}, {"face_guidance": 3.0, "text_guidance": 3.0}):
        with Listener(pipe.video.transformer) as heard:
            run(pipe, **options)
        wanted, unwanted = heard[:2]
        assert float(unwanted["face_pixel_values"].max()) == -1.0
        sides.append(torch.equal(wanted["encoder_hidden_states"], unwanted["encoder_hidden_states"]))
    assert sides == [True, False]
    assert [run(pipe, e).made.request["face_guidance"] for e in ("joy", "joy:1.5")] == [1.0, 2.0]
    with pytest.raises(InputError, match="text_guidance"):
        run(pipe, face_guidance=2.0, text_guidance=3.0)


def test_an_image_model_follows_our_video_as_closely_as_asked(opened_head):
    pipe = opened_head("ltx")
    ours = [driving.resized(picture, 64) for picture in pipe.face(
        None, "joy:0.9", audio=voice(0.7), portrait=Drawing(), fps=12.0, size=128, seed=1).frames()]  # fmt: skip
    vae, goal = pipe.video.vae, pipe._kind.encoded(ours)
    with torch.no_grad():  # the latents' mean is 0 and their deviation 1 here
        seen = vae.decode(goal, return_dict=False)[0][0].permute(1, 2, 3, 0).mul(127.5).add(127.5).clamp(0, 255).numpy()
    far = [
        np.abs(run(pipe, seconds=0.7, follow=f, num_inference_steps=12, guidance_scale=1.0).pictures - seen).mean()
        for f in (0.0, 0.5, 1.0)
    ]
    assert far[0] > far[1] > far[2]
    assert far[2] < 0.7 * far[0]


def test_words_come_from_the_emotion_and_its_muscles():
    glad, neutral = Emotion.parse("joy:0.8"), Emotion.parse("neutral")
    prompt, negative = worded([(glad, {"AU12": 0.9, "AU6": 0.3, "AU4": 0.01})] * 2, True)
    assert prompt.startswith("The person feels strong joy")
    assert "lip corners extremely pulled up in a smile, cheeks slightly raised" in prompt
    assert "brows" not in prompt
    assert "talks" in prompt
    assert "neutral face" in negative
    calm, against = worded([(neutral, {})], False)
    assert "calm" in calm
    assert "silence" in calm
    assert "neutral face" not in against
    turning, _ = worded([(neutral, {}), (glad, {"AU12": 0.9})], True)
    assert turning.index("At first: The person feels calm") < turning.index("Then: The person feels strong joy")


def test_the_pose_of_a_drawn_face_is_found_in_its_pictures(plain_face):
    head = plain_face(None, "surprise", audio=voice(0.3), portrait="avatar:ava", fps=10.0, size=256, seed=1)
    points = driving.points_of(head)
    assert points.shape == (len(head.motion.curves), 478, 2)
    picture = driving.pose(points[0], np.array([[60.0, 240.0], [200.0, 240.0]]), 256)
    for point, colour in ((driving.NOSE, (255, 0, 0)), (driving.LEFT_EYE, (255, 0, 255))):
        x, y = points[0, point].astype(int)
        assert tuple(picture[y, x]) == colour
    assert tuple(picture[240, 60]) == (255, 170, 0)
    assert picture[picture.sum(2) == 0].size > 0.9 * picture.size
    assert driving.pose(points[0] + 500, None, 256).max() == 0
    left, top, right, bottom = driving.box(points[0], 256, 256)
    eyes, chin = points[0, [driving.RIGHT_EYE, driving.LEFT_EYE]], points[0, 152]
    assert left < eyes[0, 0] < eyes[1, 0] < right
    assert top < eyes[:, 1].min() < chin[1] < bottom
    crops = list(driving.faces(head, points, 32))
    assert crops[0].shape == (32, 32, 3)
    assert driving.shoulders(np.zeros((64, 64, 3), np.uint8)) is None


def test_a_portrait_without_a_face_drives_nothing(opened_head):
    class Blank(Drawing):
        landmarks = None

        def render(self, curves):
            return np.zeros((self.height, self.width, 3), np.uint8)

    with pytest.raises(InputError, match="no face is seen"):
        run(opened_head("wan_animate"), portrait=Blank())
