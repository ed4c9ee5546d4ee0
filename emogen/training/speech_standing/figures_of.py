"""Rows -> figures with their 95 % intervals, over sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import BASIC
from emogen.evaluation import metrics
from emogen.evaluation.metrics import Judged
from emogen.evaluation.results import Figure
from emogen.training.speech_standing import systems
from emogen.training.speech_standing.run import LEVELS, NEUTRAL, Row

FIVE = (NEUTRAL, "anger", "joy", "sadness", "fear")
SEVEN = (NEUTRAL, *BASIC)
RESAMPLES = 1000
Index = NDArray[np.intp]


def figure(statistic: Callable[[Index], float], groups: Sequence[str]) -> Figure:
    """A statistic of rows (by their indices) with its interval."""
    value, low, high = metrics.bootstrap(statistic, groups, n=RESAMPLES)
    return Figure(value, low, high, len(groups))


def verdict(row: Row, labels: Sequence[str], over: Sequence[str]) -> str:
    """The likeliest of some labels."""
    return max(over, key=lambda label: row.heard.chances[labels.index(label)])


def judged(rows: Sequence[Row], labels: Sequence[str], over: Sequence[str]) -> Judged:
    """What was asked of rows, or is true of real ones, against what the judge found; other labels are left out."""
    kept = [row for row in rows if row.label in over]
    return Judged([r.label for r in kept], [verdict(r, labels, over) for r in kept], [r.source.key for r in kept])


def at_level(rows: Sequence[Row], level: float) -> list[Row]:
    """Clips at an intensity, and the neutral ones."""
    return [row for row in rows if row.label and (row.label == NEUTRAL or np.isclose(row.level, level))]


def whatever_asked(rows: Sequence[Row], over: Sequence[str]) -> Judged:
    """Neutral clips as the answer to every request: what a system without feeling gives."""
    from emogen.training.speech_standing.hearing import labels

    found = [verdict(row, labels(), over) for row in rows for _ in over]
    return Judged([label for _ in rows for label in over], found, [row.source.key for row in rows for _ in over])


def uar(of: Judged) -> Figure:
    """Mean recall."""
    truth, found = np.asarray(of.truth), np.asarray(of.found)
    return figure(lambda i: metrics.uar(truth[i], found[i]), [str(g) for g in of.groups])


def recalls(of: Judged, over: Sequence[str]) -> dict[str, float]:
    """Label -> its recall."""
    truth, found = np.asarray(of.truth), np.asarray(of.found)
    return {label: float((found[truth == label] == label).mean()) for label in over if (truth == label).any()}


@dataclass(frozen=True)
class Intensity:
    """How what is perceived follows what was asked, for one emotion.

    Attributes:
        each: Spearman of each source, averaged.
        mean: Spearman of the mean over sources.
        arousal: Spearman of the judge's arousal of each source, averaged, with the sign of the emotion's own.
        perceived: Mean chance of the emotion at 0 and at each of `LEVELS`.
    """

    each: Figure
    mean: float
    arousal: Figure
    perceived: tuple[float, ...]


def intensity(rows: Sequence[Row], label: str, labels: Sequence[str]) -> Intensity:
    """Rows of one system at all intensities."""
    steps = (0.0, *LEVELS)
    of: dict[str, dict[float, Row]] = {}
    for row in rows:
        if row.label in (NEUTRAL, label):
            of.setdefault(row.source.key, {})[row.level] = row
    whole = {key: found for key, found in of.items() if all(step in found for step in steps)}
    chance = np.array([[float(found[s].heard.chances[labels.index(label)]) for s in steps] for found in whole.values()])
    arousal = np.sign(Emotion.of(label).vad[1]) * np.array([[float(found[s].heard.vad[1]) for s in steps] for found in whole.values()])

    def follows(values: NDArray[np.float64]) -> Figure:
        each = np.array([metrics.spearman(steps, v) for v in values])
        return figure(lambda i: float(each[i].mean()), list(whole))

    mean = chance.mean(axis=0)
    return Intensity(follows(chance), metrics.spearman(steps, mean), follows(arousal), tuple(mean.tolist()))


def asked_and_felt(rows: Sequence[Row]) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """VAD asked [n, 3], VAD perceived [n, 3], sources [n]."""
    asked = np.array([Emotion.parse(row.asked).vad for row in rows])
    return asked, np.array([row.heard.vad for row in rows], dtype=np.float64), [row.source.key for row in rows]


def dimensions(rows: Sequence[Row]) -> list[Figure]:
    """CCC of valence, arousal, dominance asked and perceived."""
    asked, felt, groups = asked_and_felt(rows)
    return [figure(lambda i, k=k: metrics.ccc(asked[i, k], felt[i, k]), groups) for k in range(3)]  # type: ignore[misc]


def word_error(rows: Sequence[Row]) -> Figure:
    """Word error rate over all words of rows."""
    from emogen.evaluation.metrics.speech import edits, normalise_text

    found = [edits(normalise_text(r.source.text).split(), normalise_text(r.words or "").split()) for r in rows]
    wrong = np.array([e.substitutions + e.deletions + e.insertions for e in found], dtype=np.float64)
    total = np.array([e.substitutions + e.deletions + e.hits for e in found], dtype=np.float64)
    return figure(lambda i: float(wrong[i].sum() / total[i].sum()), [r.source.text for r in rows])


def alike(one: Row, other: Row) -> float:
    """Cosine of who speaks in two clips."""
    a, b = one.heard.speaker, other.heard.speaker
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def speaker_kept(rows: Sequence[Row], plain: dict[str, Row]) -> Figure:
    """Mean likeness of converted clips to their sources (`plain`, by key)."""
    each = np.array([alike(row, plain[row.source.key]) for row in rows])
    return figure(lambda i: float(each[i].mean()), [row.source.key for row in rows])


def likeness(real: Sequence[Row]) -> dict[str, Figure]:
    """Mean likeness of real recordings: of the same person, neutral and neutral or emotional, and of two people."""
    found: dict[str, list[tuple[str, float]]] = {"same": [], "felt": [], "others": []}
    neutral = [row for row in real if row.label == NEUTRAL]
    for number, one in enumerate(neutral):
        for other in neutral[number + 1 :]:
            kind = "same" if one.source.group == other.source.group else "others"
            if kind == "same" or one.source.pack == other.source.pack:
                found[kind].append((one.source.key, alike(one, other)))
        for other in real:
            if other.label != NEUTRAL and other.source.group == one.source.group:
                found["felt"].append((one.source.key, alike(one, other)))
    result = {}
    for kind, pairs in found.items():
        values = np.array([value for _, value in pairs])
        result[kind] = figure(lambda i, v=values: float(v[i].mean()), [key for key, _ in pairs])  # type: ignore[misc]
    return result


def of_system(rows: Sequence[Row], name: str) -> list[Row]:
    """The clips of one system."""
    return [row for row in rows if row.system == name]


def with_neutral(rows: Sequence[Row], name: str) -> list[Row]:
    """Clips asked for by label of one system."""
    return [row for row in of_system(rows, name) if row.label]


def order(texts: bool) -> tuple[str, ...]:
    """The systems of a table."""
    return (systems.ESPEAK, systems.TEXT_RULES, systems.TEXT_EMBEDDED) if texts else systems.names()
