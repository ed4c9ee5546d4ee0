"""Figures -> Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from emogen.conditioning.vocabulary import BASIC
from emogen.evaluation import metrics
from emogen.evaluation.metrics import AffectFidelity, Judged
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training.speech_standing import figures_of as fo
from emogen.training.speech_standing import systems
from emogen.training.speech_standing.figures_of import FIVE, SEVEN
from emogen.training.speech_standing.run import COUNTED_AT, LEVELS, NEUTRAL, STRONGEST, Row

Labels = Sequence[str]
Second = Callable[[Sequence[Row]], Judged] | None


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


def short(name: str) -> str:
    """The name of a system in a table."""
    return name.removeprefix("text: ")


def fidelity(real: Judged, made: Judged) -> AffectFidelity:
    """Score on made clips over score on people."""
    return metrics.affect_fidelity(real, made)


def ratio(found: AffectFidelity) -> str:
    """As a cell."""
    return cell(Figure(found.value, found.low, found.high))


def answers(rows: Sequence[Row], name: str, level: float, labels: Labels, over: Labels) -> Judged:
    """What the judge found in a system's clips at an intensity."""
    own = fo.with_neutral(rows, name)
    if name == systems.ESPEAK:
        return fo.whatever_asked(own, over)
    return fo.judged(fo.at_level(own, level), labels, over)


def affect(rows: Sequence[Row], real: Sequence[Row], names: Labels, labels: Labels, second: Second = None) -> list[str]:
    """UAR by intensity and affect fidelity of each system, below that of real recordings."""
    head = ["", "UAR of 5 at 1.0", "affect fidelity", "UAR of 7 at 1.0", *(f"UAR of 5 at {k:g}" for k in (0.7, 0.3))]
    people5, people7 = fo.judged(real, labels, FIVE), fo.judged(real, labels, SEVEN)
    lines = [["real recordings", cell(fo.uar(people5)), "1", cell(fo.uar(people7)), "", ""]]
    for name in names:
        at = [fo.uar(answers(rows, name, k, labels, FIVE)) for k in (0.7, 0.3)]
        top, wide = answers(rows, name, 1.0, labels, FIVE), fo.uar(answers(rows, name, 1.0, labels, SEVEN))
        lines.append([short(name), cell(fo.uar(top)), ratio(fidelity(people5, top)), cell(wide), *map(cell, at)])
    if second is not None:
        head += ["second judge, UAR of 5 at 1.0", "its affect fidelity"]
        people = second([r for r in real if r.label in FIVE])
        lines[0] += [cell(fo.uar(people)), "1"]
        for line, name in zip(lines[1:], names, strict=True):
            own = [r for r in fo.at_level(fo.with_neutral(rows, name), 1.0) if r.label in FIVE]
            if name == systems.ESPEAK:
                line += ["", ""]
                continue
            made = second(own)
            line += [cell(fo.uar(made)), ratio(fidelity(people, made))]
    return table(head, lines)


def recalls(rows: Sequence[Row], real: Sequence[Row], names: Labels, labels: Labels) -> list[str]:
    """Recall of each of seven at intensity 1."""
    lines = [("real recordings", fo.recalls(fo.judged(real, labels, SEVEN), SEVEN))]
    lines += [(short(n), fo.recalls(answers(rows, n, 1.0, labels, SEVEN), SEVEN)) for n in names]
    return table(["", *SEVEN], [[name, *(number(found.get(label)) for label in SEVEN)] for name, found in lines])


def by_pack(rows: Sequence[Row], real: Sequence[Row], names: Labels, labels: Labels) -> list[str]:
    """UAR of five at intensity 1 in each pack."""
    packs = list(dict.fromkeys(row.source.pack for row in real))

    def line(name: str, own: Sequence[Row]) -> list[str]:
        parts = [[r for r in own if r.source.pack == pack] for pack in packs]
        return [name, *(cell(fo.uar(fo.judged(part, labels, FIVE))) for part in parts)]

    made = [line(short(n), fo.at_level(fo.with_neutral(rows, n), 1.0)) for n in names]
    return table(["", *(p.removeprefix("speech/") for p in packs)], [line("real recordings", real), *made])


def added(rows: Sequence[Row], labels: Labels, over: Labels, name: str, other: str) -> Figure:
    """UAR of one system less that of another at intensity 1, over the same sources."""
    a, b = answers(rows, name, 1.0, labels, over), answers(rows, other, 1.0, labels, over)
    truth, found = np.array([*a.truth, *b.truth]), np.array([*a.found, *b.found])
    first = np.arange(len(truth)) < len(a.truth)

    def difference(i: np.ndarray) -> float:
        one, two = i[first[i]], i[~first[i]]
        return metrics.uar(truth[one], found[one]) - metrics.uar(truth[two], found[two])

    return fo.figure(difference, [*map(str, a.groups), *map(str, b.groups)])


def adds(rows: Sequence[Row], labels: Labels, others: Labels, name: str) -> list[str]:
    """What a system has before others."""
    lines = [[short(other), *(cell(added(rows, labels, over, name, other)) for over in (FIVE, SEVEN))] for other in others]
    return table([f"{short(name)} less", "UAR of 5", "UAR of 7"], lines)


