"""Keys, chords and progressions: degrees of a mode -> pitches."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from emogen.errors import InputError
from emogen.pipelines.music.attributes import MODES

TONICS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
#: Spelling of the tonic of a key signature.
SHARP = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
#: Four-bar progressions as scale degrees (0 = tonic), common practice and popular song of each colour.
PROGRESSIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "major": ((0, 4, 5, 3), (0, 3, 0, 4), (0, 5, 3, 4), (3, 4, 0, 5), (0, 2, 3, 4)),
    "mixolydian": ((0, 6, 3, 0), (0, 3, 6, 0), (0, 4, 6, 3)),
    "dorian": ((0, 3, 0, 6), (0, 2, 3, 0), (0, 6, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 5, 3, 4), (0, 6, 5, 4), (0, 3, 0, 4)),
    "phrygian": ((0, 1, 0, 6), (0, 1, 2, 1), (0, 6, 1, 0)),
}


@dataclass(frozen=True)
class Key:
    """A tonic (pitch class 0..11) and, where the user fixed it, a mode."""

    tonic: int
    mode: str | None = None

    def midi(self, scale: str) -> str:
        """The key signature's name in MIDI: `D`, `Bbm`."""
        minor = scale in {"minor", "phrygian", "dorian"}
        name = SHARP[self.tonic]
        spelled = {"Db": "C#", "Ab": "G#"}.get(name, name) if minor else name
        return f"{spelled}m" if minor else spelled


def parse_key(written: str) -> Key:
    """`D minor`, `Bb`, `F# dorian`, `am` -> Key.

    Raises:
        InputError: Not a key.
    """
    match = re.fullmatch(r"\s*([A-Ga-g])([#b♯♭]?)\s*(m|maj|min|[A-Za-z]+)?\s*", written)
    word = (match[3] or "major") if match else ""
    mode = {"m": "minor", "min": "minor", "maj": "major", "aeolian": "minor", "ionian": "major"}.get(word, word.lower())
    if match is None or mode not in MODES:
        raise InputError(
            "key", f'"{written}" is not a key', f"Accepted: a tonic and a mode ({', '.join(MODES)}), as in D minor."
        )
    return Key((TONICS[match[1].upper()] + {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(match[2], 0)) % 12, mode)


def pitch(key: Key, scale: str, degree: int, octave: int = 4) -> int:
    """The MIDI pitch of a scale degree (0 = tonic; may be negative or above 6); octave 4 holds middle C."""
    steps = MODES[scale]
    return 12 * (octave + 1 + degree // 7) + key.tonic + steps[degree % 7]


def chord(key: Key, scale: str, root: int, dissonance: float, tense: bool) -> list[int]:
    """The pitch classes of the chord on a degree, root first.

    Triads; a seventh from a third of the dissonance range on, the minor second over the root from two thirds on.
    `tense` raises the third of the dominant in a minor mode, as common practice does.
    """
    classes = [pitch(key, scale, root + third) % 12 for third in (0, 2, 4)]
    if tense and scale in {"minor", "dorian"} and root % 7 == 4:
        classes[1] = (classes[0] + 4) % 12
    if dissonance > 0.33:
        classes.append(pitch(key, scale, root + 6) % 12)
    if dissonance > 0.66:
        classes.append((classes[0] + 1) % 12)
    return classes


def voiced(classes: list[int], center: float, count: int) -> list[int]:
    """Pitch classes -> up to `count` pitches close around `center`, low to high."""
    found = sorted({int(c + 12 * np.round((center - c) / 12)) for c in classes})
    return found[:count] if len(found) >= count else found


def nearest(classes: list[int], target: float) -> int:
    """The pitch of one of the classes nearest to `target`."""
    options = [int(c + 12 * np.round((target - c) / 12)) for c in classes]
    return min(options, key=lambda p: (abs(p - target), p))
