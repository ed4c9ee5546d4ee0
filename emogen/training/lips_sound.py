"""Recordings as rooms, microphones, telephones and codecs make them, and sound that is no speech at all."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from emogen.media.audio import resample
from emogen.models.lips import HOP, SAMPLE_RATE_HZ, gain_for, log_mel
from emogen.training.lips_data import Said

Samples = NDArray[np.float32]
#: How recordings differ; all own choices. Speed also moves pitch and formants.
SPEED = (0.82, 1.2)
SNR_DB, TILT_DB, GAIN_DB = (5.0, 32.0), 8.0, 7.0
ECHO_S, ECHO_SHARE = (0.05, 0.5), (0.05, 0.6)
TELEPHONE_HZ = (300.0, 3_400.0)
LEAD_S = 0.5  # of room before and behind, at most
CODECS = (("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"))


def heard(said: Said, rng: np.random.Generator) -> tuple[NDArray[np.float16], NDArray[np.int8]]:
    """Log mel frames [T, 64] of a recording somewhere else, and their sounds [T]."""
    x, sounds = said.samples, said.sounds
    if rng.random() < 0.7:
        speed = float(np.exp(rng.uniform(*np.log(SPEED))))
        x = resample(x, round(SAMPLE_RATE_HZ * speed), SAMPLE_RATE_HZ)
        sounds = sounds[np.minimum((np.arange(len(x) // HOP) * speed).astype(int), len(sounds) - 1)]
    before, behind = (int(rng.uniform(0, LEAD_S) * SAMPLE_RATE_HZ / HOP) for _ in range(2))
    x = np.pad(x, (before * HOP, behind * HOP))
    sounds = np.pad(sounds, (before, behind))[: len(x) // HOP]
    return log_mel(elsewhere(x, rng)).astype(np.float16), sounds


def elsewhere(x: Samples, rng: np.random.Generator) -> Samples:
    """The same with another microphone, a room, noise, a narrow band, a codec and a level of its own."""
    loud = float(np.sqrt(np.mean(np.square(x[np.abs(x) > 0.02 * np.abs(x).max(initial=1e-9)]) + 1e-12)))
    y = _filtered(x, 10.0 ** (rng.uniform(-TILT_DB, TILT_DB) * _hz(len(x)) / 8000.0 / 20.0))
    if rng.random() < 0.35:
        y = _in_a_room(y, rng)
    if rng.random() < 0.8:
        noise = unspoken(len(y), rng) if rng.random() < 0.3 else coloured(len(y), rng)
        y = y + noise * float(loud * 10.0 ** (-rng.uniform(*SNR_DB) / 20.0) / max(np.sqrt(np.mean(noise**2)), 1e-6))
    if rng.random() < 0.15:
        hz = _hz(len(y))
        y = _filtered(y, ((hz > TELEPHONE_HZ[0]) & (hz < TELEPHONE_HZ[1])).astype(np.float32))
    if rng.random() < 0.25:
        y = _coded(y, rng)
    return levelled(y) * np.float32(10.0 ** (rng.uniform(-GAIN_DB, GAIN_DB) / 20.0))


def levelled(x: Samples) -> Samples:
    """At the level that the network hears."""
    return x * np.float32(gain_for(x, SAMPLE_RATE_HZ))


def coloured(count: int, rng: np.random.Generator) -> Samples:
    """Noise that falls by 0 to 6 dB an octave, steady or swelling."""
    slope = rng.uniform(0.0, 1.0)
    noise = _filtered(rng.standard_normal(count).astype(np.float32), np.maximum(_hz(count), 40.0) ** -slope)
    if rng.random() < 0.3:
        noise = noise * _swell(count, rng)
    return noise / np.float32(np.sqrt(np.mean(noise**2)) + 1e-9)


def unspoken(count: int, rng: np.random.Generator) -> Samples:
    """Sound without speech: noise, chords, a beat, tones, clicks."""
    t = np.arange(count) / SAMPLE_RATE_HZ
    kind = rng.choice(["noise", "chords", "chords", "beat", "both", "both", "tones", "clicks"])
    out = np.zeros(count)
    if kind in ("chords", "both", "tones"):
        step = round(rng.uniform(0.12, 0.8) * SAMPLE_RATE_HZ)
        fade, roll = rng.uniform(0.5, 12.0), rng.uniform(0.7, 2.5)
        for begin in range(0, count, step):
            here = t[begin : begin + step] - t[begin]
            voices = 1 if kind == "tones" else int(rng.integers(2, 5))
            for note in rng.integers(40, 84, voices):
                hz = 440.0 * 2.0 ** ((note - 69) / 12.0)
                shake = 1.0 + 0.004 * np.sin(2 * np.pi * 5.5 * here) * (fade < 2)
                for k in range(1, 1 + min(8, int(7_000 / hz))):
                    out[begin : begin + step] += np.sin(2 * np.pi * k * hz * here * shake) / k**roll * np.exp(-fade * here)
    if kind in ("beat", "both", "clicks"):
        at = 0
        while at < count:
            length = min(count - at, round(rng.uniform(0.005, 0.12) * SAMPLE_RATE_HZ))
            out[at : at + length] += rng.standard_normal(length) * np.exp(-np.arange(length) * 5.0 / length) * rng.uniform(0.3, 2)
            at += round(rng.uniform(0.1, 0.6) * SAMPLE_RATE_HZ)
    if kind == "noise" or rng.random() < 0.5:
        out += coloured(count, rng) * (1.0 if kind == "noise" else 0.05)
    if rng.random() < 0.3:
        out *= _swell(count, rng)
    return (out / (np.sqrt(np.mean(out**2)) + 1e-9)).astype(np.float32)


def _hz(count: int) -> Samples:
    return np.fft.rfftfreq(next_fast_len(count, True), 1.0 / SAMPLE_RATE_HZ).astype(np.float32)


def _filtered(x: Samples, gain: Samples) -> Samples:
    size = next_fast_len(len(x), True)
    return np.asarray(irfft(rfft(x, size) * gain.astype(np.float32), size)[: len(x)], np.float32)


def _swell(count: int, rng: np.random.Generator) -> Samples:
    points = rng.uniform(0.05, 1.0, max(2, count // 8_000))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(points)), points).astype(np.float32)


def _in_a_room(x: Samples, rng: np.random.Generator) -> Samples:
    from scipy.signal import fftconvolve

    fall = rng.uniform(*ECHO_S) * SAMPLE_RATE_HZ / 6.9  # to -60 dB in that time
    tail = rng.standard_normal(round(fall * 7)) * np.exp(-np.arange(round(fall * 7)) / fall)
    tail[: round(0.002 * SAMPLE_RATE_HZ)] = 0.0
    tail *= rng.uniform(*ECHO_SHARE) / (np.sqrt(np.sum(tail**2)) + 1e-9)
    tail[0] = 1.0
    return fftconvolve(x, tail)[: len(x)].astype(np.float32)


def _coded(x: Samples, rng: np.random.Generator) -> Samples:
    import soundfile

    kind, subtype = CODECS[int(rng.integers(len(CODECS)))]
    level = np.float32(0.7 / max(float(np.abs(x).max()), 1e-6))
    stored = io.BytesIO()
    soundfile.write(stored, x * level, SAMPLE_RATE_HZ, format=kind, subtype=subtype, compression_level=float(rng.uniform(0.5, 1.0)))
    stored.seek(0)
    back, _ = soundfile.read(stored, dtype="float32")
    return np.pad(back[: len(x)], (0, max(0, len(x) - len(back)))).astype(np.float32) / level
