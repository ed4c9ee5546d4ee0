"""The loops of `sampler` as machine code: one note of a sound font; and filters of second order for whole tracks."""

from __future__ import annotations

import math

import numpy as np

from emogen.compiled import compiled


@compiled
def read(out: np.ndarray, wave: np.ndarray, loop: np.ndarray, ratio: float) -> None:
    """Reads a wave at a steady pace, by Catmull-Rom splines.

    Args:
        out: Where it is written, float64 zeros [n]; what the wave is too short for stays 0.
        wave: float32, one sample before the first, then the recording, then 4 samples of what follows (the loop again,
            or silence).
        loop: First sample of the loop and the one after its last, int64 [2]; both -1: it plays once.
        ratio: Samples of the wave for each one written.
    """
    half, two, three, four, five = np.float32(0.5), np.float32(2), np.float32(3), np.float32(4), np.float32(5)
    last = len(wave) - 4  # the last sample at which all that is read is there
    done, base = 0, 0
    while done < len(out):
        while loop[1] > 0 and int(done * ratio) - base >= last:
            base += loop[1] - loop[0]
        stop = min(len(out), int((base + last) / ratio) + 1)
        while stop > done and int((stop - 1) * ratio) - base > last:
            stop -= 1
        if stop == done:
            return
        for i in range(done, stop):
            at = i * ratio
            whole = int(at)
            k, part = whole - base, np.float32(at - whole)
            p, q, r, s = wave[k], wave[k + 1], wave[k + 2], wave[k + 3]
            bow = two * p - five * q + four * r - s + part * (three * (q - r) + s - p)
            out[i] = q + half * part * (r - p + part * bow)
        done = stop


@compiled
def read_bent(
    out: np.ndarray, wave: np.ndarray, loop: np.ndarray, ratio: float, rate: float, swing: np.ndarray, moved: np.ndarray
) -> None:
    """As `read`, with a pitch that moves.

    Args:
        out: As there.
        wave: As there.
        loop: As there.
        ratio: As there, before the pitch moves.
        rate: Hz, of what is written.
        swing: Vibrato: cents, radians a second, seconds that it waits; cents by which `moved` raises the pitch [4].
        moved: The modulation envelope, 0..1 [n], or nothing where it does not raise it.
    """
    base, behind = 0, 0.0
    half, two, three, four, five = np.float32(0.5), np.float32(2), np.float32(3), np.float32(4), np.float32(5)
    waits, turned = math.floor(swing[2] * rate) + 1, 0.0  # the sample with which the vibrato begins
    sine, cosine = math.sin(swing[1] * (waits / rate - swing[2])), math.cos(swing[1] * (waits / rate - swing[2]))
    sine_on, cosine_on = math.sin(swing[1] / rate), math.cos(swing[1] / rate)
    for i in range(len(out)):
        bent = swing[3] * moved[i] if len(moved) else 0.0
        if i >= waits:
            bent += swing[0] * sine
            turned = sine * cosine_on + cosine * sine_on
            cosine = cosine * cosine_on - sine * sine_on
            sine = turned
        bent *= math.log(2.0) / 1200.0
        if abs(bent) < 0.03:  # the series of the exponential, exact to 1e-12
            behind += ratio * (1 + bent * (1 + bent / 2 * (1 + bent / 3 * (1 + bent / 4 * (1 + bent / 5)))))
        else:
            behind += ratio * math.exp(bent)
        at = behind - ratio
        whole = int(at)
        k, part = whole - base, np.float32(at - whole)
        while loop[1] > 0 and k >= len(wave) - 4:
            base += loop[1] - loop[0]
            k -= loop[1] - loop[0]
        if k + 4 > len(wave):
            return
        p, q, r, s = wave[k], wave[k + 1], wave[k + 2], wave[k + 3]
        bow = two * p - five * q + four * r - s + part * (three * (q - r) + s - p)
        out[i] = q + half * part * (r - p + part * bow)


@compiled
def darkened(sound: np.ndarray, down: np.ndarray, up: np.ndarray, moved: np.ndarray) -> None:
    """Filters a sound in place by a section of second order, cross-faded to another one where something moves it.

    Args:
        sound: float64 [n].
        down: b0 b1 b2 a1 a2 [5].
        up: The other one [5].
        moved: How far it is the other one, 0..1 [n]; empty: not at all.
    """
    b0, b1, b2, a1, a2 = down
    u, v = 0.0, 0.0
    if not len(moved):
        for i in range(len(sound)):
            x = sound[i]
            y = b0 * x + u
            u = b1 * x - a1 * y + v
            v = b2 * x - a2 * y
            sound[i] = y
        return
    c0, c1, c2, d1, d2 = up
    w, z = 0.0, 0.0
    for i in range(len(sound)):
        x = sound[i]
        y, opened = b0 * x + u, c0 * x + w
        u = b1 * x - a1 * y + v
        v = b2 * x - a2 * y
        w = c1 * x - d1 * opened + z
        z = c2 * x - d2 * opened
        sound[i] = y + (opened - y) * moved[i]


@compiled
def shaped(out: np.ndarray, sound: np.ndarray, levels: np.ndarray, rate: float, gains: np.ndarray) -> None:
    """Adds a sound [n] to a stereo track, float32 [2, n], under an envelope that is straight in dB between its corners.

    Args:
        out: The part of the track where it sounds.
        sound: float64 [n].
        levels: Times (s) and levels (dB) [2, k]; before the first and after the last it stays.
        rate: Hz.
        gains: Of the two channels [2].
    """
    per_db, i = math.log(10.0) / 20.0, 0
    for corner in range(-1, levels.shape[1]):
        last = corner + 1 == levels.shape[1]
        stop = len(sound) if last else min(len(sound), math.ceil(levels[0, corner + 1] * rate))
        slope, here = 0.0, levels[1, max(corner, 0)]
        if corner >= 0 and not last and stop > i:
            slope = (levels[1, corner + 1] - here) / (levels[0, corner + 1] - levels[0, corner])
            here += slope * (i / rate - levels[0, corner])
        level, grows = math.exp(here * per_db), math.exp(slope / rate * per_db)
        for k in range(i, stop):
            x = sound[k] * level
            level *= grows
            out[0, k] += np.float32(x * gains[0])
            out[1, k] += np.float32(x * gains[1])
        i = max(i, stop)


@compiled
def filtered(sound: np.ndarray, sections: np.ndarray) -> None:
    """Filters both channels of float32 [2, n] in place by sections of second order, b0 b1 b2 a1 a2 [k, 5]."""
    for s in range(len(sections)):
        b0, b1, b2, a1, a2 = sections[s]
        u, v, w, z = 0.0, 0.0, 0.0, 0.0
        for i in range(sound.shape[1]):
            x, y = float(sound[0, i]), float(sound[1, i])
            left, right = b0 * x + u, b0 * y + w
            u = b1 * x - a1 * left + v
            v = b2 * x - a2 * left
            w = b1 * y - a1 * right + z
            z = b2 * y - a2 * right
            sound[0, i] = left
            sound[1, i] = right
