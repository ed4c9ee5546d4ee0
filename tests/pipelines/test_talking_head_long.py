"""Voices of any length: made piece by piece, without seams, silence included; and files for animators."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.face import SHAPES, FaceMotion, both, mouth_opening
from emogen.errors import EmogenError, InputError
from emogen.media.glb import read_glb
from emogen.media.motion import read_bvh
from emogen.media.video import probe
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.talking_head import pieces
from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline
from tests.pipelines.test_talking_head import Drawing

WORDS = "Maybe my mum puts up a big map. The boat will be back by noon."


@pytest.fixture(scope="module")
def pipe() -> TalkingHeadPipeline:
    pipe = TalkingHeadPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The words three times, with a silence of three seconds in between."""
    out = SpeechPipeline.embedded()(WORDS, voice="tenor", nonverbal=False, seed=1)
    path = tmp_path_factory.mktemp("voice") / "long.wav"
    silence = np.zeros(3 * out.sample_rate, np.float32)
    soundfile.write(path, np.concatenate([out.audio, silence, out.audio, silence, out.audio]), out.sample_rate)
    return path


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_S", 4.0)


@pytest.mark.usefixtures("short_pieces")
def test_pieces_join_without_a_seam(pipe: TalkingHeadPipeline, voice: Path) -> None:
    out = pipe.stream(voice, "0s sadness; 6s joy", portrait=Drawing(), seed=2)
    takes = list(out.takes())
    assert len(takes) >= 4
    curves = np.concatenate([c for c, _ in takes])
    seconds = soundfile.info(voice).duration
    assert len(curves) == int(np.ceil(seconds * 25 - 1e-6))
    assert sum(len(v) for _, v in takes) == pytest.approx(len(curves) / 25 * out.sample_rate, abs=len(takes))
    quiet = [i for i in range(SHAPES) if i not in both("eyeBlink")]
    steps = np.abs(np.diff(curves, axis=0))
    seams = np.cumsum([len(c) for c, _ in takes])[:-1]
    around = np.concatenate([np.arange(s - 2, s + 32) for s in seams if s + 32 < len(steps)])
    assert steps[around][:, quiet].max() <= max(0.5, np.delete(steps, around, axis=0)[:, quiet].max())
    assert steps[around][:, SHAPES : SHAPES + 3].max() < 0.06
    smile, frown = curves[:, both("mouthSmile")].mean(1), curves[:, both("mouthFrown")].mean(1)
    assert frown[10] > smile[10]
    assert smile[-10] > 0.3 > frown[-10]


@pytest.mark.usefixtures("short_pieces")
def test_lips_close_in_every_piece_and_rest_in_silence(pipe: TalkingHeadPipeline, voice: Path) -> None:
    opening = mouth_opening(pipe.stream(voice, "neutral", portrait=Drawing(), seed=2).motion.curves)
    whole = mouth_opening(pipe(None, "neutral", audio=voice, portrait=Drawing(), seed=2).motion.curves)
    assert np.corrcoef(opening, whole)[0, 1] > 0.9
    sound, rate = soundfile.read(voice)
    level = np.array([np.abs(sound[round(t * rate) : round((t + 0.04) * rate)]).max() for t in np.arange(len(opening)) / 25])
    still = np.convolve(level > 1e-4, np.ones(25), mode="same") == 0
    assert still.sum() > 50
    assert opening[still].max() < 0.03


@pytest.mark.usefixtures("short_pieces")
def test_a_long_face_is_filmed_with_its_voice(pipe: TalkingHeadPipeline, voice: Path, tmp_path: Path) -> None:
    out = pipe.stream(voice, "joy:0.6", portrait=Drawing(), seed=2, fps=12.0)
    info = probe(out.save(tmp_path / "a.mp4"))
    assert info.duration_s == pytest.approx(soundfile.info(voice).duration, abs=1 / 12 + 1e-3)
    assert abs(info.audio_duration_s - info.duration_s) <= 1 / 12 + 2e-3
    assert out.facts()["duration_s"] == pytest.approx(info.duration_s, abs=0.01)
    again = FaceMotion.load(out.save(tmp_path / "a.csv"))
    np.testing.assert_allclose(again.curves, out.motion.curves, atol=1e-4)


