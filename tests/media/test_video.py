"""Videos play in time with their sound, look like what went in, and are the same every time."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from emogen.errors import FormatError, InputError
from emogen.media.audio import read_audio, write_audio
from emogen.media.provenance import Provenance
from emogen.media.video import VideoWriter, probe, read_frames, read_video_audio

RATE = 24_000
SIZE = 96


def frame(i: int) -> np.ndarray:
    """A smooth picture whose brightness says which frame it is."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    return np.stack([x + 20, y + 20, np.full((SIZE, SIZE), 4 * i + 20)], axis=2).clip(0, 255).astype(np.uint8)


def number(picture: np.ndarray) -> int:
    return round((float(picture[..., 2].mean()) - 20) / 4)


def tone(seconds: float) -> np.ndarray:
    return (0.4 * np.sin(2 * np.pi * 300 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def write(path: Path, frames: int = 50, sound: np.ndarray | None = None, **kwargs: object) -> Path:
    rate = {} if sound is None else {"audio_rate": RATE}
    with VideoWriter(path, fps=25, width=SIZE, height=SIZE, **rate, **kwargs) as out:  # type: ignore[arg-type]
        if sound is not None:
            out.write_audio(sound)
        for i in range(frames):
            out.write(frame(i))
    return path


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", sound=tone(2.0), provenance=Provenance(emotion="joy"))
    info = probe(path)
    assert (info.width, info.height, info.fps, info.frames, info.codec) == (SIZE, SIZE, 25.0, 50, "h264")
    assert (info.duration_s, info.audio_duration_s) == pytest.approx((2.0, 2.0))
    shown = list(read_frames(path))
    assert [number(f) for f in shown] == list(range(50))
    assert np.abs(shown[10].astype(int) - frame(10)).mean() < 2.5
    heard = read_video_audio(path)
    assert heard.sample_rate == RATE
    assert len(heard.samples) == 2 * RATE
    assert np.abs(heard.samples[2000:-2000] - tone(2.0)[2000:-2000]).max() < 0.05


def test_colours_keep_their_hue(tmp_path: Path) -> None:
    for colour in [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 150, 120)]:
        with VideoWriter(tmp_path / "c.mp4", fps=25, width=64, height=64) as out:
            for _ in range(3):
                out.write(np.full((64, 64, 3), colour, np.uint8))
        got = next(iter(read_frames(tmp_path / "c.mp4")))
        assert np.abs(got.reshape(-1, 3).mean(axis=0) - colour).max() < 4


def test_the_same_frames_give_the_same_bytes_however_the_sound_comes(tmp_path: Path) -> None:
    sound = tone(2.0)
    first = write(tmp_path / "a.mp4", sound=sound, provenance=Provenance(seed=1))
    with VideoWriter(tmp_path / "b.mp4", fps=25, width=SIZE, height=SIZE, audio_rate=RATE, provenance=Provenance(seed=1)) as out:
        for i in range(50):
            out.write_audio(sound[i * 960 : (i + 1) * 960])
            out.write(frame(i))
    hashes = {hashlib.sha256(p.read_bytes()).hexdigest() for p in (first, tmp_path / "b.mp4")}
    assert len(hashes) == 1


@pytest.mark.parametrize(("frames", "seconds", "want"), [(50, 0.5, 50), (25, 2.0, 50), (10, 0.41, 11), (10, 0.0, 10)])
def test_the_shorter_of_picture_and_sound_is_extended(tmp_path: Path, frames: int, seconds: float, want: int) -> None:
    path = write(tmp_path / "a.mp4", frames=frames, sound=tone(seconds))
    info = probe(path)
    assert info.frames == want
    assert abs(info.audio_duration_s - info.duration_s) <= 1 / 25
    assert info.audio_duration_s >= seconds - 1e-6
    assert number(list(read_frames(path))[-1]) == frames - 1


@pytest.mark.parametrize("channels", [1, 2])
def test_channels_stay_apart(tmp_path: Path, channels: int) -> None:
    sound = np.stack([tone(1.0), np.zeros(RATE, np.float32)], axis=1)[:, :channels]
    write(tmp_path / "a.mp4", frames=25, sound=sound, channels=channels)
    got = read_audio(tmp_path / "a.mp4", mono=False)
    assert got.channels == channels
    assert np.abs(got.samples[3000:-3000].reshape(-1, channels)[:, -1]).max() < (0.01 if channels == 2 else 0.5)


@pytest.mark.parametrize(
    ("start_s", "end_s", "fps", "want"),
    [
        (0.5, 1.0, None, list(range(13, 25))),
        (0.0, 0.4, 50.0, [i // 2 for i in range(20)]),
        (1.0, 1.5, 10.0, [25, 27, 30, 32, 35]),
        (1.8, None, 25.0, list(range(45, 50))),
        (5.0, None, None, []),
    ],
)
def test_a_part_is_read_at_any_rate(tmp_path: Path, start_s: float, end_s: float | None, fps: float | None, want: list[int]) -> None:
    path = write(tmp_path / "a.mp4")
    assert [number(f) for f in read_frames(path, start_s, end_s, fps)] == want


def test_an_independent_reader_agrees(tmp_path: Path) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    path = write(tmp_path / "a.mp4", sound=tone(2.0), provenance=Provenance(emotion="joy"))
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(path)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    video, sound = found["streams"]
    assert (video["codec_name"], video["pix_fmt"], video["r_frame_rate"], video["color_space"]) == ("h264", "yuv420p", "25/1", "bt709")
    assert (sound["codec_name"], sound["sample_rate"]) == ("aac", str(RATE))
    assert abs(float(video["duration"]) - float(sound["duration"])) <= 1 / 25
    assert found["format"]["tags"]["comment"].startswith("This is synthetic media")
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_turned_video_is_read_upright(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", frames=3)
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44  # ISO 14496-12, section 8.3.2
    data[matrix : matrix + 20] = struct.pack(">5i", 0, 1 << 16, 0, -(1 << 16), 0)  # a quarter turn clockwise
    path.write_bytes(data)
    turned = next(iter(read_frames(path)))
    assert np.abs(turned.astype(int) - np.rot90(frame(0), -1)).mean() < 2.5


def test_a_failing_block_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with VideoWriter(tmp_path / "a.mp4", fps=25, width=SIZE, height=SIZE) as out:
            out.write(frame(0))
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail()
    with pytest.raises(InputError, match="no pictures"), VideoWriter(tmp_path / "a.mp4", fps=25, width=SIZE, height=SIZE):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        ({"width": 513}, "width 513 px. Accepted: even numbers"),
        ({"height": 8_192}, "limits.video_side_px"),
        ({"fps": 0}, "0 frames a second"),
        ({"fps": 1e9}, "limits.video_fps"),
        ({"fps": float("nan")}, "nan frames a second"),
        ({"audio_rate": 1_234}, "1234 Hz"),
        ({"audio_rate": 48_000, "channels": 6}, "6 channels"),
    ],
)
def test_settings_that_cannot_be_written_are_refused_at_once(tmp_path: Path, kwargs: dict[str, int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        VideoWriter(tmp_path / "a.mp4", **{"fps": 25, "width": 64, "height": 64, **kwargs})


@pytest.mark.parametrize(
    "wrong", [np.zeros((64, 64)), np.zeros((64, 64, 3)), np.zeros((32, 64, 3), np.uint8), np.zeros((64, 64, 4), np.uint8)]
)
def test_pictures_of_another_shape_are_refused(tmp_path: Path, wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match="a picture"), VideoWriter(tmp_path / "a.mp4", fps=25, width=64, height=64) as out:
        out.write(wrong)


@pytest.mark.parametrize(
    ("sound", "says"),
    [(np.array([np.nan]), "not finite"), (np.array([1.5]), "above full scale"), (np.zeros((4, 2)), "1 channels"),
     (np.zeros(4, np.int16), "int16")],
)  # fmt: skip
def test_sound_that_cannot_be_written_is_refused(tmp_path: Path, sound: np.ndarray, says: str) -> None:
    with pytest.raises(InputError, match=says), VideoWriter(tmp_path / "a.mp4", fps=25, width=64, height=64, audio_rate=RATE) as out:
        out.write_audio(sound)
    with pytest.raises(InputError, match="without"), VideoWriter(tmp_path / "a.mp4", fps=25, width=64, height=64) as out:
        out.write_audio(np.zeros(4))


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    sound = write_audio(tmp_path / "a.wav", tone(0.1), RATE)
    with pytest.raises(FormatError, match=r"is a wav file. Accepted: mp4, mov, mkv, webm"):
        probe(sound)
    with av.open(str(tmp_path / "b.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=RATE, layout="mono")
        piece = av.AudioFrame.from_ndarray(tone(1.0)[None], format="fltp", layout="mono")
        piece.sample_rate = RATE
        out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    with pytest.raises(InputError, match="has no pictures"):
        probe(tmp_path / "b.mp4")
    with pytest.raises(InputError, match="has no sound"):
        read_audio(write(tmp_path / "c.mp4", frames=2))
    assert read_audio(tmp_path / "b.mp4").duration_s == pytest.approx(1.0, abs=0.05)
