"""The form of a piece: phrases, what repeats what, cadences, a beginning and an end, laid over its bars.

Phrases of about four bars stand in pairs, an open one and a closed one that begins alike (the period of common
practice), and the pairs in the order of a rondo: A B A C A ... Where a feeling turns a phrase ends, and each is in one
mode. The numbers here are this project's own choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np

from emogen.pipelines.music.attributes import FADERS, Attributes

BEATS = 4
#: Bars of a phrase; the shortest and the longest that a turn of the feeling makes of it.
PHRASE, SHORT, LONG = 4, 3, 6
#: What a bar more or less than four costs, in squared steps of the mode fader (0..1) about the mean of the phrase.
UNEVEN = 0.01
#: From so many bars on a piece begins with bars without melody, where its length leaves some over.
WITH_INTRO, LONGEST_INTRO = 9, 2
#: How far the second phrase of a pair leaves the first, and a pair that comes again its first statement.
WITHIN_PAIR, AGAIN = 0.12, 0.3
#: What a change of all faders through their whole range adds to that.
BY_CHANGE = 3.0
MOST_VARIED = 0.9


@dataclass(frozen=True)
class BarPlan:
    """What one bar is to be.

    Attributes:
        attributes: How its music goes.
        phrase: Which idea its phrase states: A = 0, B = 1 ...
        place: Bar within the phrase, from 0.
        length: Bars of the phrase.
        like: The earlier bar that this one repeats; None: new.
        variation: How far it leaves that bar, 0 the same .. 1 new.
        cadence: "", "half" (ends open, on the dominant) or "full" (ends closed, on the tonic).
        final: The last bar of the piece.
        intro: Nobody sings yet: no melody.
    """

    attributes: Attributes
    phrase: int = 0
    place: int = 0
    length: int = PHRASE
    like: int | None = None
    variation: float = 1.0
    cadence: str = ""
    final: bool = False
    intro: bool = False


def bars_of(
    attributes_at: Callable[[float], Attributes], seconds: float, tempo_bpm: float | None = None
) -> tuple[list[Attributes], list[float]]:
    """How every bar goes, and its tempo (bpm): together exactly `seconds` long.

    Args:
        attributes_at: Attributes at a time in seconds.
        seconds: Length of the piece.
        tempo_bpm: A fixed tempo (kept to within half a bar's share of the length); else it follows the attributes.
    """
    bars: list[Attributes] = []
    tempos: list[float] = []
    t = 0.0
    while t < seconds - 1e-6:
        now = attributes_at(t)
        bars.append(now)
        tempos.append(tempo_bpm or now.tempo)
        t += BEATS * 60 / tempos[-1]
    if len(bars) > 1 and t - seconds > BEATS * 30 / tempos[-1]:
        t -= BEATS * 60 / tempos.pop()
        bars.pop()
    return bars, [bpm * t / seconds for bpm in tempos]


def laid_out(bars: Sequence[Attributes], seed: int) -> list[BarPlan]:
    """The form of a whole piece over these bars; `seed`: of how much repeats are varied."""
    return Form(seed).go_on(bars, ends=True)


def starts_of(plan: Sequence[BarPlan]) -> list[int]:
    """The first bars of its phrases."""
    return [i for i, bar in enumerate(plan) if bar.place == 0]


class Form:
    """The form of a piece while it is made.

    Args:
        seed: Of how much repeats are varied.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 11])
        self._bars: list[Attributes] = []
        self._phrases = 0
        self._stated: dict[tuple[int, int], int] = {}

    def go_on(self, bars: Sequence[Attributes], *, ends: bool) -> list[BarPlan]:
        """The plans of the next bars.

        Args:
            bars: How each goes.
            ends: Whether the last of them ends the piece.

        Returns:
            As many plans as bars; `like` counts from the first bar of the piece.
        """
        before, sung = len(self._bars), len(bars) - ends
        intro = min(sung % PHRASE, LONGEST_INTRO) if not before and len(bars) >= WITH_INTRO else 0
        lengths = _lengths(sung - intro)
        if turned := _turned([bar.mode for bar in bars], _with_edges(lengths, intro, int(ends))):
            intro = min(max(turned[0] - PHRASE, 0), intro)  # what the first phrase has beyond a usual one
            lengths = _with_edges(turned, -intro, -int(ends))
        bars = _in_one_mode(bars, lengths, intro)
        self._bars += bars
        plans = [BarPlan(bars[i], phrase=-1, place=i, length=intro, intro=True) for i in range(intro)]
        for number, length in enumerate(lengths):
            plans += self._phrase(before + len(plans), length, last=ends and number == len(lengths) - 1)
        if ends:
            plans.append(BarPlan(bars[-1], 0, 0, 1, None, 1.0, "full", final=True))
        return plans

    def _phrase(self, first: int, length: int, last: bool) -> list[BarPlan]:
        """The next phrase, from bar `first` on."""
        pair, second = divmod(self._phrases, 2)
        self._phrases += 1
        idea = 0 if pair % 2 == 0 else (pair + 1) // 2
        plans = []
        for place in range(length):
            at, own = first + place, (idea, place + PHRASE * second)
            # The closing phrase of a pair is taken from its own kind where there is one, else from the opening phrase.
            source = self._stated.get(own, self._stated.get((idea, place))) if place < PHRASE else None
            cadence = ("full" if second or last else "half") if place == length - 1 else ""
            plans.append(BarPlan(self._bars[at], idea, place, length, source, self._varied(at, source), cadence))
            if place < PHRASE:
                self._stated.setdefault(own, at)
        return plans

    def _varied(self, at: int, source: int | None) -> float:
        """How far bar `at` leaves the one it is like."""
        if source is None:
            return 1.0
        far = (WITHIN_PAIR if source >= at - 2 * PHRASE else AGAIN) * float(self._rng.uniform(0.5, 1.5))
        return min(MOST_VARIED, far + BY_CHANGE * distance(self._bars[at], self._bars[source]))


