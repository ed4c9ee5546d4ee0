"""`Emotion`: what should be felt, as a frozen value: written, mixed, scaled, reversed, read as numbers.

An emotion is a mixture of parts, each with an amplitude 0..1.5. A part is a term ("joy"), a point in VAD space,
the opposite of either, a place between two emotions, or a description or recording together with what a
recogniser made of it. Two emotions are equal when their parts are. docs/emotion.md has the grammar.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from emogen.conditioning import state
from emogen.conditioning.atoms import Atom, Blend, Opposite, Point, Said, Term, depth, shown, tidy
from emogen.conditioning.state import State
from emogen.conditioning.vocabulary import BASIC, NEUTRAL, term
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS

if TYPE_CHECKING:
    from emogen.conditioning.spec import Resolver

__all__ = ["BASIC", "Emotion"]


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(name, f"found {type(value).__name__}", "A number is needed.")
    number = float(value)
    if not math.isfinite(number):
        raise InputError(name, f"{number} is not a finite number", f"Use {shown(low)}..{shown(high)}.")
    if not low <= number <= high:
        raise LimitError(name, f"{number:.6g} is out of range", f"Use {shown(low)}..{shown(high)}.")
    return tidy(number)


@dataclass(frozen=True, repr=False)
class Emotion:
    """What is felt. Make one with `Emotion.parse("joy:0.8")`, `Emotion.of(x)` or `Emotion.measured(...)`.

    Args:
        parts: (atom, amplitude) pairs in canonical order; `Emotion.mix` puts them there.
        written: The text it was parsed from, for `spec`; no part of equality.
    """

    parts: tuple[tuple[Atom, float], ...] = ()
    written: str = field(default="", compare=False)

    # -- making ------------------------------------------------------------------------------------------------
    @classmethod
    def mix(cls, parts: Iterable[tuple[Atom, float]], written: str = "") -> Emotion:
        """An emotion of several parts felt at once. Equal parts merge at the larger amplitude.

        Raises:
            LimitError: An amplitude beyond 0..1.5.
        """
        merged: dict[Atom, float] = {}
        for atom, amplitude in parts:
            amplitude = _number("intensity", amplitude, 0.0, LIMITS.intensity)
            nothing = atom == Term(NEUTRAL) or atom == Point((0.0, 0.0, 0.0))
            if amplitude > 0.0 and not nothing:
                merged[atom] = max(amplitude, merged.get(atom, 0.0))
        order = sorted(merged.items(), key=lambda part: (-part[1], str(part[0])))
        return cls(tuple(order), written)

    @classmethod
    def of(cls, value: Emotion | str) -> Emotion:
        """An emotion from an emotion or its written form.

        Raises:
            InputError: Neither of the two, or a text that cannot be parsed.
        """
        if isinstance(value, Emotion):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        raise InputError("emotion", f"found {type(value).__name__}", 'Write it as text such as "joy:0.8".')

    @classmethod
    def parse(cls, text: str, *, resolver: Resolver | None = None) -> Emotion:
        """One emotion from its written form; `resolver` gives meaning to "descriptions" and @references.

        Raises:
            InputError: The text cannot be parsed, or is a track. The message has the column and the reason.
        """
        from emogen.conditioning.spec import parse_emotion

        return parse_emotion(text, resolver=resolver)

    @classmethod
    def measured(cls, weights: Mapping[str, float], vad: Iterable[float], intensity: float = 1.0) -> Emotion:
        """What a recogniser found: shares over words ("neutral" may be one), VAD as felt, and intensity.

        Args:
            weights: Word -> share >= 0; need not sum to 1.
            vad: Felt valence, arousal, dominance, each -1..1, taken as given.
            intensity: 0..1.5; at 0 the emotion is neutral.

        Raises:
            InputError: An unknown word, no share above 0, a number that is not finite or out of range.
        """
        axes = [_number("vad", x, -1.0, 1.0) for x in vad]
        if len(axes) != 3:
            raise InputError("vad", f"found {len(axes)} numbers", "Three are needed.")
        level = _number("intensity", intensity, 0.0, LIMITS.intensity)
        shares: dict[str, float] = {}
        for word, share in weights.items():
            name = term(word)
            shares[name] = shares.get(name, 0.0) + _number(f"share of {word}", share, 0.0, math.inf)
        total = sum(shares.values())
        if not 0.0 < total < math.inf:
            raise InputError("weights", "no share above 0", "Give at least one word a share.")
        amplitudes = ((n, tidy(s / total * level)) for n, s in shares.items())
        words = tuple(sorted(((n, a) for n, a in amplitudes if a > 0.0), key=lambda p: (-p[1], p[0])))
        if not words or (set(dict(words)) == {NEUTRAL} and not any(axes)):
            return cls()
        return cls.mix([(Point((axes[0], axes[1], axes[2]), words), 1.0)])

    # -- reading -----------------------------------------------------------------------------------------------
    @cached_property
    def state(self) -> State:
        """All numbers of the emotion at once."""
        return state.mixed([state.scaled(atom.state(), amplitude) for atom, amplitude in self.parts])

    @property
    def weights(self) -> dict[str, float]:
        """Term -> share, largest first; they sum to 1. {"neutral": 1.0} for neutral."""
        return self.state.weights

    @property
    def intensity(self) -> float:
        """0 (neutral) .. 1.5; the amplitude of the strongest part."""
        return self.state.intensity

    @property
    def vad(self) -> np.ndarray:
        """Felt valence, arousal, dominance: float64 (3,), each -1..1, the intensity included."""
        return self.state.vad.copy()

    @property
    def amplitudes(self) -> dict[str, float]:
        """Term -> amplitude 0..1.5 as written, largest first; neutral is left out."""
        items = sorted(self.state.amplitudes.items(), key=lambda item: -item[1])
        return {name: a for name, a in items if name != NEUTRAL and a > 0.0}

    def basic(self) -> np.ndarray:
        """Amplitudes float64 (6,) over `BASIC`, each 0..1.5, the intensity included; zeros for neutral."""
        return self.state.basic.copy()

    def project(self, taxonomy: str) -> dict[str, float]:
        """Label -> share in another taxonomy ("ekman", "plutchik", ...), "neutral" included; they sum to 1.

        Raises:
            InputError: The taxonomy is unknown.
        """
        from emogen.conditioning.taxonomies import project

        return project(self.weights, taxonomy)

    @property
    def direction(self) -> tuple[Emotion, Emotion, float] | None:
        """(source, target, amount) of an emotion written `source>target:amount`, else None."""
        if len(self.parts) == 1 and isinstance(atom := self.parts[0][0], Blend):
            return atom.source, atom.target, atom.amount
        return None

    @property
    def label(self) -> str:
        """One name: the strongest term, or of a pair its name in Plutchik's wheel, "guilt (joy + fear)"."""
        from emogen.conditioning.wording import label

        return label(self)

    def describe(self) -> str:
        """The emotion in words, "strong joy with a trace of fear (guilt); pleasant, excited, in control"."""
        from emogen.conditioning.wording import describe

        return describe(self)

    # -- algebra -----------------------------------------------------------------------------------------------
    def scale(self, factor: float) -> Emotion:
        """Every amplitude times a factor >= 0.

        Raises:
            LimitError: A negative factor, or an amplitude that would pass 1.5.
        """
        factor = _number("scale", factor, 0.0, math.inf)
        return Emotion.mix((atom, amplitude * factor) for atom, amplitude in self.parts)

    def __neg__(self) -> Emotion:
        return Emotion.mix((atom.opposite(), amplitude) for atom, amplitude in self.parts)

    def __add__(self, other: Emotion | str) -> Emotion:
        if not isinstance(other, (Emotion, str)):
            return NotImplemented
        return Emotion.mix((*self.parts, *Emotion.of(other).parts))

    __radd__ = __add__

    @staticmethod
    def lerp(source: Emotion, target: Emotion, amount: float) -> Emotion:
        """The emotion `amount` (0..1.5) of the way from source to target; `source` at 0, `target` at 1.

        Raises:
            LimitError: An amount beyond 0..1.5.
        """
        amount = _number("amount", amount, 0.0, LIMITS.intensity)
        if amount == 0.0 or source == target:
            return source
        if amount == 1.0:
            return target
        start, end, first, last = _common_line(source, target)
        at = first + (last - first) * amount
        if not 0.0 <= at <= 1.0:
            start, end, at = source, target, amount
        if max(start._depth, end._depth) + 1 >= LIMITS.emotion_depth:
            start, end = start._flat(), end._flat()
        return Emotion.mix([(Blend(start, end, tidy(at)), 1.0)])

    def distance(self, other: Emotion) -> float:
        """How far apart two emotions are felt: 0 the same, about 1 as far as two at full intensity go.

        Mean of the Euclidean distance in VAD over its largest value, sqrt(12), and half the summed difference
        of the basic amplitudes (own definition). Symmetric; the triangle inequality holds.
        """
        vad = float(np.linalg.norm(self.state.vad - other.state.vad)) / math.sqrt(12.0)
        return 0.5 * vad + 0.25 * float(np.abs(self.state.basic - other.state.basic).sum())

    # -- writing -----------------------------------------------------------------------------------------------
    @property
    def spec(self) -> str:
        """The form it was written in, or the canonical one."""
        return self.written or str(self)

    def __str__(self) -> str:
        def part(atom: Atom, amplitude: float) -> str:
            text = f"({atom})" if isinstance(atom, Blend) and amplitude != 1.0 else str(atom)
            return text if amplitude == 1.0 else f"{text}:{shown(amplitude)}"

        return "+".join(part(*p) for p in self.parts) or NEUTRAL

    def __repr__(self) -> str:
        return f"Emotion({str(self)!r})"

    def to_dict(self) -> dict[str, Any]:
        """JSON: spec, label, weights, vad, intensity, description; `resolved` where a resolver was needed."""
        data: dict[str, Any] = {
            "spec": self.spec,
            "label": self.label,
            "weights": {name: round(share, 6) for name, share in self.weights.items()},
            "vad": [round(float(x), 6) + 0.0 for x in self.state.vad],
            "intensity": round(self.intensity, 6),
            "description": self.describe(),
        }
        if said := self._said():
            data["resolved"] = {f"{s.mark}{s.text}": str(s.meaning) for s in said}
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Emotion:
        """The emotion of a `to_dict`; descriptions and references keep the meaning they had.

        Raises:
            InputError: No text under "spec", or one that cannot be parsed.
        """
        from emogen.conditioning.spec import Resolved, parse_emotion, spec_of

        return parse_emotion(spec_of(data), resolver=Resolved.of(data))

    # -- inside ------------------------------------------------------------------------------------------------
    def _as_side(self) -> str:
        plain = len(self.parts) == 1 and self.parts[0][1] == 1.0 and not isinstance(self.parts[0][0], Blend)
        return str(self) if plain or not self.parts else f"({self})"

    @cached_property
    def _depth(self) -> int:
        return max((depth(atom) for atom, _ in self.parts), default=0)

    def _flat(self) -> Emotion:
        """The same numbers without the way they came about."""
        return Emotion.measured(self.weights, self.state.vad, self.intensity)

    def _said(self) -> tuple[Said, ...]:
        found: list[Said] = []
        for atom, _ in self.parts:
            inner = atom.of if isinstance(atom, Opposite) else atom
            if isinstance(inner, Said):
                found.append(inner)
            elif isinstance(inner, Blend):
                found += (*inner.source._said(), *inner.target._said())
        return tuple(found)


def _common_line(a: Emotion, b: Emotion) -> tuple[Emotion, Emotion, float, float]:
    """Source and target of a way on which both emotions lie, and where; so that ways do not nest."""
    for one, other, turn in ((a, b, False), (b, a, True)):
        if one.direction is None or one.parts[0][1] != 1.0 or one.direction[2] > 1.0:
            continue
        source, target, here = one.direction
        places = {source: 0.0, target: 1.0}
        if other.direction and other.direction[:2] == (source, target) and other.parts[0][1] == 1.0:
            there: float | None = other.direction[2]
        else:
            there = places.get(other)
        if there is not None and there <= 1.0:
            return (source, target, there, here) if turn else (source, target, here, there)
    return a, b, 0.0, 1.0
