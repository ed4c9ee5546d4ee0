"""How loud a voice is from moment to moment."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: Below this level under the loud parts (dB) a voice is silent; own assumption.
SILENT_DB = -34.0


def loudness_curve(audio: NDArray[np.float32], sample_rate: int, frames: int, fps: float) -> NDArray[np.float64]:
    """Loudness over time, 0 silent .. 1 loud (95th percentile), [frames]."""
    edges = np.clip(np.round(np.arange(frames + 1) / fps * sample_rate).astype(int), 0, len(audio))
    sums = np.array([float(np.dot(audio[a:b], audio[a:b])) for a, b in pairwise(edges)])
    rms = np.sqrt(sums / np.maximum(np.diff(edges), 1))
    top = np.percentile(rms, 95) if frames else 0.0
    if top < 1e-4:
        return np.zeros(frames)
    level = 20 * np.log10(np.maximum(rms / top, 1e-6))
    return np.asarray(np.clip(1 - level / SILENT_DB, 0, 1) ** 1.5)
