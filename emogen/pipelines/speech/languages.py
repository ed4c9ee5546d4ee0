"""What can be spoken: languages, their scripts, and text made ready for a phoneme source.

espeak-ng spells out a letter that its language does not know ("Chinese letter"), so letters of a foreign
script are refused here. Signs that are no words (emoji and the like) are left out and reported.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

from emogen.conditioning.sentences import split_sentences
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.pipelines.speech.reading import read
from emogen.pipelines.speech.sentence import Sentence
from emogen.tables import read_table

#: Longest piece spoken in one go, so that memory does not grow with a text without full stops. Own assumption.
SENTENCE_CHARS = 400
SHOWN = 8  # characters named in a message
_DROPPED = {"So", "Sk", "Co", "Cs", "Cn"}  # Unicode categories: pictures, modifiers, private, unassigned
_SPACES = {"Zs", "Zl", "Zp", "Cc"}
_JOINERS = "\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f\u00ad"  # invisible, and part of emoji sequences
_SPOKEN_SIGNS = "°©®™"  # category So, but read as words
#: Signs that espeak-ng would name instead of read, and the plain ones; full-width Latin included.
_PLAIN = {ord(c): "'" for c in "\u2018\u2019\u201a\u2032\u02bb\u02bc"} | {0x2011: "-"}
_PLAIN |= {0xFF00 + i: chr(0x20 + i) for i in range(1, 0x5F)}


@dataclass(frozen=True)
class Language:
    """A language that can be spoken.

    Attributes:
        code: As written in `language=`.
        name: In English.
        espeak: espeak-ng's name for it.
        scripts: First words of the Unicode names of its letters.
    """

    code: str
    name: str
    espeak: str
    scripts: tuple[str, ...]


@cache
def languages() -> dict[str, Language]:
    """Code -> language, in the order of the table."""
    rows = read_table(__package__, "languages.csv")
    return {r["code"]: Language(r["code"], r["name"], r["espeak"], tuple(r["scripts"].split())) for r in rows}


def find_language(code: object) -> Language:
    """The language of a code, in any case, with - or _.

    Raises:
        InputError: Not one of the table.
    """
    known = languages()
    found = known.get(code.lower().replace("_", "-")) if isinstance(code, str) else None
    if found is None:
        raise InputError("language", f"no voice speaks {code!r:.40}", f"Accepted: {', '.join(known)}.")
    return found


def prepare(text: object, language: Language) -> tuple[list[Sentence], list[str]]:
    """A text -> the sentences to be spoken, and warnings about what was left out.

    Raises:
        InputError: Not text, nothing in it that can be spoken, or letters of a script that the language lacks.
        LimitError: Longer than `limits.text_chars`.
    """
    clean, warnings = cleaned(checked(text), language)
    if not has_words(clean):
        raise InputError("text", f"{clean.strip()[:20]!r} holds no word or number", "Accepted: words to be spoken.")
    pieces = [clean[start:end] for start, end in sentence_spans(clean)]
    return [Sentence(piece, i, read(piece, language.code)) for i, piece in enumerate(pieces, 1)], warnings


def checked(text: object) -> str:
    """A text that is one, is not empty and not too long.

    Raises:
        InputError: Not text, or empty.
        LimitError: Longer than `limits.text_chars`.
    """
    if not isinstance(text, str):
        raise InputError("text", f"found {type(text).__name__}", "Accepted: a string, or a list of strings.")
    if len(text) > LIMITS.text_chars:
        raise LimitError("text", f"{len(text):,} characters; the limit is {LIMITS.text_chars:,} (limits.text_chars)")
    if not text.strip():
        raise InputError("text", "is empty", "Accepted: words to be spoken.")
    return text


def cleaned(text: str, language: Language) -> tuple[str, list[str]]:
    """A text without signs that are no words, and a warning that names them.

    Raises:
        InputError: Letters of a script that the language lacks.
    """
    text = unicodedata.normalize("NFC", text.translate(_PLAIN))
    _check_scripts(text, language)
    clean, dropped = _clean(text)
    if not dropped:
        return clean, []
    signs = " ".join(dict.fromkeys(dropped))
    return clean, [f"Signs that are no words were left out: {signs[: 2 * SHOWN]}"]


def has_words(text: str) -> bool:
    """Whether a text holds a letter or a figure."""
    return any(c.isalnum() for c in text)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a cleaned text begin and end, none longer than SENTENCE_CHARS."""
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in (piece for sentence in split_sentences(text) for piece in _short(sentence) if piece):
        start = text.index(piece, at)
        at = start + len(piece)
        silent = bool(spans) and not has_words(text[slice(*spans[-1])])
        if not spans or (has_words(piece) and not silent):
            spans.append((start, at))
        elif at - spans[-1][0] <= SENTENCE_CHARS:  # "..." is silent alone: it joins its neighbour
            spans[-1] = (spans[-1][0], at)
        elif silent:
            spans[-1] = (start, at)
    return spans


def _clean(text: str) -> tuple[str, list[str]]:
    """The text without signs that are no words, and those signs."""
    kept, dropped = [], []
    for char in text:
        category = unicodedata.category(char)
        if char in _JOINERS or category == "Cf":
            continue
        if category in _DROPPED and char not in _SPOKEN_SIGNS and char not in "^`´¨":
            dropped.append(char)
            kept.append(" ")
        else:
            kept.append(" " if category in _SPACES and char != "\n" else char)
    return "".join(kept), dropped


def _check_scripts(text: str, language: Language) -> None:
    foreign: dict[str, list[str]] = {}
    for char in text:
        if unicodedata.category(char)[0] == "L" and ord(char) > 0x7F:
            script = unicodedata.name(char, "UNKNOWN").split()[0]
            if script not in language.scripts and unicodedata.category(char) not in ("Lm",):
                if script in ("FEMININE", "MASCULINE", "MICRO"):  # º ª µ, signs of Latin text
                    continue
                foreign.setdefault(script, []).append(char)
    if not foreign:
        return
    script, chars = next(iter(foreign.items()))
    shown = "".join(dict.fromkeys(chars))[:SHOWN]
    others = [x.code for x in languages().values() if script in x.scripts]
    accepted = f"Accepted for {language.code}: {' and '.join(s.lower() for s in language.scripts)} letters"
    accepted += f"; {script.lower()} letters are spoken by language {', '.join(others)}." if others else "."
    raise InputError(
        "text", f'"{shown}" ({_script_name(script)}) cannot be spoken in {language.name} ({language.code})', accepted
    )


def _script_name(script: str) -> str:
    return {"CJK": "Chinese characters"}.get(script, f"{script.capitalize()} script")


def _short(sentence: str) -> list[str]:
    """A sentence in pieces of at most SENTENCE_CHARS, cut behind a comma, else at a blank, else anywhere."""
    pieces = []
    while len(sentence) > SENTENCE_CHARS:
        head = sentence[:SENTENCE_CHARS]
        cut = max(head.rfind(sign) + 1 for sign in (", ", "; ", ": ", " - ", " – ", " — "))
        cut = cut or head.rfind(" ") + 1 or SENTENCE_CHARS
        pieces.append(sentence[:cut].strip())
        sentence = sentence[cut:].lstrip()
    return [*pieces, sentence]
