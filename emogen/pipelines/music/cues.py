"""Emotion -> attributes of music by a table of cues, without anything learnt.

Each cue is linear in valence, arousal, dominance and in the amplitudes of anger, fear and sadness, held within its
fader's range: Eerola, Friberg & Bresin (2013, Front. Psychol. 4:487) found the cues additive and linear, 77-89 % of
the variance of listeners' ratings. The table stands in `cues.csv`, with the source of each row.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import BASIC
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.pipelines.music.attributes import FADERS, Attributes
from emogen.tables import read_table

COLUMNS = ("base", "valence", "arousal", "dominance", "anger", "fear", "sadness")


class CueRules(ModelMixin, ConfigMixin):
    """The table of cues as a component of the pipeline; buffer `table` [faders, 7] with the columns of `COLUMNS`."""

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        rows = {r["cue"]: [float(r[c]) for c in COLUMNS] for r in read_table(__package__, "cues.csv")}
        self.register_buffer("table", torch.tensor([rows[name] for name in FADERS], dtype=torch.float32))

    def forward(self, emotion: Emotion, rng: np.random.Generator | None = None) -> Attributes:
        """The attributes of one emotion; the table knows one way, so nothing is drawn from `rng`."""
        values = self.table.double().numpy() @ felt(emotion)
        return Attributes.within(dict(zip(FADERS, values, strict=True)), feeling_of(emotion))


def felt(emotion: Emotion) -> NDArray[np.float64]:
    """An emotion as the columns of the table, [7]."""
    basic = dict(zip(BASIC, emotion.basic(), strict=True))
    return np.array([1.0, *emotion.vad, basic["anger"], basic["fear"], basic["sadness"]])


def feeling_of(emotion: Emotion) -> str:
    """What colours the instruments: calm where it is pleasant and at rest, else the strongest basic emotion."""
    basic = emotion.basic()
    valence, arousal, _ = emotion.vad
    if valence > 0.1 and arousal < -0.1:
        return "calm"
    strongest = int(np.argmax(basic))
    return BASIC[strongest] if basic[strongest] >= 0.25 else "neutral"
