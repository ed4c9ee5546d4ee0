"""`Attributes`: what the music of one moment is like, as faders that an emotion moves and that a user may set by hand.

Between an emotion and the notes, as in EmoGen (arXiv 2307.01229: emotion -> attributes -> music) and Music FaderNets
(2007.15474: one fader for each attribute). The faders with units and ranges stand in `attributes.csv`; the ranges are
own choices that hold nearly all of pop music.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from emogen.errors import InputError, LimitError
from emogen.tables import read_table

#: Modes from dark to bright with their semitones; happiness shares by Temperley & Tan 2013: Phrygian .21,
#: Aeolian .34, Dorian .40, Mixolydian .64, Ionian .83 (Lydian, .58, is left out: it breaks the order).
MODES: dict[str, tuple[int, ...]] = {
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
}
#: The upper end of each mode's share of the mode fader (0 dark .. 1 bright); own assumption.
MODE_STEPS = (0.16, 0.46, 0.53, 0.60, 1.01)
#: What may colour the instruments.
FEELINGS = ("joy", "sadness", "anger", "fear", "surprise", "disgust", "calm", "neutral")


@dataclass(frozen=True)
class Fader:
    """One attribute that can be moved.

    Attributes:
        unit: Of its values.
        low: Least value.
        high: Largest value.
        says: What it is, in words.
        words: What its low and its high end sound like.
    """

    unit: str
    low: float
    high: float
    says: str
    words: tuple[str, str]


#: Name -> fader, in the order of the fields of `Attributes`.
FADERS: dict[str, Fader] = {
    r["fader"]: Fader(r["unit"], float(r["low"]), float(r["high"]), r["says"], (r["low_word"], r["high_word"]))
    for r in read_table(__package__, "attributes.csv")
}


@dataclass(frozen=True)
class Attributes:
    """What the music of one moment is like; units and ranges as in `FADERS`.

    Attributes:
        tempo: Beats a minute.
        mode: 0 dark .. 1 bright.
        register: Semitones of the melody's mean pitch above C5.
        density: Notes of the melody a beat.
        rhythm: Distinct onsets of the accompaniment a beat.
        polyphony: Notes of the accompaniment sounding at once.
        articulation: Sounding share of the time to the next note.
        loudness: Mean MIDI velocity.
        dynamics: Standard deviation of the velocity.
        dissonance: 0 plain triads .. 1 minor seconds over the root.
        harmony: Changes of chord a bar.
        bass: 0 no low notes .. 1 deep ones all the time.
        brightness: 0 muted .. 1 brilliant instruments; the sound alone, no note.
        feeling: One of `FEELINGS`; colours the instruments and nothing else.
    """

    tempo: float
    mode: float
    register: float
    density: float
    rhythm: float
    polyphony: float
    articulation: float
    loudness: float
    dynamics: float
    dissonance: float
    harmony: float
    bass: float
    brightness: float
    feeling: str = "neutral"

    @classmethod
    def within(cls, values: Mapping[str, float], feeling: str = "neutral") -> Attributes:
        """The attributes of name -> value for every fader, each brought into its range."""
        held = {name: min(max(float(values[name]), f.low), f.high) for name, f in FADERS.items()}
        return cls(**held, feeling=feeling)

    @property
    def values(self) -> dict[str, float]:
        """Name -> value of every fader."""
        return {name: getattr(self, name) for name in FADERS}

    @property
    def scale(self) -> str:
        """The mode by name, a key of `MODES`."""
        return next(name for name, top in zip(MODES, MODE_STEPS, strict=True) if self.mode < top)

    def replaced(self, **by_hand: object) -> Attributes:
        """The attributes with some faders set by hand; `feeling` may be among them.

        Raises:
            InputError: No such fader, no number, or no such feeling.
            LimitError: A value beyond the fader's range.
        """
        return replace(self, **{name: _checked(name, value) for name, value in by_hand.items()})  # type: ignore[arg-type]


def _checked(name: str, value: object) -> float | str:
    if name == "feeling":
        if value not in FEELINGS:
            raise InputError("feeling", f"{value!r}", f"Accepted: {', '.join(FEELINGS)}.")
        return str(value)
    if name not in FADERS:
        raise InputError("attributes", f'no fader "{name[:40]}"', f"Accepted: {', '.join(FADERS)}.")
    fader = FADERS[name]
    accepted = f"Accepted: {fader.low:g} to {fader.high:g} ({fader.unit})."
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InputError(name, f"{value!r} is no number", accepted)
    if not fader.low <= value <= fader.high:
        raise LimitError(name, f"{value:g}", accepted)
    return float(value)


assert tuple(FADERS) == tuple(f.name for f in fields(Attributes))[:-1], "attributes.csv and Attributes differ"
