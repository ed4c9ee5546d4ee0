"""Plain prose -> `Script`: what stands in quotes is said by whoever the words around name; the rest is told.

A text whose lines begin with names (`MARA: words`) is read as a dialogue instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from emogen.conditioning.sentences import split_sentences
from emogen.pipelines.lines import NARRATOR, Line, Named, elements, lines_of, pause
from emogen.pipelines.performance.readers.building import Builder, has_words
from emogen.pipelines.performance.readers.quotes import Piece, pieces
from emogen.pipelines.performance.readers.who import People, attribution, goes_on, only_attribution
from emogen.pipelines.performance.script import Element, Scene, Script
from emogen.pipelines.speech.cast import Cast

KIND = 'prose, or lines such as `MARA: We won.`'
_CHAPTER = re.compile(r"^(?:#+\s*(?P<words>.+)|(?P<chapter>(?:chapter|part|act|scene|prologue|epilogue)\b[^.!?\n]{0,60}))$", re.IGNORECASE)
_BREAK = re.compile(r"^[\s*#~\u2042_-]{1,40}$")
BREAK_S = 1.2  # of silence where a line of stars or dashes parts a text; own assumption


@dataclass(frozen=True)
class Paragraph:
    """Words with the number of the line at which they begin."""

    number: int
    text: str


def parse_dialogue_script(text: str, cast: Cast, *, name: str, folder: Path = Path()) -> Script:
    """Parses a dialogue of lines such as `MARA (joy): words`; arguments and errors as `parse_markdown`."""
    builder = Builder(name, folder, cast)

    def said(found: Named, where: str) -> str:
        return builder.speaker(found.name, int(where.rsplit(" ", 1)[-1]))

    def direction(line: str, number: int, where: str) -> Element:
        match = re.match(r"^\[\s*pause\b\s*:?\s*(.*?)\s*\]$", line, re.IGNORECASE)
        return pause(match[1], number, where) if match else Scene(number, line.strip("[] "))

    for element in elements(lines_of(text, name, KIND), 0, name, cast=cast, said=said, direction=direction, heading=Scene):
        if isinstance(element, Line):
            builder.line(element.number, element.role, element.text, emotion=element.emotion)
        elif not isinstance(element, Scene) or has_words(element.words):
            builder.elements.append(element)
    return builder.script(KIND)


def parse_prose(text: str, cast: Cast, *, name: str, folder: Path = Path()) -> Script:
    """Parses prose; arguments and errors as `parse_markdown`."""
    builder = Builder(name, folder, cast)
    told = _paragraphs(lines_of(text, name, KIND))
    cut = [(p, pieces(p.text)) for p in told]
    people = People.of([found for _, found in cut], [member.name for member in cast.values()])
    open_speaker: str | None = None
    for paragraph, found in cut:
        if (heading := _CHAPTER.match(paragraph.text)) is not None:
            builder.scene(paragraph.number, heading["words"] or heading["chapter"])
            people.new_scene()
        elif _BREAK.match(paragraph.text):
            builder.pause(paragraph.number, BREAK_S)
            people.new_scene()
        else:
            open_speaker = _tell(paragraph, found, people, builder, open_speaker)
    builder.pronouns = {who: word for who, word in people.pronouns.items() if who in builder.members}
    return builder.script(KIND)


def _paragraphs(lines: list[str]) -> list[Paragraph]:
    """Paragraphs by empty lines; where there are none, every line is one."""
    parted = any(not line.strip() for line in lines[:-1])
    found: list[Paragraph] = []
    fresh = True
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line:
            fresh = True
        elif fresh or not parted or raw.startswith(("   ", "\t", "\u2003")) or _CHAPTER.match(line):
            found.append(Paragraph(number, line))
            fresh = not parted or bool(_CHAPTER.match(line))
        else:
            found[-1] = Paragraph(found[-1].number, f"{found[-1].text}\n{line}")
    return found


def _tell(paragraph: Paragraph, found: list[Piece], people: People, builder: Builder, open_speaker: str | None) -> str | None:
    """One paragraph; gives the speaker of a quote that it leaves open."""
    quotes = [i for i, piece in enumerate(found) if piece.said]
    if not quotes:
        people.mention(" ".join(piece.text for piece in found))
        builder.line(paragraph.number, NARRATOR, " ".join(piece.text for piece in found))
        return None
    name, hint = attribution(found, people)
    speaker = name or open_speaker or people.in_turn()
    who = builder.speaker(speaker, paragraph.number)
    people.spoke(speaker)
    waiting: list[str] = []
    for i, piece in enumerate(found):
        number = paragraph.number + paragraph.text.count("\n", 0, piece.start)
        if piece.said:
            waiting.append(piece.text)
            follows = found[i + 1] if i + 1 < len(found) else None
            if follows is not None and follows.said:
                continue
            if follows is not None and i + 2 < len(found) and found[i + 2].said and only_attribution(follows.text):
                if follows.text.endswith("."):
                    waiting[-1] = _ended(waiting[-1])
                continue  # "I think," said Mara, "that you are right." is one line
            builder.line(number, who, _ended(" ".join(waiting)), hint=hint)
            waiting.clear()
        elif has_words(piece.text) and not only_attribution(piece.text):
            people.mention(piece.text)
            builder.line(number, NARRATOR, _sentence(_told(piece.text)))
    return speaker if found[-1].said and found[-1].open else None


def _told(text: str) -> str:
    """Told words beside a quote without the attribution that they begin with."""
    first, *rest = split_sentences(text)
    return " ".join(rest) if rest and only_attribution(first) else goes_on(text)


def _ended(text: str) -> str:
    """Said words that a comma parts from their attribution, as a sentence."""
    return text[:1].upper() + (f"{text[1:-1]}." if text.endswith((",", ";")) else text[1:])


def _sentence(text: str) -> str:
    """Told words between quotes as a sentence of their own."""
    text = text.strip().lstrip(",;:.\u2014- ").rstrip(",;: \u2014-")
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?\u2026" else f"{text}."
