"""A speaker's plain frames -> the frames of a named voice: its pitch, its throat, its breath."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice import FRAME_S, VoiceFrames
from emogen.codecs.voice_change import F0_BOUNDS_HZ, stretched
from emogen.codecs.voice_slow import HZ, band_levels, level, semitones
from emogen.pipelines.speech.voices import Voice

MICRO_ST, MICRO_HZ = 0.25, 3.0  # slow wander of F0 of a natural voice; own assumption
TILT_CENTRE_HZ, TILT_LOW_HZ, TILT_HIGH_HZ = 1_000.0, 200.0, 8_000.0  # where tilt turns and ends; own assumption
BREATH_FROM_HZ, BREATH_FULL_HZ = 1_000.0, 4_000.0  # noise above 2 kHz (Gobl & Ni Chasaide 2003), smoothly

Floats = NDArray[np.float64]
_OCTAVES = np.log2(np.clip(HZ, TILT_LOW_HZ, TILT_HIGH_HZ) / TILT_CENTRE_HZ)
_BREATH = np.clip(np.log(np.maximum(HZ, 1.0) / BREATH_FROM_HZ) / np.log(BREATH_FULL_HZ / BREATH_FROM_HZ), 0.0, 1.0)


def dressed(plain: VoiceFrames, voice: Voice, rng: np.random.Generator) -> VoiceFrames:
    """The frames in a voice; its rate is not changed here.

    Args:
        plain: From the voice's speaker.
        voice: Pitch, range, formants, breath and tilt are taken from it.
        rng: For the slow wander of pitch.
    """
    voiced = plain.f0_hz > 0
    found = semitones(plain.f0_hz)
    centre = float(found[voiced].mean()) if voiced.any() else float(found.mean())
    home = float(semitones(np.array([voice.f0_hz]))[0])
    pitch = home + voice.f0_range * (found - centre) + MICRO_ST * wander(len(plain), rng)
    f0 = np.where(voiced, np.clip(100.0 * 2.0 ** (pitch / 12.0), *F0_BOUNDS_HZ), 0.0)
    envelope = plain.envelope
    if voice.formant_ratio != 1.0:
        envelope = stretched(envelope, np.full(len(plain), voice.formant_ratio))
    if voice.tilt_db_oct:
        before = level(band_levels(envelope))
        envelope = envelope * 10.0 ** (np.where(voiced, 1.0, 0.5)[:, None] * voice.tilt_db_oct * _OCTAVES / 10.0)
        envelope = envelope * 10.0 ** ((before - level(band_levels(envelope))) / 10.0)[:, None]
    noise = 1.0 - (1.0 - plain.aperiodicity) * (1.0 - voice.breath * _BREATH)
    return VoiceFrames(f0, envelope, noise)


def wander(count: int, rng: np.random.Generator) -> Floats:
    """Smooth noise of unit variance: random values at MICRO_HZ, joined by cosines."""
    knots = rng.standard_normal(int(count * FRAME_S * MICRO_HZ) + 3)
    at = np.arange(count) * FRAME_S * MICRO_HZ + rng.random()
    low = at.astype(int)
    share = 0.5 - 0.5 * np.cos(np.pi * (at - low))
    return np.asarray(knots[low] * (1.0 - share) + knots[low + 1] * share)
