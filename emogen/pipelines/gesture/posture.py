"""What is felt -> how a body holds itself: the table `posture.csv` as a component."""

from __future__ import annotations

import numpy as np
import torch

from emogen.conditioning.emotion import BASIC
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.tables import read_table

#: What a cue depends on; "pride" is dominance beyond what a joy has.
FELT = ("base", "valence", "arousal", "dominance", *BASIC, "pride")
COLUMNS = (*FELT, "low", "high")
#: Dominance that goes with pleasantness in a joy (.46 of .81), and what is more of it in pride (.65 at .77) as 1.
USUAL_DOMINANCE, PROUD = 0.57, 0.21
#: Pleasantness from which dominance is pride and not anger; own choice.
PLEASANT = 0.3


def felt(vad: np.ndarray, basic: np.ndarray) -> np.ndarray:
    """What cues depend on, columns as `FELT`: float64 [T, 11] from vad [T, 3] and basic amplitudes [T, 6]."""
    valence, dominance = vad[:, 0], vad[:, 2]
    proud = np.maximum(dominance - USUAL_DOMINANCE * valence, 0) / PROUD * np.clip(valence / PLEASANT, 0, 1)
    return np.column_stack([np.ones(len(vad)), vad, basic, np.minimum(proud, 1.5)])


class PostureRules(ModelMixin, ConfigMixin):
    """The posture table as a component; buffer `table` [cues, 13] with the columns of `COLUMNS`."""

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        rows = read_table(__package__, "posture.csv")
        self.names = tuple(r["cue"] for r in rows)
        self.register_buffer("table", torch.tensor([[float(r[c]) for c in COLUMNS] for r in rows]))

    def forward(self, vad: np.ndarray, basic: np.ndarray) -> dict[str, np.ndarray]:
        """Cues over time from vad [T, 3] and basic amplitudes [T, 6]: name -> float64 [T]."""
        table = self.table.double().numpy()
        values = np.clip(felt(vad, basic) @ table[:, : len(FELT)].T, table[:, -2], table[:, -1])
        return dict(zip(self.names, values.T, strict=True))