def test_a_voice_recorded_at_full_scale_is_filmed(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    """Resampling overshoots such a recording; it is not the user's mistake."""
    loud = np.sign(np.sin(np.arange(16_000) * 0.2)).astype(np.float32)
    soundfile.write(tmp_path / "loud.wav", loud, 16_000)
    pipe.stream(tmp_path / "loud.wav", portrait=Drawing(), seed=1).save(tmp_path / "a.mp4")
    pipe(audio=tmp_path / "loud.wav", portrait=Drawing(), seed=1).save(tmp_path / "b.mp4")
    assert [probe(tmp_path / name).audio_duration_s for name in ("a.mp4", "b.mp4")] == pytest.approx([1, 1], abs=0.1)


@pytest.mark.usefixtures("short_pieces")
def test_memory_does_not_grow_with_the_voice(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    peaks = []
    for seconds in (30, 70):
        path = tmp_path / f"{seconds}.wav"
        soundfile.write(path, np.zeros(seconds * 22_050, np.float32), 22_050)
        out = pipe.stream(path, "joy", portrait=Drawing(), seed=1, fps=5.0)
        tracemalloc.start()
        for _ in out.takes():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0]


def test_a_listener_looks_breathes_and_nods(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(30 * 8_000, np.float32), 8_000)
    motion = pipe(None, "neutral", audio=tmp_path / "silence.wav", portrait=Drawing(), seed=5).motion
    assert mouth_opening(motion.curves).max() < 0.03
    assert motion.channel("eyeBlinkLeft").max() > 0.9
    pitch = motion.channel("headPitch")
    assert np.ptp(pitch) > 0.015
    assert motion.channel("leftEyeYaw").std() > 0.005


def test_the_words_beside_a_voice_tell_the_lips(pipe: TalkingHeadPipeline) -> None:
    said = pipe.speech(WORDS, voice="tenor", nonverbal=False, seed=1)
    bare = type("Bare", (), {"audio": said.audio, "sample_rate": said.sample_rate})()
    out = pipe(WORDS, "auto", audio=bare, portrait=Drawing(), seed=1, fps=50)
    true = [(a + b) / 2 for p, a, b in said.phones if p.strip("ˈˌ") in {"p", "b", "m"}]
    found = np.array([(a + b) / 2 for p, a, b in out.phones if p.strip("ˈˌ") in {"p", "b", "m"}])
    near = [np.abs(found - t).min() <= 0.04 for t in true]
    assert np.mean(near) >= 0.9
    assert [w.lower().strip(".") for w, _, _ in out.words][:3] == ["maybe", "my", "mum"]
    with pytest.raises(InputError, match=r"not what the voice says|fit into it"):
        pipe("Completely other words are written here, and many more of them than anybody said.", "joy", audio=bare, portrait=Drawing())


def test_animators_get_a_character_and_a_head(pipe: TalkingHeadPipeline, tmp_path: Path) -> None:
    out = pipe("Hello there.", "joy", portrait="avatar:mira", seed=1, size=128)
    meshes, extras = read_glb(out.save(tmp_path / "a.glb"))
    assert {"face", "eyeLeft", "eyeRight"} <= {m.name for m in meshes}
    assert extras["provenance"]["seed"] == 1
    found = read_bvh(out.save(tmp_path / "a.bvh"))
    assert len(found.frames) == len(out.motion.curves)
    body = BodyMotion.from_bvh(found)
    names = skeleton().names
    turned = body.rotations[:, names.index("Neck")] @ body.rotations[:, names.index("Head")]
    yaw = np.arctan2(turned[:, 0, 2], turned[:, 2, 2])
    np.testing.assert_allclose(yaw, out.motion.channel("headYaw"), atol=0.01)
    assert np.ptp(yaw) > 0.005


@pytest.mark.parametrize("content", ["hello", b""])
def test_what_is_no_voice_is_refused(pipe: TalkingHeadPipeline, tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(EmogenError, match=r"voice\.wav"):
        list(pipe.stream(path, "joy", portrait=Drawing()).takes())
