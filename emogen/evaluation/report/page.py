"""An evaluation -> one HTML page with its styles, charts and media inside: order, words and numbers of all parts.

The template says how a page is put together and nothing else; whatever is computed for it is computed here.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from emogen.conditioning.track import EmotionTrack
from emogen.evaluation.coherence import TOGETHER, Coherence
from emogen.evaluation.report import charts, wording
from emogen.evaluation.report.media import Exhibit, Gallery
from emogen.evaluation.results import Conflict, Evaluation, Figure, Item, ModalityResult
from emogen.media.atomic import atomic_path

PAGE_BYTES = 20_000_000  # a report that can still be sent by mail; own choice
ARROWS = 150  # items drawn in the plane, the worst; own choice: more is a blot
COURSES = 6  # items drawn over time, the worst of a modality; own choice
CONFLICTS = 50  # rows of files in conflict; own choice
POINTS = 60  # of a curve over time; own choice
HEAT = 10  # steps of the heat map
OTHERS = 3  # further labels named beside the strongest, from this chance on
LEAST_CHANCE = 0.05


@dataclass(frozen=True)
class Card:
    """One item as it is shown, with its number in the order of the report."""

    number: int
    item: Item
    modality: str
    asked: str
    asked_vad: str
    perceived_vad: str
    others: str
    exhibit: Exhibit


def write_report(evaluation: Evaluation, path: str | Path, *, max_bytes: int = PAGE_BYTES) -> Path:
    """Writes the report of an evaluation as one HTML file: no network, no other file is needed to read it.

    The worst items get their media first; where they would make the page too large, the rest has none and the
    page says so.

    Args:
        evaluation: What was found.
        path: The HTML file, in a folder that exists.
        max_bytes: Largest size of the page, as long as its words alone fit.

    Raises:
        InputError: The path cannot be written.
        OutputError: The disk is full.
    """
    path = Path(path)
    ordered = worst_first(evaluation.items)
    bare = _render(evaluation, [_card(item, i, Exhibit()) for i, item in enumerate(ordered, start=1)], 0)
    margin = 400 * len(ordered) + 2_000  # the elements around media; own assumption, held by a test
    gallery = Gallery(max(max_bytes - len(bare) - margin, 0))
    cards = [_card(item, i, gallery.show(item, i)) for i, item in enumerate(ordered, start=1)]
    with atomic_path(path) as part:
        part.write_bytes(_render(evaluation, cards, gallery.refused))
    return path


def worst_first(items: Sequence[Item]) -> list[Item]:
    """Errors, then the items that came across least as asked, then those of which nothing was asked."""

    def key(item: Item) -> tuple[bool, bool, float, str]:
        known = math.isfinite(item.fit)
        return not item.error, not known, item.fit if known else 0.0, item.name

    return sorted(items, key=key)


def _render(evaluation: Evaluation, cards: Sequence[Card], refused: int) -> bytes:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    environment.globals |= {"number": wording.number, "interval": wording.interval, "heading": wording.heading}
    style, script = _own("report.css"), _own("report.js")
    page = environment.from_string(_own("report.html")).render(
        evaluation=evaluation,
        overview=wording.of_all(evaluation),
        modalities=[_section(result, [c.item for c in cards]) for result in evaluation.modalities],
        coherences=[_coherence(found) for found in evaluation.coherences],
        conflicts=evaluation.conflicts[:CONFLICTS],
        conflict_modalities=_conflict_columns(evaluation.conflicts[:CONFLICTS]),
        cards=cards,
        kinds=[(m, wording.heading(m)) for m in dict.fromkeys(item.modality for item in evaluation.items)],
        refused=refused,
        glossary=wording.GLOSSARY,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return page.encode("utf-8", "replace")


def _shown(value: Any) -> Any:
    return wording.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The name under which the page's security policy admits this text and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _conflict_columns(conflicts: Sequence[Conflict]) -> list[str]:
    return list(dict.fromkeys(modality for conflict in conflicts for modality in conflict.labels))


# -- one modality ----------------------------------------------------------------------------------------------
def _section(result: ModalityResult, ordered: Sequence[Item]) -> dict[str, Any]:
    """Everything the template shows of one modality."""
    items = [item for item in ordered if item.modality == result.modality and item.perceived is not None]
    arrows = [arrow for item in items if (arrow := _arrow(item)) is not None]
    courses = [course for item in items if (course := _course(item)) is not None]
    accuracy, own = result.figures.get("accuracy"), result.ceiling.get("accuracy")
    name = wording.heading(result.modality)
    return {
        "result": result,
        "id": "m-" + "".join(c if c.isalnum() else "-" for c in result.modality),
        "name": name,
        "summary": wording.summary(result),
        "meter": _meter(accuracy, own, name),
        "figures": _figures(result),
        "confusion": _confusion(result),
        "bars": charts.bars(result.scores) if result.scores else None,
        "plane": charts.plane(arrows[:ARROWS]) if arrows else None,
        "arrows": (min(len(arrows), ARROWS), len(arrows)),
        "curves": [(curve, charts.intensity(curve)) for curve in result.curves if curve.asked],
        "courses": [(course.name, charts.course(course)) for course in courses[:COURSES]],
        "n_courses": len(courses),
    }


def _coherence(found: Coherence) -> dict[str, Any]:
    """A performance's modalities over its time."""
    perceived = {modality: course.tolist() for modality, course in found.perceived.items()}
    return {
        "found": found,
        "rows": [(wording.heading(m) if m != TOGETHER else "All together", *found.follows[m]) for m in found.follows],
        "between": [(wording.heading(one), wording.heading(other), r) for (one, other), r in found.between.items()],
        "legend": [(modality, wording.heading(modality)) for modality in perceived],
        "chart": charts.courses(found.name, found.times_s.tolist(), found.asked.tolist(), perceived),
    }


