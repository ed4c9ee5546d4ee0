"""Emotion over time -> a score: bars of melody, harmony, bass and drums that follow the cues bar by bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emogen.media.score import Note, Score, Track
from emogen.pipelines.music.attributes import MODES, Attributes
from emogen.pipelines.music.harmony import PROGRESSIONS, Key, chord, nearest, voiced
from emogen.pipelines.music.rule_orchestra import BALANCE, DRUMS, ENSEMBLES, MIDDLE, NAMES, Ensemble

BEATS = 4
#: Rhythms of a bar (lengths in beats) by their notes per beat; a motif takes the nearest to the density asked for.
RHYTHMS: tuple[tuple[float, ...], ...] = (
    (4.0,), (3.0, 1.0), (2.0, 2.0), (2.0, 1.0, 1.0), (1.5, 0.5, 2.0), (1.0, 1.0, 2.0), (1.0, 1.0, 1.0, 1.0),
    (1.5, 0.5, 1.0, 1.0), (0.5, 0.5, 1.0, 2.0), (0.5, 0.5, 1.0, 0.5, 0.5, 1.0), (1.0, 0.5, 0.5, 1.0, 0.5, 0.5),
    (0.75, 0.25, 0.5, 0.5, 1.0, 1.0), (0.5,) * 8, (0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 0.25, 0.25, 1.0),
    (0.25, 0.25, 0.5) * 4, (0.25,) * 16,
)  # fmt: skip
#: The last bar holds its chord about this many beats; the piece ends on it.
ENDING_BEATS = 4.0
#: A melody turns back when it is this many semitones from the middle of its instrument; own assumption.
REACH = 6


@dataclass
class Draft:
    """Notes per (program, part) while a piece is written."""

    parts: dict[tuple[int, str], list[Note]] = field(default_factory=dict)

    def add(self, program: int, part: str, start: float, length: float, pitch: int, velocity: float) -> None:
        """One note; the pitch is folded into 24..103 by octaves, the velocity is clipped."""
        while pitch > 103:
            pitch -= 12
        while pitch < 24:
            pitch += 12
        note = Note(
            round(max(start, 0.0), 4), round(max(length, 0.05), 4), int(pitch), int(np.clip(round(velocity), 1, 127))
        )
        self.parts.setdefault((program, part), []).append(note)


@dataclass(frozen=True)
class Motif:
    """A bar's melodic idea: lengths in beats, and steps of the scale between its notes."""

    rhythm: tuple[float, ...]
    steps: tuple[int, ...]


def compose(
    bars: Sequence[Attributes], tempos: Sequence[float], key: Key, seed: int, *, ends: bool = True
) -> Score:
    """Writes a piece, or a part of one.

    Args:
        bars: How each bar goes.
        tempos: Of each bar, beats a minute.
        key: The tonic, and the mode where it is fixed.
        seed: Chooses progressions, motifs and ornaments.
        ends: Whether the last bar ends the piece.
    """
    rng = np.random.default_rng(seed)
    draft, markers, last = Draft(), [], None
    phrase: tuple[int, ...] = ()
    motif = Motif((4.0,), (0,))
    melody_pitch = 70.0
    for i, cues in enumerate(bars):
        scale = key.mode or cues.scale
        if i % 4 == 0 or scale != last:
            phrase = tuple(PROGRESSIONS[scale][rng.integers(len(PROGRESSIONS[scale]))])
            phrase = phrase[i % 4 :] + phrase[: i % 4]
            motif = _motif(rng, cues)
        if last != scale:
            markers.append((float(i * BEATS), f"{cues.feeling}, {scale}"))
        last = scale
        final = ends and i == len(bars) - 1
        root = 0 if final else phrase[i % 4]
        classes = chord(key, scale, root, 0.0 if final and cues.mode > 0.5 else cues.dissonance, tense=True)
        ensemble = ENSEMBLES[cues.feeling]
        _harmony(draft, ensemble, classes, cues, i * BEATS, final, rng)
        _bass(draft, ensemble, classes, cues, i * BEATS, final)
        if ensemble.drums and not final:
            _drums(draft, ensemble.drums, cues, i * BEATS, i % 4 == 3)
        melody_pitch = _melody(
            draft,
            ensemble,
            _varied(motif, i % 4, rng),
            (key, scale, classes),
            cues,
            i * BEATS,
            melody_pitch,
            final,
            rng,
        )
    tracks = tuple(
        Track(f"{'Drums' if part == 'drums' else NAMES[program]} ({part})", program, part == "drums", tuple(sorted(notes)))
        for (program, part), notes in sorted(
            draft.parts.items(), key=lambda item: (list(BALANCE).index(item[0][1]), item[0][0])
        )
    )
    changes = tuple((float(i * BEATS), bpm) for i, bpm in enumerate(tempos))
    return Score(tracks, changes, (BEATS, 4), key.midi(key.mode or bars[0].scale), tuple(markers))


def _motif(rng: np.random.Generator, cues: Attributes) -> Motif:
    want = cues.density
    cost = np.array([abs(len(r) / BEATS - want) for r in RHYTHMS])
    near = np.argsort(cost, kind="stable")[:3]
    rhythm = RHYTHMS[int(rng.choice(near, p=[0.5, 0.3, 0.2]))]
    rise = 0.5 + 0.25 * (cues.mode - 0.5) + 0.15 * (cues.density - 1.2)
    steps = [0]
    for _ in rhythm[1:]:
        size = int(rng.choice([1, 2, 3, 0], p=[0.62, 0.2, 0.08, 0.1]))
        steps.append(size if rng.random() < np.clip(rise, 0.2, 0.8) else -size)
    return Motif(rhythm, tuple(steps))


