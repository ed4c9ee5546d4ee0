"""Plain voice + cues over time -> feeling voice: time, F0, spectrum and noise of one sentence moved.

Everything happens on the frames of the output: for each, where in the plain sentence it lies (`warp`), what the
emotion asks at that moment, and what the plain voice does there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from emogen.codecs.voice import BINS, FRAME_S, POWER_FLOOR, SAMPLE_RATE, VoiceFrames, synthesize
from emogen.media.loudness import loudness_lufs
from emogen.pipelines.speech import contour
from emogen.pipelines.speech.phonemes import Phone, Word
from emogen.pipelines.speech.phones import VOICELESS, Kind, kind_of
from emogen.pipelines.speech.prosody import BOUNDS, COLUMN
from emogen.pipelines.speech.speaker import Plain
from emogen.pipelines.speech.voices import Voice

LOUDNESS_LUFS = -20.0  # of neutral speech; own choice, leaves room for anger below PEAK
PEAK = 10.0 ** (-1.2 / 20.0)  # EBU R 128: at most -1 dBFS; a little below it for rounding
#: How much a kind of sound takes part in a change of rate, about 1 on average over a sentence: vowels most, the
#: closures and bursts of stops least (own assumption).
ELASTICITY = {
    Kind.PAUSE: 1.0, Kind.VOWEL: 1.3, Kind.NASAL: 0.95, Kind.LIQUID: 1.0, Kind.VOICED_FRICATIVE: 0.85,
    Kind.FRICATIVE: 0.8, Kind.VOICED_STOP: 0.55, Kind.STOP: 0.55, Kind.VOICED_AFFRICATE: 0.6, Kind.AFFRICATE: 0.6,
}  # fmt: skip
F0_BOUNDS_HZ = (55.0, 700.0)  # what a voice bears; own assumption
MICRO_ST, MICRO_HZ = 0.25, 3.0  # slow wander of F0 of a natural voice; own assumption
TREMOR_HZ = 6.5  # within the 4-8 Hz of vocal tremor; own assumption
TILT_CENTRE_HZ, TILT_LOW_HZ, TILT_HIGH_HZ = 1_000.0, 200.0, 8_000.0  # where tilt turns and ends; own assumption
VOICELESS_TILT = 0.5  # a tense voice's fricatives get brighter too, but less; own assumption
BREATH_FROM_HZ, BREATH_FULL_HZ = 1_000.0, 4_000.0  # noise above 2 kHz (Gobl & Ni Chasaide 2003), smoothly
FADE_S = 0.01  # clean ends
SWING_DB = (-12.0, 8.0)  # below and above the mean, how far a swing is followed; own assumption
QUIET_DB = -40.0  # frames softer than this below the loudest are not speech; own assumption

Floats = NDArray[np.float64]
_HZ = np.arange(BINS) * (SAMPLE_RATE / 2 / (BINS - 1))
_OCTAVES = np.log2(np.clip(_HZ, TILT_LOW_HZ, TILT_HIGH_HZ) / TILT_CENTRE_HZ)
#: K-weighting of BS.1770-4 as power per bin: 4 dB more above 1.7 kHz; its high-pass lies below speech.
_LOUD = 10.0 ** (0.4 / (1.0 + (1682.0 / np.maximum(_HZ, 1.0)) ** 4)) * (_HZ > 40.0)
_BREATH = np.clip(np.log(np.maximum(_HZ, 1.0) / BREATH_FROM_HZ) / np.log(BREATH_FULL_HZ / BREATH_FROM_HZ), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Spoken:
    """One sentence of the output.

    Attributes:
        audio: float32 [n], 22 050 Hz, within -1..1.
        phones: Without pauses; times in seconds from the begin of `audio`.
        words: Likewise.
    """

    audio: NDArray[np.float32]
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]


def render(said: Plain, voice: Voice, cues_at: Callable[[int], Floats], rng: np.random.Generator) -> Spoken:
    """Speaks a plain sentence with feeling.

    Args:
        said: From a speaker.
        voice: Who speaks.
        cues_at: Number of frames -> cues [frames, cues] from the begin of the sentence on, every 5 ms.
        rng: For the small irregularities of a natural voice.
    """
    plain = said.frames
    place, cues = warp(said.phones, len(plain), voice.rate, cues_at)
    count = len(place)
    curves = _f0(plain, said.phones, place, cues, voice, rng)
    frames, gained_db = _spectrum(plain, said.phones, place, cues, voice, curves)
    audio = synthesize(frames)[: round(count * FRAME_S * SAMPLE_RATE)]
    audio = _levelled(audio, gained_db)

    def moved(time_s: float) -> float:
        return float(np.interp(time_s / FRAME_S, place, np.arange(count) * FRAME_S))

    phones = tuple(Phone(p.ipa, moved(p.start_s), moved(p.end_s)) for p in said.phones if p.ipa)
    words = tuple(Word(w.text, moved(w.start_s), moved(w.end_s)) for w in said.words)
    return Spoken(audio, phones, words)


def warp(phones: Sequence[Phone], count: int, rate: float, cues_at: Callable[[int], Floats]) -> tuple[Floats, Floats]:
    """Where each frame of the output lies in the plain sentence, and the cues there.

    The rate is integrated along the output, so that a track's time is the listener's time.

    Returns:
        Places [T], in frames of the plain sentence, rising from 0 to below `count`; cues [T, cues].
    """
    longest = 2.0 ** max(BOUNDS["duration"][1] * max(ELASTICITY.values()), BOUNDS["pause"][1])
    cues = cues_at(int(np.ceil(count * longest / min(rate, 1.0))) + 1)
    kinds = [kind_of(phone.ipa) for phone in phones]
    index = contour.phone_index(phones, count)
    pause = np.array([k is Kind.PAUSE for k in kinds])[index]
    elasticity = np.array([ELASTICITY[k] for k in kinds])[index]
    duration, silence = cues[:, COLUMN["duration"]], cues[:, COLUMN["pause"]]
    places = []
    place, step = 0.0, np.log2(rate)
    while place <= count - 1:
        places.append(place)
        at, now = int(place), len(places) - 1
        place += 2.0 ** (step * elasticity[at] - (silence[now] if pause[at] else duration[now] * elasticity[at]))
    return np.array(places), cues[: len(places)]


def _f0(
    plain: VoiceFrames, phones: Sequence[Phone], place: Floats, cues: Floats, voice: Voice, rng: np.random.Generator
) -> Floats:
    """F0 in Hz of each frame of the output, 0 where unvoiced."""
    semitones = 12.0 * np.log2(contour.through_unvoiced(plain.f0_hz))
    voiced = plain.f0_hz > 0
    centre = float(semitones[voiced].mean()) if voiced.any() else float(semitones.mean())

    def along(curve: Floats) -> Floats:
        return np.interp(place, np.arange(len(curve)), curve)

    def cue(name: str) -> Floats:
        return cues[:, COLUMN[name]]

    count = len(plain)
    time = np.arange(len(place)) * FRAME_S
    found = 12.0 * np.log2(voice.f0_hz) + cue("f0_mean")
    found += voice.f0_range * 2.0 ** cue("f0_range") * (along(semitones) - centre)
    found += cue("f0_slope") * along(contour.progress(phones, count))
    found += cue("f0_final") * along(contour.ending(phones, count))
    hump = contour.accents(phones, count)
    found += cue("accent") * along(hump - (hump[voiced].mean() if voiced.any() else 0.0))
    found += cue("jitter") * rng.standard_normal(len(place))
    found += np.sqrt(2.0) * cue("tremor") * np.sin(2 * np.pi * (TREMOR_HZ * time + rng.random()))
    found += MICRO_ST * _wander(len(place), rng)
    hz = np.clip(2.0 ** (found / 12.0), *F0_BOUNDS_HZ)
    return np.where(voiced[np.rint(place).astype(int)], hz, 0.0)


def _wander(count: int, rng: np.random.Generator) -> Floats:
    """Smooth noise of unit variance: random values at MICRO_HZ, joined by cosines."""
    knots = rng.standard_normal(int(count * FRAME_S * MICRO_HZ) + 3)
    at = np.arange(count) * FRAME_S * MICRO_HZ + rng.random()
    low = at.astype(int)
    share = 0.5 - 0.5 * np.cos(np.pi * (at - low))
    return np.asarray(knots[low] * (1.0 - share) + knots[low + 1] * share)


def _spectrum(
    plain: VoiceFrames, phones: Sequence[Phone], place: Floats, cues: Floats, voice: Voice, f0_hz: Floats
) -> tuple[VoiceFrames, float]:
    """The frames of the output, and by how many dB the emotion makes them louder than plain speech."""
    kinds = [kind_of(phone.ipa) for phone in phones]
    voiceless = np.array([k in VOICELESS for k in kinds])[contour.phone_index(phones, len(plain))]
    ratio = voice.formant_ratio * (1.0 + cues[:, COLUMN["formants"]] / 100.0)
    log_power = _resampled(np.log(plain.envelope), place, ratio)
    noise = _resampled(plain.aperiodicity, place, ratio)
    unlike = np.where(voiceless[np.rint(place).astype(int)], VOICELESS_TILT, 1.0)
    plain_power = np.exp(log_power) @ _LOUD
    log_power += ((voice.tilt_db_oct + cues[:, COLUMN["tilt"]]) * unlike * np.log(10.0) / 10.0)[:, None] * _OCTAVES
    power = np.exp(log_power)
    loudness = 10.0 * np.log10(np.maximum(plain_power, POWER_FLOOR))
    gain = _gain_db(loudness, cues)
    power *= (10.0 ** (gain / 10.0) * plain_power / np.maximum(power @ _LOUD, POWER_FLOOR))[:, None]
    breath = voice.breath + cues[:, COLUMN["breath"]]
    more, less = np.clip(breath, 0.0, 0.95)[:, None] * _BREATH, np.clip(-breath, 0.0, 0.95)[:, None] * _BREATH
    noise = np.clip((1.0 - (1.0 - noise) * (1.0 - more)) * (1.0 - less), 0.0, 1.0)
    heard = plain_power * (loudness > loudness.max() + QUIET_DB)
    louder = 10.0 * np.log10(float((heard * 10.0 ** (gain / 10.0)).sum() / heard.sum()))
    return VoiceFrames(f0_hz, np.maximum(power, POWER_FLOOR), noise), louder


def _gain_db(loudness: Floats, cues: Floats) -> Floats:
    """The gain of each frame: the emotion's level, and its swing between loud and soft sounds, which keeps the level."""
    heard = loudness > loudness.max() + QUIET_DB
    swing = np.clip(loudness - loudness[heard].mean(), *SWING_DB) * (2.0 ** cues[:, COLUMN["energy_range"]] - 1.0)
    power = 10.0 ** (loudness[heard] / 10.0)
    swing -= 10.0 * np.log10(float((power * 10.0 ** (swing[heard] / 10.0)).sum() / power.sum()))
    return np.asarray(cues[:, COLUMN["energy"]] + swing)


