"""Asked against perceived: figures that several parts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import taxonomies
from emogen.conditioning.image import AROUSAL_GAIN, AROUSAL_MIDDLE
from emogen.conditioning.vocabulary import norm
from emogen.evaluation import metrics
from emogen.evaluation.metrics.bootstrap import interval
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell, held_out_of
from emogen.training.image_standing.bench import GUIDE, JUDGE
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.tables import number

Array = NDArray[np.float64]

AXES = ("valence", "arousal")
#: The checkpoint of each reader.
CHECKPOINT = {JUDGE: "judge_image", GUIDE: "image"}
#: Draws of a shuffled command.
SHUFFLES = 500
#: EmotiCrafter's axes are 6 wide (-3..3), ours 2 (-1..1).
TO_SIX = 3.0
#: Mean error in valence and arousal, and the spread of its arousal, of an independent run of EmotiCrafter.
EMOTICRAFTER, EMOTICRAFTER_SD = (1.41, 1.80), 0.51
#: The eight feelings in which pictures are sorted (Mikels et al. 2005, EmoSet).
EIGHT = taxonomies.get("mikels8").labels


def spearman(asked: Array, found: Array, groups: Sequence[str]) -> Figure:
    """Rank correlation, with its interval over groups."""
    return figure(lambda i: metrics.spearman(asked[i], found[i]), groups)


def shuffled(statistic: Callable[[NDArray[np.intp]], float], n: int) -> Figure:
    """The statistic of what was found against commands in an order of chance: mean, and the middle 95 %."""
    rng = np.random.default_rng(0)
    draws = [statistic(rng.permutation(n)) for _ in range(SHUFFLES)]
    return Figure(float(np.mean(draws)), *interval(draws), n)


def control(asked: Array, found: Array) -> Figure:
    """Rank correlation with a shuffled command."""
    return shuffled(lambda order: metrics.spearman(asked[order], found), len(asked))


def ceiling(reader: str, axis: int) -> Figure:
    """Rank correlation of what people rated with what a reader saw in photographs of themes that it had not learnt from."""
    held = held_out_of(CHECKPOINT[reader])
    return spearman(held.vad_truth[:, axis], held.vad_found[:, axis], held.groups)


def spread(asked: Array, found: Array) -> float:
    """Standard deviation of what was perceived over that of what was asked."""
    return float(found.std() / asked.std())


def eight(va: Array) -> list[str]:
    """Points of rated valence and arousal [n, 2] -> the nearest of `EIGHT`, arousal spread as `label_scores` does."""
    spread_out = va * (1.0, AROUSAL_GAIN) - (0.0, AROUSAL_GAIN * AROUSAL_MIDDLE)
    norms = np.array([norm(label)[:2] for label in EIGHT])
    return [EIGHT[i] for i in np.linalg.norm(spread_out[:, None] - norms, axis=2).argmin(axis=1)]


def eight_ceiling(reader: str) -> Figure:
    """Mean recall of the eight where people's ratings say what is right: of photographs of unseen themes."""
    held = held_out_of(CHECKPOINT[reader])
    truth, found = (np.array(eight(part[:, :2])) for part in (held.vad_truth, held.vad_found))
    return figure(lambda i: metrics.uar(truth[i], found[i]), held.groups)


def axes(asked: Array, found: Array, groups: Sequence[str]) -> Iterator[str]:
    """Cells: of valence and of arousal rank correlation, with a shuffled command, and spread over that asked."""
    for axis in range(2):
        a, f = asked[:, axis], found[:, axis]
        yield from (cell(spearman(a, f, groups)), cell(control(a, f)), number(spread(a, f)))


AXES_HEAD = tuple(f"{name}: {what}" for name in AXES for what in ("Spearman", "shuffled", "SD, of asked"))


def ceilings(reader: str) -> list[str]:
    """Cells like those of `axes`, for real photographs."""
    held, out = held_out_of(CHECKPOINT[reader]), []
    for axis in range(2):
        truth, found = held.vad_truth[:, axis], held.vad_found[:, axis]
        out += [cell(ceiling(reader, axis)), cell(control(truth, found)), number(spread(truth, found))]
    return out
