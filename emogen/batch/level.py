"""Sounds of one loudness and with soft edges, so that stimuli of a set do not differ in what nobody asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.media.loudness import loudness_lufs, peak_dbfs, rms_dbfs

#: EBU R 128 (2020): the target level of a programme. ITU-T P.56 and P.800: speech is presented at -26 dB below overload.
USUAL = {"lufs": -23.0, "rms": -26.0}
LOUDEST_DBFS = -1.0  # EBU R 128 (2020): maximum true peak, here held on the samples
FADE_S = 0.01  # raised cosine at both ends, long enough not to click (own assumption)
RANGE_DB = (-60.0, -6.0)  # of a target (own assumption)
#: Suffixes of media whose sound is levelled.
SOUNDING = (".wav", ".flac", ".mp3", ".ogg", ".mp4")
_WRITTEN = re.compile(r"(lufs|rms)(?::(-?\d+(?:\.\d+)?))?")


@dataclass(frozen=True)
class Level:
    """A target: `unit` "lufs" (BS.1770 programme loudness) or "rms" (of all samples, dBFS), and `db` in it."""

    unit: str
    db: float

    def __str__(self) -> str:
        return f"{self.unit}:{self.db:g}"

    def of(self, samples: NDArray[np.floating[Any]], sample_rate: int) -> float:
        """How loud a sound [n] or [n, channels] is, in the target's unit; -inf for silence."""
        return loudness_lufs(samples, sample_rate) if self.unit == "lufs" else rms_dbfs(samples)


def parse_level(written: str) -> Level | None:
    """`lufs`, `lufs:-23`, `rms:-26`; "none" is None.

    Raises:
        InputError: It is written otherwise, or out of range.
    """
    found = _WRITTEN.fullmatch(written.strip().lower())
    if found is None and written.strip().lower() == "none":
        return None
    low, high = RANGE_DB
    if found is None or not low <= (db := float(found[2] or USUAL[found[1]])) <= high:
        raise InputError("loudness", f'"{written:.40}"', f"Accepted: lufs:-23, rms:-26 ({low:g} to {high:g}), or none.")
    return Level(found[1], db)


def level_out(out: Any, written: str) -> None:
    """Brings the sound of a pipeline's output to a level and fades its edges; an output without one stays as it is.

    The gain is one number for the whole. Where a peak would pass `LOUDEST_DBFS` it is as much as fits, and a warning says
    how much is missing.

    Args:
        out: Its sound is replaced.
        written: As `parse_level` takes it.
    """
    level = parse_level(written)
    if level is None or not (hasattr(out, "audio") and hasattr(out, "sample_rate")):
        return
    faded = fade(np.asarray(out.audio, dtype=np.float64), out.sample_rate)
    before = level.of(faded, out.sample_rate)
    if not math.isfinite(before):
        return
    gain = min(level.db - before, LOUDEST_DBFS - peak_dbfs(faded))
    sound = (faded * 10.0 ** (gain / 20.0)).astype(np.float32)
    if hasattr(out, "sounds_as"):
        out.sounds_as(sound)
    elif "audio" in out:
        out["audio"] = sound
    else:
        out.warnings.append("The loudness of this kind of output is not matched.")
        return
    missing = level.db - before - gain
    if missing > 0.05:
        out.warnings.append(f"The sound is {missing:.1f} dB below {level}: its peaks would pass {LOUDEST_DBFS:g} dBFS.")
    out["made"].facts["level"] = {"target": str(level), "gain_db": round(gain, 2), "fades_s": FADE_S}


def fade(samples: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """A sound that begins and ends at nothing, raised cosines of `FADE_S` each."""
    length = min(round(FADE_S * sample_rate), len(samples) // 2)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))
    shape = np.ones(len(samples))
    shape[:length], shape[len(samples) - length :] = ramp, ramp[::-1]
    return samples * (shape if samples.ndim == 1 else shape[:, None])
