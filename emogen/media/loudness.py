"""How loud a recording is: peak and RMS in dBFS, programme loudness in LUFS.

Loudness follows Recommendation ITU-R BS.1770-4, annex 1: K-weighting, mean square of 400 ms blocks that
overlap by 75 %, an absolute gate at -70 LUFS and a relative gate 10 LU below the loudness so far.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: BS.1770-4, annex 1: the offset of equation (2), so that a 997 Hz sine at 0 dBFS reads -3.01 LKFS.
OFFSET_LU = -0.691
ABSOLUTE_GATE_LUFS = -70.0  # BS.1770-4, annex 1, equation (5)
RELATIVE_GATE_LU = -10.0  # BS.1770-4, annex 1, equation (6)
BLOCK_S = 0.4  # BS.1770-4, annex 1: gating block
STEP_S = 0.1  # BS.1770-4, annex 1: overlap of 75 %
#: BS.1770-4, table 3: weights of L, R, C, Ls, Rs; a sixth channel in that order is the LFE and counts nothing.
CHANNEL_WEIGHTS = {1: (1.0,), 2: (1.0, 1.0), 5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}


def peak_dbfs(samples: NDArray[np.floating[Any]]) -> float:
    """The largest sample, 0 dBFS = magnitude 1; -inf for silence."""
    return _db(float(np.max(np.abs(samples), initial=0.0)))


def rms_dbfs(samples: NDArray[np.floating[Any]]) -> float:
    """The root mean square of all samples, 0 dBFS = a constant 1 (a full-scale sine: -3.01); -inf for silence."""
    wide = np.asarray(samples, dtype=np.float64)
    return _db(math.sqrt(float(np.mean(wide * wide)))) if wide.size else -math.inf


def loudness_lufs(samples: NDArray[np.floating[Any]], sample_rate: int) -> float:
    """Gated programme loudness (BS.1770-4) of `[n]` or `[n, channels]`.

    A recording shorter than one block of 400 ms is measured as one block of its own length.

    Returns:
        LUFS (the same as LKFS); -inf when no block passes the absolute gate.
    """
    x = np.asarray(samples, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if not len(x):
        return -math.inf
    power = _block_power(_k_weighted(x, sample_rate), sample_rate)
    return _gated(power @ np.asarray(CHANNEL_WEIGHTS.get(x.shape[1], (1.0,) * x.shape[1])))


class LoudnessMeter:
    """The loudness of one channel of any length, given in parts; what it keeps is 10 numbers a second.

    Args:
        sample_rate: Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._filters = [(b, a, np.zeros(2)) for b, a in _k_filters(sample_rate)]
        self._step = round(STEP_S * sample_rate)
        self._rest = np.zeros(0)
        self._steps: list[NDArray[np.float64]] = []

    def add(self, samples: NDArray[np.floating[Any]]) -> None:
        """The next part [n]."""
        from scipy.signal import lfilter

        x = np.asarray(samples, dtype=np.float64)
        for i, (b, a, state) in enumerate(self._filters):
            x, after = lfilter(b, a, x, zi=state)
            self._filters[i] = (b, a, after)
        x = np.concatenate([self._rest, x])
        whole = len(x) // self._step * self._step
        self._steps.append((x[:whole].reshape(-1, self._step) ** 2).mean(axis=1))
        self._rest = x[whole:]

    @property
    def lufs(self) -> float:
        """Gated loudness of all parts so far; as `loudness_lufs`."""
        steps = np.concatenate([*self._steps, np.zeros(0)])
        width = round(BLOCK_S / STEP_S)
        if len(steps) < width:  # less than a block: all there is
            all_of_it = np.concatenate([np.repeat(steps, self._step), self._rest**2])
            return _gated(all_of_it.mean(keepdims=True)) if len(all_of_it) else -math.inf
        return _gated(np.convolve(steps, np.ones(width) / width, mode="valid"))


def _gated(power: NDArray[np.float64]) -> float:
    """Loudness in LUFS from the power of blocks."""
    loud = power[_lufs(power) > ABSOLUTE_GATE_LUFS]
    if not loud.size:
        return -math.inf
    gate = float(_lufs(loud.mean(keepdims=True))[0]) + RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean(keepdims=True))[0])


def _db(amplitude: float) -> float:
    return 20.0 * math.log10(amplitude) if amplitude > 0 else -math.inf


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    lufs: NDArray[np.float64] = OFFSET_LU + 10.0 * np.log10(np.maximum(power, 1e-20))
    return lufs


def _block_power(x: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Mean square per block and channel, `[blocks, channels]`."""
    block, step = round(BLOCK_S * sample_rate), round(STEP_S * sample_rate)
    block = min(block, len(x))
    starts = np.arange(0, len(x) - block + 1, max(step, 1))
    edges = np.unique([starts, starts + block])
    between = np.add.reduceat(x[: edges[-1]] ** 2, edges[:-1], axis=0)
    total = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(between, axis=0)])
    first, last = np.searchsorted(edges, starts), np.searchsorted(edges, starts + block)
    power: NDArray[np.float64] = np.maximum(total[last] - total[first], 0.0) / block
    return power


def _k_weighted(x: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    from scipy.signal import sosfilt

    weighted: NDArray[np.float64] = sosfilt([[*b, *a] for b, a in _k_filters(sample_rate)], x, axis=0)
    return weighted


def _k_filters(sample_rate: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The two filters of BS.1770-4, tables 1 and 2, at any sample rate.

    The tables hold for 48 kHz. The analogue parameters below reproduce them at 48 kHz to 1e-8 by the
    bilinear transform with pre-warping (a test compares). Source of the parameters: libebur128, ebur128.c.
    """
    filters = []
    for frequency_hz, q, gain_db in ((1681.974450955533, 0.7071752369554196, 3.999843853973347),
                                     (38.13547087602444, 0.5003270373238773, None)):  # fmt: skip
        k = math.tan(math.pi * frequency_hz / sample_rate)
        norm = 1.0 + k / q + k * k
        if gain_db is None:  # stage 2: high-pass (RLB)
            b = np.array([1.0, -2.0, 1.0])
        else:  # stage 1: high shelf (the head)
            high = 10.0 ** (gain_db / 20.0)
            mid = high**0.4996667741545416
            b = np.array([high + mid * k / q + k * k, 2.0 * (k * k - high), high - mid * k / q + k * k]) / norm
        filters.append((b, np.array([1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm])))
    return filters
