"""SSML 1.1, the part of it that a voice of ours can do -> sentences with marks, pauses and bookmarks.

A text is SSML where it begins with `<speak`; every other text is read as it stands, "<" included. One element is
our own: `<emotion value="joy:0.6">`, in the written form of emotions. The XML is read by expat; document types, and
with them entities, are refused, and so is every element and attribute that is not in `ELEMENTS`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn
from xml.parsers import expat

from emogen.conditioning.emotion import Emotion
from emogen.errors import EmogenError, InputError, LimitError
from emogen.pipelines.speech import prosody_values as values
from emogen.pipelines.speech.languages import Language, checked, cleaned, find_language, has_words, prepare
from emogen.pipelines.speech.layout import Layout
from emogen.pipelines.speech.reading.say_as import BY_SIGN, BY_WORD, say_as
from emogen.pipelines.speech.sentence import EMPHASIS, PLAIN, Mark, Sentence
from emogen.pipelines.speech.voices import find_voice

#: Element -> its attributes. SSML 1.1, section 3, and our own.
ELEMENTS = {
    "speak": ("version", "xml:lang", "xml:base"), "p": ("xml:lang",), "s": ("xml:lang",),
    "break": ("time", "strength"), "prosody": ("rate", "pitch", "range", "volume", "contour"),
    "emphasis": ("level",), "say-as": ("interpret-as", "format", "detail"), "sub": ("alias",),
    "phoneme": ("alphabet", "ph"), "voice": ("name", "xml:lang"), "lang": ("xml:lang",), "mark": ("name",),
    "emotion": ("value",),
}  # fmt: skip
_TEXT_ONLY = ("say-as", "sub", "phoneme", "break", "mark")  # no element stands in them
_NEEDED = {"say-as": "interpret-as", "sub": "alias", "voice": "name", "lang": "xml:lang", "mark": "name", "emotion": "value"}
_REFUSED = {"audio": "a recording cannot be played within speech; leave it out, or join the files afterwards"}
DEPTH = 32  # elements within elements; own assumption
_SSML = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*(?:<speak[\s/>]|<!DOCTYPE\s+speak\b)", re.DOTALL)
_BOUNDS = re.compile(r"</?(?:p|s|speak|break)\b[^>]*>")  # between the words on either side stands a blank
_MARKUP = re.compile(r"<(?:\?.*?\?|!--.*?--|(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.DOTALL)
_SETTERS = {
    "rate": values.with_rate, "pitch": values.with_pitch, "range": values.with_range, "volume": values.with_volume,
}  # fmt: skip


def is_ssml(text: object) -> bool:
    """Whether a text is SSML: it begins with `<speak`, an XML declaration and comments aside."""
    return isinstance(text, str) and _SSML.match(text) is not None


def without_markup(text: str) -> str:
    """What a reader sees of a text: SSML as its words are written, every other text as it stands."""
    if not is_ssml(text):
        return text
    return " ".join(html.unescape(_MARKUP.sub("", _BOUNDS.sub(" ", text))).split())


def sentences_of(text: object, language: Language) -> tuple[list[Sentence], list[str]]:
    """A plain or an SSML text -> the sentences to be spoken, and warnings about what was left out.

    Raises:
        InputError: Nothing that can be spoken, or SSML that cannot be understood; the message has line and column.
        LimitError: Longer or deeper than the limits.
    """
    if not is_ssml(text):
        return prepare(text, language)
    return _Reader(checked(text), language).read()


@dataclass
class _Open:
    """An element that is open."""

    name: str
    attributes: dict[str, str]
    mark: Mark
    voice: str | None
    language: Language
    start: int
    said: list[str] = field(default_factory=list)


class _Reader:
    """Follows expat through one document."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._call = language
        self._open: list[_Open] = []
        self._layout = Layout()
        self._warnings: list[str] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._said
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self) -> tuple[list[Sentence], list[str]]:
        try:
            self._parser.Parse(self._text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            where = f"SSML line {error.lineno}, column {error.offset + 1}"
            raise InputError(where, expat.ErrorString(error.code) or "is not well-formed XML") from error
        sentences = self._layout.sentences()
        if not sentences:
            raise InputError("SSML", "holds no word or number", "Accepted: words to be spoken.")
        return sentences, list(dict.fromkeys(self._warnings))

    def _fail(self, found: str, accepted: str = "", kind: type[EmogenError] = InputError) -> NoReturn:
        raise kind(self._where(), found, accepted)

    def _where(self) -> str:
        return f"SSML line {self._parser.CurrentLineNumber}, column {self._parser.CurrentColumnNumber + 1}"

    def _doctype(self, *_: Any) -> None:
        self._fail("a document type, which may hold entities", "Accepted: SSML without <!DOCTYPE>.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in ELEMENTS:
            found = _REFUSED.get(name, "is no element that can be spoken")
            self._fail(f"<{name[:40]}> {found}" if name not in _REFUSED else f"<{name}>: {found}", f"Accepted: {', '.join(ELEMENTS)}.")
        if (name == "speak") != (not self._open):
            self._fail(f"<{name}> stands {'inside' if self._open else 'outside'} of <speak>")
        if len(self._open) >= DEPTH:
            self._fail(f"elements within elements, more than {DEPTH} deep", kind=LimitError)
        if self._open and self._open[-1].name in _TEXT_ONLY:
            self._fail(f"<{name}> within <{self._open[-1].name}>", "Accepted there: text.")
        for attribute in attributes:
            ignored = attribute.startswith(("xmlns", "xsi:"))
            if attribute not in ELEMENTS[name] and not ignored:
                self._fail(f"<{name}> has no {attribute[:40]}", f"Accepted: {', '.join(ELEMENTS[name])}.")
        if (needed := _NEEDED.get(name)) and not attributes.get(needed, "").strip():
            self._fail(f"<{name}> without {needed}")
        around = self._open[-1] if self._open else _Open("", {}, PLAIN, None, self._call, 0)
        self._open.append(self._opened(name, attributes, around))
        self._begin(self._open[-1])

    def _opened(self, name: str, attributes: dict[str, str], around: _Open) -> _Open:
        """An element with what it asks of the voice, on top of what is asked around it."""
        mark, voice, language = around.mark, around.voice, around.language
        if name == "prosody":
            if not attributes:
                self._fail("<prosody> without an attribute", f"Accepted: {', '.join(ELEMENTS[name])}.")
            for attribute, setter in _SETTERS.items():
                if attribute in attributes:
                    mark = self._valued(name, attribute, attributes[attribute], setter, mark)
        elif name == "emphasis":
            level = attributes.get("level", "moderate").strip()
            if level not in EMPHASIS[1:]:
                self._fail(f'<emphasis level="{level[:40]}">', f"Accepted: {', '.join(EMPHASIS[1:])}.")
            mark = replace(mark, emphasis=level)
        elif name == "emotion":
            mark = replace(mark, emotion=self._emotion(attributes["value"]))
        elif name == "voice":
            voice = self._located(find_voice, attributes["name"].strip()).name
        if "xml:lang" in attributes:
            language = self._language(attributes["xml:lang"].strip())
        return _Open(name, attributes, mark, voice, language, 0)

    def _begin(self, element: _Open) -> None:
        name, layout = element.name, self._layout
        if name in ("p", "s", "speak"):
            layout.cut(paragraph=name == "p", whole=name == "s")
        layout.enter(element.voice, element.language)
        element.start = layout.at
        if name == "break":
            time, strength = element.attributes.get("time"), element.attributes.get("strength")
            layout.pause(self._located_value("break", lambda: values.break_s(time, strength)))
        elif name == "mark":
            layout.bookmark(element.attributes["name"].strip())

    def _said(self, text: str) -> None:
        if not self._open:
            return
        element = self._open[-1]
        if element.name in ("break", "mark"):
            if text.strip():
                self._fail(f"text within <{element.name}>", "Accepted: an empty element.")
            return
        if element.name in ("say-as", "sub", "phoneme"):
            element.said.append(text)
            return
        self._layout.write(self._clean(text, element), element.mark)

    def _clean(self, text: str, element: _Open) -> str:
        clean, warnings = self._located(cleaned, re.sub(r"\s+", " ", text), element.language)
        self._warnings += warnings
        return clean

    def _end(self, name: str) -> None:
        element = self._open.pop()
        text = " ".join(self._clean("".join(element.said), element).split())
        if name in ("say-as", "sub", "phoneme") and text:
            self._layout.write(text, element.mark, self._replaced(element, text))
        if "contour" in element.attributes:
            targets = self._located_value("prosody contour", lambda: values.contour(element.attributes["contour"].strip()))
            self._layout.contour(element.start, targets)
        if name in ("p", "s", "speak"):
            self._layout.cut(paragraph=name == "p")
        if self._open:
            self._layout.enter(self._open[-1].voice, self._open[-1].language)

    def _replaced(self, element: _Open, text: str) -> str | None:
        """What is said instead of a text; None: it is read as it is written."""
        code, attributes = element.language.code, element.attributes
        if element.name == "sub":
            return " ".join(self._clean(attributes["alias"], element).split())
        if element.name == "phoneme":
            self._warnings.append(f'<phoneme> cannot be followed by this voice; "{text[:40]}" was read as it is written.')
            return None
        kind = attributes["interpret-as"].strip().lower()
        if kind not in (*BY_SIGN, *BY_WORD):
            self._fail(f'<say-as interpret-as="{kind[:40]}">', f"Accepted: {', '.join((*BY_SIGN, *BY_WORD))}.")
        if kind in BY_WORD and not code.startswith("en"):
            self._warnings.append(f"<say-as interpret-as=\"{kind}\"> is known in English alone; it was left to the voice.")
            return None
        form = attributes.get("format", "").strip().lower()
        said = self._located_value(f'say-as {kind} "{text[:40]}"', lambda: say_as(text, kind, form, code))
        return said if has_words(said) else None

    def _emotion(self, text: str) -> Emotion:
        return self._located(Emotion.parse, text)

    def _language(self, code: str) -> Language:
        try:
            return find_language(code)
        except InputError:
            base = self._located(find_language, re.split("[-_]", code)[0])
        self._warnings.append(f"The language {code} is spoken as {base.name} ({base.code}).")
        return base

    def _located(self, function: Any, *arguments: Any) -> Any:
        """What a function of ours gives; its error with line and column."""
        try:
            return function(*arguments)
        except LimitError:
            raise
        except InputError as error:
            raise InputError(f"{self._where()}, {error.where}", error.found, error.accepted) from error

    def _located_value(self, what: str, function: Any) -> Any:
        try:
            return function()
        except ValueError as error:
            accepted = str(error)
            self._fail(f"<{what}> cannot be understood", accepted if accepted[:1].isupper() else f"Accepted: {accepted}.")

    def _valued(self, name: str, attribute: str, text: str, setter: Any, mark: Mark) -> Mark:
        return self._located_value(f'{name} {attribute}="{text[:40]}"', lambda: setter(mark, text.strip()))
