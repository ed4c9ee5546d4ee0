"""Who speaks: named voices, each a speaker of the phoneme source and how WORLD changes it.

The figures of `voices.csv` are this project's own choice: mean F0 and formants within the usual ranges of men, women
and children, formant ratios kept nearer to 1 than those, since a recogniser understands the source worse the farther
it is moved (word error 42 % at 1.0, 59 % at 1.12, 80 % at 1.25).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from math import isfinite
from types import MappingProxyType
from typing import Any

from emogen.errors import InputError
from emogen.tables import read_table

DEFAULT_VOICE = "alto"
_RANGES = {
    "f0_hz": (60.0, 400.0),
    "f0_range": (0.0, 3.0),
    "formant_ratio": (0.7, 1.5),
    "breath": (0.0, 0.9),
    "tilt_db_oct": (-6.0, 6.0),
    "rate": (0.5, 2.0),
    "speaker_formants": (0.7, 1.5),
}


@dataclass(frozen=True)
class Voice:
    """A speaker. Build your own: `Voice("giant", f0_hz=75, formant_ratio=0.85)`.

    Attributes:
        name: For reports.
        variant: The phoneme source's own speaker that it is made from, in languages that the acoustic model lacks.
        f0_hz: Mean F0 of neutral speech, 60..400.
        f0_range: Factor on the source's F0 movement in semitones, 0..3.
        formant_ratio: Factor on all formants of the variant, 0.7..1.5 (a shorter vocal tract has higher formants).
        breath: Share of noise mixed into the voice above 1 kHz, 0..0.9.
        tilt_db_oct: Spectral tilt in dB per octave, -6 (dull)..6 (bright).
        rate: Factor on the speaking rate, 0.5..2.
        says: A description for people.
        speaker: A mix of the acoustic model's speakers, "slt" or "slt:0.7+rms:0.3"; "" leaves all to the variant.
        speaker_formants: Factor on the formants of that mix, which has a vocal tract of its own, 0.7..1.5; None: the
            same as `formant_ratio`.

    Raises:
        InputError: A number out of its range.
    """

    name: str
    variant: str = "klatt6"
    f0_hz: float = 120.0
    f0_range: float = 1.0
    formant_ratio: float = 1.0
    breath: float = 0.12
    tilt_db_oct: float = 0.0
    rate: float = 1.0
    says: str = ""
    speaker: str = "rms"
    speaker_formants: float | None = None

    def __post_init__(self) -> None:
        for name in ("name", "variant", "says", "speaker"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"voice {name}", f"found {getattr(self, name)!r:.40}", "Accepted: a string.")
        if self.variant and not self.variant.replace("_", "").isalnum():
            raise InputError("voice variant", f"{self.variant!r:.40}", "Accepted: letters and digits.")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is None and name == "speaker_formants":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
                raise InputError(f"voice {name}", f"found {value!r:.40}", f"Accepted: {low:g} to {high:g}.")
            if not low <= value <= high:
                raise InputError(f"voice {name}", f"{value:g}", f"Accepted: {low:g} to {high:g}.")

    def to_dict(self) -> dict[str, Any]:
        """All fields, as plain JSON values."""
        return asdict(self)


def _read() -> dict[str, Voice]:
    numbers = {field.name for field in fields(Voice)} & _RANGES.keys()
    rows = read_table(__package__, "voices.csv")
    return {
        row["name"]: Voice(**{k: float(v) if k in numbers else v for k, v in row.items()})  # type: ignore[arg-type]
        for row in rows
    }


#: The voices that ship with emogen, by name.
VOICES: Mapping[str, Voice] = MappingProxyType(_read())


def find_voice(voice: Voice | str | None) -> Voice:
    """The voice of a name (None: the default), or the voice itself.

    Raises:
        InputError: An unknown name; the message lists those there are.
    """
    if isinstance(voice, Voice):
        return voice
    if voice is None:
        return VOICES[DEFAULT_VOICE]
    if not isinstance(voice, str) or voice not in VOICES:
        near = get_close_matches(voice, VOICES, n=1) if isinstance(voice, str) else []
        hint = f'Did you mean "{near[0]}"? ' if near else ""
        raise InputError("voice", f"unknown voice {voice!r:.40}", f"{hint}Accepted: {', '.join(VOICES)}.")
    return VOICES[voice]
