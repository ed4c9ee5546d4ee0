"""An evaluation -> plain JSON: the same numbers as the report, for programs. What is not known is null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from emogen.evaluation.coherence import Coherence
from emogen.evaluation.results import Evaluation, Figure, IntensityCurve, Item, ModalityResult, Score


def to_dict(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as objects, lists, texts, numbers and null alone; it never holds NaN or a path of the machine."""
    data = {
        "title": evaluation.title,
        "emogen": evaluation.emogen,
        "created": evaluation.created,
        "seconds": round(evaluation.seconds, 3),
        "warnings": evaluation.warnings,
        "modalities": [_modality(result) for result in evaluation.modalities],
        "conflicts": [{"name": c.name, "labels": c.labels, "score": c.score} for c in evaluation.conflicts],
        "coherence": [_coherence(found) for found in evaluation.coherences],
        "items": [_item(item) for item in evaluation.items],
    }
    plain: dict[str, Any] = _plain(data)
    return plain


def _modality(result: ModalityResult) -> dict[str, Any]:
    return {
        "modality": result.modality,
        "judge": result.judge,
        "judge_data": result.judge_data,
        "n": result.n,
        "sentence": result.sentence,
        "fidelity": _figure(result.fidelity),
        "figures": {name: _figure(figure) for name, figure in result.figures.items()},
        "ceiling": {name: _figure(figure) for name, figure in result.ceiling.items()},
        "scores": [_score(score) for score in result.scores],
        "intensity": [_curve(curve) for curve in result.curves],
        "labels": result.labels,
        "confusion": result.confusion,
    }


def _coherence(found: Coherence) -> dict[str, Any]:
    return {
        "name": found.name,
        "score": found.score,
        "trust": {m: {"valence": v, "arousal": a} for m, (v, a) in found.trust.items()},
        "follows": {m: {"valence": v, "arousal": a} for m, (v, a) in found.follows.items()},
        "shuffled": {"mean": found.shuffled[0], "p95": found.shuffled[1]},
        "between": {f"{one}, {other}": r for (one, other), r in found.between.items()},
        "times_s": found.times_s,
        "asked": found.asked,
        "perceived": found.perceived,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}


def _score(score: Score) -> dict[str, Any]:
    return {
        "label": score.label,
        "recall": _figure(score.recall),
        "ceiling": _figure(score.ceiling),
        "fidelity": _figure(score.fidelity),
    }


def _curve(curve: IntensityCurve) -> dict[str, Any]:
    return {"label": curve.label, "asked": curve.asked, "perceived": curve.perceived, "spearman": curve.spearman}


def _item(item: Item) -> dict[str, Any]:
    found = item.perceived
    return {
        "name": item.name,
        "modality": item.modality,
        "kind": item.kind,
        "intended": item.intended.to_dict() if item.intended else None,
        "target": item.target or None,
        "perceived": found.to_dict() | {"distribution": found.distribution} if found else None,
        "error": item.error or None,
        "fit": item.fit,
        "agreement": item.agreement,
    }


def _plain(value: Any) -> Any:
    """Tuples and arrays become lists, numbers of numpy those of Python, what is not finite null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
