"""Marked-up text laid out flat: runs of text with marks, cut into sentences, each with its pauses and bookmarks."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace

from emogen.pipelines.speech.languages import SENTENCE_CHARS, Language, has_words, sentence_spans
from emogen.pipelines.speech.prosody_values import Target, along
from emogen.pipelines.speech.reading import read
from emogen.pipelines.speech.reading.context import Piece
from emogen.pipelines.speech.reading.engine import paused
from emogen.pipelines.speech.sentence import PLAIN, Mark, Sentence, Token

PARAGRAPH_S = 0.8  # silence between paragraphs, twice that between sentences; own assumption


@dataclass
class Segment:
    """Text of one voice and language between two bounds of sentences. Places count its characters."""

    voice: str | None
    language: Language
    whole: bool = False
    paragraph: bool = False
    text: str = ""
    runs: list[tuple[int, Mark]] = field(default_factory=list)
    fixed: list[Piece] = field(default_factory=list)
    breaks: list[tuple[int, float]] = field(default_factory=list)
    bookmarks: list[tuple[int, str]] = field(default_factory=list)
    contours: list[tuple[int, int, tuple[Target, ...]]] = field(default_factory=list)

    def mark_at(self, place: int) -> Mark:
        """The mark of the run that holds a place."""
        index = bisect_right(self.runs, place, key=lambda run: run[0]) - 1
        return self.runs[index][1] if index >= 0 else PLAIN


class Layout:
    """Takes text and marks in order and gives the sentences."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._fresh = True
        self._whole = self._paragraph = False

    @property
    def at(self) -> int:
        """The place in the segment where text goes next."""
        return len(self._segments[-1].text) if self._segments else 0

    def cut(self, *, paragraph: bool = False, whole: bool = False) -> None:
        """A sentence ends here; `paragraph`: so does a paragraph; `whole`: the next text is one sentence."""
        self._fresh = True
        self._whole = whole
        self._paragraph = self._paragraph or paragraph

    def enter(self, voice: str | None, language: Language) -> None:
        """The voice and the language from here on."""
        last = self._segments[-1] if self._segments else None
        if last is not None and not self._fresh and (last.voice, last.language) == (voice, language):
            return
        if last is None or last.text.strip() or last.breaks or last.bookmarks:
            self._segments.append(Segment(voice, language, self._whole, self._paragraph))
        else:  # nothing was said in it
            last.voice, last.language, last.whole = voice, language, self._whole
            last.paragraph = last.paragraph or self._paragraph
        self._fresh = self._paragraph = False

    def write(self, text: str, mark: Mark, spoken: str | None = None) -> None:
        """Text, and what is said instead of it."""
        here = self._segments[-1]
        if spoken is not None:
            here.fixed.append(Piece(self.at, self.at + len(text), spoken))
        here.runs.append((self.at, mark))
        here.text += text

    def pause(self, length_s: float) -> None:
        """A break; the text on both sides are different words."""
        self._segments[-1].breaks.append((self.at, length_s))
        self._segments[-1].text += " "

    def bookmark(self, name: str) -> None:
        """A place whose time is wanted."""
        self._segments[-1].bookmarks.append((self.at, name))

    def contour(self, start: int, targets: tuple[Target, ...]) -> None:
        """A contour over the text from a place on."""
        here = self._segments[-1]
        here.contours.append((start if start <= self.at else 0, self.at, targets))

    def sentences(self) -> list[Sentence]:
        """All of it, in order and numbered."""
        found: list[Sentence] = []
        waiting_s: float | None = None  # breaks before the first word
        names: list[str] = []  # bookmarks without a word of their own behind them yet
        paragraph = False
        for segment in self._segments:
            paragraph = paragraph or segment.paragraph
            said = _sentences(segment)
            if not said:
                names += [name for _, name in segment.bookmarks]
                lengths = [length_s for _, length_s in segment.breaks]
                if lengths and found:
                    found[-1] = _last_paused(found[-1], sum(lengths) + (found[-1].tokens[-1].pause_s or 0.0))
                elif lengths:
                    waiting_s = (waiting_s or 0.0) + sum(lengths)
                continue
            if paragraph and found and found[-1].tokens[-1].pause_s is None:
                found[-1] = _last_paused(found[-1], PARAGRAPH_S)
            paragraph = False
            before_s = said[0].before_s
            if before_s and found:
                found[-1] = _last_paused(found[-1], before_s + (found[-1].tokens[-1].pause_s or 0.0))
                before_s = 0.0
            marks = (*((name, 0) for name in names), *said[0].bookmarks)
            said[0] = replace(said[0], before_s=before_s + (waiting_s or 0.0), bookmarks=marks)
            waiting_s, names = None, []
            found += said
        if found and names:
            last = found[-1]
            found[-1] = replace(last, bookmarks=(*last.bookmarks, *((name, len(last.tokens)) for name in names)))
        return [replace(sentence, number=i) for i, sentence in enumerate(found, 1)]


def _sentences(segment: Segment) -> list[Sentence]:
    if not has_words(segment.text):
        return []
    whole = segment.whole and len(segment.text) <= SENTENCE_CHARS
    spans = [_trimmed(segment.text)] if whole else sentence_spans(segment.text)
    found = []
    for i, (start, end) in enumerate(spans):
        reach = (0 if i == 0 else start, spans[i + 1][0] if i + 1 < len(spans) else len(segment.text) + 1)
        found.append(_sentence(segment, start, end, reach))
    return found


def _trimmed(text: str) -> tuple[int, int]:
    return len(text) - len(text.lstrip()), len(text.rstrip())


def _sentence(segment: Segment, start: int, end: int, reach: tuple[int, int]) -> Sentence:
    """One sentence with the breaks and bookmarks within its reach."""
    text = segment.text[start:end]
    fixed = [replace(p, start=max(p.start - start, 0), end=min(p.end, end) - start) for p in segment.fixed if start <= p.start < end]
    tokens = list(read(text, segment.language.code, fixed))
    starts, at = [], start
    for i, token in enumerate(tokens):
        place = segment.text.index(token.written, at)
        at = place + len(token.written)
        starts.append(place)
        mark = segment.mark_at(place)
        for low, high, targets in segment.contours:
            if low <= place < high:
                shift_hz, semitones = along(targets, ((place + at) / 2 - low) / max(high - low, 1))
                mark = replace(mark, shift_hz=mark.shift_hz + shift_hz, pitch_st=mark.pitch_st + semitones)
        tokens[i] = replace(token, mark=replace(mark, emphasis=mark.emphasis or token.mark.emphasis))
    before_s = 0.0
    for place, length_s in segment.breaks:
        if reach[0] <= place < reach[1]:
            index = sum(s < place for s in starts) - 1
            if index < 0:
                before_s += length_s
            else:
                tokens[index] = _with_break(tokens, index, length_s)
    bookmarks = tuple((name, sum(s < place for s in starts)) for place, name in segment.bookmarks if reach[0] <= place < reach[1])
    return Sentence(text, 1, tuple(tokens), segment.voice, segment.language.code, before_s, bookmarks)


def _with_break(tokens: list[Token], index: int, length_s: float) -> Token:
    token = tokens[index]
    total = length_s + (token.pause_s or 0.0)
    return paused(token, total) if length_s > 0 and index < len(tokens) - 1 else replace(token, pause_s=total)


def _last_paused(sentence: Sentence, pause_s: float) -> Sentence:
    return replace(sentence, tokens=(*sentence.tokens[:-1], replace(sentence.tokens[-1], pause_s=pause_s)))
