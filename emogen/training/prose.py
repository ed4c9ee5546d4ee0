"""Sentences with known feelings, composed from our own phrases: (seed, number) -> labelled examples.

The open text packs are comments and news; a script says "through clenched teeth" and "her hands began to
shake". This module writes such lines: stage directions for a voice, bodily cues, events, lines of speech,
intensifiers, negations, mixtures, and sentences that only what stands before them makes clear. The phrases
stand in `tables/*.csv`; which label fits each, and every number here and there, is this project's own
assumption. One phrase in eight and one template in six are kept from training (`held=True` uses those alone).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from emogen.training import prose_tables as tables

FIELDS = ("adj", "adv", "noun", "verb", "manner", "cue", "event", "say")
HELD_PHRASES = 8  # one in so many is held out
HELD_TEMPLATES = 6
MAX_INTENSITY = 1.5  # the grammar's upper bound


@dataclass(frozen=True)
class Example:
    """One sentence, what stands before it, and what a reader should feel in it.

    Attributes:
        text: The sentence.
        before: The sentence before it in a story; empty where there is none.
        labels: Label -> chance in 0..1 that a reader would name it; labels left out are 0.
        intensity: Felt strength, 0..1.5.
        kind: Which family of templates made it.
    """

    text: str
    before: str
    labels: dict[str, float]
    intensity: float
    kind: str


@dataclass(frozen=True)
class Concept:
    """A feeling with everything that the tables say about it."""

    name: str
    labels: dict[str, float]
    intensity: float
    phrases: dict[str, tuple[str, ...]]


def held_out(text: str, one_in: int) -> bool:
    """Whether a phrase or template is kept from training: a fixed function of its letters."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % one_in == 0


@cache
def concepts(held: bool) -> dict[str, Concept]:
    """All feelings with the phrases of one side of the split."""
    phrases: dict[tuple[str, str], list[str]] = {}
    for row in tables.read_table("phrases"):
        if held_out(row["phrase"], HELD_PHRASES) == held:
            phrases.setdefault((row["feeling"], row["kind"]), []).append(row["phrase"])
    found = {}
    for row in tables.read_table("feelings"):
        name = row["feeling"]
        split = {kind: tuple(phrases.get((name, kind), ())) for kind in FIELDS}
        found[name] = Concept(name, tables.labels_of(row["labels"]), float(row["intensity"]), split)
    return found


def either(*parts: dict[str, float]) -> dict[str, float]:
    """Chances that at least one of several sources makes a reader name a label."""
    total: dict[str, float] = {}
    for part in parts:
        for label, chance in part.items():
            total[label] = 1.0 - (1.0 - total.get(label, 0.0)) * (1.0 - chance)
    return total


def scaled(labels: dict[str, float], factor: float) -> dict[str, float]:
    """Chances times a factor."""
    return {label: chance * factor for label, chance in labels.items()}


class MissingPhraseError(LookupError):
    """This side of the split has no phrase for a slot; another draw is made."""


