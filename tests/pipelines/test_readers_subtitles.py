"""Subtitles as scripts: who speaks, what is left out, which silences stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import EmogenError, InputError
from emogen.media.subtitles import Subtitle, write_srt, write_vtt
from emogen.pipelines.lines import Line, Pause
from emogen.pipelines.performance.plan import TURN_S
from emogen.pipelines.performance.readers import read_script
from emogen.pipelines.performance.readers.subtitles import LONGEST_S, parse_subtitles
from emogen.pipelines.performance.script import Script

SRT = """1
00:00:01,000 --> 00:00:03,200
<i>MARA: Nobody came...</i>

2
00:00:03,300 --> 00:00:05,000
...for three nights.

3
00:00:08,000 --> 00:00:10,000
- (sobbing) He is gone.
- I know.

4
00:00:30,000 --> 00:00:32,000
[door slams]
Tom: Wait! {\\an8}

5
00:00:33,000 --> 00:00:34,000
\u266a la la la \u266a
"""
VTT = """WEBVTT - a file

NOTE made by nobody

STYLE
::cue { color: red }

intro
00:11.000 --> 00:13.000 align:left
<v Roger Bingham>We are in <c.yellow>New York</c> &amp; here

00:13.000 --> 00:16.000
<v.loud Neil>And I am happy! <v Roger Bingham>So am I.
"""


def read(text: str) -> Script:
    return parse_subtitles(text, {}, name="film.srt")


def said(script: Script) -> list[tuple[str, str]]:
    return [(e.role, e.text) for e in script.elements if isinstance(e, Line)]


def test_speakers_of_subrip() -> None:
    script = read(SRT)
    assert said(script) == [
        ("mara", "Nobody came for three nights."), ("voice 1", "He is gone."), ("voice 2", "I know."), ("tom", "Wait!"),
    ]  # fmt: skip
    hints = [e.hint for e in script.elements if isinstance(e, Line)]
    assert hints[1] is not None
    assert hints[1].startswith("sadness")
    assert hints[2] is None


def test_silences_follow_the_file_up_to_a_length() -> None:
    pauses = [e.seconds for e in read(SRT).elements if isinstance(e, Pause)]
    assert pauses == [pytest.approx(3.0 - TURN_S), pytest.approx(LONGEST_S - TURN_S)]


def test_voices_of_webvtt() -> None:
    assert said(read(VTT)) == [("roger bingham", "We are in New York & here"), ("neil", "And I am happy!"), ("roger bingham", "So am I.")]


def test_without_any_mark_the_narrator_speaks() -> None:
    assert said(read("1\n00:00:01,000 --> 00:00:02,000\nOnce upon a time.\n")) == [("narrator", "Once upon a time.")]


def test_our_own_subtitles_are_read_again(tmp_path: Path) -> None:
    cues = [Subtitle(0.5, 2.0, "We won.", "Anna"), Subtitle(2.5, 4.0, "Really?", "Bob"), Subtitle(5.0, 6.0, "Yes.", "Anna")]
    for write, name in ((write_srt, "a.srt"), (write_vtt, "a.vtt")):
        write(tmp_path / name, cues)
        assert said(read_script(tmp_path / name)) == [("anna", "We won."), ("bob", "Really?"), ("anna", "Yes.")]


@pytest.mark.parametrize(("text", "needles"), [
    ("1\nno time\nHi.\n", ["film.srt line 1", "not a time"]),
    ("1\n00:00:09 --> soon\nHi.\n", ["film.srt line 2", "not a time"]),
    ("1\n00:00:09,000 --> 00:00:02,000\nHi.\n", ["line 2", "ends before"]),
    ("1\n00:00:01,000 --> 00:00:02,000\n[noise]\n", ["nobody says anything"]),
    ("WEBVTT\n", ["nobody says anything"]),
    ("", ["nobody says anything"]),
    ("\0", ["NUL"]),
])  # fmt: skip
def test_slips(text: str, needles: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    for needle in needles:
        assert needle in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("1\n\n-<v A>:Hi.[]()♪0:,\t{}&amp;é"), max_size=120))
def test_any_words_are_subtitles_or_a_plain_refusal(text: str) -> None:
    for whole in (text, f"00:00:01,000 --> 00:00:02,000\n{text}", f"WEBVTT\n\n00:01.000 --> 00:02.000\nAnn: Hi.\n{text}"):
        try:
            script = read(whole)
        except EmogenError as error:
            assert len(str(error)) < 1_000  # noqa: PT017 (either outcome is right)
        else:
            assert said(script)
