"""The written form of emotions and tracks -> `Emotion` or `EmotionTrack`. The printers are their `str`.

    track    = keyframe { ";" keyframe } [ ";" ]
    keyframe = number ( "s" | "ms" ) [ "!" | "[" number "," number "]" ] mixture
    mixture  = part { "+" part }
    part     = side [ ">" side ] [ ":" number ]
    side     = { "-" } ( label | point | description | reference | "(" mixture ")" )
    point    = "vad(" number "," number "," number [ "|" label ":" number { "+" label ":" number } ] ")"

One pass from left to right, linear in the length; depth and length are bounded by `emogen.limits`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from emogen.conditioning.atoms import Atom, Blend, Point, Said, Term, shown, tidy
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import advice, find
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS

if TYPE_CHECKING:
    from emogen.conditioning.track import EmotionTrack, Keyframe

_SPACE = re.compile(r"\s*")
_LABEL = re.compile(r"[^\W\d_]+(?:[ \t_/&'\u2019.\-]+[^\W\d_]+)*")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_WORD_NUMBER = re.compile(r"[+-]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
_TIME = re.compile(r"\s*-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*(?:ms|s)(?![^\W\d_])")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PATH = re.compile(r'[^\s;+>()"]+')
_PATH_AMPLITUDE = re.compile(r":([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)$")
_ESCAPE = re.compile(r'\\(["\\])')
_SHOWN_CHARS = 60


class Resolver(Protocol):
    """Gives meaning to what is not a word: descriptions, and references that it alone may open."""

    def describe(self, text: str) -> Emotion:
        """The emotion of a description in words."""
        ...

    def reference(self, path: str) -> Emotion:
        """The emotion that a recogniser hears or sees in a reference. Raises EmogenError if it may not."""
        ...


class WordsOnly:
    """The resolver of a plain `parse`: descriptions by the embedded text recogniser, no files."""

    def describe(self, text: str) -> Emotion:
        """The emotion of a description, by `TextRecognizer.load("embedded")`."""
        from emogen.conditioning.text import TextRecognizer

        return Emotion.of(TextRecognizer.load("embedded").recognize(text).emotion)

    def reference(self, path: str) -> Emotion:
        """Refuses: text alone opens no files."""
        raise InputError(f'emotion "@{_short(path)}"', "a reference, and files are not open here", "Pass a resolver.")


@dataclass(frozen=True)
class Resolved:
    """A resolver that knows the meanings stored with a `to_dict` and asks `WordsOnly` for the rest."""

    meanings: Mapping[str, str]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Resolved:
        """The meanings under "resolved" of a `to_dict`."""
        stored = data.get("resolved", {})
        if not isinstance(stored, Mapping) or not all(isinstance(v, str) for v in stored.values()):
            raise InputError("emotion", '"resolved" is no object of texts', "Leave it out or keep it as written.")
        return cls(stored)

    def describe(self, text: str) -> Emotion:
        """The stored meaning of a description."""
        stored = self.meanings.get('"' + text)
        return WordsOnly().describe(text) if stored is None else Emotion.parse(stored)

    def reference(self, path: str) -> Emotion:
        """The stored meaning of a reference; no file is opened."""
        stored = self.meanings.get("@" + path)
        return WordsOnly().reference(path) if stored is None else Emotion.parse(stored)


def parse(text: str, *, resolver: Resolver | None = None) -> Emotion | EmotionTrack:
    """An emotion or, where the text starts with a time, a track.

    Args:
        text: At most `LIMITS.emotion_chars` characters.
        resolver: Gives meaning to "descriptions" and @references; without one a description is read by the
            embedded text recogniser and a reference is refused.

    Raises:
        InputError: What is wrong, at which column, and the nearest known word.
        LimitError: The text is too long, too deep or a number is out of range.
    """
    reader = _Reader(text, resolver)
    if is_track(text):
        from emogen.conditioning.track import EmotionTrack

        return EmotionTrack(tuple(reader.track()), written=text.strip())
    return Emotion(reader.whole().parts, text.strip())


def is_track(text: str) -> bool:
    """Whether a text is written as a track, that is, starts with a time such as `0s` or `250ms`."""
    return _TIME.match(text) is not None


def parse_emotion(text: str, *, resolver: Resolver | None = None) -> Emotion:
    """One emotion; a track is refused. See `parse`."""
    reader = _Reader(text, resolver)
    if is_track(text):
        reader.fail(0, "a track where one emotion is expected", "Leave out the times.")
    return Emotion(reader.whole().parts, text.strip())


def spec_of(data: Mapping[str, Any]) -> str:
    """The text under "spec" of a `to_dict`."""
    spec = data.get("spec") if isinstance(data, Mapping) else None
    if not isinstance(spec, str):
        raise InputError("emotion", 'no text under "spec"', "Give an object as `to_dict` writes it.")
    return spec


def _short(text: str) -> str:
    """A text as a message shows it: one line, printable, not too long."""
    cut = text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 3] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


class _Reader:
    """Recursive descent over one text."""

    def __init__(self, text: str, resolver: Resolver | None) -> None:
        if not isinstance(text, str):
            raise InputError("emotion", f"found {type(text).__name__}", 'Write it as text such as "joy:0.8".')
        if len(text) > LIMITS.emotion_chars:
            raise LimitError(
                "emotion",
                f"{len(text)} characters; the limit is {LIMITS.emotion_chars} (limits.emotion_chars)",
            )
        self.text = text
        self.at = 0
        self.depth = 0
        self.resolver: Resolver = resolver or WordsOnly()
        try:
            text.encode()
        except UnicodeEncodeError as broken:  # half of a surrogate pair: no file and no network takes it
            self.fail(broken.start, "a broken character", "Use whole Unicode characters.")

    # -- characters ------------------------------------------------------------------------------------------
    def fail(self, at: int, found: str, accepted: str = "", limit: bool = False) -> NoReturn:
        kind = LimitError if limit else InputError
        raise kind(f'emotion "{_short(self.text)}"', f"{found} at column {at + 1}", accepted)

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def peek(self) -> str:
        self.skip()
        return self.text[self.at : self.at + 1]

    def take(self, mark: str) -> bool:
        if self.peek() != mark:
            return False
        self.at += 1
        return True

    def need(self, mark: str, after: str) -> None:
        if not self.take(mark):
            self.fail(self.at, self.seen(), f'Expected "{mark}" {after}.')

    def seen(self) -> str:
        return f'unexpected "{self.text[self.at]}"' if self.at < len(self.text) else "unexpected end"

    def number(self, low: float, high: float, what: str) -> float:
        self.skip()
        start = self.at
        match = _NUMBER.match(self.text, start)
        if not match:
            strange = _WORD_NUMBER.match(self.text, start)
            found = f'{what} "{strange[0]}" is not a finite number' if strange else self.seen()
            self.fail(start, found, f"{what} is a number {shown(low)}..{shown(high)}.".capitalize())
        self.at = match.end()
        value = float(match[0])
        if not low <= value <= high:
            found = f"{what} {match[0][:_SHOWN_CHARS]} is out of range"
            self.fail(start, found, f"Use {shown(low)}..{shown(high)}.", limit=True)
        return tidy(value)

    # -- grammar ---------------------------------------------------------------------------------------------
    def whole(self) -> Emotion:
        if not self.text.strip():
            self.fail(0, "nothing written", "Write a feeling such as joy:0.8.")
        emotion = self.mixture()
        if self.peek():
            hint = {
                ";": "A track starts each keyframe with its time: 0s joy; 2s fear.",
                ">": "Only one > between two emotions; use parentheses for more.",
            }
            self.fail(self.at, self.seen(), hint.get(self.peek(), 'Mix with "+", set the amount with ":".'))
        return emotion

    def track(self) -> list[Keyframe]:
        frames: list[Keyframe] = []
        while True:
            frames.append(self.keyframe(frames[-1].t if frames else None))
            if len(frames) > LIMITS.keyframes:
                self.fail(self.at, f"more than {LIMITS.keyframes} keyframes (limits.keyframes)", limit=True)
            more = self.take(";")
            if not self.peek():
                return frames
            if not more:
                self.fail(self.at, self.seen(), 'Keyframes are parted by ";".')

    def keyframe(self, before: float | None) -> Keyframe:
        from emogen.conditioning.track import Keyframe

        self.skip()
        start = self.at
        if not _TIME.match(self.text, start):
            self.fail(start, "no time" if self.peek() else self.seen(), "A keyframe is a time and an emotion: 2s joy.")
        t = self.number(0.0, math.inf, "time")
        if not math.isfinite(t):
            self.fail(start, "a time without end", "Use seconds.")
        self.skip()
        unit = "ms" if self.text.startswith("ms", self.at) else "s"
        self.at += len(unit)
        t = tidy(t / 1000.0) if unit == "ms" else t
        if before is not None and t <= before:
            self.fail(start, f"time {shown(t)} s is not after {shown(before)} s", "Times must rise.")
        step, ease = self.take("!"), (0.0, 1.0)
        if not step and self.take("["):
            first = self.number(0.0, 1.0, "phase")
            self.need(",", "between the two phases")
            ease = (first, self.number(first, 1.0, "phase"))
            self.need("]", "after the two phases")
            if ease[0] == ease[1]:
                self.fail(start, "an empty phase", "The second phase must be larger.")
        return Keyframe(t, self.mixture(), step, ease)

    def mixture(self) -> Emotion:
        parts: list[tuple[Atom, float]] = []
        while True:
            parts += self.part().parts
            if not self.take("+"):
                return Emotion.mix(parts) if len(parts) > 1 else Emotion(tuple(parts))

    def part(self) -> Emotion:
        emotion = self.side()
        if not self.take(">"):
            return emotion.scale(self.amplitude(emotion)) if self.take(":") else emotion
        target = self.side()
        amount = self.number(0.0, LIMITS.intensity, "amount") if self.take(":") else 1.0
        return Emotion.mix([(Blend(emotion, target, amount), 1.0)])

    def amplitude(self, emotion: Emotion) -> float:
        self.skip()
        start = self.at
        value = self.number(0.0, LIMITS.intensity, "intensity")
        top = max((a for _, a in emotion.parts), default=0.0)
        if value * top > LIMITS.intensity:
            self.fail(start, f"intensity {shown(value)} times {shown(top)} is above {LIMITS.intensity}", limit=True)
        return value

    def side(self) -> Emotion:
        signs = 0
        while self.take("-"):
            signs += 1
            if signs > LIMITS.emotion_depth:
                self.fail(self.at - 1, f"more than {LIMITS.emotion_depth} signs (limits.emotion_depth)", limit=True)
        emotion = self.atom()
        return -emotion if signs % 2 else emotion

    def atom(self) -> Emotion:
        mark = self.peek()
        if mark == '"':
            return self.said('"')
        if mark == "@":
            return self.said("@")
        if mark == "(":
            return self.group()
        match = _LABEL.match(self.text, self.at)
        if not match:
            self.fail(self.at, self.seen(), "Expected a feeling such as joy.")
        start, self.at = self.at, match.end()
        if match[0].lower() == "vad" and self.take("("):
            return self.point()
        return Emotion.mix([(Term(self.term(match[0], start)), 1.0)])

    def group(self) -> Emotion:
        start = self.at
        self.at += 1
        self.depth += 1
        if self.depth > LIMITS.emotion_depth:
            self.fail(start, f"nested deeper than {LIMITS.emotion_depth} (limits.emotion_depth)", limit=True)
        emotion = self.mixture()
        self.depth -= 1
        if not self.take(")"):
            self.fail(start, 'unclosed "("', 'Close it with ")".')
        return emotion

    def term(self, word: str, at: int) -> str:
        found = find(word)
        if found is None:
            self.fail(at, f'unknown label "{_short(word)}"', advice(word))
        return found

    def point(self) -> Emotion:
        axes = []
        for i, name in enumerate(("valence", "arousal", "dominance")):
            if i:
                self.need(",", "between the three numbers of vad(v,a,d)")
            axes.append(self.number(-1.0, 1.0, name))
        words: dict[str, float] = {}
        if self.take("|"):
            start = self.at
            more = True
            while more:
                word, amplitude = self.word()
                words[word] = max(amplitude, words.get(word, 0.0))
                more = self.take("+")
            if sum(words.values()) > LIMITS.intensity + 1e-6:
                self.fail(start, f"amplitudes that sum to more than {LIMITS.intensity}", limit=True)
        self.need(")", "after the three numbers of vad(v,a,d)")
        order = sorted(((w, a) for w, a in words.items() if a > 0.0), key=lambda p: (-p[1], p[0]))
        return Emotion.mix([(Point((axes[0], axes[1], axes[2]), tuple(order)), 1.0)])

    def word(self) -> tuple[str, float]:
        self.skip()
        match = _LABEL.match(self.text, self.at)
        if not match:
            self.fail(self.at, self.seen(), "Expected a feeling such as joy.")
        start, self.at = self.at, match.end()
        name = self.term(match[0], start)
        return name, self.number(0.0, LIMITS.intensity, "intensity") if self.take(":") else 1.0

    def said(self, mark: str) -> Emotion:
        start = self.at
        self.at += mark == "@"
        if self.text[self.at : self.at + 1] == '"':
            match = _QUOTED.match(self.text, self.at)
            if not match:
                self.fail(self.at, "unclosed quote", "Close it with a double quote.")
            text, self.at = _ESCAPE.sub(r"\1", match[1]), match.end()
        else:
            match = _PATH.match(self.text, self.at)
            if not match:
                self.fail(start, "a reference without a name", "Write @clip.wav.")
            amplitude = _PATH_AMPLITUDE.search(match[0])
            text = match[0][: amplitude.start()] if amplitude else match[0]
            self.at += len(text)
        if not text.strip():
            self.fail(start, "nothing described" if mark == '"' else "a reference without a name")
        meaning = self.resolver.describe(text) if mark == '"' else self.resolver.reference(text)
        return Emotion.mix([(Said(mark, text, meaning), 1.0)])
