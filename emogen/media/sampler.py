"""Notes -> sound by a sound font: samples tuned, looped, filtered and shaped by envelopes.

Follows the SoundFont Technical Specification 2.04: volume envelope (8.1.2, 33-38), velocity as attenuation (8.4.1:
40 dB per decade), low-pass with its envelope (8-11, 25-29), vibrato (6, 23, 24), tuning. Simplified: the filter does
not move but is cross-faded between its two ends, and velocity darkens (8.4.2) by half of what the specification says,
as its full range makes soft notes dull.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.media.sampler_loops import darkened, read, read_bent, shaped
from emogen.media.score import Score, Track
from emogen.media.sound_font import SoundFont, Zone

#: Attenuation in a zone counts 0.4 of what it says on the EMU8000, for which most fonts were made; general knowledge.
ATTENUATION_SHARE = 0.4
DARKEST_CENTS = -1_200.0  # of the cutoff at velocity 0; half of section 8.4.2
#: Shortest attack and release (s): no clicks. Longest release (s).
ATTACK_S, RELEASE_S, LONGEST_RELEASE_S = 0.002, 0.03, 3.0
FLOOR_DB = -100.0  # section 8.1.2: decay and release are the time for 100 dB
INAUDIBLE_DB = -66.0  # a release is cut here; own choice
VELOCITY_BINS = 8  # steps in which velocity darkens
BEYOND = 4  # samples after the last of a recording: what interpolation reads


@dataclass
class _Part:
    """A note of a zone on its way.

    Attributes:
        zone: Whose.
        count: Samples.
        ratio: Samples of the wave for each.
        levels: Times in s and dB of the volume envelope, gain included [2, k].
        delay_s: Before the attack.
        attack_s: Its length.
        strength: Of the key, 0..1, in steps.
        first: Sample of the track at which it begins.
        choked: Its sample at which another of its class ends it.
    """

    zone: Zone
    count: int
    ratio: float
    levels: NDArray[np.float64]
    delay_s: float
    attack_s: float
    strength: float
    first: int = 0
    choked: int | None = None


class Sampler:
    """Plays tracks by a sound font.

    Args:
        font: The instruments.
        rate_hz: Of the sound.
    """

    def __init__(self, font: SoundFont, rate_hz: int) -> None:
        self._font = font
        self._rate = rate_hz
        self._waves: dict[int, tuple[NDArray[np.float32], NDArray[np.int64]]] = {}

    def play(self, track: Track, seconds: Callable[[np.ndarray], np.ndarray]) -> NDArray[np.float32]:
        """A track as sound with its tails, float32 [2, n]; 0 dBFS is one sample of the font at full velocity.

        Args:
            track: With at least one note.
            seconds: Beats -> times in seconds, for arrays; `clock(score)` gives it.
        """
        notes = sorted(track.notes)
        starts = seconds(np.array([n.start_beat for n in notes]))
        ends = seconds(np.array([n.start_beat + n.duration_beat for n in notes]))
        parts: list[_Part] = []
        last: dict[int, int] = {}  # exclusive class -> the part that the next of it ends
        for note, begin, end in zip(notes, starts, ends, strict=True):
            for zone in self._font.zones(track.program, track.is_drum, note.pitch, note.velocity):
                group = zone.settings["exclusive"]
                part = self._part(zone, note.pitch, note.velocity, end - begin, track.is_drum)
                part.first = round(begin * self._rate)
                if group and group in last:
                    parts[last[group]].choked = part.first - parts[last[group]].first
                last[group] = len(parts)
                parts.append(part)
        out = np.zeros((2, max((part.first + part.count for part in parts), default=0)), np.float32)
        alike: dict[tuple[int, float, float], list[_Part]] = {}
        for part in parts:
            alike.setdefault((id(part.zone), part.ratio, part.strength), []).append(part)
        for same in alike.values():  # a sound that comes again is made once
            sound = self._sound(max(same, key=lambda part: part.count))
            for part in same:
                self._added(out, sound[: part.count].copy(), part)
        return out

    def _part(self, zone: Zone, pitch: int, velocity: int, length_s: float, is_drum: bool) -> _Part:
        """How a zone sounds for a note. Drums ring as long as their sample."""
        s = zone.settings
        if is_drum and zone.loop is None:
            length_s = max(length_s, len(zone.wave) / zone.rate_hz)
        release = float(np.clip(_seconds(s["release"]), RELEASE_S, LONGEST_RELEASE_S))
        decay = _seconds(s["decay"] + s["key_to_decay"] * (60 - pitch))
        # The envelope in dB at its corners; a note that ends during the decay is released from where it is.
        attack = max(_seconds(s["attack"]), ATTACK_S)
        rise = _seconds(s["delay"]) + attack
        held = rise + _seconds(s["hold"])
        sustain = max(-s["sustain"] / 10, FLOOR_DB)
        corners = [(held, 0.0), (held + decay * sustain / FLOOR_DB, sustain)]
        level = float(np.interp(length_s, *np.array(corners).T))
        corners = [c for c in corners if c[0] < length_s] + [(max(length_s, 1e-3), level)]
        last = corners[-1][0] + release * min(1.0, (INAUDIBLE_DB - level) / FLOOR_DB if level > INAUDIBLE_DB else 0.01)
        corners.append((corners[-1][0] + release, level + FLOOR_DB))
        gain_db = 40 * np.log10(velocity / 127) - ATTENUATION_SHARE * s["attenuation"] / 10
        step = (pitch - zone.root) * s["scale"] / 100
        ratio = zone.rate_hz / self._rate * 2 ** (step / 12)
        count = max(int(last * self._rate), 1)
        if zone.loop is None:
            count = min(count, max(int((len(zone.wave) - 3) / ratio), 1))
        levels = np.array(corners).T + np.array([[0.0], [gain_db]])
        darkness = (velocity * VELOCITY_BINS // 128 + 0.5) / VELOCITY_BINS
        return _Part(zone, count, ratio, levels, rise - attack, attack, darkness)

    def _sound(self, part: _Part) -> NDArray[np.float64]:
        """The tuned and filtered recording for a part, without its volume envelope, [n]."""
        s, rate = part.zone.settings, float(self._rate)
        wave, loop = self._wave(part.zone)
        down, up = self._low_passes(s, part.strength)
        moved = still = np.zeros(0)
        if s["envelope_to_pitch"] or down != up:
            moved = np.interp(np.arange(part.count) / rate, *_modulation(s))
        sound = np.zeros(part.count)
        if s["vibrato_cents"] or s["envelope_to_pitch"]:
            turns = 2 * np.pi * 8.176 * 2 ** (s["vibrato_rate"] / 1_200)
            swing = np.array([s["vibrato_cents"], turns, _seconds(s["vibrato_delay"]), s["envelope_to_pitch"]], float)
            read_bent(sound, wave, loop, part.ratio, rate, swing, moved if s["envelope_to_pitch"] else still)
        else:
            read(sound, wave, loop, part.ratio)
        if down != _OPEN or up != _OPEN:
            darkened(sound, np.array(down), np.array(up), moved if down != up else still)
        return sound

    def _added(self, out: NDArray[np.float32], sound: NDArray[np.float64], part: _Part) -> None:
        """Adds a part to a track [2, n]; `sound`, as long as the part, is changed."""
        rate, n = float(self._rate), part.count
        k = min(int((part.delay_s + part.attack_s) * rate) + 1, n)
        sound[:k] *= np.clip((np.arange(k) / rate - part.delay_s) / part.attack_s, 0, 1)
        fade = int(0.01 * rate)
        sound[max(n - fade, 0) :] *= np.linspace(1, 0, min(fade, n))  # what the release left, to nothing
        if part.choked is not None and part.choked < n:  # another of its class begins
            begin = max(part.choked, 0)
            sound = sound[: begin + fade]
            sound[begin:] *= np.linspace(1, 0, len(sound) - begin)
        angle = (part.zone.settings["pan"] / 1_000 + 0.5) * np.pi / 2
        track = out[:, part.first : part.first + len(sound)]
        shaped(track, sound, part.levels, rate, np.array([np.cos(angle), np.sin(angle)]))

    def _wave(self, zone: Zone) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """A zone's recording with what comes before its first sample and after its last, and its loop.

        Both as `sampler_loops.read` takes them.
        """
        found = self._waves.get(id(zone))
        if found is None:
            begin, end = zone.loop or (-1, -1)
            after = np.resize(zone.wave[begin:end], BEYOND) if zone.loop else np.zeros(BEYOND, np.float32)
            body = zone.wave[:end] if zone.loop else zone.wave
            found = np.concatenate([body[:1], body, after]), np.array([begin, end])
            self._waves[id(zone)] = found
        return found

    def _low_passes(self, s: dict[str, int], strength: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The two-pole low-pass while the modulation envelope is down and up: b0 b1 b2 a1 a2.

        The cutoff is in absolute cents (8.176 Hz = 0), the resonance over the level at 0 Hz.
        """
        cutoff, resonance_db = s["cutoff"] + DARKEST_CENTS * (1 - strength), s["resonance"] / 10
        return self._low_pass(cutoff, resonance_db), self._low_pass(cutoff + s["envelope_to_cutoff"], resonance_db)

    def _low_pass(self, cents: float, resonance_db: float) -> tuple[float, ...]:
        frequency = 8.176 * 2 ** (cents / 1_200)
        if frequency > 0.42 * self._rate:
            return _OPEN
        w = 2 * np.pi * max(frequency, 40.0) / self._rate
        alpha = np.sin(w) / (2 * 10 ** ((resonance_db - 3.01) / 20))
        b = (1 - np.cos(w)) / 2
        return tuple((np.array([b, 2 * b, b, -2 * np.cos(w), 1 - alpha]) / (1 + alpha)).tolist())


