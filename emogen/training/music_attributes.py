"""Learns what an emotion does to the attributes of music: `python -m emogen.training.music_attributes --out FOLDER`.

From the maker's half of EMOPIA: pieces sorted into the quadrants of valence and arousal. Supervised clustering as in
EmoGen (arXiv 2307.01229): a forest says which attributes tell the quadrant; by these the pieces of a quadrant are
clustered; the middles of the clusters are the prototypes that a draw starts from. The means are a linear model held
near the table of cues. How far an attribute can be trusted where no beats are written is measured on POP909.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.checkpoints import write_sums
from emogen.codecs.lead_sheet import LeadSheet
from emogen.conditioning.emotion import Emotion
from emogen.media.atomic import atomic_path
from emogen.pipelines.music.attribute_measures import Voices, measured_performance, measured_voices
from emogen.pipelines.music.cues import COLUMNS, CueRules, felt
from emogen.pipelines.music.learnt_attributes import NAMES, PROTOTYPES, QUADRANTS, SIGNS, LearntAttributes, on_scale
from emogen.training.composer_data import read_songs
from emogen.training.folds import grouped_folds
from emogen.training.music_data import read_notes

Array = NDArray[np.float64]
MEASURED = tuple(n for n in NAMES if n != "brightness")
#: Pieces are sorted by the signs alone: half way out stands for their quadrant, as for the readers of music.
HALF_OUT = 0.5
#: The pedal of a piano makes notes of a transcription longer than they were held: how bound they are says nothing,
#: and of how many sound at once only the differences. Of the mode too: the names of the modes stand on the table's level.
PEDALLED = ("articulation",)
LEVEL_OF_TABLE = ("polyphony", "mode")
LEAST_TRUST = 0.25  # squared correlation with the truth below which an attribute is not learnt (own assumption)
#: How far the table may be off, in deviations of the corpus for a whole unit: freely in the middle, half a deviation in
#: valence and arousal, a quarter elsewhere, where no piece speaks (own assumption).
TABLE_ERROR = np.array([10.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
#: A draw keeps this share of what in a piece's character tells valence and arousal: the feeling stays (own choice).
KEEP = 0.25
UNTRUSTED = 0.5  # share of the spread of what is not trusted that is spread of pieces, not of errors (own assumption)
FOLDS = 6
SHRINK = 0.1  # of covariances towards their diagonal (own assumption)
EXCERPT_BEATS, LEAST_NOTES = 64, 8  # of a song of POP909: about the length of a clip of EMOPIA


@dataclass(frozen=True)
class Pieces:
    """n pieces: attributes on the learnt scale [n, F], quadrant (index into QUADRANTS) [n], song [n]."""

    scaled: Array
    quadrants: NDArray[np.intp]
    songs: tuple[str, ...]

    def of(self, rows: NDArray[np.intp]) -> Pieces:
        """Some of the pieces."""
        return Pieces(self.scaled[rows], self.quadrants[rows], tuple(self.songs[i] for i in rows))

    def means(self, clear: Array | None = None) -> Array:
        """Mean of each quadrant [4, F]; every song counts once, or as much as its pieces are `clear` [n]."""
        keys = np.array([f"{q} {s}" for q, s in zip(self.quadrants, self.songs, strict=True)])
        weight = (1.0 if clear is None else clear) / np.array([(keys == k).sum() for k in keys])
        return np.array([
            np.average(self.scaled[self.quadrants == q], axis=0, weights=weight[self.quadrants == q]) for q in range(4)
        ])  # fmt: skip


@dataclass(frozen=True)
class Trust:
    """What measuring without written beats is worth: squared correlation with the truth [F], and its excess [F]."""

    share: Array
    excess: Array


def scaled(found: dict[str, float]) -> Array:
    """Measured attributes on the learnt scale, [F]; the brightness, which no score has, stays in the middle."""
    return on_scale(np.array([found.get(name, 0.5) for name in NAMES]))


def trust(data_dir: str | Path | None = None) -> Trust:
    """Measures the training songs of POP909 with their beats and melody, and without."""
    pairs = []
    for song in {s.number: s for s in read_songs(data_dir) if s.part == "train"}.values():
        sheet, start = song.sheet, min(16.0, max(song.sheet.beats - EXCERPT_BEATS, 0))
        melody, under = (_excerpt(notes, start) for notes in (sheet.melody, sheet.accompaniment))
        if min(len(melody), len(under)) >= LEAST_NOTES:
            pairs.append((scaled(_truth(sheet, melody, under)), scaled(_blind(sheet, melody, under))))
    true, blind = np.array(pairs).transpose(1, 0, 2)
    with np.errstate(invalid="ignore"):
        share = np.array([np.corrcoef(true[:, i], blind[:, i])[0, 1] ** 2 for i in range(len(NAMES))])
    share[[NAMES.index("loudness"), NAMES.index("dynamics")]] = 1.0  # no beat and no melody enters into them
    share[[i for i, name in enumerate(NAMES) if name in PEDALLED or name not in MEASURED]] = 0.0
    return Trust(np.where(share < LEAST_TRUST, 0.0, share), (blind - true).mean(axis=0))


def _excerpt(notes: Sequence[object], start: float) -> Array:
    rows = np.array([dataclasses.astuple(n) for n in notes], dtype=np.float64).reshape(-1, 4)  # type: ignore[call-overload]
    rows[:, 1] += rows[:, 0]
    return rows[(rows[:, 0] >= start) & (rows[:, 0] < start + EXCERPT_BEATS)]


def _truth(sheet: LeadSheet, melody: Array, under: Array) -> dict[str, float]:
    return measured_voices(Voices(melody, under, sheet.bpm or 90.0))


def _blind(sheet: LeadSheet, melody: Array, under: Array) -> dict[str, float]:
    notes = np.vstack([melody, under])
    notes = notes[np.argsort(notes[:, 0], kind="stable")]
    notes[:, :2] = (notes[:, :2] - notes[0, 0]) * 60.0 / (sheet.bpm or 90.0)
    return measured_performance(notes)


def pieces(known: Trust, data_dir: str | Path | None = None) -> Pieces:
    """The maker's half of EMOPIA, less what measuring without beats adds."""
    rows, quadrants, songs = [], [], []
    for clip in read_notes("guide", data_dir):
        rows.append(scaled(measured_performance(clip.notes)))
        quadrants.append(QUADRANTS.index(clip.quadrant))
        songs.append(clip.song)
    return Pieces(np.array(rows) - np.where(known.share > 0.0, known.excess, 0.0), np.array(quadrants), tuple(songs))


