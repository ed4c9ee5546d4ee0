"""A score -> one of many ways in which it may sound: other instruments, levels, rooms and tones, drawn at random.

Readers of music by ear learn from it that a piece keeps its feeling when others play it elsewhere. Of each piece:
notes -> parts (melody and rest, or registers) -> a General MIDI program each -> levels -> room -> tone -> loudness.
What makes music here is arranged and mixed by rules of its own (`pipelines/music`); nothing of them is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, oaconvolve, sosfilt

from emogen.media.score import Note, Score, Track
from emogen.media.score_sound import RATE_HZ, heard

Samples = NDArray[np.float32]
#: Families of General MIDI 1 that may play; percussion, effects and distorted guitars are left out, as they would change
#: what a piece says too much. Each is equally likely. Basses play what is low alone.
FAMILIES: dict[str, tuple[int, ...]] = {
    "keys": tuple(range(8)),
    "mallets": tuple(range(8, 15)),
    "organs": tuple(range(16, 24)),
    "guitars": tuple(range(24, 29)),
    "strings": tuple(range(40, 47)),
    "ensembles": (48, 49, 50, 51),
    "choirs": (52, 53, 54),
    "brass": (56, 57, 58, 59, 60, 61),
    "reeds": tuple(range(64, 72)),
    "pipes": tuple(range(72, 80)),
    "pads": tuple(range(88, 96)),
}
BASSES = tuple(range(32, 40))
# Ranges of what is drawn; all own choice, wider than what one room or one mixing desk gives.
LOW, HIGH = (45, 56), (64, 75)  # MIDI pitches where the middle register begins and ends
TOGETHER_S = 0.06  # onsets closer than this are one chord, whose highest note is the melody
LEVEL_DB = (-12.0, 0.0)  # of a part, after all have been made equally loud
DETACHED, DETACHED_CHANCE = (0.5, 1.0), 0.5  # share of its length for which a note is held, and in how many parts
ROOM_S, WET, ROOM_DARK_HZ = (0.3, 3.0), (0.0, 0.5), (2_000.0, 7_000.0)  # T60; share of the room; its low-pass
PREDELAY_S = (0.0, 0.04)
SHELF_DB, LOW_SHELF_HZ, HIGH_SHELF_HZ = (-6.0, 6.0), (150.0, 500.0), (1_500.0, 4_000.0)
LOW_PASS_HZ, LOW_PASS_CHANCE = (2_500.0, 7_000.0), 0.4
PEAK_DBFS = (-20.0, -1.0)


def voiced(score: Score, rng: np.random.Generator) -> Samples:
    """The piece as others may play it, mono, 16 kHz, as long as it rings.

    Args:
        score: With at least one note.
        rng: Source of everything random.
    """
    parts = [_part(track, rng) for track in _cast(score, rng)]
    mixed = np.zeros(max(len(part) for part in parts), np.float32)
    for part in parts:
        mixed[: len(part)] += part
    toned = _toned(_in_room(mixed, rng), rng)
    peak = 10 ** (rng.uniform(*PEAK_DBFS) / 20)
    return np.asarray(toned * (peak / max(float(np.abs(toned).max()), 1e-9)), dtype=np.float32)


def _part(part: Score, rng: np.random.Generator) -> Samples:
    sound = heard(part).samples
    loud = float(np.sqrt((sound[np.abs(sound) > 1e-4] ** 2).mean())) if np.abs(sound).max() > 1e-4 else 1.0
    return sound * np.float32(10 ** (rng.uniform(*LEVEL_DB) / 20) / loud)


def _cast(score: Score, rng: np.random.Generator) -> Iterator[Score]:
    """The parts of a piece, each played by one program."""
    notes = [n for track in score.tracks if not track.is_drum for n in track.notes]
    ways = (_whole, _melody, _registers)
    for part in ways[int(rng.integers(len(ways)))](score, notes, rng):
        if not part:
            continue
        low = max(n.pitch for n in part) < LOW[1]
        names = [*FAMILIES, *(["basses"] if low else [])]
        programs = (FAMILIES | {"basses": BASSES})[names[int(rng.integers(len(names)))]]
        held = rng.uniform(*DETACHED) if rng.random() < DETACHED_CHANCE else 1.0
        played = tuple(replace(n, duration_beat=n.duration_beat * held) for n in part)
        yield replace(score, tracks=(Track("", int(rng.choice(programs)), False, played),))


def _whole(score: Score, notes: list[Note], rng: np.random.Generator) -> Sequence[list[Note]]:
    return (notes,)


def _melody(score: Score, notes: list[Note], rng: np.random.Generator) -> Sequence[list[Note]]:
    """The highest note of each chord, where it is not low, and the rest."""
    begin = np.array([score.seconds(n.start_beat) for n in notes])
    pitch = np.array([n.pitch for n in notes])
    near = np.abs(begin[:, None] - begin[None]) < TOGETHER_S
    on_top = (pitch >= np.where(near, pitch[None], 0).max(axis=1)) & (pitch >= LOW[1])
    return tuple([n for n, top in zip(notes, on_top, strict=True) if top == melody] for melody in (True, False))


def _registers(score: Score, notes: list[Note], rng: np.random.Generator) -> Sequence[list[Note]]:
    low, high = rng.integers(*LOW), rng.integers(*HIGH)
    return (
        [n for n in notes if n.pitch < low],
        [n for n in notes if low <= n.pitch < high],
        [n for n in notes if n.pitch >= high],
    )


def _in_room(sound: Samples, rng: np.random.Generator) -> Samples:
    """With the reverberation of a room: decaying noise, as loud as the sound itself, by a share."""
    n = int(np.exp(rng.uniform(*np.log(ROOM_S))) * RATE_HZ)
    noise = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)  # -60 dB at the end
    noise = sosfilt(butter(1, rng.uniform(*ROOM_DARK_HZ), fs=RATE_HZ, output="sos"), noise)
    before = int(rng.uniform(*PREDELAY_S) * RATE_HZ)
    response = np.pad(noise / np.sqrt((noise**2).sum()), (before, 0)).astype(np.float32)
    wet = np.float32(rng.uniform(*WET))
    out = wet * oaconvolve(sound, response)
    out[: len(sound)] += (1 - wet) * sound
    return np.asarray(out, dtype=np.float32)


def _toned(sound: Samples, rng: np.random.Generator) -> Samples:
    """Through two shelves and, now and then, a low-pass."""
    for kind, range_hz in (("lowpass", LOW_SHELF_HZ), ("highpass", HIGH_SHELF_HZ)):
        shelf = butter(1, rng.uniform(*range_hz), kind, fs=RATE_HZ, output="sos")
        sound = sound + (10 ** (rng.uniform(*SHELF_DB) / 20) - 1) * sosfilt(shelf, sound)
    cutoff = rng.uniform(*LOW_PASS_HZ)
    if rng.random() < LOW_PASS_CHANCE:
        sound = sosfilt(butter(2, cutoff, fs=RATE_HZ, output="sos"), sound)
    return np.asarray(sound, dtype=np.float32)
