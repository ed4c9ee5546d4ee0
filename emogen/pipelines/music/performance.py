"""Notated parts -> played ones: loudness in arcs over phrases, accents, articulation, pedal, small freedoms of time.

The rules are those of the KTH system (Friberg, Bresin & Sundberg 2006, Advances in Cognitive Psychology 2:145-161):
phrase arch, high-loud, accents of the metre, legato and staccato articulation, final ritard (Friberg & Sundberg 1999,
JASA 105:1469-1484: tempo falls as that of a runner who stops). Their sizes here are own choices; how far all of them
together move the velocity is the fader `dynamics`, their standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emogen.media.score import Note
from emogen.pipelines.music.attributes import Attributes

#: Where each part stands against the mean, in standard deviations of the velocity.
STANDING = {"melody": 1.0, "harmony": -0.25, "pad": -0.9, "bass": 0.2}
ARC, HIGH_LOUD, PEAK = 0.6, 0.4, 0.65  # of a phrase; per octave; where the arc's top lies in a phrase
ACCENTS = ((4.0, 0.4), (2.0, 0.2), (1.0, 0.05), (0.5, -0.15))  # on multiples of so many beats
OFF_ACCENT, UNEVEN = -0.25, 0.2
#: Standard deviation of a note's time and how far the melody goes ahead of its accompaniment (s).
LOOSE_S, AHEAD_S = 0.006, 0.008
RITARD_BARS, RITARD_END, RITARD_CURVE = 2, 0.62, 3.0  # q = 3 of Friberg & Sundberg 1999; length and end: own choice
#: Articulation from which an accompaniment is bound, its bass over gaps of up to so many beats.
LEGATO, LEGATO_GAP = 0.85, 4.0
SHORTEST, FREE = 0.08, 0.02  # beats that a note lasts at least, and that a key is up before it is struck again
SOFTEST, LOUDEST = 8, 127


@dataclass
class Played:
    """A note on its way: as in `Note`, with the accent (in standard deviations) that its pattern gives it."""

    start: float
    duration: float
    pitch: int
    accent: float = 0.0
    figure: bool = False  # a pattern of ours, which the articulation shortens


def ritardando(tempos: Sequence[float]) -> list[float]:
    """The tempos of bars with the last `RITARD_BARS` slowing down; the whole lasts as long as before.

    Args:
        tempos: Of each bar, quarter notes a minute, all bars of one length.
    """
    count = min(RITARD_BARS, len(tempos) - 1)
    if count < 1:
        return list(tempos)
    place = (np.arange(count) + 0.5) / count
    slowed = np.array(tempos, dtype=float)
    slowed[-count:] *= (1 + (RITARD_END**RITARD_CURVE - 1) * place) ** (1 / RITARD_CURVE)
    return [float(bpm) for bpm in slowed * (1 / slowed).sum() / (1 / np.array(tempos)).sum()]


def performed(
    parts: dict[tuple[str, str], list[Played]],
    attributes: Sequence[Attributes],
    tempos: Sequence[float],
    phrases: Sequence[int],
    beats: int,
    harmonies: Sequence[float],
    rng: np.random.Generator,
) -> dict[tuple[str, str], tuple[Note, ...]]:
    """Parts (instrument, role) as they are played; drums keep time and have their own loudness.

    Args:
        parts: Notes in any order.
        attributes: Of each bar.
        tempos: Of each bar.
        phrases: First bars of the phrases, from 0.
        beats: Quarter notes in a bar.
        harmonies: Beats at which chords begin, in order.
        rng: Of the freedoms.
    """
    pedal = np.unique([*harmonies, *np.arange(len(attributes) + 1) * float(beats)])
    bars = len(attributes)
    middles = (np.arange(bars) + 0.5) * beats

    def over(value: Callable[[Attributes], float], at: np.ndarray) -> np.ndarray:
        return np.asarray(np.interp(at, middles, [value(a) for a in attributes]))

    tuned = {key: sorted(notes, key=lambda n: (n.start, n.pitch)) for key, notes in parts.items() if key[1] != "drums"}
    shapes = {key: _shape(notes, key[1], phrases, bars, beats, rng) for key, notes in tuned.items()}
    every = np.concatenate([*shapes.values(), np.zeros(0)])
    mean, spread = (float(every.mean()), max(float(every.std()), 1e-6)) if len(every) else (0.0, 1.0)
    out: dict[tuple[str, str], tuple[Note, ...]] = {}
    ahead: dict[float, float] = {}
    for key, notes in parts.items():
        if key[1] == "drums":
            at = np.array([n.start for n in notes])
            velocity = over(lambda a: a.loudness, at) * np.array([n.accent for n in notes])
            out[key] = _notes([(n.start, n.duration, n.pitch) for n in notes], velocity)
            continue
        notes = tuned[key]
        at = np.array([n.start for n in notes])
        velocity = over(lambda a: a.loudness, at) + over(lambda a: a.dynamics, at) * (shapes[key] - mean) / spread
        out[key] = _notes(_placed(notes, key[1], attributes, tempos, pedal, ahead, rng), velocity)
    return out


def _shape(
    notes: Sequence[Played], role: str, phrases: Sequence[int], bars: int, beats: int, rng: np.random.Generator
) -> np.ndarray:
    """How much louder than the mean each note is, in no unit yet."""
    at = np.array([n.start for n in notes])
    pitch = np.array([n.pitch for n in notes], dtype=float)
    edges = np.array([*phrases, bars], dtype=float) * beats
    i = np.clip(np.searchsorted(edges, at + 1e-6, side="right") - 1, 0, len(edges) - 2)
    place = np.clip((at - edges[i]) / (edges[i + 1] - edges[i]), 0, 1)
    arc = np.cos(np.pi * np.where(place < PEAK, 1 - place / PEAK, (place - PEAK) / (1 - PEAK)))
    within = at % beats
    accent = np.full(len(at), OFF_ACCENT)
    for every, size in reversed(ACCENTS):
        accent[np.isclose(within % min(every, beats), 0, atol=0.02)] = size
    accent[np.isclose(within, 0, atol=0.02)] = ACCENTS[0][1]
    high = HIGH_LOUD * (pitch - pitch.mean()) / 12
    given = np.array([n.accent for n in notes])
    own = UNEVEN * rng.standard_normal(len(at))
    size = 1.0 if role == "melody" else 0.6
    return np.asarray(STANDING[role] + size * (ARC * arc + accent + high) + given + own)


def _placed(
    notes: Sequence[Played],
    role: str,
    attributes: Sequence[Attributes],
    tempos: Sequence[float],
    pedal: np.ndarray,
    ahead: dict[float, float],
    rng: np.random.Generator,
) -> list[tuple[float, float, int]]:
    """Start, duration and pitch as played; `pedal` [n] is lifted at these beats, bar lines among them.

    `ahead` keeps when the notes of the melody come, in seconds off the beat.
    """
    found = []
    starts = np.array([n.start for n in notes])
    loose = LOOSE_S * np.clip(rng.standard_normal(len(notes)), -2, 2)
    if role == "melody":  # who doubles it plays it at the same moments
        loose = np.array([ahead.setdefault(n.start, float(x) - AHEAD_S) for n, x in zip(notes, loose, strict=True)])
    elif role in ("pad", "bass"):
        loose *= 0.5
    end = float(pedal[-1])
    beats = end / len(attributes)
    for note, shift in zip(notes, loose, strict=True):
        bar = min(int(note.start / beats), len(attributes) - 1)
        share = attributes[bar].articulation
        length = note.duration
        after = int(np.searchsorted(starts, note.start + 0.01))
        gap = (float(starts[after]) if after < len(starts) else end) - note.start
        if role == "melody":
            # What the sheet writes up to the next note is as long as the articulation says; a rest stays one.
            length = gap * share if gap <= length + 0.5 else length * min(share, 1.0)
        elif note.figure or share < 0.8:
            length *= min(share + 0.05, 1.0) if role != "pad" else 1.0
        elif role == "harmony" and share >= LEGATO:
            length = max(length, _rings(note, starts, attributes[bar].polyphony, pedal))
        elif role == "bass" and share >= LEGATO and gap <= LEGATO_GAP:
            length = max(length, gap)
        start = max(note.start + shift * tempos[bar] / 60, 0.0)
        found.append((start, max(min(length, end - start), SHORTEST), note.pitch))
    return found


def _rings(note: Played, starts: np.ndarray, polyphony: float, pedal: np.ndarray) -> float:
    """How long a note sounds with the pedal, in beats.

    Until as many others have begun as are to sound at once, and no longer than the harmony and the bar last.
    """
    if round(polyphony) < 2:
        return 0.0
    until = float(pedal[min(int(np.searchsorted(pedal, note.start + 0.01)), len(pedal) - 1)])
    later = int(np.searchsorted(starts, note.start + 0.01)) + round(polyphony) - 1
    return float(min(until, starts[later]) if later < len(starts) else until) - note.start


def _notes(placed: Sequence[tuple[float, float, int]], velocity: np.ndarray) -> tuple[Note, ...]:
    """Notes in order; no key is struck while it is down: the earlier note ends a hair before."""
    levels = np.clip(np.round(velocity), SOFTEST, LOUDEST).astype(int)
    played = sorted((*p, int(level)) for p, level in zip(placed, levels, strict=True))
    out: list[Note] = []
    last: dict[int, int] = {}
    for start, length, pitch, level in played:
        if pitch in last:
            before = out[last[pitch]]
            if before.start_beat + before.duration_beat > start - FREE:
                out[last[pitch]] = replace(before, duration_beat=round(max(start - before.start_beat - FREE, FREE), 4))
        last[pitch] = len(out)
        out.append(Note(round(start, 4), round(length, 4), pitch, level))
    return tuple(out)
