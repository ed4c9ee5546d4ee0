"""Amounts: money, telephone numbers, units, fractions, ranges, ordinals, years, and plain numbers."""

from __future__ import annotations

import re

from emogen.pipelines.speech.reading import numerals
from emogen.pipelines.speech.reading.context import Context, Rule
from emogen.pipelines.speech.reading.numerals import cardinal, digits, is_one, number, ordinal
from emogen.tables import read_table

_UNITS = {row["unit"]: row for row in read_table(__package__, "units.csv")}
_MONEY = read_table(__package__, "currencies.csv")
_BY_SIGN = {row[name].casefold(): row for name in ("sign", "code") for row in _MONEY if row[name]}
_SIGNS = "|".join(re.escape(row["sign"]) for row in _MONEY if row["sign"])
_CODES = "|".join(row["code"] for row in _MONEY if row["code"])
#: A number with thousands' commas, or without; decimals.
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_BIG = {
    "k": "thousand", "m": "million", "mn": "million", "mio": "million", "b": "billion", "bn": "billion",
    "t": "trillion", "tn": "trillion",
}  # fmt: skip
_BIG |= {word: word for word in ("hundred", "thousand", "million", "billion", "trillion")}
_SCALES = "|".join(sorted(_BIG, key=len, reverse=True))
#: Words that a bare four-digit number before them counts, so that it is no year; and words in -s that it does not.
_COUNTED = ("people", "men", "women", "children", "feet", "more", "percent")
_NOT_COUNTED = ("was", "is", "as", "has", "this", "does", "its", "his")
_YEARS = range(1100, 2100)  # bare four-digit numbers that are read as years; own assumption


def _money(match: re.Match[str], context: Context) -> str | None:
    kind = _BY_SIGN[match["sign"].casefold()]
    amount, minus = match["amount"], "minus " if match["minus"] else ""
    if scale := match["scale"]:
        said = f"{minus}{number(amount, british=context.british)}"
        return f"{said}|{_BIG[scale.lower()]} {kind['many']}" if match["gap"] else f"{said} {_BIG[scale.lower()]} {kind['many']}"
    whole, _, cents = amount.replace(",", "").partition(".")
    if cents and (len(cents) != 2 or not kind["cent"]):
        return f"{minus}{number(amount, british=context.british)} {kind['many']}"
    parts = []
    if int(whole) or not int(cents or 0):
        unit = kind["one"] if int(whole) == 1 or context.after(match).startswith("bill") else kind["many"]
        parts.append(f"{number(whole.lstrip('0') or '0', british=context.british)} {unit}")
    if int(cents or 0):
        parts.append(f"{cardinal(int(cents))} {kind['cent'] if int(cents) == 1 else kind['cents']}")
    return minus + " and ".join(parts)


def _money_behind(match: re.Match[str], context: Context) -> str | None:
    """"10 €", "3 million EUR": the name of the currency stands where its sign does."""
    said = _money(match, context)
    if said is None or not match["gap"]:
        return said
    if match["scale"]:
        return said.replace("|", " ").replace(f" {match['scale']} ", f"|{match['scale']}|")
    many = _BY_SIGN[match["sign"].casefold()]["many"]
    return said if " and " in said else said.replace(f" {many}", f"|{many}")


def _coins(match: re.Match[str], context: Context) -> str | None:
    names = {"p": ("penny", "pence"), "¢": ("cent", "cents")}[match["coin"]]
    return f"{number(match['amount'])} {names[not is_one(match['amount'])]}"


def _phone(match: re.Match[str], context: Context) -> str | None:
    groups = re.findall(r"\+?\d+", match.group())
    if sum(len(group.lstrip("+")) for group in groups) < 7:
        return None
    said = [("plus " if group.startswith("+") else "") + digits(group) for group in groups]
    words = match.group().split()
    if len(words) != len(groups):
        return ", ".join(said)
    return "|".join([*(f"{part}," for part in said[:-1]), said[-1]])


def _seven_digits(match: re.Match[str], context: Context) -> str | None:
    return None if match.group().endswith("00") else _phone(match, context)  # "100-1000" is a range


def _numbered(match: re.Match[str], context: Context) -> str | None:
    return f"number {cardinal(int(match[1]), british=context.british)}"


def _dialled(match: re.Match[str], context: Context) -> str | None:
    return digits(match.group())