def _resampled(values: Floats, place: Floats, ratio: Floats) -> Floats:
    """Rows [T, bins] at fractional `place` in time, each with its frequencies multiplied by `ratio`."""
    low = np.minimum(place.astype(int), len(values) - 1)
    share = (place - low)[:, None]
    rows = values[low] * (1.0 - share) + values[np.minimum(low + 1, len(values) - 1)] * share
    if np.all(ratio == 1.0):
        return rows
    at = np.minimum(np.arange(BINS) / ratio[:, None], BINS - 1.0)
    left = np.minimum(at.astype(int), BINS - 2)
    part = at - left
    return np.asarray(np.take_along_axis(rows, left, 1) * (1.0 - part) + np.take_along_axis(rows, left + 1, 1) * part)


def _levelled(audio: NDArray[np.float32], louder_db: float) -> NDArray[np.float32]:
    """The sound at the loudness of plain speech plus what the emotion adds; peaks held below PEAK; ends faded."""
    found = loudness_lufs(audio, SAMPLE_RATE)
    if np.isfinite(found):
        audio = audio * np.float32(10.0 ** ((LOUDNESS_LUFS + louder_db - found) / 20.0))
    audio = limited(audio)
    edge = min(round(FADE_S * SAMPLE_RATE), len(audio) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / max(edge, 1))).astype(np.float32)
    audio[:edge] *= ramp
    audio[len(audio) - edge :] *= ramp[::-1]
    return audio


def limited(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound with its peaks held below PEAK by a gain that moves smoothly over 10 ms around each of them."""
    wanted = np.minimum(1.0, PEAK / np.maximum(np.abs(audio), 1e-9))
    if wanted.min(initial=1.0) >= 1.0:
        return audio.copy()
    size = 2 * round(0.005 * SAMPLE_RATE) + 1
    gain = uniform_filter1d(minimum_filter1d(wanted.astype(np.float64), size), size)
    return np.asarray(audio * np.minimum(gain, 1.0), dtype=np.float32)
