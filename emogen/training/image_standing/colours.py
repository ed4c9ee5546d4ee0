"""Do pictures of a feeling move towards the colours that people choose for its word?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from emogen.evaluation import metrics
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training.image_standing import figures
from emogen.training.image_standing.bench import CREATED, EDITED, GRADED, Bench, Picture, needs_creating, slug
from emogen.training.image_standing.figures import Array
from emogen.training.kept import seed_of
from emogen.training.look import read_picks
from emogen.training.look_figures import agreement
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "colours"
SYSTEMS = (CREATED, EDITED, GRADED)
PEOPLE = "other people"
PROMPTS = ("a lake", "a meadow", "a street", "a room with a window", "the sea", "a country road")
SECTION = """### People's colours

For {words} words participants picked colours on a free wheel; every fourth of them was held out. Mean colour (CIE Lab) of what the
held-out ones picked for a word, less the mean of all words, against the same of pictures asked for by that word: {each} created
pictures, {each} photographs edited (the change), the same photographs graded. *Tint*: cosine in a* and b*, mean over words (unrelated: 0).
*Lightness*: correlation over words. *Shuffled*: words exchanged by chance. *Other people*: the participants that looks were
learnt from; more agreement than they have cannot be expected. Intervals: over words.
"""


def measure(bench: Bench, run: bool = True) -> dict[str, dict[str, list[float]]] | None:
    """System -> word -> mean Lab [3] of its pictures, or of the change."""
    found: dict[str, dict[str, list[float]]] = {}
    for system in SYSTEMS:
        here = bench.version(Path(__file__), system, read=False)
        for word in sorted(read_picks(True, bench.data))[: bench.counts.words]:
            mean = bench.kept(PART, here, partial(_word, bench, system, word), run=run, name=slug(f"{system} {word}"))
            if mean is None:
                return None
            found.setdefault(system, {})[word] = mean
    return found


def _word(bench: Bench, system: str, word: str) -> list[float]:
    print(f"colours: {system}, {word}", flush=True)
    means = []
    if system == CREATED:
        needs_creating(bench)
        for prompt in PROMPTS[: bench.counts.of_word]:
            means.append(mean_lab(bench.created(prompt, word, seed_of(PART, prompt), side=128)))
    else:
        for photo in bench.photos[: bench.counts.of_word]:
            made = bench.changed(system, photo.picture, word, seed_of(PART, photo.theme))
            means.append(mean_lab(made) - mean_lab(photo.picture))
    return [round(float(v), 3) for v in np.mean(means, axis=0)]


def mean_lab(picture: Picture) -> Array:
    """Mean colour, CIE Lab [3]."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab.mean(axis=(0, 1)), dtype=np.float64)


def tint(ours: Array, theirs: Array) -> float:
    """Mean cosine in a* and b* of colours [n, 3]."""
    return agreement(
        {f"{i:03}": row[1:] for i, row in enumerate(ours)}, {f"{i:03}": row for i, row in enumerate(theirs)}
    )


def lightness(ours: Array, theirs: Array) -> float:
    """Correlation in L* of colours [n, 3]."""
    return metrics.pearson(theirs[:, 0], ours[:, 0])


MEASURES = (tint, lightness)


def pairs(
    found: dict[str, dict[str, list[float]]], system: str, data: str | None = None
) -> tuple[Array, Array, list[str]]:
    """Colours of a system and of the held-out people [n, 3], and the words."""
    picks, own = read_picks(True, data), found.get(system) or read_picks(False, data)
    words = sorted(set(found[EDITED]) & set(picks))
    return np.array([own[w] for w in words]), np.array([picks[w] for w in words]), words


def figures_of(ours: Array, theirs: Array, words: Sequence[str]) -> list[tuple[Figure, Figure]]:
    """Of each measure: as it is, and with shuffled words."""
    out = []
    for measure_of in MEASURES:
        own = figure(lambda i, f=measure_of: f(ours[i], theirs[i]), words)  # type: ignore[misc]
        out.append((own, figures.shuffled(lambda i, f=measure_of: f(ours[i], theirs), len(words))))  # type: ignore[misc]
    return out


def goals(found: dict[str, dict[str, list[float]]]) -> Iterator[Goal]:
    """What was aimed at."""
    rule = tint(*pairs(found, GRADED)[:2])
    for system in (CREATED, EDITED):
        ours, theirs, words = pairs(found, system)
        own = figures_of(ours, theirs, words)[0][0]
        yield Goal(
            f"{system}: tint towards the colours people pick",
            f"above the rule grade, {number(rule)}",
            cell(own),
            own.value > rule,
        )


def section(found: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    """A table."""
    lines, count = [], 0
    for system in (*SYSTEMS, PEOPLE):
        ours, theirs, words = pairs(found, system)
        count = len(words)
        lines.append([system, *(cell(f) for pair in figures_of(ours, theirs, words) for f in pair)])
    yield SECTION.format(words=count, each=len(PROMPTS))
    yield from table(["", "tint", "shuffled", "lightness", "shuffled"], lines)
    yield ""
