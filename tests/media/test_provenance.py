"""Every kind of file says that it is synthetic, and other programs find it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from emogen.errors import FormatError, InputError
from emogen.media.audio import read_audio, write_audio
from emogen.media.image import read_image, write_image
from emogen.media.provenance import Provenance, embed_provenance, read_provenance
from emogen.media.score import Note, Score, Track, read_midi, write_midi
from emogen.media.video import VideoWriter, probe, read_frames

FULL = Provenance(
    emotion='0s "a trembling <hope>": 0.8 & joy; 2s émotion', seed=2**63 - 1, models=("face", "voice"),
    request_sha256="ab" * 32, real_input=True,
)  # fmt: skip
OTHER = Provenance(emotion="joy", seed=1)
KINDS = ("wav", "flac", "png", "jpg", "webp", "mp4", "mid")


def make(path: Path, provenance: Provenance | None) -> Path:
    tone = (0.3 * np.sin(np.arange(8_000) / 10)).astype(np.float32)
    shade = np.tile(np.arange(64, dtype=np.uint8)[:, None, None] * 3, (1, 64, 3))
    if path.suffix in (".wav", ".flac"):
        return write_audio(path, tone, 16_000, provenance=provenance)
    if path.suffix == ".mid":
        return write_midi(path, Score((Track("t", 0, False, (Note(0.0, 1.0, 60, 80),)),)), provenance=provenance)
    if path.suffix == ".mp4":
        with VideoWriter(path, fps=25, width=64, height=64, audio_rate=16_000, provenance=provenance) as out:
            out.write_audio(tone)
            for _ in range(5):
                out.write(shade)
        return path
    return write_image(path, shade, provenance)


def content(path: Path) -> object:
    if path.suffix in (".wav", ".flac"):
        return read_audio(path).samples.tobytes()
    if path.suffix == ".mid":
        return read_midi(path)
    if path.suffix == ".mp4":
        return [f.tobytes() for f in read_frames(path)], read_audio(path).samples.tobytes()
    return read_image(path).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read(tmp_path: Path, kind: str) -> None:
    assert read_provenance(make(tmp_path / f"a.{kind}", FULL)) == FULL
    plain = make(tmp_path / f"b.{kind}", None)
    assert read_provenance(plain) is None
    assert content(tmp_path / f"a.{kind}") == content(plain)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "webp"])
def test_a_statement_is_added_and_replaced_without_touching_the_content(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"a.{kind}", None)
    before = content(path)
    sizes = set()
    for provenance in (OTHER, FULL, OTHER):
        embed_provenance(path, provenance)
        assert read_provenance(path) == provenance
        assert content(path) == before
        sizes.add(path.stat().st_size)
    assert kind in ("wav", "mp4") or len(sizes) == 2


def test_the_record_has_no_time_in_it(tmp_path: Path) -> None:
    assert FULL.to_json() == Provenance.from_dict(json.loads(FULL.to_json())).to_json()
    for kind in KINDS:
        files = [make(tmp_path / f"{i}.{kind}", FULL) for i in range(2)]
        assert len({hashlib.sha256(f.read_bytes()).hexdigest() for f in files}) == 1


@pytest.mark.parametrize(
    ("real_input", "trained", "name"),
    [(False, True, "trainedAlgorithmicMedia"), (True, True, "compositeWithTrainedAlgorithmicMedia"),
     (False, False, "algorithmicMedia"), (True, False, "compositeSynthetic")],
)  # fmt: skip
def test_the_source_type_is_one_of_iptc(real_input: bool, trained: bool, name: str) -> None:
    found = Provenance(real_input=real_input, trained=trained)
    assert found.digital_source_type == f"http://cv.iptc.org/newscodes/digitalsourcetype/{name}"
    assert found.digital_source_type in found.xmp()
    assert ("real photo" in found.statement()) == real_input


@given(st.text(max_size=300), st.integers(0, 2**63 - 1) | st.none(), st.lists(st.text(max_size=20), max_size=4))
def test_any_record_survives_note_and_packet(emotion: str, seed: int | None, models: list[str]) -> None:
    record = Provenance(emotion=emotion, seed=seed, models=tuple(models))
    assert Provenance.from_text(record.note()) == record
    assert Provenance.from_text(record.xmp()) == record
    assert "\n" not in record.statement()
    ElementTree.fromstring(record.xmp().replace("\ufeff", ""))


def test_broken_statements_are_named(tmp_path: Path) -> None:
    for text in ("emogen-provenance: {", "emogen-provenance: []", 'emogen-provenance: {"emotion": 1}',
                 FULL.note().replace('"seed":', '"seed":"x","b":'), "emogen-provenance: " + "[" * 9_999):  # fmt: skip
        with pytest.raises(FormatError, match="statement of ours"):
            Provenance.from_text(text, "a.wav")
    assert Provenance.from_text("a comment by somebody else") is None
    (tmp_path / "a.txt").write_text("x")
    for call in (read_provenance, lambda p: embed_provenance(p, FULL)):
        with pytest.raises(FormatError, match=r"a.txt: is a text file. Accepted: wav, "):
            call(tmp_path / "a.txt")
    with pytest.raises(InputError, match="no such file"):
        read_provenance(tmp_path / "none.wav")


def test_other_programs_find_it(tmp_path: Path) -> None:
    said = FULL.statement()
    files = {kind: make(tmp_path / f"a.{kind}", FULL) for kind in KINDS}
    with soundfile.SoundFile(files["wav"]) as wav, soundfile.SoundFile(files["flac"]) as flac:
        assert wav.comment.startswith(said)
        assert flac.comment.startswith(said)
    for kind in ("png", "jpg", "webp"):
        with Image.open(files[kind]) as picture:
            picture.load()
            packet = picture.info["xmp"]
            assert b"compositeWithTrainedAlgorithmicMedia" in (packet if isinstance(packet, bytes) else packet.encode())
    with Image.open(files["jpg"]) as picture:
        assert picture.info["comment"].decode().startswith(said)
    with av.open(str(files["mp4"])) as video:
        assert video.metadata["comment"].startswith(said)
    assert files["mp4"].read_bytes().count(b"<emogen:record>") == 1


def test_a_long_track_fits_a_jpeg(tmp_path: Path) -> None:
    long = Provenance(emotion="; ".join(f"{i}s joy" for i in range(3_000)))
    found = read_provenance(make(tmp_path / "a.jpg", long))
    assert found is not None
    assert found.emotion.endswith(" ...")
    assert read_provenance(make(tmp_path / "a.png", long)) == long


def test_what_it_survives(tmp_path: Path) -> None:
    """Copying the streams keeps the comment; encoding to another kind of file by hand loses it."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")

    def convert(source: str, target: str, *options: str) -> Provenance | None:
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", tmp_path / source, *options, tmp_path / target], check=True)
        return read_provenance(tmp_path / target)

    for kind in ("wav", "mp4", "png"):
        make(tmp_path / f"a.{kind}", FULL)
    assert convert("a.mp4", "b.mp4", "-c", "copy") == FULL
    assert convert("a.wav", "b.wav", "-c", "copy") == FULL
    assert convert("a.wav", "c.wav", "-map_metadata", "-1", "-fflags", "+bitexact") is None
    assert convert("a.png", "a.jpg") is None
    assert probe(tmp_path / "b.mp4").frames == probe(tmp_path / "a.mp4").frames
