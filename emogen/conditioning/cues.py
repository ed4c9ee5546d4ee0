"""Which cues told: the measures of one piece that stand out the way they usually do for the label found.

The tables come from the data that a recogniser learnt from: mean and spread of each measure, and how far each label
lies from the mean. What is named was measured in this very piece; it need not be all that the network saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import CheckpointError

STANDS_OUT = 0.7  # standard deviations from which a measure is worth a word (own assumption)
TYPICAL = 0.15  # standard deviations by which a label must differ for a measure to speak for it (own assumption)
TOLD = 3  # measures named


@dataclass(frozen=True)
class Cues:
    """What is usual, and what is typical of each label.

    Attributes:
        names: [M] of the measures.
        mean: [M] over all labels.
        spread: [M] standard deviation.
        typical: label -> [M] mean of its pieces, in standard deviations from the mean.
    """

    names: tuple[str, ...]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    typical: Mapping[str, NDArray[np.float64]]

    @classmethod
    def fitted(cls, names: Sequence[str], measures: ArrayLike, labels: Sequence[str]) -> Cues:
        """From measures [n, M] of labelled pieces; every label counts alike."""
        x, of = np.asarray(measures, dtype=float), np.asarray(labels)
        each = {label: x[of == label] for label in dict.fromkeys(labels)}
        mean = np.mean([rows.mean(axis=0) for rows in each.values()], axis=0)
        spread = np.maximum(np.sqrt(np.mean([((r - mean) ** 2).mean(axis=0) for r in each.values()], axis=0)), 1e-9)
        return cls(tuple(names), mean, spread, {k: (r.mean(axis=0) - mean) / spread for k, r in each.items()})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], names: Sequence[str]) -> Cues:
        """As `to_dict` wrote it.

        Raises:
            CheckpointError: It is of other measures.
        """
        if tuple(data["names"]) != tuple(names):
            raise CheckpointError("cues", "are of other measures than this version takes", "Reinstall emogen.")
        typical = {label: np.array(row, dtype=float) for label, row in data["typical"].items()}
        return cls(tuple(names), np.array(data["mean"]), np.array(data["spread"]), typical)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        typical = {label: np.round(row, 3).tolist() for label, row in self.typical.items()}
        mean, spread = (np.array([float(f"{x:.5g}") for x in row]).tolist() for row in (self.mean, self.spread))
        return {"names": list(self.names), "mean": mean, "spread": spread, "typical": typical}

    def told(self, measures: NDArray[np.float64], label: str, phrases: Mapping[str, tuple[str, str]]) -> list[str]:
        """The measures that speak for a label, the strongest first, each as its phrase for low or high.

        Args:
            measures: [M] of one piece.
            label: Found in it.
            phrases: Measure -> what a low and a high value sound or look like; measures without one are not named.
        """
        if label not in self.typical:
            return []
        away, typical = (measures - self.mean) / self.spread, self.typical[label]
        worth = np.clip(away, -3.0, 3.0) * typical
        order = [i for i in np.argsort(-worth) if self.names[i] in phrases and worth[i] > 0]
        loud = [i for i in order if abs(away[i]) > STANDS_OUT and abs(typical[i]) > TYPICAL]
        return [phrases[self.names[i]][int(away[i] > 0)] for i in loud[:TOLD]]


def sentence(found: Sequence[str], label: str, chance: float) -> str:
    """One sentence of the cues told: "high pitch, fast: joy 0.81"."""
    return f"{', '.join(found) if found else 'no single cue stands out'}: {label} {chance:.2f}"
