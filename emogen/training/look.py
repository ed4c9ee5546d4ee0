"""Learns what a feeling does to the look of a picture: `python -m emogen.training.look --out FOLDER`.

Three sources, blended as a linear model held near the table of `LookRules`: how photographs look that people rated in
valence and arousal (the maker's half of image/oasis), the colours people pick for single feelings (image/colour_emotion,
three participants of four), and the table. Around that mean, looks vary as those of photographs of such a feeling do. A small
diffusion model learns the whole.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from emogen.checkpoints import write_sums
from emogen.conditioning.atoms import Term
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import terms
from emogen.media.atomic import atomic_path
from emogen.models.diffusion import Flow
from emogen.models.look import feeling_frames
from emogen.pipelines.image.learnt_look import LearntLook
from emogen.pipelines.image.look import LOOK, felt, measured, prior
from emogen.training.image import Pictures, read_pictures
from emogen.training.loop import TrainOptions
from emogen.training.loop import train as run
from emogen.training.packs import pack

Array = NDArray[np.float64]

#: How far the table may be off, in standard deviations of looks for a whole unit of valence or arousal, of dominance, and
#: of a single feeling: of light (own assumption: photographs speak of the first two), and of tint (colours are picked for
#: feelings, not for valence).
LIGHT_ERROR = np.array([0.25, 0.25, 0.1, *[0.1] * 19])
TINT_ERROR = np.array([0.1, 0.1, 0.05, *[0.7] * 19])
#: A photograph says less of what a grade does than its number: what it shows, not how it is developed, is rated too.
PHOTO_TRUST = 0.10
#: A picked colour's distance (a*, b*) from the mean of all picks -> a tint of shadows, mids, lights (own choice: as strong
#: as the table's tints), and how well a word's tint is known, in a*, b*.
TINT, PICK_ERROR = (0.18, 0.24, 0.18), 3.0
NAMED = 0.99  # share from which a word is an anchor's own: others would pull at several
#: Share of the spread of photographs that looks vary by: the rest is what they show (own assumption).
KEPT = 0.5
#: Distance in valence and arousal over which photographs count as of a feeling.
NEAR = 0.35
DROPPED = 0.1  # feelings, for guidance
OPTIONS = TrainOptions(steps=4000, learning_rate=2e-3, warmup_steps=100, report_every=500)
BATCH = 256


@dataclass(frozen=True)
class Looks:
    """n photographs: standardised looks [n, 24], valence and arousal [n, 2], themes; and what they were standardised by."""

    scaled: Array
    ratings: Array
    themes: list[str]
    middle: Array
    spread: Array


def read_looks(pictures: Pictures) -> Looks:
    """The looks of the maker's photographs."""
    found = np.array([measured(p) for p in pictures.pixels])
    middle, spread = found.mean(axis=0), np.maximum(found.std(axis=0), 1e-3)
    return Looks((found - middle) / spread, pictures.ratings, pictures.themes, middle, spread)


