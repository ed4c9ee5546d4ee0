"""A score -> sound: its tracks played by the sound font that pretty_midi carries, mixed, in a small hall.

What is done to the sum is linear or a gain that all parts share, so that the stems add up to the mix:
track -> level and place of its part -> + hall -> x loudness of the piece x limiter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import butter, oaconvolve, resample_poly, sosfilt

from emogen.media.audio import loudness_lufs
from emogen.media.sampler import Sampler, clock
from emogen.media.sampler_loops import filtered
from emogen.media.score import Score, Track
from emogen.media.score_sound import loaded_font

RATE_HZ = 44_100
#: The hall: reverberation time (s), level of the reverberation (dB), delay before it (s); a small concert hall.
HALL_S, HALL_DB, PREDELAY_S = 1.6, -11.0, 0.018
#: How much of each part goes into the hall: low drums and basses would only make it muddy.
IN_HALL = {"melody": 1.0, "harmony": 1.0, "pad": 1.1, "bass": 0.3, "drums": 0.5}
#: Loudness of a piece at velocity 74, and LU per unit of velocity: 32 plays at -20 LUFS, 116 at -16. Own choice.
LEVEL_LUFS, LU_PER_VELOCITY, MIDDLE_VELOCITY, MOST_LU = -18.0, 0.048, 74.0, 2.0
#: Level of each part against the melody (LU) and its place, -1 left .. 1 right; own choice.
LEVELS = {
    "melody": (0.0, 0.1),
    "harmony": (-4.0, -0.25),
    "pad": (-7.0, 0.15),
    "bass": (-4.5, 0.0),
    "drums": (-5.0, 0.0),
}
#: What all parts together are louder than the melody (LU): a stream is set by it, as nobody knows how it goes on.
FULL_LU = 10 * np.log10(sum(10 ** (level / 10) for level, _ in LEVELS.values()))
#: Below these frequencies (Hz) a part leaves the room to bass and drums; those themselves lose what is no music.
LOW_CUT_HZ = {"melody": 70.0, "harmony": 90.0, "pad": 160.0, "bass": 38.0, "drums": 30.0}
#: The samples of the font are dark, half of them recorded at 22 kHz and below: what a shelf gives back.
PRESENCE_HZ, PRESENCE_DB = 2_500.0, 5.0
#: Two tracks of one part stand this much apart from its place.
APART = 0.25
TRUE_PEAK_DBFS, CEILING_DBFS = -1.0, -1.3  # what is promised, and where the limiter holds
LIMITER_S = 0.005  # it looks so far ahead, and lets go as slowly
OVERSAMPLING = 4  # BS.1770-4, annex 2
MEASURED_HZ = 22_050  # loudness of parts and mix is measured at this rate: quicker, and music has little above 11 kHz
FADE_S = 0.4

Stereo = NDArray[np.float32]


def rendered(score: Score, seconds: float) -> Stereo:
    """A score as sound: float32 [samples, 2] at `RATE_HZ`, exactly `seconds` long, the last notes fading out."""
    stage = _Stage()
    dry, send = stage.mixed(score)
    length = round(seconds * RATE_HZ)
    mix = _fitted(dry, length) + _fitted(_hall(send, stage.response), length)
    return np.ascontiguousarray((mix * _gain(mix, score)).T)


def stems(score: Score, seconds: float) -> dict[str, Stereo]:
    """Every track as sound, by its name, as in `rendered`: together they are the mix."""
    stage = _Stage()
    length = round(seconds * RATE_HZ)
    wet: dict[str, Stereo] = {}
    for name, role, dry in stage.tracks(score):
        own = _fitted(dry, length) + _fitted(_hall(dry * np.float32(IN_HALL[role]), stage.response), length)
        wet[name] = wet[name] + own if name in wet else own
    mix = np.sum(list(wet.values()), axis=0) if wet else np.zeros((2, length), np.float32)
    gain = _gain(mix, score)
    return {name: np.ascontiguousarray((own * gain).T) for name, own in wet.items()}


def rendered_blocks(parts: Iterable[tuple[Score, float]]) -> Iterator[Stereo]:
    """Music that goes on and on: groups of bars -> their sound, float32 [samples, 2], in order and without seams.

    What rings on after its group (notes, hall) is heard in the next; levels stay as the first group sets them, so that
    it may grow and fade. The sound comes `LIMITER_S` later than the groups end; at the end all that still rings is handed out.

    Args:
        parts: A group of bars with beats counted from 0, and its length in seconds; any number of them.
    """
    stage = _Stage()
    hold = 2 * round(LIMITER_S * RATE_HZ)
    dry, send, wet = (np.zeros((2, 0), np.float32) for _ in range(3))  # what rings on from earlier groups
    ready = np.zeros((2, hold), np.float32)  # `hold` samples already heard, then what is not yet
    level: float | None = None
    position, heard = 0.0, 0
    for score, seconds in parts:
        position += seconds
        length = round(position * RATE_HZ) - heard
        heard += length
        new_dry, new_send = stage.mixed(score)
        dry, send = _sum(dry, new_dry), _sum(send, new_send)
        wet = _sum(wet, _hall(_fitted(send, length), stage.response))
        mix = _fitted(dry, length) + _fitted(wet, length)
        dry, send, wet = (x[:, length:] for x in (dry, send, wet))
        if level is None:
            level = 10 ** ((_louder(score) - FULL_LU) / 20)
        ready = np.concatenate([ready, mix * np.float32(level)], axis=1)
        if ready.shape[1] > 2 * hold:
            out = ready * _limit(ready)
            yield np.ascontiguousarray(out[:, hold:-hold].T)
            ready = ready[:, -2 * hold :]
    if level is not None:
        rest = _sum(dry, _sum(wet, _hall(send, stage.response))) * np.float32(level)
        ready = np.concatenate([ready, rest], axis=1)
        yield np.ascontiguousarray((ready * _limit(ready))[:, hold:].T)


class _Stage:
    """The players with their places and levels; what a track got when it first played, it keeps."""

    def __init__(self) -> None:
        self.response = _response()
        self._sampler = Sampler(loaded_font(), RATE_HZ)
        self._tone = {role: _tone(role) for role in LEVELS}
        self._gains: dict[str, float] = {}
        self._velocity: dict[str, float] = {}  # mean of each part when it first played

    def mixed(self, score: Score) -> tuple[Stereo, Stereo]:
        """All tracks together, [2, n]: as they are, and what of them goes into the hall."""
        dry = send = np.zeros((2, 0), np.float32)
        for _, role, own in self.tracks(score):
            dry = _sum(dry, own)
            own *= np.float32(IN_HALL[role])
            send = _sum(send, own)
        return dry, send

    def tracks(self, score: Score) -> Iterator[tuple[str, str, Stereo]]:
        """Name, role and sound of every track with notes, in its place and at its level."""
        seconds = clock(score)
        for role in LEVELS:
            velocities = [n.velocity for t in score.tracks if _role(t) == role for n in t.notes]
            if velocities:
                self._velocity.setdefault(role, float(np.mean(velocities)))
        seats: dict[str, int] = {}
        for track in score.tracks:
            if not track.notes:
                continue
            role = _role(track)
            seat = seats[role] = seats.get(role, -1) + 1
            raw = self._sampler.play(track, seconds)
            filtered(raw, self._tone[role])
            pan = LEVELS[role][1] + APART * ((seat + 1) // 2) * (-1) ** seat
            sides = np.array([min(1.0, 1 - pan), min(1.0, 1 + pan)], np.float32)[:, None]
            raw *= sides * np.float32(self._own_gain(track, role, raw))
            yield track.name, role, raw

    def _own_gain(self, track: Track, role: str, raw: Stereo) -> float:
        """Brings a track to the level of its part: sounds of a font differ by up to 20 LU at the same velocity.

        A track that plays softer than its part on the whole stays softer, by the sampler's 40 dB per decade.
        """
        if track.name not in self._gains:
            loudness = _lufs(raw)
            if not np.isfinite(loudness):
                return 1.0
            mean = float(np.mean([n.velocity for n in track.notes]))
            want = LEVEL_LUFS + LEVELS[role][0] + 40 * np.log10(mean / self._velocity[role])
            self._gains[track.name] = 10 ** ((want - loudness) / 20)
        return self._gains[track.name]


def _tone(role: str) -> NDArray[np.float64]:
    """Sections of second order for a part, as `filtered` takes them: low cut and high shelf (Audio EQ Cookbook, slope 1)."""
    a, w = 10 ** (PRESENCE_DB / 40), 2 * np.pi * PRESENCE_HZ / RATE_HZ
    cos, alpha = np.cos(w), np.sin(w) / np.sqrt(2) * np.sqrt(a) * 2
    up, down = a + 1, a - 1
    shelf = np.array(
        [a * (up + down * cos + alpha), -2 * a * (down + up * cos), a * (up + down * cos - alpha),
         up - down * cos + alpha, 2 * (down - up * cos), up - down * cos - alpha]
    )  # fmt: skip
    low_cut = butter(2, LOW_CUT_HZ[role], "highpass", fs=RATE_HZ, output="sos")
    return np.asarray(np.delete(np.concatenate([low_cut, shelf[None] / shelf[3]]), 3, axis=1))


def _role(track: Track) -> str:
    return "drums" if track.is_drum else next((r for r in LEVELS if f"({r})" in track.name), "harmony")


@cache
def _response() -> NDArray[np.float32]:
    """The hall's answer to a click, [2, n]: decaying noise, darker as it decays, the same in every call."""
    rng = np.random.default_rng(1944)
    n = round(HALL_S * RATE_HZ)
    decay = 10 ** (-3 * np.arange(n) / n)  # -60 dB at the reverberation time
    noise = rng.standard_normal((2, n)) * decay
    dark = sosfilt(butter(2, 2_400, fs=RATE_HZ, output="sos"), noise, axis=1)
    bright = sosfilt(butter(1, 7_000, fs=RATE_HZ, output="sos"), noise, axis=1)
    blend = np.linspace(0, 1, n) ** 0.5
    response = (1 - blend) * bright + blend * dark
    response = sosfilt(butter(2, 180, "highpass", fs=RATE_HZ, output="sos"), response, axis=1)  # no rumble
    response *= 10 ** (HALL_DB / 20) / np.sqrt((response**2).sum(axis=1, keepdims=True))
    return np.pad(response, ((0, 0), (round(PREDELAY_S * RATE_HZ), 0))).astype(np.float32)


