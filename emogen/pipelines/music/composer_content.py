"""What the composer is told about each half bar: faders, form, and a melody or harmony that is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.lead_frames import (
    CHORD,
    CHORDS,
    FIRST,
    FRAME_BEATS,
    HOLD,
    LOW,
    MELODY,
    MELODY_LOW,
    MELODY_STATES,
    ONSETS,
    PITCHES,
    SOUNDING,
    STEPS,
)

Floats = NDArray[np.float32]
#: The faders that the notes themselves answer for, as in `attributes.FADERS`; the others are the arrangement's.
FADED = ("register", "density", "rhythm", "polyphony", "dissonance", "harmony", "bass")
#: Place in the form, per frame: second half of its bar; first and last bar of its phrase; how much of the phrase has gone
#: (share); bars left in it and bars of it (shares of eight); how it closes; last bar of the piece; somebody sings; minor.
FORM = ("second", "begins", "ends", "gone", "left", "length", "half", "full", "final", "sings", "minor")
#: Bars of a phrase that `FORM` counts to.
LONGEST = 8


def form_row(
    place: int, length: int, *, second: bool, cadence: str, final: bool, sings: bool, minor: bool
) -> list[float]:
    """The numbers `FORM` of a half bar; `place` and `length` of its phrase in bars."""
    return [
        second, place == 0, place == length - 1, place / max(length, 1), min(length - 1 - place, LONGEST) / LONGEST,
        min(length, LONGEST) / LONGEST, cadence == "half", cadence == "full", final, sings, minor,
    ]  # fmt: skip


def content_row_count(harmony: int, melody: int) -> int:
    """Channels of the content: faders, which are told, form, given melody and harmony, which frames have them."""
    return 2 * len(FADED) + len(FORM) + melody + 1 + harmony + 1


def content_of(faders: Floats, form: Floats, melody: Floats, harmony: Floats) -> Floats:
    """Content [n, ...] of normalised faders [n, 7], form [n, 11], given melody and harmony latents; NaN: not told."""
    columns = []
    for part in (faders, melody, harmony):
        told = ~np.isnan(part)
        columns += [np.nan_to_num(part), told if part is faders else told[:, :1]]
    return np.concatenate([*columns, form], axis=1).astype(np.float32)


#: Interval classes that sound harsh, and the share of such pairs that is dissonance 1; as in `attribute_measures`.
HARSH, HARSH_WHOLE = (1, 6), 3.0


def roughness(voices: NDArray[np.floating]) -> NDArray[np.float64]:
    """Dissonance 0..1 of what sounds together: `voices` [..., 12] counts the notes of each pitch class."""
    total = voices.sum(axis=-1)
    pairs = total * (total - 1) / 2
    harsh = sum((voices * np.roll(voices, -d, axis=-1)).sum(axis=-1) / (2 if d == 6 else 1) for d in HARSH)
    return np.minimum(HARSH_WHOLE * harsh / np.maximum(pairs, 1), 1.0)


def measured_frames(frames: Floats) -> Floats:
    """The faders `FADED` of each half bar [n, 7] of frames of `LeadFramesCodec`; NaN where there is nothing to measure.

    The register is told against MIDI 72 with the tonic at C.
    """
    count = len(frames)
    states = frames[:, MELODY].reshape(count, STEPS, MELODY_STATES).argmax(axis=2)
    begins = states >= FIRST
    notes = begins.sum(axis=1)
    pitches = np.where(begins, states - FIRST + MELODY_LOW, 0).sum(axis=1)
    onsets = frames[:, ONSETS].reshape(count, STEPS, PITCHES) > 0.5
    sounding = frames[:, SOUNDING].reshape(count, STEPS, PITCHES) > 0.5
    voices = sounding.sum(axis=2)
    sounds = voices > 0
    some = np.maximum(sounds.sum(axis=1), 1)
    lowest = np.where(sounds, LOW + sounding.argmax(axis=2), 60)
    classes = np.stack([sounding[:, :, (np.arange(PITCHES) + LOW) % 12 == c].sum(axis=2) for c in range(12)], axis=2)
    chords = frames[:, CHORDS].reshape(count * FRAME_BEATS, CHORD)
    changes = np.zeros(count * FRAME_BEATS)
    changes[1:] = (chords[1:] != chords[:-1]).any(axis=1)
    found = np.full((count, len(FADED)), np.nan, np.float32)
    sung = (states >= HOLD).any(axis=1)
    found[notes > 0, 0] = pitches[notes > 0] / notes[notes > 0] - 72
    found[sung, 1] = notes[sung] / FRAME_BEATS
    found[:, 2] = onsets.any(axis=2).sum(axis=1) / FRAME_BEATS
    heard = sounds.any(axis=1)
    found[heard, 3] = (voices.sum(axis=1) / some)[heard]
    found[heard, 4] = ((roughness(classes) * sounds).sum(axis=1) / some)[heard]
    found[:, 5] = 2 * changes.reshape(count, FRAME_BEATS).sum(axis=1)
    found[:, 6] = np.clip((60 - lowest) / 36, 0, 1).mean(axis=1)
    return found
