"""What a voice does beside words: breaths in, sighs, a laugh, where the emotion asks for it, and seldom.

The sounds are made of the speaker's own colour: the mean envelope of the vowels around them, through noise for
breath, through a falling pulse train for laughter. Which feeling asks for which sound follows what listeners name in
affect bursts (Schroeder 2003, from general knowledge, not checked); how often and how long are own choices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice import BINS, FRAME_S, POWER_FLOOR, SAMPLE_RATE, VoiceFrames, synthesize
from emogen.codecs.voice_slow import HZ, band_levels, level
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import BASIC

#: Feeling -> sound, before or after the sentence, chance of it at intensity 1, least intensity.
ASKED = {
    "sadness": ("sigh", "before", 0.5, 0.5),
    "fear": ("gasp", "before", 0.5, 0.5),
    "surprise": ("gasp", "before", 0.6, 0.5),
    "anger": ("inhale", "before", 0.4, 0.5),
    "joy": ("laugh", "after", 0.4, 0.6),
}
REST = 2  # sentences after a sound without another one
#: Sound -> seconds, dB below loud speech, centre of its noise in Hz (a breath in is drawn through a narrower throat).
SOUNDS = {"sigh": (0.7, -12.0, 900.0), "inhale": (0.35, -20.0, 2_200.0), "gasp": (0.22, -14.0, 2_600.0)}
GAP_S = 0.08  # between the sound and the words
#: Laughter: syllables a second and their fall in pitch over the whole (Bachorowski, Smoski & Owren 2001, from general
#: knowledge, not checked); the rest own choice.
LAUGH_HZ, LAUGH_FALL_ST, LAUGH_HIGH_ST, LAUGH_DB = 4.7, 5.0, 4.0, -6.0
LAUGH_SYLLABLES = (3, 5)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sound:
    """A sound beside words.

    Attributes:
        kind: "sigh", "inhale", "gasp" or "laugh".
        before: Before the sentence, else behind it.
        strength: 0..1.
        length_s: Of a breath; a laugh is as long as it gets.
    """

    kind: str
    before: bool
    strength: float
    length_s: float


class Urges:
    """Which sentences of an output have a sound beside them; ask for one sentence after the other.

    Args:
        rng: Of the output: the same seed gives the same sounds.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._wait = 0

    def beside(self, emotion: Emotion) -> Sound | None:
        """The sound beside the next sentence, or none, from what is felt as it begins."""
        amplitudes = emotion.basic()
        name, strength = BASIC[int(amplitudes.argmax())], min(float(amplitudes.max()), 1.0)
        chance_drawn, length_drawn = self._rng.random(), self._rng.uniform(0.9, 1.15)
        kind, place, chance, least = ASKED.get(name, ("", "", 0.0, 2.0))
        if self._wait > 0 or strength < least or chance_drawn > chance * strength:
            self._wait -= 1
            return None
        self._wait = REST
        length_s = SOUNDS[kind][0] * length_drawn if kind in SOUNDS else 0.0
        return Sound(kind, place == "before", strength, length_s)


