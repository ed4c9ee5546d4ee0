"""A screenplay in Fountain (fountain.io/syntax, 1.1) -> `Script`.

    Title: The lamp
    Author: M. Quay

    INT. LIGHTHOUSE - NIGHT #1#

    The lamp is dark.

    MARA (O.S.)
    (through tears)
    He promised.

    TOM ^
    Wait!

    > CUT TO:

Action is told by the narrator; headings set the scene; (V.O.), (O.S.) and (O.C.) speak unseen; a parenthesis is a hint
of a feeling where it says one and a moment of silence where it says (beat). Two who speak at once follow each other.
Transitions, notes, boneyard, sections, synopses and page breaks are not spoken.
"""

from __future__ import annotations

import re
from pathlib import Path

from emogen.pipelines.lines import NARRATOR, lines_of
from emogen.pipelines.performance.readers.building import Builder, cased, has_words
from emogen.pipelines.performance.readers.manners import is_silence, manner
from emogen.pipelines.performance.script import Script
from emogen.pipelines.speech.cast import Cast

KIND = "a screenplay in Fountain: names in capitals on lines of their own, what they say below"
BEAT_S = 0.8  # of "(beat)"; own assumption
CUT_S = 0.6  # of silence at a transition; own assumption
_HIDDEN = re.compile(r"/\*.*?(?:\*/|\Z)|\[\[[^\[\]]*\]\]", re.DOTALL)
_KEY = re.compile(r"^(title|credit|authors?|source|draft date|date|contact|copyright|notes?|revision|language)\s*:\s*(.*)$", re.IGNORECASE)
_HEADING = re.compile(r"^(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ]", re.IGNORECASE)
_NUMBER = re.compile(r"\s*#[\w.-]+#\s*$")
_TRANSITION = re.compile(r"^(?:[^a-z]*\bTO:|FADE (?:IN|OUT|TO BLACK)\b[^a-z]*|(?:CUT|SMASH CUT|DISSOLVE|WIPE)\b[^a-z]*:)$")
_CUE = re.compile(r"^(?P<name>[^()^]+?)\s*(?P<more>(?:\([^()]*\)\s*)*)(?P<dual>\^)?$")
_UNSEEN = re.compile(r"\((?:[^()]*\b)?(?:V\.?\s?O|O\.?\s?S|O\.?\s?C)\b", re.IGNORECASE)
_AGE = re.compile(r"\s*\((?:[^()]*\b)?\d+s?\)")
_ESCAPED = re.compile(r"\\([*_~!@.>#=\\\[(])")


def is_fountain(text: str) -> bool:
    """Whether a text without a telling suffix is a screenplay: it has a heading of a scene and a cue."""
    lines = [line.strip() for line in text.splitlines()]
    headings = any(_HEADING.match(line) and line.isupper() for line in lines)
    cues = any(not a and b.isupper() and c and not _HEADING.match(b) for a, b, c in zip(lines, lines[1:], lines[2:], strict=False))
    return headings and cues


def parse_fountain(text: str, cast: Cast, *, name: str, folder: Path = Path()) -> Script:
    """Parses a screenplay; arguments and errors as `parse_markdown`."""
    hidden = _HIDDEN.sub(lambda m: "\n" * m.group().count("\n"), text)
    lines = [line.rstrip("\r") for line in lines_of(hidden, name, KIND)]
    builder = Builder(name, folder, cast)
    start = _title_page(lines, builder)
    names = {cased(m["name"]) for i in range(start, len(lines)) if (m := _cue(lines, i)) is not None}
    i = start
    while i < len(lines):
        cue = _cue(lines, i)
        i = _other(lines, i, builder, names) if cue is None else _dialogue(lines, i, cue, builder)
    return builder.script(KIND)


def _title_page(lines: list[str], builder: Builder) -> int:
    """Reads the title page; the index of the first line after it."""
    first = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines) or _KEY.match(lines[first].strip()) is None:
        return first
    current = ""
    for i in range(first, len(lines)):
        line = lines[i].strip()
        if not line:
            return i
        found = _KEY.match(line)
        if found is not None and not lines[i].startswith((" ", "\t")):
            current, line = found[1].lower(), found[2]
        elif ":" in line and not lines[i].startswith((" ", "\t")):
            current, line = "", ""
        if current == "title" and line:
            builder.title = f"{builder.title} {line.strip('*_ ')}".strip()
        elif current == "language" and line:
            builder.language = line
    return len(lines)


