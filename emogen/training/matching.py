"""The tables by which pictures and music are matched, and how well that and the calibration to a listener work.

    python -m emogen.training.matching tables        # conditioning/tables/quantiles.csv and people.csv
    python -m emogen.training.matching figures       # a Markdown table of each

From the makers' halves of OASIS and EMOPIA alone. What a guide says of a picture or piece is what it said before it had
learnt from it (`heldout.csv` of its checkpoint); no judge has a part in it.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from emogen.checkpoints import checkpoint_folder
from emogen.conditioning import matching
from emogen.conditioning.correspondences import Kind, correspondences, picture_measures, score_measures
from emogen.conditioning.listener import Listener
from emogen.conditioning.matching import AXES, Item
from emogen.conditioning.music_measures import SOUND_NAMES
from emogen.conditioning.recognition import Recognition, recognition
from emogen.conditioning.vocabulary import TABLES, norm
from emogen.evaluation.heldout import HeldOut, read_heldout
from emogen.media.atomic import atomic_path
from emogen.training.folds import grouped_folds
from emogen.training.image import read_pictures
from emogen.training.music import sounds_of
from emogen.training.music_data import read_pieces

Array = NDArray[np.float64]
#: Kind -> checkpoint of its guide, and the packs of its held-out items: sounds by a plain piano, then by others.
PACKS: dict[Kind, tuple[str, tuple[str, ...]]] = {
    "picture": ("image", ("image/oasis",)),
    "score": ("music", ("music/emopia scores",)),
    "sound": ("music", ("music/emopia sounds", "music/emopia sounds by others")),
}
FOLDS = 6
#: Simulated listeners: those of each kind, pictures or pieces kept for the test, noise of a rating of music.
LISTENERS, KEPT, MUSIC_NOISE = 300, 60, 0.3  # the last is an own assumption; pictures have that of OASIS
RATINGS = (5, 10, 20)


@dataclass(frozen=True)
class Known:
    """The items of one kind: what the guide said unseen, what was measured, what people said (n each)."""

    kind: Kind
    recognitions: list[Recognition]
    measures: list[dict[str, float]]
    truth: Array
    groups: tuple[str, ...]

    @property
    def vad(self) -> Array:
        """[n, 2] valence and arousal as the guide gives them."""
        return np.stack([r.emotion.vad[:2] for r in self.recognitions])

    @property
    def items(self) -> list[Item]:
        """Their places in the shared space."""
        pairs = zip(self.recognitions, self.measures, strict=True)
        return [matching.placed(str(i), self.kind, r, m) for i, (r, m) in enumerate(pairs)]

    def first(self, n: int) -> Known:
        """The first n items."""
        return Known(self.kind, self.recognitions[:n], self.measures[:n], self.truth[:n], self.groups[:n])


def known(kind: Kind, measures: list[dict[str, float]]) -> Known:
    """What is known of the items of a kind; `measures` in the order in which the guide learnt from them."""
    checkpoint, packs = PACKS[kind]
    parts = [read_heldout(checkpoint_folder(checkpoint)).pack(pack) for pack in packs]
    said = [_said(held, i, kind) for held in parts for i in range(len(held))]
    truth = np.vstack([held.vad_truth[:, :2] for held in parts])
    return Known(kind, said, measures, truth, tuple(group for held in parts for group in held.groups))


def _said(held: HeldOut, i: int, kind: Kind) -> Recognition:
    """The recognition that the guide would have given, as its own module makes it."""
    chances = dict(zip(held.labels, held.found[i].tolist(), strict=True))
    vad = np.nan_to_num(held.vad_found[i])
    if kind != "picture":
        return recognition(chances, "music", vad=vad)
    valence, arousal = np.clip(vad[:2], -1.0, 1.0)
    dominance = float(sum(chance * norm(label)[2] for label, chance in chances.items()))
    level = float(min(np.hypot(valence, arousal), 1.0))
    return recognition(chances, "image", vad=[valence, arousal, dominance], intensity=level, norm_part=0.0)


def measured(data_dir: Path | None) -> dict[Kind, list[dict[str, float]]]:
    """All measures of the pictures, scores and sounds of the makers' halves."""
    pieces = list(read_pieces("guide", data_dir))
    return {
        "picture": [picture_measures(pixels) for pixels in read_pictures("guide", data_dir).pixels],
        "score": [score_measures(piece.notes) for piece in pieces],
        "sound": [dict(zip(SOUND_NAMES, row.tolist(), strict=True)) for row in sounds_of("guide", pieces).whole],
    }