def sounded(sound: Sound, spoken: VoiceFrames, audio: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The sound [n] at 22 050 Hz, in the colour and at the level of a sentence.

    Args:
        sound: Which.
        spoken: Frames of the sentence.
        audio: Its sound, whose level decides that of ours.
        rng: For its irregularities.
    """
    colour = _colour(spoken)
    frames = _laugh(sound, spoken, colour, rng) if sound.kind == "laugh" else _breath(sound, colour, rng)
    found = synthesize(frames)[: round(len(frames) * FRAME_S * SAMPLE_RATE)]
    below_db = LAUGH_DB if sound.kind == "laugh" else SOUNDS[sound.kind][1]
    wanted = _loud(audio) * 10.0 ** ((below_db - 6.0 * (1.0 - sound.strength)) / 20.0)
    return np.asarray(found * (wanted / max(_loud(found), 1e-9)), dtype=np.float32)


def placed(
    sound: Sound, heard: NDArray[np.float32], around: NDArray[np.float32], begin: int, end: int
) -> NDArray[np.float32]:
    """A sound put beside a sentence.

    Args:
        sound: Which.
        heard: As it sounds [n].
        around: The sentence with the silence around it, in which there is room before the words.
        begin: Sample at which the words begin.
        end: Sample at which they end; what follows moves back for a sound behind them.
    """
    gap = np.zeros(round(GAP_S * SAMPLE_RATE), np.float32)
    if not sound.before:
        return np.concatenate([around[:end], gap, heard, around[end:]])
    found = around.copy()
    at = max(begin - len(gap) - len(heard), 0)
    found[at : min(at + len(heard), begin)] += heard[: begin - at]
    return found


def _loud(audio: NDArray[np.float32]) -> float:
    """RMS of the loud part of a sound."""
    size = SAMPLE_RATE // 50
    power = (audio[: max(len(audio) // size, 1) * size].reshape(-1, size) if len(audio) >= size else audio[None]) ** 2
    return float(np.sqrt(np.percentile(power.mean(axis=1), 90)))


def _colour(spoken: VoiceFrames) -> Floats:
    """Mean power envelope [BINS] of the loud voiced frames of a sentence."""
    loudness = level(band_levels(spoken.envelope))
    voiced = spoken.f0_hz > 0
    chosen = voiced & (loudness >= np.percentile(loudness[voiced], 60)) if voiced.any() else np.ones(len(spoken), bool)
    return np.asarray(np.exp(np.log(spoken.envelope[chosen]).mean(axis=0)))


def _breath(sound: Sound, colour: Floats, rng: np.random.Generator) -> VoiceFrames:
    """Noise through the throat: in fast and ended fast, out (a sigh) begun fast and falling slowly."""
    centre_hz = SOUNDS[sound.kind][2]
    count = round(sound.length_s / FRAME_S)
    u = (np.arange(count) + 0.5) / count
    swell = np.sin(np.pi * u**0.45) ** 1.5 if sound.kind == "sigh" else np.sin(np.pi * u**1.6)
    smooth = np.exp(np.convolve(np.log(colour), np.hanning(31) / np.hanning(31).sum(), mode="same"))
    band = np.exp(-0.5 * (np.log2(np.maximum(HZ, 50.0) / centre_hz) / 1.1) ** 2)
    flat = smooth**0.5 * band**2
    flutter = 1.0 + 0.15 * rng.standard_normal(count)
    power = np.maximum((swell**2 * flutter**2)[:, None] * flat / flat.sum(), POWER_FLOOR)
    return VoiceFrames(np.zeros(count), power, np.ones((count, BINS)))


def _laugh(sound: Sound, spoken: VoiceFrames, colour: Floats, rng: np.random.Generator) -> VoiceFrames:
    """Some short vowels with breath between, falling in pitch and level."""
    syllables = int(rng.integers(LAUGH_SYLLABLES[0], LAUGH_SYLLABLES[1] + 1))
    period = round(1.0 / LAUGH_HZ / FRAME_S)
    voiced = spoken.f0_hz[spoken.f0_hz > 0]
    home = float(np.median(voiced)) if len(voiced) else 150.0
    f0, power, noise = [], [], []
    for k in range(syllables):
        count = round(period * rng.uniform(0.9, 1.1))
        u = (np.arange(count) + 0.5) / count
        open_share = np.clip((u - 0.3) / 0.12, 0.0, 1.0) * np.clip((0.95 - u) / 0.2, 0.0, 1.0)
        fall = 10.0 ** (-(2.5 * k) / 10.0)
        steps = LAUGH_HIGH_ST * sound.strength - LAUGH_FALL_ST * (k + u) / syllables + rng.normal(0.0, 0.4)
        f0.append(np.where(open_share > 0.05, home * 2.0 ** (steps / 12.0), 0.0))
        power.append(fall * (0.02 + open_share**2)[:, None] * colour / colour.sum())
        noise.append(np.where(open_share > 0.05, 0.35, 1.0)[:, None] * np.ones(BINS))
    return VoiceFrames(np.concatenate(f0), np.maximum(np.concatenate(power), POWER_FLOOR), np.concatenate(noise))
