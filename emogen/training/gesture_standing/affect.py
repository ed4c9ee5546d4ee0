"""Is the feeling seen? Verdicts of the judge of movement -> figures with their intervals, and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.evaluation import metrics
from emogen.evaluation.metrics import AffectFidelity, Judged
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell, decided, held_out_of
from emogen.training.gesture_standing import clips as of
from emogen.training.gesture_standing.bench import EMBEDDED
from emogen.training.gesture_standing.clips import FELT, LABELS, LEVELS, PAIRS, RESTYLED, SHARES, TALK, Clip, mixed
from emogen.training.speech_standing.figures_of import figure, recalls, uar
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import number, ratio, table

STEPS = (0.0, *LEVELS)
AIM, GOAL = 0.8, 1.0
AXES = ("valence", "arousal", "dominance")
SAID = {TALK: "talking", RESTYLED: "restyled"}
SECTION = """### Is the feeling seen?

UAR: mean recall of the judge over its eight labels (guessing gives .12). Affect fidelity: that over its UAR on
recordings of contents that it had not learnt from when it read them ({people} clips, its `heldout.csv`). It reads the
three labels of set 2 nearly always and the eight of set 1 hardly better than by guessing: the ceiling is low and
uncertain. The shipped judge has since learnt from all of them, so of what is restyled it knows the movement (not what
became of it). *Talking*: {voices} voices, all neutral, so that the body alone shows the feeling; *restyled*: {takes}
neutral recordings of its half of the contents.
"""


def people(pack: str = "") -> Judged:
    """What the judge made of recordings whose content it had not learnt from."""
    held = held_out_of("judge_motion").labelled()
    held = held.pack(pack) if pack else held
    truth, found = decided(held)
    return Judged([held.labels[i] for i in truth], [held.labels[i] for i in found], held.groups)


def made(rows: Sequence[Clip]) -> Judged:
    """What was asked of clips and what was seen."""
    return Judged([r.label for r in rows], [r.verdict for r in rows], [r.source for r in rows])


def fidelity(rows: Sequence[Clip]) -> AffectFidelity:
    """UAR over that on recordings."""
    return metrics.affect_fidelity(people(), made(rows))


def follows(rows: Sequence[Clip], label: str, value: Callable[[Clip], float]) -> tuple[Figure, float, NDArray[np.float64]]:
    """How a value follows the intensity asked for one emotion.

    Returns:
        Spearman of each source, averaged; Spearman of the mean over sources; that mean at `STEPS`.
    """
    of_source: dict[str, dict[float, float]] = {}
    for row in rows:
        if row.label in (NEUTRAL, label):
            of_source.setdefault(row.source, {})[row.level] = value(row)
    whole = {k: v for k, v in of_source.items() if all(s in v for s in STEPS)}
    each = np.array([[found[s] for s in STEPS] for found in whole.values()])
    single = np.array([metrics.spearman(STEPS, row) if np.ptp(row) > 0 else 0.0 for row in each])
    mean = each.mean(axis=0)
    whole_mean = metrics.spearman(STEPS, mean) if np.ptp(mean) > 0 else 0.0
    return figure(lambda i: float(single[i].mean()), list(whole)), whole_mean, mean


def away(rows: Sequence[Clip]) -> Callable[[Clip], float]:
    """How far a clip's manner is from the same source's neutral one, in spreads of neutral clips over sources."""
    neutral = {r.source: np.array(list(r.manner.values())) for r in rows if r.label == NEUTRAL}
    spread = np.maximum(np.std(list(neutral.values()), axis=0), 1e-6)
    return lambda r: float(np.sqrt(np.mean(((np.array(list(r.manner.values())) - neutral[r.source]) / spread) ** 2)))


def blends(rows: Sequence[Clip], pair: tuple[str, str]) -> tuple[Figure, NDArray[np.float64]]:
    """Between two emotions: Spearman of the share of the second and how far the judge prefers it, over sources; mean preference."""
    written = {mixed(*pair, share): share for share in SHARES}
    of_source: dict[str, dict[float, float]] = {}
    for row in rows:
        if row.asked in written:
            of_source.setdefault(row.source, {})[written[row.asked]] = row.chances[pair[1]] - row.chances[pair[0]]
    whole = {k: v for k, v in of_source.items() if len(v) == len(SHARES)}
    each = np.array([[v[s] for s in SHARES] for v in whole.values()])
    single = np.array([metrics.spearman(SHARES, row) if np.ptp(row) > 0 else 0.0 for row in each])
    return figure(lambda i: float(single[i].mean()), list(whole)), each.mean(axis=0)


def dimensions(rows: Sequence[Clip]) -> list[Figure]:
    """Pearson correlation of valence, arousal and dominance asked and perceived."""
    wanted = np.array([Emotion.parse(r.asked).vad for r in rows])
    seen = np.array([r.vad for r in rows])
    return [_correlation(wanted[:, k], seen[:, k], [r.source for r in rows]) for k in range(3)]


def people_dimensions() -> list[Figure]:
    """The same of recordings whose content the judge had not learnt from."""
    held = held_out_of("judge_motion").labelled()
    return [_correlation(held.vad_truth[:, k], held.vad_found[:, k], held.groups) for k in range(3)]


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64], groups: Sequence[str]) -> Figure:
    def r(i: NDArray[np.intp]) -> float:
        return metrics.pearson(one[i], other[i]) if np.ptp(one[i]) > 0 and np.ptp(other[i]) > 0 else float("nan")

    return figure(r, list(groups))


def mistaken(rows: Sequence[Clip], one: str, other: str) -> Figure:
    """Share of the clips of one emotion that are read as another."""
    own = [r for r in rows if r.label == one]
    hit = np.array(_read(own, other), dtype=float)
    return figure(lambda i: float(hit[i].mean()), [r.source for r in own])


def _read(rows: Sequence[Clip], label: str) -> list[bool]:
    return [r.verdict == label for r in rows]


def goals(rows: Sequence[Clip]) -> Iterator[Goal]:
    """What was aimed at."""
    for kind, said in SAID.items():
        own = of.part(rows, EMBEDDED, kind, 1.0)
        if own:
            found = fidelity(own)
            n = len({r.source for r in own})
            yield Goal(f"affect fidelity, {said} ({n} sources)", f"{number(AIM)} (goal {GOAL:.1f})", ratio(found), found.value >= AIM)
    for kind, said in SAID.items():
        own = of.part(rows, EMBEDDED, kind)
        if not own:
            continue
        for name, of_label in (("the judge's chance", None), ("distance from neutral", away(own))):
            each = {k: follows(own, k, of_label or (lambda r, k=k: r.chances[k]))[1] for k in FELT}  # type: ignore[misc]
            least = min(each, key=lambda k: each[k])
            told = f"{number(each[least])} ({least})"
            yield Goal(f"Spearman of intensity and {name}, mean over sources, least of seven: {said}", ".9", told, each[least] >= 0.9)
        mixtures = [r for r in rows if r.system == EMBEDDED and r.kind == kind]
        means = {pair: blends(mixtures, pair)[1] for pair in PAIRS}
        rising = [bool((np.diff(m) > 0).all()) for m in means.values()]
        yield Goal(f"from one emotion to another the judge follows at every step, mean over sources: {said}", "all pairs",
                   f"{sum(rising)} of {len(rising)}", all(rising))  # fmt: skip


def section(rows: Sequence[Clip]) -> Iterator[str]:
    """Markdown."""
    voices = {r.source for r in rows if r.kind == TALK}
    takes = {r.source for r in rows if r.kind == RESTYLED}
    yield SECTION.format(people=len(people().truth), voices=len(voices), takes=len(takes))
    yield from _recalls(rows)
    yield from _confusions(rows)
    yield from _intensity(rows)
    yield from _blends(rows)
    yield from _dimensions(rows)


def _recalls(rows: Sequence[Clip]) -> Iterator[str]:
    head = ["", "clips", "UAR of 8", "affect fidelity", *LABELS]
    real = people()
    lines = [["recordings, content unseen", str(len(real.truth)), cell(uar(real)), "1", *_recall(real)]]
    for pack in dict.fromkeys(held_out_of("judge_motion").packs):
        own = people(pack)
        lines.append([f"of these, {pack.split('/')[-1]}", str(len(own.truth)), cell(uar(own)), "", *_recall(own)])
    for system, kind in of.kinds(rows):
        own_rows = of.part(rows, system, kind, 1.0)
        own = made(own_rows)
        lines.append([f"{SAID[kind]}, {system}", str(len(own_rows)), cell(uar(own)), ratio(fidelity(own_rows)), *_recall(own)])
    yield from table(head, lines)
    yield ""


def _recall(judged: Judged) -> list[str]:
    found = recalls(judged, LABELS)
    return [number(found.get(label)) for label in LABELS]


def _confusions(rows: Sequence[Clip]) -> Iterator[str]:
    yield ("Valence is weak in bodies (Dael et al. 2013): what differs between joy and anger is mostly trunk, head and openness. "
           "What is taken for what, at intensity 1:\n")  # fmt: skip
    for kind, said in SAID.items():
        own = of.part(rows, EMBEDDED, kind, 1.0)
        if own:
            lines = [[label, *(number(float(np.mean(_read([r for r in own if r.label == label], k)))) for k in LABELS)] for label in LABELS]
            yield from table([f"{said}: asked, seen as", *LABELS], lines)
            both = [cell(mistaken(own, *pair)) for pair in (("joy", "anger"), ("anger", "joy"))]
            yield f"\nJoy is taken for anger in {both[0]} and anger for joy in {both[1]} of the {said} clips.\n"


def _intensity(rows: Sequence[Clip]) -> Iterator[str]:
    yield (f"Intensity asked ({', '.join(f'{s:g}' for s in STEPS)}) against the judge's chance of the emotion, and against how far "
           "the movement's manner (`Does it move as people who feel this?`) is from the neutral one. Each: Spearman of each source, "
           "averaged; mean: of the mean over sources.\n")  # fmt: skip
    head = ["", "", "chance, each", "chance, mean", f"chance at {' / '.join(f'{s:g}' for s in STEPS)}", "distance, each", "distance, mean"]
    lines = []
    for system, kind in _ladders(rows):
        own = of.part(rows, system, kind)
        far = away(own)
        for label in FELT:
            each, mean, course = follows(own, label, lambda r, k=label: r.chances[k])  # type: ignore[misc]
            each_far, mean_far, _ = follows(own, label, far)
            lines.append([f"{SAID[kind]}, {system}", label, cell(each), number(mean), " / ".join(map(number, course)),
                          cell(each_far), number(mean_far)])  # fmt: skip
    yield from table(head, lines)
    yield ""


def _ladders(rows: Sequence[Clip]) -> list[tuple[str, str]]:
    """What was asked for at all intensities and in mixtures."""
    return [pair for pair in of.kinds(rows) if any(r.level == LEVELS[0] for r in of.part(rows, *pair))]


def _blends(rows: Sequence[Clip]) -> Iterator[str]:
    yield ("From one emotion to another: the judge's chance of the second less that of the first, mean over sources, as its share "
           "grows.\n")  # fmt: skip
    head = ["", "", *(f"{s:g}" for s in SHARES), "Spearman, each source", "rises at every step"]
    lines = []
    for system, kind in _ladders(rows):
        own = [r for r in rows if r.system == system and r.kind == kind]
        for pair in PAIRS:
            each, mean = blends(own, pair)
            rises = "yes" if (np.diff(mean) > 0).all() else "no"
            lines.append([f"{SAID[kind]}, {system}", " to ".join(pair), *(f"{x:+.2f}" for x in mean), cell(each), rises])
    yield from table(head, lines)
    yield ""


def _dimensions(rows: Sequence[Clip]) -> Iterator[str]:
    yield "Correlation of valence, arousal and dominance asked (by label and intensity) and seen:\n"
    lines = [["recordings, content unseen", *map(cell, people_dimensions())]]
    lines += [[f"{SAID[kind]}, {system}", *map(cell, dimensions(of.part(rows, system, kind)))] for system, kind in of.kinds(rows)]
    yield from table(["", *AXES], lines)
    yield ""
