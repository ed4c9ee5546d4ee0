"""Music without understanding: chains over what followed what in the training songs; a baseline of the report."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from emogen.media.score import Note, Score, Track

ORDER = 2
BEATS = 4
STEPS = 4  # sixteenths a beat


class Chain:
    """Learns from songs with a track named "melody", the others being the accompaniment.

    Args:
        songs: To learn from.
    """

    def __init__(self, songs: Sequence[Score]) -> None:
        self._melody: dict[Hashable, list[tuple[int, int, int]]] = defaultdict(list)
        self._beats: dict[Hashable, list[tuple[tuple[int, int, int], ...]]] = defaultdict(list)
        for song in songs:
            self._learn(song)

    def _learn(self, song: Score) -> None:
        melody = sorted(n for t in song.tracks if "melody" in t.name.lower() for n in t.notes)
        told = [
            (b.pitch - a.pitch, round(STEPS * (b.start_beat - a.start_beat)), max(1, round(STEPS * a.duration_beat)))
            for a, b in itertools.pairwise(melody)
        ]
        for i in range(len(told)):
            self._melody[tuple(t[:2] for t in told[max(0, i - ORDER) : i])].append(told[i])
        beats: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for track in song.tracks:
            if "melody" not in track.name.lower() and not track.is_drum:
                for n in track.notes:
                    at = round(STEPS * n.start_beat)
                    beats[at // STEPS].append((at % STEPS, n.pitch, max(1, round(STEPS * n.duration_beat))))
        before: tuple[tuple[int, int, int], ...] = ()
        for beat in range(max(beats, default=0) + 1):
            now = tuple(sorted(beats.get(beat, ())))
            self._beats[before].append(now)
            before = now

    def piece(self, bars: int, seed: int) -> Score:
        """A piece of so many bars of four beats."""
        rng = np.random.default_rng(seed)

        def drawn(table: dict[Hashable, list[Any]], key: Hashable) -> Any:
            options = table.get(key) or table[()]
            return options[rng.integers(len(options))]

        notes: list[Note] = []
        told: list[tuple[int, int]] = []
        pitch, at = 72, 0
        while at < bars * BEATS * STEPS:
            step = drawn(self._melody, tuple(told[-ORDER:]))
            notes.append(Note(at / STEPS, min(step[2], bars * BEATS * STEPS - at) / STEPS, pitch, 80))
            at, pitch = at + max(step[1], 1), int(np.clip(pitch + step[0], 48, 96))
            told.append(step[:2])
        under: list[Note] = []
        before: tuple[tuple[int, int, int], ...] = ()
        for beat in range(bars * BEATS):
            before = drawn(self._beats, before)
            for step, p, length in before:
                start = beat + step / STEPS
                under.append(Note(start, min(length / STEPS, bars * BEATS - start), p, 70))
        return Score(
            (Track("piano (melody)", 0, False, tuple(notes)), Track("piano (harmony)", 0, False, tuple(sorted(under))))
        )