def _unit(match: re.Match[str], context: Context) -> str | None:
    row = _UNITS[match["unit"]]
    apart = match["gap"]
    if row["blank"] == "no" and apart:
        return None
    if match["unit"] in ("m", "h", "g", "l", "s") and apart == "-":
        return None
    amount = match["amount"]
    name = row["one"] if is_one(amount) or apart == "-" else row["many"]
    stop = "." if match["unit"].endswith(".") and context.ends(match) else ""
    minus = "minus " if match["minus"] else ""
    said = f"{minus}{_any_number(amount, context)}"
    return f"{said}|{name}{stop}" if apart and apart.isspace() else f"{said} {name}{stop}"


def _any_number(text: str, context: Context) -> str:
    if text[-1] in numerals.GLYPHS:
        top, bottom = numerals.glyph(text[-1])
        if len(text) == 1:
            return numerals.fraction(top, bottom, british=context.british)
        return numerals.mixed(int(text[:-1].replace(",", "")), top, bottom, british=context.british)
    return number(text, british=context.british)


def _height(match: re.Match[str], context: Context) -> str | None:
    return f"{cardinal(int(match[1]))} foot {cardinal(int(match[2]))}"


def _version(match: re.Match[str], context: Context) -> str | None:
    parts = [cardinal(int(p)) if len(p) < 4 and not (len(p) > 1 and p[0] == "0") else digits(p) for p in match[2].split(".")]
    return ("version " if match[1] else "") + " point ".join(parts)


def _fraction(match: re.Match[str], context: Context) -> str | None:
    whole, top, bottom = match["whole"], int(match["top"]), int(match["bottom"])
    if (top, bottom) == (24, 7):
        return "twenty-four seven"
    if (top, bottom) == (9, 11) and not whole:
        return "nine eleven"
    if whole:
        if top >= bottom:
            return None
        said = numerals.mixed(int(whole), top, bottom, british=context.british)
        head, _, tail = said.partition(" and ")
        return f"{head}|and {tail}" if " and " not in tail else said
    return numerals.fraction(top, bottom, british=context.british)


def _glyph(match: re.Match[str], context: Context) -> str | None:
    return _any_number(match[1].replace(" ", ""), context)


def _to(match: re.Match[str], context: Context) -> str | None:
    """A dash between two numbers: "to", or "minus" in a sum."""
    return " minus " if "=" in context.text and match[1] in "-−" else " to "


def _ratio(match: re.Match[str], context: Context) -> str | None:
    return f"{cardinal(int(match[1]))} to {cardinal(int(match[2]))}"


def _ordinal(match: re.Match[str], context: Context) -> str | None:
    n = int(match[1].replace(",", ""))
    return ordinal(n, british=context.british)


def _decade(match: re.Match[str], context: Context) -> str | None:
    short = match[1] or match[2]
    return numerals.plural(cardinal(int(short))) if short else numerals.decade(int(match[3]))


def _short_year(match: re.Match[str], context: Context) -> str | None:
    n = int(match[1])
    return cardinal(n) if n > 9 else f"oh {cardinal(n)}"


def _bare(match: re.Match[str], context: Context) -> str | None:
    text = match["amount"]
    minus = "minus " if match["minus"] else ""
    if not minus and text.isdecimal() and len(text) == 4 and int(text) in _YEARS:
        word = context.after(match).rstrip(".,;:!?")
        if not (word in _COUNTED or (word.islower() and word.endswith("s") and word not in _NOT_COUNTED)):
            return numerals.year(int(text))
    if text.isdecimal() and len(text) > 15:
        return minus + digits(text)
    return minus + number(text, british=context.british)


def _power_of_ten(match: re.Match[str], context: Context) -> str | None:
    return f"{number(match[1])} times ten to the {number(match[2])}"


def _with_letters(match: re.Match[str], context: Context) -> str | None:
    """Numbers and letters run together ("MP3", "4K", "B2B"): letters by name, numbers by value."""
    parts = re.findall(r"\d+|[A-Za-z]+", match.group())
    said = []
    for part in parts:
        if part.isdecimal():
            said.append(cardinal(int(part)) if len(part) < 3 and part[0] != "0" else digits(part))
        elif part.isupper() or len(part) == 1:
            said.append(".".join(part.upper()))
        else:
            said.append(part)
    return " ".join(said)


def _unit_names() -> str:
    return "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))