def _varied(motif: Motif, place: int, rng: np.random.Generator) -> Motif:
    """The four bars of a phrase: the idea, the idea again, the idea turned over, a close."""
    if place in (0, 1):
        return motif
    if place == 2:
        return Motif(motif.rhythm, tuple(-s for s in motif.steps) if rng.random() < 0.5 else motif.steps)
    half = [length for length, end in zip(motif.rhythm, np.cumsum(motif.rhythm), strict=True) if end <= BEATS / 2]
    rhythm = (*half, BEATS - sum(half))
    return Motif(rhythm, motif.steps[: len(rhythm)])


def _melody(
    draft: Draft,
    ensemble: Ensemble,
    motif: Motif,
    harmony: tuple[Key, str, list[int]],
    cues: Attributes,
    start: float,
    before: float,
    final: bool,
    rng: np.random.Generator,
) -> float:
    """Writes a bar of melody; returns its last pitch. Strong beats take chord tones, weak ones steps of the scale."""
    key, scale, classes = harmony
    middle = MIDDLE.get(ensemble.melody, 70) + cues.register
    level = cues.loudness * BALANCE["melody"]
    if final:
        last = nearest([classes[0]], middle)
        draft.add(ensemble.melody, "melody", start, ENDING_BEATS, last, level * 0.9)
        return float(last)
    current, t = float(np.clip(before, middle - 9, middle + 9)), start
    scale_classes = [(key.tonic + s) % 12 for s in MODES[scale]]
    for length, step in zip(motif.rhythm, motif.steps, strict=True):
        strong = (t - start) % 2 == 0
        if abs(current - middle) > REACH and (current - middle) * step > 0:
            step = -step
        if strong:
            current = nearest(classes[:3], current + 1.5 * step + 0.25 * (middle - current))
        else:
            current = nearest(scale_classes, current + 1.9 * step)
        velocity = level * (1.06 if strong else 0.94) * (1 + 0.04 * rng.standard_normal())
        draft.add(ensemble.melody, "melody", t, length * min(cues.articulation, 1.0), int(current), velocity)
        t += length
    return current


def _harmony(
    draft: Draft,
    ensemble: Ensemble,
    classes: list[int],
    cues: Attributes,
    start: float,
    final: bool,
    rng: np.random.Generator,
) -> None:
    center = 57 + 0.5 * cues.register
    tones = voiced(classes, center, 4)
    level = cues.loudness * BALANCE["harmony"]
    if ensemble.pad is not None:
        for p in tones:
            draft.add(ensemble.pad, "pad", start, BEATS * 1.02, p, cues.loudness * BALANCE["pad"])
    pattern = "pad" if final else ensemble.pattern
    if pattern == "pad":
        for p in tones:
            draft.add(ensemble.harmony, "harmony", start, ENDING_BEATS if final else BEATS * 1.0, p, level)
    elif pattern == "broken":
        step = 0.5 if cues.density > 0.8 else 1.0
        order = [*tones, tones[0] + 12, *tones[::-1]]
        for k in range(int(BEATS / step)):
            draft.add(
                ensemble.harmony,
                "harmony",
                start + k * step,
                min(BEATS - k * step, 1.6),
                order[k % len(order)],
                level * (1.0 if k % 4 == 0 else 0.85),
            )
    elif pattern == "pulse":
        step = 0.5 if cues.density > 1.6 else 1.0
        for k in range(int(BEATS / step)):
            accent = 1.0 if (k * step) % 2 == 1 else 0.8
            for p in tones[1:] if k % 2 else tones:
                draft.add(
                    ensemble.harmony, "harmony", start + k * step, step * cues.articulation * 0.9, p, level * accent
                )
    else:
        for k, at in enumerate((0.0, 0.75, 1.5, 2.0, 2.75, 3.5) if cues.density > 1.4 else (0.0, 1.5, 3.0)):
            for p in tones:
                draft.add(
                    ensemble.harmony,
                    "harmony",
                    start + at,
                    0.5 * cues.articulation,
                    p,
                    level * (1.1 if k == 0 else 0.95) * (1 + 0.03 * rng.standard_normal()),
                )


def _bass(draft: Draft, ensemble: Ensemble, classes: list[int], cues: Attributes, start: float, final: bool) -> None:
    root = nearest([classes[0]], 38)
    fifth = nearest([classes[2]], root + 5)
    level = cues.loudness * BALANCE["bass"]
    if final or cues.density < 0.9:
        draft.add(ensemble.bass, "bass", start, ENDING_BEATS if final else BEATS, root, level)
    elif cues.density < 1.7:
        draft.add(ensemble.bass, "bass", start, 2 * min(cues.articulation, 1.0), root, level)
        draft.add(ensemble.bass, "bass", start + 2, 2 * min(cues.articulation, 1.0), fifth, level * 0.9)
    else:
        for k in range(8):
            draft.add(
                ensemble.bass,
                "bass",
                start + k / 2,
                0.5 * cues.articulation,
                fifth if k == 6 else root,
                level * (1.05 if k % 4 == 0 else 0.85),
            )


def _drums(draft: Draft, kind: str, cues: Attributes, start: float, last_of_phrase: bool) -> None:
    level = cues.loudness * BALANCE["drums"]
    for beat, drum, factor in DRUMS[kind]:
        draft.add(0, "drums", start + beat, 0.2, drum, level * factor)
    if last_of_phrase:
        for k in range(4):
            draft.add(0, "drums", start + 3 + k / 4, 0.2, 38 if kind == "light" else 45, level * (0.6 + 0.15 * k))
