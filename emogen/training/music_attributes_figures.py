"""The model card of `music_attributes`: how much the attributes can carry, and how near the learnt means come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.music_measures import measure_score
from emogen.pipelines.music.learnt_attributes import (
    NAMES,
    PROTOTYPES,
    QUADRANTS,
    SIGNS,
    LearntAttributes,
    off_scale,
    on_scale,
)
from emogen.training.folds import grouped_folds
from emogen.training.music_attributes import (
    FOLDS,
    LEVEL_OF_TABLE,
    MEASURED,
    Pieces,
    Trust,
    corners,
    fitted,
    forest,
    importance,
    table_on_scale,
)
from emogen.training.music_data import read_notes

Array = NDArray[np.float64]
DRAWS = 100  # of each quadrant
FELT = ("joy", "anger", "sadness", "calm")  # what stands for the quadrants, as for the readers of music


def told(rows: Array, labels: NDArray[np.intp], songs: Sequence[str]) -> float:
    """Mean recall over the labels of a forest on songs it has not heard."""
    found = np.zeros(len(labels), dtype=int)
    for fold in grouped_folds(songs, FOLDS):
        others = np.setdiff1d(np.arange(len(labels)), fold)
        found[fold] = forest(rows[others], labels[others]).predict(rows[fold])
    return float(np.mean([(found[labels == k] == k).mean() for k in sorted(set(labels.tolist()))]))


def nearness(data: Pieces, known: Trust) -> dict[str, float]:
    """Root mean squared distance from the means of unheard songs, in deviations of the corpus, of each way to guess."""
    rows: dict[str, list[float]] = {}
    spread = np.maximum(data.scaled.std(axis=0), 1e-6)
    trusted = (known.share > 0.0) & ~np.isin(NAMES, LEVEL_OF_TABLE)
    table = table_on_scale()
    for fold in grouped_folds(data.songs, FOLDS):
        learnt = data.of(np.setdiff1d(np.arange(len(data.songs)), fold))
        truth, middle = data.of(fold).means(), learnt.means().mean(axis=0)
        by_table = corners() @ table.T
        guesses = {
            "the middle of the corpus for every quadrant": np.tile(middle, (4, 1)),
            "the table of cues": by_table,
            "the table of cues, moved to the middle of the corpus": by_table - by_table.mean(axis=0) + middle,
            "the learnt means": corners() @ fitted(learnt, known).table.double().numpy().T,
            "the quadrants' means of the songs learnt from": learnt.means(),
        }
        for name, guess in guesses.items():
            rows.setdefault(name, []).append(float((((guess - truth) / spread)[:, trusted] ** 2).mean()))
    return {name: float(np.sqrt(np.mean(found))) for name, found in rows.items()}


def draws(model: LearntAttributes, data: Pieces) -> dict[str, tuple[float, float]]:
    """Feeling -> share of its draws that a forest over the trusted attributes reads as its quadrant, and spread.

    The spread is that of the draws, as a share of that of the quadrant's pieces, over the attributes.
    """
    own = [i for i, n in enumerate(NAMES) if n not in ("tempo", "articulation", "polyphony", "brightness")]
    trees = forest(data.scaled[:, own], data.quadrants)
    found = {}
    for quadrant, word in enumerate(FELT):
        emotion = Emotion.parse(word)
        drawn = [list(model(emotion, np.random.default_rng(seed)).values.values()) for seed in range(DRAWS)]
        scaled = on_scale(np.array(drawn))[:, own]
        real = data.scaled[data.quadrants == quadrant][:, own].std(axis=0)
        found[word] = (float((trees.predict(scaled) == quadrant).mean()), float((scaled.std(axis=0) / real).mean()))
    return found


def card(model: LearntAttributes, data: Pieces, known: Trust, data_dir: str | Path | None = None) -> str:
    """The text of README.md."""
    guide = np.array([measure_score(clip.notes) for clip in read_notes("guide", data_dir)])
    seen = data.scaled[:, [NAMES.index(n) for n in MEASURED]]
    valence, arousal = (((SIGNS[data.quadrants][:, k]) > 0).astype(np.intp) for k in (0, 1))
    carried = "\n".join(
        f"| {name} | {told(rows, data.quadrants, data.songs):.3f} | {told(rows, valence, data.songs):.3f} "
        f"| {told(rows, arousal, data.songs):.3f} |"
        for name, rows in (
            (f"the {len(MEASURED)} attributes", seen),
            (f"{guide.shape[1]} measures of the guide", guide),
        )
    )
    near = "\n".join(f"| {name} | {value:.3f} |" for name, value in nearness(data, known).items())
    kept = "\n".join(f"| {word} | {share:.2f} | {spread:.2f} |" for word, (share, spread) in draws(model, data).items())
    return f"""---
license: cc-by-nc-sa-4.0
checkpoint_kind: research
library_name: emogen
---
# music_attributes: an emotion -> attributes of music

A linear model of {len(NAMES)} attributes over valence, arousal, dominance, anger, fear and sadness, and for each
quadrant {PROTOTYPES} prototypes with a Gaussian around each. `emogen/pipelines/music/attributes.csv` has the units.

## Data
The maker's half of EMOPIA (Hung et al. 2021, CC BY-NC-SA 4.0): {len(data.songs)} transcribed clips of
{len(set(data.songs))} songs, sorted into quadrants of valence and arousal. The judge of music learnt from the other half.
POP909 (MIT), training songs: what measuring without written beats is worth. Prior: the table of cues (`cues.csv`).

## Training
`python -m emogen.training.music_attributes --out FOLDER`. Means: least squares of the quadrants' means, each piece
weighed by how clearly a forest that has not heard its song takes it for its quadrant, held near the table. Where the
measures cannot be trusted (share of variance 0 below) the table stays. Feelings that the quadrants do not tell apart
differ as the table has it. Draws: clusters by the attributes that a forest finds important.

| attribute | {" | ".join(QUADRANTS)} | share of variance heard without beats | importance |
|---|---|---|---|---|---|---|
{_rows(data, known)}

## Figures
{FOLDS} folds by song within the maker's half. Mean recall of a random forest on unheard songs, the ceiling of what
attributes can carry:

| from | quadrant | valence | arousal |
|---|---|---|---|
{carried}

Distance from the quadrants' means of unheard songs, in standard deviations of the corpus (root mean square over the
attributes that can be trusted, without those whose level is the table's: {", ".join(LEVEL_OF_TABLE)}):

| guess | distance |
|---|---|
{near}

Draws of a feeling: the share that a forest (which has heard all pieces) reads as the quadrant, and their spread as a
share of that of real pieces:

| feeling | read so | spread |
|---|---|---|
{kept}

## Limits
Pop piano, transcribed: lengths include the pedal, so articulation and the level of polyphony are the table's (as is
that of the mode); tempo is the table's too, since beats found in clips of this length do not tell it. Only the signs
of valence and arousal are known of a piece; half way out stands for each. Brightness is a matter of sound and the
table's.
"""


def _rows(data: Pieces, known: Trust) -> str:
    means, weights = off_scale(data.means()), importance(data)
    return "\n".join(
        f"| {name} | {' | '.join(f'{means[q, i]:.2f}' for q in range(4))} | {known.share[i]:.2f} | {weights[i]:.3f} |"
        for i, name in enumerate(NAMES)
        if name in MEASURED
    )
