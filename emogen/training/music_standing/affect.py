"""Does the judge hear what was asked, from the notes and from the sound?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.music import MusicReader
from emogen.evaluation import metrics
from emogen.evaluation.judges.music import MusicJudge
from emogen.evaluation.metrics import Judged
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell, decided, held_out_of
from emogen.training import kept
from emogen.training.kept import seed_of
from emogen.training.music_standing import bench as of
from emogen.training.music_standing.bench import EMBEDDED, QUADRANTS, SECONDS, SYSTEMS, Asked, Bench
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, ratio, table

PART = "affect"
LABELS = tuple(QUADRANTS)
#: Who plays what is judged by its sound: the ensemble that the feeling chooses, and what the judge knows.
PIANO = "piano"
SOUNDS = (("sounds", None), (PIANO, PIANO))
#: Held-out part of the judge, part of what was made, as said.
KINDS = (("scores", "quadrant", "scores"), ("sounds", "quadrant sounds", "sounds"), ("sounds", f"quadrant {PIANO}", PIANO))
#: Takes of each wording that are judged by their sound too, which takes its time.
HEARD_TAKES = 2
#: The plane of valence and arousal: places along each axis, and seeds at each.
GRID, GRID_TAKES = (-0.8, -0.4, 0.0, 0.4, 0.8), 4
#: Intensities that each label is asked for at, and seeds.
LEVELS, LEVEL_TAKES = (0.0, 0.25, 0.5, 0.75, 1.0), 8
#: Turning points of a track (s) that the judge is to follow.
TRACK, TRACK_S = "0s vad(-0.7,-0.6,0); 30s vad(-0.7,-0.6,0); 34s vad(0.7,0.6,0); 60s vad(0.7,0.6,0)", 60.0
SECTION = """### Is the feeling heard?

200 pieces of {seconds:g} s: four quadrants, five wordings each (a place on the plane, and words that lie in the quadrant), ten
seeds. The judge names one of four quadrants (chance .25), from the notes ("scores") and, for {heard} of the pieces, from the
sound as it is written to a file: as the feeling orchestrates it ("sounds"), and played by a piano alone ("piano"). Its own accuracy
on real pieces it had not learnt from is the ceiling that affect fidelity is a share of: those that a plain piano plays. It also
learnt from them played by instruments and in rooms drawn at random; how it reads those unseen is the row *by others*.
"""


@dataclass(frozen=True)
class Heard:
    """What the judge said of a piece: of what system and request, the chances of the four labels, its VAD."""

    system: str
    name: str
    label: str
    asked: tuple[float, ...]
    source: str
    chances: dict[str, float]
    vad: tuple[float, ...]

    @property
    def found(self) -> str:
        """The likeliest label."""
        return max(self.chances, key=lambda k: self.chances[k])


def measure(bench: Bench, run: bool = True) -> list[Heard] | None:
    """All verdicts."""
    here = kept.version(Path(__file__), Path(of.__file__), *of.MUSIC, weights=(*of.LEARNT_FROM, "judge_music"))
    rows: list[Heard] = []
    for system in SYSTEMS:
        found = bench.kept(PART, here, partial(_measure, bench, system), run=run, name=system)
        if found is None:
            return None
        rows += [Heard(**row) for row in found]
    return rows


def _measure(bench: Bench, system: str) -> list[dict[str, Any]]:
    print(f"affect: {system}", flush=True)
    judge = MusicJudge.load()
    return [asdict(row) for row in _rows(bench, system, judge)]


def _rows(bench: Bench, system: str, judge: MusicReader) -> Iterator[Heard]:
    pipe = bench.pipe(system)

    def of_piece(asked: Asked, seed: int, part: str, sound: bool = False, seconds: float = SECONDS) -> Iterator[Heard]:
        from emogen.conditioning.track import EmotionTrack
        from emogen.media.audio import Audio

        where = tuple(float(v) for v in EmotionTrack.of(asked.emotion).at(0).vad)
        for name, players in SOUNDS[: None if system == EMBEDDED else 1] if sound else ():
            out = pipe(None, asked.emotion, seconds=seconds, seed=seed, instruments=players)
            said = judge.recognize(Audio(np.asarray(out.audio), out.sample_rate))
            yield _heard(system, asked, where, f"{part} {name}", said)
        score = pipe.write(asked.emotion, seconds=seconds, seed=seed)
        yield _heard(system, asked, where, part, judge.recognize(score))

    for asked, seed in of.quadrant_requests():
        yield from of_piece(asked, seed, "quadrant", sound=int(asked.name.rpartition("/")[2]) < HEARD_TAKES)
    for v in GRID:
        for a in GRID:
            for take in range(GRID_TAKES):
                name = f"{v:g}/{a:g}/{take}"
                yield from of_piece(Asked(name, f"vad({v:g},{a:g},0)"), seed_of("grid", name), "plane")
    for label in LABELS:
        for take in range(LEVEL_TAKES):
            for level in LEVELS:
                emotion = f"{label}:{level:g}" if level else "neutral"
                asked = Asked(f"{label}/{take}/{level:g}", emotion, label)
                yield from of_piece(asked, seed_of("level", label, str(take)), "level")
    for take in range(LEVEL_TAKES):
        score = pipe.write(TRACK, seconds=TRACK_S, seed=seed_of("track", str(take)))
        over = judge.recognize(score).over_time
        for key in over.keyframes if over else ():
            said = key.emotion
            yield Heard(system, f"{take}/{key.t:g}", "", (0.0,) * 3, "track", {}, tuple(float(v) for v in said.vad))


def _heard(system: str, asked: Asked, where: tuple[float, ...], part: str, said: Any) -> Heard:
    chances = {label: round(float(said.distribution.get(label, 0.0)), 4) for label in LABELS}
    vad = tuple(round(float(v), 4) for v in said.emotion.vad)
    return Heard(system, asked.name, asked.label, where, part, chances, vad)


def people(kind: str = "scores") -> Judged:
    """What the judge said of real pieces it had not learnt from."""
    held = held_out_of("judge_music").pack(f"music/emopia {kind}").labelled()
    truth, found = decided(held)
    return Judged([held.labels[i] for i in truth], [held.labels[i] for i in found], list(held.groups))


def answers(rows: Sequence[Heard], system: str, part: str = "quadrant") -> Judged:
    """What was asked of a system's pieces, and what the judge found."""
    own = [r for r in rows if r.system == system and r.source == part]
    return Judged([r.label for r in own], [r.found for r in own], [r.name for r in own])