def _hall(send: Stereo, response: NDArray[np.float32]) -> Stereo:
    """The reverberation alone, with its tail."""
    if not send.shape[1]:
        return send
    return np.asarray(oaconvolve(send, response, axes=1), dtype=np.float32)


def _gain(mix: Stereo, score: Score) -> NDArray[np.float32]:
    """What all parts are multiplied by, [samples]: loudness, limiter, and the fade at the end."""
    level = np.float32(_level(mix, score))
    gain = _limit(mix * level) * level
    fade = min(mix.shape[1], round(FADE_S * RATE_HZ))
    gain[mix.shape[1] - fade :] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return gain


def _level(mix: Stereo, score: Score) -> float:
    """The factor to the loudness that the mean velocity stands for."""
    loudness = _lufs(mix)
    return float(10 ** ((LEVEL_LUFS + _louder(score) - loudness) / 20)) if np.isfinite(loudness) else 1.0


def _louder(score: Score) -> float:
    """How far above `LEVEL_LUFS` a piece of this mean velocity plays (LU)."""
    velocities = [n.velocity for t in score.tracks if not t.is_drum for n in t.notes]
    above = float(np.mean(velocities)) - MIDDLE_VELOCITY if velocities else 0.0
    return float(np.clip(LU_PER_VELOCITY * above, -MOST_LU, MOST_LU))


