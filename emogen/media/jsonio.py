"""JSON files <-> plain values: bounded in size and depth, no NaN, the same text for the same values."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path
from emogen.media.sniff import read_text


def read_json(path: str | Path) -> Any:
    """The value in a UTF-8 JSON file.

    Raises:
        InputError: No such file.
        LimitError: Larger than `limits.json_bytes` or nested deeper than `limits.json_depth`.
        FormatError: Not JSON (the message names line and column), with NaN or Infinity in it, or a name twice in an object.
    """
    return parse_json(read_text(path, max_bytes=LIMITS.json_bytes, limit="json_bytes"), str(path))


def parse_json(text: str, where: str) -> Any:
    """The value in a JSON text; `where` names its origin in messages. Errors as `read_json`."""

    def single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            double = next(name for name in names if names.count(name) > 1)
            raise FormatError(where, f'"{double:.40}" stands there twice', "Give each field once: one of its values would be lost.")
        return dict(pairs)

    if (depth := _depth(text)) > LIMITS.json_depth:
        raise LimitError(where, f"is nested {depth:,} deep; the limit is {LIMITS.json_depth} (limits.json_depth)")
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=single)
    except json.JSONDecodeError as error:
        raise FormatError(f"{where} line {error.lineno}, column {error.colno}", f"is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(where, f"is not JSON that is accepted here: {str(error)[:100]}") from None


def write_json(path: str | Path, value: Any) -> Path:
    """Writes a value as indented UTF-8 JSON with sorted keys; numpy numbers and arrays become plain ones.

    Raises:
        InputError: A value that JSON does not have (NaN, an object); the message names its place.
        OutputError: The file could not be written.
    """
    data = json.dumps(_plain(value, "", 0, str(path)), sort_keys=True, indent=2, ensure_ascii=False)
    with atomic_path(path) as part:
        part.write_bytes((data + "\n").encode("utf-8", "backslashreplace"))
    return Path(path)


def _depth(text: str) -> int:
    """How deep brackets nest, strings left out; one pass over the text."""
    if text.count("{") + text.count("[") <= LIMITS.json_depth:
        return 0
    deepest = depth = 0
    in_string = escaped = False
    for c in text:
        if in_string:
            escaped, in_string = (not escaped and c == "\\"), (escaped or c != '"')
        elif c == '"':
            in_string = True
        elif c in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif c in "}]":
            depth -= 1
    return deepest


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _plain(value: Any, where: str, depth: int, path: str) -> Any:
    if depth > LIMITS.json_depth:
        raise InputError(path, f"values nested more than {LIMITS.json_depth} deep")
    if isinstance(value, dict):
        if bad := [key for key in value if not isinstance(key, str)]:
            raise InputError(path, f"the key {bad[0]!r} at {where or 'the top'} is not a text")
        return {key: _plain(item, f"{where}.{key}".lstrip("."), depth + 1, path) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{i}]", depth + 1, path) for i, item in enumerate(value)]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InputError(path, f"the value at {where or 'the top'} is {value}", "JSON has finite numbers only.")
        return float(value)
    if hasattr(value, "tolist"):  # numpy numbers and arrays
        return _plain(value.tolist(), where, depth, path)
    if isinstance(value, Path):
        return str(value)
    raise InputError(path, f"the value at {where or 'the top'} is a {type(value).__name__}, which JSON does not have")