def corners() -> Array:
    """What is felt in each quadrant, as columns of the table [4, 7]."""
    points = [f"vad({v * HALF_OUT:g},{a * HALF_OUT:g},0)" for v, a in SIGNS]
    return np.array([felt(Emotion.parse(point)) for point in points])


def table_on_scale() -> Array:
    """The table of cues on the learnt scale [F, 7]: its tangent where nothing is felt."""
    table = CueRules().table.double().numpy()
    base, step = table[:, 0], 1e-4
    rest = [(on_scale(base + step * table[:, k]) - on_scale(base)) / step for k in range(1, table.shape[1])]
    return np.column_stack([on_scale(base), *rest])


def fitted(data: Pieces, known: Trust) -> LearntAttributes:
    """The model of these pieces."""
    model = LearntAttributes()
    spread = np.maximum(data.scaled.std(axis=0), 1e-6)
    model.table.copy_(torch.from_numpy(_means(data, known, spread)))
    within = data.scaled - np.array([data.scaled[data.quadrants == q].mean(axis=0) for q in range(4)])[data.quadrants]
    within *= np.where(known.share > 0.0, np.sqrt(known.share), UNTRUSTED)
    within[:, NAMES.index("mode")] *= KEEP  # a change of scale is a change of feeling, however rare it is among pieces
    damp = _damping(data, within, spread)
    weight = np.sqrt(importance(data)) / spread
    offsets, shares = np.zeros((4, PROTOTYPES, len(NAMES))), np.zeros((4, PROTOTYPES))
    left = within.copy()
    for q in range(4):
        rows = np.flatnonzero(data.quadrants == q)
        which = _clusters(within[rows] * weight)
        for k in range(PROTOTYPES):
            members = rows[which == k]
            shares[q, k] = len(members) / len(rows)
            offsets[q, k] = within[members].mean(axis=0)
            left[members] -= offsets[q, k]
    around = damp @ _covariance(left) @ damp.T
    model.prototypes.copy_(torch.from_numpy(offsets @ damp.T))
    model.shares.copy_(torch.from_numpy(shares))
    model.spread.copy_(torch.from_numpy(np.linalg.cholesky(around + 1e-9 * np.eye(len(NAMES)))))
    return model.eval()


