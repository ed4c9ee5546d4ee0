"""Subtitles and JSON: no text can break a file, no file can break a reader."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.jsonio import parse_json, read_json, write_json
from emogen.media.sidecar import sidecar_path, write_sidecar
from emogen.media.subtitles import Subtitle, read_srt, write_srt, write_vtt

EVIL = "Hello --> you\r\n\r\n2\n00:00:00,000 --> 09:00:00,000\n<script>\u2028x\x00\x1b[31m"
cues = st.lists(st.tuples(st.floats(0, 9_000), st.floats(0.01, 60), st.text(max_size=60), st.text(max_size=10)), min_size=1, max_size=8)


@given(cues)
@settings(max_examples=60, deadline=None)
def test_any_text_gives_as_many_subtitles_as_went_in(tmp_path_factory: pytest.TempPathFactory, given: list) -> None:
    folder = tmp_path_factory.mktemp("words")
    words = [Subtitle(start, start + length, text, who) for start, length, text, who in given]
    got = read_srt(write_srt(folder / "a.srt", words))
    assert [round(w.start_s, 3) for w in got] == pytest.approx([w.start_s for w in words], abs=6e-4)
    assert len(got) == len(words)
    vtt = write_vtt(folder / "a.vtt", words).read_text(encoding="utf-8")
    assert vtt.startswith("WEBVTT\n\n")
    assert len(re.findall(r"^\d\d:\d\d:\d\d\.\d{3} --> ", vtt, re.M)) == vtt.count("-->") == len(words)


def test_a_text_cannot_add_a_subtitle_or_a_tag(tmp_path: Path) -> None:
    srt = write_srt(tmp_path / "a.srt", [Subtitle(0, 1, EVIL, "A\nB")]).read_text(encoding="utf-8")
    assert srt.startswith("1\n00:00:00,000 --> 00:00:01,000\nA B: Hello -> you\n2\n00:00:00,000 -> 09")
    assert len(read_srt(tmp_path / "a.srt")) == 1
    vtt = write_vtt(tmp_path / "a.vtt", [Subtitle(0, 1, EVIL, "<b>A")]).read_text(encoding="utf-8")
    assert "<script>" not in vtt
    assert "<v bA>Hello -&gt; you" in vtt


def test_what_others_write_is_read(tmp_path: Path) -> None:
    text = "\ufeff1\n00:00:01,5 --> 00:00:02,000 X1:40\nÜber\nzwei\n\n\n00:00:03.000 --> 00:00:04.000\n42\n"
    (tmp_path / "a.srt").write_bytes(text.replace("\n", "\r\n").encode())
    assert read_srt(tmp_path / "a.srt") == [Subtitle(1.5, 2.0, "Über\nzwei"), Subtitle(3.0, 4.0, "42")]


@pytest.mark.parametrize(
    ("text", "says"),
    [("hello\n", 'line 1: "hello" is not a time'), ("1\n00:00:02,000 --> 00:00:01,000\nx\n", "line 2: .*ends before"),
     ("1\n00:00:99,000 --> 00:01:01,000\nx\n", "line 2"), ("\n\n", "no subtitles"), ("#EXTM3U\n", "playlist")],
)  # fmt: skip
def test_broken_subtitles_are_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.srt").write_text(text)
    with pytest.raises(FormatError, match=says):
        read_srt(tmp_path / "a.srt")


@pytest.mark.parametrize(("start", "end"), [(1, 1), (2, 1), (-1, 1), (0, float("nan")), (0, 1e9)])
def test_times_that_cannot_be_are_refused(tmp_path: Path, start: float, end: float) -> None:
    with pytest.raises(InputError, match="subtitle 1"):
        write_srt(tmp_path / "a.srt", [Subtitle(start, end, "x")])
    assert not list(tmp_path.iterdir())


# ---- JSON ------------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=("Cs",)))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(values)
@settings(max_examples=60, deadline=None)
def test_any_value_survives(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    assert read_json(write_json(tmp_path_factory.mktemp("json") / "a.json", value)) == value


def test_the_same_value_gives_the_same_text(tmp_path: Path) -> None:
    one = write_json(tmp_path / "1.json", {"b": np.float32(0.5), "a": np.arange(3), "c": (Path("x"), np.bool_(True))})
    two = write_json(tmp_path / "2.json", {"c": ["x", True], "a": [0, 1, 2], "b": 0.5})
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("value", "says"),
    [({"a": [0, {"b": float("nan")}]}, r"the value at a\[1\].b is nan"), ({"a": object()}, "at a is a object"),
     ({1: 2}, "the key 1"), (np.array([np.inf]), r"at \[0\] is inf")],
)  # fmt: skip
def test_what_json_does_not_have_is_refused(tmp_path: Path, value: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        write_json(tmp_path / "a.json", value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "line 1, column 2"), ('{"a": {"c": 1, "c": 2}}', '"c" stands there twice'), ("[NaN]", "NaN"), ("[1e999]", "too large"),
     ("[" * 100_000, "nested 100,000 deep; the limit is 64"),
     ('{"a":' * 65 + "1" + "}" * 65, "limits.json_depth"), ("9" * 5_000, "not JSON")],
)  # fmt: skip
def test_broken_json_is_named(text: str, says: str) -> None:
    with pytest.raises((FormatError, LimitError), match=says):
        parse_json(text, "a.json")


def test_brackets_within_texts_do_not_count() -> None:
    assert parse_json(json.dumps(["[" * 200, '\\"[{']), "a.json") == ["[" * 200, '\\"[{']


def test_the_size_is_limited(tmp_path: Path) -> None:
    with open(tmp_path / "a.json", "wb") as file:
        file.truncate(LIMITS.json_bytes + 1)
    with pytest.raises(LimitError, match=r"limits.json_bytes"):
        read_json(tmp_path / "a.json")


def test_a_sidecar_never_replaces_its_own_media(tmp_path: Path) -> None:
    assert sidecar_path("out/story.mp4") == Path("out/story.json")
    assert sidecar_path("out/curves.JSON") == Path("out/curves.sidecar.json")
    assert sidecar_path("out/v1.2/take.3.wav") == Path("out/v1.2/take.3.json")
    path = write_sidecar(tmp_path / "a.wav", {"seed": 1})
    assert read_json(path) == {"seed": 1}
