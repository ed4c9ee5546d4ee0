"""Level and pitch of a voice -> which syllables stand out, and what is said without a pause."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from emogen.pipelines.gesture.speech import RATE_HZ, Accent, Floats, Word

#: A silence this long (s) parts phrases: Goldman-Eisler 1968 counts pauses from a quarter of a second.
PAUSE_S = 0.25
#: Speech shorter than this (s) is a click; own assumption.
SHORTEST_S = 0.1
#: Syllables: peaks of the level smoothed by this (s) that rise this far (dB) above what is around; as `voice_measures`.
SMOOTH_S, RISE_DB = 0.04, 2.0
#: What is measured of a syllable: within this of its middle (s), against what lies within that of it (s). Own choice.
NEAR_S, AROUND_S = 0.09, 1.2
#: How much a syllable stands out by a dB of level and a semitone of pitch: logistic regression on the sentence stress that
#: phoneticians marked in EmoDB (2864 syllables, 10 speakers). For a speaker who was left out it parts stressed from other
#: syllables with an area under the curve of .79.
PER_DB, PER_ST = 0.20, 0.245
#: Standing out by how many spreads of the voice's syllables makes an accent, where no text is known and where the word's
#: stress is; strength of one that stands out by none, and what each spread adds. Own choice.
LEAST, LEAST_STRESSED, USUAL, PER_SPREAD = -0.25, -0.6, 0.7, 0.35
#: A voice's syllables spread by at least so much: smaller differences do not count. Of two that are nearer than this (s) the
#: weaker one is no accent. Own choice.
LEAST_SPREAD, CLASH_S = 0.5, 0.35
#: A peak of pitch away from the loudest moment has to be higher by so many semitones for a second; own choice.
PER_AWAY = 20.0


def phrases_of(heard: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """(start, end) in s of what is said without a pause, from frames [T] that are heard."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], heard, [0]]).astype(int))).reshape(-1, 2) / RATE_HZ
    found: list[tuple[float, float]] = []
    for start, end in edges.tolist():
        if found and start - found[-1][1] < PAUSE_S:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple((a, b) for a, b in found if b - a >= SHORTEST_S)


def syllables(level: Floats, heard: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Frames at which syllables are loudest."""
    floor = level[heard].min() if heard.any() else 0.0
    smooth = gaussian_filter1d(np.maximum(level, floor), SMOOTH_S * RATE_HZ)
    peaks, _ = find_peaks(smooth, prominence=RISE_DB)
    return np.asarray(peaks[heard[peaks]], np.int64)


def accented(level: Floats, pitch: Floats, heard: NDArray[np.bool_], words: Sequence[Word] = ()) -> tuple[Accent, ...]:
    """The accents of a voice.

    Args:
        level: [T] dB.
        pitch: [T] semitones, NaN where there is none.
        heard: [T] what is not silence.
        words: What is said, where it is known: only their stressed syllables can be accents.
    """
    known = [word for word in words if word.stressed]
    at = np.array([_loudest(level, word.stress_s) for word in known]) if known else syllables(level, heard)
    if not len(at) or not heard.any():
        return ()
    out = standing_out(level, pitch, heard, at)
    out = (out - out.mean()) / max(float(out.std()), LEAST_SPREAD)
    chosen = out > LEAST_STRESSED if known else (out > LEAST) & ~_outdone(at, out)
    return tuple(
        Accent(_peak(pitch, i), float(np.clip(USUAL + PER_SPREAD * out[k], 0.2, 1.5)), known[k].text if known else "")
        for k, i in enumerate(at.tolist())
        if chosen[k]
    )


def _outdone(at: NDArray[np.int64], out: Floats) -> NDArray[np.bool_]:
    """[n] whether a syllable that stands out more is near."""
    found = np.zeros(len(at), bool)
    for step in range(1, min(5, len(at))):  # no more than four syllables fit in
        near = at[step:] - at[:-step] < CLASH_S * RATE_HZ
        found[:-step] |= near & (out[step:] > out[:-step])
        found[step:] |= near & (out[step:] < out[:-step])
    return found


def standing_out(level: Floats, pitch: Floats, heard: NDArray[np.bool_], at: NDArray[np.int64]) -> Floats:
    """How far syllables at frames [n] stand out of what is said around them, by level and pitch: [n], about -1..5."""
    near, around = round(NEAR_S * RATE_HZ), round(AROUND_S * RATE_HZ)
    found = np.zeros(len(at))
    for k, i in enumerate(at.tolist()):
        own, wide = slice(max(0, i - near), i + near + 1), slice(max(0, i - around), i + around + 1)
        tones, usual = pitch[own][~np.isnan(pitch[own])], pitch[wide][~np.isnan(pitch[wide])]
        if heard[wide].any():
            found[k] = PER_DB * (level[own].max() - np.median(level[wide][heard[wide]]))
        if len(tones):
            found[k] += PER_ST * (np.median(tones) - np.median(usual))
    return found


def _loudest(level: Floats, at_s: float) -> int:
    """The loudest frame of a vowel around its middle."""
    first = max(0, round((at_s - NEAR_S / 2) * RATE_HZ))
    own = level[first : round((at_s + NEAR_S / 2) * RATE_HZ) + 1]
    return min(first + int(own.argmax()), len(level) - 1) if len(own) else len(level) - 1


def _peak(pitch: Floats, frame: int) -> float:
    """When the pitch of a syllable is highest, in s; near its loudest moment, and there where it has none."""
    first = max(0, frame - round(NEAR_S * RATE_HZ))
    own = pitch[first : frame + round(NEAR_S * RATE_HZ) + 1]
    away = np.abs(np.arange(len(own)) + first - frame) / RATE_HZ
    return (first + int(np.nanargmax(own - PER_AWAY * away)) if not np.isnan(own).all() else frame) / RATE_HZ
