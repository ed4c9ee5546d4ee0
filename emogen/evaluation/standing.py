"""How well every recogniser and judge reads people it has not learnt from: `docs/evaluation.md`, by one command.

    python -m emogen.training.standing --out docs/evaluation.md

All figures come from the `heldout.csv` of the checkpoints, so that any installation can compute them again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emogen import checkpoints
from emogen.evaluation import metrics
from emogen.evaluation.heldout import AXES, NAME, HeldOut, read_heldout
from emogen.evaluation.results import Figure

Index = NDArray[np.intp]
RESAMPLES = 1000


def figures(held_out: HeldOut, *, resamples: int = RESAMPLES) -> dict[str, Figure]:
    """Accuracy, UAR, macro-F1, ECE over labels and CCC, MAE of each rated axis, with 95 % intervals.

    Intervals resample the groups (people, songs, themes), since items of one of them are alike. An item with
    shares of several raters counts as the label most of them gave; either of two equal ones is right.

    Args:
        held_out: Items of unseen people or pieces.
        resamples: Of the bootstrap.
    """
    named = held_out.labelled()
    result: dict[str, Figure] = {}
    if len(named):
        truth, found = decided(named)
        top = named.found.max(axis=1)
        over: dict[str, Callable[[Index], float]] = {
            "accuracy": lambda i: float(np.mean(truth[i] == found[i])),
            "UAR": lambda i: _uar(_counts(truth[i], found[i], len(named.labels))),
            "macro-F1": lambda i: _macro_f1(_counts(truth[i], found[i], len(named.labels))),
            "ECE": lambda i: metrics.ece(top[i], truth[i] == found[i]),
        }
        result |= {name: _figure(statistic, named.groups, resamples) for name, statistic in over.items()}
    for axis, name in enumerate(AXES):
        result |= _axis(held_out, axis, name, resamples)
    return result


def _counts(truth: Index, found: Index, labels: int) -> NDArray[np.intp]:
    """Confusion matrix [L, L] of label numbers; what `metrics.confusion` counts, for thousands of draws of thousands."""
    return np.bincount(truth * labels + found, minlength=labels * labels).reshape(labels, labels)


def _uar(counts: NDArray[np.intp]) -> float:
    there = counts.sum(axis=1) > 0
    return float(np.mean(counts.diagonal()[there] / counts.sum(axis=1)[there]))


def _macro_f1(counts: NDArray[np.intp]) -> float:
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return float(np.mean(2.0 * counts.diagonal()[both > 0] / both[both > 0]))


def decided(named: HeldOut) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Label that people gave and label found, as indices [n]; where people were tied, the tied one that was found."""
    found = named.found.argmax(axis=1)
    tied = named.truth[np.arange(len(named)), found] >= named.truth.max(axis=1) - 1e-9
    return np.where(tied, found, named.truth.argmax(axis=1)), found


def majority(held_out: HeldOut) -> dict[str, float]:
    """What always saying the commonest label reaches."""
    named = held_out.labelled()
    if not len(named):
        return {}
    truth = named.truth.argmax(axis=1)
    always = np.full_like(truth, np.bincount(truth).argmax())
    return {
        "accuracy": metrics.accuracy(truth, always),
        "UAR": metrics.uar(truth, always),
        "macro-F1": metrics.macro_f1(truth, always),
    }


def _axis(held_out: HeldOut, axis: int, name: str, resamples: int) -> dict[str, Figure]:
    truth, found = held_out.vad_truth[:, axis], held_out.vad_found[:, axis]
    rows = np.flatnonzero(np.isfinite(truth) & np.isfinite(found))
    if len(rows) < 3 or np.ptp(truth[rows]) == 0.0:
        return {}
    t, f, groups = truth[rows], found[rows], [held_out.groups[i] for i in rows]
    return {
        f"CCC {name}": _figure(lambda i: metrics.ccc(t[i], f[i]), groups, resamples),
        f"MAE {name}": _figure(lambda i: metrics.mae(t[i], f[i]), groups, resamples),
    }


def _figure(statistic: Callable[[Index], float], groups: Sequence[str], resamples: int) -> Figure:
    value, low, high = metrics.bootstrap(statistic, groups, n=resamples)
    return Figure(value, low, high, len(groups))


@cache
def held_out_of(name: str) -> HeldOut:
    """The held-out predictions of a shipped checkpoint."""
    return read_heldout(checkpoints.checkpoint_folder(name))


def standing_names() -> tuple[str, ...]:
    """The shipped checkpoints that come with held-out predictions."""
    return tuple(n for n in checkpoints.names() if (checkpoints.HERE / n / NAME).is_file())


def cell(figure: Figure | None) -> str:
    """A figure as it stands in a table: ".64 [.58, .70]"."""
    if figure is None or not np.isfinite(figure.value):
        return "-"
    text = _short(figure.value)
    return text if not np.isfinite(figure.low) else f"{text} [{_short(figure.low)}, {_short(figure.high)}]"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


COLUMNS = ("UAR", "macro-F1", "ECE", "CCC valence", "CCC arousal", "CCC dominance")


def table(held_out: HeldOut, *, resamples: int = RESAMPLES) -> list[str]:
    """Rows of a Markdown table: one a pack, its figures, and what the majority label reaches."""
    rows = [f"| unseen people of | n | groups | {' | '.join(COLUMNS)} | majority UAR |"]
    rows.append("|---" * (len(COLUMNS) + 4) + "|")
    for pack in dict.fromkeys(held_out.packs):
        part = held_out.pack(pack)
        found = figures(part, resamples=resamples)
        cells = " | ".join(cell(found.get(column)) for column in COLUMNS)
        always = majority(part).get("UAR")
        floor = "-" if always is None else _short(always)
        rows.append(f"| {pack} | {len(part)} | {len(set(part.groups))} | {cells} | {floor} |")
    return rows