#: A section that lets everything pass.
_OPEN = (1.0, 0.0, 0.0, 0.0, 0.0)


def clock(score: Score) -> Callable[[np.ndarray], np.ndarray]:
    """Beats -> seconds by the tempos of a score, for arrays."""
    beats = np.array([b for b, _ in score.tempos])
    bpm = np.array([t for _, t in score.tempos])
    times = np.concatenate([[0.0], np.cumsum(np.diff(beats) * 60 / bpm[:-1])])

    def seconds(beat: np.ndarray) -> np.ndarray:
        i = np.searchsorted(beats, beat, side="right") - 1
        at: np.ndarray = times[i] + (beat - beats[i]) * 60 / bpm[i]
        return at

    return seconds


def _seconds(timecents: float) -> float:
    return float(2 ** (timecents / 1_200)) if timecents > -12_000 else 0.0


def _modulation(s: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """The modulation envelope while the key is down: times in s and levels 0..1."""
    rise = _seconds(s["mod_delay"])
    top = rise + max(_seconds(s["mod_attack"]), 1e-3)
    fall = top + _seconds(s["mod_hold"])
    sustain = 1 - min(max(s["mod_sustain"], 0), 1_000) / 1_000
    times = np.array([rise, top, fall, fall + max(_seconds(s["mod_decay"]) * (1 - sustain), 1e-3)])
    return times, np.array([0.0, 1.0, 1.0, sustain])
