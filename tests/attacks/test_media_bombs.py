"""Small files that would fill the memory, and files that pose as others: refused by a named limit.

Each is read in a process of its own that may take 300 MB more than it has when its libraries are loaded.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

READ = """
import json, resource, sys
import numpy as np
from emogen.errors import EmogenError
from emogen.media import arkit, audio, image, jsonio, motion, provenance, score, sniff, subtitles, video
import PIL.JpegImagePlugin, PIL.PngImagePlugin, PIL.WebPImagePlugin, av, soundfile, soxr
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000,) * 2)
READERS = {"image": image.read_image, "audio": audio.read_audio, "midi": score.read_midi, "bvh": motion.read_bvh,
           "json": jsonio.read_json, "srt": subtitles.read_srt, "csv": arkit.read_csv, "video": video.probe,
           "frames": lambda p: sum(1 for _ in video.read_frames(p)), "provenance": provenance.read_provenance}
for reader, path in json.loads(sys.argv[1]):
    try:
        READERS[reader](path)
        print(json.dumps([path, "read", ""]))
    except EmogenError as error:
        print(json.dumps([path, type(error).__name__, str(error)]))
"""


def png(width: int, height: int, rows: int = 0) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(1 + width * 3)) for _ in range(rows)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def flac(path: Path, seconds: int, rate: int, channels: int) -> None:
    with soundfile.SoundFile(path, "w", rate, channels, "PCM_16", format="FLAC") as file:
        for _ in range(seconds // 10):
            file.write(np.zeros((rate * 10, channels), np.int16))


def midi(path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=1)
    events = [mido.MetaMessage("set_tempo", tempo=2**24 - 1), mido.Message("note_on", note=60)]
    file.tracks.append(mido.MidiTrack([*events, mido.Message("note_off", note=60, time=120_000)]))
    file.save(path)


def lying_wav(path: Path, size: int = 0xFFFFFFF0) -> None:
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    path.write_bytes(head + b"data" + struct.pack("<I", size) + bytes(200))


def claiming_video(path: Path) -> None:
    """The index says 65 000 x 65 000, the pictures are small: what counts is what would be decoded."""
    from emogen.media.video import VideoWriter

    with VideoWriter(path, fps=25, width=64, height=64) as out:
        for _ in range(3):
            out.write(np.zeros((64, 64, 3), np.uint8))
    data = bytearray(path.read_bytes())
    entry = data.index(b"avc1", data.index(b"stsd"))
    data[entry + 28 : entry + 32] = struct.pack(">HH", 65_000, 65_000)  # ISO 14496-12, 12.1.3: width, height
    path.write_bytes(data)


def huge_video(path: Path) -> None:
    """Pictures of 65 000 x 65 000 in a film of a few kilobytes."""
    import av

    with av.open(str(path), "w", format="mov") as out:
        stream = out.add_stream("mjpeg", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuvj420p"
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    size = struct.pack(">HH", 64, 64)
    path.write_bytes(path.read_bytes().replace(b"\xff\xc0\0\x11\x08" + size, b"\xff\xc0\0\x11\x08" + b"\xfd\xe8" * 2))


def fast_video(path: Path) -> None:
    from emogen.media.video import VideoWriter

    with VideoWriter(path, fps=25, width=64, height=64) as out:
        for _ in range(30):
            out.write(np.zeros((64, 64, 3), np.uint8))
    data = bytearray(path.read_bytes())
    header = data.index(b"mdhd")
    data[header + 16 : header + 20] = struct.pack(">I", struct.unpack(">I", data[header + 16 : header + 20])[0] * 40)
    path.write_bytes(data)


JOINT = "JOINT j\n{\nOFFSET 0 0 0\nCHANNELS 0\n"
NEST = JOINT * 100_000
LINES = "}\nMOTION\nFrames: %d\nFrame Time: 0.04\n0 0 0\n"
VP8X = b"RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + bytes(30)
BVH = "HIERARCHY\nROOT r\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
M3U8 = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
BOMBS: dict[str, tuple[str, str, Callable[[Path], object], str]] = {
    "60000.png": ("image", "LimitError", lambda p: p.write_bytes(png(60_000, 60_000)), "limits.image_pixels"),
    "13000.png": ("image", "LimitError", lambda p: p.write_bytes(png(13_000, 13_000, 13_000)), "limits.image_pixels"),
    "vp8x.webp": ("image", "LimitError", lambda p: p.write_bytes(VP8X), "limits.image_pixels"),
    "text.jpg": ("image", "FormatError", lambda p: p.write_text("hello"), "is a text file"),
    "hour.flac": ("audio", "LimitError", lambda p: flac(p, 3_610, 16_000, 1), "limits.audio_s"),
    "wide.flac": ("audio", "LimitError", lambda p: flac(p, 600, 384_000, 1), "limits.audio_samples"),
    "long.mid": ("midi", "LimitError", midi, "limits.midi_s"),
    "frames.bvh": ("bvh", "LimitError", lambda p: p.write_text(BVH + LINES % 10**9), "limits.bvh_frames"),
    "some.bvh": ("bvh", "FormatError", lambda p: p.write_text(BVH + LINES % 499_999), "holds 1"),
    "deep.bvh": ("bvh", "LimitError", lambda p: p.write_text(BVH + NEST), "limits.bvh_depth"),
    "wide.bvh": ("bvh", "LimitError", lambda p: p.write_text(BVH + (JOINT + "}\n") * 1_000), "limits.bvh_joints"),
    "deep.json": ("json", "LimitError", lambda p: p.write_text("[" * 100_000 + "]" * 100_000), "limits.json_depth"),
    "many.srt": ("srt", "LimitError", lambda p: p.write_text("00:00:01,000 --> 00:00:02,000\nx\n\n" * 60_000), "limits.subtitle_cues"),
    "playlist.mp4": ("video", "FormatError", lambda p: p.write_bytes(M3U8), "playlist"),
    "concat.mp4": ("frames", "FormatError", lambda p: p.write_text("ffconcat version 1.0\nfile /etc/hostname\n"), "playlist"),
    "sdp.mp4": ("video", "FormatError", lambda p: p.write_text("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"), "playlist"),
    "playlist.wav": ("audio", "FormatError", lambda p: p.write_bytes(M3U8), "playlist"),
    "huge.mov": ("frames", "FormatError", huge_video, "broken"),
    "claims.mp4": ("frames", "read", claiming_video, ""),
    "fast.mp4": ("video", "LimitError", fast_video, "limits.video_fps"),
    "lying.wav": ("audio", "FormatError", lying_wav, "promises 4,294,967,280 bytes of sound, the file holds 200"),
    "stream.wav": ("audio", "read", lambda p: lying_wav(p, 0xFFFFFFFF), ""),
    "chunks.png": ("provenance", "read", lambda p: p.write_bytes(png(8, 8)[:33] + bytes(12) * 200_000), ""),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    folder = tmp_path_factory.mktemp("bombs")
    for name, (_, _, make, _) in BOMBS.items():
        make(folder / name)
    wanted = json.dumps([(reader, str(folder / name)) for name, (reader, *_) in BOMBS.items()])
    done = subprocess.run([sys.executable, "-W", "error:::emogen", "-c", READ, wanted], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"died after {lines[-1:]}: {done.stderr[-2000:]}"
    return {Path(path).name: (kind, text) for path, kind, text in lines}


@pytest.mark.parametrize("name", BOMBS)
def test_it_is_refused_for_what_it_is(outcomes: dict[str, tuple[str, str]], name: str) -> None:
    _, kind, _, says = BOMBS[name]
    found, text = outcomes[name]
    assert found == kind
    assert says in text
    assert "memory" not in text


def test_a_playlist_opens_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emogen.errors import FormatError
    from emogen.media import video

    path = tmp_path / "a.mp4"
    path.write_bytes(M3U8)
    opened: list[object] = []
    monkeypatch.setattr("av.open", lambda *a, **k: opened.append(a))
    with pytest.raises(FormatError):
        video.probe(path)
    assert opened == []


@pytest.mark.parametrize("name", ["-y.wav", "a;rm -rf x.wav", "a'b.wav", "|cmd.wav", "concat:a|b.mp4", "a\nb.mp4", "%d.mp4", "file:x.mp4"])
def test_a_name_is_only_a_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from emogen.media.audio import read_audio, write_audio
    from emogen.media.video import VideoWriter

    monkeypatch.chdir(tmp_path)
    if name.endswith("wav"):
        write_audio(name, np.full(100, 0.1), 16_000)
    else:
        with VideoWriter(name, fps=25, width=64, height=64, audio_rate=16_000) as out:
            out.write(np.zeros((64, 64, 3), np.uint8))
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert len(read_audio(name).samples) in (100, 640)
