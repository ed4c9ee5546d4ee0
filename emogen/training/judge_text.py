"""Trains the judge of texts: `python -m emogen.training.judge_text --out FOLDER`.

It learns from the lines of MELD and the rated words of Warriner et al., which the reader of texts has not seen.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from emogen.conditioning.vocabulary import norm, term
from emogen.evaluation.heldout import HeldOut
from emogen.evaluation.metrics import fit_temperature
from emogen.models.ngrams import NgramNet, pieces
from emogen.training.folds import cross_fitted, grouped_folds
from emogen.training.packs import pack
from emogen.training.publish import Card, publish

Array = NDArray[np.float64]
LABELS = ("neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear")
FOLDS = 5
STEPS, BATCH, LEARNING_RATE = 1_500, 64, 3e-3
VAD_WEIGHT = 4.0
MIDDLE, HALF = 5.0, 4.0  # Warriner's scale is 1..9


@dataclass(frozen=True)
class Lines:
    """Texts as bucket numbers, labels [n] (-1: none), VAD [n, 3] (nan: none), what is held out together."""

    texts: list[list[int]]
    labels: NDArray[np.int64]
    vad: Array
    groups: list[str]


def read_lines(data_dir: str | Path | None = None) -> Lines:
    """MELD's lines, then Warriner's words."""
    texts, labels, vad, groups = [], [], [], []
    for row in _rows(pack("text/meld", data_dir) / "dialogues.csv.gz"):
        texts.append(pieces(row["Utterance"]))
        labels.append(LABELS.index(term(row["Emotion"])))
        vad.append([np.nan] * 3)
        groups.append(f"meld/{row['split']}/{row['Dialogue_ID']}")
    for row in _rows(pack("text/warriner_vad", data_dir) / "ratings.csv.gz"):
        texts.append(pieces(row["Word"]))
        labels.append(-1)
        vad.append([(float(row[f"{axis}.Mean.Sum"]) - MIDDLE) / HALF for axis in "VAD"])
        groups.append(f"warriner/{row['Word']}")
    return Lines(texts, np.array(labels), np.array(vad), groups)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def fit(lines: Lines, rows: NDArray[np.intp], seed: int) -> tuple[NgramNet, list[dict[str, float]]]:
    """A trained network; half of each batch are lines, half words."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = NgramNet(LABELS)
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    named = rows[lines.labels[rows] >= 0]
    rated = rows[lines.labels[rows] < 0]
    chance = np.bincount(lines.labels[named], minlength=len(LABELS))[lines.labels[named]] ** -0.5
    chance = chance / chance.sum()
    curve, losses = [], []
    net.train()
    for step in range(1, STEPS + 1):
        a, b = rng.choice(named, BATCH, p=chance), rng.choice(rated, BATCH)
        logits, vad = net([lines.texts[i] for i in (*a, *b)])
        right = functional.cross_entropy(logits[:BATCH], torch.from_numpy(lines.labels[a]), label_smoothing=0.05)
        near = functional.mse_loss(vad[BATCH:], torch.from_numpy(lines.vad[b]).float())
        loss = right + VAD_WEIGHT * near
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % (STEPS // 15) == 0:
            curve.append({"step": step, "loss": round(float(np.mean(losses)), 4)})
            losses = []
    return net.eval(), curve


def predict(net: NgramNet, texts: Sequence[list[int]]) -> tuple[Array, Array]:
    """Logits [n, L], VAD [n, 3]."""
    with torch.inference_mode():
        found = [net(texts[i : i + 512]) for i in range(0, len(texts), 512)]
    return torch.cat([a for a, _ in found]).double().numpy(), torch.cat([b for _, b in found]).double().numpy()


def train(out_dir: str | Path, *, data_dir: str | Path | None = None, seed: int = 0) -> Path:
    """Learns, tries the judge on unseen dialogues and words, and writes the checkpoint folder.

    Args:
        out_dir: Of the checkpoint.
        data_dir: Of the packs.
        seed: Of everything random.
    """
    lines = read_lines(data_dir)
    n = len(lines.texts)
    logits, vad = np.zeros((n, len(LABELS))), np.zeros((n, 3))
    for number, fold in enumerate(grouped_folds(lines.groups, FOLDS)):
        net, _ = fit(lines, np.setdiff1d(np.arange(n), fold), seed)
        logits[fold], vad[fold] = predict(net, [lines.texts[i] for i in fold])
        print(f"fold {number + 1} of {FOLDS}", flush=True)
    named = np.flatnonzero(lines.labels >= 0)
    truth = np.eye(len(LABELS))[lines.labels[named]]
    found = np.full((n, len(LABELS)), 1.0 / len(LABELS))
    found[named] = cross_fitted(logits[named], truth, [lines.groups[i] for i in named])
    shares = np.full((n, len(LABELS)), np.nan)
    shares[named] = truth
    wanted = lines.vad.copy()
    wanted[named] = np.stack([norm(LABELS[i]) for i in lines.labels[named]])
    net, curve = fit(lines, np.arange(n), seed)
    config = {"labels": list(LABELS), "temperature": round(fit_temperature(logits[named], lines.labels[named]), 4)}
    packs = tuple("text/meld" if label >= 0 else "text/warriner_vad" for label in lines.labels)
    held_out = HeldOut(LABELS, packs, tuple(lines.groups), shares, found, wanted, vad)
    return publish(
        Path(out_dir), config=config, weights=net.state_dict(), held_out=held_out, card=_card(seed), curve=curve
    )


def _card(seed: int) -> Card:
    return Card(
        title="judge_text: words -> emotion",
        role="judge",
        license="research",
        kind="research",
        data=(
            "11,098 lines of the dialogues of MELD (Poria et al. 2019, GPL-3.0; lines of a television series, seven "
            "emotions) and 10,483 words with rated valence, arousal and dominance (Warriner, Kuperman & Brysbaert 2013, "
            "CC BY-NC-ND 3.0). It holds no list of words: pieces of words are hashed into 65,536 buckets. VAD targets of "
            "lines are norms of their labels in the figures, and are not learnt."
        ),
        training=(
            f"`python -m emogen.training.judge_text --out FOLDER`, seed {seed}, {STEPS} steps of {BATCH} lines and {BATCH} "
            f"words. Figures: {FOLDS} folds by dialogue and word."
        ),
        published=(
            "From general knowledge, not checked: weighted F1 on MELD's test set by text alone is .57 by a "
            "network over dialogues (Poria et al. 2019) and about .65 by fine-tuned RoBERTa-large with the whole "
            "dialogue; most lines are neutral, and unweighted recall is rarely printed."
        ),
        limits=(
            "It reads one sentence at a time, without what came before: half of MELD's feelings lie in the voice and the "
            "situation. English. Irony is lost on it."
        ),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains the judge of texts.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train(given.out, data_dir=given.data, seed=given.seed)


if __name__ == "__main__":
    main()
