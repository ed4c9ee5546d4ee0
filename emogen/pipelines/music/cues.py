"""Emotion -> musical cues: tempo, mode, register, density, articulation, loudness, dissonance, brightness.

Each cue is linear in valence, arousal, dominance and in the amplitudes of anger, fear and sadness, clipped to its
range: Eerola, Friberg & Bresin (2013, Front. Psychol. 4:487) found the cues additive and linear, 77-89 % of the
variance of listeners' ratings. The table stands in `cues.csv`, with the source of each row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

from emogen.conditioning.emotion import Emotion
from emogen.tables import read_table

COLUMNS = ("base", "valence", "arousal", "dominance", "anger", "fear", "sadness", "low", "high")
#: Modes from dark to bright with their semitones; happiness shares by Temperley & Tan 2013: Phrygian .21,
#: Aeolian .34, Dorian .40, Mixolydian .64, Ionian .83 (Lydian, .58, is left out: it breaks the order).
MODES: dict[str, tuple[int, ...]] = {
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
}
#: The upper end of each mode's share of the mode cue (0 dark .. 1 bright); own assumption.
MODE_STEPS = (0.16, 0.46, 0.53, 0.60, 1.01)


def _table() -> tuple[tuple[str, ...], np.ndarray]:
    rows = read_table(__package__, "cues.csv")
    return tuple(r["cue"] for r in rows), np.array([[float(r[c]) for c in COLUMNS] for r in rows], np.float32)


@dataclass(frozen=True)
class Cues:
    """How music of one moment goes.

    Attributes:
        tempo: Beats per minute.
        mode: 0 dark .. 1 bright.
        register: Semitones above the middle of the range.
        density: Notes per beat of the melody.
        articulation: Sounding share of a note's length.
        loudness: MIDI velocity.
        dissonance: 0 none .. 1 clusters.
        brightness: 0 muted .. 1 bright instruments.
        feeling: The basic emotion that colours the instruments, or "calm" or "neutral".
    """

    tempo: float
    mode: float
    register: float
    density: float
    articulation: float
    loudness: float
    dissonance: float
    brightness: float
    feeling: str

    @property
    def scale(self) -> str:
        """The mode by name."""
        return next(name for name, top in zip(MODES, MODE_STEPS, strict=True) if self.mode < top)


class CueRules(ModelMixin, ConfigMixin):
    """The cue table as a component of the pipeline; buffer `table` [cues, 9] with the columns of `COLUMNS`."""

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        self.names, table = _table()
        self.register_buffer("table", torch.from_numpy(table))

    def forward(self, emotion: Emotion) -> Cues:
        """The cues of one emotion."""
        joy, sadness, anger, fear, surprise, disgust = emotion.basic()
        x = np.array([1.0, *emotion.vad, anger, fear, sadness])
        table = self.table.double().numpy()
        values = np.clip(table[:, :7] @ x, table[:, 7], table[:, 8])
        found = dict(zip(self.names, (float(v) for v in values), strict=True))
        return Cues(**found, feeling=_feeling(emotion, joy, sadness, anger, fear, surprise, disgust))


def _feeling(emotion: Emotion, *basic: float) -> str:
    """What colours the instruments: the strongest basic emotion, else calm or neutral."""
    strongest = int(np.argmax(basic))
    valence, arousal, _ = emotion.vad
    if valence > 0.1 and arousal < -0.1:
        return "calm"
    if basic[strongest] >= 0.25:
        return ("joy", "sadness", "anger", "fear", "surprise", "disgust")[strongest]
    return "neutral"
