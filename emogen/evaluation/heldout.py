"""What a recogniser said of people or pieces that it had not learnt from: `heldout.csv` of its checkpoint.

One row an item. It holds numbers and label names alone, nothing of the recordings, so that every installation
can print the judges' own score on real human data beside each figure, without the packs.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.errors import CheckpointError
from emogen.media.atomic import atomic_path

NAME = "heldout.csv"
AXES = ("valence", "arousal", "dominance")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """n items of real data, each judged by a network that had not learnt from its person or piece.

    Attributes:
        labels: The recogniser's labels, in order.
        packs: [n] data pack of each item: "speech/ravdess".
        groups: [n] what was held out together (speaker, song, theme ...); confidence intervals resample these.
        truth: [n, L] what people said: one 1 a row, or shares of raters; rows of nan where there are no labels.
        found: [n, L] calibrated chances; rows sum to 1.
        vad_truth: [n, 3] -1..1; nan where an axis was not rated (norms of labels may stand in: the card says so).
        vad_found: [n, 3] -1..1; nan where the recogniser gives none.
    """

    labels: tuple[str, ...]
    packs: tuple[str, ...]
    groups: tuple[str, ...]
    truth: Array
    found: Array
    vad_truth: Array
    vad_found: Array

    def __post_init__(self) -> None:
        n = len(self.packs)
        shapes = {
            "truth": (n, len(self.labels)),
            "found": (n, len(self.labels)),
            "vad_truth": (n, 3),
            "vad_found": (n, 3),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name}: {getattr(self, name).shape} != {shape}")
        if len(self.groups) != n:
            raise ValueError(f"groups: {len(self.groups)} != {n}")

    def __len__(self) -> int:
        return len(self.packs)

    def pack(self, name: str) -> HeldOut:
        """The items of one pack."""
        return self._where([p == name for p in self.packs])

    def labelled(self) -> HeldOut:
        """The items that people named."""
        return self._where(np.isfinite(self.truth).all(axis=1).tolist())

    def of_labels(self, labels: Sequence[str]) -> HeldOut:
        """The items that most people named so."""
        named = np.isfinite(self.truth).all(axis=1)
        top = np.where(named, np.nan_to_num(self.truth).argmax(axis=1), -1)
        wanted = [self.labels.index(label) for label in labels]
        return self._where(np.isin(top, wanted).tolist())

    def _where(self, keep: Sequence[bool]) -> HeldOut:
        rows = np.flatnonzero(np.asarray(keep, dtype=bool))
        return replace(
            self, packs=tuple(self.packs[i] for i in rows), groups=tuple(self.groups[i] for i in rows),
            truth=self.truth[rows], found=self.found[rows],
            vad_truth=self.vad_truth[rows], vad_found=self.vad_found[rows],
        )  # fmt: skip


def write_heldout(folder: Path, held_out: HeldOut) -> Path:
    """Writes `heldout.csv` into a checkpoint folder."""
    path = folder / NAME
    columns = ["pack", "group", *(f"truth:{x}" for x in held_out.labels), *(f"found:{x}" for x in held_out.labels)]
    columns += [*(f"truth:{axis}" for axis in AXES), *(f"found:{axis}" for axis in AXES)]
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for i in range(len(held_out)):
            parts = (held_out.truth[i], held_out.found[i], held_out.vad_truth[i], held_out.vad_found[i])
            numbers = ["" if not np.isfinite(x) else f"{x:.4g}" for x in np.concatenate(parts)]
            writer.writerow([held_out.packs[i], held_out.groups[i], *numbers])
    return path


def read_heldout(folder: Path) -> HeldOut:
    """Reads `heldout.csv` of a checkpoint folder.

    Raises:
        CheckpointError: There is none, or it is not such a table.
    """
    path = folder / NAME
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        header, body = rows[0], rows[1:]
        count = (len(header) - 2 - 2 * len(AXES)) // 2
        labels = tuple(name.removeprefix("truth:") for name in header[2 : 2 + count])
        numbers = np.array([[float(x) if x else np.nan for x in row[2:]] for row in body]).reshape(len(body), -1)
        truth, found, vad_truth, vad_found = np.split(numbers, [count, 2 * count, 2 * count + 3], axis=1)
        packs, groups = tuple(r[0] for r in body), tuple(r[1] for r in body)
        total = found.sum(axis=1, keepdims=True)
        found = np.divide(found, total, out=found.copy(), where=total > 0)
        return HeldOut(labels, packs, groups, truth, found, vad_truth, vad_found)
    except (OSError, ValueError, IndexError) as error:
        raise CheckpointError(str(path), f"holds no figures of unseen people: {error}") from error
