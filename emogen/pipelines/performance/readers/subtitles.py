"""Subtitles (SubRip, WebVTT) -> `Script`: who speaks where it is marked, and the silences between.

Speakers are `NAME: words`, `<v Name>words` and a dash at the begin of a line, which marks another speaker than the one
before. What nobody in particular says is the narrator's. Tags, positions, sounds in brackets and music are left out.
The times of a file are a wish: the voices take the time that they need, and the silences follow the file's gaps.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.pipelines.lines import NARRATOR, named
from emogen.pipelines.performance.plan import GAP_S, TURN_S
from emogen.pipelines.performance.readers.building import Builder, has_words
from emogen.pipelines.performance.readers.manners import manner
from emogen.pipelines.performance.script import Script
from emogen.pipelines.speech.cast import Cast

KIND = "subtitles: 00:00:01,000 --> 00:00:02,500 above the words"
LONGEST_S = 4.0  # silence between two lines that is kept; own assumption
JOIN_S = 1.0  # cues that go on with a sentence are one line within this gap; own assumption
_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]\d)[,.](\d{1,3})"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]+)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z0-9][^<>]*>|\{\\?[^{}]*\}", re.IGNORECASE)
_SOUND = re.compile(r"\[([^\[\]]*)\]|\(([^()]*)\)|[\u266a\u266b#]+[^\u266a\u266b#]*[\u266a\u266b#]+|[\u266a\u266b]")
_DASH = re.compile(r"^\s*[-\u2013\u2014\u2010]\s*(?=\S)")
_CAPITALS = re.compile(r"^(?P<name>[A-Z][A-Z0-9 .'#-]{1,38}):\s*(?P<text>.*)$")
_GOES_ON = re.compile(r"[\w,;:\u2026-]$|\.\.\.$")


@dataclass(frozen=True)
class _Said:
    number: int
    start_s: float
    end_s: float
    who: str
    text: str
    hint: str | None


def is_subtitles(text: str) -> bool:
    """Whether a text without a telling suffix holds subtitles."""
    return text.startswith("WEBVTT") or any(_TIMING.match(line[:200]) for line in text.splitlines()[:20])


def parse_subtitles(text: str, cast: Cast, *, name: str, folder: Path = Path()) -> Script:
    """Parses subtitles; arguments and errors as `parse_markdown`."""
    builder = Builder(name, folder, cast)
    said: list[_Said] = []
    who = NARRATOR
    for number, start_s, end_s, lines in _cues(text, name):
        pieces = _pieces(lines, number, who, builder)
        for i, (where, who, words, hint) in enumerate(pieces):  # the last speaker goes on in the next cue
            share = (end_s - start_s) / len(pieces)
            said.append(_Said(where, start_s + i * share, start_s + (i + 1) * share, who, words, hint))
    _build(said, builder)
    return builder.script(KIND)


def _cues(text: str, name: str) -> list[tuple[int, float, float, list[str]]]:
    """(line of the first words, start, end, lines) of each cue.

    Raises:
        InputError: A line that should be a time and is none, or an end before its begin.
    """
    if "\0" in text:
        raise InputError(name, "is not text (it holds NUL bytes)", f"Accepted: {KIND}.")
    lines = text.removeprefix("\ufeff").split("\n")
    found: list[tuple[int, float, float, list[str]]] = []
    at, skipped = 0, ("WEBVTT", "NOTE", "STYLE", "REGION", "X-TIMESTAMP-MAP")
    while at < len(lines):
        begin = at
        while at < len(lines) and lines[at].strip():
            at += 1
        block = lines[begin:at]
        at += 1
        if not block or (block[0].startswith(skipped) and not any("-->" in line for line in block[:2])):
            continue
        timing = next((i for i, line in enumerate(block[:2]) if "-->" in line), 0)
        times = _TIMING.match(block[timing][:200])
        if times is None:
            where = f"{name} line {begin + timing + 1}"
            raise InputError(where, f'"{block[timing].strip()[:40]}" is not a time', "Accepted: 00:00:01,000 --> 00:00:02,500.")
        start_s, end_s = _seconds(*times.groups()[:4]), _seconds(*times.groups()[4:])
        if end_s < start_s:
            raise InputError(f"{name} line {begin + timing + 1}", "the subtitle ends before it begins")
        found.append((begin + timing + 2, start_s, end_s, block[timing + 1 :]))
        if len(found) > LIMITS.script_lines:
            raise LimitError(name, "more subtitles than lines may be", f"The limit is {LIMITS.script_lines} (limits.script_lines).")
    return sorted(found, key=lambda cue: cue[1])


def _pieces(lines: list[str], number: int, before: str, builder: Builder) -> list[tuple[int, str, str, str | None]]:
    """(line, who, words, hint) of what a cue says, one for each speaker."""
    found: list[tuple[int, str, str, str | None]] = []
    dashed = sum(_DASH.match(_TAG.sub("", line)) is not None for line in lines)
    for i, raw in enumerate(lines):
        parts = _VOICE.split(raw)
        for k in range(0, len(parts), 2):
            text = html.unescape(_TAG.sub("", parts[k])).strip()
            dash = _DASH.match(text) is not None and k == 0
            hints = [manner(a or b) for a, b in (m.groups()[:2] for m in _SOUND.finditer(text)) if a or b]
            text = " ".join(_SOUND.sub(" ", _DASH.sub("", text, count=1)).split())
            who, text = _who(text, number + i, builder)
            if k > 0:
                who = builder.speaker(parts[k - 1], number + i)
            if not has_words(text):
                continue
            last = found[-1][1] if found else before
            if who is None and dash and (dashed > 1 or found):
                who = _other(last, builder, number + i)
            hint = next((h for h in hints if h), None)
            if found and (who is None or who == last) and not dash:
                where, speaker, words, former = found[-1]
                found[-1] = (where, speaker, f"{words} {text}", former or hint)
            else:
                found.append((number + i, who or last, text, hint))
    return found


def _who(text: str, number: int, builder: Builder) -> tuple[str | None, str]:
    """The speaker whose name stands before the words, and the words."""
    capitals = _CAPITALS.match(text)
    if capitals is not None:
        return builder.speaker(capitals["name"], number), capitals["text"]
    try:
        found = named(text, "", builder.members.keys() | builder.cast.keys())
    except InputError:
        return None, text
    if found is None or len(found.name.split()) > 3:
        return None, text
    return builder.speaker(found.name, number), found.text.strip()


def _other(last: str, builder: Builder, number: int) -> str:
    """Whoever speaks when a dash says that it is another one."""
    first = builder.speaker("Voice 1", number)
    return builder.speaker("Voice 2", number) if last == first else first


def _build(said: list[_Said], builder: Builder) -> None:
    joined: list[_Said] = []
    for piece in said:
        last = joined[-1] if joined else None
        if last and last.who == piece.who and piece.start_s - last.end_s < JOIN_S and _GOES_ON.search(last.text):
            text = f"{last.text.removesuffix('...')} {piece.text.removeprefix('...')}"
            joined[-1] = _Said(last.number, last.start_s, piece.end_s, last.who, text, last.hint or piece.hint)
        else:
            joined.append(piece)
    for last, piece in zip([None, *joined], joined, strict=False):
        if last is not None:
            usual = GAP_S if last.who == piece.who else TURN_S
            builder.pause(piece.number, min(piece.start_s - last.end_s, LONGEST_S) - usual)
        builder.line(piece.number, piece.who, piece.text, hint=piece.hint)


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000
