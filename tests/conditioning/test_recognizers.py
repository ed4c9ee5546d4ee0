"""The readers of voices, faces, pictures and music, guide and judge: the contract, the gates, and plain statements."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from emogen.conditioning.audio import SpeechRecognizer, windows
from emogen.conditioning.face import FaceRecognizer
from emogen.conditioning.image import ImageRecognizer
from emogen.conditioning.music import MusicRecognizer
from emogen.conditioning.recognition import Recognizer
from emogen.conditioning.sound_kind import sound_kind
from emogen.conditioning.voice_measures import frames
from emogen.evaluation.judges.face import FaceJudge
from emogen.evaluation.judges.image import ImageJudge
from emogen.evaluation.judges.music import MusicJudge
from emogen.evaluation.judges.speech import SpeechJudge
from emogen.evaluation.judges.text import TextJudge
from emogen.media.audio import Audio
from tests.contract.recognizer import RecognizerContract
from tests.evaluation.made import grain, noise, piece, plain, silence, smiling, voice

GUIDES: list[Any] = [SpeechRecognizer, FaceRecognizer, ImageRecognizer, MusicRecognizer]
JUDGES: list[Any] = [SpeechJudge, FaceJudge, ImageJudge, MusicJudge]


class _Speech(RecognizerContract):
    modality = "speech"

    def media(self):
        return [voice("anger:1.2"), voice("sadness:1.2"), voice("calm")]

    def noise(self):
        return [noise(), silence(), Audio(np.zeros(10, np.float32), 16_000)]

    def bad(self):
        return ["", "nothing.wav", 7, Audio(np.full(16_000, np.nan, np.float32), 16_000)]


class TestSpeechGuide(_Speech):
    def make(self):
        return SpeechRecognizer.load()


class TestSpeechJudge(_Speech):
    def make(self):
        return SpeechJudge.load()


class _Face(RecognizerContract):
    modality = "face"

    def media(self):
        return [smiling(), np.ascontiguousarray(smiling()[:, ::-1])]

    def noise(self):
        return [grain(), plain()]

    def bad(self):
        return ["", "nothing.png", 7, np.zeros((4, 4)), np.zeros((0, 4, 3), np.uint8)]

    def test_tells_its_media_apart(self, recognizer):
        assert {recognizer.recognize(photo).label for photo in self.media()} == {"joy"}


class TestFaceGuide(_Face):
    def make(self):
        return FaceRecognizer.load()


class TestFaceJudge(_Face):
    def make(self):
        return FaceJudge.load()


class _Image(RecognizerContract):
    modality = "image"

    def media(self):
        from skimage import data

        return [data.coffee(), data.astronaut(), data.rocket(), data.retina()]

    def noise(self):
        return [grain(), plain()]

    def bad(self):
        return ["", "nothing.png", 7, np.zeros((4, 4)), np.zeros((0, 4, 3), np.uint8)]

    def test_tells_its_media_apart(self, recognizer):
        found = [recognizer.recognize(picture).emotion for picture in self.media()]
        assert max(found[0].distance(other) for other in found[1:]) > 0.1


class TestImageGuide(_Image):
    def make(self):
        return ImageRecognizer.load()


class TestImageJudge(_Image):
    def make(self):
        return ImageJudge.load()


class _Music(RecognizerContract):
    modality = "music"

    def media(self):
        return [piece("joy"), piece("sadness")]

    def noise(self):
        return [replace(piece("joy"), tracks=()), silence(), noise(6.0)]

    def bad(self):
        return ["", "nothing.mid", 7, Audio(np.full(16_000, np.nan, np.float32), 16_000)]


class TestMusicGuide(_Music):
    def make(self):
        return MusicRecognizer.load()


class TestMusicJudge(_Music):
    def make(self):
        return MusicJudge.load()


class TestTextJudge(RecognizerContract):
    modality = "text"

    def make(self):
        return TextJudge.load()

    def media(self):
        return ["I love this, it is wonderful!", "I am so sorry, he died.", "Leave me alone, you idiot!"]

    def noise(self):
        return ["1234 5678", "\u4eca\u65e5\u306f"]

    def bad(self):
        return ["", "   ", 7]


@pytest.mark.parametrize(("guide", "judge"), list(zip(GUIDES, JUDGES, strict=True)))
def test_guide_and_judge_are_two(guide: Any, judge: Any) -> None:
    one, other = guide.load(), judge.load()
    assert (one.role, other.role) == ("guide", "judge")
    assert one.checkpoint != other.checkpoint


@pytest.mark.parametrize(
    ("reader", "media", "word"),
    [
        (SpeechJudge, silence(), "silence"),
        (SpeechRecognizer, noise(), "no voice"),
        (FaceJudge, plain(), "no face"),
        (ImageJudge, grain(), "noise"),
        (ImageRecognizer, plain(), "plain surface"),
        (MusicJudge, silence(), "silence"),
    ],
)
def test_nothing_to_judge_is_said(reader: Any, media: Any, word: str) -> None:
    found = reader.load().recognize(media)
    assert found.confidence == 0.0
    assert word in found.note


def test_one_note_is_no_tune() -> None:
    score = piece("joy")
    track = next(t for t in score.tracks if not t.is_drum)
    found = MusicJudge.load().recognize(replace(score, tracks=(replace(track, notes=track.notes[:1]),)))
    assert found.confidence == 0.0
    assert "note" in found.note


def test_one_picture_of_a_face_is_little() -> None:
    reader = FaceJudge.load()
    photo, frame = reader.recognize(smiling()), reader.recognize_frames([smiling()], 25.0)
    assert frame.confidence < photo.confidence
    assert "only 1 picture" in frame.note


@pytest.mark.parametrize("reader", [SpeechRecognizer, SpeechJudge])
def test_a_voice_sounds_the_same_louder_and_softer(reader: Any) -> None:
    said = voice("anger:1.2")
    soft = Audio(said.samples * np.float32(0.1), said.sample_rate)
    one, other = (reader.load().recognize(x) for x in (said, soft))
    assert one.label == other.label
    assert one.confidence == pytest.approx(other.confidence, abs=0.02)


def test_a_long_recording_has_a_track() -> None:
    parts = [voice(feeling).resampled(16_000).samples for feeling in ("joy", "sadness", "anger:1.2", "calm")]
    found = SpeechJudge.load().recognize(Audio(np.concatenate(parts), 16_000))
    assert found.over_time is not None
    assert len(found.over_time.keyframes) >= 2
    assert SpeechJudge.load().recognize(voice("joy")).over_time is None


def test_windows_cover_the_voice_and_pass_over_silence() -> None:
    said = voice("joy").resampled(16_000).samples
    found = frames(np.concatenate([said, np.zeros(16_000 * 20, np.float32), said]))
    spans = windows(found)
    assert all(found.voiced[a:b].any() for a, b in spans)
    assert spans[0][0] == 0
    assert all(b - a <= 410 for a, b in spans)


def test_voices_music_and_noise_are_told_apart() -> None:
    from emogen.media.score_sound import heard

    assert sound_kind(voice("neutral").resampled(16_000).samples) == "speech"
    assert sound_kind(heard(piece("joy")).samples) == "music"
    assert sound_kind(noise(5.0).samples) == "noise"


@pytest.mark.parametrize("reader", [*GUIDES, *JUDGES])
def test_a_checkpoint_of_something_else_is_refused(reader: type[Recognizer], tmp_path: Any) -> None:
    from emogen.errors import CheckpointError

    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CheckpointError):
        reader.load(tmp_path)  # type: ignore[attr-defined]


def test_the_cues_that_told_are_named() -> None:
    assert "lip corners up (AU12)" in FaceRecognizer.load().recognize(smiling()).because
    assert FaceJudge.load().recognize(smiling()).because.startswith("seen in")
