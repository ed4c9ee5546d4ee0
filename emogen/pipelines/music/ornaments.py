"""A melody made busier or barer within measure: notes passed through and repeated, or short ones between left out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from emogen.media.score import Note
from emogen.pipelines.music.attributes import MODES

#: At most this share of a melody's notes is added or left out: each costs `tune_similarity` up to twice its share, which
#: leaves .8 of the tune. Own assumption.
MOST_ADDED, MOST_DROPPED = 0.12, 0.1
SHORTEST = 0.5  # what a note keeps when another is put in after it, and what the other gets at most (beats)
SOFTER = 0.85  # velocity of what is put in
LEAST_LEFT = 4  # notes; what has fewer is not thinned


def ornamented(melody: Sequence[Note], count: int, scale_at: Callable[[float], tuple[int, str]]) -> list[Note]:
    """A melody with up to `count` notes more: passing notes over thirds, then long notes struck again.

    Args:
        melody: In order.
        count: Notes wanted; at most `MOST_ADDED` of the melody are added.
        scale_at: Beat -> tonic (pitch class) and mode there.
    """
    count = min(count, int(MOST_ADDED * len(melody)))
    gaps = [b.start_beat - a.start_beat for a, b in itertools.pairwise(melody)]
    gaps.append(melody[-1].duration_beat if melody else 0.0)
    best = sorted(range(len(melody)), key=lambda i: (not _passes(melody, i), -min(gaps[i], 4.0), i))
    chosen = set([i for i in best if 2 * SHORTEST <= gaps[i] <= 4.0][:count])
    found = []
    for i, note in enumerate(melody):
        found.append(note)
        if i not in chosen:
            continue
        length = SHORTEST if gaps[i] < 2.0 else min(1.0, gaps[i] / 2)
        start = note.start_beat + (gaps[i] - SHORTEST if _passes(melody, i) else gaps[i] / 2)
        start = round(4 * start) / 4
        pitch = _between(note, melody[i + 1], *scale_at(start)) if _passes(melody, i) else note.pitch
        found[-1] = replace(note, duration_beat=min(note.duration_beat, start - note.start_beat))
        sung = min(length, gaps[i] - (start - note.start_beat))
        found.append(Note(start, sung, pitch, max(1, round(SOFTER * note.velocity))))
    return found


def thinned(melody: Sequence[Note], count: int, beats_per_bar: int) -> list[Note]:
    """A melody with up to `count` notes fewer: short ones off the beat between steps go first; what was before holds.

    Args:
        melody: In order.
        count: Notes to leave out; at most `MOST_DROPPED` of the melody are.
        beats_per_bar: Quarter notes.
    """
    if len(melody) < LEAST_LEFT:
        return list(melody)
    count = min(count, int(MOST_DROPPED * len(melody)))
    free = [i for i in range(1, len(melody) - 1) if _stress(melody[i], beats_per_bar) < 2 and _joined(melody, i)]
    ranked = sorted(
        free, key=lambda i: (_stress(melody[i], beats_per_bar), _turns(melody, i), melody[i].duration_beat, i)
    )
    dropped: set[int] = set()
    for i in ranked:
        if len(dropped) < count and not {i - 1, i + 1} & dropped:  # never two in a row
            dropped.add(i)
    found: list[Note] = []
    for i, note in enumerate(melody):
        if i in dropped:
            last = found[-1]
            found[-1] = replace(last, duration_beat=note.start_beat + note.duration_beat - last.start_beat)
        else:
            found.append(note)
    return found


def _passes(melody: Sequence[Note], i: int) -> bool:
    """Whether the next note is a third away."""
    return i + 1 < len(melody) and abs(melody[i + 1].pitch - melody[i].pitch) in (3, 4)


def _between(a: Note, b: Note, tonic: int, scale: str) -> int:
    """The degree of the scale between two notes, the middle where there is none."""
    low, high = sorted((a.pitch, b.pitch))
    inside = [p for p in range(low + 1, high) if (p - tonic) % 12 in MODES[scale]]
    return inside[0] if inside else (low + high) // 2


def _joined(melody: Sequence[Note], i: int) -> bool:
    """Whether a note belongs to the one before: no rest of a beat lies between."""
    return melody[i].start_beat - melody[i - 1].start_beat - melody[i - 1].duration_beat < 1.0


def _stress(note: Note, beats_per_bar: int) -> int:
    """0 off the beat's half, 1 on the half, 2 on a beat, 3 on the first."""
    place = note.start_beat % beats_per_bar
    return 3 if place == 0 else 2 if place % 1 == 0 else 1 if place % 0.5 == 0 else 0


def _turns(melody: Sequence[Note], i: int) -> bool:
    """Whether the line turns on this note: it carries the contour."""
    return (melody[i].pitch - melody[i - 1].pitch) * (melody[i + 1].pitch - melody[i].pitch) < 0