def accuracy(of_what: Judged) -> Figure:
    """Mean recall of the four quadrants."""
    truth, found = np.asarray(of_what.truth), np.asarray(of_what.found)
    return figure(lambda i: metrics.uar(truth[i], found[i]), [str(g) for g in of_what.groups])


def plane(rows: Sequence[Heard], system: str, axis: int) -> Figure:
    """CCC of what was asked on an axis over the plane, and what the judge felt."""
    own = [r for r in rows if r.system == system and r.source == "plane"]
    asked, felt = np.array([r.asked[axis] for r in own]), np.array([r.vad[axis] for r in own])
    return figure(lambda i: metrics.ccc(asked[i], felt[i]), [r.name for r in own])


def intensity(rows: Sequence[Heard], system: str, label: str) -> tuple[float, Figure]:
    """Spearman of the intensity and the judge's mean chance of a label; and piece by piece."""
    own = [r for r in rows if r.system == system and r.source == "level" and r.label == label]
    takes = sorted({r.name.split("/")[1] for r in own})
    chances = np.array(
        [[next(r.chances[label] for r in own if r.name == f"{label}/{t}/{k:g}") for k in LEVELS] for t in takes]
    )
    each = np.array([metrics.spearman(LEVELS, row) for row in chances])
    return metrics.spearman(LEVELS, chances.mean(axis=0)), figure(lambda i: float(each[i].mean()), takes)


def goals(rows: Sequence[Heard]) -> Iterator[Goal]:
    """What was aimed at."""
    for kind, part, said in KINDS:
        fidelity = metrics.affect_fidelity(people(kind), answers(rows, EMBEDDED, part))
        what = f"four quadrants: affect fidelity by the judge, {said}"
        yield Goal(what, "1.0 (goal 1.25)", ratio(fidelity), fidelity.value >= 1)
    for axis, (name, aim) in enumerate((("valence", 0.6), ("arousal", 0.8))):
        found = plane(rows, EMBEDDED, axis)
        yield Goal(f"{name}: CCC of asked and heard over the plane", f"{aim:.1f}", cell(found), found.value >= aim)
    least = min((intensity(rows, EMBEDDED, label)[0], label) for label in LABELS)
    yield Goal(
        "Spearman of intensity and the judge's mean chance, least of four",
        ".9",
        f"{number(least[0])} ({least[1]})",
        least[0] >= 0.9,
    )


