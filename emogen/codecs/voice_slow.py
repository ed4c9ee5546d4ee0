"""What moves slowly in a voice: pitch, level, colour and noise, 50 times a second.

A listener hears feeling in these curves, and they are what the emotional change of a voice is learnt on
(`emogen.codecs.voice_change`). The words are in what is left of WORLD's frames, which stay as they were spoken.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.voice import BINS, FRAME_S, SAMPLE_RATE, VoiceFrames, through_unvoiced

FPS = 50.0
HOP = round(1.0 / FPS / FRAME_S)  # WORLD frames in one slow frame
REFERENCE_HZ = 100.0  # 0 semitones
BANDS = 24  # mel bands between the two limits below; wide enough to hold no single harmonic
LOWEST_HZ, HIGHEST_HZ = 60.0, 7_600.0  # recordings at 16 kHz hold no more
SHAPES = 12  # cosines of the band levels that describe the colour of a sound, without their mean
NOISE_HZ = ((300.0, 2_000.0), (2_000.0, 4_000.0), (4_000.0, 7_500.0))  # bands of the aperiodicity
NOISE_FLOOR = 1e-3  # least share of noise that is told from none
SPEECH_DB = 32.0  # frames this far below the loud ones are pauses; own assumption
OCTAVE_ERROR_ST = 11.0  # F0 this far from the median of a recording is an error of its detector; own assumption
SMOOTH_FRAMES = 2.0  # of WORLD's, standard deviation; what pitch does faster is roughness; own assumption
ROUGH_FRAMES = 10.0  # over which roughness is averaged
ROUGH_FLOOR = 1e-4  # semitones squared

Floats = NDArray[np.float64]
HZ: Floats = np.arange(BINS) * (SAMPLE_RATE / 2 / (BINS - 1))


def mel(hz: Floats | float) -> Floats:
    """The mel scale (O'Shaughnessy 1987)."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hz) / 700.0))


_EDGES_HZ: Floats = 700.0 * np.expm1(np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2) / 1127.0)
CENTRES_HZ: Floats = _EDGES_HZ[1:-1]
_WIDTHS_HZ: Floats = _EDGES_HZ[2:] - _EDGES_HZ[:-2]


def _filters() -> Floats:
    rows = []
    for low, centre, high in zip(_EDGES_HZ[:-2], _EDGES_HZ[1:-1], _EDGES_HZ[2:], strict=True):
        row = np.clip(np.minimum((HZ - low) / (centre - low), (high - HZ) / (high - centre)), 0.0, None)
        if not row.any():  # a band narrower than a bin
            row[np.argmin(np.abs(HZ - centre))] = 1.0
        rows.append(row / row.sum())
    return np.array(rows).T


_FILTERS = _filters()


def band_levels(envelope: Floats) -> Floats:
    """Power envelope [T, BINS] -> mean power of each band in dB [T, BANDS]."""
    return np.asarray(10.0 * np.log10(np.maximum(envelope @ _FILTERS, 1e-12)))


def level(bands_db: Floats) -> Floats:
    """Band levels [T, BANDS] -> level of each frame in dB [T]."""
    return np.asarray(10.0 * np.log10((10.0 ** (bands_db / 10.0)) @ _WIDTHS_HZ))


@dataclass(frozen=True, eq=False)
class Description:
    """The slow curves of a voice, T frames.

    Attributes:
        pitch_st: [T] semitones above 100 Hz, drawn through unvoiced sounds.
        voicing: [T] share of voiced frames, 0..1.
        level_db: [T].
        bands_db: [T, BANDS].
        noise_db: [T, 3] share of noise in the amplitude in three bands, at most 0 dB.
        roughness_db: [T] power of what pitch does faster than speech melody, re one semitone squared.
    """

    pitch_st: Floats
    voicing: Floats
    level_db: Floats
    bands_db: Floats
    noise_db: Floats
    roughness_db: Floats

    def __len__(self) -> int:
        return len(self.level_db)

    def part(self, first: int, last: int) -> Description:
        """Frames `first` to before `last`."""
        return Description(**{f.name: getattr(self, f.name)[first:last] for f in fields(self)})

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """[T] where more than half of a frame is voiced."""
        return self.voicing > 0.5

    @property
    def shapes(self) -> Floats:
        """[T, SHAPES] cosines of the band levels: the colour of the sound, without its level."""
        return np.asarray(dct(self.bands_db, norm="ortho", axis=1)[:, 1 : SHAPES + 1])


def describe(frames: VoiceFrames, hop: int = HOP) -> Description:
    """WORLD's frames [N] -> slow curves [ceil(N / hop)]; the last frame is held where N is no multiple."""
    f0 = mended(frames.f0_hz)
    voiced = (f0 > 0).astype(np.float64)
    pitch = semitones(f0)
    noise = np.log10(np.clip(frames.aperiodicity, NOISE_FLOOR, 1.0))
    noise_db = np.stack([20.0 * noise[:, (low <= HZ) & (high > HZ)].mean(axis=1) for low, high in NOISE_HZ], axis=1)
    bands_db = band_levels(frames.envelope)

    def slow(values: Floats) -> Floats:
        missing = -len(values) % hop
        held = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])
        return np.asarray(held.reshape(-1, hop, *values.shape[1:]).mean(axis=1))

    return Description(
        slow(pitch), slow(voiced), slow(level(bands_db)), slow(bands_db), slow(noise_db),
        slow(10.0 * np.log10(rough_power(pitch, voiced))),
    )  # fmt: skip


