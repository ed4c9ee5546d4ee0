"""mp3 and ogg: whole files, the same for the same sound, that say what they are; and words as subtitles."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import InputError
from emogen.media.audio import read_audio, rms_dbfs, write_audio
from emogen.media.lossy import MP3_RATES
from emogen.media.provenance import MARK, Provenance, read_provenance
from emogen.media.subtitles import LINE_CHARS, LINES, by_sentence, by_word

RATE = 22_050
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32)
SAYS = Provenance(emotion='"émotion <b>": 0.8; joy', seed=7, models=("voice",))
SUFFIXES = (".mp3", ".ogg")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_sound_comes_back_with_its_statement(tmp_path: Path, suffix: str) -> None:
    path = write_audio(tmp_path / f"a{suffix}", TONE, RATE, provenance=SAYS)
    assert path.stat().st_size < 0.4 * 2 * len(TONE)
    found = read_audio(path)
    assert found.sample_rate == RATE
    assert found.duration_s == pytest.approx(3.0, abs=0.06)
    assert rms_dbfs(found.samples) == pytest.approx(rms_dbfs(TONE), abs=0.5)
    assert read_provenance(path) == SAYS
    assert read_provenance(write_audio(tmp_path / f"b{suffix}", TONE, RATE)) is None
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_programs_read_the_sound_and_the_statement(tmp_path: Path, suffix: str) -> None:
    path = write_audio(tmp_path / f"a{suffix}", np.stack([TONE, TONE], 1), RATE, provenance=SAYS)
    with av.open(str(path)) as file:
        assert sum(frame.samples for frame in file.decode(audio=0)) == pytest.approx(len(TONE), abs=0.06 * RATE)
        tags = {k.lower(): v for k, v in {**file.metadata, **file.streams.audio[0].metadata}.items()}
    note = next((tags[k] for k in ("comment", "description") if k in tags), "")
    if not note:  # the library hides an ogg stream's own tags
        note = path.read_bytes().decode("utf-8", "replace")
    assert SAYS.statement() in note
    assert json.JSONDecoder().raw_decode(note[note.index(MARK) + len(MARK) :])[0]["seed"] == 7


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_sound_is_the_same_file(tmp_path: Path, suffix: str) -> None:
    a, b = (write_audio(tmp_path / f"{n}{suffix}", TONE, RATE, provenance=SAYS).read_bytes() for n in "ab")
    assert a == b


def test_every_page_of_an_ogg_file_keeps_a_true_checksum(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 4 * RATE).astype(np.float32)
    data = write_audio(tmp_path / "a.ogg", noise, RATE, provenance=SAYS).read_bytes()
    at = pages = 0
    while at < len(data):
        sizes = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + len(sizes) + sum(sizes)
        page = bytearray(data[at:end])
        stated, page[22:26] = int.from_bytes(page[22:26], "little"), bytes(4)
        crc = 0
        for byte in page:
            crc ^= byte << 24
            for _ in range(8):
                crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
        assert crc == stated
        assert page[14:18] == b"\1\0\0\0"
        at, pages = end, pages + 1
    assert pages >= 4


@pytest.mark.parametrize("rate", MP3_RATES)
def test_every_rate_of_mp3_is_written(tmp_path: Path, rate: int) -> None:
    found = read_audio(write_audio(tmp_path / "a.mp3", TONE, rate))
    assert found.sample_rate == rate
    assert found.duration_s == pytest.approx(len(TONE) / rate, rel=0.05, abs=0.15)


@pytest.mark.parametrize(("samples", "rate"), [(TONE, 96_000), (TONE, 20_000), (np.zeros((100, 3)), RATE)])
def test_what_mp3_does_not_have_is_refused(tmp_path: Path, samples: np.ndarray, rate: int) -> None:
    with pytest.raises(InputError, match="1 or 2 channels at 8,000"):
        write_audio(tmp_path / "a.mp3", samples, rate)
    assert not list(tmp_path.iterdir())


def test_a_long_sound_is_written_in_pieces(tmp_path: Path) -> None:
    found = read_audio(write_audio(tmp_path / "a.ogg", np.tile(TONE, 60), RATE))
    assert found.duration_s == pytest.approx(180.0, abs=0.1)


def test_ffmpeg_finds_no_fault(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = write_audio(tmp_path / f"a{suffix}", TONE, RATE, provenance=SAYS)
        try:
            run = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"], capture_output=True, text=True, timeout=60)
        except FileNotFoundError:
            pytest.skip("ffmpeg is not installed")
        assert (run.returncode, run.stderr) == (0, "")


# -- words as subtitles --------------------------------------------------------------------------------------
def timed(text: str, gap_s: float = 0.4) -> list[tuple[str, float, float]]:
    found, now = [], 0.0
    for word in text.split():
        found.append((word, now, now + 0.2))
        now += 0.25 + (gap_s if word[-1] in ".!?" and word != "Dr." else 0.0)
    return found


def test_a_sentence_is_a_subtitle_and_abbreviations_end_none() -> None:
    found = by_sentence(timed("Dr. Smith left. Why? Nobody knows."))
    assert [s.text for s in found] == ["Dr. Smith left.", "Why?", "Nobody knows."]
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))


def test_long_sentences_break_at_commas_and_lines_are_short() -> None:
    text = "When the long grey rain came down upon the old town, the people went home and shut the doors, and waited there all night."
    found = by_sentence(timed(text))
    assert [s.text.replace("\n", " ") for s in found] == [
        "When the long grey rain came down upon the old town,",
        "the people went home and shut the doors, and waited there all night.",
    ]


@given(st.lists(st.text("abc.,!?", min_size=1, max_size=50), max_size=40), st.sampled_from([0.0, 0.4]))
@settings(max_examples=100, deadline=None)
def test_no_word_is_lost_and_no_line_too_long(words: list[str], gap_s: float) -> None:
    given = timed(" ".join(words), gap_s)
    found = by_sentence(given)
    assert " ".join(s.text.replace("\n", " ") for s in found) == " ".join(w for w, _, _ in given)
    for s in found:
        assert len(s.text.split("\n")) <= LINES or any(len(w) > LINE_CHARS for w in s.text.split())
        assert all(len(line) <= LINE_CHARS or " " not in line for line in s.text.split("\n"))
        assert s.end_s > s.start_s


def test_each_word_can_be_a_subtitle() -> None:
    assert [(s.text, s.start_s, s.end_s) for s in by_word([("a", 0, 1), ("b", 1, 1), ("c", 2, 3)])] == [("a", 0, 1), ("c", 2, 3)]