def section(rows: Sequence[Heard]) -> Iterator[str]:
    """Tables."""
    sounds = [r for r in rows if r.system == EMBEDDED and r.source == "quadrant sounds"]
    yield SECTION.format(seconds=SECONDS, heard=len(sounds))
    yield from _quadrants(rows)
    yield from _plane(rows)
    yield f"\nIntensity ({', '.join(f'{k:g}' for k in LEVELS)}; {LEVEL_TAKES} seeds): Spearman with the judge's chance, in the mean and"
    yield "piece by piece:\n"
    lines = []
    for system in SYSTEMS:
        found = [intensity(rows, system, label) for label in LABELS]
        lines += [
            [f"{system}, mean", *(number(mean) for mean, _ in found)],
            [f"{system}, each", *(cell(each) for _, each in found)],
        ]
    yield from table(["", *LABELS], lines)
    yield "\nA track that turns from sad to joyful between 30 and 34 s: what the judge felt before and after (mean, parts of 15 s):\n"
    yield from table(
        ["", "valence before", "after", "arousal before", "after"], [[s, *_turn(rows, s)] for s in SYSTEMS]
    )
    yield ""


def _quadrants(rows: Sequence[Heard]) -> Iterator[str]:
    lines = []
    for kind, part, said in KINDS:
        real = people(kind)
        if said != PIANO:
            lines.append([f"real pieces, {said}", cell(accuracy(real)), "1", *_recalls(real)])
        if said == "sounds":
            others = people("sounds by others")
            share = ratio(metrics.affect_fidelity(real, others))
            lines.append(["real pieces, by others", cell(accuracy(others)), share, *_recalls(others)])
        for system in SYSTEMS[:1] if said == PIANO else SYSTEMS:  # the rules choose their instruments themselves
            made = answers(rows, system, part)
            share = ratio(metrics.affect_fidelity(real, made))
            lines.append([f"{system}, {said}", cell(accuracy(made)), share, *_recalls(made)])
    yield from table(["", "mean recall", "affect fidelity", *LABELS], lines)
    yield "\nWhat the judge of scores answers (rows: asked of the embedded pipeline):\n"
    own = answers(rows, EMBEDDED)
    pairs = list(zip(own.truth, own.found, strict=True))
    yield from table(["asked", *LABELS], [[a, *(str(pairs.count((a, f))) for f in LABELS)] for a in LABELS])
    yield "\nBy wording, the share that lands in the quadrant:\n"
    yield from table(["quadrant", "by wording"], [[label, ", ".join(_by_wording(rows, label))] for label in LABELS])


def _plane(rows: Sequence[Heard]) -> Iterator[str]:
    yield f"\nOver the plane of valence and arousal ({len(GRID)} x {len(GRID)} places, {GRID_TAKES} seeds), what the judge of"
    yield "scores felt. Real pieces stood half way out in each quadrant when it learnt, so that it hardly ever says more:\n"
    lines = []
    for system in SYSTEMS:
        placed = [r for r in rows if r.system == system and r.source == "plane"]
        for axis, name in enumerate(("valence", "arousal")):
            asked, felt = (np.array([getattr(r, w)[axis] for r in placed]) for w in ("asked", "vad"))
            means = [number(float(felt[np.isclose(asked, k)].mean())) for k in GRID]
            said = number(metrics.pearson(asked, felt))
            lines.append([f"{system}, {name}", cell(plane(rows, system, axis)), said, *means])
    yield from table(["", "CCC", "r", *(f"felt at {k:+g}" for k in GRID)], lines)


def _recalls(of_what: Judged) -> list[str]:
    truth, found = np.asarray(of_what.truth), np.asarray(of_what.found)
    return [number(float((found[truth == label] == label).mean())) for label in LABELS]


def _by_wording(rows: Sequence[Heard], label: str) -> list[str]:
    own = [r for r in rows if r.system == EMBEDDED and r.source == "quadrant" and r.label == label]
    return [
        f"{w} {number(float(np.mean([r.found == label for r in own if r.name.split('/')[1] == w])))}"
        for w in QUADRANTS[label]
    ]


def _turn(rows: Sequence[Heard], system: str) -> list[str]:
    own = [r for r in rows if r.system == system and r.source == "track"]
    at = np.array([float(r.name.split("/")[1]) for r in own])
    out = []
    for axis in (0, 1):
        felt = np.array([r.vad[axis] for r in own])
        out += [number(float(felt[at < 24].mean())), number(float(felt[at > 42].mean()))]
    return out
