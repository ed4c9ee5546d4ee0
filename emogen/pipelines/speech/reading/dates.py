"""Dates and times of day."""

from __future__ import annotations

import re

from emogen.pipelines.speech.reading import numerals
from emogen.pipelines.speech.reading.context import Context, Rule
from emogen.pipelines.speech.reading.numerals import cardinal, ordinal

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_SHORT_DAYS = {"Mon": 0, "Tue": 1, "Tues": 1, "Wed": 2, "Thu": 3, "Thur": 3, "Thurs": 3, "Fri": 4, "Sat": 5, "Sun": 6}
_NUMBER = {name[:3]: i for i, name in enumerate(MONTHS, 1)}
_SHORT_MONTH = r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
_MONTH = rf"(?:(?P<month>{'|'.join(MONTHS)}|(?:{_SHORT_MONTH})(?P<dot>\.)?)(?!\w))"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>[12]\d{3})"
_AM = r"(?P<half>[aApP]\.[mM]\b\.?|[aApP][mM]\b)"
_NOON = 12


def _month(text: str) -> str:
    return MONTHS[_NUMBER[text[:3]] - 1]


def _written_day(day: int, month: int, year: str, context: Context) -> str:
    """A date of figures alone: in British English the day goes first, in American the month."""
    first, second = (
        (f"the {ordinal(day)} of", MONTHS[month - 1]) if context.british else (MONTHS[month - 1], ordinal(day))
    )
    return f"{first} {second}{',' if year and not context.british else ''} {short_year(year) if year else ''}".rstrip()


def short_year(text: str) -> str:
    """A year of two or four figures, as in a date ("26": twenty twenty-six, "85": nineteen eighty-five)."""
    n = int(text)
    if len(text) == 2:
        n += 2000 if n < 70 else 1900  # as POSIX's strptime splits the centuries, at 69
    return numerals.year(n)


def day_and_month(first: int, second: int, british: bool) -> tuple[int, int] | None:
    """Day and month of two figures by the convention of the language, or the other way round; None if neither."""
    day, month = (first, second) if british else (second, first)
    if month > 12 >= day:
        day, month = month, day
    return (day, month) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _figures(match: re.Match[str], context: Context) -> str | None:
    found = day_and_month(int(match[1]), int(match[3]), context.british)
    return found and _written_day(*found, match[4], context)


def _figures_iso(match: re.Match[str], context: Context) -> str | None:
    month, day = int(match[2]), int(match[3])
    return _written_day(day, month, match[1], context) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _figures_dotted(match: re.Match[str], context: Context) -> str | None:
    day, month = int(match[1]), int(match[2])
    return _written_day(day, month, match[3], context) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _day_first(match: re.Match[str], context: Context) -> str | None:
    day, month = ordinal(int(match["day"])), _month(match["month"])
    the = "" if context.before(match).lower() in ("the", "this", "next", "last", "every") else "the "
    parts = [f"{the}{day}", "of", month] if match["of"] else [f"{the}{day} of", month]
    if match["year"]:
        return "|".join([*parts, numerals.year(int(match["year"]))])
    return "|".join(parts) + ("." if match["dot"] and context.ends(match) else "")


def _month_first(match: re.Match[str], context: Context) -> str | None:
    day = f"{'the ' if context.british else ''}{ordinal(int(match['day']))}"
    parts = [_month(match["month"]), day]
    if match["year"]:
        parts = [parts[0], f"{day},", numerals.year(int(match["year"]))]
    return "|".join(parts)


def _month_year(match: re.Match[str], context: Context) -> str | None:
    return f"{_month(match['month'])}|{numerals.year(int(match['year']))}"


def _month_alone(match: re.Match[str], context: Context) -> str | None:
    return _month(match["month"]) + ("." if context.ends(match) else "")


def _day_name(match: re.Match[str], context: Context) -> str | None:
    return DAYS[_SHORT_DAYS[match[1]]]


def _before_christ(match: re.Match[str], context: Context) -> str | None:
    era = ".".join(match["era"].replace(".", ""))
    return f"{numerals.year(int(match['n'].replace(',', '')))}|{era}"


