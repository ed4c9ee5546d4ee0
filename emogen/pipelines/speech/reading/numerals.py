"""English number words."""

from __future__ import annotations

import re

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
#: Short scale, powers of 1000.
_SCALE = (
    "", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion", "sextillion", "septillion", "octillion",
)  # fmt: skip
_ORDINAL = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
ROMAN = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_GLYPHS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8), "⅐": (1, 7),
    "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
GLYPHS = "".join(_GLYPHS)


def cardinal(n: int, *, british: bool = False) -> str:
    """A whole number; British English says "one hundred and five"."""
    if n < 0:
        return f"minus {cardinal(-n, british=british)}"
    if n >= 1000 ** len(_SCALE):
        return digits(str(n))
    if n == 0:
        return _SMALL[0]
    groups = []
    rest = n
    while rest:
        groups.append(rest % 1000)
        rest //= 1000
    found = [f"{_below_thousand(g, british)} {_SCALE[i]}".strip() for i, g in enumerate(groups) if g][::-1]
    if british and len(found) > 1 and 0 < groups[0] < 100:
        found.insert(-1, "and")
    return " ".join(found)


def _below_thousand(n: int, british: bool) -> str:
    if n >= 100:
        head = f"{_SMALL[n // 100]} hundred"
        joint = " and " if british else " "
        return head + joint + _below_thousand(n % 100, british) if n % 100 else head
    if n < 20:
        return _SMALL[n]
    return _TENS[n // 10 - 2] + (f"-{_SMALL[n % 10]}" if n % 10 else "")


def ordinal(n: int, *, british: bool = False) -> str:
    """A whole number as a place in a row: "twenty-first"."""
    said = cardinal(n, british=british)
    last = re.split("[ -]", said)[-1]
    place = _ORDINAL.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return said.removesuffix(last) + place


def digits(text: str) -> str:
    """Each digit of a text by its name; everything else is left out."""
    return " ".join(_SMALL[int(c)] for c in text if c.isdecimal())


def number(text: str, *, british: bool = False) -> str:
    """A written number: sign, thousands' commas, a decimal point, leading zeros ("-1,234.50")."""
    sign, text = ("minus ", text[1:]) if text[:1] in ("-", "−") else ("", text.lstrip("+"))
    whole, _, decimals = text.replace(",", "").partition(".")
    if not decimals and len(whole) > 1 and whole.startswith("0"):
        return sign + digits(whole)
    said = cardinal(int(whole or "0"), british=british)
    return f"{sign}{said} point {digits(decimals)}" if decimals else sign + said


def year(n: int) -> str:
    """A year: "nineteen oh five", "two thousand six", "twenty twenty-six"."""
    century, rest = divmod(n, 100)
    if n < 1000 or n % 1000 < 10 or n > 9999:
        return cardinal(n)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {f'oh {_SMALL[rest]}' if rest < 10 else cardinal(rest)}"


def plural(word: str) -> str:
    """Several of a number word or a name: "sixes", "nineties", "halves"."""
    if word.endswith("half"):
        return f"{word[:-4]}halves"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def decade(n: int) -> str:
    """A decade or century from its first year: "nineteen eighties", "nineteen hundreds", "twenty tens"."""
    return plural("two thousand" if n == 2000 else year(n))


def fraction(top: int, bottom: int, *, british: bool = False) -> str:
    """A fraction: "three quarters", "one half", "five over one hundred twenty-three"."""
    if bottom < 2 or (bottom > 20 and bottom not in (24, 25, 30, 32, 50, 60, 64, 100, 1000)):
        return f"{cardinal(top, british=british)} over {cardinal(bottom, british=british)}"
    name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(bottom)
    name = name.removeprefix("one ").replace("one-", "")
    return f"{cardinal(top, british=british)} {name if top == 1 else plural(name)}"


def mixed(whole: int, top: int, bottom: int, *, british: bool = False) -> str:
    """A whole number and a fraction: "one and a half", "two and three quarters"."""
    said = fraction(top, bottom, british=british)
    if top == 1 and said.startswith("one "):
        said = f"{'an' if said[4] in 'aeiou' else 'a'} {said[4:]}"
    return f"{cardinal(whole, british=british)} and {said}"


def glyph(char: str) -> tuple[int, int]:
    """Top and bottom of a fraction that is one character."""
    return _GLYPHS[char]


def roman(text: str) -> int:
    """The value of a Roman numeral, 0 where it is none."""
    if not text or not ROMAN.fullmatch(text):
        return 0
    values = [_ROMAN[c] for c in text]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def is_one(text: str) -> bool:
    """Whether a written number is 1, so that what it counts stands in the singular."""
    return text == "1"
