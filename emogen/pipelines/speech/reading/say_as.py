"""What SSML's `say-as` asks for: one text read in a stated way."""

from __future__ import annotations

import re
import unicodedata

from emogen.pipelines.speech.reading import dates, numerals
from emogen.pipelines.speech.reading.amounts import NUMBER
from emogen.pipelines.speech.reading.engine import ENGLISH, read

BY_SIGN = ("characters", "spell-out", "digits", "telephone", "expletive")
BY_WORD = ("cardinal", "number", "ordinal", "date", "time", "currency", "fraction", "unit")
DATE_FORMATS = ("mdy", "dmy", "ymd", "md", "dm", "ym", "my", "y", "m", "d")
BLEEP = "bleep"  # instead of an expletive


def say_as(text: str, kind: str, form: str, language: str) -> str:
    """The words for a text.

    Args:
        text: As written.
        kind: One of `BY_SIGN` or `BY_WORD`; those of `BY_WORD` are read in English alone.
        form: Of a date: one of `DATE_FORMATS`; "" elsewhere.
        language: Code of the language.

    Raises:
        ValueError: The text is no such thing; the message says what is accepted.
    """
    british = language == "en-gb"
    if kind == "expletive":
        return BLEEP
    if kind in ("characters", "spell-out"):
        return _characters(text)
    if kind in ("digits", "telephone"):
        return _figures(text, language)
    if language not in ENGLISH:
        return text
    if kind == "date":
        return _date(text, form, british)
    if kind in ("cardinal", "number", "ordinal"):
        return _number(text, kind, british)
    if kind == "time" and (found := re.fullmatch(r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?\s*([ap])?\.?(?:m\.?)?", text, re.IGNORECASE)):
        hour, minute, second, half = found.groups()
        if said := dates.clock(int(hour), int(minute), int(second) if second else None, half or "", british):
            return said
    said = " ".join(token.spoken for token in read(text, language) if token.spoken)
    if not any(c.isdecimal() or c in numerals.GLYPHS for c in text) or any(c.isdecimal() for c in said):
        raise ValueError(f"a {kind} holds figures")
    return said


def _characters(text: str) -> str:
    said: list[str] = []
    for char in text:
        if char.isdecimal():
            said.append(numerals.digits(char))
        elif char.isalpha():
            joined = said and re.fullmatch(r"[^\W\d_](\.[^\W\d_])*", said[-1])
            said[-1:] = [f"{said[-1]}.{char.upper()}"] if joined else [*said[-1:], char.upper()]
        elif not char.isspace():
            said.append(unicodedata.name(char, "sign").lower().replace("full stop", "dot").replace("hyphen-minus", "dash"))
    return " ".join(said)


def _figures(text: str, language: str) -> str:
    if not any(c.isdecimal() for c in text):
        raise ValueError("digits are 0 to 9")
    groups = re.findall(r"\+|\d+", text)
    if language not in ENGLISH:
        return ", ".join(" ".join(group) for group in groups if group != "+")
    said = ["plus" if group == "+" else numerals.digits(group) for group in groups]
    return ", ".join(said).replace("plus,", "plus")


def _number(text: str, kind: str, british: bool) -> str:
    text = text.strip()
    value = numerals.roman(text)
    if kind == "ordinal":
        bare = re.sub(r"(?<=\d)(st|nd|rd|th)$", "", text, flags=re.IGNORECASE).replace(",", "")
        if not bare.isdecimal() and not value:
            raise ValueError('an ordinal is a whole number such as "3" or "21st"')
        return numerals.ordinal(value or int(bare), british=british)
    if not re.fullmatch(rf"[-+−]?(?:{NUMBER}|\.\d+)", text) and not value:
        raise ValueError('a number is written such as "1,234.5" or "-7"')
    return numerals.cardinal(value, british=british) if value else numerals.number(_lean(text), british=british)


def _lean(text: str) -> str:
    """A number without leading zeros, which count for nothing in a quantity."""
    return re.sub(r"^([-+−]?)0+(?=\d)", r"\1", text)


def _date(text: str, form: str, british: bool) -> str:
    form = form or ("dmy" if british else "mdy")
    if form == "yyyymmdd":
        form, text = "ymd", re.sub(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", text.strip())
    if form not in DATE_FORMATS:
        raise ValueError(f"formats of a date are {', '.join(DATE_FORMATS)}, yyyymmdd")
    if re.fullmatch(r"\s*\d{4}-\d{1,2}-\d{1,2}\s*", text):
        form = "ymd"
    parts = re.findall(r"[^\W\d_]+|\d+", text)
    if len(parts) != len(form):
        raise ValueError(f'a date of the format "{form}" has {len(form)} part(s)')
    found = dict(zip(form, parts, strict=True))
    day = int(found["d"]) if found.get("d", "").isdecimal() else 0
    month = _month(found["m"]) if "m" in found else 0
    if ("d" in found and not 1 <= day <= 31) or ("m" in found and not 1 <= month <= 12):
        raise ValueError("there is no such day or month")
    if "y" in found and len(found["y"]) not in (2, 4):
        raise ValueError("a year has two or four figures")
    year = dates.short_year(found["y"]) if "y" in found else ""
    said = [dates.MONTHS[month - 1]] if month else []
    if day and british:
        said.insert(0, f"the {numerals.ordinal(day)}{' of' if month else ''}")
    elif day:
        said.append(f"{'' if month else 'the '}{numerals.ordinal(day)}{',' if year else ''}")
    return " ".join([*said, year]).strip()


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    names = [name for name in dates.MONTHS if name.lower().startswith(text.lower()) and len(text) >= 3]
    return dates.MONTHS.index(names[0]) + 1 if names else 0
