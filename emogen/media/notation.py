"""Played notes -> written ones: voices of chords on a grid, cut at bar lines into note values; pitches spelled in a key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from emogen.media.score import Note, Track

#: Note values by their length in quarter notes.
TYPES = {
    8.0: "breve", 4.0: "whole", 2.0: "half", 1.0: "quarter", 0.5: "eighth", 0.25: "16th", 0.125: "32nd", 0.0625: "64th",
}  # fmt: skip
VOICES = 4  # on one staff; more nobody reads
SHORT_RESTS = 1.0  # beats: up to this a gap between two notes is articulation, not a rest
STACCATO = 0.6  # share of its written length below which a note gets a dot


@dataclass(frozen=True)
class Chord:
    """Notes of one voice that begin and end together: times in units of the grid."""

    start: int
    length: int
    pitches: tuple[int, ...]
    staccato: bool


#: A chord's piece in one bar: start in the bar, length, chord, tied from before, tied on.
Piece = tuple[int, int, Chord, bool, bool]


def voices(track: Track, grid: int) -> list[list[Chord]]:
    """The notes of a track as voices of chords, nothing overlapping within one."""
    starts = sorted({round(n.start_beat * grid) for n in track.notes})
    following = dict(pairwise(starts))
    grouped: dict[tuple[int, int], dict[int, bool]] = {}
    for n in track.notes:
        start = round(n.start_beat * grid)
        written, short = _length(n, start, following.get(start), grid)
        grouped.setdefault((start, written), {})[n.pitch] = short
    found: list[list[Chord]] = []
    for (start, length), notes in sorted(grouped.items(), key=lambda item: (item[0][0], -item[0][1])):
        chord = Chord(start, length, tuple(sorted(notes)), all(notes.values()))
        free = next((v for v in found if v[-1].start + v[-1].length <= start), None)
        if free is None and len(found) < VOICES:
            found.append([chord])
            continue
        if free is None:  # the voice whose chord began first gives way
            free = min(found, key=lambda v: v[-1].start)
            last = free[-1]
            if last.start == start:  # more than a staff holds at once: one chord of them
                pitches = tuple(sorted({*last.pitches, *chord.pitches}))
                free[-1] = Chord(start, last.length, pitches, last.staccato)
                continue
            free[-1] = Chord(last.start, start - last.start, last.pitches, last.staccato)
        free.append(chord)
    return found


def _length(note: Note, start: int, following: int | None, grid: int) -> tuple[int, bool]:
    """The written length in units, and whether it takes a staccato dot."""
    played = note.duration_beat * grid
    written = max(1, round(played))
    if following is not None:
        gap = following - start
        if written < gap <= SHORT_RESTS * grid or abs(written - gap) <= grid // 4:
            written = gap
    return written, played < STACCATO * written


def measures(voices: Sequence[Sequence[Chord]], bar: int, bars: int) -> Iterator[list[list[Piece]]]:
    """For each bar, for each voice, its pieces; all in units of the grid, `bar` of them in a bar."""
    pieces: list[list[list[Piece]]] = [[[] for _ in voices] for _ in range(bars)]
    for number, voice in enumerate(voices):
        for chord in voice:
            at, end = chord.start, chord.start + chord.length
            while at < end:
                index = at // bar
                stop = min(end, (index + 1) * bar)
                pieces[index][number].append((at - index * bar, stop - at, chord, at > chord.start, stop < end))
                at = stop
    yield from pieces


def values(at: int, length: int, grid: int) -> Iterator[int]:
    """A length in written values, the largest that lie well from where they begin."""
    plain = [round(v * grid) for v in TYPES if v * grid >= 1 and v * grid == round(v * grid)]
    lie = {v: min(v, grid) // 2 or 1 for v in plain}  # a quarter or longer begins on an eighth at least
    lie |= {v * 3 // 2: max(v // 2, 1) for v in plain if v % 2 == 0}
    while length:
        value = next(v for v in sorted(lie, reverse=True) if v <= length and (at % lie[v] == 0 or v == 1))
        yield value
        at, length = at + value, length - value


def spelled(pitch: int, fifths: int) -> tuple[str, int, int]:
    """Step, alteration and octave: within the keys of three fifths below to eight above the key's tonic."""
    place = next(f for f in range(fifths - 3, fifths + 9) if f * 7 % 12 == pitch % 12)
    step = "FCGDAEB"[(place + 1) % 7]
    alter = (place + 1) // 7
    natural = pitch - alter
    return step, alter, natural // 12 - 1
