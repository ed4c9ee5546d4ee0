"""Why a face looks as it does: from what is felt to action units to the regions of the face, in words and as data.

The chain is what the pipeline follows, not a story told afterwards: the units are those that move the face. Somebody
who wants another face edits them and has it drawn again (`units=` of the pipeline).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.media.jsonio import read_json
from emogen.pipelines.talking_head.expression import MOST, UNITS, ExpressionRules
from emogen.tables import read_table

#: Letters of FACS intensity from trace to maximum; equal steps are own assumption.
LETTERS = "ABCDE"
FAINT = 0.05  # units below this are left out

Floats = np.ndarray


@dataclass(frozen=True)
class Moment:
    """What a keyframe asks of the face.

    Attributes:
        t: Seconds.
        emotion: As written.
        weights: Term -> share.
        vad: Valence, arousal, dominance, each -1..1.
        units: Action unit -> amplitude 0..1.3, strongest first.
    """

    t: float
    emotion: str
    weights: dict[str, float]
    vad: tuple[float, float, float]
    units: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        regions: dict[str, list[str]] = {}
        for unit in self.units:
            regions.setdefault(_names()[unit][1], []).append(unit)
        return {
            "t": round(self.t, 3), "emotion": self.emotion,
            "weights": {k: round(v, 3) for k, v in self.weights.items()}, "vad": [round(v, 3) for v in self.vad],
            "units": {k: round(v, 3) for k, v in self.units.items()}, "regions": regions,
        }  # fmt: skip


def told(moments: Sequence[Mapping[str, Any]]) -> list[str]:
    """The chain for people, line by line, from moments as `Moment.to_dict` gives them."""
    lines = []
    for one in moments:
        shares = ", ".join(f"{k} {v:.0%}" for k, v in one["weights"].items())
        v, a, d = one["vad"]
        lines += [f"{one['t']:.2f} s  {one['emotion']}", f"  felt: {shares}; valence {v:+.2f}, arousal {a:+.2f}, dominance {d:+.2f}"]
        for region, units in one["regions"].items():
            named = (f"{u} {_names()[u][0]} {one['units'][u]:.2f} ({letter(one['units'][u])})" for u in units)
            lines.append(f"  {region}: {', '.join(named)}")
        if not one["units"]:
            lines.append("  the face rests")
    return lines


def explained(rules: ExpressionRules, track: EmotionTrack, units: UnitTrack | None = None) -> list[Moment]:
    """The chain for each keyframe of a track, or of edited units where they are given."""
    times = [key.t for key in track.keyframes] if units is None else [float(t) for t in units.times]
    found = []
    for t in times:
        emotion: Emotion = track.at(t)
        row = rules.units_of(emotion.vad[None], emotion.basic()[None])[0] if units is None else units.at(np.array([t]))[0]
        strongest = sorted(((float(x), u) for u, x in zip(UNITS, row, strict=True) if x >= FAINT), reverse=True)
        v, a, d = (float(x) for x in emotion.vad)
        found.append(Moment(t, str(emotion), dict(emotion.weights), (v, a, d), {u: x for x, u in strongest}))
    return found


def letter(amplitude: float) -> str:
    """FACS intensity A..E of an amplitude."""
    return LETTERS[int(np.clip(np.ceil(amplitude * len(LETTERS)) - 1, 0, len(LETTERS) - 1))]


@dataclass(frozen=True, eq=False)
class UnitTrack:
    """Action units over time, in place of what an emotion asks for.

    Attributes:
        times: [K] seconds, rising.
        values: [K, 18] over `UNITS`, 0..1.3.
    """

    times: Floats
    values: Floats

    def at(self, times_s: Floats) -> Floats:
        """[T, 18], straight between keyframes, held outside."""
        return np.stack([np.interp(times_s, self.times, column) for column in self.values.T], axis=1)

    def shift(self, by_s: float) -> UnitTrack:
        """The same, later."""
        return UnitTrack(self.times + by_s, self.values)

    @staticmethod
    def of(given: Any) -> UnitTrack:
        """Reads edited units.

        Args:
            given: A mapping (`{"AU12": 0.8}`, for all times), a list of mappings with "t", the form that `to_dict`
                of the moments gives, or the path of a JSON file that holds one of these.

        Raises:
            InputError: An unknown unit, an amplitude out of range, times that do not rise.
        """
        if isinstance(given, UnitTrack):
            return given
        if isinstance(given, (str, Path)):
            given = read_json(given)
        if isinstance(given, Mapping) and isinstance(given.get("media"), Mapping):  # a sidecar
            given = given["media"].get("explained", given)
        rows: Sequence[Any] = [given] if isinstance(given, Mapping) else given
        if not isinstance(rows, Sequence) or isinstance(rows, (str, bytes)) or not rows:
            raise InputError("units", f"a {type(given).__name__}", 'Accepted: {"AU12": 0.8}, or a list of these with "t".')
        times: list[float] = []
        values: list[Floats] = []
        for row in rows:
            time, one = _row(row)
            if times and time <= times[-1]:
                raise InputError("units", f"a time of {time:g} s after {times[-1]:g} s", "Accepted: times that rise.")
            times.append(time)
            values.append(one)
        return UnitTrack(np.array(times), np.array(values))


def _row(row: Any) -> tuple[float, Floats]:
    if not isinstance(row, Mapping):
        raise InputError("units", f"{row!r:.40}", 'Accepted: {"t": 0.5, "AU12": 0.8}.')
    amplitudes = row["units"] if isinstance(row.get("units"), Mapping) else {k: v for k, v in row.items() if k != "t"}
    one = np.zeros(len(UNITS))
    for name, value in amplitudes.items():
        if name not in UNITS:
            raise InputError("units", f'no action unit "{name}"', f"Accepted: {', '.join(UNITS)}.")
        one[UNITS.index(name)] = _number(name, value, 0.0, MOST)
    return _number("t", row.get("t", 0.0), 0.0, 1e6), one


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InputError("units", f"{name} {value!r:.40}", f"Accepted: {low:g} to {high:g}.")
    return float(value)


def _names() -> dict[str, tuple[str, str]]:
    """Unit -> its name and the region of the face that it moves."""
    return {row["unit"]: (row["name"], row["region"]) for row in read_table(__package__, "unit_names.csv")}
