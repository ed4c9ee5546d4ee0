"""What the readers of foreign formats share: names that can stand in a cast, words that can be spoken, one builder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emogen.errors import InputError
from emogen.pipelines.lines import MAX_PAUSE_S, NARRATOR, Line, Pause, can_be_named, key, plain
from emogen.pipelines.performance.casting import overridden
from emogen.pipelines.performance.script import Element, Framing, Music, Scene, Script
from emogen.pipelines.speech.cast import Cast, Member

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_URL = re.compile(r"\bhttps?://\S+")
_MARKS = re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d\u266a-\u266f]")


def speaker_name(raw: str) -> str | None:
    """A name of up to 40 letters, digits, blanks, dots, ' and -, a letter first; None where nothing is left."""
    words = " ".join(re.sub(r"[^\w .'-]", " ", raw.replace("\u2019", "'").replace("_", " ")).split())
    name = words.strip(" .'-")[:40].strip(" .'-")
    if name and not name[0].isalpha():
        name = f"Speaker {name}"[:40].strip(" .'-")
    return name if name and can_be_named(name) else None


def cased(name: str) -> str:
    """A name in capitals as it is usually written; others as they are."""
    if not name.isupper():
        return name
    return re.sub(r"[^\W\d_]+(?:'[^\W\d_]+)?", lambda m: m[0].capitalize(), name)


def spoken(text: str) -> str:
    """Words without marks that are not spoken: emphasis, addresses of links, emoji, notes of music."""
    text = _URL.sub(" ", _LINK.sub(r"\1", text)).encode("utf-8", "ignore").decode()
    return " ".join(_MARKS.sub(" ", plain(text)).split())


def has_words(text: str) -> bool:
    """Whether there is anything to be said."""
    return any(c.isalnum() for c in text)


@dataclass
class Builder:
    """Collects what happens in a script.

    Args:
        name: Of the file, for messages.
        folder: Of the file.
        cast: Members that override what the file says.
    """

    name: str
    folder: Path
    cast: Cast
    title: str = ""
    language: str = "en"
    members: dict[str, Member] = field(default_factory=dict)
    elements: list[Element] = field(default_factory=list)
    pronouns: Mapping[str, str] = field(default_factory=dict)

    def speaker(self, raw: str, number: int, *, agent: bool = False) -> str:
        """The key of a speaker, who joins the cast.

        Raises:
            InputError: It is no name.
        """
        name = speaker_name(raw)
        if name is None:
            raise InputError(f"{self.name} line {number}", f"{raw[:40]!r} is not a name", "Accepted: up to 40 letters, a letter first.")
        who = key(name)
        if who != NARRATOR and who not in self.members:
            self.members[who] = Member(cased(name), agent=agent)
        return who

    def line(self, number: int, who: str, text: str, *, emotion: str | None = None, hint: str | None = None) -> None:
        """Something said; words that cannot be spoken are left out."""
        text = spoken(text)
        if has_words(text):
            self.elements.append(Line(number, who, text, emotion, hint))

    def pause(self, number: int, seconds: float) -> None:
        """Silence."""
        if seconds > 0.0:
            self.elements.append(Pause(number, min(round(seconds, 3), MAX_PAUSE_S)))

    def scene(self, number: int, words: str) -> None:
        """A place."""
        if has_words(words):
            self.elements.append(Scene(number, " ".join(words.split())))

    def music(self, number: int, emotion: str) -> None:
        """Music, or its end."""
        self.elements.append(Music(number, None if emotion.lower() in ("off", "none", "silence") else emotion))

    def framing(self, number: int, shot: str) -> None:
        """The shot of the next line."""
        self.elements.append(Framing(number, shot))

    def script(self, accepted: str) -> Script:
        """The whole.

        Args:
            accepted: What the file should hold, for the message where nobody says anything.

        Raises:
            InputError: Nobody says anything.
        """
        if not any(isinstance(e, Line) for e in self.elements):
            raise InputError(self.name, "nobody says anything", f"Accepted: {accepted}.")
        speak = {element.role for element in self.elements if isinstance(element, Line)}
        known = {who: member for who, member in self.members.items() if who in speak}
        return Script(
            " ".join(self.title.split()), overridden(known, self.cast), tuple(self.elements), self.language, name=self.name,
            folder=self.folder, visible=True, pronouns=dict(self.pronouns),
        )  # fmt: skip