# -- tables --------------------------------------------------------------------------------------------------------
def write_tables(all_known: Sequence[Known], folder: Path = TABLES) -> None:
    """Deciles of feeling and of what is measured, and the lines from a guide's feeling to people's ratings."""
    rows, lines = [], []
    for one in all_known:
        columns = {axis: one.vad[:, i] for i, axis in enumerate(AXES)}
        names = [name for c in correspondences() for name in c.measures[one.kind]]
        columns |= {name: np.array([m[name] for m in one.measures]) for name in names}
        for name, values in columns.items():
            rows.append([one.kind, name, *(f"{x:.4g}" for x in np.percentile(values, range(0, 101, 10)))])
        for i, axis in enumerate(AXES):
            slope, offset = np.polyfit(one.vad[:, i], one.truth[:, i], 1)
            lines.append([one.kind, axis, f"{slope:.3f}", f"{offset:.3f}", len(one.truth)])
    _write(folder / "quantiles.csv", ["kind", "measure", *(f"p{p}" for p in range(0, 101, 10))], rows)
    _write(folder / "people.csv", ["kind", "axis", "slope", "offset", "n"], lines)


def _write(path: Path, header: list[str], rows: Sequence[Sequence[object]]) -> None:
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


# -- how well pictures and music are matched -----------------------------------------------------------------------
def match_figures(pictures: Known, pieces: Known) -> Iterator[str]:
    """A Markdown table: what shares the quadrant of a query stands above the rest, by each part of the score.

    A picture's quadrant: rated above or below the mean of its half in valence and in arousal.
    """
    middle = pictures.truth.mean(axis=0)
    seen, heard = (pictures.truth - middle) > 0, pieces.truth > 0
    same = (seen[:, None] == heard[None]).all(axis=2)
    ask, answer = pictures.items, pieces.items
    feeling = _table(ask, answer, matching.agreement)
    senses = _table(ask, answer, matching.sensed_agreement)
    raw = -np.linalg.norm(pictures.vad[:, None] - pieces.vad[None], axis=2)
    rated = (rankdata(pictures.truth, axis=0) - 0.5) / len(pictures.truth)
    known_picture = -np.linalg.norm(rated[:, None] - np.stack([item.felt for item in answer])[None], axis=2)
    ways = {
        "chance": np.random.default_rng(0).random(same.shape),
        "valence and arousal as the guides give them": raw,
        "feeling alone (E)": feeling,
        "senses alone (S)": senses,
        "both, as shipped": matching.SENSED * senses + (1.0 - matching.SENSED) * feeling,
        "pictures by their ratings, music by the guide": known_picture,
    }
    yield f"| {pieces.kind}s | P@1 | P@5 | P@10 | reciprocal rank | AUC | P@1 | P@5 | P@10 | reciprocal rank | AUC |"
    yield "|---" * 11 + "|"
    for name, scores in ways.items():
        figures = [*ranking(scores, same), *ranking(scores.T, same.T)]
        yield f"| {name} | " + " | ".join(f"{x:.3f}" for x in figures) + " |"


def _table(ask: Sequence[Item], answer: Sequence[Item], how: Callable[[Item, Item], float]) -> Array:
    return np.array([[how(one, other) for other in answer] for one in ask])


def ranking(scores: Array, right: NDArray[np.bool_]) -> tuple[float, float, float, float, float]:
    """Precision at 1, 5 and 10, mean reciprocal rank and AUC of rows of scores [q, n]; right [q, n]."""
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(right, order, axis=1)
    ranks = np.apply_along_axis(rankdata, 1, scores)
    good, bad = right.sum(axis=1), (~right).sum(axis=1)
    area = ((ranks * right).sum(axis=1) - good * (good + 1) / 2) / (good * bad)
    first, five, ten = (float(hits[:, :k].mean()) for k in (1, 5, 10))
    return first, five, ten, float((1.0 / (1.0 + hits.argmax(axis=1))).mean()), float(area.mean())


