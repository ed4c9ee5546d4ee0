"""A changed voice made of the recording itself: its own periods, set anew, and filtered by the change alone.

A vocoder builds all of a voice from what it measured, and its errors cost words. Here the recording is cut into
overlapping grains, one per period of the voice; their distance makes the pitch and their repetition the duration
(TD-PSOLA: Moulines & Charpentier 1990). What the change does to the spectrum is a filter, the ratio of two envelopes
(differential filtering: Kobayashi & Toda 2018). Where nothing changes, the recording comes out as it went in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice import BINS, FFT_SIZE, FRAME_S, SAMPLE_RATE, VoiceFrames, synthesize
from emogen.codecs.voice_change import moved
from emogen.codecs.voice_slow import mended

STEP = FRAME_S * SAMPLE_RATE  # samples in a frame
UNVOICED_GRAIN = round(STEP)  # samples between the grains of noise and silence
SEARCH = 0.2  # of a period, to both sides: how far the next period may lie from where F0 expects it
GAIN_DB = 36.0  # most that the filter raises or lowers; own assumption
BREATH_FLOOR = 1e-3  # added noise below this share of the power is left out
WINDOW, HOP = 512, 128  # samples; of the filter

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]


def resounded(audio: NDArray[np.floating], plain: VoiceFrames, now: VoiceFrames, place: Floats) -> Samples:
    """The sound of a changed voice.

    Args:
        audio: [n] the recording, at 22 050 Hz.
        plain: [N] frames of it.
        now: [M] frames of the changed voice (`emogen.codecs.voice_change.changed`).
        place: [M] where each of these lies in `plain`, in frames, rising.

    Returns:
        [M * 5 ms] float32, not limited in level.
    """
    count = round(len(now) * STEP)
    if not len(place):
        return np.zeros(count, np.float32)
    x = np.asarray(audio, dtype=np.float64)
    f0 = mended(plain.f0_hz)
    marks, voiced = period_marks(x, f0)
    sound = _set_anew(x, marks, voiced, f0, now.f0_hz, place, count)
    before = moved(VoiceFrames(f0, plain.envelope, plain.aperiodicity), place)
    return _filtered(sound, before, now).astype(np.float32)


def period_marks(x: Floats, f0_hz: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each period of a voice lies, and a grid where there is none.

    Args:
        x: [n] sound at 22 050 Hz.
        f0_hz: [N] every 5 ms, 0 where unvoiced.

    Returns:
        Samples [K], rising, from 0 to beyond the end; which of them begin a voiced period [K].
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], f0_hz > 0, [0]]).astype(int)))
    found: list[int] = [0]
    voiced: list[bool] = [False]
    for first, last in edges.reshape(-1, 2):
        begin, end = round((first - 0.5) * STEP), min(round((last - 0.5) * STEP), len(x))
        own = _run(x, f0_hz, max(begin, found[-1] + 1), end)
        if len(own) > 1:
            _fill(found, voiced, own[0])
            del found[-1], voiced[-1]
            found += own
            voiced += [True] * (len(own) - 1) + [False]
    _fill(found, voiced, len(x) + UNVOICED_GRAIN)
    return np.array(found), np.array(voiced)


def _fill(found: list[int], voiced: list[bool], until: int) -> None:
    """Marks of unvoiced sound up to `until`, evenly; the last one there."""
    gap = until - found[-1]
    parts = max(round(gap / UNVOICED_GRAIN), 1)
    begin = found[-1]
    for i in range(1, parts + 1):
        found.append(begin + round(i * gap / parts))
        voiced.append(False)


def _run(x: Floats, f0_hz: Floats, begin: int, end: int) -> list[int]:
    """Marks of one voiced stretch: from its strongest moment to both sides, each period most like the one before."""
    if end - begin < 2:
        return []
    strongest = begin + int(np.argmax(np.abs(x[begin:end])))
    after, before = _follow(x, f0_hz, strongest, end, 1), _follow(x, f0_hz, strongest, begin, -1)
    return [*before[::-1], strongest, *after]


def _follow(x: Floats, f0_hz: Floats, start: int, limit: int, way: int) -> list[int]:
    found: list[int] = []
    at = start
    while True:
        period = SAMPLE_RATE / f0_hz[_voiced_near(f0_hz, at)]
        half, reach = round(period / 2), round(SEARCH * period)
        guess = at + way * round(period)
        if (limit - guess) * way < 0:
            return found
        low = guess - reach - half
        if low < 0 or guess + reach + half > len(x) or at < half or at + half > len(x):
            at = guess
        else:
            like, region = x[at - half : at + half], x[low : guess + reach + half]
            energy = np.cumsum(np.concatenate([[0.0], region**2]))
            norm = np.sqrt(energy[2 * half :] - energy[: len(energy) - 2 * half]) + 1e-9
            at = guess - reach + int(np.argmax(np.correlate(region, like, "valid") / norm))
        if (limit - at) * way < 0:
            return found
        found.append(at)


def _voiced_near(f0_hz: Floats, sample: int) -> int:
    """The frame of a sample, or the voiced one next to it."""
    frame = min(round(sample / STEP), len(f0_hz) - 1)
    return next((i for i in (frame, frame - 1, frame + 1) if 0 <= i < len(f0_hz) and f0_hz[i] > 0), frame)


def _set_anew(x: Floats, marks: NDArray[np.int64], voiced: NDArray[np.bool_], f0: Floats, f0_now: Floats, place: Floats,
              count: int) -> Floats:
    """Grains of the recording at the distances that the changed pitch asks for, each from where `place` says."""
    gaps = np.diff(marks)
    longest = int(gaps.max())
    padded = np.concatenate([np.zeros(longest), x, np.zeros(2 * longest + UNVOICED_GRAIN)])
    out = np.zeros(count + 2 * longest + 1)
    times = np.arange(len(place)) * STEP
    rises: dict[int, Floats] = {}
    at, last, turned = 0.0, -1, False
    while at < count + longest:
        source = float(np.interp(at, times, place)) * STEP
        if at > times[-1]:
            source += at - times[-1]
        k = int(np.searchsorted(marks, source))
        if k > 0 and (k == len(marks) or source - marks[k - 1] < marks[k] - source):
            k -= 1
        k = min(k, len(gaps) - 1)
        left, right = int(gaps[max(k - 1, 0)]), int(gaps[k])
        grain = padded[marks[k] - left + longest : marks[k] + right + longest]
        for size in (left, right):
            if size not in rises:
                rises[size] = 0.5 - 0.5 * np.cos(np.pi * np.arange(size) / size)
        grain = grain * np.concatenate([rises[left], 1.0 - rises[right]])
        ratio = 1.0
        if voiced[k]:
            frame = _voiced_near(f0, int(marks[k]))
            wanted = f0_now[min(round(at / STEP), len(f0_now) - 1)]
            if wanted > 0 and f0[frame] > 0:
                ratio = f0[frame] / wanted
            grain *= np.sqrt(ratio)
        elif k == last:  # the same noise again would hum
            turned = not turned
            if turned:
                grain, left, right = grain[::-1], right, left
        else:
            turned = False
        begin = round(at) - left + longest
        if begin >= 0 and begin + len(grain) <= len(out):
            out[begin : begin + len(grain)] += grain
        last = k
        at += ratio * gaps[k]
    return out[longest : longest + count]


def _filtered(sound: Floats, before: VoiceFrames, now: VoiceFrames) -> Floats:
    """The sound [n] with the envelope and the noise of `now` instead of those of `before`, frame by frame [M]."""
    voiced = (now.f0_hz > 0)[:, None]
    was, wanted = before.aperiodicity**2, now.aperiodicity**2
    more = np.where(voiced, np.clip(wanted - was, 0.0, 1.0), 0.0)
    kept = 1.0 - np.where(voiced, more / np.maximum(1.0 - was, 1e-3), 0.0).clip(0.0, 1.0)
    power = now.envelope / before.envelope * np.maximum(kept, 1e-4)
    limit = 10.0 ** (GAIN_DB / 10.0)
    gain = np.sqrt(np.clip(power, 1.0 / limit, limit))
    if not np.allclose(gain, 1.0, atol=1e-4):
        sound = _through(sound, gain)
    if more.max(initial=0.0) > BREATH_FLOOR:
        breath = synthesize(VoiceFrames(np.zeros(len(now)), np.maximum(now.envelope * more, 1e-16), np.ones_like(more)))
        shared = min(len(breath), len(sound))
        sound = sound.copy()
        sound[:shared] += breath[:shared]
    return sound


def _through(sound: Floats, gain: Floats) -> Floats:
    """Sound [n] through a filter that moves, amplitude [M, BINS] every 5 ms."""
    padded = np.concatenate([np.zeros(WINDOW), sound, np.zeros(2 * WINDOW)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW))
    centres = (np.arange(len(frames)) * HOP - WINDOW / 2) / STEP
    at = np.clip(centres, 0, len(gain) - 1)
    low = np.minimum(at.astype(int), max(len(gain) - 2, 0))
    high = np.minimum(low + 1, len(gain) - 1)
    share = (at - low)[:, None]
    curve = gain[low] * (1.0 - share) + gain[high] * share
    assert curve.shape[1] == BINS
    margin = (FFT_SIZE - WINDOW) // 2  # the filter rings to both sides
    spread = np.zeros((len(frames), FFT_SIZE))
    spread[:, margin : margin + WINDOW] = frames * window
    bent = np.fft.irfft(np.fft.rfft(spread, axis=1) * curve, axis=1)
    out = np.zeros(len(frames) * HOP + FFT_SIZE)
    tall = np.zeros(FFT_SIZE)
    tall[margin : margin + WINDOW] = window
    tall[:margin] = tall[-margin:] = 0.0
    bent *= tall
    for i, row in enumerate(bent):
        out[i * HOP : i * HOP + FFT_SIZE] += row
    begin = WINDOW + margin
    return out[begin : begin + len(sound)] * (2 * HOP / WINDOW)