def intensity(rows: Sequence[Row], real: Sequence[Row], names: Labels, labels: Labels) -> list[str]:
    """How intensity is perceived; of real recordings, the chance of each emotion in neutral and in its own takes."""
    steps = " / ".join(f"{k:g}" for k in (0.0, *LEVELS))
    head = ["", "", "Spearman of each source", "of the mean", "of the judge's arousal", f"chance at {steps}"]
    lines = []
    for label in BASIC:
        at = labels.index(label)
        plain, felt = (float(np.mean([r.heard.chances[at] for r in real if r.label == k])) for k in (NEUTRAL, label))
        lines.append(["real recordings", label, "", "", "", f"{number(plain)} / - / - / {number(felt)}"])
    for name in names:
        for label in BASIC:
            found = fo.intensity(fo.with_neutral(rows, name), label, labels)
            means = " / ".join(number(x) for x in found.perceived)
            lines.append([short(name), label, cell(found.each), number(found.mean), cell(found.arousal), means])
    return table(head, lines)


def dimensions(rows: Sequence[Row], real: Sequence[Row], names: Labels) -> list[str]:
    """CCC of what was asked and perceived, by labels and by numbers; of real recordings, of the norms of their labels."""
    axes = ("valence", "arousal", "dominance")
    lines = [["real recordings", *map(cell, fo.dimensions(real)), *[""] * 6]]
    for name in names:
        own = fo.of_system(rows, name)
        kinds = [[r for r in own if r.label], [r for r in own if not r.label], own]
        lines.append([short(name), *(cell(f) for kind in kinds for f in fo.dimensions(kind))])
    head = ["CCC", *(f"{axis}, {kind}" for kind in ("labels", "numbers", "both") for axis in axes)]
    return table(head, lines)


def words_of_recordings(rows: Sequence[Row]) -> list[str]:
    """Word errors of English recordings, as they are and converted."""
    kinds = {"embedded voices": "embedded voices, Harvard sentences", "speech/tess": "a woman of TESS (seen in training)"}
    lines = []
    for pack, said in kinds.items():
        part = [row for row in rows if row.source.pack == pack]
        real = fo.of_system(part, systems.REAL)
        source = fo.word_error([r for r in real if r.label == NEUTRAL])
        lines.append([said, "as it is", cell(source), *[""] * (len(BASIC) + 2)])
        acted = [r for r in real if r.label != NEUTRAL]
        if acted:
            all_six = fo.word_error(acted)
            each = [number(fo.word_error([r for r in acted if r.label == label]).value) for label in BASIC]
            lines.append(["", "acted by herself", "", cell(all_six), points(all_six.value - source.value), *each])
        for name in (systems.RULES, systems.EMBEDDED):
            own = fo.of_system(part, name)
            plain = fo.word_error([r for r in own if r.label == NEUTRAL])
            for k in (COUNTED_AT, STRONGEST):
                felt = [r for r in own if r.label != NEUTRAL and np.isclose(r.level, k)]
                each = [number(fo.word_error([r for r in felt if r.label == label]).value) for label in BASIC]
                all_six = fo.word_error(felt)
                lines.append(["", f"{name}, {k:g}", cell(plain), cell(all_six), points(all_six.value - source.value), *each])
    return table(["source", "", "neutral", "mean of six", "more than the source", *BASIC], lines)


def words_of_voices(rows: Sequence[Row]) -> list[str]:
    """Word errors of spoken sentences."""
    lines = []
    for name in fo.order(True):
        own = fo.of_system(rows, name)
        voices = dict.fromkeys(r.source.voice for r in own) if name != systems.ESPEAK else ("",)
        plain = [r for r in own if r.label == NEUTRAL]
        by_voice = ", ".join(f"{v} {number(fo.word_error([r for r in plain if r.source.voice == v]).value)}" for v in voices if v)
        felt = [[r for r in own if r.label == label] for label in BASIC]
        each = [number(fo.word_error(part).value) if part else "-" for part in felt]
        lines.append([short(name), cell(fo.word_error(plain)), by_voice or "-", *each])
    return table(["", "neutral", "by voice", *(f"{label} {COUNTED_AT:g}" for label in BASIC)], lines)


def speakers(rows: Sequence[Row], real: Sequence[Row], names: Labels) -> list[str]:
    """Likeness of converted voices to their source."""
    people = fo.likeness(real)
    plain = {row.source.key: row for row in real}
    same = people["same"].value
    lines = [
        [said, cell(people[kind]), number(people[kind].value / same)]
        for kind, said in (("same", "one person, two neutral recordings"), ("felt", "one person, neutral and emotional"),
                           ("others", "a man and a woman of one pack, neutral"))
    ]  # fmt: skip
    for name in names:
        own = [r for r in fo.at_level(fo.with_neutral(rows, name), 1.0) if r.label != NEUTRAL]
        found = fo.speaker_kept(own, plain)
        lines.append([f"source and {name}, six emotions at 1.0", cell(found), number(found.value / same)])
    return table(["", "cosine", "over that of one person"], lines)


def points(value: float) -> str:
    """A difference of shares in points."""
    return f"{100.0 * value:+.1f} points"


def number(value: float | None) -> str:
    """A number as it stands in a table; "-" where there is none."""
    return "-" if value is None or not np.isfinite(value) else cell(Figure(float(value)))
