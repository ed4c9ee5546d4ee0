"""The model card of an adapter: what it learnt from, and figures computed from its held-out captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.evaluation.metrics.control import spearman
from emogen.media.atomic import atomic_path
from emogen.training.image_adapter_data import Captions
from emogen.training.loop import TrainResult


@dataclass(frozen=True)
class Facts:
    """What a card says.

    Attributes:
        request: What was asked for.
        captions: Learnt from.
        rows: One for each held-out caption, as in heldout.csv.
        result: How the training ended.
        licence: Of the model that it was trained for.
        learning_rate: At its highest.
        seed: Of first weights and batches.
        numbers: Parameters of the adapter.
    """

    request: dict[str, Any]
    captions: Captions
    rows: Sequence[dict[str, Any]]
    result: TrainResult
    licence: str
    learning_rate: float
    seed: int
    numbers: int


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Means and correlations over held-out captions; keys as in the card."""
    column = {key: np.array([float(row[key]) for row in rows]) for key in rows[0] if key != "caption"}
    found = {
        "cosine": float(column["cosine"].mean()),
        "cosine, another's rating": float(column["cosine_shuffled"].mean()),
    }
    for axis in ("valence", "arousal"):
        asked, read = column[axis], column[f"read_{axis}"]
        found[f"{axis}: Spearman"] = spearman(asked, read) if len(rows) > 2 else float("nan")
        found[f"{axis}: spread read over asked"] = float(read.std() / asked.std()) if asked.std() > 0 else float("nan")
    return found


def write_card(folder: Path, facts: Facts) -> None:
    """Writes README.md."""
    captions, request, shape = facts.captions, facts.request, facts.request["shape"]
    table = "\n".join(f"| {name} | {value:.3f} |" for name, value in figures(facts.rows).items())
    low, high = captions.scale
    axes = "valence, arousal and dominance" if captions.dominance else "valence and arousal"
    made = captions.made_neutral
    neutral = (
        f"{made} neutral captions were made by taking out the words of feeling"
        if made
        else "all neutral captions were given"
    )
    size = f"{shape['layers']} blocks of width {shape['hidden']} with {shape['heads']} heads, {shape['tokens']} tokens an axis"
    text = f"""---
license: {captions.licence}
library_name: emogen
pipeline: {request["kind"]}
---
# Adapter: an emotion -> the prompt embedding of {request["pipeline"]}

For {request["kind"]} with these text encoders and no other:
`emogen image "..." --emotion fear --backend diffusers:PATH_OR_ID --adapter FOLDER`.

## Data
{len(captions.pairs)} captions rated from {low:g} to {high:g} for {axes}; {neutral},
{captions.left_out} without such words were left out.
{len(facts.rows)} of them are held out, by their neutral text.
Licence of the captions: {captions.licence}; of the model: {facts.licence}.

## Training
{size}, {facts.numbers / 1e6:.2f} M numbers.
{facts.result.steps} steps of {request["batch_size"]} x {request["accumulate"]} captions, learning rate {facts.learning_rate:g},
seed {facts.seed}, {facts.result.elapsed_s / 60:.1f} minutes.

## Figures
Over the held-out captions (`heldout.csv`). *Unexplained*: what is left of the squared way to the emotional caption, 1 would be no
better than nothing. *Cosine*: between the move that the adapter makes and the caption's own way, means over tokens; it should be
higher than with another caption's rating. *Read*: valence and arousal that a ridge, learnt on emotional captions, reads in the move.

| figure | value |
|---|---|
| unexplained | {facts.result.best:.3f} |
{table}

No picture was looked at for these: they say where the embedding goes, not what is felt.
"""
    with atomic_path(folder / "README.md") as part:
        part.write_text(text, encoding="utf-8")
