"""Random shapes of nature that every element may use: fields of noise (clouds, foliage, rock) and lines of it (skylines).

The numbers drawn depend on the generator and on the counts asked for, never on the size in pixels nor on how rough it
shall be: a picture of another size shows the same shapes, and roughness can change smoothly.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def smoothstep(low: float | Floats, high: float | Floats, x: float | Floats) -> Floats:
    """0 below `low`, 1 above `high`, and smooth between them."""
    t = np.clip((np.asarray(x, np.float32) - low) / (np.asarray(high, np.float32) - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _spline(n: int, cells: float, count: int) -> Floats:
    """Weights [n, count] of a cubic B-spline through `count` random numbers, of which `cells` lie along the n pixels."""
    at = 1 + (np.arange(n) + 0.5) * cells / n
    first = np.minimum(at.astype(int), count - 3)
    t = at - first
    weights = np.zeros((n, count), np.float32)
    parts = (1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3
    for k, part in enumerate(parts):
        weights[np.arange(n), first - 1 + k] = part / 6
    return weights


def fractal(
    rng: np.random.Generator,
    h: int,
    w: int,
    octaves: int = 6,
    *,
    cells: float = 4.0,
    stretch: float = 1.0,
    keep: float = 0.5,
    ridged: bool = False,
) -> Floats:
    """Fractal value noise, float32 [h, w]: mean about 0, most of it within -1..1.

    Args:
        rng: Draws one number; each octave has its own generator from it.
        h: Rows.
        w: Columns.
        octaves: How many sizes of detail; each is half the one before. Those below two pixels cost nothing.
        cells: Cells of the largest along the height.
        stretch: How many times wider than high a cell is.
        keep: Strength of an octave relative to the one before: 0.3 soft .. 0.7 rough.
        ridged: Sharp crests instead of rounded lumps.
    """
    base = int(rng.integers(2**62))
    out, weight, total = np.zeros((h, w), np.float32), 1.0, 0.0
    for octave in range(octaves):
        rows = cells * 2.0**octave
        columns = rows * w / (h * stretch)
        if octave and (rows > h / 2 and columns > w / 2):
            break
        grid = np.random.default_rng([base, octave]).uniform(-1, 1, (int(rows) + 4, int(columns) + 4)).astype(np.float32)
        layer = 1.5 * _spline(h, rows, len(grid)) @ grid @ _spline(w, columns, grid.shape[1]).T
        out += weight * ((0.8 - 2 * np.abs(layer)) if ridged else 1.6 * layer)
        total += weight**2
        weight *= keep
    return np.asarray(out / np.sqrt(total), np.float32)


def tile(rng: np.random.Generator, size: int = 512, slope: float = 2.6, *, low: float = 2.0) -> Floats:
    """A periodic field of noise, float32 [size, size], mean 0 and deviation 1, to be read by `sampled`.

    Args:
        rng: Draws `size` squared numbers.
        size: Side (px), even.
        slope: Power falls as frequency to this power: 2 rough .. 4 soft.
        low: Waves across the tile of the largest shapes.
    """
    spectrum = np.fft.rfft2(rng.standard_normal((size, size)))
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]) * size
    spectrum *= np.where(f < 0.5, 0.0, np.maximum(f, low) ** (-slope / 2 - 0.5)) * np.minimum(1.0, (f / low) ** 2)
    field = np.fft.irfft2(spectrum, (size, size))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def sampled(field: Floats, u: Floats, v: Floats) -> Floats:
    """A periodic `field` read at u (to the right) and v (down), where 1 is its side; float32, as u and v."""
    size = field.shape[0]
    wrapped = np.pad(field, ((0, 2), (0, 2)), mode="wrap")
    x, y = (np.asarray(np.mod(part, 1.0) * size, np.float32) for part in (u, v))
    return cv2.remap(wrapped, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def ridge_line(
    rng: np.random.Generator, n: int, rough: float = 0.5, *, cells: float = 4.0, octaves: int = 8, ridged: float = 0.0
) -> Floats:
    """A skyline, float32 [n]: heights of mean about 0, most of them within -1..1.

    Args:
        rng: Draws one number; each octave has its own generator from it.
        n: Points along the line.
        rough: 0: rolling downs; 1: jagged.
        cells: Hills along the line.
        octaves: How many sizes of detail.
        ridged: 0: rounded tops; 1: sharp ones.
    """
    base = int(rng.integers(2**62))
    out, keep, weight, total = np.zeros(n), 0.25 + 0.33 * rough, 1.0, 0.0
    for octave in range(octaves):
        count = int(np.ceil(cells * 2**octave)) + 4
        heights = np.random.default_rng([base, octave]).uniform(-1, 1, count)
        at = 1 + cells * 2**octave * np.linspace(0, 1, n)
        i = np.minimum(at.astype(int), count - 2)
        t = at - i
        smooth = t * t * (3 - 2 * t) * (1 - rough) + t * rough  # rough lines also have straight flanks
        line = heights[i] * (1 - smooth) + heights[i + 1] * smooth
        out += weight * ((1 - ridged) * 1.4 * line + ridged * (0.8 - 1.8 * np.abs(line)))
        total += weight**2
        weight *= keep
    return np.asarray(out / np.sqrt(total), np.float32)