def mended(f0_hz: Floats) -> Floats:
    """F0 [N] with what is about an octave off the median taken for unvoiced."""
    voiced = f0_hz > 0
    if not voiced.any():
        return f0_hz
    off = 12.0 * np.abs(np.log2(np.where(voiced, f0_hz, 1.0) / np.median(f0_hz[voiced])))
    return np.where(voiced & (off > OCTAVE_ERROR_ST), 0.0, f0_hz)


def semitones(f0_hz: Floats) -> Floats:
    """F0 [N] in Hz, 0 unvoiced -> semitones above 100 Hz, drawn through."""
    return np.asarray(12.0 * np.log2(through_unvoiced(f0_hz) / REFERENCE_HZ))


def rough_power(pitch_st: Floats, voiced: Floats) -> Floats:
    """Power of the fast part of pitch around each frame [N], semitones squared; N at WORLD's rate."""
    fast = (pitch_st - gaussian_filter1d(pitch_st, SMOOTH_FRAMES)) ** 2 * voiced
    weight = np.maximum(gaussian_filter1d(voiced, ROUGH_FRAMES), 0.05)
    return np.asarray(gaussian_filter1d(fast, ROUGH_FRAMES) / weight + ROUGH_FLOOR)


def roughness(f0_hz: Floats) -> Floats:
    """`rough_power` of F0 [N] in Hz, 0 where unvoiced."""
    f0 = mended(f0_hz)
    return rough_power(semitones(f0), (f0 > 0).astype(np.float64))


@dataclass(frozen=True, eq=False)
class Habit:
    """What a speaker does most of the time, against which one moment is seen.

    Attributes:
        pitch_st: Median over voiced frames, semitones above 100 Hz.
        level_db: Of loud speech.
        shapes: [SHAPES] mean over speech.
        noise_db: [3] mean over voiced frames.
        seconds: Of speech that this was learnt from.
    """

    pitch_st: float
    level_db: float
    shapes: Floats
    noise_db: Floats
    seconds: float

    def joined(self, other: Habit) -> Habit:
        """Both, by the length of speech that they were learnt from; the level is the louder one."""
        share = self.seconds / max(self.seconds + other.seconds, 1e-9)

        def mix(a: Floats | float, b: Floats | float) -> Floats:
            return np.asarray(share * np.asarray(a) + (1.0 - share) * np.asarray(b))

        return Habit(
            float(mix(self.pitch_st, other.pitch_st)), max(self.level_db, other.level_db),
            mix(self.shapes, other.shapes), mix(self.noise_db, other.noise_db), self.seconds + other.seconds,
        )  # fmt: skip


def speech(found: Description) -> NDArray[np.bool_]:
    """[T] frames that are no pause."""
    return np.asarray(found.level_db > loud(found) - SPEECH_DB)


def loud(found: Description) -> float:
    """The level of loud speech in dB: few frames are louder."""
    return float(np.percentile(found.level_db, 98))


def habit_of(found: Description) -> Habit:
    """The habit that a stretch of speech shows."""
    heard, voiced = speech(found), found.voiced
    return Habit(
        float(np.median(found.pitch_st[voiced] if voiced.any() else found.pitch_st)), loud(found),
        found.shapes[heard].mean(axis=0), (found.noise_db[voiced] if voiced.any() else found.noise_db).mean(axis=0),
        float(heard.sum()) / FPS,
    )  # fmt: skip


#: Of `content`: pitch, voicing, level, colour, noise, and how high the speaker's voice is.
CONTENT = 3 + SHAPES + len(NOISE_HZ) + 1
#: Divisors; own choice. On acted neutral speech (EmoDB, nEMO, TESS) they leave standard deviations of 0.2 to 2.4.
_SCALE = np.array([4.0, 1.0, 12.0, *[12.0] * SHAPES, *[8.0] * len(NOISE_HZ), 8.0])
_MIDDLE_DB = 15.0  # below loud speech, where levels lie on average


def content(found: Description, habit: Habit) -> NDArray[np.float32]:
    """What a network sees of a voice [T, CONTENT]: each moment against the speaker's habit."""
    columns = (
        (found.pitch_st - habit.pitch_st)[:, None],
        found.voicing[:, None],
        (found.level_db - habit.level_db + _MIDDLE_DB)[:, None],
        found.shapes - habit.shapes,
        found.noise_db - habit.noise_db,
        np.full((len(found), 1), habit.pitch_st),
    )
    return np.clip(np.concatenate(columns, axis=1) / _SCALE, -4.0, 4.0).astype(np.float32)
