"""The written story: Markdown -> `Script`.

    ---
    title: The lighthouse
    cast:
      Mara: {voice: alto, portrait: avatar:ava, personality: {neuroticism: 0.7}}
      Tom: {voice: tenor, portrait: tom.jpg}
      narrator: {voice: narrator}
    ---
    # A room above the sea
    [music: calm:0.5]
    The lamp had been dark for three nights.
    MARA (0s fear; 2s hope): Somebody lit it again.
    [pause 1.5s]
    Tom: That can't be.

A paragraph without a name is narration (so is `narrator: ...`, for one that begins like a name). An emotion in
parentheses is optional; without one, the words decide. `[music: EMOTION]` starts music, `[music: off]` ends it;
`[scene: WORDS]` or `[scene: WORDS | picture.jpg]` sets the scene (a heading does too); `<!-- ... -->` is not spoken.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emogen.errors import InputError
from emogen.pipelines.lines import (
    NARRATOR,
    Line,
    Named,
    Pause,
    elements,
    key,
    lines_of,
    only_known,
    pause,
    read_source,
    read_yaml,
    traits,
)

#: The voice of whoever the cast gives none, in order of appearance.
DEFAULT_VOICES = ("alto", "tenor", "soprano", "bass")
CAST_FIELDS = ("voice", "portrait", "personality")
FRONT_FIELDS = ("title", "cast", "music", "language", "size", "fps")
_DIRECTIVE = re.compile(r"^\[\s*(\w+)\s*:?\s*(.*?)\s*\]$")
_STORY = "a story in Markdown"


@dataclass(frozen=True)
class Role:
    """A member of the cast.

    Attributes:
        name: As written in the cast.
        voice: A voice of the speech pipeline; None for the default by order of appearance.
        portrait: `avatar:NAME`, `sample:NAME` or a picture's path in the script's folder; None shows the scene.
        personality: Trait -> 0..1 (openness, conscientiousness, extraversion, agreeableness, neuroticism).
    """

    name: str
    voice: str | None = None
    portrait: str | None = None
    personality: dict[str, float] = field(default_factory=dict, hash=False)


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


Element = Line | Pause | Music | Scene


@dataclass(frozen=True)
class Script:
    """A story: its front matter and what happens, in order."""

    title: str
    cast: dict[str, Role] = field(hash=False)
    elements: tuple[Element, ...]
    language: str = "en"
    music: str | None = None
    name: str = "script"


def read_script(path: str | Path) -> Script:
    """Reads a story from a file.

    Raises:
        InputError: The file is missing, not text, too large, or not a story; with the line.
    """
    return parse_script(read_source(path, _STORY), name=Path(path).name)


def parse_script(text: str, *, name: str = "script") -> Script:
    """Parses a story.

    Raises:
        InputError: With `name` and the line number, what was found and what is accepted.
    """
    lines = lines_of(text, name, _STORY)
    front, first = _front_matter(lines, name)
    cast = _cast(front.get("cast"), name)
    happening = tuple(
        elements(
            lines, first, name, cast=cast, said=lambda named, where: _speaker(named, cast, where),
            direction=_direction, heading=Scene,
        )
    )  # fmt: skip
    if not any(isinstance(e, Line) for e in happening):
        raise InputError(name, "nobody says anything", "Write narration, or lines such as `MARA (joy:0.8): We won.`")
    title = front.get("title") or Path(name).stem
    if not isinstance(title, (str, int, float)):
        raise InputError(f"{name}, title", f"found {type(title).__name__}", "Accepted: words.")
    language, music = front.get("language", "en"), front.get("music")
    for part, value in (("language", language), ("music", music)):
        if value is not None and not isinstance(value, str):
            raise InputError(f"{name}, {part}", f"found {value!r}", "Accepted: words.")
    return Script(str(title), cast, happening, language, music, name)


def _front_matter(lines: list[str], name: str) -> tuple[dict[str, Any], int]:
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[start].strip() != "---":
        return {}, 0
    end = next((i for i in range(start + 1, len(lines)) if lines[i].strip() == "---"), None)
    if end is None:
        raise InputError(f"{name} line {start + 1}", "the front matter has no closing ---")
    front, _ = read_yaml("\n".join(lines[start + 1 : end]), name, "the front matter", start + 2)
    front = front or {}
    if not isinstance(front, dict):
        raise InputError(f"{name} line {start + 2}", "the front matter is not a list of fields", "Write `title: ...`.")
    only_known(front, FRONT_FIELDS, f"{name}, front matter")
    return front, end + 1


def _cast(found: Any, name: str) -> dict[str, Role]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InputError(f"{name}, cast", f"found {type(found).__name__}", "Write one `NAME: {voice: alto}` a line.")
    cast: dict[str, Role] = {}
    for who, entry in found.items():
        where = f"{name}, cast, {who}"
        if not isinstance(entry, (dict, type(None))):
            raise InputError(where, f"found {entry!r}", "Write fields: {voice: alto, portrait: avatar:ava}.")
        entry = entry or {}
        only_known(entry, CAST_FIELDS, where)
        for part in ("voice", "portrait"):
            if not isinstance(entry.get(part, ""), (str, type(None))):
                raise InputError(f"{where}, {part}", f"found {entry[part]!r}", "Accepted: words.")
        personality = traits(entry.get("personality"), f"{where}, personality")
        cast[key(str(who))] = Role(str(who), entry.get("voice"), entry.get("portrait"), personality)
    return cast


def _speaker(found: Named, cast: dict[str, Role], where: str) -> str:
    """The key of who says a line."""
    who = key(found.name)
    if who not in cast and who != NARRATOR:
        near = difflib.get_close_matches(who, cast, n=1)
        hint = f'Did you mean "{cast[near[0]].name}"? ' if near else ""
        known = ", ".join(r.name for r in cast.values()) or "empty"
        raise InputError(where, f'"{found.name}" has no entry in the cast', f"{hint}The cast is: {known}.")
    return who


def _direction(line: str, number: int, where: str) -> Element:
    accepted = "Accepted: [music: EMOTION], [music: off], [scene: WORDS | picture.jpg], [pause 1.5s]."
    match = _DIRECTIVE.match(line)
    if match is None:
        raise InputError(where, f"{line[:40]!r} is not closed or not a direction", accepted)
    name, value = match[1].lower(), match[2]
    if name == "music" and value:
        return Music(number, None if value.lower() in {"off", "none", "silence"} else value)
    if name == "scene" and value:
        words, _, picture = value.partition("|")
        return Scene(number, words.strip(), picture.strip() or None)
    if name == "pause":
        return pause(value, number, where)
    raise InputError(where, f"unknown direction {line[:60]}", accepted)
