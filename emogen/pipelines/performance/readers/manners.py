"""How words are said -> hints of a feeling: verbs of speech ("she sobbed"), parentheses ("(through tears)")."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources

from emogen.conditioning.text import TextRecognizer
from emogen.conditioning.vocabulary import find, normalise

#: A parenthesis that the text recogniser must read is a hint where it is this sure, and this strong; own assumption.
SURE, STRONG = 0.45, 0.3
TERM = 0.75  # intensity of a bare word of feeling ("sadly"), by the words before it; own assumption
_DEGREES = {"very": 1.0, "deeply": 1.0, "utterly": 1.0, "terribly": 1.0, "slightly": 0.4, "bit": 0.4, "little": 0.45,
            "somewhat": 0.5, "almost": 0.5, "barely": 0.3, "quietly": 0.5}  # fmt: skip
#: Forms that mean something else than their verb, or that the rule misses.
_ALSO = {"crying": "sadness:0.8", "beginning": None, "spitting": "anger:0.7+disgust:0.4",
         **dict.fromkeys(("softly", "soft", "quiet", "quietly", "low", "hushed"), "vad(0.1,-0.8,-0.2):0.35"),
         **dict.fromkeys(("loud", "loudly", "louder"), "vad(0,0.9,0.6):0.6"), "tears": "sadness:0.85"}  # fmt: skip
_NOT_FELT = {"high", "flat", "bright", "plain", "normal", "sing", "singing"}
_SILENCES = {"beat", "a beat", "pause", "a pause", "long pause", "silence", "long silence"}
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
#: Remarks on who is spoken to or where the voice comes from say nothing of a feeling.
_NO_FEELING = re.compile(
    r"^(to|into|on|off|over|in|from|aside|re|v\.?o\.?|o\.?s\.?|o\.?c\.?|cont|continuing|filtered|subtitled?)\b", re.IGNORECASE
)


@cache
def verbs() -> dict[str, str | None]:
    """Every form of a verb of speech -> the hint that it gives, or None."""
    with resources.files(__package__).joinpath("manners.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found: dict[str, str | None] = {}
    for row in rows:
        base, past, hint = row["base"], row["past"], row["emotion"] or None
        stem = past[:-2] if past.endswith("ed") and not base.endswith("e") and past != f"{base[:-1]}ied" else base
        going = f"{base[:-1]}ing" if base.endswith("e") and not base.endswith(("ee", "ye")) else f"{stem}ing"
        ending = "es" if base.endswith(("s", "sh", "ch", "o")) else "s"
        third = f"{base[:-1]}ies" if base.endswith(("ply", "cry")) else f"{base}{ending}"
        for form in (base, past, third, going):
            found[form] = hint
    return found | _ALSO


def manner(words: str) -> str | None:
    """The hint of feeling in words about how something is said; None where they give none.

    Args:
        words: A parenthesis, or an attribution without its name.
    """
    words = " ".join(words.replace("*", "").replace("_", "").split()).strip(" .,;:!-")
    tokens = [w.lower() for w in _WORD.findall(words)]
    if not tokens or words.lower() in _SILENCES or _NO_FEELING.match(words):
        return None
    known = verbs()
    for token in tokens:
        if known.get(token) and token not in _DEGREES:
            return known[token]
    for i, token in enumerate(tokens):
        name = None if token in _DEGREES or token in _NOT_FELT else _feeling(token)
        if name is not None:
            level = next((_DEGREES[t] for t in reversed(tokens[:i]) if t in _DEGREES), TERM)
            return "neutral" if name == "neutral" else f"{name}:{level:g}"
    if len(tokens) == 1:
        return known.get(tokens[0])
    if any(t in known and t not in _DEGREES for t in tokens):
        return None
    return _read(words)


def is_silence(words: str) -> bool:
    """Whether a parenthesis asks for a moment of silence: "(beat)"."""
    return " ".join(words.lower().split()).strip(" .") in _SILENCES


def _feeling(word: str) -> str | None:
    """The term that a word, an adjective or its adverb stands for."""
    forms = [word]
    if word.endswith("ily"):
        forms.append(f"{word[:-3]}y")
    if word.endswith("ly"):
        forms += [word[:-2], f"{word[:-2]}e"]
    return next((name for form in forms if normalise(form) == form and (name := find(form)) is not None), None)


def _read(words: str) -> str | None:
    found = TextRecognizer.load("embedded").recognize(words)
    if found.confidence < SURE or found.emotion.intensity < STRONG or found.emotion.weights.get("neutral", 0.0) > 0.5:
        return None
    best = next(name for name in found.emotion.weights if name != "neutral")
    return f"{best}:{min(found.emotion.intensity, 1.0):.2f}"
