"""Signs that are said as words."""

from __future__ import annotations

import re

from emogen.pipelines.speech.reading.context import Context, Reader, Rule
from emogen.pipelines.speech.reading.numerals import cardinal


def _says(words: str) -> Reader:
    return lambda match, context: f" {words} "


def _numbered(match: re.Match[str], context: Context) -> str | None:
    return f"number {cardinal(int(match[1]), british=context.british)}"


def _slash(match: re.Match[str], context: Context) -> str | None:
    return " slash "


def _minus(match: re.Match[str], context: Context) -> str | None:
    return " minus " if "=" in context.text else None


def _marked(match: re.Match[str], context: Context) -> str | None:
    """Emphasis between asterisks or underscores, as people write it in plain text."""
    return f"moderate!!{'|'.join(match[2].split())}"


_VALUE = r"[\w\ue000)]"

RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<!\w)([*_]{1,2})([A-Za-z][A-Za-z' -]*)\1(?!\w)"), _marked),
    (re.compile(r"(?<=[A-Za-z\ue000])/(?=[A-Za-z\ue000])"), _slash),
    (re.compile(r"&(?:amp;)?"), _says("and")),
    (re.compile(r"±"), _says("plus or minus")),
    (re.compile(r"\+/-"), _says("plus or minus")),
    (re.compile(rf"(?<={_VALUE})\s?\+(?=\s?[\w\ue000(])|(?<=\s)\+(?=\s)|(?<=\ue000)\+"), _says("plus")),
    (re.compile(rf"(?<={_VALUE})\s-(?=\s[\w\ue000(])"), _minus),
    (re.compile(r"==?"), _says("equals")),
    (re.compile(r"×|(?<=\ue000)\s?\*\s?(?=\ue000)"), _says("times")),
    (re.compile(r"÷|(?<=\ue000)\s/\s(?=\ue000)"), _says("divided by")),
    (re.compile(r"≈|~(?=\ue000)"), _says("about")),
    (re.compile(r"≠|!="), _says("is not equal to")),
    (re.compile(r"≤|<="), _says("less than or equal to")),
    (re.compile(r"≥|>="), _says("greater than or equal to")),
    (re.compile(r"(?:->|→|=>)"), _says("to")),
    (re.compile(rf"(?<={_VALUE})\s?<\s?(?=[\w\ue000])|<(?=\ue000)"), _says("less than")),
    (re.compile(rf"(?<={_VALUE})\s?>\s?(?=[\w\ue000])|>(?=\ue000)"), _says("greater than")),
    (re.compile(r"(?<=[\w\ue000])²"), _says("squared")),
    (re.compile(r"(?<=[\w\ue000])³"), _says("cubed")),
    (re.compile(rf"(?<={_VALUE})\^(?=[\w\ue000])"), _says("to the power of")),
    (re.compile(r"√"), _says("the square root of")),
    (re.compile(r"∞"), _says("infinity")),
    (re.compile(r"π"), _says("pi")),
    (re.compile(r"%"), _says("percent")),
    (re.compile(r"(?<!\w)@(?!\w)|(?<=\w)@(?=\w)"), _says("at")),
    (re.compile(r"§§?"), _says("section")),
    (re.compile(r"©"), _says("copyright")),
    (re.compile(r"[®™]"), lambda match, context: " "),
    (re.compile(r"°"), _says("degrees")),
    (re.compile(r"€"), _says("euro")),
    (re.compile(r"£"), _says("pound")),
    (re.compile(r"\$"), _says("dollar")),
    (re.compile(r"(?<=[A-Za-z])\\(?=[A-Za-z])"), _says("backslash")),
)  # fmt: skip
