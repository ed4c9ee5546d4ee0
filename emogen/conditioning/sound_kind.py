"""Whether a sound is a voice, music or noise: which of its readers is asked.

A logistic regression on measures of pitch steadiness, rhythm and spectrum; `tables/sound_kind.csv` holds it, and
`training/sound_kind.py` makes it.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import voice_measures
from emogen.conditioning.vocabulary import read_table
from emogen.conditioning.voice_measures import HOP, SAMPLE_RATE_HZ, Frames, frames

Kind = Literal["speech", "music", "noise"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Voice measures that are taken as they are.
TAKEN = (
    "pitch range", "pitch movement", "loudness spread", "syllable rate", "pauses", "voiced share", "effort spread",
    "clearness", "clearness spread", "shake", "flux", "shimmer",
)  # fmt: skip
NAMES = (*TAKEN, "steady pitch", "syllable beat", "flatness", "spectral change")
STEADY = 0.05  # semitones between frames 10 ms apart: no voice is held as still as a string (own assumption)
SYLLABLES_HZ = (3.0, 6.0)  # modulation of running speech (Houtgast & Steeneken 1985)
LONGEST_S = 30.0  # of the middle of a recording: enough to tell


def sound_kind(samples: NDArray[np.float32], found: Frames | None = None) -> Kind:
    """What a sound is taken for.

    Args:
        samples: [n], 16 kHz mono.
        found: Their frames, where they are there already.
    """
    if found is None or len(samples) > LONGEST_S * SAMPLE_RATE_HZ:
        over = max(0, len(samples) - int(LONGEST_S * SAMPLE_RATE_HZ)) // 2
        found = frames(samples[over : len(samples) - over])
    mean, spread, weights, bias = _table()
    scores = ((measure(found) - mean) / spread).clip(-4.0, 4.0) @ weights + bias
    return KINDS[int(scores.argmax())]


def measure(found: Frames) -> NDArray[np.float64]:
    """Measures in the order of `NAMES`, [16]."""
    every = dict(zip(voice_measures.NAMES, voice_measures.measure(found), strict=True))
    both = found.voiced[1:] & found.voiced[:-1]
    steps = np.abs(12.0 * np.log2(found.pitch_hz[1:][both] / found.pitch_hz[:-1][both]))
    level = np.maximum(found.level_db, -40.0)
    beat = np.abs(np.fft.rfft(level - level.mean())) ** 2
    rate = np.fft.rfftfreq(len(level), HOP / SAMPLE_RATE_HZ)
    slow = beat[(rate > 0.3) & (rate < 20.0)].sum()
    power = found.power[found.heard] + 1e-12
    flat = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    mel = voice_measures.mel_levels(found.power)[found.heard]
    change = np.abs(np.diff(mel, axis=0)).mean() if len(mel) > 1 else 0.0
    return np.array(
        [
            *(every[name] for name in TAKEN),
            float((steps < STEADY).mean()) if len(steps) else 0.0,
            float(beat[(rate >= SYLLABLES_HZ[0]) & (rate < SYLLABLES_HZ[1])].sum() / max(slow, 1e-9)),
            float(np.log(flat + 1e-6).mean()),
            float(change),
        ]
    )


@cache
def _table() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    rows = {row["measure"]: row for row in read_table("sound_kind")}
    numbers = np.array([[float(rows[name][c]) for c in ("mean", "spread", *KINDS)] for name in NAMES])
    bias = np.array([float(rows["bias"][kind]) for kind in KINDS])
    return numbers[:, 0], numbers[:, 1], numbers[:, 2:], bias
