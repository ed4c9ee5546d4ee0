"""The emotion of one clip on another's content: does what is done stay, and is the other's emotion seen?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen import checkpoints
from emogen.codecs.body import BodyMotion
from emogen.conditioning.motion import MotionRecognizer
from emogen.evaluation import metrics
from emogen.evaluation.judges.motion import MotionJudge
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training import kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing import moves
from emogen.training.gesture_standing.bench import EMBEDDED, FPS, Bench, Recording
from emogen.training.gesture_standing.clips import FELT
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import table

PART = "exchange"
NEAR_S = 0.15  # apexes are the same within this; own assumption
#: Height (cm) and speed (cm/s) below which a foot stands; own assumption, a step has several times as much.
STANDS_CM, STANDS_CM_S = 4.0, 25.0
SECTION = """### Is what is done kept apart from how it is felt?

AMUSE's test: the emotion of one recording on another's content. {n} pairs: a neutral recording of each content of the
judge's half, asked for the emotion that the guide of movement hears in a recording of another content and style
(`@clip.bvh`). Kept: apexes of the hands (F1 within {near:g} ms), which foot stands (share of the frames), and the way of the
hips (share of its length by which it is missed at most, of contents that go somewhere), each after times are stretched to the
same length; beside it the same against the recording of another content. Seen: how often the judge's reading is nearer to
its reading of the giver than that of the content's own recording was (Jensen-Shannon divergence), and how often it changes
its label.
"""


@dataclass(frozen=True)
class Swapped:
    """One pair.

    Attributes:
        content: Of the recording that is moved otherwise.
        giver: The label of the recording whose emotion is taken.
        asked: What the guide heard in it, the likeliest two.
        kept: "apexes", "feet", "way" against the own content's recording; nan where there is nothing to keep.
        other: The same against a recording of another content.
        nearer: Whether the judge's reading came nearer to that of the giver.
        before, after, wanted: The judge's label of content, of what was made, of the giver.
    """

    content: str
    giver: str
    asked: str
    kept: dict[str, float | None]
    other: dict[str, float | None]
    nearer: bool
    before: str
    after: str
    wanted: str


def measure(bench: Bench, run: bool = True) -> list[Swapped] | None:
    """All pairs."""
    judge = Path(checkpoints.HERE) / "judge_motion" / checkpoints.SUMS
    here = kept.version(Path(__file__), Path(moves.__file__), Path(of.__file__), judge, *of.MOTION, weights=of.LEARNT_FROM)
    found = bench.kept(PART, here, partial(_measure, bench), run=run)
    return None if found is None else [Swapped(**row) for row in found]


def _measure(bench: Bench) -> list[dict[str, Any]]:
    print("exchange", flush=True)
    first: dict[str, Recording] = {}
    for one in bench.neutral:
        first.setdefault(one.group, one)
    contents = list(first.values())
    rows = []
    for i, one in enumerate(contents):
        for k, label in enumerate(FELT):
            givers = [r for r in bench.recorded if r.label == label and r.group != one.group]
            if givers:
                rows.append(asdict(_pair(bench, one, givers[(i + k) % len(givers)], contents[(i + 1) % len(contents)])))
    return rows


def _pair(bench: Bench, one: Recording, giver: Recording, other: Recording) -> Swapped:
    heard = MotionRecognizer.load().recognize_positions(moves.judged(giver.motion), FPS)
    made = bench.pipe(EMBEDDED)(motion=one.motion, emotion=heard.emotion, fps=FPS, seed=kept.seed_of(one.name, giver.name)).motion
    read = [MotionJudge.load().recognize_positions(moves.judged(m), FPS).distribution for m in (one.motion, made, giver.motion)]
    chances = [np.array(list(d.values())) for d in read]
    made_away, own_away = (float(metrics.js_divergence(chances[2][None], c[None])[0]) for c in (chances[1], chances[0]))
    before, after, wanted = (max(d, key=lambda k: d[k]) for d in read)
    same, else_ = stays(one.motion, made), stays(other.motion, made)
    likeliest = sorted(heard.distribution.items(), key=lambda kv: -kv[1])[:2]
    told = ", ".join(f"{k} {v:.2f}" for k, v in likeliest)
    return Swapped(one.content, giver.label, told, same, else_, made_away < own_away, before, after, wanted)


def stays(one: BodyMotion, made: BodyMotion) -> dict[str, float | None]:
    """How far what is done in one movement is done in another; both stretched to the same length."""
    return {"apexes": _apexes(one, made), "feet": _feet(one, made), "way": _way(one, made)}


def _length(motion: BodyMotion) -> float:
    return len(motion.rotations) / motion.fps


def _apexes(one: BodyMotion, made: BodyMotion) -> float | None:
    hits = total = 0
    for wanted, found in zip(moves.apexes(one), moves.apexes(made), strict=True):
        free = list(found * _length(one) / _length(made))
        for at in wanted:
            best = min(free, key=lambda t: abs(t - at), default=None)
            if best is not None and abs(best - at) <= NEAR_S:
                free.remove(best)
                hits += 1
        total += len(wanted) + len(found)
    return 2 * hits / total if total else None


def _stands(motion: BodyMotion, count: int) -> NDArray[np.bool_]:
    """Which foot stands [count, 2], evenly over the movement."""
    p = motion.positions()[:, [moves.index(s + "Foot") for s in moves.SIDES]]
    speed = np.linalg.norm(np.gradient(p, axis=0), axis=-1) * motion.fps
    low = p[..., 1] - np.percentile(p[..., 1], 5, axis=0) < STANDS_CM
    rows = np.linspace(0, len(p) - 1, count).round().astype(int)
    return np.asarray(((speed < STANDS_CM_S) & low)[rows])


def _feet(one: BodyMotion, made: BodyMotion) -> float:
    count = len(one.rotations)
    return float((_stands(one, count) == _stands(made, count)).mean())


def _way(one: BodyMotion, made: BodyMotion) -> float | None:
    """Of movements that go 1 m or more."""
    way, found = (m.root_cm[:, [0, 2]] - m.root_cm[0, [0, 2]] for m in (one, made))
    length = float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())
    if np.linalg.norm(way[-1]) < 100.0:
        return None
    rows = np.linspace(0, len(found) - 1, len(way)).round().astype(int)
    return float(np.linalg.norm(found[rows] - way, axis=1).max() / length)


def mean(rows: Sequence[Swapped], which: str, of_other: bool = False) -> Figure:
    """Of what is kept."""
    pairs = [(r.content, (r.other if of_other else r.kept)[which]) for r in rows]
    there = [(c, v) for c, v in pairs if v is not None]
    if not there:
        return Figure(float("nan"))
    values = np.array([v for _, v in there])
    return figure(lambda i: float(values[i].mean()), [c for c, _ in there])


def share(rows: Sequence[Swapped], hit: Sequence[bool]) -> Figure:
    """Share of pairs, over contents."""
    values = np.array(hit, dtype=float)
    return figure(lambda i: float(values[i].mean()), [r.content for r in rows])


def goals(rows: Sequence[Swapped]) -> Iterator[Goal]:
    """What was aimed at."""
    apexes, other = mean(rows, "apexes"), mean(rows, "apexes", True)
    yield Goal("another's emotion: apexes of the content stay", f"F1 .9 (another content {cell(other)})", cell(apexes), apexes.value >= 0.9)
    feet = mean(rows, "feet")
    yield Goal("another's emotion: the same foot stands", ".95", cell(feet), feet.value >= 0.95)
    nearer = share(rows, [r.nearer for r in rows])
    yield Goal("another's emotion is read from it more than before", "surely above .5", cell(nearer), nearer.low > 0.5)


def section(rows: Sequence[Swapped]) -> Iterator[str]:
    """Markdown."""
    yield SECTION.format(n=len(rows), near=1000 * NEAR_S)
    lines = []
    for label in ("all", *dict.fromkeys(r.giver for r in rows)):
        own = [r for r in rows if label in ("all", r.giver)]
        moved = [r for r in own if r.before != r.wanted]
        lines.append([
            label, str(len(own)), *(f"{cell(mean(own, k))} ({cell(mean(own, k, True))})" for k in ("apexes", "feet", "way")),
            cell(share(own, [r.nearer for r in own])), cell(share(own, [r.after != r.before for r in own])),
            cell(share(moved, [r.after == r.wanted for r in moved])) if moved else "-",
        ])  # fmt: skip
    yield from table(["emotion of", "pairs", "apexes (another content)", "feet (another)", "way missed (another)", "nearer to the giver",
                      "label changes", "to the giver's, where another"], lines)  # fmt: skip
    asked = {r.giver: r.asked for r in rows if r.giver != NEUTRAL}
    yield "\nWhat the guide heard, one example each: " + "; ".join(f"{k}: {v}" for k, v in asked.items()) + ".\n"
    yield ""
