"""Spoken words with times <-> SubRip (.srt) and WebVTT (.vtt) files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.sniff import expect_kind, read_text

_TIME = r"(\d{1,4}):([0-5]\d):([0-5]\d)[,.](\d{1,3})"
TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
MAX_S = 359_999.999  # 99:59:59,999, the last time that SubRip's two digits of hours can say


LINE_CHARS, LINES = 42, 2  # of one subtitle; EBU and broadcasters' style guides
SENTENCE_GAP_S = 0.2  # a stop with less silence behind it is an abbreviation's; own assumption
LINGER_S = 0.4  # a subtitle stays that long behind its last word where nothing follows; own assumption


@dataclass(frozen=True)
class Subtitle:
    """One subtitle.

    Attributes:
        start_s: When it appears, in seconds.
        end_s: When it goes, in seconds; later than `start_s`.
        text: What is said; line breaks are kept.
        speaker: Who says it; empty for nobody in particular.
    """

    start_s: float
    end_s: float
    text: str
    speaker: str = ""


def by_word(words: Sequence[tuple[str, float, float]]) -> list[Subtitle]:
    """One subtitle a word, for (word, start, end) in seconds, in order; words without a length are left out."""
    return [Subtitle(start_s, end_s, text) for text, start_s, end_s in words if end_s > start_s]


def by_sentence(words: Sequence[tuple[str, float, float]]) -> list[Subtitle]:
    """Words with their times as subtitles of at most LINES lines of LINE_CHARS; a sentence begins a new one.

    A word longer than a line has a line of its own.

    Args:
        words: (word as written, start, end) in seconds, in order.
    """
    groups: list[list[tuple[str, float, float]]] = [[]]
    for i, word in enumerate(words):
        if groups[-1] and len(_wrapped([w for w, _, _ in (*groups[-1], word)])) > LINES:
            rest = _rest(groups[-1])
            groups[-1:] = [groups[-1][: len(groups[-1]) - len(rest)], rest]
            if len(_wrapped([w for w, _, _ in (*rest, word)])) > LINES:
                groups.append([])
        groups[-1].append(word)
        stopped = word[0].rstrip("\"')]\u201d\u2019")[-1:] in (".", "!", "?", "\u2026")
        if stopped and i + 1 < len(words) and words[i + 1][1] - word[2] >= SENTENCE_GAP_S:
            groups.append([])
    found = []
    groups = [group for group in groups if group]
    for group, following in zip_longest(groups, groups[1:]):
        start_s, end_s = group[0][1], group[-1][2] + LINGER_S
        if following is not None:
            end_s = min(end_s, following[0][1])
        if end_s > start_s:
            found.append(Subtitle(start_s, end_s, "\n".join(_wrapped([w for w, _, _ in group]))))
    return found


def _rest(group: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """The words behind the last comma in the second half of a full subtitle: they go to the next one."""
    for i in range(len(group) - 1, len(group) // 2, -1):
        if group[i - 1][0][-1:] in (",", ";", ":"):
            return group[i:]
    return []


def _wrapped(words: Sequence[str]) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > LINE_CHARS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def write_srt(path: str | Path, cues: Sequence[Subtitle]) -> Path:
    """Writes cues as SubRip; a speaker stands before the text (`Anna: ...`).

    A text cannot break the file: control characters go, blank lines close up, `-->` becomes `->`.

    Raises:
        InputError: A time that is not finite, negative or too late, an end before its start, no folder.
        OutputError: The file could not be written.
    """
    blocks = []
    for i, (cue, lines) in enumerate(_checked(path, cues, ".srt"), start=1):
        if cue.speaker:
            lines = [f"{_line(cue.speaker)}: {lines[0]}", *lines[1:]]
        blocks.append("\n".join([str(i), f"{_time(cue.start_s, ',')} --> {_time(cue.end_s, ',')}", *lines]) + "\n")
    return _write(path, "\n".join(blocks))


def write_vtt(path: str | Path, cues: Sequence[Subtitle]) -> Path:
    """Writes cues as WebVTT; a speaker becomes a voice tag (`<v Anna>`). Rules and errors as `write_srt`."""
    blocks = ["WEBVTT\n"]
    for cue, lines in _checked(path, cues, ".vtt"):
        text = "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if cue.speaker:
            text = f"<v {re.sub('[<>&]', '', _line(cue.speaker))}>{text}"
        blocks.append(f"{_time(cue.start_s, '.')} --> {_time(cue.end_s, '.')}\n{text}\n")
    return _write(path, "\n".join(blocks))


def read_srt(path: str | Path) -> list[Subtitle]:
    """The cues of a SubRip file in order; a speaker's name stays part of the text.

    Raises:
        InputError: No such file.
        FormatError: Not a SubRip file; the message names the line.
        LimitError: Larger or with more cues than `emogen.limits` allows.
    """
    expect_kind(path, "text", accepted="SubRip (.srt) text")
    text = read_text(path, max_bytes=LIMITS.subtitle_bytes, limit="subtitle_bytes")
    cues: list[Subtitle] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if re.fullmatch(r"\s*\d+\s*", lines[at]) and at + 1 < len(lines):
            at += 1
        found = TIMING.match(lines[at][:200])
        if found is None:
            where = f"{path} line {at + 1}"
            raise FormatError(where, f'"{lines[at][:40]}" is not a time', "Accepted: 00:00:01,000 --> 00:00:02,500.")
        start_s, end_s = _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:])
        if end_s < start_s:
            raise FormatError(f"{path} line {at + 1}", "the subtitle ends before it begins")
        at += 1
        begin = at
        while at < len(lines) and lines[at].strip():
            at += 1
        cues.append(Subtitle(start_s, end_s, "\n".join(lines[begin:at])))
        if len(cues) > LIMITS.subtitle_cues:
            raise LimitError(str(path), f"more than {LIMITS.subtitle_cues:,} subtitles, the limit (limits.subtitle_cues)")
    if not cues:
        raise FormatError(str(path), "holds no subtitles")
    return cues


def _checked(path: str | Path, cues: Sequence[Subtitle], suffix: str) -> Iterable[tuple[Subtitle, list[str]]]:
    check_writable(path, (suffix,))
    if len(cues) > LIMITS.subtitle_cues:
        raise LimitError(str(path), f"{len(cues):,} subtitles; the limit is {LIMITS.subtitle_cues:,} (limits.subtitle_cues)")
    for i, cue in enumerate(cues, start=1):
        if not 0 <= cue.start_s < cue.end_s <= MAX_S:
            raise InputError(f"{path}, subtitle {i}", f"lasts from {cue.start_s} s to {cue.end_s} s", "Accepted: 0 <= start < end.")
        lines = [_line(line) for line in re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+", cue.text)]
        yield cue, [line for line in lines if line] or ["..."]


def _line(text: str) -> str:
    """One line without control characters or arrows that a reader takes for a time."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    while "-->" in clean:
        clean = clean.replace("-->", "->")
    return clean


def _time(time_s: float, point: str) -> str:
    ms = round(time_s * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def _seconds(hours: str, minutes: str, seconds: str, fraction: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _write(path: str | Path, text: str) -> Path:
    with atomic_path(path) as part:
        part.write_bytes(text.encode("utf-8", "replace"))
    return Path(path)
