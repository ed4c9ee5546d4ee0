"""Screenplays in Fountain: what is read of the syntax, and that no text makes a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import EmogenError, InputError
from emogen.pipelines.lines import Line, Pause
from emogen.pipelines.performance.readers import read_script
from emogen.pipelines.performance.readers.fountain import parse_fountain
from emogen.pipelines.performance.script import Framing, Scene, Script

SCREENPLAY = """Title:
    _**The Lamp**_
Credit: Written by
Author: Nobody
Draft date: 1/1/2026

= A synopsis that is not read.

# Act One

EXT. GULL POINT - NIGHT #1#

Waves. The LIGHTHOUSE stands dark. MARA (30s) waits. [[check the weather]]

MARA
(whispering)
He promised he would never let it go out.
(beat)
He promised!

OLD TOM (V.O.)
Wait. Did you *hear* that?

MARA ^
(angry)
Whoever you are, come down!

/* cut this
whole part */

CUT TO:

.THE LANTERN ROOM

@McAdam
~It is burning, burning!

!THE END.

> FADE OUT.
"""


def read(text: str) -> Script:
    return parse_fountain(text, {}, name="lamp.fountain")


def test_all_of_the_syntax() -> None:
    script = read(SCREENPLAY)
    assert script.title == "The Lamp"
    assert [m.name for m in script.cast.values()] == ["Mara", "Old Tom", "McAdam"]
    lines = [e for e in script.elements if isinstance(e, Line)]
    assert [(line.role, line.text) for line in lines] == [
        ("narrator", "Waves. The lighthouse stands dark. Mara waits."),
        ("mara", "He promised he would never let it go out."),
        ("mara", "He promised!"),
        ("old tom", "Wait. Did you hear that?"),
        ("mara", "Whoever you are, come down!"),
        ("mcadam", "It is burning, burning!"),
        ("narrator", "The end."),
    ]
    assert [e.words for e in script.elements if isinstance(e, Scene)] == ["Gull Point, night", "The Lantern Room"]
    assert lines[1].number == 17
    assert script.elements[3] == Pause(18, 0.8)
    assert lines[4].hint is not None
    assert lines[4].hint.startswith("anger")
    assert Framing(22, "picture") in script.elements  # V.O. is not seen
    assert script.visible


def test_what_is_no_cue() -> None:
    script = read("BANG! THE DOOR.\n\nANNA\nHi.\n\nA VOICE\n\nFADE IN:\n\nINT. HOUSE\n\nMAN #2 (O.S.)\nHo.\n")
    said = [(e.role, e.text) for e in script.elements if isinstance(e, Line)]
    assert said == [("narrator", "Bang! The door."), ("anna", "Hi."), ("narrator", "A voice"), ("man 2", "Ho.")]


def test_suffixes_and_content(tmp_path: Path) -> None:
    for name in ("a.fountain", "b.spmd", "c.txt"):
        (tmp_path / name).write_text(SCREENPLAY, encoding="utf-8")
        assert list(read_script(tmp_path / name).cast) == ["mara", "old tom", "mcadam"]
    (tmp_path / "d.fountain").write_bytes(SCREENPLAY.replace("\n", "\r\n").encode("utf-16"))
    assert len(read_script(tmp_path / "d.fountain").elements) == len(read(SCREENPLAY).elements)
    (tmp_path / "e.fountain").write_bytes("Café".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_script(tmp_path / "e.fountain")
    with pytest.raises(InputError, match="nobody says anything"):
        read("Title: x\n\n= nothing\n")


def test_a_cast_overrides_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.fountain").write_text(SCREENPLAY, encoding="utf-8")
    (tmp_path / "cast.yaml").write_text("Mara: {voice: soprano}\n", encoding="utf-8")
    cast = read_script(tmp_path / "a.fountain", tmp_path / "cast.yaml").cast
    assert cast["mara"].voice == "soprano"
    assert cast["old tom"].voice is None


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ANNA bob\n\n().:@!>~#=*_[]/^-INT.\t\0é"), max_size=200))
def test_any_text_is_a_screenplay_or_a_plain_refusal(text: str) -> None:
    try:
        script = read(text)
    except EmogenError as error:
        assert len(str(error)) < 1_000  # noqa: PT017 (either outcome is right)
    else:
        assert any(isinstance(e, Line) and e.text for e in script.elements)
