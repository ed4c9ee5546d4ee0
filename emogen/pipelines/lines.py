"""How a line that somebody says is written, in stories and in dialogues alike.

    MARA (0s fear; 2s hope): Somebody lit it again.
    It burns!
    [pause 1.5s]
    Tom: That can't be. <!-- not spoken -->

A line begins with a name, which is one of the cast in any case, or words that each begin with a capital letter. An
emotion in parentheses is optional. What follows without a name belongs to the same speaker up to the next empty line.
`<!-- ... -->` is not spoken, nor are Markdown's marks of emphasis.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emogen.conditioning.personality import TRAITS
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS

NARRATOR = "narrator"
MAX_PAUSE_S = 60.0
_NAMED = re.compile(r"^(?P<name>[^\W\d_][\w .'-]{0,39}?)\s*(?P<rest>[:(].*)$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
#: YAML 1.2's reading of what 1.1 takes for truth values ("off", "no") and for numbers to the base of 60 ("9:16").
_PLAIN = {
    "tag:yaml.org,2002:bool": re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    "tag:yaml.org,2002:int": re.compile(r"^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0[0-7_]+|0|[1-9][\d_]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"^(?:[-+]?(?:\d[\d_]*\.[\d_]*|\d[\d_]*(?=[eE])|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
}
_PAUSE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s)?")


@dataclass(frozen=True)
class Line:
    """Something said.

    Attributes:
        number: Its line in the file.
        role: Key of who says it.
        text: What is said.
        emotion: As written; None: the words decide.
        hint: An emotion that the script gives away otherwise ("she sobbed"); it joins what the words say.
    """

    number: int
    role: str
    text: str
    emotion: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Pause:
    """Silence, in seconds."""

    number: int
    seconds: float


@dataclass(frozen=True)
class Named:
    """A line taken apart: a name as it stands there, an emotion, words (which may be none)."""

    name: str
    emotion: str | None
    text: str


# -- text ----------------------------------------------------------------------------------------------------
def read_source(path: str | Path, accepted: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark, or in UTF-16 with one.

    Args:
        path: The file.
        accepted: What it should be, for messages.

    Raises:
        InputError: It is missing or not text.
        LimitError: It is larger than `limits.script_bytes`.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(str(path), "no such file", f"Accepted: {accepted}.")
    if path.stat().st_size > LIMITS.script_bytes:
        raise LimitError(
            str(path), f"{path.stat().st_size} bytes", f"The limit is {LIMITS.script_bytes} (limits.script_bytes)."
        )
    try:
        data = path.read_bytes()
        text = data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(str(path), "is not UTF-8 text (nor UTF-16 with its mark)", f"Accepted: {accepted}.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(text: str, name: str, accepted: str) -> list[str]:
    """The lines of a text, comments blanked, so that numbers of lines stay.

    Raises:
        InputError: It is not text.
        LimitError: More lines than `limits.script_lines`.
    """
    if "\0" in text:
        raise InputError(name, "is not text (it holds NUL bytes)", f"Accepted: {accepted}.")
    lines = _COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text.removeprefix("\ufeff")).splitlines()
    if len(lines) > LIMITS.script_lines:
        raise LimitError(name, f"{len(lines)} lines", f"The limit is {LIMITS.script_lines} (limits.script_lines).")
    return lines


def plain(text: str) -> str:
    """The text without Markdown's marks of emphasis, which are not spoken."""
    return re.sub(r"(\*\*|__|\*|(?<!\w)_|_(?!\w)|`)", "", text).strip()


# -- lines ---------------------------------------------------------------------------------------------------
def key(name: str) -> str:
    """What tells names apart: neither case nor blanks."""
    return " ".join(name.split()).casefold()


def can_be_named(name: str) -> bool:
    """Whether a line can begin with this name."""
    found = _NAMED.match(f"{name}:")
    return found is not None and found["name"] == name and found["rest"] == ":"


def named(line: str, where: str, cast: Collection[str] = ()) -> Named | None:
    """A line taken apart, or None where it does not begin with a name.

    Args:
        line: Without blanks around it.
        where: File and line, for messages.
        cast: Keys of the names that need no capital letters.

    Raises:
        InputError: The parenthesis of the emotion is not closed.
    """
    match = _NAMED.match(line)
    if match is None:
        return None
    name, rest = match["name"].strip(), match["rest"]
    if key(name) not in cast and key(name) != NARRATOR and not all(word[0].isupper() for word in name.split()):
        return None
    emotion = None
    if rest.startswith("("):
        end = _closing(rest)
        if end is None:
            raise InputError(where, "the parenthesis of the emotion is not closed", "Write `NAME (joy:0.8): words`.")
        emotion, rest = rest[1:end].strip() or None, rest[end + 1 :].lstrip()
    return Named(name, emotion, rest[1:]) if rest.startswith(":") else None