def _means(data: Pieces, known: Trust, spread: Array) -> Array:
    """The table [F, 7]: the linear model that is likeliest, given the quadrants' means and the table of cues."""
    prior, seen, means = table_on_scale(), corners(), data.means(clearness(data))
    songs = np.array([len({s for s, o in zip(data.songs, data.quadrants, strict=True) if o == q}) for q in range(4)])
    found = prior.copy()
    for i, name in enumerate(NAMES):
        target = means[:, i] - (means[:, i].mean() - prior[i, 0] if name in LEVEL_OF_TABLE else 0.0)
        voice = (seen * (songs * known.share[i])[:, None]).T / spread[i] ** 2
        held = np.diag(1.0 / (TABLE_ERROR * spread[i]) ** 2) if name in MEASURED else np.eye(len(COLUMNS))
        found[i] += np.linalg.solve(voice @ seen + held, voice @ (target - seen @ prior[i]))
    return found


def _covariance(rows: Array) -> Array:
    found = np.cov(rows.T)
    return np.asarray((1.0 - SHRINK) * found + SHRINK * np.diag(np.diag(found)))


def _damping(data: Pieces, within: Array, spread: Array) -> Array:
    """[F, F]: takes all but `KEEP` of what tells valence and arousal (Fisher's discriminants) out of an offset."""
    covariance = _covariance(within) + 1e-6 * np.diag(spread**2)
    means = data.means()
    told = np.column_stack([means[SIGNS[:, k] > 0].mean(axis=0) - means[SIGNS[:, k] < 0].mean(axis=0) for k in (0, 1)])
    told[[NAMES.index("tempo"), NAMES.index("brightness")]] = 0.0
    ways = np.linalg.solve(covariance, told)
    reach = covariance @ ways
    return np.asarray(np.eye(len(NAMES)) - (1.0 - KEEP) * reach @ np.linalg.solve(ways.T @ reach, ways.T))


def importance(data: Pieces) -> Array:
    """How much each attribute tells the quadrant, [F], a sum of 1: a forest's decrease of impurity."""
    return np.asarray(forest(data.scaled, data.quadrants).feature_importances_, dtype=np.float64)


def clearness(data: Pieces) -> Array:
    """How clearly each piece is of its quadrant, [n]: the chance a forest gives it that has not heard its song.

    The quadrant is all that is known of a piece, and it was not easy to name: half of the pieces near a border would
    otherwise draw the mean across it.
    """
    chances = np.zeros(len(data.songs))
    for fold in grouped_folds(data.songs, FOLDS):
        others = np.setdiff1d(np.arange(len(data.songs)), fold)
        found = forest(data.scaled[others], data.quadrants[others]).predict_proba(data.scaled[fold])
        chances[fold] = found[np.arange(len(fold)), data.quadrants[fold]]
    return chances


def forest(rows: Array, labels: NDArray[np.intp], seed: int = 0):  # type: ignore[no-untyped-def]
    """A random forest, each quadrant counting the same."""
    from sklearn.ensemble import RandomForestClassifier

    trees = RandomForestClassifier(100, min_samples_leaf=2, class_weight="balanced", random_state=seed)
    return trees.fit(rows, labels)


def _clusters(rows: Array) -> NDArray[np.intp]:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(PROTOTYPES, n_init=10, random_state=0).fit_predict(rows))


def train(out: Path, data_dir: str | Path | None = None) -> Path:
    """Learns, measures and writes the checkpoint."""
    from emogen.training.music_attributes_figures import card

    known = trust(data_dir)
    data = pieces(known, data_dir)
    model = fitted(data, known)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(out), safe_serialization=True)
    with atomic_path(out / "README.md") as part:
        part.write_text(card(model, data, known, data_dir), encoding="utf-8")
    write_sums(out)
    return out


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Learns what an emotion does to the attributes of music.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train(given.out, given.data)


if __name__ == "__main__":
    main()
