"""Values of fields as arguments take them: numbers, texts, objects; those of tables are texts and become what is meant."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from emogen.errors import InputError
from emogen.limits import LIMITS
from emogen.media.jsonio import parse_json

#: Whole numbers beyond this fit no seed, and no float counts them one by one.
MOST = 2**63 - 1
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
_OF_NUMBERS = ("dict[str, float]", "Mapping[str, float]")
_TOLD = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "str": "text", "Mapping": "an object",
    "dict": "an object",
}  # fmt: skip


def typed(field: str, value: Any, annotation: str, written: bool) -> Any:
    """A value as an argument takes it.

    Args:
        field: For messages.
        value: As it was read.
        annotation: Of the argument.
        written: Whether it is a text that stands for a value, as in a table.

    Raises:
        InputError: It is none of what the argument takes.
    """
    kinds = set(re.findall(r"int|float|bool|str|Mapping|dict|Any", re.sub(r"\[.*?\]", "", annotation)))
    if written and isinstance(value, str):
        value = _read(value, kinds)
    if found := flaw(value):
        raise InputError(field, found)
    if isinstance(value, bool):
        fits = bool(kinds & {"bool", "Any"})
    elif isinstance(value, (int, float)):
        fits = bool(kinds & {"float", "Any"}) or ("int" in kinds and float(value).is_integer())
        if not math.isfinite(value):
            raise InputError(field, f"{value}", "A finite number is needed.")
        value = int(value) if fits and not kinds & {"float", "Any"} else value
    elif isinstance(value, str):
        fits = bool(kinds & {"str", "Any"})
        if len(value) > LIMITS.script_bytes:
            raise InputError(field, f"{len(value):,} characters", f"The limit is {LIMITS.script_bytes:,} (limits.script_bytes).")
    else:
        fits = bool(kinds & {"Mapping", "dict", "Any"}) and (isinstance(value, dict) or "Any" in kinds)
        if fits and annotation.startswith(_OF_NUMBERS):
            for name, one in value.items():
                typed(f"{field}, {name:.40}", one, "float", written)
    if not fits:
        raise InputError(field, f"found {json.dumps(value, ensure_ascii=False)[:40]}", f"Needed: {_kinds_told(kinds)}.")
    return value


def flaw(value: Any) -> str:
    """What no call could take, wherever in a value it stands: "", or what was found."""
    if isinstance(value, str):
        return "holds half a character (a lone surrogate)" if any("\ud800" <= c <= "\udfff" for c in value) else ""
    if isinstance(value, int):
        return f"holds a number of {len(str(abs(value)))} digits" if abs(value) > MOST else ""
    inside = (*value, *value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next(filter(None, map(flaw, inside)), "")


def _read(text: str, kinds: Iterable[str]) -> Any:
    kinds = set(kinds)
    if "bool" in kinds and text.lower() in (*TRUE, *FALSE):
        return text.lower() in TRUE
    if kinds & {"int", "float"}:
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text
    if kinds & {"Mapping", "dict", "Any"} and text[:1] in ("{", "["):
        return parse_json(text, "")
    return text


def _kinds_told(kinds: set[str]) -> str:
    return " or ".join(dict.fromkeys(told for kind, told in _TOLD.items() if kind in kinds))
