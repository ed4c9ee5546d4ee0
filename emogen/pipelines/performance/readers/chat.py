"""A chat in JSON or JSON lines -> `Script`.

    {"speaker": "Mara", "text": "Nobody came.", "emotion": "sadness:0.8"}
    {"role": "user", "content": "I failed."}            {"role": "assistant", "content": [{"type": "text", "text": "Oh."}]}
    {"conversations": [{"from": "human", "value": "Hi."}, {"from": "gpt", "value": "Hello."}]}

One message a line, a list of messages, or an object with a list under `messages`, `conversations`, `turns`, `dialogue`
or `utterances`. What a system, a developer or a tool says is not spoken; an assistant is the agent for whom a policy is.
`{"scene": "A kitchen"}`, `{"music": "calm:0.4"}` and `{"pause": 1.5}` are directions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.pipelines.lines import MAX_PAUSE_S
from emogen.pipelines.performance.readers.building import Builder
from emogen.pipelines.performance.script import Script
from emogen.pipelines.speech.cast import Cast

KIND = 'a chat: messages such as {"speaker": "Mara", "text": "We won.", "emotion": "joy"}'
LISTS = ("messages", "conversations", "conversation", "turns", "dialogue", "dialog", "utterances", "chat")
_WHO = ("name", "speaker", "author", "from", "sender", "role", "user")
_WORDS = ("text", "content", "value", "message", "utterance", "body")
_UNSPOKEN = {"system", "developer", "tool", "function", "ipython", "observation"}
_AGENTS = {"assistant", "agent", "gpt", "chatgpt", "bot", "chatbot", "ai", "model", "bing", "bard", "therapist", "supporter"}
_NAMES = {"human": "User", "user": "User", "usr": "User", "seeker": "User", "gpt": "Assistant", "chatgpt": "Assistant",
          "model": "Assistant", "assistant": "Assistant", "ai": "Assistant", "sys": "Assistant"}  # fmt: skip
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*+\u2022]|\d+[.)]|#{1,6}|>)\s+", re.MULTILINE)


def is_chat(text: str) -> bool:
    """Whether a text without a telling suffix begins like JSON."""
    return text.lstrip()[:1] in ("{", "[") and '"' in text


def parse_chat(text: str, cast: Cast, *, name: str, folder: Path = Path()) -> Script:
    """Parses a chat; arguments and errors as `parse_markdown`."""
    builder = Builder(name, folder, cast)
    for number, message in _messages(text, name, builder):
        _message(message, number, f"{name} line {number}", builder)
    return builder.script(KIND)


def _messages(text: str, name: str, builder: Builder) -> list[tuple[int, Mapping[str, Any]]]:
    """(line, message) of each message."""
    try:
        whole = [(1, _json(text, name, 1))]
    except InputError as error:
        lines = [(i, line) for i, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0][1]):
            raise error
        whole = [(i, _json(line, name, i)) for i, line in lines]
    conversations = [(i, found) for i, found in whole if isinstance(found, list) or _listed(found)]
    if len(conversations) > 1:
        where = f"{name} line {conversations[1][0]}"
        raise InputError(where, f"is conversation 2 of {len(conversations)}", "Accepted: one conversation a file.")
    if not conversations:
        return [(i, _checked(found, f"{name} line {i}")) for i, found in whole]
    _, found = conversations[0]
    if isinstance(found, Mapping):
        _head(found, builder)
        under = next(k for k in LISTS if isinstance(found.get(k), list))
        found = found[under]
    if len(found) > LIMITS.script_lines:
        raise LimitError(name, f"{len(found)} messages", f"The limit is {LIMITS.script_lines} (limits.script_lines).")
    if len(found) == 1 and (isinstance(found[0], list) or _listed(found[0])):
        inner = found[0] if isinstance(found[0], list) else next(v for k in LISTS if isinstance(v := found[0].get(k), list))
        found = inner
    elif any(isinstance(m, list) or _listed(m) for m in found):
        raise InputError(name, f"holds {len(found)} conversations", "Accepted: one conversation a file.")
    return list(zip(_places(text, len(found)), (_checked(m, f"{name}, message {i}") for i, m in enumerate(found, 1)), strict=True))


def _head(found: Mapping[str, Any], builder: Builder) -> None:
    for part in ("title", "language"):
        value = found.get(part)
        if value is not None and not isinstance(value, str):
            raise InputError(f"{builder.name}, {part}", f"found {value!r:.40}", "Accepted: words.")
        if value:
            setattr(builder, part, value)
    if isinstance(scene := found.get("scene", found.get("situation")), str):
        builder.scene(1, scene)


def _places(text: str, count: int) -> list[int]:
    """The lines where messages begin, where each has one of its own; else the first line for all."""
    pattern = "|".join(_WORDS)
    found = [text.count("\n", 0, m.start()) + 1 for m in re.finditer(rf'"(?:{pattern})"\s*:', text)]
    return found if len(found) == count else [1] * count


def _message(found: Mapping[str, Any], number: int, where: str, builder: Builder) -> None:
    for direction in ("scene", "music"):
        if isinstance(found.get(direction), str) and not any(k in found for k in _WORDS):
            getattr(builder, direction)(number, found[direction])
            return
    if "pause" in found and not any(k in found for k in _WORDS):
        seconds = found["pause"]
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= MAX_PAUSE_S:
            raise InputError(f"{where}, pause", f"found {seconds!r:.40}", f"Accepted: above 0 to {MAX_PAUSE_S:g} s.")
        builder.pause(number, float(seconds))
        return
    role = str(found.get("role", found.get("from", ""))).strip().lower()
    if role in _UNSPOKEN or ("role" not in found and str(found.get("speaker", "")).strip().lower() in _UNSPOKEN):
        return
    raw = next((found[k] for k in _WHO if isinstance(found.get(k), str) and found[k].strip()), None)
    if raw is None:
        raise InputError(where, "nobody says it", f"Accepted: a name under one of {', '.join(_WHO)}.")
    text = _words(found, where)
    short = raw.strip().lower()
    who = builder.speaker(_NAMES.get(short, raw), number, agent=role in _AGENTS or short in _AGENTS)
    builder.line(number, who, _BULLET.sub("", _CODE.sub(" ", text)), emotion=_emotion(found, where))


def _words(found: Mapping[str, Any], where: str) -> str:
    under = next((k for k in _WORDS if k in found), None)
    content = None if under is None else found[under]
    if content is None and under is not None:
        return ""  # a message that only calls a tool
    if isinstance(content, list):
        parts = [p if isinstance(p, str) else p.get("text") for p in content if isinstance(p, (str, Mapping))]
        return "\n".join(p for p in parts if isinstance(p, str))
    if not isinstance(content, str):
        what = "has no words" if under is None else f"{under} is {type(content).__name__}"
        raise InputError(where, what, f"Accepted: words under one of {', '.join(_WORDS)}.")
    return content


def _emotion(found: Mapping[str, Any], where: str) -> str | None:
    emotion, level = found.get("emotion"), found.get("intensity")
    if isinstance(emotion, Mapping):
        emotion, level = emotion.get("label", emotion.get("name")), emotion.get("intensity", level)
    if emotion is None or (isinstance(emotion, str) and emotion.strip().lower() in ("", "none", "auto", "unknown")):
        return None
    if not isinstance(emotion, str):
        raise InputError(f"{where}, emotion", f"found {emotion!r:.40}", 'Accepted: an emotion as words, as in "joy:0.8".')
    if level is None:
        return emotion
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 <= level <= LIMITS.intensity:
        raise InputError(f"{where}, intensity", f"found {level!r:.40}", f"Accepted: 0 to {LIMITS.intensity:g}.")
    return f"{emotion}:{level:g}" if ":" not in emotion else emotion


def _checked(found: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise InputError(where, f"found {type(found).__name__}", f"Accepted: {KIND}.")
    return found


def _listed(found: Any) -> bool:
    return isinstance(found, Mapping) and any(isinstance(found.get(k), list) for k in LISTS)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _json(text: str, name: str, number: int) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise InputError(f"{name} line {number}", "is nested too deep") from error
    except ValueError as error:
        line = number + getattr(error, "lineno", 1) - 1
        reason = getattr(error, "msg", str(error))
        raise InputError(f"{name} line {line}", f"is not JSON ({reason})", f"Accepted: {KIND}.") from error