def _limit(mix: Stereo) -> NDArray[np.float32]:
    """A gain [samples] of at most 1 under which no true peak (BS.1770-4, annex 2) passes the ceiling."""
    ceiling = 10 ** (CEILING_DBFS / 20)
    peak = np.abs(mix).max(axis=0)
    size, edge = 4_096, 64
    for first in range(0, len(peak), size):
        # Between samples a wave rises by 3 dB at most in music: only where it comes so near is it worth a look.
        if peak[first : first + size].max() > ceiling / np.sqrt(2):
            begin, end = max(first - edge, 0), min(first + size + edge, len(peak))
            fine = np.abs(resample_poly(mix[:, begin:end], OVERSAMPLING, 1, axis=1)).max(axis=0)
            fine = fine.reshape(-1, OVERSAMPLING).max(axis=1)
            # The peak between two samples counts for both.
            fine[1:] = np.maximum(fine[1:], fine[:-1])
            stop = min(first + size, len(peak))
            peak[first:stop] = np.maximum(peak[first:stop], fine[first - begin : stop - begin])
    need = np.minimum(1.0, ceiling / np.maximum(peak, 1e-9))
    if need.min(initial=1.0) >= 1.0:
        return np.ones(len(peak), np.float32)
    width = 2 * round(LIMITER_S * RATE_HZ / 2) + 1
    held = minimum_filter1d(need, width, mode="nearest")
    return np.asarray(uniform_filter1d(held, width, mode="nearest"), dtype=np.float32)


def _lufs(sound: Stereo) -> float:
    return loudness_lufs(soxr.resample(sound.T, RATE_HZ, MEASURED_HZ, quality="LQ"), MEASURED_HZ)


def _fitted(sound: Stereo, length: int) -> Stereo:
    """Cut or filled with silence to a length."""
    return np.pad(sound[:, :length], ((0, 0), (0, max(length - sound.shape[1], 0))))


def _sum(one: Stereo, other: Stereo) -> Stereo:
    """The sum of two sounds of different lengths; the first may be changed in place."""
    if one.shape[1] < other.shape[1]:
        one = np.pad(one, ((0, 0), (0, other.shape[1] - one.shape[1])))
    one[:, : other.shape[1]] += other
    return one