def elements(
    lines: Sequence[str],
    first: int,
    name: str,
    *,
    cast: Collection[str],
    said: Callable[[Named, str], str],
    direction: Callable[[str, int, str], Any],
    heading: Callable[[int, str], Any],
    clean: Callable[[str, str], str] = lambda _, text: plain(text),
) -> list[Any]:
    """What happens in a text, in order: `Line`s, and what `direction` and `heading` make of the rest.

    Args:
        lines: From `lines_of`.
        first: Index of the first one that counts.
        name: Of the text, for messages.
        cast: Keys of the names that are known.
        said: `(named, where)` -> key of who speaks.
        direction: `(line, number, where)` -> an element, of a line in brackets.
        heading: `(number, words)` -> an element, or None for nothing, of a line that begins with #.
        clean: `(key, text)` -> the words without marks that are not spoken.

    Raises:
        InputError: With `name` and the number of the line.
    """
    found: list[Any] = []
    open_line: Line | None = None
    for number, raw in enumerate(lines[first:], start=first + 1):
        line, where = raw.strip(), f"{name} line {number}"
        if not line or line == "---":
            open_line = None
        elif line.startswith("#"):
            open_line, element = None, heading(number, line.lstrip("# ").strip())
            found += [] if element is None else [element]
        elif line.startswith("["):
            open_line = None
            found.append(direction(line, number, where))
        elif (spoken := named(line, where, cast)) is not None:
            role = said(spoken, where)
            open_line = Line(number, role, clean(role, spoken.text), spoken.emotion)
            found.append(open_line)
        elif open_line is not None:
            more = f"{open_line.text} {clean(open_line.role, line)}".strip()
            open_line = found[-1] = Line(open_line.number, open_line.role, more, open_line.emotion)
        else:
            open_line = Line(number, NARRATOR, clean(NARRATOR, line))
            found.append(open_line)
    for element in found:
        if isinstance(element, Line) and not element.text:
            where = f"{name} line {element.number}"
            raise InputError(where, f"{element.role} says nothing", "Write words after the colon.")
    return found


def pause(value: str, number: int, where: str) -> Pause:
    """The pause of `[pause VALUE]`.

    Raises:
        InputError: It is no length, or too long a one.
    """
    seconds = _PAUSE.fullmatch(value)
    if seconds and 0 < (length := float(seconds[1]) / (1000 if seconds[2] == "ms" else 1)) <= MAX_PAUSE_S:
        return Pause(number, length)
    accepted = f"Accepted: above 0 to {MAX_PAUSE_S:g} s, as in [pause 1.5s]."
    raise InputError(where, f"[pause {value[:40]}] is not a length", accepted)


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


# -- fields --------------------------------------------------------------------------------------------------
class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, which can make a small file enormous, a key twice, or words that are no words (`_PLAIN`)."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (the base class has it so)
        first: [(tag, _PLAIN.get(tag, pattern)) for tag, pattern in found]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for found, _ in node.value:
                if isinstance(found, yaml.ScalarNode) and found.value in seen:
                    problem = f"{found.value[:40]} stands there twice"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=found.start_mark)
                seen.add(str(found.value))
        return node


def read_yaml(text: str, name: str, what: str, first: int = 1) -> tuple[Any, dict[tuple[str, ...], int]]:
    """The value of a YAML text, and the line of each key: path of keys -> number.

    Args:
        text: The YAML.
        name: Of the file, for messages.
        what: Of the part, for messages ("the front matter").
        first: The number of its first line.

    Raises:
        InputError: It is not YAML; with the line.
    """
    try:
        loader = _PlainLoader(text)
        try:
            node = loader.get_single_node()
            value = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = first + mark.line if mark else first - 1 if first > 1 else first
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{name} line {line}", f"{what} is not YAML ({reason})") from error
    return value, dict(_places(node, (), first))


def _places(node: Any, path: tuple[str, ...], first: int) -> Iterable[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            here = (*path, str(name.value))
            yield here, first + name.start_mark.line
            yield from _places(value, here, first)


def only_known(found: Mapping[Any, Any], accepted: Collection[str], where: str) -> None:
    """Refuses fields that are not accepted, and names the nearest one that is.

    Raises:
        InputError: With the unknown field.
    """
    for name in found:
        if name not in accepted:
            near = difflib.get_close_matches(str(name), accepted, n=1, cutoff=0.5)
            hint = f'Did you mean "{near[0]}"? ' if near else ""
            raise InputError(where, f'unknown field "{str(name)[:40]}"', f"{hint}Accepted: {', '.join(accepted)}.")


def traits(found: Any, where: str) -> dict[str, float]:
    """A personality as it is written: trait -> 0..1; None or nothing is the average one.

    Raises:
        InputError: An unknown trait, or a number out of range.
    """
    found = found or {}
    if not isinstance(found, Mapping):
        raise InputError(where, f"found {found!r:.40}", f"Write traits 0..1: {', '.join(TRAITS)}.")
    only_known(found, TRAITS, where)
    for trait, value in found.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise InputError(f"{where}, {trait}", f"found {value!r:.40}", "Accepted: 0 to 1.")
    return {trait: float(value) for trait, value in found.items()}