def clock(hour: int, minute: int, second: int | None, half: str, british: bool) -> str | None:
    """A time of day, None where it is none: "seven thirty p.m", "fourteen oh five", "three o'clock"."""
    if hour > 24 or minute > 59 or (second or 0) > 59 or (half and not 1 <= hour <= 12):
        return None
    said = cardinal(hour)
    if minute:
        said += f" oh {cardinal(minute)}" if minute < 10 else f" {cardinal(minute)}"
    elif second is None and not half:
        said += " o'clock" if 1 <= hour <= _NOON else " hundred"
    if second is not None:
        plural = "" if second == 1 else "s"
        said += f"{'' if minute else ' hundred'} and {cardinal(second)} second{plural}"
    return f"{said} {half[0].lower()}.m" if half else said


def _clock(match: re.Match[str], context: Context) -> str | None:
    half = match["half"] or ""
    second = int(match["second"]) if match["second"] else None
    if not half and (len(match["minute"]) != 2 or (int(match["hour"]) > 23)):
        return None
    said = clock(int(match["hour"]), int(match["minute"]), second, half, context.british)
    return said and _half_apart(said, match, context)


def _hour(match: re.Match[str], context: Context) -> str | None:
    said = clock(int(match["hour"]), 0, None, match["half"], context.british)
    return said and _half_apart(said, match, context)


def _half_apart(said: str, match: re.Match[str], context: Context) -> str:
    stop = "." if match["half"] and match["half"].endswith(".") and context.ends(match) else ""
    if match["half"] and match["gap"]:
        said = "|".join(said.rsplit(" ", 1))
    return said + stop


def _hour_range(match: re.Match[str], context: Context) -> str | None:
    return f"{cardinal(int(match['hour']))}" if 1 <= int(match["hour"]) <= _NOON else None


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<!\w)(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.(?=,| \d| [A-Z])"), _day_name),
    (re.compile(r"(?<!\w)(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?=, \d|, [A-Z][a-z]{2,8}\.? \d|\. \d)"), _day_name),
    (re.compile(r"(?<![\w./-])([12]\d{3})-(\d{2})-(\d{2})(?![\w-]|\.\d)"), _figures_iso),
    (re.compile(r"(?<![\w./-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?![\w/-]|\.\d)"), _figures),
    (re.compile(r"(?<![\w./-])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\w/-]|\.\d)"), _figures_dotted),
    (re.compile(rf"(?<![\w./-]){_DAY}(?:st|nd|rd|th)?\s(?P<of>of\s)?{_MONTH}(?:,?\s{_YEAR}\b(?!,\d))?"), _day_first),
    (re.compile(rf"(?<!\w){_MONTH}\s{_DAY}(?:st|nd|rd|th)?\b(?![.:/]\d)(?:,?\s{_YEAR}\b(?!,\d))?(?!\s?(?:%|[ap]\.?m\b))"), _month_first),
    (re.compile(rf"(?<!\w){_MONTH},?\s{_YEAR}\b(?![.,]\d)"), _month_year),
    (re.compile(rf"(?<!\w)(?P<month>{_SHORT_MONTH})\.(?!\w)"), _month_alone),
    (re.compile(r"(?<![\w.,])(?P<n>\d{1,4}|\d{1,2},\d{3})\s(?P<era>BC|AD|BCE|CE|B\.C\.|A\.D\.)(?!\w)"), _before_christ),
    (re.compile(rf"(?<![\w.:,])(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?(?P<gap>\s)?{_AM}(?!\w)"), _clock),
    (re.compile(r"(?<![\w.:,])(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?P<half>)(?P<gap>)(?![\w:])"), _clock),
    (re.compile(rf"(?<![\w.:,])(?P<hour>\d{{1,2}})(?P<gap>\s)?{_AM}(?!\w)"), _hour),
    (re.compile(r"(?<![\w.:,])(?P<hour>\d{1,2})(?=\s?[-–]\s?\ue000)(?!\w)"), _hour_range),
)  # fmt: skip
