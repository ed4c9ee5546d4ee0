"""The values of SSML's `prosody` and `break`, as numbers. The steps of the named values are this project's own."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from emogen.pipelines.speech.sentence import Mark

RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.35, "x-fast": 1.8}
PITCHES_ST = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
RANGES = {"x-low": 0.4, "low": 0.7, "medium": 1.0, "default": 1.0, "high": 1.5, "x-high": 2.0}
VOLUMES_DB = {
    "silent": -100.0, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 6.0, "x-loud": 12.0,
}  # fmt: skip
BREAKS_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.2}
LONGEST_BREAK_S = 60.0  # own assumption
#: What a voice bears, lowest and highest: factors, Hz, semitones and dB from the voice's own. Own assumptions.
RATE_BOUNDS, HZ_BOUNDS, ST_BOUNDS, RANGE_BOUNDS, DB_BOUNDS = (0.2, 5.0), (30.0, 800.0), (-24.0, 24.0), (0.0, 5.0), (-100.0, 24.0)

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_PERCENT = re.compile(rf"({_NUMBER})%")
_PITCH = re.compile(rf"({_NUMBER})\s?(Hz|hz|st|%)")
_TARGET = re.compile(rf"\(\s*(\d+(?:\.\d*)?)%\s*,\s*({_NUMBER}(?:Hz|hz|st|%)|[a-z-]+)\s*\)")

#: A point of a contour: place 0..1, Hz and semitones added there.
Target = tuple[float, float, float]


def with_rate(mark: Mark, text: str) -> Mark:
    """`x-slow` .. `x-fast`, `80%` (of the rate around it), `+10%`, `1.2`."""
    if text in RATES:
        return replace(mark, rate=RATES[text])
    factor = _factor(text)
    if factor is None and re.fullmatch(r"\d+(?:\.\d+)?", text):
        factor = float(text)
    if factor is None:
        raise ValueError(f"Accepted: {', '.join(RATES)}, or such as 80%, +10%.")
    return replace(mark, rate=_within(mark.rate * factor, RATE_BOUNDS, "times the usual rate"))


def with_pitch(mark: Mark, text: str) -> Mark:
    """`x-low` .. `x-high`, `120Hz`, `+20Hz`, `-2st`, `+10%`."""
    if text in PITCHES_ST:
        return replace(mark, pitch_st=PITCHES_ST[text], shift_hz=0.0, pitch_hz=None)
    if (found := _PITCH.fullmatch(text)) and found[2].lower() == "hz" and text[0] not in "+-":
        return replace(mark, pitch_hz=_within(float(found[1]), HZ_BOUNDS, "Hz"), shift_hz=0.0, pitch_st=0.0)
    change = _change(text)
    if change is None:
        raise ValueError(f"Accepted: {', '.join(PITCHES_ST)}, or such as 120Hz, +20Hz, -2st, +10%.")
    hz, semitones = change
    return replace(
        mark,
        shift_hz=_within(mark.shift_hz + hz, (-HZ_BOUNDS[1], HZ_BOUNDS[1]), "Hz"),
        pitch_st=_within(mark.pitch_st + semitones, ST_BOUNDS, "semitones"),
    )


def with_range(mark: Mark, text: str) -> Mark:
    """`x-low` .. `x-high`, `150%`, `+50%`."""
    if text in RANGES:
        return replace(mark, range=RANGES[text])
    factor = _factor(text)
    if factor is None:
        raise ValueError(f"Accepted: {', '.join(RANGES)}, or such as 150%, +50%.")
    return replace(mark, range=_within(mark.range * factor, RANGE_BOUNDS, "times the usual range"))


def with_volume(mark: Mark, text: str) -> Mark:
    """`silent` .. `x-loud`, `+6dB`, `0` to `100` (SSML 1.0: 100 is full)."""
    if text in VOLUMES_DB:
        return replace(mark, volume_db=VOLUMES_DB[text])
    if found := re.fullmatch(rf"({_NUMBER})\s?[dD][bB]", text):
        return replace(mark, volume_db=_within(mark.volume_db + float(found[1]), DB_BOUNDS, "dB"))
    if re.fullmatch(r"\d+(?:\.\d+)?", text) and 0 <= float(text) <= 100:
        return replace(mark, volume_db=max(20.0 * math.log10(max(float(text), 1e-3) / 100.0), DB_BOUNDS[0]))
    raise ValueError(f"Accepted: {', '.join(VOLUMES_DB)}, or such as +6dB, 80.")


def contour(text: str) -> tuple[Target, ...]:
    """`(0%,+20Hz) (50%,-2st) (100%,+10%)`: places and changes of the pitch."""
    found: list[Target] = []
    for match in _TARGET.finditer(text):
        change = (0.0, PITCHES_ST[match[2]]) if match[2] in PITCHES_ST else _change(match[2])
        if change is None or match[2][0].isdigit() or float(match[1]) > 100:
            found = []
            break
        found.append((float(match[1]) / 100.0, change[0], _within(change[1], ST_BOUNDS, "semitones")))
    if not found or _TARGET.sub("", text).strip():
        raise ValueError("Accepted: such as (0%,+20Hz) (50%,-2st) (100%,+10%).")
    return tuple(sorted(found))


def along(targets: tuple[Target, ...], place: float) -> tuple[float, float]:
    """Hz and semitones added at a place 0..1, straight between the targets."""
    before = max((t for t in targets if t[0] <= place), default=targets[0])
    after = min((t for t in targets if t[0] >= place), default=targets[-1])
    share = (place - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
    return before[1] + share * (after[1] - before[1]), before[2] + share * (after[2] - before[2])


def break_s(time: str | None, strength: str | None) -> float:
    """How long a break is, in seconds; medium where neither is given, `time` where both are."""
    if strength is not None and strength not in BREAKS_S:
        raise ValueError(f"Accepted for strength: {', '.join(BREAKS_S)}.")
    if time is None:
        return BREAKS_S[strength or "medium"]
    found = re.fullmatch(r"\+?(\d+(?:\.\d*)?|\.\d+)(ms|s)", time.strip())
    if found is None:
        raise ValueError("Accepted for time: such as 500ms, 1.5s.")
    return _within(float(found[1]) / (1000.0 if found[2] == "ms" else 1.0), (0.0, LONGEST_BREAK_S), "s of silence")


def _factor(text: str) -> float | None:
    """`80%` is a factor of 0.8, `+10%` one of 1.1."""
    found = _PERCENT.fullmatch(text)
    if found is None:
        return None
    return float(found[1]) / 100.0 + (1.0 if text[0] in "+-" else 0.0)


def _change(text: str) -> tuple[float, float] | None:
    """Hz and semitones of a relative change of pitch."""
    found = _PITCH.fullmatch(text)
    if found is None:
        return None
    value, unit = float(found[1]), found[2].lower()
    if unit == "hz":
        return (value, 0.0) if text[0] in "+-" else None
    if unit == "st":
        return 0.0, value
    factor = value / 100.0 + (1.0 if text[0] in "+-" else 0.0)
    return (0.0, 12.0 * math.log2(factor)) if factor > 0 else None


def _within(value: float, bounds: tuple[float, float], unit: str) -> float:
    low, high = bounds
    if not low <= value <= high:
        raise ValueError(f"That makes {value:g} {unit}; accepted: {low:g} to {high:g}.")
    return value
