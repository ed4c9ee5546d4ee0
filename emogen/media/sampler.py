"""Notes -> sound by a sound font: samples tuned, looped, filtered and shaped by envelopes, in numpy.

Follows the SoundFont Technical Specification 2.04: volume envelope (8.1.2, 33-38), velocity as attenuation (8.4.1:
40 dB per decade), low-pass with its envelope (8-11, 25-29), vibrato (6, 23, 24), tuning. Simplified: the filter does
not move but is cross-faded between its two ends, and velocity darkens (8.4.2) by half of what the specification says,
as its full range makes soft notes dull.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

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
PIECE_S = 0.5  # waves grow in pieces of this length
KEPT_SAMPLES = 1 << 23  # of all waves together (32 MiB); beyond, they are made again


class Sampler:
    """Plays tracks by a sound font; keeps the tuned waves, so that a second note of a pitch costs little.

    Args:
        font: The instruments.
        rate_hz: Of the sound.
    """

    def __init__(self, font: SoundFont, rate_hz: int) -> None:
        self._font = font
        self._rate = rate_hz
        self._waves: dict[tuple[int, int, int], NDArray[np.float32]] = {}
        self._kept = 0

    def play(self, track: Track, seconds: Callable[[np.ndarray], np.ndarray]) -> NDArray[np.float32]:
        """A track as sound with its tails, float32 [2, n]; 0 dBFS is one sample of the font at full velocity.

        Args:
            track: With at least one note.
            seconds: Beats -> times in seconds, for arrays; `clock(score)` gives it.
        """
        notes = sorted(track.notes)
        starts = seconds(np.array([n.start_beat for n in notes]))
        ends = seconds(np.array([n.start_beat + n.duration_beat for n in notes]))
        parts: list[tuple[int, NDArray[np.float32], Zone]] = []
        cut: dict[int, int] = {}  # exclusive class -> the part that the next of it ends
        for note, begin, end in zip(notes, starts, ends, strict=True):
            for zone in self._font.zones(track.program, track.is_drum, note.pitch, note.velocity):
                group = zone.settings["exclusive"]
                first = round(begin * self._rate)
                if group and group in cut:
                    _choke(parts[cut[group]][0], parts[cut[group]][1], first, self._rate)
                parts.append((first, self._note(zone, note.pitch, note.velocity, end - begin, track.is_drum), zone))
                cut[group] = len(parts) - 1
        out = np.zeros((2, max((first + len(wave) for first, wave, _ in parts), default=0)), np.float32)
        for first, wave, zone in parts:
            angle = (zone.settings["pan"] / 1_000 + 0.5) * np.pi / 2
            for channel, gain in enumerate((np.cos(angle), np.sin(angle))):
                out[channel, first : first + len(wave)] += wave * np.float32(gain)
        return out

    def _note(self, zone: Zone, pitch: int, velocity: int, length_s: float, is_drum: bool) -> NDArray[np.float32]:
        """One note, float32 [n]. Drums ring as long as their sample."""
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
        n = max(int(last * self._rate), 1)
        corners.append((corners[-1][0] + release, level + FLOOR_DB))
        wave = self._wave(zone, pitch, velocity, n)
        n = min(n, len(wave))
        t = np.arange(n, dtype=np.float32) / self._rate
        envelope = np.interp(t, *np.array(corners).T).astype(np.float32)
        gain_db = 40 * np.log10(velocity / 127) - ATTENUATION_SHARE * s["attenuation"] / 10
        shaped = wave[:n] * np.exp((envelope + gain_db) * np.float32(np.log(10) / 20))
        k = min(int(rise * self._rate) + 1, n)
        shaped[:k] *= np.clip((t[:k] - (rise - attack)) / attack, 0, 1)
        fade = min(int(0.01 * self._rate), n)  # what the release left, to nothing
        shaped[n - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        return shaped

    def _wave(self, zone: Zone, pitch: int, velocity: int, n: int) -> NDArray[np.float32]:
        """The tuned and filtered sample without its volume envelope, at least `n` long or to its end."""
        dark = velocity * VELOCITY_BINS // 128
        key = (id(zone), pitch, dark)
        found = self._waves.get(key)
        step = (pitch - zone.root) * zone.settings["scale"] / 100
        ratio = zone.rate_hz / self._rate * 2 ** (step / 12)
        if zone.loop is None:
            n = min(n, max(int((len(zone.wave) - 3) / ratio), 1))
        if found is None or len(found) < n:
            piece = int(PIECE_S * self._rate)
            size = -(-n // piece) * piece if zone.loop else n
            self._kept += size
            if self._kept > KEPT_SAMPLES:
                self._waves, self._kept = {}, size
            found = self._waves[key] = self._tuned(zone, ratio, (dark + 0.5) / VELOCITY_BINS, size)
        return found

    def _tuned(self, zone: Zone, ratio: float, strength: float, n: int) -> NDArray[np.float32]:
        s = zone.settings
        t = np.arange(n) / self._rate
        moved = np.interp(t, *_modulation(s))
        cents = s["envelope_to_pitch"] * moved if s["envelope_to_pitch"] else None
        if s["vibrato_cents"]:
            waited = t - _seconds(s["vibrato_delay"])
            swing = np.where(waited > 0, np.sin(2 * np.pi * 8.176 * 2 ** (s["vibrato_rate"] / 1_200) * waited), 0)
            cents = s["vibrato_cents"] * swing + (0 if cents is None else cents)
        at = np.arange(n) * ratio if cents is None else np.cumsum(ratio * 2 ** (cents / 1_200)) - ratio
        wave = _interpolated(zone.wave, at, zone.loop)
        cutoff = s["cutoff"] + DARKEST_CENTS * (1 - strength)
        closed, opened = (
            self._filtered(wave, cutoff + add, s["resonance"] / 10) for add in (0, s["envelope_to_cutoff"])
        )
        return closed if opened is closed else (closed + (opened - closed) * moved.astype(np.float32))

    def _filtered(self, wave: NDArray[np.float32], cents: float, resonance_db: float) -> NDArray[np.float32]:
        """Two-pole low-pass; cutoff in absolute cents (8.176 Hz = 0), resonance over the level at 0 Hz."""
        frequency = 8.176 * 2 ** (cents / 1_200)
        if frequency > 0.42 * self._rate:
            return wave
        w = 2 * np.pi * max(frequency, 40.0) / self._rate
        alpha = np.sin(w) / (2 * 10 ** ((resonance_db - 3.01) / 20))
        b = (1 - np.cos(w)) / 2
        sos = np.array([[b, 2 * b, b, 1 + alpha, -2 * np.cos(w), 1 - alpha]]) / (1 + alpha)
        filtered: NDArray[np.float32] = sosfilt(sos.astype(np.float32), wave)
        return filtered


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


def _interpolated(wave: NDArray[np.float32], at: np.ndarray, loop: tuple[int, int] | None) -> NDArray[np.float32]:
    """The wave at fractional places by Catmull-Rom splines; within the loop for ever, else 0 after its end."""
    whole = at.astype(np.int64)
    part = (at - whole).astype(np.float32)
    reach = int(whole[-1]) + 4 if len(whole) else 0
    if loop is not None and reach > loop[1]:
        body = wave[loop[0] : loop[1]]
        wave = np.concatenate([wave[: loop[1]], np.tile(body, (reach - loop[1]) // len(body) + 1)])
    elif reach > len(wave):
        wave = np.concatenate([wave, np.zeros(reach - len(wave), np.float32)])
    wave = np.concatenate([wave[:1], wave])  # what comes before the first sample
    p, q, r, s = (wave[whole + shift] for shift in range(4))
    out: NDArray[np.float32] = q + 0.5 * part * (
        r - p + part * (2 * p - 5 * q + 4 * r - s + part * (3 * (q - r) + s - p))
    )
    return out


def _choke(first: int, wave: NDArray[np.float32], at: int, rate_hz: int) -> None:
    """Ends a part that still sounds when another of its class begins, within 10 ms."""
    begin = max(at - first, 0)
    if begin < len(wave):
        fade = min(int(0.01 * rate_hz), len(wave) - begin)
        wave[begin : begin + fade] *= np.linspace(1, 0, fade, dtype=np.float32)
        wave[begin + fade :] = 0
