"""Figures of accompaniment, bass lines and drum rhythms, in beats; own choices from common practice and pop music."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, product

import numpy as np

from emogen.tables import read_table

#: Onsets of syncopated figures in a bar of four beats, from sparse to busy.
STABS = ((0.0,), (0.0, 2.5), (0.0, 1.5, 3.0), (0.0, 0.75, 1.5, 2.5), (0.0, 0.75, 1.5, 2.0, 2.75, 3.5),
         (0.0, 0.5, 0.75, 1.5, 2.0, 2.5, 2.75, 3.5))  # fmt: skip
COMP = ((0.0,), (0.0, 1.5), (0.0, 1.5, 2.5), (0.0, 1.0, 1.5, 2.5), (0.0, 1.0, 1.5, 2.5, 3.0),
        (0.0, 0.5, 1.5, 2.0, 2.5, 3.5), (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5))  # fmt: skip
FIGURES = ("block", "broken", "alberti", "roll", "pulse", "stabs", "comp")
BASSLINES = ("held", "root-fifth", "pulse", "octaves", "bounce", "tresillo", "walk")
STEPS = (2.0, 1.0, 0.5, 0.25)  # beats between the tones of an even figure
#: Loudness of a step of a drum grid; 16 steps make a bar of four beats.
STROKES = {"x": 1.0, "o": 0.8, "-": 0.55}
STEP_BEATS = 0.25
CRASH, SNARE, TOMS = 49, 38, (50, 47, 45, 41)
#: Last beats of a phrase: (beat from the bar's end, General MIDI key, strength).
FILLS: tuple[tuple[tuple[float, int, float], ...], ...] = (
    ((-1.0, SNARE, 0.6), (-0.75, SNARE, 0.7), (-0.5, SNARE, 0.8), (-0.25, SNARE, 0.95)),
    ((-1.0, TOMS[0], 0.8), (-0.75, TOMS[1], 0.8), (-0.5, TOMS[2], 0.9), (-0.25, TOMS[3], 1.0)),
    ((-2.0, SNARE, 0.7), (-1.5, SNARE, 0.7), (-1.0, TOMS[1], 0.8), (-0.5, TOMS[3], 0.95)),
    ((-0.5, SNARE, 0.8), (-0.25, SNARE, 1.0)),
)
_DRUMS = read_table(__package__, "drums.csv")

#: Beat from the start, length in beats, pitches, accent (a share of the spread of the velocity).
Stroke = tuple[float, float, tuple[int, ...], float]


def figure(name: str, tones: Sequence[int], beats: float, rhythm: float) -> list[Stroke]:
    """A chord played for some beats.

    Args:
        name: One of `FIGURES`.
        tones: Pitches, low to high.
        beats: How long.
        rhythm: Onsets a beat that are wanted.
    """
    chord = tuple(tones)
    if name == "block":
        count = max(1, round(min(rhythm, 1.0) * beats / 2))
        return [(k * beats / count, beats / count, chord, 0.3 if k == 0 else 0.0) for k in range(count)]
    if name in ("stabs", "comp"):
        rows = STABS if name == "stabs" else COMP
        row = min(rows, key=lambda r: abs(len(r) / 4 - rhythm))
        at = [b for b in row if b < beats - 0.1]
        longest = 0.5 if name == "stabs" else 2.0
        ends = [*at[1:], beats]
        return [
            (b, min(e - b, longest), chord, 0.6 if b == 0 else 0.2 * (b % 1 > 0)) for b, e in zip(at, ends, strict=True)
        ]
    step = min(*(s for s in STEPS if s < beats), beats, key=lambda s: abs(np.log2(s * rhythm)))
    count = max(1, round(beats / step))
    if name == "pulse":
        return [(k * step, step, chord if k % 2 == 0 else chord[1:] or chord, 0.4 if k * step % 2 == 0 else -0.2)
                for k in range(count)]  # fmt: skip
    wide = (*chord, chord[0] + 12)
    orders = {
        "broken": (*range(len(wide)), *range(len(wide) - 2, 0, -1)),
        "alberti": (0, len(chord) - 1, min(1, len(chord) - 1), len(chord) - 1),
        "roll": tuple(range(len(wide))),
    }
    order = orders[name]
    rings = beats if name == "roll" else 2 * step
    return [
        (k * step, min(rings, beats - k * step), (wide[order[k % len(order)]],), 0.3 if k % len(order) == 0 else -0.1)
        for k in range(count)
    ]


def bassline(name: str, root: int, fifth: int, following: int, beats: float) -> list[Stroke]:
    """A bass under one chord.

    Args:
        name: One of `BASSLINES`.
        root: Pitch of the chord's bass.
        fifth: Another tone of the chord near it.
        following: Pitch of the next chord's bass, which a walking line approaches.
        beats: How long.
    """
    if name == "held" or beats < 2:
        return [(0.0, beats, (root,), 0.2)]
    half = beats / 2 if beats != 3 else 2.0
    if name == "root-fifth":
        return [(0.0, half, (root,), 0.3), (half, beats - half, (fifth,), 0.0)]
    if name == "bounce":  # short notes on the beats: root, then fifth
        return [(float(k), 0.6, (root if k % 2 == 0 else fifth,), 0.3 if k == 0 else 0.0) for k in range(int(beats))]
    if name == "tresillo":
        at = [b for b in (0.0, 1.5, 3.0) if b < beats - 0.5]
        return [(b, e - b, (root if b != 3.0 else fifth,), 0.2) for b, e in zip(at, [*at[1:], beats], strict=True)]
    if name == "walk":
        line = [root, fifth, root + (12 if root < 40 else 0), following + (1 if following <= root else -1)]
        count = int(beats)
        chosen = [line[0], *line[4 - count + 1 :]] if count < 4 else [line[k % 4] for k in range(count)]
        return [(float(k), 1.0, (p,), 0.2 if k == 0 else 0.0) for k, p in enumerate(chosen)]
    count = round(beats * 2)
    return [
        (k / 2, 0.5, (root + (12 if name == "octaves" and k % 2 else 0),), 0.3 if k % 4 == 0 else -0.2)
        for k in range(count)
    ]


def drum_bar(style: str, level: float, beats: int) -> list[tuple[float, int, float]]:
    """One bar of a kit: (beat, General MIDI key, strength 0..1), the more of its voices the higher the `level` (0..1)."""
    found = []
    for row in _DRUMS:
        if row["style"] == style and float(row["level"]) <= level:
            steps = row["grid"][: round(beats / STEP_BEATS)]
            found += [(k * STEP_BEATS, int(row["key"]), STROKES[c]) for k, c in enumerate(steps) if c != "."]
    return sorted(found)


def led(classes: Sequence[int], before: Sequence[int], count: int, low: int, high: int) -> list[int]:
    """A chord of `count` tones that moves least from the one before; low to high.

    Args:
        classes: Pitch classes, the most needed first.
        before: The pitches before; () for a first chord, which lies close about the middle.
        count: Tones; more than there are classes double the first of them.
        low: Lowest pitch.
        high: Highest pitch, at least an octave above.
    """
    wanted = (list(dict.fromkeys(classes)) * 2)[:count]
    middle = (low + high) / 2
    options = [[p for p in range(low, high + 1) if p % 12 == c] for c in wanted]

    def cost(chord: Iterable[int]) -> float:
        tones = sorted(chord)
        moved = sum(min(abs(t - b) for b in before) for t in tones) if before else 0.0
        moved += sum(min(abs(t - b) for t in tones) for b in before) if before else 0.0
        crowded = sum(2.0 if b > a else 99.0 for a, b in pairwise(tones) if b - a < 3)
        gap = 0.3 * max((b - a for a, b in pairwise(tones)), default=0)
        return moved + crowded + gap + 0.15 * abs(float(np.mean(tones)) - middle)

    return sorted(set(min(product(*options), key=cost)))
