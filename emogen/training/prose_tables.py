"""What training/prose.py composes from: lists of lines and words, read from `tables/*.csv`.

Written for this project; every label and number is its own assumption. Lines have slots: {s} she or he, {p} her
or his, {o} her or him, {r} herself or himself, {n} a name, capitals for the start of a sentence; {adj}, {cue} ...
a phrase of the feeling, {adj2} ... of a second one.
"""

from __future__ import annotations

import csv
from pathlib import Path

Labels = dict[str, float]
TABLES = Path(__file__).resolve().parent / "tables"


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of `tables/<name>.csv`."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def labels_of(written: str) -> Labels:
    """`"joy:1 love:0.3"` -> label -> chance."""
    return {label: float(chance) for label, chance in (part.split(":") for part in written.split())}


def _lines(name: str) -> tuple[str, ...]:
    return tuple(row["line"] for row in _LINES if row["list"] == name)


def _labels(name: str) -> dict[str, Labels]:
    return {row["line"]: labels_of(row["labels"]) for row in _SOUNDS if row["list"] == name}


def _strengths(name: str) -> dict[str, float]:
    return {row["line"]: float(row["strength"]) for row in _SOUNDS if row["list"] == name}


def _both(name: str) -> dict[str, tuple[Labels, float]]:
    return {line: (labels, _strengths(name)[line]) for line, labels in _labels(name).items()}


_LINES = read_table("lines")
_SOUNDS = read_table("sounds")
SHE = {"s": "she", "S": "She", "p": "her", "P": "Her", "o": "her", "r": "herself"}
HE = {"s": "he", "S": "He", "p": "his", "P": "His", "o": "him", "r": "himself"}
WOMEN = _lines("women")
MEN = _lines("men")
#: Small events without a feeling of their own: the cue beside them decides.
SMALL_EVENTS = _lines("small_events")
DESCRIBE = _lines("describe")
MANNER_ONLY = _lines("manner_only")
STATE = _lines("state")
NARRATE = _lines("narrate")
SAY = _lines("say")
MIX = _lines("mix")
HIDE = _lines("hide")
#: A feeling held back is felt all the same.
HOLD = _lines("hold")
NEGATION = _lines("negation")
FALSE_NEGATION = _lines("false_negation")
#: Somebody comforts: kindness first, and an echo of what it is said against.
COMFORT = _lines("comfort")
CONTRAST = _lines("contrast")
PLAIN = _lines("plain")
PLAIN_SLOTS = {slot: _lines(f"plain:{slot}") for slot in ("who", "did", "thing", "where", "colour", "hour", "day")}
#: How a voice sounds -> what that alone suggests.
MODIFIERS = _labels("modifiers")
#: Kind of voice -> (what that alone suggests, factor on the intensity).
VOICES = _both("voices")
#: Word before an adjective, or before a noun -> factor on the intensity.
INTENSIFIERS = _strengths("intensifiers")
AMOUNTS = _strengths("amounts")
#: Mixtures with a life of their own -> (labels, intensity).
FIXED_MIXTURES = _both("fixed_mixtures")
#: Lines that mean little alone -> what they suggest without context.
AMBIGUOUS = _labels("ambiguous")
COMFORT_LABELS: Labels = {"caring": 0.9, "calm": 0.2}
PLEASANT = ("joy", "elation", "love", "pride", "hope", "relief", "calm", "gratitude", "amusement", "admiration")
UNPLEASANT = (
    "anger", "fury", "annoyance", "fear", "terror", "anxiety", "sadness", "despair", "disappointment", "disgust",
    "boredom", "embarrassment", "jealousy", "shame", "confusion", "surprise", "fatigue", "remorse", "bitterness",
)
DENIED_PLEASANT: tuple[Labels, float] = (
    {"sadness": 0.6, "disappointment": 0.5, "disapproval": 0.2, "annoyance": 0.15}, 0.5,
)
DENIED_UNPLEASANT: tuple[Labels, float] = ({"neutral": 0.75, "calm": 0.25, "approval": 0.1}, 0.2)
