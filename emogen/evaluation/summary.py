"""Judged items -> the figures of each modality, each beside the judge's own figure on real people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError
from emogen.evaluation import metrics
from emogen.evaluation.heldout import AXES, HeldOut
from emogen.evaluation.metrics.fidelity import AffectFidelity, Judged, affect_fidelity
from emogen.evaluation.perceive import MODALITIES
from emogen.evaluation.results import Figure, IntensityCurve, Item, ModalityResult, Score
from emogen.evaluation.standing import decided, figures, held_out_of

NOBODY = Figure(float("nan"))
RESAMPLES = 400  # of the bootstrap; intervals then vary by about a hundredth
#: Each as what is judged.
SUBJECTS = {
    "speech": "The voice", "face": "The face", "motion": "The movement", "image": "The picture", "music": "The music",
    "text": "The text",
}  # fmt: skip
LEAST_CURVE = 3  # intensities of one emotion
INTENSITY_STEP = 0.05  # to which intensities are rounded


def summaries(items: Sequence[Item], backends: Mapping[str, str]) -> tuple[ModalityResult, ...]:
    """One result for each modality with a readable item, in the usual order.

    Args:
        items: Of an evaluation.
        backends: Modality -> backend of its judge, where it is not the embedded one.
    """
    found = []
    for modality in MODALITIES:
        own = [item for item in items if item.modality == modality and item.perceived is not None]
        if own:
            found.append(_summary(modality, own, backends.get(modality, "embedded")))
    return tuple(found)


def _summary(modality: str, own: Sequence[Item], backend: str) -> ModalityResult:
    name = f"judge_{modality}" if backend == "embedded" else backend
    people = held_out_of(name) if backend == "embedded" else None
    assert own[0].perceived is not None
    labels = tuple(own[0].perceived.distribution)
    asked = [item for item in own if item.target]
    wanted = [item.target for item in asked]
    known = tuple(dict.fromkeys(wanted))
    like = people.of_labels(known) if people is not None and known else None
    fidelity = _fidelity(asked, like)
    return ModalityResult(
        modality=modality,
        judge=name,
        judge_data=_data(people),
        labels=labels,
        confusion=_confusion(asked, labels),
        figures=_figures(own, asked),
        ceiling=_ceiling(name, known) if people is not None else {},
        fidelity=_figure_of(fidelity),
        scores=tuple(_score(label, asked, like) for label in sorted(known)),
        curves=tuple(_curves(asked)),
        n=len(own),
        sentence=_sentence(modality, asked, fidelity),
    )


def _perceived(item: Item) -> str:
    """The label found; "" where there was nothing to judge: that is not the label asked for, whatever it was."""
    assert item.perceived is not None
    return item.perceived.label if item.perceived.confidence > 0.0 else ""


def _data(people: HeldOut | None) -> str:
    if people is None:
        return "unknown people"
    counts = {pack: people.packs.count(pack) for pack in dict.fromkeys(people.packs)}
    return ", ".join(f"{count:,} items of {pack.partition('/')[2]}" for pack, count in counts.items())


def _confusion(asked: Sequence[Item], labels: Sequence[str]) -> NDArray[np.int64]:
    table = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for item in asked:
        if _perceived(item):
            table[labels.index(item.target), labels.index(_perceived(item))] += 1
    return table


def _figures(own: Sequence[Item], asked: Sequence[Item]) -> dict[str, Figure]:
    result: dict[str, Figure] = {}
    if asked:
        truth = np.array([item.target for item in asked])
        found = np.array([_perceived(item) for item in asked])
        sure = np.array([item.perceived.confidence for item in asked if item.perceived])
        over: dict[str, Callable[[NDArray[np.intp]], float]] = {
            "accuracy": lambda i: float(np.mean(truth[i] == found[i])),
            "UAR": lambda i: metrics.uar(truth[i], found[i]),
            "macro-F1": lambda i: metrics.macro_f1(truth[i], found[i]),
            "ECE": lambda i: metrics.ece(sure[i], truth[i] == found[i]),
        }
        result |= {name: _bootstrapped(statistic, asked) for name, statistic in over.items()}
    from emogen.evaluation.evaluate import asked_vad

    known = [item for item in own if item.intended is not None]
    if len(known) >= LEAST_CURVE:
        wanted = np.stack([asked_vad(item.intended) for item in known])
        felt = np.stack([item.perceived.emotion.vad for item in known if item.perceived])
        for axis, name in enumerate(AXES):
            t, f = wanted[:, axis], felt[:, axis]
            result[f"MAE {name}"] = _bootstrapped(lambda i, t=t, f=f: metrics.mae(t[i], f[i]), known)  # type: ignore[misc]
            if np.ptp(t) > 0.0:
                result[f"CCC {name}"] = _bootstrapped(lambda i, t=t, f=f: metrics.ccc(t[i], f[i]), known)  # type: ignore[misc]
    return result


def _bootstrapped(statistic: Callable[[NDArray[np.intp]], float], items: Sequence[Item]) -> Figure:
    value, low, high = metrics.bootstrap(statistic, [str(item.path) for item in items], n=RESAMPLES)
    return Figure(value, low, high, len(items))


@cache
def _ceiling(name: str, labels: tuple[str, ...]) -> dict[str, Figure]:
    people = held_out_of(name)
    return figures(people.of_labels(labels) if labels else people, resamples=RESAMPLES)


def _named(people: HeldOut) -> Judged:
    truth, found = decided(people)
    return Judged(
        [people.labels[i] for i in truth], [people.labels[i] for i in found], list(people.groups)
    )


def _fidelity(asked: Sequence[Item], people: HeldOut | None) -> AffectFidelity | None:
    if not asked or people is None or not len(people):
        return None
    made = Judged(
        [item.target for item in asked], [_perceived(item) for item in asked], [str(item.path) for item in asked]
    )
    try:
        return affect_fidelity(_named(people), made, n=RESAMPLES)
    except InputError:
        return None


def _figure_of(fidelity: AffectFidelity | None) -> Figure:
    if fidelity is None:
        return NOBODY
    return Figure(fidelity.value, fidelity.low, fidelity.high, fidelity.n_generated)


def _score(label: str, asked: Sequence[Item], people: HeldOut | None) -> Score:
    own = [item for item in asked if item.target == label]
    hits = np.array([_perceived(item) == label for item in own], dtype=float)
    recall = _bootstrapped(lambda i: float(hits[i].mean()), own)
    if people is None or not len(people):
        return Score(label, recall, NOBODY, NOBODY)
    truth, found = decided(people)
    at = people.labels.index(label)
    rows = np.flatnonzero(truth == at)
    right = (found[rows] == at).astype(float)
    if not len(rows):
        return Score(label, recall, NOBODY, NOBODY)
    value, low, high = metrics.bootstrap(
        lambda i: float(right[i].mean()), [people.groups[i] for i in rows], n=RESAMPLES
    )
    fidelity = _fidelity(own, people.of_labels((label,)))
    return Score(label, recall, Figure(value, low, high, len(rows)), _figure_of(fidelity))


def _curves(asked: Sequence[Item]) -> list[IntensityCurve]:
    found = []
    for label in sorted({item.target for item in asked}):
        levels: dict[float, list[float]] = {}
        for item in asked:
            if item.target != label or item.intended is None or item.perceived is None or item.intended.duration:
                continue
            level = round(item.intended.at(0.0).intensity / INTENSITY_STEP) * INTENSITY_STEP
            strength = item.perceived.distribution[label] * item.perceived.emotion.intensity
            levels.setdefault(round(level, 4), []).append(strength)
        if len(levels) >= LEAST_CURVE:
            asked_for = tuple(sorted(levels))
            heard = tuple(float(np.mean(levels[level])) for level in asked_for)
            found.append(IntensityCurve(label, asked_for, heard, _spearman(levels)))
    return found


def _spearman(levels: Mapping[float, Sequence[float]]) -> float:
    from scipy.stats import spearmanr

    pairs = np.array([(level, value) for level, values in levels.items() for value in values])
    if np.ptp(pairs[:, 1]) == 0.0:
        return 0.0
    return float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic)


def _sentence(modality: str, asked: Sequence[Item], fidelity: AffectFidelity | None) -> str:
    if not asked:
        return "Of no item is it known what was asked for: nothing can be concluded."
    if fidelity is None:
        return f"{len(asked)} items; this judge's score on real people is not known, so nothing can be compared."
    return fidelity.sentence(SUBJECTS[modality])

