"""The plan to read: one row per line, its arc, then music and scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack

if TYPE_CHECKING:
    from emogen.pipelines.performance.plan import Plan

_BARS = "▁▂▃▄▅▆▇█"
ARC_CELLS = 60


def table(plan: Plan) -> str:
    """Who says what when, what is felt and why, and how it is seen; lines of text."""
    rows = [("line", "start", "end", "who", "shot", "emotion", "because", "text")]
    for i, b in enumerate(plan.beats, 1):
        times = (f"{b.start_s:.1f}", f"{b.end_s:.1f}")
        rows.append((str(i), *times, b.role.name, b.shot, _clip(_shown(b.emotion), 44), _clip(b.because, 40), _clip(b.words, 60)))
    widths = [max(len(row[i]) for row in rows) for i in range(7)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[7]]).rstrip() for row in rows]
    lines += ["", *arc(plan), ""]
    lines += [f"music  {c.start_s:.1f}-{c.end_s:.1f} s  {_clip(_shown(c.emotion), 100)}" for c in plan.music if c.emotion]
    lines += [f"scene  from {c.start_s:.1f} s  {c.words}" for c in plan.scenes if c.words]
    return "\n".join([f"{plan.called}: about {plan.duration_s:.0f} s", *lines])


def arc(plan: Plan) -> list[str]:
    """Valence and arousal over the whole time as bars, and where the story turns."""
    cells = min(ARC_CELLS, max(len(plan.beats) * 4, 12))
    times = np.linspace(plan.beats[0].start_s, plan.beats[-1].end_s, cells)
    vad = np.array([plan.track.at(float(t)).vad for t in times])
    axes = (("valence", vad[:, 0]), ("arousal", vad[:, 1]))
    found = [f"{name:8} {_bars(values)}  {values.min():+.2f} .. {values.max():+.2f}" for name, values in axes]
    turns = [f'{p.t_s:.1f} s line {p.beat + 1} "{p.word}" ({p.strength:.2f})' for p in plan.peaks]
    return [*found, f"turns    {'; '.join(turns) or 'none'}"]


def _bars(values: np.ndarray) -> str:
    """Values -1..1 as bars of eight heights."""
    heights = np.clip(np.floor((values + 1.0) / 2.0 * len(_BARS)), 0, len(_BARS) - 1).astype(int)
    return "".join(_BARS[i] for i in heights)


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _shown(track: EmotionTrack) -> str:
    """An emotion for the table: as it is written where that is short, else by its label."""

    def short(emotion: Emotion) -> str:
        return str(emotion) if len(str(emotion)) <= 30 and "|" not in str(emotion) else f"{emotion.label}, {emotion.intensity:.2f}"

    if len(track.keyframes) == 1:
        return short(track.keyframes[0].emotion)
    return "; ".join(f"{k.t:.3g}s {short(k.emotion)}" for k in track.keyframes)
