"""Onsets of notes -> where the beats fall: for scores whose tempo says nothing, such as transcribed performances.

Tempo by the autocorrelation of the onsets' strength, beats by dynamic programming: Ellis 2007, Beat tracking by
dynamic programming, J. New Music Research 36(1), equations 1 to 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FRAME_HZ = 100.0  # hands play chords within some 30 ms; finer frames bring nothing (own assumption)
BLUR_S = 0.02  # Ellis 2007, section 3.1
TIGHTNESS = 100.0  # weight of an even beat against the onsets; Ellis 2007 took 680 for its own scale, librosa 100
SLOWEST_S, FASTEST_S = 1.5, 0.25  # 40 to 240 beats a minute
#: Middle (beats a minute) and width (octaves) of the preference for tempi; middle: where most of
#: POP909's training songs come out right.
USUAL_BPM, WIDTH_OCTAVES = 90.0, 0.7
#: Places in a beat that onsets of a score on its grid share: sixteenths, twelfths, triplets.
DIVISIONS = (4, 12, 3)


@dataclass(frozen=True)
class BeatGrid:
    """Beats in time.

    Attributes:
        times: [n >= 2] when each beat falls, increasing, in the unit of what is laid on it (s or written beats).
    """

    times: Array

    def position(self, at: Array) -> Array:
        """Times [m] -> positions in beats [m], the first beat 0; the first and last beat's lengths go on outside."""
        t = self.times
        inside = np.interp(at, t, np.arange(len(t)))
        before = np.minimum(at - t[0], 0.0) / (t[1] - t[0])
        after = np.maximum(at - t[-1], 0.0) / (t[-1] - t[-2])
        return np.asarray(inside + before + after)


def on_grid(onsets: NDArray[Any]) -> tuple[float, float]:
    """How well onsets lie on the written beats' subdivisions, and by how much the grid lies behind them.

    Args:
        onsets: [n] in beats.

    Returns:
        0 (anywhere) .. 1 (all on sixteenths, or on triplets), and an offset in beats, at most half a subdivision.
    """
    sums = {d: complex(np.exp(2j * np.pi * d * onsets).mean()) for d in DIVISIONS}
    best = next((d for d in DIVISIONS if abs(sums[d]) > 0.6), max(DIVISIONS, key=lambda d: abs(sums[d])))
    return abs(sums[best]), float(np.angle(sums[best]) / (2 * np.pi * best))


def strength(onsets_s: Array, weights: Array) -> Array:
    """Onsets [n] with weights [n] -> their strength over time, `FRAME_HZ` frames a second, deviation 1."""
    count = int(onsets_s.max() * FRAME_HZ) + 2
    raw = np.bincount(np.round(onsets_s * FRAME_HZ).astype(int), weights, minlength=count)
    reach = int(4 * BLUR_S * FRAME_HZ)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (BLUR_S * FRAME_HZ)) ** 2)
    # Many notes at once are one strong beat, not many: the square root keeps chords from ruling
    smooth = np.convolve(np.sqrt(raw), bell, "full")[reach : reach + count]
    return np.asarray(smooth / max(float(smooth.std()), 1e-9))


def period_of(found: Array) -> float:
    """The time from beat to beat (s) in a `strength`."""
    from scipy.signal import correlate

    x = found - found.mean()
    lags = np.arange(int(FASTEST_S * FRAME_HZ), int(SLOWEST_S * FRAME_HZ) + 1)
    most = 4 * int(lags[-1]) + 2
    same = correlate(x, x, "full", method="fft")[len(x) - 1 :]
    same = np.pad(same, (0, max(0, most - len(same)))) / len(x)
    near = np.maximum.reduce([np.roll(same, k) for k in (-1, 0, 1)])
    total = same[lags] + 0.5 * near[2 * lags] + 0.25 * near[4 * lags]
    octaves = np.log2(60.0 / (lags / FRAME_HZ) / USUAL_BPM)
    liked = np.exp(-0.5 * (octaves / WIDTH_OCTAVES) ** 2)
    return float(lags[int((np.maximum(total, 0.0) * liked).argmax())] / FRAME_HZ)


def beats_of(onsets_s: Array, weights: Array) -> BeatGrid:
    """The beats of a performance.

    Args:
        onsets_s: [n] seconds from 0 on.
        weights: [n] how much each onset counts.

    Returns:
        Beats from before the first onset to after the last.
    """
    first = float(onsets_s.min())
    found = strength(onsets_s - first, weights)
    period = period_of(found)
    times = first + _tracked(found, period * FRAME_HZ) / FRAME_HZ
    if len(times) < 2:
        times = np.array([first, first + period])
    before = np.arange(np.ceil(max(times[0] - first, 0.0) / period), 0, -1)
    after = np.arange(1, np.ceil(max(float(onsets_s.max()) - times[-1], 0.0) / period) + 1)
    return BeatGrid(np.concatenate([times[0] - before * period, times, times[-1] + after * period]))


def _tracked(found: Array, period: float) -> Array:
    """Frames of the beats [n] (Ellis 2007, equations 2 to 4)."""
    gaps = np.arange(round(period / 2), round(2 * period) + 1)
    cost = -TIGHTNESS * np.log(gaps / period) ** 2
    best, back = found.copy(), np.full(len(found), -1)
    for t in range(int(gaps[0]), len(found)):
        reach = min(len(gaps), t - int(gaps[0]) + 1)
        options = cost[:reach] + best[t - gaps[:reach]]
        k = int(options.argmax())
        if options[k] > 0.0:
            best[t] += options[k]
            back[t] = t - gaps[k]
    tail = max(0, len(found) - int(period))
    beats = [tail + int(best[tail:].argmax())]
    while back[beats[-1]] >= 0:
        beats.append(int(back[beats[-1]]))
    return np.array(beats[::-1], dtype=np.float64)
