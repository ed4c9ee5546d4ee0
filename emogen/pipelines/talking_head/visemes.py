"""Phones with times -> mouth curves with co-articulation.

Every phone pulls the mouth towards its viseme with a dominance that falls off exponentially before and after it, and
the mouth follows the dominance-weighted mean (Cohen & Massaro 1993, "Modeling coarticulation in synthetic visual
speech"; rounded off at the edges of a phone, so that nothing jerks at 60 frames a second). The 15 visemes are those of
Oculus/Meta; their shapes (`visemes.csv`) are our own, in the manner of the MIT-licensed table of met4citizen/TalkingHead.
Whatever the neighbours do, p b m close the lips fully.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.pipelines.talking_head.sounds import Phone, is_switch
from emogen.tables import read_table

#: Lips lead the sound by tens of milliseconds (facts 3.3, PMC545853); s.
LEAD_S = 0.05
#: How fast dominance falls off before and after a phone (1/s); anticipation is slower for rounded lips. Own assumption.
FALL_BEFORE, FALL_AFTER, FALL_ROUND = 22.0, 25.0, 14.0
#: Within this of a phone's edge dominance falls off slowly at first (s); own assumption.
SOFT_S = 0.01
#: A phone is felt this long around itself (s).
REACH_S = 0.35
#: Closures hold for this share of the phone and open and close within this time (s); own assumption.
HOLD, EDGE_S = 0.6, 0.06
#: Channels that part the lips: they are taken back in a closure.
PARTING = ("jawOpen", "mouthFunnel", "mouthLowerDown", "mouthUpperUp")
SPOKEN = ("jawOpen", "mouthFunnel", "mouthPucker", "mouthStretch", "mouthSmile", "mouthLowerDown", "mouthUpperUp", "mouthPress",
          "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "tongueOut")  # fmt: skip
#: A shorter pause (s) leaves the lips to speech; own assumption.
PAUSE_S = 0.8
VOWELS = {"aa", "ah", "E", "I", "O", "U"}


@dataclass(frozen=True)
class Visemes:
    """Names, shapes [n, 12] over `SPOKEN`, dominance [n], whether rounded [n], and phone -> index."""

    names: tuple[str, ...]
    shapes: np.ndarray
    dominance: np.ndarray
    rounded: np.ndarray
    phones: dict[str, int]


@cache
def table() -> Visemes:
    """The viseme table."""
    rows = read_table(__package__, "visemes.csv")
    shapes = np.array([[float(r[c]) for c in SPOKEN] for r in rows])
    phones = {p: i for i, r in enumerate(rows) for p in r["phones"].split()}
    return Visemes(
        tuple(r["viseme"] for r in rows),
        shapes,
        np.array([float(r["dominance"]) for r in rows]),
        np.array([r["rounding"] == "1" for r in rows]),
        phones,
    )


def visemes_of(phone: str) -> list[int]:
    """The visemes of an IPA phone: one, or two for diphthongs and affricates; unknown signs fall back to a schwa."""
    found = table()
    plain = re.sub(r"[ˈˌːˑ.\u0303\u032f\u0361\u035c\u02b0\u02b2\u02e0\u0329\u031a'ʼ̃-]", "", phone)
    if is_switch(phone) or not any(c.isalpha() for c in plain):
        return [0]
    if plain in found.phones:
        return [found.phones[plain]]
    parts = [found.phones[c] for c in plain if c in found.phones]
    return parts[:2] if parts else [found.names.index("ah")]


def mouth(phones: Sequence[Phone], duration_s: float, fps: float, loudness: np.ndarray | None = None) -> np.ndarray:
    """Mouth curves of spoken phones.

    Args:
        phones: (IPA, start in s, end in s), in order.
        duration_s: Length of the result.
        fps: Frames per second.
        loudness: Per phone, 1 = usual: opens vowels more or less.

    Returns:
        float32 [T, 61]; channels that speech does not move are 0.
    """
    frames = round(duration_s * fps)
    found = table()
    pieces = _pieces(phones, loudness)
    weighted, total = np.zeros((frames, len(SPOKEN))), np.full(frames, 1e-6)
    at = np.arange(frames) / fps + LEAD_S
    for viseme, start, end, gain in pieces:
        first, last = (int(np.clip(round((t - LEAD_S) * fps), 0, frames)) for t in (start - REACH_S, end + REACH_S))
        t = at[first:last]
        fall = FALL_ROUND if found.rounded[viseme] else FALL_BEFORE
        outside = np.maximum(np.maximum(start - t, t - end), 0.0)
        away = np.where(t < start, fall, FALL_AFTER) * (np.hypot(outside, SOFT_S) - SOFT_S)
        pull = found.dominance[viseme] * np.exp(-away)
        shape = found.shapes[viseme] * (gain if found.names[viseme] in VOWELS else 1.0)
        weighted[first:last] += pull[:, None] * shape
        total[first:last] += pull
    moved = weighted / (total[:, None] + 0.12)
    return _curves(_closed(moved, pieces, at))


def _pieces(phones: Sequence[Phone], loudness: np.ndarray | None) -> list[tuple[int, float, float, float]]:
    """(viseme, start, end, gain): diphthongs are split 60 : 40, their second half being the shorter."""
    pieces = []
    for i, (phone, start, end) in enumerate(phones):
        if is_switch(phone):  # its neighbours reach over it
            continue
        gain = float(loudness[i]) if loudness is not None else 1.0
        kinds = visemes_of(phone)
        turn = end if len(kinds) == 1 else start + 0.6 * (end - start)
        pieces.append((kinds[0], start, turn, gain))
        if len(kinds) == 2:
            pieces.append((kinds[1], turn, end, gain))
    return pieces


def _closed(moved: np.ndarray, pieces: list[tuple[int, float, float, float]], at: np.ndarray) -> np.ndarray:
    """Takes back what parts the lips in every p, b, m, and brings f and v to the teeth."""
    found = table()
    parting = [SPOKEN.index(c) for c in PARTING]
    for name, kept in (("PP", 0.0), ("FF", 0.25)):
        viseme = found.names.index(name)
        for kind, start, end, _ in pieces:
            if kind != viseme:
                continue
            middle, half = (start + end) / 2, max(HOLD * (end - start) / 2, 0.025)
            near = slice(
                int(np.searchsorted(at, middle - half - EDGE_S)), int(np.searchsorted(at, middle + half + EDGE_S))
            )
            x = np.clip((np.abs(at[near] - middle) - half) / EDGE_S, 0, 1)
            shut = (0.5 + 0.5 * np.cos(np.pi * x))[:, None]
            block = moved[near]
            block[:, parting] *= 1 - (1 - kept) * shut
            block[:, :] = (
                block * (1 - shut) + np.maximum(block, found.shapes[viseme] * (1 if kept == 0 else 0.9)) * shut
            )
            if kept == 0:
                block[:, parting] *= 1 - shut
    return moved


def _curves(moved: np.ndarray) -> np.ndarray:
    curves = np.zeros((len(moved), len(FACE_CHANNELS)), np.float32)
    for k, name in enumerate(SPOKEN):
        columns = [INDEX[name]] if name in INDEX else both(name)
        curves[:, columns] = moved[:, k : k + 1]
    return curves


def speech_activity(phones: Sequence[Phone], duration_s: float, fps: float) -> np.ndarray:
    """0 in silence .. 1 while speaking, with 120 ms of transition: float64 [T]. Short pauses belong to the speech."""
    frames = round(duration_s * fps)
    active, last = np.zeros(frames), -np.inf
    for phone, start, end in phones:
        if visemes_of(phone) != [0]:
            begin = last if start - last < PAUSE_S else start - 0.08
            active[max(0, round(begin * fps)) : round((end + 0.08) * fps)] = 1.0
            last = end
    width = max(1, round(0.12 * fps))
    return np.convolve(np.pad(active, width, mode="edge"), np.ones(2 * width + 1) / (2 * width + 1), mode="valid")