class Composer:
    """Draws examples from one side of the split with one generator."""

    def __init__(self, rng: np.random.Generator, held: bool) -> None:
        self.rng = rng
        self.held = held
        self.concepts = concepts(held)
        self.names = tuple(self.concepts)
        self.feelings = tuple(n for n in self.names if n != "neutral")

    def pick(self, options: tuple[str, ...]) -> str:
        """One of several strings."""
        if not options:
            raise MissingPhraseError
        return options[int(self.rng.integers(len(options)))]

    def template(self, options: tuple[str, ...]) -> str:
        """One template of this side of the split."""
        return self.pick(tuple(t for t in options if held_out(t, HELD_TEMPLATES) == self.held))

    def concept(self, others: tuple[str, ...] | None = None) -> Concept:
        """A feeling, any or one of some."""
        return self.concepts[self.pick(others or self.feelings)]

    def fill(self, template: str, a: Concept, b: Concept | None = None, extra: dict[str, str] | None = None) -> str:
        """Fills the slots: {adj}.. from `a`, {adj2}.. from `b`, persons, then tidies the sentence."""
        she = bool(self.rng.integers(2))
        name = self.pick(tables.WOMEN if she else tables.MEN)
        values = dict(tables.SHE if she else tables.HE, n=name, small=self.pick(tables.SMALL_EVENTS))
        values.update(extra or {})
        text = template
        for _ in range(3):  # phrases hold slots themselves
            for slot in re.findall(r"\{(\w+)\}", text):
                source = b if slot.endswith("2") and b else a
                field = slot.rstrip("2").lower()
                if field in FIELDS:
                    phrase = self.pick(source.phrases[field])
                    value = phrase[0].upper() + phrase[1:] if slot[0].isupper() else phrase
                    if slot == "Cue" and phrase.startswith("{"):
                        value = "{" + phrase[1].upper() + phrase[2:]
                else:
                    value = values[slot]
                text = text.replace("{" + slot + "}", value, 1)
        text = re.sub(r"([.!?])\.", r"\1", text)
        if text[-1] in '.!?"':
            text = text[0].upper() + text[1:]
        return re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text)

    # one method per family of templates; each returns (text, before, labels, intensity)
    def describe(self) -> tuple[str, str, dict[str, float], float]:
        """A direction for a voice: one feeling, a manner, a kind of voice."""
        a = self.concept(self.names)
        template = self.template(tables.DESCRIBE)
        word, mod_labels = self._entry(tables.MODIFIERS)
        voice, (voice_labels, gain) = self._entry(tables.VOICES)
        parts = [a.labels]
        strength = a.intensity
        if "{mod}" in template:
            parts.append(mod_labels)
        if "{voice}" in template:
            parts.append(voice_labels)
            strength *= gain
        return self.fill(template, a, extra={"mod": word, "voice": voice}), "", either(*parts), strength

    def manner_only(self) -> tuple[str, str, dict[str, float], float]:
        """A voice described by its sound alone."""
        (one, first), (two, second) = self._entry(tables.MODIFIERS), self._entry(tables.MODIFIERS)
        voice, (voice_labels, gain) = self._entry(tables.VOICES)
        template = self.template(tables.MANNER_ONLY)
        parts = [first] + ([second] if "{mod2}" in template else []) + ([voice_labels] if "{voice}" in template else [])
        labels = either(*(p for p in parts if p)) or {"neutral": 0.6}
        text = template.replace("{mod2}", two).replace("{mod}", one).replace("{voice}", voice)
        strength = 0.55 * gain if "{voice}" in template else 0.55
        return re.sub(r"\ba (?=[aeiou])", "an ", text), "", labels, strength

    def state(self) -> tuple[str, str, dict[str, float], float]:
        """Somebody is said to feel something, with or without an intensifier."""
        a = self.concept(self.names)
        template = self.template(tables.STATE)
        table = tables.AMOUNTS if "{amount}" in template else tables.INTENSIFIERS
        word, factor = self._entry(table)
        slot = "amount" if "{amount}" in template else "much"
        if a.name == "neutral":
            word, factor = "", 1.0
        text = self.fill(template, a, extra={slot: word})
        labels = dict(a.labels)
        if factor < 0.5:
            labels = either(scaled(labels, 0.85), {"neutral": 0.2})
        return re.sub(r"  +", " ", text).strip(), "", labels, a.intensity * (factor if f"{{{slot}}}" in template else 1.0)

    def narrate(self) -> tuple[str, str, dict[str, float], float]:
        """A sentence of a story: a bodily cue, an event, a line with its tag."""
        a = self.concept(self.names)
        return self.fill(self.template(tables.NARRATE), a), "", a.labels, a.intensity

    def say(self) -> tuple[str, str, dict[str, float], float]:
        """A line of speech as somebody says or types it."""
        a = self.concept(self.names)
        text = self.fill(self.template(tables.SAY), a)
        strength = a.intensity
        how = self.rng.random()
        if how < 0.08 and a.name != "neutral":
            text, strength = text.upper(), strength * 1.25
        elif how < 0.16 and a.name != "neutral":
            text, strength = text.rstrip(".!") + "!!!", strength * 1.2
        elif how < 0.3:
            text = text.lower().rstrip(".!")
        return text, "", a.labels, strength

    def mix(self) -> tuple[str, str, dict[str, float], float]:
        """Two feelings at once."""
        a, b = self.concept(), self.concept()
        if self.rng.random() < 0.12:
            text, labels, strength = self._fixed(tables.FIXED_MIXTURES)
            return text, "", labels, strength
        template = self.template(tables.MIX)
        little = "little" in template or "hint" in template or "touch" in template
        voice, _ = self._entry(tables.VOICES)
        text = self.fill(template, a, b, extra={"voice": voice})
        strength = max(a.intensity, b.intensity * (0.5 if little else 1.0))
        first = 0.7 if "But" in template or "but {cue2}" in template or "yet {cue2}" in template else 1.0
        return text, "", either(scaled(a.labels, first), scaled(b.labels, 0.6 if little else 1.0)), strength

    def hide(self) -> tuple[str, str, dict[str, float], float]:
        """One feeling shown, another one felt."""
        a, b = self.concept(), self.concept()
        text = self.fill(self.template(tables.HIDE), a, b)
        return text, "", either(scaled(a.labels, 0.4), scaled(b.labels, 0.9)), 0.8 * b.intensity

    def hold(self) -> tuple[str, str, dict[str, float], float]:
        """A feeling held back: "not" denies the show of it, not the feeling."""
        a = self.concept()
        return self.fill(self.template(tables.HOLD), a), "", a.labels, 0.8 * a.intensity

    def negate(self) -> tuple[str, str, dict[str, float], float]:
        """A feeling denied: a denied joy is a sadness, a denied fear is mostly nothing."""
        pleasant = bool(self.rng.integers(2))
        a = self.concept(tables.PLEASANT if pleasant else tables.UNPLEASANT)
        if self.rng.random() < 0.3:  # "never been so happy": strengthened, not denied
            return self.fill(self.template(tables.FALSE_NEGATION), a), "", a.labels, 1.3 * a.intensity
        text = self.fill(self.template(tables.NEGATION), a)
        labels, strength = tables.DENIED_PLEASANT if pleasant else tables.DENIED_UNPLEASANT
        return text, "", labels, strength

    def comfort(self) -> tuple[str, str, dict[str, float], float]:
        """Somebody is told not to feel something."""
        a = self.concept(("sadness", "fear", "anxiety", "shame", "embarrassment", "despair", "loneliness"))
        labels = either(tables.COMFORT_LABELS, scaled(a.labels, 0.25))
        return self.fill(self.template(tables.COMFORT), a), "", labels, 0.45

    def contrast(self) -> tuple[str, str, dict[str, float], float]:
        """Not this, but that."""
        a, b = self.concept(), self.concept()
        return self.fill(self.template(tables.CONTRAST), a, b), "", either(b.labels, scaled(a.labels, 0.08)), b.intensity

    def context(self) -> tuple[str, str, dict[str, float], float]:
        """A sentence that what stands before it makes clear, or that stands on its own in spite of it."""
        a = self.concept(self.names)
        before = self.fill(self.template(("{event}", "{Cue}.", "{say}", '"{say}" {s} {verb}.')), a)
        how = self.rng.random()
        if how < 0.55:  # an ambiguous line takes the feeling of what was before
            line, shift = self._entry(tables.AMBIGUOUS)
            strong = a.name != "neutral"
            labels = either(scaled(a.labels, 0.85), scaled(shift, 0.4 if strong else 1.0))
            return self.fill(line, a), before, labels, max(0.9 * a.intensity, 0.3 if shift else 0.0)
        if how < 0.75:  # a plain line keeps an echo of it
            plain = self.concepts["neutral"]
            line = self.fill(self.template(("{event}", "{Cue}.", "{say}")), plain)
            return line, before, either(scaled(a.labels, 0.3), {"neutral": 0.6}), 0.35 * a.intensity
        b = self.concept()
        return self.fill(self.template(tables.NARRATE), b), before, b.labels, b.intensity

    def plain(self) -> tuple[str, str, dict[str, float], float]:
        """A sentence without feeling."""
        text = self.template(tables.PLAIN)
        for slot, options in tables.PLAIN_SLOTS.items():
            while "{" + slot + "}" in text:
                text = text.replace("{" + slot + "}", self.pick(options), 1)
        curious = {"curiosity": 0.35} if text.endswith("?") else {}
        return text[0].upper() + text[1:], "", {"neutral": 1.0, **curious}, 0.05

    def noise(self) -> tuple[str, str, dict[str, float], float]:
        """Letters, digits and signs that say nothing: no label at all."""
        signs = "0123456789.,;:-?!#*/()" if self.rng.random() < 0.3 else "abcdefghijklmnopqrstuvwxyz0123456789.,;-?#"
        letters = np.array(list(signs))
        words = ["".join(self.rng.choice(letters, int(self.rng.integers(1, 9)))) for _ in range(self.rng.integers(1, 7))]
        return " ".join(words), "", {}, 0.0

    def _entry(self, table: dict) -> tuple:  # type: ignore[type-arg]
        keys = tuple(table)
        key = keys[int(self.rng.integers(len(keys)))]
        return key, table[key]

    def _fixed(self, table: dict[str, tuple[dict[str, float], float]]) -> tuple[str, dict[str, float], float]:
        text = self.template(tuple(table))
        labels, strength = table[text]
        return text, labels, strength


#: Family -> share of the examples.
FAMILIES: dict[str, float] = {
    "describe": 0.15, "manner_only": 0.04, "state": 0.12, "narrate": 0.2, "say": 0.12,
    "mix": 0.09, "hide": 0.02, "hold": 0.02,
    "negate": 0.08, "comfort": 0.01, "contrast": 0.03, "context": 0.08, "plain": 0.05, "noise": 0.02,
}


def compose(count: int, *, seed: int, held: bool = False) -> list[Example]:
    """Writes examples.

    Args:
        count: How many.
        seed: Seed of the draw; the same seed gives the same examples.
        held: Use only the phrases and templates that training never sees.
    """
    rng = np.random.default_rng([seed, int(held)])
    composer = Composer(rng, held)
    kinds = tuple(FAMILIES)
    shares = np.array([FAMILIES[k] for k in kinds])
    found: list[Example] = []
    while len(found) < count:
        kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
        make: Callable[[], tuple[str, str, dict[str, float], float]] = getattr(composer, kind)
        try:
            text, before, labels, strength = make()
        except MissingPhraseError:
            continue
        found.append(Example(text, before, labels, min(strength, MAX_INTENSITY), kind))
    return found
