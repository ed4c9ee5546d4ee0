"""How well the director reads feelings in dialogues that people labelled: MELD's lines, 7 classes and 3 sentiments.

    python -m emogen.training.director_standing --dialogues 120

Three ways are compared on whole dialogues of the dev part: each line by its words alone, with what was said before
(`TextRecognizer.curve`), and as the director feels it (`Hearts`: also what lasts and what is caught). What counts as
neutral is an intensity below a threshold that is chosen, for each way alike, on dialogues of the train part. Nothing of
the director was tuned on either.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.hearts import Hearts
from emogen.conditioning.text import TextRecognizer
from emogen.pipelines.performance.plan import CHARS_PER_S, TURN_S
from emogen.pipelines.speech.cast import Member
from emogen.training.packs import pack

LABELS = ("neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear")
SENTIMENTS = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
WAYS = ("words", "context", "director")
Dialogue = list[dict[str, str]]


def dialogues(data: Path | None, split: str, most: int) -> list[Dialogue]:
    """The first dialogues of a part, each a list of rows."""
    with gzip.open(pack("text/meld", data) / "dialogues.csv.gz", "rt", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split and row["Utterance"].strip()]
    return [list(group) for _, group in groupby(rows, key=lambda row: row["Dialogue_ID"])][:most]


def read(dialogue: Dialogue) -> Iterator[tuple[Emotion, ...]]:
    """What each line is felt as, by each of `WAYS`."""
    reader = TextRecognizer.load("embedded")
    said = [row["Utterance"] for row in dialogue]
    hearts, now = Hearts(), 0.0
    for row, context in zip(dialogue, reader.curve(said), strict=True):
        alone = reader.recognize(row["Utterance"]).emotion
        who = row["Speaker"]
        felt = hearts.turn(who, Member(who), [context], [now])[0].emotion
        now += len(row["Utterance"]) / CHARS_PER_S
        hearts.said(who, felt, now)
        now += TURN_S
        yield alone, context.emotion, felt


def table(found: Sequence[Dialogue]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares [N, ways, labels] without neutral, intensity and valence [N, ways, 2], right label and sentiment [N, 2]."""
    shares, felt, right = [], [], []
    for dialogue in found:
        for row, emotions in zip(dialogue, read(dialogue), strict=True):
            projected = [e.project("ekman") for e in emotions]
            shares.append([[p.get(name, 0.0) if name != "neutral" else 0.0 for name in LABELS] for p in projected])
            felt.append([[e.intensity * (1.0 - e.weights.get("neutral", 0.0)), float(e.vad[0])] for e in emotions])
            right.append([LABELS.index(row["Emotion"]), SENTIMENTS[row["Sentiment"]]])
    return np.array(shares), np.array(felt), np.array(right)


def labelled(shares: np.ndarray, levels: np.ndarray, threshold: float) -> np.ndarray:
    """The label of each line: the largest share, or neutral below the threshold."""
    return np.where(levels < threshold, 0, shares.argmax(axis=1))


def macro_f1(said: np.ndarray, right: np.ndarray) -> float:
    """Mean F1 over the labels."""
    found = []
    for k in range(len(LABELS)):
        hits = float(np.sum((said == k) & (right == k)))
        found.append(2.0 * hits / max(float(np.sum(said == k) + np.sum(right == k)), 1.0))
    return float(np.mean(found))


def figures(data: Path | None, most: int) -> list[dict[str, object]]:
    """One row for each way: macro-F1, accuracy, correlations of valence with sentiment and of its changes."""
    train, dev = (table(dialogues(data, split, most)) for split in ("train", "dev"))
    rows: list[dict[str, object]] = []
    for k, way in enumerate(WAYS):
        grid = np.arange(0.02, 0.9, 0.02)
        best = max(grid, key=lambda t: macro_f1(labelled(train[0][:, k], train[1][:, k, 0], t), train[2][:, 0]))
        shares, felt, right = dev
        said = labelled(shares[:, k], felt[:, k, 0], float(best))
        mine, theirs = (np.convolve(v, np.ones(3) / 3, mode="valid") for v in (felt[:, k, 1], right[:, 1]))
        rows.append(
            {
                "way": way,
                "lines": len(right),
                "macro_f1": round(macro_f1(said, right[:, 0]), 3),
                "accuracy": round(float(np.mean(said == right[:, 0])), 3),
                "valence_r": round(float(np.corrcoef(felt[:, k, 1], right[:, 1])[0, 1]), 3),
                "valence_r_of_3_lines": round(float(np.corrcoef(mine, theirs)[0, 1]), 3),
                "neutral_below": round(float(best), 2),
            }
        )
    return rows


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="the folder of data packs")
    parser.add_argument("--dialogues", type=int, default=120)
    given = parser.parse_args()
    rows = figures(given.data, given.dialogues)
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")


if __name__ == "__main__":
    main()
