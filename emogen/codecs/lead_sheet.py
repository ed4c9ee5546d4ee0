"""A piece before it is orchestrated: key, bars, chords, a melody and a piano's accompaniment, all in beats."""

from __future__ import annotations

from dataclasses import dataclass, field

from emogen.media.score import Note


@dataclass(frozen=True, order=True)
class Chord:
    """One harmony.

    Attributes:
        start_beat: When, in beats.
        duration_beat: How long, in beats.
        root: Pitch class, 0 = C.
        tones: Semitones over the root, sorted, 0 first; () where there is no chord.
        bass: Pitch class of the lowest note.
    """

    start_beat: float
    duration_beat: float
    root: int
    tones: tuple[int, ...] = (0, 4, 7)
    bass: int = 0

    @property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes, the root first."""
        return tuple((self.root + t) % 12 for t in self.tones)


@dataclass(frozen=True)
class LeadSheet:
    """Melody, chords and accompaniment on a grid of beats.

    Attributes:
        tonic: Pitch class 0..11.
        mode: "major" or "minor": the third over the tonic; which shade of it, the chords and notes tell.
        beats_per_bar: Quarter notes in a bar.
        bars: How many; everything ends with the last.
        melody: One voice, in order, nothing overlapping.
        chords: In order, from beat 0 to the end without gaps.
        accompaniment: What two hands play under the melody, its bass included.
        bpm: Tempo it was read at; None where it is not known.
    """

    tonic: int
    mode: str
    beats_per_bar: int
    bars: int
    melody: tuple[Note, ...]
    chords: tuple[Chord, ...]
    accompaniment: tuple[Note, ...] = ()
    bpm: float | None = field(default=None)

    @property
    def beats(self) -> int:
        """Beats in all."""
        return self.bars * self.beats_per_bar
