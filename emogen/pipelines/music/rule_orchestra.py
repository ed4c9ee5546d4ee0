"""Who plays what in the pieces that rules alone write (`compose.py`).

General MIDI programs, counted from 0. The choices are this project's own assumption, from the habits of film music.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ensemble:
    """Programs of the parts; `pattern` is how the harmony moves: pad, broken, pulse or stabs; `drums` a kit's part."""

    melody: int
    harmony: int
    pad: int | None
    bass: int
    pattern: str
    drums: str | None = None


PIANO, CELESTA, GLOCKENSPIEL, VIBRAPHONE, XYLOPHONE = 0, 8, 9, 11, 13
GUITAR, ACOUSTIC_BASS, VIOLIN, CELLO, CONTRABASS, TREMOLO, PIZZICATO, HARP = 24, 32, 40, 42, 43, 44, 45, 46
STRINGS, SLOW_STRINGS, CHOIR, TRUMPET, HORN, BRASS, OBOE, BASSOON, CLARINET, FLUTE = (
    48,
    49,
    52,
    56,
    60,
    61,
    68,
    70,
    71,
    73,
)

ENSEMBLES: dict[str, Ensemble] = {
    "joy": Ensemble(FLUTE, GUITAR, STRINGS, ACOUSTIC_BASS, "pulse", "light"),
    "sadness": Ensemble(CELLO, PIANO, SLOW_STRINGS, CONTRABASS, "broken"),
    "anger": Ensemble(BRASS, STRINGS, HORN, CONTRABASS, "stabs", "heavy"),
    "fear": Ensemble(CELESTA, TREMOLO, CHOIR, CONTRABASS, "pad"),
    "surprise": Ensemble(XYLOPHONE, PIZZICATO, None, PIZZICATO, "pulse"),
    "disgust": Ensemble(BASSOON, CLARINET, None, CONTRABASS, "stabs"),
    "calm": Ensemble(CLARINET, HARP, SLOW_STRINGS, CELLO, "broken"),
    "neutral": Ensemble(PIANO, PIANO, SLOW_STRINGS, ACOUSTIC_BASS, "broken"),
}
#: Level of each part against the melody, as a factor of velocity.
BALANCE = {"melody": 1.0, "harmony": 0.72, "pad": 0.58, "bass": 0.82, "drums": 0.62}
NAMES = {
    PIANO: "Piano", CELESTA: "Celesta", GLOCKENSPIEL: "Glockenspiel", VIBRAPHONE: "Vibraphone", XYLOPHONE: "Xylophone",
    GUITAR: "Guitar", ACOUSTIC_BASS: "Bass", VIOLIN: "Violin", CELLO: "Cello", CONTRABASS: "Contrabass", TREMOLO: "Tremolo strings",
    PIZZICATO: "Pizzicato", HARP: "Harp", STRINGS: "Strings", SLOW_STRINGS: "Soft strings", CHOIR: "Choir", TRUMPET: "Trumpet",
    HORN: "Horn", BRASS: "Brass", OBOE: "Oboe", BASSOON: "Bassoon", CLARINET: "Clarinet", FLUTE: "Flute",
}  # fmt: skip
#: The comfortable middle of each melody instrument (MIDI pitch), where the register cue starts from.
MIDDLE = {FLUTE: 77, CELLO: 55, BRASS: 60, CELESTA: 81, XYLOPHONE: 77, BASSOON: 50, CLARINET: 67, PIANO: 70}
#: Drum patterns over a bar of 4 beats: (beat, General MIDI key, factor of velocity).
DRUMS: dict[str, tuple[tuple[float, int, float], ...]] = {
    "light": (
        (0, 36, 0.9),
        (2, 36, 0.7),
        (1, 37, 0.6),
        (3, 37, 0.7),
        *((k / 2, 42, 0.45 + 0.2 * (k % 2)) for k in range(8)),
    ),
    "heavy": ((0, 36, 1.1), (0, 41, 1.0), (1.5, 36, 0.9), (2, 41, 1.1), (2.5, 36, 0.9), (3, 43, 1.0), (3.5, 43, 0.9)),
}
