"""Whether converted speech is like real speech: distances, a classifier, and ranges of what voices do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import voice_measures
from emogen.evaluation import metrics
from emogen.evaluation.results import Figure
from emogen.media.atomic import atomic_path
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.run import NEUTRAL, Row
from emogen.training.speech_standing.sources import acted

COMPONENTS = 16  # of the judge's features: a tenth of the real takes; own assumption
SMOOTHEST = 0.1  # of the mean spread: less spread than this is no divisor
BOUNDS = (5.0, 95.0)  # percent of real emotional takes
#: Measure -> whether it is seen against the speaker's own neutral voice.
WATCHED = {"pitch": True, "pitch range": False, "syllable rate": False, "loudness spread": False}

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Space:
    """Principal components of the judge's features of real emotional speech.

    Attributes:
        centre: [1649].
        spread: [1649].
        axes: [1649, COMPONENTS].
    """

    centre: Floats
    spread: Floats
    axes: Floats

    @staticmethod
    def of(features: Floats) -> Space:
        """From [n, 1649]."""
        centre, spread = features.mean(axis=0), features.std(axis=0)
        spread = np.maximum(spread, SMOOTHEST * spread.mean())
        _, _, rows = np.linalg.svd((features - centre) / spread, full_matrices=False)
        return Space(centre, spread, rows[:COMPONENTS].T)

    def __call__(self, features: Floats) -> Floats:
        """Into the space [n, COMPONENTS]."""
        return np.asarray((features - self.centre) / self.spread @ self.axes)


def features(rows: Sequence[Row]) -> Floats:
    """[n, 1649] what the judge reads rows by."""
    return np.stack([row.heard.features for row in rows]).astype(np.float64)


def comparable(rows: Sequence[Row], real: Sequence[Row]) -> list[Row]:
    """Emotional clips of the feelings that the same pack has real takes of."""
    there = {(row.source.pack, row.label) for row in real if row.label != NEUTRAL}
    return [row for row in rows if (row.source.pack, row.label) in there]


def distance(space: Space, real: Sequence[Row], made: Sequence[Row]) -> Figure:
    """Frechet distance; the interval by leaving out one source after the other.

    Drawing sources with replacement would double clips, which looks like less spread and so like more distance. The
    jackknife (Efron & Tibshirani 1993, chapter 11) doubles none.
    """
    one, two = space(features(real)), space(features(made))
    keys = np.array([row.source.key for row in made])
    value = metrics.frechet_distance(one, two)
    each = np.array([metrics.frechet_distance(one, two[keys != key]) for key in np.unique(keys)])
    half = 1.96 * float(np.sqrt((len(each) - 1) * each.var()))
    return Figure(value, value - half, value + half, len(made))


def told_apart(real: Sequence[Row], made: Sequence[Row]) -> Figure:
    """How often a classifier tells made clips from real ones of people it has not learnt from; 0.5 is a guess.

    A support vector machine on the voice measures, each class of the same weight, left-out speaker after speaker.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    rows = [*real, *made]
    x = np.stack([row.heard.measures for row in rows]).astype(np.float64)
    y = np.array([0] * len(real) + [1] * len(made))
    speakers = np.array([row.source.group for row in rows])
    found = np.zeros(len(rows), dtype=int)
    for speaker in np.unique(speakers):
        out = speakers == speaker
        model = make_pipeline(StandardScaler(), SVC(class_weight="balanced"))
        found[out] = model.fit(x[~out], y[~out]).predict(x[out])
    return figure(lambda i: metrics.uar(y[i], found[i], labels=(0, 1)), [row.source.key for row in rows])


@dataclass(frozen=True, eq=False)
class Ranges:
    """What real emotional speech does.

    Attributes:
        low: [4] of `WATCHED`.
        high: [4].
    """

    low: Floats
    high: Floats

    def inside(self, values: Floats) -> Floats:
        """[n, 4] -> whether each lies within."""
        return np.asarray((values >= self.low) & (values <= self.high), dtype=np.float64)


def watched(measures: Floats, home: Floats) -> Floats:
    """Measures [n, 33] and the speaker's neutral ones [n, 33] -> [n, 4]."""
    columns = [voice_measures.NAMES.index(name) for name in WATCHED]
    return np.asarray(measures[:, columns] - np.array(list(WATCHED.values())) * home[:, columns], dtype=np.float64)


def real_ranges(cache: Path, data_dir: str | None) -> Ranges:
    """Of the emotional takes of all packs."""
    path = cache / "acted.npz"
    if not path.is_file():
        clips = list(acted(data_dir))
        rows = np.stack([voice_measures.measure(voice_measures.frames(clip.samples)) for clip in clips])
        with atomic_path(path) as part, part.open("wb") as stream:
            np.savez(stream, rows=rows, labels=[c.label for c in clips], speakers=[c.speaker for c in clips])
    with np.load(path, allow_pickle=False) as stored:
        rows, labels, speakers = stored["rows"], stored["labels"], stored["speakers"]
    home = np.zeros_like(rows)
    for speaker in np.unique(speakers):
        home[speakers == speaker] = np.median(rows[(speakers == speaker) & (labels == NEUTRAL)], axis=0)
    values = watched(rows, home)[labels != NEUTRAL]
    low, high = np.percentile(values, BOUNDS, axis=0)
    return Ranges(low, high)


def in_range(ranges: Ranges, rows: Sequence[Row], neutral: Sequence[Row]) -> tuple[Figure, Floats]:
    """Share of the statistics of emotional clips within the range of real ones, over all and [4] each.

    Args:
        ranges: Of real speech.
        rows: Emotional clips.
        neutral: Real neutral takes of the same speakers.
    """
    own = {
        group: np.median([row.heard.measures for row in neutral if row.source.group == group], axis=0)
        for group in dict.fromkeys(row.source.group for row in neutral)
    }
    measures = np.stack([row.heard.measures for row in rows]).astype(np.float64)
    inside = ranges.inside(watched(measures, np.stack([own[row.source.group] for row in rows])))
    each = inside.mean(axis=1)
    return figure(lambda i: float(each[i].mean()), [row.source.key for row in rows]), inside.mean(axis=0)
