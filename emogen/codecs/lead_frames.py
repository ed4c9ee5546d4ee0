"""A lead sheet as frames of half a bar of 4/4: two chords, eight sixteenths of melody, eight of accompaniment.

Everything stands relative to the tonic: pitches are moved by at most six semitones so that the tonic is C.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.base import Codec
from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.diffusing import (
    ModelMixin,  # noqa: F401 - diffusers looks for the base of a component in its module
    register_to_config,
)
from emogen.errors import InputError
from emogen.media.score import Note

Floats = NDArray[np.float32]
BEATS_PER_BAR = 4
FRAME_BEATS = 2
#: Sixteenths of a beat and of a frame.
STEPS_PER_BEAT = 4
STEPS = FRAME_BEATS * STEPS_PER_BEAT
#: Lowest pitch and number of pitches (whole octaves), tonic at C; what lies beyond is moved by octaves. They hold all but
#: a few notes of POP909.
MELODY_LOW, MELODY_PITCHES = 48, 48
LOW, PITCHES = 30, 60
#: A step of melody is a rest, a note that goes on, or a pitch that begins.
REST, HOLD, FIRST = 0, 1, 2
MELODY_STATES = FIRST + MELODY_PITCHES
#: Numbers of a chord: root, tones and bass, each over the pitch classes from the tonic.
CHORD = 36
#: Of a frame: chords of its beats, states of its steps, onsets and sounding notes of the accompaniment.
CHORDS = slice(0, FRAME_BEATS * CHORD)
MELODY = slice(CHORDS.stop, CHORDS.stop + STEPS * MELODY_STATES)
ONSETS = slice(MELODY.stop, MELODY.stop + STEPS * PITCHES)
SOUNDING = slice(ONSETS.stop, ONSETS.stop + STEPS * PITCHES)
#: Velocity of decoded notes: the arrangement decides how loud they are.
VELOCITY = 80


class LeadFramesCodec(Codec):
    """LeadSheet in 4/4 <-> float32 [2 bars, 1432] of zeros and ones; times are rounded to sixteenths."""

    modality: ClassVar[str] = "score"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()

    @property
    def names(self) -> tuple[str, ...]:
        """`chord.beat.part.class`, `melody.step.state`, `onset.step.pitch`, `sounding.step.pitch`."""
        chords = (f"chord.{b}.{p}.{c}" for b in range(FRAME_BEATS) for p in ("root", "tone", "bass") for c in range(12))
        states = ("rest", "hold", *(str(MELODY_LOW + i) for i in range(MELODY_PITCHES)))
        melody = (f"melody.{s}.{state}" for s in range(STEPS) for state in states)
        rolls = (f"{r}.{s}.{LOW + p}" for r in ("onset", "sounding") for s in range(STEPS) for p in range(PITCHES))
        return (*chords, *melody, *rolls)

    @property
    def frame_rate(self) -> float:
        """Frames per beat."""
        return 1 / FRAME_BEATS

    def encode(self, media: LeadSheet) -> Floats:
        """LeadSheet -> [2 bars, 1432].

        Raises:
            InputError: No lead sheet, or one that is not in 4/4.
        """
        if not isinstance(media, LeadSheet):
            raise InputError("lead sheet codec", f"found {type(media).__name__}", "Accepted: a LeadSheet.")
        if media.beats_per_bar != BEATS_PER_BAR:
            raise InputError("lead sheet codec", f"{media.beats_per_bar} beats in a bar", "Accepted: 4.")
        frames = np.zeros((media.bars * BEATS_PER_BAR // FRAME_BEATS, self.width), np.float32)
        frames[:, CHORDS] = _chords(media).reshape(len(frames), -1)
        move, steps = to_c(media.tonic), len(frames) * STEPS
        states = np.full(steps, REST)
        for start, stop, pitch in _stretches(media.melody, steps):
            states[start] = FIRST + _folded(pitch + move, MELODY_LOW, MELODY_PITCHES) - MELODY_LOW
            states[start + 1 : stop] = HOLD
        frames[:, MELODY] = np.eye(MELODY_STATES, dtype=np.float32)[states].reshape(len(frames), -1)
        onsets, sounding = np.zeros((2, steps, PITCHES), np.float32)
        for start, stop, pitch in _stretches(media.accompaniment, steps):
            column = _folded(pitch + move, LOW, PITCHES) - LOW
            onsets[start, column] = 1
            sounding[start:stop, column] = 1
        frames[:, ONSETS], frames[:, SOUNDING] = onsets.reshape(len(frames), -1), sounding.reshape(len(frames), -1)
        return frames

    def decode(self, frames: np.ndarray, tonic: int = 0, mode: str = "major") -> LeadSheet:
        """[2 bars, 1432] -> LeadSheet on a tonic (pitch class) and a mode ("major" or "minor").

        Raises:
            InputError: Not frames of whole bars.
        """
        if frames.ndim != 2 or frames.shape[1] != self.width or len(frames) % 2:
            raise InputError(
                "lead sheet codec", f"frames of shape {frames.shape}", f"Accepted: [2 bars, {self.width}]."
            )
        if not np.isfinite(frames).all():
            raise InputError("lead sheet codec", "frames that are not finite", "Accepted: zeros and ones.")
        move, steps = to_c(tonic), len(frames) * STEPS
        states = frames[:, MELODY].reshape(steps, MELODY_STATES).argmax(axis=1)
        melody = []
        for start in np.flatnonzero(states >= FIRST):
            held = states[start + 1 :] == HOLD
            length = 1 + (len(held) if held.all() else int(held.argmin()))
            melody.append(_note(start, length, int(states[start]) - FIRST + MELODY_LOW - move))
        onsets = frames[:, ONSETS].reshape(steps, PITCHES) > 0.5
        sounding = (frames[:, SOUNDING].reshape(steps, PITCHES) > 0.5) & ~onsets
        notes = []
        for start, column in np.argwhere(onsets):
            held = sounding[start + 1 :, column]
            length = 1 + (len(held) if held.all() else int(held.argmin()))
            notes.append(_note(start, length, int(column) + LOW - move))
        return LeadSheet(tonic, mode, BEATS_PER_BAR, len(frames) // 2, tuple(melody),
                         _merged(frames[:, CHORDS].reshape(-1, 3, 12), tonic), tuple(sorted(notes)))  # fmt: skip


def to_c(tonic: int) -> int:
    """Semitones that move a tonic to the nearest C, -5..6."""
    return -tonic if tonic < 6 else 12 - tonic


def _folded(pitch: int, low: int, count: int) -> int:
    """The pitch moved by octaves into `count` pitches from `low` on."""
    while pitch < low:
        pitch += 12
    while pitch >= low + count:
        pitch -= 12
    return pitch


def _stretches(notes: Iterable[Note], steps: int) -> Iterable[tuple[int, int, int]]:
    """(first step, step after the last, pitch) of the notes that begin within the frames."""
    for n in notes:
        start = round(n.start_beat * STEPS_PER_BEAT)
        if 0 <= start < steps:
            yield start, max(start + 1, min(steps, round((n.start_beat + n.duration_beat) * STEPS_PER_BEAT))), n.pitch


def _chords(sheet: LeadSheet) -> Floats:
    """The chord of each beat [beats, 3, 12], the one that sounds at its middle."""
    found = np.zeros((sheet.beats, 3, 12), np.float32)
    for chord in sheet.chords:
        if not chord.tones:
            continue
        first, stop = (round(b) for b in (chord.start_beat, chord.start_beat + chord.duration_beat))
        part = found[max(first, 0) : max(stop, 0)]
        part[:] = 0
        part[:, 0, (chord.root - sheet.tonic) % 12] = 1
        part[:, 1, [(c - sheet.tonic) % 12 for c in chord.classes]] = 1
        part[:, 2, (chord.bass - sheet.tonic) % 12] = 1
    return found


def _merged(beats: Floats, tonic: int) -> tuple[Chord, ...]:
    """Chords of beats [beats, 3, 12]; what is the same goes on."""
    starts = [i for i in range(len(beats)) if i == 0 or not np.array_equal(beats[i], beats[i - 1])]
    chords = []
    for start, stop in zip(starts, [*starts[1:], len(beats)], strict=True):
        root, tones, bass = beats[start]
        if not tones.any():
            chords.append(Chord(float(start), float(stop - start), 0, (), 0))
            continue
        first = int(root.argmax())
        over = tuple(sorted((int(c) - first) % 12 for c in np.flatnonzero(tones > 0.5)))
        chords.append(
            Chord(float(start), float(stop - start), (first + tonic) % 12, over, (int(bass.argmax()) + tonic) % 12)
        )
    return tuple(chords)


def _note(start: int, steps: int, pitch: int) -> Note:
    return Note(start / STEPS_PER_BEAT, steps / STEPS_PER_BEAT, pitch, VELOCITY)
