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

import yaml

from emogen.conditioning.personality import TRAITS
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS

NARRATOR = "narrator"
#: The voice of whoever the cast gives none, in order of appearance.
DEFAULT_VOICES = ("alto", "tenor", "soprano", "bass")
CAST_FIELDS = ("voice", "portrait", "personality")
FRONT_FIELDS = ("title", "cast", "music", "language", "size", "fps")
MAX_PAUSE_S = 60.0
_DIRECTIVE = re.compile(r"^\[\s*(\w+)\s*:?\s*(.*?)\s*\]$")
_NAMED = re.compile(r"^(?P<name>[^\W\d_][\w .'-]{0,39}?)\s*(?P<rest>[:(].*)$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


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
class Line:
    """Something said: by whom, what, and the emotion as written (None: the words decide)."""

    number: int
    role: str
    text: str
    emotion: str | None = None


@dataclass(frozen=True)
class Pause:
    """Silence, in seconds."""

    number: int
    seconds: float


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


class _PlainLoader(yaml.SafeLoader):
    """YAML without anchors and aliases, which can make a small file enormous."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        return super().compose_node(parent, index)


def read_script(path: str | Path) -> Script:
    """Reads a story from a file.

    Raises:
        InputError: The file is missing, not text, too large, or not a story; with the line.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(str(path), "no such file", "Accepted: a story in Markdown.")
    if path.stat().st_size > LIMITS.script_bytes:
        raise LimitError(
            str(path), f"{path.stat().st_size} bytes", f"The limit is {LIMITS.script_bytes} (limits.script_bytes)."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(str(path), "is not UTF-8 text", "Accepted: a story in Markdown.") from error
    return parse_script(text, name=path.name)


def parse_script(text: str, *, name: str = "script") -> Script:
    """Parses a story.

    Raises:
        InputError: With `name` and the line number, what was found and what is accepted.
    """
    if "\0" in text:
        raise InputError(name, "is not text (it holds NUL bytes)", "Accepted: a story in Markdown.")
    blank = _COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text)
    lines = blank.splitlines()
    if len(lines) > LIMITS.script_lines:
        raise LimitError(name, f"{len(lines)} lines", f"The limit is {LIMITS.script_lines} (limits.script_lines).")
    front, first = _front_matter(lines, name)
    cast = _cast(front.get("cast"), name)
    elements = tuple(_elements(lines, first, cast, name))
    if not any(isinstance(e, Line) for e in elements):
        raise InputError(name, "nobody says anything", "Write narration, or lines such as `MARA (joy:0.8): We won.`")
    title = front.get("title") or Path(name).stem
    if not isinstance(title, (str, int, float)):
        raise InputError(f"{name}, title", f"found {type(title).__name__}", "Accepted: words.")
    language, music = front.get("language", "en"), front.get("music")
    for key, value in (("language", language), ("music", music)):
        if value is not None and not isinstance(value, str):
            raise InputError(f"{name}, {key}", f"found {value!r}", "Accepted: words.")
    return Script(str(title), cast, elements, language, music, name)


def _front_matter(lines: list[str], name: str) -> tuple[dict[str, Any], int]:
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[start].strip() != "---":
        return {}, 0
    end = next((i for i in range(start + 1, len(lines)) if lines[i].strip() == "---"), None)
    if end is None:
        raise InputError(f"{name} line {start + 1}", "the front matter has no closing ---")
    try:
        front = yaml.load("\n".join(lines[start + 1 : end]), Loader=_PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = start + 2 + mark.line if mark else start + 1
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{name} line {line}", f"the front matter is not YAML ({reason})") from error
    front = front or {}
    if not isinstance(front, dict):
        raise InputError(f"{name} line {start + 2}", "the front matter is not a list of fields", "Write `title: ...`.")
    _known(front, FRONT_FIELDS, f"{name}, front matter")
    return front, end + 1


def _known(found: dict[Any, Any], accepted: tuple[str, ...], where: str) -> None:
    for key in found:
        if key not in accepted:
            near = difflib.get_close_matches(str(key), accepted, n=1)
            hint = f'Did you mean "{near[0]}"? ' if near else ""
            raise InputError(where, f'unknown field "{key}"', f"{hint}Accepted: {', '.join(accepted)}.")


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
        _known(entry, CAST_FIELDS, where)
        for key in ("voice", "portrait"):
            if not isinstance(entry.get(key, ""), (str, type(None))):
                raise InputError(f"{where}, {key}", f"found {entry[key]!r}", "Accepted: words.")
        cast[_key(str(who))] = Role(str(who), entry.get("voice"), entry.get("portrait"), _traits(entry, where))
    return cast


def _traits(entry: dict[str, Any], where: str) -> dict[str, float]:
    traits = entry.get("personality") or {}
    if not isinstance(traits, dict):
        raise InputError(f"{where}, personality", f"found {traits!r}", f"Write traits 0..1: {', '.join(TRAITS)}.")
    _known(traits, TRAITS, f"{where}, personality")
    for trait, value in traits.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise InputError(f"{where}, personality, {trait}", f"found {value!r}", "Accepted: 0 to 1.")
    return {trait: float(value) for trait, value in traits.items()}


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _elements(lines: list[str], first: int, cast: dict[str, Role], name: str) -> list[Element]:
    elements: list[Element] = []
    paragraph: Line | None = None
    for number, raw in enumerate(lines[first:], start=first + 1):
        line = raw.strip()
        if not line or line == "---":
            paragraph = None
            continue
        where = f"{name} line {number}"
        if line.startswith("#"):
            elements.append(Scene(number, line.lstrip("# ").strip()))
            paragraph = None
        elif line.startswith("["):
            elements.append(_directive(line, number, where))
            paragraph = None
        elif (spoken := _spoken(line, number, cast, where)) is not None:
            elements.append(spoken)
            paragraph = spoken
        elif paragraph is not None:
            paragraph = Line(
                paragraph.number, paragraph.role, f"{paragraph.text} {_plain(line)}".strip(), paragraph.emotion
            )
            elements[-1] = paragraph
        else:
            paragraph = Line(number, NARRATOR, _plain(line))
            elements.append(paragraph)
    for element in elements:
        if isinstance(element, Line) and not element.text:
            raise InputError(
                f"{name} line {element.number}", f"{element.role} says nothing", "Write words after the colon."
            )
    return elements


def _plain(text: str) -> str:
    """Markdown's emphasis marks are not spoken."""
    return re.sub(r"(\*\*|__|\*|(?<!\w)_|_(?!\w)|`)", "", text).strip()


def _spoken(line: str, number: int, cast: dict[str, Role], where: str) -> Line | None:
    match = _NAMED.match(line)
    if match is None:
        return None
    name, rest = match["name"].strip(), match["rest"]
    role = cast.get(_key(name))
    if role is None and _key(name) != NARRATOR and not all(word[0].isupper() for word in name.split()):
        return None
    emotion = None
    if rest.startswith("("):
        end = _closing(rest)
        if end is None:
            raise InputError(where, "the parenthesis of the emotion is not closed", "Write `NAME (joy:0.8): words`.")
        emotion, rest = rest[1:end].strip() or None, rest[end + 1 :].lstrip()
    if not rest.startswith(":"):
        return None
    if role is None and _key(name) != NARRATOR:
        near = difflib.get_close_matches(_key(name), cast, n=1)
        hint = f'Did you mean "{cast[near[0]].name}"? ' if near else ""
        known = ", ".join(r.name for r in cast.values()) or "empty"
        raise InputError(where, f'"{name}" has no entry in the cast', f"{hint}The cast is: {known}.")
    return Line(number, _key(name), _plain(rest[1:]), emotion)


def _closing(text: str) -> int | None:
    """The index of the parenthesis that closes the one at 0, quotes and nesting heeded."""
    depth, quoted, escaped = 0, False, False
    for i, c in enumerate(text):
        if escaped:
            escaped = False
        elif c == "\\" and quoted:
            escaped = True
        elif c == '"':
            quoted = not quoted
        elif not quoted and c == "(":
            depth += 1
        elif not quoted and c == ")":
            depth -= 1
            if depth == 0:
                return i
    return None


def _directive(line: str, number: int, where: str) -> Element:
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
        seconds = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s)?", value)
        if seconds and 0 < (length := float(seconds[1]) / (1000 if seconds[2] == "ms" else 1)) <= MAX_PAUSE_S:
            return Pause(number, length)
        raise InputError(
            where, f"[pause {value}] is not a length", f"Accepted: above 0 to {MAX_PAUSE_S:g} s, as in [pause 1.5s]."
        )
    raise InputError(where, f"unknown direction {line[:60]}", accepted)
