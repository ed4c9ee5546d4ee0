"""How a voice changes with feeling: curves against the plain voice, and the voice changed by them.

A change is float [T, WIDTH], 50 frames a second in the time of the plain voice; all zero is no change. What one
frame says is meant for the sound that is there: the words stay, and so does who speaks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, idct
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.base import Codec
from emogen.codecs.voice import BINS, FRAME_S, POWER_FLOOR, VoiceFrames, through_unvoiced
from emogen.codecs.voice_slow import (
    BANDS,
    CENTRES_HZ,
    FPS,
    HOP,
    HZ,
    NOISE_FLOOR,
    NOISE_HZ,
    REFERENCE_HZ,
    SMOOTH_FRAMES,
    SPEECH_DB,
    band_levels,
    level,
    mel,
    mended,
    roughness,
    semitones,
)
from emogen.diffusing import ModelMixin  # noqa: F401 - diffusers looks for the base of a component in its module
from emogen.errors import InputError

SHAPES = 10  # cosines of the band levels that a feeling changes: finer ones would be other sounds
#: What a network learns: measured between two takes of the same words.
LEARNT = ("pitch", "level", "rate", "noise_low", "noise_mid", "noise_high", "roughness",
          *(f"shape_{i}" for i in range(1, SHAPES + 1)))  # fmt: skip
#: What holds for a whole manner of speaking and cannot be measured frame by frame.
MANNER = ("pitch_range", "level_range", "formants", "tremor")
CHANNELS = (*LEARNT, *MANNER)
WIDTH = len(CHANNELS)
COLUMN = {name: i for i, name in enumerate(CHANNELS)}

F0_BOUNDS_HZ = (55.0, 700.0)  # what a voice bears; own assumption
RATE_BOUNDS = (-1.0, 1.0)  # twice as fast, twice as slow
SHAPE_DB = 18.0  # most that a band is raised or lowered; own assumption
LIFT_FROM_DB, LIFT_OVER_DB = 45.0, 15.0  # what lies further below loud speech is no voice: it is not made louder
ROUGHEST_ST = 0.35  # most that pitch is shaken, rms; own assumption
#: Power of what people's pitch does faster than melody, semitones squared: `rough_power` in neutral takes of EmoDB, nEMO
#: and TESS (-8.7, -8.5, -20.2 dB), mean of the packs. A smoother voice is roughened as if it were as rough.
NATURAL_ROUGH = 10.0 ** (-12.5 / 10.0)
SHAKE_FRAMES = 1.5  # of WORLD's, about a period of a voice: what is faster is neither made nor heard as pitch; own choice
MELODY_FRAMES = 5.0  # standard deviation: what moves faster than syllables is no melody; own choice
TREMOR_HZ = 6.5  # within the 4-8 Hz of vocal tremor; own assumption
SWING_DB = (-12.0, 8.0)  # below and above the mean, how far a change of range follows the level; own assumption
_PULSE = gaussian_filter1d(np.eye(1, 65, 32)[0], SHAKE_FRAMES)
_SHAKE_RMS = float(np.linalg.norm(_PULSE - gaussian_filter1d(_PULSE, SMOOTH_FRAMES)))  # what `rough_power` sees of such noise
_NOISE_CENTRES_HZ = np.array([sum(band) / 2 for band in NOISE_HZ])

Floats = NDArray[np.float64]


class ChangeCodec(Codec):
    """Changes <-> what a network works on: the learnt channels, over what they do in acted speech."""

    modality = "voice_change"

    @property
    def names(self) -> tuple[str, ...]:
        """Semitones, dB, log2 of duration, dB (noise, roughness, shape)."""
        return LEARNT

    @property
    def frame_rate(self) -> float:
        """50 frames a second of the plain voice."""
        return FPS

    def encode(self, media: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Change [T, WIDTH] -> its learnt channels [T, 17].

        Raises:
            InputError: Another shape.
        """
        return np.asarray(_checked(media, WIDTH)[:, : len(LEARNT)], dtype=np.float32)

    def decode(self, frames: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Learnt channels [T, 17] -> change [T, WIDTH], without a change of manner.

        Raises:
            InputError: Another shape.
        """
        found = _checked(frames, len(LEARNT))
        return np.concatenate([found, np.zeros((len(found), len(MANNER)))], axis=1).astype(np.float32)


def _checked(values: Any, width: int) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != width or not np.isfinite(found).all():
        raise InputError("change", f"an array of shape {list(found.shape)}", f"Accepted: finite [frames, {width}].")
    return found


def changed(
    plain: VoiceFrames, change: Floats, rng: np.random.Generator, *, centre_st: float | None = None,
    elasticity: Floats | None = None,
) -> tuple[VoiceFrames, Floats]:  # fmt: skip
    """The voice with the change.

    Args:
        plain: N frames.
        change: [T, WIDTH], T * 4 about N.
        rng: For the irregularities of a voice.
        centre_st: Pitch about which its range changes, semitones above 100 Hz; None: the median of `plain`.
        elasticity: [N] how much each sound takes part in a change of rate; None: all alike.

    Returns:
        The frames of the output, and where each lies in `plain` [M], in frames, rising.
    """
    count = len(plain)
    at = (np.arange(len(change)) + 0.5) * HOP - 0.5
    y = np.stack([np.interp(np.arange(count), at, change[:, k]) for k in range(WIDTH)], axis=1)
    f0 = _pitch(plain, y, centre_st)
    envelope = _coloured(plain, y)
    noise = _noisier(plain, y)
    rate = np.clip(y[:, COLUMN["rate"]], *RATE_BOUNDS)
    length = np.concatenate([[0.0], np.cumsum(2.0 ** (rate if elasticity is None else rate * elasticity))])
    place = np.interp(np.arange(max(int(length[-1]), 1)), length, np.arange(count + 1.0))
    place = place[place <= count - 1.0]
    found = moved(VoiceFrames(f0, envelope, noise), place)
    return replace(found, f0_hz=_shaken(plain.f0_hz, found.f0_hz, y, place, rng)), place


def moved(frames: VoiceFrames, place: Floats) -> VoiceFrames:
    """The frames at fractional places [M]: power and pitch between frames as logarithms."""
    low = np.minimum(place.astype(int), len(frames) - 1)
    high, share = np.minimum(low + 1, len(frames) - 1), (place - low)[:, None]
    if not share.any():
        return VoiceFrames(frames.f0_hz[low], frames.envelope[low], frames.aperiodicity[low])
    power = np.log(frames.envelope)
    drawn = np.log(through_unvoiced(frames.f0_hz))
    f0 = np.exp(drawn[low] * (1.0 - share[:, 0]) + drawn[high] * share[:, 0])
    voiced = (frames.f0_hz > 0)[np.rint(place).astype(int)]
    envelope = np.exp(power[low] * (1.0 - share) + power[high] * share)
    noise = frames.aperiodicity[low] * (1.0 - share) + frames.aperiodicity[high] * share
    return VoiceFrames(np.where(voiced, f0, 0.0), envelope, noise)


def _pitch(plain: VoiceFrames, y: Floats, centre_st: float | None) -> Floats:
    """F0 in Hz [N], 0 where unvoiced, with another melody."""
    f0 = mended(plain.f0_hz)
    voiced = f0 > 0
    found = semitones(f0)
    centre = float(np.median(found[voiced] if voiced.any() else found)) if centre_st is None else centre_st
    now = found + y[:, COLUMN["pitch"]]
    middle = centre + (float(y[voiced, COLUMN["pitch"]].mean()) if voiced.any() else 0.0)
    melody = gaussian_filter1d(now, MELODY_FRAMES)  # the range is of the melody: roughness has a channel of its own
    now += (2.0 ** y[:, COLUMN["pitch_range"]] - 1.0) * (melody - middle)
    return np.where(voiced, np.clip(REFERENCE_HZ * 2.0 ** (now / 12.0), *F0_BOUNDS_HZ), 0.0)


def _shaken(before_hz: Floats, f0_hz: Floats, y: Floats, place: Floats, rng: np.random.Generator) -> Floats:
    """F0 of the output [M] with the irregularities that a change asks for, as fast as they are whatever the tempo.

    Args:
        before_hz: [N] F0 of the plain voice.
        f0_hz: [M] with the changed melody, whose bends count as rough already.
        y: Change [N, WIDTH].
        place: [M] where each frame lies in the plain voice.
        rng: For the irregularities.
    """
    nearest = np.rint(place).astype(int)
    channels, own = y[nearest], roughness(before_hz)[nearest]
    grown = 10.0 ** (np.maximum(channels[:, COLUMN["roughness"]], 0.0) / 10.0) - 1.0
    asked = np.maximum(own, NATURAL_ROUGH) * grown
    lost = own - roughness(f0_hz)  # a slower or narrower melody bends less, a faster or wider one more
    more = np.minimum(asked + np.clip(lost, -asked, asked), ROUGHEST_ST**2)
    shake = gaussian_filter1d(rng.standard_normal(len(f0_hz)), SHAKE_FRAMES) / _SHAKE_RMS
    time = np.arange(len(f0_hz)) * FRAME_S
    tremor = np.sqrt(2.0) * channels[:, COLUMN["tremor"]] * np.sin(2 * np.pi * (TREMOR_HZ * time + rng.random()))
    shaken = f0_hz * 2.0 ** ((np.sqrt(more) * shake + tremor) / 12.0)
    return np.where(f0_hz > 0, np.clip(shaken, *F0_BOUNDS_HZ), 0.0)


def _coloured(plain: VoiceFrames, y: Floats) -> Floats:
    """Power envelope [N, BINS]: formants moved, colour and level changed."""
    before = level(band_levels(plain.envelope))
    ratio = 1.0 + y[:, COLUMN["formants"]] / 100.0
    envelope = plain.envelope if np.all(ratio == 1.0) else stretched(plain.envelope, ratio)
    shape = np.zeros((len(plain), BANDS))
    shape[:, 1 : SHAPES + 1] = y[:, COLUMN["shape_1"] : COLUMN["shape_1"] + SHAPES]
    gain_db = np.clip(idct(shape, norm="ortho", axis=1), -SHAPE_DB, SHAPE_DB)
    envelope = envelope * 10.0 ** (_over_bins(gain_db, mel(CENTRES_HZ), mel(HZ)) / 10.0)
    loudest = float(np.percentile(before, 98))
    heard = before > loudest - SPEECH_DB
    swing = np.clip(before - before[heard].mean(), *SWING_DB) * (2.0 ** y[:, COLUMN["level_range"]] - 1.0)
    lift = before + y[:, COLUMN["level"]] + swing - level(band_levels(envelope))
    voice = np.clip((before - loudest + LIFT_FROM_DB) / LIFT_OVER_DB, 0.0, 1.0)
    lift = np.where(lift > 0.0, lift * voice, lift)
    return np.maximum(envelope * 10.0 ** (lift / 10.0)[:, None], POWER_FLOOR)


def _noisier(plain: VoiceFrames, y: Floats) -> Floats:
    """Aperiodicity [N, BINS]; what is unvoiced stays."""
    first = COLUMN["noise_low"]
    more_db = _over_bins(y[:, first : first + len(NOISE_HZ)], _NOISE_CENTRES_HZ, HZ)
    noise = np.clip(plain.aperiodicity * 10.0 ** (more_db / 20.0), NOISE_FLOOR, 1.0)
    return np.where((plain.f0_hz > 0)[:, None], noise, plain.aperiodicity)


def _over_bins(values: Floats, places: Floats, bins: Floats) -> Floats:
    """Values [N, K] at K places -> values at the bins [N, BINS], straight between, held outside."""
    inside = np.clip(bins, places[0], places[-1])
    left = np.clip(np.searchsorted(places, inside, side="right") - 1, 0, len(places) - 2)
    share = (inside - places[left]) / (places[left + 1] - places[left])
    return np.asarray(values[:, left] * (1.0 - share) + values[:, left + 1] * share)


def stretched(envelope: Floats, ratio: Floats) -> Floats:
    """Power envelope [N, BINS] with the frequencies of row i multiplied by ratio[i] [N]."""
    power = np.log(envelope)
    at = np.minimum(np.arange(BINS) / ratio[:, None], BINS - 1.0)
    left = np.minimum(at.astype(int), BINS - 2)
    part = at - left
    rows = np.take_along_axis(power, left, 1) * (1.0 - part) + np.take_along_axis(power, left + 1, 1) * part
    return np.asarray(np.exp(rows))


def tilt_shape(db_per_octave: Floats | float, low_hz: float = 200.0, high_hz: float = 8_000.0) -> Floats:
    """A spectral tilt about 1 kHz as shape channels [..., SHAPES]."""
    octaves = np.log2(np.clip(CENTRES_HZ, low_hz, high_hz) / 1_000.0)
    unit = dct(octaves, norm="ortho")[1 : SHAPES + 1]
    return np.asarray(np.asarray(db_per_octave, dtype=np.float64)[..., None] * unit)