_START = r"(?<![\w.,/])"  # where a number may begin
_MINUS = r"(?P<minus>(?<![\w\d)])[-−])?"
_AMOUNT = rf"(?P<amount>{NUMBER})(?:(?P<gap>\s)?(?P<scale>{_SCALES})\b)?"
_SIGN = rf"(?P<sign>{_SIGNS}|(?:{_CODES})\b)"
_ANY = rf"(?:{NUMBER}|\d+)[{numerals.GLYPHS}]?|[{numerals.GLYPHS}]"

RULES: tuple[Rule, ...] = (
    (re.compile(rf"(?<!\w)(?P<minus>[-−])?(?P<sign>{_SIGNS})\s?{_AMOUNT}", re.IGNORECASE), _money),
    (re.compile(rf"(?<![\w.])(?P<sign>{_CODES})\s?(?P<minus>[-−])?{_AMOUNT}"), _money),
    (re.compile(rf"{_START}{_MINUS}(?P<amount>{NUMBER})(?P<gap>\s)?(?:(?P<scale>{_SCALES})\s)?{_SIGN}(?!\d)"), _money_behind),
    (re.compile(rf"{_START}(?P<amount>{NUMBER})(?P<coin>¢|p\b)"), _coins),
    (re.compile(r"(?<![\w+.,])\+\d{1,3}(?:[ .-]?\(\d+\))?(?:[ .-]?\d{2,}){1,6}(?!\w|[.,]\d)"), _phone),
    (re.compile(r"(?<![\w.,/-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"), _phone),
    (re.compile(r"(?<![\w.,/-])\d{3}-\d{4}(?![\w-])"), _seven_digits),
    (re.compile(r"(?<![\w.,/-])\(?0\d{2,4}\)?(?:[ -]\d{3,4}){1,2}(?![\w-])"), _phone),
    (re.compile(r"(?<=\b[Cc]all )(?:911|999|112|101|111)\b|(?<=\b[Dd]ial )(?:911|999|112|101|111)\b"), _dialled),
    (re.compile(r"(?<![\w&])#(\d{1,6})(?![\w]|[.,]\d)"), _numbered),
    (re.compile(r"(?<![\w'])(\d)['′’](\d{1,2})(?:\"|''|″|”)?(?!\w)"), _height),
    (re.compile(r"(?<![\w.,])([vV]\.?\s?)?(\d+(?:\.\d+){2,})(?![\w]|\.\d)"), _version),
    (re.compile(r"(?<![\w.,])([vV]\.?)(\d+(?:\.\d+)?)(?![\w]|\.\d)"), _version),
    (re.compile(r"(?<![\w.,])['’](\d0)s\b|(?<=\b[Tt]he )(\d0)s\b|(?<![\w.,])(\d{3}0)['’]?s\b"), _decade),
    (re.compile(rf"(?<![\w.,/\d-]){_MINUS}(?P<amount>{_ANY})(?P<gap>\s|-)?(?P<unit>{_unit_names()})(?![\w²³'’]|/\w)"), _unit),
    (re.compile(rf"(?<=[\d%£$€][-–—])(?P<minus>)(?P<amount>{_ANY})(?P<gap>\s|-)?(?P<unit>{_unit_names()})(?![\w²³]|/\w)"), _unit),
    (re.compile(r"(?<![\w.,/])(?:(?P<whole>\d+) )?(?P<top>\d{1,4})[/⁄](?P<bottom>\d{1,4})(?![\w/]|[.,]\d)"), _fraction),
    (re.compile(rf"(?<![\w.,/])((?:\d+ ?)?[{numerals.GLYPHS}])(?!\w)"), _glyph),
    (re.compile(r"(?<=[\d%\ue000½¼¾])\s?([-–—−])\s?(?=[$£€]?\d|\ue000)"), _to),
    (re.compile(r"(?<![\w.:])(\d{1,4}):(\d{1,4})(?![\w:])"), _ratio),
    (re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b", re.IGNORECASE), _ordinal),
    (re.compile(r"(?<!\w)['’](\d{2})(?!\w)"), _short_year),
    (re.compile(r"(?<![\w.])([-−]?\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})(?!\w)"), _power_of_ten),
    (re.compile(r"(?<![\w.])(?=\w*[A-Za-z])(?=\w*\d)[A-Za-z0-9]+(?![\w]|\.\d)"), _with_letters),
    (re.compile(rf"(?P<minus>(?<![\w)\ue000])[-−])?(?<![\w.])(?P<amount>{NUMBER}|\.\d+)(?!\w)"), _bare),
)  # fmt: skip
