"""Thousands of damaged files: each is read, or refused with an error of ours."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emogen.errors import EmogenError
from emogen.media.arkit import read_csv, write_csv
from emogen.media.audio import read_audio, write_audio
from emogen.media.image import read_image, write_image
from emogen.media.jsonio import read_json, write_json
from emogen.media.motion import BvhJoint, BvhMotion, read_bvh, write_bvh
from emogen.media.provenance import Provenance, embed_provenance, read_provenance
from emogen.media.score import Note, Score, Track, read_midi, write_midi
from emogen.media.sniff import kind_of
from emogen.media.subtitles import Subtitle, read_srt, write_srt
from emogen.media.video import VideoWriter, probe, read_frames

MUTANTS = 300
MARK = Provenance(emotion="joy", seed=1)
TONE = (0.3 * np.sin(np.arange(3_000) / 9)).astype(np.float32)
SHADE = np.tile(np.arange(48, dtype=np.uint8)[:, None, None] * 4, (1, 48, 3))


def write_video(path: Path) -> None:
    with VideoWriter(path, fps=25, width=48, height=48, audio_rate=16_000, provenance=MARK) as out:
        out.write_audio(TONE)
        for i in range(5):
            out.write(np.roll(SHADE, i, 0))


def write_mp3(path: Path) -> None:
    import soundfile

    soundfile.write(path, np.tile(TONE, 4), 16_000)


def read_video(path: Path) -> None:
    probe(path)
    for _ in read_frames(path):
        pass
    read_audio(path)


ROOT = BvhJoint("Hips", -1, (0.0, 0.0, 0.0), ("Xposition", "Yposition", "Zposition", "Zrotation"))
PIECE = Score((Track("t", 3, False, tuple(Note(i / 2, 0.5, 60 + i, 80) for i in range(16))),), markers=((1.0, "x"),))
CASES: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "wav": (lambda p: write_audio(p, TONE, 16_000, provenance=MARK), read_audio),
    "flac": (lambda p: write_audio(p, TONE, 16_000, provenance=MARK), lambda p: read_audio(p, sample_rate=22_050)),
    "ogg": (write_mp3, read_audio),
    "mp3": (write_mp3, read_audio),
    "png": (lambda p: write_image(p, SHADE, MARK), read_image),
    "jpg": (lambda p: write_image(p, SHADE, MARK), read_image),
    "webp": (lambda p: write_image(p, SHADE, MARK), read_image),
    "mp4": (write_video, read_video),
    "mid": (lambda p: write_midi(p, PIECE, provenance=MARK), read_midi),
    "bvh": (lambda p: write_bvh(p, BvhMotion((ROOT,), np.eye(4), 0.04)), read_bvh),
    "csv": (lambda p: write_csv(p, np.full((4, 52), 0.5), 30), read_csv),
    "srt": (lambda p: write_srt(p, [Subtitle(i, i + 1, "Hello --> you", "Anna") for i in range(4)]), read_srt),
    "json": (lambda p: write_json(p, {"a": [1, 2.5, {"b": "text"}]}), read_json),
}


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Flips bits, overwrites, cuts, doubles and inserts, a few times over."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at, length = rng.randrange(len(out) + 1), rng.choice((1, 1, 2, 4, 8, 64))
        what = rng.randrange(6)
        if what == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            out[at : at + length] = rng.randbytes(len(out[at : at + length]))
        elif what == 2:
            out[at : at + length] = rng.choice((b"\0", b"\xff", b"\x7f", b"\x80", b"-", b"9", b"\n", b"{")) * length
        elif what == 3:
            del out[at : at + length]
        elif what == 4:
            out[at:at] = out[at : at + length]
        elif rng.random() < 0.3:
            del out[at:]
    return bytes(out)


def refusal(call: Callable[[Path], object], path: Path) -> EmogenError | None:
    try:
        call(path)
    except EmogenError as error:
        return error
    return None


@pytest.mark.parametrize("kind", CASES)
def test_nothing_but_our_errors_comes_out_of_a_damaged_file(tmp_path: Path, kind: str) -> None:
    write, read = CASES[kind]
    whole = tmp_path / f"whole.{kind}"
    write(whole)
    data, rng = whole.read_bytes(), random.Random(f"emogen {kind}")
    refused = 0
    for _ in range(MUTANTS):
        path = tmp_path / f"a.{kind}"
        path.write_bytes(mutate(data, rng))
        for call in (kind_of, read, read_provenance, lambda p: embed_provenance(p, MARK)):
            error = refusal(call, path)
            refused += error is not None and call is read
            assert error is None or (error.exit_code == 2 and str(error).startswith(str(path)) and len(str(error)) < 500)
    assert refused > MUTANTS // 20
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({f"whole.{kind}", f"a.{kind}"})


@pytest.mark.parametrize("kind", CASES)
def test_noise_and_foreign_files_are_refused(tmp_path: Path, kind: str) -> None:
    rng, read = random.Random(kind), CASES[kind][1]
    whole = tmp_path / f"whole.{kind}"
    CASES[kind][0](whole)
    head = whole.read_bytes()
    for i in range(60):
        path = tmp_path / f"a.{kind}"
        path.write_bytes((head[: rng.randrange(4, 64)] if i % 2 else b"\1") + rng.randbytes(rng.randrange(1, 2_000)))
        with pytest.raises(EmogenError):
            read(path)
