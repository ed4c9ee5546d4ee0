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
from emogen.evaluation.results import Item, Line, ModalityResult

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
        trust: Modality -> (valence, arousal): how much it counts in `TOGETHER`.
        follows: Modality, and `TOGETHER` -> (valence, arousal): Pearson's r of asked and perceived over the lines.
            Together: each modality in its own standard deviations from its own mean, then their mean by `trust`.
        shuffled: The same for `TOGETHER` against lines in another order: mean, and what 95 % of the orders stay below,
            of the mean over both axes.
        between: Two modalities -> mean over both axes of their r.
    """

    name: str
    times_s: Array
    asked: Array
    perceived: Mapping[str, Array]
    trust: Mapping[str, tuple[float, float]]
    follows: Mapping[str, tuple[float, float]]
    shuffled: tuple[float, float]
    between: Mapping[tuple[str, str], float]

    @property
    def score(self) -> float:
        """Mean over valence and arousal of how all modalities together follow, -1..1."""
        return float(np.mean(self.follows[TOGETHER]))


def coherences(items: Sequence[Item], trust: Mapping[str, tuple[float, float]] | None = None) -> Iterator[Coherence]:
    """The courses of each performance among the items of an evaluation that has lines enough.

    Args:
        items: Of an evaluation.
        trust: As in `coherence`.
    """
    lines = [(item.line, item) for item in items if item.line is not None]
    lines.sort(key=lambda pair: (pair[0].whole, pair[0].number))
    for name, members in groupby(lines, key=lambda pair: pair[0].whole):
        found = _courses(list(members))
        if found is not None:
            yield coherence(name, *found, trust)


def trusted(results: Sequence[ModalityResult]) -> dict[str, tuple[float, float]]:
    """Modality -> the CCC of valence and of arousal that its judge reaches on people; those of which both are known."""
    found = {r.modality: tuple(r.ceiling[f"CCC {axis}"].value for axis in AXES if f"CCC {axis}" in r.ceiling) for r in results}
    return {m: (max(v[0], 0.0), max(v[1], 0.0)) for m, v in found.items() if len(v) == len(AXES) and np.isfinite(v).all()}


def coherence(
    name: str, times_s: Array, asked: Array, perceived: Mapping[str, Array], trust: Mapping[str, tuple[float, float]] | None = None
) -> Coherence:
    """The figures of one performance from its courses; see `Coherence`.

    Args:
        name: Of the performance.
        times_s: [n] the middle of each line.
        asked: [n, 2], -1..1.
        perceived: Modality -> [n, 2].
        trust: Modality -> how much its judge is to be trusted on each axis; where it is not known of one modality, or left
            out, all count alike.
    """
    known = trust if trust is not None and all(m in trust for m in perceived) else dict.fromkeys(perceived, (1.0, 1.0))
    standard = np.stack([_standard(course) for course in perceived.values()])
    share = np.where(np.isfinite(standard), np.array([known[m] for m in perceived])[:, None], 0.0)
    total = share.sum(axis=0)
    whole = np.where(total > 0.0, (share * np.nan_to_num(standard)).sum(axis=0) / np.where(total > 0.0, total, 1.0), np.nan)
    follows = {modality: _follows(asked, course) for modality, course in perceived.items()} | {TOGETHER: _follows(asked, whole)}
    rng = np.random.default_rng(SEED)
    control = [float(np.mean(_follows(asked[rng.permutation(len(asked))], whole))) for _ in range(DRAWS)]
    between = {(a, b): float(np.mean(_follows(perceived[a], perceived[b]))) for a, b in combinations(perceived, 2)}
    return Coherence(
        name, times_s, asked, perceived, {m: known[m] for m in perceived}, follows,
        (float(np.mean(control)), float(np.percentile(control, 95))), between,
    )  # fmt: skip


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
