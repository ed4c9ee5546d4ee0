"""A tune felt otherwise: is it still that tune, and does the judge hear the change?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.evaluation.judges.music import MusicJudge
from emogen.evaluation.standing import cell
from emogen.media.score import Note, Score, Track
from emogen.training import kept
from emogen.training.kept import seed_of
from emogen.training.music_standing import bench as of
from emogen.training.music_standing.bench import EMBEDDED, Bench
from emogen.training.music_standing.statistics import melody_of
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "restyled"
SONGS, BARS, BAR = 12, 16, 4.0
#: What is asked, and the signs in which valence and arousal are to move.
ASKED = {"joy": (1, 1), "anger": (-1, 1), "sadness": (-1, -1), "calm": (1, -1)}
SECTION = """### A given tune, felt otherwise

{songs} excerpts of {bars} bars of songs that nothing was learnt from, each asked for in four feelings (`--like`). *Kept*: how much
of the tune's contour (up, down, same, a step or a leap; matched with the restyled one's, 1 = all) is there again, beside that of
another song's; *moved*: the share in which the judge's valence and arousal differ from those of the original as asked. A judge that
cannot tell moves half of them right.
"""


@dataclass(frozen=True)
class Row:
    """A restyled excerpt."""

    song: str
    emotion: str
    kept: float
    by_chance: float
    moved: tuple[float, float]


def excerpt(score: Score) -> Score:
    """Bars out of the middle of a song, from a bar line."""
    first = (score.end_beat // BAR - BARS) // 3 * BAR
    last = first + BARS * BAR
    tracks = []
    for t in score.tracks:
        inside = [n for n in t.notes if first <= n.start_beat < last]
        notes = tuple(
            Note(n.start_beat - first, min(n.duration_beat, last - n.start_beat), n.pitch, n.velocity) for n in inside
        )
        tracks.append(Track(t.name, t.program, t.is_drum, notes))
    bpm = max((b, v) for b, v in score.tempos if b <= first or b == 0)[1]
    return Score(tuple(t for t in tracks if t.notes), ((0.0, bpm),))


def contour(score: Score) -> list[int]:
    """A melody's steps in five kinds: leap or step up or down, the same."""
    steps = np.diff(melody_of(score)[:, 2])
    return [int(np.sign(s) * (2 if abs(s) > 2 else 1)) for s in steps]


def alike(one: list[int], other: list[int]) -> float:
    """Matched part of two sequences, 0..1, runs of three and more alone counting."""
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return sum(b.size for b in blocks if b.size >= 3) / max(len(one), 1)


def measure(bench: Bench, run: bool = True) -> list[Row] | None:
    """All excerpts in all feelings."""
    here = kept.version(
        Path(__file__),
        Path(of.__file__),
        of.ROOT / "codecs" / "*.py",
        *of.MUSIC,
        weights=(*of.LEARNT_FROM, "judge_music"),
    )
    found = bench.kept(PART, here, partial(_measure, bench), run=run)
    return None if found is None else [Row(**row) for row in found]


def _measure(bench: Bench) -> list[dict[str, Any]]:
    print("restyled", flush=True)
    judge, pipe, rows = MusicJudge.load(), bench.pipe(EMBEDDED), []
    originals = {name: excerpt(score) for name, score in bench.songs[:SONGS]}
    for name, original in originals.items():
        before = judge.recognize(original).emotion.vad
        others = [contour(o) for n, o in originals.items() if n != name]
        for emotion in ASKED:
            score = pipe.write(emotion, like=original, seconds=None, seed=seed_of(PART, name))
            after = judge.recognize(score).emotion.vad
            made = contour(score)
            rows.append(Row(
                name, emotion, alike(contour(original), made), float(np.mean([alike(o, made) for o in others])),
                (float(after[0] - before[0]), float(after[1] - before[1])),
            ))  # fmt: skip
    return [asdict(row) for row in rows]


def goals(rows: list[Row]) -> Iterator[Goal]:
    """What was aimed at."""
    found = float(np.mean([row.kept for row in rows]))
    yield Goal(
        "restyled: the tune's contour kept (another song's: by chance)",
        ".8",
        f"{number(found)} ({number(_chance(rows))})",
        found >= 0.8,
    )
    for axis, name in enumerate(("valence", "arousal")):
        moved = _moved(rows, axis)
        yield Goal(f"restyled: the judge's {name} moves as asked", ".9", cell(moved), moved.value >= 0.9)


def _chance(rows: list[Row]) -> float:
    return float(np.mean([row.by_chance for row in rows]))


def _moved(rows: list[Row], axis: int) -> Any:
    right = np.array([np.sign(row.moved[axis]) == ASKED[row.emotion][axis] for row in rows], dtype=float)
    return figure(lambda i: float(right[i].mean()), [row.song for row in rows])


def section(rows: list[Row]) -> Iterator[str]:
    """A table."""
    yield SECTION.format(songs=len({r.song for r in rows}), bars=BARS)
    lines = []
    for emotion in ASKED:
        own = [r for r in rows if r.emotion == emotion]
        lines.append([
            emotion, number(float(np.mean([r.kept for r in own]))), number(_chance(own)), cell(_moved(own, 0)), cell(_moved(own, 1)),
        ])  # fmt: skip
    yield from table(["", "kept", "by chance", "valence moved right", "arousal moved right"], lines)
    yield ""
