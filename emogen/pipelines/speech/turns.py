"""A written dialogue -> turns: who says what, with which emotion, and how one turn follows another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emogen.conditioning.reference import FolderResolver
from emogen.conditioning.spec import parse
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, InputError
from emogen.pipelines.lines import (
    NARRATOR,
    Line,
    Named,
    Pause,
    elements,
    key,
    lines_of,
    named,
    pause,
    plain,
    read_source,
)
from emogen.pipelines.speech.cast import Cast
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.ssml import is_ssml, sentences_of

_DIALOGUE = "a dialogue, one `NAME: words` a line"
_CUT_OFF = re.compile(r"\s*(?:-{2,}|\u2014)\s*([\"'\u201d\u2019)]*)$")
_PICKED_UP = re.compile(r"^([\"'\u201c\u2018(]*)\s*(?:-{2,}|\u2014)\s*")
_DIRECTION = re.compile(r"^\[\s*pause\b\s*:?\s*(.*?)\s*\]$", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """What one speaker says in one go.

    Attributes:
        number: Its line in the text.
        who: Key of the speaker.
        text: As written.
        said: As given to the voice: without the dashes of an interruption, SSML where the speaker's lines are.
        sentences: The words, sentence by sentence, as they are read for their feeling.
        written: The emotion that stands there; None: the words decide.
        before_s: The silence that is asked for before it; None: as turns follow each other.
        cut_off: Whether the next speaker interrupts it.
    """

    number: int
    who: str
    text: str
    said: str
    sentences: tuple[str, ...]
    written: EmotionTrack | None
    before_s: float | None
    cut_off: bool


@dataclass(frozen=True)
class Dialogue:
    """A dialogue as it is written.

    Attributes:
        elements: Lines and pauses, in order.
        names: Who speaks, as first written, in order of appearance.
        name: Of the file, for messages.
        folder: Where files named in emotions are looked for; they may not lie elsewhere.
    """

    elements: tuple[Line | Pause, ...]
    names: tuple[str, ...]
    name: str = "dialogue"
    folder: Path = Path()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is said, in order."""
        return tuple(e for e in self.elements if isinstance(e, Line))


def is_dialogue(text: str) -> bool:
    """Whether a text is a dialogue: its first words have a name before them, and some others too."""
    count = 0
    for raw in lines_of(text, "text", _DIALOGUE):
        line = raw.strip()
        if not line or line == "---" or line.startswith(("#", "[")):
            continue
        try:
            count += named(line, "") is not None
        except InputError:
            count += 1
        if count != 1:
            return count > 1
    return False


def read_dialogue(given: Any, cast: Cast, folder: str | Path | None = None) -> Dialogue:
    """A dialogue from a text with line breaks or a name at its begin, or from the path of a file.

    Args:
        given: The text, the path, or a `Dialogue`, which is given back.
        cast: Who is known; lines of these need no capital letters.
        folder: Of files named in emotions; None: the file's own, of a text the current one.

    Raises:
        InputError: With file and line, what was found and what is accepted.
        LimitError: Larger or longer than the limits.
    """
    if isinstance(given, Dialogue):
        return given
    if isinstance(given, Path) or _is_path(given):
        path = Path(given)
        return parse_dialogue(read_source(path, _DIALOGUE), cast, path.name, Path(folder or path.parent))
    if not isinstance(given, str):
        raise InputError("dialogue", f"found {type(given).__name__}", f"Accepted: {_DIALOGUE}, or a .txt file.")
    return parse_dialogue(given, cast, "dialogue", Path(folder or "."))


def _is_path(given: Any) -> bool:
    """Whether words name a text file: one that is there, or could be, since no line begins so."""
    if not isinstance(given, str) or not given.endswith(".txt") or "\n" in given or "\0" in given:
        return False
    return Path(given).is_file() or named(given, "dialogue") is None


def parse_dialogue(text: str, cast: Cast, name: str = "dialogue", folder: Path = Path()) -> Dialogue:
    """A dialogue from its text; arguments and errors as `read_dialogue`."""
    names: dict[str, str] = {}

    def said(found: Named, where: str) -> str:
        names.setdefault(key(found.name), found.name)
        return key(found.name)

    def clean(who: str, words: str) -> str:
        return words.strip() if who in cast and cast[who].ssml else plain(words)

    lines = lines_of(text, name, _DIALOGUE)
    happening = elements(
        lines, 0, name, cast=cast, said=said, direction=_direction, heading=lambda *_: None, clean=clean
    )  # fmt: skip
    if not names:
        raise InputError(name, "nobody says anything", "Write lines such as `MARA (joy:0.8): We won.`")
    order = dict.fromkeys(e.role for e in happening if isinstance(e, Line))
    written = {who: cast[who].name if who in cast else names.get(who, NARRATOR) for who in order}
    return Dialogue(tuple(happening), tuple(written.values()), name, folder)


def _direction(line: str, number: int, where: str) -> Pause:
    match = _DIRECTION.match(line)
    if match is None:
        raise InputError(where, f"unknown direction {line[:60]}", "Accepted in a dialogue: [pause 1.5s].")
    return pause(match[1], number, where)


def turns_of(dialogue: Dialogue, cast: Cast, language: str) -> tuple[list[Turn], float]:
    """The turns, each checked as if it were spoken, and the silence behind the last one, in s.

    Args:
        dialogue: As read.
        cast: Everybody who speaks.
        language: Of those who have none of their own.

    Raises:
        InputError: An emotion or words that cannot be used; with file and line.
    """
    resolver = FolderResolver(dialogue.folder, escape=False)
    found: list[Turn] = []
    silence: float | None = None
    for element in dialogue.elements:
        if isinstance(element, Pause):
            silence = (silence or 0.0) + element.seconds
            continue
        member = cast[element.role]
        try:
            said, cut_off = _said(element.text, member.ssml)
            sentences, _ = sentences_of(said, find_language(member.language or language))
            asked = element.emotion if element.emotion and element.emotion.lower() != "auto" else None
            written = None if asked is None else EmotionTrack.of(parse(asked, resolver=resolver))
        except InputError as error:
            raise at_line(dialogue.name, element.number, error) from error
        words = tuple(sentence.text for sentence in sentences)
        found.append(Turn(element.number, element.role, element.text, said, words, written, silence, cut_off))
        silence = None
    return found, silence or 0.0


def _said(text: str, ssml: bool) -> tuple[str, bool]:
    """What the voice is given to say, and whether the turn is cut off."""
    if is_ssml(text):
        if not ssml:
            raise InputError("text", "is SSML, which this speaker does not have", "Write `ssml: true` in the cast.")
        return text, False
    said = _CUT_OFF.sub(r"\1", _PICKED_UP.sub(r"\1", text))
    return (f"<speak>{said}</speak>" if ssml else said), _CUT_OFF.search(text) is not None


def at_line(name: str, number: int, error: EmogenError) -> EmogenError:
    """An error with the place in the dialogue that it is about."""
    return type(error)(f"{name} line {number}, {error.where}", error.found, error.accepted)
