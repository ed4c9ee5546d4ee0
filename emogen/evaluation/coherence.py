"""How well the modalities of a performance follow one track, and each other, over its time.

Every line of a performance is judged by ear (the speaker's voice), by sight (the face, where one is seen) and by the
music around it. A modality follows where its courses of valence and arousal, line after line, rise and fall with those
that were asked for; `shuffled` says what the same courses reach against the lines in any other order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.track import EmotionTrack
from emogen.evaluation.metrics.dimensions import pearson
from emogen.evaluation.results import Item, Line

Array = NDArray[np.float64]
#: Fewer lines than this have no course; own assumption.
LEAST_LINES = 4
#: Draws of the control, and the seed of its order.
DRAWS, SEED = 400, 0
#: The name under which all modalities stand together.
TOGETHER = "together"
AXES = ("valence", "arousal")


@dataclass(frozen=True)
class Coherence:
    """The courses of one performance.

    Attributes:
        name: The file.
        times_s: [n] the middle of each line.
        asked: [n, 2] valence and arousal asked for, -1..1.
        perceived: Modality -> [n, 2] as its judge perceives them, nan where there was nothing to judge.
        follows: Modality, and `TOGETHER` -> (valence, arousal): Pearson's r of asked and perceived over the lines.
            Together: each modality in its own standard deviations from its own mean, then their mean.
        shuffled: The same for `TOGETHER` against lines in another order: mean, and what 95 % of the orders stay below,
            of the mean over both axes.
        between: Two modalities -> mean over both axes of their r.
    """

    name: str
    times_s: Array
    asked: Array
    perceived: Mapping[str, Array]
    follows: Mapping[str, tuple[float, float]]
    shuffled: tuple[float, float]
    between: Mapping[tuple[str, str], float]

    @property
    def score(self) -> float:
        """Mean over valence and arousal of how all modalities together follow, -1..1."""
        return float(np.mean(self.follows[TOGETHER]))


def coherences(items: Sequence[Item]) -> Iterator[Coherence]:
    """The courses of each performance among the items of an evaluation that has lines enough."""
    lines = [(item.line, item) for item in items if item.line is not None]
    lines.sort(key=lambda pair: (pair[0].whole, pair[0].number))
    for name, members in groupby(lines, key=lambda pair: pair[0].whole):
        found = _courses(list(members))
        if found is not None:
            times_s, asked, perceived = found
            yield coherence(name, times_s, asked, perceived)


def coherence(name: str, times_s: Array, asked: Array, perceived: Mapping[str, Array]) -> Coherence:
    """The figures of one performance from its courses; see `Coherence`."""
    together = np.stack([_standard(course) for course in perceived.values()])
    known = np.isfinite(together).any(axis=0)
    whole = np.where(known, np.nansum(together, axis=0) / np.maximum(np.isfinite(together).sum(axis=0), 1), np.nan)
    follows = {modality: _follows(asked, course) for modality, course in perceived.items()} | {TOGETHER: _follows(asked, whole)}
    rng = np.random.default_rng(SEED)
    control = [float(np.mean(_follows(asked[rng.permutation(len(asked))], whole))) for _ in range(DRAWS)]
    between = {(a, b): float(np.mean(_follows(perceived[a], perceived[b]))) for a, b in combinations(perceived, 2)}
    return Coherence(
        name, times_s, asked, perceived, follows, (float(np.mean(control)), float(np.percentile(control, 95))), between
    )


def _courses(lines: Sequence[tuple[Line, Item]]) -> tuple[Array, Array, dict[str, Array]] | None:
    places = {number: i for i, number in enumerate(sorted({line.number for line, _ in lines}))}
    if len(places) < LEAST_LINES:
        return None
    times_s, asked = np.full(len(places), np.nan), np.full((len(places), len(AXES)), np.nan)
    perceived = {item.modality: np.full((len(places), len(AXES)), np.nan) for _, item in lines if not item.error}
    for line, item in lines:
        i = places[line.number]
        times_s[i] = (line.start_s + line.end_s) / 2
        asked[i] = _mean(line.felt)
        if item.perceived is not None and item.perceived.confidence > 0.0:
            perceived[item.modality][i] = item.perceived.emotion.vad[: len(AXES)]
    seen = {m: course for m, course in perceived.items() if np.isfinite(course[:, 0]).sum() >= LEAST_LINES}
    return (times_s, asked, seen) if seen else None


def _mean(track: EmotionTrack) -> Array:
    moments = np.arange(0.0, track.duration + 1e-9, 0.2)
    return np.asarray(np.mean([track.at(float(t)).vad[: len(AXES)] for t in moments], axis=0))


def _standard(course: Array) -> Array:
    """A course in its own standard deviations from its own mean, for each axis; 0 where it stands still."""
    centred = course - np.nanmean(course, axis=0)
    spread = np.nanstd(course, axis=0)
    return np.asarray(centred / np.where(spread > 1e-9, spread, 1.0))


def _follows(one: Array, other: Array) -> tuple[float, float]:
    """Pearson's r on each axis over the lines that both have; nan for too few."""
    both = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    if both.sum() < LEAST_LINES:
        return float("nan"), float("nan")
    valence, arousal = (pearson(one[both, axis], other[both, axis]) for axis in range(len(AXES)))
    return valence, arousal
