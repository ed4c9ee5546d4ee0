"""A story in Markdown -> `Script`.

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
    [shot: head]
    Tom: That can't be.

A paragraph without a name is narration (so is `narrator: ...`, for one that begins like a name). An emotion in
parentheses is optional; without one, the words decide. `[music: EMOTION]` starts music, `[music: off]` ends it;
`[scene: WORDS]` or `[scene: WORDS | picture.jpg]` sets the scene (a heading does too); `[shot: head|bust|two|picture]`
is for the next line; `<!-- ... -->` is not spoken.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

from emogen.errors import InputError
from emogen.pipelines.lines import NARRATOR, Line, Named, elements, key, lines_of, only_known, pause, read_yaml
from emogen.pipelines.performance.casting import overridden
from emogen.pipelines.performance.plan import SHOTS
from emogen.pipelines.performance.script import Element, Framing, Music, Scene, Script
from emogen.pipelines.speech.cast import Cast, cast_of

#: Of `Composition`, which checks them.
COMPOSITION = ("aspect", "resolution", "fps", "subtitles")
FRONT_FIELDS = ("title", "cast", "music", "language", *COMPOSITION)
_DIRECTIVE = re.compile(r"^\[\s*(\w+)\s*:?\s*(.*?)\s*\]$")
_STORY = "a story in Markdown"


def parse_markdown(text: str, cast: Cast, *, name: str = "script", folder: Path = Path()) -> Script:
    """Parses a story.

    Args:
        text: The story.
        cast: Members that override those of the front matter.
        name: Of the file, for messages.
        folder: Of the file.

    Raises:
        InputError: With `name` and the line number, what was found and what is accepted.
    """
    lines = lines_of(text, name, _STORY)
    front, first, where = _front_matter(lines, name)
    known = overridden(_cast(front.get("cast"), where, folder), cast)
    happening = tuple(
        elements(
            lines, first, name, cast=known, said=lambda found, place: _speaker(found, known, place),
            direction=_direction, heading=Scene,
        )
    )  # fmt: skip
    if not any(isinstance(e, Line) for e in happening):
        raise InputError(name, "nobody says anything", "Write narration, or lines such as `MARA (joy:0.8): We won.`")
    title = front.get("title") or ""
    if not isinstance(title, (str, int, float)):
        raise InputError(f"{where('title')}, title", f"found {type(title).__name__}", "Accepted: words.")
    language, music = front.get("language", "en"), front.get("music")
    for part, value in (("language", language), ("music", music)):
        if value is not None and not isinstance(value, str):
            raise InputError(f"{where(part)}, {part}", f"found {value!r:.40}", "Accepted: words.")
    composition = {part: front[part] for part in COMPOSITION if front.get(part) is not None}
    return Script(str(title), known, happening, language or "en", music, name, folder, composition)


def _front_matter(lines: list[str], name: str) -> tuple[dict[str, Any], int, Any]:
    """The fields, the index of the first line after them, and what tells the place of a field."""
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[start].strip() != "---":
        return {}, 0, lambda *_: name
    end = next((i for i in range(start + 1, len(lines)) if lines[i].strip() == "---"), None)
    if end is None:
        raise InputError(f"{name} line {start + 1}", "the front matter has no closing ---")
    front, places = read_yaml("\n".join(lines[start + 1 : end]), name, "the front matter", start + 2)
    front = front or {}
    if not isinstance(front, dict):
        raise InputError(f"{name} line {start + 2}", "the front matter is not a list of fields", "Write `title: ...`.")
    only_known(front, FRONT_FIELDS, f"{name}, front matter")

    def where(*keys: str) -> str:
        number = next((places[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in places), None)
        return name if number is None else f"{name} line {number}"

    return front, end + 1, where


def _cast(found: Any, where: Any, folder: Path) -> dict[str, Any]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        place = f"{where('cast')}, cast"
        raise InputError(place, f"found {type(found).__name__}", "Write one `NAME: {voice: alto}` a line.")
    return cast_of(found, lambda *keys: f"{where('cast', *keys)}, cast", folder)


def _speaker(found: Named, cast: Cast, where: str) -> str:
    """The key of who says a line."""
    who = key(found.name)
    if who not in cast and who != NARRATOR:
        near = difflib.get_close_matches(who, cast, n=1)
        hint = f'Did you mean "{cast[near[0]].name}"? ' if near else ""
        known = ", ".join(member.name for member in cast.values()) or "empty"
        raise InputError(where, f'"{found.name}" has no entry in the cast', f"{hint}The cast is: {known}.")
    return who


def _direction(line: str, number: int, where: str) -> Element:
    accepted = "Accepted: [music: EMOTION], [music: off], [scene: WORDS | picture.jpg], [shot: head], [pause 1.5s]."
    match = _DIRECTIVE.match(line)
    if match is None:
        raise InputError(where, f"{line[:40]!r} is not closed or not a direction", accepted)
    name, value = match[1].lower(), match[2]
    if name == "music" and value:
        return Music(number, None if value.lower() in {"off", "none", "silence"} else value)
    if name == "scene" and value:
        words, _, picture = value.partition("|")
        return Scene(number, words.strip(), picture.strip() or None)
    if name == "shot" and value:
        if value.lower() not in SHOTS:
            raise InputError(where, f"unknown shot {value[:40]!r}", f"Accepted: {', '.join(SHOTS)}.")
        return Framing(number, value.lower())
    if name == "pause":
        return pause(value, number, where)
    raise InputError(where, f"unknown direction {line[:60]}", accepted)
