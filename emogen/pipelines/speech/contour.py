"""espeak-ng's plain voice made ready: F0 mended by what the phones say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter, minimum_filter1d

from emogen.codecs.voice import FRAME_S, find_f0, through_unvoiced
from emogen.pipelines.speech.phonemes import Phone, Utterance
from emogen.pipelines.speech.phones import SONORANT, VOICELESS, kind_of

F0_FLOOR_HZ, F0_CEIL_HZ = 50.0, 260.0  # espeak-ng's plain voice moves between 60 and 220 Hz
OCTAVE_ERROR_ST = 5.0  # farther than this from the median of a syllable is no speech melody; own assumption
SPIKE_ST = 0.7  # farther than this from the median of 75 ms is a closure's click, not melody; own assumption
SYLLABLE_FRAMES, SPIKE_FRAMES = 41, 15
EDGE_FRAMES = 2  # estimates that near to silence are not trusted
SMOOTH_FRAMES = 2.5  # standard deviation of the smoothing, 12 ms; own assumption

Floats = NDArray[np.float64]


def phone_index(phones: Sequence[Phone], count: int) -> NDArray[np.int64]:
    """Which phone each of `count` frames lies in."""
    starts = np.array([phone.start_s for phone in phones])
    return np.searchsorted(starts, (np.arange(count) + 0.5) * FRAME_S, side="right").clip(1) - 1


def plain_f0(utterance: Utterance) -> Floats:
    """F0 in Hz of each frame, 0 where the phones have no voice, without octave errors and gaps within a voice."""
    found = find_f0(utterance.audio, f0_floor_hz=F0_FLOOR_HZ, f0_ceil_hz=F0_CEIL_HZ)
    kinds = [kind_of(phone.ipa) for phone in utterance.phones]
    kind = phone_index(utterance.phones, len(found))
    voiceless = np.array([k in VOICELESS for k in kinds])[kind]
    sonorant = np.array([k in SONORANT for k in kinds])[kind]
    steady = np.where(voiceless | ~_inner(found > 0), 0.0, found)
    for frames, limit_st in ((SYLLABLE_FRAMES, OCTAVE_ERROR_ST), (SPIKE_FRAMES, SPIKE_ST)):
        if np.any(steady > 0):
            semitones = 12 * np.log2(through_unvoiced(steady))
            steady[np.abs(semitones - median_filter(semitones, frames, mode="nearest")) > limit_st] = 0.0
    drawn = np.exp(gaussian_filter1d(np.log(through_unvoiced(steady)), SMOOTH_FRAMES, mode="nearest"))
    # A voice within a voiced stop or fricative stays as it was found.
    return np.where(sonorant | ((found > 0) & ~voiceless), drawn, 0.0)


def _inner(voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voiced frames that are not at the edge of their voice."""
    return np.asarray(minimum_filter1d(voiced.astype(np.uint8), 2 * EDGE_FRAMES + 1, mode="nearest") > 0)