def _cue(lines: list[str], i: int) -> re.Match[str] | None:
    """The cue of who speaks, if the line is one: after an empty line, before one that is not."""
    line = lines[i].strip()
    if not line or (i > 0 and lines[i - 1].strip()) or i + 1 >= len(lines) or not lines[i + 1].strip():
        return None
    if line.startswith("@"):
        return _CUE.match(line[1:].strip())
    if line[0] in "!.>~#=" or _HEADING.match(line) or _TRANSITION.match(line):
        return None
    found = _CUE.match(line)
    if found is None or not found["name"].isupper() or found["name"].endswith((".", ":", "!", "?")) or len(found["name"]) > 60:
        return None
    return found


def _dialogue(lines: list[str], i: int, cue: re.Match[str], builder: Builder) -> int:
    """One speech; the index of the line after it."""
    who = builder.speaker(cue["name"], i + 1)
    unseen = _UNSEEN.search(cue["more"] or "") is not None
    said: list[str] = []
    first, hint = i + 2, None

    def flush() -> None:
        if has_words(" ".join(said)):
            if unseen and who != NARRATOR:
                builder.framing(first, "picture")
            builder.line(first, who, " ".join(said), hint=hint)
        said.clear()

    i += 1
    while i < len(lines) and (lines[i].strip() or lines[i].startswith("  ")):
        line = lines[i].strip()
        if line.startswith("(") and line.endswith(")"):
            inner = line[1:-1]
            if is_silence(inner):
                flush()
                builder.pause(i + 1, BEAT_S)
            elif (found := manner(inner)) is not None:
                flush()
                hint = found
            first = first if said else i + 2
        elif line:
            said.append(_plain(line.lstrip("~").strip()))
        i += 1
    flush()
    return i


def _other(lines: list[str], i: int, builder: Builder, names: set[str]) -> int:
    """What is not a speech: headings, transitions, action; the index of the line after it."""
    line = lines[i].strip()
    if not line or line[0] == "=" or (line[0] == "#" and not line.startswith("#!")):
        return i + 1
    if _HEADING.match(line) or (line[0] == "." and line[1:2] not in (".", "")):
        builder.scene(i + 1, _place(_NUMBER.sub("", line.removeprefix("."))))
        return i + 1
    if _TRANSITION.match(line) or (line[0] == ">" and not line.endswith("<")):
        builder.pause(i + 1, CUT_S)
        return i + 1
    first, told = i + 1, list[str]()
    while i < len(lines) and (line := lines[i].strip()):
        if told and (_HEADING.match(line) or line[0] in "=#" or _TRANSITION.match(line)):
            break
        told.append(_lowered(_AGE.sub("", _plain(line.removeprefix("!").strip("~<> "))), names))
        i += 1
    builder.line(first, NARRATOR, " ".join(told))
    return i


def _place(heading: str) -> str:
    """A heading as words: "INT. LIGHTHOUSE - NIGHT" -> "Lighthouse, night"."""
    words = re.sub(r"^(?:INT\.?/EXT|EXT\.?/INT|INT|EXT|EST|I/E)[. ]+", "", heading.strip(), flags=re.IGNORECASE)
    first, *rest = re.split(r"\s+[-\u2013\u2014]+\s+", words)
    return ", ".join([cased(first), *(part.lower() if part.isupper() else part for part in rest)]) or heading


def _lowered(text: str, names: set[str]) -> str:
    """Action without the capitals that mark names, sounds and things."""
    known = {word for name in names for word in name.split()}

    def word(match: re.Match[str]) -> str:
        bare = match[0].capitalize()
        begins = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in ".!?\u2026"
        if bare in known or begins:
            return bare
        return match[0].lower()

    return re.sub(r"\b[A-Z][A-Z']{2,}\b", word, text)


def _plain(text: str) -> str:
    kept = _ESCAPED.sub(lambda m: f"\\{ord(m[1]):04x}", text)
    kept = re.sub(r"(\*{1,3}|_)", "", kept)
    return re.sub(r"\\([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), kept)