def read_picks(checked: bool, data_dir: str | Path | None = None) -> dict[str, Array]:
    """Word -> mean Lab of the colours picked for it less the mean of all words, [3].

    Args:
        checked: The participants that are held out for the check (every fourth), or the others.
        data_dir: Of the packs.
    """
    picked: dict[str, list[list[int]]] = defaultdict(list)
    with (pack("image/colour_emotion", data_dir) / "rgb_wheel.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if (int(row["participant"][1:]) % 4 == 0) == checked:
                picked[row["emotion"]].append([int(row[c]) for c in "rgb"])
    means = {}
    for word, rows in picked.items():
        lab = cv2.cvtColor(np.array(rows, np.float32)[None] / 255, cv2.COLOR_RGB2LAB)[0]
        means[word] = lab.mean(axis=0).astype(np.float64)
    middle = np.mean(list(means.values()), axis=0)
    return {word: mean - middle for word, mean in means.items()}


def fitted(looks: Looks, picks: dict[str, Array]) -> Array:
    """The linear model [24, 22] of standardised looks: the table, moved as far as photographs and picks speak."""
    table = prior()[: len(LOOK)] / looks.spread[:, None]
    photos = np.hstack([looks.ratings - looks.ratings.mean(axis=0), np.zeros((len(looks.ratings), table.shape[1] - 2))])
    picks = {word: pick for word, pick in picks.items() if felt(Emotion.parse(word))[3:].max() > NAMED}
    words = np.array([felt(Emotion.parse(word)) for word in picks])
    found = table.copy()
    for i, name in enumerate(LOOK):
        zone, _, axis = name.partition("_")
        error = TINT_ERROR if axis else LIGHT_ERROR
        precision = PHOTO_TRUST * photos.T @ photos + np.diag(1 / error**2)
        pull = PHOTO_TRUST * photos.T @ (looks.scaled[:, i] - photos @ table[i])
        if axis:
            share = TINT[("shadow", "mid", "light").index(zone)]
            target = share * np.array([_lit(p, f[0])["ab".index(axis)] for p, f in zip(picks.values(), words, strict=True)])
            trust = (looks.spread[i] / PICK_ERROR) ** 2
            precision = precision + trust * words.T @ words
            pull = pull + trust * words.T @ (target / looks.spread[i] - words @ table[i])
        found[i] += np.linalg.solve(precision, pull)
    return found


def _lit(pick: Array, valence: float) -> Array:
    """A picked colour as light, a* and b*: yellow paint is greener than any sunlight, which pleasant yellows stand for."""
    return np.array([max(pick[1], 0.0) if pick[2] > 0 and valence > 0 else pick[1], pick[2]])


@dataclass(frozen=True)
class Source:
    """Draws pairs of a feeling and a look."""

    looks: Looks
    table: Array
    feelings: Array
    rest: Array

    @classmethod
    def of(cls, looks: Looks, table: Array) -> Source:
        """With every word of the vocabulary, and what of each photograph's look the mean does not say."""
        feelings = np.array([felt(Emotion.mix([(Term(term), 1.0)])) for term in terms()])
        ratings = looks.ratings - looks.ratings.mean(axis=0)
        design = np.hstack([np.ones((len(ratings), 1)), ratings])
        rest = looks.scaled - design @ np.linalg.lstsq(design, looks.scaled, rcond=None)[0]
        return cls(looks, table, feelings, rest)

    def draw(self, count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Feelings [count, 1, 22] and looks [count, 1, 24]: one or two words, faint or full, or none."""
        rng = np.random.default_rng(int(torch.randint(0, 2**31, (1,), generator=generator).item()))
        one, two = (self.feelings[rng.integers(0, len(self.feelings), count)] for _ in "ab")
        share = np.where(rng.random(count) < 0.5, 1.0, rng.random(count))[:, None]
        amount = np.where(rng.random(count) < 0.15, 0.0, rng.random(count) ** 0.7)[:, None]
        feelings = amount * (share * one + (1 - share) * two)
        away = ((feelings[:, None, :2] - self.looks.ratings[None]) ** 2).sum(axis=2)
        chance = np.cumsum(np.exp(-0.5 * away / NEAR**2) + 1e-4, axis=1)
        which = (rng.random((count, 1)) * chance[:, -1:] < chance).argmax(axis=1)
        looks = feelings @ self.table.T + KEPT * self.rest[which]
        return torch.from_numpy(feelings).float()[:, None], torch.from_numpy(looks).float()[:, None]


def learnt(looks: Looks, table: Array, folder: Path, options: TrainOptions = OPTIONS) -> LearntLook:
    """The diffusion model of such pairs."""
    torch.manual_seed(options.seed)
    model, source = LearntLook(feelings=table.shape[1]), Source.of(looks, table)
    model.middle.copy_(torch.from_numpy(looks.middle))
    model.spread.copy_(torch.from_numpy(looks.spread))

    def loss(net: torch.nn.Module, generator: torch.Generator) -> torch.Tensor:
        feelings, clean = source.draw(BATCH, generator)
        given = torch.rand(BATCH, generator=generator) > DROPPED
        return Flow(net).loss(clean, feeling_frames(feelings, given), None, generator=generator)  # type: ignore[arg-type]

    run(model.denoiser, loss, folder, options)
    return model.eval()


def train(out: Path, data_dir: str | Path | None = None) -> Path:
    """Learns, measures and writes the checkpoint."""
    from emogen.training.look_figures import card, outdoors

    pictures = read_pictures("guide", data_dir)
    looks, picks = read_looks(pictures), read_picks(False, data_dir)
    table = fitted(looks, picks)
    with tempfile.TemporaryDirectory() as place:
        model = learnt(looks, table, Path(place))
    weights, accuracy = outdoors(pictures)
    model.outdoors.copy_(torch.from_numpy(weights))
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(out), safe_serialization=True)
    with atomic_path(out / "README.md") as part:
        part.write_text(card(model, looks, table, accuracy, data_dir), encoding="utf-8")
    write_sums(out)
    return out


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Learns what a feeling does to the look of a picture.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train(given.out, given.data)


if __name__ == "__main__":
    main()