def _meter(accuracy: Figure | None, own: Figure | None, name: str) -> Markup | None:
    if accuracy is None or not math.isfinite(accuracy.value):
        return None
    ceiling = own.value if own else math.nan
    label = f"{name}: {wording.number(accuracy.value, percent=True)}, judge {wording.number(ceiling, percent=True)}"
    return charts.meter(accuracy.value, accuracy.low, accuracy.high, ceiling, label)


def _figures(result: ModalityResult) -> list[dict[str, Any]]:
    """Rows of the table of figures, the known ones in their order, others after them."""
    there = [*result.figures, *result.ceiling]
    names = dict.fromkeys([n for n in wording.FIGURES if n in there] + there)
    rows = []
    for name in names:
        up, means = wording.FIGURES.get(name, (True, ""))
        rows.append(
            {"name": name, "means": means, "up": up, "figure": result.figures.get(name), "own": result.ceiling.get(name)}
        )
    return rows


def _confusion(result: ModalityResult) -> dict[str, Any] | None:
    """The heat map: emotions asked for against those perceived at least once, or asked for."""
    counts = np.asarray(result.confusion)
    if counts.size == 0 or not counts.any():
        return None
    asked = np.flatnonzero(counts.sum(axis=1))
    columns = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    rows = []
    for i in asked:
        total = int(counts[i].sum())
        cells = [
            {
                "count": int(counts[i, j]),
                "heat": math.ceil(HEAT * int(counts[i, j]) / total),
                "right": bool(i == j),
                "share": wording.number(counts[i, j] / total, percent=True),
            }
            for j in columns
        ]
        rows.append({"label": result.labels[i], "cells": cells, "n": total})
    return {"columns": [result.labels[j] for j in columns], "rows": rows, "left_out": len(result.labels) - len(columns)}


def _arrow(item: Item) -> charts.Arrow | None:
    if item.intended is None or item.perceived is None:
        return None
    asked, felt = _mean_vad(item.intended), item.perceived.emotion.vad
    return charts.Arrow(item.name, (float(asked[0]), float(asked[1])), (float(felt[0]), float(felt[1])))


def _course(item: Item) -> charts.Course | None:
    """Asked and perceived over time, where what was asked for changes and the judge followed it."""
    found = item.perceived.over_time if item.perceived else None
    if item.intended is None or found is None or len(item.intended.keyframes) < 2:
        return None
    length_s = max(found.duration, item.intended.duration, 0.1)
    times = np.linspace(0.0, length_s, POINTS)

    def follow(track: EmotionTrack) -> tuple[tuple[float, float], ...]:
        values = [track.at(float(t)).vad for t in times]
        return tuple((float(v[0]), float(v[1])) for v in values)

    return charts.Course(item.name, tuple(times.tolist()), follow(item.intended), follow(found))


def _mean_vad(track: EmotionTrack) -> np.ndarray:
    if track.duration == 0.0:
        return track.at(0.0).vad
    return np.asarray(track.sample(POINTS / track.duration, track.duration).vad.mean(axis=0))


# -- one item ----------------------------------------------------------------------------------------------------
def _card(item: Item, number: int, exhibit: Exhibit) -> Card:
    found = item.perceived
    others = sorted(found.distribution.items(), key=lambda pair: -pair[1])[1 : OTHERS + 1] if found else []
    return Card(
        number,
        item,
        wording.heading(item.modality),
        item.intended.spec if item.intended else "",
        wording.vad(_mean_vad(item.intended) if item.intended else None),
        wording.vad(found.emotion.vad if found else None),
        ", ".join(f"{label} {wording.number(p, percent=True)}" for label, p in others if p >= LEAST_CHANCE),
        exhibit,
    )