def _lengths(bars: int) -> list[int]:
    """Phrases of four bars; what is left over makes the last one longer, or is all there is."""
    whole, over = divmod(bars, PHRASE)
    if not whole:
        return [over] if over else []
    return [PHRASE] * (whole - 1) + [PHRASE + over] if over < PHRASE - 1 else [PHRASE] * whole + [over]


def _with_edges(lengths: Sequence[int], intro: int, end: int) -> list[int]:
    """Lengths of phrases with an intro in the first and an end in the last, as far as there are phrases."""
    found = list(lengths)
    if found:
        found[0] += intro
        found[-1] += end
    return found


def _turned(modes: Sequence[float], usual: Sequence[int]) -> list[int]:
    """Phrases of `SHORT` to `LONG` bars, each as near to one mode as they allow; none where the usual ones do as well.

    Args:
        modes: Of each bar, 0..1.
        usual: Lengths in bars, together as many; may be none.
    """

    def cost(first: int, stop: int) -> float:
        return (stop - first) * float(np.var(modes[first:stop])) + UNEVEN * abs(stop - first - PHRASE)

    best: list[tuple[float, list[int]]] = [(0.0, [])]
    for stop in range(1, len(modes) + 1):
        ways = [(best[stop - n][0] + cost(stop - n, stop), n) for n in range(SHORT, min(LONG, stop) + 1)]
        least, n = min(ways, default=(np.inf, stop))
        best.append((least, [*best[stop - n][1], n]))
    edges = list(pairwise(np.cumsum([0, *usual]).tolist()))
    moved = any(np.ptp(modes[a:b]) > 0 for a, b in edges)
    return best[-1][1] if moved and best[-1][0] < sum(cost(a, b) for a, b in edges) else []


def _in_one_mode(bars: Sequence[Attributes], lengths: Sequence[int], intro: int) -> list[Attributes]:
    """The bars with the mean mode of their phrase; an intro goes with the first, the end with the last."""
    edges = [0, *(np.cumsum(lengths[:-1], dtype=int) + intro).tolist(), len(bars)]
    found: list[Attributes] = []
    for a, b in pairwise(edges):
        mode = float(np.mean([bar.mode for bar in bars[a:b]]))
        found += [bar if bar.mode == mode else replace(bar, mode=mode) for bar in bars[a:b]]
    return found


def distance(one: Attributes, other: Attributes) -> float:
    """Mean difference of all faders in shares of their ranges, 0..1."""
    return float(
        np.mean(
            [
                abs(getattr(one, f.name) - getattr(other, f.name)) / (FADERS[f.name].high - FADERS[f.name].low)
                for f in fields(Attributes)
                if f.name in FADERS
            ]
        )
    )
