"""Talking heads from call to file: the contract, the portraits, the video."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emogen.codecs.face import INDEX, FaceMotion, mouth_opening
from emogen.errors import EmogenError, InputError
from emogen.media.jsonio import read_json
from emogen.media.video import probe, read_frames
from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline
from emogen.pipelines.talking_head.portraits import open_portrait
from tests.contract.pipeline import PipelineContract

RATE = 22_050


class Drawing:
    """A portrait that draws each curve as a bar: enough for everything but looks."""

    drawn = True

    def __init__(self, size: int = 128) -> None:
        self.width = self.height = size
        self.notes: list[str] = []

    def render(self, curves: np.ndarray) -> np.ndarray:
        picture = np.full((self.height, self.width, 3), 40, np.uint8)
        for i, value in enumerate(curves):
            picture[2 * i : 2 * i + 2, : int(np.clip(abs(value), 0, 1) * self.width)] = 220
        return picture


class TestTalkingHeadPipeline(PipelineContract):
    content = "Mum."
    other_content = "We won."
    suffix = ".mp4"
    call = {"portrait": Drawing(), "fps": 12.0}
    index = {
        "codec": ("emogen.codecs.face_codec", "FaceCodec"),
        "expression": ("emogen.pipelines.talking_head.expressive", "LearntExpression"),
        "speech": ("emogen.pipelines.speech.pipeline", "SpeechPipeline"),
    }
    bad_contents = ("", "   ", None)

    def make(self) -> TalkingHeadPipeline:
        return TalkingHeadPipeline.from_pretrained("embedded")


@pytest.fixture(scope="module")
def pipe() -> TalkingHeadPipeline:
    pipe = TalkingHeadPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


def voice(seconds: float = 1.0) -> SimpleNamespace:
    t = np.arange(round(seconds * RATE)) / RATE
    return SimpleNamespace(
        audio=(0.3 * np.sin(2 * np.pi * 150 * t) * (np.sin(2 * np.pi * 2 * t) > 0)).astype(np.float32), sample_rate=RATE
    )


def test_video_and_sound_are_one(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    out = pipe("Maybe my mum puts up a map.", "joy", portrait=Drawing(), seed=1)
    info = probe(out.save(tmp_path / "a.mp4"))
    assert (info.width, info.height, round(info.fps)) == (128, 128, 25)
    assert abs(info.audio_duration_s - info.duration_s) <= 1 / 25 + 1e-3
    assert len(out.motion.curves) == round(info.duration_s * 25)
    words = [w.lower().strip(".") for w, _, _ in out.words]
    assert words[:3] == ["maybe", "my", "mum"]
    assert all(0 <= a < b <= info.duration_s for _, a, b in out.words)


def test_lips_close_on_the_spoken_closures(pipe: TalkingHeadPipeline) -> None:
    for emotion in ("neutral", "anger", "joy"):
        out = pipe("Maybe my mum puts up a map.", emotion, portrait=Drawing(), seed=2, fps=50)
        opening = mouth_opening(out.motion.curves)
        closures = [(a + b) / 2 for p, a, b in out.phones if p.strip("ˈˌ") in {"p", "b", "m"}]
        assert len(closures) >= 7
        shut = [opening[max(0, round((t - 0.05) * 50) - 1) : round((t - 0.05) * 50) + 2].min() for t in closures]
        assert max(shut) < 0.05
        assert opening.max() > 0.25


def test_curves_can_be_taken_elsewhere(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    out = pipe("Hello there, you.", "joy", portrait=Drawing(), seed=1)
    again = FaceMotion.load(out.save(tmp_path / "a.csv"))
    np.testing.assert_allclose(again.curves, out.motion.curves, atol=1e-4)
    data = read_json(out.save(tmp_path / "b.json"))
    assert data["channels"][:1] == [next(iter(INDEX))]
    assert len(data["frames"]) == len(out.motion.curves)


def test_a_voice_can_be_given_instead_of_words(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    out = pipe(None, "joy", audio=voice(), portrait=Drawing(), seed=1)
    assert len(out.motion.curves) == 25
    assert mouth_opening(out.motion.curves).max() > 0.1
    import soundfile

    soundfile.write(tmp_path / "v.wav", voice().audio, RATE)
    same = pipe(None, "joy", audio=tmp_path / "v.wav", portrait=Drawing(), seed=1)
    assert same.made.request["audio"] == "v.wav"
    assert len(same.motion.curves) == 25


def test_auto_reads_the_words(pipe: TalkingHeadPipeline) -> None:
    glad = pipe("I am so happy, this is wonderful!", "auto", portrait=Drawing(), seed=1)
    assert glad.emotion.at(0.5).vad[0] > 0.2


def test_auto_hears_the_voice_where_there_are_no_words(pipe: TalkingHeadPipeline) -> None:
    said = pipe.speech("We have to leave the house now.", "anger:1.2", seed=1)
    out = pipe(None, "auto", audio=said, portrait=Drawing(), seed=1)
    assert out.emotion.at(0.5).vad[1] > 0.0
    assert out.made.facts["explained"][0]["units"]
    silent = SimpleNamespace(audio=np.zeros(RATE, np.float32), sample_rate=RATE)
    assert pipe(None, "auto", audio=silent, portrait=Drawing(), seed=1).emotion.at(0.5).intensity == 0.0


@pytest.mark.parametrize(
    "options",
    [
        {"portrait": "avatar:nobody"},
        {"portrait": "sample:nobody"},
        {"portrait": "missing.jpg"},
        {"portrait": 7},
        {"fps": 0},
        {"fps": 1e9},
        {"size": 31},
        {"size": 99_999},
        {"voice": "nobody"},
        {"audio": "both.wav"},
    ],
)
def test_options_that_cannot_be_used(pipe: TalkingHeadPipeline, options: dict[str, object]) -> None:
    with pytest.raises(EmogenError) as caught:
        pipe("Hello.", "joy", **{"portrait": Drawing(), **options})
    assert caught.value.exit_code == 2


def test_a_picture_without_a_face_is_refused() -> None:
    with pytest.raises(InputError, match=r"found 0 faces in 300 x 200 px"):
        open_portrait(np.full((200, 300, 3), 128, np.uint8))


def test_the_video_shows_what_the_curves_say(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    portrait = open_portrait("avatar:ava", size=256)
    out = pipe("Mama.", "joy", portrait=portrait, seed=3)
    frames = list(read_frames(out.save(tmp_path / "a.mp4")))
    assert len(frames) == len(out.motion.curves)
    middle = len(frames) // 2
    drawn = portrait.render(out.motion.curves[middle]).astype(float)
    assert np.abs(frames[middle].astype(float) - drawn).mean() < 6
