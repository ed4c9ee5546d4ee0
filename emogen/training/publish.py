"""What a training leaves behind: a complete checkpoint folder, with a card whose figures are computed, not typed."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from emogen.checkpoints import write_sums
from emogen.conditioning.learned import CONFIG, WEIGHTS
from emogen.evaluation.heldout import HeldOut, write_heldout
from emogen.evaluation.standing import table
from emogen.media.atomic import atomic_path

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Card:
    """The words of a model card; each a paragraph of Markdown.

    Attributes:
        title: "speech: a voice -> emotion".
        role: "guide" or "judge".
        license: SPDX-like: "cc-by-nc-sa-4.0", "research".
        kind: "open" where it learnt from openly licensed data alone.
        data: What it learnt from, with licences, and who was held out.
        training: Command, seed, steps, minutes.
        published: What others reach on the same data, and where that is printed.
        limits: What it cannot do.
    """

    title: str
    role: Literal["guide", "judge"]
    license: str
    kind: Literal["open", "research"]
    data: str
    training: str
    published: str
    limits: str


_ROLES = {
    "guide": "It is a *guide*: generators may use it; what a report prints comes from the judge instead.",
    "judge": "It is a *judge*: reports print its verdict; no generator learns from it or is chosen by it.",
}


def publish(
    folder: Path,
    *,
    config: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    held_out: HeldOut,
    card: Card,
    curve: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Writes config.json, model.safetensors, heldout.csv, curve.csv, README.md and SHA256SUMS.

    Args:
        folder: Made where it is missing.
        config: Shape, settings and calibration; plain JSON.
        weights: Name -> tensor; float32 is stored as float16.
        held_out: Predictions for people or pieces that the network scored on them had not learnt from.
        card: The words of the card.
        curve: Rows of the training curve, all with the same keys.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    half = {n: (w.half() if w.dtype == torch.float32 else w).contiguous() for n, w in weights.items()}
    with atomic_path(folder / WEIGHTS) as part:
        save_file(half, part)
    _write(folder / CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    write_heldout(folder, held_out)
    if curve:
        with atomic_path(folder / "curve.csv") as part, part.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(curve[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(curve)
    millions = sum(int(np.prod(w.shape)) for w in weights.values()) / 1e6
    size = (folder / WEIGHTS).stat().st_size / 1e6
    _write(folder / "README.md", _text(card, held_out, f"{millions:.2f} M numbers, {size:.1f} MB."))
    write_sums(folder)
    return folder


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")


def _text(card: Card, held_out: HeldOut, size: str) -> str:
    figures = "\n".join(table(held_out))
    return f"""---
license: {card.license}
checkpoint_kind: {card.kind}
library_name: emogen
---
# {card.title}

{_ROLES[card.role]} Labels: {", ".join(held_out.labels)}. {size}

## Data
{card.data}

## Training
{card.training}

## Figures
Each item was read by a network that had not learnt from its person or piece (the shipped one then learnt from all of
them). In brackets the 95 % interval, resampling people or pieces. Computed from `heldout.csv`.

{figures}

Published: {card.published}

## Limits
{card.limits}
"""
