"""The order in which signs are read, and how what is said stays attached to what was written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emogen.pipelines.speech.reading import amounts, dates, names, signs
from emogen.pipelines.speech.reading.context import Context, Piece, Rule
from emogen.pipelines.speech.sentence import Mark, Token

#: First come, first read: what one rule has read no later rule sees.
RULES: tuple[Rule, ...] = (
    *names.ADDRESSES, *dates.RULES, *amounts.RULES, *names.RULES, *signs.RULES
)  # fmt: skip
ENGLISH = ("en", "en-us", "en-gb")
ELLIPSIS_S = 0.6  # behind "...": longer than a comma, as long as the pause between two sentences; own assumption
DASH_S = 0.35  # for a dash between words, between a comma and a full stop; own assumption
_READ = "\ue000"  # stands for a character that a rule has read; private use, so that no rule knows it
_DOTS = re.compile(r"(?:\.{2,}|\u2026)+")
_LONG_DASH = re.compile(r"(?<=\w)\s?(?:--+|[\u2013\u2014\u2015]+)\s?(?=\w)")
_DASHES = re.compile(r"[-\u2010-\u2015]+")
_STOPS = ",;:.!?"
_SAID = _STOPS + "&@%#§/"  # punctuation by its Unicode category that a speaker stops at or says


def read(text: str, language: str, fixed: Sequence[Piece] = ()) -> tuple[Token, ...]:
    """How a sentence is said, word by word.

    Args:
        text: A sentence as written, cleaned by `languages.prepare`.
        language: Code of its language. English is read by the rules of this package; elsewhere a word is said as
            it is written, and the speaker reads its numbers.
        fixed: What is said for some parts of the text, in order; no rule touches them.

    Returns:
        Tokens that cover the whole text.
    """
    pieces = list(fixed)
    left = list(text)
    for piece in fixed:
        left[piece.start : piece.end] = _READ * (piece.end - piece.start)
    if language in ENGLISH:
        context = Context(text, british=language == "en-gb")
        for pattern, reader in RULES:
            for match in pattern.finditer("".join(left)):
                found = reader(match, context)
                if found is not None:
                    pieces += _parts(match, found)
                    left[match.start() : match.end()] = _READ * (match.end() - match.start())
    return _paused(_tokens(text, sorted(pieces, key=lambda piece: (piece.start, piece.end))))


def _parts(match: re.Match[str], said: str) -> list[Piece]:
    """What is said for a match: one piece for each of its words where `said` has as many parts between "|"."""
    emphasis, _, said = said.rpartition("!!")
    words = list(re.finditer(r"\S+", match.string[match.start() : match.end()]))
    parts = said.split("|")
    if len(parts) != len(words):
        return [Piece(match.start(), match.end(), " ".join(parts), emphasis)]
    at = match.start()
    return [Piece(at + w.start(), at + w.end(), part, emphasis) for w, part in zip(words, parts, strict=True)]


@dataclass
class _Word:
    start: int
    end: int


def _tokens(text: str, pieces: list[Piece]) -> list[Token]:
    words = [_Word(match.start(), match.end()) for match in re.finditer(r"\S+", text)]
    for piece in pieces:  # a piece that reads several words together makes one of them
        inside = [word for word in words if word.start < piece.end and piece.start < word.end]
        if len(inside) > 1:
            inside[0].end = inside[-1].end
            words = [word for word in words if word not in inside[1:]]
    tokens = []
    for word in words:
        own = [piece for piece in pieces if word.start <= piece.start and piece.end <= word.end]
        said, at = "", word.start
        for piece in own:
            said = _joined(_joined(said, _free(text[at : piece.start])), piece.spoken)
            at = piece.end
        said = _joined(said, _free(text[at : word.end]))
        emphasis = next((piece.emphasis for piece in own if piece.emphasis), "")
        tokens.append(Token(text[word.start : word.end], _close(said), Mark(emphasis=emphasis)))
    return tokens


def _joined(left: str, right: str) -> str:
    """Two parts of a word, apart where they would run together."""
    apart = left and right and (left[-1].isalnum() or left[-1] in _STOPS) and right[0].isalnum()
    return f"{left} {right}" if apart else left + right


def _close(said: str) -> str:
    """One blank between words, none before a stop."""
    return re.sub(r"\s+(?=[,.;:!?)\]\u201d]+(?:\s|$))", "", " ".join(said.split()))


def _free(text: str) -> str:
    """Text that no rule has read, without signs that only an eye needs."""
    return re.sub(r"[*_|\[\]{}<>\\~^`#]+", " ", _LONG_DASH.sub(", ", text))


def _paused(tokens: list[Token]) -> tuple[Token, ...]:
    """Ellipses and dashes become pauses; a comma tells the speaker that its melody breaks there."""
    found: list[Token] = []
    for i, token in enumerate(tokens):
        last = i == len(tokens) - 1
        spoken = token.spoken
        if found and _DASHES.fullmatch(spoken):
            found.append(replace(token, spoken=""))
            _pause(found, DASH_S)
            continue
        if dots := list(_DOTS.finditer(spoken)):
            ends = not any(c.isalnum() for c in spoken[dots[-1].end() :])
            spoken = _DOTS.sub(", ", spoken[: dots[-1].start()]) + ("." if last and ends else ", ") + spoken[dots[-1].end() :]
            spoken = re.sub(r"[,.] ?([?!])", r"\1", " ".join(spoken.split()).replace(" ,", ","))
            spoken = spoken.lstrip(",. ") if any(c.isalnum() for c in spoken) else ""
            found.append(replace(token, spoken=spoken))
            if ends and not last:
                _pause(found, ELLIPSIS_S)
            elif last and not spoken:
                _stop(found)
            continue
        if all(unicodedata.category(c)[0] == "P" and c not in _SAID for c in spoken):
            spoken = ""
        found.append(replace(token, spoken=spoken))
    return tuple(found)


def _pause(tokens: list[Token], pause_s: float) -> None:
    """A pause behind the last word that is said, where there is one."""
    for i in range(len(tokens) - 1, -1, -1):
        if any(c.isalnum() for c in tokens[i].spoken):
            tokens[i] = paused(tokens[i], pause_s)
            return


def _stop(tokens: list[Token]) -> None:
    """A full stop behind the last word that is said, where dots stand apart from it."""
    for i in range(len(tokens) - 1, -1, -1):
        if spoken := tokens[i].spoken:
            tokens[i] = replace(tokens[i], spoken=spoken if spoken[-1] in _STOPS else f"{spoken}.")
            return


def paused(token: Token, pause_s: float) -> Token:
    """A word with a pause behind it; a comma, unless a stop is there, tells the speaker that its melody breaks."""
    bare = token.spoken.rstrip("\"')]\u201d")
    stopped = not bare or bare[-1] in _STOPS
    return replace(token, spoken=token.spoken if stopped else f"{token.spoken},", pause_s=pause_s)
