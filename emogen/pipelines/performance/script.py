"""`Script`: what is said and what happens, in order, as a script of any format says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emogen.pipelines.lines import Line, Pause
from emogen.pipelines.speech.cast import Member


@dataclass(frozen=True)
class Music:
    """From here on music with this emotion; None ends it."""

    number: int
    emotion: str | None


@dataclass(frozen=True)
class Scene:
    """From here on this scene; `picture` is a path in the script's folder."""

    number: int
    words: str
    picture: str | None = None


@dataclass(frozen=True)
class Framing:
    """The next line is seen in this shot."""

    number: int
    shot: str


Element = Line | Pause | Music | Scene | Framing


@dataclass(frozen=True)
class Script:
    """A script as it is written.

    Attributes:
        title: Of the whole; may be empty.
        cast: Who is known, by key of the name.
        elements: What happens, in order.
        language: Of those who have none of their own.
        music: Of the whole: an emotion, "off", or None: as the elements say.
        name: Of the file, for messages.
        folder: Where pictures and references are looked for; they may not lie elsewhere.
        composition: aspect, resolution, fps and subtitles where the script names them.
        visible: Whether a speaker without a portrait gets one: for formats that have no way to name it.
        pronouns: Key of a speaker -> "she" or "he" where the script's own words say so.
    """

    title: str
    cast: dict[str, Member] = field(hash=False)
    elements: tuple[Element, ...]
    language: str = "en"
    music: str | None = None
    name: str = "script"
    folder: Path = field(default=Path(), compare=False)
    composition: Mapping[str, Any] = field(default_factory=dict, hash=False)
    visible: bool = False
    pronouns: Mapping[str, str] = field(default_factory=dict, hash=False)
