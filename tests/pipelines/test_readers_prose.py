"""Prose as a script: quotes of all kinds, who says them, what is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import EmogenError, InputError
from emogen.pipelines.lines import Line
from emogen.pipelines.performance.readers import read_script
from emogen.pipelines.performance.readers.manners import manner
from emogen.pipelines.performance.readers.prose import parse_prose
from emogen.pipelines.performance.readers.quotes import pieces
from emogen.pipelines.performance.script import Scene, Script

STORY = """Chapter One

The lamp had been dark for three nights. Mara stood at the window and pressed her hand against the glass.

\u201cHe promised,\u201d she whispered, \u201cthat he would never let it go out.\u201d

Tom shook his head. \u201cWait. Did you hear that?\u201d

\u201cHear what?\u201d

\u201cSomebody is up there,\u201d said Tom, and he reached for the door.

\u201cWhoever you are, come down!\u201d Mara shouted.

Nobody answered. The old captain came slowly down the stairs.

\u201cIt's me,\u201d said the captain quietly. \u201cI came back.\u201d

\u201cFather!\u201d she sobbed.

* * *

All night long the light swept over the water.
"""


def read(text: str) -> Script:
    return parse_prose(text, {}, name="story.txt")


def said(script: Script) -> list[tuple[str, str]]:
    return [(e.role, e.text) for e in script.elements if isinstance(e, Line)]


def test_a_story() -> None:
    script = read(STORY)
    assert said(script) == [
        ("narrator", "The lamp had been dark for three nights. Mara stood at the window and pressed her hand against the glass."),
        ("mara", "He promised, that he would never let it go out."),
        ("narrator", "Tom shook his head."),
        ("tom", "Wait. Did you hear that?"),
        ("mara", "Hear what?"),
        ("tom", "Somebody is up there."),
        ("narrator", "Tom reached for the door."),
        ("mara", "Whoever you are, come down!"),
        ("narrator", "Nobody answered. The old captain came slowly down the stairs."),
        ("captain", "It's me. I came back."),
        ("mara", "Father!"),
        ("narrator", "All night long the light swept over the water."),
    ]
    assert script.pronouns == {"mara": "she", "tom": "he"}
    assert isinstance(script.elements[0], Scene)
    hints = {e.number: e.hint for e in script.elements if isinstance(e, Line)}
    assert hints[19] == "sadness:1"
    assert str(hints[5]).startswith("vad(")
    assert hints[9] is None


CARROLL = """'Oh dear! Oh dear! I shall be late!' said the Rabbit to itself.

The Caterpillar and Alice looked at each other for some time in silence.

'Who are you?' said the Caterpillar.

Alice replied, rather shyly, 'I hardly know, sir, just at present.'

'What do you mean by that?' said the Caterpillar sternly. 'Explain yourself!'

'I can't explain myself, I'm afraid, sir,' said Alice, 'because I'm not myself, you see.'

'I don't see,' said the Caterpillar. The wind sighed in the trees.
"""


def test_a_classic() -> None:
    script = read(CARROLL)
    assert said(script) == [
        ("rabbit", "Oh dear! Oh dear! I shall be late!"),
        ("narrator", "The Caterpillar and Alice looked at each other for some time in silence."),
        ("caterpillar", "Who are you?"),
        ("alice", "I hardly know, sir, just at present."),
        ("caterpillar", "What do you mean by that? Explain yourself!"),
        ("alice", "I can't explain myself, I'm afraid, sir, because I'm not myself, you see."),
        ("caterpillar", "I don't see."),
        ("narrator", "The wind sighed in the trees."),
    ]
    assert [m.name for m in script.cast.values()] == ["Rabbit", "Caterpillar", "Alice"]


@pytest.mark.parametrize("text", [
    "\u201cDon't go,\u201d said Ann.", '"Don\'t go," said Ann.', "\u00abDon't go,\u00bb said Ann.", "\u201eDon't go,\u201c said Ann.",
    "\u2018Don\u2019t go,\u2019 said Ann.", "'Don't go,' said Ann.", "-- Don't go, said Ann.", "\u2014 Don't go, Ann said.",
    'Ann said: "Don\'t go."',
    'Ann turned. "Don\'t go."\n\nBob looked at Ann.',
])  # fmt: skip
def test_quotes_of_all_kinds(text: str) -> None:
    who, words = next((who, words) for who, words in said(read(text)) if who != "narrator")
    assert who == "ann"
    assert words.replace("\u2019", "'") == "Don't go."


def test_apostrophes_and_lengths_are_no_quotes() -> None:
    assert [p.said for p in pieces("It's the dogs' house, isn't it?")] == [False]
    assert [p.said for p in pieces("He was 5'10\" tall.")] == [False]


def test_turns_are_taken_where_nothing_is_said() -> None:
    text = '"One," said Ann.\n\n"Two," said Bob.\n\n"Three."\n\n"Four."\n\n"Five."\n'
    assert [who for who, _ in said(read(text))] == ["ann", "bob", "ann", "bob", "ann"]


def test_a_quote_that_goes_on_in_the_next_paragraph() -> None:
    text = '"One," said Ann.\n\n"Two," said Bob.\n\n\u201cThree is long.\n\n\u201cAnd goes on.\u201d\n\n\u201cFour.\u201d\n'
    assert [who for who, _ in said(read(text))] == ["ann", "bob", "ann", "ann", "bob"]


def test_a_dialogue_without_narration(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ANN (joy): We won!\nBo: Did we?\n[pause 1s]\nANN: Yes.\n", encoding="utf-8")
    script = read_script(tmp_path / "a.txt")
    assert said(script) == [("ann", "We won!"), ("bo", "Did we?"), ("ann", "Yes.")]
    assert script.elements[0].emotion == "joy"
    assert script.cast["ann"].name == "Ann"
    (tmp_path / "a.docx").write_bytes(b"PK")
    with pytest.raises(InputError, match="suffix"):
        read_script(tmp_path / "a.docx")
    with pytest.raises(InputError, match="no such file"):
        read_script(tmp_path / "none.txt")


@pytest.mark.parametrize(("words", "found"), [
    ("whispering", "vad("), ("through tears", "sadness"), ("very angrily", "anger:1"), ("slightly nervous", "nervousness:0.4"),
    ("crying", "sadness"), ("through clenched teeth", "anger"), ("to Tom", None), ("beat", None), ("into the phone", None),
    ("in Spanish", None), ("CONT'D", None), ("", None),
])  # fmt: skip
def test_hints_of_how_something_is_said(words: str, found: str | None) -> None:
    hint = manner(words)
    assert (hint is None) if found is None else str(hint).startswith(found)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("Ann said she Bob \u201c\u201d\"'\u2018\u2019\u00ab\u00bb\u2014-,.!?\n\n*#\0é"), max_size=160))
def test_any_text_is_prose_or_a_plain_refusal(text: str) -> None:
    try:
        script = read(text)
    except EmogenError as error:
        assert len(str(error)) < 1_000  # noqa: PT017 (either outcome is right)
    else:
        assert all(words.strip() for _, words in said(script))
