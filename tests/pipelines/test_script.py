"""The story format: what is read, and how each slip is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import EmogenError, InputError
from emogen.pipelines.lines import Line, Pause
from emogen.pipelines.performance.readers import parse_script, read_script
from emogen.pipelines.performance.script import Music, Scene

STORY = """---
title: The lamp
cast:
  Mara: {voice: alto, portrait: avatar:ava, personality: {neuroticism: 0.7}}
  Old Tom: {voice: bass}
---
# A room above the sea
[music: calm:0.5]
The lamp had been dark
for three *long* nights. He said: nothing.

MARA (joy:0.6+fear:0.3): Somebody lit it.
Look!
[pause 800ms]
Old Tom (vad(0.1,-0.2,0)): "Is it?" (asked twice)
[music: off]
[scene: The sea | sea.jpg]
narrator: Warning: the end. <!-- not spoken -->
"""


def test_reads_everything_in_order() -> None:
    script = parse_script(STORY, name="lamp.md")
    kinds = [type(e) for e in script.elements]
    assert kinds == [Scene, Music, Line, Line, Pause, Line, Music, Scene, Line]
    lines = [e for e in script.elements if isinstance(e, Line)]
    assert [line.role for line in lines] == ["narrator", "mara", "old tom", "narrator"]
    assert lines[0].text == "The lamp had been dark for three long nights. He said: nothing."
    assert (lines[1].emotion, lines[1].text) == ("joy:0.6+fear:0.3", "Somebody lit it. Look!")
    assert (lines[2].emotion, lines[2].text) == ("vad(0.1,-0.2,0)", '"Is it?" (asked twice)')
    assert lines[3].text == "Warning: the end."
    assert script.elements[4] == Pause(14, 0.8)
    assert script.elements[6] == Music(16, None)
    assert script.elements[7] == Scene(17, "The sea", "sea.jpg")
    assert script.cast["mara"].personality == {"neuroticism": 0.7}
    assert script.title == "The lamp"


def test_quotes_and_brackets_in_an_emotion() -> None:
    script = parse_script('---\ncast: {A: {}}\n---\nA ("a (very) quiet voice"): Hush.\n')
    (line,) = (e for e in script.elements if isinstance(e, Line))
    assert line.emotion == '"a (very) quiet voice"'


@pytest.mark.parametrize(
    ("text", "needles"),
    [
        ("", ["nobody says anything"]),
        ("---\ntitle: x\n---\n\n[pause 1s]\n", ["nobody says anything"]),
        ("MARA: Hello.", ["line 1", '"MARA" has no entry in the cast']),
        ("---\ncast: {Mara: {}}\n---\nMarra (joy): Hello.", ["line 4", '"Marra"', 'Did you mean "Mara"']),
        ("---\ncast: {Mara: {voise: alto}}\n---\nMARA: Hello.", ['unknown field "voise"', 'Did you mean "voice"']),
        ("---\ncast: {Mara: alto}\n---\nMARA: Hello.", ["cast, Mara", "alto"]),
        ("---\ncast: {Mara: {personality: {openness: 3}}}\n---\nMARA: Hello.", ["openness", "0 to 1"]),
        ("---\ntitle: [x\n---\nHello.", ["line", "not YAML"]),
        ("---\na: &a [1]\nb: *a\n---\nHello.", ["not YAML"]),
        ("---\ntitle: x\nHello.", ["no closing ---"]),
        ("---\ntilte: x\n---\nHello.", ['Did you mean "title"']),
        ("---\ncast: {Mara: {}}\n---\nMARA (joy: Hello.", ["line 4", "not closed"]),
        ("---\ncast: {Mara: {}}\n---\nMARA (joy):", ["line 4", "says nothing"]),
        ("Hello.\n[pause forever]", ["line 2", "not a length"]),
        ("Hello.\n[pause 90s]", ["line 2", "60"]),
        ("Hello.\n[dance: wildly]", ["line 2", "unknown direction"]),
        ("Hello.\n[music: joy", ["line 2", "not closed"]),
        ("Hello.\0", ["NUL"]),
    ],
)
def test_slips_are_answered_with_their_place(text: str, needles: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_script(text, name="story.md")
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("story.md")
    for needle in needles:
        assert needle in str(caught.value)


def test_files_that_are_no_stories(tmp_path: Path) -> None:
    binary = tmp_path / "photo.md"
    binary.write_bytes(b"\xff\xd8\xff\xe0" * 10)
    with pytest.raises(InputError, match="not UTF-8"):
        read_script(binary)
    with pytest.raises(InputError, match="no such file"):
        read_script(tmp_path / "none.md")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from('MARA mara:()[]-#\n"joy0.8+>;{}&*\\_|!é\t'), max_size=200))
def test_any_text_is_a_story_or_a_plain_refusal(text: str) -> None:
    try:
        script = parse_script(text)
    except EmogenError as error:
        assert len(str(error)) < 1_000  # noqa: PT017 (either outcome is right)
    else:
        assert any(isinstance(e, Line) and e.text for e in script.elements)


def test_words_of_front_matter_are_no_truth_values() -> None:
    script = parse_script("---\nsubtitles: off\nmusic: off\ncast:\n  No: {portrait: no}\n---\nNo: We won.\n")
    assert (script.composition["subtitles"], script.music, script.cast["no"].portrait) == ("off", "off", "no")
