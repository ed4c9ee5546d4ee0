"""A plain voice and an emotion over time -> the voice that feels it. The same for text and for recordings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from emogen.codecs.voice import FRAME_S, SAMPLE_RATE, VoiceFrames, synthesize
from emogen.codecs.voice_change import COLUMN, changed
from emogen.codecs.voice_grains import resounded
from emogen.codecs.voice_slow import FPS, HOP, Description, Habit, describe, habit_of, speech
from emogen.conditioning.track import EmotionTrack
from emogen.media.loudness import loudness_lufs

LOUDNESS_LUFS = -20.0  # of neutral speech; own choice, leaves room for anger below PEAK
PEAK = 10.0 ** (-1.2 / 20.0)  # EBU R 128: at most -1 dBFS; a little below it for rounding
FADE_S = 0.01  # clean ends
KEYFRAME_GAP_S = 1e-3  # between keyframes that a fast voice brings together

Floats = NDArray[np.float64]


class Feeling(Protocol):
    """What knows how a feeling changes a voice."""

    def change(self, found: Description, habit: Habit, track: EmotionTrack, seed: int) -> Floats:
        """The change of a stretch of speech.

        Args:
            found: T frames of a plain voice.
            habit: Of its speaker.
            track: The emotion, in the time of the plain voice.
            seed: The same seed gives the same change.

        Returns:
            [T, emogen.codecs.voice_change.WIDTH]; all zero where the track is neutral.
        """


@dataclass(frozen=True, eq=False)
class Felt:
    """A voice that feels.

    Attributes:
        frames: M frames.
        place: [M] where each lies in the plain voice, in frames, rising.
        change: [T, WIDTH] what was done, in the time of the plain voice.
        louder_db: By how much the feeling makes it louder.
    """

    frames: VoiceFrames
    place: Floats
    change: Floats
    louder_db: float

    def moved(self, time_s: float) -> float:
        """A time of the plain voice -> the same moment of the output, in s."""
        return float(np.interp(time_s / FRAME_S, self.place, np.arange(len(self.place)) * FRAME_S))


def feel(
    plain: VoiceFrames, feeling: Feeling, track: EmotionTrack, seed: int, *, habit: Habit | None = None,
    elasticity: Floats | None = None, slower: float = 0.0,
) -> Felt:  # fmt: skip
    """The voice with the feeling.

    Args:
        plain: N frames.
        feeling: What an emotion does.
        track: The emotion, in the listener's time, from the begin of `plain` on.
        seed: Of everything drawn.
        habit: Of the speaker; None: as `plain` shows it.
        elasticity: [N] how much each sound takes part in a change of rate; None: all alike.
        slower: log2 of a duration factor that is the speaker's own.
    """
    found = describe(plain)
    habit = habit or habit_of(found)
    change = _slowed(feeling.change(found, habit, track, seed), slower)
    if track.duration > 0.0 and change[:, COLUMN["rate"]].any():
        change = _slowed(feeling.change(found, habit, _in_plain_time(track, change, elasticity), seed), slower)
    rng = np.random.default_rng([seed, 1])
    frames, place = changed(plain, change, rng, centre_st=habit.pitch_st, elasticity=elasticity)
    heard = speech(found)
    power = 10.0 ** (found.level_db[heard] / 10.0)
    gain = 10.0 ** (change[heard, COLUMN["level"]] / 10.0)
    return Felt(frames, place, change, float(10.0 * np.log10((power * gain).sum() / power.sum())))


def _slowed(change: Floats, slower: float) -> Floats:
    if slower:
        change = change.copy()
        change[:, COLUMN["rate"]] += slower
    return change


def _in_plain_time(track: EmotionTrack, change: Floats, elasticity: Floats | None) -> EmotionTrack:
    """A track in the listener's time -> the same in the time of the plain voice."""
    rate = change[:, COLUMN["rate"]]
    if elasticity is not None:
        rate = rate * np.resize(elasticity[::HOP], len(rate))
    heard_s = np.concatenate([[0.0], np.cumsum(2.0**rate)]) / FPS
    plain_s = np.arange(len(heard_s)) / FPS
    keys, last = [], -1.0
    for key in track.keyframes:
        beyond = max(key.t - heard_s[-1], 0.0)
        last = max(float(np.interp(key.t, heard_s, plain_s)) + beyond, last + KEYFRAME_GAP_S)
        keys.append(replace(key, t=last))
    return EmotionTrack(tuple(keys))


def from_then(track: EmotionTrack, begin_s: float) -> EmotionTrack:
    """A track as it goes on from a moment."""
    if begin_s <= 0.0 or track.duration == 0.0:
        return track
    if track.duration <= begin_s:
        return EmotionTrack.of(track.at(begin_s))
    return track.slice(begin_s, track.duration)


def piece_seed(seed: int, number: int) -> int:
    """The seed of one of several pieces."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:7], "big")


def sounded(felt: Felt, sound: NDArray[np.float32] | None = None, plain: VoiceFrames | None = None) -> NDArray[np.float32]:
    """The sound [n] of a voice that feels, at 22 050 Hz and at its level.

    Args:
        felt: The voice.
        sound: What it is made of: the recording of the plain voice; None: it is built by the vocoder.
        plain: The frames of that recording.
    """
    if sound is None or plain is None:
        audio = synthesize(felt.frames)[: round(len(felt.frames) * FRAME_S * SAMPLE_RATE)]
    else:
        audio = resounded(sound, plain, felt.frames, felt.place)
    return levelled(audio, felt.louder_db)


def levelled(audio: NDArray[np.float32], louder_db: float) -> NDArray[np.float32]:
    """The sound at the loudness of plain speech plus what the emotion adds; peaks held below PEAK; ends faded."""
    found = loudness_lufs(audio, SAMPLE_RATE)
    if np.isfinite(found):
        audio = audio * np.float32(10.0 ** ((LOUDNESS_LUFS + louder_db - found) / 20.0))
    return faded(limited(audio))


def faded(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound with its ends faded over 10 ms."""
    audio = audio.copy()
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