# -- how well a listener is learnt ---------------------------------------------------------------------------------
#: Kind of listener -> its gain [2, 2] and offset [2] for a random generator.
DISTORTED: dict[str, Callable[[np.random.Generator], tuple[Array, Array]]] = {
    "like most people": lambda rng: (np.eye(2), np.zeros(2)),
    "moved more or less": lambda rng: (np.diag(rng.choice([0.5, 0.7, 1.4, 1.8], 2)), np.zeros(2)),
    "always higher or lower": lambda rng: (np.eye(2), rng.normal(0.0, 0.3, 2)),
    "valence and arousal mixed": lambda rng: (np.array([[0.4, 0.6], [0.6, 0.4]]), np.zeros(2)),
    "likes the sad": lambda rng: (np.diag([-0.5, 1.0]), np.zeros(2)),
    "all at random": lambda rng: (np.eye(2) + np.array([[0.4, 0.2], [0.2, 0.4]]) * rng.normal(size=(2, 2)), rng.normal(0.0, 0.25, 2)),
}  # fmt: skip


def listener_figures(one: Known, noise: Array) -> Iterator[str]:
    """A Markdown table: distance of what is predicted from what a simulated listener feels, without and with ratings.

    Args:
        one: Items with people's ratings.
        noise: [n, 2] or [2] standard deviation of one person's rating.
    """
    heard = np.zeros_like(one.truth)
    for fold in grouped_folds(one.groups, FOLDS):
        rest = np.setdiff1d(np.arange(len(heard)), fold)
        for i in range(2):
            slope, offset = np.polyfit(one.vad[rest, i], one.truth[rest, i], 1)
            heard[fold, i] = slope * one.vad[fold, i] + offset
    yield f"| {one.kind}s | guide alone | " + " | ".join(f"{n} ratings (used)" for n in RATINGS) + " |"
    yield "|---" * (2 + len(RATINGS)) + "|"
    for name, distorted in DISTORTED.items():
        found: dict[int, list[tuple[float, float]]] = {n: [] for n in RATINGS}
        before = []
        for number in range(LISTENERS):
            rng = np.random.default_rng([number, 1])
            gain, offset = distorted(rng)
            order = rng.permutation(len(heard))
            felt = np.clip(one.truth @ gain.T + offset, -1.0, 1.0)
            rated = np.clip(felt + rng.normal(size=felt.shape) * noise, -1.0, 1.0)
            rated = np.round(rated * 4.0) / 4.0  # nine steps
            test = order[-KEPT:]
            before.append(_apart(heard[test], felt[test]))
            for n in RATINGS:
                listener = Listener.fitted(heard[order[:n]], rated[order[:n]])
                guess = heard[test] @ listener.gain.T + listener.offset if listener.helps else heard[test]
                found[n].append((_apart(np.clip(guess, -1.0, 1.0), felt[test]), float(listener.helps)))
        cells = [" ({:.0%})".join(("{:.3f}", "")).format(*np.mean(found[n], axis=0)) for n in RATINGS]
        yield f"| {name} | {np.mean(before):.3f} | " + " | ".join(cells) + " |"


def _apart(one: Array, other: Array) -> float:
    return float(np.sqrt(((one - other) ** 2).sum(axis=1).mean()))


def rater_spread(data_dir: Path | None = None) -> Array:
    """[n, 2] standard deviation of the raters of each picture of the makers' half of OASIS, on -1..1."""
    from emogen.training.halves import half
    from emogen.training.image import SCALE_HALF
    from emogen.training.packs import pack

    with (pack("image/oasis", data_dir) / "norms.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if half(f"oasis/{r['theme']}") == "maker"]
    return np.array([[float(r["valence_sd"]), float(r["arousal_sd"])] for r in rows]) / SCALE_HALF


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description="Tables and figures of matching and of listeners.")
    parser.add_argument("what", choices=("tables", "figures"))
    parser.add_argument("--data", type=Path, help="folder of the packs")
    given = parser.parse_args(arguments)
    everything = [known(kind, rows) for kind, rows in measured(given.data).items()]
    if given.what == "tables":
        write_tables(everything)
        return
    pictures, scores, sounds = everything
    print("\n".join(figures(pictures, scores, sounds, given.data)))


def figures(pictures: Known, scores: Known, sounds: Known, data_dir: Path | None = None) -> Iterator[str]:
    """Every table, blank lines between them; of sounds the plain ones."""
    for pieces in (scores, sounds.first(len(scores.truth))):
        yield from (*match_figures(pictures, pieces), "")
    yield from (*listener_figures(scores, np.full(2, MUSIC_NOISE)), "")
    yield from listener_figures(pictures, rater_spread(data_dir))


if __name__ == "__main__":
    main()
