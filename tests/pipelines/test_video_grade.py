"""A video felt otherwise: the finish follows the track, nothing flickers, the sound is copied, what is shown stays."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from skimage import data

from emogen.errors import EmogenError, InputError
from emogen.media.video import VideoWriter, probe, read_frames
from emogen.pipelines.video.edit import EditedVideo, VideoEditPipeline
from tests.contract.pipeline import PipelineContract

FPS, SIZE = 12, (192, 128)
ROCKET, CAT = (cv2.resize(p, (SIZE[0] + 40, SIZE[1] + 40), interpolation=cv2.INTER_AREA) for p in (data.rocket(), data.chelsea()))


def written(path: Path, *, seconds: float = 1.5, sound: bool = True, still: bool = False, cut_s: float = 99.0) -> Path:
    """A camera that glides over a picture, and cuts to another; or one that stands."""
    width, height = SIZE
    with VideoWriter(path, fps=FPS, width=width, height=height, audio_rate=16_000 if sound else None) as video:
        if sound:
            video.write_audio(0.2 * np.sin(np.arange(int(16_000 * seconds)) * 0.2).astype(np.float32))
        for i in range(int(FPS * seconds)):
            x = 0 if still else i
            picture = (ROCKET if i / FPS < cut_s else CAT)[x : x + height, x : x + width]
            video.write(np.ascontiguousarray(picture))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def video(folder: Path) -> Path:
    return written(folder / "glide.mp4")


@pytest.fixture(scope="module")
def pipe() -> VideoEditPipeline:
    pipe = VideoEditPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


class TestVideoEdit(PipelineContract):
    suffix = ".mp4"
    index = {"look": ("emogen.pipelines.image.learnt_look", "LearntLook")}
    track = "0s neutral; 0.5s joy"
    bad_contents = ("missing.mp4", 7, None, np.zeros((4, 4, 3), np.uint8))

    def make(self) -> VideoEditPipeline:
        return VideoEditPipeline.from_pretrained("embedded")

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def videos(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("contract")
        TestVideoEdit.content = written(folder / "a.mp4", seconds=0.6)
        TestVideoEdit.other_content = written(folder / "b.mp4", seconds=0.6, still=True)

    def test_intensity_zero_is_neutral(self, pipe):  # type: ignore[no-untyped-def]
        assert np.array_equal(self.run(pipe, "joy:0").moments, self.run(pipe, "neutral").moments)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as source:
        return [bytes(p) for p in source.demux(source.streams.audio[0]) if p.size]


def light(out: EditedVideo) -> np.ndarray:
    return np.array([cv2.cvtColor(f, cv2.COLOR_RGB2LAB)[..., 0].mean() for f in out.frames()])


def test_sound_is_copied_and_length_kept(pipe: VideoEditPipeline, video: Path, tmp_path: Path) -> None:
    saved = pipe(video, "sadness", seed=1).save(tmp_path / "a.mp4")
    assert packets(saved) == packets(video)
    before, after = probe(video), probe(saved)
    assert (after.width, after.height, after.fps, after.frames) == (before.width, before.height, before.fps, before.frames)


def test_nothing_asked_leaves_the_pictures(pipe: VideoEditPipeline, video: Path) -> None:
    plain = list(pipe(video, "neutral", seed=1).planes())
    none = list(pipe(video, "joy", strength=0.0, seed=1).planes())
    for a, b in zip(plain, none, strict=True):
        for p, q in zip(a, b, strict=True):
            np.testing.assert_array_equal(p, q)


def test_the_finish_follows_the_track_without_jumps(pipe: VideoEditPipeline, folder: Path) -> None:
    still = written(folder / "still.mp4", seconds=3.0, still=True)
    found = light(pipe(still, "0s neutral; 1s neutral; 2s dread", weather=False, seed=1))
    before = light(pipe(still, "neutral", seed=1))
    assert abs(found[: FPS - 1] - before[: FPS - 1]).max() < 0.6
    assert found[-1] < before[-1] - 6
    assert np.abs(np.diff(found)).max() < 0.35 * (before[-1] - found[-1])


def test_nothing_flickers(pipe: VideoEditPipeline, video: Path) -> None:
    for emotion in ("joy", "nostalgia", "dread"):
        made, own = light(pipe(video, emotion, seed=1)), light(pipe(video, "neutral", seed=1))
        assert np.abs(np.diff(made, 2)).max() < np.abs(np.diff(own, 2)).max() + 0.8


def test_a_cut_takes_effect_at_once(pipe: VideoEditPipeline, folder: Path) -> None:
    cut = written(folder / "cut.mp4", seconds=2.0, cut_s=1.0)
    frames = list(pipe(cut, "fear", weather=False, seed=1).frames())
    assert np.abs(frames[FPS].astype(int) - frames[FPS + 1].astype(int)).mean() < 14


def test_weather_moves(pipe: VideoEditPipeline, folder: Path) -> None:
    still = written(folder / "still2.mp4", seconds=0.8, still=True)
    wet, dry = (list(pipe(still, "despair", weather=w, seed=1).frames()) for w in (True, False))
    moved = [float(np.abs(f[4].astype(int) - f[5].astype(int)).mean()) for f in (wet, dry)]
    assert moved[0] > moved[1] + 0.3


@pytest.mark.parametrize("kind", ["silent", "mkv"])
def test_other_files_are_edited_too(pipe: VideoEditPipeline, folder: Path, tmp_path: Path, kind: str) -> None:
    source = written(folder / f"{kind}.mp4", seconds=0.5, sound=kind != "silent")
    if kind == "mkv":
        source = remuxed(source, folder / "a.mkv")
    out = pipe(source, "joy", seed=1)
    saved = out.save(tmp_path / "b.mp4")
    assert probe(saved).audio_rate == (0 if kind == "silent" else 16_000)
    assert len(list(read_frames(saved))) == out.count


def test_sound_that_an_mp4_does_not_hold_is_encoded(pipe: VideoEditPipeline, folder: Path, tmp_path: Path) -> None:
    source = remuxed(written(folder / "pcm.mp4", seconds=0.6), folder / "pcm.mkv", audio="pcm_s16le")
    saved = pipe(source, "joy", seed=1).save(tmp_path / "c.mp4")
    assert probe(saved).audio_duration_s == pytest.approx(0.6, abs=0.3)


def remuxed(path: Path, to: Path, audio: str = "") -> Path:
    with av.open(str(path)) as source, av.open(str(to), "w") as out:
        picture, sound = source.streams.video[0], source.streams.audio[0]
        video = out.add_stream_from_template(picture)
        heard = out.add_stream(audio, rate=16_000, layout="mono") if audio else out.add_stream_from_template(sound)
        for packet in source.demux(picture, sound):
            if packet.dts is None:
                continue
            if packet.stream.type == "audio" and audio:
                mixer = av.AudioResampler(format="s16", layout="mono", rate=16_000)
                for frame in packet.decode():
                    for part in mixer.resample(frame):
                        out.mux(heard.encode(part))
                continue
            packet.stream = video if packet.stream.type == "video" else heard
            out.mux(packet)
        if audio:
            out.mux(heard.encode(None))
    return to


def test_bad_videos_and_options_are_refused(pipe: VideoEditPipeline, video: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(40))
    (tmp_path / "b.mp4").write_bytes(video.read_bytes()[:2000])
    for name in ("a.mp4", "b.mp4"):
        with pytest.raises(EmogenError):
            pipe(tmp_path / name, "joy")
    with pytest.raises(InputError, match="strength"):
        pipe(video, "joy", strength=3.0)
