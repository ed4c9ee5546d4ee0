"""Accents of a speech and what is felt -> strokes of the hands.

Strokes fall on pitch-accented syllables, their apex at or just before the peak of the pitch (facts 3.7: Loehr 2012 and
the 1334 strokes of fpsyg.2018.01514). Within a phrase a speaker keeps to a hand, often repeats a form, begins large and
holds the last stroke until the phrase ends (McNeill 1992, Kendon 2004). Beats carry no meaning: which form they take is
a matter of what is felt (`beats.csv`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from emogen.conditioning.emotion import BASIC
from emogen.conditioning.track import TrackSamples
from emogen.errors import InputError
from emogen.pipelines.gesture.drift import chance
from emogen.pipelines.gesture.library import gestures
from emogen.pipelines.gesture.posture import PostureRules
from emogen.pipelines.gesture.speech import Accent, Speech
from emogen.pipelines.gesture.strokes import Hand, Stroke
from emogen.tables import read_table

#: Seconds of speech for a stroke of somebody who feels nothing; McNeill 1992 has about one gesture a clause, 1-2 s.
GAP_S = 1.5
#: Strokes lie at least this share of that gap apart, and this far from a stroke that means something (s); own choice.
LEAST_GAP, FROM_MEANING_S = 0.5, 0.65
#: Before the peak of the pitch (s): apices lie within some tens of milliseconds before it (facts 3.7).
LEAD_S = 0.03
#: What the first accent of a phrase gains in strength, and what chance adds to any when strokes are chosen; own choice.
FIRST, BY_CHANCE = 0.25, 0.3
#: Chance that a phrase is begun with the other hand than the last one, that a form is repeated; own choice.
OTHER_HAND, AGAIN = 0.3, 0.4
#: Chance of the right hand as the leading one: most speakers are right-handed; less in relaxed, more in aggressive moods:
#: Kipp & Martin 2009, who found the left hand with positive and the right with negative feelings. Own size.
RIGHT, RIGHT_PER_DISPLEASURE = 0.62, 0.22
#: Chance of both hands, and by arousal and dominance: larger movement takes both (own assumption).
BOTH, BOTH_PER_AROUSAL, BOTH_PER_DOMINANCE = 0.28, 0.22, 0.2
#: The last stroke of a phrase is held to its end, but not longer than this (s); others for a share of the time to the next
#: (own choice).
LONGEST_HOLD_S, HELD = 1.3, 0.15
#: What nervous hands do, how far from speech (s), and how often it may come (s): own assumption.
FIDGET, QUIET_S, FIDGET_S = "knead", 1.5, (2.0, 5.0)


@dataclass(frozen=True)
class _Moment:
    """What is felt at an accent."""

    vad: np.ndarray
    basic: np.ndarray
    often: float


def planned(
    speech: Speech, samples: TrackSamples, semantic: Sequence[Stroke], seed: int, amount: float = 1.0
) -> tuple[Stroke, ...]:
    """Which accents get a stroke, of which hand, in which form.

    Args:
        speech: What is said.
        samples: What is felt over the speech.
        semantic: Strokes that mean something: they stay, and beats keep away from them.
        seed: Of everything drawn.
        amount: Factor on how many beats there are, 0..2.

    Returns:
        In order of time; none in silence.

    Raises:
        InputError: An amount out of range.
    """
    if not 0 <= amount <= 2:
        raise InputError("amount", f"{amount:g}", "Accepted: 0 to 2.")
    feel = _Feel(samples)
    chosen: list[Stroke] = []
    lead: Hand = "right" if chance(seed, 1, 0) < RIGHT else "left"
    last = ""
    for number, (start, end) in enumerate(speech.phrases):
        own = [a for a in speech.accents if start - 0.05 <= a.at_s <= end + 0.05]
        taken = _taken(own, semantic, feel, seed, amount)
        if not taken:
            continue
        moment = feel(taken[0].at_s)
        if chance(seed, 2, number) < OTHER_HAND:
            displeased = np.clip(-moment.vad[0] + 0.5 * moment.vad[1], -1, 1)
            lead = "right" if chance(seed, 3, number) < RIGHT + RIGHT_PER_DISPLEASURE * displeased else "left"
        for i, accent in enumerate(taken):
            following = taken[i + 1].at_s if i + 1 < len(taken) else None
            last = _form(feel(accent.at_s), last, i > 0, seed, _key(accent))
            chosen.append(_stroke(accent, feel(accent.at_s), lead, last, i == 0, following, end, seed))
    return tuple(sorted([*chosen, *semantic], key=lambda s: s.at_s))


def fidgets(speech: Speech, restless: np.ndarray, fps: float, seed: int) -> tuple[Stroke, ...]:
    """What nervous hands do in long silences.

    Args:
        speech: What is said, and when nothing is.
        restless: [T] 0..1 at `fps`, as `posture.csv` has it.
        fps: Frames per second.
        seed: Of everything drawn.
    """
    edges = np.array([0.0, *(t for phrase in speech.phrases for t in phrase), len(restless) / fps])
    found = []
    for number, (start, end) in enumerate(edges.reshape(-1, 2).tolist()):
        at, n = start + QUIET_S, 1000 * number
        while at < end - QUIET_S:
            asked, waits, size = chance(seed, 10, 3 * n + np.arange(3))
            if asked < restless[min(int(at * fps), len(restless) - 1)]:
                found.append(Stroke(round(at, 3), "both", round(float(0.4 + 0.4 * size), 3), FIDGET, hold_s=0.4))
            at += FIDGET_S[0] + (FIDGET_S[1] - FIDGET_S[0]) * float(waits)
            n += 1
    return tuple(found)


def _taken(
    accents: Sequence[Accent], semantic: Sequence[Stroke], feel: _Feel, seed: int, amount: float
) -> list[Accent]:
    """The accents of a phrase that get a beat: the strongest first, none too near to another."""

    def wanted(i: int) -> float:
        return accents[i].strength + FIRST * (i == 0) + BY_CHANCE * float(chance(seed, 4, _key(accents[i])))

    taken: list[Accent] = []
    for i in sorted(range(len(accents)), key=wanted, reverse=True):
        accent = accents[i]
        often = feel(accent.at_s).often * amount
        gap = GAP_S / max(often, 1e-3)
        near = min((abs(accent.at_s - other.at_s) for other in taken), default=np.inf)
        meant = min((abs(accent.at_s - s.at_s) - s.hold_s for s in semantic), default=np.inf)
        # An accent alone in its phrase is left out as often as the gap is longer than the phrase.
        lone = not taken and float(chance(seed, 5, _key(accent))) > (1.6 * often) ** 0.8
        if near >= LEAST_GAP * gap and meant >= FROM_MEANING_S and not lone and often > 0:
            taken.append(accent)
    return sorted(taken, key=lambda a: a.at_s)


def _stroke(
    accent: Accent,
    moment: _Moment,
    lead: Hand,
    form: str,
    first: bool,
    following: float | None,
    end_s: float,
    seed: int,
) -> Stroke:
    both, size = chance(seed, 6, _key(accent)), chance(seed, 7, _key(accent))
    hands = BOTH + BOTH_PER_AROUSAL * moment.vad[1] + BOTH_PER_DOMINANCE * moment.vad[2] + _both(form)
    hands = 1.0 if gestures()[form].hands == "both" else hands
    at = max(accent.at_s - LEAD_S, 0.0)
    hold = HELD * (following - at) if following is not None else float(np.clip(end_s - at - 0.1, 0.0, LONGEST_HOLD_S))
    strength = float(np.clip(accent.strength * (0.8 + 0.3 * size) + FIRST * first, 0.25, 1.5))
    return Stroke(round(at, 3), "both" if both < hands else lead, round(strength, 3), form, accent.word, round(hold, 3))


def _form(moment: _Moment, last: str, inside: bool, seed: int, key: int) -> str:
    """A form of beat by what is felt; inside a phrase often the last one again."""
    names, weights = _forms()
    odds = np.maximum(weights[:, 0] + weights[:, 1:-1] @ np.concatenate([moment.vad, moment.basic]), 0.0)
    if inside and last and chance(seed, 8, key) < AGAIN:
        return last
    odds = odds * np.where(np.array(names) == last, 0.3, 1.0)
    bounds = np.cumsum(odds / odds.sum())
    return names[min(int(np.searchsorted(bounds, float(chance(seed, 9, key)))), len(names) - 1)]


@cache
def _forms() -> tuple[tuple[str, ...], np.ndarray]:
    """Beats and their weights [n, 11]: base, VAD, the basic emotions, what is added to the chance of both hands."""
    rows = {r["gesture"]: r for r in read_table(__package__, "beats.csv")}
    columns = ("base", "valence", "arousal", "dominance", *BASIC, "both")
    names = tuple(name for name, gesture in gestures().items() if gesture.beat)
    return names, np.array([[float(rows[n][c]) for c in columns] for n in names])


def _both(form: str) -> float:
    names, weights = _forms()
    return float(weights[names.index(form), -1]) if form in names else 0.0


def _key(accent: Accent) -> int:
    """A number for an accent that does not depend on the others."""
    return round(accent.at_s * 1000)


class _Feel:
    """What is felt at a time, and how many strokes that asks for."""

    def __init__(self, samples: TrackSamples) -> None:
        self._samples = samples
        self._often = PostureRules()(samples.vad, samples.basic)["often"]

    def __call__(self, at_s: float) -> _Moment:
        i = min(max(round(at_s * self._samples.fps), 0), len(self._often) - 1)
        return _Moment(self._samples.vad[i], self._samples.basic[i], float(self._often[i]))
