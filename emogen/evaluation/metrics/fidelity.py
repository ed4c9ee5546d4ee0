"""Affect fidelity: how well a judge reads what was generated, as a share of how well it reads people.

A judge that reads 60 % of acted voices right and 54 % of generated ones gives 0.9: what is generated carries nine
tenths of what the judge can read at all. The judge must not have steered, chosen or ranked what it judges.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.evaluation.metrics.bootstrap import Resampler, interval
from emogen.evaluation.metrics.checks import items, same_length
from emogen.evaluation.metrics.labels import uar

#: Fewer items than this in one of the sets, or an interval wider than `WIDE`: nothing can be said. Own assumption.
FEW, WIDE = 10, 0.5

Score = Callable[[Any, Any], float]


@dataclass(frozen=True)
class Judged:
    """What a judge said of n items.

    Attributes:
        truth: [n] what was asked for, or what people rated: labels or numbers, as the score takes them.
        found: [n] what the judge found.
        groups: [n] what each item belongs to (speaker, song, sentence); items of one group are not independent.
    """

    truth: Sequence[Any]
    found: Sequence[Any]
    groups: Sequence[Hashable]


@dataclass(frozen=True)
class AffectFidelity:
    """Affect fidelity with its 95 % interval.

    Attributes:
        value: Score on generated / score on human items; 1: read as well as people; may be above 1 or below 0.
        low: Of the interval; nan where nothing can be said.
        high: Of the interval; nan where nothing can be said.
        n_generated: Generated items.
        n_human: Human items.
    """

    value: float
    low: float
    high: float
    n_generated: int
    n_human: int

    @property
    def enough(self) -> bool:
        """Whether both sets have 10 items or more and the interval is no wider than 0.5."""
        wide = not self.high - self.low <= WIDE  # nan is wide
        return min(self.n_generated, self.n_human) >= FEW and not wide

    def sentence(self, name: str = "What was generated") -> str:
        """The finding in plain words; says so where the items do not suffice for one.

        Args:
            name: What was judged, as the subject of the sentence.
        """
        counts = f"{self.n_generated} generated and {self.n_human} human items"
        said = f"{name} is read {self.value:.2f} times as well as people are"
        if min(self.n_generated, self.n_human) < FEW:
            return (
                f"Too few items to say: {counts}, at least {FEW} of each are needed. (Their figure: {self.value:.2f}.)"
            )
        if not np.isfinite(self.high - self.low):
            return f"No interval can be given for {counts}: they fall into too few groups. (Their figure: {self.value:.2f}.)"
        between = f"95 % interval {self.low:.2f} to {self.high:.2f}"
        if not self.enough:
            return f"Too uncertain to say: {between}, from {counts}. (The middle figure: {self.value:.2f}.)"
        return f"{said} ({between}, from {counts})."


def affect_fidelity(
    human: Judged, generated: Judged, score: Score = uar, chance: float = 0.0, n: int = 1000, seed: int = 0
) -> AffectFidelity:
    """Judge's score on generated items / its score on held-out human items, 0.., more is better; 1 is "as people".

    `(s_generated - chance) / (s_human - chance)`. Groups of both sets are resampled independently; draws in which a
    score cannot be had, or the judge reads people no better than chance, are passed over (`bootstrap`).
    Source: own definition; the human score is the ceiling that emotion control accuracy is reported beside.

    Args:
        human: Held-out items of people that the judge has not learnt from.
        generated: Items that were generated.
        score: (truth, found) -> number, more is better: `uar`, `ccc`, `accuracy`.
        chance: What guessing scores, taken off both. At 0, guessing among L labels is worth 1 / L / s_human.
        n: Draws.
        seed: Of the draws.

    Raises:
        InputError: Empty, lengths differ, n below 1, or the judge reads people no better than chance.
    """
    if n < 1:
        raise InputError("n", f"{n} draws", "Give 1 or more.")
    people, made = _sampled("human", human), _sampled("generated", generated)
    ceiling = score(*people)
    if not ceiling > chance:
        raise InputError(
            "human", f"a score of {ceiling:.3g}, chance {chance:.3g}", "Take a judge that can read people."
        )
    value = (score(*made) - chance) / (ceiling - chance)
    of_people, of_made = Resampler(human.groups), Resampler(generated.groups)
    if min(of_people.n_groups, of_made.n_groups) < 2:
        return AffectFidelity(value, float("nan"), float("nan"), len(made[0]), len(people[0]))
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(n):
        i, j = of_made.draw(rng), of_people.draw(rng)
        above = _or_nan(score, made, i) - chance
        below = _or_nan(score, people, j) - chance
        draws.append(above / below if below > 0.0 else float("nan"))
    return AffectFidelity(value, *interval(draws), len(made[0]), len(people[0]))


def _sampled(name: str, judged: Judged) -> tuple[NDArray[Any], NDArray[Any]]:
    truth, found = items(f"{name}.truth", judged.truth), items(f"{name}.found", judged.found)
    same_length((f"{name}.truth", f"{name}.found"), truth, found)
    same_length((f"{name}.truth", f"{name}.groups"), truth, judged.groups)
    return np.asarray(truth), np.asarray(found)


def _or_nan(score: Score, of: tuple[NDArray[Any], NDArray[Any]], index: NDArray[np.intp]) -> float:
    try:
        return float(score(of[0][index], of[1][index]))
    except InputError:
        return float("nan")
